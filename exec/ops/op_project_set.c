/* Project set: each row once per row of the set-returning functions that are called with it.
 *
 * SELECT a, unnest(b): the functions of one node go in step, and one that ends before the others
 * gives NULLs; a row for which none gives a row is gone. Stateless: weights are repeated too. */
#include <assert.h>

#include "exec/binding.h"
#include "exec/operators.h"
#include "exec/set_rows.h"

typedef struct SetCall {
    SetRows rows;
    ExprProgram *programs[SET_ARGUMENTS_MAX];
    Column arguments[SET_ARGUMENTS_MAX]; /* over the batch under way */
} SetCall;

typedef struct ProjectSetOp {
    Operator base; /* must be first */
    int call_count;
    SetCall *calls;
} ProjectSetOp;

static Status project_set_open(Operator *op, const Plan *node, Error *err) {
    ProjectSetOp *self = (ProjectSetOp *) op;

    self->calls = arena_new_array(op->cx->arena, SetCall, (size_t) node->exprs.count);
    for (int i = 0; i < node->exprs.count; i++) {
        const Expr *call = node->exprs.items[i];

        TRY(set_rows_open(&self->calls[i].rows, call, op->cx, call->position, err));
        self->call_count++;
        for (int j = 0; j < call->argument_count; j++)
            TRY(binding_compile(call->arguments[j], node->children[0], op->cx->arena,
                                &self->calls[i].programs[j], err));
    }
    return STATUS_OK;
}

/* The output under construction. */
typedef struct SetOutput {
    Column *columns; /* one a call */
    uint32_t count;
    uint32_t rows[LIMIT_BATCH_ROWS]; /* of the input */
} SetOutput;

static void output_reset(ProjectSetOp *self, SetOutput *output) {
    const Plan *node = self->base.node;
    Arena *arena = self->base.cx->batch_arena;

    output->count = 0;
    output->columns = arena_new_array(arena, Column, (size_t) self->call_count);
    for (int i = 0; i < self->call_count; i++)
        output->columns[i] = column_create(
            node->columns[node->column_count - self->call_count + i].type, LIMIT_BATCH_ROWS, arena);
}

static Status output_emit(ProjectSetOp *self, const Batch *in, SetOutput *output, Emitter *out,
                          Error *err) {
    Arena *arena = self->base.cx->batch_arena;
    Batch chosen = *in;
    Batch *repeated = NULL;
    Column *columns = NULL;

    if (output->count == 0)
        return STATUS_OK;
    chosen.selection = output->rows;
    chosen.selection_count = output->count;
    repeated = batch_compact(&chosen, false, arena);
    columns = arena_new_array(arena, Column, (size_t) self->base.node->column_count);
    memcpy(columns, repeated->columns, repeated->column_count * sizeof(Column));
    memcpy(columns + repeated->column_count, output->columns,
           (size_t) self->call_count * sizeof(Column));
    repeated->columns = columns;
    repeated->column_count += (uint32_t) self->call_count;
    TRY(out->emit(out, repeated, err));
    output_reset(self, output);
    return STATUS_OK;
}

/* As many rows of the calls as there is room for. */
static Status fill_some(ProjectSetOp *self, SetOutput *output, uint32_t *ret_count, Error *err) {
    SetSlots slots = {output->count, LIMIT_BATCH_ROWS - output->count, LIMIT_BATCH_ROWS};
    uint32_t counts[LIMIT_SET_CALLS] = {0};
    uint32_t most = 0;

    for (int i = 0; i < self->call_count; i++) {
        TRY(set_rows_fill(&self->calls[i].rows, &output->columns[i], slots, &counts[i], err));
        most = counts[i] > most ? counts[i] : most;
    }
    for (int i = 0; i < self->call_count; i++)
        for (uint32_t row = counts[i]; row < most; row++)
            column_set_null(&output->columns[i], slots.first + row, LIMIT_BATCH_ROWS,
                            self->base.cx->batch_arena);
    *ret_count = most;
    return STATUS_OK;
}

static Status push_row(ProjectSetOp *self, const Batch *in, uint32_t row, SetOutput *output,
                       Emitter *out, Error *err) {
    uint32_t added = 0;

    for (int i = 0; i < self->call_count; i++) {
        SetCall *call = &self->calls[i];

        for (int j = 0; j < call->rows.argument_count; j++)
            call->rows.arguments[j] = column_is_null(&call->arguments[j], row)
                                          ? value_null(call->arguments[j].type)
                                          : column_get(&call->arguments[j], row);
        TRY(set_rows_start(&call->rows, err));
    }
    do {
        TRY(fill_some(self, output, &added, err));
        for (uint32_t i = 0; i < added; i++)
            output->rows[output->count++] = row;
        if (output->count == LIMIT_BATCH_ROWS)
            TRY(output_emit(self, in, output, out, err));
    } while (added > 0);
    return STATUS_OK;
}

static Status project_set_push(Operator *op, int port, const Batch *in, Emitter *out, Error *err) {
    ProjectSetOp *self = (ProjectSetOp *) op;
    SetOutput *output = arena_alloc_raw(op->cx->batch_arena, sizeof(*output));

    assert(port == 0);
    assert(in->column_count + (uint32_t) self->call_count == (uint32_t) op->node->column_count);
    for (int i = 0; i < self->call_count; i++)
        for (int j = 0; j < self->calls[i].rows.argument_count; j++)
            TRY(expr_evaluate(self->calls[i].programs[j], in, &op->cx->epoch->eval,
                              op->cx->batch_arena, &self->calls[i].arguments[j], err));
    output_reset(self, output);
    for (uint32_t i = 0; i < batch_active_count(in); i++)
        TRY(push_row(self, in, batch_active_row(in, i), output, out, err));
    return output_emit(self, in, output, out, err);
}

static void project_set_close(Operator *op) {
    ProjectSetOp *self = (ProjectSetOp *) op;

    for (int i = 0; i < self->call_count; i++) {
        set_rows_done(&self->calls[i].rows);
        for (int j = 0; j < SET_ARGUMENTS_MAX; j++)
            self->calls[i].programs[j] = expr_program_destroy(self->calls[i].programs[j]);
    }
}

const OpType op_project_set = {
    .name = "project set",
    .kind = PLAN_PROJECT_SET,
    .size_bytes = sizeof(ProjectSetOp),
    .open = project_set_open,
    .push = project_set_push,
    .close = project_set_close,
};
