/* Calls: functions by name, functions that SQL writes without parentheses, and window()'s. */
#include "planner/bind_call.h"

#include <string.h>

static Status bind_arguments(ExprContext *cx, const AstFuncCall *call, const Expr ***ret_arguments,
                             Error *err) {
    int count = call->arguments.count;
    const Expr **arguments = arena_new_array(cx->binder->arena, const Expr *, (size_t) count + 1);

    if (count > 100)
        return error_at(err, call->base.position, PROGRAM_LIMIT_EXCEEDED,
                        "cannot pass more than 100 arguments to a function");
    for (int i = 0; i < count; i++)
        TRY(bind_expr(cx, call->arguments.items[i], &arguments[i], err));
    *ret_arguments = arguments;
    return STATUS_OK;
}

static Status undefined_function(Binder *binder, const char *name, const Expr **arguments,
                                 int count, int position, Error *err) {
    StrBuf text = {0};

    for (int i = 0; i < count; i++)
        strbuf_printf(&text, "%s%s", i ? ", " : "", type_name(binder, arguments[i]->type));
    IGNORE(error_at(err, position, UNDEFINED_FUNCTION, /* hinted */
                    "function %s(%s) does not exist", name, strbuf_text(&text)));
    strbuf_done(&text);
    return error_hint(err, "No function matches the given name and argument types. "
                           "You might need to add explicit type casts.");
}

/* -------- window(…) and window_time(…) in a query with GROUP BY window(…) -------- */

static bool is_plain(const AstFuncCall *call, const char *name) {
    return !call->name->schema && strcmp(call->name->name, name) == 0;
}

static Status bind_window_record(ExprContext *cx, int position, const Expr **ret_expr, Error *err) {
    const char *parts[] = {"window"};
    AstColumnRef ref = {.base = {AST_COLUMN_REF, position}, .part_count = 1, .parts = parts};

    return bind_column_ref(cx, &ref, ret_expr, err);
}

static Status bind_window_call(ExprContext *cx, const AstFuncCall *call, const Expr **ret_expr,
                               Error *err) {
    int position = call->base.position;

    if (is_plain(call, "session_window"))
        return not_supported(err, position, "session_window()");
    if (cx->scope && cx->scope->window.start)
        return bind_window_record(cx, position, ret_expr, err);
    IGNORE(not_supported(err, position, "window() outside of GROUP BY")); /* hinted */
    return error_hint(err, "Group by it: SELECT window.start, count(*) FROM … GROUP BY window(…).");
}

/* The column `window` of a query below: start and end. */
static bool is_window_record(SqlType type) {
    return type.id == TYPE_RECORD && type.field_count == 2 && type.fields[1].name &&
           strcmp(type.fields[1].name, "end") == 0 && type_category(type.fields[1].type->id) == 'D';
}

static Status time_of_window(Binder *binder, const Expr *record, int position,
                             const Expr **ret_expr, Error *err) {
    Value step = {.type = SQL_TYPE(INTERVAL), .interval = {.micros = 1}};
    const Expr *end = NULL;

    TRY(make_field(binder, record, "end", position, &end, err));
    return make_operator(binder, "-", end, expr_constant(binder->arena, step), position, ret_expr,
                         err);
}

/* The event time of a closed window: its end less a microsecond. */
static Status bind_window_time(ExprContext *cx, const AstFuncCall *call, const Expr **ret_expr,
                               Error *err) {
    const AstNode *argument = call->arguments.count == 1 ? call->arguments.items[0] : NULL;
    const AstColumnRef *ref = (const AstColumnRef *) argument;
    const Expr *record = NULL;
    bool is_window =
        argument &&
        ((argument->kind == AST_COLUMN_REF && ref->part_count == 1 && !ref->is_star &&
          strcmp(ref->parts[0], "window") == 0) ||
         (argument->kind == AST_FUNC_CALL && is_plain((const AstFuncCall *) argument, "window")));

    if (is_window && cx->scope && cx->scope->window.time) {
        *ret_expr = column_expr(cx->binder, cx->scope->window.time, cx->scope->window.type,
                                "window_time", call->base.position);
        return STATUS_OK;
    }
    if (argument && argument->kind == AST_COLUMN_REF) {
        TRY(bind_expr(cx, argument, &record, err));
        if (is_window_record(record->type))
            return time_of_window(cx->binder, record, call->base.position, ret_expr, err);
    }
    IGNORE(not_supported(err, call->base.position, "window_time() of this argument")); /* hinted */
    return error_hint(err, "Name the column window_time, which TUMBLE and HOP add, or call "
                           "window_time(window) in the query that has GROUP BY window(…).");
}

/* -------- calls -------- */

static Status refuse_decorations(const AstFuncCall *call, Error *err) {
    int position = call->base.position;
    const char *name = call->name->name;

    if (call->is_star && !function_exists(name))
        return error_at(err, position, UNDEFINED_FUNCTION, "function %s() does not exist", name);
    if (call->is_star)
        return error_at(err, position, WRONG_OBJECT_TYPE,
                        "%s(*) specified, but %s is not an aggregate function", name, name);
    if (call->is_distinct)
        return error_at(err, position, WRONG_OBJECT_TYPE,
                        "DISTINCT specified, but %s is not an aggregate function", name);
    if (call->order_by.count > 0)
        return error_at(err, position, WRONG_OBJECT_TYPE,
                        "ORDER BY specified, but %s is not an aggregate function", name);
    if (call->within_group.count > 0)
        return not_supported(err, position, "%s(…) WITHIN GROUP (ORDER BY …)", name);
    if (call->filter)
        return error_at(err, position, WRONG_OBJECT_TYPE,
                        "FILTER specified, but %s is not an aggregate function", name);
    return STATUS_OK;
}

