/* plan => plan without the columns that nobody reads, down into the scans.
 *
 * One walk from the root with the set of needed columns. An unused JSON field is then never
 * decoded; which records are bad does not change, because a scan's checked_columns stay. */
#include "optimizer/rewrite.h"
#include "optimizer/rules.h"

typedef struct Needed {
    bool *ids; /* [count], by ColumnId */
    int count;
} Needed;

typedef struct Prune {
    Arena *arena;
    int id_count;
} Prune;

static Needed needed_create(Prune *prune) {
    return (Needed) {arena_new_array(prune->arena, bool, (size_t) prune->id_count),
                     prune->id_count};
}

static Needed needed_copy(Prune *prune, const Needed *needed) {
    return (Needed) {arena_memdup(prune->arena, needed->ids, (size_t) needed->count),
                     needed->count};
}

static void need(ColumnId id, void *data) {
    Needed *needed = data;

    if (id > 0 && id < needed->count)
        needed->ids[id] = true;
}

static void need_all(Needed *needed, ColumnIds ids) {
    for (int i = 0; i < ids.count; i++)
        need(ids.ids[i], needed);
}

static bool is_needed(const Needed *needed, ColumnId id) {
    return id > 0 && id < needed->count && needed->ids[id];
}

static const Plan *prune_node(Prune *prune, const Plan *plan, const Needed *needed);

static const Plan *prune_children(Prune *prune, const Plan *plan, const Needed *needed) {
    const Plan **children = arena_new_array(prune->arena, const Plan *, (size_t) plan->child_count);

    for (int i = 0; i < plan->child_count; i++)
        children[i] = prune_node(prune, plan->children[i], needed);
    return plan_with_children(prune->arena, plan, children, plan->child_count);
}

static const Plan *prune_scan(Prune *prune, const Plan *scan, const Needed *wanted) {
    Needed needed = needed_copy(prune, wanted);
    PlanColumn *columns = arena_new_array(prune->arena, PlanColumn, (size_t) scan->column_count);
    int *scan_columns = arena_new_array(prune->arena, int, (size_t) scan->column_count);
    int count = 0;
    Plan *copy;

    need(scan->watermark_column, &needed);
    if (scan->watermark_expr)
        expr_visit_columns(scan->watermark_expr, need, &needed);
    for (int i = 0; i < scan->pushed.count; i++)
        expr_visit_columns(scan->pushed.items[i], need, &needed);
    for (int i = 0; i < scan->column_count; i++)
        if (is_needed(&needed, scan->columns[i].id)) {
            columns[count] = scan->columns[i];
            scan_columns[count++] = scan->scan_columns[i];
        }
    if (count == scan->column_count)
        return scan;
    copy = plan_copy(prune->arena, scan);
    copy->column_count = count;
    copy->columns = columns;
    copy->scan_columns = scan_columns;
    return plan_derive(prune->arena, copy);
}

static const Plan *prune_project(Prune *prune, const Plan *project, const Needed *wanted) {
    Needed needed = needed_create(prune);
    PlanColumn *columns = arena_new_array(prune->arena, PlanColumn, (size_t) project->column_count);
    const Expr **exprs =
        arena_new_array(prune->arena, const Expr *, (size_t) project->column_count);
    int count = 0;
    const Plan *child;
    Plan *copy;

    for (int i = 0; i < project->column_count; i++)
        if (is_needed(wanted, project->columns[i].id)) {
            columns[count] = project->columns[i];
            exprs[count++] = project->exprs.items[i];
            expr_visit_columns(project->exprs.items[i], need, &needed);
        }
    child = prune_node(prune, project->children[0], &needed);
    if (count == project->column_count)
        return plan_with_children(prune->arena, project, &child, 1);
    copy = plan_create(prune->arena, PLAN_PROJECT, &child, 1);
    copy->position = project->position;
    copy->column_count = count;
    copy->columns = columns;
    copy->exprs = (ExprList) {count, exprs};
    return plan_derive(prune->arena, copy);
}

