/* Units of date_trunc and extract. */
#pragma once

#include "types/datetime_lexer.h"
#include "types/timestamp.h"

/* What extract() yields before it becomes a numeric or a double. */
typedef enum ExtractKind {
    EXTRACT_NUMBER,
    EXTRACT_NULL,           /* a field of an infinite time */
    EXTRACT_MINUS_INFINITY, /* its year, epoch, … */
    EXTRACT_PLUS_INFINITY,
    EXTRACT_DAYS_AND_TIME, /* julian: `number` days and `micros` of the day */
} ExtractKind;

typedef struct ExtractResult {
    ExtractKind kind;
    int scale; /* number × 10^-scale */
    __int128 number;
    int64_t micros;
} ExtractResult;

/* A unit and the word that named it, for messages. */
typedef struct UnitWord {
    DateTimeUnit unit;
    char text[64]; /* lower case, cut */
} UnitWord;

/* 22023 for a word that is no unit; `type` is what it is a unit of. Any case. */
MUST_USE Status date_trunc_unit(const TextView *text, TypeId type, UnitWord *ret_word, Error *err);
/* The same with the words of extract: epoch, dow, julian, … */
MUST_USE Status extract_unit(const TextView *text, TypeId type, UnitWord *ret_word, Error *err);

/* `zone` NULL: a timestamp without time zone. Infinities stay. 0A000 for units without a meaning.
 */
MUST_USE Status timestamp_truncate(const UnitWord *word, int64_t micros, const TimeZone *zone,
                                   int64_t *ret_micros, Error *err);
MUST_USE Status interval_truncate(const UnitWord *word, Interval interval, Interval *ret_interval,
                                  Error *err);
MUST_USE Status timestamp_extract(const UnitWord *word, int64_t micros, const TimeZone *zone,
                                  ExtractResult *ret_result, Error *err);
MUST_USE Status date_extract(const UnitWord *word, int32_t days, ExtractResult *ret_result,
                             Error *err);
MUST_USE Status time_extract(const UnitWord *word, int64_t micros, ExtractResult *ret_result,
                             Error *err);
MUST_USE Status interval_extract(const UnitWord *word, Interval interval, ExtractResult *ret_result,
                                 Error *err);
