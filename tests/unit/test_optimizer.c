/* Rules: each fires where it should, and not where it would change an answer. A case's name is what
 * it protects. */
#include "base/limits.h"
#include "optimizer/check.h"
#include "tests/unit/optimizer_support.h"

typedef struct RuleCase {
    const char *name;
    const char *rule;
    bool fires;
    const char *sql;
} RuleCase;

enum { FIRES = true, STAYS = false };

/* clang-format off */
static const RuleCase cases[] = {
    {"constants_are_folded", "fold_constants", FIRES,
     "SELECT k FROM events WHERE v > 1 + 2"},
    {"constants_of_the_output_are_folded", "fold_constants", FIRES,
     "SELECT upper('a') FROM events"},
    {"an_error_waits_for_a_row", "fold_constants", STAYS,
     "SELECT 1 / 0 FROM events"},
    {"the_clock_is_not_folded", "fold_constants", STAYS,
     "SELECT now() FROM events"},
    {"randomness_is_not_folded", "fold_constants", STAYS,
     "SELECT random() FROM events"},

    {"true_says_nothing_in_and", "simplify_boolean", FIRES,
     "SELECT k FROM events WHERE v > 1 AND true"},
    {"null_is_not_false", "simplify_boolean", STAYS,
     "SELECT (v > 1 AND NULL::boolean) FROM events"},

    {"true_filters_go", "remove_true_filter", FIRES,
     "SELECT k FROM events WHERE true"},
    {"conditions_stay", "remove_true_filter", STAYS,
     "SELECT k FROM events WHERE v > 1"},

    {"false_reads_nothing", "remove_false_filter", FIRES,
     "SELECT k FROM events WHERE 1 = 2"},
    {"null_keeps_no_row", "remove_false_filter", FIRES,
     "SELECT k FROM events WHERE NULL"},
    {"a_stream_goes_on_reading", "remove_false_filter", STAYS,
     "CREATE STREAM q INTO o AS SELECT k FROM events WHERE 1 = 2"},

    {"groups_of_nothing_are_nothing", "propagate_empty", FIRES,
     "SELECT k, count(*) FROM events WHERE false GROUP BY k"},
    {"an_inner_join_with_nothing_is_nothing", "propagate_empty", FIRES,
     "SELECT 1 FROM events e JOIN (SELECT * FROM users WHERE false) u ON e.k = u.k"},
    {"counting_nothing_is_a_row", "propagate_empty", STAYS,
     "SELECT count(*) FROM events WHERE false HAVING count(*) >= 0"},

    {"filters_merge", "merge_filters", FIRES,
     "SELECT k FROM (SELECT * FROM events WHERE v > 1) t WHERE w > 2"},
    {"a_filter_alone_stays", "merge_filters", STAYS,
     "SELECT k FROM events WHERE v > 1"},

    {"unions_of_unions_are_one", "merge_unions", FIRES,
     "SELECT k FROM events UNION ALL SELECT k FROM users UNION ALL SELECT 'x'"},
    {"a_distinct_union_inside_stays", "merge_unions", STAYS,
     "(SELECT k FROM events UNION SELECT k FROM users) UNION ALL SELECT 'x'"},

    {"projects_merge", "merge_projects", FIRES,
     "SELECT a + 1 FROM (SELECT v AS a FROM events) t"},
    {"nothing_is_computed_twice", "merge_projects", STAYS,
     "SELECT a, a FROM (SELECT upper(k) AS a FROM events OFFSET 0) t"},
    {"randomness_is_drawn_once", "merge_projects", STAYS,
     "SELECT r, r + 1 FROM (SELECT random() AS r FROM events) t"},

    {"in_is_a_semi_join", "mark_to_semi", FIRES,
     "SELECT v FROM events WHERE k IN (SELECT k FROM users)"},
    {"not_in_has_three_values", "mark_to_semi", STAYS,
     "SELECT v FROM events WHERE k NOT IN (SELECT k FROM users)"},
    {"in_or_else_is_no_semi_join", "mark_to_semi", STAYS,
     "SELECT v FROM events WHERE k IN (SELECT k FROM users) OR v > 1"},

    {"exists_is_a_semi_join", "mark_to_semi", FIRES,
     "SELECT v FROM events e WHERE EXISTS (SELECT 1 FROM users u WHERE u.k = e.k)"},
    {"not_exists_is_an_anti_join", "mark_to_anti", FIRES,
     "SELECT v FROM events e WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.k = e.k)"},
    {"not_in_is_no_anti_join", "mark_to_anti", STAYS,
     "SELECT v FROM events WHERE k NOT IN (SELECT k FROM users)"},

    {"equalities_with_constants_are_a_list", "or_to_in", FIRES,
     "SELECT v FROM events WHERE k = 'a' OR k = 'b' OR k = 'c'"},
    {"equalities_of_two_columns_are_no_list", "or_to_in", STAYS,
     "SELECT v FROM events WHERE v = 1 OR w = 2"},
    {"every_draw_is_compared_once", "or_to_in", STAYS,
     "SELECT v FROM events WHERE random() = 0.1 OR random() = 0.2"},

    {"filters_go_below_projects", "push_filter_below_project", FIRES,
     "SELECT a FROM (SELECT v + 1 AS a FROM events) t WHERE a > 1"},
    {"a_drawn_number_is_judged_as_it_was_drawn", "push_filter_below_project", STAYS,
     "SELECT r FROM (SELECT random() AS r FROM events) t WHERE r > 0.5"},

    {"filters_go_below_windows", "push_filter_below_window", FIRES,
     "SELECT window_start FROM TUMBLE(events, ts, '1 minute') WHERE v > 1"},
    {"window_bounds_are_not_known_below", "push_filter_below_window", STAYS,
     "SELECT k FROM TUMBLE(events, ts, '1 minute') WHERE window_start > '2026-01-01 00:00:00+00'"},
    {"an_error_stays_above_the_window", "push_filter_below_window", STAYS,
     "SELECT k FROM TUMBLE(events, ts, '1 minute') WHERE 1 / v > 0"},

    {"hopping_windows_share_slices", "hop_to_slices", FIRES,
     "CREATE STREAM q INTO o OUTPUT MODE APPEND AS SELECT window_end, k, sum(v) "
     "FROM HOP(events, ts, '5 minutes', '1 hour') WHERE v > 1 GROUP BY window_end, k"},
    {"sparks_windows_do_so_too", "hop_to_slices", FIRES,
     "CREATE STREAM q INTO o OUTPUT MODE UPDATE AS SELECT window.start, window_time(window), "
     "count(*) FILTER (WHERE v > 1) FROM events GROUP BY window(ts, '7 minutes', '2 minutes')"},
    {"a_batch_query_repeats_rows", "hop_to_slices", STAYS,
     "SELECT window_end, k, sum(v) FROM HOP(events, ts, '5 minutes', '1 hour') "
     "GROUP BY window_end, k"},
    {"a_tumbling_window_is_its_slice", "hop_to_slices", STAYS,
     "CREATE STREAM q INTO o OUTPUT MODE APPEND AS SELECT window_end, count(*) "
     "FROM TUMBLE(events, ts, '1 hour') GROUP BY window_end"},
    {"rows_count_in_each_window_of_no_key", "hop_to_slices", STAYS,
     "CREATE STREAM q INTO o OUTPUT MODE UPDATE AS SELECT k, count(*) "
     "FROM HOP(events, ts, '5 minutes', '1 hour') GROUP BY k"},
    {"an_argument_sees_the_window", "hop_to_slices", STAYS,
     "CREATE STREAM q INTO o OUTPUT MODE APPEND AS SELECT window_end, min(ts - window_start) "
     "FROM HOP(events, ts, '5 minutes', '1 hour') GROUP BY window_end"},
    {"a_filter_sees_the_window", "hop_to_slices", STAYS,
     "CREATE STREAM q INTO o OUTPUT MODE APPEND AS SELECT window_end, count(*) "
     "FROM HOP(events, ts, '5 minutes', '1 hour') WHERE ts < window_start + INTERVAL '9 minutes' "
     "GROUP BY window_end"},
    {"a_group_by_the_event_time_itself", "hop_to_slices", STAYS,
     "CREATE STREAM q INTO o OUTPUT MODE APPEND AS SELECT window_end, ts, count(*) "
     "FROM HOP(events, ts, '5 minutes', '1 hour') GROUP BY window_end, ts"},
    {"distinct_values_are_not_of_one_slice", "hop_to_slices", STAYS,
     "CREATE STREAM q INTO o OUTPUT MODE APPEND AS SELECT window_end, count(DISTINCT v) "
     "FROM HOP(events, ts, '5 minutes', '1 hour') GROUP BY window_end"},
    {"no_slice_knows_which_spelling_came_first", "hop_to_slices", STAYS,
     "CREATE STREAM q INTO o OUTPUT MODE APPEND AS SELECT window_end, v::numeric AS n, count(*) "
     "FROM HOP(events, ts, '5 minutes', '1 hour') GROUP BY window_end, n"},

    {"groups_are_dropped_by_their_rows", "push_filter_below_aggregate", FIRES,
     "SELECT k, count(*) FROM events GROUP BY k HAVING k > 'a'"},
    {"results_are_not_known_below", "push_filter_below_aggregate", STAYS,
     "SELECT k, count(*) FROM events GROUP BY k HAVING count(*) > 1"},
    {"a_key_is_null_in_other_sets", "push_filter_below_aggregate", STAYS,
     "SELECT k, v, count(*) FROM events GROUP BY ROLLUP (k, v) HAVING k > 'a'"},

    {"filters_go_below_distinct", "push_filter_below_distinct", FIRES,
     "SELECT k FROM (SELECT DISTINCT k FROM events) t WHERE k > 'a'"},
    {"which_row_stays_does_not_depend_on_a_filter", "push_filter_below_distinct", STAYS,
     "SELECT k FROM (SELECT DISTINCT ON (k) k, v FROM events ORDER BY k) t WHERE v > 1"},

    {"filters_go_below_sorts", "push_filter_below_sort", FIRES,
     "SELECT k FROM (SELECT k, v FROM events ORDER BY v) t WHERE k > 'a'"},
    {"the_first_rows_are_found_first", "push_filter_below_sort", STAYS,
     "SELECT k FROM (SELECT k, v FROM events ORDER BY v LIMIT 2) t WHERE k > 'a'"},

    {"filters_go_into_unions", "push_filter_below_union", FIRES,
     "SELECT k FROM (SELECT k FROM events UNION ALL SELECT name FROM users) t WHERE k > 'a'"},
    {"every_side_would_draw_its_own", "push_filter_below_union", STAYS,
     "SELECT k FROM (SELECT k FROM events UNION ALL SELECT name FROM users) t "
     "WHERE random() > 0.5"},

    {"filters_go_into_inner_joins", "push_filter_into_join", FIRES,
     "SELECT 1 FROM events e JOIN users u ON e.k = u.k WHERE u.age > 3"},
    {"a_left_join_keeps_its_nulls", "push_filter_into_join", STAYS,
     "SELECT 1 FROM events e LEFT JOIN users u ON e.k = u.k WHERE u.age IS NULL"},
    {"a_full_join_is_filtered_above", "push_filter_into_join", STAYS,
     "SELECT 1 FROM events e FULL JOIN users u ON e.k = u.k WHERE e.v > 3"},
    {"an_error_needs_a_partner", "push_filter_into_join", STAYS,
     "SELECT 1 FROM events e JOIN users u ON e.k = u.k WHERE 1 / u.age > 3"},

    {"a_product_with_an_equality_is_a_hash_join", "filter_to_join_keys", FIRES,
     "SELECT 1 FROM events e, users u WHERE e.k = u.k"},
    {"sides_that_are_computed_are_keys_too", "filter_to_join_keys", FIRES,
     "SELECT 1 FROM events e, users u WHERE e.w = u.age"},
    {"an_equality_of_one_side_is_no_key", "filter_to_join_keys", STAYS,
     "SELECT 1 FROM events e, users u WHERE e.v = e.w"},
    {"outer_joins_are_not_made_inner", "filter_to_join_keys", STAYS,
     "SELECT 1 FROM events e LEFT JOIN users u ON e.v > u.age WHERE e.k = u.k"},

    {"conditions_of_one_side_go_down", "push_join_condition", FIRES,
     "SELECT 1 FROM events e LEFT JOIN users u ON e.k = u.k AND u.age > 3"},
    {"a_left_row_without_a_partner_comes_out", "push_join_condition", STAYS,
     "SELECT 1 FROM events e LEFT JOIN users u ON e.k = u.k AND e.v > 3"},
    {"a_full_join_keeps_both", "push_join_condition", STAYS,
     "SELECT 1 FROM events e FULL JOIN users u ON e.k = u.k AND e.v > 3 AND u.age > 3"},

    {"limits_go_below_projects", "push_limit_below_project", FIRES,
     "SELECT upper(k) FROM events LIMIT 2"},
    {"a_limit_stays_above_groups", "push_limit_below_project", STAYS,
     "SELECT DISTINCT k FROM events LIMIT 2"},

    {"a_limited_sort_keeps_few_rows", "limit_to_top_n", FIRES,
     "SELECT k FROM events ORDER BY v LIMIT 2"},
    {"an_offset_alone_keeps_all", "limit_to_top_n", STAYS,
     "SELECT k FROM events ORDER BY v OFFSET 2"},
    {"a_limit_over_groups_is_no_top", "limit_to_top_n", STAYS,
     "SELECT k FROM (SELECT DISTINCT k FROM events) t LIMIT 1"},

    {"unread_columns_are_not_read", "prune_columns", FIRES,
     "SELECT count(*) FROM (SELECT k, v + 1 AS x FROM events OFFSET 0) t"},
    {"unread_columns_of_a_union_are_not_read", "prune_columns", FIRES,
     "SELECT k FROM (SELECT k, v FROM events UNION ALL SELECT name, age FROM users) t"},
    {"columns_of_a_distinct_row_stay", "prune_columns", STAYS,
     "SELECT count(*) FROM (SELECT DISTINCT k, v FROM events) t"},

    {"sources_judge_their_rows", "push_filter_into_scan", FIRES,
     "SELECT k FROM events WHERE v > 1"},
    {"randomness_stays_above_the_scan", "push_filter_into_scan", STAYS,
     "SELECT k FROM events WHERE random() > 0.5"},

    {"projects_of_the_same_columns_go", "remove_identity_project", FIRES,
     "SELECT k, count(*) FROM events GROUP BY k"},
    {"a_new_name_is_a_project", "remove_identity_project", STAYS,
     "SELECT k AS key, count(*) FROM events GROUP BY k"},
};
/* clang-format on */

