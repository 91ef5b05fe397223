/* System view millrace.sinks: the catalog's sinks, and the rows that the streams gave them. */
#include <string.h>

#include "catalog/system_objects.h"
#include "stream/manager_internal.h"

static const SystemColumn sinks_columns[] = {
    {"name", TYPE_TEXT},     {"connector", TYPE_TEXT}, {"format", TYPE_TEXT},
    {"options", TYPE_JSONB}, {"guarantee", TYPE_TEXT}, {"rows", TYPE_INT8},
    {"bytes", TYPE_INT8},    {"error", TYPE_TEXT},     {NULL, TYPE_UNKNOWN},
};

typedef struct SinkSums {
    int64_t sink_id;
    int64_t rows;
} SinkSums;

static Status add_stream(void *data, Stream *stream, Error *err) {
    SinkSums *sums = data;

    for (int i = 0; i < stream->relation->sink_count; i++)
        if (stream->relation->sink_ids[i] == sums->sink_id)
            sums->rows += stream->totals.rows_out;
    return STATUS_OK;
}

static Value text_of(const char *text) {
    return text ? value_text(SQL_TYPE(TEXT), text, strlen(text)) : value_null(SQL_TYPE(TEXT));
}

static Status emit_sink(SystemTableScan *scan, const Relation *relation, Error *err) {
    bool is_exact = relation->sink->guarantee != SINK_AT_LEAST_ONCE;
    SinkSums sums = {.sink_id = relation->id};
    Value row[] = {text_of(relation->name),
                   text_of(relation->sink->name),
                   text_of(relation->format ? relation->format->name : NULL),
                   catalog_options_json(&relation->options, scan->arena),
                   text_of(is_exact ? "exactly_once" : "at_least_once"),
                   value_null(SQL_TYPE(INT8)),
                   value_null(SQL_TYPE(INT8)),
                   text_of(NULL)};

    if (scan->server && scan->server->streams) {
        TRY(manager_visit(scan->server->streams, add_stream, &sums, err));
        row[5] = value_int8(sums.rows);
    }
    return scan->emit(scan, row, err);
}

static Status produce_sinks(SystemTableScan *scan, Error *err) {
    const CatalogSnapshot *snapshot = scan->catalog;

    for (int i = 0; i < catalog_count(snapshot); i++)
        if (catalog_at(snapshot, i)->kind == RELATION_SINK)
            TRY(emit_sink(scan, catalog_at(snapshot, i), err));
    return STATUS_OK;
}

const SystemTable table_sinks = {"millrace", "sinks", sinks_columns, produce_sinks};
