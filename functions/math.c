/* Mathematics over double precision: rounding, powers, logarithms, trigonometry; random and pi.
 *
 * Domain errors have PostgreSQL's codes: 2201F for powers and roots, 2201E for logarithms, 22003
 * else. */
#include "base/hash.h"
#include "functions/kernel.h"

static Status out_of_range(Error *err) {
    return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "input is out of range");
}

static Status overflow(Error *err) {
    return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: overflow");
}

static Status underflow(Error *err) {
    return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: underflow");
}

/* -------- cannot fail -------- */

DEFINE_UNARY_KERNEL(math_ceil, double, double, ceil(v))
DEFINE_UNARY_KERNEL(math_floor, double, double, floor(v))
DEFINE_UNARY_KERNEL(math_round, double, double, rint(v))
DEFINE_UNARY_KERNEL(math_trunc, double, double, trunc(v))
DEFINE_UNARY_KERNEL(math_sign, double, double, (double) ((v > 0) - (v < 0)))
DEFINE_UNARY_KERNEL(math_cbrt, double, double, cbrt(v))
DEFINE_UNARY_KERNEL(math_atan, double, double, atan(v))
DEFINE_UNARY_KERNEL(math_tanh, double, double, tanh(v))
DEFINE_UNARY_KERNEL(math_asinh, double, double, asinh(v))
DEFINE_UNARY_KERNEL(math_radians, double, double, v *(M_PI / 180.0))
DEFINE_UNARY_KERNEL(math_atand, double, double, atan(v) / atan(1.0) * 45.0)
DEFINE_BINARY_KERNEL(math_atan2, double, double, double, atan2(l, r))
DEFINE_BINARY_KERNEL(math_atan2d, double, double, double, atan2(l, r) / atan(1.0) * 45.0)

static Status math_pi(const KernelCall *call, Error *err) {
    (void) err;
    KERNEL_FOR_EACH(call, row)
    KERNEL_RESULT(call, double)[row] = M_PI;
    return STATUS_OK;
}

/* Follows from the seed and the count of draws alone, so that an epoch can be run again. */
static Status math_random(const KernelCall *call, Error *err) {
    uint64_t seed = call->context->seed;
    uint64_t first = call->context->draws ? *call->context->draws : 0;

    (void) err;
    KERNEL_FOR_EACH(call, row)
    KERNEL_RESULT(call, double)[row] = (double) (hash_combine(seed, first + row) >> 11) * 0x1.0p-53;
    if (call->context->draws)
        *call->context->draws += call->row_count;
    return STATUS_OK;
}

/* -------- of one number -------- */

/* The function answers and tells whether the input was fine. */
typedef Status (*MathFunction)(double v, double *ret_result, Error *err);

static inline Status apply(const KernelCall *call, MathFunction function, Error *err) {
    KERNEL_FOR_EACH(call, row)
    TRY(function(KERNEL_ARGUMENT(call, 0, double, row), &KERNEL_RESULT(call, double)[row], err));
    return STATUS_OK;
}

