/* Opening a stream: from its catalog row and its checkpoint to something that can run an epoch. */
#include "stream/stream.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/flag.h"
#include "base/log.h"
#include "exec/operators.h"
#include "exec/scan.h"
#include "parser/deparse.h"
#include "store/crash.h"
#include "stream/manager_internal.h"
#include "stream/stream_plan.h"

enum { TARGET_BYTES_FIRST = 64 << 20 };

static TriggerKind trigger_of(const Relation *relation) {
    const char *text = relation->trigger ? relation->trigger : "default";

    if (strncmp(text, "every", 5) == 0)
        return TRIGGER_EVERY;
    if (strcmp(text, "once") == 0)
        return TRIGGER_ONCE;
    if (strcmp(text, "available now") == 0)
        return TRIGGER_AVAILABLE_NOW;
    return strcmp(text, "manual") == 0 ? TRIGGER_MANUAL : TRIGGER_DEFAULT;
}

/* -------- scans -------- */

typedef struct ScanCollector {
    Stream *stream;
    const Plan **scans; /* by scan_ordinal */
    int count;
} ScanCollector;

static void count_scan(const Plan *node, void *data) {
    ScanCollector *collector = data;

    if (node->kind == PLAN_SCAN && node->scan_ordinal >= collector->count)
        collector->count = node->scan_ordinal + 1;
}

static void collect_scan(const Plan *node, void *data) {
    ScanCollector *collector = data;

    if (node->kind == PLAN_SCAN)
        collector->scans[node->scan_ordinal] = node;
}

static void name_partition(FaultEntry *entry, const StreamScan *scan, int partition) {
    if (partition >= 0 && partition < scan->partition_count)
        snprintf(entry->partition_name, sizeof(entry->partition_name), "%.127s",
                 scan->partitions[partition].name);
}

void stream_report_source_fault(void *data, int partition, int64_t offset,
                                const char *position_text, const Error *fault) {
    const StreamScan *scan = data;
    Stream *stream = scan->stream;
    FaultEntry entry = {.at = manager_now_us(stream->manager),
                        .scan = (int) (scan - stream->scans),
                        .partition = partition,
                        .sqlstate = fault->sqlstate};

    name_partition(&entry, scan, partition);
    snprintf(entry.position, sizeof(entry.position), "%.255s", position_text);
    snprintf(entry.message, sizeof(entry.message), "%.255s", fault->message);
    faults_report(stream->faults, &entry);
    flag_set(&stream->has_lost_rows, true);
    log_error(LOG_WARNING, "source", fault);
}

static Status open_scan(Stream *stream, StreamScan *scan, const Plan *node, Error *err) {
    const Relation *relation = node->relation;
    SourceEnvironment environment = {
        .options = &relation->options,
        .format = relation->format,
        .object_id = relation->id,
        .report = stream_report_source_fault,
        .report_data = scan,
        .stream_id = stream->id,
        .cancel = &stream->is_cancelled,
        .clock = stream->clock,
    };

    if (relation->kind != RELATION_SOURCE)
        return error_set(err, FEATURE_NOT_SUPPORTED,
                         "a stream over \"%s\" is not supported: it is not a source",
                         relation->name);
    scan->relation = relation;
    scan->stream = stream;
    scan->node = node;
    scan->type = relation->source;
    scan->has_watermark = node->watermark_column != 0;
    scan->delay_us = node->watermark_delay_us;
    scan->idle_after_us =
        relation->idle_after_us >= 0 ? relation->idle_after_us : relation->source->idle_after_us;
    scan->watermark_us = INT64_MIN;
    scan->close_below = INT64_MIN;
    scan->joint_us = scan->joint_close_below = INT64_MIN;
    scan_set_wants(node, &environment);
    return scan->type->open(&environment, &scan->reader, err);
}

