/* min and max of whatever has an order.
 *
 * Over rows that are never taken back the state is the best value so far; the retracting variants
 * (min_retract, max_retract) keep all values. */
#include "functions/kernel.h"
#include "functions/value_multiset.h"

static void put_result(Column *result, uint32_t row, uint32_t count, TypeId id,
                       const StoredValue *stored, Arena *arena) {
    Value value = stored_value(id, stored);

    value.type = result->type;
    column_put(result, row, &value, count, arena);
}

/* -------- the best so far -------- */

typedef struct ExtremeState {
    StoredValue best;
    uint32_t has_value;
    TypeId type; /* of `best` */
    uint64_t reserved;
} ExtremeState;

static void take_value(ExtremeState *state, const Value *value, int sign, Arena *arena) {
    if (state->has_value) {
        Value best = stored_value(state->type, &state->best);

        if (sign * value_compare(value, &best) <= 0)
            return;
    }
    state->best = store_value(value, arena);
    state->has_value = 1;
    state->type = value->type.id;
}

/* Plain words, without a call per row. */
#define EXTREME_LOOP(Type, LESS)                                         \
    for (uint32_t i = 0; i < call->count; i++) {                         \
        ExtremeState *state = call->states[i];                           \
        Type l = COLUMN_VALUE(input, Type, call->rows[i]);               \
        Type r;                                                          \
        memcpy(&r, state->best.bytes, sizeof(r));                        \
        if (!state->has_value || (sign < 0 ? LESS(l, r) : LESS(r, l))) { \
            memcpy(state->best.bytes, &l, sizeof(l));                    \
            state->has_value = 1;                                        \
            state->type = input->type.id;                                \
        }                                                                \
    }

static Status extreme_update(const AggregateCall *call, int sign) {
    const Column *input = &call->arguments[0];

    switch (type_physical(input->type.id)) {
    case PHYSICAL_INT16:
        EXTREME_LOOP(int16_t, PLAIN_LESS)
        break;
    case PHYSICAL_INT32:
        EXTREME_LOOP(int32_t, PLAIN_LESS)
        break;
    case PHYSICAL_INT64:
        EXTREME_LOOP(int64_t, PLAIN_LESS)
        break;
    case PHYSICAL_FLOAT32:
        EXTREME_LOOP(float, FLOAT_LESS)
        break;
    case PHYSICAL_FLOAT64:
        EXTREME_LOOP(double, FLOAT_LESS)
        break;
    default:
        for (uint32_t i = 0; i < call->count; i++) {
            Value value = column_get(input, call->rows[i]);

            take_value(call->states[i], &value, sign, call->arena);
        }
        break;
    }
    return STATUS_OK;
}

static Status min_update(const AggregateCall *call, Error *err) {
    (void) err;
    return extreme_update(call, -1);
}

static Status max_update(const AggregateCall *call, Error *err) {
    (void) err;
    return extreme_update(call, 1);
}

static void extreme_merge(ExtremeState *state, const ExtremeState *other, int sign, Arena *arena) {
    Value value;

    if (!other->has_value)
        return;
    value = stored_value(other->type, &other->best);
    take_value(state, &value, sign, arena);
}

static Status min_merge(void *state, const void *other, Arena *arena, Error *err) {
    (void) err;
    extreme_merge(state, other, -1, arena);
    return STATUS_OK;
}

static Status max_merge(void *state, const void *other, Arena *arena, Error *err) {
    (void) err;
    extreme_merge(state, other, 1, arena);
    return STATUS_OK;
}

static Status extreme_finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                               Error *err) {
    (void) err;
    for (uint32_t i = 0; i < count; i++) {
        const ExtremeState *state = states[i];

        if (state->has_value)
            put_result(result, i, count, state->type, &state->best, arena);
        else
            column_set_null(result, i, count, arena);
    }
    return STATUS_OK;
}

