/* The epoch protocol: choose, execute, prepare, decide, publish (docs/architecture.md).
 *
 * Before decide nothing is visible, so an undecided epoch is forgotten and chosen anew: abort()
 * puts the state, the sinks and the dataflow back. After decide the epoch has happened; publish is
 * idempotent and repeated by recovery. An epoch without input, without a watermark move and without
 * a due roll is not run at all. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/flag.h"
#include "base/log.h"
#include "store/crash.h"
#include "stream/manager_internal.h"
#include "stream/stream.h"

enum {
    TARGET_BYTES_MAX = 256 << 20,
    PIECE_BYTES = 16 << 20, /* of epochs run again, per partition */
    PIECE_RECORDS = 1 << 16,
    EPOCH_LONG_MS = 2000, /* under backlog epochs shrink when they take longer */
    BACKLOG_DECIDES = 10, /* and grow while they are shorter than this many commits */
};

/* One epoch under way. */
typedef struct EpochRun {
    Stream *stream;
    Arena *arena;
    EpochHeader *header;
    ScanRange *ranges;
    ScanStats *stats;
    int range_count;
    StrBuf *receipts; /* sink_count + 1: the last is the header after the epoch */
    StrBuf header_bytes;
    StrBuf changelog;
    ProgressRow progress;
    StreamTotals totals; /* of this epoch alone */
    int64_t mark_ns;     /* when the phase under way began */
    int64_t cpu_ns;
    bool has_backlog;
    bool is_rerun; /* by a marker: rows that are gone can't be left out */
    bool is_piece; /* of a rerun: the last one decides for all */
} EpochRun;

static double phase_ms(EpochRun *run) {
    Context *clock = run->stream->clock;
    int64_t now_ns = clock->monotonic_ns(clock);
    double ms = (double) (now_ns - run->mark_ns) / 1e6;

    run->mark_ns = now_ns;
    return ms;
}

/* -------- what is chosen -------- */

static void collect_ranges(EpochRun *run) {
    int count = 0;

    for (int i = 0; i < run->header->scan_count; i++)
        count += run->header->scans[i].partition_count;
    run->ranges = arena_new_array(run->arena, ScanRange, (size_t) count);
    run->stats = arena_new_array(run->arena, ScanStats, (size_t) count);
    for (int i = 0; i < run->header->scan_count; i++)
        for (int j = 0; j < run->header->scans[i].partition_count; j++) {
            const HeaderPartition *partition = &run->header->scans[i].partitions[j];

            if (partition->from >= partition->to)
                continue;
            run->stats[run->range_count].max_event_time_us = INT64_MIN;
            run->ranges[run->range_count++] = (ScanRange) {i, j, partition->from, partition->to};
        }
}

static bool watermark_moved(const EpochRun *run) {
    if (!run->stream->uses_watermark)
        return false;
    for (int i = 0; i < run->header->scan_count; i++)
        if (run->header->scans[i].close_below > run->header->scans[i].late_below ||
            run->header->scans[i].joint_close_below > run->header->scans[i].joint_late_below)
            return true;
    return false;
}

static bool roll_is_due(Stream *stream) {
    for (int i = 0; i < stream->sink_count; i++) {
        const DeliverySink *sink = &stream->sinks[i];
        int64_t due = sink->type->roll_due_us ? sink->type->roll_due_us(sink->writer) : -1;

        if (due == 0 || (due > 0 && stream->must_roll))
            return true;
    }
    return false;
}

/* -------- execute -------- */

/* rows_in: what scans and filters were given, rows_out: what they gave on. */
static void collect_metrics(Stream *stream, StreamTotals *totals) {
    const Operator *op;

    *totals = (StreamTotals) {0};
    for (int i = 0; (op = dataflow_operator_at(stream->dataflow, i, NULL)); i++) {
        totals->late_rows += op->metrics.late_rows;
        totals->late_windows += op->metrics.late_windows;
        totals->bad_rows += op->metrics.bad_rows;
        if (op->node->kind == PLAN_SCAN)
            totals->rows_out += op->metrics.rows_out;
    }
}

