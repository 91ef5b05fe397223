/* AST constructors: what the grammar's actions call, one call each. Private to parser/.
 *
 * They take what the grammar has, allocate in the statement's arena and never return NULL for a
 * node that the grammar needs; a fault is told with parse_error_at() and the parse goes on to its
 * end. Lists come as AstList * (NULL: empty) and are embedded by value. */
#pragma once

#include "parser/ast_expr.h"
#include "parser/ast_query.h"
#include "parser/ast_statement.h"
#include "parser/parse.h"

/* ---- Lists, names, types: ast_build.c ---- */

void *ast_new_node(Parse *parse, AstKind kind, size_t size_bytes, int position);
#define ast_new(parse, kind, Type, position) \
    ((Type *) ast_new_node((parse), (kind), sizeof(Type), (position)))

AstList ast_list_value(const AstList *list); /* NULL: no items */
AstList *ast_list_empty(Parse *parse);
AstList *ast_list_append(Parse *parse, AstList *list, AstNode *node);
#define ast_list(parse, list, node) ast_list_append((parse), (list), (AstNode *) (node))
AstList *ast_list_prepend(Parse *parse, AstNode *node, AstList *list);
AstList *ast_list_identifier(Parse *parse, AstList *list, const Token *token);
/* One name that is not what the token says: TIME ZONE is "timezone". */
AstList *ast_list_word(Parse *parse, const Token *token, const char *word);
/* The elements of `(a, b)`, or the one expression. */
AstList *ast_list_of_row(Parse *parse, AstNode *node);
/* A flag on a list: NULL as its last item. ast_list_take_flag removes it. */
AstList *ast_list_flag(Parse *parse, AstList *list);
bool ast_list_take_flag(AstList *list);

Token ast_token_none(void);              /* text is NULL */
Token ast_token_not(const Token *token); /* IS -> IS NOT */
AstName *ast_name(Parse *parse, const AstList *parts);
/* "a.b.c" of the parts. */
const char *ast_dotted(Parse *parse, const AstList *parts);

/* int4 for integer; the same pointer when SQL has no other name for it. */
const char *ast_catalog_type_name(const char *name);
AstType *ast_type(Parse *parse, AstList *name, AstList *modifiers, const Token *time_zone);
AstType *ast_type_interval(Parse *parse, const Token *token, AstList *precision, AstList *fields);
AstType *ast_type_row(Parse *parse, const Token *token, AstList *fields);
AstType *ast_type_array(AstType *type, int dimensions);
AstType *ast_type_setof(AstType *type);
/* Interval fields travel as a list: an integer literal with the AstIntervalFields, then perhaps
 * the precision of the seconds. */
AstList *ast_interval_fields(Parse *parse, const Token *from, const Token *to);
AstList *ast_interval_second(Parse *parse, const Token *token, const Token *precision);
AstList *ast_interval_to_second(Parse *parse, const Token *from, AstList *second);

/* ---- Expressions: ast_build_expr.c, ast_build_call.c ---- */

AstNode *ast_number(Parse *parse, const Token *token);
AstNode *ast_integer(Parse *parse, int64_t value);
int64_t ast_integer_value(Parse *parse, const Token *token, int sign);
AstNode *ast_string(Parse *parse, const Token *token);
AstNode *ast_bits(Parse *parse, const Token *token);
AstNode *ast_constant(Parse *parse, const Token *token);
AstNode *ast_param(Parse *parse, const Token *token);
AstNode *ast_typed_literal(Parse *parse, AstList *name, AstList *modifiers, const Token *time_zone,
                           const Token *text);
AstNode *ast_interval_literal(Parse *parse, const Token *token, AstList *precision,
                              const Token *text, AstList *fields);
AstNode *ast_cast(Parse *parse, AstNode *operand, AstType *type, AstCastSyntax syntax,
                  const Token *token);
AstNode *ast_collate(Parse *parse, AstNode *operand, AstName *collation, const Token *token);
AstNode *ast_at_time_zone(Parse *parse, AstNode *operand, AstNode *zone, const Token *token);
AstNode *ast_op(Parse *parse, AstNode *left, const Token *op, AstNode *right);
AstNode *ast_minus(Parse *parse, const Token *op, AstNode *operand);
AstName *ast_op_name(Parse *parse, AstList *schema, const Token *op);
AstName *ast_like_op_name(Parse *parse, const Token *op);
AstNode *ast_qualified_op(Parse *parse, AstNode *left, const AstName *op, AstNode *right);
AstNode *ast_logical(Parse *parse, AstKind kind, AstNode *left, const Token *token, AstNode *right);
AstNode *ast_not(Parse *parse, const Token *token, AstNode *operand);
AstNode *ast_like(Parse *parse, AstNode *operand, const Token *token, AstNode *pattern,
                  AstNode *escape);
