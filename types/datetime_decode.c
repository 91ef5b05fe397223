/* Date and time input, second step: what each field means, given those before it. */
#include "types/datetime_decode.h"

#include <math.h>
#include <string.h>

enum {
    SEEN_YEAR = 1 << 0,
    SEEN_MONTH = 1 << 1,
    SEEN_DAY = 1 << 2,
    SEEN_HOUR = 1 << 3,
    SEEN_MINUTE = 1 << 4,
    SEEN_SECOND = 1 << 5,
    SEEN_FRACTION = 1 << 6,
    SEEN_ZONE = 1 << 7,
    SEEN_DAYLIGHT_ZONE = 1 << 8,
    SEEN_DYNAMIC_ZONE = 1 << 9,
    SEEN_DST = 1 << 10,
    SEEN_YEAR_DAY = 1 << 11,
    SEEN_WEEKDAY = 1 << 12,
    SEEN_MERIDIEM = 1 << 13,
    SEEN_ERA = 1 << 14,
    SEEN_RESERVED = 1 << 15,
    SEEN_DATE = SEEN_YEAR | SEEN_MONTH | SEEN_DAY,
    SEEN_SECONDS = SEEN_SECOND | SEEN_FRACTION,
    SEEN_TIME = SEEN_HOUR | SEEN_MINUTE | SEEN_SECONDS,
};

typedef struct Decoder {
    DateTimeFields *fields;
    const DecodeRequest *request;
    MomentKind kind;
    CivilTime civil;
    int32_t year_day;
    int32_t offset_seconds;
    uint32_t seen;
    uint32_t found;     /* by the field under way */
    DateTimeUnit label; /* what an earlier field said that the next number is */
    Meridiem meridiem;
    bool has_text_month;
    bool is_julian;
    bool is_short_year; /* of one or two digits */
    bool is_bc;
    const TimeZone *named_zone;
    const TimeZone *dynamic_zone; /* of an abbreviation */
    const char *abbreviation;
    const char *detail;
} Decoder;

static void set_julian_day(Decoder *decoder, int64_t julian_day) {
    CivilTime *civil = &decoder->civil;

    date_to_civil(julian_day - DATETIME_EPOCH_JULIAN, &civil->year, &civil->month, &civil->day);
    decoder->is_julian = true;
}

static void set_time_of_day(CivilTime *civil, int64_t micros) {
    civil->hour = (int32_t) (micros / DATETIME_HOUR_US);
    civil->minute = (int32_t) (micros / DATETIME_MINUTE_US % 60);
    civil->second = (int32_t) (micros / DATETIME_SECOND_US % 60);
    civil->microsecond = (int32_t) (micros % DATETIME_SECOND_US);
}

static bool read_microseconds(const char *text, int32_t *ret_microsecond) {
    double fraction;

    if (!datetime_read_fraction(text, &fraction))
        return false;
    *ret_microsecond = (int32_t) rint(fraction * 1e6);
    return true;
}

static bool time_overflows(const CivilTime *civil) {
    return civil->hour < 0 || civil->hour > 24 || civil->minute < 0 || civil->minute > 59 ||
           civil->second < 0 || civil->second > 60 || civil->microsecond < 0 ||
           civil->microsecond > DATETIME_SECOND_US ||
           (civil->hour * INT64_C(3600) + civil->minute * 60 + civil->second) * DATETIME_SECOND_US +
                   civil->microsecond >
               DATETIME_DAY_US;
}

/* "+hh", "-hhmm", "+hh:mm[:ss]" */
static DateTimeFault decode_offset(const char *text, int32_t *ret_seconds) {
    int32_t hours, minutes = 0, seconds = 0;
    const char *at;

    if (*text != '+' && *text != '-')
        return FAULT_FORMAT;
    if (!datetime_read_int32(text + 1, &at, &hours))
        return FAULT_DISPLACEMENT;
    if (*at == ':') {
        if (!datetime_read_int32(at + 1, &at, &minutes) ||
            (*at == ':' && !datetime_read_int32(at + 1, &at, &seconds)))
            return FAULT_DISPLACEMENT;
    } else if (*at == '\0' && strlen(text) > 3) {
        minutes = hours % 100;
        hours /= 100;
    }
    if (hours < 0 || hours > 15 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59)
        return FAULT_DISPLACEMENT;
    *ret_seconds = (hours * 60 + minutes) * 60 + seconds;
    if (*text == '-')
        *ret_seconds = -*ret_seconds;
    return *at == '\0' ? FAULT_NONE : FAULT_FORMAT;
}

