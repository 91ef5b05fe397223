/* Interval input: PostgreSQL's verbose and short forms, SQL's year-month and day-time
 * forms, ISO 8601's both. */
#include <math.h>
#include <stdlib.h>
#include <errno.h>

#include "types/datetime.h"
#include "types/datetime_form.h"
#include "types/datetime_lexer.h"
#include "types/interval.h"

typedef struct IntervalParts {
    int64_t micros;
    int32_t days;
    int32_t months;
    int32_t years;
} IntervalParts;

/* A number with its fraction, which has the number's sign. */
typedef struct Quantity {
    int64_t whole;
    double fraction;
} Quantity;

/* -------- adding up; false: overflow -------- */

static bool add_fraction_micros(IntervalParts *parts, double fraction, int64_t scale) {
    double product = fraction * (double) scale;
    int64_t micros = (int64_t) product;

    product -= (double) micros;
    if (product > 0.5)
        micros++;
    else if (product < -0.5)
        micros--;
    return !__builtin_add_overflow(parts->micros, micros, &parts->micros);
}

static bool add_micros(IntervalParts *parts, Quantity quantity, int64_t scale) {
    int64_t product;

    return !__builtin_mul_overflow(quantity.whole, scale, &product) &&
           !__builtin_add_overflow(parts->micros, product, &parts->micros) &&
           add_fraction_micros(parts, quantity.fraction, scale);
}

/* The whole number × scale to an int32 part. */
static bool add_whole(int32_t *part, int64_t whole, int32_t scale) {
    int32_t product;

    return whole >= INT32_MIN && whole <= INT32_MAX &&
           !__builtin_mul_overflow((int32_t) whole, scale, &product) &&
           !__builtin_add_overflow(*part, product, part);
}

/* The fraction × scale as days, and what is left of a day as microseconds. */
static bool add_fraction_days(IntervalParts *parts, double fraction, int32_t scale) {
    double product = fraction * scale;
    int32_t days = (int32_t) product;

    return !__builtin_add_overflow(parts->days, days, &parts->days) &&
           add_fraction_micros(parts, product - days, DATETIME_DAY_US);
}

/* The fraction × scale years as whole months. */
static bool add_fraction_years(IntervalParts *parts, double fraction, int32_t scale) {
    return !__builtin_add_overflow(parts->months, (int32_t) rint(fraction * scale * 12),
                                   &parts->months);
}

static bool add_years(IntervalParts *parts, Quantity quantity, int32_t scale) {
    return add_whole(&parts->years, quantity.whole, scale) &&
           add_fraction_years(parts, quantity.fraction, scale);
}

static bool add_months(IntervalParts *parts, Quantity quantity) {
    return add_whole(&parts->months, quantity.whole, 1) &&
           add_fraction_days(parts, quantity.fraction, 30);
}

static bool add_weeks(IntervalParts *parts, Quantity quantity) {
    return add_whole(&parts->days, quantity.whole, 7) &&
           add_fraction_days(parts, quantity.fraction, 7);
}

static bool add_days(IntervalParts *parts, Quantity quantity) {
    return add_whole(&parts->days, quantity.whole, 1) &&
           add_fraction_micros(parts, quantity.fraction, DATETIME_DAY_US);
}

static DateTimeFault add_quantity(IntervalParts *parts, Quantity quantity, DateTimeUnit unit) {
    bool fits;

    switch (unit) {
    case UNIT_MICROSECOND:
        fits = add_micros(parts, quantity, 1);
        break;
    case UNIT_MILLISECOND:
        fits = add_micros(parts, quantity, 1000);
        break;
    case UNIT_SECOND:
        fits = add_micros(parts, quantity, DATETIME_SECOND_US);
        break;
    case UNIT_MINUTE:
        fits = add_micros(parts, quantity, DATETIME_MINUTE_US);
        break;
    case UNIT_HOUR:
        fits = add_micros(parts, quantity, DATETIME_HOUR_US);
        break;
    case UNIT_DAY:
        fits = add_days(parts, quantity);
        break;
    case UNIT_WEEK:
        fits = add_weeks(parts, quantity);
        break;
    case UNIT_MONTH:
        fits = add_months(parts, quantity);
        break;
    case UNIT_YEAR:
        fits = add_years(parts, quantity, 1);
        break;
    case UNIT_DECADE:
        fits = add_years(parts, quantity, 10);
        break;
    case UNIT_CENTURY:
        fits = add_years(parts, quantity, 100);
        break;
    case UNIT_MILLENNIUM:
        fits = add_years(parts, quantity, 1000);
        break;
    default:
        return FAULT_FORMAT;
    }
    return fits ? FAULT_NONE : FAULT_RANGE;
}

