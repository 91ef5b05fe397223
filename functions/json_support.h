/* Support of the JSON families: a row's document as a tree, and answers from nodes. */
#pragma once

#include "functions/kernel.h"
#include "types/jsonb.h"

/* Memory of one row at a time. */
typedef struct JsonScratch {
    Arena *arena;
    StrBuf text;
} JsonScratch;

static inline void json_scratch_init(JsonScratch *scratch) {
    *scratch = (JsonScratch) {.arena = arena_create("json", 0)};
}

static inline void json_scratch_done(JsonScratch *scratch) {
    arena_destroy(scratch->arena);
    strbuf_done(&scratch->text);
}

static inline void json_scratch_reset(JsonScratch *scratch) {
    arena_reset(scratch->arena);
    strbuf_clear(&scratch->text);
}

/* The document in argument `index`; the tree lives in the scratch. */
static inline Status json_argument(const KernelCall *call, uint32_t index, uint32_t row,
                                   JsonScratch *scratch, const JsonNode **ret_root, Error *err) {
    const TextView *view = kernel_text(call, index, row);

    return json_read(text_data(view), view->length, scratch->arena, ret_root, err);
}

/* The node as the result: json as it was written, jsonb canonical. NULL node: NULL. */
static inline Status json_put_node(const KernelCall *call, uint32_t row, const JsonNode *node,
                                   JsonScratch *scratch, Error *err) {
    if (!node) {
        kernel_set_null(call, row);
        return STATUS_OK;
    }
    if (call->arguments[0].type.id == TYPE_JSON)
        return kernel_put_text(call, row, node->raw, node->raw_size, err);
    TRY(jsonb_append_node(node, scratch->arena, &scratch->text, err));
    return kernel_put_text(call, row, scratch->text.data, scratch->text.length, err);
}

/* As ->> gives it: strings without quotes, JSON null as NULL. */
static inline Status json_put_as_text(const KernelCall *call, uint32_t row, const JsonNode *node,
                                      JsonScratch *scratch, Error *err) {
    if (node && node->kind == JSON_STRING)
        return kernel_put_text(call, row, text_data(&node->text), node->text.length, err);
    return json_put_node(call, row, node && node->kind == JSON_NULL ? NULL : node, scratch, err);
}

/* A container under construction: shallow copies of nodes, so that they can be linked anew. */
typedef struct JsonList {
    JsonNode *node;
    JsonNode **tail;
    Arena *arena;
} JsonList;

static inline JsonList json_list_create(JsonKind kind, Arena *arena) {
    JsonNode *node = arena_new(arena, JsonNode);

    node->kind = kind;
    return (JsonList) {.node = node, .tail = &node->first_child, .arena = arena};
}

static inline void json_list_add(JsonList *list, const JsonNode *node) {
    JsonNode *copy = arena_memdup(list->arena, node, sizeof(*node));

    copy->next = NULL;
    *list->tail = copy;
    list->tail = &copy->next;
    list->node->child_count++;
}

static inline void json_list_add_all(JsonList *list, const JsonNode *node) {
    if (node->kind != list->node->kind) {
        json_list_add(list, node); /* a scalar or an object joins an array as one element */
        return;
    }
    for (const JsonNode *child = node->first_child; child; child = child->next)
        json_list_add(list, child);
}
