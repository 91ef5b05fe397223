/* percentile_cont, percentile_disc and mode: ordered sets, WITHIN GROUP (ORDER BY x).
 *
 * The state is the group's values with their counts in order, so it takes rows back and depends on
 * no order of arrival. The fraction is a constant of the call. */
#include <math.h>

#include "functions/kernel.h"
#include "functions/value_multiset.h"

typedef struct PercentileState {
    MultisetState values; /* must be first: mode's state is no more than this */
    double fraction;
} PercentileState;

static Status percentile_update(const AggregateCall *call, Error *err) {
    AGGREGATE_FOR_EACH(call, PercentileState, state, row, weight) {
        double fraction = COLUMN_VALUE(&call->arguments[0], double, row);
        Value value = column_get(&call->arguments[1], row);

        if (!(fraction >= 0 && fraction <= 1))
            return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE,
                             "percentile value %g is not between 0 and 1", fraction);
        state->fraction = fraction;
        multiset_add(&state->values, &value, weight, call->arena);
    }
    return STATUS_OK;
}

static Status percentile_merge(void *state, const void *other, Arena *arena, Error *err) {
    PercentileState *self = state;
    const PercentileState *right = other;

    if (right->values.root)
        self->fraction = right->fraction;
    return multiset_merge(&self->values, &right->values, arena, err);
}

static void percentile_serialize(const void *state, StrBuf *out) {
    const PercentileState *self = state;

    strbuf_append(out, &self->fraction, sizeof(self->fraction));
    multiset_serialize(&self->values, out);
}

static bool percentile_deserialize(const uint8_t **cursor, const uint8_t *end, void *state,
                                   Arena *arena) {
    PercentileState *self = state;
    double fraction = 0;

    if (!state_read(cursor, end, &fraction, sizeof(fraction)) ||
        !multiset_deserialize(cursor, end, &self->values, arena))
        return false;
    self->fraction = fraction;
    return true;
}

/* -------- walking the values -------- */

static bool add_count(const StoredValue *value, int64_t count, void *data) {
    (void) value;
    *(int64_t *) data += count;
    return true;
}

static int64_t row_count(const MultisetState *state) {
    int64_t count = 0;

    multiset_visit(state, add_count, &count);
    return count;
}

typedef struct Place {
    int64_t rows_before; /* of the value wanted */
    const StoredValue *value;
} Place;

static bool find_place(const StoredValue *value, int64_t count, void *data) {
    Place *place = data;

    place->value = value;
    place->rows_before -= count;
    return place->rows_before >= 0;
}

/* The value of row `number`, from 0. */
static const StoredValue *value_at(const MultisetState *state, int64_t number) {
    Place place = {.rows_before = number};

    multiset_visit(state, find_place, &place);
    return place.value;
}

typedef struct MostFrequent {
    TypeId type;
    const StoredValue *run; /* values equal to it come next to each other */
    int64_t run_count;
    const StoredValue *best;
    int64_t best_count;
} MostFrequent;

static bool find_most_frequent(const StoredValue *stored, int64_t count, void *data) {
    MostFrequent *most = data;
    Value value = stored_value(most->type, stored);
    Value run = most->run ? stored_value(most->type, most->run) : value;

    if (!most->run || !value_equal(&run, &value)) {
        most->run = stored;
        most->run_count = 0;
    }
    most->run_count += count;
    if (most->run_count > most->best_count) {
        most->best = most->run;
        most->best_count = most->run_count;
    }
    return true;
}

/* -------- answers -------- */

static void put_stored(TypeId id, const StoredValue *stored, Column *result, uint32_t row,
                       uint32_t count, Arena *arena) {
    Value value;

    if (!stored) {
        column_set_null(result, row, count, arena);
        return;
    }
    value = stored_value(id, stored);
    value.type = result->type;
    column_put(result, row, &value, count, arena);
}

