/* Watermarks: the laws of docs/semantics.md over one scan, without a stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "stream/stream.h"

enum { PARTITIONS = 3 };

static const SourceType plain_source = {.name = "plain"};

static int64_t barrier_of_tens(SourceReader *reader, int partition, int64_t from, int64_t to) {
    int64_t barrier = to / 10 * 10;

    return barrier > from ? barrier : from;
}

static const SourceType generation_source = {.name = "generations", .barrier = barrier_of_tens};

static StreamScan make_scan(const SourceType *type, StreamPartition *partitions, int count) {
    for (int i = 0; i < count; i++)
        partitions[i] = (StreamPartition) {.max_event_time_us = INT64_MIN,
                                           .watermark_us = INT64_MIN,
                                           .last_row_at = INT64_MIN,
                                           .is_caught_up = true};
    return (StreamScan) {
        .type = type,
        .partition_count = count,
        .partitions = partitions,
        .has_watermark = true,
        .delay_us = 5000,
        .idle_after_us = 1000000,
        .watermark_us = INT64_MIN,
        .close_below = INT64_MIN,
        .joint_us = INT64_MIN,
        .joint_close_below = INT64_MIN,
    };
}

static void advance(StreamScan *scan, int partition, int64_t max_event_time_us, int64_t now_ns) {
    StreamPartition *track = &scan->partitions[partition];
    ScanRange range = {0, partition, track->position, track->position + 1};
    ScanStats stats = {.rows_in = 1, .max_event_time_us = max_event_time_us};

    if (track->end < range.to)
        track->end = range.to;
    watermark_advance(scan, &range, &stats, now_ns, 0);
    watermark_combine(scan);
}

static void a_watermark_is_the_maximum_cut_to_milliseconds_less_the_delay(void **state) {
    StreamPartition partitions[1];
    StreamScan scan = make_scan(&plain_source, partitions, 1);

    advance(&scan, 0, 20999, 0);
    assert_int_equal(scan.watermark_us, 15000);
    advance(&scan, 0, 10000, 0);
    assert_int_equal(scan.watermark_us, 15000);
    advance(&scan, 0, INT64_MIN, 0); /* only bad rows */
    assert_int_equal(scan.watermark_us, 15000);
}

static void times_before_2000_are_cut_downwards(void **state) {
    StreamPartition partitions[1];
    StreamScan scan = make_scan(&plain_source, partitions, 1);

    advance(&scan, 0, -1, 0);
    assert_int_equal(scan.watermark_us, -6000);
    scan = make_scan(&plain_source, partitions, 1);
    advance(&scan, 0, INT64_MIN + 2000, 0); /* the delay would wrap */
    assert_int_equal(scan.watermark_us, INT64_MIN);
}

static void the_slowest_partition_counts_until_it_is_idle(void **state) {
    StreamPartition partitions[2];
    StreamScan scan = make_scan(&plain_source, partitions, 2);

    advance(&scan, 0, 100000, 0);
    assert_int_equal(scan.watermark_us, INT64_MIN);
    advance(&scan, 1, 50000, 0);
    assert_int_equal(scan.watermark_us, 45000);
    partitions[0].last_row_ns = 900000000;
    assert_false(watermark_check_idle(&scan, 999999999));
    assert_true(watermark_check_idle(&scan, 1000000000));
    assert_int_equal(scan.watermark_us, 95000);
    advance(&scan, 1, 60000, 1000000001); /* awake again, and behind: nothing goes back */
    assert_int_equal(scan.watermark_us, 95000);
}

static void a_partition_with_rows_left_is_not_idle(void **state) {
    StreamPartition partitions[2];
    StreamScan scan = make_scan(&plain_source, partitions, 2);

    advance(&scan, 0, 100000, 0);
    advance(&scan, 1, 50000, 0);
    partitions[1].end += 1;
    assert_true(watermark_idle_due_ns(&scan, 0) == 1000000000);
    watermark_check_idle(&scan, 5000000000);
    assert_false(partitions[1].is_idle);
    assert_int_equal(scan.watermark_us, 45000);
}

/* What came is read, but the broker has more. */
static void a_partition_that_only_lags_is_not_idle(void **state) {
    StreamPartition partitions[2];
    StreamScan scan = make_scan(&plain_source, partitions, 2);

    advance(&scan, 0, 100000, 0);
    advance(&scan, 1, 50000, 0);
    partitions[1].is_caught_up = false;
    watermark_check_idle(&scan, 5000000000);
    assert_true(partitions[0].is_idle);
    assert_false(partitions[1].is_idle);
    assert_int_equal(watermark_idle_due_ns(&scan, 5000000000), -1);
}

