/* Booleans: NOT, comparison, and the tests that never answer NULL (IS NULL, IS DISTINCT FROM, …).
 */
#include "functions/kernel.h"

DEFINE_UNARY_KERNEL(bool_not, uint8_t, uint8_t, !v)
DEFINE_COMPARE_KERNELS(bool, uint8_t, uint8_t, PLAIN_EQUAL, PLAIN_LESS)

/* For the tests that see NULLs: an expression of is_null and v. */
#define DEFINE_TEST_KERNEL(name, ...)                        \
    static Status name(const KernelCall *call, Error *err) { \
        const Column *input = &call->arguments[0];           \
        uint8_t *out = KERNEL_RESULT(call, uint8_t);         \
        (void) err;                                          \
        KERNEL_FOR_EACH(call, row) {                         \
            bool is_null = column_is_null(input, row);       \
            bool v = COLUMN_VALUE(input, uint8_t, row);      \
            out[row] = (uint8_t) (__VA_ARGS__);              \
        }                                                    \
        return STATUS_OK;                                    \
    }

DEFINE_TEST_KERNEL(bool_is_true, !is_null && v)
DEFINE_TEST_KERNEL(bool_is_not_true, is_null || !v)
DEFINE_TEST_KERNEL(bool_is_false, !is_null && !v)
DEFINE_TEST_KERNEL(bool_is_not_false, is_null || v)

static Status any_is_null(const KernelCall *call, Error *err) {
    const Column *input = &call->arguments[0];
    uint8_t *out = KERNEL_RESULT(call, uint8_t);

    (void) err;
    if (!input->validity)
        return STATUS_OK; /* zeroed: false */
    KERNEL_FOR_EACH(call, row)
    out[row] = column_is_null(input, row);
    return STATUS_OK;
}

static Status any_is_not_null(const KernelCall *call, Error *err) {
    const Column *input = &call->arguments[0];
    uint8_t *out = KERNEL_RESULT(call, uint8_t);

    (void) err;
    KERNEL_FOR_EACH(call, row)
    out[row] = !column_is_null(input, row);
    return STATUS_OK;
}

/* NULL equals NULL; the sides have one type. */
static bool rows_are_distinct(const Column *left, const Column *right, uint32_t row) {
    bool left_null = column_is_null(left, row);
    bool right_null = column_is_null(right, row);
    Value left_value;
    Value right_value;

    if (left_null || right_null)
        return left_null != right_null;
    left_value = column_get(left, row);
    right_value = column_get(right, row);
    return value_compare(&left_value, &right_value) != 0;
}

static Status any_is_distinct(const KernelCall *call, Error *err) {
    uint8_t *out = KERNEL_RESULT(call, uint8_t);

    (void) err;
    KERNEL_FOR_EACH(call, row)
    out[row] = rows_are_distinct(&call->arguments[0], &call->arguments[1], row);
    return STATUS_OK;
}

static Status any_is_not_distinct(const KernelCall *call, Error *err) {
    uint8_t *out = KERNEL_RESULT(call, uint8_t);

    (void) err;
    KERNEL_FOR_EACH(call, row)
    out[row] = !rows_are_distinct(&call->arguments[0], &call->arguments[1], row);
    return STATUS_OK;
}

static uint32_t count_nulls(const KernelCall *call, uint32_t row) {
    uint32_t nulls = 0;

    for (uint32_t i = 0; i < call->argument_count; i++)
        nulls += column_is_null(&call->arguments[i], row);
    return nulls;
}

static Status any_num_nulls(const KernelCall *call, Error *err) {
    int32_t *out = KERNEL_RESULT(call, int32_t);

    (void) err;
    KERNEL_FOR_EACH(call, row)
    out[row] = (int32_t) count_nulls(call, row);
    return STATUS_OK;
}

static Status any_num_nonnulls(const KernelCall *call, Error *err) {
    int32_t *out = KERNEL_RESULT(call, int32_t);

    (void) err;
    KERNEL_FOR_EACH(call, row)
    out[row] = (int32_t) (call->argument_count - count_nulls(call, row));
    return STATUS_OK;
}

