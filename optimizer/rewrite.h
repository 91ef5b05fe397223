/* Helpers for rules: taking predicates apart, looking at the columns they read, substituting them.
 */
#pragma once

#include "optimizer/optimizer.h"

typedef struct Conjuncts {
    int count;
    const Expr **items;
} Conjuncts;

/* The operands of a top-level AND; any other expression is one conjunct. */
Conjuncts expr_conjuncts(Arena *arena, const Expr *predicate);
/* Are all columns of the expression outputs of `plan`? */
bool expr_reads_only(const Expr *expr, const Plan *plan);
bool expr_reads_ids(const Expr *expr, ColumnIds ids); /* all of them among ids */
/* Columns replaced by what `project` computes for them. */
const Expr *expr_through_project(Arena *arena, const Expr *expr, const Plan *project);
/* Nodes of the expression once its columns are replaced; at most `limit`, where counting ends. */
int expr_size_through_project(const Expr *expr, const Plan *project, int limit);
/* filter(predicate, child); the child itself when there are no conjuncts. */
const Plan *plan_filter(Arena *arena, Conjuncts conjuncts, const Plan *child);
/* Split into those for which `takes` is true and the rest. */
void conjuncts_split(Arena *arena, Conjuncts all, bool (*takes)(const Expr *expr, const void *data),
                     const void *data, Conjuncts *ret_taken, Conjuncts *ret_rest);
/* May the predicate be evaluated for other rows, or at another time, than written? */
bool expr_is_movable(const Expr *expr);
/* The node with its predicate and expressions rewritten; the same pointer when none changed. */
const Plan *plan_rewrite_exprs(Arena *arena, const Plan *plan, ExprRewrite rewrite, void *data);
/* No rows, with the columns of `plan`. */
const Plan *plan_empty(Arena *arena, const Plan *plan);
bool plan_is_empty(const Plan *plan);
/* project(plan) to `columns`, each passed on from plan's column of the same id; the plan itself
 * when these are its columns. */
const Plan *plan_select(Arena *arena, const Plan *plan, const PlanColumn *columns, int count);
/* The columns of the mark join over `plan`, which gives its left side's: the mark is the same in
 * every row. */
const Plan *plan_with_mark(Arena *arena, const Plan *join, const Plan *plan, bool mark);
/* Does one of them read the column? */
bool conjuncts_read(Conjuncts conjuncts, ColumnId id);