static bool has_fired(const RuleFiring *firings, const char *rule) {
    for (; firings; firings = firings->next)
        if (strcmp(firings->rule->name, rule) == 0)
            return true;
    return false;
}

static void rule_case(void **state) {
    const RuleCase *rule = *state;
    void *made = NULL;
    RuleFiring *firings = NULL;

    setup(&made);
    optimized_plan(made, rule->sql, NULL, &firings);
    if (has_fired(firings, rule->rule) != rule->fires)
        fail_msg("%s %s in: %s", rule->rule, rule->fires ? "does not fire" : "fires", rule->sql);
    teardown(&made);
}

static void every_rule_has_a_case_of_each_kind(void **state) {
    (void) state;
    for (const RuleBatch *batch = rule_batches; batch->name; batch++)
        for (const Rule *const *rule = batch->rules; *rule; rule++) {
            bool seen[2] = {false, false};

            for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
                if (strcmp(cases[i].rule, (*rule)->name) == 0)
                    seen[cases[i].fires] = true;
            if (!seen[FIRES] || !seen[STAYS])
                fail_msg("rule %s wants a case where it %s", (*rule)->name,
                         seen[FIRES] ? "stays" : "fires");
        }
}

/* -------- the driver -------- */

static void optimizing_twice_changes_nothing(void **state) {
    Fixture *fixture = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        OptimizerOptions options = {.eval = &fixture->eval,
                                    .is_stream = strncmp(cases[i].sql, "CREATE", 6) == 0,
                                    .is_traced = true};
        const Plan *plan = optimized_plan(fixture, cases[i].sql, NULL, NULL);

        assert_int_equal(optimizer_run(plan, &options, fixture->arena, &plan, &fixture->err),
                         STATUS_OK);
        if (options.firings)
            fail_msg("%s fires again in: %s", options.firings->rule->name, cases[i].sql);
    }
}

