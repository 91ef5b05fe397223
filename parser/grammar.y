/* Grammar of millrace's SQL, for Lemon: PostgreSQL's SELECT and session statements, and the
 * statements of streams.
 *
 * Laws. 1. No conflicts: the build fails on one. 2. An action is one constructor call
 * (ast_build.h); meaning belongs to the planner. 3. What needs a look ahead of more than one token
 * is settled before: lookahead.c makes one token of several words (NOT IN, WITH TIME ZONE, …) and
 * demotes words that are names where they stand. 4. An unreserved word is in %fallback; one that
 * may follow an optional alias is a token only when lookahead.c has made sure of it. */

%name sql_grammar
%token_prefix TK_
%token_type {Token}
%default_type {AstNode *}
%extra_context {Parse *parse}
%start_symbol input
%stack_size 4000

%include {
#include "parser/ast_build_statement.h"

#include <assert.h>
#include <string.h>

#define YYNOERRORRECOVERY 1
}
%syntax_error { parse_syntax_error(parse, yymajor == 0); (void) TOKEN; }
%stack_overflow { parse_too_deep(parse); }

/* Made by the lexer, wanted by no rule. */
%token SEMI ILLEGAL COLLATION CONCURRENTLY FREEZE TABLESAMPLE.

/* Precedence, lowest first: PostgreSQL's. */
%left UNION EXCEPT.
%left INTERSECT.
%left OR.
%left AND.
%right NOT.
%nonassoc IS ISNULL NOTNULL.
%nonassoc LT GT EQ LE GE NE.
%nonassoc BETWEEN NOT_BETWEEN IN NOT_IN LIKE NOT_LIKE ILIKE NOT_ILIKE SIMILAR_TO NOT_SIMILAR_TO.
%nonassoc ESCAPE.
%left OP OPERATOR.
%left PLUS MINUS.
%left STAR SLASH PERCENT.
%left CARET.
%left AT_TIME_ZONE.
%left COLLATE.
%right UMINUS.
%left LB RB.
%left LP RP.
%left TYPECAST.
%left DOT DOT_STAR.
%left JOIN CROSS LEFT FULL RIGHT INNER NATURAL ASOF.

/* Unreserved words: a name wherever the word itself cannot stand. */
%fallback ID
    ABORT ABSOLUTE ADD AFTER ALTER APPEND ASSERT AVAILABLE BACKWARD
    BEGIN BY CASCADE CHAIN CHARACTERISTICS CHECKPOINT CLOSE COLUMNS COMMENT COMMIT
    COMMITTED COMPLETE CONNECTION CONNECTIONS COPY CSV CUBE CURSOR DATA DATABASE
    DATABASES DAY DEALLOCATE DECLARE DELAY DELETE DELIMITER DESCRIBE DISCARD DOUBLE
    DROP DRY ENCODING ENCRYPTED EQUAL ESCAPE EVERY EXCLUDE EXECUTE EXPLAIN FIRST FLUSH FOLLOWING
    FORCE
    FORWARD FUNCTION FUNCTIONS GROUPS HEADER HOLD HOUR IDLE IMMUTABLE INSENSITIVE INSERT ISOLATION
    KEY LANGUAGE LAST LATE LEVEL LISTEN LOCAL LOCKED MANUAL MATERIALIZED METADATA MINUTE MODE MONTH
    MOVE NAMES NEXT NO NOTHING NOTIFY NOW NOWAIT NULLS OF OFF ONCE ORDINALITY OTHERS OUTPUT OWNER
    PARALLEL PASSWORD PAUSE PLANS PRECEDING PREPARE PREPARED PRINT PRIOR PROGRAM QUOTE RANGE READ
    RECURSIVE RELATIVE RELEASE RENAME REPEATABLE REPLACE RESET RESTART RESTRICT RESUME RETURNS
    ROLE ROLES ROLLBACK ROLLUP ROW ROWS RUN SAVEPOINT SCHEMA SCHEMAS SCRATCH SCROLL SECOND SECRET
    SECRETS SEQUENCES SERIALIZABLE SESSION SET SETOF SHARE SHOW SINK SINKS SKIP SNAPSHOT SOURCE
    SOURCES STABLE START STDIN STDOUT STEP STREAM STREAMS STRICT SUBSCRIBE SYSTEM TABLES TEMP
    TEMPORARY TIES TIMEOUT TRANSACTION TRIGGER TRUNCATE TYPE UNCOMMITTED UNKNOWN UNLISTEN UNTIL
    UPDATE VALID VALUES VIEW VIEWS VOLATILE WAIT WATERMARK WHY WITHOUT WORK WRITE YEAR WINDOW_TVF
    ROW_CONSTRUCTOR COALESCE EXISTS EXTRACT GREATEST LEAST NULLIF OVERLAY POSITION SUBSTRING TRIM
    TRY_CAST INTERVAL.

/* Reserved words and those that name functions only: labels after AS. */
%token_class label_word
    ALL|ANALYSE|ANALYZE|AND|ANY|ARRAY|AS|ASC|ASYMMETRIC|AUTHORIZATION|BOTH|CASE|CAST|CHECK|COLLATE
    |COLUMN|CONSTRAINT|CREATE|CROSS|CURRENT_CATALOG|CURRENT_DATE|CURRENT_ROLE|CURRENT_SCHEMA
    |CURRENT_TIME|CURRENT_TIMESTAMP|CURRENT_USER|DEFAULT|DEFERRABLE|DESC|DISTINCT|DO|ELSE|END
    |EXCEPT|FALSE|FETCH|FOR|FOREIGN|FROM|FULL|GRANT|GROUP|HAVING|ILIKE|IN|INITIALLY|INNER
    |INTERSECT|INTO|IS|ISNULL|JOIN|LATERAL|LEADING|LEFT|LIKE|LIMIT|LOCALTIME|LOCALTIMESTAMP
    |NATURAL|NOT|NOTNULL|NULL|OFFSET|ON|ONLY|OR|ORDER|OUTER|OVERLAPS|PLACING|PRIMARY|REFERENCES
    |RETURNING|RIGHT|SELECT|SESSION_USER|SIMILAR|SOME|SYMMETRIC|TABLE|THEN|TO|TRAILING|TRUE|UNION
    |UNIQUE|USER|USING|VARIADIC|VERBOSE|WHEN|WHERE|WITH|BETWEEN|BINARY.

/* Lemon makes a symbol of each list of alternatives, so lists that meet in one state are
 * classes. */
