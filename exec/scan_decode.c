#include "exec/scan_decode.h"

#include <assert.h>

#include "catalog/catalog.h"
#include "exec/binding.h"
#include "exec/row_errors.h"
#include "exec/scan_metadata.h"

enum { POSITION_TEXT_SIZE = 512 };

struct ScanDecoder {
    const Plan *scan;
    const Relation *relation;
    OperatorContext *cx;
    int *wanted;            /* by output column: place among the decoder's; -1: metadata */
    ScanMetadata *metadata; /* NULL: the scan reads none */
    DecodeColumn *columns;
    uint32_t column_count;
    int time_column;           /* among the decoder's; -1: no watermark, or one of those below */
    int time_output;           /* metadata is the event time: among the outputs; -1 */
    ExprProgram *time_program; /* event time that a computed column gives, over the outputs; NULL */
    Decoder *decoder;
    ExprProgram **pushed;
    bool fails_on_bad;
    bool nulls_bad;
};

/* -------- opening -------- */

/* Place among the columns of the payload: what a format without names (csv) goes by. */
static int payload_position(const Relation *relation, int relation_column) {
    int position = 0;

    for (int i = 0; i < relation_column; i++)
        position += relation->columns[i].origin == COLUMN_PAYLOAD;
    return position;
}

static int add_payload(ScanDecoder *self, int relation_column) {
    const RelationColumn *column = &self->relation->columns[relation_column];

    self->columns[self->column_count] = (DecodeColumn) {
        .name = column->name,
        .path = column->path,
        .type = column->type,
        .is_not_null = column->is_not_null,
        .position = payload_position(self->relation, relation_column),
    };
    return (int) self->column_count++;
}

static Status want_columns(ScanDecoder *self, Error *err) {
    const Plan *scan = self->scan;

    for (int i = 0; i < scan->column_count; i++) {
        int index = scan->scan_columns[i];
        const RelationColumn *column = &self->relation->columns[index];

        assert(index < self->relation->column_count);
        if (column->origin == COLUMN_METADATA) {
            self->wanted[i] = -1;
            if (scan->watermark_column == scan->columns[i].id)
                self->time_output = i;
            continue;
        }
        if (column->origin == COLUMN_COMPUTED)
            return error_at(err, scan->position, INTERNAL_ERROR,
                            "a scan can't compute column \"%s\"", column->name);
        self->wanted[i] = add_payload(self, index);
        if (scan->watermark_column == scan->columns[i].id)
            self->time_column = self->wanted[i];
    }
    return STATUS_OK;
}

static bool is_wanted(const Plan *scan, int relation_column) {
    for (int i = 0; i < scan->column_count; i++)
        if (scan->scan_columns[i] == relation_column)
            return true;
    return false;
}

static bool is_checked(const Plan *scan, int relation_column) {
    for (int i = 0; i < scan->checked_columns.count; i++)
        if (scan->checked_columns.items[i] == relation_column)
            return true;
    return false;
}

/* The event time, when the plan reads it for the watermark alone; columns that the statement names
 * or that are NOT NULL, though nobody reads them. */
static void want_unread_columns(ScanDecoder *self) {
    const Relation *relation = self->relation;
    int time = relation->watermark_column;

    for (int i = 0; i < relation->column_count; i++) {
        const RelationColumn *column = &relation->columns[i];
        bool is_time = self->scan->watermark_column && !self->scan->watermark_expr &&
                       self->time_column < 0 && i == time;
        int place;

        if (column->origin != COLUMN_PAYLOAD || is_wanted(self->scan, i))
            continue;
        if (!is_time && !column->is_not_null && !is_checked(self->scan, i))
            continue;
        place = add_payload(self, i);
        if (is_time)
            self->time_column = place;
        else
            self->columns[place].is_checked_only = true;
    }
}

