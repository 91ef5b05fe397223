/* jsonb changed: || - #- jsonb_set, jsonb_insert; and jsonb_object of text arrays. */
#include "functions/json_support.h"
#include "types/nested.h"
#include "types/number_form.h"

/* -------- || and - -------- */

static Status jsonb_concat(const KernelCall *call, Error *err) {
    CLEANUP(json_scratch_done) JsonScratch scratch;

    json_scratch_init(&scratch);
    KERNEL_FOR_EACH(call, row) {
        const JsonNode *left = NULL;
        const JsonNode *right = NULL;
        JsonList list;

        json_scratch_reset(&scratch);
        TRY(json_argument(call, 0, row, &scratch, &left, err));
        TRY(json_argument(call, 1, row, &scratch, &right, err));
        list = json_list_create(
            left->kind == JSON_OBJECT && right->kind == JSON_OBJECT ? JSON_OBJECT : JSON_ARRAY,
            scratch.arena);
        json_list_add_all(&list, left);
        json_list_add_all(&list, right);
        TRY(json_put_node(call, row, list.node, &scratch, err));
    }
    return STATUS_OK;
}

static bool is_named(const JsonNode *root, const JsonNode *child, const TextView *name) {
    if (root->kind == JSON_OBJECT)
        return text_equal(&child->key, name);
    return child->kind == JSON_STRING && text_equal(&child->text, name);
}

static Status check_container(const JsonNode *root, Error *err) {
    if (root->kind == JSON_OBJECT || root->kind == JSON_ARRAY)
        return STATUS_OK;
    return error_set(err, INVALID_PARAMETER, "cannot delete from scalar");
}

/* jsonb - text */
static Status jsonb_delete(const KernelCall *call, Error *err) {
    CLEANUP(json_scratch_done) JsonScratch scratch;

    json_scratch_init(&scratch);
    KERNEL_FOR_EACH(call, row) {
        const JsonNode *root = NULL;
        JsonList list;

        json_scratch_reset(&scratch);
        TRY(json_argument(call, 0, row, &scratch, &root, err));
        TRY(check_container(root, err));
        list = json_list_create(root->kind, scratch.arena);
        for (const JsonNode *child = root->first_child; child; child = child->next)
            if (!is_named(root, child, kernel_text(call, 1, row)))
                json_list_add(&list, child);
        TRY(json_put_node(call, row, list.node, &scratch, err));
    }
    return STATUS_OK;
}

/* jsonb - integer */
static Status jsonb_delete_element(const KernelCall *call, Error *err) {
    CLEANUP(json_scratch_done) JsonScratch scratch;

    json_scratch_init(&scratch);
    KERNEL_FOR_EACH(call, row) {
        int64_t index = KERNEL_ARGUMENT(call, 1, int32_t, row);
        const JsonNode *root = NULL;
        JsonList list;

        json_scratch_reset(&scratch);
        TRY(json_argument(call, 0, row, &scratch, &root, err));
        TRY(check_container(root, err));
        if (root->kind == JSON_OBJECT)
            return error_set(err, INVALID_PARAMETER,
                             "cannot delete from object using integer index");
        list = json_list_create(root->kind, scratch.arena);
        index = index < 0 ? index + root->child_count : index;
        for (const JsonNode *child = root->first_child; child; child = child->next)
            if (index-- != 0)
                json_list_add(&list, child);
        TRY(json_put_node(call, row, list.node, &scratch, err));
    }
    return STATUS_OK;
}

/* jsonb - text[] */
static Status jsonb_delete_many(const KernelCall *call, Error *err) {
    CLEANUP(json_scratch_done) JsonScratch scratch;

    json_scratch_init(&scratch);
    KERNEL_FOR_EACH(call, row) {
        Value names = column_get(&call->arguments[1], row);
        const JsonNode *root = NULL;
        JsonList list;

        json_scratch_reset(&scratch);
        TRY(json_argument(call, 0, row, &scratch, &root, err));
        TRY(check_container(root, err));
        list = json_list_create(root->kind, scratch.arena);
        for (const JsonNode *child = root->first_child; child; child = child->next) {
            NestedReader reader = array_reader(&names);
            bool is_gone = false;
            Value name;

            while (!is_gone && array_next(&reader, &name))
                is_gone = !name.is_null && is_named(root, child, &name.text);
            if (!is_gone)
                json_list_add(&list, child);
        }
        TRY(json_put_node(call, row, list.node, &scratch, err));
    }
    return STATUS_OK;
}

/* -------- changes at a path -------- */