AstNode *ast_is_null(Parse *parse, AstNode *operand, const Token *token);
AstNode *ast_is(Parse *parse, AstNode *operand, const Token *is, const Token *test);
AstNode *ast_distinct_from(Parse *parse, AstNode *left, const Token *is, AstNode *right);
AstNode *ast_between(Parse *parse, AstNode *operand, const Token *token, bool is_symmetric,
                     AstNode *low, AstNode *high);
AstNode *ast_in_list(Parse *parse, AstNode *operand, const Token *token, AstList *items);
AstNode *ast_in_query(Parse *parse, AstNode *operand, const Token *token, AstQuery *query);
AstNode *ast_quantified(Parse *parse, AstNode *left, const AstName *op, const Token *quantifier,
                        AstNode *right);
AstNode *ast_overlaps(Parse *parse, AstNode *left, const Token *token, AstNode *right);
AstNode *ast_default(Parse *parse, const Token *token);
AstNode *ast_column_ref(Parse *parse, AstList *parts, bool is_star);
AstNode *ast_star(Parse *parse, const Token *token);
AstNode *ast_subquery(Parse *parse, AstSubqueryKind kind, const Token *token, AstQuery *query);
AstNode *ast_case(Parse *parse, const Token *token, AstNode *operand, AstList *whens,
                  AstNode *otherwise);
AstNode *ast_when(Parse *parse, const Token *token, AstNode *condition, AstNode *result);
AstNode *ast_variadic(Parse *parse, const Token *token, AstList *arguments);
AstNode *ast_nullif(Parse *parse, const Token *token, AstNode *left, AstNode *right);
AstNode *ast_value_function(Parse *parse, const Token *token, const Token *precision);
AstNode *ast_array(Parse *parse, const Token *token, AstList *elements);
AstNode *ast_row(Parse *parse, const Token *token, AstList *elements, bool is_explicit);
AstSubscript *ast_subscript(Parse *parse, const Token *token, AstNode *index);
AstSubscript *ast_slice(Parse *parse, const Token *token, AstNode *lower, AstNode *upper);
AstNode *ast_subscript_of(Parse *parse, AstNode *operand, AstSubscript *subscript);
AstNode *ast_field(Parse *parse, AstNode *operand, const Token *name); /* NULL: .* */

typedef enum AstCallForm {
    AST_CALL_PLAIN,
    AST_CALL_DISTINCT,
    AST_CALL_VARIADIC,
    AST_CALL_STAR,
} AstCallForm;

AstNode *ast_call(Parse *parse, AstList *name, AstList *arguments, AstList *order_by,
                  AstCallForm form);
AstNode *ast_call_clauses(Parse *parse, AstNode *call, AstList *within_group, AstNode *filter,
                          AstWindowSpec *over);
AstNode *ast_named_arg(Parse *parse, const Token *name, AstNode *value);
AstNode *ast_extract(Parse *parse, const Token *token, const Token *field, AstNode *operand);
AstNode *ast_substring_similar(Parse *parse, const Token *token, AstNode *text, AstNode *pattern,
                               AstNode *escape);
AstNode *ast_position(Parse *parse, const Token *token, AstNode *needle, AstNode *text);
/* The function that the token names, with those of four arguments that are not NULL. */
AstNode *ast_special(Parse *parse, const Token *token, AstNode *first, AstNode *second,
                     AstNode *third, AstNode *fourth);
AstNode *ast_special_list(Parse *parse, const Token *token, AstList *arguments);
AstNode *ast_substring_for(Parse *parse, const Token *token, AstNode *text, AstNode *count);
AstNode *ast_trim(Parse *parse, const Token *token, const Token *side, AstList *arguments);

typedef struct AstFrameBound {
    AstFrameBoundKind kind;
    AstNode *offset;
    int position;
} AstFrameBound;

AstWindowSpec *ast_window_reference(Parse *parse, const Token *name);
AstWindowSpec *ast_window_ignore_nulls(AstWindowSpec *spec);
AstWindowSpec *ast_window_spec(Parse *parse, const Token *token, const Token *base,
                               AstList *partition_by, AstList *order_by,
                               const AstWindowSpec *frame);
