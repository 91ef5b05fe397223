/* Integers: arithmetic with overflow checks, comparison, bits, over smallint, integer and bigint.
 *
 * Mixed widths meet by implicit casts, which keeps the table small and gives PostgreSQL's types. */
#include <stdio.h>

#include "functions/kernel.h"

#define CHECKED_DIVIDE(Type, minimum, message, name, OPERATION)                                    \
    static Status name(const KernelCall *call, Error *err) {                                       \
        Type *restrict out = KERNEL_RESULT(call, Type);                                            \
        bool by_zero = false;                                                                      \
        bool is_bad = false;                                                                       \
        KERNEL_BINARY_LOOPS(call, Type, Type, if (r == 0) by_zero = true;                          \
                            else if (r == -1) OPERATION##_MINUS_ONE(Type, minimum) else out[row] = \
                                (Type) (OPERATION(l, r)));                                         \
        if (by_zero)                                                                               \
            return error_set(err, DIVISION_BY_ZERO, "division by zero");                           \
        return is_bad ? error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, message) : STATUS_OK;           \
    }

#define QUOTIENT(l, r) ((l) / (r))
/* minimum / -1 does not fit */
#define QUOTIENT_MINUS_ONE(Type, minimum) \
    {                                     \
        is_bad |= l == (minimum);         \
        if (l != (minimum))               \
            out[row] = (Type) -l;         \
    }
#define REMAINDER(l, r) ((l) % (r))
/* the machine traps on minimum % -1 */
#define REMAINDER_MINUS_ONE(Type, minimum) \
    { out[row] = 0; }

static inline bool gcd_int64(int64_t left, int64_t right, int64_t minimum, int64_t *ret) {
    while (right != 0) {
        int64_t rest = right == -1 ? 0 : left % right;

        left = right;
        right = rest;
    }
    if (left == minimum)
        return true;
    *ret = left < 0 ? -left : left;
    return false;
}

static inline bool lcm_int64(int64_t left, int64_t right, int64_t minimum, int64_t *ret) {
    int64_t divisor = 0;
    int64_t product = 0;

    if (left == 0 || right == 0) {
        *ret = 0;
        return false;
    }
    if (gcd_int64(left, right, minimum, &divisor) ||
        __builtin_mul_overflow(left / divisor, right, &product) || product == INT64_MIN)
        return true;
    *ret = product < 0 ? -product : product;
    return false;
}

/* Runs a 64-bit computation that stores to `wide`; true when it or the narrowing overflows. */
#define NARROW(computation)                                              \
    ({                                                                   \
        int64_t wide = 0;                                                \
        (computation) || __builtin_add_overflow(wide, (int64_t) 0, ret); \
    })

