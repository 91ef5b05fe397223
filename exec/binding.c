#include "exec/binding.h"

Status binding_column(const Plan *child, ColumnId id, int *ret_index, Error *err) {
    int index = plan_column_index(child, id);

    if (index < 0)
        return error_set(err, INTERNAL_ERROR, "column %d is not an output of the %s below",
                         (int) id, plan_kind_name(child->kind));
    *ret_index = index;
    return STATUS_OK;
}

Status binding_columns(const Plan *child, ColumnIds ids, Arena *arena, uint32_t **ret_indexes,
                       Error *err) {
    uint32_t *indexes = arena_new_array(arena, uint32_t, (size_t) ids.count + 1);

    for (int i = 0; i < ids.count; i++) {
        int index = 0;

        TRY(binding_column(child, ids.ids[i], &index, err));
        indexes[i] = (uint32_t) index;
    }
    *ret_indexes = indexes;
    return STATUS_OK;
}

static ColumnId *binding_ids(const Plan *plan, Arena *arena) {
    ColumnId *ids = arena_new_array(arena, ColumnId, (size_t) plan->column_count + 1);

    for (int i = 0; i < plan->column_count; i++)
        ids[i] = plan->columns[i].id;
    return ids;
}

SqlType *binding_types(const Plan *plan, Arena *arena) {
    SqlType *types = arena_new_array(arena, SqlType, (size_t) plan->column_count + 1);

    for (int i = 0; i < plan->column_count; i++)
        types[i] = plan->columns[i].type;
    return types;
}

Status binding_compile(const Expr *expr, const Plan *child, Arena *arena, ExprProgram **ret_program,
                       Error *err) {
    return expr_compile(expr, binding_ids(child, arena), (uint32_t) child->column_count,
                        ret_program, err);
}