/* hh:mm, hh:mm:ss, hh:mm:ss.f, mm:ss.f */
static DateTimeFault decode_time(Decoder *decoder, const char *text) {
    CivilTime *civil = &decoder->civil;
    const char *at;

    decoder->found = SEEN_TIME;
    civil->second = civil->microsecond = 0;
    if (!datetime_read_int32(text, &at, &civil->hour))
        return FAULT_RANGE;
    if (*at != ':')
        return FAULT_FORMAT;
    if (!datetime_read_int32(at + 1, &at, &civil->minute))
        return FAULT_RANGE;
    if (*at == ':') {
        if (!datetime_read_int32(at + 1, &at, &civil->second))
            return FAULT_RANGE;
    } else if (*at == '.') {
        civil->second = civil->minute;
        civil->minute = civil->hour;
        civil->hour = 0;
    }
    if (*at == '.' ? !read_microseconds(at, &civil->microsecond) : *at != '\0')
        return FAULT_FORMAT;
    if (civil->hour < 0 || civil->minute < 0 || civil->minute > 59 || civil->second < 0 ||
        civil->second > 60)
        return FAULT_RANGE;
    return FAULT_NONE;
}

/* The digits [text, text + length) as a number; -1 when it is too large for a field. */
static int32_t digits_value(const char *text, size_t length) {
    int64_t number = 0;

    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            break;
        number = number * 10 + (text[i] - '0');
        if (number > INT32_MAX)
            return -1;
    }
    return (int32_t) number;
}

/* Digits run together: yyyymmdd, yymmdd, hhmmss[.f], hhmm[.f]. */
static DateTimeFault decode_digits(Decoder *decoder, const char *text, uint32_t seen) {
    CivilTime *civil = &decoder->civil;
    const char *point = strchr(text, '.');
    size_t length = point ? (size_t) (point - text) : strlen(text);
    double fraction;

    if (point) {
        if (!datetime_read_fraction(point, &fraction))
            return FAULT_FORMAT;
        civil->microsecond = (int32_t) rint(fraction * 1e6);
    } else if ((seen & SEEN_DATE) != SEEN_DATE && length >= 6) {
        civil->year = digits_value(text, length - 4);
        civil->month = digits_value(text + length - 4, 2);
        civil->day = digits_value(text + length - 2, 2);
        if (length == 6)
            decoder->is_short_year = true;
        decoder->found = SEEN_DATE;
        return FAULT_NONE;
    }
    if ((seen & SEEN_TIME) == SEEN_TIME || (length != 6 && length != 4))
        return FAULT_FORMAT;
    civil->hour = digits_value(text, 2);
    civil->minute = digits_value(text + 2, 2);
    civil->second = length == 6 ? digits_value(text + 4, 2) : 0;
    decoder->found = SEEN_TIME;
    return FAULT_NONE;
}

/* The part of a date that the next bare number is, in the order month, day, year unless the year
 * shows itself by three digits or more. 0: none is missing. */
static uint32_t next_date_part(const Decoder *decoder, uint32_t seen, bool is_long) {
    switch (seen & SEEN_DATE) {
    case 0:
        return is_long ? SEEN_YEAR : SEEN_MONTH;
    case SEEN_YEAR:
    case SEEN_DAY:
        return SEEN_MONTH;
    case SEEN_MONTH:
        return decoder->has_text_month && is_long ? SEEN_YEAR : SEEN_DAY;
    case SEEN_YEAR | SEEN_MONTH:
        return SEEN_DAY;
    case SEEN_MONTH | SEEN_DAY:
        return SEEN_YEAR;
    default:
        return 0;
    }
}

