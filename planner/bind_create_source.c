/* CREATE SOURCE: columns, the watermark, options. */
#include <string.h>

#include "base/nearest.h"
#include "parser/deparse.h"
#include "planner/bind_create.h"

/* What every source takes beside its connector's and its format's options. */
static const OptionSpec source_options[] = {
    /* clang-format off */
    {"connector", OPTION_TEXT, NULL, NULL,   "where the records come from", OPTION_REQUIRED},
    {"format",    OPTION_TEXT, NULL, "json", "how a record is decoded", 0},
    {"on_error",  OPTION_TEXT, NULL, "skip", "of a bad record: skip, fail, null, sink:<name>", 0},
    {"check",     OPTION_BOOL, NULL, "true", "look at CREATE whether the source can be reached", 0},
    {0},
    /* clang-format on */
};

/* What sources with keys take. */
static const OptionSpec key_options[] = {
    {"key_format", OPTION_CHOICE, "text|raw|json|csv", "text",
     "how columns FROM 'key' are decoded: text, raw (bytea), or by field, FROM 'key.<name>'", 0},
    {0},
};

/* What sources of numbered records take: how much of them an epoch reads. */
static const OptionSpec epoch_options[] = {
    {"max_rows_per_epoch", OPTION_INT, NULL, NULL, "at most this many of its rows in an epoch", 0},
    {"min_rows_per_epoch", OPTION_INT, NULL, NULL,
     "an epoch waits for this many of its rows, max_epoch_delay at most", 0},
    {"max_epoch_delay", OPTION_DURATION, NULL, "10s",
     "how long rows wait for more of them (min_rows_per_epoch)", 0},
    {0},
};

/* What any connector gives. */
static const MetadataColumn common_metadata[] = {
    {.name = "ingest_time", .type = TYPE_TIMESTAMPTZ},
    {.name = "raw", .type = TYPE_TEXT},
    {.name = NULL},
};

/* -------- options -------- */

static Status bind_connector(Binder *binder, const OptionTexts *texts,
                             const SourceType **ret_source, Error *err) {
    const Registry *registry = binder->cx->registry;
    const OptionText *text = find_option_text(texts, "connector");
    Nearest nearest = nearest_begin(text ? text->value : "");

    *ret_source = NULL;
    if (!text)
        return connector_is_missing(texts, err);
    *ret_source = registry_find_source(registry, text->value);
    if (*ret_source)
        return STATUS_OK;
    if (is_planned_connector(text->value))
        return not_supported(err, text->value_position, "source connector \"%s\"", text->value);
    for (const SourceType *const *source = registry->sources; *source; source++)
        nearest_offer(&nearest, (*source)->name);
    IGNORE(error_at(err, text->value_position, INVALID_PARAMETER, /* hinted */
                    "there is no source connector \"%s\"", text->value));
    if (nearest.best)
        return error_hint(err, "Did you mean \"%s\"?", nearest.best);
    return STATUS_ERROR;
}

static Status check_on_error(const OptionSet *options, Error *err) {
    const OptionValue *value = option_find(options, "on_error");

    if (strcmp(value->text, "skip") == 0 || strcmp(value->text, "fail") == 0 ||
        strcmp(value->text, "null") == 0 || strncmp(value->text, "sink:", 5) == 0)
        return STATUS_OK;
    IGNORE(error_at(err, value->position, INVALID_PARAMETER, /* hinted */
                    "invalid value for option \"on_error\": \"%s\"", value->text));
    return error_hint(err, "Possible values: skip, fail, null, sink:<name>.");
}

static const MetadataColumn *find_metadata(const SourceType *source, const char *name) {
    for (const MetadataColumn *column = common_metadata; column->name; column++)
        if (strcmp(column->name, name) == 0)
            return column;
    for (const MetadataColumn *column = source->metadata; column && column->name; column++)
        if (strcmp(column->name, name) == 0)
            return column;
    return NULL;
}

