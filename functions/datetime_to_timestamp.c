/* to_timestamp(text, format) and to_date(text, format): the template patterns of to_char, read.
 *
 * As in PostgreSQL, blanks before a field and differing separators are forgiven, a field takes its
 * usual digits or, before a separator, all there are, and what is missing is the first of its kind
 * (month 1, day 1, midnight). */
#include "functions/datetime_template.h"

#include <ctype.h>
#include <strings.h>

typedef struct Reader {
    const char *at;
    const char *end;
    const Node *node; /* under way */
    const Node *nodes_end;
    int skipped; /* blanks and separators beyond the format's */
    bool is_fixed;

    int64_t year, month, day, year_day, julian;
    int64_t hour, minute, second, microsecond, second_of_day;
    int64_t zone_hour, zone_minute, century;
    int zone_sign;
    uint64_t seen; /* a bit a pattern */
    bool is_short_year;
    bool is_pm, is_bc;
} Reader;

static bool is_seen(const Reader *reader, Pattern pattern) {
    return (reader->seen >> pattern) & 1;
}

static Status bad_value(const Reader *reader, size_t length, const char *detail, Error *err) {
    size_t left = (size_t) (reader->end - reader->at);

    length = length < left ? length : left;
    error_set(err, INVALID_DATETIME_FORMAT, "invalid value \"%.*s\" for \"%.*s\"", (int) length,
              reader->at, (int) reader->node->length, reader->node->text);
    return error_detail(err, "%s", detail);
}

static Status bad_name(const Reader *reader, Error *err) {
    size_t length = 0;

    while (reader->at + length < reader->end && !isspace((unsigned char) reader->at[length]))
        length++;
    return bad_value(reader, length < 64 ? length : 64,
                     "The given value did not match any of the allowed values for this field.",
                     err);
}

static Status number_too_large(const Reader *reader, Error *err) {
    error_set(err, DATETIME_FIELD_OVERFLOW, "value for \"%.*s\" in source string is out of range",
              (int) reader->node->length, reader->node->text);
    return error_detail(err, "Value must be in the range -2147483648 to 2147483647.");
}

/* Does the next node end a number: a separator, or nothing? */
static bool is_before_separator(const Reader *reader) {
    const Node *next = reader->node + 1;

    if (reader->node->ordinal || next == reader->nodes_end)
        return true;
    if (next->pattern == PATTERN_LITERAL)
        return !isdigit((unsigned char) *next->text);
    return next->digits == 0; /* a name */
}

/* Up to `digits` digits, or all before a separator; with a sign. */
static Status read_number(Reader *reader, size_t digits, int64_t *ret_number, size_t *ret_length,
                          Error *err) {
    bool takes_all = reader->node->is_bare || is_before_separator(reader);
    const char *at = reader->at;
    bool is_negative = false;
    int64_t number = 0;
    size_t count = 0;

    if (at < reader->end && (*at == '-' || *at == '+'))
        is_negative = *at++ == '-';
    while (at + count < reader->end && isdigit((unsigned char) at[count]) &&
           (takes_all || count < digits)) {
        number = number * 10 + (at[count++] - '0');
        if (number > INT32_MAX)
            return number_too_large(reader, err);
    }
    if (count == 0)
        return bad_value(reader, digits, "Value must be an integer.", err);
    reader->at = at + count;
    if (reader->node->ordinal && reader->end - reader->at >= 2)
        reader->at += 2;
    *ret_number = is_negative ? -number : number;
    *ret_length = count;
    return STATUS_OK;
}

/* The name that stands here, whole or its first three letters; its index. */
static Status read_name(Reader *reader, const char *const *names, int count, bool is_short,
                        int64_t *ret_index, Error *err) {
    size_t left = (size_t) (reader->end - reader->at);

    for (int i = 0; i < count; i++) {
        size_t length = is_short ? 3 : strlen(names[i]);

        if (left >= length && strncasecmp(reader->at, names[i], length) == 0) {
            reader->at += length;
            *ret_index = i;
            return STATUS_OK;
        }
    }
    return bad_name(reader, err);
}

static Status read_year(Reader *reader, Error *err) {
    size_t length;

    TRY(read_number(reader, (size_t) reader->node->digits, &reader->year, &length, err));
    reader->is_short_year = reader->node->digits < 4 && length < 4;
    if (reader->is_short_year) {
        int64_t year = reader->year;

        reader->year += year < 70 ? 2000 : year < 100 ? 1900 : year < 520 ? 2000 : 1000;
    }
    return STATUS_OK;
}

