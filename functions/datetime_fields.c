/* Spark's and Flink's names: year(), month(), hour(), … as integers, unix_timestamp(), and
 * date_format() with Java's pattern letters. */
#include <stdio.h>

#include "functions/datetime_kernel.h"
#include "types/datetime_unit.h"

/* -------- one field as an integer -------- */

static Status put_field(const KernelCall *call, DateTimeUnit unit, int32_t offset, Error *err) {
    const TimeZone *zone =
        call->arguments[0].type.id == TYPE_TIMESTAMPTZ ? kernel_zone(call) : NULL;
    int32_t *restrict out = KERNEL_RESULT(call, int32_t);
    const UnitWord word = {.unit = unit};

    KERNEL_FOR_EACH(call, row) {
        int64_t micros = KERNEL_ARGUMENT(call, 0, int64_t, row);
        ExtractResult result = {0};

        if (!timestamp_is_finite(micros)) {
            kernel_set_null(call, row);
            continue;
        }
        TRY(timestamp_extract(&word, micros, zone, &result, err));
        for (int i = 0; i < result.scale; i++)
            result.number /= 10;
        out[row] = (int32_t) result.number + offset;
    }
    return STATUS_OK;
}

#define DEFINE_FIELD_KERNEL(name, unit, offset)              \
    static Status name(const KernelCall *call, Error *err) { \
        return put_field(call, (unit), (offset), err);       \
    }

DEFINE_FIELD_KERNEL(field_year, UNIT_YEAR, 0)
DEFINE_FIELD_KERNEL(field_quarter, UNIT_QUARTER, 0)
DEFINE_FIELD_KERNEL(field_month, UNIT_MONTH, 0)
DEFINE_FIELD_KERNEL(field_week, UNIT_WEEK, 0)
DEFINE_FIELD_KERNEL(field_day, UNIT_DAY, 0)
DEFINE_FIELD_KERNEL(field_day_of_year, UNIT_DAY_OF_YEAR, 0)
DEFINE_FIELD_KERNEL(field_day_of_week, UNIT_DAY_OF_WEEK, 1) /* 1: Sunday */
DEFINE_FIELD_KERNEL(field_hour, UNIT_HOUR, 0)
DEFINE_FIELD_KERNEL(field_minute, UNIT_MINUTE, 0)
DEFINE_FIELD_KERNEL(field_second, UNIT_SECOND, 0)

/* Whole seconds since 1970, rounded down; infinities are NULL. */
static Status unix_timestamp(const KernelCall *call, Error *err) {
    int64_t *restrict out = KERNEL_RESULT(call, int64_t);

    (void) err;
    KERNEL_FOR_EACH(call, row) {
        int64_t micros = KERNEL_ARGUMENT(call, 0, int64_t, row);

        if (timestamp_is_finite(micros))
            out[row] = datetime_floor_div(micros, DATETIME_SECOND_US) + DATETIME_UNIX_EPOCH_SECONDS;
        else
            kernel_set_null(call, row);
    }
    return STATUS_OK;
}

/* -------- date_format -------- */

static const char *const month_names[] = {"January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December"};
static const char *const day_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};

typedef struct LocalTime {
    CivilTime civil;
    int64_t days;
    int32_t offset;
    const char *abbreviation;
    const TimeZone *zone;
} LocalTime;

static void put_digits(StrBuf *out, int64_t number, int width) {
    strbuf_printf(out, "%0*lld", width, (long long) number);
}

/* The name whole from four letters on, else three characters of it. */
static void put_name(StrBuf *out, const char *name, int count) {
    strbuf_append(out, name, count >= 4 ? strlen(name) : 3);
}

/* "+HHMM" and its relatives: `letter` x, X or Z, which for a zero offset differ. */
static void put_offset(StrBuf *out, char letter, int count, int32_t offset) {
    int32_t magnitude = offset < 0 ? -offset : offset;
    bool has_colon = letter == 'Z' ? count == 5 : count == 3;
    bool has_minutes = letter == 'Z' || count > 1 || magnitude % 3600;

    if (offset == 0 && letter == 'X') {
        strbuf_append_char(out, 'Z');
        return;
    }
    strbuf_printf(out, "%c%02d", offset < 0 ? '-' : '+', magnitude / 3600);
    if (has_minutes)
        strbuf_printf(out, "%s%02d", has_colon ? ":" : "", magnitude / 60 % 60);
}

/* The letters of the calendar; false: not one of them. */
static bool put_date_letter(StrBuf *out, char letter, int count, const LocalTime *time) {
    const CivilTime *civil = &time->civil;

    switch (letter) {
    case 'y':
    case 'u': {
        int64_t year = letter == 'y' && civil->year <= 0 ? 1 - civil->year : civil->year;

        put_digits(out, count == 2 ? year % 100 : year, count);
        return true;
    }
    case 'M':
    case 'L':
        if (count >= 3)
            put_name(out, month_names[civil->month - 1], count);
        else
            put_digits(out, civil->month, count);
        return true;
    case 'd':
        put_digits(out, civil->day, count);
        return true;
    case 'D':
        put_digits(out, time->days - date_from_civil(civil->year, 1, 1) + 1, count);
        return true;
    case 'E':
        put_name(out, day_names[date_weekday(time->days)], count);
        return true;
    case 'Q':
    case 'q':
        put_digits(out, (civil->month + 2) / 3, count);
        return true;
    case 'G':
        strbuf_append_text(out, civil->year > 0 ? "AD" : "BC");
        return true;
    default:
        return false;
    }
}

