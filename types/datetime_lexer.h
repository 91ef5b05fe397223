/* Date and time input, first step: the text as fields, and the words that may be fields.
 *
 * The shapes and words are PostgreSQL's. Fields are NUL-terminated, in lower case, and lie in the
 * lexer's own buffer, where the decoders may cut them up. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum {
    DATETIME_FIELDS_MAX = 25,
    DATETIME_TEXT_BUFFER_BYTES = 128 + DATETIME_FIELDS_MAX, /* of date, time and timestamp input */
    INTERVAL_TEXT_BUFFER_BYTES = 256,
    DATETIME_WORD_BYTES = 10, /* of a word count; what follows is ignored */
};

typedef enum DateTimeFieldKind {
    FIELD_NUMBER,  /* digits, perhaps a point */
    FIELD_DATE,    /* digits and delimiters, perhaps a month's name; or a zone's name */
    FIELD_TIME,    /* digits, colons, a point */
    FIELD_WORD,    /* letters only */
    FIELD_SPECIAL, /* a sign, then letters */
    FIELD_OFFSET,  /* a sign, then digits, ':', '.', '-' */
} DateTimeFieldKind;

typedef struct DateTimeField {
    DateTimeFieldKind kind;
    char *text;
} DateTimeField;

typedef struct DateTimeFields {
    int count;
    DateTimeField items[DATETIME_FIELDS_MAX];
    char buffer[INTERVAL_TEXT_BUFFER_BYTES];
} DateTimeFields;

/* false: too long, too many fields, or a character that belongs to no field. */
bool datetime_split(const char *text, size_t length, size_t buffer_bytes,
                    DateTimeFields *ret_fields);

typedef enum DateTimeWordKind {
    WORD_UNKNOWN,
    WORD_IGNORED,
    WORD_MONTH,     /* value 1…12 */
    WORD_WEEKDAY,   /* 0…6 */
    WORD_MERIDIEM,  /* MERIDIEM_… */
    WORD_ERA,       /* 1: BC */
    WORD_RESERVED,  /* RESERVED_… */
    WORD_UNIT,      /* UNIT_… */
    WORD_TIME_MARK, /* the T of ISO 8601 */
    WORD_DST,       /* seconds to add to the zone's offset */
    WORD_AGO,
} DateTimeWordKind;

typedef enum DateTimeReserved {
    RESERVED_EPOCH,
    RESERVED_EARLY,
    RESERVED_LATE,
    RESERVED_NOW,
    RESERVED_TODAY,
    RESERVED_TOMORROW,
    RESERVED_YESTERDAY,
    RESERVED_ZULU,
} DateTimeReserved;

typedef enum Meridiem { MERIDIEM_NONE, MERIDIEM_AM, MERIDIEM_PM } Meridiem;

/* Of intervals, date_trunc and extract. */
typedef enum DateTimeUnit {
    UNIT_NONE,
    UNIT_MICROSECOND,
    UNIT_MILLISECOND,
    UNIT_SECOND,
    UNIT_MINUTE,
    UNIT_HOUR,
    UNIT_DAY,
    UNIT_WEEK,
    UNIT_MONTH,
    UNIT_QUARTER,
    UNIT_YEAR,
    UNIT_DECADE,
    UNIT_CENTURY,
    UNIT_MILLENNIUM,
    UNIT_JULIAN,
    UNIT_ISO_YEAR,
    UNIT_ISO_DAY_OF_WEEK,
    UNIT_DAY_OF_WEEK,
    UNIT_DAY_OF_YEAR,
    UNIT_EPOCH,
    UNIT_ZONE,
    UNIT_ZONE_HOUR,
    UNIT_ZONE_MINUTE,
    UNIT_TIME_OF_DAY, /* a label only: the T of ISO 8601 */
} DateTimeUnit;

typedef struct DateTimeWord {
    char text[DATETIME_WORD_BYTES + 1];
    DateTimeWordKind kind;
    int value;
} DateTimeWord;

/* A word of dates; NULL when unknown. `lower` is in lower case. */
const DateTimeWord *datetime_find_word(const char *lower);
/* A word of intervals ("hours", "ago"). */
const DateTimeWord *interval_find_word(const char *lower);

/* -------- what can be wrong with a text -------- */

typedef enum DateTimeFault {
    FAULT_NONE,
    FAULT_FORMAT,
    FAULT_RANGE,
    FAULT_RANGE_STYLE, /* a month or day out of range: the order may be another */
    FAULT_INTERVAL,
    FAULT_DISPLACEMENT,
    FAULT_ZONE, /* `detail` is the name */
} DateTimeFault;

typedef struct DateTimeText {
    const char *text;
    size_t length;
    const char *type_name;
} DateTimeText;

/* PostgreSQL's message for the fault; always STATUS_ERROR. */
Status datetime_fault_error(DateTimeFault fault, const DateTimeText *text, const char *detail,
                            Error *err);

/* Whole number at the start of `text` as strtol reads it; false when it does not fit `bits`. */
bool datetime_read_int32(const char *text, const char **ret_end, int32_t *ret_number);
bool datetime_read_int64(const char *text, const char **ret_end, int64_t *ret_number);
/* A '.' and digits up to the end of the text. */
bool datetime_read_fraction(const char *text, double *ret_fraction);
