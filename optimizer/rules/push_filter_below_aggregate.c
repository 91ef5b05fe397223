/* filter(p, aggregate(x)) => aggregate(filter(p, x)), for the conjuncts that read only keys.
 *
 * A group is kept or dropped whole by its keys. Not without keys: an aggregate over nothing still
 * has one row. Not with grouping sets: a key is NULL in the sets that leave it out. */
#include "optimizer/rewrite.h"
#include "optimizer/rules.h"

static bool reads_keys(const Expr *expr, const void *data) {
    const Plan *aggregate = data;

    return expr_is_movable(expr) && expr_reads_ids(expr, aggregate->keys);
}

static const Plan *apply(RuleContext *cx, const Plan *filter) {
    const Plan *aggregate = filter->children[0];
    Conjuncts pushed, rest;
    const Plan *below;

    if (aggregate->kind != PLAN_AGGREGATE || aggregate->keys.count == 0 ||
        aggregate->grouping_set_count > 0 || aggregate->phase != PHASE_SINGLE)
        return filter;
    conjuncts_split(cx->arena, expr_conjuncts(cx->arena, filter->predicate), reads_keys, aggregate,
                    &pushed, &rest);
    if (pushed.count == 0)
        return filter;
    below = plan_filter(cx->arena, pushed, aggregate->children[0]);
    return plan_filter(cx->arena, rest, plan_with_children(cx->arena, aggregate, &below, 1));
}

const Rule rule_push_filter_below_aggregate = {
    .name = "push_filter_below_aggregate",
    .rewrite = "filter(keys, aggregate(x)) => aggregate(filter(keys, x))",
    .kinds = RULE_ON(PLAN_FILTER),
    .apply = apply,
};
