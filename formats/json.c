/* JSON format: one object a record.
 *
 * Decoding is the hot path: records resemble each other, so the decoder keeps templates of the last
 * few shapes (json_template.h) and looks only at the members that are wanted. Writing gives what
 * PostgreSQL's row_to_json prints with TimeZone UTC. */
#include <string.h>

#include "formats/column_builder.h"
#include "formats/formats.h"
#include "formats/json_convert.h"
#include "formats/json_fields.h"
#include "formats/json_layout.h"
#include "formats/line_encoder.h"

typedef struct JsonColumn {
    DecodeColumn wanted;
    JsonTarget target;
    uint32_t field;
    const char *rest; /* of the path, "" when the field is the value */
} JsonColumn;

struct Decoder {
    Arena *arena;
    uint32_t column_count;
    JsonColumn *columns;
    DecodeColumn *wanted; /* [column_count], as column_builder wants them */
    JsonFields fields;
    JsonSlot *slots;
    JsonTemplate *templates[JSON_TEMPLATES]; /* most recently used first */
    JsonTemplate *learning;
    JsonLayout *layout;
    JsonIndexBuild build_index;
    JsonIndex index; /* of the record under way */
};

static const OptionSpec json_options[] = {
    {"timestamp_unit", OPTION_CHOICE, "s|ms|us|ns", NULL, "what a number is as a timestamp", 0},
    {0},
};

static int64_t timestamp_unit_us(const OptionSet *options) {
    const char *unit = option_text(options, "timestamp_unit");

    if (!unit)
        return 0;
    if (strcmp(unit, "s") == 0)
        return 1000000;
    if (strcmp(unit, "ms") == 0)
        return 1000;
    return strcmp(unit, "us") == 0 ? 1 : -1000;
}

static uint32_t add_field(Decoder *decoder, const char *key, bool folds_case) {
    size_t length = strlen(key);

    for (uint32_t i = 0; i < decoder->fields.count; i++) {
        const JsonField *field = &decoder->fields.fields[i];

        if (field->key_length == length && memcmp(field->key, key, length) == 0 &&
            field->folds_case == folds_case)
            return i;
    }
    decoder->fields.fields[decoder->fields.count] = (JsonField) {key, length, folds_case};
    return decoder->fields.count++;
}

static Status add_column(Decoder *decoder, uint32_t index, const DecodeColumn *wanted,
                         int64_t unit_us, const FormSettings *settings, Error *err) {
    JsonColumn *column = &decoder->columns[index];
    const char *key = arena_strdup(decoder->arena, wanted->name);
    const char *rest = "";

    column->wanted = *wanted;
    column->wanted.name = key;
    column->target = (JsonTarget) {
        .type = wanted->type,
        .physical = type_physical(wanted->type.id),
        .timestamp_unit_us = unit_us,
        .settings = settings,
    };
    if (wanted->path)
        TRY(json_path_first(arena_strdup(decoder->arena, wanted->path), decoder->arena, &key, &rest,
                            err));
    column->rest = rest;
    column->field = add_field(decoder, key, wanted->path == NULL);
    decoder->wanted[index] = column->wanted;
    return STATUS_OK;
}

static void json_decoder_destroy(Decoder *decoder) {
    if (decoder)
        arena_destroy(decoder->arena);
}

static Status json_decoder_create(const DecodeColumn *columns, uint32_t count,
                                  const OptionSet *options, const FormSettings *settings,
                                  Decoder **ret_decoder, Error *err) {
    Arena *arena = arena_create("json decoder", 0);
    Decoder *decoder = arena_new(arena, Decoder);
    Status status = STATUS_OK;

    decoder->arena = arena;
    decoder->column_count = count;
    decoder->columns = arena_new_array(arena, JsonColumn, count);
    decoder->wanted = arena_new_array(arena, DecodeColumn, count);
    decoder->fields.fields = arena_new_array(arena, JsonField, count);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
        status = add_column(decoder, i, &columns[i], timestamp_unit_us(options), settings, err);
    if (status != STATUS_OK) {
        json_decoder_destroy(decoder);
        return status;
    }
    decoder->slots = arena_new_array(arena, JsonSlot, count);
    for (int i = 0; i < JSON_TEMPLATES; i++)
        decoder->templates[i] = arena_new(arena, JsonTemplate);
    decoder->learning = arena_new(arena, JsonTemplate);
    decoder->layout = arena_new(arena, JsonLayout);
    decoder->build_index = json_index_builder();
    *ret_decoder = decoder;
    return STATUS_OK;
}

/* -------- decoding -------- */

