/* Deparse: function calls and windows. See deparse.h. */
#include <assert.h>
#include <string.h>

#include "parser/deparse_private.h"

Binding binding_of_call(const AstFuncCall *call) {
    return call->syntax == AST_FUNC_AT_TIME_ZONE ? BINDING_ZONE : BINDING_PRIMARY;
}

static bool is_one_of(const char *name, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* Some keywords call a function of their name; some names would be read as a window table. */
static void put_function_name(Deparser *d, const AstName *name) {
    static const char *const bare[] = {"left", "right", "current_schema", "substring", "overlay"};
    static const char *const quoted[] = {"tumble", "hop", "cumulate", "session", "cube", "rollup"};

    if (name->schema == NULL && is_one_of(name->name, bare, ARRAY_LENGTH(bare)))
        put(d, name->name);
    else if (name->schema == NULL && is_one_of(name->name, quoted, ARRAY_LENGTH(quoted)))
        put_format(d, "\"%s\"", name->name);
    else
        put_name(d, name);
}

static const AstNode *argument(const AstFuncCall *call, int index) {
    assert(index < call->arguments.count);
    return call->arguments.items[index];
}

static void put_arguments(Deparser *d, const AstFuncCall *call) {
    put(d, call->is_star ? "*" : "");
    put(d, call->is_distinct ? "DISTINCT " : "");
    for (int i = 0; i < call->arguments.count; i++) {
        put(d, i > 0 ? ", " : "");
        put(d, call->is_variadic && i == call->arguments.count - 1 ? "VARIADIC " : "");
        put_node(d, argument(call, i));
    }
    if (call->order_by.count > 0) {
        put(d, " ORDER BY ");
        put_list(d, &call->order_by);
    }
}

static void put_call_clauses(Deparser *d, const AstFuncCall *call) {
    if (call->within_group.count > 0) {
        put(d, " WITHIN GROUP (ORDER BY ");
        put_list(d, &call->within_group);
        put(d, ")");
    }
    if (call->filter != NULL) {
        put(d, " FILTER (WHERE ");
        put_node(d, call->filter);
        put(d, ")");
    }
    if (call->over != NULL) {
        put(d, call->over->is_ignore_nulls ? " IGNORE NULLS OVER " : " OVER ");
        put_window_spec(d, call->over);
    }
}

void put_call(Deparser *d, const AstFuncCall *call) {
    switch (call->syntax) {
    case AST_FUNC_EXTRACT:
        put(d, "EXTRACT(");
        put_identifier(d, ((const AstLiteral *) argument(call, 0))->text);
        put_value_or(d, " FROM ", argument(call, 1));
        put(d, ")");
        return;
    case AST_FUNC_POSITION:
        put(d, "POSITION(");
        put_plain_expr(d, argument(call, 1));
        put(d, " IN ");
        put_plain_expr(d, argument(call, 0));
        put(d, ")");
        return;
    case AST_FUNC_SIMILAR:
        put(d, "SUBSTRING(");
        put_plain_expr(d, argument(call, 0));
        put_value_or(d, " SIMILAR ", argument(call, 1));
        put_value_or(d, " ESCAPE ", argument(call, 2));
        put(d, ")");
        return;
    case AST_FUNC_AT_TIME_ZONE:
        put_expr(d, argument(call, 1), BINDING_ZONE);
        put(d, " AT TIME ZONE ");
        put_expr(d, argument(call, 0), (Binding) (BINDING_ZONE + 1));
        return;
    case AST_FUNC_ORDINARY:
        put_function_name(d, call->name);
        put_open(d);
        put_arguments(d, call);
        put_close(d);
        put_call_clauses(d, call);
        return;
    }
}

/* ---- Windows ---- */

static void put_bound(Deparser *d, AstFrameBoundKind kind, const AstNode *offset) {
    static const char *const texts[] = {
        [AST_BOUND_UNBOUNDED_PRECEDING] = "UNBOUNDED PRECEDING",
        [AST_BOUND_PRECEDING] = " PRECEDING",
        [AST_BOUND_CURRENT_ROW] = "CURRENT ROW",
        [AST_BOUND_FOLLOWING] = " FOLLOWING",
        [AST_BOUND_UNBOUNDED_FOLLOWING] = "UNBOUNDED FOLLOWING",
    };

    if (offset != NULL)
        put_node(d, offset);
    put(d, texts[kind]);
}

static void put_frame(Deparser *d, const AstWindowSpec *spec) {
    static const char *const modes[] = {"", "ROWS", "RANGE", "GROUPS"};
    static const char *const excludes[] = {"", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP",
                                           " EXCLUDE TIES"};

    put_format(d, "%s BETWEEN ", modes[spec->frame]);
    put_bound(d, spec->start, spec->start_offset);
    put(d, " AND ");
    put_bound(d, spec->end, spec->end_offset);
    put(d, excludes[spec->exclude]);
}

void put_window_spec(Deparser *d, const AstWindowSpec *spec) {
    const char *space = "";

    if (spec->is_reference) {
        put_identifier(d, spec->base_name);
        return;
    }
    put(d, "(");
    if (spec->base_name != NULL) {
        put_identifier(d, spec->base_name);
        space = " ";
    }
    if (spec->partition_by.count > 0) {
        put_format(d, "%sPARTITION BY ", space);
        put_list(d, &spec->partition_by);
        space = " ";
    }
    if (spec->order_by.count > 0) {
        put_format(d, "%sORDER BY ", space);
        put_list(d, &spec->order_by);
        space = " ";
    }
    if (spec->frame != AST_FRAME_NONE) {
        put(d, space);
        put_frame(d, spec);
    }
    put(d, ")");
}
