/* Epoch header: everything that an epoch's answer depends on beside the state before it and the
 * input rows.
 *
 * Chosen before the epoch runs, stored with it in one transaction, and carried by the markers of
 * transactional sinks; with it the epoch can be run again to the same bytes. */
#pragma once

#include "base/arena.h"
#include "base/strbuf.h"
#include "catalog/catalog.h"

typedef struct HeaderPartition {
    int64_t from, to;          /* offsets: [from, to) */
    int64_t max_event_time_us; /* over everything before this epoch; INT64_MIN: none */
    int64_t watermark_us;      /* max event time less the delay, stepped; INT64_MIN: none */
    bool is_idle;
} HeaderPartition;

typedef struct HeaderScan {
    int partition_count;
    HeaderPartition *partitions;
    int64_t late_below; /* µs since 2000; INT64_MIN: none yet */
    int64_t close_below;
    int64_t joint_late_below; /* for operators over several scans */
    int64_t joint_close_below;
} HeaderScan;

typedef struct EpochHeader {
    int64_t stream_id;
    uint8_t incarnation[INCARNATION_SIZE];
    int64_t epoch; /* from 1 */
    uint64_t plan_fingerprint;
    int64_t wall_us; /* µs since 2000-01-01 UTC: now() */
    uint64_t seed;
    int scan_count;
    HeaderScan *scans;
    /* Totals over the stream's life, as of the end of this epoch's predecessor. */
    int64_t rows_in, rows_out, late_rows, late_windows, bad_rows;
} EpochHeader;

void header_append(const EpochHeader *header, StrBuf *out);
/* XX001 when the bytes are damaged; all in `arena`. */
MUST_USE Status header_parse(const uint8_t *bytes, size_t size_bytes, Arena *arena,
                             EpochHeader **ret_header, Error *err);
/* {"source":{"partition":[from,to]}}, as stream_progress.offsets. `names[i]` is scan i's relation.
 */
void header_append_offsets_json(const EpochHeader *header, const char *const *names, StrBuf *out);
