/* Function scan: the rows of a set-returning function in FROM.
 *
 * The arguments are constants of the statement; rows are made a batch at a time, so that a long
 * series takes no memory. */
#include <assert.h>

#include "exec/operators.h"
#include "exec/set_rows.h"

typedef struct FunctionScanOp {
    Operator base; /* must be first */
    SetRows rows;
    bool is_started;
} FunctionScanOp;

static Status function_scan_open(Operator *op, const Plan *node, Error *err) {
    FunctionScanOp *self = (FunctionScanOp *) op;

    assert(node->exprs.count == 1);
    return set_rows_open(&self->rows, node->exprs.items[0], op->cx, node->position, err);
}

static Status start(FunctionScanOp *self, Error *err) {
    const Expr *call = self->base.node->exprs.items[0];

    self->is_started = true;
    for (int i = 0; i < call->argument_count; i++)
        TRY(expr_evaluate_constant(call->arguments[i], &self->base.cx->epoch->eval,
                                   self->base.cx->arena, &self->rows.arguments[i], err));
    return set_rows_start(&self->rows, err);
}

static Status function_scan_produce(Operator *op, Emitter *out, Error *err) {
    FunctionScanOp *self = (FunctionScanOp *) op;
    uint32_t column_count = (uint32_t) op->node->column_count;
    Column *columns = arena_new_array(op->cx->batch_arena, Column, column_count);
    Batch batch = {.column_count = column_count, .columns = columns};

    if (!self->is_started)
        TRY(start(self, err));
    if (self->rows.is_done)
        return STATUS_OK;
    for (uint32_t i = 0; i < column_count; i++)
        columns[i] =
            column_create(op->node->columns[i].type, LIMIT_BATCH_ROWS, op->cx->batch_arena);
    TRY(set_rows_fill(&self->rows, columns, (SetSlots) {0, LIMIT_BATCH_ROWS, LIMIT_BATCH_ROWS},
                      &batch.row_count, err));
    TRY(out->emit(out, &batch, err));
    return self->rows.is_done ? STATUS_OK : STATUS_MORE;
}

static void function_scan_close(Operator *op) {
    set_rows_done(&((FunctionScanOp *) op)->rows);
}

const OpType op_function_scan = {
    .name = "function scan",
    .kind = PLAN_FUNCTION_SCAN,
    .size_bytes = sizeof(FunctionScanOp),
    .open = function_scan_open,
    .produce = function_scan_produce,
    .close = function_scan_close,
};
