/* Forms: BETWEEN, IN (list), LIKE, IS, CASE, COALESCE and the like, each as calls and CASEs. */
#include <string.h>

#include "planner/bind.h"
#include "types/nested.h"

/* -------- IS, DISTINCT FROM -------- */

static Status is_null_of_row(ExprContext *cx, const AstRow *row, bool is_not, const Expr **ret_expr,
                             Error *err) {
    Binder *binder = cx->binder;
    int count = row->elements.count;
    const Expr **tests = arena_new_array(binder->arena, const Expr *, (size_t) count + 1);

    for (int i = 0; i < count; i++) {
        const Expr *field = NULL;

        TRY(bind_expr(cx, row->elements.items[i], &field, err));
        TRY(make_call(binder, is_not ? "is_not_null" : "is_null", &field, 1, row->base.position,
                      &tests[i], err));
    }
    *ret_expr = expr_and(binder->arena, tests, count);
    return STATUS_OK;
}

Status bind_is(ExprContext *cx, const AstIs *is, const Expr **ret_expr, Error *err) {
    static const char *const names[][2] = {
        [AST_IS_NULL] = {"is_null", "is_not_null"},
        [AST_IS_TRUE] = {"is_true", "is_not_true"},
        [AST_IS_FALSE] = {"is_false", "is_not_false"},
        [AST_IS_UNKNOWN] = {"is_unknown", "is_not_unknown"},
    };
    static const char *const constructs[][2] = {
        [AST_IS_NULL] = {"", ""},
        [AST_IS_TRUE] = {"IS TRUE", "IS NOT TRUE"},
        [AST_IS_FALSE] = {"IS FALSE", "IS NOT FALSE"},
        [AST_IS_UNKNOWN] = {"IS UNKNOWN", "IS NOT UNKNOWN"},
    };
    const Expr *operand = NULL;

    if (is->test == AST_IS_NULL && is->operand->kind == AST_ROW)
        return is_null_of_row(cx, (const AstRow *) is->operand, is->is_not, ret_expr, err);
    TRY(bind_expr(cx, is->operand, &operand, err));
    if (is->test != AST_IS_NULL)
        TRY(coerce_to_boolean(cx->binder, operand, constructs[is->test][is->is_not], &operand,
                              err));
    return make_call(cx->binder, names[is->test][is->is_not], &operand, 1, is->base.position,
                     ret_expr, err);
}

Status bind_distinct_from(ExprContext *cx, const AstDistinctFrom *node, const Expr **ret_expr,
                          Error *err) {
    const Expr *sides[2] = {NULL, NULL};
    const Expr *equality = NULL;
    SqlType type = SQL_TYPE(UNKNOWN);

    TRY(bind_expr(cx, node->left, &sides[0], err));
    TRY(bind_expr(cx, node->right, &sides[1], err));
    /* PostgreSQL wants an = operator for the two types. */
    TRY(make_operator(cx->binder, "=", sides[0], sides[1], node->base.position, &equality, err));
    TRY(unify_exprs(cx->binder, sides, 2, "IS DISTINCT FROM", &type, err));
    return make_call(cx->binder, node->is_not ? "is_not_distinct_from" : "is_distinct_from", sides,
                     2, node->base.position, ret_expr, err);
}

/* -------- BETWEEN -------- */

static Status make_range(Binder *binder, const Expr *operand, const Expr *low, const Expr *high,
                         const AstBetween *node, const Expr **ret_expr, Error *err) {
    const Expr *parts[2] = {NULL, NULL};
    int position = node->base.position;

    TRY(make_operator(binder, node->is_not ? "<" : ">=", operand, low, position, &parts[0], err));
    TRY(make_operator(binder, node->is_not ? ">" : "<=", operand, high, position, &parts[1], err));
    *ret_expr = node->is_not ? expr_or(binder->arena, parts, 2) : expr_and(binder->arena, parts, 2);
    return STATUS_OK;
}

Status bind_between(ExprContext *cx, const AstBetween *between, const Expr **ret_expr, Error *err) {
    Binder *binder = cx->binder;
    const Expr *operand = NULL;
    const Expr *low = NULL;
    const Expr *high = NULL;
    const Expr *ranges[2] = {NULL, NULL};

    TRY(bind_expr(cx, between->operand, &operand, err));
    TRY(bind_expr(cx, between->low, &low, err));
    TRY(bind_expr(cx, between->high, &high, err));
    TRY(make_range(binder, operand, low, high, between, &ranges[0], err));
    if (!between->is_symmetric) {
        *ret_expr = ranges[0];
        return STATUS_OK;
    }
    TRY(make_range(binder, operand, high, low, between, &ranges[1], err));
    *ret_expr =
        between->is_not ? expr_and(binder->arena, ranges, 2) : expr_or(binder->arena, ranges, 2);
    return STATUS_OK;
}

