/* FROM: relations, derived tables, functions; each adds its names to the scope. */
#include <string.h>

#include "planner/bind.h"

/* -------- aliases -------- */

static Status name_columns(ScopeColumns *columns, const char *table, const AstAlias *alias,
                           Error *err) {
    if (alias->columns.count > columns->count)
        return error_at(err, alias->base.position, INVALID_COLUMN_REFERENCE,
                        "table \"%s\" has %d columns available but %d columns specified",
                        alias->name ? alias->name : table, columns->count, alias->columns.count);
    for (int i = 0; i < alias->columns.count; i++)
        columns->items[i].name = ((const AstIdentifier *) alias->columns.items[i])->text;
    return STATUS_OK;
}

Status scope_add_plan(Binder *binder, Scope *scope, const Plan *plan, const char *name,
                      const char *schema, const AstAlias *alias, Error *err) {
    ScopeTable table = {
        .name = name, .schema = schema, .columns = scope_columns_of_plan(binder, plan)};

    if (alias && alias->definitions.count > 0)
        return not_supported(err, alias->base.position, "a column definition list in an alias");
    if (alias) {
        TRY(name_columns(&table.columns, name, alias, err));
        table.name = alias->name ? alias->name : name;
        table.schema = alias->name ? NULL : schema;
    }
    for (int i = 0; table.name && i < scope->table_count; i++)
        if (scope->tables[i].name && strcmp(scope->tables[i].name, table.name) == 0 &&
            (!table.schema || !scope->tables[i].schema ||
             strcmp(scope->tables[i].schema, table.schema) == 0))
            return error_at(err, alias ? alias->base.position : 0, DUPLICATE_ALIAS,
                            "table name \"%s\" specified more than once", table.name);
    scope_add_table(binder, scope, table);
    scope->columns = scope_columns_join(binder, scope->columns, table.columns);
    return STATUS_OK;
}

/* -------- derived tables -------- */

static Status bind_subquery_ref(Binder *binder, const AstSubqueryRef *ref, Scope *scope,
                                const Plan **ret_plan, Error *err) {
    if (ref->is_lateral)
        return not_supported(err, ref->base.position, "LATERAL");
    if (ref->watermark)
        return not_supported(err, ref->watermark->base.position,
                             "WATERMARK … DELAY OF on a subquery");
    TRY(bind_query(binder, ref->query, scope->outer, scope->ctes, false, ret_plan, err));
    return scope_add_plan(binder, scope, *ret_plan, NULL, NULL, ref->alias, err);
}

/* -------- functions -------- */

static Status function_columns(Binder *binder, const Expr *call, const char *name, Plan *scan,
                               Error *err) {
    bool is_record = call->type.id == TYPE_RECORD;
    int count = is_record ? call->type.field_count : 1;
    PlanColumn *columns = arena_new_array(binder->arena, PlanColumn, (size_t) count + 1);

    if (is_record && count == 0)
        return not_supported(err, call->position, "a function that returns records without names");
    for (int i = 0; i < count; i++) {
        columns[i].id = binder_new_id(binder);
        columns[i].name = is_record               ? call->type.fields[i].name
                          : set_column_name(call) ? set_column_name(call)
                                                  : name;
        columns[i].type = is_record ? *call->type.fields[i].type : call->type;
    }
    scan->columns = columns;
    scan->column_count = count;
    return STATUS_OK;
}

