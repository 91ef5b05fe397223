#include "formats/column_builder.h"

#include <string.h>

void column_builder_begin(ColumnBuilder *builder, const DecodeColumn *columns, uint32_t count,
                          uint32_t capacity, Arena *arena) {
    DecodeResult *result = arena_new(arena, DecodeResult);

    result->batch = arena_new(arena, Batch);
    result->batch->column_count = count;
    result->batch->columns = arena_new_array(arena, Column, count);
    for (uint32_t i = 0; i < count; i++)
        result->batch->columns[i] = column_create(columns[i].type, capacity, arena);
    result->row_records = arena_alloc_raw(arena, sizeof(uint32_t) * (capacity ? capacity : 1));
    *builder = (ColumnBuilder) {.result = result, .capacity = capacity, .arena = arena};
}

void column_builder_put_null(ColumnBuilder *builder, uint32_t column) {
    Column *target = column_builder_column(builder, column);
    uint32_t row = builder->result->batch->row_count;
    size_t size_bytes = physical_size_bytes(type_physical(target->type.id));

    column_make_nullable(target, builder->capacity, builder->arena);
    memset((char *) target->values + row * size_bytes, 0, size_bytes);
    validity_clear(target->validity, row);
}

static BadRecord bad_record(const ColumnBuilder *builder, uint32_t record, const char *column_name,
                            const Error *fault) {
    return (BadRecord) {
        .record = record,
        .sqlstate = fault->sqlstate,
        .column_name = column_name,
        .message = arena_strdup(builder->arena, fault->message),
    };
}

void column_builder_put_bad(ColumnBuilder *builder, uint32_t column, uint32_t record,
                            const char *column_name, const Error *fault) {
    const BadRecord bad = bad_record(builder, record, column_name, fault);

    column_builder_put_null(builder, column);
    nulled_fields_add(&builder->result->nulled, &bad, builder->arena);
}

void column_builder_keep(ColumnBuilder *builder, uint32_t record) {
    DecodeResult *result = builder->result;

    result->row_records[result->batch->row_count++] = record;
}

void column_builder_reject(ColumnBuilder *builder, uint32_t record, const char *column_name,
                           const Error *fault) {
    DecodeResult *result = builder->result;
    uint32_t row = result->batch->row_count;

    for (uint32_t i = 0; i < result->batch->column_count; i++)
        if (result->batch->columns[i].validity)
            validity_set(result->batch->columns[i].validity, row);
    while (result->nulled.count && result->nulled.items[result->nulled.count - 1].record == record)
        result->nulled.count--;
    if (!result->bad)
        result->bad = arena_new_array(builder->arena, BadRecord, builder->capacity);
    result->bad[result->bad_count++] = bad_record(builder, record, column_name, fault);
}

static void keep_nulls(ColumnBuilder *builder, const DecodeColumn *columns, uint32_t record) {
    Error fault;

    for (uint32_t i = 0; i < builder->result->batch->column_count; i++) {
        if (columns[i].is_not_null) {
            IGNORE(column_not_null_violation(columns[i].name, &fault));
            column_builder_reject(builder, record, columns[i].name, &fault);
            return;
        }
        column_builder_put_null(builder, i);
    }
    column_builder_keep(builder, record);
}

void column_builder_skip_record(ColumnBuilder *builder, const DecodeColumn *columns,
                                const Record *record, uint32_t index) {
    Error fault;

    if (!record->fault) {
        keep_nulls(builder, columns, index);
        return;
    }
    IGNORE(error_set(&fault, PROGRAM_LIMIT_EXCEEDED, "%s", record->fault));
    column_builder_reject(builder, index, NULL, &fault);
}

Status column_not_null_violation(const char *column_name, Error *err) {
    return error_set(err, NOT_NULL_VIOLATION,
                     "null value in column \"%s\" violates not-null constraint", column_name);
}
