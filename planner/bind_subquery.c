/* Subqueries in expressions: joins of the clause's input.
 *
 *   (SELECT …)        SINGLE_ROW(query) cross joined: one row, NULLs when it is empty, 21000 when
 * several EXISTS (SELECT …) a mark join without keys: the mark is true when there is a row x IN
 * (SELECT …)   a mark join with keys: the mark is SQL's three-valued answer
 *
 * The expression is the joined column. NOT IN and <> ALL negate the mark. A subquery whose WHERE
 * says inner = outer has these as further keys (bind_correlate.c); a scalar one, an aggregate, is
 * grouped by them and left joined. */
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
                         Correlation *correlation, const Plan **ret_plan, Error *err) {
    Status status = STATUS_OK;

    if (!cx->subqueries)
        return not_supported(err, position, "a subquery in %s", cx->clause);
    cx->binder->correlation = correlation;
    status = bind_query(cx->binder, query, cx->scope, cx->scope ? cx->scope->ctes : NULL, false,
                        ret_plan, err);
    cx->binder->correlation = NULL;
    if (status == STATUS_OK && correlation->key_count > 0 && query->limit)
        return not_supported(err, query->limit->base.position, "LIMIT in a correlated subquery");
    return status;
}

static const Expr *add_mark(ExprContext *cx, PendingSubquery pending, const char *name) {
    Binder *binder = cx->binder;

    pending.kind = SUBQUERY_MARK;
    pending.mark = (PlanColumn) {.id = binder_new_id(binder), .name = name, .type = SQL_TYPE(BOOL)};
    add_pending(binder, cx->subqueries, pending);
    return column_expr(binder, pending.mark.id, pending.mark.type, name, pending.position);
}

/* Columns `first` … of the plan against the left keys: one type each. */
static Status unify_keys(Binder *binder, PendingSubquery *pending, int first, Error *err) {
    SqlType *types =
        arena_new_array(binder->arena, SqlType, (size_t) pending->plan->column_count + 1);

    for (int i = 0; i < pending->plan->column_count; i++)
        types[i] = pending->plan->columns[i].type;
    for (int i = 0; i < pending->key_count; i++) {
        const PlanColumn *column = &pending->plan->columns[first + i];
        const Expr *sides[2] = {pending->left_keys[i],
                                expr_column(binder->arena, column->id, column->type, column->name)};
        const Expr *equality = NULL;
        SqlType *type = &types[first + i];

        TRY(make_operator(binder, "=", sides[0], sides[1], pending->position, &equality,
                          err)); /* is there one? */
        TRY(unify_exprs(binder, sides, 2, "IN", type, err));
        pending->left_keys[i] = sides[0];
        type->typmod = -1;
    }
    TRY(query_cast_columns(binder, pending->plan, types, &pending->plan, err));
    for (int i = 0; i < pending->key_count; i++)
        pending->right_keys[i] = pending->plan->columns[first + i].id;
    return STATUS_OK;
}

static void init_keys(Binder *binder, PendingSubquery *pending, int count) {
    pending->key_count = count;
    pending->left_keys = arena_new_array(binder->arena, const Expr *, (size_t) count + 1);
    pending->right_keys = arena_new_array(binder->arena, ColumnId, (size_t) count + 1);
}

/* A correlated aggregate: left joined by its keys; no row means an empty group. */
static Status bind_lookup(ExprContext *cx, PendingSubquery pending, const Correlation *correlation,
                          const Expr **ret_expr, Error *err) {
    Binder *binder = cx->binder;
    const Expr *parts[3] = {NULL, NULL, expr_constant(binder->arena, value_int8(0))};
    const PlanColumn *column = NULL;

    pending.kind = SUBQUERY_LOOKUP;
    init_keys(binder, &pending, correlation->key_count);
    for (int i = 0; i < correlation->key_count; i++)
        pending.left_keys[i] = correlation->outer[i];
    TRY(unify_keys(binder, &pending, 1, err));
    add_pending(binder, cx->subqueries, pending);
    column = &pending.plan->columns[0];
    *ret_expr = column_expr(binder, column->id, column->type, column->name, pending.position);
    if (!correlation->is_count)
        return STATUS_OK;
    parts[1] = *ret_expr;
    TRY(make_call(binder, "is_not_null", ret_expr, 1, pending.position, &parts[0], err));
    *ret_expr = expr_case(binder->arena, column->type,
                          arena_memdup(binder->arena, parts, sizeof(parts)), 3);
    return STATUS_OK;
}

const Expr *add_scalar_subquery(ExprContext *cx, const Plan *plan, int position) {
    const PlanColumn *column = &plan->columns[0];

    add_pending(cx->binder, cx->subqueries,
                (PendingSubquery) {.kind = SUBQUERY_SCALAR, .plan = plan, .position = position});
    return column_expr(cx->binder, column->id, column->type, column->name, position);
}

