#include "exec/scan_metadata.h"

#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "catalog/catalog.h"
#include "types/json.h"

typedef enum ColumnSource {
    FROM_ELSEWHERE, /* the value's */
    FROM_KEY_FORMAT,
    FROM_KEY,
    FROM_PATH,
    FROM_MODIFIED,
    FROM_LINE,
    FROM_TOPIC,
    FROM_PARTITION,
    FROM_OFFSET,
    FROM_TIMESTAMP,
    FROM_TIMESTAMP_TYPE,
    FROM_HEADERS,
    FROM_INGEST_TIME,
    FROM_RAW,
    SOURCE_COUNT,
} ColumnSource;

static const char *const source_names[SOURCE_COUNT] = {
    [FROM_KEY] = "key",
    [FROM_PATH] = "path",
    [FROM_MODIFIED] = "modified",
    [FROM_LINE] = "line",
    [FROM_TOPIC] = "topic",
    [FROM_PARTITION] = "partition",
    [FROM_OFFSET] = "offset",
    [FROM_TIMESTAMP] = "timestamp",
    [FROM_TIMESTAMP_TYPE] = "timestamp_type",
    [FROM_HEADERS] = "headers",
    [FROM_INGEST_TIME] = "ingest_time",
    [FROM_RAW] = "raw",
};

/* A column that a value of each record is put into, one by one. */
typedef struct PlainColumn {
    const RelationColumn *column;
    ColumnSource source;
    int output; /* -1: checked only */
    bool is_null_when_bad;
} PlainColumn;

struct ScanMetadata {
    const Plan *scan;
    const Relation *relation;
    OperatorContext *cx;
    bool nulls_bad;
    PlainColumn *plain;
    int plain_count;
    /* of the key's format: one decoder for all */
    Decoder *decoder;
    DecodeColumn *decoded;
    int *outputs; /* [decoded_count]; -1: checked only */
    uint32_t decoded_count;
    bool is_whole; /* some column is the whole key: it is decoded as the member of an object */
};

/* Faults by row: the first of each counts. */
typedef struct FaultList {
    Arena *arena;
    uint32_t row_count;
    const BadRecord **bad; /* by row; NULL until there is one */
    NulledFields nulled;
    uint32_t bad_count;
} FaultList;

/* -------- which columns -------- */

static const char *metadata_name(const RelationColumn *column) {
    return column->path ? column->path : column->name;
}

static int output_of(const Plan *scan, int relation_column) {
    for (int i = 0; i < scan->column_count; i++)
        if (scan->scan_columns[i] == relation_column)
            return i;
    return -1;
}

static bool is_checked(const Plan *scan, int relation_column) {
    for (int i = 0; i < scan->checked_columns.count; i++)
        if (scan->checked_columns.items[i] == relation_column)
            return true;
    return scan->relation->columns[relation_column].is_not_null;
}

static bool is_key(const RelationColumn *column) {
    const char *name = metadata_name(column);

    return strcmp(name, "key") == 0 || strncmp(name, "key.", 4) == 0;
}

bool scan_reads_metadata(const Plan *scan, int relation_column) {
    const RelationColumn *column = &scan->relation->columns[relation_column];

    if (column->origin != COLUMN_METADATA)
        return false;
    return output_of(scan, relation_column) >= 0 || is_checked(scan, relation_column);
}

/* Text, and what is made of text, needs no decoder. */
static bool is_decoded(const Relation *relation, const RelationColumn *column) {
    return is_key(column) && relation->key_format && column->type.id != TYPE_BYTEA;
}

static bool is_watermark(const Plan *scan, int output) {
    return output >= 0 && scan->watermark_column == scan->columns[output].id;
}

/* csv: its place among the columns of the key. */
static int key_position(const Relation *relation, int relation_column) {
    int position = 0;

    for (int i = 0; i < relation_column; i++)
        position += relation->columns[i].origin == COLUMN_METADATA &&
                    is_decoded(relation, &relation->columns[i]);
    return position;
}

static void add_decoded(ScanMetadata *self, int relation_column, int output) {
    const RelationColumn *column = &self->relation->columns[relation_column];

    self->is_whole |= strcmp(metadata_name(column), "key") == 0;
    self->outputs[self->decoded_count] = output;
    self->decoded[self->decoded_count++] = (DecodeColumn) {
        .name = column->name,
        .type = column->type,
        .path = metadata_name(column),
        .is_not_null = column->is_not_null,
        .position = key_position(self->relation, relation_column),
        .is_checked_only = output < 0,
        .is_null_when_bad =
            self->nulls_bad && !column->is_not_null && !is_watermark(self->scan, output),
    };
}

