/* Time zones: rules of the tz database (/usr/share/zoneinfo), read here, cached for ever.
 *
 * Offsets are seconds east of UTC. Times are µs since 2000-01-01 as everywhere in millrace. Thread-safe;
 * a TimeZone is immutable once loaded and is never freed. */
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
/* Local to UTC as PostgreSQL's DetermineTimeZoneOffset: in a gap the time before the change, in an overlap the
 * standard time. */
int64_t timezone_local_to_utc(const TimeZone *zone, int64_t local_us);
int64_t timezone_utc_to_local(const TimeZone *zone, int64_t utc_us);
