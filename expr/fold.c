/* Fold: the value of an expression without columns. */
#include "expr/expr.h"

Status expr_evaluate_constant(const Expr *expr, const EvalContext *context, Arena *arena,
                              Value *ret_value, Error *err) {
    const Batch one_row = {.row_count = 1};
    CLEANUP(arena_destroyp) Arena *scratch = arena_create("constant", 0);
    CLEANUP(expr_program_destroyp) ExprProgram *program = NULL;
    Column column;
    Value value;

    TRY(expr_compile(expr, NULL, 0, &program, err));
    TRY(expr_evaluate(program, &one_row, context, scratch, &column, err));
    value = column_get(&column, 0);
    value.type = expr->type;
    *ret_value = value_copy(&value, arena);
    return STATUS_OK;
}
