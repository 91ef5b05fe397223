/* Plan fields: the values of a node's fields as text, from the node table. */
#pragma once

#include "planner/plan.h"

/* Is the field at its zero value, so that nothing need be said of it? */
bool plan_field_is_empty(const Plan *plan, const PlanField *field);
/* The field's value as EXPLAIN prints it, with column names. */
void plan_field_append(const Plan *plan, const PlanField *field, StrBuf *out);
/* The name of a column that the node gives or reads; "?" when nobody knows it. */
const char *plan_column_name(const Plan *plan, ColumnId id);