/* One number of a date, or digits run together. */
static DateTimeFault decode_number(Decoder *decoder, const char *text, uint32_t seen) {
    CivilTime *civil = &decoder->civil;
    size_t length = strlen(text);
    const char *at;
    int32_t number;

    decoder->found = 0;
    if (!datetime_read_int32(text, &at, &number))
        return FAULT_RANGE;
    if (at == text)
        return FAULT_FORMAT;
    if (*at == '.') {
        if (at - text > 2)
            return decode_digits(decoder, text, seen | SEEN_DATE);
        if (!read_microseconds(at, &civil->microsecond))
            return FAULT_FORMAT;
    } else if (*at != '\0') {
        return FAULT_FORMAT;
    }
    if (length == 3 && (seen & SEEN_DATE) == SEEN_YEAR && number >= 1 && number <= 366) {
        decoder->found = SEEN_YEAR_DAY | SEEN_MONTH | SEEN_DAY;
        decoder->year_day = number;
        return FAULT_NONE;
    }
    if ((seen & SEEN_DATE) == (SEEN_YEAR | SEEN_MONTH) && decoder->has_text_month && length >= 3 &&
        decoder->is_short_year) {
        /* dd-Mon-yyyy: what was taken for a year is the day */
        civil->day = civil->year;
        civil->year = number;
        decoder->is_short_year = false;
        decoder->found = SEEN_DAY;
        return FAULT_NONE;
    }
    decoder->found = next_date_part(decoder, seen, length >= 3);
    if (decoder->found == SEEN_YEAR) {
        civil->year = number;
        decoder->is_short_year = length <= 2;
    } else if (decoder->found == SEEN_MONTH) {
        civil->month = number;
    } else if (decoder->found == SEEN_DAY) {
        civil->day = number;
    } else if ((seen & SEEN_DATE) == SEEN_DATE) {
        return decode_digits(decoder, text, seen);
    } else {
        return FAULT_FORMAT;
    }
    return FAULT_NONE;
}

/* Cut `text` into runs of digits and runs of letters. 0: it ends with a separator. */
static int split_date(char *text, char *parts[DATETIME_FIELDS_MAX]) {
    int count = 0;

    while (*text != '\0' && count < DATETIME_FIELDS_MAX) {
        text += strcspn(text, "0123456789abcdefghijklmnopqrstuvwxyz");
        if (*text == '\0')
            return 0;
        parts[count++] = text;
        if (*text >= '0' && *text <= '9')
            text += strspn(text, "0123456789");
        else
            text += strspn(text, "abcdefghijklmnopqrstuvwxyz");
        if (*text != '\0')
            *text++ = '\0';
    }
    return count;
}

/* A date with delimiters: numbers and perhaps the name of a month. */
static DateTimeFault decode_date(Decoder *decoder, char *text) {
    char *parts[DATETIME_FIELDS_MAX];
    int count = split_date(text, parts);
    bool had_text_month = decoder->has_text_month;
    uint32_t seen = decoder->seen;
    uint32_t found = 0;
    DateTimeFault fault = FAULT_NONE;

    if (count == 0)
        return FAULT_FORMAT;
    decoder->has_text_month = false;
    for (int i = 0; i < count; i++) {
        const DateTimeWord *word;

        if (*parts[i] >= '0' && *parts[i] <= '9')
            continue;
        word = datetime_find_word(parts[i]);
        if (word && word->kind == WORD_IGNORED)
            continue;
        if (!word || word->kind != WORD_MONTH || (seen & SEEN_MONTH))
            return FAULT_FORMAT;
        decoder->civil.month = word->value;
        decoder->has_text_month = true;
        seen |= SEEN_MONTH;
        found |= SEEN_MONTH;
        parts[i] = NULL;
    }
    for (int i = 0; i < count && fault == FAULT_NONE; i++) {
        if (!parts[i])
            continue;
        fault = decode_number(decoder, parts[i], seen);
        if (fault == FAULT_NONE && (seen & decoder->found))
            fault = FAULT_FORMAT;
        seen |= decoder->found;
        found |= decoder->found;
    }
    decoder->has_text_month = had_text_month;
    decoder->found = found;
    if (fault == FAULT_NONE && (seen & ~(uint32_t) (SEEN_YEAR_DAY | SEEN_ZONE)) != SEEN_DATE)
        return FAULT_FORMAT;
    return fault;
}