static void rules_can_be_switched_off(void **state) {
    static const char *const sql = "SELECT k FROM events WHERE v > 1 + 1 AND true";
    RuleFiring *firings = NULL;

    optimized_plan(*state, sql, "all", &firings);
    assert_null(firings);
    optimized_plan(*state, sql, "simplify_boolean, push_filter_into_scan", &firings);
    assert_true(has_fired(firings, "fold_constants"));
    assert_false(has_fired(firings, "simplify_boolean"));
    assert_false(has_fired(firings, "push_filter_into_scan"));
    optimized_plan(*state, sql, "fold", &firings);
    assert_true(has_fired(firings, "fold_constants"));
}

static int node_count(const Expr *expr) {
    int count = 1;

    for (int i = 0; i < expr->argument_count; i++)
        count += node_count(expr->arguments[i]);
    return count;
}

static void count_condition(const Plan *node, void *data) {
    int *largest = data;

    for (int i = 0; i < node->pushed.count; i++)
        if (node_count(node->pushed.items[i]) > *largest)
            *largest = node_count(node->pushed.items[i]);
    if (node->predicate && node_count(node->predicate) > *largest)
        *largest = node_count(node->predicate);
}

static void pushed_conditions_do_not_explode(void **state) {
    StrBuf sql = {0};
    int largest = 0;

    for (int i = 0; i < 20; i++)
        strbuf_append_text(&sql, "SELECT v + v AS v FROM (");
    strbuf_append_text(&sql, "SELECT v FROM events");
    for (int i = 0; i < 20; i++)
        strbuf_printf(&sql, ") t%d WHERE v > 0", i);
    plan_visit(optimized_plan(*state, strbuf_text(&sql), NULL, NULL), count_condition, &largest);
    assert_true(largest < LIMIT_PUSHED_NODES * 4);
    strbuf_done(&sql);
}

