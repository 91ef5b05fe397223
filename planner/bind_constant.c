/* Constants and casts: literals, parameters, and how an expression becomes another type.
 *
 * A string literal is of type unknown until something asks for a type; then its text is read by
 * that type's input function, at once, so that the error points at the literal. A parameter without
 * a type is unknown in the same way and takes the first type asked of it (PostgreSQL's variable
 * parameters). */
#include <string.h>

#include "planner/bind.h"

static const FormSettings *settings_of(const Binder *binder) {
    const EvalContext *eval = binder->cx->eval;

    return eval && eval->settings ? eval->settings : &form_settings_default;
}

const Expr *with_position(Binder *binder, const Expr *expr, int position) {
    Expr *copy = NULL;

    if (expr->position == position || position == 0)
        return expr;
    copy = arena_memdup(binder->arena, expr, sizeof(*expr));
    copy->position = position;
    return copy;
}

/* -------- literals -------- */

static Status read_text(Binder *binder, SqlType type, const char *text, size_t length, int position,
                        const Expr **ret_expr, Error *err) {
    Value value = value_null(type);

    TRY(placed(
        value_parse_text(type, text, length, settings_of(binder), binder->arena, &value, err),
        position, err));
    value.type = type;
    *ret_expr = with_position(binder, expr_constant(binder->arena, value), position);
    return STATUS_OK;
}

Status bind_literal(Binder *binder, const AstLiteral *literal, const Expr **ret_expr, Error *err) {
    int position = literal->base.position;
    Value value = value_null(SQL_TYPE(UNKNOWN));

    switch (literal->literal) {
    case AST_LITERAL_NULL:
        break;
    case AST_LITERAL_BOOLEAN:
        value = value_bool(literal->integer != 0);
        break;
    case AST_LITERAL_INTEGER:
        value = literal->integer >= INT32_MIN && literal->integer <= INT32_MAX
                    ? value_int4((int32_t) literal->integer)
                    : value_int8(literal->integer);
        break;
    case AST_LITERAL_DECIMAL:
        return read_text(binder, SQL_TYPE(NUMERIC), literal->text, literal->length, position,
                         ret_expr, err);
    case AST_LITERAL_STRING:
        value = value_text(SQL_TYPE(UNKNOWN), literal->text, literal->length);
        break;
    case AST_LITERAL_BITS:
        return not_supported(err, position, "a bit string constant");
    }
    *ret_expr = with_position(binder, expr_constant(binder->arena, value), position);
    return STATUS_OK;
}

static void grow_parameters(PlannerContext *cx, int count) {
    SqlType *types = arena_new_array(cx->arena, SqlType, (size_t) count);

    for (int i = 0; i < count; i++)
        types[i] = i < cx->parameter_count ? cx->parameter_types[i] : SQL_TYPE(UNKNOWN);
    cx->parameter_types = types;
    cx->parameter_count = count;
}

Status bind_parameter(Binder *binder, const AstParam *param, const Expr **ret_expr, Error *err) {
    PlannerContext *cx = binder->cx;
    int index = param->number - 1;
    Expr *expr = NULL;

    if (index >= cx->parameter_count) {
        if (cx->parameter_values)
            return error_at(err, param->base.position, UNDEFINED_PARAMETER,
                            "there is no parameter $%d", param->number);
        grow_parameters(cx, param->number);
    }
    if (cx->parameter_values) {
        Value value = value_copy(&cx->parameter_values[index], binder->arena);

        *ret_expr =
            with_position(binder, expr_constant(binder->arena, value), param->base.position);
        return STATUS_OK;
    }
    expr = arena_new(binder->arena, Expr);
    expr->kind = EXPR_PARAMETER;
    expr->type = cx->parameter_types[index];
    expr->position = param->base.position;
    expr->parameter_number = param->number;
    *ret_expr = expr;
    return STATUS_OK;
}

/* -------- casts -------- */

static Status type_parameter(Binder *binder, const Expr *expr, SqlType type, const Expr **ret_expr,
                             Error *err) {
    SqlType *known = &binder->cx->parameter_types[expr->parameter_number - 1];
    Expr *copy = NULL;

    if (known->id == TYPE_UNKNOWN) {
        *known = type;
        known->typmod = -1;
    } else if (!type_equal(*known, type)) {
        IGNORE(error_at(err, expr->position, AMBIGUOUS_PARAMETER, /* the detail follows */
                        "inconsistent types deduced for parameter $%d", expr->parameter_number));
        return error_detail(err, "%s versus %s", type_name(binder, *known),
                            type_name(binder, type));
    }
    copy = arena_memdup(binder->arena, expr, sizeof(*expr));
    copy->type = *known;
    *ret_expr = copy;
    return STATUS_OK;
}

static bool is_registry_type(TypeId id) {
    return id == TYPE_REGCLASS || id == TYPE_REGTYPE || id == TYPE_REGPROC;
}

