/* Numeric exp, ln, log and power: PostgreSQL's result scales over 113-bit floats of the C library.
 *
 * They carry 33 decimal digits, PostgreSQL shows 16 to 20 and more only when an argument has more:
 * what would show digits that we do not have is shown with a smaller scale. Whole powers that fit
 * are exact. */
#include <math.h>

#include "base/limits.h"
#include "types/numeric.h"
#include "types/numeric_wide.h"

typedef __float128 Quad;

/* In glibc's libm since 2.26; its header shows them to some compilers only. */
extern Quad expf128(Quad);
extern Quad logf128(Quad);
extern Quad powf128(Quad, Quad);
extern Quad roundf128(Quad);

enum { QUAD_DIGITS = 32, SCALE_MAX = 1000 };

static Quad quad_of(const Numeric *value) {
    Quad coefficient = (Quad) numeric_coefficient(value);

    if (value->scale <= LIMIT_NUMERIC_DIGITS)
        return coefficient / (Quad) power_of_ten(value->scale);
    return coefficient * powf128((Quad) 10, (Quad) -value->scale);
}

static int max_int(int left, int right) {
    return left > right ? left : right;
}

/* Bounds of a scale that was chosen for 16 significant digits. */
static int bounded_scale(int scale, int argument_scale) {
    scale = max_int(max_int(scale, argument_scale), 0);
    return scale < SCALE_MAX ? scale : SCALE_MAX;
}

/* The number at this scale, or at the largest smaller one whose digits are all true. */
static Status quad_result(Quad number, int scale, Numeric *ret_value, Error *err) {
    Quad magnitude = number < 0 ? -number : number;
    int whole = 0; /* digits before the point */

    if (magnitude >= (Quad) power_of_ten(LIMIT_NUMERIC_DIGITS - 1) * 10)
        return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "value overflows numeric format");
    whole = decimal_digits((Unsigned128) magnitude);
    if (whole > QUAD_DIGITS)
        return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "value overflows numeric format");
    if (scale + whole > QUAD_DIGITS && scale > QUAD_DIGITS - whole) {
        /* Small numbers have their first digit far behind the point. */
        int zeros = magnitude > 0 && whole == 0 ? -(int) floor(log10((double) magnitude)) - 1 : 0;

        scale = scale < QUAD_DIGITS - whole + zeros ? scale : QUAD_DIGITS - whole + zeros;
    }
    *ret_value =
        numeric_make((__int128) roundf128(number * powf128((Quad) 10, (Quad) scale)), scale);
    return STATUS_OK;
}

/* -------- estimates -------- */

/* log10 of the number's size, and whether it is near one, where logarithms are small. */
static double log10_of(const Numeric *value) {
    return log10((double) magnitude_of(numeric_coefficient(value))) - value->scale;
}

static bool is_near_one(const Numeric *value) {
    Numeric low = numeric_make(9, 1);
    Numeric high = numeric_make(11, 1);

    return numeric_compare(value, &low) >= 0 && numeric_compare(value, &high) <= 0;
}

/* PostgreSQL's estimate_ln_dweight(): the decimal place of ln's first digit. */
static int ln_weight(const Numeric *value) {
    double size;

    if (is_near_one(value)) {
        Numeric one = numeric_from_int64(1);
        Numeric rest = {0};
        Error ignored;

        if (numeric_subtract(value, &one, &rest, &ignored) != STATUS_OK || numeric_is_zero(&rest))
            return 0;
        return (int) floor(log10_of(&rest));
    }
    size = fabs(log10_of(value) * 2.302585092994046);
    return size > 0 ? (int) log10(size) : 0;
}

/* -------- exp, ln, log -------- */

Status numeric_exp(const Numeric *value, Numeric *ret_value, Error *err) {
    double weight;

    if (value->kind != NUMERIC_FINITE) {
        *ret_value = value->kind == NUMERIC_MINUS_INF ? numeric_from_int64(0) : *value;
        return STATUS_OK;
    }
    weight = (double) quad_of(value) * 0.434294481903252;
    weight = fmax(fmin(weight, 2000), -2000);
    return quad_result(expf128(quad_of(value)),
                       bounded_scale(NUMERIC_SIGNIFICANT_MIN - (int) weight, value->scale),
                       ret_value, err);
}

static Status check_logarithm(const Numeric *value, Error *err) {
    if (numeric_sign(value) < 0)
        return error_set(err, INVALID_ARGUMENT_FOR_LOGARITHM,
                         "cannot take logarithm of a negative number");
    if (numeric_is_zero(value))
        return error_set(err, INVALID_ARGUMENT_FOR_LOGARITHM, "cannot take logarithm of zero");
    return STATUS_OK;
}

Status numeric_ln(const Numeric *value, Numeric *ret_value, Error *err) {
    if (value->kind == NUMERIC_NAN) {
        *ret_value = *value;
        return STATUS_OK;
    }
    TRY(check_logarithm(value, err));
    if (value->kind != NUMERIC_FINITE) {
        *ret_value = *value;
        return STATUS_OK;
    }
    return quad_result(logf128(quad_of(value)),
                       bounded_scale(NUMERIC_SIGNIFICANT_MIN - ln_weight(value), value->scale),
                       ret_value, err);
}

