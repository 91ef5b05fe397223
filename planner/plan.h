/* Plan: what a query does, as a tree of immutable nodes: logical from the binder, physical after
 * the optimizer.
 *
 * Laws:
 *  1. A node's output columns have ColumnIds that are unique in the plan. A node that passes a
 * column on keeps its id; a node that computes one gives it a new id. So a column means one thing
 * everywhere.
 *  2. Aggregates, joins, sorts and distincts name columns of their children by id; only FILTER,
 * PROJECT, JOIN (residual), VALUES, FUNCTION_SCAN and LIMIT hold expressions. The binder puts a
 * PROJECT below where SQL has an expression.
 *  3. Nodes live in the statement's or the stream's arena and are shared freely: a rule that
 * changes nothing returns the same pointer.
 *  4. The fields of each kind stand in one table (planner/plan_nodes.c), from which printing,
 * EXPLAIN (FORMAT JSON), serialisation, equality and fingerprints come. A field not in the table is
 * lost. */
#pragma once

#include "expr/expr.h"

typedef enum PlanKind {
    PLAN_SCAN,          /* rows of a relation */
    PLAN_VALUES,        /* constant rows; also SELECT without FROM (one row, no columns) */
    PLAN_FUNCTION_SCAN, /* generate_series(…) and the like */
    PLAN_FILTER,
    PLAN_PROJECT,
    PLAN_WINDOW,    /* event-time windows: adds window_start, window_end, window_time per row */
    PLAN_AGGREGATE, /* grouping and aggregates; no keys: exactly one group */
    PLAN_DISTINCT,  /* one row per key */
    PLAN_JOIN,
    PLAN_UNION, /* UNION ALL: columns by place */
    PLAN_SORT,  /* with limit ≥ 0: top-N */
    PLAN_LIMIT,
    PLAN_SINGLE_ROW,  /* at most one row, else 21000; no row: one row of NULLs (scalar subquery) */
    PLAN_EXCHANGE,    /* physical: rows move to the state partition of their key hash */
    PLAN_PROJECT_SET, /* each row once per row of the set-returning functions called with it */
    PLAN_KIND_COUNT,
} PlanKind;

/* What a timestamp column means for time. A group whose key has such a column closes when
 * value + close_offset_us <= watermark. */
typedef enum TimeRole {
    TIME_NONE,
    TIME_EVENT,        /* event time, carries the watermark; offset 0 */
    TIME_WINDOW_START, /* offset = window size */
    TIME_WINDOW_END,   /* offset 0 */
} TimeRole;

typedef struct PlanColumn {
    ColumnId id;
    const char *name;
    SqlType type;
    TimeRole role;
    int64_t close_offset_us;
} PlanColumn;

typedef struct ColumnIds {
    int count;
    const ColumnId *ids;
} ColumnIds;

typedef struct IntList {
    int count;
    const int *items;
} IntList;

typedef struct ExprList {
    int count;
    const Expr *const *items;
} ExprList;

typedef struct PlanAggregateCall {
    const Aggregate *aggregate;
    ColumnIds arguments;
    bool is_distinct;
    ColumnId filter; /* a boolean column: rows for which it is true; 0: all */
} PlanAggregateCall;

typedef struct PlanSortKey {
    ColumnId column;
    bool is_descending;
    bool nulls_first;
} PlanSortKey;

typedef enum JoinKind {
    JOIN_INNER,
    JOIN_LEFT,
    JOIN_RIGHT,
    JOIN_FULL,
    JOIN_SEMI, /* left rows with a partner; output: left's columns */
    JOIN_ANTI, /* left rows without one (NOT EXISTS) */
    JOIN_MARK, /* left's columns and a boolean: x IN (…), three-valued; or EXISTS when no keys */
} JoinKind;

typedef enum WindowKind {
    WINDOW_TUMBLE,
    WINDOW_HOP,
    WINDOW_CUMULATE,
    WINDOW_SESSION,
    WINDOW_SLICES, /* of hopping windows, for a two-phase aggregate: planner/slices.h */
} WindowKind;

/* What an aggregate lets out, and when. */
typedef enum EmitMode {
    EMIT_ALL, /* every group, at the end of each epoch, as inserts: batch queries, complete mode */
    EMIT_CHANGES,  /* changed groups as retract / insert pairs, at the end of each epoch */
    EMIT_ON_CLOSE, /* each group once, when the watermark closes it */
} EmitMode;

typedef enum AggregatePhase {
    PHASE_SINGLE,  /* rows in, groups out */
    PHASE_PARTIAL, /* rows in; out: the keys, then one bytea a call with its serialised state, and
                      the number of rows as the weight (stateless between epochs) */
    PHASE_FINAL,   /* those in, by place; groups out */
} AggregatePhase;

typedef enum OutputMode {
    OUTPUT_MODE_NONE,
    OUTPUT_APPEND,
    OUTPUT_UPDATE,
    OUTPUT_COMPLETE
} OutputMode;

typedef struct Plan Plan;
struct Relation; /* catalog/catalog.h; a plan that holds one keeps its snapshot alive */

struct Plan {
    PlanKind kind;
    int position; /* of the construct in the statement, for errors; 0: none */
    int child_count;
    const Plan *const *children;
    int column_count;
    const PlanColumn *columns; /* the output schema */

    /* Properties, made by plan_derive() from the children and the fields below. */
    bool is_append_only;  /* no retractions come out */
    bool is_bounded;      /* the input ends: tables, values, batch reads */
    ColumnIds unique_key; /* count 0: none known */

