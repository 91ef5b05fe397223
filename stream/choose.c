/* Choosing an epoch: what is there, and how much of it the epoch reads.
 *
 * Under backlog an epoch reads about target_bytes where offsets are bytes, all that is fetched
 * where they are records; max_rows_per_epoch of the stream and of its sources bound it, shared
 * among partitions by backlog, so that none starves. With min_rows_per_epoch the rows of a source
 * wait for more of them, max_epoch_delay at most; a wait, a step or a last epoch takes them at
 * once. */
#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "stream/manager_internal.h"
#include "types/datetime.h"

enum {
    ROW_COUNT_STEP = 1 << 20, /* bytes looked at once when rows are counted */
    BYTES_PER_ROW = 128,      /* about, where offsets are bytes and rows are shared */
};

/* -------- what is there -------- */

Status stream_discover_scan(Stream *stream, int index, Error *err) {
    StreamScan *scan = &stream->scans[index];
    StrBuf journal = {0};
    Status status = scan->type->discover(scan->reader, &journal, err);

    if (status == STATUS_OK && journal.length)
        status = scan->type->journal_is_whole
                     ? checkpoint_replace_journal(stream->checkpoint, index, &journal, err)
                     : checkpoint_append_journal(stream->checkpoint, index, &journal, err);
    strbuf_done(&journal);
    TRY(status);
    TRY(stream_take_partitions(stream, scan, err));
    scan->is_settling = false;
    for (int i = 0; i < scan->partition_count; i++) {
        PartitionState state;

        scan->type->partition_state(scan->reader, i, &state);
        scan->partitions[i].end = state.end;
        scan->partitions[i].is_caught_up = state.is_caught_up;
        scan->partitions[i].is_full = state.is_full;
        scan->partitions[i].is_ended = state.is_ended;
        scan->is_settling |= state.is_settling;
    }
    return STATUS_OK;
}

/* Behind the last record there is now, of each partition. */
static Status latest_ends(Stream *stream, StreamScan *scan, int64_t **ret_ends, Error *err) {
    int64_t *ends = memory_alloc(sizeof(int64_t) * ((size_t) scan->partition_count + 1));
    Status status = STATUS_OK;

    for (int i = 0; i < scan->partition_count; i++)
        ends[i] = scan->partitions[i].end;
    if (scan->type->latest_ends)
        status = scan->type->latest_ends(scan->reader, ends, err);
    if (status != STATUS_OK) {
        memory_free(ends);
        return error_context(err, "source \"%s\"", scan->relation->name);
    }
    *ret_ends = ends;
    return STATUS_OK;
}

/* While files that were there when the wait came are settling, its targets move along. */
static Status set_flush_targets(Stream *stream, Error *err) {
    bool is_open = false;

    for (int i = 0; i < stream->scan_count; i++) {
        StreamScan *scan = &stream->scans[i];
        int64_t *ends;

        is_open |= scan->is_settling;
        TRY(latest_ends(stream, scan, &ends, err));
        for (int j = 0; j < scan->partition_count; j++)
            scan->partitions[j].flush_to = ends[j];
        memory_free(ends);
    }
    stream->is_flush_open = is_open;
    return STATUS_OK;
}

Status stream_discover(Stream *stream, Error *err) {
    for (int i = 0; i < stream->scan_count; i++)
        if (stream_discover_scan(stream, i, err) != STATUS_OK)
            return error_context(err, "source \"%s\"", stream->scans[i].relation->name);
    return stream->is_flush_open ? set_flush_targets(stream, err) : STATUS_OK;
}

/* ONCE and AVAILABLE NOW read what is there when they start, and no more. */
static bool has_unset_stop(const StreamScan *scan) {
    for (int i = 0; i < scan->partition_count; i++)
        if (scan->partitions[i].stop_at == INT64_MAX)
            return true;
    return false;
}

