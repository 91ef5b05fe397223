#include "server/redact.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"

static const char mask[] = "******";

enum {
    HEAD_WORDS = 4,  /* CREATE OR REPLACE SECRET */
    PART_SIZE = 32,  /* a longer part of a name is none that we look for */
    PROBE_BYTES = 4, /* a secret this short is found by its whole, not by its beginning */
};

/* Where the scan is, and what it has seen of this statement. */
typedef struct SecretScan {
    const char *at;
    int word_count;
    bool may_be_ddl;  /* CREATE or ALTER, or misspelt so */
    bool is_ddl;      /* CREATE SECRET, ALTER SECRET: every literal is one */
    bool is_named;    /* a name of a secret has just been read, or its '=' */
    const char *name; /* that has just been read, or its '='; NULL: none */
    size_t name_length;
    bool is_after_equals;
    bool is_definition;   /* it begins so, or has CREATE, ALTER or REPLACE in it */
    bool is_after_create; /* EXPLAIN CREATE SECRET, …: CREATE, ALTER or REPLACE */
} SecretScan;

/* A literal with its quotes. */
typedef struct SecretSpan {
    const char *begin, *end;
} SecretSpan;

static bool is_word_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || (unsigned char) c >= 0x80;
}

/* What a part of an option's name is, and how many slips of the keyboard it may have. */
static const struct {
    const char *name;
    size_t slips;
} secret_parts[] = {{"password", 2}, {"saslpassword", 2}, {"passphrase", 2}, {"credentials", 2},
                    {"secret", 1},   {"pass", 0},         {"token", 0},      {"apikey", 0}};

static bool is_near_secret(const char *begin, size_t length) {
    char part[PART_SIZE] = "";

    if (length >= PART_SIZE)
        return false;
    for (size_t i = 0; i < length; i++)
        part[i] = (char) (begin[i] >= 'A' && begin[i] <= 'Z' ? begin[i] - 'A' + 'a' : begin[i]);
    for (size_t i = 0; i < ARRAY_LENGTH(secret_parts); i++)
        if (edit_distance(part, secret_parts[i].name) <= secret_parts[i].slips)
            return true;
    return false;
}

/* One part of "rdkafka.sasl.pasword". */
static bool has_part_near_secret(const char *word, size_t length) {
    size_t begin = 0;

    for (size_t i = 0; i <= length; i++) {
        if (i < length && word[i] != '_' && word[i] != '.')
            continue;
        if (i > begin && is_near_secret(word + begin, i - begin))
            return true;
        begin = i + 1;
    }
    return false;
}

static bool names_secret(const char *word, size_t length) {
    static const char *const parts[] = {"secr", "passw", "pasw", "passp", "pwd"};

    for (size_t i = 0; i < length; i++)
        for (size_t p = 0; strchr("sSpP", word[i]) && p < ARRAY_LENGTH(parts); p++)
            if (i + strlen(parts[p]) <= length &&
                strncasecmp(word + i, parts[p], strlen(parts[p])) == 0)
                return true;
    return false;
}

static void begin_statement(SecretScan *scan) {
    *scan = (SecretScan) {.at = scan->at};
}

static bool is_word(const char *word, size_t length, const char *wanted) {
    return strlen(wanted) == length && strncasecmp(word, wanted, length) == 0;
}

static void take_word(SecretScan *scan, const char *word, size_t length) {
    if (scan->word_count++ == 0)
        scan->may_be_ddl = strchr("aAcC", word[0]) != NULL;
    scan->is_named = names_secret(word, length);
    scan->name = word;
    scan->name_length = length;
    if (scan->is_named && !scan->is_after_equals &&
        ((scan->may_be_ddl && scan->word_count <= HEAD_WORDS) || scan->is_after_create))
        scan->is_ddl = true;
    scan->is_after_equals = false;
    scan->is_after_create = is_word(word, length, "create") || is_word(word, length, "alter") ||
                            is_word(word, length, "replace");
    scan->is_definition |= scan->may_be_ddl || scan->is_after_create;
}

/* Behind the closing quote, or the end of the text. */
static const char *skip_quoted(const char *at, bool has_escapes) {
    char quote = *at++;

    for (; *at; at++) {
        if (has_escapes && *at == '\\' && at[1])
            at++;
        else if (*at == quote && at[1] == quote)
            at++;
        else if (*at == quote)
            return at + 1;
    }
    return at;
}

/* $tag$ … $tag$; NULL: no such thing here. */
static const char *skip_dollars(const char *at) {
    const char *tag_end = at + 1;
    const char *end;
    size_t tag_length;

    while (is_word_byte(*tag_end) && *tag_end != '.')
        tag_end++;
    if (*tag_end != '$')
        return NULL;
    tag_length = (size_t) (tag_end + 1 - at);
    for (end = tag_end + 1; *end; end++)
        if (strncmp(end, at, tag_length) == 0)
            return end + tag_length;
    return end;
}

static const char *skip_comment(const char *at) {
    const char *end = at[0] == '-' ? strchr(at, '\n') : strstr(at + 2, "*/");

    return end ? end + (at[0] == '-' ? 1 : 2) : at + strlen(at);
}

/* A literal is E'…', B'…', N'…' too. */
static bool is_literal_prefix(const char *word, size_t length) {
    return length == 1 && strchr("eEbBnNxX", word[0]) && word[1] == '\'';
}

