/* Changes: what is delivered, folded over what was delivered before, is the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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
    StrBuf log; /* every change, in order */
} Fixture;

static const SqlType types[] = {{.id = TYPE_INT4, .typmod = -1}, {.id = TYPE_TEXT, .typmod = -1}};
static const char *const words[] = {"", "a", "bb", "a longer text, not inlined"};

static uint64_t below(Fixture *fixture, uint64_t end) {
    fixture->random += 0x9e3779b97f4a7c15ULL;
    return hash_u64(fixture->random) % end;
}

static void add_word(Fixture *fixture, int key, const char *word, int64_t weight) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    Value key_value = {.type = types[0], .int32 = key};
    Value text = value_text(types[1], word, strlen(word));
    Column columns[2] = {column_constant(&key_value, arena), column_constant(&text, arena)};
    Batch batch = {.row_count = 1, .column_count = 2, .columns = columns, .weights = &weight};
    Error err;

    assert_int_equal(changes_add(fixture->changes, &batch, &err), STATUS_OK);
}

static void add(Fixture *fixture, int key, int value, int64_t weight) {
    add_word(fixture, key, words[value], weight);
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

    for (uint32_t i = 0; i < batch_active_count(batch); i++) {
        Value key = column_get(&batch->columns[0], batch_active_row(batch, i));
        Value text = column_get(&batch->columns[1], batch_active_row(batch, i));
        int word = word_of(&text);

        strbuf_printf(&fixture->log, "%d:%d:%d ", key.int32, word, (int) ops[i]);
        fixture->change_count++;
        if (ops[i] == CHANGE_UPSERT)
            fixture->receiver[key.int32] = word;
        else if (ops[i] == CHANGE_DELETE)
            fixture->receiver[key.int32] = 0;
        fixture->received_counts[key.int32][word] += ops[i] == CHANGE_DELETE ? -1 : 1;
    }
    return STATUS_OK;
}

static const int key_columns[] = {0};

static Changes *make_changes(Fixture *fixture, int key_count, bool is_paired) {
    ChangesSpec spec = {
        .types = types,
        .column_count = 2,
        .key_columns = key_columns,
        .key_count = key_count,
        .is_paired = is_paired,
        .receive = receive,
        .data = fixture,
    };

    return changes_create(&spec);
}

static void destroy(Fixture *fixture) {
    changes_destroy(fixture->changes);
    strbuf_done(&fixture->log);
}

static void upserts_and_deletes_fold_to_the_table(void **state) {
    Fixture fixture = {.changes = make_changes(&fixture, 1, false)};
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
        assert_int_equal(changes_drain(fixture.changes, &err), STATUS_OK);
        assert_memory_equal(fixture.owner, fixture.receiver, sizeof(fixture.owner));
        assert_true(fixture.change_count <= KEYS);
    }
    destroy(&fixture);
}

static void without_a_key_the_bag_of_rows_is_kept(void **state) {
    Fixture fixture = {.changes = make_changes(&fixture, 0, false)};
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
        assert_int_equal(changes_drain(fixture.changes, &err), STATUS_OK);
        assert_memory_equal(fixture.counts, fixture.received_counts, sizeof(fixture.counts));
    }
    destroy(&fixture);
}

static void a_key_that_ends_as_it_began_is_no_change(void **state) {
    Fixture fixture = {.changes = make_changes(&fixture, 1, false)};
    Error err;

    add(&fixture, 1, 1, -1);
    add(&fixture, 1, 2, 1);
    add(&fixture, 1, 2, -1);
    add(&fixture, 1, 1, 1);
    add(&fixture, 2, 3, 1);
    add(&fixture, 2, 3, -1);
    assert_int_equal(changes_drain(fixture.changes, &err), STATUS_OK);
    assert_int_equal(fixture.change_count, 0);
    add(&fixture, 3, 1, 1);
    changes_clear(fixture.changes);
    assert_int_equal(changes_drain(fixture.changes, &err), STATUS_OK);
    assert_int_equal(fixture.change_count, 0);
    destroy(&fixture);
}