/* -------- IN, ANY, ALL -------- */

/* left [NOT] IN (items) */
typedef struct Membership {
    const Expr *left;
    const Expr **items;
    int count;
    bool is_not;
    int position;
} Membership;

/* left = a OR left = b OR …, or its negation. */
static Status make_equalities(Binder *binder, const Membership *in, const Expr **ret_expr,
                              Error *err) {
    const Expr **tests = arena_new_array(binder->arena, const Expr *, (size_t) in->count + 1);

    for (int i = 0; i < in->count; i++)
        TRY(make_operator(binder, in->is_not ? "<>" : "=", in->left, in->items[i], in->position,
                          &tests[i], err));
    *ret_expr = in->is_not ? expr_and(binder->arena, tests, in->count)
                           : expr_or(binder->arena, tests, in->count);
    return STATUS_OK;
}

/* EXPR_IN: all items are constants of the operand's type. Fails where they don't become so. */
static Status make_in(Binder *binder, const Membership *in, const Expr **ret_expr, Error *err) {
    const Expr **arguments = arena_new_array(binder->arena, const Expr *, (size_t) in->count + 1);
    const Expr *expr = NULL;
    SqlType type = SQL_TYPE(UNKNOWN);

    arguments[0] = in->left;
    for (int i = 0; i < in->count; i++)
        arguments[i + 1] = in->items[i];
    TRY(unify_exprs(binder, arguments, in->count + 1, "IN", &type, err));
    for (int i = 1; i <= in->count; i++) {
        Value value = value_null(type);

        TRY(constant_value(binder, arguments[i], &value, err));
        arguments[i] =
            with_position(binder, expr_constant(binder->arena, value), arguments[i]->position);
    }
    expr = expr_in(binder->arena, arguments, in->count + 1);
    *ret_expr = in->is_not ? expr_not(binder->arena, expr) : expr;
    return STATUS_OK;
}

static Status make_membership(Binder *binder, const Membership *in, const Expr **ret_expr,
                              Error *err) {
    Error ignored = {0};
    const Expr *first = NULL;
    bool is_constant = in->left->type.id != TYPE_RECORD;

    if (in->count == 0) {
        *ret_expr = expr_constant(binder->arena, value_bool(in->is_not));
        return STATUS_OK;
    }
    for (int i = 0; i < in->count && is_constant; i++)
        is_constant = is_foldable(in->items[i]);
    /* Is there an = at all? */
    TRY(make_operator(binder, "=", in->left, in->items[0], in->position, &first, err));
    if (is_constant && make_in(binder, in, ret_expr, &ignored) == STATUS_OK)
        return STATUS_OK;
    return make_equalities(binder, in, ret_expr, err);
}

/* (a, b) IN ((1, 2), (3, 4)) */
static Status bind_in_rows(ExprContext *cx, const AstInList *in, const Expr **ret_expr,
                           Error *err) {
    Binder *binder = cx->binder;
    int count = in->items.count;
    const Expr **tests = arena_new_array(binder->arena, const Expr *, (size_t) count + 1);

    for (int i = 0; i < count; i++) {
        AstOp equal = {.base = {AST_OP, in->base.position},
                       .op = in->is_not ? "<>" : "=",
                       .left = in->operand,
                       .right = in->items.items[i]};

        TRY(bind_operator(cx, &equal, &tests[i], err));
    }
    *ret_expr =
        in->is_not ? expr_and(binder->arena, tests, count) : expr_or(binder->arena, tests, count);
    return STATUS_OK;
}

Status bind_in_list(ExprContext *cx, const AstInList *in, const Expr **ret_expr, Error *err) {
    Membership membership = {
        .count = in->items.count, .is_not = in->is_not, .position = in->base.position};

    if (in->operand->kind == AST_ROW)
        return bind_in_rows(cx, in, ret_expr, err);
    TRY(bind_expr(cx, in->operand, &membership.left, err));
    membership.items =
        arena_new_array(cx->binder->arena, const Expr *, (size_t) membership.count + 1);
    for (int i = 0; i < membership.count; i++)
        TRY(bind_expr(cx, in->items.items[i], &membership.items[i], err));
    return make_membership(cx->binder, &membership, ret_expr, err);
}

