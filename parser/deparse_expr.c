/* Deparse: expressions. See deparse.h; precedence is in deparse_private.h. */
#include <assert.h>
#include <string.h>

#include "parser/deparse_private.h"

static Binding binding_of_op(const AstOp *op) {
    static const struct {
        const char *op;
        Binding binding;
    } known[] = {
        {"<", BINDING_COMPARE},  {">", BINDING_COMPARE},  {"=", BINDING_COMPARE},
        {"<=", BINDING_COMPARE}, {">=", BINDING_COMPARE}, {"<>", BINDING_COMPARE},
        {"+", BINDING_SUM},      {"-", BINDING_SUM},      {"*", BINDING_PRODUCT},
        {"/", BINDING_PRODUCT},  {"%", BINDING_PRODUCT},  {"^", BINDING_POWER},
    };
    bool is_sign = strcmp(op->op, "+") == 0 || strcmp(op->op, "-") == 0;

    if (op->schema != NULL)
        return BINDING_OP;
    if (op->left == NULL)
        return is_sign ? BINDING_SIGN : BINDING_OP;
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
        if (strcmp(known[i].op, op->op) == 0)
            return known[i].binding;
    return BINDING_OP;
}

static Binding binding_of(const AstNode *node) {
    switch (node->kind) {
    case AST_OR:
        return BINDING_OR;
    case AST_AND:
        return BINDING_AND;
    case AST_NOT:
        return BINDING_NOT;
    case AST_IS:
    case AST_DISTINCT_FROM:
        return BINDING_IS;
    case AST_QUANTIFIED:
        return BINDING_COMPARE;
    case AST_BETWEEN:
    case AST_IN_LIST:
    case AST_IN_QUERY:
    case AST_LIKE:
        return BINDING_LIKE;
    case AST_OP:
        return binding_of_op((const AstOp *) node);
    case AST_COLLATE:
        return BINDING_COLLATE;
    case AST_FUNC_CALL:
        return binding_of_call((const AstFuncCall *) node);
    case AST_LITERAL: {
        const char *text = ((const AstLiteral *) node)->text;
        bool is_string = ((const AstLiteral *) node)->literal == AST_LITERAL_STRING;
        return !is_string && text != NULL && text[0] == '-' ? BINDING_SIGN : BINDING_PRIMARY;
    }
    case AST_CAST:
        return ((const AstCast *) node)->syntax == AST_CAST_ORDINARY ? BINDING_CAST
                                                                     : BINDING_PRIMARY;
    case AST_DEFAULT:
        return BINDING_OR;
    default:
        return BINDING_PRIMARY;
    }
}

/* Is there no COLLATE that parentheses do not hide? */
static bool is_plain(const AstNode *node) {
    const AstOp *op = (const AstOp *) node;
    const AstFuncCall *call = (const AstFuncCall *) node;

    switch (node->kind) {
    case AST_COLLATE:
        return false;
    case AST_OP:
        return (op->left == NULL || is_plain(op->left)) && is_plain(op->right);
    case AST_CAST:
        return ((const AstCast *) node)->syntax != AST_CAST_ORDINARY ||
               is_plain(((const AstCast *) node)->operand);
    case AST_FUNC_CALL:
        return call->syntax != AST_FUNC_AT_TIME_ZONE ||
               (is_plain(call->arguments.items[0]) && is_plain(call->arguments.items[1]));
    default:
        return true;
    }
}

void put_plain_expr(Deparser *d, const AstNode *node) {
    put_expr(d, node, is_plain(node) ? BINDING_OP : BINDING_PRIMARY);
}

/* ---- Kinds ---- */

void put_literal(Deparser *d, const AstLiteral *literal) {
    switch (literal->literal) {
    case AST_LITERAL_NULL:
        put(d, "NULL");
        return;
    case AST_LITERAL_BOOLEAN:
        put(d, literal->integer != 0 ? "true" : "false");
        return;
    case AST_LITERAL_STRING:
        put_string(d, literal->text);
        return;
    case AST_LITERAL_BITS:
        put(d, literal->text[0] == 'b' ? "B" : "X");
        put_string(d, literal->text + 1);
        return;
    case AST_LITERAL_INTEGER:
    case AST_LITERAL_DECIMAL:
        put(d, literal->text);
        return;
    }
}

