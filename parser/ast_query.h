/* AST of queries: everything that gives rows. See ast.h for the laws. */
#pragma once

#include "parser/ast.h"

typedef enum AstEmit { AST_EMIT_NONE, AST_EMIT_CHANGES, AST_EMIT_ON_WINDOW_CLOSE } AstEmit;

/* A whole query: [WITH …] body [ORDER BY] [LIMIT] [EMIT]. Subqueries are AstQuery too.
 * TABLE x is SELECT * FROM x. */
struct AstQuery { /* AST_QUERY */
    AstNode base;
    AstWith *with;    /* or NULL */
    AstNode *body;    /* AstSelect, AstSetOperation, AstValues; AstQuery: inner parentheses */
    AstList order_by; /* AstSortKey */
    AstLimit *limit;  /* or NULL */
    AstList locking;  /* AstLocking: FOR UPDATE … */
    AstEmit emit;
    int emit_position;
};

typedef enum AstDistinct { AST_DISTINCT_NONE, AST_DISTINCT_ALL, AST_DISTINCT_ON } AstDistinct;

struct AstSelect { /* AST_SELECT */
    AstNode base;
    AstDistinct distinct;
    AstList distinct_on;   /* expressions */
    AstList targets;       /* AstTarget */
    AstList from;          /* FROM items; several are a cross join */
    bool within_watermark; /* … FROM s WITHIN WATERMARK */
    AstNode *where;        /* or NULL */
    AstList group_by;      /* expressions, AstGroupingSet */
    bool is_group_distinct;
    AstNode *having; /* or NULL */
    AstList windows; /* AstWindowSpec with names: WINDOW w AS (…) */
};

typedef enum AstSetOperator { AST_UNION, AST_INTERSECT, AST_EXCEPT } AstSetOperator;

struct AstSetOperation { /* AST_SET_OPERATION */
    AstNode base;
    AstSetOperator op;
    bool is_all;
    AstNode *left;  /* AstSelect, AstSetOperation, AstValues, AstQuery */
    AstNode *right; /* the same */
};

struct AstValues { /* AST_VALUES */
    AstNode base;
    AstList rows; /* AstRow; items may be AstDefault */
};

struct AstWith { /* AST_WITH */
    AstNode base;
    bool is_recursive;
    AstList ctes; /* AstCte */
};

typedef enum AstMaterialized {
    AST_MATERIALIZED_DEFAULT,
    AST_MATERIALIZED_YES,
    AST_MATERIALIZED_NO,
} AstMaterialized;

struct AstCte { /* AST_CTE */
    AstNode base;
    const char *name;
    AstList columns; /* AstIdentifier */
    AstNode *query;  /* AstQuery; INSERT, UPDATE, DELETE parse too */
    AstMaterialized materialized;
};

/* value [AS label]; of an INSERT's RETURNING too. */
struct AstTarget { /* AST_TARGET */
    AstNode base;
    AstNode *value;
    const char *label; /* or NULL */
};

typedef enum AstSortOrder { AST_SORT_DEFAULT, AST_SORT_ASC, AST_SORT_DESC } AstSortOrder;
typedef enum AstNullsOrder { AST_NULLS_DEFAULT, AST_NULLS_FIRST, AST_NULLS_LAST } AstNullsOrder;

struct AstSortKey { /* AST_SORT_KEY */
    AstNode base;
    AstNode *value;
    AstSortOrder order;
    AstNullsOrder nulls;
    const char *using_op; /* USING op, or NULL */
};

typedef enum AstGroupingSetKind {
    AST_GROUPING_EMPTY, /* () */
    AST_GROUPING_SETS,
    AST_GROUPING_ROLLUP,
    AST_GROUPING_CUBE,
} AstGroupingSetKind;

struct AstGroupingSet { /* AST_GROUPING_SET */
    AstNode base;
    AstGroupingSetKind set;
    AstList items; /* expressions, AstRow for (a, b), AstGroupingSet within SETS */
};

typedef enum AstFrameMode {
    AST_FRAME_NONE,
    AST_FRAME_ROWS,
    AST_FRAME_RANGE,
    AST_FRAME_GROUPS
} AstFrameMode;

typedef enum AstFrameBoundKind {
    AST_BOUND_UNBOUNDED_PRECEDING,
    AST_BOUND_PRECEDING,
    AST_BOUND_CURRENT_ROW,
    AST_BOUND_FOLLOWING,
    AST_BOUND_UNBOUNDED_FOLLOWING,
} AstFrameBoundKind;

typedef enum AstFrameExclude {
    AST_EXCLUDE_NONE,
    AST_EXCLUDE_CURRENT_ROW,
    AST_EXCLUDE_GROUP,
    AST_EXCLUDE_TIES,
} AstFrameExclude;