/* The extreme of the arguments that are not NULL. `sign`: 1 the greatest, -1 the least. */
static Status choose_extreme(const KernelCall *call, int sign) {
    KERNEL_FOR_EACH(call, row) {
        Value best = value_null(call->result->type);

        for (uint32_t i = 0; i < call->argument_count; i++) {
            Value value;

            if (column_is_null(&call->arguments[i], row))
                continue;
            value = column_get(&call->arguments[i], row);
            if (best.is_null || sign * value_compare(&value, &best) > 0)
                best = value;
        }
        if (best.is_null)
            kernel_set_null(call, row);
        else
            column_put(call->result, row, &best, call->row_count, call->arena);
    }
    return STATUS_OK;
}

static Status any_greatest(const KernelCall *call, Error *err) {
    (void) err;
    return choose_extreme(call, 1);
}

static Status any_least(const KernelCall *call, Error *err) {
    (void) err;
    return choose_extreme(call, -1);
}

static SqlType first_argument_type(const SqlType *arguments, uint32_t count) {
    (void) count;
    return arguments[0];
}

enum { TEST_FLAGS = FUNCTION_NOT_STRICT | FUNCTION_INTERNAL };

/* clang-format off */
static const Function bool_functions[] = {
    COMPARE_FUNCTIONS(bool, TYPE_BOOL, TYPE_BOOL),
    {"not", bool_not, TYPE_BOOL, 1, {TYPE_BOOL}, .flags = FUNCTION_INTERNAL},
    {"is_true", bool_is_true, TYPE_BOOL, 1, {TYPE_BOOL}, .flags = TEST_FLAGS},
    {"is_not_true", bool_is_not_true, TYPE_BOOL, 1, {TYPE_BOOL}, .flags = TEST_FLAGS},
    {"is_false", bool_is_false, TYPE_BOOL, 1, {TYPE_BOOL}, .flags = TEST_FLAGS},
    {"is_not_false", bool_is_not_false, TYPE_BOOL, 1, {TYPE_BOOL}, .flags = TEST_FLAGS},
    {"is_unknown", any_is_null, TYPE_BOOL, 1, {TYPE_BOOL}, .flags = TEST_FLAGS},
    {"is_not_unknown", any_is_not_null, TYPE_BOOL, 1, {TYPE_BOOL}, .flags = TEST_FLAGS},
    {"is_null", any_is_null, TYPE_BOOL, 1, {TYPE_ANY}, .flags = TEST_FLAGS},
    {"is_not_null", any_is_not_null, TYPE_BOOL, 1, {TYPE_ANY}, .flags = TEST_FLAGS},
    {"is_distinct_from", any_is_distinct, TYPE_BOOL, 2, {TYPE_ANY, TYPE_ANY},
     .flags = TEST_FLAGS | FUNCTION_UNIFY},
    {"is_not_distinct_from", any_is_not_distinct, TYPE_BOOL, 2, {TYPE_ANY, TYPE_ANY},
     .flags = TEST_FLAGS | FUNCTION_UNIFY},
    {"num_nulls", any_num_nulls, TYPE_INT4, 1, {TYPE_ANY},
     .flags = FUNCTION_NOT_STRICT | FUNCTION_VARIADIC},
    {"num_nonnulls", any_num_nonnulls, TYPE_INT4, 1, {TYPE_ANY},
     .flags = FUNCTION_NOT_STRICT | FUNCTION_VARIADIC},
    {"greatest", any_greatest, TYPE_ANY, 1, {TYPE_ANY}, .result_type = first_argument_type,
     .flags = FUNCTION_NOT_STRICT | FUNCTION_VARIADIC | FUNCTION_UNIFY},
    {"least", any_least, TYPE_ANY, 1, {TYPE_ANY}, .result_type = first_argument_type,
     .flags = FUNCTION_NOT_STRICT | FUNCTION_VARIADIC | FUNCTION_UNIFY},
};
/* clang-format on */

const FunctionFamily family_bool_ops = {FAMILY_FUNCTIONS(bool_functions)};
