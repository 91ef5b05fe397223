/* Dates and times from numbers (make_date, …, to_timestamp), and AT TIME ZONE. */
#include "functions/datetime_kernel.h"
#include "types/numeric.h"

/* -------- zones -------- */

Status kernel_find_zone(const KernelCall *call, uint32_t index, uint32_t row, ZoneCache *cache,
                        Error *err) {
    const TextView *text = kernel_text(call, index, row);
    char name[256];

    if (cache->zone && call->arguments[index].encoding == COLUMN_CONSTANT)
        return STATUS_OK;
    if (text->length >= sizeof(name) || memchr(text_data(text), '\0', text->length))
        return error_set(err, INVALID_PARAMETER, "time zone \"%.*s\" not recognized",
                         (int) sizeof(name), text_data(text));
    memcpy(name, text_data(text), text->length);
    name[text->length] = '\0';
    return timezone_find(name, &cache->zone, err);
}

/* The fixed zone that an interval of hours and minutes means. */
static Status zone_of_interval(Interval interval, const TimeZone **ret_zone, Error *err) {
    int64_t seconds = interval.micros / DATETIME_SECOND_US;

    if (interval.months || interval.days) {
        CLEANUP(strbuf_done) StrBuf text = {0};

        interval_append_text(&interval, &form_settings_default, &text);
        return error_set(err, INVALID_PARAMETER,
                         "interval time zone \"%s\" must not include months or days",
                         strbuf_text(&text));
    }
    if (seconds < -7 * DATETIME_DAY_SECONDS || seconds > 7 * DATETIME_DAY_SECONDS)
        return error_set(err, DATETIME_FIELD_OVERFLOW, "timestamp out of range");
    *ret_zone = timezone_fixed((int32_t) seconds);
    return STATUS_OK;
}

/* timezone(zone, timestamp) and timezone(zone, timestamptz); the zone is a text or an interval. */
static Status at_time_zone(const KernelCall *call, Error *err) {
    int64_t *restrict out = KERNEL_RESULT(call, int64_t);
    bool is_from_utc = call->arguments[1].type.id == TYPE_TIMESTAMPTZ;
    bool is_interval = call->arguments[0].type.id == TYPE_INTERVAL;
    ZoneCache cache = {0};

    KERNEL_FOR_EACH(call, row) {
        int64_t micros = KERNEL_ARGUMENT(call, 1, int64_t, row);

        if (is_interval)
            TRY(zone_of_interval(KERNEL_ARGUMENT(call, 0, Interval, row), &cache.zone, err));
        else
            TRY(kernel_find_zone(call, 0, row, &cache, err));
        if (is_from_utc)
            TRY(timestamptz_to_timestamp(micros, cache.zone, &out[row], err));
        else
            TRY(timestamp_to_timestamptz(micros, cache.zone, &out[row], err));
    }
    return STATUS_OK;
}

/* -------- make_… -------- */

/* Messages show the astronomical year, as PostgreSQL's do. */
static Status make_date_value(int64_t year, int32_t month, int32_t day, int64_t *ret_days,
                              Error *err) {
    bool is_year_zero = year == 0;

    /* negative years are BC; there is no year 0 */
    if (year < 0)
        year++;
    if (is_year_zero || month < 1 || month > 12 || day < 1 || day > date_days_in_month(year, month))
        return error_set(err, DATETIME_FIELD_OVERFLOW,
                         "date field value out of range: %lld-%02d-%02d", (long long) year, month,
                         day);
    *ret_days = date_from_civil(year, month, day);
    if (*ret_days < DATE_MIN || *ret_days >= DATE_END)
        return error_set(err, DATETIME_FIELD_OVERFLOW, "date out of range: %lld-%02d-%02d",
                         (long long) year, month, day);
    return STATUS_OK;
}

static Status make_time_value(int32_t hour, int32_t minute, double second, int64_t *ret_micros,
                              Error *err) {
    double micros = rint(second * 1e6);

    /* 60 seconds and 24:00:00 are allowed, as in time's input */
    if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || isnan(second) || second < 0 ||
        second > 60 || micros > 60e6 ||
        (hour * INT64_C(60) + minute) * DATETIME_MINUTE_US + (int64_t) micros > DATETIME_DAY_US)
        return error_set(err, DATETIME_FIELD_OVERFLOW,
                         "time field value out of range: %d:%02d:%02g", hour, minute, second);
    *ret_micros = (hour * INT64_C(60) + minute) * DATETIME_MINUTE_US + (int64_t) micros;
    return STATUS_OK;
}

