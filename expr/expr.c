/* Expr: constructors, casts, questions and rewrites over expression trees. */
#include "expr/expr.h"

#include <assert.h>

static Expr *expr_new(Arena *arena, ExprKind kind, SqlType type, const Expr *const *arguments,
                      int count) {
    Expr *expr = arena_new(arena, Expr);

    expr->kind = kind;
    expr->type = type;
    expr->argument_count = count;
    if (count)
        expr->arguments = arena_memdup(arena, arguments, sizeof(Expr *) * (size_t) count);
    return expr;
}

const Expr *expr_constant(Arena *arena, Value value) {
    Expr *expr = expr_new(arena, EXPR_CONSTANT, value.type, NULL, 0);

    expr->constant = value_copy(&value, arena);
    return expr;
}

const Expr *expr_column(Arena *arena, ColumnId id, SqlType type, const char *name) {
    Expr *expr = expr_new(arena, EXPR_COLUMN, type, NULL, 0);

    assert(id > 0);
    expr->column.id = id;
    expr->column.name = name ? arena_strdup(arena, name) : "";
    return expr;
}

const Expr *expr_call(Arena *arena, const Function *function, SqlType type,
                      const Expr *const *arguments, int count) {
    Expr *expr = expr_new(arena, EXPR_CALL, type, arguments, count);

    expr->function = function;
    return expr;
}

static Status at_position(Status status, int position, Error *err) {
    if (status == STATUS_ERROR && err->position == 0)
        err->position = position;
    return status;
}

static bool is_operator_name(const char *name) {
    return strchr("+-*/<>=~!@#%^&|`?", name[0]) != NULL;
}

/* float8(x), text(x): a cast when no function of the name takes it. */
static Status call_as_cast(Arena *arena, const char *name, const Expr *argument, int position,
                           const Expr **ret_expr) {
    SqlType type;
    Error ignored = {0};
    const Expr *casted = NULL;

    if (!type_from_name(name, &type) || strchr(name, ' ') ||
        expr_cast_to(arena, argument, type, CAST_EXPLICIT, &casted, &ignored) != STATUS_OK)
        return STATUS_ERROR;
    *ret_expr = casted == argument ? casted : expr_at(arena, casted, position);
    return STATUS_OK;
}

Status expr_call_named(Arena *arena, const char *name, const Expr *const *arguments, int count,
                       int position, const Expr **ret_expr, Error *err) {
    size_t room = (size_t) (count ? count : 1);
    SqlType *types = arena_new_array(arena, SqlType, room);
    SqlType *wanted = arena_new_array(arena, SqlType, room);
    const Expr **casted = arena_new_array(arena, const Expr *, room);
    const Function *function = NULL;
    SqlType result;
    Status status = STATUS_OK;
    Expr *expr = NULL;

    for (int i = 0; i < count; i++)
        types[i] = arguments[i]->type;
    if (is_operator_name(name))
        status = operator_resolve(name, (SqlTypes) {types, (uint32_t) count}, &function, wanted,
                                  &result, err);
    else
        status = function_resolve(name, (SqlTypes) {types, (uint32_t) count}, &function, wanted,
                                  &result, err);
    if (status == STATUS_ERROR && count == 1 && err->sqlstate == SQLSTATE_UNDEFINED_FUNCTION &&
        call_as_cast(arena, name, arguments[0], position, ret_expr) == STATUS_OK) {
        error_clear(err);
        return STATUS_OK;
    }
    TRY(at_position(status, position, err));
    for (int i = 0; i < count; i++)
        TRY(at_position(
            expr_cast_to(arena, arguments[i], wanted[i], CAST_IMPLICIT, &casted[i], err), position,
            err));
    expr = expr_new(arena, EXPR_CALL, result, casted, count);
    expr->function = function;
    expr->position = position;
    *ret_expr = expr;
    return STATUS_OK;
}

/* -------- casts -------- */

static const Expr *cast_node(Arena *arena, const Expr *expr, SqlType type, const Cast *cast,
                             CastContext context) {
    Expr *node = expr_new(arena, EXPR_CAST, type, &expr, 1);

    node->position = expr->position;
    node->cast.cast = cast;
    node->cast.context = context;
    return node;
}

static const Expr *constant_at(Arena *arena, Value value, int position) {
    Expr *expr = expr_new(arena, EXPR_CONSTANT, value.type, NULL, 0);

    expr->constant = value;
    expr->position = position;
    return expr;
}

/* A literal whose meaning the text alone gives; else the session's settings or clock are needed. */
static bool is_fixed_literal(SqlType type, const TextView *text) {
    const Cast *cast = cast_find(TYPE_TEXT, type.id, CAST_EXPLICIT);
    const char *bytes = text_data(text);

    if (!cast || cast->volatility == VOLATILITY_IMMUTABLE)
        return true;
    if (type.id == TYPE_DATE || type.id == TYPE_TIMESTAMP || type.id == TYPE_TIME)
        return text->length && bytes[0] >= '0' && bytes[0] <= '9';
    return false;
}

