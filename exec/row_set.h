/* RowSet: rows kept in memory as columns: a join's build side, a sort's input, output that waits.
 *
 * Batches are copied deeply into the set's own arena, whose size is reserved from the account
 * first. A row is addressed by its number, in order of arrival. */
#pragma once

#include "base/memory.h"
#include "types/batch.h"

typedef struct RowSet RowSet;

RowSet *row_set_create(const SqlType *types, uint32_t column_count, MemoryAccount *account);
RowSet *row_set_destroy(RowSet *set); /* NULL is fine */
void row_set_clear(RowSet *set);
/* The active rows of `batch`, with their weights. 53200 when the account is full. */
MUST_USE Status row_set_append(RowSet *set, const Batch *batch, Error *err);
uint32_t row_set_count(const RowSet *set);
Value row_set_value(const RowSet *set, uint32_t row, uint32_t column); /* borrows from the set */
/* The rows as a batch in `arena`, in the order given; ROW_NONE gives NULLs. Bytes are borrowed from
 * the set. */
#define ROW_NONE UINT32_MAX
Batch *row_set_gather(const RowSet *set, const uint32_t *rows, uint32_t count, Arena *arena);
/* Walk the batches as they came: NULL past the end. */
const Batch *row_set_batch_at(const RowSet *set, uint32_t index);
