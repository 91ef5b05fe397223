/* Function scan: the rows of a set-returning function: generate_series over integers, and over
 * times with an interval.
 *
 * The arguments are constants of the statement; rows are made a batch at a time, so that a long
 * series takes no memory. A NULL argument gives no rows. */
#include <assert.h>

#include "exec/operators.h"

typedef enum SeriesKind { SERIES_INTEGER, SERIES_STEPPED } SeriesKind;

typedef struct FunctionScanOp {
    Operator base; /* must be first */
    SeriesKind kind;
    bool is_started;
    bool is_done;
    int64_t next;
    int64_t last;
    int64_t step;
    const Expr *adder;          /* SERIES_STEPPED: "next + step" */
    ExprProgram *adder_program; /* over columns 1 (time) and 2 (interval) */
    Value next_time;
    Value last_time;
    Value interval;
} FunctionScanOp;

enum { COLUMN_TIME = 1, COLUMN_STEP = 2 };

static Status open_stepped(FunctionScanOp *self, const Expr *call, Error *err) {
    static const ColumnId ids[] = {COLUMN_TIME, COLUMN_STEP};
    Arena *arena = self->base.cx->arena;
    const Expr *arguments[] = {
        expr_column(arena, COLUMN_TIME, call->arguments[0]->type, "time"),
        expr_column(arena, COLUMN_STEP, call->arguments[2]->type, "step"),
    };

    self->kind = SERIES_STEPPED;
    TRY(expr_call_named(arena, "+", arguments, 2, call->position, &self->adder, err));
    return expr_compile(self->adder, ids, 2, &self->adder_program, err);
}

static Status function_scan_open(Operator *op, const Plan *node, Error *err) {
    FunctionScanOp *self = (FunctionScanOp *) op;
    const Expr *call = node->exprs.items[0];

    assert(node->exprs.count == 1);
    assert(node->column_count == 1);
    if (call->kind != EXPR_CALL || strcmp(call->function->name, "generate_series") != 0)
        return error_at(err, node->position, FEATURE_NOT_SUPPORTED,
                        "this function in FROM is not supported");
    if (call->argument_count == 3 && call->arguments[2]->type.id == TYPE_INTERVAL)
        return open_stepped(self, call, err);
    if (type_physical(node->columns[0].type.id) > PHYSICAL_INT64)
        return error_at(err, node->position, FEATURE_NOT_SUPPORTED,
                        "generate_series over this type is not supported");
    return STATUS_OK;
}

static int64_t value_to_int64(const Value *value) {
    switch (type_physical(value->type.id)) {
    case PHYSICAL_INT16:
        return value->int16;
    case PHYSICAL_INT32:
        return value->int32;
    default:
        return value->int64;
    }
}

static Status start_series(FunctionScanOp *self, const Value *values, int count, Error *err) {
    if (self->kind == SERIES_STEPPED) {
        self->next_time = values[0];
        self->last_time = values[1];
        self->interval = values[2];
        self->step = self->interval.interval.months * (int64_t) 30 * 86400000000 +
                     self->interval.interval.days * (int64_t) 86400000000 +
                     self->interval.interval.micros;
    } else {
        self->next = value_to_int64(&values[0]);
        self->last = value_to_int64(&values[1]);
        self->step = count == 3 ? value_to_int64(&values[2]) : 1;
    }
    if (self->step == 0)
        return error_at(err, self->base.node->position, INVALID_PARAMETER,
                        "step size cannot equal zero");
    return STATUS_OK;
}

static Status start(FunctionScanOp *self, Error *err) {
    const Expr *call = self->base.node->exprs.items[0];
    Value values[3];

    assert(call->argument_count == 2 || call->argument_count == 3);
    self->is_started = true;
    for (int i = 0; i < call->argument_count; i++) {
        TRY(expr_evaluate_constant(call->arguments[i], &self->base.cx->epoch->eval,
                                   self->base.cx->arena, &values[i], err));
        if (values[i].is_null) {
            self->is_done = true;
            return STATUS_OK;
        }
    }
    return start_series(self, values, call->argument_count, err);
}

static uint32_t fill_integers(FunctionScanOp *self, Column *column) {
    PhysicalType physical = type_physical(column->type.id);
    uint32_t count = 0;

    while (count < LIMIT_BATCH_ROWS && !self->is_done) {
        if (self->step > 0 ? self->next > self->last : self->next < self->last) {
            self->is_done = true;
            break;
        }
        if (physical == PHYSICAL_INT64)
            ((int64_t *) column->values)[count++] = self->next;
        else if (physical == PHYSICAL_INT32)
            ((int32_t *) column->values)[count++] = (int32_t) self->next;
        else
            ((int16_t *) column->values)[count++] = (int16_t) self->next;
        if (__builtin_add_overflow(self->next, self->step, &self->next))
            self->is_done = true;
    }
    return count;
}

static Status step_time(FunctionScanOp *self, Error *err) {
    Arena *arena = self->base.cx->batch_arena;
    Column columns[2] = {column_constant(&self->next_time, arena),
                         column_constant(&self->interval, arena)};
    Batch one = {.row_count = 1, .column_count = 2, .columns = columns};
    Column sum;

    TRY(expr_evaluate(self->adder_program, &one, &self->base.cx->epoch->eval, arena, &sum, err));
    self->next_time = column_get(&sum, 0);
    return STATUS_OK;
}

static Status fill_times(FunctionScanOp *self, Column *column, uint32_t *ret_count, Error *err) {
    uint32_t count = 0;

    while (count < LIMIT_BATCH_ROWS) {
        int order = value_compare(&self->next_time, &self->last_time);

        if (self->step > 0 ? order > 0 : order < 0) {
            self->is_done = true;
            break;
        }
        column_put(column, count++, &self->next_time, LIMIT_BATCH_ROWS, self->base.cx->batch_arena);
        TRY(step_time(self, err));
    }
    *ret_count = count;
    return STATUS_OK;
}

static Status function_scan_produce(Operator *op, Emitter *out, Error *err) {
    FunctionScanOp *self = (FunctionScanOp *) op;
    Column column = column_create(op->node->columns[0].type, LIMIT_BATCH_ROWS, op->cx->batch_arena);
    Batch batch = {.column_count = 1, .columns = &column};

    if (!self->is_started)
        TRY(start(self, err));
    if (!self->is_done && self->kind == SERIES_STEPPED)
        TRY(fill_times(self, &column, &batch.row_count, err));
    else
        batch.row_count = fill_integers(self, &column);
    TRY(out->emit(out, &batch, err));
    return self->is_done ? STATUS_OK : STATUS_MORE;
}

static void function_scan_close(Operator *op) {
    FunctionScanOp *self = (FunctionScanOp *) op;

    self->adder_program = expr_program_destroy(self->adder_program);
}

const OpType op_function_scan = {
    .name = "function scan",
    .kind = PLAN_FUNCTION_SCAN,
    .size_bytes = sizeof(FunctionScanOp),
    .open = function_scan_open,
    .produce = function_scan_produce,
    .close = function_scan_close,
};
