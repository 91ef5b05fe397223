/* Grammar, second half: definitions, data, settings, transactions, cursors. Appended to grammar.y,
 * whose laws hold here too. */

/* ==== Definitions ==== */

%type or_replace {bool}
or_replace(A) ::= . { A = false; }
or_replace(A) ::= OR REPLACE. { A = true; }
%type if_not_exists {bool}
if_not_exists(A) ::= . { A = false; }
if_not_exists(A) ::= IF_NOT_EXISTS. { A = true; }
%type if_exists {bool}
if_exists(A) ::= . { A = false; }
if_exists(A) ::= IF_EXISTS. { A = true; }

/* A kind of object, as AstObjectKind. */
%type object_kind {AstObjectKind}
object_kind(A) ::= SOURCE|SINK|STREAM|TABLE|VIEW|SECRET|ROLE|USER|FUNCTION|CONNECTION|SCHEMA(T).
    { A = ast_object_kind(&T); }
object_kind(A) ::= MATERIALIZED VIEW. { A = AST_OBJECT_STREAM; }

definition(A) ::= CREATE or_replace(R) SOURCE if_not_exists(I) qname(N) LP source_items(L) RP
                  with_options(O).
    { A = ast_create_source(parse, ast_create_flags(R, I), N, L, O); }
definition(A) ::= CREATE or_replace(R) SINK if_not_exists(I) qname(N) table_items_opt(L)
                  with_options(O).
    { A = ast_create_sink(parse, ast_create_flags(R, I), N, L, O); }
definition(A) ::= CREATE or_replace(R) STREAM if_not_exists(I) qname(N) stream_clauses(C)
                  AS query(Q).
    { A = ast_create_stream(parse, ast_create_flags(R, I), N, C, Q); }
definition(A) ::= CREATE or_replace(R) MATERIALIZED VIEW if_not_exists(I) qname(N) columns_opt(L)
                  with_options(O) AS query(Q) with_data(D).
    { A = ast_create_materialized_view(ast_create_stream(parse, ast_create_flags(R, I), N, NULL, Q),
                                       L, O, D); }
definition(A) ::= CREATE or_replace(R) temporary(T) TABLE if_not_exists(I) qname(N)
                  LP table_items(L) RP with_options(O).
    { A = ast_create_table(parse, ast_create_flags(R, I), N, L, O, T); }
definition(A) ::= CREATE or_replace(R) temporary(T) TABLE if_not_exists(I) qname(N) columns_opt(L)
                  with_options(O) AS query(Q) with_data(D).
    { A = ast_create_table_as(ast_create_table(parse, ast_create_flags(R, I), N, L, O, T), Q, D); }
definition(A) ::= CREATE or_replace(R) temporary(T) VIEW if_not_exists(I) qname(N) columns_opt(L)
                  AS query(Q).
    { A = ast_create_view(parse, ast_create_flags(R, I), T, N, L, Q); }
definition(A) ::= CREATE or_replace(R) SECRET if_not_exists(I) qname(N) AS STRING(S).
    { A = ast_create_secret(parse, ast_create_flags(R, I), N, &S); }
definition(A) ::= CREATE or_replace(R) ROLE|USER(T) if_not_exists(I) qname(N) role_options(O).
    { A = ast_create_role(parse, ast_create_flags(R, I), &T, N, O); }
definition(A) ::= CREATE or_replace(R) ROLE|USER(T) if_not_exists(I) qname(N) WITH role_options(O).
    { A = ast_create_role(parse, ast_create_flags(R, I), &T, N, O); }
definition(A) ::= CREATE or_replace(R) CONNECTION if_not_exists(I) qname(N) with_options(O).
    { A = ast_create_connection(parse, ast_create_flags(R, I), N, O); }
definition(A) ::= CREATE or_replace(R) SCHEMA if_not_exists(I) qname(N).
    { A = ast_create_schema(parse, ast_create_flags(R, I), N, NULL); }
definition(A) ::= CREATE or_replace(R) SCHEMA if_not_exists(I) qname(N) AUTHORIZATION ID(T).
    { A = ast_create_schema(parse, ast_create_flags(R, I), N, &T); }
definition(A) ::= CREATE or_replace(R) FUNCTION if_not_exists(I) qname(N) LP function_args_opt(L) RP
                  function_returns(T) function_options(O).
    { A = ast_create_function(parse, ast_create_flags(R, I), N, L, T, O); }

%type temporary {bool}
temporary(A) ::= . { A = false; }
temporary(A) ::= TEMP|TEMPORARY. { A = true; }
/* WITH NO DATA */
%type with_data {bool}
with_data(A) ::= . { A = true; }
with_data(A) ::= WITH DATA. { A = true; }
with_data(A) ::= WITH NO DATA. { A = false; }

/* ---- Columns ---- */

%type source_items {AstList *}
source_items(A) ::= source_item(I). { A = ast_list(parse, NULL, I); }
source_items(A) ::= source_items(A) COMMA source_item(I). { A = ast_list(parse, A, I); }
source_item(A) ::= table_item(I). { A = I; }
source_item(A) ::= ID(N) AS LP expr(E) RP. { A = ast_column_computed(parse, &N, E); }
source_item(A) ::= WATERMARK_FOR(T) FOR ID(N) AS expr(E) idle_after(I).
    { A = ast_watermark_def(parse, &T, &N, E, I); }
idle_after(A) ::= . { A = NULL; }
idle_after(A) ::= IDLE AFTER expr(E). { A = E; }

