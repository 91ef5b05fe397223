/* join(p, x, y) => join(filter(p, x), filter(p, y)), for the conjuncts of the condition that read
 * one side.
 *
 * A row that fails has no partner, and need not come to the join: unless the join lets out rows
 * without a partner, from that side. A mark join counts NULLs among its right rows. */
#include "optimizer/rewrite.h"
#include "optimizer/rules.h"

static bool reads_side(const Expr *expr, const void *side) {
    return expr_is_movable(expr) && expr_reads_only(expr, side);
}

static bool may_filter_left(JoinKind kind) {
    return kind == JOIN_INNER || kind == JOIN_RIGHT || kind == JOIN_SEMI;
}

static bool may_filter_right(JoinKind kind) {
    return kind == JOIN_INNER || kind == JOIN_LEFT || kind == JOIN_SEMI || kind == JOIN_ANTI;
}

static const Plan *apply(RuleContext *cx, const Plan *join) {
    Conjuncts left = {0}, right = {0}, rest;
    const Plan *sides[2];
    Plan *copy;

    if (!join->predicate)
        return join;
    rest = expr_conjuncts(cx->arena, join->predicate);
    if (may_filter_left(join->join_kind))
        conjuncts_split(cx->arena, rest, reads_side, join->children[0], &left, &rest);
    if (may_filter_right(join->join_kind))
        conjuncts_split(cx->arena, rest, reads_side, join->children[1], &right, &rest);
    if (left.count == 0 && right.count == 0)
        return join;
    sides[0] = plan_filter(cx->arena, left, join->children[0]);
    sides[1] = plan_filter(cx->arena, right, join->children[1]);
    copy = plan_copy(cx->arena, join);
    copy->children = arena_memdup(cx->arena, sides, sizeof(sides));
    copy->predicate = rest.count == 0 ? NULL : expr_and(cx->arena, rest.items, rest.count);
    return plan_derive(cx->arena, copy);
}

const Rule rule_push_join_condition = {
    .name = "push_join_condition",
    .rewrite = "join(p, x, y) => join(filter(p, x), filter(p, y))",
    .kinds = RULE_ON(PLAN_JOIN),
    .apply = apply,
};