static const Plan *prune_aggregate(Prune *prune, const Plan *plan, const Needed *wanted) {
    Needed needed = needed_create(prune);
    int keys = plan->keys.count;
    PlanColumn *columns = arena_new_array(prune->arena, PlanColumn, (size_t) plan->column_count);
    PlanAggregateCall *calls =
        arena_new_array(prune->arena, PlanAggregateCall, (size_t) plan->call_count);
    int count = 0;
    const Plan *child;
    Plan *copy;

    need_all(&needed, plan->keys);
    need_all(&needed, plan->late_columns);
    for (int i = 0; i < keys; i++)
        columns[i] = plan->columns[i];
    for (int i = 0; i < plan->call_count; i++)
        if (is_needed(wanted, plan->columns[keys + i].id)) {
            columns[keys + count] = plan->columns[keys + i];
            calls[count++] = plan->calls[i];
            need_all(&needed, plan->calls[i].arguments);
            need(plan->calls[i].filter, &needed);
        }
    for (int i = keys + plan->call_count; i < plan->column_count; i++)
        columns[count + i - plan->call_count] = plan->columns[i]; /* GROUPING's bits */
    child = prune_node(prune, plan->children[0], &needed);
    if (count == plan->call_count)
        return plan_with_children(prune->arena, plan, &child, 1);
    copy = plan_copy(prune->arena, plan);
    copy->children = arena_memdup(prune->arena, &child, sizeof(child));
    copy->column_count = plan->column_count - (plan->call_count - count);
    copy->columns = columns;
    copy->calls = calls;
    copy->call_count = count;
    return plan_derive(prune->arena, copy);
}

/* Columns meet by place: each side gives exactly the places that are wanted. */
static const Plan *prune_side(Prune *prune, const Plan *side, const bool *places) {
    Needed needed = needed_create(prune);
    PlanColumn *columns = arena_new_array(prune->arena, PlanColumn, (size_t) side->column_count);
    int count = 0;

    for (int i = 0; i < side->column_count; i++)
        if (places[i]) {
            columns[count++] = side->columns[i];
            need(side->columns[i].id, &needed);
        }
    return plan_select(prune->arena, prune_node(prune, side, &needed), columns, count);
}

static const Plan *prune_union(Prune *prune, const Plan *plan, const Needed *wanted) {
    const Plan **sides = arena_new_array(prune->arena, const Plan *, (size_t) plan->child_count);
    bool *places = arena_new_array(prune->arena, bool, (size_t) plan->column_count);
    PlanColumn *columns = arena_new_array(prune->arena, PlanColumn, (size_t) plan->column_count);
    int count = 0;
    Plan *copy;

    for (int i = 0; i < plan->column_count; i++) {
        places[i] = is_needed(wanted, plan->columns[i].id);
        if (places[i])
            columns[count++] = plan->columns[i];
    }
    for (int i = 0; i < plan->child_count; i++)
        sides[i] = prune_side(prune, plan->children[i], places);
    if (count == plan->column_count)
        return plan_with_children(prune->arena, plan, sides, plan->child_count);
    copy = plan_copy(prune->arena, plan);
    copy->children = sides;
    copy->column_count = count;
    copy->columns = columns;
    return plan_derive(prune->arena, copy);
}

/* Nodes that pass columns on: what they read themselves is needed too. */
static const Plan *prune_passing(Prune *prune, const Plan *plan, const Needed *wanted) {
    Needed needed = needed_copy(prune, wanted);

    if (plan->predicate)
        expr_visit_columns(plan->predicate, need, &needed);
    for (int i = 0; i < plan->exprs.count; i++)
        expr_visit_columns(plan->exprs.items[i], need, &needed);
    need(plan->time_column, &needed);
    need(plan->left_time, &needed);
    need(plan->right_time, &needed);
    need_all(&needed, plan->keys);
    need_all(&needed, plan->left_keys);
    need_all(&needed, plan->right_keys);
    for (int i = 0; i < plan->sort_key_count; i++)
        need(plan->sort_keys[i].column, &needed);
    return prune_children(prune, plan, &needed);
}

static const Plan *prune_node(Prune *prune, const Plan *plan, const Needed *needed) {
    switch (plan->kind) {
    case PLAN_SCAN:
        return prune_scan(prune, plan, needed);
    case PLAN_PROJECT:
        return prune_project(prune, plan, needed);
    case PLAN_AGGREGATE:
        return prune_aggregate(prune, plan, needed);
    case PLAN_UNION:
        return prune_union(prune, plan, needed);
    case PLAN_VALUES:
    case PLAN_FUNCTION_SCAN:
        return plan;
    default:
        return prune_passing(prune, plan, needed);
    }
}

static const Plan *apply(RuleContext *cx, const Plan *plan) {
    Prune prune = {cx->arena, plan_max_column_id(plan) + 1};
    Needed needed = needed_create(&prune);

    for (int i = 0; i < plan->column_count; i++)
        need(plan->columns[i].id, &needed);
    return prune_node(&prune, plan, &needed);
}

const Rule rule_prune_columns = {
    .name = "prune_columns",
    .rewrite = "plan => plan without unread columns",
    .kinds = RULE_ON_WHOLE_PLAN,
    .apply = apply,
};
