/* filter(p, window(x)) => window(filter(p, x)), for the conjuncts that read no window column.
 *
 * Filtering first saves the windows of every dropped row. */
#include "optimizer/rewrite.h"
#include "optimizer/rules.h"

static bool reads_below(const Expr *expr, const void *data) {
    return expr_is_movable(expr) && expr_reads_only(expr, data);
}

static const Plan *apply(RuleContext *cx, const Plan *filter) {
    const Plan *window = filter->children[0];
    Conjuncts pushed, rest;
    const Plan *below;

    if (window->kind != PLAN_WINDOW || window->window_kind == WINDOW_SESSION)
        return filter;
    conjuncts_split(cx->arena, expr_conjuncts(cx->arena, filter->predicate), reads_below,
                    window->children[0], &pushed, &rest);
    if (pushed.count == 0)
        return filter;
    below = plan_filter(cx->arena, pushed, window->children[0]);
    return plan_filter(cx->arena, rest, plan_with_children(cx->arena, window, &below, 1));
}

const Rule rule_push_filter_below_window = {
    .name = "push_filter_below_window",
    .rewrite = "filter(window(x)) => window(filter(x))",
    .kinds = RULE_ON(PLAN_FILTER),
    .apply = apply,
};
