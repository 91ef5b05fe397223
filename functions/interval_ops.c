/* Interval: operators and functions. Comparison is by span: a month is 30 days, a day 24 hours. */
#include "functions/datetime_kernel.h"

static inline bool interval_equal(Interval left, Interval right) {
    return interval_compare(&left, &right) == 0;
}

static inline bool interval_less(Interval left, Interval right) {
    return interval_compare(&left, &right) < 0;
}

DEFINE_COMPARE_KERNELS(interval, Interval, Interval, interval_equal, interval_less)

static Status divide(Interval interval, double divisor, Interval *ret_interval, Error *err) {
    if (divisor == 0)
        return error_set(err, DIVISION_BY_ZERO, "division by zero");
    return interval_status(interval_divide(interval, divisor, ret_interval), err);
}

DEFINE_STATUS_KERNEL(interval_plus, Interval, Interval, Interval,
                     interval_status(interval_add(l, r, ret), err))
DEFINE_STATUS_KERNEL(interval_minus, Interval, Interval, Interval,
                     interval_status(interval_subtract(l, r, ret), err))
DEFINE_STATUS_KERNEL(interval_times, Interval, double, Interval,
                     interval_status(interval_multiply(l, r, ret), err))
DEFINE_STATUS_KERNEL(times_interval, double, Interval, Interval,
                     interval_status(interval_multiply(r, l, ret), err))
DEFINE_STATUS_KERNEL(interval_by, Interval, double, Interval, divide(l, r, ret, err))
DEFINE_STATUS_UNARY_KERNEL(interval_minus_sign, Interval, Interval,
                           interval_status(interval_negate(v, ret), err))
DEFINE_STATUS_UNARY_KERNEL(hours_justified, Interval, Interval,
                           interval_status(interval_justify_hours(v, ret), err))
DEFINE_STATUS_UNARY_KERNEL(days_justified, Interval, Interval,
                           interval_status(interval_justify_days(v, ret), err))
DEFINE_STATUS_UNARY_KERNEL(justified, Interval, Interval,
                           interval_status(interval_justify(v, ret), err))
DEFINE_UNARY_KERNEL(interval_is_finite, Interval, uint8_t, ((void) v, 1))

/* -------- make_interval(years, months, weeks, days, hours, mins, secs): all may be left out ------
 */

enum { INTERVAL_PARTS = 6 }; /* before the seconds */

static bool interval_from_parts(const int32_t parts[INTERVAL_PARTS], double seconds,
                                Interval *ret_interval) {
    double micros = rint(seconds * 1e6);
    int64_t months = parts[0] * INT64_C(12) + parts[1];
    int64_t days = parts[2] * INT64_C(7) + parts[3];
    int64_t minutes = parts[4] * INT64_C(60) + parts[5];

    if (isnan(micros) || fabs(micros) >= 9.2e18 || months != (int32_t) months ||
        days != (int32_t) days)
        return false;
    ret_interval->months = (int32_t) months;
    ret_interval->days = (int32_t) days;
    return !__builtin_mul_overflow(minutes, DATETIME_MINUTE_US, &ret_interval->micros) &&
           !__builtin_add_overflow(ret_interval->micros, (int64_t) micros, &ret_interval->micros);
}

static Status make_interval(const KernelCall *call, Error *err) {
    Interval *restrict out = KERNEL_RESULT(call, Interval);

    KERNEL_FOR_EACH(call, row) {
        int32_t parts[INTERVAL_PARTS] = {0};
        double seconds = 0;

        for (uint32_t i = 0; i < call->argument_count && i < INTERVAL_PARTS; i++)
            parts[i] = KERNEL_ARGUMENT(call, i, int32_t, row);
        if (call->argument_count > INTERVAL_PARTS)
            seconds = KERNEL_ARGUMENT(call, INTERVAL_PARTS, double, row);
        TRY(interval_status(interval_from_parts(parts, seconds, &out[row]), err));
    }
    return STATUS_OK;
}

/* clang-format off */
#define I4 TYPE_INT4

static const Function interval_functions[] = {
    COMPARE_FUNCTIONS(interval, TYPE_INTERVAL, TYPE_INTERVAL),
    {"+", interval_plus, TYPE_INTERVAL, 2, {TYPE_INTERVAL, TYPE_INTERVAL}},
    {"-", interval_minus, TYPE_INTERVAL, 2, {TYPE_INTERVAL, TYPE_INTERVAL}},
    {"-", interval_minus_sign, TYPE_INTERVAL, 1, {TYPE_INTERVAL}},
    {"*", interval_times, TYPE_INTERVAL, 2, {TYPE_INTERVAL, TYPE_FLOAT8}},
    {"*", times_interval, TYPE_INTERVAL, 2, {TYPE_FLOAT8, TYPE_INTERVAL}},
    {"/", interval_by, TYPE_INTERVAL, 2, {TYPE_INTERVAL, TYPE_FLOAT8}},
    {"justify_hours", hours_justified, TYPE_INTERVAL, 1, {TYPE_INTERVAL}},
    {"justify_days", days_justified, TYPE_INTERVAL, 1, {TYPE_INTERVAL}},
    {"justify_interval", justified, TYPE_INTERVAL, 1, {TYPE_INTERVAL}},
    {"isfinite", interval_is_finite, TYPE_BOOL, 1, {TYPE_INTERVAL}},
    {"make_interval", make_interval, TYPE_INTERVAL, 0, {0}},
    {"make_interval", make_interval, TYPE_INTERVAL, 1, {I4}},
    {"make_interval", make_interval, TYPE_INTERVAL, 2, {I4, I4}},
    {"make_interval", make_interval, TYPE_INTERVAL, 3, {I4, I4, I4}},
    {"make_interval", make_interval, TYPE_INTERVAL, 4, {I4, I4, I4, I4}},
    {"make_interval", make_interval, TYPE_INTERVAL, 5, {I4, I4, I4, I4, I4}},
    {"make_interval", make_interval, TYPE_INTERVAL, 6, {I4, I4, I4, I4, I4, I4}},
    {"make_interval", make_interval, TYPE_INTERVAL, 7, {I4, I4, I4, I4, I4, I4, TYPE_FLOAT8}},
};
/* clang-format on */

const FunctionFamily family_interval_ops = {FAMILY_FUNCTIONS(interval_functions)};