static bool find_by_template(Decoder *decoder, const char *begin, const char *end) {
    size_t slots_size = sizeof(*decoder->slots) * decoder->fields.count;
    size_t length = (size_t) (end - begin);
    const JsonIndex *index = NULL;

    if (decoder->templates[0]->segment_count > 0 &&
        decoder->build_index(begin, length, &decoder->index))
        index = &decoder->index;
    memset(decoder->slots, 0, slots_size);
    if (index && json_layout_match(decoder->layout, begin, length, index, decoder->slots))
        return true;
    for (int i = 0; i < JSON_TEMPLATES; i++) {
        JsonTemplate *template = decoder->templates[i];

        if (template->segment_count == 0)
            return false;
        if (i > 0)
            memset(decoder->slots, 0, slots_size);
        if (!json_template_match(template, begin, end, index, decoder->slots))
            continue;
        if (index)
            json_layout_learn(decoder->layout, template, begin, index);
        if (i > 0) {
            memmove(&decoder->templates[1], &decoder->templates[0],
                    sizeof(*decoder->templates) * (size_t) i);
            decoder->templates[0] = template;
        }
        return true;
    }
    return false;
}

static void keep_template(Decoder *decoder) {
    JsonTemplate *oldest = decoder->templates[JSON_TEMPLATES - 1];

    if (decoder->learning->segment_count == 0)
        return;
    memmove(&decoder->templates[1], &decoder->templates[0],
            sizeof(*decoder->templates) * (JSON_TEMPLATES - 1));
    decoder->templates[0] = decoder->learning;
    decoder->learning = oldest;
}

static bool find_fields(Decoder *decoder, const Record *record, Arena *arena) {
    const char *begin = record->data;
    const char *end = begin + record->length;

    if (find_by_template(decoder, begin, end))
        return true;
    if (!json_fields_walk(&decoder->fields, begin, end, decoder->slots, decoder->learning,
                          arena_alloc_raw(arena, record->length)))
        return false;
    keep_template(decoder);
    return true;
}

static Status fill_column(Decoder *decoder, uint32_t index, ColumnBuilder *builder, Error *fault) {
    const JsonColumn *column = &decoder->columns[index];
    JsonSlot slot = decoder->slots[column->field];
    bool is_null = false;

    if (*column->rest && !json_path_follow(column->rest, builder->arena, &slot))
        return error_set(fault, INVALID_TEXT_REPRESENTATION,
                         "the object or array that holds the value is broken");
    TRY(json_convert(&column->target, &slot, column_builder_column(builder, index),
                     builder->result->batch->row_count, builder->arena, &is_null, fault));
    if (is_null && column->wanted.is_not_null)
        return column_not_null_violation(column->wanted.name, fault);
    if (is_null)
        column_builder_put_null(builder, index);
    return STATUS_OK;
}

static void decode_record(Decoder *decoder, const Record *record, uint32_t index,
                          ColumnBuilder *builder) {
    Error fault;

    if (column_builder_take_empty(builder, decoder->wanted, record, index))
        return;
    if (!find_fields(decoder, record, builder->arena)) {
        IGNORE(error_set(&fault, INVALID_TEXT_REPRESENTATION,
                         "record is not a JSON object that closes at its end"));
        column_builder_reject(builder, index, NULL, &fault);
        return;
    }
    column_builder_fill_row(builder, decoder->wanted, decoder->column_count, index, decoder,
                            fill_column);
}

static Status json_decode(Decoder *decoder, const Record *records, uint32_t count, Arena *arena,
                          DecodeResult *ret_result, Error *err) {
    ColumnBuilder builder;

    column_builder_begin(&builder, decoder->wanted, decoder->column_count, count, arena);
    for (uint32_t i = 0; i < count; i++)
        decode_record(decoder, &records[i], i, &builder);
    *ret_result = *builder.result;
    return STATUS_OK;
}

/* -------- encoding -------- */

struct Encoder {
    LineEncoder line; /* must be first; prefixes are `{"a":` and `,"b":` */
};

static Status json_encoder_create(const char *const *names, const SqlType *types, uint32_t count,
                                  const OptionSet *options, Encoder **ret_encoder, Error *err) {
    CLEANUP(strbuf_done) StrBuf prefix = {0};
    Encoder *encoder = line_encoder_create("json encoder", sizeof(*encoder), count);

    for (uint32_t i = 0; i < count; i++) {
        Value name = value_text(SQL_TYPE(TEXT), names[i], strlen(names[i]));

        strbuf_clear(&prefix);
        strbuf_append_char(&prefix, i ? ',' : '{');
        value_append_json(&name, &form_settings_default, &prefix);
        strbuf_append_char(&prefix, ':');
        encoder->line.prefixes[i] = line_encoder_keep(&encoder->line, &prefix);
    }
    encoder->line.null_text = line_text("null");
    encoder->line.line_end = line_text(count ? "}\n" : "{}\n");
    *ret_encoder = encoder;
    return STATUS_OK;
}

static void append_value(LineEncoder *line, const Value *value, StrBuf *out) {
    value_append_json(value, &form_settings_default, out);
}

static Status json_encode(Encoder *encoder, const Batch *batch, StrBuf *out, Error *err) {
    line_encoder_append(&encoder->line, batch, append_value, out);
    return STATUS_OK;
}

const FormatType format_json = {
    .name = "json",
    .reads_paths = true,
    .extension = "json",
    .options = json_options,
    .decoder_create = json_decoder_create,
    .decode = json_decode,
    .decoder_destroy = json_decoder_destroy,
    .encoder_create = json_encoder_create,
    .encode = json_encode,
    .encoder_destroy = line_encoder_destroy,
};
