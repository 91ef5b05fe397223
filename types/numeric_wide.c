#include "types/numeric_wide.h"

#include <assert.h>

static const uint64_t powers_64[20] = {
    1ULL,
    10ULL,
    100ULL,
    1000ULL,
    10000ULL,
    100000ULL,
    1000000ULL,
    10000000ULL,
    100000000ULL,
    1000000000ULL,
    10000000000ULL,
    100000000000ULL,
    1000000000000ULL,
    10000000000000ULL,
    100000000000000ULL,
    1000000000000000ULL,
    10000000000000000ULL,
    100000000000000000ULL,
    1000000000000000000ULL,
    10000000000000000000ULL,
};

Unsigned128 power_of_ten(int exponent) {
    assert(exponent >= 0 && exponent <= 38);
    if (exponent < 20)
        return powers_64[exponent];
    return (Unsigned128) powers_64[19] * powers_64[exponent - 19];
}

int decimal_digits(Unsigned128 magnitude) {
    int digits = 0;
    uint64_t word;

    while (magnitude >> 64) {
        magnitude /= powers_64[19];
        digits += 19;
    }
    word = (uint64_t) magnitude;
    for (int step = 0; step < 20 && word >= powers_64[step]; step++)
        digits++;
    return digits;
}

Wide wide_multiply(Unsigned128 left, Unsigned128 right) {
    uint64_t left_low = (uint64_t) left;
    uint64_t left_high = (uint64_t) (left >> 64);
    uint64_t right_low = (uint64_t) right;
    uint64_t right_high = (uint64_t) (right >> 64);
    Unsigned128 low = (Unsigned128) left_low * right_low;
    Unsigned128 middle = (Unsigned128) left_high * right_low;
    Unsigned128 other = (Unsigned128) left_low * right_high;
    Unsigned128 carry = (low >> 64) + (uint64_t) middle + (uint64_t) other;

    return (Wide) {
        .high =
            (Unsigned128) left_high * right_high + (middle >> 64) + (other >> 64) + (carry >> 64),
        .low = (carry << 64) | (uint64_t) low,
    };
}

Wide wide_add(Wide left, Unsigned128 right) {
    Unsigned128 low = left.low + right;

    return (Wide) {.high = left.high + (low < right), .low = low};
}

/* Divisors of one word: schoolbook by words. Others: bit by bit, which is rare enough. */
Unsigned128 wide_divide(Wide *dividend, Unsigned128 divisor) {
    Unsigned128 remainder = 0;

    assert(divisor != 0 && divisor >> 127 == 0);
    if (dividend->high == 0) {
        remainder = dividend->low % divisor;
        dividend->low /= divisor;
        return remainder;
    }
    if (divisor >> 64 == 0) {
        uint64_t words[4] = {(uint64_t) (dividend->high >> 64), (uint64_t) dividend->high,
                             (uint64_t) (dividend->low >> 64), (uint64_t) dividend->low};

        for (int i = 0; i < 4; i++) {
            remainder = remainder << 64 | words[i];
            words[i] = (uint64_t) (remainder / divisor);
            remainder %= divisor;
        }
        dividend->high = (Unsigned128) words[0] << 64 | words[1];
        dividend->low = (Unsigned128) words[2] << 64 | words[3];
        return remainder;
    }
    remainder = dividend->high % divisor;
    dividend->high /= divisor;
    for (int bit = 0; bit < 128; bit++) {
        remainder = remainder << 1 | dividend->low >> 127;
        dividend->low <<= 1;
        if (remainder >= divisor) {
            remainder -= divisor;
            dividend->low |= 1;
        }
    }
    return remainder;
}

int wide_digits(Wide value) {
    int digits = 0;

    if (value.high == 0)
        return decimal_digits(value.low);
    while (value.high) {
        (void) wide_divide(&value, powers_64[19]);
        digits += 19;
    }
    return digits + decimal_digits(value.low);
}
