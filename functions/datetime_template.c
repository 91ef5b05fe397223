/* Templates of to_char and to_timestamp: PostgreSQL's patterns, prefixes and suffixes. */
#include "functions/datetime_template.h"

#include <ctype.h>

typedef struct Keyword {
    const char *text; /* matched as it is, or all in lower case */
    Pattern pattern;
    int8_t digits; /* of years and fractions; 1: the form with points of meridiem and era */
} Keyword;

/* clang-format off */
/* longer ones before those that they begin with */
static const Keyword keywords[] = {
    {"A.D.", PATTERN_ERA, 1}, {"A.M.", PATTERN_MERIDIEM, 1}, {"AD", PATTERN_ERA, 0},
    {"AM", PATTERN_MERIDIEM, 0}, {"B.C.", PATTERN_ERA, 1}, {"BC", PATTERN_ERA, 0},
    {"CC", PATTERN_CENTURY, 2}, {"DAY", PATTERN_DAY_NAME, 0}, {"DDD", PATTERN_DAY_OF_YEAR, 3},
    {"DD", PATTERN_DAY, 2}, {"DY", PATTERN_DAY_SHORT, 0}, {"D", PATTERN_WEEKDAY, 1},
    {"FF1", PATTERN_FRACTION, 1}, {"FF2", PATTERN_FRACTION, 2}, {"FF3", PATTERN_FRACTION, 3},
    {"FF4", PATTERN_FRACTION, 4}, {"FF5", PATTERN_FRACTION, 5}, {"FF6", PATTERN_FRACTION, 6},
    {"FX", PATTERN_NOTHING, 0}, {"HH24", PATTERN_HOUR_24, 2}, {"HH12", PATTERN_HOUR_12, 2},
    {"HH", PATTERN_HOUR_12, 2}, {"IDDD", PATTERN_ISO_DAY_OF_YEAR, 3},
    {"ID", PATTERN_ISO_WEEKDAY, 1}, {"IW", PATTERN_ISO_WEEK, 2}, {"IYYY", PATTERN_ISO_YEAR, 4},
    {"IYY", PATTERN_ISO_YEAR, 3}, {"IY", PATTERN_ISO_YEAR, 2}, {"I", PATTERN_ISO_YEAR, 1},
    {"J", PATTERN_JULIAN, 1}, {"MI", PATTERN_MINUTE, 2}, {"MM", PATTERN_MONTH, 2},
    {"MONTH", PATTERN_MONTH_NAME, 0}, {"MON", PATTERN_MONTH_SHORT, 0},
    {"MS", PATTERN_FRACTION, 3}, {"OF", PATTERN_OFFSET, 2}, {"P.M.", PATTERN_MERIDIEM, 1},
    {"PM", PATTERN_MERIDIEM, 0}, {"Q", PATTERN_QUARTER, 1}, {"RM", PATTERN_MONTH_ROMAN, 0},
    {"SSSSS", PATTERN_SECOND_OF_DAY, 1}, {"SSSS", PATTERN_SECOND_OF_DAY, 1},
    {"SS", PATTERN_SECOND, 2}, {"TZH", PATTERN_ZONE_HOUR, 2}, {"TZM", PATTERN_ZONE_MINUTE, 2},
    {"TZ", PATTERN_ZONE, 0}, {"US", PATTERN_FRACTION, 6}, {"WW", PATTERN_WEEK_OF_YEAR, 2},
    {"W", PATTERN_WEEK_OF_MONTH, 1}, {"Y,YYY", PATTERN_YEAR_COMMA, 0}, {"YYYY", PATTERN_YEAR, 4},
    {"YYY", PATTERN_YEAR, 3}, {"YY", PATTERN_YEAR, 2}, {"Y", PATTERN_YEAR, 1},
};
/* clang-format on */

static bool has_prefix(const char *at, const char *end, const char *upper, const char *lower) {
    size_t length = strlen(upper);

    return (size_t) (end - at) >= length &&
           (memcmp(at, upper, length) == 0 || memcmp(at, lower, length) == 0);
}