/* -------- the verbose, short and SQL forms -------- */

typedef struct IntervalDecoder {
    DateTimeFields *fields;
    int32_t range; /* of the type: which fields it has */
    IntervalParts parts;
    uint32_t seen;     /* a bit a unit; hours and below are one for hh:mm:ss */
    DateTimeUnit unit; /* of the next number to the left */
    bool has_unit;
    bool is_ago;
    bool is_all_negative; /* SQL's "-1 1:00:00": the one sign is for all */
} IntervalDecoder;

/* Seconds with a fraction count as milliseconds and microseconds too. */
static uint32_t unit_bits(DateTimeUnit unit, bool has_fraction) {
    uint32_t bits = 1U << unit;

    return unit == UNIT_SECOND && has_fraction
               ? bits | 1U << UNIT_MILLISECOND | 1U << UNIT_MICROSECOND
               : bits;
}

static const uint32_t time_bits = 1U << UNIT_HOUR | 1U << UNIT_MINUTE | 1U << UNIT_SECOND |
                                  1U << UNIT_MILLISECOND | 1U << UNIT_MICROSECOND;

/* h:mm, h:mm:ss[.f], m:ss.f; and m:ss when the type is MINUTE TO SECOND. */
static DateTimeFault read_clock(const char *text, int32_t range, int64_t *ret_micros) {
    int64_t hours;
    int32_t minutes, seconds = 0;
    double fraction = 0;
    const char *at;
    bool is_short = false;

    if (!datetime_read_int64(text, &at, &hours))
        return FAULT_RANGE;
    if (*at != ':')
        return FAULT_FORMAT;
    if (!datetime_read_int32(at + 1, &at, &minutes))
        return FAULT_RANGE;
    if (*at == ':') {
        if (!datetime_read_int32(at + 1, &at, &seconds))
            return FAULT_RANGE;
    } else {
        is_short = *at == '.' || range == (INTERVAL_FIELD_MINUTE | INTERVAL_FIELD_SECOND);
    }
    if (*at == '.' ? !datetime_read_fraction(at, &fraction) : *at != '\0')
        return FAULT_FORMAT;
    if (is_short) {
        if (hours > INT32_MAX || hours < INT32_MIN)
            return FAULT_RANGE;
        seconds = minutes;
        minutes = (int32_t) hours;
        hours = 0;
    }
    if (hours < 0 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 60)
        return FAULT_RANGE;
    if (__builtin_mul_overflow(hours, DATETIME_HOUR_US, &hours) ||
        __builtin_add_overflow(hours,
                               minutes * DATETIME_MINUTE_US + seconds * DATETIME_SECOND_US +
                                   (int64_t) rint(fraction * 1e6),
                               ret_micros))
        return FAULT_RANGE;
    return FAULT_NONE;
}

/* The unit of a number at the right end: the type's last field, else seconds. */
static DateTimeUnit range_unit(int32_t range) {
    if (range == INTERVAL_FIELD_ALL)
        return UNIT_SECOND;
    if (range & INTERVAL_FIELD_SECOND)
        return UNIT_SECOND;
    if (range & INTERVAL_FIELD_MINUTE)
        return UNIT_MINUTE;
    if (range & INTERVAL_FIELD_HOUR)
        return UNIT_HOUR;
    if (range & INTERVAL_FIELD_DAY)
        return UNIT_DAY;
    if (range & INTERVAL_FIELD_MONTH)
        return UNIT_MONTH;
    return range & INTERVAL_FIELD_YEAR ? UNIT_YEAR : UNIT_SECOND;
}

