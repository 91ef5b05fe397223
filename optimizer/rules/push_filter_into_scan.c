/* filter(p, scan) => scan(pushed p), for scans of sources: rows go before they are copied anywhere.
 */
#include "catalog/catalog.h"
#include "optimizer/rewrite.h"
#include "optimizer/rules.h"

static bool is_steady(const Expr *expr, const void *data) {
    return expr_volatility(expr) != VOLATILITY_VOLATILE;
}

static const Plan *apply(RuleContext *cx, const Plan *filter) {
    const Plan *scan = filter->children[0];
    Conjuncts pushed, rest;
    const Expr **items;
    Plan *copy;

    if (scan->kind != PLAN_SCAN || !scan->relation || scan->relation->kind != RELATION_SOURCE)
        return filter;
    conjuncts_split(cx->arena, expr_conjuncts(cx->arena, filter->predicate), is_steady, NULL,
                    &pushed, &rest);
    if (pushed.count == 0)
        return filter;
    items = arena_new_array(cx->arena, const Expr *, (size_t) (scan->pushed.count + pushed.count));
    for (int i = 0; i < scan->pushed.count; i++)
        items[i] = scan->pushed.items[i];
    for (int i = 0; i < pushed.count; i++)
        items[scan->pushed.count + i] = pushed.items[i];
    copy = plan_copy(cx->arena, scan);
    copy->pushed = (ExprList) {scan->pushed.count + pushed.count, items};
    return plan_filter(cx->arena, rest, plan_derive(cx->arena, copy));
}

const Rule rule_push_filter_into_scan = {
    .name = "push_filter_into_scan",
    .rewrite = "filter(p, scan) => scan(p)",
    .kinds = RULE_ON(PLAN_FILTER),
    .apply = apply,
};