%type table_items_opt {AstList *}
table_items_opt(A) ::= . { A = NULL; }
table_items_opt(A) ::= LP table_items(L) RP. { A = L; }
%type table_items {AstList *}
table_items(A) ::= table_item(I). { A = ast_list(parse, NULL, I); }
table_items(A) ::= table_items(A) COMMA table_item(I). { A = ast_list(parse, A, I); }
table_item(A) ::= column_def(D). { A = (AstNode *) D; }
table_item(A) ::= PRIMARY(T) KEY LP column_list(L) RP. { A = ast_key_def(parse, &T, L, true); }
table_item(A) ::= UNIQUE(T) LP column_list(L) RP. { A = ast_key_def(parse, &T, L, false); }

%type column_def {AstColumnDef *}
column_def(A) ::= ID(N) type(T). { A = (AstColumnDef *) ast_column_type(parse, &N, T); }
column_def(A) ::= column_def(A) NOT NULL. { A->is_not_null = true; }
column_def(A) ::= column_def(A) NULL. { A->is_not_null = false; }
column_def(A) ::= column_def(A) PRIMARY KEY. { A->is_primary_key = true; }
column_def(A) ::= column_def(A) UNIQUE. { A->is_unique = true; }
column_def(A) ::= column_def(A) DEFAULT bexpr(E). { A->default_value = E; }
column_def(A) ::= column_def(A) COLLATE qname(N). { A->collation = N; }
column_def(A) ::= column_def(A) FROM STRING(S). { ast_column_path(A, &S); }
column_def(A) ::= column_def(A) METADATA. { A->origin = AST_COLUMN_METADATA; }

/* ---- Clauses of CREATE STREAM, in any order ---- */

%type stream_clauses {AstCreateStream *}
stream_clauses(A) ::= . { A = ast_stream_clauses(parse); }
stream_clauses(A) ::= stream_clauses(A) INTO(T) qname_list(L). { ast_stream_into(parse, A, &T, L); }
stream_clauses(A) ::= stream_clauses(A) OUTPUT(T) MODE APPEND|UPDATE|COMPLETE(M).
    { ast_stream_output_mode(parse, A, &T, &M); }
stream_clauses(A) ::= stream_clauses(A) TRIGGER(T) EVERY bexpr(E).
    { ast_stream_trigger(parse, A, &T, AST_TRIGGER_EVERY, E); }
stream_clauses(A) ::= stream_clauses(A) TRIGGER(T) AVAILABLE NOW.
    { ast_stream_trigger(parse, A, &T, AST_TRIGGER_AVAILABLE_NOW, NULL); }
stream_clauses(A) ::= stream_clauses(A) TRIGGER(T) ONCE.
    { ast_stream_trigger(parse, A, &T, AST_TRIGGER_ONCE, NULL); }
stream_clauses(A) ::= stream_clauses(A) TRIGGER(T) MANUAL.
    { ast_stream_trigger(parse, A, &T, AST_TRIGGER_MANUAL, NULL); }
stream_clauses(A) ::= stream_clauses(A) LATE(T) ROWS DROP. { ast_stream_late(parse, A, &T, NULL); }
stream_clauses(A) ::= stream_clauses(A) LATE(T) ROWS INTO qname(N).
    { ast_stream_late(parse, A, &T, N); }
stream_clauses(A) ::= stream_clauses(A) WITH(T) LP options(O) RP.
    { ast_stream_with(parse, A, &T, O); }

/* ---- Options: WITH (name = value, …) ---- */

%type with_options {AstList *}
with_options(A) ::= . { A = NULL; }
with_options(A) ::= WITH LP options(L) RP. { A = L; }
%type options {AstList *}
options(A) ::= option(O). { A = ast_list(parse, NULL, O); }
options(A) ::= options(A) COMMA option(O). { A = ast_list(parse, A, O); }
option(A) ::= option_name(N) EQ option_value(V). { A = ast_option(parse, N, V); }
%type option_name {AstList *}
option_name(A) ::= label(T). { A = ast_list_identifier(parse, NULL, &T); }
option_name(A) ::= option_name(A) DOT ID(T). { A = ast_list_identifier(parse, A, &T); }
option_value(A) ::= plain_value(V). { A = V; }
option_value(A) ::= SECRET(T) qname(N). { A = ast_secret_ref(parse, &T, N); }

/* A number, a string, an interval, a bare word (which is a string). */
plain_value(A) ::= number(V). { A = V; }
plain_value(A) ::= STRING(T). { A = ast_string(parse, &T); }
plain_value(A) ::= INTERVAL(T) STRING(S). { A = ast_interval_literal(parse, &T, NULL, &S, NULL); }
plain_value(A) ::= INTERVAL(T) STRING(S) interval_fields(F).
    { A = ast_interval_literal(parse, &T, NULL, &S, F); }
plain_value(A) ::= TRUE|FALSE|NULL(T). { A = ast_constant(parse, &T); }
plain_value(A) ::= ID|ON|BINARY(T). { A = ast_string(parse, &T); }
number(A) ::= INTEGER|DECIMAL(T). { A = ast_number(parse, &T); }
number(A) ::= PLUS INTEGER|DECIMAL(T). { A = ast_number(parse, &T); }
number(A) ::= MINUS(M) INTEGER|DECIMAL(T). { A = ast_minus(parse, &M, ast_number(parse, &T)); }
/* n or -n */
%type integer {int64_t}
integer(A) ::= INTEGER(T). { A = ast_integer_value(parse, &T, 1); }
integer(A) ::= PLUS INTEGER(T). { A = ast_integer_value(parse, &T, 1); }
integer(A) ::= MINUS INTEGER(T). { A = ast_integer_value(parse, &T, -1); }

