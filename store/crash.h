/* Crash points: named places at which a test may kill the process, all in one table.
 *
 * MILLRACE_CRASH_POINT=<name>[:<n>] in the environment kills the process (SIGKILL, as kill -9) when
 * the point is passed for the n-th time (default 1). MILLRACE_CRASH_DELAY_US=<µs> sleeps at every
 * point, so that random kills fall inside an epoch more often. MILLRACE_CRASH_LOG=<file> appends a
 * line per point passed, from which the torture loop knows where its kills fell. Unset, a point
 * costs three loads. */
#pragma once

/* clang-format off */
#define CRASH_POINTS(X)                                                       \
    X(EPOCH_CHOSEN,          "epoch_chosen")                                  \
    X(EPOCH_EXECUTED,        "epoch_executed")                                \
    X(SINK_WROTE,            "sink_wrote")                                    \
    X(SINK_PREPARED,         "sink_prepared")                                 \
    X(SEGMENT_WRITTEN,       "segment_written")                               \
    X(BEFORE_DECIDE,         "before_decide")                                 \
    X(SINK_MARKED,           "sink_marked")                                   \
    X(SINK_DECIDED,          "sink_decided")                                  \
    X(AFTER_DECIDE,          "after_decide")                                  \
    X(FILE_RENAMED,          "file_renamed")                                  \
    X(MANIFEST_WRITTEN,      "manifest_written")                              \
    X(AFTER_PUBLISH,         "after_publish")                                 \
    X(DISCOVERY_DURABLE,     "discovery_durable")                             \
    X(STREAM_FOLDER_MADE,    "stream_folder_made")                            \
    X(CATALOG_COMMITTED,     "catalog_committed")                             \
    X(STREAM_FOLDER_REMOVED, "stream_folder_removed")                         \
    X(SINK_FENCED,           "sink_fenced")                                   \
    X(RECOVERED,             "recovered")
/* clang-format on */

typedef enum CrashPoint {
#define X(name, text) CRASH_##name,
    CRASH_POINTS(X)
#undef X
        CRASH_POINT_COUNT,
} CrashPoint;

/* Read the environment; call once at start, before any thread. */
void crash_init(void);
void crash_point(CrashPoint point);
