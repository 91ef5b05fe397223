/* filter(true, x) => x. */
#include "optimizer/rules.h"

static const Plan *apply(RuleContext *cx, const Plan *filter) {
    return expr_is_true(filter->predicate) ? filter->children[0] : filter;
}

const Rule rule_remove_true_filter = {
    .name = "remove_true_filter",
    .rewrite = "filter(true, x) => x",
    .kinds = RULE_ON(PLAN_FILTER),
    .apply = apply,
};
