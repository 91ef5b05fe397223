/* Lexer: see lexer.h. The rules are those of PostgreSQL's manual, "Lexical Structure", with
 * standard_conforming_strings on. Escapes of strings are decoded in lexer_string.c. */
#include "parser/lexer.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "parser/grammar.h"
#include "parser/lexer_string.h"

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_word_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (unsigned char) c >= 0x80;
}

static bool is_word_part(char c) {
    return is_word_start(c) || is_digit(c) || c == '$';
}

static bool is_operator_char(char c) {
    return c != '\0' && strchr("~!@#^&|`?+-*/%<>=", c) != NULL;
}

Status lexer_check_utf8(const char *sql, size_t length, Error *err) {
    const unsigned char *bytes = (const unsigned char *) sql;
    int position = 1;

    for (size_t at = 0; at < length; position++) {
        size_t step = bytes[at] ? utf8_character_size(bytes + at, length - at) : 0;
        if (step == 0)
            return error_at(err, position, CHARACTER_NOT_IN_REPERTOIRE,
                            "invalid byte sequence for encoding \"UTF8\": 0x%02x", bytes[at]);
        at += step;
    }
    return STATUS_OK;
}

void lexer_init(Lexer *lexer, const char *sql, size_t length, Arena *arena) {
    *lexer = (Lexer) {.sql = sql, .length = length, .character = 1, .arena = arena};
}

Status lexer_error(const Lexer *lexer, size_t start, size_t end, int position, const char *message,
                   Error *err) {
    if (start >= lexer->length || start >= end)
        return error_at(err, position, SYNTAX_ERROR, "%s at end of input", message);
    return error_at(err, position, SYNTAX_ERROR, "%s at or near \"%.*s\"", message,
                    (int) (end - start > 512 ? 512 : end - start), lexer->sql + start);
}

/* The byte `ahead` of the next one; NUL past the end. */
static char peek(const Lexer *lexer, size_t ahead) {
    return lexer->at + ahead < lexer->length ? lexer->sql[lexer->at + ahead] : '\0';
}

/* Moves the character count up to byte `to`; tokens come in order, so each byte counts once. */
static int position_of(Lexer *lexer, size_t to) {
    assert(to >= lexer->counted);
    for (; lexer->counted < to; lexer->counted++)
        if (((unsigned char) lexer->sql[lexer->counted] & 0xc0) != 0x80)
            lexer->character++;
    return lexer->character;
}

static Status skip_block_comment(Lexer *lexer, Error *err) {
    size_t start = lexer->at;
    int depth = 0;

    do {
        if (lexer->at >= lexer->length)
            return lexer_error(lexer, start, lexer->length, position_of(lexer, start),
                               "unterminated /* comment", err);
        if (peek(lexer, 0) == '/' && peek(lexer, 1) == '*') {
            depth++;
            lexer->at += 2;
        } else if (peek(lexer, 0) == '*' && peek(lexer, 1) == '/') {
            depth--;
            lexer->at += 2;
        } else {
            lexer->at++;
        }
    } while (depth > 0);
    return STATUS_OK;
}

static Status skip_blanks(Lexer *lexer, Error *err) {
    for (;;) {
        char c = peek(lexer, 0);
        if (lexer->at < lexer->length && is_space(c)) {
            lexer->at++;
        } else if (c == '-' && peek(lexer, 1) == '-') {
            while (lexer->at < lexer->length && peek(lexer, 0) != '\n' && peek(lexer, 0) != '\r')
                lexer->at++;
        } else if (c == '/' && peek(lexer, 1) == '*') {
            TRY(skip_block_comment(lexer, err));
        } else {
            return STATUS_OK;
        }
    }
}

/* Takes the bytes from the token's start up to the lexer's place as its text. */
static void take_text(Lexer *lexer, LexToken *token, int kind) {
    size_t length = lexer->at - token->start;

    token->kind = kind;
    token->value.text = arena_strndup(lexer->arena, lexer->sql + token->start, length);
    token->value.length = (int) length;
}

