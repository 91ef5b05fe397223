/* Late rows: however they come, a sink gets them by event time, then by their values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stream/late_rows.h"

enum { ROWS = 5000 };

static const SqlType types[] = {{.id = TYPE_INT8, .typmod = -1}, {.id = TYPE_TEXT, .typmod = -1}};
static const int places[] = {1, 0}; /* the batch has them the other way round */

typedef struct Seen {
    int64_t count, last;
    bool is_sorted;
} Seen;

static void add(LateRows *rows, int64_t number, const char *word) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    Value text = word ? value_text(types[1], word, strlen(word)) : value_null(types[1]);
    Value value = value_int8(number);
    Column columns[2] = {column_constant(&text, arena), column_constant(&value, arena)};
    Batch batch = {.row_count = 1, .column_count = 2, .columns = columns};

    late_rows_add(rows, &batch, places, 0, number / 10);
}

static Status note(void *data, const Batch *batch, Error *err) {
    Seen *seen = data;

    for (uint32_t i = 0; i < batch->row_count; i++) {
        int64_t number = COLUMN_VALUE(&batch->columns[0], int64_t, i);
        Value word = column_get(&batch->columns[1], i);

        assert_int_equal(column_is_null(&batch->columns[1], i), number % 7 == 0);
        if (number % 7)
            assert_memory_equal(text_data(&word.text), "a word that is not inlined", 26);
        seen->is_sorted &= number / 10 >= seen->last;
        seen->last = number / 10;
    }
    seen->count += batch->row_count;
    return STATUS_OK;
}

static void rows_come_in_the_order_of_event_time(void **state) {
    LateRows *rows = late_rows_create(types, 2, NULL);
    Seen seen = {.is_sorted = true};
    Error err;

    for (int64_t i = 0; i < ROWS; i++) {
        int64_t number = i * 1237 % ROWS; /* every one once */

        add(rows, number, number % 7 ? "a word that is not inlined" : NULL);
    }
    assert_int_equal(late_rows_give(rows, note, &seen, &err), STATUS_OK);
    assert_true(seen.is_sorted);
    assert_int_equal(seen.count, ROWS);
    late_rows_clear(rows);
    seen = (Seen) {0};
    assert_int_equal(late_rows_give(rows, note, &seen, &err), STATUS_OK);
    assert_int_equal(seen.count, 0);
    late_rows_destroy(rows);
}

static void a_lack_of_memory_fails_the_epoch(void **state) {
    MemoryAccount account;
    LateRows *rows;
    Seen seen = {0};
    Error err;

    memory_account_init(&account, "the stream", NULL, 4096);
    rows = late_rows_create(types, 2, &account);
    for (int64_t i = 0; i < 1000; i++)
        add(rows, i, "word");
    assert_int_equal(late_rows_give(rows, note, &seen, &err), STATUS_ERROR);
    assert_int_equal(err.sqlstate, SQLSTATE_OUT_OF_MEMORY);
    late_rows_clear(rows);
    assert_int_equal(account.used_bytes, 0);
    late_rows_destroy(rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_in_the_order_of_event_time),
        cmocka_unit_test(a_lack_of_memory_fails_the_epoch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
