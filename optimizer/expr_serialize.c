/* Expressions as bytes: kind, type, position, arguments, then what the kind adds.
 *
 * What is read back is checked against the registry: a call has exactly the arguments that its
 * function's kernel takes, so damaged bytes can't make a kernel read a number as a pointer. */

#include "base/limits.h"
#include "optimizer/plan_bytes.h"
#include "types/nested.h"
#include "types/row.h"

enum {
    EXPR_ABSENT = 255,
    EXPR_DEPTH_MAX = LIMIT_AST_DEPTH,
    EXPR_BYTES_MIN = 14,
    VALUE_DEPTH_MAX = 8
};

/* -------- writing -------- */

static void write_signature(PlanWriter *writer, const char *name, const TypeId *arguments,
                            int count) {
    write_symbol(writer, name);
    write_u8(writer, count);
    for (int i = 0; i < count; i++)
        write_type(writer, (SqlType) {.id = arguments[i], .typmod = -1});
}

static void write_payload(PlanWriter *writer, const Expr *expr) {
    switch (expr->kind) {
    case EXPR_CONSTANT:
        row_append_value_of(writer->out, &expr->constant);
        break;
    case EXPR_COLUMN:
        write_column_id(writer, expr->column.id);
        write_name(writer, expr->column.name);
        break;
    case EXPR_PARAMETER:
        write_i32(writer, expr->parameter_number);
        break;
    case EXPR_CALL:
        write_signature(writer, expr->function->name, expr->function->arguments,
                        expr->function->argument_count);
        break;
    case EXPR_CAST:
        write_u8(writer, expr->cast.cast != NULL);
        write_u8(writer, (int) expr->cast.context);
        break;
    case EXPR_AND:
    case EXPR_OR:
    case EXPR_CASE:
    case EXPR_IN:
        break;
    }
}

void write_expr(PlanWriter *writer, const Expr *expr) {
    if (!expr) {
        write_u8(writer, EXPR_ABSENT);
        return;
    }
    write_u8(writer, (int) expr->kind);
    write_type(writer, expr->type);
    if (!writer->canonical)
        write_i32(writer, expr->position);
    write_i32(writer, expr->argument_count);
    for (int i = 0; i < expr->argument_count; i++)
        write_expr(writer, expr->arguments[i]);
    write_payload(writer, expr);
}

/* -------- reading -------- */

/* An array or a record has as many elements as it says. */
static bool is_whole(const Value *value, int depth) {
    bool is_array = value->type.id == TYPE_ARRAY;
    NestedReader reader;
    uint32_t announced;
    uint32_t count = 0;
    Value element;

    if (value->is_null || (!is_array && value->type.id != TYPE_RECORD))
        return true;
    if (depth == VALUE_DEPTH_MAX)
        return false;
    reader = is_array ? array_reader(value) : record_reader(value);
    announced = reader.remaining;
    while (is_array ? array_next(&reader, &element) : record_next(&reader, &element)) {
        count++;
        if (!is_whole(&element, depth + 1))
            return false;
    }
    return count == announced;
}

static void read_constant(PlanReader *reader, Expr *expr) {
    Value value = {.type = expr->type};

    if (expr->argument_count != 0 ||
        !row_read_value_of(&reader->codec.cursor, reader->codec.end, expr->type, &value) ||
        !is_whole(&value, 0)) {
        reader_fail(reader, "a constant");
        return;
    }
    value.type = expr->type;
    expr->constant = value_copy(&value, reader->arena);
}

static bool takes(const Function *function, const Expr *expr) {
    bool is_variadic = function->flags & FUNCTION_VARIADIC;
    int declared = function->argument_count;

    if (is_variadic ? expr->argument_count < declared : expr->argument_count != declared)
        return false;
    for (int i = 0; i < expr->argument_count; i++) {
        TypeId wanted = function->arguments[i < declared ? i : declared - 1];
        TypeId given = expr->arguments[i]->type.id;

        if (wanted != TYPE_ANY && given != wanted)
            return false;
    }
    return true;
}

/* The result as the function says it, unless only the call's place gives it (an array's element).
 */
static bool gives(const Function *function, const Expr *expr) {
    SqlType types[64];

    if (!function->result_type)
        return function->result == TYPE_ANY || function->result == expr->type.id;
    if (expr->argument_count > (int) ARRAY_LENGTH(types))
        return true;
    for (int i = 0; i < expr->argument_count; i++)
        types[i] = expr->arguments[i]->type;
    return type_physical(function->result_type(types, (uint32_t) expr->argument_count).id) ==
           type_physical(expr->type.id);
}