/* Nothing is dropped silently: what was read was bad, filtered out, or went on to operators, which
 * keep it or count it as late. */
static void check_accounts(const EpochRun *run, int64_t scanned_rows) {
    int64_t accounted = scanned_rows;

    for (int i = 0; i < run->range_count; i++)
        accounted += run->stats[i].bad_rows + run->stats[i].filtered_rows;
    DEBUG_ASSERT(accounted == run->totals.rows_in);
}

static Status execute(EpochRun *run, Error *err) {
    Stream *stream = run->stream;
    int64_t *late = arena_new_array(run->arena, int64_t, (size_t) stream->scan_count);
    int64_t *close = arena_new_array(run->arena, int64_t, (size_t) stream->scan_count);
    int64_t *joint_late = arena_new_array(run->arena, int64_t, (size_t) stream->scan_count);
    int64_t *joint_close = arena_new_array(run->arena, int64_t, (size_t) stream->scan_count);
    StreamTotals before;
    StreamTotals after;
    Epoch epoch = {
        .number = run->header->epoch,
        .eval = {.settings = &stream->forms,
                 .now_us = run->header->wall_us,
                 .wall_us = run->header->wall_us,
                 .seed = run->header->seed,
                 .user_name = "",
                 .database_name = ""},
        .late_below = late,
        .close_below = close,
        .joint_late_below = joint_late,
        .joint_close_below = joint_close,
        .scan_count = stream->scan_count,
        .watermark_is_max = stream->bound.watermark_is_max,
        .cancel = &stream->is_cancelled,
    };

    for (int i = 0; i < stream->scan_count; i++) {
        late[i] = run->header->scans[i].late_below;
        close[i] = run->header->scans[i].close_below;
        joint_late[i] = run->header->scans[i].joint_late_below;
        joint_close[i] = run->header->scans[i].joint_close_below;
    }
    collect_metrics(stream, &before);
    state_begin_epoch(stream->store);
    TRY(delivery_begin(stream->delivery, run->header, err));
    TRY(dataflow_run_epoch(stream->dataflow, &epoch, run->ranges, run->range_count, run->stats,
                           delivery_receiver(stream->delivery), err));
    TRY(delivery_finish(stream->delivery, err));
    collect_metrics(stream, &after);
    run->totals.late_rows = after.late_rows - before.late_rows;
    run->totals.late_windows = after.late_windows - before.late_windows;
    run->totals.bad_rows = after.bad_rows - before.bad_rows;
    run->totals.rows_out = delivery_row_count(stream->delivery);
    for (int i = 0; i < run->range_count; i++) {
        run->totals.rows_in += run->stats[i].rows_in;
        run->totals.bad_rows += run->stats[i].bad_rows;
    }
    check_accounts(run, after.rows_out - before.rows_out);
    crash_point(CRASH_EPOCH_EXECUTED);
    return STATUS_OK;
}

/* -------- prepare -------- */

static Status mark_sink(EpochRun *run, DeliverySink *sink, Error *err) {
    if (sink->guarantee != SINK_TRANSACTIONAL)
        return STATUS_OK;
    return sink->type->mark(sink->writer, (const uint8_t *) run->header_bytes.data,
                            run->header_bytes.length, err);
}

static Status prepare_sinks(EpochRun *run, Error *err) {
    Stream *stream = run->stream;

    for (int i = 0; i < stream->sink_count; i++) {
        DeliverySink *sink = &stream->sinks[i];

        if (sink->has_epoch)
            continue;
        if (mark_sink(run, sink, err) != STATUS_OK)
            return error_context(err, "sink \"%s\"", sink->name);
        if (sink->type->prepare(sink->writer, stream->must_roll, &run->receipts[i], err) !=
            STATUS_OK)
            return error_context(err, "sink \"%s\"", sink->name);
    }
    crash_point(CRASH_SINK_PREPARED);
    return STATUS_OK;
}

