/* Legality: the table of output modes, node by node. */
#include "planner/legality.h"

#include <string.h>

const char *output_mode_name(OutputMode mode) {
    static const char *const names[] = {
        [OUTPUT_MODE_NONE] = "none",
        [OUTPUT_APPEND] = "append",
        [OUTPUT_UPDATE] = "update",
        [OUTPUT_COMPLETE] = "complete",
    };

    return names[mode];
}

/* -------- emit modes -------- */

/* Rows that came out may be taken back: what is above must understand it. */
static bool retracts(const Plan *plan) {
    if (plan->is_bounded || plan->is_append_only)
        return false;
    if (plan->kind == PLAN_AGGREGATE)
        return plan->emit == EMIT_CHANGES;
    if (plan->kind == PLAN_JOIN)
        return true; /* is_append_only says when it never does */
    for (int i = 0; i < plan->child_count; i++)
        if (retracts(plan->children[i]))
            return true;
    return false;
}

/* Such a DISTINCT counts its rows, so that it can take them back. */
static bool keys_all_columns(const Plan *distinct) {
    return distinct->keys.count == distinct->column_count;
}

static const Plan *assign_emits(Binder *binder, const Plan *plan, OutputMode mode, bool is_top) {
    const Plan **children = NULL;
    bool is_top_below = is_top && plan->kind != PLAN_AGGREGATE;

    if (plan->is_bounded)
        return plan;
    children = arena_new_array(binder->arena, const Plan *, (size_t) plan->child_count + 1);
    for (int i = 0; i < plan->child_count; i++)
        children[i] = assign_emits(binder, plan->children[i], mode, is_top_below);
    plan = plan_with_children(binder->arena, plan, children, plan->child_count);
    if (plan->kind == PLAN_AGGREGATE) {
        Plan *aggregate = plan_copy(binder->arena, plan);

        aggregate->emit = mode == OUTPUT_APPEND               ? EMIT_ON_CLOSE
                          : mode == OUTPUT_COMPLETE && is_top ? EMIT_ALL
                                                              : EMIT_CHANGES;
        return plan_derive(binder->arena, aggregate);
    }
    return plan;
}

/* -------- aggregates over rows that are taken back -------- */

static Status choose_variants(Binder *binder, const Plan *plan, const Plan **ret_plan, Error *err) {
    PlanAggregateCall *calls =
        arena_memdup(binder->arena, plan->calls, sizeof(*calls) * (size_t) plan->call_count);
    Plan *copy = plan_copy(binder->arena, plan);

    for (int i = 0; i < plan->call_count; i++) {
        const Aggregate *aggregate = calls[i].aggregate;
        const Aggregate *variant = aggregate->retracting
                                       ? aggregate_find(aggregate->retracting, aggregate->arguments,
                                                        aggregate->argument_count)
                                       : NULL;

        if (aggregate->takes_retraction)
            continue;
        if (!variant)
            return not_supported(err, plan->position,
                                 "aggregate \"%s\" in a stream over rows that change",
                                 aggregate->name);
        calls[i].aggregate = variant;
    }
    copy->calls = calls;
    *ret_plan = plan_derive(binder->arena, copy);
    return STATUS_OK;
}

static Status choose_all_variants(Binder *binder, const Plan *plan, const Plan **ret_plan,
                                  Error *err) {
    const Plan **children =
        arena_new_array(binder->arena, const Plan *, (size_t) plan->child_count + 1);

    for (int i = 0; i < plan->child_count; i++)
        TRY(choose_all_variants(binder, plan->children[i], &children[i], err));
    plan = plan_with_children(binder->arena, plan, children, plan->child_count);
    *ret_plan = plan;
    if (plan->kind == PLAN_AGGREGATE && retracts(plan->children[0]))
        return choose_variants(binder, plan, ret_plan, err);
    return STATUS_OK;
}

/* -------- the table -------- */

static bool has_time_key(const Plan *plan, ColumnIds keys) {
    for (int i = 0; i < keys.count; i++) {
        const PlanColumn *column = plan_find_column(plan->children[0], keys.ids[i]);

        if (column && column->role != TIME_NONE)
            return true;
    }
    return false;
}

