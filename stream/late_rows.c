#include "stream/late_rows.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "types/row.h"

typedef struct KeptRow {
    int64_t event_time_us;
    const uint8_t *bytes; /* value form of the columns */
    size_t size_bytes;
} KeptRow;

struct LateRows {
    MemoryAccount *account;
    SqlType *types;
    uint32_t column_count;
    Arena *arena; /* of the epoch's rows */
    Arena *batch_arena;
    KeptRow *rows;
    size_t count, capacity;
    int64_t reserved_bytes;
    StrBuf scratch;
    bool has_failed; /* a row could not be kept */
    Error failure;
};

LateRows *late_rows_create(const SqlType *types, uint32_t column_count, MemoryAccount *account) {
    LateRows *rows = memory_zalloc(sizeof(*rows));

    rows->account = account;
    rows->column_count = column_count;
    rows->types = memory_alloc(sizeof(SqlType) * (column_count + 1));
    memcpy(rows->types, types, sizeof(SqlType) * column_count);
    rows->arena = arena_create("late rows", 0);
    rows->batch_arena = arena_create("late row batch", 0);
    return rows;
}

void late_rows_clear(LateRows *rows) {
    memory_release(rows->account, rows->reserved_bytes);
    memory_free(rows->rows);
    rows->rows = NULL;
    rows->count = rows->capacity = 0;
    rows->reserved_bytes = 0;
    rows->has_failed = false;
    arena_reset(rows->arena);
}

LateRows *late_rows_destroy(LateRows *rows) {
    if (rows) {
        late_rows_clear(rows);
        strbuf_done(&rows->scratch);
        memory_free(rows->types);
        arena_destroy(rows->arena);
        arena_destroy(rows->batch_arena);
        memory_free(rows);
    }
    return NULL;
}

/* -------- taking them -------- */

static Status reserve(LateRows *rows, Error *err) {
    int64_t size_bytes = (int64_t) (2 * sizeof(KeptRow) + rows->scratch.length);

    TRY(memory_reserve(rows->account, size_bytes, err));
    rows->reserved_bytes += size_bytes;
    return STATUS_OK;
}

void late_rows_add(LateRows *rows, const Batch *batch, const int *columns, uint32_t row,
                   int64_t event_time_us) {
    strbuf_clear(&rows->scratch);
    for (uint32_t i = 0; i < rows->column_count; i++)
        row_append_value(&rows->scratch, &batch->columns[columns[i]], row);
    if (rows->has_failed || reserve(rows, &rows->failure) != STATUS_OK) {
        rows->has_failed = true;
        return;
    }
    if (rows->count == rows->capacity) {
        rows->capacity = rows->capacity ? 2 * rows->capacity : 64;
        rows->rows = memory_realloc(rows->rows, rows->capacity * sizeof(KeptRow));
    }
    rows->rows[rows->count++] = (KeptRow) {
        event_time_us, arena_memdup(rows->arena, strbuf_text(&rows->scratch), rows->scratch.length),
        rows->scratch.length};
}

/* -------- giving them -------- */

static int compare_rows(const void *left, const void *right) {
    const KeptRow *a = left;
    const KeptRow *b = right;
    size_t common = a->size_bytes < b->size_bytes ? a->size_bytes : b->size_bytes;
    int order = (a->event_time_us > b->event_time_us) - (a->event_time_us < b->event_time_us);

    if (order == 0)
        order = memcmp(a->bytes, b->bytes, common);
    return order ? order : (a->size_bytes > b->size_bytes) - (a->size_bytes < b->size_bytes);
}

static Batch *begin_batch(LateRows *rows) {
    Batch *batch;

    arena_reset(rows->batch_arena);
    batch = arena_new(rows->batch_arena, Batch);
    batch->column_count = rows->column_count;
    batch->columns = arena_new_array(rows->batch_arena, Column, rows->column_count);
    for (uint32_t i = 0; i < rows->column_count; i++)
        batch->columns[i] = column_create(rows->types[i], LIMIT_BATCH_ROWS, rows->batch_arena);
    return batch;
}

static void put_row(LateRows *rows, const KeptRow *row, Batch *batch) {
    const uint8_t *cursor = row->bytes;

    for (uint32_t i = 0; i < rows->column_count; i++) {
        bool is_read = row_read_value(&cursor, row->bytes + row->size_bytes, &batch->columns[i],
                                      batch->row_count, LIMIT_BATCH_ROWS, rows->batch_arena);

        assert(is_read); /* we wrote it */
    }
    batch->row_count++;
}

Status late_rows_give(LateRows *rows, LateRowsReceive receive, void *data, Error *err) {
    Batch *batch = NULL;

    if (rows->has_failed) {
        *err = rows->failure;
        return STATUS_ERROR;
    }
    if (rows->count > 0)
        qsort(rows->rows, rows->count, sizeof(KeptRow), compare_rows);
    for (size_t i = 0; i < rows->count; i++) {
        if (!batch)
            batch = begin_batch(rows);
        put_row(rows, &rows->rows[i], batch);
        if (batch->row_count == LIMIT_BATCH_ROWS) {
            TRY(receive(data, batch, err));
            batch = NULL;
        }
    }
    return batch ? receive(data, batch, err) : STATUS_OK;
}
