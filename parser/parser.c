/* Parser: the driver of lexer, lookahead and grammar. See parser.h. */
#include "parser/parser.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/limits.h"
#include "parser/ast_walk.h"
#include "parser/grammar.h"
#include "parser/grammar_run.h"
#include "parser/lookahead.h"
#include "parser/parse.h"

void parse_error_at(Parse *parse, int position, const char *format, ...) {
    char message[ERROR_MESSAGE_SIZE];
    va_list arguments;

    if (parse->is_failed)
        return;
    parse->is_failed = true;
    va_start(arguments, format);
    (void) vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    IGNORE(error_at(parse->err, position, SYNTAX_ERROR, "%s", message)); /* is_failed says it */
}

void parse_syntax_error(Parse *parse, bool is_at_end) {
    const LexToken *token = &parse->token;
    size_t end = is_at_end && token->kind == 0 ? token->start : token->end;

    if (parse->is_failed)
        return;
    parse->is_failed = true;
    IGNORE(lexer_error(parse->lexer, token->start, end, token->value.position, "syntax error",
                       parse->err)); /* is_failed says it */
}

void parse_too_deep(Parse *parse) {
    if (parse->is_failed)
        return;
    parse->is_failed = true;
    IGNORE(error_at(parse->err, parse->token.value.position, STATEMENT_TOO_COMPLEX,
                    "statement is nested too deeply")); /* is_failed says it */
}

/* Feeds one statement, whose first token is parse->token, up to its semicolon or the end. */
static Status run_statement(Parse *parse, Lookahead *lookahead, AstStatement *statement) {
    GrammarRun run;

    grammar_run_init(&run, parse);
    parse->result = NULL;
    parse->parameter_max = 0;
    parse->statement_position = parse->token.value.position;
    statement->start_byte = parse->token.start;
    while (parse->token.kind != 0 && parse->token.kind != TK_SEMI && !parse->is_failed) {
        statement->end_byte = parse->token.end;
        grammar_run_feed(&run, parse->token.kind, parse->token.value);
        if (!parse->is_failed)
            TRY(lookahead_next(lookahead, &parse->token, parse->err));
    }
    if (!parse->is_failed)
        grammar_run_feed(&run, 0, parse->token.value);
    grammar_run_done(&run);
    if (parse->is_failed)
        return STATUS_ERROR;
    assert(parse->result != NULL);
    statement->node = parse->result;
    statement->parameter_count = parse->parameter_max;
    return ast_check_depth(statement->node, parse->err);
}

static Status begin(Parse *parse, Lookahead *lookahead, const char *sql, size_t length,
                    Arena *arena) {
    if (length > LIMIT_STATEMENT_BYTES)
        return error_set(parse->err, PROGRAM_LIMIT_EXCEEDED, "statement is longer than %d bytes",
                         LIMIT_STATEMENT_BYTES);
    TRY(lexer_check_utf8(sql, length, parse->err));
    lookahead_init(lookahead, sql, length, arena);
    parse->lexer = &lookahead->lexer;
    return lookahead_next(lookahead, &parse->token, parse->err);
}

static void list_append(AstStatementList *list, int *capacity, Arena *arena,
                        const AstStatement *statement) {
    if (list->count == *capacity) {
        AstStatement *larger = NULL;
        *capacity = *capacity == 0 ? 1 : *capacity * 4;
        larger = arena_new_array(arena, AstStatement, (size_t) *capacity);
        for (int i = 0; i < list->count; i++)
            larger[i] = list->items[i];
        list->items = larger;
    }
    list->items[list->count++] = *statement;
}

Status parser_parse(const char *sql, size_t length, Arena *arena, AstStatementList **ret,
                    Error *err) {
    Parse parse = {.arena = arena, .err = err};
    AstStatementList *list = arena_new(arena, AstStatementList);
    Lookahead lookahead;
    int capacity = 0;

    TRY(begin(&parse, &lookahead, sql, length, arena));
    while (parse.token.kind != 0) {
        AstStatement statement = {0};
        if (parse.token.kind != TK_SEMI) {
            TRY(run_statement(&parse, &lookahead, &statement));
            list_append(list, &capacity, arena, &statement);
        }
        if (parse.token.kind == TK_SEMI)
            TRY(lookahead_next(&lookahead, &parse.token, err));
    }
    *ret = list;
    return STATUS_OK;
}
