/* What the files of stream/ share beyond manager.h. */
#pragma once

#include "stream/manager.h"
#include "stream/stream.h"

const StreamManagerEnvironment *manager_environment(const StreamManager *manager);
int64_t manager_now_us(const StreamManager *manager); /* wall, µs since 2000-01-01 UTC */
/* Calls visit for every stream, counted while it is looked at. */
MUST_USE Status manager_visit(StreamManager *manager,
                              Status (*visit)(void *data, Stream *stream, Error *err), void *data,
                              Error *err);

extern const SystemTable table_sources, table_sinks; /* connector_views.c */
extern const SystemTable table_kafka_lag;            /* lag.c */

/* lag.c, under run_mutex */
void stream_note_lag(Stream *stream);
void stream_forget_lag(Stream *stream);

/* stream.c, epoch.c, progress in stream_life.c */
int64_t stream_watermark(const Stream *stream); /* the least over its scans; INT64_MIN: none */
/* Partitions that discover() found: tracked, and read from their begin. */
MUST_USE Status stream_take_partitions(Stream *stream, StreamScan *scan, Error *err);
/* A SourceReport: `scan` is the StreamScan. Rows that can't be read: millrace.errors, the log. */
void stream_report_source_fault(void *scan, int partition, int64_t offset,
                                const char *position_text, const Error *fault);
/* marker.c. May decisions wait for the checkpoint (deferral.h)? */
bool stream_may_defer(const Stream *stream);
/* Before a marker's epochs are run again, and before anything is read: the header's ranges become
 * those from where the checkpoint stands. 58030 when their rows are needed and gone. */
MUST_USE Status stream_prepare_rerun(Stream *stream, EpochHeader *header, Error *err);
MUST_USE Status stream_rerun_epoch(Stream *stream, EpochHeader *header, Error *err);
void stream_remember_progress(Stream *stream, const ProgressRow *row); /* copies */
void stream_forget_progress(Stream *stream);
Stream *stream_create(StreamManager *manager, const Relation *relation, CatalogSnapshot *snapshot);
Stream *stream_destroy(Stream *stream);
void stream_set_state(Stream *stream, StreamState state, const Error *error);
const char *stream_state_name(StreamState state);
/* Take run_mutex for a look at what is open; false: the stream waits for the outside and nothing
 * is, and its next try to open may take seconds. */
bool stream_lock_open(Stream *stream);
const char *stream_shown_state(const Stream *stream); /* under its mutex */
/* One job: run epochs until there is no work or others should have a turn. Returns the monotonic
 * time at which it wants to be woken (INT64_MAX: never), or 0: at once. */
int64_t stream_job(Stream *stream);
/* What the waker should watch: up to `capacity` descriptors. Under run_mutex. */
int stream_wake_fds(Stream *stream, int *fds, int capacity);
