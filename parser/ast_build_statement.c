/* AST constructors: data, settings, transactions, cursors. See ast_build_statement.h. */
#include "parser/ast_build_statement.h"

#include <assert.h>
#include <string.h>

#define new_statement(parse, kind, Type) ast_new((parse), (kind), Type, (parse)->statement_position)

/* ---- Data ---- */

AstInsert *ast_insert_body(Parse *parse, AstList *columns, AstQuery *query) {
    AstInsert *insert = new_statement(parse, AST_INSERT, AstInsert);

    insert->columns = ast_list_value(columns);
    insert->query = query;
    return insert;
}

AstInsert *ast_insert_into(AstInsert *insert, AstName *name, const Token *alias) {
    insert->name = name;
    insert->alias = alias->text;
    return insert;
}

AstNode *ast_insert(AstInsert *insert, AstWith *with, AstOnConflict *on_conflict,
                    AstList *returning) {
    insert->with = with;
    insert->on_conflict = on_conflict;
    insert->returning = ast_list_value(returning);
    return &insert->base;
}

AstOnConflict *ast_on_conflict(Parse *parse, const Token *token, AstList *columns,
                               AstList *assignments, AstNode *where) {
    AstOnConflict *node = ast_new(parse, AST_ON_CONFLICT, AstOnConflict, token->position);

    node->columns = ast_list_value(columns);
    node->assignments = ast_list_value(assignments);
    node->where = where;
    return node;
}

AstUpdate *ast_update_set(Parse *parse, AstWith *with, AstTableRef *table, AstAlias *alias,
                          AstList *assignments) {
    AstUpdate *update = new_statement(parse, AST_UPDATE, AstUpdate);

    table->alias = alias;
    update->with = with;
    update->table = table;
    update->assignments = ast_list_value(assignments);
    return update;
}

AstNode *ast_update(AstUpdate *update, AstList *from, AstNode *where, AstList *returning) {
    update->from = ast_list_value(from);
    update->where = where;
    update->returning = ast_list_value(returning);
    return &update->base;
}

AstDelete *ast_delete_from(Parse *parse, AstWith *with, AstTableRef *table, AstAlias *alias) {
    AstDelete *node = new_statement(parse, AST_DELETE, AstDelete);

    table->alias = alias;
    node->with = with;
    node->table = table;
    return node;
}

AstNode *ast_delete(AstDelete *node, AstList *from, AstNode *where, AstList *returning) {
    node->from = ast_list_value(from);
    node->where = where;
    node->returning = ast_list_value(returning);
    return &node->base;
}

AstNode *ast_assignment(Parse *parse, AstList *columns, AstNode *value) {
    AstAssignment *node =
        ast_new(parse, AST_ASSIGNMENT, AstAssignment, columns->items[0]->position);

    node->columns = ast_list_value(columns);
    node->value = value;
    return &node->base;
}

AstNode *ast_subscribe(Parse *parse, AstName *name, AstQuery *query, AstList *options) {
    AstSubscribe *node = new_statement(parse, AST_SUBSCRIBE, AstSubscribe);

    node->name = name;
    node->query = query;
    node->options = ast_list_value(options);
    return &node->base;
}

AstCopy *ast_copy(Parse *parse, AstCopyEnd end, const Token *file) {
    AstCopy *copy = new_statement(parse, AST_COPY, AstCopy);

    copy->end = end;
    copy->file = file != NULL ? file->text : NULL;
    return copy;
}

AstCopy *ast_copy_options(AstCopy *copy, AstList *options, AstNode *where) {
    copy->options = ast_list_value(options);
    copy->where = where;
    return copy;
}

AstNode *ast_copy_table(AstCopy *copy, AstName *name, AstList *columns, bool is_from) {
    copy->name = name;
    copy->columns = ast_list_value(columns);
    copy->is_from = is_from;
    return &copy->base;
}

AstNode *ast_copy_source(AstCopy *copy, AstNode *source) {
    copy->source = source;
    return &copy->base;
}

