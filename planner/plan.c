/* Plan nodes: making, deriving, looking through. What a node's properties are is said once, in
 * plan_derive. */
#include "planner/plan.h"

#include <assert.h>

Plan *plan_create(Arena *arena, PlanKind kind, const Plan *const *children, int child_count) {
    Plan *plan = arena_new(arena, Plan);

    plan->kind = kind;
    plan->top_n = -1;
    plan->child_count = child_count;
    plan->children = arena_memdup(arena, children, sizeof(*children) * (size_t) child_count);
    return plan;
}

Plan *plan_copy(Arena *arena, const Plan *plan) {
    return arena_memdup(arena, plan, sizeof(*plan));
}

/* -------- schema -------- */

static const PlanColumn *join_columns(Arena *arena, const Plan *plan, int *ret_count) {
    const Plan *left = plan->children[0];
    const Plan *right = plan->children[1];
    bool is_mark = plan->join_kind == JOIN_MARK;
    bool has_right = !is_mark && plan->join_kind != JOIN_SEMI && plan->join_kind != JOIN_ANTI;
    const PlanColumn *added = has_right ? right->columns : NULL;
    int added_count = has_right ? right->column_count : 0;
    PlanColumn *columns = NULL;

    if (is_mark) {
        assert(plan->column_count > 0); /* the last one is the mark */
        added = &plan->columns[plan->column_count - 1];
        added_count = 1;
    }
    columns = arena_new_array(arena, PlanColumn, (size_t) (left->column_count + added_count) + 1);
    for (int i = 0; i < left->column_count; i++)
        columns[i] = left->columns[i];
    for (int i = 0; i < added_count; i++)
        columns[left->column_count + i] = added[i];
    *ret_count = left->column_count + added_count;
    return columns;
}

/* The child's columns and the last `added` of the node: a window's three, a set's own. */
static const PlanColumn *extended_columns(Arena *arena, const Plan *plan, int added,
                                          int *ret_count) {
    const Plan *child = plan->children[0];
    PlanColumn *columns =
        arena_new_array(arena, PlanColumn, (size_t) child->column_count + (size_t) added);

    assert(plan->column_count >= added);
    for (int i = 0; i < child->column_count; i++)
        columns[i] = child->columns[i];
    for (int i = 0; i < added; i++)
        columns[child->column_count + i] = plan->columns[plan->column_count - added + i];
    *ret_count = child->column_count + added;
    return columns;
}

/* The node computes its columns; roles come with the child's column that is passed on. */
static const PlanColumn *own_columns(Arena *arena, const Plan *plan) {
    PlanColumn *columns =
        arena_memdup(arena, plan->columns, sizeof(PlanColumn) * (size_t) plan->column_count);
    int passed = plan->kind == PLAN_PROJECT ? plan->column_count : plan->keys.count;

    for (int i = 0; i < passed; i++) {
        ColumnId id = columns[i].id;
        const PlanColumn *source = NULL;

        if (plan->kind == PLAN_PROJECT) {
            if (plan->exprs.items[i]->kind != EXPR_COLUMN)
                continue; /* as the maker set it: a computed column can be event time */
            id = plan->exprs.items[i]->column.id;
        }
        source = plan_find_column(plan->children[0], id);
        if (source) {
            columns[i].role = source->role;
            columns[i].close_offset_us = source->close_offset_us;
        }
    }
    return columns;
}

static void derive_columns(Arena *arena, Plan *plan) {
    switch (plan->kind) {
    case PLAN_FILTER:
    case PLAN_DISTINCT:
    case PLAN_SORT:
    case PLAN_LIMIT:
    case PLAN_SINGLE_ROW:
    case PLAN_EXCHANGE:
        plan->column_count = plan->children[0]->column_count;
        plan->columns = plan->children[0]->columns;
        break;
    case PLAN_WINDOW:
        plan->columns = extended_columns(arena, plan, 3, &plan->column_count);
        break;
    case PLAN_PROJECT_SET:
        plan->columns = extended_columns(arena, plan, plan->exprs.count, &plan->column_count);
        break;
    case PLAN_JOIN:
        plan->columns = join_columns(arena, plan, &plan->column_count);
        break;
    case PLAN_PROJECT:
    case PLAN_AGGREGATE:
        plan->columns = own_columns(arena, plan);
        break;
    case PLAN_SCAN:
    case PLAN_VALUES:
    case PLAN_FUNCTION_SCAN:
    case PLAN_UNION:
    case PLAN_KIND_COUNT:
        break; /* as the maker set them */
    }
}

