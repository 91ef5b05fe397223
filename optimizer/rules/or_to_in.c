/* x = 1 OR x = 2 OR x = 3 => x IN (1, 2, 3), wherever a condition stands.
 *
 * One look-up instead of a comparison each. Three-valued either way: NULL when x is NULL. */
#include <string.h>

#include "optimizer/rewrite.h"
#include "optimizer/rules.h"

/* x = constant: x and, in ret_constant, the constant; NULL: not so. */
static const Expr *compared(const Expr *expr, const Expr **ret_constant) {
    if (expr->kind != EXPR_CALL || strcmp(expr->function->name, "=") != 0 ||
        expr->argument_count != 2)
        return NULL;
    *ret_constant = expr->arguments[1];
    if (expr->arguments[1]->kind != EXPR_CONSTANT || expr->arguments[1]->constant.is_null ||
        !type_equal(expr->arguments[0]->type, expr->arguments[1]->type))
        return NULL;
    return expr->arguments[0];
}

static const Expr *to_in(const Expr *expr, void *data) {
    RuleContext *cx = data;
    const Expr **arguments;

    if (expr->kind != EXPR_OR)
        return expr;
    arguments = arena_new_array(cx->arena, const Expr *, (size_t) expr->argument_count + 1);
    for (int i = 0; i < expr->argument_count; i++) {
        const Expr *left = compared(expr->arguments[i], &arguments[i + 1]);

        if (!left || (i > 0 && !expr_equal(left, arguments[0])))
            return expr;
        arguments[0] = left;
    }
    if (expr_volatility(arguments[0]) == VOLATILITY_VOLATILE)
        return expr;
    return expr_at(cx->arena, expr_in(cx->arena, arguments, expr->argument_count + 1),
                   expr->position);
}

static const Plan *apply(RuleContext *cx, const Plan *plan) {
    return plan_rewrite_exprs(cx->arena, plan, to_in, cx);
}

const Rule rule_or_to_in = {
    .name = "or_to_in",
    .rewrite = "x = 1 OR x = 2 => x IN (1, 2)",
    .kinds = RULE_ON(PLAN_FILTER) | RULE_ON(PLAN_PROJECT) | RULE_ON(PLAN_JOIN),
    .apply = apply,
};
