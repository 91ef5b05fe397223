/* ALTER STREAM s PAUSE | RESUME | RESTART | STEP, WAIT FOR STREAM, FLUSH. */
#include "parser/ast_statement.h"
#include "server/session_state.h"

Status alter_stream_run(Portal *portal, const AstAlter *alter, Error *err) {
    return error_at(err, alter->base.position, FEATURE_NOT_SUPPORTED,
                    "ALTER STREAM is not supported yet");
}

static Status wait_run(Portal *portal, PortalLimits limits, RowReceiver *receiver,
                       int64_t *ret_rows, Error *err) {
    return error_at(err, portal->statement->node->position, FEATURE_NOT_SUPPORTED,
                    "WAIT FOR STREAM is not supported yet");
}

const StatementType wait_statement = {.kind = AST_WAIT, .may_block = true, .run = wait_run};
