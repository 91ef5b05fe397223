/* Set-returning functions: rows in FROM. Their rows are made by exec/ops/op_function_scan.c; a
 * kernel is reached only where a set has no place. */
#include "functions/kernel.h"
#include "functions/registry.h"

static Status set_kernel(const KernelCall *call, Error *err) {
    (void) call;
    return error_set(err, FEATURE_NOT_SUPPORTED,
                     "set-valued function called in context that cannot accept a set");
}

#define SERIES(type, ...)                                                                       \
    {                                                                                           \
        .name = "generate_series", .kernel = set_kernel, .result = TYPE_##type,                 \
        .argument_count = ARRAY_LENGTH(((TypeId[]) {__VA_ARGS__})), .arguments = {__VA_ARGS__}, \
        .flags = FUNCTION_SET                                                                   \
    }

static const Function sets_functions[] = {
    SERIES(INT4, TYPE_INT4, TYPE_INT4),
    SERIES(INT4, TYPE_INT4, TYPE_INT4, TYPE_INT4),
    SERIES(INT8, TYPE_INT8, TYPE_INT8),
    SERIES(INT8, TYPE_INT8, TYPE_INT8, TYPE_INT8),
    SERIES(TIMESTAMP, TYPE_TIMESTAMP, TYPE_TIMESTAMP, TYPE_INTERVAL),
    SERIES(TIMESTAMPTZ, TYPE_TIMESTAMPTZ, TYPE_TIMESTAMPTZ, TYPE_INTERVAL),
};

const FunctionFamily family_sets = {FAMILY_FUNCTIONS(sets_functions)};
