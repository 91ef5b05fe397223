/* Sort: rows in order; with top_n, the first of them.
 *
 * Rows are kept in memory with their sort keys as bytes, whose memcmp order is SQL's; ties break by
 * the whole row, so that the answer does not depend on how the input was cut. With top_n rows that
 * can't be among the first are thrown away whenever four times as many have come. In a stream each
 * epoch's rows are sorted for themselves: the whole answer in complete mode. */
#include <assert.h>
#include <stdlib.h>

#include "exec/binding.h"
#include "exec/operators.h"
#include "exec/row_set.h"
#include "types/row.h"

enum { PRUNE_ROWS_MIN = 4096 };

typedef struct SortRow {
    uint64_t prefix; /* of the key, big-endian: most comparisons end here */
    const char *key;
    uint32_t size;
    uint32_t row;
} SortRow;

typedef struct SortOp {
    Operator base; /* must be first */
    SqlType *types;
    uint32_t *key_columns;
    RowSet *rows;
    SortRow *order;
    uint32_t count;
    uint32_t capacity;
    Arena *keys; /* the sort keys' bytes */
    int64_t reserved_bytes;
    StrBuf scratch;
    bool is_sorted;
    uint32_t next;
} SortOp;

static Status sort_open(Operator *op, const Plan *node, Error *err) {
    SortOp *self = (SortOp *) op;
    Arena *arena = op->cx->arena;
    int index;

    self->types = binding_types(node, arena);
    self->key_columns = arena_new_array(arena, uint32_t, (size_t) node->sort_key_count + 1);
    for (int i = 0; i < node->sort_key_count; i++) {
        TRY(binding_column(node->children[0], node->sort_keys[i].column, &index, err));
        self->key_columns[i] = (uint32_t) index;
    }
    self->rows = row_set_create(self->types, (uint32_t) node->column_count, op->cx->account);
    return STATUS_OK;
}

/* -------- order -------- */

static int compare_rows(const SortOp *self, uint32_t left, uint32_t right) {
    for (int c = 0; c < self->base.node->column_count; c++) {
        Value left_value = row_set_value(self->rows, left, (uint32_t) c);
        Value right_value = row_set_value(self->rows, right, (uint32_t) c);
        int order = value_compare(&left_value, &right_value);

        if (order)
            return order;
    }
    return (left > right) - (left < right);
}

static int compare_sort_rows(const void *left_row, const void *right_row, void *data) {
    const SortRow *left = left_row;
    const SortRow *right = right_row;
    size_t common = left->size < right->size ? left->size : right->size;
    int order;

    if (left->prefix != right->prefix)
        return left->prefix < right->prefix ? -1 : 1;
    order = memcmp(left->key, right->key, common);
    if (order)
        return order;
    if (left->size != right->size)
        return left->size < right->size ? -1 : 1;
    return compare_rows(data, left->row, right->row);
}

static uint64_t key_prefix(const char *key, size_t size) {
    uint64_t prefix = 0;

    memcpy(&prefix, key, size < sizeof(prefix) ? size : sizeof(prefix));
    return __builtin_bswap64(prefix);
}

static void sort_rows(SortOp *self) {
    if (self->count > 1)
        qsort_r(self->order, self->count, sizeof(*self->order), compare_sort_rows, self);
}

/* -------- taking rows -------- */

static Status account_keys(SortOp *self, Error *err) {
    int64_t used = (int64_t) (self->capacity * sizeof(SortRow));

    used += self->keys ? (int64_t) arena_used_bytes(self->keys) : 0;
    if (used <= self->reserved_bytes)
        return STATUS_OK;
    TRY(memory_reserve(self->base.cx->account, used - self->reserved_bytes, err));
    self->reserved_bytes = used;
    return STATUS_OK;
}

static void add_key(SortOp *self, const Batch *in, uint32_t row) {
    const Plan *node = self->base.node;
    SortRow *sorted;

    strbuf_clear(&self->scratch);
    for (int i = 0; i < node->sort_key_count; i++)
        row_append_sort_key(&self->scratch, &in->columns[self->key_columns[i]], row,
                            node->sort_keys[i].is_descending, node->sort_keys[i].nulls_first);
    if (self->count == self->capacity) {
        self->capacity = self->capacity ? 2 * self->capacity : 256;
        self->order = memory_realloc(self->order, self->capacity * sizeof(*self->order));
    }
    sorted = &self->order[self->count];
    sorted->size = (uint32_t) self->scratch.length;
    sorted->key = arena_memdup(self->keys, strbuf_text(&self->scratch), self->scratch.length);
    sorted->prefix = key_prefix(sorted->key, sorted->size);
    sorted->row = self->count++;
}

