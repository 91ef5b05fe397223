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
/* 22023 for a WITH without `connector`; points at what may be a misspelling of it. */
Status connector_is_missing(const OptionTexts *texts, Error *err);
/* Connectors of the dialect that are not built yet: 0A000, not a spelling mistake. */
bool is_planned_connector(const char *name);
/* The format that is written, or json. */
MUST_USE Status bind_format(Binder *binder, const OptionTexts *texts, const FormatType **ret_format,
                            Error *err);
MUST_USE Status bind_source(Binder *binder, const AstCreateSource *create, Relation *relation,
                            Error *err);
MUST_USE Status bind_sink(Binder *binder, const AstCreateSink *create, Relation *relation,
                          Error *err);
/* A declared column of a source or sink: name not taken, type bound. */
MUST_USE Status bind_declared_column(Binder *binder, const AstColumnDef *definition,
                                     const RelationColumn *columns, int count,
                                     RelationColumn *ret_column, Error *err);
/* A sink by its name. */
typedef struct SinkName {
    const char *schema; /* NULL: along the search path */
    const char *name;
    int position;
} SinkName;
MUST_USE Status bind_sink_name(Binder *binder, SinkName name, const Relation **ret_sink,
                               Error *err);
/* Rows for a sink: one with declared columns takes them only when names and types are the same. */
typedef struct SinkRows {
    const char *what; /* "the query" */
    const PlanColumn *columns;
    int column_count;
    SinkMode mode;
    ColumnIds key; /* update mode: the columns that identify a row, by id; 0: none */
} SinkRows;
MUST_USE Status bind_sink_rows(Binder *binder, const Relation *sink, const SinkRows *rows,
                               int position, Error *err);
/* Can the sink take rows of this shape, and its format hold them? */
MUST_USE Status bind_sink_shape(Binder *binder, const Relation *sink, const SinkRows *rows,
                                int position, Error *err);
/* Append mode, columns and format: can the sink take such rows as they come? */
MUST_USE Status bind_sink_takes(Binder *binder, const Relation *sink, const SinkRows *rows,
                                int position, Error *err);
/* LATE ROWS INTO: the plan that carries what its sink gets, and that. Before binder_finish. */
typedef struct LateRows {
    const Plan *plan;
    const PlanColumn *columns; /* as the source has them */
    int column_count;
} LateRows;
MUST_USE Status bind_late_columns(Binder *binder, const Plan *plan, int position,
                                  LateRows *ret_late, Error *err);
/* The other sinks of the stream are bound. */
MUST_USE Status bind_late_sink(Binder *binder, SinkName name, const LateRows *late,
                               Relation *stream, Error *err);
/* The sink that on_error of the source names, if it names one. */
MUST_USE Status bind_error_sink(Binder *binder, Relation *source, Error *err);
/* Those of the sources that the stream reads; its own sinks are bound. */
MUST_USE Status bind_stream_error_sinks(Binder *binder, const Plan *plan, int position,
                                        Relation *stream, Error *err);
/* The result columns of a query, by their names; 42701. */
MUST_USE Status relation_columns_of_plan(Binder *binder, const Plan *plan, const AstList *names,
                                         int position, Relation *relation, Error *err);
void relation_init(Relation *relation, RelationKind kind, const AstName *name, const char *text,
                   const AstNode *statement);