static Status add_plain(ScanMetadata *self, int relation_column, int output, Error *err) {
    const RelationColumn *column = &self->relation->columns[relation_column];
    const char *name = metadata_name(column);

    for (int i = FROM_KEY; i < SOURCE_COUNT; i++)
        if (strcmp(source_names[i], name) == 0) {
            self->plain[self->plain_count++] =
                (PlainColumn) {.column = column,
                               .source = (ColumnSource) i,
                               .output = output,
                               .is_null_when_bad = self->nulls_bad && !column->is_not_null &&
                                                   !is_watermark(self->scan, output)};
            return STATUS_OK;
        }
    return error_at(err, self->scan->position, FEATURE_NOT_SUPPORTED,
                    "metadata column \"%s\" is not supported", name);
}

static Status choose_columns(ScanMetadata *self, Error *err) {
    for (int i = 0; i < self->relation->column_count; i++) {
        const RelationColumn *column = &self->relation->columns[i];

        if (!scan_reads_metadata(self->scan, i))
            continue;
        if (is_decoded(self->relation, column))
            add_decoded(self, i, output_of(self->scan, i));
        else
            TRY(add_plain(self, i, output_of(self->scan, i), err));
    }
    return STATUS_OK;
}

/* The paths of the key's columns as its format has them: '$.key.id' when the key is wrapped, else
 * '$.id'. */
static void set_paths(ScanMetadata *self) {
    for (uint32_t i = 0; i < self->decoded_count; i++) {
        const char *path = self->decoded[i].path;

        self->decoded[i].path =
            arena_printf(self->cx->arena, "$.%s", self->is_whole ? path : path + 4);
    }
}

static Status open_columns(ScanMetadata *self, Error *err) {
    size_t count = (size_t) self->relation->column_count + 1;
    Arena *arena = self->cx->arena;

    self->plain = arena_new_array(arena, PlainColumn, count);
    self->decoded = arena_new_array(arena, DecodeColumn, count);
    self->outputs = arena_new_array(arena, int, count);
    TRY(choose_columns(self, err));
    if (self->decoded_count == 0)
        return STATUS_OK;
    set_paths(self);
    return self->relation->key_format->decoder_create(
        self->decoded, self->decoded_count, &self->relation->options,
        self->cx->epoch->eval.settings, &self->decoder, err);
}

Status scan_metadata_create(const Plan *scan, OperatorContext *cx, bool nulls_bad,
                            ScanMetadata **ret_metadata, Error *err) {
    CLEANUP(scan_metadata_destroyp) ScanMetadata *self = memory_zalloc(sizeof(*self));

    *self =
        (ScanMetadata) {.scan = scan, .relation = scan->relation, .cx = cx, .nulls_bad = nulls_bad};
    TRY(open_columns(self, err));
    *ret_metadata = self->plain_count + (int) self->decoded_count > 0 ? TAKE(self) : NULL;
    return STATUS_OK;
}

ScanMetadata *scan_metadata_destroy(ScanMetadata *self) {
    if (!self)
        return NULL;
    if (self->decoder)
        self->relation->key_format->decoder_destroy(self->decoder);
    memory_free(self);
    return NULL;
}

/* -------- faults -------- */

static void add_bad(FaultList *list, uint32_t row, const BadRecord *bad) {
    if (!list->bad)
        list->bad = arena_new_array(list->arena, const BadRecord *, list->row_count);
    if (list->bad[row])
        return;
    list->bad[row] = arena_memdup(list->arena, bad, sizeof(*bad));
    list->bad_count++;
}

/* A record is told once: with what makes it bad, or with what was made NULL. */
static MetadataFaults finish_faults(const FaultList *list) {
    uint32_t count = list->bad_count + list->nulled.count;
    MetadataFaults faults = {0};

    if (count == 0)
        return faults;
    faults.items = arena_new_array(list->arena, BadRecord, count);
    for (uint32_t i = 0; i < list->nulled.count; i++)
        if (!list->bad || !list->bad[list->nulled.items[i].record])
            faults.items[faults.count++] = list->nulled.items[i];
    for (uint32_t row = 0; list->bad && row < list->row_count; row++)
        if (list->bad[row])
            faults.items[faults.count++] = *list->bad[row];
    return faults;
}

/* -------- values -------- */

static Status text_of(const char *data, uint32_t length, SqlType type, Value *ret_value,
                      Error *fault) {
    if (type.id != TYPE_BYTEA &&
        (!utf8_is_valid(data, data + length) || memchr(data, '\0', length)))
        return error_set(fault, CHARACTER_NOT_IN_REPERTOIRE,
                         "invalid byte sequence for encoding \"UTF8\"");
    *ret_value = value_text(type, data, length);
    return STATUS_OK;
}