%token_class sum_op PLUS|MINUS.
%token_class product_op STAR|SLASH|PERCENT.
%token_class compare_op LT|GT|EQ|LE|GE|NE.
%token_class like_op LIKE|NOT_LIKE|ILIKE|NOT_ILIKE.
%token_class similar_op SIMILAR_TO|NOT_SIMILAR_TO.
%token_class in_op IN|NOT_IN.
%token_class interval_field YEAR|MONTH|DAY|HOUR|MINUTE.
%token_class any_word ANY|SOME|ALL.

/* ==== Entry ==== */

input ::= statement(S). { parse->result = S; }

statement(A) ::= query(Q). { A = (AstNode *) Q; }
statement(A) ::= definition(D). { A = D; }
statement(A) ::= insert(D). { A = D; }
statement(A) ::= update(D). { A = D; }
statement(A) ::= delete(D). { A = D; }
statement(A) ::= subscribe(D). { A = D; }
statement(A) ::= other(D). { A = D; }

/* ==== Names ==== */

%type label {Token}
label(A) ::= ID(T). { A = T; }
label(A) ::= label_word(T). { A = T; }

%type name_parts {AstList *}
name_parts(A) ::= ID(T). { A = ast_list_identifier(parse, NULL, &T); }
name_parts(A) ::= name_parts(A) DOT ID(T). { A = ast_list_identifier(parse, A, &T); }

%type qname {AstName *}
qname(A) ::= name_parts(P). { A = ast_name(parse, P); }

%type qname_list {AstList *}
qname_list(A) ::= qname(N). { A = ast_list(parse, NULL, N); }
qname_list(A) ::= qname_list(A) COMMA qname(N). { A = ast_list(parse, A, N); }

%type column_list {AstList *}
column_list(A) ::= ID(T). { A = ast_list_identifier(parse, NULL, &T); }
column_list(A) ::= column_list(A) COMMA ID(T). { A = ast_list_identifier(parse, A, &T); }

%type columns_opt {AstList *}
columns_opt(A) ::= . { A = NULL; }
columns_opt(A) ::= LP column_list(L) RP. { A = L; }

/* ==== Types ==== */

%type type {AstType *}
type(A) ::= simple_type(T) array_bounds(D). { A = ast_type_array(T, D); }
type(A) ::= SETOF simple_type(T) array_bounds(D). { A = ast_type_setof(ast_type_array(T, D)); }
type(A) ::= simple_type(T) ARRAY. { A = ast_type_array(T, 1); }
type(A) ::= simple_type(T) ARRAY LB INTEGER RB. { A = ast_type_array(T, 1); }

%type array_bounds {int}
array_bounds(A) ::= . { A = 0; }
array_bounds(A) ::= array_bounds(B) LB RB. { A = B + 1; }
array_bounds(A) ::= array_bounds(B) LB INTEGER RB. { A = B + 1; }

%type simple_type {AstType *}
simple_type(A) ::= name_parts(N). { A = ast_type(parse, N, NULL, NULL); }
simple_type(A) ::= name_parts(N) time_zone(Z). { A = ast_type(parse, N, NULL, &Z); }
simple_type(A) ::= name_parts(N) LP expr_list(M) RP. { A = ast_type(parse, N, M, NULL); }
simple_type(A) ::= name_parts(N) LP expr_list(M) RP time_zone(Z). { A = ast_type(parse, N, M, &Z); }
simple_type(A) ::= INTERVAL(T) interval_fields(F). { A = ast_type_interval(parse, &T, NULL, F); }
simple_type(A) ::= ROW_CONSTRUCTOR(T) LP column_types(L) RP. { A = ast_type_row(parse, &T, L); }

%type time_zone {Token}
time_zone(A) ::= WITH_TIME_ZONE|WITHOUT_TIME_ZONE(T). { A = T; }

%type column_types {AstList *}
column_types(A) ::= column_type(C). { A = ast_list(parse, NULL, C); }
column_types(A) ::= column_types(A) COMMA column_type(C). { A = ast_list(parse, A, C); }
column_type(A) ::= ID(N) type(T). { A = ast_column_type(parse, &N, T); }

/* Fields: AstIntervalFields; seconds may have a precision. */
%type interval_fields {AstList *}
interval_fields(A) ::= interval_field(T). { A = ast_interval_fields(parse, &T, NULL); }
interval_fields(A) ::= interval_field(T) TO MONTH|HOUR|MINUTE(U).
    { A = ast_interval_fields(parse, &T, &U); }
interval_fields(A) ::= interval_second(L). { A = L; }
interval_fields(A) ::= interval_field(T) TO interval_second(L).
    { A = ast_interval_to_second(parse, &T, L); }

%type interval_second {AstList *}
interval_second(A) ::= SECOND(T). { A = ast_interval_second(parse, &T, NULL); }
interval_second(A) ::= SECOND(T) LP INTEGER(N) RP. { A = ast_interval_second(parse, &T, &N); }

/* ==== Expressions ==== */

expr(A) ::= primary(P). { A = P; }
expr(A) ::= expr(E) TYPECAST(T) type(Y). { A = ast_cast(parse, E, Y, AST_CAST_ORDINARY, &T); }
expr(A) ::= expr(E) COLLATE(T) qname(N). { A = ast_collate(parse, E, N, &T); }
expr(A) ::= expr(E) AT_TIME_ZONE(T) expr(Z). { A = ast_at_time_zone(parse, E, Z, &T); }
expr(A) ::= PLUS(T) expr(E). [UMINUS] { A = ast_op(parse, NULL, &T, E); }
expr(A) ::= MINUS(T) expr(E). [UMINUS] { A = ast_minus(parse, &T, E); }
expr(A) ::= expr(L) sum_op(T) expr(R). { A = ast_op(parse, L, &T, R); }
expr(A) ::= expr(L) product_op(T) expr(R). { A = ast_op(parse, L, &T, R); }
expr(A) ::= expr(L) CARET(T) expr(R). { A = ast_op(parse, L, &T, R); }
expr(A) ::= expr(L) compare_op(T) expr(R). { A = ast_op(parse, L, &T, R); }
expr(A) ::= expr(L) qualified_op(O) expr(R). [OP] { A = ast_qualified_op(parse, L, O, R); }
expr(A) ::= qualified_op(O) expr(R). [OP] { A = ast_qualified_op(parse, NULL, O, R); }
expr(A) ::= expr(L) AND(T) expr(R). { A = ast_logical(parse, AST_AND, L, &T, R); }
expr(A) ::= expr(L) OR(T) expr(R). { A = ast_logical(parse, AST_OR, L, &T, R); }
expr(A) ::= NOT(T) expr(E). { A = ast_not(parse, &T, E); }
expr(A) ::= expr(L) like_op(T) expr(R). [LIKE] { A = ast_like(parse, L, &T, R, NULL); }
expr(A) ::= expr(L) like_op(T) expr(R) ESCAPE expr(E). [LIKE] { A = ast_like(parse, L, &T, R, E); }
expr(A) ::= expr(L) similar_op(T) expr(R). [LIKE] { A = ast_like(parse, L, &T, R, NULL); }
expr(A) ::= expr(L) similar_op(T) expr(R) ESCAPE expr(E). [LIKE]
    { A = ast_like(parse, L, &T, R, E); }