/* on_error = 'null': of a column that may be NULL. The event time may not: its record is bad. */
static void set_null_when_bad(ScanDecoder *self) {
    for (uint32_t i = 0; i < self->column_count; i++)
        self->columns[i].is_null_when_bad =
            !self->columns[i].is_not_null && (int) i != self->time_column;
}

Status scan_decoder_create(const Plan *scan, OperatorContext *cx, ScanDecoder **ret_decoder,
                           Error *err) {
    CLEANUP(scan_decoder_destroyp) ScanDecoder *self = memory_zalloc(sizeof(*self));
    const Relation *relation = scan->relation;
    const OptionValue *option = option_lookup(&relation->options, "on_error");
    const char *on_error = option ? option->text : NULL;
    size_t count = (size_t) scan->column_count + 1;

    assert(relation->kind == RELATION_SOURCE);
    self->scan = scan;
    self->relation = relation;
    self->cx = cx;
    self->time_column = self->time_output = -1;
    self->fails_on_bad = on_error && strcmp(on_error, "fail") == 0;
    self->nulls_bad = on_error && strcmp(on_error, "null") == 0;
    self->wanted = arena_new_array(cx->arena, int, count);
    self->columns =
        arena_new_array(cx->arena, DecodeColumn, count + (size_t) relation->column_count);
    self->pushed = arena_new_array(cx->arena, ExprProgram *, (size_t) scan->pushed.count + 1);
    TRY(want_columns(self, err));
    want_unread_columns(self);
    if (self->nulls_bad)
        set_null_when_bad(self);
    TRY(scan_metadata_create(scan, cx, self->nulls_bad, &self->metadata, err));
    for (int i = 0; i < scan->pushed.count; i++)
        TRY(binding_compile(scan->pushed.items[i], scan, cx->arena, &self->pushed[i], err));
    if (scan->watermark_expr)
        TRY(binding_compile(scan->watermark_expr, scan, cx->arena, &self->time_program, err));
    TRY(relation->format->decoder_create(self->columns, self->column_count, &relation->options,
                                         cx->epoch->eval.settings, &self->decoder, err));
    *ret_decoder = TAKE(self);
    return STATUS_OK;
}

ScanDecoder *scan_decoder_destroy(ScanDecoder *self) {
    if (!self)
        return NULL;
    for (int i = 0; self->pushed && i < self->scan->pushed.count; i++)
        self->pushed[i] = expr_program_destroy(self->pushed[i]);
    self->time_program = expr_program_destroy(self->time_program);
    self->metadata = scan_metadata_destroy(self->metadata);
    if (self->decoder)
        self->relation->format->decoder_destroy(self->decoder);
    memory_free(self);
    return NULL;
}

/* -------- bad records -------- */

static Status report_bad(ScanDecoder *self, const ScanPosition *position, const BadRecord *bad,
                         const Record *record, Error *err) {
    char text[POSITION_TEXT_SIZE] = "";

    if (position->type->describe_offset)
        position->type->describe_offset(position->reader, position->partition, record->offset, text,
                                        sizeof(text));
    if (self->fails_on_bad) {
        IGNORE(error_fill(err, bad->sqlstate, 0, "%s", bad->message)); /* it is the error */
        if (bad->column_name)
            IGNORE(error_detail(err, "column \"%s\" at %s", bad->column_name, text));
        else
            IGNORE(error_detail(err, "at %s", text));
        return error_context(err, "source \"%s\"", self->relation->name);
    }
    if (self->cx->report_bad)
        self->cx->report_bad(self->cx->bad_data, self->scan, position->partition, text, bad,
                             record);
    return STATUS_OK;
}

/* -------- event time -------- */

static int64_t floor_to_ms(int64_t time_us) {
    int64_t rest = time_us % 1000;

    return rest < 0 ? time_us - rest - 1000 : time_us - rest;
}

static int64_t event_time(const Column *column, uint32_t row) {
    if (type_physical(column->type.id) == PHYSICAL_INT32)
        return COLUMN_VALUE(column, int32_t, row) * (int64_t) 86400000000;
    return COLUMN_VALUE(column, int64_t, row);
}