static DateTimeFault decode_zone_name(Decoder *decoder, const char *name) {
    Error err;

    decoder->found = SEEN_ZONE;
    if (timezone_find_name(name, &decoder->named_zone, &err) == STATUS_OK)
        return FAULT_NONE;
    decoder->detail = name;
    return FAULT_ZONE;
}

/* "hhmmss-zz": run-together time and offset. */
static DateTimeFault decode_digits_and_offset(Decoder *decoder, char *text, uint32_t seen) {
    char *dash = strchr(text, '-');
    DateTimeFault fault;

    if ((decoder->seen & SEEN_TIME) == SEEN_TIME || !dash)
        return FAULT_FORMAT;
    fault = decode_offset(dash, &decoder->offset_seconds);
    if (fault != FAULT_NONE)
        return fault;
    *dash = '\0';
    fault = decode_digits(decoder, text, seen);
    decoder->found |= SEEN_ZONE;
    return fault;
}

static DateTimeFault decode_julian_and_offset(Decoder *decoder, const char *text) {
    const char *at;
    int32_t julian_day;

    if (!datetime_read_int32(text, &at, &julian_day) || julian_day < 0)
        return FAULT_RANGE;
    set_julian_day(decoder, julian_day);
    decoder->found = SEEN_DATE | SEEN_TIME | SEEN_ZONE;
    decoder->label = UNIT_NONE;
    return decode_offset(at, &decoder->offset_seconds);
}

static DateTimeFault decode_date_field(Decoder *decoder, int index) {
    const DateTimeFields *fields = decoder->fields;
    char *text = fields->items[index].text;
    bool is_digit = *text >= '0' && *text <= '9';

    if (decoder->request->is_time_only) {
        if (index == 0 && fields->count >= 2 &&
            (fields->items[fields->count - 1].kind == FIELD_DATE ||
             fields->items[1].kind == FIELD_TIME))
            return decode_date(decoder, text);
        return is_digit ? decode_digits_and_offset(decoder, text, decoder->seen | SEEN_DATE)
                        : decode_zone_name(decoder, text);
    }
    if (decoder->label == UNIT_JULIAN)
        return decode_julian_and_offset(decoder, text);
    if (decoder->label == UNIT_NONE &&
        (decoder->seen & (SEEN_MONTH | SEEN_DAY)) != (SEEN_MONTH | SEEN_DAY))
        return decode_date(decoder, text);
    if (decoder->label == UNIT_NONE && !is_digit)
        return decode_zone_name(decoder, text);
    if (decoder->label != UNIT_NONE && decoder->label != UNIT_TIME_OF_DAY)
        return FAULT_FORMAT;
    decoder->label = UNIT_NONE;
    return decode_digits_and_offset(decoder, text, decoder->seen);
}

static DateTimeFault decode_time_field(Decoder *decoder, const char *text) {
    DateTimeFault fault;

    if (!decoder->request->is_time_only) {
        if (decoder->label != UNIT_NONE && decoder->label != UNIT_TIME_OF_DAY)
            return FAULT_FORMAT;
        decoder->label = UNIT_NONE;
    }
    fault = decode_time(decoder, text);
    if (fault == FAULT_NONE && !decoder->request->is_time_only && time_overflows(&decoder->civil))
        return FAULT_RANGE;
    return fault;
}

