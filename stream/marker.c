/* Markers: what a sink with transactions holds beyond the checkpoint, and whether that may be.
 *
 * A stream with state must run a marker's epoch again from the very rows, for its state; the marker
 * is one epoch ahead at most. One without state needs them for its counts only (deferral.h). */
#include <inttypes.h>
#include <stdio.h>

#include "stream/manager_internal.h"
#include "stream/stream.h"

bool stream_may_defer(const Stream *stream) {
    bool are_repeated = stream->sink_count > 0;

    for (int i = 0; i < stream->sink_count; i++)
        are_repeated &= stream->sinks[i].guarantee == SINK_AT_LEAST_ONCE;
    return are_repeated ||
           (stream->sink_count == 1 && stream->sinks[0].guarantee == SINK_TRANSACTIONAL &&
            !state_has_tables(stream->store));
}

/* A marker's epochs must be run from the same rows: the journal, as it was restored, names them. An
 * old copy's may not, or name others that were found since. */
static Status check_range(StreamScan *scan, int partition, const HeaderPartition *range,
                          Error *err) {
    bool is_there = partition < scan->partition_count;
    PartitionState state;

    if (is_there && range->from > range->to)
        return error_set(err, IO_ERROR,
                         "partition %d was read to %" PRId64 ", behind the sink's %" PRId64,
                         partition, range->from, range->to);
    if (is_there && range->from == range->to)
        return STATUS_OK;
    if (is_there && scan->type->check_range)
        return scan->type->check_range(scan->reader, partition, range->from, range->to, err);
    if (is_there) {
        scan->type->partition_state(scan->reader, partition, &state);
        if (range->to <= state.end)
            return STATUS_OK;
    }
    return error_set(err, IO_ERROR,
                     "the rows of partition %d from %" PRId64 " to %" PRId64 " are not there",
                     partition, range->from, range->to);
}

static Status refuse_rerun(const Stream *stream, const StreamScan *scan, const EpochHeader *header,
                           Error *err) {
    char reason[ERROR_MESSAGE_SIZE];

    /* A broker that is away is waited for, whatever the distance. */
    if (header->epoch == stream->epoch + 1 || err->sqlstate != SQLSTATE_IO_ERROR)
        return error_context(err, "source \"%s\" can't give the rows of epoch %" PRId64 " again",
                             scan->relation->name, header->epoch);
    snprintf(reason, sizeof(reason), "%s", err->message);
    IGNORE(error_set(err, IO_ERROR,
                     "the sink holds epoch %" PRId64 ", the checkpoint epoch %" PRId64
                     ", and source \"%s\" can't give the rows between",
                     header->epoch, stream->epoch, scan->relation->name));
    error_detail(err, "%s", reason);
    return error_hint(err, "An old copy of the data directory seems to be restored.");
}

/* Rows that are gone although the sink has what came of them: read on behind them, and tell. */
static void step_over(StreamScan *scan, int partition, HeaderPartition *range,
                      const Error *reason) {
    Error told;

    IGNORE(error_set(&told, IO_ERROR, /* reported */
                     "%.160s; the sink has what came of them, the stream's counts lack them",
                     reason->message));
    stream_report_source_fault(scan, partition, range->from, "", &told);
    scan->partitions[partition].position = range->from = range->to;
}

static bool may_step_over(const Stream *stream, const StreamScan *scan, int partition,
                          const HeaderPartition *range, const Error *reason) {
    return reason->sqlstate == SQLSTATE_IO_ERROR && partition < scan->partition_count &&
           range->from < range->to && scan->type->check_range && stream_may_defer(stream);
}

Status stream_prepare_rerun(Stream *stream, EpochHeader *header, Error *err) {
    for (int i = 0; i < header->scan_count; i++) {
        StreamScan *scan = &stream->scans[i];

        for (int j = 0; j < header->scans[i].partition_count; j++) {
            HeaderPartition *range = &header->scans[i].partitions[j];

            if (j < scan->partition_count)
                range->from = scan->partitions[j].position;
            if (check_range(scan, j, range, err) == STATUS_OK)
                continue;
            if (!may_step_over(stream, scan, j, range, err))
                return refuse_rerun(stream, scan, header, err);
            step_over(scan, j, range, err);
        }
    }
    return STATUS_OK;
}
