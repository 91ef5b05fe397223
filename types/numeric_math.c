/* Numeric arithmetic: PostgreSQL's results and scales, on 256-bit intermediates. */
#include <assert.h>

#include "base/limits.h"
#include "types/numeric.h"
#include "types/numeric_wide.h"

enum { DIGITS = LIMIT_NUMERIC_DIGITS };

static Status numeric_overflow(Error *err) {
    return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "value overflows numeric format");
}

static Numeric infinity_of(int sign) {
    return (Numeric) {.kind = sign < 0 ? NUMERIC_MINUS_INF : NUMERIC_PLUS_INF};
}

static bool is_infinite(const Numeric *value) {
    return value->kind == NUMERIC_PLUS_INF || value->kind == NUMERIC_MINUS_INF;
}

static bool are_finite(const Numeric *left, const Numeric *right) {
    return left->kind == NUMERIC_FINITE && right->kind == NUMERIC_FINITE;
}

/* The number magnitude * 10^-scale with the sign. Zeros at the end of a fraction that has no room
 * are dropped; any other digit too many is an overflow. */
static Status numeric_fit(Wide magnitude, int32_t scale, bool is_negative, Numeric *ret_value,
                          Error *err) {
    int excess = wide_digits(magnitude) - DIGITS;

    if (scale > NUMERIC_SCALE_MAX && excess < scale - NUMERIC_SCALE_MAX)
        excess = scale - NUMERIC_SCALE_MAX;
    for (; excess > 0 && scale > 0; excess--, scale--) {
        if (wide_divide(&magnitude, 10) != 0)
            return numeric_overflow(err);
    }
    if (excess > 0)
        return numeric_overflow(err);
    *ret_value =
        numeric_make(is_negative ? -(__int128) magnitude.low : (__int128) magnitude.low, scale);
    return STATUS_OK;
}

Numeric numeric_negate(const Numeric *value) {
    if (value->kind == NUMERIC_FINITE)
        return numeric_make(-numeric_coefficient(value), value->scale);
    return is_infinite(value) ? infinity_of(-numeric_sign(value)) : *value;
}

Numeric numeric_absolute(const Numeric *value) {
    return numeric_sign(value) < 0 ? numeric_negate(value) : *value;
}

/* -------- sums -------- */

static Status add_special(const Numeric *left, const Numeric *right, Numeric *ret_value) {
    if (left->kind == NUMERIC_NAN || right->kind == NUMERIC_NAN ||
        (is_infinite(left) && is_infinite(right) && left->kind != right->kind))
        *ret_value = numeric_nan;
    else
        *ret_value = is_infinite(left) ? *left : *right;
    return STATUS_OK;
}

/* `low` has the smaller scale: brought up to the other's in 256 bits. */
static Status add_unaligned(const Numeric *low, const Numeric *high, Numeric *ret_value,
                            Error *err) {
    int32_t shift = high->scale - low->scale;
    Unsigned128 low_magnitude = magnitude_of(numeric_coefficient(low));
    Unsigned128 high_magnitude = magnitude_of(numeric_coefficient(high));
    bool low_is_negative = low->high < 0;
    bool high_is_negative = high->high < 0;
    Wide sum;

    if (low_magnitude == 0) {
        *ret_value = *high;
        return STATUS_OK;
    }
    if (shift > DIGITS) {
        if (high_magnitude != 0)
            return numeric_overflow(err);
        *ret_value = *low;
        return STATUS_OK;
    }
    sum = wide_multiply(low_magnitude, power_of_ten(shift));
    if (low_is_negative == high_is_negative) {
        sum = wide_add(sum, high_magnitude);
    } else if (sum.high == 0 && sum.low < high_magnitude) {
        sum.low = high_magnitude - sum.low;
        low_is_negative = high_is_negative;
    } else {
        sum.high -= sum.low < high_magnitude;
        sum.low -= high_magnitude;
    }
    return numeric_fit(sum, high->scale, low_is_negative, ret_value, err);
}

