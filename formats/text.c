/* Text format: a record is one text value; a carriage return at its end is not part of it. */
#include <string.h>

#include "base/utf8.h"
#include "formats/column_builder.h"
#include "formats/formats.h"
#include "formats/line_encoder.h"

struct Decoder {
    Arena *arena;
    DecodeColumn *columns; /* all of them get the line */
    uint32_t column_count;
};

static bool is_textual(TypeId id) {
    return id == TYPE_TEXT || id == TYPE_VARCHAR;
}

static void text_decoder_destroy(Decoder *decoder) {
    if (decoder)
        arena_destroy(decoder->arena);
}

static Status text_decoder_create(const DecodeColumn *columns, uint32_t count,
                                  const OptionSet *options, const FormSettings *settings,
                                  Decoder **ret_decoder, Error *err) {
    Arena *arena;
    Decoder *decoder;

    for (uint32_t i = 0; i < count; i++)
        if (columns[i].position > 0 || !is_textual(columns[i].type.id))
            return error_set(err, INVALID_PARAMETER,
                             "format \"text\" needs exactly one column of type text");
    arena = arena_create("text decoder", 0);
    decoder = arena_new(arena, Decoder);
    decoder->arena = arena;
    decoder->column_count = count;
    decoder->columns = arena_memdup(arena, columns, sizeof(*columns) * count);
    for (uint32_t i = 0; i < count; i++)
        decoder->columns[i].name = arena_strdup(arena, columns[i].name);
    *ret_decoder = decoder;
    return STATUS_OK;
}

static Status decode_line(const Decoder *decoder, const Record *record, ColumnBuilder *builder,
                          Error *fault) {
    uint32_t length = record->length;

    if (record->fault)
        return error_set(fault, PROGRAM_LIMIT_EXCEEDED, "%s", record->fault);
    if (length && record->data[length - 1] == '\r')
        length--;
    if (!utf8_is_valid(record->data, record->data + length) || memchr(record->data, '\0', length))
        return error_set(fault, CHARACTER_NOT_IN_REPERTOIRE,
                         "invalid byte sequence for encoding \"UTF8\"");
    for (uint32_t i = 0; i < decoder->column_count; i++)
        ((TextView *) column_builder_column(builder, i)
             ->values)[builder->result->batch->row_count] = text_view(record->data, length);
    return STATUS_OK;
}

static Status text_decode(Decoder *decoder, const Record *records, uint32_t count, Arena *arena,
                          DecodeResult *ret_result, Error *err) {
    ColumnBuilder builder;
    Error fault;

    column_builder_begin(&builder, decoder->columns, decoder->column_count, count, arena);
    for (uint32_t i = 0; i < count; i++) {
        if (!records[i].data && !records[i].fault)
            column_builder_keep_nulls(&builder, decoder->columns, i);
        else if (decode_line(decoder, &records[i], &builder, &fault) == STATUS_OK)
            column_builder_keep(&builder, i);
        else
            column_builder_reject(&builder, i, NULL, &fault);
    }
    *ret_result = *builder.result;
    return STATUS_OK;
}

/* -------- encoding -------- */

struct Encoder {
    LineEncoder line; /* must be first */
};

static Status text_encoder_create(const char *const *names, const SqlType *types, uint32_t count,
                                  const OptionSet *options, Encoder **ret_encoder, Error *err) {
    if (count != 1 || !is_textual(types[0].id))
        return error_set(err, INVALID_PARAMETER,
                         "format \"text\" needs exactly one column of type text");
    *ret_encoder = line_encoder_create("text encoder", sizeof(Encoder), count);
    return STATUS_OK;
}

static void append_value(LineEncoder *line, const Value *value, StrBuf *out) {
    strbuf_append(out, text_data(&value->text), value->text.length);
}

static Status text_encode(Encoder *encoder, const Batch *batch, StrBuf *out, Error *err) {
    line_encoder_append(&encoder->line, batch, append_value, out);
    return STATUS_OK;
}

const FormatType format_text = {
    .name = "text",
    .extension = "txt",
    .decoder_create = text_decoder_create,
    .decode = text_decode,
    .decoder_destroy = text_decoder_destroy,
    .encoder_create = text_encoder_create,
    .encode = text_encode,
    .encoder_destroy = line_encoder_destroy,
};