/* Its decoder is needed for what is more than text or bytes. */
static const FormatType *find_key_format(Binder *binder, const OptionTexts *texts) {
    const OptionText *text = find_option_text(texts, "key_format");

    if (!text || (strcmp(text->value, "json") != 0 && strcmp(text->value, "csv") != 0))
        return NULL;
    return registry_find_format(binder->cx->registry, text->value);
}

static Status positive_rows(const OptionSet *options, const char *name, int64_t *ret_rows,
                            Error *err) {
    const OptionValue *value = option_find(options, name);

    *ret_rows = value->is_null ? 0 : value->number;
    if (!value->is_null && value->number <= 0)
        return error_at(err, value->position, INVALID_PARAMETER, "%s must be positive", name);
    return STATUS_OK;
}

static Status bind_epoch_limits(Relation *relation, Error *err) {
    const OptionSet *options = &relation->options;

    TRY(positive_rows(options, "max_rows_per_epoch", &relation->max_rows_per_epoch, err));
    TRY(positive_rows(options, "min_rows_per_epoch", &relation->min_rows_per_epoch, err));
    relation->max_epoch_delay_us = option_number(options, "max_epoch_delay");
    if (relation->max_rows_per_epoch > 0 &&
        relation->min_rows_per_epoch > relation->max_rows_per_epoch)
        return error_at(err, option_find(options, "min_rows_per_epoch")->position,
                        INVALID_PARAMETER, "min_rows_per_epoch is larger than max_rows_per_epoch");
    if (option_is_set(options, "max_epoch_delay") && relation->min_rows_per_epoch == 0) {
        IGNORE(error_at(err, option_find(options, "max_epoch_delay")->position, /* hinted */
                        INVALID_PARAMETER, "max_epoch_delay without min_rows_per_epoch"));
        return error_hint(err, "Add min_rows_per_epoch: the rows that an epoch waits for.");
    }
    return STATUS_OK;
}

static Status bind_source_options(Binder *binder, const AstCreateSource *create, Relation *relation,
                                  Error *err) {
    const OptionSpec *tables[8] = {source_options};
    int count = 1;
    OptionTexts texts = {0};

    TRY(bind_option_texts(binder, &create->options, &texts, err));
    TRY(placed(bind_connector(binder, &texts, &relation->source, err), create->base.position, err));
    TRY(bind_format(binder, &texts, &relation->format, err));
    if (!relation->format->decoder_create && relation->format->encoder_create)
        return error_at(err, create->base.position, INVALID_PARAMETER,
                        "format \"%s\" can't be read", relation->format->name);
    if (relation->source->options)
        tables[count++] = relation->source->options;
    if (relation->format->options)
        tables[count++] = relation->format->options;
    if (!relation->source->offsets_are_bytes)
        tables[count++] = epoch_options;
    if (find_metadata(relation->source, "key")) {
        tables[count++] = key_options;
        relation->key_format = find_key_format(binder, &texts);
    }
    if (relation->key_format && relation->key_format != relation->format &&
        relation->key_format->options)
        tables[count++] = relation->key_format->options;
    TRY(placed(options_parse(tables, texts.items, texts.count, binder->cx->environment,
                             binder->arena, &relation->options, err),
               create->base.position, err));
    if (relation->format->check)
        TRY(relation->format->check(&relation->options, err));
    if (relation->source->check_options)
        TRY(relation->source->check_options(&relation->options, err));
    if (!relation->source->offsets_are_bytes)
        TRY(bind_epoch_limits(relation, err));
    TRY(check_on_error(&relation->options, err));
    return bind_error_sink(binder, relation, err);
}

/* -------- columns -------- */

