/* Build: the few shapes of plan nodes that the binder makes everywhere. */
#include "planner/build.h"

#include "planner/bind.h"

const Plan *make_filter(Binder *binder, const Plan *child, const Expr *predicate, int position) {
    Plan *filter = plan_create(binder->arena, PLAN_FILTER, &child, 1);

    filter->predicate = predicate;
    filter->position = position;
    return plan_derive(binder->arena, filter);
}

static bool has_id(const PlanColumn *columns, int count, ColumnId id) {
    for (int i = 0; i < count; i++)
        if (columns[i].id == id)
            return true;
    return false;
}

const Plan *make_project(Binder *binder, const Plan *child, const ProjectItem *items, int count,
                         int position) {
    Plan *project = plan_create(binder->arena, PLAN_PROJECT, &child, 1);
    PlanColumn *columns = arena_new_array(binder->arena, PlanColumn, (size_t) count + 1);
    const Expr **exprs = arena_new_array(binder->arena, const Expr *, (size_t) count + 1);

    for (int i = 0; i < count; i++) {
        const Expr *expr = items[i].expr;
        bool is_passed = expr->kind == EXPR_COLUMN && !has_id(columns, i, expr->column.id);

        exprs[i] = expr;
        columns[i].id = is_passed ? expr->column.id : binder_new_id(binder);
        if (!is_passed)
            binder_use(binder, columns[i].id);
        columns[i].name = items[i].name;
        columns[i].type = expr->type;
    }
    project->position = position;
    project->exprs = (ExprList) {.count = count, .items = exprs};
    project->columns = columns;
    project->column_count = count;
    return plan_derive(binder->arena, project);
}

const Plan *make_extended(Binder *binder, const Plan *child, const Expr *const *extra,
                          const char *const *names, int count, ColumnId *ids) {
    int total = child->column_count + count;
    ProjectItem *items = arena_new_array(binder->arena, ProjectItem, (size_t) total + 1);
    const Plan *plan = child;
    int used = child->column_count;
    bool is_needed = false;

    for (int i = 0; i < child->column_count; i++) {
        const PlanColumn *column = &child->columns[i];

        items[i].expr = expr_column(binder->arena, column->id, column->type, column->name);
        items[i].name = column->name;
    }
    for (int i = 0; i < count; i++) {
        if (extra[i]->kind == EXPR_COLUMN && plan_find_column(child, extra[i]->column.id)) {
            ids[i] = extra[i]->column.id;
            continue;
        }
        is_needed = true;
        items[used++] = (ProjectItem) {.expr = extra[i], .name = names ? names[i] : "expr"};
    }
    if (!is_needed)
        return child;
    plan = make_project(binder, child, items, used, 0);
    used = child->column_count;
    for (int i = 0; i < count; i++)
        if (ids[i] == 0 || !plan_find_column(child, ids[i]))
            ids[i] = plan->columns[used++].id;
    return plan;
}

const Plan *make_distinct(Binder *binder, const Plan *child, const ColumnId *keys, int count,
                          int position) {
    Plan *distinct = plan_create(binder->arena, PLAN_DISTINCT, &child, 1);

    distinct->position = position;
    distinct->keys = (ColumnIds) {
        .count = count, .ids = arena_memdup(binder->arena, keys, sizeof(*keys) * (size_t) count)};
    return plan_derive(binder->arena, distinct);
}

/* -------- output names, as PostgreSQL's FigureColname -------- */

/* How good a name is: 0 none, 1 only when there is nothing better (a type, "case"), 2 good. */
static int figure_name(const AstNode *node, const char **ret_name);

static int figure_call_name(const AstNode *node, const char **ret_name) {
    static const char *const value_names[] = {
        "current_date",   "current_time",    "current_timestamp", "localtime",
        "localtimestamp", "current_role",    "current_user",      "session_user",
        "user",           "current_catalog", "current_schema"};

    switch (node->kind) {
    case AST_FUNC_CALL:
        *ret_name = ((const AstFuncCall *) node)->name->name;
        return 2;
    case AST_NULLIF:
        *ret_name = "nullif";
        return 2;
    case AST_COALESCE:
        *ret_name = "coalesce";
        return 2;
    case AST_GREATEST:
        *ret_name = "greatest";
        return 2;
    case AST_LEAST:
        *ret_name = "least";
        return 2;
    case AST_VALUE_FUNCTION:
        *ret_name = value_names[((const AstValueFunction *) node)->function];
        return 2;
    case AST_ARRAY:
        *ret_name = "array";
        return 2;
    case AST_ROW:
        *ret_name = "row";
        return 2;
    default:
        return 0;
    }
}

static int figure_subquery_name(const AstSubquery *subquery, const char **ret_name) {
    const AstNode *body = subquery->query->body;

    if (subquery->subquery == AST_SUBQUERY_EXISTS) {
        *ret_name = "exists";
        return 2;
    }
    if (subquery->subquery == AST_SUBQUERY_ARRAY) {
        *ret_name = "array";
        return 2;
    }
    if (body->kind == AST_SELECT && ((const AstSelect *) body)->targets.count > 0) {
        const AstTarget *target = (const AstTarget *) ((const AstSelect *) body)->targets.items[0];

        if (target->label) {
            *ret_name = target->label;
            return 2;
        }
        return figure_name(target->value, ret_name);
    }
    return 0;
}

static int figure_name(const AstNode *node, const char **ret_name) {
    switch (node->kind) {
    case AST_COLUMN_REF: {
        const AstColumnRef *ref = (const AstColumnRef *) node;

        if (ref->is_star || ref->part_count == 0)
            return 0;
        *ret_name = ref->parts[ref->part_count - 1];
        return 2;
    }
    case AST_FIELD:
        if (((const AstField *) node)->name) {
            *ret_name = ((const AstField *) node)->name;
            return 2;
        }
        return 0;
    case AST_SUBSCRIPT:
        return figure_name(((const AstSubscript *) node)->operand, ret_name);
    case AST_COLLATE:
        return figure_name(((const AstCollate *) node)->operand, ret_name);
    case AST_LITERAL:
        if (((const AstLiteral *) node)->literal != AST_LITERAL_BOOLEAN)
            return 0;
        *ret_name = "bool";
        return 1;
    case AST_CAST: {
        int strength = figure_name(((const AstCast *) node)->operand, ret_name);

        if (strength <= 1) {
            *ret_name = ((const AstCast *) node)->type->name;
            return 1;
        }
        return strength;
    }
    case AST_CASE: {
        const AstCase *choice = (const AstCase *) node;
        int strength = choice->otherwise ? figure_name(choice->otherwise, ret_name) : 0;

        if (strength <= 1) {
            *ret_name = "case";
            return 1;
        }
        return strength;
    }
    case AST_SUBQUERY:
        return figure_subquery_name((const AstSubquery *) node, ret_name);
    default:
        return figure_call_name(node, ret_name);
    }
}

const char *target_name(const AstNode *node) {
    const char *name = "?column?";

    if (figure_name(node, &name) == 0)
        return "?column?";
    return name;
}
