/* LIKE and ILIKE: a constant pattern is classified once, so that 'abc%', '%abc' and '%abc%' cost a
 * memcmp or a memmem a row. ILIKE matches lowered text. */
#include "base/strbuf.h"
#include "base/utf8.h"
#include "functions/kernel.h"
#include "functions/text_support.h"

typedef enum LikeKind {
    LIKE_EQUAL,    /* no wildcard */
    LIKE_PREFIX,   /* abc% */
    LIKE_SUFFIX,   /* %abc */
    LIKE_CONTAINS, /* %abc% */
    LIKE_GENERAL,
} LikeKind;

typedef struct LikePattern {
    LikeKind kind;
    const char *bytes; /* LIKE_GENERAL: the pattern; else the literal, without escapes */
    size_t length;
} LikePattern;

static Status escape_error(Error *err) {
    return error_set(err, INVALID_ESCAPE_SEQUENCE,
                     "LIKE pattern must not end with escape character");
}

/* Matches one pattern element against the character at `text`; a % is the caller's. */
static bool match_character(const char *pattern, const char *text, size_t text_left,
                            size_t *ret_pattern_step, size_t *ret_text_step) {
    if (*pattern == '_') {
        *ret_pattern_step = 1;
        *ret_text_step = utf8_step(*text) < text_left ? utf8_step(*text) : text_left;
        return true;
    }
    *ret_pattern_step = *pattern == '\\' ? 2 : 1;
    *ret_text_step = 1;
    return pattern[*pattern == '\\' ? 1 : 0] == *text;
}

/* Greedy with one point to come back to: the last %. The pattern doesn't end with its escape. */
static bool match_general(const char *text, size_t text_length, const char *pattern,
                          size_t pattern_length) {
    size_t t = 0;
    size_t p = 0;
    size_t retry_text = 0;
    size_t retry_pattern = SIZE_MAX;

    while (t < text_length) {
        size_t pattern_step = 0;
        size_t text_step = 0;

        if (p < pattern_length && pattern[p] == '%') {
            retry_pattern = ++p;
            retry_text = t;
        } else if (p < pattern_length && match_character(pattern + p, text + t, text_length - t,
                                                         &pattern_step, &text_step)) {
            p += pattern_step;
            t += text_step;
        } else if (retry_pattern != SIZE_MAX) {
            p = retry_pattern;
            retry_text += utf8_step(text[retry_text]);
            t = retry_text;
        } else {
            return false;
        }
    }
    while (p < pattern_length && pattern[p] == '%')
        p++;
    return t == text_length && p >= pattern_length;
}

static Status check_pattern(const char *pattern, size_t length, Error *err) {
    for (size_t i = 0; i < length; i++) {
        if (pattern[i] == '\\' && ++i == length)
            return escape_error(err);
    }
    return STATUS_OK;
}

/* The literal inside leading and trailing %, or LIKE_GENERAL. */
static LikePattern classify(const char *pattern, size_t length, Arena *arena) {
    LikePattern result = {.kind = LIKE_GENERAL, .bytes = pattern, .length = length};
    size_t begin = 0;
    size_t filled = 0;
    bool ends_open = false;
    char *literal = arena_alloc(arena, length + 1);

    while (begin < length && pattern[begin] == '%')
        begin++;
    for (size_t i = begin; i < length; i++) {
        if (pattern[i] == '_' || (ends_open && pattern[i] != '%'))
            return result;
        if (pattern[i] == '%') {
            ends_open = true;
            continue;
        }
        if (pattern[i] == '\\')
            i++;
        literal[filled++] = pattern[i];
    }
    result.bytes = literal;
    result.length = filled;
    if (begin > 0)
        result.kind = ends_open || filled == 0 ? LIKE_CONTAINS : LIKE_SUFFIX;
    else
        result.kind = ends_open ? LIKE_PREFIX : LIKE_EQUAL;
    return result;
}

static bool match_pattern(const LikePattern *pattern, const char *text, size_t length) {
    size_t wanted = pattern->length;

    switch (pattern->kind) {
    case LIKE_EQUAL:
        return length == wanted && memcmp(text, pattern->bytes, wanted) == 0;
    case LIKE_PREFIX:
        return length >= wanted && memcmp(text, pattern->bytes, wanted) == 0;
    case LIKE_SUFFIX:
        return length >= wanted && memcmp(text + length - wanted, pattern->bytes, wanted) == 0;
    case LIKE_CONTAINS:
        return memmem(text, length, pattern->bytes, wanted) != NULL;
    case LIKE_GENERAL:
        return match_general(text, length, pattern->bytes, wanted);
    }
    return false;
}

static Status prepare_pattern(const TextView *pattern, bool ignore_case, Arena *arena,
                              const void **ret_data, Error *err) {
    LikePattern *prepared = arena_new(arena, LikePattern);
    CLEANUP(strbuf_done) StrBuf lowered = {0};
    const char *bytes = NULL;
    size_t length = pattern->length;

    TRY(check_pattern(text_data(pattern), length, err));
    if (ignore_case)
        text_append_lower(pattern, &lowered);
    else
        strbuf_append(&lowered, text_data(pattern), length);
    length = lowered.length;
    bytes = arena_memdup(arena, strbuf_text(&lowered), length + 1);
    *prepared = classify(bytes, length, arena);
    *ret_data = prepared;
    return STATUS_OK;
}

static Status prepare_like(const Value *const *constants, uint32_t count, Arena *arena,
                           const void **ret_data, void (**ret_release)(const void *data),
                           Error *err) {
    (void) count;
    (void) ret_release;
    if (!constants[1] || constants[1]->is_null)
        return STATUS_OK;
    return prepare_pattern(&constants[1]->text, false, arena, ret_data, err);
}

