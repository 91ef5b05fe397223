#include "types/json.h"

#include <stdio.h>

#include "base/hex.h"
#include "base/utf8.h"

/* -------- tokens -------- */

typedef enum TokenKind {
    TOKEN_END,
    TOKEN_VALUE, /* string, number, literal: see `kind` */
    TOKEN_OPEN_OBJECT,
    TOKEN_CLOSE_OBJECT,
    TOKEN_OPEN_ARRAY,
    TOKEN_CLOSE_ARRAY,
    TOKEN_COMMA,
    TOKEN_COLON,
} TokenKind;

typedef struct JsonReader {
    const char *text;
    const char *end;
    const char *cursor;
    const char *token_start;
    const char *token_end;
    TokenKind token;
    JsonKind kind;     /* of a TOKEN_VALUE */
    TextView value;    /* of a string: unescaped when `arena`; of a number: as written */
    Arena *arena;      /* NULL: only check, keep nothing */
    bool is_unescaped; /* \u0000 and lone surrogates are errors, as jsonb needs */
    Error *err;
} JsonReader;

/* The line up to the token, as PostgreSQL's CONTEXT shows it. */
static Status reader_context(JsonReader *reader) {
    const char *line_start = reader->text;
    const char *context_start;
    const char *context_end = reader->token_end;
    int line = 1;
    bool is_cut;

    for (const char *cursor = reader->text; cursor < reader->token_start; cursor++)
        if (*cursor == '\n') {
            line++;
            line_start = cursor + 1;
        }
    context_start = line_start;
    while (context_end - context_start >= 50)
        context_start += utf8_offset(context_start, (size_t) (context_end - context_start), 1);
    if (context_start - line_start <= 3)
        context_start = line_start;
    is_cut = reader->token != TOKEN_END && context_end < reader->end && *context_end != '\n' &&
             *context_end != '\r';
    return error_context(reader->err, "JSON data, line %d: %s%.*s%s", line,
                         context_start > line_start ? "..." : "",
                         (int) (context_end - context_start), context_start, is_cut ? "..." : "");
}

/* The token as it is shown in messages. Cut when long. */
static int shown_length(const JsonReader *reader) {
    size_t length = (size_t) (reader->token_end - reader->token_start);

    return (int) utf8_clip(reader->token_start, length, 200);
}

static Status reader_detail(JsonReader *reader, const char *detail) {
    IGNORE(error_set(reader->err, INVALID_TEXT_REPRESENTATION,
                     "invalid input syntax for type json")); /* returned below */
    IGNORE(error_detail(reader->err, "%s", detail));
    return reader_context(reader);
}

/* The current token is not what the grammar wants here. */
static Status reader_expected(JsonReader *reader, const char *expected) {
    IGNORE(reader_detail(reader, "The input string ended unexpectedly.")); /* returned below */
    if (reader->token != TOKEN_END)
        return error_detail(reader->err, "Expected %s, but found \"%.*s\".", expected,
                            shown_length(reader), reader->token_start);
    return STATUS_ERROR;
}

static Status reader_invalid_token(JsonReader *reader, const char *token_end) {
    reader->token = TOKEN_VALUE;
    reader->token_end = token_end;
    IGNORE(reader_detail(reader, "")); /* returned below */
    return error_detail(reader->err, "Token \"%.*s\" is invalid.", shown_length(reader),
                        reader->token_start);
}

static bool is_word(char character) {
    unsigned char byte = (unsigned char) character;

    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_' || byte >= 0x80;
}

/* The whole word is the bad token; else one character. */
static Status reader_bad_token(JsonReader *reader, const char *from) {
    const char *cursor = from;

    while (cursor < reader->end && is_word(*cursor))
        cursor++;
    if (cursor == reader->token_start)
        cursor += utf8_offset(cursor, (size_t) (reader->end - cursor), 1);
    return reader_invalid_token(reader, cursor);
}

