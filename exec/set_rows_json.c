/* Set rows of json: elements of an array, members and names of an object. */
#include "exec/set_rows.h"
#include "types/jsonb.h"

static bool is_function(const SetRows *self, const char *what) {
    return strstr(self->function->name, what) != NULL;
}

static Status wrong_kind(const SetRows *self, JsonKind kind, Error *err) {
    const char *have = kind == JSON_ARRAY    ? "an array"
                       : kind == JSON_OBJECT ? "an object"
                                             : "a scalar";

    if (is_function(self, "elements"))
        return error_at(err, self->position, INVALID_PARAMETER, "cannot extract elements from %s",
                        have);
    return error_at(err, self->position, INVALID_PARAMETER, "cannot call %s on %s",
                    self->function->name, have);
}

static Status json_start(SetRows *self, JsonKind kind, Error *err) {
    const TextView *text = &self->arguments[0].text;
    const JsonNode *root = NULL;
    const char *copy = NULL;

    if (!self->document)
        self->document = arena_create("json rows", 0);
    arena_reset(self->document);
    copy = arena_memdup(self->document, text_data(text), text->length);
    TRY(json_read(copy, text->length, self->document, &root, err));
    if (root->kind != kind)
        return wrong_kind(self, root->kind, err);
    self->member = root->first_child;
    return STATUS_OK;
}

static Status elements_start(SetRows *self, Error *err) {
    return json_start(self, JSON_ARRAY, err);
}

static Status members_start(SetRows *self, Error *err) {
    return json_start(self, JSON_OBJECT, err);
}

/* The node as the column's type says: json as written, jsonb canonical, text without quotes. */
static Status put_node(SetRows *self, const JsonNode *node, Column *column, uint32_t row,
                       uint32_t row_count, Error *err) {
    Arena *arena = self->cx->batch_arena;
    Value value = value_null(column->type);
    TextView text = {0};

    if (column->type.id == TYPE_TEXT && node->kind == JSON_NULL) {
        column_set_null(column, row, row_count, arena);
        return STATUS_OK;
    }
    if (column->type.id == TYPE_TEXT && node->kind == JSON_STRING) {
        value = value_text(column->type, text_data(&node->text), node->text.length);
    } else if (self->arguments[0].type.id == TYPE_JSON) {
        value = value_text(column->type, node->raw, node->raw_size);
    } else {
        TRY(jsonb_from_node(node, arena, &text, err));
        value = value_text(column->type, text_data(&text), text.length);
    }
    value = value_copy(&value, arena); /* the document moves on */
    column_put(column, row, &value, row_count, arena);
    return STATUS_OK;
}

static void put_key(SetRows *self, const JsonNode *node, Column *column, uint32_t row,
                    uint32_t row_count) {
    Value key = value_text(column->type, text_data(&node->key), node->key.length);

    key = value_copy(&key, self->cx->batch_arena);
    column_put(column, row, &key, row_count, self->cx->batch_arena);
}

static Status members_fill(SetRows *self, Column *columns, SetSlots slots, uint32_t *ret_count,
                           Error *err) {
    bool has_key = !is_function(self, "elements");
    bool has_value = !is_function(self, "keys");
    uint32_t count = 0;

    for (; count < slots.room && self->member; count++, self->member = self->member->next) {
        if (has_key)
            put_key(self, self->member, &columns[0], slots.first + count, slots.row_count);
        if (has_value)
            TRY(put_node(self, self->member, &columns[has_key], slots.first + count,
                         slots.row_count, err));
    }
    self->is_done = !self->member;
    *ret_count = count;
    return STATUS_OK;
}

const SetFunction *set_rows_json_function(const char *name) {
    static const SetFunction functions[] = {
        {"json_array_elements", elements_start, members_fill},
        {"jsonb_array_elements", elements_start, members_fill},
        {"json_array_elements_text", elements_start, members_fill},
        {"jsonb_array_elements_text", elements_start, members_fill},
        {"json_each", members_start, members_fill},
        {"jsonb_each", members_start, members_fill},
        {"json_each_text", members_start, members_fill},
        {"jsonb_each_text", members_start, members_fill},
        {"json_object_keys", members_start, members_fill},
        {"jsonb_object_keys", members_start, members_fill},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(functions); i++)
        if (strcmp(functions[i].name, name) == 0)
            return &functions[i];
    return NULL;
}