/* "1,582" */
static Status read_year_with_comma(Reader *reader, Error *err) {
    Node without_suffix = *reader->node;
    const Node *node = reader->node;
    int64_t thousands;
    size_t length;
    Status status;

    without_suffix.ordinal = 0;
    reader->node = &without_suffix;
    without_suffix.is_bare = true;
    status = read_number(reader, 4, &thousands, &length, err);
    reader->node = node;
    TRY(status);
    if (reader->at == reader->end || *reader->at != ',')
        return bad_name(reader, err);
    reader->at++;
    TRY(read_number(reader, 3, &reader->year, &length, err));
    reader->year += thousands * 1000;
    reader->seen |= (uint64_t) 1 << PATTERN_YEAR;
    return STATUS_OK;
}

/* "5" of MS is 500 milliseconds. */
static Status read_fraction(Reader *reader, Error *err) {
    size_t digits = (size_t) reader->node->digits;
    size_t length;
    int64_t number;

    TRY(read_number(reader, digits, &number, &length, err));
    for (; length < 6; length++)
        number *= 10;
    for (; length > 6; length--)
        number = (number + 5) / 10;
    reader->microsecond = number;
    return STATUS_OK;
}

static Status read_zone_hour(Reader *reader, Error *err) {
    size_t length;

    reader->zone_sign = 1;
    if (reader->at < reader->end && (*reader->at == '+' || *reader->at == '-'))
        reader->zone_sign = *reader->at++ == '-' ? -1 : 1;
    return read_number(reader, 2, &reader->zone_hour, &length, err);
}

/* Two words, with or without points; *ret_second: the second one stands here. */
static Status read_choice(Reader *reader, const char *const words[2], bool *ret_second,
                          Error *err) {
    size_t length = strlen(words[0]);

    for (int i = 0; i < 2; i++)
        if ((size_t) (reader->end - reader->at) >= length &&
            strncasecmp(reader->at, words[i], length) == 0) {
            reader->at += length;
            *ret_second = i == 1;
            return STATUS_OK;
        }
    return bad_name(reader, err);
}

static Status read_word(Reader *reader, Error *err) {
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
    static const char *const roman[] = {"VIII", "VII", "III", "XII", "VI", "IV",
                                        "II",   "IX",  "XI",  "V",   "I",  "X"};
    static const int8_t roman_months[] = {8, 7, 3, 12, 6, 4, 2, 9, 11, 5, 1, 10};
    static const char *const meridiems[2][2] = {{"am", "pm"}, {"a.m.", "p.m."}};
    static const char *const eras[2][2] = {{"ad", "bc"}, {"a.d.", "b.c."}};
    const Node *node = reader->node;
    int64_t index = 0;

    switch (node->pattern) {
    case PATTERN_MERIDIEM:
        return read_choice(reader, meridiems[node->digits], &reader->is_pm, err);
    case PATTERN_ERA:
        return read_choice(reader, eras[node->digits], &reader->is_bc, err);
    case PATTERN_MONTH_NAME:
    case PATTERN_MONTH_SHORT:
        TRY(read_name(reader, months, 12, node->pattern == PATTERN_MONTH_SHORT, &reader->month,
                      err));
        reader->month++;
        return STATUS_OK;
    case PATTERN_MONTH_ROMAN: /* the longer before those that they begin with */
        TRY(read_name(reader, roman, 12, false, &index, err));
        reader->month = roman_months[index];
        return STATUS_OK;
    case PATTERN_DAY_NAME:
    case PATTERN_DAY_SHORT:
        return read_name(reader, days, 7, node->pattern == PATTERN_DAY_SHORT, &index, err);
    default:
        return error_set(err, FEATURE_NOT_SUPPORTED,
                         "formatting field \"%.*s\" is not supported in to_timestamp",
                         (int) node->length, node->text);
    }
}

/* Where the number of a pattern goes; NULL: it is none that stands alone. */
static int64_t *number_place(Reader *reader) {
    switch (reader->node->pattern) {
    case PATTERN_CENTURY:
        return &reader->century;
    case PATTERN_DAY_OF_YEAR:
        return &reader->year_day;
    case PATTERN_DAY:
        return &reader->day;
    case PATTERN_HOUR_12:
    case PATTERN_HOUR_24:
        return &reader->hour;
    case PATTERN_JULIAN:
        return &reader->julian;
    case PATTERN_MINUTE:
        return &reader->minute;
    case PATTERN_MONTH:
        return &reader->month;
    case PATTERN_SECOND:
        return &reader->second;
    case PATTERN_SECOND_OF_DAY:
        return &reader->second_of_day;
    case PATTERN_ZONE_MINUTE:
        return &reader->zone_minute;
    default:
        return NULL;
    }
}

