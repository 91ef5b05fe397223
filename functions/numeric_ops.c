/* Numeric: exact arithmetic, comparison and rounding. The work is done in types/numeric. */
#include "functions/kernel.h"
#include "types/numeric.h"

#define NUMERIC_EQUAL(l, r) (numeric_compare(&(l), &(r)) == 0)
#define NUMERIC_LESS(l, r) (numeric_compare(&(l), &(r)) < 0)

DEFINE_COMPARE_KERNELS(numeric, Numeric, Numeric, NUMERIC_EQUAL, NUMERIC_LESS)

/* A kernel around `Status operation(const Numeric *, const Numeric *, Numeric *, Error *)`. */
#define DEFINE_NUMERIC_KERNEL(name, operation)                                               \
    static Status name(const KernelCall *call, Error *err) {                                 \
        Numeric *out = KERNEL_RESULT(call, Numeric);                                         \
        KERNEL_BINARY_LOOPS(call, Numeric, Numeric, TRY(operation(&l, &r, &out[row], err))); \
        return STATUS_OK;                                                                    \
    }

DEFINE_NUMERIC_KERNEL(numeric_plus, numeric_add)
DEFINE_NUMERIC_KERNEL(numeric_minus, numeric_subtract)
DEFINE_NUMERIC_KERNEL(numeric_times, numeric_multiply)
DEFINE_NUMERIC_KERNEL(numeric_quotient, numeric_divide)
DEFINE_NUMERIC_KERNEL(numeric_remainder, numeric_modulo)
DEFINE_NUMERIC_KERNEL(numeric_div, numeric_divide_integer)
DEFINE_NUMERIC_KERNEL(numeric_to_power, numeric_power)
DEFINE_NUMERIC_KERNEL(numeric_log_of, numeric_log)

#define DEFINE_ROUNDING_KERNEL(name, rounding)                                                    \
    static Status name(const KernelCall *call, Error *err) {                                      \
        Numeric *out = KERNEL_RESULT(call, Numeric);                                              \
        KERNEL_UNARY_LOOPS(call, Numeric, TRY(numeric_round(&v, 0, (rounding), &out[row], err))); \
        return STATUS_OK;                                                                         \
    }

DEFINE_ROUNDING_KERNEL(numeric_round_whole, NUMERIC_ROUND)
DEFINE_ROUNDING_KERNEL(numeric_trunc_whole, NUMERIC_TRUNCATE)
DEFINE_ROUNDING_KERNEL(numeric_ceil, NUMERIC_CEIL)
DEFINE_ROUNDING_KERNEL(numeric_floor, NUMERIC_FLOOR)

#define DEFINE_SCALED_KERNEL(name, rounding)                                   \
    static Status name(const KernelCall *call, Error *err) {                   \
        Numeric *out = KERNEL_RESULT(call, Numeric);                           \
        KERNEL_BINARY_LOOPS(call, Numeric, int32_t,                            \
                            TRY(round_to(&l, r, (rounding), &out[row], err))); \
        return STATUS_OK;                                                      \
    }

/* PostgreSQL bounds the scale silently. */
static Status round_to(const Numeric *value, int32_t scale, NumericRounding rounding,
                       Numeric *ret_value, Error *err) {
    enum { SCALE_BOUND = 2000 };

    if (scale > SCALE_BOUND)
        scale = SCALE_BOUND;
    if (scale < -SCALE_BOUND)
        scale = -SCALE_BOUND;
    return numeric_round(value, scale, rounding, ret_value, err);
}

DEFINE_SCALED_KERNEL(numeric_round_scaled, NUMERIC_ROUND)
DEFINE_SCALED_KERNEL(numeric_trunc_scaled, NUMERIC_TRUNCATE)

static Numeric sign_of(const Numeric *value) {
    return value->kind == NUMERIC_NAN ? numeric_nan : numeric_from_int64(numeric_sign(value));
}

DEFINE_UNARY_KERNEL(numeric_minus_unary, Numeric, Numeric, numeric_negate(&v))
DEFINE_UNARY_KERNEL(numeric_same, Numeric, Numeric, v)
DEFINE_UNARY_KERNEL(numeric_abs, Numeric, Numeric, numeric_absolute(&v))
DEFINE_UNARY_KERNEL(numeric_sign_of, Numeric, Numeric, sign_of(&v))
DEFINE_UNARY_KERNEL(numeric_trim_scale, Numeric, Numeric, numeric_without_trailing_zeros(&v))

/* A kernel around `Status operation(const Numeric *, Numeric *, Error *)`. */
#define DEFINE_NUMERIC_UNARY(name, operation)                                  \
    static Status name(const KernelCall *call, Error *err) {                   \
        Numeric *out = KERNEL_RESULT(call, Numeric);                           \
        KERNEL_UNARY_LOOPS(call, Numeric, TRY(operation(&v, &out[row], err))); \
        return STATUS_OK;                                                      \
    }

static Status log10_of(const Numeric *value, Numeric *ret_value, Error *err) {
    Numeric ten = numeric_from_int64(10);

    return numeric_log(&ten, value, ret_value, err);
}