int lexer_cut_identifier(const char *text, int length) {
    if (length <= LIMIT_IDENTIFIER_BYTES)
        return length;
    length = LIMIT_IDENTIFIER_BYTES;
    while (length > 0 && ((unsigned char) text[length] & 0xc0) == 0x80)
        length--;
    return length;
}

static void lex_word(Lexer *lexer, LexToken *token) {
    const Keyword *keyword = NULL;
    char *text = NULL;
    int length = 0;

    while (lexer->at < lexer->length && is_word_part(peek(lexer, 0)))
        lexer->at++;
    length = (int) (lexer->at - token->start);
    text = arena_strndup(lexer->arena, lexer->sql + token->start, (size_t) length);
    for (int i = 0; i < length; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            text[i] = (char) (text[i] + ('a' - 'A'));
    length = lexer_cut_identifier(text, length);
    text[length] = '\0';
    keyword = keyword_find(text, (size_t) length);
    token->kind = keyword != NULL ? keyword->token : TK_ID;
    token->value.text = text;
    token->value.length = length;
}

static Status trailing_junk(Lexer *lexer, LexToken *token, const char *what, Error *err) {
    size_t end = lexer->at;

    if (end < lexer->length && is_word_start(lexer->sql[end]))
        end += utf8_character_size((const unsigned char *) lexer->sql + end, lexer->length - end);
    return lexer_error(lexer, token->start, end, token->value.position, what, err);
}

static Status lex_number(Lexer *lexer, LexToken *token, Error *err) {
    bool is_integer = true;

    while (is_digit(peek(lexer, 0)))
        lexer->at++;
    /* `1..10` is two integers and a range. */
    if (peek(lexer, 0) == '.' && peek(lexer, 1) != '.') {
        is_integer = false;
        lexer->at++;
        while (is_digit(peek(lexer, 0)))
            lexer->at++;
    }
    if (peek(lexer, 0) == 'e' || peek(lexer, 0) == 'E') {
        size_t sign = peek(lexer, 1) == '+' || peek(lexer, 1) == '-' ? 1 : 0;
        if (is_digit(peek(lexer, 1 + sign))) {
            is_integer = false;
            lexer->at += 1 + sign;
            while (is_digit(peek(lexer, 0)))
                lexer->at++;
        }
    }
    if (lexer->at < lexer->length && is_word_start(peek(lexer, 0)))
        return trailing_junk(lexer, token, "trailing junk after numeric literal", err);
    take_text(lexer, token, is_integer ? TK_INTEGER : TK_DECIMAL);
    return STATUS_OK;
}

static Status lex_parameter(Lexer *lexer, LexToken *token, Error *err) {
    lexer->at++;
    while (is_digit(peek(lexer, 0)))
        lexer->at++;
    if (lexer->at < lexer->length && is_word_start(peek(lexer, 0)))
        return trailing_junk(lexer, token, "trailing junk after parameter", err);
    take_text(lexer, token, TK_PARAM);
    token->value.text++;
    token->value.length--;
    return STATUS_OK;
}

/* The token of an operator that the grammar knows by itself; TK_OP for all others. */
static int operator_kind(const char *text, size_t length) {
    static const struct {
        const char *text;
        int kind;
    } known[] = {
        {"+", TK_PLUS},  {"-", TK_MINUS}, {"*", TK_STAR}, {"/", TK_SLASH},  {"%", TK_PERCENT},
        {"^", TK_CARET}, {"<", TK_LT},    {">", TK_GT},   {"=", TK_EQ},     {"<=", TK_LE},
        {">=", TK_GE},   {"<>", TK_NE},   {"!=", TK_NE},  {"=>", TK_ARROW},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
        if (strlen(known[i].text) == length && memcmp(known[i].text, text, length) == 0)
            return known[i].kind;
    return TK_OP;
}

/* The longest run of operator characters, but a comment ends it, and it ends in + or - only when
 * it has a character that no standard operator has. */
static Status lex_operator(Lexer *lexer, LexToken *token, Error *err) {
    const char *text = lexer->sql + token->start;
    bool is_special = false;
    size_t length = 0;

    while (token->start + length < lexer->length && is_operator_char(text[length])) {
        bool has_next = token->start + length + 1 < lexer->length;
        if (has_next && ((text[length] == '/' && text[length + 1] == '*') ||
                         (text[length] == '-' && text[length + 1] == '-')))
            break;
        is_special = is_special || strchr("~!@#^&|`?%", text[length]) != NULL;
        length++;
    }
    while (length > 1 && !is_special && (text[length - 1] == '+' || text[length - 1] == '-'))
        length--;
    lexer->at = token->start + length;
    if (length > LIMIT_IDENTIFIER_BYTES)
        return lexer_error(lexer, token->start, lexer->at, token->value.position,
                           "operator too long", err);
    take_text(lexer, token, operator_kind(text, length));
    if (token->kind == TK_NE)
        token->value.text = "<>";
    return STATUS_OK;
}

static void lex_punctuation(Lexer *lexer, LexToken *token) {
    static const char singles[] = "()[],;.:";
    static const int kinds[] = {TK_LP, TK_RP, TK_LB, TK_RB, TK_COMMA, TK_SEMI, TK_DOT, TK_COLON};
    const char *found = strchr(singles, peek(lexer, 0));

    lexer->at++;
    if (found == NULL) {
        take_text(lexer, token, TK_ILLEGAL);
        return;
    }
    take_text(lexer, token, kinds[found - singles]);
    if (*found == '.' && peek(lexer, 0) == '.') {
        lexer->at++;
        take_text(lexer, token, TK_ILLEGAL);
    } else if (*found == ':' && (peek(lexer, 0) == ':' || peek(lexer, 0) == '=')) {
        lexer->at++;
        take_text(lexer, token, lexer->sql[lexer->at - 1] == ':' ? TK_TYPECAST : TK_ASSIGN);
    }
}

/* Does a string, quoted name or dollar-quoted text start here? Then *ret_form says which. */
static bool starts_string(const Lexer *lexer, LexStringForm *ret_form) {
    char c = peek(lexer, 0);
    char next = peek(lexer, 1);
    bool is_unicode = (c == 'u' || c == 'U') && next == '&';

    if (c == '\'')
        *ret_form = LEX_STRING_PLAIN;
    else if (c == '"')
        *ret_form = LEX_STRING_NAME;
    else if (is_unicode && peek(lexer, 2) == '\'')
        *ret_form = LEX_STRING_UNICODE;
    else if (is_unicode && peek(lexer, 2) == '"')
        *ret_form = LEX_STRING_UNICODE_NAME;
    else if ((c == 'e' || c == 'E') && next == '\'')
        *ret_form = LEX_STRING_ESCAPED;
    else if ((c == 'n' || c == 'N') && next == '\'')
        *ret_form = LEX_STRING_NATIONAL;
    else if ((c == 'b' || c == 'B') && next == '\'')
        *ret_form = LEX_STRING_BITS;
    else if ((c == 'x' || c == 'X') && next == '\'')
        *ret_form = LEX_STRING_HEX;
    else if (c == '$' && !is_digit(next) && lexer_dollar_tag_length(lexer) > 0)
        *ret_form = LEX_STRING_DOLLAR;
    else
        return false;
    return true;
}

Status lexer_next(Lexer *lexer, LexToken *ret, Error *err) {
    LexStringForm form = LEX_STRING_PLAIN;
    char c = '\0';

    TRY(skip_blanks(lexer, err));
    *ret = (LexToken) {.start = lexer->at, .end = lexer->at};
    ret->value.position = position_of(lexer, lexer->at);
    ret->value.text = "";
    if (lexer->at >= lexer->length)
        return STATUS_OK;
    c = peek(lexer, 0);
    if (starts_string(lexer, &form))
        TRY(lexer_string(lexer, form, ret, err));
    else if (is_word_start(c))
        lex_word(lexer, ret);
    else if (is_digit(c) || (c == '.' && is_digit(peek(lexer, 1))))
        TRY(lex_number(lexer, ret, err));
    else if (c == '$' && is_digit(peek(lexer, 1)))
        TRY(lex_parameter(lexer, ret, err));
    else if (is_operator_char(c))
        TRY(lex_operator(lexer, ret, err));
    else
        lex_punctuation(lexer, ret);
    ret->end = lexer->at;
    assert(ret->end > ret->start);
    return STATUS_OK;
}
