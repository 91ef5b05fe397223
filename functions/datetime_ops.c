/* Operators of date, time, timestamp and timestamptz: comparison and arithmetic.
 *
 * Mixed comparisons (a date with a timestamp) meet by implicit casts. */
#include "functions/datetime_kernel.h"

DEFINE_COMPARE_KERNELS(date, int32_t, int32_t, PLAIN_EQUAL, PLAIN_LESS)
DEFINE_COMPARE_KERNELS(micros, int64_t, int64_t, PLAIN_EQUAL, PLAIN_LESS)

/* -------- date -------- */

static Status date_shift(int32_t days, int64_t shift, int32_t *ret_days, Error *err) {
    int64_t sum = days + shift;

    if (date_is_finite(days)) {
        if (sum < DATE_MIN || sum >= DATE_END)
            return error_set(err, DATETIME_FIELD_OVERFLOW, "date out of range");
        days = (int32_t) sum;
    }
    *ret_days = days;
    return STATUS_OK;
}

static Status date_difference(int32_t left, int32_t right, int32_t *ret_days, Error *err) {
    if (!date_is_finite(left) || !date_is_finite(right))
        return error_set(err, DATETIME_FIELD_OVERFLOW, "cannot subtract infinite dates");
    return __builtin_sub_overflow(left, right, ret_days)
               ? error_set(err, DATETIME_FIELD_OVERFLOW, "date out of range")
               : STATUS_OK;
}

static Status date_plus_time(int32_t days, int64_t time, int64_t *ret_micros, Error *err) {
    TRY(date_to_timestamp(days, ret_micros, err));
    return timestamp_add_interval(*ret_micros, (Interval) {.micros = time}, NULL, ret_micros, err);
}

static Status date_plus_interval(int32_t days, Interval interval, int64_t *ret_micros, Error *err) {
    TRY(date_to_timestamp(days, ret_micros, err));
    return timestamp_add_interval(*ret_micros, interval, NULL, ret_micros, err);
}

static Status date_minus_interval(int32_t days, Interval interval, int64_t *ret_micros,
                                  Error *err) {
    TRY(date_to_timestamp(days, ret_micros, err));
    return timestamp_subtract_interval(*ret_micros, interval, NULL, ret_micros, err);
}

DEFINE_STATUS_KERNEL(date_plus_int, int32_t, int32_t, int32_t, date_shift(l, r, ret, err))
DEFINE_STATUS_KERNEL(int_plus_date, int32_t, int32_t, int32_t, date_shift(r, l, ret, err))
DEFINE_STATUS_KERNEL(date_minus_int, int32_t, int32_t, int32_t,
                     date_shift(l, -(int64_t) r, ret, err))
DEFINE_STATUS_KERNEL(date_minus_date, int32_t, int32_t, int32_t, date_difference(l, r, ret, err))
DEFINE_STATUS_KERNEL(date_time, int32_t, int64_t, int64_t, date_plus_time(l, r, ret, err))
DEFINE_STATUS_KERNEL(time_date, int64_t, int32_t, int64_t, date_plus_time(r, l, ret, err))
DEFINE_STATUS_KERNEL(date_plus, int32_t, Interval, int64_t, date_plus_interval(l, r, ret, err))
DEFINE_STATUS_KERNEL(plus_date, Interval, int32_t, int64_t, date_plus_interval(r, l, ret, err))
DEFINE_STATUS_KERNEL(date_minus, int32_t, Interval, int64_t, date_minus_interval(l, r, ret, err))

/* -------- time: a clock that wraps at midnight -------- */

#define TIME_WRAP(micros) datetime_floor_mod((micros), DATETIME_DAY_US)

DEFINE_BINARY_KERNEL(time_plus, int64_t, Interval, int64_t,
                     TIME_WRAP(l + r.micros % DATETIME_DAY_US))
DEFINE_BINARY_KERNEL(plus_time, Interval, int64_t, int64_t,
                     TIME_WRAP(r + l.micros % DATETIME_DAY_US))
DEFINE_BINARY_KERNEL(time_minus, int64_t, Interval, int64_t,
                     TIME_WRAP(l - r.micros % DATETIME_DAY_US))
DEFINE_BINARY_KERNEL(time_minus_time, int64_t, int64_t, Interval, (Interval) {.micros = l - r})

/* -------- timestamp and timestamptz -------- */

DEFINE_STATUS_KERNEL(timestamp_plus, int64_t, Interval, int64_t,
                     timestamp_add_interval(l, r, NULL, ret, err))
DEFINE_STATUS_KERNEL(plus_timestamp, Interval, int64_t, int64_t,
                     timestamp_add_interval(r, l, NULL, ret, err))
DEFINE_STATUS_KERNEL(timestamp_minus, int64_t, Interval, int64_t,
                     timestamp_subtract_interval(l, r, NULL, ret, err))
DEFINE_STATUS_KERNEL(timestamptz_plus, int64_t, Interval, int64_t,
                     timestamp_add_interval(l, r, zone, ret, err))
DEFINE_STATUS_KERNEL(plus_timestamptz, Interval, int64_t, int64_t,
                     timestamp_add_interval(r, l, zone, ret, err))
