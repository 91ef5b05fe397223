/* Weak stand-ins for parts that are on their way; each goes when its part lands. */
#include "optimizer/optimizer.h"
#include "parser/ast_expr.h"
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

static int64_t constant(const AstNode *node) {
    const AstOp *op = (const AstOp *) node;

    if (node->kind == AST_LITERAL)
        return ((const AstLiteral *) node)->integer;
    if (node->kind == AST_OP && op->left && op->right)
        return constant(op->left) + constant(op->right);
    return 0;
}

WEAK Status planner_bind_query(PlannerContext *cx, const AstNode *query, const Plan **ret_plan,
                               Error *err) {
    const AstSelect *select = (const AstSelect *) ((const AstQuery *) query)->body;
    Plan *plan = arena_new(cx->arena, Plan);
    PlanColumn *column = arena_new(cx->arena, PlanColumn);
    Expr *expr = arena_new(cx->arena, Expr);
    const Expr **items = arena_new(cx->arena, const Expr *);

    *column = (PlanColumn) {.id = 1, .name = "?column?", .type = SQL_TYPE(INT4)};
    if (select->base.kind != AST_SELECT || select->from.count)
        return error_at(err, 1, FEATURE_NOT_SUPPORTED, "the planner is on its way");
    expr->kind = EXPR_CONSTANT;
    expr->type = SQL_TYPE(INT4);
    expr->constant =
        value_int4((int) constant(((const AstTarget *) select->targets.items[0])->value));
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
