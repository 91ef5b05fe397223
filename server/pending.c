/* Weak stand-ins for parts that are on their way; each goes when its part lands. */
#include "optimizer/optimizer.h"
#include "parser/ast_expr.h"
#include "parser/ast_query.h"
#include "parser/ast_walk.h"
#include "parser/deparse.h"
#include "parser/parser.h"
#include "server/session.h"
#include "planner/planner.h"

#include <stdio.h>
#include <string.h>

#define WEAK __attribute__((weak))

WEAK Status dataflow_open(const Plan *plan, const ExecEnvironment *environment, StateStore *state,
                          SourceReader *const *readers, const SourceType *const *types,
                          const StreamReport *report, Dataflow **ret_dataflow, Error *err) {
    return error_set(err, FEATURE_NOT_SUPPORTED, "the executor is on its way");
}

WEAK Status dataflow_run_epoch(Dataflow *dataflow, const Epoch *epoch, const ScanRange *ranges,
                               int range_count, ScanStats *stats, RowReceiver *receiver,
                               Error *err) {
    return error_set(err, FEATURE_NOT_SUPPORTED, "the executor is on its way");
}

WEAK void dataflow_abort(Dataflow *dataflow) {
}

WEAK const Operator *dataflow_operator_at(const Dataflow *dataflow, int index, int *ret_parent) {
    return NULL;
}

WEAK Dataflow *dataflow_close(Dataflow *dataflow) {
    return NULL;
}