expr(A) ::= expr(E) ISNULL|NOTNULL(T). { A = ast_is_null(parse, E, &T); }
expr(A) ::= expr(E) is_op(T) NULL|TRUE|FALSE|UNKNOWN(U). [IS] { A = ast_is(parse, E, &T, &U); }
expr(A) ::= expr(L) is_op(T) DISTINCT FROM expr(R). [IS]
    { A = ast_distinct_from(parse, L, &T, R); }
expr(A) ::= expr(E) BETWEEN|NOT_BETWEEN(T) symmetric(S) bexpr(L) AND expr(H). [BETWEEN]
    { A = ast_between(parse, E, &T, S, L, H); }
expr(A) ::= expr(E) in_op(T) LP expr_list(L) RP. [IN] { A = ast_in_list(parse, E, &T, L); }
expr(A) ::= expr(E) in_op(T) query_parens(Q). [IN] { A = ast_in_query(parse, E, &T, Q); }
expr(A) ::= expr(L) quantified_op(O) any_word(T) query_parens(Q). [OP]
    { A = ast_quantified(parse, L, O, &T, (AstNode *) Q); }
expr(A) ::= expr(L) quantified_op(O) any_word(T) LP expr(R) RP. [OP]
    { A = ast_quantified(parse, L, O, &T, R); }
expr(A) ::= row(L) OVERLAPS(T) row(R). { A = ast_overlaps(parse, L, &T, R); }
expr(A) ::= DEFAULT(T). { A = ast_default(parse, &T); }

/* IS or IS NOT, placed at IS; the text says which. */
%type is_op {Token}
is_op(A) ::= IS(T). { A = T; }
is_op(A) ::= IS(T) NOT. { A = ast_token_not(&T); }

%type symmetric {bool}
symmetric(A) ::= . { A = false; }
symmetric(A) ::= ASYMMETRIC. { A = false; }
symmetric(A) ::= SYMMETRIC. { A = true; }

/* A name whose last part is the operator. */
%type qualified_op {AstName *}
qualified_op(A) ::= OP(T). { A = ast_op_name(parse, NULL, &T); }
qualified_op(A) ::= OPERATOR LP any_op(T) RP. { A = ast_op_name(parse, NULL, &T); }
qualified_op(A) ::= OPERATOR LP name_parts(P) DOT any_op(T) RP. { A = ast_op_name(parse, P, &T); }

%type any_op {Token}
any_op(A) ::= OP|PLUS|MINUS|STAR|SLASH|PERCENT|CARET|LT|GT|EQ|LE|GE|NE(T). { A = T; }

%type quantified_op {AstName *}
quantified_op(A) ::= sum_op(T). { A = ast_op_name(parse, NULL, &T); }
quantified_op(A) ::= product_op(T). { A = ast_op_name(parse, NULL, &T); }
quantified_op(A) ::= CARET(T). { A = ast_op_name(parse, NULL, &T); }
quantified_op(A) ::= compare_op(T). { A = ast_op_name(parse, NULL, &T); }
quantified_op(A) ::= qualified_op(O). { A = O; }
quantified_op(A) ::= LIKE|NOT_LIKE|ILIKE|NOT_ILIKE(T). { A = ast_like_op_name(parse, &T); }

/* What may stand where AND, IN or a clause word follows: no logic, no predicates. */
bexpr(A) ::= primary(P). { A = P; }
bexpr(A) ::= bexpr(E) TYPECAST(T) type(Y). { A = ast_cast(parse, E, Y, AST_CAST_ORDINARY, &T); }
bexpr(A) ::= PLUS(T) bexpr(E). [UMINUS] { A = ast_op(parse, NULL, &T, E); }
bexpr(A) ::= MINUS(T) bexpr(E). [UMINUS] { A = ast_minus(parse, &T, E); }
bexpr(A) ::= bexpr(L) sum_op(T) bexpr(R). { A = ast_op(parse, L, &T, R); }
bexpr(A) ::= bexpr(L) product_op(T) bexpr(R). { A = ast_op(parse, L, &T, R); }
bexpr(A) ::= bexpr(L) CARET(T) bexpr(R). { A = ast_op(parse, L, &T, R); }
bexpr(A) ::= bexpr(L) compare_op(T) bexpr(R). { A = ast_op(parse, L, &T, R); }
bexpr(A) ::= bexpr(L) qualified_op(O) bexpr(R). [OP] { A = ast_qualified_op(parse, L, O, R); }
bexpr(A) ::= qualified_op(O) bexpr(R). [OP] { A = ast_qualified_op(parse, NULL, O, R); }
bexpr(A) ::= bexpr(E) AT_TIME_ZONE(T) bexpr(Z). { A = ast_at_time_zone(parse, E, Z, &T); }

/* ---- Primaries ---- */

primary(A) ::= INTEGER|DECIMAL(T). { A = ast_number(parse, &T); }
primary(A) ::= STRING(T). { A = ast_string(parse, &T); }
primary(A) ::= BITS(T). { A = ast_bits(parse, &T); }
primary(A) ::= TRUE|FALSE|NULL(T). { A = ast_constant(parse, &T); }
primary(A) ::= name_parts(N) STRING(T). { A = ast_typed_literal(parse, N, NULL, NULL, &T); }
primary(A) ::= name_parts(N) time_zone(Z) STRING(T).
    { A = ast_typed_literal(parse, N, NULL, &Z, &T); }
primary(A) ::= name_parts(N) LP func_args(M) RP STRING(T).
    { A = ast_typed_literal(parse, N, M, NULL, &T); }
primary(A) ::= name_parts(N) LP func_args(M) RP time_zone(Z) STRING(T).
    { A = ast_typed_literal(parse, N, M, &Z, &T); }
primary(A) ::= INTERVAL(T) STRING(S). { A = ast_interval_literal(parse, &T, NULL, &S, NULL); }
primary(A) ::= INTERVAL(T) STRING(S) interval_fields(F).
    { A = ast_interval_literal(parse, &T, NULL, &S, F); }
