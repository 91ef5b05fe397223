/* Scans: relations of the catalog in FROM, computed columns, views; and the pruning of scans to the
 * columns that the statement names. */
#include <string.h>

#include "parser/parser.h"
#include "planner/bind_call.h"

enum { VIEW_DEPTH_MAX = 32 };

/* -------- one relation -------- */

typedef struct ComputedRewrite {
    const Plan *scan; /* column i of the relation is scan->columns[i] */
    const Relation *relation;
    Binder *binder;
} ComputedRewrite;

/* Computed columns are stored over 1-based column numbers; here over this scan's ids. */
static const Expr *rewrite_column(const Expr *expr, void *data) {
    const ComputedRewrite *rewrite = data;
    int index = 0;

    if (expr->kind != EXPR_COLUMN)
        return expr;
    index = expr->column.id - 1;
    for (int i = 0; i < rewrite->scan->column_count; i++)
        if (rewrite->scan->scan_columns[i] == index)
            return expr_column(rewrite->binder->arena, rewrite->scan->columns[i].id,
                               rewrite->scan->columns[i].type, rewrite->scan->columns[i].name);
    return expr;
}

static const Expr *computed_expr(Binder *binder, const Relation *relation, const Plan *scan,
                                 int column) {
    ComputedRewrite rewrite = {.scan = scan, .relation = relation, .binder = binder};

    return expr_rewrite(binder->arena, relation->columns[column].computed, rewrite_column,
                        &rewrite);
}

typedef struct WatermarkSpec {
    int column; /* of the relation; -1: none */
    int64_t delay_us;
} WatermarkSpec;

static Plan *make_scan(Binder *binder, const Relation *relation, WatermarkSpec watermark) {
    Plan *scan = plan_create(binder->arena, PLAN_SCAN, NULL, 0);
    PlanColumn *columns =
        arena_new_array(binder->arena, PlanColumn, (size_t) relation->column_count + 1);
    int *scan_columns = arena_new_array(binder->arena, int, (size_t) relation->column_count + 1);
    int count = 0;

    for (int i = 0; i < relation->column_count; i++) {
        const RelationColumn *column = &relation->columns[i];

        if (column->origin == COLUMN_COMPUTED)
            continue;
        scan_columns[count] = i;
        columns[count].id = binder_new_id(binder);
        columns[count].name = column->name;
        columns[count].type = column->type;
        if (i == watermark.column) {
            columns[count].role = TIME_EVENT;
            scan->watermark_column = binder->is_stream ? columns[count].id : 0;
        }
        count++;
    }
    scan->columns = columns;
    scan->column_count = count;
    scan->scan_columns = scan_columns;
    scan->relation = relation;
    scan->relation_id = relation->id;
    scan->scan_ordinal = binder->scan_count++;
    scan->watermark_delay_us = watermark.column >= 0 ? watermark.delay_us : 0;
    scan->is_batch_read =
        !binder->is_stream || relation->kind == RELATION_TABLE || relation->kind == RELATION_SYSTEM;
    return scan;
}

static void remember_computed(Binder *binder, const Plan *project) {
    const Plan **computed =
        arena_new_array(binder->arena, const Plan *, (size_t) binder->computed_count + 1);

    for (int i = 0; i < binder->computed_count; i++)
        computed[i] = binder->computed[i];
    computed[binder->computed_count++] = project;
    binder->computed = computed;
}

/* The relation's columns in their order: a PROJECT above the scan when some are computed. */
static const Plan *add_computed(Binder *binder, const Relation *relation, Plan *scan,
                                WatermarkSpec watermark) {
    Plan *project = NULL;
    PlanColumn *columns =
        arena_new_array(binder->arena, PlanColumn, (size_t) relation->column_count + 1);
    const Expr **exprs =
        arena_new_array(binder->arena, const Expr *, (size_t) relation->column_count + 1);
    int next = 0;

    if (scan->column_count == relation->column_count)
        return plan_derive(binder->arena, scan);
    for (int i = 0; i < relation->column_count; i++) {
        if (relation->columns[i].origin != COLUMN_COMPUTED) {
            columns[i] = scan->columns[next++];
            exprs[i] = expr_column(binder->arena, columns[i].id, columns[i].type, columns[i].name);
            continue;
        }
        exprs[i] = computed_expr(binder, relation, scan, i);
        columns[i] = (PlanColumn) {.id = binder_new_id(binder),
                                   .name = relation->columns[i].name,
                                   .type = relation->columns[i].type};
        if (i == watermark.column) {
            columns[i].role = TIME_EVENT;
            scan->watermark_column = binder->is_stream ? columns[i].id : 0;
            scan->watermark_expr = binder->is_stream ? exprs[i] : NULL;
        }
    }
    project = plan_create(binder->arena, PLAN_PROJECT,
                          (const Plan *const[]) {plan_derive(binder->arena, scan)}, 1);
    project->columns = columns;
    project->column_count = relation->column_count;
    project->exprs = (ExprList) {.count = relation->column_count, .items = exprs};
    remember_computed(binder, project);
    return plan_derive(binder->arena, project);
}

