/* Dataflow: a stream's plan, one call an epoch: on the calling thread when the epoch is small, else
 * in stages.
 *
 * The plan is cut at its exchange, when everything below it keeps no state and a FINAL aggregate
 * stands above. Stage 1: the epoch's ranges are cut into splits by their size; whoever is free runs
 * the next one through the operators below the exchange; its output is kept with the split, sorted
 * by state partition. Stage 2: for each state partition the splits' rows, in the splits' order, go
 * through the FINAL aggregate. The rest of the plan runs on the calling thread, over the partitions
 * in order. Law: the answer's bytes are those of the inline run. For that, groups are written back
 * and given by partition in order of first arrival there too (aggregate_state.c). */
#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "catalog/catalog.h"
#include "exec/binding.h"
#include "exec/job.h"
#include "exec/pipeline.h"
#include "exec/row_set.h"
#include "exec/scan.h"

enum {
    /* A split: large, so that its groups fold many rows, as long as the epoch has many of them. */
    SPLIT_BYTES_MIN = 2 << 20,
    SPLIT_BYTES_MAX = 8 << 20,
    SPLITS_WANTED = 32,
    SPLIT_ROWS = 16384, /* where offsets count records */
    INLINE_BYTES = 2 << 20,
    SCANS_MAX = 1024,
};

/* One batch below the exchange, its rows sorted by state partition. */
typedef struct RunBatch {
    uint32_t *rows;   /* row positions, by partition, ascending within each */
    uint32_t *starts; /* [partition_count + 1] */
} RunBatch;

/* A piece of a range, and what stage 1 made of it. */
typedef struct Split {
    ScanRange range;
    int range_index; /* in the epoch's ranges */
    ScanStats stats;
    RowSet *rows;
    Arena *arena; /* run batches */
    RunBatch *batches;
    uint32_t batch_count;
    uint32_t batch_capacity;
} Split;

struct Dataflow {
    const Plan *plan;
    ExecEnvironment environment;
    StateStore *state;
    SourceReader *const *readers;
    const SourceType *const *types;
    StreamReport report;
    pthread_mutex_t report_lock;
    Arena *arena;
    Pipeline *whole; /* the inline run; its operators are the ones that are shown */
    /* stages; NULL exchange: the plan can't be cut */
    const Plan *exchange;
    const Plan *final;
    SqlType *run_types; /* of the exchange's columns */
    SqlType *final_types;
    Pipeline **below;  /* [job_participants]: made when first needed */
    Pipeline **finals; /* [partition_count] */
    Pipeline *above;   /* NULL: FINAL is the root */
    RowSet **outputs;  /* [partition_count] */
    Epoch epoch;       /* the one under way */
    RowReceiver *receiver;
    Split *splits;
    int split_count;
    int split_capacity;
    bool was_staged; /* the epoch before */
};

/* -------- reports: from any thread, one after the other -------- */

static void report_bad(void *data, const Plan *scan, int partition, const char *position,
                       const BadRecord *bad, const Record *record) {
    Dataflow *self = data;

    if (!self->report.bad)
        return;
    pthread_mutex_lock(&self->report_lock);
    self->report.bad(self->report.data, scan->scan_ordinal, partition, position, bad, record);
    pthread_mutex_unlock(&self->report_lock);
}

static void report_late(void *data, const Operator *op, const Batch *batch, uint32_t row,
                        int64_t event_time_us, int64_t watermark_us) {
    Dataflow *self = data;

    if (!self->report.late)
        return;
    pthread_mutex_lock(&self->report_lock);
    self->report.late(self->report.data, op, batch, row, event_time_us, watermark_us);
    pthread_mutex_unlock(&self->report_lock);
}

static void report_row_error(void *data, const Plan *node, const Batch *batch, uint32_t row,
                             const Error *fault) {
    Dataflow *self = data;

    pthread_mutex_lock(&self->report_lock);
    self->report.row_error(self->report.data, node, batch, row, fault);
    pthread_mutex_unlock(&self->report_lock);
}

/* -------- opening -------- */

static Status deliver(void *data, const Batch *batch, Error *err) {
    Dataflow *self = data;

    assert(self->receiver);
    return self->receiver->take(self->receiver, batch, err);
}