Status stream_set_stops(Stream *stream, Error *err) {
    for (int i = 0; i < stream->scan_count; i++) {
        StreamScan *scan = &stream->scans[i];
        int64_t *ends;

        if (!has_unset_stop(scan))
            continue;
        TRY(latest_ends(stream, scan, &ends, err));
        for (int j = 0; j < scan->partition_count; j++)
            if (scan->partitions[j].stop_at == INT64_MAX)
                scan->partitions[j].stop_at = ends[j];
        memory_free(ends);
    }
    return STATUS_OK;
}

/* -------- how much of it -------- */

static int64_t partition_limit(const StreamPartition *track) {
    return track->end < track->stop_at ? track->end : track->stop_at;
}

/* The offset behind `*rows_left` records from `from`, not above `to`; takes what it counted off
 * rows_left. */
static Status limit_rows(StreamScan *scan, int partition, int64_t from, int64_t *to,
                         int64_t *rows_left, Error *err) {
    int64_t at = from;

    while (at < *to) {
        Block *block = NULL;

        if (*rows_left == 0) {
            *to = at;
            break;
        }
        TRY(scan->type->fetch(scan->reader, partition, at, *to, ROW_COUNT_STEP, &block, err));
        if (block->record_count > *rows_left) {
            *to = block->records[*rows_left].offset;
            *rows_left = 0;
            block_unref(block);
            break;
        }
        *rows_left -= block->record_count;
        at = block->next_offset;
        block_unref(block);
    }
    return STATUS_OK;
}

/* How far this epoch reads in a partition: all that is there, within the target, and to the end of
 * a generation of files where one ends in between. */
static int64_t choose_end(const Stream *stream, const StreamScan *scan, int partition) {
    const StreamPartition *track = &scan->partitions[partition];
    int64_t from = track->position;
    int64_t to = partition_limit(track);

    if (stream->trigger == TRIGGER_ONCE || !scan->type->offsets_are_bytes)
        return to;
    if (to - from > stream->target_bytes)
        to = from + stream->target_bytes;
    return to;
}

/* How many rows an epoch may take, shared by backlog: each partition gets its part of the whole,
 * and what one leaves the next may have. */
typedef struct RowShare {
    int64_t rows; /* in all; 0: no bound */
    int64_t taken;
    int64_t backlog; /* in all, in rows about */
    int64_t passed;  /* of it: what the partitions so far have */
} RowShare;

static int64_t backlog_of(const Stream *stream, const StreamScan *scan, int partition) {
    int64_t left = choose_end(stream, scan, partition) - scan->partitions[partition].position;

    if (left <= 0)
        return 0;
    return scan->type->offsets_are_bytes ? left / BYTES_PER_ROW + 1 : left;
}

static int64_t scan_backlog(const Stream *stream, const StreamScan *scan) {
    int64_t rows = 0;

    for (int i = 0; i < scan->partition_count; i++)
        rows += backlog_of(stream, scan, i);
    return rows;
}

/* The rows for the next partition, which has `backlog`: at least one while any are left. */
static int64_t share_next(RowShare *share, int64_t backlog) {
    int64_t left = share->rows - share->taken;
    int64_t part;

    if (share->rows == 0)
        return INT64_MAX;
    if (backlog == 0)
        return 0;
    share->passed += backlog;
    part = (int64_t) ((__int128) share->rows * share->passed / share->backlog) - share->taken;
    if (part < 1)
        part = 1;
    return part < left ? part : left;
}

/* Too few rows of the source to begin an epoch with, and not for too long. */
static bool must_wait(Stream *stream, StreamScan *scan) {
    const Relation *relation = scan->relation;
    int64_t now_ns = stream->clock->monotonic_ns(stream->clock);
    int64_t rows = 0;
    bool is_full = false;

    if (relation->min_rows_per_epoch == 0)
        return false;
    for (int i = 0; i < scan->partition_count; i++) {
        rows += partition_limit(&scan->partitions[i]) - scan->partitions[i].position;
        is_full |= scan->partitions[i].is_full;
    }
    if (rows <= 0) {
        scan->rows_since_ns = 0;
        return false;
    }
    if (scan->rows_since_ns == 0)
        scan->rows_since_ns = now_ns;
    return rows < relation->min_rows_per_epoch && !is_full && !stream->flush_ticket &&
           (stream->trigger == TRIGGER_DEFAULT || stream->trigger == TRIGGER_EVERY) &&
           now_ns - scan->rows_since_ns < relation->max_epoch_delay_us * 1000;
}

