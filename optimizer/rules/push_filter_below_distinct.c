/* filter(p, distinct(x)) => distinct(filter(p, x)), for the conjuncts that read only its keys.
 *
 * Other columns differ between the rows of one key, and which of them stays must not depend on the
 * filter. */
#include "optimizer/rewrite.h"
#include "optimizer/rules.h"

static bool reads_keys(const Expr *expr, const void *data) {
    const Plan *distinct = data;

    return expr_is_movable(expr) && expr_reads_ids(expr, distinct->keys);
}

static const Plan *apply(RuleContext *cx, const Plan *filter) {
    const Plan *distinct = filter->children[0];
    Conjuncts pushed, rest;
    const Plan *below;

    if (distinct->kind != PLAN_DISTINCT)
        return filter;
    conjuncts_split(cx->arena, expr_conjuncts(cx->arena, filter->predicate), reads_keys, distinct,
                    &pushed, &rest);
    if (pushed.count == 0)
        return filter;
    below = plan_filter(cx->arena, pushed, distinct->children[0]);
    return plan_filter(cx->arena, rest, plan_with_children(cx->arena, distinct, &below, 1));
}

const Rule rule_push_filter_below_distinct = {
    .name = "push_filter_below_distinct",
    .rewrite = "filter(keys, distinct(x)) => distinct(filter(keys, x))",
    .kinds = RULE_ON(PLAN_FILTER),
    .apply = apply,
};