/* A number, "y-m", or a number with a fraction. */
static DateTimeFault read_quantity(IntervalDecoder *decoder, const char *text,
                                   Quantity *ret_quantity) {
    Quantity quantity = {0};
    const char *at;
    int32_t months;

    if (!datetime_read_int64(text, &at, &quantity.whole))
        return FAULT_RANGE;
    if (*at == '-') {
        if (!datetime_read_int32(at + 1, &at, &months) || months < 0 || months >= 12)
            return FAULT_RANGE;
        if (*at != '\0')
            return FAULT_FORMAT;
        decoder->unit = UNIT_MONTH;
        if (__builtin_mul_overflow(quantity.whole, 12, &quantity.whole) ||
            __builtin_add_overflow(quantity.whole, *text == '-' ? -months : months,
                                   &quantity.whole))
            return FAULT_RANGE;
    } else if (*at == '.') {
        if (!datetime_read_fraction(at, &quantity.fraction))
            return FAULT_FORMAT;
        if (*text == '-')
            quantity.fraction = -quantity.fraction;
    } else if (*at != '\0') {
        return FAULT_FORMAT;
    }
    *ret_quantity = quantity;
    return FAULT_NONE;
}

static DateTimeFault decode_clock_field(IntervalDecoder *decoder, const DateTimeField *field,
                                        bool is_signed, bool *ret_is_clock) {
    int64_t micros;
    DateTimeFault fault = read_clock(field->text + is_signed, decoder->range, &micros);

    *ret_is_clock = fault == FAULT_NONE;
    if (fault != FAULT_NONE)
        return fault;
    decoder->parts.micros =
        (is_signed && *field->text == '-') || decoder->is_all_negative ? -micros : micros;
    decoder->unit = UNIT_DAY; /* as in "1 02:03" */
    decoder->has_unit = true;
    if (decoder->seen & time_bits)
        return FAULT_FORMAT;
    decoder->seen |= time_bits;
    return FAULT_NONE;
}

static DateTimeFault decode_quantity_field(IntervalDecoder *decoder, const char *text) {
    Quantity quantity = {0};
    DateTimeFault fault;
    uint32_t bits;

    if (!decoder->has_unit) {
        decoder->unit = range_unit(decoder->range);
        decoder->has_unit = true;
    }
    fault = read_quantity(decoder, text, &quantity);
    if (decoder->is_all_negative && quantity.whole > 0)
        quantity.whole = -quantity.whole;
    if (decoder->is_all_negative && quantity.fraction > 0)
        quantity.fraction = -quantity.fraction;
    if (fault == FAULT_NONE)
        fault = add_quantity(&decoder->parts, quantity, decoder->unit);
    if (fault != FAULT_NONE)
        return fault;
    bits = unit_bits(decoder->unit, quantity.fraction != 0);
    if (decoder->unit == UNIT_HOUR)
        decoder->unit = UNIT_DAY;
    if (decoder->seen & bits)
        return FAULT_FORMAT;
    decoder->seen |= bits;
    return FAULT_NONE;
}

static DateTimeFault decode_interval_word(IntervalDecoder *decoder, const char *text) {
    const DateTimeWord *word = interval_find_word(text);

    if (!word)
        return FAULT_FORMAT;
    switch (word->kind) {
    case WORD_IGNORED:
        /* as after no word at all: the type's last field, else seconds */
        decoder->has_unit = false;
        return FAULT_NONE;
    case WORD_UNIT:
        decoder->unit = (DateTimeUnit) word->value;
        decoder->has_unit = true;
        return FAULT_NONE;
    case WORD_AGO:
        decoder->is_ago = true;
        decoder->unit = UNIT_NONE;
        decoder->has_unit = true;
        return FAULT_NONE;
    default:
        return FAULT_FORMAT;
    }
}

static DateTimeFault negate_parts(IntervalParts *parts) {
    if (parts->micros == INT64_MIN || parts->days == INT32_MIN || parts->months == INT32_MIN ||
        parts->years == INT32_MIN)
        return FAULT_RANGE;
    *parts = (IntervalParts) {-parts->micros, -parts->days, -parts->months, -parts->years};
    return FAULT_NONE;
}

/* Is the first sign, a minus, the only one? */
static bool has_one_minus(const DateTimeFields *fields) {
    if (fields->count == 0 || *fields->items[0].text != '-')
        return false;
    for (int i = 1; i < fields->count; i++)
        if (*fields->items[i].text == '-' || *fields->items[i].text == '+')
            return false;
    return true;
}

