/* The operators: one line adds one. From this list come the declarations, the table and the test
 * that every type is complete. */
#pragma once

#include "exec/operator.h"

/* clang-format off */
#define OPERATOR_TABLE(X)                   \
    X(PLAN_SCAN,          op_scan)          \
    X(PLAN_VALUES,        op_values)        \
    X(PLAN_FUNCTION_SCAN, op_function_scan) \
    X(PLAN_FILTER,        op_filter)        \
    X(PLAN_PROJECT,       op_project)       \
    X(PLAN_PROJECT_SET,   op_project_set)   \
    X(PLAN_WINDOW,        op_window)        \
    X(PLAN_AGGREGATE,     op_aggregate)     \
    X(PLAN_DISTINCT,      op_distinct)      \
    X(PLAN_JOIN,          op_join)          \
    X(PLAN_UNION,         op_union)         \
    X(PLAN_SORT,          op_sort)          \
    X(PLAN_LIMIT,         op_limit)         \
    X(PLAN_SINGLE_ROW,    op_single_row)    \
    X(PLAN_EXCHANGE,      op_exchange)
/* clang-format on */

#define X(kind, type) extern const OpType type;
OPERATOR_TABLE(X)
#undef X

const OpType *operator_type_of(PlanKind kind);
