/* Epoch header: what is written is read back; any damage is seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stream/header.h"

static HeaderPartition partitions[] = {{1, 5, 100, 90, false}, {INT64_MIN, 7, -1, INT64_MIN, true}};
static HeaderScan scans[] = {{2, partitions, 10, 20}, {0, NULL, INT64_MIN, INT64_MIN}};

static const EpochHeader sample = {
    .stream_id = 7,
    .incarnation = {1, 2, 3},
    .epoch = 42,
    .plan_fingerprint = UINT64_MAX,
    .wall_us = -5,
    .seed = 99,
    .scan_count = 2,
    .scans = scans,
    .rows_in = 1,
    .rows_out = 2,
    .late_rows = 3,
    .late_windows = 4,
    .bad_rows = 5,
};

static void a_header_reads_back_to_the_same_bytes(void **state) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    StrBuf bytes = {0}, again = {0};
    EpochHeader *header = NULL;
    Error err;

    header_append(&sample, &bytes);
    assert_int_equal(header_parse((const uint8_t *) bytes.data, bytes.length, arena, &header, &err),
                     STATUS_OK);
    assert_int_equal(header->epoch, 42);
    assert_int_equal(header->scans[0].partitions[1].to, 7);
    assert_true(header->scans[0].partitions[1].is_idle);
    header_append(header, &again);
    assert_int_equal(bytes.length, again.length);
    assert_memory_equal(bytes.data, again.data, bytes.length);
    strbuf_done(&bytes);
    strbuf_done(&again);
}

static void every_flipped_bit_and_every_length_is_damage(void **state) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    StrBuf bytes = {0};
    EpochHeader *header = NULL;
    Error err;

    header_append(&sample, &bytes);
    for (size_t i = 0; i < bytes.length * 8; i++) {
        bytes.data[i / 8] ^= (char) (1 << (i % 8));
        assert_int_not_equal(
            header_parse((const uint8_t *) bytes.data, bytes.length, arena, &header, &err),
            STATUS_OK);
        assert_string_equal(sqlstate_code(err.sqlstate), "XX001");
        bytes.data[i / 8] ^= (char) (1 << (i % 8));
    }
    for (size_t length = 0; length < bytes.length; length++)
        assert_int_not_equal(
            header_parse((const uint8_t *) bytes.data, length, arena, &header, &err), STATUS_OK);
    assert_null(header);
    strbuf_done(&bytes);
}

static void offsets_are_json_with_the_names_quoted(void **state) {
    static const char *const names[] = {"a\"b", "c"};
    StrBuf out = {0};

    header_append_offsets_json(&sample, names, &out);
    assert_string_equal(
        strbuf_text(&out),
        "{\"a\\\"b\": {\"0\": [1, 5], \"1\": [-9223372036854775808, 7]}, \"c\": {}}");
    strbuf_done(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_reads_back_to_the_same_bytes),
        cmocka_unit_test(every_flipped_bit_and_every_length_is_damage),
        cmocka_unit_test(offsets_are_json_with_the_names_quoted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