static Status make_date(const KernelCall *call, Error *err) {
    int32_t *restrict out = KERNEL_RESULT(call, int32_t);

    KERNEL_FOR_EACH(call, row) {
        int64_t days;

        TRY(make_date_value(KERNEL_ARGUMENT(call, 0, int32_t, row),
                            KERNEL_ARGUMENT(call, 1, int32_t, row),
                            KERNEL_ARGUMENT(call, 2, int32_t, row), &days, err));
        out[row] = (int32_t) days;
    }
    return STATUS_OK;
}

static Status make_time(const KernelCall *call, Error *err) {
    int64_t *restrict out = KERNEL_RESULT(call, int64_t);

    KERNEL_FOR_EACH(call, row) {
        TRY(make_time_value(KERNEL_ARGUMENT(call, 0, int32_t, row),
                            KERNEL_ARGUMENT(call, 1, int32_t, row),
                            KERNEL_ARGUMENT(call, 2, double, row), &out[row], err));
    }
    return STATUS_OK;
}

static Status make_timestamp_value(const KernelCall *call, uint32_t row, int64_t *ret_micros,
                                   Error *err) {
    int32_t fields[5];
    double second = KERNEL_ARGUMENT(call, 5, double, row);
    int64_t days, micros;

    for (uint32_t i = 0; i < ARRAY_LENGTH(fields); i++)
        fields[i] = KERNEL_ARGUMENT(call, i, int32_t, row);
    TRY(make_date_value(fields[0], fields[1], fields[2], &days, err));
    TRY(make_time_value(fields[3], fields[4], second, &micros, err));
    if (__builtin_mul_overflow(days, DATETIME_DAY_US, &days) ||
        __builtin_add_overflow(days, micros, ret_micros) || !timestamp_is_in_range(*ret_micros))
        return error_set(err, DATETIME_FIELD_OVERFLOW,
                         "timestamp out of range: %d-%02d-%02d %d:%02d:%02g", fields[0], fields[1],
                         fields[2], fields[3], fields[4], second);
    return STATUS_OK;
}

static Status make_timestamp(const KernelCall *call, Error *err) {
    int64_t *restrict out = KERNEL_RESULT(call, int64_t);

    KERNEL_FOR_EACH(call, row) {
        TRY(make_timestamp_value(call, row, &out[row], err));
    }
    return STATUS_OK;
}

/* (…) in the session's zone, (…, zone) in that one. */
static Status make_timestamptz(const KernelCall *call, Error *err) {
    int64_t *restrict out = KERNEL_RESULT(call, int64_t);
    ZoneCache cache = {kernel_zone(call)};

    KERNEL_FOR_EACH(call, row) {
        if (call->argument_count == 7 &&
            (kernel_i == 0 || call->arguments[6].encoding != COLUMN_CONSTANT)) {
            cache.zone = NULL;
            TRY(kernel_find_zone(call, 6, row, &cache, err));
        }
        TRY(make_timestamp_value(call, row, &out[row], err));
        TRY(timestamp_to_timestamptz(out[row], cache.zone, &out[row], err));
    }
    return STATUS_OK;
}

/* -------- to_timestamp(seconds), to_timestamp(number, unit) -------- */

DEFINE_STATUS_UNARY_KERNEL(to_timestamp, double, int64_t, timestamp_from_epoch(v, ret, err))

typedef struct EpochUnit {
    const char *name;
    int64_t numerator; /* µs of one unit */
    int64_t denominator;
} EpochUnit;

static const EpochUnit epoch_units[] = {
    {"seconds", DATETIME_SECOND_US, 1},
    {"second", DATETIME_SECOND_US, 1},
    {"s", DATETIME_SECOND_US, 1},
    {"milliseconds", 1000, 1},
    {"millisecond", 1000, 1},
    {"ms", 1000, 1},
    {"microseconds", 1, 1},
    {"microsecond", 1, 1},
    {"us", 1, 1},
    {"nanoseconds", 1, 1000},
    {"nanosecond", 1, 1000},
    {"ns", 1, 1000},
};

static Status find_epoch_unit(const KernelCall *call, uint32_t row, const EpochUnit **unit,
                              Error *err) {
    const TextView *text = kernel_text(call, 1, row);

    if (*unit && call->arguments[1].encoding == COLUMN_CONSTANT)
        return STATUS_OK;
    for (size_t i = 0; i < ARRAY_LENGTH(epoch_units); i++)
        if (strlen(epoch_units[i].name) == text->length &&
            memcmp(epoch_units[i].name, text_data(text), text->length) == 0) {
            *unit = &epoch_units[i];
            return STATUS_OK;
        }
    error_set(err, INVALID_PARAMETER, "unit \"%.*s\" not recognized for to_timestamp",
              text->length > 64 ? 64 : (int) text->length, text_data(text));
    return error_hint(err, "Use 'seconds', 'milliseconds', 'microseconds' or 'nanoseconds'.");
}

