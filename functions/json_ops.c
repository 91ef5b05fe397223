/* JSON: looking into json and jsonb (-> ->> #> #>> @> <@ ? ?| ?&), order, kinds and lengths. */
#include "functions/json_support.h"
#include "types/nested.h"
#include "types/number_form.h"

/* -------- fields, elements, paths -------- */

typedef const JsonNode *(*JsonFind)(const KernelCall *call, uint32_t row, const JsonNode *root);
typedef Status (*JsonPut)(const KernelCall *call, uint32_t row, const JsonNode *node,
                          JsonScratch *scratch, Error *err);

static Status json_get(const KernelCall *call, JsonFind find, JsonPut put, Error *err) {
    CLEANUP(json_scratch_done) JsonScratch scratch;

    json_scratch_init(&scratch);
    KERNEL_FOR_EACH(call, row) {
        const JsonNode *root = NULL;

        json_scratch_reset(&scratch);
        TRY(json_argument(call, 0, row, &scratch, &root, err));
        TRY(put(call, row, find(call, row, root), &scratch, err));
    }
    return STATUS_OK;
}

static const JsonNode *find_field(const KernelCall *call, uint32_t row, const JsonNode *root) {
    const TextView *name = kernel_text(call, 1, row);

    return json_member(root, text_data(name), name->length);
}

static const JsonNode *find_element(const KernelCall *call, uint32_t row, const JsonNode *root) {
    int32_t index = KERNEL_ARGUMENT(call, 1, int32_t, row);

    /* PostgreSQL keeps a jsonb scalar as the one element of an array, and it shows here. */
    if (root->kind != JSON_ARRAY && root->kind != JSON_OBJECT && (index == 0 || index == -1) &&
        call->arguments[0].type.id == TYPE_JSONB)
        return root;
    return json_element(root, index);
}

/* One step of a path: a name in an object, a whole number in an array. */
static const JsonNode *find_step(const JsonNode *node, const TextView *step) {
    Error ignored;
    int32_t index;

    if (node->kind == JSON_OBJECT)
        return json_member(node, text_data(step), step->length);
    if (node->kind != JSON_ARRAY ||
        int32_parse(text_data(step), step->length, &index, &ignored) != STATUS_OK)
        return NULL;
    return json_element(node, index);
}

static const JsonNode *find_path(const KernelCall *call, uint32_t row, const JsonNode *root) {
    Value path = column_get(&call->arguments[1], row);
    NestedReader reader = array_reader(&path);
    const JsonNode *node = root;
    Value step;

    while (node && array_next(&reader, &step))
        node = step.is_null ? NULL : find_step(node, &step.text);
    return node;
}

/* json_extract_path(json, VARIADIC text). */
static const JsonNode *find_steps(const KernelCall *call, uint32_t row, const JsonNode *root) {
    const JsonNode *node = root;

    for (uint32_t i = 1; node && i < call->argument_count; i++)
        node = find_step(node, kernel_text(call, i, row));
    return node;
}

#define DEFINE_GET_KERNEL(name, find, put)                   \
    static Status name(const KernelCall *call, Error *err) { \
        return json_get(call, find, put, err);               \
    }

DEFINE_GET_KERNEL(json_field, find_field, json_put_node)
DEFINE_GET_KERNEL(json_field_text, find_field, json_put_as_text)
DEFINE_GET_KERNEL(json_element_at, find_element, json_put_node)
DEFINE_GET_KERNEL(json_element_text, find_element, json_put_as_text)
DEFINE_GET_KERNEL(json_path, find_path, json_put_node)
DEFINE_GET_KERNEL(json_path_text, find_path, json_put_as_text)
DEFINE_GET_KERNEL(json_steps, find_steps, json_put_node)
DEFINE_GET_KERNEL(json_steps_text, find_steps, json_put_as_text)

/* -------- existence, containment -------- */

static Status contains(const KernelCall *call, uint32_t outer, uint32_t inner, Error *err) {
    CLEANUP(json_scratch_done) JsonScratch scratch;

    json_scratch_init(&scratch);
    KERNEL_FOR_EACH(call, row) {
        const JsonNode *left = NULL;
        const JsonNode *right = NULL;

        json_scratch_reset(&scratch);
        TRY(json_argument(call, outer, row, &scratch, &left, err));
        TRY(json_argument(call, inner, row, &scratch, &right, err));
        KERNEL_RESULT(call, uint8_t)[row] = json_contains(left, right, scratch.arena);
    }
    return STATUS_OK;
}

static Status jsonb_contains(const KernelCall *call, Error *err) {
    return contains(call, 0, 1, err);
}

static Status jsonb_contained(const KernelCall *call, Error *err) {
    return contains(call, 1, 0, err);
}

/* A key of the object, or a string in the array, or the string itself. */
static bool has_key(const JsonNode *node, const TextView *key) {
    if (node->kind == JSON_STRING)
        return text_equal(&node->text, key);
    if (node->kind == JSON_OBJECT)
        return json_member(node, text_data(key), key->length) != NULL;
    for (const JsonNode *element = node->first_child; element; element = element->next)
        if (element->kind == JSON_STRING && text_equal(&element->text, key))
            return true;
    return false;
}

static Status jsonb_exists(const KernelCall *call, Error *err) {
    CLEANUP(json_scratch_done) JsonScratch scratch;

    json_scratch_init(&scratch);
    KERNEL_FOR_EACH(call, row) {
        const JsonNode *root = NULL;

        json_scratch_reset(&scratch);
        TRY(json_argument(call, 0, row, &scratch, &root, err));
        KERNEL_RESULT(call, uint8_t)[row] = has_key(root, kernel_text(call, 1, row));
    }
    return STATUS_OK;
}

