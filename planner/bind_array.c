/* Arrays: a[i], ARRAY(SELECT …), and ANY or ALL over an array that is not constant. */

#include "planner/bind.h"

/* -------- subscripts -------- */

enum { SUBSCRIPTS_MAX = FUNCTION_ARGUMENTS_MAX - 1 };

static Status bind_index(ExprContext *cx, const AstSubscript *subscript, SqlType type,
                         const Expr **ret_index, Error *err) {
    const Expr *index = NULL;

    TRY(bind_expr(cx, subscript->index, &index, err));
    if (type.id == TYPE_TEXT && (index->type.id == TYPE_NUMERIC || index->type.id == TYPE_FLOAT8 ||
                                 index->type.id == TYPE_FLOAT4))
        return error_at(err, index->position, DATATYPE_MISMATCH,
                        "subscript type %s is not supported", type_name(cx->binder, index->type));
    if (index->type.id != TYPE_UNKNOWN && !type_can_coerce(index->type, type.id) &&
        !cast_find(index->type.id, type.id, CAST_ASSIGNMENT))
        return error_at(err, index->position, DATATYPE_MISMATCH,
                        type.id == TYPE_INT4 ? "array subscript must have type integer"
                                             : "subscript type %s is not supported",
                        type_name(cx->binder, index->type));
    return coerce(cx->binder, index, type, CAST_ASSIGNMENT, ret_index, err);
}

/* j['a'][1] is j #> ARRAY['a', '1'] */
static Status subscript_json(Binder *binder, const Expr **parts, int count, int position,
                             const Expr **ret_expr, Error *err) {
    const Expr *path = NULL;

    TRY(make_call(binder, "array_build", parts + 1, count - 1, position, &path, err));
    return make_operator(binder, "#>", parts[0], path, position, ret_expr, err);
}

Status bind_subscript(ExprContext *cx, const AstSubscript *node, const Expr **ret_expr,
                      Error *err) {
    const AstSubscript *chain[SUBSCRIPTS_MAX] = {NULL};
    const Expr *parts[SUBSCRIPTS_MAX + 1] = {NULL};
    const AstNode *operand = &node->base;
    int count = 0;
    int position = node->base.position;

    for (; operand->kind == AST_SUBSCRIPT; operand = ((const AstSubscript *) operand)->operand) {
        const AstSubscript *subscript = (const AstSubscript *) operand;

        if (subscript->is_slice)
            return not_supported(err, operand->position, "a slice of an array");
        if (count == SUBSCRIPTS_MAX)
            return error_at(err, position, PROGRAM_LIMIT_EXCEEDED,
                            "number of array dimensions exceeds the maximum allowed (%d)",
                            SUBSCRIPTS_MAX);
        chain[count++] = subscript;
    }
    TRY(bind_expr(cx, operand, &parts[0], err));
    if (parts[0]->type.id != TYPE_ARRAY && parts[0]->type.id != TYPE_JSONB)
        return error_at(err, position, DATATYPE_MISMATCH,
                        "cannot subscript type %s because it does not support subscripting",
                        type_name(cx->binder, parts[0]->type));
    for (int i = 0; i < count; i++)
        TRY(bind_index(cx, chain[count - 1 - i],
                       parts[0]->type.id == TYPE_JSONB ? SQL_TYPE(TEXT) : SQL_TYPE(INT4),
                       &parts[i + 1], err));
    if (parts[0]->type.id == TYPE_JSONB)
        return subscript_json(cx->binder, parts, count + 1, position, ret_expr, err);
    return make_call(cx->binder, "array_get", parts, count + 1, position, ret_expr, err);
}

/* -------- ARRAY(SELECT …) -------- */

/* One row: array_agg over the query's column. */
static const Plan *collect_column(Binder *binder, const Plan *query, const Aggregate *aggregate,
                                  SqlType type, int position) {
    Plan *plan = plan_create(binder->arena, PLAN_AGGREGATE, &query, 1);
    PlanAggregateCall *call = arena_new(binder->arena, PlanAggregateCall);
    PlanColumn *column = arena_new(binder->arena, PlanColumn);

    *call = (PlanAggregateCall) {
        .aggregate = aggregate,
        .arguments = {1, arena_memdup(binder->arena, &query->columns[0].id, sizeof(ColumnId))}};
    *column = (PlanColumn) {.id = binder_new_id(binder), .name = "array", .type = type};
    binder_use(binder, column->id);
    plan->position = position;
    plan->calls = call;
    plan->call_count = 1;
    plan->columns = column;
    plan->column_count = 1;
    return plan_derive(binder->arena, plan);
}

