/* Queries to plans, and every class of the binder's errors. In a plan, #n is a column's id. */
#include "tests/unit/planner_support.h"

typedef struct PlanCase {
    const char *sql;
    const char *plan;
} PlanCase;

typedef struct ErrorCase {
    const char *sql;
    const char *code;
    int position;
    const char *message;
} ErrorCase;

static void check_plans(void **state, const PlanCase *cases, size_t count) {
    for (size_t i = 0; i < count; i++)
        assert_plan(*state, cases[i].sql, cases[i].plan);
}

static void check_errors(void **state, const ErrorCase *cases, size_t count) {
    for (size_t i = 0; i < count; i++)
        assert_bind_error(*state, cases[i].sql, cases[i].code, cases[i].position, cases[i].message);
}

static void selects_read_only_the_columns_they_name(void **state) {
    static const PlanCase cases[] = {
        {"SELECT 1 + 1", "project[1 + 1 #1](values[1: ])"},
        {"SELECT * FROM events", "project[#1, #2, #3, #4](scan[events: k#1,v#2,w#3,ts#4])"},
        {"SELECT v FROM events WHERE k = 'a' AND v > 10",
         "project[#2](filter[(k = 'a') AND (v > 10)](scan[events: k#1,v#2]))"},
        {"SELECT v, v FROM events", "project[#2, #2 #5](scan[events: v#2])"},
        {"SELECT a FROM (SELECT 1 AS a, 2 AS b) x",
         "project[#1](project[1 #1, 2 #2](values[1: ]))"},
        {"SELECT total FROM totals WHERE key = 'a'",
         "project[#5](filter[key = 'a'](project[#1, #5](aggregate[#1; sum(#2)](scan[events: "
         "k#1,v#2]))))"},
    };

    check_plans(state, cases, ARRAY_LENGTH(cases));
}

static void grouping_projects_keys_and_arguments_below(void **state) {
    static const PlanCase cases[] = {
        {"SELECT k, count(*), sum(v) FROM events WHERE v > 1 GROUP BY k ORDER BY 2 DESC LIMIT 10",
         "limit[10](sort[#5 desc nulls first](project[#1, #5, #6](aggregate[#1; count(); "
         "sum(#2)](filter[v > 1](scan[events: k#1,v#2])))))"},
        {"SELECT v + 1 AS x, count(*) FROM events GROUP BY v + 1 HAVING count(*) > 1 ORDER BY x",
         "sort[#6](project[#6, #5](filter[count > 1::bigint](aggregate[#6; count()](project[#2, v "
         "+ 1 "
         "#6](scan[events: v#2])))))"},
        {"SELECT v % 2, sum(w) FILTER (WHERE v > 3) FROM events GROUP BY 1",
         "project[#6, #5](aggregate[#6; sum(#3) where #7](project[#2, #3, v % 2 #6, v > 3 "
         "#7](scan[events: v#2,w#3])))"},
        {"SELECT k, v, grouping(k, v), count(*) FROM events GROUP BY ROLLUP (k, v)",
         "project[#1, #2, #5, #6](project[#1, #2, #6, #7, ((0 + (((grouping / 2) % 2) * 2)) + "
         "(((grouping "
         "/ 1) % 2) * 1))::integer #5](aggregate[#1,#2; count() (#1,#2) (#1) ()](scan[events: "
         "k#1,v#2])))"},
    };

    check_plans(state, cases, ARRAY_LENGTH(cases));
}

static void equal_conjuncts_become_join_keys(void **state) {
    static const PlanCase cases[] = {
        {"SELECT e.k, u.name FROM events e JOIN users u ON e.k = u.k AND e.v > u.age",
         "project[#1, #6](join[inner #1=#5 on v > age::integer](scan[events: k#1,v#2], scan[users: "
         "k#5,name#6,age#7]))"},
        {"SELECT k, name FROM events LEFT JOIN users USING (k)",
         "project[#1, #6](join[left #1=#5](scan[events: k#1], scan[users: k#5,name#6]))"},
        {"SELECT k, age FROM events NATURAL FULL JOIN users",
         "project[#8, #7](project[#1, #5, #7, CASE WHEN k IS NOT NULL THEN k ELSE k END "
         "#8](join[full "
         "#1=#5](scan[events: k#1], scan[users: k#5,age#7])))"},
        {"WITH x AS (SELECT k, v FROM events) SELECT a.k FROM x a JOIN x b ON a.v = b.v",
         "project[#1](join[inner #2=#6](project[#1, #2](scan[events: k#1,v#2]), project[#5, "
         "#6](scan[events: k#5,v#6])))"},
    };

    check_plans(state, cases, ARRAY_LENGTH(cases));
}

