#include "sinks/kafka_message.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "formats/formats.h"
#include "types/datetime.h"
#include "types/jsonb.h"

enum { HEADERS_MAX = 1000 }; /* of one message */

static const int64_t unix_epoch_ms = DATETIME_UNIX_EPOCH_US / 1000;

/* Some of a row's columns. */
typedef struct Part {
    uint32_t count;
    int *places;
    Encoder *encoder;         /* NULL: none is needed */
    const FormatType *format; /* the encoder's */
    Batch batch;              /* the columns of the batch at hand */
    StrBuf bytes;             /* of the row at hand */
} Part;

typedef enum KeyForm { KEY_TEXT, KEY_RAW, KEY_JSON, KEY_CSV } KeyForm;

struct KafkaEncoder {
    Arena *arena;
    Arena *row_arena;
    const SinkEnvironment *environment;
    KafkaEnvelope envelope;
    KeyForm key_form;
    int topic_place, partition_place, headers_place, timestamp_place; /* -1: none */
    bool must_have_key;
    bool null_is_tombstone; /* the value is one column, whose NULL is no text */
    Part key, value;
    const Batch *batch;
    StrBuf envelope_bytes; /* changelog */
    StrBuf before;         /* changelog: what the next row replaces */
    bool has_before;
};

KafkaEnvelope kafka_envelope(const OptionSet *options) {
    switch (option_text(options, "envelope")[0]) {
    case 'u':
        return KAFKA_ENVELOPE_UPSERT;
    case 'c':
        return KAFKA_ENVELOPE_CHANGELOG;
    default:
        return KAFKA_ENVELOPE_APPEND;
    }
}

/* -------- which column is what -------- */

static Status add_columns_hint(const SinkEnvironment *environment, Error *err) {
    char names[ERROR_HINT_SIZE / 2] = "";
    size_t length = 0;

    for (uint32_t i = 0; i < environment->column_count; i++) {
        size_t size = strlen(environment->names[i]);

        if (length + size + 3 > sizeof(names))
            break;
        if (length) {
            memcpy(names + length, ", ", 3);
            length += 2;
        }
        memcpy(names + length, environment->names[i], size + 1);
        length += size;
    }
    return error_hint(err, "The rows have the columns %s.", names);
}

static int find_column(const SinkEnvironment *environment, const char *name, size_t length) {
    for (uint32_t i = 0; i < environment->column_count; i++)
        if (strlen(environment->names[i]) == length &&
            memcmp(environment->names[i], name, length) == 0)
            return (int) i;
    return -1;
}

static Status need_column(const SinkEnvironment *environment, const char *option, const char *name,
                          size_t length, int *ret_place, Error *err) {
    *ret_place = find_column(environment, name, length);
    if (*ret_place >= 0)
        return STATUS_OK;
    IGNORE(
        error_set(err, UNDEFINED_COLUMN,
                  "the sink's option \"%s\" names the column \"%.*s\", which the rows don't have",
                  option, (int) length, name)); /* hinted */
    return add_columns_hint(environment, err);
}

static Status need_type(const SinkEnvironment *environment, const char *what, int place,
                        const TypeId *types, size_t count, const char *wanted, Error *err) {
    for (size_t i = 0; i < count; i++)
        if (environment->types[place].id == types[i])
            return STATUS_OK;
    return error_set(err, DATATYPE_MISMATCH, "a message's %s must be %s, not column \"%s\" (%s)",
                     what, wanted, environment->names[place],
                     type_typname(environment->types[place]));
}

/* One of the options that name a column; *ret_place -1: it is not given. */
static Status bind_option(const SinkEnvironment *environment, const char *option, int *ret_place,
                          Error *err) {
    const char *name = option_text(environment->options, option);

    *ret_place = -1;
    if (!name)
        return STATUS_OK;
    return need_column(environment, option, name, strlen(name), ret_place, err);
}

