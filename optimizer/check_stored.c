/* Checks of a plan that was read from bytes: what the binder promises by construction, so that the
 * executor may rely on it whatever the bytes were. */
#include "catalog/catalog.h"
#include "optimizer/check.h"

enum { STORED_SCANS_MAX = 1024 };

typedef bool (*NodeCheck)(const Plan *plan);

static const PlanColumn *find_input(const Plan *node, ColumnId id) {
    const PlanColumn *column = NULL;

    if (node->kind == PLAN_SCAN)
        return plan_find_column(node, id);
    for (int i = 0; i < node->child_count && !column; i++)
        column = plan_find_column(node->children[i], id);
    return column;
}

/* Every column that the expression reads comes in, with the type that it says. */
static bool reads_inputs(const Plan *node, const Expr *expr) {
    const PlanColumn *column;

    if (expr->kind == EXPR_COLUMN) {
        column = find_input(node, expr->column.id);
        return column && type_equal(column->type, expr->type);
    }
    for (int i = 0; i < expr->argument_count; i++)
        if (!reads_inputs(node, expr->arguments[i]))
            return false;
    return true;
}

static bool is_condition(const Plan *node, const Expr *expr) {
    return expr && expr->type.id == TYPE_BOOL && reads_inputs(node, expr);
}

/* exprs[i] gives the values of column i, counted on from the first for each row. */
static bool gives_columns(const Plan *node) {
    for (int i = 0; i < node->exprs.count; i++) {
        const Expr *expr = node->exprs.items[i];

        if (!type_equal(expr->type, node->columns[i % node->column_count].type) ||
            !reads_inputs(node, expr))
            return false;
    }
    return true;
}

static bool ids_in(ColumnIds ids, const Plan *plan) {
    for (int i = 0; i < ids.count; i++)
        if (!plan_find_column(plan, ids.ids[i]))
            return false;
    return true;
}

static bool is_int64_column(const Plan *plan, ColumnId id) {
    const PlanColumn *column = plan_find_column(plan, id);

    return column && type_physical(column->type.id) == PHYSICAL_INT64;
}

/* -------- by kind -------- */

static bool scan_columns_fit(const Plan *plan) {
    const Relation *relation = plan->relation;

    for (int i = 0; relation && i < plan->column_count; i++) {
        int column = plan->scan_columns[i];

        if (column < 0 || column >= relation->column_count ||
            !type_equal(relation->columns[column].type, plan->columns[i].type))
            return false;
    }
    for (int i = 0; i < plan->checked_columns.count; i++) {
        int column = plan->checked_columns.items[i];

        if (column < 0 || (relation && column >= relation->column_count))
            return false;
    }
    return true;
}

static bool check_scan(const Plan *plan) {
    for (int i = 0; i < plan->pushed.count; i++)
        if (!is_condition(plan, plan->pushed.items[i]))
            return false;
    if (plan->watermark_expr && (type_physical(plan->watermark_expr->type.id) != PHYSICAL_INT64 ||
                                 !reads_inputs(plan, plan->watermark_expr)))
        return false;
    if (plan->watermark_column && !plan->watermark_expr &&
        !is_int64_column(plan, plan->watermark_column))
        return false;
    return plan->scan_ordinal >= 0 && plan->scan_ordinal < STORED_SCANS_MAX &&
           scan_columns_fit(plan);
}

static bool check_values(const Plan *plan) {
    return plan->row_count >= 0 && (plan->column_count > 0 || plan->exprs.count == 0) &&
           (int64_t) plan->row_count * plan->column_count == plan->exprs.count &&
           gives_columns(plan);
}

static bool check_function_scan(const Plan *plan) {
    const Expr *call = plan->exprs.count == 1 ? plan->exprs.items[0] : NULL;

    return call && plan->column_count >= 1 && call->kind == EXPR_CALL &&
           (call->function->flags & FUNCTION_SET) && call->argument_count <= 3 &&
           gives_columns(plan);
}

static bool check_project_set(const Plan *plan) {
    for (int i = 0; i < plan->exprs.count; i++)
        if (plan->exprs.items[i]->kind != EXPR_CALL ||
            !(plan->exprs.items[i]->function->flags & FUNCTION_SET) ||
            plan->exprs.items[i]->argument_count > 3)
            return false;
    return plan->exprs.count <= LIMIT_SET_CALLS;
}