static Status reader_bad_string(JsonReader *reader, const char *at, const char *detail) {
    reader->token_end = at < reader->end ? at : reader->end;
    reader->token = TOKEN_VALUE;
    return reader_detail(reader, detail);
}

/* -------- strings -------- */

static Status bad_surrogate(JsonReader *reader, const char *at, bool is_high) {
    return reader_bad_string(reader, at,
                             is_high ? "Unicode high surrogate must not follow a high surrogate."
                                     : "Unicode low surrogate must follow a high surrogate.");
}

/* \uXXXX at *cursor (behind the u); surrogates come in pairs. */
static Status read_unicode(JsonReader *reader, const char **cursor, char **target) {
    int64_t code = hex_read(*cursor, (size_t) (reader->end - *cursor), 4);
    int64_t low;

    if (code < 0)
        return reader_bad_string(reader, *cursor + 4,
                                 "\"\\u\" must be followed by four hexadecimal digits.");
    *cursor += 4;
    if (!reader->is_unescaped)
        return STATUS_OK;
    if (code == 0) {
        reader->token_end = *cursor;
        reader->token = TOKEN_VALUE;
        IGNORE(error_set(reader->err, UNTRANSLATABLE_CHARACTER,
                         "unsupported Unicode escape sequence")); /* returned below */
        IGNORE(error_detail(reader->err, "\\u0000 cannot be converted to text."));
        return reader_context(reader);
    }
    if (code >= 0xdc00 && code <= 0xdfff)
        return bad_surrogate(reader, *cursor, false);
    if (code >= 0xd800 && code <= 0xdbff) {
        if (reader->end - *cursor < 6 || (*cursor)[0] != '\\' || (*cursor)[1] != 'u' ||
            (low = hex_read(*cursor + 2, 4, 4)) < 0)
            return bad_surrogate(reader, *cursor, false);
        if (low >= 0xd800 && low <= 0xdbff)
            return bad_surrogate(reader, *cursor + 6, true);
        if (low < 0xdc00 || low > 0xdfff)
            return bad_surrogate(reader, *cursor + 6, false);
        *cursor += 6;
        code = utf8_join_surrogates((uint32_t) code, (uint32_t) low);
    }
    if (*target)
        *target += utf8_encode((uint32_t) code, *target);
    return STATUS_OK;
}

static Status read_escape(JsonReader *reader, const char **cursor, char **target) {
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    const char *letter;
    char character;

    if (*cursor == reader->end)
        return reader_invalid_token(reader, reader->end);
    character = *(*cursor)++;
    if (character == 'u')
        return read_unicode(reader, cursor, target);
    letter = character ? strchr(letters, character) : NULL;
    if (!letter) {
        const char *bad = *cursor - 1;
        int length = (int) utf8_offset(bad, (size_t) (reader->end - bad), 1);

        IGNORE(reader_bad_string(reader, bad + length, "")); /* returned below */
        return error_detail(reader->err, "Escape sequence \"\\%.*s\" is invalid.", length, bad);
    }
    if (*target)
        *(*target)++ = meanings[letter - letters];
    return STATUS_OK;
}

static Status fail_control(JsonReader *reader, const char *at) {
    char detail[64];

    snprintf(detail, sizeof(detail), "Character with value 0x%02x must be escaped.",
             (unsigned char) *at);
    return reader_bad_string(reader, at, detail);
}

