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
    const EvalContext *eval;
    int row;
};

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
    const Plan *child = plan->child_count ? plan->children[0] : NULL;

    if (!(plan->kind == PLAN_VALUES && plan->column_count) &&
        !(plan->kind == PLAN_PROJECT && child->kind == PLAN_VALUES && child->row_count == 1 &&
          child->column_count == 0))
        return error_set(err, FEATURE_NOT_SUPPORTED, "the executor is on its way");
    *ret_query = memory_zalloc(sizeof(Query));
    (*ret_query)->plan = plan;
    (*ret_query)->eval = &epoch->eval;
    return STATUS_OK;
}

WEAK Status query_run(Query *query, int64_t max_rows, int64_t bytes_wanted, RowReceiver *receiver,
                      int64_t *ret_rows, Error *err) {
    const Plan *plan = query->plan;
    int rows = plan->kind == PLAN_VALUES ? plan->row_count : 1;
    int64_t wanted = max_rows;

    for (; query->row < rows && (max_rows == 0 || wanted-- > 0); query->row++, ++*ret_rows) {
        CLEANUP(arena_destroyp) Arena *arena = arena_create("rows", 0);
        Column *columns = arena_new_array(arena, Column, (size_t) plan->column_count + 1);
        Batch batch = {
            .row_count = 1, .column_count = (uint32_t) plan->column_count, .columns = columns};

        for (int c = 0; c < plan->column_count; c++) {
            Value value;

            TRY(expr_evaluate_constant(plan->exprs.items[query->row * plan->column_count + c],
                                       query->eval, arena, &value, err));
            columns[c] = column_constant(&value, arena);
        }
        TRY(receiver->take(receiver, &batch, err));
    }
    return query->row < rows ? STATUS_MORE : STATUS_OK;
}

WEAK Query *query_close(Query *query) {
    memory_free(query);
    return NULL;
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
