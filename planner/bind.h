/* Bind: what the binder's files share. Private to planner/.
 *
 * A Binder binds one statement. FROM gives a Plan and a Scope (what names mean over that plan). An
 * expression is bound in an ExprContext, which says which scope it sees, whether aggregates may
 * stand in it, and where its subqueries go: a subquery is not part of an expression, it becomes a
 * join of the clause's input plan, and the expression names the join's new column. */
#pragma once

#include "parser/ast_expr.h"
#include "planner/build.h"
#include "planner/planner.h"
#include "planner/scope.h"

struct Binder {
    PlannerContext *cx;
    Arena *arena;
    ColumnId last_id;
    int scan_count;
    int depth;      /* of queries and expressions in each other */
    bool is_stream; /* scans are continuous */
    /* used[id]: some expression names the column; scans keep only those. */
    bool *used;
    int used_capacity;
    int view_depth;
    struct Correlation *correlation; /* of the subquery about to be bound: its SELECT takes it */
    int dependency_count;            /* relations of the catalog that are named, views too */
    int64_t *dependencies;
    int computed_count; /* PROJECTs that add a source's computed columns: pruned like scans */
    const Plan **computed;
};

/* -------- subqueries and aggregates of a clause -------- */

typedef enum SubqueryKind {
    SUBQUERY_SCALAR, /* one row, cross joined */
    SUBQUERY_MARK,
    SUBQUERY_LOOKUP, /* at most one row per key, left joined: a correlated scalar subquery */
} SubqueryKind;

/* What a subquery says about the query around it: WHERE inner = outer, one key each. The outer side
 * may be used nowhere else. */
enum { CORRELATION_KEYS_MAX = 16 };

typedef enum CorrelationKind {
    CORRELATION_EXISTS,
    CORRELATION_IN,
    CORRELATION_SCALAR
} CorrelationKind;

typedef struct Correlation {
    CorrelationKind kind;
    int key_count;
    const Expr *inner[CORRELATION_KEYS_MAX];
    const Expr *outer[CORRELATION_KEYS_MAX];
    bool is_count; /* SCALAR: the answer is a bare count, 0 where there is no row */
} Correlation;

typedef struct PendingSubquery {
    SubqueryKind kind;
    const Plan *plan;
    int key_count;
    const Expr **left_keys; /* MARK, LOOKUP: expressions over the clause's input */
    ColumnId *right_keys;
    PlanColumn mark; /* MARK: the column that the join adds */
    int position;
} PendingSubquery;

typedef struct SubqueryList {
    int count;
    int capacity;
    PendingSubquery *items;
} SubqueryList;

typedef struct AggregateSortKey {
    const Expr *expr;
    bool is_descending;
    bool nulls_first;
} AggregateSortKey;

typedef struct BoundAggregate {
    const Aggregate *aggregate;
    int argument_count;
    const Expr **arguments;
    bool is_distinct;
    const Expr *filter; /* NULL: none */
    int sort_count;     /* ORDER BY among the arguments; or by themselves, of DISTINCT */
    AggregateSortKey *sorts;
    bool is_sort_implied;
    SqlType type;
    ColumnId id;
    const char *name;
    int position;
} BoundAggregate;

typedef struct GroupingCall { /* GROUPING(a, b) */
    int argument_count;
    const Expr **arguments;
    ColumnId id; /* stands for it until the grouping sets are known */
    int position;
} GroupingCall;

typedef struct AggregateList {
    int count;
    int capacity;
    BoundAggregate *items;
    SubqueryList *input_subqueries; /* of their arguments: below the aggregate */
    int grouping_count;
    GroupingCall groupings[16];
} AggregateList;

/* Set-returning functions of a select list: columns of the PROJECT_SET below it. */
typedef struct SetCalls {
    int count;
    const Expr *calls[LIMIT_SET_CALLS];
    ColumnId ids[LIMIT_SET_CALLS];
    const char *names[LIMIT_SET_CALLS];
} SetCalls;