/* A key without a format: bytes, text, or what the type's input function makes of it. */
static Status key_value(const ScanMetadata *self, const Record *record, SqlType type,
                        Value *ret_value, Error *fault) {
    if (!record->key)
        return STATUS_OK;
    TRY(text_of(record->key, record->key_length, type, ret_value, fault));
    if (type.id == TYPE_TEXT || type.id == TYPE_BYTEA)
        return STATUS_OK;
    return value_parse_text(type, record->key, record->key_length, self->cx->epoch->eval.settings,
                            self->cx->batch_arena, ret_value, fault);
}

static Status headers_value(const ScanMetadata *self, const Record *record, Value *ret_value,
                            Error *fault) {
    TextView jsonb;

    if (!record->headers)
        return STATUS_OK;
    TRY(jsonb_parse(record->headers, record->headers_length, self->cx->batch_arena, &jsonb, fault));
    *ret_value = (Value) {.type = SQL_TYPE(JSONB), .text = jsonb};
    return STATUS_OK;
}

static Value name_value(const Block *block, int index) {
    SqlType text = SQL_TYPE(TEXT);

    if (index < 0 || index >= block->name_count)
        return value_null(text);
    return value_text(text, block->names[index], strlen(block->names[index]));
}

static Value time_value(int64_t time_us) {
    return (Value) {.type = SQL_TYPE(TIMESTAMPTZ), .int64 = time_us};
}

static Value timestamp_type_value(const Record *record) {
    static const char *const names[] = {
        [TIMESTAMP_CREATE] = "create", [TIMESTAMP_APPEND] = "append"};
    SqlType text = SQL_TYPE(TEXT);

    if (record->timestamp_type != TIMESTAMP_CREATE && record->timestamp_type != TIMESTAMP_APPEND)
        return value_null(text);
    return value_text(text, names[record->timestamp_type], strlen(names[record->timestamp_type]));
}

/* NULL stays when the connector has none. */
static Status plain_value(const ScanMetadata *self, const PlainColumn *plain, const Block *block,
                          const Record *record, Value *ret_value, Error *fault) {
    switch (plain->source) {
    case FROM_KEY:
        return key_value(self, record, plain->column->type, ret_value, fault);
    case FROM_HEADERS:
        return headers_value(self, record, ret_value, fault);
    case FROM_RAW:
        if (record->data)
            return text_of(record->data, record->length, plain->column->type, ret_value, fault);
        break;
    case FROM_PATH:
        *ret_value = name_value(block, record->file);
        break;
    case FROM_TOPIC:
        *ret_value = name_value(block, 0);
        break;
    case FROM_MODIFIED:
        if (block->modified_us && record->file >= 0 && record->file < block->name_count)
            *ret_value = time_value(block->modified_us[record->file]);
        break;
    case FROM_LINE:
        if (record->line > 0)
            *ret_value = value_int8(record->line);
        break;
    case FROM_OFFSET:
        *ret_value = value_int8(record->offset);
        break;
    case FROM_PARTITION:
        *ret_value = value_int4(block->partition_number);
        break;
    case FROM_TIMESTAMP:
        if (record->timestamp_us != INT64_MIN)
            *ret_value = time_value(record->timestamp_us);
        break;
    case FROM_TIMESTAMP_TYPE:
        *ret_value = timestamp_type_value(record);
        break;
    case FROM_INGEST_TIME:
        *ret_value = time_value(self->cx->epoch->eval.wall_us);
        break;
    default:
        break;
    }
    return STATUS_OK;
}

/* Metadata has the type that the connector gives; the declared one may be wider. */
static Value fit_value(Value value, SqlType type) {
    if (!value.is_null && value.type.id == TYPE_INT4 && type_physical(type.id) == PHYSICAL_INT64)
        value.int64 = value.int32;
    else if (!value.is_null && value.type.id == TYPE_INT8 &&
             type_physical(type.id) == PHYSICAL_INT32)
        value.int32 = (int32_t) value.int64;
    value.type = type;
    return value;
}

