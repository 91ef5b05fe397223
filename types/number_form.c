#include "types/number_form.h"

#include <ctype.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "types/scan.h"
#include "types/shortest.h"

/* -------- integers -------- */

static Status integer_syntax(const char *text, size_t length, const char *type_name, Error *err) {
    return error_set(err, INVALID_TEXT_REPRESENTATION, "invalid input syntax for type %s: \"%.*s\"",
                     type_name, (int) length, text);
}

static Status integer_range(const char *text, size_t length, const char *type_name, Error *err) {
    return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "value \"%.*s\" is out of range for type %s",
                     (int) length, text, type_name);
}

typedef struct IntegerType {
    const char *name;
    int64_t minimum;
    int64_t maximum;
} IntegerType;

static Status integer_parse(const char *text, size_t length, const IntegerType *type,
                            int64_t *ret_number, Error *err) {
    TextSpan span = span_trim(text, length);
    const char *cursor = span.start;
    bool is_negative = false;
    bool is_overflow = false;
    uint64_t magnitude = 0;
    uint64_t limit;

    if (cursor < span.end && (*cursor == '-' || *cursor == '+'))
        is_negative = *cursor++ == '-';
    if (cursor == span.end)
        return integer_syntax(text, length, type->name, err);
    for (; cursor < span.end; cursor++) {
        unsigned digit = (unsigned) (unsigned char) *cursor - '0';

        if (digit > 9)
            return integer_syntax(text, length, type->name, err);
        is_overflow |= __builtin_mul_overflow(magnitude, 10, &magnitude);
        is_overflow |= __builtin_add_overflow(magnitude, digit, &magnitude);
    }
    limit = is_negative ? -(uint64_t) type->minimum : (uint64_t) type->maximum;
    if (is_overflow || magnitude > limit)
        return integer_range(text, length, type->name, err);
    *ret_number = (int64_t) (is_negative ? -magnitude : magnitude);
    return STATUS_OK;
}

Status int16_parse(const char *text, size_t length, int16_t *ret_number, Error *err) {
    static const IntegerType type = {"smallint", INT16_MIN, INT16_MAX};
    int64_t number = 0;

    TRY(integer_parse(text, length, &type, &number, err));
    *ret_number = (int16_t) number;
    return STATUS_OK;
}

Status int32_parse(const char *text, size_t length, int32_t *ret_number, Error *err) {
    static const IntegerType type = {"integer", INT32_MIN, INT32_MAX};
    int64_t number = 0;

    TRY(integer_parse(text, length, &type, &number, err));
    *ret_number = (int32_t) number;
    return STATUS_OK;
}

Status int64_parse(const char *text, size_t length, int64_t *ret_number, Error *err) {
    static const IntegerType type = {"bigint", INT64_MIN, INT64_MAX};

    return integer_parse(text, length, &type, ret_number, err);
}

Status oid_parse(const char *text, size_t length, int64_t *ret_number, Error *err) {
    static const IntegerType type = {"oid", INT32_MIN, UINT32_MAX};
    int64_t number = 0;

    TRY(integer_parse(text, length, &type, &number, err));
    *ret_number = (int64_t) (uint32_t) number;
    return STATUS_OK;
}

