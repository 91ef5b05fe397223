/* Union: UNION ALL: the batches of all inputs, columns by place. */
#include <assert.h>

#include "exec/operators.h"

static Status union_push(Operator *op, int port, const Batch *in, Emitter *out, Error *err) {
    assert(port < op->node->child_count);
    assert((int) in->column_count == op->node->column_count);
    return out->emit(out, in, err);
}

const OpType op_union = {
    .name = "union",
    .kind = PLAN_UNION,
    .size_bytes = sizeof(Operator),
    .push = union_push,
};
