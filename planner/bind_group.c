/* GROUP BY: keys, grouping sets, and the AGGREGATE node.
 *
 * Expressions above are bound over the input first; then every subexpression that equals a key
 * becomes the key's column, and an input column that is left over is the grouping error (42803), as
 * in PostgreSQL. */
#include <string.h>

#include "planner/bind_select.h"

bool select_is_aggregated(const Select *select) {
    return select->is_grouped || select->having || select->aggregates.count > 0 ||
           select->aggregates.grouping_count > 0;
}

/* -------- keys -------- */

Status add_key(Select *select, const Expr *expr, const char *name, int *ret_key, Error *err) {
    for (int i = 0; i < select->key_count; i++) {
        if (expr_equal(select->keys[i].expr, expr)) {
            *ret_key = i;
            return STATUS_OK;
        }
    }
    if (select->key_count == GROUP_KEYS_MAX)
        return error_at(err, expr->position, PROGRAM_LIMIT_EXCEEDED, "more than %d grouping keys",
                        GROUP_KEYS_MAX);
    *ret_key = select->key_count;
    select->keys[select->key_count++] = (GroupKey) {.expr = expr, .name = name};
    return STATUS_OK;
}

static bool means_window(const Select *select, const AstNode *node) {
    const AstColumnRef *ref = (const AstColumnRef *) node;
    int count = 0;

    if (!node || !select->scope->window.start)
        return false;
    return is_window_call(node) || (node->kind == AST_COLUMN_REF && ref->part_count == 1 &&
                                    strcmp(ref->parts[0], "window") == 0 &&
                                    !scope_find_column(&select->scope->columns, "window", &count));
}

static Status add_window_keys(Select *select, int position, uint64_t *ret_bits, Error *err) {
    const SparkWindow *window = &select->scope->window;
    int start = 0;
    int end = 0;

    TRY(add_key(select,
                column_expr(select->binder, window->start, window->type, "window_start", position),
                "window_start", &start, err));
    TRY(add_key(select,
                column_expr(select->binder, window->end, window->type, "window_end", position),
                "window_end", &end, err));
    *ret_bits = UINT64_C(1) << start | UINT64_C(1) << end;
    return STATUS_OK;
}

/* window_time is a function of the other two: a key only when something reads it. */
static Status add_window_time(Select *select, Error *err) {
    const SparkWindow *window = &select->scope->window;
    uint64_t bits = 0;
    int key = 0;

    if (!window->time || window->time >= select->binder->used_capacity ||
        !select->binder->used[window->time])
        return STATUS_OK;
    TRY(add_window_keys(select, 0, &bits, err));
    TRY(add_key(select, column_expr(select->binder, window->time, window->type, "window_time", 0),
                "window_time", &key, err));
    for (int i = 0; i < select->set_count; i++)
        if ((select->sets[i].keys & bits) == bits)
            select->sets[i].keys |= UINT64_C(1) << key;
    return STATUS_OK;
}

/* One expression of GROUP BY: bits of its keys. A Spark window is two. */
static Status bind_key(Select *select, const AstNode *node, uint64_t *ret_bits, Error *err) {
    Binder *binder = select->binder;
    ExprContext cx = {.binder = binder,
                      .scope = select->scope,
                      .clause = "GROUP BY",
                      .subqueries = &select->input_subqueries};
    const Expr *expr = NULL;
    const char *name = target_name(node);
    int item = -1;
    int key = 0;

    *ret_bits = 0;
    TRY(find_target(select, node, "GROUP BY", &item, err));
    if (item >= 0) {
        name = select->items[item].name;
        node = select->items[item].ast;
        expr = select->items[item].expr;
    }
    if (means_window(select, node))
        return add_window_keys(select, node->position, ret_bits, err);
    if (node && node->kind == AST_ROW && !((const AstRow *) node)->is_explicit) {
        AST_FOREACH(AstNode, element, &((const AstRow *) node)->elements) {
            uint64_t bits = 0;

            TRY(bind_key(select, element, &bits, err));
            *ret_bits |= bits;
        }
        return STATUS_OK;
    }
    if (node)
        TRY(bind_expr(&cx, node, &expr, err));
    TRY(resolve_unknown(binder, expr, &expr, err));
    if (expr->kind == EXPR_CALL && strcmp(expr->function->name, "row") == 0) { /* by its fields */
        for (int i = 0; i < expr->argument_count; i++) {
            TRY(add_key(select, expr->arguments[i], expr->type.fields[i].name, &key, err));
            *ret_bits |= UINT64_C(1) << key;
        }
        return STATUS_OK;
    }
    TRY(add_key(select, expr, name, &key, err));
    *ret_bits = UINT64_C(1) << key;
    return STATUS_OK;
}

