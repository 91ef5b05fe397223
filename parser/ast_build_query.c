/* AST constructors: queries and FROM items. See ast_build.h. */
#include "parser/ast_build.h"

#include <assert.h>
#include <string.h>

AstQuery *ast_query(Parse *parse, AstWith *with, AstNode *body, const AstQuery *tail) {
    AstQuery *query = ast_new(parse, AST_QUERY, AstQuery, body->position);

    if (tail != NULL) {
        *query = *tail;
        query->base = (AstNode) {.kind = AST_QUERY, .position = body->position};
    }
    query->body = body;
    query->with = with;
    if (with != NULL)
        query->base.position = with->base.position;
    return query;
}

AstNode *ast_body_of_query(AstQuery *query) {
    bool is_plain = query->with == NULL && query->order_by.count == 0 && query->limit == NULL &&
                    query->locking.count == 0 && query->emit == AST_EMIT_NONE;

    return is_plain && query->body->kind != AST_SET_OPERATION ? query->body : &query->base;
}

AstSelect *ast_select_head(Parse *parse, const Token *token, AstList *kind, AstList *targets) {
    AstSelect *select = ast_new(parse, AST_SELECT, AstSelect, token->position);

    select->distinct_on = ast_list_value(kind);
    select->targets = ast_list_value(targets);
    if (kind != NULL)
        select->distinct = kind->count > 0 ? AST_DISTINCT_ON : AST_DISTINCT_ALL;
    return select;
}

AstNode *ast_select(AstSelect *select, AstList *from, AstNode *where, AstList *group_by,
                    AstNode *having, AstList *windows) {
    select->within_watermark = ast_list_take_flag(from);
    select->from = ast_list_value(from);
    select->where = where;
    select->is_group_distinct = ast_list_take_flag(group_by);
    select->group_by = ast_list_value(group_by);
    select->having = having;
    select->windows = ast_list_value(windows);
    return &select->base;
}

AstNode *ast_select_table(Parse *parse, const Token *token, AstName *name) {
    AstSelect *select = ast_new(parse, AST_SELECT, AstSelect, token->position);

    ast_list_append(parse, &select->targets, ast_target(parse, ast_star(parse, token), NULL));
    ast_list(parse, &select->from, ast_relation(parse, name, false));
    return &select->base;
}

AstNode *ast_values(Parse *parse, const Token *token, AstList *rows) {
    AstValues *values = ast_new(parse, AST_VALUES, AstValues, token->position);

    values->rows = ast_list_value(rows);
    AST_FOREACH(AstRow, row, rows)
    if (row->elements.count != ((AstRow *) rows->items[0])->elements.count)
        parse_error_at(parse, row->elements.items[0]->position,
                       "VALUES lists must all be the same length");
    return &values->base;
}

AstNode *ast_set_operation(Parse *parse, AstNode *left, const Token *op, bool is_all,
                           AstNode *right) {
    AstSetOperation *node = ast_new(parse, AST_SET_OPERATION, AstSetOperation, op->position);

    node->op = op->text[0] == 'u' ? AST_UNION : op->text[0] == 'i' ? AST_INTERSECT : AST_EXCEPT;
    node->is_all = is_all;
    node->left = left;
    node->right = right;
    return &node->base;
}

AstNode *ast_target(Parse *parse, AstNode *value, const Token *label) {
    AstTarget *target = ast_new(parse, AST_TARGET, AstTarget, value->position);

    target->value = value;
    target->label = label != NULL ? label->text : NULL;
    return &target->base;
}

AstNode *ast_grouping_set(Parse *parse, AstGroupingSetKind kind, const Token *token,
                          AstList *items) {
    AstGroupingSet *set = ast_new(parse, AST_GROUPING_SET, AstGroupingSet, token->position);

    set->set = kind;
    set->items = ast_list_value(items);
    return &set->base;
}

/* ---- ORDER BY, LIMIT, locking, WITH ---- */

AstQuery *ast_tail(Parse *parse, AstList *order_by, AstLimit *limit, AstList *locking) {
    AstQuery *tail = ast_new(parse, AST_QUERY, AstQuery, 0);

    tail->order_by = ast_list_value(order_by);
    tail->limit = limit;
    tail->locking = ast_list_value(locking);
    return tail;
}

