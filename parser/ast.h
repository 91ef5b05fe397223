/* AST: what the parser makes of a statement, before any name is looked up.
 *
 * Every node is a struct whose first member is an AstNode with its kind; kind K of ast_kinds.h is
 * always struct T of the same line, so `(AstSelect *) node` is right when `node->kind` is
 * AST_SELECT. Expressions are in ast_expr.h, queries in ast_query.h, definitions in
 * ast_ddl.h, other statements in ast_statement.h. Laws:
 *
 * 1. Nodes, lists and texts live in the statement's arena; all pointers are valid for its life.
 * 2. `position` is the 1-based character (not byte) of the construct in the whole text that was
 *    given to parser_parse(), as PostgreSQL counts; 0 is unknown.
 * 3. A list is embedded, never NULL: a clause that is absent is a list of no items.
 * 4. A pointer or text that may be absent says so ("or NULL"); all others are set.
 * 5. AND and OR are n-ary, so thousands of conditions are one level. Other operators and set
 *    operations nest to the left: `1 + 1 + … ` is as deep as it is long. parser_parse() refuses
 *    what is deeper than LIMIT_AST_DEPTH (54001), so recursion over an AST is bounded. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "parser/ast_kinds.h"

typedef enum AstKind {
    AST_NONE, /* no node has it */
#define X(kind, Type) kind,
    AST_KINDS(X)
#undef X
        AST_KIND_COUNT,
} AstKind;

typedef struct AstNode {
    AstKind kind;
    int position;
} AstNode;

#define X(kind, Type) typedef struct Type Type;
AST_KINDS(X)
#undef X

/* Grows in its arena while the parser builds it; afterwards only count and items matter. */
typedef struct AstList {
    int count;
    int capacity;
    AstNode **items;
} AstList;

/* for (each `Type *item` of the list) */
#define AST_FOREACH(Type, item, list)                                                \
    for (int item##_index = 0; item##_index < (list)->count; item##_index++)         \
        for (Type *item = (Type *) (list)->items[item##_index], *item##_once = item; \
             item##_once != NULL; item##_once = NULL)

/* Kinds of catalog object that statements name. */
typedef enum AstObjectKind {
    AST_OBJECT_SOURCE,
    AST_OBJECT_SINK,
    AST_OBJECT_STREAM, /* also written MATERIALIZED VIEW */
    AST_OBJECT_TABLE,
    AST_OBJECT_VIEW,
    AST_OBJECT_SECRET,
    AST_OBJECT_ROLE,
    AST_OBJECT_FUNCTION,
    AST_OBJECT_CONNECTION,
    AST_OBJECT_SCHEMA,
    AST_OBJECT_COLUMN,   /* COMMENT ON COLUMN only */
    AST_OBJECT_DATABASE, /* COMMENT ON DATABASE, SHOW DATABASES */
    AST_OBJECT_KIND_COUNT,
} AstObjectKind;

/* A word that names something, with its position: column lists, USING lists, options. */
struct AstIdentifier { /* AST_IDENTIFIER */
    AstNode base;
    const char *text; /* folded and cut as PostgreSQL does */
    bool is_quoted;
};

/* [[catalog.]schema.]name */
struct AstName { /* AST_NAME */
    AstNode base;
    const char *catalog; /* or NULL */
    const char *schema;  /* or NULL */
    const char *name;
};

/* Fields of INTERVAL types: INTERVAL YEAR TO MONTH and so on. */
typedef enum AstIntervalFields {
    AST_INTERVAL_ANY,
    AST_INTERVAL_YEAR,
    AST_INTERVAL_MONTH,
    AST_INTERVAL_DAY,
    AST_INTERVAL_HOUR,
    AST_INTERVAL_MINUTE,
    AST_INTERVAL_SECOND,
    AST_INTERVAL_YEAR_TO_MONTH,
    AST_INTERVAL_DAY_TO_HOUR,
    AST_INTERVAL_DAY_TO_MINUTE,
    AST_INTERVAL_DAY_TO_SECOND,
    AST_INTERVAL_HOUR_TO_MINUTE,
    AST_INTERVAL_HOUR_TO_SECOND,
    AST_INTERVAL_MINUTE_TO_SECOND,
} AstIntervalFields;

/* A type as written. SQL's many-word and keyword names are already PostgreSQL's catalog names:
 * int, integer -> int4; double precision -> float8; character varying -> varchar; char -> bpchar
 * with modifier 1; timestamp with time zone -> timestamptz; float(24) -> float4; bit -> bit. A
 * quoted or schema-qualified name is left as written ("char" is not char). */
struct AstType { /* AST_TYPE */
    AstNode base;
    const char *schema; /* or NULL */
    const char *name;   /* "int4"; "row" for ROW(a int, …) */
    AstList modifiers;  /* expressions: numeric(10, 2); a precision of time types, interval too */
    AstList fields;     /* AstColumnDef: of ROW(a int, …), else empty */
    AstIntervalFields interval_fields;
    int array_dimensions; /* int[][] is 2; 0: no array */
    bool is_setof;
};

/* "stream"; lower case, for messages to the user. */
const char *ast_object_kind_name(AstObjectKind kind);