typedef enum PathChange {
    PATH_REPLACE, /* what is there */
    PATH_CREATE,  /* replace, or add at the end of the path */
    PATH_INSERT_BEFORE,
    PATH_INSERT_AFTER,
    PATH_DELETE,
} PathChange;

typedef struct PathEdit {
    PathChange change;
    Value *steps; /* text, none NULL */
    uint32_t step_count;
    const JsonNode *value; /* NULL: deletion */
    Arena *arena;
    Error *err;
} PathEdit;

static bool adds_when_missing(const PathEdit *edit) {
    return edit->change != PATH_REPLACE && edit->change != PATH_DELETE;
}

static Status edit_at(const PathEdit *edit, const JsonNode *node, uint32_t level,
                      const JsonNode **ret_node);

static void add_named(JsonList *list, const JsonNode *value, const TextView *key) {
    JsonNode named = *value;

    named.key = *key;
    json_list_add(list, &named);
}

static Status edit_object(const PathEdit *edit, const JsonNode *object, uint32_t level,
                          const JsonNode **ret_node) {
    const TextView *key = &edit->steps[level].text;
    bool is_last = level + 1 == edit->step_count;
    JsonList list = json_list_create(JSON_OBJECT, edit->arena);
    bool is_found = false;

    for (const JsonNode *child = object->first_child; child; child = child->next) {
        const JsonNode *changed = child;

        if (!text_equal(&child->key, key)) {
            json_list_add(&list, child);
            continue;
        }
        is_found = true;
        if (!is_last) {
            TRY(edit_at(edit, child, level + 1, &changed));
            add_named(&list, changed, &child->key);
        } else if (edit->change == PATH_INSERT_BEFORE || edit->change == PATH_INSERT_AFTER) {
            IGNORE(error_set(edit->err, INVALID_PARAMETER,
                             "cannot replace existing key")); /* returned below */
            return error_hint(edit->err, "Try using the function jsonb_set to replace key value.");
        } else if (edit->value) {
            add_named(&list, edit->value, &child->key);
        }
    }
    if (!is_found && is_last && adds_when_missing(edit))
        add_named(&list, edit->value, key);
    *ret_node = list.node;
    return STATUS_OK;
}

/* The place that the step means in an array of `count` elements: -1 is before the first one, count
 * behind the last. */
static Status step_place(const PathEdit *edit, uint32_t level, int64_t count, int64_t *ret_place) {
    const TextView *step = &edit->steps[level].text;
    Error ignored;
    int32_t index = 0;

    if (int32_parse(text_data(step), step->length, &index, &ignored) != STATUS_OK)
        return error_set(edit->err, INVALID_TEXT_REPRESENTATION,
                         "path element at position %u is not an integer: \"%.*s\"", level + 1,
                         (int) step->length, text_data(step));
    *ret_place = index;
    if (index < 0)
        *ret_place = -(int64_t) index > count ? -1 : count + index;
    else if (index > count)
        *ret_place = count;
    return STATUS_OK;
}

/* The last step of the path stands at this element. */
static void edit_element(const PathEdit *edit, const JsonNode *element, JsonList *list) {
    bool is_insert = edit->change == PATH_INSERT_BEFORE || edit->change == PATH_INSERT_AFTER;

    if (edit->change == PATH_INSERT_AFTER)
        json_list_add(list, element);
    if (edit->value)
        json_list_add(list, edit->value);
    if (is_insert && edit->change == PATH_INSERT_BEFORE)
        json_list_add(list, element);
}

static Status edit_array(const PathEdit *edit, const JsonNode *array, uint32_t level,
                         const JsonNode **ret_node) {
    bool is_last = level + 1 == edit->step_count;
    bool adds = is_last && adds_when_missing(edit);
    JsonList list = json_list_create(JSON_ARRAY, edit->arena);
    int64_t place = 0;
    int64_t index = 0;

    TRY(step_place(edit, level, array->child_count, &place));
    if (adds && place < 0)
        json_list_add(&list, edit->value);
    for (const JsonNode *child = array->first_child; child; child = child->next, index++) {
        const JsonNode *changed = child;

        if (index != place) {
            json_list_add(&list, child);
        } else if (is_last) {
            edit_element(edit, child, &list);
        } else {
            TRY(edit_at(edit, child, level + 1, &changed));
            json_list_add(&list, changed);
        }
    }
    if (adds && place >= index)
        json_list_add(&list, edit->value);
    *ret_node = list.node;
    return STATUS_OK;
}

/* The tree with the change in it; scalars have no inside and stay. */
static Status edit_at(const PathEdit *edit, const JsonNode *node, uint32_t level,
                      const JsonNode **ret_node) {
    if (node->kind == JSON_OBJECT)
        return edit_object(edit, node, level, ret_node);
    if (node->kind == JSON_ARRAY)
        return edit_array(edit, node, level, ret_node);
    *ret_node = node;
    return STATUS_OK;
}

