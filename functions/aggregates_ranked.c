/* max_by(value, key), min_by(value, key): the value of the row with the greatest or least key.
 *
 * Each is an extreme of byte strings: the key's sort form, the value's sort form, the value. So of
 * equal keys max_by takes the greatest value and min_by the least, and NULL only where there is no
 * other: the answer depends on no order of arrival, and states merge. Rows with a NULL key don't
 * count. The retracting variants keep all the strings. */
#include "functions/collected.h"
#include "functions/kernel.h"
#include "functions/value_multiset.h"
#include "types/row.h"

typedef enum Extreme { EXTREME_MIN = -1, EXTREME_MAX = 1 } Extreme;

/* Greater bytes, greater row. Ends with the value and its length. */
static Status rank_row(const AggregateCall *call, uint32_t row, Extreme extreme, StrBuf *ret_rank,
                       Error *err) {
    size_t start = 0;
    uint32_t value_bytes = 0;

    strbuf_clear(ret_rank);
    row_append_sort_key(ret_rank, &call->arguments[1], row, false, false);
    row_append_sort_key(ret_rank, &call->arguments[0], row, false, extreme == EXTREME_MAX);
    start = ret_rank->length;
    row_append_value(ret_rank, &call->arguments[0], row);
    value_bytes = (uint32_t) (ret_rank->length - start);
    strbuf_append(ret_rank, &value_bytes, sizeof(value_bytes));
    if (ret_rank->length > LIMIT_RECORD_BYTES)
        return error_set(err, PROGRAM_LIMIT_EXCEEDED, "aggregated value is too long");
    return STATUS_OK;
}

/* Write the value at the end of a rank to the result. */
static Status put_ranked(const uint8_t *rank, uint64_t length, Column *result, uint32_t row,
                         uint32_t count, Arena *arena, Error *err) {
    uint32_t value_bytes = 0;
    const uint8_t *cursor = NULL;
    Value value;

    if (length >= sizeof(value_bytes)) {
        length -= sizeof(value_bytes);
        memcpy(&value_bytes, rank + length, sizeof(value_bytes));
    }
    if (value_bytes == 0 || value_bytes > length)
        return error_set(err, DATA_CORRUPTED, "aggregate state is damaged");
    cursor = rank + length - value_bytes;
    if (!row_read_value_of(&cursor, rank + length, result->type, &value))
        return error_set(err, DATA_CORRUPTED, "aggregate state is damaged");
    if (value.is_null) {
        column_set_null(result, row, count, arena);
        return STATUS_OK;
    }
    value = value_copy(&value, arena);
    column_put(result, row, &value, count, arena);
    return STATUS_OK;
}

/* -------- the best so far -------- */

/* The bytes are written again where they fit: keys that only grow leave no copy a row. */
static Status take_rank(Collected *best, const void *rank, size_t size_bytes, Extreme extreme,
                        Arena *arena, Error *err) {
    size_t common = best->length < size_bytes ? best->length : size_bytes;
    int order = common ? memcmp(rank, best->bytes, common) : 0;

    if (order == 0)
        order = (size_bytes > best->length) - (size_bytes < best->length);
    if (best->length > 0 && order * (int) extreme <= 0)
        return STATUS_OK;
    best->length = 0;
    return collect(best, rank, size_bytes, arena, err);
}

static Status ranked_update(const AggregateCall *call, Extreme extreme, Error *err) {
    CLEANUP(strbuf_done) StrBuf rank = {0};

    AGGREGATE_FOR_EACH(call, Collected, best, row, weight) {
        if (weight < 0)
            return error_set(err, FEATURE_NOT_SUPPORTED,
                             "this aggregate over rows that can be taken back is not supported");
        if (column_is_null(&call->arguments[1], row))
            continue;
        TRY(rank_row(call, row, extreme, &rank, err));
        TRY(take_rank(best, rank.data, rank.length, extreme, call->arena, err));
    }
    return STATUS_OK;
}

static Status ranked_merge(Collected *best, const Collected *other, Extreme extreme, Arena *arena,
                           Error *err) {
    if (other->length == 0)
        return STATUS_OK;
    return take_rank(best, other->bytes, other->length, extreme, arena, err);
}

static Status ranked_finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                              Error *err) {
    for (uint32_t i = 0; i < count; i++) {
        const Collected *best = states[i];

        if (best->length == 0)
            column_set_null(result, i, count, arena);
        else
            TRY(put_ranked(best->bytes, best->length, result, i, count, arena, err));
    }
    return STATUS_OK;
}

