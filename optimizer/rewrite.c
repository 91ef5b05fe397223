#include "optimizer/rewrite.h"

Conjuncts expr_conjuncts(Arena *arena, const Expr *predicate) {
    Conjuncts result = {0};

    if (predicate->kind != EXPR_AND) {
        result.items = arena_new_array(arena, const Expr *, 1);
        result.items[result.count++] = predicate;
        return result;
    }
    result.items = arena_new_array(arena, const Expr *, (size_t) predicate->argument_count);
    for (int i = 0; i < predicate->argument_count; i++)
        result.items[result.count++] = predicate->arguments[i];
    return result;
}

typedef struct ReadCheck {
    const Plan *plan;
    ColumnIds ids;
    bool is_within;
} ReadCheck;

static void check_read_plan(ColumnId id, void *data) {
    ReadCheck *check = data;

    if (!plan_find_column(check->plan, id))
        check->is_within = false;
}

bool expr_reads_only(const Expr *expr, const Plan *plan) {
    ReadCheck check = {.plan = plan, .is_within = true};

    expr_visit_columns(expr, check_read_plan, &check);
    return check.is_within;
}

static bool column_ids_contain(ColumnIds ids, ColumnId id) {
    for (int i = 0; i < ids.count; i++)
        if (ids.ids[i] == id)
            return true;
    return false;
}

static void check_read_ids(ColumnId id, void *data) {
    ReadCheck *check = data;

    if (!column_ids_contain(check->ids, id))
        check->is_within = false;
}

bool expr_reads_ids(const Expr *expr, ColumnIds ids) {
    ReadCheck check = {.ids = ids, .is_within = true};

    expr_visit_columns(expr, check_read_ids, &check);
    return check.is_within;
}

static const Expr *substitute(const Expr *expr, void *data) {
    const Plan *project = data;
    int index;

    if (expr->kind != EXPR_COLUMN)
        return expr;
    index = plan_column_index(project, expr->column.id);
    return index < 0 ? expr : project->exprs.items[index];
}

const Expr *expr_through_project(Arena *arena, const Expr *expr, const Plan *project) {
    return expr_rewrite(arena, expr, substitute, (void *) (uintptr_t) project);
}

/* project NULL: columns count as they are. */
static int count_nodes(const Expr *expr, const Plan *project, int limit) {
    int count = 1;
    int index = -1;

    if (expr->kind == EXPR_COLUMN && project)
        index = plan_column_index(project, expr->column.id);
    if (index >= 0)
        return count_nodes(project->exprs.items[index], NULL, limit);
    for (int i = 0; i < expr->argument_count && count < limit; i++)
        count += count_nodes(expr->arguments[i], project, limit - count);
    return count < limit ? count : limit;
}

int expr_size_through_project(const Expr *expr, const Plan *project, int limit) {
    return count_nodes(expr, project, limit);
}

const Plan *plan_filter(Arena *arena, Conjuncts conjuncts, const Plan *child) {
    Plan *filter;

    if (conjuncts.count == 0)
        return child;
    filter = plan_create(arena, PLAN_FILTER, &child, 1);
    filter->predicate = expr_and(arena, conjuncts.items, conjuncts.count);
    return plan_derive(arena, filter);
}

void conjuncts_split(Arena *arena, Conjuncts all, bool (*takes)(const Expr *expr, const void *data),
                     const void *data, Conjuncts *ret_taken, Conjuncts *ret_rest) {
    *ret_taken = (Conjuncts) {0, arena_new_array(arena, const Expr *, (size_t) all.count)};
    *ret_rest = (Conjuncts) {0, arena_new_array(arena, const Expr *, (size_t) all.count)};
    for (int i = 0; i < all.count; i++) {
        Conjuncts *side = takes(all.items[i], data) ? ret_taken : ret_rest;

        side->items[side->count++] = all.items[i];
    }
}

bool expr_is_movable(const Expr *expr) {
    return expr_volatility(expr) != VOLATILITY_VOLATILE && !expr_can_fail(expr);
}

static const Expr *rewrite_changed(Arena *arena, const Expr *expr, ExprRewrite rewrite, void *data,
                                   bool *ret_changed) {
    const Expr *result = expr_rewrite(arena, expr, rewrite, data);

    if (result == expr || expr_equal(result, expr))
        return expr;
    *ret_changed = true;
    return result;
}

const Plan *plan_rewrite_exprs(Arena *arena, const Plan *plan, ExprRewrite rewrite, void *data) {
    const Expr **exprs = arena_new_array(arena, const Expr *, (size_t) plan->exprs.count);
    const Expr *predicate = NULL;
    bool has_changed = false;
    Plan *copy;

    for (int i = 0; i < plan->exprs.count; i++)
        exprs[i] = rewrite_changed(arena, plan->exprs.items[i], rewrite, data, &has_changed);
    if (plan->predicate)
        predicate = rewrite_changed(arena, plan->predicate, rewrite, data, &has_changed);
    if (!has_changed)
        return plan;
    copy = plan_copy(arena, plan);
    copy->predicate = predicate;
    copy->exprs.items = exprs;
    return plan_derive(arena, copy);
}

const Plan *plan_empty(Arena *arena, const Plan *plan) {
    Plan *values = plan_create(arena, PLAN_VALUES, NULL, 0);

    values->position = plan->position;
    values->column_count = plan->column_count;
    values->columns = plan->columns;
    return plan_derive(arena, values);
}

bool plan_is_empty(const Plan *plan) {
    return plan->kind == PLAN_VALUES && plan->row_count == 0;
}

static bool has_columns(const Plan *plan, const PlanColumn *columns, int count) {
    if (plan->column_count != count)
        return false;
    for (int i = 0; i < count; i++)
        if (plan->columns[i].id != columns[i].id)
            return false;
    return true;
}

const Plan *plan_select(Arena *arena, const Plan *plan, const PlanColumn *columns, int count) {
    const Expr **exprs = arena_new_array(arena, const Expr *, (size_t) count);
    Plan *project;

    if (has_columns(plan, columns, count))
        return plan;
    project = plan_create(arena, PLAN_PROJECT, &plan, 1);
    for (int i = 0; i < count; i++)
        exprs[i] = expr_column(arena, columns[i].id, columns[i].type, columns[i].name);
    project->column_count = count;
    project->columns = columns;
    project->exprs = (ExprList) {count, exprs};
    return plan_derive(arena, project);
}

const Plan *plan_with_mark(Arena *arena, const Plan *join, const Plan *plan, bool mark) {
    int last = join->column_count - 1;
    const Expr **exprs = arena_new_array(arena, const Expr *, (size_t) join->column_count);
    Plan *project = plan_create(arena, PLAN_PROJECT, &plan, 1);

    for (int i = 0; i < last; i++)
        exprs[i] =
            expr_column(arena, join->columns[i].id, join->columns[i].type, join->columns[i].name);
    exprs[last] = expr_constant(arena, value_bool(mark));
    project->column_count = join->column_count;
    project->columns = join->columns;
    project->exprs = (ExprList) {join->column_count, exprs};
    return plan_derive(arena, project);
}

typedef struct ColumnSearch {
    ColumnId id;
    bool is_found;
} ColumnSearch;

static void look_for_column(ColumnId id, void *data) {
    ColumnSearch *search = data;

    search->is_found = search->is_found || id == search->id;
}

bool conjuncts_read(Conjuncts conjuncts, ColumnId id) {
    ColumnSearch search = {.id = id};

    for (int i = 0; i < conjuncts.count; i++)
        expr_visit_columns(conjuncts.items[i], look_for_column, &search);
    return search.is_found;
}
