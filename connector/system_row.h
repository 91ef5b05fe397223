/* System row: one row of a system table in the making, column after column. */
#pragma once

#include <assert.h>

#include "connector/system_table.h"

enum { SYSTEM_COLUMNS_MAX = 32 };

typedef struct SystemRow {
    Value values[SYSTEM_COLUMNS_MAX];
    int count;
} SystemRow;

static inline void system_put(SystemRow *row, Value value) {
    assert(row->count < SYSTEM_COLUMNS_MAX);
    row->values[row->count++] = value;
}

static inline void system_put_null(SystemRow *row, TypeId type) {
    system_put(row, value_null((SqlType) {.id = type, .typmod = -1}));
}

static inline void system_put_int8(SystemRow *row, int64_t number) {
    system_put(row, value_int8(number));
}

static inline void system_put_bool(SystemRow *row, bool flag) {
    system_put(row, value_bool(flag));
}

/* The bytes are borrowed until the row is given. NULL is SQL's NULL. */
void system_put_text(SystemRow *row, const char *text);
void system_put_json(SystemRow *row, const char *text);
void system_put_double(SystemRow *row, double number);
void system_put_time(SystemRow *row, int64_t us); /* since 2000 UTC; INT64_MIN is NULL */
void system_put_text_array(SystemRow *row, const char *const *texts, int count, Arena *arena);
