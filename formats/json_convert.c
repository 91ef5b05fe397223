#include "formats/json_convert.h"

#include <string.h>

#include "base/utf8.h"
#include "types/datetime.h"
#include "types/datetime_iso.h"

static Status not_convertible(const JsonTarget *target, const JsonSlot *slot, Arena *arena,
                              Error *err) {
    size_t length = (size_t) (slot->end - slot->begin);

    return error_set(err, INVALID_TEXT_REPRESENTATION, "JSON value %.*s%s is not of type %s",
                     (int) (length < 64 ? length : 64), slot->begin, length < 64 ? "" : "…",
                     type_display(target->type, arena));
}

/* The text of a string value: the record's own bytes, or unescaped into the arena. */
static Status string_text(const JsonSlot *slot, Arena *arena, const char **ret_text,
                          size_t *ret_length, Error *err) {
    if (slot->flags & JSON_HAS_CONTROL)
        return error_set(err, INVALID_TEXT_REPRESENTATION,
                         "control character in a JSON string must be escaped");
    if ((slot->flags & JSON_NOT_ASCII) && !utf8_is_valid(slot->begin, slot->end))
        return error_set(err, CHARACTER_NOT_IN_REPERTOIRE,
                         "invalid byte sequence for encoding \"UTF8\"");
    *ret_text = slot->begin;
    *ret_length = (size_t) (slot->end - slot->begin);
    if (slot->flags & JSON_HAS_ESCAPE) {
        char *copy = arena_alloc_raw(arena, *ret_length + 16);
        int64_t length = json_unescape(slot->begin, slot->end, copy);

        if (length < 0)
            return error_set(err, UNTRANSLATABLE_CHARACTER,
                             "JSON string has an escape that stands for no character");
        memset(copy + length, 0, 16);
        *ret_text = copy;
        *ret_length = (size_t) length;
    }
    return STATUS_OK;
}

/* What a value of another kind is as text: its bytes, checked to be JSON. */
static Status raw_json(const JsonTarget *target, const JsonSlot *slot, Arena *arena,
                       const char **ret_text, size_t *ret_length, Error *err) {
    const char *begin = slot->kind == JSON_STRING ? slot->begin - 1 : slot->begin;
    const char *end = slot->kind == JSON_STRING ? slot->end + 1 : slot->end;
    Value checked;

    if (slot->kind == JSON_STRING || slot->kind == JSON_NUMBER || slot->kind == JSON_NESTED) {
        if (!utf8_is_valid(begin, end))
            return error_set(err, CHARACTER_NOT_IN_REPERTOIRE,
                             "invalid byte sequence for encoding \"UTF8\"");
        TRY(value_parse_text(SQL_TYPE(JSON), begin, (size_t) (end - begin), target->settings, arena,
                             &checked, err));
    }
    *ret_text = begin;
    *ret_length = (size_t) (end - begin);
    return STATUS_OK;
}

/* -------- numbers -------- */

/* A plain integer: -?(0|[1-9][0-9]*), up to 18 digits. */
static bool plain_integer(const JsonSlot *slot, int64_t *ret_number) {
    const char *p = slot->begin;
    bool is_negative = *p == '-';
    uint64_t number = 0;
    int64_t digits;

    p += is_negative;
    digits = slot->end - p;
    if (digits < 1 || digits > 18 || (*p == '0' && digits > 1))
        return false;
    for (; p < slot->end; p++) {
        unsigned digit = (unsigned) (*p - '0');

        if (digit > 9)
            return false;
        number = number * 10 + digit;
    }
    *ret_number = is_negative ? -(int64_t) number : (int64_t) number;
    return true;
}

/* JSON's number syntax, which is narrower than the input functions'. */
static bool number_is_json(const JsonSlot *slot) {
    const char *p = slot->begin;
    const char *end = slot->end;
    const char *digits;

    p += p < end && *p == '-';
    digits = p;
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    if (p == digits || (*digits == '0' && p - digits > 1))
        return false;
    if (p < end && *p == '.') {
        digits = ++p;
        while (p < end && *p >= '0' && *p <= '9')
            p++;
        if (p == digits)
            return false;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        digits = p;
        while (p < end && *p >= '0' && *p <= '9')
            p++;
        if (p == digits)
            return false;
    }
    return p == end;
}

