/* Scan: the rows of a relation.
 *
 * A source is read in blocks of records: in a batch query everything from the start up to what is
 * there when the query begins; in a stream the ranges that the epoch's header names (exec/scan.h).
 * The block stays until its last batch has been consumed. System tables and the results of streams
 * are gathered first and given out batch by batch. */
#include "exec/scan.h"

#include <assert.h>

#include "catalog/catalog.h"
#include "exec/binding.h"
#include "exec/operators.h"
#include "exec/row_set.h"
#include "exec/scan_decode.h"
#include "exec/scan_metadata.h"
#include "types/row.h"

enum { BLOCK_BYTES = 1 << 18 };

typedef struct ScanOp {
    Operator base; /* must be first */
    ScanFeed feed;
    SourceReader *own_reader; /* batch reads */
    ScanRange *own_ranges;
    ScanStats *own_stats;
    ScanDecoder *decoder;
    Block *block;
    uint32_t next_record;
    int range;
    int64_t offset; /* in the range; INT64_MIN: at its start */
    bool is_open;
    RowSet *rows; /* of a relation that is gathered */
    uint32_t next_batch;
    SqlType *types;
} ScanOp;

void scan_set_feed(Operator *scan, const ScanFeed *feed) {
    ScanOp *self = (ScanOp *) scan;

    assert(scan->type == &op_scan);
    self->feed = *feed;
    self->range = 0;
    self->offset = INT64_MIN;
}

void scan_set_wants(const Plan *scan, SourceEnvironment *environment) {
    const Relation *relation = scan->relation;

    for (int i = 0; i < relation->column_count; i++) {
        const RelationColumn *column = &relation->columns[i];
        const char *name = column->path ? column->path : column->name;

        if (!scan_reads_metadata(scan, i))
            continue;
        environment->wants_lines |= strcmp(name, "line") == 0;
        environment->wants_key |= strcmp(name, "key") == 0 || strncmp(name, "key.", 4) == 0;
        environment->wants_headers |= strcmp(name, "headers") == 0;
        environment->wants_timestamp |= strncmp(name, "timestamp", 9) == 0;
    }
}

/* -------- relations that are gathered -------- */

/* Turns rows, given one at a time, into batches of a RowSet. */
typedef struct Gather {
    SystemTableScan system; /* must be first */
    ScanOp *self;
    Batch batch;
    Column *columns;
    Error *err;
} Gather;

static void gather_reset(Gather *gather) {
    Arena *arena = gather->self->base.cx->batch_arena;
    const Plan *node = gather->self->base.node;

    arena_reset(arena);
    gather->columns = arena_new_array(arena, Column, (size_t) node->column_count + 1);
    for (int i = 0; i < node->column_count; i++)
        gather->columns[i] = column_create(node->columns[i].type, LIMIT_BATCH_ROWS, arena);
    gather->batch =
        (Batch) {.column_count = (uint32_t) node->column_count, .columns = gather->columns};
}

static Status gather_flush(Gather *gather, Error *err) {
    TRY(row_set_append(gather->self->rows, &gather->batch, err));
    gather_reset(gather);
    return STATUS_OK;
}

static void gather_put(Gather *gather, int column, const Value *value) {
    Arena *arena = gather->self->base.cx->batch_arena;
    Value copy = value_copy(value, arena);

    column_put(&gather->columns[column], gather->batch.row_count, &copy, LIMIT_BATCH_ROWS, arena);
}

static Status gather_row(SystemTableScan *scan, const Value *row, Error *err) {
    Gather *gather = (Gather *) scan;
    const Plan *node = gather->self->base.node;

    for (int i = 0; i < node->column_count; i++)
        gather_put(gather, i, &row[node->scan_columns[i]]);
    if (++gather->batch.row_count == LIMIT_BATCH_ROWS)
        return gather_flush(gather, err);
    return STATUS_OK;
}