struct ExprContext {
    Binder *binder;
    const Scope *scope;        /* NULL: no columns at all */
    const char *clause;        /* "WHERE", for messages */
    SubqueryList *subqueries;  /* NULL: none may stand here */
    AggregateList *aggregates; /* NULL: none may stand here */
    bool is_in_aggregate;
    SetCalls *sets;           /* NULL: no set-returning function may stand here */
    Correlation *correlation; /* columns of the query around may stand here; NULL: they may not */
};

/* -------- binder.c -------- */
void binder_init(Binder *binder, PlannerContext *cx);
ColumnId binder_new_id(Binder *binder);
void binder_use(Binder *binder, ColumnId id);
bool is_computed_project(const Binder *binder, const Plan *plan); /* all columns of a source */
MUST_USE Status binder_enter(Binder *binder, int position, Error *err); /* 54001 */
void binder_leave(Binder *binder);
/* Scans with only the columns that the statement names; unresolved parameters are 42P18. */
MUST_USE Status binder_finish(Binder *binder, const Plan *plan, const Plan **ret_plan, Error *err);
Status not_supported(Error *err, int position, const char *format, ...) PRINTF_LIKE(3, 4);
/* Fill the position of an error that has none. Returns `status`. */
Status placed(Status status, int position, Error *err);
const char *type_name(Binder *binder, SqlType type);

/* -------- bind_type.c -------- */
MUST_USE Status bind_type(Binder *binder, const AstType *type, SqlType *ret_type, Error *err);

/* -------- bind_constant.c -------- */
MUST_USE Status bind_literal(Binder *binder, const AstLiteral *literal, const Expr **ret_expr,
                             Error *err);
MUST_USE Status bind_parameter(Binder *binder, const AstParam *param, const Expr **ret_expr,
                               Error *err);
/* To the type: unknown literals are read, unknown parameters take it, else a cast. 42846, or what
 * the input function says. */
MUST_USE Status coerce(Binder *binder, const Expr *expr, SqlType type, CastContext context,
                       const Expr **ret_expr, Error *err);
/* Implicitly or 42804 "argument of WHERE must be type boolean, not type integer". */
MUST_USE Status coerce_to_boolean(Binder *binder, const Expr *expr, const char *construct,
                                  const Expr **ret_expr, Error *err);
/* Unknown becomes text. */
MUST_USE Status resolve_unknown(Binder *binder, const Expr *expr, const Expr **ret_expr,
                                Error *err);
/* The value of an expression without columns. */
MUST_USE Status constant_value(Binder *binder, const Expr *expr, Value *ret_value, Error *err);
bool is_foldable(const Expr *expr);
const Expr *with_position(Binder *binder, const Expr *expr, int position);
/* An interval argument that must be a constant without months: µs. */
MUST_USE Status constant_interval_us(ExprContext *cx, const AstNode *node, const char *what,
                                     int64_t *ret_us, Error *err);
MUST_USE Status bind_interval_literal(Binder *binder, const AstCast *cast, const Expr **ret_expr,
                                      Error *err);

/* -------- bind_expr*.c -------- */
MUST_USE Status bind_expr(ExprContext *cx, const AstNode *node, const Expr **ret_expr, Error *err);
MUST_USE Status bind_condition(ExprContext *cx, const AstNode *node, const char *construct,
                               const Expr **ret_expr, Error *err);
/* function_resolve / operator_resolve with our casts. */
MUST_USE Status make_call(Binder *binder, const char *name, const Expr **arguments, int count,
                          int position, const Expr **ret_expr, Error *err);
MUST_USE Status make_operator(Binder *binder, const char *name, const Expr *left, const Expr *right,
                              int position, const Expr **ret_expr, Error *err);
/* Cast all to their common type. */
MUST_USE Status unify_exprs(Binder *binder, const Expr **exprs, int count, const char *construct,
                            SqlType *ret_type, Error *err);
