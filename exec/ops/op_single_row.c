/* Single row: a scalar subquery's result: its one row, a row of NULLs when there is none, 21000
 * when there are more. Batch queries only. */
#include <assert.h>

#include "exec/operators.h"

typedef struct SingleRowOp {
    Operator base; /* must be first */
    bool has_row;
} SingleRowOp;

static Status single_row_open(Operator *op, const Plan *node, Error *err) {
    if (op->cx->is_stream)
        return error_at(err, node->position, FEATURE_NOT_SUPPORTED,
                        "a scalar subquery in a stream is not supported");
    return STATUS_OK;
}

static Status single_row_push(Operator *op, int port, const Batch *in, Emitter *out, Error *err) {
    SingleRowOp *self = (SingleRowOp *) op;

    assert(port == 0);
    if (self->has_row || batch_active_count(in) > 1)
        return error_set(err, CARDINALITY_VIOLATION,
                         "more than one row returned by a subquery used as an expression");
    self->has_row = true;
    return out->emit(out, in, err);
}

static Status single_row_end_input(Operator *op, int port, Emitter *out, Error *err) {
    SingleRowOp *self = (SingleRowOp *) op;
    Arena *arena = op->cx->batch_arena;
    Batch batch = {.row_count = 1, .column_count = (uint32_t) op->node->column_count};

    if (self->has_row)
        return STATUS_OK;
    batch.columns = arena_new_array(arena, Column, (size_t) batch.column_count + 1);
    for (uint32_t i = 0; i < batch.column_count; i++) {
        Value null = value_null(op->node->columns[i].type);

        batch.columns[i] = column_constant(&null, arena);
    }
    self->has_row = true;
    return out->emit(out, &batch, err);
}

const OpType op_single_row = {
    .name = "single row",
    .kind = PLAN_SINGLE_ROW,
    .size_bytes = sizeof(SingleRowOp),
    .open = single_row_open,
    .push = single_row_push,
    .end_input = single_row_end_input,
};