    /* SCAN */
    const struct Relation *relation;
    int64_t relation_id;       /* what is serialised; the relation is looked up again */
    const int *scan_columns;   /* [column_count]: relation's column of each output column */
    ExprList pushed;           /* predicates over output columns that the scan applies itself */
    ColumnId watermark_column; /* 0: no watermark */
    const Expr
        *watermark_expr; /* the watermark is over a computed column: its expression over output
                            columns (watermark_column is then made by a PROJECT above); else NULL */
    int64_t watermark_delay_us;
    IntList checked_columns; /* relation's columns that the bound statement names, the watermark's
                                and the NOT NULL ones: a record is bad when one of them does not
                                convert. Pruning shortens scan_columns, never these */
    int scan_ordinal;        /* which scan of the plan this is, in text order, from 0 */
    bool is_batch_read;      /* a bounded read up to what is there now */

    /* FILTER (where, having, …) */
    const Expr *predicate; /* also JOIN: the residual condition over both sides; NULL: none */

    /* PROJECT: exprs[i] gives column i; a bare EXPR_COLUMN passes the column with its id; named a
     * second time in the list (SELECT a, a) it gets a new id. VALUES: row-major, row_count ×
     * column_count. FUNCTION_SCAN: exprs[0] is the call. PROJECT_SET: calls of set-returning
     * functions, whose columns come after the child's. */
    ExprList exprs;
    int row_count;

    /* WINDOW: adds three columns at the end (start, end, time). */
    WindowKind window_kind;
    ColumnId time_column;
    int64_t window_size_us, window_slide_us, window_offset_us; /* session: size is the gap */

    /* AGGREGATE: columns are the keys (their ids), then one per call. DISTINCT: keys. EXCHANGE:
     * keys. SESSION windows: keys are the partition. */
    ColumnIds keys;
    int call_count;
    const PlanAggregateCall *calls;
    EmitMode emit;
    AggregatePhase phase;
    ColumnIds late_columns; /* of the input, not in phase FINAL: what LATE ROWS INTO gets of a row
                               that is late for all its windows; count 0: nobody asks */
    int grouping_set_count; /* 0: plain; else each a subset of keys, and the last column is
                               GROUPING's bits */
    const ColumnIds *grouping_sets;

    /* DISTINCT: forget a key once event time + delay passes (…WITHIN WATERMARK); first arrival wins
     */
    bool is_within_watermark;

    /* JOIN: left_keys[i] = right_keys[i]; is_null_safe: IS NOT DISTINCT FROM */
    JoinKind join_kind;
    ColumnIds left_keys, right_keys;
    bool is_null_safe;
    /* time bound recognised: right time between left time + low and left time + high; both 0 ids:
     * none */
    ColumnId left_time, right_time;
    int64_t bound_low_us, bound_high_us;

    /* SORT; limit -1: all rows */
    int sort_key_count;
    const PlanSortKey *sort_keys;
    /* LIMIT; NULL: none */
    const Expr *limit;
    const Expr *offset;
    int64_t top_n; /* SORT: keep this many (limit + offset); -1: all */
};

/* A fresh, zeroed node with top_n -1. Fill it, then plan_derive it once. */
Plan *plan_create(Arena *arena, PlanKind kind, const Plan *const *children, int child_count);
/* Compute the properties (and for FILTER, SORT, LIMIT, … the passed-on schema, if columns is NULL).
 */
const Plan *plan_derive(Arena *arena, Plan *plan);
/* A copy with other children, derived anew; the same pointer when they are the same. */
const Plan *plan_with_children(Arena *arena, const Plan *plan, const Plan *const *children,
                               int count);
/* A shallow copy to change; derive it when done. */
Plan *plan_copy(Arena *arena, const Plan *plan);
const PlanColumn *plan_find_column(const Plan *plan, ColumnId id); /* NULL: not an output */
int plan_column_index(const Plan *plan, ColumnId id);              /* -1: not an output */
ColumnId plan_max_column_id(const Plan *plan); /* over the whole tree; new ids go above it */
bool plan_contains_kind(const Plan *plan, PlanKind kind);
void plan_visit(const Plan *plan, void (*visit)(const Plan *node, void *data),
                void *data);               /* pre-order */
const char *plan_kind_name(PlanKind kind); /* "filter" */

/* -------- the node table: fields of each kind, for printing, serialising, comparing -------- */
typedef enum PlanFieldType {
    PLAN_FIELD_EXPR,    /* const Expr * */
    PLAN_FIELD_EXPRS,   /* ExprList */
    PLAN_FIELD_COLUMN,  /* ColumnId */
    PLAN_FIELD_COLUMNS, /* ColumnIds */
    PLAN_FIELD_INT,     /* int */
    PLAN_FIELD_INTS,    /* IntList */
    PLAN_FIELD_INT64,   /* int64_t */
    PLAN_FIELD_MICROS,  /* int64_t µs, printed as an interval */
    PLAN_FIELD_BOOL,
    PLAN_FIELD_ENUM,      /* int-sized enum with `names` */
    PLAN_FIELD_CALLS,     /* calls / call_count */
    PLAN_FIELD_SORT_KEYS, /* sort_keys / sort_key_count */
    PLAN_FIELD_SETS,      /* grouping_sets / grouping_set_count */
    PLAN_FIELD_SCAN_COLUMNS,
    PLAN_FIELD_RELATION,
} PlanFieldType;

typedef struct PlanField {
    const char *name; /* as EXPLAIN prints it; NULL ends the list */
    PlanFieldType type;
    size_t offset;
    const char *const *names; /* of an enum */
} PlanField;

typedef struct PlanNodeDef {
    const char *name;
    const PlanField *fields;
} PlanNodeDef;

extern const PlanNodeDef plan_node_defs[PLAN_KIND_COUNT];
