/* The select list: stars, output names, and how other clauses name its items. */
#include <string.h>

#include "base/limits.h"
#include "planner/bind_select.h"

Status add_item(Select *select, SelectItem item, int position, Error *err) {
    if (select->item_count == LIMIT_COLUMNS)
        return error_at(err, position, PROGRAM_LIMIT_EXCEEDED,
                        "target lists can have at most %d entries", LIMIT_COLUMNS);
    if (select->item_count == select->item_capacity) {
        int capacity = select->item_capacity ? select->item_capacity * 2 : 16;
        SelectItem *items = arena_new_array(select->binder->arena, SelectItem, (size_t) capacity);

        for (int i = 0; i < select->item_count; i++)
            items[i] = select->items[i];
        select->items = items;
        select->item_capacity = capacity;
    }
    select->items[select->item_count++] = item;
    return STATUS_OK;
}

static Status add_columns(Select *select, const ScopeColumns *columns, int position, Error *err) {
    for (int i = 0; i < columns->count; i++) {
        const ScopeColumn *column = &columns->items[i];
        const Expr *expr =
            column_expr(select->binder, column->id, column->type, column->name, position);

        TRY(add_item(select, (SelectItem) {.name = column->name, .expr = expr}, position, err));
    }
    return STATUS_OK;
}

static Status expand_star(Select *select, const AstColumnRef *ref, Error *err) {
    int position = ref->base.position;
    const ScopeTable *table = NULL;

    if (ref->part_count == 0) {
        if (select->ast->from.count == 0)
            return error_at(err, position, SYNTAX_ERROR,
                            "SELECT * with no tables specified is not valid");
        return add_columns(select, &select->scope->columns, position, err);
    }
    table = scope_find_table(select->scope,
                             ref->part_count > 1 ? ref->parts[ref->part_count - 2] : NULL,
                             ref->parts[ref->part_count - 1]);
    if (table)
        return add_columns(select, &table->columns, position, err);
    if (select->scope->window.start && ref->part_count == 1 && strcmp(ref->parts[0], "window") == 0)
        return not_supported(err, position, "window.*");
    return missing_table_error(select->scope, ref->parts[ref->part_count - 1], position, err);
}

Status expand_targets(Select *select, Error *err) {
    AST_FOREACH(AstTarget, target, &select->ast->targets) {
        const AstColumnRef *ref = (const AstColumnRef *) target->value;

        if (target->value->kind == AST_COLUMN_REF && ref->is_star) {
            TRY(expand_star(select, ref, err));
            continue;
        }
        TRY(add_item(
            select,
            (SelectItem) {.ast = target->value,
                          .name = target->label ? target->label : target_name(target->value)},
            target->base.position, err));
    }
    return STATUS_OK;
}

Status bind_targets(Select *select, Error *err) {
    ExprContext cx = {.binder = select->binder,
                      .scope = select->scope,
                      .clause = "the select list",
                      .subqueries = &select->output_subqueries,
                      .aggregates = &select->aggregates,
                      .sets = &select->set_calls};

    for (int i = 0; i < select->item_count; i++)
        if (select->items[i].ast)
            TRY(bind_expr(&cx, select->items[i].ast, &select->items[i].expr, err));
    return STATUS_OK;
}

static bool same_target(const SelectItem *left, const SelectItem *right) {
    if (!left->expr || !right->expr)
        return false; /* not bound yet: GROUP BY; taken as different */
    return expr_equal(left->expr, right->expr);
}

static Status find_by_name(const Select *select, const AstColumnRef *ref, const char *clause,
                           int *ret_item, Error *err) {
    bool is_group = strcmp(clause, "GROUP BY") == 0;
    int count = 0;

    if (is_group && scope_find_column(&select->scope->columns, ref->parts[0], &count))
        return STATUS_OK; /* GROUP BY means the input's column first */
    for (int i = 0; i < select->item_count; i++) {
        if (!select->items[i].name || strcmp(select->items[i].name, ref->parts[0]) != 0)
            continue;
        if (*ret_item >= 0 && !same_target(&select->items[*ret_item], &select->items[i]))
            return error_at(err, ref->base.position, AMBIGUOUS_COLUMN, "%s \"%s\" is ambiguous",
                            clause, ref->parts[0]);
        if (*ret_item < 0)
            *ret_item = i;
    }
    return STATUS_OK;
}

Status find_target(const Select *select, const AstNode *node, const char *clause, int *ret_item,
                   Error *err) {
    const AstColumnRef *ref = (const AstColumnRef *) node;
    const AstLiteral *literal = (const AstLiteral *) node;

    *ret_item = -1;
    if (node->kind == AST_COLUMN_REF && ref->part_count == 1 && !ref->is_star)
        return find_by_name(select, ref, clause, ret_item, err);
    if (node->kind != AST_LITERAL)
        return STATUS_OK;
    if (literal->literal != AST_LITERAL_INTEGER)
        return error_at(err, node->position, SYNTAX_ERROR, "non-integer constant in %s", clause);
    if (literal->integer < 1 || literal->integer > select->item_count)
        return error_at(err, node->position, INVALID_COLUMN_REFERENCE,
                        "%s position %lld is not in select list", clause,
                        (long long) literal->integer);
    *ret_item = (int) literal->integer - 1;
    return STATUS_OK;
}