/* -------- grouping sets -------- */

typedef struct SetList {
    int count;
    GroupSet *items;
} SetList;

static Status set_list_add(Select *select, SetList *list, uint64_t bits, int position, Error *err) {
    GroupSet *items = NULL;

    if (list->count == GROUP_SETS_MAX)
        return error_at(err, position, PROGRAM_LIMIT_EXCEEDED,
                        "too many grouping sets present (maximum %d)", GROUP_SETS_MAX);
    if ((list->count & (list->count - 1)) == 0) { /* grows at powers of two */
        items = arena_new_array(select->binder->arena, GroupSet, (size_t) list->count * 2 + 1);
        for (int i = 0; i < list->count; i++)
            items[i] = list->items[i];
        list->items = items;
    }
    list->items[list->count++] = (GroupSet) {bits};
    return STATUS_OK;
}

static Status bind_set_item(Select *select, const AstNode *node, SetList *list, Error *err);

static Status bind_rollup(Select *select, const AstGroupingSet *set, SetList *list, Error *err) {
    int count = set->items.count;
    uint64_t *bits = arena_new_array(select->binder->arena, uint64_t, (size_t) count + 1);

    for (int i = 0; i < count; i++)
        TRY(bind_key(select, set->items.items[i], &bits[i], err));
    for (int length = count; length >= 0; length--) {
        uint64_t all = 0;

        for (int i = 0; i < length; i++)
            all |= bits[i];
        TRY(set_list_add(select, list, all, set->base.position, err));
    }
    return STATUS_OK;
}

static Status bind_cube(Select *select, const AstGroupingSet *set, SetList *list, Error *err) {
    int count = set->items.count;
    uint64_t bits[12] = {0};

    if (count > (int) ARRAY_LENGTH(bits))
        return error_at(err, set->base.position, PROGRAM_LIMIT_EXCEEDED,
                        "CUBE is limited to %d elements", (int) ARRAY_LENGTH(bits));
    for (int i = 0; i < count; i++)
        TRY(bind_key(select, set->items.items[i], &bits[i], err));
    for (int mask = (1 << count) - 1; mask >= 0; mask--) {
        uint64_t all = 0;

        for (int i = 0; i < count; i++)
            if (mask & (1 << (count - 1 - i)))
                all |= bits[i];
        TRY(set_list_add(select, list, all, set->base.position, err));
    }
    return STATUS_OK;
}

static Status bind_set_item(Select *select, const AstNode *node, SetList *list, Error *err) {
    const AstGroupingSet *set = (const AstGroupingSet *) node;
    uint64_t bits = 0;

    if (node->kind != AST_GROUPING_SET) {
        TRY(bind_key(select, node, &bits, err));
        return set_list_add(select, list, bits, node->position, err);
    }
    switch (set->set) {
    case AST_GROUPING_EMPTY:
        return set_list_add(select, list, 0, node->position, err);
    case AST_GROUPING_ROLLUP:
        return bind_rollup(select, set, list, err);
    case AST_GROUPING_CUBE:
        return bind_cube(select, set, list, err);
    case AST_GROUPING_SETS:
        AST_FOREACH(AstNode, item, &set->items)
        TRY(bind_set_item(select, item, list, err));
        return STATUS_OK;
    }
    return STATUS_OK;
}

