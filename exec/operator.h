/* Operator: one step of a running query, from delta batches to delta batches.
 *
 * It keeps nothing from one epoch to the next outside the state tables that open() declares, so
 * checkpoint and recovery are not its business. Calls come from one worker at a time, in the order
 * open ((produce | push)* end_input* end_epoch)* close, and stop at the first error. A child has
 * ended its epoch before its parent's end_input for that port. produce, end_input and end_epoch
 * give about one batch a call and return STATUS_MORE while there is more: the driver resets the
 * batch arena, looks at cancel and at the receiver's patience, and calls again with the same
 * arguments. STATUS_STOP from push: no more rows of this epoch are wanted. The base counts rows,
 * batches, late rows, state and nanoseconds: operators hold no metrics code. */
#pragma once

#include "base/arena.h"
#include "connector/format.h"
#include "planner/plan.h"
#include "state/state.h"

typedef struct Operator Operator;
typedef struct Emitter Emitter;
struct ExecEnvironment;

/* One epoch, as operators see it. */
typedef struct Epoch {
    int64_t number;
    EvalContext eval;
    bool is_final; /* batch: this is the only epoch */
    /* Watermarks by scan ordinal, µs since 2000; INT64_MIN: none yet. late_below: rows are judged
     * by it; close_below: groups close by it. */
    const int64_t *late_below;
    const int64_t *close_below;
    /* The same for operators over several scans: an idle scan follows the others. NULL: as above.
     */
    const int64_t *joint_late_below;
    const int64_t *joint_close_below;
    int scan_count;
    bool watermark_is_max;
    volatile const bool *cancel;
} Epoch;

typedef struct OperatorMetrics {
    int64_t rows_in, rows_out, batches, late_rows, late_windows, bad_rows, cpu_ns;
} OperatorMetrics;

/* A late row for LATE ROWS INTO and millrace.late_rows. */
typedef void (*LateReport)(void *data, const Operator *op, const Batch *batch, uint32_t row,
                           int64_t event_time_us, int64_t watermark_us);

/* A record that could not be decoded, or whose event time is NULL. Any thread; position: in words.
 */
typedef void (*BadReport)(void *data, const Plan *scan, int partition, const char *position,
                          const BadRecord *bad, const Record *record);

/* A row for which an expression of `node` raised `fault`, and which is left out. Any thread. */
typedef void (*RowErrorReport)(void *data, const Plan *node, const Batch *batch, uint32_t row,
                               const Error *fault);

typedef struct OperatorContext {
    const struct ExecEnvironment *environment;
    StateStore *state; /* of the stream, or of the batch query */
    MemoryAccount *account;
    Arena *batch_arena;     /* reset by the driver after each push from the source */
    Arena *epoch_arena;     /* reset by the driver after the epoch */
    Arena *arena;           /* the pipeline's life */
    const Epoch *epoch;     /* the one under way */
    LateReport report_late; /* any thread; NULL: nobody asks */
    void *late_data;
    BadReport report_bad;
    void *bad_data;
    RowErrorReport report_row_error; /* NULL: an error of an expression ends the epoch */
    void *row_error_data;
    bool is_stream; /* results are kept in state tables, from epoch to epoch */
    int partition; /* the state partition this instance serves; -1: all of them, one after the other
                    */
} OperatorContext;

typedef struct OpType {
    const char *name; /* as EXPLAIN prints it */
    PlanKind kind;    /* the physical node it runs */
    size_t size_bytes;

    /* Bind to `node`, which outlives the operator, and declare state tables. */
    MUST_USE Status (*open)(Operator *op, const Plan *node, Error *err);
    /* Leaves only: emit the next batch. STATUS_OK: that was the last of this epoch. */
    MUST_USE Status (*produce)(Operator *op, Emitter *out, Error *err);
    /* Consume one batch of input `port`. `in` is borrowed until push returns. */
    MUST_USE Status (*push)(Operator *op, int port, const Batch *in, Emitter *out, Error *err);
    /* Go on with what push has put aside, when it set has_pending: called before anything else,
     * until it is false. About one batch a call. NULL: it never does. */
    MUST_USE Status (*resume)(Operator *op, Emitter *out, Error *err);
    /* Input `port` has given all of this epoch's rows. NULL: nothing to do. */
    MUST_USE Status (*end_input)(Operator *op, int port, Emitter *out, Error *err);
    /* This epoch's input is complete: emit what its watermark closes, drop what it expires. NULL:
     * nothing. */
    MUST_USE Status (*end_epoch)(Operator *op, const Epoch *epoch, Emitter *out, Error *err);
    /* Forget what belongs to the epoch under way (state is put back by its owner). NULL: nothing.
     */
    void (*abort)(Operator *op);
    /* Free what open() took, also after a failed open(). NULL: nothing to free. */
    void (*close)(Operator *op);
} OpType;

struct Operator {
    const OpType *type;
    const Plan *node;
    OperatorContext *cx;
    uint64_t id; /* plan_fingerprint of the node */
    OperatorMetrics metrics;
    bool has_pending; /* push has more output for its input than it wanted to give at once */
};

/* Where an operator's output goes. emit() runs the next operators at once. */
struct Emitter {
    MUST_USE Status (*emit)(Emitter *emitter, const Batch *batch, Error *err);
};

/* The watermark values that reach `node`: the least (or greatest, when the epoch says so) over the
 * scans below it that have one. INT64_MIN: none. */
void operator_watermarks(const Plan *node, const Epoch *epoch, int64_t *ret_late_below,
                         int64_t *ret_close_below);

/* What judges a row by its time: a column of the input. */
typedef struct LateJudge {
    TimeRole role;
    int64_t close_offset_us;
    int64_t late_below;
} LateJudge;

/* Count a row that is late, and tell of it. A row of windows counts once, with its last copy, in
 * late_rows, and each copy in late_windows. */
void operator_count_late(Operator *op, const Batch *in, uint32_t row, int64_t time_us,
                         const LateJudge *judge);
