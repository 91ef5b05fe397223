/* date_trunc and extract. */
#include "types/datetime_unit.h"

/* -------- words -------- */

static const char *unit_type_name(TypeId type) {
    switch (type) {
    case TYPE_DATE:
        return "date";
    case TYPE_TIME:
        return "time without time zone";
    case TYPE_TIMESTAMPTZ:
        return "timestamp with time zone";
    case TYPE_INTERVAL:
        return "interval";
    default:
        return "timestamp without time zone";
    }
}

static void read_word(const TextView *text, UnitWord *ret_word) {
    const char *bytes = text_data(text);
    size_t length =
        text->length < sizeof(ret_word->text) ? text->length : sizeof(ret_word->text) - 1;

    ret_word->unit = UNIT_NONE;
    for (size_t i = 0; i < length; i++)
        ret_word->text[i] =
            bytes[i] >= 'A' && bytes[i] <= 'Z' ? (char) (bytes[i] | 0x20) : bytes[i];
    ret_word->text[length] = '\0';
}

static Status unknown_unit(const UnitWord *word, TypeId type, Error *err) {
    return error_set(err, INVALID_PARAMETER, "unit \"%s\" not recognized for type %s", word->text,
                     unit_type_name(type));
}

static Status unsupported_unit(const UnitWord *word, TypeId type, Error *err) {
    return error_set(err, FEATURE_NOT_SUPPORTED, "unit \"%s\" not supported for type %s",
                     word->text, unit_type_name(type));
}

Status date_trunc_unit(const TextView *text, TypeId type, UnitWord *ret_word, Error *err) {
    const DateTimeWord *known;

    read_word(text, ret_word);
    known = interval_find_word(ret_word->text);
    if (!known || known->kind != WORD_UNIT)
        return unknown_unit(ret_word, type, err);
    ret_word->unit = (DateTimeUnit) known->value;
    return STATUS_OK;
}

Status extract_unit(const TextView *text, TypeId type, UnitWord *ret_word, Error *err) {
    const DateTimeWord *known;

    read_word(text, ret_word);
    known = interval_find_word(ret_word->text);
    if (!known)
        known = datetime_find_word(ret_word->text);
    if (known && known->kind == WORD_UNIT)
        ret_word->unit = (DateTimeUnit) known->value;
    else if (known && known->kind == WORD_RESERVED && known->value == RESERVED_EPOCH)
        ret_word->unit = UNIT_EPOCH;
    else if (known && known->kind == WORD_RESERVED)
        return unsupported_unit(ret_word, type, err);
    else
        return unknown_unit(ret_word, type, err);
    return STATUS_OK;
}

/* -------- ISO weeks -------- */

/* The Monday that starts week 1 of the ISO year: the week of January 4. */
static int64_t iso_year_start(int64_t year) {
    int64_t january_fourth = date_from_civil(year, 1, 4);

    return january_fourth - (date_weekday(january_fourth) + 6) % 7;
}

static int64_t iso_year_of(int64_t days, int64_t civil_year) {
    if (days >= iso_year_start(civil_year + 1))
        return civil_year + 1;
    return days < iso_year_start(civil_year) ? civil_year - 1 : civil_year;
}

/* -------- date_trunc -------- */

/* First year of the span of `width` years (100 or 1000) that holds `year`; spans end in 00. */
static int32_t span_start(int32_t year, int32_t width) {
    return (int32_t) (datetime_floor_div(year - 1, width) * width + 1);
}

/* 0 BC does not exist: PostgreSQL's decades before it end in 1. */
static int32_t decade_of(int32_t year) {
    return year >= 0 ? year / 10 : -((8 - (year - 1)) / 10);
}

static void clear_time(CivilTime *civil) {
    civil->hour = civil->minute = civil->second = civil->microsecond = 0;
}