static void put_column_ref(Deparser *d, const AstColumnRef *ref) {
    for (int i = 0; i < ref->part_count; i++) {
        put(d, i > 0 ? "." : "");
        put_identifier(d, ref->parts[i]);
    }
    if (ref->is_star)
        put(d, ref->part_count > 0 ? ".*" : "*");
}

static void put_operator(Deparser *d, const char *schema, const char *op) {
    if (schema == NULL) {
        put(d, op);
        return;
    }
    put(d, "OPERATOR(");
    put_identifier(d, schema);
    put_format(d, ".%s)", op);
}

static void put_op(Deparser *d, const AstOp *op) {
    Binding binding = binding_of_op(op);
    bool is_sign = binding == BINDING_SIGN;

    if (op->left != NULL) {
        put_expr(d, op->left, binding == BINDING_COMPARE ? BINDING_LIKE : binding);
        put(d, " ");
    }
    put_operator(d, op->schema, op->op);
    /* A sign before a sign would make another operator or a comment. */
    put(d, is_sign && binding_of(op->right) != BINDING_SIGN ? "" : " ");
    put_expr(d, op->right, op->left == NULL ? binding : (Binding) (binding + 1));
}

static void put_logical(Deparser *d, const AstLogical *logical) {
    bool is_and = logical->base.kind == AST_AND;
    Binding least = is_and ? BINDING_NOT : BINDING_AND;

    for (int i = 0; i < logical->operands.count; i++) {
        put(d, i == 0 ? "" : is_and ? " AND " : " OR ");
        put_expr(d, logical->operands.items[i], least);
    }
}

static void put_is(Deparser *d, const AstIs *is) {
    static const char *const tests[] = {"NULL", "TRUE", "FALSE", "UNKNOWN"};

    put_expr(d, is->operand, BINDING_COMPARE);
    put_format(d, " IS %s%s", is->is_not ? "NOT " : "", tests[is->test]);
}

static void put_between(Deparser *d, const AstBetween *between) {
    put_expr(d, between->operand, BINDING_OP);
    put_format(d, " %sBETWEEN %s", between->is_not ? "NOT " : "",
               between->is_symmetric ? "SYMMETRIC " : "");
    put_plain_expr(d, between->low);
    put(d, " AND ");
    put_expr(d, between->high, BINDING_OP);
}

static void put_like(Deparser *d, const AstLike *like) {
    static const char *const words[] = {"LIKE", "ILIKE", "SIMILAR TO"};

    put_expr(d, like->operand, BINDING_OP);
    put_format(d, " %s%s ", like->is_not ? "NOT " : "", words[like->like]);
    put_expr(d, like->pattern, BINDING_OP);
    if (like->escape != NULL) {
        put(d, " ESCAPE ");
        put_expr(d, like->escape, BINDING_OP);
    }
}

static void put_in(Deparser *d, const AstNode *operand, bool is_not) {
    put_expr(d, operand, BINDING_OP);
    put(d, is_not ? " NOT IN " : " IN ");
}

static void put_quantified(Deparser *d, const AstQuantified *node) {
    static const struct {
        const char *op;
        const char *words;
    } likes[] = {{"~~", "LIKE"}, {"!~~", "NOT LIKE"}, {"~~*", "ILIKE"}, {"!~~*", "NOT ILIKE"}};
    const char *words = NULL;

    put_expr(d, node->left, BINDING_POWER);
    put(d, " ");
    for (size_t i = 0; i < ARRAY_LENGTH(likes) && node->schema == NULL; i++)
        if (strcmp(likes[i].op, node->op) == 0)
            words = likes[i].words;
    put_operator(d, node->schema, words != NULL ? words : node->op);
    put(d, node->is_all ? " ALL " : " ANY ");
    put_open(d);
    put_node(d, node->right);
    put_close(d);
}

static void put_case(Deparser *d, const AstCase *node) {
    put(d, "CASE");
    put_value_or(d, " ", node->operand);
    AST_FOREACH(AstWhen, when, &node->whens) {
        put_value_or(d, " WHEN ", when->condition);
        put_value_or(d, " THEN ", when->result);
    }
    put_value_or(d, " ELSE ", node->otherwise);
    put(d, " END");
}

