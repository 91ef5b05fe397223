/* JSON layout: records that resemble each other so much that their quotes stand in the same places.
 *
 * When the index of a record equals the one before (fixed-length ids, times, enumerations), every
 * value lies where it lay, and what is between the values need only be compared with the last
 * record's bytes, all at once, under a mask. So members that nobody wants cost nothing but their
 * bytes. Only for records whose values are all strings; any other goes by its template. */
#pragma once

#include "formats/json_template.h"

enum {
    JSON_LAYOUT_WANTED = 64, /* columns; a decoder that wants more has no layout */
    JSON_LAYOUT_REPEATS = 4, /* equal indexes in a row before a layout is worth making */
};

typedef struct JsonLayoutValue {
    int16_t column;
    uint16_t begin, end;
} JsonLayoutValue;

typedef struct JsonLayout {
    size_t length; /* of the last record */
    uint32_t repeats;
    bool is_made;
    uint32_t wanted_count;
    JsonLayoutValue wanted[JSON_LAYOUT_WANTED];
    uint64_t quotes[JSON_INDEX_BYTES / 64 + 1]; /* of the last record */
    char bytes[JSON_INDEX_BYTES + 64];          /* of the record it was made from */
    char mask[JSON_INDEX_BYTES + 64];           /* all ones where bytes must be equal */
} JsonLayout;

/* Fill the wanted slots when the record has the layout; false: match it by a template. */
bool json_layout_match(JsonLayout *layout, const char *record, size_t length,
                       const JsonIndex *index, JsonSlot *slots);
/* A template has matched the record: make its layout when it is worth it. */
void json_layout_learn(JsonLayout *layout, const JsonTemplate *template, const char *record,
                       const JsonIndex *index);
