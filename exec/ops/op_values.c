/* Values: constant rows. A row without columns (SELECT 1 has no FROM) is a batch with a row count.
 *
 * In a stream the rows belong to its first epoch: a state row tells whether they have been given.
 */
#include <assert.h>

#include "exec/operators.h"

typedef struct ValuesOp {
    Operator base; /* must be first */
    int next_row;
    StateTable *given;
} ValuesOp;

static Status values_open(Operator *op, const Plan *node, Error *err) {
    ValuesOp *self = (ValuesOp *) op;

    assert(node->exprs.count == node->row_count * node->column_count);
    if (!op->cx->is_stream)
        return STATUS_OK;
    return state_table_open(op->cx->state, op->id, 0, "values", 6, &self->given, err);
}

/* Has an earlier epoch given them? If not, this one does. */
static Status values_claim(ValuesOp *self, bool *ret_is_ours, Error *err) {
    if (self->given && state_get(self->given, 0, 0, "", 0).data) {
        *ret_is_ours = false;
        return STATUS_OK;
    }
    *ret_is_ours = true;
    return self->given ? state_put(self->given, 0, 0, "", 0, "", 0, err) : STATUS_OK;
}

static Status values_column(Operator *op, int column, int first_row, uint32_t row_count,
                            Column *ret_column, Error *err) {
    const Plan *node = op->node;
    Arena *arena = op->cx->batch_arena;

    *ret_column = column_create(node->columns[column].type, row_count, arena);
    for (uint32_t row = 0; row < row_count; row++) {
        int place = (first_row + (int) row) * node->column_count + column;
        const Expr *expr = node->exprs.items[place];
        Value value = expr->constant;

        if (expr->kind != EXPR_CONSTANT)
            TRY(expr_evaluate_constant(expr, &op->cx->epoch->eval, arena, &value, err));
        column_put(ret_column, row, &value, row_count, arena);
    }
    return STATUS_OK;
}

static Status values_produce(Operator *op, Emitter *out, Error *err) {
    ValuesOp *self = (ValuesOp *) op;
    const Plan *node = op->node;
    int rest = node->row_count - self->next_row;
    uint32_t row_count = rest > LIMIT_BATCH_ROWS ? LIMIT_BATCH_ROWS : (uint32_t) rest;
    Batch batch = {.row_count = row_count, .column_count = (uint32_t) node->column_count};
    bool is_ours = true;
    Status status;

    if (self->next_row == 0)
        TRY(values_claim(self, &is_ours, err));
    if (!is_ours)
        return STATUS_OK;
    batch.columns = arena_new_array(op->cx->batch_arena, Column, (size_t) node->column_count + 1);
    for (int i = 0; i < node->column_count; i++)
        TRY(values_column(op, i, self->next_row, row_count, &batch.columns[i], err));
    self->next_row += (int) row_count;
    status = out->emit(out, &batch, err);
    if (status == STATUS_OK && self->next_row < node->row_count)
        return STATUS_MORE;
    self->next_row = 0;
    return status;
}

static void values_abort(Operator *op) {
    ((ValuesOp *) op)->next_row = 0;
}

const OpType op_values = {
    .name = "values",
    .kind = PLAN_VALUES,
    .size_bytes = sizeof(ValuesOp),
    .open = values_open,
    .produce = values_produce,
    .abort = values_abort,
};
