#include "types/jsonb.h"

#include <stdlib.h>

#include "types/numeric.h"

/* -------- finding -------- */

const JsonNode *json_member(const JsonNode *object, const char *name, size_t length) {
    const JsonNode *found = NULL;

    if (object->kind != JSON_OBJECT)
        return NULL;
    for (const JsonNode *member = object->first_child; member; member = member->next)
        if (member->key.length == length && memcmp(text_data(&member->key), name, length) == 0)
            found = member;
    return found;
}

const JsonNode *json_element(const JsonNode *array, int64_t index) {
    const JsonNode *element = array->first_child;

    if (array->kind != JSON_ARRAY)
        return NULL;
    if (index < 0)
        index += array->child_count;
    if (index < 0 || index >= array->child_count)
        return NULL;
    while (index-- > 0)
        element = element->next;
    return element;
}

/* -------- canonical numbers -------- */

/* A JSON number as digits and a power of ten. */
typedef struct JsonNumber {
    char *digits; /* without the point, leading zeros cut; arena */
    int64_t count;
    int64_t scale; /* digits after the point, as written and by the exponent; may be negative */
    bool is_negative;
} JsonNumber;

enum { JSON_NUMBER_DIGITS_MAX = 131072 };

static JsonNumber json_number(const TextView *text, Arena *arena) {
    const char *cursor = text_data(text);
    const char *end = cursor + text->length;
    JsonNumber number = {.digits = arena_alloc_raw(arena, text->length + 1)};
    bool is_fraction = false;
    int64_t exponent = 0;
    bool exponent_is_negative = false;

    if (cursor < end && *cursor == '-') {
        number.is_negative = true;
        cursor++;
    }
    for (; cursor < end && *cursor != 'e' && *cursor != 'E'; cursor++) {
        if (*cursor == '.') {
            is_fraction = true;
            continue;
        }
        number.scale += is_fraction;
        if (number.count > 0 || *cursor != '0')
            number.digits[number.count++] = *cursor;
    }
    if (cursor < end)
        cursor++;
    if (cursor < end && (*cursor == '-' || *cursor == '+'))
        exponent_is_negative = *cursor++ == '-';
    for (; cursor < end; cursor++)
        if (exponent < INT32_MAX)
            exponent = exponent * 10 + (*cursor - '0');
    number.scale -= exponent_is_negative ? -exponent : exponent;
    return number;
}

/* Plain decimal text with the display scale that numeric would keep. */
static Status append_number(const TextView *text, Arena *arena, StrBuf *out, Error *err) {
    JsonNumber number = json_number(text, arena);
    int64_t scale = number.scale < 0 ? 0 : number.scale;
    int64_t whole = number.count - number.scale; /* digits before the point */

    if (number.count == 0) {
        number.is_negative = false;
        whole = 0;
    }
    if (whole > JSON_NUMBER_DIGITS_MAX || scale > NUMERIC_SCALE_MAX)
        return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "value overflows numeric format");
    if (number.is_negative)
        strbuf_append_char(out, '-');
    if (whole <= 0) {
        strbuf_append_char(out, '0');
    } else if (whole <= number.count) {
        strbuf_append(out, number.digits, (size_t) whole);
    } else {
        strbuf_append(out, number.digits, (size_t) number.count);
        strbuf_append_fill(out, '0', (size_t) (whole - number.count));
    }
    if (scale > 0) {
        int64_t shown = number.count < scale ? number.count : scale;

        strbuf_append_char(out, '.');
        strbuf_append_fill(out, '0', (size_t) (scale - shown));
        strbuf_append(out, number.digits + number.count - shown, (size_t) shown);
    }
    return STATUS_OK;
}

/* -------- canonical objects -------- */

typedef struct Member {
    const JsonNode *node;
    uint32_t place;
} Member;

static int compare_keys(const TextView *left, const TextView *right) {
    if (left->length != right->length)
        return left->length < right->length ? -1 : 1;
    return memcmp(text_data(left), text_data(right), left->length);
}

static int compare_members(const void *left, const void *right) {
    const Member *first = left;
    const Member *second = right;
    int order = compare_keys(&first->node->key, &second->node->key);

    if (order)
        return order;
    return (first->place > second->place) - (first->place < second->place);
}

static bool is_sorted(const JsonNode *object) {
    for (const JsonNode *member = object->first_child; member && member->next;
         member = member->next)
        if (compare_keys(&member->key, &member->next->key) >= 0)
            return false;
    return true;
}

