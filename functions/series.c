/* Set-returning functions: their signatures. The rows are made by exec/ops/op_function_scan.c; as an
 * expression inside another they have no meaning, so their kernel refuses. */
#include "functions/kernel.h"

static Status series_refuse(const KernelCall *call, Error *err) {
    (void) call;
    return error_set(err, FEATURE_NOT_SUPPORTED,
                     "a set-returning function inside an expression is not supported");
}

/* clang-format off */
static const Function series_functions[] = {
    {"generate_series", series_refuse, TYPE_INT4, 2, {TYPE_INT4, TYPE_INT4}, .flags = FUNCTION_SET},
    {"generate_series", series_refuse, TYPE_INT4, 3, {TYPE_INT4, TYPE_INT4, TYPE_INT4},
     .flags = FUNCTION_SET},
    {"generate_series", series_refuse, TYPE_INT8, 2, {TYPE_INT8, TYPE_INT8}, .flags = FUNCTION_SET},
    {"generate_series", series_refuse, TYPE_INT8, 3, {TYPE_INT8, TYPE_INT8, TYPE_INT8},
     .flags = FUNCTION_SET},
    {"generate_series", series_refuse, TYPE_TIMESTAMP, 3,
     {TYPE_TIMESTAMP, TYPE_TIMESTAMP, TYPE_INTERVAL}, .flags = FUNCTION_SET},
    {"generate_series", series_refuse, TYPE_TIMESTAMPTZ, 3,
     {TYPE_TIMESTAMPTZ, TYPE_TIMESTAMPTZ, TYPE_INTERVAL}, VOLATILITY_STABLE, FUNCTION_SET},
};
/* clang-format on */

const FunctionFamily family_series = {FAMILY_FUNCTIONS(series_functions)};