static void a_stream_aggregate_is_split_over_an_exchange(void **state) {
    const Plan *plan = physical_plan(*state, "CREATE STREAM q INTO o OUTPUT MODE UPDATE AS SELECT "
                                             "k, count(*) AS n FROM events GROUP BY k");
    const Plan *final = plan->kind == PLAN_PROJECT ? plan->children[0] : plan;

    assert_int_equal(final->phase, PHASE_FINAL);
    assert_int_equal(final->children[0]->kind, PLAN_EXCHANGE);
    assert_int_equal(final->children[0]->children[0]->phase, PHASE_PARTIAL);
    assert_false(plan_contains_kind(
        physical_plan(*state, "SELECT k, count(*) FROM events GROUP BY k"), PLAN_EXCHANGE));
}

static void slices_of_a_key_meet_in_one_partition(void **state) {
    const Plan *plan = physical_plan(*state, "CREATE STREAM q INTO o OUTPUT MODE APPEND AS SELECT "
                                             "window_end, k, count(*) AS n FROM HOP(events, ts, "
                                             "'1 minute', '5 minutes') GROUP BY window_end, k");
    const Plan *final = plan->kind == PLAN_PROJECT ? plan->children[0] : plan;

    assert_int_equal(final->keys.count, 2);
    assert_int_equal(final->children[0]->kind, PLAN_EXCHANGE);
    assert_int_equal(final->children[0]->keys.count, 1);
    assert_int_equal(final->children[0]->keys.ids[0], final->keys.ids[1]);
}

