/* AST of definitions: CREATE, ALTER, DROP, COMMENT, and their parts. See ast.h for the laws. */
#pragma once

#include "parser/ast.h"

typedef enum AstDropBehavior {
    AST_BEHAVIOR_DEFAULT, /* nothing written: RESTRICT */
    AST_BEHAVIOR_RESTRICT,
    AST_BEHAVIOR_CASCADE,
} AstDropBehavior;

/* CREATE, OR REPLACE, IF NOT EXISTS: of every CREATE statement. */
typedef struct AstCreateFlags {
    bool or_replace;
    bool if_not_exists;
} AstCreateFlags;

/* ---- Parts of definitions ---- */

typedef enum AstColumnOrigin {
    AST_COLUMN_PLAIN,    /* by its name; `path` when FROM '$.path' was written */
    AST_COLUMN_METADATA, /* METADATA [FROM 'partition']; `path` is the key or NULL */
    AST_COLUMN_COMPUTED, /* AS (expression) */
} AstColumnOrigin;

/* A column of a source, sink, table, record function or ROW type. */
struct AstColumnDef { /* AST_COLUMN_DEF */
    AstNode base;
    const char *name;
    AstType *type; /* NULL for a computed column */
    AstColumnOrigin origin;
    const char *path;       /* or NULL */
    int path_position;      /* of the literal after FROM; 0: none */
    AstNode *computed;      /* AS (expression), or NULL */
    AstNode *default_value; /* or NULL */
    AstName *collation;     /* or NULL */
    bool is_not_null;
    bool is_primary_key;
    bool is_unique;
};

/* PRIMARY KEY (a, b) or UNIQUE (a, b). */
struct AstKeyDef { /* AST_KEY_DEF */
    AstNode base;
    AstList columns; /* AstIdentifier */
    bool is_primary;
};

/* WATERMARK FOR column AS expression [IDLE AFTER interval] */
struct AstWatermarkDef { /* AST_WATERMARK_DEF */
    AstNode base;
    AstIdentifier *column;
    AstNode *expression;
    AstNode *idle_after; /* or NULL */
};

/* name = value, of WITH (…), SET (…), EXPLAIN (…), COPY … (…). The name may have dots
 * ("rdkafka.fetch.min.bytes"). */
struct AstOption { /* AST_OPTION */
    AstNode base;
    const char *name;
    AstNode *value; /* AstLiteral (a bare word is a string), AstCast of a literal, AstSecretRef,
                     * AstRow of such; NULL: nothing written */
};

/* SECRET s as an option's value. */
struct AstSecretRef { /* AST_SECRET_REF */
    AstNode base;
    AstName *name;
};

/* ---- CREATE ---- */

struct AstCreateSource { /* AST_CREATE_SOURCE */
    AstNode base;
    AstCreateFlags flags;
    AstName *name;
    AstList items;   /* AstColumnDef, AstKeyDef, AstWatermarkDef, in the order written */
    AstList options; /* AstOption */
};

struct AstCreateSink { /* AST_CREATE_SINK */
    AstNode base;
    AstCreateFlags flags;
    AstName *name;
    AstList items;   /* AstColumnDef, AstKeyDef; empty: any columns */
    AstList options; /* AstOption */
};

typedef enum AstOutputMode {
    AST_OUTPUT_DEFAULT,
    AST_OUTPUT_APPEND,
    AST_OUTPUT_UPDATE,
    AST_OUTPUT_COMPLETE,
} AstOutputMode;

typedef enum AstTrigger {
    AST_TRIGGER_DEFAULT, /* as soon as there is data */
    AST_TRIGGER_EVERY,   /* `trigger_interval` */
    AST_TRIGGER_AVAILABLE_NOW,
    AST_TRIGGER_ONCE,
    AST_TRIGGER_MANUAL,
} AstTrigger;

typedef enum AstLateRows {
    AST_LATE_DEFAULT,
    AST_LATE_DROP,
    AST_LATE_INTO, /* `late_sink` */
} AstLateRows;

/* CREATE STREAM; CREATE MATERIALIZED VIEW v is the same with OUTPUT MODE UPDATE. */
struct AstCreateStream { /* AST_CREATE_STREAM */
    AstNode base;
    AstCreateFlags flags;
    AstName *name;
    AstList columns; /* AstIdentifier: MATERIALIZED VIEW v (a, b); else empty */
    AstList sinks;   /* AstName: INTO */
    AstOutputMode output_mode;
    int output_mode_position;
    AstTrigger trigger;
    AstNode *trigger_interval; /* or NULL */
    AstLateRows late_rows;
    AstName *late_sink; /* or NULL */
    AstList options;    /* AstOption */
    AstQuery *query;
    bool is_materialized_view; /* written so */
    bool is_without_data;      /* WITH NO DATA */
};

