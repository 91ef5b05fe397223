/* sum and avg of numeric; the variance family of numeric and of the integers.
 *
 * The sum of numerics shows the largest display scale of its rows. So that a retraction can take
 * that back too, there is a sum and a count per scale; nearly always that is one, kept in the
 * state. */
#include "functions/aggregate.h"
#include "functions/kernel.h"
#include "types/numeric.h"

/* Two's complement, 192 bits: 2^64 rows of 38 digits fit. */
typedef struct WideSum {
    uint64_t words[3];
} WideSum;

typedef struct ScaleSum {
    WideSum sum;
    int64_t count;
    int32_t scale;
} ScaleSum;

typedef struct NumericSumState {
    ScaleSum first;
    ScaleSum *others; /* in the arena, sorted by scale with `first` apart */
    uint32_t other_count;
    uint32_t other_capacity;
    int64_t count;
    int64_t nan_count;
    int64_t plus_infinities;
    int64_t minus_infinities;
} NumericSumState;

static void wide_add(WideSum *sum, const WideSum *addend) {
    unsigned __int128 carry = 0;

    for (int i = 0; i < 3; i++) {
        carry += (unsigned __int128) sum->words[i] + addend->words[i];
        sum->words[i] = (uint64_t) carry;
        carry >>= 64;
    }
}

static WideSum wide_of(__int128 number) {
    return (WideSum) {{(uint64_t) number, (uint64_t) ((unsigned __int128) number >> 64),
                       number < 0 ? UINT64_MAX : 0}};
}

/* false: it needs more than 128 bits. */
static bool wide_fits(const WideSum *sum, __int128 *ret_number) {
    *ret_number = (__int128) ((unsigned __int128) sum->words[1] << 64 | sum->words[0]);
    return sum->words[2] == (*ret_number < 0 ? UINT64_MAX : 0);
}

/* No rows, and nothing owed: a delta may hold as many retractions as insertions and still a sum. */
static bool scale_is_empty(const ScaleSum *entry) {
    return entry->count == 0 &&
           (entry->sum.words[0] | entry->sum.words[1] | entry->sum.words[2]) == 0;
}

static ScaleSum *scale_sum(NumericSumState *state, int32_t scale, Arena *arena) {
    if (state->other_count == 0 && scale_is_empty(&state->first))
        state->first = (ScaleSum) {.scale = scale};
    if (state->first.scale == scale)
        return &state->first;
    for (uint32_t i = 0; i < state->other_count; i++) {
        if (state->others[i].scale == scale)
            return &state->others[i];
    }
    if (state->other_count == state->other_capacity) {
        uint32_t capacity = state->other_capacity ? state->other_capacity * 2 : 2;
        ScaleSum *grown = arena_new_array(arena, ScaleSum, capacity);

        if (state->other_count)
            memcpy(grown, state->others, sizeof(ScaleSum) * state->other_count);
        state->others = grown;
        state->other_capacity = capacity;
    }
    state->others[state->other_count] = (ScaleSum) {.scale = scale};
    return &state->others[state->other_count++];
}

static void add_numeric(NumericSumState *state, const Numeric *number, int64_t weight,
                        Arena *arena) {
    ScaleSum *target = NULL;
    WideSum addend;

    state->count += weight;
    switch ((NumericKind) number->kind) {
    case NUMERIC_NAN:
        state->nan_count += weight;
        return;
    case NUMERIC_PLUS_INF:
        state->plus_infinities += weight;
        return;
    case NUMERIC_MINUS_INF:
        state->minus_infinities += weight;
        return;
    case NUMERIC_FINITE:
        break;
    }
    target = scale_sum(state, number->scale, arena);
    target->count += weight;
    addend = wide_of(weight < 0 ? -numeric_coefficient(number) : numeric_coefficient(number));
    for (int64_t i = 0; i < (weight < 0 ? -weight : weight); i++)
        wide_add(&target->sum, &addend);
}

static Status numeric_sum_update(const AggregateCall *call, Error *err) {
    (void) err;
    AGGREGATE_FOR_EACH(call, NumericSumState, state, row, weight)
    add_numeric(state, &COLUMN_VALUE(&call->arguments[0], Numeric, row), weight, call->arena);
    return STATUS_OK;
}

