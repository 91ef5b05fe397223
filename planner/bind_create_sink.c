/* CREATE SINK: the columns that it wants (none: any), its options. */

#include "base/nearest.h"
#include "planner/bind_create.h"

/* What every sink takes beside its connector's and its format's options. */
static const OptionSpec sink_options[] = {
    {"connector", OPTION_TEXT, NULL, NULL, "where the rows go", OPTION_REQUIRED},
    {"check", OPTION_BOOL, NULL, "true", "look at CREATE whether the sink can be reached", 0},
    {0},
};

static const OptionSpec format_option[] = {
    {"format", OPTION_TEXT, NULL, "json", "how a row is encoded", 0},
    {0},
};

static Status bind_connector(Binder *binder, const OptionTexts *texts, const SinkType **ret_sink,
                             Error *err) {
    const Registry *registry = binder->cx->registry;
    const OptionText *text = find_option_text(texts, "connector");
    Nearest nearest = nearest_begin(text ? text->value : "");

    *ret_sink = NULL;
    if (!text)
        return connector_is_missing(texts, err);
    *ret_sink = registry_find_sink(registry, text->value);
    if (*ret_sink)
        return STATUS_OK;
    if (is_planned_connector(text->value))
        return not_supported(err, text->value_position, "sink connector \"%s\"", text->value);
    for (const SinkType *const *sink = registry->sinks; *sink; sink++)
        nearest_offer(&nearest, (*sink)->name);
    IGNORE(error_at(err, text->value_position, INVALID_PARAMETER, /* hinted */
                    "there is no sink connector \"%s\"", text->value));
    if (nearest.best)
        return error_hint(err, "Did you mean \"%s\"?", nearest.best);
    return STATUS_ERROR;
}

static Status bind_sink_columns(Binder *binder, const AstCreateSink *create, Relation *relation,
                                Error *err) {
    RelationColumn *columns =
        arena_new_array(binder->arena, RelationColumn, (size_t) create->items.count + 1);

    relation->columns = columns;
    AST_FOREACH(AstNode, item, &create->items) {
        const AstColumnDef *definition = (const AstColumnDef *) item;

        if (item->kind == AST_KEY_DEF ||
            (item->kind == AST_COLUMN_DEF && definition->is_primary_key))
            return not_supported(err, item->position, "a key on a sink");
        if (item->kind != AST_COLUMN_DEF || definition->origin != AST_COLUMN_PLAIN ||
            definition->path)
            return error_at(err, item->position, INVALID_TABLE_DEFINITION,
                            "a sink's column has a name and a type only");
        TRY(bind_declared_column(binder, definition, columns, relation->column_count,
                                 &columns[relation->column_count], err));
        relation->column_count++;
    }
    return STATUS_OK;
}

Status bind_sink(Binder *binder, const AstCreateSink *create, Relation *relation, Error *err) {
    const OptionSpec *tables[5] = {sink_options, NULL, NULL, NULL, NULL};
    int count = 1;
    OptionTexts texts = {0};

    TRY(bind_option_texts(binder, &create->options, &texts, err));
    TRY(placed(bind_connector(binder, &texts, &relation->sink, err), create->base.position, err));
    if (relation->sink->needs_format) {
        TRY(bind_format(binder, &texts, &relation->format, err));
        if (!relation->format->encoder_create && relation->format->decoder_create)
            return error_at(err, create->base.position, INVALID_PARAMETER,
                            "format \"%s\" can't be written", relation->format->name);
        tables[count++] = format_option;
    }
    if (relation->sink->options)
        tables[count++] = relation->sink->options;
    if (relation->format && relation->format->options)
        tables[count++] = relation->format->options;
    TRY(placed(options_parse(tables, texts.items, texts.count, binder->cx->environment,
                             binder->arena, &relation->options, err),
               create->base.position, err));
    if (relation->format && relation->format->check)
        TRY(relation->format->check(&relation->options, err));
    if (relation->sink->check_options)
        TRY(relation->sink->check_options(&relation->options, err));
    return bind_sink_columns(binder, create, relation, err);
}