static Status log_special(const Numeric *base, const Numeric *value, Numeric *ret_value) {
    if (base->kind == NUMERIC_FINITE)
        *ret_value = *value; /* infinity */
    else if (value->kind == NUMERIC_FINITE)
        *ret_value = numeric_from_int64(0);
    else
        *ret_value = numeric_nan;
    return STATUS_OK;
}

Status numeric_log(const Numeric *base, const Numeric *value, Numeric *ret_value, Error *err) {
    Quad divisor;
    int scale;

    if (base->kind == NUMERIC_NAN || value->kind == NUMERIC_NAN) {
        *ret_value = numeric_nan;
        return STATUS_OK;
    }
    if (value->kind != NUMERIC_FINITE) /* its sign is judged first */
        TRY(check_logarithm(value, err));
    TRY(check_logarithm(base, err));
    TRY(check_logarithm(value, err));
    if (base->kind != NUMERIC_FINITE || value->kind != NUMERIC_FINITE)
        return log_special(base, value, ret_value);
    divisor = logf128(quad_of(base));
    if (divisor == 0)
        return error_set(err, DIVISION_BY_ZERO, "division by zero");
    scale = bounded_scale(NUMERIC_SIGNIFICANT_MIN - (ln_weight(value) - ln_weight(base)),
                          max_int(base->scale, value->scale));
    return quad_result(logf128(quad_of(value)) / divisor, scale, ret_value, err);
}

/* -------- power -------- */

/* As POSIX's pow() of the same signs: 0, 1, infinity or NaN. */
static Status power_special(const Numeric *base, const Numeric *exponent, Numeric *ret_value,
                            Error *err) {
    double left = 0;
    double right = 0;
    double result;

    TRY(numeric_to_float64(base, &left, err));
    TRY(numeric_to_float64(exponent, &right, err));
    result = pow(left, right);
    return numeric_from_float64(result, ret_value, err);
}

/* base^exponent by squaring while it stays exact; false when it needs too many digits. */
static bool power_exact(const Numeric *base, int64_t exponent, Numeric *ret_value) {
    Numeric result = numeric_from_int64(1);
    Numeric square = numeric_without_trailing_zeros(base);
    Error ignored;

    for (; exponent > 0; exponent >>= 1) {
        if ((exponent & 1) && numeric_multiply(&result, &square, &result, &ignored) != STATUS_OK)
            return false;
        if (exponent > 1 && numeric_multiply(&square, &square, &square, &ignored) != STATUS_OK)
            return false;
    }
    *ret_value = result;
    return true;
}

static Status power_whole(const Numeric *base, int64_t times, Numeric *ret_value, Error *err) {
    int scale = bounded_scale(NUMERIC_SIGNIFICANT_MIN, base->scale);
    Numeric exact = {0};

    if (times >= 0 && power_exact(base, times, &exact)) {
        int digits = decimal_digits(magnitude_of(numeric_coefficient(&exact))) - exact.scale;

        if (digits > 0 && scale > LIMIT_NUMERIC_DIGITS - digits)
            scale = LIMIT_NUMERIC_DIGITS - digits;
        return numeric_round(&exact, scale, NUMERIC_ROUND, ret_value, err);
    }
    return quad_result(powf128(quad_of(base), (Quad) times), scale, ret_value, err);
}

static bool is_whole(const Numeric *value) {
    return numeric_without_trailing_zeros(value).scale == 0;
}

Status numeric_power(const Numeric *base, const Numeric *exponent, Numeric *ret_value, Error *err) {
    int64_t times = 0;
    Error ignored;
    double weight;

    if (base->kind == NUMERIC_NAN || exponent->kind == NUMERIC_NAN)
        return power_special(base, exponent, ret_value, err);
    if (numeric_is_zero(base) && numeric_sign(exponent) < 0)
        return error_set(err, INVALID_ARGUMENT_FOR_POWER,
                         "zero raised to a negative power is undefined");
    if (numeric_sign(base) < 0 && exponent->kind == NUMERIC_FINITE && !is_whole(exponent))
        return error_set(err, INVALID_ARGUMENT_FOR_POWER,
                         "a negative number raised to a non-integer power yields a complex result");
    if (base->kind != NUMERIC_FINITE || exponent->kind != NUMERIC_FINITE)
        return power_special(base, exponent, ret_value, err);
    if (is_whole(exponent) && numeric_to_int64(exponent, &times, &ignored) == STATUS_OK &&
        times >= INT32_MIN && times <= INT32_MAX)
        return power_whole(base, times, ret_value, err);
    if (numeric_is_zero(base)) {
        *ret_value = numeric_make(0, NUMERIC_SIGNIFICANT_MIN);
        return STATUS_OK;
    }
    weight = (double) quad_of(exponent) * log10_of(base);
    return quad_result(
        powf128(quad_of(base), quad_of(exponent)),
        bounded_scale(NUMERIC_SIGNIFICANT_MIN - (int) fmax(fmin(weight, 9999), -9999),
                      max_int(base->scale, exponent->scale)),
        ret_value, err);
}
