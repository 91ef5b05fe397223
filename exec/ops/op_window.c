/* Window: give each row the event-time windows that hold it: start, end and time (end - 1 µs).
 *
 * TUMBLE adds three columns, as does SLICES, with a row's slice (planner/slices.h). HOP and
 * CUMULATE repeat a row, earliest window first, and mark all but the last copy (Batch.copies), so
 * that a row which is late for all its windows is counted once. Windows are aligned to the Unix
 * epoch; the types count from 2000-01-01. Stateless: weights are repeated too. */
#include <assert.h>

#include "base/flag.h"
#include "exec/binding.h"
#include "exec/operators.h"
#include "exec/slices.h"
#include "types/datetime.h"

typedef struct WindowOp {
    Operator base; /* must be first */
    int time_index;
    bool is_date;
    SliceGrid grid;
} WindowOp;

static const int64_t DAY_US = 86400000000;

static Status window_open(Operator *op, const Plan *node, Error *err) {
    WindowOp *self = (WindowOp *) op;
    const PlanColumn *time = plan_find_column(node->children[0], node->time_column);

    if (node->window_kind == WINDOW_SESSION)
        return error_at(err, node->position, FEATURE_NOT_SUPPORTED,
                        "session windows are not supported");
    assert(node->window_size_us > 0);
    assert(node->window_kind == WINDOW_TUMBLE || node->window_slide_us > 0);
    TRY(binding_column(node->children[0], node->time_column, &self->time_index, err));
    self->is_date = time->type.id == TYPE_DATE;
    self->grid = (SliceGrid) {.size_us = node->window_size_us,
                              .slide_us = node->window_slide_us,
                              .origin_us = -DATETIME_UNIX_EPOCH_US + node->window_offset_us};
    return STATUS_OK;
}

static inline bool time_is_finite(int64_t time_us) {
    return time_us != INT64_MIN && time_us != INT64_MAX;
}

static int64_t row_time(const WindowOp *self, const Column *column, uint32_t row) {
    if (self->is_date)
        return COLUMN_VALUE(column, int32_t, row) * DAY_US;
    return COLUMN_VALUE(column, int64_t, row);
}

/* -------- tumble, slices -------- */

typedef struct WindowColumns {
    Column start;
    Column end;
    Column time;
} WindowColumns;

static WindowColumns window_columns(const Plan *node, uint32_t row_count, Arena *arena) {
    const PlanColumn *last = &node->columns[node->column_count - 1];

    return (WindowColumns) {
        .start = column_create(last[-2].type, row_count, arena),
        .end = column_create(last[-1].type, row_count, arena),
        .time = column_create(last[0].type, row_count, arena),
    };
}

static void set_window(WindowColumns *columns, uint32_t row, int64_t start_us, int64_t end_us) {
    ((int64_t *) columns->start.values)[row] = start_us;
    ((int64_t *) columns->end.values)[row] = end_us;
    ((int64_t *) columns->time.values)[row] = end_us - 1;
}

static Status emit_with_windows(Operator *op, const Batch *in, const WindowColumns *windows,
                                Emitter *out, Error *err) {
    Batch widened = *in;

    widened.columns = arena_new_array(op->cx->batch_arena, Column, (size_t) in->column_count + 3);
    memcpy(widened.columns, in->columns, in->column_count * sizeof(Column));
    widened.columns[in->column_count] = windows->start;
    widened.columns[in->column_count + 1] = windows->end;
    widened.columns[in->column_count + 2] = windows->time;
    widened.column_count += 3;
    return out->emit(out, &widened, err);
}

typedef struct TimeRange {
    int64_t start_us;
    int64_t end_us;
} TimeRange;

/* The one window, or slice, of the time. */
static TimeRange range_of(const WindowOp *self, int64_t time_us) {
    const SliceGrid *grid = &self->grid;
    int64_t start_us;
    int64_t next_us;

    if (self->base.node->window_kind == WINDOW_TUMBLE) {
        start_us = time_floor(time_us, grid->origin_us, grid->size_us);
        return (TimeRange) {start_us, start_us + grid->size_us};
    }
    start_us = slice_start(grid, time_us);
    next_us = slice_last_start(grid, time_us) + grid->size_us % grid->slide_us;
    if (next_us <= start_us)
        next_us = slice_last_start(grid, time_us) + grid->slide_us;
    return (TimeRange) {start_us, next_us};
}