static void merge_scale(NumericSumState *self, const ScaleSum *addend, Arena *arena) {
    ScaleSum *target = NULL;

    if (scale_is_empty(addend))
        return;
    target = scale_sum(self, addend->scale, arena);
    target->count += addend->count;
    wide_add(&target->sum, &addend->sum);
}

static Status numeric_sum_merge(void *state, const void *other, Arena *arena, Error *err) {
    NumericSumState *self = state;
    const NumericSumState *right = other;

    (void) err;
    merge_scale(self, &right->first, arena);
    for (uint32_t i = 0; i < right->other_count; i++)
        merge_scale(self, &right->others[i], arena);
    self->count += right->count;
    self->nan_count += right->nan_count;
    self->plus_infinities += right->plus_infinities;
    self->minus_infinities += right->minus_infinities;
    return STATUS_OK;
}

static Status add_scale(Numeric *total, const ScaleSum *addend, Error *err) {
    Numeric number;
    __int128 coefficient = 0;
    __int128 limit = 1;

    if (scale_is_empty(addend))
        return STATUS_OK;
    for (int i = 0; i < LIMIT_NUMERIC_DIGITS; i++)
        limit *= 10;
    if (!wide_fits(&addend->sum, &coefficient) || coefficient >= limit || coefficient <= -limit)
        return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "value overflows numeric format");
    number = numeric_make(coefficient, addend->scale);
    return numeric_add(total, &number, total, err);
}

static Status numeric_total(const NumericSumState *state, Numeric *ret_total, Error *err) {
    Numeric total = {0};

    if (state->nan_count || (state->plus_infinities && state->minus_infinities)) {
        *ret_total = numeric_nan;
        return STATUS_OK;
    }
    if (state->plus_infinities || state->minus_infinities) {
        *ret_total =
            (Numeric) {.kind = state->plus_infinities ? NUMERIC_PLUS_INF : NUMERIC_MINUS_INF};
        return STATUS_OK;
    }
    TRY(add_scale(&total, &state->first, err));
    for (uint32_t i = 0; i < state->other_count; i++)
        TRY(add_scale(&total, &state->others[i], err));
    *ret_total = total;
    return STATUS_OK;
}

static Status numeric_sum_finalize(void *const *states, uint32_t count, Column *result,
                                   Arena *arena, Error *err) {
    for (uint32_t i = 0; i < count; i++) {
        const NumericSumState *state = states[i];

        if (state->count == 0)
            column_set_null(result, i, count, arena);
        else
            TRY(numeric_total(state, (Numeric *) result->values + i, err));
    }
    return STATUS_OK;
}

static Status numeric_avg_finalize(void *const *states, uint32_t count, Column *result,
                                   Arena *arena, Error *err) {
    for (uint32_t i = 0; i < count; i++) {
        const NumericSumState *state = states[i];
        Numeric total = {0};
        Numeric divisor = numeric_from_int64(state->count);

        if (state->count <= 0) {
            column_set_null(result, i, count, arena);
            continue;
        }
        TRY(numeric_total(state, &total, err));
        TRY(numeric_divide(&total, &divisor, (Numeric *) result->values + i, err));
    }
    return STATUS_OK;
}

/* By ascending scale, scales without rows left out: equal sums give equal bytes. */
static void numeric_sum_serialize(const void *state, StrBuf *out) {
    const NumericSumState *self = state;
    int64_t header[] = {self->count, self->nan_count, self->plus_infinities, self->minus_infinities,
                        0};
    int32_t last = -1;

    for (uint32_t i = 0; i <= self->other_count; i++)
        header[4] += !scale_is_empty(i ? &self->others[i - 1] : &self->first);
    strbuf_append(out, header, sizeof(header));
    for (int64_t written = 0; written < header[4]; written++) {
        const ScaleSum *next = NULL;

        for (uint32_t i = 0; i <= self->other_count; i++) {
            const ScaleSum *entry = i ? &self->others[i - 1] : &self->first;

            if (!scale_is_empty(entry) && entry->scale > last &&
                (!next || entry->scale < next->scale))
                next = entry;
        }
        if (!next)
            break;
        last = next->scale;
        strbuf_append(out, next->sum.words, sizeof(next->sum.words));
        state_append_i64(out, next->count);
        state_append_i64(out, next->scale);
    }
}

