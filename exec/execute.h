/* Execute: run physical plans.
 *
 * A Query is a batch execution that can be suspended: query_run() goes on until `rows_wanted` rows
 * or `bytes_wanted` of output were given to the receiver, or the end. A portal is a Query kept
 * between calls. A Dataflow is the same operators for a stream: one call per epoch. */
#pragma once

#include "base/pool.h"
#include "connector/registry.h"
#include "exec/operator.h"

/* How the executor gets at relations that are not sources with a connector. */
typedef struct ExecEnvironment {
    const Registry *registry;
    Pool *workers;      /* NULL: everything on the calling thread */
    const void *server; /* handed to system tables */
    const void *catalog;
    const void *session;
    MemoryAccount *account;
    /* The current result of a stream: calls `visit` with each row (value form, types/row.h). */
    MUST_USE Status (*read_stream)(void *data, const struct Relation *relation, StateVisit visit,
                                   void *visit_data, Error *err);
    void *read_stream_data;
    /* A bad record met by a batch read (streams have their own). May be NULL. */
    void (*report_bad)(void *data, const struct Relation *relation, int partition,
                       const char *position, const BadRecord *bad, const Record *record);
    void *report_data;
} ExecEnvironment;

typedef struct RowReceiver RowReceiver;
struct RowReceiver {
    /* One batch of the answer, columns in the plan's order. Borrowed. */
    MUST_USE Status (*take)(RowReceiver *receiver, const Batch *batch, Error *err);
};

typedef struct Query Query;
/* `plan` is physical; it and `environment` outlive the query. `epoch->cancel` is polled at batch
 * bounds (57014). */
MUST_USE Status query_open(const Plan *plan, const ExecEnvironment *environment, const Epoch *epoch,
                           Query **ret_query, Error *err);
/* STATUS_OK: the end was reached; STATUS_MORE: call again. max_rows 0: no bound; exactly max_rows
 * rows are given before STATUS_MORE (rest is kept for the next call). Returns MORE also when about
 * `bytes_wanted` of output were given (0: no bound). */
MUST_USE Status query_run(Query *query, int64_t max_rows, int64_t bytes_wanted,
                          RowReceiver *receiver, int64_t *ret_rows, Error *err);
Query *query_close(Query *query);
DEFINE_CLEANUP(Query, query_close)

/* -------- streams -------- */

/* One range of a source partition in an epoch. */
typedef struct ScanRange {
    int scan_ordinal;
    int partition;
    int64_t from;
    int64_t to;
} ScanRange;

typedef struct ScanStats {
    int64_t rows_in; /* records read */
    int64_t bad_rows;
    int64_t filtered_rows;
    int64_t max_event_time_us; /* over the well-decoded rows, floored to ms; INT64_MIN: none */
    int64_t bytes;
} ScanStats;

typedef struct StreamReport {
    void *data;
    void (*bad)(void *data, int scan_ordinal, int partition, const char *position,
                const BadRecord *bad, const Record *record);
    LateReport late;
    RowErrorReport row_error; /* NULL: they end the epoch (exec/row_errors.h) */
} StreamReport;

typedef struct Dataflow Dataflow;
/* What a stream gives its dataflow. `environment` and `report` are copied, the rest is borrowed. */
typedef struct DataflowSpec {
    const Plan *plan; /* physical */
    const ExecEnvironment *environment;
    StateStore *state;
    SourceReader *const *readers; /* by scan ordinal; open and positioned by the stream */
    const SourceType *const *types;
    const StreamReport *report; /* NULL: nobody asks */
} DataflowSpec;

MUST_USE Status dataflow_open(const DataflowSpec *spec, Dataflow **ret_dataflow, Error *err);
/* Run one epoch: all ranges through the plan, end_input, end_epoch. Output batches (with weights
 * where the plan retracts) go to `receiver` in order: splits by ordinal, then per key. Bytes and
 * answer don't depend on the number of workers. `stats[i]` belongs to ranges[i]. Under
 * LIMIT_INLINE_EPOCH_ROWS it runs on the calling thread. */
MUST_USE Status dataflow_run_epoch(Dataflow *dataflow, const Epoch *epoch, const ScanRange *ranges,
                                   int range_count, ScanStats *stats, RowReceiver *receiver,
                                   Error *err);
void dataflow_abort(Dataflow *dataflow);
/* For millrace.operators. Index from 0; NULL past the end. */
const Operator *dataflow_operator_at(const Dataflow *dataflow, int index, int *ret_parent);
/* The lowest watermark that reaches the root, for close decisions and millrace.streams. */
Dataflow *dataflow_close(Dataflow *dataflow);