/* Sets that are the elements of an array: the function that makes the array; NULL: no such set. */
static const char *array_behind_set(const char *name) {
    static const char *const pairs[][2] = {{"regexp_matches", "regexp_matches_array"},
                                           {"regexp_split_to_table", "regexp_split_to_array"},
                                           {"string_to_table", "string_to_array"}};

    for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++)
        if (strcmp(name, pairs[i][0]) == 0)
            return pairs[i][1];
    return NULL;
}

static Status make_function_call(Binder *binder, const char *name, const Expr **arguments,
                                 int count, int position, const Expr **ret_expr, Error *err) {
    const char *array = array_behind_set(name);

    if (!array)
        return make_call(binder, name, arguments, count, position, ret_expr, err);
    TRY(make_call(binder, array, arguments, count, position, ret_expr, err));
    return make_call(binder, "unnest", ret_expr, 1, position, ret_expr, err);
}

Status bind_func_call(ExprContext *cx, const AstFuncCall *call, const Expr **ret_expr, Error *err) {
    int position = call->base.position;
    const char *name = call->name->name;
    const char *schema = call->name->schema;
    const Expr **arguments = NULL;
    const Expr *expr = NULL;

    if (schema && strcmp(schema, "pg_catalog") != 0 && strcmp(schema, "millrace") != 0)
        return error_at(err, position, UNDEFINED_FUNCTION, "function %s.%s does not exist", schema,
                        name);
    if (call->syntax == AST_FUNC_SIMILAR)
        return not_supported(err, position, "substring(… SIMILAR … ESCAPE …)");
    if (call->over)
        return not_supported(err, position, "a window function (OVER)");
    if (is_plain(call, "grouping"))
        return bind_grouping_call(cx, call, ret_expr, err);
    if (aggregate_exists(name))
        return bind_aggregate_call(cx, call, ret_expr, err);
    if (is_plain(call, "session_window") ||
        (is_plain(call, "window") && !function_exists("window")))
        return bind_window_call(cx, call, ret_expr, err);
    if (is_plain(call, "window_time"))
        return bind_window_time(cx, call, ret_expr, err);
    if (call->is_variadic)
        return not_supported(err, position, "VARIADIC");
    TRY(refuse_decorations(call, err));
    if (is_plain(call, "make_interval"))
        return bind_make_interval(cx, call, ret_expr, err);
    TRY(bind_arguments(cx, call, &arguments, err));
    if (is_plain(call, "to_char") && call->arguments.count == 2 &&
        type_category(arguments[0]->type.id) == 'N')
        return not_supported(err, position, "to_char() of a number");
    if (!function_exists(name))
        TRY(refuse_missing_function(name, position, err));
    if (call->arguments.count > FUNCTION_ARGUMENTS_MAX && !function_exists(name))
        return undefined_function(cx->binder, name, arguments, call->arguments.count, position,
                                  err);
    TRY(make_function_call(cx->binder, name, arguments, call->arguments.count, position, &expr,
                           err));
    if (expr->kind == EXPR_CALL && (expr->function->flags & FUNCTION_INTERNAL))
        return undefined_function(cx->binder, name, arguments, call->arguments.count, position,
                                  err);
    if (expr->kind == EXPR_CALL && (expr->function->flags & FUNCTION_SET) && cx->clause &&
        strcmp(cx->clause, "FROM") != 0)
        return bind_set_call(cx, expr, ret_expr, err);
    *ret_expr = expr;
    return STATUS_OK;
}

/* -------- CURRENT_DATE and the like -------- */

typedef struct ValueFunction {
    const char *name; /* called when it exists */
    TypeId type;      /* else now() cast to this; TYPE_UNKNOWN: no such way */
} ValueFunction;

static const ValueFunction value_functions[] = {
    [AST_CURRENT_DATE] = {"current_date", TYPE_DATE},
    [AST_CURRENT_TIME] = {"current_time", TYPE_UNKNOWN},
    [AST_CURRENT_TIMESTAMP] = {"now", TYPE_TIMESTAMPTZ},
    [AST_LOCALTIME] = {"localtime", TYPE_TIME},
    [AST_LOCALTIMESTAMP] = {"localtimestamp", TYPE_TIMESTAMP},
    [AST_CURRENT_ROLE] = {"current_user", TYPE_UNKNOWN},
    [AST_CURRENT_USER] = {"current_user", TYPE_UNKNOWN},
    [AST_SESSION_USER] = {"session_user", TYPE_UNKNOWN},
    [AST_USER] = {"current_user", TYPE_UNKNOWN},
    [AST_CURRENT_CATALOG] = {"current_database", TYPE_UNKNOWN},
    [AST_CURRENT_SCHEMA] = {"current_schema", TYPE_UNKNOWN},
};

Status bind_value_function(ExprContext *cx, const AstValueFunction *node, const Expr **ret_expr,
                           Error *err) {
    const ValueFunction *function = &value_functions[node->function];
    int position = node->base.position;
    const Expr *expr = NULL;
    SqlType type = {.id = function->type, .typmod = node->precision};

    if (function_exists(function->name)) {
        TRY(make_call(cx->binder, function->name, NULL, 0, position, &expr, err));
    } else if (function->type != TYPE_UNKNOWN) {
        TRY(make_call(cx->binder, "now", NULL, 0, position, &expr, err));
    } else {
        return not_supported(err, position, "%s", function->name);
    }
    if (function->type == TYPE_UNKNOWN) {
        *ret_expr = expr;
        return STATUS_OK;
    }
    TRY(coerce(cx->binder, expr, type, CAST_EXPLICIT, &expr, err));
    *ret_expr = with_position(cx->binder, expr, position);
    return STATUS_OK;
}