/* GROUP BY a, ROLLUP (b, c): every set of one item with every set of the other. */
static Status cross_sets(Select *select, const SetList *added, int position, Error *err) {
    SetList crossed = {0};

    if (select->set_count == 0) {
        select->sets = added->items;
        select->set_count = added->count;
        return STATUS_OK;
    }
    for (int i = 0; i < select->set_count; i++)
        for (int j = 0; j < added->count; j++)
            TRY(set_list_add(select, &crossed, select->sets[i].keys | added->items[j].keys,
                             position, err));
    select->sets = crossed.items;
    select->set_count = crossed.count;
    return STATUS_OK;
}

Status bind_group_by(Select *select, Error *err) {
    bool has_sets = false;

    select->is_grouped = select->ast->group_by.count > 0;
    AST_FOREACH(AstNode, item, &select->ast->group_by) {
        SetList added = {0};

        has_sets = has_sets || item->kind == AST_GROUPING_SET;
        TRY(bind_set_item(select, item, &added, err));
        TRY(cross_sets(select, &added, item->position, err));
    }
    if (!has_sets) /* GROUP BY a, b is the one set of all keys */
        select->set_count = 0;
    return STATUS_OK;
}

/* -------- expressions above the aggregate -------- */

static Status rewrite_above(Select *select, const Plan *input, const Expr *expr,
                            const Expr **ret_expr, Error *err) {
    Binder *binder = select->binder;
    const Expr **arguments = NULL;
    Expr *copy = NULL;

    for (int i = 0; i < select->key_count; i++) {
        if (expr_equal(expr, select->keys[i].expr)) {
            *ret_expr = column_expr(binder, select->keys[i].id, expr->type, select->keys[i].name,
                                    expr->position);
            return STATUS_OK;
        }
    }
    if (expr->kind == EXPR_COLUMN && plan_find_column(input, expr->column.id))
        return error_at(
            err, expr->position, GROUPING_ERROR,
            "column \"%s\" must appear in the GROUP BY clause or be used in an aggregate "
            "function",
            scope_display_name(binder, select->scope, expr->column.id));
    *ret_expr = expr;
    if (expr->argument_count == 0)
        return STATUS_OK;
    arguments = arena_new_array(binder->arena, const Expr *, (size_t) expr->argument_count);
    for (int i = 0; i < expr->argument_count; i++)
        TRY(rewrite_above(select, input, expr->arguments[i], &arguments[i], err));
    copy = arena_memdup(binder->arena, expr, sizeof(*expr));
    copy->arguments = arguments;
    *ret_expr = copy;
    return STATUS_OK;
}

static Status rewrite_clauses(Select *select, const Plan *input, Error *err) {
    for (int i = 0; i < select->item_count; i++)
        TRY(rewrite_above(select, input, select->items[i].expr, &select->items[i].expr, err));
    if (select->having)
        TRY(rewrite_above(select, input, select->having, &select->having, err));
    for (int i = 0; i < select->sort_count; i++)
        TRY(rewrite_above(select, input, select->sorts[i].expr, &select->sorts[i].expr, err));
    for (int i = 0; i < select->distinct_count; i++)
        TRY(rewrite_above(select, input, select->distinct[i], &select->distinct[i], err));
    for (int i = 0; i < select->set_calls.count; i++)
        TRY(rewrite_above(select, input, select->set_calls.calls[i], &select->set_calls.calls[i],
                          err));
    for (int i = 0; i < select->output_subqueries.count; i++) {
        PendingSubquery *pending = &select->output_subqueries.items[i];

        for (int j = 0; j < pending->key_count; j++)
            TRY(rewrite_above(select, input, pending->left_keys[j], &pending->left_keys[j], err));
    }
    return STATUS_OK;
}

/* -------- GROUPING(…) -------- */

