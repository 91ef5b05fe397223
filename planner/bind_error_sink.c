/* Sinks by name, and the one of on_error = 'sink:<name>', which takes a source's bad records. */
#include <string.h>

#include "planner/bind_create.h"
#include "planner/error_row.h"

static const char error_sink_prefix[] = "sink:";

/* -------- any sink -------- */

Status bind_sink_name(Binder *binder, SinkName name, const Relation **ret_sink, Error *err) {
    const CatalogSnapshot *catalog = binder->cx->catalog;
    const Relation *relation = catalog ? catalog_find(catalog, name.schema, name.name) : NULL;
    const char *nearest = catalog ? catalog_nearest(catalog, name.name, 1U << RELATION_SINK) : NULL;

    if (!relation) {
        IGNORE(error_at(err, name.position, UNDEFINED_TABLE, /* hinted */
                        "sink \"%s\" does not exist", name.name));
        return nearest ? error_hint(err, "Perhaps you meant \"%s\".", nearest) : STATUS_ERROR;
    }
    if (relation->kind != RELATION_SINK)
        return error_at(err, name.position, WRONG_OBJECT_TYPE, "\"%s\" is not a sink", name.name);
    TRY(relation_check_sound(relation, name.position, err));
    binder_depend(binder, relation->id);
    *ret_sink = relation;
    return STATUS_OK;
}

Status bind_sink_rows(Binder *binder, const Relation *sink, const SinkRows *rows, int position,
                      Error *err) {
    if (sink->column_count == 0)
        return STATUS_OK;
    if (sink->column_count != rows->column_count)
        return error_at(err, position, SYNTAX_ERROR, "sink \"%s\" has %d columns, but %s has %d",
                        sink->name, sink->column_count, rows->what, rows->column_count);
    for (int i = 0; i < rows->column_count; i++) {
        const RelationColumn *wanted = &sink->columns[i];
        const PlanColumn *given = &rows->columns[i];

        if (type_equal(wanted->type, given->type) && strcmp(wanted->name, given->name) == 0)
            continue;
        return error_at(
            err, position, DATATYPE_MISMATCH,
            "column \"%s\" of sink \"%s\" is of type %s but column %d of %s is \"%s\" of type %s",
            wanted->name, sink->name, type_name(binder, wanted->type), i + 1, rows->what,
            given->name, type_name(binder, given->type));
    }
    return STATUS_OK;
}

/* What a file has: in update mode op and epoch come in front. */
static Status check_format(const Relation *sink, const SinkEnvironment *rows, Arena *arena,
                           Error *err) {
    uint32_t extra = rows->mode == SINK_MODE_UPDATE ? 2 : 0;
    const char **names = arena_new_array(arena, const char *, rows->column_count + 3);
    SqlType *types = arena_new_array(arena, SqlType, rows->column_count + 3);
    Encoder *encoder = NULL;

    if (!sink->format || !sink->format->encoder_create)
        return STATUS_OK;
    if (extra) {
        names[0] = "op";
        types[0] = SQL_TYPE(TEXT);
        names[1] = "epoch";
        types[1] = SQL_TYPE(INT8);
    }
    for (uint32_t i = 0; i < rows->column_count; i++) {
        names[i + extra] = rows->names[i];
        types[i + extra] = rows->types[i];
    }
    TRY(sink->format->encoder_create(names, types, rows->column_count + extra, &sink->options,
                                     &encoder, err));
    sink->format->encoder_destroy(encoder);
    return STATUS_OK;
}

static int place_of(const SinkRows *rows, int column_id) {
    for (int i = 0; i < rows->column_count; i++)
        if (rows->columns[i].id == column_id)
            return i;
    return -1;
}

