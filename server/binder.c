#include "server/binder.h"

#include <string.h>

#include "planner/planner.h"

Status bind_create_statement(PlannerContext *planner, const AstNode *node, const char *text,
                             Relation *ret_relation, StreamPlan *ret_stream, Error *err) {
    if (node->kind != AST_CREATE_STREAM)
        return planner_bind_create(planner, node, text, ret_relation, err);
    TRY(planner_bind_stream(planner, node, text, ret_stream, err));
    *ret_relation = ret_stream->relation;
    return STATUS_OK;
}

static Status bind_definition(void *data, const char *definition, const CatalogSnapshot *so_far,
                              Arena *arena, Relation *ret_relation, Error *err) {
    Server *server = data;
    EvalContext eval = {.settings = &form_settings_default,
                        .user_name = "",
                        .database_name = "",
                        .catalog = so_far};
    PlannerContext planner = {.arena = arena,
                              .catalog = so_far,
                              .registry = server->registry,
                              .environment = &server->options,
                              .eval = &eval};
    AstStatementList *list = NULL;
    StreamPlan stream = {0};

    TRY(parser_parse(definition, strlen(definition), arena, &list, err));
    if (list->count != 1)
        return error_set(err, DATA_CORRUPTED, "the definition is not one statement");
    return bind_create_statement(&planner, list->items[0].node, definition, ret_relation, &stream,
                                 err);
}

void catalog_binder_init(CatalogBinder *binder, Server *server) {
    *binder = (CatalogBinder) {.bind = bind_definition, .data = server};
}
