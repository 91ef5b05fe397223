/* Jsonb: the canonical text, its order, and finding things in it.
 *
 * A jsonb value is its canonical text. To look inside, read it into a tree (json_read) and append
 * the wanted node again. */
#pragma once

#include "types/json.h"

/* Canonical text of a tree. 22003 when a number has an absurd exponent. */
MUST_USE Status jsonb_append_node(const JsonNode *node, Arena *arena, StrBuf *out, Error *err);
/* The canonical text in the arena. */
MUST_USE Status jsonb_from_node(const JsonNode *node, Arena *arena, TextView *ret_jsonb,
                                Error *err);
/* Bytes whose memcmp order is PostgreSQL's order of jsonb, equal exactly for equal values. */
void jsonb_append_sort_key(const TextView *jsonb, StrBuf *out);
int jsonb_compare(const TextView *left, const TextView *right);
/* The operator @>: does `left` contain all that `right` says? */
bool json_contains(const JsonNode *left, const JsonNode *right, Arena *arena);
/* "object", "array", "string", "number", "boolean", "null" */
const char *json_kind_name(JsonKind kind);
/* The member of that name (the last one), or NULL. */
const JsonNode *json_member(const JsonNode *object, const char *name, size_t length);
/* Element by place; negative ones count from the end; or NULL. */
const JsonNode *json_element(const JsonNode *array, int64_t index);