static PipelineOptions pipeline_options(Dataflow *self, int partition) {
    PipelineOptions options = {.ids_from = self->whole, .deliver = deliver, .deliver_data = self};

    options.cx =
        (OperatorContext) {.environment = &self->environment,
                           .state = self->state,
                           .account = self->environment.account,
                           .report_late = report_late,
                           .late_data = self,
                           .report_bad = report_bad,
                           .bad_data = self,
                           .report_row_error = self->report.row_error ? report_row_error : NULL,
                           .row_error_data = self,
                           .is_stream = true,
                           .partition = partition};
    return options;
}

/* Nothing below the exchange may remember anything. */
static bool is_stateless(const Plan *node) {
    bool is_fit;

    switch (node->kind) {
    case PLAN_SCAN:
        is_fit = node->relation->kind == RELATION_SOURCE;
        break;
    case PLAN_FILTER:
    case PLAN_PROJECT:
    case PLAN_WINDOW:
    case PLAN_UNION:
        is_fit = true;
        break;
    case PLAN_AGGREGATE:
        is_fit = node->phase == PHASE_PARTIAL;
        break;
    default:
        is_fit = false;
        break;
    }
    for (int i = 0; is_fit && i < node->child_count; i++)
        is_fit = is_stateless(node->children[i]);
    return is_fit;
}

/* The FINAL aggregate over an exchange, when the way from the root to it has no other branch. */
static const Plan *find_final(const Plan *node) {
    for (; node->child_count == 1; node = node->children[0])
        if (node->kind == PLAN_AGGREGATE && node->phase == PHASE_FINAL &&
            node->children[0]->kind == PLAN_EXCHANGE &&
            is_stateless(node->children[0]->children[0]))
            return node;
    return NULL;
}

static void cut_plan(Dataflow *self) {
    Arena *arena = self->arena;
    size_t partitions = (size_t) state_partition_count(self->state);

    self->final = find_final(self->plan);
    if (!self->final || job_participants(self->environment.workers) == 1)
        return;
    self->exchange = self->final->children[0];
    self->run_types = binding_types(self->exchange, arena);
    self->final_types = binding_types(self->final, arena);
    self->finals = arena_new_array(arena, Pipeline *, partitions);
    self->outputs = arena_new_array(arena, RowSet *, partitions);
    self->below =
        arena_new_array(arena, Pipeline *, (size_t) job_participants(self->environment.workers));
}

Status dataflow_open(const DataflowSpec *spec, Dataflow **ret_dataflow, Error *err) {
    Dataflow *self = memory_zalloc(sizeof(*self));
    PipelineOptions options;
    Status status;

    self->plan = spec->plan;
    self->environment = *spec->environment;
    self->state = spec->state;
    self->readers = spec->readers;
    self->types = spec->types;
    self->report = spec->report ? *spec->report : (StreamReport) {0};
    pthread_mutex_init(&self->report_lock, NULL);
    self->arena = arena_create("dataflow", 0);
    options = pipeline_options(self, -1);
    status = pipeline_create(self->plan, &options, &self->whole, err);
    if (status != STATUS_OK) {
        (void) dataflow_close(self);
        return status;
    }
    cut_plan(self);
    *ret_dataflow = self;
    return STATUS_OK;
}

static void free_splits(Dataflow *self) {
    for (int i = 0; i < self->split_count; i++) {
        Split *split = &self->splits[i];

        split->rows = row_set_destroy(split->rows);
        split->arena = arena_destroy(split->arena);
        memory_free(split->batches);
    }
    self->split_count = 0;
}

static void free_stages(Dataflow *self) {
    for (int i = 0; i < job_participants(self->environment.workers); i++)
        self->below[i] = pipeline_destroy(self->below[i]);
    for (int i = 0; i < state_partition_count(self->state); i++) {
        self->finals[i] = pipeline_destroy(self->finals[i]);
        self->outputs[i] = row_set_destroy(self->outputs[i]);
    }
    self->above = pipeline_destroy(self->above);
}

