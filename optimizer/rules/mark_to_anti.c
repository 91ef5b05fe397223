/* filter(mark IS NOT TRUE AND p, join mark(x, y)) => filter(p, project(x, false AS mark, join
 * anti(x, y))): NOT EXISTS (…) in WHERE.
 *
 * A row without a partner has a mark that is false or NULL, and neither is true. NOT IN is not
 * meant: there NULL and false differ. */
#include <string.h>

#include "optimizer/rewrite.h"
#include "optimizer/rules.h"

static bool is_call_of(const Expr *expr, const char *name) {
    return expr->kind == EXPR_CALL && strcmp(expr->function->name, name) == 0;
}

static bool is_untrue_mark(const Expr *expr, const void *data) {
    const ColumnId *mark = data;

    if (is_call_of(expr, "not") && is_call_of(expr->arguments[0], "is_true"))
        expr = expr->arguments[0];
    else if (!is_call_of(expr, "is_not_true"))
        return false;
    return expr->arguments[0]->kind == EXPR_COLUMN && expr->arguments[0]->column.id == *mark;
}

static const Plan *apply(RuleContext *cx, const Plan *filter) {
    const Plan *join = filter->children[0];
    Conjuncts marks, rest;
    ColumnId mark;
    Plan *anti;

    if (join->kind != PLAN_JOIN || join->join_kind != JOIN_MARK)
        return filter;
    mark = join->columns[join->column_count - 1].id;
    conjuncts_split(cx->arena, expr_conjuncts(cx->arena, filter->predicate), is_untrue_mark, &mark,
                    &marks, &rest);
    if (marks.count == 0 || conjuncts_read(rest, mark))
        return filter;
    anti = plan_copy(cx->arena, join);
    anti->join_kind = JOIN_ANTI;
    return plan_filter(cx->arena, rest,
                       plan_with_mark(cx->arena, join, plan_derive(cx->arena, anti), false));
}

const Rule rule_mark_to_anti = {
    .name = "mark_to_anti",
    .rewrite = "filter(mark is not true, join mark(x, y)) => join anti(x, y)",
    .kinds = RULE_ON(PLAN_FILTER),
    .apply = apply,
};
