/* CREATE STREAM: output modes, legal and refused, and the facts of a stream. */
#include "tests/unit/planner_support.h"

#include "parser/ast_ddl.h"

static bool create(Fixture *fixture, const char *sql, StreamPlan *ret_stream) {
    memset(&fixture->err, 0, sizeof(fixture->err));
    return planner_bind_stream(&fixture->cx, parse_one(fixture, sql), sql, ret_stream,
                               &fixture->err) == STATUS_OK;
}

static StreamPlan created(Fixture *fixture, const char *sql) {
    StreamPlan stream = {0};

    if (!create(fixture, sql, &stream))
        fail_msg("%s\n  failed: %s", sql, fixture->err.message);
    return stream;
}

typedef struct StreamCase {
    const char *sql;
    const char *plan;
} StreamCase;

static void check_stream(Fixture *fixture, const char *sql, const char *expected) {
    StreamPlan stream = created(fixture, sql);

    strbuf_clear(&fixture->text);
    append_plan(&fixture->text, stream.plan);
    if (strcmp(strbuf_text(&fixture->text), expected) != 0)
        fail_msg("%s\n  expected: %s\n  but was:  %s", sql, expected, strbuf_text(&fixture->text));
}

static void each_mode_says_what_aggregates_let_out(void **state) {
    static const StreamCase cases[] = {
        {"CREATE STREAM q INTO o OUTPUT MODE APPEND AS SELECT window_start, count(*) AS n FROM "
         "TUMBLE(events, ts, '10 seconds') GROUP BY window_start, window_end",
         "project[#5, #8](aggregate[#5,#6; count() emit on close](window[#4 size 10 slide "
         "10](scan[events: "
         "ts#4])))"},
        {"CREATE STREAM q INTO o OUTPUT MODE UPDATE AS SELECT k, count(*) AS n FROM events GROUP "
         "BY k",
         "project[#1, #5](aggregate[#1; count() emit changes](scan[events: k#1,ts#4]))"},
        {"CREATE STREAM q INTO o OUTPUT MODE COMPLETE AS SELECT k, count(*) AS n FROM events GROUP "
         "BY k "
         "ORDER BY n DESC",
         "sort[#5 desc nulls first](project[#1, #5](aggregate[#1; count()](scan[events: "
         "k#1,ts#4])))"},
        {"CREATE STREAM q INTO o OUTPUT MODE COMPLETE AS SELECT n, count(*) AS m FROM (SELECT k, "
         "count(*) "
         "AS n FROM events GROUP BY k) x GROUP BY n",
         "project[#5, #6](aggregate[#5; count()](project[#1, #5](aggregate[#1; count() emit "
         "changes](scan[events: k#1,ts#4]))))"},
        {"CREATE STREAM q INTO o AS SELECT k FROM events WHERE v > 1",
         "project[#1](filter[v > 1](scan[events: k#1,v#2,ts#4]))"},
        {"CREATE STREAM q INTO o OUTPUT MODE APPEND AS SELECT DISTINCT k FROM users",
         "distinct[#1](project[#1](scan[users: k#1]))"},
        {"CREATE STREAM q OUTPUT MODE UPDATE AS SELECT DISTINCT n FROM (SELECT count(*) AS n FROM "
         "events "
         "GROUP BY k) x",
         "distinct[#5](project[#5](project[#5](aggregate[#1; count() emit "
         "changes](scan[events: "
         "k#1,ts#4]))))"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        check_stream(*state, cases[i].sql, cases[i].plan);
}

static void windows_stand_over_windows(void **state) {
    check_stream(
        *state,
        "CREATE STREAM q INTO o OUTPUT MODE APPEND AS SELECT window_end, sum(n) AS m FROM "
        "TUMBLE((SELECT window_time, count(*) AS n FROM TUMBLE(events, ts, '10 seconds') GROUP BY "
        "window_start, window_end, window_time), window_time, '1 minute') GROUP BY window_end",
        "project[#10, #12](aggregate[#10; sum(#8) emit on close](window[#7 size 60 slide "
        "60](project[#7, #8](aggregate[#5,#6,#7; count() emit on close](window[#4 size 10 slide "
        "10](scan[events: ts#4]))))))");
}

static void modes_are_inferred_and_told(void **state) {
    Fixture *fixture = *state;
    StreamPlan stream = created(fixture, "CREATE STREAM q INTO o AS SELECT k FROM events");

    assert_int_equal(stream.mode, OUTPUT_APPEND);
    assert_string_equal(stream.inferred_mode_notice,
                        "output mode of stream \"q\" is APPEND: its rows never change");
    stream = created(fixture, "CREATE STREAM q AS SELECT k, count(*) AS n FROM events GROUP BY k");
    assert_int_equal(stream.mode, OUTPUT_UPDATE);
    assert_true(stream.relation.keeps_result);
    assert_int_equal(stream.key.count, 1);
    stream = created(fixture, "CREATE STREAM q INTO o AS SELECT window_end, count(*) AS n FROM "
                              "TUMBLE(events, ts, '1 minute') GROUP BY window_end");
    assert_int_equal(stream.mode, OUTPUT_APPEND);
    stream = created(fixture, "CREATE STREAM q OUTPUT MODE UPDATE AS SELECT count(*) FROM events");
    assert_null(stream.inferred_mode_notice);
}

typedef struct Refusal {
    const char *sql;
    const char *message;
    const char *hint;
} Refusal;

static void illegal_modes_are_refused_with_a_statement_to_paste(void **state) {
    static const Refusal cases[] = {
        {"CREATE STREAM q INTO o OUTPUT MODE APPEND AS SELECT k, count(*) AS n FROM users GROUP BY "
         "k",
         "append mode is not supported for an aggregate whose groups never close: no event time "
         "with a "
         "watermark is in its keys",
         "Group by a window over a column that has a watermark, or use another mode: CREATE STREAM "
         "q INTO "
         "o OUTPUT MODE UPDATE AS SELECT k, count(*) AS n FROM users GROUP BY k"},
        {"CREATE STREAM q INTO o OUTPUT MODE COMPLETE AS SELECT k FROM users",
         "complete mode is not supported for a query whose topmost step is not an aggregation",
         "Another mode takes it: CREATE STREAM q INTO o OUTPUT MODE UPDATE AS SELECT k FROM users"},
        {"CREATE STREAM q INTO o AS SELECT k, count(*) AS n FROM users GROUP BY k",
         "an inferred output mode is not supported for this stream: its rows change, and its sinks "
         "do not "
         "take upserts",
         "Group by a window over a column that has a watermark, or use another mode: CREATE STREAM "
         "q INTO "
         "o OUTPUT MODE UPDATE AS SELECT k, count(*) AS n FROM users GROUP BY k"},
        {"CREATE STREAM q INTO o OUTPUT MODE UPDATE AS SELECT k, count(*) AS n FROM users GROUP BY "
         "k ORDER "
         "BY k",
         "ORDER BY of a stream is not supported in update mode",
         "Another mode takes it: CREATE STREAM q INTO o OUTPUT MODE COMPLETE AS SELECT k, count(*) "
         "AS n "
         "FROM users GROUP BY k ORDER BY k"},
        {"CREATE STREAM q INTO o AS SELECT k FROM users ORDER BY k",
         "ORDER BY of a stream is not supported in update mode",
         "Leave ORDER BY out, and sort where you read the result."},
        {"CREATE STREAM q INTO term OUTPUT MODE COMPLETE AS SELECT count(*) AS n FROM users",
         "complete mode is not supported by sink \"term\" (connector \"console\")",
         "Another mode takes it: CREATE STREAM q INTO term OUTPUT MODE UPDATE AS SELECT count(*) "
         "AS n FROM "
         "users"},
    };
    Fixture *fixture = *state;
    StreamPlan stream = {0};

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        if (create(fixture, cases[i].sql, &stream))
            fail_msg("%s\n  was accepted", cases[i].sql);
        assert_int_equal(fixture->err.sqlstate, SQLSTATE_FEATURE_NOT_SUPPORTED);
        assert_string_equal(fixture->err.message, cases[i].message);
        assert_string_equal(fixture->err.hint, cases[i].hint);
    }
}

static void what_a_stream_cannot_run_is_refused(void **state) {
    static const Refusal cases[] = {
        {"CREATE STREAM q AS SELECT k FROM events WHERE ts < now()",
         "now() in a condition of a stream is not supported", NULL},
        {"CREATE STREAM q AS SELECT 1 AS x", "a stream without a source is not supported", NULL},
        {"CREATE STREAM q AS SELECT e.k FROM events e JOIN users u ON e.k = u.k",
         "a join in a stream is not supported", NULL},
        {"CREATE STREAM q AS SELECT k FROM events WHERE v = (SELECT count(*) FROM users)",
         "a join in a stream is not supported", NULL},
        {"CREATE STREAM q INTO nope AS SELECT k FROM events", "sink \"nope\" does not exist", NULL},
        {"CREATE STREAM q INTO events AS SELECT k FROM events", "\"events\" is not a sink", NULL},
        {"CREATE STREAM q AS SELECT k, k FROM events", "column \"k\" specified more than once",
         NULL},
        {"CREATE STREAM q OUTPUT MODE UPDATE AS SELECT now(), n FROM (SELECT k, count(*) AS n FROM "
         "events "
         "GROUP BY k) x",
         "now() over rows that change is not supported", NULL},
        {"CREATE STREAM q TRIGGER EVERY '0 seconds' AS SELECT k FROM events",
         "the trigger's interval must be positive", NULL},
        {"CREATE STREAM q WITH (state_ttl = '1 hour') AS SELECT k FROM events",
         "state_ttl is not supported", NULL},
    };
    Fixture *fixture = *state;
    StreamPlan stream = {0};

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        if (create(fixture, cases[i].sql, &stream))
            fail_msg("%s\n  was accepted", cases[i].sql);
        assert_string_equal(fixture->err.message, cases[i].message);
    }
}

