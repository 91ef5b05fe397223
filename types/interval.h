/* Interval: months, days and microseconds, which only become comparable when a month is taken for
 * 30 days and a day for 24 hours. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "types/value.h"

/* The fields of an interval type, in the upper half of its typmod; precision in the lower. */
enum {
    INTERVAL_FIELD_MONTH = 1 << 1,
    INTERVAL_FIELD_YEAR = 1 << 2,
    INTERVAL_FIELD_DAY = 1 << 3,
    INTERVAL_FIELD_HOUR = 1 << 10,
    INTERVAL_FIELD_MINUTE = 1 << 11,
    INTERVAL_FIELD_SECOND = 1 << 12,
    INTERVAL_FIELD_ALL = 0x7fff,
    INTERVAL_PRECISION_ANY = 0xffff,
};

static inline int32_t interval_typmod_range(int32_t typmod) {
    return (typmod >> 16) & INTERVAL_FIELD_ALL;
}

static inline int32_t interval_make_typmod(int32_t range, int32_t precision) {
    return range << 16 | precision;
}

/* Cut what the type's fields do not hold and round to its precision. */
Interval interval_apply_typmod(Interval interval, int32_t typmod);
int interval_compare(const Interval *left, const Interval *right);

/* false: out of range. */
bool interval_negate(Interval interval, Interval *ret_interval);
bool interval_add(Interval left, Interval right, Interval *ret_interval);
bool interval_subtract(Interval left, Interval right, Interval *ret_interval);
/* Fractions of a part go to the part below it, as in PostgreSQL. */
bool interval_multiply(Interval interval, double factor, Interval *ret_interval);
bool interval_divide(Interval interval, double divisor, Interval *ret_interval);
/* 24 hours to a day; 30 days to a month; both, with signs made alike. */
bool interval_justify_hours(Interval interval, Interval *ret_interval);
bool interval_justify_days(Interval interval, Interval *ret_interval);
bool interval_justify(Interval interval, Interval *ret_interval);