/* ---- Looking and testing ---- */

AstNode *ast_explain(Parse *parse, AstList *options, AstNode *statement) {
    AstExplain *node = new_statement(parse, AST_EXPLAIN, AstExplain);

    node->options = ast_list_value(options);
    node->statement = statement;
    return &node->base;
}

AstNode *ast_explain_stream(Parse *parse, AstName *name, bool is_why) {
    AstExplainStream *node = new_statement(parse, AST_EXPLAIN_STREAM, AstExplainStream);

    node->name = name;
    node->is_why = is_why;
    return &node->base;
}

AstNode *ast_print_source(Parse *parse, AstName *name, AstNode *limit) {
    AstPrintSource *node = new_statement(parse, AST_PRINT_SOURCE, AstPrintSource);

    node->name = name;
    node->limit = limit;
    return &node->base;
}

AstNode *ast_wait(Parse *parse, AstName *name, AstNode *timeout) {
    AstWait *node = new_statement(parse, AST_WAIT, AstWait);

    node->name = name;
    node->timeout = timeout;
    return &node->base;
}

AstNode *ast_assert_rows(Parse *parse, AstQuery *actual, AstQuery *expected) {
    AstAssertRows *node = new_statement(parse, AST_ASSERT_ROWS, AstAssertRows);

    node->actual = actual;
    node->expected = expected;
    return &node->base;
}

AstNode *ast_assert_stream(Parse *parse, AstName *name, const Token *op, AstNode *value) {
    AstAssertStream *node = new_statement(parse, AST_ASSERT_STREAM, AstAssertStream);

    node->name = name;
    node->op = op->text;
    node->value = value;
    return &node->base;
}

/* ---- Settings ---- */

AstNode *ast_set(Parse *parse, AstList *name, AstList *values) {
    AstSet *set = new_statement(parse, AST_SET, AstSet);

    set->name = ast_dotted(parse, name);
    set->values = ast_list_value(values);
    return &set->base;
}

AstNode *ast_set_named(Parse *parse, const char *name, AstNode *value) {
    AstSet *set = new_statement(parse, AST_SET, AstSet);

    set->name = name;
    if (value != NULL)
        ast_list_append(parse, &set->values, value);
    return &set->base;
}

AstNode *ast_set_scope(AstNode *set, AstSetScope scope) {
    ((AstSet *) set)->scope = scope;
    return set;
}

AstNode *ast_reset(Parse *parse, AstList *name) {
    AstSet *set = new_statement(parse, AST_SET, AstSet);

    set->name = name != NULL ? ast_dotted(parse, name) : NULL;
    set->is_reset = true;
    return &set->base;
}

AstNode *ast_set_transaction(Parse *parse, AstList *modes, bool is_session_default) {
    AstSetTransaction *node = new_statement(parse, AST_SET_TRANSACTION, AstSetTransaction);

    node->modes = ast_list_value(modes);
    node->is_session_default = is_session_default;
    return &node->base;
}

AstNode *ast_set_snapshot(Parse *parse, const Token *snapshot) {
    AstSetTransaction *node = new_statement(parse, AST_SET_TRANSACTION, AstSetTransaction);

    node->snapshot = snapshot->text;
    return &node->base;
}

AstNode *ast_show(Parse *parse, AstList *name) {
    AstShow *node = new_statement(parse, AST_SHOW, AstShow);

    node->name = name != NULL ? ast_dotted(parse, name) : NULL;
    return &node->base;
}

AstNode *ast_show_objects(Parse *parse, AstObjectKind object, const Token *schema,
                          const Token *pattern) {
    AstShowObjects *node = new_statement(parse, AST_SHOW_OBJECTS, AstShowObjects);

    node->object = object;
    node->schema = schema->text;
    node->pattern = pattern->text;
    return &node->base;
}

AstNode *ast_show_create(Parse *parse, AstObjectKind object, AstName *name) {
    AstShowCreate *node = new_statement(parse, AST_SHOW_CREATE, AstShowCreate);

    node->object = object;
    node->name = name;
    return &node->base;
}

