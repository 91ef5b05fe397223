/* Expr: a typed, bound expression over the columns of a plan node's input.
 *
 * Trees are immutable and live in the statement's arena (or the plan's). A column is named by its
 * ColumnId, unique within a plan and never by its place, so that rules move expressions freely
 * (Catalyst's ExprId); places are looked up when the expression is compiled. All types agree by
 * construction: the binder inserts casts, so function arguments have exactly the kernel's types. */
#pragma once

#include "functions/function.h"

typedef int32_t ColumnId; /* > 0 */

typedef enum ExprKind {
    EXPR_CONSTANT,
    EXPR_COLUMN,
    EXPR_PARAMETER, /* $n, only while a statement is being described; values are constants */
    EXPR_CALL,      /* function or operator */
    EXPR_CAST,
    EXPR_AND, /* n-ary, three-valued */
    EXPR_OR,
    EXPR_CASE, /* arguments: when1, then1, when2, then2, …, else (always there); whens boolean.
                  Lazy: an arm is evaluated only for the rows that reach it. COALESCE and NULLIF are
                  CASEs */
    EXPR_IN, /* arguments[0] = any of arguments[1…], all constants of its type (NULL included) */
} ExprKind;

typedef struct Expr Expr;

struct Expr {
    ExprKind kind;
    SqlType type;
    int position; /* in the statement's text; 0: none */
    int argument_count;
    const Expr *const *arguments;
    union {
        Value constant;
        struct {
            ColumnId id;
            const char *name; /* for EXPLAIN */
        } column;
        int parameter_number; /* 1-based */
        const Function *function;
        struct {
            const Cast *cast; /* NULL: only relabelling (varchar to text) or a typmod coercion */
            CastContext context;
        } cast;
    };
};

/* -------- constructors: all in `arena`, children borrowed from the same or a longer life --------
 */
const Expr *expr_constant(Arena *arena, Value value);
const Expr *expr_column(Arena *arena, ColumnId id, SqlType type, const char *name);
const Expr *expr_call(Arena *arena, const Function *function, SqlType type,
                      const Expr *const *arguments, int count);
/* Resolve and build, with casts of the arguments inserted. */
MUST_USE Status expr_call_named(Arena *arena, const char *name, const Expr *const *arguments,
                                int count, int position, const Expr **ret_expr, Error *err);
/* Cast when needed: the same pointer when not. 42846 when there is no such cast. Constants of
 * unknown type are parsed at once; those whose text needs the session's zone or clock (timestamptz,
 * 'now') become a stable cast of a text constant, which expr_evaluate_constant folds with a
 * context. A parameter of unknown type takes the type. */
MUST_USE Status expr_cast_to(Arena *arena, const Expr *expr, SqlType type, CastContext context,
                             const Expr **ret_expr, Error *err);
const Expr *expr_and(Arena *arena, const Expr *const *arguments,
                     int count); /* flattens; 0: true; 1: it */
const Expr *expr_or(Arena *arena, const Expr *const *arguments, int count);
const Expr *expr_not(Arena *arena, const Expr *expr);
const Expr *expr_case(Arena *arena, SqlType type, const Expr *const *arguments, int count);
/* arguments[0] IN (arguments[1], …): constants of its type. */
const Expr *expr_in(Arena *arena, const Expr *const *arguments, int count);
/* The same node with a position. */
const Expr *expr_at(Arena *arena, const Expr *expr, int position);
const Expr *expr_true(Arena *arena);

/* -------- questions and rewrites -------- */
bool expr_equal(const Expr *left, const Expr *right);
bool expr_is_true(const Expr *expr);
bool expr_is_false_or_null(const Expr *expr);
Volatility expr_volatility(const Expr *expr); /* the worst inside */
bool expr_can_fail(
    const Expr *expr); /* may raise an error for some row: don't evaluate it for more rows */
/* Calls visit for each column used, in order; repeats are told too. */
void expr_visit_columns(const Expr *expr, void (*visit)(ColumnId id, void *data), void *data);
/* Rebuild bottom-up: `rewrite` gets each node after its children and returns it or another. */
typedef const Expr *(*ExprRewrite)(const Expr *expr, void *data);
const Expr *expr_rewrite(Arena *arena, const Expr *expr, ExprRewrite rewrite, void *data);
/* As SQL would show it: "(v > 10) AND (k = 'a')"; for EXPLAIN and column headings. */
void expr_append_text(const Expr *expr, StrBuf *out);

/* -------- folding -------- */
/* Evaluate an expression without columns (immutable, or stable with a context). Bytes: arena. */
MUST_USE Status expr_evaluate_constant(const Expr *expr, const EvalContext *context, Arena *arena,
                                       Value *ret_value, Error *err);

/* -------- programs: compiled once, run over batches (expr/program.c) -------- */

/* A flat list of instructions over registers. Immutable, so shared by threads; each run takes its
 * own arena. No recursion, allocation per row, lock, or virtual call per row. */
typedef struct ExprProgram ExprProgram;

/* `input_ids[i]` is the id of the batch's column i. */
MUST_USE Status expr_compile(const Expr *expr, const ColumnId *input_ids, uint32_t input_count,
                             ExprProgram **ret_program, Error *err);
ExprProgram *expr_program_destroy(ExprProgram *program); /* NULL is fine */
DEFINE_CLEANUP(ExprProgram, expr_program_destroy)
/* The value for each active row (by row position); others undefined. The column lives in `arena` or
 * is the batch's own. */
MUST_USE Status expr_evaluate(const ExprProgram *program, const Batch *batch,
                              const EvalContext *context, Arena *arena, Column *ret_column,
                              Error *err);
/* The active rows for which a boolean program is true (not NULL), ascending, into ret_selection
 * (room for row_count). */
MUST_USE Status expr_select(const ExprProgram *program, const Batch *batch,
                            const EvalContext *context, Arena *arena, uint32_t *ret_selection,
                            uint32_t *ret_count, Error *err);
