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

/* Microseconds precision: sums of products lose what is below. */
static double round_micros(double value) {
    return rint(value * 1e6) / 1e6;
}

static bool fits_int32(double value) {
    return !isnan(value) && value >= INT32_MIN && value <= INT32_MAX;
}

static bool fits_int64(double value) {
    return !isnan(value) && value >= -9223372036854775808.0 && value < 9223372036854775808.0;
}

/* Months and days already scaled, as real numbers: their fractions go down to days and then to
 * `micros`. */
static bool interval_from_real(double months, double days, double micros, Interval *ret_interval) {
    const double day_seconds = DATETIME_DAY_SECONDS;
    double rest_days, seconds, total;
    Interval interval;
    int32_t carried;

    if (!fits_int32(months) || !fits_int32(days))
        return false;
    interval.months = (int32_t) months;
    interval.days = (int32_t) days;
    rest_days = round_micros((months - interval.months) * DAYS_PER_MONTH);
    seconds = round_micros((days - interval.days + rest_days - (int32_t) rest_days) * day_seconds);
    if (fabs(seconds) >= day_seconds) {
        carried = (int32_t) (seconds / day_seconds);
        if (__builtin_add_overflow(interval.days, carried, &interval.days))
            return false;
        seconds -= carried * day_seconds;
    }
    if (__builtin_add_overflow(interval.days, (int32_t) rest_days, &interval.days))
        return false;
    total = rint(micros + seconds * 1e6);
    if (!fits_int64(total))
        return false;
    interval.micros = (int64_t) total;
    *ret_interval = interval;
    return true;
}

bool interval_multiply(Interval interval, double factor, Interval *ret_interval) {
    return interval_from_real(interval.months * factor, interval.days * factor,
                              (double) interval.micros * factor, ret_interval);
}

bool interval_divide(Interval interval, double divisor, Interval *ret_interval) {
    return interval_from_real(interval.months / divisor, interval.days / divisor,
                              (double) interval.micros / divisor, ret_interval);
}

/* Make the time's sign that of the days. */
static void align_time(Interval *interval) {
    if (interval->days > 0 && interval->micros < 0) {
        interval->micros += DATETIME_DAY_US;
        interval->days--;
    } else if (interval->days < 0 && interval->micros > 0) {
        interval->micros -= DATETIME_DAY_US;
        interval->days++;
    }
}

bool interval_justify_hours(Interval interval, Interval *ret_interval) {
    int64_t days = interval.micros / DATETIME_DAY_US;

    interval.micros -= days * DATETIME_DAY_US;
    if (__builtin_add_overflow(interval.days, days, &interval.days))
        return false;
    align_time(&interval);
    *ret_interval = interval;
    return true;
}

bool interval_justify_days(Interval interval, Interval *ret_interval) {
    int32_t months = interval.days / DAYS_PER_MONTH;

    interval.days -= months * DAYS_PER_MONTH;
    if (__builtin_add_overflow(interval.months, months, &interval.months))
        return false;
    if (interval.months > 0 && interval.days < 0) {
        interval.days += DAYS_PER_MONTH;
        interval.months--;
    } else if (interval.months < 0 && interval.days > 0) {
        interval.days -= DAYS_PER_MONTH;
        interval.months++;
    }
    *ret_interval = interval;
    return true;
}

/* Whole months out of the days. */
static bool carry_months(Interval *interval) {
    int32_t months = interval->days / DAYS_PER_MONTH;

    interval->days -= months * DAYS_PER_MONTH;
    return !__builtin_add_overflow(interval->months, months, &interval->months);
}

bool interval_justify(Interval interval, Interval *ret_interval) {
    int64_t days;

    /* first the days alone where the time can only add to them: fewer overflows */
    if (((interval.days > 0 && interval.micros > 0) ||
         (interval.days < 0 && interval.micros < 0)) &&
        !carry_months(&interval))
        return false;
    days = interval.micros / DATETIME_DAY_US;
    interval.micros -= days * DATETIME_DAY_US;
    if (__builtin_add_overflow(interval.days, days, &interval.days) || !carry_months(&interval))
        return false;
    if (interval.months > 0 && (interval.days < 0 || (interval.days == 0 && interval.micros < 0))) {
        interval.days += DAYS_PER_MONTH;
        interval.months--;
    } else if (interval.months < 0 &&
               (interval.days > 0 || (interval.days == 0 && interval.micros > 0))) {
        interval.days -= DAYS_PER_MONTH;
        interval.months++;
    }
    align_time(&interval);
    *ret_interval = interval;
    return true;
}
