/* Deparse: definitions, in the canonical order of their clauses. See deparse.h. */
#include <assert.h>
#include <string.h>

#include "parser/deparse_private.h"

static void put_upper(Deparser *d, const char *word) {
    for (; *word != '\0'; word++)
        strbuf_append_char(&d->out, (char) (*word >= 'a' && *word <= 'z' ? *word - 32 : *word));
}

/* CREATE [OR REPLACE] KIND [IF NOT EXISTS] name */
static void put_create(Deparser *d, const AstCreateFlags *flags, const char *kind,
                       const AstName *name) {
    put_format(d, "CREATE %s%s %s", flags->or_replace ? "OR REPLACE " : "", kind,
               flags->if_not_exists ? "IF NOT EXISTS " : "");
    put_name(d, name);
}

static void put_block(Deparser *d, const AstList *list) {
    put_open(d);
    put_items(d, list, put_node);
    put_close(d);
}

/* ---- Options ---- */

static void put_option(Deparser *d, const AstNode *node) {
    const AstOption *option = (const AstOption *) node;
    const char *part = option->name;

    for (const char *dot = strchr(part, '.'); dot != NULL; dot = strchr(part, '.')) {
        put_format(d, "%.*s.", (int) (dot - part), part);
        part = dot + 1;
    }
    put_identifier(d, part);
    put_value_or(d, " = ", option->value);
}

void put_options(Deparser *d, const AstList *options) {
    if (options->count == 0)
        return;
    put_clause(d, "WITH ");
    put_open(d);
    put_items(d, options, put_option);
    put_close(d);
}

static void put_word_option(Deparser *d, const AstNode *node) {
    const AstOption *option = (const AstOption *) node;

    put_identifier(d, option->name);
    put_value_or(d, " ", option->value);
}

void put_word_options(Deparser *d, const AstList *options) {
    put(d, "(");
    put_items(d, options, put_word_option);
    put(d, ")");
}

static bool is_true(const AstNode *value) {
    const AstLiteral *literal = (const AstLiteral *) value;

    return value == NULL || (value->kind == AST_LITERAL && literal->integer != 0);
}

static void put_role_option(Deparser *d, const AstOption *option) {
    bool has_text = strcmp(option->name, "password") == 0;

    put(d, " ");
    if (strcmp(option->name, "connection_limit") == 0) {
        put_value_or(d, "CONNECTION LIMIT ", option->value);
    } else if (strcmp(option->name, "valid_until") == 0) {
        put_value_or(d, "VALID UNTIL ", option->value);
    } else if (has_text) {
        put_value_or(d, "PASSWORD ", option->value);
    } else {
        put(d, is_true(option->value) ? "" : "NO");
        put_upper(d, option->name);
    }
}

static void put_function_option(Deparser *d, const AstOption *option) {
    const AstLiteral *literal = (const AstLiteral *) option->value;

    if (strcmp(option->name, "with") == 0) {
        put_options(d, &((const AstRow *) option->value)->elements);
    } else if (strcmp(option->name, "volatility") == 0) {
        put(d, " ");
        put_upper(d, literal->text);
    } else if (strcmp(option->name, "as") == 0) {
        put_clause(d, "AS ");
        put_string(d, literal->text);
    } else {
        put(d, " ");
        put_upper(d, option->name);
        if (literal != NULL) {
            put(d, " ");
            put_identifier(d, literal->text);
        }
    }
}

/* ---- Columns ---- */

static void put_column_def(Deparser *d, const AstColumnDef *column) {
    put_identifier(d, column->name);
    if (column->origin == AST_COLUMN_COMPUTED) {
        put(d, " AS ");
        put_open(d);
        put_node(d, column->computed);
        put_close(d);
        return;
    }
    put(d, " ");
    put_type(d, column->type);
    if (column->collation != NULL) {
        put(d, " COLLATE ");
        put_name(d, column->collation);
    }
    put(d, column->is_not_null ? " NOT NULL" : "");
    if (column->default_value != NULL) {
        put(d, " DEFAULT ");
        put_plain_expr(d, column->default_value);
    }
    put(d, column->is_primary_key ? " PRIMARY KEY" : "");
    put(d, column->is_unique ? " UNIQUE" : "");
    put(d, column->origin == AST_COLUMN_METADATA ? " METADATA" : "");
    if (column->path != NULL) {
        put(d, " FROM ");
        put_string(d, column->path);
    }
}

