#include "stream/error_rows.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/utf8.h"

typedef struct KeptRow {
    ErrorRow given; /* strings in the arena */
    SqlState sqlstate;
    const char *column_name, *message, *bytes;
    uint32_t length;
    int64_t offset;
} KeptRow;

struct ErrorRows {
    MemoryAccount *account;
    Arena *arena; /* of the epoch's rows */
    Arena *batch_arena;
    KeptRow **rows;
    size_t count, capacity;
    int64_t reserved_bytes;
    bool is_sorted;
    bool has_failed; /* a row could not be kept */
    Error failure;
};

ErrorRows *error_rows_create(MemoryAccount *account) {
    ErrorRows *rows = memory_zalloc(sizeof(*rows));

    rows->account = account;
    rows->arena = arena_create("error rows", 0);
    rows->batch_arena = arena_create("error row batch", 0);
    return rows;
}

void error_rows_clear(ErrorRows *rows) {
    memory_release(rows->account, rows->reserved_bytes);
    memory_free(rows->rows);
    rows->rows = NULL;
    rows->count = rows->capacity = 0;
    rows->reserved_bytes = 0;
    rows->is_sorted = rows->has_failed = false;
    arena_reset(rows->arena);
}

ErrorRows *error_rows_destroy(ErrorRows *rows) {
    if (rows) {
        error_rows_clear(rows);
        arena_destroy(rows->arena);
        arena_destroy(rows->batch_arena);
        memory_free(rows);
    }
    return NULL;
}

/* -------- taking them -------- */

static Status reserve(ErrorRows *rows, const ErrorRow *row, Error *err) {
    int64_t size_bytes = (int64_t) (sizeof(KeptRow) + sizeof(KeptRow *) + strlen(row->position) +
                                    strlen(row->bad->message) + row->record->length +
                                    (row->bad->column_name ? strlen(row->bad->column_name) : 0) +
                                    4 * sizeof(int64_t));

    TRY(memory_reserve(rows->account, size_bytes, err));
    rows->reserved_bytes += size_bytes;
    return STATUS_OK;
}

void error_rows_add(ErrorRows *rows, const ErrorRow *row) {
    const BadRecord *bad = row->bad;
    KeptRow *kept;

    assert(!rows->is_sorted);
    if (rows->has_failed || reserve(rows, row, &rows->failure) != STATUS_OK) {
        rows->has_failed = true;
        return;
    }
    kept = arena_new(rows->arena, KeptRow);
    *kept = (KeptRow) {
        .given = *row,
        .sqlstate = bad->sqlstate,
        .column_name = bad->column_name ? arena_strdup(rows->arena, bad->column_name) : NULL,
        .message = arena_strdup(rows->arena, bad->message),
        .bytes = arena_memdup(rows->arena, row->record->data, row->record->length),
        .length = row->record->length,
        .offset = row->record->offset,
    };
    kept->given.position = arena_strdup(rows->arena, row->position);
    if (rows->count == rows->capacity) {
        rows->capacity = rows->capacity ? 2 * rows->capacity : 64;
        rows->rows = memory_realloc(rows->rows, rows->capacity * sizeof(KeptRow *));
    }
    rows->rows[rows->count++] = kept;
}

/* -------- giving them -------- */

static int compare_rows(const void *left, const void *right) {
    const KeptRow *a = *(KeptRow *const *) left;
    const KeptRow *b = *(KeptRow *const *) right;

    if (a->given.scan != b->given.scan)
        return a->given.scan < b->given.scan ? -1 : 1;
    if (a->given.partition != b->given.partition)
        return a->given.partition < b->given.partition ? -1 : 1;
    return (a->offset > b->offset) - (a->offset < b->offset);
}

static Value text_or_null(const char *text) {
    return text ? value_text(SQL_TYPE(TEXT), text, strlen(text)) : value_null(SQL_TYPE(TEXT));
}

static bool is_text(const KeptRow *row) {
    return utf8_is_valid(row->bytes, row->bytes + row->length) &&
           !memchr(row->bytes, '\0', row->length);
}

static void fill_row(const KeptRow *row, const ErrorRowsEpoch *epoch, Value *values) {
    bool has_text = is_text(row);

    values[ERROR_ROW_STREAM] = text_or_null(epoch->stream_name);
    values[ERROR_ROW_SOURCE] = text_or_null(row->given.source);
    values[ERROR_ROW_PARTITION] = value_int4(row->given.partition);
    values[ERROR_ROW_POSITION] = text_or_null(row->given.position);
    values[ERROR_ROW_COLUMN_NAME] = text_or_null(row->column_name);
    values[ERROR_ROW_SQLSTATE] = text_or_null(sqlstate_code(row->sqlstate));
    values[ERROR_ROW_MESSAGE] = text_or_null(row->message);
    values[ERROR_ROW_AT] = (Value) {.type = SQL_TYPE(TIMESTAMPTZ), .int64 = epoch->wall_us};
    values[ERROR_ROW_RECORD] =
        has_text ? value_text(SQL_TYPE(TEXT), row->bytes, row->length) : value_null(SQL_TYPE(TEXT));
    values[ERROR_ROW_RECORD_BYTES] = has_text
                                         ? value_null(SQL_TYPE(BYTEA))
                                         : value_text(SQL_TYPE(BYTEA), row->bytes, row->length);
}

static Batch *begin_batch(ErrorRows *rows) {
    Batch *batch;

    arena_reset(rows->batch_arena);
    batch = arena_new(rows->batch_arena, Batch);
    batch->column_count = ERROR_ROW_COLUMN_COUNT;
    batch->columns = arena_new_array(rows->batch_arena, Column, ERROR_ROW_COLUMN_COUNT);
    for (int i = 0; i < ERROR_ROW_COLUMN_COUNT; i++)
        batch->columns[i] =
            column_create(error_row_columns[i].type, LIMIT_BATCH_ROWS, rows->batch_arena);
    return batch;
}

Status error_rows_give(ErrorRows *rows, int sink, const ErrorRowsEpoch *epoch,
                       ErrorRowsReceive receive, void *data, Error *err) {
    Batch *batch = NULL;

    if (rows->has_failed) {
        *err = rows->failure;
        return STATUS_ERROR;
    }
    if (!rows->is_sorted && rows->count > 0)
        qsort(rows->rows, rows->count, sizeof(KeptRow *), compare_rows);
    rows->is_sorted = true;
    for (size_t i = 0; i < rows->count; i++) {
        Value values[ERROR_ROW_COLUMN_COUNT];

        if (rows->rows[i]->given.sink != sink)
            continue;
        if (!batch)
            batch = begin_batch(rows);
        fill_row(rows->rows[i], epoch, values);
        for (int column = 0; column < ERROR_ROW_COLUMN_COUNT; column++)
            column_put(&batch->columns[column], batch->row_count, &values[column], LIMIT_BATCH_ROWS,
                       rows->batch_arena);
        if (++batch->row_count == LIMIT_BATCH_ROWS) {
            TRY(receive(data, batch, err));
            batch = NULL;
        }
    }
    return batch ? receive(data, batch, err) : STATUS_OK;
}