static Status unknown_metadata(const SourceType *source, const char *name, int position,
                               Error *err) {
    Nearest nearest = nearest_begin(name);

    for (const MetadataColumn *known = source->metadata; known && known->name; known++)
        nearest_offer(&nearest, known->name);
    for (const MetadataColumn *known = common_metadata; known->name; known++)
        nearest_offer(&nearest, known->name);
    IGNORE(error_at(err, position, UNDEFINED_COLUMN, /* hinted */
                    "connector \"%s\" has no metadata \"%s\"", source->name, name));
    return nearest.best ? error_hint(err, "Did you mean FROM '%s'?", nearest.best) : STATUS_ERROR;
}

/* A key is bytes, or whatever its format makes of it: any type. */
static Status check_key(Binder *binder, const AstColumnDef *definition, const Relation *relation,
                        const RelationColumn *column, Error *err) {
    const char *format = option_text(&relation->options, "key_format");
    bool is_field = strncmp(column->path, "key.", 4) == 0;
    int position =
        definition->path_position ? definition->path_position : definition->base.position;

    if (is_field && !relation->key_format) {
        IGNORE(error_at(err, position, INVALID_PARAMETER, /* hinted */
                        "a key of format \"%s\" has no fields", format));
        return error_hint(err, "Add key_format = 'json' or 'csv' to WITH.");
    }
    if (!is_field && strcmp(format, "csv") == 0) {
        IGNORE(error_at(err, position, INVALID_PARAMETER, /* hinted */
                        "a key of format \"csv\" is read by field"));
        return error_hint(err, "Write FROM 'key.%s'.", column->name);
    }
    if (is_field && column->type.id == TYPE_BYTEA)
        return error_at(err, definition->type->base.position, DATATYPE_MISMATCH,
                        "a field of a key can't be bytea");
    if (strcmp(format, "raw") == 0 && column->type.id != TYPE_BYTEA) {
        IGNORE(error_at(err, definition->type->base.position, DATATYPE_MISMATCH, /* hinted */
                        "a key of format \"raw\" is bytea, not %s",
                        type_name(binder, column->type)));
        return error_hint(err, "Leave key_format out, or declare the column as bytea.");
    }
    return STATUS_OK;
}

static Status check_metadata(Binder *binder, const AstColumnDef *definition,
                             const Relation *relation, RelationColumn *column, Error *err) {
    const SourceType *source = relation->source;
    const char *name = definition->path ? definition->path : definition->name;
    bool is_field = strncmp(name, "key.", 4) == 0;
    const MetadataColumn *metadata = find_metadata(source, is_field ? "key" : name);
    int position =
        definition->path_position ? definition->path_position : definition->base.position;

    column->path = name;
    if (!metadata)
        return unknown_metadata(source, name, position, err);
    if (strcmp(metadata->name, "key") == 0)
        return check_key(binder, definition, relation, column, err);
    if (strcmp(name, "raw") == 0 && column->type.id == TYPE_BYTEA)
        return STATUS_OK;
    if (column->type.id == metadata->type)
        return STATUS_OK;
    IGNORE(error_at(err, definition->type->base.position, DATATYPE_MISMATCH, /* hinted */
                    "metadata \"%s\" is %s, not %s", name,
                    type_name(binder, (SqlType) {.id = metadata->type, .typmod = -1}),
                    type_name(binder, column->type)));
    return error_hint(err, "Declare it as %s and cast it in the query.",
                      type_name(binder, (SqlType) {.id = metadata->type, .typmod = -1}));
}

static Status check_path(const AstColumnDef *definition, const FormatType *format, Error *err) {
    if (!definition->path)
        return STATUS_OK;
    if (format && !format->reads_paths) {
        IGNORE(not_supported(err, definition->path_position, "FROM in format %s", /* hinted */
                             format->name));
        return error_hint(err, "Name the column as its field is named.");
    }
    if (strncmp(definition->path, "$", 1) == 0)
        return STATUS_OK;
    IGNORE(error_at(err, definition->path_position, INVALID_PARAMETER, /* hinted */
                    "path \"%s\" must start with $", definition->path));
    return error_hint(err, "Write FROM '$.%s'.", definition->path);
}