/* -------- properties -------- */

static ColumnIds keys_plus(Arena *arena, ColumnIds keys, ColumnIds more) {
    ColumnId *ids = arena_new_array(arena, ColumnId, (size_t) (keys.count + more.count) + 1);

    for (int i = 0; i < keys.count; i++)
        ids[i] = keys.ids[i];
    for (int i = 0; i < more.count; i++)
        ids[keys.count + i] = more.ids[i];
    return (ColumnIds) {.count = keys.count + more.count, .ids = ids};
}

/* The id under which the project passes the child's column; 0 when it is lost. */
static ColumnId passed_as(const Plan *plan, ColumnId id) {
    for (int i = 0; i < plan->column_count; i++) {
        const Expr *expr = plan->exprs.items[i];

        if (expr->kind == EXPR_COLUMN && expr->column.id == id)
            return plan->columns[i].id;
    }
    return 0;
}

/* A window's start and end tell the same: one of them in the key stands for both. Only where the
 * key has one of each, so that they are of one window. */
static bool stands_for_other(const Plan *plan, ColumnIds key, ColumnId lost) {
    const Plan *child = plan->children[0];
    int starts = 0, ends = 0, passed = 0;

    for (int i = 0; i < key.count; i++) {
        const PlanColumn *column = plan_find_column(child, key.ids[i]);

        starts += column->role == TIME_WINDOW_START;
        ends += column->role == TIME_WINDOW_END;
        passed += (column->role == TIME_WINDOW_START || column->role == TIME_WINDOW_END) &&
                  passed_as(plan, column->id) != 0;
    }
    return starts == 1 && ends == 1 && passed == 1 &&
           plan_find_column(child, lost)->role >= TIME_WINDOW_START;
}

/* The child's key, by the ids under which the project passes its columns; none when one is lost. */
static ColumnIds project_key(Arena *arena, const Plan *plan) {
    ColumnIds key = plan->children[0]->unique_key;
    ColumnId *ids = arena_new_array(arena, ColumnId, (size_t) key.count + 1);
    int count = 0;

    for (int i = 0; i < key.count; i++) {
        ColumnId id = passed_as(plan, key.ids[i]);

        if (id != 0)
            ids[count++] = id;
        else if (!stands_for_other(plan, key, key.ids[i]))
            return (ColumnIds) {0};
    }
    return (ColumnIds) {.count = count, .ids = ids};
}

static ColumnIds join_key(Arena *arena, const Plan *plan) {
    ColumnIds left = plan->children[0]->unique_key;
    ColumnIds right = plan->children[1]->unique_key;

    if (plan->join_kind >= JOIN_SEMI)
        return left;
    if (left.count == 0 || right.count == 0)
        return (ColumnIds) {0};
    return keys_plus(arena, left, right);
}

static ColumnIds derive_unique_key(Arena *arena, const Plan *plan) {
    const Plan *child = plan->child_count > 0 ? plan->children[0] : NULL;
    ColumnId last = plan->column_count > 0 ? plan->columns[plan->column_count - 1].id : 0;
    const ColumnIds last_only = {.count = 1, .ids = arena_memdup(arena, &last, sizeof(last))};

    switch (plan->kind) {
    case PLAN_AGGREGATE:
        if (plan->phase == PHASE_PARTIAL)
            return (ColumnIds) {0};
        return plan->grouping_set_count > 0 ? keys_plus(arena, plan->keys, last_only) : plan->keys;
    case PLAN_DISTINCT:
        return plan->keys;
    case PLAN_PROJECT:
        return project_key(arena, plan);
    case PLAN_JOIN:
        return join_key(arena, plan);
    case PLAN_WINDOW: {
        ColumnId start = plan->columns[plan->column_count - 3].id;
        const ColumnIds start_only = {.count = 1,
                                      .ids = arena_memdup(arena, &start, sizeof(start))};

        if (child->unique_key.count == 0 || plan->window_kind == WINDOW_TUMBLE)
            return child->unique_key;
        return keys_plus(arena, child->unique_key, start_only);
    }
    case PLAN_FILTER:
    case PLAN_SORT:
    case PLAN_LIMIT:
    case PLAN_SINGLE_ROW:
    case PLAN_EXCHANGE:
        return child->unique_key;
    case PLAN_SCAN:
    case PLAN_VALUES:
    case PLAN_FUNCTION_SCAN:
    case PLAN_PROJECT_SET:
    case PLAN_UNION:
    case PLAN_KIND_COUNT:
        break;
    }
    return (ColumnIds) {0};
}

