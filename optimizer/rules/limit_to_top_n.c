/* limit(n, sort(x)) => limit(n, sort(top n, x)): a heap of n rows instead of all of them.
 *
 * Not in a stream, where LIMIT counts over the stream's life and the sort is per epoch. */
#include "optimizer/rules.h"

static bool constant_count(const Expr *expr, int64_t *ret_count) {
    *ret_count = 0;
    if (!expr)
        return true;
    if (expr->kind != EXPR_CONSTANT || expr->constant.is_null || expr->type.id != TYPE_INT8)
        return false;
    *ret_count = expr->constant.int64;
    return *ret_count >= 0;
}

static const Plan *apply(RuleContext *cx, const Plan *limit) {
    const Plan *below = limit->children[0];
    const Plan *sort = below;
    const Plan *limited;
    int64_t count, offset;
    Plan *copy;

    /* The projection of the output columns may stand between. */
    if (below->kind == PLAN_PROJECT)
        sort = below->children[0];
    if (cx->is_stream || sort->kind != PLAN_SORT || sort->top_n >= 0 || !limit->limit ||
        !constant_count(limit->limit, &count) || !constant_count(limit->offset, &offset) ||
        count > INT64_MAX - offset)
        return limit;
    copy = plan_copy(cx->arena, sort);
    copy->top_n = count + offset;
    limited = plan_derive(cx->arena, copy);
    if (below != sort)
        limited = plan_with_children(cx->arena, below, &limited, 1);
    return plan_with_children(cx->arena, limit, &limited, 1);
}

const Rule rule_limit_to_top_n = {
    .name = "limit_to_top_n",
    .rewrite = "limit(sort(x)) => limit(sort(top n, x))",
    .kinds = RULE_ON(PLAN_LIMIT),
    .apply = apply,
};