/* EXPLAIN (…), COPY … (…): the value has no equals sign and may be missing. */
%type word_options {AstList *}
word_options(A) ::= word_option(O). { A = ast_list(parse, NULL, O); }
word_options(A) ::= word_options(A) COMMA word_option(O). { A = ast_list(parse, A, O); }
word_option(A) ::= word(T). { A = ast_word_option(parse, &T, NULL); }
word_option(A) ::= word(T) plain_value(V). { A = ast_word_option(parse, &T, V); }
word_option(A) ::= word(T) STAR(S). { A = ast_word_option(parse, &T, ast_star(parse, &S)); }
word_option(A) ::= word(T) LP(P) column_list(L) RP.
    { A = ast_word_option(parse, &T, ast_row(parse, &P, L, false)); }
%type word {Token}
word(A) ::= ID|ANALYZE|ANALYSE|VERBOSE|NULL(T). { A = T; }

/* ---- Roles and functions ---- */

%type role_options {AstList *}
role_options(A) ::= . { A = NULL; }
role_options(A) ::= role_options(A) role_option(O). { A = ast_list(parse, A, O); }
role_option(A) ::= ID(T). { A = ast_role_word(parse, &T); }
role_option(A) ::= PASSWORD(T) STRING(S). { A = ast_word_option(parse, &T, ast_string(parse, &S)); }
role_option(A) ::= PASSWORD(T) NULL(S). { A = ast_word_option(parse, &T, ast_constant(parse, &S)); }
role_option(A) ::= ENCRYPTED PASSWORD(T) STRING(S).
    { A = ast_word_option(parse, &T, ast_string(parse, &S)); }
role_option(A) ::= CONNECTION(T) LIMIT number(V).
    { A = ast_named_option(parse, &T, "connection_limit", V); }
role_option(A) ::= VALID(T) UNTIL STRING(S).
    { A = ast_named_option(parse, &T, "valid_until", ast_string(parse, &S)); }

%type function_args_opt {AstList *}
function_args_opt(A) ::= . { A = NULL; }
function_args_opt(A) ::= function_args(L). { A = L; }
%type function_args {AstList *}
function_args(A) ::= function_arg(E). { A = ast_list(parse, NULL, E); }
function_args(A) ::= function_args(A) COMMA function_arg(E). { A = ast_list(parse, A, E); }
function_arg(A) ::= type(T) function_default(D). { A = ast_function_arg(parse, NULL, T, D); }
function_arg(A) ::= ID(N) type(T) function_default(D). { A = ast_function_arg(parse, &N, T, D); }
function_default(A) ::= . { A = NULL; }
function_default(A) ::= DEFAULT expr(E). { A = E; }
function_default(A) ::= EQ expr(E). { A = E; }
/* A function that has only what it returns. */
%type function_returns {AstCreateFunction *}
function_returns(A) ::= . { A = NULL; }
function_returns(A) ::= RETURNS type(T). { A = ast_function_returns(parse, T, NULL); }
function_returns(A) ::= RETURNS TABLE LP column_types(L) RP.
    { A = ast_function_returns(parse, NULL, L); }
%type function_options {AstList *}
function_options(A) ::= . { A = NULL; }
function_options(A) ::= function_options(A) function_option(O). { A = ast_list(parse, A, O); }
function_option(A) ::= LANGUAGE(T) ID|STRING(V).
    { A = ast_word_option(parse, &T, ast_string(parse, &V)); }
function_option(A) ::= AS(T) STRING(V). { A = ast_word_option(parse, &T, ast_string(parse, &V)); }
function_option(A) ::= IMMUTABLE|STABLE|VOLATILE(T).
    { A = ast_named_option(parse, &T, "volatility", ast_string(parse, &T)); }
function_option(A) ::= STRICT(T). { A = ast_word_option(parse, &T, NULL); }
function_option(A) ::= PARALLEL(T) ID(V). { A = ast_word_option(parse, &T, ast_string(parse, &V)); }
function_option(A) ::= WITH(T) LP options(O) RP. { A = ast_function_with(parse, &T, O); }

/* ---- ALTER, DROP, COMMENT ---- */

definition(A) ::= ALTER object_kind(K) if_exists(I) qname(N) alter_action(C).
    { A = ast_alter(parse, C, K, I, N); }
%type alter_action {AstAlter *}
alter_action(A) ::= PAUSE(T). { A = ast_alter_action(parse, &T, AST_ALTER_PAUSE); }
alter_action(A) ::= RESUME(T). { A = ast_alter_action(parse, &T, AST_ALTER_RESUME); }
alter_action(A) ::= RESTART(T). { A = ast_alter_action(parse, &T, AST_ALTER_RESTART); }
alter_action(A) ::= RESTART(T) FROM SCRATCH. { A = ast_alter_from_scratch(parse, &T); }
alter_action(A) ::= STEP(T). { A = ast_alter_action(parse, &T, AST_ALTER_STEP); }
alter_action(A) ::= STEP(T) INTEGER(N). { A = ast_alter_step(parse, &T, &N); }
alter_action(A) ::= SET(T) LP options(L) RP.
    { A = ast_alter_options(parse, &T, AST_ALTER_SET_OPTIONS, L); }
alter_action(A) ::= RESET(T) LP word_options(L) RP.
    { A = ast_alter_options(parse, &T, AST_ALTER_RESET_OPTIONS, L); }
alter_action(A) ::= RENAME(T) TO ID(N). { A = ast_alter_name(parse, &T, AST_ALTER_RENAME, &N); }
alter_action(A) ::= RENAME(T) column_word ID(C) TO ID(N).
    { A = ast_alter_column(ast_alter_name(parse, &T, AST_ALTER_RENAME_COLUMN, &N), &C, NULL,
          NULL); }
