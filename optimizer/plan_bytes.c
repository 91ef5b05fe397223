#include "optimizer/plan_bytes.h"

#include <string.h>

enum {
    COLUMN_ID_MAX = 1 << 24, /* rules keep tables by id */
    COLUMN_BY_NUMBER = 255,  /* in a fingerprint: no input has it */
    TYPE_DEPTH_MAX = 8,
};

/* -------- writing -------- */

void write_u8(PlanWriter *writer, int value) {
    strbuf_append_char(writer->out, (char) value);
}

void write_i32(PlanWriter *writer, int64_t value) {
    codec_append_i32(writer->out, (int32_t) value);
}

void write_i64(PlanWriter *writer, int64_t value) {
    codec_append_i64(writer->out, value);
}

void write_symbol(PlanWriter *writer, const char *name) {
    write_i32(writer, (int64_t) strlen(name));
    strbuf_append_text(writer->out, name);
}

void write_name(PlanWriter *writer, const char *name) {
    if (!writer->canonical)
        write_symbol(writer, name ? name : "");
}

void write_type(PlanWriter *writer, SqlType type) {
    write_i32(writer, type_oid(type));
    write_i32(writer, type.typmod);
    if (type.id != TYPE_RECORD)
        return;
    write_i32(writer, type.fields ? type.field_count : 0);
    for (int i = 0; type.fields && i < type.field_count; i++) {
        write_symbol(writer, type.fields[i].name);
        write_type(writer, *type.fields[i].type);
    }
}

void write_column_id(PlanWriter *writer, ColumnId id) {
    const Plan *node = writer->canonical;
    int place;

    if (!node || id == 0) {
        write_i32(writer, id);
        return;
    }
    for (int i = 0; i < node->child_count; i++) {
        place = plan_column_index(node->children[i], id);
        if (place >= 0) {
            write_u8(writer, i + 1);
            write_i32(writer, place);
            return;
        }
    }
    place = plan_column_index(node, id);
    write_u8(writer, COLUMN_BY_NUMBER);
    write_i32(writer, place); /* -1: given below a partial aggregate, whose fingerprint tells */
}

/* -------- reading -------- */

void reader_fail(PlanReader *reader, const char *what) {
    if (reader->status == STATUS_OK)
        reader->status =
            error_set(reader->err, DATA_CORRUPTED, "the stored plan is damaged: %s", what);
    codec_damage(&reader->codec);
}

static void note_damage(PlanReader *reader) {
    if (reader->codec.is_damaged)
        reader_fail(reader, "it ends too early");
}

uint8_t read_u8(PlanReader *reader) {
    uint8_t byte = codec_read_u8(&reader->codec);

    note_damage(reader);
    return byte;
}

int32_t read_i32(PlanReader *reader) {
    int32_t word = codec_read_i32(&reader->codec);

    note_damage(reader);
    return word;
}

int64_t read_i64(PlanReader *reader) {
    int64_t word = codec_read_i64(&reader->codec);

    note_damage(reader);
    return word;
}

int read_below(PlanReader *reader, int bound) {
    int value = read_u8(reader);

    if (value < bound)
        return value;
    reader_fail(reader, "an unknown kind");
    return 0;
}

int read_count(PlanReader *reader, size_t item_bytes) {
    int32_t count = read_i32(reader);

    if (count >= 0 && (size_t) count <= codec_bytes_left(&reader->codec) / item_bytes)
        return count;
    reader_fail(reader, "a count beyond its end");
    return 0;
}

const char *read_name(PlanReader *reader) {
    int length = read_count(reader, 1);
    const char *bytes = (const char *) codec_read_bytes(&reader->codec, (uint64_t) length);

    if (!bytes)
        return "";
    if (memchr(bytes, '\0', (size_t) length)) {
        reader_fail(reader, "a name with a zero byte");
        return "";
    }
    return arena_strndup(reader->arena, bytes, (size_t) length);
}

ColumnId read_column_id(PlanReader *reader) {
    int32_t id = read_i32(reader);

    if (id >= 0 && id < COLUMN_ID_MAX)
        return id;
    reader_fail(reader, "a column number out of range");
    return 0;
}

static void read_fields(PlanReader *reader, SqlType *type, int depth);

static SqlType read_type_at(PlanReader *reader, int depth) {
    uint32_t oid = (uint32_t) read_i32(reader);
    int32_t typmod = read_i32(reader);
    SqlType type = SQL_TYPE(TEXT);

    if (reader->status == STATUS_OK && !type_from_oid(oid, &type))
        reader_fail(reader, "an unknown type");
    type.typmod = typmod;
    if (type.id == TYPE_RECORD && reader->status == STATUS_OK)
        read_fields(reader, &type, depth);
    return type;
}

static void read_fields(PlanReader *reader, SqlType *type, int depth) {
    int count = read_count(reader, 12);
    RecordField *fields;

    if (depth == TYPE_DEPTH_MAX) {
        reader_fail(reader, "a type nested too deeply");
        return;
    }
    if (count == 0)
        return;
    fields = arena_new_array(reader->arena, RecordField, (size_t) count);
    for (int i = 0; i < count; i++) {
        SqlType *field = arena_new(reader->arena, SqlType);

        fields[i].name = read_name(reader);
        *field = read_type_at(reader, depth + 1);
        fields[i].type = field;
    }
    type->fields = fields;
    type->field_count = count;
}

SqlType read_type(PlanReader *reader) {
    return read_type_at(reader, 0);
}