/* From right to left, so that a unit comes before its number. */
static DateTimeFault decode_interval(DateTimeFields *fields, int32_t range, IntervalStyle style,
                                     IntervalParts *ret_parts) {
    IntervalDecoder decoder = {
        .fields = fields,
        .range = range,
        .is_all_negative = style == INTERVAL_STYLE_SQL_STANDARD && has_one_minus(fields),
    };
    DateTimeFault fault = FAULT_NONE;

    for (int i = fields->count - 1; i >= 0 && fault == FAULT_NONE; i--) {
        const DateTimeField *field = &fields->items[i];
        bool is_clock = false;

        switch (field->kind) {
        case FIELD_TIME:
            fault = decode_clock_field(&decoder, field, false, &is_clock);
            break;
        case FIELD_OFFSET:
            if (strchr(field->text + 1, ':'))
                fault = decode_clock_field(&decoder, field, true, &is_clock);
            if (!is_clock)
                fault = decode_quantity_field(&decoder, field->text);
            break;
        case FIELD_DATE:
        case FIELD_NUMBER:
            fault = decode_quantity_field(&decoder, field->text);
            break;
        case FIELD_WORD:
        case FIELD_SPECIAL:
            fault = decode_interval_word(&decoder, field->text);
            break;
        }
    }
    if (fault == FAULT_NONE && decoder.seen == 0)
        fault = FAULT_FORMAT;
    if (fault == FAULT_NONE && decoder.is_ago)
        fault = negate_parts(&decoder.parts);
    *ret_parts = decoder.parts;
    return fault;
}

/* -------- ISO 8601 -------- */

typedef struct IsoCursor {
    const char *at; /* NUL-terminated text */
    bool is_time;   /* after the T */
    bool has_field; /* in this part */
} IsoCursor;

static DateTimeFault iso_read_number(IsoCursor *cursor, Quantity *ret_quantity) {
    char *end;
    double number;

    if (!((*cursor->at >= '0' && *cursor->at <= '9') || *cursor->at == '-' || *cursor->at == '.'))
        return FAULT_FORMAT;
    errno = 0;
    number = strtod(cursor->at, &end);
    if (end == cursor->at || errno != 0)
        return FAULT_FORMAT;
    if (isnan(number) || number < -1e15 || number > 1e15)
        return FAULT_RANGE;
    cursor->at = end;
    ret_quantity->whole = (int64_t) number;
    ret_quantity->fraction = number - (double) ret_quantity->whole;
    return FAULT_NONE;
}

/* Is the number that starts here `width` digits wide before its point? */
static bool iso_has_width(const char *number, size_t width) {
    return strspn(number + (*number == '-'), "0123456789") == width;
}

/* The alternative form: up to three numbers with `separator` between them, of the units `units`. */
static DateTimeFault iso_decode_separated(IsoCursor *cursor, char separator,
                                          const DateTimeUnit units[3], IntervalParts *parts) {
    for (int i = 0; i < 3; i++) {
        Quantity quantity;
        DateTimeFault fault = iso_read_number(cursor, &quantity);

        if (fault == FAULT_NONE)
            fault = add_quantity(parts, quantity, units[i]);
        if (fault != FAULT_NONE)
            return fault;
        if (*cursor->at == '\0' || (*cursor->at == 'T' && !cursor->is_time))
            return FAULT_NONE;
        if (i == 2 || *cursor->at++ != separator)
            break;
    }
    return FAULT_FORMAT;
}

/* The basic alternative form: yyyymmdd or hhmmss as one number. */
static DateTimeFault iso_decode_basic(IsoCursor *cursor, IntervalParts *parts) {
    static const DateTimeUnit units[2][3] = {{UNIT_YEAR, UNIT_MONTH, UNIT_DAY},
                                             {UNIT_HOUR, UNIT_MINUTE, UNIT_SECOND}};
    const DateTimeUnit *unit = units[cursor->is_time];
    Quantity quantity;
    DateTimeFault fault = iso_read_number(cursor, &quantity);
    int64_t numbers[3];

    if (fault != FAULT_NONE)
        return fault;
    numbers[0] = quantity.whole / 10000;
    numbers[1] = quantity.whole / 100 % 100;
    numbers[2] = quantity.whole % 100;
    for (int i = 0; i < 3; i++) {
        fault = add_quantity(parts, (Quantity) {numbers[i], 0}, unit[i]);
        if (fault != FAULT_NONE)
            return fault;
    }
    return add_fraction_micros(parts, quantity.fraction, cursor->is_time ? 1 : DATETIME_DAY_US)
               ? FAULT_NONE
               : FAULT_RANGE;
}