/* -------- decide -------- */

/* The header as it stands after the epoch: positions, watermarks, totals. What recovery starts
 * from. */
static void append_outcome(EpochRun *run) {
    Stream *stream = run->stream;
    EpochHeader after = *run->header;

    after.scans = arena_memdup(run->arena, run->header->scans,
                               sizeof(HeaderScan) * (size_t) run->header->scan_count);
    for (int i = 0; i < after.scan_count; i++) {
        const StreamScan *scan = &stream->scans[i];

        after.scans[i].partitions =
            arena_new_array(run->arena, HeaderPartition, (size_t) after.scans[i].partition_count);
        for (int j = 0; j < after.scans[i].partition_count; j++) {
            const StreamPartition *track = &scan->partitions[j];

            after.scans[i].partitions[j] = (HeaderPartition) {
                .from = track->position,
                .to = track->position,
                .max_event_time_us = track->max_event_time_us,
                .watermark_us = track->watermark_us,
                .is_idle = track->is_idle,
            };
        }
    }
    after.rows_in = stream->totals.rows_in + run->totals.rows_in;
    after.rows_out = stream->totals.rows_out + run->totals.rows_out;
    after.late_rows = stream->totals.late_rows + run->totals.late_rows;
    after.late_windows = stream->totals.late_windows + run->totals.late_windows;
    after.bad_rows = stream->totals.bad_rows + run->totals.bad_rows;
    header_append(&after, &run->receipts[stream->sink_count]);
}

static Status decide_transactional(EpochRun *run, Error *err) {
    Stream *stream = run->stream;

    for (int i = 0; i < stream->sink_count; i++) {
        DeliverySink *sink = &stream->sinks[i];

        if (sink->guarantee != SINK_TRANSACTIONAL || sink->has_epoch)
            continue;
        if (sink->type->decide(sink->writer, run->header->epoch, err) != STATUS_OK)
            return error_context(err, "sink \"%s\"", sink->name);
        crash_point(CRASH_SINK_DECIDED);
    }
    return STATUS_OK;
}

int64_t stream_watermark(const Stream *stream) {
    int64_t lowest = INT64_MAX;

    for (int i = 0; i < stream->scan_count; i++)
        if (stream->scans[i].has_watermark && stream->scans[i].joint_us < lowest)
            lowest = stream->scans[i].joint_us;
    return lowest == INT64_MAX ? INT64_MIN : lowest;
}

static void measure_state(EpochRun *run) {
    Stream *stream = run->stream;

    run->progress.state_rows = state_store_row_count(stream->store);
    run->progress.state_bytes = state_store_size_bytes(stream->store);
}

static void fill_progress(EpochRun *run, StrBuf *offsets) {
    Stream *stream = run->stream;
    const char **names = arena_new_array(run->arena, const char *, (size_t) stream->scan_count);
    ProgressRow *row = &run->progress;

    for (int i = 0; i < stream->scan_count; i++)
        names[i] = stream->scans[i].relation->name;
    header_append_offsets_json(run->header, names, offsets);
    row->epoch = run->header->epoch;
    row->started_at = run->header->wall_us;
    row->rows_in = run->totals.rows_in;
    row->rows_out = run->totals.rows_out;
    row->late_rows = run->totals.late_rows;
    row->late_windows = run->totals.late_windows;
    row->bad_rows = run->totals.bad_rows;
    row->watermark = stream_watermark(stream);
    row->changelog_bytes = (int64_t) run->changelog.length;
    row->cpu_ms = (double) (clock_cpu_ns() - run->cpu_ns) / 1e6;
    row->offsets = strbuf_text(offsets);
    measure_state(run);
}

/* A restart repeats the epoch rather than that rows wait for the disk (deferral.h). */
static bool may_be_repeated(const EpochRun *run) {
    const Stream *stream = run->stream;

    return stream->deferral.is_allowed && run->changelog.length == 0 &&
           stream->trigger == TRIGGER_DEFAULT && !stream->must_roll;
}

