/* AST kinds: the one list of node kinds and their structs; included by ast.h only.
 *
 * To add a node: a line here, its struct in the header of its group, its children in ast_walk.c,
 * its constructor in ast_build*.c, its text in deparse*.c. */
#pragma once

/* clang-format off */
#define AST_EXPR_KINDS(X)                          \
    X(AST_COLUMN_REF, AstColumnRef)                \
    X(AST_LITERAL, AstLiteral)                     \
    X(AST_PARAM, AstParam)                         \
    X(AST_FUNC_CALL, AstFuncCall)                  \
    X(AST_NAMED_ARG, AstNamedArg)                  \
    X(AST_OP, AstOp)                               \
    X(AST_AND, AstLogical)                         \
    X(AST_OR, AstLogical)                          \
    X(AST_NOT, AstNot)                             \
    X(AST_IS, AstIs)                               \
    X(AST_DISTINCT_FROM, AstDistinctFrom)          \
    X(AST_BETWEEN, AstBetween)                     \
    X(AST_IN_LIST, AstInList)                      \
    X(AST_IN_QUERY, AstInQuery)                    \
    X(AST_LIKE, AstLike)                           \
    X(AST_QUANTIFIED, AstQuantified)               \
    X(AST_CASE, AstCase)                           \
    X(AST_WHEN, AstWhen)                           \
    X(AST_CAST, AstCast)                           \
    X(AST_COLLATE, AstCollate)                     \
    X(AST_ARRAY, AstArray)                         \
    X(AST_SUBSCRIPT, AstSubscript)                 \
    X(AST_FIELD, AstField)                         \
    X(AST_ROW, AstRow)                             \
    X(AST_SUBQUERY, AstSubquery)                   \
    X(AST_COALESCE, AstVariadic)                   \
    X(AST_GREATEST, AstVariadic)                   \
    X(AST_LEAST, AstVariadic)                      \
    X(AST_NULLIF, AstVariadic)                     \
    X(AST_VALUE_FUNCTION, AstValueFunction)        \
    X(AST_DEFAULT, AstDefault)

#define AST_QUERY_KINDS(X)                         \
    X(AST_QUERY, AstQuery)                         \
    X(AST_SELECT, AstSelect)                       \
    X(AST_SET_OPERATION, AstSetOperation)          \
    X(AST_VALUES, AstValues)                       \
    X(AST_WITH, AstWith)                           \
    X(AST_CTE, AstCte)                             \
    X(AST_TARGET, AstTarget)                       \
    X(AST_SORT_KEY, AstSortKey)                    \
    X(AST_GROUPING_SET, AstGroupingSet)            \
    X(AST_WINDOW_SPEC, AstWindowSpec)              \
    X(AST_LIMIT, AstLimit)                         \
    X(AST_LOCKING, AstLocking)                     \
    X(AST_TABLE_REF, AstTableRef)                  \
    X(AST_SUBQUERY_REF, AstSubqueryRef)            \
    X(AST_FUNCTION_REF, AstFunctionRef)            \
    X(AST_WINDOW_TABLE, AstWindowTable)            \
    X(AST_JOIN, AstJoin)                           \
    X(AST_ALIAS, AstAlias)                         \
    X(AST_WATERMARK_DELAY, AstWatermarkDelay)

#define AST_DDL_KINDS(X)                           \
    X(AST_COLUMN_DEF, AstColumnDef)                \
    X(AST_KEY_DEF, AstKeyDef)                      \
    X(AST_WATERMARK_DEF, AstWatermarkDef)          \
    X(AST_OPTION, AstOption)                       \
    X(AST_SECRET_REF, AstSecretRef)                \
    X(AST_CREATE_SOURCE, AstCreateSource)          \
    X(AST_CREATE_SINK, AstCreateSink)              \
    X(AST_CREATE_STREAM, AstCreateStream)          \
    X(AST_CREATE_TABLE, AstCreateTable)            \
    X(AST_CREATE_VIEW, AstCreateView)              \
    X(AST_CREATE_SECRET, AstCreateSecret)          \
    X(AST_CREATE_ROLE, AstCreateRole)              \
    X(AST_CREATE_FUNCTION, AstCreateFunction)      \
    X(AST_FUNCTION_ARG, AstFunctionArg)            \
    X(AST_CREATE_CONNECTION, AstCreateConnection)  \
    X(AST_CREATE_SCHEMA, AstCreateSchema)          \
    X(AST_ALTER, AstAlter)                         \
    X(AST_DROP, AstDrop)                           \
    X(AST_TRUNCATE, AstTruncate)                   \
    X(AST_COMMENT, AstComment)

#define AST_STATEMENT_KINDS(X)                     \
    X(AST_INSERT, AstInsert)                       \
    X(AST_UPDATE, AstUpdate)                       \
    X(AST_DELETE, AstDelete)                       \
    X(AST_ASSIGNMENT, AstAssignment)               \
    X(AST_ON_CONFLICT, AstOnConflict)              \
    X(AST_COPY, AstCopy)                           \
    X(AST_SUBSCRIBE, AstSubscribe)                 \
    X(AST_EXPLAIN, AstExplain)                     \
    X(AST_EXPLAIN_STREAM, AstExplainStream)        \
    X(AST_PRINT_SOURCE, AstPrintSource)            \
    X(AST_WAIT, AstWait)                           \
    X(AST_ASSERT_ROWS, AstAssertRows)              \
    X(AST_ASSERT_STREAM, AstAssertStream)          \
    X(AST_SET, AstSet)                             \
    X(AST_SET_TRANSACTION, AstSetTransaction)      \
    X(AST_SHOW, AstShow)                           \
    X(AST_SHOW_OBJECTS, AstShowObjects)            \
    X(AST_SHOW_CREATE, AstShowCreate)              \
    X(AST_DESCRIBE, AstDescribe)                   \
    X(AST_TRANSACTION, AstTransaction)             \
    X(AST_DECLARE_CURSOR, AstDeclareCursor)        \
    X(AST_FETCH, AstFetch)                         \
    X(AST_CLOSE_CURSOR, AstCloseCursor)            \
    X(AST_PREPARE, AstPrepare)                     \
    X(AST_EXECUTE, AstExecute)                     \
    X(AST_DEALLOCATE, AstDeallocate)               \
    X(AST_DISCARD, AstDiscard)                     \
    X(AST_NOTIFY, AstNotify)                       \
    X(AST_CHECKPOINT, AstCheckpoint)

#define AST_KINDS(X)           \
    X(AST_IDENTIFIER, AstIdentifier) \
    X(AST_NAME, AstName)       \
    X(AST_TYPE, AstType)       \
    AST_EXPR_KINDS(X)          \
    AST_QUERY_KINDS(X)         \
    AST_DDL_KINDS(X)           \
    AST_STATEMENT_KINDS(X)
/* clang-format on */
