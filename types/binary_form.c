/* Binary forms: what the protocol sends and receives in format 1, as PostgreSQL's send and receive
 * functions. Big-endian; the bytes of a parameter are hostile. */
#include "types/datetime_form.h"
#include "types/nested.h"
#include "types/numeric.h"
#include "types/numeric_wide.h"
#include "types/text_form.h"
#include "types/text_types.h"

/* -------- numeric: base 10000 digits -------- */

enum {
    WIRE_POSITIVE = 0x0000,
    WIRE_NEGATIVE = 0x4000,
    WIRE_NAN = 0xc000,
    WIRE_PLUS_INF = 0xd000,
    WIRE_MINUS_INF = 0xf000,
    WIRE_DIGITS_MAX = 16, /* of 38 digits, wherever the point lies, and one more */
};

static void append_numeric_header(StrBuf *out, uint16_t count, int16_t weight, uint16_t sign,
                                  uint16_t scale) {
    strbuf_append_u16(out, count);
    strbuf_append_u16(out, (uint16_t) weight);
    strbuf_append_u16(out, sign);
    strbuf_append_u16(out, scale);
}

static void append_numeric(const Numeric *value, StrBuf *out) {
    static const uint16_t specials[] = {[NUMERIC_NAN] = WIRE_NAN,
                                        [NUMERIC_PLUS_INF] = WIRE_PLUS_INF,
                                        [NUMERIC_MINUS_INF] = WIRE_MINUS_INF};
    Unsigned128 magnitude = magnitude_of(numeric_coefficient(value));
    uint16_t digits[WIRE_DIGITS_MAX];
    int padding = (4 - value->scale % 4) % 4; /* zeros that fill the last base 10000 digit */
    int weight = -(value->scale + padding) / 4;
    int count = 0;
    int first = 0;

    if (value->kind != NUMERIC_FINITE) {
        /* PostgreSQL shows a flag bit of its infinities as a scale of 32. */
        append_numeric_header(out, 0, 0, specials[value->kind],
                              value->kind == NUMERIC_NAN ? 0 : 32);
        return;
    }
    if (padding > 0 && magnitude > 0) {
        int place = 4 - padding;

        digits[count++] = (uint16_t) ((uint32_t) (magnitude % power_of_ten(place)) *
                                      (uint32_t) power_of_ten(padding));
        magnitude /= power_of_ten(place);
    }
    for (; magnitude > 0; magnitude /= 10000)
        digits[count++] = (uint16_t) (magnitude % 10000);
    while (count > first && digits[first] == 0)
        first++;
    append_numeric_header(out, (uint16_t) (count - first),
                          (int16_t) (count > first ? weight + count - 1 : 0),
                          value->high < 0 ? WIRE_NEGATIVE : WIRE_POSITIVE, (uint16_t) value->scale);
    for (int i = count - 1; i >= first; i--)
        strbuf_append_u16(out, digits[i]);
}

/* -------- sending -------- */

/* The length, which comes first, is known last. */
static void append_sized(const Value *value, StrBuf *out) {
    size_t start = out->length;
    uint32_t size;

    strbuf_append_u32(out, UINT32_MAX);
    if (value->is_null)
        return;
    value_append_binary(value, out);
    size = __builtin_bswap32((uint32_t) (out->length - start - 4));
    memcpy(out->data + start, &size, sizeof(size));
}

static void append_array(const Value *array, StrBuf *out) {
    NestedReader reader = array_reader(array);
    NestedReader probe = reader;
    Value element;
    uint32_t has_null = 0;

    while (array_next(&probe, &element))
        has_null |= element.is_null;
    strbuf_append_u32(out, reader.shape.dimension_count);
    strbuf_append_u32(out, has_null);
    strbuf_append_u32(out, type_oid(reader.element));
    for (uint32_t i = 0; i < reader.shape.dimension_count; i++) {
        strbuf_append_u32(out, reader.shape.lengths[i]);
        strbuf_append_u32(out, (uint32_t) reader.shape.lower_bounds[i]);
    }
    while (array_next(&reader, &element))
        append_sized(&element, out);
}

