/* Deparse: canonical SQL from an AST, for SHOW CREATE, view definitions and messages.
 *
 * Law: parsing the text gives an AST that deparses to the same text. Identifiers are quoted when
 * they must be, keywords are upper case, clauses come in the manual's order, operators get the
 * parentheses that precedence asks for and no others. */
#pragma once

#include "base/arena.h"
#include "base/limits.h"
#include "parser/ast.h"

enum { IDENTIFIER_SQL_SIZE = 2 * LIMIT_IDENTIFIER_BYTES + 3 };

/* One line; the text is in `arena`. No semicolon. Any node: a statement, a query, an expression. */
const char *deparse_node(const AstNode *node, Arena *arena);
/* A name as it is written in SQL, in `buffer`, which it returns. */
const char *identifier_to_sql(const char *name, char buffer[IDENTIFIER_SQL_SIZE]);
