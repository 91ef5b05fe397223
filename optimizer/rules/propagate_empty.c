/* f(no rows) => no rows, where f makes none of its own; a union goes on without its empty sides.
 *
 * An aggregate without keys has a row for no rows, a grouping set may be empty, a single row is
 * NULLs, and a left join's right side may be empty: these stay. */
#include "optimizer/rewrite.h"
#include "optimizer/rules.h"

static bool join_is_empty(const Plan *join) {
    bool no_left = plan_is_empty(join->children[0]);
    bool no_right = plan_is_empty(join->children[1]);

    switch (join->join_kind) {
    case JOIN_INNER:
    case JOIN_SEMI:
        return no_left || no_right;
    case JOIN_RIGHT:
        return no_right;
    case JOIN_FULL:
        return no_left && no_right;
    case JOIN_LEFT:
    case JOIN_ANTI:
    case JOIN_MARK:
        return no_left;
    }
    return false;
}

static const Plan *shrink_union(Arena *arena, const Plan *plan) {
    const Plan **sides = arena_new_array(arena, const Plan *, (size_t) plan->child_count);
    int count = 0;

    for (int i = 0; i < plan->child_count; i++)
        if (!plan_is_empty(plan->children[i]))
            sides[count++] = plan->children[i];
    if (count == 0)
        return plan_empty(arena, plan);
    return plan_with_children(arena, plan, sides, count);
}

static const Plan *apply(RuleContext *cx, const Plan *plan) {
    if (cx->is_stream)
        return plan;
    if (plan->kind == PLAN_UNION)
        return shrink_union(cx->arena, plan);
    if (plan->kind == PLAN_JOIN)
        return join_is_empty(plan) ? plan_empty(cx->arena, plan) : plan;
    if (plan->kind == PLAN_AGGREGATE && (plan->keys.count == 0 || plan->grouping_set_count > 0))
        return plan;
    return plan_is_empty(plan->children[0]) ? plan_empty(cx->arena, plan) : plan;
}

const Rule rule_propagate_empty = {
    .name = "propagate_empty",
    .rewrite = "f(no rows) => no rows",
    .kinds = RULE_ON(PLAN_FILTER) | RULE_ON(PLAN_PROJECT) | RULE_ON(PLAN_WINDOW) |
             RULE_ON(PLAN_AGGREGATE) | RULE_ON(PLAN_DISTINCT) | RULE_ON(PLAN_JOIN) |
             RULE_ON(PLAN_UNION) | RULE_ON(PLAN_SORT) | RULE_ON(PLAN_LIMIT),
    .apply = apply,
};
