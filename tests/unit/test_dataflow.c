/* Dataflows epoch by epoch: late rows, retractions, empty epochs, NULL keys, kill and recover; and
 * the same bytes from any number of workers. Times are in µs; windows are 10 long, aligned to 1970.
 */
#include "tests/unit/exec_support.h"

#include "base/hash.h"

enum { WINDOW = 10, MANY = 60000 };

static void watermarks(Fixture *fixture, int64_t late_below, int64_t close_below) {
    fixture->late_below = late_below;
    fixture->close_below = close_below;
}

static const Plan *windowed_count(Fixture *fixture, EmitMode emit, bool is_two_phase) {
    const Plan *window = make_tumble(fixture, make_scan(fixture), WINDOW);

    return make_aggregate(fixture, window,
                          (AggregateShape) {.emit = emit,
                                            .is_two_phase = is_two_phase,
                                            .key_count = 2,
                                            .keys = {column_id(window, "window_end"), COLUMN_K}});
}

static const Plan *count_by_key(Fixture *fixture, EmitMode emit) {
    return make_aggregate(fixture, make_scan(fixture),
                          (AggregateShape) {.emit = emit, .key_count = 1, .keys = {COLUMN_K}});
}

static void expect(Fixture *fixture, const char *text) {
    assert_string_equal(strbuf_text(&fixture->output), text);
}

static void closed_windows_come_out_once_and_late_rows_are_dropped(void **state) {
    static const TestRow rows[] = {{1, 3, 5},   {2, 4, 6}, {1, 7, 7}, {1, 12, 1},
                                   {1, 5, 100}, {3, 9, 2}, {1, 15, 2}};

    for (int is_two_phase = 0; is_two_phase < 2; is_two_phase++) {
        Fixture fixture;

        fixture_init(&fixture, 1);
        fixture.source = (TestSource) {rows, 7};
        fixture_open(&fixture, windowed_count(&fixture, EMIT_ON_CLOSE, is_two_phase));
        run_epoch(&fixture, 0, 4);
        expect(&fixture, "");
        /* Behind close_below, not behind late_below: in, and out in the same epoch. */
        watermarks(&fixture, INT64_MIN, 10);
        run_epoch(&fixture, 4, 5);
        assert_null(strstr(strbuf_text(&fixture.output), "+20"));
        assert_non_null(strstr(strbuf_text(&fixture.output), "+10|1|3|112\n"));
        assert_non_null(strstr(strbuf_text(&fixture.output), "+10|2|1|6\n"));
        watermarks(&fixture, 10, 20);
        run_epoch(&fixture, 5, 7);
        expect(&fixture, "+20|1|2|3\n");
        assert_int_equal(fixture.late_reports, 1);
        assert_int_equal(state_store_row_count(fixture.state), 0);
        fixture_done(&fixture);
    }
}

static void an_empty_epoch_closes_windows(void **state) {
    static const TestRow rows[] = {{1, 3, 5}};
    Fixture fixture;

    fixture_init(&fixture, 1);
    fixture.source = (TestSource) {rows, 1};
    fixture_open(&fixture, windowed_count(&fixture, EMIT_ON_CLOSE, false));
    run_epoch(&fixture, 0, 1);
    watermarks(&fixture, INT64_MIN, 10);
    run_epoch(&fixture, 1, 1);
    expect(&fixture, "+10|1|1|5\n");
    run_epoch(&fixture, 1, 1);
    expect(&fixture, "");
    fixture_done(&fixture);
}

static void changes_are_pairs_and_nulls_group(void **state) {
    static const TestRow rows[] = {{1, 1, 5}, {KEY_NULL, 2, 1}, {KEY_NULL, 3, 1}, {1, 4, 2}};
    Fixture fixture;

    fixture_init(&fixture, 1);
    fixture.source = (TestSource) {rows, 4};
    fixture_open(&fixture, count_by_key(&fixture, EMIT_CHANGES));
    run_epoch(&fixture, 0, 1);
    expect(&fixture, "+1|1|5\n");
    run_epoch(&fixture, 1, 3);
    expect(&fixture, "+null|2|2\n");
    run_epoch(&fixture, 3, 4);
    expect(&fixture, "-1|1|5\n+1|2|7\n");
    run_epoch(&fixture, 4, 4);
    expect(&fixture, "");
    fixture_done(&fixture);
}

/* The outer aggregate sums the counts that the inner one takes back and gives anew. */
static void aggregates_over_aggregates_retract(void **state) {
    static const TestRow rows[] = {{1, 1, 5}, {2, 2, 5}, {1, 3, 5}, {2, 4, 5}};
    Fixture fixture;
    const Plan *inner;
    const Plan *counts;

    fixture_init(&fixture, 1);
    fixture.source = (TestSource) {rows, 4};
    inner = count_by_key(&fixture, EMIT_CHANGES);
    counts = make_renamed(&fixture, inner, column_id(inner, "count"), COLUMN_V);
    fixture_open(&fixture,
                 make_aggregate(&fixture, counts, (AggregateShape) {.emit = EMIT_CHANGES}));
    run_epoch(&fixture, 0, 2);
    expect(&fixture, "+2|2\n");
    run_epoch(&fixture, 2, 3);
    expect(&fixture, "-2|2\n+2|3\n");
    fixture_done(&fixture);
}

