/* CSV format: RFC 4180 as PostgreSQL's COPY … CSV reads and writes it, one record a line.
 *
 * With a header, the first line of each file names its fields, in any order: each file may have its
 * own, and every record of a file whose header lacks a wanted column is bad. Without one, fields
 * are matched by place. An unquoted empty field is NULL. A quoted field may not hold a line break:
 * records are cut at newlines before quotes are seen, so that a huge file can be read in pieces. */
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "formats/column_builder.h"
#include "formats/formats.h"
#include "formats/line_encoder.h"

enum { HEADER_FIELDS_MAX = 65536 };

typedef struct CsvField {
    TextView text;
    bool is_quoted;
    bool is_present;
} CsvField;

struct Decoder {
    Arena *arena;
    uint32_t column_count;
    DecodeColumn *columns;
    const FormSettings *settings;
    bool has_header;
    char delimiter;
    int *places;     /* of the columns among the file's fields */
    int field_count; /* fields that must be cut: up to the last wanted one */
    int field_capacity;
    CsvField *fields; /* of the record at hand */
    StrBuf header;    /* of the file at hand: its bytes */
    int64_t header_offset;
    const char *header_fault; /* why the file's records are all bad; NULL: they are not */
    SqlState header_state;
    Arena *header_arena;
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
    if (!decoder)
        return;
    strbuf_done(&decoder->header);
    arena_destroy(decoder->header_arena);
    arena_destroy(decoder->arena);
}

/* Room for `count` fields of a record, as many as must be cut. */
static void reserve_fields(Decoder *decoder, int count) {
    decoder->field_count = count;
    if (count <= decoder->field_capacity)
        return;
    decoder->field_capacity = count * 2;
    decoder->fields = arena_new_array(decoder->arena, CsvField, (size_t) decoder->field_capacity);
}

static Status csv_decoder_create(const DecodeColumn *columns, uint32_t count,
                                 const OptionSet *options, const FormSettings *settings,
                                 Decoder **ret_decoder, Error *err) {
    Arena *arena;
    Decoder *decoder;
    char delimiter;
    int field_count = 0;

    TRY(csv_delimiter(options, &delimiter, err));
    arena = arena_create("csv decoder", 0);
    decoder = arena_new(arena, Decoder);
    decoder->arena = arena;
    decoder->header_arena = arena_create("csv header", 0);
    decoder->column_count = count;
    decoder->columns = arena_memdup(arena, columns, sizeof(*columns) * count);
    decoder->places = arena_new_array(arena, int, (size_t) count + 1);
    decoder->settings = settings;
    decoder->has_header = option_number(options, "header") != 0;
    decoder->header_offset = -1;
    decoder->delimiter = delimiter;
    for (uint32_t i = 0; i < count; i++) {
        decoder->columns[i].name = arena_strdup(arena, columns[i].name);
        decoder->places[i] = columns[i].position;
        if (columns[i].position + 1 > field_count)
            field_count = columns[i].position + 1;
    }
    reserve_fields(decoder, field_count);
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
    for (int i = 0; i < decoder->field_count; i++)
        decoder->fields[i].is_present = false;
    for (int i = 0; i < decoder->field_count; i++) {
        CsvField *field = &decoder->fields[i];

        p = cut_field(decoder, p, end, arena, &field->text, &field->is_quoted);
        if (!p) {
            IGNORE(error_set(fault, INVALID_TEXT_REPRESENTATION, "unterminated CSV quoted field"));
            return error_hint(fault, "A quoted field may not hold a line break.");
        }
        field->is_present = true;
        if (p == end)
            break;
        p++;
    }
    return STATUS_OK;
}

/* -------- the header of a file -------- */

static bool names_column(const CsvField *field, const char *name, bool folds_case) {
    if (!field->is_present || field->text.length != strlen(name))
        return false;
    return folds_case ? strncasecmp(text_data(&field->text), name, field->text.length) == 0
                      : memcmp(text_data(&field->text), name, field->text.length) == 0;
}

/* The field that has the column's name; without regard to case, if none has it exactly. */
static Status find_field(const Decoder *decoder, const char *name, int *ret_place, Error *fault) {
    int count = 0;

    for (int folds_case = 0; folds_case < 2 && count == 0; folds_case++)
        for (int i = 0; i < decoder->field_count; i++)
            if (names_column(&decoder->fields[i], name, folds_case) && count++ == 0)
                *ret_place = i;
    if (count == 1)
        return STATUS_OK;
    return error_set(fault, INVALID_TEXT_REPRESENTATION,
                     count ? "CSV header names column \"%s\" more than once"
                           : "CSV header does not name column \"%s\"",
                     name);
}

