/* Set-returning functions: their signatures. The rows are made by the operator that scans one
 * (exec/ops/op_function_scan.c), a batch at a time; so there are no kernels here. */
#include "functions/kernel.h"

static SqlType type_of_element(const SqlType *arguments, uint32_t count) {
    (void) count;
    return arguments[0].id == TYPE_ARRAY && arguments[0].element ? *arguments[0].element
                                                                 : SQL_TYPE(TEXT);
}

/* clang-format off */
#define SERIES(type, ...) \
    {"generate_series", NULL, type, sizeof((TypeId[]) {__VA_ARGS__}) / sizeof(TypeId), \
     {__VA_ARGS__}, VOLATILITY_IMMUTABLE, FUNCTION_SET}

static const Function set_functions[] = {
    SERIES(TYPE_INT4,        TYPE_INT4,        TYPE_INT4),
    SERIES(TYPE_INT4,        TYPE_INT4,        TYPE_INT4,        TYPE_INT4),
    SERIES(TYPE_INT8,        TYPE_INT8,        TYPE_INT8),
    SERIES(TYPE_INT8,        TYPE_INT8,        TYPE_INT8,        TYPE_INT8),
    SERIES(TYPE_NUMERIC,     TYPE_NUMERIC,     TYPE_NUMERIC),
    SERIES(TYPE_NUMERIC,     TYPE_NUMERIC,     TYPE_NUMERIC,     TYPE_NUMERIC),
    SERIES(TYPE_TIMESTAMP,   TYPE_TIMESTAMP,   TYPE_TIMESTAMP,   TYPE_INTERVAL),
    SERIES(TYPE_TIMESTAMPTZ, TYPE_TIMESTAMPTZ, TYPE_TIMESTAMPTZ, TYPE_INTERVAL),
    {"unnest", NULL, TYPE_ANY, 1, {TYPE_ARRAY}, VOLATILITY_IMMUTABLE, FUNCTION_SET,
     type_of_element},
};
/* clang-format on */

const FunctionFamily family_set_functions = {FAMILY_FUNCTIONS(set_functions)};