static const char *event_time_name(const ScanDecoder *self) {
    if (self->time_column >= 0)
        return self->columns[self->time_column].name;
    return self->relation->watermark_column >= 0
               ? self->relation->columns[self->relation->watermark_column].name
               : NULL;
}

/* The event times of the batch's rows; those whose computation raises leave it. */
static Status compute_event_times(void *data, const Batch *in, Arena *arena, Batch *ret_out,
                                  Error *err) {
    ScanDecoder *self = data;

    *ret_out = *in;
    ret_out->column_count = 1;
    ret_out->columns = arena_new(arena, Column);
    return expr_evaluate(self->time_program, in, &self->cx->epoch->eval, arena, ret_out->columns,
                         err);
}

/* One of the predicates that the scan applies itself. */
typedef struct PushedPredicate {
    const ScanDecoder *self;
    const ExprProgram *program;
} PushedPredicate;

static Status keep_rows(void *data, const Batch *in, Arena *arena, Batch *ret_kept, Error *err) {
    const PushedPredicate *predicate = data;
    uint32_t *selection = arena_alloc_raw(arena, (in->row_count + 1) * sizeof(uint32_t));

    *ret_kept = *in;
    ret_kept->selection = selection;
    return expr_select(predicate->program, in, &predicate->self->cx->epoch->eval, arena, selection,
                       &ret_kept->selection_count, err);
}

static RowStep scan_step(const ScanDecoder *self, RowStepRun run, void *data, ScanStats *stats) {
    return (RowStep) {.cx = self->cx,
                      .node = self->scan,
                      .run = run,
                      .data = data,
                      .arena = self->cx->batch_arena,
                      .bad_rows = &stats->bad_rows};
}

/* Take the greatest event time; rows without one leave the batch as bad records. `batch` has the
 * scan's output columns. */
static Status take_event_times(ScanDecoder *self, Batch *batch, const DecodeResult *result,
                               const Record *records, const ScanPosition *position,
                               ScanStats *stats, Error *err) {
    static const char message[] = "null event time";
    RowStep step = scan_step(self, compute_event_times, self, stats);
    Batch timed = self->time_column >= 0 ? *result->batch : *batch;
    const Column *time;
    int64_t latest = INT64_MIN;
    uint32_t *selection = NULL;
    uint32_t kept = 0;

    timed.selection = batch->selection;
    timed.selection_count = batch->selection_count;
    if (self->time_program)
        TRY(row_step(&step, batch, &timed, err));
    time = &timed.columns[self->time_program       ? 0
                          : self->time_output >= 0 ? self->time_output
                                                   : self->time_column];
    for (uint32_t i = 0; i < batch_active_count(&timed); i++) {
        uint32_t row = batch_active_row(&timed, i);
        BadRecord bad = {.record = result->row_records[row],
                         .sqlstate = SQLSTATE_NULL_VALUE_NOT_ALLOWED,
                         .column_name = event_time_name(self),
                         .message = message};

        if (!column_is_null(time, row)) {
            int64_t time_us = event_time(time, row);

            latest = time_us > latest && time_us != INT64_MAX ? time_us : latest;
            if (selection)
                selection[kept] = row;
            kept++;
            continue;
        }
        if (!selection) {
            selection = arena_new_array(self->cx->batch_arena, uint32_t, batch->row_count);
            for (uint32_t j = 0; j < i; j++)
                selection[j] = batch_active_row(&timed, j);
        }
        stats->bad_rows++;
        TRY(report_bad(self, position, &bad, &records[bad.record], err));
    }
    batch->selection = selection ? selection : timed.selection;
    batch->selection_count = kept;
    if (latest != INT64_MIN && floor_to_ms(latest) > stats->max_event_time_us)
        stats->max_event_time_us = floor_to_ms(latest);
    return STATUS_OK;
}

/* -------- decoding -------- */

