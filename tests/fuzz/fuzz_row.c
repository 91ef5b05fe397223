/* Fuzz: values as bytes, in rows (checkpoints) and in the protocol's binary forms. The first byte
 * chooses the type.
 *
 * Claims: damaged bytes are refused without reading past their end; what is taken can be printed,
 * compared, hashed as a key and written again, and reads back equal. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

#include "types/row.h"
#include "types/text_form.h"

static const TypeId types[] = {
    TYPE_BOOL,     TYPE_INT2,  TYPE_INT4, TYPE_INT8, TYPE_FLOAT4,    TYPE_FLOAT8,
    TYPE_NUMERIC,  TYPE_TEXT,  TYPE_DATE, TYPE_TIME, TYPE_TIMESTAMP, TYPE_TIMESTAMPTZ,
    TYPE_INTERVAL, TYPE_BYTEA, TYPE_UUID, TYPE_JSON, TYPE_JSONB,     TYPE_RECORD,
};

static void use_value(const Value *value) {
    StrBuf out = {0};

    value_append_text(value, &form_settings_default, &out);
    strbuf_clear(&out);
    value_append_json(value, &form_settings_default, &out);
    strbuf_clear(&out);
    row_append_key_of(&out, value);
    row_append_sort_key_of(&out, value, true, false);
    assert(value_equal(value, value));
    strbuf_done(&out);
}

static void read_row(SqlType type, const uint8_t *data, size_t size_bytes) {
    const uint8_t *cursor = data;
    const uint8_t *skipped = data;
    StrBuf out = {0};
    Value value;

    if (!row_read_value_of(&cursor, data + size_bytes, type, &value))
        return;
    assert(row_skip_value(&skipped, data + size_bytes, type));
    assert(skipped == cursor);
    row_append_value_of(&out, &value);
    assert(out.length == (size_t) (cursor - data));
    assert(memcmp(out.data, data, out.length) == 0);
    strbuf_done(&out);
}

static void read_binary(SqlType type, const uint8_t *data, size_t size_bytes, Arena *arena) {
    StrBuf out = {0};
    Error error = {0};
    Value value;
    Value back;

    if (value_parse_binary(type, data, size_bytes, arena, &value, &error) != STATUS_OK)
        return;
    use_value(&value);
    value_append_binary(&value, &out);
    assert(value_parse_binary(type, (const uint8_t *) strbuf_text(&out), out.length, arena, &back,
                              &error) == STATUS_OK);
    assert(value_equal(&value, &back));
    strbuf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("fuzz", 64 << 20);
    SqlType type;

    if (size_bytes < 1)
        return 0;
    type = (SqlType) {.id = types[data[0] % ARRAY_LENGTH(types)], .typmod = -1};
    if (data[0] & 0x80 && type.id != TYPE_RECORD)
        type = type_array_of(type.id);
    read_row(type, data + 1, size_bytes - 1);
    read_binary(type, data + 1, size_bytes - 1, arena);
    return 0;
}
