/* Limit: the rows from OFFSET on, LIMIT of them.
 *
 * In a stream both count over the stream's life: how many rows have passed is a state row, written
 * back at the end of the epoch. Above an aggregate that gives its whole answer anew each epoch
 * (complete mode) they count anew each epoch. NULL is no limit, as in PostgreSQL. */
#include <assert.h>

#include "exec/operators.h"

typedef struct LimitOp {
    Operator base; /* must be first */
    StateTable *table;
    bool is_started; /* in this epoch */
    int64_t limit;   /* INT64_MAX: none */
    int64_t offset;
    int64_t seen; /* rows so far */
} LimitOp;

static Status limit_open(Operator *op, const Plan *node, Error *err) {
    LimitOp *self = (LimitOp *) op;

    if (!op->cx->is_stream || !node->children[0]->is_append_only)
        return STATUS_OK;
    return state_table_open(op->cx->state, op->id, 0, "limit", 5, &self->table, err);
}

static Status count_of(LimitOp *self, const Expr *expr, const char *what, int64_t fallback,
                       int64_t *ret_count, Error *err) {
    Value value;

    *ret_count = fallback;
    if (!expr)
        return STATUS_OK;
    TRY(expr_evaluate_constant(expr, &self->base.cx->epoch->eval, self->base.cx->arena, &value,
                               err));
    if (value.is_null)
        return STATUS_OK;
    assert(type_physical(value.type.id) == PHYSICAL_INT64);
    if (value.int64 < 0)
        return error_set(err, INVALID_PARAMETER, "%s must not be negative", what);
    *ret_count = value.int64;
    return STATUS_OK;
}

static Status limit_start(LimitOp *self, Error *err) {
    if (self->is_started)
        return STATUS_OK;
    TRY(count_of(self, self->base.node->limit, "LIMIT", INT64_MAX, &self->limit, err));
    TRY(count_of(self, self->base.node->offset, "OFFSET", 0, &self->offset, err));
    self->seen = 0;
    if (self->table) {
        StateBytes seen = state_get(self->table, 0, 0, "", 0);

        if (seen.data && seen.size_bytes == sizeof(self->seen))
            memcpy(&self->seen, seen.data, sizeof(self->seen));
    }
    self->is_started = true;
    return STATUS_OK;
}

static Status limit_push(Operator *op, int port, const Batch *in, Emitter *out, Error *err) {
    LimitOp *self = (LimitOp *) op;
    uint32_t count = batch_active_count(in);
    uint32_t *selection = arena_alloc_raw(op->cx->batch_arena, (count + 1) * sizeof(uint32_t));
    Batch kept = *in;

    assert(port == 0);
    if (in->weights && op->cx->is_stream)
        return error_at(err, op->node->position, FEATURE_NOT_SUPPORTED,
                        "LIMIT over rows that can still change is not supported");
    TRY(limit_start(self, err));
    kept.selection = selection;
    kept.selection_count = 0;
    for (uint32_t i = 0; i < count; i++, self->seen++)
        if (self->seen >= self->offset && self->seen - self->offset < self->limit)
            selection[kept.selection_count++] = batch_active_row(in, i);
    TRY(out->emit(out, &kept, err));
    return self->seen - self->offset >= self->limit ? STATUS_STOP : STATUS_OK;
}

static Status limit_end_epoch(Operator *op, const Epoch *epoch, Emitter *out, Error *err) {
    LimitOp *self = (LimitOp *) op;
    bool was_started = self->is_started;

    self->is_started = false;
    if (!self->table || !was_started)
        return STATUS_OK;
    return state_put(self->table, 0, 0, "", 0, &self->seen, sizeof(self->seen), err);
}

static void limit_abort(Operator *op) {
    ((LimitOp *) op)->is_started = false;
}

const OpType op_limit = {
    .name = "limit",
    .kind = PLAN_LIMIT,
    .size_bytes = sizeof(LimitOp),
    .open = limit_open,
    .push = limit_push,
    .end_epoch = limit_end_epoch,
    .abort = limit_abort,
};
