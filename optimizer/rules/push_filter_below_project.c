/* filter(p, project(x)) => project(filter(p', x)), p' reading what the project computes.
 *
 * The same rows are judged, so errors stay the same; a volatile expression would be drawn twice.
 * What the project computes is computed again, so there is a bound: v + v, ten times over, is
 * 1,024. */
#include "base/limits.h"
#include "optimizer/rewrite.h"
#include "optimizer/rules.h"

static const Plan *apply(RuleContext *cx, const Plan *filter) {
    const Plan *project = filter->children[0];
    const Plan *below;
    Plan *inner;

    if (project->kind != PLAN_PROJECT ||
        expr_size_through_project(filter->predicate, project, LIMIT_PUSHED_NODES) ==
            LIMIT_PUSHED_NODES)
        return filter;
    for (int i = 0; i < project->exprs.count; i++)
        if (expr_volatility(project->exprs.items[i]) == VOLATILITY_VOLATILE)
            return filter;
    inner = plan_create(cx->arena, PLAN_FILTER, project->children, 1);
    inner->predicate = expr_through_project(cx->arena, filter->predicate, project);
    below = plan_derive(cx->arena, inner);
    return plan_with_children(cx->arena, project, &below, 1);
}

const Rule rule_push_filter_below_project = {
    .name = "push_filter_below_project",
    .rewrite = "filter(project(x)) => project(filter(x))",
    .kinds = RULE_ON(PLAN_FILTER),
    .apply = apply,
};