static Status map_columns(Decoder *decoder, const Record *header, Error *fault) {
    int field_count = 1;
    int used_count = 0;

    if (header->fault)
        return error_set(fault, PROGRAM_LIMIT_EXCEEDED, "%s", header->fault);
    for (uint32_t i = 0; i < header->length; i++)
        field_count += header->data[i] == decoder->delimiter;
    if (field_count > HEADER_FIELDS_MAX)
        return error_set(fault, PROGRAM_LIMIT_EXCEEDED, "CSV header has more than %d fields",
                         HEADER_FIELDS_MAX);
    reserve_fields(decoder, field_count);
    TRY(cut_fields(decoder, header, decoder->header_arena, fault));
    for (uint32_t i = 0; i < decoder->column_count; i++) {
        TRY(find_field(decoder, decoder->columns[i].name, &decoder->places[i], fault));
        if (decoder->places[i] + 1 > used_count)
            used_count = decoder->places[i] + 1;
    }
    decoder->field_count = used_count;
    return STATUS_OK;
}

static void csv_begin_file(Decoder *decoder, const Record *header) {
    Error fault;

    if (!decoder->has_header)
        return;
    if (decoder->header_offset >= 0 && decoder->header.length == header->length &&
        memcmp(decoder->header.data, header->data, header->length) == 0) {
        decoder->header_offset = header->offset;
        return;
    }
    arena_reset(decoder->header_arena);
    strbuf_clear(&decoder->header);
    strbuf_append(&decoder->header, header->data, header->length);
    decoder->header_offset = header->offset;
    decoder->header_fault = NULL;
    if (map_columns(decoder, header, &fault) == STATUS_OK)
        return;
    decoder->header_fault = arena_strdup(decoder->header_arena, fault.message);
    decoder->header_state = fault.sqlstate;
}

/* -------- records -------- */

static Status fill_column(Decoder *decoder, uint32_t index, ColumnBuilder *builder, Error *fault) {
    const DecodeColumn *column = &decoder->columns[index];
    const CsvField *field = &decoder->fields[decoder->places[index]];
    Column *target = column_builder_column(builder, index);
    uint32_t row = builder->result->batch->row_count;
    const char *text = text_data(&field->text);
    uint32_t length = field->text.length;
    size_t size_bytes = physical_size_bytes(type_physical(column->type.id));
    Value value;

    if (!field->is_present)
        return error_set(fault, INVALID_TEXT_REPRESENTATION, "missing data for column \"%s\"",
                         column->name);
    if (length == 0 && !field->is_quoted) {
        if (column->is_not_null)
            return column_not_null_violation(column->name, fault);
        column_builder_put_null(builder, index);
        return STATUS_OK;
    }
    if (!utf8_is_valid(text, text + length) || memchr(text, '\0', length))
        return error_set(fault, CHARACTER_NOT_IN_REPERTOIRE,
                         "invalid byte sequence for encoding \"UTF8\"");
    TRY(value_parse_text(column->type, text, length, decoder->settings, builder->arena, &value,
                         fault));
    memcpy((char *) target->values + row * size_bytes, value.bytes, size_bytes);
    return STATUS_OK;
}

static void decode_record(Decoder *decoder, const Record *record, uint32_t index,
                          ColumnBuilder *builder) {
    bool is_header = decoder->has_header && record->offset == decoder->header_offset;
    Error fault;

    if (decoder->has_header && decoder->header_fault) {
        IGNORE(error_fill(&fault, decoder->header_state, 0, "%s", decoder->header_fault));
        column_builder_reject(builder, index, NULL, &fault);
        return;
    }
    if (is_header) {
        builder->result->header_count++;
        return;
    }
    if (column_builder_take_empty(builder, decoder->columns, record, index))
        return;
    if (cut_fields(decoder, record, builder->arena, &fault) != STATUS_OK) {
        column_builder_reject(builder, index, NULL, &fault);
        return;
    }
    column_builder_fill_row(builder, decoder->columns, decoder->column_count, index, decoder,
                            fill_column);
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
    .begin_file = csv_begin_file,
    .decode = csv_decode,
    .decoder_destroy = csv_decoder_destroy,
    .encoder_create = csv_encoder_create,
    .encode_header = csv_encode_header,
    .encode = csv_encode,
    .encoder_destroy = csv_encoder_destroy,
};