/* Everything below a day is cut by the caller. */
static bool truncate_date(DateTimeUnit unit, CivilTime *civil) {
    int64_t days;

    switch (unit) {
    case UNIT_MILLENNIUM:
        civil->year = span_start(civil->year, 1000);
        break;
    case UNIT_CENTURY:
        civil->year = span_start(civil->year, 100);
        break;
    case UNIT_DECADE:
        civil->year = decade_of(civil->year) * 10;
        break;
    case UNIT_YEAR:
        break;
    case UNIT_QUARTER:
        civil->month = (civil->month - 1) / 3 * 3 + 1;
        civil->day = 1;
        return true;
    case UNIT_MONTH:
        civil->day = 1;
        return true;
    case UNIT_WEEK:
        days = date_from_civil(civil->year, civil->month, civil->day);
        date_to_civil(days - (date_weekday(days) + 6) % 7, &civil->year, &civil->month,
                      &civil->day);
        return true;
    case UNIT_DAY:
        return true;
    default:
        return false;
    }
    civil->month = civil->day = 1;
    return true;
}

/* Width of a unit below the day; 0 for the others. */
static int64_t clock_unit_us(DateTimeUnit unit) {
    switch (unit) {
    case UNIT_HOUR:
        return DATETIME_HOUR_US;
    case UNIT_MINUTE:
        return DATETIME_MINUTE_US;
    case UNIT_SECOND:
        return DATETIME_SECOND_US;
    case UNIT_MILLISECOND:
        return 1000;
    case UNIT_MICROSECOND:
        return 1;
    default:
        return 0;
    }
}

Status timestamp_truncate(const UnitWord *word, int64_t micros, const TimeZone *zone,
                          int64_t *ret_micros, Error *err) {
    int64_t width = clock_unit_us(word->unit);
    int64_t local = micros;
    CivilTime civil;

    if (!timestamp_is_finite(micros)) {
        *ret_micros = micros;
        return STATUS_OK;
    }
    if (zone)
        local = timezone_utc_to_local(zone, micros);
    if (width) {
        /* within the hour, day and zone stay as they are */
        *ret_micros = micros - datetime_floor_mod(local, width);
        return STATUS_OK;
    }
    civil = timestamp_to_civil(local);
    clear_time(&civil);
    if (!truncate_date(word->unit, &civil))
        return unsupported_unit(word, zone ? TYPE_TIMESTAMPTZ : TYPE_TIMESTAMP, err);
    if (!timestamp_from_civil(&civil, &local))
        return error_set(err, DATETIME_FIELD_OVERFLOW, "timestamp out of range");
    *ret_micros = zone ? timezone_local_to_utc(zone, local) : local;
    return STATUS_OK;
}

Status interval_truncate(const UnitWord *word, Interval interval, Interval *ret_interval,
                         Error *err) {
    int64_t width = clock_unit_us(word->unit);
    int32_t months = 0;

    if (width) {
        interval.micros -= interval.micros % width;
        *ret_interval = interval;
        return STATUS_OK;
    }
    switch (word->unit) {
    case UNIT_MILLENNIUM:
        months = 12000;
        break;
    case UNIT_CENTURY:
        months = 1200;
        break;
    case UNIT_DECADE:
        months = 120;
        break;
    case UNIT_YEAR:
        months = 12;
        break;
    case UNIT_QUARTER:
        months = 3;
        break;
    case UNIT_MONTH:
        months = 1;
        break;
    case UNIT_DAY:
        *ret_interval = (Interval) {.months = interval.months, .days = interval.days};
        return STATUS_OK;
    default:
        unsupported_unit(word, TYPE_INTERVAL, err);
        if (word->unit == UNIT_WEEK)
            error_detail(err, "Months usually have fractional weeks.");
        return STATUS_ERROR;
    }
    *ret_interval = (Interval) {.months = interval.months - interval.months % months};
    return STATUS_OK;
}

/* -------- extract -------- */

static ExtractResult whole(int64_t number) {
    return (ExtractResult) {.kind = EXTRACT_NUMBER, .number = number};
}

static ExtractResult scaled(__int128 number, int scale) {
    return (ExtractResult) {.kind = EXTRACT_NUMBER, .number = number, .scale = scale};
}

