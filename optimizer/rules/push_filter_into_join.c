/* filter(p, join(x, y)) => join(filter(p, x), filter(p, y)), each conjunct to the side that it
 * reads.
 *
 * To the left of inner, left, semi, anti and mark joins: every left row is judged once either way.
 * To the right of inner and right joins only: elsewhere a right row that goes makes its partner
 * come out with NULLs. A conjunct that can fail stays: below, it would meet rows without a partner.
 */
#include "optimizer/rewrite.h"
#include "optimizer/rules.h"

static bool reads_side(const Expr *expr, const void *side) {
    return expr_is_movable(expr) && expr_reads_only(expr, side);
}

static bool takes_left(JoinKind kind) {
    return kind != JOIN_RIGHT && kind != JOIN_FULL;
}

static bool takes_right(JoinKind kind) {
    return kind == JOIN_INNER || kind == JOIN_RIGHT;
}

static const Plan *apply(RuleContext *cx, const Plan *filter) {
    const Plan *join = filter->children[0];
    Conjuncts all, left = {0}, right = {0}, rest;
    const Plan *sides[2];

    if (join->kind != PLAN_JOIN)
        return filter;
    all = expr_conjuncts(cx->arena, filter->predicate);
    rest = all;
    if (takes_left(join->join_kind))
        conjuncts_split(cx->arena, rest, reads_side, join->children[0], &left, &rest);
    if (takes_right(join->join_kind))
        conjuncts_split(cx->arena, rest, reads_side, join->children[1], &right, &rest);
    if (left.count == 0 && right.count == 0)
        return filter;
    sides[0] = plan_filter(cx->arena, left, join->children[0]);
    sides[1] = plan_filter(cx->arena, right, join->children[1]);
    return plan_filter(cx->arena, rest, plan_with_children(cx->arena, join, sides, 2));
}

const Rule rule_push_filter_into_join = {
    .name = "push_filter_into_join",
    .rewrite = "filter(join(x, y)) => join(filter(x), filter(y))",
    .kinds = RULE_ON(PLAN_FILTER),
    .apply = apply,
};
