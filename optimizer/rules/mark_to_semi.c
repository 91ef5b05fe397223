/* filter(mark AND p, join mark(x, y)) => filter(p, project(x, true AS mark, join semi(x, y))).
 *
 * A mark that is only asked to be true needs no third value: x IN (…), EXISTS (…) in WHERE. */
#include <string.h>

#include "optimizer/rewrite.h"
#include "optimizer/rules.h"

/* mark, or mark IS TRUE */
static bool is_mark(const Expr *expr, const void *data) {
    const ColumnId *mark = data;

    if (expr->kind == EXPR_CALL && strcmp(expr->function->name, "is_true") == 0)
        expr = expr->arguments[0];
    return expr->kind == EXPR_COLUMN && expr->column.id == *mark;
}

static const Plan *apply(RuleContext *cx, const Plan *filter) {
    const Plan *join = filter->children[0];
    Conjuncts marks, rest;
    ColumnId mark;
    Plan *semi;

    if (join->kind != PLAN_JOIN || join->join_kind != JOIN_MARK)
        return filter;
    mark = join->columns[join->column_count - 1].id;
    conjuncts_split(cx->arena, expr_conjuncts(cx->arena, filter->predicate), is_mark, &mark, &marks,
                    &rest);
    if (marks.count == 0)
        return filter;
    semi = plan_copy(cx->arena, join);
    semi->join_kind = JOIN_SEMI;
    return plan_filter(cx->arena, rest,
                       plan_with_mark(cx->arena, join, plan_derive(cx->arena, semi), true));
}

const Rule rule_mark_to_semi = {
    .name = "mark_to_semi",
    .rewrite = "filter(mark, join mark(x, y)) => join semi(x, y)",
    .kinds = RULE_ON(PLAN_FILTER),
    .apply = apply,
};
