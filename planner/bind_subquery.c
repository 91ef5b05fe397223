/* Subqueries in expressions: joins of the clause's input.
 *
 *   (SELECT …)        SINGLE_ROW(query) cross joined: one row, NULLs when it is empty, 21000 when
 * several EXISTS (SELECT …) a mark join without keys: the mark is true when there is a row x IN
 * (SELECT …)   a mark join with keys: the mark is SQL's three-valued answer
 *
 * The expression is the joined column. NOT IN and <> ALL negate the mark. */
#include "planner/bind.h"

static PendingSubquery *add_pending(Binder *binder, SubqueryList *list, PendingSubquery pending) {
    if (list->count == list->capacity) {
        int capacity = list->capacity ? list->capacity * 2 : 4;
        PendingSubquery *items = arena_new_array(binder->arena, PendingSubquery, (size_t) capacity);

        for (int i = 0; i < list->count; i++)
            items[i] = list->items[i];
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count] = pending;
    return &list->items[list->count++];
}

static Status bind_inner(ExprContext *cx, const AstQuery *query, int position,
                         const Plan **ret_plan, Error *err) {
    if (!cx->subqueries)
        return not_supported(err, position, "a subquery in %s", cx->clause);
    return bind_query(cx->binder, query, cx->scope, cx->scope ? cx->scope->ctes : NULL, false,
                      ret_plan, err);
}

static const Expr *add_mark(ExprContext *cx, PendingSubquery pending, const char *name) {
    Binder *binder = cx->binder;

    pending.kind = SUBQUERY_MARK;
    pending.mark = (PlanColumn) {.id = binder_new_id(binder), .name = name, .type = SQL_TYPE(BOOL)};
    add_pending(binder, cx->subqueries, pending);
    return column_expr(binder, pending.mark.id, pending.mark.type, name, pending.position);
}

static Status bind_scalar(ExprContext *cx, const AstSubquery *node, const Plan *plan,
                          const Expr **ret_expr, Error *err) {
    Binder *binder = cx->binder;
    int position = node->base.position;
    Plan *single = NULL;

    if (plan->column_count != 1)
        return error_at(err, position, SYNTAX_ERROR, "subquery must return only one column");
    single = plan_create(binder->arena, PLAN_SINGLE_ROW, &plan, 1);
    single->position = position;
    add_pending(binder, cx->subqueries,
                (PendingSubquery) {.kind = SUBQUERY_SCALAR,
                                   .plan = plan_derive(binder->arena, single),
                                   .position = position});
    *ret_expr = column_expr(binder, plan->columns[0].id, plan->columns[0].type,
                            plan->columns[0].name, position);
    return STATUS_OK;
}

Status bind_subquery(ExprContext *cx, const AstSubquery *node, const Expr **ret_expr, Error *err) {
    const Plan *plan = NULL;
    int position = node->base.position;

    if (node->subquery == AST_SUBQUERY_ARRAY)
        return not_supported(err, position, "ARRAY(SELECT …)");
    TRY(bind_inner(cx, node->query, position, &plan, err));
    if (node->subquery == AST_SUBQUERY_SCALAR)
        return bind_scalar(cx, node, plan, ret_expr, err);
    *ret_expr = add_mark(cx, (PendingSubquery) {.plan = plan, .position = position}, "exists");
    return STATUS_OK;
}

/* Give both sides of each key one type. */
static Status unify_keys(ExprContext *cx, const Expr **left, const Plan **plan, int count,
                         int position, Error *err) {
    Binder *binder = cx->binder;
    SqlType *types = arena_new_array(binder->arena, SqlType, (size_t) count + 1);

    for (int i = 0; i < count; i++) {
        const PlanColumn *column = &(*plan)->columns[i];
        const Expr *sides[2] = {left[i],
                                expr_column(binder->arena, column->id, column->type, column->name)};
        const Expr *equality = NULL;

        TRY(make_operator(binder, "=", sides[0], sides[1], position, &equality,
                          err)); /* is there one? */
        TRY(unify_exprs(binder, sides, 2, "IN", &types[i], err));
        left[i] = sides[0];
        types[i].typmod = -1;
    }
    return query_cast_columns(binder, *plan, types, plan, err);
}

Status bind_in_query(ExprContext *cx, const AstNode *operand, const AstQuery *query, bool is_not,
                     int position, const Expr **ret_expr, Error *err) {
    Binder *binder = cx->binder;
    const AstRow *row = operand->kind == AST_ROW ? (const AstRow *) operand : NULL;
    int count = row ? row->elements.count : 1;
    PendingSubquery pending = {.key_count = count, .position = position};
    const Expr *mark = NULL;

    pending.left_keys = arena_new_array(binder->arena, const Expr *, (size_t) count + 1);
    pending.right_keys = arena_new_array(binder->arena, ColumnId, (size_t) count + 1);
    for (int i = 0; i < count; i++)
        TRY(bind_expr(cx, row ? row->elements.items[i] : operand, &pending.left_keys[i], err));
    TRY(bind_inner(cx, query, position, &pending.plan, err));
    if (pending.plan->column_count != count)
        return error_at(err, position, SYNTAX_ERROR, "subquery has too %s columns",
                        pending.plan->column_count > count ? "many" : "few");
    TRY(unify_keys(cx, pending.left_keys, &pending.plan, count, position, err));
    for (int i = 0; i < count; i++)
        pending.right_keys[i] = pending.plan->columns[i].id;
    mark = add_mark(cx, pending, "in");
    *ret_expr = is_not ? expr_not(binder->arena, mark) : mark;
    return STATUS_OK;
}

static const Plan *attach_one(Binder *binder, const PendingSubquery *pending, const Plan *plan) {
    ColumnId *left_keys = arena_new_array(binder->arena, ColumnId, (size_t) pending->key_count + 1);
    const Plan *children[2] = {plan, pending->plan};
    Plan *join = NULL;

    if (pending->key_count > 0)
        children[0] =
            make_extended(binder, plan, pending->left_keys, NULL, pending->key_count, left_keys);
    join = plan_create(binder->arena, PLAN_JOIN, children, 2);
    join->position = pending->position;
    join->join_kind = pending->kind == SUBQUERY_MARK ? JOIN_MARK : JOIN_INNER;
    if (pending->kind == SUBQUERY_MARK) {
        join->columns = arena_memdup(binder->arena, &pending->mark, sizeof(pending->mark));
        join->column_count = 1;
    }
    join->left_keys = (ColumnIds) {.count = pending->key_count, .ids = left_keys};
    join->right_keys = (ColumnIds) {.count = pending->key_count, .ids = pending->right_keys};
    return plan_derive(binder->arena, join);
}

const Plan *attach_subqueries(Binder *binder, SubqueryList *list, const Plan *plan) {
    for (int i = 0; i < list->count; i++)
        plan = attach_one(binder, &list->items[i], plan);
    list->count = 0;
    return plan;
}