/* Where the epoch ends in a partition: within its shares of what the stream and its source allow.
 */
static Status choose_partition(Stream *stream, StreamScan *scan, int partition,
                               RowShare *const shares[2], int64_t *ret_to, Error *err) {
    const StreamPartition *track = &scan->partitions[partition];
    int64_t backlog = backlog_of(stream, scan, partition);
    int64_t to = choose_end(stream, scan, partition);
    int64_t rows = INT64_MAX;
    int64_t left;

    for (int i = 0; i < 2; i++) {
        int64_t share = share_next(shares[i], backlog);

        rows = share < rows ? share : rows;
    }
    left = rows;
    if (to < track->position || scan->is_held)
        to = track->position;
    else if (rows != INT64_MAX)
        TRY(limit_rows(scan, partition, track->position, &to, &left, err));
    for (int i = 0; i < 2; i++)
        shares[i]->taken += rows - left;
    *ret_to = to;
    return STATUS_OK;
}

static Status choose_scan(Stream *stream, int index, EpochHeader *header, Arena *arena,
                          RowShare *stream_share, Error *err) {
    StreamScan *scan = &stream->scans[index];
    HeaderScan *chosen = &header->scans[index];
    RowShare scan_share = {.rows = scan->relation->max_rows_per_epoch,
                           .backlog = scan_backlog(stream, scan)};

    chosen->partition_count = scan->partition_count;
    chosen->partitions = arena_new_array(arena, HeaderPartition, (size_t) scan->partition_count);
    chosen->late_below = scan->close_below;
    chosen->close_below = scan->watermark_us;
    chosen->joint_late_below = scan->joint_close_below;
    chosen->joint_close_below = scan->joint_us;
    scan->is_held = must_wait(stream, scan);
    for (int i = 0; i < scan->partition_count; i++) {
        const StreamPartition *track = &scan->partitions[i];
        int64_t to;

        TRY(choose_partition(stream, scan, i, (RowShare *const[]) {stream_share, &scan_share}, &to,
                             err));
        chosen->partitions[i] = (HeaderPartition) {
            .from = track->position,
            .to = to,
            .max_event_time_us = track->max_event_time_us,
            .watermark_us = track->watermark_us,
            .is_idle = track->is_idle,
        };
    }
    return STATUS_OK;
}

static bool has_backlog(const Stream *stream, const EpochHeader *header) {
    for (int i = 0; i < stream->scan_count; i++)
        for (int j = 0; j < stream->scans[i].partition_count && !stream->scans[i].is_held; j++)
            if (header->scans[i].partitions[j].to <
                partition_limit(&stream->scans[i].partitions[j]))
                return true;
    return false;
}

Status stream_choose(Stream *stream, Arena *arena, EpochHeader **ret_header, bool *ret_has_backlog,
                     Error *err) {
    EpochHeader *header = arena_new(arena, EpochHeader);
    RowShare share = {.rows = stream->bound.max_rows_per_epoch};

    header->stream_id = stream->id;
    memcpy(header->incarnation, stream->relation->incarnation, INCARNATION_SIZE);
    header->epoch = stream->epoch + 1;
    header->plan_fingerprint = stream->plan_fingerprint;
    header->wall_us = stream->clock->wall_us(stream->clock) - DATETIME_UNIX_EPOCH_US;
    header->seed = stream->clock->random_u64(stream->clock);
    header->scan_count = stream->scan_count;
    header->scans = arena_new_array(arena, HeaderScan, (size_t) stream->scan_count);
    for (int i = 0; i < stream->scan_count; i++)
        share.backlog += scan_backlog(stream, &stream->scans[i]);
    for (int i = 0; i < stream->scan_count; i++)
        TRY(choose_scan(stream, i, header, arena, &share, err));
    *ret_has_backlog = has_backlog(stream, header);
    *ret_header = header;
    return STATUS_OK;
}
