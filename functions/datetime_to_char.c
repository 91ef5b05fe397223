/* to_char(timestamp | timestamptz | interval, format): PostgreSQL's template patterns, in English.
 *
 * A format is compiled to nodes, once a batch when it is constant. Names of months and days are
 * padded and numbers filled with zeros unless the pattern has the prefix FM. */
#include "functions/datetime_kernel.h"
#include "types/datetime_unit.h"

#include <ctype.h>

typedef enum Pattern {
    PATTERN_LITERAL,
    PATTERN_MERIDIEM,
    PATTERN_ERA,
    PATTERN_CENTURY,
    PATTERN_DAY_NAME,
    PATTERN_DAY_SHORT,
    PATTERN_DAY_OF_YEAR,
    PATTERN_DAY,
    PATTERN_WEEKDAY,
    PATTERN_FRACTION,
    PATTERN_NOTHING, /* FX */
    PATTERN_HOUR_12,
    PATTERN_HOUR_24,
    PATTERN_ISO_DAY_OF_YEAR,
    PATTERN_ISO_WEEKDAY,
    PATTERN_ISO_WEEK,
    PATTERN_ISO_YEAR,
    PATTERN_JULIAN,
    PATTERN_MINUTE,
    PATTERN_MONTH,
    PATTERN_MONTH_NAME,
    PATTERN_MONTH_SHORT,
    PATTERN_MONTH_ROMAN,
    PATTERN_OFFSET,
    PATTERN_QUARTER,
    PATTERN_SECOND,
    PATTERN_SECOND_OF_DAY,
    PATTERN_ZONE,
    PATTERN_ZONE_HOUR,
    PATTERN_ZONE_MINUTE,
    PATTERN_WEEK_OF_YEAR,
    PATTERN_WEEK_OF_MONTH,
    PATTERN_YEAR,
    PATTERN_YEAR_COMMA,
} Pattern;

typedef enum LetterCase { CASE_UPPER, CASE_LOWER, CASE_CAPITAL } LetterCase;

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

typedef struct Node {
    Pattern pattern;
    LetterCase letters;
    int8_t digits;
    bool is_bare;      /* FM */
    bool is_name_bare; /* TM too: names without padding */
    char ordinal;      /* 'T': TH, 't': th, 0: none */
    const char *text;  /* PATTERN_LITERAL, or what named the pattern; borrowed from the format */
    uint32_t length;
} Node;

typedef struct Template {
    Node *nodes;
    uint32_t count;
    bool is_ready;
} Template;

/* -------- compiling -------- */

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

static void add_literal(Template *template, const char *at) {
    template->nodes[template->count++] =
        (Node) {.pattern = PATTERN_LITERAL, .text = at, .length = 1};
}

/* "…": all of it is literal; a backslash takes the next character. */
static const char *read_quoted(Template *template, const char *at, const char *end) {
    while (at < end && *at != '"') {
        if (*at == '\\' && at + 1 < end)
            at++;
        add_literal(template, at++);
    }
    return at < end ? at + 1 : at;
}

/* At most a node a byte. */
static Status compile_format(const KernelCall *call, uint32_t row, Template *ret_template,
                             Error *err) {
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
            add_literal(ret_template, at++);
        }
    }
    ret_template->is_ready = call->arguments[1].encoding == COLUMN_CONSTANT;
    return STATUS_OK;
}

/* -------- what is printed -------- */

typedef struct Printed {
    CivilTime civil; /* an interval's hours may be any number */
    int64_t hours;
    int64_t days; /* since 2000-01-01 */
    bool is_interval;
    int32_t offset;
    const char *abbreviation; /* "" without a zone */
} Printed;

static const char *const month_names[] = {"January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December"};
static const char *const day_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};
static const char *const roman_months[] = {"I",   "II",   "III", "IV", "V",  "VI",
                                           "VII", "VIII", "IX",  "X",  "XI", "XII"};

