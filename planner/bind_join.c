/* Joins: ON, USING, NATURAL.
 *
 * Conjuncts of the form left = right become keys (an expression is projected below, on its own
 * side); what else the condition says stays as the join's predicate over both sides. */
#include <string.h>

#include "planner/bind.h"

typedef struct JoinSides {
    const Plan *plans[2];
    const Scope *scopes[2];
} JoinSides;

typedef struct KeyList {
    int count;
    const Expr **left;
    const Expr **right;
} KeyList;

/* -------- which side an expression reads -------- */

typedef struct SideCheck {
    const JoinSides *sides;
    bool reads[2];
} SideCheck;

static void check_side(ColumnId id, void *data) {
    SideCheck *check = data;

    for (int i = 0; i < 2; i++)
        if (plan_find_column(check->sides->plans[i], id))
            check->reads[i] = true;
}

/* 0 left, 1 right, -1 both or none. */
static int side_of(const JoinSides *sides, const Expr *expr) {
    SideCheck check = {.sides = sides};

    expr_visit_columns(expr, check_side, &check);
    if (check.reads[0] == check.reads[1])
        return -1;
    return check.reads[0] ? 0 : 1;
}

/* -------- ON -------- */

static bool take_key(const JoinSides *sides, const Expr *conjunct, KeyList *keys) {
    const Expr *left = NULL;
    const Expr *right = NULL;
    int side = -1;

    if (conjunct->kind != EXPR_CALL || strcmp(conjunct->function->name, "=") != 0 ||
        conjunct->argument_count != 2 || expr_volatility(conjunct) == VOLATILITY_VOLATILE)
        return false;
    left = conjunct->arguments[0];
    right = conjunct->arguments[1];
    side = side_of(sides, left);
    if (side < 0 || side_of(sides, right) != 1 - side || !type_equal(left->type, right->type))
        return false;
    keys->left[keys->count] = side == 0 ? left : right;
    keys->right[keys->count] = side == 0 ? right : left;
    keys->count++;
    return true;
}

/* Take the keys out of the condition; what is left is returned (NULL: nothing). */
static const Expr *split_condition(Binder *binder, const JoinSides *sides, const Expr *condition,
                                   KeyList *keys) {
    int count = condition->kind == EXPR_AND ? condition->argument_count : 1;
    const Expr *const *conjuncts = condition->kind == EXPR_AND ? condition->arguments : &condition;
    const Expr **residual = arena_new_array(binder->arena, const Expr *, (size_t) count + 1);
    int residual_count = 0;

    keys->left = arena_new_array(binder->arena, const Expr *, (size_t) count + 1);
    keys->right = arena_new_array(binder->arena, const Expr *, (size_t) count + 1);
    for (int i = 0; i < count; i++)
        if (!take_key(sides, conjuncts[i], keys) && !expr_is_true(conjuncts[i]))
            residual[residual_count++] = conjuncts[i];
    return residual_count > 0 ? expr_and(binder->arena, residual, residual_count) : NULL;
}

static const Plan *make_join(Binder *binder, const AstJoin *node, const JoinSides *sides,
                             const KeyList *keys, const Expr *residual) {
    static const JoinKind kinds[] = {[AST_JOIN_INNER] = JOIN_INNER,
                                     [AST_JOIN_LEFT] = JOIN_LEFT,
                                     [AST_JOIN_RIGHT] = JOIN_RIGHT,
                                     [AST_JOIN_FULL] = JOIN_FULL,
                                     [AST_JOIN_CROSS] = JOIN_INNER};
    ColumnId *left_ids = arena_new_array(binder->arena, ColumnId, (size_t) keys->count + 1);
    ColumnId *right_ids = arena_new_array(binder->arena, ColumnId, (size_t) keys->count + 1);
    const Plan *children[2] = {sides->plans[0], sides->plans[1]};
    Plan *join = NULL;

    if (keys->count > 0) {
        children[0] = make_extended(binder, children[0], keys->left, NULL, keys->count, left_ids);
        children[1] = make_extended(binder, children[1], keys->right, NULL, keys->count, right_ids);
    }
    join = plan_create(binder->arena, PLAN_JOIN, children, 2);
    join->position = node->base.position;
    join->join_kind = kinds[node->join];
    join->left_keys = (ColumnIds) {.count = keys->count, .ids = left_ids};
    join->right_keys = (ColumnIds) {.count = keys->count, .ids = right_ids};
    join->predicate = residual;
    return plan_derive(binder->arena, join);
}

