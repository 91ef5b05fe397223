/* Text and binary forms: PostgreSQL's, to the letter.
 *
 * `settings` carries what the forms depend on (TimeZone, IntervalStyle, extra_float_digits); the
 * default is UTC / postgres / 1. Input errors are PostgreSQL's messages and codes (22P02, 22003,
 * 22007, 22008). */
#pragma once

#include "base/strbuf.h"
#include "types/timezone.h"
#include "types/value.h"

typedef enum IntervalStyle {
    INTERVAL_STYLE_POSTGRES,
    INTERVAL_STYLE_POSTGRES_VERBOSE,
    INTERVAL_STYLE_SQL_STANDARD, /* changes the input of signs, too */
    INTERVAL_STYLE_ISO_8601,
} IntervalStyle;

typedef struct FormSettings {
    const TimeZone *time_zone; /* borrowed; never NULL */
    const char *date_style;    /* "ISO, MDY" only, for now */
    IntervalStyle interval_style;
    int extra_float_digits; /* 1: shortest exact */
    bool bytea_hex;         /* else escape */
    int64_t now_us;         /* 'now', 'today': µs since 2000-01-01 UTC */
} FormSettings;

extern const FormSettings form_settings_default; /* UTC */

/* Append the text form of a value that is not NULL. */
void value_append_text(const Value *value, const FormSettings *settings, StrBuf *out);
/* Parse; bytes of the result live in the arena. `type.typmod` is applied as a column's input would.
 */
MUST_USE Status value_parse_text(SqlType type, const char *text, size_t length,
                                 const FormSettings *settings, Arena *arena, Value *ret_value,
                                 Error *err);
/* The binary send and receive forms of the protocol. */
void value_append_binary(const Value *value, StrBuf *out);
MUST_USE Status value_parse_binary(SqlType type, const uint8_t *bytes, size_t size_bytes,
                                   Arena *arena, Value *ret_value, Error *err);
/* Append as JSON, as PostgreSQL's to_json / row_to_json does (numbers bare, timestamps ISO with T).
 */
void value_append_json(const Value *value, const FormSettings *settings, StrBuf *out);
