/* Nested forms: text and JSON of arrays and records. */
#pragma once

#include "types/text_form.h"

void array_append_text(const Value *array, const FormSettings *settings, StrBuf *out);
MUST_USE Status array_parse_text(SqlType type, const char *text, size_t length,
                                 const FormSettings *settings, Arena *arena, Value *ret_value,
                                 Error *err);
void record_append_text(const Value *record, const FormSettings *settings, StrBuf *out);
/* Only for a type whose fields are known. */
MUST_USE Status record_parse_text(SqlType type, const char *text, size_t length,
                                  const FormSettings *settings, Arena *arena, Value *ret_value,
                                  Error *err);
