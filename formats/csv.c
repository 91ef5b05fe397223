/* CSV format: RFC 4180 as PostgreSQL's COPY … CSV reads and writes it, one record a line.
 *
 * Fields are matched by place. An unquoted empty field is NULL. With a header, the first line of
 * each file must name the columns in their order. A quoted field may not hold a line break: records
 * are cut at newlines before quotes are seen, so that a huge file can be read in pieces. */
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "formats/column_builder.h"
#include "formats/formats.h"
#include "formats/line_encoder.h"

struct Decoder {
    Arena *arena;
    uint32_t column_count;
    DecodeColumn *columns;
    const FormSettings *settings;
    bool has_header;
    char delimiter;
    int field_count; /* fields that must be cut: up to the last wanted one */
    TextView *fields;
    bool *is_quoted;
    bool *is_present;
};

static const OptionSpec csv_options[] = {
    {"header", OPTION_BOOL, NULL, "true", "the first line of each file names the columns", 0},
    {"delimiter", OPTION_TEXT, NULL, ",", "one character between fields", 0},
    {0},
};

static Status csv_delimiter(const OptionSet *options, char *ret_delimiter, Error *err) {
    const char *text = option_text(options, "delimiter");

    if (strlen(text) != 1 || strchr("\"\r\n", *text))
        return error_at(err, option_find(options, "delimiter")->position, INVALID_PARAMETER,
                        "delimiter must be one character, not a quote or a line break");
    *ret_delimiter = *text;
    return STATUS_OK;
}

static Status csv_check(const OptionSet *options, Error *err) {
    char delimiter;

    return csv_delimiter(options, &delimiter, err);
}

static void csv_decoder_destroy(Decoder *decoder) {
    if (decoder)
        arena_destroy(decoder->arena);
}

static Status csv_decoder_create(const DecodeColumn *columns, uint32_t count,
                                 const OptionSet *options, const FormSettings *settings,
                                 Decoder **ret_decoder, Error *err) {
    Arena *arena;
    Decoder *decoder;
    char delimiter;

    TRY(csv_delimiter(options, &delimiter, err));
    arena = arena_create("csv decoder", 0);
    decoder = arena_new(arena, Decoder);
    decoder->arena = arena;
    decoder->column_count = count;
    decoder->columns = arena_memdup(arena, columns, sizeof(*columns) * count);
    decoder->settings = settings;
    decoder->has_header = option_number(options, "header") != 0;
    decoder->delimiter = delimiter;
    for (uint32_t i = 0; i < count; i++) {
        decoder->columns[i].name = arena_strdup(arena, columns[i].name);
        if (columns[i].position + 1 > decoder->field_count)
            decoder->field_count = columns[i].position + 1;
    }
    decoder->fields = arena_new_array(arena, TextView, (size_t) decoder->field_count);
    decoder->is_quoted = arena_new_array(arena, bool, (size_t) decoder->field_count);
    decoder->is_present = arena_new_array(arena, bool, (size_t) decoder->field_count);
    *ret_decoder = decoder;
    return STATUS_OK;
}

/* -------- cutting a line into fields -------- */

/* The field at p; quotes are taken out. Returns what follows it (the delimiter or end), NULL for an
 * open quote. */
static const char *cut_field(const Decoder *decoder, const char *p, const char *end, Arena *arena,
                             TextView *ret_field, bool *ret_is_quoted) {
    const char *begin = p;
    bool is_inside = false;
    char *out;
    char *copy;

    while (p < end && *p != decoder->delimiter && *p != '"')
        p++;
    *ret_is_quoted = p < end && *p == '"';
    if (!*ret_is_quoted) {
        *ret_field = text_view(begin, (uint32_t) (p - begin));
        return p;
    }
    for (; p < end && (is_inside || *p != decoder->delimiter); p++)
        is_inside ^= *p == '"'; /* a doubled quote goes out and in again */
    if (is_inside)
        return NULL;
    copy = out = arena_alloc_raw(arena, (size_t) (p - begin) + 16);
    for (const char *from = begin; from < p; from++) {
        if (*from != '"') {
            *out++ = *from;
        } else if (is_inside && from + 1 < p && from[1] == '"') {
            *out++ = '"';
            from++;
        } else {
            is_inside = !is_inside;
        }
    }
    *ret_field = text_view(copy, (uint32_t) (out - copy));
    return p;
}

