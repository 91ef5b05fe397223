/* filter(p, filter(q, x)) => filter(q AND p, x). The inner predicate stays first. */
#include "optimizer/rules.h"

static const Plan *apply(RuleContext *cx, const Plan *filter) {
    const Plan *inner = filter->children[0];
    const Expr *both[2];
    Plan *merged;

    if (inner->kind != PLAN_FILTER)
        return filter;
    both[0] = inner->predicate;
    both[1] = filter->predicate;
    merged = plan_create(cx->arena, PLAN_FILTER, inner->children, 1);
    merged->predicate = expr_and(cx->arena, both, 2);
    return plan_derive(cx->arena, merged);
}

const Rule rule_merge_filters = {
    .name = "merge_filters",
    .rewrite = "filter(p, filter(q, x)) => filter(q AND p, x)",
    .kinds = RULE_ON(PLAN_FILTER),
    .apply = apply,
};