/* ?| and ?&: NULL elements are passed over. */
static Status exists_many(const KernelCall *call, bool is_all, Error *err) {
    CLEANUP(json_scratch_done) JsonScratch scratch;

    json_scratch_init(&scratch);
    KERNEL_FOR_EACH(call, row) {
        Value keys = column_get(&call->arguments[1], row);
        NestedReader reader = array_reader(&keys);
        const JsonNode *root = NULL;
        bool answer = is_all;
        Value key;

        json_scratch_reset(&scratch);
        TRY(json_argument(call, 0, row, &scratch, &root, err));
        while (answer == is_all && array_next(&reader, &key))
            if (!key.is_null && has_key(root, &key.text) != is_all)
                answer = !is_all;
        KERNEL_RESULT(call, uint8_t)[row] = answer;
    }
    return STATUS_OK;
}

static Status jsonb_exists_any(const KernelCall *call, Error *err) {
    return exists_many(call, false, err);
}

static Status jsonb_exists_all(const KernelCall *call, Error *err) {
    return exists_many(call, true, err);
}

/* -------- order, kinds, lengths -------- */

#define JSONB_EQUAL(l, r) (jsonb_compare(&(l), &(r)) == 0)
#define JSONB_LESS(l, r) (jsonb_compare(&(l), &(r)) < 0)

DEFINE_COMPARE_KERNELS(jsonb, TextView, TextView, JSONB_EQUAL, JSONB_LESS)

static Status json_typeof(const KernelCall *call, Error *err) {
    CLEANUP(json_scratch_done) JsonScratch scratch;

    json_scratch_init(&scratch);
    KERNEL_FOR_EACH(call, row) {
        const JsonNode *root = NULL;
        const char *name;

        json_scratch_reset(&scratch);
        TRY(json_argument(call, 0, row, &scratch, &root, err));
        name = json_kind_name(root->kind);
        KERNEL_RESULT(call, TextView)[row] = text_view(name, (uint32_t) strlen(name));
    }
    return STATUS_OK;
}

static Status json_array_length(const KernelCall *call, Error *err) {
    CLEANUP(json_scratch_done) JsonScratch scratch;

    json_scratch_init(&scratch);
    KERNEL_FOR_EACH(call, row) {
        const JsonNode *root = NULL;

        json_scratch_reset(&scratch);
        TRY(json_argument(call, 0, row, &scratch, &root, err));
        if (root->kind != JSON_ARRAY)
            return error_set(err, INVALID_PARAMETER, "cannot get array length of a %s",
                             root->kind == JSON_OBJECT ? "non-array" : "scalar");
        KERNEL_RESULT(call, int32_t)[row] = (int32_t) root->child_count;
    }
    return STATUS_OK;
}

static const Function json_functions[] = {
/* clang-format off */
#define GET_FUNCTIONS(J, prefix)                                                         \
    {"->", json_field, J, 2, {J, TYPE_TEXT}},                                            \
    {"->", json_element_at, J, 2, {J, TYPE_INT4}},                                       \
    {"->>", json_field_text, TYPE_TEXT, 2, {J, TYPE_TEXT}},                              \
    {"->>", json_element_text, TYPE_TEXT, 2, {J, TYPE_INT4}},                            \
    {"#>", json_path, J, 2, {J, TYPE_ARRAY}},                                            \
    {"#>>", json_path_text, TYPE_TEXT, 2, {J, TYPE_ARRAY}},                              \
    {prefix "_extract_path", json_steps, J, 2, {J, TYPE_TEXT}, VOLATILITY_IMMUTABLE,     \
     FUNCTION_VARIADIC},                                                                 \
    {prefix "_extract_path_text", json_steps_text, TYPE_TEXT, 2, {J, TYPE_TEXT},         \
     VOLATILITY_IMMUTABLE, FUNCTION_VARIADIC},                                           \
    {prefix "_typeof", json_typeof, TYPE_TEXT, 1, {J}},                                  \
    {prefix "_array_length", json_array_length, TYPE_INT4, 1, {J}}
    GET_FUNCTIONS(TYPE_JSON, "json"),
    GET_FUNCTIONS(TYPE_JSONB, "jsonb"),
    /* clang-format on */
    {"jsonb_contains", jsonb_contains, TYPE_BOOL, 2, {TYPE_JSONB, TYPE_JSONB}},
    {"jsonb_contained", jsonb_contained, TYPE_BOOL, 2, {TYPE_JSONB, TYPE_JSONB}},
    {"jsonb_exists", jsonb_exists, TYPE_BOOL, 2, {TYPE_JSONB, TYPE_TEXT}},
    {"jsonb_exists_any", jsonb_exists_any, TYPE_BOOL, 2, {TYPE_JSONB, TYPE_ARRAY}},
    {"jsonb_exists_all", jsonb_exists_all, TYPE_BOOL, 2, {TYPE_JSONB, TYPE_ARRAY}},
    {"@>", jsonb_contains, TYPE_BOOL, 2, {TYPE_JSONB, TYPE_JSONB}},
    {"<@", jsonb_contained, TYPE_BOOL, 2, {TYPE_JSONB, TYPE_JSONB}},
    {"?", jsonb_exists, TYPE_BOOL, 2, {TYPE_JSONB, TYPE_TEXT}},
    {"?|", jsonb_exists_any, TYPE_BOOL, 2, {TYPE_JSONB, TYPE_ARRAY}},
    {"?&", jsonb_exists_all, TYPE_BOOL, 2, {TYPE_JSONB, TYPE_ARRAY}},
    COMPARE_FUNCTIONS(jsonb, TYPE_JSONB, TYPE_JSONB),
};

const FunctionFamily family_json_ops = {FAMILY_FUNCTIONS(json_functions)};
