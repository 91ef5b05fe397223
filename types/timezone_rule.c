/* Zone rules: parse and apply the POSIX form of a time zone. */
#include "types/timezone_rule.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "types/datetime.h"

/* Letters up to a digit, sign or comma, or anything between < and >. May be empty. */
static bool parse_name(const char **cursor, char *ret_name) {
    const char *start = *cursor;
    size_t length;

    if (*start == '<') {
        length = strcspn(++start, ">");
        if (start[length] != '>')
            return false;
        *cursor = start + length + 1;
    } else {
        length = strcspn(start, "0123456789,-+");
        *cursor = start + length;
    }
    if (length >= ZONE_ABBREVIATION_BYTES)
        return false;
    memcpy(ret_name, start, length);
    ret_name[length] = '\0';
    return true;
}

static bool parse_number(const char **cursor, int32_t minimum, int32_t maximum,
                         int32_t *ret_number) {
    int32_t number = 0;

    if (!isdigit((unsigned char) **cursor))
        return false;
    while (isdigit((unsigned char) **cursor)) {
        number = number * 10 + (*(*cursor)++ - '0');
        if (number > maximum)
            return false;
    }
    *ret_number = number;
    return number >= minimum;
}

/* [+-]hh[:mm[:ss]] */
static bool parse_seconds(const char **cursor, int32_t *ret_seconds) {
    bool is_negative = **cursor == '-';
    int32_t hours = 0, minutes = 0, seconds = 0;

    if (**cursor == '-' || **cursor == '+')
        (*cursor)++;
    if (!parse_number(cursor, 0, 24 * 7 - 1, &hours))
        return false;
    if (**cursor == ':') {
        (*cursor)++;
        if (!parse_number(cursor, 0, 59, &minutes))
            return false;
        if (**cursor == ':') {
            (*cursor)++;
            if (!parse_number(cursor, 0, 60, &seconds))
                return false;
        }
    }
    *ret_seconds = (hours * 60 + minutes) * 60 + seconds;
    if (is_negative)
        *ret_seconds = -*ret_seconds;
    return true;
}

static bool parse_change(const char **cursor, ZoneChange *ret_change) {
    ZoneChange change = {.seconds = 2 * 3600};

    if (**cursor == 'M') {
        (*cursor)++;
        change.kind = ZONE_DAY_MONTH_WEEK;
        if (!parse_number(cursor, 1, 12, &change.month) || *(*cursor)++ != '.' ||
            !parse_number(cursor, 1, 5, &change.week) || *(*cursor)++ != '.' ||
            !parse_number(cursor, 0, 6, &change.day))
            return false;
    } else if (**cursor == 'J') {
        (*cursor)++;
        change.kind = ZONE_DAY_JULIAN;
        if (!parse_number(cursor, 1, 365, &change.day))
            return false;
    } else {
        change.kind = ZONE_DAY_OF_YEAR;
        if (!parse_number(cursor, 0, 365, &change.day))
            return false;
    }
    if (**cursor == '/') {
        (*cursor)++;
        if (!parse_seconds(cursor, &change.seconds))
            return false;
    }
    *ret_change = change;
    return true;
}

bool zone_rule_parse(const char *text, ZoneRule *ret_rule) {
    static const char default_changes[] = ",M3.2.0,M11.1.0";
    ZoneRule rule = {0};
    const char *cursor = text;
    int32_t west;

    if (!parse_name(&cursor, rule.standard) || *cursor == '\0' || !parse_seconds(&cursor, &west))
        return false;
    rule.standard_offset = -west;
    if (*cursor != '\0') {
        if (!parse_name(&cursor, rule.daylight) || rule.daylight[0] == '\0')
            return false;
        rule.has_dst = true;
        rule.daylight_offset = rule.standard_offset + 3600;
        if (*cursor != '\0' && *cursor != ',' && *cursor != ';') {
            if (!parse_seconds(&cursor, &west))
                return false;
            rule.daylight_offset = -west;
        }
        if (*cursor == '\0')
            cursor = default_changes;
        if ((*cursor != ',' && *cursor != ';') || (cursor++, !parse_change(&cursor, &rule.start)) ||
            *cursor++ != ',' || !parse_change(&cursor, &rule.end) || *cursor != '\0')
            return false;
    }
    *ret_rule = rule;
    return true;
}