/* OVER (…) or WINDOW name AS (…). */
struct AstWindowSpec { /* AST_WINDOW_SPEC */
    AstNode base;
    const char *name;      /* of the WINDOW clause, or NULL */
    const char *base_name; /* OVER w, OVER (w …), or NULL */
    bool is_reference;     /* OVER w: nothing but base_name */
    bool is_ignore_nulls;  /* f(…) IGNORE NULLS OVER … */
    AstList partition_by;
    AstList order_by; /* AstSortKey */
    AstFrameMode frame;
    AstFrameBoundKind start;
    AstFrameBoundKind end; /* CURRENT ROW when not written */
    AstNode *start_offset; /* or NULL */
    AstNode *end_offset;   /* or NULL */
    AstFrameExclude exclude;
};

/* LIMIT n OFFSET m, FETCH FIRST n ROWS ONLY | WITH TIES; LIMIT ALL is no count. */
struct AstLimit { /* AST_LIMIT */
    AstNode base;
    AstNode *count;  /* or NULL */
    AstNode *offset; /* or NULL */
    bool with_ties;
};

typedef enum AstLockStrength {
    AST_LOCK_UPDATE,
    AST_LOCK_NO_KEY_UPDATE,
    AST_LOCK_SHARE,
    AST_LOCK_KEY_SHARE,
} AstLockStrength;

typedef enum AstLockWait { AST_LOCK_BLOCK, AST_LOCK_NOWAIT, AST_LOCK_SKIP } AstLockWait;

struct AstLocking { /* AST_LOCKING */
    AstNode base;
    AstLockStrength strength;
    AstLockWait wait;
    AstList relations; /* AstName: OF t, … */
};

/* [AS] name [(column, …)], or (column type, …) for a function that gives records. */
struct AstAlias { /* AST_ALIAS */
    AstNode base;
    const char *name;    /* NULL: AS (a int, b text) */
    AstList columns;     /* AstIdentifier */
    AstList definitions; /* AstColumnDef */
};

/* WATERMARK column DELAY OF delay: overrides the source's in this query. */
struct AstWatermarkDelay { /* AST_WATERMARK_DELAY */
    AstNode base;
    const char *column;
    AstNode *delay;
};

/* [ONLY] name [alias] [FOR SYSTEM_TIME AS OF system_time] [WATERMARK …] */
struct AstTableRef { /* AST_TABLE_REF */
    AstNode base;
    AstName *name;
    bool is_only;
    AstAlias *alias;              /* or NULL */
    AstNode *system_time;         /* or NULL */
    AstWatermarkDelay *watermark; /* or NULL */
};

/* [LATERAL] (query) [alias]; VALUES too. */
struct AstSubqueryRef { /* AST_SUBQUERY_REF */
    AstNode base;
    AstQuery *query;
    bool is_lateral;
    AstAlias *alias;              /* or NULL */
    AstWatermarkDelay *watermark; /* or NULL */
};

/* [LATERAL] f(…) [WITH ORDINALITY] [alias], ROWS FROM (f(…), g(…)). */
struct AstFunctionRef { /* AST_FUNCTION_REF */
    AstNode base;
    AstList functions; /* AstFuncCall, AstValueFunction or another expression that looks so */
    bool is_rows_from;
    bool is_lateral;
    bool with_ordinality;
    AstAlias *alias; /* or NULL */
};

typedef enum AstWindowTableKind {
    AST_WINDOW_TUMBLE,
    AST_WINDOW_HOP,
    AST_WINDOW_CUMULATE,
    AST_WINDOW_SESSION,
} AstWindowTableKind;

/* TUMBLE(input, ts, size) and its sisters; Flink's TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), size))
 * is the same node (DESCRIPTOR(ts) stands as ts). */
struct AstWindowTable { /* AST_WINDOW_TABLE */
    AstNode base;
    AstWindowTableKind window;
    AstNode *input;       /* AstTableRef or AstSubqueryRef */
    AstList partition_by; /* SESSION(t PARTITION BY …) */
    AstList arguments;    /* after the input: expressions, AstNamedArg */
    AstAlias *alias;      /* or NULL */
};

typedef enum AstJoinKind {
    AST_JOIN_INNER,
    AST_JOIN_LEFT,
    AST_JOIN_RIGHT,
    AST_JOIN_FULL,
    AST_JOIN_CROSS,
} AstJoinKind;

struct AstJoin { /* AST_JOIN */
    AstNode base;
    AstJoinKind join;
    bool is_natural;
    bool is_asof;
    AstNode *left; /* FROM items */
    AstNode *right;
    AstNode *on;             /* or NULL */
    AstList using_columns;   /* AstIdentifier */
    const char *using_alias; /* USING (…) AS x, or NULL */
    AstAlias *alias;         /* (a JOIN b …) AS x, or NULL */
};
