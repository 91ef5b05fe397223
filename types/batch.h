/* Batch: what flows between operators: up to LIMIT_BATCH_ROWS rows as columns.
 *
 * A column is FLAT (a value a row) or CONSTANT (one value for all rows). `validity` has a bit a
 * row, set when the value is there (CONSTANT: bit 0); NULL: no value is missing. A NULL's slot
 * holds zero bytes. `selection` lists, ascending, the rows that count; the others may hold
 * anything. `weights` are +1 (insert) or -1 (retract), by row position, not by selection; NULL: all
 * +1. `copies`, when there, is 1 for a row that repeats an input row which comes again later in the
 * batch (a hopping window's rows but the last), else 0: so that a late row is counted once. Columns
 * and their bytes are borrowed from the producer until its call returns, or live in the arena that
 * the producer names. Nobody writes to a batch that was given to him. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "types/value.h"

typedef enum ColumnEncoding { COLUMN_FLAT, COLUMN_CONSTANT } ColumnEncoding;

typedef struct Column {
    SqlType type;
    ColumnEncoding encoding;
    void *values;
    uint64_t *validity;
} Column;

typedef struct Batch {
    uint32_t row_count;
    uint32_t column_count;
    Column *columns;
    const uint32_t *selection; /* NULL: all rows */
    uint32_t selection_count;  /* meaningful only with a selection */
    const int64_t *weights;
    const uint8_t *copies; /* by row position; NULL: none repeats */
} Batch;

static inline uint32_t batch_active_count(const Batch *batch) {
    return batch->selection ? batch->selection_count : batch->row_count;
}

static inline uint32_t batch_active_row(const Batch *batch, uint32_t index) {
    return batch->selection ? batch->selection[index] : index;
}

static inline int64_t batch_weight(const Batch *batch, uint32_t row) {
    return batch->weights ? batch->weights[row] : 1;
}

static inline uint32_t column_slot(const Column *column, uint32_t row) {
    return column->encoding == COLUMN_CONSTANT ? 0 : row;
}

static inline bool validity_get(const uint64_t *validity, uint32_t slot) {
    return !validity || ((validity[slot >> 6] >> (slot & 63)) & 1);
}

static inline void validity_set(uint64_t *validity, uint32_t slot) {
    validity[slot >> 6] |= (uint64_t) 1 << (slot & 63);
}

static inline void validity_clear(uint64_t *validity, uint32_t slot) {
    validity[slot >> 6] &= ~((uint64_t) 1 << (slot & 63));
}

static inline size_t validity_size_bytes(uint32_t row_count) {
    return ((size_t) row_count + 63) / 64 * sizeof(uint64_t);
}

static inline bool column_is_null(const Column *column, uint32_t row) {
    return !validity_get(column->validity, column_slot(column, row));
}

/* Typed access: COLUMN_VALUE(column, int64_t, row). */
#define COLUMN_VALUE(column, Type, row) \
    (((const Type *) (column)->values)[column_slot((column), (row))])

/* A FLAT column for `row_count` rows in the arena, values zeroed; validity NULL. */
Column column_create(SqlType type, uint32_t row_count, Arena *arena);
Column column_constant(const Value *value, Arena *arena);
/* Give the column a validity bitmap with all bits set, if it has none. `row_count` rows. */
void column_make_nullable(Column *column, uint32_t row_count, Arena *arena);
void column_set_null(Column *column, uint32_t row, uint32_t row_count, Arena *arena);
Value column_get(const Column *column, uint32_t row); /* borrows bytes */
/* `value` has the column's type; bytes are borrowed. Row must be < row_count of column_create. */
void column_put(Column *column, uint32_t row, const Value *value, uint32_t row_count, Arena *arena);
/* FLAT form of the column for `row_count` rows (itself when it is FLAT). */
Column column_flatten(const Column *column, uint32_t row_count, Arena *arena);
/* A dense copy of the active rows: no selection; bytes longer than 12 are copied when `deep`. */
Batch *batch_compact(const Batch *batch, bool deep, Arena *arena);
/* Hash of each active row's key columns into ret_hashes[row] (by row position). NULLs hash alike,
 * equal values hash alike whatever their form (-0.0 and 0.0, 1.0 and 1.00 numeric). The same on
 * every machine and run. */
void batch_hash_columns(const Batch *batch, const uint32_t *key_columns, uint32_t key_count,
                        uint64_t *ret_hashes);
