/* Binder: ids, limits, errors, and the entry point of queries. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "planner/bind.h"

void binder_init(Binder *binder, PlannerContext *cx) {
    *binder = (Binder) {.cx = cx, .arena = cx->arena};
}

ColumnId binder_new_id(Binder *binder) {
    return ++binder->last_id;
}

void binder_use(Binder *binder, ColumnId id) {
    if (id >= binder->used_capacity) {
        int capacity = id * 2 + 64;
        bool *used = arena_new_array(binder->arena, bool, (size_t) capacity);

        if (binder->used_capacity > 0)
            memcpy(used, binder->used, (size_t) binder->used_capacity);
        binder->used = used;
        binder->used_capacity = capacity;
    }
    binder->used[id] = true;
}

Status binder_enter(Binder *binder, int position, Error *err) {
    if (binder->depth >= LIMIT_AST_DEPTH)
        return error_at(err, position, STATEMENT_TOO_COMPLEX, "statement is nested too deeply");
    if (binder->last_id > LIMIT_PLAN_COLUMNS)
        return error_at(err, position, STATEMENT_TOO_COMPLEX,
                        "statement is too large with its views and WITH queries written out");
    binder->depth++;
    return STATUS_OK;
}

void binder_leave(Binder *binder) {
    binder->depth--;
}

/* -------- errors -------- */

Status not_supported(Error *err, int position, const char *format, ...) {
    char what[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    return error_at(err, position, FEATURE_NOT_SUPPORTED, "%s is not supported", what);
}

Status placed(Status status, int position, Error *err) {
    if (status == STATUS_ERROR && err->position == 0)
        err->position = position;
    return status;
}

const char *type_name(Binder *binder, SqlType type) {
    return type_display(type, binder->arena);
}

/* -------- finishing -------- */

typedef struct ParameterCheck {
    int number; /* of the first parameter whose type is unknown; 0: none */
    int position;
} ParameterCheck;

static void check_expr_parameters(const Expr *expr, ParameterCheck *check) {
    if (!expr)
        return;
    if (expr->kind == EXPR_PARAMETER && expr->type.id == TYPE_UNKNOWN && check->number == 0) {
        check->number = expr->parameter_number;
        check->position = expr->position;
    }
    for (int i = 0; i < expr->argument_count; i++)
        check_expr_parameters(expr->arguments[i], check);
}

static void check_node_parameters(const Plan *node, void *data) {
    check_expr_parameters(node->predicate, data);
    check_expr_parameters(node->limit, data);
    check_expr_parameters(node->offset, data);
    for (int i = 0; i < node->exprs.count; i++)
        check_expr_parameters(node->exprs.items[i], data);
}

Status binder_finish(Binder *binder, const Plan *plan, const Plan **ret_plan, Error *err) {
    ParameterCheck check = {0};

    plan = prune_scans(binder, plan);
    plan_visit(plan, check_node_parameters, &check);
    if (check.number > 0)
        return error_at(err, check.position, INDETERMINATE_DATATYPE,
                        "could not determine data type of parameter $%d", check.number);
    for (int i = 0; i < binder->cx->parameter_count; i++)
        if (binder->cx->parameter_types[i].id == TYPE_UNKNOWN)
            return error_set(err, INDETERMINATE_DATATYPE,
                             "could not determine data type of parameter $%d", i + 1);
    *ret_plan = plan;
    return STATUS_OK;
}

Status planner_bind_query(PlannerContext *cx, const AstNode *query, const Plan **ret_plan,
                          Error *err) {
    Binder binder;
    const Plan *plan = NULL;

    binder_init(&binder, cx);
    if (query->kind != AST_QUERY)
        return not_supported(err, query->position, "this statement as a query");
    TRY(bind_query(&binder, (const AstQuery *) query, NULL, NULL, false, &plan, err));
    return binder_finish(&binder, plan, ret_plan, err);
}