/* The members in canonical order; of equal keys only the last. NULL: no memory. */
static Member *sorted_members(const JsonNode *object, Arena *arena, uint32_t *ret_count) {
    Member *members = arena_try_alloc(arena, ((size_t) object->child_count + 1) * sizeof(*members));
    uint32_t count = 0;
    uint32_t kept = 0;

    if (!members)
        return NULL;
    for (const JsonNode *member = object->first_child; member; member = member->next) {
        members[count] = (Member) {member, count};
        count++;
    }
    qsort(members, count, sizeof(*members), compare_members);
    for (uint32_t i = 0; i < count; i++)
        if (i + 1 == count || compare_keys(&members[i].node->key, &members[i + 1].node->key) != 0)
            members[kept++] = members[i];
    *ret_count = kept;
    return members;
}

/* -------- canonical text -------- */

static Status append_member(const JsonNode *member, bool is_first, Arena *arena, StrBuf *out,
                            Error *err) {
    if (!is_first)
        strbuf_append(out, ", ", 2);
    json_append_string(text_data(&member->key), member->key.length, out);
    strbuf_append(out, ": ", 2);
    return jsonb_append_node(member, arena, out, err);
}

static Status append_object(const JsonNode *object, Arena *arena, StrBuf *out, Error *err) {
    Member *members;
    uint32_t count = 0;

    strbuf_append_char(out, '{');
    if (is_sorted(object)) {
        for (const JsonNode *child = object->first_child; child; child = child->next)
            TRY(append_member(child, child == object->first_child, arena, out, err));
    } else {
        members = sorted_members(object, arena, &count);
        if (!members)
            return error_set(err, OUT_OF_MEMORY, "out of memory");
        for (uint32_t i = 0; i < count; i++)
            TRY(append_member(members[i].node, i == 0, arena, out, err));
    }
    strbuf_append_char(out, '}');
    return STATUS_OK;
}

static Status append_array(const JsonNode *array, Arena *arena, StrBuf *out, Error *err) {
    strbuf_append_char(out, '[');
    for (const JsonNode *child = array->first_child; child; child = child->next) {
        if (child != array->first_child)
            strbuf_append(out, ", ", 2);
        TRY(jsonb_append_node(child, arena, out, err));
    }
    strbuf_append_char(out, ']');
    return STATUS_OK;
}

Status jsonb_append_node(const JsonNode *node, Arena *arena, StrBuf *out, Error *err) {
    switch (node->kind) {
    case JSON_NULL:
        strbuf_append(out, "null", 4);
        return STATUS_OK;
    case JSON_FALSE:
        strbuf_append(out, "false", 5);
        return STATUS_OK;
    case JSON_TRUE:
        strbuf_append(out, "true", 4);
        return STATUS_OK;
    case JSON_STRING:
        json_append_string(text_data(&node->text), node->text.length, out);
        return STATUS_OK;
    case JSON_NUMBER:
        return append_number(&node->text, arena, out, err);
    case JSON_ARRAY:
        return append_array(node, arena, out, err);
    case JSON_OBJECT:
        return append_object(node, arena, out, err);
    }
    return STATUS_OK;
}

Status jsonb_from_node(const JsonNode *node, Arena *arena, TextView *ret_jsonb, Error *err) {
    StrBuf text = {0};
    Status status = jsonb_append_node(node, arena, &text, err);

    if (status == STATUS_OK)
        *ret_jsonb = text_view(arena_memdup(arena, text.data, text.length), (uint32_t) text.length);
    strbuf_done(&text);
    return status;
}

Status jsonb_parse(const char *text, size_t length, Arena *arena, TextView *ret_jsonb, Error *err) {
    const JsonNode *root = NULL;

    TRY(json_read(text, length, arena, &root, err));
    return jsonb_from_node(root, arena, ret_jsonb, err);
}

/* -------- order -------- */

static void append_escaped(const char *data, size_t length, StrBuf *out) {
    strbuf_append(out, data, length); /* jsonb has no zero bytes */
    strbuf_append_u8(out, 0);
}

/* Sign, place of the first digit, digits: complemented when negative. */
static void append_number_key(const TextView *text, Arena *arena, StrBuf *out) {
    JsonNumber number = json_number(text, arena);
    size_t start;

    while (number.count > 0 && number.digits[number.count - 1] == '0') {
        number.count--;
        number.scale--;
    }
    if (number.count == 0) {
        strbuf_append_u8(out, 1);
        return;
    }
    strbuf_append_u8(out, number.is_negative ? 0 : 2);
    start = out->length;
    strbuf_append_u64(out, (uint64_t) (number.count - number.scale) ^ (1ULL << 63));
    append_escaped(number.digits, (size_t) number.count, out);
    if (number.is_negative)
        for (size_t i = start; i < out->length; i++)
            out->data[i] = (char) ~out->data[i];
}