primary(A) ::= name_parts(N). { A = ast_column_ref(parse, N, false); }
primary(A) ::= name_parts(N) DOT_STAR. { A = ast_column_ref(parse, N, true); }
primary(A) ::= reference(R). { A = R; }
primary(A) ::= call(C). { A = C; }
primary(A) ::= row(R). { A = R; }
primary(A) ::= EXISTS(T) query_parens(Q). { A = ast_subquery(parse, AST_SUBQUERY_EXISTS, &T, Q); }
primary(A) ::= ARRAY(T) query_parens(Q). { A = ast_subquery(parse, AST_SUBQUERY_ARRAY, &T, Q); }
primary(A) ::= CASE(T) case_operand(O) whens(W) case_else(E) END.
    { A = ast_case(parse, &T, O, W, E); }
primary(A) ::= CAST(T) LP expr(E) AS type(Y) RP.
    { A = ast_cast(parse, E, Y, AST_CAST_ORDINARY, &T); }
primary(A) ::= TRY_CAST(T) LP expr(E) AS type(Y) RP.
    { A = ast_cast(parse, E, Y, AST_CAST_TRY, &T); }
primary(A) ::= COALESCE|GREATEST|LEAST(T) LP expr_list(L) RP. { A = ast_variadic(parse, &T, L); }
primary(A) ::= NULLIF(T) LP expr(L) COMMA expr(R) RP. { A = ast_nullif(parse, &T, L, R); }
primary(A) ::= CURRENT_DATE|CURRENT_ROLE|CURRENT_USER|SESSION_USER|USER|CURRENT_CATALOG
               |CURRENT_SCHEMA(T).
    { A = ast_value_function(parse, &T, NULL); }
primary(A) ::= CURRENT_TIME|CURRENT_TIMESTAMP|LOCALTIME|LOCALTIMESTAMP(T).
    { A = ast_value_function(parse, &T, NULL); }
primary(A) ::= CURRENT_TIME|CURRENT_TIMESTAMP|LOCALTIME|LOCALTIMESTAMP(T) LP INTEGER(N) RP.
    { A = ast_value_function(parse, &T, &N); }

/* What may be followed by .field and [subscript]. */
reference(A) ::= PARAM(T). { A = ast_param(parse, &T); }
reference(A) ::= LP expr(E) RP. { A = E; }
reference(A) ::= query_parens(Q). [UMINUS]
    { A = ast_subquery(parse, AST_SUBQUERY_SCALAR, NULL, Q); }
reference(A) ::= ARRAY(T) array_list(L). { A = ast_array(parse, &T, L); }
reference(A) ::= name_parts(N) subscript(S).
    { A = ast_subscript_of(parse, ast_column_ref(parse, N, false), S); }
reference(A) ::= reference(R) subscript(S). { A = ast_subscript_of(parse, R, S); }
reference(A) ::= reference(R) DOT ID(T). { A = ast_field(parse, R, &T); }
reference(A) ::= reference(R) DOT_STAR. { A = ast_field(parse, R, NULL); }

%type subscript {AstSubscript *}
subscript(A) ::= LB(T) expr(E) RB. { A = ast_subscript(parse, &T, E); }
subscript(A) ::= LB(T) expr_opt(L) COLON expr_opt(U) RB. { A = ast_slice(parse, &T, L, U); }

expr_opt(A) ::= . { A = NULL; }
expr_opt(A) ::= expr(E). { A = E; }

%type array_list {AstList *}
array_list(A) ::= LB RB. { A = NULL; }
array_list(A) ::= LB expr_list(L) RB. { A = L; }
array_list(A) ::= LB inner_arrays(L) RB. { A = L; }

%type inner_arrays {AstList *}
inner_arrays(A) ::= inner_array(E). { A = ast_list(parse, NULL, E); }
inner_arrays(A) ::= inner_arrays(A) COMMA inner_array(E). { A = ast_list(parse, A, E); }
inner_array(A) ::= array_list(L). { A = ast_array(parse, NULL, L); }

row(A) ::= ROW_CONSTRUCTOR(T) LP RP. { A = ast_row(parse, &T, NULL, true); }
row(A) ::= ROW_CONSTRUCTOR(T) LP expr_list(L) RP. { A = ast_row(parse, &T, L, true); }
row(A) ::= LP(T) expr(E) COMMA expr_list(L) RP.
    { A = ast_row(parse, &T, ast_list_prepend(parse, E, L), false); }

case_operand(A) ::= . { A = NULL; }
case_operand(A) ::= expr(E). { A = E; }
%type whens {AstList *}
whens(A) ::= when(W). { A = ast_list(parse, NULL, W); }
whens(A) ::= whens(A) when(W). { A = ast_list(parse, A, W); }
when(A) ::= WHEN(T) expr(C) THEN expr(R). { A = ast_when(parse, &T, C, R); }
case_else(A) ::= . { A = NULL; }
case_else(A) ::= ELSE expr(E). { A = E; }

%type expr_list {AstList *}
expr_list(A) ::= expr(E). { A = ast_list(parse, NULL, E); }
expr_list(A) ::= expr_list(A) COMMA expr(E). { A = ast_list(parse, A, E); }

/* ---- Function calls ---- */

call(A) ::= application(F) within_group(G) filter(W) over(O).
    { A = ast_call_clauses(parse, F, G, W, O); }
call(A) ::= special_call(F). { A = F; }

application(A) ::= name_parts(N) LP RP. { A = ast_call(parse, N, NULL, NULL, AST_CALL_PLAIN); }
application(A) ::= name_parts(N) LP func_args(L) RP.
    { A = ast_call(parse, N, L, NULL, AST_CALL_PLAIN); }
application(A) ::= name_parts(N) LP func_args(L) order_by(O) RP.
    { A = ast_call(parse, N, L, O, AST_CALL_PLAIN); }
application(A) ::= name_parts(N) LP ALL func_args(L) order_by_opt(O) RP.
    { A = ast_call(parse, N, L, O, AST_CALL_PLAIN); }
application(A) ::= name_parts(N) LP DISTINCT func_args(L) order_by_opt(O) RP.
    { A = ast_call(parse, N, L, O, AST_CALL_DISTINCT); }
application(A) ::= name_parts(N) LP VARIADIC func_arg(E) order_by_opt(O) RP.
    { A = ast_call(parse, N, ast_list(parse, NULL, E), O, AST_CALL_VARIADIC); }
application(A) ::= name_parts(N) LP func_args(L) COMMA VARIADIC func_arg(E) order_by_opt(O) RP.
    { A = ast_call(parse, N, ast_list(parse, L, E), O, AST_CALL_VARIADIC); }
application(A) ::= name_parts(N) LP STAR RP. { A = ast_call(parse, N, NULL, NULL, AST_CALL_STAR); }

