/* Statements: texts, their parsing, and what a session has prepared. */
#include <string.h>

#include "base/memory.h"
#include "parser/ast_ddl.h"
#include "parser/ast_expr.h"
#include "server/redact.h"
#include "server/session_state.h"

/* -------- texts -------- */

Status parsed_text_create(const char *sql, size_t length, ParsedText **ret_text, Error *err) {
    ParsedText *text = memory_zalloc(sizeof(*text));
    Status status;

    text->reference_count = 1;
    text->arena = arena_create("statement text", 0);
    text->sql = arena_strndup(text->arena, sql, length);
    text->length = length;
    text->shown = text->sql;
    if (redact_has_secrets(text->sql)) {
        StrBuf shown = {0};

        redact_sql(text->sql, &shown);
        text->shown = arena_strdup(text->arena, strbuf_text(&shown));
        strbuf_done(&shown);
    }
    status = parser_parse(sql, length, text->arena, &text->list, err);
    if (status != STATUS_OK) {
        parsed_text_redact(text, err);
        parsed_text_unref(text);
        return status;
    }
    *ret_text = text;
    return STATUS_OK;
}

void parsed_text_redact(const ParsedText *text, Error *err) {
    if (text->shown != text->sql)
        redact_error(text->sql, err);
}

static void wipe_literal(const AstNode *value) {
    const AstLiteral *literal = (const AstLiteral *) value;

    if (value && value->kind == AST_LITERAL && literal->text)
        explicit_bzero((char *) (uintptr_t) literal->text, literal->length);
}

/* What was read in clear goes as soon as nobody needs it. */
static void wipe_secrets(ParsedText *text) {
    explicit_bzero(text->sql, text->length);
    for (int i = 0; text->list && i < text->list->count; i++) {
        const AstNode *node = text->list->items[i].node;

        if (node && node->kind == AST_CREATE_SECRET)
            wipe_literal(&((const AstCreateSecret *) node)->value->base);
        else if (node && node->kind == AST_ALTER)
            wipe_literal(((const AstAlter *) node)->value);
    }
}

ParsedText *parsed_text_unref(ParsedText *text) {
    if (!text || --text->reference_count > 0)
        return NULL;
    if (text->shown != text->sql)
        wipe_secrets(text);
    arena_destroy(text->arena);
    memory_free(text);
    return NULL;
}

int parsed_text_count(const ParsedText *text) {
    return text->list->count;
}

int parsed_text_position(const ParsedText *text, int index) {
    int position = 1;

    for (size_t i = 0; i < text->list->items[index].start_byte; i++)
        position += ((unsigned char) text->sql[i] & 0xc0) != 0x80;
    return position;
}

const char *parsed_text_sql(const ParsedText *text) {
    return text->sql;
}

/* -------- statements -------- */

Prepared *prepared_ref(Prepared *statement) {
    statement->reference_count++;
    return statement;
}

Prepared *prepared_unref(Prepared *statement) {
    if (!statement || --statement->reference_count > 0)
        return NULL;
    parsed_text_unref(statement->text);
    arena_destroy(statement->arena);
    memory_free(statement->name);
    memory_free(statement);
    return NULL;
}

static Prepared *find_statement(Session *session, const char *name) {
    for (Prepared *statement = session->statements; statement; statement = statement->next)
        if (strcmp(statement->name, name) == 0)
            return statement;
    return NULL;
}

Prepared *prepared_create(Session *session, ParsedText *text, AstNode *node) {
    Prepared *statement = memory_zalloc(sizeof(*statement));

    statement->session = session;
    statement->reference_count = 1;
    statement->text = text;
    text->reference_count++;
    statement->node = node;
    statement->type = node ? statement_type_of(node) : NULL;
    statement->arena = arena_create("prepared statement", 0);
    return statement;
}

Status prepared_enter(Session *session, Prepared *statement, const char *name, Error *err) {
    if (name[0] == '\0')
        session_close_statement(session, name);
    else if (find_statement(session, name))
        return error_set(err, DUPLICATE_PREPARED_STATEMENT,
                         "prepared statement \"%s\" already exists", name);
    statement->name = memory_strdup(name);
    statement->next = session->statements;
    session->statements = prepared_ref(statement);
    return STATUS_OK;
}