static Status push_single(WindowOp *self, const Batch *in, Emitter *out, Error *err) {
    const Plan *node = self->base.node;
    const Column *time = &in->columns[self->time_index];
    uint32_t count = batch_active_count(in);
    uint32_t *selection =
        arena_alloc_raw(self->base.cx->batch_arena, (count + 1) * sizeof(uint32_t));
    WindowColumns windows = window_columns(node, in->row_count, self->base.cx->batch_arena);
    Batch kept = *in;
    TimeRange range = {0, INT64_MIN}; /* of the row before: most rows share it */

    kept.selection = selection;
    kept.selection_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = batch_active_row(in, i);
        int64_t time_us = column_is_null(time, row) ? INT64_MIN : row_time(self, time, row);

        if (!time_is_finite(time_us))
            continue; /* no window holds it */
        if (time_us < range.start_us || time_us >= range.end_us)
            range = range_of(self, time_us);
        set_window(&windows, row, range.start_us, range.start_us + node->window_size_us);
        selection[kept.selection_count++] = row;
    }
    return emit_with_windows(&self->base, &kept, &windows, out, err);
}

/* -------- hop, cumulate: rows repeat -------- */

typedef struct Copies {
    uint32_t count;
    uint32_t rows[LIMIT_BATCH_ROWS]; /* of the input */
    int64_t starts[LIMIT_BATCH_ROWS];
    int64_t ends[LIMIT_BATCH_ROWS];
    uint8_t repeats[LIMIT_BATCH_ROWS];
} Copies;

static Status emit_copies(WindowOp *self, const Batch *in, Copies *copies, Emitter *out,
                          Error *err) {
    Arena *arena = self->base.cx->batch_arena;
    const Epoch *epoch = self->base.cx->epoch;
    Batch chosen = *in;
    WindowColumns windows = window_columns(self->base.node, copies->count, arena);
    Batch *repeated;

    if (copies->count == 0)
        return STATUS_OK;
    if (epoch && flag_is_set(epoch->cancel)) /* one batch may become very many */
        return error_canceled(err);
    chosen.selection = copies->rows;
    chosen.selection_count = copies->count;
    repeated = batch_compact(&chosen, false, arena);
    repeated->copies = arena_memdup(arena, copies->repeats, copies->count);
    for (uint32_t i = 0; i < copies->count; i++)
        set_window(&windows, i, copies->starts[i], copies->ends[i]);
    copies->count = 0;
    return emit_with_windows(&self->base, repeated, &windows, out, err);
}

static Status push_window(WindowOp *self, const Batch *in, Copies *copies, uint32_t row,
                          Emitter *out, Error *err) {
    const Plan *node = self->base.node;
    int64_t time_us = row_time(self, &in->columns[self->time_index], row);
    bool is_hop = node->window_kind == WINDOW_HOP;
    int64_t size_us = node->window_size_us;
    int64_t slide_us = node->window_slide_us;
    int64_t last = time_floor(time_us, self->grid.origin_us, is_hop ? slide_us : size_us);
    /* HOP: the first start whose window still holds the time. CUMULATE: the first end above it. */
    int64_t step = is_hop ? last - (size_us - 1) / slide_us * slide_us
                          : last + ((time_us - last) / slide_us + 1) * slide_us;
    int64_t end = is_hop ? last : last + size_us;

    for (; step <= end; step += slide_us) {
        uint32_t i = copies->count;

        if (is_hop && time_us >= step + size_us)
            continue;
        copies->rows[i] = row;
        copies->starts[i] = is_hop ? step : last;
        copies->ends[i] = is_hop ? step + size_us : step;
        copies->repeats[i] = step + slide_us <= end;
        if (++copies->count == LIMIT_BATCH_ROWS)
            TRY(emit_copies(self, in, copies, out, err));
    }
    return STATUS_OK;
}

static Status window_push(Operator *op, int port, const Batch *in, Emitter *out, Error *err) {
    WindowOp *self = (WindowOp *) op;
    const Column *time = &in->columns[self->time_index];
    Copies *copies;

    assert(port == 0);
    if (op->node->window_kind == WINDOW_TUMBLE || op->node->window_kind == WINDOW_SLICES)
        return push_single(self, in, out, err);
    copies = arena_alloc_raw(op->cx->batch_arena, sizeof(*copies));
    copies->count = 0;
    for (uint32_t i = 0; i < batch_active_count(in); i++) {
        uint32_t row = batch_active_row(in, i);

        if (!column_is_null(time, row) && time_is_finite(row_time(self, time, row)))
            TRY(push_window(self, in, copies, row, out, err));
    }
    return emit_copies(self, in, copies, out, err);
}

const OpType op_window = {
    .name = "window",
    .kind = PLAN_WINDOW,
    .size_bytes = sizeof(WindowOp),
    .open = window_open,
    .push = window_push,
};