/* On disk, or where it will be told soon. */
static Status keep_decision(EpochRun *run, const EpochRecord *record, Error *err) {
    Stream *stream = run->stream;
    int64_t bytes = 0;

    if (may_be_repeated(run) && deferral_may_keep(&stream->deferral, run->mark_ns)) {
        deferral_keep(&stream->deferral, record);
        return STATUS_OK;
    }
    if (may_be_repeated(run))
        TRY(checkpoint_decide_lazily(stream->checkpoint, record, stream->store, err));
    else
        TRY(checkpoint_decide(stream->checkpoint, record, stream->store, &bytes, err));
    deferral_forget(&stream->deferral, run->mark_ns);
    crash_point(CRASH_AFTER_DECIDE);
    return STATUS_OK;
}

static Status decide(EpochRun *run, StrBuf *offsets, Error *err) {
    Stream *stream = run->stream;
    EpochRecord record = {
        .epoch = run->header->epoch,
        .header = &run->header_bytes,
        .sink_count = stream->sink_count + 1,
        .receipts = run->receipts,
        .changelog = &run->changelog,
        .progress = &run->progress,
    };

    TRY(decide_transactional(run, err));
    append_outcome(run);
    fill_progress(run, offsets);
    return run->is_piece ? STATUS_OK : keep_decision(run, &record, err);
}

Status stream_write_deferred(Stream *stream, Error *err) {
    EpochRecord record;
    int64_t bytes = 0;

    if (!deferral_record(&stream->deferral, &record))
        return STATUS_OK;
    TRY(checkpoint_decide(stream->checkpoint, &record, stream->store, &bytes, err));
    deferral_forget(&stream->deferral, stream->clock->monotonic_ns(stream->clock));
    crash_point(CRASH_AFTER_DECIDE);
    return STATUS_OK;
}

Status stream_write_due(Stream *stream, int64_t now_ns, Error *err) {
    EpochRecord record;

    if (now_ns < deferral_due_ns(&stream->deferral) || !deferral_record(&stream->deferral, &record))
        return STATUS_OK;
    TRY(checkpoint_decide_lazily(stream->checkpoint, &record, stream->store, err));
    deferral_forget(&stream->deferral, now_ns);
    crash_point(CRASH_AFTER_DECIDE);
    return STATUS_OK;
}

/* -------- publish -------- */

static Status publish(EpochRun *run, Error *err) {
    Stream *stream = run->stream;

    for (int i = 0; i < stream->sink_count; i++) {
        DeliverySink *sink = &stream->sinks[i];
        const StrBuf *receipt = &run->receipts[i];

        sink->has_epoch = false;
        if (sink->type->publish(sink->writer, run->header->epoch,
                                (const uint8_t *) strbuf_text(receipt), receipt->length,
                                err) != STATUS_OK)
            return error_context(err, "sink \"%s\"", sink->name);
    }
    crash_point(CRASH_AFTER_PUBLISH);
    return STATUS_OK;
}

/* -------- the whole -------- */

static void advance(EpochRun *run) {
    Stream *stream = run->stream;
    int64_t now_ns = stream->clock->monotonic_ns(stream->clock);

    for (int i = 0; i < run->range_count; i++) {
        const ScanRange *range = &run->ranges[i];

        watermark_advance(&stream->scans[range->scan_ordinal], range, &run->stats[i], now_ns,
                          run->header->wall_us);
        stream->scans[range->scan_ordinal].rows_since_ns = 0;
    }
    for (int i = 0; i < stream->scan_count; i++) {
        stream->scans[i].close_below = run->header->scans[i].close_below;
        stream->scans[i].joint_close_below = run->header->scans[i].joint_close_below;
        watermark_combine(&stream->scans[i]);
    }
    watermark_join(stream->scans, stream->scan_count);
}

