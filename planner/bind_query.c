/* Queries: WITH, the body with its ORDER BY and LIMIT, set operations, VALUES. */
#include <string.h>

#include "planner/bind.h"

/* -------- WITH -------- */

static Status bind_with(Binder *binder, const AstWith *with, const Scope *outer,
                        const CteScope **ctes, Error *err) {
    if (with->is_recursive)
        return not_supported(err, with->base.position, "WITH RECURSIVE");
    for (int i = 0; i < with->ctes.count; i++) {
        const AstCte *cte = (const AstCte *) with->ctes.items[i];
        CteScope *added = NULL;

        if (cte->query->kind != AST_QUERY)
            return not_supported(err, cte->base.position, "a data-modifying statement in WITH");
        for (int j = 0; j < i; j++)
            if (strcmp(((const AstCte *) with->ctes.items[j])->name, cte->name) == 0)
                return error_at(err, cte->base.position, DUPLICATE_ALIAS,
                                "WITH query name \"%s\" specified more than once", cte->name);
        added = arena_new(binder->arena, CteScope);
        *added = (CteScope) {.cte = cte, .next = *ctes, .outer = outer};
        *ctes = added;
    }
    return STATUS_OK;
}

/* -------- casts of a result's columns -------- */

/* VALUES and simple projects are changed where the expressions stand, so that unknown literals and
 * parameters take the type; all else gets a project on top. */
static Status cast_in_place(Binder *binder, const Plan *plan, const SqlType *types,
                            const Plan **ret_plan, Error *err) {
    Plan *copy = plan_copy(binder->arena, plan);
    PlanColumn *columns =
        arena_memdup(binder->arena, plan->columns, sizeof(*columns) * (size_t) plan->column_count);
    const Expr **exprs =
        arena_memdup(binder->arena, plan->exprs.items, sizeof(*exprs) * (size_t) plan->exprs.count);

    for (int i = 0; i < plan->exprs.count; i++) {
        int column = i % plan->column_count;
        const Expr *before = exprs[i];

        TRY(coerce(binder, exprs[i], types[column], CAST_IMPLICIT, &exprs[i], err));
        if (plan->kind == PLAN_PROJECT && before->kind == EXPR_COLUMN && exprs[i] != before &&
            columns[column].id == before->column.id) {
            columns[column].id = binder_new_id(binder); /* no longer the column that was passed */
            columns[column].role = TIME_NONE;
            binder_use(binder, columns[column].id);
        }
        columns[column].type =
            types[column].id == TYPE_UNKNOWN ? columns[column].type : types[column];
    }
    copy->columns = columns;
    copy->exprs.items = exprs;
    *ret_plan = plan_derive(binder->arena, copy);
    return STATUS_OK;
}

Status query_cast_columns(Binder *binder, const Plan *plan, const SqlType *types,
                          const Plan **ret_plan, Error *err) {
    ProjectItem *items =
        arena_new_array(binder->arena, ProjectItem, (size_t) plan->column_count + 1);
    bool is_needed = false;

    for (int i = 0; i < plan->column_count; i++)
        is_needed = is_needed || !type_equal(plan->columns[i].type, types[i]);
    if (!is_needed) {
        *ret_plan = plan;
        return STATUS_OK;
    }
    if ((plan->kind == PLAN_PROJECT || plan->kind == PLAN_VALUES) && plan->column_count > 0)
        return cast_in_place(binder, plan, types, ret_plan, err);
    for (int i = 0; i < plan->column_count; i++) {
        const PlanColumn *column = &plan->columns[i];

        items[i].name = column->name;
        TRY(coerce(binder, column_expr(binder, column->id, column->type, column->name, 0), types[i],
                   CAST_IMPLICIT, &items[i].expr, err));
    }
    *ret_plan = make_project(binder, plan, items, plan->column_count, plan->position);
    return STATUS_OK;
}

Status query_resolve_unknown(Binder *binder, const Plan *plan, const Plan **ret_plan, Error *err) {
    SqlType *types = arena_new_array(binder->arena, SqlType, (size_t) plan->column_count + 1);

    for (int i = 0; i < plan->column_count; i++)
        types[i] =
            plan->columns[i].type.id == TYPE_UNKNOWN ? SQL_TYPE(TEXT) : plan->columns[i].type;
    return query_cast_columns(binder, plan, types, ret_plan, err);
}

/* -------- UNION, INTERSECT, EXCEPT -------- */

