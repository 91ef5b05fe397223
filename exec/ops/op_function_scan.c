/* Function scan: the rows of a set-returning function: generate_series over integers, over numerics
 * and over times with an interval; unnest of an array.
 *
 * The arguments are constants of the statement; rows are made a batch at a time, so that a long
 * series takes no memory. A NULL argument gives no rows. */
#include <assert.h>

#include "exec/operators.h"
#include "types/nested.h"

typedef struct FunctionScanOp FunctionScanOp;

/* How one function makes its rows. */
typedef struct SetFunction {
    const char *name;
    Status (*start)(FunctionScanOp *self, Error *err);
    Status (*fill)(FunctionScanOp *self, Column *column, uint32_t *ret_count, Error *err);
} SetFunction;

struct FunctionScanOp {
    Operator base; /* must be first */
    const SetFunction *function;
    Value arguments[3];
    int argument_count;
    bool is_started;
    bool is_done;
    int64_t next, last, step; /* a series of integers */
    /* Any other series: "next + step" */
    ExprProgram *adder; /* over columns 1 (next) and 2 (step) */
    Value next_value;
    bool is_descending;
    NestedReader elements; /* unnest */
};

enum { COLUMN_NEXT = 1, COLUMN_STEP = 2 };

static Status step_is_zero(const FunctionScanOp *self, Error *err) {
    return error_at(err, self->base.node->position, INVALID_PARAMETER,
                    "step size cannot equal zero");
}

/* -------- series of integers -------- */

static int64_t value_to_int64(const Value *value) {
    return type_physical(value->type.id) == PHYSICAL_INT32 ? value->int32 : value->int64;
}

static Status integers_start(FunctionScanOp *self, Error *err) {
    self->next = value_to_int64(&self->arguments[0]);
    self->last = value_to_int64(&self->arguments[1]);
    self->step = self->argument_count == 3 ? value_to_int64(&self->arguments[2]) : 1;
    return self->step == 0 ? step_is_zero(self, err) : STATUS_OK;
}

static Status integers_fill(FunctionScanOp *self, Column *column, uint32_t *ret_count, Error *err) {
    bool is_wide = type_physical(column->type.id) == PHYSICAL_INT64;
    uint32_t count = 0;

    (void) err;
    while (count < LIMIT_BATCH_ROWS && !self->is_done) {
        if (self->step > 0 ? self->next > self->last : self->next < self->last) {
            self->is_done = true;
            break;
        }
        if (is_wide)
            ((int64_t *) column->values)[count++] = self->next;
        else
            ((int32_t *) column->values)[count++] = (int32_t) self->next;
        self->is_done = __builtin_add_overflow(self->next, self->step, &self->next);
    }
    *ret_count = count;
    return STATUS_OK;
}

/* -------- series by "+": numerics, times -------- */

static Status compile_adder(FunctionScanOp *self, Error *err) {
    static const ColumnId ids[] = {COLUMN_NEXT, COLUMN_STEP};
    Arena *arena = self->base.cx->arena;
    const Expr *arguments[] = {
        expr_column(arena, COLUMN_NEXT, self->arguments[0].type, "next"),
        expr_column(arena, COLUMN_STEP, self->arguments[2].type, "step"),
    };
    const Expr *sum;

    TRY(expr_call_named(arena, "+", arguments, 2, self->base.node->position, &sum, err));
    return expr_compile(sum, ids, 2, &self->adder, err);
}

static Status check_numerics(const FunctionScanOp *self, Error *err) {
    static const char *const names[] = {"start", "stop", "step size"};

    for (int i = 0; i < self->argument_count; i++) {
        const Value *value = &self->arguments[i];

        if (value->type.id == TYPE_NUMERIC && value->numeric.kind != NUMERIC_FINITE)
            return error_at(err, self->base.node->position, INVALID_PARAMETER,
                            "%s value cannot be %s", names[i],
                            value->numeric.kind == NUMERIC_NAN ? "NaN" : "infinity");
    }
    return STATUS_OK;
}

static Status steps_start(FunctionScanOp *self, Error *err) {
    Value zero = {.type = self->arguments[1].type};
    int order;

    if (self->argument_count == 2) {
        self->argument_count = 3;
        self->arguments[2] = (Value) {.type = zero.type, .numeric = numeric_make(1, 0)};
    }
    TRY(check_numerics(self, err));
    zero.type = self->arguments[2].type;
    order = value_compare(&self->arguments[2], &zero);
    if (order == 0)
        return step_is_zero(self, err);
    self->is_descending = order < 0;
    self->next_value = self->arguments[0];
    return compile_adder(self, err);
}