alter_action(A) ::= AS(T) query(Q). { A = ast_alter_query(parse, &T, Q, false); }
alter_action(A) ::= DRY(T) RUN AS query(Q). { A = ast_alter_query(parse, &T, Q, true); }
alter_action(A) ::= AS(T) STRING(S). { A = ast_alter_secret(parse, &T, &S); }
alter_action(A) ::= ADD(T) SINK qname(N).
    { A = ast_alter_target(parse, &T, AST_ALTER_ADD_SINK, N); }
alter_action(A) ::= DROP(T) SINK qname(N).
    { A = ast_alter_target(parse, &T, AST_ALTER_DROP_SINK, N); }
alter_action(A) ::= ADD(T) column_word if_not_exists column_def(D).
    { A = ast_alter_column(ast_alter_action(parse, &T, AST_ALTER_ADD_COLUMN), NULL, D, NULL); }
alter_action(A) ::= DROP(T) column_word ID(C) behavior(B).
    { A = ast_alter_behavior(ast_alter_column(ast_alter_action(parse, &T, AST_ALTER_DROP_COLUMN),
                                              &C, NULL, NULL), B); }
alter_action(A) ::= ALTER(T) column_word ID(C) SET DEFAULT expr(E).
    { A = ast_alter_column(ast_alter_action(parse, &T, AST_ALTER_SET_DEFAULT), &C, NULL, E); }
alter_action(A) ::= ALTER(T) column_word ID(C) DROP DEFAULT.
    { A = ast_alter_column(ast_alter_action(parse, &T, AST_ALTER_DROP_DEFAULT), &C, NULL, NULL); }
alter_action(A) ::= ALTER(T) column_word ID(C) SET NOT NULL.
    { A = ast_alter_column(ast_alter_action(parse, &T, AST_ALTER_SET_NOT_NULL), &C, NULL, NULL); }
alter_action(A) ::= ALTER(T) column_word ID(C) DROP NOT NULL.
    { A = ast_alter_column(ast_alter_action(parse, &T, AST_ALTER_DROP_NOT_NULL), &C, NULL, NULL); }
alter_action(A) ::= ALTER(T) column_word ID(C) TYPE type(Y).
    { A = ast_alter_type(parse, &T, &C, Y); }
alter_action(A) ::= OWNER(T) TO role_name(N).
    { A = ast_alter_name(parse, &T, AST_ALTER_OWNER, &N); }
alter_action(A) ::= SET(T) SCHEMA ID(N).
    { A = ast_alter_name(parse, &T, AST_ALTER_SET_SCHEMA, &N); }
alter_action(A) ::= WITH(T) role_option(O) role_options(L).
    { A = ast_alter_options(parse, &T, AST_ALTER_ROLE_OPTIONS, ast_list_prepend(parse, O, L)); }
alter_action(A) ::= role_option(O) role_options(L).
    { A = ast_alter_options(parse, NULL, AST_ALTER_ROLE_OPTIONS, ast_list_prepend(parse, O, L)); }
column_word ::= .
column_word ::= COLUMN.
%type role_name {Token}
role_name(A) ::= ID|CURRENT_USER|CURRENT_ROLE|SESSION_USER(T). { A = T; }

definition(A) ::= DROP object_kind(K) qname_list(L) behavior(B).
    { A = ast_drop(parse, K, false, L, B); }
definition(A) ::= DROP object_kind(K) IF_EXISTS qname_list(L) behavior(B).
    { A = ast_drop(parse, K, true, L, B); }
%type behavior {AstDropBehavior}
behavior(A) ::= . { A = AST_BEHAVIOR_DEFAULT; }
behavior(A) ::= CASCADE. { A = AST_BEHAVIOR_CASCADE; }
behavior(A) ::= RESTRICT. { A = AST_BEHAVIOR_RESTRICT; }

definition(A) ::= COMMENT ON object_kind(K) qname(N) IS comment_text(S).
    { A = ast_comment(parse, K, N, &S); }
definition(A) ::= COMMENT ON DATABASE qname(N) IS comment_text(S).
    { A = ast_comment(parse, AST_OBJECT_DATABASE, N, &S); }
definition(A) ::= COMMENT ON COLUMN name_parts(P) IS comment_text(S).
    { A = ast_comment_column(parse, P, &S); }
%type comment_text {Token}
comment_text(A) ::= STRING(T). { A = T; }
comment_text(A) ::= NULL. { A = ast_token_none(); }

definition(A) ::= TRUNCATE table_word qname_list(L) behavior(B). { A = ast_truncate(parse, L, B); }
table_word ::= .
table_word ::= TABLE.

/* ==== Data ==== */

insert(A) ::= with_opt(W) INSERT INTO qname(N) insert_alias(S) insert_body(B) on_conflict(C)
              returning(R).
    { A = ast_insert(ast_insert_into(B, N, &S), W, C, R); }
%type insert_alias {Token}
insert_alias(A) ::= . { A = ast_token_none(); }
insert_alias(A) ::= AS ID(T). { A = T; }
%type insert_body {AstInsert *}
insert_body(A) ::= query(Q). { A = ast_insert_body(parse, NULL, Q); }
insert_body(A) ::= LP column_list(L) RP query(Q). { A = ast_insert_body(parse, L, Q); }
insert_body(A) ::= DEFAULT VALUES. { A = ast_insert_body(parse, NULL, NULL); }
%type on_conflict {AstOnConflict *}
on_conflict(A) ::= . { A = NULL; }
on_conflict(A) ::= ON_CONFLICT(T) columns_opt(L) DO NOTHING.
    { A = ast_on_conflict(parse, &T, L, NULL, NULL); }
on_conflict(A) ::= ON_CONFLICT(T) columns_opt(L) DO UPDATE SET assignments(S) where(W).
    { A = ast_on_conflict(parse, &T, L, S, W); }
