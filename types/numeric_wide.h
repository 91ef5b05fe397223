/* Wide: the 256-bit intermediates of numeric arithmetic. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef unsigned __int128 Unsigned128;

typedef struct Wide {
    Unsigned128 high;
    Unsigned128 low;
} Wide;

/* 10^exponent, 0 <= exponent <= 38. */
Unsigned128 power_of_ten(int exponent);
int decimal_digits(Unsigned128 magnitude); /* of 0: 0 */
Wide wide_multiply(Unsigned128 left, Unsigned128 right);
Wide wide_add(Wide left, Unsigned128 right);
/* Quotient in place, returns the remainder; divisor != 0 and < 2^127. */
Unsigned128 wide_divide(Wide *dividend, Unsigned128 divisor);
int wide_digits(Wide value);

static inline Unsigned128 magnitude_of(__int128 number) {
    return number < 0 ? -(Unsigned128) number : (Unsigned128) number;
}
