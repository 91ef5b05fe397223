/* Expressions: the dispatch, and the forms that are calls of operators. */
#include <string.h>

#include "planner/bind.h"

/* -------- calls -------- */

static Status cast_arguments(Binder *binder, const Expr **arguments, const SqlType *types,
                             int count, Error *err) {
    for (int i = 0; i < count; i++)
        TRY(coerce(binder, arguments[i], types[i], CAST_IMPLICIT, &arguments[i], err));
    return STATUS_OK;
}

static void argument_types(Binder *binder, const Expr **arguments, int count, SqlType **ret_have,
                           SqlType **ret_want) {
    *ret_have = arena_new_array(binder->arena, SqlType, (size_t) count + 1);
    *ret_want = arena_new_array(binder->arena, SqlType, (size_t) count + 1);
    for (int i = 0; i < count; i++)
        (*ret_have)[i] = arguments[i]->type;
}

static const Expr *finish_call(Binder *binder, const Function *function, SqlType type,
                               const Expr **arguments, int count, int position) {
    const Expr *const *copy =
        arena_memdup(binder->arena, arguments, sizeof(*arguments) * (size_t) count);

    return with_position(binder, expr_call(binder->arena, function, type, copy, count), position);
}

Status make_call(Binder *binder, const char *name, const Expr **arguments, int count, int position,
                 const Expr **ret_expr, Error *err) {
    const Function *function = NULL;
    SqlType *have = NULL;
    SqlType *want = NULL;
    SqlType result = SQL_TYPE(UNKNOWN);
    Status status = STATUS_OK;

    argument_types(binder, arguments, count, &have, &want);
    status =
        function_resolve(name, (SqlTypes) {have, (uint32_t) count}, &function, want, &result, err);
    if (status == STATUS_ERROR && err->sqlstate == SQLSTATE_UNDEFINED_FUNCTION && count == 1 &&
        type_from_name(name, &result)) { /* float8(x): a cast */
        error_clear(err);
        return placed(coerce(binder, arguments[0], result, CAST_EXPLICIT, ret_expr, err), position,
                      err);
    }
    TRY(placed(status, position, err));
    TRY(cast_arguments(binder, arguments, want, count, err));
    *ret_expr = finish_call(binder, function, result, arguments, count, position);
    return STATUS_OK;
}

Status make_operator(Binder *binder, const char *name, const Expr *left, const Expr *right,
                     int position, const Expr **ret_expr, Error *err) {
    const Expr *arguments[2] = {left ? left : right, right};
    int count = left ? 2 : 1;
    const Function *function = NULL;
    SqlType *have = NULL;
    SqlType *want = NULL;
    SqlType result = SQL_TYPE(UNKNOWN);

    argument_types(binder, arguments, count, &have, &want);
    TRY(placed(
        operator_resolve(name, (SqlTypes) {have, (uint32_t) count}, &function, want, &result, err),
        position, err));
    TRY(cast_arguments(binder, arguments, want, count, err));
    *ret_expr = finish_call(binder, function, result, arguments, count, position);
    return STATUS_OK;
}

Status unify_exprs(Binder *binder, const Expr **exprs, int count, const char *construct,
                   SqlType *ret_type, Error *err) {
    SqlType *have = NULL;
    SqlType *want = NULL;
    int position = count > 0 ? exprs[0]->position : 0;

    argument_types(binder, exprs, count, &have, &want);
    if (type_unify(have, (uint32_t) count, construct, ret_type, err) != STATUS_OK) {
        /* the first that does not fit is the one to point at */
        for (int i = 1; i < count; i++) {
            error_clear(err);
            position = exprs[i]->position;
            TRY(placed(type_unify(have, (uint32_t) i + 1, construct, ret_type, err), position,
                       err));
        }
        return placed(STATUS_ERROR, position, err);
    }
    for (int i = 0; i < count; i++)
        TRY(coerce(binder, exprs[i], *ret_type, CAST_IMPLICIT, &exprs[i], err));
    return STATUS_OK;
}

/* -------- logic -------- */

Status bind_condition(ExprContext *cx, const AstNode *node, const char *construct,
                      const Expr **ret_expr, Error *err) {
    const Expr *expr = NULL;

    TRY(bind_expr(cx, node, &expr, err));
    return coerce_to_boolean(cx->binder, expr, construct, ret_expr, err);
}

