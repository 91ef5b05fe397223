/* SHOW SOURCES and its sisters, SHOW CREATE, DESCRIBE. */
#include <ctype.h>
#include <string.h>

#include "parser/ast_ddl.h"
#include "parser/ast_statement.h"
#include "server/session_state.h"

/* -------- SHOW objects -------- */

static bool like_matches(const char *text, const char *pattern) {
    if (*pattern == '\0')
        return *text == '\0';
    if (*pattern == '%')
        return like_matches(text, pattern + 1) || (*text && like_matches(text + 1, pattern));
    return *text && (*pattern == '_' || *pattern == *text) && like_matches(text + 1, pattern + 1);
}

static const char *const object_names[] = {"name"};
static const char *const stream_names[] = {"name", "state", "mode", "guarantee"};

static Status refuse_show(const AstShowObjects *show, Arena *arena, Error *err) {
    char *kind = arena_strdup(arena, ast_object_kind_name(show->object));

    for (char *letter = kind; *letter; letter++)
        *letter = (char) toupper((unsigned char) *letter);
    IGNORE(error_at(err, show->base.position, FEATURE_NOT_SUPPORTED, /* hinted */
                    "SHOW %sS is not supported", kind));
    if (show->object == AST_OBJECT_COLUMN && show->schema)
        return error_hint(err, "DESCRIBE %s tells them.", show->schema);
    return STATUS_ERROR;
}

/* The state is the stream manager's: a stream of an open transaction has none. */
static void add_stream(TextRows *rows, StreamManager *manager, const Relation *stream) {
    StreamSummary summary = {.state = "", .guarantee = ""};
    const char *cells[ARRAY_LENGTH(stream_names)] = {stream->name, NULL, stream->output_mode, NULL};

    manager_summary(manager, stream->id, &summary);
    cells[1] = summary.state;
    cells[3] = summary.guarantee;
    text_rows_add(rows, cells);
}

static Status show_objects_open(Portal *portal, Error *err) {
    const AstShowObjects *show = (const AstShowObjects *) portal->statement->node;
    bool is_streams = show->object == AST_OBJECT_STREAM;
    const char *const *names = is_streams ? stream_names : object_names;
    TextRows rows = {.arena = portal->arena,
                     .column_count = is_streams ? (int) ARRAY_LENGTH(stream_names) : 1};
    CatalogSnapshot *snapshot;

    if (show->object == AST_OBJECT_DATABASE || show->object == AST_OBJECT_SCHEMA) {
        static const char *const schemas[] = {"millrace", "pg_catalog", "public"};
        size_t count = show->object == AST_OBJECT_DATABASE ? 1 : ARRAY_LENGTH(schemas);

        for (size_t i = 0; i < count; i++)
            text_rows_add(&rows, &schemas[i]);
    } else if (show->object > AST_OBJECT_SECRET) {
        return refuse_show(show, portal->arena, err);
    }
    snapshot = session_snapshot(portal->session);
    for (int i = 0; i < catalog_count(snapshot); i++) {
        const Relation *relation = catalog_at(snapshot, i);

        if (!object_kind_matches(show->object, relation->kind) ||
            (show->schema && strcmp(show->schema, relation->schema) != 0) ||
            (show->pattern && !like_matches(relation->name, show->pattern)))
            continue;
        if (is_streams)
            add_stream(&rows, portal->session->server->streams, relation);
        else
            text_rows_add(&rows, &relation->name);
    }
    portal_set_rows(portal, names, &rows);
    catalog_snapshot_unref(snapshot);
    portal_set_tag(portal, "SHOW");
    return STATUS_OK;
}

static Status show_objects_describe(Prepared *statement, Error *err) {
    const AstShowObjects *show = (const AstShowObjects *) statement->node;

    if (show->object == AST_OBJECT_STREAM)
        prepared_set_text_shape(statement, stream_names, ARRAY_LENGTH(stream_names));
    else
        prepared_set_text_shape(statement, object_names, 1);
    return STATUS_OK;
}

