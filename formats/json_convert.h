/* JSON values to SQL values: what "converts" means, exactly (docs/semantics.md, "Bad record").
 *
 * Number to numeric types if exact (1.0 and 1e3 are integers); string to any type by its input
 * function; anything to text as its raw JSON, strings unescaped; null and missing to NULL. */
#pragma once

#include "connector/format.h"
#include "formats/json_scan.h"

typedef struct JsonTarget {
    SqlType type;
    PhysicalType physical;
    int64_t
        timestamp_unit_us; /* number to timestamp: µs a unit; 0: not allowed; -1000: nanoseconds */
    const FormSettings *settings;
} JsonTarget;

/* Write the value to slot `row` of a FLAT column. `*ret_is_null` tells NULL; then nothing is
 * written. */
MUST_USE Status json_convert(const JsonTarget *target, const JsonSlot *slot, Column *column,
                             uint32_t row, Arena *arena, bool *ret_is_null, Error *err);
