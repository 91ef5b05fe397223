/* System views of streams: millrace.streams, stream_progress, operators, watermarks, errors,
 * late_rows (sources and sinks: connector_views.c). Columns as in docs/interfaces.md: others rely
 * on them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "connector/system_row.h"
#include "stream/manager_internal.h"

typedef struct ViewScan {
    SystemTableScan *scan;
    Stream *stream; /* under visit */
} ViewScan;

static Status visit_streams(SystemTableScan *scan,
                            Status (*visit)(void *data, Stream *stream, Error *err), Error *err) {
    ViewScan view = {.scan = scan};

    if (!scan->server || !scan->server->streams)
        return STATUS_OK;
    return manager_visit(scan->server->streams, visit, &view, err);
}

/* -------- streams -------- */

static const SystemColumn streams_columns[] = {
    {"name", TYPE_TEXT},
    {"id", TYPE_INT8},
    {"state", TYPE_TEXT},
    {"mode", TYPE_TEXT},
    {"trigger", TYPE_TEXT},
    {"sources", TYPE_ARRAY, TYPE_TEXT},
    {"sinks", TYPE_ARRAY, TYPE_TEXT},
    {"guarantee", TYPE_TEXT},
    {"epoch", TYPE_INT8},
    {"idle_epochs", TYPE_INT8},
    {"watermark", TYPE_TIMESTAMPTZ},
    {"rows_in", TYPE_INT8},
    {"rows_out", TYPE_INT8},
    {"late_rows", TYPE_INT8},
    {"bad_rows", TYPE_INT8},
    {"state_rows", TYPE_INT8},
    {"state_bytes", TYPE_INT8},
    {"error_code", TYPE_TEXT},
    {"error", TYPE_TEXT},
    {"error_at", TYPE_TIMESTAMPTZ},
    {"created_at", TYPE_TIMESTAMPTZ},
    {"definition", TYPE_TEXT},
    {0},
};

/* The weakest of its sources and sinks. */
static const char *guarantee_of(const Stream *stream) {
    const Relation *relation = stream->relation;

    for (int i = 0; i < relation->dependency_count; i++) {
        const Relation *other = catalog_find_id(stream->snapshot, relation->dependencies[i]);

        if (relation_is_at_least_once(other))
            return "at_least_once";
    }
    return "exactly_once";
}

typedef struct SummaryVisit {
    int64_t stream_id;
    StreamSummary *summary;
    bool is_found;
} SummaryVisit;

static Status visit_summary(void *data, Stream *stream, Error *err) {
    SummaryVisit *visit = data;

    if (stream->id != visit->stream_id)
        return STATUS_OK;
    pthread_mutex_lock(&stream->mutex);
    visit->summary->state = stream_shown_state(stream);
    visit->summary->guarantee = guarantee_of(stream);
    pthread_mutex_unlock(&stream->mutex);
    visit->is_found = true;
    return STATUS_OK;
}

bool manager_summary(StreamManager *manager, int64_t stream_id, StreamSummary *ret_summary) {
    SummaryVisit visit = {.stream_id = stream_id, .summary = ret_summary};
    Error unused = {0};

    IGNORE(manager_visit(manager, visit_summary, &visit, &unused)); /* the visit can't fail */
    return visit.is_found;
}

static void put_related(SystemRow *row, const Stream *stream, bool is_sinks, Arena *arena) {
    const Relation *relation = stream->relation;
    const char **names =
        arena_new_array(arena, const char *, (size_t) relation->dependency_count + 1);
    int count = 0;

    for (int i = 0; i < relation->dependency_count; i++) {
        const Relation *other = catalog_find_id(stream->snapshot, relation->dependencies[i]);

        if (other && (other->kind == RELATION_SINK) == is_sinks)
            names[count++] = other->name;
    }
    system_put_text_array(row, names, count, arena);
}

static const char *trigger_text(const Relation *relation, Arena *arena) {
    if (!relation->trigger || strcmp(relation->trigger, "default") == 0)
        return "default";
    if (strncmp(relation->trigger, "every", 5) == 0)
        return arena_printf(arena, "every %.3f s", (double) relation->trigger_interval_us / 1e6);
    return relation->trigger;
}

static int64_t last_watermark(const Stream *stream) {
    if (stream->progress_count == 0)
        return INT64_MIN;
    return stream->progress[(stream->progress_count - 1) % PROGRESS_KEPT_ROWS].watermark;
}

