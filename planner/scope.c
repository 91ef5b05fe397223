/* Scope: what names mean.
 *
 * As in PostgreSQL, a plain name is looked up among the columns of this query's FROM, then of the
 * query around it; a qualified one goes by the table's name. A column of a query around (a
 * correlated subquery) is refused where it is met. */
#include "planner/scope.h"

#include <string.h>

#include "base/nearest.h"
#include "planner/bind.h"

Scope *scope_create(Binder *binder, const Scope *outer, const CteScope *ctes) {
    Scope *scope = arena_new(binder->arena, Scope);

    scope->outer = outer;
    scope->ctes = ctes;
    return scope;
}

void scope_add_table(Binder *binder, Scope *scope, ScopeTable table) {
    ScopeTable *tables =
        arena_new_array(binder->arena, ScopeTable, (size_t) scope->table_count + 1);

    for (int i = 0; i < scope->table_count; i++)
        tables[i] = scope->tables[i];
    tables[scope->table_count++] = table;
    scope->tables = tables;
}

ScopeColumns scope_columns_of_plan(Binder *binder, const Plan *plan) {
    ScopeColumns columns = {.count = plan->column_count};

    columns.items = arena_new_array(binder->arena, ScopeColumn, (size_t) columns.count + 1);
    for (int i = 0; i < columns.count; i++)
        columns.items[i] = (ScopeColumn) {plan->columns[i].name, plan->columns[i].id,
                                          plan->columns[i].type, plan->columns[i].role};
    return columns;
}

ScopeColumns scope_columns_join(Binder *binder, ScopeColumns left, ScopeColumns right) {
    ScopeColumns columns = {.count = left.count + right.count};

    columns.items = arena_new_array(binder->arena, ScopeColumn, (size_t) columns.count + 1);
    for (int i = 0; i < left.count; i++)
        columns.items[i] = left.items[i];
    for (int i = 0; i < right.count; i++)
        columns.items[left.count + i] = right.items[i];
    return columns;
}

const ScopeTable *scope_find_table(const Scope *scope, const char *schema, const char *name) {
    for (int i = 0; i < scope->table_count; i++) {
        const ScopeTable *table = &scope->tables[i];

        if (!table->name || strcmp(table->name, name) != 0)
            continue;
        if (!schema || (table->schema && strcmp(table->schema, schema) == 0))
            return table;
    }
    return NULL;
}

const ScopeColumn *scope_find_column(const ScopeColumns *columns, const char *name,
                                     int *ret_count) {
    const ScopeColumn *found = NULL;

    *ret_count = 0;
    for (int i = 0; i < columns->count; i++) {
        if (!columns->items[i].name || strcmp(columns->items[i].name, name) != 0)
            continue;
        found = found ? found : &columns->items[i];
        (*ret_count)++;
    }
    return found;
}

const char *scope_display_name(Binder *binder, const Scope *scope, ColumnId id) {
    for (int i = 0; i < scope->table_count; i++) {
        const ScopeTable *table = &scope->tables[i];

        for (int j = 0; j < table->columns.count; j++)
            if (table->columns.items[j].id == id)
                return table->name ? arena_printf(binder->arena, "%s.%s", table->name,
                                                  table->columns.items[j].name)
                                   : table->columns.items[j].name;
    }
    for (int j = 0; j < scope->columns.count; j++)
        if (scope->columns.items[j].id == id)
            return scope->columns.items[j].name;
    return "?column?";
}

const Expr *column_expr(Binder *binder, ColumnId id, SqlType type, const char *name, int position) {
    binder_use(binder, id);
    return with_position(binder, expr_column(binder->arena, id, type, name), position);
}

static const Expr *scope_column_expr(ExprContext *cx, const ScopeColumn *column, int position) {
    return column_expr(cx->binder, column->id, column->type, column->name, position);
}

/* -------- errors -------- */

