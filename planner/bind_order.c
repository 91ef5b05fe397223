/* ORDER BY, DISTINCT, LIMIT: the top of a query. */
#include <string.h>

#include "planner/bind_select.h"

/* -------- ORDER BY of a SELECT -------- */

Status sort_direction(const AstSortKey *key, bool *ret_descending, bool *ret_nulls_first,
                      Error *err) {
    *ret_descending = key->order == AST_SORT_DESC;
    if (key->using_op) {
        if (strcmp(key->using_op, "<") != 0 && strcmp(key->using_op, ">") != 0) {
            IGNORE(error_at(err, key->base.position, WRONG_OBJECT_TYPE, /* hinted */
                            "operator %s is not a valid ordering operator", key->using_op));
            return error_hint(err,
                              "Ordering operators must be \"<\" or \">\" members of btree operator "
                              "families.");
        }
        *ret_descending = key->using_op[0] == '>';
    }
    *ret_nulls_first =
        key->nulls == AST_NULLS_DEFAULT ? *ret_descending : key->nulls == AST_NULLS_FIRST;
    return STATUS_OK;
}

static int find_equal_item(const Select *select, const Expr *expr) {
    for (int i = 0; i < select->item_count; i++)
        if (expr_equal(select->items[i].expr, expr))
            return i;
    return -1;
}

static Status bind_output_expr(Select *select, const AstNode *node, const char *clause,
                               const Expr **ret_expr, int *ret_item, Error *err) {
    ExprContext cx = {.binder = select->binder,
                      .scope = select->scope,
                      .clause = clause,
                      .subqueries = &select->output_subqueries,
                      .aggregates = &select->aggregates};

    TRY(find_target(select, node, clause, ret_item, err));
    if (*ret_item >= 0) {
        *ret_expr = select->items[*ret_item].expr;
        return STATUS_OK;
    }
    TRY(bind_expr(&cx, node, ret_expr, err));
    TRY(resolve_unknown(select->binder, *ret_expr, ret_expr, err));
    *ret_item = find_equal_item(select, *ret_expr);
    return STATUS_OK;
}

static Status bind_distinct_on(Select *select, Error *err) {
    const AstList *list = &select->ast->distinct_on;

    select->distinct =
        arena_new_array(select->binder->arena, const Expr *, (size_t) list->count + 1);
    for (int i = 0; i < list->count; i++) {
        int item = -1;

        TRY(bind_output_expr(select, list->items[i], "DISTINCT ON", &select->distinct[i], &item,
                             err));
    }
    select->distinct_count = list->count;
    return STATUS_OK;
}

static Status check_distinct_order(const Select *select, Error *err) {
    if (select->ast->distinct == AST_DISTINCT_ALL) {
        for (int i = 0; i < select->sort_count; i++)
            if (select->sorts[i].item < 0)
                return error_at(
                    err, select->sorts[i].position, INVALID_COLUMN_REFERENCE,
                    "for SELECT DISTINCT, ORDER BY expressions must appear in select list");
    }
    for (int i = 0; i < select->sort_count && i < select->distinct_count; i++) {
        bool is_found = false;

        for (int j = 0; j < select->distinct_count && !is_found; j++)
            is_found = expr_equal(select->sorts[i].expr, select->distinct[j]);
        if (!is_found)
            return error_at(
                err, select->sorts[i].position, INVALID_COLUMN_REFERENCE,
                "SELECT DISTINCT ON expressions must match initial ORDER BY expressions");
    }
    return STATUS_OK;
}

Status bind_order_by(Select *select, Error *err) {
    const AstList *list = select->tail.order_by;
    int count = list ? list->count : 0;

    if (select->ast->distinct == AST_DISTINCT_ON)
        TRY(bind_distinct_on(select, err));
    select->sorts = arena_new_array(select->binder->arena, SortItem, (size_t) count + 1);
    for (int i = 0; i < count; i++) {
        const AstSortKey *key = (const AstSortKey *) list->items[i];
        SortItem *sort = &select->sorts[i];

        sort->position = key->value->position;
        TRY(bind_output_expr(select, key->value, "ORDER BY", &sort->expr, &sort->item, err));
        TRY(sort_direction(key, &sort->is_descending, &sort->nulls_first, err));
    }
    select->sort_count = count;
    return check_distinct_order(select, err);
}

/* -------- nodes -------- */

const Plan *make_sort(Binder *binder, const Plan *child, const PlanSortKey *keys, int count,
                      int position) {
    Plan *sort = NULL;

    if (count == 0)
        return child;
    sort = plan_create(binder->arena, PLAN_SORT, &child, 1);
    sort->position = position;
    sort->sort_keys = keys;
    sort->sort_key_count = count;
    return plan_derive(binder->arena, sort);
}

