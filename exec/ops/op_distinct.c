/* Distinct: the first row of each key, as soon as it comes.
 *
 * Batch queries remember keys in memory. In a stream a state row a key holds how many rows it has:
 * the first lets its row out, the last retraction takes it back (only where the key is the whole
 * row). With the event time among the keys, late rows are dropped and keys are forgotten as groups
 * are. WITHIN WATERMARK forgets a key when its first arrival's event time + delay <= the watermark:
 * table 1 lists the keys by that time. */
#include <assert.h>

#include "exec/binding.h"
#include "exec/key_table.h"
#include "exec/operators.h"

enum { TABLE_KEYS = 0, TABLE_EXPIRY = 1 };

typedef struct DistinctOp {
    Operator base; /* must be first */
    SqlType *key_types;
    uint32_t *key_columns;
    uint32_t key_count;
    KeyTable *seen; /* batch */
    StateTable *keys;
    StateTable *expiry; /* WITHIN WATERMARK */
    int time_column;    /* of the input; -1: none, nothing is late */
    TimeRole time_role;
    int64_t close_offset_us;
    int64_t delay_us;
    int64_t late_below;
    int64_t close_below;
    const Epoch *epoch; /* whose watermarks those are */
    StrBuf key;
} DistinctOp;

static int64_t scan_delay(const Plan *node) {
    int64_t delay_us =
        node->kind == PLAN_SCAN && node->watermark_column ? node->watermark_delay_us : 0;

    for (int i = 0; i < node->child_count; i++) {
        int64_t below_us = scan_delay(node->children[i]);

        delay_us = below_us > delay_us ? below_us : delay_us;
    }
    return delay_us;
}

static void find_time(DistinctOp *self, const Plan *node) {
    const Plan *child = node->children[0];

    self->time_column = -1;
    for (int i = 0; i < child->column_count && node->is_within_watermark; i++)
        if (child->columns[i].role == TIME_EVENT) {
            self->time_column = i;
            self->time_role = TIME_EVENT;
            self->delay_us = scan_delay(node);
            return;
        }
    for (uint32_t i = 0; i < self->key_count && !node->is_within_watermark; i++) {
        const PlanColumn *column = &child->columns[self->key_columns[i]];

        if (column->role == TIME_NONE || (self->time_column >= 0 && column->role != TIME_EVENT))
            continue;
        self->time_column = (int) self->key_columns[i];
        self->time_role = column->role;
        self->close_offset_us = column->close_offset_us;
    }
}

static Status open_tables(DistinctOp *self, Error *err) {
    OperatorContext *cx = self->base.cx;
    StrBuf schema = {0};
    Status status;

    strbuf_printf(&schema, "distinct 1 %d", ROW_LAYOUT_VERSION);
    for (uint32_t i = 0; i < self->key_count; i++)
        strbuf_printf(&schema, " %u", type_oid(self->key_types[i]));
    status = state_table_open(cx->state, self->base.id, TABLE_KEYS, schema.data, schema.length,
                              &self->keys, err);
    if (status == STATUS_OK && self->base.node->is_within_watermark)
        status = state_table_open(cx->state, self->base.id, TABLE_EXPIRY, schema.data,
                                  schema.length, &self->expiry, err);
    strbuf_done(&schema);
    return status;
}

static Status distinct_open(Operator *op, const Plan *node, Error *err) {
    DistinctOp *self = (DistinctOp *) op;
    const Plan *child = node->children[0];

    self->key_count = (uint32_t) node->keys.count;
    TRY(binding_columns(child, node->keys, op->cx->arena, &self->key_columns, err));
    self->key_types = arena_new_array(op->cx->arena, SqlType, self->key_count + 1);
    for (uint32_t i = 0; i < self->key_count; i++)
        self->key_types[i] = child->columns[self->key_columns[i]].type;
    find_time(self, node);
    if (!op->cx->is_stream) {
        self->seen = key_table_create(self->key_types, self->key_count, 0, op->cx->account);
        return STATUS_OK;
    }
    if (!child->is_append_only &&
        (self->key_count < (uint32_t) child->column_count || node->is_within_watermark))
        return error_at(err, node->position, FEATURE_NOT_SUPPORTED,
                        "DISTINCT ON over rows that can still change is not supported");
    return open_tables(self, err);
}

