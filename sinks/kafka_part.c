#include "sinks/kafka_part.h"

#include <assert.h>
#include <string.h>

/* -------- bytes -------- */

void kafka_part_init(KafkaPart *part, uint32_t capacity, Arena *arena) {
    *part = (KafkaPart) {.names = arena_new_array(arena, const char *, capacity + 1),
                         .types = arena_new_array(arena, SqlType, capacity + 1)};
    part->batch.columns = arena_new_array(arena, Column, capacity + 1);
}

void kafka_part_add(KafkaPart *part, const char *name, SqlType type) {
    part->names[part->count] = name;
    part->types[part->count++] = type;
}

Status kafka_part_open(KafkaPart *part, const FormatType *format, const OptionSet *options,
                       Error *err) {
    part->format = format;
    return format->encoder_create(part->names, part->types, part->count, options, &part->encoder,
                                  err);
}

void kafka_part_done(KafkaPart *part) {
    if (part->encoder)
        part->format->encoder_destroy(part->encoder);
    strbuf_done(&part->bytes);
}

Status kafka_part_encode(KafkaPart *part, uint32_t row, Error *err) {
    Batch *batch = &part->batch;

    strbuf_clear(&part->bytes);
    batch->column_count = part->count;
    batch->selection = &row;
    batch->selection_count = 1;
    TRY(part->format->encode(part->encoder, batch, &part->bytes, err));
    assert(part->bytes.length > 0 && part->bytes.data[part->bytes.length - 1] == '\n');
    part->bytes.length--;
    return STATUS_OK;
}

/* -------- names of columns -------- */

Status kafka_columns_hint(const SinkEnvironment *environment, Error *err) {
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

int kafka_find_column(const SinkEnvironment *environment, const char *name, size_t length) {
    for (uint32_t i = 0; i < environment->column_count; i++)
        if (strlen(environment->names[i]) == length &&
            memcmp(environment->names[i], name, length) == 0)
            return (int) i;
    return -1;
}

Status kafka_need_column(const SinkEnvironment *environment, const char *option, const char *name,
                         size_t length, int *ret_place, Error *err) {
    *ret_place = kafka_find_column(environment, name, length);
    if (*ret_place >= 0)
        return STATUS_OK;
    IGNORE(
        error_set(err, UNDEFINED_COLUMN,
                  "the sink's option \"%s\" names the column \"%.*s\", which the rows don't have",
                  option, (int) length, name)); /* hinted */
    return kafka_columns_hint(environment, err);
}

Status kafka_need_type(const KafkaTypes *types, const char *name, SqlType type, Error *err) {
    for (size_t i = 0; i < types->count; i++)
        if (type.id == types->ids[i])
            return STATUS_OK;
    return error_set(err, DATATYPE_MISMATCH, "a message's %s must be %s, not column \"%s\" (%s)",
                     types->what, types->wanted, name, type_typname(type));
}
