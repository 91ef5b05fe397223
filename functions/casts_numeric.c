/* Casts between numeric and the other number types, and to numeric(p,s). */
#include "functions/kernel.h"
#include "types/numeric.h"

/* From an integer: exact, then the target's precision and scale. */
#define DEFINE_FROM_INTEGER(name, Integer)                                                    \
    static Status name(const KernelCall *call, Error *err) {                                  \
        Numeric *out = KERNEL_RESULT(call, Numeric);                                          \
        int32_t typmod = call->result->type.typmod;                                           \
        KERNEL_UNARY_LOOPS(call, Integer, out[row] = numeric_from_int64(v); if (typmod >= 0)  \
                               TRY(numeric_apply_typmod(&out[row], typmod, &out[row], err))); \
        return STATUS_OK;                                                                     \
    }

#define DEFINE_FROM_FLOAT(name, Float, convert)                                           \
    static Status name(const KernelCall *call, Error *err) {                              \
        Numeric *out = KERNEL_RESULT(call, Numeric);                                      \
        int32_t typmod = call->result->type.typmod;                                       \
        KERNEL_UNARY_LOOPS(call, Float, TRY(convert(v, &out[row], err));                  \
                           TRY(numeric_apply_typmod(&out[row], typmod, &out[row], err))); \
        return STATUS_OK;                                                                 \
    }

#define DEFINE_TO_NUMBER(name, Number, convert)                              \
    static Status name(const KernelCall *call, Error *err) {                 \
        Number *out = KERNEL_RESULT(call, Number);                           \
        KERNEL_UNARY_LOOPS(call, Numeric, TRY(convert(&v, &out[row], err))); \
        return STATUS_OK;                                                    \
    }

DEFINE_FROM_INTEGER(int2_to_numeric, int16_t)
DEFINE_FROM_INTEGER(int4_to_numeric, int32_t)
DEFINE_FROM_INTEGER(int8_to_numeric, int64_t)
DEFINE_FROM_FLOAT(float4_to_numeric, float, numeric_from_float32)
DEFINE_FROM_FLOAT(float8_to_numeric, double, numeric_from_float64)
DEFINE_TO_NUMBER(numeric_to_int2, int16_t, numeric_to_int16)
DEFINE_TO_NUMBER(numeric_to_int4, int32_t, numeric_to_int32)
DEFINE_TO_NUMBER(numeric_to_int8, int64_t, numeric_to_int64)
DEFINE_TO_NUMBER(numeric_to_float4, float, numeric_to_float32)
DEFINE_TO_NUMBER(numeric_to_float8, double, numeric_to_float64)

static Status numeric_to_numeric(const KernelCall *call, Error *err) {
    Numeric *out = KERNEL_RESULT(call, Numeric);
    int32_t typmod = call->result->type.typmod;

    KERNEL_UNARY_LOOPS(call, Numeric, TRY(numeric_apply_typmod(&v, typmod, &out[row], err)));
    return STATUS_OK;
}

static const Cast numeric_casts[] = {
    {TYPE_NUMERIC, TYPE_NUMERIC, CAST_IMPLICIT, numeric_to_numeric},
    {TYPE_INT2, TYPE_NUMERIC, CAST_IMPLICIT, int2_to_numeric},
    {TYPE_INT4, TYPE_NUMERIC, CAST_IMPLICIT, int4_to_numeric},
    {TYPE_INT8, TYPE_NUMERIC, CAST_IMPLICIT, int8_to_numeric},
    {TYPE_FLOAT4, TYPE_NUMERIC, CAST_ASSIGNMENT, float4_to_numeric},
    {TYPE_FLOAT8, TYPE_NUMERIC, CAST_ASSIGNMENT, float8_to_numeric},
    {TYPE_NUMERIC, TYPE_INT2, CAST_ASSIGNMENT, numeric_to_int2},
    {TYPE_NUMERIC, TYPE_INT4, CAST_ASSIGNMENT, numeric_to_int4},
    {TYPE_NUMERIC, TYPE_INT8, CAST_ASSIGNMENT, numeric_to_int8},
    {TYPE_NUMERIC, TYPE_FLOAT4, CAST_IMPLICIT, numeric_to_float4},
    {TYPE_NUMERIC, TYPE_FLOAT8, CAST_IMPLICIT, numeric_to_float8},
};

const FunctionFamily family_casts_numeric = {FAMILY_CASTS(numeric_casts)};
