#include "sinks/kafka_message.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "sinks/kafka_key.h"
#include "sinks/kafka_part.h"
#include "types/datetime.h"
#include "types/jsonb.h"

enum { HEADERS_MAX = 1000 }; /* of one message */

static const int64_t unix_epoch_ms = DATETIME_UNIX_EPOCH_US / 1000;

struct KafkaEncoder {
    Arena *arena;
    Arena *row_arena;
    const SinkEnvironment *environment;
    KafkaEnvelope envelope;
    int topic_place, partition_place, headers_place, timestamp_place; /* -1: none */
    bool null_is_tombstone; /* the value is one column, whose NULL is no text */
    KafkaKey *key;
    KafkaPart value;
    int *value_places; /* of the value's columns */
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

/* One of the options that name a column; *ret_place -1: it is not given. */
static Status bind_option(const SinkEnvironment *environment, const char *option, int *ret_place,
                          Error *err) {
    const char *name = option_text(environment->options, option);

    *ret_place = -1;
    if (!name)
        return STATUS_OK;
    return kafka_need_column(environment, option, name, strlen(name), ret_place, err);
}

static Status need_type(const KafkaEncoder *encoder, int place, const KafkaTypes *types,
                        Error *err) {
    const SinkEnvironment *environment = encoder->environment;

    return place < 0
               ? STATUS_OK
               : kafka_need_type(types, environment->names[place], environment->types[place], err);
}

/* Without a topic for all rows, each has its own. */
static Status bind_topic(KafkaEncoder *encoder, Error *err) {
    const SinkEnvironment *environment = encoder->environment;
    static const KafkaTypes types = {"topic", "text", 2, {TYPE_TEXT, TYPE_VARCHAR}};

    TRY(bind_option(environment, "topic_column", &encoder->topic_place, err));
    if (encoder->topic_place < 0 && !option_text(environment->options, "topic")) {
        encoder->topic_place = kafka_find_column(environment, "topic", 5);
        if (encoder->topic_place < 0) {
            IGNORE(error_set(err, UNDEFINED_COLUMN,
                             "the sink has no option \"topic\", and the rows no column \"topic\""));
            return error_hint(err, "Name the column with the sink's option topic_column.");
        }
    }
    return need_type(encoder, encoder->topic_place, &types, err);
}

static Status bind_others(KafkaEncoder *encoder, Error *err) {
    static const KafkaTypes integers = {
        "partition", "an integer", 3, {TYPE_INT2, TYPE_INT4, TYPE_INT8}};
    static const KafkaTypes documents = {"headers", "jsonb", 3, {TYPE_JSONB, TYPE_JSON, TYPE_TEXT}};
    static const KafkaTypes times = {
        "timestamp", "a timestamp", 2, {TYPE_TIMESTAMPTZ, TYPE_TIMESTAMP}};
    const SinkEnvironment *environment = encoder->environment;

    TRY(bind_option(environment, "partition_column", &encoder->partition_place, err));
    TRY(bind_option(environment, "headers_column", &encoder->headers_place, err));
    TRY(bind_option(environment, "timestamp_column", &encoder->timestamp_place, err));
    TRY(need_type(encoder, encoder->partition_place, &integers, err));
    TRY(need_type(encoder, encoder->headers_place, &documents, err));
    return need_type(encoder, encoder->timestamp_place, &times, err);
}

/* -------- the value -------- */

static bool is_in_value(const KafkaEncoder *encoder, int place) {
    if (place == encoder->topic_place || place == encoder->partition_place ||
        place == encoder->headers_place || place == encoder->timestamp_place)
        return false;
    return option_number(encoder->environment->options, "key_in_value") ||
           !kafka_key_has_column(encoder->key, place);
}

static Status make_value(KafkaEncoder *encoder, Error *err) {
    const SinkEnvironment *environment = encoder->environment;
    const char *format = environment->format->name;
    KafkaPart *value = &encoder->value;

    encoder->value_places = arena_new_array(encoder->arena, int, environment->column_count + 1);
    kafka_part_init(value, environment->column_count, encoder->arena);
    for (int i = 0; i < (int) environment->column_count; i++) {
        if (!is_in_value(encoder, i))
            continue;
        encoder->value_places[value->count] = i;
        kafka_part_add(value, environment->names[i], environment->types[i]);
    }
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
    return kafka_part_open(value, environment->format, environment->options, err);
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
    TRY(kafka_key_create(environment,
                         encoder->envelope == KAFKA_ENVELOPE_UPSERT ? KAFKA_KEY_UPSERT
                                                                    : KAFKA_KEY_PLAIN,
                         &encoder->key, err));
    TRY(make_value(encoder, err));
    *ret_encoder = TAKE(encoder);
    return STATUS_OK;
}

KafkaEncoder *kafka_encoder_destroy(KafkaEncoder *encoder) {
    if (!encoder)
        return NULL;
    kafka_key_destroy(encoder->key);
    kafka_part_done(&encoder->value);
    strbuf_done(&encoder->envelope_bytes);
    strbuf_done(&encoder->before);
    arena_destroy(encoder->row_arena);
    arena_destroy(encoder->arena);
    return NULL;
}

/* -------- rows -------- */

void kafka_encoder_begin(KafkaEncoder *encoder) {
    encoder->has_before = false; /* of an epoch that was aborted */
}

Status kafka_encoder_batch(KafkaEncoder *encoder, const Batch *batch, Error *err) {
    KafkaPart *value = &encoder->value;

    assert(batch->column_count == encoder->environment->column_count);
    encoder->batch = batch;
    value->batch.row_count = batch->row_count;
    for (uint32_t i = 0; i < value->count; i++)
        value->batch.columns[i] = batch->columns[encoder->value_places[i]];
    return kafka_key_batch(encoder->key, batch, err);
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
    TRY(kafka_part_encode(&encoder->value, row, err));
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
    TRY(kafka_part_encode(&encoder->value, row, err));
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
    TRY(kafka_key_encode(encoder->key, row, &ret_row->key, &ret_row->key_length, err));
    return encode_value(encoder, row, op, ret_row, err);
}
