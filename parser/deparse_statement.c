/* Deparse: data, settings, transactions, cursors. See deparse.h. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "parser/deparse_private.h"

/* ---- Data ---- */

static void put_returning(Deparser *d, const AstList *targets) {
    if (targets->count == 0)
        return;
    put_clause(d, "RETURNING ");
    put_list(d, targets);
}

static void put_set_list(Deparser *d, const AstList *assignments) {
    put(d, " SET ");
    put_list(d, assignments);
}

static void put_assignment(Deparser *d, const AstAssignment *assignment) {
    if (assignment->columns.count == 1)
        put_list(d, &assignment->columns);
    else
        put_list_parens(d, &assignment->columns);
    put_value_or(d, " = ", assignment->value);
}

static void put_on_conflict(Deparser *d, const AstOnConflict *conflict) {
    put_clause(d, "ON CONFLICT ");
    if (conflict->columns.count > 0) {
        put_list_parens(d, &conflict->columns);
        put(d, " ");
    }
    if (conflict->assignments.count == 0) {
        put(d, "DO NOTHING");
        return;
    }
    put(d, "DO UPDATE");
    put_set_list(d, &conflict->assignments);
    put_value_or(d, " WHERE ", conflict->where);
}

static void put_insert(Deparser *d, const AstInsert *insert) {
    put_with(d, insert->with);
    put(d, "INSERT INTO ");
    put_name(d, insert->name);
    if (insert->alias != NULL) {
        put(d, " AS ");
        put_identifier(d, insert->alias);
    }
    if (insert->columns.count > 0) {
        put(d, " ");
        put_list_parens(d, &insert->columns);
    }
    if (insert->query == NULL) {
        put(d, " DEFAULT VALUES");
    } else {
        put_clause(d, "");
        put_query(d, insert->query);
    }
    if (insert->on_conflict != NULL)
        put_on_conflict(d, insert->on_conflict);
    put_returning(d, &insert->returning);
}

static void put_where(Deparser *d, const AstNode *where) {
    if (where == NULL)
        return;
    put_clause(d, "WHERE ");
    put_node(d, where);
}

static void put_update(Deparser *d, const AstUpdate *update) {
    put_with(d, update->with);
    put(d, "UPDATE ");
    put_node(d, &update->table->base);
    put_set_list(d, &update->assignments);
    if (update->from.count > 0) {
        put_clause(d, "FROM ");
        put_list(d, &update->from);
    }
    put_where(d, update->where);
    put_returning(d, &update->returning);
}

static void put_delete(Deparser *d, const AstDelete *node) {
    put_with(d, node->with);
    put(d, "DELETE FROM ");
    put_node(d, &node->table->base);
    if (node->from.count > 0) {
        put_clause(d, "USING ");
        put_list(d, &node->from);
    }
    put_where(d, node->where);
    put_returning(d, &node->returning);
}

static void put_copy(Deparser *d, const AstCopy *copy) {
    put(d, "COPY ");
    if (copy->source != NULL) {
        put_open(d);
        put_node(d, copy->source);
        put_close(d);
    } else {
        put_name(d, copy->name);
        put(d, copy->columns.count > 0 ? " " : "");
        put_list_parens(d, &copy->columns);
    }
    put(d, copy->is_from ? " FROM " : " TO ");
    if (copy->end == AST_COPY_STDIO)
        put(d, copy->is_from ? "STDIN" : "STDOUT");
    else
        put(d, copy->end == AST_COPY_PROGRAM ? "PROGRAM " : "");
    if (copy->file != NULL)
        put_string(d, copy->file);
    if (copy->options.count > 0) {
        put(d, " WITH ");
        put_word_options(d, &copy->options);
    }
    put_where(d, copy->where);
}

static void put_subscribe(Deparser *d, const AstSubscribe *subscribe) {
    put(d, "SUBSCRIBE TO ");
    if (subscribe->name != NULL)
        put_name(d, subscribe->name);
    else
        put_query_parens(d, subscribe->query);
    put_options(d, &subscribe->options);
}

/* Data and copies; false: another kind. */
static bool put_data(Deparser *d, const AstNode *node) {
    switch (node->kind) {
    case AST_INSERT:
        put_insert(d, (const AstInsert *) node);
        return true;
    case AST_UPDATE:
        put_update(d, (const AstUpdate *) node);
        return true;
    case AST_DELETE:
        put_delete(d, (const AstDelete *) node);
        return true;
    case AST_ASSIGNMENT:
        put_assignment(d, (const AstAssignment *) node);
        return true;
    case AST_ON_CONFLICT:
        put_on_conflict(d, (const AstOnConflict *) node);
        return true;
    case AST_COPY:
        put_copy(d, (const AstCopy *) node);
        return true;
    case AST_SUBSCRIBE:
        put_subscribe(d, (const AstSubscribe *) node);
        return true;
    default:
        return false;
    }
}

/* ---- Looking and testing ---- */

static void put_explain(Deparser *d, const AstExplain *explain) {
    put(d, "EXPLAIN ");
    if (explain->options.count > 0) {
        put_word_options(d, &explain->options);
        put(d, " ");
    }
    put_node(d, explain->statement);
}

