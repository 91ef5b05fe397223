/* ISO timestamps, fast: the shape that almost every JSON and CSV timestamp has.
 *
 *   YYYY-MM-DD{T| }HH:MM:SS[.f…][Z|±HH[[:]MM]]      at most 9 digits of fraction
 *
 * Anything else, wrong or merely unusual (24:00:00, BC, year 0), is `false`, and the full parser
 * decides. A fraction beyond microseconds is rounded as the full parser rounds it. */
#pragma once

#include <math.h>
#include <string.h>

#include "types/datetime.h"

typedef struct IsoTimestamp {
    int64_t local_us;
    int32_t offset_seconds; /* east */
    bool has_offset;
} IsoTimestamp;

/* Two digits → 0…99; anything else is ≥ 100. */
static inline uint32_t iso_two_digits(const char *text) {
    uint32_t tens = (uint32_t) (uint8_t) text[0] - '0';
    uint32_t ones = (uint32_t) (uint8_t) text[1] - '0';

    return tens > 9 || ones > 9 ? 100 : tens * 10 + ones;
}

/* ".f…" at *cursor, 1 to 9 digits. */
static inline bool iso_parse_fraction(const char **cursor, const char *end, int64_t *ret_us) {
    static const int32_t powers[] = {1,      10,      100,      1000,      10000,
                                     100000, 1000000, 10000000, 100000000, 1000000000};
    const char *start = ++*cursor;
    int64_t number = 0;
    int digits;

    while (*cursor < end && (uint8_t) (**cursor - '0') <= 9 && *cursor - start < 10)
        number = number * 10 + (*(*cursor)++ - '0');
    digits = (int) (*cursor - start);
    if (digits == 0 || digits > 9)
        return false;
    *ret_us = digits <= 6 ? number * powers[6 - digits]
                          : (int64_t) rint((double) number / powers[digits] * 1e6);
    return true;
}

/* "Z" or "±HH", "±HHMM", "±HH:MM" up to `end`. */
static inline bool iso_parse_offset(const char *cursor, const char *end, int32_t *ret_seconds) {
    bool is_negative = *cursor == '-';
    uint32_t hours, minutes = 0;

    if ((*cursor == 'Z' || *cursor == 'z') && cursor + 1 == end) {
        *ret_seconds = 0;
        return true;
    }
    if ((*cursor != '+' && *cursor != '-') || end - cursor < 3)
        return false;
    hours = iso_two_digits(cursor + 1);
    cursor += 3;
    if (cursor < end) {
        if (*cursor == ':')
            cursor++;
        if (end - cursor != 2)
            return false;
        minutes = iso_two_digits(cursor);
    }
    if (hours > 15 || minutes > 59)
        return false;
    *ret_seconds = (int32_t) (hours * 3600 + minutes * 60);
    if (is_negative)
        *ret_seconds = -*ret_seconds;
    return true;
}

/* The 16 bytes "YYYY-MM-DD?HH:MM", checked and read a word at a time: digits become 0…9 and
 * separators 0, then each byte is 10 × itself + the next. */
static inline bool iso_parse_minutes(const char *text, int64_t *ret_us) {
    const uint64_t high_bits = UINT64_C(0x8080808080808080);
    uint64_t date, time, pairs;
    uint32_t year, month, day, hour, minute;

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the word layout below is little-endian"
#endif
    if (text[10] != 'T' && text[10] != ' ' && text[10] != 't')
        return false;
    memcpy(&date, text, 8);
    memcpy(&time, text + 8, 8);
    date ^= UINT64_C(0x2d30302d30303030);                                         /* 0000-00- */
    time = (time ^ UINT64_C(0x30303a3030003030)) & ~UINT64_C(0x0000000000ff0000); /* 00?00:00 */
    /* adding 0x76 sets a byte's high bit above 9, adding 0x7f above 0 */
    if (((date + UINT64_C(0x7f76767f76767676)) | date | (time + UINT64_C(0x76767f7676007676)) |
         time) &
        high_bits)
        return false;
    pairs = date * 10 + (date >> 8);
    year = (uint32_t) (pairs & 0xff) * 100 + (uint32_t) (pairs >> 16 & 0xff);
    month = (uint32_t) (pairs >> 40 & 0xff);
    pairs = time * 10 + (time >> 8);
    day = (uint32_t) (pairs & 0xff);
    hour = (uint32_t) (pairs >> 24 & 0xff);
    minute = (uint32_t) (pairs >> 48 & 0xff);
    if (year == 0 || month - 1 > 11 || day - 1 > 30 || hour > 23 || minute > 59 ||
        (day > 28 && (int32_t) day > date_days_in_month(year, (int32_t) month)))
        return false;
    *ret_us = date_from_civil(year, (int32_t) month, (int32_t) day) * DATETIME_DAY_US +
              (hour * 60 + minute) * DATETIME_MINUTE_US;
    return true;
}

static inline bool iso_timestamp_parse(const char *text, size_t length, IsoTimestamp *ret_iso) {
    const char *end = text + length;
    const char *cursor = text + 19;
    int64_t fraction_us = 0;
    uint32_t second;

    if (length < 19 || text[16] != ':' || !iso_parse_minutes(text, &ret_iso->local_us))
        return false;
    second = iso_two_digits(text + 17);
    if (second > 59)
        return false;
    if (cursor < end && *cursor == '.' && !iso_parse_fraction(&cursor, end, &fraction_us))
        return false;
    ret_iso->local_us += second * DATETIME_SECOND_US + fraction_us;
    ret_iso->has_offset = cursor < end;
    ret_iso->offset_seconds = 0;
    return cursor == end || iso_parse_offset(cursor, end, &ret_iso->offset_seconds);
}

/* As timestamp input reads it: a zone is checked and ignored. */
static inline bool timestamp_parse_iso(const char *text, size_t length, int64_t *ret_us) {
    IsoTimestamp iso;

    if (!iso_timestamp_parse(text, length, &iso))
        return false;
    *ret_us = iso.local_us;
    return true;
}

/* As timestamptz input reads it: without a zone, the time is local in `zone`. */
static inline bool timestamptz_parse_iso(const char *text, size_t length, const TimeZone *zone,
                                         int64_t *ret_us) {
    IsoTimestamp iso;

    if (!iso_timestamp_parse(text, length, &iso))
        return false;
    if (iso.has_offset)
        *ret_us = iso.local_us - iso.offset_seconds * DATETIME_SECOND_US;
    else
        *ret_us =
            zone == &timezone_utc_zone ? iso.local_us : timezone_local_to_utc(zone, iso.local_us);
    return true;
}