/* Fields of the date; false: it has no such field. */
static bool extract_date_field(DateTimeUnit unit, int64_t days, ExtractResult *ret_result) {
    int32_t year, month, day;
    int64_t iso_year;

    date_to_civil(days, &year, &month, &day);
    switch (unit) {
    case UNIT_DAY:
        *ret_result = whole(day);
        return true;
    case UNIT_MONTH:
        *ret_result = whole(month);
        return true;
    case UNIT_QUARTER:
        *ret_result = whole((month - 1) / 3 + 1);
        return true;
    case UNIT_WEEK:
        *ret_result = whole((days - iso_year_start(iso_year_of(days, year))) / 7 + 1);
        return true;
    case UNIT_YEAR: /* there is no year 0 outside */
        *ret_result = whole(year > 0 ? year : year - 1);
        return true;
    case UNIT_DECADE:
        *ret_result = whole(decade_of(year));
        return true;
    case UNIT_CENTURY:
        *ret_result = whole(year > 0 ? (year + 99) / 100 : -((99 - (year - 1)) / 100));
        return true;
    case UNIT_MILLENNIUM:
        *ret_result = whole(year > 0 ? (year + 999) / 1000 : -((999 - (year - 1)) / 1000));
        return true;
    case UNIT_ISO_YEAR:
        iso_year = iso_year_of(days, year);
        *ret_result = whole(iso_year > 0 ? iso_year : iso_year - 1);
        return true;
    case UNIT_DAY_OF_WEEK:
        *ret_result = whole(date_weekday(days));
        return true;
    case UNIT_ISO_DAY_OF_WEEK:
        *ret_result = whole((date_weekday(days) + 6) % 7 + 1);
        return true;
    case UNIT_DAY_OF_YEAR:
        *ret_result = whole(days - date_from_civil(year, 1, 1) + 1);
        return true;
    default:
        return false;
    }
}

/* Fields of the time of day, or of an interval's time, which has any number of hours and a sign. */
static bool extract_clock_field(DateTimeUnit unit, int64_t micros, ExtractResult *ret_result) {
    switch (unit) {
    case UNIT_MICROSECOND:
        *ret_result = whole(micros % DATETIME_MINUTE_US);
        return true;
    case UNIT_MILLISECOND:
        *ret_result = scaled(micros % DATETIME_MINUTE_US, 3);
        return true;
    case UNIT_SECOND:
        *ret_result = scaled(micros % DATETIME_MINUTE_US, 6);
        return true;
    case UNIT_MINUTE:
        *ret_result = whole(micros / DATETIME_MINUTE_US % 60);
        return true;
    case UNIT_HOUR:
        *ret_result = whole(micros / DATETIME_HOUR_US);
        return true;
    default:
        return false;
    }
}

/* Monotonic fields of infinity are infinite, the others are unknown. */
static bool extract_of_infinity(DateTimeUnit unit, bool is_negative, ExtractResult *ret_result) {
    switch (unit) {
    case UNIT_YEAR:
    case UNIT_DECADE:
    case UNIT_CENTURY:
    case UNIT_MILLENNIUM:
    case UNIT_JULIAN:
    case UNIT_ISO_YEAR:
    case UNIT_EPOCH:
        ret_result->kind = is_negative ? EXTRACT_MINUS_INFINITY : EXTRACT_PLUS_INFINITY;
        return true;
    case UNIT_NONE:
    case UNIT_TIME_OF_DAY:
        return false;
    default:
        ret_result->kind = EXTRACT_NULL;
        return true;
    }
}