static Status open_scans(Stream *stream, Error *err) {
    ScanCollector collector = {.stream = stream};

    plan_visit(stream->plan, count_scan, &collector);
    collector.scans = arena_new_array(stream->arena, const Plan *, (size_t) collector.count);
    plan_visit(stream->plan, collect_scan, &collector);
    stream->scans = arena_new_array(stream->arena, StreamScan, (size_t) collector.count);
    stream->scan_count = collector.count;
    for (int i = 0; i < collector.count; i++) {
        if (!collector.scans[i])
            return error_set(err, INTERNAL_ERROR, "the plan has no scan %d", i);
        if (open_scan(stream, &stream->scans[i], collector.scans[i], err) != STATUS_OK)
            return error_context(err, "source \"%s\"", collector.scans[i]->relation->name);
    }
    for (int i = 0; i < stream->scan_count; i++)
        for (int j = 0; j < stream->scan_count; j++)
            stream->scans[i].has_others |= j != i && stream->scans[j].has_watermark;
    return STATUS_OK;
}

/* Ask a partition of a source for what comes from `position` on. */
static Status seek(StreamScan *scan, int partition, int64_t position, Error *err) {
    return scan->type->seek ? scan->type->seek(scan->reader, partition, position, err) : STATUS_OK;
}

static Status restore_journal(void *data, int64_t key, const uint8_t *bytes, size_t size_bytes,
                              Error *err) {
    StreamScan *scan = data;

    return scan->type->restore(scan->reader, bytes, size_bytes, err);
}

static StreamPartition new_partition(const Stream *stream, StreamScan *scan, int partition) {
    PartitionState state;

    scan->type->partition_state(scan->reader, partition, &state);
    return (StreamPartition) {
        .position = state.begin,
        .end = state.begin,
        .stop_at = INT64_MAX,
        .max_event_time_us = INT64_MIN,
        .watermark_us = INT64_MIN,
        .last_row_ns = stream->clock->monotonic_ns(stream->clock),
        .last_row_at = INT64_MIN,
        .name = state.name ? arena_strdup(stream->arena, state.name)
                           : arena_printf(stream->arena, "%d", partition),
    };
}

static void grow_partitions(Stream *stream, StreamScan *scan) {
    int count = scan->type->partition_count(scan->reader);
    StreamPartition *grown;

    if (count <= scan->partition_count)
        return;
    grown = arena_new_array(stream->arena, StreamPartition, (size_t) count);
    if (scan->partition_count)
        memcpy(grown, scan->partitions, sizeof(*grown) * (size_t) scan->partition_count);
    for (int i = scan->partition_count; i < count; i++)
        grown[i] = new_partition(stream, scan, i);
    scan->partitions = grown;
    scan->partition_count = count;
}

Status stream_take_partitions(Stream *stream, StreamScan *scan, Error *err) {
    int known = scan->partition_count;

    grow_partitions(stream, scan);
    for (int i = known; i < scan->partition_count; i++)
        TRY(seek(scan, i, scan->partitions[i].position, err));
    return STATUS_OK;
}

/* -------- sinks -------- */

/* The rows that a sink will get. */
typedef struct SinkShape {
    SinkMode mode;
    const PlanColumn *columns;
    uint32_t column_count;
    const int *key_columns;
    int key_count;
} SinkShape;

static Status open_sink(Stream *stream, const SinkShape *shape, int64_t sink_id, Error *err) {
    const Relation *relation = catalog_find_id(stream->snapshot, sink_id);
    DeliverySink *sink = &stream->sinks[stream->sink_count];
    SinkEnvironment environment = {
        .sink_id = sink_id,
        .stream_id = stream->id,
        .stream_name = stream->relation->name,
        .server_id = manager_environment(stream->manager)->server_id,
        .cancel = &stream->is_cancelled,
        .mode = shape->mode,
        .column_count = shape->column_count,
        .key_columns = shape->key_columns,
        .key_count = shape->key_count,
    };
    const char **names = arena_new_array(stream->arena, const char *, shape->column_count);
    SqlType *types = arena_new_array(stream->arena, SqlType, shape->column_count);

    if (!relation)
        return error_set(err, IO_ERROR, "sink %" PRId64 " of stream \"%s\" is not in the catalog",
                         sink_id, stream->relation->name);
    for (uint32_t i = 0; i < shape->column_count; i++) {
        names[i] = shape->columns[i].name;
        types[i] = shape->columns[i].type;
    }
    environment.options = &relation->options;
    environment.format = relation->format;
    environment.names = names;
    environment.types = types;
    memcpy(environment.incarnation, stream->relation->incarnation, INCARNATION_SIZE);
    *sink = (DeliverySink) {.type = relation->sink,
                            .sink_id = relation->id,
                            .name = relation->name,
                            .guarantee = sink_guarantee(relation->sink, &relation->options),
                            .wants_before = sink_capabilities(relation->sink, &relation->options) &
                                            SINK_WANTS_BEFORE};
    stream->sink_count++;
    if (relation->sink->open(&environment, &sink->writer, err) != STATUS_OK)
        return error_context(err, "sink \"%s\"", relation->name);
    return STATUS_OK;
}