AstQuery *ast_tail_order(AstQuery *tail, AstList *order_by) {
    tail->order_by = ast_list_value(order_by);
    return tail;
}

AstQuery *ast_tail_emit(AstQuery *tail, const Token *emit) {
    tail->emit =
        strcmp(emit->text, "emit changes") == 0 ? AST_EMIT_CHANGES : AST_EMIT_ON_WINDOW_CLOSE;
    tail->emit_position = emit->position;
    return tail;
}

AstNode *ast_sort_key(Parse *parse, AstNode *value, AstSortOrder order, AstNullsOrder nulls,
                      const Token *using_op) {
    AstSortKey *key = ast_new(parse, AST_SORT_KEY, AstSortKey, value->position);

    key->value = value;
    key->order = order;
    key->nulls = nulls;
    key->using_op = using_op != NULL ? using_op->text : NULL;
    return &key->base;
}

AstLimit *ast_limit(Parse *parse, const Token *token, AstNode *count, AstNode *offset) {
    AstLimit *limit = ast_new(parse, AST_LIMIT, AstLimit, token->position);

    limit->count = count;
    limit->offset = offset;
    return limit;
}

AstLimit *ast_limit_ties(AstLimit *limit) {
    limit->with_ties = true;
    return limit;
}

AstLimit *ast_limit_merge(AstLimit *count, const AstLimit *offset) {
    count->offset = offset->offset;
    return count;
}

AstNode *ast_locking(Parse *parse, const Token *token, AstLockStrength strength, AstList *relations,
                     AstLockWait wait) {
    AstLocking *locking = ast_new(parse, AST_LOCKING, AstLocking, token->position);

    locking->strength = strength;
    locking->wait = wait;
    locking->relations = ast_list_value(relations);
    return &locking->base;
}

AstWith *ast_with(Parse *parse, const Token *token, bool is_recursive, AstList *ctes) {
    AstWith *with = ast_new(parse, AST_WITH, AstWith, token->position);

    with->is_recursive = is_recursive;
    with->ctes = ast_list_value(ctes);
    return with;
}

AstNode *ast_cte(Parse *parse, const Token *name, AstList *columns, AstMaterialized materialized,
                 AstNode *query) {
    AstCte *cte = ast_new(parse, AST_CTE, AstCte, name->position);

    cte->name = name->text;
    cte->columns = ast_list_value(columns);
    cte->materialized = materialized;
    cte->query = query;
    return &cte->base;
}

/* ---- FROM items ---- */

AstTableRef *ast_relation(Parse *parse, AstName *name, bool is_only) {
    AstTableRef *table = ast_new(parse, AST_TABLE_REF, AstTableRef, name->base.position);

    table->name = name;
    table->is_only = is_only;
    return table;
}

AstNode *ast_table_ref(AstTableRef *relation, AstAlias *alias, AstNode *system_time,
                       AstWatermarkDelay *delay) {
    relation->alias = alias;
    relation->system_time = system_time;
    relation->watermark = delay;
    return &relation->base;
}

AstWatermarkDelay *ast_watermark_delay(Parse *parse, const Token *token, const Token *column,
                                       AstNode *delay) {
    AstWatermarkDelay *node =
        ast_new(parse, AST_WATERMARK_DELAY, AstWatermarkDelay, token->position);

    node->column = column->text;
    node->delay = delay;
    return node;
}

AstAlias *ast_alias(Parse *parse, const Token *name, AstList *columns, AstList *definitions) {
    AstAlias *alias = ast_new(parse, AST_ALIAS, AstAlias, name->position);

    alias->name = name->text;
    alias->columns = ast_list_value(columns);
    alias->definitions = ast_list_value(definitions);
    return alias;
}

AstAlias *ast_alias_record(Parse *parse, const Token *token, AstList *definitions) {
    AstAlias *alias = ast_alias(parse, token, NULL, definitions);

    alias->name = NULL;
    return alias;
}