%type func_args {AstList *}
func_args(A) ::= func_arg(E). { A = ast_list(parse, NULL, E); }
func_args(A) ::= func_args(A) COMMA func_arg(E). { A = ast_list(parse, A, E); }
func_arg(A) ::= expr(E). { A = E; }
func_arg(A) ::= ID(N) ARROW|ASSIGN expr(E). { A = ast_named_arg(parse, &N, E); }

%type within_group {AstList *}
within_group(A) ::= . { A = NULL; }
within_group(A) ::= WITHIN_GROUP LP order_by(O) RP. { A = O; }
filter(A) ::= . { A = NULL; }
filter(A) ::= FILTER LP WHERE expr(E) RP. { A = E; }

%type over {AstWindowSpec *}
over(A) ::= . { A = NULL; }
over(A) ::= OVER window_spec(W). { A = W; }
over(A) ::= OVER ID(T). { A = ast_window_reference(parse, &T); }
over(A) ::= IGNORE_NULLS OVER window_spec(W). { A = ast_window_ignore_nulls(W); }

%type window_spec {AstWindowSpec *}
window_spec(A) ::= LP(T) window_base(B) partition_by(P) order_by_opt(O) frame(F) RP.
    { A = ast_window_spec(parse, &T, &B, P, O, F); }
%type window_base {Token}
window_base(A) ::= . { A = ast_token_none(); }
window_base(A) ::= ID(T). { A = T; }
%type partition_by {AstList *}
partition_by(A) ::= . { A = NULL; }
partition_by(A) ::= PARTITION_BY expr_list(L). { A = L; }

/* A frame is carried by a window spec that has nothing else. */
%type frame {AstWindowSpec *}
frame(A) ::= . { A = NULL; }
frame(A) ::= ROWS|RANGE|GROUPS(T) frame_bound(S) exclude(X).
    { A = ast_frame(parse, &T, S, NULL, X); }
frame(A) ::= ROWS|RANGE|GROUPS(T) BETWEEN frame_bound(S) AND frame_bound(E) exclude(X).
    { A = ast_frame(parse, &T, S, E, X); }
%type frame_bound {AstFrameBound *}
frame_bound(A) ::= UNBOUNDED_PRECEDING.
    { A = ast_frame_bound(parse, AST_BOUND_UNBOUNDED_PRECEDING, NULL); }
frame_bound(A) ::= UNBOUNDED_FOLLOWING.
    { A = ast_frame_bound(parse, AST_BOUND_UNBOUNDED_FOLLOWING, NULL); }
frame_bound(A) ::= CURRENT_ROW. { A = ast_frame_bound(parse, AST_BOUND_CURRENT_ROW, NULL); }
frame_bound(A) ::= expr(E) PRECEDING. { A = ast_frame_bound(parse, AST_BOUND_PRECEDING, E); }
frame_bound(A) ::= expr(E) FOLLOWING. { A = ast_frame_bound(parse, AST_BOUND_FOLLOWING, E); }
%type exclude {AstFrameExclude}
exclude(A) ::= . { A = AST_EXCLUDE_NONE; }
exclude(A) ::= EXCLUDE CURRENT_ROW. { A = AST_EXCLUDE_CURRENT_ROW; }
exclude(A) ::= EXCLUDE GROUP. { A = AST_EXCLUDE_GROUP; }
exclude(A) ::= EXCLUDE TIES. { A = AST_EXCLUDE_TIES; }
exclude(A) ::= EXCLUDE NO OTHERS. { A = AST_EXCLUDE_NONE; }

special_call(A) ::= EXTRACT(T) LP extract_field(F) FROM expr(E) RP.
    { A = ast_extract(parse, &T, &F, E); }
special_call(A) ::= POSITION(T) LP bexpr(L) IN bexpr(R) RP. { A = ast_position(parse, &T, L, R); }
special_call(A) ::= SUBSTRING(T) LP expr(E) FROM expr(F) RP.
    { A = ast_special(parse, &T, E, F, NULL, NULL); }
special_call(A) ::= SUBSTRING(T) LP expr(E) FROM expr(F) FOR expr(N) RP.
    { A = ast_special(parse, &T, E, F, N, NULL); }
special_call(A) ::= SUBSTRING(T) LP expr(E) FOR expr(N) FROM expr(F) RP.
    { A = ast_special(parse, &T, E, F, N, NULL); }
special_call(A) ::= SUBSTRING(T) LP expr(E) FOR expr(N) RP.
    { A = ast_substring_for(parse, &T, E, N); }
special_call(A) ::= SUBSTRING(T) LP expr(E) SIMILAR expr(P) ESCAPE expr(X) RP.
    { A = ast_substring_similar(parse, &T, E, P, X); }
special_call(A) ::= SUBSTRING(T) LP func_args(L) RP. { A = ast_special_list(parse, &T, L); }
special_call(A) ::= OVERLAY(T) LP func_args(L) RP. { A = ast_special_list(parse, &T, L); }
special_call(A) ::= OVERLAY(T) LP expr(E) PLACING expr(P) FROM expr(F) RP.
    { A = ast_special(parse, &T, E, P, F, NULL); }
special_call(A) ::= OVERLAY(T) LP expr(E) PLACING expr(P) FROM expr(F) FOR expr(N) RP.
    { A = ast_special(parse, &T, E, P, F, N); }
special_call(A) ::= TRIM(T) LP trim_arguments(L) RP. { A = ast_trim(parse, &T, NULL, L); }
special_call(A) ::= TRIM(T) LP BOTH|LEADING|TRAILING(S) trim_arguments(L) RP.
    { A = ast_trim(parse, &T, &S, L); }
%type extract_field {Token}
extract_field(A) ::= ID|STRING(T). { A = T; }
%type trim_arguments {AstList *}
trim_arguments(A) ::= expr_list(L). { A = L; }
trim_arguments(A) ::= FROM expr_list(L). { A = L; }
trim_arguments(A) ::= expr(E) FROM expr_list(L). { A = ast_list(parse, L, E); }

/* ==== Queries ==== */

%type query {AstQuery *}
query(A) ::= query_no_parens(Q). { A = Q; }
query(A) ::= query_parens(Q). { A = Q; }

%type query_parens {AstQuery *}
query_parens(A) ::= LP query_no_parens(Q) RP. { A = Q; }
query_parens(A) ::= LP query_parens(Q) RP. { A = Q; }