static SinkShape query_shape(Stream *stream) {
    static const SinkMode modes[] = {[OUTPUT_APPEND] = SINK_MODE_APPEND,
                                     [OUTPUT_UPDATE] = SINK_MODE_UPDATE,
                                     [OUTPUT_COMPLETE] = SINK_MODE_COMPLETE};
    const ColumnIds *key = &stream->bound.key;
    int *places = arena_new_array(stream->arena, int, (size_t) key->count);

    for (int i = 0; i < key->count; i++)
        places[i] = plan_column_index(stream->plan, key->ids[i]);
    return (SinkShape) {modes[stream->bound.mode], stream->plan->columns,
                        (uint32_t) stream->plan->column_count, places, key->count};
}

static Status open_sinks(Stream *stream, Error *err) {
    static const SinkShape errors = {SINK_MODE_APPEND, error_row_columns, ERROR_ROW_COLUMN_COUNT,
                                     NULL, 0};
    const Relation *relation = stream->relation;
    SinkShape query = query_shape(stream);
    SinkShape late = {SINK_MODE_APPEND, stream->bound.late_columns,
                      (uint32_t) stream->bound.late_column_count, NULL, 0};
    int count = relation->sink_count + relation->error_sink_count;

    stream->sinks = arena_new_array(stream->arena, DeliverySink, (size_t) count + 1);
    for (int i = 0; i < relation->sink_count; i++)
        TRY(open_sink(stream, &query, relation->sink_ids[i], err));
    for (int i = 0; i < relation->error_sink_count; i++)
        TRY(open_sink(stream, &errors, relation->error_sink_ids[i], err));
    if (relation->late_sink_id)
        TRY(open_sink(stream, &late, relation->late_sink_id, err));
    for (int i = 0; i < stream->scan_count; i++) {
        StreamScan *scan = &stream->scans[i];

        scan->error_sink = -1;
        for (int j = relation->sink_count; j < count; j++)
            if (stream->sinks[j].sink_id == scan->relation->error_sink_id)
                scan->error_sink = j;
    }
    return STATUS_OK;
}

typedef struct LateSearch {
    Stream *stream;
    bool is_wrong;
} LateSearch;

/* The step that judges rows, as the stored plan has it, must give what the sink was told. A query
 * of which nothing was left has none. */
static void find_late_columns(const Plan *node, void *data) {
    LateSearch *search = data;
    const StreamPlan *bound = &search->stream->bound;
    int *places;

    if (node->late_columns.count == 0)
        return;
    places = arena_new_array(search->stream->arena, int, (size_t) node->late_columns.count);
    search->is_wrong |= node->late_columns.count != bound->late_column_count;
    for (int i = 0; i < node->late_columns.count && !search->is_wrong; i++) {
        places[i] = plan_column_index(node->children[0], node->late_columns.ids[i]);
        search->is_wrong |= places[i] < 0 || !type_equal(node->children[0]->columns[places[i]].type,
                                                         bound->late_columns[i].type);
    }
    search->stream->late_columns = places;
}