/* Days since 1970-01-01 of the change's day in `year`. */
static int64_t change_day(const ZoneChange *change, int32_t year) {
    int64_t january_first = date_from_civil(year, 1, 1) + DATETIME_UNIX_EPOCH_DAYS;
    int64_t first;
    int32_t weekday, day;

    switch (change->kind) {
    case ZONE_DAY_JULIAN:
        return january_first + change->day - 1 + (date_is_leap_year(year) && change->day >= 60);
    case ZONE_DAY_OF_YEAR:
        return january_first + change->day;
    case ZONE_DAY_MONTH_WEEK:
        break;
    }
    first = date_from_civil(year, change->month, 1) + DATETIME_UNIX_EPOCH_DAYS;
    weekday = (int32_t) datetime_floor_mod(first + 4, 7); /* 1970-01-01 was a Thursday */
    day = change->day - weekday;
    if (day < 0)
        day += 7;
    day += (change->week - 1) * 7;
    if (day >= date_days_in_month(year, change->month))
        day -= 7;
    return first + day;
}

static int64_t change_seconds(const ZoneChange *change, int32_t year, int32_t offset_before) {
    return change_day(change, year) * DATETIME_DAY_SECONDS + change->seconds - offset_before;
}

static int32_t year_of(int64_t unix_seconds) {
    int32_t year, month, day;

    date_to_civil(datetime_floor_div(unix_seconds, DATETIME_DAY_SECONDS) - DATETIME_UNIX_EPOCH_DAYS,
                  &year, &month, &day);
    return year;
}

bool zone_rule_next(const ZoneRule *rule, int64_t unix_seconds, int64_t *ret_change) {
    int32_t year = year_of(unix_seconds);
    bool is_found = false;

    if (!rule->has_dst)
        return false;
    for (int32_t at = year - 1; at <= year + 1; at++) {
        int64_t changes[] = {change_seconds(&rule->start, at, rule->standard_offset),
                             change_seconds(&rule->end, at, rule->daylight_offset)};

        for (int i = 0; i < 2; i++)
            if (changes[i] > unix_seconds && (!is_found || changes[i] < *ret_change)) {
                *ret_change = changes[i];
                is_found = true;
            }
    }
    return is_found;
}

ZoneMoment zone_rule_at(const ZoneRule *rule, int64_t unix_seconds) {
    ZoneMoment standard = {rule->standard_offset, false, rule->standard};
    ZoneMoment daylight = {rule->daylight_offset, true, rule->daylight};
    int64_t last = INT64_MIN;
    bool is_daylight = false;
    int32_t year;

    if (!rule->has_dst)
        return standard;
    /* whichever change came last decides */
    year = year_of(unix_seconds);
    for (int32_t at = year - 1; at <= year + 1; at++) {
        int64_t start = change_seconds(&rule->start, at, rule->standard_offset);
        int64_t end = change_seconds(&rule->end, at, rule->daylight_offset);

        if (start <= unix_seconds && start >= last) {
            last = start;
            is_daylight = true;
        }
        if (end <= unix_seconds && end > last) {
            last = end;
            is_daylight = false;
        }
    }
    return is_daylight ? daylight : standard;
}

bool zone_rule_named(const ZoneRule *rule, const char *abbreviation, ZoneMoment *ret_moment) {
    if (strcasecmp(rule->standard, abbreviation) == 0)
        *ret_moment = (ZoneMoment) {rule->standard_offset, false, rule->standard};
    else if (rule->has_dst && strcasecmp(rule->daylight, abbreviation) == 0)
        *ret_moment = (ZoneMoment) {rule->daylight_offset, true, rule->daylight};
    else
        return false;
    return true;
}
