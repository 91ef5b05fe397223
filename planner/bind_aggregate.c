/* Aggregate calls: their arguments are bound over the clause's input, the call itself becomes a
 * column of the AGGREGATE node that bind_group.c makes. Equal calls share one column. */
#include <string.h>

#include "planner/bind.h"

static bool aggregates_equal(const BoundAggregate *left, const BoundAggregate *right) {
    if (left->aggregate != right->aggregate || left->is_distinct != right->is_distinct ||
        left->argument_count != right->argument_count || !left->filter != !right->filter)
        return false;
    if (left->filter && !expr_equal(left->filter, right->filter))
        return false;
    for (int i = 0; i < left->argument_count; i++)
        if (!expr_equal(left->arguments[i], right->arguments[i]))
            return false;
    return aggregate_orders_equal(left, right);
}

static const BoundAggregate *add_aggregate(Binder *binder, AggregateList *list,
                                           BoundAggregate call) {
    bool is_repeatable = !call.filter || expr_volatility(call.filter) != VOLATILITY_VOLATILE;

    for (int i = 0; i < call.argument_count; i++)
        is_repeatable = is_repeatable && expr_volatility(call.arguments[i]) != VOLATILITY_VOLATILE;
    for (int i = 0; i < list->count && is_repeatable; i++)
        if (aggregates_equal(&list->items[i], &call))
            return &list->items[i];
    if (list->count == list->capacity) {
        int capacity = list->capacity ? list->capacity * 2 : 8;
        BoundAggregate *items = arena_new_array(binder->arena, BoundAggregate, (size_t) capacity);

        for (int i = 0; i < list->count; i++)
            items[i] = list->items[i];
        list->items = items;
        list->capacity = capacity;
    }
    call.id = binder_new_id(binder);
    list->items[list->count] = call;
    return &list->items[list->count++];
}

static Status check_place(const ExprContext *cx, const AstFuncCall *call, Error *err) {
    int position = call->base.position;

    if (cx->is_in_aggregate)
        return error_at(err, position, GROUPING_ERROR, "aggregate function calls cannot be nested");
    if (!cx->aggregates)
        return error_at(err, position, GROUPING_ERROR, "aggregate functions are not allowed in %s",
                        cx->clause);
    if (call->is_variadic)
        return not_supported(err, position, "VARIADIC");
    if (call->is_star && strcmp(call->name->name, "count") != 0) {
        IGNORE(error_at(err, position, UNDEFINED_FUNCTION, /* hinted */
                        "function %s() does not exist", call->name->name));
        return error_hint(err, "No function matches the given name and argument types. "
                               "You might need to add explicit type casts.");
    }
    if (!call->is_star && call->arguments.count == 0 && strcmp(call->name->name, "count") == 0)
        return error_at(err, position, WRONG_OBJECT_TYPE,
                        "count(*) must be used to call a parameterless aggregate function");
    return STATUS_OK;
}

/* WITHIN GROUP (ORDER BY x): x is the last argument. */
static Status check_ordered_set(const AstFuncCall *call, const BoundAggregate *bound, Error *err) {
    const char *name = call->name->name;
    int position = call->base.position;

    if (!bound->aggregate->is_ordered_set && call->within_group.count == 0)
        return STATUS_OK;
    if (!bound->aggregate->is_ordered_set)
        return error_at(err, position, WRONG_OBJECT_TYPE,
                        "%s is not an ordered-set aggregate, so it cannot have WITHIN GROUP", name);
    if (call->within_group.count == 0)
        return error_at(err, position, WRONG_OBJECT_TYPE,
                        "WITHIN GROUP is required for ordered-set aggregate %s", name);
    if (bound->is_distinct)
        return error_at(err, position, SYNTAX_ERROR, "cannot use DISTINCT with WITHIN GROUP");
    if (((const AstSortKey *) call->within_group.items[0])->order == AST_SORT_DESC)
        return not_supported(err, position, "a descending order in WITHIN GROUP");
    for (int i = 0; i < bound->argument_count - 1; i++)
        if (!is_foldable(bound->arguments[i]))
            return not_supported(err, bound->arguments[i]->position,
                                 "a fraction that is no constant, of %s", name);
    return STATUS_OK;
}

