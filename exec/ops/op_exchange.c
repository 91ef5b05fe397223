/* Exchange: where rows move to the state partition of their key. On one thread that is nothing; the
 * dataflow replaces it by runs between workers. */
#include <assert.h>

#include "exec/operators.h"

static Status exchange_push(Operator *op, int port, const Batch *in, Emitter *out, Error *err) {
    assert(port == 0);
    return out->emit(out, in, err);
}

const OpType op_exchange = {
    .name = "exchange",
    .kind = PLAN_EXCHANGE,
    .size_bytes = sizeof(Operator),
    .push = exchange_push,
};
