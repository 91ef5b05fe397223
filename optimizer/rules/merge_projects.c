/* project(f, project(g, x)) => project(f∘g, x).
 *
 * Only when each inner expression that is more than a column or a constant is read at most once, so
 * that nothing is computed twice, and nothing inside is volatile. */
#include "optimizer/rewrite.h"
#include "optimizer/rules.h"

typedef struct ReadCount {
    const Plan *inner;
    int *counts;
} ReadCount;

static void count_read(ColumnId id, void *data) {
    ReadCount *reads = data;
    int index = plan_column_index(reads->inner, id);

    if (index >= 0)
        reads->counts[index]++;
}

static bool is_cheap(const Expr *expr) {
    return expr->kind == EXPR_COLUMN || expr->kind == EXPR_CONSTANT;
}

static bool may_merge(RuleContext *cx, const Plan *outer, const Plan *inner) {
    ReadCount reads = {inner, arena_new_array(cx->arena, int, (size_t) inner->column_count)};

    for (int i = 0; i < outer->exprs.count; i++)
        expr_visit_columns(outer->exprs.items[i], count_read, &reads);
    for (int i = 0; i < inner->exprs.count; i++) {
        const Expr *expr = inner->exprs.items[i];

        if (!is_cheap(expr) &&
            (reads.counts[i] > 1 || expr_volatility(expr) == VOLATILITY_VOLATILE))
            return false;
    }
    return true;
}

static const Plan *apply(RuleContext *cx, const Plan *outer) {
    const Plan *inner = outer->children[0];
    const Expr **merged;
    Plan *copy;

    if (inner->kind != PLAN_PROJECT || !may_merge(cx, outer, inner))
        return outer;
    merged = arena_new_array(cx->arena, const Expr *, (size_t) outer->exprs.count);
    for (int i = 0; i < outer->exprs.count; i++)
        merged[i] = expr_through_project(cx->arena, outer->exprs.items[i], inner);
    copy = plan_create(cx->arena, PLAN_PROJECT, inner->children, 1);
    copy->position = outer->position;
    copy->column_count = outer->column_count;
    copy->columns = outer->columns;
    copy->exprs = (ExprList) {outer->exprs.count, merged};
    return plan_derive(cx->arena, copy);
}

const Rule rule_merge_projects = {
    .name = "merge_projects",
    .rewrite = "project(f, project(g, x)) => project(f(g), x)",
    .kinds = RULE_ON(PLAN_PROJECT),
    .apply = apply,
};
