/* Date and time input, second step: fields to a date, a time and a zone, by PostgreSQL's rules for
 * DateStyle "MDY". */
#pragma once

#include "types/datetime.h"
#include "types/datetime_lexer.h"
#include "types/text_form.h"

typedef enum MomentKind { MOMENT_CIVIL, MOMENT_EPOCH, MOMENT_EARLY, MOMENT_LATE } MomentKind;

typedef struct Moment {
    MomentKind kind;
    CivilTime civil;        /* MOMENT_CIVIL; hour may be 24, second 60, microsecond 1000000 */
    int32_t offset_seconds; /* east: what the text says, else the session's zone at that time */
} Moment;

typedef struct DecodeRequest {
    const FormSettings *settings;
    bool is_time_only; /* for the type time: a date is only allowed to help a zone */
} DecodeRequest;

/* `fields` is used up. `ret_detail` gets the name of an unknown zone. */
DateTimeFault datetime_decode(DateTimeFields *fields, const DecodeRequest *request,
                              Moment *ret_moment, const char **ret_detail);
