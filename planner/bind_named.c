/* Arguments by name: make_interval(days => 3), the one function whose parameters have names here.
 */
#include "planner/bind_call.h"

#include <string.h>

static const char *const parameters[] = {"years", "months", "weeks", "days",
                                         "hours", "mins",   "secs"};
enum { PARAMETER_COUNT = ARRAY_LENGTH(parameters) };

static Status find_parameter(const AstNamedArg *argument, int *ret_place, Error *err) {
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        if (strcmp(parameters[i], argument->name) == 0) {
            *ret_place = i;
            return STATUS_OK;
        }
    }
    IGNORE(error_at(err, argument->base.position, UNDEFINED_FUNCTION, /* hinted */
                    "function make_interval has no parameter \"%s\"", argument->name));
    return error_hint(err, "Its parameters are years, months, weeks, days, hours, mins and secs.");
}

/* Where each argument goes; `placed` says which parameters have one. */
static Status place_argument(const AstNode *argument, int index, bool *is_by_name,
                             const Expr *const *placed, int *ret_place, Error *err) {
    if (argument->kind != AST_NAMED_ARG) {
        *ret_place = index;
        return *is_by_name ? error_at(err, argument->position, SYNTAX_ERROR,
                                      "positional argument cannot follow named argument")
                           : STATUS_OK;
    }
    *is_by_name = true;
    TRY(find_parameter((const AstNamedArg *) argument, ret_place, err));
    if (placed[*ret_place])
        return error_at(err, argument->position, SYNTAX_ERROR,
                        "argument name \"%s\" used more than once", parameters[*ret_place]);
    return STATUS_OK;
}

Status bind_make_interval(ExprContext *cx, const AstFuncCall *call, const Expr **ret_expr,
                          Error *err) {
    const AstList *list = &call->arguments;
    const Expr **arguments =
        arena_new_array(cx->binder->arena, const Expr *, (size_t) list->count + PARAMETER_COUNT);
    int count = list->count;
    bool is_by_name = false;

    for (int i = 0; i < list->count; i++) {
        const AstNode *node = list->items[i];
        int place = 0;

        TRY(place_argument(node, i, &is_by_name, arguments, &place, err));
        if (is_by_name)
            node = ((const AstNamedArg *) node)->value;
        TRY(bind_expr(cx, node, &arguments[place], err));
    }
    if (is_by_name) {
        count = PARAMETER_COUNT;
        for (int i = 0; i < count; i++)
            if (!arguments[i])
                arguments[i] = expr_constant(cx->binder->arena, value_int4(0));
    }
    return make_call(cx->binder, "make_interval", arguments, count, call->base.position, ret_expr,
                     err);
}
