/* Parser: SQL text to AST. The one entry point of parser/.
 *
 * The text may hold several statements with semicolons between them; empty ones are left out.
 * Nothing is looked up: what a name means is the planner's business. Any bytes may be given;
 * errors carry PostgreSQL's codes and a position in characters from the start of the whole text:
 * 42601 syntax, 22021 bytes that are not UTF-8, 54001 nested too deeply, 54000 too long. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "parser/ast.h"

typedef struct AstStatement {
    AstNode *node;
    size_t start_byte;   /* of its first word in the text */
    size_t end_byte;     /* after its last word: without the semicolon and comments behind it */
    int parameter_count; /* the largest n of its $n */
} AstStatement;

typedef struct AstStatementList {
    int count;
    AstStatement *items;
} AstStatementList;

/* `sql` need not end with NUL; it is borrowed for the call only. Everything in *ret is in `arena`,
 * which may have a budget: 53200 past it is not given; the text's length is bounded instead
 * (LIMIT_STATEMENT_BYTES). */
MUST_USE Status parser_parse(const char *sql, size_t length, Arena *arena, AstStatementList **ret,
                             Error *err);