%type returning {AstList *}
returning(A) ::= . { A = NULL; }
returning(A) ::= RETURNING targets(L). { A = L; }

update(A) ::= with_opt(W) UPDATE relation(R) alias_opt(L) SET assignments(S) update_from(F)
              where(E) returning(T).
    { A = ast_update(ast_update_set(parse, W, R, L, S), F, E, T); }
%type update_from {AstList *}
update_from(A) ::= . { A = NULL; }
update_from(A) ::= FROM from_list(L). { A = L; }
%type assignments {AstList *}
assignments(A) ::= assignment(S). { A = ast_list(parse, NULL, S); }
assignments(A) ::= assignments(A) COMMA assignment(S). { A = ast_list(parse, A, S); }
assignment(A) ::= ID(N) EQ expr(E).
    { A = ast_assignment(parse, ast_list_identifier(parse, NULL, &N), E); }
assignment(A) ::= LP column_list(L) RP EQ expr(E). { A = ast_assignment(parse, L, E); }

delete(A) ::= with_opt(W) DELETE FROM relation(R) alias_opt(L) delete_using(F) where(E)
              returning(T).
    { A = ast_delete(ast_delete_from(parse, W, R, L), F, E, T); }
%type delete_using {AstList *}
delete_using(A) ::= . { A = NULL; }
delete_using(A) ::= USING from_list(L). { A = L; }

subscribe(A) ::= SUBSCRIBE subscribe_to qname(N) with_options(O).
    { A = ast_subscribe(parse, N, NULL, O); }
subscribe(A) ::= SUBSCRIBE subscribe_to query_parens(Q) with_options(O).
    { A = ast_subscribe(parse, NULL, Q, O); }
subscribe_to ::= .
subscribe_to ::= TO.

other(A) ::= COPY qname(N) columns_opt(C) FROM copy_end(E) copy_options(O) where(W).
    { A = ast_copy_table(ast_copy_options(E, O, W), N, C, true); }
other(A) ::= COPY qname(N) columns_opt(C) TO copy_end(E) copy_options(O).
    { A = ast_copy_table(ast_copy_options(E, O, NULL), N, C, false); }
other(A) ::= COPY LP copy_source(S) RP TO copy_end(E) copy_options(O).
    { A = ast_copy_source(ast_copy_options(E, O, NULL), S); }
copy_source(A) ::= cte_statement(S). { A = S; }
copy_source(A) ::= subscribe(S). { A = S; }
%type copy_end {AstCopy *}
copy_end(A) ::= STDIN|STDOUT. { A = ast_copy(parse, AST_COPY_STDIO, NULL); }
copy_end(A) ::= STRING(T). { A = ast_copy(parse, AST_COPY_FILE, &T); }
copy_end(A) ::= PROGRAM STRING(T). { A = ast_copy(parse, AST_COPY_PROGRAM, &T); }
%type copy_options {AstList *}
copy_options(A) ::= . { A = NULL; }
copy_options(A) ::= with_word LP word_options(L) RP. { A = L; }
copy_options(A) ::= with_word old_options(L). { A = L; }
with_word ::= .
with_word ::= WITH.
%type old_options {AstList *}
old_options(A) ::= old_option(O). { A = ast_list(parse, NULL, O); }
old_options(A) ::= old_options(A) old_option(O). { A = ast_list(parse, A, O); }
old_option(A) ::= CSV|BINARY(T).
    { A = ast_named_option(parse, &T, "format", ast_string(parse, &T)); }
old_option(A) ::= HEADER(T). { A = ast_word_option(parse, &T, NULL); }
old_option(A) ::= DELIMITER|QUOTE|ESCAPE|ENCODING(T) as_word STRING(S).
    { A = ast_word_option(parse, &T, ast_string(parse, &S)); }
old_option(A) ::= NULL(T) as_word STRING(S).
    { A = ast_word_option(parse, &T, ast_string(parse, &S)); }
old_option(A) ::= FORCE(T) QUOTE STAR(S).
    { A = ast_named_option(parse, &T, "force_quote", ast_star(parse, &S)); }
old_option(A) ::= FORCE(T) QUOTE column_list(L).
    { A = ast_named_option(parse, &T, "force_quote", ast_row(parse, &T, L, false)); }
old_option(A) ::= FORCE(T) NOT NULL column_list(L).
    { A = ast_named_option(parse, &T, "force_not_null", ast_row(parse, &T, L, false)); }
old_option(A) ::= FORCE(T) NULL column_list(L).
    { A = ast_named_option(parse, &T, "force_null", ast_row(parse, &T, L, false)); }
as_word ::= .
as_word ::= AS.

/* ==== Looking and testing ==== */

other(A) ::= EXPLAIN explainable(S). { A = ast_explain(parse, NULL, S); }
other(A) ::= EXPLAIN ANALYZE|ANALYSE(T) explainable(S).
    { A = ast_explain(parse, ast_list(parse, NULL, ast_named_option(parse, &T, "analyze", NULL)),
          S); }
other(A) ::= EXPLAIN VERBOSE(V) explainable(S).
    { A = ast_explain(parse, ast_list(parse, NULL, ast_word_option(parse, &V, NULL)), S); }
other(A) ::= EXPLAIN ANALYZE|ANALYSE(T) VERBOSE(V) explainable(S).
    { A = ast_explain(parse, ast_list(parse, ast_list(parse, NULL,
                      ast_named_option(parse, &T, "analyze", NULL)), ast_word_option(parse, &V,
          NULL)), S); }