static bool check_filter(const Plan *plan) {
    return is_condition(plan, plan->predicate);
}

static bool check_project(const Plan *plan) {
    return plan->exprs.count == plan->column_count && gives_columns(plan);
}

static bool check_window(const Plan *plan) {
    const PlanColumn *added = plan->columns + plan->column_count - 3;

    if (plan->column_count != plan->children[0]->column_count + 3 || plan->window_size_us <= 0 ||
        plan->window_slide_us < 0 ||
        (plan->window_kind != WINDOW_SESSION && plan->window_kind != WINDOW_TUMBLE &&
         plan->window_slide_us == 0))
        return false;
    for (int i = 0; i < 3; i++)
        if (type_physical(added[i].type.id) != PHYSICAL_INT64)
            return false;
    return is_int64_column(plan->children[0], plan->time_column) &&
           ids_in(plan->keys, plan->children[0]);
}

/* The call reads columns of its aggregate's types and gives what the aggregate gives. */
static bool check_call(const Plan *plan, const PlanAggregateCall *call, SqlType result) {
    const Aggregate *aggregate = call->aggregate;
    const PlanColumn *filter = plan_find_column(plan->children[0], call->filter);
    SqlType types[ARRAY_LENGTH(aggregate->arguments)];
    SqlType wanted = {.id = aggregate->result, .typmod = -1};

    if (call->arguments.count != aggregate->argument_count)
        return false;
    for (int i = 0; i < call->arguments.count; i++) {
        const PlanColumn *column = plan_find_column(plan->children[0], call->arguments.ids[i]);

        if (!column ||
            (aggregate->arguments[i] != TYPE_ANY && column->type.id != aggregate->arguments[i]))
            return false;
        types[i] = column->type;
    }
    if (call->filter && (!filter || filter->type.id != TYPE_BOOL))
        return false;
    if (aggregate->result_type)
        wanted = aggregate->result_type(types, aggregate->argument_count);
    return plan->phase == PHASE_PARTIAL ? result.id == TYPE_BYTEA : wanted.id == result.id;
}

static bool check_sets(const Plan *plan) {
    for (int i = 0; i < plan->grouping_set_count; i++)
        for (int j = 0; j < plan->grouping_sets[i].count; j++)
            if (plan_column_index(plan, plan->grouping_sets[i].ids[j]) < 0)
                return false;
    return true;
}

static bool check_aggregate(const Plan *plan) {
    const Plan *child = plan->children[0];
    int keys = plan->keys.count;
    int extra = plan->grouping_set_count > 0 ? 1 : 0;

    if (plan->column_count != keys + plan->call_count + extra || !ids_in(plan->keys, child) ||
        !check_sets(plan))
        return false;
    for (int i = 0; i < keys; i++)
        if (plan->columns[i].id != plan->keys.ids[i] ||
            !type_equal(plan->columns[i].type, plan_find_column(child, plan->keys.ids[i])->type))
            return false;
    if (plan->phase == PHASE_FINAL ? plan->late_columns.count > 0
                                   : !ids_in(plan->late_columns, child))
        return false;
    if (plan->phase == PHASE_FINAL && child->column_count != keys + plan->call_count)
        return false;
    for (int i = 0; i < plan->call_count; i++) {
        bool is_right = plan->phase == PHASE_FINAL
                            ? child->columns[keys + i].type.id == TYPE_BYTEA
                            : check_call(plan, &plan->calls[i], plan->columns[keys + i].type);

        if (!is_right)
            return false;
    }
    return !extra || plan->columns[plan->column_count - 1].type.id == TYPE_INT8;
}

static bool check_keys(const Plan *plan) {
    return ids_in(plan->keys, plan->children[0]);
}

static bool check_join_keys(const Plan *plan) {
    if (plan->left_keys.count != plan->right_keys.count)
        return false;
    for (int i = 0; i < plan->left_keys.count; i++) {
        const PlanColumn *left = plan_find_column(plan->children[0], plan->left_keys.ids[i]);
        const PlanColumn *right = plan_find_column(plan->children[1], plan->right_keys.ids[i]);

        if (!left || !right || !type_equal(left->type, right->type))
            return false;
    }
    return true;
}