/* The elements of ARRAY[…] or of a constant array; *ret_count -1: only known when it runs. */
static Status array_elements(ExprContext *cx, const Expr *left, const AstNode *node,
                             const Expr ***ret_items, int *ret_count, const Expr **ret_array,
                             Error *err) {
    Binder *binder = cx->binder;
    const Expr *array = NULL;
    Value value = value_null(SQL_TYPE(UNKNOWN));
    Value element = value_null(SQL_TYPE(UNKNOWN));
    int count = 0;

    if (node->kind == AST_ARRAY) {
        const AstArray *written = (const AstArray *) node;

        *ret_count = written->elements.count;
        *ret_items = arena_new_array(binder->arena, const Expr *, (size_t) *ret_count + 1);
        for (int i = 0; i < *ret_count; i++)
            TRY(bind_expr(cx, written->elements.items[i], &(*ret_items)[i], err));
        return STATUS_OK;
    }
    TRY(bind_expr(cx, node, &array, err));
    if (array->type.id == TYPE_UNKNOWN)
        TRY(coerce(binder, array,
                   type_array_of(left->type.id == TYPE_UNKNOWN ? TYPE_TEXT : left->type.id),
                   CAST_IMPLICIT, &array, err));
    if (array->type.id != TYPE_ARRAY)
        return error_at(err, node->position, WRONG_OBJECT_TYPE,
                        "op ANY/ALL (array) requires array on right side");
    *ret_array = array;
    *ret_count = -1;
    if (!is_foldable(array))
        return STATUS_OK;
    TRY(constant_value(binder, array, &value, err));
    if (value.is_null)
        return STATUS_OK;
    for (NestedReader reader = array_reader(&value); array_next(&reader, &element);)
        count++;
    *ret_items = arena_new_array(binder->arena, const Expr *, (size_t) count + 1);
    *ret_count = 0;
    for (NestedReader reader = array_reader(&value); array_next(&reader, &element);)
        (*ret_items)[(*ret_count)++] =
            expr_constant(binder->arena, value_copy(&element, binder->arena));
    return STATUS_OK;
}

Status bind_quantified(ExprContext *cx, const AstQuantified *node, const Expr **ret_expr,
                       Error *err) {
    Binder *binder = cx->binder;
    bool is_in = strcmp(node->op, "=") == 0 && !node->is_all;
    bool is_not_in = strcmp(node->op, "<>") == 0 && node->is_all;
    int position = node->base.position;
    const Expr *left = NULL;
    const Expr **items = NULL;
    const Expr **tests = NULL;
    const Expr *array = NULL;
    int count = 0;

    if (node->right->kind == AST_QUERY) {
        if (!is_in && !is_not_in)
            return not_supported(err, position, "%s %s (subquery)", node->op,
                                 node->is_all ? "ALL" : "ANY");
        return bind_in_query(cx, node->left, (const AstQuery *) node->right, is_not_in, position,
                             ret_expr, err);
    }
    TRY(bind_expr(cx, node->left, &left, err));
    TRY(array_elements(cx, left, node->right, &items, &count, &array, err));
    if (count < 0 && array &&
        array->kind == EXPR_PARAMETER) /* being described: only types matter */
        return make_call(binder, "is_null", &array, 1, position, ret_expr, err);
    if (count < 0 && (is_in || is_not_in)) {
        TRY(bind_any_equal(binder, left, array, position, ret_expr, err));
        if (is_not_in)
            *ret_expr = expr_not(binder->arena, *ret_expr);
        return STATUS_OK;
    }
    if (count < 0)
        return not_supported(err, position, "%s %s over an array that is not constant", node->op,
                             node->is_all ? "ALL" : "ANY");
    if (is_in || is_not_in)
        return make_membership(binder, &(Membership) {left, items, count, is_not_in, position},
                               ret_expr, err);
    tests = arena_new_array(binder->arena, const Expr *, (size_t) count + 1);
    for (int i = 0; i < count; i++)
        TRY(make_operator(binder, node->op, left, items[i], position, &tests[i], err));
    *ret_expr =
        node->is_all ? expr_and(binder->arena, tests, count) : expr_or(binder->arena, tests, count);
    return STATUS_OK;
}

/* -------- LIKE -------- */

Status bind_like(ExprContext *cx, const AstLike *like, const Expr **ret_expr, Error *err) {
    static const char *const operators[][2] = {
        [AST_LIKE_LIKE] = {"~~", "!~~"},
        [AST_LIKE_ILIKE] = {"~~*", "!~~*"},
        [AST_LIKE_SIMILAR] = {"~", "!~"},
    };
    const Expr *operand = NULL;
    const Expr *pattern[2] = {NULL, NULL};
    int position = like->base.position;

    TRY(bind_expr(cx, like->operand, &operand, err));
    TRY(bind_expr(cx, like->pattern, &pattern[0], err));
    if (like->escape)
        TRY(bind_expr(cx, like->escape, &pattern[1], err));
    if (like->like == AST_LIKE_SIMILAR)
        TRY(make_call(cx->binder, "similar_to_escape", pattern, like->escape ? 2 : 1, position,
                      &pattern[0], err));
    else if (like->escape)
        TRY(make_call(cx->binder, "like_escape", pattern, 2, position, &pattern[0], err));
    return make_operator(cx->binder, operators[like->like][like->is_not], operand, pattern[0],
                         position, ret_expr, err);
}

