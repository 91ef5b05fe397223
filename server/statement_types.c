/* The one table of statements: what each kind does. */
#include "server/session_state.h"

static Status unsupported_open(Portal *portal, Error *err) {
    return error_at(err, portal->statement->node->position, FEATURE_NOT_SUPPORTED,
                    "this statement is not supported");
}

static const StatementType statement_types[] = {
    {AST_QUERY, .describe = query_statement_describe, .open = query_statement_open,
     .run = query_statement_run},
};

static const StatementType unsupported_type = {.open = unsupported_open};

const StatementType *statement_type_of(const AstNode *node) {
    for (size_t i = 0; i < ARRAY_LENGTH(statement_types); i++)
        if (statement_types[i].kind == node->kind)
            return &statement_types[i];
    return &unsupported_type;
}
