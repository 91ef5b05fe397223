/* Binding: from ColumnIds to places, when an operator is opened. */
#pragma once

#include "planner/plan.h"

/* Place of the column in the child's output. A plan without it is damaged: XX000. */
MUST_USE Status binding_column(const Plan *child, ColumnId id, int *ret_index, Error *err);
/* The same for a list; arena. */
MUST_USE Status binding_columns(const Plan *child, ColumnIds ids, Arena *arena,
                                uint32_t **ret_indexes, Error *err);
/* Compile over the child's output columns. */
MUST_USE Status binding_compile(const Expr *expr, const Plan *child, Arena *arena,
                                ExprProgram **ret_program, Error *err);
/* Types of the plan's output columns, and ids; arena. */
SqlType *binding_types(const Plan *plan, Arena *arena);
