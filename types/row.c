#include "types/row.h"

#include <assert.h>

#include "types/datetime_form.h"
#include "types/jsonb.h"
#include "types/nested.h"
#include "types/numeric.h"
#include "types/numeric_wide.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "rows are written as they lie in memory");

enum { TAG_NULL = 0, TAG_VALUE = 1 };
enum { NUMERIC_FORM_BYTES = 20 }; /* coefficient, then scale with the kind in the top byte */

/* -------- value form -------- */

static void append_fixed_text(StrBuf *out, const char *data, uint32_t length) {
    char *target = strbuf_reserve(out, 5 + (size_t) length);

    target[0] = TAG_VALUE;
    memcpy(target + 1, &length, sizeof(length));
    if (length)
        memcpy(target + 5, data, length);
    out->length += 5 + (size_t) length;
}

static void append_fixed(StrBuf *out, const void *bytes, size_t size_bytes) {
    char *target = strbuf_reserve(out, 1 + size_bytes);

    target[0] = TAG_VALUE;
    memcpy(target + 1, bytes, size_bytes);
    out->length += 1 + size_bytes;
}

static void append_null(StrBuf *out) {
    *strbuf_reserve(out, 1) = TAG_NULL;
    out->length++;
}

static void append_numeric(StrBuf *out, const Numeric *number) {
    char bytes[NUMERIC_FORM_BYTES];
    uint32_t scale_kind = (uint32_t) number->scale | (uint32_t) number->kind << 24;

    memcpy(bytes, &number->low, 8);
    memcpy(bytes + 8, &number->high, 8);
    memcpy(bytes + 16, &scale_kind, 4);
    append_fixed(out, bytes, sizeof(bytes));
}

static void append_value_slot(StrBuf *out, PhysicalType physical, const void *slot) {
    if (physical == PHYSICAL_VARLEN) {
        const TextView *view = slot;

        append_fixed_text(out, text_data(view), view->length);
    } else if (physical == PHYSICAL_NUMERIC) {
        append_numeric(out, slot);
    } else {
        append_fixed(out, slot, physical_size_bytes(physical));
    }
}

static const void *column_address(const Column *column, uint32_t row) {
    size_t value_size = physical_size_bytes(type_physical(column->type.id));

    return (const char *) column->values + column_slot(column, row) * value_size;
}

void row_append_value(StrBuf *out, const Column *column, uint32_t row) {
    if (column_is_null(column, row))
        append_null(out);
    else
        append_value_slot(out, type_physical(column->type.id), column_address(column, row));
}

void row_append_value_of(StrBuf *out, const Value *value) {
    if (value->is_null)
        append_null(out);
    else
        append_value_slot(out, type_physical(value->type.id), value->bytes);
}

/* -------- key form -------- */

bool row_key_is_value(SqlType type) {
    switch (type.id) {
    case TYPE_FLOAT4:
    case TYPE_FLOAT8:
    case TYPE_NUMERIC:
    case TYPE_BPCHAR:
    case TYPE_INTERVAL:
    case TYPE_JSONB:
    case TYPE_RECORD:
        return false;
    case TYPE_ARRAY:
        return type.element && row_key_is_value(*type.element);
    default:
        return true;
    }
}

static void append_key_float(StrBuf *out, PhysicalType physical, const void *slot) {
    if (physical == PHYSICAL_FLOAT32) {
        float number;

        memcpy(&number, slot, sizeof(number));
        if (number == 0.0f)
            number = 0.0f;
        if (number != number)
            number = __builtin_nanf("");
        append_fixed(out, &number, sizeof(number));
    } else {
        double number;

        memcpy(&number, slot, sizeof(number));
        if (number == 0.0)
            number = 0.0;
        if (number != number)
            number = __builtin_nan("");
        append_fixed(out, &number, sizeof(number));
    }
}

/* The parts of an array or record in key form, inside one length-prefixed value. */
static void append_key_nested(StrBuf *out, const Value *value) {
    bool is_array = value->type.id == TYPE_ARRAY;
    NestedReader reader = is_array ? array_reader(value) : record_reader(value);
    size_t start = out->length;
    uint32_t length;
    Value part;

    append_fixed_text(out, NULL, 0);
    strbuf_append(out, &reader.shape, sizeof(reader.shape));
    while (is_array ? array_next(&reader, &part) : record_next(&reader, &part))
        row_append_key_of(out, &part);
    length = (uint32_t) (out->length - start - 5);
    memcpy(out->data + start + 1, &length, sizeof(length));
}

