/* Date and time: the calendar. */
#include "types/datetime.h"

int32_t date_days_in_month(int64_t year, int32_t month) {
    static const int8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return lengths[month - 1] + (month == 2 && date_is_leap_year(year));
}

void date_to_civil(int64_t days, int32_t *ret_year, int32_t *ret_month, int32_t *ret_day) {
    int64_t shifted = days + 730425; /* since 0000-03-01 */
    int64_t era = datetime_floor_div(shifted, 146097);
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int32_t march_month = (int32_t) ((5 * day_of_year + 2) / 153);

    *ret_day = (int32_t) (day_of_year - (153 * march_month + 2) / 5 + 1);
    *ret_month = march_month + (march_month < 10 ? 3 : -9);
    *ret_year = (int32_t) (year_of_era + era * 400 + (*ret_month <= 2));
}

int32_t date_weekday(int64_t days) {
    return (int32_t) datetime_floor_mod(days + 6, 7); /* 2000-01-01 was a Saturday */
}

CivilTime timestamp_to_civil(int64_t micros) {
    CivilTime civil;
    int64_t days = datetime_floor_div(micros, DATETIME_DAY_US);
    int64_t rest = micros - days * DATETIME_DAY_US;

    date_to_civil(days, &civil.year, &civil.month, &civil.day);
    civil.hour = (int32_t) (rest / DATETIME_HOUR_US);
    civil.minute = (int32_t) (rest / DATETIME_MINUTE_US % 60);
    civil.second = (int32_t) (rest / DATETIME_SECOND_US % 60);
    civil.microsecond = (int32_t) (rest % DATETIME_SECOND_US);
    return civil;
}

bool timestamp_from_civil(const CivilTime *civil, int64_t *ret_micros) {
    int64_t days, micros;

    if (civil->year < -4713 || civil->year > 294277)
        return false;
    days = date_from_civil(civil->year, civil->month, civil->day);
    if (__builtin_mul_overflow(days, DATETIME_DAY_US, &micros) ||
        __builtin_add_overflow(micros,
                               ((civil->hour * INT64_C(60) + civil->minute) * 60 + civil->second) *
                                       DATETIME_SECOND_US +
                                   civil->microsecond,
                               &micros) ||
        !timestamp_is_in_range(micros))
        return false;
    *ret_micros = micros;
    return true;
}
