/* sum and avg of intervals: the parts are summed apart and exactly, so rows can be taken back. */
#include "functions/aggregate.h"
#include "functions/datetime_kernel.h"

typedef struct IntervalSumState {
    __int128 micros;
    int64_t days;
    int64_t months;
    int64_t count;
    int64_t reserved; /* keeps the size a multiple of 16 */
} IntervalSumState;

static Status interval_sum_update(const AggregateCall *call, Error *err) {
    const Column *input = &call->arguments[0];

    (void) err;
    AGGREGATE_FOR_EACH(call, IntervalSumState, state, row, weight) {
        Interval interval = COLUMN_VALUE(input, Interval, row);

        state->micros += (__int128) interval.micros * weight;
        state->days += interval.days * weight;
        state->months += interval.months * weight;
        state->count += weight;
    }
    return STATUS_OK;
}

static Status interval_sum_merge(void *state, const void *other, Arena *arena, Error *err) {
    IntervalSumState *self = state;
    const IntervalSumState *right = other;

    (void) arena;
    (void) err;
    self->micros += right->micros;
    self->days += right->days;
    self->months += right->months;
    self->count += right->count;
    return STATUS_OK;
}

static Status sum_to_interval(const IntervalSumState *state, Interval *ret_interval, Error *err) {
    if (state->micros != (int64_t) state->micros || state->days != (int32_t) state->days ||
        state->months != (int32_t) state->months)
        return interval_status(false, err);
    *ret_interval = (Interval) {.micros = (int64_t) state->micros,
                                .days = (int32_t) state->days,
                                .months = (int32_t) state->months};
    return STATUS_OK;
}

static Status interval_sum_finalize(void *const *states, uint32_t count, Column *result,
                                    Arena *arena, Error *err) {
    for (uint32_t i = 0; i < count; i++) {
        const IntervalSumState *state = states[i];

        if (state->count == 0)
            column_set_null(result, i, count, arena);
        else
            TRY(sum_to_interval(state, (Interval *) result->values + i, err));
    }
    return STATUS_OK;
}

static Status interval_avg_finalize(void *const *states, uint32_t count, Column *result,
                                    Arena *arena, Error *err) {
    for (uint32_t i = 0; i < count; i++) {
        const IntervalSumState *state = states[i];
        Interval sum;

        if (state->count <= 0) {
            column_set_null(result, i, count, arena);
            continue;
        }
        TRY(sum_to_interval(state, &sum, err));
        TRY(interval_status(
            interval_divide(sum, (double) state->count, (Interval *) result->values + i), err));
    }
    return STATUS_OK;
}

static void interval_sum_serialize(const void *state, StrBuf *out) {
    const IntervalSumState *self = state;

    state_append_i128(out, self->micros);
    state_append_i64(out, self->days);
    state_append_i64(out, self->months);
    state_append_i64(out, self->count);
}

static bool interval_sum_deserialize(const uint8_t **cursor, const uint8_t *end, void *state,
                                     Arena *arena) {
    IntervalSumState *self = state;

    (void) arena;
    return state_read(cursor, end, &self->micros, sizeof(self->micros)) &&
           state_read(cursor, end, &self->days, sizeof(self->days)) &&
           state_read(cursor, end, &self->months, sizeof(self->months)) &&
           state_read(cursor, end, &self->count, sizeof(self->count));
}

#define INTERVAL_AGGREGATE(aggregate_name, finalizer)                                              \
    {                                                                                              \
        .name = (aggregate_name), .argument_count = 1, .arguments = {TYPE_INTERVAL},               \
        .result = TYPE_INTERVAL, .state_size = sizeof(IntervalSumState), .is_strict = true,        \
        .takes_retraction = true, .is_order_free = true, .update = interval_sum_update,            \
        .merge = interval_sum_merge, .finalize = (finalizer), .serialize = interval_sum_serialize, \
        .deserialize = interval_sum_deserialize                                                    \
    }

static const Aggregate interval_aggregates[] = {
    INTERVAL_AGGREGATE("sum", interval_sum_finalize),
    INTERVAL_AGGREGATE("avg", interval_avg_finalize),
};

const FunctionFamily family_aggregates_interval = {FAMILY_AGGREGATES(interval_aggregates)};