static void append_record(const Value *record, StrBuf *out) {
    NestedReader reader = record_reader(record);
    Value field;

    strbuf_append_u32(out, reader.remaining);
    while (record_next(&reader, &field)) {
        strbuf_append_u32(out, type_oid(field.type));
        append_sized(&field, out);
    }
}

static void append_varlen(const Value *value, StrBuf *out) {
    switch (value->type.id) {
    case TYPE_ARRAY:
        append_array(value, out);
        return;
    case TYPE_RECORD:
        append_record(value, out);
        return;
    case TYPE_JSONB:
        strbuf_append_u8(out, 1); /* the version of the form */
        break;
    default:
        break;
    }
    strbuf_append(out, text_data(&value->text), value->text.length);
}

static void append_word(const Value *value, StrBuf *out) {
    switch (type_physical(value->type.id)) {
    case PHYSICAL_BOOL:
        strbuf_append_u8(out, value->boolean);
        return;
    case PHYSICAL_INT16:
        strbuf_append_u16(out, (uint16_t) value->int16);
        return;
    case PHYSICAL_INT32:
    case PHYSICAL_FLOAT32:
        strbuf_append_u32(out, (uint32_t) value->int32);
        return;
    default:
        strbuf_append_u64(out, (uint64_t) value->int64);
        return;
    }
}

void value_append_binary(const Value *value, StrBuf *out) {
    switch (value->type.id) {
    case TYPE_OID:
    case TYPE_REGCLASS:
    case TYPE_REGTYPE:
    case TYPE_REGPROC:
        strbuf_append_u32(out, (uint32_t) value->int64);
        return;
    case TYPE_VOID:
        return;
    default:
        break;
    }
    switch (type_physical(value->type.id)) {
    case PHYSICAL_NUMERIC:
        append_numeric(&value->numeric, out);
        return;
    case PHYSICAL_VARLEN:
        append_varlen(value, out);
        return;
    case PHYSICAL_INTERVAL:
        strbuf_append_u64(out, (uint64_t) value->interval.micros);
        strbuf_append_u32(out, (uint32_t) value->interval.days);
        strbuf_append_u32(out, (uint32_t) value->interval.months);
        return;
    case PHYSICAL_UUID:
        strbuf_append(out, value->uuid.bytes, sizeof(value->uuid.bytes));
        return;
    default:
        append_word(value, out);
        return;
    }
}

/* -------- receiving -------- */

typedef struct BinaryReader {
    const uint8_t *cursor;
    const uint8_t *end;
    Arena *arena;
    Error *err;
} BinaryReader;

static Status binary_short(BinaryReader *reader) {
    return error_set(reader->err, PROTOCOL_VIOLATION, "insufficient data left in message");
}

/* Big-endian word of `size_bytes` (1, 2, 4, 8). */
static Status read_word(BinaryReader *reader, size_t size_bytes, uint64_t *ret_word) {
    uint64_t word = 0;

    if ((size_t) (reader->end - reader->cursor) < size_bytes)
        return binary_short(reader);
    for (size_t i = 0; i < size_bytes; i++)
        word = word << 8 | *reader->cursor++;
    *ret_word = word;
    return STATUS_OK;
}

static Status read_u32(BinaryReader *reader, uint32_t *ret_word) {
    uint64_t word = 0;

    TRY(read_word(reader, 4, &word));
    *ret_word = (uint32_t) word;
    return STATUS_OK;
}

typedef struct NumericHeader {
    uint16_t count;
    int16_t weight;
    uint16_t sign;
    uint16_t scale;
} NumericHeader;

static Status read_numeric_header(BinaryReader *reader, NumericHeader *ret_header) {
    uint64_t word = 0;

    TRY(read_word(reader, 8, &word));
    *ret_header = (NumericHeader) {.count = (uint16_t) (word >> 48),
                                   .weight = (int16_t) (word >> 32),
                                   .sign = (uint16_t) (word >> 16),
                                   .scale = (uint16_t) word};
    return STATUS_OK;
}