/* From the first escape on, the text is rewritten in the arena: it only gets shorter. */
static Status read_escaped(JsonReader *reader, const char *start, const char *cursor) {
    char *copy = NULL;
    char *target = NULL;

    if (reader->arena) {
        const char *close = cursor; /* bound the room by the next plain quote */
        size_t room;

        while (close < reader->end && *close != '"')
            close += *close == '\\' && close + 1 < reader->end ? 2 : 1;
        room = (size_t) (close - start);
        copy = arena_try_alloc(reader->arena, room + 1);
        if (!copy)
            return error_set(reader->err, OUT_OF_MEMORY, "out of memory");
        memcpy(copy, start, (size_t) (cursor - start));
        target = copy + (cursor - start);
    }
    while (cursor < reader->end && *cursor != '"') {
        if ((unsigned char) *cursor < 0x20)
            return fail_control(reader, cursor);
        if (*cursor == '\\') {
            cursor++;
            TRY(read_escape(reader, &cursor, &target));
        } else if (target) {
            *target++ = *cursor++;
        } else {
            cursor++;
        }
    }
    if (cursor == reader->end)
        return reader_invalid_token(reader, reader->end);
    reader->cursor = reader->token_end = cursor + 1;
    if (copy)
        reader->value = text_view(copy, (uint32_t) (target - copy));
    return STATUS_OK;
}

static Status read_string(JsonReader *reader) {
    const char *start = reader->cursor + 1;
    const char *cursor = start;

    reader->token = TOKEN_VALUE;
    reader->kind = JSON_STRING;
    while (cursor < reader->end && *cursor != '"' && *cursor != '\\' &&
           (unsigned char) *cursor >= 0x20)
        cursor++;
    if (cursor == reader->end)
        return reader_invalid_token(reader, reader->end);
    if (*cursor == '\\')
        return read_escaped(reader, start, cursor);
    if (*cursor != '"')
        return fail_control(reader, cursor);
    reader->value = text_view(start, (uint32_t) (cursor - start));
    reader->cursor = reader->token_end = cursor + 1;
    return STATUS_OK;
}

/* -------- the other tokens -------- */

static const char *skip_digits(const char *cursor, const char *end) {
    while (cursor < end && *cursor >= '0' && *cursor <= '9')
        cursor++;
    return cursor;
}

/* JSON's grammar: no leading zero, digits on both sides of the point. Moves *cursor behind the
 * number, or to where it goes wrong. */
static bool skip_number(const char **cursor, const char *end) {
    const char *digits;

    if (*cursor < end && **cursor == '-')
        (*cursor)++;
    digits = *cursor;
    if (digits < end && *digits == '0')
        (*cursor)++;
    else
        *cursor = skip_digits(digits, end);
    if (*cursor == digits)
        return false;
    if (*cursor < end && **cursor == '.') {
        digits = ++*cursor;
        *cursor = skip_digits(digits, end);
        if (*cursor == digits)
            return false;
    }
    if (*cursor < end && (**cursor == 'e' || **cursor == 'E')) {
        (*cursor)++;
        if (*cursor < end && (**cursor == '+' || **cursor == '-'))
            (*cursor)++;
        digits = *cursor;
        *cursor = skip_digits(digits, end);
        if (*cursor == digits)
            return false;
    }
    return *cursor == end || !is_word(**cursor);
}

static Status read_number(JsonReader *reader) {
    const char *start = reader->cursor;
    const char *end = start;

    if (!skip_number(&end, reader->end))
        return reader_bad_token(reader, end);
    reader->token = TOKEN_VALUE;
    reader->kind = JSON_NUMBER;
    reader->value = text_view(start, (uint32_t) (end - start));
    reader->cursor = reader->token_end = end;
    return STATUS_OK;
}

static Status read_word(JsonReader *reader) {
    static const struct {
        const char *word;
        JsonKind kind;
    } words[] = {{"null", JSON_NULL}, {"true", JSON_TRUE}, {"false", JSON_FALSE}};
    const char *end = reader->cursor;
    size_t length;

    while (end < reader->end && is_word(*end))
        end++;
    length = (size_t) (end - reader->cursor);
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (strlen(words[i].word) == length && memcmp(words[i].word, reader->cursor, length) == 0) {
            reader->token = TOKEN_VALUE;
            reader->kind = words[i].kind;
            reader->value = (TextView) {0};
            reader->cursor = reader->token_end = end;
            return STATUS_OK;
        }
    return reader_bad_token(reader, reader->cursor);
}