static Status bind_source_column(Binder *binder, const AstColumnDef *definition, Relation *relation,
                                 RelationColumn *columns, Error *err) {
    RelationColumn *column = &columns[relation->column_count];

    TRY(bind_declared_column(binder, definition, columns, relation->column_count, column, err));
    if (definition->is_primary_key) {
        IGNORE(
            not_supported(err, definition->base.position, "PRIMARY KEY on a source")); /* hinted */
        return error_hint(err,
                          "Changelog sources come later; without a key the source is append-only.");
    }
    if (definition->origin == AST_COLUMN_METADATA) {
        column->origin = COLUMN_METADATA;
        TRY(check_metadata(binder, definition, relation, column, err));
    } else if (definition->origin == AST_COLUMN_COMPUTED) {
        column->origin = COLUMN_COMPUTED; /* bound when all others are known */
    } else {
        TRY(check_path(definition, relation->format, err));
    }
    relation->column_count++;
    return STATUS_OK;
}

/* Over the columns that are not computed, as ids 1 …: the column's number. */
static Status bind_computed(Binder *binder, const AstColumnDef *definition,
                            const Relation *relation, RelationColumn *column, Error *err) {
    Scope *scope = scope_create(binder, NULL, NULL);
    ScopeTable table = {.name = relation->name};
    ExprContext cx = {.binder = binder, .scope = scope, .clause = "a computed column"};
    const Expr *expr = NULL;

    table.columns.items =
        arena_new_array(binder->arena, ScopeColumn, (size_t) relation->column_count + 1);
    for (int i = 0; i < relation->column_count; i++)
        if (relation->columns[i].origin != COLUMN_COMPUTED)
            table.columns.items[table.columns.count++] = (ScopeColumn) {
                relation->columns[i].name, i + 1, relation->columns[i].type, TIME_NONE};
    scope_add_table(binder, scope, table);
    scope->columns = table.columns;
    TRY(bind_expr(&cx, definition->computed, &expr, err));
    TRY(resolve_unknown(binder, expr, &expr, err));
    if (expr_volatility(expr) == VOLATILITY_VOLATILE)
        return not_supported(err, definition->computed->position, "a volatile computed column");
    column->computed = expr;
    column->type = expr->type;
    return STATUS_OK;
}

/* -------- the watermark -------- */

static bool names_column(const AstNode *node, const char *name) {
    const AstColumnRef *ref = (const AstColumnRef *) node;

    return node->kind == AST_COLUMN_REF && ref->part_count == 1 && !ref->is_star &&
           strcmp(ref->parts[0], name) == 0;
}

/* ts, or ts - INTERVAL '…' */
static Status bind_delay(Binder *binder, const AstWatermarkDef *definition, int64_t *ret_delay_us,
                         Error *err) {
    const AstNode *node = definition->expression;
    const AstOp *op = (const AstOp *) node;
    const char *name = definition->column->text;
    ExprContext cx = {.binder = binder, .clause = "WATERMARK"};

    *ret_delay_us = 0;
    if (names_column(node, name))
        return STATUS_OK;
    if (node->kind != AST_OP || strcmp(op->op, "-") != 0 || !op->left ||
        !names_column(op->left, name)) {
        IGNORE(not_supported(err, node->position, "this watermark expression")); /* hinted */
        name = deparse_node(&definition->column->base, binder->arena);
        return error_hint(err, "Write WATERMARK FOR %s AS %s - INTERVAL '10 seconds'.", name, name);
    }
    TRY(constant_interval_us(&cx, op->right, "the watermark delay", ret_delay_us, err));
    if (*ret_delay_us < 0)
        return error_at(err, op->right->position, INVALID_PARAMETER,
                        "the watermark delay must not be negative");
    return STATUS_OK;
}

