/* SELECT, VALUES, TABLE, WITH: planned when a portal is opened, run bit by bit.
 *
 * A prepared statement is bound again for each portal, with the values of its parameters, so that
 * its plan fits them and the catalog of the moment. */
#include <inttypes.h>
#include <stdio.h>

#include "optimizer/optimizer.h"
#include "server/session_state.h"

static ResultShape shape_of(const Plan *plan, Arena *arena) {
    ResultColumn *columns = arena_new_array(arena, ResultColumn, (size_t) plan->column_count + 1);

    for (int i = 0; i < plan->column_count; i++)
        columns[i] =
            (ResultColumn) {arena_strdup(arena, plan->columns[i].name), plan->columns[i].type};
    return (ResultShape) {true, plan->column_count, columns};
}

Status query_statement_describe(Prepared *statement, Error *err) {
    Session *session = statement->session;
    CatalogSnapshot *snapshot = session_snapshot(session);
    EvalContext eval;
    PlannerContext planner;
    const Plan *plan = NULL;
    Status status;

    session_init_eval(session, &eval);
    session_init_planner(session, statement->arena, snapshot, &planner);
    planner.eval = &eval;
    planner.notice = NULL; /* told when it runs */
    planner.parameter_types = statement->parameter_types;
    planner.parameter_count = statement->parameter_count;
    status = planner_bind_query(&planner, statement->node, &plan, err);
    if (status == STATUS_OK) {
        statement->parameter_types = planner.parameter_types;
        statement->parameter_count = planner.parameter_count;
        statement->shape = shape_of(plan, statement->arena);
    }
    if (snapshot)
        catalog_snapshot_unref(snapshot);
    return status;
}

/* A source never ends, a SELECT over it does: say so. */
static void tell_bounded(const Plan *node, void *data) {
    Session *session = data;
    Error notice = {.sqlstate = SQLSTATE_SUCCESSFUL_COMPLETION};

    if (node->kind != PLAN_SCAN || !node->relation || node->relation->kind != RELATION_SOURCE)
        return;
    snprintf(notice.message, sizeof(notice.message),
             "\"%s\" is a source: the query reads what is there now, and ends",
             node->relation->name);
    snprintf(notice.hint, sizeof(notice.hint),
             "CREATE STREAM name AS … keeps the answer of a query current.");
    session_send_notice(session, SESSION_NOTICE, &notice);
}

/* Bad records are skipped, bad fields NULL, never silently: they are told at the end of the read.
 */
static void count_bad(void *data, const struct Relation *relation, int partition,
                      const char *position, const BadRecord *bad, const Record *record) {
    Portal *portal = data;
    Error *first = &portal->first_bad;

    portal->bad_rows += !bad->is_kept;
    portal->bad_fields += bad->is_kept;
    if (portal->bad_rows + portal->bad_fields > 1)
        return;
    IGNORE(error_set(first, WARNING, "%s", bad->message));
    first->sqlstate = bad->sqlstate;
    snprintf(first->detail, sizeof(first->detail), "The first: %s%s%s: %.700s",
             position ? position : relation->name, bad->column_name ? ", column " : "",
             bad->column_name ? bad->column_name : "", bad->message);
}

static void tell_bad(Portal *portal) {
    Error warning = portal->first_bad;

    if (portal->bad_rows == 0 && portal->bad_fields == 0)
        return;
    if (portal->bad_fields == 0)
        snprintf(warning.message, sizeof(warning.message), "%" PRId64 " bad record%s skipped",
                 portal->bad_rows, portal->bad_rows == 1 ? " was" : "s were");
    else
        snprintf(warning.message, sizeof(warning.message),
                 "%" PRId64 " bad record%s skipped, %" PRId64 " bad field%s read as NULL",
                 portal->bad_rows, portal->bad_rows == 1 ? " was" : "s were", portal->bad_fields,
                 portal->bad_fields == 1 ? " was" : "s were");
    session_send_notice(portal->session, SESSION_WARNING, &warning);
    portal->bad_rows = portal->bad_fields = 0;
}

/* An epoch for one batch execution: no watermarks. */
static Epoch *make_epoch(Portal *portal, const EvalContext *eval, int scan_count) {
    Epoch *epoch = arena_new(portal->arena, Epoch);
    int64_t *none = arena_new_array(portal->arena, int64_t, (size_t) scan_count + 1);

    for (int i = 0; i <= scan_count; i++)
        none[i] = INT64_MIN;
    *epoch = (Epoch) {.eval = *eval,
                      .is_final = true,
                      .late_below = none,
                      .close_below = none,
                      .scan_count = scan_count,
                      .cancel = &portal->session->cancel};
    return epoch;
}

static void count_scan(const Plan *node, void *data) {
    if (node->kind == PLAN_SCAN)
        *(int *) data += 1;
}

Status query_statement_open(Portal *portal, Error *err) {
    Session *session = portal->session;
    EvalContext *eval = arena_new(portal->arena, EvalContext);
    PlannerContext planner;
    OptimizerOptions options = {.eval = eval};
    const Plan *plan = NULL;
    int scan_count = 0;

    session_init_eval(session, eval);
    portal->snapshot = session_snapshot(session);
    eval->catalog = portal->snapshot;
    session_init_planner(session, portal->arena, portal->snapshot, &planner);
    planner.eval = eval;
    planner.parameter_types = portal->statement->parameter_types;
    planner.parameter_count = portal->parameter_count;
    planner.parameter_values = portal->parameters;
    TRY(planner_bind_query(&planner, portal->statement->node, &plan, err));
    portal->shape = shape_of(plan, portal->arena);
    plan_visit(plan, tell_bounded, session);
    options.disabled_rules = settings_text(&session->settings, SETTING_DISABLE_RULES);
    TRY(optimizer_run(plan, &options, portal->arena, &plan, err));
    TRY(optimizer_lower(plan, &options, portal->arena, &plan, err));
    plan_visit(plan, count_scan, &scan_count);
    portal->epoch = make_epoch(portal, eval, scan_count);
    portal->environment = session->server->exec;
    portal->environment.catalog = portal->snapshot;
    portal->environment.session = session;
    portal->environment.report_bad = count_bad;
    portal->environment.report_data = portal;
    return query_open(plan, &portal->environment, portal->epoch, &portal->query, err);
}

Status query_statement_run(Portal *portal, PortalLimits limits, RowReceiver *receiver,
                           int64_t *ret_rows, Error *err) {
    TRY(query_run(portal->query, limits.rows_max, limits.bytes_wanted, receiver, ret_rows, err));
    tell_bad(portal);
    portal_set_tag(portal, "SELECT %lld", (long long) (portal->row_count + *ret_rows));
    return STATUS_OK;
}
