/* What a session may ask about itself and the server; pg_typeof and the binary forms. */
#include "functions/kernel.h"

#if defined(__aarch64__)
#define MILLRACE_MACHINE "aarch64-linux-gnu"
#else
#define MILLRACE_MACHINE "x86_64-linux-gnu"
#endif

static Status put_same(const KernelCall *call, const char *text, Error *err) {
    KERNEL_FOR_EACH(call, row)
    TRY(kernel_put_text(call, row, text ? text : "", text ? strlen(text) : 0, err));
    return STATUS_OK;
}

static Status session_version(const KernelCall *call, Error *err) {
    return put_same(
        call, "PostgreSQL 15.5 (millrace " MILLRACE_VERSION ") on " MILLRACE_MACHINE ", 64-bit",
        err);
}

static Status session_user_name(const KernelCall *call, Error *err) {
    return put_same(call, call->context ? call->context->user_name : "", err);
}

static Status session_database(const KernelCall *call, Error *err) {
    return put_same(call, call->context ? call->context->database_name : "", err);
}

static Status session_schema(const KernelCall *call, Error *err) {
    return put_same(call, "public", err);
}

/* There are no advisory locks; connection pools let go of them all the same. */
static Status session_nothing(const KernelCall *call, Error *err) {
    return put_same(call, "", err);
}

/* The type's name; as text, for regtype's text form needs the catalog. */
static Status any_typeof(const KernelCall *call, Error *err) {
    SqlType type = call->arguments[0].type;

    type.typmod = -1;
    return put_same(call, type_display(type, call->arena), err);
}

/* The binary form that the protocol sends. */
static Status any_send(const KernelCall *call, Error *err) {
    CLEANUP(strbuf_done) StrBuf bytes = {0};

    KERNEL_FOR_EACH(call, row) {
        Value value = column_get(&call->arguments[0], row);

        strbuf_clear(&bytes);
        value_append_binary(&value, &bytes);
        TRY(kernel_put_text(call, row, strbuf_text(&bytes), bytes.length, err));
    }
    return STATUS_OK;
}

/* Of an OID and a modifier: what drivers and psql's gdesc print. */
static Status session_format_type(const KernelCall *call, Error *err) {
    KERNEL_FOR_EACH(call, row) {
        int32_t typmod = -1;
        const char *text = "???";
        SqlType type;

        if (column_is_null(&call->arguments[0], row)) {
            column_set_null(call->result, row, call->row_count, call->arena);
            continue;
        }
        if (!column_is_null(&call->arguments[1], row))
            typmod = KERNEL_ARGUMENT(call, 1, int32_t, row);
        if (type_from_oid((uint32_t) KERNEL_ARGUMENT(call, 0, int64_t, row), &type)) {
            type.typmod = typmod;
            text = type_display(type, call->arena);
        }
        TRY(kernel_put_text(call, row, text, strlen(text), err));
    }
    return STATUS_OK;
}

/* clang-format off */
static const Function session_functions[] = {
    {"format_type", session_format_type, TYPE_TEXT, 2, {TYPE_OID, TYPE_INT4}, VOLATILITY_STABLE,
     FUNCTION_NOT_STRICT},
    {"version", session_version, TYPE_TEXT, 0, {0}, VOLATILITY_STABLE},
    {"current_user", session_user_name, TYPE_NAME, 0, {0}, VOLATILITY_STABLE},
    {"session_user", session_user_name, TYPE_NAME, 0, {0}, VOLATILITY_STABLE},
    {"user", session_user_name, TYPE_NAME, 0, {0}, VOLATILITY_STABLE},
    {"current_role", session_user_name, TYPE_NAME, 0, {0}, VOLATILITY_STABLE},
    {"current_database", session_database, TYPE_NAME, 0, {0}, VOLATILITY_STABLE},
    {"current_catalog", session_database, TYPE_NAME, 0, {0}, VOLATILITY_STABLE},
    {"pg_advisory_unlock_all", session_nothing, TYPE_VOID, 0, {0}, VOLATILITY_VOLATILE},
    {"current_schema", session_schema, TYPE_NAME, 0, {0}, VOLATILITY_STABLE},
    {"int2send", any_send, TYPE_BYTEA, 1, {TYPE_INT2}},
    {"int4send", any_send, TYPE_BYTEA, 1, {TYPE_INT4}},
    {"int8send", any_send, TYPE_BYTEA, 1, {TYPE_INT8}},
    {"float4send", any_send, TYPE_BYTEA, 1, {TYPE_FLOAT4}},
    {"float8send", any_send, TYPE_BYTEA, 1, {TYPE_FLOAT8}},
    {"pg_typeof", any_typeof, TYPE_TEXT, 1, {TYPE_ANY}, VOLATILITY_STABLE, FUNCTION_NOT_STRICT},
};
/* clang-format on */

const FunctionFamily family_session = {FAMILY_FUNCTIONS(session_functions)};
