/* Lowering: optimized logical plans to physical ones.
 *
 * In streams an aggregate over a chain that every worker can run by itself (scan, filter, project,
 * window, union) is split: workers aggregate their splits (partial), the partial states move to the
 * state partition of their key (exchange), and are merged there (final). Over slices the key is
 * without the window: all slices of a window must meet. */
#include "optimizer/optimizer.h"
#include "planner/slices.h"

/* May every worker run this below an exchange? */
static bool is_local(const Plan *plan) {
    if (plan->kind == PLAN_SCAN)
        return true;
    if (plan->kind != PLAN_FILTER && plan->kind != PLAN_PROJECT && plan->kind != PLAN_WINDOW &&
        plan->kind != PLAN_UNION)
        return false;
    for (int i = 0; i < plan->child_count; i++)
        if (!is_local(plan->children[i]))
            return false;
    return true;
}

bool aggregate_splits(const Plan *aggregate) {
    if (aggregate->phase != PHASE_SINGLE || aggregate->grouping_set_count > 0 ||
        !is_local(aggregate->children[0]))
        return false;
    for (int i = 0; i < aggregate->call_count; i++)
        if (aggregate->calls[i].is_distinct || !aggregate->calls[i].aggregate->is_order_free)
            return false;
    return true;
}

static const Plan *make_partial(Arena *arena, const Plan *aggregate) {
    Plan *partial = plan_copy(arena, aggregate);
    PlanColumn *columns = arena_memdup(arena, aggregate->columns,
                                       sizeof(PlanColumn) * (size_t) aggregate->column_count);

    for (int i = aggregate->keys.count; i < aggregate->column_count; i++)
        columns[i].type = SQL_TYPE(BYTEA); /* a serialised state */
    partial->columns = columns;
    partial->phase = PHASE_PARTIAL;
    return plan_derive(arena, partial);
}

/* By what the partial states are exchanged: the keys, without those that are the window's. */
static ColumnIds exchange_keys(Arena *arena, const Plan *aggregate) {
    ColumnId *ids = arena_new_array(arena, ColumnId, (size_t) aggregate->keys.count + 1);
    int count = 0;

    if (!slices_below(aggregate))
        return aggregate->keys;
    for (int i = 0; i < aggregate->keys.count; i++)
        if (slices_part(aggregate->children[0], aggregate->keys.ids[i]) == SLICE_NO_PART)
            ids[count++] = aggregate->keys.ids[i];
    return (ColumnIds) {.count = count, .ids = ids};
}

static const Plan *split_aggregate(Arena *arena, const Plan *aggregate) {
    const Plan *below = make_partial(arena, aggregate);
    Plan *exchange = plan_create(arena, PLAN_EXCHANGE, &below, 1);
    Plan *final = plan_copy(arena, aggregate);

    exchange->keys = exchange_keys(arena, aggregate);
    below = plan_derive(arena, exchange);
    final->phase = PHASE_FINAL;
    final->late_columns = (ColumnIds) {0}; /* rows are judged below */
    final->children = arena_memdup(arena, &below, sizeof(below));
    return plan_derive(arena, final);
}

static const Plan *lower(const Plan *plan, const OptimizerOptions *options, Arena *arena) {
    const Plan **children = arena_new_array(arena, const Plan *, (size_t) plan->child_count);

    for (int i = 0; i < plan->child_count; i++)
        children[i] = lower(plan->children[i], options, arena);
    plan = plan_with_children(arena, plan, children, plan->child_count);
    if (options->is_stream && plan->kind == PLAN_AGGREGATE && aggregate_splits(plan))
        return split_aggregate(arena, plan);
    return plan;
}

Status optimizer_lower(const Plan *plan, OptimizerOptions *options, Arena *arena,
                       const Plan **ret_plan, Error *err) {
    *ret_plan = lower(plan, options, arena);
    return STATUS_OK;
}