/* Bit i of the n keys, most significant first, as the node's last column has them. */
static Status grouping_bit(Binder *binder, ColumnId bits, int shift, int weight,
                           const Expr **ret_expr, Error *err) {
    const Expr *expr = column_expr(binder, bits, SQL_TYPE(INT8), "grouping", 0);

    TRY(make_operator(binder, "/", expr,
                      expr_constant(binder->arena, value_int8(INT64_C(1) << shift)), 0, &expr,
                      err));
    TRY(make_operator(binder, "%", expr, expr_constant(binder->arena, value_int8(2)), 0, &expr,
                      err));
    return make_operator(binder, "*", expr,
                         expr_constant(binder->arena, value_int8(INT64_C(1) << weight)), 0,
                         ret_expr, err);
}

static Status grouping_expr(Select *select, const GroupingCall *call, ColumnId bits,
                            const Expr **ret_expr, Error *err) {
    Binder *binder = select->binder;
    const Expr *sum = expr_constant(binder->arena, value_int8(0));

    for (int i = 0; i < call->argument_count; i++) {
        const Expr *bit = NULL;
        int key = -1;

        for (int j = 0; j < select->key_count && key < 0; j++)
            if (expr_equal(select->keys[j].expr, call->arguments[i]))
                key = j;
        if (key < 0)
            return error_at(
                err, call->arguments[i]->position, GROUPING_ERROR,
                "arguments to GROUPING must be grouping expressions of the associated query "
                "level");
        if (bits == 0)
            continue; /* one set of all keys: always 0 */
        TRY(grouping_bit(binder, bits, select->key_count - 1 - key, call->argument_count - 1 - i,
                         &bit, err));
        TRY(make_operator(binder, "+", sum, bit, 0, &sum, err));
    }
    return coerce(binder, sum, SQL_TYPE(INT4), CAST_EXPLICIT, ret_expr, err);
}

/* GROUPING's placeholders become columns of a project above the aggregate; it keeps their ids. */
static Status add_groupings(Select *select, ColumnId bits, Error *err) {
    Binder *binder = select->binder;
    int count = select->aggregates.grouping_count;
    const Expr *exprs[ARRAY_LENGTH(select->aggregates.groupings)] = {NULL};
    ColumnId ids[ARRAY_LENGTH(select->aggregates.groupings)] = {0};
    Plan *renamed = NULL;
    PlanColumn *columns = NULL;

    if (count == 0)
        return STATUS_OK;
    for (int i = 0; i < count; i++)
        TRY(grouping_expr(select, &select->aggregates.groupings[i], bits, &exprs[i], err));
    select->plan = make_extended(binder, select->plan, exprs, NULL, count, ids);
    renamed = plan_copy(binder->arena, select->plan);
    columns = arena_memdup(binder->arena, renamed->columns,
                           sizeof(*columns) * (size_t) renamed->column_count);
    for (int i = 0; i < renamed->column_count; i++)
        for (int j = 0; j < count; j++)
            if (columns[i].id == ids[j])
                columns[i].id = select->aggregates.groupings[j].id;
    renamed->columns = columns;
    select->plan = plan_derive(binder->arena, renamed);
    return STATUS_OK;
}

/* -------- the node -------- */