other(A) ::= EXPLAIN LP word_options(L) RP explainable(S). { A = ast_explain(parse, L, S); }
other(A) ::= EXPLAIN ANALYZE|ANALYSE STREAM qname(N). { A = ast_explain_stream(parse, N, false); }
other(A) ::= EXPLAIN WHY STREAM qname(N). { A = ast_explain_stream(parse, N, true); }
explainable(A) ::= cte_statement(S). { A = S; }
explainable(A) ::= definition(S). { A = S; }
explainable(A) ::= subscribe(S). { A = S; }
explainable(A) ::= declare(S). { A = S; }
explainable(A) ::= execute(S). { A = S; }

other(A) ::= PRINT SOURCE qname(N). { A = ast_print_source(parse, N, NULL); }
other(A) ::= PRINT SOURCE qname(N) LIMIT expr(E). { A = ast_print_source(parse, N, E); }
other(A) ::= WAIT FOR STREAM qname(N). { A = ast_wait(parse, N, NULL); }
other(A) ::= WAIT FOR STREAM qname(N) TIMEOUT expr(E). { A = ast_wait(parse, N, E); }
other(A) ::= FLUSH. { A = ast_wait(parse, NULL, NULL); }
other(A) ::= ASSERT ROWS query_parens(L) EQUAL query_parens(R).
    { A = ast_assert_rows(parse, L, R); }
other(A) ::= ASSERT STREAM qname(N) WATERMARK GE|GT|LE|LT|EQ|NE(T) expr(E).
    { A = ast_assert_stream(parse, N, &T, E); }

/* ==== Settings ==== */

other(A) ::= SET set_rest(S). { A = ast_set_scope(S, AST_SET_SESSION); }
other(A) ::= SET SESSION set_rest(S). { A = ast_set_scope(S, AST_SET_SESSION); }
other(A) ::= SET LOCAL set_rest(S). { A = ast_set_scope(S, AST_SET_LOCAL); }
other(A) ::= ALTER SYSTEM SET set_assignment(S). { A = ast_set_scope(S, AST_SET_SYSTEM); }
other(A) ::= ALTER SYSTEM RESET reset_name(N).
    { A = ast_set_scope(ast_reset(parse, N), AST_SET_SYSTEM); }
other(A) ::= RESET reset_name(N). { A = ast_reset(parse, N); }
other(A) ::= SET TRANSACTION transaction_modes(L). { A = ast_set_transaction(parse, L, false); }
other(A) ::= SET TRANSACTION SNAPSHOT STRING(T). { A = ast_set_snapshot(parse, &T); }
other(A) ::= SET SESSION CHARACTERISTICS AS TRANSACTION transaction_modes(L).
    { A = ast_set_transaction(parse, L, true); }

set_rest(A) ::= set_assignment(S). { A = S; }
set_rest(A) ::= TIME_ZONE set_value(V). { A = ast_set_named(parse, "timezone", V); }
set_rest(A) ::= TIME_ZONE DEFAULT|LOCAL. { A = ast_set_named(parse, "timezone", NULL); }
set_rest(A) ::= NAMES STRING(T).
    { A = ast_set_named(parse, "client_encoding", ast_string(parse, &T)); }
set_rest(A) ::= NAMES DEFAULT. { A = ast_set_named(parse, "client_encoding", NULL); }
set_rest(A) ::= SCHEMA STRING(T).
    { A = ast_set_named(parse, "search_path", ast_string(parse, &T)); }
set_rest(A) ::= ROLE ID|STRING(T). { A = ast_set_named(parse, "role", ast_string(parse, &T)); }
set_rest(A) ::= SESSION AUTHORIZATION ID|STRING(T).
    { A = ast_set_named(parse, "session_authorization", ast_string(parse, &T)); }
set_rest(A) ::= SESSION AUTHORIZATION DEFAULT.
    { A = ast_set_named(parse, "session_authorization", NULL); }
set_assignment(A) ::= setting_name(N) TO|EQ set_values(L). { A = ast_set(parse, N, L); }
set_assignment(A) ::= setting_name(N) TO|EQ DEFAULT. { A = ast_set(parse, N, NULL); }
%type setting_name {AstList *}
setting_name(A) ::= name_parts(P). { A = P; }
%type set_values {AstList *}
set_values(A) ::= set_value(V). { A = ast_list(parse, NULL, V); }
set_values(A) ::= set_values(A) COMMA set_value(V). { A = ast_list(parse, A, V); }
set_value(A) ::= plain_value(V). { A = V; }
/* NULL: ALL */
%type reset_name {AstList *}
reset_name(A) ::= name_parts(P). { A = P; }
reset_name(A) ::= TIME_ZONE(T). { A = ast_list_word(parse, &T, "timezone"); }
reset_name(A) ::= TRANSACTION(T) ISOLATION LEVEL.
    { A = ast_list_word(parse, &T, "transaction_isolation"); }
reset_name(A) ::= SESSION(T) AUTHORIZATION.
    { A = ast_list_word(parse, &T, "session_authorization"); }
reset_name(A) ::= ALL. { A = NULL; }

other(A) ::= SHOW reset_name(N). { A = ast_show(parse, N); }
other(A) ::= SHOW show_kind(K) show_schema(S) show_pattern(P).
    { A = ast_show_objects(parse, K, &S, &P); }
other(A) ::= SHOW CREATE object_kind(K) qname(N). { A = ast_show_create(parse, K, N); }
other(A) ::= DESCRIBE|DESC qname(N). { A = ast_describe(parse, N); }
%type show_kind {AstObjectKind}
show_kind(A) ::= SOURCES|SINKS|STREAMS|TABLES|VIEWS|SECRETS|ROLES|FUNCTIONS|CONNECTIONS|SCHEMAS
                 |DATABASES(T).
    { A = ast_object_kind(&T); }