static void ranked_serialize(const void *state, StrBuf *out) {
    collected_serialize(state, out);
}

static bool ranked_deserialize(const uint8_t **cursor, const uint8_t *end, void *state,
                               Arena *arena) {
    return collected_deserialize(cursor, end, state, arena);
}

/* -------- all rows, for retractions -------- */

static Status retracting_update(const AggregateCall *call, Extreme extreme, Error *err) {
    CLEANUP(strbuf_done) StrBuf rank = {0};

    AGGREGATE_FOR_EACH(call, MultisetState, state, row, weight) {
        Value value;

        if (column_is_null(&call->arguments[1], row))
            continue;
        TRY(rank_row(call, row, extreme, &rank, err));
        value = value_text(SQL_TYPE(BYTEA), rank.data, rank.length);
        multiset_add(state, &value, weight, call->arena);
    }
    return STATUS_OK;
}

static Status retracting_finalize(void *const *states, uint32_t count, Column *result,
                                  Extreme extreme, Arena *arena, Error *err) {
    for (uint32_t i = 0; i < count; i++) {
        const StoredValue *best = multiset_outermost(states[i], extreme == EXTREME_MAX);

        if (!best)
            column_set_null(result, i, count, arena);
        else
            TRY(put_ranked((const uint8_t *) text_data(&best->text), best->text.length, result, i,
                           count, arena, err));
    }
    return STATUS_OK;
}

/* -------- the table -------- */

#define DEFINE_RANKED(prefix, extreme)                                                           \
    static Status prefix##_update(const AggregateCall *call, Error *err) {                       \
        return ranked_update(call, extreme, err);                                                \
    }                                                                                            \
    static Status prefix##_merge(void *state, const void *other, Arena *arena, Error *err) {     \
        return ranked_merge(state, other, extreme, arena, err);                                  \
    }                                                                                            \
    static Status prefix##_retract_update(const AggregateCall *call, Error *err) {               \
        return retracting_update(call, extreme, err);                                            \
    }                                                                                            \
    static Status prefix##_retract_finalize(void *const *states, uint32_t count, Column *result, \
                                            Arena *arena, Error *err) {                          \
        return retracting_finalize(states, count, result, extreme, arena, err);                  \
    }

DEFINE_RANKED(max_by, EXTREME_MAX)
DEFINE_RANKED(min_by, EXTREME_MIN)

static SqlType same_as_first(const SqlType *arguments, uint32_t count) {
    (void) count;
    return arguments[0];
}

/* clang-format off */
#define RANKED(by, id)                                                                            \
    {.name = #by, .argument_count = 2, .arguments = {TYPE_ANY, id}, .result = TYPE_ANY,           \
     .state_size = sizeof(Collected), .is_order_free = true, .retracting = #by "_retract",        \
     .update = by##_update, .merge = by##_merge, .finalize = ranked_finalize,                     \
     .serialize = ranked_serialize, .deserialize = ranked_deserialize,                            \
     .result_type = same_as_first},                                                               \
    {.name = #by "_retract", .argument_count = 2, .arguments = {TYPE_ANY, id},                    \
     .result = TYPE_ANY, .state_size = sizeof(MultisetState), .takes_retraction = true,           \
     .is_order_free = true, .update = by##_retract_update, .merge = multiset_merge,               \
     .finalize = by##_retract_finalize, .serialize = multiset_serialize,                          \
     .deserialize = multiset_deserialize, .result_type = same_as_first}
#define BOTH(id) RANKED(max_by, id), RANKED(min_by, id)

static const Aggregate ranked_aggregates[] = {
    BOTH(TYPE_BOOL), BOTH(TYPE_INT2), BOTH(TYPE_INT4), BOTH(TYPE_INT8), BOTH(TYPE_FLOAT4),
    BOTH(TYPE_FLOAT8), BOTH(TYPE_NUMERIC), BOTH(TYPE_TEXT), BOTH(TYPE_BPCHAR), BOTH(TYPE_BYTEA),
    BOTH(TYPE_DATE), BOTH(TYPE_TIME), BOTH(TYPE_TIMESTAMP), BOTH(TYPE_TIMESTAMPTZ),
    BOTH(TYPE_INTERVAL), BOTH(TYPE_UUID), BOTH(TYPE_JSONB), BOTH(TYPE_OID),
};
/* clang-format on */

const FunctionFamily family_aggregates_ranked = {FAMILY_AGGREGATES(ranked_aggregates)};