static Status bind_logical(ExprContext *cx, const AstLogical *node, const Expr **ret_expr,
                           Error *err) {
    Binder *binder = cx->binder;
    bool is_and = node->base.kind == AST_AND;
    int count = node->operands.count;
    const Expr **operands = arena_new_array(binder->arena, const Expr *, (size_t) count + 1);

    for (int i = 0; i < count; i++)
        TRY(bind_condition(cx, node->operands.items[i], is_and ? "AND" : "OR", &operands[i], err));
    *ret_expr =
        is_and ? expr_and(binder->arena, operands, count) : expr_or(binder->arena, operands, count);
    return STATUS_OK;
}

static Status bind_not(ExprContext *cx, const AstNot *node, const Expr **ret_expr, Error *err) {
    const Expr *operand = NULL;

    TRY(bind_condition(cx, node->operand, "NOT", &operand, err));
    *ret_expr = expr_not(cx->binder->arena, operand);
    return STATUS_OK;
}

/* -------- arrays -------- */

/* ARRAY[…]::type[]: each element is cast, so that an empty one is no riddle. */
static Status bind_array_of(ExprContext *cx, const AstArray *node, SqlType type,
                            const Expr **ret_expr, Error *err) {
    Binder *binder = cx->binder;
    int count = node->elements.count;
    const Expr **elements = arena_new_array(binder->arena, const Expr *, (size_t) count + 1);

    if (count == 0)
        return coerce(binder, expr_constant(binder->arena, value_text(SQL_TYPE(UNKNOWN), "{}", 2)),
                      type, CAST_IMPLICIT, ret_expr, err);
    for (int i = 0; i < count; i++) {
        const AstNode *element = node->elements.items[i];

        if (element->kind == AST_ARRAY) {
            TRY(bind_array_of(cx, (const AstArray *) element, type, &elements[i], err));
            continue;
        }
        TRY(bind_expr(cx, element, &elements[i], err));
        if (elements[i]->type.id == TYPE_ARRAY)
            TRY(placed(coerce(binder, elements[i], type, CAST_EXPLICIT, &elements[i], err),
                       element->position, err));
        else
            TRY(placed(coerce(binder, elements[i], *type.element, CAST_EXPLICIT, &elements[i], err),
                       element->position, err));
    }
    return make_call(binder, "array_build", elements, count, node->base.position, ret_expr, err);
}

static Status bind_array(ExprContext *cx, const AstArray *node, const Expr **ret_expr, Error *err) {
    Binder *binder = cx->binder;
    int count = node->elements.count;
    const Expr **elements = arena_new_array(binder->arena, const Expr *, (size_t) count + 1);
    SqlType type = SQL_TYPE(TEXT);

    if (count == 0) {
        IGNORE(error_at(err, node->base.position, INDETERMINATE_DATATYPE, /* hinted */
                        "cannot determine type of empty array"));
        return error_hint(err, "Explicitly cast to the desired type, for example "
                               "ARRAY[]::integer[].");
    }
    for (int i = 0; i < count; i++)
        TRY(bind_expr(cx, node->elements.items[i], &elements[i], err));
    TRY(unify_exprs(binder, elements, count, "ARRAY", &type, err));
    return make_call(binder, "array_build", elements, count, node->base.position, ret_expr, err);
}

/* -------- casts -------- */

static Status bind_cast(ExprContext *cx, const AstCast *cast, const Expr **ret_expr, Error *err) {
    Binder *binder = cx->binder;
    SqlType type = SQL_TYPE(UNKNOWN);
    const Expr *operand = NULL;

    TRY(bind_type(binder, cast->type, &type, err));
    if (cast->syntax == AST_CAST_TRY)
        return not_supported(err, cast->base.position, "TRY_CAST");
    if (type.id == TYPE_INTERVAL && cast->operand->kind == AST_LITERAL &&
        ((const AstLiteral *) cast->operand)->literal == AST_LITERAL_STRING)
        return bind_interval_literal(binder, cast, ret_expr, err);
    if (type.id == TYPE_ARRAY && cast->operand->kind == AST_ARRAY)
        return bind_array_of(cx, (const AstArray *) cast->operand, type, ret_expr, err);
    TRY(bind_expr(cx, cast->operand, &operand, err));
    TRY(placed(coerce(binder, operand, type, CAST_EXPLICIT, ret_expr, err), cast->base.position,
               err));
    *ret_expr = with_position(binder, *ret_expr,
                              operand->position ? operand->position : cast->base.position);
    return STATUS_OK;
}