static Status read_steps(PathEdit *edit, const Value *path) {
    NestedReader reader = array_reader(path);
    Value step;

    if (reader.shape.dimension_count > 1)
        return error_set(edit->err, ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts");
    edit->steps = arena_try_alloc(edit->arena, ((size_t) reader.remaining + 1) * sizeof(step));
    if (!edit->steps)
        return error_set(edit->err, OUT_OF_MEMORY, "out of memory");
    while (array_next(&reader, &step)) {
        if (step.is_null)
            return error_set(edit->err, NULL_VALUE_NOT_ALLOWED,
                             "path element at position %u is null", edit->step_count + 1);
        edit->steps[edit->step_count++] = step;
    }
    return STATUS_OK;
}

static Status change_row(const KernelCall *call, uint32_t row, PathChange change,
                         JsonScratch *scratch, Error *err) {
    PathEdit edit = {.change = change, .arena = scratch->arena, .err = err};
    Value path = column_get(&call->arguments[1], row);
    const JsonNode *root = NULL;

    TRY(json_argument(call, 0, row, scratch, &root, err));
    if (root->kind != JSON_ARRAY && root->kind != JSON_OBJECT)
        return error_set(err, INVALID_PARAMETER, "cannot %s path in scalar",
                         change == PATH_DELETE ? "delete" : "set");
    if (change != PATH_DELETE)
        TRY(json_argument(call, 2, row, scratch, &edit.value, err));
    if (root->child_count > 0 || adds_when_missing(&edit)) {
        TRY(read_steps(&edit, &path));
        if (edit.step_count > 0)
            TRY(edit_at(&edit, root, 0, &root));
    }
    return json_put_node(call, row, root, scratch, err);
}

/* `if_true` and `if_false`: what the optional last argument chooses. */
static Status change_rows(const KernelCall *call, PathChange if_absent, PathChange if_true,
                          PathChange if_false, Error *err) {
    CLEANUP(json_scratch_done) JsonScratch scratch;

    json_scratch_init(&scratch);
    KERNEL_FOR_EACH(call, row) {
        PathChange change = if_absent;

        if (call->argument_count == 4)
            change = KERNEL_ARGUMENT(call, 3, uint8_t, row) ? if_true : if_false;
        json_scratch_reset(&scratch);
        TRY(change_row(call, row, change, &scratch, err));
    }
    return STATUS_OK;
}

static Status jsonb_set(const KernelCall *call, Error *err) {
    return change_rows(call, PATH_CREATE, PATH_CREATE, PATH_REPLACE, err);
}

static Status jsonb_insert(const KernelCall *call, Error *err) {
    return change_rows(call, PATH_INSERT_BEFORE, PATH_INSERT_AFTER, PATH_INSERT_BEFORE, err);
}

static Status jsonb_delete_path(const KernelCall *call, Error *err) {
    return change_rows(call, PATH_DELETE, PATH_DELETE, PATH_DELETE, err);
}

/* -------- objects of text arrays -------- */

static Status append_text_pair(const Value *key, const Value *value, bool is_first, StrBuf *out,
                               Error *err) {
    if (key->is_null)
        return error_set(err, NULL_VALUE_NOT_ALLOWED, "null value not allowed for object key");
    if (!is_first)
        strbuf_append(out, ", ", 2);
    json_append_string(text_data(&key->text), key->text.length, out);
    strbuf_append(out, " : ", 3);
    if (value->is_null)
        strbuf_append(out, "null", 4);
    else
        json_append_string(text_data(&value->text), value->text.length, out);
    return STATUS_OK;
}

static Status put_object(const KernelCall *call, uint32_t row, const StrBuf *text, Error *err) {
    if (call->result->type.id == TYPE_JSONB)
        return jsonb_parse(text->data, text->length, call->arena,
                           &KERNEL_RESULT(call, TextView)[row], err);
    return kernel_put_text(call, row, text->data, text->length, err);
}

/* {key, value, key, value} or {{key, value}, …} */
static Status check_pairs(const ArrayShape *shape, Error *err) {
    if (shape->dimension_count > 2)
        return error_set(err, ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts");
    if (shape->dimension_count == 2 && shape->lengths[1] != 2)
        return error_set(err, ARRAY_SUBSCRIPT_ERROR, "array must have two columns");
    if (shape->dimension_count == 1 && shape->lengths[0] % 2 != 0)
        return error_set(err, ARRAY_SUBSCRIPT_ERROR, "array must have even number of elements");
    return STATUS_OK;
}

static Status object_of_pairs(const KernelCall *call, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {.limit = LIMIT_RECORD_BYTES};

    KERNEL_FOR_EACH(call, row) {
        Value pairs = column_get(&call->arguments[0], row);
        NestedReader reader = array_reader(&pairs);
        bool is_first = true;
        Value key;
        Value value;

        TRY(check_pairs(&reader.shape, err));
        strbuf_clear(&text);
        strbuf_append_char(&text, '{');
        for (; array_next(&reader, &key) && array_next(&reader, &value); is_first = false)
            TRY(append_text_pair(&key, &value, is_first, &text, err));
        strbuf_append_char(&text, '}');
        TRY(put_object(call, row, &text, err));
    }
    return STATUS_OK;
}

static Status object_of_columns(const KernelCall *call, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {.limit = LIMIT_RECORD_BYTES};

    KERNEL_FOR_EACH(call, row) {
        Value keys = column_get(&call->arguments[0], row);
        Value values = column_get(&call->arguments[1], row);
        NestedReader key_reader = array_reader(&keys);
        NestedReader value_reader = array_reader(&values);
        bool is_first = true;
        Value key;
        Value value;

        if (key_reader.shape.dimension_count > 1 ||
            key_reader.shape.dimension_count != value_reader.shape.dimension_count)
            return error_set(err, ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts");
        if (key_reader.remaining != value_reader.remaining)
            return error_set(err, ARRAY_SUBSCRIPT_ERROR, "mismatched array dimensions");
        strbuf_clear(&text);
        strbuf_append_char(&text, '{');
        for (; array_next(&key_reader, &key) && array_next(&value_reader, &value); is_first = false)
            TRY(append_text_pair(&key, &value, is_first, &text, err));
        strbuf_append_char(&text, '}');
        TRY(put_object(call, row, &text, err));
    }
    return STATUS_OK;
}

static const Function json_change_functions[] = {
    {"||", jsonb_concat, TYPE_JSONB, 2, {TYPE_JSONB, TYPE_JSONB}},
    {"jsonb_concat", jsonb_concat, TYPE_JSONB, 2, {TYPE_JSONB, TYPE_JSONB}},
    {"-", jsonb_delete, TYPE_JSONB, 2, {TYPE_JSONB, TYPE_TEXT}},
    {"-", jsonb_delete_element, TYPE_JSONB, 2, {TYPE_JSONB, TYPE_INT4}},
    {"-", jsonb_delete_many, TYPE_JSONB, 2, {TYPE_JSONB, TYPE_ARRAY}},
    {"jsonb_delete", jsonb_delete, TYPE_JSONB, 2, {TYPE_JSONB, TYPE_TEXT}},
    {"jsonb_delete", jsonb_delete_element, TYPE_JSONB, 2, {TYPE_JSONB, TYPE_INT4}},
    {"jsonb_delete", jsonb_delete_many, TYPE_JSONB, 2, {TYPE_JSONB, TYPE_ARRAY}},
    {"#-", jsonb_delete_path, TYPE_JSONB, 2, {TYPE_JSONB, TYPE_ARRAY}},
    {"jsonb_delete_path", jsonb_delete_path, TYPE_JSONB, 2, {TYPE_JSONB, TYPE_ARRAY}},
    {"jsonb_set", jsonb_set, TYPE_JSONB, 3, {TYPE_JSONB, TYPE_ARRAY, TYPE_JSONB}},
    {"jsonb_set", jsonb_set, TYPE_JSONB, 4, {TYPE_JSONB, TYPE_ARRAY, TYPE_JSONB, TYPE_BOOL}},
    {"jsonb_insert", jsonb_insert, TYPE_JSONB, 3, {TYPE_JSONB, TYPE_ARRAY, TYPE_JSONB}},
    {"jsonb_insert", jsonb_insert, TYPE_JSONB, 4, {TYPE_JSONB, TYPE_ARRAY, TYPE_JSONB, TYPE_BOOL}},
    {"jsonb_object", object_of_pairs, TYPE_JSONB, 1, {TYPE_ARRAY}},
    {"jsonb_object", object_of_columns, TYPE_JSONB, 2, {TYPE_ARRAY, TYPE_ARRAY}},
    {"json_object", object_of_pairs, TYPE_JSON, 1, {TYPE_ARRAY}},
    {"json_object", object_of_columns, TYPE_JSON, 2, {TYPE_ARRAY, TYPE_ARRAY}},
};

const FunctionFamily family_json_change = {FAMILY_FUNCTIONS(json_change_functions)};