/* `width` characters of the name at least, `length` at most. */
static void put_name(StrBuf *out, const Node *node, const char *name, size_t length, int width) {
    size_t start = out->length;
    size_t used = strlen(name) < length ? strlen(name) : length;
    bool is_bare = node->pattern == PATTERN_MONTH_ROMAN ? node->is_bare : node->is_name_bare;

    strbuf_append(out, name, used);
    for (size_t i = start; i < out->length && node->letters != CASE_CAPITAL; i++)
        out->data[i] = (char) (node->letters == CASE_UPPER ? toupper((unsigned char) out->data[i])
                                                           : tolower((unsigned char) out->data[i]));
    if (!is_bare && (size_t) width > used)
        strbuf_append_fill(out, ' ', (size_t) width - used);
}

static const char *ordinal_suffix(int64_t number) {
    int64_t tens = (number < 0 ? -number : number) % 100;

    if (tens / 10 == 1)
        return "TH";
    return tens % 10 == 1 ? "ST" : tens % 10 == 2 ? "ND" : tens % 10 == 3 ? "RD" : "TH";
}

static void put_ordinal(StrBuf *out, const Node *node, int64_t number) {
    const char *suffix = ordinal_suffix(number);

    for (int i = 0; i < 2 && node->ordinal; i++)
        strbuf_append_char(out, node->ordinal == 'T' ? suffix[i]
                                                     : (char) tolower((unsigned char) suffix[i]));
}

/* With zeros up to the pattern's digits, a sign beside them. */
static void put_number(StrBuf *out, const Node *node, int64_t number, int digits) {
    int width = node->is_bare ? 0 : digits + (number < 0);

    strbuf_printf(out, "%0*lld", width, (long long) number);
    put_ordinal(out, node, number);
}

static int64_t shown_year(const Printed *value, int64_t year) {
    return value->is_interval || year > 0 ? year : 1 - year;
}

/* 1…4 digits of a year */
static void put_year(StrBuf *out, const Node *node, int64_t year) {
    static const int64_t powers[] = {1, 10, 100, 1000};

    put_number(out, node, node->digits == 4 ? year : year % powers[node->digits], node->digits);
}

static int64_t extracted(DateTimeUnit unit, int64_t days) {
    const UnitWord word = {.unit = unit};
    ExtractResult result = {0};
    Error err;

    IGNORE(date_extract(&word, (int32_t) days, &result, &err)); /* all units here are a date's */
    return (int64_t) result.number;
}

static int64_t iso_year(const Printed *value) {
    int64_t year = extracted(UNIT_ISO_YEAR, value->days);

    return year < 0 ? -year : year;
}

static int64_t century(const Printed *value) {
    int64_t year = value->civil.year;

    if (value->is_interval)
        return year / 100;
    return year > 0 ? (year - 1) / 100 + 1 : year / 100 - 1;
}

static void put_zone(StrBuf *out, const Node *node, const Printed *value) {
    int32_t magnitude = value->offset < 0 ? -value->offset : value->offset;

    switch (node->pattern) {
    case PATTERN_ZONE:
        put_name(out, node, value->abbreviation, strlen(value->abbreviation), 0);
        break;
    case PATTERN_ZONE_HOUR:
        strbuf_printf(out, "%c%02d", value->offset < 0 ? '-' : '+', magnitude / 3600);
        break;
    case PATTERN_ZONE_MINUTE:
        strbuf_printf(out, "%02d", magnitude / 60 % 60);
        break;
    default:
        strbuf_printf(out, "%c%0*d", value->offset < 0 ? '-' : '+', node->is_bare ? 0 : 2,
                      magnitude / 3600);
        if (magnitude % 3600)
            strbuf_printf(out, ":%02d", magnitude / 60 % 60);
        break;
    }
}