Status bind_sink_shape(Binder *binder, const Relation *sink, const SinkRows *rows, int position,
                       Error *err) {
    size_t count = (size_t) rows->column_count;
    const char **names = arena_new_array(binder->arena, const char *, count + 1);
    SqlType *types = arena_new_array(binder->arena, SqlType, count + 1);
    int *keys = arena_new_array(binder->arena, int, (size_t) rows->key.count + 1);
    SinkEnvironment environment = {
        .options = &sink->options,
        .format = sink->format,
        .sink_id = sink->id,
        .stream_name = "",
        .server_id = "",
        .mode = rows->mode,
        .column_count = (uint32_t) rows->column_count,
        .names = names,
        .types = types,
        .key_columns = keys,
        .key_count = rows->key.count,
    };

    for (size_t i = 0; i < count; i++) {
        names[i] = rows->columns[i].name;
        types[i] = rows->columns[i].type;
    }
    for (int i = 0; i < rows->key.count; i++)
        keys[i] = place_of(rows, rows->key.ids[i]);
    return placed(sink->sink->check_columns ? sink->sink->check_columns(&environment, err)
                                            : check_format(sink, &environment, binder->arena, err),
                  position, err);
}

Status bind_sink_takes(Binder *binder, const Relation *sink, const SinkRows *rows, int position,
                       Error *err) {
    if (!(sink_capabilities(sink->sink, &sink->options) & SINK_TAKES_APPEND))
        return error_at(err, position, FEATURE_NOT_SUPPORTED,
                        "append mode is not supported by sink \"%s\" (connector \"%s\")",
                        sink->name, sink->sink->name);
    TRY(bind_sink_rows(binder, sink, rows, position, err));
    return bind_sink_shape(binder, sink, rows, position, err);
}

/* -------- of a source -------- */

Status bind_error_sink(Binder *binder, Relation *source, Error *err) {
    const OptionValue *option = option_find(&source->options, "on_error");
    const SinkRows rows = {
        "an error row", error_row_columns, ERROR_ROW_COLUMN_COUNT, SINK_MODE_APPEND, {0}};
    size_t prefix_length = strlen(error_sink_prefix);
    const Relation *sink = NULL;

    if (strncmp(option->text, error_sink_prefix, prefix_length) != 0)
        return STATUS_OK;
    TRY(bind_sink_name(binder, (SinkName) {NULL, option->text + prefix_length, option->position},
                       &sink, err));
    if (bind_sink_takes(binder, sink, &rows, option->position, err) != STATUS_OK) {
        bool is_of_columns =
            err->sqlstate == SQLSTATE_SYNTAX_ERROR || err->sqlstate == SQLSTATE_DATATYPE_MISMATCH;

        return is_of_columns ? error_hint(err, "Leave the sink's columns out, or declare them as "
                                               "error rows have them: see on_error in "
                                               "docs/semantics.md.")
                             : STATUS_ERROR;
    }
    source->error_sink_id = sink->id;
    return STATUS_OK;
}

/* -------- of a stream -------- */

typedef struct ErrorSinks {
    int64_t *ids; /* each once; room for all */
    int count;
    const Relation *stream;
    const Relation *taken_by; /* the source whose error sink is among the stream's own; NULL */
} ErrorSinks;

static void count_scan(const Plan *node, void *data) {
    *(size_t *) data += node->kind == PLAN_SCAN;
}

static void collect_error_sink(const Plan *node, void *data) {
    ErrorSinks *found = data;
    const Relation *source = node->relation;

    if (node->kind != PLAN_SCAN || source->error_sink_id == 0)
        return;
    if (relation_writes_into(found->stream, source->error_sink_id))
        found->taken_by = source;
    if (!ids_contain(found->ids, found->count, source->error_sink_id))
        found->ids[found->count++] = source->error_sink_id;
}

Status bind_stream_error_sinks(Binder *binder, const Plan *plan, int position, Relation *stream,
                               Error *err) {
    ErrorSinks found = {.stream = stream};
    size_t scan_count = 0;

    plan_visit(plan, count_scan, &scan_count);
    found.ids = arena_new_array(binder->arena, int64_t, scan_count + 1);
    plan_visit(plan, collect_error_sink, &found);
    if (found.taken_by) {
        IGNORE(error_at(err, position, FEATURE_NOT_SUPPORTED, /* hinted */
                        "one sink for the stream's rows and the bad records of source \"%s\" is "
                        "not supported",
                        found.taken_by->name));
        return error_hint(err, "Name another sink after INTO: rows of the two have other columns.");
    }
    for (int i = 0; i < found.count; i++)
        binder_depend(binder, found.ids[i]);
    stream->error_sink_ids = found.ids;
    stream->error_sink_count = found.count;
    return STATUS_OK;
}