static Status prepare_ilike(const Value *const *constants, uint32_t count, Arena *arena,
                            const void **ret_data, void (**ret_release)(const void *data),
                            Error *err) {
    (void) count;
    (void) ret_release;
    if (!constants[1] || constants[1]->is_null)
        return STATUS_OK;
    return prepare_pattern(&constants[1]->text, true, arena, ret_data, err);
}

static Status run_like(const KernelCall *call, bool negate, Error *err) {
    const LikePattern *prepared = call->data;
    uint8_t *out = KERNEL_RESULT(call, uint8_t);

    if (prepared) {
        KERNEL_FOR_EACH(call, row) {
            const TextView *view = kernel_text(call, 0, row);

            out[row] = match_pattern(prepared, text_data(view), view->length) ^ negate;
        }
        return STATUS_OK;
    }
    KERNEL_FOR_EACH(call, row) {
        const TextView *view = kernel_text(call, 0, row);
        const TextView *pattern = kernel_text(call, 1, row);

        TRY(check_pattern(text_data(pattern), pattern->length, err));
        out[row] =
            match_general(text_data(view), view->length, text_data(pattern), pattern->length) ^
            negate;
    }
    return STATUS_OK;
}

static Status run_ilike(const KernelCall *call, bool negate, Error *err) {
    const LikePattern *prepared = call->data;
    uint8_t *out = KERNEL_RESULT(call, uint8_t);
    CLEANUP(strbuf_done) StrBuf text = {0};
    CLEANUP(strbuf_done) StrBuf lowered = {0};

    KERNEL_FOR_EACH(call, row) {
        strbuf_clear(&text);
        text_append_lower(kernel_text(call, 0, row), &text);
        if (prepared) {
            out[row] = match_pattern(prepared, strbuf_text(&text), text.length) ^ negate;
            continue;
        }
        strbuf_clear(&lowered);
        text_append_lower(kernel_text(call, 1, row), &lowered);
        TRY(check_pattern(strbuf_text(&lowered), lowered.length, err));
        out[row] =
            match_general(strbuf_text(&text), text.length, strbuf_text(&lowered), lowered.length) ^
            negate;
    }
    return STATUS_OK;
}

static Status text_like(const KernelCall *call, Error *err) {
    return run_like(call, false, err);
}

static Status text_not_like(const KernelCall *call, Error *err) {
    return run_like(call, true, err);
}

static Status text_ilike(const KernelCall *call, Error *err) {
    return run_ilike(call, false, err);
}

static Status text_not_ilike(const KernelCall *call, Error *err) {
    return run_ilike(call, true, err);
}

/* like_escape(pattern, escape): the same pattern with backslash for its escape character. */
static Status text_like_escape(const KernelCall *call, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {0};

    KERNEL_FOR_EACH(call, row) {
        const TextView *pattern = kernel_text(call, 0, row);
        const TextView *escape = kernel_text(call, 1, row);
        const char *bytes = text_data(pattern);
        uint32_t escape_step = escape->length ? utf8_step(text_data(escape)[0]) : 0;

        if (escape->length != escape_step) {
            IGNORE(error_set(err, INVALID_ESCAPE_SEQUENCE, "invalid escape string"));
            return error_hint(err, "Escape string must be empty or one character.");
        }
        strbuf_clear(&text);
        for (size_t i = 0; i < pattern->length;) {
            uint32_t step = utf8_step(bytes[i]);

            if (escape_step && step == escape_step &&
                memcmp(bytes + i, text_data(escape), step) == 0) {
                strbuf_append_char(&text, '\\');
                i += step;
                if (i >= pattern->length)
                    break; /* the match tells the error */
                step = utf8_step(bytes[i]);
                strbuf_append(&text, bytes + i, step);
            } else {
                if (bytes[i] == '\\')
                    strbuf_append_char(&text, '\\');
                strbuf_append(&text, bytes + i, step);
            }
            i += step;
        }
        TRY(kernel_put_text(call, row, strbuf_text(&text), text.length, err));
    }
    return STATUS_OK;
}

/* clang-format off */
#define LIKE_FUNCTIONS(T)                                                                     \
    {"~~", text_like, TYPE_BOOL, 2, {T, TYPE_TEXT}, .prepare = prepare_like},                 \
    {"!~~", text_not_like, TYPE_BOOL, 2, {T, TYPE_TEXT}, .prepare = prepare_like},            \
    {"~~*", text_ilike, TYPE_BOOL, 2, {T, TYPE_TEXT}, .prepare = prepare_ilike},              \
    {"!~~*", text_not_ilike, TYPE_BOOL, 2, {T, TYPE_TEXT}, .prepare = prepare_ilike}

static const Function like_functions[] = {
    LIKE_FUNCTIONS(TYPE_TEXT),
    LIKE_FUNCTIONS(TYPE_BPCHAR),
    LIKE_FUNCTIONS(TYPE_NAME),
    {"like", text_like, TYPE_BOOL, 2, {TYPE_TEXT, TYPE_TEXT}, .prepare = prepare_like},
    {"notlike", text_not_like, TYPE_BOOL, 2, {TYPE_TEXT, TYPE_TEXT}, .prepare = prepare_like},
    {"like_escape", text_like_escape, TYPE_TEXT, 2, {TYPE_TEXT, TYPE_TEXT}},
};
/* clang-format on */

const FunctionFamily family_like = {FAMILY_FUNCTIONS(like_functions)};