static bool numeric_of_sign(uint16_t sign, Numeric *ret_value) {
    switch (sign) {
    case WIRE_NAN:
        *ret_value = numeric_nan;
        return true;
    case WIRE_PLUS_INF:
        *ret_value = (Numeric) {.kind = NUMERIC_PLUS_INF};
        return true;
    case WIRE_MINUS_INF:
        *ret_value = (Numeric) {.kind = NUMERIC_MINUS_INF};
        return true;
    default:
        return false;
    }
}

/* The digits as text, which the text reader knows to round and check. */
static Status read_numeric_digits(BinaryReader *reader, const NumericHeader *header, int32_t typmod,
                                  Numeric *ret_value) {
    StrBuf text = {0};
    Status status = STATUS_OK;
    Numeric value = {0};

    strbuf_append_text(&text, header->sign == WIRE_NEGATIVE ? "-0" : "0");
    for (int i = 0; i < header->count && status == STATUS_OK; i++) {
        uint64_t digit = 0;

        status = read_word(reader, 2, &digit);
        if (status == STATUS_OK && digit > 9999)
            status = error_set(reader->err, INVALID_BINARY_REPRESENTATION,
                               "invalid digit in external \"numeric\" value");
        strbuf_printf(&text, "%04u", (unsigned) digit);
    }
    strbuf_printf(&text, "e%d", (header->weight - header->count + 1) * 4);
    if (status == STATUS_OK)
        status = numeric_parse(text.data, text.length, -1, &value, reader->err);
    strbuf_done(&text);
    TRY(status);
    if (header->scale != value.scale)
        TRY(numeric_round(&value, header->scale, NUMERIC_TRUNCATE, &value, reader->err));
    return numeric_apply_typmod(&value, typmod, ret_value, reader->err);
}

static Status read_numeric(BinaryReader *reader, int32_t typmod, Numeric *ret_value) {
    NumericHeader header = {0};
    Numeric special = {0};

    TRY(read_numeric_header(reader, &header));
    if (numeric_of_sign(header.sign, &special)) {
        reader->cursor = reader->end;
        return numeric_apply_typmod(&special, typmod, ret_value, reader->err);
    }
    if (header.sign != WIRE_POSITIVE && header.sign != WIRE_NEGATIVE)
        return error_set(reader->err, INVALID_BINARY_REPRESENTATION,
                         "invalid sign in external \"numeric\" value");
    if (header.scale > NUMERIC_SCALE_MAX)
        return error_set(reader->err, INVALID_BINARY_REPRESENTATION,
                         "invalid scale in external \"numeric\" value");
    return read_numeric_digits(reader, &header, typmod, ret_value);
}

static Status read_text(BinaryReader *reader, SqlType type, Value *value) {
    const char *text = (const char *) reader->cursor;
    size_t length = (size_t) (reader->end - reader->cursor);

    reader->cursor = reader->end;
    if (type.id == TYPE_JSONB) {
        if (length == 0 || *text != 1)
            return error_set(reader->err, INTERNAL_ERROR, "unsupported jsonb version number %d",
                             length ? *text : 0);
        text++;
        length--;
    }
    if (type.id == TYPE_BYTEA) {
        value->text = text_view(arena_memdup(reader->arena, text, length), (uint32_t) length);
        return STATUS_OK;
    }
    TRY(utf8_check(text, length, reader->err));
    return value_parse_text(type, text, length, &form_settings_default, reader->arena, value,
                            reader->err);
}

/* A part of an array or record: its size, then as many bytes; size -1: NULL. */
static Status read_sized(BinaryReader *reader, SqlType type, Value *ret_value) {
    uint32_t size = 0;

    TRY(read_u32(reader, &size));
    if (size == UINT32_MAX) {
        *ret_value = value_null(type);
        return STATUS_OK;
    }
    if (size > (size_t) (reader->end - reader->cursor))
        return binary_short(reader);
    TRY(value_parse_binary(type, reader->cursor, size, reader->arena, ret_value, reader->err));
    reader->cursor += size;
    return STATUS_OK;
}