static Status step_once(FunctionScanOp *self, Error *err) {
    Arena *arena = self->base.cx->batch_arena;
    Column columns[2] = {column_constant(&self->next_value, arena),
                         column_constant(&self->arguments[2], arena)};
    Batch one = {.row_count = 1, .column_count = 2, .columns = columns};
    Column sum;

    TRY(expr_evaluate(self->adder, &one, &self->base.cx->epoch->eval, arena, &sum, err));
    self->next_value = column_get(&sum, 0); /* fixed size: nothing of it is in the arena */
    return STATUS_OK;
}

static Status steps_fill(FunctionScanOp *self, Column *column, uint32_t *ret_count, Error *err) {
    uint32_t count = 0;

    while (count < LIMIT_BATCH_ROWS) {
        int order = value_compare(&self->next_value, &self->arguments[1]);

        if (self->is_descending ? order < 0 : order > 0) {
            self->is_done = true;
            break;
        }
        column_put(column, count++, &self->next_value, LIMIT_BATCH_ROWS,
                   self->base.cx->batch_arena);
        TRY(step_once(self, err));
    }
    *ret_count = count;
    return STATUS_OK;
}

/* -------- unnest -------- */

static Status unnest_start(FunctionScanOp *self, Error *err) {
    (void) err;
    self->elements = array_reader(&self->arguments[0]);
    return STATUS_OK;
}

static Status unnest_fill(FunctionScanOp *self, Column *column, uint32_t *ret_count, Error *err) {
    uint32_t count = 0;

    (void) err;
    while (count < LIMIT_BATCH_ROWS) {
        Value element;

        if (!array_next(&self->elements, &element)) {
            self->is_done = true;
            break;
        }
        element.type = column->type;
        column_put(column, count++, &element, LIMIT_BATCH_ROWS, self->base.cx->batch_arena);
    }
    *ret_count = count;
    return STATUS_OK;
}

/* -------- the operator -------- */

static const SetFunction integer_series = {"generate_series", integers_start, integers_fill};
static const SetFunction step_series = {"generate_series", steps_start, steps_fill};
static const SetFunction unnest = {"unnest", unnest_start, unnest_fill};

static const SetFunction *find_function(const Expr *call) {
    static const SetFunction *const functions[] = {&integer_series, &step_series, &unnest};
    const SetFunction *found = NULL;

    for (size_t i = 0; i < ARRAY_LENGTH(functions) && call->kind == EXPR_CALL; i++)
        if (!found && strcmp(functions[i]->name, call->function->name) == 0)
            found = functions[i];
    if (found == &integer_series && call->type.id != TYPE_INT4 && call->type.id != TYPE_INT8)
        return &step_series;
    return found;
}

static Status function_scan_open(Operator *op, const Plan *node, Error *err) {
    FunctionScanOp *self = (FunctionScanOp *) op;

    assert(node->exprs.count == 1);
    assert(node->column_count == 1);
    self->function = find_function(node->exprs.items[0]);
    if (!self->function)
        return error_at(err, node->position, FEATURE_NOT_SUPPORTED,
                        "this function in FROM is not supported");
    return STATUS_OK;
}

static Status start(FunctionScanOp *self, Error *err) {
    const Expr *call = self->base.node->exprs.items[0];

    assert(call->argument_count <= 3);
    self->is_started = true;
    self->argument_count = call->argument_count;
    for (int i = 0; i < call->argument_count; i++) {
        TRY(expr_evaluate_constant(call->arguments[i], &self->base.cx->epoch->eval,
                                   self->base.cx->arena, &self->arguments[i], err));
        if (self->arguments[i].is_null) {
            self->is_done = true;
            return STATUS_OK;
        }
    }
    return self->function->start(self, err);
}

static Status function_scan_produce(Operator *op, Emitter *out, Error *err) {
    FunctionScanOp *self = (FunctionScanOp *) op;
    Column column = column_create(op->node->columns[0].type, LIMIT_BATCH_ROWS, op->cx->batch_arena);
    Batch batch = {.column_count = 1, .columns = &column};

    if (!self->is_started)
        TRY(start(self, err));
    if (self->is_done)
        return STATUS_OK;
    TRY(self->function->fill(self, &column, &batch.row_count, err));
    TRY(out->emit(out, &batch, err));
    return self->is_done ? STATUS_OK : STATUS_MORE;
}

static void function_scan_close(Operator *op) {
    FunctionScanOp *self = (FunctionScanOp *) op;

    self->adder = expr_program_destroy(self->adder);
}

const OpType op_function_scan = {
    .name = "function scan",
    .kind = PLAN_FUNCTION_SCAN,
    .size_bytes = sizeof(FunctionScanOp),
    .open = function_scan_open,
    .produce = function_scan_produce,
    .close = function_scan_close,
};
