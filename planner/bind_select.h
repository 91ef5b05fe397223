/* Bind select: the state that the files of one SELECT share. Private to planner/. */
#pragma once

#include "planner/bind.h"

/* One output column; of * there are several. */
typedef struct SelectItem {
    const AstNode *ast; /* NULL: made by a star, `expr` is set */
    const char *name;
    const Expr *expr;
} SelectItem;

typedef struct SortItem {
    const Expr *expr;
    int item; /* index of the equal select item, or -1 */
    int position;
    bool is_descending;
    bool nulls_first;
} SortItem;

typedef struct GroupKey {
    const Expr *expr;
    const char *name;
    ColumnId id; /* set when the AGGREGATE is built */
} GroupKey;

typedef struct GroupSet {
    uint64_t keys; /* bit i: key i */
} GroupSet;

enum { GROUP_KEYS_MAX = 64, GROUP_SETS_MAX = 4096 };

typedef struct Select {
    Binder *binder;
    const AstSelect *ast;
    QueryTail tail;
    Scope *scope;
    const Plan *plan; /* grows upwards */

    int item_count;
    int item_capacity;
    SelectItem *items;

    bool is_grouped; /* GROUP BY was written */
    int key_count;
    GroupKey keys[GROUP_KEYS_MAX];
    int set_count; /* 0: plain */
    GroupSet *sets;

    AggregateList aggregates;
    SubqueryList input_subqueries;  /* below the aggregate */
    SubqueryList output_subqueries; /* above it */
    const Expr *having;
    SetCalls set_calls; /* of the select list */

    Correlation *correlation; /* with the query around; NULL: may not be */

    int distinct_count; /* DISTINCT ON */
    const Expr **distinct;
    int sort_count;
    SortItem *sorts;
} Select;

/* bind_target.c */
MUST_USE Status expand_targets(Select *select, Error *err);
MUST_USE Status bind_targets(Select *select, Error *err);
/* The item that a name or an ordinal of ORDER BY, GROUP BY or DISTINCT ON means; -1: an expression.
 */
MUST_USE Status find_target(const Select *select, const AstNode *node, const char *clause,
                            int *ret_item, Error *err);

MUST_USE Status add_item(Select *select, SelectItem item, int position, Error *err);

/* bind_correlate.c: take inner = outer out of WHERE's condition; put the inner keys into the
 * output. */
MUST_USE Status take_correlation(Select *select, const Expr *predicate, const Expr **ret_rest,
                                 Error *err);
MUST_USE Status output_correlation(Select *select, Error *err);

/* bind_group.c */
MUST_USE Status add_key(Select *select, const Expr *expr, const char *name, int *ret_key,
                        Error *err);
MUST_USE Status bind_group_by(Select *select, Error *err);
bool select_is_aggregated(const Select *select);
/* Put the AGGREGATE on the plan and rewrite all expressions above it. 42803. */
MUST_USE Status build_aggregate(Select *select, Error *err);

/* bind_group_window.c: GROUP BY window(…) puts a WINDOW node on the plan and sets scope->window. */
MUST_USE Status bind_group_windows(Select *select, Error *err);
bool is_window_call(const AstNode *node);

/* bind_order.c */
MUST_USE Status bind_order_by(Select *select, Error *err);
MUST_USE Status build_output(Select *select, Error *err);
