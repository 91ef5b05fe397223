/* Optimizer: rules over plans (Catalyst's RuleExecutor, in C), and the lowering to a physical plan.
 */
#pragma once

#include "planner/plan.h"

struct CatalogSnapshot; /* catalog/catalog.h */

typedef struct RuleContext {
    Arena *arena;
    const EvalContext *eval;
    ColumnId *next_column_id; /* take new ids from here */
    bool is_stream;
} RuleContext;

#define RULE_ON(kind) (1U << (kind))
#define RULE_ON_WHOLE_PLAN RULE_ON(PLAN_KIND_COUNT) /* its root, once a pass */

/* A rule is local, pure and unaware of the others. The same pointer: nothing to do. */
typedef struct Rule {
    const char *name;
    const char *rewrite; /* "filter(project(x)) => project(filter(x))" */
    unsigned kinds;      /* RULE_ON(…) | …: the nodes it looks at */
    bool is_required;    /* can't be switched off */
    const Plan *(*apply)(RuleContext *cx, const Plan *node);
} Rule;

typedef struct RuleBatch {
    const char *name;
    int pass_limit;           /* 1: once; else to a fixed point with this bound */
    const Rule *const *rules; /* NULL-terminated */
} RuleBatch;

extern const RuleBatch rule_batches[]; /* ends with name NULL */

typedef struct RuleFiring {
    const Rule *rule;
    const Plan *before; /* the whole plan */
    const Plan *after;
    struct RuleFiring *next;
} RuleFiring;

typedef struct OptimizerOptions {
    const EvalContext *eval;
    const char *disabled_rules; /* "all" or a comma list; required rules always run */
    bool is_stream;
    bool is_traced;      /* collect firings */
    RuleFiring *firings; /* out, in order */
} OptimizerOptions;

/* Logical plan to optimized logical plan. In builds with checks, every rule's result is checked:
 * same schema, no dangling column, properties not weakened. */
MUST_USE Status optimizer_run(const Plan *plan, OptimizerOptions *options, Arena *arena,
                              const Plan **ret_plan, Error *err);
/* Does a stream's aggregate become a partial and a final one? */
bool aggregate_splits(const Plan *aggregate);
/* Optimized logical to physical: two-phase aggregation, exchanges, join sides, top-N. */
MUST_USE Status optimizer_lower(const Plan *plan, OptimizerOptions *options, Arena *arena,
                                const Plan **ret_plan, Error *err);

/* EXPLAIN's text tree, one node a line, PostgreSQL-like indentation ("  ->  "). */
void plan_append_text(const Plan *plan, StrBuf *out);
/* The same with what each operator keeps between epochs, until when, and under which id. */
void plan_append_state_text(const Plan *plan, StrBuf *out);
void plan_append_json(const Plan *plan, StrBuf *out);
/* What a checkpoint stores; table-driven, versioned, with a checksum. */
void plan_serialize(const Plan *plan, StrBuf *out);
/* Checks everything, for the bytes may be hostile: XX001, 0A000 when of another version. Relations
 * are found by id in `catalog`, which the caller keeps; NULL: they stay NULL. */
MUST_USE Status plan_deserialize(const uint8_t *bytes, size_t size_bytes,
                                 const struct CatalogSnapshot *catalog, Arena *arena,
                                 const Plan **ret_plan, Error *err);
/* Of (kind, key and value types, semantic parameters, children's fingerprints), never of position
 * or ids: the operator id under which state is kept. */
uint64_t plan_fingerprint(const Plan *plan);