static DateTimeFault decode_labelled_julian(Decoder *decoder, int32_t number, const char *rest) {
    double fraction;

    if (number < 0)
        return FAULT_RANGE;
    set_julian_day(decoder, number);
    decoder->found = SEEN_DATE;
    if (*rest == '.') {
        if (!datetime_read_fraction(rest, &fraction))
            return FAULT_FORMAT;
        set_time_of_day(&decoder->civil, (int64_t) (fraction * (double) DATETIME_DAY_US));
        decoder->found |= SEEN_TIME;
    }
    return FAULT_NONE;
}

/* A number whose meaning an earlier field told: "y2001", "J2451187", "T040506". */
static DateTimeFault decode_labelled_number(Decoder *decoder, const char *text) {
    CivilTime *civil = &decoder->civil;
    DateTimeUnit label = decoder->label;
    DateTimeFault fault;
    const char *at;
    int32_t number;

    if (!datetime_read_int32(text, &at, &number))
        return FAULT_RANGE;
    if (*at != '\0' &&
        (*at != '.' || (label != UNIT_JULIAN && label != UNIT_TIME_OF_DAY && label != UNIT_SECOND)))
        return FAULT_FORMAT;
    decoder->label = UNIT_NONE;
    decoder->kind = MOMENT_CIVIL;
    switch (label) {
    case UNIT_YEAR:
        civil->year = number;
        decoder->found = SEEN_YEAR;
        return FAULT_NONE;
    case UNIT_MONTH:
        if ((decoder->seen & SEEN_MONTH) && (decoder->seen & SEEN_HOUR)) {
            civil->minute = number;
            decoder->found = SEEN_MINUTE;
        } else {
            civil->month = number;
            decoder->found = SEEN_MONTH;
        }
        return FAULT_NONE;
    case UNIT_DAY:
        civil->day = number;
        decoder->found = SEEN_DAY;
        return FAULT_NONE;
    case UNIT_HOUR:
        civil->hour = number;
        decoder->found = SEEN_HOUR;
        return FAULT_NONE;
    case UNIT_MINUTE:
        civil->minute = number;
        decoder->found = SEEN_MINUTE;
        return FAULT_NONE;
    case UNIT_SECOND:
        civil->second = number;
        decoder->found = *at == '.' ? SEEN_SECONDS : SEEN_SECOND;
        return *at != '.' || read_microseconds(at, &civil->microsecond) ? FAULT_NONE : FAULT_FORMAT;
    case UNIT_JULIAN:
        return decode_labelled_julian(decoder, number, at);
    case UNIT_TIME_OF_DAY:
        fault = decode_digits(decoder, text, decoder->seen | SEEN_DATE);
        return fault == FAULT_NONE && decoder->found != SEEN_TIME ? FAULT_FORMAT : fault;
    default:
        return FAULT_FORMAT;
    }
}

static DateTimeFault decode_number_field(Decoder *decoder, int index) {
    const DateTimeFields *fields = decoder->fields;
    char *text = fields->items[index].text;
    const char *point = strchr(text, '.');
    size_t length = strlen(text);

    if (decoder->label != UNIT_NONE)
        return decode_labelled_number(decoder, text);
    if (decoder->request->is_time_only) {
        uint32_t seen = decoder->seen | SEEN_DATE;
        bool had_text_month = decoder->has_text_month;
        DateTimeFault fault;

        if (point && index == 0 && fields->count >= 2 &&
            fields->items[fields->count - 1].kind == FIELD_DATE)
            return decode_date(decoder, text);
        if (point)
            return point - text > 2 ? decode_digits(decoder, text, seen) : FAULT_FORMAT;
        if (length > 4)
            return decode_digits(decoder, text, seen);
        decoder->has_text_month = false;
        fault = decode_number(decoder, text, seen);
        decoder->has_text_month = had_text_month;
        return fault;
    }
    if (point && !(decoder->seen & SEEN_DATE))
        return decode_date(decoder, text);
    if ((point && point - text > 2) ||
        (!(point && point - text > 2) && length >= 6 &&
         (!(decoder->seen & SEEN_DATE) || !(decoder->seen & SEEN_TIME))))
        return decode_digits(decoder, text, decoder->seen);
    return decode_number(decoder, text, decoder->seen);
}

