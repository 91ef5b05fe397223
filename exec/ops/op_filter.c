/* Filter: keep the rows for which the predicate is true.
 *
 * Stateless and linear: a retraction meets the same predicate as the row it cancels, so both pass
 * or both go. Columns are shared with the input; only a selection vector is made. */
#include <assert.h>

#include "exec/binding.h"
#include "exec/operators.h"

typedef struct FilterOp {
    Operator base; /* must be first */
    ExprProgram *predicate;
} FilterOp;

static Status filter_open(Operator *op, const Plan *node, Error *err) {
    FilterOp *self = (FilterOp *) op;

    return binding_compile(node->predicate, node->children[0], op->cx->arena, &self->predicate,
                           err);
}

static Status filter_push(Operator *op, int port, const Batch *in, Emitter *out, Error *err) {
    FilterOp *self = (FilterOp *) op;
    uint32_t *selection =
        arena_alloc_raw(op->cx->batch_arena, (in->row_count + 1) * sizeof(uint32_t));
    Batch kept = *in;

    assert(port == 0);
    TRY(expr_select(self->predicate, in, &op->cx->epoch->eval, op->cx->batch_arena, selection,
                    &kept.selection_count, err));
    assert(kept.selection_count <= in->row_count);
    kept.selection = selection;
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
