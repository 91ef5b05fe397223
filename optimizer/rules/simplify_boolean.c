/* true AND x => x, false AND x => false, likewise for OR, nested, wherever a condition stands.
 *
 * Three-valued: NULL is not false inside an expression. Dropping an operand that might fail is what
 * SQL allows for AND and OR. */
#include "optimizer/rewrite.h"
#include "optimizer/rules.h"

static const Expr *simplify(const Expr *expr, void *data) {
    RuleContext *cx = data;
    const Expr **kept;
    int count = 0;
    bool is_and = expr->kind == EXPR_AND;

    if (!is_and && expr->kind != EXPR_OR)
        return expr;
    kept = arena_new_array(cx->arena, const Expr *, (size_t) expr->argument_count);
    for (int i = 0; i < expr->argument_count; i++) {
        const Expr *argument = expr->arguments[i];

        if (argument->kind == EXPR_CONSTANT && !argument->constant.is_null) {
            if ((argument->constant.boolean != 0) != is_and)
                return argument; /* false in AND, true in OR: that is the answer */
            continue;            /* true in AND, false in OR: says nothing */
        }
        kept[count++] = argument;
    }
    if (count == expr->argument_count)
        return expr;
    if (count == 0)
        return expr_constant(cx->arena, value_bool(is_and));
    return is_and ? expr_and(cx->arena, kept, count) : expr_or(cx->arena, kept, count);
}

static const Plan *apply(RuleContext *cx, const Plan *plan) {
    return plan_rewrite_exprs(cx->arena, plan, simplify, cx);
}

const Rule rule_simplify_boolean = {
    .name = "simplify_boolean",
    .rewrite = "true AND x => x, false AND x => false",
    .kinds = RULE_ON(PLAN_FILTER) | RULE_ON(PLAN_PROJECT) | RULE_ON(PLAN_JOIN),
    .apply = apply,
};
