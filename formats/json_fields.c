#include "formats/json_fields.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

/* -------- paths -------- */

static bool is_key_character(char character) {
    return isalnum((unsigned char) character) || character == '_' || character == '-' ||
           character == '$' || (unsigned char) character >= 0x80;
}

/* One step at *path: a key ("" and index >= 0 for [n]). false: no step there. */
static bool path_step(const char **path, const char **ret_key, size_t *ret_length,
                      int64_t *ret_index) {
    const char *p = *path;
    char quote = 0;

    *ret_index = -1;
    if (p[0] == '[' && isdigit((unsigned char) p[1])) {
        *ret_index = 0;
        for (p++; isdigit((unsigned char) *p) && *ret_index < 1000000000; p++)
            *ret_index = *ret_index * 10 + (*p - '0');
        *path = p + 1;
        return *p == ']';
    }
    if (p[0] == '.' && p[1] == '"')
        quote = '"', p += 2;
    else if (p[0] == '[' && (p[1] == '\'' || p[1] == '"'))
        quote = p[1], p += 2;
    else if (p[0] == '.')
        p++;
    else
        return false;
    *ret_key = p;
    while (*p && (quote ? *p != quote : is_key_character(*p)))
        p++;
    *ret_length = (size_t) (p - *ret_key);
    if (quote && *p++ != quote)
        return false;
    if (quote && (*path)[0] == '[' && *p++ != ']')
        return false;
    *path = p;
    return *ret_length > 0;
}

Status json_path_first(const char *path, Arena *arena, const char **ret_key, const char **ret_rest,
                       Error *err) {
    const char *p = path;
    const char *key = NULL;
    size_t length = 0;
    int64_t index = -1;
    const char *rest;
    bool is_good = *p == '$';

    p += is_good;
    is_good = is_good && path_step(&p, &key, &length, &index) && index < 0;
    rest = p;
    while (is_good && *p) {
        const char *step_key = NULL;
        size_t step_length = 0;

        is_good = path_step(&p, &step_key, &step_length, &index);
    }
    if (!is_good) {
        IGNORE(error_set(err, INVALID_PARAMETER, "\"%s\" is not a JSON path", path));
        return error_hint(err, "Write it like '$.user.name' or '$.items[0]'.");
    }
    *ret_key = arena_strndup(arena, key, length);
    *ret_rest = rest;
    return STATUS_OK;
}

typedef struct KeySearch {
    const char *key;
    size_t length;
    Arena *arena;
    JsonSlot found;
} KeySearch;

static bool search_member(void *data, const char *key, size_t key_length, bool key_has_escape,
                          const JsonSlot *value) {
    KeySearch *search = data;

    if (key_has_escape) {
        char *copy = arena_alloc_raw(search->arena, key_length);
        int64_t length = json_unescape(key, key + key_length, copy);

        if (length < 0)
            return true; /* a key that nobody can want */
        key = copy;
        key_length = (size_t) length;
    }
    if (key_length == search->length && memcmp(key, search->key, key_length) == 0)
        search->found = *value;
    return true;
}

/* The element, JSON_MISSING when the array is shorter; false when its skeleton is broken. */
static bool array_element(const JsonSlot *array, int64_t index, JsonSlot *ret_element) {
    const char *p = json_skip_space(array->begin + 1, array->end);

    *ret_element = (JsonSlot) {0};
    if (p < array->end && *p == ']')
        return p + 1 == array->end;
    for (int64_t i = 0; p < array->end; i++) {
        JsonSlot element;

        p = json_scan_value(p, array->end, &element);
        if (!p)
            return false;
        if (i == index)
            *ret_element = element;
        p = json_skip_space(p, array->end);
        if (p < array->end && *p == ']')
            return p + 1 == array->end;
        if (p >= array->end || *p != ',')
            return false;
        p = json_skip_space(p + 1, array->end);
    }
    return false;
}