static const char *const set_operator_names[] = {
    [AST_UNION] = "UNION", [AST_INTERSECT] = "INTERSECT", [AST_EXCEPT] = "EXCEPT"};

/* Where the right side says its column. */
static int column_position(const AstNode *side, int column, int count) {
    const AstList *targets = side->kind == AST_SELECT ? &((const AstSelect *) side)->targets : NULL;

    if (!targets || targets->count == 0)
        return side->position;
    return targets->items[targets->count == count ? column : 0]->position;
}

static Status unify_sides(Binder *binder, const AstSetOperation *node, const Plan **sides,
                          Error *err) {
    const char *name = set_operator_names[node->op];
    int count = sides[0]->column_count;
    SqlType *types = arena_new_array(binder->arena, SqlType, (size_t) count + 1);

    if (sides[1]->column_count != count)
        return error_at(err, column_position(node->right, 0, 0), SYNTAX_ERROR,
                        "each %s query must have the same number of columns", name);
    for (int i = 0; i < count; i++) {
        const SqlType pair[2] = {sides[0]->columns[i].type, sides[1]->columns[i].type};

        TRY(placed(type_unify(pair, 2, name, &types[i], err),
                   column_position(node->right, i, count), err));
        if (types[i].typmod != -1 && pair[0].typmod != pair[1].typmod)
            types[i].typmod = -1;
    }
    TRY(query_cast_columns(binder, sides[0], types, &sides[0], err));
    return query_cast_columns(binder, sides[1], types, &sides[1], err);
}

const Plan *make_union(Binder *binder, const Plan *const *sides, int position) {
    Plan *plan = plan_create(binder->arena, PLAN_UNION, sides, 2);
    PlanColumn *columns = arena_memdup(binder->arena, sides[0]->columns,
                                       sizeof(*columns) * (size_t) sides[0]->column_count);

    for (int i = 0; i < sides[0]->column_count; i++) {
        columns[i].id = binder_new_id(binder);
        binder_use(binder, columns[i].id);
        if (columns[i].role != sides[1]->columns[i].role ||
            columns[i].close_offset_us != sides[1]->columns[i].close_offset_us) {
            columns[i].role = TIME_NONE;
            columns[i].close_offset_us = 0;
        }
    }
    plan->position = position;
    plan->columns = columns;
    plan->column_count = sides[0]->column_count;
    return plan_derive(binder->arena, plan);
}

static const Plan *distinct_all(Binder *binder, const Plan *plan, int position) {
    ColumnId *keys = arena_new_array(binder->arena, ColumnId, (size_t) plan->column_count + 1);

    for (int i = 0; i < plan->column_count; i++)
        keys[i] = plan->columns[i].id;
    return make_distinct(binder, plan, keys, plan->column_count, position);
}

/* INTERSECT: the distinct rows of the left that have an equal row on the right; EXCEPT: that have
 * none. */
static const Plan *make_membership_join(Binder *binder, const AstSetOperation *node,
                                        const Plan *const *sides) {
    const Plan *children[2] = {distinct_all(binder, sides[0], node->base.position), sides[1]};
    int count = sides[0]->column_count;
    ColumnId *left = arena_new_array(binder->arena, ColumnId, (size_t) count + 1);
    ColumnId *right = arena_new_array(binder->arena, ColumnId, (size_t) count + 1);
    Plan *join = plan_create(binder->arena, PLAN_JOIN, children, 2);

    for (int i = 0; i < count; i++) {
        left[i] = sides[0]->columns[i].id;
        right[i] = sides[1]->columns[i].id;
    }
    join->position = node->base.position;
    join->join_kind = node->op == AST_INTERSECT ? JOIN_SEMI : JOIN_ANTI;
    join->is_null_safe = true;
    join->left_keys = (ColumnIds) {.count = count, .ids = left};
    join->right_keys = (ColumnIds) {.count = count, .ids = right};
    return plan_derive(binder->arena, join);
}

