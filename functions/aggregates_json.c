/* json_agg, jsonb_agg, json_object_agg, jsonb_object_agg: a document of the group's rows, in the
 * order of arrival. The state is the text between the brackets. */
#include "functions/collected.h"
#include "functions/kernel.h"
#include "types/json.h"

static Status collect_text(Collected *state, const StrBuf *text, const AggregateCall *call,
                           Error *err) {
    return collect(state, strbuf_text(text), text->length, call->arena, err);
}

static const FormSettings *settings_of(const AggregateCall *call) {
    return call->context && call->context->settings ? call->context->settings
                                                    : &form_settings_default;
}

static Status check_weight(int64_t weight, Error *err) {
    if (weight < 0)
        return error_set(err, FEATURE_NOT_SUPPORTED,
                         "a json aggregate over rows that can be taken back is not supported");
    return STATUS_OK;
}

static Value value_at(const Column *column, uint32_t row) {
    return column_is_null(column, row) ? value_null(column->type) : column_get(column, row);
}

static Status elements_update(const AggregateCall *call, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {.limit = LIMIT_RECORD_BYTES};
    TypeId type = call->arguments[0].type.id;
    bool is_nested = type == TYPE_ARRAY || type == TYPE_RECORD;

    AGGREGATE_FOR_EACH(call, Collected, state, row, weight) {
        Value value = value_at(&call->arguments[0], row);

        TRY(check_weight(weight, err));
        strbuf_clear(&text);
        if (state->length > 0)
            strbuf_append_text(&text, is_nested ? ", \n " : ", ");
        value_append_json(&value, settings_of(call), &text);
        TRY(collect_text(state, &text, call, err));
    }
    return STATUS_OK;
}

static Status append_key(const AggregateCall *call, uint32_t row, StrBuf *text, Error *err) {
    Value key = value_at(&call->arguments[0], row);
    CLEANUP(strbuf_done) StrBuf key_text = {0};

    if (key.is_null)
        return error_set(err, INVALID_PARAMETER, "field name must not be null");
    if (key.type.id == TYPE_ARRAY || key.type.id == TYPE_RECORD || key.type.id == TYPE_JSON ||
        key.type.id == TYPE_JSONB)
        return error_set(err, INVALID_PARAMETER,
                         "key value must be scalar, not array, composite, or json");
    value_append_text(&key, settings_of(call), &key_text);
    json_append_string(strbuf_text(&key_text), key_text.length, text);
    return STATUS_OK;
}

static Status members_update(const AggregateCall *call, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {.limit = LIMIT_RECORD_BYTES};

    AGGREGATE_FOR_EACH(call, Collected, state, row, weight) {
        Value value = value_at(&call->arguments[1], row);

        TRY(check_weight(weight, err));
        strbuf_clear(&text);
        if (state->length > 0)
            strbuf_append_text(&text, ", ");
        TRY(append_key(call, row, &text, err));
        strbuf_append_text(&text, " : ");
        value_append_json(&value, settings_of(call), &text);
        TRY(collect_text(state, &text, call, err));
    }
    return STATUS_OK;
}

static Status merge(void *state, const void *other, Arena *arena, Error *err) {
    Collected *self = state;
    const Collected *right = other;

    if (right->length == 0)
        return STATUS_OK;
    if (self->length > 0)
        TRY(collect(self, ", ", 2, arena, err));
    return collect(self, right->bytes, right->length, arena, err);
}

typedef struct Brackets {
    const char *open;
    const char *close;
} Brackets;

static Status finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                       Brackets brackets, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {.limit = LIMIT_RECORD_BYTES};

    for (uint32_t i = 0; i < count; i++) {
        const Collected *state = states[i];
        Value value = value_null(result->type);

        if (state->length == 0) {
            column_set_null(result, i, count, arena);
            continue;
        }
        strbuf_clear(&text);
        strbuf_append_text(&text, brackets.open);
        strbuf_append(&text, state->bytes, state->length);
        strbuf_append_text(&text, brackets.close);
        if (result->type.id == TYPE_JSONB) {
            TRY(jsonb_parse(strbuf_text(&text), text.length, arena, &value.text, err));
            value.is_null = false;
        } else {
            value =
                value_text(result->type, arena_memdup(arena, text.data, text.length), text.length);
        }
        column_put(result, i, &value, count, arena);
    }
    return STATUS_OK;
}

static Status elements_finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                                Error *err) {
    return finalize(states, count, result, arena, (Brackets) {"[", "]"}, err);
}

static Status members_finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                               Error *err) {
    return finalize(states, count, result, arena, (Brackets) {"{ ", " }"}, err);
}

static void serialize(const void *state, StrBuf *out) {
    collected_serialize(state, out);
}

static bool deserialize(const uint8_t **cursor, const uint8_t *end, void *state, Arena *arena) {
    return collected_deserialize(cursor, end, state, arena);
}

/* clang-format off */
#define JSON_AGGREGATE(aggregate, type, kind, count, ...)                                        \
    {.name = (aggregate), .argument_count = (count), .arguments = {__VA_ARGS__},                 \
     .result = (type), .state_size = sizeof(Collected), .update = kind##_update, .merge = merge, \
     .finalize = kind##_finalize, .serialize = serialize, .deserialize = deserialize}

static const Aggregate json_aggregates[] = {
    JSON_AGGREGATE("json_agg",         TYPE_JSON,  elements, 1, TYPE_ANY),
    JSON_AGGREGATE("jsonb_agg",        TYPE_JSONB, elements, 1, TYPE_ANY),
    JSON_AGGREGATE("json_object_agg",  TYPE_JSON,  members,  2, TYPE_ANY, TYPE_ANY),
    JSON_AGGREGATE("jsonb_object_agg", TYPE_JSONB, members,  2, TYPE_ANY, TYPE_ANY),
};
/* clang-format on */

const FunctionFamily family_aggregates_json = {FAMILY_AGGREGATES(json_aggregates)};