static void clauses_become_facts(void **state) {
    StreamPlan stream = created(
        *state, "CREATE STREAM q INTO o, term OUTPUT MODE APPEND TRIGGER EVERY '5 seconds' LATE "
                "ROWS DROP WITH (max_rows_per_epoch = 100, watermark_policy = 'max', "
                "on_row_error = 'fail', retain = 'all') AS SELECT k FROM events WATERMARK ts DELAY "
                "OF INTERVAL '3 seconds'");

    assert_int_equal(stream.max_rows_per_epoch, 100);
    assert_true(stream.watermark_is_max && stream.relation.keeps_result);
    assert_string_equal(stream.relation.trigger, "every 5000000");
    assert_int_equal(stream.relation.sink_count, 2);
    assert_int_equal(stream.relation.dependency_count, 3);
    assert_string_equal(stream.guarantee, "at least once");
    assert_int_equal(stream.plan->children[0]->watermark_delay_us, 3000000);
    assert_string_equal(stream.relation.output_mode, "append");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_mode_says_what_aggregates_let_out, setup, teardown),
        cmocka_unit_test_setup_teardown(windows_stand_over_windows, setup, teardown),
        cmocka_unit_test_setup_teardown(modes_are_inferred_and_told, setup, teardown),
        cmocka_unit_test_setup_teardown(illegal_modes_are_refused_with_a_statement_to_paste, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_a_stream_cannot_run_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(clauses_become_facts, setup, teardown),
    };

    return cmocka_run_group_tests_name("planner_stream", tests, NULL, NULL);
}