/* -------- the checker -------- */

static const Plan *filtered(Fixture *fixture) {
    return logical_plan(fixture, "SELECT k, v FROM events WHERE v > 1", &(bool) {false});
}

static void assert_refused(Fixture *fixture, const Plan *before, const Plan *after,
                           const char *message) {
    memset(&fixture->err, 0, sizeof(fixture->err));
    assert_int_equal(plan_check_rewrite("r", before, after, &fixture->err), STATUS_ERROR);
    if (!strstr(fixture->err.message, message))
        fail_msg("expected: %s, but was: %s", message, fixture->err.message);
}

static void the_check_sees_a_changed_schema(void **state) {
    Fixture *fixture = *state;
    const Plan *before = filtered(fixture);
    Plan *after = plan_copy(fixture->arena, before);

    after->column_count--;
    after->exprs.count--;
    assert_refused(fixture, before, plan_derive(fixture->arena, after),
                   "rule r changed the columns of a project");
}

static void the_check_sees_a_dangling_column(void **state) {
    Fixture *fixture = *state;
    const Plan *before = filtered(fixture);
    Plan *after = plan_copy(fixture->arena, before);
    const Expr *dangling[] = {before->exprs.items[0],
                              expr_column(fixture->arena, 99, before->exprs.items[1]->type, "x")};

    after->exprs.items = dangling;
    assert_refused(fixture, before, after, "which nothing below gives");
}

