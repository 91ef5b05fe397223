/* Numeric forms: text, and conversions from and to the other number types. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>

#include "base/limits.h"
#include "types/numeric.h"
#include "types/numeric_wide.h"
#include "types/scan.h"
#include "types/shortest.h"

/* -------- reading text -------- */

static Status numeric_syntax(const char *text, size_t length, Error *err) {
    return error_set(err, INVALID_TEXT_REPRESENTATION,
                     "invalid input syntax for type numeric: \"%.*s\"", (int) length, text);
}

static Status numeric_overflow(Error *err) {
    return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "value overflows numeric format");
}

/* The parts of a number's text: digits with a point among them, and an exponent. */
typedef struct NumericText {
    TextSpan digits; /* digits and at most one point */
    int64_t exponent;
    bool is_negative;
} NumericText;

static const char *skip_digits(const char *cursor, const char *end) {
    while (cursor < end && isdigit((unsigned char) *cursor))
        cursor++;
    return cursor;
}

static bool read_exponent(const char *cursor, const char *end, int64_t *ret_exponent) {
    bool is_negative = false;
    int64_t exponent = 0;

    if (cursor < end && (*cursor == '-' || *cursor == '+'))
        is_negative = *cursor++ == '-';
    if (cursor == end || skip_digits(cursor, end) != end)
        return false;
    for (; cursor < end; cursor++)
        if (exponent < INT32_MAX)
            exponent = exponent * 10 + (*cursor - '0');
    *ret_exponent = is_negative ? -exponent : exponent;
    return true;
}

static bool numeric_split(TextSpan span, NumericText *ret_text) {
    const char *cursor = span.start;
    bool has_digits;

    if (cursor < span.end && (*cursor == '-' || *cursor == '+'))
        ret_text->is_negative = *cursor++ == '-';
    ret_text->digits.start = cursor;
    cursor = skip_digits(cursor, span.end);
    has_digits = cursor > ret_text->digits.start;
    if (cursor < span.end && *cursor == '.') {
        const char *fraction = ++cursor;

        cursor = skip_digits(cursor, span.end);
        has_digits |= cursor > fraction;
    }
    ret_text->digits.end = cursor;
    if (!has_digits)
        return false;
    if (cursor < span.end && (*cursor == 'e' || *cursor == 'E'))
        return read_exponent(cursor + 1, span.end, &ret_text->exponent);
    return cursor == span.end;
}

static bool numeric_special(TextSpan span, Numeric *ret_value) {
    bool is_negative = false;

    if (span_equals(span, "nan")) {
        *ret_value = numeric_nan;
        return true;
    }
    if (span.start < span.end && (*span.start == '-' || *span.start == '+'))
        is_negative = *span.start++ == '-';
    if (!span_equals(span, "infinity") && !span_equals(span, "inf"))
        return false;
    *ret_value = (Numeric) {.kind = is_negative ? NUMERIC_MINUS_INF : NUMERIC_PLUS_INF};
    return true;
}

/* Are all digits from here on zeros after the point? */
static bool only_zeros_follow(const char *cursor, const char *end) {
    while (cursor < end && (*cursor == '0' || *cursor == '.'))
        cursor++;
    return cursor == end;
}

static int64_t weight_of_first(const NumericText *text) {
    return skip_digits(text->digits.start, text->digits.end) - text->digits.start - 1 +
           text->exponent;
}

/* Read the digits that lie at 10^-scale_limit and above; the first below rounds. Zeros at the end
 * of the fraction that have no room are dropped. `*ret_weight` is the power of ten of the last
 * digit taken. false: more than 38 digits. */
static bool read_coefficient(const NumericText *text, int64_t scale_limit,
                             Unsigned128 *ret_magnitude, int64_t *ret_weight) {
    const Unsigned128 full = power_of_ten(LIMIT_NUMERIC_DIGITS - 1);
    int64_t weight = weight_of_first(text) + 1;
    Unsigned128 magnitude = 0;

    for (const char *cursor = text->digits.start; cursor < text->digits.end; cursor++) {
        if (*cursor == '.')
            continue;
        if (weight <= -scale_limit) {
            magnitude += weight == -scale_limit && *cursor >= '5';
            break;
        }
        if (magnitude >= full) {
            if (weight <= 0 && only_zeros_follow(cursor, text->digits.end))
                break;
            return false;
        }
        magnitude = magnitude * 10 + (unsigned) (*cursor - '0');
        weight--;
    }
    if (magnitude >= full * 10)
        return false;
    *ret_magnitude = magnitude;
    *ret_weight = weight;
    return true;
}