static void complete_mode_gives_the_whole_answer(void **state) {
    static const TestRow rows[] = {{1, 1, 5}, {1, 2, 6}};
    Fixture fixture;

    fixture_init(&fixture, 1);
    fixture.source = (TestSource) {rows, 2};
    fixture_open(&fixture, count_by_key(&fixture, EMIT_ALL));
    run_epoch(&fixture, 0, 1);
    expect(&fixture, "+1|1|5\n");
    run_epoch(&fixture, 1, 1);
    expect(&fixture, "+1|1|5\n");
    watermarks(&fixture, 100, 100);
    run_epoch(&fixture, 1, 2);
    expect(&fixture, "+1|2|11\n");
    fixture_done(&fixture);
}

static void a_global_aggregate_has_its_row(void **state) {
    static const TestRow rows[] = {{1, 1, 5}};
    Fixture fixture;

    fixture_init(&fixture, 1);
    fixture.source = (TestSource) {rows, 1};
    fixture_open(&fixture, make_aggregate(&fixture, make_scan(&fixture),
                                          (AggregateShape) {.emit = EMIT_CHANGES}));
    run_epoch(&fixture, 0, 0);
    expect(&fixture, "+0|null\n");
    run_epoch(&fixture, 0, 0);
    expect(&fixture, "");
    run_epoch(&fixture, 0, 1);
    expect(&fixture, "-0|null\n+1|5\n");
    fixture_done(&fixture);
}

static void a_row_late_for_all_its_windows_counts_once(void **state) {
    static const TestRow rows[] = {{1, 2, 1}, {1, 12, 1}};
    Fixture fixture;
    const Plan *window;
    const Operator *op = NULL;
    OperatorMetrics metrics;

    fixture_init(&fixture, 1);
    fixture.source = (TestSource) {rows, 2};
    window = make_hop(&fixture, make_scan(&fixture), WINDOW, WINDOW / 2);
    fixture_open(&fixture,
                 make_aggregate(&fixture, window,
                                (AggregateShape) {.emit = EMIT_ON_CLOSE,
                                                  .key_count = 1,
                                                  .keys = {column_id(window, "window_end")}}));
    watermarks(&fixture, 15, 15); /* row 0: windows end 5 and 10; row 1: 15 and 20 */
    run_epoch(&fixture, 0, 2);
    for (int i = 0; (op = dataflow_operator_at(fixture.dataflow, i, NULL)); i++)
        metrics = op->metrics;
    assert_int_equal(metrics.late_rows, 1);
    assert_int_equal(metrics.late_windows, 3);
    assert_int_equal(fixture.late_reports, 1);
    fixture_done(&fixture);
}

static void bad_records_and_null_times_are_counted(void **state) {
    static const TestRow rows[] = {
        {1, 1500, 5}, {ROW_BAD, 9, 9}, {2, TIME_NULL, 1}, {2, 2999, 1}, {2, -1, 1}};
    Fixture fixture;

    fixture_init(&fixture, 1);
    fixture.source = (TestSource) {rows, 5};
    fixture_open(&fixture, count_by_key(&fixture, EMIT_CHANGES));
    run_epoch(&fixture, 0, 5);
    assert_int_equal(fixture.stats.rows_in, 5);
    assert_int_equal(fixture.stats.bad_rows, 2);
    assert_int_equal(fixture.stats.max_event_time_us, 2000);
    assert_int_equal(fixture.bad_reports, 2);
    run_epoch(&fixture, 4, 5);
    assert_int_equal(fixture.stats.max_event_time_us, -1000);
    fixture_done(&fixture);
}

static void distinct_forgets_behind_the_watermark(void **state) {
    static const TestRow rows[] = {{1, 10, 0}, {1, 11, 1}, {2, 12, 2}, {1, 30, 3}, {1, 11, 4}};
    Fixture fixture;

    fixture_init(&fixture, 1);
    fixture.source = (TestSource) {rows, 5};
    fixture_open(&fixture, make_distinct(&fixture, make_scan(&fixture), COLUMN_K, true));
    run_epoch(&fixture, 0, 3);
    expect(&fixture, "+1|10|0\n+2|12|2\n");
    watermarks(&fixture, INT64_MIN, 11);
    run_epoch(&fixture, 3, 3); /* forgets key 1, first seen at 10 */
    watermarks(&fixture, 11, 11);
    run_epoch(&fixture, 3, 5); /* the last row is late */
    expect(&fixture, "+1|30|3\n");
    assert_int_equal(fixture.late_reports, 1);
    fixture_done(&fixture);
}