static Status bind_on(Binder *binder, const AstJoin *node, const Scope *scope,
                      const JoinSides *sides, const Plan **ret_plan, Error *err) {
    ExprContext cx = {.binder = binder, .scope = scope, .clause = "JOIN conditions"};
    KeyList keys = {0};
    const Expr *condition = NULL;
    const Expr *residual = NULL;

    if (node->on) {
        TRY(bind_condition(&cx, node->on, "JOIN/ON", &condition, err));
        residual = split_condition(binder, sides, condition, &keys);
    }
    *ret_plan = make_join(binder, node, sides, &keys, residual);
    return STATUS_OK;
}

/* -------- USING, NATURAL -------- */

static Status find_using(const ScopeColumns *columns, const AstIdentifier *name, const char *side,
                         const ScopeColumn **ret_column, Error *err) {
    int count = 0;

    *ret_column = scope_find_column(columns, name->text, &count);
    if (count > 1)
        return error_at(err, name->base.position, AMBIGUOUS_COLUMN,
                        "common column name \"%s\" appears more than once in %s table", name->text,
                        side);
    if (count == 0)
        return error_at(err, name->base.position, UNDEFINED_COLUMN,
                        "column \"%s\" specified in USING clause does not exist in %s table",
                        name->text, side);
    return STATUS_OK;
}

static AstList natural_names(Binder *binder, const AstJoin *node, const JoinSides *sides) {
    const ScopeColumns *left = &sides->scopes[0]->columns;
    AstList names = {0};
    int count = 0;

    names.items = arena_new_array(binder->arena, AstNode *, (size_t) left->count + 1);
    for (int i = 0; i < left->count; i++) {
        AstIdentifier *name = NULL;

        if (!left->items[i].name ||
            !scope_find_column(&sides->scopes[1]->columns, left->items[i].name, &count))
            continue;
        name = arena_new(binder->arena, AstIdentifier);
        *name = (AstIdentifier) {{AST_IDENTIFIER, node->base.position}, left->items[i].name};
        names.items[names.count++] = (AstNode *) name;
    }
    return names;
}

/* The one column that stands for both: left's, right's in a RIGHT join, COALESCE in a FULL one. */
static Status merge_column(Binder *binder, const AstJoin *node, const Expr *left, const Expr *right,
                           const Expr **ret_expr, Error *err) {
    const Expr *parts[3] = {NULL, left, right};

    if (node->join == AST_JOIN_RIGHT) {
        *ret_expr = right;
        return STATUS_OK;
    }
    *ret_expr = left;
    if (node->join != AST_JOIN_FULL)
        return STATUS_OK;
    TRY(make_call(binder, "is_not_null", &(const Expr *) {left}, 1, 0, &parts[0], err));
    *ret_expr =
        expr_case(binder->arena, left->type, arena_memdup(binder->arena, parts, sizeof(parts)), 3);
    return STATUS_OK;
}

static bool is_named(const AstList *names, const char *name) {
    for (int i = 0; i < names->count; i++)
        if (name && strcmp(((const AstIdentifier *) names->items[i])->text, name) == 0)
            return true;
    return false;
}

/* Plain names after USING: the merged columns, then what is left of both sides. */
static void merge_scope(Binder *binder, const AstList *names, const JoinSides *sides,
                        const ScopeColumn *merged, Scope *scope) {
    ScopeColumns columns = {0};
    int total = names->count + sides->scopes[0]->columns.count + sides->scopes[1]->columns.count;

    columns.items = arena_new_array(binder->arena, ScopeColumn, (size_t) total + 1);
    for (int i = 0; i < names->count; i++)
        columns.items[columns.count++] = merged[i];
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < sides->scopes[side]->columns.count; i++)
            if (!is_named(names, sides->scopes[side]->columns.items[i].name))
                columns.items[columns.count++] = sides->scopes[side]->columns.items[i];
    scope->columns = columns;
}

