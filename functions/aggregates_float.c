/* sum, avg and the variance family over real and double precision, on exact sums.
 *
 * Squares are exact too: a product of doubles is the sum of two doubles. So the answers don't
 * depend on the order of the rows, and a retraction leaves no trace. */
#include <math.h>

#include "functions/aggregate.h"
#include "functions/exact_sum.h"
#include "functions/kernel.h"

static Status float8_sum_update(const AggregateCall *call, Error *err) {
    (void) err;
    AGGREGATE_FOR_EACH(call, ExactSum, state, row, weight)
    exact_sum_add(state, COLUMN_VALUE(&call->arguments[0], double, row), weight, call->arena);
    return STATUS_OK;
}

static Status float4_sum_update(const AggregateCall *call, Error *err) {
    (void) err;
    AGGREGATE_FOR_EACH(call, ExactSum, state, row, weight)
    exact_sum_add(state, (double) COLUMN_VALUE(&call->arguments[0], float, row), weight,
                  call->arena);
    return STATUS_OK;
}

static Status float_sum_merge(void *state, const void *other, Arena *arena, Error *err) {
    (void) err;
    exact_sum_merge(state, other, arena);
    return STATUS_OK;
}

static Status overflow(Error *err) {
    return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: overflow");
}

static Status float8_sum_finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                                  Error *err) {
    for (uint32_t i = 0; i < count; i++) {
        const ExactSum *sum = states[i];
        bool is_overflow = false;

        if (sum->count == 0)
            column_set_null(result, i, count, arena);
        else
            ((double *) result->values)[i] = exact_sum_round(sum, &is_overflow);
        if (is_overflow)
            return overflow(err);
    }
    return STATUS_OK;
}

static Status float4_sum_finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                                  Error *err) {
    for (uint32_t i = 0; i < count; i++) {
        const ExactSum *sum = states[i];
        bool is_overflow = false;
        double total = 0;

        if (sum->count == 0) {
            column_set_null(result, i, count, arena);
            continue;
        }
        total = exact_sum_round(sum, &is_overflow);
        if (is_overflow || (isinf((float) total) && !isinf(total)))
            return overflow(err);
        ((float *) result->values)[i] = (float) total;
    }
    return STATUS_OK;
}

static Status float_avg_finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                                 Error *err) {
    for (uint32_t i = 0; i < count; i++) {
        const ExactSum *sum = states[i];
        bool is_overflow = false;

        if (sum->count == 0)
            column_set_null(result, i, count, arena);
        else
            ((double *) result->values)[i] =
                exact_sum_round(sum, &is_overflow) / (double) sum->count;
        if (is_overflow)
            return overflow(err);
    }
    return STATUS_OK;
}

static void float_sum_serialize(const void *state, StrBuf *out) {
    exact_sum_serialize(state, out);
}

static bool float_sum_deserialize(const uint8_t **cursor, const uint8_t *end, void *state,
                                  Arena *arena) {
    return exact_sum_deserialize(cursor, end, state, arena);
}

/* -------- variance -------- */

typedef struct VarianceState {
    ExactSum sum;
    ExactSum squares;
} VarianceState;

static void variance_add(VarianceState *state, double number, int64_t weight, Arena *arena) {
    double square = number * number;

    exact_sum_add(&state->sum, number, weight, arena);
    exact_sum_add(&state->squares, square, weight, arena);
    if (isfinite(square))
        exact_sum_add(&state->squares, fma(number, number, -square), weight, arena);
}

#define DEFINE_VARIANCE_UPDATE(name, Type)                                                 \
    static Status name(const AggregateCall *call, Error *err) {                            \
        (void) err;                                                                        \
        AGGREGATE_FOR_EACH(call, VarianceState, state, row, weight)                        \
        variance_add(state, (double) COLUMN_VALUE(&call->arguments[0], Type, row), weight, \
                     call->arena);                                                         \
        return STATUS_OK;                                                                  \
    }

DEFINE_VARIANCE_UPDATE(float4_variance_update, float)
DEFINE_VARIANCE_UPDATE(float8_variance_update, double)

static Status variance_merge(void *state, const void *other, Arena *arena, Error *err) {
    VarianceState *self = state;
    const VarianceState *right = other;

    (void) err;
    exact_sum_merge(&self->sum, &right->sum, arena);
    exact_sum_merge(&self->squares, &right->squares, arena);
    return STATUS_OK;
}

static void variance_serialize(const void *state, StrBuf *out) {
    const VarianceState *self = state;

    exact_sum_serialize(&self->sum, out);
    exact_sum_serialize(&self->squares, out);
}