/* -------- views -------- */

static Status parse_view(Binder *binder, const Relation *view, const AstQuery **ret_query,
                         Error *err) {
    AstStatementList *statements = NULL;

    TRY(parser_parse(view->query, strlen(view->query), binder->arena, &statements, err));
    if (statements->count != 1 || statements->items[0].node->kind != AST_QUERY)
        return error_set(err, DATA_CORRUPTED, "the text of view \"%s\" is not a query", view->name);
    *ret_query = (const AstQuery *) statements->items[0].node;
    return STATUS_OK;
}

static Status bind_view(Binder *binder, const Relation *view, const AstTableRef *ref, Scope *scope,
                        const Plan **ret_plan, Error *err) {
    const AstQuery *query = NULL;
    const Plan *plan = NULL;
    Plan *renamed = NULL;
    PlanColumn *columns = NULL;
    Status status = STATUS_OK;

    if (binder->view_depth >= VIEW_DEPTH_MAX)
        return error_at(err, ref->base.position, STATEMENT_TOO_COMPLEX,
                        "views are nested too deeply");
    binder->view_depth++;
    status = parse_view(binder, view, &query, err);
    if (status == STATUS_OK)
        status = bind_query(binder, query, NULL, NULL, false, &plan, err);
    binder->view_depth--;
    if (status != STATUS_OK) {
        err->position = ref->base.position;
        return error_context(err, "view \"%s\"", view->name);
    }
    renamed = plan_copy(binder->arena, plan); /* the view's own column names */
    columns =
        arena_memdup(binder->arena, plan->columns, sizeof(*columns) * (size_t) plan->column_count);
    for (int i = 0; i < plan->column_count && i < view->column_count; i++)
        columns[i].name = view->columns[i].name;
    renamed->columns = columns;
    *ret_plan = renamed;
    return scope_add_plan(binder, scope, renamed, view->name, view->schema, ref->alias, err);
}

/* -------- names in FROM -------- */

static Status bind_cte(Binder *binder, const CteScope *cte, const AstTableRef *ref, Scope *scope,
                       const Plan **ret_plan, Error *err) {
    const Plan *plan = NULL;
    const AstAlias columns = {.base = {AST_ALIAS, cte->cte->base.position},
                              .name = cte->cte->name,
                              .columns = cte->cte->columns};
    Scope *own = scope_create(binder, NULL, NULL);

    TRY(binder_enter(binder, ref->base.position, err));
    TRY(bind_query(binder, (const AstQuery *) cte->cte->query, cte->outer, cte->next, false, &plan,
                   err));
    binder_leave(binder);
    if (ref->watermark)
        return not_supported(err, ref->watermark->base.position,
                             "WATERMARK … DELAY OF on a WITH query");
    TRY(scope_add_plan(binder, own, plan, cte->cte->name, NULL, &columns, err)); /* name them */
    if (cte->cte->columns.count > 0) {
        Plan *renamed = plan_copy(binder->arena, plan);
        PlanColumn *named = arena_memdup(binder->arena, plan->columns,
                                         sizeof(*named) * (size_t) plan->column_count);

        for (int i = 0; i < plan->column_count; i++)
            named[i].name = own->columns.items[i].name;
        renamed->columns = named;
        plan = renamed;
    }
    *ret_plan = plan;
    return scope_add_plan(binder, scope, plan, cte->cte->name, NULL, ref->alias, err);
}

static Status check_readable(Binder *binder, const Relation *relation, const AstTableRef *ref,
                             Error *err) {
    int position = ref->name->base.position;

    TRY(relation_check_sound(relation, position, err));
    switch (relation->kind) {
    case RELATION_SINK:
        IGNORE(error_at(err, position, WRONG_OBJECT_TYPE, /* hinted */
                        "\"%s\" is a sink: it can't be read", relation->name));
        return error_hint(err, "Read the source or the stream that feeds it.");
    case RELATION_STREAM:
        if (binder->is_stream)
            return not_supported(err, position, "a stream over stream \"%s\"", relation->name);
        if (!relation->keeps_result) {
            IGNORE(error_at(err, position, OBJECT_NOT_IN_PREREQUISITE_STATE, /* hinted */
                            "stream \"%s\" keeps no result", relation->name));
            return error_hint(err, "Read its sink, or create the stream with WITH (retain = "
                                   "'all') before AS.");
        }
        return STATUS_OK;
    case RELATION_SYSTEM:
        if (binder->is_stream)
            return not_supported(err, position, "a stream over system view \"%s\"", relation->name);
        return STATUS_OK;
    case RELATION_SOURCE:
    case RELATION_TABLE:
    case RELATION_VIEW:
    case RELATION_SECRET: /* never found by a name in FROM */
        return STATUS_OK;
    }
    return STATUS_OK;
}

