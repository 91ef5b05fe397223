/* f(1, 2) => 3, in filters, projects and the conditions of joins.
 *
 * An immutable expression without columns is its value. One that fails (1 / 0) stays: it must fail
 * when, and only when, a row meets it. */
#include "optimizer/rewrite.h"
#include "optimizer/rules.h"

static const Expr *fold(const Expr *expr, void *data) {
    RuleContext *cx = data;
    Value value;
    Error ignored;

    if (expr->kind == EXPR_CONSTANT || expr->kind == EXPR_COLUMN || expr->kind == EXPR_PARAMETER)
        return expr;
    for (int i = 0; i < expr->argument_count; i++)
        if (expr->arguments[i]->kind != EXPR_CONSTANT)
            return expr;
    if (expr_volatility(expr) != VOLATILITY_IMMUTABLE)
        return expr;
    if (expr_evaluate_constant(expr, cx->eval, cx->arena, &value, &ignored) != STATUS_OK)
        return expr;
    value.type = expr->type;
    return expr_at(cx->arena, expr_constant(cx->arena, value), expr->position);
}

static const Plan *apply(RuleContext *cx, const Plan *plan) {
    return plan_rewrite_exprs(cx->arena, plan, fold, cx);
}

const Rule rule_fold_constants = {
    .name = "fold_constants",
    .rewrite = "f(constants) => constant",
    .kinds = RULE_ON(PLAN_FILTER) | RULE_ON(PLAN_PROJECT) | RULE_ON(PLAN_JOIN),
    .apply = apply,
};
