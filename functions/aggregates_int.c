/* sum and avg of integers, exact in 128 bits: sum(smallint, integer) is bigint, sum(bigint) and
 * every average numeric, as in PostgreSQL. */
#include "functions/aggregate.h"
#include "functions/kernel.h"
#include "types/numeric.h"

/* 10^38: |numeric| is below. */
static const unsigned __int128 numeric_limit =
    (unsigned __int128) 10000000000000000000ULL * 10000000000000000000ULL;

typedef struct IntSumState {
    unsigned __int128 sum; /* wraps; the true sum fits */
    int64_t count;
    int64_t reserved; /* keeps the size a multiple of 16 */
} IntSumState;

/* One loop a width; without weights the compiler keeps it tight. */
#define DEFINE_SUM_UPDATE(name, Type)                                                      \
    static Status name(const AggregateCall *call, Error *err) {                            \
        const Column *input = &call->arguments[0];                                         \
        const Type *restrict values = (const Type *) input->values;                        \
        uint32_t mask = kernel_mask(input);                                                \
        (void) err;                                                                        \
        if (!call->weights) {                                                              \
            for (uint32_t i = 0; i < call->count; i++) {                                   \
                IntSumState *state = call->states[i];                                      \
                state->sum += (unsigned __int128) (__int128) values[call->rows[i] & mask]; \
                state->count++;                                                            \
            }                                                                              \
            return STATUS_OK;                                                              \
        }                                                                                  \
        AGGREGATE_FOR_EACH(call, IntSumState, state, row, weight) {                        \
            state->sum += (unsigned __int128) ((__int128) values[row & mask] * weight);    \
            state->count += weight;                                                        \
        }                                                                                  \
        return STATUS_OK;                                                                  \
    }

DEFINE_SUM_UPDATE(int2_sum_update, int16_t)
DEFINE_SUM_UPDATE(int4_sum_update, int32_t)
DEFINE_SUM_UPDATE(int8_sum_update, int64_t)

static Status int_sum_merge(void *state, const void *other, Arena *arena, Error *err) {
    IntSumState *self = state;
    const IntSumState *right = other;

    (void) arena;
    (void) err;
    self->sum += right->sum;
    self->count += right->count;
    return STATUS_OK;
}

static Status int_sum_finalize_int8(void *const *states, uint32_t count, Column *result,
                                    Arena *arena, Error *err) {
    for (uint32_t i = 0; i < count; i++) {
        const IntSumState *state = states[i];
        __int128 sum = (__int128) state->sum;

        if (state->count == 0) {
            column_set_null(result, i, count, arena);
            continue;
        }
        if (sum > INT64_MAX || sum < INT64_MIN)
            return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "bigint out of range");
        ((int64_t *) result->values)[i] = (int64_t) sum;
    }
    return STATUS_OK;
}

static Status sum_to_numeric(const IntSumState *state, Numeric *ret_sum, Error *err) {
    __int128 sum = (__int128) state->sum;

    if (sum >= (__int128) numeric_limit || sum <= -(__int128) numeric_limit)
        return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "value overflows numeric format");
    *ret_sum = numeric_make(sum, 0);
    return STATUS_OK;
}

static Status sum_divided(const IntSumState *state, Numeric *ret_average, Error *err) {
    Numeric sum = {0};
    Numeric count = numeric_from_int64(state->count);

    TRY(sum_to_numeric(state, &sum, err));
    return numeric_divide(&sum, &count, ret_average, err);
}

static Status int_sum_finalize_numeric(void *const *states, uint32_t count, Column *result,
                                       Arena *arena, Error *err) {
    for (uint32_t i = 0; i < count; i++) {
        const IntSumState *state = states[i];

        if (state->count == 0)
            column_set_null(result, i, count, arena);
        else
            TRY(sum_to_numeric(state, (Numeric *) result->values + i, err));
    }
    return STATUS_OK;
}

static Status int_avg_finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                               Error *err) {
    for (uint32_t i = 0; i < count; i++) {
        const IntSumState *state = states[i];

        if (state->count <= 0)
            column_set_null(result, i, count, arena);
        else
            TRY(sum_divided(state, (Numeric *) result->values + i, err));
    }
    return STATUS_OK;
}

static void int_sum_serialize(const void *state, StrBuf *out) {
    const IntSumState *self = state;

    state_append_i128(out, (__int128) self->sum);
    state_append_i64(out, self->count);
}

static bool int_sum_deserialize(const uint8_t **cursor, const uint8_t *end, void *state,
                                Arena *arena) {
    IntSumState *self = state;

    (void) arena;
    return state_read(cursor, end, &self->sum, sizeof(self->sum)) &&
           state_read(cursor, end, &self->count, sizeof(self->count));
}

#define INT_AGGREGATE(aggregate_name, argument, result_id, updater, finalizer)           \
    {                                                                                    \
        .name = (aggregate_name), .argument_count = 1, .arguments = {argument},          \
        .result = (result_id), .state_size = sizeof(IntSumState), .is_strict = true,     \
        .takes_retraction = true, .is_order_free = true, .update = (updater),            \
        .merge = int_sum_merge, .finalize = (finalizer), .serialize = int_sum_serialize, \
        .deserialize = int_sum_deserialize                                               \
    }

/* clang-format off */
static const Aggregate int_aggregates[] = {
    INT_AGGREGATE("sum", TYPE_INT2, TYPE_INT8, int2_sum_update, int_sum_finalize_int8),
    INT_AGGREGATE("sum", TYPE_INT4, TYPE_INT8, int4_sum_update, int_sum_finalize_int8),
    INT_AGGREGATE("sum", TYPE_INT8, TYPE_NUMERIC, int8_sum_update, int_sum_finalize_numeric),
    INT_AGGREGATE("avg", TYPE_INT2, TYPE_NUMERIC, int2_sum_update, int_avg_finalize),
    INT_AGGREGATE("avg", TYPE_INT4, TYPE_NUMERIC, int4_sum_update, int_avg_finalize),
    INT_AGGREGATE("avg", TYPE_INT8, TYPE_NUMERIC, int8_sum_update, int_avg_finalize),
};
/* clang-format on */

const FunctionFamily family_aggregates_int = {FAMILY_AGGREGATES(int_aggregates)};