AstNode *ast_window_named(Parse *parse, const Token *name, AstWindowSpec *spec);
AstWindowSpec *ast_frame(Parse *parse, const Token *mode, const AstFrameBound *start,
                         const AstFrameBound *end, AstFrameExclude exclude);
AstFrameBound *ast_frame_bound(Parse *parse, AstFrameBoundKind kind, AstNode *offset);

/* ---- Queries: ast_build_query.c ---- */

AstQuery *ast_query(Parse *parse, AstWith *with, AstNode *body, const AstQuery *tail);
/* The body of a query in parentheses as an operand of UNION: itself, when nothing hangs on it. */
AstNode *ast_body_of_query(AstQuery *query);
AstSelect *ast_select_head(Parse *parse, const Token *token, AstList *kind, AstList *targets);
AstNode *ast_select(AstSelect *select, AstList *from, AstNode *where, AstList *group_by,
                    AstNode *having, AstList *windows);
AstNode *ast_select_table(Parse *parse, const Token *token, AstName *name);
AstNode *ast_values(Parse *parse, const Token *token, AstList *rows);
AstNode *ast_set_operation(Parse *parse, AstNode *left, const Token *op, bool is_all,
                           AstNode *right);
AstNode *ast_target(Parse *parse, AstNode *value, const Token *label);
AstNode *ast_grouping_set(Parse *parse, AstGroupingSetKind kind, const Token *token,
                          AstList *items);
AstQuery *ast_tail(Parse *parse, AstList *order_by, AstLimit *limit, AstList *locking);
AstQuery *ast_tail_order(AstQuery *tail, AstList *order_by);
AstQuery *ast_tail_emit(AstQuery *tail, const Token *emit);
AstNode *ast_sort_key(Parse *parse, AstNode *value, AstSortOrder order, AstNullsOrder nulls,
                      const Token *using_op);
AstLimit *ast_limit(Parse *parse, const Token *token, AstNode *count, AstNode *offset);
AstLimit *ast_limit_ties(AstLimit *limit);
AstLimit *ast_limit_merge(AstLimit *count, const AstLimit *offset);
AstNode *ast_locking(Parse *parse, const Token *token, AstLockStrength strength, AstList *relations,
                     AstLockWait wait);
AstWith *ast_with(Parse *parse, const Token *token, bool is_recursive, AstList *ctes);
AstNode *ast_cte(Parse *parse, const Token *name, AstList *columns, AstMaterialized materialized,
                 AstNode *query);
AstTableRef *ast_relation(Parse *parse, AstName *name, bool is_only);
AstNode *ast_table_ref(AstTableRef *relation, AstAlias *alias, AstNode *system_time,
                       AstWatermarkDelay *delay);
AstWatermarkDelay *ast_watermark_delay(Parse *parse, const Token *token, const Token *column,
                                       AstNode *delay);
AstAlias *ast_alias(Parse *parse, const Token *name, AstList *columns, AstList *definitions);
AstAlias *ast_alias_record(Parse *parse, const Token *token, AstList *definitions);
AstNode *ast_subquery_ref(Parse *parse, AstQuery *query, AstAlias *alias, AstWatermarkDelay *delay,
                          const Token *lateral);
AstFunctionRef *ast_function_table(Parse *parse, AstNode *call, bool with_ordinality);
AstFunctionRef *ast_rows_from(Parse *parse, const Token *token, AstList *calls,
                              bool with_ordinality);
AstNode *ast_function_ref(AstFunctionRef *function, AstAlias *alias, const Token *lateral);
AstWindowTable *ast_window_table(Parse *parse, const Token *token, AstNode *input,
                                 AstList *partition_by, AstList *arguments);
AstNode *ast_window_table_alias(AstWindowTable *table, AstAlias *alias);
AstJoin *ast_join(Parse *parse, AstJoinKind kind, AstNode *left, const Token *token, AstNode *right,
                  const AstJoin *condition);
AstJoin *ast_join_natural(AstJoin *join);
AstJoin *ast_join_asof(AstJoin *join);
AstJoin *ast_join_on(Parse *parse, AstNode *condition);
AstJoin *ast_join_using(Parse *parse, AstList *columns, const Token *alias);
AstNode *ast_join_alias(AstJoin *join, AstAlias *alias);
