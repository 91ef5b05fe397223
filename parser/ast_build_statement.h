/* AST constructors of definitions (ast_build_ddl.c) and other statements (ast_build_statement.c).
 * The rules are those of ast_build.h. Private to parser/. */
#pragma once

#include "parser/ast_build.h"

/* ---- Definitions ---- */

AstObjectKind ast_object_kind(const Token *token);
AstCreateFlags ast_create_flags(bool or_replace, bool if_not_exists);
AstNode *ast_create_source(Parse *parse, AstCreateFlags flags, AstName *name, AstList *items,
                           AstList *options);
AstNode *ast_create_sink(Parse *parse, AstCreateFlags flags, AstName *name, AstList *items,
                         AstList *options);
/* `clauses` is a stream that has only its clauses; NULL: none. */
AstNode *ast_create_stream(Parse *parse, AstCreateFlags flags, AstName *name,
                           AstCreateStream *clauses, AstQuery *query);
AstNode *ast_create_materialized_view(AstNode *stream, AstList *columns, AstList *options,
                                      bool with_data);
AstNode *ast_create_table(Parse *parse, AstCreateFlags flags, AstName *name, AstList *items,
                          AstList *options, bool is_temporary);
AstNode *ast_create_table_as(AstNode *table, AstQuery *query, bool with_data);
AstNode *ast_create_view(Parse *parse, AstCreateFlags flags, bool is_temporary, AstName *name,
                         AstList *columns, AstQuery *query);
AstNode *ast_create_secret(Parse *parse, AstCreateFlags flags, AstName *name, const Token *value);
AstNode *ast_create_role(Parse *parse, AstCreateFlags flags, const Token *word, AstName *name,
                         AstList *options);
AstNode *ast_create_connection(Parse *parse, AstCreateFlags flags, AstName *name, AstList *options);
AstNode *ast_create_schema(Parse *parse, AstCreateFlags flags, AstName *name, const Token *owner);
AstNode *ast_create_function(Parse *parse, AstCreateFlags flags, AstName *name, AstList *arguments,
                             const AstCreateFunction *returns, AstList *options);

AstNode *ast_column_type(Parse *parse, const Token *name, AstType *type);
AstNode *ast_column_computed(Parse *parse, const Token *name, AstNode *expression);
void ast_column_path(AstColumnDef *column, const Token *path);
AstNode *ast_watermark_def(Parse *parse, const Token *token, const Token *column,
                           AstNode *expression, AstNode *idle_after);
AstNode *ast_key_def(Parse *parse, const Token *token, AstList *columns, bool is_primary);

AstCreateStream *ast_stream_clauses(Parse *parse);
void ast_stream_into(Parse *parse, AstCreateStream *stream, const Token *token, AstList *sinks);
void ast_stream_output_mode(Parse *parse, AstCreateStream *stream, const Token *token,
                            const Token *mode);
void ast_stream_trigger(Parse *parse, AstCreateStream *stream, const Token *token,
                        AstTrigger trigger, AstNode *interval);
void ast_stream_late(Parse *parse, AstCreateStream *stream, const Token *token, AstName *sink);
void ast_stream_with(Parse *parse, AstCreateStream *stream, const Token *token, AstList *options);

AstNode *ast_option(Parse *parse, const AstList *name, AstNode *value);
AstNode *ast_word_option(Parse *parse, const Token *word, AstNode *value);
AstNode *ast_named_option(Parse *parse, const Token *token, const char *name, AstNode *value);
AstNode *ast_flag_option(Parse *parse, const Token *token, const char *name, bool value);
AstNode *ast_isolation(Parse *parse, const Token *token, const char *level);
AstNode *ast_secret_ref(Parse *parse, const Token *token, AstName *name);
AstNode *ast_role_word(Parse *parse, const Token *word);
AstNode *ast_function_arg(Parse *parse, const Token *name, AstType *type, AstNode *default_value);
AstCreateFunction *ast_function_returns(Parse *parse, AstType *type, AstList *columns);
AstNode *ast_function_with(Parse *parse, const Token *token, AstList *options);

AstNode *ast_alter(Parse *parse, AstAlter *alter, AstObjectKind object, bool if_exists,
                   AstName *name);
AstAlter *ast_alter_action(Parse *parse, const Token *token, AstAlterAction action);
AstAlter *ast_alter_from_scratch(Parse *parse, const Token *token);
AstAlter *ast_alter_step(Parse *parse, const Token *token, const Token *steps);
AstAlter *ast_alter_options(Parse *parse, const Token *token, AstAlterAction action,
                            AstList *options);
AstAlter *ast_alter_name(Parse *parse, const Token *token, AstAlterAction action,
                         const Token *name);
AstAlter *ast_alter_column(AstAlter *alter, const Token *column_name, AstColumnDef *column,
                           AstNode *value);
