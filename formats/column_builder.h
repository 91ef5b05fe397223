/* Column builder: the columns of a DecodeResult, filled row by row by any decoder.
 *
 * A row is kept only when all its columns converted; a bad one leaves no trace. */
#pragma once

#include "connector/format.h"

typedef struct ColumnBuilder {
    DecodeResult *result;
    uint32_t capacity; /* rows */
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
/* The current row is bad: forget what was put, remember why. `column_name` NULL: the whole record.
 */
void column_builder_reject(ColumnBuilder *builder, uint32_t record, const char *column_name,
                           const Error *fault);
/* A record that is bad before it is looked at; or one without a value: its row is NULLs, or bad
 * where a column may not be. */
void column_builder_skip_record(ColumnBuilder *builder, const DecodeColumn *columns,
                                const Record *record, uint32_t index);
/* True: there is nothing to decode, and what comes of that is told. */
static inline bool column_builder_take_empty(ColumnBuilder *builder, const DecodeColumn *columns,
                                             const Record *record, uint32_t index) {
    if (record->data && !record->fault)
        return false;
    column_builder_skip_record(builder, columns, record, index);
    return true;
}

/* Put the current row's value of a column, which is `decoder`'s to find. */
typedef Status (*ColumnFill)(Decoder *decoder, uint32_t column, ColumnBuilder *builder,
                             Error *fault);
/* The current row, column by column. Inlined, with `fill`, into the decoder's loop over records. */
static inline __attribute__((always_inline)) void
column_builder_fill_row(ColumnBuilder *builder, const DecodeColumn *columns, uint32_t count,
                        uint32_t record, Decoder *decoder, ColumnFill fill) {
    Error fault;

    for (uint32_t i = 0; i < count; i++) {
        if (fill(decoder, i, builder, &fault) == STATUS_OK)
            continue;
        if (!columns[i].is_null_when_bad) {
            column_builder_reject(builder, record, columns[i].name, &fault);
            return;
        }
        column_builder_put_bad(builder, i, record, columns[i].name, &fault);
    }
    column_builder_keep(builder, record);
}
/* 23502 with the column's name. */
Status column_not_null_violation(const char *column_name, Error *err);
