/* filter(p, sort(x)) => sort(filter(p, x)), when the sort keeps all rows. */
#include "optimizer/rewrite.h"
#include "optimizer/rules.h"

static const Plan *apply(RuleContext *cx, const Plan *filter) {
    const Plan *sort = filter->children[0];
    const Plan *below;

    if (sort->kind != PLAN_SORT || sort->top_n >= 0 || !expr_is_movable(filter->predicate))
        return filter;
    below = plan_with_children(cx->arena, filter, sort->children, 1);
    return plan_with_children(cx->arena, sort, &below, 1);
}

const Rule rule_push_filter_below_sort = {
    .name = "push_filter_below_sort",
    .rewrite = "filter(sort(x)) => sort(filter(x))",
    .kinds = RULE_ON(PLAN_FILTER),
    .apply = apply,
};
