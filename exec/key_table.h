/* KeyTable: the distinct keys of rows, numbered in order of first arrival, each with a payload.
 *
 * What grouping, DISTINCT and joins share. A batch's keys are laid out as 16-byte slots once per
 * column, so that probing compares words: integers and times by value, texts by their view; types
 * whose equal values differ in form (numeric, float, …) by their key form, with the first arrival's
 * value form kept beside it for display. NULL equals NULL; callers that see it otherwise leave such
 * rows out. Open addressing, 8-byte slots of hash bits and entry number; entries never move. */
#pragma once

#include "base/memory.h"
#include "types/row.h"

typedef struct KeyTable KeyTable;

enum { KEY_BATCH_ROWS_MAX = 1 << 20 };
#define KEY_NONE UINT32_MAX

/* `types` are copied. payload_bytes a key, zeroed, 16-byte aligned. */
KeyTable *key_table_create(const SqlType *types, uint32_t key_count, size_t payload_bytes,
                           MemoryAccount *account);
KeyTable *key_table_destroy(KeyTable *table); /* NULL is fine */
void key_table_clear(KeyTable *table);        /* keeps a little memory for the next epoch */
uint32_t key_table_count(const KeyTable *table);

/* Rows to look up: columns 0 … key_count-1 of `keys` (types as at create), hashes by row position.
 */
typedef struct KeyRows {
    const Batch *keys;
    const uint64_t *hashes;
    const uint32_t *rows; /* row positions */
    uint32_t count;
    Arena *arena; /* for the call */
} KeyRows;

/* ret_ids[i] for rows[i]; unknown keys get the next numbers. 53200. */
MUST_USE Status key_table_insert(KeyTable *table, const KeyRows *rows, uint32_t *ret_ids,
                                 Error *err);
/* The same without adding: KEY_NONE for unknown keys. */
void key_table_find(const KeyTable *table, const KeyRows *rows, uint32_t *ret_ids);

void *key_table_payload(const KeyTable *table, uint32_t id);
uint64_t key_table_hash(const KeyTable *table, uint32_t id);
/* Key form of all columns, one after the other. */
void key_table_append_key(const KeyTable *table, uint32_t id, StrBuf *out);
/* The first arrival's value form of those columns whose key form does not show it. */
void key_table_append_display(const KeyTable *table, uint32_t id, StrBuf *out);
/* Another arrival was first: take its display bytes (as append_display wrote them). false: damage.
 */
bool key_table_set_display(KeyTable *table, uint32_t id, const uint8_t **cursor,
                           const uint8_t *end);
/* The key as its first arrival showed it; borrows from the table. */
Value key_table_value(const KeyTable *table, uint32_t id, uint32_t key);
/* Arena that lives as long as the entries: for variable parts of payloads. */
Arena *key_table_arena(KeyTable *table);
/* Reserve for what the arena has grown; call once a batch. */
MUST_USE Status key_table_account(KeyTable *table, Error *err);
