/* union(union(x, y), z) => union(x, y, z). Columns meet by place, rows keep their order. */
#include "optimizer/rules.h"

static const Plan *apply(RuleContext *cx, const Plan *plan) {
    const Plan **sides;
    bool has_union = false;
    int count = 0;

    for (int i = 0; i < plan->child_count; i++) {
        bool is_union = plan->children[i]->kind == PLAN_UNION;

        count += is_union ? plan->children[i]->child_count : 1;
        has_union = has_union || is_union;
    }
    if (!has_union)
        return plan;
    sides = arena_new_array(cx->arena, const Plan *, (size_t) count);
    count = 0;
    for (int i = 0; i < plan->child_count; i++) {
        const Plan *side = plan->children[i];

        if (side->kind != PLAN_UNION) {
            sides[count++] = side;
            continue;
        }
        for (int j = 0; j < side->child_count; j++)
            sides[count++] = side->children[j];
    }
    return plan_with_children(cx->arena, plan, sides, count);
}

const Rule rule_merge_unions = {
    .name = "merge_unions",
    .rewrite = "union(union(x, y), z) => union(x, y, z)",
    .kinds = RULE_ON(PLAN_UNION),
    .apply = apply,
};
