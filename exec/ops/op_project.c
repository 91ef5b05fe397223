/* Project: compute columns from columns, row by row; a bare column is passed on, not copied.
 *
 * Stateless and linear: weights and selection are the input's. */
#include <assert.h>

#include "exec/binding.h"
#include "exec/operators.h"
#include "exec/row_errors.h"

typedef struct ProjectOp {
    Operator base;          /* must be first */
    int *passed;            /* the child's column that output i is; -1: computed */
    ExprProgram **programs; /* NULL where passed */
} ProjectOp;

static Status project_open(Operator *op, const Plan *node, Error *err) {
    ProjectOp *self = (ProjectOp *) op;
    const Plan *child = node->children[0];

    assert(node->exprs.count == node->column_count);
    self->passed = arena_new_array(op->cx->arena, int, (size_t) node->column_count + 1);
    self->programs = arena_new_array(op->cx->arena, ExprProgram *, (size_t) node->column_count + 1);
    for (int i = 0; i < node->column_count; i++) {
        const Expr *expr = node->exprs.items[i];

        self->passed[i] = -1;
        if (expr->kind == EXPR_COLUMN)
            TRY(binding_column(child, expr->column.id, &self->passed[i], err));
        else
            TRY(binding_compile(expr, child, op->cx->arena, &self->programs[i], err));
    }
    return STATUS_OK;
}

static Status compute(void *data, const Batch *in, Arena *arena, Batch *ret_projected, Error *err) {
    ProjectOp *self = data;
    Batch projected = *in;

    projected.column_count = (uint32_t) self->base.node->column_count;
    projected.columns = arena_new_array(arena, Column, projected.column_count + 1);
    for (uint32_t i = 0; i < projected.column_count; i++) {
        if (self->passed[i] >= 0)
            projected.columns[i] = in->columns[self->passed[i]];
        else
            TRY(expr_evaluate(self->programs[i], in, &self->base.cx->epoch->eval, arena,
                              &projected.columns[i], err));
    }
    *ret_projected = projected;
    return STATUS_OK;
}

static Status project_push(Operator *op, int port, const Batch *in, Emitter *out, Error *err) {
    RowStep step = {.cx = op->cx,
                    .node = op->node,
                    .run = compute,
                    .data = op,
                    .arena = op->cx->batch_arena,
                    .bad_rows = &op->metrics.bad_rows};
    Batch projected;

    assert(port == 0);
    TRY(row_step(&step, in, &projected, err));
    return out->emit(out, &projected, err);
}

static void project_close(Operator *op) {
    ProjectOp *self = (ProjectOp *) op;

    for (int i = 0; self->programs && i < op->node->column_count; i++)
        self->programs[i] = expr_program_destroy(self->programs[i]);
}

const OpType op_project = {
    .name = "project",
    .kind = PLAN_PROJECT,
    .size_bytes = sizeof(ProjectOp),
    .open = project_open,
    .push = project_push,
    .close = project_close,
};