Dataflow *dataflow_close(Dataflow *self) {
    if (!self)
        return NULL;
    free_splits(self);
    memory_free(self->splits);
    if (self->exchange)
        free_stages(self);
    self->whole = pipeline_destroy(self->whole);
    pthread_mutex_destroy(&self->report_lock);
    (void) arena_destroy(self->arena);
    memory_free(self);
    return NULL;
}

/* -------- feeding scans -------- */

static void set_feeds(Pipeline *pipeline, int scan_ordinal, const ScanFeed *feed) {
    int parent;

    for (int i = 0; i < pipeline_operator_count(pipeline); i++) {
        Operator *op = pipeline_operator_at(pipeline, i, &parent);

        if (op && op->node->kind == PLAN_SCAN &&
            (scan_ordinal < 0 || op->node->scan_ordinal == scan_ordinal))
            scan_set_feed(op, feed);
    }
}

static ScanFeed feed_of(const Dataflow *self, int scan_ordinal) {
    return (ScanFeed) {.type = self->types[scan_ordinal], .reader = self->readers[scan_ordinal]};
}

/* -------- inline -------- */

/* The ranges of each scan, one after the other, and their stats; copied back after the run. */
typedef struct InlineRanges {
    ScanRange *ranges;
    ScanStats *stats;
    int *origins; /* the epoch's range that each is */
    int count;
} InlineRanges;

static InlineRanges order_ranges(Dataflow *self, const ScanRange *ranges, int count, Arena *arena) {
    InlineRanges ordered = {
        .ranges = arena_new_array(arena, ScanRange, (size_t) count + 1),
        .stats = arena_new_array(arena, ScanStats, (size_t) count + 1),
        .origins = arena_new_array(arena, int, (size_t) count + 1),
    };

    set_feeds(self->whole, -1, &(ScanFeed) {0});
    for (int i = 0; i < count; i++) {
        ScanFeed feed = feed_of(self, ranges[i].scan_ordinal);
        bool is_seen = false;

        assert(ranges[i].scan_ordinal < SCANS_MAX);
        for (int j = 0; j < i; j++)
            is_seen |= ranges[j].scan_ordinal == ranges[i].scan_ordinal;
        if (is_seen)
            continue;
        feed.ranges = ordered.ranges + ordered.count;
        feed.stats = ordered.stats + ordered.count;
        for (int j = i; j < count; j++) {
            if (ranges[j].scan_ordinal != ranges[i].scan_ordinal)
                continue;
            ordered.ranges[ordered.count] = ranges[j];
            ordered.stats[ordered.count] = (ScanStats) {.max_event_time_us = INT64_MIN};
            ordered.origins[ordered.count++] = j;
            feed.range_count++;
        }
        set_feeds(self->whole, ranges[i].scan_ordinal, &feed);
    }
    return ordered;
}

static Status run_inline(Dataflow *self, const ScanRange *ranges, int count, ScanStats *stats,
                         Error *err) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("epoch ranges", 0);
    InlineRanges ordered;
    Status status;

    assert(self->receiver);
    pipeline_begin(self->whole, &self->epoch);
    ordered = order_ranges(self, ranges, count, arena);
    status = pipeline_run(self->whole, err);
    for (int i = 0; i < ordered.count; i++)
        stats[ordered.origins[i]] = ordered.stats[i];
    set_feeds(self->whole, -1, &(ScanFeed) {0});
    return status;
}

/* -------- stage 1: splits -------- */

static void add_split(Dataflow *self, const ScanRange *range, int range_index) {
    if (self->split_count == self->split_capacity) {
        self->split_capacity = self->split_capacity ? 2 * self->split_capacity : 16;
        self->splits = memory_realloc(self->splits, (size_t) self->split_capacity * sizeof(Split));
    }
    self->splits[self->split_count++] =
        (Split) {.range = *range, .range_index = range_index, .stats.max_event_time_us = INT64_MIN};
}

