/* Regular expressions: PostgreSQL's operators and functions over PCRE2, which only this
 * file and kafka/pattern.c know.
 *
 * PostgreSQL's escapes that PCRE2 lacks are translated (\m \M \y \Y \A \Z, class [[:<:]]). Matching
 * has limits, so that a pattern can't hold a worker. Difference on the written list: leftmost-first
 * where PostgreSQL is leftmost-longest. A constant pattern is compiled once per expression; others
 * per run of equal values. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/strbuf.h"
#include "base/utf8.h"
#include "functions/kernel.h"
#include "types/nested.h"

enum {
    REGEX_MATCH_LIMIT = 10000000,
    REGEX_DEPTH_LIMIT = 10000000, /* the heap limit is the one that holds */
    REGEX_GROUPS_MAX = 64,
    REGEX_HEAP_KILOBYTES = 64 << 10,
};

typedef struct RegexFlags {
    bool ignore_case;
    bool is_global;
    bool is_literal;    /* q */
    bool is_extended;   /* x */
    bool newline_stops; /* n, m: . and negated sets stop at line ends; ^ $ match at them */
} RegexFlags;

typedef struct Regex {
    pcre2_code *code;
    pcre2_match_context *limits;
} Regex;

/* Matches of one kernel call; reused from row to row. */
typedef struct Matcher {
    const Regex *regex; /* borrowed from the program, or &own */
    Regex own;
    char *own_pattern; /* what `own` was compiled from; arena */
    size_t own_length;
    RegexFlags own_flags;
    pcre2_match_data *matches;
} Matcher;

/* -------- compiling -------- */

static void regex_done(Regex *regex) {
    pcre2_code_free(regex->code);
    pcre2_match_context_free(regex->limits);
    *regex = (Regex) {0};
}

/* PostgreSQL's spelling to PCRE2's. */
static void translate_pattern(const char *pattern, size_t length, StrBuf *out) {
    bool is_in_set = false;

    for (size_t i = 0; i < length; i++) {
        if (!is_in_set && length - i >= 7 && memcmp(pattern + i, "[[:<:]]", 7) == 0) {
            strbuf_append_text(out, "\\b(?=\\w)");
            i += 6;
        } else if (!is_in_set && length - i >= 7 && memcmp(pattern + i, "[[:>:]]", 7) == 0) {
            strbuf_append_text(out, "\\b(?<=\\w)");
            i += 6;
        } else if (pattern[i] == '\\' && i + 1 < length) {
            char escape = pattern[++i];

            if (!is_in_set && escape == 'm')
                strbuf_append_text(out, "\\b(?=\\w)");
            else if (!is_in_set && escape == 'M')
                strbuf_append_text(out, "\\b(?<=\\w)");
            else if (!is_in_set && escape == 'y')
                strbuf_append_text(out, "\\b");
            else if (!is_in_set && escape == 'Y')
                strbuf_append_text(out, "\\B");
            else if (!is_in_set && escape == 'Z')
                strbuf_append_text(out, "\\z");
            else
                strbuf_printf(out, "\\%c", escape);
        } else {
            if (pattern[i] == '[' && !is_in_set)
                is_in_set = true;
            else if (pattern[i] == '[' && i + 1 < length && strchr(":.=", pattern[i + 1])) {
                const char *close = memmem(pattern + i + 2, length - i - 2, "]", 1);
                size_t end = close ? (size_t) (close - pattern) : length - 1;

                strbuf_append(out, pattern + i, end - i + 1);
                i = end;
                continue;
            } else if (pattern[i] == ']' && is_in_set && i > 0 && pattern[i - 1] != '[' &&
                       !(pattern[i - 1] == '^' && i > 1 && pattern[i - 2] == '['))
                is_in_set = false;
            strbuf_append_char(out, pattern[i]);
        }
    }
}