static Status numeric_assemble(const NumericText *text, int64_t scale_limit, Numeric *ret_value,
                               Error *err) {
    Unsigned128 magnitude = 0;
    int64_t weight = 0;

    if (!read_coefficient(text, scale_limit, &magnitude, &weight))
        return numeric_overflow(err);
    if (weight > 0 && magnitude != 0) {
        if (decimal_digits(magnitude) + weight > LIMIT_NUMERIC_DIGITS)
            return numeric_overflow(err);
        magnitude *= power_of_ten((int) weight);
    }
    if (weight < -NUMERIC_SCALE_MAX)
        return numeric_overflow(err);
    *ret_value = numeric_make(text->is_negative ? -(__int128) magnitude : (__int128) magnitude,
                              weight < 0 ? (int32_t) -weight : 0);
    return STATUS_OK;
}

Status numeric_parse(const char *text, size_t length, int32_t typmod, Numeric *ret_value,
                     Error *err) {
    TextSpan span = span_trim(text, length);
    NumericText parts = {0};
    Numeric value = {0};
    int64_t scale_limit = INT32_MAX;
    int32_t precision;
    int32_t scale;

    if (numeric_special(span, &value))
        return numeric_apply_typmod(&value, typmod, ret_value, err);
    if (!numeric_split(span, &parts))
        return numeric_syntax(text, length, err);
    if (type_numeric_limits(typmod, &precision, &scale))
        scale_limit = scale;
    TRY(numeric_assemble(&parts, scale_limit, &value, err));
    return numeric_apply_typmod(&value, typmod, ret_value, err);
}

/* -------- writing text -------- */

static size_t magnitude_format(Unsigned128 magnitude, char digits[40]) {
    char reversed[40];
    size_t length = 0;

    do {
        uint64_t part = (uint64_t) (magnitude % 10000000000000000000ULL);
        bool is_last = (magnitude /= 10000000000000000000ULL) == 0;

        for (int i = 0; i < 19 && (!is_last || part || i == 0); i++, part /= 10)
            reversed[length++] = (char) ('0' + part % 10);
    } while (magnitude);
    for (size_t i = 0; i < length; i++)
        digits[i] = reversed[length - 1 - i];
    return length;
}

void numeric_append_text(const Numeric *value, StrBuf *out) {
    static const char *const specials[] = {
        [NUMERIC_NAN] = "NaN", [NUMERIC_PLUS_INF] = "Infinity", [NUMERIC_MINUS_INF] = "-Infinity"};
    char digits[40];
    size_t length;
    size_t scale = (size_t) value->scale;

    if (value->kind != NUMERIC_FINITE) {
        strbuf_append_text(out, specials[value->kind]);
        return;
    }
    if (value->high < 0)
        strbuf_append_char(out, '-');
    length = magnitude_format(magnitude_of(numeric_coefficient(value)), digits);
    if (scale == 0) {
        strbuf_append(out, digits, length);
    } else if (length > scale) {
        strbuf_append(out, digits, length - scale);
        strbuf_append_char(out, '.');
        strbuf_append(out, digits + length - scale, scale);
    } else {
        strbuf_append(out, "0.", 2);
        strbuf_append_fill(out, '0', scale - length);
        strbuf_append(out, digits, length);
    }
}

/* -------- other number types -------- */

Numeric numeric_from_int64(int64_t number) {
    return numeric_make(number, 0);
}

static Status numeric_from_float(double number, int digits, Numeric *ret_value, Error *err) {
    char text[64];
    int length;

    if (isnan(number)) {
        *ret_value = numeric_nan;
        return STATUS_OK;
    }
    if (isinf(number)) {
        *ret_value = (Numeric) {.kind = number < 0 ? NUMERIC_MINUS_INF : NUMERIC_PLUS_INF};
        return STATUS_OK;
    }
    length = snprintf(text, sizeof(text), "%.*g", digits, number);
    return numeric_parse(text, (size_t) length, -1, ret_value, err);
}

Status numeric_from_float64(double number, Numeric *ret_value, Error *err) {
    return numeric_from_float(number, 15, ret_value, err);
}

Status numeric_from_float32(float number, Numeric *ret_value, Error *err) {
    return numeric_from_float((double) number, 6, ret_value, err);
}

