/* Error rows: however the bad records come, a sink gets them in the order of the input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stream/error_rows.h"

enum { RECORDS = 5000, SINK = 3 };

typedef struct Seen {
    int64_t count;
    int64_t last;
    bool is_sorted;
} Seen;

static void add(ErrorRows *rows, int sink, int partition, int64_t offset, const char *bytes) {
    BadRecord bad = {.sqlstate = SQLSTATE_INVALID_TEXT_REPRESENTATION, .message = "no number"};
    Record record = {.data = bytes, .length = (uint32_t) strlen(bytes), .offset = offset};

    error_rows_add(rows, &(ErrorRow) {.sink = sink,
                                      .partition = partition,
                                      .source = "s",
                                      .position = bytes,
                                      .bad = &bad,
                                      .record = &record});
}

static Status note(void *data, const Batch *batch, Error *err) {
    Seen *seen = data;

    for (uint32_t i = 0; i < batch->row_count; i++) {
        Value partition = column_get(&batch->columns[ERROR_ROW_PARTITION], i);
        Value record = column_get(&batch->columns[ERROR_ROW_RECORD], i);
        int64_t at = partition.int32 * 100000 + text_data(&record.text)[0];

        seen->is_sorted &= at >= seen->last;
        seen->last = at;
    }
    seen->count += batch->row_count;
    return STATUS_OK;
}

static void rows_come_in_the_order_of_the_input(void **state) {
    static const ErrorRowsEpoch epoch = {"q", 0};
    ErrorRows *rows = error_rows_create(NULL);
    Seen seen = {.is_sorted = true};
    Error err;

    for (int i = 0; i < RECORDS; i++) {
        int place = (int) ((int64_t) i * 1237 % RECORDS); /* every place once */
        char bytes[2] = {(char) ('0' + place % 2500 / 50), 0};

        add(rows, place % 7 ? SINK : SINK + 1, place / 2500, place % 2500, bytes);
    }
    assert_int_equal(error_rows_give(rows, SINK, &epoch, note, &seen, &err), STATUS_OK);
    assert_true(seen.is_sorted);
    assert_int_equal(seen.count, RECORDS - (RECORDS + 6) / 7);
    error_rows_clear(rows);
    seen = (Seen) {0};
    assert_int_equal(error_rows_give(rows, SINK, &epoch, note, &seen, &err), STATUS_OK);
    assert_int_equal(seen.count, 0);
    error_rows_destroy(rows);
}

static Status check_bytes(void *data, const Batch *batch, Error *err) {
    Value bytes = column_get(&batch->columns[ERROR_ROW_RECORD_BYTES], 0);

    assert_int_equal(batch->row_count, 2);
    assert_true(column_is_null(&batch->columns[ERROR_ROW_RECORD], 0));
    assert_int_equal(bytes.text.length, 3);
    assert_memory_equal(text_data(&bytes.text),
                        "a\xff"
                        "b",
                        3);
    assert_false(column_is_null(&batch->columns[ERROR_ROW_RECORD], 1));
    assert_true(column_is_null(&batch->columns[ERROR_ROW_RECORD_BYTES], 1));
    return STATUS_OK;
}

static void what_is_no_text_goes_as_bytes(void **state) {
    static const ErrorRowsEpoch epoch = {"q", 0};
    ErrorRows *rows = error_rows_create(NULL);
    Error err;

    add(rows, SINK, 0, 1, "text");
    add(rows, SINK, 0, 0,
        "a\xff"
        "b");
    assert_int_equal(error_rows_give(rows, SINK, &epoch, check_bytes, NULL, &err), STATUS_OK);
    error_rows_destroy(rows);
}

static void a_lack_of_memory_fails_the_epoch(void **state) {
    static const ErrorRowsEpoch epoch = {"q", 0};
    MemoryAccount account;
    ErrorRows *rows;
    Seen seen = {0};
    Error err;

    memory_account_init(&account, "the stream", NULL, 4096);
    rows = error_rows_create(&account);
    for (int i = 0; i < 100; i++)
        add(rows, SINK, 0, i, "record");
    assert_int_equal(error_rows_give(rows, SINK, &epoch, note, &seen, &err), STATUS_ERROR);
    assert_int_equal(err.sqlstate, SQLSTATE_OUT_OF_MEMORY);
    error_rows_clear(rows);
    assert_int_equal(account.used_bytes, 0);
    assert_int_equal(error_rows_give(rows, SINK, &epoch, note, &seen, &err), STATUS_OK);
    error_rows_destroy(rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_in_the_order_of_the_input),
        cmocka_unit_test(what_is_no_text_goes_as_bytes),
        cmocka_unit_test(a_lack_of_memory_fails_the_epoch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
