/* Line encoder: what the encoders of all formats share. A row is a line: before each value what its
 * column begins with, after the last one the line's end.
 *
 * A format's Encoder begins with a LineEncoder; the format says how one value is written. */
#pragma once

#include "connector/format.h"

typedef struct LineText {
    const char *data;
    size_t length;
} LineText;

typedef struct LineEncoder {
    Arena *arena; /* holds the encoder itself too */
    uint32_t column_count;
    LineText *prefixes; /* by column; empty until they are set */
    LineText null_text, line_end;
} LineEncoder;

/* An Encoder of `size_bytes`, zeroed but for its LineEncoder. */
Encoder *line_encoder_create(const char *name, size_t size_bytes, uint32_t column_count);
/* A copy that lives as long as the encoder: for prefixes and line_end. */
LineText line_encoder_keep(LineEncoder *line, const StrBuf *text);
/* The Encoder is gone with it; NULL is fine. */
void line_encoder_destroy(Encoder *encoder);

static inline LineText line_text(const char *literal) {
    return (LineText) {literal, __builtin_strlen(literal)};
}

/* Inline, so that `append` is. */
static inline void line_encoder_append(LineEncoder *line, const Batch *batch,
                                       void (*append)(LineEncoder *line, const Value *value,
                                                      StrBuf *out),
                                       StrBuf *out) {
    for (uint32_t i = 0; i < batch_active_count(batch); i++) {
        uint32_t row = batch_active_row(batch, i);

        for (uint32_t column = 0; column < line->column_count; column++) {
            strbuf_append(out, line->prefixes[column].data, line->prefixes[column].length);
            if (column_is_null(&batch->columns[column], row)) {
                strbuf_append(out, line->null_text.data, line->null_text.length);
            } else {
                Value value = column_get(&batch->columns[column], row);

                append(line, &value, out);
            }
        }
        strbuf_append(out, line->line_end.data, line->line_end.length);
    }
}