static Status read_shape(BinaryReader *reader, ArrayShape *ret_shape) {
    ArrayShape shape = {.dimension_count = ret_shape->dimension_count};
    uint64_t count = 1;

    for (uint32_t i = 0; i < shape.dimension_count; i++) {
        uint32_t lower = 0;

        TRY(read_u32(reader, &shape.lengths[i]));
        TRY(read_u32(reader, &lower));
        shape.lower_bounds[i] = (int32_t) lower;
        count *= shape.lengths[i];
        /* Each element takes four bytes at least. */
        if (count > (uint64_t) (reader->end - reader->cursor) / 4)
            return binary_short(reader);
    }
    *ret_shape = shape;
    return STATUS_OK;
}

static Status read_array(BinaryReader *reader, SqlType type, Value *ret_value) {
    ArrayShape shape = {0};
    uint32_t flags = 0;
    uint32_t oid = 0;
    SqlType element = type.element ? *type.element : SQL_TYPE(TEXT);
    Value *elements;
    uint32_t count;

    TRY(read_u32(reader, &shape.dimension_count));
    TRY(read_u32(reader, &flags));
    TRY(read_u32(reader, &oid));
    if (shape.dimension_count > ARRAY_DIMENSIONS_MAX)
        return error_set(reader->err, PROGRAM_LIMIT_EXCEEDED,
                         "number of array dimensions (%u) exceeds the maximum allowed (%d)",
                         shape.dimension_count, ARRAY_DIMENSIONS_MAX);
    if (flags > 1)
        return error_set(reader->err, INVALID_BINARY_REPRESENTATION, "invalid array flags");
    if (oid != type_oid(element))
        return error_set(reader->err, DATATYPE_MISMATCH,
                         "binary data has array element type %u instead of expected %u", oid,
                         type_oid(element));
    TRY(read_shape(reader, &shape));
    count = array_shape_count(&shape);
    elements = arena_try_alloc(reader->arena, (count + 1) * sizeof(*elements));
    if (!elements)
        return error_set(reader->err, OUT_OF_MEMORY, "out of memory");
    if (type.typmod >= 0)
        element.typmod = type.typmod;
    for (uint32_t i = 0; i < count; i++)
        TRY(read_sized(reader, element, &elements[i]));
    *ret_value = array_build_shaped(element, &shape, elements, reader->arena);
    return STATUS_OK;
}

static Status read_record(BinaryReader *reader, SqlType type, Value *ret_value) {
    uint32_t count = 0;
    Value *fields;

    if (!type.fields)
        return error_set(reader->err, FEATURE_NOT_SUPPORTED,
                         "input of anonymous composite types is not implemented");
    TRY(read_u32(reader, &count));
    if (count != (uint32_t) type.field_count)
        return error_set(reader->err, DATATYPE_MISMATCH, "wrong number of columns: %u, expected %d",
                         count, type.field_count);
    fields = arena_new_array(reader->arena, Value, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t oid = 0;

        TRY(read_u32(reader, &oid));
        if (oid != type_oid(*type.fields[i].type))
            return error_set(reader->err, DATATYPE_MISMATCH,
                             "binary data has type %u instead of expected %u in record column %u",
                             oid, type_oid(*type.fields[i].type), i + 1);
        TRY(read_sized(reader, *type.fields[i].type, &fields[i]));
    }
    *ret_value = record_build(type, fields, count, reader->arena);
    return STATUS_OK;
}

static Status read_interval(BinaryReader *reader, Interval *ret_interval) {
    uint64_t micros = 0;
    uint32_t days = 0;
    uint32_t months = 0;

    TRY(read_word(reader, 8, &micros));
    TRY(read_u32(reader, &days));
    TRY(read_u32(reader, &months));
    *ret_interval =
        (Interval) {.micros = (int64_t) micros, .days = (int32_t) days, .months = (int32_t) months};
    return STATUS_OK;
}