/* A row of a stream's result, in value form. */
static Status gather_state_row(void *data, int64_t slice, StateBytes key, StateBytes value,
                               Error *err) {
    Gather *gather = data;
    const Relation *relation = gather->self->base.node->relation;
    Value row[LIMIT_COLUMNS];
    const uint8_t *cursor = value.data;

    for (int i = 0; i < relation->column_count; i++)
        if (!row_read_value_of(&cursor, value.data + value.size_bytes, relation->columns[i].type,
                               &row[i]))
            return error_set(err, DATA_CORRUPTED, "a row of stream \"%s\" is damaged",
                             relation->name);
    return gather_row(&gather->system, row, err);
}

static Status gather_relation(ScanOp *self, Error *err) {
    const Relation *relation = self->base.node->relation;
    const ExecEnvironment *environment = self->base.cx->environment;
    Gather gather = {.self = self};

    self->rows = row_set_create(self->types, (uint32_t) self->base.node->column_count,
                                self->base.cx->account);
    gather_reset(&gather);
    gather.system = (SystemTableScan) {.server = environment->server,
                                       .catalog = environment->catalog,
                                       .session = environment->session,
                                       .arena = self->base.cx->epoch_arena,
                                       .emit = gather_row};
    if (relation->kind == RELATION_SYSTEM)
        TRY(relation->system->produce(&gather.system, err));
    else if (environment->read_stream)
        TRY(environment->read_stream(environment->read_stream_data, relation, gather_state_row,
                                     &gather, err));
    else
        return error_set(err, FEATURE_NOT_SUPPORTED, "\"%s\" can't be read here", relation->name);
    TRY(row_set_append(self->rows, &gather.batch, err));
    arena_reset(self->base.cx->batch_arena);
    return STATUS_OK;
}

static Status produce_gathered(ScanOp *self, Emitter *out, Error *err) {
    const Batch *batch;

    if (!self->rows)
        TRY(gather_relation(self, err));
    batch = row_set_batch_at(self->rows, self->next_batch);
    if (!batch)
        return STATUS_OK;
    self->next_batch++;
    TRY(out->emit(out, batch, err));
    return row_set_batch_at(self->rows, self->next_batch) ? STATUS_MORE : STATUS_OK;
}

/* -------- sources -------- */

/* From the beginning up to what is there now. */
static Status choose_own_ranges(ScanOp *self, Error *err) {
    const SourceType *source = self->base.node->relation->source;
    Arena *arena = self->base.cx->arena;
    int count = source->partition_count(self->own_reader);
    int64_t *ends = arena_new_array(arena, int64_t, (size_t) count + 1);

    self->own_ranges = arena_new_array(arena, ScanRange, (size_t) count + 1);
    self->own_stats = arena_new_array(arena, ScanStats, (size_t) count + 1);
    for (int i = 0; i < count; i++) {
        PartitionState state;

        source->partition_state(self->own_reader, i, &state);
        ends[i] = state.end;
        self->own_stats[i].max_event_time_us = INT64_MIN;
        self->own_ranges[i] = (ScanRange) {
            .scan_ordinal = self->base.node->scan_ordinal, .partition = i, .from = state.begin};
        if (source->seek)
            TRY(source->seek(self->own_reader, i, state.begin, err));
    }
    if (source->latest_ends)
        TRY(source->latest_ends(self->own_reader, ends, err));
    for (int i = 0; i < count; i++)
        self->own_ranges[i].to = ends[i];
    scan_set_feed(&self->base, &(ScanFeed) {.type = source,
                                            .reader = self->own_reader,
                                            .ranges = self->own_ranges,
                                            .stats = self->own_stats,
                                            .range_count = count});
    return STATUS_OK;
}

/* A batch read: open the source, see what is there, and read all of it. */
static Status open_source(ScanOp *self, Error *err) {
    const Relation *relation = self->base.node->relation;
    OperatorContext *cx = self->base.cx;
    SourceEnvironment environment = {
        .options = &relation->options,
        .format = relation->format,
        .object_id = relation->id,
        .is_batch_read = true,
        .cancel = cx->epoch->cancel,
        .clock = &context_real,
    };
    StrBuf journal = {0};
    Status status;

    scan_set_wants(self->base.node, &environment);
    TRY(relation->source->open(&environment, &self->own_reader, err));
    status = relation->source->discover(self->own_reader, &journal, err);
    strbuf_done(&journal); /* a batch read is never repeated */
    TRY(status);
    return choose_own_ranges(self, err);
}