/* Without a topic for all rows, each has its own. */
static Status bind_topic(KafkaEncoder *encoder, Error *err) {
    const SinkEnvironment *environment = encoder->environment;
    static const TypeId types[] = {TYPE_TEXT, TYPE_VARCHAR};

    TRY(bind_option(environment, "topic_column", &encoder->topic_place, err));
    if (encoder->topic_place < 0 && !option_text(environment->options, "topic")) {
        encoder->topic_place = find_column(environment, "topic", 5);
        if (encoder->topic_place < 0) {
            IGNORE(error_set(err, UNDEFINED_COLUMN,
                             "the sink has no option \"topic\", and the rows no column \"topic\""));
            return error_hint(err, "Name the column with the sink's option topic_column.");
        }
    }
    if (encoder->topic_place < 0)
        return STATUS_OK;
    return need_type(environment, "topic", encoder->topic_place, types, ARRAY_LENGTH(types), "text",
                     err);
}

static Status bind_others(KafkaEncoder *encoder, Error *err) {
    static const TypeId integers[] = {TYPE_INT2, TYPE_INT4, TYPE_INT8};
    static const TypeId documents[] = {TYPE_JSONB, TYPE_JSON, TYPE_TEXT};
    static const TypeId times[] = {TYPE_TIMESTAMPTZ, TYPE_TIMESTAMP};
    const SinkEnvironment *environment = encoder->environment;

    TRY(bind_option(environment, "partition_column", &encoder->partition_place, err));
    TRY(bind_option(environment, "headers_column", &encoder->headers_place, err));
    TRY(bind_option(environment, "timestamp_column", &encoder->timestamp_place, err));
    if (encoder->partition_place >= 0)
        TRY(need_type(environment, "partition", encoder->partition_place, integers,
                      ARRAY_LENGTH(integers), "an integer", err));
    if (encoder->headers_place >= 0)
        TRY(need_type(environment, "headers", encoder->headers_place, documents,
                      ARRAY_LENGTH(documents), "jsonb", err));
    if (encoder->timestamp_place >= 0)
        TRY(need_type(environment, "timestamp", encoder->timestamp_place, times,
                      ARRAY_LENGTH(times), "a timestamp", err));
    return STATUS_OK;
}

/* -------- the key -------- */

/* "a, b" or "\"a, b\"": the next name of the list, without its quotes. */
static bool next_name(const char **cursor, const char **ret_name, size_t *ret_length) {
    const char *at = *cursor + strspn(*cursor, " \t\n,");
    size_t length;

    if (!*at)
        return false;
    if (*at == '"' && strchr(at + 1, '"')) {
        length = strcspn(at + 1, "\"");
        *ret_name = at + 1;
        *ret_length = length;
        *cursor = at + length + 2;
        return true;
    }
    length = strcspn(at, ",");
    *cursor = at + length;
    while (length && strchr(" \t\n", at[length - 1]))
        length--;
    *ret_name = at;
    *ret_length = length;
    return true;
}

static bool has_place(const int *places, uint32_t count, int place) {
    for (uint32_t i = 0; i < count; i++)
        if (places[i] == place)
            return true;
    return false;
}

static Status bind_key_list(KafkaEncoder *encoder, const char *list, Error *err) {
    const SinkEnvironment *environment = encoder->environment;
    const char *name;
    size_t length;

    while (next_name(&list, &name, &length)) {
        int place;

        TRY(need_column(environment, "key", name, length, &place, err));
        if (has_place(encoder->key.places, encoder->key.count, place))
            return error_set(err, DUPLICATE_COLUMN,
                             "the sink's option \"key\" names the column \"%.*s\" twice",
                             (int) length, name);
        encoder->key.places[encoder->key.count++] = place;
    }
    return STATUS_OK;
}

