/* Fuzz: the text forms of all types. The first byte chooses the type.
 *
 * Claims: a text that is taken prints as a text that is taken again and prints the same; one that
 * is refused gives an error with a SQLSTATE. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

#include "types/text_form.h"

static const SqlType types[] = {
    SQL_TYPE(BOOL),        SQL_TYPE(INT2),     SQL_TYPE(INT4),  SQL_TYPE(INT8),  SQL_TYPE(FLOAT8),
    SQL_TYPE(NUMERIC),     SQL_TYPE(TEXT),     SQL_TYPE(BYTEA), SQL_TYPE(DATE),  SQL_TYPE(TIME),
    SQL_TYPE(TIMESTAMP),   SQL_TYPE(INTERVAL), SQL_TYPE(UUID),  SQL_TYPE(JSONB), SQL_TYPE(JSON),
    SQL_TYPE(TIMESTAMPTZ), SQL_TYPE(FLOAT4),
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("fuzz", 64 << 20);
    StrBuf first = {0}, second = {0};
    Error error = {0};
    Value value;
    SqlType type;

    if (size_bytes < 1)
        return 0;
    type = types[data[0] % ARRAY_LENGTH(types)];
    if (value_parse_text(type, (const char *) data + 1, size_bytes - 1, &form_settings_default,
                         arena, &value, &error) == STATUS_OK) {
        value_append_text(&value, &form_settings_default, &first);
        assert(value_parse_text(type, strbuf_text(&first), first.length, &form_settings_default,
                                arena, &value, &error) == STATUS_OK);
        value_append_text(&value, &form_settings_default, &second);
        assert(first.length == second.length);
        assert(memcmp(strbuf_text(&first), strbuf_text(&second), first.length) == 0);
    }
    strbuf_done(&first);
    strbuf_done(&second);
    return 0;
}