/* An integer written with a fraction or an exponent (1.0, 1e3): exact, or refused. */
static Status wide_integer(const JsonTarget *target, const JsonSlot *slot, Arena *arena,
                           int64_t *ret_number, Error *err) {
    Value value;
    __int128 coefficient;

    if (!number_is_json(slot))
        return not_convertible(target, slot, arena, err);
    TRY(value_parse_text(SQL_TYPE(NUMERIC), slot->begin, (size_t) (slot->end - slot->begin),
                         target->settings, arena, &value, err));
    coefficient = numeric_coefficient(&value.numeric);
    for (int32_t scale = value.numeric.scale; scale > 0; scale--) {
        if (coefficient % 10 != 0)
            return not_convertible(target, slot, arena, err);
        coefficient /= 10;
    }
    if (coefficient > INT64_MAX || coefficient < INT64_MIN)
        return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "%s out of range",
                         type_display(target->type, arena));
    *ret_number = (int64_t) coefficient;
    return STATUS_OK;
}

static Status put_integer(const JsonTarget *target, int64_t number, Column *column, uint32_t row,
                          Arena *arena, Error *err) {
    bool fits = true;

    switch (target->physical) {
    case PHYSICAL_INT16:
        fits = number >= INT16_MIN && number <= INT16_MAX;
        ((int16_t *) column->values)[row] = (int16_t) number;
        break;
    case PHYSICAL_INT32:
        fits = number >= INT32_MIN && number <= INT32_MAX;
        ((int32_t *) column->values)[row] = (int32_t) number;
        break;
    default:
        ((int64_t *) column->values)[row] = number;
        break;
    }
    if (!fits)
        return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "%s out of range",
                         type_display(target->type, arena));
    return STATUS_OK;
}

/* Clinger's fast path: a mantissa under 2^53 and a power of ten up to 10^22 are both exact doubles,
 * so one operation rounds once. Everything else goes through the input function. */
static bool plain_double(const JsonSlot *slot, double *ret_number) {
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const char *p = slot->begin;
    bool is_negative = *p == '-';
    uint64_t mantissa = 0;
    int digits = 0, fraction = 0;
    bool has_point = false;

    for (p += is_negative; p < slot->end; p++) {
        unsigned digit = (unsigned) (*p - '0');

        if (*p == '.' && !has_point && digits > 0 && p + 1 < slot->end) {
            has_point = true;
            continue;
        }
        if (digit > 9 || ++digits > 18)
            return false;
        if (digits == 2 && mantissa == 0 && !has_point)
            return false; /* a leading zero */
        mantissa = mantissa * 10 + digit;
        fraction += has_point;
    }
    if (digits == 0 || mantissa >= (uint64_t) 1 << 53 || fraction > 22)
        return false;
    *ret_number = (double) mantissa / powers[fraction];
    if (is_negative)
        *ret_number = -*ret_number;
    return true;
}

/* -------- by input function -------- */

static Status put_parsed(const JsonTarget *target, const char *text, size_t length, Column *column,
                         uint32_t row, Arena *arena, Error *err) {
    size_t size_bytes = physical_size_bytes(target->physical);
    Value value;

    TRY(value_parse_text(target->type, text, length, target->settings, arena, &value, err));
    memcpy((char *) column->values + row * size_bytes, value.bytes, size_bytes);
    return STATUS_OK;
}

static Status convert_string(const JsonTarget *target, const JsonSlot *slot, Column *column,
                             uint32_t row, Arena *arena, Error *err) {
    const char *text;
    size_t length;

    TRY(string_text(slot, arena, &text, &length, err));
    if (target->type.id == TYPE_TEXT) {
        ((TextView *) column->values)[row] = text_view(text, (uint32_t) length);
        return STATUS_OK;
    }
    if (target->type.id == TYPE_TIMESTAMPTZ && target->type.typmod < 0 &&
        timestamptz_parse_iso(text, length, target->settings->time_zone,
                              &((int64_t *) column->values)[row]))
        return STATUS_OK;
    if (target->type.id == TYPE_TIMESTAMP && target->type.typmod < 0 &&
        timestamp_parse_iso(text, length, &((int64_t *) column->values)[row]))
        return STATUS_OK;
    return put_parsed(target, text, length, column, row, arena, err);
}