static DateTimeUnit iso_unit(char letter, bool is_time) {
    switch (letter) {
    case 'Y':
        return is_time ? UNIT_NONE : UNIT_YEAR;
    case 'W':
        return is_time ? UNIT_NONE : UNIT_WEEK;
    case 'D':
        return is_time ? UNIT_NONE : UNIT_DAY;
    case 'M':
        return is_time ? UNIT_MINUTE : UNIT_MONTH;
    case 'H':
        return is_time ? UNIT_HOUR : UNIT_NONE;
    case 'S':
        return is_time ? UNIT_SECOND : UNIT_NONE;
    default:
        return UNIT_NONE;
    }
}

/* One number and what follows it. */
static DateTimeFault iso_decode_field(IsoCursor *cursor, IntervalParts *parts) {
    static const DateTimeUnit units[2][3] = {{UNIT_YEAR, UNIT_MONTH, UNIT_DAY},
                                             {UNIT_HOUR, UNIT_MINUTE, UNIT_SECOND}};
    char separator = cursor->is_time ? ':' : '-';
    const char *start = cursor->at;
    Quantity quantity;
    DateTimeFault fault = iso_read_number(cursor, &quantity);
    char next = *cursor->at;
    bool is_end = next == '\0' || (next == 'T' && !cursor->is_time);

    if (fault != FAULT_NONE)
        return fault;
    if (is_end || next == separator) {
        bool is_basic = is_end && iso_has_width(start, cursor->is_time ? 6 : 8);

        if (cursor->has_field)
            return FAULT_FORMAT;
        cursor->at = start;
        return is_basic ? iso_decode_basic(cursor, parts)
                        : iso_decode_separated(cursor, separator, units[cursor->is_time], parts);
    }
    cursor->at++;
    cursor->has_field = true;
    return add_quantity(parts, quantity, iso_unit(next, cursor->is_time));
}

static DateTimeFault iso_decode_interval(const char *text, IntervalParts *ret_parts) {
    IsoCursor cursor = {.at = text + 1};
    DateTimeFault fault = FAULT_NONE;

    *ret_parts = (IntervalParts) {0};
    if (text[0] != 'P' || text[1] == '\0')
        return FAULT_FORMAT;
    while (fault == FAULT_NONE && *cursor.at != '\0') {
        if (*cursor.at == 'T') {
            cursor = (IsoCursor) {.at = cursor.at + 1, .is_time = true};
            continue;
        }
        fault = iso_decode_field(&cursor, ret_parts);
    }
    return fault;
}

/* -------- the entry -------- */

Status interval_parse_text(const char *text, size_t length, int32_t typmod,
                           const FormSettings *settings, Interval *ret_interval, Error *err) {
    DateTimeText source = {text, length, "interval"};
    int32_t range = typmod >= 0 ? interval_typmod_range(typmod) : INTERVAL_FIELD_ALL;
    char copy[INTERVAL_TEXT_BUFFER_BYTES];
    DateTimeFields fields;
    IntervalParts parts;
    DateTimeFault fault = FAULT_FORMAT;
    Interval interval;

    if (datetime_split(text, length, INTERVAL_TEXT_BUFFER_BYTES, &fields))
        fault = decode_interval(&fields, range, settings->interval_style, &parts);
    if (fault == FAULT_FORMAT && length < sizeof(copy) && !memchr(text, '\0', length)) {
        memcpy(copy, text, length);
        copy[length] = '\0';
        fault = iso_decode_interval(copy, &parts);
    }
    if (fault != FAULT_NONE)
        return datetime_fault_error(fault == FAULT_RANGE ? FAULT_INTERVAL : fault, &source, "",
                                    err);
    interval = (Interval) {.micros = parts.micros, .days = parts.days};
    if (__builtin_mul_overflow(parts.years, 12, &interval.months) ||
        __builtin_add_overflow(interval.months, parts.months, &interval.months))
        return error_set(err, DATETIME_FIELD_OVERFLOW, "interval out of range");
    *ret_interval = interval_apply_typmod(interval, typmod);
    return STATUS_OK;
}