static Status cut_fields(Decoder *decoder, const Record *record, Arena *arena, Error *fault) {
    const char *p = record->data;
    const char *end = p + record->length;

    if (end > p && end[-1] == '\r')
        end--;
    memset(decoder->is_present, 0, sizeof(bool) * (size_t) decoder->field_count);
    for (int i = 0; i < decoder->field_count; i++) {
        p = cut_field(decoder, p, end, arena, &decoder->fields[i], &decoder->is_quoted[i]);
        if (!p) {
            IGNORE(error_set(fault, INVALID_TEXT_REPRESENTATION, "unterminated CSV quoted field"));
            return error_hint(fault, "A quoted field may not hold a line break.");
        }
        decoder->is_present[i] = true;
        if (p == end)
            break;
        p++;
    }
    return STATUS_OK;
}

static Status check_header(Decoder *decoder, Error *fault) {
    for (uint32_t i = 0; i < decoder->column_count; i++) {
        const DecodeColumn *column = &decoder->columns[i];
        const TextView *field = &decoder->fields[column->position];

        if (!decoder->is_present[column->position] || field->length != strlen(column->name) ||
            strncasecmp(text_data(field), column->name, field->length) != 0)
            return error_set(fault, INVALID_TEXT_REPRESENTATION,
                             "CSV header does not name column \"%s\" at place %d", column->name,
                             column->position + 1);
    }
    return STATUS_OK;
}

static Status fill_column(Decoder *decoder, uint32_t index, ColumnBuilder *builder, Error *fault) {
    const DecodeColumn *column = &decoder->columns[index];
    const TextView *field = &decoder->fields[column->position];
    Column *target = column_builder_column(builder, index);
    uint32_t row = builder->result->batch->row_count;
    const char *text = text_data(field);
    size_t size_bytes = physical_size_bytes(type_physical(column->type.id));
    Value value;

    if (!decoder->is_present[column->position])
        return error_set(fault, INVALID_TEXT_REPRESENTATION, "missing data for column \"%s\"",
                         column->name);
    if (field->length == 0 && !decoder->is_quoted[column->position]) {
        if (column->is_not_null)
            return column_not_null_violation(column->name, fault);
        column_builder_put_null(builder, index);
        return STATUS_OK;
    }
    if (!utf8_is_valid(text, text + field->length) || memchr(text, '\0', field->length))
        return error_set(fault, CHARACTER_NOT_IN_REPERTOIRE,
                         "invalid byte sequence for encoding \"UTF8\"");
    TRY(value_parse_text(column->type, text, field->length, decoder->settings, builder->arena,
                         &value, fault));
    memcpy((char *) target->values + row * size_bytes, value.bytes, size_bytes);
    return STATUS_OK;
}

static void decode_record(Decoder *decoder, const Record *record, uint32_t index,
                          ColumnBuilder *builder) {
    bool is_header = decoder->has_header && record->line == 1;
    Error fault;

    if (record->fault) {
        IGNORE(error_set(&fault, PROGRAM_LIMIT_EXCEEDED, "%s", record->fault));
        column_builder_reject(builder, index, NULL, &fault);
        return;
    }
    if (cut_fields(decoder, record, builder->arena, &fault) != STATUS_OK ||
        (is_header && check_header(decoder, &fault) != STATUS_OK)) {
        column_builder_reject(builder, index, NULL, &fault);
        return;
    }
    if (is_header) {
        builder->result->header_count++;
        return;
    }
    for (uint32_t i = 0; i < decoder->column_count; i++) {
        const DecodeColumn *wanted = &decoder->columns[i];

        if (fill_column(decoder, i, builder, &fault) == STATUS_OK)
            continue;
        if (!wanted->is_null_when_bad) {
            column_builder_reject(builder, index, wanted->name, &fault);
            return;
        }
        column_builder_put_bad(builder, i, index, wanted->name, &fault);
    }
    column_builder_keep(builder, index);
}