/* What psql's \d and other tools ask. */
static bool is_postgres_catalog(const AstName *name) {
    if (name->schema)
        return strcmp(name->schema, "pg_catalog") == 0 ||
               strcmp(name->schema, "information_schema") == 0;
    return strncmp(name->name, "pg_", 3) == 0;
}

static Status unknown_relation(Binder *binder, const AstName *name, Error *err) {
    const unsigned kinds = ~(1U << RELATION_SINK | 1U << RELATION_SECRET);
    const char *nearest =
        binder->cx->catalog ? catalog_nearest(binder->cx->catalog, name->name, kinds) : NULL;
    Status status = STATUS_OK;

    TRY(refuse_missing_view(name, err));
    status =
        error_at(err, name->base.position, UNDEFINED_TABLE, "relation \"%s%s%s\" does not exist",
                 name->schema ? name->schema : "", name->schema ? "." : "", name->name);

    if (is_postgres_catalog(name)) {
        IGNORE(not_supported(err, name->base.position, "the catalog \"%s%s%s\"", /* hinted */
                             name->schema ? name->schema : "", name->schema ? "." : "",
                             name->name));
        return error_hint(err, "To see what is here: SHOW SOURCES; SHOW SINKS; SHOW STREAMS");
    }
    if (nearest)
        return error_hint(err, "Perhaps you meant \"%s\".", nearest);
    return status;
}

/* The relation's own watermark, or what FROM s WATERMARK ts DELAY OF … says. */
static Status choose_watermark(Binder *binder, const Relation *relation,
                               const AstWatermarkDelay *override, WatermarkSpec *ret_spec,
                               Error *err) {
    ExprContext cx = {.binder = binder, .clause = "WATERMARK"};

    *ret_spec =
        (WatermarkSpec) {relation->kind == RELATION_SOURCE ? relation->watermark_column : -1,
                         relation->watermark_delay_us};
    if (!override)
        return STATUS_OK;
    if (relation->kind != RELATION_SOURCE)
        return not_supported(err, override->base.position,
                             "WATERMARK … DELAY OF on what is not a source");
    for (int i = 0; i < relation->column_count; i++) {
        if (strcmp(relation->columns[i].name, override->column) != 0)
            continue;
        if (relation->columns[i].type.id != TYPE_TIMESTAMP &&
            relation->columns[i].type.id != TYPE_TIMESTAMPTZ)
            return error_at(err, override->base.position, DATATYPE_MISMATCH,
                            "watermark column \"%s\" must be timestamp or timestamptz, not %s",
                            override->column, type_name(binder, relation->columns[i].type));
        ret_spec->column = i;
        TRY(constant_interval_us(&cx, override->delay, "the watermark delay", &ret_spec->delay_us,
                                 err));
        if (ret_spec->delay_us < 0)
            return error_at(err, override->delay->position, INVALID_PARAMETER,
                            "the watermark delay must not be negative");
        return STATUS_OK;
    }
    return error_at(err, override->base.position, UNDEFINED_COLUMN, "column \"%s\" does not exist",
                    override->column);
}

Status bind_table_ref(Binder *binder, const AstTableRef *ref, Scope *scope, const Plan **ret_plan,
                      Error *err) {
    const AstName *name = ref->name;
    const Relation *relation = NULL;
    const Plan *plan = NULL;
    WatermarkSpec watermark = {.column = -1};

    if (ref->system_time)
        return not_supported(err, ref->base.position, "FOR SYSTEM_TIME AS OF");
    for (const CteScope *cte = name->schema ? NULL : scope->ctes; cte; cte = cte->next)
        if (strcmp(cte->cte->name, name->name) == 0)
            return bind_cte(binder, cte, ref, scope, ret_plan, err);
    relation =
        binder->cx->catalog ? catalog_find(binder->cx->catalog, name->schema, name->name) : NULL;
    if (!relation)
        return unknown_relation(binder, name, err);
    TRY(check_readable(binder, relation, ref, err));
    binder_depend(binder, relation->id);
    if (relation->kind == RELATION_VIEW)
        return bind_view(binder, relation, ref, scope, ret_plan, err);
    TRY(choose_watermark(binder, relation, ref->watermark, &watermark, err));
    plan = add_computed(binder, relation, make_scan(binder, relation, watermark), watermark);
    *ret_plan = plan;
    return scope_add_plan(binder, scope, plan, relation->name, relation->schema, ref->alias, err);
}

