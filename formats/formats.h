/* The formats that there are. To add one: its file, and a line here and in format_types
 * (formats.c). */
#pragma once

#include "connector/format.h"

extern const FormatType format_json;
extern const FormatType format_csv;
extern const FormatType format_text;
extern const FormatType format_raw;

extern const FormatType *const format_types[]; /* NULL-terminated */
