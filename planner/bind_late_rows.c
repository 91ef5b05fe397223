/* LATE ROWS INTO: what a row that is late for all its windows takes to the sink: the columns of the
 * source, all of them, which the plan then carries up to the one step that judges rows. */
#include <string.h>

#include "planner/bind_create.h"

/* -------- the step that judges -------- */

typedef struct Judges {
    const Plan *node; /* the last one met */
    int count;
} Judges;

static bool judges_rows(const Plan *node) {
    if (node->kind != PLAN_AGGREGATE && node->kind != PLAN_DISTINCT)
        return false;
    for (int i = 0; i < node->keys.count; i++) {
        const PlanColumn *key = plan_find_column(node->children[0], node->keys.ids[i]);

        if (key && key->role != TIME_NONE)
            return true;
    }
    return node->kind == PLAN_DISTINCT && node->is_within_watermark;
}

static void note_judge(const Plan *node, void *data) {
    Judges *judges = data;

    if (!judges_rows(node))
        return;
    judges->node = node;
    judges->count++;
}

static Status find_judge(const Plan *plan, int position, const Plan **ret_judge, Error *err) {
    Judges judges = {0};

    plan_visit(plan, note_judge, &judges);
    if (judges.count == 0) {
        IGNORE(
            not_supported(err, position, "LATE ROWS INTO where no row can be late")); /* hinted */
        return error_hint(err, "Only groups whose key holds event time close. Leave the clause "
                               "out.");
    }
    if (judges.count > 1)
        return not_supported(err, position, "LATE ROWS INTO with more than one step that closes");
    if (judges.node->kind != PLAN_AGGREGATE || judges.node->grouping_set_count > 0)
        return not_supported(err, position, "LATE ROWS INTO for %s",
                             judges.node->kind == PLAN_DISTINCT ? "DISTINCT" : "grouping sets");
    *ret_judge = judges.node;
    return STATUS_OK;
}

/* -------- carrying the source's columns -------- */

typedef struct LateBinding {
    Binder *binder;
    int position;
    const Plan *judge;
    const Plan *source; /* the node that gives all columns of the source */
} LateBinding;

/* A project that passes the source's columns too. */
static const Plan *widen_project(const LateBinding *late, const Plan *project, const Plan *child) {
    Arena *arena = late->binder->arena;
    const Plan *source = late->source;
    size_t room = (size_t) (project->column_count + source->column_count);
    PlanColumn *columns = arena_new_array(arena, PlanColumn, room);
    const Expr **exprs = arena_new_array(arena, const Expr *, room);
    int count = project->column_count;
    Plan *wide = plan_copy(arena, project);

    memcpy(columns, project->columns, sizeof(*columns) * (size_t) count);
    memcpy(exprs, project->exprs.items, sizeof(*exprs) * (size_t) count);
    for (int i = 0; i < source->column_count; i++) {
        const PlanColumn *column = &source->columns[i];

        if (plan_find_column(project, column->id))
            continue;
        columns[count] = *column;
        exprs[count++] = expr_column(arena, column->id, column->type, column->name);
    }
    wide->children = arena_memdup(arena, &child, sizeof(child));
    wide->columns = columns;
    wide->exprs = (ExprList) {count, exprs};
    wide->column_count = count;
    return plan_derive(arena, wide);
}

static Status widen(LateBinding *late, const Plan *node, const Plan **ret_node, Error *err) {
    const Plan *child = NULL;

    if ((node->kind == PLAN_SCAN && node->relation->kind == RELATION_SOURCE) ||
        is_computed_project(late->binder, node)) {
        late->source = node;
        *ret_node = node;
        return STATUS_OK;
    }
    if (node->kind != PLAN_FILTER && node->kind != PLAN_PROJECT && node->kind != PLAN_WINDOW)
        return not_supported(err, late->position, "LATE ROWS INTO over %s",
                             node->kind == PLAN_UNION ? "UNION" : "this query");
    TRY(widen(late, node->children[0], &child, err));
    *ret_node = node->kind == PLAN_PROJECT
                    ? widen_project(late, node, child)
                    : plan_with_children(late->binder->arena, node, &child, 1);
    return STATUS_OK;
}

static const Plan *mark_judge(const LateBinding *late, const Plan *node,
                              const Plan *const *children) {
    const Plan *source = late->source;
    Plan *judge = plan_copy(late->binder->arena, node);
    ColumnId *ids = arena_new_array(late->binder->arena, ColumnId, (size_t) source->column_count);

    for (int i = 0; i < source->column_count; i++) {
        ids[i] = source->columns[i].id;
        binder_use(late->binder, ids[i]);
    }
    judge->children = children;
    judge->late_columns = (ColumnIds) {source->column_count, ids};
    return plan_derive(late->binder->arena, judge);
}

/* The plan with the judge and what is below it replaced. */
static Status replace_judge(LateBinding *late, const Plan *node, const Plan **ret_node,
                            Error *err) {
    Arena *arena = late->binder->arena;
    const Plan **children = arena_new_array(arena, const Plan *, (size_t) node->child_count + 1);

    if (node != late->judge) {
        for (int i = 0; i < node->child_count; i++)
            TRY(replace_judge(late, node->children[i], &children[i], err));
        *ret_node = plan_with_children(arena, node, children, node->child_count);
        return STATUS_OK;
    }
    TRY(widen(late, node->children[0], &children[0], err));
    *ret_node = mark_judge(late, node, children);
    return STATUS_OK;
}

Status bind_late_columns(Binder *binder, const Plan *plan, int position, LateRows *ret_late,
                         Error *err) {
    LateBinding late = {.binder = binder, .position = position};

    TRY(find_judge(plan, position, &late.judge, err));
    TRY(replace_judge(&late, plan, &ret_late->plan, err));
    ret_late->columns = late.source->columns;
    ret_late->column_count = late.source->column_count;
    return STATUS_OK;
}

/* -------- the sink -------- */

Status bind_late_sink(Binder *binder, SinkName name, const LateRows *late, Relation *stream,
                      Error *err) {
    const SinkRows rows = {"a late row", late->columns, late->column_count, SINK_MODE_APPEND, {0}};
    const Relation *sink = NULL;

    TRY(bind_sink_name(binder, name, &sink, err));
    if (relation_writes_into(stream, sink->id)) {
        IGNORE(not_supported(err, name.position, /* hinted */
                             "one sink for late rows and other rows of the stream"));
        return error_hint(err, "Name another sink: rows of the two have other columns.");
    }
    TRY(bind_sink_takes(binder, sink, &rows, name.position, err));
    stream->late_sink_id = sink->id;
    return STATUS_OK;
}