struct AstCreateTable { /* AST_CREATE_TABLE */
    AstNode base;
    AstCreateFlags flags;
    AstName *name;
    bool is_temporary;
    AstList items;   /* AstColumnDef, AstKeyDef; with a query AstIdentifier */
    AstList options; /* AstOption */
    AstQuery *query; /* CREATE TABLE … AS, or NULL */
    bool is_without_data;
};

struct AstCreateView { /* AST_CREATE_VIEW */
    AstNode base;
    AstCreateFlags flags;
    AstName *name;
    bool is_temporary;
    AstList columns; /* AstIdentifier */
    AstQuery *query;
};

struct AstCreateSecret { /* AST_CREATE_SECRET */
    AstNode base;
    AstCreateFlags flags;
    AstName *name;
    AstLiteral *value;
};

/* CREATE ROLE, CREATE USER. */
struct AstCreateRole { /* AST_CREATE_ROLE */
    AstNode base;
    AstCreateFlags flags;
    AstName *name;
    AstList options; /* AstOption: "login" = true, "password" = 'x', "connection_limit" = 3 … */
    bool is_user;    /* CREATE USER: LOGIN by default */
};

struct AstCreateFunction { /* AST_CREATE_FUNCTION */
    AstNode base;
    AstCreateFlags flags;
    AstName *name;
    AstList arguments;     /* AstFunctionArg */
    AstType *returns;      /* or NULL */
    AstList returns_table; /* AstColumnDef: RETURNS TABLE (…) */
    AstList options;       /* AstOption: "language", "as", "volatility", "strict", "parallel" … */
};

struct AstFunctionArg { /* AST_FUNCTION_ARG */
    AstNode base;
    const char *name; /* or NULL */
    AstType *type;
    AstNode *default_value; /* or NULL */
};

struct AstCreateConnection { /* AST_CREATE_CONNECTION */
    AstNode base;
    AstCreateFlags flags;
    AstName *name;
    AstList options; /* AstOption */
};

struct AstCreateSchema { /* AST_CREATE_SCHEMA */
    AstNode base;
    AstCreateFlags flags;
    AstName *name;
    const char *owner; /* AUTHORIZATION, or NULL */
};

/* ---- ALTER, DROP, COMMENT ---- */

typedef enum AstAlterAction {
    AST_ALTER_PAUSE,
    AST_ALTER_RESUME,
    AST_ALTER_RESTART,       /* `is_from_scratch` */
    AST_ALTER_STEP,          /* `steps` */
    AST_ALTER_SET_OPTIONS,   /* `options` */
    AST_ALTER_RESET_OPTIONS, /* `options`, without values */
    AST_ALTER_RENAME,        /* `new_name` */
    AST_ALTER_AS,            /* `query`, `is_dry_run` */
    AST_ALTER_ADD_SINK,      /* `target` */
    AST_ALTER_DROP_SINK,     /* `target` */
    AST_ALTER_ADD_COLUMN,    /* `column` */
    AST_ALTER_DROP_COLUMN,   /* `column_name` */
    AST_ALTER_RENAME_COLUMN, /* `column_name`, `new_name` */
    AST_ALTER_SET_DEFAULT,   /* `column_name`, `value` */
    AST_ALTER_DROP_DEFAULT,  /* `column_name` */
    AST_ALTER_SET_NOT_NULL,  /* `column_name` */
    AST_ALTER_DROP_NOT_NULL, /* `column_name` */
    AST_ALTER_COLUMN_TYPE,   /* `column_name`, `column` with the type */
    AST_ALTER_OWNER,         /* `new_name` */
    AST_ALTER_SET_SCHEMA,    /* `new_name` */
    AST_ALTER_SECRET_AS,     /* `value`: ALTER SECRET s AS '…' */
    AST_ALTER_ROLE_OPTIONS,  /* `options`, as CREATE ROLE's */
} AstAlterAction;

/* One action on one object, whatever its kind; which kinds know which action is the planner's
 * question. */
struct AstAlter { /* AST_ALTER */
    AstNode base;
    AstObjectKind object;
    bool if_exists;
    AstName *name;
    AstAlterAction action;
    int action_position;
    bool is_from_scratch;
    bool is_dry_run;
    int64_t steps; /* 1 when not written */
    AstList options;
    const char *new_name;
    const char *column_name;
    AstColumnDef *column;
    AstName *target;
    AstNode *value;
    AstQuery *query;
    AstDropBehavior behavior;
};

struct AstDrop { /* AST_DROP */
    AstNode base;
    AstObjectKind object;
    bool if_exists;
    AstList names; /* AstName */
    AstDropBehavior behavior;
};

/* COMMENT ON object name IS 'text' */
struct AstComment { /* AST_COMMENT */
    AstNode base;
    AstObjectKind object;
    AstName *name;      /* of the relation for a column */
    const char *column; /* or NULL */
    const char *text;   /* NULL: removes it */
};
