/* The inside of the aggregate operator, for its own files: op_aggregate.c (rows into groups),
 * aggregate_state.c (groups into state and back), aggregate_emit.c (groups out),
 * aggregate_slices.c (windows of slices).
 *
 * Groups of the epoch lie in a KeyTable: payload = GroupHead, then each call's state. In a stream a
 * group that is new to the epoch starts from what the state table remembers; at the end of the
 * epoch every group is written back. A table's row is: key form of the keys -> i64 weight (rows in
 * the group), the first arrival's value form of keys whose key form does not show it, the
 * serialised states. The state table's slice is the time at which the group closes.
 *
 * Over slices of hopping windows (planner/slices.h) PARTIAL groups by slice, and so does FINAL
 * when it emits on close: a window's rows are made when it closes, and a slice closes with the last
 * window that holds it. Else FINAL's groups are windows, and a partial state goes into each that
 * holds its slice. */
#pragma once

#include <assert.h>

#include "exec/key_table.h"
#include "exec/operators.h"
#include "exec/slices.h"
#include "planner/slices.h"

typedef struct GroupHead {
    int64_t weight; /* rows in the group */
    int64_t slice;  /* close time; SLICE_OPEN: never closes */
} GroupHead;

static_assert(sizeof(GroupHead) == 16, "states behind it must stay aligned");

#define SLICE_OPEN INT64_MAX

typedef struct AggregateTerm {
    const Aggregate *aggregate;
    uint32_t *arguments; /* columns of the input; FINAL: none */
    uint32_t argument_count;
    int filter; /* column; -1: none */
    bool is_distinct;
    uint32_t number;
    size_t offset; /* of its state in the payload */
} AggregateTerm;

/* A group that closes, or is given whole: borrowed from the state table until that changes. */
typedef struct ClosingGroup {
    int64_t slice;
    StateBytes key;
    StateBytes value;
    const char *sort_key; /* epoch arena */
    size_t sort_size;
} ClosingGroup;

/* The rows of one output batch: where the states are, and the key columns already filled. */
enum { AGGREGATE_OUTPUT_ROWS = LIMIT_BATCH_ROWS };
typedef struct AggregateOutput {
    Column *columns; /* of the plan */
    char *payloads[AGGREGATE_OUTPUT_ROWS];
    int64_t weights[AGGREGATE_OUTPUT_ROWS];
    bool pairs[AGGREGATE_OUTPUT_ROWS]; /* EMIT_CHANGES: the row is the old side of a pair */
    uint32_t count;
    bool has_weights;
} AggregateOutput;

typedef struct WindowRun WindowRun;

/* How an aggregate works with slices. */
typedef struct AggregateSlices {
    bool is_used;
    bool are_groups; /* the keys mean slices, not windows */
    SliceGrid grid;
    SlicePart *parts;     /* of each key */
    uint32_t window_key;  /* the first key that is a part */
    uint32_t *plain_keys; /* those that are none */
    uint32_t plain_count;
    SqlType *plain_types;
    WindowRun **runs; /* by state partition; NULL: none yet */
    WindowRun *worn;  /* to be made anew, once the rows that borrow from it are out */
} AggregateSlices;

typedef enum AggregateStage { STAGE_INPUT, STAGE_EMIT, STAGE_DROP } AggregateStage;

typedef struct AggregateOp {
    Operator base; /* must be first */
    AggregatePhase phase;
    EmitMode emit;
    bool keeps_state;
    uint32_t key_count;   /* of the plan */
    uint32_t table_count; /* of the KeyTable: one more with grouping sets, their number */
    SqlType *key_types;
    uint32_t *key_columns; /* of the input */
    AggregateTerm *terms;
    uint32_t term_count;
    size_t payload_bytes;
    KeyTable *groups;
    int time_key; /* among the keys; -1: none, nothing closes */
    TimeRole time_role;
    int64_t close_offset_us;
    AggregateSlices slices;
    StateTable *table;
    StateTable *distinct;
    int64_t late_below;
    int64_t close_below;
    const Epoch *epoch; /* whose watermarks those are */
    StrBuf key;         /* scratch */
    StrBuf value;
    /* the end of the epoch */
    AggregateStage stage;
    uint32_t *order; /* groups by state partition; epoch arena */
    uint32_t next;
    int partition;
    ClosingGroup *closing;
    uint32_t closing_count;
    uint32_t closing_capacity;
    bool is_gathered;
} AggregateOp;