/* By the epoch alone, not by the workers: the splits are the same for any number of them. */
static int64_t split_bytes(const Dataflow *self, const ScanRange *ranges, int count) {
    int64_t total_bytes = 0;
    int64_t step;

    for (int i = 0; i < count; i++)
        if (self->types[ranges[i].scan_ordinal]->offsets_are_bytes)
            total_bytes += ranges[i].to - ranges[i].from;
    step = total_bytes / SPLITS_WANTED;
    if (step < SPLIT_BYTES_MIN)
        return SPLIT_BYTES_MIN;
    return step < SPLIT_BYTES_MAX ? step : SPLIT_BYTES_MAX;
}

static void cut_ranges(Dataflow *self, const ScanRange *ranges, int count) {
    int64_t step_bytes = split_bytes(self, ranges, count);

    for (int i = 0; i < count; i++) {
        bool is_bytes = self->types[ranges[i].scan_ordinal]->offsets_are_bytes;
        int64_t step = is_bytes ? step_bytes : SPLIT_ROWS;

        for (int64_t from = ranges[i].from; from < ranges[i].to; from += step) {
            ScanRange part = ranges[i];

            part.from = from;
            part.to = from + step < ranges[i].to ? from + step : ranges[i].to;
            add_split(self, &part, i);
        }
    }
}

/* Where a participant's pipeline delivers. */
typedef struct StageSlot {
    Dataflow *self;
    Split *split;
} StageSlot;

static RunBatch *add_run_batch(Split *split) {
    if (split->batch_count == split->batch_capacity) {
        split->batch_capacity = split->batch_capacity ? 2 * split->batch_capacity : 4;
        split->batches = memory_realloc(split->batches, split->batch_capacity * sizeof(RunBatch));
    }
    return &split->batches[split->batch_count++];
}

/* Sort the rows of a dense batch by partition, keeping their order within each. */
static void sort_run(const Dataflow *self, Split *split, const Batch *batch) {
    int partition_count = state_partition_count(self->state);
    const ColumnIds *exchanged = &self->exchange->keys;
    uint32_t key_count = (uint32_t) exchanged->count;
    uint32_t count = batch->row_count;
    uint64_t *hashes = arena_alloc_raw(split->arena, (count + 1) * sizeof(uint64_t));
    uint32_t *keys = arena_new_array(split->arena, uint32_t, key_count + 1);
    uint32_t *next = arena_new_array(split->arena, uint32_t, (size_t) partition_count + 1);
    RunBatch *run = add_run_batch(split);

    assert(!batch->selection);
    for (uint32_t i = 0; i < key_count; i++)
        keys[i] = (uint32_t) plan_column_index(self->exchange, exchanged->ids[i]);
    batch_hash_columns(batch, keys, key_count, hashes);
    run->rows = arena_alloc_raw(split->arena, (count + 1) * sizeof(uint32_t));
    run->starts = arena_new_array(split->arena, uint32_t, (size_t) partition_count + 1);
    for (uint32_t row = 0; row < count; row++)
        run->starts[state_partition_of(hashes[row], partition_count) + 1]++;
    for (int p = 0; p < partition_count; p++)
        run->starts[p + 1] += run->starts[p];
    memcpy(next, run->starts, (size_t) partition_count * sizeof(uint32_t));
    for (uint32_t row = 0; row < count; row++)
        run->rows[next[state_partition_of(hashes[row], partition_count)]++] = row;
}

static Status keep_run(void *data, const Batch *batch, Error *err) {
    const StageSlot *slot = data;
    Split *split = slot->split;

    assert(split);
    TRY(row_set_append(split->rows, batch, err));
    sort_run(slot->self, split, row_set_batch_at(split->rows, split->batch_count));
    return STATUS_OK;
}

static Status make_below(Dataflow *self, int participant, Error *err) {
    PipelineOptions options = pipeline_options(self, -1);

    if (self->below[participant])
        return STATUS_OK;
    return pipeline_create(self->exchange->children[0], &options, &self->below[participant], err);
}

