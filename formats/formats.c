#include "formats/formats.h"

#include <stddef.h>

const FormatType *const format_types[] = {
    &format_json, &format_csv, &format_text, &format_raw, NULL,
};