/* The option to write instead: key = 'a, b'. */
static Status add_key_hint(const SinkEnvironment *environment, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {0};

    for (int i = 0; i < environment->key_count; i++)
        strbuf_printf(&text, "%s%s", i ? ", " : "",
                      environment->names[environment->key_columns[i]]);
    return error_hint(err, "Create the sink with key = '%s', or without key, which means the same.",
                      strbuf_text(&text));
}

/* In update mode a message replaces the one with its key: it must be the key of the rows. */
static Status check_update_key(const KafkaEncoder *encoder, Error *err) {
    const SinkEnvironment *environment = encoder->environment;
    bool is_same = encoder->key.count == (uint32_t) environment->key_count;

    for (int i = 0; is_same && i < environment->key_count; i++)
        is_same = has_place(encoder->key.places, encoder->key.count, environment->key_columns[i]);
    if (is_same)
        return STATUS_OK;
    IGNORE(
        error_set(err, INVALID_COLUMN_REFERENCE,
                  "with envelope = 'upsert' the sink's key must be the key of the query's rows"));
    return add_key_hint(environment, err);
}

static Status refuse_keyless(const SinkEnvironment *environment, Error *err) {
    if (environment->mode == SINK_MODE_UPDATE) {
        IGNORE(error_set(err, FEATURE_NOT_SUPPORTED, /* hinted */
                         "envelope = 'upsert' is not supported for rows without a key"));
        return error_hint(err, "Select every column of GROUP BY, or create the sink with envelope "
                               "= 'changelog'.");
    }
    IGNORE(
        error_set(err, INVALID_PARAMETER, "envelope = 'upsert' needs the sink's option \"key\""));
    return error_hint(err, "Create the sink with key = '%s'.", environment->names[0]);
}

static Status bind_key(KafkaEncoder *encoder, Error *err) {
    const SinkEnvironment *environment = encoder->environment;
    const char *list = option_text(environment->options, "key");
    bool is_upsert = encoder->envelope == KAFKA_ENVELOPE_UPSERT;

    encoder->key.places = arena_new_array(encoder->arena, int, environment->column_count + 1);
    if (is_upsert && environment->mode == SINK_MODE_UPDATE && environment->key_count == 0)
        return refuse_keyless(environment, err);
    if (list) {
        TRY(bind_key_list(encoder, list, err));
    } else if (environment->mode == SINK_MODE_UPDATE) {
        for (int i = 0; i < environment->key_count; i++)
            encoder->key.places[encoder->key.count++] = environment->key_columns[i];
    }
    encoder->must_have_key = is_upsert;
    if (!is_upsert)
        return STATUS_OK;
    if (encoder->key.count == 0)
        return refuse_keyless(environment, err);
    return environment->mode == SINK_MODE_UPDATE ? check_update_key(encoder, err) : STATUS_OK;
}

/* -------- encoders of parts -------- */

static Status make_part_encoder(KafkaEncoder *encoder, Part *part, const FormatType *format,
                                const OptionSet *options, Error *err) {
    const char **names = arena_new_array(encoder->arena, const char *, part->count + 1);
    SqlType *types = arena_new_array(encoder->arena, SqlType, part->count + 1);

    for (uint32_t i = 0; i < part->count; i++) {
        names[i] = encoder->environment->names[part->places[i]];
        types[i] = encoder->environment->types[part->places[i]];
    }
    part->format = format;
    return format->encoder_create(names, types, part->count, options, &part->encoder, err);
}

static KeyForm choose_key_form(const KafkaEncoder *encoder) {
    const char *form = option_text(encoder->environment->options, "key_format");

    if (!form)
        return encoder->key.count > 1 ? KEY_JSON : KEY_TEXT;
    switch (form[0]) {
    case 'j':
        return KEY_JSON;
    case 'c':
        return KEY_CSV;
    case 'r':
        return KEY_RAW;
    default:
        return KEY_TEXT;
    }
}

