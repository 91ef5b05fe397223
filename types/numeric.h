/* Numeric: exact decimal arithmetic on 38 digits, PostgreSQL's result scales.
 *
 * A result that needs more than 38 digits is 22003, never a wrong digit: a scale that PostgreSQL
 * would choose is cut only where an inexact operation (division, root, power, …) rounds anyway, and
 * then down to what fits. NaN equals NaN and is above +Infinity; infinities follow PostgreSQL 14+.
 */
#pragma once

#include "base/strbuf.h"
#include "types/value.h"

enum {
    NUMERIC_SCALE_MAX = 16383,    /* of display, as PostgreSQL's */
    NUMERIC_SIGNIFICANT_MIN = 16, /* digits that a quotient shows at least */
};

/* -------- text, numbers -------- */

/* The whole text is one number, blanks around allowed (22P02, 22003); rounded to `typmod` (-1:
 * none) while it is read, so that it may have any number of digits after the point. */
MUST_USE Status numeric_parse(const char *text, size_t length, int32_t typmod, Numeric *ret_value,
                              Error *err);
void numeric_append_text(const Numeric *value, StrBuf *out);
Numeric numeric_from_int64(int64_t number);
/* 15 significant digits, as PostgreSQL casts; float4: 6. */
MUST_USE Status numeric_from_float64(double number, Numeric *ret_value, Error *err);
MUST_USE Status numeric_from_float32(float number, Numeric *ret_value, Error *err);
/* Rounds half away from zero; 22003 "bigint out of range", 0A000 for NaN and infinities. */
MUST_USE Status numeric_to_int64(const Numeric *value, int64_t *ret_number, Error *err);
MUST_USE Status numeric_to_int32(const Numeric *value, int32_t *ret_number, Error *err);
MUST_USE Status numeric_to_int16(const Numeric *value, int16_t *ret_number, Error *err);
MUST_USE Status numeric_to_float64(const Numeric *value, double *ret_number, Error *err);
MUST_USE Status numeric_to_float32(const Numeric *value, float *ret_number, Error *err);
/* Round and check as a column numeric(p,s) does; typmod -1: as it is. 22003 with detail. */
MUST_USE Status numeric_apply_typmod(const Numeric *value, int32_t typmod, Numeric *ret_value,
                                     Error *err);

/* -------- order and hashing -------- */
int numeric_compare(const Numeric *left, const Numeric *right);
/* The unique form of equal numbers: no zeros at the end of the fraction. */
Numeric numeric_without_trailing_zeros(const Numeric *value);
/* memcmp order of these bytes is numeric_compare's. */
void numeric_append_sort_key(const Numeric *value, StrBuf *out);
static inline bool numeric_is_zero(const Numeric *value) {
    return value->kind == NUMERIC_FINITE && value->low == 0 && value->high == 0;
}
int numeric_sign(const Numeric *value); /* -1, 0, 1; NaN: 0 */
extern const Numeric numeric_nan;

/* -------- arithmetic -------- */
MUST_USE Status numeric_add(const Numeric *left, const Numeric *right, Numeric *ret_value,
                            Error *err);
MUST_USE Status numeric_subtract(const Numeric *left, const Numeric *right, Numeric *ret_value,
                                 Error *err);
MUST_USE Status numeric_multiply(const Numeric *left, const Numeric *right, Numeric *ret_value,
                                 Error *err);
MUST_USE Status numeric_divide(const Numeric *left, const Numeric *right, Numeric *ret_value,
                               Error *err);
/* div(): the quotient cut to an integer; and the remainder with the sign of the dividend. */
MUST_USE Status numeric_divide_integer(const Numeric *left, const Numeric *right,
                                       Numeric *ret_value, Error *err);
MUST_USE Status numeric_modulo(const Numeric *left, const Numeric *right, Numeric *ret_value,
                               Error *err);
Numeric numeric_negate(const Numeric *value);
Numeric numeric_absolute(const Numeric *value);

typedef enum NumericRounding {
    NUMERIC_ROUND, /* half away from zero */
    NUMERIC_TRUNCATE,
    NUMERIC_CEIL,
    NUMERIC_FLOOR,
} NumericRounding;

/* To `scale` digits after the point; negative scales round to tens. The result shows max(scale, 0).
 */
MUST_USE Status numeric_round(const Numeric *value, int32_t scale, NumericRounding rounding,
                              Numeric *ret_value, Error *err);
MUST_USE Status numeric_sqrt(const Numeric *value, Numeric *ret_value, Error *err);
MUST_USE Status numeric_exp(const Numeric *value, Numeric *ret_value, Error *err);
MUST_USE Status numeric_ln(const Numeric *value, Numeric *ret_value, Error *err);
MUST_USE Status numeric_log(const Numeric *base, const Numeric *value, Numeric *ret_value,
                            Error *err);
MUST_USE Status numeric_power(const Numeric *base, const Numeric *exponent, Numeric *ret_value,
                              Error *err);