/* A topic's partition that is gone for good holds nothing back, also where nothing idles by time.
 */
static void a_partition_that_ended_is_idle_at_once(void **state) {
    StreamPartition partitions[2];
    StreamScan scan = make_scan(&plain_source, partitions, 2);

    scan.idle_after_us = -1;
    advance(&scan, 0, 100000, 0);
    advance(&scan, 1, 50000, 0);
    partitions[1].is_ended = true;
    assert_true(watermark_check_idle(&scan, 1));
    assert_false(partitions[0].is_idle);
    assert_int_equal(scan.watermark_us, 95000);
}

static void when_all_are_idle_the_highest_counts(void **state) {
    StreamPartition partitions[PARTITIONS];
    StreamScan scan = make_scan(&plain_source, partitions, PARTITIONS);

    advance(&scan, 1, 70000, 0);
    assert_true(watermark_check_idle(&scan, 2000000000));
    assert_int_equal(scan.watermark_us, 65000);
    assert_int_equal(watermark_idle_due_ns(&scan, 2000000000), -1);
}

static void a_generation_steps_only_at_its_end(void **state) {
    StreamPartition partitions[1];
    StreamScan scan = make_scan(&generation_source, partitions, 1);

    for (int i = 0; i < 9; i++)
        advance(&scan, 0, 100000 + i * 1000, 0);
    assert_int_equal(scan.watermark_us, INT64_MIN);
    advance(&scan, 0, 50000, 0);
    assert_int_equal(scan.watermark_us, 103000);
}

static void where_scans_meet_an_idle_one_follows(void **state) {
    StreamPartition partitions[2];
    StreamScan scans[2] = {make_scan(&plain_source, &partitions[0], 1),
                           make_scan(&plain_source, &partitions[1], 1)};

    scans[0].has_others = scans[1].has_others = true;
    advance(&scans[0], 0, 105000, 0);
    watermark_join(scans, 2);
    assert_true(scans[1].joint_us == INT64_MIN);
    assert_int_equal(watermark_idle_due_ns(&scans[1], 0), 1000000000);
    partitions[1].is_idle = true;
    watermark_join(scans, 2);
    assert_int_equal(scans[1].joint_us, 100000);
    assert_true(scans[1].watermark_us == INT64_MIN); /* its own is untouched */
    assert_true(watermark_is_ahead(&scans[1]));
    advance(&scans[1], 0, 55000, 0); /* awake, and behind: nothing goes back */
    watermark_join(scans, 2);
    assert_int_equal(scans[1].watermark_us, 50000);
    assert_int_equal(scans[1].joint_us, 100000);
    advance(&scans[1], 0, 205000, 0);
    partitions[0].is_idle = partitions[1].is_idle = true;
    watermark_join(scans, 2); /* all idle: the highest */
    assert_int_equal(scans[0].joint_us, 200000);
    assert_int_equal(scans[0].watermark_us, 100000);
}

static void it_never_goes_back(void **state) {
    StreamPartition partitions[PARTITIONS];
    StreamScan scan = make_scan(&plain_source, partitions, PARTITIONS);
    int64_t before = INT64_MIN;

    for (int i = 0; i < 2000; i++) {
        uint64_t random = hash_u64((uint64_t) i);
        int64_t now_ns = (int64_t) i * 100000000;

        advance(&scan, (int) (random % PARTITIONS), (int64_t) (random >> 32) % 1000000, now_ns);
        if (random & 1)
            watermark_check_idle(&scan, now_ns);
        assert_true(scan.watermark_us >= before);
        before = scan.watermark_us;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_watermark_is_the_maximum_cut_to_milliseconds_less_the_delay),
        cmocka_unit_test(times_before_2000_are_cut_downwards),
        cmocka_unit_test(the_slowest_partition_counts_until_it_is_idle),
        cmocka_unit_test(a_partition_with_rows_left_is_not_idle),
        cmocka_unit_test(a_partition_that_only_lags_is_not_idle),
        cmocka_unit_test(a_partition_that_ended_is_idle_at_once),
        cmocka_unit_test(where_scans_meet_an_idle_one_follows),
        cmocka_unit_test(when_all_are_idle_the_highest_counts),
        cmocka_unit_test(a_generation_steps_only_at_its_end),
        cmocka_unit_test(it_never_goes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
