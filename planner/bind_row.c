/* Rows: operators, of which some compare rows; ROW(…); fields of records. */
#include <string.h>

#include "planner/bind.h"

/* -------- comparisons of rows: field by field, as SQL defines them -------- */

typedef struct RowPair {
    const Expr **left;
    const Expr **right;
    int count;
} RowPair;

static Status bind_fields(ExprContext *cx, const AstRow *row, const Expr ***ret_fields,
                          Error *err) {
    *ret_fields =
        arena_new_array(cx->binder->arena, const Expr *, (size_t) row->elements.count + 1);
    for (int i = 0; i < row->elements.count; i++) {
        const AstNode *element = row->elements.items[i];

        if (element->kind == AST_COLUMN_REF && ((const AstColumnRef *) element)->is_star)
            return not_supported(err, element->position, "row expansion via \"*\" in ROW(…)");
        TRY(bind_expr(cx, element, &(*ret_fields)[i], err));
    }
    return STATUS_OK;
}

/* (a, b) < (c, d): a < c OR (a = c AND b < d) */
static Status compare_in_order(Binder *binder, const RowPair *pair, const char *op, int position,
                               const Expr **ret_expr, Error *err) {
    char strict[2] = {op[0], '\0'};
    const Expr *result = NULL;

    for (int i = pair->count - 1; i >= 0; i--) {
        const Expr *here = NULL;
        const Expr *equal = NULL;
        const Expr *later[2] = {NULL, NULL};
        const Expr *either[2] = {NULL, NULL};
        bool is_last = i == pair->count - 1;

        TRY(make_operator(binder, is_last ? op : strict, pair->left[i], pair->right[i], position,
                          &here, err));
        if (is_last) {
            result = here;
            continue;
        }
        TRY(make_operator(binder, "=", pair->left[i], pair->right[i], position, &equal, err));
        later[0] = equal;
        later[1] = result;
        either[0] = here;
        either[1] = expr_and(binder->arena, later, 2);
        result = expr_or(binder->arena, either, 2);
    }
    *ret_expr = result;
    return STATUS_OK;
}

static Status compare_rows(ExprContext *cx, const AstOp *op, const Expr **ret_expr, Error *err) {
    Binder *binder = cx->binder;
    const AstRow *left = (const AstRow *) op->left;
    const AstRow *right = (const AstRow *) op->right;
    RowPair pair = {.count = left->elements.count};
    bool is_equal = strcmp(op->op, "=") == 0;
    int position = op->base.position;
    const Expr **tests = arena_new_array(binder->arena, const Expr *, (size_t) pair.count + 1);

    if (left->elements.count != right->elements.count)
        return error_at(err, position, SYNTAX_ERROR,
                        "unequal number of entries in row expressions");
    if (pair.count == 0)
        return not_supported(err, position, "comparing rows of length zero");
    TRY(bind_fields(cx, left, &pair.left, err));
    TRY(bind_fields(cx, right, &pair.right, err));
    if (!is_equal && strcmp(op->op, "<>") != 0) {
        if (op->op[0] != '<' && op->op[0] != '>')
            return not_supported(err, position, "operator %s over rows", op->op);
        return compare_in_order(binder, &pair, op->op, position, ret_expr, err);
    }
    for (int i = 0; i < pair.count; i++)
        TRY(make_operator(binder, op->op, pair.left[i], pair.right[i], position, &tests[i], err));
    *ret_expr = is_equal ? expr_and(binder->arena, tests, pair.count)
                         : expr_or(binder->arena, tests, pair.count);
    return STATUS_OK;
}

Status bind_operator(ExprContext *cx, const AstOp *op, const Expr **ret_expr, Error *err) {
    const Expr *left = NULL;
    const Expr *right = NULL;

    if (op->schema && strcmp(op->schema, "pg_catalog") != 0)
        return error_at(err, op->base.position, UNDEFINED_FUNCTION,
                        "operator does not exist: %s.%s", op->schema, op->op);
    if (op->left && op->left->kind == AST_ROW && op->right->kind == AST_ROW)
        return compare_rows(cx, op, ret_expr, err);
    if (op->left)
        TRY(bind_expr(cx, op->left, &left, err));
    TRY(bind_expr(cx, op->right, &right, err));
    return make_operator(cx->binder, op->op, left, right, op->base.position, ret_expr, err);
}

/* -------- records -------- */

