/* SELECT: the clauses in the order in which SQL defines them.
 *
 * FROM, WHERE, GROUP BY's windows, then names of the output, GROUP BY, the select list, HAVING and
 * ORDER BY are bound; only then is it known whether the query is aggregated, and the upper plan is
 * built: AGGREGATE, HAVING's filter, the project, DISTINCT, SORT, LIMIT. */
#include "planner/bind_select.h"

static Status bind_where(Select *select, Error *err) {
    SubqueryList subqueries = {0};
    ExprContext cx = {.binder = select->binder,
                      .scope = select->scope,
                      .clause = "WHERE",
                      .subqueries = &subqueries,
                      .correlation = select->correlation};
    const Expr *predicate = NULL;

    if (!select->ast->where)
        return STATUS_OK;
    TRY(bind_condition(&cx, select->ast->where, "WHERE", &predicate, err));
    select->plan = attach_subqueries(select->binder, &subqueries, select->plan);
    if (select->correlation)
        TRY(take_correlation(select, predicate, &predicate, err));
    select->plan =
        make_filter(select->binder, select->plan, predicate, select->ast->where->position);
    return STATUS_OK;
}

static Status bind_having(Select *select, Error *err) {
    ExprContext cx = {.binder = select->binder,
                      .scope = select->scope,
                      .clause = "HAVING",
                      .subqueries = &select->output_subqueries,
                      .aggregates = &select->aggregates};

    if (!select->ast->having)
        return STATUS_OK;
    return bind_condition(&cx, select->ast->having, "HAVING", &select->having, err);
}

static Status refuse_clauses(const AstSelect *ast, Error *err) {
    if (ast->windows.count > 0)
        return not_supported(err, ast->windows.items[0]->position, "the WINDOW clause");
    if (ast->is_group_distinct)
        return not_supported(err, ast->base.position, "GROUP BY DISTINCT");
    return STATUS_OK;
}

static Status bind_clauses(Select *select, Error *err) {
    TRY(refuse_clauses(select->ast, err));
    TRY(bind_from(select->binder, &select->ast->from, select->scope, &select->plan, err));
    TRY(bind_where(select, err));
    TRY(bind_group_windows(select, err));
    TRY(expand_targets(select, err));
    TRY(bind_group_by(select, err));
    TRY(bind_targets(select, err));
    TRY(bind_having(select, err));
    return bind_order_by(select, err);
}

Status bind_select(Binder *binder, const AstSelect *ast, QueryTail tail, const Scope *outer,
                   const CteScope *ctes, const Plan **ret_plan, Error *err) {
    Select *select = arena_new(binder->arena, Select);

    select->binder = binder;
    select->ast = ast;
    select->tail = tail;
    select->scope = scope_create(binder, outer, ctes);
    select->correlation = binder->correlation;
    binder->correlation = NULL;
    select->aggregates.input_subqueries = &select->input_subqueries;
    TRY(bind_clauses(select, err));
    if (select->correlation && select->correlation->key_count > 0)
        TRY(output_correlation(select, err));
    select->plan = attach_subqueries(binder, &select->input_subqueries, select->plan);
    if (select_is_aggregated(select))
        TRY(build_aggregate(select, err));
    select->plan = attach_subqueries(binder, &select->output_subqueries, select->plan);
    if (select->having)
        select->plan = make_filter(binder, select->plan, select->having, ast->having->position);
    select->plan = make_project_set(binder, select->plan, &select->set_calls);
    TRY(build_output(select, err));
    *ret_plan = select->plan;
    return STATUS_OK;
}
