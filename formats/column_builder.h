/* Column builder: the columns of a DecodeResult, filled row by row by any decoder.
 *
 * A row is kept only when all its columns converted; a bad one leaves no trace. */
#pragma once

#include "connector/format.h"

typedef struct ColumnBuilder {
    DecodeResult *result;
    uint32_t capacity; /* rows */
    uint32_t nulled_capacity;
    Arena *arena;
} ColumnBuilder;

/* A result for up to `capacity` rows with FLAT columns of the wanted types. Arena. */
void column_builder_begin(ColumnBuilder *builder, const DecodeColumn *columns, uint32_t count,
                          uint32_t capacity, Arena *arena);
static inline Column *column_builder_column(ColumnBuilder *builder, uint32_t column) {
    return &builder->result->batch->columns[column];
}
/* The current row's value of the column is NULL. */
void column_builder_put_null(ColumnBuilder *builder, uint32_t column);
/* The current row's value of the column did not convert: it is NULL, and why is remembered, unless
 * the row is rejected after all. */
void column_builder_put_bad(ColumnBuilder *builder, uint32_t column, uint32_t record,
                            const char *column_name, const Error *fault);
/* The current row is good; it came from `record`. */
void column_builder_keep(ColumnBuilder *builder, uint32_t record);
/* The record has no value: its row is NULLs, or bad where a column may not be. */
void column_builder_keep_nulls(ColumnBuilder *builder, const DecodeColumn *columns,
                               uint32_t record);
/* The current row is bad: forget what was put, remember why. `column_name` NULL: the whole record.
 */
void column_builder_reject(ColumnBuilder *builder, uint32_t record, const char *column_name,
                           const Error *fault);
/* 23502 with the column's name. */
Status column_not_null_violation(const char *column_name, Error *err);