static Status visit_stream(void *data, Stream *stream, Error *err) {
    ViewScan *view = data;
    Arena *arena = view->scan->arena;
    const Relation *relation = stream->relation;
    SystemRow row = {.count = 0};
    Error error;

    system_put_text(&row, relation->name);
    system_put_int8(&row, stream->id);
    pthread_mutex_lock(&stream->mutex);
    error = stream->error;
    system_put_text(&row, stream_shown_state(stream));
    system_put_text(&row, relation->output_mode);
    system_put_text(&row, trigger_text(relation, arena));
    put_related(&row, stream, false, arena);
    put_related(&row, stream, true, arena);
    system_put_text(&row, guarantee_of(stream));
    system_put_int8(&row, stream->epoch);
    system_put_int8(&row, stream->idle_epochs);
    system_put_time(&row, last_watermark(stream));
    system_put_int8(&row, stream->totals.rows_in);
    system_put_int8(&row, stream->totals.rows_out);
    system_put_int8(&row, stream->totals.late_rows);
    system_put_int8(&row, stream->totals.bad_rows);
    system_put_int8(&row, stream->state_rows);
    system_put_int8(&row, stream->state_bytes);
    system_put_text(&row, stream->has_error ? sqlstate_code(error.sqlstate) : NULL);
    system_put_text(&row, stream->has_error ? error.message : NULL);
    system_put_time(&row, stream->has_error ? stream->error_at : INT64_MIN);
    pthread_mutex_unlock(&stream->mutex);
    system_put_time(&row, relation->created_at_us);
    system_put_text(&row, relation->definition);
    return view->scan->emit(view->scan, row.values, err);
}

static Status produce_streams(SystemTableScan *scan, Error *err) {
    return visit_streams(scan, visit_stream, err);
}

static const SystemTable table_streams = {"millrace", "streams", streams_columns, produce_streams};

/* -------- stream_progress -------- */

static const SystemColumn progress_columns[] = {
    {"stream", TYPE_TEXT},
    {"epoch", TYPE_INT8},
    {"started_at", TYPE_TIMESTAMPTZ},
    {"rows_in", TYPE_INT8},
    {"rows_out", TYPE_INT8},
    {"late_rows", TYPE_INT8},
    {"late_windows", TYPE_INT8},
    {"bad_rows", TYPE_INT8},
    {"watermark", TYPE_TIMESTAMPTZ},
    {"choose_ms", TYPE_FLOAT8},
    {"execute_ms", TYPE_FLOAT8},
    {"prepare_ms", TYPE_FLOAT8},
    {"decide_ms", TYPE_FLOAT8},
    {"publish_ms", TYPE_FLOAT8},
    {"cpu_ms", TYPE_FLOAT8},
    {"state_rows", TYPE_INT8},
    {"state_bytes", TYPE_INT8},
    {"changelog_bytes", TYPE_INT8},
    {"offsets", TYPE_JSONB},
    {0},
};

static Status emit_progress(ViewScan *view, const Stream *stream, const ProgressRow *progress,
                            Error *err) {
    SystemRow row = {.count = 0};

    system_put_text(&row, stream->relation->name);
    system_put_int8(&row, progress->epoch);
    system_put_time(&row, progress->started_at);
    system_put_int8(&row, progress->rows_in);
    system_put_int8(&row, progress->rows_out);
    system_put_int8(&row, progress->late_rows);
    system_put_int8(&row, progress->late_windows);
    system_put_int8(&row, progress->bad_rows);
    system_put_time(&row, progress->watermark);
    system_put_double(&row, progress->choose_ms);
    system_put_double(&row, progress->execute_ms);
    system_put_double(&row, progress->prepare_ms);
    system_put_double(&row, progress->decide_ms);
    system_put_double(&row, progress->publish_ms);
    system_put_double(&row, progress->cpu_ms);
    system_put_int8(&row, progress->state_rows);
    system_put_int8(&row, progress->state_bytes);
    system_put_int8(&row, progress->changelog_bytes);
    system_put_json(&row, progress->offsets);
    return view->scan->emit(view->scan, row.values, err);
}

static Status visit_progress(void *data, Stream *stream, Error *err) {
    ViewScan *view = data;
    int64_t first = 0;
    Status status = STATUS_OK;

    pthread_mutex_lock(&stream->mutex);
    if (stream->progress_count > PROGRESS_KEPT_ROWS)
        first = stream->progress_count - PROGRESS_KEPT_ROWS;
    for (int64_t i = first; i < stream->progress_count && status == STATUS_OK; i++)
        status = emit_progress(view, stream, &stream->progress[i % PROGRESS_KEPT_ROWS], err);
    pthread_mutex_unlock(&stream->mutex);
    return status;
}

static Status produce_progress(SystemTableScan *scan, Error *err) {
    return visit_streams(scan, visit_progress, err);
}