Status session_prepare(Session *session, const PrepareRequest *request, Prepared **ret_statement,
                       Error *err) {
    bool is_empty = request->index >= request->text->list->count;
    AstStatement *parsed = is_empty ? NULL : &request->text->list->items[request->index];
    Prepared *statement = prepared_create(session, request->text, parsed ? parsed->node : NULL);
    int count = parsed ? parsed->parameter_count : 0;
    Status status = STATUS_OK;

    if (request->type_count > count)
        count = request->type_count;
    statement->parameter_count = count;
    statement->parameter_types = arena_new_array(statement->arena, SqlType, (size_t) count + 1);
    for (int i = 0; i < count; i++)
        statement->parameter_types[i] =
            i < request->type_count ? request->types[i] : SQL_TYPE(UNKNOWN);
    if (request->name)
        status = prepared_enter(session, statement, request->name, err);
    if (status != STATUS_OK) {
        prepared_unref(statement);
        return status;
    }
    *ret_statement = statement;
    return STATUS_OK;
}

Status session_find_statement(Session *session, const char *name, Prepared **ret_statement,
                              Error *err) {
    Prepared *statement = find_statement(session, name);

    if (!statement)
        return name[0] ? error_set(err, INVALID_STATEMENT_NAME,
                                   "prepared statement \"%s\" does not exist", name)
                       : error_set(err, INVALID_STATEMENT_NAME,
                                   "unnamed prepared statement does not exist");
    *ret_statement = statement;
    return STATUS_OK;
}

void session_close_statement(Session *session, const char *name) {
    for (Prepared **link = &session->statements; *link; link = &(*link)->next)
        if (strcmp((*link)->name, name) == 0) {
            Prepared *statement = *link;

            *link = statement->next;
            prepared_unref(statement);
            return;
        }
}

void prepared_take_parameters(Prepared *statement, const Prepared *from) {
    statement->parameter_count = from->parameter_count;
    statement->parameter_types =
        arena_new_array(statement->arena, SqlType, (size_t) from->parameter_count + 1);
    for (int i = 0; i < from->parameter_count; i++)
        statement->parameter_types[i] = from->parameter_types[i];
}

ResultShape shape_copy(const ResultShape *shape, Arena *arena) {
    ResultColumn *columns = arena_new_array(arena, ResultColumn, (size_t) shape->count + 1);

    for (int i = 0; i < shape->count; i++)
        columns[i] =
            (ResultColumn) {arena_strdup(arena, shape->columns[i].name), shape->columns[i].type};
    return (ResultShape) {shape->has_rows, shape->count, columns};
}

void session_close_statements(Session *session) {
    while (session->statements)
        session_close_statement(session, session->statements->name);
}

void prepared_set_text_shape(Prepared *statement, const char *const *names, int count) {
    ResultColumn *columns = arena_new_array(statement->arena, ResultColumn, (size_t) count);

    for (int i = 0; i < count; i++)
        columns[i] = (ResultColumn) {names[i], SQL_TYPE(TEXT)};
    statement->shape = (ResultShape) {true, count, columns};
}

/* In a failed block only its end is allowed. */
Status prepared_check_allowed(const Prepared *statement, Error *err) {
    if (statement->session->transaction != TRANSACTION_FAILED || !statement->node ||
        statement->type->is_allowed_in_failed)
        return STATUS_OK;
    return error_set(err, IN_FAILED_SQL_TRANSACTION,
                     "current transaction is aborted, commands ignored until end of transaction "
                     "block");
}

Status session_describe(Session *session, Prepared *statement, Error *err) {
    TRY(prepared_check_allowed(statement, err));
    if (statement->is_described)
        return STATUS_OK;
    if (statement->node && statement->type->describe)
        TRY(statement->type->describe(statement, err));
    for (int i = 0; i < statement->parameter_count; i++)
        if (statement->parameter_types[i].id == TYPE_UNKNOWN)
            statement->parameter_types[i] = SQL_TYPE(TEXT);
    statement->is_described = true;
    return STATUS_OK;
}

int prepared_parameter_count(const Prepared *statement) {
    return statement->parameter_count;
}

const SqlType *prepared_parameter_types(const Prepared *statement) {
    return statement->parameter_types;
}

const ResultShape *prepared_shape(const Prepared *statement) {
    return &statement->shape;
}

bool prepared_is_empty(const Prepared *statement) {
    return statement->node == NULL;
}
