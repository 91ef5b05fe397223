/* min and max of whatever has an order.
 *
 * Over rows that are never taken back the state is the best value so far. The retracting variants
 * (min_retract, max_retract) keep all values with their counts in a treap: a search tree whose
 * shape follows from the values' hashes alone, so that equal inputs give equal states in any order.
 */
#include "base/hash.h"
#include "functions/aggregate.h"
#include "functions/kernel.h"

/* A value in state bytes: text lies in the arena. */
typedef struct StoredValue {
    union {
        char bytes[24];
        TextView text;
        __int128 alignment;
    };
} StoredValue;

static bool is_text(TypeId id) {
    return type_physical(id) == PHYSICAL_VARLEN;
}

static Value stored_value(TypeId id, const StoredValue *stored) {
    Value value = {.type = {.id = id, .typmod = -1}};

    memcpy(value.bytes, stored->bytes, sizeof(value.bytes));
    return value;
}

static StoredValue store_value(const Value *value, Arena *arena) {
    StoredValue stored = {.bytes = {0}};

    if (is_text(value->type.id)) {
        stored.text = value->text;
        if (value->text.length > TEXT_INLINE_BYTES)
            stored.text =
                text_view(arena_memdup(arena, text_data(&value->text), value->text.length),
                          value->text.length);
        return stored;
    }
    memcpy(stored.bytes, value->bytes, physical_size_bytes(type_physical(value->type.id)));
    return stored;
}

static void append_stored(TypeId id, const StoredValue *stored, StrBuf *out) {
    uint32_t length = stored->text.length;

    if (!is_text(id)) {
        strbuf_append(out, stored->bytes, physical_size_bytes(type_physical(id)));
        return;
    }
    strbuf_append(out, &length, sizeof(length));
    strbuf_append(out, text_data(&stored->text), length);
}

static bool read_stored(const uint8_t **cursor, const uint8_t *end, TypeId id, Arena *arena,
                        StoredValue *ret_stored) {
    Value value = {.type = {.id = id, .typmod = -1}};
    uint32_t length = 0;

    if (!is_text(id)) {
        memset(ret_stored, 0, sizeof(*ret_stored));
        return state_read(cursor, end, ret_stored->bytes, physical_size_bytes(type_physical(id)));
    }
    if (!state_read(cursor, end, &length, sizeof(length)) || length > (size_t) (end - *cursor))
        return false;
    value.text = text_view((const char *) *cursor, length);
    *ret_stored = store_value(&value, arena);
    *cursor += length;
    return true;
}

static bool read_type(const uint8_t **cursor, const uint8_t *end, TypeId *ret_id) {
    uint8_t id = 0;

    if (!state_read(cursor, end, &id, 1) || id >= TYPE_COUNT)
        return false;
    *ret_id = id;
    return true;
}

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
    return read_type(cursor, end, &self->type) &&
           read_stored(cursor, end, self->type, arena, &self->best);
}

/* -------- all values, for retractions -------- */

typedef struct TreapNode {
    StoredValue value;
    int64_t count; /* never 0; negative while a retraction waits for its insertion */
    uint64_t priority;
    struct TreapNode *left;
    struct TreapNode *right;
} TreapNode;

typedef struct MultisetState {
    TreapNode *root;
    TreapNode *free_nodes; /* linked by `left` */
    int64_t node_count;
    TypeId type;
} MultisetState;

static uint64_t stored_hash(TypeId id, const StoredValue *stored) {
    if (is_text(id))
        return hash_bytes(text_data(&stored->text), stored->text.length);
    return hash_bytes(stored->bytes, physical_size_bytes(type_physical(id)));
}

static TreapNode *node_create(MultisetState *state, const Value *value, Arena *arena) {
    TreapNode *node = state->free_nodes;

    if (node)
        state->free_nodes = node->left;
    else
        node = arena_new(arena, TreapNode);
    *node = (TreapNode) {.value = store_value(value, arena)};
    node->priority = stored_hash(value->type.id, &node->value);
    state->node_count++;
    return node;
}

/* Nodes below `value` to *ret_left, the others to *ret_right. */
static void treap_split(TreapNode *node, const Value *value, TreapNode **ret_left,
                        TreapNode **ret_right) {
    while (node) {
        Value key = stored_value(value->type.id, &node->value);

        if (value_compare(&key, value) < 0) {
            *ret_left = node;
            ret_left = &node->right;
            node = node->right;
        } else {
            *ret_right = node;
            ret_right = &node->left;
            node = node->left;
        }
    }
    *ret_left = NULL;
    *ret_right = NULL;
}

