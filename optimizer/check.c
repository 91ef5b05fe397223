#include "optimizer/check.h"

typedef struct ColumnCheck {
    const Plan *node;
    ColumnId missing; /* 0: none */
} ColumnCheck;

static bool children_give(const Plan *node, ColumnId id) {
    for (int i = 0; i < node->child_count; i++)
        if (plan_find_column(node->children[i], id))
            return true;
    return false;
}

static void check_column(ColumnId id, void *data) {
    ColumnCheck *check = data;

    if (id && !children_give(check->node, id))
        check->missing = id;
}

static void check_expr(ColumnCheck *check, const Expr *expr) {
    if (expr)
        expr_visit_columns(expr, check_column, check);
}

static void check_ids(ColumnCheck *check, ColumnIds ids) {
    for (int i = 0; i < ids.count; i++)
        check_column(ids.ids[i], check);
}

/* A scan's expressions are over its own output; VALUES and table functions read nothing. */
static bool reads_children(const Plan *node) {
    return node->kind != PLAN_SCAN && node->kind != PLAN_VALUES && node->kind != PLAN_FUNCTION_SCAN;
}

/* Every column that a node uses comes from its children. */
static Status plan_check_columns(const Plan *plan, Error *err) {
    ColumnCheck check = {.node = plan};

    if (reads_children(plan) && plan->phase != PHASE_FINAL && plan->kind != PLAN_EXCHANGE) {
        check_expr(&check, plan->predicate);
        for (int i = 0; i < plan->exprs.count; i++)
            check_expr(&check, plan->exprs.items[i]);
        check_ids(&check, plan->keys);
        check_ids(&check, plan->late_columns);
        check_ids(&check, plan->left_keys);
        check_ids(&check, plan->right_keys);
        check_column(plan->time_column, &check);
        for (int i = 0; i < plan->call_count; i++) {
            check_ids(&check, plan->calls[i].arguments);
            check_column(plan->calls[i].filter, &check);
        }
        for (int i = 0; i < plan->sort_key_count; i++)
            check_column(plan->sort_keys[i].column, &check);
    }
    if (check.missing)
        return error_set(err, INTERNAL_ERROR, "%s reads column %d, which nothing below gives",
                         plan_kind_name(plan->kind), check.missing);
    for (int i = 0; i < plan->child_count; i++)
        TRY(plan_check_columns(plan->children[i], err));
    return STATUS_OK;
}

static bool same_schema(const Plan *before, const Plan *after) {
    if (before->column_count != after->column_count)
        return false;
    for (int i = 0; i < before->column_count; i++)
        if (before->columns[i].id != after->columns[i].id ||
            !type_equal(before->columns[i].type, after->columns[i].type) ||
            before->columns[i].role != after->columns[i].role)
            return false;
    return true;
}

Status plan_check_rewrite(const char *rule_name, const Plan *before, const Plan *after,
                          Error *err) {
    if (!same_schema(before, after))
        return error_set(err, INTERNAL_ERROR, "rule %s changed the columns of a %s", rule_name,
                         plan_kind_name(before->kind));
    if ((before->is_append_only && !after->is_append_only) ||
        (before->is_bounded && !after->is_bounded))
        return error_set(err, INTERNAL_ERROR, "rule %s weakened the properties of a %s", rule_name,
                         plan_kind_name(before->kind));
    if (plan_check_columns(after, err) != STATUS_OK)
        return error_context(err, "rule %s", rule_name);
    return STATUS_OK;
}