/* How to make an event time of a column of another type. */
static Status watermark_type_hint(Binder *binder, const AstIdentifier *name, TypeId type,
                                  Error *err) {
    const char *quoted = deparse_node(&name->base, binder->arena);

    switch (type) {
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8:
    case TYPE_FLOAT4:
    case TYPE_FLOAT8:
    case TYPE_NUMERIC:
        return error_hint(err, "Add a computed column: event_time AS (to_timestamp(%s)).", quoted);
    case TYPE_DATE:
    case TYPE_TEXT:
    case TYPE_VARCHAR:
        return error_hint(err,
                          "Declare it as such, or add a computed column: "
                          "event_time AS (CAST(%s AS timestamptz)).",
                          quoted);
    default:
        return STATUS_ERROR;
    }
}

static Status bind_watermark(Binder *binder, const AstWatermarkDef *definition, Relation *relation,
                             Error *err) {
    const AstIdentifier *name = definition->column;
    ExprContext cx = {.binder = binder, .clause = "IDLE AFTER"};
    SqlType type;

    if (relation->watermark_column >= 0)
        return not_supported(err, definition->base.position, "a second watermark");
    for (int i = 0; i < relation->column_count; i++)
        if (strcmp(relation->columns[i].name, name->text) == 0)
            relation->watermark_column = i;
    if (relation->watermark_column < 0)
        return error_at(err, name->base.position, UNDEFINED_COLUMN, "column \"%s\" does not exist",
                        name->text);
    type = relation->columns[relation->watermark_column].type;
    if (type.id != TYPE_TIMESTAMP && type.id != TYPE_TIMESTAMPTZ) {
        IGNORE(error_at(err, name->base.position, DATATYPE_MISMATCH, /* hinted */
                        "watermark column \"%s\" must be timestamp or timestamptz, not %s",
                        name->text, type_name(binder, type)));
        return watermark_type_hint(binder, name, type.id, err);
    }
    TRY(bind_delay(binder, definition, &relation->watermark_delay_us, err));
    if (definition->idle_after)
        TRY(constant_interval_us(&cx, definition->idle_after, "IDLE AFTER",
                                 &relation->idle_after_us, err));
    if (definition->idle_after && relation->idle_after_us < 0)
        return error_at(err, definition->idle_after->position, INVALID_PARAMETER,
                        "IDLE AFTER must not be negative");
    return STATUS_OK;
}

/* -------- the statement -------- */

Status bind_source(Binder *binder, const AstCreateSource *create, Relation *relation, Error *err) {
    RelationColumn *columns =
        arena_new_array(binder->arena, RelationColumn, (size_t) create->items.count + 1);
    int next = 0;

    TRY(bind_source_options(binder, create, relation, err));
    relation->columns = columns;
    AST_FOREACH(AstNode, item, &create->items) {
        if (item->kind == AST_KEY_DEF) {
            IGNORE(
                not_supported(err, item->position, "%s on a source", /* hinted */
                              ((const AstKeyDef *) item)->is_primary ? "PRIMARY KEY" : "UNIQUE"));
            return error_hint(err, "Changelog sources come later; without a key the source is "
                                   "append-only.");
        }
        if (item->kind == AST_COLUMN_DEF)
            TRY(bind_source_column(binder, (const AstColumnDef *) item, relation, columns, err));
    }
    if (relation->column_count == 0)
        return error_at(err, create->base.position, INVALID_TABLE_DEFINITION,
                        "a source needs at least one column");
    AST_FOREACH(AstNode, item, &create->items) {
        if (item->kind != AST_COLUMN_DEF)
            continue;
        if (columns[next].origin == COLUMN_COMPUTED)
            TRY(bind_computed(binder, (const AstColumnDef *) item, relation, &columns[next], err));
        next++;
    }
    AST_FOREACH(AstNode, item, &create->items)
    if (item->kind == AST_WATERMARK_DEF)
        TRY(bind_watermark(binder, (const AstWatermarkDef *) item, relation, err));
    return STATUS_OK;
}
