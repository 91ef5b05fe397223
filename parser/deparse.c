/* Deparse: words, names, types, lists, and the way to each kind's writer. See deparse.h. */
#include "parser/deparse.h"

#include <assert.h>
#include <string.h>

#include "parser/ast_build.h"
#include "parser/deparse_private.h"
#include "parser/keywords.h"

void put(Deparser *d, const char *text) {
    strbuf_append_text(&d->out, text);
}

void put_format(Deparser *d, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    strbuf_vprintf(&d->out, format, arguments);
    va_end(arguments);
}

/* Would the lexer read the name otherwise without quotes? WINDOW is reserved in PostgreSQL, but
 * here it is a plain name wherever a name can stand. */
static bool needs_quotes(const char *name) {
    const Keyword *keyword = keyword_find(name, strlen(name));

    if (!((name[0] >= 'a' && name[0] <= 'z') || name[0] == '_'))
        return true;
    for (const char *c = name; *c != '\0'; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_'))
            return true;
    return keyword != NULL && keyword->category != KEYWORD_UNRESERVED &&
           strcmp(name, "window") != 0;
}

static void put_quoted(Deparser *d, const char *text, char quote) {
    strbuf_append_char(&d->out, quote);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == quote)
            strbuf_append_char(&d->out, quote);
        strbuf_append_char(&d->out, *c);
    }
    strbuf_append_char(&d->out, quote);
}

void put_identifier(Deparser *d, const char *name) {
    if (needs_quotes(name))
        put_quoted(d, name, '"');
    else
        put(d, name);
}

const char *identifier_to_sql(const char *name, char buffer[IDENTIFIER_SQL_SIZE]) {
    Deparser deparser = {.out = {0}};
    size_t length;

    put_identifier(&deparser, name);
    length = deparser.out.length;
    assert(length < IDENTIFIER_SQL_SIZE);
    memcpy(buffer, strbuf_text(&deparser.out), length + 1);
    strbuf_done(&deparser.out);
    return buffer;
}

void put_string(Deparser *d, const char *text) {
    put_quoted(d, text, '\'');
}

void put_name(Deparser *d, const AstName *name) {
    const char *parts[] = {name->catalog, name->schema, name->name};

    for (int i = 0; i < 3; i++) {
        if (parts[i] == NULL)
            continue;
        put_identifier(d, parts[i]);
        put(d, i < 2 ? "." : "");
    }
}

/* ---- Lists and clauses ---- */

void put_clause(Deparser *d, const char *text) {
    if (d->out.length > 0)
        put(d, " ");
    put(d, text);
}

void put_open(Deparser *d) {
    put(d, "(");
}

void put_close(Deparser *d) {
    put(d, ")");
}

void put_items(Deparser *d, const AstList *list, PutItem put_item) {
    for (int i = 0; i < list->count; i++) {
        put(d, i == 0 ? "" : ", ");
        put_item(d, list->items[i]);
    }
}

void put_list(Deparser *d, const AstList *list) {
    put_items(d, list, put_node);
}

void put_list_parens(Deparser *d, const AstList *list) {
    if (list->count == 0)
        return;
    put_open(d);
    put_list(d, list);
    put_close(d);
}

void put_value_or(Deparser *d, const char *before, const AstNode *node) {
    if (node == NULL)
        return;
    put(d, before);
    put_node(d, node);
}

/* ---- Types ---- */