/* -------- CASE, COALESCE, NULLIF, GREATEST, LEAST -------- */

Status bind_case(ExprContext *cx, const AstCase *node, const Expr **ret_expr, Error *err) {
    Binder *binder = cx->binder;
    int count = node->whens.count;
    const Expr **results = arena_new_array(binder->arena, const Expr *, (size_t) count + 1);
    const Expr **arguments = arena_new_array(binder->arena, const Expr *, (size_t) count * 2 + 1);
    const Expr *operand = NULL;
    SqlType type = SQL_TYPE(UNKNOWN);

    if (node->operand)
        TRY(bind_expr(cx, node->operand, &operand, err));
    for (int i = 0; i < count; i++) {
        const AstWhen *when = (const AstWhen *) node->whens.items[i];
        const Expr *condition = NULL;

        if (operand) {
            TRY(bind_expr(cx, when->condition, &condition, err));
            TRY(make_operator(binder, "=", operand, condition, when->base.position, &condition,
                              err));
        } else {
            TRY(bind_condition(cx, when->condition, "CASE/WHEN", &condition, err));
        }
        arguments[2 * i] = condition;
        TRY(bind_expr(cx, when->result, &results[i], err));
    }
    if (node->otherwise)
        TRY(bind_expr(cx, node->otherwise, &results[count], err));
    else
        results[count] = expr_constant(binder->arena, value_null(SQL_TYPE(UNKNOWN)));
    TRY(unify_exprs(binder, results, count + 1, "CASE", &type, err));
    for (int i = 0; i < count; i++)
        arguments[2 * i + 1] = results[i];
    arguments[2 * count] = results[count];
    *ret_expr = expr_case(binder->arena, type, arguments, count * 2 + 1);
    return STATUS_OK;
}

static Status make_coalesce(Binder *binder, const Expr **arguments, int count, int position,
                            const Expr **ret_expr, Error *err) {
    const Expr **parts = arena_new_array(binder->arena, const Expr *, (size_t) count * 2 + 1);
    SqlType type = SQL_TYPE(UNKNOWN);

    TRY(unify_exprs(binder, arguments, count, "COALESCE", &type, err));
    if (count == 1) {
        *ret_expr = arguments[0];
        return STATUS_OK;
    }
    for (int i = 0; i < count - 1; i++) {
        TRY(make_call(binder, "is_not_null", &(const Expr *) {arguments[i]}, 1, position,
                      &parts[2 * i], err));
        parts[2 * i + 1] = arguments[i];
    }
    parts[2 * (count - 1)] = arguments[count - 1];
    *ret_expr = expr_case(binder->arena, type, parts, count * 2 - 1);
    return STATUS_OK;
}

static Status make_nullif(Binder *binder, const Expr **arguments, int position,
                          const Expr **ret_expr, Error *err) {
    const Expr *parts[3] = {NULL, NULL, NULL};

    if (arguments[0]->type.id == TYPE_UNKNOWN && arguments[1]->type.id == TYPE_UNKNOWN)
        TRY(resolve_unknown(binder, arguments[0], &arguments[0], err));
    TRY(make_operator(binder, "=", arguments[0], arguments[1], position, &parts[0], err));
    if (arguments[0]->type.id == TYPE_UNKNOWN)
        TRY(coerce(binder, arguments[0], arguments[1]->type, CAST_IMPLICIT, &arguments[0], err));
    parts[1] = expr_constant(binder->arena, value_null(arguments[0]->type));
    parts[2] = arguments[0];
    *ret_expr = expr_case(binder->arena, arguments[0]->type,
                          arena_memdup(binder->arena, parts, sizeof(parts)), 3);
    return STATUS_OK;
}

Status bind_variadic(ExprContext *cx, const AstVariadic *node, const Expr **ret_expr, Error *err) {
    Binder *binder = cx->binder;
    int count = node->arguments.count;
    int position = node->base.position;
    const Expr **arguments = arena_new_array(binder->arena, const Expr *, (size_t) count + 1);

    for (int i = 0; i < count; i++)
        TRY(bind_expr(cx, node->arguments.items[i], &arguments[i], err));
    if (node->base.kind == AST_COALESCE)
        return make_coalesce(binder, arguments, count, position, ret_expr, err);
    if (node->base.kind == AST_NULLIF)
        return make_nullif(binder, arguments, position, ret_expr, err);
    return make_call(binder, node->base.kind == AST_GREATEST ? "greatest" : "least", arguments,
                     count, position, ret_expr, err);
}