static bool derive_append_only(const Plan *plan) {
    bool is_append_only = true;

    if (plan->is_bounded)
        return true;
    for (int i = 0; i < plan->child_count; i++)
        is_append_only = is_append_only && plan->children[i]->is_append_only;
    if (plan->kind == PLAN_AGGREGATE && plan->phase != PHASE_PARTIAL)
        return plan->emit == EMIT_ON_CLOSE;
    if (plan->kind == PLAN_JOIN) {
        bool is_lookup = plan->children[1]->is_bounded; /* the right side never changes */

        if (plan->join_kind != JOIN_INNER && plan->join_kind != JOIN_SEMI &&
            !(is_lookup && plan->join_kind != JOIN_RIGHT && plan->join_kind != JOIN_FULL))
            return false;
    }
    if (plan->kind == PLAN_SINGLE_ROW || plan->kind == PLAN_SORT)
        return false;
    return is_append_only;
}

static bool derive_bounded(const Plan *plan) {
    if (plan->kind == PLAN_SCAN)
        return plan->is_batch_read;
    for (int i = 0; i < plan->child_count; i++)
        if (!plan->children[i]->is_bounded)
            return false;
    return true;
}

const Plan *plan_derive(Arena *arena, Plan *plan) {
    derive_columns(arena, plan);
    plan->is_bounded = derive_bounded(plan);
    plan->is_append_only = derive_append_only(plan);
    plan->unique_key = derive_unique_key(arena, plan);
    return plan;
}

const Plan *plan_with_children(Arena *arena, const Plan *plan, const Plan *const *children,
                               int count) {
    Plan *copy = NULL;
    bool is_same = count == plan->child_count;

    for (int i = 0; i < count && is_same; i++)
        is_same = children[i] == plan->children[i];
    if (is_same)
        return plan;
    copy = plan_copy(arena, plan);
    copy->child_count = count;
    copy->children = arena_memdup(arena, children, sizeof(*children) * (size_t) count);
    return plan_derive(arena, copy);
}

/* -------- questions -------- */

int plan_column_index(const Plan *plan, ColumnId id) {
    for (int i = 0; i < plan->column_count; i++)
        if (plan->columns[i].id == id)
            return i;
    return -1;
}

const PlanColumn *plan_find_column(const Plan *plan, ColumnId id) {
    int index = plan_column_index(plan, id);

    return index < 0 ? NULL : &plan->columns[index];
}

ColumnId plan_max_column_id(const Plan *plan) {
    ColumnId highest = plan->watermark_column;

    for (int i = 0; i < plan->column_count; i++)
        if (plan->columns[i].id > highest)
            highest = plan->columns[i].id;
    for (int i = 0; i < plan->child_count; i++) {
        ColumnId below = plan_max_column_id(plan->children[i]);

        if (below > highest)
            highest = below;
    }
    return highest;
}

bool plan_contains_kind(const Plan *plan, PlanKind kind) {
    if (plan->kind == kind)
        return true;
    for (int i = 0; i < plan->child_count; i++)
        if (plan_contains_kind(plan->children[i], kind))
            return true;
    return false;
}

void plan_visit(const Plan *plan, void (*visit)(const Plan *node, void *data), void *data) {
    visit(plan, data);
    for (int i = 0; i < plan->child_count; i++)
        plan_visit(plan->children[i], visit, data);
}