/* Some rows of an epoch as one batch. */
typedef struct Rows {
    int keys[2 * KEYS];
    int words[2 * KEYS];
    int64_t weights[2 * KEYS];
    uint32_t count;
} Rows;

static void add_rows(Fixture *fixture, const Rows *rows, uint32_t from, uint32_t to) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    Column columns[2] = {column_create(types[0], to - from, arena),
                         column_create(types[1], to - from, arena)};
    Batch batch = {.row_count = to - from,
                   .column_count = 2,
                   .columns = columns,
                   .weights = rows->weights + from};
    Error err;

    for (uint32_t row = from; row < to; row++) {
        const char *word = words[rows->words[row]];
        Value key = {.type = types[0], .int32 = rows->keys[row]};
        Value text = value_text(types[1], word, strlen(word));

        column_put(&columns[0], row - from, &key, to - from, arena);
        column_put(&columns[1], row - from, &text, to - from, arena);
    }
    assert_int_equal(changes_add(fixture->changes, &batch, &err), STATUS_OK);
}

/* Each key at most once, its old row before its new one; a filter may have taken either. */
static void make_paired_rows(Fixture *fixture, Rows *rows) {
    rows->count = 0;
    for (int key = 0; key < KEYS; key++) {
        int weight = -1;

        for (; weight <= 1; weight += 2) {
            if (below(fixture, 3) == 0)
                continue;
            rows->keys[rows->count] = key;
            rows->words[rows->count] = (int) below(fixture, VALUES);
            rows->weights[rows->count++] = weight;
        }
    }
}

static void paired_output_gives_the_changes_that_folding_gives(void **state) {
    Fixture folded = {.changes = make_changes(&folded, 1, false)};
    Fixture paired = {.changes = make_changes(&paired, 1, true)};
    Error err;

    for (int epoch = 0; epoch < 1000; epoch++) {
        Rows rows;
        uint32_t to = 0;

        make_paired_rows(&folded, &rows);
        add_rows(&folded, &rows, 0, rows.count);
        for (uint32_t from = 0; from < rows.count; from = to) {
            to = from + 1 + (uint32_t) below(&folded, rows.count - from);
            add_rows(&paired, &rows, from, to);
        }
        assert_int_equal(changes_drain(folded.changes, &err), STATUS_OK);
        assert_int_equal(changes_drain(paired.changes, &err), STATUS_OK);
        assert_string_equal(strbuf_text(&folded.log), strbuf_text(&paired.log));
        strbuf_clear(&folded.log);
        strbuf_clear(&paired.log);
    }
    assert_true(folded.change_count > 1000);
    destroy(&folded);
    destroy(&paired);
}

/* Not a test of time: the chain of versions would make this take minutes. */
static void a_key_that_changes_often_keeps_few_versions(void **state) {
    Fixture fixture = {.changes = make_changes(&fixture, 1, false)};
    Error err;

    for (int i = 0; i < 50000; i++) {
        char word[16];

        snprintf(word, sizeof(word), "%d", i);
        add_word(&fixture, 1, word, 1);
        add_word(&fixture, 1, word, -1);
    }
    add(&fixture, 1, 2, 1);
    assert_int_equal(changes_drain(fixture.changes, &err), STATUS_OK);
    assert_string_equal(strbuf_text(&fixture.log), "1:2:2 ");
    destroy(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(upserts_and_deletes_fold_to_the_table),
        cmocka_unit_test(without_a_key_the_bag_of_rows_is_kept),
        cmocka_unit_test(a_key_that_ends_as_it_began_is_no_change),
        cmocka_unit_test(paired_output_gives_the_changes_that_folding_gives),
        cmocka_unit_test(a_key_that_changes_often_keeps_few_versions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
