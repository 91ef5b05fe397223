/* Lexer: bytes to words, numbers, strings and operators by PostgreSQL's rules.
 *
 * One token at a time; nothing here knows the grammar, only the table of keywords. Words are
 * folded and cut, strings decoded into the arena. lookahead.h settles what a word means where it
 * stands. The text must be valid UTF-8: lexer_check_utf8 comes first. */
#pragma once

#include "base/arena.h"
#include "parser/keywords.h"

/* The value of a token as the grammar sees it: small, passed by value. */
typedef struct Token {
    const char
        *text;    /* in the arena; NUL-terminated. A word, a decoded string, digits, an operator */
    int length;   /* bytes of text */
    int position; /* 1-based character of its start */
    bool is_quoted; /* a word in double quotes: no keyword, no type synonym */
} Token;

typedef struct LexToken {
    int kind; /* TK_…; 0: end of input */
    Token value;
    size_t start; /* bytes of the text that it covers */
    size_t end;
} LexToken;

typedef struct Lexer {
    const char *sql; /* borrowed */
    size_t length;
    size_t at;      /* next byte */
    size_t counted; /* bytes before it are counted in `character` */
    int character;  /* 1-based position of byte `counted` */
    Arena *arena;
} Lexer;

/* 22021 at the first byte that is not UTF-8; NUL is not either. */
MUST_USE Status lexer_check_utf8(const char *sql, size_t length, Error *err);
void lexer_init(Lexer *lexer, const char *sql, size_t length, Arena *arena);
MUST_USE Status lexer_next(Lexer *lexer, LexToken *ret, Error *err);
/* The length of a name cut to what PostgreSQL keeps, never within a character. */
int lexer_cut_identifier(const char *text, int length);
/* `message at or near "token"`, 42601, at the token; `message at end of input` when it is empty. */
Status lexer_error(const Lexer *lexer, size_t start, size_t end, int position, const char *message,
                   Error *err);
