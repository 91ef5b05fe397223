/* Plans for people and programs: EXPLAIN's tree and its JSON, both from the node table. */
#include <string.h>

#include "optimizer/optimizer.h"
#include "optimizer/plan_fields.h"

/* What only machines need: left out of the text. */
static bool is_shown(const Plan *plan, const PlanField *field) {
    if (plan_field_is_empty(plan, field))
        return false;
    return strcmp(field->name, "ordinal") != 0 && strcmp(field->name, "checked columns") != 0 &&
           strcmp(field->name, "relation") != 0 && strcmp(field->name, "rows") != 0 &&
           !(field->type == PLAN_FIELD_ENUM && strcmp(field->name, "phase") == 0 &&
             plan->phase == PHASE_SINGLE);
}

/* The node's headline: its kind, and what makes it this one. */
static void append_headline(const Plan *plan, StrBuf *out) {
    const PlanField *first = plan_node_defs[plan->kind].fields;

    strbuf_append_text(out, plan_kind_name(plan->kind));
    if (plan->kind == PLAN_SCAN) {
        strbuf_append_text(out, " on ");
        plan_field_append(plan, first, out);
    }
    if (plan->kind == PLAN_VALUES)
        strbuf_printf(out, " (%d rows)", plan->row_count);
}

static void append_node(const Plan *plan, int depth, StrBuf *out) {
    if (depth > 0) {
        strbuf_append_fill(out, ' ', (size_t) depth * 6 - 4);
        strbuf_append_text(out, "->  ");
    }
    append_headline(plan, out);
    strbuf_append_char(out, '\n');
    for (const PlanField *field = plan_node_defs[plan->kind].fields; field->name; field++) {
        if (!is_shown(plan, field))
            continue;
        strbuf_append_fill(out, ' ', (size_t) depth * 6 + 2);
        strbuf_printf(out, "%s: ", field->name);
        plan_field_append(plan, field, out);
        strbuf_append_char(out, '\n');
    }
    for (int i = 0; i < plan->child_count; i++)
        append_node(plan->children[i], depth + 1, out);
}

void plan_append_text(const Plan *plan, StrBuf *out) {
    append_node(plan, 0, out);
}

static void append_json_text(const char *text, size_t length, StrBuf *out) {
    Value value = value_text(SQL_TYPE(TEXT), text, length);

    value_append_json(&value, &form_settings_default, out);
}

static void append_json_columns(const Plan *plan, StrBuf *out) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("explain", 0);

    strbuf_append_text(out, ", \"output\": [");
    for (int i = 0; i < plan->column_count; i++) {
        const PlanColumn *column = &plan->columns[i];
        const char *type = type_display(column->type, arena);

        strbuf_append_text(out, i ? ", {\"name\": " : "{\"name\": ");
        append_json_text(column->name, strlen(column->name), out);
        strbuf_append_text(out, ", \"type\": ");
        append_json_text(type, strlen(type), out);
        strbuf_append_char(out, '}');
    }
    strbuf_append_char(out, ']');
}

void plan_append_json(const Plan *plan, StrBuf *out) {
    StrBuf value = {0};

    strbuf_append_text(out, "{\"node\": ");
    append_json_text(plan_kind_name(plan->kind), strlen(plan_kind_name(plan->kind)), out);
    for (const PlanField *field = plan_node_defs[plan->kind].fields; field->name; field++) {
        if (plan_field_is_empty(plan, field))
            continue;
        strbuf_clear(&value);
        plan_field_append(plan, field, &value);
        strbuf_append_text(out, ", ");
        append_json_text(field->name, strlen(field->name), out);
        strbuf_append_text(out, ": ");
        append_json_text(strbuf_text(&value), value.length, out);
    }
    strbuf_done(&value);
    append_json_columns(plan, out);
    strbuf_append_text(out, ", \"children\": [");
    for (int i = 0; i < plan->child_count; i++) {
        strbuf_append_text(out, i ? ", " : "");
        plan_append_json(plan->children[i], out);
    }
    strbuf_append_text(out, "]}");
}