static void subqueries_become_joins(void **state) {
    static const PlanCase cases[] = {
        {"SELECT k FROM events WHERE v IN (SELECT age FROM users)",
         "project[#1](filter[in](join[mark #2=#8](scan[events: k#1,v#2], project[age::integer "
         "#8](scan[users: age#7]))))"},
        {"SELECT k FROM events WHERE EXISTS (SELECT 1 FROM users)",
         "project[#1](filter[exists](join[mark](scan[events: k#1], project[1 #8](scan[users]))))"},
        {"SELECT k, (SELECT count(*) FROM events) FROM users",
         "project[#1, #8](join[inner](scan[users: k#1], single row[](project[#8](aggregate[; "
         "count()](scan[events])))))"},
    };

    check_plans(state, cases, ARRAY_LENGTH(cases));
}

static void correlated_subqueries_become_joins_by_their_equalities(void **state) {
    static const PlanCase cases[] = {
        {"SELECT k FROM events e WHERE EXISTS (SELECT 1 FROM users u WHERE u.k = e.k AND u.age > "
         "3)",
         "project[#1](filter[exists IS TRUE](join[mark #1=#5](scan[events: k#1], "
         "project[#5](filter[(k IS NOT NULL) AND (age::integer > 3)](scan[users: k#5,age#7])))))"},
        {"SELECT k FROM events e WHERE v NOT IN (SELECT age FROM users u WHERE u.k = e.k)",
         "project[#1](filter[NOT ((k IS NOT NULL) AND in)](join[mark #2,#1=#8,#5](scan[events: "
         "k#1,v#2], project[age::integer #8, #5](filter[k IS NOT NULL](scan[users: "
         "k#5,age#7])))))"},
        {"SELECT name, (SELECT max(v) FROM events e WHERE e.k = u.k) FROM users u",
         "project[#2, #8](join[left #1=#4](scan[users: k#1,name#2], project[#8, #4](aggregate[#4; "
         "max(#5)](filter[k IS NOT NULL](scan[events: k#4,v#5])))))"},
        {"SELECT name, (SELECT count(*) FROM events e WHERE e.k = u.k) AS n FROM users u",
         "project[#2, CASE WHEN count IS NOT NULL THEN count ELSE 0 END #9](join[left "
         "#1=#4](scan[users: k#1,name#2], project[#8, #4](aggregate[#4; count()](filter[k IS NOT "
         "NULL](scan[events: k#4])))))"},
    };

    check_plans(state, cases, ARRAY_LENGTH(cases));
}

static void set_operations_take_common_types(void **state) {
    static const PlanCase cases[] = {
        {"SELECT k FROM events UNION SELECT name FROM users ORDER BY k",
         "sort[#8](distinct[#8](union[](project[#1](scan[events: k#1]), project[#6](scan[users: "
         "name#6]))))"},
        {"SELECT k FROM events EXCEPT SELECT name FROM users",
         "join[anti #1=#6](distinct[#1](project[#1](scan[events: k#1])), project[#6](scan[users: "
         "name#6]))"},
        {"SELECT 1 UNION ALL SELECT 2.5 UNION ALL SELECT NULL",
         "union[](union[](project[1::numeric #1](values[1: ]), project[2.5 #2](values[1: ])), "
         "project[NULL #4](values[1: ]))"},
        {"VALUES (1, 'a'), (2, NULL)", "values[2: 1, 'a', 2, NULL]"},
    };

    check_plans(state, cases, ARRAY_LENGTH(cases));
}