static Status bind_scalar(ExprContext *cx, PendingSubquery pending, const Correlation *correlation,
                          const Expr **ret_expr, Error *err) {
    Binder *binder = cx->binder;
    Plan *single = NULL;

    if (pending.plan->column_count - correlation->key_count != 1)
        return error_at(err, pending.position, SYNTAX_ERROR,
                        "subquery must return only one column");
    if (correlation->key_count > 0)
        return bind_lookup(cx, pending, correlation, ret_expr, err);
    single = plan_create(binder->arena, PLAN_SINGLE_ROW, &pending.plan, 1);
    single->position = pending.position;
    *ret_expr = add_scalar_subquery(cx, plan_derive(binder->arena, single), pending.position);
    return STATUS_OK;
}

/* The mark of a correlated EXISTS is NULL where a key is: that is no row. */
static Status bind_exists(ExprContext *cx, PendingSubquery pending, const Correlation *correlation,
                          const Expr **ret_expr, Error *err) {
    const Expr *mark = NULL;

    init_keys(cx->binder, &pending, correlation->key_count);
    for (int i = 0; i < correlation->key_count; i++)
        pending.left_keys[i] = correlation->outer[i];
    TRY(unify_keys(cx->binder, &pending, 0, err));
    mark = add_mark(cx, pending, "exists");
    *ret_expr = mark;
    if (correlation->key_count > 0)
        return make_call(cx->binder, "is_true", &mark, 1, pending.position, ret_expr, err);
    return STATUS_OK;
}

Status bind_subquery(ExprContext *cx, const AstSubquery *node, const Expr **ret_expr, Error *err) {
    bool is_scalar = node->subquery == AST_SUBQUERY_SCALAR;
    Correlation correlation = {.kind = is_scalar ? CORRELATION_SCALAR : CORRELATION_EXISTS};
    PendingSubquery pending = {.position = node->base.position};

    if (node->subquery == AST_SUBQUERY_ARRAY)
        return bind_array_query(cx, node, ret_expr, err);
    TRY(bind_inner(cx, node->query, pending.position, &correlation, &pending.plan, err));
    return is_scalar ? bind_scalar(cx, pending, &correlation, ret_expr, err)
                     : bind_exists(cx, pending, &correlation, ret_expr, err);
}

/* A correlated IN is false, not NULL, where a key of the correlation is NULL. */
static Status guard_mark(Binder *binder, const Correlation *correlation, const Expr *mark,
                         const Expr **ret_expr, Error *err) {
    const Expr *parts[CORRELATION_KEYS_MAX + 1] = {NULL};

    for (int i = 0; i < correlation->key_count; i++)
        TRY(make_call(binder, "is_not_null", &(const Expr *) {correlation->outer[i]}, 1,
                      mark->position, &parts[i], err));
    parts[correlation->key_count] = mark;
    *ret_expr = expr_and(binder->arena, parts, correlation->key_count + 1);
    return STATUS_OK;
}

Status bind_in_query(ExprContext *cx, const AstNode *operand, const AstQuery *query, bool is_not,
                     int position, const Expr **ret_expr, Error *err) {
    Binder *binder = cx->binder;
    const AstRow *row = operand->kind == AST_ROW ? (const AstRow *) operand : NULL;
    int count = row ? row->elements.count : 1;
    Correlation correlation = {.kind = CORRELATION_IN};
    PendingSubquery pending = {.position = position};
    const Expr *mark = NULL;

    init_keys(binder, &pending, count + CORRELATION_KEYS_MAX);
    for (int i = 0; i < count; i++)
        TRY(bind_expr(cx, row ? row->elements.items[i] : operand, &pending.left_keys[i], err));
    TRY(bind_inner(cx, query, position, &correlation, &pending.plan, err));
    if (pending.plan->column_count - correlation.key_count != count)
        return error_at(err, position, SYNTAX_ERROR, "subquery has too %s columns",
                        pending.plan->column_count - correlation.key_count > count ? "many"
                                                                                   : "few");
    for (int i = 0; i < correlation.key_count; i++)
        pending.left_keys[count + i] = correlation.outer[i];
    pending.key_count = count + correlation.key_count;
    TRY(unify_keys(binder, &pending, 0, err));
    mark = add_mark(cx, pending, "in");
    TRY(guard_mark(binder, &correlation, mark, &mark, err));
    *ret_expr = is_not ? expr_not(binder->arena, mark) : mark;
    return STATUS_OK;
}

static const Plan *attach_one(Binder *binder, const PendingSubquery *pending, const Plan *plan) {
    static const JoinKind kinds[] = {
        [SUBQUERY_SCALAR] = JOIN_INNER,
        [SUBQUERY_MARK] = JOIN_MARK,
        [SUBQUERY_LOOKUP] = JOIN_LEFT,
    };
    ColumnId *left_keys = arena_new_array(binder->arena, ColumnId, (size_t) pending->key_count + 1);
    const Plan *children[2] = {plan, pending->plan};
    Plan *join = NULL;

    if (pending->key_count > 0)
        children[0] =
            make_extended(binder, plan, pending->left_keys, NULL, pending->key_count, left_keys);
    join = plan_create(binder->arena, PLAN_JOIN, children, 2);
    join->position = pending->position;
    join->join_kind = kinds[pending->kind];
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
