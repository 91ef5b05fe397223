/* AST constructors: lists, names, types. See ast_build.h. */
#include "parser/ast_build.h"

#include <assert.h>
#include <string.h>

#include "base/strbuf.h"

void *ast_new_node(Parse *parse, AstKind kind, size_t size_bytes, int position) {
    AstNode *node = arena_alloc(parse->arena, size_bytes);

    node->kind = kind;
    node->position = position;
    return node;
}

/* ---- Lists ---- */

AstList ast_list_value(const AstList *list) {
    return list != NULL ? *list : (AstList) {0};
}

AstList *ast_list_empty(Parse *parse) {
    return arena_new(parse->arena, AstList);
}

AstList *ast_list_append(Parse *parse, AstList *list, AstNode *node) {
    if (list == NULL)
        list = ast_list_empty(parse);
    if (list->count == list->capacity) {
        int capacity = list->capacity == 0 ? 4 : list->capacity * 2;
        AstNode **items = arena_alloc_raw(parse->arena, sizeof(AstNode *) * (size_t) capacity);
        if (list->count > 0)
            memcpy(items, list->items, sizeof(AstNode *) * (size_t) list->count);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = node;
    return list;
}

AstList *ast_list_prepend(Parse *parse, AstNode *node, AstList *list) {
    AstList *longer = ast_list_append(parse, list, node);

    memmove(longer->items + 1, longer->items, sizeof(AstNode *) * (size_t) (longer->count - 1));
    longer->items[0] = node;
    return longer;
}

AstList *ast_list_identifier(Parse *parse, AstList *list, const Token *token) {
    AstIdentifier *identifier = ast_new(parse, AST_IDENTIFIER, AstIdentifier, token->position);

    identifier->text = token->text;
    identifier->is_quoted = token->is_quoted;
    return ast_list(parse, list, identifier);
}

AstList *ast_list_word(Parse *parse, const Token *token, const char *word) {
    Token named = *token;

    named.text = word;
    return ast_list_identifier(parse, NULL, &named);
}

AstList *ast_list_of_row(Parse *parse, AstNode *node) {
    if (node->kind == AST_ROW && !((AstRow *) node)->is_explicit)
        return &((AstRow *) node)->elements;
    return ast_list_append(parse, NULL, node);
}

AstList *ast_list_flag(Parse *parse, AstList *list) {
    return ast_list_append(parse, list, NULL);
}

bool ast_list_take_flag(AstList *list) {
    if (list == NULL || list->count == 0 || list->items[list->count - 1] != NULL)
        return false;
    list->count--;
    return true;
}

/* ---- Names ---- */

Token ast_token_none(void) {
    return (Token) {.text = NULL};
}

Token ast_token_not(const Token *token) {
    Token negated = *token;

    negated.text = "is not";
    return negated;
}

static const AstIdentifier *part(const AstList *parts, int index) {
    return (const AstIdentifier *) parts->items[index];
}

AstName *ast_name(Parse *parse, const AstList *parts) {
    AstName *name = ast_new(parse, AST_NAME, AstName, part(parts, 0)->base.position);
    int count = parts->count;

    assert(count > 0);
    if (count > 3)
        parse_error_at(parse, name->base.position,
                       "improper qualified name (too many dotted names): %s",
                       ast_dotted(parse, parts));
    name->name = part(parts, count - 1)->text;
    name->schema = count > 1 ? part(parts, count - 2)->text : NULL;
    name->catalog = count > 2 ? part(parts, count - 3)->text : NULL;
    return name;
}

const char *ast_dotted(Parse *parse, const AstList *parts) {
    StrBuf buffer = {0};
    char *text = NULL;

    if (parts->count == 1)
        return part(parts, 0)->text;
    for (int i = 0; i < parts->count; i++) {
        if (i > 0)
            strbuf_append_char(&buffer, '.');
        strbuf_append_text(&buffer, part(parts, i)->text);
    }
    text = arena_strndup(parse->arena, strbuf_text(&buffer), buffer.length);
    strbuf_done(&buffer);
    return text;
}

/* ---- Types ---- */

/* SQL's names of types and the catalog's. */
const char *ast_catalog_type_name(const char *name) {
    static const struct {
        const char *sql;
        const char *catalog;
    } names[] = {
        {"bigint", "int8"},  {"boolean", "bool"},    {"char", "bpchar"},  {"character", "bpchar"},
        {"dec", "numeric"},  {"decimal", "numeric"}, {"float", "float8"}, {"int", "int4"},
        {"integer", "int4"}, {"nchar", "bpchar"},    {"real", "float4"},  {"smallint", "int2"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcmp(names[i].sql, name) == 0)
            return names[i].catalog;
    return name;
}

/* float(p) is float4 up to 24 binary digits, float8 up to 53; the precision is then forgotten. */
static void settle_float(Parse *parse, AstType *type) {
    const AstLiteral *precision = NULL;

    if (type->modifiers.count != 1 || type->modifiers.items[0]->kind != AST_LITERAL)
        return;
    precision = (const AstLiteral *) type->modifiers.items[0];
    if (precision->literal != AST_LITERAL_INTEGER)
        return;
    if (precision->integer < 1)
        parse_error_at(parse, precision->base.position,
                       "precision for type float must be at least 1 bit");
    else if (precision->integer > 53)
        parse_error_at(parse, precision->base.position,
                       "precision for type float must be less than 54 bits");
    type->name = precision->integer <= 24 ? "float4" : "float8";
    type->modifiers = (AstList) {0};
}

/* time and timestamp, WITH or WITHOUT TIME ZONE. */
static void settle_time_zone(Parse *parse, AstType *type, const Token *time_zone) {
    bool is_with = strcmp(time_zone->text, "with time zone") == 0;

    if (type->schema != NULL ||
        (strcmp(type->name, "time") != 0 && strcmp(type->name, "timestamp") != 0)) {
        parse_error_at(parse, time_zone->position, "type \"%s\" has no time zone", type->name);
        return;
    }
    if (is_with)
        type->name = strcmp(type->name, "time") == 0 ? "timetz" : "timestamptz";
}

AstType *ast_type(Parse *parse, AstList *name, AstList *modifiers, const Token *time_zone) {
    const AstName *qualified = ast_name(parse, name);
    AstType *type = ast_new(parse, AST_TYPE, AstType, qualified->base.position);
    bool is_sql_name = qualified->schema == NULL && !part(name, 0)->is_quoted;

    type->schema = qualified->schema;
    type->name = is_sql_name ? ast_catalog_type_name(qualified->name) : qualified->name;
    type->modifiers = ast_list_value(modifiers);
    if (is_sql_name && strcmp(qualified->name, "float") == 0)
        settle_float(parse, type);
    if (is_sql_name && type->modifiers.count == 0 && type->name != qualified->name &&
        strcmp(type->name, "bpchar") == 0)
        type->modifiers = ast_list_value(ast_list_append(parse, NULL, ast_integer(parse, 1)));
    if (time_zone != NULL)
        settle_time_zone(parse, type, time_zone);
    return type;
}

AstType *ast_type_interval(Parse *parse, const Token *token, AstList *precision, AstList *fields) {
    AstType *type = ast_new(parse, AST_TYPE, AstType, token->position);

    type->name = "interval";
    type->modifiers = ast_list_value(precision);
    if (fields != NULL) {
        type->interval_fields = (AstIntervalFields) ((AstLiteral *) fields->items[0])->integer;
        if (fields->count > 1)
            type->modifiers = ast_list_value(ast_list_append(parse, NULL, fields->items[1]));
    }
    return type;
}

AstType *ast_type_row(Parse *parse, const Token *token, AstList *fields) {
    AstType *type = ast_new(parse, AST_TYPE, AstType, token->position);

    type->name = "row";
    type->fields = ast_list_value(fields);
    return type;
}

AstType *ast_type_array(AstType *type, int dimensions) {
    type->array_dimensions = dimensions;
    return type;
}

AstType *ast_type_setof(AstType *type) {
    type->is_setof = true;
    return type;
}

static AstIntervalFields interval_fields_of(const char *from, const char *to) {
    static const struct {
        const char *from;
        const char *to;
        AstIntervalFields fields;
    } table[] = {
        {"year", "", AST_INTERVAL_YEAR},
        {"month", "", AST_INTERVAL_MONTH},
        {"day", "", AST_INTERVAL_DAY},
        {"hour", "", AST_INTERVAL_HOUR},
        {"minute", "", AST_INTERVAL_MINUTE},
        {"second", "", AST_INTERVAL_SECOND},
        {"year", "month", AST_INTERVAL_YEAR_TO_MONTH},
        {"day", "hour", AST_INTERVAL_DAY_TO_HOUR},
        {"day", "minute", AST_INTERVAL_DAY_TO_MINUTE},
        {"day", "second", AST_INTERVAL_DAY_TO_SECOND},
        {"hour", "minute", AST_INTERVAL_HOUR_TO_MINUTE},
        {"hour", "second", AST_INTERVAL_HOUR_TO_SECOND},
        {"minute", "second", AST_INTERVAL_MINUTE_TO_SECOND},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(table); i++)
        if (strcmp(table[i].from, from) == 0 && strcmp(table[i].to, to) == 0)
            return table[i].fields;
    return AST_INTERVAL_ANY;
}

static AstList *fields_list(Parse *parse, const Token *from, const char *to) {
    AstIntervalFields fields = interval_fields_of(from->text, to);

    if (fields == AST_INTERVAL_ANY)
        parse_error_at(parse, from->position, "invalid interval fields \"%s to %s\"", from->text,
                       to);
    return ast_list_append(parse, NULL, ast_integer(parse, fields));
}

AstList *ast_interval_fields(Parse *parse, const Token *from, const Token *to) {
    return fields_list(parse, from, to != NULL ? to->text : "");
}

AstList *ast_interval_second(Parse *parse, const Token *token, const Token *precision) {
    AstList *list = fields_list(parse, token, "");

    return precision != NULL ? ast_list_append(parse, list, ast_number(parse, precision)) : list;
}

AstList *ast_interval_to_second(Parse *parse, const Token *from, AstList *second) {
    AstList *list = fields_list(parse, from, "second");

    return second->count > 1 ? ast_list_append(parse, list, second->items[1]) : list;
}
