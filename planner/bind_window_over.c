/* A window over the column `window` of a query below: window(w, '1 hour').
 *
 * The event time of a closed window is its end less a microsecond. Where the record of start and
 * end is made, that time is computed too, and the nodes above pass it on beside the record. */
#include <string.h>

#include "planner/bind_window.h"

/* The record's second field, where it is the end of a window. */
static const PlanColumn *end_of_record(const Plan *project, int index) {
    const Expr *expr = project->exprs.items[index];
    const Expr *end = NULL;
    const PlanColumn *column = NULL;

    if (expr->kind != EXPR_CALL || strcmp(expr->function->name, "row") != 0 ||
        expr->argument_count != 2)
        return NULL;
    end = expr->arguments[1];
    column =
        end->kind == EXPR_COLUMN ? plan_find_column(project->children[0], end->column.id) : NULL;
    return column && strcmp(column->name, "window_end") == 0 ? column : NULL;
}

static Status time_of_end(Binder *binder, const PlanColumn *end, const Expr **ret_time,
                          Error *err) {
    const Interval microsecond = {.micros = 1};
    Value step = {.type = SQL_TYPE(INTERVAL)};

    step.interval = microsecond;
    return make_operator(binder, "-", column_expr(binder, end->id, end->type, end->name, 0),
                         expr_constant(binder->arena, step), 0, ret_time, err);
}

/* The project with one more column; its role is the maker's to set where it is computed. */
static const Plan *widen_project(Binder *binder, const Plan *project, const Plan *child,
                                 const Expr *expr, PlanColumn column) {
    Plan *copy = plan_copy(binder->arena, project);
    int count = project->column_count;
    PlanColumn *columns = arena_new_array(binder->arena, PlanColumn, (size_t) count + 1);
    const Expr **exprs = arena_new_array(binder->arena, const Expr *, (size_t) count + 1);

    for (int i = 0; i < count; i++) {
        columns[i] = project->columns[i];
        exprs[i] = project->exprs.items[i];
    }
    columns[count] = column;
    exprs[count] = expr;
    copy->children = arena_memdup(binder->arena, &child, sizeof(const Plan *));
    copy->columns = columns;
    copy->column_count = count + 1;
    copy->exprs = (ExprList) {.count = count + 1, .items = exprs};
    return plan_derive(binder->arena, copy);
}

static Status expose_in_project(Binder *binder, const Plan *plan, ColumnId id,
                                const Plan **ret_plan, ColumnId *ret_time, Error *err) {
    int index = plan_column_index(plan, id);
    const Expr *expr = plan->exprs.items[index];
    const PlanColumn *end = end_of_record(plan, index);
    const Plan *child = plan->children[0];
    const Plan *below = child;
    PlanColumn column = {.name = "window_time"};

    if (end) {
        TRY(time_of_end(binder, end, &expr, err));
        column.id = binder_new_id(binder);
        column.type = end->type;
        if (end->role == TIME_WINDOW_END) {
            column.role = TIME_EVENT;
            column.close_offset_us = 1;
        }
    } else if (expr->kind == EXPR_COLUMN) {
        const PlanColumn *passed = NULL;

        TRY(expose_window_time(binder, child, expr->column.id, &below, &column.id, err));
        if (column.id == 0)
            return STATUS_OK;
        passed = plan_find_column(below, column.id);
        column = *passed;
        expr = column_expr(binder, passed->id, passed->type, passed->name, 0);
    } else {
        return STATUS_OK;
    }
    binder_use(binder, column.id);
    *ret_plan = widen_project(binder, plan, below, expr, column);
    *ret_time = column.id;
    return STATUS_OK;
}

Status expose_window_time(Binder *binder, const Plan *plan, ColumnId id, const Plan **ret_plan,
                          ColumnId *ret_time, Error *err) {
    const Plan **children = NULL;

    *ret_plan = plan;
    *ret_time = 0;
    if (!plan_find_column(plan, id))
        return STATUS_OK;
    switch (plan->kind) {
    case PLAN_PROJECT:
        return expose_in_project(binder, plan, id, ret_plan, ret_time, err);
    case PLAN_FILTER:
    case PLAN_SORT:
    case PLAN_LIMIT:
    case PLAN_JOIN:
    case PLAN_WINDOW:
        children = arena_memdup(binder->arena, plan->children,
                                sizeof(*children) * (size_t) plan->child_count);
        for (int i = 0; i < plan->child_count && *ret_time == 0; i++)
            TRY(expose_window_time(binder, plan->children[i], id, &children[i], ret_time, err));
        *ret_plan = plan_with_children(binder->arena, plan, children, plan->child_count);
        if (*ret_time != 0 && !plan_find_column(*ret_plan, *ret_time))
            *ret_time = 0; /* a join that keeps one side only */
        return STATUS_OK;
    default:
        return STATUS_OK;
    }
}