#define DEFINE_INT_KERNELS(p, Type, Unsigned, bits, minimum, message)                            \
    DEFINE_CHECKED_KERNEL(p##_add, Type, Type, Type, message, __builtin_add_overflow(l, r, ret)) \
    DEFINE_CHECKED_KERNEL(p##_subtract, Type, Type, Type, message,                               \
                          __builtin_sub_overflow(l, r, ret))                                     \
    DEFINE_CHECKED_KERNEL(p##_multiply, Type, Type, Type, message,                               \
                          __builtin_mul_overflow(l, r, ret))                                     \
    CHECKED_DIVIDE(Type, minimum, message, p##_divide, QUOTIENT)                                 \
    CHECKED_DIVIDE(Type, minimum, message, p##_modulo, REMAINDER)                                \
    DEFINE_CHECKED_UNARY_KERNEL(p##_negate, Type, Type, message,                                 \
                                __builtin_sub_overflow((Type) 0, v, ret))                        \
    DEFINE_CHECKED_UNARY_KERNEL(p##_abs, Type, Type, message,                                    \
                                v < 0 ? __builtin_sub_overflow((Type) 0, v, ret)                 \
                                      : ((*ret = v), false))                                     \
    DEFINE_UNARY_KERNEL(p##_same, Type, Type, v)                                                 \
    DEFINE_UNARY_KERNEL(p##_bit_not, Type, Type, ~v)                                             \
    DEFINE_BINARY_KERNEL(p##_bit_and, Type, Type, Type, l &r)                                    \
    DEFINE_BINARY_KERNEL(p##_bit_or, Type, Type, Type, l | r)                                    \
    DEFINE_BINARY_KERNEL(p##_bit_xor, Type, Type, Type, l ^ r)                                   \
    DEFINE_BINARY_KERNEL(p##_shift_left, Type, int32_t, Type, (Unsigned) l << (r & (bits - 1)))  \
    DEFINE_BINARY_KERNEL(p##_shift_right, Type, int32_t, Type, l >> (r & (bits - 1)))            \
    DEFINE_COMPARE_KERNELS(p, Type, Type, PLAIN_EQUAL, PLAIN_LESS)

DEFINE_INT_KERNELS(int2, int16_t, uint16_t, 32, INT16_MIN, "smallint out of range")
DEFINE_INT_KERNELS(int4, int32_t, uint32_t, 32, INT32_MIN, "integer out of range")
DEFINE_INT_KERNELS(int8, int64_t, uint64_t, 64, INT64_MIN, "bigint out of range")
DEFINE_CHECKED_KERNEL(int4_gcd, int32_t, int32_t, int32_t, "integer out of range",
                      NARROW(gcd_int64(l, r, INT32_MIN, &wide)))
DEFINE_CHECKED_KERNEL(int4_lcm, int32_t, int32_t, int32_t, "integer out of range",
                      NARROW(lcm_int64(l, r, INT32_MIN, &wide)))
DEFINE_CHECKED_KERNEL(int8_gcd, int64_t, int64_t, int64_t, "bigint out of range",
                      NARROW(gcd_int64(l, r, INT64_MIN, &wide)))
DEFINE_CHECKED_KERNEL(int8_lcm, int64_t, int64_t, int64_t, "bigint out of range",
                      NARROW(lcm_int64(l, r, INT64_MIN, &wide)))
DEFINE_COMPARE_KERNELS(oid, int64_t, int64_t, PLAIN_EQUAL, PLAIN_LESS)

/* to_hex, of the two's complement */
static Status int4_to_hex(const KernelCall *call, Error *err) {
    char digits[24];

    KERNEL_FOR_EACH(call, row) {
        int length = snprintf(digits, sizeof(digits), "%x",
                              (unsigned) KERNEL_ARGUMENT(call, 0, int32_t, row));

        TRY(kernel_put_text(call, row, digits, (size_t) length, err));
    }
    return STATUS_OK;
}

static Status int8_to_hex(const KernelCall *call, Error *err) {
    char digits[24];

    KERNEL_FOR_EACH(call, row) {
        int length = snprintf(digits, sizeof(digits), "%lx",
                              (unsigned long) KERNEL_ARGUMENT(call, 0, int64_t, row));

        TRY(kernel_put_text(call, row, digits, (size_t) length, err));
    }
    return STATUS_OK;
}

/* clang-format off */
#define INT_FUNCTIONS(p, T)                                  \
    {"+", p##_add, T, 2, {T, T}},                            \
    {"-", p##_subtract, T, 2, {T, T}},                       \
    {"*", p##_multiply, T, 2, {T, T}},                       \
    {"/", p##_divide, T, 2, {T, T}},                         \
    {"%", p##_modulo, T, 2, {T, T}},                         \
    {"mod", p##_modulo, T, 2, {T, T}},                       \
    {"-", p##_negate, T, 1, {T}},                            \
    {"+", p##_same, T, 1, {T}},                              \
    {"@", p##_abs, T, 1, {T}},                               \
    {"abs", p##_abs, T, 1, {T}},                             \
    {"~", p##_bit_not, T, 1, {T}},                           \
    {"&", p##_bit_and, T, 2, {T, T}},                        \
    {"|", p##_bit_or, T, 2, {T, T}},                         \
    {"#", p##_bit_xor, T, 2, {T, T}},                        \
    {"<<", p##_shift_left, T, 2, {T, TYPE_INT4}},            \
    {">>", p##_shift_right, T, 2, {T, TYPE_INT4}},           \
    COMPARE_FUNCTIONS(p, T, T)

static const Function int_functions[] = {
    INT_FUNCTIONS(int2, TYPE_INT2),
    INT_FUNCTIONS(int4, TYPE_INT4),
    INT_FUNCTIONS(int8, TYPE_INT8),
    COMPARE_FUNCTIONS(oid, TYPE_OID, TYPE_OID),
    {"gcd", int4_gcd, TYPE_INT4, 2, {TYPE_INT4, TYPE_INT4}},
    {"gcd", int8_gcd, TYPE_INT8, 2, {TYPE_INT8, TYPE_INT8}},
    {"lcm", int4_lcm, TYPE_INT4, 2, {TYPE_INT4, TYPE_INT4}},
    {"lcm", int8_lcm, TYPE_INT8, 2, {TYPE_INT8, TYPE_INT8}},
    {"to_hex", int4_to_hex, TYPE_TEXT, 1, {TYPE_INT4}},
    {"to_hex", int8_to_hex, TYPE_TEXT, 1, {TYPE_INT8}},
};
/* clang-format on */

const FunctionFamily family_int_ops = {FAMILY_FUNCTIONS(int_functions)};