static Status bind_table_function(Binder *binder, const AstNode *node, const Scope *around,
                                  const char *name, const Plan **ret_plan, Error *err) {
    ExprContext cx = {
        .binder = binder, .scope = scope_create(binder, around, NULL), .clause = "FROM"};
    const Expr **exprs = arena_new_array(binder->arena, const Expr *, 1);
    bool is_set = false;
    Plan *scan = NULL;

    TRY(bind_expr(&cx, node, &exprs[0], err));
    is_set = exprs[0]->kind == EXPR_CALL && (exprs[0]->function->flags & FUNCTION_SET);
    if (!is_set)
        TRY(resolve_unknown(binder, exprs[0], &exprs[0], err));
    scan = plan_create(binder->arena, is_set ? PLAN_FUNCTION_SCAN : PLAN_VALUES, NULL, 0);
    scan->position = node->position;
    scan->exprs = (ExprList) {.count = 1, .items = exprs};
    scan->row_count = is_set ? 0 : 1;
    TRY(function_columns(binder, exprs[0], name, scan, err));
    *ret_plan = plan_derive(binder->arena, scan);
    return STATUS_OK;
}

Status bind_function_ref(Binder *binder, const AstFunctionRef *ref, Scope *scope,
                         const Plan **ret_plan, Error *err) {
    const AstNode *node = ref->functions.items[0];
    const char *name = target_name(node);
    const char *column = name;

    if (ref->functions.count != 1)
        return not_supported(err, ref->base.position, "ROWS FROM with several functions");
    if (ref->with_ordinality)
        return not_supported(err, ref->base.position, "WITH ORDINALITY");
    if (ref->alias && ref->alias->definitions.count > 0)
        return not_supported(err, ref->alias->base.position,
                             "a column definition list in an alias");
    if (ref->alias && ref->alias->name)
        column = ref->alias->name; /* generate_series(1, 3) AS x: the column is x too */
    TRY(bind_table_function(binder, node, scope, column, ret_plan, err));
    TRY(scope_add_plan(binder, scope, *ret_plan, name, NULL, ref->alias, err));
    scope->tables[scope->table_count - 1].is_scalar =
        (*ret_plan)->exprs.items[0]->type.id != TYPE_RECORD;
    return STATUS_OK;
}

/* -------- items -------- */

static Status bind_item_node(Binder *binder, const AstNode *item, Scope *scope,
                             const Plan **ret_plan, Error *err) {
    switch (item->kind) {
    case AST_TABLE_REF:
        return bind_table_ref(binder, (const AstTableRef *) item, scope, ret_plan, err);
    case AST_SUBQUERY_REF:
        return bind_subquery_ref(binder, (const AstSubqueryRef *) item, scope, ret_plan, err);
    case AST_FUNCTION_REF:
        return bind_function_ref(binder, (const AstFunctionRef *) item, scope, ret_plan, err);
    case AST_WINDOW_TABLE:
        return bind_window_table(binder, (const AstWindowTable *) item, scope, ret_plan, err);
    case AST_JOIN:
        return bind_join(binder, (const AstJoin *) item, scope, ret_plan, err);
    default:
        return not_supported(err, item->position, "this FROM item");
    }
}

Status bind_from_item(Binder *binder, const AstNode *item, Scope *scope, const Plan **ret_plan,
                      Error *err) {
    Status status = STATUS_OK;

    TRY(binder_enter(binder, item->position, err));
    status = placed(bind_item_node(binder, item, scope, ret_plan, err), item->position, err);
    binder_leave(binder);
    return status;
}

Status bind_from(Binder *binder, const AstList *from, Scope *scope, const Plan **ret_plan,
                 Error *err) {
    const Plan *plan = NULL;

    for (int i = 0; i < from->count; i++) {
        const Plan *item = NULL;
        Plan *join = NULL;

        TRY(bind_from_item(binder, from->items[i], scope, &item, err));
        if (!plan) {
            plan = item;
            continue;
        }
        join = plan_create(binder->arena, PLAN_JOIN, (const Plan *const[]) {plan, item}, 2);
        join->position = from->items[i]->position;
        plan = plan_derive(binder->arena, join);
    }
    if (!plan) { /* SELECT without FROM: one row without columns */
        Plan *values = plan_create(binder->arena, PLAN_VALUES, NULL, 0);

        values->row_count = 1;
        plan = plan_derive(binder->arena, values);
    }
    *ret_plan = plan;
    return STATUS_OK;
}