/* The catalog's name of a type as SQL says it. */
static const char *sql_type_name(const char *name) {
    static const struct {
        const char *catalog;
        const char *sql;
    } names[] = {
        {"bool", "boolean"},
        {"bpchar", "character"},
        {"float4", "real"},
        {"float8", "double precision"},
        {"int2", "smallint"},
        {"int4", "integer"},
        {"int8", "bigint"},
        {"numeric", "numeric"},
        {"bit", "bit"},
        {"time", "time"},
        {"timestamp", "timestamp"},
        {"timestamptz", "timestamp"},
        {"timetz", "time"},
        {"varbit", "bit varying"},
        {"varchar", "character varying"},
        {"interval", "interval"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcmp(names[i].catalog, name) == 0)
            return names[i].sql;
    return NULL;
}

static void put_interval_fields(Deparser *d, const AstType *type) {
    static const char *const texts[] = {
        [AST_INTERVAL_YEAR] = "year",
        [AST_INTERVAL_MONTH] = "month",
        [AST_INTERVAL_DAY] = "day",
        [AST_INTERVAL_HOUR] = "hour",
        [AST_INTERVAL_MINUTE] = "minute",
        [AST_INTERVAL_SECOND] = "second",
        [AST_INTERVAL_YEAR_TO_MONTH] = "year to month",
        [AST_INTERVAL_DAY_TO_HOUR] = "day to hour",
        [AST_INTERVAL_DAY_TO_MINUTE] = "day to minute",
        [AST_INTERVAL_DAY_TO_SECOND] = "day to second",
        [AST_INTERVAL_HOUR_TO_MINUTE] = "hour to minute",
        [AST_INTERVAL_HOUR_TO_SECOND] = "hour to second",
        [AST_INTERVAL_MINUTE_TO_SECOND] = "minute to second",
    };

    put_format(d, " %s", texts[type->interval_fields]);
    put_list_parens(d, &type->modifiers);
}

static void put_type_name(Deparser *d, const AstType *type) {
    const char *sql = type->schema == NULL ? sql_type_name(type->name) : NULL;

    /* character without a length is character(1): bpchar is the one without a limit. */
    if (sql != NULL && strcmp(type->name, "bpchar") == 0 && type->modifiers.count == 0)
        sql = "bpchar";
    if (type->schema != NULL) {
        put_identifier(d, type->schema);
        put(d, ".");
    }
    if (sql != NULL)
        put(d, sql);
    else if (type->schema == NULL && ast_catalog_type_name(type->name) != type->name)
        put_quoted(d, type->name, '"');
    else
        put_identifier(d, type->name);
}

/* `literal`: a string that follows the type, or NULL. */
static void put_type_of(Deparser *d, const AstType *type, const char *literal) {
    put(d, type->is_setof ? "SETOF " : "");
    if (type->fields.count > 0) {
        put(d, "ROW");
        put_list_parens(d, &type->fields);
    } else {
        put_type_name(d, type);
        if (type->interval_fields == AST_INTERVAL_ANY)
            put_list_parens(d, &type->modifiers);
        if (type->schema == NULL &&
            (strcmp(type->name, "timestamptz") == 0 || strcmp(type->name, "timetz") == 0))
            put(d, " with time zone");
        if (literal != NULL) {
            put(d, " ");
            put_string(d, literal);
        }
        if (type->interval_fields != AST_INTERVAL_ANY)
            put_interval_fields(d, type);
    }
    for (int i = 0; i < type->array_dimensions; i++)
        put(d, "[]");
}

void put_type(Deparser *d, const AstType *type) {
    put_type_of(d, type, NULL);
}

void put_typed_literal(Deparser *d, const AstCast *cast) {
    const AstLiteral *literal = (const AstLiteral *) cast->operand;
    bool is_interval = cast->type->schema == NULL && strcmp(cast->type->name, "interval") == 0;

    assert(literal->base.kind == AST_LITERAL);
    if (is_interval && cast->type->modifiers.count == 0 &&
        cast->type->interval_fields == AST_INTERVAL_ANY) {
        put(d, "INTERVAL ");
        put_string(d, literal->text);
        return;
    }
    put_type_of(d, cast->type, literal->text);
}

/* ---- Any node ---- */

void put_node(Deparser *d, const AstNode *node) {
    switch (node->kind) {
    case AST_IDENTIFIER:
        put_identifier(d, ((const AstIdentifier *) node)->text);
        return;
    case AST_NAME:
        put_name(d, (const AstName *) node);
        return;
    case AST_TYPE:
        put_type(d, (const AstType *) node);
        return;
    case AST_QUERY:
        put_query(d, (const AstQuery *) node);
        return;
#define X(kind, Type) case kind:
        AST_EXPR_KINDS(X)
        put_expr(d, node, BINDING_NONE);
        return;
    case AST_SELECT:
    case AST_SET_OPERATION:
    case AST_VALUES:
    case AST_WITH:
    case AST_CTE:
    case AST_TARGET:
    case AST_SORT_KEY:
    case AST_GROUPING_SET:
    case AST_WINDOW_SPEC:
    case AST_LIMIT:
    case AST_LOCKING:
        put_query_part(d, node);
        return;
    case AST_TABLE_REF:
    case AST_SUBQUERY_REF:
    case AST_FUNCTION_REF:
    case AST_WINDOW_TABLE:
    case AST_JOIN:
    case AST_ALIAS:
    case AST_WATERMARK_DELAY:
        put_from_item(d, node);
        return;
        AST_DDL_KINDS(X)
        put_definition(d, node);
        return;
        AST_STATEMENT_KINDS(X)
        put_statement(d, node);
        return;
#undef X
    case AST_NONE:
    case AST_KIND_COUNT:
        break;
    }
    assert(false && "every kind has a writer");
}

const char *deparse_node(const AstNode *node, Arena *arena) {
    Deparser d = {0};
    const char *text = NULL;

    put_node(&d, node);
    text = arena_strndup(arena, strbuf_text(&d.out), d.out.length);
    strbuf_done(&d.out);
    return text;
}