/* No row gives an empty array, where array_agg gives NULL. */
Status bind_array_query(ExprContext *cx, const AstSubquery *node, const Expr **ret_expr,
                        Error *err) {
    Binder *binder = cx->binder;
    int position = node->base.position;
    const Plan *query = NULL;
    const Aggregate *aggregate = NULL;
    SqlType want[1] = {SQL_TYPE(UNKNOWN)};
    SqlType type = SQL_TYPE(UNKNOWN);
    const Expr *value = NULL;
    const Expr **parts = arena_new_array(binder->arena, const Expr *, 3);

    if (!cx->subqueries)
        return not_supported(err, position, "a subquery in %s", cx->clause);
    TRY(bind_query(binder, node->query, cx->scope, cx->scope ? cx->scope->ctes : NULL, false,
                   &query, err));
    if (query->column_count != 1)
        return error_at(err, position, SYNTAX_ERROR, "subquery must return only one column");
    if (query->columns[0].type.id == TYPE_ARRAY || query->columns[0].type.id == TYPE_RECORD)
        return not_supported(err, position, "ARRAY(SELECT …) of %s",
                             type_name(binder, query->columns[0].type));
    TRY(placed(aggregate_resolve("array_agg", (SqlTypes) {&query->columns[0].type, 1}, &aggregate,
                                 want, &type, err),
               position, err));
    value =
        add_scalar_subquery(cx, collect_column(binder, query, aggregate, type, position), position);
    TRY(make_call(binder, "is_not_null", &value, 1, position, &parts[0], err));
    parts[1] = value;
    TRY(coerce(binder, expr_constant(binder->arena, value_text(SQL_TYPE(UNKNOWN), "{}", 2)), type,
               CAST_IMPLICIT, &parts[2], err));
    *ret_expr = expr_case(binder->arena, type, parts, 3);
    return STATUS_OK;
}

/* -------- x = ANY (array) -------- */

/* True when an element is equal; else NULL when x or an element is NULL (and there are elements);
 * else false. NULL when the array is. */
Status bind_any_equal(Binder *binder, const Expr *left, const Expr *array, int position,
                      const Expr **ret_expr, Error *err) {
    SqlType type = array->type.element ? *array->type.element : SQL_TYPE(TEXT);
    const Expr *found[2] = {array, left};
    const Expr *null_place[2] = {array, expr_constant(binder->arena, value_null(type))};
    const Expr *count = NULL;
    const Expr *unknown = expr_constant(binder->arena, value_null(SQL_TYPE(BOOL)));
    const Expr *no = expr_constant(binder->arena, value_bool(false));
    const Expr **parts = arena_new_array(binder->arena, const Expr *, 9);

    TRY(coerce(binder, left, type, CAST_IMPLICIT, &found[1], err));
    TRY(make_call(binder, "is_null", &array, 1, position, &parts[0], err));
    parts[1] = unknown;
    TRY(make_call(binder, "cardinality", &array, 1, position, &count, err));
    TRY(make_operator(binder, "=", count, expr_constant(binder->arena, value_int4(0)), position,
                      &parts[2], err));
    parts[3] = no;
    TRY(make_call(binder, "is_null", &found[1], 1, position, &parts[4], err));
    parts[5] = unknown;
    TRY(make_call(binder, "array_position", found, 2, position, &found[0], err));
    TRY(make_call(binder, "is_not_null", &found[0], 1, position, &parts[6], err));
    parts[7] = expr_constant(binder->arena, value_bool(true));
    TRY(make_call(binder, "array_position", null_place, 2, position, &null_place[0], err));
    TRY(make_call(binder, "is_not_null", &null_place[0], 1, position, &found[0], err));
    {
        const Expr **last = arena_new_array(binder->arena, const Expr *, 3);

        last[0] = found[0];
        last[1] = unknown;
        last[2] = no;
        parts[8] = expr_case(binder->arena, SQL_TYPE(BOOL), last, 3);
    }
    *ret_expr = expr_case(binder->arena, SQL_TYPE(BOOL), parts, 9);
    return STATUS_OK;
}