static size_t number_digits(const Node *node) {
    return node->pattern == PATTERN_JULIAN          ? 9
           : node->pattern == PATTERN_SECOND_OF_DAY ? 5
                                                    : (size_t) node->digits;
}

static Status read_field(Reader *reader, Error *err) {
    int64_t *place = number_place(reader);
    size_t length;

    reader->seen |= (uint64_t) 1 << reader->node->pattern;
    if (place)
        return read_number(reader, number_digits(reader->node), place, &length, err);
    switch (reader->node->pattern) {
    case PATTERN_NOTHING:
        reader->is_fixed = true;
        return STATUS_OK;
    case PATTERN_YEAR:
        return read_year(reader, err);
    case PATTERN_YEAR_COMMA:
        return read_year_with_comma(reader, err);
    case PATTERN_FRACTION:
        return read_fraction(reader, err);
    case PATTERN_ZONE_HOUR:
        return read_zone_hour(reader, err);
    default:
        return read_word(reader, err);
    }
}

static bool is_separator(char character) {
    return character > 0x20 && character < 0x7f && !isalnum((unsigned char) character);
}

/* A literal of the format: separators match any or none, other characters one of the text. */
static void skip_literal(Reader *reader) {
    const Node *node = reader->node;
    bool is_loose =
        !node->is_quoted && (isspace((unsigned char) *node->text) || is_separator(*node->text));

    if (reader->at == reader->end)
        return;
    if (reader->is_fixed) {
        reader->at++;
    } else if (is_loose) {
        reader->skipped--;
        if (isspace((unsigned char) *reader->at) || is_separator(*reader->at)) {
            reader->at++;
            reader->skipped++;
        }
    } else if (reader->skipped > 0) {
        reader->skipped--;
    } else {
        reader->at++;
    }
}

static Status read_all(Reader *reader, Error *err) {
    for (; reader->node < reader->nodes_end && reader->at < reader->end; reader->node++) {
        if (reader->node->pattern == PATTERN_LITERAL) {
            skip_literal(reader);
            continue;
        }
        while (!reader->is_fixed && reader->at < reader->end &&
               isspace((unsigned char) *reader->at)) {
            reader->at++;
            reader->skipped++;
        }
        TRY(read_field(reader, err));
    }
    return STATUS_OK;
}

static Status out_of_range(const TextView *text, Error *err) {
    return error_set(err, DATETIME_FIELD_OVERFLOW, "date/time field value out of range: \"%.*s\"",
                     text->length > 256 ? 256 : (int) text->length, text_data(text));
}

/* Hours by the twelve-hour clock, seconds of the day. */
static Status finish_time(Reader *reader, Error *err) {
    if (is_seen(reader, PATTERN_SECOND_OF_DAY)) {
        reader->hour = reader->second_of_day / 3600;
        reader->minute = reader->second_of_day / 60 % 60;
        reader->second = reader->second_of_day % 60;
    }
    if (is_seen(reader, PATTERN_HOUR_12)) {
        if (reader->hour < 1 || reader->hour > 12) {
            error_set(err, INVALID_DATETIME_FORMAT, "hour \"%d\" is invalid for the 12-hour clock",
                      (int) reader->hour);
            return error_hint(err, "Use the 24-hour clock, or give an hour between 1 and 12.");
        }
        if (reader->is_pm && reader->hour < 12)
            reader->hour += 12;
        else if (!reader->is_pm && reader->hour == 12)
            reader->hour = 0;
    }
    return STATUS_OK;
}

/* Days since 2000-01-01; false: no such date. */
static bool finish_date(const Reader *reader, int64_t *ret_days) {
    bool has_year = is_seen(reader, PATTERN_YEAR);
    int64_t year = has_year ? reader->year : 0;
    int64_t month = reader->month ? reader->month : 1;
    int64_t day = is_seen(reader, PATTERN_DAY) ? reader->day : 1;

    if (is_seen(reader, PATTERN_JULIAN)) {
        *ret_days = reader->julian - DATETIME_EPOCH_JULIAN;
        return true;
    }
    if (is_seen(reader, PATTERN_CENTURY) && has_year && year % 100 == 0)
        year = reader->century * 100;
    else if (is_seen(reader, PATTERN_CENTURY))
        year =
            has_year ? (reader->century - 1) * 100 + year % 100 : (reader->century - 1) * 100 + 1;
    if (reader->is_bc && year > 0)
        year = 1 - year;
    else if (year < 0)
        year++;
    if (is_seen(reader, PATTERN_DAY_OF_YEAR)) {
        *ret_days = date_from_civil(year, 1, 1) + reader->year_day - 1;
        return reader->year_day >= 1 && reader->year_day <= 365 + date_is_leap_year(year);
    }
    if (month < 1 || month > 12 || day < 1 || day > date_days_in_month(year, (int32_t) month))
        return false;
    *ret_days = date_from_civil(year, (int32_t) month, (int32_t) day);
    return true;
}