static Status csv_decode(Decoder *decoder, const Record *records, uint32_t count, Arena *arena,
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
    LineText header;  /* the first line of a file; empty: none */
    char delimiter;
    StrBuf scratch;
};

/* Quoted when it would else be read as something different: as PostgreSQL's CopyAttributeOutCSV. */
static void append_field(const Encoder *encoder, const char *text, size_t length, StrBuf *out) {
    bool is_end_mark =
        encoder->line.column_count == 1 && length == 2 && memcmp(text, "\\.", 2) == 0;
    bool must_quote = length == 0 || is_end_mark;

    for (size_t i = 0; i < length && !must_quote; i++)
        must_quote =
            text[i] == encoder->delimiter || text[i] == '"' || text[i] == '\n' || text[i] == '\r';
    if (!must_quote) {
        strbuf_append(out, text, length);
        return;
    }
    strbuf_append_char(out, '"');
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"')
            strbuf_append_char(out, '"');
        strbuf_append_char(out, text[i]);
    }
    strbuf_append_char(out, '"');
}

static void make_header(Encoder *encoder, const char *const *names) {
    CLEANUP(strbuf_done) StrBuf header = {0};

    for (uint32_t i = 0; i < encoder->line.column_count; i++) {
        if (i)
            strbuf_append_char(&header, encoder->delimiter);
        append_field(encoder, names[i], strlen(names[i]), &header);
    }
    strbuf_append_char(&header, '\n');
    encoder->header = line_encoder_keep(&encoder->line, &header);
}

static Status csv_encoder_create(const char *const *names, const SqlType *types, uint32_t count,
                                 const OptionSet *options, Encoder **ret_encoder, Error *err) {
    Encoder *encoder;
    char delimiter;

    TRY(csv_delimiter(options, &delimiter, err));
    encoder = line_encoder_create("csv encoder", sizeof(*encoder), count);
    encoder->delimiter = delimiter;
    strbuf_append_char(&encoder->scratch, delimiter);
    for (uint32_t i = 1; i < count; i++)
        encoder->line.prefixes[i] = line_encoder_keep(&encoder->line, &encoder->scratch);
    if (option_number(options, "header") != 0)
        make_header(encoder, names);
    *ret_encoder = encoder;
    return STATUS_OK;
}

static void csv_encoder_destroy(Encoder *encoder) {
    if (encoder)
        strbuf_done(&encoder->scratch);
    line_encoder_destroy(encoder);
}

static void csv_encode_header(Encoder *encoder, StrBuf *out) {
    strbuf_append(out, encoder->header.data, encoder->header.length);
}

static void append_value(LineEncoder *line, const Value *value, StrBuf *out) {
    Encoder *encoder = (Encoder *) line;

    strbuf_clear(&encoder->scratch);
    value_append_text(value, &form_settings_default, &encoder->scratch);
    append_field(encoder, strbuf_text(&encoder->scratch), encoder->scratch.length, out);
}

static Status csv_encode(Encoder *encoder, const Batch *batch, StrBuf *out, Error *err) {
    line_encoder_append(&encoder->line, batch, append_value, out);
    return STATUS_OK;
}

const FormatType format_csv = {
    .name = "csv",
    .extension = "csv",
    .options = csv_options,
    .check = csv_check,
    .decoder_create = csv_decoder_create,
    .decode = csv_decode,
    .decoder_destroy = csv_decoder_destroy,
    .encoder_create = csv_encoder_create,
    .encode_header = csv_encode_header,
    .encode = csv_encode,
    .encoder_destroy = csv_encoder_destroy,
};
