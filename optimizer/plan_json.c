/* EXPLAIN (FORMAT JSON): all fields of all nodes, from the node table, for programs. */
#include <string.h>

#include "optimizer/optimizer.h"
#include "optimizer/plan_fields.h"

enum { INDENT = 4 };

static void append_text(const char *text, size_t length, StrBuf *out) {
    Value value = value_text(SQL_TYPE(TEXT), text, length);

    value_append_json(&value, &form_settings_default, out);
}

/* A new line with a name; the value follows. */
static void begin_member(const char *name, int depth, StrBuf *out) {
    strbuf_append_text(out, ",\n");
    strbuf_append_fill(out, ' ', (size_t) (depth * INDENT + 2));
    append_text(name, strlen(name), out);
    strbuf_append_text(out, ": ");
}

static void append_columns(const Plan *plan, int depth, StrBuf *out) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("explain", 0);

    begin_member("output", depth, out);
    strbuf_append_char(out, '[');
    for (int i = 0; i < plan->column_count; i++) {
        const PlanColumn *column = &plan->columns[i];
        const char *type = type_display(column->type, arena);

        strbuf_append_text(out, i ? ", {\"name\": " : "{\"name\": ");
        append_text(column->name, strlen(column->name), out);
        strbuf_append_text(out, ", \"type\": ");
        append_text(type, strlen(type), out);
        strbuf_append_char(out, '}');
    }
    strbuf_append_char(out, ']');
}

static void append_field(const Plan *plan, const PlanField *field, StrBuf *out) {
    StrBuf value = {0};

    plan_field_append(plan, field, &value);
    if (field->type == PLAN_FIELD_BOOL || field->type == PLAN_FIELD_INT ||
        field->type == PLAN_FIELD_INT64)
        strbuf_append_text(out, strbuf_text(&value));
    else
        append_text(strbuf_text(&value), value.length, out);
    strbuf_done(&value);
}

static void append_node(const Plan *plan, int depth, StrBuf *out) {
    strbuf_append_fill(out, ' ', (size_t) (depth * INDENT));
    strbuf_append_text(out, "{ \"node\": ");
    append_text(plan_kind_name(plan->kind), strlen(plan_kind_name(plan->kind)), out);
    for (const PlanField *field = plan_node_defs[plan->kind].fields; field->name; field++) {
        if (plan_field_is_empty(plan, field))
            continue;
        begin_member(field->name, depth, out);
        append_field(plan, field, out);
    }
    append_columns(plan, depth, out);
    begin_member("children", depth, out);
    strbuf_append_char(out, '[');
    for (int i = 0; i < plan->child_count; i++) {
        strbuf_append_text(out, i ? ",\n" : "\n");
        append_node(plan->children[i], depth + 1, out);
    }
    strbuf_append_text(out, "]}");
}

void plan_append_json(const Plan *plan, StrBuf *out) {
    append_node(plan, 0, out);
}