static Status make_csv_key(KafkaEncoder *encoder, Error *err) {
    const OptionSpec *tables[] = {format_csv.options, NULL};
    const char *nowhere[] = {NULL};
    OptionEnvironment environment = {nowhere, "/"};
    OptionSet *options = arena_new(encoder->arena, OptionSet);

    TRY(options_parse(tables, NULL, 0, &environment, encoder->arena, options, err));
    return make_part_encoder(encoder, &encoder->key, &format_csv, options, err);
}

static Status make_key(KafkaEncoder *encoder, Error *err) {
    const SinkEnvironment *environment = encoder->environment;
    static const TypeId raw_types[] = {TYPE_BYTEA, TYPE_TEXT, TYPE_VARCHAR};
    Part *key = &encoder->key;

    encoder->key_form = choose_key_form(encoder);
    if (key->count == 0)
        return STATUS_OK;
    switch (encoder->key_form) {
    case KEY_JSON:
        return make_part_encoder(encoder, key, &format_json, environment->options, err);
    case KEY_CSV:
        return make_csv_key(encoder, err);
    case KEY_TEXT:
    case KEY_RAW:
        break;
    }
    if (key->count > 1) {
        IGNORE(error_set(err, INVALID_PARAMETER, "key_format = '%s' takes one column, not %" PRIu32,
                         encoder->key_form == KEY_RAW ? "raw" : "text", key->count));
        return error_hint(err, "Create the sink with key_format = 'json'.");
    }
    if (encoder->key_form == KEY_RAW)
        return need_type(environment, "raw key", key->places[0], raw_types, ARRAY_LENGTH(raw_types),
                         "bytea or text", err);
    return STATUS_OK;
}

static bool is_in_value(const KafkaEncoder *encoder, int place) {
    if (place == encoder->topic_place || place == encoder->partition_place ||
        place == encoder->headers_place || place == encoder->timestamp_place)
        return false;
    return option_number(encoder->environment->options, "key_in_value") ||
           !has_place(encoder->key.places, encoder->key.count, place);
}

static Status make_value(KafkaEncoder *encoder, Error *err) {
    const SinkEnvironment *environment = encoder->environment;
    const char *format = environment->format->name;
    Part *value = &encoder->value;

    value->places = arena_new_array(encoder->arena, int, environment->column_count + 1);
    for (int i = 0; i < (int) environment->column_count; i++)
        if (is_in_value(encoder, i))
            value->places[value->count++] = i;
    if (value->count == 0) {
        IGNORE(error_set(err, INVALID_COLUMN_REFERENCE, "no column is left for the value"));
        return error_hint(err, "Columns of the key are in the value too unless key_in_value = "
                               "false.");
    }
    if (encoder->envelope == KAFKA_ENVELOPE_CHANGELOG && strcmp(format, "json") != 0) {
        IGNORE(error_set(err, FEATURE_NOT_SUPPORTED, /* hinted */
                         "envelope = 'changelog' is not supported with format = '%s'", format));
        return error_hint(err, "Create the sink with format = 'json'.");
    }
    encoder->null_is_tombstone =
        value->count == 1 && (strcmp(format, "text") == 0 || strcmp(format, "raw") == 0);
    return make_part_encoder(encoder, value, environment->format, environment->options, err);
}

/* -------- life -------- */

Status kafka_encoder_create(const SinkEnvironment *environment, KafkaEncoder **ret_encoder,
                            Error *err) {
    Arena *arena = arena_create("kafka encoder", 0);
    CLEANUP(kafka_encoder_destroyp) KafkaEncoder *encoder = arena_new(arena, KafkaEncoder);

    encoder->arena = arena;
    encoder->row_arena = arena_create("kafka row", 0);
    encoder->environment = environment;
    encoder->envelope = kafka_envelope(environment->options);
    TRY(bind_topic(encoder, err));
    TRY(bind_others(encoder, err));
    TRY(bind_key(encoder, err));
    TRY(make_key(encoder, err));
    TRY(make_value(encoder, err));
    encoder->key.batch.columns = arena_new_array(arena, Column, encoder->key.count + 1);
    encoder->value.batch.columns = arena_new_array(arena, Column, encoder->value.count + 1);
    *ret_encoder = TAKE(encoder);
    return STATUS_OK;
}