Status numeric_add(const Numeric *left, const Numeric *right, Numeric *ret_value, Error *err) {
    if (!are_finite(left, right))
        return add_special(left, right, ret_value);
    if (left->scale == right->scale) {
        /* Each is below 10^38, so the sum is below 2^127. */
        __int128 sum = numeric_coefficient(left) + numeric_coefficient(right);

        if (sum > -(__int128) power_of_ten(DIGITS) && sum < (__int128) power_of_ten(DIGITS)) {
            *ret_value = numeric_make(sum, left->scale);
            return STATUS_OK;
        }
        return numeric_fit((Wide) {.low = magnitude_of(sum)}, left->scale, sum < 0, ret_value, err);
    }
    return left->scale < right->scale ? add_unaligned(left, right, ret_value, err)
                                      : add_unaligned(right, left, ret_value, err);
}

Status numeric_subtract(const Numeric *left, const Numeric *right, Numeric *ret_value, Error *err) {
    Numeric negated = numeric_negate(right);

    return numeric_add(left, &negated, ret_value, err);
}

/* -------- products -------- */

Status numeric_multiply(const Numeric *left, const Numeric *right, Numeric *ret_value, Error *err) {
    int sign = numeric_sign(left) * numeric_sign(right);

    if (!are_finite(left, right)) {
        *ret_value = sign == 0 ? numeric_nan : infinity_of(sign);
        return STATUS_OK;
    }
    return numeric_fit(wide_multiply(magnitude_of(numeric_coefficient(left)),
                                     magnitude_of(numeric_coefficient(right))),
                       left->scale + right->scale, sign < 0, ret_value, err);
}

/* -------- quotients -------- */

/* PostgreSQL's digits are base 10000: the weight of the first one, and its value. */
static int32_t base10000_weight(const Numeric *value, int32_t *ret_first_digit) {
    Unsigned128 magnitude = magnitude_of(numeric_coefficient(value));
    int32_t digits = decimal_digits(magnitude);
    int32_t exponent = digits - value->scale - 1; /* of the first decimal digit */
    int32_t weight;
    int32_t inside;

    if (magnitude == 0) {
        *ret_first_digit = 0;
        return 0;
    }
    weight = exponent >= 0 ? exponent / 4 : -((3 - exponent) / 4);
    inside = exponent - weight * 4 + 1; /* decimal digits of the first base-10000 digit: 1…4 */
    if (inside <= digits)
        *ret_first_digit = (int32_t) (magnitude / power_of_ten(digits - inside));
    else
        *ret_first_digit = (int32_t) (magnitude * power_of_ten(inside - digits));
    return weight;
}

/* PostgreSQL's select_div_scale(). */
static int32_t quotient_scale(const Numeric *left, const Numeric *right) {
    int32_t left_digit;
    int32_t right_digit;
    int32_t weight = base10000_weight(left, &left_digit) - base10000_weight(right, &right_digit);
    int32_t scale;

    if (left_digit <= right_digit)
        weight--;
    scale = NUMERIC_SIGNIFICANT_MIN - weight * 4;
    if (scale < left->scale)
        scale = left->scale;
    if (scale < right->scale)
        scale = right->scale;
    if (scale < 0)
        scale = 0;
    return scale > 1000 ? 1000 : scale;
}

static Status divide_special(const Numeric *left, const Numeric *right, Numeric *ret_value,
                             Error *err) {
    if (left->kind == NUMERIC_NAN || right->kind == NUMERIC_NAN ||
        (is_infinite(left) && is_infinite(right))) {
        *ret_value = numeric_nan;
        return STATUS_OK;
    }
    if (is_infinite(right)) {
        *ret_value = numeric_make(0, 0);
        return STATUS_OK;
    }
    if (numeric_is_zero(right))
        return error_set(err, DIVISION_BY_ZERO, "division by zero");
    *ret_value = infinity_of(numeric_sign(left) * numeric_sign(right));
    return STATUS_OK;
}

/* magnitude * 10^exponent, which has at most 76 digits. */
static Wide wide_scaled(Unsigned128 magnitude, int32_t exponent) {
    int32_t first = exponent > DIGITS ? exponent - DIGITS : 0;

    if (first > 0 && decimal_digits(magnitude) + first <= DIGITS)
        return wide_multiply(magnitude * power_of_ten(first), power_of_ten(exponent - first));
    return wide_multiply(magnitude, power_of_ten(exponent));
}

