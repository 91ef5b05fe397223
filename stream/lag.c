/* millrace.kafka_lag: how far streams are behind what brokers hold, per partition.
 *
 * For sources that live elsewhere (they can be asked for their latest ends). The rows are noted by
 * the stream's job each time it has run, so that reading the view waits for no epoch and no broker,
 * and a stream that waits shows where it stood. */
#include <string.h>

#include "base/memory.h"
#include "connector/system_row.h"
#include "stream/manager_internal.h"

struct LagRow {
    const char *source; /* the catalog's */
    char *topic;
    int32_t partition;
    int64_t position, known_end;
};

static void forget_rows(Stream *stream) {
    for (int i = 0; i < stream->lag_count; i++)
        memory_free(stream->lag[i].topic);
    memory_free(stream->lag);
    stream->lag = NULL;
    stream->lag_count = 0;
}

void stream_forget_lag(Stream *stream) {
    pthread_mutex_lock(&stream->mutex);
    forget_rows(stream);
    pthread_mutex_unlock(&stream->mutex);
}

static bool has_lag(const StreamScan *scan) {
    return scan->type->latest_ends != NULL;
}

static int count_rows(const Stream *stream) {
    int count = 0;

    for (int i = 0; i < stream->scan_count; i++)
        count += has_lag(&stream->scans[i]) ? stream->scans[i].partition_count : 0;
    return count;
}

/* Under the mutex. Partitions are never fewer and keep their names while the stream is open. */
static void note_scan(LagRow *rows, const StreamScan *scan) {
    for (int i = 0; i < scan->partition_count; i++) {
        LagRow *row = &rows[i];
        PartitionState state;

        scan->type->partition_state(scan->reader, i, &state);
        if (!row->topic) {
            row->topic = memory_strdup(state.topic ? state.topic : state.name);
            row->partition = state.topic ? state.number : i;
            row->source = scan->relation->name;
        }
        row->position = scan->partitions[i].position;
        row->known_end = state.known_end;
    }
}

void stream_note_lag(Stream *stream) {
    int count = count_rows(stream);
    LagRow *next;

    if (!stream->is_open || count == 0)
        return;
    pthread_mutex_lock(&stream->mutex);
    if (count != stream->lag_count) {
        forget_rows(stream);
        stream->lag = memory_zalloc(sizeof(LagRow) * (size_t) count);
        stream->lag_count = count;
    }
    next = stream->lag;
    for (int i = 0; i < stream->scan_count; i++)
        if (has_lag(&stream->scans[i])) {
            note_scan(next, &stream->scans[i]);
            next += stream->scans[i].partition_count;
        }
    pthread_mutex_unlock(&stream->mutex);
}

/* -------- the view -------- */

static const SystemColumn lag_columns[] = {
    {"stream", TYPE_TEXT},   {"source", TYPE_TEXT},
    {"topic", TYPE_TEXT},    {"partition", TYPE_INT4},
    {"position", TYPE_INT8}, {"end_offset", TYPE_INT8},
    {"lag", TYPE_INT8},      {0},
};

static Status emit_lag(SystemTableScan *scan, const Stream *stream, const LagRow *lag, Error *err) {
    SystemRow row = {.count = 0};

    system_put_text(&row, stream->relation->name);
    system_put_text(&row, lag->source);
    system_put_text(&row, lag->topic);
    system_put(&row, value_int4(lag->partition));
    system_put_int8(&row, lag->position);
    system_put_int8(&row, lag->known_end);
    system_put_int8(&row, lag->known_end > lag->position ? lag->known_end - lag->position : 0);
    return scan->emit(scan, row.values, err);
}

static Status visit_lag(void *data, Stream *stream, Error *err) {
    Status status = STATUS_OK;

    pthread_mutex_lock(&stream->mutex);
    for (int i = 0; i < stream->lag_count && status == STATUS_OK; i++)
        status = emit_lag(data, stream, &stream->lag[i], err);
    pthread_mutex_unlock(&stream->mutex);
    return status;
}

static Status produce_lag(SystemTableScan *scan, Error *err) {
    if (!scan->server || !scan->server->streams)
        return STATUS_OK;
    return manager_visit(scan->server->streams, visit_lag, scan, err);
}

const SystemTable table_kafka_lag = {"millrace", "kafka_lag", lag_columns, produce_lag};
