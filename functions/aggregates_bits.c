/* bit_and, bit_or, bit_xor of integers. bit_xor takes rows back: a value cancels itself. */
#include "functions/aggregate.h"
#include "functions/kernel.h"

typedef struct BitsState {
    int64_t bits;
    int64_t count; /* rows; a state of none is NULL */
} BitsState;

typedef enum BitsKind { BITS_AND, BITS_OR, BITS_XOR } BitsKind;

static void take_bits(BitsState *state, int64_t bits, int64_t weight, BitsKind kind) {
    if (kind == BITS_AND)
        state->bits = state->count ? state->bits & bits : bits;
    else if (kind == BITS_OR)
        state->bits |= bits;
    else if (weight & 1)
        state->bits ^= bits;
    state->count += weight;
}

static int64_t integer_at(const Column *column, uint32_t row) {
    switch (type_physical(column->type.id)) {
    case PHYSICAL_INT16:
        return COLUMN_VALUE(column, int16_t, row);
    case PHYSICAL_INT32:
        return COLUMN_VALUE(column, int32_t, row);
    default:
        return COLUMN_VALUE(column, int64_t, row);
    }
}

static Status bits_finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                            Error *err) {
    (void) err;
    for (uint32_t i = 0; i < count; i++) {
        const BitsState *state = states[i];

        if (state->count == 0)
            column_set_null(result, i, count, arena);
        else if (result->type.id == TYPE_INT2)
            ((int16_t *) result->values)[i] = (int16_t) state->bits;
        else if (result->type.id == TYPE_INT4)
            ((int32_t *) result->values)[i] = (int32_t) state->bits;
        else
            ((int64_t *) result->values)[i] = state->bits;
    }
    return STATUS_OK;
}

static void bits_serialize(const void *state, StrBuf *out) {
    strbuf_append(out, state, sizeof(BitsState));
}

static bool bits_deserialize(const uint8_t **cursor, const uint8_t *end, void *state,
                             Arena *arena) {
    (void) arena;
    return state_read(cursor, end, state, sizeof(BitsState));
}

#define DEFINE_BITS(name, kind)                                                            \
    static Status name##_update(const AggregateCall *call, Error *err) {                   \
        (void) err;                                                                        \
        AGGREGATE_FOR_EACH(call, BitsState, state, row, weight)                            \
        take_bits(state, integer_at(&call->arguments[0], row), weight, kind);              \
        return STATUS_OK;                                                                  \
    }                                                                                      \
    static Status name##_merge(void *state, const void *other, Arena *arena, Error *err) { \
        const BitsState *right = other;                                                    \
                                                                                           \
        (void) arena;                                                                      \
        (void) err;                                                                        \
        if (right->count || (kind) == BITS_XOR)                                            \
            merge_bits(state, right, kind);                                                \
        return STATUS_OK;                                                                  \
    }

/* A side of more rows than one counts as one value of that many rows. */
static void merge_bits(BitsState *state, const BitsState *right, BitsKind kind) {
    int64_t count = state->count + right->count;

    take_bits(state, right->bits, 1, kind);
    state->count = count;
}

DEFINE_BITS(bit_and, BITS_AND)
DEFINE_BITS(bit_or, BITS_OR)
DEFINE_BITS(bit_xor, BITS_XOR)

/* clang-format off */
#define BITS(by, id, retracts)                                                                    \
    {.name = #by, .argument_count = 1, .arguments = {id}, .result = (id),                         \
     .state_size = sizeof(BitsState), .is_strict = true, .takes_retraction = (retracts),          \
     .is_order_free = true, .update = by##_update, .merge = by##_merge,                           \
     .finalize = bits_finalize, .serialize = bits_serialize, .deserialize = bits_deserialize}
#define ALL(id) BITS(bit_and, id, false), BITS(bit_or, id, false), BITS(bit_xor, id, true)

static const Aggregate bits_aggregates[] = {
    ALL(TYPE_INT2), ALL(TYPE_INT4), ALL(TYPE_INT8),
};
/* clang-format on */

const FunctionFamily family_aggregates_bits = {FAMILY_AGGREGATES(bits_aggregates)};
