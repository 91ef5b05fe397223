/* Number forms: text of integers, floats and booleans as PostgreSQL 15 reads and prints them. */
#pragma once

#include "base/strbuf.h"
#include "types/type.h"

enum { INT64_TEXT_SIZE = 21, FLOAT64_TEXT_SIZE = 32 };

/* Blanks around are allowed. 22P02 and 22003 name the type. */
MUST_USE Status int16_parse(const char *text, size_t length, int16_t *ret_number, Error *err);
MUST_USE Status int32_parse(const char *text, size_t length, int32_t *ret_number, Error *err);
MUST_USE Status int64_parse(const char *text, size_t length, int64_t *ret_number, Error *err);
MUST_USE Status oid_parse(const char *text, size_t length, int64_t *ret_number, Error *err);
MUST_USE Status float32_parse(const char *text, size_t length, float *ret_number, Error *err);
MUST_USE Status float64_parse(const char *text, size_t length, double *ret_number, Error *err);
MUST_USE Status bool_parse(const char *text, size_t length, bool *ret_flag, Error *err);

void int64_append_text(int64_t number, StrBuf *out);
/* extra_float_digits > 0: the shortest exact form; else 15 (float4: 6) digits and so many fewer. */
void float64_append_text(double number, int extra_float_digits, StrBuf *out);
void float32_append_text(float number, int extra_float_digits, StrBuf *out);