Status numeric_divide(const Numeric *left, const Numeric *right, Numeric *ret_value, Error *err) {
    Unsigned128 dividend = magnitude_of(numeric_coefficient(left));
    Unsigned128 divisor = magnitude_of(numeric_coefficient(right));
    bool is_negative = numeric_sign(left) * numeric_sign(right) < 0;
    int32_t scale;
    int32_t exponent;
    int32_t excess;
    Wide quotient;
    Unsigned128 remainder;

    if (!are_finite(left, right))
        return divide_special(left, right, ret_value, err);
    if (divisor == 0)
        return error_set(err, DIVISION_BY_ZERO, "division by zero");
    scale = quotient_scale(left, right);
    if (dividend == 0) {
        *ret_value = numeric_make(0, scale);
        return STATUS_OK;
    }
    exponent = scale + right->scale - left->scale;
    /* A quotient of more than 38 digits loses fraction digits: it is rounded anyway. */
    excess = decimal_digits(dividend) + exponent - decimal_digits(divisor) - DIGITS;
    if (excess > 0) {
        if (excess > scale)
            return numeric_overflow(err);
        scale -= excess;
        exponent -= excess;
    }
    assert(exponent >= 0);
    quotient = wide_scaled(dividend, exponent);
    remainder = wide_divide(&quotient, divisor);
    if (wide_digits(quotient) > DIGITS && scale > 0) { /* one digit more: round by it alone */
        remainder = wide_divide(&quotient, 10);
        quotient = wide_add(quotient, remainder >= 5);
        scale--;
    } else if (remainder >= divisor - remainder) {
        quotient = wide_add(quotient, 1);
    }
    return numeric_fit(quotient, scale, is_negative, ret_value, err);
}

/* Both brought to one scale; the quotient's whole part and the remainder at that scale. */
static void divide_aligned(const Numeric *left, const Numeric *right, Wide *ret_quotient,
                           Wide *ret_remainder) {
    Unsigned128 dividend = magnitude_of(numeric_coefficient(left));
    Unsigned128 divisor = magnitude_of(numeric_coefficient(right));
    int32_t shift = left->scale - right->scale;

    *ret_quotient = (Wide) {0};
    *ret_remainder = (Wide) {.low = dividend};
    if (shift > 0) {
        if (shift > DIGITS || decimal_digits(divisor) + shift > DIGITS)
            return; /* the divisor is above the dividend */
        divisor *= power_of_ten(shift);
        shift = 0;
    }
    /* 10^n modulo the divisor, digit by digit, when it does not fit 256 bits at once. */
    *ret_quotient = wide_multiply(dividend, power_of_ten(-shift > DIGITS ? DIGITS : -shift));
    *ret_remainder = (Wide) {.low = wide_divide(ret_quotient, divisor)};
    for (int32_t left_over = -shift - DIGITS; left_over > 0; left_over--) {
        Wide next = wide_multiply(ret_remainder->low, 10);
        Wide digit = next;

        ret_remainder->low = wide_divide(&digit, divisor);
        if (ret_quotient->high >> 120)
            continue; /* far above what fits already */
        next = wide_multiply(ret_quotient->low, 10);
        next.high += ret_quotient->high * 10;
        *ret_quotient = wide_add(next, digit.low);
    }
}

Status numeric_divide_integer(const Numeric *left, const Numeric *right, Numeric *ret_value,
                              Error *err) {
    Wide quotient;
    Wide remainder;

    if (!are_finite(left, right))
        return divide_special(left, right, ret_value, err);
    if (numeric_is_zero(right))
        return error_set(err, DIVISION_BY_ZERO, "division by zero");
    divide_aligned(left, right, &quotient, &remainder);
    return numeric_fit(quotient, 0, numeric_sign(left) * numeric_sign(right) < 0, ret_value, err);
}

Status numeric_modulo(const Numeric *left, const Numeric *right, Numeric *ret_value, Error *err) {
    int32_t scale = left->scale > right->scale ? left->scale : right->scale;
    Wide quotient;
    Wide remainder;

    if (!are_finite(left, right)) {
        if (left->kind == NUMERIC_NAN || right->kind == NUMERIC_NAN)
            *ret_value = numeric_nan;
        else if (numeric_is_zero(right))
            return error_set(err, DIVISION_BY_ZERO, "division by zero");
        else
            *ret_value = is_infinite(left) ? numeric_nan : *left;
        return STATUS_OK;
    }
    if (numeric_is_zero(right))
        return error_set(err, DIVISION_BY_ZERO, "division by zero");
    divide_aligned(left, right, &quotient, &remainder);
    return numeric_fit(remainder, scale, left->high < 0, ret_value, err);
}

