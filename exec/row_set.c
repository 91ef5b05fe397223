#include "exec/row_set.h"

#include <assert.h>

enum { RESERVE_STEP_BYTES = 64 << 10 };

struct RowSet {
    const SqlType *types; /* borrowed */
    uint32_t column_count;
    MemoryAccount *account;
    int64_t reserved_bytes;
    Arena *arena;
    Batch **batches;
    uint32_t *first_rows; /* of each batch */
    uint32_t batch_count;
    uint32_t batch_capacity;
    uint32_t row_count;
};

RowSet *row_set_create(const SqlType *types, uint32_t column_count, MemoryAccount *account) {
    RowSet *set = memory_zalloc(sizeof(*set));

    set->types = types;
    set->column_count = column_count;
    set->account = account;
    return set;
}

void row_set_clear(RowSet *set) {
    memory_release(set->account, set->reserved_bytes);
    set->reserved_bytes = 0;
    set->arena = arena_destroy(set->arena);
    set->batch_count = 0;
    set->row_count = 0;
}

RowSet *row_set_destroy(RowSet *set) {
    if (!set)
        return NULL;
    row_set_clear(set);
    memory_free(set->batches);
    memory_free(set->first_rows);
    memory_free(set);
    return NULL;
}

/* What a deep copy of the batch takes, near enough. */
static int64_t batch_copy_bytes(const Batch *batch) {
    uint32_t count = batch_active_count(batch);
    int64_t size_bytes = 256;

    for (uint32_t c = 0; c < batch->column_count; c++) {
        const Column *column = &batch->columns[c];
        PhysicalType physical = type_physical(column->type.id);
        const TextView *views = column->values;

        uint32_t slots = column->encoding == COLUMN_CONSTANT ? 1 : count;

        size_bytes += (int64_t) (physical_size_bytes(physical) * slots) + 64;
        if (physical != PHYSICAL_VARLEN)
            continue;
        for (uint32_t i = 0; i < slots; i++) {
            uint32_t row = batch_active_row(batch, i);

            if (!column_is_null(column, row))
                size_bytes += views[column_slot(column, row)].length;
        }
    }
    return size_bytes;
}

static Status reserve(RowSet *set, int64_t more_bytes, Error *err) {
    int64_t used = set->arena ? (int64_t) arena_used_bytes(set->arena) : 0;
    int64_t wanted = used + more_bytes;
    int64_t step;

    if (wanted <= set->reserved_bytes)
        return STATUS_OK;
    step = wanted - set->reserved_bytes;
    step = step < RESERVE_STEP_BYTES ? RESERVE_STEP_BYTES : step;
    TRY(memory_reserve(set->account, step, err));
    set->reserved_bytes += step;
    return STATUS_OK;
}

static void make_room(RowSet *set) {
    if (set->batch_count < set->batch_capacity)
        return;
    set->batch_capacity = set->batch_capacity ? 2 * set->batch_capacity : 8;
    set->batches = memory_realloc(set->batches, set->batch_capacity * sizeof(*set->batches));
    set->first_rows =
        memory_realloc(set->first_rows, set->batch_capacity * sizeof(*set->first_rows));
}

Status row_set_append(RowSet *set, const Batch *batch, Error *err) {
    uint32_t count = batch_active_count(batch);

    assert(batch->column_count == set->column_count);
    if (count == 0)
        return STATUS_OK;
    if (count >= ROW_NONE - set->row_count)
        return error_set(err, PROGRAM_LIMIT_EXCEEDED, "more than %u rows have to be kept in memory",
                         ROW_NONE - 1);
    TRY(reserve(set, batch_copy_bytes(batch), err));
    if (!set->arena)
        set->arena = arena_create("rows", 0);
    make_room(set);
    set->batches[set->batch_count] = batch_compact(batch, true, set->arena);
    set->first_rows[set->batch_count++] = set->row_count;
    set->row_count += count;
    return STATUS_OK;
}

uint32_t row_set_count(const RowSet *set) {
    return set->row_count;
}

static uint32_t find_batch(const RowSet *set, uint32_t row) {
    uint32_t low = 0;
    uint32_t high = set->batch_count;

    assert(row < set->row_count);
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (set->first_rows[middle] <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

Value row_set_value(const RowSet *set, uint32_t row, uint32_t column) {
    uint32_t batch = find_batch(set, row);

    return column_get(&set->batches[batch]->columns[column], row - set->first_rows[batch]);
}

typedef struct RowPlace {
    const Batch *batch; /* NULL: ROW_NONE */
    uint32_t row;
} RowPlace;

static void gather_column(const RowPlace *places, uint32_t count, uint32_t index, Column *target,
                          Arena *arena) {
    size_t size = physical_size_bytes(type_physical(target->type.id));

    for (uint32_t i = 0; i < count; i++) {
        const Column *source = places[i].batch ? &places[i].batch->columns[index] : NULL;

        if (!source || column_is_null(source, places[i].row))
            column_set_null(target, i, count, arena);
        else
            memcpy((char *) target->values + i * size,
                   (const char *) source->values + column_slot(source, places[i].row) * size, size);
    }
}

Batch *row_set_gather(const RowSet *set, const uint32_t *rows, uint32_t count, Arena *arena) {
    Batch *batch = arena_new(arena, Batch);
    RowPlace *places = arena_new_array(arena, RowPlace, count + 1);
    int64_t *weights = NULL;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t found;

        if (rows[i] == ROW_NONE)
            continue;
        found = find_batch(set, rows[i]);
        places[i] = (RowPlace) {set->batches[found], rows[i] - set->first_rows[found]};
        if (set->batches[found]->weights && !weights) {
            weights = arena_new_array(arena, int64_t, count);
            for (uint32_t j = 0; j < count; j++)
                weights[j] = 1;
        }
        if (weights)
            weights[i] = batch_weight(places[i].batch, places[i].row);
    }
    *batch = (Batch) {.row_count = count,
                      .column_count = set->column_count,
                      .columns = arena_new_array(arena, Column, set->column_count + 1),
                      .weights = weights};
    for (uint32_t c = 0; c < set->column_count; c++) {
        batch->columns[c] = column_create(set->types[c], count, arena);
        gather_column(places, count, c, &batch->columns[c], arena);
    }
    return batch;
}

const Batch *row_set_batch_at(const RowSet *set, uint32_t index) {
    return index < set->batch_count ? set->batches[index] : NULL;
}
