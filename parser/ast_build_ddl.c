/* AST constructors: definitions. See ast_build_statement.h. */
#include "parser/ast_build_statement.h"

#include <assert.h>
#include <string.h>

#define new_statement(parse, kind, Type) ast_new((parse), (kind), Type, (parse)->statement_position)

/* "source" and "sources" alike. */
AstObjectKind ast_object_kind(const Token *token) {
    static const struct {
        const char *word;
        AstObjectKind kind;
    } words[] = {
        {"sou", AST_OBJECT_SOURCE},     {"sin", AST_OBJECT_SINK},   {"str", AST_OBJECT_STREAM},
        {"tab", AST_OBJECT_TABLE},      {"vie", AST_OBJECT_VIEW},   {"sec", AST_OBJECT_SECRET},
        {"rol", AST_OBJECT_ROLE},       {"use", AST_OBJECT_ROLE},   {"fun", AST_OBJECT_FUNCTION},
        {"con", AST_OBJECT_CONNECTION}, {"sch", AST_OBJECT_SCHEMA}, {"dat", AST_OBJECT_DATABASE},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (strncmp(words[i].word, token->text, 3) == 0)
            return words[i].kind;
    assert(false && "the grammar lists every word of the table");
    return AST_OBJECT_TABLE;
}

AstCreateFlags ast_create_flags(bool or_replace, bool if_not_exists) {
    return (AstCreateFlags) {.or_replace = or_replace, .if_not_exists = if_not_exists};
}

AstNode *ast_create_source(Parse *parse, AstCreateFlags flags, AstName *name, AstList *items,
                           AstList *options) {
    AstCreateSource *node = new_statement(parse, AST_CREATE_SOURCE, AstCreateSource);

    node->flags = flags;
    node->name = name;
    node->items = ast_list_value(items);
    node->options = ast_list_value(options);
    return &node->base;
}

AstNode *ast_create_sink(Parse *parse, AstCreateFlags flags, AstName *name, AstList *items,
                         AstList *options) {
    AstCreateSink *node = new_statement(parse, AST_CREATE_SINK, AstCreateSink);

    node->flags = flags;
    node->name = name;
    node->items = ast_list_value(items);
    node->options = ast_list_value(options);
    return &node->base;
}

AstNode *ast_create_stream(Parse *parse, AstCreateFlags flags, AstName *name,
                           AstCreateStream *clauses, AstQuery *query) {
    AstCreateStream *node = clauses != NULL ? clauses : ast_stream_clauses(parse);

    node->flags = flags;
    node->name = name;
    node->query = query;
    return &node->base;
}

AstNode *ast_create_materialized_view(AstNode *stream, AstList *columns, AstList *options,
                                      bool with_data) {
    AstCreateStream *node = (AstCreateStream *) stream;

    node->columns = ast_list_value(columns);
    node->options = ast_list_value(options);
    node->output_mode = AST_OUTPUT_UPDATE;
    node->is_materialized_view = true;
    node->is_without_data = !with_data;
    return stream;
}

AstNode *ast_create_table(Parse *parse, AstCreateFlags flags, AstName *name, AstList *items,
                          AstList *options, bool is_temporary) {
    AstCreateTable *node = new_statement(parse, AST_CREATE_TABLE, AstCreateTable);

    node->flags = flags;
    node->name = name;
    node->items = ast_list_value(items);
    node->options = ast_list_value(options);
    node->is_temporary = is_temporary;
    return &node->base;
}

AstNode *ast_create_table_as(AstNode *table, AstQuery *query, bool with_data) {
    AstCreateTable *node = (AstCreateTable *) table;

    node->query = query;
    node->is_without_data = !with_data;
    return table;
}

AstNode *ast_create_view(Parse *parse, AstCreateFlags flags, bool is_temporary, AstName *name,
                         AstList *columns, AstQuery *query) {
    AstCreateView *node = new_statement(parse, AST_CREATE_VIEW, AstCreateView);

    node->flags = flags;
    node->is_temporary = is_temporary;
    node->name = name;
    node->columns = ast_list_value(columns);
    node->query = query;
    return &node->base;
}

AstNode *ast_create_secret(Parse *parse, AstCreateFlags flags, AstName *name, const Token *value) {
    AstCreateSecret *node = new_statement(parse, AST_CREATE_SECRET, AstCreateSecret);

    node->flags = flags;
    node->name = name;
    node->value = (AstLiteral *) ast_string(parse, value);
    return &node->base;
}

AstNode *ast_create_role(Parse *parse, AstCreateFlags flags, const Token *word, AstName *name,
                         AstList *options) {
    AstCreateRole *node = new_statement(parse, AST_CREATE_ROLE, AstCreateRole);

    node->flags = flags;
    node->is_user = word->text[0] == 'u';
    node->name = name;
    node->options = ast_list_value(options);
    return &node->base;
}

AstNode *ast_create_connection(Parse *parse, AstCreateFlags flags, AstName *name,
                               AstList *options) {
    AstCreateConnection *node = new_statement(parse, AST_CREATE_CONNECTION, AstCreateConnection);

    node->flags = flags;
    node->name = name;
    node->options = ast_list_value(options);
    return &node->base;
}

AstNode *ast_create_schema(Parse *parse, AstCreateFlags flags, AstName *name, const Token *owner) {
    AstCreateSchema *node = new_statement(parse, AST_CREATE_SCHEMA, AstCreateSchema);

    node->flags = flags;
    node->name = name;
    node->owner = owner != NULL ? owner->text : NULL;
    return &node->base;
}

AstNode *ast_create_function(Parse *parse, AstCreateFlags flags, AstName *name, AstList *arguments,
                             const AstCreateFunction *returns, AstList *options) {
    AstCreateFunction *node = new_statement(parse, AST_CREATE_FUNCTION, AstCreateFunction);

    node->flags = flags;
    node->name = name;
    node->arguments = ast_list_value(arguments);
    node->returns = returns != NULL ? returns->returns : NULL;
    node->returns_table = returns != NULL ? returns->returns_table : (AstList) {0};
    node->options = ast_list_value(options);
    return &node->base;
}

/* ---- Columns ---- */

AstNode *ast_column_type(Parse *parse, const Token *name, AstType *type) {
    AstColumnDef *column = ast_new(parse, AST_COLUMN_DEF, AstColumnDef, name->position);

    column->name = name->text;
    column->type = type;
    return &column->base;
}

AstNode *ast_column_computed(Parse *parse, const Token *name, AstNode *expression) {
    AstColumnDef *column = ast_new(parse, AST_COLUMN_DEF, AstColumnDef, name->position);

    column->name = name->text;
    column->origin = AST_COLUMN_COMPUTED;
    column->computed = expression;
    return &column->base;
}

void ast_column_path(AstColumnDef *column, const Token *path) {
    column->path = path->text;
    column->path_position = path->position;
}

AstNode *ast_watermark_def(Parse *parse, const Token *token, const Token *column,
                           AstNode *expression, AstNode *idle_after) {
    AstWatermarkDef *node = ast_new(parse, AST_WATERMARK_DEF, AstWatermarkDef, token->position);

    node->column = ast_new(parse, AST_IDENTIFIER, AstIdentifier, column->position);
    node->column->text = column->text;
    node->expression = expression;
    node->idle_after = idle_after;
    return &node->base;
}

AstNode *ast_key_def(Parse *parse, const Token *token, AstList *columns, bool is_primary) {
    AstKeyDef *node = ast_new(parse, AST_KEY_DEF, AstKeyDef, token->position);

    node->columns = ast_list_value(columns);
    node->is_primary = is_primary;
    return &node->base;
}

/* ---- Clauses of CREATE STREAM ---- */

AstCreateStream *ast_stream_clauses(Parse *parse) {
    return new_statement(parse, AST_CREATE_STREAM, AstCreateStream);
}

static void check_first(Parse *parse, const Token *token, bool is_first) {
    if (!is_first)
        parse_error_at(parse, token->position, "conflicting or redundant options");
}

void ast_stream_into(Parse *parse, AstCreateStream *stream, const Token *token, AstList *sinks) {
    check_first(parse, token, stream->sinks.count == 0);
    stream->sinks = ast_list_value(sinks);
}

void ast_stream_output_mode(Parse *parse, AstCreateStream *stream, const Token *token,
                            const Token *mode) {
    check_first(parse, token, stream->output_mode == AST_OUTPUT_DEFAULT);
    stream->output_mode = mode->text[0] == 'a'   ? AST_OUTPUT_APPEND
                          : mode->text[0] == 'u' ? AST_OUTPUT_UPDATE
                                                 : AST_OUTPUT_COMPLETE;
    stream->output_mode_position = mode->position;
}

void ast_stream_trigger(Parse *parse, AstCreateStream *stream, const Token *token,
                        AstTrigger trigger, AstNode *interval) {
    check_first(parse, token, stream->trigger == AST_TRIGGER_DEFAULT);
    stream->trigger = trigger;
    stream->trigger_interval = interval;
}

void ast_stream_late(Parse *parse, AstCreateStream *stream, const Token *token, AstName *sink) {
    check_first(parse, token, stream->late_rows == AST_LATE_DEFAULT);
    stream->late_rows = sink != NULL ? AST_LATE_INTO : AST_LATE_DROP;
    stream->late_sink = sink;
}

void ast_stream_with(Parse *parse, AstCreateStream *stream, const Token *token, AstList *options) {
    check_first(parse, token, stream->options.count == 0);
    stream->options = ast_list_value(options);
}

/* ---- Options ---- */

AstNode *ast_named_option(Parse *parse, const Token *token, const char *name, AstNode *value) {
    AstOption *option = ast_new(parse, AST_OPTION, AstOption, token->position);

    option->name = name;
    option->value = value;
    return &option->base;
}

AstNode *ast_option(Parse *parse, const AstList *name, AstNode *value) {
    Token token = {.position = name->items[0]->position};

    return ast_named_option(parse, &token, ast_dotted(parse, name), value);
}

AstNode *ast_word_option(Parse *parse, const Token *word, AstNode *value) {
    return ast_named_option(parse, word, word->text, value);
}

AstNode *ast_flag_option(Parse *parse, const Token *token, const char *name, bool value) {
    Token word = {.text = value ? "true" : "false", .position = token->position};

    return ast_named_option(parse, token, name, ast_constant(parse, &word));
}

AstNode *ast_isolation(Parse *parse, const Token *token, const char *level) {
    Token text = {.text = level, .length = (int) strlen(level), .position = token->position};

    return ast_named_option(parse, token, "isolation_level", ast_string(parse, &text));
}

AstNode *ast_secret_ref(Parse *parse, const Token *token, AstName *name) {
    AstSecretRef *node = ast_new(parse, AST_SECRET_REF, AstSecretRef, token->position);

    node->name = name;
    return &node->base;
}

AstNode *ast_role_word(Parse *parse, const Token *word) {
    static const char *const known[] = {"superuser",   "createdb",  "createrole", "inherit",
                                        "replication", "bypassrls", "login"};
    bool is_negative = strncmp(word->text, "no", 2) == 0;
    const char *name = is_negative ? word->text + 2 : word->text;

    for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
        if (strcmp(known[i], name) == 0)
            return ast_flag_option(parse, word, known[i], !is_negative);
    parse_error_at(parse, word->position, "unrecognized role option \"%s\"", word->text);
    return ast_word_option(parse, word, NULL);
}

/* ---- Functions ---- */

AstNode *ast_function_arg(Parse *parse, const Token *name, AstType *type, AstNode *default_value) {
    AstFunctionArg *argument = ast_new(parse, AST_FUNCTION_ARG, AstFunctionArg,
                                       name != NULL ? name->position : type->base.position);

    argument->name = name != NULL ? name->text : NULL;
    argument->type = type;
    argument->default_value = default_value;
    return &argument->base;
}

AstCreateFunction *ast_function_returns(Parse *parse, AstType *type, AstList *columns) {
    AstCreateFunction *returns = new_statement(parse, AST_CREATE_FUNCTION, AstCreateFunction);

    returns->returns = type;
    returns->returns_table = ast_list_value(columns);
    return returns;
}

AstNode *ast_function_with(Parse *parse, const Token *token, AstList *options) {
    AstRow *row = (AstRow *) ast_row(parse, token, options, false);

    return ast_named_option(parse, token, "with", &row->base);
}

/* ---- ALTER ---- */

AstNode *ast_alter(Parse *parse, AstAlter *alter, AstObjectKind object, bool if_exists,
                   AstName *name) {
    bool is_role = alter->action == AST_ALTER_ROLE_OPTIONS;
    bool is_secret = alter->action == AST_ALTER_SECRET_AS;

    if ((is_role && object != AST_OBJECT_ROLE) || (is_secret && object != AST_OBJECT_SECRET))
        parse_error_at(parse, alter->action_position, "ALTER %s has no such action",
                       ast_object_kind_name(object));
    alter->object = object;
    alter->if_exists = if_exists;
    alter->name = name;
    return &alter->base;
}

AstAlter *ast_alter_action(Parse *parse, const Token *token, AstAlterAction action) {
    AstAlter *alter = new_statement(parse, AST_ALTER, AstAlter);

    alter->action = action;
    alter->action_position = token->position;
    alter->steps = 1;
    return alter;
}

AstAlter *ast_alter_from_scratch(Parse *parse, const Token *token) {
    AstAlter *alter = ast_alter_action(parse, token, AST_ALTER_RESTART);

    alter->is_from_scratch = true;
    return alter;
}

AstAlter *ast_alter_step(Parse *parse, const Token *token, const Token *steps) {
    AstAlter *alter = ast_alter_action(parse, token, AST_ALTER_STEP);

    alter->steps = ast_integer_value(parse, steps, 1);
    return alter;
}

AstAlter *ast_alter_options(Parse *parse, const Token *token, AstAlterAction action,
                            AstList *options) {
    Token first = {.position = options->items[0]->position};
    AstAlter *alter = ast_alter_action(parse, token != NULL ? token : &first, action);

    alter->options = ast_list_value(options);
    return alter;
}

AstAlter *ast_alter_name(Parse *parse, const Token *token, AstAlterAction action,
                         const Token *name) {
    AstAlter *alter = ast_alter_action(parse, token, action);

    alter->new_name = name->text;
    return alter;
}

AstAlter *ast_alter_column(AstAlter *alter, const Token *column_name, AstColumnDef *column,
                           AstNode *value) {
    alter->column_name = column_name != NULL ? column_name->text : NULL;
    alter->column = column;
    alter->value = value;
    return alter;
}

AstAlter *ast_alter_behavior(AstAlter *alter, AstDropBehavior behavior) {
    alter->behavior = behavior;
    return alter;
}

AstAlter *ast_alter_type(Parse *parse, const Token *token, const Token *column, AstType *type) {
    AstAlter *alter = ast_alter_action(parse, token, AST_ALTER_COLUMN_TYPE);

    return ast_alter_column(alter, column, (AstColumnDef *) ast_column_type(parse, column, type),
                            NULL);
}

AstAlter *ast_alter_query(Parse *parse, const Token *token, AstQuery *query, bool is_dry_run) {
    AstAlter *alter = ast_alter_action(parse, token, AST_ALTER_AS);

    alter->query = query;
    alter->is_dry_run = is_dry_run;
    return alter;
}

AstAlter *ast_alter_secret(Parse *parse, const Token *token, const Token *value) {
    AstAlter *alter = ast_alter_action(parse, token, AST_ALTER_SECRET_AS);

    alter->value = ast_string(parse, value);
    return alter;
}

AstAlter *ast_alter_target(Parse *parse, const Token *token, AstAlterAction action,
                           AstName *target) {
    AstAlter *alter = ast_alter_action(parse, token, action);

    alter->target = target;
    return alter;
}

/* ---- DROP, COMMENT, TRUNCATE ---- */

AstNode *ast_drop(Parse *parse, AstObjectKind object, bool if_exists, AstList *names,
                  AstDropBehavior behavior) {
    AstDrop *node = new_statement(parse, AST_DROP, AstDrop);

    node->object = object;
    node->if_exists = if_exists;
    node->names = ast_list_value(names);
    node->behavior = behavior;
    return &node->base;
}

AstNode *ast_comment(Parse *parse, AstObjectKind object, AstName *name, const Token *text) {
    AstComment *node = new_statement(parse, AST_COMMENT, AstComment);

    node->object = object;
    node->name = name;
    node->text = text->text;
    return &node->base;
}

AstNode *ast_comment_column(Parse *parse, AstList *parts, const Token *text) {
    const AstIdentifier *column = (const AstIdentifier *) parts->items[parts->count - 1];
    AstComment *node = NULL;

    if (parts->count < 2) {
        parse_error_at(parse, column->base.position, "column name must be qualified");
        parts->count++;
    }
    parts->count--;
    node = (AstComment *) ast_comment(parse, AST_OBJECT_COLUMN, ast_name(parse, parts), text);
    node->column = column->text;
    return &node->base;
}

AstNode *ast_truncate(Parse *parse, AstList *names, AstDropBehavior behavior) {
    AstTruncate *node = new_statement(parse, AST_TRUNCATE, AstTruncate);

    node->names = ast_list_value(names);
    node->behavior = behavior;
    return &node->base;
}