/* -------- rounding -------- */

static bool rounds_up(NumericRounding rounding, bool is_negative, Unsigned128 remainder,
                      Unsigned128 divisor) {
    switch (rounding) {
    case NUMERIC_ROUND:
        return remainder >= divisor - remainder;
    case NUMERIC_CEIL:
        return !is_negative && remainder != 0;
    case NUMERIC_FLOOR:
        return is_negative && remainder != 0;
    case NUMERIC_TRUNCATE:
        break;
    }
    return false;
}

Status numeric_round(const Numeric *value, int32_t scale, NumericRounding rounding,
                     Numeric *ret_value, Error *err) {
    Unsigned128 magnitude = magnitude_of(numeric_coefficient(value));
    bool is_negative = value->high < 0;
    int32_t shift = value->scale - scale;

    if (value->kind != NUMERIC_FINITE || shift == 0) {
        *ret_value = *value;
        return STATUS_OK;
    }
    if (shift < 0) {
        if (magnitude == 0)
            *ret_value = numeric_make(0, scale);
        else if (-shift + decimal_digits(magnitude) > DIGITS)
            return numeric_overflow(err);
        else
            *ret_value =
                numeric_make(numeric_coefficient(value) * (__int128) power_of_ten(-shift), scale);
        return STATUS_OK;
    }
    if (shift > DIGITS) {
        magnitude = magnitude != 0 && rounds_up(rounding, is_negative, 1, 3);
    } else {
        Unsigned128 divisor = power_of_ten(shift);
        Unsigned128 remainder = magnitude % divisor;

        magnitude = magnitude / divisor + rounds_up(rounding, is_negative, remainder, divisor);
    }
    if (scale < 0 && magnitude != 0) {
        if (decimal_digits(magnitude) - scale > DIGITS)
            return numeric_overflow(err);
        magnitude *= power_of_ten(-scale);
    }
    *ret_value = numeric_make(is_negative ? -(__int128) magnitude : (__int128) magnitude,
                              scale < 0 ? 0 : scale);
    return STATUS_OK;
}

/* -------- square root -------- */

/* floor(sqrt(value)), a bit at a time from the top (value < 2^254). */
static Unsigned128 wide_square_root(Wide value) {
    Unsigned128 root = 0;

    for (int bit = 126; bit >= 0; bit--) {
        Unsigned128 trial = root | (Unsigned128) 1 << bit;
        Wide square = wide_multiply(trial, trial);

        if (square.high < value.high || (square.high == value.high && square.low <= value.low))
            root = trial;
    }
    return root;
}

Status numeric_sqrt(const Numeric *value, Numeric *ret_value, Error *err) {
    Unsigned128 magnitude = magnitude_of(numeric_coefficient(value));
    int32_t first_digit;
    int32_t weight = base10000_weight(value, &first_digit) * 4;
    int32_t scale = NUMERIC_SIGNIFICANT_MIN - (weight >= 0 ? weight / 2 + 1 : 1 - (1 - weight) / 2);
    int32_t exponent;
    Unsigned128 root;
    Wide radicand;

    if (value->kind == NUMERIC_NAN || value->kind == NUMERIC_PLUS_INF) {
        *ret_value = *value;
        return STATUS_OK;
    }
    if (numeric_sign(value) < 0)
        return error_set(err, INVALID_ARGUMENT_FOR_POWER,
                         "cannot take square root of a negative number");
    if (scale < value->scale)
        scale = value->scale;
    /* One digit more than is shown, to round by; 76 digits at most. */
    exponent = 2 * (scale + 1) - value->scale;
    while (exponent + decimal_digits(magnitude) > 2 * DIGITS - 2) {
        scale--;
        exponent -= 2;
    }
    assert(exponent >= 0);
    radicand = wide_scaled(magnitude, exponent);
    root = wide_square_root(radicand);
    root = root / 10 + (root % 10 >= 5);
    *ret_value = numeric_make((__int128) root, scale < 0 ? 0 : scale);
    return STATUS_OK;
}
