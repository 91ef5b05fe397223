/* AST walk: see ast_walk.h. The table says where each kind keeps its children. */
#include "parser/ast_walk.h"

#include <assert.h>

#include "base/limits.h"
#include "parser/ast_expr.h"
#include "parser/ast_query.h"
#include "parser/ast_statement.h"

enum { CHILDREN_MAX = 9 };

typedef enum ChildShape { CHILD_NONE, CHILD_NODE, CHILD_LIST } ChildShape;

typedef struct Child {
    ChildShape shape;
    size_t offset;
} Child;

typedef struct Children {
    Child items[CHILDREN_MAX]; /* ends at CHILD_NONE */
} Children;

#define NODE(Type, field) \
    { CHILD_NODE, offsetof(Type, field) }
#define LIST(Type, field) \
    { CHILD_LIST, offsetof(Type, field) }

/* clang-format off */
static const Children children_of[AST_KIND_COUNT] = {
    [AST_TYPE] = {{LIST(AstType, modifiers), LIST(AstType, fields)}},
    /* expressions */
    [AST_FUNC_CALL] = {{NODE(AstFuncCall, name), LIST(AstFuncCall, arguments),
        LIST(AstFuncCall, order_by), LIST(AstFuncCall, within_group), NODE(AstFuncCall, filter),
        NODE(AstFuncCall, over)}},
    [AST_NAMED_ARG] = {{NODE(AstNamedArg, value)}},
    [AST_OP] = {{NODE(AstOp, left), NODE(AstOp, right)}},
    [AST_AND] = {{LIST(AstLogical, operands)}},
    [AST_OR] = {{LIST(AstLogical, operands)}},
    [AST_NOT] = {{NODE(AstNot, operand)}},
    [AST_IS] = {{NODE(AstIs, operand)}},
    [AST_DISTINCT_FROM] = {{NODE(AstDistinctFrom, left), NODE(AstDistinctFrom, right)}},
    [AST_BETWEEN] = {{NODE(AstBetween, operand), NODE(AstBetween, low), NODE(AstBetween, high)}},
    [AST_IN_LIST] = {{NODE(AstInList, operand), LIST(AstInList, items)}},
    [AST_IN_QUERY] = {{NODE(AstInQuery, operand), NODE(AstInQuery, query)}},
    [AST_LIKE] = {{NODE(AstLike, operand), NODE(AstLike, pattern), NODE(AstLike, escape)}},
    [AST_QUANTIFIED] = {{NODE(AstQuantified, left), NODE(AstQuantified, right)}},
    [AST_CASE] = {{NODE(AstCase, operand), LIST(AstCase, whens), NODE(AstCase, otherwise)}},
    [AST_WHEN] = {{NODE(AstWhen, condition), NODE(AstWhen, result)}},
    [AST_CAST] = {{NODE(AstCast, operand), NODE(AstCast, type)}},
    [AST_COLLATE] = {{NODE(AstCollate, operand), NODE(AstCollate, collation)}},
    [AST_ARRAY] = {{LIST(AstArray, elements)}},
    [AST_SUBSCRIPT] = {{NODE(AstSubscript, operand), NODE(AstSubscript, index),
        NODE(AstSubscript, lower), NODE(AstSubscript, upper)}},
    [AST_FIELD] = {{NODE(AstField, operand)}},
    [AST_ROW] = {{LIST(AstRow, elements)}},
    [AST_SUBQUERY] = {{NODE(AstSubquery, query)}},
    [AST_COALESCE] = {{LIST(AstVariadic, arguments)}},
    [AST_GREATEST] = {{LIST(AstVariadic, arguments)}},
    [AST_LEAST] = {{LIST(AstVariadic, arguments)}},
    [AST_NULLIF] = {{LIST(AstVariadic, arguments)}},
    /* queries */
    [AST_QUERY] = {{NODE(AstQuery, with), NODE(AstQuery, body), LIST(AstQuery, order_by),
        NODE(AstQuery, limit), LIST(AstQuery, locking)}},
    [AST_SELECT] = {{LIST(AstSelect, distinct_on), LIST(AstSelect, targets),
        LIST(AstSelect, from), NODE(AstSelect, where), LIST(AstSelect, group_by),
        NODE(AstSelect, having), LIST(AstSelect, windows)}},
    [AST_SET_OPERATION] = {{NODE(AstSetOperation, left), NODE(AstSetOperation, right)}},
    [AST_VALUES] = {{LIST(AstValues, rows)}},
    [AST_WITH] = {{LIST(AstWith, ctes)}},
    [AST_CTE] = {{LIST(AstCte, columns), NODE(AstCte, query)}},
    [AST_TARGET] = {{NODE(AstTarget, value)}},
    [AST_SORT_KEY] = {{NODE(AstSortKey, value)}},
    [AST_GROUPING_SET] = {{LIST(AstGroupingSet, items)}},
    [AST_WINDOW_SPEC] = {{LIST(AstWindowSpec, partition_by), LIST(AstWindowSpec, order_by),
        NODE(AstWindowSpec, start_offset), NODE(AstWindowSpec, end_offset)}},
    [AST_LIMIT] = {{NODE(AstLimit, count), NODE(AstLimit, offset)}},
    [AST_LOCKING] = {{LIST(AstLocking, relations)}},
    [AST_TABLE_REF] = {{NODE(AstTableRef, name), NODE(AstTableRef, system_time),
        NODE(AstTableRef, alias), NODE(AstTableRef, watermark)}},
    [AST_SUBQUERY_REF] = {{NODE(AstSubqueryRef, query), NODE(AstSubqueryRef, alias),
        NODE(AstSubqueryRef, watermark)}},
    [AST_FUNCTION_REF] = {{LIST(AstFunctionRef, functions), NODE(AstFunctionRef, alias)}},
    [AST_WINDOW_TABLE] = {{NODE(AstWindowTable, input), LIST(AstWindowTable, partition_by),
        LIST(AstWindowTable, arguments), NODE(AstWindowTable, alias)}},
    [AST_JOIN] = {{NODE(AstJoin, left), NODE(AstJoin, right), NODE(AstJoin, on),
        LIST(AstJoin, using_columns), NODE(AstJoin, alias)}},
    [AST_ALIAS] = {{LIST(AstAlias, columns), LIST(AstAlias, definitions)}},
    [AST_WATERMARK_DELAY] = {{NODE(AstWatermarkDelay, delay)}},
    /* definitions */
    [AST_COLUMN_DEF] = {{NODE(AstColumnDef, type), NODE(AstColumnDef, computed),
        NODE(AstColumnDef, default_value), NODE(AstColumnDef, collation)}},
    [AST_KEY_DEF] = {{LIST(AstKeyDef, columns)}},
    [AST_WATERMARK_DEF] = {{NODE(AstWatermarkDef, column), NODE(AstWatermarkDef, expression),
        NODE(AstWatermarkDef, idle_after)}},
    [AST_OPTION] = {{NODE(AstOption, value)}},
    [AST_SECRET_REF] = {{NODE(AstSecretRef, name)}},
    [AST_CREATE_SOURCE] = {{NODE(AstCreateSource, name), LIST(AstCreateSource, items),
        LIST(AstCreateSource, options)}},
    [AST_CREATE_SINK] = {{NODE(AstCreateSink, name), LIST(AstCreateSink, items),
        LIST(AstCreateSink, options)}},
    [AST_CREATE_STREAM] = {{NODE(AstCreateStream, name), LIST(AstCreateStream, columns),
        LIST(AstCreateStream, sinks), NODE(AstCreateStream, trigger_interval),
        NODE(AstCreateStream, late_sink), LIST(AstCreateStream, options),
        NODE(AstCreateStream, query)}},
    [AST_CREATE_TABLE] = {{NODE(AstCreateTable, name), LIST(AstCreateTable, items),
        LIST(AstCreateTable, options), NODE(AstCreateTable, query)}},
    [AST_CREATE_VIEW] = {{NODE(AstCreateView, name), LIST(AstCreateView, columns),
        NODE(AstCreateView, query)}},
    [AST_CREATE_SECRET] = {{NODE(AstCreateSecret, name), NODE(AstCreateSecret, value)}},
    [AST_CREATE_ROLE] = {{NODE(AstCreateRole, name), LIST(AstCreateRole, options)}},
    [AST_CREATE_FUNCTION] = {{NODE(AstCreateFunction, name), LIST(AstCreateFunction, arguments),
        NODE(AstCreateFunction, returns), LIST(AstCreateFunction, returns_table),
        LIST(AstCreateFunction, options)}},
    [AST_FUNCTION_ARG] = {{NODE(AstFunctionArg, type), NODE(AstFunctionArg, default_value)}},
    [AST_CREATE_CONNECTION] = {{NODE(AstCreateConnection, name),
        LIST(AstCreateConnection, options)}},
    [AST_CREATE_SCHEMA] = {{NODE(AstCreateSchema, name)}},
    [AST_ALTER] = {{NODE(AstAlter, name), LIST(AstAlter, options), NODE(AstAlter, column),
        NODE(AstAlter, target), NODE(AstAlter, value), NODE(AstAlter, query)}},
    [AST_DROP] = {{LIST(AstDrop, names)}},
    [AST_COMMENT] = {{NODE(AstComment, name)}},
    /* data and the rest */
    [AST_INSERT] = {{NODE(AstInsert, with), NODE(AstInsert, name), LIST(AstInsert, columns),
        NODE(AstInsert, query), NODE(AstInsert, on_conflict), LIST(AstInsert, returning)}},
    [AST_UPDATE] = {{NODE(AstUpdate, with), NODE(AstUpdate, table), LIST(AstUpdate, assignments),
        LIST(AstUpdate, from), NODE(AstUpdate, where), LIST(AstUpdate, returning)}},
    [AST_DELETE] = {{NODE(AstDelete, with), NODE(AstDelete, table), LIST(AstDelete, from),
        NODE(AstDelete, where), LIST(AstDelete, returning)}},
    [AST_TRUNCATE] = {{LIST(AstTruncate, names)}},
    [AST_ASSIGNMENT] = {{LIST(AstAssignment, columns), NODE(AstAssignment, value)}},
    [AST_ON_CONFLICT] = {{LIST(AstOnConflict, columns), LIST(AstOnConflict, assignments),
        NODE(AstOnConflict, where)}},
    [AST_COPY] = {{NODE(AstCopy, name), NODE(AstCopy, source), LIST(AstCopy, columns),
        LIST(AstCopy, options), NODE(AstCopy, where)}},
    [AST_SUBSCRIBE] = {{NODE(AstSubscribe, name), NODE(AstSubscribe, query),
        LIST(AstSubscribe, options)}},
    [AST_EXPLAIN] = {{LIST(AstExplain, options), NODE(AstExplain, statement)}},
    [AST_EXPLAIN_STREAM] = {{NODE(AstExplainStream, name)}},
    [AST_PRINT_SOURCE] = {{NODE(AstPrintSource, name), NODE(AstPrintSource, limit)}},
    [AST_WAIT] = {{NODE(AstWait, name), NODE(AstWait, timeout)}},
    [AST_ASSERT_ROWS] = {{NODE(AstAssertRows, actual), NODE(AstAssertRows, expected)}},
    [AST_ASSERT_STREAM] = {{NODE(AstAssertStream, name), NODE(AstAssertStream, value)}},
    [AST_SET] = {{LIST(AstSet, values)}},
    [AST_SET_TRANSACTION] = {{LIST(AstSetTransaction, modes)}},
    [AST_SHOW_CREATE] = {{NODE(AstShowCreate, name)}},
    [AST_DESCRIBE] = {{NODE(AstDescribe, name)}},
    [AST_TRANSACTION] = {{LIST(AstTransaction, modes)}},
    [AST_DECLARE_CURSOR] = {{NODE(AstDeclareCursor, query)}},
    [AST_PREPARE] = {{LIST(AstPrepare, types), NODE(AstPrepare, statement)}},
    [AST_EXECUTE] = {{LIST(AstExecute, arguments)}},
};
/* clang-format on */

