#include "planner/slices.h"

/* A node between an aggregate and its window, which gives a row for each of its input's at most. */
static bool is_between(const Plan *plan) {
    return plan->kind == PLAN_FILTER || plan->kind == PLAN_PROJECT || plan->kind == PLAN_EXCHANGE ||
           (plan->kind == PLAN_AGGREGATE && plan->phase == PHASE_PARTIAL);
}

const Plan *slices_window(const Plan *plan) {
    while (is_between(plan))
        plan = plan->children[0];
    return plan->kind == PLAN_WINDOW ? plan : NULL;
}

const Plan *slices_below(const Plan *aggregate) {
    const Plan *window = slices_window(aggregate->children[0]);

    return window && window->window_kind == WINDOW_SLICES ? window : NULL;
}

SlicePart slices_part(const Plan *plan, ColumnId id) {
    for (; is_between(plan); plan = plan->children[0]) {
        int place = plan_column_index(plan, id);
        const Expr *expr =
            plan->kind == PLAN_PROJECT && place >= 0 ? plan->exprs.items[place] : NULL;

        if (expr && expr->kind != EXPR_COLUMN)
            return SLICE_NO_PART;
        if (expr)
            id = expr->column.id;
    }
    if (plan->kind != PLAN_WINDOW)
        return SLICE_NO_PART;
    for (int i = 0; i < 3; i++)
        if (plan->columns[plan->column_count - 3 + i].id == id)
            return (SlicePart) (SLICE_START + i);
    return SLICE_NO_PART;
}