MUST_USE Status bind_in_list(ExprContext *cx, const AstInList *in, const Expr **ret_expr,
                             Error *err);
MUST_USE Status bind_between(ExprContext *cx, const AstBetween *between, const Expr **ret_expr,
                             Error *err);
MUST_USE Status bind_like(ExprContext *cx, const AstLike *like, const Expr **ret_expr, Error *err);
MUST_USE Status bind_case(ExprContext *cx, const AstCase *node, const Expr **ret_expr, Error *err);
MUST_USE Status bind_variadic(ExprContext *cx, const AstVariadic *node, const Expr **ret_expr,
                              Error *err);
MUST_USE Status bind_is(ExprContext *cx, const AstIs *is, const Expr **ret_expr, Error *err);
MUST_USE Status bind_distinct_from(ExprContext *cx, const AstDistinctFrom *node,
                                   const Expr **ret_expr, Error *err);
MUST_USE Status bind_operator(ExprContext *cx, const AstOp *op, const Expr **ret_expr, Error *err);
MUST_USE Status bind_quantified(ExprContext *cx, const AstQuantified *node, const Expr **ret_expr,
                                Error *err);
MUST_USE Status bind_func_call(ExprContext *cx, const AstFuncCall *call, const Expr **ret_expr,
                               Error *err);
MUST_USE Status bind_value_function(ExprContext *cx, const AstValueFunction *node,
                                    const Expr **ret_expr, Error *err);
MUST_USE Status bind_row(ExprContext *cx, const AstRow *row, const Expr **ret_expr, Error *err);
MUST_USE Status bind_field(ExprContext *cx, const AstField *field, const Expr **ret_expr,
                           Error *err);
/* A field of a record expression. */
MUST_USE Status make_field(Binder *binder, const Expr *record, const char *name, int position,
                           const Expr **ret_expr, Error *err);
MUST_USE Status make_record(Binder *binder, const Expr **fields, const char *const *names,
                            int count, int position, const Expr **ret_expr, Error *err);

/* -------- bind_aggregate.c -------- */
MUST_USE Status bind_aggregate_call(ExprContext *cx, const AstFuncCall *call, const Expr **ret_expr,
                                    Error *err);
MUST_USE Status bind_grouping_call(ExprContext *cx, const AstFuncCall *call, const Expr **ret_expr,
                                   Error *err);

/* bind_aggregate_order.c: ORDER BY among the arguments. */
MUST_USE Status bind_aggregate_order(ExprContext *cx, const AstFuncCall *call,
                                     BoundAggregate *bound, Error *err);
bool aggregate_orders_equal(const BoundAggregate *left, const BoundAggregate *right);
/* Sort the aggregate's input as its calls ask. */
MUST_USE Status sort_for_aggregates(Binder *binder, const AggregateList *list, const Plan **plan,
                                    Error *err);

/* -------- bind_set.c -------- */
MUST_USE Status bind_set_call(ExprContext *cx, const Expr *call, const Expr **ret_expr, Error *err);
/* The node that makes the rows of the list's functions; the plan itself when there are none. */
const Plan *make_project_set(Binder *binder, const Plan *child, const SetCalls *sets);
/* The output name that a set-returning function gives its column: "value"; NULL: the alias or its
 * own name. */
const char *set_column_name(const Expr *call);

/* -------- bind_array.c -------- */
MUST_USE Status bind_subscript(ExprContext *cx, const AstSubscript *node, const Expr **ret_expr,
                               Error *err);
MUST_USE Status bind_array_query(ExprContext *cx, const AstSubquery *node, const Expr **ret_expr,
                                 Error *err);
MUST_USE Status bind_any_equal(Binder *binder, const Expr *left, const Expr *array, int position,
                               const Expr **ret_expr, Error *err);

/* -------- bind_subquery.c -------- */
/* The value of a plan of exactly one row, which the clause's input is joined to. */
const Expr *add_scalar_subquery(ExprContext *cx, const Plan *plan, int position);
MUST_USE Status bind_subquery(ExprContext *cx, const AstSubquery *node, const Expr **ret_expr,
                              Error *err);
