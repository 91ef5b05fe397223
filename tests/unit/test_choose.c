/* Choosing an epoch: how many rows of which partition, and when it waits for more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "stream/stream.h"

enum { PARTITIONS = 3 };

/* -------- a source of numbered records -------- */

static void release(Block *block) {
    memory_free(block->records);
    memory_free(block);
}

static Status fetch_all(SourceReader *reader, int partition, int64_t from, int64_t to,
                        size_t wanted_bytes, Block **ret_block, Error *err) {
    Block *block = memory_zalloc(sizeof(*block));

    block->reference_count = 1;
    block->release = release;
    block->record_count = (uint32_t) (to - from);
    block->records = memory_zalloc(sizeof(Record) * (size_t) (to - from));
    for (int64_t i = from; i < to; i++)
        block->records[i - from].offset = i;
    block->next_offset = to;
    *ret_block = block;
    return STATUS_OK;
}

static const SourceType numbered = {.name = "numbered", .fetch = fetch_all};

/* -------- a stream over it -------- */

static int64_t now_ns;

static int64_t fake_monotonic_ns(Context *context) {
    return now_ns;
}

static int64_t fake_wall_us(Context *context) {
    return 0;
}

static uint64_t fake_random(Context *context) {
    return 1;
}

typedef struct Fixture {
    Context clock;
    Arena *arena;
    Relation source, target;
    StreamPartition partitions[PARTITIONS];
    StreamScan scan;
    Stream *stream;
    EpochHeader *header;
    bool has_backlog;
} Fixture;

static void fixture_init(Fixture *fixture, int partition_count) {
    *fixture = (Fixture) {.arena = arena_create("test", 0)};
    now_ns = 1000000000;
    fixture->clock = (Context) {
        .monotonic_ns = fake_monotonic_ns, .wall_us = fake_wall_us, .random_u64 = fake_random};
    fixture->stream = memory_zalloc(sizeof(Stream));
    fixture->stream->clock = &fixture->clock;
    fixture->stream->relation = &fixture->target;
    fixture->stream->scans = &fixture->scan;
    fixture->stream->scan_count = 1;
    fixture->scan = (StreamScan) {.type = &numbered,
                                  .relation = &fixture->source,
                                  .partition_count = partition_count,
                                  .partitions = fixture->partitions};
    for (int i = 0; i < partition_count; i++)
        fixture->partitions[i].stop_at = INT64_MAX;
}

static void fixture_done(Fixture *fixture) {
    memory_free(fixture->stream);
    arena_destroy(fixture->arena);
}

static void choose(Fixture *fixture) {
    Error err;

    if (stream_choose(fixture->stream, fixture->arena, &fixture->header, &fixture->has_backlog,
                      &err) != STATUS_OK)
        fail_msg("%s", err.message);
}

static int64_t chosen(const Fixture *fixture, int partition) {
    const HeaderPartition *range = &fixture->header->scans[0].partitions[partition];

    return range->to - range->from;
}

/* -------- claims -------- */

static void without_a_bound_an_epoch_takes_all(void **state) {
    Fixture fixture;

    fixture_init(&fixture, 2);
    fixture.partitions[0].end = 1000;
    fixture.partitions[1].end = 10;
    choose(&fixture);
    assert_int_equal(chosen(&fixture, 0), 1000);
    assert_int_equal(chosen(&fixture, 1), 10);
    assert_false(fixture.has_backlog);
    fixture_done(&fixture);
}

static void a_bound_is_shared_by_backlog(void **state) {
    Fixture fixture;

    fixture_init(&fixture, PARTITIONS);
    fixture.source.max_rows_per_epoch = 100;
    fixture.partitions[0].end = 6000;
    fixture.partitions[1].end = 3000;
    fixture.partitions[2].end = 1000;
    choose(&fixture);
    assert_int_equal(chosen(&fixture, 0), 60);
    assert_int_equal(chosen(&fixture, 1), 30);
    assert_int_equal(chosen(&fixture, 2), 10);
    assert_true(fixture.has_backlog);
    fixture_done(&fixture);
}

static void a_small_partition_is_not_starved(void **state) {
    Fixture fixture;

    fixture_init(&fixture, 2);
    fixture.source.max_rows_per_epoch = 10;
    fixture.partitions[0].end = 1;
    fixture.partitions[1].end = 1000000;
    choose(&fixture);
    assert_int_equal(chosen(&fixture, 0), 1);
    assert_int_equal(chosen(&fixture, 1), 9);
    fixture_done(&fixture);
}

static void the_stream_bounds_its_sources(void **state) {
    Fixture fixture;

    fixture_init(&fixture, 1);
    fixture.source.max_rows_per_epoch = 100;
    fixture.stream->bound.max_rows_per_epoch = 7;
    fixture.partitions[0].end = 1000;
    choose(&fixture);
    assert_int_equal(chosen(&fixture, 0), 7);
    fixture_done(&fixture);
}

static void few_rows_wait_for_more_until_the_deadline(void **state) {
    Fixture fixture;

    fixture_init(&fixture, 1);
    fixture.source.min_rows_per_epoch = 10;
    fixture.source.max_epoch_delay_us = 1000;
    fixture.partitions[0].end = 9;
    choose(&fixture);
    assert_int_equal(chosen(&fixture, 0), 0);
    assert_true(fixture.scan.is_held);
    assert_false(fixture.has_backlog);
    now_ns += 999999;
    choose(&fixture);
    assert_int_equal(chosen(&fixture, 0), 0);
    now_ns += 1;
    choose(&fixture);
    assert_int_equal(chosen(&fixture, 0), 9);
    assert_false(fixture.scan.is_held);
    fixture_done(&fixture);
}

static void enough_rows_do_not_wait(void **state) {
    Fixture fixture;

    fixture_init(&fixture, 2);
    fixture.source.min_rows_per_epoch = 10;
    fixture.source.max_epoch_delay_us = 1000000;
    fixture.partitions[0].end = 4;
    fixture.partitions[1].end = 6;
    choose(&fixture);
    assert_int_equal(chosen(&fixture, 0), 4);
    assert_int_equal(chosen(&fixture, 1), 6);
    fixture_done(&fixture);
}

static void a_full_buffer_and_a_wait_end_the_waiting(void **state) {
    Fixture fixture;

    fixture_init(&fixture, 1);
    fixture.source.min_rows_per_epoch = 10;
    fixture.source.max_epoch_delay_us = 1000000;
    fixture.partitions[0].end = 4;
    fixture.partitions[0].is_full = true;
    choose(&fixture);
    assert_int_equal(chosen(&fixture, 0), 4);
    fixture.partitions[0].is_full = false;
    choose(&fixture);
    assert_int_equal(chosen(&fixture, 0), 0);
    fixture.stream->flush_ticket = 1;
    choose(&fixture);
    assert_int_equal(chosen(&fixture, 0), 4);
    fixture_done(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_bound_an_epoch_takes_all),
        cmocka_unit_test(a_bound_is_shared_by_backlog),
        cmocka_unit_test(a_small_partition_is_not_starved),
        cmocka_unit_test(the_stream_bounds_its_sources),
        cmocka_unit_test(few_rows_wait_for_more_until_the_deadline),
        cmocka_unit_test(enough_rows_do_not_wait),
        cmocka_unit_test(a_full_buffer_and_a_wait_end_the_waiting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
