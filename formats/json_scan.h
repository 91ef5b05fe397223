/* JSON scanning: from one value of a record to the next, looking at no more than is needed.
 *
 * A scanner never looks inside values that nobody wants, beyond finding their end; what makes a
 * record bad is fixed in docs/semantics.md. All functions may read RECORD_PADDING bytes past `end`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum JsonKind {
    JSON_MISSING,
    JSON_STRING, /* begin … end is between the quotes */
    JSON_NUMBER, /* and any other bare word that is not true, false or null: unexamined */
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
    JSON_NESTED, /* object or array, brackets included */
} JsonKind;

enum {
    JSON_HAS_ESCAPE = 1,  /* a backslash in the string */
    JSON_NOT_ASCII = 2,   /* a byte over 0x7f: UTF-8 must be checked */
    JSON_HAS_CONTROL = 4, /* a byte under 0x20: not allowed inside a string */
};

/* Where a value lies in its record. */
typedef struct JsonSlot {
    const char *begin;
    const char *end;
    JsonKind kind;
    unsigned flags;
} JsonSlot;

static inline const char *json_skip_space(const char *p, const char *end) {
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
        p++;
    return p;
}

/* `p` is behind the opening quote. Returns the closing quote, or NULL when there is none before
 * end. */
const char *json_string_end(const char *p, const char *end, unsigned *ret_flags);
/* The value at `p` (no space before it): fills the slot, returns what follows it (behind the
 * closing quote or bracket). NULL: there is no value, or it doesn't end. */
const char *json_scan_value(const char *p, const char *end, JsonSlot *ret_slot);

/* Unescape a string's bytes into `out` (room for end - begin). -1: bad escape, \u0000, lone
 * surrogate. */
int64_t json_unescape(const char *begin, const char *end, char *out);

/* Walk the members of the object at `p` (its '{'). Keys are given raw; has_escape tells whether
 * they must be unescaped to be compared. Stops when `member` returns false. Returns what follows
 * the '}', or NULL when the skeleton is broken. */
typedef bool (*JsonMember)(void *data, const char *key, size_t key_length, bool key_has_escape,
                           const JsonSlot *value);
const char *json_walk_object(const char *p, const char *end, JsonMember member, void *data);