static void put_words_name(Deparser *d, const char *words, const AstName *name) {
    put(d, words);
    put_name(d, name);
}

static bool put_look(Deparser *d, const AstNode *node) {
    const AstPrintSource *print = (const AstPrintSource *) node;
    const AstExplainStream *explain = (const AstExplainStream *) node;
    const AstWait *wait = (const AstWait *) node;
    const AstAssertRows *rows = (const AstAssertRows *) node;
    const AstAssertStream *stream = (const AstAssertStream *) node;

    switch (node->kind) {
    case AST_EXPLAIN:
        put_explain(d, (const AstExplain *) node);
        return true;
    case AST_EXPLAIN_STREAM:
        put_words_name(d, explain->is_why ? "EXPLAIN WHY STREAM " : "EXPLAIN ANALYZE STREAM ",
                       explain->name);
        return true;
    case AST_PRINT_SOURCE:
        put_words_name(d, "PRINT SOURCE ", print->name);
        put_value_or(d, " LIMIT ", print->limit);
        return true;
    case AST_WAIT:
        if (wait->name == NULL) {
            put(d, "FLUSH");
            return true;
        }
        put_words_name(d, "WAIT FOR STREAM ", wait->name);
        put_value_or(d, " TIMEOUT ", wait->timeout);
        return true;
    case AST_ASSERT_ROWS:
        put(d, "ASSERT ROWS ");
        put_query_parens(d, rows->actual);
        put(d, " EQUAL ");
        put_query_parens(d, rows->expected);
        return true;
    case AST_ASSERT_STREAM:
        put_words_name(d, "ASSERT STREAM ", stream->name);
        put_format(d, " WATERMARK %s ", stream->op);
        put_node(d, stream->value);
        return true;
    default:
        return false;
    }
}

/* ---- Settings ---- */

/* Dots are between words: each is quoted when it must be. */
static void put_dotted(Deparser *d, const char *name) {
    char word[256];

    for (;;) {
        size_t length = strcspn(name, ".");
        (void) snprintf(word, sizeof(word), "%.*s", (int) length, name);
        put_identifier(d, word);
        name += length;
        if (*name == '\0')
            return;
        put(d, ".");
        name++;
    }
}

static void put_set(Deparser *d, const AstSet *set) {
    static const char *const scopes[] = {"", "LOCAL ", ""};

    put(d, set->scope == AST_SET_SYSTEM ? "ALTER SYSTEM " : "");
    if (set->is_reset) {
        put(d, "RESET ");
        if (set->name != NULL)
            put_dotted(d, set->name);
        else
            put(d, "ALL");
        return;
    }
    put_format(d, "SET %s", scopes[set->scope]);
    put_dotted(d, set->name);
    put(d, " TO ");
    if (set->values.count > 0)
        put_list(d, &set->values);
    else
        put(d, "DEFAULT");
}

/* SOURCE -> SOURCES */
static void put_show_objects(Deparser *d, const AstShowObjects *show) {
    put(d, "SHOW ");
    for (const char *c = ast_object_kind_name(show->object); *c != '\0'; c++)
        strbuf_append_char(&d->out, (char) (*c - 32));
    put(d, "S");
    if (show->schema != NULL) {
        put(d, " FROM ");
        put_identifier(d, show->schema);
    }
    if (show->pattern != NULL) {
        put(d, " LIKE ");
        put_string(d, show->pattern);
    }
}

static bool put_setting(Deparser *d, const AstNode *node) {
    const AstShow *show = (const AstShow *) node;
    const AstShowCreate *create = (const AstShowCreate *) node;

    switch (node->kind) {
    case AST_SET:
        put_set(d, (const AstSet *) node);
        return true;
    case AST_SHOW:
        put(d, "SHOW ");
        if (show->name != NULL)
            put_dotted(d, show->name);
        else
            put(d, "ALL");
        return true;
    case AST_SHOW_OBJECTS:
        put_show_objects(d, (const AstShowObjects *) node);
        return true;
    case AST_SHOW_CREATE:
        put(d, "SHOW CREATE ");
        for (const char *c = ast_object_kind_name(create->object); *c != '\0'; c++)
            strbuf_append_char(&d->out, (char) (*c - 32));
        put_words_name(d, " ", create->name);
        return true;
    case AST_DESCRIBE:
        put_words_name(d, "DESCRIBE ", ((const AstDescribe *) node)->name);
        return true;
    default:
        return false;
    }
}

/* ---- Transactions ---- */

static void put_transaction_mode(Deparser *d, const AstNode *node) {
    const AstOption *option = (const AstOption *) node;
    const AstLiteral *value = (const AstLiteral *) option->value;

    if (strcmp(option->name, "isolation_level") == 0) {
        put(d, "ISOLATION LEVEL ");
        for (const char *c = value->text; *c != '\0'; c++)
            strbuf_append_char(&d->out, (char) (*c == ' ' ? ' ' : *c - 32));
    } else if (strcmp(option->name, "read_only") == 0) {
        put(d, value->integer != 0 ? "READ ONLY" : "READ WRITE");
    } else {
        put(d, value->integer != 0 ? "DEFERRABLE" : "NOT DEFERRABLE");
    }
}