/* The letters of the clock and the zone; false: not one of them. */
static bool put_time_letter(StrBuf *out, char letter, int count, const LocalTime *time) {
    const CivilTime *civil = &time->civil;
    char fraction[8];

    switch (letter) {
    case 'H':
        put_digits(out, civil->hour, count);
        return true;
    case 'k':
        put_digits(out, civil->hour ? civil->hour : 24, count);
        return true;
    case 'h':
        put_digits(out, (civil->hour + 11) % 12 + 1, count);
        return true;
    case 'K':
        put_digits(out, civil->hour % 12, count);
        return true;
    case 'm':
        put_digits(out, civil->minute, count);
        return true;
    case 's':
        put_digits(out, civil->second, count);
        return true;
    case 'S':
        snprintf(fraction, sizeof(fraction), "%06d", civil->microsecond % 1000000);
        strbuf_append(out, fraction, count < 6 ? (size_t) count : 6);
        strbuf_append_fill(out, '0', count > 6 ? (size_t) count - 6 : 0);
        return true;
    case 'a':
        strbuf_append_text(out, civil->hour < 12 ? "AM" : "PM");
        return true;
    case 'X':
    case 'x':
    case 'Z':
        put_offset(out, letter, count, time->offset);
        return true;
    case 'z':
        strbuf_append_text(out, time->abbreviation);
        return true;
    case 'V':
        strbuf_append_text(out, timezone_name(time->zone));
        return true;
    default:
        return false;
    }
}

/* '…' is literal, '' a quote, inside and outside. */
static const char *put_quoted(StrBuf *out, const char *at, const char *end) {
    if (at < end && *at == '\'') {
        strbuf_append_char(out, '\'');
        return at + 1;
    }
    for (; at < end; at++) {
        if (*at == '\'') {
            if (at + 1 == end || at[1] != '\'')
                return at + 1;
            at++;
        }
        strbuf_append_char(out, *at);
    }
    return end;
}

static Status put_formatted(StrBuf *out, const TextView *format, const LocalTime *time,
                            Error *err) {
    const char *at = text_data(format);
    const char *end = at + format->length;

    while (at < end) {
        char letter = *at;
        int count = 1;

        if (letter == '\'') {
            at = put_quoted(out, at + 1, end);
            continue;
        }
        if (!((letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z'))) {
            strbuf_append_char(out, letter);
            at++;
            continue;
        }
        while (at + count < end && at[count] == letter && count < 19)
            count++;
        if (!put_date_letter(out, letter, count, time) &&
            !put_time_letter(out, letter, count, time)) {
            error_set(err, INVALID_PARAMETER, "pattern letter \"%c\" not recognized", letter);
            return error_hint(err, "Patterns are Java's, such as 'yyyy-MM-dd HH:mm:ss'; put "
                                   "other letters in single quotes.");
        }
        at += count;
    }
    return STATUS_OK;
}

static Status date_format(const KernelCall *call, Error *err) {
    const TimeZone *zone =
        call->arguments[0].type.id == TYPE_TIMESTAMPTZ ? kernel_zone(call) : timezone_utc();
    CLEANUP(strbuf_done) StrBuf out = {0};

    KERNEL_FOR_EACH(call, row) {
        int64_t micros = KERNEL_ARGUMENT(call, 0, int64_t, row);
        LocalTime time = {.zone = zone};

        if (!timestamp_is_finite(micros)) {
            kernel_set_null(call, row);
            continue;
        }
        time.offset = timezone_offset_at(zone, micros, &time.abbreviation);
        micros += time.offset * DATETIME_SECOND_US;
        time.civil = timestamp_to_civil(micros);
        time.days = datetime_floor_div(micros, DATETIME_DAY_US);
        strbuf_clear(&out);
        TRY(put_formatted(&out, kernel_text(call, 1, row), &time, err));
        TRY(kernel_put_text(call, row, strbuf_text(&out), out.length, err));
    }
    return STATUS_OK;
}

/* clang-format off */
#define STABLE .volatility = VOLATILITY_STABLE
#define FIELD_FUNCTIONS(name, kernel)                            \
    {(name), (kernel), TYPE_INT4, 1, {TYPE_TIMESTAMP}},          \
        {(name), (kernel), TYPE_INT4, 1, {TYPE_TIMESTAMPTZ}, STABLE}

static const Function field_functions[] = {
    FIELD_FUNCTIONS("year", field_year),
    FIELD_FUNCTIONS("quarter", field_quarter),
    FIELD_FUNCTIONS("month", field_month),
    FIELD_FUNCTIONS("weekofyear", field_week),
    FIELD_FUNCTIONS("day", field_day),
    FIELD_FUNCTIONS("dayofmonth", field_day),
    FIELD_FUNCTIONS("dayofyear", field_day_of_year),
    FIELD_FUNCTIONS("dayofweek", field_day_of_week),
    FIELD_FUNCTIONS("hour", field_hour),
    FIELD_FUNCTIONS("minute", field_minute),
    FIELD_FUNCTIONS("second", field_second),
    {"unix_timestamp", unix_timestamp, TYPE_INT8, 1, {TYPE_TIMESTAMPTZ}},
    {"date_format", date_format, TYPE_TEXT, 2, {TYPE_TIMESTAMP, TYPE_TEXT}},
    {"date_format", date_format, TYPE_TEXT, 2, {TYPE_TIMESTAMPTZ, TYPE_TEXT}, STABLE},
};
/* clang-format on */

const FunctionFamily family_datetime_fields = {FAMILY_FUNCTIONS(field_functions)};