AstNode *ast_describe(Parse *parse, AstName *name) {
    AstDescribe *node = new_statement(parse, AST_DESCRIBE, AstDescribe);

    node->name = name;
    return &node->base;
}

/* ---- Transactions, cursors, session ---- */

AstNode *ast_transaction(Parse *parse, AstTransactionAction action, AstList *modes,
                         const Token *savepoint) {
    AstTransaction *node = new_statement(parse, AST_TRANSACTION, AstTransaction);

    node->action = action;
    node->modes = ast_list_value(modes);
    node->savepoint = savepoint != NULL ? savepoint->text : NULL;
    return &node->base;
}

AstNode *ast_transaction_chain(Parse *parse, AstTransactionAction action, bool and_chain) {
    AstTransaction *node = (AstTransaction *) ast_transaction(parse, action, NULL, NULL);

    node->and_chain = and_chain;
    return &node->base;
}

AstDeclareCursor *ast_cursor_options(Parse *parse) {
    return new_statement(parse, AST_DECLARE_CURSOR, AstDeclareCursor);
}

AstNode *ast_declare_cursor(Parse *parse, const Token *name, AstDeclareCursor *cursor,
                            bool with_hold, AstNode *query) {
    assert(cursor->base.kind == AST_DECLARE_CURSOR);
    cursor->name = name->text;
    cursor->with_hold = with_hold;
    cursor->query = query;
    return &cursor->base;
}

AstFetch *ast_fetch(Parse *parse, AstFetchDirection direction, int64_t count, const Token *cursor) {
    AstFetch *fetch = new_statement(parse, AST_FETCH, AstFetch);

    fetch->direction = direction;
    fetch->count = count;
    fetch->cursor = cursor->text;
    return fetch;
}

AstFetch *ast_fetch_all(AstFetch *fetch) {
    fetch->is_all = true;
    return fetch;
}

AstNode *ast_fetch_statement(AstFetch *fetch, bool is_move) {
    fetch->is_move = is_move;
    return &fetch->base;
}

AstNode *ast_close_cursor(Parse *parse, const Token *name) {
    AstCloseCursor *node = new_statement(parse, AST_CLOSE_CURSOR, AstCloseCursor);

    node->name = name != NULL ? name->text : NULL;
    return &node->base;
}

AstNode *ast_prepare(Parse *parse, const Token *name, AstList *types, AstNode *statement) {
    AstPrepare *node = new_statement(parse, AST_PREPARE, AstPrepare);

    node->name = name->text;
    node->types = ast_list_value(types);
    node->statement = statement;
    return &node->base;
}

AstNode *ast_execute(Parse *parse, const Token *name, AstList *arguments) {
    AstExecute *node = new_statement(parse, AST_EXECUTE, AstExecute);

    node->name = name->text;
    node->arguments = ast_list_value(arguments);
    return &node->base;
}

AstNode *ast_deallocate(Parse *parse, const Token *name) {
    AstDeallocate *node = new_statement(parse, AST_DEALLOCATE, AstDeallocate);

    node->name = name != NULL ? name->text : NULL;
    return &node->base;
}

AstNode *ast_discard(Parse *parse, AstDiscardTarget target) {
    AstDiscard *node = new_statement(parse, AST_DISCARD, AstDiscard);

    node->target = target;
    return &node->base;
}

AstNode *ast_notify(Parse *parse, AstNotifyAction action, const Token *channel,
                    const Token *payload) {
    AstNotify *node = new_statement(parse, AST_NOTIFY, AstNotify);

    node->action = action;
    node->channel = channel != NULL ? channel->text : NULL;
    node->payload = payload != NULL ? payload->text : NULL;
    return &node->base;
}

AstNode *ast_checkpoint(Parse *parse) {
    return &new_statement(parse, AST_CHECKPOINT, AstCheckpoint)->base;
}