static void remember(EpochRun *run) {
    Stream *stream = run->stream;

    pthread_mutex_lock(&stream->mutex);
    stream->epoch = run->header->epoch;
    stream->totals.rows_in += run->totals.rows_in;
    stream->totals.rows_out += run->totals.rows_out;
    stream->totals.late_rows += run->totals.late_rows;
    stream->totals.late_windows += run->totals.late_windows;
    stream->totals.bad_rows += run->totals.bad_rows;
    stream->state_rows = run->progress.state_rows;
    stream->state_bytes = run->progress.state_bytes;
    if (stream->steps_wanted > 0 && run->range_count > 0)
        stream->steps_wanted--;
    pthread_mutex_unlock(&stream->mutex);
}

/* Sources may forget what was decided. */
static void trim_sources(const EpochRun *run) {
    for (int i = 0; i < run->range_count; i++) {
        const ScanRange *range = &run->ranges[i];
        const StreamScan *scan = &run->stream->scans[range->scan_ordinal];

        if (scan->type->trim)
            scan->type->trim(scan->reader, range->partition, range->to);
    }
}

/* Put everything back to where the epoch began. The scans' tracks are saved by the caller. */
static void abort_epoch(EpochRun *run) {
    Stream *stream = run->stream;
    Error ignored;

    dataflow_abort(stream->dataflow);
    delivery_abort(stream->delivery);
    for (int i = 0; i < stream->sink_count; i++)
        if (stream->sinks[i].type->abort(stream->sinks[i].writer, &ignored) != STATUS_OK) {
            log_error(LOG_WARNING, "sink", &ignored);
            stream->is_torn = true;
        }
    state_abort(stream->store);
    faults_abort(stream->faults);
}

/* What advance() changes, to be put back when decide fails. */
typedef struct ScanTracks {
    StreamPartition *partitions;
    int64_t watermark_us, close_below, joint_us, joint_close_below;
} ScanTracks;

static ScanTracks *save_tracks(EpochRun *run) {
    Stream *stream = run->stream;
    ScanTracks *saved = arena_new_array(run->arena, ScanTracks, (size_t) stream->scan_count);

    for (int i = 0; i < stream->scan_count; i++) {
        const StreamScan *scan = &stream->scans[i];

        saved[i] = (ScanTracks) {
            arena_memdup(run->arena, scan->partitions,
                         sizeof(StreamPartition) * (size_t) scan->partition_count),
            scan->watermark_us, scan->close_below, scan->joint_us, scan->joint_close_below};
    }
    return saved;
}

static void restore_tracks(EpochRun *run, const ScanTracks *saved) {
    Stream *stream = run->stream;

    for (int i = 0; i < stream->scan_count; i++) {
        StreamScan *scan = &stream->scans[i];

        memcpy(scan->partitions, saved[i].partitions,
               sizeof(StreamPartition) * (size_t) scan->partition_count);
        scan->watermark_us = saved[i].watermark_us;
        scan->close_below = saved[i].close_below;
        scan->joint_us = saved[i].joint_us;
        scan->joint_close_below = saved[i].joint_close_below;
    }
}

/* Up to the decision: an error here is followed by abort_epoch. */
static Status run_to_decision(EpochRun *run, StrBuf *offsets, Error *err) {
    Stream *stream = run->stream;
    ScanTracks *saved = save_tracks(run);

    crash_point(CRASH_EPOCH_CHOSEN);
    flag_set(&stream->has_lost_rows, false);
    TRY(execute(run, err));
    if (run->is_rerun && flag_get(&stream->has_lost_rows))
        return error_set(err, IO_ERROR,
                         "the rows of epoch %" PRId64
                         " can't be read again, and a sink holds them already",
                         run->header->epoch);
    run->progress.execute_ms = phase_ms(run);
    header_append(run->header, &run->header_bytes);
    TRY(prepare_sinks(run, err));
    run->progress.prepare_ms = phase_ms(run);
    if (state_has_tables(stream->store))
        state_append_changelog(stream->store, &run->changelog);
    advance(run);
    if (decide(run, offsets, err) != STATUS_OK) {
        restore_tracks(run, saved);
        return STATUS_ERROR;
    }
    run->progress.decide_ms = phase_ms(run);
    return STATUS_OK;
}

