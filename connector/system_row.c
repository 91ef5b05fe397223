#include "connector/system_row.h"

#include <string.h>

#include "types/nested.h"

void system_put_text(SystemRow *row, const char *text) {
    if (text)
        system_put(row, value_text(SQL_TYPE(TEXT), text, strlen(text)));
    else
        system_put_null(row, TYPE_TEXT);
}

void system_put_json(SystemRow *row, const char *text) {
    system_put(row, value_text(SQL_TYPE(JSONB), text, strlen(text)));
}

void system_put_double(SystemRow *row, double number) {
    system_put(row, (Value) {.type = SQL_TYPE(FLOAT8), .float64 = number});
}

void system_put_time(SystemRow *row, int64_t us) {
    if (us == INT64_MIN)
        system_put_null(row, TYPE_TIMESTAMPTZ);
    else
        system_put(row, (Value) {.type = SQL_TYPE(TIMESTAMPTZ), .int64 = us});
}

void system_put_text_array(SystemRow *row, const char *const *texts, int count, Arena *arena) {
    Value *elements = arena_new_array(arena, Value, (size_t) count);

    for (int i = 0; i < count; i++)
        elements[i] = value_text(SQL_TYPE(TEXT), texts[i], strlen(texts[i]));
    system_put(row, array_build(SQL_TYPE(TEXT), elements, (uint32_t) count, arena));
}
