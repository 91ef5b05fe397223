#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *code;
} sqlstate_table[SQLSTATE_COUNT] = {
#define X(name, code) {#name, code},
    SQLSTATE_TABLE(X)
#undef X
};

const char *sqlstate_code(SqlState state) {
    return state < SQLSTATE_COUNT ? sqlstate_table[state].code : "XX000";
}

const char *sqlstate_name(SqlState state) {
    return state < SQLSTATE_COUNT ? sqlstate_table[state].name : "INTERNAL_ERROR";
}

SqlState sqlstate_from_code(const char *code) {
    for (int i = 0; i < SQLSTATE_COUNT; i++)
        if (strcmp(sqlstate_table[i].code, code) == 0)
            return (SqlState) i;
    return SQLSTATE_COUNT;
}

void error_clear(Error *err) {
    err->sqlstate = SQLSTATE_SUCCESSFUL_COMPLETION;
    err->position = 0;
    err->message[0] = err->detail[0] = err->hint[0] = err->context[0] = '\0';
}

Status error_fill(Error *err, SqlState state, int position, const char *format, ...) {
    va_list arguments;

    error_clear(err);
    err->sqlstate = state;
    err->position = position;
    va_start(arguments, format);
    vsnprintf(err->message, sizeof(err->message), format, arguments);
    va_end(arguments);
    return STATUS_ERROR;
}

Status(error_detail)(Error *err, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(err->detail, sizeof(err->detail), format, arguments);
    va_end(arguments);
    return STATUS_ERROR;
}

Status(error_hint)(Error *err, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(err->hint, sizeof(err->hint), format, arguments);
    va_end(arguments);
    return STATUS_ERROR;
}

Status(error_context)(Error *err, const char *format, ...) {
    char inner[ERROR_CONTEXT_SIZE];
    size_t length;
    va_list arguments;

    memcpy(inner, err->context, sizeof(inner));
    va_start(arguments, format);
    vsnprintf(err->context, sizeof(err->context), format, arguments);
    va_end(arguments);
    length = strlen(err->context);
    if (inner[0] && length + 3 < sizeof(err->context))
        snprintf(err->context + length, sizeof(err->context) - length, ": %s", inner);
    return STATUS_ERROR;
}

static SqlState errno_sqlstate(int error_number) {
    switch (error_number) {
    case ENOSPC:
    case EDQUOT:
        return SQLSTATE_DISK_FULL;
    case ENOENT:
    case ENOTDIR:
        return SQLSTATE_UNDEFINED_FILE;
    case EACCES:
    case EPERM:
    case EROFS:
        return SQLSTATE_INSUFFICIENT_PRIVILEGE;
    case EMFILE:
    case ENFILE:
        return SQLSTATE_INSUFFICIENT_RESOURCES;
    case ENOMEM:
        return SQLSTATE_OUT_OF_MEMORY;
    default:
        return SQLSTATE_IO_ERROR;
    }
}

Status(error_errno)(Error *err, int error_number, const char *what_format, ...) {
    size_t length;
    va_list arguments;

    error_clear(err);
    err->sqlstate = errno_sqlstate(error_number);
    va_start(arguments, what_format);
    vsnprintf(err->message, sizeof(err->message), what_format, arguments);
    va_end(arguments);
    length = strlen(err->message);
    snprintf(err->message + length, sizeof(err->message) - length, ": %s", strerror(error_number));
    return STATUS_ERROR;
}
