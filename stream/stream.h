/* Stream: one continuous query, from its checkpoint to its sinks.
 *
 *            ┌───────────── RESUME ──────────────┐
 *            ▼                                   │
 *   starting ──► running ──► paused  (PAUSE) ────┤
 *                 │   ▲ ──► failed  (an error) ──┘
 *                 ▼   │ ──► finished (ONCE, AVAILABLE NOW: all done)
 *                waiting  (an I/O cause: retried with back-off)
 *
 * A stream is driven by the manager's pool: one job at a time, which holds run_mutex for the epochs
 * that it runs; ALTER and DROP take run_mutex, so they fall between epochs. `mutex` guards what
 * views and waiters look at. Laws: (1) nothing is visible before decide; (2) after an error before
 * decide the state, the sinks and the dataflow are as they were; (3) counters = what was decided.
 */
#pragma once

#include <pthread.h>

#include "exec/execute.h"
#include "planner/planner.h"
#include "stream/checkpoint.h"
#include "stream/deferral.h"
#include "stream/delivery.h"
#include "stream/faults.h"
#include "stream/header.h"

typedef enum StreamState {
    STREAM_STARTING,
    STREAM_RUNNING,
    STREAM_WAITING,
    STREAM_PAUSED,
    STREAM_FAILED,
    STREAM_FINISHED,
} StreamState;

typedef enum TriggerKind {
    TRIGGER_DEFAULT,
    TRIGGER_EVERY,
    TRIGGER_ONCE,
    TRIGGER_AVAILABLE_NOW,
    TRIGGER_MANUAL,
} TriggerKind;

typedef struct StreamPartition {
    int64_t position; /* everything below is decided */
    int64_t end;      /* can be had at once */
    int64_t stop_at;  /* ONCE, AVAILABLE NOW: not read beyond; INT64_MAX: no bound */
    int64_t flush_to; /* WAIT FOR STREAM: must be reached */
    int64_t max_event_time_us;
    int64_t watermark_us;
    int64_t last_row_ns; /* monotonic, of the last epoch that had rows */
    int64_t last_row_at; /* wall, for the view; INT64_MIN: none */
    bool is_caught_up;   /* `end` was all there is, as far as the source knew */
    bool is_full;        /* no more will come before the epoch takes some */
    bool is_ended;       /* nothing comes beyond `end`, ever */
    bool is_idle;
    const char *name; /* as the views tell it; the stream's arena */
} StreamPartition;

typedef struct StreamScan {
    const Relation *relation;
    const Plan *node; /* the scan */
    const SourceType *type;
    SourceReader *reader;
    struct Stream *stream;
    int partition_count;
    StreamPartition *partitions;
    bool has_watermark;
    int64_t delay_us;
    int64_t idle_after_us; /* -1: never by time */
    int64_t watermark_us;  /* of the scan, never back; what the next epoch closes by */
    int64_t close_below;   /* of the last decided epoch */
    bool has_others;       /* other scans of the stream have watermarks */
    int64_t joint_us;      /* for operators over several scans: when idle, it follows the others */
    int64_t joint_close_below;
    bool is_settling;
    int64_t rows_since_ns; /* monotonic: rows wait for others since; 0: none do */
    bool is_held;          /* the last choice left them waiting (min_rows_per_epoch) */
    int error_sink;        /* among the stream's sinks: takes the bad records; -1: none */
} StreamScan;

typedef struct StreamTotals {
    int64_t rows_in, rows_out, late_rows, late_windows, bad_rows;
} StreamTotals;

enum { PROGRESS_KEPT_ROWS = 1000 };

typedef struct StreamManager StreamManager;
typedef struct LagRow LagRow;

