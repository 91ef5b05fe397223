/* Stream manager: all streams of the server: starting, driving, stopping them; what DDL does to
 * them.
 *
 * Epochs run as jobs on the manager's own pool (jobs may block; CPU work goes to the workers), so
 * sessions that wait never hold up streams. One thread, the waker, sleeps on the sources'
 * descriptors and the streams' timers; nothing polls. Functions return when the deed is done; they
 * block. */
#pragma once

#include "catalog/catalog.h"
#include "exec/execute.h"

typedef struct StreamManager StreamManager;

typedef struct StreamManagerEnvironment {
    const char *data_directory;
    const char *server_id;
    const Registry *registry;
    const OptionEnvironment *options;
    const ExecEnvironment *exec; /* workers, account, system services; borrowed */
    Catalog *catalog;
    Context *clock;
    const char *disabled_rules; /* of the optimizer, for plans that are made from now on */
} StreamManagerEnvironment;

/* Registers itself as the catalog's observer. */
MUST_USE Status manager_create(const StreamManagerEnvironment *environment,
                               StreamManager **ret_manager, Error *err);
/* Start every stream of the catalog (after recovery); remove folders without a row. A stream that
 * can't start is `failed` with its error; the server starts all the same. */
MUST_USE Status manager_start(StreamManager *manager, Error *err);
/* Stop after the epochs in progress (abort them when `now`), close everything. NULL is fine. */
StreamManager *manager_destroy(StreamManager *manager, bool now);

/* ALTER STREAM … Errors: 42P01 unknown id, 55000 wrong state. */
MUST_USE Status manager_pause(StreamManager *manager, int64_t stream_id, Error *err);
MUST_USE Status manager_resume(StreamManager *manager, int64_t stream_id, Error *err);
/* Close the stream and recover it from its checkpoint. (FROM SCRATCH is DROP and CREATE of the same
 * text in one catalog transaction.) */
MUST_USE Status manager_restart(StreamManager *manager, int64_t stream_id, Error *err);
/* Run up to `count` epochs of a MANUAL stream; returns when they are decided or there is no more
 * work. */
MUST_USE Status manager_step(StreamManager *manager, int64_t stream_id, int64_t count,
                             const volatile bool *cancel, Error *err);
/* WAIT FOR STREAM. timeout_us 0: none; then 57014. */
MUST_USE Status manager_wait(StreamManager *manager, int64_t stream_id, int64_t timeout_us,
                             const volatile bool *cancel, Error *err);

/* What SHOW STREAMS tells; constant texts. */
typedef struct StreamSummary {
    const char *state;
    const char *guarantee;
} StreamSummary;

/* False, and nothing written: the manager has no such stream. */
bool manager_summary(StreamManager *manager, int64_t stream_id, StreamSummary *ret_summary);

/* The rows of a stream's kept result, as the last decided epoch left them: `value` is a row in
 * value form. 55000 when it keeps none. */
MUST_USE Status manager_read_stream(void *manager, const struct Relation *relation,
                                    StateVisit visit, void *visit_data, Error *err);

/* Connector and view tables that show streams: millrace.streams and its family. NULL-terminated. */
extern const SystemTable *const stream_system_tables[];
