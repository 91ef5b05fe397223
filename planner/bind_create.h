/* Bind create: what the files of CREATE statements share. Private to planner/. */
#pragma once

#include "parser/ast_ddl.h"
#include "planner/bind.h"

/* WITH (…) as texts for options_parse. */
typedef struct OptionTexts {
    int count;
    OptionText *items;
} OptionTexts;

MUST_USE Status bind_option_texts(Binder *binder, const AstList *options, OptionTexts *ret_texts,
                                  Error *err);
const OptionText *find_option_text(const OptionTexts *texts,
                                   const char *name); /* NULL: not written */
/* Connectors of the dialect that are not built yet: 0A000, not a spelling mistake. */
bool is_planned_connector(const char *name);
/* The format that is written, or json. */
MUST_USE Status bind_format(Binder *binder, const OptionTexts *texts, const FormatType **ret_format,
                            Error *err);
MUST_USE Status bind_source(Binder *binder, const AstCreateSource *create, Relation *relation,
                            Error *err);
MUST_USE Status bind_sink(Binder *binder, const AstCreateSink *create, Relation *relation,
                          Error *err);
MUST_USE Status bind_create_view(Binder *binder, const AstCreateView *create, Relation *relation,
                                 Error *err);
/* A declared column of a source or sink: name not taken, type bound. */
MUST_USE Status bind_declared_column(Binder *binder, const AstColumnDef *definition,
                                     const RelationColumn *columns, int count,
                                     RelationColumn *ret_column, Error *err);
/* The result columns of a query, by their names; 42701. */
MUST_USE Status relation_columns_of_plan(Binder *binder, const Plan *plan, const AstList *names,
                                         int position, Relation *relation, Error *err);
void relation_init(Relation *relation, RelationKind kind, const AstName *name, const char *text,
                   const AstNode *statement);