show_kind(A) ::= MATERIALIZED VIEWS. { A = AST_OBJECT_STREAM; }
show_kind(A) ::= COLUMNS. { A = AST_OBJECT_COLUMN; }
%type show_schema {Token}
show_schema(A) ::= . { A = ast_token_none(); }
show_schema(A) ::= FROM|IN ID(T). { A = T; }
%type show_pattern {Token}
show_pattern(A) ::= . { A = ast_token_none(); }
show_pattern(A) ::= LIKE STRING(T). { A = T; }

/* ==== Transactions ==== */

other(A) ::= BEGIN transaction_word transaction_modes_opt(L).
    { A = ast_transaction(parse, AST_TRANSACTION_BEGIN, L, NULL); }
other(A) ::= START TRANSACTION transaction_modes_opt(L).
    { A = ast_transaction(parse, AST_TRANSACTION_BEGIN, L, NULL); }
other(A) ::= COMMIT|END transaction_word chain(C).
    { A = ast_transaction_chain(parse, AST_TRANSACTION_COMMIT, C); }
other(A) ::= ROLLBACK transaction_word chain(C).
    { A = ast_transaction_chain(parse, AST_TRANSACTION_ROLLBACK, C); }
other(A) ::= ABORT transaction_word chain(C).
    { A = ast_transaction_chain(parse, AST_TRANSACTION_ROLLBACK, C); }
other(A) ::= ROLLBACK transaction_word TO ID(T).
    { A = ast_transaction(parse, AST_TRANSACTION_ROLLBACK_TO, NULL, &T); }
other(A) ::= ROLLBACK transaction_word TO SAVEPOINT ID(T).
    { A = ast_transaction(parse, AST_TRANSACTION_ROLLBACK_TO, NULL, &T); }
other(A) ::= SAVEPOINT ID(T). { A = ast_transaction(parse, AST_TRANSACTION_SAVEPOINT, NULL, &T); }
other(A) ::= RELEASE ID(T). { A = ast_transaction(parse, AST_TRANSACTION_RELEASE, NULL, &T); }
other(A) ::= RELEASE SAVEPOINT ID(T).
    { A = ast_transaction(parse, AST_TRANSACTION_RELEASE, NULL, &T); }
transaction_word ::= .
transaction_word ::= WORK.
transaction_word ::= TRANSACTION.
%type chain {bool}
chain(A) ::= . { A = false; }
chain(A) ::= AND CHAIN. { A = true; }
chain(A) ::= AND NO CHAIN. { A = false; }
%type transaction_modes_opt {AstList *}
transaction_modes_opt(A) ::= . { A = NULL; }
transaction_modes_opt(A) ::= transaction_modes(L). { A = L; }
%type transaction_modes {AstList *}
transaction_modes(A) ::= transaction_mode(M). { A = ast_list(parse, NULL, M); }
transaction_modes(A) ::= transaction_modes(A) transaction_mode(M). { A = ast_list(parse, A, M); }
transaction_modes(A) ::= transaction_modes(A) COMMA transaction_mode(M).
    { A = ast_list(parse, A, M); }
transaction_mode(A) ::= ISOLATION(T) LEVEL SERIALIZABLE.
    { A = ast_isolation(parse, &T, "serializable"); }
transaction_mode(A) ::= ISOLATION(T) LEVEL REPEATABLE READ.
    { A = ast_isolation(parse, &T, "repeatable read"); }
transaction_mode(A) ::= ISOLATION(T) LEVEL READ COMMITTED.
    { A = ast_isolation(parse, &T, "read committed"); }
transaction_mode(A) ::= ISOLATION(T) LEVEL READ UNCOMMITTED.
    { A = ast_isolation(parse, &T, "read uncommitted"); }
transaction_mode(A) ::= READ(T) ONLY. { A = ast_flag_option(parse, &T, "read_only", true); }
transaction_mode(A) ::= READ(T) WRITE. { A = ast_flag_option(parse, &T, "read_only", false); }
transaction_mode(A) ::= DEFERRABLE(T). { A = ast_flag_option(parse, &T, "deferrable", true); }
transaction_mode(A) ::= NOT(T) DEFERRABLE. { A = ast_flag_option(parse, &T, "deferrable", false); }

/* ==== Cursors and prepared statements ==== */

other(A) ::= declare(S). { A = S; }
declare(A) ::= DECLARE ID(T) cursor_options(O) CURSOR cursor_hold(H) FOR cursor_query(Q).
    { A = ast_declare_cursor(parse, &T, O, H, Q); }
cursor_query(A) ::= query(Q). { A = (AstNode *) Q; }
cursor_query(A) ::= subscribe(S). { A = S; }
%type cursor_options {AstDeclareCursor *}
cursor_options(A) ::= . { A = ast_cursor_options(parse); }
cursor_options(A) ::= cursor_options(A) BINARY. { A->is_binary = true; }
cursor_options(A) ::= cursor_options(A) INSENSITIVE.
cursor_options(A) ::= cursor_options(A) SCROLL. { A->scroll = AST_SCROLL_YES; }
cursor_options(A) ::= cursor_options(A) NO SCROLL. { A->scroll = AST_SCROLL_NO; }
%type cursor_hold {bool}
cursor_hold(A) ::= . { A = false; }
cursor_hold(A) ::= WITH HOLD. { A = true; }
cursor_hold(A) ::= WITHOUT HOLD. { A = false; }