/* PostgreSQL's words for the commonest errors. */
static const char *known_error(int code) {
    static const struct {
        int code;
        const char *message;
    } errors[] = {
        {PCRE2_ERROR_MISSING_CLOSING_PARENTHESIS, "parentheses () not balanced"},
        {PCRE2_ERROR_UNMATCHED_CLOSING_PARENTHESIS, "parentheses () not balanced"},
        {PCRE2_ERROR_MISSING_SQUARE_BRACKET, "brackets [] not balanced"},
        {PCRE2_ERROR_QUANTIFIER_INVALID, "quantifier operand invalid"},
        {PCRE2_ERROR_QUANTIFIER_OUT_OF_ORDER, "invalid repetition count(s)"},
        {PCRE2_ERROR_QUANTIFIER_TOO_BIG, "invalid repetition count(s)"},
        {PCRE2_ERROR_END_BACKSLASH, "invalid escape \\ sequence"},
        {PCRE2_ERROR_UNKNOWN_ESCAPE, "invalid escape \\ sequence"},
        {PCRE2_ERROR_CLASS_RANGE_ORDER, "invalid character range"},
        {PCRE2_ERROR_CLASS_INVALID_RANGE, "invalid character range"},
        {PCRE2_ERROR_UNKNOWN_POSIX_CLASS, "invalid character class"},
        {PCRE2_ERROR_POSIX_NO_SUPPORT_COLLATING, "invalid collating element"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(errors); i++) {
        if (errors[i].code == code)
            return errors[i].message;
    }
    return NULL;
}

static Status compile_error(int code, Error *err) {
    const char *known = known_error(code);
    PCRE2_UCHAR8 message[256] = "";

    if (!known)
        pcre2_get_error_message(code, message, sizeof(message));
    return error_set(err, INVALID_REGULAR_EXPRESSION, "invalid regular expression: %s",
                     known ? known : (const char *) message);
}

static Status regex_compile(const TextView *pattern, RegexFlags flags, Regex *ret_regex,
                            Error *err) {
    CLEANUP(strbuf_done) StrBuf translated = {0};
    const char *bytes = text_data(pattern);
    size_t length = pattern->length;
    uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
    int code = 0;
    PCRE2_SIZE offset = 0;

    if (length >= 4 && memcmp(bytes, "***=", 4) == 0) {
        flags.is_literal = true;
        bytes += 4;
        length -= 4;
    } else if (length >= 4 && memcmp(bytes, "***:", 4) == 0) {
        bytes += 4;
        length -= 4;
    }
    if (flags.is_literal) {
        options = PCRE2_UTF | PCRE2_LITERAL;
        strbuf_append(&translated, bytes, length);
    } else {
        translate_pattern(bytes, length, &translated);
        options |= PCRE2_DOLLAR_ENDONLY;
        options |= flags.newline_stops ? PCRE2_MULTILINE : PCRE2_DOTALL;
        options |= flags.is_extended ? PCRE2_EXTENDED : 0;
    }
    options |= flags.ignore_case ? PCRE2_CASELESS : 0;
    ret_regex->code = pcre2_compile((PCRE2_SPTR8) strbuf_text(&translated), translated.length,
                                    options, &code, &offset, NULL);
    if (!ret_regex->code)
        return compile_error(code, err);
    ret_regex->limits = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(ret_regex->limits, REGEX_MATCH_LIMIT);
    pcre2_set_depth_limit(ret_regex->limits, REGEX_DEPTH_LIMIT);
    pcre2_set_heap_limit(ret_regex->limits, REGEX_HEAP_KILOBYTES);
    IGNORE(pcre2_jit_compile(ret_regex->code, PCRE2_JIT_COMPLETE) ? STATUS_ERROR
                                                                  : STATUS_OK); /* only speed */
    return STATUS_OK;
}

static Status parse_flags(const TextView *text, bool allow_global, RegexFlags *ret_flags,
                          Error *err) {
    RegexFlags flags = *ret_flags;
    const char *bytes = text_data(text);

    for (uint32_t i = 0; i < text->length; i++) {
        switch (bytes[i]) {
        case 'g':
            if (!allow_global)
                return error_set(err, INVALID_PARAMETER,
                                 "regexp function does not support the \"global\" option");
            flags.is_global = true;
            break;
        case 'i':
            flags.ignore_case = true;
            break;
        case 'c':
            flags.ignore_case = false;
            break;
        case 'n':
        case 'm':
            flags.newline_stops = true;
            break;
        case 's':
            flags.newline_stops = false;
            break;
        case 'x':
            flags.is_extended = true;
            break;
        case 't':
            flags.is_extended = false;
            break;
        case 'q':
            flags.is_literal = true;
            break;
        case 'e':
        case 'b':
        case 'p':
        case 'w':
            break;
        default:
            return error_set(err, INVALID_PARAMETER, "invalid regular expression option: \"%.*s\"",
                             (int) utf8_step(bytes[i]), bytes + i);
        }
    }
    *ret_flags = flags;
    return STATUS_OK;
}

/* -------- matching -------- */

static void matcher_done(Matcher *matcher) {
    regex_done(&matcher->own);
    pcre2_match_data_free(matcher->matches);
}

/* Make the matcher's regex that of this row. */
static Status matcher_use(Matcher *matcher, const KernelCall *call, const TextView *pattern,
                          RegexFlags flags, Error *err) {
    if (matcher->regex == &matcher->own && matcher->own_length == pattern->length &&
        memcmp(matcher->own_pattern, text_data(pattern), pattern->length) == 0 &&
        memcmp(&matcher->own_flags, &flags, sizeof(flags)) == 0)
        return STATUS_OK;
    if (call->data) {
        matcher->regex = call->data;
    } else {
        regex_done(&matcher->own);
        matcher->regex = NULL;
        TRY(regex_compile(pattern, flags, &matcher->own, err));
        matcher->own_pattern = arena_strndup(call->arena, text_data(pattern), pattern->length);
        matcher->own_length = pattern->length;
        matcher->own_flags = flags;
        matcher->regex = &matcher->own;
    }
    if (!matcher->matches)
        matcher->matches = pcre2_match_data_create(REGEX_GROUPS_MAX, NULL);
    return STATUS_OK;
}

static int run_pattern(const Matcher *matcher, const TextView *text, size_t from,
                       uint32_t options) {
    if (from)
        options |= PCRE2_NO_UTF_CHECK;
    return pcre2_match(matcher->regex->code, (PCRE2_SPTR8) text_data(text), text->length, from,
                       options, matcher->matches, matcher->regex->limits);
}

/* *ret_groups: 0 no match, else the number of groups set, the whole match included. */
static Status matcher_match(Matcher *matcher, const TextView *text, size_t from, int *ret_groups,
                            Error *err) {
    int groups = run_pattern(matcher, text, from, 0);

    if (groups == PCRE2_ERROR_JIT_STACKLIMIT) /* the interpreter's stack is on the heap */
        groups = run_pattern(matcher, text, from, PCRE2_NO_JIT);
    if (groups == PCRE2_ERROR_NOMATCH) {
        *ret_groups = 0;
        return STATUS_OK;
    }
    if (groups == PCRE2_ERROR_MATCHLIMIT || groups == PCRE2_ERROR_DEPTHLIMIT ||
        groups == PCRE2_ERROR_HEAPLIMIT)
        return error_set(err, STATEMENT_TOO_COMPLEX, "regular expression is too complex to match");
    if (groups < 0)
        return error_set(err, INVALID_REGULAR_EXPRESSION, "regular expression failed: code %d",
                         groups);
    *ret_groups = groups ? groups : REGEX_GROUPS_MAX;
    return STATUS_OK;
}

static size_t match_begin(const Matcher *matcher, int group) {
    return pcre2_get_ovector_pointer(matcher->matches)[2 * group];
}

static size_t match_end(const Matcher *matcher, int group) {
    return pcre2_get_ovector_pointer(matcher->matches)[2 * group + 1];
}

/* Where to look for the next match: past an empty one by a character. */
static size_t after_match(const Matcher *matcher, const TextView *text) {
    size_t begin = match_begin(matcher, 0);
    size_t end = match_end(matcher, 0);

    if (end > begin || end >= text->length)
        return end > begin ? end : end + 1;
    return end + utf8_step(text_data(text)[end]);
}

/* -------- operators -------- */

static Status run_match(const KernelCall *call, bool ignore_case, bool negate, Error *err) {
    CLEANUP(matcher_done) Matcher matcher = {0};
    RegexFlags flags = {.ignore_case = ignore_case};
    uint8_t *out = KERNEL_RESULT(call, uint8_t);

    KERNEL_FOR_EACH(call, row) {
        int groups = 0;

        TRY(matcher_use(&matcher, call, kernel_text(call, 1, row), flags, err));
        TRY(matcher_match(&matcher, kernel_text(call, 0, row), 0, &groups, err));
        out[row] = (groups > 0) ^ negate;
    }
    return STATUS_OK;
}

static Status regex_match(const KernelCall *call, Error *err) {
    return run_match(call, false, false, err);
}

static Status regex_not_match(const KernelCall *call, Error *err) {
    return run_match(call, false, true, err);
}

static Status regex_imatch(const KernelCall *call, Error *err) {
    return run_match(call, true, false, err);
}

static Status regex_not_imatch(const KernelCall *call, Error *err) {
    return run_match(call, true, true, err);
}

static void release_regex(const void *data) {
    Regex regex = *(const Regex *) data;

    regex_done(&regex);
}

static Status prepare_regex(const Value *pattern, RegexFlags flags, Arena *arena,
                            const void **ret_data, void (**ret_release)(const void *data),
                            Error *err) {
    Regex *regex = NULL;

    if (!pattern || pattern->is_null)
        return STATUS_OK;
    regex = arena_new(arena, Regex);
    TRY(regex_compile(&pattern->text, flags, regex, err));
    *ret_data = regex;
    *ret_release = release_regex;
    return STATUS_OK;
}

static Status prepare_match(const Value *const *constants, uint32_t count, Arena *arena,
                            const void **ret_data, void (**ret_release)(const void *data),
                            Error *err) {
    (void) count;
    return prepare_regex(constants[1], (RegexFlags) {0}, arena, ret_data, ret_release, err);
}

static Status prepare_imatch(const Value *const *constants, uint32_t count, Arena *arena,
                             const void **ret_data, void (**ret_release)(const void *data),
                             Error *err) {
    (void) count;
    return prepare_regex(constants[1], (RegexFlags) {.ignore_case = true}, arena, ret_data,
                         ret_release, err);
}

/* -------- functions -------- */

/* Flags of an optional argument. */
static Status call_flags(const KernelCall *call, uint32_t index, uint32_t row, bool allow_global,
                         RegexFlags *ret_flags, Error *err) {
    *ret_flags = (RegexFlags) {0};
    if (index >= call->argument_count)
        return STATUS_OK;
    return parse_flags(kernel_text(call, index, row), allow_global, ret_flags, err);
}

static Status regex_like(const KernelCall *call, Error *err) {
    CLEANUP(matcher_done) Matcher matcher = {0};

    KERNEL_FOR_EACH(call, row) {
        RegexFlags flags;
        int groups = 0;

        TRY(call_flags(call, 2, row, false, &flags, err));
        TRY(matcher_use(&matcher, call, kernel_text(call, 1, row), flags, err));
        TRY(matcher_match(&matcher, kernel_text(call, 0, row), 0, &groups, err));
        KERNEL_RESULT(call, uint8_t)[row] = groups > 0;
    }
    return STATUS_OK;
}

/* regexp_count(text, pattern [, start [, flags]]) */
static Status regex_count(const KernelCall *call, Error *err) {
    CLEANUP(matcher_done) Matcher matcher = {0};

    KERNEL_FOR_EACH(call, row) {
        const TextView *text = kernel_text(call, 0, row);
        int32_t start = call->argument_count > 2 ? KERNEL_ARGUMENT(call, 2, int32_t, row) : 1;
        RegexFlags flags;
        int32_t count = 0;
        size_t from = 0;
        int groups = 0;

        if (start < 1)
            return error_set(err, INVALID_PARAMETER, "invalid value for parameter \"start\": %d",
                             start);
        TRY(call_flags(call, 3, row, false, &flags, err));
        TRY(matcher_use(&matcher, call, kernel_text(call, 1, row), flags, err));
        from = utf8_offset(text_data(text), text->length, start - 1);
        while (from <= text->length) {
            TRY(matcher_match(&matcher, text, from, &groups, err));
            if (groups == 0)
                break;
            count++;
            from = after_match(&matcher, text);
        }
        KERNEL_RESULT(call, int32_t)[row] = count;
    }
    return STATUS_OK;
}

/* The first group if the pattern has one, else the whole match; NULL when nothing matches. */
static Status put_match(const KernelCall *call, uint32_t row, const Matcher *matcher, int groups,
                        int group, Error *err) {
    const TextView *text = kernel_text(call, 0, row);

    (void) err;
    if (groups <= group || match_begin(matcher, group) == PCRE2_UNSET)
        kernel_set_null(call, row);
    else
        kernel_put_slice(call, row, text_data(text) + match_begin(matcher, group),
                         match_end(matcher, group) - match_begin(matcher, group));
    return STATUS_OK;
}

/* substring(text from pattern) */
static Status regex_substring(const KernelCall *call, Error *err) {
    CLEANUP(matcher_done) Matcher matcher = {0};

    KERNEL_FOR_EACH(call, row) {
        int groups = 0;
        uint32_t captures = 0;

        TRY(matcher_use(&matcher, call, kernel_text(call, 1, row), (RegexFlags) {0}, err));
        TRY(matcher_match(&matcher, kernel_text(call, 0, row), 0, &groups, err));
        pcre2_pattern_info(matcher.regex->code, PCRE2_INFO_CAPTURECOUNT, &captures);
        TRY(put_match(call, row, &matcher, groups, captures > 0 ? 1 : 0, err));
    }
    return STATUS_OK;
}

/* regexp_substr(text, pattern [, start [, n [, flags [, group]]]]) */
static Status regex_substr(const KernelCall *call, Error *err) {
    CLEANUP(matcher_done) Matcher matcher = {0};

    KERNEL_FOR_EACH(call, row) {
        const TextView *text = kernel_text(call, 0, row);
        int32_t start = call->argument_count > 2 ? KERNEL_ARGUMENT(call, 2, int32_t, row) : 1;
        int32_t wanted = call->argument_count > 3 ? KERNEL_ARGUMENT(call, 3, int32_t, row) : 1;
        int32_t group = call->argument_count > 5 ? KERNEL_ARGUMENT(call, 5, int32_t, row) : 0;
        RegexFlags flags;
        size_t from = 0;
        int groups = 0;

        if (start < 1 || wanted < 1 || group < 0)
            return error_set(err, INVALID_PARAMETER, "invalid value for parameter \"%s\": %d",
                             start < 1    ? "start"
                             : wanted < 1 ? "n"
                                          : "subexpr",
                             start < 1    ? start
                             : wanted < 1 ? wanted
                                          : group);
        TRY(call_flags(call, 4, row, false, &flags, err));
        TRY(matcher_use(&matcher, call, kernel_text(call, 1, row), flags, err));
        from = utf8_offset(text_data(text), text->length, start - 1);
        for (;;) {
            groups = 0;
            if (from <= text->length)
                TRY(matcher_match(&matcher, text, from, &groups, err));
            if (groups == 0 || --wanted == 0)
                break;
            from = after_match(&matcher, text);
        }
        TRY(put_match(call, row, &matcher, groups, group, err));
    }
    return STATUS_OK;
}

/* The groups as a text array, or the whole match when the pattern has none. */
static Value match_groups(const Matcher *matcher, const TextView *text, int groups, Arena *arena) {
    uint32_t captures = 0;
    Value *items = NULL;
    uint32_t count = 0;

    pcre2_pattern_info(matcher->regex->code, PCRE2_INFO_CAPTURECOUNT, &captures);
    count = captures ? captures : 1;
    items = arena_new_array(arena, Value, count);
    for (uint32_t i = 0; i < count; i++) {
        int group = captures ? (int) i + 1 : 0;

        if (group >= groups || match_begin(matcher, group) == PCRE2_UNSET)
            items[i] = value_null(SQL_TYPE(TEXT));
        else
            items[i] = value_text(SQL_TYPE(TEXT), text_data(text) + match_begin(matcher, group),
                                  match_end(matcher, group) - match_begin(matcher, group));
    }
    return array_build(SQL_TYPE(TEXT), items, count, arena);
}

/* regexp_match(text, pattern [, flags]) */
static Status regex_match_groups(const KernelCall *call, Error *err) {
    CLEANUP(matcher_done) Matcher matcher = {0};

    KERNEL_FOR_EACH(call, row) {
        const TextView *text = kernel_text(call, 0, row);
        RegexFlags flags;
        int groups = 0;
        Value array;

        TRY(call_flags(call, 2, row, false, &flags, err));
        TRY(matcher_use(&matcher, call, kernel_text(call, 1, row), flags, err));
        TRY(matcher_match(&matcher, text, 0, &groups, err));
        if (groups == 0) {
            kernel_set_null(call, row);
            continue;
        }
        array = match_groups(&matcher, text, groups, call->arena);
        column_put(call->result, row, &array, call->row_count, call->arena);
    }
    return STATUS_OK;
}

/* Values that grow. */
typedef struct ValueList {
    Value *items;
    uint32_t count;
    uint32_t capacity;
} ValueList;

static void list_add(ValueList *list, Value value, Arena *arena) {
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity ? list->capacity * 2 : 16;
        Value *items = arena_new_array(arena, Value, capacity);

        if (list->count)
            memcpy(items, list->items, list->count * sizeof(Value));
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = value;
}

/* regexp_matches(text, pattern [, flags]) as an array of its rows; unnest makes the set of it. */
static Status regex_all_matches(const KernelCall *call, Error *err) {
    CLEANUP(matcher_done) Matcher matcher = {0};

    KERNEL_FOR_EACH(call, row) {
        const TextView *text = kernel_text(call, 0, row);
        ValueList found = {0};
        RegexFlags flags;
        size_t from = 0;
        int groups = 0;
        Value array;

        TRY(call_flags(call, 2, row, true, &flags, err));
        TRY(matcher_use(&matcher, call, kernel_text(call, 1, row), flags, err));
        while (from <= text->length) {
            TRY(matcher_match(&matcher, text, from, &groups, err));
            if (groups == 0)
                break;
            list_add(&found, match_groups(&matcher, text, groups, call->arena), call->arena);
            if (!flags.is_global)
                break;
            from = after_match(&matcher, text);
        }
        array = array_build(type_array_of(TYPE_TEXT), found.items, found.count, call->arena);
        column_put(call->result, row, &array, call->row_count, call->arena);
    }
    return STATUS_OK;
}

/* regexp_split_to_array(text, pattern [, flags]). As PostgreSQL, an empty match at the text's ends
 * or right after another match parts nothing. */
static Status regex_split(const KernelCall *call, Error *err) {
    CLEANUP(matcher_done) Matcher matcher = {0};

    KERNEL_FOR_EACH(call, row) {
        const TextView *text = kernel_text(call, 0, row);
        ValueList parts = {0};
        RegexFlags flags;
        size_t from = 0;
        size_t done = 0;
        size_t last_end = 0;
        int groups = 0;
        Value array;

        TRY(call_flags(call, 2, row, false, &flags, err));
        TRY(matcher_use(&matcher, call, kernel_text(call, 1, row), flags, err));
        while (from <= text->length) {
            TRY(matcher_match(&matcher, text, from, &groups, err));
            if (groups == 0)
                break;
            if (match_begin(&matcher, 0) < text->length && match_end(&matcher, 0) > last_end) {
                list_add(&parts,
                         value_text(SQL_TYPE(TEXT), text_data(text) + done,
                                    match_begin(&matcher, 0) - done),
                         call->arena);
                done = match_end(&matcher, 0);
            }
            last_end = match_end(&matcher, 0);
            from = after_match(&matcher, text);
        }
        list_add(&parts, value_text(SQL_TYPE(TEXT), text_data(text) + done, text->length - done),
                 call->arena);
        array = array_build(SQL_TYPE(TEXT), parts.items, parts.count, call->arena);
        column_put(call->result, row, &array, call->row_count, call->arena);
    }
    return STATUS_OK;
}

static SqlType array_of_text_arrays(const SqlType *arguments, uint32_t count) {
    static const SqlType text = {.id = TYPE_TEXT, .typmod = -1};
    static const SqlType texts = {.id = TYPE_ARRAY, .typmod = -1, .element = &text};

    (void) arguments;
    (void) count;
    return (SqlType) {.id = TYPE_ARRAY, .typmod = -1, .element = &texts};
}

static SqlType text_array(const SqlType *arguments, uint32_t count) {
    (void) arguments;
    (void) count;
    return type_array_of(TYPE_TEXT);
}

/* \1 … \9, \& and \\ of a replacement. */
static void append_replacement(const Matcher *matcher, int groups, const TextView *text,
                               const TextView *replacement, StrBuf *out) {
    const char *bytes = text_data(replacement);

    for (uint32_t i = 0; i < replacement->length; i++) {
        int group = -1;

        if (bytes[i] != '\\' || i + 1 >= replacement->length) {
            strbuf_append_char(out, bytes[i]);
            continue;
        }
        i++;
        if (bytes[i] >= '1' && bytes[i] <= '9')
            group = bytes[i] - '0';
        else if (bytes[i] == '&')
            group = 0;
        else if (bytes[i] == '\\')
            strbuf_append_char(out, '\\');
        else
            strbuf_printf(out, "\\%c", bytes[i]);
        if (group >= 0 && group < groups && match_begin(matcher, group) != PCRE2_UNSET)
            strbuf_append(out, text_data(text) + match_begin(matcher, group),
                          match_end(matcher, group) - match_begin(matcher, group));
    }
}

static Status replace_row(Matcher *matcher, const TextView *text, const TextView *replacement,
                          bool is_global, StrBuf *out, Error *err) {
    size_t done = 0;
    size_t from = 0;
    int groups = 0;

    while (from <= text->length) {
        TRY(matcher_match(matcher, text, from, &groups, err));
        if (groups == 0)
            break;
        strbuf_append(out, text_data(text) + done, match_begin(matcher, 0) - done);
        append_replacement(matcher, groups, text, replacement, out);
        done = match_end(matcher, 0);
        from = after_match(matcher, text);
        if (!is_global)
            break;
    }
    strbuf_append(out, text_data(text) + done, text->length - done);
    if (out->is_overflow)
        return error_set(err, PROGRAM_LIMIT_EXCEEDED, "requested length too large");
    return STATUS_OK;
}

static Status regex_replace(const KernelCall *call, Error *err) {
    CLEANUP(matcher_done) Matcher matcher = {0};
    CLEANUP(strbuf_done) StrBuf out = {.limit = LIMIT_RECORD_BYTES};

    KERNEL_FOR_EACH(call, row) {
        RegexFlags flags;

        TRY(call_flags(call, 3, row, true, &flags, err));
        TRY(matcher_use(&matcher, call, kernel_text(call, 1, row), flags, err));
        strbuf_clear(&out);
        TRY(replace_row(&matcher, kernel_text(call, 0, row), kernel_text(call, 2, row),
                        flags.is_global, &out, err));
        TRY(kernel_put_text(call, row, strbuf_text(&out), out.length, err));
    }
    return STATUS_OK;
}

/* clang-format off */
#define T TYPE_TEXT
#define I TYPE_INT4
#define MATCH_FUNCTIONS(L)                                                          \
    {"~", regex_match, TYPE_BOOL, 2, {L, T}, .prepare = prepare_match},             \
    {"!~", regex_not_match, TYPE_BOOL, 2, {L, T}, .prepare = prepare_match},        \
    {"~*", regex_imatch, TYPE_BOOL, 2, {L, T}, .prepare = prepare_imatch},          \
    {"!~*", regex_not_imatch, TYPE_BOOL, 2, {L, T}, .prepare = prepare_imatch}

static const Function regex_functions[] = {
    MATCH_FUNCTIONS(TYPE_TEXT),
    MATCH_FUNCTIONS(TYPE_BPCHAR),
    MATCH_FUNCTIONS(TYPE_NAME),
    {"regexp_like", regex_like, TYPE_BOOL, 2, {T, T}, .prepare = prepare_match},
    {"regexp_like", regex_like, TYPE_BOOL, 3, {T, T, T}},
    {"regexp_count", regex_count, TYPE_INT4, 2, {T, T}, .prepare = prepare_match},
    {"regexp_count", regex_count, TYPE_INT4, 3, {T, T, I}, .prepare = prepare_match},
    {"regexp_count", regex_count, TYPE_INT4, 4, {T, T, I, T}},
    {"regexp_substr", regex_substr, TYPE_TEXT, 2, {T, T}, .prepare = prepare_match},
    {"regexp_substr", regex_substr, TYPE_TEXT, 3, {T, T, I}, .prepare = prepare_match},
    {"regexp_substr", regex_substr, TYPE_TEXT, 4, {T, T, I, I}, .prepare = prepare_match},
    {"regexp_substr", regex_substr, TYPE_TEXT, 5, {T, T, I, I, T}},
    {"regexp_substr", regex_substr, TYPE_TEXT, 6, {T, T, I, I, T, I}},
    {"regexp_replace", regex_replace, TYPE_TEXT, 3, {T, T, T}, .prepare = prepare_match},
    {"regexp_replace", regex_replace, TYPE_TEXT, 4, {T, T, T, T}},
    {"substring", regex_substring, TYPE_TEXT, 2, {T, T}, .prepare = prepare_match},
    {"regexp_match", regex_match_groups, TYPE_ARRAY, 2, {T, T}, .prepare = prepare_match,
     .result_type = text_array},
    {"regexp_match", regex_match_groups, TYPE_ARRAY, 3, {T, T, T}, .result_type = text_array},
    {"regexp_matches_array", regex_all_matches, TYPE_ARRAY, 2, {T, T}, .flags = FUNCTION_INTERNAL,
     .prepare = prepare_match, .result_type = array_of_text_arrays},
    {"regexp_matches_array", regex_all_matches, TYPE_ARRAY, 3, {T, T, T},
     .flags = FUNCTION_INTERNAL, .result_type = array_of_text_arrays},
    {"regexp_split_to_array", regex_split, TYPE_ARRAY, 2, {T, T}, .prepare = prepare_match,
     .result_type = text_array},
    {"regexp_split_to_array", regex_split, TYPE_ARRAY, 3, {T, T, T}, .result_type = text_array},
};
/* clang-format on */

const FunctionFamily family_regex = {FAMILY_FUNCTIONS(regex_functions)};
