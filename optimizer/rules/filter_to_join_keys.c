/* filter(x.a = y.b, join inner(x, y)) => join inner(x, y on a = b).
 *
 * FROM x, y WHERE x.a = y.b is a hash join, not a product. Sides that are more than a column are
 * computed below; the projects above give the join's own columns again. */
#include <string.h>

#include "optimizer/rewrite.h"
#include "optimizer/rules.h"

/* An equality with one side of the join on each side of it: 0 when its left is the join's left, 1
 * when it is the join's right, -1: none. */
static int equality_turn(const Expr *expr, const Plan *join) {
    if (expr->kind != EXPR_CALL || strcmp(expr->function->name, "=") != 0 ||
        expr->argument_count != 2 ||
        !type_equal(expr->arguments[0]->type, expr->arguments[1]->type))
        return -1;
    for (int i = 0; i < 2; i++) {
        const Expr *left = expr->arguments[i];
        const Expr *right = expr->arguments[1 - i];

        if (expr_is_movable(expr) && !expr_reads_only(left, join->children[1]) &&
            expr_reads_only(left, join->children[0]) && expr_reads_only(right, join->children[1]) &&
            !expr_reads_only(right, join->children[0]))
            return i;
    }
    return -1;
}

static bool is_key(const Expr *expr, const void *join) {
    return equality_turn(expr, join) >= 0;
}

typedef struct KeySide {
    RuleContext *cx;
    const Plan *plan;    /* its last columns are the computed keys */
    PlanColumn *columns; /* room for all keys */
    const Expr **exprs;
    int column_count;
    ColumnId *ids;
    int id_count;
} KeySide;

static void side_init(KeySide *side, RuleContext *cx, const Plan *plan, ColumnIds old, int added) {
    size_t columns = (size_t) (plan->column_count + added);

    *side = (KeySide) {.cx = cx, .plan = plan, .column_count = plan->column_count};
    side->columns = arena_new_array(cx->arena, PlanColumn, columns);
    side->exprs = arena_new_array(cx->arena, const Expr *, columns);
    side->ids = arena_new_array(cx->arena, ColumnId, (size_t) (old.count + added));
    for (int i = 0; i < plan->column_count; i++) {
        side->columns[i] = plan->columns[i];
        side->exprs[i] = expr_column(cx->arena, plan->columns[i].id, plan->columns[i].type,
                                     plan->columns[i].name);
    }
    for (; side->id_count < old.count; side->id_count++)
        side->ids[side->id_count] = old.ids[side->id_count];
}

static void side_add(KeySide *side, const Expr *key) {
    ColumnId id;

    if (key->kind == EXPR_COLUMN) {
        side->ids[side->id_count++] = key->column.id;
        return;
    }
    id = (*side->cx->next_column_id)++;
    side->columns[side->column_count] =
        (PlanColumn) {.id = id, .name = "key", .type = key->type, .role = TIME_NONE};
    side->exprs[side->column_count++] = key;
    side->ids[side->id_count++] = id;
}

static const Plan *side_done(KeySide *side) {
    Plan *project;

    if (side->column_count == side->plan->column_count)
        return side->plan;
    project = plan_create(side->cx->arena, PLAN_PROJECT, &side->plan, 1);
    project->column_count = side->column_count;
    project->columns = side->columns;
    project->exprs = (ExprList) {side->column_count, side->exprs};
    return plan_derive(side->cx->arena, project);
}

static const Plan *with_keys(RuleContext *cx, const Plan *join, Conjuncts keys) {
    Plan *copy = plan_copy(cx->arena, join);
    const Plan *children[2];
    KeySide sides[2];

    side_init(&sides[0], cx, join->children[0], join->left_keys, keys.count);
    side_init(&sides[1], cx, join->children[1], join->right_keys, keys.count);
    for (int i = 0; i < keys.count; i++) {
        int turn = equality_turn(keys.items[i], join);

        side_add(&sides[0], keys.items[i]->arguments[turn]);
        side_add(&sides[1], keys.items[i]->arguments[1 - turn]);
    }
    children[0] = side_done(&sides[0]);
    children[1] = side_done(&sides[1]);
    copy->children = arena_memdup(cx->arena, children, sizeof(children));
    copy->left_keys = (ColumnIds) {sides[0].id_count, sides[0].ids};
    copy->right_keys = (ColumnIds) {sides[1].id_count, sides[1].ids};
    return plan_select(cx->arena, plan_derive(cx->arena, copy), join->columns, join->column_count);
}

static const Plan *apply(RuleContext *cx, const Plan *filter) {
    const Plan *join = filter->children[0];
    Conjuncts keys, rest;

    if (join->kind != PLAN_JOIN || join->join_kind != JOIN_INNER || join->is_null_safe)
        return filter;
    conjuncts_split(cx->arena, expr_conjuncts(cx->arena, filter->predicate), is_key, join, &keys,
                    &rest);
    if (keys.count == 0)
        return filter;
    return plan_filter(cx->arena, rest, with_keys(cx, join, keys));
}

const Rule rule_filter_to_join_keys = {
    .name = "filter_to_join_keys",
    .rewrite = "filter(a = b, join(x, y)) => join(x, y on a = b)",
    .kinds = RULE_ON(PLAN_FILTER),
    .apply = apply,
};
