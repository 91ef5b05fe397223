/* count(*), count(x), bool_and, bool_or, every: counters that understand retractions. */
#include "functions/aggregate.h"
#include "functions/kernel.h"

typedef struct CountState {
    int64_t count;
} CountState;

static Status count_update(const AggregateCall *call, Error *err) {
    (void) err;
    if (!call->weights) {
        for (uint32_t i = 0; i < call->count; i++)
            ((CountState *) call->states[i])->count++;
        return STATUS_OK;
    }
    for (uint32_t i = 0; i < call->count; i++)
        ((CountState *) call->states[i])->count += call->weights[call->rows[i]];
    return STATUS_OK;
}

static Status count_merge(void *state, const void *other, Arena *arena, Error *err) {
    (void) arena;
    (void) err;
    ((CountState *) state)->count += ((const CountState *) other)->count;
    return STATUS_OK;
}

static Status count_finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                             Error *err) {
    (void) arena;
    (void) err;
    for (uint32_t i = 0; i < count; i++)
        ((int64_t *) result->values)[i] = ((const CountState *) states[i])->count;
    return STATUS_OK;
}

static void count_serialize(const void *state, StrBuf *out) {
    state_append_i64(out, ((const CountState *) state)->count);
}

static bool count_deserialize(const uint8_t **cursor, const uint8_t *end, void *state,
                              Arena *arena) {
    (void) arena;
    return state_read(cursor, end, state, sizeof(CountState));
}

#define COUNT_AGGREGATE(arity, ...)                                                     \
    {                                                                                   \
        .name = "count", .argument_count = (arity), .arguments = {__VA_ARGS__},         \
        .result = TYPE_INT8, .state_size = sizeof(CountState), .is_strict = true,       \
        .takes_retraction = true, .is_order_free = true, .update = count_update,        \
        .merge = count_merge, .finalize = count_finalize, .serialize = count_serialize, \
        .deserialize = count_deserialize                                                \
    }

typedef struct BoolState {
    int64_t true_count;
    int64_t false_count;
} BoolState;

static Status bool_update(const AggregateCall *call, Error *err) {
    (void) err;
    AGGREGATE_FOR_EACH(call, BoolState, state, row, weight) {
        if (COLUMN_VALUE(&call->arguments[0], uint8_t, row))
            state->true_count += weight;
        else
            state->false_count += weight;
    }
    return STATUS_OK;
}

static Status bool_merge(void *state, const void *other, Arena *arena, Error *err) {
    BoolState *self = state;
    const BoolState *right = other;

    (void) arena;
    (void) err;
    self->true_count += right->true_count;
    self->false_count += right->false_count;
    return STATUS_OK;
}

static void bool_put(const BoolState *state, uint32_t row, uint32_t count, bool answer,
                     Column *result, Arena *arena) {
    if (state->true_count + state->false_count == 0)
        column_set_null(result, row, count, arena);
    else
        ((uint8_t *) result->values)[row] = answer;
}

static Status bool_and_finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                                Error *err) {
    (void) err;
    for (uint32_t i = 0; i < count; i++) {
        const BoolState *state = states[i];

        bool_put(state, i, count, state->false_count == 0, result, arena);
    }
    return STATUS_OK;
}

static Status bool_or_finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                               Error *err) {
    (void) err;
    for (uint32_t i = 0; i < count; i++) {
        const BoolState *state = states[i];

        bool_put(state, i, count, state->true_count != 0, result, arena);
    }
    return STATUS_OK;
}

static Status count_if_finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                                Error *err) {
    (void) arena;
    (void) err;
    for (uint32_t i = 0; i < count; i++)
        ((int64_t *) result->values)[i] = ((const BoolState *) states[i])->true_count;
    return STATUS_OK;
}

static void bool_serialize(const void *state, StrBuf *out) {
    const BoolState *self = state;

    state_append_i64(out, self->true_count);
    state_append_i64(out, self->false_count);
}

static bool bool_deserialize(const uint8_t **cursor, const uint8_t *end, void *state,
                             Arena *arena) {
    (void) arena;
    return state_read(cursor, end, state, sizeof(BoolState));
}

#define BOOL_AGGREGATE_AS(aggregate_name, type, finalizer)                                         \
    {                                                                                              \
        .name = (aggregate_name), .argument_count = 1, .arguments = {TYPE_BOOL}, .result = (type), \
        .state_size = sizeof(BoolState), .is_strict = true, .takes_retraction = true,              \
        .is_order_free = true, .update = bool_update, .merge = bool_merge,                         \
        .finalize = (finalizer), .serialize = bool_serialize, .deserialize = bool_deserialize      \
    }

#define BOOL_AGGREGATE(aggregate_name, finalizer) \
    BOOL_AGGREGATE_AS(aggregate_name, TYPE_BOOL, finalizer)

static const Aggregate count_aggregates[] = {
    COUNT_AGGREGATE(0, TYPE_ANY),
    COUNT_AGGREGATE(1, TYPE_ANY),
    BOOL_AGGREGATE_AS("count_if", TYPE_INT8, count_if_finalize), /* Spark's */
    BOOL_AGGREGATE("bool_and", bool_and_finalize),
    BOOL_AGGREGATE("every", bool_and_finalize),
    BOOL_AGGREGATE("bool_or", bool_or_finalize),
};

const FunctionFamily family_aggregates_count = {FAMILY_AGGREGATES(count_aggregates)};
