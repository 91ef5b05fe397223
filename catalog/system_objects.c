#include "catalog/system_objects.h"

#include <string.h>

#include "connector/system_row.h"
#include "types/text_form.h"

static Value text_of(const char *text) {
    return value_text(SQL_TYPE(TEXT), text, strlen(text));
}

Value catalog_options_json(const OptionSet *options, Arena *arena) {
    StrBuf json = {0};
    Value value;

    strbuf_append_char(&json, '{');
    for (int i = 0; i < options->count; i++) {
        const OptionValue *option = &options->values[i];
        Value name, text;

        if (!option->is_set)
            continue;
        name = text_of(option->name);
        text = text_of(option->spec->type == OPTION_SECRET ? "******" : option->text);
        if (json.length > 1)
            strbuf_append_text(&json, ", ");
        value_append_json(&name, &form_settings_default, &json);
        strbuf_append_text(&json, ": ");
        value_append_json(&text, &form_settings_default, &json);
    }
    strbuf_append_char(&json, '}');
    value = value_text(SQL_TYPE(JSONB), strbuf_text(&json), json.length);
    value = value_copy(&value, arena);
    strbuf_done(&json);
    return value;
}

Status catalog_emit_objects(SystemTableScan *scan, RelationKind kind, CatalogEmit emit,
                            Error *err) {
    const CatalogSnapshot *snapshot = scan->catalog;

    for (int i = 0; i < catalog_count(snapshot); i++) {
        const Relation *relation = catalog_at(snapshot, i);

        if (relation->kind == kind)
            TRY(emit(scan, relation, err));
    }
    return STATUS_OK;
}

/* -------- views -------- */

static const SystemColumn views_columns[] = {
    {"name", TYPE_TEXT}, {"definition", TYPE_TEXT}, {NULL, TYPE_UNKNOWN}};

static Status emit_view(SystemTableScan *scan, const Relation *relation, Error *err) {
    SystemRow row = {.count = 0};

    system_put_text(&row, relation->name);
    system_put_text(&row, relation->definition);
    return scan->emit(scan, row.values, err);
}

static Status produce_views(SystemTableScan *scan, Error *err) {
    return catalog_emit_objects(scan, RELATION_VIEW, emit_view, err);
}

static const SystemTable table_views = {"millrace", "views", views_columns, produce_views};

const SystemTable *const catalog_system_tables[] = {&table_views, NULL};