static bool check_join(const Plan *plan) {
    if (plan->predicate && !is_condition(plan, plan->predicate))
        return false;
    if (plan->left_time && !is_int64_column(plan->children[0], plan->left_time))
        return false;
    if (plan->right_time && !is_int64_column(plan->children[1], plan->right_time))
        return false;
    if (plan->join_kind == JOIN_MARK &&
        (plan->column_count != plan->children[0]->column_count + 1 ||
         plan->columns[plan->column_count - 1].type.id != TYPE_BOOL))
        return false;
    return check_join_keys(plan);
}

static bool check_union(const Plan *plan) {
    for (int i = 0; i < plan->child_count; i++) {
        const Plan *side = plan->children[i];

        if (side->column_count != plan->column_count)
            return false;
        for (int j = 0; j < side->column_count; j++)
            if (!type_equal(side->columns[j].type, plan->columns[j].type))
                return false;
    }
    return plan->child_count > 0;
}

static bool check_sort(const Plan *plan) {
    for (int i = 0; i < plan->sort_key_count; i++)
        if (!plan_find_column(plan->children[0], plan->sort_keys[i].column))
            return false;
    return plan->top_n >= -1;
}

static bool is_count(const Expr *expr) {
    return !expr || (expr->kind == EXPR_CONSTANT && expr->type.id == TYPE_INT8);
}

static bool check_limit(const Plan *plan) {
    return is_count(plan->limit) && is_count(plan->offset);
}

static bool check_nothing(const Plan *plan) {
    return plan->child_count == 1;
}

typedef struct StoredCheck {
    int child_count; /* -1: any number */
    NodeCheck check;
} StoredCheck;

static const StoredCheck stored_checks[PLAN_KIND_COUNT] = {
    [PLAN_SCAN] = {0, check_scan},
    [PLAN_VALUES] = {0, check_values},
    [PLAN_FUNCTION_SCAN] = {0, check_function_scan},
    [PLAN_FILTER] = {1, check_filter},
    [PLAN_PROJECT] = {1, check_project},
    [PLAN_WINDOW] = {1, check_window},
    [PLAN_AGGREGATE] = {1, check_aggregate},
    [PLAN_DISTINCT] = {1, check_keys},
    [PLAN_JOIN] = {2, check_join},
    [PLAN_UNION] = {-1, check_union},
    [PLAN_SORT] = {1, check_sort},
    [PLAN_LIMIT] = {1, check_limit},
    [PLAN_SINGLE_ROW] = {1, check_nothing},
    [PLAN_EXCHANGE] = {1, check_keys},
    [PLAN_PROJECT_SET] = {1, check_project_set},
};

Status plan_check_stored(const Plan *plan, Error *err) {
    const StoredCheck *stored = &stored_checks[plan->kind];

    if ((stored->child_count >= 0 && plan->child_count != stored->child_count) ||
        !stored->check(plan))
        return error_set(err, DATA_CORRUPTED, "the stored plan is damaged: a %s",
                         plan_kind_name(plan->kind));
    return STATUS_OK;
}

/* -------- the whole plan -------- */

typedef struct ScanCheck {
    bool seen[STORED_SCANS_MAX];
    int count;
    bool is_repeated;
} ScanCheck;

static void see_scan(const Plan *node, void *data) {
    ScanCheck *check = data;

    if (node->kind != PLAN_SCAN)
        return;
    check->is_repeated = check->is_repeated || check->seen[node->scan_ordinal];
    check->seen[node->scan_ordinal] = true;
    check->count++;
}

Status plan_check_scans(const Plan *plan, Arena *arena, Error *err) {
    ScanCheck *check = arena_new(arena, ScanCheck);

    plan_visit(plan, see_scan, check);
    for (int i = 0; i < check->count && !check->is_repeated; i++)
        if (i == STORED_SCANS_MAX || !check->seen[i])
            check->is_repeated = true;
    if (check->is_repeated)
        return error_set(err, DATA_CORRUPTED, "the stored plan is damaged: the numbers of scans");
    return STATUS_OK;
}
