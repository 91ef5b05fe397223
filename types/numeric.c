#include "types/numeric.h"

#include "types/numeric_wide.h"

const Numeric numeric_nan = {.kind = NUMERIC_NAN};

/* -------- order -------- */

int numeric_sign(const Numeric *value) {
    if (value->kind == NUMERIC_FINITE)
        return value->high < 0 ? -1 : (value->high | (int64_t) value->low) != 0;
    return value->kind == NUMERIC_NAN ? 0 : value->kind == NUMERIC_PLUS_INF ? 1 : -1;
}

static int numeric_rank(const Numeric *value) {
    switch (value->kind) {
    case NUMERIC_MINUS_INF:
        return 0;
    case NUMERIC_PLUS_INF:
        return 2;
    case NUMERIC_NAN:
        return 3;
    default:
        return 1;
    }
}

/* Scales differ: bring the one with the smaller scale up, in 256 bits when it needs them. */
static int compare_magnitudes(Unsigned128 left, int32_t left_scale, Unsigned128 right,
                              int32_t right_scale) {
    bool is_swapped = left_scale > right_scale;
    Unsigned128 low = is_swapped ? right : left;
    Unsigned128 high = is_swapped ? left : right;
    int32_t shift = is_swapped ? left_scale - right_scale : right_scale - left_scale;
    Wide product;
    int order;

    if (shift > 38) /* low >= 1 scaled by 10^39 is above any 38 digits */
        order = low == 0 ? -(high != 0) : 1;
    else {
        product = wide_multiply(low, power_of_ten(shift));
        order = product.high ? 1 : (product.low > high) - (product.low < high);
    }
    return is_swapped ? -order : order;
}

int numeric_compare(const Numeric *left, const Numeric *right) {
    int left_rank = numeric_rank(left);
    int right_rank = numeric_rank(right);
    __int128 left_coefficient = numeric_coefficient(left);
    __int128 right_coefficient = numeric_coefficient(right);
    int left_sign = numeric_sign(left);
    int right_sign = numeric_sign(right);
    int order;

    if (left_rank != right_rank)
        return left_rank < right_rank ? -1 : 1;
    if (left_rank != 1)
        return 0;
    if (left->scale == right->scale)
        return (left_coefficient > right_coefficient) - (left_coefficient < right_coefficient);
    if (left_sign != right_sign)
        return left_sign < right_sign ? -1 : 1;
    order = compare_magnitudes(magnitude_of(left_coefficient), left->scale,
                               magnitude_of(right_coefficient), right->scale);
    return left_sign < 0 ? -order : order;
}

/* -------- unique forms -------- */

Numeric numeric_without_trailing_zeros(const Numeric *value) {
    __int128 coefficient = numeric_coefficient(value);
    int32_t scale = value->scale;

    if (value->kind != NUMERIC_FINITE || scale == 0)
        return *value;
    if (coefficient == 0)
        return numeric_make(0, 0);
    if (coefficient == (int64_t) coefficient) {
        int64_t small = (int64_t) coefficient;

        while (scale > 0 && small % 10 == 0) {
            small /= 10;
            scale--;
        }
        return numeric_make(small, scale);
    }
    while (scale > 0 && coefficient % 10 == 0) {
        coefficient /= 10;
        scale--;
    }
    return numeric_make(coefficient, scale);
}

/* Class byte (-Infinity 0, negative 1, zero 2, positive 3, Infinity 4, NaN 5); for finite numbers
 * then the place of the first digit and the digits shifted up to 38, complemented when negative. */
void numeric_append_sort_key(const Numeric *value, StrBuf *out) {
    static const uint8_t classes[] = {[NUMERIC_NAN] = 5, [NUMERIC_PLUS_INF] = 4};
    int sign = numeric_sign(value);
    Unsigned128 magnitude;
    int digits;
    uint32_t place;

    if (value->kind != NUMERIC_FINITE) {
        strbuf_append_u8(out, value->kind == NUMERIC_MINUS_INF ? 0 : classes[value->kind]);
        return;
    }
    strbuf_append_u8(out, (uint8_t) (2 + sign));
    if (sign == 0)
        return;
    magnitude = magnitude_of(numeric_coefficient(value));
    digits = decimal_digits(magnitude);
    place = (uint32_t) (digits - value->scale + (1 << 20));
    magnitude *= power_of_ten(38 - digits);
    if (sign < 0) {
        place = ~place;
        magnitude = ~magnitude;
    }
    strbuf_append_u32(out, place);
    strbuf_append_u64(out, (uint64_t) (magnitude >> 64));
    strbuf_append_u64(out, (uint64_t) magnitude);
}
