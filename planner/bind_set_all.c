/* INTERSECT ALL and EXCEPT ALL: a row that stands n times on the left and m times on the right
 * comes out min(n, m) times, or n - m times.
 *
 * Both sides are put together, each with a mark of its own; equal rows are grouped and their marks
 * counted; a series of as many rows as wanted repeats each group. */
#include "planner/bind.h"

enum { SIDES = 2 };

/* The side's columns, then a mark per side: 1 of its own, NULL of the other. */
static const Plan *mark_side(Binder *binder, const Plan *side, int which) {
    int count = side->column_count;
    ProjectItem *items = arena_new_array(binder->arena, ProjectItem, (size_t) count + SIDES);

    for (int i = 0; i < count; i++) {
        const PlanColumn *column = &side->columns[i];

        items[i].expr = column_expr(binder, column->id, column->type, column->name, 0);
        items[i].name = column->name;
    }
    for (int i = 0; i < SIDES; i++)
        items[count + i] = (ProjectItem) {
            expr_constant(binder->arena, i == which ? value_int4(1) : value_null(SQL_TYPE(INT4))),
            "mark"};
    return make_project(binder, side, items, count + SIDES, side->position);
}

static Status count_marks(Binder *binder, const Plan *both, int position, const Plan **ret_plan,
                          Error *err) {
    int keys = both->column_count - SIDES;
    ColumnId *ids = arena_new_array(binder->arena, ColumnId, (size_t) keys + SIDES);
    PlanColumn *columns = arena_new_array(binder->arena, PlanColumn, (size_t) keys + SIDES);
    PlanAggregateCall *calls = arena_new_array(binder->arena, PlanAggregateCall, SIDES);
    Plan *plan = plan_create(binder->arena, PLAN_AGGREGATE, &both, 1);
    const SqlType mark = SQL_TYPE(INT4);
    SqlType want = SQL_TYPE(UNKNOWN);
    SqlType type = SQL_TYPE(UNKNOWN);

    for (int i = 0; i < keys + SIDES; i++) {
        ids[i] = both->columns[i].id;
        columns[i] = both->columns[i];
    }
    for (int i = 0; i < SIDES; i++) {
        TRY(aggregate_resolve("count", (SqlTypes) {&mark, 1}, &calls[i].aggregate, &want, &type,
                              err));
        calls[i].arguments = (ColumnIds) {1, &ids[keys + i]};
        columns[keys + i] =
            (PlanColumn) {.id = binder_new_id(binder), .name = "count", .type = type};
        binder_use(binder, columns[keys + i].id);
    }
    plan->position = position;
    plan->keys = (ColumnIds) {keys, ids};
    plan->calls = calls;
    plan->call_count = SIDES;
    plan->columns = columns;
    plan->column_count = keys + SIDES;
    *ret_plan = plan_derive(binder->arena, plan);
    return STATUS_OK;
}

static Status repeat_rows(Binder *binder, const Plan *counted, bool is_intersect, int position,
                          const Plan **ret_plan, Error *err) {
    const PlanColumn *counts = &counted->columns[counted->column_count - SIDES];
    const Expr *sides[SIDES] = {NULL};
    const Expr *series[2] = {expr_constant(binder->arena, value_int8(1)), NULL};
    SetCalls sets = {.count = 1, .names = {"copy"}};

    for (int i = 0; i < SIDES; i++)
        sides[i] = column_expr(binder, counts[i].id, counts[i].type, counts[i].name, position);
    if (is_intersect)
        TRY(make_call(binder, "least", sides, SIDES, position, &series[1], err));
    else
        TRY(make_operator(binder, "-", sides[0], sides[1], position, &series[1], err));
    TRY(make_call(binder, "generate_series", series, 2, position, &sets.calls[0], err));
    sets.ids[0] = binder_new_id(binder);
    binder_use(binder, sets.ids[0]);
    *ret_plan = make_project_set(binder, counted, &sets);
    return STATUS_OK;
}

Status make_set_all(Binder *binder, const AstSetOperation *node, const Plan *const *sides,
                    const Plan **ret_plan, Error *err) {
    int count = sides[0]->column_count;
    int position = node->base.position;
    const Plan *marked[SIDES] = {NULL};
    const Plan *plan = NULL;
    ProjectItem *items = arena_new_array(binder->arena, ProjectItem, (size_t) count + 1);

    if (binder->is_stream)
        return not_supported(err, position, "%s ALL in a stream",
                             node->op == AST_INTERSECT ? "INTERSECT" : "EXCEPT");
    for (int i = 0; i < SIDES; i++)
        marked[i] = mark_side(binder, sides[i], i);
    TRY(count_marks(binder, make_union(binder, marked, position), position, &plan, err));
    TRY(repeat_rows(binder, plan, node->op == AST_INTERSECT, position, &plan, err));
    for (int i = 0; i < count; i++) {
        const PlanColumn *column = &plan->columns[i];

        items[i].expr = column_expr(binder, column->id, column->type, column->name, 0);
        items[i].name = column->name;
    }
    *ret_plan = make_project(binder, plan, items, count, position);
    return STATUS_OK;
}
