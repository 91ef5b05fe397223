/* Date and time: the calendar and the arithmetic of date, time, timestamp and interval values.
 *
 * The calendar is the proleptic Gregorian one, with astronomical years: 0 is 1 BC. Days and
 * microseconds count from 2000-01-01 as in columns. Functions that can leave a type's range return
 * false and leave the error to the caller, unless they take `err`. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "types/timezone.h"
#include "types/value.h"

#define DATETIME_SECOND_US INT64_C(1000000)
#define DATETIME_MINUTE_US INT64_C(60000000)
#define DATETIME_HOUR_US INT64_C(3600000000)
#define DATETIME_DAY_US INT64_C(86400000000)
#define DATETIME_DAY_SECONDS 86400
#define DATETIME_UNIX_EPOCH_DAYS 10957 /* from 1970-01-01 to 2000-01-01 */
#define DATETIME_UNIX_EPOCH_SECONDS INT64_C(946684800)
#define DATETIME_UNIX_EPOCH_US INT64_C(946684800000000)
#define DATETIME_EPOCH_JULIAN 2451545 /* the Julian day of 2000-01-01 */

/* The ranges of PostgreSQL: 4714-11-24 BC up to 5874897-12-31 for dates, 294276-12-31 for
 * timestamps. The end is outside. */
#define DATE_MIN (-DATETIME_EPOCH_JULIAN)
#define DATE_END (2147483494 - DATETIME_EPOCH_JULIAN)
#define DATE_MINUS_INFINITY INT32_MIN
#define DATE_PLUS_INFINITY INT32_MAX
#define TIMESTAMP_MIN (-INT64_C(211813488000000000))
#define TIMESTAMP_END INT64_C(9223371331200000000)
#define TIMESTAMP_MINUS_INFINITY INT64_MIN
#define TIMESTAMP_PLUS_INFINITY INT64_MAX

typedef struct CivilTime {
    int32_t year; /* astronomical */
    int32_t month;
    int32_t day;
    int32_t hour;
    int32_t minute;
    int32_t second;
    int32_t microsecond;
} CivilTime;

static inline int64_t datetime_floor_div(int64_t dividend, int64_t divisor) {
    int64_t quotient = dividend / divisor;

    return quotient - (dividend % divisor < 0);
}

static inline int64_t datetime_floor_mod(int64_t dividend, int64_t divisor) {
    int64_t remainder = dividend % divisor;

    return remainder < 0 ? remainder + divisor : remainder;
}

static inline bool date_is_leap_year(int64_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days since 2000-01-01; month 1…12, any day (Hinnant, "chrono-compatible low-level date
 * algorithms"). */
static inline int64_t date_from_civil(int64_t year, int32_t month, int32_t day) {
    int64_t shifted_year = year - (month <= 2);
    int64_t era = datetime_floor_div(shifted_year, 400);
    int64_t year_of_era = shifted_year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           730425;
}

int32_t date_days_in_month(int64_t year, int32_t month);
void date_to_civil(int64_t days, int32_t *ret_year, int32_t *ret_month, int32_t *ret_day);
int32_t date_weekday(int64_t days); /* 0: Sunday */

static inline bool timestamp_is_finite(int64_t micros) {
    return micros != TIMESTAMP_MINUS_INFINITY && micros != TIMESTAMP_PLUS_INFINITY;
}

static inline bool date_is_finite(int32_t days) {
    return days != DATE_MINUS_INFINITY && days != DATE_PLUS_INFINITY;
}

static inline bool timestamp_is_in_range(int64_t micros) {
    return micros >= TIMESTAMP_MIN && micros < TIMESTAMP_END;
}

CivilTime timestamp_to_civil(int64_t micros); /* finite */
/* The fields need not be normalised below the day. false: out of the timestamp's range. */
bool timestamp_from_civil(const CivilTime *civil, int64_t *ret_micros);
