/* The one table of statements: what each kind does, and the names of those that are refused. */
#include "server/session_state.h"

static const StatementType query_statement = {.kind = AST_QUERY,
                                              .describe = query_statement_describe,
                                              .open = query_statement_open,
                                              .run = query_statement_run};

static const StatementType *const statement_types[] = {
    &query_statement,        &set_statement,
    &show_statement,         &set_transaction_statement,
    &transaction_statement,  &create_source_statement,
    &create_sink_statement,  &create_stream_statement,
    &create_table_statement, &create_view_statement,
    &drop_statement,         &alter_statement,
    &show_objects_statement, &show_create_statement,
    &describe_statement,     &declare_statement,
    &fetch_statement,        &close_statement,
    &prepare_statement,      &execute_statement,
    &deallocate_statement,   &discard_statement,
    &notify_statement,       &explain_statement,
    &wait_statement,         &create_secret_statement,
};

/* Parsed, and not run yet. */
typedef struct RefusedStatement {
    AstKind kind;
    const char *name;
    const char *hint; /* "" for none */
} RefusedStatement;

static const RefusedStatement refused_statements[] = {
    {AST_CREATE_ROLE, "CREATE ROLE", "Any user name is accepted on loopback."},
    {AST_CREATE_FUNCTION, "CREATE FUNCTION", ""},
    {AST_CREATE_CONNECTION, "CREATE CONNECTION", "Write its options into the source or sink."},
    {AST_CREATE_SCHEMA, "CREATE SCHEMA", "Objects live in the schema public."},
    {AST_COMMENT, "COMMENT", ""},
    {AST_INSERT, "INSERT", "Rows come from sources: put a file into a source's folder."},
    {AST_UPDATE, "UPDATE", ""},
    {AST_DELETE, "DELETE", ""},
    {AST_TRUNCATE, "TRUNCATE", ""},
    {AST_COPY, "COPY", "Read files with CREATE SOURCE, write them with CREATE SINK."},
    {AST_SUBSCRIBE, "SUBSCRIBE", "SELECT from the stream reads its current result."},
    {AST_EXPLAIN_STREAM, "EXPLAIN of a running stream",
     "See millrace.streams and "
     "millrace.stream_progress."},
    {AST_PRINT_SOURCE, "PRINT SOURCE",
     "SELECT from the source reads its rows; millrace.errors "
     "keeps bad records."},
    {AST_ASSERT_ROWS, "ASSERT ROWS", ""},
    {AST_ASSERT_STREAM, "ASSERT STREAM", ""},
    {AST_CHECKPOINT, "CHECKPOINT", "Every epoch is durable when it is visible."},
};

static Status refuse(Portal *portal, Error *err) {
    const AstNode *node = portal->statement->node;

    for (size_t i = 0; i < ARRAY_LENGTH(refused_statements); i++)
        if (refused_statements[i].kind == node->kind) {
            error_at(err, node->position, FEATURE_NOT_SUPPORTED, "%s is not supported",
                     refused_statements[i].name);
            return refused_statements[i].hint[0] ? error_hint(err, "%s", refused_statements[i].hint)
                                                 : STATUS_ERROR;
        }
    return error_at(err, node->position, FEATURE_NOT_SUPPORTED, "this statement is not supported");
}

static const StatementType refused_type = {.open = refuse};

const StatementType *statement_type_of(const AstNode *node) {
    for (size_t i = 0; i < ARRAY_LENGTH(statement_types); i++)
        if (statement_types[i]->kind == node->kind)
            return statement_types[i];
    return &refused_type;
}