static void adapt_target(EpochRun *run) {
    Stream *stream = run->stream;
    double length_ms = run->progress.execute_ms + run->progress.prepare_ms;

    if (run->has_backlog && length_ms > EPOCH_LONG_MS)
        stream->target_bytes /= 2;
    else if (run->has_backlog && stream->target_bytes < TARGET_BYTES_MAX &&
             (length_ms < BACKLOG_DECIDES * run->progress.decide_ms ||
              length_ms < EPOCH_LONG_MS / 8))
        stream->target_bytes *= 2;
}

static Status run_chosen(EpochRun *run, Error *err) {
    Stream *stream = run->stream;
    StrBuf offsets = {0};
    Status status;

    collect_ranges(run);
    run->receipts = arena_new_array(run->arena, StrBuf, (size_t) stream->sink_count + 1);
    status = run_to_decision(run, &offsets, err);
    if (status != STATUS_OK) {
        abort_epoch(run);
    } else {
        state_commit(stream->store);
        faults_commit(stream->faults);
        remember(run);
        trim_sources(run);
        status = publish(run, err);
        run->progress.publish_ms = phase_ms(run);
        if (!run->is_piece)
            stream_remember_progress(stream, &run->progress);
        adapt_target(run);
        if (stream->must_roll && !stream->flush_ticket && status == STATUS_OK)
            stream->must_roll = false;
    }
    for (int i = 0; i <= stream->sink_count; i++)
        strbuf_done(&run->receipts[i]);
    strbuf_done(&run->header_bytes);
    strbuf_done(&run->changelog);
    strbuf_done(&offsets);
    return status;
}

/* What choose() knew beyond the checkpoint: idle partitions, and how far they let the watermarks
 * go. Without it the next epoch would go back behind what this one closes. */
static void take_watermarks(StreamScan *scan, const HeaderScan *header) {
    for (int i = 0; i < header->partition_count; i++)
        scan->partitions[i].is_idle = header->partitions[i].is_idle;
    if (header->close_below > scan->watermark_us)
        scan->watermark_us = header->close_below;
    if (header->joint_close_below > scan->joint_us)
        scan->joint_us = header->joint_close_below;
}

/* -------- epochs run again -------- */

/* Of a range from where the partition stands; false: there is more behind it. */
static bool cut_range(const StreamScan *scan, int partition, HeaderPartition *range) {
    int64_t most = scan->type->offsets_are_bytes ? PIECE_BYTES : PIECE_RECORDS;

    range->from = scan->partitions[partition].position;
    if (range->to - range->from <= most)
        return true;
    range->to = range->from + most;
    return false;
}

/* The next piece of `whole`, so that a long way takes no more memory than a short one. */
static EpochHeader *cut_piece(EpochRun *run, const EpochHeader *whole) {
    EpochHeader *piece = arena_memdup(run->arena, whole, sizeof(*whole));

    piece->scans =
        arena_memdup(run->arena, whole->scans, sizeof(HeaderScan) * (size_t) whole->scan_count);
    for (int i = 0; i < whole->scan_count; i++) {
        HeaderScan *scan = &piece->scans[i];

        scan->partitions = arena_memdup(run->arena, scan->partitions,
                                        sizeof(HeaderPartition) * (size_t) scan->partition_count);
        for (int j = 0; j < scan->partition_count; j++)
            if (!cut_range(&run->stream->scans[i], j, &scan->partitions[j]))
                run->is_piece = true;
    }
    return piece;
}

static Status rerun(Stream *stream, EpochHeader *header, bool is_one, bool *ret_is_done,
                    Error *err) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("epoch", 0);
    EpochRun run = {.stream = stream,
                    .arena = arena,
                    .header = header,
                    .cpu_ns = clock_cpu_ns(),
                    .is_rerun = true};

    if (!is_one)
        run.header = cut_piece(&run, header);
    *ret_is_done = !run.is_piece;
    run.mark_ns = stream->clock->monotonic_ns(stream->clock);
    return run_chosen(&run, err);
}

