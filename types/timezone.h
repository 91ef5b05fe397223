/* Time zones: rules of the tz database (/usr/share/zoneinfo), read here, cached for ever.
 *
 * Offsets are seconds east of UTC. Times are µs since 2000-01-01 as everywhere in millrace.
 * Thread-safe; a TimeZone is immutable once loaded and is never freed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

typedef struct TimeZone TimeZone;

const TimeZone *timezone_utc(void);
/* By tz name ("Europe/Berlin"), abbreviation (EST, PST, Z, UTC…), POSIX-like "+05:30" or
 * "<+05>-5". 22023 when unknown. Names are checked: no '..', no absolute path. */
MUST_USE Status timezone_find(const char *name, const TimeZone **ret_zone, Error *err);
const char *timezone_name(const TimeZone *zone);
/* Offset and abbreviation in force at an instant. */
int32_t timezone_offset_at(const TimeZone *zone, int64_t utc_us, const char **ret_abbreviation);
/* Local to UTC as PostgreSQL's DetermineTimeZoneOffset: in a gap the time before the change, in an
 * overlap the standard time. */
int64_t timezone_local_to_utc(const TimeZone *zone, int64_t local_us);
int64_t timezone_utc_to_local(const TimeZone *zone, int64_t utc_us);

/* The same without the abbreviations: what date/time input looks for in second place. */
MUST_USE Status timezone_find_name(const char *name, const TimeZone **ret_zone, Error *err);
/* The same, and hours east of UTC as a bare number: what SET TimeZone accepts. */
MUST_USE Status timezone_find_setting(const char *value, const TimeZone **ret_zone, Error *err);
/* UTC itself, for static tables. */
extern const TimeZone timezone_utc_zone;
/* A zone that is always `offset_seconds` east of UTC; |offset| < 7 days. */
const TimeZone *timezone_fixed(int32_t offset_seconds);
/* Has it had one offset for ever? */
bool timezone_is_fixed(const TimeZone *zone, int32_t *ret_offset);
/* Offset in force at a local time (seconds since 2000-01-01), gaps and overlaps as in
 * timezone_local_to_utc. */
int32_t timezone_local_offset(const TimeZone *zone, int64_t local_seconds);

/* What an abbreviation means: in date/time input and AT TIME ZONE they are looked up before names.
 */
typedef struct ZoneAbbreviation {
    int32_t offset;
    bool is_dst;
    const TimeZone *zone; /* NULL: the offset is fixed; else its meaning depends on the date */
} ZoneAbbreviation;

bool timezone_find_abbreviation(const char *lower, ZoneAbbreviation *ret_abbreviation);
/* Offset that the abbreviation, in any case, means in `zone` around an instant (seconds since
 * 2000-01-01 UTC); `fallback` when the zone never used it. */
int32_t timezone_abbreviation_offset(const TimeZone *zone, const char *abbreviation,
                                     int64_t utc_seconds, int32_t fallback);