static void read_plain(const ScanMetadata *self, const PlainColumn *plain, const MetadataRows *rows,
                       Column *columns, FaultList *faults) {
    SqlType type = plain->column->type;
    Column column = column_create(type, rows->count, faults->arena);

    for (uint32_t row = 0; row < rows->count; row++) {
        Value value = value_null(type);
        Error fault;
        Status status =
            plain_value(self, plain, rows->block, &rows->records[rows->rows[row]], &value, &fault);

        if (status == STATUS_OK && value.is_null && plain->column->is_not_null)
            status = error_set(&fault, NOT_NULL_VIOLATION,
                               "null value in column \"%s\" violates not-null constraint",
                               plain->column->name);
        if (status != STATUS_OK) {
            BadRecord bad = {.record = row,
                             .sqlstate = fault.sqlstate,
                             .column_name = plain->column->name,
                             .message = arena_strdup(faults->arena, fault.message)};

            value = value_null(type);
            if (plain->is_null_when_bad)
                nulled_fields_add(&faults->nulled, &bad, faults->arena);
            else
                add_bad(faults, row, &bad);
        }
        value = fit_value(value, type);
        column_put(&column, row, &value, rows->count, faults->arena);
    }
    if (plain->output >= 0)
        columns[plain->output] = column;
}

/* -------- keys that have a format -------- */

/* {"key":…} around the key, so that a whole key of any kind is a member's value. What is no JSON
 * by itself must not become some by that. */
static bool wrap_key(const ScanMetadata *self, const Record *record, Record *ret_wrapped) {
    static const char head[] = "{\"key\":";
    Arena *arena = self->cx->batch_arena;
    size_t head_length = sizeof(head) - 1;
    const JsonNode *root;
    Error ignored;
    char *text;

    if (json_read(record->key, record->key_length, arena, &root, &ignored) != STATUS_OK)
        return false;
    text = arena_alloc(arena, head_length + record->key_length + 1 + RECORD_PADDING);
    memcpy(text, head, head_length);
    memcpy(text + head_length, record->key, record->key_length);
    text[head_length + record->key_length] = '}';
    ret_wrapped->data = text;
    ret_wrapped->length = (uint32_t) head_length + record->key_length + 1;
    return true;
}

static const Record *key_records(const ScanMetadata *self, const MetadataRows *rows) {
    Arena *arena = self->cx->batch_arena;
    Record *keys = arena_new_array(arena, Record, (size_t) rows->count + 1);

    for (uint32_t row = 0; row < rows->count; row++) {
        const Record *record = &rows->records[rows->rows[row]];

        keys[row] = (Record) {.data = record->key,
                              .length = record->key_length,
                              .file = -1,
                              .offset = record->offset,
                              .timestamp_us = INT64_MIN};
        if (record->key && self->is_whole)
            (void) wrap_key(self, record, &keys[row]); /* else no object: bad */
    }
    return keys;
}

/* The rows that the decoder kept, at their places among all. */
static Column spread(const Column *column, const DecodeResult *result, uint32_t count,
                     Arena *arena) {
    Column spread = column_create(column->type, count, arena);

    for (uint32_t row = 0; row < count; row++)
        column_set_null(&spread, row, count, arena);
    for (uint32_t i = 0; i < result->batch->row_count; i++) {
        Value value = column_get(column, i);

        column_put(&spread, result->row_records[i], &value, count, arena);
    }
    return spread;
}

static Status read_decoded(const ScanMetadata *self, const MetadataRows *rows, Column *columns,
                           FaultList *faults, Error *err) {
    DecodeResult result = {0};

    TRY(self->relation->key_format->decode(self->decoder, key_records(self, rows), rows->count,
                                           faults->arena, &result, err));
    assert(result.batch->row_count + result.bad_count == rows->count);
    for (uint32_t i = 0; i < result.bad_count; i++) {
        if (!result.bad[i].column_name)
            result.bad[i].column_name = "key";
        add_bad(faults, result.bad[i].record, &result.bad[i]);
    }
    for (uint32_t i = 0; i < result.nulled.count; i++)
        nulled_fields_add(&faults->nulled, &result.nulled.items[i], faults->arena);
    for (uint32_t i = 0; i < self->decoded_count; i++)
        if (self->outputs[i] >= 0)
            columns[self->outputs[i]] =
                result.bad_count
                    ? spread(&result.batch->columns[i], &result, rows->count, faults->arena)
                    : result.batch->columns[i];
    return STATUS_OK;
}

Status scan_metadata_read(ScanMetadata *self, const MetadataRows *rows, Column *columns,
                          MetadataFaults *ret_faults, Error *err) {
    FaultList faults = {.arena = self->cx->batch_arena, .row_count = rows->count};

    assert(rows->count <= LIMIT_BATCH_ROWS);
    for (int i = 0; i < self->plain_count; i++)
        read_plain(self, &self->plain[i], rows, columns, &faults);
    if (self->decoder)
        TRY(read_decoded(self, rows, columns, &faults, err));
    *ret_faults = finish_faults(&faults);
    return STATUS_OK;
}
