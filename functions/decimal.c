/* Decimal: the division behind avg, on 128-bit coefficients. */
#include "functions/aggregate.h"

static __int128 decimal_limit(void) {
    __int128 limit = 1;

    for (int i = 0; i < LIMIT_NUMERIC_DIGITS; i++)
        limit *= 10;
    return limit;
}

Status decimal_make(__int128 coefficient, int32_t scale, Numeric *ret_number, Error *err) {
    __int128 limit = decimal_limit();

    if (coefficient >= limit || coefficient <= -limit)
        return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "value overflows numeric format");
    *ret_number = numeric_make(coefficient, scale);
    return STATUS_OK;
}

static int decimal_digits(unsigned __int128 number) {
    int digits = 0;

    for (; number; number /= 10)
        digits++;
    return digits;
}

/* PostgreSQL keeps numbers in groups of four digits around the point. The group that holds the leading
 * digit (0: units to thousands), and that group's value. */
static int leading_group(unsigned __int128 number, int scale, int *ret_value) {
    int digits = decimal_digits(number);
    int weight = digits - scale - 1; /* decimal exponent of the leading digit */
    int group = weight >= 0 ? weight / 4 : -((3 - weight) / 4);
    int keep = weight - group * 4 + 1; /* digits of the leading group */

    while (digits > keep) {
        number /= 10;
        digits--;
    }
    for (; digits < keep; digits++)
        number *= 10;
    *ret_value = (int) number;
    return group;
}

/* select_div_scale of PostgreSQL's numeric.c: 16 significant digits, counted in groups. */
static int division_scale(unsigned __int128 dividend, int scale, uint64_t divisor) {
    int first_dividend = 0;
    int first_divisor = 0;
    int weight_dividend = dividend ? leading_group(dividend, scale, &first_dividend) : 0;
    int weight_divisor = leading_group(divisor, 0, &first_divisor);
    int quotient_weight = weight_dividend - weight_divisor;
    int result = 0;

    if (first_dividend <= first_divisor)
        quotient_weight--;
    result = 16 - quotient_weight * 4;
    return result > scale ? result : scale;
}

Status decimal_divide(__int128 coefficient, int32_t scale, int64_t count, Numeric *ret_quotient,
                      Error *err) {
    bool is_negative = coefficient < 0;
    unsigned __int128 dividend =
        is_negative ? -(unsigned __int128) coefficient : (unsigned __int128) coefficient;
    uint64_t divisor = (uint64_t) count;
    int target = division_scale(dividend, scale, divisor);
    unsigned __int128 quotient = dividend / divisor;
    unsigned __int128 rest = dividend % divisor;

    for (; scale < target; scale++) {
        unsigned __int128 grown = 0;

        if (__builtin_mul_overflow(quotient, (unsigned __int128) 10, &grown) ||
            decimal_digits(grown) > LIMIT_NUMERIC_DIGITS)
            break; /* 38 digits are all there is */
        rest *= 10;
        quotient = grown + rest / divisor;
        rest %= divisor;
    }
    if (rest >= divisor - rest)
        quotient++;
    return decimal_make(is_negative ? -(__int128) quotient : (__int128) quotient, scale,
                        ret_quotient, err);
}