static Batch key_view(const DistinctOp *self, const Batch *in) {
    Batch view = *in;

    view.column_count = self->key_count;
    view.columns = arena_new_array(self->base.cx->batch_arena, Column, self->key_count + 1);
    for (uint32_t i = 0; i < self->key_count; i++)
        view.columns[i] = in->columns[self->key_columns[i]];
    return view;
}

static uint64_t *hash_rows(const DistinctOp *self, const Batch *in) {
    uint64_t *hashes =
        arena_alloc_raw(self->base.cx->batch_arena, (in->row_count + 1) * sizeof(uint64_t));

    batch_hash_columns(in, self->key_columns, self->key_count, hashes);
    return hashes;
}

/* -------- batch -------- */

static Status select_first(DistinctOp *self, const Batch *in, uint32_t *selection,
                           uint32_t *ret_count, Error *err) {
    Arena *arena = self->base.cx->batch_arena;
    uint32_t count = batch_active_count(in);
    uint32_t *rows = arena_alloc_raw(arena, (count + 1) * sizeof(uint32_t));
    uint32_t *ids = arena_alloc_raw(arena, (count + 1) * sizeof(uint32_t));
    uint32_t next = key_table_count(self->seen);
    Batch view = key_view(self, in);
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++)
        rows[i] = batch_active_row(in, i);
    TRY(key_table_insert(self->seen,
                         &(KeyRows) {.keys = &view,
                                     .hashes = hash_rows(self, in),
                                     .rows = rows,
                                     .count = count,
                                     .arena = arena},
                         ids, err));
    /* Numbers are given in order of first arrival. */
    for (uint32_t i = 0; i < count; i++)
        if (ids[i] == next) {
            selection[kept++] = rows[i];
            next++;
        }
    assert(next == key_table_count(self->seen));
    *ret_count = kept;
    return STATUS_OK;
}

/* -------- streams -------- */

static void read_watermarks(DistinctOp *self) {
    if (self->epoch == self->base.cx->epoch)
        return;
    self->epoch = self->base.cx->epoch;
    operator_watermarks(self->base.node, self->epoch, &self->late_below, &self->close_below);
}

/* When the row's key closes; INT64_MAX: never. */
static int64_t close_time(const DistinctOp *self, const Batch *in, uint32_t row) {
    const Column *time;
    int64_t close_us;

    if (self->time_column < 0)
        return INT64_MAX;
    time = &in->columns[self->time_column];
    if (column_is_null(time, row))
        return INT64_MAX;
    if (type_physical(time->type.id) == PHYSICAL_INT32)
        close_us = COLUMN_VALUE(time, int32_t, row) * (int64_t) 86400000000;
    else
        close_us = COLUMN_VALUE(time, int64_t, row);
    if (__builtin_add_overflow(close_us, self->close_offset_us, &close_us))
        return INT64_MAX;
    return close_us;
}

static bool drop_when_late(DistinctOp *self, const Batch *in, uint32_t row, int64_t close_us) {
    LateJudge judge = {self->time_role, self->close_offset_us, self->late_below};

    if (close_us == INT64_MAX || close_us > self->late_below)
        return false;
    operator_count_late(&self->base, in, row, close_us - self->close_offset_us, &judge);
    return true;
}

/* Count the row in its key's state; *ret_passes: the key came or went. */
static Status count_key(DistinctOp *self, uint64_t hash, int64_t slice, int64_t weight,
                        bool *ret_passes, Error *err) {
    OperatorContext *cx = self->base.cx;
    int partition = cx->partition >= 0 ? cx->partition
                                       : state_partition_of(hash, state_partition_count(cx->state));
    StateBytes stored =
        state_get_sliced(self->keys, partition, slice, hash, self->key.data, self->key.length);
    int64_t before = 0;
    int64_t after;

    if (stored.data && stored.size_bytes == sizeof(before))
        memcpy(&before, stored.data, sizeof(before));
    after = before + weight;
    *ret_passes = (before > 0) != (after > 0);
    if (after <= 0)
        return state_remove_sliced(self->keys, partition, slice, hash, self->key.data,
                                   self->key.length, err);
    if (before > 0 && self->base.node->children[0]->is_append_only)
        return STATUS_OK; /* nobody will ask how many */
    return state_put_sliced(self->keys, partition, slice, hash, self->key.data, self->key.length,
                            &after, sizeof(after), err);
}

