/* Plan fields: the values of a node's fields as text, from the node table. */
#pragma once

#include "planner/plan.h"

/* Is the field at its zero value, so that nothing need be said of it? */
bool plan_field_is_empty(const Plan *plan, const PlanField *field);
/* The field's value as EXPLAIN prints it, with column names. */
void plan_field_append(const Plan *plan, const PlanField *field, StrBuf *out);
/* The name of a column that the node gives or reads; "?" when nobody knows it. */
const char *plan_column_name(const Plan *plan, ColumnId id);

/* The parts, for headlines. */
void plan_append_micros(int64_t micros, StrBuf *out); /* "1 minute 30 seconds" */
void plan_append_ids(const Plan *plan, ColumnIds ids, StrBuf *out);
void plan_append_calls(const Plan *plan, StrBuf *out);
void plan_append_sort_keys(const Plan *plan, StrBuf *out);
void plan_append_exprs(const Plan *plan, const ExprList *list, StrBuf *out);
void plan_append_sets(const Plan *plan, StrBuf *out);