static Status read_uuid(BinaryReader *reader, Uuid *ret_uuid) {
    if (reader->end - reader->cursor < (ptrdiff_t) sizeof(*ret_uuid))
        return binary_short(reader);
    memcpy(ret_uuid->bytes, reader->cursor, sizeof(*ret_uuid));
    reader->cursor += sizeof(*ret_uuid);
    return STATUS_OK;
}

/* Times have bounds that a word does not know. */
static Status check_datetime(SqlType type, Value *value, Error *err) {
    const int64_t day_us = 86400LL * 1000000;

    switch (type.id) {
    case TYPE_TIME:
        if (value->int64 < 0 || value->int64 > day_us)
            return error_set(err, DATETIME_FIELD_OVERFLOW, "time out of range");
        value->int64 = datetime_round_micros(value->int64, type.typmod);
        return STATUS_OK;
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ:
        /* 4713-01-01 BC … 294277-01-01 AD, PostgreSQL's range */
        if (value->int64 != INT64_MIN && value->int64 != INT64_MAX &&
            (value->int64 < -211813488000000000LL || value->int64 >= 9223371331200000000LL))
            return error_set(err, DATETIME_FIELD_OVERFLOW, "timestamp out of range");
        value->int64 = datetime_round_micros(value->int64, type.typmod);
        return STATUS_OK;
    case TYPE_DATE:
        if (value->int32 != INT32_MIN && value->int32 != INT32_MAX &&
            (value->int32 < -2451545 || value->int32 >= 2145031949))
            return error_set(err, DATETIME_FIELD_OVERFLOW, "date out of range");
        return STATUS_OK;
    default:
        return STATUS_OK;
    }
}

static Status read_plain_word(BinaryReader *reader, SqlType type, Value *value) {
    bool is_oid = type.id == TYPE_OID || type.id == TYPE_REGCLASS || type.id == TYPE_REGTYPE ||
                  type.id == TYPE_REGPROC;
    uint64_t word = 0;

    switch (type_physical(type.id)) {
    case PHYSICAL_BOOL:
        TRY(read_word(reader, 1, &word));
        value->boolean = word != 0;
        return STATUS_OK;
    case PHYSICAL_INT16:
        TRY(read_word(reader, 2, &word));
        value->int16 = (int16_t) word;
        return STATUS_OK;
    case PHYSICAL_INT32:
    case PHYSICAL_FLOAT32:
        TRY(read_word(reader, 4, &word));
        value->int32 = (int32_t) word;
        break;
    default:
        TRY(read_word(reader, is_oid ? 4 : 8, &word));
        value->int64 = (int64_t) word;
        break;
    }
    return check_datetime(type, value, reader->err);
}

static Status read_value(BinaryReader *reader, SqlType type, Value *value) {
    if (type.id == TYPE_ARRAY)
        return read_array(reader, type, value);
    if (type.id == TYPE_RECORD)
        return read_record(reader, type, value);
    switch (type_physical(type.id)) {
    case PHYSICAL_NUMERIC:
        return read_numeric(reader, type.typmod, &value->numeric);
    case PHYSICAL_VARLEN:
        return read_text(reader, type, value);
    case PHYSICAL_INTERVAL:
        return read_interval(reader, &value->interval);
    case PHYSICAL_UUID:
        return read_uuid(reader, &value->uuid);
    default:
        return read_plain_word(reader, type, value);
    }
}

Status value_parse_binary(SqlType type, const uint8_t *bytes, size_t size_bytes, Arena *arena,
                          Value *ret_value, Error *err) {
    BinaryReader reader = {.cursor = bytes, .end = bytes + size_bytes, .arena = arena, .err = err};
    Value value = {.type = type};

    TRY(read_value(&reader, type, &value));
    if (reader.cursor != reader.end)
        return error_set(err, INVALID_BINARY_REPRESENTATION, "incorrect binary data format");
    value.type = type;
    *ret_value = value;
    return STATUS_OK;
}