static Status bind_limit_count(Binder *binder, const AstNode *node, const char *name,
                               const Expr **ret_expr, Error *err) {
    ExprContext cx = {.binder = binder, .clause = name};
    const Expr *expr = NULL;
    Value value = value_null(SQL_TYPE(INT8));

    *ret_expr = NULL;
    if (!node)
        return STATUS_OK;
    if (node->kind == AST_COLUMN_REF)
        return error_at(err, node->position, INVALID_COLUMN_REFERENCE,
                        "argument of %s must not contain variables", name);
    TRY(bind_expr(&cx, node, &expr, err));
    if (expr->type.id != TYPE_UNKNOWN && !cast_find(expr->type.id, TYPE_INT8, CAST_ASSIGNMENT) &&
        expr->type.id != TYPE_INT8)
        return error_at(err, node->position, DATATYPE_MISMATCH,
                        "argument of %s must be type bigint, not type %s", name,
                        type_name(binder, expr->type));
    TRY(coerce(binder, expr, SQL_TYPE(INT8), CAST_ASSIGNMENT, &expr, err));
    if (is_foldable(expr)) {
        TRY(constant_value(binder, expr, &value, err));
        if (value.is_null)
            return STATUS_OK;
        if (value.int64 < 0)
            return strcmp(name, "LIMIT") == 0
                       ? error_set(err, INVALID_ROW_COUNT_IN_LIMIT, "LIMIT must not be negative")
                       : error_set(err, INVALID_ROW_COUNT_IN_OFFSET, "OFFSET must not be negative");
        expr = with_position(binder, expr_constant(binder->arena, value), node->position);
    }
    *ret_expr = expr;
    return STATUS_OK;
}

Status bind_limit(Binder *binder, const AstLimit *limit, const Plan **plan, Error *err) {
    Plan *node = NULL;
    const Expr *count = NULL;
    const Expr *offset = NULL;

    if (!limit)
        return STATUS_OK;
    if (limit->with_ties)
        return not_supported(err, limit->base.position, "WITH TIES");
    TRY(bind_limit_count(binder, limit->count, "LIMIT", &count, err));
    TRY(bind_limit_count(binder, limit->offset, "OFFSET", &offset, err));
    if (!count && !offset)
        return STATUS_OK;
    node = plan_create(binder->arena, PLAN_LIMIT, (const Plan *const[]) {*plan}, 1);
    node->position = limit->base.position;
    node->limit = count;
    node->offset = offset;
    *plan = plan_derive(binder->arena, node);
    return STATUS_OK;
}

/* -------- the top of a SELECT -------- */

typedef struct OutputColumns {
    ProjectItem *items; /* the select list, then what only ORDER BY and DISTINCT ON need */
    int count;
} OutputColumns;

static int output_column(OutputColumns *output, const Expr *expr) {
    for (int i = 0; i < output->count; i++)
        if (expr_equal(output->items[i].expr, expr))
            return i;
    output->items[output->count] = (ProjectItem) {.expr = expr, .name = "sort"};
    return output->count++;
}

static const Plan *add_distinct(Select *select, const Plan *plan, const int *columns) {
    int count = select->distinct_count;
    ColumnId *keys = NULL;
    Plan *distinct = NULL;

    if (select->ast->distinct == AST_DISTINCT_ALL)
        count = select->item_count;
    keys = arena_new_array(select->binder->arena, ColumnId, (size_t) count + 1);
    for (int i = 0; i < count; i++)
        keys[i] = plan->columns[columns ? columns[i] : i].id;
    distinct = plan_copy(select->binder->arena, make_distinct(select->binder, plan, keys, count,
                                                              select->ast->base.position));
    distinct->is_within_watermark = select->ast->within_watermark;
    return plan_derive(select->binder->arena, distinct);
}

static const Plan *drop_hidden(Select *select, const Plan *plan) {
    ProjectItem *items =
        arena_new_array(select->binder->arena, ProjectItem, (size_t) select->item_count + 1);

    if (plan->column_count == select->item_count)
        return plan;
    for (int i = 0; i < select->item_count; i++)
        items[i] = (ProjectItem) {column_expr(select->binder, plan->columns[i].id,
                                              plan->columns[i].type, plan->columns[i].name, 0),
                                  plan->columns[i].name};
    return make_project(select->binder, plan, items, select->item_count, 0);
}

