/* limit(n, project(x)) => project(limit(n, x)): what is not let out need not be computed. */
#include "optimizer/rules.h"

static const Plan *apply(RuleContext *cx, const Plan *limit) {
    const Plan *project = limit->children[0];
    const Plan *below;

    if (project->kind != PLAN_PROJECT)
        return limit;
    below = plan_with_children(cx->arena, limit, project->children, 1);
    return plan_with_children(cx->arena, project, &below, 1);
}

const Rule rule_push_limit_below_project = {
    .name = "push_limit_below_project",
    .rewrite = "limit(project(x)) => project(limit(x))",
    .kinds = RULE_ON(PLAN_LIMIT),
    .apply = apply,
};