typedef struct Stream {
    StreamManager *manager;
    int64_t id;
    CatalogSnapshot *snapshot; /* keeps relations alive */
    const Relation *relation;
    Context *clock;
    Arena *arena; /* plan, scans: as long as the stream is open */
    char *folder;

    pthread_mutex_t run_mutex;
    pthread_mutex_t mutex; /* guards what is below up to the line */
    pthread_cond_t changed;
    StreamState state;
    bool has_error;
    bool has_trouble; /* a source of the running stream waits for the outside: `error` tells */
    Error error;
    int64_t error_at;
    int64_t epoch; /* last decided */
    int64_t idle_epochs;
    StreamTotals totals;
    int64_t state_rows, state_bytes;
    int64_t flush_wanted, flush_done;         /* tickets of WAIT FOR STREAM */
    int64_t steps_wanted;                     /* MANUAL: epochs that STEP allows */
    ProgressRow progress[PROGRESS_KEPT_ROWS]; /* ring; offsets owned */
    int64_t progress_count;
    LagRow *lag; /* as of the last job; kept while the stream is closed */
    int lag_count;
    /* ---- the job's own, under run_mutex ---- */
    bool is_open;
    bool is_torn;             /* a sink could not undo an epoch: only recovery helps */
    StreamState stored_state; /* running, paused or finished: what the checkpoint says */
    StreamPlan bound;
    FormSettings forms;  /* in the query's time zone */
    const Plan *plan;    /* physical */
    bool uses_watermark; /* some operator closes or forgets by it: a move is worth an epoch */
    uint64_t plan_fingerprint;
    TriggerKind trigger;
    int64_t trigger_us;
    int64_t next_trigger_ns;
    MemoryAccount account;
    Checkpoint *checkpoint;
    Deferral deferral; /* what the checkpoint is to be told soon */
    StateStore *store;
    Dataflow *dataflow;
    Delivery *delivery;
    int scan_count;
    StreamScan *scans;
    int *late_columns; /* of a late row, in the batch of the step that judges; NULL: no sink */
    int sink_count;
    DeliverySink *sinks; /* the query's, those of bad records, that of late rows */
    FaultLog *faults;
    int64_t target_bytes;    /* how much an epoch takes under backlog */
    int64_t flush_ticket;    /* being served; 0: none */
    bool is_flush_open;      /* files that the wait must take in are still settling */
    bool must_roll;          /* the next epoch closes the sinks' open files */
    _Atomic int retry_count; /* errors in a row */
    int64_t retry_at_ns;
    volatile bool has_lost_rows; /* a source could not give rows that it had promised */
    volatile bool is_cancelled;
    /* ---- the manager's ---- */
    _Atomic int64_t wake_at_ns; /* INT64_MAX: only when told */
    _Atomic int control_waiting;
    _Atomic bool must_open;   /* its next job opens it: that can take as long as a broker is away */
    bool is_queued, is_due;   /* under the manager's mutex */
    volatile bool is_dropped; /* likewise; a flag for waiters */
    int reference_count;      /* likewise */
} Stream;

/* -------- stream.c: opening -------- */
/* Bind, plan, open readers, state, sinks; recover. On failure everything is closed again. */
MUST_USE Status stream_open(Stream *stream, Error *err);
/* Of a stream that is not open; the caller closes it. */
MUST_USE Status stream_open_checkpoint(Stream *stream, Checkpoint **ret_checkpoint, Error *err);
void stream_close(Stream *stream); /* not open: fine */

/* -------- choose.c -------- */
/* Ask the sources what is there; a flush whose targets are open takes them from it. */
MUST_USE Status stream_discover(Stream *stream, Error *err);
MUST_USE Status stream_discover_scan(Stream *stream, int index, Error *err);
/* ONCE and AVAILABLE NOW: partitions without a stop get what is there now. */
MUST_USE Status stream_set_stops(Stream *stream, Error *err);
/* The next epoch's header, in the arena; *ret_has_backlog: it leaves something that is there. */
MUST_USE Status stream_choose(Stream *stream, Arena *arena, EpochHeader **ret_header,
                              bool *ret_has_backlog, Error *err);

/* -------- epoch.c -------- */
/* Find what is new, and run one epoch if there is work. *ret_did_work tells. */
MUST_USE Status stream_run_epoch(Stream *stream, bool *ret_did_work, Error *err);
/* The stream stops: what was decided becomes visible. */
MUST_USE Status stream_close_files(Stream *stream, Error *err);
/* What was decided and not told to the checkpoint is now. */
MUST_USE Status stream_write_deferred(Stream *stream, Error *err);
/* The same when it is time, without a sync of the disk. */
MUST_USE Status stream_write_due(Stream *stream, int64_t now_ns, Error *err);
/* Is everything that was there when the flush began done and delivered? */
bool stream_is_flushed(Stream *stream);

/* -------- watermark.c -------- */
/* Take an epoch's statistics in; step where a generation ended. */
void watermark_advance(StreamScan *scan, const ScanRange *range, const ScanStats *stats,
                       int64_t now_ns, int64_t wall_us);
/* Recompute the scan's watermark from its partitions. */
void watermark_combine(StreamScan *scan);
/* Recompute what operators over several scans take. */
void watermark_join(StreamScan *scans, int count);
/* Has it moved since the last decided epoch? */
bool watermark_is_ahead(const StreamScan *scan);
/* Mark partitions idle that are caught up and silent, or ended; true when the scan's watermark
 * moved. */
bool watermark_check_idle(StreamScan *scan, int64_t now_ns);
/* Nanoseconds until a partition may become idle in a way that matters; -1: none. */
int64_t watermark_idle_due_ns(const StreamScan *scan, int64_t now_ns);
