/* Casts among date, time, timestamp, timestamptz and interval, and to their own types with a
 * precision. Text goes through the text forms (casts_io.c). */
#include "functions/datetime_kernel.h"

/* The result's precision, for those below. */
#define PRECISION(call) ((call)->result->type.typmod)

static Status cast_date_timestamp(const KernelCall *call, Error *err) {
    int64_t *restrict out = KERNEL_RESULT(call, int64_t);

    KERNEL_UNARY_LOOPS(call, int32_t, TRY(date_to_timestamp(v, &out[row], err)));
    return STATUS_OK;
}

DEFINE_STATUS_UNARY_KERNEL(cast_date_timestamptz, int32_t, int64_t,
                           date_to_timestamptz(v, zone, ret, err))
DEFINE_UNARY_KERNEL(cast_timestamp_date, int64_t, int32_t, timestamp_to_date(v))

static Status cast_timestamptz_date(const KernelCall *call, Error *err) {
    int32_t *restrict out = KERNEL_RESULT(call, int32_t);
    const TimeZone *zone = kernel_zone(call);

    (void) err;
    KERNEL_UNARY_LOOPS(
        call, int64_t,
        out[row] = timestamp_to_date(timestamp_is_finite(v) ? timezone_utc_to_local(zone, v) : v));
    return STATUS_OK;
}

/* Rounded to the result's precision, the conversion `...` of v. */
#define DEFINE_ROUNDED_CAST(name, ...)                                                \
    static Status name(const KernelCall *call, Error *err) {                          \
        int64_t *restrict out = KERNEL_RESULT(call, int64_t);                         \
        const TimeZone *zone = kernel_zone(call);                                     \
        int32_t precision = PRECISION(call);                                          \
        (void) zone;                                                                  \
        KERNEL_UNARY_LOOPS(call, int64_t, int64_t *ret = &out[row]; TRY(__VA_ARGS__); \
                           *ret = datetime_round_micros(*ret, precision));            \
        return STATUS_OK;                                                             \
    }

static inline Status keep(int64_t micros, int64_t *ret_micros) {
    *ret_micros = micros;
    return STATUS_OK;
}

DEFINE_ROUNDED_CAST(cast_timestamp_timestamptz, timestamp_to_timestamptz(v, zone, ret, err))
DEFINE_ROUNDED_CAST(cast_timestamptz_timestamp, timestamptz_to_timestamp(v, zone, ret, err))
DEFINE_ROUNDED_CAST(cast_micros_precision, keep(v, ret))

/* Time of day; of infinity: NULL. */
static Status time_of(const KernelCall *call, const TimeZone *zone) {
    int64_t *restrict out = KERNEL_RESULT(call, int64_t);
    int32_t precision = PRECISION(call);

    KERNEL_FOR_EACH(call, row) {
        int64_t micros = KERNEL_ARGUMENT(call, 0, int64_t, row);

        if (!timestamp_is_finite(micros)) {
            kernel_set_null(call, row);
            continue;
        }
        if (zone)
            micros = timezone_utc_to_local(zone, micros);
        out[row] = datetime_round_micros(datetime_floor_mod(micros, DATETIME_DAY_US), precision);
    }
    return STATUS_OK;
}

static Status cast_timestamp_time(const KernelCall *call, Error *err) {
    (void) err;
    return time_of(call, NULL);
}

static Status cast_timestamptz_time(const KernelCall *call, Error *err) {
    (void) err;
    return time_of(call, kernel_zone(call));
}

static Status cast_time_interval(const KernelCall *call, Error *err) {
    Interval *restrict out = KERNEL_RESULT(call, Interval);
    int32_t typmod = PRECISION(call);

    (void) err;
    KERNEL_UNARY_LOOPS(call, int64_t,
                       out[row] = interval_apply_typmod((Interval) {.micros = v}, typmod));
    return STATUS_OK;
}

static Status cast_interval_time(const KernelCall *call, Error *err) {
    int64_t *restrict out = KERNEL_RESULT(call, int64_t);
    int32_t precision = PRECISION(call);

    (void) err;
    KERNEL_UNARY_LOOPS(
        call, Interval,
        out[row] = datetime_round_micros(datetime_floor_mod(v.micros, DATETIME_DAY_US), precision));
    return STATUS_OK;
}

static Status cast_interval_fields(const KernelCall *call, Error *err) {
    Interval *restrict out = KERNEL_RESULT(call, Interval);
    int32_t typmod = PRECISION(call);

    (void) err;
    KERNEL_UNARY_LOOPS(call, Interval, out[row] = interval_apply_typmod(v, typmod));
    return STATUS_OK;
}

/* clang-format off */
static const Cast datetime_casts[] = {
    {TYPE_DATE, TYPE_TIMESTAMP, CAST_IMPLICIT, cast_date_timestamp, VOLATILITY_IMMUTABLE},
    {TYPE_DATE, TYPE_TIMESTAMPTZ, CAST_IMPLICIT, cast_date_timestamptz, VOLATILITY_STABLE},
    {TYPE_TIME, TYPE_INTERVAL, CAST_IMPLICIT, cast_time_interval, VOLATILITY_IMMUTABLE},
    {TYPE_TIME, TYPE_TIME, CAST_IMPLICIT, cast_micros_precision, VOLATILITY_IMMUTABLE},
    {TYPE_TIMESTAMP, TYPE_DATE, CAST_ASSIGNMENT, cast_timestamp_date, VOLATILITY_IMMUTABLE},
    {TYPE_TIMESTAMP, TYPE_TIME, CAST_ASSIGNMENT, cast_timestamp_time, VOLATILITY_IMMUTABLE},
    {TYPE_TIMESTAMP, TYPE_TIMESTAMPTZ, CAST_IMPLICIT, cast_timestamp_timestamptz,
     VOLATILITY_STABLE},
    {TYPE_TIMESTAMP, TYPE_TIMESTAMP, CAST_IMPLICIT, cast_micros_precision, VOLATILITY_IMMUTABLE},
    {TYPE_TIMESTAMPTZ, TYPE_DATE, CAST_ASSIGNMENT, cast_timestamptz_date, VOLATILITY_STABLE},
    {TYPE_TIMESTAMPTZ, TYPE_TIME, CAST_ASSIGNMENT, cast_timestamptz_time, VOLATILITY_STABLE},
    {TYPE_TIMESTAMPTZ, TYPE_TIMESTAMP, CAST_ASSIGNMENT, cast_timestamptz_timestamp,
     VOLATILITY_STABLE},
    {TYPE_TIMESTAMPTZ, TYPE_TIMESTAMPTZ, CAST_IMPLICIT, cast_micros_precision,
     VOLATILITY_IMMUTABLE},
    {TYPE_INTERVAL, TYPE_TIME, CAST_ASSIGNMENT, cast_interval_time, VOLATILITY_IMMUTABLE},
    {TYPE_INTERVAL, TYPE_INTERVAL, CAST_IMPLICIT, cast_interval_fields, VOLATILITY_IMMUTABLE},
};
/* clang-format on */

const FunctionFamily family_datetime_casts = {FAMILY_CASTS(datetime_casts)};
