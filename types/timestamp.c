/* Timestamp arithmetic. */
#include "types/timestamp.h"

#include <math.h>

static Status timestamp_error(Error *err) {
    return error_set(err, DATETIME_FIELD_OVERFLOW, "timestamp out of range");
}

static Status interval_error(Error *err) {
    return error_set(err, DATETIME_FIELD_OVERFLOW, "interval out of range");
}

/* Local fields of a finite timestamp. */
static CivilTime local_civil(int64_t micros, const TimeZone *zone) {
    return timestamp_to_civil(zone ? timezone_utc_to_local(zone, micros) : micros);
}

/* Back from local fields. */
static Status from_local_civil(const CivilTime *civil, const TimeZone *zone, int64_t *ret_micros,
                               Error *err) {
    int64_t micros;

    if (!timestamp_from_civil(civil, &micros))
        return timestamp_error(err);
    if (zone)
        micros = timezone_local_to_utc(zone, micros);
    if (!timestamp_is_in_range(micros))
        return timestamp_error(err);
    *ret_micros = micros;
    return STATUS_OK;
}

static Status add_months(int64_t micros, int32_t months, const TimeZone *zone, int64_t *ret_micros,
                         Error *err) {
    CivilTime civil = local_civil(micros, zone);
    int64_t month = (int64_t) civil.year * 12 + civil.month - 1 + months;
    int32_t days;

    civil.year = (int32_t) datetime_floor_div(month, 12);
    civil.month = (int32_t) datetime_floor_mod(month, 12) + 1;
    days = date_days_in_month(civil.year, civil.month);
    if (civil.day > days)
        civil.day = days;
    return from_local_civil(&civil, zone, ret_micros, err);
}

static Status add_days(int64_t micros, int32_t days, const TimeZone *zone, int64_t *ret_micros,
                       Error *err) {
    int64_t sum = zone ? timezone_utc_to_local(zone, micros) : micros;
    int64_t product;

    if (__builtin_mul_overflow(days, DATETIME_DAY_US, &product) ||
        __builtin_add_overflow(sum, product, &sum) || !timestamp_is_in_range(sum))
        return timestamp_error(err);
    if (zone)
        sum = timezone_local_to_utc(zone, sum);
    if (!timestamp_is_in_range(sum))
        return timestamp_error(err);
    *ret_micros = sum;
    return STATUS_OK;
}

Status timestamp_add_interval(int64_t micros, Interval interval, const TimeZone *zone,
                              int64_t *ret_micros, Error *err) {
    if (timestamp_is_finite(micros)) {
        if (interval.months)
            TRY(add_months(micros, interval.months, zone, &micros, err));
        if (interval.days)
            TRY(add_days(micros, interval.days, zone, &micros, err));
        if (__builtin_add_overflow(micros, interval.micros, &micros) ||
            !timestamp_is_in_range(micros))
            return timestamp_error(err);
    }
    *ret_micros = micros;
    return STATUS_OK;
}

Status timestamp_subtract_interval(int64_t micros, Interval interval, const TimeZone *zone,
                                   int64_t *ret_micros, Error *err) {
    Interval negated;

    if (!interval_negate(interval, &negated))
        return interval_error(err);
    return timestamp_add_interval(micros, negated, zone, ret_micros, err);
}

Status timestamp_subtract(int64_t left, int64_t right, Interval *ret_interval, Error *err) {
    Interval difference = {0};

    if (!timestamp_is_finite(left) || !timestamp_is_finite(right))
        return error_set(err, DATETIME_FIELD_OVERFLOW, "cannot subtract infinite timestamps");
    if (__builtin_sub_overflow(left, right, &difference.micros) ||
        !interval_justify_hours(difference, ret_interval))
        return interval_error(err);
    return STATUS_OK;
}

/* The fields' difference for left >= right; a day that is missing is borrowed from the month of
 * `days_of`. */
static Interval civil_difference(const CivilTime *left, const CivilTime *right,
                                 const CivilTime *days_of) {
    int64_t micros = ((left->hour - right->hour) * INT64_C(60) + left->minute - right->minute) *
                         DATETIME_MINUTE_US +
                     (left->second - right->second) * DATETIME_SECOND_US + left->microsecond -
                     right->microsecond;
    int32_t days = left->day - right->day;
    int32_t months = (left->year - right->year) * 12 + left->month - right->month;

    if (micros < 0) {
        micros += DATETIME_DAY_US;
        days--;
    }
    while (days < 0) {
        days += date_days_in_month(days_of->year, days_of->month);
        months--;
    }
    return (Interval) {.micros = micros, .days = days, .months = months};
}