static Status read_token(JsonReader *reader) {
    static const struct {
        char character;
        TokenKind token;
    } marks[] = {{'{', TOKEN_OPEN_OBJECT}, {'}', TOKEN_CLOSE_OBJECT}, {'[', TOKEN_OPEN_ARRAY},
                 {']', TOKEN_CLOSE_ARRAY}, {',', TOKEN_COMMA},        {':', TOKEN_COLON}};

    while (reader->cursor < reader->end && (*reader->cursor == ' ' || *reader->cursor == '\t' ||
                                            *reader->cursor == '\n' || *reader->cursor == '\r'))
        reader->cursor++;
    reader->token_start = reader->token_end = reader->cursor;
    if (reader->cursor == reader->end) {
        reader->token = TOKEN_END;
        return STATUS_OK;
    }
    if (*reader->cursor == '"')
        return read_string(reader);
    for (size_t i = 0; i < ARRAY_LENGTH(marks); i++)
        if (*reader->cursor == marks[i].character) {
            reader->token = marks[i].token;
            reader->token_end = ++reader->cursor;
            return STATUS_OK;
        }
    if (*reader->cursor == '-' || (*reader->cursor >= '0' && *reader->cursor <= '9'))
        return read_number(reader);
    return read_word(reader);
}

/* -------- the tree -------- */

/* Containers that are open, innermost last: all that is kept when only checking. */
typedef struct JsonLevel {
    JsonNode *node;
    JsonNode **tail; /* where the next child goes */
    bool is_object;
} JsonLevel;

typedef struct JsonBuilder {
    JsonReader reader;
    JsonNode *root;
    int depth;
    JsonLevel levels[JSON_DEPTH_MAX];
} JsonBuilder;

static Status builder_add(JsonBuilder *builder, JsonKind kind, const TextView *key,
                          JsonNode **ret_node) {
    JsonReader *reader = &builder->reader;
    JsonNode *node;

    *ret_node = NULL;
    if (!reader->arena)
        return STATUS_OK;
    node = arena_try_alloc(reader->arena, sizeof(*node));
    if (!node)
        return error_set(reader->err, OUT_OF_MEMORY, "out of memory");
    node->kind = kind;
    node->key = *key;
    node->raw = reader->token_start;
    node->raw_size = (uint32_t) (reader->token_end - reader->token_start);
    if (kind == JSON_STRING || kind == JSON_NUMBER)
        node->text = reader->value;
    if (builder->depth == 0) {
        builder->root = node;
    } else {
        JsonLevel *level = &builder->levels[builder->depth - 1];

        *level->tail = node;
        level->tail = &node->next;
        level->node->child_count++;
    }
    *ret_node = node;
    return STATUS_OK;
}

/* A value begins at the current token: a scalar is done, a container is opened. */
static Status builder_value(JsonBuilder *builder, const TextView *key, const char *expected) {
    JsonReader *reader = &builder->reader;
    bool is_object = reader->token == TOKEN_OPEN_OBJECT;
    JsonNode *node;

    if (reader->token == TOKEN_VALUE)
        return builder_add(builder, reader->kind, key, &node);
    if (!is_object && reader->token != TOKEN_OPEN_ARRAY)
        return reader_expected(reader, expected);
    if (builder->depth == JSON_DEPTH_MAX)
        return error_set(reader->err, STATEMENT_TOO_COMPLEX,
                         "json is nested more than %d levels deep", JSON_DEPTH_MAX);
    TRY(builder_add(builder, is_object ? JSON_OBJECT : JSON_ARRAY, key, &node));
    builder->levels[builder->depth++] =
        (JsonLevel) {node, node ? &node->first_child : NULL, is_object};
    return STATUS_OK;
}