static Status numeric_to_integer(const Numeric *value, const char *type_name, int64_t limit,
                                 int64_t *ret_number, Error *err) {
    Numeric whole = {0};
    __int128 coefficient;

    if (value->kind != NUMERIC_FINITE)
        return error_set(err, FEATURE_NOT_SUPPORTED, "cannot convert %s to %s",
                         value->kind == NUMERIC_NAN ? "NaN" : "infinity", type_name);
    TRY(numeric_round(value, 0, NUMERIC_ROUND, &whole, err));
    coefficient = numeric_coefficient(&whole);
    if (coefficient > limit || coefficient < -(__int128) limit - 1)
        return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "%s out of range", type_name);
    *ret_number = (int64_t) coefficient;
    return STATUS_OK;
}

Status numeric_to_int64(const Numeric *value, int64_t *ret_number, Error *err) {
    return numeric_to_integer(value, "bigint", INT64_MAX, ret_number, err);
}

Status numeric_to_int32(const Numeric *value, int32_t *ret_number, Error *err) {
    int64_t number = 0;

    TRY(numeric_to_integer(value, "integer", INT32_MAX, &number, err));
    *ret_number = (int32_t) number;
    return STATUS_OK;
}

Status numeric_to_int16(const Numeric *value, int16_t *ret_number, Error *err) {
    int64_t number = 0;

    TRY(numeric_to_integer(value, "smallint", INT16_MAX, &number, err));
    *ret_number = (int16_t) number;
    return STATUS_OK;
}

static double special_to_float(const Numeric *value) {
    if (value->kind == NUMERIC_NAN)
        return (double) NAN;
    return value->kind == NUMERIC_PLUS_INF ? (double) INFINITY : -(double) INFINITY;
}

/* "-<coefficient>e-<scale>": what from_chars reads exactly. */
static size_t numeric_format_scientific(const Numeric *value, char text[64]) {
    char digits[40];
    size_t length = magnitude_format(magnitude_of(numeric_coefficient(value)), digits);

    return (size_t) snprintf(text, 64, "%s%.*se-%d", value->high < 0 ? "-" : "", (int) length,
                             digits, value->scale);
}

Status numeric_to_float64(const Numeric *value, double *ret_number, Error *err) {
    /* Powers that a double holds exactly: one rounding in all. */
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    __int128 coefficient = numeric_coefficient(value);
    char text[64];

    if (value->kind != NUMERIC_FINITE) {
        *ret_number = special_to_float(value);
        return STATUS_OK;
    }
    if (value->scale < (int32_t) ARRAY_LENGTH(powers) && coefficient <= (1LL << 53) &&
        coefficient >= -(1LL << 53)) {
        *ret_number = (double) (int64_t) coefficient / powers[value->scale];
        return STATUS_OK;
    }
    if (scan_float64(text, numeric_format_scientific(value, text), ret_number) != FLOAT_SCAN_OK)
        *ret_number = 0; /* so small that it underflows */
    return STATUS_OK;
}

Status numeric_to_float32(const Numeric *value, float *ret_number, Error *err) {
    char text[64];

    if (value->kind != NUMERIC_FINITE) {
        *ret_number = (float) special_to_float(value);
        return STATUS_OK;
    }
    if (scan_float32(text, numeric_format_scientific(value, text), ret_number) == FLOAT_SCAN_OK)
        return STATUS_OK;
    return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "\"%s\" is out of range for type real", text);
}

Status numeric_apply_typmod(const Numeric *value, int32_t typmod, Numeric *ret_value, Error *err) {
    int32_t precision;
    int32_t scale;
    Numeric rounded = {0};

    if (!type_numeric_limits(typmod, &precision, &scale) || value->kind == NUMERIC_NAN) {
        *ret_value = *value;
        return STATUS_OK;
    }
    if (value->kind != NUMERIC_FINITE) {
        IGNORE(error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "numeric field overflow"));
        return error_detail(err,
                            "A field with precision %d, scale %d cannot hold an infinite value.",
                            precision, scale);
    }
    if (numeric_round(value, scale, NUMERIC_ROUND, &rounded, err) == STATUS_OK) {
        int digits = decimal_digits(magnitude_of(numeric_coefficient(&rounded)));

        if (digits - rounded.scale <= precision - scale) {
            *ret_value = rounded;
            return STATUS_OK;
        }
    }
    IGNORE(error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "numeric field overflow"));
    return error_detail(
        err, "A field with precision %d, scale %d must round to an absolute value less than %s%d.",
        precision, scale, precision - scale > 0 ? "10^" : "",
        precision - scale > 0 ? precision - scale : 1);
}