#define DEFINE_MATH(name, body)                                                                \
    static Status name##_of(double v, double *ret_result, Error *err) body static Status name( \
        const KernelCall *call, Error *err) {                                                  \
        return apply(call, name##_of, err);                                                    \
    }

DEFINE_MATH(math_sqrt, {
    if (v < 0)
        return error_set(err, INVALID_ARGUMENT_FOR_POWER,
                         "cannot take square root of a negative number");
    *ret_result = sqrt(v);
    return STATUS_OK;
})

DEFINE_MATH(math_exp, {
    *ret_result = exp(v);
    if (isinf(*ret_result) && !isinf(v))
        return overflow(err);
    if (*ret_result == 0.0 && !isinf(v))
        return underflow(err);
    return STATUS_OK;
})

static Status check_logarithm(double v, Error *err) {
    if (v == 0.0)
        return error_set(err, INVALID_ARGUMENT_FOR_LOGARITHM, "cannot take logarithm of zero");
    if (v < 0)
        return error_set(err, INVALID_ARGUMENT_FOR_LOGARITHM,
                         "cannot take logarithm of a negative number");
    return STATUS_OK;
}

DEFINE_MATH(math_ln, {
    TRY(check_logarithm(v, err));
    *ret_result = log(v);
    return STATUS_OK;
})

DEFINE_MATH(math_log10, {
    TRY(check_logarithm(v, err));
    *ret_result = log10(v);
    return STATUS_OK;
})

/* Defined for finite arguments only. */
#define DEFINE_CIRCULAR(name, function) \
    DEFINE_MATH(name, {                 \
        if (isinf(v))                   \
            return out_of_range(err);   \
        *ret_result = function;         \
        return STATUS_OK;               \
    })

DEFINE_CIRCULAR(math_sin, sin(v))
DEFINE_CIRCULAR(math_cos, cos(v))
DEFINE_CIRCULAR(math_tan, tan(v))
DEFINE_CIRCULAR(math_cot, 1.0 / tan(v))

/* In degrees, exact at multiples of 30 as PostgreSQL's: scaled so that sin 30 and cos 60 are
 * halves. */
static double sine_to_30(double v) {
    return sin(v * (M_PI / 180.0)) / sin(30.0 * (M_PI / 180.0)) / 2.0;
}

static double cosine_to_60(double v) {
    return 1.0 - (1.0 - cos(v * (M_PI / 180.0))) / (1.0 - cos(60.0 * (M_PI / 180.0))) / 2.0;
}

static double sine_degrees(double v) {
    double sign = 1;

    v = fmod(v, 360.0);
    if (v < 0) {
        v = -v;
        sign = -1;
    }
    if (v > 180.0) {
        v = 360.0 - v;
        sign = -sign;
    }
    if (v > 90.0)
        v = 180.0 - v;
    return sign * (v <= 30.0 ? sine_to_30(v) : cosine_to_60(90.0 - v));
}

static double cosine_degrees(double v) {
    double sign = 1;

    v = fabs(fmod(v, 360.0));
    if (v > 180.0)
        v = 360.0 - v;
    if (v > 90.0) {
        v = 180.0 - v;
        sign = -1;
    }
    return sign * (v <= 60.0 ? cosine_to_60(v) : sine_to_30(90.0 - v));
}

DEFINE_CIRCULAR(math_sind, sine_degrees(v))
DEFINE_CIRCULAR(math_cosd, cosine_degrees(v))
DEFINE_CIRCULAR(math_tand, sine_degrees(v) / cosine_degrees(v) + 0.0) /* no -0 */

DEFINE_CIRCULAR(math_cotd, cosine_degrees(v) / sine_degrees(v) + 0.0)

DEFINE_MATH(math_asin, {
    if (v < -1.0 || v > 1.0)
        return out_of_range(err);
    *ret_result = asin(v);
    return STATUS_OK;
})

DEFINE_MATH(math_acos, {
    if (v < -1.0 || v > 1.0)
        return out_of_range(err);
    *ret_result = acos(v);
    return STATUS_OK;
})

static double arcsine_degrees(double v) {
    return v <= 0.5 ? asin(v) / asin(0.5) * 30.0 : 90.0 - acos(v) / acos(0.5) * 60.0;
}

DEFINE_MATH(math_asind, {
    if (v < -1.0 || v > 1.0)
        return out_of_range(err);
    *ret_result = v >= 0 ? arcsine_degrees(v) : -arcsine_degrees(-v);
    return STATUS_OK;
})

DEFINE_MATH(math_acosd, {
    if (v < -1.0 || v > 1.0)
        return out_of_range(err);
    if (v >= 0)
        *ret_result = v <= 0.5 ? 90.0 - asin(v) / asin(0.5) * 30.0 : acos(v) / acos(0.5) * 60.0;
    else
        *ret_result = 90.0 + arcsine_degrees(-v);
    return STATUS_OK;
})

DEFINE_MATH(math_acosh, {
    if (v < 1.0)
        return out_of_range(err);
    *ret_result = acosh(v);
    return STATUS_OK;
})

DEFINE_MATH(math_atanh, {
    if (v < -1.0 || v > 1.0)
        return out_of_range(err);
    *ret_result = atanh(v);
    return STATUS_OK;
})

DEFINE_MATH(math_sinh, {
    *ret_result = sinh(v);
    return STATUS_OK;
})

DEFINE_MATH(math_cosh, {
    *ret_result = cosh(v);
    return STATUS_OK;
})

DEFINE_MATH(math_degrees, {
    *ret_result = v / (M_PI / 180.0);
    return isinf(*ret_result) && !isinf(v) ? overflow(err) : STATUS_OK;
})

/* -------- powers -------- */

static Status power_of(double base, double exponent, double *ret_result, Error *err) {
    double result = 0;

    if (base == 0 && exponent < 0)
        return error_set(err, INVALID_ARGUMENT_FOR_POWER,
                         "zero raised to a negative power is undefined");
    if (base < 0 && !isnan(exponent) && floor(exponent) != exponent)
        return error_set(err, INVALID_ARGUMENT_FOR_POWER,
                         "a negative number raised to a non-integer power yields a complex result");
    result = pow(base, exponent);
    if (!isinf(base) && !isinf(exponent)) {
        if (isinf(result))
            return overflow(err);
        if (result == 0 && base != 0)
            return underflow(err);
    }
    *ret_result = result;
    return STATUS_OK;
}

static Status math_power(const KernelCall *call, Error *err) {
    KERNEL_FOR_EACH(call, row)
    TRY(power_of(KERNEL_ARGUMENT(call, 0, double, row), KERNEL_ARGUMENT(call, 1, double, row),
                 &KERNEL_RESULT(call, double)[row], err));
    return STATUS_OK;
}

/* -------- width_bucket -------- */

static Status math_width_bucket(const KernelCall *call, Error *err) {
    KERNEL_FOR_EACH(call, row) {
        double v = KERNEL_ARGUMENT(call, 0, double, row);
        double low = KERNEL_ARGUMENT(call, 1, double, row);
        double high = KERNEL_ARGUMENT(call, 2, double, row);
        int32_t count = KERNEL_ARGUMENT(call, 3, int32_t, row);
        double share = 0;
        int64_t bucket = 0;

        if (count <= 0)
            return error_set(err, INVALID_ARGUMENT_FOR_WIDTH_BUCKET,
                             "count must be greater than zero");
        if (isnan(v) || isnan(low) || isnan(high))
            return error_set(err, INVALID_ARGUMENT_FOR_WIDTH_BUCKET,
                             "operand, lower bound, and upper bound cannot be NaN");
        if (isinf(low) || isinf(high))
            return error_set(err, INVALID_ARGUMENT_FOR_WIDTH_BUCKET,
                             "lower and upper bounds must be finite");
        if (low == high)
            return error_set(err, INVALID_ARGUMENT_FOR_WIDTH_BUCKET,
                             "lower bound cannot equal upper bound");
        share = low < high ? (v - low) / (high - low) : (low - v) / (low - high);
        if (share < 0)
            bucket = 0;
        else if (share >= 1)
            bucket = (int64_t) count + 1;
        else
            bucket = (int64_t) (share * count) + 1;
        if (bucket > INT32_MAX)
            return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "integer out of range");
        KERNEL_RESULT(call, int32_t)[row] = (int32_t) bucket;
    }
    return STATUS_OK;
}

