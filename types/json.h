/* JSON: the one reader of JSON text that is not on the hot path, and what jsonb can do.
 *
 * The reader walks hostile bytes without recursion deeper than JSON_DEPTH_MAX and builds a tree in
 * an arena. jsonb values lie in columns as their canonical text (keys by length then bytes, the
 * last duplicate wins, PostgreSQL's spacing), so equal jsonb of equal numbers print alike. */
#pragma once

#include "base/strbuf.h"
#include "types/value.h"

enum { JSON_DEPTH_MAX = 1000 };

typedef enum JsonKind {
    JSON_NULL,
    JSON_STRING,
    JSON_NUMBER,
    JSON_FALSE,
    JSON_TRUE,
    JSON_ARRAY,
    JSON_OBJECT,
} JsonKind;

typedef struct JsonNode JsonNode;

/* A value; the members of arrays and objects hang on first_child, in order. */
struct JsonNode {
    JsonKind kind;
    uint32_t child_count;
    JsonNode *first_child;
    JsonNode *next;  /* sibling */
    TextView key;    /* of an object's member, unescaped */
    TextView text;   /* string: unescaped; number: as written */
    const char *raw; /* as it stands in the text that was read */
    uint32_t raw_size;
};

/* 22P02 with PostgreSQL's detail; 54001 when it is nested too deep. `text` is borrowed by the tree.
 */
MUST_USE Status json_read(const char *text, size_t length, Arena *arena, const JsonNode **ret_root,
                          Error *err);
/* Is it valid json? The same errors. */
MUST_USE Status json_check(const char *text, size_t length, Error *err);
MUST_USE Status jsonb_parse(const char *text, size_t length, Arena *arena, TextView *ret_jsonb,
                            Error *err);
/* "…" with escapes, as to_json does. */
void json_append_string(const char *text, size_t length, StrBuf *out);
