/* CREATE SOURCE, SINK, VIEW to relations, and what each refuses. */
#include "tests/unit/planner_support.h"

static const Relation *create(Fixture *fixture, const char *sql) {
    Relation *relation = arena_new(fixture->arena, Relation);

    memset(&fixture->err, 0, sizeof(fixture->err));
    if (planner_bind_create(&fixture->cx, parse_one(fixture, sql), sql, relation, &fixture->err) !=
        STATUS_OK)
        return NULL;
    return relation;
}

static const Relation *created(Fixture *fixture, const char *sql) {
    const Relation *relation = create(fixture, sql);

    if (!relation)
        fail_msg("%s\n  failed: %s", sql, fixture->err.message);
    return relation;
}

static void a_source_has_columns_options_and_a_watermark(void **state) {
    const Relation *source = created(
        *state,
        "CREATE SOURCE s (a int, b text FROM '$.x.b' NOT NULL, p text METADATA FROM 'path', "
        "ms bigint, ts timestamptz, twice AS (a * 2), "
        "WATERMARK FOR ts AS ts - INTERVAL '10 seconds' IDLE AFTER INTERVAL '1 minute') "
        "WITH (connector = 'file', path = 'in', format = 'json', strict = true)");

    assert_int_equal(source->kind, RELATION_SOURCE);
    assert_int_equal(source->column_count, 6);
    assert_string_equal(source->columns[1].path, "$.x.b");
    assert_true(source->columns[1].is_not_null);
    assert_int_equal(source->columns[2].origin, COLUMN_METADATA);
    assert_int_equal(source->columns[5].origin, COLUMN_COMPUTED);
    assert_int_equal(source->columns[5].type.id, TYPE_INT4);
    assert_int_equal(source->watermark_column, 4);
    assert_int_equal(source->watermark_delay_us, 10000000);
    assert_int_equal(source->idle_after_us, 60000000);
    assert_true(source->source == &source_file && source->format == &format_json);
    assert_int_equal(option_number(&source->options, "strict"), 1);
    assert_string_equal(option_text(&source->options, "on_error"), "skip");
}

static void a_sink_has_a_connector_and_a_format(void **state) {
    const Relation *sink =
        created(*state, "CREATE SINK o WITH (connector = 'file', path = 'out/')");

    assert_int_equal(sink->kind, RELATION_SINK);
    assert_true(sink->sink == &sink_file && sink->format == &format_json);
    sink = created(*state, "CREATE SINK o (a int4, b text) WITH (connector = 'console')");
    assert_int_equal(sink->column_count, 2);
    assert_null(sink->format);
}

static void a_view_keeps_its_text_and_what_it_reads(void **state) {
    const Relation *view =
        created(*state, "CREATE VIEW v (x) AS SELECT k, count(*) AS n FROM totals t JOIN events e "
                        "ON t.key = e.k GROUP BY k");

    assert_string_equal(view->columns[0].name, "x");
    assert_string_equal(view->columns[1].name, "n");
    assert_int_equal(view->columns[1].type.id, TYPE_INT8);
    assert_int_equal(view->dependency_count, 2);
    assert_non_null(strstr(view->query, "GROUP BY k"));
}

typedef struct RefusedCreate {
    const char *sql;
    const char *code;
    const char *message;
} RefusedCreate;

static void check_refused(Fixture *fixture, const RefusedCreate *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (create(fixture, cases[i].sql))
            fail_msg("%s\n  was accepted", cases[i].sql);
        assert_string_equal(fixture->err.message, cases[i].message);
        assert_string_equal(sqlstate_code(fixture->err.sqlstate), cases[i].code);
    }
}

