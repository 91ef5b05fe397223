/* AST of expressions. See ast.h for the laws. */
#pragma once

#include "parser/ast.h"

/* a, t.a, s.t.a, t.*, *. Whether the first part is a table or a column with fields is the
 * binder's question. */
struct AstColumnRef { /* AST_COLUMN_REF */
    AstNode base;
    int part_count; /* 0 only for a plain `*` */
    const char **parts;
    bool is_star; /* the parts are followed by .* */
};

typedef enum AstLiteralKind {
    AST_LITERAL_NULL,
    AST_LITERAL_BOOLEAN, /* `integer` is 0 or 1 */
    AST_LITERAL_INTEGER, /* fits int64: `integer`; text holds the digits */
    AST_LITERAL_DECIMAL, /* has a point or an exponent, or is too large for int64: `text` */
    AST_LITERAL_STRING,  /* `text`, `length` bytes of valid UTF-8 without NUL */
    AST_LITERAL_BITS,    /* b'0101' or x'1f': `text` starts with b or x, as PostgreSQL's bit_in */
} AstLiteralKind;

/* A minus before a number is part of it: -5 is one literal, placed at the minus. */
struct AstLiteral { /* AST_LITERAL */
    AstNode base;
    AstLiteralKind literal;
    int64_t integer;
    const char *text; /* NULL for null and boolean */
    size_t length;
};

/* $n */
struct AstParam { /* AST_PARAM */
    AstNode base;
    int number; /* 1 … LIMIT_PARAMETERS */
};

/* How a call was written; SIMILAR aside, only the deparser cares. */
typedef enum AstFuncSyntax {
    AST_FUNC_ORDINARY,
    AST_FUNC_EXTRACT,      /* extract(field FROM x) = extract('field', x) */
    AST_FUNC_POSITION,     /* position(a IN b) = position(b, a) */
    AST_FUNC_SIMILAR,      /* substring(a SIMILAR b ESCAPE c): no other way to write it */
    AST_FUNC_AT_TIME_ZONE, /* x AT TIME ZONE z = timezone(z, x) */
} AstFuncSyntax;

/* f(…). substring(a FROM b FOR c) is substring(a, b, c), trim(BOTH b FROM a) is btrim(a, b),
 * overlay(a PLACING b FROM c FOR d) is overlay(a, b, c, d). */
struct AstFuncCall { /* AST_FUNC_CALL */
    AstNode base;
    AstName *name;
    AstList arguments; /* expressions, AstNamedArg */
    bool is_star;      /* count(*): no arguments */
    bool is_distinct;  /* f(DISTINCT a) */
    bool is_variadic;  /* the last argument is VARIADIC */
    AstFuncSyntax syntax;
    AstList order_by;     /* AstSortKey: f(a ORDER BY b) */
    AstList within_group; /* AstSortKey: f(a) WITHIN GROUP (ORDER BY b) */
    AstNode *filter;      /* FILTER (WHERE …), or NULL */
    AstWindowSpec *over;  /* OVER …, or NULL; OVER w has only base_name */
};

/* name => value */
struct AstNamedArg { /* AST_NAMED_ARG */
    AstNode base;
    const char *name;
    AstNode *value;
};

/* left op right; position is the operator's. `!=` is already `<>`. */
struct AstOp { /* AST_OP */
    AstNode base;
    const char *schema; /* OPERATOR(schema.op), or NULL */
    const char *op;     /* "+", "<=", "||" … */
    AstNode *left;      /* NULL: prefix operator */
    AstNode *right;
};

/* a AND b AND c …: two or more. */
struct AstLogical { /* AST_AND, AST_OR */
    AstNode base;
    AstList operands;
};

struct AstNot { /* AST_NOT */
    AstNode base;
    AstNode *operand;
};

typedef enum AstIsTest { AST_IS_NULL, AST_IS_TRUE, AST_IS_FALSE, AST_IS_UNKNOWN } AstIsTest;

/* operand IS [NOT] test */
struct AstIs { /* AST_IS */
    AstNode base;
    AstNode *operand;
    AstIsTest test;
    bool is_not;
};

/* left IS [NOT] DISTINCT FROM right */
struct AstDistinctFrom { /* AST_DISTINCT_FROM */
    AstNode base;
    AstNode *left;
    AstNode *right;
    bool is_not;
};

struct AstBetween { /* AST_BETWEEN */
    AstNode base;
    AstNode *operand;
    AstNode *low;
    AstNode *high;
    bool is_not;
    bool is_symmetric;
};