static void set_today(Decoder *decoder, int days) {
    const FormSettings *settings = decoder->request->settings;
    int64_t local_us = timezone_utc_to_local(settings->time_zone, settings->now_us);
    CivilTime *civil = &decoder->civil;

    date_to_civil(datetime_floor_div(local_us, DATETIME_DAY_US) + days, &civil->year, &civil->month,
                  &civil->day);
    decoder->found = SEEN_DATE;
}

static DateTimeFault decode_reserved(Decoder *decoder, DateTimeReserved reserved) {
    const FormSettings *settings = decoder->request->settings;
    bool is_time_only = decoder->request->is_time_only;

    if (is_time_only && reserved != RESERVED_NOW && reserved != RESERVED_ZULU)
        return FAULT_FORMAT;
    switch (reserved) {
    case RESERVED_NOW:
        decoder->kind = MOMENT_CIVIL;
        decoder->civil =
            timestamp_to_civil(timezone_utc_to_local(settings->time_zone, settings->now_us));
        decoder->offset_seconds = timezone_offset_at(settings->time_zone, settings->now_us, NULL);
        decoder->found = is_time_only ? SEEN_TIME : SEEN_DATE | SEEN_TIME | SEEN_ZONE;
        break;
    case RESERVED_TODAY:
    case RESERVED_TOMORROW:
    case RESERVED_YESTERDAY:
        decoder->kind = MOMENT_CIVIL;
        set_today(decoder, reserved == RESERVED_TODAY ? 0 : reserved == RESERVED_TOMORROW ? 1 : -1);
        break;
    case RESERVED_ZULU:
        decoder->kind = MOMENT_CIVIL;
        decoder->civil.hour = decoder->civil.minute = decoder->civil.second = 0;
        decoder->offset_seconds = 0;
        decoder->found = SEEN_TIME | SEEN_ZONE;
        break;
    case RESERVED_EPOCH:
    case RESERVED_EARLY:
    case RESERVED_LATE:
        decoder->kind = reserved == RESERVED_EPOCH   ? MOMENT_EPOCH
                        : reserved == RESERVED_EARLY ? MOMENT_EARLY
                                                     : MOMENT_LATE;
        decoder->found = SEEN_RESERVED;
        break;
    }
    return FAULT_NONE;
}

static DateTimeFault decode_month_word(Decoder *decoder, int month) {
    CivilTime *civil = &decoder->civil;

    if (decoder->request->is_time_only)
        return FAULT_FORMAT;
    decoder->found = SEEN_MONTH;
    if ((decoder->seen & SEEN_MONTH) && !decoder->has_text_month && !(decoder->seen & SEEN_DAY) &&
        civil->month >= 1 && civil->month <= 31) {
        /* the number that was taken for the month is the day */
        civil->day = civil->month;
        decoder->found = SEEN_DAY;
    }
    decoder->has_text_month = true;
    civil->month = month;
    return FAULT_NONE;
}

/* The T of ISO 8601 wants a time after it and, outside the type time, a date before. */
static DateTimeFault decode_time_mark(Decoder *decoder, int index) {
    const DateTimeFields *fields = decoder->fields;
    DateTimeFieldKind next;

    if (!decoder->request->is_time_only && (decoder->seen & SEEN_DATE) != SEEN_DATE)
        return FAULT_FORMAT;
    if (index + 1 >= fields->count)
        return FAULT_FORMAT;
    next = fields->items[index + 1].kind;
    if (next != FIELD_NUMBER && next != FIELD_TIME && next != FIELD_DATE)
        return FAULT_FORMAT;
    decoder->label = UNIT_TIME_OF_DAY;
    return FAULT_NONE;
}