static void extreme_serialize(const void *state, StrBuf *out) {
    const ExtremeState *self = state;

    strbuf_append_u8(out, (uint8_t) self->has_value);
    if (!self->has_value)
        return;
    strbuf_append_u8(out, (uint8_t) self->type);
    append_stored(self->type, &self->best, out);
}

static bool extreme_deserialize(const uint8_t **cursor, const uint8_t *end, void *state,
                                Arena *arena) {
    ExtremeState *self = state;
    uint8_t has_value = 0;

    memset(self, 0, sizeof(*self));
    if (!state_read(cursor, end, &has_value, 1) || has_value > 1)
        return false;
    if (!has_value)
        return true;
    self->has_value = 1;
    return read_stored_type(cursor, end, &self->type) &&
           read_stored(cursor, end, self->type, arena, &self->best);
}

/* -------- all values, for retractions -------- */

static Status multiset_update(const AggregateCall *call, Error *err) {
    (void) err;
    AGGREGATE_FOR_EACH(call, MultisetState, state, row, weight) {
        Value value = column_get(&call->arguments[0], row);

        multiset_add(state, &value, weight, call->arena);
    }
    return STATUS_OK;
}

static Status multiset_finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                                bool is_max) {
    for (uint32_t i = 0; i < count; i++) {
        const MultisetState *state = states[i];
        const StoredValue *best = multiset_outermost(state, is_max);

        if (best)
            put_result(result, i, count, state->type, best, arena);
        else
            column_set_null(result, i, count, arena);
    }
    return STATUS_OK;
}

static Status min_retract_finalize(void *const *states, uint32_t count, Column *result,
                                   Arena *arena, Error *err) {
    (void) err;
    return multiset_finalize(states, count, result, arena, false);
}

static Status max_retract_finalize(void *const *states, uint32_t count, Column *result,
                                   Arena *arena, Error *err) {
    (void) err;
    return multiset_finalize(states, count, result, arena, true);
}

/* clang-format off */
#define EXTREME(aggregate_name, id, p, retracting_name)                                           \
    {.name = (aggregate_name), .argument_count = 1, .arguments = {id}, .result = (id),            \
     .state_size = sizeof(ExtremeState), .is_strict = true, .is_order_free = true,                \
     .retracting = (retracting_name), .update = p##_update, .merge = p##_merge,                   \
     .finalize = extreme_finalize, .serialize = extreme_serialize,                                \
     .deserialize = extreme_deserialize}
#define RETRACTING(aggregate_name, id, p)                                                         \
    {.name = (aggregate_name), .argument_count = 1, .arguments = {id}, .result = (id),            \
     .state_size = sizeof(MultisetState), .is_strict = true, .takes_retraction = true,            \
     .is_order_free = true, .update = multiset_update, .merge = multiset_merge,                   \
     .finalize = p##_finalize, .serialize = multiset_serialize,                                   \
     .deserialize = multiset_deserialize}
#define EXTREMES(id)                                                                              \
    EXTREME("min", id, min, "min_retract"),                                                       \
    EXTREME("max", id, max, "max_retract"),                                                       \
    RETRACTING("min_retract", id, min_retract),                                                   \
    RETRACTING("max_retract", id, max_retract)

static const Aggregate extreme_aggregates[] = {
    EXTREMES(TYPE_INT2), EXTREMES(TYPE_INT4), EXTREMES(TYPE_INT8), EXTREMES(TYPE_FLOAT4),
    EXTREMES(TYPE_FLOAT8), EXTREMES(TYPE_NUMERIC), EXTREMES(TYPE_TEXT), EXTREMES(TYPE_BPCHAR),
    EXTREMES(TYPE_DATE), EXTREMES(TYPE_TIME), EXTREMES(TYPE_TIMESTAMP),
    EXTREMES(TYPE_TIMESTAMPTZ), EXTREMES(TYPE_INTERVAL), EXTREMES(TYPE_OID),
};
/* clang-format on */

const FunctionFamily family_aggregates_extreme = {FAMILY_AGGREGATES(extreme_aggregates)};
