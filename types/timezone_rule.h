/* Zone rules: the POSIX form of a time zone ("CET-1CEST,M3.5.0,M10.5.0/3"), which TZif files carry
 * in their footer for the years to come. Times here are Unix seconds; offsets are seconds east. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { ZONE_ABBREVIATION_BYTES = 64 };

typedef enum ZoneDayKind {
    ZONE_DAY_JULIAN,     /* Jn: 1…365, February 29 is never counted */
    ZONE_DAY_OF_YEAR,    /* n: 0…365 */
    ZONE_DAY_MONTH_WEEK, /* Mm.w.d */
} ZoneDayKind;

typedef struct ZoneChange {
    ZoneDayKind kind;
    int32_t day; /* of the year, or of the week (0: Sunday) */
    int32_t week;
    int32_t month;
    int32_t seconds; /* local time of the day; may lie outside the day */
} ZoneChange;

typedef struct ZoneRule {
    char standard[ZONE_ABBREVIATION_BYTES];
    char daylight[ZONE_ABBREVIATION_BYTES];
    int32_t standard_offset;
    int32_t daylight_offset;
    bool has_dst;
    ZoneChange start; /* of daylight time */
    ZoneChange end;
} ZoneRule;

typedef struct ZoneMoment {
    int32_t offset;
    bool is_dst;
    const char *abbreviation;
} ZoneMoment;

bool zone_rule_parse(const char *text, ZoneRule *ret_rule);
ZoneMoment zone_rule_at(const ZoneRule *rule, int64_t unix_seconds);
/* The first change after `unix_seconds`; false: there is none. */
bool zone_rule_next(const ZoneRule *rule, int64_t unix_seconds, int64_t *ret_change);
/* The rule's standard or daylight time when it bears this abbreviation, in any case. */
bool zone_rule_named(const ZoneRule *rule, const char *abbreviation, ZoneMoment *ret_moment);