/* clang-format off */
#define D TYPE_FLOAT8
#define UNARY(sql_name, kernel) {sql_name, kernel, D, 1, {D}}

static const Function math_functions[] = {
    UNARY("ceil", math_ceil), UNARY("ceiling", math_ceil), UNARY("floor", math_floor),
    UNARY("round", math_round), UNARY("trunc", math_trunc), UNARY("sign", math_sign),
    UNARY("sqrt", math_sqrt), UNARY("|/", math_sqrt), UNARY("cbrt", math_cbrt),
    UNARY("||/", math_cbrt), UNARY("exp", math_exp), UNARY("ln", math_ln),
    UNARY("log", math_log10), UNARY("log10", math_log10), UNARY("sin", math_sin),
    UNARY("cos", math_cos), UNARY("tan", math_tan), UNARY("cot", math_cot),
    UNARY("sind", math_sind), UNARY("cosd", math_cosd), UNARY("tand", math_tand),
    UNARY("asin", math_asin), UNARY("acos", math_acos), UNARY("atan", math_atan),
    UNARY("sinh", math_sinh), UNARY("cosh", math_cosh), UNARY("tanh", math_tanh),
    UNARY("asinh", math_asinh), UNARY("acosh", math_acosh), UNARY("atanh", math_atanh),
    UNARY("asind", math_asind), UNARY("acosd", math_acosd), UNARY("atand", math_atand),
    UNARY("cotd", math_cotd), UNARY("degrees", math_degrees), UNARY("radians", math_radians),
    {"atan2", math_atan2, D, 2, {D, D}},
    {"atan2d", math_atan2d, D, 2, {D, D}},
    {"power", math_power, D, 2, {D, D}},
    {"pow", math_power, D, 2, {D, D}},
    {"^", math_power, D, 2, {D, D}},
    {"pi", math_pi, D, 0, {0}},
    {"random", math_random, D, 0, {0}, VOLATILITY_VOLATILE},
    {"width_bucket", math_width_bucket, TYPE_INT4, 4, {D, D, D, TYPE_INT4}},
};
/* clang-format on */

const FunctionFamily family_math = {FAMILY_FUNCTIONS(math_functions)};