static bool variance_deserialize(const uint8_t **cursor, const uint8_t *end, void *state,
                                 Arena *arena) {
    VarianceState *self = state;

    return exact_sum_deserialize(cursor, end, &self->sum, arena) &&
           exact_sum_deserialize(cursor, end, &self->squares, arena);
}

typedef struct VarianceKind {
    bool is_sample; /* divide by n - 1 */
    bool is_root;   /* standard deviation */
} VarianceKind;

static double variance_of(const VarianceState *state, VarianceKind kind) {
    __float128 count = (__float128) state->sum.count;
    __float128 sum = 0;
    __float128 spread = 0;
    double result = 0;

    if (state->sum.nan_count || state->sum.plus_infinities || state->sum.minus_infinities)
        return (double) NAN;
    if (state->squares.plus_infinities)
        return (double) INFINITY;
    sum = exact_sum_quad(&state->sum);
    spread = count * exact_sum_quad(&state->squares) - sum * sum;
    if (spread < 0)
        spread = 0;
    result = (double) (spread / (count * (kind.is_sample ? count - 1 : count)));
    return kind.is_root ? sqrt(result) : result;
}

static Status variance_finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                                VarianceKind kind) {
    for (uint32_t i = 0; i < count; i++) {
        const VarianceState *state = states[i];

        if (state->sum.count < (kind.is_sample ? 2 : 1))
            column_set_null(result, i, count, arena);
        else
            ((double *) result->values)[i] = variance_of(state, kind);
    }
    return STATUS_OK;
}

#define DEFINE_VARIANCE_FINALIZE(name, sample, root)                                           \
    static Status name(void *const *states, uint32_t count, Column *result, Arena *arena,      \
                       Error *err) {                                                           \
        (void) err;                                                                            \
        return variance_finalize(states, count, result, arena, (VarianceKind) {sample, root}); \
    }

DEFINE_VARIANCE_FINALIZE(var_samp_finalize, true, false)
DEFINE_VARIANCE_FINALIZE(var_pop_finalize, false, false)
DEFINE_VARIANCE_FINALIZE(stddev_samp_finalize, true, true)
DEFINE_VARIANCE_FINALIZE(stddev_pop_finalize, false, true)

/* clang-format off */
#define FLOAT_AGGREGATE(aggregate_name, argument, result_id, updater, finalizer)                  \
    {.name = (aggregate_name), .argument_count = 1, .arguments = {argument},                      \
     .result = (result_id), .state_size = sizeof(ExactSum), .is_strict = true,                    \
     .takes_retraction = true, .is_order_free = true, .update = (updater),                        \
     .merge = float_sum_merge, .finalize = (finalizer), .serialize = float_sum_serialize,         \
     .deserialize = float_sum_deserialize}
#define VARIANCE_AGGREGATE(aggregate_name, argument, updater, finalizer)                          \
    {.name = (aggregate_name), .argument_count = 1, .arguments = {argument},                      \
     .result = TYPE_FLOAT8, .state_size = sizeof(VarianceState), .is_strict = true,               \
     .takes_retraction = true, .is_order_free = true, .update = (updater),                        \
     .merge = variance_merge, .finalize = (finalizer), .serialize = variance_serialize,           \
     .deserialize = variance_deserialize}
#define VARIANCE_AGGREGATES(argument, updater)                                                    \
    VARIANCE_AGGREGATE("var_samp", argument, updater, var_samp_finalize),                         \
    VARIANCE_AGGREGATE("variance", argument, updater, var_samp_finalize),                         \
    VARIANCE_AGGREGATE("var_pop", argument, updater, var_pop_finalize),                           \
    VARIANCE_AGGREGATE("stddev_samp", argument, updater, stddev_samp_finalize),                   \
    VARIANCE_AGGREGATE("stddev", argument, updater, stddev_samp_finalize),                        \
    VARIANCE_AGGREGATE("stddev_pop", argument, updater, stddev_pop_finalize)

static const Aggregate float_aggregates[] = {
    FLOAT_AGGREGATE("sum", TYPE_FLOAT4, TYPE_FLOAT4, float4_sum_update, float4_sum_finalize),
    FLOAT_AGGREGATE("sum", TYPE_FLOAT8, TYPE_FLOAT8, float8_sum_update, float8_sum_finalize),
    FLOAT_AGGREGATE("avg", TYPE_FLOAT4, TYPE_FLOAT8, float4_sum_update, float_avg_finalize),
    FLOAT_AGGREGATE("avg", TYPE_FLOAT8, TYPE_FLOAT8, float8_sum_update, float_avg_finalize),
    VARIANCE_AGGREGATES(TYPE_FLOAT4, float4_variance_update),
    VARIANCE_AGGREGATES(TYPE_FLOAT8, float8_variance_update),
};
/* clang-format on */

const FunctionFamily family_aggregates_float = {FAMILY_AGGREGATES(float_aggregates)};
