/* Lexer, strings: see lexer_string.h.
 *
 * A literal is read in two steps: first its end is found and its pieces are joined (a literal goes
 * on after white space with a newline), then its escapes are decoded. Decoded text is never longer
 * than the source. */
#include "parser/lexer_string.h"

#include <assert.h>
#include <string.h>

#include "base/hex.h"
#include "base/utf8.h"
#include "parser/grammar.h"

/* A literal's source without its quotes, and where it goes when decoded. */
typedef struct Quoted {
    char *text; /* in the arena; doubled quotes are single already, backslashes are not decoded */
    size_t length;
} Quoted;

static char byte_at(const Lexer *lexer, size_t at) {
    return at < lexer->length ? lexer->sql[at] : '\0';
}

static bool is_tag_part(char c, bool is_first) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (unsigned char) c >= 0x80 || (!is_first && c >= '0' && c <= '9');
}

size_t lexer_dollar_tag_length(const Lexer *lexer) {
    size_t length = 1;

    assert(byte_at(lexer, lexer->at) == '$');
    while (is_tag_part(byte_at(lexer, lexer->at + length), length == 1))
        length++;
    return byte_at(lexer, lexer->at + length) == '$' ? length + 1 : 0;
}

/* After a closing quote: does the literal go on after blanks with a newline? Then the lexer stands
 * behind the next opening quote. A comment to the end of the line is a blank. */
static bool skip_to_continuation(Lexer *lexer) {
    size_t at = lexer->at;
    bool has_newline = false;

    for (; at < lexer->length; at++) {
        char c = lexer->sql[at];
        if (c == '\n' || c == '\r')
            has_newline = true;
        else if (c == '-' && byte_at(lexer, at + 1) == '-')
            while (at + 1 < lexer->length && byte_at(lexer, at + 1) != '\n' &&
                   byte_at(lexer, at + 1) != '\r')
                at++;
        else if (c != ' ' && c != '\t' && c != '\f' && c != '\v')
            break;
    }
    if (!has_newline || byte_at(lexer, at) != '\'')
        return false;
    lexer->at = at + 1;
    return true;
}

/* Reads up to the closing `quote`; the lexer stands behind the opening one. */
static Status read_quoted(Lexer *lexer, char quote, bool has_escapes, const LexToken *token,
                          const char *unterminated, Quoted *ret, Error *err) {
    const char *close = memchr(lexer->sql + lexer->at, quote, lexer->length - lexer->at);
    size_t capacity = close == NULL ? 0 : (size_t) (close - (lexer->sql + lexer->at)) + 2;
    char *text = arena_alloc_raw(lexer->arena, capacity + 1);
    size_t length = 0;

    for (;;) {
        char c = byte_at(lexer, lexer->at);
        if (close == NULL || lexer->at >= lexer->length)
            return lexer_error(lexer, token->start, lexer->length, token->value.position,
                               unterminated, err);
        lexer->at++;
        if (c == quote && byte_at(lexer, lexer->at) == quote)
            lexer->at++;
        else if (c == quote && quote == '\'' && skip_to_continuation(lexer))
            continue;
        else if (c == quote)
            break;
        if (length + 2 > capacity) {
            char *larger = arena_alloc_raw(lexer->arena, capacity * 2 + 65);
            memcpy(larger, text, length);
            text = larger;
            capacity = capacity * 2 + 64;
        }
        text[length++] = c;
        if (has_escapes && c == '\\' && lexer->at < lexer->length)
            text[length++] = lexer->sql[lexer->at++];
    }
    text[length] = '\0';
    *ret = (Quoted) {.text = text, .length = length};
    return STATUS_OK;
}

/* Decodes into its own source: `out` never overtakes `in`. */
typedef struct Decoder {
    const LexToken *token;
    char *text;
    size_t in;
    size_t length;
    size_t out;
    uint32_t high_surrogate; /* waiting for its low half; 0: none */
} Decoder;

static Status bad_escape(const Decoder *decoder, const char *message, Error *err) {
    return error_at(err, decoder->token->value.position, SYNTAX_ERROR, "%s", message);
}

static Status put_code_point(Decoder *decoder, int64_t code, Error *err) {
    bool is_high = code >= 0xd800 && code <= 0xdbff;
    bool is_low = code >= 0xdc00 && code <= 0xdfff;

    if (code <= 0 || code > 0x10ffff)
        return bad_escape(decoder, "invalid Unicode escape value", err);
    if (is_low != (decoder->high_surrogate != 0))
        return bad_escape(decoder, "invalid Unicode surrogate pair", err);
    if (is_high) {
        decoder->high_surrogate = (uint32_t) code;
        return STATUS_OK;
    }
    if (is_low) {
        code = utf8_join_surrogates(decoder->high_surrogate, (uint32_t) code);
        decoder->high_surrogate = 0;
    }
    decoder->out += utf8_encode((uint32_t) code, decoder->text + decoder->out);
    return STATUS_OK;
}

