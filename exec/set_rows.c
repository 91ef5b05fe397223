#include "exec/set_rows.h"

#include <assert.h>

enum { COLUMN_NEXT = 1, COLUMN_STEP = 2 };

static Status step_is_zero(const SetRows *self, Error *err) {
    return error_at(err, self->position, INVALID_PARAMETER, "step size cannot equal zero");
}

/* -------- series of integers -------- */

static int64_t value_to_int64(const Value *value) {
    return type_physical(value->type.id) == PHYSICAL_INT32 ? value->int32 : value->int64;
}

static Status integers_start(SetRows *self, Error *err) {
    self->next = value_to_int64(&self->arguments[0]);
    self->last = value_to_int64(&self->arguments[1]);
    self->step = self->argument_count == 3 ? value_to_int64(&self->arguments[2]) : 1;
    return self->step == 0 ? step_is_zero(self, err) : STATUS_OK;
}

static Status integers_fill(SetRows *self, Column *columns, SetSlots slots, uint32_t *ret_count,
                            Error *err) {
    bool is_wide = type_physical(columns->type.id) == PHYSICAL_INT64;
    uint32_t count = 0;

    (void) err;
    while (count < slots.room && !self->is_done) {
        uint32_t row = slots.first + count;

        if (self->step > 0 ? self->next > self->last : self->next < self->last) {
            self->is_done = true;
            break;
        }
        if (is_wide)
            ((int64_t *) columns->values)[row] = self->next;
        else
            ((int32_t *) columns->values)[row] = (int32_t) self->next;
        count++;
        self->is_done = __builtin_add_overflow(self->next, self->step, &self->next);
    }
    *ret_count = count;
    return STATUS_OK;
}

/* -------- series by "+": numerics, times -------- */

static Status compile_adder(SetRows *self, Error *err) {
    static const ColumnId ids[] = {COLUMN_NEXT, COLUMN_STEP};
    Arena *arena = self->cx->arena;
    const Expr *arguments[] = {
        expr_column(arena, COLUMN_NEXT, self->arguments[0].type, "next"),
        expr_column(arena, COLUMN_STEP, self->step_value.type, "step"),
    };
    const Expr *sum;

    if (self->adder)
        return STATUS_OK;
    TRY(expr_call_named(arena, "+", arguments, 2, self->position, &sum, err));
    return expr_compile(sum, ids, 2, &self->adder, err);
}

static Status check_numerics(const SetRows *self, Error *err) {
    static const char *const names[] = {"start", "stop", "step size"};

    for (int i = 0; i < self->argument_count; i++) {
        const Value *value = &self->arguments[i];

        if (value->type.id == TYPE_NUMERIC && value->numeric.kind != NUMERIC_FINITE)
            return error_at(err, self->position, INVALID_PARAMETER, "%s value cannot be %s",
                            names[i], value->numeric.kind == NUMERIC_NAN ? "NaN" : "infinity");
    }
    return STATUS_OK;
}

static Status steps_start(SetRows *self, Error *err) {
    Value zero = {.type = self->arguments[1].type};
    int order;

    TRY(check_numerics(self, err));
    self->step_value = self->argument_count == 3
                           ? self->arguments[2]
                           : (Value) {.type = zero.type, .numeric = numeric_make(1, 0)};
    zero.type = self->step_value.type;
    order = value_compare(&self->step_value, &zero);
    if (order == 0)
        return step_is_zero(self, err);
    self->is_descending = order < 0;
    self->next_value = self->arguments[0];
    return compile_adder(self, err);
}

static Status step_once(SetRows *self, Error *err) {
    Arena *arena = self->cx->batch_arena;
    Column columns[2] = {column_constant(&self->next_value, arena),
                         column_constant(&self->step_value, arena)};
    Batch one = {.row_count = 1, .column_count = 2, .columns = columns};
    Column sum;

    TRY(expr_evaluate(self->adder, &one, &self->cx->epoch->eval, arena, &sum, err));
    self->next_value = column_get(&sum, 0); /* fixed size: nothing of it is in the arena */
    return STATUS_OK;
}

static Status steps_fill(SetRows *self, Column *columns, SetSlots slots, uint32_t *ret_count,
                         Error *err) {
    uint32_t count = 0;

    while (count < slots.room) {
        int order = value_compare(&self->next_value, &self->arguments[1]);

        if (self->is_descending ? order < 0 : order > 0) {
            self->is_done = true;
            break;
        }
        column_put(columns, slots.first + count++, &self->next_value, slots.row_count,
                   self->cx->batch_arena);
        TRY(step_once(self, err));
    }
    *ret_count = count;
    return STATUS_OK;
}

/* -------- unnest -------- */

static Status unnest_start(SetRows *self, Error *err) {
    (void) err;
    self->elements = array_reader(&self->arguments[0]);
    return STATUS_OK;
}

static Status unnest_fill(SetRows *self, Column *columns, SetSlots slots, uint32_t *ret_count,
                          Error *err) {
    uint32_t count = 0;

    (void) err;
    while (count < slots.room) {
        Value element;

        if (!array_next(&self->elements, &element)) {
            self->is_done = true;
            break;
        }
        element = value_copy(&element, self->cx->batch_arena); /* the argument moves on */
        element.type = columns->type;
        column_put(columns, slots.first + count++, &element, slots.row_count,
                   self->cx->batch_arena);
    }
    *ret_count = count;
    return STATUS_OK;
}

/* -------- any of them -------- */

static const SetFunction integer_series = {"generate_series", integers_start, integers_fill};
static const SetFunction step_series = {"generate_series", steps_start, steps_fill};
static const SetFunction unnest = {"unnest", unnest_start, unnest_fill};

static const SetFunction *find_function(const Expr *call) {
    const char *name = call->kind == EXPR_CALL ? call->function->name : "";

    if (strcmp(name, unnest.name) == 0)
        return &unnest;
    if (strcmp(name, integer_series.name) == 0)
        return call->type.id == TYPE_INT4 || call->type.id == TYPE_INT8 ? &integer_series
                                                                        : &step_series;
    return set_rows_json_function(name);
}

Status set_rows_open(SetRows *self, const Expr *call, OperatorContext *cx, int position,
                     Error *err) {
    *self = (SetRows) {.function = find_function(call), .cx = cx, .position = position};
    if (!self->function)
        return error_at(err, position, FEATURE_NOT_SUPPORTED,
                        "this set-returning function is not supported");
    assert(call->argument_count <= SET_ARGUMENTS_MAX);
    self->argument_count = call->argument_count;
    return STATUS_OK;
}

Status set_rows_start(SetRows *self, Error *err) {
    self->is_done = false;
    for (int i = 0; i < self->argument_count; i++)
        self->is_done = self->is_done || self->arguments[i].is_null;
    return self->is_done ? STATUS_OK : self->function->start(self, err);
}

Status set_rows_fill(SetRows *self, Column *columns, SetSlots slots, uint32_t *ret_count,
                     Error *err) {
    *ret_count = 0;
    if (self->is_done)
        return STATUS_OK;
    return self->function->fill(self, columns, slots, ret_count, err);
}

void set_rows_done(SetRows *self) {
    self->adder = expr_program_destroy(self->adder);
    self->document = arena_destroy(self->document);
}
