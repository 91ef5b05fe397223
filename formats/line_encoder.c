#include "formats/line_encoder.h"

#include <assert.h>

Encoder *line_encoder_create(const char *name, size_t size_bytes, uint32_t column_count) {
    Arena *arena = arena_create(name, 0);
    LineEncoder *line;

    assert(size_bytes >= sizeof(*line));
    line = arena_alloc(arena, size_bytes);
    line->arena = arena;
    line->column_count = column_count;
    line->prefixes = arena_new_array(arena, LineText, column_count);
    for (uint32_t i = 0; i < column_count; i++)
        line->prefixes[i] = line_text("");
    line->null_text = line_text("");
    line->line_end = line_text("\n");
    return (Encoder *) line;
}

LineText line_encoder_keep(LineEncoder *line, const StrBuf *text) {
    return (LineText) {arena_strndup(line->arena, strbuf_text(text), text->length), text->length};
}

void line_encoder_destroy(Encoder *encoder) {
    if (encoder)
        arena_destroy(((LineEncoder *) encoder)->arena);
}