/* A quoted literal takes its type here. */
static Status type_literal(Arena *arena, const Expr *literal, SqlType type, CastContext context,
                           const Expr **ret_expr, Error *err) {
    const TextView *text = &literal->constant.text;
    Value value = literal->constant;

    if (!is_fixed_literal(type, text)) {
        const Cast *cast = cast_find(TYPE_TEXT, type.id, CAST_EXPLICIT);

        value.type = SQL_TYPE(TEXT);
        *ret_expr =
            cast_node(arena, constant_at(arena, value, literal->position), type, cast, context);
        return STATUS_OK;
    }
    TRY(at_position(value_parse_text(type, text_data(text), text->length, &form_settings_default,
                                     arena, &value, err),
                    literal->position, err));
    value.type = type;
    *ret_expr = constant_at(arena, value, literal->position);
    return STATUS_OK;
}

static Status cast_error(const Expr *expr, SqlType type, Arena *arena, Error *err) {
    SqlType from = expr->type;

    from.typmod = -1;
    type.typmod = -1;
    return error_at(err, expr->position, CANNOT_COERCE, "cannot cast type %s to %s",
                    type_display(from, arena), type_display(type, arena));
}

Status expr_cast_to(Arena *arena, const Expr *expr, SqlType type, CastContext context,
                    const Expr **ret_expr, Error *err) {
    const Cast *cast = NULL;
    TypeId from = expr->type.id == TYPE_UNKNOWN ? TYPE_TEXT : expr->type.id;

    *ret_expr = expr;
    if (type.id == TYPE_UNKNOWN || !cast_is_needed(expr->type, type))
        return STATUS_OK;
    if (expr->kind == EXPR_CONSTANT && expr->constant.is_null &&
        (expr->type.id == TYPE_UNKNOWN || cast_find(from, type.id, context))) {
        *ret_expr = constant_at(arena, value_null(type), expr->position);
        return STATUS_OK;
    }
    if (expr->kind == EXPR_CONSTANT && expr->type.id == TYPE_UNKNOWN)
        return type_literal(arena, expr, type, context, ret_expr, err);
    if (expr->kind == EXPR_PARAMETER && expr->type.id == TYPE_UNKNOWN) {
        Expr *typed = expr_new(arena, EXPR_PARAMETER, type, NULL, 0);

        typed->position = expr->position;
        typed->parameter_number = expr->parameter_number;
        *ret_expr = typed;
        return STATUS_OK;
    }
    cast = cast_find(from, type.id, expr->type.id == TYPE_UNKNOWN ? CAST_EXPLICIT : context);
    if (expr->type.id == TYPE_ARRAY && type.id == TYPE_ARRAY && !type_equal(expr->type, type))
        return cast_error(expr, type, arena, err);
    if (!cast && from != type.id)
        return cast_error(expr, type, arena, err);
    *ret_expr = cast_node(arena, expr, type, cast, context);
    return STATUS_OK;
}

/* -------- booleans and CASE -------- */

/* AND of ANDs is one AND. */
static const Expr *flatten(Arena *arena, ExprKind kind, const Expr *const *arguments, int count) {
    const Expr **flat = NULL;
    int total = 0;
    int filled = 0;

    for (int i = 0; i < count; i++)
        total += arguments[i]->kind == kind ? arguments[i]->argument_count : 1;
    flat = arena_new_array(arena, const Expr *, (size_t) total);
    for (int i = 0; i < count; i++) {
        if (arguments[i]->kind != kind) {
            flat[filled++] = arguments[i];
            continue;
        }
        for (int j = 0; j < arguments[i]->argument_count; j++)
            flat[filled++] = arguments[i]->arguments[j];
    }
    assert(filled == total);
    return expr_new(arena, kind, SQL_TYPE(BOOL), flat, total);
}

const Expr *expr_true(Arena *arena) {
    return expr_constant(arena, value_bool(true));
}

const Expr *expr_and(Arena *arena, const Expr *const *arguments, int count) {
    if (count == 0)
        return expr_true(arena);
    return count == 1 ? arguments[0] : flatten(arena, EXPR_AND, arguments, count);
}

const Expr *expr_or(Arena *arena, const Expr *const *arguments, int count) {
    if (count == 0)
        return expr_constant(arena, value_bool(false));
    return count == 1 ? arguments[0] : flatten(arena, EXPR_OR, arguments, count);
}

const Expr *expr_not(Arena *arena, const Expr *expr) {
    static const TypeId boolean[] = {TYPE_BOOL};
    const Function *function = function_find("not", boolean, 1);

    assert(function);
    return expr_call(arena, function, SQL_TYPE(BOOL), &expr, 1);
}

const Expr *expr_case(Arena *arena, SqlType type, const Expr *const *arguments, int count) {
    assert(count >= 1);
    assert(count % 2 == 1);
    return expr_new(arena, EXPR_CASE, type, arguments, count);
}

const Expr *expr_in(Arena *arena, const Expr *const *arguments, int count) {
    assert(count >= 1);
    return expr_new(arena, EXPR_IN, SQL_TYPE(BOOL), arguments, count);
}