static void part_done(Part *part) {
    if (part->encoder)
        part->format->encoder_destroy(part->encoder);
    strbuf_done(&part->bytes);
}

KafkaEncoder *kafka_encoder_destroy(KafkaEncoder *encoder) {
    if (!encoder)
        return NULL;
    part_done(&encoder->key);
    part_done(&encoder->value);
    strbuf_done(&encoder->envelope_bytes);
    strbuf_done(&encoder->before);
    arena_destroy(encoder->row_arena);
    arena_destroy(encoder->arena);
    return NULL;
}

/* -------- rows -------- */

static void take_batch(Part *part, const Batch *batch) {
    part->batch.row_count = batch->row_count;
    part->batch.column_count = part->count;
    for (uint32_t i = 0; i < part->count; i++)
        part->batch.columns[i] = batch->columns[part->places[i]];
}

void kafka_encoder_begin(KafkaEncoder *encoder) {
    encoder->has_before = false; /* of an epoch that was aborted */
}

void kafka_encoder_batch(KafkaEncoder *encoder, const Batch *batch) {
    assert(batch->column_count == encoder->environment->column_count);
    encoder->batch = batch;
    take_batch(&encoder->key, batch);
    take_batch(&encoder->value, batch);
}

/* The row by the part's format, without the line's end. */
static Status encode_part(Part *part, uint32_t row, Error *err) {
    Batch *batch = &part->batch;

    strbuf_clear(&part->bytes);
    batch->selection = &row;
    batch->selection_count = 1;
    TRY(part->format->encode(part->encoder, batch, &part->bytes, err));
    assert(part->bytes.length > 0 && part->bytes.data[part->bytes.length - 1] == '\n');
    part->bytes.length--;
    return STATUS_OK;
}

static Status refuse_null_key(const KafkaEncoder *encoder, Error *err) {
    IGNORE(error_set(err, NULL_VALUE_NOT_ALLOWED,
                     "a row's key \"%s\" is NULL, and a message with envelope = 'upsert' must have "
                     "one",
                     encoder->environment->names[encoder->key.places[0]])); /* hinted */
    return error_hint(err, "With key_format = 'json' a NULL can be told.");
}

static Status encode_key(KafkaEncoder *encoder, uint32_t row, KafkaRow *ret_row, Error *err) {
    Part *key = &encoder->key;
    const Column *column = &key->batch.columns[0];
    Value value;

    if (key->count == 0)
        return STATUS_OK;
    if (key->encoder) {
        TRY(encode_part(key, row, err));
    } else if (column_is_null(column, row)) {
        return encoder->must_have_key ? refuse_null_key(encoder, err) : STATUS_OK;
    } else {
        value = column_get(column, row);
        strbuf_clear(&key->bytes);
        if (encoder->key_form == KEY_RAW)
            strbuf_append(&key->bytes, text_data(&value.text), value.text.length);
        else
            value_append_text(&value, &form_settings_default, &key->bytes);
    }
    ret_row->key = strbuf_text(&key->bytes);
    ret_row->key_length = key->bytes.length;
    return STATUS_OK;
}

static void append_side(StrBuf *out, const char *name, const StrBuf *row) {
    strbuf_printf(out, ",\"%s\":", name);
    if (row)
        strbuf_append(out, strbuf_text(row), row->length);
    else
        strbuf_append_text(out, "null");
}