static Status bind_using(Binder *binder, const AstJoin *node, const AstList *names, Scope *scope,
                         const JoinSides *sides, const Plan **ret_plan, Error *err) {
    int count = names->count;
    KeyList keys = {.count = count};
    const Plan *plan = NULL;
    const Expr **merged = arena_new_array(binder->arena, const Expr *, (size_t) count + 1);
    ScopeColumn *columns = arena_new_array(binder->arena, ScopeColumn, (size_t) count + 1);
    ColumnId *ids = arena_new_array(binder->arena, ColumnId, (size_t) count + 1);
    const char **labels = arena_new_array(binder->arena, const char *, (size_t) count + 1);

    keys.left = arena_new_array(binder->arena, const Expr *, (size_t) count + 1);
    keys.right = arena_new_array(binder->arena, const Expr *, (size_t) count + 1);
    for (int i = 0; i < count; i++) {
        const AstIdentifier *name = (const AstIdentifier *) names->items[i];
        const ScopeColumn *found[2] = {NULL, NULL};
        const Expr *pair[2] = {NULL, NULL};
        const Expr *equality = NULL;
        SqlType type = SQL_TYPE(UNKNOWN);

        TRY(find_using(&sides->scopes[0]->columns, name, "left", &found[0], err));
        TRY(find_using(&sides->scopes[1]->columns, name, "right", &found[1], err));
        for (int side = 0; side < 2; side++)
            pair[side] = column_expr(binder, found[side]->id, found[side]->type, found[side]->name,
                                     name->base.position);
        TRY(make_operator(binder, "=", pair[0], pair[1], name->base.position, &equality, err));
        TRY(unify_exprs(binder, pair, 2, "JOIN/USING", &type, err));
        keys.left[i] = pair[0];
        keys.right[i] = pair[1];
        labels[i] = name->text;
        TRY(merge_column(binder, node, pair[0], pair[1], &merged[i], err));
    }
    plan = make_join(binder, node, sides, &keys, NULL);
    plan = make_extended(binder, plan, merged, labels, count, ids);
    for (int i = 0; i < count; i++)
        columns[i] = (ScopeColumn) {labels[i], ids[i], merged[i]->type, TIME_NONE};
    merge_scope(binder, names, sides, columns, scope);
    *ret_plan = plan;
    return STATUS_OK;
}

/* -------- the join -------- */

static void add_tables(Binder *binder, Scope *scope, const Scope *from) {
    for (int i = 0; i < from->table_count; i++)
        scope_add_table(binder, scope, from->tables[i]);
}

static Status check_aliases(const JoinSides *sides, int position, Error *err) {
    for (int i = 0; i < sides->scopes[0]->table_count; i++) {
        const ScopeTable *table = &sides->scopes[0]->tables[i];
        const ScopeTable *other =
            table->name ? scope_find_table(sides->scopes[1], NULL, table->name) : NULL;

        if (other &&
            (!table->schema || !other->schema || strcmp(table->schema, other->schema) == 0))
            return error_at(err, position, DUPLICATE_ALIAS,
                            "table name \"%s\" specified more than once", table->name);
    }
    return STATUS_OK;
}

/* (a JOIN b …) AS x: only x is seen from here. */
static Status alias_join(Binder *binder, const AstJoin *node, Scope *scope, Error *err) {
    ScopeTable table = {.name = node->alias->name, .columns = scope->columns};

    if (node->alias->columns.count > table.columns.count)
        return error_at(err, node->alias->base.position, INVALID_COLUMN_REFERENCE,
                        "join expression \"%s\" has %d columns available but %d columns specified",
                        table.name, table.columns.count, node->alias->columns.count);
    for (int i = 0; i < node->alias->columns.count; i++)
        table.columns.items[i].name = ((const AstIdentifier *) node->alias->columns.items[i])->text;
    scope->table_count = 0;
    scope->tables = NULL;
    scope_add_table(binder, scope, table);
    return STATUS_OK;
}

Status bind_join(Binder *binder, const AstJoin *node, Scope *scope, const Plan **ret_plan,
                 Error *err) {
    Scope *left = scope_create(binder, scope->outer, scope->ctes);
    Scope *right = scope_create(binder, scope->outer, scope->ctes);
    Scope *both = scope_create(binder, scope->outer, scope->ctes);
    JoinSides sides = {.scopes = {left, right}};
    AstList names = node->using_columns;

    if (node->is_asof)
        return not_supported(err, node->base.position, "ASOF JOIN");
    TRY(bind_from_item(binder, node->left, left, &sides.plans[0], err));
    TRY(bind_from_item(binder, node->right, right, &sides.plans[1], err));
    TRY(check_aliases(&sides, node->right->position, err));
    add_tables(binder, both, left);
    add_tables(binder, both, right);
    both->columns = scope_columns_join(binder, left->columns, right->columns);
    if (node->is_natural)
        names = natural_names(binder, node, &sides);
    if (names.count > 0)
        TRY(bind_using(binder, node, &names, both, &sides, ret_plan, err));
    else
        TRY(bind_on(binder, node, both, &sides, ret_plan, err));
    if (node->using_alias)
        return not_supported(err, node->base.position, "USING (…) AS alias");
    if (node->alias)
        TRY(alias_join(binder, node, both, err));
    for (int i = 0; i < both->table_count; i++)
        for (int j = 0; both->tables[i].name && j < scope->table_count; j++)
            if (scope->tables[j].name && strcmp(scope->tables[j].name, both->tables[i].name) == 0)
                return error_at(err, node->base.position, DUPLICATE_ALIAS,
                                "table name \"%s\" specified more than once", both->tables[i].name);
    add_tables(binder, scope, both);
    scope->columns = scope_columns_join(binder, scope->columns, both->columns);
    return STATUS_OK;
}
