/* Keywords: the one table of words with a meaning, their classes and tokens.
 *
 * Classes are PostgreSQL's: an unreserved word names anything; a column-name word names columns
 * and relations but no function; a function-name word names functions and types but no column; a
 * reserved word names nothing without quotes (but labels a column after AS). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef enum KeywordCategory {
    KEYWORD_UNRESERVED,
    KEYWORD_COLUMN_NAME,
    KEYWORD_FUNCTION_NAME,
    KEYWORD_RESERVED,
} KeywordCategory;

typedef struct Keyword {
    const char *name; /* lower case */
    int token;        /* of the grammar; that of a plain identifier when no rule needs the word */
    KeywordCategory category;
    bool is_bare_label; /* may label a column without AS */
} Keyword;

/* Sorted by name. */
const Keyword *keyword_table(int *ret_count);
/* `name` is folded to lower case already; NULL: no keyword. */
const Keyword *keyword_find(const char *name, size_t length);
/* "U", "C", "T", "R" as pg_get_keywords' catcode. */
char keyword_category_code(KeywordCategory category);