%type query_no_parens {AstQuery *}
query_no_parens(A) ::= simple_body(B). { A = ast_query(parse, NULL, B, NULL); }
query_no_parens(A) ::= body(B) tail(T). { A = ast_query(parse, NULL, B, T); }
query_no_parens(A) ::= with_clause(W) body(B). { A = ast_query(parse, W, B, NULL); }
query_no_parens(A) ::= with_clause(W) body(B) tail(T). { A = ast_query(parse, W, B, T); }

body(A) ::= simple_body(B). { A = B; }
body(A) ::= query_parens(Q). { A = ast_body_of_query(Q); }

simple_body(A) ::= SELECT(T) select_kind(K) targets_opt(L) from(F) where(W) group_by(G) having(H)
                   windows(N).
    { A = ast_select(ast_select_head(parse, &T, K, L), F, W, G, H, N); }
simple_body(A) ::= VALUES(T) rows(R). { A = ast_values(parse, &T, R); }
simple_body(A) ::= TABLE(T) qname(N). { A = ast_select_table(parse, &T, N); }
simple_body(A) ::= body(L) UNION(T) set_all(D) body(R).
    { A = ast_set_operation(parse, L, &T, D, R); }
simple_body(A) ::= body(L) INTERSECT(T) set_all(D) body(R).
    { A = ast_set_operation(parse, L, &T, D, R); }
simple_body(A) ::= body(L) EXCEPT(T) set_all(D) body(R).
    { A = ast_set_operation(parse, L, &T, D, R); }

%type set_all {bool}
set_all(A) ::= . { A = false; }
set_all(A) ::= ALL. { A = true; }
set_all(A) ::= DISTINCT. { A = false; }

/* NULL: all rows; an empty list: DISTINCT; else DISTINCT ON. */
%type select_kind {AstList *}
select_kind(A) ::= . { A = NULL; }
select_kind(A) ::= ALL. { A = NULL; }
select_kind(A) ::= DISTINCT. { A = ast_list_empty(parse); }
select_kind(A) ::= DISTINCT ON LP expr_list(L) RP. { A = L; }

%type targets_opt {AstList *}
targets_opt(A) ::= . { A = NULL; }
targets_opt(A) ::= targets(L). { A = L; }
%type targets {AstList *}
targets(A) ::= target(E). { A = ast_list(parse, NULL, E); }
targets(A) ::= targets(A) COMMA target(E). { A = ast_list(parse, A, E); }
target(A) ::= expr(E). { A = ast_target(parse, E, NULL); }
target(A) ::= expr(E) AS label(T). { A = ast_target(parse, E, &T); }
target(A) ::= expr(E) ID(T). { A = ast_target(parse, E, &T); }
target(A) ::= STAR(T). { A = ast_target(parse, ast_star(parse, &T), NULL); }

/* WITHIN WATERMARK is a null item at the end of the list: ast_select takes it off. */
%type from {AstList *}
from(A) ::= . { A = NULL; }
from(A) ::= FROM from_list(L). { A = L; }
from(A) ::= FROM from_list(L) WITHIN_WATERMARK. { A = ast_list_flag(parse, L); }
%type from_list {AstList *}
from_list(A) ::= table_ref(R). { A = ast_list(parse, NULL, R); }
from_list(A) ::= from_list(A) COMMA table_ref(R). { A = ast_list(parse, A, R); }

where(A) ::= . { A = NULL; }
where(A) ::= WHERE expr(E). { A = E; }

/* GROUP BY DISTINCT is marked as WITHIN WATERMARK is. */
%type group_by {AstList *}
group_by(A) ::= . { A = NULL; }
group_by(A) ::= GROUP BY group_items(L). { A = L; }
group_by(A) ::= GROUP BY ALL group_items(L). { A = L; }
group_by(A) ::= GROUP BY DISTINCT group_items(L). { A = ast_list_flag(parse, L); }
%type group_items {AstList *}
group_items(A) ::= group_item(E). { A = ast_list(parse, NULL, E); }
group_items(A) ::= group_items(A) COMMA group_item(E). { A = ast_list(parse, A, E); }
group_item(A) ::= expr(E). { A = E; }
group_item(A) ::= LP(T) RP. { A = ast_grouping_set(parse, AST_GROUPING_EMPTY, &T, NULL); }
group_item(A) ::= ROLLUP(T) LP expr_list(L) RP.
    { A = ast_grouping_set(parse, AST_GROUPING_ROLLUP, &T, L); }
group_item(A) ::= CUBE(T) LP expr_list(L) RP.
    { A = ast_grouping_set(parse, AST_GROUPING_CUBE, &T, L); }
group_item(A) ::= GROUPING_SETS(T) LP group_items(L) RP.
    { A = ast_grouping_set(parse, AST_GROUPING_SETS, &T, L); }

having(A) ::= . { A = NULL; }
having(A) ::= HAVING expr(E). { A = E; }

%type windows {AstList *}
windows(A) ::= . { A = NULL; }
windows(A) ::= WINDOW window_list(L). { A = L; }
%type window_list {AstList *}
window_list(A) ::= window(W). { A = ast_list(parse, NULL, W); }
window_list(A) ::= window_list(A) COMMA window(W). { A = ast_list(parse, A, W); }
window(A) ::= ID(T) AS window_spec(W). { A = ast_window_named(parse, &T, W); }

%type rows {AstList *}
rows(A) ::= LP(T) expr_list(L) RP. { A = ast_list(parse, NULL, ast_row(parse, &T, L, false)); }
rows(A) ::= rows(A) COMMA LP(T) expr_list(L) RP.
    { A = ast_list(parse, A, ast_row(parse, &T, L, false)); }

/* ORDER BY, LIMIT, FOR UPDATE and EMIT are collected in a query without a body. */
%type tail {AstQuery *}
tail(A) ::= order_by(O). { A = ast_tail(parse, O, NULL, NULL); }
tail(A) ::= order_by(O) tail_end(T). { A = ast_tail_order(T, O); }
tail(A) ::= tail_end(T). { A = T; }
%type tail_end {AstQuery *}
tail_end(A) ::= limit(L). { A = ast_tail(parse, NULL, L, NULL); }
tail_end(A) ::= limit(L) locking(K). { A = ast_tail(parse, NULL, L, K); }
tail_end(A) ::= locking(K). { A = ast_tail(parse, NULL, NULL, K); }
tail_end(A) ::= locking(K) limit(L). { A = ast_tail(parse, NULL, L, K); }
tail_end(A) ::= emit(E). { A = ast_tail_emit(ast_tail(parse, NULL, NULL, NULL), &E); }
tail_end(A) ::= limit(L) emit(E). { A = ast_tail_emit(ast_tail(parse, NULL, L, NULL), &E); }
%type emit {Token}
emit(A) ::= EMIT_CHANGES|EMIT_ON_WINDOW_CLOSE(T). { A = T; }