static void put_cast(Deparser *d, const AstCast *cast) {
    switch (cast->syntax) {
    case AST_CAST_LITERAL:
        put_typed_literal(d, cast);
        return;
    case AST_CAST_TRY:
        put(d, "TRY_CAST(");
        put_node(d, cast->operand);
        put(d, " AS ");
        put_type(d, cast->type);
        put(d, ")");
        return;
    case AST_CAST_ORDINARY:
        put_expr(d, cast->operand, BINDING_CAST);
        put(d, "::");
        put_type(d, cast->type);
        return;
    }
}

/* Inner arrays need no ARRAY when all elements are such. */
static void put_array(Deparser *d, const AstArray *array, bool is_inner) {
    bool has_only_arrays = array->elements.count > 0;

    AST_FOREACH(AstNode, element, &array->elements)
    has_only_arrays = has_only_arrays && element->kind == AST_ARRAY;
    put(d, is_inner ? "[" : "ARRAY[");
    for (int i = 0; i < array->elements.count; i++) {
        put(d, i > 0 ? ", " : "");
        if (has_only_arrays)
            put_array(d, (const AstArray *) array->elements.items[i], true);
        else
            put_node(d, array->elements.items[i]);
    }
    put(d, "]");
}

/* The operand of a subscript or field: as it is when the grammar lets it, else in parentheses. */
static void put_base(Deparser *d, const AstNode *operand, bool is_field) {
    bool is_direct = operand->kind == AST_SUBSCRIPT || operand->kind == AST_FIELD ||
                     operand->kind == AST_PARAM ||
                     (operand->kind == AST_COLUMN_REF && !is_field &&
                      !((const AstColumnRef *) operand)->is_star);

    if (is_direct) {
        put_expr(d, operand, BINDING_NONE);
        return;
    }
    put_open(d);
    put_expr(d, operand, BINDING_NONE);
    put_close(d);
}

static void put_subscript(Deparser *d, const AstSubscript *subscript) {
    put_base(d, subscript->operand, false);
    put(d, "[");
    put_value_or(d, "", subscript->index);
    put_value_or(d, "", subscript->lower);
    /* `a::` would be a cast. */
    put(d, subscript->is_slice ? " : " : "");
    put_value_or(d, "", subscript->upper);
    put(d, "]");
}

static void put_field(Deparser *d, const AstField *field) {
    put_base(d, field->operand, true);
    put(d, ".");
    if (field->name != NULL)
        put_identifier(d, field->name);
    else
        put(d, "*");
}

static void put_value_function(Deparser *d, const AstValueFunction *function) {
    static const char *const names[] = {
        [AST_CURRENT_DATE] = "CURRENT_DATE",
        [AST_CURRENT_TIME] = "CURRENT_TIME",
        [AST_CURRENT_TIMESTAMP] = "CURRENT_TIMESTAMP",
        [AST_LOCALTIME] = "LOCALTIME",
        [AST_LOCALTIMESTAMP] = "LOCALTIMESTAMP",
        [AST_CURRENT_ROLE] = "CURRENT_ROLE",
        [AST_CURRENT_USER] = "CURRENT_USER",
        [AST_SESSION_USER] = "SESSION_USER",
        [AST_USER] = "USER",
        [AST_CURRENT_CATALOG] = "CURRENT_CATALOG",
        [AST_CURRENT_SCHEMA] = "CURRENT_SCHEMA",
    };

    put(d, names[function->function]);
    if (function->precision >= 0)
        put_format(d, "(%d)", function->precision);
}

static void put_variadic(Deparser *d, const AstVariadic *node) {
    static const struct {
        AstKind kind;
        const char *name;
    } names[] = {{AST_COALESCE, "COALESCE"},
                 {AST_GREATEST, "GREATEST"},
                 {AST_LEAST, "LEAST"},
                 {AST_NULLIF, "NULLIF"}};

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (names[i].kind == node->base.kind)
            put(d, names[i].name);
    put_list_parens(d, &node->arguments);
}

static void put_subquery(Deparser *d, const AstSubquery *subquery) {
    static const char *const words[] = {"", "EXISTS ", "ARRAY"};

    put(d, words[subquery->subquery]);
    put_query_parens(d, subquery->query);
}