/* Keys, arguments and filters as columns of the input. */
static const Plan *project_inputs(Select *select, PlanAggregateCall *calls) {
    Binder *binder = select->binder;
    AggregateList *list = &select->aggregates;
    int total = select->key_count;
    int used = 0;
    const Expr **exprs = NULL;
    const char **names = NULL;
    ColumnId *ids = NULL;
    const Plan *plan = NULL;

    for (int i = 0; i < list->count; i++)
        total += list->items[i].argument_count + 1;
    exprs = arena_new_array(binder->arena, const Expr *, (size_t) total + 1);
    names = arena_new_array(binder->arena, const char *, (size_t) total + 1);
    ids = arena_new_array(binder->arena, ColumnId, (size_t) total + 1);
    for (int i = 0; i < select->key_count; i++) {
        exprs[used] = select->keys[i].expr;
        names[used++] = select->keys[i].name;
    }
    for (int i = 0; i < list->count; i++) {
        for (int j = 0; j < list->items[i].argument_count; j++) {
            exprs[used] = list->items[i].arguments[j];
            names[used++] = list->items[i].name;
        }
        if (list->items[i].filter) {
            exprs[used] = list->items[i].filter;
            names[used++] = "filter";
        }
    }
    plan = make_extended(binder, select->plan, exprs, names, used, ids);
    used = 0;
    for (int i = 0; i < select->key_count; i++)
        select->keys[i].id = ids[used++];
    for (int i = 0; i < list->count; i++) {
        const BoundAggregate *item = &list->items[i];

        calls[i] = (PlanAggregateCall) {.aggregate = item->aggregate,
                                        .arguments = {item->argument_count, &ids[used]},
                                        .is_distinct = item->is_distinct};
        used += item->argument_count;
        if (item->filter)
            calls[i].filter = ids[used++];
    }
    return plan;
}

static ColumnIds set_ids(Select *select, GroupSet set) {
    ColumnId *ids =
        arena_new_array(select->binder->arena, ColumnId, (size_t) select->key_count + 1);
    int count = 0;

    for (int i = 0; i < select->key_count; i++)
        if (set.keys & (UINT64_C(1) << i))
            ids[count++] = select->keys[i].id;
    return (ColumnIds) {.count = count, .ids = ids};
}

static const PlanColumn *aggregate_columns(Select *select, int *ret_count, ColumnId *ret_bits) {
    Binder *binder = select->binder;
    int count = select->key_count + select->aggregates.count;
    PlanColumn *columns = arena_new_array(binder->arena, PlanColumn, (size_t) count + 1);

    for (int i = 0; i < select->key_count; i++)
        columns[i] = (PlanColumn) {.id = select->keys[i].id,
                                   .name = select->keys[i].name,
                                   .type = select->keys[i].expr->type};
    for (int i = 0; i < select->aggregates.count; i++) {
        const BoundAggregate *item = &select->aggregates.items[i];

        columns[select->key_count + i] =
            (PlanColumn) {.id = item->id, .name = item->name, .type = item->type};
    }
    *ret_bits = 0;
    if (select->set_count > 0) {
        *ret_bits = binder_new_id(binder);
        binder_use(binder, *ret_bits);
        columns[count++] =
            (PlanColumn) {.id = *ret_bits, .name = "grouping", .type = SQL_TYPE(INT8)};
    }
    *ret_count = count;
    return columns;
}

Status build_aggregate(Select *select, Error *err) {
    Binder *binder = select->binder;
    const Plan *input = NULL;
    PlanAggregateCall *calls =
        arena_new_array(binder->arena, PlanAggregateCall, (size_t) select->aggregates.count + 1);
    const Plan *child = NULL;
    Plan *aggregate = NULL;
    ColumnIds *sets = arena_new_array(binder->arena, ColumnIds, (size_t) select->set_count + 1);
    ColumnId bits = 0;

    TRY(sort_for_aggregates(binder, &select->aggregates, &select->plan, err));
    input = select->plan;
    TRY(add_window_time(select, err));
    child = project_inputs(select, calls);
    aggregate = plan_create(binder->arena, PLAN_AGGREGATE, &child, 1);
    TRY(rewrite_clauses(select, input, err));
    for (int i = 0; i < select->set_count; i++)
        sets[i] = set_ids(select, select->sets[i]);
    aggregate->position = select->ast->group_by.count > 0 ? select->ast->group_by.items[0]->position
                                                          : select->ast->base.position;
    aggregate->keys = set_ids(select, (GroupSet) {~UINT64_C(0)});
    aggregate->calls = calls;
    aggregate->call_count = select->aggregates.count;
    aggregate->grouping_sets = sets;
    aggregate->grouping_set_count = select->set_count;
    aggregate->columns = aggregate_columns(select, &aggregate->column_count, &bits);
    select->plan = plan_derive(binder->arena, aggregate);
    return add_groupings(select, bits, err);
}
