/* Evaluates one function of the registry on texts: for table-driven tests of date and time. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "functions/function.h"
#include "types/datetime_form.h"

#define NEW_YORK "America/New_York"

typedef struct FunctionCase {
    const char *zone;      /* NULL: UTC */
    const char *signature; /* "name(type,type)", or "::type(type)" for a cast */
    const char *arguments; /* with '|' between them */
    const char *expected;  /* the result's text, "NULL", or "sqlstate: message" */
} FunctionCase;

typedef struct FunctionCall {
    SqlType types[FUNCTION_ARGUMENTS_MAX];
    Column arguments[FUNCTION_ARGUMENTS_MAX];
    uint32_t count;
} FunctionCall;

/* The next part of *cursor up to `separator` or the end, as a string in the arena. */
static inline char *next_part(const char **cursor, char separator, Arena *arena) {
    const char *end = strchr(*cursor, separator);
    size_t length = end ? (size_t) (end - *cursor) : strlen(*cursor);
    char *part = arena_strndup(arena, *cursor, length);

    *cursor += length + (end != NULL);
    return part;
}

static inline Status read_call(const FunctionCase *test, const FormSettings *settings, Arena *arena,
                               FunctionCall *call, Error *err) {
    const char *types = strchr(test->signature, '(') + 1;
    const char *values = test->arguments;

    while (*types && *types != ')') {
        const char *list = arena_strndup(arena, types, strcspn(types, ")"));
        const char *name = next_part(&list, ',', arena);
        const char *text = next_part(&values, '|', arena);
        Value value;

        assert_true(type_from_name(name, &call->types[call->count]));
        TRY(value_parse_text(call->types[call->count], text, strlen(text), settings, arena, &value,
                             err));
        call->arguments[call->count++] = column_constant(&value, arena);
        types += strlen(name) + (types[strlen(name)] == ',');
    }
    return STATUS_OK;
}

/* Two rows, of which the second is selected, when `is_flat`; else one of constants. */
static inline Status run_kernel(Kernel kernel, FunctionCall *call, Column *result, bool is_flat,
                                const EvalContext *context, Error *err) {
    static const uint32_t second[] = {1};
    CastMode mode = {CAST_EXPLICIT};
    Arena *arena = (Arena *) (uintptr_t) context->session;
    KernelCall kernel_call = {.arguments = call->arguments,
                              .argument_count = call->count,
                              .result = result,
                              .selection = is_flat ? second : NULL,
                              .count = 1,
                              .row_count = is_flat ? 2 : 1,
                              .arena = arena,
                              .context = context,
                              .data = &mode};

    if (is_flat)
        for (uint32_t i = 0; i < call->count; i++)
            call->arguments[i] = column_flatten(&call->arguments[i], 2, arena);
    return kernel(&kernel_call, err);
}

static inline Status run_case(const FunctionCase *test, bool is_flat, const EvalContext *context,
                              StrBuf *out, Error *err) {
    Arena *arena = (Arena *) (uintptr_t) context->session;
    FunctionCall call = {0};
    TypeId ids[FUNCTION_ARGUMENTS_MAX];
    const char *cursor = test->signature;
    const char *name = next_part(&cursor, '(', arena);
    const Function *function;
    const Cast *cast;
    SqlType type = {0};
    Kernel kernel;
    Column result;
    Value value;

    TRY(read_call(test, context->settings, arena, &call, err));
    for (uint32_t i = 0; i < call.count; i++)
        ids[i] = call.types[i].id;
    if (name[0] == ':') {
        assert_true(type_from_name(name + 2, &type));
        cast = cast_find(ids[0], type.id, CAST_EXPLICIT);
        assert_non_null(cast);
        kernel = cast->kernel;
    } else {
        function = function_find(name, ids, call.count);
        if (!function)
            fail_msg("there is no %s", test->signature);
        type = (SqlType) {.id = function->result, .typmod = -1};
        kernel = function->kernel;
    }
    result = column_create(type, 2, arena);
    TRY(run_kernel(kernel, &call, &result, is_flat, context, err));
    value = column_get(&result, is_flat);
    if (value.is_null)
        strbuf_append_text(out, "NULL");
    else
        value_append_text(&value, context->settings, out);
    return STATUS_OK;
}

static inline void check_cases(const FunctionCase *cases, size_t count) {
    Arena *arena = arena_create("test", 0);
    int failed = 0;

    for (size_t i = 0; i < count * 2; i++) {
        const FunctionCase *test = &cases[i / 2];
        FormSettings settings = form_settings_default;
        EvalContext context = {.settings = &settings, .session = arena};
        StrBuf out = {0};
        Error err;

        if (test->zone)
            assert_int_equal(timezone_find(test->zone, &settings.time_zone, &err), STATUS_OK);
        if (run_case(test, i % 2, &context, &out, &err) != STATUS_OK)
            strbuf_printf(&out, "%s: %s", sqlstate_code(err.sqlstate), err.message);
        if (strcmp(strbuf_text(&out), test->expected) != 0)
            print_error("%s of %s gave %s, not %s\n", test->signature, test->arguments,
                        strbuf_text(&out), test->expected);
        failed += strcmp(strbuf_text(&out), test->expected) != 0;
        strbuf_done(&out);
        arena_reset(arena);
    }
    arena_destroy(arena);
    assert_int_equal(failed, 0);
}
