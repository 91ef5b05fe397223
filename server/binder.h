/* Binder: how the catalog gets from CREATE text to Relations. */
#pragma once

#include "parser/parser.h"
#include "planner/planner.h"
#include "server/server.h"

void catalog_binder_init(CatalogBinder *binder, Server *server);
/* A CREATE statement of any kind; *ret_stream is filled for streams. */
MUST_USE Status bind_create_statement(PlannerContext *planner, const AstNode *node,
                                      const char *text, Relation *ret_relation,
                                      StreamPlan *ret_stream, Error *err);