static Status put_epoch_us(__int128 since_1970, int64_t *ret_micros, Error *err) {
    __int128 micros = since_1970 - DATETIME_UNIX_EPOCH_US;

    if (micros < TIMESTAMP_MIN || micros >= TIMESTAMP_END)
        return error_set(err, DATETIME_FIELD_OVERFLOW, "timestamp out of range");
    *ret_micros = (int64_t) micros;
    return STATUS_OK;
}

static Status to_timestamp_int(const KernelCall *call, Error *err) {
    int64_t *restrict out = KERNEL_RESULT(call, int64_t);
    const EpochUnit *unit = NULL;

    KERNEL_FOR_EACH(call, row) {
        int64_t number = KERNEL_ARGUMENT(call, 0, int64_t, row);

        TRY(find_epoch_unit(call, row, &unit, err));
        /* nanoseconds round down: a time stays in its window */
        TRY(put_epoch_us(unit->denominator > 1 ? datetime_floor_div(number, unit->denominator)
                                               : (__int128) number * unit->numerator,
                         &out[row], err));
    }
    return STATUS_OK;
}

static Status to_timestamp_numeric(const KernelCall *call, Error *err) {
    int64_t *restrict out = KERNEL_RESULT(call, int64_t);
    const EpochUnit *unit = NULL;

    KERNEL_FOR_EACH(call, row) {
        Numeric number = KERNEL_ARGUMENT(call, 0, Numeric, row);
        Numeric factor;
        Numeric micros;

        TRY(find_epoch_unit(call, row, &unit, err));
        if (number.kind == NUMERIC_NAN)
            return error_set(err, DATETIME_FIELD_OVERFLOW, "timestamp cannot be NaN");
        if (number.kind != NUMERIC_FINITE) {
            out[row] = number.kind == NUMERIC_PLUS_INF ? TIMESTAMP_PLUS_INFINITY
                                                       : TIMESTAMP_MINUS_INFINITY;
            continue;
        }
        factor = unit->denominator == 1 ? numeric_make(unit->numerator, 0) : numeric_make(1, 3);
        TRY(numeric_multiply(&number, &factor, &micros, err));
        TRY(numeric_round(&micros, 0, NUMERIC_FLOOR, &micros, err));
        TRY(put_epoch_us(numeric_coefficient(&micros), &out[row], err));
    }
    return STATUS_OK;
}

/* clang-format off */
#define I4 TYPE_INT4
#define F8 TYPE_FLOAT8
#define STABLE .volatility = VOLATILITY_STABLE

static const Function datetime_makers[] = {
    {"timezone", at_time_zone, TYPE_TIMESTAMPTZ, 2, {TYPE_TEXT, TYPE_TIMESTAMP}},
    {"timezone", at_time_zone, TYPE_TIMESTAMP, 2, {TYPE_TEXT, TYPE_TIMESTAMPTZ}},
    {"timezone", at_time_zone, TYPE_TIMESTAMPTZ, 2, {TYPE_INTERVAL, TYPE_TIMESTAMP}},
    {"timezone", at_time_zone, TYPE_TIMESTAMP, 2, {TYPE_INTERVAL, TYPE_TIMESTAMPTZ}},
    {"make_date", make_date, TYPE_DATE, 3, {I4, I4, I4}},
    {"make_time", make_time, TYPE_TIME, 3, {I4, I4, F8}},
    {"make_timestamp", make_timestamp, TYPE_TIMESTAMP, 6, {I4, I4, I4, I4, I4, F8}},
    {"make_timestamptz", make_timestamptz, TYPE_TIMESTAMPTZ, 6, {I4, I4, I4, I4, I4, F8}, STABLE},
    {"make_timestamptz", make_timestamptz, TYPE_TIMESTAMPTZ, 7,
     {I4, I4, I4, I4, I4, F8, TYPE_TEXT}},
    {"to_timestamp", to_timestamp, TYPE_TIMESTAMPTZ, 1, {F8}},
    {"to_timestamp", to_timestamp_int, TYPE_TIMESTAMPTZ, 2, {TYPE_INT8, TYPE_TEXT}},
    {"to_timestamp", to_timestamp_numeric, TYPE_TIMESTAMPTZ, 2, {TYPE_NUMERIC, TYPE_TEXT}},
};
/* clang-format on */

const FunctionFamily family_datetime_make = {FAMILY_FUNCTIONS(datetime_makers)};