static Status disc_finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                            Error *err) {
    (void) err;
    for (uint32_t i = 0; i < count; i++) {
        const PercentileState *state = states[i];
        double rows = ceil(state->fraction * (double) row_count(&state->values));

        put_stored(state->values.type, value_at(&state->values, rows < 1 ? 0 : (int64_t) rows - 1),
                   result, i, count, arena);
    }
    return STATUS_OK;
}

static Status cont_finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                            Error *err) {
    (void) err;
    for (uint32_t i = 0; i < count; i++) {
        const PercentileState *state = states[i];
        int64_t rows = row_count(&state->values);
        double place = state->fraction * (double) (rows - 1);
        double low = 0;
        double high = 0;

        if (rows == 0) {
            column_set_null(result, i, count, arena);
            continue;
        }
        memcpy(&low, value_at(&state->values, (int64_t) floor(place))->bytes, sizeof(low));
        memcpy(&high, value_at(&state->values, (int64_t) ceil(place))->bytes, sizeof(high));
        ((double *) result->values)[i] =
            floor(place) == ceil(place) ? low : low + (place - floor(place)) * (high - low);
    }
    return STATUS_OK;
}

static Status mode_update(const AggregateCall *call, Error *err) {
    (void) err;
    AGGREGATE_FOR_EACH(call, MultisetState, state, row, weight) {
        Value value = column_get(&call->arguments[0], row);

        multiset_add(state, &value, weight, call->arena);
    }
    return STATUS_OK;
}

/* Of several the least. */
static Status mode_finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                            Error *err) {
    (void) err;
    for (uint32_t i = 0; i < count; i++) {
        const MultisetState *state = states[i];
        MostFrequent most = {.type = state->type};

        multiset_visit(state, find_most_frequent, &most);
        put_stored(state->type, most.best, result, i, count, arena);
    }
    return STATUS_OK;
}

/* clang-format off */
#define PERCENTILE(aggregate_name, id, p)                                                         \
    {.name = (aggregate_name), .argument_count = 2, .arguments = {TYPE_FLOAT8, id},               \
     .result = (id), .state_size = sizeof(PercentileState), .is_strict = true,                    \
     .takes_retraction = true, .is_order_free = true, .is_ordered_set = true,                     \
     .update = percentile_update, .merge = percentile_merge, .finalize = p##_finalize,            \
     .serialize = percentile_serialize, .deserialize = percentile_deserialize}
#define MODE(id)                                                                                  \
    {.name = "mode", .argument_count = 1, .arguments = {id}, .result = (id),                      \
     .state_size = sizeof(MultisetState), .is_strict = true, .takes_retraction = true,            \
     .is_order_free = true, .is_ordered_set = true, .update = mode_update,                        \
     .merge = multiset_merge, .finalize = mode_finalize, .serialize = multiset_serialize,         \
     .deserialize = multiset_deserialize}
#define OF_TYPE(id) PERCENTILE("percentile_disc", id, disc), MODE(id)

static const Aggregate percentile_aggregates[] = {
    PERCENTILE("percentile_cont", TYPE_FLOAT8, cont),
    OF_TYPE(TYPE_BOOL), OF_TYPE(TYPE_INT2), OF_TYPE(TYPE_INT4), OF_TYPE(TYPE_INT8),
    OF_TYPE(TYPE_FLOAT4), OF_TYPE(TYPE_FLOAT8), OF_TYPE(TYPE_NUMERIC), OF_TYPE(TYPE_TEXT),
    OF_TYPE(TYPE_BPCHAR), OF_TYPE(TYPE_DATE), OF_TYPE(TYPE_TIME), OF_TYPE(TYPE_TIMESTAMP),
    OF_TYPE(TYPE_TIMESTAMPTZ), OF_TYPE(TYPE_INTERVAL),
};
/* clang-format on */

const FunctionFamily family_aggregates_percentile = {FAMILY_AGGREGATES(percentile_aggregates)};