static void put_watermark_def(Deparser *d, const AstWatermarkDef *watermark) {
    put(d, "WATERMARK FOR ");
    put_identifier(d, watermark->column->text);
    put_value_or(d, " AS ", watermark->expression);
    put_value_or(d, " IDLE AFTER ", watermark->idle_after);
}

/* ---- CREATE ---- */

static void put_stream_clauses(Deparser *d, const AstCreateStream *stream) {
    static const char *const modes[] = {"", "APPEND", "UPDATE", "COMPLETE"};
    static const char *const triggers[] = {"", "EVERY ", "AVAILABLE NOW", "ONCE", "MANUAL"};

    if (stream->sinks.count > 0) {
        put_clause(d, "INTO ");
        put_list(d, &stream->sinks);
    }
    if (stream->output_mode != AST_OUTPUT_DEFAULT) {
        put_clause(d, "OUTPUT MODE ");
        put(d, modes[stream->output_mode]);
    }
    if (stream->trigger != AST_TRIGGER_DEFAULT) {
        put_clause(d, "TRIGGER ");
        put(d, triggers[stream->trigger]);
        if (stream->trigger_interval != NULL)
            put_plain_expr(d, stream->trigger_interval);
    }
    if (stream->late_rows != AST_LATE_DEFAULT) {
        put_clause(d, "LATE ROWS ");
        put(d, stream->late_rows == AST_LATE_DROP ? "DROP" : "INTO ");
        if (stream->late_sink != NULL)
            put_name(d, stream->late_sink);
    }
}

static void put_as_query(Deparser *d, const AstQuery *query, bool is_without_data) {
    put_clause(d, "AS");
    put(d, " ");
    put_query(d, query);
    if (is_without_data)
        put_clause(d, "WITH NO DATA");
}

static void put_create_stream(Deparser *d, const AstCreateStream *stream) {
    bool is_view = stream->is_materialized_view;

    put_create(d, &stream->flags, is_view ? "MATERIALIZED VIEW" : "STREAM", stream->name);
    if (stream->columns.count > 0) {
        put(d, " ");
        put_list_parens(d, &stream->columns);
    }
    if (!is_view)
        put_stream_clauses(d, stream);
    put_options(d, &stream->options);
    put_as_query(d, stream->query, stream->is_without_data);
}

static void put_create_table(Deparser *d, const AstCreateTable *table) {
    put_create(d, &table->flags, table->is_temporary ? "TEMPORARY TABLE" : "TABLE", table->name);
    if (table->items.count > 0) {
        put(d, " ");
        put_block(d, &table->items);
    }
    put_options(d, &table->options);
    if (table->query != NULL)
        put_as_query(d, table->query, table->is_without_data);
}

static void put_create_sink(Deparser *d, const AstCreateSink *sink) {
    put_create(d, &sink->flags, "SINK", sink->name);
    if (sink->items.count > 0) {
        put(d, " ");
        put_block(d, &sink->items);
    }
    put_options(d, &sink->options);
}

static void put_create_view(Deparser *d, const AstCreateView *view) {
    put_create(d, &view->flags, view->is_temporary ? "TEMPORARY VIEW" : "VIEW", view->name);
    if (view->columns.count > 0) {
        put(d, " ");
        put_list_parens(d, &view->columns);
    }
    put_as_query(d, view->query, false);
}

static void put_create_function(Deparser *d, const AstCreateFunction *function) {
    put_create(d, &function->flags, "FUNCTION", function->name);
    put_open(d);
    put_list(d, &function->arguments);
    put_close(d);
    if (function->returns != NULL) {
        put(d, " RETURNS ");
        put_type(d, function->returns);
    }
    if (function->returns_table.count > 0) {
        put(d, " RETURNS TABLE ");
        put_list_parens(d, &function->returns_table);
    }
    AST_FOREACH(AstOption, option, &function->options)
    put_function_option(d, option);
}

static void put_create_role(Deparser *d, const AstCreateRole *role) {
    put_create(d, &role->flags, role->is_user ? "USER" : "ROLE", role->name);
    AST_FOREACH(AstOption, option, &role->options)
    put_role_option(d, option);
}

static void put_create_schema(Deparser *d, const AstCreateSchema *schema) {
    put_create(d, &schema->flags, "SCHEMA", schema->name);
    if (schema->owner != NULL) {
        put(d, " AUTHORIZATION ");
        put_identifier(d, schema->owner);
    }
}

