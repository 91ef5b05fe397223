/* AST walk: visit the children of any node without knowing its kind.
 *
 * The children of each kind are a table in ast_walk.c, in the order in which they are written, so
 * a new node kind needs only its line there. */
#pragma once

#include "parser/ast.h"

typedef struct AstVisitor AstVisitor;

struct AstVisitor {
    /* Called for each child, never with NULL. Anything but STATUS_OK ends the walk and is what
     * ast_visit_children returns; STATUS_STOP is for "found". To go deeper, call
     * ast_visit_children(child, visitor, err) from here. */
    Status (*visit)(AstVisitor *visitor, AstNode *node, Error *err);
    void *context; /* the caller's */
};

MUST_USE Status ast_visit_children(AstNode *node, AstVisitor *visitor, Error *err);
/* The largest n of $n below and in `node`; 0: none. */
int ast_parameter_count(AstNode *node);
/* 54001 when the tree is deeper than LIMIT_AST_DEPTH; parser_parse() has made sure. */
MUST_USE Status ast_check_depth(AstNode *node, Error *err);