static Status convert_epoch_number(const JsonTarget *target, const JsonSlot *slot, Column *column,
                                   uint32_t row, Arena *arena, Error *err) {
    int64_t number;
    int64_t micros;

    if (target->timestamp_unit_us == 0) {
        IGNORE(not_convertible(target, slot, arena, err));
        return error_hint(err, "Set timestamp_unit on the source, or declare the column bigint and "
                               "use to_timestamp(column, 'milliseconds').");
    }
    if (!plain_integer(slot, &number))
        TRY(wide_integer(target, slot, arena, &number, err));
    if (target->timestamp_unit_us < 0)
        micros = number >= 0 ? number / 1000 : -((999 - number) / 1000);
    else if (__builtin_mul_overflow(number, target->timestamp_unit_us, &micros))
        return error_set(err, DATETIME_FIELD_OVERFLOW, "timestamp out of range");
    if (__builtin_add_overflow(micros, -DATETIME_UNIX_EPOCH_US, &micros) ||
        !timestamp_is_in_range(micros))
        return error_set(err, DATETIME_FIELD_OVERFLOW, "timestamp out of range");
    ((int64_t *) column->values)[row] = micros;
    return STATUS_OK;
}

static Status convert_number(const JsonTarget *target, const JsonSlot *slot, Column *column,
                             uint32_t row, Arena *arena, Error *err) {
    int64_t number;

    switch (target->type.id) {
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8:
        if (!plain_integer(slot, &number))
            TRY(wide_integer(target, slot, arena, &number, err));
        return put_integer(target, number, column, row, arena, err);
    case TYPE_FLOAT8:
        if (plain_double(slot, &((double *) column->values)[row]))
            return STATUS_OK;
        break;
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ:
        return convert_epoch_number(target, slot, column, row, arena, err);
    case TYPE_FLOAT4:
    case TYPE_NUMERIC:
        break;
    default:
        return not_convertible(target, slot, arena, err);
    }
    if (!number_is_json(slot))
        return not_convertible(target, slot, arena, err);
    return put_parsed(target, slot->begin, (size_t) (slot->end - slot->begin), column, row, arena,
                      err);
}

static bool type_is_textual(TypeId id) {
    return id == TYPE_TEXT || id == TYPE_VARCHAR || id == TYPE_BPCHAR || id == TYPE_NAME;
}

static Status convert_value(const JsonTarget *target, const JsonSlot *slot, Column *column,
                            uint32_t row, Arena *arena, Error *err) {
    const char *text;
    size_t length;

    if (target->type.id == TYPE_JSON || target->type.id == TYPE_JSONB ||
        (slot->kind != JSON_STRING && type_is_textual(target->type.id))) {
        TRY(raw_json(target, slot, arena, &text, &length, err));
        return put_parsed(target, text, length, column, row, arena, err);
    }
    switch (slot->kind) {
    case JSON_STRING:
        return convert_string(target, slot, column, row, arena, err);
    case JSON_NUMBER:
        return convert_number(target, slot, column, row, arena, err);
    case JSON_TRUE:
    case JSON_FALSE:
        if (target->type.id != TYPE_BOOL)
            return not_convertible(target, slot, arena, err);
        ((uint8_t *) column->values)[row] = slot->kind == JSON_TRUE;
        return STATUS_OK;
    default:
        return not_convertible(target, slot, arena, err);
    }
}

Status json_convert(const JsonTarget *target, const JsonSlot *slot, Column *column, uint32_t row,
                    Arena *arena, bool *ret_is_null, Error *err) {
    *ret_is_null = slot->kind == JSON_MISSING || slot->kind == JSON_NULL;
    if (*ret_is_null)
        return STATUS_OK;
    return convert_value(target, slot, column, row, arena, err);
}