static void read_call(PlanReader *reader, Expr *expr) {
    const char *name = read_name(reader);
    TypeId arguments[FUNCTION_ARGUMENTS_MAX];
    int count = read_below(reader, FUNCTION_ARGUMENTS_MAX + 1);

    for (int i = 0; i < count; i++)
        arguments[i] = read_type(reader).id;
    if (reader->status != STATUS_OK)
        return;
    expr->function = function_find(name, arguments, (uint32_t) count);
    if (!expr->function)
        reader_fail(reader, arena_printf(reader->arena, "no function \"%s\" of these types", name));
    else if (!takes(expr->function, expr) || !gives(expr->function, expr))
        reader_fail(reader, arena_printf(reader->arena, "a call of \"%s\"", name));
}

static void read_cast(PlanReader *reader, Expr *expr) {
    bool has_cast = read_below(reader, 2);
    TypeId from;

    expr->cast.context = (CastContext) read_below(reader, CAST_EXPLICIT + 1);
    if (expr->argument_count != 1) {
        reader_fail(reader, "a cast");
        return;
    }
    from = expr->arguments[0]->type.id;
    if (from == TYPE_UNKNOWN)
        from = TYPE_TEXT;
    if (has_cast)
        expr->cast.cast = cast_find(from, expr->type.id, CAST_EXPLICIT);
    if (has_cast ? !expr->cast.cast : type_physical(from) != type_physical(expr->type.id))
        reader_fail(reader, "a cast that does not exist");
}

static bool all_boolean(const Expr *expr) {
    for (int i = 0; i < expr->argument_count; i++)
        if (expr->arguments[i]->type.id != TYPE_BOOL)
            return false;
    return expr->type.id == TYPE_BOOL && expr->argument_count > 0;
}

static bool is_case(const Expr *expr) {
    if (expr->argument_count % 2 != 1)
        return false;
    for (int i = 0; i < expr->argument_count; i++) {
        bool is_when = i % 2 == 0 && i < expr->argument_count - 1;
        SqlType wanted = is_when ? SQL_TYPE(BOOL) : expr->type;

        if (!type_equal(expr->arguments[i]->type, wanted))
            return false;
    }
    return true;
}

static bool is_in_list(const Expr *expr) {
    if (expr->type.id != TYPE_BOOL || expr->argument_count < 1)
        return false;
    for (int i = 1; i < expr->argument_count; i++)
        if (expr->arguments[i]->kind != EXPR_CONSTANT ||
            !type_equal(expr->arguments[i]->type, expr->arguments[0]->type))
            return false;
    return true;
}

static void read_payload(PlanReader *reader, Expr *expr) {
    switch (expr->kind) {
    case EXPR_CONSTANT:
        read_constant(reader, expr);
        return;
    case EXPR_COLUMN:
        expr->column.id = read_column_id(reader);
        expr->column.name = read_name(reader);
        if (expr->argument_count != 0 || expr->column.id == 0)
            reader_fail(reader, "a column");
        return;
    case EXPR_PARAMETER:
        reader_fail(reader, "a parameter");
        return;
    case EXPR_CALL:
        read_call(reader, expr);
        return;
    case EXPR_CAST:
        read_cast(reader, expr);
        return;
    case EXPR_AND:
    case EXPR_OR:
        if (!all_boolean(expr))
            reader_fail(reader, "a condition");
        return;
    case EXPR_CASE:
        if (!is_case(expr))
            reader_fail(reader, "a case");
        return;
    case EXPR_IN:
        if (!is_in_list(expr))
            reader_fail(reader, "a list");
        return;
    }
}

static void read_arguments(PlanReader *reader, Expr *expr) {
    int count = read_count(reader, EXPR_BYTES_MIN);
    const Expr **arguments = arena_new_array(reader->arena, const Expr *, (size_t) count + 1);

    for (int i = 0; i < count; i++)
        arguments[i] = read_expr(reader);
    expr->arguments = arguments;
    expr->argument_count = count;
}

static const Expr *read_expr_of(PlanReader *reader, ExprKind kind) {
    Expr *expr = arena_new(reader->arena, Expr);

    expr->kind = kind;
    expr->type = read_type(reader);
    expr->position = read_i32(reader);
    if (++reader->depth > EXPR_DEPTH_MAX)
        reader_fail(reader, "an expression nested too deeply");
    if (reader->status == STATUS_OK)
        read_arguments(reader, expr);
    reader->depth--;
    if (reader->status == STATUS_OK)
        read_payload(reader, expr);
    return reader->status == STATUS_OK ? expr : expr_true(reader->arena);
}

const Expr *read_expr(PlanReader *reader) {
    return read_expr_of(reader, (ExprKind) read_below(reader, EXPR_IN + 1));
}

const Expr *read_optional(PlanReader *reader) {
    uint8_t kind = read_u8(reader);

    if (kind == EXPR_ABSENT)
        return NULL;
    if (kind > EXPR_IN)
        reader_fail(reader, "an unknown kind");
    return read_expr_of(reader, reader->status == STATUS_OK ? (ExprKind) kind : EXPR_CONSTANT);
}
