/* JSON templates: records resemble each other, so what lies between their values is learnt.
 *
 * A template is the sequence of literal bytes between the values of a record seen before, and the
 * kind of each value. A record that fits is read by comparing literals and scanning only for the
 * ends of values; one that doesn't fit any of the last few templates is walked member by member,
 * and teaches its own. A template holds only what was exact: no duplicate keys, no escaped keys. */
#pragma once

#include "base/arena.h"
#include "formats/json_index.h"
#include "formats/json_scan.h"

enum {
    JSON_TEMPLATES = 4,           /* kept by a decoder, most recently used first */
    JSON_TEMPLATE_SEGMENTS = 512, /* members of a record; longer records are always walked */
    JSON_TEMPLATE_BYTES = 16384,
};

typedef struct JsonSegment {
    uint16_t literal; /* where its bytes begin in the template's literals */
    uint16_t length;
    uint16_t last_mask; /* a bit for each byte of the literal's last chunk of up to 16 */
    int16_t column;     /* top-level field that wants the value; -1: nobody */
    uint8_t kind;       /* JSON_STRING (the literal ends with the quote), JSON_NESTED, or
                           JSON_NUMBER: bare */
} JsonSegment;

typedef struct JsonTemplate {
    int segment_count; /* 0: empty */
    JsonSegment segments[JSON_TEMPLATE_SEGMENTS];
    uint16_t used;
    char literals[JSON_TEMPLATE_BYTES + 64];
} JsonTemplate;

/* Fill slots[column] for a record that fits; false when it does not (slots may be partly filled).
 */
bool json_template_match(const JsonTemplate *template, const char *record, const char *end,
                         const JsonIndex *index, JsonSlot *slots);

/* Learn from a record while it is walked: begin, add each member in order, finish. `previous_end`
 * is where the value before ended (its slot's end; a string's closing quote), or the record's
 * begin. */
void json_template_begin(JsonTemplate *template);
void json_template_add(JsonTemplate *template, const char *previous_end, const JsonSlot *value,
                       int column);
void json_template_finish(JsonTemplate *template);
