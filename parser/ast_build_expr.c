/* AST constructors: expressions but calls. See ast_build.h. */
#include "parser/ast_build.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

/* ---- Literals ---- */

static AstLiteral *new_literal(Parse *parse, AstLiteralKind kind, const Token *token) {
    AstLiteral *literal = ast_new(parse, AST_LITERAL, AstLiteral, token->position);

    literal->literal = kind;
    literal->text = token->text;
    literal->length = (size_t) token->length;
    return literal;
}

/* Do the digits, perhaps with a minus, fit? Then *ret is their value. */
static bool fits_int64(const char *digits, int64_t *ret) {
    char *end = NULL;

    errno = 0;
    *ret = strtoll(digits, &end, 10);
    return errno == 0 && *end == '\0';
}

AstNode *ast_number(Parse *parse, const Token *token) {
    AstLiteral *literal = new_literal(parse, AST_LITERAL_DECIMAL, token);

    if (fits_int64(literal->text, &literal->integer))
        literal->literal = AST_LITERAL_INTEGER;
    return &literal->base;
}

AstNode *ast_integer(Parse *parse, int64_t value) {
    AstLiteral *literal = ast_new(parse, AST_LITERAL, AstLiteral, 0);

    literal->literal = AST_LITERAL_INTEGER;
    literal->integer = value;
    literal->text = arena_printf(parse->arena, "%lld", (long long) value);
    literal->length = strlen(literal->text);
    return &literal->base;
}

int64_t ast_integer_value(Parse *parse, const Token *token, int sign) {
    int64_t value = 0;

    if (!fits_int64(token->text, &value))
        parse_error_at(parse, token->position, "integer out of range");
    return value * sign;
}

AstNode *ast_string(Parse *parse, const Token *token) {
    return &new_literal(parse, AST_LITERAL_STRING, token)->base;
}

AstNode *ast_bits(Parse *parse, const Token *token) {
    return &new_literal(parse, AST_LITERAL_BITS, token)->base;
}

AstNode *ast_constant(Parse *parse, const Token *token) {
    bool is_null = strcmp(token->text, "null") == 0;
    AstLiteral *literal =
        new_literal(parse, is_null ? AST_LITERAL_NULL : AST_LITERAL_BOOLEAN, token);

    literal->integer = strcmp(token->text, "true") == 0;
    literal->text = NULL;
    literal->length = 0;
    return &literal->base;
}

AstNode *ast_param(Parse *parse, const Token *token) {
    AstParam *param = ast_new(parse, AST_PARAM, AstParam, token->position);
    int64_t number = 0;

    if (!fits_int64(token->text, &number) || number < 1 || number > LIMIT_PARAMETERS)
        parse_error_at(parse, token->position, "there is no parameter $%s", token->text);
    else
        param->number = (int) number;
    if (param->number > parse->parameter_max)
        parse->parameter_max = param->number;
    return &param->base;
}

static AstNode *new_literal_cast(Parse *parse, AstType *type, const Token *text) {
    AstCast *cast = ast_new(parse, AST_CAST, AstCast, type->base.position);

    cast->operand = ast_string(parse, text);
    cast->type = type;
    cast->syntax = AST_CAST_LITERAL;
    return &cast->base;
}

AstNode *ast_typed_literal(Parse *parse, AstList *name, AstList *modifiers, const Token *time_zone,
                           const Token *text) {
    return new_literal_cast(parse, ast_type(parse, name, modifiers, time_zone), text);
}

AstNode *ast_interval_literal(Parse *parse, const Token *token, AstList *precision,
                              const Token *text, AstList *fields) {
    return new_literal_cast(parse, ast_type_interval(parse, token, precision, fields), text);
}

/* ---- Operators ---- */

AstNode *ast_cast(Parse *parse, AstNode *operand, AstType *type, AstCastSyntax syntax,
                  const Token *token) {
    AstCast *cast = ast_new(parse, AST_CAST, AstCast, token->position);

    cast->operand = operand;
    cast->type = type;
    cast->syntax = syntax;
    return &cast->base;
}