/* What stands at scan->at; true: a literal, in *ret_span. */
static bool take_token(SecretScan *scan, SecretSpan *ret_span) {
    const char *begin = scan->at;
    const char *dollars = *begin == '$' ? skip_dollars(begin) : NULL;
    size_t length = 0;

    while (is_word_byte(begin[length]))
        length++;
    if (is_literal_prefix(begin, length)) {
        scan->at = skip_quoted(begin + 1, strchr("eE", *begin) != NULL);
    } else if (length > 0) {
        scan->at = begin + length;
        take_word(scan, begin, length);
        return false;
    } else if (*begin == '\'') {
        scan->at = skip_quoted(begin, false);
    } else if (dollars) {
        scan->at = dollars;
    } else if (*begin == '"') {
        scan->at = skip_quoted(begin, false);
        take_word(scan, begin + 1, (size_t) (scan->at - begin - 1));
        return false;
    } else {
        scan->at = begin + 1;
        scan->is_after_equals = *begin == '=';
        if (!strchr(" \t\r\n\f\v=:(", *begin)) {
            scan->is_named = false;
            scan->name = NULL;
        }
        return false;
    }
    *ret_span = (SecretSpan) {begin, scan->at};
    return true;
}

/* In a definition a name may be misspelt: the error about it comes later, if at all. */
static bool is_after_secret_name(const SecretScan *scan) {
    return scan->is_named || (scan->is_definition && scan->name &&
                              has_part_near_secret(scan->name, scan->name_length));
}

static bool next_secret(SecretScan *scan, SecretSpan *ret_span) {
    while (*scan->at) {
        bool is_comment = strncmp(scan->at, "--", 2) == 0 || strncmp(scan->at, "/*", 2) == 0;

        if (is_comment)
            scan->at = skip_comment(scan->at);
        else if (*scan->at == ';') {
            scan->at++;
            begin_statement(scan);
        } else if (take_token(scan, ret_span) && (scan->is_ddl || is_after_secret_name(scan)))
            return true;
    }
    return false;
}

bool redact_has_secrets(const char *sql) {
    SecretScan scan = {.at = sql};
    SecretSpan span;

    return next_secret(&scan, &span);
}

void redact_sql(const char *sql, StrBuf *out) {
    SecretScan scan = {.at = sql};
    SecretSpan span;
    const char *from = sql;

    while (next_secret(&scan, &span)) {
        strbuf_append(out, from, (size_t) (span.begin - from));
        strbuf_printf(out, "'%s'", mask);
        from = span.end;
    }
    strbuf_append_text(out, from);
}

/* -------- errors -------- */

/* The value in a literal, which may be without its end: not its quotes. */
static SecretSpan content_of(SecretSpan span) {
    bool is_dollars = span.begin[0] == '$';
    const char *open = strchr(span.begin, is_dollars ? '$' : '\'');
    const char *begin = is_dollars ? strchr(open + 1, '$') + 1 : open + 1;
    size_t quote_length = (size_t) (begin - open);
    const char *end = span.end;

    if (end - begin >= (ptrdiff_t) quote_length &&
        memcmp(end - quote_length, open, quote_length) == 0)
        end -= quote_length;
    return (SecretSpan) {begin, end};
}

/* How far `text` goes on like the secret. */
static size_t same_bytes(const char *text, SecretSpan secret) {
    size_t same = 0;

    while (secret.begin + same < secret.end && text[same] && text[same] == secret.begin[same])
        same++;
    return same;
}

/* Every place in `field` that begins as the secret does, as far as it goes on so: a message may be
 * cut in the middle of one. */
static void mask_field(char *field, size_t size, SecretSpan secret) {
    size_t length = (size_t) (secret.end - secret.begin);
    size_t probe = length < PROBE_BYTES ? length : PROBE_BYTES;
    StrBuf masked = {0};

    if (length == 0)
        return;
    for (const char *at = field; *at;) {
        size_t same = same_bytes(at, secret);
        bool is_secret = same >= probe;

        /* One that is a letter or two is not looked for inside of words. */
        if (length < PROBE_BYTES &&
            ((at > field && is_word_byte(at[-1])) || is_word_byte(at[same])))
            is_secret = false;
        if (is_secret)
            strbuf_append_text(&masked, mask);
        else
            strbuf_append_char(&masked, *at);
        at += is_secret ? same : 1;
    }
    snprintf(field, size, "%s", strbuf_text(&masked));
    strbuf_done(&masked);
}

/* Would the line of this character, which psql prints, show some of the secret? */
static bool is_on_line(const char *sql, int position, SecretSpan secret) {
    const char *at = sql;
    const char *begin, *end;

    for (int i = 1; i < position && *at; i++)
        do
            at++;
        while (((unsigned char) *at & 0xc0) == 0x80);
    for (begin = at; begin > sql && begin[-1] != '\n'; begin--)
        ;
    end = at + strcspn(at, "\n");
    return secret.begin < end && secret.end > begin;
}

void redact_error(const char *sql, Error *err) {
    SecretScan scan = {.at = sql};
    SecretSpan span;

    while (next_secret(&scan, &span)) {
        SecretSpan content = content_of(span);

        mask_field(err->message, sizeof(err->message), content);
        mask_field(err->detail, sizeof(err->detail), content);
        mask_field(err->hint, sizeof(err->hint), content);
        mask_field(err->context, sizeof(err->context), content);
        if (err->position > 0 && is_on_line(sql, err->position, span))
            err->position = 0;
    }
}