DEFINE_STATUS_KERNEL(timestamptz_minus, int64_t, Interval, int64_t,
                     timestamp_subtract_interval(l, r, zone, ret, err))
DEFINE_STATUS_KERNEL(micros_minus_micros, int64_t, int64_t, Interval,
                     timestamp_subtract(l, r, ret, err))

/* -------- windows: what the planner makes of TUMBLE and HOP -------- */

/* (timestamp, size in µs, offset in µs) */
static Status window_start(const KernelCall *call, Error *err) {
    int64_t *restrict out = KERNEL_RESULT(call, int64_t);

    KERNEL_FOR_EACH(call, row) {
        int64_t size_us = KERNEL_ARGUMENT(call, 1, int64_t, row);

        if (size_us <= 0)
            return error_set(err, INVALID_PARAMETER, "window size must be positive");
        out[row] = window_start_us(KERNEL_ARGUMENT(call, 0, int64_t, row), size_us,
                                   KERNEL_ARGUMENT(call, 2, int64_t, row));
    }
    return STATUS_OK;
}

/* clang-format off */
#define STABLE .volatility = VOLATILITY_STABLE

static const Function datetime_operators[] = {
    COMPARE_FUNCTIONS(date, TYPE_DATE, TYPE_DATE),
    COMPARE_FUNCTIONS(micros, TYPE_TIME, TYPE_TIME),
    COMPARE_FUNCTIONS(micros, TYPE_TIMESTAMP, TYPE_TIMESTAMP),
    COMPARE_FUNCTIONS(micros, TYPE_TIMESTAMPTZ, TYPE_TIMESTAMPTZ),
    {"+", date_plus_int, TYPE_DATE, 2, {TYPE_DATE, TYPE_INT4}},
    {"+", int_plus_date, TYPE_DATE, 2, {TYPE_INT4, TYPE_DATE}},
    {"-", date_minus_int, TYPE_DATE, 2, {TYPE_DATE, TYPE_INT4}},
    {"-", date_minus_date, TYPE_INT4, 2, {TYPE_DATE, TYPE_DATE}},
    {"+", date_time, TYPE_TIMESTAMP, 2, {TYPE_DATE, TYPE_TIME}},
    {"+", time_date, TYPE_TIMESTAMP, 2, {TYPE_TIME, TYPE_DATE}},
    {"+", date_plus, TYPE_TIMESTAMP, 2, {TYPE_DATE, TYPE_INTERVAL}},
    {"+", plus_date, TYPE_TIMESTAMP, 2, {TYPE_INTERVAL, TYPE_DATE}},
    {"-", date_minus, TYPE_TIMESTAMP, 2, {TYPE_DATE, TYPE_INTERVAL}},
    {"+", time_plus, TYPE_TIME, 2, {TYPE_TIME, TYPE_INTERVAL}},
    {"+", plus_time, TYPE_TIME, 2, {TYPE_INTERVAL, TYPE_TIME}},
    {"-", time_minus, TYPE_TIME, 2, {TYPE_TIME, TYPE_INTERVAL}},
    {"-", time_minus_time, TYPE_INTERVAL, 2, {TYPE_TIME, TYPE_TIME}},
    {"+", timestamp_plus, TYPE_TIMESTAMP, 2, {TYPE_TIMESTAMP, TYPE_INTERVAL}},
    {"+", plus_timestamp, TYPE_TIMESTAMP, 2, {TYPE_INTERVAL, TYPE_TIMESTAMP}},
    {"-", timestamp_minus, TYPE_TIMESTAMP, 2, {TYPE_TIMESTAMP, TYPE_INTERVAL}},
    {"-", micros_minus_micros, TYPE_INTERVAL, 2, {TYPE_TIMESTAMP, TYPE_TIMESTAMP}},
    {"+", timestamptz_plus, TYPE_TIMESTAMPTZ, 2, {TYPE_TIMESTAMPTZ, TYPE_INTERVAL}, STABLE},
    {"+", plus_timestamptz, TYPE_TIMESTAMPTZ, 2, {TYPE_INTERVAL, TYPE_TIMESTAMPTZ}, STABLE},
    {"-", timestamptz_minus, TYPE_TIMESTAMPTZ, 2, {TYPE_TIMESTAMPTZ, TYPE_INTERVAL}, STABLE},
    {"-", micros_minus_micros, TYPE_INTERVAL, 2, {TYPE_TIMESTAMPTZ, TYPE_TIMESTAMPTZ}},
    {"window_start_us", window_start, TYPE_TIMESTAMP, 3, {TYPE_TIMESTAMP, TYPE_INT8, TYPE_INT8},
     .flags = FUNCTION_INTERNAL},
    {"window_start_us", window_start, TYPE_TIMESTAMPTZ, 3,
     {TYPE_TIMESTAMPTZ, TYPE_INT8, TYPE_INT8}, .flags = FUNCTION_INTERNAL},
};
/* clang-format on */

const FunctionFamily family_datetime_ops = {FAMILY_FUNCTIONS(datetime_operators)};
