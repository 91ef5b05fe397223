/* to_char(timestamp | timestamptz | interval, format): PostgreSQL's template patterns, in English.
 *
 * A format is compiled to nodes, once a batch when it is constant. Names of months and days are
 * padded and numbers filled with zeros unless the pattern has the prefix FM. */
#include "functions/datetime_template.h"
#include "types/datetime_unit.h"

#include <ctype.h>

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

        TRY(template_compile(call, row, &template, err));
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
