#include "types/value.h"

#include <math.h>

#include "types/datetime_form.h"
#include "types/jsonb.h"
#include "types/nested.h"
#include "types/numeric.h"

int text_compare(const TextView *left, const TextView *right) {
    uint32_t common = left->length < right->length ? left->length : right->length;
    int order = common ? memcmp(text_data(left), text_data(right), common) : 0;

    if (order)
        return order < 0 ? -1 : 1;
    return (left->length > right->length) - (left->length < right->length);
}

Value value_null(SqlType type) {
    return (Value) {.type = type, .is_null = true};
}

Value value_text(SqlType type, const char *data, size_t length) {
    return (Value) {.type = type, .text = text_view(data, (uint32_t) length)};
}

Value value_int8(int64_t number) {
    return (Value) {.type = SQL_TYPE(INT8), .int64 = number};
}

Value value_int4(int32_t number) {
    return (Value) {.type = SQL_TYPE(INT4), .int32 = number};
}

Value value_bool(bool flag) {
    return (Value) {.type = SQL_TYPE(BOOL), .boolean = flag};
}

static int compare_int64(int64_t left, int64_t right) {
    return (left > right) - (left < right);
}

static int compare_float64(double left, double right) {
    if (isnan(left) || isnan(right))
        return (isnan(left) != 0) - (isnan(right) != 0);
    return (left > right) - (left < right);
}

static int compare_interval(const Interval *left, const Interval *right) {
    __int128 left_span = interval_span(left);
    __int128 right_span = interval_span(right);

    return (left_span > right_span) - (left_span < right_span);
}

TextView text_without_padding(const TextView *view) {
    const char *data = text_data(view);
    uint32_t length = view->length;

    while (length > 0 && data[length - 1] == ' ')
        length--;
    return text_view(data, length);
}

static int compare_varlen(const Value *left, const Value *right) {
    switch (left->type.id) {
    case TYPE_BPCHAR: {
        TextView left_text = text_without_padding(&left->text);
        TextView right_text = text_without_padding(&right->text);

        return text_compare(&left_text, &right_text);
    }
    case TYPE_JSONB:
        return jsonb_compare(&left->text, &right->text);
    case TYPE_ARRAY:
        return array_compare(left, right);
    case TYPE_RECORD:
        return record_compare(left, right);
    default:
        return text_compare(&left->text, &right->text);
    }
}

int value_compare(const Value *left, const Value *right) {
    if (left->is_null || right->is_null)
        return (int) left->is_null - (int) right->is_null;
    switch (type_physical(left->type.id)) {
    case PHYSICAL_BOOL:
        return (int) left->boolean - (int) right->boolean;
    case PHYSICAL_INT16:
        return compare_int64(left->int16, right->int16);
    case PHYSICAL_INT32:
        return compare_int64(left->int32, right->int32);
    case PHYSICAL_INT64:
        return compare_int64(left->int64, right->int64);
    case PHYSICAL_FLOAT32:
        return compare_float64((double) left->float32, (double) right->float32);
    case PHYSICAL_FLOAT64:
        return compare_float64(left->float64, right->float64);
    case PHYSICAL_NUMERIC:
        return numeric_compare(&left->numeric, &right->numeric);
    case PHYSICAL_VARLEN:
        return compare_varlen(left, right);
    case PHYSICAL_INTERVAL:
        return compare_interval(&left->interval, &right->interval);
    case PHYSICAL_UUID: {
        int order = memcmp(left->uuid.bytes, right->uuid.bytes, sizeof(left->uuid.bytes));

        return (order > 0) - (order < 0);
    }
    case PHYSICAL_COUNT:
        break;
    }
    return 0;
}

bool value_equal(const Value *left, const Value *right) {
    return value_compare(left, right) == 0;
}

Value value_copy(const Value *value, Arena *arena) {
    Value copy = *value;

    if (!value->is_null && type_physical(value->type.id) == PHYSICAL_VARLEN &&
        value->text.length > TEXT_INLINE_BYTES)
        copy.text.data = arena_memdup(arena, value->text.data, value->text.length);
    return copy;
}