static void append_key_slot(StrBuf *out, SqlType type, const void *slot) {
    PhysicalType physical = type_physical(type.id);

    switch (type.id) {
    case TYPE_FLOAT4:
    case TYPE_FLOAT8:
        append_key_float(out, physical, slot);
        return;
    case TYPE_NUMERIC: {
        Numeric number = numeric_without_trailing_zeros(slot);

        append_numeric(out, &number);
        return;
    }
    case TYPE_BPCHAR: {
        TextView view = text_without_padding(slot);

        append_fixed_text(out, text_data(&view), view.length);
        return;
    }
    case TYPE_INTERVAL: {
        __int128 span = interval_span(slot);

        append_fixed(out, &span, sizeof(span));
        return;
    }
    case TYPE_JSONB: {
        StrBuf key = {0};

        jsonb_append_sort_key(slot, &key);
        append_fixed_text(out, key.data, (uint32_t) key.length);
        strbuf_done(&key);
        return;
    }
    case TYPE_ARRAY:
    case TYPE_RECORD: {
        Value value = {.type = type};

        memcpy(value.bytes, slot, sizeof(TextView));
        append_key_nested(out, &value);
        return;
    }
    default:
        append_value_slot(out, physical, slot);
        return;
    }
}

void row_append_key(StrBuf *out, const Column *column, uint32_t row) {
    if (column_is_null(column, row))
        append_null(out);
    else
        append_key_slot(out, column->type, column_address(column, row));
}

void row_append_key_of(StrBuf *out, const Value *value) {
    if (value->is_null)
        append_null(out);
    else
        append_key_slot(out, value->type, value->bytes);
}

/* -------- reading the value form -------- */

static bool read_numeric(const uint8_t *bytes, Numeric *ret_number) {
    uint32_t scale_kind;
    Numeric number = {0};

    memcpy(&number.low, bytes, 8);
    memcpy(&number.high, bytes + 8, 8);
    memcpy(&scale_kind, bytes + 16, 4);
    number.scale = (int32_t) (scale_kind & 0xffffff);
    number.kind = (int32_t) (scale_kind >> 24);
    if (number.kind > NUMERIC_MINUS_INF || number.scale > NUMERIC_SCALE_MAX ||
        magnitude_of(numeric_coefficient(&number)) >= power_of_ten(LIMIT_NUMERIC_DIGITS))
        return false;
    *ret_number = number;
    return true;
}

/* Length of the value's bytes after the tag; moves the cursor to them. false: damage. */
static bool read_span(const uint8_t **cursor, const uint8_t *end, PhysicalType physical,
                      size_t *ret_size) {
    size_t size = physical_size_bytes(physical);

    if (physical == PHYSICAL_NUMERIC) {
        size = NUMERIC_FORM_BYTES;
    } else if (physical == PHYSICAL_VARLEN) {
        uint32_t length;

        if (end - *cursor < 4)
            return false;
        memcpy(&length, *cursor, sizeof(length));
        *cursor += 4;
        size = length;
    }
    if ((size_t) (end - *cursor) < size)
        return false;
    *ret_size = size;
    return true;
}

static bool read_tag(const uint8_t **cursor, const uint8_t *end, bool *ret_is_null) {
    if (*cursor >= end || **cursor > TAG_VALUE)
        return false;
    *ret_is_null = **cursor == TAG_NULL;
    (*cursor)++;
    return true;
}

static bool read_slot(const uint8_t **cursor, const uint8_t *end, PhysicalType physical,
                      void *slot) {
    size_t size;

    if (!read_span(cursor, end, physical, &size))
        return false;
    if (physical == PHYSICAL_VARLEN) {
        TextView view = text_view((const char *) *cursor, (uint32_t) size);

        memcpy(slot, &view, sizeof(view));
    } else if (physical == PHYSICAL_NUMERIC) {
        if (!read_numeric(*cursor, slot))
            return false;
    } else {
        memcpy(slot, *cursor, size);
    }
    *cursor += size;
    return true;
}

bool row_read_value(const uint8_t **cursor, const uint8_t *end, Column *column, uint32_t row,
                    uint32_t row_count, Arena *arena) {
    PhysicalType physical = type_physical(column->type.id);
    bool is_null;

    if (!read_tag(cursor, end, &is_null))
        return false;
    if (is_null) {
        column_set_null(column, row, row_count, arena);
        return true;
    }
    if (column->validity)
        validity_set(column->validity, row);
    return read_slot(cursor, end, physical,
                     (char *) column->values + row * physical_size_bytes(physical));
}

bool row_read_value_of(const uint8_t **cursor, const uint8_t *end, SqlType type, Value *ret_value) {
    Value value = {.type = type};

    if (!read_tag(cursor, end, &value.is_null))
        return false;
    if (!value.is_null && !read_slot(cursor, end, type_physical(type.id), value.bytes))
        return false;
    *ret_value = value;
    return true;
}

bool row_skip_value(const uint8_t **cursor, const uint8_t *end, SqlType type) {
    bool is_null;
    size_t size;

    if (!read_tag(cursor, end, &is_null))
        return false;
    if (is_null)
        return true;
    if (!read_span(cursor, end, type_physical(type.id), &size))
        return false;
    *cursor += size;
    return true;
}