other(A) ::= FETCH fetch_what(F). { A = ast_fetch_statement(F, false); }
other(A) ::= MOVE fetch_what(F). { A = ast_fetch_statement(F, true); }
%type fetch_what {AstFetch *}
fetch_what(A) ::= from_word ID(N). { A = ast_fetch(parse, AST_FETCH_FORWARD, 1, &N); }
fetch_what(A) ::= NEXT from_word ID(N). { A = ast_fetch(parse, AST_FETCH_FORWARD, 1, &N); }
fetch_what(A) ::= PRIOR from_word ID(N). { A = ast_fetch(parse, AST_FETCH_BACKWARD, 1, &N); }
fetch_what(A) ::= FIRST from_word ID(N). { A = ast_fetch(parse, AST_FETCH_ABSOLUTE, 1, &N); }
fetch_what(A) ::= LAST from_word ID(N). { A = ast_fetch(parse, AST_FETCH_ABSOLUTE, -1, &N); }
fetch_what(A) ::= ABSOLUTE integer(C) from_word ID(N).
    { A = ast_fetch(parse, AST_FETCH_ABSOLUTE, C, &N); }
fetch_what(A) ::= RELATIVE integer(C) from_word ID(N).
    { A = ast_fetch(parse, AST_FETCH_RELATIVE, C, &N); }
fetch_what(A) ::= integer(C) from_word ID(N). { A = ast_fetch(parse, AST_FETCH_FORWARD, C, &N); }
fetch_what(A) ::= ALL from_word ID(N).
    { A = ast_fetch_all(ast_fetch(parse, AST_FETCH_FORWARD, 0, &N)); }
fetch_what(A) ::= FORWARD from_word ID(N). { A = ast_fetch(parse, AST_FETCH_FORWARD, 1, &N); }
fetch_what(A) ::= FORWARD integer(C) from_word ID(N).
    { A = ast_fetch(parse, AST_FETCH_FORWARD, C, &N); }
fetch_what(A) ::= FORWARD ALL from_word ID(N).
    { A = ast_fetch_all(ast_fetch(parse, AST_FETCH_FORWARD, 0, &N)); }
fetch_what(A) ::= BACKWARD from_word ID(N). { A = ast_fetch(parse, AST_FETCH_BACKWARD, 1, &N); }
fetch_what(A) ::= BACKWARD integer(C) from_word ID(N).
    { A = ast_fetch(parse, AST_FETCH_BACKWARD, C, &N); }
fetch_what(A) ::= BACKWARD ALL from_word ID(N).
    { A = ast_fetch_all(ast_fetch(parse, AST_FETCH_BACKWARD, 0, &N)); }
from_word ::= .
from_word ::= FROM.
from_word ::= IN.

other(A) ::= CLOSE ID(T). { A = ast_close_cursor(parse, &T); }
other(A) ::= CLOSE ALL. { A = ast_close_cursor(parse, NULL); }
other(A) ::= PREPARE ID(T) type_list_opt(L) AS preparable(S). { A = ast_prepare(parse, &T, L, S); }
preparable(A) ::= cte_statement(S). { A = S; }
preparable(A) ::= subscribe(S). { A = S; }
%type type_list_opt {AstList *}
type_list_opt(A) ::= . { A = NULL; }
type_list_opt(A) ::= LP type_list(L) RP. { A = L; }
%type type_list {AstList *}
type_list(A) ::= type(T). { A = ast_list(parse, NULL, T); }
type_list(A) ::= type_list(A) COMMA type(T). { A = ast_list(parse, A, T); }
other(A) ::= execute(S). { A = S; }
execute(A) ::= EXECUTE ID(T). { A = ast_execute(parse, &T, NULL); }
execute(A) ::= EXECUTE ID(T) LP expr_list(L) RP. { A = ast_execute(parse, &T, L); }
other(A) ::= DEALLOCATE ID(T). { A = ast_deallocate(parse, &T); }
other(A) ::= DEALLOCATE PREPARE ID(T). { A = ast_deallocate(parse, &T); }
other(A) ::= DEALLOCATE ALL. { A = ast_deallocate(parse, NULL); }
other(A) ::= DEALLOCATE PREPARE ALL. { A = ast_deallocate(parse, NULL); }

/* ==== Session ==== */

other(A) ::= DISCARD ALL. { A = ast_discard(parse, AST_DISCARD_ALL); }
other(A) ::= DISCARD PLANS. { A = ast_discard(parse, AST_DISCARD_PLANS); }
other(A) ::= DISCARD SEQUENCES. { A = ast_discard(parse, AST_DISCARD_SEQUENCES); }
other(A) ::= DISCARD TEMP|TEMPORARY. { A = ast_discard(parse, AST_DISCARD_TEMP); }
other(A) ::= LISTEN ID(T). { A = ast_notify(parse, AST_LISTEN, &T, NULL); }
other(A) ::= UNLISTEN ID(T). { A = ast_notify(parse, AST_UNLISTEN, &T, NULL); }
other(A) ::= UNLISTEN STAR. { A = ast_notify(parse, AST_UNLISTEN, NULL, NULL); }
other(A) ::= NOTIFY ID(T). { A = ast_notify(parse, AST_NOTIFY_SEND, &T, NULL); }
other(A) ::= NOTIFY ID(T) COMMA STRING(S). { A = ast_notify(parse, AST_NOTIFY_SEND, &T, &S); }
other(A) ::= CHECKPOINT. { A = ast_checkpoint(parse); }

%code {
#include "parser/grammar_run.h"

_Static_assert(sizeof(yyParser) <= GRAMMAR_RUN_BYTES, "the parser's stack fits a run");

void grammar_run_init(GrammarRun *run, Parse *parse) {
    sql_grammarInit(run->parser, parse);
}

void grammar_run_feed(GrammarRun *run, int kind, Token token) {
    sql_grammar(run->parser, kind, token);
}

void grammar_run_done(GrammarRun *run) {
    sql_grammarFinalize(run->parser);
}
}