static inline int aggregate_partition(const AggregateOp *self, uint64_t hash) {
    const OperatorContext *cx = self->base.cx;

    return cx->partition >= 0 ? cx->partition
                              : state_partition_of(hash, state_partition_count(cx->state));
}

static inline GroupHead *group_head(const AggregateOp *self, uint32_t id) {
    return key_table_payload(self->groups, id);
}

/* When the group of this time closes; SLICE_OPEN for NULL and infinity. */
int64_t aggregate_close_time(const AggregateOp *self, const Value *time);
/* Merge partial states into the groups of their keys. */
MUST_USE Status aggregate_push_partials(AggregateOp *self, const Batch *in, Error *err);

/* -------- aggregate_state.c -------- */
MUST_USE Status aggregate_open_state(AggregateOp *self, Error *err);
/* Start a group that is new to the epoch: from nothing or from the state table. */
MUST_USE Status aggregate_start_group(AggregateOp *self, uint32_t id, Error *err);
/* States at `payload` (GroupHead first), and the display values; false: damaged. */
bool aggregate_read_row(const AggregateOp *self, StateBytes value, void *payload, Value *displays,
                        Arena *arena);
void aggregate_init_payload(const AggregateOp *self, void *payload);
/* Write all groups of the epoch to the state table, by partition; makes self->order. */
MUST_USE Status aggregate_write_back(AggregateOp *self, Error *err);
MUST_USE Status aggregate_drop_closed(AggregateOp *self, Error *err);
/* The rows that are new (or gone) for a DISTINCT call: ret_rows, and weights by row position. */
typedef struct DistinctRows {
    const uint32_t *rows;
    const uint32_t *ids;
    uint32_t count;
    uint32_t *ret_places; /* into rows */
    uint32_t ret_count;
    int64_t *ret_weights; /* by row position */
} DistinctRows;
MUST_USE Status aggregate_distinct(AggregateOp *self, const AggregateTerm *term, const Batch *in,
                                   DistinctRows *rows, Error *err);

/* -------- aggregate_slices.c -------- */
void aggregate_open_slices(AggregateOp *self);
/* What the key's value lies behind the start of its slice or window. */
int64_t aggregate_part_offset(const AggregateOp *self, uint32_t key);
/* `in` without the rows that are late for all their windows; the other late windows are counted. */
Batch aggregate_drop_late_slices(AggregateOp *self, const Batch *in);
/* Hashes of FINAL's keys: the upper half, which chooses the partition, is of the plain ones alone.
 */
void aggregate_hash_slices(const AggregateOp *self, const Batch *keys, uint64_t *ret_hashes);
/* Partial states of slices into groups of windows. */
MUST_USE Status aggregate_push_slices(AggregateOp *self, const Batch *in, Error *err);
/* The group of a slice has changed: what was made of it is out of date. */
MUST_USE Status aggregate_touch_slice(AggregateOp *self, uint32_t id, int partition, Error *err);
/* Forget what was made of slices. */
void aggregate_reset_slices(AggregateOp *self);
void aggregate_close_slices(AggregateOp *self);
MUST_USE Status aggregate_emit_windows(AggregateOp *self, Emitter *out, Error *err);

/* -------- aggregate_emit.c: each gives one batch a call, STATUS_MORE while there is more --------
 */
AggregateOutput *aggregate_output_start(AggregateOp *self);
void aggregate_put_key(AggregateOp *self, AggregateOutput *output, uint32_t key,
                       const Value *value);
MUST_USE Status aggregate_output_finish(AggregateOp *self, AggregateOutput *output, Emitter *out,
                                        Error *err);
MUST_USE Status aggregate_emit_groups(AggregateOp *self, Emitter *out, Error *err);
MUST_USE Status aggregate_emit_partial(AggregateOp *self, Emitter *out, Error *err);
MUST_USE Status aggregate_emit_changes(AggregateOp *self, Emitter *out, Error *err);
MUST_USE Status aggregate_emit_stored(AggregateOp *self, Emitter *out, Error *err);