static Status remember_expiry(DistinctOp *self, uint64_t hash, int64_t time_us, Error *err) {
    int partition = state_partition_of(hash, state_partition_count(self->base.cx->state));
    int64_t expiry_us;

    if (time_us == INT64_MAX || __builtin_add_overflow(time_us, self->delay_us, &expiry_us))
        return STATUS_OK;
    return state_put_sliced(self->expiry, partition, expiry_us, hash, self->key.data,
                            self->key.length, &hash, sizeof(hash), err);
}

static Status select_changed(DistinctOp *self, const Batch *in, uint32_t *selection,
                             uint32_t *ret_count, Error *err) {
    const uint64_t *hashes = hash_rows(self, in);
    uint32_t kept = 0;

    read_watermarks(self);
    for (uint32_t i = 0; i < batch_active_count(in); i++) {
        uint32_t row = batch_active_row(in, i);
        int64_t close_us = close_time(self, in, row);
        int64_t slice = self->expiry || self->time_column < 0 ? INT64_MIN : close_us;
        bool passes = false;

        if (drop_when_late(self, in, row, close_us))
            continue;
        strbuf_clear(&self->key);
        for (uint32_t k = 0; k < self->key_count; k++)
            row_append_key(&self->key, &in->columns[self->key_columns[k]], row);
        TRY(count_key(self, hashes[row], slice, batch_weight(in, row), &passes, err));
        if (!passes)
            continue;
        if (self->expiry)
            TRY(remember_expiry(self, hashes[row], close_us, err));
        selection[kept++] = row;
    }
    *ret_count = kept;
    return STATUS_OK;
}

static Status distinct_push(Operator *op, int port, const Batch *in, Emitter *out, Error *err) {
    DistinctOp *self = (DistinctOp *) op;
    uint32_t *selection =
        arena_alloc_raw(op->cx->batch_arena, (in->row_count + 1) * sizeof(uint32_t));
    Batch kept = *in;

    assert(port == 0);
    if (self->seen)
        TRY(select_first(self, in, selection, &kept.selection_count, err));
    else
        TRY(select_changed(self, in, selection, &kept.selection_count, err));
    kept.selection = selection;
    return out->emit(out, &kept, err);
}

/* -------- the end of an epoch -------- */

typedef struct Forget {
    DistinctOp *self;
    int partition;
} Forget;

static Status forget_key(void *data, int64_t slice, StateBytes key, StateBytes value, Error *err) {
    Forget *forget = data;
    uint64_t hash;

    if (value.size_bytes != sizeof(hash))
        return error_set(err, DATA_CORRUPTED, "a key of operator %016llx is damaged",
                         (unsigned long long) forget->self->base.id);
    memcpy(&hash, value.data, sizeof(hash));
    return state_remove(forget->self->keys, forget->partition, hash, key.data, key.size_bytes, err);
}

static Status drop_closed(DistinctOp *self, int partition, Error *err) {
    StateTable *sliced = self->expiry ? self->expiry : self->keys;
    Forget forget = {self, partition};
    int64_t slice;

    while (state_first_slice(sliced, partition, &slice) && slice <= self->close_below) {
        if (self->expiry)
            TRY(state_visit_slice(sliced, partition, slice, forget_key, &forget, err));
        TRY(state_drop_slice(sliced, partition, slice, err));
    }
    return STATUS_OK;
}

static Status distinct_end_epoch(Operator *op, const Epoch *epoch, Emitter *out, Error *err) {
    DistinctOp *self = (DistinctOp *) op;

    if (self->seen || self->time_column < 0)
        return STATUS_OK;
    read_watermarks(self);
    for (int p = 0; p < state_partition_count(op->cx->state); p++)
        if (op->cx->partition < 0 || p == op->cx->partition)
            TRY(drop_closed(self, p, err));
    self->epoch = NULL;
    return STATUS_OK;
}

static void distinct_abort(Operator *op) {
    ((DistinctOp *) op)->epoch = NULL;
}

static void distinct_close(Operator *op) {
    DistinctOp *self = (DistinctOp *) op;

    self->seen = key_table_destroy(self->seen);
    strbuf_done(&self->key);
}

const OpType op_distinct = {
    .name = "distinct",
    .kind = PLAN_DISTINCT,
    .size_bytes = sizeof(DistinctOp),
    .open = distinct_open,
    .push = distinct_push,
    .end_epoch = distinct_end_epoch,
    .abort = distinct_abort,
    .close = distinct_close,
};
