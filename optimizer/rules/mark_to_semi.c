/* filter(mark AND p, join mark(x, y)) => filter(p, project(x, true AS mark, join semi(x, y))).
 *
 * A mark that is only asked to be true needs no third value: x IN (…), EXISTS (…) in WHERE. */
#include "optimizer/rewrite.h"
#include "optimizer/rules.h"

static bool is_mark(const Expr *expr, const void *data) {
    const ColumnId *mark = data;

    return expr->kind == EXPR_COLUMN && expr->column.id == *mark;
}

/* The columns of the mark join over a semi join: the mark is true in every row that is left. */
static const Plan *with_true_mark(RuleContext *cx, const Plan *join, const Plan *semi) {
    const Expr **exprs = arena_new_array(cx->arena, const Expr *, (size_t) join->column_count);
    Plan *project = plan_create(cx->arena, PLAN_PROJECT, &semi, 1);

    for (int i = 0; i < join->column_count - 1; i++)
        exprs[i] = expr_column(cx->arena, join->columns[i].id, join->columns[i].type,
                               join->columns[i].name);
    exprs[join->column_count - 1] = expr_true(cx->arena);
    project->column_count = join->column_count;
    project->columns = join->columns;
    project->exprs = (ExprList) {join->column_count, exprs};
    return plan_derive(cx->arena, project);
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
    return plan_filter(cx->arena, rest, with_true_mark(cx, join, plan_derive(cx->arena, semi)));
}

const Rule rule_mark_to_semi = {
    .name = "mark_to_semi",
    .rewrite = "filter(mark, join mark(x, y)) => join semi(x, y)",
    .kinds = RULE_ON(PLAN_FILTER),
    .apply = apply,
};