static Status check_append_aggregate(const Plan *plan, Error *err) {
    bool closes = has_time_key(plan, plan->keys);

    for (int i = 0; i < plan->grouping_set_count; i++)
        closes = closes && has_time_key(plan, plan->grouping_sets[i]);
    if (closes)
        return STATUS_OK;
    return error_at(
        err, plan->position, FEATURE_NOT_SUPPORTED,
        "append mode is not supported for an aggregate whose groups never close: no event "
        "time with a watermark is in %s",
        plan->keys.count > 0 ? "its keys" : "a key");
}

/* Above the aggregate that emits all its groups, nothing may remember rows. */
static bool is_complete_shape(const Plan *plan) {
    switch (plan->kind) {
    case PLAN_AGGREGATE:
        return !plan->is_bounded;
    case PLAN_PROJECT:
    case PLAN_FILTER:
    case PLAN_SORT:
    case PLAN_LIMIT:
        return is_complete_shape(plan->children[0]);
    default:
        return false;
    }
}

static Status check_complete(const Plan *plan, Error *err) {
    if (is_complete_shape(plan))
        return STATUS_OK;
    return error_at(
        err, plan->position, FEATURE_NOT_SUPPORTED,
        "complete mode is not supported for a query whose topmost step is not an aggregation");
}

static Status check_sort(const Plan *plan, OutputMode mode, bool is_above_all, Error *err) {
    if (mode == OUTPUT_COMPLETE && is_above_all)
        return STATUS_OK;
    return error_at(err, plan->position, FEATURE_NOT_SUPPORTED,
                    "ORDER BY of a stream is not supported in %s mode%s", output_mode_name(mode),
                    mode == OUTPUT_COMPLETE ? " below the aggregation" : "");
}

static Status check_limit(const Plan *plan, OutputMode mode, Error *err) {
    if (mode == OUTPUT_UPDATE)
        return not_supported(err, plan->position, "LIMIT of a stream in update mode");
    if (retracts(plan->children[0]))
        return not_supported(err, plan->position, "LIMIT over rows that change");
    return STATUS_OK;
}

static Status check_node(const Plan *plan, OutputMode mode, bool is_above_all, Error *err) {
    switch (plan->kind) {
    case PLAN_AGGREGATE:
        return plan->emit == EMIT_ON_CLOSE ? check_append_aggregate(plan, err) : STATUS_OK;
    case PLAN_SORT:
        return check_sort(plan, mode, is_above_all, err);
    case PLAN_LIMIT:
        return check_limit(plan, mode, err);
    case PLAN_DISTINCT:
        if (retracts(plan->children[0]) && (!keys_all_columns(plan) || plan->is_within_watermark))
            return not_supported(err, plan->position, "DISTINCT ON over rows that change");
        return STATUS_OK;
    case PLAN_JOIN:
        if (mode == OUTPUT_APPEND && !plan->is_append_only)
            return not_supported(err, plan->position, "append mode for this join");
        return STATUS_OK;
    default:
        return STATUS_OK;
    }
}

static Status check_nodes(const Plan *plan, OutputMode mode, bool is_above_all, Error *err) {
    if (plan->is_bounded)
        return STATUS_OK;
    TRY(check_node(plan, mode, is_above_all, err));
    for (int i = 0; i < plan->child_count; i++)
        TRY(check_nodes(plan->children[i], mode, is_above_all && plan->kind != PLAN_AGGREGATE,
                        err));
    return STATUS_OK;
}

/* -------- clocks and chance over rows that are taken back -------- */

static bool is_clock(const Expr *expr) {
    static const char *const names[] = {"now",
                                        "transaction_timestamp",
                                        "statement_timestamp",
                                        "clock_timestamp",
                                        "current_date",
                                        "current_timestamp",
                                        "current_time",
                                        "localtime",
                                        "localtimestamp",
                                        "timeofday"};

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (expr->kind == EXPR_CALL && strcmp(expr->function->name, names[i]) == 0)
            return true;
    return false;
}

static const Expr *find_clock(const Expr *expr) {
    const Expr *found = NULL;

    if (is_clock(expr))
        return expr;
    for (int i = 0; i < expr->argument_count && !found; i++)
        found = find_clock(expr->arguments[i]);
    return found;
}