static void put_row(Deparser *d, const AstRow *row) {
    put(d, row->is_explicit ? "ROW(" : "(");
    put_list(d, &row->elements);
    put(d, ")");
}

/* Predicates and operators; false: another kind. */
static bool put_predicate(Deparser *d, const AstNode *node) {
    const AstDistinctFrom *distinct = (const AstDistinctFrom *) node;

    switch (node->kind) {
    case AST_OP:
        put_op(d, (const AstOp *) node);
        return true;
    case AST_AND:
    case AST_OR:
        put_logical(d, (const AstLogical *) node);
        return true;
    case AST_NOT:
        put(d, "NOT ");
        put_expr(d, ((const AstNot *) node)->operand, BINDING_NOT);
        return true;
    case AST_IS:
        put_is(d, (const AstIs *) node);
        return true;
    case AST_DISTINCT_FROM:
        put_expr(d, distinct->left, BINDING_COMPARE);
        put_format(d, " IS %sDISTINCT FROM ", distinct->is_not ? "NOT " : "");
        put_expr(d, distinct->right, BINDING_COMPARE);
        return true;
    case AST_BETWEEN:
        put_between(d, (const AstBetween *) node);
        return true;
    case AST_IN_LIST:
        put_in(d, ((const AstInList *) node)->operand, ((const AstInList *) node)->is_not);
        put_list_parens(d, &((const AstInList *) node)->items);
        return true;
    case AST_IN_QUERY:
        put_in(d, ((const AstInQuery *) node)->operand, ((const AstInQuery *) node)->is_not);
        put_query_parens(d, ((const AstInQuery *) node)->query);
        return true;
    case AST_LIKE:
        put_like(d, (const AstLike *) node);
        return true;
    case AST_QUANTIFIED:
        put_quantified(d, (const AstQuantified *) node);
        return true;
    default:
        return false;
    }
}

static void put_kind(Deparser *d, const AstNode *node) {
    switch (node->kind) {
    case AST_COLUMN_REF:
        put_column_ref(d, (const AstColumnRef *) node);
        return;
    case AST_LITERAL:
        put_literal(d, (const AstLiteral *) node);
        return;
    case AST_PARAM:
        put_format(d, "$%d", ((const AstParam *) node)->number);
        return;
    case AST_FUNC_CALL:
        put_call(d, (const AstFuncCall *) node);
        return;
    case AST_NAMED_ARG:
        put_identifier(d, ((const AstNamedArg *) node)->name);
        put_value_or(d, " => ", ((const AstNamedArg *) node)->value);
        return;
    case AST_CASE:
        put_case(d, (const AstCase *) node);
        return;
    case AST_CAST:
        put_cast(d, (const AstCast *) node);
        return;
    case AST_COLLATE:
        put_expr(d, ((const AstCollate *) node)->operand, BINDING_COLLATE);
        put(d, " COLLATE ");
        put_name(d, ((const AstCollate *) node)->collation);
        return;
    case AST_ARRAY:
        put_array(d, (const AstArray *) node, false);
        return;
    case AST_SUBSCRIPT:
        put_subscript(d, (const AstSubscript *) node);
        return;
    case AST_FIELD:
        put_field(d, (const AstField *) node);
        return;
    case AST_ROW:
        put_row(d, (const AstRow *) node);
        return;
    case AST_SUBQUERY:
        put_subquery(d, (const AstSubquery *) node);
        return;
    case AST_COALESCE:
    case AST_GREATEST:
    case AST_LEAST:
    case AST_NULLIF:
        put_variadic(d, (const AstVariadic *) node);
        return;
    case AST_VALUE_FUNCTION:
        put_value_function(d, (const AstValueFunction *) node);
        return;
    case AST_DEFAULT:
        put(d, "DEFAULT");
        return;
    default:
        if (!put_predicate(d, node))
            assert(false && "every expression has a writer");
    }
}

void put_expr(Deparser *d, const AstNode *node, Binding least) {
    bool has_parens = binding_of(node) < least;

    if (node->kind == AST_QUERY) { /* the right side of ANY */
        put_query(d, (const AstQuery *) node);
        return;
    }
    if (has_parens)
        put_open(d);
    put_kind(d, node);
    if (has_parens)
        put_close(d);
}
