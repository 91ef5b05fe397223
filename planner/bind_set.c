/* Set-returning functions in the select list: their rows come from a PROJECT_SET below it. */
#include <string.h>

#include "planner/bind.h"

static Status refuse_set(const ExprContext *cx, const Expr *call, Error *err) {
    IGNORE(not_supported(err, call->position, "a set-returning function in %s%s", /* hinted */
                         cx->is_in_aggregate ? "an aggregate's arguments" : cx->clause,
                         cx->binder->is_stream ? " of a stream" : ""));
    return error_hint(err, "Call %s in FROM, where its rows have a name.", call->function->name);
}

static void look_for_sets(ColumnId id, void *data) {
    SetCalls *sets = data;

    for (int i = 0; i < sets->count; i++)
        if (sets->ids[i] == id)
            sets->names[i] = NULL; /* marks: an argument reads it */
}

static bool reads_sets(const Expr *call, const SetCalls *sets) {
    SetCalls copy = *sets;

    expr_visit_columns(call, look_for_sets, &copy);
    for (int i = 0; i < copy.count; i++)
        if (!copy.names[i])
            return true;
    return false;
}

Status bind_set_call(ExprContext *cx, const Expr *call, const Expr **ret_expr, Error *err) {
    SetCalls *sets = cx->sets;

    if (!sets || cx->binder->is_stream)
        return refuse_set(cx, call, err);
    if (call->type.id == TYPE_RECORD)
        return not_supported(err, call->position, "%s in the select list", call->function->name);
    if (sets->count == LIMIT_SET_CALLS)
        return not_supported(err, call->position,
                             "more than %d set-returning functions in one select list",
                             LIMIT_SET_CALLS);
    if (reads_sets(call, sets))
        return not_supported(err, call->position,
                             "a set-returning function in the argument of another");
    sets->calls[sets->count] = call;
    sets->names[sets->count] = call->function->name;
    sets->ids[sets->count] = binder_new_id(cx->binder);
    binder_use(cx->binder, sets->ids[sets->count]);
    *ret_expr = column_expr(cx->binder, sets->ids[sets->count], call->type, call->function->name,
                            call->position);
    sets->count++;
    return STATUS_OK;
}

const Plan *make_project_set(Binder *binder, const Plan *child, const SetCalls *sets) {
    Plan *plan = NULL;
    PlanColumn *columns = NULL;

    if (sets->count == 0)
        return child;
    plan = plan_create(binder->arena, PLAN_PROJECT_SET, &child, 1);
    columns = arena_new_array(binder->arena, PlanColumn, (size_t) sets->count);
    for (int i = 0; i < sets->count; i++)
        columns[i] =
            (PlanColumn) {.id = sets->ids[i], .name = sets->names[i], .type = sets->calls[i]->type};
    plan->position = sets->calls[0]->position;
    plan->exprs = (ExprList) {.count = sets->count,
                              .items = arena_memdup(binder->arena, sets->calls,
                                                    sizeof(sets->calls[0]) * (size_t) sets->count)};
    plan->columns = columns;
    plan->column_count = sets->count;
    return plan_derive(binder->arena, plan);
}

const char *set_column_name(const Expr *call) {
    bool is_elements = call->kind == EXPR_CALL && (call->function->flags & FUNCTION_SET) &&
                       strstr(call->function->name, "_elements");

    return is_elements ? "value" : NULL;
}
