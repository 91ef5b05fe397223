/* Kafka blocks: what was added comes out, in any cut; gaps; trimming under blocks that are out;
 * large, empty and missing values; what goes with a value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/memory.h"
#include "sources/kafka_blocks.h"

enum { RECORDS = 20000, STEP = 3 };

static void add(KafkaRecords *records, int64_t offset, const char *value, size_t length) {
    kafka_records_add(records, &(KafkaEntry) {.offset = offset,
                                              .value = value,
                                              .value_length = length,
                                              .timestamp_us = INT64_MIN});
}

static Block *view(KafkaRecords *records, int64_t from, int64_t to, size_t wanted_bytes) {
    KafkaSlice slice;
    Error err;

    assert_int_equal(kafka_records_slice(records, from, to, wanted_bytes, &slice, &err), STATUS_OK);
    return kafka_slice_block(&slice);
}

static void assert_record(const Record *record, int64_t offset) {
    char text[32];

    snprintf(text, sizeof(text), "%lld", (long long) offset);
    assert_int_equal(record->offset, offset);
    assert_int_equal(record->length, strlen(text));
    assert_memory_equal(record->data, text, record->length);
}

/* Every third offset has a record; its value is its offset. */
static KafkaRecords *make_records(KafkaPool *pool) {
    KafkaRecords *records = kafka_records_create(pool, "orders", 5, false, 0);
    char text[32];

    for (int64_t i = 0; i < RECORDS; i++) {
        snprintf(text, sizeof(text), "%lld", (long long) (i * STEP));
        add(records, i * STEP, text, strlen(text));
        kafka_records_publish(records, i * STEP + 1);
    }
    kafka_records_publish(records, RECORDS * STEP + 100);
    return records;
}

static void every_cut_gives_each_record_once(void **state) {
    static const int64_t steps[] = {1, 7, 1000, 16384, INT32_MAX};
    KafkaPool *pool = kafka_pool_create();
    KafkaRecords *records = make_records(pool);
    int64_t end = kafka_records_end(records);

    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
        int64_t expected = 0;

        for (int64_t from = 0; from < end;) {
            int64_t to = from + steps[i] < end ? from + steps[i] : end;

            for (int64_t at = from; at < to;) {
                Block *block = view(records, at, to, 4096);

                assert_true(block->next_offset > at && block->next_offset <= to);
                for (uint32_t j = 0; j < block->record_count; j++, expected += STEP)
                    assert_record(&block->records[j], expected);
                at = block->next_offset;
                block_unref(block);
            }
            from = to;
        }
        assert_int_equal(expected, RECORDS * STEP);
    }
    kafka_records_destroy(records);
    assert_int_equal(kafka_pool_used_bytes(pool), 0);
    kafka_pool_unref(pool);
}

static void a_gap_is_an_empty_block(void **state) {
    KafkaPool *pool = kafka_pool_create();
    KafkaRecords *records = kafka_records_create(pool, "orders", 0, false, 10);
    Block *block;

    kafka_records_publish(records, 50);
    block = view(records, 10, 40, 100);
    assert_int_equal(block->record_count, 0);
    assert_int_equal(block->next_offset, 40);
    block_unref(block);
    kafka_records_destroy(records);
    kafka_pool_unref(pool);
}

static void a_block_outlives_its_records(void **state) {
    KafkaPool *pool = kafka_pool_create();
    KafkaRecords *records = make_records(pool);
    Block *block = view(records, 0, 3, 100);
    KafkaSlice slice;
    Error err;

    kafka_records_trim(records, RECORDS * STEP);
    assert_int_equal(kafka_records_slice(records, 0, 3, 100, &slice, &err), STATUS_ERROR);
    kafka_records_destroy(records);
    kafka_pool_unref(pool); /* the block keeps it */
    assert_int_equal(block->record_count, 1);
    assert_memory_equal(block->records[0].data, "0", 1);
    assert_string_equal(block->names[0], "orders");
    assert_int_equal(block->partition_number, 5);
    block_unref(block);
}

static void trimmed_memory_comes_back(void **state) {
    KafkaPool *pool = kafka_pool_create();
    KafkaRecords *records = make_records(pool);
    int64_t used = kafka_pool_used_bytes(pool);

    kafka_records_trim(records, RECORDS * STEP / 2);
    assert_true(kafka_pool_used_bytes(pool) < used);
    kafka_records_trim(records, RECORDS * STEP);
    assert_int_equal(kafka_pool_used_bytes(pool), 0);
    add(records, RECORDS * STEP + 100, "x", 1);
    kafka_records_publish(records, RECORDS * STEP + 101);
    assert_true(kafka_pool_used_bytes(pool) > 0);
    kafka_records_destroy(records);
    kafka_pool_unref(pool);
}

static void values_may_be_large_empty_missing_or_too_long(void **state) {
    KafkaPool *pool = kafka_pool_create();
    KafkaRecords *records = kafka_records_create(pool, "orders", 0, false, 0);
    size_t length = (size_t) LIMIT_RECORD_BYTES + 1;
    char *large = memory_zalloc(length);
    Block *block;

    add(records, 0, large, 10 << 20);
    add(records, 1, "", 0);
    add(records, 2, NULL, 0);
    add(records, 3, large, length);
    kafka_records_publish(records, 4);
    block = view(records, 0, 4, 1);
    assert_int_equal(block->record_count, 1);
    assert_int_equal(block->records[0].length, 10 << 20);
    block_unref(block);
    block = view(records, 1, 4, 1000);
    assert_int_equal(block->record_count, 3);
    assert_non_null(block->records[0].data);
    assert_int_equal(block->records[0].length, 0);
    assert_null(block->records[1].data);
    assert_non_null(block->records[2].fault);
    assert_int_equal(block->records[2].length, 1024);
    block_unref(block);
    memory_free(large);
    kafka_records_destroy(records);
    kafka_pool_unref(pool);
}

static void keys_headers_and_times_go_along(void **state) {
    KafkaPool *pool = kafka_pool_create();
    KafkaRecords *records = kafka_records_create(pool, "orders", 0, true, 0);
    const KafkaEntry entry = {.offset = 0,
                              .value = "value",
                              .value_length = 5,
                              .key = "k",
                              .key_length = 1,
                              .headers = "[]",
                              .headers_length = 2,
                              .timestamp_us = 77,
                              .timestamp_type = TIMESTAMP_APPEND};
    Block *block;

    kafka_records_add(records, &entry);
    add(records, 1, "bare", 4);
    kafka_records_publish(records, 2);
    block = view(records, 0, 2, 1000);
    assert_int_equal(block->record_count, 2);
    assert_memory_equal(block->records[0].key, "k", 1);
    assert_int_equal(block->records[0].key_length, 1);
    assert_memory_equal(block->records[0].headers, "[]", 2);
    assert_int_equal(block->records[0].timestamp_us, 77);
    assert_int_equal(block->records[0].timestamp_type, TIMESTAMP_APPEND);
    assert_memory_equal(block->records[1].data, "bare", 4);
    assert_null(block->records[1].key);
    assert_null(block->records[1].headers);
    assert_true(block->records[1].timestamp_us == INT64_MIN);
    block_unref(block);
    kafka_records_destroy(records);
    kafka_pool_unref(pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_gives_each_record_once),
        cmocka_unit_test(a_gap_is_an_empty_block),
        cmocka_unit_test(a_block_outlives_its_records),
        cmocka_unit_test(trimmed_memory_comes_back),
        cmocka_unit_test(values_may_be_large_empty_missing_or_too_long),
        cmocka_unit_test(keys_headers_and_times_go_along),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