static void distinct_on_keeps_the_first_of_the_order(void **state) {
    static const PlanCase cases[] = {
        {"SELECT DISTINCT k FROM events", "distinct[#1](project[#1](scan[events: k#1]))"},
        {"SELECT DISTINCT ON (k) k, v FROM events ORDER BY k, ts DESC",
         "project[#1, #2](sort[#1,#4 desc nulls first](distinct[#1](sort[#1,#4 desc nulls "
         "first](project[#1, #2, #4](scan[events: k#1,v#2,ts#4])))))"},
    };

    check_plans(state, cases, ARRAY_LENGTH(cases));
}

static void windows_add_three_columns(void **state) {
    static const PlanCase cases[] = {
        {"SELECT window_start, count(*) FROM TUMBLE(events, ts, INTERVAL '10 seconds') GROUP BY "
         "window_start",
         "project[#5, #8](aggregate[#5; count()](window[#4 size 10 slide 10](scan[events: "
         "ts#4])))"},
        {"SELECT window_end, count(*) FROM TABLE(HOP(TABLE events, DESCRIPTOR(ts), SIZE => '10 "
         "seconds', "
         "SLIDE => '5 seconds')) GROUP BY window_end",
         "project[#6, #8](aggregate[#6; count()](window[#4 size 10 slide 5](scan[events: ts#4])))"},
        {"SELECT window.start, window.end, k, count(*) FROM events GROUP BY window(ts, '10 "
         "minutes', '5 "
         "minutes'), k",
         "project[#5, #6, #1, #8](aggregate[#5,#6,#1; count()](window[#4 size 600 slide "
         "300](scan[events: k#1,ts#4])))"},
        {"SELECT window_time(window), count(*) FROM events GROUP BY window(ts, '10 minutes')",
         "project[#7, #8](aggregate[#5,#6,#7; count()](window[#4 size 600 slide 600](scan[events: "
         "ts#4])))"},
    };

    check_plans(state, cases, ARRAY_LENGTH(cases));
}

static void forms_become_calls_and_cases(void **state) {
    static const PlanCase cases[] = {
        {"SELECT CASE v WHEN 1 THEN 'one' ELSE k END, COALESCE(k, 'x'), NULLIF(v, 0) FROM events",
         "project[CASE WHEN v = 1 THEN 'one' ELSE k END #5, CASE WHEN k IS NOT NULL THEN k ELSE "
         "'x' END "
         "#6, CASE WHEN v = 0 THEN NULL ELSE v END #7](scan[events: k#1,v#2])"},
        {"SELECT v BETWEEN 1 AND 3, k LIKE 'a%', v IS NULL, v IS DISTINCT FROM 3 FROM events",
         "project[(v >= 1) AND (v <= 3) #5, k ~~ 'a%' #6, v IS NULL #7, v IS DISTINCT FROM 3 "
         "#8](scan[events: k#1,v#2])"},
        {"SELECT (k, v) = ('a', 1) FROM events",
         "project[(k = 'a') AND (v = 1) #5](scan[events: k#1,v#2])"},
        {"SELECT k FROM events WHERE v IN (1, 2, 3)",
         "project[#1](filter[v IN (1, 2, 3)](scan[events: k#1,v#2]))"},
        {"SELECT INTERVAL '10' MINUTE, DATE '2020-01-01'",
         "project['00:10:00'::interval minute #1, '2020-01-01'::date #2](values[1: ])"},
    };

    check_plans(state, cases, ARRAY_LENGTH(cases));
}

static void outputs_are_named_as_in_postgresql(void **state) {
    static const char *const names[] = {"?column?", "k",     "v",    "case",   "coalesce",
                                        "int8",     "count", "bool", "exists", "timezone"};
    Fixture *fixture = *state;
    const Plan *plan =
        bind(fixture, "SELECT 1, k, v::int8, CASE WHEN true THEN 1 END, COALESCE(k, ''), "
                      "'1'::int8, (SELECT count(*) FROM users), true, "
                      "EXISTS (SELECT 1), now() AT TIME ZONE 'UTC' FROM events");

    if (!plan)
        fail_msg("%s", fixture->err.message);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        assert_string_equal(plan->columns[i].name, names[i]);
}

