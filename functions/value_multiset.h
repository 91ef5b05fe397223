/* Value multiset: all values of a group with their counts, for aggregates that take rows back.
 *
 * A treap: a search tree whose shape follows from the values' hashes alone, so that equal inputs
 * give equal states in any order. A count may be negative while a retraction waits for its
 * insertion. Nodes and the bytes of texts lie in the arena that the calls give. */
#pragma once

#include "functions/aggregate.h"

/* A value in state bytes: text lies in the arena. */
typedef struct StoredValue {
    union {
        char bytes[24];
        TextView text;
        __int128 alignment;
    };
} StoredValue;

Value stored_value(TypeId id, const StoredValue *stored);
StoredValue store_value(const Value *value, Arena *arena);
void append_stored(TypeId id, const StoredValue *stored, StrBuf *out);
/* false: damaged bytes, here and below. */
bool read_stored(const uint8_t **cursor, const uint8_t *end, TypeId id, Arena *arena,
                 StoredValue *ret_stored);
bool read_stored_type(const uint8_t **cursor, const uint8_t *end, TypeId *ret_id);

typedef struct TreapNode TreapNode;

typedef struct MultisetState {
    TreapNode *root;
    TreapNode *free_nodes; /* linked by `left` */
    int64_t node_count;
    TypeId type;
} MultisetState;

void multiset_add(MultisetState *state, const Value *value, int64_t weight, Arena *arena);
/* The first or last value with a positive count; NULL: there is none. */
const StoredValue *multiset_outermost(const MultisetState *state, bool is_max);
/* The values in order, equal ones that show differently apart, each with its count (not those whose
 * count is negative), until `visit` says false. */
typedef bool (*MultisetVisit)(const StoredValue *value, int64_t count, void *data);
void multiset_visit(const MultisetState *state, MultisetVisit visit, void *data);
/* Aggregate.merge, .serialize and .deserialize. */
Status multiset_merge(void *state, const void *other, Arena *arena, Error *err);
void multiset_serialize(const void *state, StrBuf *out);
bool multiset_deserialize(const uint8_t **cursor, const uint8_t *end, void *state, Arena *arena);