static Status bind_collate(ExprContext *cx, const AstCollate *node, const Expr **ret_expr,
                           Error *err) {
    const char *name = node->collation->name;

    if (strcmp(name, "C") != 0 && strcmp(name, "POSIX") != 0 && strcmp(name, "default") != 0 &&
        strcmp(name, "ucs_basic") != 0) {
        IGNORE(not_supported(err, node->base.position, "collation \"%s\"", name)); /* hinted */
        return error_hint(err, "The collation is \"C\".");
    }
    return bind_expr(cx, node->operand, ret_expr, err);
}

/* -------- dispatch -------- */

static Status bind_special(ExprContext *cx, const AstNode *node, const Expr **ret_expr,
                           Error *err) {
    switch (node->kind) {
    case AST_COLLATE:
        return bind_collate(cx, (const AstCollate *) node, ret_expr, err);
    case AST_ARRAY:
        return bind_array(cx, (const AstArray *) node, ret_expr, err);
    case AST_SUBSCRIPT:
        return bind_subscript(cx, (const AstSubscript *) node, ret_expr, err);
    case AST_NAMED_ARG:
        return not_supported(err, node->position, "a named argument here");
    case AST_DEFAULT:
        return error_at(err, node->position, SYNTAX_ERROR,
                        "DEFAULT is not allowed in this context");
    case AST_SUBQUERY:
        return bind_subquery(cx, (const AstSubquery *) node, ret_expr, err);
    case AST_IN_QUERY: {
        const AstInQuery *in = (const AstInQuery *) node;

        return bind_in_query(cx, in->operand, in->query, in->is_not, node->position, ret_expr, err);
    }
    case AST_QUANTIFIED:
        return bind_quantified(cx, (const AstQuantified *) node, ret_expr, err);
    case AST_VALUE_FUNCTION:
        return bind_value_function(cx, (const AstValueFunction *) node, ret_expr, err);
    case AST_ROW:
        return bind_row(cx, (const AstRow *) node, ret_expr, err);
    case AST_FIELD:
        return bind_field(cx, (const AstField *) node, ret_expr, err);
    default:
        return not_supported(err, node->position, "this expression");
    }
}

static Status bind_node(ExprContext *cx, const AstNode *node, const Expr **ret_expr, Error *err) {
    switch (node->kind) {
    case AST_COLUMN_REF:
        return bind_column_ref(cx, (const AstColumnRef *) node, ret_expr, err);
    case AST_LITERAL:
        return bind_literal(cx->binder, (const AstLiteral *) node, ret_expr, err);
    case AST_PARAM:
        return bind_parameter(cx->binder, (const AstParam *) node, ret_expr, err);
    case AST_FUNC_CALL:
        return bind_func_call(cx, (const AstFuncCall *) node, ret_expr, err);
    case AST_OP:
        return bind_operator(cx, (const AstOp *) node, ret_expr, err);
    case AST_AND:
    case AST_OR:
        return bind_logical(cx, (const AstLogical *) node, ret_expr, err);
    case AST_NOT:
        return bind_not(cx, (const AstNot *) node, ret_expr, err);
    case AST_IS:
        return bind_is(cx, (const AstIs *) node, ret_expr, err);
    case AST_DISTINCT_FROM:
        return bind_distinct_from(cx, (const AstDistinctFrom *) node, ret_expr, err);
    case AST_BETWEEN:
        return bind_between(cx, (const AstBetween *) node, ret_expr, err);
    case AST_IN_LIST:
        return bind_in_list(cx, (const AstInList *) node, ret_expr, err);
    case AST_LIKE:
        return bind_like(cx, (const AstLike *) node, ret_expr, err);
    case AST_CASE:
        return bind_case(cx, (const AstCase *) node, ret_expr, err);
    case AST_CAST:
        return bind_cast(cx, (const AstCast *) node, ret_expr, err);
    case AST_COALESCE:
    case AST_GREATEST:
    case AST_LEAST:
    case AST_NULLIF:
        return bind_variadic(cx, (const AstVariadic *) node, ret_expr, err);
    default:
        return bind_special(cx, node, ret_expr, err);
    }
}

Status bind_expr(ExprContext *cx, const AstNode *node, const Expr **ret_expr, Error *err) {
    Status status = STATUS_OK;
    const Expr *expr = NULL;

    TRY(binder_enter(cx->binder, node->position, err));
    status = bind_node(cx, node, &expr, err);
    binder_leave(cx->binder);
    if (status == STATUS_OK && expr->position == 0)
        expr = with_position(cx->binder, expr, node->position);
    if (status == STATUS_OK)
        *ret_expr = expr;
    return status;
}