static void parameters_take_the_type_of_their_place(void **state) {
    Fixture *fixture = *state;

    assert_non_null(bind(fixture, "SELECT $1 + 1 FROM events WHERE k = $2 LIMIT $3"));
    assert_int_equal(fixture->cx.parameter_types[0].id, TYPE_INT4);
    assert_int_equal(fixture->cx.parameter_types[1].id, TYPE_TEXT);
    assert_int_equal(fixture->cx.parameter_types[2].id, TYPE_INT8);
    assert_bind_error(fixture, "SELECT $2 + 1", "42P18", 0,
                      "could not determine data type of parameter $1");
}

static void names_that_mean_nothing_are_refused(void **state) {
    static const ErrorCase cases[] = {
        {"SELECT nope FROM events", "42703", 8, "column \"nope\" does not exist"},
        {"SELECT e.nope FROM events e", "42703", 8, "column e.nope does not exist"},
        {"SELECT x.k FROM events", "42P01", 8, "missing FROM-clause entry for table \"x\""},
        {"SELECT k FROM events, users", "42702", 8, "column reference \"k\" is ambiguous"},
        {"SELECT 1 FROM nope", "42P01", 15, "relation \"nope\" does not exist"},
        {"SELECT 1 FROM o", "42809", 15, "\"o\" is a sink: it can't be read"},
        {"SELECT nope(1)", "42883", 8, "function nope(integer) does not exist"},
        {"SELECT is_null(1)", "42883", 8, "function is_null(integer) does not exist"},
        {"SELECT 1::nope", "42704", 11, "type \"nope\" does not exist"},
        {"SELECT 1 FROM events e, users e", "42712", 31,
         "table name \"e\" specified more than once"},
        {"SELECT 1 FROM events JOIN users USING (v)", "42703", 40,
         "column \"v\" specified in USING clause does not exist in right table"},
        {"SELECT 1 FROM events AS e (a, b, c, d, f)", "42P10", 25,
         "table \"e\" has 4 columns available but 5 columns specified"},
    };

    check_errors(state, cases, ARRAY_LENGTH(cases));
}

static void queries_that_multiply_end_at_a_limit(void **state) {
    Fixture *fixture = *state;

    strbuf_printf(&fixture->text, "WITH c0 AS (SELECT 1 AS x)");
    for (int i = 1; i < 40; i++)
        strbuf_printf(&fixture->text, ", c%d AS (SELECT a.x FROM c%d a, c%d b)", i, i - 1, i - 1);
    strbuf_append_text(&fixture->text, " SELECT x FROM c39");
    assert_null(bind(fixture, arena_strdup(fixture->arena, strbuf_text(&fixture->text))));
    assert_int_equal(fixture->err.sqlstate, SQLSTATE_STATEMENT_TOO_COMPLEX);
}

static void the_nearest_column_is_offered(void **state) {
    Fixture *fixture = *state;

    assert_null(bind(fixture, "SELECT vv FROM events"));
    assert_string_equal(fixture->err.hint,
                        "Perhaps you meant to reference the column \"events.v\".");
    assert_null(bind(fixture, "SELECT 1 FROM evens"));
    assert_null(bind(fixture, "SELECT 1 FROM event"));
    assert_string_equal(fixture->err.hint, "Perhaps you meant \"events\".");
}

static void types_that_do_not_fit_are_refused(void **state) {
    static const ErrorCase cases[] = {
        {"SELECT 'a' + 1", "22P02", 8, "invalid input syntax for type integer: \"a\""},
        {"SELECT 1 FROM events WHERE v", "42804", 28,
         "argument of WHERE must be type boolean, not type integer"},
        {"SELECT CASE WHEN true THEN 1 ELSE true END", "42804", 35,
         "CASE types integer and boolean cannot be matched"},
        {"SELECT 1 UNION SELECT true", "42804", 23,
         "UNION types integer and boolean cannot be matched"},
        {"SELECT 1 UNION SELECT 1, 2", "42601", 23,
         "each UNION query must have the same number of columns"},
        {"SELECT 1 LIMIT -1", "2201W", 0, "LIMIT must not be negative"},
        {"SELECT (SELECT 1, 2)", "42601", 9, "subquery must return only one column"},
    };

    check_errors(state, cases, ARRAY_LENGTH(cases));
}

