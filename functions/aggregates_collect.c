/* string_agg, array_agg and any_value: they keep rows in the order of arrival, so they are not
 * order-free and understand no retraction. */
#include "functions/collected.h"
#include "functions/kernel.h"
#include "types/nested.h"
#include "types/row.h"

static Status refuse_retraction(Error *err) {
    return error_set(err, FEATURE_NOT_SUPPORTED,
                     "this aggregate over rows that can be taken back is not supported");
}

/* -------- string_agg -------- */

/* Each value follows its delimiter; the first delimiter is cut off at the end. */
typedef struct StringState {
    Collected text;
    uint32_t first_delimiter_length;
    uint32_t has_value;
} StringState;

/* The value's column is not NULL, the delimiter's may be; so not strict. */
static Status string_update(const AggregateCall *call, Error *err) {
    const Column *values = &call->arguments[0];
    const Column *delimiters = &call->arguments[1];

    AGGREGATE_FOR_EACH(call, StringState, state, row, weight) {
        const TextView *value = &COLUMN_VALUE(values, TextView, row);
        const TextView *delimiter = &COLUMN_VALUE(delimiters, TextView, row);
        uint32_t delimiter_length = column_is_null(delimiters, row) ? 0 : delimiter->length;

        if (weight < 0)
            return refuse_retraction(err);
        if (column_is_null(values, row))
            continue;
        if (!state->has_value)
            state->first_delimiter_length = delimiter_length;
        state->has_value = 1;
        TRY(collect(&state->text, text_data(delimiter), delimiter_length, call->arena, err));
        TRY(collect(&state->text, text_data(value), value->length, call->arena, err));
    }
    return STATUS_OK;
}

static Status string_merge(void *state, const void *other, Arena *arena, Error *err) {
    StringState *self = state;
    const StringState *right = other;

    if (!right->has_value)
        return STATUS_OK;
    if (!self->has_value)
        self->first_delimiter_length = right->first_delimiter_length;
    self->has_value = 1;
    return collect(&self->text, right->text.bytes, right->text.length, arena, err);
}

static Status string_finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                              Error *err) {
    (void) err;
    for (uint32_t i = 0; i < count; i++) {
        const StringState *state = states[i];
        size_t length = state->text.length - state->first_delimiter_length;
        Value value;

        if (!state->has_value) {
            column_set_null(result, i, count, arena);
            continue;
        }
        value = value_text(
            result->type,
            length ? arena_memdup(arena, state->text.bytes + state->first_delimiter_length, length)
                   : "",
            length);
        column_put(result, i, &value, count, arena);
    }
    return STATUS_OK;
}

static void string_serialize(const void *state, StrBuf *out) {
    const StringState *self = state;

    strbuf_append(out, &self->first_delimiter_length, sizeof(uint32_t));
    strbuf_append(out, &self->has_value, sizeof(uint32_t));
    collected_serialize(&self->text, out);
}

static bool string_deserialize(const uint8_t **cursor, const uint8_t *end, void *state,
                               Arena *arena) {
    StringState *self = state;

    return state_read(cursor, end, &self->first_delimiter_length, sizeof(uint32_t)) &&
           state_read(cursor, end, &self->has_value, sizeof(uint32_t)) &&
           collected_deserialize(cursor, end, &self->text, arena) &&
           self->first_delimiter_length <= self->text.length;
}

/* -------- array_agg, any_value: values in value form -------- */

typedef struct ArrayState {
    Collected values;
    int64_t count;
} ArrayState;

static Status append_value(ArrayState *state, const Column *column, uint32_t row, Arena *arena,
                           Error *err) {
    CLEANUP(strbuf_done) StrBuf bytes = {0};

    row_append_value(&bytes, column, row);
    state->count++;
    return collect(&state->values, strbuf_text(&bytes), bytes.length, arena, err);
}

static Status array_update(const AggregateCall *call, Error *err) {
    AGGREGATE_FOR_EACH(call, ArrayState, state, row, weight) {
        if (weight < 0)
            return refuse_retraction(err);
        TRY(append_value(state, &call->arguments[0], row, call->arena, err));
    }
    return STATUS_OK;
}

static Status any_value_update(const AggregateCall *call, Error *err) {
    AGGREGATE_FOR_EACH(call, ArrayState, state, row, weight) {
        if (weight < 0)
            return refuse_retraction(err);
        if (state->count == 0)
            TRY(append_value(state, &call->arguments[0], row, call->arena, err));
    }
    return STATUS_OK;
}

