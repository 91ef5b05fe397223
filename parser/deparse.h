/* Deparse: canonical SQL from an AST, for SHOW CREATE, view definitions and messages.
 *
 * Law: parsing the text gives an AST that deparses to the same text. Identifiers are quoted when
 * they must be, keywords are upper case, clauses come in the manual's order, operators get the
 * parentheses that precedence asks for and no others. */
#pragma once

#include "base/arena.h"
#include "parser/ast.h"

/* One line; the text is in `arena`. No semicolon. Any node: a statement, a query, an expression. */
const char *deparse_node(const AstNode *node, Arena *arena);
