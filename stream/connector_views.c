/* System views millrace.sources and millrace.sinks: the catalog's objects, and what the streams
 * took from them or gave them. */
#include <string.h>

#include "catalog/system_objects.h"
#include "connector/system_row.h"
#include "stream/manager_internal.h"

/* What both views say of an object; `connector` NULL: it is broken. */
static void put_object(SystemRow *row, const Relation *relation, const char *connector,
                       Arena *arena) {
    system_put_text(row, relation->name);
    system_put_text(row, connector);
    system_put_text(row, relation->format ? relation->format->name : NULL);
    system_put(row, catalog_options_json(&relation->options, arena));
}

static bool has_streams(const SystemTableScan *scan) {
    return scan->server && scan->server->streams;
}

/* -------- sources -------- */

static const SystemColumn sources_columns[] = {
    {"name", TYPE_TEXT},     {"connector", TYPE_TEXT},  {"format", TYPE_TEXT},
    {"options", TYPE_JSONB}, {"partitions", TYPE_INT8}, {"rows", TYPE_INT8},
    {"bytes", TYPE_INT8},    {"bad_rows", TYPE_INT8},   {"error", TYPE_TEXT},
    {NULL, TYPE_UNKNOWN},
};

enum { SOURCE_COUNTS = 4 };

/* Each stream reads for itself: the sums are of the one that is furthest. */
typedef struct SourceSums {
    int64_t source_id;
    int64_t partitions, rows, bytes, bad_rows;
    bool is_read;
    Arena *arena;
    const char *error; /* of a stream that reads it and can't go on; NULL */
} SourceSums;

static int64_t larger(int64_t left, int64_t right) {
    return left > right ? left : right;
}

static void add_scan(SourceSums *sums, const StreamScan *scan) {
    int64_t bytes = 0;

    for (int i = 0; i < scan->partition_count; i++)
        bytes += scan->partitions[i].position;
    sums->partitions = larger(sums->partitions, scan->partition_count);
    if (scan->type->offsets_are_bytes)
        sums->bytes = larger(sums->bytes, bytes);
}

/* An error of reading says so in its context. */
static void take_error(SourceSums *sums, Stream *stream) {
    pthread_mutex_lock(&stream->mutex);
    if (stream->has_error && strstr(stream->error.context, "source \""))
        sums->error = arena_strdup(sums->arena, stream->error.message);
    pthread_mutex_unlock(&stream->mutex);
}

static void add_open_reader(SourceSums *sums, Stream *stream) {
    if (!stream_lock_open(stream))
        return;
    for (int i = 0; i < stream->scan_count; i++) {
        if (stream->scans[i].relation->id != sums->source_id)
            continue;
        add_scan(sums, &stream->scans[i]);
        pthread_mutex_lock(&stream->mutex);
        sums->is_read = true;
        if (stream->scan_count == 1) { /* rows are counted by stream, not by scan */
            sums->rows = larger(sums->rows, stream->totals.rows_in);
            sums->bad_rows = larger(sums->bad_rows, stream->totals.bad_rows);
        }
        pthread_mutex_unlock(&stream->mutex);
    }
    pthread_mutex_unlock(&stream->run_mutex);
}

static Status add_reader(void *data, Stream *stream, Error *err) {
    SourceSums *sums = data;

    add_open_reader(sums, stream);
    for (int i = 0; i < stream->relation->dependency_count; i++)
        if (stream->relation->dependencies[i] == sums->source_id)
            take_error(sums, stream);
    return STATUS_OK;
}

static Status emit_source(SystemTableScan *scan, const Relation *relation, Error *err) {
    SourceSums sums = {.source_id = relation->id, .arena = scan->arena};
    SystemRow row = {.count = 0};

    if (has_streams(scan))
        TRY(manager_visit(scan->server->streams, add_reader, &sums, err));
    put_object(&row, relation, relation->source ? relation->source->name : NULL, scan->arena);
    if (sums.is_read) {
        system_put_int8(&row, sums.partitions);
        system_put_int8(&row, sums.rows);
        system_put_int8(&row, sums.bytes);
        system_put_int8(&row, sums.bad_rows);
    } else {
        for (int i = 0; i < SOURCE_COUNTS; i++)
            system_put_null(&row, TYPE_INT8);
    }
    system_put_text(&row, relation->broken ? relation->broken->message : sums.error);
    return scan->emit(scan, row.values, err);
}

static Status produce_sources(SystemTableScan *scan, Error *err) {
    return catalog_emit_objects(scan, RELATION_SOURCE, emit_source, err);
}

const SystemTable table_sources = {"millrace", "sources", sources_columns, produce_sources};

/* -------- sinks -------- */

static const SystemColumn sinks_columns[] = {
    {"name", TYPE_TEXT},     {"connector", TYPE_TEXT}, {"format", TYPE_TEXT},
    {"options", TYPE_JSONB}, {"guarantee", TYPE_TEXT}, {"rows", TYPE_INT8},
    {"bytes", TYPE_INT8},    {"error", TYPE_TEXT},     {NULL, TYPE_UNKNOWN},
};

typedef struct SinkSums {
    int64_t sink_id;
    int64_t rows;
    bool has_errors; /* of streams that give it bad records: these are counted by stream only */
} SinkSums;

static Status add_stream(void *data, Stream *stream, Error *err) {
    SinkSums *sums = data;

    pthread_mutex_lock(&stream->mutex);
    for (int i = 0; i < stream->relation->sink_count; i++)
        if (stream->relation->sink_ids[i] == sums->sink_id)
            sums->rows += stream->totals.rows_out;
    if (stream->relation->late_sink_id == sums->sink_id)
        sums->rows += stream->totals.late_rows;
    for (int i = 0; i < stream->relation->error_sink_count; i++)
        sums->has_errors |= stream->relation->error_sink_ids[i] == sums->sink_id;
    pthread_mutex_unlock(&stream->mutex);
    return STATUS_OK;
}

static Status emit_sink(SystemTableScan *scan, const Relation *relation, Error *err) {
    const SinkType *type = relation->sink; /* NULL: broken */
    bool is_exact = !relation_is_at_least_once(relation);
    SinkSums sums = {.sink_id = relation->id};
    SystemRow row = {.count = 0};

    if (has_streams(scan))
        TRY(manager_visit(scan->server->streams, add_stream, &sums, err));
    put_object(&row, relation, type ? type->name : NULL, scan->arena);
    system_put_text(&row, is_exact ? "exactly_once" : "at_least_once");
    if (has_streams(scan) && !sums.has_errors)
        system_put_int8(&row, sums.rows);
    else
        system_put_null(&row, TYPE_INT8);
    system_put_null(&row, TYPE_INT8);
    system_put_text(&row, relation->broken ? relation->broken->message : NULL);
    return scan->emit(scan, row.values, err);
}

static Status produce_sinks(SystemTableScan *scan, Error *err) {
    return catalog_emit_objects(scan, RELATION_SINK, emit_sink, err);
}

const SystemTable table_sinks = {"millrace", "sinks", sinks_columns, produce_sinks};
