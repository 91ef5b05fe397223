/* ORDER BY among an aggregate's arguments: the aggregate's input is sorted.
 *
 * Rows keep their order within a group, so one sort below the AGGREGATE serves every call that asks
 * for the same order; calls that ask for different ones are refused. DISTINCT of an aggregate that
 * minds the order takes its values sorted, as PostgreSQL does, where no call says otherwise. */
#include "planner/bind.h"

bool aggregate_orders_equal(const BoundAggregate *left, const BoundAggregate *right) {
    if (left->sort_count != right->sort_count)
        return false;
    for (int i = 0; i < left->sort_count; i++)
        if (!expr_equal(left->sorts[i].expr, right->sorts[i].expr) ||
            left->sorts[i].is_descending != right->sorts[i].is_descending ||
            left->sorts[i].nulls_first != right->sorts[i].nulls_first)
            return false;
    return true;
}

/* With DISTINCT only arguments may order. */
static Status check_distinct(const BoundAggregate *bound, Error *err) {
    for (int i = 0; i < bound->sort_count; i++) {
        bool is_argument = false;

        for (int j = 0; j < bound->argument_count; j++)
            is_argument = is_argument || expr_equal(bound->arguments[j], bound->sorts[i].expr);
        if (!is_argument)
            return error_at(err, bound->sorts[i].expr->position, INVALID_COLUMN_REFERENCE,
                            "in an aggregate with DISTINCT, ORDER BY expressions must appear in "
                            "argument list");
    }
    return STATUS_OK;
}

static void order_by_arguments(Binder *binder, BoundAggregate *bound) {
    bound->sorts =
        arena_new_array(binder->arena, AggregateSortKey, (size_t) bound->argument_count + 1);
    for (int i = 0; i < bound->argument_count; i++)
        bound->sorts[i] = (AggregateSortKey) {.expr = bound->arguments[i]};
    bound->sort_count = bound->argument_count;
    bound->is_sort_implied = true;
}

Status bind_aggregate_order(ExprContext *cx, const AstFuncCall *call, BoundAggregate *bound,
                            Error *err) {
    Binder *binder = cx->binder;
    ExprContext inner = *cx;

    if (call->order_by.count > 0 && binder->is_stream)
        return not_supported(err, call->base.position,
                             "ORDER BY in an aggregate's arguments in a stream");
    inner.is_in_aggregate = true;
    inner.subqueries = cx->aggregates->input_subqueries;
    bound->sort_count = call->order_by.count;
    bound->sorts = arena_new_array(binder->arena, AggregateSortKey, (size_t) bound->sort_count + 1);
    for (int i = 0; i < bound->sort_count; i++) {
        const AstSortKey *key = (const AstSortKey *) call->order_by.items[i];
        AggregateSortKey *sort = &bound->sorts[i];

        TRY(bind_expr(&inner, key->value, &sort->expr, err));
        TRY(resolve_unknown(binder, sort->expr, &sort->expr, err));
        TRY(sort_direction(key, &sort->is_descending, &sort->nulls_first, err));
    }
    if (bound->is_distinct)
        TRY(check_distinct(bound, err));
    if (bound->aggregate->is_order_free)
        bound->sort_count = 0;
    else if (bound->is_distinct && bound->sort_count == 0 && !binder->is_stream)
        order_by_arguments(binder, bound);
    return STATUS_OK;
}

/* The order to sort by: what a call says; else what one implies; NULL: any. */
static Status choose_order(const AggregateList *list, const BoundAggregate **ret_order,
                           Error *err) {
    const BoundAggregate *said = NULL;
    const BoundAggregate *implied = NULL;

    for (int i = 0; i < list->count; i++) {
        const BoundAggregate *call = &list->items[i];

        if (call->sort_count == 0)
            continue;
        if (call->is_sort_implied) {
            implied = implied ? implied : call;
            continue;
        }
        if (said && !aggregate_orders_equal(said, call))
            return not_supported(err, call->position,
                                 "a second aggregate with another ORDER BY in its arguments");
        said = call;
    }
    for (int i = 0; i < list->count && said; i++)
        if (list->items[i].sort_count == 0 && !list->items[i].aggregate->is_order_free)
            return not_supported(err, list->items[i].position,
                                 "%s without ORDER BY beside an aggregate that has one",
                                 list->items[i].name);
    *ret_order = said ? said : implied;
    return STATUS_OK;
}

Status sort_for_aggregates(Binder *binder, const AggregateList *list, const Plan **plan,
                           Error *err) {
    const BoundAggregate *order = NULL;
    const Expr **exprs = NULL;
    ColumnId *ids = NULL;
    PlanSortKey *keys = NULL;

    TRY(choose_order(list, &order, err));
    if (!order)
        return STATUS_OK;
    exprs = arena_new_array(binder->arena, const Expr *, (size_t) order->sort_count);
    ids = arena_new_array(binder->arena, ColumnId, (size_t) order->sort_count);
    keys = arena_new_array(binder->arena, PlanSortKey, (size_t) order->sort_count);
    for (int i = 0; i < order->sort_count; i++)
        exprs[i] = order->sorts[i].expr;
    *plan = make_extended(binder, *plan, exprs, NULL, order->sort_count, ids);
    for (int i = 0; i < order->sort_count; i++)
        keys[i] =
            (PlanSortKey) {ids[i], order->sorts[i].is_descending, order->sorts[i].nulls_first};
    *plan = make_sort(binder, *plan, keys, order->sort_count, order->position);
    return STATUS_OK;
}