static int type_depth(SqlType type) {
    int deepest = 0;

    if (type.id == TYPE_ARRAY)
        return 1 + (type.element ? type_depth(*type.element) : 0);
    if (type.id != TYPE_RECORD)
        return 0;
    for (int i = 0; i < type.field_count; i++) {
        int depth = type_depth(*type.fields[i].type);

        deepest = depth > deepest ? depth : deepest;
    }
    return 1 + deepest;
}

/* How deep rows and arrays stand in each other; an array's type does not tell what its rows hold.
 */
static int value_depth(const Expr *expr) {
    int deepest = 0;

    if (expr->type.id != TYPE_RECORD && expr->type.id != TYPE_ARRAY)
        return 0;
    for (int i = 0; i < expr->argument_count; i++) {
        int depth = 1 + value_depth(expr->arguments[i]);

        deepest = depth > deepest ? depth : deepest;
    }
    return deepest > type_depth(expr->type) ? deepest : type_depth(expr->type);
}

Status make_record(Binder *binder, const Expr **fields, const char *const *names, int count,
                   int position, const Expr **ret_expr, Error *err) {
    SqlType *types = arena_new_array(binder->arena, SqlType, (size_t) count + 1);
    RecordField *shape = arena_new_array(binder->arena, RecordField, (size_t) count + 1);
    Expr *record = NULL;
    const Expr *made = NULL;

    if (!function_exists("row"))
        return not_supported(err, position, "a row value here");
    for (int i = 0; i < count; i++) {
        TRY(resolve_unknown(binder, fields[i], &fields[i], err));
        if (value_depth(fields[i]) >= LIMIT_VALUE_NESTING)
            return error_at(err, position, STATEMENT_TOO_COMPLEX,
                            "row values are nested too deeply");
    }
    TRY(make_call(binder, "row", fields, count, position, &made, err));
    for (int i = 0; i < count; i++) {
        types[i] = made->arguments[i]->type;
        shape[i] =
            (RecordField) {.name = names ? names[i] : arena_printf(binder->arena, "f%d", i + 1),
                           .type = &types[i]};
    }
    record = arena_memdup(binder->arena, made, sizeof(*made));
    record->type = SQL_TYPE(RECORD);
    record->type.fields = shape;
    record->type.field_count = count;
    *ret_expr = record;
    return STATUS_OK;
}

Status bind_row(ExprContext *cx, const AstRow *row, const Expr **ret_expr, Error *err) {
    const Expr **fields = NULL;

    TRY(bind_fields(cx, row, &fields, err));
    return make_record(cx->binder, fields, NULL, row->elements.count, row->base.position, ret_expr,
                       err);
}

/* Of a row that comes out of a column. */
static Status make_stored_field(Binder *binder, const Expr *record, int index, int position,
                                const Expr **ret_expr, Error *err) {
    const Expr *arguments[2] = {record, expr_constant(binder->arena, value_int4(index))};
    const Expr *made = NULL;
    Expr *field = NULL;

    TRY(make_call(binder, "field", arguments, 2, position, &made, err));
    field = arena_memdup(binder->arena, made, sizeof(*made));
    field->type = *record->type.fields[index].type;
    *ret_expr = field;
    return STATUS_OK;
}

Status make_field(Binder *binder, const Expr *record, const char *name, int position,
                  const Expr **ret_expr, Error *err) {
    if (record->type.id != TYPE_RECORD)
        return error_at(err, position, WRONG_OBJECT_TYPE,
                        "column notation .%s applied to type %s, which is not a composite type",
                        name, type_name(binder, record->type));
    for (int i = 0; i < record->type.field_count; i++) {
        if (!record->type.fields[i].name || strcmp(record->type.fields[i].name, name) != 0)
            continue;
        if (record->kind == EXPR_CALL && strcmp(record->function->name, "row") == 0) {
            *ret_expr = record->arguments[i];
            return STATUS_OK;
        }
        return make_stored_field(binder, record, i, position, ret_expr, err);
    }
    return error_at(err, position, UNDEFINED_COLUMN,
                    "could not identify column \"%s\" in record data type", name);
}

Status bind_field(ExprContext *cx, const AstField *field, const Expr **ret_expr, Error *err) {
    const Expr *record = NULL;

    if (!field->name)
        return not_supported(err, field->base.position, "row expansion via \"*\" here");
    TRY(bind_expr(cx, field->operand, &record, err));
    return make_field(cx->binder, record, field->name, field->base.position, ret_expr, err);
}