static void clear(SortOp *self) {
    if (self->rows)
        row_set_clear(self->rows);
    memory_release(self->base.cx->account, self->reserved_bytes);
    self->reserved_bytes = 0;
    self->keys = arena_destroy(self->keys);
    memory_free(self->order);
    self->order = NULL;
    self->count = self->capacity = self->next = 0;
    self->is_sorted = false;
}

static Status take_rows(SortOp *self, const Batch *in, Error *err) {
    assert(!self->is_sorted);
    if (!self->keys)
        self->keys = arena_create("sort keys", 0);
    TRY(row_set_append(self->rows, in, err));
    for (uint32_t i = 0; i < batch_active_count(in); i++)
        add_key(self, in, batch_active_row(in, i));
    return account_keys(self, err);
}

/* Keep the first top_n rows only, in new memory. */
static Status prune(SortOp *self, Error *err) {
    SortOp old = *self;
    uint32_t kept = (uint32_t) self->base.node->top_n;
    Status status = STATUS_OK;

    sort_rows(self);
    old = *self;
    self->rows = row_set_create(self->types, (uint32_t) self->base.node->column_count,
                                self->base.cx->account);
    self->order = NULL;
    self->keys = NULL;
    self->reserved_bytes = 0;
    self->count = self->capacity = 0;
    for (uint32_t first = 0; first < kept && status == STATUS_OK; first += LIMIT_BATCH_ROWS) {
        uint32_t count = kept - first < LIMIT_BATCH_ROWS ? kept - first : LIMIT_BATCH_ROWS;
        uint32_t *rows = arena_new_array(self->base.cx->batch_arena, uint32_t, count);

        for (uint32_t i = 0; i < count; i++)
            rows[i] = old.order[first + i].row;
        status =
            take_rows(self, row_set_gather(old.rows, rows, count, self->base.cx->batch_arena), err);
    }
    clear(&old);
    (void) row_set_destroy(old.rows);
    return status;
}

static Status sort_push(Operator *op, int port, const Batch *in, Emitter *out, Error *err) {
    SortOp *self = (SortOp *) op;
    int64_t top_n = op->node->top_n;

    assert(port == 0);
    if (in->weights && op->cx->is_stream)
        return error_at(err, op->node->position, FEATURE_NOT_SUPPORTED,
                        "ORDER BY over rows that can still change is not supported");
    if (top_n == 0)
        return STATUS_STOP;
    TRY(take_rows(self, in, err));
    if (top_n > 0 && self->count >= PRUNE_ROWS_MIN && self->count / 4 >= top_n)
        return prune(self, err);
    return STATUS_OK;
}

/* -------- giving them -------- */

static Status sort_end_epoch(Operator *op, const Epoch *epoch, Emitter *out, Error *err) {
    SortOp *self = (SortOp *) op;
    uint32_t total = self->count;
    uint32_t *rows;
    uint32_t count;
    Status status;

    if (!self->is_sorted)
        sort_rows(self);
    self->is_sorted = true;
    if (op->node->top_n >= 0 && total > op->node->top_n)
        total = (uint32_t) op->node->top_n;
    count = total - self->next < LIMIT_BATCH_ROWS ? total - self->next : LIMIT_BATCH_ROWS;
    rows = arena_new_array(op->cx->batch_arena, uint32_t, count + 1);
    for (uint32_t i = 0; i < count; i++)
        rows[i] = self->order[self->next + i].row;
    self->next += count;
    status = out->emit(out, row_set_gather(self->rows, rows, count, op->cx->batch_arena), err);
    if (status == STATUS_OK && self->next < total)
        return STATUS_MORE;
    clear(self);
    return status;
}

static void sort_abort(Operator *op) {
    clear((SortOp *) op);
}

static void sort_close(Operator *op) {
    SortOp *self = (SortOp *) op;

    clear(self);
    self->rows = row_set_destroy(self->rows);
    strbuf_done(&self->scratch);
}

const OpType op_sort = {
    .name = "sort",
    .kind = PLAN_SORT,
    .size_bytes = sizeof(SortOp),
    .open = sort_open,
    .push = sort_push,
    .end_epoch = sort_end_epoch,
    .abort = sort_abort,
    .close = sort_close,
};