%type order_by_opt {AstList *}
order_by_opt(A) ::= . { A = NULL; }
order_by_opt(A) ::= order_by(O). { A = O; }
%type order_by {AstList *}
order_by(A) ::= ORDER BY sort_keys(L). { A = L; }
%type sort_keys {AstList *}
sort_keys(A) ::= sort_key(K). { A = ast_list(parse, NULL, K); }
sort_keys(A) ::= sort_keys(A) COMMA sort_key(K). { A = ast_list(parse, A, K); }
sort_key(A) ::= expr(E) sort_order(D) nulls_order(N). { A = ast_sort_key(parse, E, D, N, NULL); }
sort_key(A) ::= expr(E) USING any_op(T) nulls_order(N).
    { A = ast_sort_key(parse, E, AST_SORT_DEFAULT, N, &T); }
%type sort_order {AstSortOrder}
sort_order(A) ::= . { A = AST_SORT_DEFAULT; }
sort_order(A) ::= ASC. { A = AST_SORT_ASC; }
sort_order(A) ::= DESC. { A = AST_SORT_DESC; }
%type nulls_order {AstNullsOrder}
nulls_order(A) ::= . { A = AST_NULLS_DEFAULT; }
nulls_order(A) ::= NULLS_FIRST. { A = AST_NULLS_FIRST; }
nulls_order(A) ::= NULLS_LAST. { A = AST_NULLS_LAST; }

%type limit {AstLimit *}
limit(A) ::= limit_count(L). { A = L; }
limit(A) ::= offset(O). { A = O; }
limit(A) ::= limit_count(L) offset(O). { A = ast_limit_merge(L, O); }
limit(A) ::= offset(O) limit_count(L). { A = ast_limit_merge(L, O); }
%type limit_count {AstLimit *}
limit_count(A) ::= LIMIT(T) expr(E). { A = ast_limit(parse, &T, E, NULL); }
limit_count(A) ::= LIMIT(T) ALL. { A = ast_limit(parse, &T, NULL, NULL); }
limit_count(A) ::= FETCH(T) FIRST|NEXT fetch_count(E) ROW|ROWS ONLY.
    { A = ast_limit(parse, &T, E, NULL); }
limit_count(A) ::= FETCH(T) FIRST|NEXT fetch_count(E) ROW|ROWS WITH TIES.
    { A = ast_limit_ties(ast_limit(parse, &T, E, NULL)); }
fetch_count(A) ::= . { A = ast_integer(parse, 1); }
fetch_count(A) ::= primary(E). { A = E; }
fetch_count(A) ::= PLUS INTEGER(T). { A = ast_number(parse, &T); }
%type offset {AstLimit *}
offset(A) ::= OFFSET(T) expr(E). { A = ast_limit(parse, &T, NULL, E); }
offset(A) ::= OFFSET(T) expr(E) ROW|ROWS. { A = ast_limit(parse, &T, NULL, E); }

%type locking {AstList *}
locking(A) ::= lock(K). { A = ast_list(parse, NULL, K); }
locking(A) ::= locking(A) lock(K). { A = ast_list(parse, A, K); }
lock(A) ::= FOR(T) lock_strength(S) lock_tables(L) lock_wait(W).
    { A = ast_locking(parse, &T, S, L, W); }
%type lock_strength {AstLockStrength}
lock_strength(A) ::= UPDATE. { A = AST_LOCK_UPDATE; }
lock_strength(A) ::= NO KEY UPDATE. { A = AST_LOCK_NO_KEY_UPDATE; }
lock_strength(A) ::= SHARE. { A = AST_LOCK_SHARE; }
lock_strength(A) ::= KEY SHARE. { A = AST_LOCK_KEY_SHARE; }
%type lock_tables {AstList *}
lock_tables(A) ::= . { A = NULL; }
lock_tables(A) ::= OF qname_list(L). { A = L; }
%type lock_wait {AstLockWait}
lock_wait(A) ::= . { A = AST_LOCK_BLOCK; }
lock_wait(A) ::= NOWAIT. { A = AST_LOCK_NOWAIT; }
lock_wait(A) ::= SKIP LOCKED. { A = AST_LOCK_SKIP; }

%type with_clause {AstWith *}
with_clause(A) ::= WITH(T) ctes(L). { A = ast_with(parse, &T, false, L); }
with_clause(A) ::= WITH(T) RECURSIVE ctes(L). { A = ast_with(parse, &T, true, L); }
%type with_opt {AstWith *}
with_opt(A) ::= . { A = NULL; }
with_opt(A) ::= with_clause(W). { A = W; }
%type ctes {AstList *}
ctes(A) ::= cte(C). { A = ast_list(parse, NULL, C); }
ctes(A) ::= ctes(A) COMMA cte(C). { A = ast_list(parse, A, C); }
cte(A) ::= ID(T) columns_opt(C) AS materialized(M) LP cte_statement(Q) RP.
    { A = ast_cte(parse, &T, C, M, Q); }
cte_statement(A) ::= query(Q). { A = (AstNode *) Q; }
cte_statement(A) ::= insert(S). { A = S; }
cte_statement(A) ::= update(S). { A = S; }
cte_statement(A) ::= delete(S). { A = S; }
%type materialized {AstMaterialized}
materialized(A) ::= . { A = AST_MATERIALIZED_DEFAULT; }
materialized(A) ::= MATERIALIZED. { A = AST_MATERIALIZED_YES; }
materialized(A) ::= NOT MATERIALIZED. { A = AST_MATERIALIZED_NO; }

/* ---- FROM items ---- */

table_ref(A) ::= table_source(R). { A = R; }
table_ref(A) ::= query_parens(Q) alias_opt(L) delay(D).
    { A = ast_subquery_ref(parse, Q, L, D, NULL); }
table_ref(A) ::= LATERAL(T) query_parens(Q) alias_opt(L).
    { A = ast_subquery_ref(parse, Q, L, NULL, &T); }
table_ref(A) ::= function_table(F) function_alias(L). { A = ast_function_ref(F, L, NULL); }
table_ref(A) ::= LATERAL(T) function_table(F) function_alias(L).
    { A = ast_function_ref(F, L, &T); }
table_ref(A) ::= window_table(W) alias_opt(L). { A = ast_window_table_alias(W, L); }
table_ref(A) ::= TABLE LP window_table(W) RP alias_opt(L). { A = ast_window_table_alias(W, L); }
table_ref(A) ::= joined_parens(J) alias_opt(L). { A = ast_join_alias(J, L); }
table_ref(A) ::= joined(J). { A = (AstNode *) J; }