static const SystemTable table_progress = {"millrace", "stream_progress", progress_columns,
                                           produce_progress};

/* -------- operators -------- */

static const SystemColumn operators_columns[] = {
    {"stream", TYPE_TEXT},      {"operator", TYPE_INT8},  {"name", TYPE_TEXT},
    {"parent", TYPE_INT8},      {"rows_in", TYPE_INT8},   {"rows_out", TYPE_INT8},
    {"batches", TYPE_INT8},     {"cpu_ms", TYPE_FLOAT8},  {"state_rows", TYPE_INT8},
    {"state_bytes", TYPE_INT8}, {"late_rows", TYPE_INT8}, {0},
};

/* Between epochs: the dataflow is the job's. */
static Status visit_operators(void *data, Stream *stream, Error *err) {
    ViewScan *view = data;
    Status status = STATUS_OK;
    const Operator *op;
    int64_t state_rows, state_bytes;
    int parent = -1;

    if (!stream_lock_open(stream))
        return STATUS_OK;
    for (int i = 0; status == STATUS_OK && stream->dataflow &&
                    (op = dataflow_operator_at(stream->dataflow, i, &parent));
         i++) {
        SystemRow row = {.count = 0};

        system_put_text(&row, stream->relation->name);
        system_put_int8(&row, i);
        system_put_text(&row, op->type->name);
        if (parent >= 0)
            system_put_int8(&row, parent);
        else
            system_put_null(&row, TYPE_INT8);
        system_put_int8(&row, op->metrics.rows_in);
        system_put_int8(&row, op->metrics.rows_out);
        system_put_int8(&row, op->metrics.batches);
        system_put_double(&row, (double) op->metrics.cpu_ns / 1e6);
        state_operator_size(stream->store, op->id, &state_rows, &state_bytes);
        system_put_int8(&row, state_rows);
        system_put_int8(&row, state_bytes);
        system_put_int8(&row, op->metrics.late_rows);
        status = view->scan->emit(view->scan, row.values, err);
    }
    pthread_mutex_unlock(&stream->run_mutex);
    return status;
}

static Status produce_operators(SystemTableScan *scan, Error *err) {
    return visit_streams(scan, visit_operators, err);
}

static const SystemTable table_operators = {"millrace", "operators", operators_columns,
                                            produce_operators};

/* -------- watermarks -------- */

static const SystemColumn watermarks_columns[] = {
    {"stream", TYPE_TEXT},
    {"source", TYPE_TEXT},
    {"partition", TYPE_TEXT},
    {"max_event_time", TYPE_TIMESTAMPTZ},
    {"watermark", TYPE_TIMESTAMPTZ},
    {"caught_up", TYPE_BOOL},
    {"idle", TYPE_BOOL},
    {"holds", TYPE_BOOL},
    {"last_row_at", TYPE_TIMESTAMPTZ},
    {0},
};

static Status emit_watermark(ViewScan *view, const Stream *stream, const StreamScan *scan,
                             int partition, Error *err) {
    const StreamPartition *track = &scan->partitions[partition];
    PartitionState state;
    SystemRow row = {.count = 0};

    scan->type->partition_state(scan->reader, partition, &state);
    system_put_text(&row, stream->relation->name);
    system_put_text(&row, scan->relation->name);
    system_put_text(&row, state.name);
    system_put_time(&row, track->max_event_time_us);
    system_put_time(&row, track->watermark_us);
    system_put_bool(&row, track->position >= track->end && track->is_caught_up);
    system_put_bool(&row, track->is_idle);
    system_put_bool(&row, !track->is_idle && track->watermark_us <= scan->watermark_us &&
                              scan->joint_us <= stream_watermark(stream));
    system_put_time(&row, track->last_row_at);
    return view->scan->emit(view->scan, row.values, err);
}

static Status visit_watermarks(void *data, Stream *stream, Error *err) {
    Status status = STATUS_OK;

    if (!stream_lock_open(stream))
        return STATUS_OK;
    for (int i = 0; i < stream->scan_count && status == STATUS_OK; i++)
        for (int j = 0; j < stream->scans[i].partition_count && status == STATUS_OK; j++)
            if (stream->scans[i].has_watermark)
                status = emit_watermark(data, stream, &stream->scans[i], j, err);
    pthread_mutex_unlock(&stream->run_mutex);
    return status;
}

static Status produce_watermarks(SystemTableScan *scan, Error *err) {
    return visit_streams(scan, visit_watermarks, err);
}

static const SystemTable table_watermarks = {"millrace", "watermarks", watermarks_columns,
                                             produce_watermarks};

/* -------- errors, late_rows -------- */