static Status open_late_rows(Stream *stream, DeliverySpec *spec, Error *err) {
    int count = stream->bound.late_column_count;
    LateSearch search = {.stream = stream};
    SqlType *types;

    stream->late_columns = NULL;
    if (!stream->relation->late_sink_id)
        return STATUS_OK;
    types = arena_new_array(stream->arena, SqlType, (size_t) count);
    for (int i = 0; i < count; i++)
        types[i] = stream->bound.late_columns[i].type;
    plan_visit(stream->plan, find_late_columns, &search);
    if (search.is_wrong)
        return error_set(err, IO_ERROR, "the plan in the checkpoint has other late rows");
    spec->late_types = types;
    spec->late_column_count = (uint32_t) count;
    return STATUS_OK;
}

static Status open_delivery(Stream *stream, Error *err) {
    DeliverySpec spec = {
        .mode = stream->bound.mode,
        .plan = stream->plan,
        .key_count = stream->bound.key.count,
        .sinks = stream->sinks,
        .sink_count = stream->sink_count,
        .query_sink_count = stream->relation->sink_count,
        .stream_name = stream->relation->name,
        .account = &stream->account,
        .keeps_result = stream->relation->keeps_result,
        .state = stream->store,
    };
    int *keys = arena_new_array(stream->arena, int, (size_t) spec.key_count);
    Delivery *delivery = NULL;

    for (int i = 0; i < spec.key_count; i++)
        keys[i] = plan_column_index(stream->plan, stream->bound.key.ids[i]);
    spec.key_columns = keys;
    TRY(open_late_rows(stream, &spec, err));
    TRY(delivery_create(&spec, &delivery, err));
    pthread_mutex_lock(&stream->mutex); /* readers of the result pin it under this lock */
    stream->delivery = delivery;
    pthread_mutex_unlock(&stream->mutex);
    return STATUS_OK;
}

/* -------- dataflow -------- */

static void report_bad(void *data, int scan_ordinal, int partition, const char *position,
                       const BadRecord *bad, const Record *record) {
    Stream *stream = data;
    const StreamScan *scan = &stream->scans[scan_ordinal];
    FaultEntry entry = {.at = manager_now_us(stream->manager),
                        .scan = scan_ordinal,
                        .partition = partition,
                        .sqlstate = bad->sqlstate};

    name_partition(&entry, scan, partition);
    snprintf(entry.position, sizeof(entry.position), "%s", position ? position : "");
    snprintf(entry.column_name, sizeof(entry.column_name), "%s",
             bad->column_name ? bad->column_name : "");
    snprintf(entry.message, sizeof(entry.message), "%.255s", bad->message);
    if (record)
        snprintf(entry.sample, sizeof(entry.sample), "%.*s",
                 (int) (record->length < FAULT_SAMPLE_BYTES ? record->length : FAULT_SAMPLE_BYTES),
                 record->data);
    faults_report(stream->faults, &entry);
    if (scan->error_sink >= 0)
        delivery_take_error(stream->delivery, &(ErrorRow) {.sink = scan->error_sink,
                                                           .scan = scan_ordinal,
                                                           .partition = partition,
                                                           .source = scan->relation->name,
                                                           .position = position ? position : "",
                                                           .bad = bad,
                                                           .record = record});
}

static void append_sample(const Batch *batch, uint32_t row, StrBuf *out) {
    for (uint32_t i = 0; i < batch->column_count && out->length < FAULT_SAMPLE_BYTES; i++) {
        strbuf_append_text(out, i ? ", " : "");
        if (column_is_null(&batch->columns[i], row)) {
            strbuf_append_text(out, "NULL");
        } else {
            Value value = column_get(&batch->columns[i], row);

            value_append_text(&value, &form_settings_default, out);
        }
    }
}

/* The one scan below the node; -1: there are several. */
static int scan_below(const Plan *node) {
    while (node->child_count == 1)
        node = node->children[0];
    return node->kind == PLAN_SCAN ? node->scan_ordinal : -1;
}