static Status visit_list(const AstList *list, AstVisitor *visitor, Error *err) {
    for (int i = 0; i < list->count; i++)
        if (list->items[i] != NULL)
            TRY(visitor->visit(visitor, list->items[i], err));
    return STATUS_OK;
}

Status ast_visit_children(AstNode *node, AstVisitor *visitor, Error *err) {
    const Child *child = children_of[node->kind].items;

    assert(node->kind > AST_NONE);
    assert(node->kind < AST_KIND_COUNT);
    for (int i = 0; i < CHILDREN_MAX && child[i].shape != CHILD_NONE; i++) {
        char *field = (char *) node + child[i].offset;
        if (child[i].shape == CHILD_LIST)
            TRY(visit_list((const AstList *) field, visitor, err));
        else if (*(AstNode **) field != NULL)
            TRY(visitor->visit(visitor, *(AstNode **) field, err));
    }
    return STATUS_OK;
}

static Status count_parameter(AstVisitor *visitor, AstNode *node, Error *err) {
    int *max = visitor->context;

    if (node->kind == AST_PARAM && ((AstParam *) node)->number > *max)
        *max = ((AstParam *) node)->number;
    return ast_visit_children(node, visitor, err);
}

int ast_parameter_count(AstNode *node) {
    int max = 0;
    AstVisitor visitor = {.visit = count_parameter, .context = &max};
    Error err;

    IGNORE(count_parameter(&visitor, node, &err)); /* it cannot fail */
    return max;
}

static Status measure_depth(AstVisitor *visitor, AstNode *node, Error *err) {
    int *depth = visitor->context;

    if (*depth >= LIMIT_AST_DEPTH)
        return error_at(err, node->position, STATEMENT_TOO_COMPLEX,
                        "statement is nested too deeply");
    ++*depth;
    TRY(ast_visit_children(node, visitor, err));
    --*depth;
    return STATUS_OK;
}

Status ast_check_depth(AstNode *node, Error *err) {
    int depth = 0;
    AstVisitor visitor = {.visit = measure_depth, .context = &depth};

    return measure_depth(&visitor, node, err);
}
