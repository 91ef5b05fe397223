/* Raw format: a record is one bytea value, whatever its bytes. */
#include <string.h>

#include "formats/column_builder.h"
#include "formats/formats.h"
#include "formats/line_encoder.h"

struct Decoder {
    Arena *arena;
    DecodeColumn *columns; /* all of them get the record */
    uint32_t column_count;
};

static void raw_decoder_destroy(Decoder *decoder) {
    if (decoder)
        arena_destroy(decoder->arena);
}

static Status refuse_columns(Error *err) {
    IGNORE(error_set(err, INVALID_PARAMETER, /* hinted */
                     "format \"raw\" needs exactly one column of type bytea"));
    return error_hint(err, "Format \"text\" takes one column of type text.");
}

static Status raw_decoder_create(const DecodeColumn *columns, uint32_t count,
                                 const OptionSet *options, const FormSettings *settings,
                                 Decoder **ret_decoder, Error *err) {
    Arena *arena;
    Decoder *decoder;

    for (uint32_t i = 0; i < count; i++)
        if (columns[i].position > 0 || columns[i].type.id != TYPE_BYTEA)
            return refuse_columns(err);
    arena = arena_create("raw decoder", 0);
    decoder = arena_new(arena, Decoder);
    decoder->arena = arena;
    decoder->column_count = count;
    decoder->columns = arena_memdup(arena, columns, sizeof(*columns) * count);
    for (uint32_t i = 0; i < count; i++)
        decoder->columns[i].name = arena_strdup(arena, columns[i].name);
    *ret_decoder = decoder;
    return STATUS_OK;
}

static void decode_record(const Decoder *decoder, const Record *record, uint32_t index,
                          ColumnBuilder *builder) {
    Error fault;

    if (record->fault) {
        IGNORE(error_set(&fault, PROGRAM_LIMIT_EXCEEDED, "%s", record->fault));
        column_builder_reject(builder, index, NULL, &fault);
        return;
    }
    if (!record->data) {
        column_builder_keep_nulls(builder, decoder->columns, index);
        return;
    }
    for (uint32_t i = 0; i < decoder->column_count; i++)
        ((TextView *) column_builder_column(builder, i)
             ->values)[builder->result->batch->row_count] = text_view(record->data, record->length);
    column_builder_keep(builder, index);
}

static Status raw_decode(Decoder *decoder, const Record *records, uint32_t count, Arena *arena,
                         DecodeResult *ret_result, Error *err) {
    ColumnBuilder builder;

    column_builder_begin(&builder, decoder->columns, decoder->column_count, count, arena);
    for (uint32_t i = 0; i < count; i++)
        decode_record(decoder, &records[i], i, &builder);
    *ret_result = *builder.result;
    return STATUS_OK;
}

/* -------- encoding -------- */

struct Encoder {
    LineEncoder line; /* must be first */
};

static Status raw_encoder_create(const char *const *names, const SqlType *types, uint32_t count,
                                 const OptionSet *options, Encoder **ret_encoder, Error *err) {
    if (count != 1 || types[0].id != TYPE_BYTEA)
        return refuse_columns(err);
    *ret_encoder = line_encoder_create("raw encoder", sizeof(Encoder), count);
    return STATUS_OK;
}

static void append_value(LineEncoder *line, const Value *value, StrBuf *out) {
    strbuf_append(out, text_data(&value->text), value->text.length);
}

static Status raw_encode(Encoder *encoder, const Batch *batch, StrBuf *out, Error *err) {
    line_encoder_append(&encoder->line, batch, append_value, out);
    return STATUS_OK;
}

const FormatType format_raw = {
    .name = "raw",
    .extension = "bin",
    .decoder_create = raw_decoder_create,
    .decode = raw_decode,
    .decoder_destroy = raw_decoder_destroy,
    .encoder_create = raw_encoder_create,
    .encode = raw_encode,
    .encoder_destroy = line_encoder_destroy,
};