/* All of `left` is below all of `right`. */
static TreapNode *treap_join(TreapNode *left, TreapNode *right) {
    TreapNode *root = NULL;
    TreapNode **place = &root;

    while (left && right) {
        if (left->priority > right->priority) {
            *place = left;
            place = &left->right;
            left = left->right;
        } else {
            *place = right;
            place = &right->left;
            right = right->left;
        }
    }
    *place = left ? left : right;
    return root;
}

static void multiset_add(MultisetState *state, const Value *value, int64_t weight, Arena *arena) {
    TreapNode **place = &state->root;
    TreapNode *node = NULL;

    state->type = value->type.id;
    while (*place) {
        Value key = stored_value(value->type.id, &(*place)->value);
        int order = value_compare(value, &key);

        if (order == 0)
            break;
        place = order < 0 ? &(*place)->left : &(*place)->right;
    }
    if (*place) {
        node = *place;
        node->count += weight;
        if (node->count == 0) {
            *place = treap_join(node->left, node->right);
            node->left = state->free_nodes;
            state->free_nodes = node;
            state->node_count--;
        }
        return;
    }
    if (weight == 0)
        return;
    node = node_create(state, value, arena);
    node->count = weight;
    place = &state->root;
    while (*place && (*place)->priority >= node->priority) {
        Value key = stored_value(value->type.id, &(*place)->value);

        place = value_compare(value, &key) < 0 ? &(*place)->left : &(*place)->right;
    }
    treap_split(*place, value, &node->left, &node->right);
    *place = node;
}

static Status multiset_update(const AggregateCall *call, Error *err) {
    (void) err;
    AGGREGATE_FOR_EACH(call, MultisetState, state, row, weight) {
        Value value = column_get(&call->arguments[0], row);

        multiset_add(state, &value, weight, call->arena);
    }
    return STATUS_OK;
}

/* In order; the tree's depth is logarithmic. `visit` may not change the tree. */
static void treap_visit(const TreapNode *node, void (*visit)(const TreapNode *node, void *data),
                        void *data) {
    while (node) {
        treap_visit(node->left, visit, data);
        visit(node, data);
        node = node->right;
    }
}

typedef struct MergeData {
    MultisetState *state;
    Arena *arena;
    TypeId type;
} MergeData;

static void merge_node(const TreapNode *node, void *data) {
    MergeData *merge = data;
    Value value = stored_value(merge->type, &node->value);

    multiset_add(merge->state, &value, node->count, merge->arena);
}

static Status multiset_merge(void *state, const void *other, Arena *arena, Error *err) {
    const MultisetState *right = other;
    MergeData merge = {state, arena, right->type};

    (void) err;
    treap_visit(right->root, merge_node, &merge);
    return STATUS_OK;
}

/* The outermost node with a positive count. */
static const TreapNode *outermost(const TreapNode *node, bool is_max) {
    const TreapNode *found = NULL;

    while (node) {
        const TreapNode *outer = is_max ? node->right : node->left;

        found = outermost(outer, is_max);
        if (found || node->count > 0)
            return found ? found : node;
        node = is_max ? node->left : node->right;
    }
    return NULL;
}

static Status multiset_finalize(void *const *states, uint32_t count, Column *result, Arena *arena,
                                bool is_max) {
    for (uint32_t i = 0; i < count; i++) {
        const MultisetState *state = states[i];
        const TreapNode *node = outermost(state->root, is_max);

        if (node)
            put_result(result, i, count, state->type, &node->value, arena);
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

typedef struct WriteData {
    StrBuf *out;
    TypeId type;
} WriteData;

static void write_node(const TreapNode *node, void *data) {
    WriteData *target = data;

    state_append_i64(target->out, node->count);
    append_stored(target->type, &node->value, target->out);
}

static void multiset_serialize(const void *state, StrBuf *out) {
    const MultisetState *self = state;
    WriteData target = {out, self->type};

    state_append_i64(out, self->node_count);
    if (!self->node_count)
        return;
    strbuf_append_u8(out, (uint8_t) self->type);
    treap_visit(self->root, write_node, &target);
}

static bool multiset_deserialize(const uint8_t **cursor, const uint8_t *end, void *state,
                                 Arena *arena) {
    MultisetState *self = state;
    int64_t count = 0;

    memset(self, 0, sizeof(*self));
    if (!state_read(cursor, end, &count, sizeof(count)) || count < 0)
        return false;
    if (count > 0 && !read_type(cursor, end, &self->type))
        return false;
    for (int64_t i = 0; i < count; i++) {
        StoredValue stored;
        int64_t weight = 0;
        Value value;

        if (!state_read(cursor, end, &weight, sizeof(weight)) || weight == 0 ||
            !read_stored(cursor, end, self->type, arena, &stored))
            return false;
        value = stored_value(self->type, &stored);
        multiset_add(self, &value, weight, arena);
    }
    return self->node_count == count;
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