static void drop_block(ScanOp *self) {
    block_unref(self->block);
    self->block = NULL;
    self->next_record = 0;
}

/* Make self->block the next one with records; NULL: all ranges are read. */
static Status next_block(ScanOp *self, Error *err) {
    const ScanFeed *feed = &self->feed;

    drop_block(self);
    while (self->range < feed->range_count) {
        const ScanRange *range = &feed->ranges[self->range];
        int64_t from = self->offset == INT64_MIN ? range->from : self->offset;

        if (from >= range->to) {
            self->range++;
            self->offset = INT64_MIN;
            continue;
        }
        if (self->own_reader && feed->type->trim)
            feed->type->trim(feed->reader, range->partition, from);
        TRY(feed->type->fetch(feed->reader, range->partition, from, range->to, BLOCK_BYTES,
                              &self->block, err));
        assert(self->block);
        assert(self->block->next_offset > from);
        self->offset = self->block->next_offset;
        feed->stats[self->range].bytes += self->block->size_bytes;
        if (self->block->record_count > 0)
            return STATUS_OK;
        drop_block(self);
    }
    return STATUS_OK;
}

static Status produce_records(ScanOp *self, Emitter *out, Error *err) {
    const ScanFeed *feed = &self->feed;
    uint32_t count;
    Batch batch;
    Status status;

    if (!self->block || self->next_record == self->block->record_count)
        TRY(next_block(self, err));
    if (!self->block)
        return STATUS_OK;
    count = self->block->record_count - self->next_record;
    count = count > LIMIT_BATCH_ROWS ? LIMIT_BATCH_ROWS : count;
    TRY(scan_decode(self->decoder, (RecordSpan) {self->block, self->next_record, count},
                    &(ScanPosition) {feed->type, feed->reader, feed->ranges[self->range].partition},
                    &feed->stats[self->range], &batch, err));
    self->next_record += count;
    status = out->emit(out, &batch, err);
    /* A stream counts every record of its ranges, also those that nobody wants. */
    if (status == STATUS_ERROR || (status == STATUS_STOP && !self->base.cx->is_stream))
        return status;
    return STATUS_MORE;
}

static Status scan_open(Operator *op, const Plan *node, Error *err) {
    ScanOp *self = (ScanOp *) op;
    RelationKind kind = node->relation->kind;

    self->offset = INT64_MIN;
    self->types = binding_types(node, op->cx->arena);
    if (kind == RELATION_SOURCE || kind == RELATION_SYSTEM || kind == RELATION_STREAM) {
        if (op->cx->is_stream && kind != RELATION_SOURCE)
            return error_at(err, node->position, FEATURE_NOT_SUPPORTED,
                            "reading \"%s\" in a stream is not supported", node->relation->name);
        return STATUS_OK;
    }
    return error_at(err, node->position, FEATURE_NOT_SUPPORTED, "reading \"%s\" is not supported",
                    node->relation->name);
}

static Status scan_produce(Operator *op, Emitter *out, Error *err) {
    ScanOp *self = (ScanOp *) op;

    if (op->node->relation->kind != RELATION_SOURCE)
        return produce_gathered(self, out, err);
    if (!self->is_open) {
        if (!op->cx->is_stream)
            TRY(open_source(self, err));
        TRY(scan_decoder_create(op->node, op->cx, &self->decoder, err));
        self->is_open = true;
    }
    return produce_records(self, out, err);
}

static void scan_abort(Operator *op) {
    ScanOp *self = (ScanOp *) op;

    drop_block(self);
    self->feed = (ScanFeed) {0};
    self->range = 0;
}

static void scan_close(Operator *op) {
    ScanOp *self = (ScanOp *) op;

    drop_block(self);
    self->decoder = scan_decoder_destroy(self->decoder);
    if (self->own_reader)
        self->own_reader = op->node->relation->source->close(self->own_reader);
    self->rows = row_set_destroy(self->rows);
}

const OpType op_scan = {
    .name = "scan",
    .kind = PLAN_SCAN,
    .size_bytes = sizeof(ScanOp),
    .open = scan_open,
    .produce = scan_produce,
    .abort = scan_abort,
    .close = scan_close,
};
