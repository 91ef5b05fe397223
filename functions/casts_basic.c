/* Casts among boolean, the integers, the floats and oid. Range errors are PostgreSQL's. */
#include "functions/kernel.h"

DEFINE_UNARY_KERNEL(int2_to_int4, int16_t, int32_t, v)
DEFINE_UNARY_KERNEL(int2_to_int8, int16_t, int64_t, v)
DEFINE_UNARY_KERNEL(int2_to_float4, int16_t, float, v)
DEFINE_UNARY_KERNEL(int2_to_float8, int16_t, double, v)
DEFINE_UNARY_KERNEL(int4_to_int8, int32_t, int64_t, v)
DEFINE_UNARY_KERNEL(int4_to_float4, int32_t, float, v)
DEFINE_UNARY_KERNEL(int4_to_float8, int32_t, double, v)
DEFINE_UNARY_KERNEL(int8_to_float4, int64_t, float, v)
DEFINE_UNARY_KERNEL(int8_to_float8, int64_t, double, v)
DEFINE_UNARY_KERNEL(float4_to_float8, float, double, v)
DEFINE_UNARY_KERNEL(bool_to_int4, uint8_t, int32_t, v)
DEFINE_UNARY_KERNEL(int4_to_bool, int32_t, uint8_t, v != 0)
DEFINE_UNARY_KERNEL(int2_to_oid, int16_t, int64_t, (uint32_t) (int32_t) v)
DEFINE_UNARY_KERNEL(int4_to_oid, int32_t, int64_t, (uint32_t) v)
DEFINE_UNARY_KERNEL(oid_to_int4, int64_t, int32_t, (int32_t) (uint32_t) v)

/* __builtin_add_overflow with 0 narrows and tells whether it fits. */
DEFINE_CHECKED_UNARY_KERNEL(int4_to_int2, int32_t, int16_t, "smallint out of range",
                            __builtin_add_overflow(v, 0, ret))
DEFINE_CHECKED_UNARY_KERNEL(int8_to_int2, int64_t, int16_t, "smallint out of range",
                            __builtin_add_overflow(v, 0, ret))
DEFINE_CHECKED_UNARY_KERNEL(int8_to_int4, int64_t, int32_t, "integer out of range",
                            __builtin_add_overflow(v, 0, ret))
DEFINE_CHECKED_UNARY_KERNEL(int8_to_oid, int64_t, int64_t, "OID out of range",
                            ((*ret = v), v<0 || v> UINT32_MAX))

/* Rounded to even; NaN fails both comparisons. The upper bound is exact as a double. */
#define ROUND_INTO(Type, below)                               \
    ({                                                        \
        double rounded = rint((double) v);                    \
        bool fits = rounded >= -(below) && rounded < (below); \
        *ret = fits ? (Type) rounded : (Type) 0;              \
        !fits;                                                \
    })

#define DEFINE_ROUNDING_KERNELS(p, Float)                                             \
    DEFINE_CHECKED_UNARY_KERNEL(p##_to_int2, Float, int16_t, "smallint out of range", \
                                ROUND_INTO(int16_t, 32768.0))                         \
    DEFINE_CHECKED_UNARY_KERNEL(p##_to_int4, Float, int32_t, "integer out of range",  \
                                ROUND_INTO(int32_t, 2147483648.0))                    \
    DEFINE_CHECKED_UNARY_KERNEL(p##_to_int8, Float, int64_t, "bigint out of range",   \
                                ROUND_INTO(int64_t, 9223372036854775808.0))

DEFINE_ROUNDING_KERNELS(float4, float)
DEFINE_ROUNDING_KERNELS(float8, double)

static Status float8_to_float4(const KernelCall *call, Error *err) {
    KERNEL_FOR_EACH(call, row) {
        double wide = KERNEL_ARGUMENT(call, 0, double, row);
        float narrow = (float) wide;

        if (isinf(narrow) && !isinf(wide))
            return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: overflow");
        if (narrow == 0.0f && wide != 0.0)
            return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: underflow");
        KERNEL_RESULT(call, float)[row] = narrow;
    }
    return STATUS_OK;
}