DEFINE_NUMERIC_UNARY(numeric_square_root, numeric_sqrt)
DEFINE_NUMERIC_UNARY(numeric_exp_of, numeric_exp)
DEFINE_NUMERIC_UNARY(numeric_ln_of, numeric_ln)
DEFINE_NUMERIC_UNARY(numeric_log10_of, log10_of)

/* NULL for NaN and the infinities, which have no scale. */
static Status numeric_scale_of(const KernelCall *call, Error *err) {
    int32_t *out = KERNEL_RESULT(call, int32_t);

    KERNEL_UNARY_LOOPS(call, Numeric, if (v.kind == NUMERIC_FINITE) out[row] = v.scale;
                       else kernel_set_null(call, row));
    return STATUS_OK;
}

static Status numeric_min_scale(const KernelCall *call, Error *err) {
    int32_t *out = KERNEL_RESULT(call, int32_t);

    KERNEL_UNARY_LOOPS(call, Numeric,
                       if (v.kind == NUMERIC_FINITE) out[row] =
                           numeric_without_trailing_zeros(&v).scale;
                       else kernel_set_null(call, row));
    return STATUS_OK;
}

/* clang-format off */
static const Function numeric_functions[] = {
    {"+", numeric_plus, TYPE_NUMERIC, 2, {TYPE_NUMERIC, TYPE_NUMERIC}},
    {"-", numeric_minus, TYPE_NUMERIC, 2, {TYPE_NUMERIC, TYPE_NUMERIC}},
    {"*", numeric_times, TYPE_NUMERIC, 2, {TYPE_NUMERIC, TYPE_NUMERIC}},
    {"/", numeric_quotient, TYPE_NUMERIC, 2, {TYPE_NUMERIC, TYPE_NUMERIC}},
    {"%", numeric_remainder, TYPE_NUMERIC, 2, {TYPE_NUMERIC, TYPE_NUMERIC}},
    {"mod", numeric_remainder, TYPE_NUMERIC, 2, {TYPE_NUMERIC, TYPE_NUMERIC}},
    {"div", numeric_div, TYPE_NUMERIC, 2, {TYPE_NUMERIC, TYPE_NUMERIC}},
    {"+", numeric_same, TYPE_NUMERIC, 1, {TYPE_NUMERIC}},
    {"-", numeric_minus_unary, TYPE_NUMERIC, 1, {TYPE_NUMERIC}},
    {"@", numeric_abs, TYPE_NUMERIC, 1, {TYPE_NUMERIC}},
    {"abs", numeric_abs, TYPE_NUMERIC, 1, {TYPE_NUMERIC}},
    {"sign", numeric_sign_of, TYPE_NUMERIC, 1, {TYPE_NUMERIC}},
    {"round", numeric_round_whole, TYPE_NUMERIC, 1, {TYPE_NUMERIC}},
    {"round", numeric_round_scaled, TYPE_NUMERIC, 2, {TYPE_NUMERIC, TYPE_INT4}},
    {"trunc", numeric_trunc_whole, TYPE_NUMERIC, 1, {TYPE_NUMERIC}},
    {"trunc", numeric_trunc_scaled, TYPE_NUMERIC, 2, {TYPE_NUMERIC, TYPE_INT4}},
    {"ceil", numeric_ceil, TYPE_NUMERIC, 1, {TYPE_NUMERIC}},
    {"ceiling", numeric_ceil, TYPE_NUMERIC, 1, {TYPE_NUMERIC}},
    {"floor", numeric_floor, TYPE_NUMERIC, 1, {TYPE_NUMERIC}},
    {"sqrt", numeric_square_root, TYPE_NUMERIC, 1, {TYPE_NUMERIC}},
    {"exp", numeric_exp_of, TYPE_NUMERIC, 1, {TYPE_NUMERIC}},
    {"ln", numeric_ln_of, TYPE_NUMERIC, 1, {TYPE_NUMERIC}},
    {"log", numeric_log10_of, TYPE_NUMERIC, 1, {TYPE_NUMERIC}},
    {"log10", numeric_log10_of, TYPE_NUMERIC, 1, {TYPE_NUMERIC}},
    {"log", numeric_log_of, TYPE_NUMERIC, 2, {TYPE_NUMERIC, TYPE_NUMERIC}},
    {"power", numeric_to_power, TYPE_NUMERIC, 2, {TYPE_NUMERIC, TYPE_NUMERIC}},
    {"pow", numeric_to_power, TYPE_NUMERIC, 2, {TYPE_NUMERIC, TYPE_NUMERIC}},
    {"^", numeric_to_power, TYPE_NUMERIC, 2, {TYPE_NUMERIC, TYPE_NUMERIC}},
    {"scale", numeric_scale_of, TYPE_INT4, 1, {TYPE_NUMERIC}},
    {"min_scale", numeric_min_scale, TYPE_INT4, 1, {TYPE_NUMERIC}},
    {"trim_scale", numeric_trim_scale, TYPE_NUMERIC, 1, {TYPE_NUMERIC}},
    COMPARE_FUNCTIONS(numeric, TYPE_NUMERIC, TYPE_NUMERIC),
};
/* clang-format on */

const FunctionFamily family_numeric_ops = {FAMILY_FUNCTIONS(numeric_functions)};
