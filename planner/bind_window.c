/* FROM TUMBLE(…), HOP(…): rows with the windows that they belong to.
 *
 * If the time column carries the watermark, so do the window's columns: a group with window_start
 * or window_end in its key closes when the watermark reaches the end; window_time is the event time
 * of what a closed window gives (its end less a microsecond), so that windows stand over windows.
 */
#include "planner/bind_window.h"

#include <string.h>

#include "base/limits.h"

static const char *const window_names[] = {
    [AST_WINDOW_TUMBLE] = "TUMBLE",
    [AST_WINDOW_HOP] = "HOP",
    [AST_WINDOW_CUMULATE] = "CUMULATE",
    [AST_WINDOW_SESSION] = "SESSION",
};

/* -------- the node -------- */

static Status check_sizes(const WindowSpec *spec, Error *err) {
    if (spec->size_us <= 0)
        return error_at(err, spec->position, INVALID_PARAMETER, "window size must be positive");
    if (spec->slide_us <= 0)
        return error_at(err, spec->slide_position ? spec->slide_position : spec->position,
                        INVALID_PARAMETER, "window slide must be positive");
    if (spec->slide_us > spec->size_us) {
        IGNORE(error_at(err,
                        spec->slide_position ? spec->slide_position : spec->position, /* hinted */
                        INVALID_PARAMETER, "window slide is larger than the window size"));
        return error_hint(err, "Are the arguments swapped? It is HOP(table, time, slide, size) and "
                               "window(time, size, slide).");
    }
    if (spec->size_us / spec->slide_us > LIMIT_ROW_WINDOWS) {
        IGNORE(error_at(err,
                        spec->slide_position ? spec->slide_position : spec->position, /* hinted */
                        PROGRAM_LIMIT_EXCEEDED, "each row would be in %lld windows",
                        (long long) (spec->size_us / spec->slide_us)));
        return error_hint(err, "Choose a longer slide: at most %d windows hold a row.",
                          LIMIT_ROW_WINDOWS);
    }
    return STATUS_OK;
}

static const PlanColumn *window_columns(Binder *binder, const PlanColumn *time, int64_t size_us,
                                        int *ret_count) {
    PlanColumn *columns = arena_new_array(binder->arena, PlanColumn, 3);

    columns[0] = (PlanColumn) {
        .name = "window_start", .role = TIME_WINDOW_START, .close_offset_us = size_us};
    columns[1] = (PlanColumn) {.name = "window_end", .role = TIME_WINDOW_END};
    columns[2] = (PlanColumn) {.name = "window_time", .role = TIME_EVENT, .close_offset_us = 1};
    for (int i = 0; i < 3; i++) {
        columns[i].id = binder_new_id(binder);
        columns[i].type = time->type;
        if (time->role != TIME_EVENT) {
            columns[i].role = TIME_NONE;
            columns[i].close_offset_us = 0;
        }
    }
    *ret_count = 3;
    return columns;
}

Status make_window(Binder *binder, const Plan *child, const WindowSpec *spec, const Plan **ret_plan,
                   Error *err) {
    const Expr *time = spec->time;
    ColumnId id = 0;
    Plan *window = NULL;

    TRY(check_sizes(spec, err));
    if (time->kind == EXPR_COLUMN && time->type.id == TYPE_RECORD) {
        TRY(expose_window_time(binder, child, time->column.id, &child, &id, err));
        if (id != 0)
            time = column_expr(binder, id, plan_find_column(child, id)->type, "window_time",
                               time->position);
        id = 0;
    }
    if (time->type.id == TYPE_RECORD) {
        IGNORE(not_supported(err, time->position ? time->position : spec->position,
                             "a window over a row that is no window")); /* hinted */
        return error_hint(err, "Select window_time in the query below, and take that.");
    }
    if (time->type.id != TYPE_TIMESTAMP && time->type.id != TYPE_TIMESTAMPTZ) {
        IGNORE(error_at(err, time->position ? time->position : spec->position,
                        DATATYPE_MISMATCH, /* hinted */
                        "the time of a window must be timestamp or timestamptz, not %s",
                        type_name(binder, time->type)));
        return error_hint(err, "Cast it, or declare the column as timestamptz.");
    }
    child = make_extended(binder, child, &time, (const char *const[]) {"window_input"}, 1, &id);
    window = plan_create(binder->arena, PLAN_WINDOW, &child, 1);
    window->position = spec->position;
    window->window_kind = spec->slide_us == spec->size_us ? WINDOW_TUMBLE : spec->kind;
    window->time_column = id;
    window->window_size_us = spec->size_us;
    window->window_slide_us = spec->slide_us;
    window->window_offset_us = spec->offset_us;
    window->columns =
        window_columns(binder, plan_find_column(child, id), spec->size_us, &window->column_count);
    *ret_plan = plan_derive(binder->arena, window);
    return STATUS_OK;
}

/* -------- arguments -------- */

typedef struct WindowArguments {
    const AstNode *time;
    const AstNode *size;
    const AstNode *slide;
    const AstNode *offset;
} WindowArguments;

static Status take_named(const AstWindowTable *node, const AstNamedArg *argument,
                         WindowArguments *arguments, Error *err) {
    const char *name = argument->name;
    const AstNode **place = NULL;

    if (strcmp(name, "size") == 0)
        place = &arguments->size;
    else if (strcmp(name, "slide") == 0 && node->window == AST_WINDOW_HOP)
        place = &arguments->slide;
    else if (strcmp(name, "offset") == 0)
        place = &arguments->offset;
    else if (strcmp(name, "timecol") == 0)
        place = &arguments->time;
    else if (strcmp(name, "timezone") == 0)
        return not_supported(err, argument->base.position, "TIMEZONE => of a window");
    if (!place) {
        IGNORE(error_at(err, argument->base.position, INVALID_PARAMETER, /* hinted */
                        "%s has no argument \"%s\"", window_names[node->window], name));
        return error_hint(err, "Its arguments are %s.",
                          node->window == AST_WINDOW_HOP ? "SLIDE, SIZE and OFFSET"
                                                         : "SIZE and OFFSET");
    }
    if (*place)
        return error_at(err, argument->base.position, INVALID_PARAMETER,
                        "argument \"%s\" is given twice", name);
    *place = argument->value;
    return STATUS_OK;
}

