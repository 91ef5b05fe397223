#include "functions/value_multiset.h"

#include "base/hash.h"

/* -------- stored values -------- */

static bool is_text(TypeId id) {
    return type_physical(id) == PHYSICAL_VARLEN;
}

Value stored_value(TypeId id, const StoredValue *stored) {
    Value value = {.type = {.id = id, .typmod = -1}};

    memcpy(value.bytes, stored->bytes, sizeof(value.bytes));
    return value;
}

StoredValue store_value(const Value *value, Arena *arena) {
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

void append_stored(TypeId id, const StoredValue *stored, StrBuf *out) {
    uint32_t length = stored->text.length;

    if (!is_text(id)) {
        strbuf_append(out, stored->bytes, physical_size_bytes(type_physical(id)));
        return;
    }
    strbuf_append(out, &length, sizeof(length));
    strbuf_append(out, text_data(&stored->text), length);
}

bool read_stored(const uint8_t **cursor, const uint8_t *end, TypeId id, Arena *arena,
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

bool read_stored_type(const uint8_t **cursor, const uint8_t *end, TypeId *ret_id) {
    uint8_t id = 0;

    if (!state_read(cursor, end, &id, 1) || id >= TYPE_COUNT)
        return false;
    *ret_id = id;
    return true;
}

/* -------- the treap -------- */

struct TreapNode {
    StoredValue value;
    int64_t count; /* never 0; negative while a retraction waits for its insertion */
    uint64_t priority;
    struct TreapNode *left;
    struct TreapNode *right;
};

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

/* Equal values that show differently (1.5 and 1.50) are two: which came first must not matter. */
static int compare_fully(const Value *left, const Value *right) {
    int order = value_compare(left, right);

    if (order != 0)
        return order;
    if (is_text(left->type.id))
        return text_compare(&left->text, &right->text);
    return memcmp(left->bytes, right->bytes, physical_size_bytes(type_physical(left->type.id)));
}

/* Nodes below `value` to *ret_left, the others to *ret_right. */
static void treap_split(TreapNode *node, const Value *value, TreapNode **ret_left,
                        TreapNode **ret_right) {
    while (node) {
        Value key = stored_value(value->type.id, &node->value);

        if (compare_fully(&key, value) < 0) {
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

void multiset_add(MultisetState *state, const Value *value, int64_t weight, Arena *arena) {
    TreapNode **place = &state->root;
    TreapNode *node = NULL;

    state->type = value->type.id;
    while (*place) {
        Value key = stored_value(value->type.id, &(*place)->value);
        int order = compare_fully(value, &key);

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

        place = compare_fully(value, &key) < 0 ? &(*place)->left : &(*place)->right;
    }
    treap_split(*place, value, &node->left, &node->right);
    *place = node;
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

Status multiset_merge(void *state, const void *other, Arena *arena, Error *err) {
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

const StoredValue *multiset_outermost(const MultisetState *state, bool is_max) {
    const TreapNode *node = outermost(state->root, is_max);

    return node ? &node->value : NULL;
}

static bool visit_below(const TreapNode *node, MultisetVisit visit, void *data) {
    for (; node; node = node->right) {
        if (!visit_below(node->left, visit, data))
            return false;
        if (node->count > 0 && !visit(&node->value, node->count, data))
            return false;
    }
    return true;
}

void multiset_visit(const MultisetState *state, MultisetVisit visit, void *data) {
    visit_below(state->root, visit, data);
}

/* -------- state bytes -------- */

typedef struct WriteData {
    StrBuf *out;
    TypeId type;
} WriteData;

static void write_node(const TreapNode *node, void *data) {
    WriteData *target = data;

    state_append_i64(target->out, node->count);
    append_stored(target->type, &node->value, target->out);
}

void multiset_serialize(const void *state, StrBuf *out) {
    const MultisetState *self = state;
    WriteData target = {out, self->type};

    state_append_i64(out, self->node_count);
    if (!self->node_count)
        return;
    strbuf_append_u8(out, (uint8_t) self->type);
    treap_visit(self->root, write_node, &target);
}

bool multiset_deserialize(const uint8_t **cursor, const uint8_t *end, void *state, Arena *arena) {
    MultisetState *self = state;
    int64_t count = 0;

    memset(self, 0, sizeof(*self));
    if (!state_read(cursor, end, &count, sizeof(count)) || count < 0)
        return false;
    if (count > 0 && !read_stored_type(cursor, end, &self->type))
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