const Expr *expr_at(Arena *arena, const Expr *expr, int position) {
    Expr *copy = arena_memdup(arena, expr, sizeof(*expr));

    copy->position = position;
    return copy;
}

/* -------- questions -------- */

/* The same bits: 1.0 and 1.00 differ, for they print differently. */
static bool constants_identical(const Value *left, const Value *right) {
    if (!type_equal(left->type, right->type) || left->type.typmod != right->type.typmod ||
        left->is_null != right->is_null)
        return false;
    if (left->is_null)
        return true;
    if (type_physical(left->type.id) == PHYSICAL_VARLEN)
        return text_equal(&left->text, &right->text);
    return memcmp(left->bytes, right->bytes, physical_size_bytes(type_physical(left->type.id))) ==
           0;
}

static bool nodes_equal(const Expr *left, const Expr *right) {
    switch (left->kind) {
    case EXPR_CONSTANT:
        return constants_identical(&left->constant, &right->constant);
    case EXPR_COLUMN:
        return left->column.id == right->column.id;
    case EXPR_PARAMETER:
        return left->parameter_number == right->parameter_number;
    case EXPR_CALL:
        return left->function == right->function;
    case EXPR_CAST:
        return left->cast.cast == right->cast.cast && left->cast.context == right->cast.context;
    case EXPR_AND:
    case EXPR_OR:
    case EXPR_CASE:
    case EXPR_IN:
        return true;
    }
    return false;
}

bool expr_equal(const Expr *left, const Expr *right) {
    if (left == right)
        return true;
    if (left->kind != right->kind || left->argument_count != right->argument_count ||
        !type_equal(left->type, right->type) || left->type.typmod != right->type.typmod ||
        !nodes_equal(left, right))
        return false;
    for (int i = 0; i < left->argument_count; i++) {
        if (!expr_equal(left->arguments[i], right->arguments[i]))
            return false;
    }
    return true;
}

bool expr_is_true(const Expr *expr) {
    return expr->kind == EXPR_CONSTANT && expr->type.id == TYPE_BOOL && !expr->constant.is_null &&
           expr->constant.boolean;
}

bool expr_is_false_or_null(const Expr *expr) {
    return expr->kind == EXPR_CONSTANT && expr->type.id == TYPE_BOOL &&
           (expr->constant.is_null || !expr->constant.boolean);
}

Volatility expr_volatility(const Expr *expr) {
    Volatility worst = VOLATILITY_IMMUTABLE;

    if (expr->kind == EXPR_CALL)
        worst = expr->function->volatility;
    else if (expr->kind == EXPR_CAST && expr->cast.cast)
        worst = expr->cast.cast->volatility;
    for (int i = 0; i < expr->argument_count && worst != VOLATILITY_VOLATILE; i++) {
        Volatility inner = expr_volatility(expr->arguments[i]);

        if (inner > worst)
            worst = inner;
    }
    return worst;
}

/* Comparisons and the constructs without a name never raise errors. */
static bool call_can_fail(const Function *function) {
    static const char *const safe[] = {"=", "<>", "<", "<=", ">", ">="};

    if (function->flags & FUNCTION_INTERNAL)
        return function->result != TYPE_BOOL;
    for (size_t i = 0; i < ARRAY_LENGTH(safe); i++) {
        if (strcmp(function->name, safe[i]) == 0)
            return false;
    }
    return true;
}

static bool cast_can_fail(const Expr *expr) {
    const Cast *cast = expr->cast.cast;

    if (!cast || !cast->kernel)
        return false;
    return cast->context != CAST_IMPLICIT || expr->type.typmod >= 0;
}

bool expr_can_fail(const Expr *expr) {
    if ((expr->kind == EXPR_CALL && call_can_fail(expr->function)) ||
        (expr->kind == EXPR_CAST && cast_can_fail(expr)))
        return true;
    for (int i = 0; i < expr->argument_count; i++) {
        if (expr_can_fail(expr->arguments[i]))
            return true;
    }
    return false;
}

void expr_visit_columns(const Expr *expr, void (*visit)(ColumnId id, void *data), void *data) {
    if (expr->kind == EXPR_COLUMN)
        visit(expr->column.id, data);
    for (int i = 0; i < expr->argument_count; i++)
        expr_visit_columns(expr->arguments[i], visit, data);
}

const Expr *expr_rewrite(Arena *arena, const Expr *expr, ExprRewrite rewrite, void *data) {
    const Expr **arguments = NULL;

    for (int i = 0; i < expr->argument_count; i++) {
        const Expr *argument = expr_rewrite(arena, expr->arguments[i], rewrite, data);

        if (argument != expr->arguments[i] && !arguments)
            arguments = arena_memdup(arena, expr->arguments,
                                     sizeof(Expr *) * (size_t) expr->argument_count);
        if (arguments)
            arguments[i] = argument;
    }
    if (arguments) {
        Expr *copy = arena_memdup(arena, expr, sizeof(*expr));

        copy->arguments = arguments;
        expr = copy;
    }
    return rewrite(expr, data);
}