static const AstNode *argument_at(const AstFuncCall *call, int index) {
    int direct = call->arguments.count;

    return index < direct ? call->arguments.items[index]
                          : ((const AstSortKey *) call->within_group.items[index - direct])->value;
}

static Status bind_aggregate_arguments(ExprContext *cx, const AstFuncCall *call,
                                       BoundAggregate *bound, Error *err) {
    Binder *binder = cx->binder;
    int count = call->arguments.count + call->within_group.count;
    SqlType *have = arena_new_array(binder->arena, SqlType, (size_t) count + 1);
    SqlType *want = arena_new_array(binder->arena, SqlType, (size_t) count + 1);
    ExprContext inner = *cx;

    inner.is_in_aggregate = true;
    inner.sets = NULL;
    inner.subqueries = cx->aggregates->input_subqueries;
    bound->argument_count = count;
    bound->arguments = arena_new_array(binder->arena, const Expr *, (size_t) count + 1);
    for (int i = 0; i < count; i++) {
        TRY(bind_expr(&inner, argument_at(call, i), &bound->arguments[i], err));
        have[i] = bound->arguments[i]->type;
    }
    if (call->filter) {
        inner.clause = "FILTER";
        TRY(bind_condition(&inner, call->filter, "FILTER", &bound->filter, err));
    }
    TRY(placed(aggregate_resolve(call->name->name, (SqlTypes) {have, (uint32_t) count},
                                 &bound->aggregate, want, &bound->type, err),
               call->base.position, err));
    TRY(check_ordered_set(call, bound, err));
    if (bound->type.id == TYPE_ARRAY && bound->argument_count == 1 && have[0].id == TYPE_ARRAY &&
        strcmp(call->name->name, "any_value") != 0)
        return not_supported(err, call->base.position, "%s of arrays", call->name->name);
    for (int i = 0; i < count; i++)
        TRY(coerce(binder, bound->arguments[i], want[i], CAST_IMPLICIT, &bound->arguments[i], err));
    return STATUS_OK;
}

Status bind_aggregate_call(ExprContext *cx, const AstFuncCall *call, const Expr **ret_expr,
                           Error *err) {
    BoundAggregate bound = {.is_distinct = call->is_distinct,
                            .name = call->name->name,
                            .position = call->base.position};
    const BoundAggregate *added = NULL;

    TRY(check_place(cx, call, err));
    TRY(bind_aggregate_arguments(cx, call, &bound, err));
    TRY(bind_aggregate_order(cx, call, &bound, err));
    added = add_aggregate(cx->binder, cx->aggregates, bound);
    *ret_expr = column_expr(cx->binder, added->id, added->type, added->name, call->base.position);
    return STATUS_OK;
}

Status bind_grouping_call(ExprContext *cx, const AstFuncCall *call, const Expr **ret_expr,
                          Error *err) {
    AggregateList *list = cx->aggregates;
    int position = call->base.position;
    int count = call->arguments.count;
    ExprContext inner = *cx;
    GroupingCall grouping = {.argument_count = count, .position = position};

    if (!list || cx->is_in_aggregate)
        return error_at(err, position, GROUPING_ERROR, "grouping operations are not allowed in %s",
                        cx->is_in_aggregate ? "aggregate functions" : cx->clause);
    if (count < 1 || count > 31)
        return error_at(err, position, PROGRAM_LIMIT_EXCEEDED,
                        "GROUPING must have fewer than 32 arguments");
    if (list->grouping_count == (int) ARRAY_LENGTH(list->groupings))
        return not_supported(err, position, "more than 16 GROUPING calls");
    inner.aggregates = NULL;
    grouping.arguments = arena_new_array(cx->binder->arena, const Expr *, (size_t) count + 1);
    for (int i = 0; i < count; i++)
        TRY(bind_expr(&inner, call->arguments.items[i], &grouping.arguments[i], err));
    grouping.id = binder_new_id(cx->binder);
    list->groupings[list->grouping_count++] = grouping;
    *ret_expr = column_expr(cx->binder, grouping.id, SQL_TYPE(INT4), "grouping", position);
    return STATUS_OK;
}
