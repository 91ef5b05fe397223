/* Date and time forms: what text_form.c dispatches to for the date/time types.
 *
 * The text forms are PostgreSQL's with DateStyle "ISO, MDY"; zones and IntervalStyle come from the
 * settings. Parsers apply `typmod` as a column's input would: for time, timestamp and timestamptz
 * it is the precision 0…6 (-1: none), for interval PostgreSQL's packed range and precision. Errors
 * are PostgreSQL's (22007, 22008, 22009, 22015). JSON forms come without the quotes. Binary forms
 * are made in text_form.c: they are the column's words, big-endian. */
#pragma once

#include "types/text_form.h"

void date_append_text(int32_t days, const FormSettings *settings, StrBuf *out);
MUST_USE Status date_parse_text(const char *text, size_t length, const FormSettings *settings,
                                int32_t *ret_days, Error *err);
void time_append_text(int64_t micros, const FormSettings *settings, StrBuf *out);
MUST_USE Status time_parse_text(const char *text, size_t length, int32_t typmod,
                                const FormSettings *settings, int64_t *ret_micros, Error *err);
void timestamp_append_text(int64_t micros, const FormSettings *settings, StrBuf *out);
MUST_USE Status timestamp_parse_text(const char *text, size_t length, int32_t typmod,
                                     const FormSettings *settings, int64_t *ret_micros, Error *err);
void timestamptz_append_text(int64_t micros, const FormSettings *settings, StrBuf *out);
MUST_USE Status timestamptz_parse_text(const char *text, size_t length, int32_t typmod,
                                       const FormSettings *settings, int64_t *ret_micros,
                                       Error *err);
void interval_append_text(const Interval *interval, const FormSettings *settings, StrBuf *out);
MUST_USE Status interval_parse_text(const char *text, size_t length, int32_t typmod,
                                    const FormSettings *settings, Interval *ret_interval,
                                    Error *err);

/* As to_json prints them: "2024-01-02", "2024-01-02T03:04:05", "2024-01-02T03:04:05+00:00". */
void date_append_json(int32_t days, const FormSettings *settings, StrBuf *out);
void timestamp_append_json(int64_t micros, const FormSettings *settings, StrBuf *out);
void timestamptz_append_json(int64_t micros, const FormSettings *settings, StrBuf *out);

/* Round a time, timestamp or the micros of an interval to `typmod` fractional digits, as a column's
 * input would; typmod -1 and infinite timestamps: unchanged. */
int64_t datetime_round_micros(int64_t micros, int32_t typmod);

/* Order of intervals as PostgreSQL's: months are 30 days, days are 24 hours. The normalised span in
 * microseconds; equal spans are equal intervals. */
__int128 interval_span(const Interval *interval);