Status stream_rerun_epoch(Stream *stream, EpochHeader *header, Error *err) {
    bool is_one = header->epoch == stream->epoch + 1;
    bool is_done = false;

    for (int i = 0; i < header->scan_count; i++) {
        TRY(stream_discover_scan(stream, i, err));
        take_watermarks(&stream->scans[i], &header->scans[i]);
    }
    for (;;) {
        TRY(rerun(stream, header, is_one, &is_done, err));
        if (is_done)
            return STATUS_OK;
        assert(stream->sink_count == 1); /* else more than one epoch is never run again */
        stream->sinks[0].has_epoch = true;
    }
}

static bool has_work(EpochRun *run) {
    Stream *stream = run->stream;

    for (int i = 0; i < run->header->scan_count; i++)
        for (int j = 0; j < run->header->scans[i].partition_count; j++)
            if (run->header->scans[i].partitions[j].from < run->header->scans[i].partitions[j].to)
                return true;
    return watermark_moved(run) || roll_is_due(stream);
}

Status stream_run_epoch(Stream *stream, bool *ret_did_work, Error *err) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("epoch", 0);
    EpochRun run = {.stream = stream, .arena = arena, .cpu_ns = clock_cpu_ns()};
    int64_t now_ns = stream->clock->monotonic_ns(stream->clock);

    *ret_did_work = false;
    run.mark_ns = now_ns;
    TRY(stream_discover(stream, err));
    for (int i = 0; i < stream->scan_count; i++)
        watermark_check_idle(&stream->scans[i], now_ns);
    watermark_join(stream->scans, stream->scan_count);
    if (stream->trigger == TRIGGER_ONCE || stream->trigger == TRIGGER_AVAILABLE_NOW)
        TRY(stream_set_stops(stream, err));
    TRY(stream_choose(stream, arena, &run.header, &run.has_backlog, err));
    if (!has_work(&run)) {
        faults_commit(stream->faults); /* of discovery: no epoch will tell them */
        return STATUS_OK;
    }
    *ret_did_work = true;
    run.progress.choose_ms = phase_ms(&run);
    return run_chosen(&run, err);
}

/* An epoch that reads nothing and closes nothing: only the sinks' files. */
static void choose_nothing(EpochRun *run) {
    for (int i = 0; i < run->header->scan_count; i++) {
        HeaderScan *scan = &run->header->scans[i];

        scan->close_below = scan->late_below;
        scan->joint_close_below = scan->joint_late_below;
        for (int j = 0; j < scan->partition_count; j++)
            scan->partitions[j].to = scan->partitions[j].from;
    }
    run->has_backlog = false;
}

Status stream_close_files(Stream *stream, Error *err) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("epoch", 0);
    EpochRun run = {.stream = stream, .arena = arena, .cpu_ns = clock_cpu_ns()};

    stream->must_roll = true;
    TRY(stream_write_deferred(stream, err));
    if (!roll_is_due(stream))
        return STATUS_OK;
    run.mark_ns = stream->clock->monotonic_ns(stream->clock);
    TRY(stream_choose(stream, arena, &run.header, &run.has_backlog, err));
    choose_nothing(&run);
    return run_chosen(&run, err);
}

bool stream_is_flushed(Stream *stream) {
    if (stream->is_flush_open)
        return false;
    for (int i = 0; i < stream->scan_count; i++) {
        const StreamScan *scan = &stream->scans[i];

        if (stream->uses_watermark && watermark_is_ahead(scan))
            return false;
        for (int j = 0; j < scan->partition_count; j++)
            if (scan->partitions[j].position < scan->partitions[j].flush_to)
                return false;
    }
    for (int i = 0; i < stream->sink_count; i++)
        if (stream->sinks[i].type->roll_due_us &&
            stream->sinks[i].type->roll_due_us(stream->sinks[i].writer) >= 0)
            return false;
    return true;
}