AstNode *ast_collate(Parse *parse, AstNode *operand, AstName *collation, const Token *token) {
    AstCollate *collate = ast_new(parse, AST_COLLATE, AstCollate, token->position);

    collate->operand = operand;
    collate->collation = collation;
    return &collate->base;
}

static AstNode *new_op(Parse *parse, AstNode *left, const char *schema, const char *op,
                       AstNode *right) {
    AstOp *node = ast_new(parse, AST_OP, AstOp, 0);

    node->schema = schema;
    node->op = op;
    node->left = left;
    node->right = right;
    return &node->base;
}

AstNode *ast_op(Parse *parse, AstNode *left, const Token *op, AstNode *right) {
    AstNode *node = new_op(parse, left, NULL, op->text, right);

    node->position = op->position;
    return node;
}

AstNode *ast_minus(Parse *parse, const Token *op, AstNode *operand) {
    AstLiteral *literal = (AstLiteral *) operand;

    if (operand->kind != AST_LITERAL ||
        (literal->literal != AST_LITERAL_INTEGER && literal->literal != AST_LITERAL_DECIMAL))
        return ast_op(parse, NULL, op, operand);
    literal->text = literal->text[0] == '-' ? literal->text + 1
                                            : arena_printf(parse->arena, "-%s", literal->text);
    literal->length = strlen(literal->text);
    literal->literal =
        fits_int64(literal->text, &literal->integer) ? AST_LITERAL_INTEGER : AST_LITERAL_DECIMAL;
    literal->base.position = op->position;
    return operand;
}

AstName *ast_op_name(Parse *parse, AstList *schema, const Token *op) {
    AstName *name = ast_new(parse, AST_NAME, AstName, op->position);

    name->name = op->text;
    name->schema = schema != NULL ? ast_dotted(parse, schema) : NULL;
    return name;
}

/* NOT IN, NOT LIKE, IS NOT … */
static bool starts_with_not(const Token *token) {
    return strncmp(token->text, "not", 3) == 0;
}

AstName *ast_like_op_name(Parse *parse, const Token *op) {
    AstName *name = ast_new(parse, AST_NAME, AstName, op->position);
    bool is_not = starts_with_not(op);
    bool is_ilike = strstr(op->text, "ilike") != NULL;

    name->name = is_not ? (is_ilike ? "!~~*" : "!~~") : (is_ilike ? "~~*" : "~~");
    return name;
}

AstNode *ast_qualified_op(Parse *parse, AstNode *left, const AstName *op, AstNode *right) {
    AstNode *node = new_op(parse, left, op->schema, op->name, right);

    node->position = op->base.position;
    return node;
}

/* ---- Logic and predicates ---- */

AstNode *ast_logical(Parse *parse, AstKind kind, AstNode *left, const Token *token,
                     AstNode *right) {
    AstLogical *logical = (AstLogical *) left;

    if (left->kind != kind) {
        logical = ast_new(parse, kind, AstLogical, token->position);
        ast_list_append(parse, &logical->operands, left);
    }
    ast_list_append(parse, &logical->operands, right);
    return &logical->base;
}

AstNode *ast_not(Parse *parse, const Token *token, AstNode *operand) {
    AstNot *node = ast_new(parse, AST_NOT, AstNot, token->position);

    node->operand = operand;
    return &node->base;
}

AstNode *ast_like(Parse *parse, AstNode *operand, const Token *token, AstNode *pattern,
                  AstNode *escape) {
    AstLike *like = ast_new(parse, AST_LIKE, AstLike, token->position);

    like->operand = operand;
    like->pattern = pattern;
    like->escape = escape;
    like->is_not = starts_with_not(token);
    like->like = strstr(token->text, "similar") != NULL ? AST_LIKE_SIMILAR
                 : strstr(token->text, "ilike") != NULL ? AST_LIKE_ILIKE
                                                        : AST_LIKE_LIKE;
    return &like->base;
}

static AstNode *new_is(Parse *parse, AstNode *operand, const Token *token, AstIsTest test,
                       bool is_not) {
    AstIs *is = ast_new(parse, AST_IS, AstIs, token->position);

    is->operand = operand;
    is->test = test;
    is->is_not = is_not;
    return &is->base;
}