/* "key" : value, the key being the current token. */
static Status builder_member(JsonBuilder *builder, const char *expected) {
    JsonReader *reader = &builder->reader;
    TextView key;

    if (reader->token != TOKEN_VALUE || reader->kind != JSON_STRING)
        return reader_expected(reader, expected);
    key = reader->value;
    TRY(read_token(reader));
    if (reader->token != TOKEN_COLON)
        return reader_expected(reader, "\":\"");
    TRY(read_token(reader));
    return builder_value(builder, &key, "JSON value");
}

/* The current token follows the opening bracket, or a complete member. */
static Status builder_step(JsonBuilder *builder, bool is_first) {
    JsonReader *reader = &builder->reader;
    bool is_object = builder->levels[builder->depth - 1].is_object;
    static const TextView no_key = {0};

    if (reader->token == (is_object ? TOKEN_CLOSE_OBJECT : TOKEN_CLOSE_ARRAY)) {
        JsonNode *node = builder->levels[--builder->depth].node;

        if (node)
            node->raw_size = (uint32_t) (reader->token_end - node->raw);
        return STATUS_OK;
    }
    if (is_first)
        return is_object ? builder_member(builder, "string or \"}\"")
                         : builder_value(builder, &no_key, "array element or \"]\"");
    if (reader->token != TOKEN_COMMA)
        return reader_expected(reader, is_object ? "\",\" or \"}\"" : "\",\" or \"]\"");
    TRY(read_token(reader));
    return is_object ? builder_member(builder, "string")
                     : builder_value(builder, &no_key, "JSON value");
}

static Status builder_run(JsonBuilder *builder) {
    JsonReader *reader = &builder->reader;
    static const TextView no_key = {0};

    TRY(read_token(reader));
    TRY(builder_value(builder, &no_key, "JSON value"));
    while (builder->depth > 0) {
        bool is_first = reader->token == TOKEN_OPEN_OBJECT || reader->token == TOKEN_OPEN_ARRAY;

        TRY(read_token(reader));
        TRY(builder_step(builder, is_first));
    }
    TRY(read_token(reader));
    if (reader->token != TOKEN_END)
        return reader_expected(reader, "end of input");
    return STATUS_OK;
}

Status json_read(const char *text, size_t length, Arena *arena, const JsonNode **ret_root,
                 Error *err) {
    JsonBuilder builder;

    builder.reader = (JsonReader) {.text = text,
                                   .end = text + length,
                                   .cursor = text,
                                   .arena = arena,
                                   .is_unescaped = true,
                                   .err = err};
    builder.root = NULL;
    builder.depth = 0;
    TRY(builder_run(&builder));
    *ret_root = builder.root;
    return STATUS_OK;
}

Status json_check(const char *text, size_t length, Error *err) {
    JsonBuilder builder;

    builder.reader = (JsonReader) {.text = text, .end = text + length, .cursor = text, .err = err};
    builder.root = NULL;
    builder.depth = 0;
    return builder_run(&builder);
}

/* -------- writing -------- */

void json_append_string(const char *text, size_t length, StrBuf *out) {
    size_t start = 0;

    strbuf_append_char(out, '"');
    for (size_t i = 0; i < length; i++) {
        static const char letters[32] = {
            ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
        unsigned char byte = (unsigned char) text[i];

        if (byte >= 0x20 && byte != '"' && byte != '\\')
            continue;
        strbuf_append(out, text + start, i - start);
        start = i + 1;
        if (byte >= 0x20) {
            strbuf_append_char(out, '\\');
            strbuf_append_char(out, (char) byte);
        } else if (letters[byte]) {
            strbuf_append_char(out, '\\');
            strbuf_append_char(out, letters[byte]);
        } else {
            strbuf_printf(out, "\\u%04x", byte);
        }
    }
    strbuf_append(out, text + start, length - start);
    strbuf_append_char(out, '"');
}