/* Does the keyword stand here: in capitals, in lower case, or as "Month"? */
static bool keyword_matches(const Keyword *keyword, const char *at, const char *end,
                            LetterCase *ret_letters) {
    size_t length = strlen(keyword->text);
    bool is_upper = true, is_lower = true, is_capital = true;

    if ((size_t) (end - at) < length)
        return false;
    for (size_t i = 0; i < length; i++) {
        char upper = keyword->text[i];
        char lower = (char) tolower((unsigned char) upper);

        is_upper &= at[i] == upper;
        is_lower &= at[i] == lower;
        is_capital &= at[i] == (i == 0 ? upper : lower);
    }
    is_capital &= keyword->pattern == PATTERN_DAY_NAME || keyword->pattern == PATTERN_DAY_SHORT ||
                  keyword->pattern == PATTERN_MONTH_NAME || keyword->pattern == PATTERN_MONTH_SHORT;
    *ret_letters = is_upper ? CASE_UPPER : is_lower ? CASE_LOWER : CASE_CAPITAL;
    return is_upper || is_lower || is_capital;
}

/* The pattern at *cursor, with one prefix and suffix; false: none starts here. A prefix is dropped
 * even then, as in PostgreSQL. */
static bool read_pattern(const char **cursor, const char *end, Node *ret_node) {
    const char *at = *cursor;
    Node node = {0};

    if (has_prefix(at, end, "FM", "fm") || has_prefix(at, end, "TM", "tm")) {
        node.is_bare = *at == 'F' || *at == 'f';
        node.is_name_bare = true;
        at += 2;
    }
    *cursor = at;
    for (size_t i = 0; i < ARRAY_LENGTH(keywords); i++) {
        if (!keyword_matches(&keywords[i], at, end, &node.letters))
            continue;
        node.pattern = keywords[i].pattern;
        node.digits = keywords[i].digits;
        node.text = at;
        node.length = (uint32_t) strlen(keywords[i].text);
        at += node.length;
        if (has_prefix(at, end, "TH", "th"))
            node.ordinal = *at;
        if (has_prefix(at, end, "TH", "th") || has_prefix(at, end, "SP", "sp"))
            at += 2;
        *cursor = at;
        *ret_node = node;
        return true;
    }
    return false;
}

static void add_literal(Template *template, const char *at, bool is_quoted) {
    template->nodes[template->count++] =
        (Node) {.pattern = PATTERN_LITERAL, .is_quoted = is_quoted, .text = at, .length = 1};
}

/* "…": all of it is literal; a backslash takes the next character. */
static const char *read_quoted(Template *template, const char *at, const char *end) {
    while (at < end && *at != '"') {
        if (*at == '\\' && at + 1 < end)
            at++;
        add_literal(template, at++, true);
    }
    return at < end ? at + 1 : at;
}

/* At most a node a byte. */
Status template_compile(const KernelCall *call, uint32_t row, Template *ret_template, Error *err) {
    const TextView *format = kernel_text(call, 1, row);
    const char *at = text_data(format);
    const char *end = at + format->length;

    if (ret_template->is_ready)
        return STATUS_OK;
    ret_template->count = 0;
    ret_template->nodes = arena_try_alloc(call->arena, (format->length + 1) * sizeof(Node));
    if (!ret_template->nodes)
        return error_set(err, PROGRAM_LIMIT_EXCEEDED, "requested length too large");
    while (at < end) {
        if (read_pattern(&at, end, &ret_template->nodes[ret_template->count])) {
            ret_template->count++;
        } else if (at == end) {
            break;
        } else if (*at == '"') {
            at = read_quoted(ret_template, at + 1, end);
        } else {
            if (*at == '\\' && at + 1 < end && at[1] == '"')
                at++;
            add_literal(ret_template, at++, false);
        }
    }
    ret_template->is_ready = call->arguments[1].encoding == COLUMN_CONSTANT;
    return STATUS_OK;
}
