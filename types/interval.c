/* Interval arithmetic. */
#include "types/interval.h"

#include <math.h>

#include "types/datetime.h"
#include "types/datetime_form.h"

enum { DAYS_PER_MONTH = 30 };

__int128 interval_span(const Interval *interval) {
    return ((__int128) interval->months * DAYS_PER_MONTH + interval->days) * DATETIME_DAY_US +
           interval->micros;
}

int interval_compare(const Interval *left, const Interval *right) {
    __int128 left_span = interval_span(left);
    __int128 right_span = interval_span(right);

    return left_span < right_span ? -1 : left_span > right_span;
}

Interval interval_apply_typmod(Interval interval, int32_t typmod) {
    int32_t range, precision;

    if (typmod < 0)
        return interval;
    range = interval_typmod_range(typmod);
    precision = typmod & INTERVAL_PRECISION_ANY;
    if (range != INTERVAL_FIELD_ALL) {
        if (range == INTERVAL_FIELD_YEAR)
            interval.months = interval.months / 12 * 12;
        if (!(range & ~(INTERVAL_FIELD_YEAR | INTERVAL_FIELD_MONTH)))
            interval.days = 0;
        if (!(range & (INTERVAL_FIELD_HOUR | INTERVAL_FIELD_MINUTE | INTERVAL_FIELD_SECOND)))
            interval.micros = 0;
        else if (!(range & (INTERVAL_FIELD_MINUTE | INTERVAL_FIELD_SECOND)))
            interval.micros = interval.micros / DATETIME_HOUR_US * DATETIME_HOUR_US;
        else if (!(range & INTERVAL_FIELD_SECOND))
            interval.micros = interval.micros / DATETIME_MINUTE_US * DATETIME_MINUTE_US;
    }
    if (precision < 6)
        interval.micros = datetime_round_micros(interval.micros, precision);
    return interval;
}

bool interval_add(Interval left, Interval right, Interval *ret_interval) {
    return !__builtin_add_overflow(left.months, right.months, &ret_interval->months) &&
           !__builtin_add_overflow(left.days, right.days, &ret_interval->days) &&
           !__builtin_add_overflow(left.micros, right.micros, &ret_interval->micros);
}

bool interval_subtract(Interval left, Interval right, Interval *ret_interval) {
    return !__builtin_sub_overflow(left.months, right.months, &ret_interval->months) &&
           !__builtin_sub_overflow(left.days, right.days, &ret_interval->days) &&
           !__builtin_sub_overflow(left.micros, right.micros, &ret_interval->micros);
}

bool interval_negate(Interval interval, Interval *ret_interval) {
    return interval_subtract((Interval) {0}, interval, ret_interval);
}