/* Patterns of the clock; false: it is none of them. */
static bool put_clock(StrBuf *out, const Node *node, const Printed *value) {
    static const int32_t divisors[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    const CivilTime *civil = &value->civil;

    switch (node->pattern) {
    case PATTERN_MERIDIEM: {
        bool is_pm = value->hours % 24 >= 12;

        put_name(out, node, node->digits ? (is_pm ? "P.M." : "A.M.") : (is_pm ? "PM" : "AM"), 4, 0);
        return true;
    }
    case PATTERN_HOUR_12:
        put_number(out, node, value->hours % 12 == 0 ? 12 : value->hours % 12, 2);
        return true;
    case PATTERN_HOUR_24:
        put_number(out, node, value->hours, 2);
        return true;
    case PATTERN_MINUTE:
        put_number(out, node, civil->minute, 2);
        return true;
    case PATTERN_SECOND:
        put_number(out, node, civil->second, 2);
        return true;
    case PATTERN_FRACTION: {
        Node filled = *node;

        filled.is_bare = false;
        put_number(out, &filled, civil->microsecond / divisors[node->digits], node->digits);
        return true;
    }
    case PATTERN_SECOND_OF_DAY:
        put_number(out, node, (value->hours * 60 + civil->minute) * 60 + civil->second, 1);
        return true;
    default:
        return false;
    }
}

/* Of an interval, all its days. */
static int64_t day_of_year(const Printed *value) {
    return value->is_interval ? value->days : extracted(UNIT_DAY_OF_YEAR, value->days);
}

/* Intervals count months from 0 or down from it: 12 months are a year and no month. */
static void put_roman_month(StrBuf *out, const Node *node, const CivilTime *civil) {
    int32_t index = civil->month > 0   ? civil->month - 1
                    : civil->month < 0 ? 12 + civil->month
                    : civil->year >= 0 ? 11
                                       : 0;

    if (civil->month || civil->year)
        put_name(out, node, roman_months[index], 4, 4);
}

/* Patterns of the calendar that intervals have too. */
static bool put_span(StrBuf *out, const Node *node, const Printed *value) {
    const CivilTime *civil = &value->civil;
    int64_t year = shown_year(value, civil->year);

    switch (node->pattern) {
    case PATTERN_CENTURY: {
        int64_t number = century(value);

        put_number(out, node, number, number <= 99 && number >= -99 ? 2 : 1);
        return true;
    }
    case PATTERN_DAY_OF_YEAR:
        put_number(out, node, day_of_year(value), 3);
        return true;
    case PATTERN_DAY:
        put_number(out, node, civil->day, 2 - (civil->day < 0));
        return true;
    case PATTERN_JULIAN:
        put_number(out, node, value->days + DATETIME_EPOCH_JULIAN, 1);
        return true;
    case PATTERN_MONTH:
        put_number(out, node, civil->month, 2);
        return true;
    case PATTERN_MONTH_ROMAN:
        put_roman_month(out, node, civil);
        return true;
    case PATTERN_QUARTER:
        if (civil->month)
            put_number(out, node, (civil->month - 1) / 3 + 1, 1);
        return true;
    case PATTERN_WEEK_OF_YEAR:
        put_number(out, node, (day_of_year(value) - 1) / 7 + 1, 2);
        return true;
    case PATTERN_WEEK_OF_MONTH:
        put_number(out, node, (civil->day - 1) / 7 + 1, 1);
        return true;
    case PATTERN_YEAR:
        put_year(out, node, year);
        return true;
    case PATTERN_YEAR_COMMA:
        strbuf_printf(out, "%lld,%03lld", (long long) (year / 1000), (long long) (year % 1000));
        put_ordinal(out, node, year);
        return true;
    default:
        return false;
    }
}

/* Patterns that need a date. */
static void put_date(StrBuf *out, const Node *node, const Printed *value) {
    const CivilTime *civil = &value->civil;

    switch (node->pattern) {
    case PATTERN_ERA:
        put_name(out, node,
                 node->digits ? (civil->year <= 0 ? "B.C." : "A.D.")
                              : (civil->year <= 0 ? "BC" : "AD"),
                 4, 0);
        break;
    case PATTERN_DAY_NAME:
        put_name(out, node, day_names[date_weekday(value->days)], 9, 9);
        break;
    case PATTERN_DAY_SHORT:
        put_name(out, node, day_names[date_weekday(value->days)], 3, 3);
        break;
    case PATTERN_MONTH_NAME:
        put_name(out, node, month_names[civil->month - 1], 9, 9);
        break;
    case PATTERN_MONTH_SHORT:
        put_name(out, node, month_names[civil->month - 1], 3, 3);
        break;
    case PATTERN_WEEKDAY:
        put_number(out, node, date_weekday(value->days) + 1, 1);
        break;
    case PATTERN_ISO_WEEKDAY:
        put_number(out, node, extracted(UNIT_ISO_DAY_OF_WEEK, value->days), 1);
        break;
    case PATTERN_ISO_WEEK:
        put_number(out, node, extracted(UNIT_WEEK, value->days), 2);
        break;
    case PATTERN_ISO_DAY_OF_YEAR:
        put_number(out, node,
                   (extracted(UNIT_WEEK, value->days) - 1) * 7 +
                       extracted(UNIT_ISO_DAY_OF_WEEK, value->days),
                   3);
        break;
    case PATTERN_ISO_YEAR:
        put_year(out, node, iso_year(value));
        break;
    default:
        put_zone(out, node, value);
        break;
    }
}

static Status put_template(const Template *template, const Printed *value, StrBuf *out,
                           Error *err) {
    for (uint32_t i = 0; i < template->count; i++) {
        const Node *node = &template->nodes[i];

        if (node->pattern == PATTERN_LITERAL) {
            strbuf_append(out, node->text, node->length);
        } else if (node->pattern != PATTERN_NOTHING && !put_clock(out, node, value) &&
                   !put_span(out, node, value)) {
            if (value->is_interval) {
                error_set(err, INVALID_DATETIME_FORMAT,
                          "invalid format specification for an interval value");
                return error_hint(err, "Intervals are not tied to specific calendar dates.");
            }
            put_date(out, node, value);
        }
    }
    return STATUS_OK;
}

/* -------- kernels -------- */

static Printed printed_timestamp(int64_t micros, const TimeZone *zone) {
    Printed value = {.abbreviation = ""};

    if (zone) {
        value.offset = timezone_offset_at(zone, micros, &value.abbreviation);
        micros += value.offset * DATETIME_SECOND_US;
    }
    value.civil = timestamp_to_civil(micros);
    value.hours = value.civil.hour;
    value.days = datetime_floor_div(micros, DATETIME_DAY_US);
    return value;
}

static Printed printed_interval(Interval interval) {
    return (Printed) {.is_interval = true,
                      .abbreviation = "",
                      .hours = interval.micros / DATETIME_HOUR_US,
                      .days = (int64_t) interval.months * 30 + interval.days,
                      .civil = {.year = interval.months / 12,
                                .month = interval.months % 12,
                                .day = interval.days,
                                .minute = (int32_t) (interval.micros / DATETIME_MINUTE_US % 60),
                                .second = (int32_t) (interval.micros / DATETIME_SECOND_US % 60),
                                .microsecond = (int32_t) (interval.micros % DATETIME_SECOND_US)}};
}

/* An infinite time and an empty format give NULL. */
static Status to_char(const KernelCall *call, Error *err) {
    TypeId type = call->arguments[0].type.id;
    const TimeZone *zone = type == TYPE_TIMESTAMPTZ ? kernel_zone(call) : NULL;
    CLEANUP(strbuf_done) StrBuf out = {0};
    Template template = {0};

    KERNEL_FOR_EACH(call, row) {
        Printed value;

        TRY(compile_format(call, row, &template, err));
        if (template.count == 0 || (type != TYPE_INTERVAL &&
                                    !timestamp_is_finite(KERNEL_ARGUMENT(call, 0, int64_t, row)))) {
            kernel_set_null(call, row);
            continue;
        }
        value = type == TYPE_INTERVAL
                    ? printed_interval(KERNEL_ARGUMENT(call, 0, Interval, row))
                    : printed_timestamp(KERNEL_ARGUMENT(call, 0, int64_t, row), zone);
        strbuf_clear(&out);
        TRY(put_template(&template, &value, &out, err));
        TRY(kernel_put_text(call, row, strbuf_text(&out), out.length, err));
    }
    return STATUS_OK;
}

static const Function to_char_functions[] = {
    {"to_char", to_char, TYPE_TEXT, 2, {TYPE_TIMESTAMP, TYPE_TEXT}},
    {"to_char",
     to_char,
     TYPE_TEXT,
     2,
     {TYPE_TIMESTAMPTZ, TYPE_TEXT},
     .volatility = VOLATILITY_STABLE},
    {"to_char", to_char, TYPE_TEXT, 2, {TYPE_INTERVAL, TYPE_TEXT}},
};

const FunctionFamily family_datetime_to_char = {FAMILY_FUNCTIONS(to_char_functions)};
