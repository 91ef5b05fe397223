/* Deparse, inside: the writer that deparse*.c share. Private to parser/. */
#pragma once

#include "base/strbuf.h"
#include "parser/ast_expr.h"
#include "parser/ast_query.h"
#include "parser/ast_statement.h"

typedef struct Deparser {
    StrBuf out;
} Deparser;

/* How tightly an expression binds; an operand that binds less than its place asks is put in
 * parentheses. The order is that of the grammar's precedence. */
typedef enum Binding {
    BINDING_NONE,
    BINDING_OR,
    BINDING_AND,
    BINDING_NOT,
    BINDING_IS,
    BINDING_COMPARE,
    BINDING_LIKE, /* BETWEEN, IN, LIKE */
    BINDING_OP,
    BINDING_SUM,
    BINDING_PRODUCT,
    BINDING_POWER,
    BINDING_ZONE,
    BINDING_COLLATE,
    BINDING_SIGN,
    BINDING_CAST,
    BINDING_PRIMARY,
} Binding;

/* ---- deparse.c: words and lists ---- */

void put(Deparser *d, const char *text);
void put_format(Deparser *d, const char *format, ...) PRINTF_LIKE(2, 3);
void put_identifier(Deparser *d, const char *name);
void put_string(Deparser *d, const char *text);
void put_name(Deparser *d, const AstName *name);
void put_type(Deparser *d, const AstType *type);
void put_typed_literal(Deparser *d, const AstCast *cast); /* date '2020-01-01' */
/* `text` behind a space; at the start without. */
void put_clause(Deparser *d, const char *text);
void put_open(Deparser *d); /* ( */
void put_close(Deparser *d);
typedef void (*PutItem)(Deparser *d, const AstNode *item);
/* Items with commas. */
void put_items(Deparser *d, const AstList *list, PutItem put_item);
void put_list(Deparser *d, const AstList *list);        /* with put_node */
void put_list_parens(Deparser *d, const AstList *list); /* "(a, b)"; nothing when it is empty */
void put_node(Deparser *d, const AstNode *node);
void put_value_or(Deparser *d, const char *before, const AstNode *node); /* nothing for NULL */

/* ---- The groups of kinds ---- */

void put_expr(Deparser *d, const AstNode *node, Binding least);
/* Where the grammar takes no predicates, logic or COLLATE. */
void put_plain_expr(Deparser *d, const AstNode *node);
void put_call(Deparser *d, const AstFuncCall *call);
Binding binding_of_call(const AstFuncCall *call);
void put_literal(Deparser *d, const AstLiteral *literal);
void put_window_spec(Deparser *d, const AstWindowSpec *spec);
void put_query(Deparser *d, const AstQuery *query);
void put_query_parens(Deparser *d, const AstQuery *query);
void put_query_part(Deparser *d, const AstNode *node); /* AST_QUERY_KINDS but the query */
void put_with(Deparser *d, const AstWith *with);       /* with a space behind; NULL: nothing */
void put_from_item(Deparser *d, const AstNode *node);
void put_definition(Deparser *d, const AstNode *node); /* what ast_ddl.h has */
void put_options(Deparser *d, const AstList *options); /* clause WITH (…); nothing when empty */
void put_word_options(Deparser *d, const AstList *options); /* (a 1, b) */
void put_transaction_modes(Deparser *d, const AstList *modes);
void put_statement(Deparser *d, const AstNode *node); /* what ast_statement.h has */