static DateTimeFault decode_word_kind(Decoder *decoder, const DateTimeWord *word, int index) {
    switch (word->kind) {
    case WORD_RESERVED:
        return decode_reserved(decoder, (DateTimeReserved) word->value);
    case WORD_MONTH:
        return decode_month_word(decoder, word->value);
    case WORD_DST:
        decoder->found = SEEN_DST | SEEN_DAYLIGHT_ZONE;
        decoder->offset_seconds += word->value;
        return FAULT_NONE;
    case WORD_MERIDIEM:
        decoder->found = SEEN_MERIDIEM;
        decoder->meridiem = (Meridiem) word->value;
        return FAULT_NONE;
    case WORD_ERA:
        decoder->found = SEEN_ERA;
        decoder->is_bc = word->value;
        return FAULT_NONE;
    case WORD_WEEKDAY:
        decoder->found = SEEN_WEEKDAY;
        return decoder->request->is_time_only ? FAULT_FORMAT : FAULT_NONE;
    case WORD_UNIT:
        decoder->label = (DateTimeUnit) word->value;
        return FAULT_NONE;
    case WORD_TIME_MARK:
        return decode_time_mark(decoder, index);
    case WORD_IGNORED:
        return FAULT_NONE;
    case WORD_UNKNOWN:
    case WORD_AGO:
        break;
    }
    return FAULT_FORMAT;
}

static DateTimeFault decode_word(Decoder *decoder, int index) {
    const char *text = decoder->fields->items[index].text;
    const DateTimeWord *word;
    ZoneAbbreviation abbreviation;
    DateTimeFault fault;

    /* abbreviations of zones go before words */
    if (timezone_find_abbreviation(text, &abbreviation)) {
        decoder->found = SEEN_ZONE;
        if (abbreviation.zone) {
            decoder->found |= SEEN_DYNAMIC_ZONE;
            decoder->dynamic_zone = abbreviation.zone;
            decoder->abbreviation = text;
        } else {
            if (abbreviation.is_dst)
                decoder->found |= SEEN_DAYLIGHT_ZONE;
            decoder->offset_seconds = abbreviation.offset;
        }
        return FAULT_NONE;
    }
    word = datetime_find_word(text);
    if (word)
        return decode_word_kind(decoder, word, index);
    fault = decode_zone_name(decoder, text);
    return fault == FAULT_ZONE ? FAULT_FORMAT : fault;
}

static DateTimeFault decode_field(Decoder *decoder, int index) {
    const DateTimeField *field = &decoder->fields->items[index];

    decoder->found = 0;
    switch (field->kind) {
    case FIELD_DATE:
        return decode_date_field(decoder, index);
    case FIELD_TIME:
        return decode_time_field(decoder, field->text);
    case FIELD_OFFSET:
        decoder->found = SEEN_ZONE;
        return decode_offset(field->text, &decoder->offset_seconds);
    case FIELD_NUMBER:
        return decode_number_field(decoder, index);
    case FIELD_WORD:
    case FIELD_SPECIAL:
        return decode_word(decoder, index);
    }
    return FAULT_FORMAT;
}

/* The year's era and century, the day of the year, and the bounds of month and day. */
static DateTimeFault check_date(Decoder *decoder) {
    CivilTime *civil = &decoder->civil;

    if ((decoder->seen & SEEN_YEAR) && !decoder->is_julian) {
        if (decoder->is_bc) {
            if (civil->year <= 0)
                return FAULT_RANGE;
            civil->year = 1 - civil->year;
        } else if (decoder->is_short_year) {
            civil->year += civil->year < 0     ? 0
                           : civil->year < 70  ? 2000
                           : civil->year < 100 ? 1900
                                               : 0;
        } else if (civil->year <= 0) {
            return FAULT_RANGE;
        }
    }
    if (decoder->seen & SEEN_YEAR_DAY)
        date_to_civil(date_from_civil(civil->year, 1, 1) + decoder->year_day - 1, &civil->year,
                      &civil->month, &civil->day);
    if ((decoder->seen & SEEN_MONTH) && (civil->month < 1 || civil->month > 12))
        return FAULT_RANGE_STYLE;
    if ((decoder->seen & SEEN_DAY) && (civil->day < 1 || civil->day > 31))
        return FAULT_RANGE_STYLE;
    if ((decoder->seen & SEEN_DATE) == SEEN_DATE &&
        civil->day > date_days_in_month(civil->year, civil->month))
        return FAULT_RANGE;
    return FAULT_NONE;
}

