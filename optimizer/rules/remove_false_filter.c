/* filter(false, x) => no rows.
 *
 * Not in a stream, which goes on reading its sources whatever comes of it. */
#include "optimizer/rewrite.h"
#include "optimizer/rules.h"

static const Plan *apply(RuleContext *cx, const Plan *filter) {
    if (cx->is_stream || !expr_is_false_or_null(filter->predicate))
        return filter;
    return plan_empty(cx->arena, filter);
}

const Rule rule_remove_false_filter = {
    .name = "remove_false_filter",
    .rewrite = "filter(false, x) => no rows",
    .kinds = RULE_ON(PLAN_FILTER),
    .apply = apply,
};