static void a_source_that_cannot_be_is_refused(void **state) {
    static const RefusedCreate cases[] = {
        {"CREATE SOURCE s (i int) WITH (path = 'in')", "22023", "option \"connector\" is missing"},
        {"CREATE SOURCE s (i int) WITH (connector = 'nothing')", "22023",
         "there is no source connector \"nothing\""},
        {"CREATE SOURCE s (i int) WITH (connector = 'file', path = 'x', format = 'jsn')", "22023",
         "there is no format \"jsn\""},
        {"CREATE SOURCE s (i int) WITH (connector = 'file', path = 'x', formt = 'json')", "22023",
         "unknown option \"formt\""},
        {"CREATE SOURCE s (i int) WITH (connector = 'file')", "22023",
         "option \"path\" is missing"},
        {"CREATE SOURCE s (i int) WITH (connector = 'file', path = 'x', on_error = 'none')",
         "22023", "invalid value for option \"on_error\": \"none\""},
        {"CREATE SOURCE s (i int, i text) WITH (connector = 'file', path = 'x')", "42701",
         "column \"i\" specified more than once"},
        {"CREATE SOURCE s (i int[]) WITH (connector = 'file', path = 'x')", "0A000",
         "a column of type integer[] is not supported"},
        {"CREATE SOURCE s (i int PRIMARY KEY) WITH (connector = 'file', path = 'x')", "0A000",
         "PRIMARY KEY on a source is not supported"},
        {"CREATE SOURCE s (o int8 METADATA) WITH (connector = 'file', path = 'x')", "42703",
         "connector \"file\" has no metadata \"o\""},
        {"CREATE SOURCE s (line text METADATA) WITH (connector = 'file', path = 'x')", "42804",
         "metadata \"line\" is bigint, not text"},
        {"CREATE SOURCE s (a int, b AS (c + 1)) WITH (connector = 'file', path = 'x')", "42703",
         "column \"c\" does not exist"},
    };

    check_refused(*state, cases, ARRAY_LENGTH(cases));
}

static void a_watermark_that_cannot_be_is_refused(void **state) {
    static const RefusedCreate cases[] = {
        {"CREATE SOURCE s (i int, WATERMARK FOR ts AS ts) WITH (connector = 'file', path = 'x')",
         "42703", "column \"ts\" does not exist"},
        {"CREATE SOURCE s (i int, WATERMARK FOR i AS i) WITH (connector = 'file', path = 'x')",
         "42804", "watermark column \"i\" must be timestamp or timestamptz, not integer"},
        {"CREATE SOURCE s (ts timestamptz, WATERMARK FOR ts AS ts - INTERVAL '1 month') "
         "WITH (connector = 'file', path = 'x')",
         "22023", "the watermark delay must not have months or years"},
        {"CREATE SOURCE s (ts timestamptz, WATERMARK FOR ts AS now()) WITH (connector = 'file', "
         "path = 'x')",
         "0A000", "this watermark expression is not supported"},
        {"CREATE SOURCE s (ts timestamptz, WATERMARK FOR ts AS ts, WATERMARK FOR ts AS ts) "
         "WITH (connector = 'file', path = 'x')",
         "0A000", "a second watermark is not supported"},
    };

    check_refused(*state, cases, ARRAY_LENGTH(cases));
}

static void a_secret_stands_where_secrets_may(void **state) {
    static const RefusedCreate cases[] = {
        {"CREATE SECRET x AS 'y'", "XX001", "secret \"x\" is not sealed"},
        {"CREATE SINK s WITH (connector = 'file', path = SECRET password)", "22023",
         "option \"path\" takes no secret: its value is shown"},
        {"CREATE SINK s WITH (connector = 'file', path = SECRET absent)", "42704",
         "secret \"absent\" does not exist"},
        {"CREATE SINK s WITH (connector = SECRET password)", "22023",
         "there is no sink connector \"\""},
    };

    check_refused(*state, cases, ARRAY_LENGTH(cases));
}

static void what_comes_later_is_refused_by_name(void **state) {
    static const RefusedCreate cases[] = {
        {"CREATE TABLE t (a int)", "0A000", "CREATE TABLE is not supported"},
        {"CREATE SCHEMA x", "0A000", "CREATE SCHEMA is not supported"},
        {"CREATE SINK s (a int PRIMARY KEY) WITH (connector = 'console')", "0A000",
         "a key on a sink is not supported"},
        {"CREATE SINK s WITH (connector = 'consle')", "22023",
         "there is no sink connector \"consle\""},
        {"CREATE VIEW v AS SELECT k, k FROM events", "42701",
         "column \"k\" specified more than once"},
    };

    check_refused(*state, cases, ARRAY_LENGTH(cases));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_source_has_columns_options_and_a_watermark, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_sink_has_a_connector_and_a_format, setup, teardown),
        cmocka_unit_test_setup_teardown(a_view_keeps_its_text_and_what_it_reads, setup, teardown),
        cmocka_unit_test_setup_teardown(a_source_that_cannot_be_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_watermark_that_cannot_be_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_secret_stands_where_secrets_may, setup, teardown),
        cmocka_unit_test_setup_teardown(what_comes_later_is_refused_by_name, setup, teardown),
    };

    return cmocka_run_group_tests_name("planner_ddl", tests, NULL, NULL);
}
