/* Parse: the state of one run of the parser, shared by the driver (parser.c), the grammar's
 * actions and their constructors (ast_build*.c). Private to parser/. */
#pragma once

#include "parser/ast.h"
#include "parser/lexer.h"

typedef struct Parse {
    Arena *arena;
    Error *err; /* filled once, by the first that fails */
    bool is_failed;
    AstNode *result;    /* of the statement that was accepted */
    const Lexer *lexer; /* for the source of the token in an error */
    LexToken token;     /* the one that the grammar sees */
    int statement_position;
    int parameter_max; /* of $n in this statement */
} Parse;

/* From the grammar: the current token does not fit. */
void parse_syntax_error(Parse *parse, bool is_at_end);
/* From the grammar: its stack is full. */
void parse_too_deep(Parse *parse);
/* From constructors: a fault that the grammar cannot see. Later faults of the run are dropped. */
void parse_error_at(Parse *parse, int position, const char *format, ...) PRINTF_LIKE(3, 4);