/* By place: time, [slide,] size [, offset]; names may follow. */
static Status take_arguments(const AstWindowTable *node, WindowArguments *arguments, Error *err) {
    bool is_hop = node->window == AST_WINDOW_HOP;
    const AstNode **places[4] = {&arguments->time, is_hop ? &arguments->slide : &arguments->size,
                                 is_hop ? &arguments->size : &arguments->offset,
                                 is_hop ? &arguments->offset : NULL};
    int place_count = is_hop ? 4 : 3;
    int next = 0;

    AST_FOREACH(AstNode, argument, &node->arguments) {
        if (argument->kind == AST_NAMED_ARG) {
            TRY(take_named(node, (const AstNamedArg *) argument, arguments, err));
            continue;
        }
        if (next == place_count)
            return error_at(err, argument->position, INVALID_PARAMETER, "%s has too many arguments",
                            window_names[node->window]);
        *places[next++] = argument;
    }
    if (!arguments->time || !arguments->size || (is_hop && !arguments->slide)) {
        IGNORE(error_at(err, node->base.position, INVALID_PARAMETER, /* hinted */
                        "%s has too few arguments", window_names[node->window]));
        return error_hint(err, is_hop ? "It is HOP(table, time, slide, size)."
                                      : "It is TUMBLE(table, time, size).");
    }
    return STATUS_OK;
}

/* -------- FROM -------- */

static Status refuse_window(const AstWindowTable *node, Error *err) {
    IGNORE(not_supported(err, node->base.position, "%s", window_names[node->window])); /* hinted */
    return error_hint(err, "Use TUMBLE(table, time, size) or HOP(table, time, slide, size).");
}

/* The input's columns under the names that its alias gives. */
static const Plan *named_input(Binder *binder, const Plan *plan, const Scope *scope) {
    Plan *copy = plan_copy(binder->arena, plan);
    PlanColumn *columns =
        arena_memdup(binder->arena, plan->columns, sizeof(*columns) * (size_t) plan->column_count);

    for (int i = 0; i < plan->column_count; i++)
        for (int j = 0; j < scope->columns.count; j++)
            if (scope->columns.items[j].id == columns[i].id)
                columns[i].name = scope->columns.items[j].name;
    copy->columns = columns;
    return copy;
}

static bool names_differ(const Plan *plan, const Scope *scope) {
    if (scope->columns.count != plan->column_count)
        return true;
    for (int i = 0; i < plan->column_count; i++)
        if (strcmp(scope->columns.items[i].name, plan->columns[i].name) != 0)
            return true;
    return false;
}

/* The input's columns and the window's, without what computes the window's time. */
static const Plan *named_output(Binder *binder, const Plan *window, const Plan *input) {
    int count = input->column_count + 3;
    ProjectItem *items = arena_new_array(binder->arena, ProjectItem, (size_t) count);

    if (window->column_count == count)
        return window;
    for (int i = 0; i < count; i++) {
        const PlanColumn *column =
            &window->columns[i < input->column_count ? i : window->column_count - count + i];

        items[i].expr = column_expr(binder, column->id, column->type, column->name, 0);
        items[i].name = column->name;
    }
    return make_project(binder, window, items, count, 0);
}

Status bind_window_table(Binder *binder, const AstWindowTable *node, Scope *scope,
                         const Plan **ret_plan, Error *err) {
    Scope *inner = scope_create(binder, scope->outer, scope->ctes);
    ExprContext cx = {.binder = binder, .scope = inner, .clause = "a window's arguments"};
    WindowArguments arguments = {0};
    WindowSpec spec = {.kind = node->window == AST_WINDOW_HOP ? WINDOW_HOP : WINDOW_TUMBLE,
                       .position = node->base.position};
    const Plan *child = NULL;

    if (node->window == AST_WINDOW_CUMULATE || node->window == AST_WINDOW_SESSION)
        return refuse_window(node, err);
    if (node->partition_by.count > 0)
        return not_supported(err, node->partition_by.items[0]->position, "PARTITION BY in %s",
                             window_names[node->window]);
    TRY(take_arguments(node, &arguments, err));
    TRY(bind_from_item(binder, node->input, inner, &child, err));
    TRY(bind_expr(&cx, arguments.time, &spec.time, err));
    TRY(constant_interval_us(&cx, arguments.size, "the window size", &spec.size_us, err));
    spec.slide_us = spec.size_us;
    if (arguments.slide) {
        TRY(constant_interval_us(&cx, arguments.slide, "the window slide", &spec.slide_us, err));
        spec.slide_position = arguments.slide->position;
    }
    if (arguments.offset)
        TRY(constant_interval_us(&cx, arguments.offset, "the window offset", &spec.offset_us, err));
    if (names_differ(child, inner))
        child = named_input(binder, child, inner);
    TRY(make_window(binder, child, &spec, ret_plan, err));
    *ret_plan = named_output(binder, *ret_plan, child);
    return scope_add_plan(
        binder, scope, *ret_plan, inner->table_count > 0 ? inner->tables[0].name : NULL,
        inner->table_count > 0 ? inner->tables[0].schema : NULL, node->alias, err);
}
