/* Support: calls written as text, evaluated folded and over columns, compared as text.
 *
 * An argument is "type:value", "type:NULL" or "'literal" (unknown). An expected answer is the text
 * form, "NULL", or "!SQLSTATE message". */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "expr/expr.h"

enum { CASE_ARGUMENTS_MAX = 5 };

typedef struct CallCase {
    const char *name;
    const char *arguments[CASE_ARGUMENTS_MAX];
    const char *expected;
} CallCase;

static inline const Expr *case_argument(Arena *arena, const char *text) {
    char type_name[64] = "";
    const char *colon = strchr(text, ':');
    const Expr *expr = NULL;
    SqlType type = SQL_TYPE(UNKNOWN);
    Value value;
    Error err = {0};

    if (text[0] == '\'')
        return expr_constant(arena, value_text(type, text + 1, strlen(text + 1)));
    assert_non_null(colon);
    memcpy(type_name, text, (size_t) (colon - text));
    if (!type_from_name(type_name, &type))
        fail_msg("no type %s", type_name);
    if (strcmp(colon + 1, "NULL") == 0)
        return expr_constant(arena, value_null(type));
    value = value_text(SQL_TYPE(UNKNOWN), colon + 1, strlen(colon + 1));
    if (expr_cast_to(arena, expr_constant(arena, value), type, CAST_EXPLICIT, &expr, &err) !=
            STATUS_OK ||
        expr_evaluate_constant(expr, NULL, arena, &value, &err) != STATUS_OK)
        fail_msg("%s: %s", text, err.message);
    return expr_constant(arena, value);
}

static inline const char *error_text(Arena *arena, const Error *err) {
    return arena_printf(arena, "!%s %s", sqlstate_code(err->sqlstate), err->message);
}

static inline const char *value_as_text(Arena *arena, const Value *value) {
    CLEANUP(strbuf_done) StrBuf text = {0};

    if (value->is_null)
        return "NULL";
    value_append_text(value, &form_settings_default, &text);
    return arena_strdup(arena, strbuf_text(&text));
}

/* The same call with its constants in row 1 of three-row columns; rows 0 and 2 are not selected. */
static inline const char *call_over_columns(Arena *arena, const Expr *call) {
    static const uint32_t selection[] = {1};
    ColumnId ids[8];
    Column columns[8];
    const Expr *arguments[8];
    Batch batch = {
        .row_count = 3, .columns = columns, .selection = selection, .selection_count = 1};
    CLEANUP(expr_program_destroyp) ExprProgram *program = NULL;
    EvalContext context = {
        .settings = &form_settings_default, .user_name = "", .database_name = ""};
    Column result;
    Value value;
    Error err = {0};

    for (int i = 0; i < call->argument_count; i++) {
        const Expr *argument = call->arguments[i];
        Value constant;

        if (expr_evaluate_constant(argument, NULL, arena, &constant, &err) != STATUS_OK)
            return error_text(arena, &err);
        columns[i] = column_create(argument->type, 3, arena);
        column_put(&columns[i], 1, &constant, 3, arena);
        ids[i] = i + 1;
        arguments[i] = expr_column(arena, ids[i], argument->type, "c");
    }
    batch.column_count = (uint32_t) call->argument_count;
    call = expr_call(arena, call->function, call->type, arguments, call->argument_count);
    if (expr_compile(call, ids, batch.column_count, &program, &err) != STATUS_OK ||
        expr_evaluate(program, &batch, &context, arena, &result, &err) != STATUS_OK)
        return error_text(arena, &err);
    value = column_get(&result, 1);
    return value_as_text(arena, &value);
}

static inline void check_call(const CallCase *test) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("case", 0);
    const Expr *arguments[CASE_ARGUMENTS_MAX];
    const Expr *call = NULL;
    const char *answer = NULL;
    Value value;
    Error err = {0};
    int count = 0;

    while (count < CASE_ARGUMENTS_MAX && test->arguments[count]) {
        arguments[count] = case_argument(arena, test->arguments[count]);
        count++;
    }
    if (expr_call_named(arena, test->name, arguments, count, 0, &call, &err) != STATUS_OK ||
        expr_evaluate_constant(call, NULL, arena, &value, &err) != STATUS_OK)
        answer = error_text(arena, &err);
    else
        answer = value_as_text(arena, &value);
    if (strcmp(answer, test->expected) != 0)
        fail_msg("%s(%s, %s): %s, expected %s", test->name, test->arguments[0], test->arguments[1],
                 answer, test->expected);
    if (!call || call->kind != EXPR_CALL)
        return;
    answer = call_over_columns(arena, call);
    if (strcmp(answer, test->expected) != 0)
        fail_msg("%s(%s, %s) over columns: %s, expected %s", test->name, test->arguments[0],
                 test->arguments[1], answer, test->expected);
}

/* The explicit or implicit cast of an argument to a type: "int4", "varchar(3)", "numeric(5,2)". */
static inline void check_cast_in(CastContext context, const char *argument, const char *type_text,
                                 const char *expected) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("case", 0);
    char type_name[64] = "";
    int first = 0;
    int second = 0;
    int parts = sscanf(type_text, "%63[^(](%d,%d)", type_name, &first, &second);
    const Expr *expr = NULL;
    const char *answer;
    SqlType type;
    Value value;
    Error err = {0};

    assert_true(type_from_name(type_name, &type));
    if (parts == 2)
        type.typmod = first + 4;
    else if (parts == 3)
        type.typmod = type_numeric_typmod(first, second);
    if (expr_cast_to(arena, case_argument(arena, argument), type, context, &expr, &err) !=
            STATUS_OK ||
        expr_evaluate_constant(expr, NULL, arena, &value, &err) != STATUS_OK)
        answer = error_text(arena, &err);
    else
        answer = value_as_text(arena, &value);
    assert_string_equal(answer, expected);
}

static inline void check_cast(const char *argument, const char *type_text, const char *expected) {
    check_cast_in(CAST_EXPLICIT, argument, type_text, expected);
}

#define CHECK_CALLS(cases)                               \
    do {                                                 \
        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) \
            check_call(&(cases)[i]);                     \
    } while (0)