AstNode *ast_subquery_ref(Parse *parse, AstQuery *query, AstAlias *alias, AstWatermarkDelay *delay,
                          const Token *lateral) {
    AstSubqueryRef *ref = ast_new(parse, AST_SUBQUERY_REF, AstSubqueryRef, query->base.position);

    ref->query = query;
    ref->alias = alias;
    ref->watermark = delay;
    ref->is_lateral = lateral != NULL;
    return &ref->base;
}

AstFunctionRef *ast_function_table(Parse *parse, AstNode *call, bool with_ordinality) {
    AstFunctionRef *ref = ast_new(parse, AST_FUNCTION_REF, AstFunctionRef, call->position);

    ast_list_append(parse, &ref->functions, call);
    ref->with_ordinality = with_ordinality;
    return ref;
}

AstFunctionRef *ast_rows_from(Parse *parse, const Token *token, AstList *calls,
                              bool with_ordinality) {
    AstFunctionRef *ref = ast_new(parse, AST_FUNCTION_REF, AstFunctionRef, token->position);

    ref->functions = ast_list_value(calls);
    ref->is_rows_from = true;
    ref->with_ordinality = with_ordinality;
    return ref;
}

AstNode *ast_function_ref(AstFunctionRef *function, AstAlias *alias, const Token *lateral) {
    function->alias = alias;
    function->is_lateral = lateral != NULL;
    return &function->base;
}

/* DESCRIPTOR(ts), Flink's way to name a column, is the column. */
static AstNode *without_descriptor(AstNode *argument) {
    AstNamedArg *named = (AstNamedArg *) argument;
    const AstFuncCall *call = (const AstFuncCall *) argument;

    if (argument->kind == AST_NAMED_ARG)
        named->value = without_descriptor(named->value);
    if (argument->kind != AST_FUNC_CALL || call->name->schema != NULL ||
        strcmp(call->name->name, "descriptor") != 0 || call->arguments.count != 1)
        return argument;
    return call->arguments.items[0];
}

AstWindowTable *ast_window_table(Parse *parse, const Token *token, AstNode *input,
                                 AstList *partition_by, AstList *arguments) {
    AstWindowTable *table = ast_new(parse, AST_WINDOW_TABLE, AstWindowTable, token->position);

    table->window = token->text[0] == 't'   ? AST_WINDOW_TUMBLE
                    : token->text[0] == 'h' ? AST_WINDOW_HOP
                    : token->text[0] == 'c' ? AST_WINDOW_CUMULATE
                                            : AST_WINDOW_SESSION;
    table->input = input;
    table->partition_by = ast_list_value(partition_by);
    table->arguments = ast_list_value(arguments);
    for (int i = 0; i < table->arguments.count; i++)
        table->arguments.items[i] = without_descriptor(table->arguments.items[i]);
    return table;
}

AstNode *ast_window_table_alias(AstWindowTable *table, AstAlias *alias) {
    table->alias = alias;
    return &table->base;
}

/* ---- Joins ---- */

AstJoin *ast_join(Parse *parse, AstJoinKind kind, AstNode *left, const Token *token, AstNode *right,
                  const AstJoin *condition) {
    AstJoin *join = ast_new(parse, AST_JOIN, AstJoin, token->position);

    join->join = kind;
    join->left = left;
    join->right = right;
    if (condition != NULL) {
        join->on = condition->on;
        join->using_columns = condition->using_columns;
        join->using_alias = condition->using_alias;
    }
    return join;
}

AstJoin *ast_join_natural(AstJoin *join) {
    join->is_natural = true;
    return join;
}

AstJoin *ast_join_asof(AstJoin *join) {
    join->is_asof = true;
    return join;
}

AstJoin *ast_join_on(Parse *parse, AstNode *condition) {
    AstJoin *join = ast_new(parse, AST_JOIN, AstJoin, 0);

    join->on = condition;
    return join;
}

AstJoin *ast_join_using(Parse *parse, AstList *columns, const Token *alias) {
    AstJoin *join = ast_new(parse, AST_JOIN, AstJoin, 0);

    join->using_columns = ast_list_value(columns);
    join->using_alias = alias != NULL ? alias->text : NULL;
    return join;
}

AstNode *ast_join_alias(AstJoin *join, AstAlias *alias) {
    join->alias = alias;
    return &join->base;
}
