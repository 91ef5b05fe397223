/* Weak stand-ins for parts that are on their way; each goes when its part lands. */
#include "optimizer/optimizer.h"
#include "parser/ast_query.h"
#include "parser/ast_walk.h"
#include "parser/deparse.h"
#include "parser/parser.h"
#include "server/session.h"
#include "planner/planner.h"

#include <stdio.h>
#include <string.h>

#define WEAK __attribute__((weak))

struct Query {
    const Plan *plan;
};

WEAK Status parser_parse(const char *sql, size_t length, Arena *arena, AstStatementList **ret,
                         Error *err) {
    AstStatementList *list = arena_new(arena, AstStatementList);
    AstQuery *query = arena_new(arena, AstQuery);

    *ret = list;
    while (length && (sql[length - 1] == ';' || sql[length - 1] == ' ' || sql[length - 1] == '\n'))
        length--;
    if (length == 0)
        return STATUS_OK;
    if (length < 6 || strncasecmp(sql, "select", 6) != 0)
        return error_at(err, 1, SYNTAX_ERROR, "the parser is on its way");
    query->base.kind = AST_QUERY;
    query->base.position = 1;
    query->body = (AstNode *) arena_strndup(arena, sql + 6, length - 6);
    list->count = 1;
    list->items = arena_new(arena, AstStatement);
    list->items[0] = (AstStatement) {.node = &query->base, .end_byte = length};
    return STATUS_OK;
}

WEAK Status planner_bind_query(PlannerContext *cx, const AstNode *query, const Plan **ret_plan,
                               Error *err) {
    Plan *plan = arena_new(cx->arena, Plan);
    PlanColumn *column = arena_new(cx->arena, PlanColumn);
    Expr *expr = arena_new(cx->arena, Expr);
    const Expr **items = arena_new(cx->arena, const Expr *);
    const char *text = (const char *) ((const AstQuery *) query)->body;
    int left = 0;
    int right = 0;

    if (sscanf(text, "%d + %d", &left, &right) < 1)
        return error_at(err, 8, FEATURE_NOT_SUPPORTED, "the planner is on its way");
    *column = (PlanColumn) {.id = 1, .name = "?column?", .type = SQL_TYPE(INT4)};
    expr->kind = EXPR_CONSTANT;
    expr->type = SQL_TYPE(INT4);
    expr->constant = value_int4(left + right);
    items[0] = expr;
    plan->kind = PLAN_VALUES;
    plan->column_count = 1;
    plan->columns = column;
    plan->row_count = 1;
    plan->exprs = (ExprList) {1, items};
    *ret_plan = plan;
    return STATUS_OK;
}

WEAK Status optimizer_run(const Plan *plan, OptimizerOptions *options, Arena *arena,
                          const Plan **ret_plan, Error *err) {
    return STATUS_OK;
}

WEAK Status optimizer_lower(const Plan *plan, OptimizerOptions *options, Arena *arena,
                            const Plan **ret_plan, Error *err) {
    return STATUS_OK;
}

WEAK Status query_open(const Plan *plan, const ExecEnvironment *environment, const Epoch *epoch,
                       Query **ret_query, Error *err) {
    *ret_query = memory_zalloc(sizeof(Query));
    (*ret_query)->plan = plan;
    return STATUS_OK;
}

WEAK Status query_run(Query *query, int64_t max_rows, int64_t bytes_wanted, RowReceiver *receiver,
                      int64_t *ret_rows, Error *err) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("rows", 0);
    Column column = column_constant(&query->plan->exprs.items[0]->constant, arena);
    Batch batch = {.row_count = 1, .column_count = 1, .columns = &column};

    *ret_rows = 1;
    return receiver->take(receiver, &batch, err);
}

WEAK Query *query_close(Query *query) {
    memory_free(query);
    return NULL;
}

WEAK void plan_visit(const Plan *plan, void (*visit)(const Plan *node, void *data), void *data) {
}

WEAK Status planner_bind_create(PlannerContext *cx, const AstNode *statement, const char *text,
                                Relation *ret_relation, Error *err) {
    return error_set(err, FEATURE_NOT_SUPPORTED, "the planner is on its way");
}

WEAK Status planner_bind_stream(PlannerContext *cx, const AstNode *statement, const char *text,
                                StreamPlan *ret_stream, Error *err) {
    return error_set(err, FEATURE_NOT_SUPPORTED, "the planner is on its way");
}

WEAK void plan_append_text(const Plan *plan, StrBuf *out) {
}

WEAK void plan_append_json(const Plan *plan, StrBuf *out) {
}

WEAK const char *deparse_node(const AstNode *node, Arena *arena) {
    return "";
}

WEAK const char *ast_object_kind_name(AstObjectKind kind) {
    return "object";
}

WEAK int ast_parameter_count(AstNode *node) {
    return 0;
}