Status timestamp_extract(const UnitWord *word, int64_t micros, const TimeZone *zone,
                         ExtractResult *ret_result, Error *err) {
    TypeId type = zone ? TYPE_TIMESTAMPTZ : TYPE_TIMESTAMP;
    DateTimeUnit unit = word->unit;
    bool is_zone_unit = unit == UNIT_ZONE || unit == UNIT_ZONE_HOUR || unit == UNIT_ZONE_MINUTE;
    int32_t offset = 0;
    int64_t days, rest;

    if (!timestamp_is_finite(micros))
        return extract_of_infinity(unit, micros < 0, ret_result)
                   ? STATUS_OK
                   : unsupported_unit(word, type, err);
    if (unit == UNIT_EPOCH) {
        *ret_result = scaled((__int128) micros + DATETIME_UNIX_EPOCH_US, 6);
        return STATUS_OK;
    }
    if (is_zone_unit && !zone)
        return unsupported_unit(word, type, err);
    if (zone)
        offset = timezone_offset_at(zone, micros, NULL);
    if (is_zone_unit) {
        *ret_result = whole(unit == UNIT_ZONE        ? offset
                            : unit == UNIT_ZONE_HOUR ? offset / 3600
                                                     : offset / 60 % 60);
        return STATUS_OK;
    }
    micros += offset * DATETIME_SECOND_US;
    days = datetime_floor_div(micros, DATETIME_DAY_US);
    rest = micros - days * DATETIME_DAY_US;
    if (unit == UNIT_JULIAN) {
        *ret_result = (ExtractResult) {
            .kind = EXTRACT_DAYS_AND_TIME, .number = days + DATETIME_EPOCH_JULIAN, .micros = rest};
        return STATUS_OK;
    }
    if (extract_date_field(unit, days, ret_result) || extract_clock_field(unit, rest, ret_result))
        return STATUS_OK;
    return unsupported_unit(word, type, err);
}

Status date_extract(const UnitWord *word, int32_t days, ExtractResult *ret_result, Error *err) {
    DateTimeUnit unit = word->unit;

    if (clock_unit_us(unit) || unit == UNIT_ZONE || unit == UNIT_ZONE_HOUR ||
        unit == UNIT_ZONE_MINUTE)
        return unsupported_unit(word, TYPE_DATE, err);
    if (!date_is_finite(days) && extract_of_infinity(unit, days < 0, ret_result))
        return STATUS_OK;
    if (unit == UNIT_EPOCH)
        *ret_result = whole(((int64_t) days + DATETIME_UNIX_EPOCH_DAYS) * DATETIME_DAY_SECONDS);
    else if (unit == UNIT_JULIAN)
        *ret_result = whole((int64_t) days + DATETIME_EPOCH_JULIAN);
    else if (!extract_date_field(unit, days, ret_result))
        return unsupported_unit(word, TYPE_DATE, err);
    return STATUS_OK;
}

Status time_extract(const UnitWord *word, int64_t micros, ExtractResult *ret_result, Error *err) {
    if (word->unit == UNIT_EPOCH)
        *ret_result = scaled(micros, 6);
    else if (!extract_clock_field(word->unit, micros, ret_result))
        return unsupported_unit(word, TYPE_TIME, err);
    return STATUS_OK;
}

/* A year is 365.25 days here, a month 30: seconds × 4 are whole. */
static __int128 interval_epoch_us(Interval interval) {
    int64_t quarter_days = (int64_t) 1461 * (interval.months / 12) +
                           (int64_t) 120 * (interval.months % 12) + (int64_t) 4 * interval.days;

    return (__int128) quarter_days * (DATETIME_DAY_US / 4) + interval.micros;
}

Status interval_extract(const UnitWord *word, Interval interval, ExtractResult *ret_result,
                        Error *err) {
    int32_t years = interval.months / 12;

    switch (word->unit) {
    case UNIT_EPOCH:
        *ret_result = scaled(interval_epoch_us(interval), 6);
        return STATUS_OK;
    case UNIT_DAY:
        *ret_result = whole(interval.days);
        return STATUS_OK;
    case UNIT_MONTH:
        *ret_result = whole(interval.months % 12);
        return STATUS_OK;
    case UNIT_QUARTER:
        *ret_result = whole(interval.months % 12 / 3 + 1);
        return STATUS_OK;
    case UNIT_YEAR:
        *ret_result = whole(years);
        return STATUS_OK;
    case UNIT_DECADE:
        *ret_result = whole(years / 10);
        return STATUS_OK;
    case UNIT_CENTURY:
        *ret_result = whole(years / 100);
        return STATUS_OK;
    case UNIT_MILLENNIUM:
        *ret_result = whole(years / 1000);
        return STATUS_OK;
    default:
        break;
    }
    if (extract_clock_field(word->unit, interval.micros, ret_result))
        return STATUS_OK;
    return unsupported_unit(word, TYPE_INTERVAL, err);
}
