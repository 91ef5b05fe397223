/* JSON fields: which members of a record are wanted, and finding them.
 *
 * Columns are grouped by their top-level key, with FROM and without it apart: what a column gets
 * must not depend on which others are read. A key matches exactly; without FROM also without
 * regard to case, if exactly one key of the record does and none matches exactly. The last of
 * duplicate keys wins. */
#pragma once

#include "connector/format.h"
#include "formats/json_scan.h"
#include "formats/json_template.h"

typedef struct JsonField {
    const char *key;
    size_t key_length;
    bool folds_case; /* some column names it without a path */
} JsonField;

typedef struct JsonFields {
    uint32_t count;
    JsonField *fields;
} JsonFields;

/* Split a path "$.a.b[0]" into its first key; *ret_rest is what follows ("" when nothing). 22023
 * when it is no path. Keys with other characters are written $."a b" or $['a b']. */
MUST_USE Status json_path_first(const char *path, Arena *arena, const char **ret_key,
                                const char **ret_rest, Error *err);
/* Find the value under `rest` inside `slot`; JSON_MISSING when there is none. false when an object
 * or array on the way to it is broken. */
MUST_USE bool json_path_follow(const char *rest, Arena *arena, JsonSlot *slot);

/* Walk the record and fill slots[field]; learn a template when the record is plain enough, else
 * empty it. `key_buffer` has room for the record's length. false: the skeleton is broken. */
bool json_fields_walk(const JsonFields *fields, const char *record, const char *end,
                      JsonSlot *slots, JsonTemplate *learn, char *key_buffer);