Status bind_set_operation(Binder *binder, const AstSetOperation *node, const Scope *outer,
                          const CteScope *ctes, const Plan **ret_plan, Error *err) {
    const Plan *sides[2] = {NULL, NULL};
    QueryTail none = {0};

    TRY(binder_enter(binder, node->base.position, err));
    TRY(bind_body(binder, node->left, none, outer, ctes, &sides[0], err));
    TRY(bind_body(binder, node->right, none, outer, ctes, &sides[1], err));
    binder_leave(binder);
    TRY(unify_sides(binder, node, sides, err));
    if (node->op != AST_UNION && node->is_all)
        return make_set_all(binder, node, sides, ret_plan, err);
    if (node->op != AST_UNION) {
        *ret_plan = make_membership_join(binder, node, sides);
        return STATUS_OK;
    }
    *ret_plan = make_union(binder, sides, node->base.position);
    if (!node->is_all)
        *ret_plan = distinct_all(binder, *ret_plan, node->base.position);
    return STATUS_OK;
}

/* -------- VALUES -------- */

Status bind_values(Binder *binder, const AstValues *values, const Scope *outer,
                   const CteScope *ctes, const Plan **ret_plan, Error *err) {
    Scope *scope = scope_create(binder, outer, ctes);
    ExprContext cx = {.binder = binder, .scope = scope, .clause = "VALUES"};
    int rows = values->rows.count;
    int columns = ((const AstRow *) values->rows.items[0])->elements.count;
    const Expr **exprs =
        arena_new_array(binder->arena, const Expr *, (size_t) rows *(size_t) columns + 1);
    const Expr **column = arena_new_array(binder->arena, const Expr *, (size_t) rows + 1);
    PlanColumn *schema = arena_new_array(binder->arena, PlanColumn, (size_t) columns + 1);
    Plan *plan = plan_create(binder->arena, PLAN_VALUES, NULL, 0);

    for (int i = 0; i < rows; i++) {
        const AstRow *row = (const AstRow *) values->rows.items[i];

        if (row->elements.count != columns)
            return error_at(err, row->base.position, SYNTAX_ERROR,
                            "VALUES lists must all be the same length");
        for (int j = 0; j < columns; j++)
            TRY(bind_expr(&cx, row->elements.items[j], &exprs[i * columns + j], err));
    }
    for (int j = 0; j < columns; j++) {
        SqlType type = exprs[j]->type;
        bool is_unknown = true;

        for (int i = 0; i < rows; i++) {
            column[i] = exprs[i * columns + j];
            is_unknown = is_unknown && column[i]->type.id == TYPE_UNKNOWN;
        }
        if (!is_unknown)
            TRY(unify_exprs(binder, column, rows, "VALUES", &type, err));
        for (int i = 0; i < rows; i++)
            exprs[i * columns + j] = column[i];
        schema[j] = (PlanColumn) {.id = binder_new_id(binder),
                                  .name = arena_printf(binder->arena, "column%d", j + 1),
                                  .type = type};
        binder_use(binder, schema[j].id);
    }
    plan->position = values->base.position;
    plan->exprs = (ExprList) {.count = rows * columns, .items = exprs};
    plan->row_count = rows;
    plan->columns = schema;
    plan->column_count = columns;
    *ret_plan = plan_derive(binder->arena, plan);
    return STATUS_OK;
}

/* -------- queries -------- */

static Status refuse_locking(const AstLocking *locking, Error *err) {
    static const char *const strengths[] = {
        [AST_LOCK_UPDATE] = "UPDATE",
        [AST_LOCK_NO_KEY_UPDATE] = "NO KEY UPDATE",
        [AST_LOCK_SHARE] = "SHARE",
        [AST_LOCK_KEY_SHARE] = "KEY SHARE",
    };

    return not_supported(err, locking->base.position, "FOR %s", strengths[locking->strength]);
}

Status bind_query(Binder *binder, const AstQuery *query, const Scope *outer, const CteScope *ctes,
                  bool keep_unknown, const Plan **ret_plan, Error *err) {
    QueryTail tail = {.order_by = &query->order_by, .limit = query->limit};

    TRY(binder_enter(binder, query->base.position, err));
    if (query->locking.count > 0)
        return refuse_locking((const AstLocking *) query->locking.items[0], err);
    if (query->emit != AST_EMIT_NONE)
        return not_supported(err, query->emit_position, "EMIT %s",
                             query->emit == AST_EMIT_CHANGES ? "CHANGES" : "ON WINDOW CLOSE");
    if (query->with)
        TRY(bind_with(binder, query->with, outer, &ctes, err));
    TRY(bind_body(binder, query->body, tail, outer, ctes, ret_plan, err));
    binder_leave(binder);
    if (keep_unknown)
        return STATUS_OK;
    return query_resolve_unknown(binder, *ret_plan, ret_plan, err);
}
