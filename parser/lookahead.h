/* Lookahead: the tokens that the grammar sees, from those of the lexer.
 *
 * An LALR(1) grammar sees one token ahead; SQL needs more. So several words become one token where
 * they belong together (NOT IN, WITH TIME ZONE, double precision), and a word that is a keyword
 * only in company is a plain name elsewhere (WINDOW before `w AS (`, OVER after `)`, LEFT before
 * anything but `(`). What stands after a dot or before `=>` is always a name. */
#pragma once

#include "parser/lexer.h"

enum { LOOKAHEAD_TOKENS = 8 };

typedef struct Lookahead {
    Lexer lexer;
    LexToken tokens[LOOKAHEAD_TOKENS]; /* as the lexer gave them; tokens[0] is next */
    int count;
    int previous; /* kind of the last token given out; 0 at the start of a statement */
} Lookahead;

void lookahead_init(Lookahead *lookahead, const char *sql, size_t length, Arena *arena);
MUST_USE Status lookahead_next(Lookahead *lookahead, LexToken *ret, Error *err);