/* A retraction is computed anew: it must give what the insertion gave. */
static Status check_expr(const Plan *plan, const Expr *expr, Error *err) {
    const Expr *clock = expr ? find_clock(expr) : NULL;

    if (!expr || plan->child_count == 0 || !retracts(plan->children[0]))
        return STATUS_OK;
    if (clock)
        return not_supported(err, clock->position, "%s() over rows that change",
                             clock->function->name);
    if (expr_volatility(expr) == VOLATILITY_VOLATILE)
        return not_supported(err, expr->position, "a volatile expression over rows that change");
    return STATUS_OK;
}

static Status check_exprs(const Plan *plan, Error *err) {
    TRY(check_expr(plan, plan->predicate, err));
    for (int i = 0; i < plan->exprs.count; i++)
        TRY(check_expr(plan, plan->exprs.items[i], err));
    for (int i = 0; i < plan->child_count; i++)
        TRY(check_exprs(plan->children[i], err));
    return STATUS_OK;
}

/* -------- the whole plan -------- */

bool is_naturally_append_only(const Plan *plan) {
    if (plan->is_bounded)
        return true;
    if (plan->kind == PLAN_AGGREGATE || plan->kind == PLAN_SORT || plan->kind == PLAN_SINGLE_ROW)
        return false;
    if (plan->kind == PLAN_JOIN && !plan->is_append_only)
        return false;
    for (int i = 0; i < plan->child_count; i++)
        if (!is_naturally_append_only(plan->children[i]))
            return false;
    return true;
}

Status plan_for_mode(Binder *binder, const Plan *plan, OutputMode mode, const Plan **ret_plan,
                     Error *err) {
    plan = assign_emits(binder, plan, mode, true);
    if (mode == OUTPUT_COMPLETE)
        TRY(check_complete(plan, err));
    TRY(check_nodes(plan, mode, true, err));
    TRY(check_exprs(plan, err));
    return choose_all_variants(binder, plan, ret_plan, err);
}

/* -------- what no mode allows -------- */

static bool join_runs_in_stream(const Plan *join) {
    (void) join;
    return false;
}

static Status check_condition(const Plan *plan, Error *err) {
    const Expr *clock = plan->predicate ? find_clock(plan->predicate) : NULL;

    if (!clock)
        return STATUS_OK;
    IGNORE(not_supported(err, clock->position, "%s() in a condition of a stream", /* hinted */
                         clock->function->name));
    return error_hint(err,
                      "The answer would change with time alone. Compare with the event time of a "
                      "window instead.");
}

static bool has_watermark(const Plan *plan) {
    if (plan->kind == PLAN_SCAN)
        return plan->watermark_column != 0;
    for (int i = 0; i < plan->child_count; i++)
        if (has_watermark(plan->children[i]))
            return true;
    return false;
}

static Status check_distinct(const Plan *plan, Error *err) {
    if (!plan->is_within_watermark || has_watermark(plan))
        return STATUS_OK;
    IGNORE(not_supported(err, plan->position, "WITHIN WATERMARK without a watermark")); /* hinted */
    return error_hint(err,
                      "Declare one on the source: WATERMARK FOR ts AS ts - INTERVAL '10 seconds'.");
}

static Status check_union(const Plan *plan, Error *err) {
    for (int i = 0; i < plan->child_count; i++)
        if (plan->children[i]->is_bounded)
            return not_supported(err, plan->position,
                                 "UNION of a stream with rows that don't come from a "
                                 "source");
    return STATUS_OK;
}

Status check_stream_plan(Binder *binder, const Plan *plan, Error *err) {
    if (plan->is_bounded)
        return STATUS_OK;
    switch (plan->kind) {
    case PLAN_FILTER:
        TRY(check_condition(plan, err));
        break;
    case PLAN_JOIN:
        if (!join_runs_in_stream(plan))
            return not_supported(err, plan->position, "%s in a stream",
                                 plan->join_kind == JOIN_MARK ? "a subquery in an expression"
                                                              : "a join");
        TRY(check_condition(plan, err));
        break;
    case PLAN_SINGLE_ROW:
        return not_supported(err, plan->position, "a scalar subquery over a source, in a stream");
    case PLAN_DISTINCT:
        TRY(check_distinct(plan, err));
        break;
    case PLAN_UNION:
        TRY(check_union(plan, err));
        break;
    default:
        break;
    }
    for (int i = 0; i < plan->child_count; i++)
        TRY(check_stream_plan(binder, plan->children[i], err));
    return STATUS_OK;
}