/* An unknown literal to its type; a typmod is applied by the cast's rules, not the input's. */
static Status coerce_literal(Binder *binder, const Expr *expr, SqlType type, CastContext context,
                             const Expr **ret_expr, Error *err) {
    SqlType bare = type;
    const Expr *read = NULL;

    if (type.id != TYPE_INTERVAL) /* whose fields tell the input what a number is */
        bare.typmod = -1;
    if (expr->constant.is_null) {
        *ret_expr =
            with_position(binder, expr_constant(binder->arena, value_null(type)), expr->position);
        return STATUS_OK;
    }
    if (is_registry_type(type.id)) {
        Value text = expr->constant;

        text.type = SQL_TYPE(TEXT);
        return placed(expr_cast_to(binder->arena, expr_constant(binder->arena, text), type,
                                   CAST_EXPLICIT, ret_expr, err),
                      expr->position, err);
    }
    TRY(read_text(binder, bare, text_data(&expr->constant.text), expr->constant.text.length,
                  expr->position, &read, err));
    if (type.typmod < 0 || type.id == TYPE_INTERVAL) {
        *ret_expr = read;
        return STATUS_OK;
    }
    return placed(expr_cast_to(binder->arena, read, type, context, ret_expr, err), expr->position,
                  err);
}

Status coerce(Binder *binder, const Expr *expr, SqlType type, CastContext context,
              const Expr **ret_expr, Error *err) {
    if (type.id == TYPE_UNKNOWN || (type_equal(expr->type, type) && type.typmod == -1)) {
        *ret_expr = expr;
        return STATUS_OK;
    }
    if (expr->kind == EXPR_PARAMETER && expr->type.id == TYPE_UNKNOWN) {
        TRY(type_parameter(binder, expr, type, &expr, err));
        if (type.typmod == -1) {
            *ret_expr = expr;
            return STATUS_OK;
        }
    }
    if (expr->kind == EXPR_CONSTANT && expr->type.id == TYPE_UNKNOWN)
        return coerce_literal(binder, expr, type, context, ret_expr, err);
    TRY(placed(expr_cast_to(binder->arena, expr, type, context, &expr, err), expr->position, err));
    *ret_expr = expr;
    return STATUS_OK;
}

Status coerce_to_boolean(Binder *binder, const Expr *expr, const char *construct,
                         const Expr **ret_expr, Error *err) {
    if (expr->type.id != TYPE_BOOL && expr->type.id != TYPE_UNKNOWN)
        return error_at(err, expr->position, DATATYPE_MISMATCH,
                        "argument of %s must be type boolean, not type %s", construct,
                        type_name(binder, expr->type));
    return coerce(binder, expr, SQL_TYPE(BOOL), CAST_IMPLICIT, ret_expr, err);
}

Status resolve_unknown(Binder *binder, const Expr *expr, const Expr **ret_expr, Error *err) {
    if (expr->type.id != TYPE_UNKNOWN) {
        *ret_expr = expr;
        return STATUS_OK;
    }
    return coerce(binder, expr, SQL_TYPE(TEXT), CAST_IMPLICIT, ret_expr, err);
}

/* -------- constants needed while binding -------- */

bool is_foldable(const Expr *expr) {
    if (expr->kind == EXPR_CONSTANT)
        return true;
    if (expr->kind == EXPR_COLUMN || expr->kind == EXPR_PARAMETER)
        return false;
    for (int i = 0; i < expr->argument_count; i++)
        if (!is_foldable(expr->arguments[i]))
            return false;
    return expr_volatility(expr) == VOLATILITY_IMMUTABLE;
}

Status constant_value(Binder *binder, const Expr *expr, Value *ret_value, Error *err) {
    if (expr->kind == EXPR_CONSTANT) {
        *ret_value = expr->constant;
        return STATUS_OK;
    }
    return placed(expr_evaluate_constant(expr, binder->cx->eval, binder->arena, ret_value, err),
                  expr->position, err);
}

Status constant_interval_us(ExprContext *cx, const AstNode *node, const char *what, int64_t *ret_us,
                            Error *err) {
    const Expr *expr = NULL;
    Value value = value_null(SQL_TYPE(INTERVAL));

    TRY(bind_expr(cx, node, &expr, err));
    if (expr->type.id != TYPE_INTERVAL && expr->type.id != TYPE_UNKNOWN)
        return error_at(err, node->position, DATATYPE_MISMATCH, "%s must be an interval, not %s",
                        what, type_name(cx->binder, expr->type));
    TRY(coerce(cx->binder, expr, SQL_TYPE(INTERVAL), CAST_IMPLICIT, &expr, err));
    if (!is_foldable(expr))
        return error_at(err, node->position, INVALID_PARAMETER, "%s must be a constant interval",
                        what);
    TRY(constant_value(cx->binder, expr, &value, err));
    if (value.is_null)
        return error_at(err, node->position, INVALID_PARAMETER, "%s must not be NULL", what);
    if (value.interval.months != 0) {
        IGNORE(error_at(err, node->position, INVALID_PARAMETER, "%s must not have months or years",
                        what)); /* hinted */
        return error_hint(err, "Months differ in length: use days, hours, minutes or seconds.");
    }
    if (__builtin_mul_overflow((int64_t) value.interval.days, INT64_C(86400000000), ret_us) ||
        __builtin_add_overflow(*ret_us, value.interval.micros, ret_us))
        return error_at(err, node->position, INTERVAL_FIELD_OVERFLOW, "interval out of range");
    return STATUS_OK;
}

/* -------- INTERVAL '10' MINUTE -------- */

/* The fields are the type's, and say what a bare number is. */
Status bind_interval_literal(Binder *binder, const AstCast *cast, const Expr **ret_expr,
                             Error *err) {
    const AstLiteral *literal = (const AstLiteral *) cast->operand;
    SqlType type;

    TRY(bind_type(binder, cast->type, &type, err));
    return read_text(binder, type, literal->text, strlen(literal->text), literal->base.position,
                     ret_expr, err);
}