/* -------- sort key form -------- */

static void append_sort_u64(StrBuf *out, uint64_t word) {
    strbuf_append_u64(out, word);
}

static void append_sort_int(StrBuf *out, int64_t number) {
    append_sort_u64(out, (uint64_t) number ^ (1ULL << 63));
}

static void append_sort_int128(StrBuf *out, __int128 number) {
    append_sort_int(out, (int64_t) (number >> 64));
    append_sort_u64(out, (uint64_t) number);
}

/* Positive floats ascend as their bits do, negative ones descend; NaN is above all. */
static void append_sort_float(StrBuf *out, double number) {
    uint64_t bits;

    if (number == 0.0)
        number = 0.0;
    if (number != number)
        number = __builtin_nan("");
    memcpy(&bits, &number, sizeof(bits));
    append_sort_u64(out, bits & (1ULL << 63) ? ~bits : bits | (1ULL << 63));
}

/* A zero byte becomes 00 ff and the end 00 00, so that no text is a prefix of another. */
static void append_sort_text(StrBuf *out, const char *data, uint32_t length) {
    uint32_t start = 0;

    for (uint32_t i = 0; i < length; i++)
        if (data[i] == '\0') {
            strbuf_append(out, data + start, i + 1 - start);
            strbuf_append_u8(out, 0xff);
            start = i + 1;
        }
    strbuf_append(out, data + start, length - start);
    strbuf_append_u16(out, 0);
}

static void append_sort_nested(StrBuf *out, const Value *value) {
    bool is_array = value->type.id == TYPE_ARRAY;
    NestedReader reader = is_array ? array_reader(value) : record_reader(value);
    ArrayShape shape = reader.shape;
    Value part;

    while (is_array ? array_next(&reader, &part) : record_next(&reader, &part)) {
        strbuf_append_u8(out, 1);
        row_append_sort_key_of(out, &part, false, false);
    }
    strbuf_append_u8(out, 0);
    strbuf_append_u8(out, (uint8_t) shape.dimension_count);
    for (uint32_t i = 0; i < shape.dimension_count; i++)
        strbuf_append_u32(out, shape.lengths[i]);
    for (uint32_t i = 0; i < shape.dimension_count; i++)
        strbuf_append_u32(out, (uint32_t) shape.lower_bounds[i] ^ (1U << 31));
}

static void append_sort_varlen(StrBuf *out, const Value *value) {
    TextView view = value->text;

    if (value->type.id == TYPE_ARRAY || value->type.id == TYPE_RECORD) {
        append_sort_nested(out, value);
        return;
    }
    if (value->type.id == TYPE_JSONB) {
        StrBuf key = {0};

        jsonb_append_sort_key(&value->text, &key);
        append_sort_text(out, key.data, (uint32_t) key.length);
        strbuf_done(&key);
        return;
    }
    if (value->type.id == TYPE_BPCHAR)
        view = text_without_padding(&value->text);
    append_sort_text(out, text_data(&view), view.length);
}

static void append_sort_value(StrBuf *out, const Value *value) {
    switch (type_physical(value->type.id)) {
    case PHYSICAL_BOOL:
        strbuf_append_u8(out, value->boolean);
        return;
    case PHYSICAL_INT16:
        append_sort_int(out, value->int16);
        return;
    case PHYSICAL_INT32:
        append_sort_int(out, value->int32);
        return;
    case PHYSICAL_INT64:
        append_sort_int(out, value->int64);
        return;
    case PHYSICAL_FLOAT32:
        append_sort_float(out, (double) value->float32);
        return;
    case PHYSICAL_FLOAT64:
        append_sort_float(out, value->float64);
        return;
    case PHYSICAL_NUMERIC:
        numeric_append_sort_key(&value->numeric, out);
        return;
    case PHYSICAL_VARLEN:
        append_sort_varlen(out, value);
        return;
    case PHYSICAL_INTERVAL:
        append_sort_int128(out, interval_span(&value->interval));
        return;
    case PHYSICAL_UUID:
        strbuf_append(out, value->uuid.bytes, sizeof(value->uuid.bytes));
        return;
    case PHYSICAL_COUNT:
        return;
    }
}

void row_append_sort_key_of(StrBuf *out, const Value *value, bool is_descending, bool nulls_first) {
    size_t start;

    if (value->is_null) {
        strbuf_append_u8(out, nulls_first ? 0 : 2);
        return;
    }
    strbuf_append_u8(out, 1);
    start = out->length;
    append_sort_value(out, value);
    if (is_descending)
        for (size_t i = start; i < out->length; i++)
            out->data[i] = (char) ~out->data[i];
}

void row_append_sort_key(StrBuf *out, const Column *column, uint32_t row, bool is_descending,
                         bool nulls_first) {
    Value value = column_get(column, row);

    row_append_sort_key_of(out, &value, is_descending, nulls_first);
}