static void a_killed_stream_goes_on_where_it_was(void **state) {
    static const TestRow rows[] = {{1, 1, 5}, {2, 2, 1}, {1, 3, 2}, {1, 11, 9}, {2, 4, 3}};
    Fixture fixture;
    const Plan *plan;
    StrBuf changelogs[2] = {0};

    fixture_init(&fixture, 1);
    fixture.source = (TestSource) {rows, 5};
    plan = windowed_count(&fixture, EMIT_CHANGES, true);
    fixture_open(&fixture, plan);
    run_epoch_logged(&fixture, 0, 2, &changelogs[0]);
    run_epoch_logged(&fixture, 2, 4, &changelogs[1]);
    run_epoch_aborted(&fixture, 0, 5);
    fixture_recover(&fixture, plan, changelogs, 2);
    watermarks(&fixture, 5, 10);
    run_epoch(&fixture, 4, 5);
    expect(&fixture, "-10|2|1|1\n+10|2|2|4\n");
    assert_int_equal(state_store_row_count(fixture.state), 1);
    strbuf_done(&changelogs[0]);
    strbuf_done(&changelogs[1]);
    fixture_done(&fixture);
}

static void a_batch_query_gives_the_same_groups(void **state) {
    static const TestRow rows[] = {{1, 1, 5}, {2, 12, 1}, {1, 3, 2}};

    for (int is_two_phase = 0; is_two_phase < 2; is_two_phase++) {
        Fixture fixture;

        fixture_init(&fixture, 1);
        fixture.source = (TestSource) {rows, 3};
        run_query(&fixture, windowed_count(&fixture, EMIT_ALL, is_two_phase));
        expect(&fixture, "+10|1|2|7\n+20|2|1|1\n");
        fixture_done(&fixture);
    }
}

/* -------- workers -------- */

static TestRow *many_rows(void) {
    TestRow *rows = test_malloc(MANY * sizeof(TestRow));

    for (int64_t i = 0; i < MANY; i++) {
        uint64_t dice = hash_u64((uint64_t) i + 1);

        rows[i] = (TestRow) {.k = (int64_t) (dice % 700),
                             .ts_us = i / 100 + (int64_t) (dice >> 32) % 50,
                             .v = (int64_t) (dice >> 16) % 1000};
        if (dice % 997 == 0)
            rows[i].k = ROW_BAD;
    }
    return rows;
}

static void run_with_workers(const TestRow *rows, EmitMode emit, int workers, StrBuf *answer) {
    Fixture fixture;

    fixture_init(&fixture, workers);
    fixture.source = (TestSource) {rows, MANY};
    fixture_open(&fixture, windowed_count(&fixture, emit, true));
    for (int epoch = 0; epoch < 3; epoch++) {
        int64_t from = epoch * (MANY / 3);

        run_epoch_logged(&fixture, from, from + MANY / 3, answer);
        strbuf_append(answer, fixture.output.data, fixture.output.length);
        strbuf_printf(answer, "%lld %lld %lld %d\n", (long long) fixture.stats.rows_in,
                      (long long) fixture.stats.bad_rows,
                      (long long) fixture.stats.max_event_time_us, fixture.late_reports);
        watermarks(&fixture, fixture.close_below, (epoch + 1) * 200 - 20);
    }
    fixture_done(&fixture);
}

static void the_bytes_do_not_depend_on_workers(void **state) {
    static const EmitMode modes[] = {EMIT_ON_CLOSE, EMIT_CHANGES, EMIT_ALL};
    static const int workers[] = {2, 3, 8};
    TestRow *rows = many_rows();

    for (size_t m = 0; m < ARRAY_LENGTH(modes); m++) {
        StrBuf one = {0};

        run_with_workers(rows, modes[m], 1, &one);
        for (size_t w = 0; w < ARRAY_LENGTH(workers); w++) {
            StrBuf many = {0};

            run_with_workers(rows, modes[m], workers[w], &many);
            assert_int_equal(many.length, one.length);
            assert_memory_equal(many.data, one.data, one.length);
            strbuf_done(&many);
        }
        strbuf_done(&one);
    }
    test_free(rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_windows_come_out_once_and_late_rows_are_dropped),
        cmocka_unit_test(an_empty_epoch_closes_windows),
        cmocka_unit_test(changes_are_pairs_and_nulls_group),
        cmocka_unit_test(aggregates_over_aggregates_retract),
        cmocka_unit_test(complete_mode_gives_the_whole_answer),
        cmocka_unit_test(a_global_aggregate_has_its_row),
        cmocka_unit_test(a_row_late_for_all_its_windows_counts_once),
        cmocka_unit_test(bad_records_and_null_times_are_counted),
        cmocka_unit_test(distinct_forgets_behind_the_watermark),
        cmocka_unit_test(a_killed_stream_goes_on_where_it_was),
        cmocka_unit_test(a_batch_query_gives_the_same_groups),
        cmocka_unit_test(the_bytes_do_not_depend_on_workers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
