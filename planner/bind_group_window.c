/* GROUP BY window(ts, size [, slide [, offset]]): Spark's form of TUMBLE and HOP.
 *
 * The input gets a WINDOW node; the keys are its start and end; `window`, window.start, window.end
 * and window_time(window) name its columns in the clauses above. */
#include <string.h>

#include "planner/bind_select.h"
#include "planner/bind_window.h"

bool is_window_call(const AstNode *node) {
    const AstFuncCall *call = (const AstFuncCall *) node;

    return node && node->kind == AST_FUNC_CALL && !call->name->schema && !call->over &&
           (strcmp(call->name->name, "window") == 0 ||
            strcmp(call->name->name, "session_window") == 0) &&
           call->arguments.count > 1;
}

/* The item itself, or the target that its name or number means. */
static const AstNode *follow_target(const Select *select, const AstNode *item) {
    const AstColumnRef *ref = (const AstColumnRef *) item;
    const AstLiteral *literal = (const AstLiteral *) item;

    if (item->kind == AST_COLUMN_REF && ref->part_count == 1 && !ref->is_star) {
        AST_FOREACH(AstTarget, target, &select->ast->targets)
        if (target->label && strcmp(target->label, ref->parts[0]) == 0)
            return target->value;
        return item;
    }
    if (item->kind == AST_LITERAL && literal->literal == AST_LITERAL_INTEGER &&
        literal->integer >= 1 && literal->integer <= select->ast->targets.count)
        return ((const AstTarget *) select->ast->targets.items[literal->integer - 1])->value;
    return item;
}

static Status bind_spark_spec(Select *select, const AstFuncCall *call, WindowSpec *spec,
                              Error *err) {
    ExprContext cx = {.binder = select->binder, .scope = select->scope, .clause = "GROUP BY"};
    AstNode *const *arguments = call->arguments.items;
    int count = call->arguments.count;

    if (count > 4)
        return error_at(err, call->base.position, INVALID_PARAMETER,
                        "window() takes a time, a size, a slide and an offset");
    for (int i = 0; i < count; i++)
        if (arguments[i]->kind == AST_NAMED_ARG)
            return not_supported(err, arguments[i]->position, "a named argument of window()");
    TRY(bind_expr(&cx, arguments[0], &spec->time, err));
    TRY(constant_interval_us(&cx, arguments[1], "the window size", &spec->size_us, err));
    spec->slide_us = spec->size_us;
    if (count > 2) {
        TRY(constant_interval_us(&cx, arguments[2], "the window slide", &spec->slide_us, err));
        spec->slide_position = arguments[2]->position;
    }
    if (count > 3)
        TRY(constant_interval_us(&cx, arguments[3], "the window offset", &spec->offset_us, err));
    return STATUS_OK;
}

static Status add_window(Select *select, const AstFuncCall *call, Error *err) {
    WindowSpec spec = {.kind = WINDOW_HOP, .position = call->base.position};
    SparkWindow *window = &select->scope->window;
    const PlanColumn *columns = NULL;

    if (strcmp(call->name->name, "session_window") == 0) {
        IGNORE(not_supported(err, call->base.position, "session_window()")); /* hinted */
        return error_hint(err, "Use window(time, size [, slide]).");
    }
    if (window->start)
        return not_supported(err, call->base.position, "a second window() in GROUP BY");
    TRY(bind_spark_spec(select, call, &spec, err));
    TRY(make_window(select->binder, select->plan, &spec, &select->plan, err));
    columns = &select->plan->columns[select->plan->column_count - 3];
    *window = (SparkWindow) {.start = columns[0].id,
                             .end = columns[1].id,
                             .time = columns[2].id,
                             .type = columns[0].type,
                             .call = call};
    return STATUS_OK;
}

Status bind_group_windows(Select *select, Error *err) {
    AST_FOREACH(AstNode, item, &select->ast->group_by) {
        const AstNode *meant = follow_target(select, item);

        if (is_window_call(meant))
            TRY(add_window(select, (const AstFuncCall *) meant, err));
    }
    return STATUS_OK;
}