AstNode *ast_is_null(Parse *parse, AstNode *operand, const Token *token) {
    return new_is(parse, operand, token, AST_IS_NULL, starts_with_not(token));
}

static bool is_is_not(const Token *is) {
    return strcmp(is->text, "is not") == 0;
}

AstNode *ast_is(Parse *parse, AstNode *operand, const Token *is, const Token *test) {
    AstIsTest kind = AST_IS_UNKNOWN;

    if (strcmp(test->text, "null") == 0)
        kind = AST_IS_NULL;
    else if (strcmp(test->text, "true") == 0)
        kind = AST_IS_TRUE;
    else if (strcmp(test->text, "false") == 0)
        kind = AST_IS_FALSE;
    return new_is(parse, operand, is, kind, is_is_not(is));
}

AstNode *ast_distinct_from(Parse *parse, AstNode *left, const Token *is, AstNode *right) {
    AstDistinctFrom *node = ast_new(parse, AST_DISTINCT_FROM, AstDistinctFrom, is->position);

    node->left = left;
    node->right = right;
    node->is_not = is_is_not(is);
    return &node->base;
}

AstNode *ast_between(Parse *parse, AstNode *operand, const Token *token, bool is_symmetric,
                     AstNode *low, AstNode *high) {
    AstBetween *between = ast_new(parse, AST_BETWEEN, AstBetween, token->position);

    between->operand = operand;
    between->low = low;
    between->high = high;
    between->is_not = starts_with_not(token);
    between->is_symmetric = is_symmetric;
    return &between->base;
}

AstNode *ast_in_list(Parse *parse, AstNode *operand, const Token *token, AstList *items) {
    AstInList *in = ast_new(parse, AST_IN_LIST, AstInList, token->position);

    in->operand = operand;
    in->items = ast_list_value(items);
    in->is_not = starts_with_not(token);
    return &in->base;
}

AstNode *ast_in_query(Parse *parse, AstNode *operand, const Token *token, AstQuery *query) {
    AstInQuery *in = ast_new(parse, AST_IN_QUERY, AstInQuery, token->position);

    in->operand = operand;
    in->query = query;
    in->is_not = starts_with_not(token);
    return &in->base;
}

AstNode *ast_quantified(Parse *parse, AstNode *left, const AstName *op, const Token *quantifier,
                        AstNode *right) {
    AstQuantified *node = ast_new(parse, AST_QUANTIFIED, AstQuantified, op->base.position);

    node->schema = op->schema;
    node->op = op->name;
    node->left = left;
    node->right = right;
    node->is_all = strcmp(quantifier->text, "all") == 0;
    return &node->base;
}

AstNode *ast_default(Parse *parse, const Token *token) {
    return &ast_new(parse, AST_DEFAULT, AstDefault, token->position)->base;
}

/* ---- References ---- */

AstNode *ast_column_ref(Parse *parse, AstList *parts, bool is_star) {
    AstColumnRef *ref = ast_new(parse, AST_COLUMN_REF, AstColumnRef, parts->items[0]->position);
    const char **texts = arena_new_array(parse->arena, const char *, (size_t) parts->count);

    for (int i = 0; i < parts->count; i++)
        texts[i] = ((AstIdentifier *) parts->items[i])->text;
    ref->part_count = parts->count;
    ref->parts = texts;
    ref->is_star = is_star;
    return &ref->base;
}

AstNode *ast_star(Parse *parse, const Token *token) {
    AstColumnRef *ref = ast_new(parse, AST_COLUMN_REF, AstColumnRef, token->position);

    ref->is_star = true;
    return &ref->base;
}

AstSubscript *ast_subscript(Parse *parse, const Token *token, AstNode *index) {
    AstSubscript *subscript = ast_new(parse, AST_SUBSCRIPT, AstSubscript, token->position);

    subscript->index = index;
    return subscript;
}

AstSubscript *ast_slice(Parse *parse, const Token *token, AstNode *lower, AstNode *upper) {
    AstSubscript *subscript = ast_new(parse, AST_SUBSCRIPT, AstSubscript, token->position);

    subscript->lower = lower;
    subscript->upper = upper;
    subscript->is_slice = true;
    return subscript;
}

