/* Row items: SQL expressions over one row's columns, as an option's text lists them: the key of a
 * sink. "a, lower(b), c + 1 AS d" is read as a select list is; nothing but the row is seen, and
 * only immutable expressions are taken: what a row gives once, it gives whenever it comes again. */
#pragma once

#include "expr/expr.h"

typedef struct RowShape {
    uint32_t column_count;
    const char *const *names;
    const SqlType *types;
    const char *what; /* for messages: "the key of a sink" */
} RowShape;

typedef struct RowItem {
    const char *name; /* AS, or as PostgreSQL names it */
    const Expr *expr; /* ids of columns are their 1-based numbers in the shape */
    int position;     /* in the text */
} RowItem;

typedef struct RowItems {
    int count;
    RowItem *items;
} RowItems;

/* Can it be read, whatever the columns are? 42601. Positions of errors count characters of the
 * text. */
MUST_USE Status row_items_check(const char *text, Error *err);
/* 42703, 42883, 42P17 (not immutable), 42803, 0A000 … All is in `arena`. */
MUST_USE Status row_items_bind(const char *text, const RowShape *shape, Arena *arena,
                               RowItems *ret_items, Error *err);