/* PostgreSQL's hint: the nearest column that is at most half (and three letters) away. */
static void hint_nearest_column(const Scope *scope, const char *name, Error *err) {
    int limit = (int) strnlen(name, 63) / 2;
    const ScopeTable *best_table = NULL;
    const ScopeColumn *best = NULL;

    limit = limit > 3 ? 3 : limit;
    for (int i = 0; i < scope->table_count; i++) {
        for (int j = 0; j < scope->tables[i].columns.count; j++) {
            const ScopeColumn *column = &scope->tables[i].columns.items[j];
            int distance = column->name ? (int) edit_distance(name, column->name) : limit + 1;

            if (distance > limit || (best && distance == limit && limit > 0))
                continue;
            if (best && distance >= limit + 1)
                continue;
            limit = distance;
            best = column;
            best_table = &scope->tables[i];
        }
    }
    if (!best)
        return;
    if (best_table->name)
        IGNORE(error_hint(err, "Perhaps you meant to reference the column \"%s.%s\".", /* filled */
                          best_table->name, best->name));
    else
        IGNORE(error_hint(err, "Perhaps you meant to reference the column \"%s\".",
                          best->name)); /* filled */
}

static Status unknown_column(const Scope *scope, const char *table, const char *name, int position,
                             Error *err) {
    Status status =
        table
            ? error_at(err, position, UNDEFINED_COLUMN, "column %s.%s does not exist", table, name)
            : error_at(err, position, UNDEFINED_COLUMN, "column \"%s\" does not exist", name);

    if (scope)
        hint_nearest_column(scope, name, err);
    return status;
}

Status missing_table_error(const Scope *scope, const char *name, int position, Error *err) {
    Status status = error_at(err, position, UNDEFINED_TABLE,
                             "missing FROM-clause entry for table \"%s\"", name);

    for (int i = 0; scope && i < scope->table_count; i++) {
        const ScopeTable *table = &scope->tables[i];

        if (table->name && edit_distance(table->name, name) <= 1)
            return error_hint(err, "Perhaps you meant to reference the table alias \"%s\".",
                              table->name);
    }
    return status;
}

static Status correlated(int position, const char *name, Error *err) {
    IGNORE(not_supported(
        err, position, /* hinted */
        "a correlated reference here (column \"%s\" is of the query or the FROM items "
        "around)",
        name));
    return error_hint(err, "Write it as a join.");
}

/* -------- lookups -------- */

static bool may_see(const ExprContext *cx, const Scope *level) {
    return level == cx->scope || (cx->correlation && level == cx->scope->outer);
}

static Status bind_plain_name(ExprContext *cx, const char *name, int position,
                              const Expr **ret_expr, Error *err) {
    const Scope *scope = cx->scope;
    const ScopeTable *table = NULL;
    int count = 0;

    for (const Scope *level = scope; level; level = level->outer) {
        const ScopeColumn *column = scope_find_column(&level->columns, name, &count);

        if (count > 1)
            return error_at(err, position, AMBIGUOUS_COLUMN, "column reference \"%s\" is ambiguous",
                            name);
        if (column && !may_see(cx, level))
            return correlated(position, name, err);
        if (column) {
            *ret_expr = scope_column_expr(cx, column, position);
            return STATUS_OK;
        }
    }
    if (scope && scope->window.start && strcmp(name, "window") == 0) {
        const Expr *fields[2] = {
            column_expr(cx->binder, scope->window.start, scope->window.type, "window_start",
                        position),
            column_expr(cx->binder, scope->window.end, scope->window.type, "window_end", position)};

        return make_record(cx->binder, fields, (const char *const[]) {"start", "end"}, 2, position,
                           ret_expr, err);
    }
    table = scope ? scope_find_table(scope, NULL, name) : NULL;
    if (table && table->is_scalar) {
        *ret_expr = scope_column_expr(cx, &table->columns.items[0], position);
        return STATUS_OK;
    }
    if (table) { /* the whole row */
        const Expr **fields =
            arena_new_array(cx->binder->arena, const Expr *, (size_t) table->columns.count + 1);
        const char **names =
            arena_new_array(cx->binder->arena, const char *, (size_t) table->columns.count + 1);

        for (int i = 0; i < table->columns.count; i++) {
            fields[i] = scope_column_expr(cx, &table->columns.items[i], position);
            names[i] = table->columns.items[i].name;
        }
        return make_record(cx->binder, fields, names, table->columns.count, position, ret_expr,
                           err);
    }
    return unknown_column(scope, NULL, name, position, err);
}