MUST_USE Status bind_in_query(ExprContext *cx, const AstNode *operand, const AstQuery *query,
                              bool is_not, int position, const Expr **ret_expr, Error *err);
/* Join the list's subqueries to the plan. */
const Plan *attach_subqueries(Binder *binder, SubqueryList *list, const Plan *plan);

/* -------- bind_from.c, bind_join.c, bind_scan.c -------- */
MUST_USE Status bind_from(Binder *binder, const AstList *from, Scope *scope, const Plan **ret_plan,
                          Error *err);
MUST_USE Status bind_from_item(Binder *binder, const AstNode *item, Scope *scope,
                               const Plan **ret_plan, Error *err);
MUST_USE Status bind_join(Binder *binder, const AstJoin *join, Scope *scope, const Plan **ret_plan,
                          Error *err);
MUST_USE Status bind_table_ref(Binder *binder, const AstTableRef *ref, Scope *scope,
                               const Plan **ret_plan, Error *err);
MUST_USE Status bind_function_ref(Binder *binder, const AstFunctionRef *ref, Scope *scope,
                                  const Plan **ret_plan, Error *err);
MUST_USE Status bind_window_table(Binder *binder, const AstWindowTable *window, Scope *scope,
                                  const Plan **ret_plan, Error *err);
/* Name the plan's columns as the alias says. 42P10 when it names too many. */
MUST_USE Status scope_add_plan(Binder *binder, Scope *scope, const Plan *plan, const char *name,
                               const char *schema, const AstAlias *alias, Error *err);
void binder_depend(Binder *binder, int64_t relation_id);
/* Only the columns that are named, NOT NULL or the watermark's are read. */
const Plan *prune_scans(Binder *binder, const Plan *plan);

/* -------- bind_query.c, bind_select.c, … -------- */
/* Columns of the result carry the output names. `keep_unknown`: leave unknown literals to the
 * caller. */
MUST_USE Status bind_query(Binder *binder, const AstQuery *query, const Scope *outer,
                           const CteScope *ctes, bool keep_unknown, const Plan **ret_plan,
                           Error *err);
/* A query's body with the ORDER BY and LIMIT of the query around it (NULL: none). */
typedef struct QueryTail {
    const AstList *order_by; /* may be empty */
    const AstLimit *limit;   /* or NULL */
} QueryTail;
MUST_USE Status bind_body(Binder *binder, const AstNode *body, QueryTail tail, const Scope *outer,
                          const CteScope *ctes, const Plan **ret_plan, Error *err);
MUST_USE Status bind_select(Binder *binder, const AstSelect *select, QueryTail tail,
                            const Scope *outer, const CteScope *ctes, const Plan **ret_plan,
                            Error *err);
MUST_USE Status bind_set_operation(Binder *binder, const AstSetOperation *node, const Scope *outer,
                                   const CteScope *ctes, const Plan **ret_plan, Error *err);
const Plan *make_union(Binder *binder, const Plan *const *sides, int position); /* UNION ALL */
/* bind_set_all.c: INTERSECT ALL, EXCEPT ALL. */
MUST_USE Status make_set_all(Binder *binder, const AstSetOperation *node, const Plan *const *sides,
                             const Plan **ret_plan, Error *err);
MUST_USE Status bind_values(Binder *binder, const AstValues *values, const Scope *outer,
                            const CteScope *ctes, const Plan **ret_plan, Error *err);
MUST_USE Status bind_limit(Binder *binder, const AstLimit *limit, const Plan **plan, Error *err);
MUST_USE Status query_resolve_unknown(Binder *binder, const Plan *plan, const Plan **ret_plan,
                                      Error *err);
/* Cast column `index` of a query's result to the type. */
MUST_USE Status query_cast_columns(Binder *binder, const Plan *plan, const SqlType *types,
                                   const Plan **ret_plan, Error *err);