static void report_row_error(void *data, const Plan *node, const Batch *batch, uint32_t row,
                             const Error *fault) {
    Stream *stream = data;
    FaultEntry entry = {.at = manager_now_us(stream->manager),
                        .scan = scan_below(node),
                        .sqlstate = fault->sqlstate};
    StrBuf sample = {0};

    append_sample(batch, row, &sample);
    snprintf(entry.position, sizeof(entry.position), "%s", operator_type_of(node->kind)->name);
    snprintf(entry.message, sizeof(entry.message), "%.255s", fault->message);
    snprintf(entry.sample, sizeof(entry.sample), "%.*s", FAULT_SAMPLE_BYTES, strbuf_text(&sample));
    strbuf_done(&sample);
    faults_report(stream->faults, &entry);
}

static void report_late(void *data, const Operator *op, const Batch *batch, uint32_t row,
                        int64_t event_time_us, int64_t watermark_us) {
    Stream *stream = data;
    LateEntry entry = {.at = manager_now_us(stream->manager),
                       .event_time = event_time_us,
                       .watermark = watermark_us};
    StrBuf sample = {0};

    append_sample(batch, row, &sample);
    snprintf(entry.operator_name, sizeof(entry.operator_name), "%016" PRIx64, op->id);
    snprintf(entry.sample, sizeof(entry.sample), "%.*s", FAULT_SAMPLE_BYTES, strbuf_text(&sample));
    strbuf_done(&sample);
    faults_report_late(stream->faults, &entry);
    if (stream->late_columns)
        delivery_take_late(stream->delivery, batch, stream->late_columns, row, event_time_us);
}

static Status open_dataflow(Stream *stream, Error *err) {
    ExecEnvironment environment = *manager_environment(stream->manager)->exec;
    SourceReader **readers =
        arena_new_array(stream->arena, SourceReader *, (size_t) stream->scan_count);
    const SourceType **types =
        arena_new_array(stream->arena, const SourceType *, (size_t) stream->scan_count);
    StreamReport *report = arena_new(stream->arena, StreamReport);

    *report =
        (StreamReport) {.data = stream,
                        .bad = report_bad,
                        .late = report_late,
                        .row_error = stream->bound.skips_row_errors ? report_row_error : NULL};
    environment.account = &stream->account;
    for (int i = 0; i < stream->scan_count; i++) {
        readers[i] = stream->scans[i].reader;
        types[i] = stream->scans[i].type;
    }
    return dataflow_open(&(DataflowSpec) {.plan = stream->plan,
                                          .environment = &environment,
                                          .state = stream->store,
                                          .readers = readers,
                                          .types = types,
                                          .report = report},
                         &stream->dataflow, err);
}

/* -------- recovery -------- */

static void restore_scan(Stream *stream, StreamScan *scan, const HeaderScan *stored) {
    scan->close_below = stored->close_below;
    scan->joint_us = scan->joint_close_below = stored->joint_close_below;
    for (int i = 0; i < stored->partition_count && i < scan->partition_count; i++) {
        const HeaderPartition *from = &stored->partitions[i];
        StreamPartition *track = &scan->partitions[i];

        track->position = from->to;
        track->max_event_time_us = from->max_event_time_us;
        track->watermark_us = from->watermark_us;
        track->is_idle = from->is_idle;
    }
    scan->watermark_us = scan->close_below;
    watermark_combine(scan);
}

static Status check_header(Stream *stream, const EpochHeader *header, Error *err) {
    char name[IDENTIFIER_SQL_SIZE];

    if (header->stream_id != stream->id ||
        memcmp(header->incarnation, stream->relation->incarnation, INCARNATION_SIZE) != 0)
        return error_set(err, IO_ERROR, "checkpoint of stream \"%s\" is of another incarnation",
                         stream->relation->name);
    if (header->scan_count != stream->scan_count ||
        header->plan_fingerprint != stream->plan_fingerprint) {
        IGNORE(error_set(err, IO_ERROR, "stream \"%s\" was planned differently before this start",
                         stream->relation->name));
        return error_hint(err, "ALTER STREAM %s RESTART FROM SCRATCH",
                          identifier_to_sql(stream->relation->name, name));
    }
    return STATUS_OK;
}

/* A transactional sink's marker against the checkpoint: same epoch, or ahead by what the checkpoint
 * need not have: one, or all since the last one that was not deferred. */