typedef struct Parsed {
    int64_t days;
    int64_t micros; /* of the day */
    int64_t offset_seconds;
    bool has_offset;
} Parsed;

static Status parse_template(const TextView *text, const Template *template, Parsed *ret_parsed,
                             Error *err) {
    const char *bytes = text_data(text);
    Reader reader = {.at = bytes,
                     .end = bytes + text->length,
                     .node = template->nodes,
                     .nodes_end = template->nodes + template->count};

    TRY(read_all(&reader, err));
    TRY(finish_time(&reader, err));
    if (!finish_date(&reader, &ret_parsed->days) || reader.hour < 0 || reader.hour > 23 ||
        reader.minute < 0 || reader.minute > 59 || reader.second < 0 || reader.second > 59)
        return out_of_range(text, err);
    if (reader.zone_hour < 0 || reader.zone_hour > 15 || reader.zone_minute < 0 ||
        reader.zone_minute > 59)
        return error_set(err, INVALID_TIME_ZONE_DISPLACEMENT,
                         "time zone displacement out of range: \"%.*s\"",
                         text->length > 256 ? 256 : (int) text->length, text_data(text));
    ret_parsed->micros =
        ((reader.hour * 60 + reader.minute) * 60 + reader.second) * DATETIME_SECOND_US +
        reader.microsecond;
    ret_parsed->has_offset =
        is_seen(&reader, PATTERN_ZONE_HOUR) || is_seen(&reader, PATTERN_ZONE_MINUTE);
    ret_parsed->offset_seconds =
        (reader.zone_hour * 60 + reader.zone_minute) * 60 * (reader.zone_sign < 0 ? -1 : 1);
    return STATUS_OK;
}

static Status to_timestamp(const KernelCall *call, Error *err) {
    int64_t *restrict out = KERNEL_RESULT(call, int64_t);
    Template template = {0};

    KERNEL_FOR_EACH(call, row) {
        const TextView *text = kernel_text(call, 0, row);
        Parsed parsed = {0};
        int64_t micros;

        TRY(template_compile(call, row, &template, err));
        TRY(parse_template(text, &template, &parsed, err));
        if (parsed.days < DATE_MIN || parsed.days >= TIMESTAMP_END / DATETIME_DAY_US)
            return out_of_range(text, err);
        micros = parsed.days * DATETIME_DAY_US + parsed.micros;
        micros = parsed.has_offset ? micros - parsed.offset_seconds * DATETIME_SECOND_US
                                   : timezone_local_to_utc(kernel_zone(call), micros);
        if (!timestamp_is_in_range(micros))
            return error_set(err, DATETIME_FIELD_OVERFLOW, "timestamp out of range");
        out[row] = micros;
    }
    return STATUS_OK;
}

static Status to_date(const KernelCall *call, Error *err) {
    int32_t *restrict out = KERNEL_RESULT(call, int32_t);
    Template template = {0};

    KERNEL_FOR_EACH(call, row) {
        const TextView *text = kernel_text(call, 0, row);
        Parsed parsed = {0};

        TRY(template_compile(call, row, &template, err));
        TRY(parse_template(text, &template, &parsed, err));
        if (parsed.days < DATE_MIN || parsed.days >= DATE_END)
            return out_of_range(text, err);
        out[row] = (int32_t) parsed.days;
    }
    return STATUS_OK;
}

/* clang-format off */
static const Function template_functions[] = {
    {"to_timestamp", to_timestamp, TYPE_TIMESTAMPTZ, 2, {TYPE_TEXT, TYPE_TEXT},
     .volatility = VOLATILITY_STABLE},
    {"to_date", to_date, TYPE_DATE, 2, {TYPE_TEXT, TYPE_TEXT}},
};
/* clang-format on */

const FunctionFamily family_datetime_to_timestamp = {FAMILY_FUNCTIONS(template_functions)};
