/* Watermarks: how far event time has come, per partition and scan (docs/semantics.md).
 *
 * A partition's watermark is the maximum event time seen, cut to milliseconds, less the delay; it
 * steps only where the source says so (a generation of files read to its end). A scan's watermark
 * is the minimum over its partitions that are not idle; all idle: the maximum. Neither goes back.
 * Where scans meet (UNION ALL), the same holds over scans: one that is idle follows the lowest of
 * those that are not. That joint watermark is kept beside the scan's own, for operators over one
 * scan alone go by its own. Times are µs since 2000-01-01 UTC; INT64_MIN: none yet. */
#include <assert.h>

#include "stream/stream.h"

static int64_t floor_to_ms(int64_t us) {
    int64_t remainder = us % 1000;

    return us - (remainder < 0 ? remainder + 1000 : remainder);
}

static int64_t subtract_delay(int64_t us, int64_t delay_us) {
    int64_t result;

    /* -infinity and times near it stay "none" rather than wrap. */
    return __builtin_sub_overflow(us, delay_us, &result) ? INT64_MIN : result;
}

void watermark_advance(StreamScan *scan, const ScanRange *range, const ScanStats *stats,
                       int64_t now_ns, int64_t wall_us) {
    StreamPartition *track = &scan->partitions[range->partition];
    bool may_step =
        !scan->type->barrier ||
        scan->type->barrier(scan->reader, range->partition, range->from, range->to) == range->to;

    assert(range->from < range->to);
    track->position = range->to;
    if (stats->rows_in > 0) {
        track->last_row_ns = now_ns;
        track->last_row_at = wall_us;
        track->is_idle = false;
    }
    if (!scan->has_watermark)
        return;
    if (stats->max_event_time_us > track->max_event_time_us)
        track->max_event_time_us = floor_to_ms(stats->max_event_time_us);
    if (may_step && track->max_event_time_us != INT64_MIN) {
        int64_t watermark = subtract_delay(track->max_event_time_us, scan->delay_us);

        if (watermark > track->watermark_us)
            track->watermark_us = watermark;
    }
}

void watermark_combine(StreamScan *scan) {
    int64_t lowest = INT64_MAX;
    int64_t highest = INT64_MIN;
    bool is_any_busy = false;

    for (int i = 0; i < scan->partition_count; i++) {
        const StreamPartition *track = &scan->partitions[i];

        if (track->watermark_us > highest)
            highest = track->watermark_us;
        if (!track->is_idle && track->watermark_us < lowest)
            lowest = track->watermark_us;
        is_any_busy |= !track->is_idle;
    }
    if (!is_any_busy)
        lowest = highest;
    if (scan->partition_count > 0 && lowest > scan->watermark_us)
        scan->watermark_us = lowest;
}

static bool scan_is_idle(const StreamScan *scan) {
    for (int i = 0; i < scan->partition_count; i++)
        if (!scan->partitions[i].is_idle)
            return false;
    return scan->partition_count > 0;
}

void watermark_join(StreamScan *scans, int count) {
    int64_t lowest = INT64_MAX;
    int64_t highest = INT64_MIN;

    for (int i = 0; i < count; i++) {
        StreamScan *scan = &scans[i];

        if (!scan->has_watermark)
            continue;
        if (scan->watermark_us > scan->joint_us)
            scan->joint_us = scan->watermark_us;
        if (scan->joint_us > highest)
            highest = scan->joint_us;
        if (scan->joint_us < lowest && !scan_is_idle(scan))
            lowest = scan->joint_us;
    }
    if (lowest == INT64_MAX) /* none is busy */
        lowest = highest;
    for (int i = 0; i < count; i++)
        if (scans[i].has_watermark && scans[i].joint_us < lowest && scan_is_idle(&scans[i]))
            scans[i].joint_us = lowest;
}

bool watermark_is_ahead(const StreamScan *scan) {
    return scan->watermark_us > scan->close_below || scan->joint_us > scan->joint_close_below;
}

/* All there is of it, as far as the source knows. */
static bool is_read(const StreamPartition *track) {
    return track->position >= track->end && track->is_caught_up;
}

static bool is_silent(const StreamScan *scan, const StreamPartition *track, int64_t now_ns) {
    return scan->idle_after_us >= 0 && now_ns - track->last_row_ns >= scan->idle_after_us * 1000;
}

bool watermark_check_idle(StreamScan *scan, int64_t now_ns) {
    int64_t before = scan->watermark_us;

    if (!scan->has_watermark)
        return false;
    for (int i = 0; i < scan->partition_count; i++) {
        StreamPartition *track = &scan->partitions[i];

        if (is_read(track) && (track->is_ended || is_silent(scan, track, now_ns)))
            track->is_idle = true;
    }
    watermark_combine(scan);
    return scan->watermark_us > before;
}

int64_t watermark_idle_due_ns(const StreamScan *scan, int64_t now_ns) {
    int64_t due = -1;

    /* One partition of one scan: idleness changes nothing, it is the minimum either way. */
    if (!scan->has_watermark || scan->idle_after_us < 0 ||
        (scan->partition_count < 2 && !scan->has_others))
        return -1;
    for (int i = 0; i < scan->partition_count; i++) {
        const StreamPartition *track = &scan->partitions[i];
        int64_t left = track->last_row_ns + scan->idle_after_us * 1000 - now_ns;

        if (track->is_idle || !is_read(track))
            continue;
        if (due < 0 || left < due)
            due = left > 0 ? left : 0;
    }
    return due;
}