AstAlter *ast_alter_behavior(AstAlter *alter, AstDropBehavior behavior);
AstAlter *ast_alter_type(Parse *parse, const Token *token, const Token *column, AstType *type);
AstAlter *ast_alter_query(Parse *parse, const Token *token, AstQuery *query, bool is_dry_run);
AstAlter *ast_alter_secret(Parse *parse, const Token *token, const Token *value);
AstAlter *ast_alter_target(Parse *parse, const Token *token, AstAlterAction action,
                           AstName *target);
AstNode *ast_drop(Parse *parse, AstObjectKind object, bool if_exists, AstList *names,
                  AstDropBehavior behavior);
AstNode *ast_comment(Parse *parse, AstObjectKind object, AstName *name, const Token *text);
AstNode *ast_comment_column(Parse *parse, AstList *parts, const Token *text);
AstNode *ast_truncate(Parse *parse, AstList *names, AstDropBehavior behavior);

/* ---- Data ---- */

AstInsert *ast_insert_body(Parse *parse, AstList *columns, AstQuery *query);
AstInsert *ast_insert_into(AstInsert *insert, AstName *name, const Token *alias);
AstNode *ast_insert(AstInsert *insert, AstWith *with, AstOnConflict *on_conflict,
                    AstList *returning);
AstOnConflict *ast_on_conflict(Parse *parse, const Token *token, AstList *columns,
                               AstList *assignments, AstNode *where);
AstUpdate *ast_update_set(Parse *parse, AstWith *with, AstTableRef *table, AstAlias *alias,
                          AstList *assignments);
AstNode *ast_update(AstUpdate *update, AstList *from, AstNode *where, AstList *returning);
AstDelete *ast_delete_from(Parse *parse, AstWith *with, AstTableRef *table, AstAlias *alias);
AstNode *ast_delete(AstDelete *node, AstList *from, AstNode *where, AstList *returning);
AstNode *ast_assignment(Parse *parse, AstList *columns, AstNode *value);
AstNode *ast_subscribe(Parse *parse, AstName *name, AstQuery *query, AstList *options);
AstCopy *ast_copy(Parse *parse, AstCopyEnd end, const Token *file);
AstCopy *ast_copy_options(AstCopy *copy, AstList *options, AstNode *where);
AstNode *ast_copy_table(AstCopy *copy, AstName *name, AstList *columns, bool is_from);
AstNode *ast_copy_source(AstCopy *copy, AstNode *source);

/* ---- The rest ---- */

AstNode *ast_explain(Parse *parse, AstList *options, AstNode *statement);
AstNode *ast_explain_stream(Parse *parse, AstName *name, bool is_why);
AstNode *ast_print_source(Parse *parse, AstName *name, AstNode *limit);
AstNode *ast_wait(Parse *parse, AstName *name, AstNode *timeout);
AstNode *ast_assert_rows(Parse *parse, AstQuery *actual, AstQuery *expected);
AstNode *ast_assert_stream(Parse *parse, AstName *name, const Token *op, AstNode *value);

AstNode *ast_set(Parse *parse, AstList *name, AstList *values);
AstNode *ast_set_named(Parse *parse, const char *name, AstNode *value);
AstNode *ast_set_scope(AstNode *set, AstSetScope scope);
AstNode *ast_reset(Parse *parse, AstList *name);
AstNode *ast_set_transaction(Parse *parse, AstList *modes, bool is_session_default);
AstNode *ast_set_snapshot(Parse *parse, const Token *snapshot);
AstNode *ast_show(Parse *parse, AstList *name);
AstNode *ast_show_objects(Parse *parse, AstObjectKind object, const Token *schema,
                          const Token *pattern);
AstNode *ast_show_create(Parse *parse, AstObjectKind object, AstName *name);
AstNode *ast_describe(Parse *parse, AstName *name);

AstNode *ast_transaction(Parse *parse, AstTransactionAction action, AstList *modes,
                         const Token *savepoint);
AstNode *ast_transaction_chain(Parse *parse, AstTransactionAction action, bool and_chain);
AstDeclareCursor *ast_cursor_options(Parse *parse);
AstNode *ast_declare_cursor(Parse *parse, const Token *name, AstDeclareCursor *cursor,
                            bool with_hold, AstNode *query);
AstFetch *ast_fetch(Parse *parse, AstFetchDirection direction, int64_t count, const Token *cursor);
AstFetch *ast_fetch_all(AstFetch *fetch);
AstNode *ast_fetch_statement(AstFetch *fetch, bool is_move);
AstNode *ast_close_cursor(Parse *parse, const Token *name);
AstNode *ast_prepare(Parse *parse, const Token *name, AstList *types, AstNode *statement);
AstNode *ast_execute(Parse *parse, const Token *name, AstList *arguments);
AstNode *ast_deallocate(Parse *parse, const Token *name);
AstNode *ast_discard(Parse *parse, AstDiscardTarget target);
AstNode *ast_notify(Parse *parse, AstNotifyAction action, const Token *channel,
                    const Token *payload);
AstNode *ast_checkpoint(Parse *parse);
