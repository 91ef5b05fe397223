/* Floats: real and double precision arithmetic and comparison. Overflow and underflow are errors,
 * as in PostgreSQL; mixed widths give double precision. */
#include "functions/kernel.h"

static Status range_error(bool is_overflow, Error *err) {
    return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: %s",
                     is_overflow ? "overflow" : "underflow");
}

/* The statement computes `result` of type Float from l and r; `zero_is_bad` when 0 means underflow.
 */
#define DEFINE_FLOAT_KERNEL(name, Left, Right, Float, operator, zero_is_bad)             \
    static Status name(const KernelCall *call, Error *err) {                             \
        Float *restrict out = KERNEL_RESULT(call, Float);                                \
        bool over = false;                                                               \
        bool under = false;                                                              \
        KERNEL_BINARY_LOOPS(call, Left, Right, Float a = (Float) l; Float b = (Float) r; \
                            Float result = a operator b;                                 \
                            over |= isinf(result) && !isinf(a) && !isinf(b);             \
                            under |= (zero_is_bad) && result == 0; out[row] = result);   \
        return over || under ? range_error(over, err) : STATUS_OK;                       \
    }

#define DEFINE_FLOAT_DIVIDE(name, Left, Right, Float)                                        \
    static Status name(const KernelCall *call, Error *err) {                                 \
        Float *restrict out = KERNEL_RESULT(call, Float);                                    \
        bool by_zero = false;                                                                \
        bool over = false;                                                                   \
        bool under = false;                                                                  \
        KERNEL_BINARY_LOOPS(call, Left, Right, Float a = (Float) l; Float b = (Float) r;     \
                            Float result = a / b; by_zero |= b == 0 && !isnan(a);            \
                            over |= isinf(result) && !isinf(a) && b != 0;                    \
                            under |= result == 0 && a != 0 && !isinf(b); out[row] = result); \
        if (by_zero)                                                                         \
            return error_set(err, DIVISION_BY_ZERO, "division by zero");                     \
        return over || under ? range_error(over, err) : STATUS_OK;                           \
    }

#define DEFINE_FLOAT_KERNELS(p, Left, Right, Float)                            \
    DEFINE_FLOAT_KERNEL(p##_add, Left, Right, Float, +, false)                 \
    DEFINE_FLOAT_KERNEL(p##_subtract, Left, Right, Float, -, false)            \
    DEFINE_FLOAT_KERNEL(p##_multiply, Left, Right, Float, *, a != 0 && b != 0) \
    DEFINE_FLOAT_DIVIDE(p##_divide, Left, Right, Float)                        \
    DEFINE_COMPARE_KERNELS(p, Left, Right, FLOAT_EQUAL, FLOAT_LESS)

DEFINE_FLOAT_KERNELS(float4, float, float, float)
DEFINE_FLOAT_KERNELS(float8, double, double, double)
DEFINE_FLOAT_KERNELS(float48, float, double, double)
DEFINE_FLOAT_KERNELS(float84, double, float, double)

DEFINE_UNARY_KERNEL(float4_negate, float, float, -v)
DEFINE_UNARY_KERNEL(float8_negate, double, double, -v)
DEFINE_UNARY_KERNEL(float4_same, float, float, v)
DEFINE_UNARY_KERNEL(float8_same, double, double, v)
DEFINE_UNARY_KERNEL(float4_abs, float, float, fabsf(v))
DEFINE_UNARY_KERNEL(float8_abs, double, double, fabs(v))

/* clang-format off */
#define FLOAT_FUNCTIONS(p, L, R, T)            \
    {"+", p##_add, T, 2, {L, R}},              \
    {"-", p##_subtract, T, 2, {L, R}},         \
    {"*", p##_multiply, T, 2, {L, R}},         \
    {"/", p##_divide, T, 2, {L, R}},           \
    COMPARE_FUNCTIONS(p, L, R)

#define FLOAT_UNARY_FUNCTIONS(p, T)            \
    {"-", p##_negate, T, 1, {T}},              \
    {"+", p##_same, T, 1, {T}},                \
    {"@", p##_abs, T, 1, {T}},                 \
    {"abs", p##_abs, T, 1, {T}}

static const Function float_functions[] = {
    FLOAT_FUNCTIONS(float4, TYPE_FLOAT4, TYPE_FLOAT4, TYPE_FLOAT4),
    FLOAT_FUNCTIONS(float8, TYPE_FLOAT8, TYPE_FLOAT8, TYPE_FLOAT8),
    FLOAT_FUNCTIONS(float48, TYPE_FLOAT4, TYPE_FLOAT8, TYPE_FLOAT8),
    FLOAT_FUNCTIONS(float84, TYPE_FLOAT8, TYPE_FLOAT4, TYPE_FLOAT8),
    FLOAT_UNARY_FUNCTIONS(float4, TYPE_FLOAT4),
    FLOAT_UNARY_FUNCTIONS(float8, TYPE_FLOAT8),
};
/* clang-format on */

const FunctionFamily family_float_ops = {FAMILY_FUNCTIONS(float_functions)};