/* clang-format off */
static const Cast basic_casts[] = {
    {TYPE_INT2, TYPE_INT4, CAST_IMPLICIT, int2_to_int4},
    {TYPE_INT2, TYPE_INT8, CAST_IMPLICIT, int2_to_int8},
    {TYPE_INT2, TYPE_FLOAT4, CAST_IMPLICIT, int2_to_float4},
    {TYPE_INT2, TYPE_FLOAT8, CAST_IMPLICIT, int2_to_float8},
    {TYPE_INT4, TYPE_INT2, CAST_ASSIGNMENT, int4_to_int2},
    {TYPE_INT4, TYPE_INT8, CAST_IMPLICIT, int4_to_int8},
    {TYPE_INT4, TYPE_FLOAT4, CAST_IMPLICIT, int4_to_float4},
    {TYPE_INT4, TYPE_FLOAT8, CAST_IMPLICIT, int4_to_float8},
    {TYPE_INT8, TYPE_INT2, CAST_ASSIGNMENT, int8_to_int2},
    {TYPE_INT8, TYPE_INT4, CAST_ASSIGNMENT, int8_to_int4},
    {TYPE_INT8, TYPE_FLOAT4, CAST_IMPLICIT, int8_to_float4},
    {TYPE_INT8, TYPE_FLOAT8, CAST_IMPLICIT, int8_to_float8},
    {TYPE_FLOAT4, TYPE_INT2, CAST_ASSIGNMENT, float4_to_int2},
    {TYPE_FLOAT4, TYPE_INT4, CAST_ASSIGNMENT, float4_to_int4},
    {TYPE_FLOAT4, TYPE_INT8, CAST_ASSIGNMENT, float4_to_int8},
    {TYPE_FLOAT4, TYPE_FLOAT8, CAST_IMPLICIT, float4_to_float8},
    {TYPE_FLOAT8, TYPE_INT2, CAST_ASSIGNMENT, float8_to_int2},
    {TYPE_FLOAT8, TYPE_INT4, CAST_ASSIGNMENT, float8_to_int4},
    {TYPE_FLOAT8, TYPE_INT8, CAST_ASSIGNMENT, float8_to_int8},
    {TYPE_FLOAT8, TYPE_FLOAT4, CAST_ASSIGNMENT, float8_to_float4},
    {TYPE_BOOL, TYPE_INT4, CAST_EXPLICIT, bool_to_int4},
    {TYPE_INT4, TYPE_BOOL, CAST_EXPLICIT, int4_to_bool},
#define OID_CASTS(T)                                      \
    {TYPE_INT2, T, CAST_IMPLICIT, int2_to_oid},           \
    {TYPE_INT4, T, CAST_IMPLICIT, int4_to_oid},           \
    {TYPE_INT8, T, CAST_IMPLICIT, int8_to_oid},           \
    {T, TYPE_INT4, CAST_ASSIGNMENT, oid_to_int4},         \
    {T, TYPE_INT8, CAST_ASSIGNMENT, NULL}
    OID_CASTS(TYPE_OID),
    OID_CASTS(TYPE_REGCLASS),
    OID_CASTS(TYPE_REGTYPE),
    OID_CASTS(TYPE_REGPROC),
    {TYPE_OID, TYPE_REGCLASS, CAST_IMPLICIT, NULL},
    {TYPE_OID, TYPE_REGTYPE, CAST_IMPLICIT, NULL},
    {TYPE_OID, TYPE_REGPROC, CAST_IMPLICIT, NULL},
    {TYPE_REGCLASS, TYPE_OID, CAST_IMPLICIT, NULL},
    {TYPE_REGTYPE, TYPE_OID, CAST_IMPLICIT, NULL},
    {TYPE_REGPROC, TYPE_OID, CAST_IMPLICIT, NULL},
};
/* clang-format on */

const FunctionFamily family_casts_basic = {FAMILY_CASTS(basic_casts)};