/* \uXXXX and \UXXXXXXXX of E''; `digits` is 4 or 8. */
static Status decode_unicode(Decoder *decoder, size_t digits, Error *err) {
    int64_t code = hex_read(decoder->text + decoder->in, decoder->length - decoder->in, digits);

    if (code < 0) {
        IGNORE(error_at(err, decoder->token->value.position, INVALID_ESCAPE_SEQUENCE,
                        "invalid Unicode escape")); /* the hint is added, then returned */
        return error_hint(err, "Unicode escapes must be \\uXXXX or \\UXXXXXXXX");
    }
    decoder->in += digits;
    return put_code_point(decoder, code, err);
}

/* \ooo and \xhh give a byte; the first digit is at `in`. */
static void decode_byte(Decoder *decoder, int base, int digits_max) {
    int value = 0;

    for (int i = 0; i < digits_max && decoder->in < decoder->length; i++) {
        int digit = hex_digit(decoder->text[decoder->in]);
        if (digit < 0 || digit >= base)
            break;
        value = value * base + digit;
        decoder->in++;
    }
    decoder->text[decoder->out++] = (char) value;
}

static Status decode_backslash(Decoder *decoder, Error *err) {
    static const char letters[] = "bfnrtv";
    static const char meanings[] = "\b\f\n\r\t\v";
    char c = decoder->text[decoder->in++];
    const char *letter = c != '\0' ? strchr(letters, c) : NULL;

    if (c == 'u' || c == 'U')
        return decode_unicode(decoder, c == 'u' ? 4 : 8, err);
    if (decoder->high_surrogate != 0)
        return bad_escape(decoder, "invalid Unicode surrogate pair", err);
    if (letter != NULL) {
        decoder->text[decoder->out++] = meanings[letter - letters];
    } else if (c >= '0' && c <= '7') {
        decoder->in--;
        decode_byte(decoder, 8, 3);
    } else if (c == 'x' && decoder->in < decoder->length &&
               hex_digit(decoder->text[decoder->in]) >= 0) {
        decode_byte(decoder, 16, 2);
    } else {
        decoder->text[decoder->out++] = c;
    }
    return STATUS_OK;
}

/* E'': backslash escapes; they may make bytes that are not UTF-8, so the result is checked. */
static Status decode_escaped(Quoted *quoted, const LexToken *token, Error *err) {
    Decoder decoder = {.token = token, .text = quoted->text, .length = quoted->length};

    assert(quoted->text != NULL);
    while (decoder.in < decoder.length) {
        char c = decoder.text[decoder.in++];
        if (c == '\\' && decoder.in < decoder.length) {
            TRY(decode_backslash(&decoder, err));
            continue;
        }
        if (decoder.high_surrogate != 0)
            return bad_escape(&decoder, "invalid Unicode surrogate pair", err);
        decoder.text[decoder.out++] = c;
    }
    if (decoder.high_surrogate != 0)
        return bad_escape(&decoder, "invalid Unicode surrogate pair", err);
    decoder.text[decoder.out] = '\0';
    quoted->length = decoder.out;
    if (lexer_check_utf8(quoted->text, quoted->length, err) != STATUS_OK) {
        err->position = token->value.position;
        return STATUS_ERROR;
    }
    return STATUS_OK;
}

/* U&: \XXXX and \+XXXXXX with any escape character. */
static Status decode_uescape(Quoted *quoted, char escape, const LexToken *token, Error *err) {
    Decoder decoder = {.token = token, .text = quoted->text, .length = quoted->length};

    assert(quoted->text != NULL);
    while (decoder.in < decoder.length) {
        const char *at = decoder.text + decoder.in;
        size_t left = decoder.length - decoder.in;
        bool is_long = left > 1 && at[1] == '+';
        int64_t code = 0;

        if (*at != escape || (left > 1 && at[1] == escape)) {
            if (decoder.high_surrogate != 0)
                return bad_escape(&decoder, "invalid Unicode surrogate pair", err);
            decoder.in += *at == escape ? 2 : 1;
            decoder.text[decoder.out++] = *at;
            continue;
        }
        code = is_long ? hex_read(at + 2, left - 2, 6) : hex_read(at + 1, left - 1, 4);
        if (code < 0) {
            IGNORE(bad_escape(&decoder, "invalid Unicode escape", err)); /* returned with a hint */
            return error_hint(err, "Unicode escapes must be \\XXXX or \\+XXXXXX");
        }
        decoder.in += is_long ? 8 : 5;
        TRY(put_code_point(&decoder, code, err));
    }
    if (decoder.high_surrogate != 0)
        return bad_escape(&decoder, "invalid Unicode surrogate pair", err);
    decoder.text[decoder.out] = '\0';
    quoted->length = decoder.out;
    return STATUS_OK;
}