/* ---- ALTER ---- */

static void put_column_action(Deparser *d, const AstAlter *alter) {
    put(d, alter->action == AST_ALTER_DROP_COLUMN     ? "DROP COLUMN "
           : alter->action == AST_ALTER_RENAME_COLUMN ? "RENAME COLUMN "
                                                      : "ALTER COLUMN ");
    put_identifier(d, alter->column_name);
    switch (alter->action) {
    case AST_ALTER_RENAME_COLUMN:
        put(d, " TO ");
        put_identifier(d, alter->new_name);
        return;
    case AST_ALTER_SET_DEFAULT:
        put_value_or(d, " SET DEFAULT ", alter->value);
        return;
    case AST_ALTER_DROP_DEFAULT:
        put(d, " DROP DEFAULT");
        return;
    case AST_ALTER_SET_NOT_NULL:
        put(d, " SET NOT NULL");
        return;
    case AST_ALTER_DROP_NOT_NULL:
        put(d, " DROP NOT NULL");
        return;
    case AST_ALTER_COLUMN_TYPE:
        put(d, " TYPE ");
        put_type(d, alter->column->type);
        return;
    default:
        assert(alter->action == AST_ALTER_DROP_COLUMN);
    }
}

static void put_words_name(Deparser *d, const char *words, const char *name) {
    put(d, words);
    put_identifier(d, name);
}

static void put_stream_action(Deparser *d, const AstAlter *alter) {
    switch (alter->action) {
    case AST_ALTER_PAUSE:
        put(d, "PAUSE");
        return;
    case AST_ALTER_RESUME:
        put(d, "RESUME");
        return;
    case AST_ALTER_RESTART:
        put(d, alter->is_from_scratch ? "RESTART FROM SCRATCH" : "RESTART");
        return;
    case AST_ALTER_STEP:
        put_format(d, alter->steps == 1 ? "STEP" : "STEP %lld", (long long) alter->steps);
        return;
    case AST_ALTER_AS:
        put(d, alter->is_dry_run ? "DRY RUN AS " : "AS ");
        put_query(d, alter->query);
        return;
    case AST_ALTER_ADD_SINK:
        put(d, "ADD SINK ");
        put_name(d, alter->target);
        return;
    default:
        assert(alter->action == AST_ALTER_DROP_SINK);
        put(d, "DROP SINK ");
        put_name(d, alter->target);
    }
}

static void put_alter_action(Deparser *d, const AstAlter *alter) {
    switch (alter->action) {
    case AST_ALTER_SET_OPTIONS:
        put(d, "SET (");
        put_items(d, &alter->options, put_option);
        put(d, ")");
        return;
    case AST_ALTER_RESET_OPTIONS:
        put(d, "RESET ");
        put_word_options(d, &alter->options);
        return;
    case AST_ALTER_ROLE_OPTIONS:
        put(d, "WITH");
        AST_FOREACH(AstOption, option, &alter->options)
        put_role_option(d, option);
        return;
    case AST_ALTER_RENAME:
        put_words_name(d, "RENAME TO ", alter->new_name);
        return;
    case AST_ALTER_OWNER:
        put_words_name(d, "OWNER TO ", alter->new_name);
        return;
    case AST_ALTER_SET_SCHEMA:
        put_words_name(d, "SET SCHEMA ", alter->new_name);
        return;
    case AST_ALTER_SECRET_AS:
        put_value_or(d, "AS ", alter->value);
        return;
    case AST_ALTER_ADD_COLUMN:
        put_value_or(d, "ADD COLUMN ", &alter->column->base);
        return;
    case AST_ALTER_DROP_COLUMN:
    case AST_ALTER_RENAME_COLUMN:
    case AST_ALTER_SET_DEFAULT:
    case AST_ALTER_DROP_DEFAULT:
    case AST_ALTER_SET_NOT_NULL:
    case AST_ALTER_DROP_NOT_NULL:
    case AST_ALTER_COLUMN_TYPE:
        put_column_action(d, alter);
        return;
    default:
        put_stream_action(d, alter);
    }
}

static void put_behavior(Deparser *d, AstDropBehavior behavior) {
    put(d, behavior == AST_BEHAVIOR_CASCADE    ? " CASCADE"
           : behavior == AST_BEHAVIOR_RESTRICT ? " RESTRICT"
                                               : "");
}

