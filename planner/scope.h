/* Scope: what names mean where an expression stands. Private to planner/.
 *
 * FROM makes a scope beside its plan: tables for qualified names, columns for plain ones (USING
 * merges there). The scope of the query around is `outer`; what WITH named is in `ctes`. */
#pragma once

#include "parser/ast_expr.h"
#include "parser/ast_query.h"
#include "planner/plan.h"

typedef struct Binder Binder;
typedef struct CteScope CteScope;
typedef struct ExprContext ExprContext;
typedef struct Scope Scope;

typedef struct ScopeColumn {
    const char *name;
    ColumnId id;
    SqlType type;
    TimeRole role;
} ScopeColumn;

typedef struct ScopeColumns {
    int count;
    ScopeColumn *items;
} ScopeColumns;

typedef struct ScopeTable {
    const char *name;   /* alias or relation; NULL: a query without alias */
    const char *schema; /* of a relation without alias; else NULL */
    ScopeColumns columns;
    bool is_scalar; /* a function that gives no records: its name alone is its value */
} ScopeTable;

/* GROUP BY window(ts, …): what `window` means above. Ids 0: no such clause. */
typedef struct SparkWindow {
    ColumnId start, end, time;
    SqlType type;
    const AstFuncCall *call;
} SparkWindow;

struct Scope {
    int table_count;
    ScopeTable *tables;   /* what qualified names and t.* see */
    ScopeColumns columns; /* what plain names and * see; USING merges here */
    const Scope *outer;   /* of the query around; NULL */
    const CteScope *ctes; /* names that WITH gave */
    SparkWindow window;
};

struct CteScope {
    const AstCte *cte;
    const CteScope *next; /* what the CTE's own query sees */
    const Scope *outer;
};

Scope *scope_create(Binder *binder, const Scope *outer, const CteScope *ctes);
void scope_add_table(Binder *binder, Scope *scope, ScopeTable table);
ScopeColumns scope_columns_of_plan(Binder *binder, const Plan *plan);
ScopeColumns scope_columns_join(Binder *binder, ScopeColumns left, ScopeColumns right);
/* Bind a, t.a, s.t.a; whole rows and records too. */
MUST_USE Status bind_column_ref(ExprContext *cx, const AstColumnRef *ref, const Expr **ret_expr,
                                Error *err);
const ScopeTable *scope_find_table(const Scope *scope, const char *schema, const char *name);
/* The column of a plain name, or NULL; *ret_count says how many there are. */
const ScopeColumn *scope_find_column(const ScopeColumns *columns, const char *name, int *ret_count);
/* "t.a" of a column id, for 42803. */
const char *scope_display_name(Binder *binder, const Scope *scope, ColumnId id);
const Expr *column_expr(Binder *binder, ColumnId id, SqlType type, const char *name, int position);
Status missing_table_error(const Scope *scope, const char *name, int position, Error *err);