static void the_check_sees_a_weakened_property(void **state) {
    Fixture *fixture = *state;
    const Plan *before = filtered(fixture);
    Plan *after = plan_copy(fixture->arena, before);

    after->is_bounded = false;
    assert_refused(fixture, before, after, "rule r weakened the properties of a project");
}

static const struct CMUnitTest driver_tests[] = {
    cmocka_unit_test(every_rule_has_a_case_of_each_kind),
    cmocka_unit_test_setup_teardown(optimizing_twice_changes_nothing, setup, teardown),
    cmocka_unit_test_setup_teardown(rules_can_be_switched_off, setup, teardown),
    cmocka_unit_test_setup_teardown(pushed_conditions_do_not_explode, setup, teardown),
    cmocka_unit_test_setup_teardown(slices_of_a_key_meet_in_one_partition, setup, teardown),
    cmocka_unit_test_setup_teardown(a_stream_aggregate_is_split_over_an_exchange, setup, teardown),
    cmocka_unit_test_setup_teardown(the_check_sees_a_changed_schema, setup, teardown),
    cmocka_unit_test_setup_teardown(the_check_sees_a_dangling_column, setup, teardown),
    cmocka_unit_test_setup_teardown(the_check_sees_a_weakened_property, setup, teardown),
};

int main(void) {
    struct CMUnitTest tests[ARRAY_LENGTH(cases) + ARRAY_LENGTH(driver_tests)];

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        tests[i] = (struct CMUnitTest) {.name = cases[i].name,
                                        .test_func = rule_case,
                                        .initial_state = (void *) (uintptr_t) &cases[i]};
    memcpy(tests + ARRAY_LENGTH(cases), driver_tests, sizeof(driver_tests));
    return cmocka_run_group_tests_name("optimizer", tests, NULL, NULL);
}