static Status bind_in_table(ExprContext *cx, const ScopeTable *table, const char *name,
                            int position, const Expr **ret_expr, Error *err) {
    int count = 0;
    const ScopeColumn *column = scope_find_column(&table->columns, name, &count);

    if (count > 1)
        return error_at(err, position, AMBIGUOUS_COLUMN, "column reference \"%s\" is ambiguous",
                        name);
    if (!column)
        return unknown_column(cx->scope, table->name, name, position, err);
    *ret_expr = scope_column_expr(cx, column, position);
    return STATUS_OK;
}

static bool is_window_field(const Scope *scope, const AstColumnRef *ref) {
    return scope && scope->window.start && ref->part_count == 2 &&
           strcmp(ref->parts[0], "window") == 0 && !scope_find_table(scope, NULL, "window");
}

static Status bind_window_field(ExprContext *cx, const AstColumnRef *ref, const Expr **ret_expr,
                                Error *err) {
    const SparkWindow *window = &cx->scope->window;
    bool is_start = strcmp(ref->parts[1], "start") == 0;

    if (!is_start && strcmp(ref->parts[1], "end") != 0)
        return error_at(err, ref->base.position, UNDEFINED_COLUMN,
                        "column window.%s does not exist", ref->parts[1]);
    *ret_expr = column_expr(cx->binder, is_start ? window->start : window->end, window->type,
                            is_start ? "window_start" : "window_end", ref->base.position);
    return STATUS_OK;
}

static Status bind_qualified(ExprContext *cx, const AstColumnRef *ref, const Expr **ret_expr,
                             Error *err) {
    int position = ref->base.position;
    const char *schema = ref->part_count == 3 ? ref->parts[0] : NULL;
    const char *table_name = ref->parts[ref->part_count - 2];
    const char *name = ref->parts[ref->part_count - 1];
    int count = 0;

    for (const Scope *level = cx->scope; level; level = level->outer) {
        const ScopeTable *table = scope_find_table(level, schema, table_name);

        if (table && !may_see(cx, level))
            return correlated(position, name, err);
        if (table)
            return bind_in_table(cx, table, name, position, ret_expr, err);
    }
    if (is_window_field(cx->scope, ref))
        return bind_window_field(cx, ref, ret_expr, err);
    if (!schema && cx->scope && scope_find_column(&cx->scope->columns, table_name, &count)) {
        const Expr *record = NULL; /* column.field */

        TRY(bind_plain_name(cx, table_name, position, &record, err));
        if (record->type.id == TYPE_RECORD)
            return make_field(cx->binder, record, name, position, ret_expr, err);
    }
    return missing_table_error(cx->scope, table_name, position, err);
}

Status bind_column_ref(ExprContext *cx, const AstColumnRef *ref, const Expr **ret_expr,
                       Error *err) {
    int position = ref->base.position;

    if (ref->is_star)
        return error_at(err, position, SYNTAX_ERROR, "\"*\" is not allowed here");
    if (ref->part_count > 3)
        return error_at(err, position, SYNTAX_ERROR,
                        "improper qualified name (too many dotted names)");
    if (ref->part_count == 1)
        return bind_plain_name(cx, ref->parts[0], position, ret_expr, err);
    return bind_qualified(cx, ref, ret_expr, err);
}