/* {"op":"update","before":{…},"after":{…}} */
static void wrap_change(KafkaEncoder *encoder, ChangeOp op) {
    StrBuf *out = &encoder->envelope_bytes;
    const StrBuf *row = &encoder->value.bytes;
    const StrBuf *before = encoder->has_before ? &encoder->before : NULL;

    strbuf_clear(out);
    strbuf_printf(out, "{\"op\":\"%s\"",
                  op == CHANGE_DELETE ? "delete"
                  : before            ? "update"
                                      : "insert");
    append_side(out, "before", op == CHANGE_DELETE ? row : before);
    append_side(out, "after", op == CHANGE_DELETE ? NULL : row);
    strbuf_append_char(out, '}');
    encoder->has_before = false;
}

static Status keep_before(KafkaEncoder *encoder, uint32_t row, Error *err) {
    TRY(encode_part(&encoder->value, row, err));
    strbuf_clear(&encoder->before);
    strbuf_append(&encoder->before, strbuf_text(&encoder->value.bytes),
                  encoder->value.bytes.length);
    encoder->has_before = true;
    return STATUS_OK;
}

static Status encode_value(KafkaEncoder *encoder, uint32_t row, ChangeOp op, KafkaRow *ret_row,
                           Error *err) {
    const StrBuf *bytes = &encoder->value.bytes;

    if (op == CHANGE_DELETE && encoder->envelope == KAFKA_ENVELOPE_UPSERT)
        return STATUS_OK;
    if (encoder->null_is_tombstone && column_is_null(&encoder->value.batch.columns[0], row))
        return STATUS_OK;
    TRY(encode_part(&encoder->value, row, err));
    if (encoder->envelope == KAFKA_ENVELOPE_CHANGELOG) {
        wrap_change(encoder, op);
        bytes = &encoder->envelope_bytes;
    }
    ret_row->value = strbuf_text(bytes);
    ret_row->value_length = bytes->length;
    return STATUS_OK;
}

/* -------- topic, partition, time -------- */

static Status take_topic(const KafkaEncoder *encoder, uint32_t row, KafkaRow *ret_row, Error *err) {
    const Column *column = &encoder->batch->columns[encoder->topic_place];

    if (column_is_null(column, row))
        return error_set(err, NULL_VALUE_NOT_ALLOWED, "a row's topic (column \"%s\") is NULL",
                         encoder->environment->names[encoder->topic_place]);
    ret_row->topic = COLUMN_VALUE(column, TextView, row);
    if (ret_row->topic.length == 0)
        return error_set(err, INVALID_PARAMETER, "a row's topic (column \"%s\") is empty",
                         encoder->environment->names[encoder->topic_place]);
    return STATUS_OK;
}

static Status take_partition(const KafkaEncoder *encoder, uint32_t row, KafkaRow *ret_row,
                             Error *err) {
    const Column *column = &encoder->batch->columns[encoder->partition_place];
    int64_t number;
    Value value;

    if (column_is_null(column, row))
        return STATUS_OK;
    value = column_get(column, row);
    number = value.type.id == TYPE_INT2   ? value.int16
             : value.type.id == TYPE_INT4 ? value.int32
                                          : value.int64;
    if (number < 0 || number > INT32_MAX)
        return error_set(err, INVALID_PARAMETER, "a row's partition (column \"%s\") is %" PRId64,
                         encoder->environment->names[encoder->partition_place], number);
    ret_row->partition = (int32_t) number;
    return STATUS_OK;
}

static Status take_timestamp(const KafkaEncoder *encoder, uint32_t row, KafkaRow *ret_row,
                             Error *err) {
    const Column *column = &encoder->batch->columns[encoder->timestamp_place];
    int64_t micros;

    if (column_is_null(column, row))
        return STATUS_OK;
    micros = COLUMN_VALUE(column, int64_t, row);
    if (micros == INT64_MAX || micros / 1000 <= -unix_epoch_ms)
        return error_set(err, DATETIME_FIELD_OVERFLOW,
                         "a row's timestamp (column \"%s\") is before 1970 or infinite",
                         encoder->environment->names[encoder->timestamp_place]);
    ret_row->timestamp_ms = micros / 1000 + unix_epoch_ms;
    return STATUS_OK;
}