static Status check_marker(Stream *stream, DeliverySink *sink, int64_t epoch,
                           EpochHeader **ret_ahead, Error *err) {
    StrBuf bytes = {0};
    EpochHeader *marker = NULL;
    Status status = sink->type->read_marker(sink->writer, &bytes, err);

    if (status == STATUS_OK && bytes.length)
        status =
            header_parse((const uint8_t *) bytes.data, bytes.length, stream->arena, &marker, err);
    strbuf_done(&bytes);
    if (status != STATUS_OK)
        return status;
    if (!marker && epoch > 0) {
        IGNORE(error_set(err, IO_ERROR,
                         "sink \"%s\" holds no epoch of the stream, the checkpoint epoch %" PRId64,
                         sink->name, epoch));
        return error_hint(err, "An old copy of the sink's data seems to be restored.");
    }
    if (!marker ||
        (marker->epoch == epoch &&
         memcmp(marker->incarnation, stream->relation->incarnation, INCARNATION_SIZE) == 0))
        return STATUS_OK;
    TRY(check_header(stream, marker, err));
    if (marker->epoch == epoch + 1 || (marker->epoch > epoch && stream_may_defer(stream))) {
        sink->has_epoch = true;
        *ret_ahead = marker;
        return STATUS_OK;
    }
    IGNORE(error_set(err, IO_ERROR,
                     "sink \"%s\" holds epoch %" PRId64 ", the checkpoint epoch %" PRId64,
                     sink->name, marker->epoch, epoch));
    return error_hint(err, "An old copy of the data directory seems to be restored.");
}

static Status recover_sinks(Stream *stream, const CheckpointState *state, EpochHeader **ret_ahead,
                            Error *err) {
    for (int i = 0; i < stream->sink_count; i++) {
        DeliverySink *sink = &stream->sinks[i];
        StateBytes receipt = {0};

        if (i < state->sink_count)
            receipt = state->receipts[i];
        if (sink->type->recover(sink->writer, state->epoch, receipt.data, receipt.size_bytes,
                                err) != STATUS_OK)
            return error_context(err, "sink \"%s\"", sink->name);
        if (sink->guarantee == SINK_TRANSACTIONAL)
            TRY(check_marker(stream, sink, state->epoch, ret_ahead, err));
    }
    return STATUS_OK;
}

/* What the journals name goes on from where the checkpoint stands. */
static Status seek_all(Stream *stream, Error *err) {
    for (int i = 0; i < stream->scan_count; i++) {
        StreamScan *scan = &stream->scans[i];

        for (int j = 0; j < scan->partition_count; j++)
            if (seek(scan, j, scan->partitions[j].position, err) != STATUS_OK)
                return error_context(err, "source \"%s\"", scan->relation->name);
    }
    return STATUS_OK;
}

static Status take_progress(void *data, const ProgressRow *row, Error *err) {
    stream_remember_progress(data, row);
    return STATUS_OK;
}

static Status recover(Stream *stream, Error *err) {
    CheckpointState state;
    EpochHeader *after = NULL;
    EpochHeader *ahead = NULL;

    TRY(checkpoint_load(stream->checkpoint, stream->arena, &state, err));
    for (int i = 0; i < stream->scan_count; i++) {
        TRY(checkpoint_visit_journal(stream->checkpoint, i, restore_journal, &stream->scans[i],
                                     err));
        grow_partitions(stream, &stream->scans[i]);
    }
    if (state.epoch > 0) {
        /* The last receipt is ours: the header as it stands after the epoch. */
        StateBytes outcome =
            state.sink_count > 0 ? state.receipts[state.sink_count - 1] : (StateBytes) {0};

        TRY(header_parse(outcome.data, outcome.size_bytes, stream->arena, &after, err));
        TRY(check_header(stream, after, err));
        for (int i = 0; i < stream->scan_count; i++)
            restore_scan(stream, &stream->scans[i], &after->scans[i]);
        watermark_join(stream->scans, stream->scan_count);
        state.sink_count--;
    }
    TRY(recover_sinks(stream, &state, &ahead, err));
    stream->stored_state = state.is_paused     ? STREAM_PAUSED
                           : state.is_finished ? STREAM_FINISHED
                                               : STREAM_RUNNING;
    pthread_mutex_lock(&stream->mutex);
    stream->epoch = state.epoch;
    if (after)
        stream->totals = (StreamTotals) {after->rows_in, after->rows_out, after->late_rows,
                                         after->late_windows, after->bad_rows};
    pthread_mutex_unlock(&stream->mutex);
    stream_forget_progress(stream); /* the checkpoint has it all */
    TRY(checkpoint_visit_progress(stream->checkpoint, take_progress, stream, err));
    if (ahead)
        TRY(stream_prepare_rerun(stream, ahead, err));
    TRY(seek_all(stream, err));
    crash_point(CRASH_RECOVERED);
    if (ahead)
        TRY(stream_rerun_epoch(stream, ahead, err));
    return STATUS_OK;
}