static Status run_split(void *data, int turn, int participant, Error *err) {
    Dataflow *self = data;
    Split *split = &self->splits[turn];
    StageSlot slot = {self, split};
    ScanFeed feed = feed_of(self, split->range.scan_ordinal);
    Pipeline *pipeline;
    Status status;

    TRY(make_below(self, participant, err));
    pipeline = self->below[participant];
    split->rows = row_set_create(self->run_types, (uint32_t) self->exchange->column_count,
                                 self->environment.account);
    split->arena = arena_create("run", 0);
    feed.ranges = &split->range;
    feed.stats = &split->stats;
    feed.range_count = 1;
    pipeline_set_deliver(pipeline, keep_run, &slot);
    pipeline_begin(pipeline, &self->epoch);
    set_feeds(pipeline, -1, &(ScanFeed) {0});
    set_feeds(pipeline, split->range.scan_ordinal, &feed);
    status = pipeline_run(pipeline, err);
    set_feeds(pipeline, -1, &(ScanFeed) {0});
    return status;
}

static void take_stats(const Dataflow *self, ScanStats *stats) {
    for (int i = 0; i < self->split_count; i++) {
        const ScanStats *part = &self->splits[i].stats;
        ScanStats *total = &stats[self->splits[i].range_index];

        total->rows_in += part->rows_in;
        total->bad_rows += part->bad_rows;
        total->filtered_rows += part->filtered_rows;
        total->bytes += part->bytes;
        if (part->max_event_time_us > total->max_event_time_us)
            total->max_event_time_us = part->max_event_time_us;
    }
}

/* -------- stage 2: state partitions -------- */

static Status keep_output(void *data, const Batch *batch, Error *err) {
    return row_set_append(data, batch, err);
}

static Status make_final(Dataflow *self, int partition, Error *err) {
    PipelineOptions options = pipeline_options(self, partition);

    if (self->finals[partition])
        return STATUS_OK;
    options.inlet = self->exchange;
    self->outputs[partition] = row_set_create(
        self->final_types, (uint32_t) self->final->column_count, self->environment.account);
    options.deliver = keep_output;
    options.deliver_data = self->outputs[partition];
    return pipeline_create(self->final, &options, &self->finals[partition], err);
}

static Status feed_partition(Dataflow *self, int partition, const Split *split, Error *err) {
    for (uint32_t i = 0; i < split->batch_count; i++) {
        const RunBatch *run = &split->batches[i];
        Batch part = *row_set_batch_at(split->rows, i);

        part.selection = run->rows + run->starts[partition];
        part.selection_count = run->starts[partition + 1] - run->starts[partition];
        if (part.selection_count > 0)
            TRY(pipeline_feed(self->finals[partition], &part, err));
    }
    return STATUS_OK;
}

static Status run_partition(void *data, int partition, int participant, Error *err) {
    Dataflow *self = data;

    TRY(make_final(self, partition, err));
    pipeline_begin(self->finals[partition], &self->epoch);
    for (int i = 0; i < self->split_count; i++)
        TRY(feed_partition(self, partition, &self->splits[i], err));
    return pipeline_run(self->finals[partition], err);
}

/* -------- the rest -------- */

static Status run_above(Dataflow *self, Error *err) {
    bool is_root = self->final == self->plan;

    if (!is_root && !self->above) {
        PipelineOptions options = pipeline_options(self, -1);

        options.inlet = self->final;
        TRY(pipeline_create(self->plan, &options, &self->above, err));
    }
    if (!is_root)
        pipeline_begin(self->above, &self->epoch);
    for (int p = 0; p < state_partition_count(self->state); p++) {
        const Batch *batch;

        for (uint32_t i = 0; (batch = row_set_batch_at(self->outputs[p], i)); i++) {
            Status status =
                is_root ? deliver(self, batch, err) : pipeline_feed(self->above, batch, err);

            if (status == STATUS_ERROR)
                return status;
        }
        row_set_clear(self->outputs[p]);
    }
    return is_root ? STATUS_OK : pipeline_run(self->above, err);
}

