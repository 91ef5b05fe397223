/* Whole formats: a record is one value, by "text" a text, by "raw" a bytea, whatever its bytes. */
#include <string.h>

#include "base/utf8.h"
#include "formats/column_builder.h"
#include "formats/formats.h"
#include "formats/line_encoder.h"

/* -------- which columns -------- */

static Status check_text_column(SqlType type, Error *err) {
    if (type.id == TYPE_TEXT || type.id == TYPE_VARCHAR)
        return STATUS_OK;
    return error_set(err, INVALID_PARAMETER,
                     "format \"text\" needs exactly one column of type text");
}

static Status check_raw_column(SqlType type, Error *err) {
    if (type.id == TYPE_BYTEA)
        return STATUS_OK;
    IGNORE(error_set(err, INVALID_PARAMETER, /* hinted */
                     "format \"raw\" needs exactly one column of type bytea"));
    return error_hint(err, "Format \"text\" takes one column of type text.");
}

/* `position` is that of another column than the first, or 0. */
static Status check_column(SqlType type, int position, bool is_text, Error *err) {
    if (position > 0)
        type = SQL_TYPE(UNKNOWN); /* which neither takes */
    return is_text ? check_text_column(type, err) : check_raw_column(type, err);
}

/* -------- decoding -------- */

struct Decoder {
    Arena *arena;
    DecodeColumn *columns; /* all of them get the record */
    uint32_t column_count;
    bool is_text; /* else any bytes will do */
};

static void whole_decoder_destroy(Decoder *decoder) {
    if (decoder)
        arena_destroy(decoder->arena);
}

static Status create_decoder(const DecodeColumn *columns, uint32_t count, bool is_text,
                             Decoder **ret_decoder, Error *err) {
    Arena *arena;
    Decoder *decoder;

    for (uint32_t i = 0; i < count; i++)
        TRY(check_column(columns[i].type, columns[i].position, is_text, err));
    arena = arena_create("whole decoder", 0);
    decoder = arena_new(arena, Decoder);
    decoder->arena = arena;
    decoder->column_count = count;
    decoder->is_text = is_text;
    decoder->columns = arena_memdup(arena, columns, sizeof(*columns) * count);
    for (uint32_t i = 0; i < count; i++)
        decoder->columns[i].name = arena_strdup(arena, columns[i].name);
    *ret_decoder = decoder;
    return STATUS_OK;
}

static Status text_decoder_create(const DecodeColumn *columns, uint32_t count,
                                  const OptionSet *options, const FormSettings *settings,
                                  Decoder **ret_decoder, Error *err) {
    return create_decoder(columns, count, true, ret_decoder, err);
}

static Status raw_decoder_create(const DecodeColumn *columns, uint32_t count,
                                 const OptionSet *options, const FormSettings *settings,
                                 Decoder **ret_decoder, Error *err) {
    return create_decoder(columns, count, false, ret_decoder, err);
}

static void reject_bytes(ColumnBuilder *builder, uint32_t index) {
    Error fault;

    IGNORE(error_set(&fault, CHARACTER_NOT_IN_REPERTOIRE, /* told with the record */
                     "invalid byte sequence for encoding \"UTF8\""));
    column_builder_reject(builder, index, NULL, &fault);
}

static void decode_record(const Decoder *decoder, ColumnBuilder *builder, const Record *record,
                          uint32_t index) {
    TextView value = text_view(record->data, record->length);
    uint32_t row = builder->result->batch->row_count;

    if (decoder->is_text && (!utf8_is_valid(record->data, record->data + record->length) ||
                             memchr(record->data, '\0', record->length))) {
        reject_bytes(builder, index);
        return;
    }
    for (uint32_t i = 0; i < decoder->column_count; i++)
        ((TextView *) column_builder_column(builder, i)->values)[row] = value;
    column_builder_keep(builder, index);
}

static Status whole_decode(Decoder *decoder, const Record *records, uint32_t count, Arena *arena,
                           DecodeResult *ret_result, Error *err) {
    ColumnBuilder builder;

    column_builder_begin(&builder, decoder->columns, decoder->column_count, count, arena);
    for (uint32_t i = 0; i < count; i++)
        if (!column_builder_take_empty(&builder, decoder->columns, &records[i], i))
            decode_record(decoder, &builder, &records[i], i);
    *ret_result = *builder.result;
    return STATUS_OK;
}

/* -------- encoding -------- */

struct Encoder {
    LineEncoder line; /* must be first */
};

static Status create_encoder(const SqlType *types, uint32_t count, bool is_text,
                             Encoder **ret_encoder, Error *err) {
    TRY(check_column(count ? types[0] : SQL_TYPE(UNKNOWN), (int) count - 1, is_text, err));
    *ret_encoder = line_encoder_create("whole encoder", sizeof(Encoder), count);
    return STATUS_OK;
}

static Status text_encoder_create(const char *const *names, const SqlType *types, uint32_t count,
                                  const OptionSet *options, Encoder **ret_encoder, Error *err) {
    return create_encoder(types, count, true, ret_encoder, err);
}

static Status raw_encoder_create(const char *const *names, const SqlType *types, uint32_t count,
                                 const OptionSet *options, Encoder **ret_encoder, Error *err) {
    return create_encoder(types, count, false, ret_encoder, err);
}

static void append_value(LineEncoder *line, const Value *value, StrBuf *out) {
    strbuf_append(out, text_data(&value->text), value->text.length);
}

static Status whole_encode(Encoder *encoder, const Batch *batch, StrBuf *out, Error *err) {
    line_encoder_append(&encoder->line, batch, append_value, out);
    return STATUS_OK;
}

const FormatType format_text = {
    .name = "text",
    .extension = "txt",
    .decoder_create = text_decoder_create,
    .decode = whole_decode,
    .decoder_destroy = whole_decoder_destroy,
    .encoder_create = text_encoder_create,
    .encode = whole_encode,
    .encoder_destroy = line_encoder_destroy,
};

const FormatType format_raw = {
    .name = "raw",
    .extension = "bin",
    .decoder_create = raw_decoder_create,
    .decode = whole_decode,
    .decoder_destroy = whole_decoder_destroy,
    .encoder_create = raw_encoder_create,
    .encode = whole_encode,
    .encoder_destroy = line_encoder_destroy,
};