static void append_node_key(const JsonNode *node, Arena *arena, StrBuf *out) {
    strbuf_append_u8(out, (uint8_t) (node->kind + 1)); /* JsonKind is in PostgreSQL's order */
    switch (node->kind) {
    case JSON_STRING:
        append_escaped(text_data(&node->text), node->text.length, out);
        return;
    case JSON_NUMBER:
        append_number_key(&node->text, arena, out);
        return;
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    default:
        return;
    }
    strbuf_append_u32(out, node->child_count);
    for (const JsonNode *child = node->first_child; child; child = child->next) {
        if (node->kind == JSON_OBJECT)
            append_escaped(text_data(&child->key), child->key.length, out);
        append_node_key(child, arena, out);
    }
}

void jsonb_append_sort_key(const TextView *jsonb, StrBuf *out) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("jsonb key", 0);
    const JsonNode *root = NULL;
    Error err;

    if (json_read(text_data(jsonb), jsonb->length, arena, &root, &err) != STATUS_OK) {
        append_escaped(text_data(jsonb), jsonb->length, out); /* damaged: still the same bytes */
        return;
    }
    if (root->kind == JSON_ARRAY && root->child_count == 0)
        strbuf_append_u8(out, 0); /* PostgreSQL puts the empty array before all else */
    else
        append_node_key(root, arena, out);
}

int jsonb_compare(const TextView *left, const TextView *right) {
    StrBuf left_key = {0};
    StrBuf right_key = {0};
    size_t common;
    int order;

    if (text_equal(left, right))
        return 0;
    jsonb_append_sort_key(left, &left_key);
    jsonb_append_sort_key(right, &right_key);
    common = left_key.length < right_key.length ? left_key.length : right_key.length;
    order = memcmp(left_key.data, right_key.data, common);
    if (order == 0)
        order = (left_key.length > right_key.length) - (left_key.length < right_key.length);
    strbuf_done(&left_key);
    strbuf_done(&right_key);
    return (order > 0) - (order < 0);
}

/* -------- containment -------- */

const char *json_kind_name(JsonKind kind) {
    static const char *const names[] = {
        [JSON_NULL] = "null",     [JSON_STRING] = "string", [JSON_NUMBER] = "number",
        [JSON_FALSE] = "boolean", [JSON_TRUE] = "boolean",  [JSON_ARRAY] = "array",
        [JSON_OBJECT] = "object",
    };

    return names[kind];
}

static bool is_container(const JsonNode *node) {
    return node->kind == JSON_ARRAY || node->kind == JSON_OBJECT;
}

/* Equal strings, numbers of equal value, the same literal. Containers: false. */
static bool json_scalar_equal(const JsonNode *left, const JsonNode *right, Arena *arena) {
    CLEANUP(strbuf_done) StrBuf left_key = {0};
    CLEANUP(strbuf_done) StrBuf right_key = {0};

    if (left->kind != right->kind || is_container(left))
        return false;
    if (left->kind != JSON_NUMBER)
        return left->kind != JSON_STRING || text_equal(&left->text, &right->text);
    if (text_equal(&left->text, &right->text))
        return true;
    append_number_key(&left->text, arena, &left_key);
    append_number_key(&right->text, arena, &right_key);
    return left_key.length == right_key.length &&
           memcmp(left_key.data, right_key.data, left_key.length) == 0;
}

static bool array_has(const JsonNode *array, const JsonNode *wanted, Arena *arena) {
    for (const JsonNode *element = array->first_child; element; element = element->next) {
        if (is_container(wanted) ? is_container(element) && json_contains(element, wanted, arena)
                                 : json_scalar_equal(element, wanted, arena))
            return true;
    }
    return false;
}

bool json_contains(const JsonNode *left, const JsonNode *right, Arena *arena) {
    if (!is_container(right))
        return left->kind == JSON_ARRAY ? array_has(left, right, arena)
                                        : json_scalar_equal(left, right, arena);
    if (left->kind != right->kind)
        return false;
    for (const JsonNode *wanted = right->first_child; wanted; wanted = wanted->next) {
        const JsonNode *member;

        if (left->kind == JSON_ARRAY) {
            if (!array_has(left, wanted, arena))
                return false;
            continue;
        }
        member = json_member(left, text_data(&wanted->key), wanted->key.length);
        if (!member || is_container(member) != is_container(wanted) ||
            !json_contains(member, wanted, arena))
            return false;
    }
    return true;
}
