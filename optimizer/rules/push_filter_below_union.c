/* filter(p, union(x, y)) => union(filter(p', x), filter(p'', y)), columns named as each side names
 * them. */
#include "optimizer/rules.h"

typedef struct SideNames {
    const Plan *side;
    const Plan *whole; /* the union */
    Arena *arena;
} SideNames;

static const Expr *rename_column(const Expr *expr, void *data) {
    const SideNames *names = data;
    const PlanColumn *column;
    int index;

    if (expr->kind != EXPR_COLUMN)
        return expr;
    index = plan_column_index(names->whole, expr->column.id);
    if (index < 0)
        return expr;
    column = &names->side->columns[index];
    return expr_column(names->arena, column->id, column->type, column->name);
}

static const Plan *apply(RuleContext *cx, const Plan *filter) {
    const Plan *whole = filter->children[0];
    const Plan **sides;

    if (whole->kind != PLAN_UNION || expr_volatility(filter->predicate) == VOLATILITY_VOLATILE)
        return filter;
    sides = arena_new_array(cx->arena, const Plan *, (size_t) whole->child_count);
    for (int i = 0; i < whole->child_count; i++) {
        SideNames names = {whole->children[i], whole, cx->arena};
        Plan *side = plan_create(cx->arena, PLAN_FILTER, &whole->children[i], 1);

        side->predicate = expr_rewrite(cx->arena, filter->predicate, rename_column, &names);
        sides[i] = plan_derive(cx->arena, side);
    }
    return plan_with_children(cx->arena, whole, sides, whole->child_count);
}

const Rule rule_push_filter_below_union = {
    .name = "push_filter_below_union",
    .rewrite = "filter(union(x, y)) => union(filter(x), filter(y))",
    .kinds = RULE_ON(PLAN_FILTER),
    .apply = apply,
};