Status timestamp_age(int64_t left, int64_t right, const TimeZone *zone, Interval *ret_interval,
                     Error *err) {
    CivilTime left_civil, right_civil;

    if (!timestamp_is_finite(left) || !timestamp_is_finite(right))
        return timestamp_error(err);
    left_civil = local_civil(left, zone);
    right_civil = local_civil(right, zone);
    if (left >= right) {
        *ret_interval = civil_difference(&left_civil, &right_civil, &right_civil);
        return STATUS_OK;
    }
    *ret_interval = civil_difference(&right_civil, &left_civil, &left_civil);
    return interval_negate(*ret_interval, ret_interval) ? STATUS_OK : interval_error(err);
}

Status timestamp_bin(Interval stride, int64_t micros, int64_t origin, int64_t *ret_micros,
                     Error *err) {
    int64_t width, distance, rest;

    if (!timestamp_is_finite(micros)) {
        *ret_micros = micros;
        return STATUS_OK;
    }
    if (!timestamp_is_finite(origin))
        return error_set(err, DATETIME_FIELD_OVERFLOW, "origin out of range");
    if (stride.months != 0)
        return error_set(err, FEATURE_NOT_SUPPORTED,
                         "timestamps cannot be binned into intervals containing months or years");
    if (__builtin_mul_overflow(stride.days, DATETIME_DAY_US, &width) ||
        __builtin_add_overflow(width, stride.micros, &width))
        return interval_error(err);
    if (width <= 0)
        return error_set(err, DATETIME_FIELD_OVERFLOW, "stride must be greater than zero");
    if (__builtin_sub_overflow(micros, origin, &distance))
        return interval_error(err);
    rest = datetime_floor_mod(distance, width);
    if (__builtin_sub_overflow(micros, rest, ret_micros) || !timestamp_is_in_range(*ret_micros))
        return timestamp_error(err);
    return STATUS_OK;
}

Status date_to_timestamp(int32_t days, int64_t *ret_micros, Error *err) {
    if (!date_is_finite(days)) {
        *ret_micros = days < 0 ? TIMESTAMP_MINUS_INFINITY : TIMESTAMP_PLUS_INFINITY;
        return STATUS_OK;
    }
    if (days >= TIMESTAMP_END / DATETIME_DAY_US)
        return error_set(err, DATETIME_FIELD_OVERFLOW, "date out of range for timestamp");
    *ret_micros = days * DATETIME_DAY_US;
    return STATUS_OK;
}

Status date_to_timestamptz(int32_t days, const TimeZone *zone, int64_t *ret_micros, Error *err) {
    int64_t micros;

    TRY(date_to_timestamp(days, &micros, err));
    if (timestamp_is_finite(micros)) {
        micros = timezone_local_to_utc(zone, micros);
        if (!timestamp_is_in_range(micros))
            return error_set(err, DATETIME_FIELD_OVERFLOW, "date out of range for timestamp");
    }
    *ret_micros = micros;
    return STATUS_OK;
}

int32_t timestamp_to_date(int64_t micros) {
    if (!timestamp_is_finite(micros))
        return micros < 0 ? DATE_MINUS_INFINITY : DATE_PLUS_INFINITY;
    return (int32_t) datetime_floor_div(micros, DATETIME_DAY_US);
}

Status timestamp_to_timestamptz(int64_t micros, const TimeZone *zone, int64_t *ret_micros,
                                Error *err) {
    if (timestamp_is_finite(micros)) {
        micros = timezone_local_to_utc(zone, micros);
        if (!timestamp_is_in_range(micros))
            return timestamp_error(err);
    }
    *ret_micros = micros;
    return STATUS_OK;
}

Status timestamptz_to_timestamp(int64_t micros, const TimeZone *zone, int64_t *ret_micros,
                                Error *err) {
    if (timestamp_is_finite(micros)) {
        micros = timezone_utc_to_local(zone, micros);
        if (!timestamp_is_in_range(micros))
            return timestamp_error(err);
    }
    *ret_micros = micros;
    return STATUS_OK;
}

Status timestamp_from_epoch(double seconds, int64_t *ret_micros, Error *err) {
    const double second_us = (double) DATETIME_SECOND_US;
    double since_2000;

    if (isnan(seconds))
        return error_set(err, DATETIME_FIELD_OVERFLOW, "timestamp cannot be NaN");
    if (isinf(seconds)) {
        *ret_micros = seconds < 0 ? TIMESTAMP_MINUS_INFINITY : TIMESTAMP_PLUS_INFINITY;
        return STATUS_OK;
    }
    since_2000 = seconds - (double) DATETIME_UNIX_EPOCH_SECONDS;
    if (since_2000 < (double) (TIMESTAMP_MIN / DATETIME_SECOND_US) ||
        since_2000 >= (double) (TIMESTAMP_END / DATETIME_SECOND_US) ||
        !timestamp_is_in_range((int64_t) rint(since_2000 * second_us)))
        return error_set(err, DATETIME_FIELD_OVERFLOW, "timestamp out of range: \"%g\"", seconds);
    *ret_micros = (int64_t) rint(since_2000 * second_us);
    return STATUS_OK;
}