static bool numeric_sum_deserialize(const uint8_t **cursor, const uint8_t *end, void *state,
                                    Arena *arena) {
    NumericSumState *self = state;
    int64_t header[5];

    *self = (NumericSumState) {0};
    if (!state_read(cursor, end, header, sizeof(header)) || header[4] < 0 ||
        header[4] > NUMERIC_SCALE_MAX)
        return false;
    self->count = header[0];
    self->nan_count = header[1];
    self->plus_infinities = header[2];
    self->minus_infinities = header[3];
    for (int64_t i = 0; i < header[4]; i++) {
        ScaleSum entry = {0};
        int64_t scale = 0;

        if (!state_read(cursor, end, entry.sum.words, sizeof(entry.sum.words)) ||
            !state_read(cursor, end, &entry.count, sizeof(entry.count)) ||
            !state_read(cursor, end, &scale, sizeof(scale)) || scale < 0 ||
            scale > NUMERIC_SCALE_MAX)
            return false;
        entry.scale = (int32_t) scale;
        merge_scale(self, &entry, arena);
    }
    return true;
}

/* -------- variance -------- */

typedef struct VarianceState {
    NumericSumState sum;
    NumericSumState squares;
} VarianceState;

static Status variance_add(VarianceState *state, const Numeric *number, int64_t weight,
                           Arena *arena, Error *err) {
    Numeric square;

    TRY(numeric_multiply(number, number, &square, err));
    add_numeric(&state->sum, number, weight, arena);
    add_numeric(&state->squares, &square, weight, arena);
    return STATUS_OK;
}

#define DEFINE_VARIANCE_UPDATE(name, NUMBER)                             \
    static Status name(const AggregateCall *call, Error *err) {          \
        const Column *input = &call->arguments[0];                       \
        AGGREGATE_FOR_EACH(call, VarianceState, state, row, weight) {    \
            Numeric number = NUMBER;                                     \
            TRY(variance_add(state, &number, weight, call->arena, err)); \
        }                                                                \
        return STATUS_OK;                                                \
    }

DEFINE_VARIANCE_UPDATE(int2_variance_update, numeric_from_int64(COLUMN_VALUE(input, int16_t, row)))
DEFINE_VARIANCE_UPDATE(int4_variance_update, numeric_from_int64(COLUMN_VALUE(input, int32_t, row)))
DEFINE_VARIANCE_UPDATE(int8_variance_update, numeric_from_int64(COLUMN_VALUE(input, int64_t, row)))
DEFINE_VARIANCE_UPDATE(numeric_variance_update, COLUMN_VALUE(input, Numeric, row))

static Status variance_merge(void *state, const void *other, Arena *arena, Error *err) {
    VarianceState *self = state;
    const VarianceState *right = other;

    TRY(numeric_sum_merge(&self->sum, &right->sum, arena, err));
    return numeric_sum_merge(&self->squares, &right->squares, arena, err);
}

static void variance_serialize(const void *state, StrBuf *out) {
    const VarianceState *self = state;

    numeric_sum_serialize(&self->sum, out);
    numeric_sum_serialize(&self->squares, out);
}

static bool variance_deserialize(const uint8_t **cursor, const uint8_t *end, void *state,
                                 Arena *arena) {
    VarianceState *self = state;

    return numeric_sum_deserialize(cursor, end, &self->sum, arena) &&
           numeric_sum_deserialize(cursor, end, &self->squares, arena);
}

typedef struct VarianceKind {
    bool is_sample; /* divide by n - 1 */
    bool is_root;   /* standard deviation */
} VarianceKind;