void put_transaction_modes(Deparser *d, const AstList *modes) {
    put(d, modes->count > 0 ? " " : "");
    put_items(d, modes, put_transaction_mode);
}

static void put_transaction(Deparser *d, const AstTransaction *node) {
    static const char *const words[] = {"BEGIN",
                                        "COMMIT",
                                        "ROLLBACK",
                                        "SAVEPOINT ",
                                        "RELEASE SAVEPOINT ",
                                        "ROLLBACK TO SAVEPOINT "};

    put(d, words[node->action]);
    put_transaction_modes(d, &node->modes);
    if (node->savepoint != NULL)
        put_identifier(d, node->savepoint);
    put(d, node->and_chain ? " AND CHAIN" : "");
}

static void put_set_transaction(Deparser *d, const AstSetTransaction *node) {
    put(d, node->is_session_default ? "SET SESSION CHARACTERISTICS AS TRANSACTION"
                                    : "SET TRANSACTION");
    put_transaction_modes(d, &node->modes);
    if (node->snapshot != NULL) {
        put(d, " SNAPSHOT ");
        put_string(d, node->snapshot);
    }
}

/* ---- Cursors and prepared statements ---- */

static void put_declare(Deparser *d, const AstDeclareCursor *cursor) {
    static const char *const scrolls[] = {"", "SCROLL ", "NO SCROLL "};

    put(d, "DECLARE ");
    put_identifier(d, cursor->name);
    put_format(d, " %s%sCURSOR %sFOR ", cursor->is_binary ? "BINARY " : "", scrolls[cursor->scroll],
               cursor->with_hold ? "WITH HOLD " : "");
    put_node(d, cursor->query);
}

static void put_fetch(Deparser *d, const AstFetch *fetch) {
    static const char *const words[] = {"FORWARD", "BACKWARD", "ABSOLUTE", "RELATIVE"};

    put_format(d, "%s %s ", fetch->is_move ? "MOVE" : "FETCH", words[fetch->direction]);
    if (fetch->is_all)
        put(d, "ALL");
    else
        put_format(d, "%lld", (long long) fetch->count);
    put(d, " FROM ");
    put_identifier(d, fetch->cursor);
}

/* "WORD name", or "WORD ALL" when there is no name. */
static void put_word_or(Deparser *d, const char *word, const char *name, const char *none) {
    put(d, word);
    if (name != NULL)
        put_identifier(d, name);
    else
        put(d, none);
}

static bool put_cursor(Deparser *d, const AstNode *node) {
    const AstPrepare *prepare = (const AstPrepare *) node;
    const AstExecute *execute = (const AstExecute *) node;

    switch (node->kind) {
    case AST_DECLARE_CURSOR:
        put_declare(d, (const AstDeclareCursor *) node);
        return true;
    case AST_FETCH:
        put_fetch(d, (const AstFetch *) node);
        return true;
    case AST_CLOSE_CURSOR:
        put_word_or(d, "CLOSE ", ((const AstCloseCursor *) node)->name, "ALL");
        return true;
    case AST_PREPARE:
        put_word_or(d, "PREPARE ", prepare->name, "");
        put(d, prepare->types.count > 0 ? " " : "");
        put_list_parens(d, &prepare->types);
        put_value_or(d, " AS ", prepare->statement);
        return true;
    case AST_EXECUTE:
        put_word_or(d, "EXECUTE ", execute->name, "");
        put(d, execute->arguments.count > 0 ? " " : "");
        put_list_parens(d, &execute->arguments);
        return true;
    case AST_DEALLOCATE:
        put_word_or(d, "DEALLOCATE ", ((const AstDeallocate *) node)->name, "ALL");
        return true;
    default:
        return false;
    }
}

static void put_notify(Deparser *d, const AstNotify *notify) {
    static const char *const words[] = {"LISTEN ", "UNLISTEN ", "NOTIFY "};

    put_word_or(d, words[notify->action], notify->channel, "*");
    if (notify->payload != NULL) {
        put(d, ", ");
        put_string(d, notify->payload);
    }
}

void put_statement(Deparser *d, const AstNode *node) {
    static const char *const targets[] = {"ALL", "PLANS", "SEQUENCES", "TEMP"};

    if (put_data(d, node) || put_look(d, node) || put_setting(d, node) || put_cursor(d, node))
        return;
    switch (node->kind) {
    case AST_TRANSACTION:
        put_transaction(d, (const AstTransaction *) node);
        return;
    case AST_SET_TRANSACTION:
        put_set_transaction(d, (const AstSetTransaction *) node);
        return;
    case AST_DISCARD:
        put_format(d, "DISCARD %s", targets[((const AstDiscard *) node)->target]);
        return;
    case AST_NOTIFY:
        put_notify(d, (const AstNotify *) node);
        return;
    default:
        assert(node->kind == AST_CHECKPOINT);
        put(d, "CHECKPOINT");
    }
}