struct AstInList { /* AST_IN_LIST */
    AstNode base;
    AstNode *operand;
    AstList items;
    bool is_not;
};

struct AstInQuery { /* AST_IN_QUERY */
    AstNode base;
    AstNode *operand;
    AstQuery *query;
    bool is_not;
};

typedef enum AstLikeKind { AST_LIKE_LIKE, AST_LIKE_ILIKE, AST_LIKE_SIMILAR } AstLikeKind;

struct AstLike { /* AST_LIKE */
    AstNode base;
    AstNode *operand;
    AstNode *pattern;
    AstNode *escape; /* or NULL */
    AstLikeKind like;
    bool is_not;
};

/* left op ANY|ALL (right). LIKE ANY is op "~~", NOT LIKE ALL "!~~", ILIKE "~~*". */
struct AstQuantified { /* AST_QUANTIFIED */
    AstNode base;
    const char *schema; /* or NULL */
    const char *op;
    AstNode *left;
    AstNode *right; /* an AstQuery, or an expression that gives an array */
    bool is_all;    /* else ANY (also written SOME) */
};

struct AstCase { /* AST_CASE */
    AstNode base;
    AstNode *operand;   /* CASE operand WHEN …, or NULL */
    AstList whens;      /* AstWhen */
    AstNode *otherwise; /* ELSE, or NULL */
};

struct AstWhen { /* AST_WHEN */
    AstNode base;
    AstNode *condition;
    AstNode *result;
};

typedef enum AstCastSyntax {
    AST_CAST_ORDINARY, /* CAST(x AS t), x::t */
    AST_CAST_LITERAL,  /* t 'text': the operand is a string literal */
    AST_CAST_TRY,      /* TRY_CAST(x AS t): NULL instead of an error */
} AstCastSyntax;

struct AstCast { /* AST_CAST */
    AstNode base;
    AstNode *operand;
    AstType *type;
    AstCastSyntax syntax;
};

struct AstCollate { /* AST_COLLATE */
    AstNode base;
    AstNode *operand;
    AstName *collation;
};

/* ARRAY[a, b]; inner lists of ARRAY[[1,2],[3,4]] are AstArray too. */
struct AstArray { /* AST_ARRAY */
    AstNode base;
    AstList elements;
};

/* operand[index], operand[lower:upper]; m[1][2] is a subscript of a subscript. */
struct AstSubscript { /* AST_SUBSCRIPT */
    AstNode base;
    AstNode *operand;
    AstNode *index; /* NULL in a slice */
    AstNode *lower; /* of a slice, or NULL */
    AstNode *upper; /* of a slice, or NULL */
    bool is_slice;
};

/* (operand).name, (operand).* */
struct AstField { /* AST_FIELD */
    AstNode base;
    AstNode *operand;
    const char *name; /* NULL: .* */
};

struct AstRow { /* AST_ROW */
    AstNode base;
    AstList elements;
    bool is_explicit; /* ROW(…), else (a, b) */
};

typedef enum AstSubqueryKind {
    AST_SUBQUERY_SCALAR,
    AST_SUBQUERY_EXISTS,
    AST_SUBQUERY_ARRAY, /* ARRAY(SELECT …) */
} AstSubqueryKind;

struct AstSubquery { /* AST_SUBQUERY */
    AstNode base;
    AstSubqueryKind subquery;
    AstQuery *query;
};

/* COALESCE(…), GREATEST(…), LEAST(…): one or more; NULLIF(a, b): two. */
struct AstVariadic { /* AST_COALESCE, AST_GREATEST, AST_LEAST, AST_NULLIF */
    AstNode base;
    AstList arguments;
};

/* Functions that SQL writes without parentheses. */
typedef enum AstValueFunctionKind {
    AST_CURRENT_DATE,
    AST_CURRENT_TIME,
    AST_CURRENT_TIMESTAMP,
    AST_LOCALTIME,
    AST_LOCALTIMESTAMP,
    AST_CURRENT_ROLE,
    AST_CURRENT_USER,
    AST_SESSION_USER,
    AST_USER,
    AST_CURRENT_CATALOG,
    AST_CURRENT_SCHEMA,
} AstValueFunctionKind;

struct AstValueFunction { /* AST_VALUE_FUNCTION */
    AstNode base;
    AstValueFunctionKind function;
    int precision; /* CURRENT_TIMESTAMP(3); -1: none */
};

/* DEFAULT in VALUES and in SET. */
struct AstDefault { /* AST_DEFAULT */
    AstNode base;
};