AstNode *ast_subscript_of(Parse *parse, AstNode *operand, AstSubscript *subscript) {
    subscript->operand = operand;
    return &subscript->base;
}

AstNode *ast_field(Parse *parse, AstNode *operand, const Token *name) {
    AstField *field = ast_new(parse, AST_FIELD, AstField, operand->position);

    field->operand = operand;
    field->name = name != NULL ? name->text : NULL;
    return &field->base;
}

/* ---- Constructors of values ---- */

AstNode *ast_subquery(Parse *parse, AstSubqueryKind kind, const Token *token, AstQuery *query) {
    int position = token != NULL ? token->position : query->base.position;
    AstSubquery *subquery = ast_new(parse, AST_SUBQUERY, AstSubquery, position);

    subquery->subquery = kind;
    subquery->query = query;
    return &subquery->base;
}

AstNode *ast_case(Parse *parse, const Token *token, AstNode *operand, AstList *whens,
                  AstNode *otherwise) {
    AstCase *node = ast_new(parse, AST_CASE, AstCase, token->position);

    node->operand = operand;
    node->whens = ast_list_value(whens);
    node->otherwise = otherwise;
    return &node->base;
}

AstNode *ast_when(Parse *parse, const Token *token, AstNode *condition, AstNode *result) {
    AstWhen *when = ast_new(parse, AST_WHEN, AstWhen, token->position);

    when->condition = condition;
    when->result = result;
    return &when->base;
}

AstNode *ast_variadic(Parse *parse, const Token *token, AstList *arguments) {
    AstKind kind = strcmp(token->text, "coalesce") == 0   ? AST_COALESCE
                   : strcmp(token->text, "greatest") == 0 ? AST_GREATEST
                                                          : AST_LEAST;
    AstVariadic *node = ast_new(parse, kind, AstVariadic, token->position);

    node->arguments = ast_list_value(arguments);
    return &node->base;
}

AstNode *ast_nullif(Parse *parse, const Token *token, AstNode *left, AstNode *right) {
    AstVariadic *node = ast_new(parse, AST_NULLIF, AstVariadic, token->position);

    ast_list_append(parse, &node->arguments, left);
    ast_list_append(parse, &node->arguments, right);
    return &node->base;
}

AstNode *ast_value_function(Parse *parse, const Token *token, const Token *precision) {
    static const char *const names[] = {
        [AST_CURRENT_DATE] = "current_date",
        [AST_CURRENT_TIME] = "current_time",
        [AST_CURRENT_TIMESTAMP] = "current_timestamp",
        [AST_LOCALTIME] = "localtime",
        [AST_LOCALTIMESTAMP] = "localtimestamp",
        [AST_CURRENT_ROLE] = "current_role",
        [AST_CURRENT_USER] = "current_user",
        [AST_SESSION_USER] = "session_user",
        [AST_USER] = "user",
        [AST_CURRENT_CATALOG] = "current_catalog",
        [AST_CURRENT_SCHEMA] = "current_schema",
    };
    AstValueFunction *node = ast_new(parse, AST_VALUE_FUNCTION, AstValueFunction, token->position);

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcmp(names[i], token->text) == 0)
            node->function = (AstValueFunctionKind) i;
    node->precision = -1;
    if (precision != NULL) {
        int64_t digits = ast_integer_value(parse, precision, 1);
        node->precision = digits > 6 ? 6 : (int) digits;
    }
    return &node->base;
}

AstNode *ast_array(Parse *parse, const Token *token, AstList *elements) {
    AstArray *array = ast_new(parse, AST_ARRAY, AstArray, token != NULL ? token->position : 0);

    array->elements = ast_list_value(elements);
    if (token == NULL && array->elements.count > 0)
        array->base.position = array->elements.items[0]->position;
    return &array->base;
}

AstNode *ast_row(Parse *parse, const Token *token, AstList *elements, bool is_explicit) {
    AstRow *row = ast_new(parse, AST_ROW, AstRow, token->position);

    row->elements = ast_list_value(elements);
    row->is_explicit = is_explicit;
    return &row->base;
}