Status build_output(Select *select, Error *err) {
    Binder *binder = select->binder;
    int total = select->item_count + select->sort_count + select->distinct_count;
    OutputColumns output = {.count = select->item_count};
    PlanSortKey *keys =
        arena_new_array(binder->arena, PlanSortKey, (size_t) select->sort_count + 1);
    int *sort_columns = arena_new_array(binder->arena, int, (size_t) select->sort_count + 1);
    int *distinct_columns =
        arena_new_array(binder->arena, int, (size_t) select->distinct_count + 1);
    const Plan *plan = NULL;

    output.items = arena_new_array(binder->arena, ProjectItem, (size_t) total + 1);
    for (int i = 0; i < select->item_count; i++)
        output.items[i] = (ProjectItem) {select->items[i].expr, select->items[i].name};
    for (int i = 0; i < select->sort_count; i++)
        sort_columns[i] = select->sorts[i].item >= 0
                              ? select->sorts[i].item
                              : output_column(&output, select->sorts[i].expr);
    for (int i = 0; i < select->distinct_count; i++)
        distinct_columns[i] = output_column(&output, select->distinct[i]);
    for (int i = 0; i < output.count && select->sort_count + select->distinct_count > 0; i++)
        TRY(resolve_unknown(binder, output.items[i].expr, &output.items[i].expr, err));
    plan =
        make_project(binder, select->plan, output.items, output.count, select->ast->base.position);
    for (int i = 0; i < select->sort_count; i++)
        keys[i] = (PlanSortKey) {plan->columns[sort_columns[i]].id, select->sorts[i].is_descending,
                                 select->sorts[i].nulls_first};
    if (select->ast->distinct == AST_DISTINCT_ALL)
        plan = add_distinct(select, plan, NULL);
    if (select->ast->within_watermark && select->ast->distinct == AST_DISTINCT_NONE)
        return error_at(err, select->ast->base.position, SYNTAX_ERROR,
                        "WITHIN WATERMARK needs SELECT DISTINCT or SELECT DISTINCT ON");
    plan = make_sort(binder, plan, keys, select->sort_count,
                     select->sort_count > 0 ? select->sorts[0].position : 0);
    if (select->ast->distinct ==
        AST_DISTINCT_ON) { /* the first row of each key, then the order again */
        plan = add_distinct(select, plan, distinct_columns);
        plan = make_sort(binder, plan, keys, select->sort_count,
                         select->sort_count > 0 ? select->sorts[0].position : 0);
    }
    TRY(bind_limit(binder, select->tail.limit, &plan, err));
    select->plan = drop_hidden(select, plan);
    return STATUS_OK;
}

/* -------- ORDER BY over a result: set operations, VALUES -------- */

static Status find_result_column(const Plan *plan, const AstNode *node, int *ret_index,
                                 Error *err) {
    const AstColumnRef *ref = (const AstColumnRef *) node;
    const AstLiteral *literal = (const AstLiteral *) node;

    *ret_index = -1;
    if (node->kind == AST_LITERAL && literal->literal == AST_LITERAL_INTEGER) {
        if (literal->integer < 1 || literal->integer > plan->column_count)
            return error_at(err, node->position, INVALID_COLUMN_REFERENCE,
                            "ORDER BY position %lld is not in select list",
                            (long long) literal->integer);
        *ret_index = (int) literal->integer - 1;
        return STATUS_OK;
    }
    if (node->kind == AST_COLUMN_REF && ref->part_count == 1 && !ref->is_star) {
        for (int i = 0; i < plan->column_count && *ret_index < 0; i++)
            if (strcmp(plan->columns[i].name, ref->parts[0]) == 0)
                *ret_index = i;
        if (*ret_index < 0)
            return error_at(err, node->position, UNDEFINED_COLUMN, "column \"%s\" does not exist",
                            ref->parts[0]);
        return STATUS_OK;
    }
    IGNORE(error_at(err, node->position, FEATURE_NOT_SUPPORTED, /* detail and hint follow */
                    "invalid UNION/INTERSECT/EXCEPT ORDER BY clause"));
    IGNORE(error_detail(
        err, "Only result column names can be used, not expressions or functions.")); /* hinted */
    return error_hint(err,
                      "Add the expression/function to every SELECT, or move the UNION into a FROM "
                      "clause.");
}

static Status order_result(Binder *binder, const AstList *order_by, const Plan **plan, Error *err) {
    PlanSortKey *keys = NULL;

    if (!order_by || order_by->count == 0)
        return STATUS_OK;
    TRY(query_resolve_unknown(binder, *plan, plan, err));
    keys = arena_new_array(binder->arena, PlanSortKey, (size_t) order_by->count);
    for (int i = 0; i < order_by->count; i++) {
        const AstSortKey *key = (const AstSortKey *) order_by->items[i];
        int index = -1;

        TRY(find_result_column(*plan, key->value, &index, err));
        keys[i].column = (*plan)->columns[index].id;
        TRY(sort_direction(key, &keys[i].is_descending, &keys[i].nulls_first, err));
    }
    *plan = make_sort(binder, *plan, keys, order_by->count, order_by->items[0]->position);
    return STATUS_OK;
}

Status bind_body(Binder *binder, const AstNode *body, QueryTail tail, const Scope *outer,
                 const CteScope *ctes, const Plan **ret_plan, Error *err) {
    const Plan *plan = NULL;

    if (body->kind != AST_SELECT)
        binder->correlation = NULL; /* only a plain SELECT knows the query around it */
    switch (body->kind) {
    case AST_SELECT:
        return bind_select(binder, (const AstSelect *) body, tail, outer, ctes, ret_plan, err);
    case AST_SET_OPERATION:
        TRY(bind_set_operation(binder, (const AstSetOperation *) body, outer, ctes, &plan, err));
        break;
    case AST_VALUES:
        TRY(bind_values(binder, (const AstValues *) body, outer, ctes, &plan, err));
        break;
    case AST_QUERY:
        TRY(bind_query(binder, (const AstQuery *) body, outer, ctes, true, &plan, err));
        break;
    default:
        return not_supported(err, body->position, "this query");
    }
    TRY(order_result(binder, tail.order_by, &plan, err));
    TRY(bind_limit(binder, tail.limit, &plan, err));
    *ret_plan = plan;
    return STATUS_OK;
}