/* Decimal digits without a NUL; returns how many bytes. */
static size_t int64_format(int64_t number, char text[INT64_TEXT_SIZE]) {
    uint64_t magnitude = number < 0 ? -(uint64_t) number : (uint64_t) number;
    char digits[INT64_TEXT_SIZE];
    char *end = digits + sizeof(digits);
    char *start = end;

    do {
        *--start = (char) ('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude);
    if (number < 0)
        *--start = '-';
    memcpy(text, start, (size_t) (end - start));
    return (size_t) (end - start);
}

void int64_append_text(int64_t number, StrBuf *out) {
    char text[INT64_TEXT_SIZE];

    strbuf_append(out, text, int64_format(number, text));
}

/* -------- floats -------- */

typedef struct FloatType {
    const char *name;
    int mantissa_bits;
    int digits;          /* that any text of so many survives: DBL_DIG */
    int digits_max;      /* that always suffice: 17 */
    double midpoint_min; /* below it no midpoint of two floats has a short text */
} FloatType;

static const FloatType float64_type = {"double precision", 53, DBL_DIG, 17, 0x1p52};
static const FloatType float32_type = {"real", 24, FLT_DIG, 9, 0x1p23};

static bool float_special(TextSpan span, double *ret_number) {
    bool is_negative = false;

    if (span_equals(span, "nan") || span_equals(span, "+nan") || span_equals(span, "-nan")) {
        *ret_number = (double) NAN;
        return true;
    }
    if (span.start < span.end && (*span.start == '-' || *span.start == '+'))
        is_negative = *span.start++ == '-';
    if (!span_equals(span, "infinity") && !span_equals(span, "inf"))
        return false;
    *ret_number = is_negative ? -(double) INFINITY : (double) INFINITY;
    return true;
}

/* What from_chars understands: a sign '-' at most, then a digit or a point. */
static TextSpan float_span(const char *text, size_t length, bool *ret_is_number) {
    TextSpan span = span_trim(text, length);
    const char *first;

    if (span.start < span.end && *span.start == '+' && span.start + 1 < span.end &&
        span.start[1] != '-')
        span.start++;
    first = span.start;
    if (first < span.end && *first == '-')
        first++;
    *ret_is_number = first < span.end && (isdigit((unsigned char) *first) || *first == '.');
    return span;
}

static Status float_error(FloatScan scan, const FloatType *type, const char *text, size_t length,
                          Error *err) {
    if (scan == FLOAT_SCAN_OUT_OF_RANGE)
        return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "\"%.*s\" is out of range for type %s",
                         (int) length, text, type->name);
    return integer_syntax(text, length, type->name, err);
}

Status float64_parse(const char *text, size_t length, double *ret_number, Error *err) {
    bool is_number;
    TextSpan span = float_span(text, length, &is_number);
    FloatScan scan = FLOAT_SCAN_INVALID;

    if (is_number)
        scan = scan_float64(span.start, (size_t) (span.end - span.start), ret_number);
    else if (float_special(span_trim(text, length), ret_number))
        scan = FLOAT_SCAN_OK;
    if (scan == FLOAT_SCAN_OUT_OF_RANGE)
        return float_error(scan, &float64_type, span.start, (size_t) (span.end - span.start), err);
    return scan == FLOAT_SCAN_OK ? STATUS_OK : float_error(scan, &float64_type, text, length, err);
}

Status float32_parse(const char *text, size_t length, float *ret_number, Error *err) {
    bool is_number;
    TextSpan span = float_span(text, length, &is_number);
    FloatScan scan = FLOAT_SCAN_INVALID;
    double special;

    if (is_number) {
        scan = scan_float32(span.start, (size_t) (span.end - span.start), ret_number);
    } else if (float_special(span_trim(text, length), &special)) {
        *ret_number = (float) special;
        scan = FLOAT_SCAN_OK;
    }
    if (scan == FLOAT_SCAN_OUT_OF_RANGE)
        return float_error(scan, &float32_type, span.start, (size_t) (span.end - span.start), err);
    return scan == FLOAT_SCAN_OK ? STATUS_OK : float_error(scan, &float32_type, text, length, err);
}

/* Digits d.ddd and a decimal exponent, from "d.ddde+xx". */
typedef struct Decimal {
    char digits[SHORTEST_TEXT_SIZE];
    int count;
    int exponent; /* of the first digit */
    bool is_negative;
} Decimal;

static Decimal decimal_read(const char *text, size_t length) {
    Decimal decimal = {0};
    size_t i = 0;
    int sign = 1;

    if (i < length && text[i] == '-') {
        decimal.is_negative = true;
        i++;
    }
    for (; i < length && text[i] != 'e'; i++)
        if (text[i] != '.')
            decimal.digits[decimal.count++] = text[i];
    i++;
    if (i < length && (text[i] == '-' || text[i] == '+'))
        sign = text[i++] == '-' ? -1 : 1;
    for (; i < length; i++)
        decimal.exponent = decimal.exponent * 10 + (text[i] - '0');
    decimal.exponent *= sign;
    while (decimal.count > 1 && decimal.digits[decimal.count - 1] == '0')
        decimal.count--;
    return decimal;
}

/* PostgreSQL takes no digits that lie exactly between two floats: 1e23 is 9.999999999999999e+22. */
static bool decimal_is_midpoint(const Decimal *decimal, double number, const FloatType *type) {
    unsigned __int128 odd = 0;
    int power = decimal->exponent + 1 - decimal->count;
    int exponent;
    int twos = power;
    uint64_t mantissa;

    number = fabs(number);
    if (number < type->midpoint_min || power < 0 || power > 23)
        return false;
    for (int i = 0; i < decimal->count; i++)
        odd = odd * 10 + (unsigned) (decimal->digits[i] - '0');
    for (int i = 0; i < power; i++)
        odd *= 5;
    for (; (odd & 1) == 0; odd >>= 1)
        twos++;
    /* number = mantissa * 2^exponent; the midpoints are (2 mantissa ± 1) * 2^(exponent - 1) */
    mantissa = (uint64_t) ldexp(frexp(number, &exponent), type->mantissa_bits);
    exponent -= type->mantissa_bits;
    return twos == exponent - 1 && (odd == 2 * mantissa + 1 || odd == 2 * mantissa - 1);
}

static Decimal decimal_longer(double number, const FloatType *type) {
    char text[64];
    Decimal decimal = {0};

    for (int digits = type->digits; digits <= type->digits_max; digits++) {
        int length = snprintf(text, sizeof(text), "%.*e", digits - 1, number);
        bool is_same;

        if (type == &float64_type)
            is_same = strtod(text, NULL) == number;
        else
            is_same = (double) strtof(text, NULL) == number;
        decimal = decimal_read(text, (size_t) length);
        if (is_same && !decimal_is_midpoint(&decimal, number, type))
            break;
    }
    return decimal;
}

static size_t decimal_format_scientific(const Decimal *decimal, char *text) {
    int exponent = abs(decimal->exponent);
    char *out = text;

    *out++ = decimal->digits[0];
    if (decimal->count > 1) {
        *out++ = '.';
        memcpy(out, decimal->digits + 1, (size_t) decimal->count - 1);
        out += decimal->count - 1;
    }
    *out++ = 'e';
    *out++ = decimal->exponent < 0 ? '-' : '+';
    if (exponent >= 100)
        *out++ = (char) ('0' + exponent / 100);
    *out++ = (char) ('0' + exponent / 10 % 10);
    *out++ = (char) ('0' + exponent % 10);
    return (size_t) (out - text);
}

static size_t decimal_format_fixed(const Decimal *decimal, char *text) {
    char *out = text;
    int place = 0;

    if (decimal->exponent < 0) {
        *out++ = '0';
        *out++ = '.';
        for (int zeros = decimal->exponent + 1; zeros < 0; zeros++)
            *out++ = '0';
        memcpy(out, decimal->digits, (size_t) decimal->count);
        return (size_t) (out - text) + (size_t) decimal->count;
    }
    for (; place <= decimal->exponent; place++)
        *out++ = place < decimal->count ? decimal->digits[place] : '0';
    if (place < decimal->count) {
        *out++ = '.';
        memcpy(out, decimal->digits + place, (size_t) (decimal->count - place));
        out += decimal->count - place;
    }
    return (size_t) (out - text);
}

static size_t float_format(double number, const FloatType *type, char *text) {
    char shortest[SHORTEST_TEXT_SIZE];
    size_t length;
    Decimal decimal;
    size_t sign;

    if (isnan(number) || isinf(number)) {
        const char *name = isnan(number) ? "NaN" : number < 0 ? "-Infinity" : "Infinity";

        length = strlen(name);
        memcpy(text, name, length);
        return length;
    }
    length = type == &float64_type ? shortest_float64(number, shortest)
                                   : shortest_float32((float) number, shortest);
    decimal = decimal_read(shortest, length);
    if (decimal_is_midpoint(&decimal, number, type))
        decimal = decimal_longer(number, type);
    sign = decimal.is_negative;
    if (sign)
        *text++ = '-';
    if (decimal.exponent < -4 || decimal.exponent >= type->digits)
        return sign + decimal_format_scientific(&decimal, text);
    return sign + decimal_format_fixed(&decimal, text);
}

static void float_append(double number, const FloatType *type, int extra_float_digits,
                         StrBuf *out) {
    char text[FLOAT64_TEXT_SIZE];
    int digits = type->digits + extra_float_digits;

    if (extra_float_digits <= 0 && isfinite(number))
        strbuf_printf(out, "%.*g", digits < 1 ? 1 : digits, number);
    else
        strbuf_append(out, text, float_format(number, type, text));
}

void float64_append_text(double number, int extra_float_digits, StrBuf *out) {
    float_append(number, &float64_type, extra_float_digits, out);
}

void float32_append_text(float number, int extra_float_digits, StrBuf *out) {
    float_append((double) number, &float32_type, extra_float_digits, out);
}

/* -------- booleans -------- */

Status bool_parse(const char *text, size_t length, bool *ret_flag, Error *err) {
    static const struct {
        const char *word;
        size_t minimum; /* so many letters tell it from the others */
        bool flag;
    } words[] = {{"true", 1, true}, {"false", 1, false}, {"yes", 1, true}, {"no", 1, false},
                 {"off", 2, false}, {"on", 2, true},     {"1", 1, true},   {"0", 1, false}};
    TextSpan span = span_trim(text, length);
    size_t span_length = (size_t) (span.end - span.start);

    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (span_length >= words[i].minimum && span_length <= strlen(words[i].word) &&
            strncasecmp(span.start, words[i].word, span_length) == 0) {
            *ret_flag = words[i].flag;
            return STATUS_OK;
        }
    return error_set(err, INVALID_TEXT_REPRESENTATION,
                     "invalid input syntax for type boolean: \"%.*s\"", (int) length, text);
}
