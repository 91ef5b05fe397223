/* Row items: a select list without a query around it. See row_items.h. */
#include "planner/row_items.h"

#include <string.h>

#include "parser/parser.h"
#include "planner/bind.h"
#include "planner/build.h"

static const char prefix[] = "SELECT ";

/* -------- reading -------- */

static Status not_a_list(int position, Error *err) {
    return error_at(err, position, SYNTAX_ERROR, "only a list of expressions may stand here");
}

/* What a query has beside its select list; NULL: nothing. */
static const AstNode *find_clause(const AstQuery *query, const AstSelect *select) {
    const AstList *lists[] = {&select->distinct_on, &select->from,    &select->group_by,
                              &select->windows,     &query->order_by, &query->locking};

    for (size_t i = 0; i < ARRAY_LENGTH(lists); i++)
        if (lists[i]->count > 0)
            return lists[i]->items[0];
    if (select->where)
        return select->where;
    if (select->having)
        return select->having;
    return query->limit ? &query->limit->base : NULL;
}

static Status take_select(const AstNode *node, const AstSelect **ret_select, Error *err) {
    const AstQuery *query = (const AstQuery *) node;
    const AstSelect *select;
    const AstNode *clause;

    if (node->kind != AST_QUERY || query->body->kind != AST_SELECT)
        return not_a_list(node->position, err);
    select = (const AstSelect *) query->body;
    clause = find_clause(query, select);
    if (clause)
        return not_a_list(clause->position, err);
    if (query->emit != AST_EMIT_NONE)
        return not_a_list(query->emit_position, err);
    if (select->distinct != AST_DISTINCT_NONE)
        return not_a_list(select->base.position, err);
    *ret_select = select;
    return STATUS_OK;
}

/* Positions count from the prefix here. */
static Status read_list(const char *text, Arena *arena, const AstSelect **ret_select, Error *err) {
    CLEANUP(strbuf_done) StrBuf sql = {0};
    AstStatementList *statements = NULL;

    strbuf_append_text(&sql, prefix);
    strbuf_append_text(&sql, text);
    TRY(parser_parse(strbuf_text(&sql), sql.length, arena, &statements, err));
    if (statements->count > 1)
        return not_a_list(statements->items[1].node->position, err);
    return take_select(statements->items[0].node, ret_select, err);
}

static Status in_text(Status status, Error *err) {
    int shift = (int) strlen(prefix);

    if (status == STATUS_ERROR && err->position > 0)
        err->position = err->position > shift ? err->position - shift : 1;
    return status;
}

Status row_items_check(const char *text, Error *err) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("row items", 0);
    const AstSelect *select = NULL;

    return in_text(read_list(text, arena, &select, err), err);
}

/* -------- binding -------- */

static Scope *make_scope(Binder *binder, const RowShape *shape) {
    Scope *scope = scope_create(binder, NULL, NULL);
    ScopeTable table = {0};

    table.columns.items =
        arena_new_array(binder->arena, ScopeColumn, (size_t) shape->column_count + 1);
    for (uint32_t i = 0; i < shape->column_count; i++)
        table.columns.items[i] =
            (ScopeColumn) {shape->names[i], (ColumnId) i + 1, shape->types[i], TIME_NONE};
    table.columns.count = (int) shape->column_count;
    scope_add_table(binder, scope, table);
    scope->columns = table.columns;
    return scope;
}

/* The innermost that is to blame. */
static const Expr *find_changing(const Expr *expr) {
    for (int i = 0; i < expr->argument_count; i++)
        if (expr_volatility(expr->arguments[i]) != VOLATILITY_IMMUTABLE)
            return find_changing(expr->arguments[i]);
    return expr;
}

static Status check_immutable(const Expr *expr, const RowShape *shape, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {0};
    const Expr *changing;

    if (expr_volatility(expr) == VOLATILITY_IMMUTABLE)
        return STATUS_OK;
    changing = find_changing(expr);
    expr_append_text(changing, &text);
    IGNORE(error_at(err, changing->position ? changing->position : expr->position, /* hinted */
                    INVALID_OBJECT_DEFINITION, "%s must be immutable, which %s is not", shape->what,
                    strbuf_text(&text)));
    if (changing->kind == EXPR_CALL && strcmp(changing->function->name, "||") == 0)
        return error_hint(err, "Cast what is no text to text before ||: '…' || x::text.");
    return error_hint(err, "Rows that come again must give the same. Select it as a column of the "
                           "query, and name the column here.");
}

static Status bind_item(ExprContext *cx, const AstTarget *target, const RowShape *shape,
                        RowItem *ret_item, Error *err) {
    const AstColumnRef *ref = (const AstColumnRef *) target->value;
    const Expr *expr = NULL;

    if (target->value->kind == AST_COLUMN_REF && ref->is_star)
        return not_supported(err, target->base.position, "* in %s", shape->what);
    TRY(bind_expr(cx, target->value, &expr, err));
    TRY(resolve_unknown(cx->binder, expr, &expr, err));
    TRY(check_immutable(expr, shape, err));
    if (expr->type.id == TYPE_RECORD || type_category(expr->type.id) == 'P')
        return error_at(err, target->base.position, DATATYPE_MISMATCH, "%s can't be of type %s",
                        shape->what, type_name(cx->binder, expr->type));
    *ret_item = (RowItem) {target->label ? target->label : target_name(target->value), expr,
                           target->base.position};
    return STATUS_OK;
}

static Status bind_list(const char *text, const RowShape *shape, Arena *arena, RowItems *ret_items,
                        Error *err) {
    EvalContext eval = {.settings = &form_settings_default, .user_name = "", .database_name = ""};
    static const Value no_values[1];
    PlannerContext planner = {.arena = arena, .eval = &eval, .parameter_values = no_values};
    const AstSelect *select = NULL;
    Binder binder;
    ExprContext cx = {.binder = &binder, .clause = shape->what};
    int count = 0;

    TRY(read_list(text, arena, &select, err));
    binder_init(&binder, &planner);
    cx.scope = make_scope(&binder, shape);
    ret_items->items = arena_new_array(arena, RowItem, (size_t) select->targets.count + 1);
    AST_FOREACH(AstTarget, target, &select->targets)
    TRY(bind_item(&cx, target, shape, &ret_items->items[count++], err));
    ret_items->count = count;
    return STATUS_OK;
}

Status row_items_bind(const char *text, const RowShape *shape, Arena *arena, RowItems *ret_items,
                      Error *err) {
    Status status = in_text(bind_list(text, shape, arena, ret_items, err), err);

    if (status == STATUS_ERROR && !err->hint[0] &&
        (err->sqlstate == SQLSTATE_GROUPING_ERROR || err->sqlstate == SQLSTATE_WINDOWING_ERROR ||
         err->sqlstate == SQLSTATE_FEATURE_NOT_SUPPORTED))
        return error_hint(err, "Select it as a column of the query, and name the column here.");
    if (status == STATUS_ERROR && err->sqlstate == SQLSTATE_UNDEFINED_PARAMETER)
        return error_hint(err, "Write the value itself.");
    return status;
}