/* -------- opening and closing -------- */

Status stream_open_checkpoint(Stream *stream, Checkpoint **ret_checkpoint, Error *err) {
    CheckpointIdentity identity = {.stream_id = stream->id};

    memcpy(identity.incarnation, stream->relation->incarnation, INCARNATION_SIZE);
    return checkpoint_open(stream->folder, &identity, ret_checkpoint, err);
}

static Status open_all(Stream *stream, Error *err) {
    TRY(stream_open_checkpoint(stream, &stream->checkpoint, err));
    TRY(stream_make_plan(stream, err));
    stream->store = state_store_create(&stream->account, LIMIT_STATE_PARTITIONS);
    TRY(checkpoint_restore_state(stream->checkpoint, stream->store, &stream->is_cancelled, err));
    TRY(open_scans(stream, err));
    TRY(open_sinks(stream, err));
    TRY(open_delivery(stream, err));
    TRY(open_dataflow(stream, err));
    TRY(recover(stream, err));
    stream->deferral.is_allowed = stream_may_defer(stream);
    return STATUS_OK;
}

Status stream_open(Stream *stream, Error *err) {
    assert(!stream->is_open);
    TRY(relation_check_sound(stream->relation, 0, err));
    stream->arena = arena_create("stream", 0);
    stream->trigger = trigger_of(stream->relation);
    stream->trigger_us = stream->relation->trigger_interval_us;
    stream->target_bytes = TARGET_BYTES_FIRST;
    stream->is_open = true;
    stream->is_torn = false;
    memory_account_init(&stream->account, "the stream",
                        manager_environment(stream->manager)->exec->account, 0);
    if (open_all(stream, err) != STATUS_OK) {
        stream_close(stream);
        return error_context(err, "stream \"%s\"", stream->relation->name);
    }
    return STATUS_OK;
}

/* After an error, too: its rows are out. A restart repeats them when this fails. */
static void close_deferral(Stream *stream) {
    Error error;

    if (stream->checkpoint && stream_write_deferred(stream, &error) != STATUS_OK)
        log_error(LOG_WARNING, "stream", &error);
    deferral_done(&stream->deferral);
}

void stream_close(Stream *stream) {
    if (!stream->is_open)
        return;
    close_deferral(stream);
    stream->dataflow = dataflow_close(stream->dataflow);
    pthread_mutex_lock(&stream->mutex); /* readers of the result pin it under this lock */
    stream->delivery = delivery_destroy(stream->delivery);
    pthread_mutex_unlock(&stream->mutex);
    for (int i = 0; i < stream->sink_count; i++)
        if (stream->sinks[i].writer)
            stream->sinks[i].type->close(stream->sinks[i].writer);
    for (int i = 0; i < stream->scan_count; i++)
        if (stream->scans[i].reader)
            stream->scans[i].type->close(stream->scans[i].reader);
    stream->sink_count = stream->scan_count = 0;
    stream->sinks = NULL;
    stream->scans = NULL;
    stream->store = state_store_destroy(stream->store);
    stream->checkpoint = checkpoint_close(stream->checkpoint);
    stream->arena = arena_destroy(stream->arena);
    stream->is_open = false;
}