/* -------- headers -------- */

static Status bad_headers(Error *err) {
    IGNORE(error_set(err, INVALID_PARAMETER, "a row's headers are no list of keys and values"));
    return error_hint(err, "Write [{\"key\": \"a\", \"value\": \"b\"}] or {\"a\": \"b\"}.");
}

/* A value as text: strings as they are, others as they are written. */
static Status take_header(const TextView *key, const JsonNode *value, KafkaHeader *ret_header,
                          Error *err) {
    *ret_header = (KafkaHeader) {.name = text_data(key), .name_length = key->length};
    if (key->length == 0)
        return bad_headers(err);
    if (!value || value->kind == JSON_NULL)
        return STATUS_OK;
    ret_header->value = value->kind == JSON_STRING ? text_data(&value->text) : value->raw;
    ret_header->value_length = value->kind == JSON_STRING ? value->text.length : value->raw_size;
    return STATUS_OK;
}

static Status take_nodes(const JsonNode *root, KafkaHeader *headers, Error *err) {
    const JsonNode *name;
    uint32_t count = 0;

    for (const JsonNode *node = root->first_child; node; node = node->next) {
        if (root->kind == JSON_OBJECT) {
            TRY(take_header(&node->key, node, &headers[count++], err));
            continue;
        }
        name = node->kind == JSON_OBJECT ? json_member(node, "key", 3) : NULL;
        if (!name || name->kind != JSON_STRING)
            return bad_headers(err);
        TRY(take_header(&name->text, json_member(node, "value", 5), &headers[count++], err));
    }
    return STATUS_OK;
}

static Status take_headers(KafkaEncoder *encoder, uint32_t row, KafkaRow *ret_row, Error *err) {
    const Column *column = &encoder->batch->columns[encoder->headers_place];
    const JsonNode *root = NULL;
    KafkaHeader *headers;
    const TextView *text;

    if (column_is_null(column, row))
        return STATUS_OK;
    text = &COLUMN_VALUE(column, TextView, row);
    arena_reset(encoder->row_arena);
    TRY(json_read(text_data(text), text->length, encoder->row_arena, &root, err));
    if (root->kind == JSON_NULL)
        return STATUS_OK;
    if (root->kind != JSON_ARRAY && root->kind != JSON_OBJECT)
        return bad_headers(err);
    if (root->child_count > HEADERS_MAX)
        return error_set(err, PROGRAM_LIMIT_EXCEEDED, "a row has more than %d headers",
                         HEADERS_MAX);
    headers = arena_new_array(encoder->row_arena, KafkaHeader, root->child_count + 1);
    TRY(take_nodes(root, headers, err));
    ret_row->headers = headers;
    ret_row->header_count = root->child_count;
    return STATUS_OK;
}

Status kafka_encoder_row(KafkaEncoder *encoder, uint32_t row, ChangeOp op, KafkaRow *ret_row,
                         Error *err) {
    *ret_row = (KafkaRow) {.partition = -1, .is_message = op != CHANGE_BEFORE};
    if (op == CHANGE_BEFORE)
        return keep_before(encoder, row, err);
    if (encoder->topic_place >= 0)
        TRY(take_topic(encoder, row, ret_row, err));
    if (encoder->partition_place >= 0)
        TRY(take_partition(encoder, row, ret_row, err));
    if (encoder->timestamp_place >= 0)
        TRY(take_timestamp(encoder, row, ret_row, err));
    if (encoder->headers_place >= 0)
        TRY(take_headers(encoder, row, ret_row, err));
    TRY(encode_key(encoder, row, ret_row, err));
    return encode_value(encoder, row, op, ret_row, err);
}