/* (n Σx² - (Σx)²) / (n (n - 1)) */
static Status variance_of(const VarianceState *state, VarianceKind kind, Numeric *ret_variance,
                          Error *err) {
    Numeric count = numeric_from_int64(state->sum.count);
    Numeric divisor = numeric_from_int64(state->sum.count - (kind.is_sample ? 1 : 0));
    Numeric sum = {0};
    Numeric squares = {0};

    TRY(numeric_total(&state->sum, &sum, err));
    TRY(numeric_total(&state->squares, &squares, err));
    if (sum.kind != NUMERIC_FINITE) {
        *ret_variance = numeric_nan;
        return STATUS_OK;
    }
    TRY(numeric_multiply(&squares, &count, &squares, err));
    TRY(numeric_multiply(&sum, &sum, &sum, err));
    TRY(numeric_subtract(&squares, &sum, &squares, err));
    if (numeric_sign(&squares) <= 0) {
        *ret_variance = numeric_from_int64(0);
        return STATUS_OK;
    }
    TRY(numeric_multiply(&count, &divisor, &divisor, err));
    TRY(numeric_divide(&squares, &divisor, ret_variance, err));
    if (kind.is_root)
        TRY(numeric_sqrt(ret_variance, ret_variance, err));
    return STATUS_OK;
}

static Status variance_finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                                VarianceKind kind, Error *err) {
    for (uint32_t i = 0; i < count; i++) {
        const VarianceState *state = states[i];

        if (state->sum.count < (kind.is_sample ? 2 : 1))
            column_set_null(result, i, count, arena);
        else
            TRY(variance_of(state, kind, (Numeric *) result->values + i, err));
    }
    return STATUS_OK;
}

#define DEFINE_VARIANCE_FINALIZE(name, sample, root)                                          \
    static Status name(void *const *states, uint32_t count, Column *result, Arena *arena,     \
                       Error *err) {                                                          \
        return variance_finalize(states, count, result, arena, (VarianceKind) {sample, root}, \
                                 err);                                                        \
    }

DEFINE_VARIANCE_FINALIZE(var_samp_finalize, true, false)
DEFINE_VARIANCE_FINALIZE(var_pop_finalize, false, false)
DEFINE_VARIANCE_FINALIZE(stddev_samp_finalize, true, true)
DEFINE_VARIANCE_FINALIZE(stddev_pop_finalize, false, true)

/* clang-format off */
#define VARIANCE_AGGREGATE(aggregate_name, argument, p, finalizer)                                \
    {.name = (aggregate_name), .argument_count = 1, .arguments = {argument},                      \
     .result = TYPE_NUMERIC, .state_size = sizeof(VarianceState), .is_strict = true,              \
     .takes_retraction = true, .is_order_free = true, .update = p##_variance_update,              \
     .merge = variance_merge, .finalize = (finalizer), .serialize = variance_serialize,           \
     .deserialize = variance_deserialize}
#define VARIANCE_AGGREGATES(argument, p)                                                          \
    VARIANCE_AGGREGATE("var_samp", argument, p, var_samp_finalize),                               \
    VARIANCE_AGGREGATE("variance", argument, p, var_samp_finalize),                               \
    VARIANCE_AGGREGATE("var_pop", argument, p, var_pop_finalize),                                 \
    VARIANCE_AGGREGATE("stddev_samp", argument, p, stddev_samp_finalize),                         \
    VARIANCE_AGGREGATE("stddev", argument, p, stddev_samp_finalize),                              \
    VARIANCE_AGGREGATE("stddev_pop", argument, p, stddev_pop_finalize)
#define SUM_AGGREGATE(aggregate_name, p, id, State, finalizer)                                    \
    {.name = (aggregate_name), .argument_count = 1, .arguments = {id}, .result = (id),            \
     .state_size = sizeof(State), .is_strict = true, .takes_retraction = true,                    \
     .is_order_free = true, .update = p##_sum_update, .merge = p##_sum_merge,                     \
     .finalize = (finalizer), .serialize = p##_sum_serialize, .deserialize = p##_sum_deserialize}

static const Aggregate numeric_aggregates[] = {
    SUM_AGGREGATE("sum", numeric, TYPE_NUMERIC, NumericSumState, numeric_sum_finalize),
    SUM_AGGREGATE("avg", numeric, TYPE_NUMERIC, NumericSumState, numeric_avg_finalize),
    VARIANCE_AGGREGATES(TYPE_INT2, int2),
    VARIANCE_AGGREGATES(TYPE_INT4, int4),
    VARIANCE_AGGREGATES(TYPE_INT8, int8),
    VARIANCE_AGGREGATES(TYPE_NUMERIC, numeric),
};
/* clang-format on */

const FunctionFamily family_aggregates_numeric = {FAMILY_AGGREGATES(numeric_aggregates)};
