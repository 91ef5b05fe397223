/* Format: what all decoders share. */
#include "connector/format.h"

#include <string.h>

enum { NULLED_FIRST = 16 };

void nulled_fields_add(NulledFields *fields, const BadRecord *bad, Arena *arena) {
    if (fields->count == fields->capacity) {
        uint32_t capacity = fields->capacity ? 2 * fields->capacity : NULLED_FIRST;
        BadRecord *grown = arena_new_array(arena, BadRecord, capacity);

        if (fields->count)
            memcpy(grown, fields->items, sizeof(*grown) * fields->count);
        fields->items = grown;
        fields->capacity = capacity;
    }
    fields->items[fields->count] = *bad;
    fields->items[fields->count++].is_kept = true;
}