static DateTimeFault apply_meridiem(Decoder *decoder) {
    CivilTime *civil = &decoder->civil;

    if (decoder->meridiem == MERIDIEM_NONE)
        return FAULT_NONE;
    if (civil->hour > 12)
        return FAULT_RANGE;
    if (decoder->meridiem == MERIDIEM_AM && civil->hour == 12)
        civil->hour = 0;
    else if (decoder->meridiem == MERIDIEM_PM && civil->hour != 12)
        civil->hour += 12;
    return FAULT_NONE;
}

/* Offset from the zone that was named, or the session's; it depends on the date. */
static DateTimeFault resolve_zone(Decoder *decoder) {
    const CivilTime *civil = &decoder->civil;
    int64_t local_seconds =
        date_from_civil(civil->year, civil->month, civil->day) * DATETIME_DAY_SECONDS +
        (civil->hour * INT64_C(60) + civil->minute) * 60 + civil->second;

    if (!decoder->named_zone && !decoder->dynamic_zone && (decoder->seen & SEEN_ZONE))
        return FAULT_NONE;
    if (decoder->seen & SEEN_DST)
        return FAULT_FORMAT;
    if (decoder->dynamic_zone) {
        int32_t offset = timezone_local_offset(decoder->dynamic_zone, local_seconds);

        decoder->offset_seconds = timezone_abbreviation_offset(
            decoder->dynamic_zone, decoder->abbreviation, local_seconds - offset, offset);
    } else {
        decoder->offset_seconds = timezone_local_offset(
            decoder->named_zone ? decoder->named_zone : decoder->request->settings->time_zone,
            local_seconds);
    }
    return FAULT_NONE;
}

/* The type time drops its zone, which is checked all the same. */
static DateTimeFault finish_time(Decoder *decoder) {
    bool has_whole_date = (decoder->seen & SEEN_DATE) == SEEN_DATE;
    bool has_zone = decoder->seen & SEEN_ZONE;
    int32_t offset;

    if (time_overflows(&decoder->civil))
        return FAULT_RANGE;
    if ((decoder->seen & SEEN_TIME) != SEEN_TIME)
        return FAULT_FORMAT;
    if ((decoder->seen & SEEN_DST) && (decoder->named_zone || decoder->dynamic_zone || !has_zone))
        return FAULT_FORMAT;
    if (decoder->named_zone && !has_whole_date && !timezone_is_fixed(decoder->named_zone, &offset))
        return FAULT_FORMAT;
    if ((decoder->dynamic_zone || !has_zone) && (decoder->seen & SEEN_DATE) && !has_whole_date)
        return FAULT_FORMAT;
    return FAULT_NONE;
}

DateTimeFault datetime_decode(DateTimeFields *fields, const DecodeRequest *request,
                              Moment *ret_moment, const char **ret_detail) {
    Decoder decoder = {.fields = fields, .request = request, .civil = {.month = 1, .day = 1}};
    DateTimeFault fault = FAULT_NONE;

    for (int i = 0; i < fields->count; i++) {
        fault = decode_field(&decoder, i);
        *ret_detail = decoder.detail;
        if (fault != FAULT_NONE)
            return fault;
        if (decoder.found & decoder.seen)
            return FAULT_FORMAT;
        decoder.seen |= decoder.found;
    }
    fault = check_date(&decoder);
    if (fault == FAULT_NONE)
        fault = apply_meridiem(&decoder);
    if (fault == FAULT_NONE && request->is_time_only)
        fault = finish_time(&decoder);
    else if (fault == FAULT_NONE && decoder.kind == MOMENT_CIVIL)
        fault = (decoder.seen & SEEN_DATE) == SEEN_DATE ? resolve_zone(&decoder) : FAULT_FORMAT;
    *ret_moment = (Moment) {decoder.kind, decoder.civil, decoder.offset_seconds};
    return fault;
}
