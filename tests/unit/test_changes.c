/* Changes: what is delivered, folded over what was delivered before, is the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "stream/changes.h"

enum { KEYS = 5, VALUES = 4 };

/* The table as its owner has it, and as the receiver of changes has it. value 0: no row. */
typedef struct Fixture {
    Changes *changes;
    int owner[KEYS];
    int receiver[KEYS];
    int counts[KEYS][VALUES]; /* without a key: rows as a bag */
    int received_counts[KEYS][VALUES];
    int change_count;
    uint64_t random;
} Fixture;

static const SqlType types[] = {{.id = TYPE_INT4, .typmod = -1}, {.id = TYPE_TEXT, .typmod = -1}};
static const char *const words[] = {"", "a", "bb", "a longer text, not inlined"};

static uint64_t below(Fixture *fixture, uint64_t end) {
    fixture->random += 0x9e3779b97f4a7c15ULL;
    return hash_u64(fixture->random) % end;
}

static void add(Fixture *fixture, int key, int value, int64_t weight) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    Value key_value = {.type = types[0], .int32 = key};
    Value text = value_text(types[1], words[value], strlen(words[value]));
    Column columns[2] = {column_constant(&key_value, arena), column_constant(&text, arena)};
    Batch batch = {.row_count = 1, .column_count = 2, .columns = columns, .weights = &weight};
    Error err;

    assert_int_equal(changes_add(fixture->changes, &batch, &err), STATUS_OK);
}

static int word_of(const Value *text) {
    for (int i = 0; i < VALUES; i++)
        if (text->text.length == strlen(words[i]) &&
            memcmp(text_data(&text->text), words[i], text->text.length) == 0)
            return i;
    fail_msg("an unknown word");
    return 0;
}

static Status receive(void *data, const Batch *batch, const ChangeOp *ops, Error *err) {
    Fixture *fixture = data;

    for (uint32_t i = 0; i < batch->row_count; i++) {
        Value key = column_get(&batch->columns[0], i);
        Value text = column_get(&batch->columns[1], i);
        int word = word_of(&text);

        fixture->change_count++;
        if (ops[i] == CHANGE_UPSERT)
            fixture->receiver[key.int32] = word;
        else if (ops[i] == CHANGE_DELETE)
            fixture->receiver[key.int32] = 0;
        fixture->received_counts[key.int32][word] += ops[i] == CHANGE_DELETE ? -1 : 1;
    }
    return STATUS_OK;
}

static void upserts_and_deletes_fold_to_the_table(void **state) {
    static const int key_columns[] = {0};
    Fixture fixture = {.changes = changes_create(types, 2, key_columns, 1)};
    Error err;

    for (int epoch = 0; epoch < 300; epoch++) {
        uint64_t steps = below(&fixture, 8);

        for (uint64_t i = 0; i < steps; i++) {
            int key = (int) below(&fixture, KEYS);
            int value = (int) below(&fixture, VALUES);

            if (fixture.owner[key])
                add(&fixture, key, fixture.owner[key], -1);
            if (value)
                add(&fixture, key, value, 1);
            fixture.owner[key] = value;
        }
        fixture.change_count = 0;
        assert_int_equal(changes_drain(fixture.changes, receive, &fixture, &err), STATUS_OK);
        assert_memory_equal(fixture.owner, fixture.receiver, sizeof(fixture.owner));
        assert_true(fixture.change_count <= KEYS);
    }
    changes_destroy(fixture.changes);
}

static void without_a_key_the_bag_of_rows_is_kept(void **state) {
    Fixture fixture = {.changes = changes_create(types, 2, NULL, 0)};
    Error err;

    for (int epoch = 0; epoch < 300; epoch++) {
        for (uint64_t i = below(&fixture, 8); i > 0; i--) {
            int key = (int) below(&fixture, KEYS);
            int value = (int) below(&fixture, VALUES);
            int weight = below(&fixture, 2) ? 1 : -1;

            if (fixture.counts[key][value] + weight < 0)
                continue;
            add(&fixture, key, value, weight);
            fixture.counts[key][value] += weight;
        }
        assert_int_equal(changes_drain(fixture.changes, receive, &fixture, &err), STATUS_OK);
        assert_memory_equal(fixture.counts, fixture.received_counts, sizeof(fixture.counts));
    }
    changes_destroy(fixture.changes);
}

static void a_key_that_ends_as_it_began_is_no_change(void **state) {
    static const int key_columns[] = {0};
    Fixture fixture = {.changes = changes_create(types, 2, key_columns, 1)};
    Error err;

    add(&fixture, 1, 1, -1);
    add(&fixture, 1, 2, 1);
    add(&fixture, 1, 2, -1);
    add(&fixture, 1, 1, 1);
    add(&fixture, 2, 3, 1);
    add(&fixture, 2, 3, -1);
    assert_int_equal(changes_drain(fixture.changes, receive, &fixture, &err), STATUS_OK);
    assert_int_equal(fixture.change_count, 0);
    add(&fixture, 3, 1, 1);
    changes_clear(fixture.changes);
    assert_int_equal(changes_drain(fixture.changes, receive, &fixture, &err), STATUS_OK);
    assert_int_equal(fixture.change_count, 0);
    changes_destroy(fixture.changes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(upserts_and_deletes_fold_to_the_table),
        cmocka_unit_test(without_a_key_the_bag_of_rows_is_kept),
        cmocka_unit_test(a_key_that_ends_as_it_began_is_no_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