static Status array_merge(void *state, const void *other, Arena *arena, Error *err) {
    ArrayState *self = state;
    const ArrayState *right = other;

    self->count += right->count;
    return collect(&self->values, right->values.bytes, right->values.length, arena, err);
}

static Status any_value_merge(void *state, const void *other, Arena *arena, Error *err) {
    return ((ArrayState *) state)->count ? STATUS_OK : array_merge(state, other, arena, err);
}

/* The values as they were. */
static Status read_values(const ArrayState *state, SqlType type, Arena *arena, Column *ret_values,
                          Error *err) {
    uint32_t count = (uint32_t) state->count;
    const uint8_t *cursor = state->values.bytes;
    const uint8_t *end = cursor + state->values.length;

    *ret_values = column_create(type, count, arena);
    for (uint32_t i = 0; i < count; i++) {
        if (!row_read_value(&cursor, end, ret_values, i, count, arena))
            return error_set(err, DATA_CORRUPTED, "aggregate state is damaged");
    }
    return STATUS_OK;
}

static Status array_finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                             Error *err) {
    for (uint32_t i = 0; i < count; i++) {
        const ArrayState *state = states[i];
        Column column;
        Value *elements = NULL;
        Value array;

        if (state->count == 0) {
            column_set_null(result, i, count, arena);
            continue;
        }
        TRY(read_values(state, *result->type.element, arena, &column, err));
        elements = arena_new_array(arena, Value, (size_t) state->count);
        for (uint32_t j = 0; j < (uint32_t) state->count; j++)
            elements[j] =
                column_is_null(&column, j) ? value_null(column.type) : column_get(&column, j);
        array = array_build(*result->type.element, elements, (uint32_t) state->count, arena);
        column_put(result, i, &array, count, arena);
    }
    return STATUS_OK;
}

static Status any_value_finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                                 Error *err) {
    for (uint32_t i = 0; i < count; i++) {
        const ArrayState *state = states[i];
        Column column;
        Value value;

        if (state->count == 0) {
            column_set_null(result, i, count, arena);
            continue;
        }
        TRY(read_values(state, result->type, arena, &column, err));
        value = column_get(&column, 0);
        value = value_copy(&value, arena);
        column_put(result, i, &value, count, arena);
    }
    return STATUS_OK;
}

static void array_serialize(const void *state, StrBuf *out) {
    const ArrayState *self = state;

    state_append_i64(out, self->count);
    collected_serialize(&self->values, out);
}

static bool array_deserialize(const uint8_t **cursor, const uint8_t *end, void *state,
                              Arena *arena) {
    ArrayState *self = state;

    return state_read(cursor, end, &self->count, sizeof(self->count)) && self->count >= 0 &&
           collected_deserialize(cursor, end, &self->values, arena) &&
           (uint64_t) self->count <= self->values.length;
}

static SqlType array_of_argument(const SqlType *arguments, uint32_t count) {
    (void) count;
    return type_array_of(arguments[0].id);
}

static SqlType same_as_argument(const SqlType *arguments, uint32_t count) {
    (void) count;
    return arguments[0];
}

/* clang-format off */
#define COLLECT(p, s) .update = p##_update, .merge = p##_merge, .finalize = p##_finalize,         \
                      .serialize = s##_serialize, .deserialize = s##_deserialize

static const Aggregate collect_aggregates[] = {
    {.name = "string_agg", .argument_count = 2, .arguments = {TYPE_TEXT, TYPE_TEXT},
     .result = TYPE_TEXT, .state_size = sizeof(StringState), COLLECT(string, string)},
    {.name = "array_agg", .argument_count = 1, .arguments = {TYPE_ANY}, .result = TYPE_ARRAY,
     .state_size = sizeof(ArrayState), COLLECT(array, array), .result_type = array_of_argument},
    {.name = "collect_list", .argument_count = 1, .arguments = {TYPE_ANY}, .result = TYPE_ARRAY,
     .is_strict = true, .state_size = sizeof(ArrayState), COLLECT(array, array),
     .result_type = array_of_argument}, /* Spark's: without NULLs */
    {.name = "any_value", .argument_count = 1, .arguments = {TYPE_ANY}, .result = TYPE_ANY,
     .is_strict = true, .state_size = sizeof(ArrayState), COLLECT(any_value, array),
     .result_type = same_as_argument},
};
/* clang-format on */

const FunctionFamily family_aggregates_collect = {FAMILY_AGGREGATES(collect_aggregates)};