bool json_path_follow(const char *rest, Arena *arena, JsonSlot *slot) {
    while (*rest) {
        KeySearch search = {.arena = arena};
        int64_t index = -1;
        JsonSlot outer = *slot;

        *slot = (JsonSlot) {0};
        if (!path_step(&rest, &search.key, &search.length, &index) || outer.kind != JSON_NESTED)
            return true;
        if (index >= 0 && *outer.begin == '[') {
            if (!array_element(&outer, index, slot))
                return false;
        } else if (index < 0 && *outer.begin == '{') {
            if (json_walk_object(outer.begin, outer.end, search_member, &search) != outer.end)
                return false;
            *slot = search.found;
        }
    }
    return true;
}

/* -------- walking a record -------- */

enum { WALK_FIELDS_MAX = 1600 };

/* How a field was met in this record. */
typedef struct FieldMatch {
    bool is_exact;
    const char *folded_key; /* the one key that matches without case; NULL: none */
    size_t folded_length;
    bool is_ambiguous; /* two different keys do */
} FieldMatch;

typedef struct Walk {
    const JsonFields *fields;
    JsonSlot *slots;
    FieldMatch *matches;
    JsonTemplate *learn;
    const char *previous_end;
    char *key_buffer;
    bool is_plain; /* a template may be learnt */
} Walk;

static bool field_takes(const JsonField *field, const char *key, size_t length) {
    if (field->key_length != length)
        return false;
    return memcmp(field->key, key, length) == 0 ||
           (field->folds_case && strncasecmp(field->key, key, length) == 0);
}

/* Put the value where it belongs; true when a template may say the same. */
static bool walk_place(Walk *walk, int column, const char *key, size_t length,
                       const JsonSlot *value) {
    const JsonField *field = &walk->fields->fields[column];
    FieldMatch *match = &walk->matches[column];
    bool is_first = !match->is_exact && !match->folded_key;

    if (memcmp(field->key, key, length) == 0) {
        match->is_exact = true;
        walk->slots[column] = *value;
        return is_first;
    }
    if (match->is_exact)
        return false;
    if (match->folded_key &&
        (match->folded_length != length || memcmp(match->folded_key, key, length) != 0))
        match->is_ambiguous = true;
    match->folded_key = key;
    match->folded_length = length;
    walk->slots[column] = *value;
    return is_first;
}

static bool walk_member(void *data, const char *key, size_t key_length, bool key_has_escape,
                        const JsonSlot *value) {
    Walk *walk = data;
    int column = -1;

    if (key_has_escape) {
        int64_t length = json_unescape(key, key + key_length, walk->key_buffer);

        walk->is_plain = false;
        if (length < 0)
            return true; /* a key that nobody can want */
        key = walk->key_buffer;
        key_length = (size_t) length;
        walk->key_buffer += length;
    }
    for (int i = 0; i < (int) walk->fields->count; i++) {
        if (!field_takes(&walk->fields->fields[i], key, key_length))
            continue;
        if (!walk_place(walk, i, key, key_length, value) || column >= 0)
            walk->is_plain = false; /* a template gives a value to one field only */
        column = i;
    }
    if (walk->is_plain)
        json_template_add(walk->learn, walk->previous_end, value, column);
    walk->previous_end = value->end;
    return true;
}

bool json_fields_walk(const JsonFields *fields, const char *record, const char *end,
                      JsonSlot *slots, JsonTemplate *learn, char *key_buffer) {
    FieldMatch matches[WALK_FIELDS_MAX];
    Walk walk = {fields, slots, matches, learn, record, key_buffer, true};
    const char *after;

    assert(fields->count <= WALK_FIELDS_MAX);
    memset(matches, 0, sizeof(*matches) * fields->count);
    memset(slots, 0, sizeof(*slots) * fields->count);
    json_template_begin(learn);
    after = json_walk_object(json_skip_space(record, end), end, walk_member, &walk);
    if (!after || json_skip_space(after, end) != end) {
        json_template_begin(learn);
        return false;
    }
    for (uint32_t i = 0; i < fields->count; i++)
        if (!matches[i].is_exact && matches[i].is_ambiguous) {
            slots[i] = (JsonSlot) {0};
            walk.is_plain = false;
        }
    if (walk.is_plain)
        json_template_finish(learn);
    else
        json_template_begin(learn);
    return true;
}
