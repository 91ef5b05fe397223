/* Filter: keep the rows for which the predicate is true.
 *
 * Stateless and linear: a retraction meets the same predicate as the row it cancels, so both pass
 * or both go. Columns are shared with the input; only a selection vector is made. */
#include <assert.h>

#include "exec/binding.h"
#include "exec/operators.h"
#include "exec/row_errors.h"

typedef struct FilterOp {
    Operator base; /* must be first */
    ExprProgram *predicate;
} FilterOp;

static Status filter_open(Operator *op, const Plan *node, Error *err) {
    FilterOp *self = (FilterOp *) op;

    return binding_compile(node->predicate, node->children[0], op->cx->arena, &self->predicate,
                           err);
}

static Status keep_rows(void *data, const Batch *in, Arena *arena, Batch *ret_kept, Error *err) {
    FilterOp *self = data;
    uint32_t *selection = arena_alloc_raw(arena, (in->row_count + 1) * sizeof(uint32_t));

    *ret_kept = *in;
    TRY(expr_select(self->predicate, in, &self->base.cx->epoch->eval, arena, selection,
                    &ret_kept->selection_count, err));
    assert(ret_kept->selection_count <= in->row_count);
    ret_kept->selection = selection;
    return STATUS_OK;
}

static Status filter_push(Operator *op, int port, const Batch *in, Emitter *out, Error *err) {
    RowStep step = {.cx = op->cx,
                    .node = op->node,
                    .run = keep_rows,
                    .data = op,
                    .arena = op->cx->batch_arena,
                    .bad_rows = &op->metrics.bad_rows};
    Batch kept;

    assert(port == 0);
    TRY(row_step(&step, in, &kept, err));
    return out->emit(out, &kept, err);
}

static void filter_close(Operator *op) {
    FilterOp *self = (FilterOp *) op;

    self->predicate = expr_program_destroy(self->predicate);
}

const OpType op_filter = {
    .name = "filter",
    .kind = PLAN_FILTER,
    .size_bytes = sizeof(FilterOp),
    .open = filter_open,
    .push = filter_push,
    .close = filter_close,
};