static const SystemColumn errors_columns[] = {
    {"id", TYPE_INT8},          {"at", TYPE_TIMESTAMPTZ},   {"stream", TYPE_TEXT},
    {"source", TYPE_TEXT},      {"partition", TYPE_TEXT},   {"position", TYPE_TEXT},
    {"column_name", TYPE_TEXT}, {"sqlstate", TYPE_TEXT},    {"message", TYPE_TEXT},
    {"sample", TYPE_TEXT},      {"occurrences", TYPE_INT8}, {0},
};

/* The source a fault is about: by scan when one is named, else the stream's only one. */
static const char *fault_source(const Stream *stream, int scan) {
    int found = 0;

    for (int i = 0; i < stream->relation->dependency_count; i++) {
        const Relation *other =
            catalog_find_id(stream->snapshot, stream->relation->dependencies[i]);

        if (other && other->kind == RELATION_SOURCE && (scan < 0 || found++ == scan))
            return other->name;
    }
    return NULL;
}

static Status emit_error(void *data, const FaultEntry *entry, Error *err) {
    ViewScan *view = data;
    SystemRow row = {.count = 0};
    char partition[16];

    snprintf(partition, sizeof(partition), "%d", entry->partition);
    system_put_int8(&row, entry->id);
    system_put_time(&row, entry->at);
    system_put_text(&row, view->stream->relation->name);
    system_put_text(&row, fault_source(view->stream, entry->scan));
    system_put_text(&row, entry->partition_name[0] ? entry->partition_name : partition);
    system_put_text(&row, entry->position);
    system_put_text(&row, entry->column_name[0] ? entry->column_name : NULL);
    system_put_text(&row, sqlstate_code(entry->sqlstate));
    system_put_text(&row, entry->message);
    system_put_text(&row, entry->sample);
    system_put_int8(&row, entry->occurrences);
    return view->scan->emit(view->scan, row.values, err);
}

static Status visit_errors(void *data, Stream *stream, Error *err) {
    ViewScan view = {((ViewScan *) data)->scan, stream};

    return faults_visit(stream->faults, emit_error, &view, err);
}

static Status produce_errors(SystemTableScan *scan, Error *err) {
    return visit_streams(scan, visit_errors, err);
}

static const SystemTable table_errors = {"millrace", "errors", errors_columns, produce_errors};

static const SystemColumn late_columns[] = {
    {"stream", TYPE_TEXT},
    {"operator", TYPE_INT8},
    {"at", TYPE_TIMESTAMPTZ},
    {"event_time", TYPE_TIMESTAMPTZ},
    {"watermark", TYPE_TIMESTAMPTZ},
    {"sample", TYPE_TEXT},
    {0},
};

/* The number that millrace.operators gives it; NULL when the stream is not open, or planned anew.
 */
static void put_operator(SystemRow *row, const Stream *stream, const char *id_text) {
    const Operator *op;
    int parent = -1;
    char text[sizeof(((LateEntry *) NULL)->operator_name)];

    for (int i = 0; stream->dataflow && (op = dataflow_operator_at(stream->dataflow, i, &parent));
         i++) {
        snprintf(text, sizeof(text), "%016" PRIx64, op->id);
        if (strcmp(text, id_text) == 0) {
            system_put_int8(row, i);
            return;
        }
    }
    system_put_null(row, TYPE_INT8);
}

static Status emit_late(void *data, const LateEntry *entry, Error *err) {
    ViewScan *view = data;
    SystemRow row = {.count = 0};

    system_put_text(&row, view->stream->relation->name);
    put_operator(&row, view->stream, entry->operator_name);
    system_put_time(&row, entry->at);
    system_put_time(&row, entry->event_time);
    system_put_time(&row, entry->watermark);
    system_put_text(&row, entry->sample);
    return view->scan->emit(view->scan, row.values, err);
}

static Status visit_late(void *data, Stream *stream, Error *err) {
    ViewScan view = {((ViewScan *) data)->scan, stream};

    Status status;

    if (!stream_lock_open(stream))
        return STATUS_OK;
    status = faults_visit_late(stream->faults, emit_late, &view, err);
    pthread_mutex_unlock(&stream->run_mutex);
    return status;
}

static Status produce_late(SystemTableScan *scan, Error *err) {
    return visit_streams(scan, visit_late, err);
}

static const SystemTable table_late_rows = {"millrace", "late_rows", late_columns, produce_late};

const SystemTable *const stream_system_tables[] = {
    &table_streams,   &table_progress, &table_operators, &table_watermarks, &table_errors,
    &table_late_rows, &table_sources,  &table_sinks,     &table_kafka_lag,  NULL,
};
