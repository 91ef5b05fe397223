/* Planner: a parsed statement to a bound, typed logical plan.
 *
 * One entry point a statement class. Errors carry PostgreSQL's SQLSTATEs and messages and the
 * position of the offending word. What can't run yet is refused here: 0A000, the construct's name,
 * position, hint. */
#pragma once

#include "catalog/catalog.h"
#include "parser/ast.h"
#include "planner/plan.h"

typedef struct PlannerContext {
    Arena *arena;
    const CatalogSnapshot *catalog; /* kept by the caller as long as the plan lives */
    const Registry *registry;
    const OptionEnvironment *environment;
    const EvalContext *eval; /* for folding and for literals ('now') */
    /* $n: types known from Parse, and values at Execute (NULL while describing). The planner writes
     * inferred types into parameter_types[0 … parameter_count-1] (grows it in the arena). */
    SqlType *parameter_types;
    int parameter_count;
    const Value *parameter_values;
    /* NOTICE for the client: text and hint ('' none). */
    void (*notice)(void *data, const char *message, const char *hint);
    void *notice_data;
} PlannerContext;

/* SELECT / VALUES / WITH as a batch query: scans are bounded reads. Output names in columns[].name.
 */
MUST_USE Status planner_bind_query(PlannerContext *cx, const AstNode *query, const Plan **ret_plan,
                                   Error *err);

/* CREATE SOURCE / SINK / VIEW / TABLE…: checked, complete but for what the catalog gives. `text`
 * becomes the definition. Whether the outside can be reached is the caller's question
 * (SourceType.check). All is in cx->arena or borrowed from the AST. */
MUST_USE Status planner_bind_create(PlannerContext *cx, const AstNode *statement, const char *text,
                                    Relation *ret_relation, Error *err);

typedef struct StreamPlan {
    Relation relation; /* as catalog_create wants it */
    const Plan *plan;  /* logical, with emit modes set from the output mode; legality checked */
    OutputMode mode;
    ColumnIds key;              /* update mode: what identifies an output row; count 0: none */
    int64_t max_rows_per_epoch; /* 0: no bound */
    bool watermark_is_max;
    bool skips_row_errors;          /* on_row_error = 'skip' */
    const PlanColumn *late_columns; /* of a late row, as its sink gets it (Plan.late_columns) */
    int late_column_count;
    const TimeZone *time_zone; /* of the query's own times; the session's at CREATE */
    const char *guarantee; /* "exactly once" or "at least once": the weakest of sources and sinks */
    const char *guarantee_notice;     /* what it is, and why it is not more */
    const char *inferred_mode_notice; /* NULL when the mode was written */
} StreamPlan;

/* CREATE STREAM (and its stored text at start): binds the query continuously, infers or checks the
 * output mode (0A000 with a hint that works when pasted), resolves sinks and options. */
MUST_USE Status planner_bind_stream(PlannerContext *cx, const AstNode *statement, const char *text,
                                    StreamPlan *ret_stream, Error *err);