/* Fill the metadata columns; rows whose key is bad leave the batch. */
static Status take_metadata(ScanDecoder *self, Batch *batch, const MetadataRows *rows,
                            const ScanPosition *position, ScanStats *stats, Error *err) {
    MetadataFaults faults = {0};
    uint32_t *selection;
    uint32_t next = 0;
    uint32_t kept = 0;

    TRY(scan_metadata_read(self->metadata, rows, batch->columns, &faults, err));
    if (faults.count == 0)
        return STATUS_OK;
    selection = arena_new_array(self->cx->batch_arena, uint32_t, (size_t) batch->row_count + 1);
    for (uint32_t i = 0; i < faults.count; i++) {
        BadRecord bad = faults.items[i];
        uint32_t row = bad.record;

        bad.record = rows->rows[row];
        TRY(report_bad(self, position, &bad, &rows->records[bad.record], err));
        if (bad.is_kept)
            continue;
        stats->bad_rows++;
        while (next < row)
            selection[kept++] = next++;
        next = row + 1;
    }
    while (next < batch->row_count)
        selection[kept++] = next++;
    batch->selection = selection;
    batch->selection_count = kept;
    return STATUS_OK;
}

static Status apply_pushed(ScanDecoder *self, Batch *batch, ScanStats *stats, Error *err) {
    for (int i = 0; i < self->scan->pushed.count && batch_active_count(batch) > 0; i++) {
        PushedPredicate predicate = {self, self->pushed[i]};
        RowStep step = scan_step(self, keep_rows, &predicate, stats);
        int64_t others = stats->bad_rows + batch_active_count(batch);
        Batch kept;

        TRY(row_step(&step, batch, &kept, err));
        stats->filtered_rows += others - stats->bad_rows - kept.selection_count;
        batch->selection = kept.selection;
        batch->selection_count = kept.selection_count;
    }
    return STATUS_OK;
}

Status scan_decode(ScanDecoder *self, RecordSpan span, const ScanPosition *position,
                   ScanStats *stats, Batch *ret_batch, Error *err) {
    const Block *block = span.block;
    uint32_t first = span.first;
    uint32_t count = span.count;
    const Record *records = block->records + first;
    Arena *arena = self->cx->batch_arena;
    DecodeResult result = {0};
    Batch batch;

    assert(count <= LIMIT_BATCH_ROWS);
    assert(first + count <= block->record_count);
    if (self->relation->format->begin_file && block->header)
        self->relation->format->begin_file(self->decoder, block->header);
    TRY(self->relation->format->decode(self->decoder, records, count, arena, &result, err));
    assert(result.batch->row_count + result.bad_count <= count);
    stats->rows_in += result.batch->row_count + result.bad_count;
    stats->bad_rows += result.bad_count;
    for (uint32_t i = 0; i < result.bad_count; i++)
        TRY(report_bad(self, position, &result.bad[i], &records[result.bad[i].record], err));
    for (uint32_t i = 0; i < result.nulled.count; i++)
        TRY(report_bad(self, position, &result.nulled.items[i],
                       &records[result.nulled.items[i].record], err));
    batch = *result.batch;
    batch.column_count = (uint32_t) self->scan->column_count;
    batch.columns = arena_new_array(arena, Column, (size_t) batch.column_count + 1);
    for (uint32_t i = 0; i < batch.column_count; i++)
        if (self->wanted[i] >= 0)
            batch.columns[i] = result.batch->columns[self->wanted[i]];
    if (self->metadata)
        TRY(take_metadata(self, &batch,
                          &(MetadataRows) {block, records, result.row_records, batch.row_count},
                          position, stats, err));
    if (self->time_column >= 0 || self->time_output >= 0 || self->time_program)
        TRY(take_event_times(self, &batch, &result, records, position, stats, err));
    TRY(apply_pushed(self, &batch, stats, err));
    *ret_batch = batch;
    return STATUS_OK;
}
