/* Build: making plan nodes from what the binder has found. Private to planner/. */
#pragma once

#include "parser/ast_query.h"
#include "planner/plan.h"

typedef struct Binder Binder;

const Plan *make_filter(Binder *binder, const Plan *child, const Expr *predicate, int position);
/* Pass all columns of the child and add `extra`; *ids gets the new columns' ids (bare columns:
 * their own). */
const Plan *make_extended(Binder *binder, const Plan *child, const Expr *const *extra,
                          const char *const *names, int count, ColumnId *ids);
typedef struct ProjectItem {
    const Expr *expr;
    const char *name;
} ProjectItem;
/* A project of exactly these; a column that stands twice gets a new id the second time. */
const Plan *make_project(Binder *binder, const Plan *child, const ProjectItem *items, int count,
                         int position);
const Plan *make_distinct(Binder *binder, const Plan *child, const ColumnId *keys, int count,
                          int position);
const char *target_name(const AstNode *node); /* "?column?" when nothing better */
/* What ASC, DESC, USING and NULLS say together. */
MUST_USE Status sort_direction(const AstSortKey *key, bool *ret_descending, bool *ret_nulls_first,
                               Error *err);
const Plan *make_sort(Binder *binder, const Plan *child, const PlanSortKey *keys, int count,
                      int position);
