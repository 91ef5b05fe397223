/* Timestamp arithmetic, by PostgreSQL's rules.
 *
 * `zone` NULL: a timestamp without time zone. With a zone: a timestamptz, whose months and days are
 * added to the local time there. Infinities stay infinite. Errors are 22008. */
#pragma once

#include "types/datetime.h"
#include "types/interval.h"

MUST_USE Status timestamp_add_interval(int64_t micros, Interval interval, const TimeZone *zone,
                                       int64_t *ret_micros, Error *err);
MUST_USE Status timestamp_subtract_interval(int64_t micros, Interval interval, const TimeZone *zone,
                                            int64_t *ret_micros, Error *err);
/* Days and microseconds, no months. */
MUST_USE Status timestamp_subtract(int64_t left, int64_t right, Interval *ret_interval, Error *err);
/* The difference in years, months, days and time. */
MUST_USE Status timestamp_age(int64_t left, int64_t right, const TimeZone *zone,
                              Interval *ret_interval, Error *err);
/* Start of the bin of width `stride`, counted from `origin`, that holds the timestamp. */
MUST_USE Status timestamp_bin(Interval stride, int64_t micros, int64_t origin, int64_t *ret_micros,
                              Error *err);
/* A date is midnight; 22008 when timestamps don't reach that far. */
MUST_USE Status date_to_timestamp(int32_t days, int64_t *ret_micros, Error *err);
/* Midnight in the zone. */
MUST_USE Status date_to_timestamptz(int32_t days, const TimeZone *zone, int64_t *ret_micros,
                                    Error *err);
int32_t timestamp_to_date(int64_t micros); /* infinities too */
/* A local time in the zone as UTC, and back; 22008 past the range. */
MUST_USE Status timestamp_to_timestamptz(int64_t micros, const TimeZone *zone, int64_t *ret_micros,
                                         Error *err);
MUST_USE Status timestamptz_to_timestamp(int64_t micros, const TimeZone *zone, int64_t *ret_micros,
                                         Error *err);
/* From seconds since 1970-01-01 UTC; NaN is refused, infinities are kept. */
MUST_USE Status timestamp_from_epoch(double seconds, int64_t *ret_micros, Error *err);

/* Start of the window of `size_us` > 0 that holds the timestamp: windows start at 1970-01-01 UTC +
 * offset_us + any multiple of the size. Infinities stay. */
static inline int64_t window_start_us(int64_t micros, int64_t size_us, int64_t offset_us) {
    /* each term is reduced first, so that nothing overflows */
    int64_t from_epoch =
        datetime_floor_mod(micros, size_us) + datetime_floor_mod(DATETIME_UNIX_EPOCH_US, size_us);

    if (!timestamp_is_finite(micros))
        return micros;
    from_epoch = datetime_floor_mod(from_epoch, size_us) - datetime_floor_mod(offset_us, size_us);
    return micros - datetime_floor_mod(from_epoch, size_us);
}