static void grouping_errors_are_those_of_postgresql(void **state) {
    static const ErrorCase cases[] = {
        {"SELECT k, count(*) FROM events", "42803", 8,
         "column \"events.k\" must appear in the GROUP BY clause or be used in an aggregate "
         "function"},
        {"SELECT e.k FROM events e GROUP BY e.v", "42803", 8,
         "column \"e.k\" must appear in the GROUP BY clause or be used in an aggregate function"},
        {"SELECT sum(count(*)) FROM events", "42803", 12,
         "aggregate function calls cannot be nested"},
        {"SELECT 1 FROM events WHERE count(*) > 1", "42803", 28,
         "aggregate functions are not allowed in WHERE"},
        {"SELECT k FROM events GROUP BY 3", "42P10", 31,
         "GROUP BY position 3 is not in select list"},
        {"SELECT DISTINCT k FROM events ORDER BY v", "42P10", 40,
         "for SELECT DISTINCT, ORDER BY expressions must appear in select list"},
        {"SELECT k FROM events ORDER BY 'a'", "42601", 31, "non-integer constant in ORDER BY"},
    };

    check_errors(state, cases, ARRAY_LENGTH(cases));
}

static void what_cannot_run_is_refused_by_name(void **state) {
    static const ErrorCase cases[] = {
        {"SELECT row_number() OVER () FROM events", "0A000", 8,
         "a window function (OVER) is not supported"},
        {"SELECT k FROM events e WHERE EXISTS (SELECT 1 FROM users u WHERE u.k < e.k)", "0A000", 70,
         "this condition on the query around a subquery is not supported"},
        {"SELECT (SELECT e.v + 1 FROM users u LIMIT 1) FROM events e", "0A000", 16,
         "a correlated reference here (column \"v\" is of the query or the FROM items around) is "
         "not supported"},
        {"WITH RECURSIVE x AS (SELECT 1) SELECT * FROM x", "0A000", 1,
         "WITH RECURSIVE is not supported"},
        {"SELECT 1 FROM SESSION(events, ts, '1 minute')", "0A000", 15, "SESSION is not supported"},
        {"SELECT count(*) FROM events GROUP BY session_window(ts, '5 minutes')", "0A000", 38,
         "session_window() is not supported"},
        {"SELECT 1 FROM HOP(events, ts, '10 minutes', '5 minutes')", "22023", 31,
         "window slide is larger than the window size"},
        {"SELECT 1 FROM TUMBLE(events, ts, '1 month')", "22023", 34,
         "the window size must not have months or years"},
        {"SELECT 1 FROM TUMBLE(events, v, '1 minute')", "42804", 30,
         "the time of a window must be timestamp or timestamptz, not integer"},
    };

    check_errors(state, cases, ARRAY_LENGTH(cases));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(selects_read_only_the_columns_they_name, setup, teardown),
        cmocka_unit_test_setup_teardown(grouping_projects_keys_and_arguments_below, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(equal_conjuncts_become_join_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(subqueries_become_joins, setup, teardown),
        cmocka_unit_test_setup_teardown(correlated_subqueries_become_joins_by_their_equalities,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(set_operations_take_common_types, setup, teardown),
        cmocka_unit_test_setup_teardown(distinct_on_keeps_the_first_of_the_order, setup, teardown),
        cmocka_unit_test_setup_teardown(windows_add_three_columns, setup, teardown),
        cmocka_unit_test_setup_teardown(forms_become_calls_and_cases, setup, teardown),
        cmocka_unit_test_setup_teardown(outputs_are_named_as_in_postgresql, setup, teardown),
        cmocka_unit_test_setup_teardown(parameters_take_the_type_of_their_place, setup, teardown),
        cmocka_unit_test_setup_teardown(names_that_mean_nothing_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(queries_that_multiply_end_at_a_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(the_nearest_column_is_offered, setup, teardown),
        cmocka_unit_test_setup_teardown(types_that_do_not_fit_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(grouping_errors_are_those_of_postgresql, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_run_is_refused_by_name, setup, teardown),
    };

    return cmocka_run_group_tests_name("planner", tests, NULL, NULL);
}