const StatementType show_objects_statement = {.kind = AST_SHOW_OBJECTS,
                                              .describe = show_objects_describe,
                                              .open = show_objects_open,
                                              .run = portal_give_rows};

/* -------- SHOW CREATE -------- */

static const char *const create_names[] = {"create_statement"};

static Status show_create_open(Portal *portal, Error *err) {
    const AstShowCreate *show = (const AstShowCreate *) portal->statement->node;
    TextRows rows = {.arena = portal->arena, .column_count = 1};
    CatalogSnapshot *snapshot = session_snapshot(portal->session);
    const Relation *relation = NULL;
    Status status = find_object(snapshot, show->object, show->name, &relation, err);

    if (status == STATUS_OK) {
        const char *text = relation->kind == RELATION_SECRET
                               ? secret_shown_text(relation, portal->arena)
                               : relation->definition;

        text_rows_add(&rows, &text);
        portal_set_rows(portal, create_names, &rows);
        portal_set_tag(portal, "SHOW");
    }
    catalog_snapshot_unref(snapshot);
    return status;
}

static Status show_create_describe(Prepared *statement, Error *err) {
    prepared_set_text_shape(statement, create_names, 1);
    return STATUS_OK;
}

const StatementType show_create_statement = {.kind = AST_SHOW_CREATE,
                                             .describe = show_create_describe,
                                             .open = show_create_open,
                                             .run = portal_give_rows};

/* -------- DESCRIBE -------- */

static const char *const describe_names[] = {"column", "type", "nullable", "from"};

static const char *column_origin(const RelationColumn *column, const Relation *relation, int index,
                                 Arena *arena) {
    if (index == relation->watermark_column)
        return "event time";
    switch (column->origin) {
    case COLUMN_METADATA:
        return "metadata";
    case COLUMN_COMPUTED:
        return "computed";
    case COLUMN_PAYLOAD:
        break;
    }
    return column->path ? column->path : "";
}

static Status describe_open(Portal *portal, Error *err) {
    const AstDescribe *describe = (const AstDescribe *) portal->statement->node;
    TextRows rows = {.arena = portal->arena, .column_count = 4};
    CatalogSnapshot *snapshot = session_snapshot(portal->session);
    const Relation *relation = catalog_find(snapshot, describe->name->schema, describe->name->name);
    static const char *const secret_cells[] = {"value", "secret", "no", "******"};

    if (!relation && find_named(snapshot, AST_OBJECT_SECRET, describe->name)) {
        text_rows_add(&rows, secret_cells);
        portal_set_rows(portal, describe_names, &rows);
        portal_set_tag(portal, "DESCRIBE");
        catalog_snapshot_unref(snapshot);
        return STATUS_OK;
    }
    if (!relation) {
        catalog_snapshot_unref(snapshot);
        return error_at(err, describe->name->base.position, UNDEFINED_TABLE,
                        "relation \"%s\" does not exist", describe->name->name);
    }
    if (relation_check_sound(relation, describe->name->base.position, err) != STATUS_OK) {
        catalog_snapshot_unref(snapshot);
        return STATUS_ERROR;
    }
    for (int i = 0; i < relation->column_count; i++) {
        const RelationColumn *column = &relation->columns[i];
        const char *cells[] = {column->name, type_display(column->type, portal->arena),
                               column->is_not_null ? "no" : "yes",
                               column_origin(column, relation, i, portal->arena)};

        text_rows_add(&rows, cells);
    }
    portal_set_rows(portal, describe_names, &rows);
    portal_set_tag(portal, "DESCRIBE");
    catalog_snapshot_unref(snapshot);
    return STATUS_OK;
}

static Status describe_describe(Prepared *statement, Error *err) {
    prepared_set_text_shape(statement, describe_names, 4);
    return STATUS_OK;
}

const StatementType describe_statement = {.kind = AST_DESCRIBE,
                                          .describe = describe_describe,
                                          .open = describe_open,
                                          .run = portal_give_rows};