void binder_depend(Binder *binder, int64_t relation_id) {
    int64_t *ids = NULL;

    for (int i = 0; i < binder->dependency_count; i++)
        if (binder->dependencies[i] == relation_id)
            return;
    ids = arena_new_array(binder->arena, int64_t, (size_t) binder->dependency_count + 1);
    for (int i = 0; i < binder->dependency_count; i++)
        ids[i] = binder->dependencies[i];
    ids[binder->dependency_count++] = relation_id;
    binder->dependencies = ids;
}

/* -------- pruning -------- */

static bool is_used(const Binder *binder, ColumnId id) {
    return id < binder->used_capacity && binder->used[id];
}

static void use_column(ColumnId id, void *data) {
    binder_use(data, id);
}

static IntList checked_columns(Binder *binder, const Plan *scan) {
    const Relation *relation = scan->relation;
    int *items = arena_new_array(binder->arena, int, (size_t) relation->column_count + 1);
    int count = 0;

    for (int i = 0; i < relation->column_count; i++) {
        const RelationColumn *column = &relation->columns[i];
        bool is_checked = column->origin != COLUMN_COMPUTED &&
                          (column->is_not_null || i == relation->watermark_column);

        for (int j = 0; j < scan->column_count && !is_checked; j++)
            is_checked =
                scan->scan_columns[j] == i && (is_used(binder, scan->columns[j].id) ||
                                               scan->columns[j].id == scan->watermark_column);
        if (is_checked)
            items[count++] = i;
    }
    return (IntList) {.count = count, .items = items};
}

static const Plan *prune_scan(Binder *binder, const Plan *scan) {
    Plan *pruned = plan_copy(binder->arena, scan);
    PlanColumn *columns =
        arena_new_array(binder->arena, PlanColumn, (size_t) scan->column_count + 1);
    int *scan_columns = arena_new_array(binder->arena, int, (size_t) scan->column_count + 1);
    int count = 0;

    if (scan->watermark_expr)
        expr_visit_columns(scan->watermark_expr, use_column, binder);
    for (int i = 0; i < scan->column_count; i++) {
        if (!is_used(binder, scan->columns[i].id) && scan->columns[i].id != scan->watermark_column)
            continue;
        columns[count] = scan->columns[i];
        scan_columns[count++] = scan->scan_columns[i];
    }
    pruned->checked_columns = checked_columns(binder, scan);
    pruned->columns = columns;
    pruned->column_count = count;
    pruned->scan_columns = scan_columns;
    return plan_derive(binder->arena, pruned);
}

bool is_computed_project(const Binder *binder, const Plan *plan) {
    for (int i = 0; i < binder->computed_count; i++)
        if (binder->computed[i] == plan)
            return true;
    return false;
}

/* Without the columns that are only passed on for nobody. */
static const Plan *prune_project(Binder *binder, const Plan *plan) {
    bool drops_computed = is_computed_project(binder, plan);
    Plan *pruned = plan_copy(binder->arena, plan);
    PlanColumn *columns =
        arena_new_array(binder->arena, PlanColumn, (size_t) plan->column_count + 1);
    const Expr **exprs =
        arena_new_array(binder->arena, const Expr *, (size_t) plan->column_count + 1);
    int count = 0;

    for (int i = 0; i < plan->column_count; i++) {
        const Expr *expr = plan->exprs.items[i];

        if (expr->kind == EXPR_COLUMN && !is_used(binder, expr->column.id))
            continue;
        if (expr->kind != EXPR_COLUMN && drops_computed && !is_used(binder, plan->columns[i].id))
            continue;
        expr_visit_columns(expr, use_column, binder);
        columns[count] = plan->columns[i];
        exprs[count++] = expr;
    }
    if (count == plan->column_count)
        return plan;
    pruned->columns = columns;
    pruned->column_count = count;
    pruned->exprs = (ExprList) {.count = count, .items = exprs};
    return pruned;
}

const Plan *prune_scans(Binder *binder, const Plan *plan) {
    const Plan **children = NULL;

    if (plan->kind == PLAN_SCAN)
        return prune_scan(binder, plan);
    if (plan->kind == PLAN_PROJECT)
        plan = prune_project(binder, plan);
    children = arena_new_array(binder->arena, const Plan *, (size_t) plan->child_count + 1);
    for (int i = 0; i < plan->child_count; i++)
        children[i] = prune_scans(binder, plan->children[i]);
    return plan_with_children(binder->arena, plan, children, plan->child_count);
}