static void put_alter(Deparser *d, const AstAlter *alter) {
    put(d, "ALTER ");
    put_upper(d, ast_object_kind_name(alter->object));
    put(d, alter->if_exists ? " IF EXISTS " : " ");
    put_name(d, alter->name);
    put(d, " ");
    put_alter_action(d, alter);
    put_behavior(d, alter->behavior);
}

static void put_drop(Deparser *d, const AstDrop *drop) {
    put(d, "DROP ");
    put_upper(d, ast_object_kind_name(drop->object));
    put(d, drop->if_exists ? " IF EXISTS " : " ");
    put_list(d, &drop->names);
    put_behavior(d, drop->behavior);
}

static void put_comment(Deparser *d, const AstComment *comment) {
    put(d, "COMMENT ON ");
    put_upper(d, ast_object_kind_name(comment->object));
    put(d, " ");
    put_name(d, comment->name);
    if (comment->column != NULL)
        put_words_name(d, ".", comment->column);
    put(d, " IS ");
    if (comment->text != NULL)
        put_string(d, comment->text);
    else
        put(d, "NULL");
}

/* Parts of definitions. */
static void put_part(Deparser *d, const AstNode *node) {
    const AstFunctionArg *argument = (const AstFunctionArg *) node;

    switch (node->kind) {
    case AST_COLUMN_DEF:
        put_column_def(d, (const AstColumnDef *) node);
        return;
    case AST_KEY_DEF:
        put(d, ((const AstKeyDef *) node)->is_primary ? "PRIMARY KEY " : "UNIQUE ");
        put(d, "(");
        put_list(d, &((const AstKeyDef *) node)->columns);
        put(d, ")");
        return;
    case AST_WATERMARK_DEF:
        put_watermark_def(d, (const AstWatermarkDef *) node);
        return;
    case AST_OPTION:
        put_option(d, node);
        return;
    case AST_SECRET_REF:
        put(d, "SECRET ");
        put_name(d, ((const AstSecretRef *) node)->name);
        return;
    default:
        assert(node->kind == AST_FUNCTION_ARG);
        if (argument->name != NULL) {
            put_identifier(d, argument->name);
            put(d, " ");
        }
        put_type(d, argument->type);
        put_value_or(d, " DEFAULT ", argument->default_value);
    }
}

void put_definition(Deparser *d, const AstNode *node) {
    const AstCreateSource *source = (const AstCreateSource *) node;
    const AstCreateSecret *secret = (const AstCreateSecret *) node;
    const AstCreateConnection *connection = (const AstCreateConnection *) node;

    switch (node->kind) {
    case AST_CREATE_SOURCE:
        put_create(d, &source->flags, "SOURCE", source->name);
        put(d, " ");
        put_block(d, &source->items);
        put_options(d, &source->options);
        return;
    case AST_CREATE_SINK:
        put_create_sink(d, (const AstCreateSink *) node);
        return;
    case AST_CREATE_STREAM:
        put_create_stream(d, (const AstCreateStream *) node);
        return;
    case AST_CREATE_TABLE:
        put_create_table(d, (const AstCreateTable *) node);
        return;
    case AST_CREATE_VIEW:
        put_create_view(d, (const AstCreateView *) node);
        return;
    case AST_CREATE_SECRET:
        put_create(d, &secret->flags, "SECRET", secret->name);
        put(d, " AS ");
        put_literal(d, secret->value);
        return;
    case AST_CREATE_ROLE:
        put_create_role(d, (const AstCreateRole *) node);
        return;
    case AST_CREATE_FUNCTION:
        put_create_function(d, (const AstCreateFunction *) node);
        return;
    case AST_CREATE_CONNECTION:
        put_create(d, &connection->flags, "CONNECTION", connection->name);
        put_options(d, &connection->options);
        return;
    case AST_CREATE_SCHEMA:
        put_create_schema(d, (const AstCreateSchema *) node);
        return;
    case AST_ALTER:
        put_alter(d, (const AstAlter *) node);
        return;
    case AST_DROP:
        put_drop(d, (const AstDrop *) node);
        return;
    case AST_TRUNCATE:
        put(d, "TRUNCATE ");
        put_list(d, &((const AstTruncate *) node)->names);
        put_behavior(d, ((const AstTruncate *) node)->behavior);
        return;
    case AST_COMMENT:
        put_comment(d, (const AstComment *) node);
        return;
    default:
        put_part(d, node);
    }
}