/* What the stages' operators have counted goes to those that are shown. */
static void gather_metrics(Dataflow *self, Pipeline *stage) {
    int parent;

    for (int i = 0; stage && i < pipeline_operator_count(stage); i++) {
        Operator *counted = pipeline_operator_at(stage, i, &parent);

        for (int j = 0; counted && j < pipeline_operator_count(self->whole); j++) {
            Operator *shown = pipeline_operator_at(self->whole, j, &parent);

            if (shown->node != counted->node)
                continue;
            shown->metrics.rows_in += counted->metrics.rows_in;
            shown->metrics.rows_out += counted->metrics.rows_out;
            shown->metrics.batches += counted->metrics.batches;
            shown->metrics.late_rows += counted->metrics.late_rows;
            shown->metrics.late_windows += counted->metrics.late_windows;
            shown->metrics.bad_rows += counted->metrics.bad_rows;
            shown->metrics.cpu_ns += counted->metrics.cpu_ns;
            counted->metrics = (OperatorMetrics) {0};
        }
    }
}

static void gather_all_metrics(Dataflow *self) {
    for (int i = 0; i < job_participants(self->environment.workers); i++)
        gather_metrics(self, self->below[i]);
    for (int i = 0; i < state_partition_count(self->state); i++)
        gather_metrics(self, self->finals[i]);
    gather_metrics(self, self->above);
}

static Status run_stages(Dataflow *self, const ScanRange *ranges, int count, ScanStats *stats,
                         Error *err) {
    Status status;

    assert(self->exchange);
    cut_ranges(self, ranges, count);
    assert(self->split_count > 0);
    status = job_run(self->environment.workers, self->split_count, run_split, self, err);
    take_stats(self, stats);
    if (status == STATUS_OK)
        status = job_run(self->environment.workers, state_partition_count(self->state),
                         run_partition, self, err);
    if (status == STATUS_OK)
        status = run_above(self, err);
    gather_all_metrics(self);
    free_splits(self);
    return status;
}

/* -------- the epoch -------- */

static bool is_small(const Dataflow *self, const ScanRange *ranges, int count) {
    double size = 0; /* 1: as much as may run inline */

    for (int i = 0; i < count; i++) {
        bool is_bytes = self->types[ranges[i].scan_ordinal]->offsets_are_bytes;
        double limit = is_bytes ? INLINE_BYTES : LIMIT_INLINE_EPOCH_ROWS;

        size += (double) (ranges[i].to - ranges[i].from) / limit;
    }
    return size < 1.0;
}

/* What operators remember to save work (aggregate_slices.c) is out of date in those that sit the
 * epoch out. */
static void let_rest(Dataflow *self, bool is_staged) {
    if (is_staged == self->was_staged)
        return;
    self->was_staged = is_staged;
    if (is_staged)
        pipeline_abort(self->whole);
    for (int i = 0; !is_staged && i < state_partition_count(self->state); i++)
        if (self->finals[i])
            pipeline_abort(self->finals[i]);
}

Status dataflow_run_epoch(Dataflow *self, const Epoch *epoch, const ScanRange *ranges,
                          int range_count, ScanStats *stats, RowReceiver *receiver, Error *err) {
    bool is_staged;
    Status status;

    assert(self->split_count == 0);
    self->epoch = *epoch;
    self->receiver = receiver;
    for (int i = 0; i < range_count; i++)
        stats[i] = (ScanStats) {.max_event_time_us = INT64_MIN};
    is_staged = self->exchange && !is_small(self, ranges, range_count);
    let_rest(self, is_staged);
    if (is_staged)
        status = run_stages(self, ranges, range_count, stats, err);
    else
        status = run_inline(self, ranges, range_count, stats, err);
    self->receiver = NULL;
    return status;
}

void dataflow_abort(Dataflow *self) {
    pipeline_abort(self->whole);
    free_splits(self);
    if (!self->exchange)
        return;
    for (int i = 0; i < job_participants(self->environment.workers); i++)
        if (self->below[i])
            pipeline_abort(self->below[i]);
    for (int i = 0; i < state_partition_count(self->state); i++) {
        if (self->finals[i])
            pipeline_abort(self->finals[i]);
        if (self->outputs[i])
            row_set_clear(self->outputs[i]);
    }
    if (self->above)
        pipeline_abort(self->above);
}

const Operator *dataflow_operator_at(const Dataflow *self, int index, int *ret_parent) {
    int parent;

    if (index < 0 || index >= pipeline_operator_count(self->whole))
        return NULL;
    return pipeline_operator_at(self->whole, index, ret_parent ? ret_parent : &parent);
}
