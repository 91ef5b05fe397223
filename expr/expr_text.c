/* Expressions as SQL shows them, for EXPLAIN and column headings. */
#include <ctype.h>

#include "expr/expr.h"

static void append_node(const Expr *expr, bool is_inner, StrBuf *out);

static void append_quoted(StrBuf *out, const char *bytes, size_t length) {
    strbuf_append_char(out, '\'');
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\'')
            strbuf_append_char(out, '\'');
        strbuf_append_char(out, bytes[i]);
    }
    strbuf_append_char(out, '\'');
}

static void append_type(StrBuf *out, SqlType type) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("type name", 0);

    strbuf_append_text(out, type_display(type, arena));
}

static void append_constant(const Value *value, StrBuf *out) {
    CLEANUP(strbuf_done) StrBuf text = {0};
    char category = type_category(value->type.id);

    if (value->is_null) {
        strbuf_append_text(out, "NULL");
        return;
    }
    if (value->type.id == TYPE_BOOL) {
        strbuf_append_text(out, value->boolean ? "true" : "false");
        return;
    }
    value_append_text(value, &form_settings_default, &text);
    if (category == 'N' &&
        (isdigit((unsigned char) strbuf_text(&text)[0]) || strbuf_text(&text)[0] == '-')) {
        strbuf_append(out, strbuf_text(&text), text.length);
        return;
    }
    append_quoted(out, strbuf_text(&text), text.length);
    if (value->type.id != TYPE_TEXT && value->type.id != TYPE_UNKNOWN) {
        strbuf_append_text(out, "::");
        append_type(out, value->type);
    }
}

static bool is_operator(const Function *function) {
    return !isalpha((unsigned char) function->name[0]) && function->name[0] != '_';
}

static void append_list(const Expr *expr, int first, const char *separator, StrBuf *out) {
    for (int i = first; i < expr->argument_count; i++) {
        if (i > first)
            strbuf_append_text(out, separator);
        append_node(expr->arguments[i], separator[0] != ',', out);
    }
}

/* The constructs that have no name in SQL. false: an ordinary function. */
static bool append_construct(const Expr *expr, StrBuf *out) {
    static const struct {
        const char *name;
        const char *text;
    } constructs[] = {
        {"is_null", " IS NULL"},
        {"is_not_null", " IS NOT NULL"},
        {"is_true", " IS TRUE"},
        {"is_not_true", " IS NOT TRUE"},
        {"is_false", " IS FALSE"},
        {"is_not_false", " IS NOT FALSE"},
        {"is_unknown", " IS UNKNOWN"},
        {"is_not_unknown", " IS NOT UNKNOWN"},
        {"is_distinct_from", " IS DISTINCT FROM "},
        {"is_not_distinct_from", " IS NOT DISTINCT FROM "},
    };

    if (!(expr->function->flags & FUNCTION_INTERNAL))
        return false;
    if (strcmp(expr->function->name, "not") == 0) {
        strbuf_append_text(out, "NOT ");
        append_node(expr->arguments[0], true, out);
        return true;
    }
    if (strcmp(expr->function->name, "array_build") == 0) {
        strbuf_append_text(out, "ARRAY[");
        append_list(expr, 0, ", ", out);
        strbuf_append_char(out, ']');
        return true;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(constructs); i++) {
        if (strcmp(expr->function->name, constructs[i].name) != 0)
            continue;
        append_node(expr->arguments[0], true, out);
        strbuf_append_text(out, constructs[i].text);
        if (expr->argument_count == 2)
            append_node(expr->arguments[1], true, out);
        return true;
    }
    return false;
}

static void append_call(const Expr *expr, StrBuf *out) {
    if (append_construct(expr, out))
        return;
    if (is_operator(expr->function) && expr->argument_count == 2) {
        append_node(expr->arguments[0], true, out);
        strbuf_printf(out, " %s ", expr->function->name);
        append_node(expr->arguments[1], true, out);
        return;
    }
    if (is_operator(expr->function)) {
        strbuf_append_text(out, expr->function->name);
        strbuf_append_char(out, ' ');
        append_node(expr->arguments[0], true, out);
        return;
    }
    strbuf_printf(out, "%s(", expr->function->name);
    append_list(expr, 0, ", ", out);
    strbuf_append_char(out, ')');
}

static void append_case(const Expr *expr, StrBuf *out) {
    strbuf_append_text(out, "CASE");
    for (int i = 0; i + 1 < expr->argument_count; i += 2) {
        strbuf_append_text(out, " WHEN ");
        append_node(expr->arguments[i], false, out);
        strbuf_append_text(out, " THEN ");
        append_node(expr->arguments[i + 1], false, out);
    }
    strbuf_append_text(out, " ELSE ");
    append_node(expr->arguments[expr->argument_count - 1], false, out);
    strbuf_append_text(out, " END");
}

static bool needs_parentheses(const Expr *expr) {
    if (expr->kind == EXPR_AND || expr->kind == EXPR_OR || expr->kind == EXPR_IN)
        return true;
    return expr->kind == EXPR_CALL &&
           (is_operator(expr->function) ||
            ((expr->function->flags & FUNCTION_INTERNAL) && expr->function->result == TYPE_BOOL));
}

static void append_body(const Expr *expr, StrBuf *out) {
    switch (expr->kind) {
    case EXPR_CONSTANT:
        append_constant(&expr->constant, out);
        break;
    case EXPR_COLUMN:
        strbuf_append_text(out, expr->column.name);
        break;
    case EXPR_PARAMETER:
        strbuf_printf(out, "$%d", expr->parameter_number);
        break;
    case EXPR_CALL:
        append_call(expr, out);
        break;
    case EXPR_CAST:
        append_node(expr->arguments[0], true, out);
        strbuf_append_text(out, "::");
        append_type(out, expr->type);
        break;
    case EXPR_AND:
        append_list(expr, 0, " AND ", out);
        break;
    case EXPR_OR:
        append_list(expr, 0, " OR ", out);
        break;
    case EXPR_CASE:
        append_case(expr, out);
        break;
    case EXPR_IN:
        append_node(expr->arguments[0], true, out);
        strbuf_append_text(out, " IN (");
        append_list(expr, 1, ", ", out);
        strbuf_append_char(out, ')');
        break;
    }
}

static void append_node(const Expr *expr, bool is_inner, StrBuf *out) {
    bool parenthesise = is_inner && needs_parentheses(expr);

    if (parenthesise)
        strbuf_append_char(out, '(');
    append_body(expr, out);
    if (parenthesise)
        strbuf_append_char(out, ')');
}

void expr_append_text(const Expr *expr, StrBuf *out) {
    append_node(expr, false, out);
}