/* UESCAPE 'c' behind a U& literal; without it the escape is a backslash. */
static Status read_uescape(Lexer *lexer, char *ret_escape, Error *err) {
    Lexer ahead = *lexer;
    LexToken word;
    LexToken text;
    char c = '\0';

    *ret_escape = '\\';
    TRY(lexer_next(&ahead, &word, err));
    if (word.value.is_quoted || word.kind == TK_STRING || strcmp(word.value.text, "uescape") != 0)
        return STATUS_OK;
    TRY(lexer_next(&ahead, &text, err));
    if (text.kind != TK_STRING)
        return lexer_error(&ahead, text.start, text.end, text.value.position,
                           "UESCAPE must be followed by a simple string literal", err);
    c = text.value.text[0];
    if (text.value.length != 1 || hex_digit(c) >= 0 || (c != '\0' && strchr("+'\" \t\n\r\f", c)))
        return lexer_error(&ahead, text.start, text.end, text.value.position,
                           "invalid Unicode escape character", err);
    *ret_escape = c;
    *lexer = ahead;
    return STATUS_OK;
}

static Status read_dollar(Lexer *lexer, LexToken *token, Error *err) {
    size_t tag_length = lexer_dollar_tag_length(lexer);
    const char *tag = lexer->sql + lexer->at;
    size_t body = lexer->at + tag_length;
    const char *close = memmem(lexer->sql + body, lexer->length - body, tag, tag_length);
    size_t length = 0;

    if (close == NULL)
        return lexer_error(lexer, token->start, lexer->length, token->value.position,
                           "unterminated dollar-quoted string", err);
    length = (size_t) (close - (lexer->sql + body));
    token->kind = TK_STRING;
    token->value.text = arena_strndup(lexer->arena, lexer->sql + body, length);
    token->value.length = (int) length;
    lexer->at = body + length + tag_length;
    return STATUS_OK;
}

/* B'' and X'': the text is b or x and the digits, as PostgreSQL keeps them; digits are the bit
 * type's business. */
static void set_bits(Lexer *lexer, LexStringForm form, const Quoted *quoted, LexToken *ret) {
    ret->kind = TK_BITS;
    ret->value.text =
        arena_printf(lexer->arena, "%c%s", form == LEX_STRING_BITS ? 'b' : 'x', quoted->text);
    ret->value.length = (int) quoted->length + 1;
}

static Status read_name(Lexer *lexer, LexStringForm form, LexToken *ret, Error *err) {
    Quoted quoted = {0};
    char escape = '\\';

    TRY(read_quoted(lexer, '"', false, ret, "unterminated quoted identifier", &quoted, err));
    if (quoted.length == 0)
        return lexer_error(lexer, ret->start, lexer->at, ret->value.position,
                           "zero-length delimited identifier", err);
    if (form == LEX_STRING_UNICODE_NAME) {
        TRY(read_uescape(lexer, &escape, err));
        TRY(decode_uescape(&quoted, escape, ret, err));
    }
    ret->kind = TK_ID;
    ret->value.is_quoted = true;
    ret->value.length = lexer_cut_identifier(quoted.text, (int) quoted.length);
    quoted.text[ret->value.length] = '\0';
    ret->value.text = quoted.text;
    return STATUS_OK;
}

Status lexer_string(Lexer *lexer, LexStringForm form, LexToken *ret, Error *err) {
    static const char *const unterminated[] = {
        [LEX_STRING_BITS] = "unterminated bit string literal",
        [LEX_STRING_HEX] = "unterminated hexadecimal string literal",
        [LEX_STRING_UNICODE_NAME] = NULL, /* the last form */
    };
    const char *message = unterminated[form] ? unterminated[form] : "unterminated quoted string";
    Quoted quoted = {0};
    char escape = '\\';

    if (form == LEX_STRING_DOLLAR)
        return read_dollar(lexer, ret, err);
    while (lexer->sql[lexer->at] != '\'' && lexer->sql[lexer->at] != '"')
        lexer->at++;
    lexer->at++;
    if (form == LEX_STRING_NAME || form == LEX_STRING_UNICODE_NAME)
        return read_name(lexer, form, ret, err);
    TRY(read_quoted(lexer, '\'', form == LEX_STRING_ESCAPED, ret, message, &quoted, err));
    if (form == LEX_STRING_ESCAPED)
        TRY(decode_escaped(&quoted, ret, err));
    if (form == LEX_STRING_UNICODE) {
        TRY(read_uescape(lexer, &escape, err));
        TRY(decode_uescape(&quoted, escape, ret, err));
    }
    if (form == LEX_STRING_BITS || form == LEX_STRING_HEX) {
        set_bits(lexer, form, &quoted, ret);
        return STATUS_OK;
    }
    ret->kind = TK_STRING;
    ret->value.text = quoted.text;
    ret->value.length = (int) quoted.length;
    return STATUS_OK;
}
