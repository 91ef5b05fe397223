/* Lexer, strings: quoted text of every form. Used by lexer.c only. */
#pragma once

#include "parser/lexer.h"

typedef enum LexStringForm {
    LEX_STRING_PLAIN,        /* 'x' */
    LEX_STRING_ESCAPED,      /* E'x\n' */
    LEX_STRING_UNICODE,      /* U&'\0441' [UESCAPE 'c'] */
    LEX_STRING_NATIONAL,     /* N'x' */
    LEX_STRING_BITS,         /* B'01' */
    LEX_STRING_HEX,          /* X'1f' */
    LEX_STRING_DOLLAR,       /* $tag$x$tag$ */
    LEX_STRING_NAME,         /* "x" */
    LEX_STRING_UNICODE_NAME, /* U&"\0441" [UESCAPE 'c'] */
} LexStringForm;

/* Bytes of the opening $tag$ at the lexer's place; 0: there is none. */
size_t lexer_dollar_tag_length(const Lexer *lexer);
/* Reads the whole of it and fills kind, text and is_quoted of *ret. */
MUST_USE Status lexer_string(Lexer *lexer, LexStringForm form, LexToken *ret, Error *err);