/* A name in FROM, with all that may follow it. */
table_source(A) ::= relation(R) delay(D). { A = ast_table_ref(R, NULL, NULL, D); }
table_source(A) ::= relation(R) alias(L) delay(D). { A = ast_table_ref(R, L, NULL, D); }
table_source(A) ::= relation(R) system_time(S) delay(D). { A = ast_table_ref(R, NULL, S, D); }
table_source(A) ::= relation(R) alias(L) system_time(S) delay(D). { A = ast_table_ref(R, L, S, D); }
table_source(A) ::= relation(R) system_time(S) alias(L) delay(D). { A = ast_table_ref(R, L, S, D); }
system_time(A) ::= FOR_SYSTEM_TIME bexpr(E). { A = E; }
%type delay {AstWatermarkDelay *}
delay(A) ::= . { A = NULL; }
delay(A) ::= WATERMARK_DELAY(T) ID(N) DELAY OF bexpr(E).
    { A = ast_watermark_delay(parse, &T, &N, E); }

%type relation {AstTableRef *}
relation(A) ::= qname(N). { A = ast_relation(parse, N, false); }
relation(A) ::= ONLY qname(N). { A = ast_relation(parse, N, true); }
relation(A) ::= ONLY LP qname(N) RP. { A = ast_relation(parse, N, true); }

%type alias {AstAlias *}
alias(A) ::= ID(T). { A = ast_alias(parse, &T, NULL, NULL); }
alias(A) ::= AS ID(T). { A = ast_alias(parse, &T, NULL, NULL); }
alias(A) ::= ID(T) LP column_list(L) RP. { A = ast_alias(parse, &T, L, NULL); }
alias(A) ::= AS ID(T) LP column_list(L) RP. { A = ast_alias(parse, &T, L, NULL); }
%type alias_opt {AstAlias *}
alias_opt(A) ::= . { A = NULL; }
alias_opt(A) ::= alias(L). { A = L; }
%type function_alias {AstAlias *}
function_alias(A) ::= . { A = NULL; }
function_alias(A) ::= alias(L). { A = L; }
function_alias(A) ::= AS(T) LP column_types(L) RP. { A = ast_alias_record(parse, &T, L); }
function_alias(A) ::= ID(T) LP column_types(L) RP. { A = ast_alias(parse, &T, NULL, L); }
function_alias(A) ::= AS ID(T) LP column_types(L) RP. { A = ast_alias(parse, &T, NULL, L); }

%type function_table {AstFunctionRef *}
function_table(A) ::= application(F) ordinality(O). { A = ast_function_table(parse, F, O); }
function_table(A) ::= special_call(F) ordinality(O). { A = ast_function_table(parse, F, O); }
function_table(A) ::= ROWS_FROM(T) LP applications(L) RP ordinality(O).
    { A = ast_rows_from(parse, &T, L, O); }
%type applications {AstList *}
applications(A) ::= application(F). { A = ast_list(parse, NULL, F); }
applications(A) ::= applications(A) COMMA application(F). { A = ast_list(parse, A, F); }
%type ordinality {bool}
ordinality(A) ::= . { A = false; }
ordinality(A) ::= WITH_ORDINALITY. { A = true; }

%type window_table {AstWindowTable *}
window_table(A) ::= WINDOW_TVF(T) LP window_input(R) window_partition(P) COMMA func_args(L) RP.
    { A = ast_window_table(parse, &T, R, P, L); }
window_input(A) ::= table_source(R). { A = R; }
window_input(A) ::= TABLE table_source(R). { A = R; }
window_input(A) ::= ID ARROW TABLE table_source(R). { A = R; }
window_input(A) ::= query_parens(Q) alias_opt(L) delay(D).
    { A = ast_subquery_ref(parse, Q, L, D, NULL); }
%type window_partition {AstList *}
window_partition(A) ::= . { A = NULL; }
window_partition(A) ::= PARTITION_BY expr(E). { A = ast_list_of_row(parse, E); }

%type joined_parens {AstJoin *}
joined_parens(A) ::= LP joined(J) RP. { A = J; }
joined_parens(A) ::= LP joined_parens(J) RP. { A = J; }
%type joined {AstJoin *}
joined(A) ::= table_ref(L) CROSS(T) JOIN table_ref(R).
    { A = ast_join(parse, AST_JOIN_CROSS, L, &T, R, NULL); }
joined(A) ::= table_ref(L) JOIN(T) table_ref(R) join_condition(C).
    { A = ast_join(parse, AST_JOIN_INNER, L, &T, R, C); }
joined(A) ::= table_ref(L) join_kind(K) JOIN(T) table_ref(R) join_condition(C).
    { A = ast_join(parse, K, L, &T, R, C); }
joined(A) ::= table_ref(L) NATURAL(T) JOIN table_ref(R).
    { A = ast_join_natural(ast_join(parse, AST_JOIN_INNER, L, &T, R, NULL)); }
joined(A) ::= table_ref(L) NATURAL(T) join_kind(K) JOIN table_ref(R).
    { A = ast_join_natural(ast_join(parse, K, L, &T, R, NULL)); }
joined(A) ::= table_ref(L) ASOF(T) JOIN table_ref(R) join_condition(C).
    { A = ast_join_asof(ast_join(parse, AST_JOIN_INNER, L, &T, R, C)); }
joined(A) ::= table_ref(L) LEFT(T) ASOF JOIN table_ref(R) join_condition(C).
    { A = ast_join_asof(ast_join(parse, AST_JOIN_LEFT, L, &T, R, C)); }
joined(A) ::= table_ref(L) ASOF(T) LEFT JOIN table_ref(R) join_condition(C).
    { A = ast_join_asof(ast_join(parse, AST_JOIN_LEFT, L, &T, R, C)); }
%type join_kind {AstJoinKind}
join_kind(A) ::= INNER. { A = AST_JOIN_INNER; }
join_kind(A) ::= LEFT outer. { A = AST_JOIN_LEFT; }
join_kind(A) ::= RIGHT outer. { A = AST_JOIN_RIGHT; }
join_kind(A) ::= FULL outer. { A = AST_JOIN_FULL; }
outer ::= .
outer ::= OUTER.
/* The condition is carried by a join that has nothing else. */
%type join_condition {AstJoin *}
join_condition(A) ::= ON expr(E). { A = ast_join_on(parse, E); }
join_condition(A) ::= USING LP column_list(L) RP. { A = ast_join_using(parse, L, NULL); }
join_condition(A) ::= USING LP column_list(L) RP AS ID(T). { A = ast_join_using(parse, L, &T); }
