/* date_trunc, extract, date_part, age, date_bin, isfinite and overlaps. */
#include "functions/datetime_kernel.h"
#include "types/datetime_unit.h"
#include "types/numeric.h"

/* The unit that text argument 0 names, found once when it is constant. */
typedef struct UnitCache {
    bool is_ready;
    UnitWord word;
} UnitCache;

typedef Status (*FindUnit)(const TextView *text, TypeId type, UnitWord *ret_word, Error *err);

static Status find_unit(const KernelCall *call, uint32_t row, FindUnit find, UnitCache *cache,
                        Error *err) {
    if (cache->is_ready)
        return STATUS_OK;
    TRY(find(kernel_text(call, 0, row), call->arguments[1].type.id, &cache->word, err));
    cache->is_ready = call->arguments[0].encoding == COLUMN_CONSTANT;
    return STATUS_OK;
}

/* -------- date_trunc(unit, timestamp [, zone]) -------- */

static Status truncate_all(const KernelCall *call, const TimeZone *zone, Error *err) {
    int64_t *restrict out = KERNEL_RESULT(call, int64_t);
    UnitCache unit = {0};
    ZoneCache named = {0};

    KERNEL_FOR_EACH(call, row) {
        TRY(find_unit(call, row, date_trunc_unit, &unit, err));
        if (call->argument_count == 3) {
            TRY(kernel_find_zone(call, 2, row, &named, err));
            zone = named.zone;
        }
        TRY(timestamp_truncate(&unit.word, KERNEL_ARGUMENT(call, 1, int64_t, row), zone, &out[row],
                               err));
    }
    return STATUS_OK;
}

static Status trunc_timestamp(const KernelCall *call, Error *err) {
    return truncate_all(call, NULL, err);
}

static Status trunc_timestamptz(const KernelCall *call, Error *err) {
    return truncate_all(call, kernel_zone(call), err);
}

static Status trunc_interval(const KernelCall *call, Error *err) {
    Interval *restrict out = KERNEL_RESULT(call, Interval);
    UnitCache unit = {0};

    KERNEL_FOR_EACH(call, row) {
        TRY(find_unit(call, row, date_trunc_unit, &unit, err));
        TRY(interval_truncate(&unit.word, KERNEL_ARGUMENT(call, 1, Interval, row), &out[row], err));
    }
    return STATUS_OK;
}

/* -------- extract(unit, value) → numeric; date_part → double precision -------- */

static Status extract_one(const KernelCall *call, uint32_t row, const UnitWord *word,
                          ExtractResult *ret_result, Error *err) {
    switch (call->arguments[1].type.id) {
    case TYPE_DATE:
        return date_extract(word, KERNEL_ARGUMENT(call, 1, int32_t, row), ret_result, err);
    case TYPE_TIME:
        return time_extract(word, KERNEL_ARGUMENT(call, 1, int64_t, row), ret_result, err);
    case TYPE_INTERVAL:
        return interval_extract(word, KERNEL_ARGUMENT(call, 1, Interval, row), ret_result, err);
    case TYPE_TIMESTAMPTZ:
        return timestamp_extract(word, KERNEL_ARGUMENT(call, 1, int64_t, row), kernel_zone(call),
                                 ret_result, err);
    default:
        return timestamp_extract(word, KERNEL_ARGUMENT(call, 1, int64_t, row), NULL, ret_result,
                                 err);
    }
}

/* days + micros / µs a day, with the digits that numeric division shows */
static Status julian_numeric(const ExtractResult *result, Numeric *ret_value, Error *err) {
    Numeric day = numeric_from_int64(DATETIME_DAY_US);
    Numeric micros = numeric_from_int64(result->micros);
    Numeric days = numeric_make(result->number, 0);
    Numeric fraction;

    TRY(numeric_divide(&micros, &day, &fraction, err));
    return numeric_add(&days, &fraction, ret_value, err);
}

static Status extract_numeric(const KernelCall *call, Error *err) {
    Numeric *restrict out = KERNEL_RESULT(call, Numeric);
    UnitCache unit = {0};

    KERNEL_FOR_EACH(call, row) {
        ExtractResult result = {0};

        TRY(find_unit(call, row, extract_unit, &unit, err));
        TRY(extract_one(call, row, &unit.word, &result, err));
        switch (result.kind) {
        case EXTRACT_NUMBER:
            out[row] = numeric_make(result.number, result.scale);
            break;
        case EXTRACT_NULL:
            kernel_set_null(call, row);
            break;
        case EXTRACT_MINUS_INFINITY:
            out[row] = (Numeric) {.kind = NUMERIC_MINUS_INF};
            break;
        case EXTRACT_PLUS_INFINITY:
            out[row] = (Numeric) {.kind = NUMERIC_PLUS_INF};
            break;
        case EXTRACT_DAYS_AND_TIME:
            TRY(julian_numeric(&result, &out[row], err));
            break;
        }
    }
    return STATUS_OK;
}

/* Whole part and fraction apart, as PostgreSQL adds them; an epoch is divided at once. */
static double extract_to_double(const ExtractResult *result, DateTimeUnit unit) {
    int64_t power = result->scale == 6 ? 1000000 : result->scale == 3 ? 1000 : 1;

    switch (result->kind) {
    case EXTRACT_MINUS_INFINITY:
        return -INFINITY;
    case EXTRACT_PLUS_INFINITY:
        return INFINITY;
    case EXTRACT_DAYS_AND_TIME:
        return (double) result->number + (double) result->micros / 1e6 / DATETIME_DAY_SECONDS;
    default:
        break;
    }
    if (power == 1)
        return (double) result->number;
    if (unit == UNIT_EPOCH)
        return (double) result->number / (double) power;
    return (double) (result->number / power) + (double) (result->number % power) / (double) power;
}

/* In doubles, added in PostgreSQL's order: the last digits show it. A year has 365.25 days. */
static double interval_epoch_seconds(Interval interval) {
    double seconds = (double) interval.micros / 1e6;

    seconds += 365.25 * DATETIME_DAY_SECONDS * (interval.months / 12);
    seconds += 30.0 * DATETIME_DAY_SECONDS * (interval.months % 12);
    seconds += (double) DATETIME_DAY_SECONDS * interval.days;
    return seconds;
}

/* date_part() of a date is that of its midnight. */
static Status date_part_one(const KernelCall *call, uint32_t row, const UnitWord *word,
                            ExtractResult *ret_result, Error *err) {
    int64_t micros;

    if (call->arguments[1].type.id != TYPE_DATE)
        return extract_one(call, row, word, ret_result, err);
    TRY(date_to_timestamp(KERNEL_ARGUMENT(call, 1, int32_t, row), &micros, err));
    return timestamp_extract(word, micros, NULL, ret_result, err);
}

static Status date_part(const KernelCall *call, Error *err) {
    double *restrict out = KERNEL_RESULT(call, double);
    UnitCache unit = {0};

    KERNEL_FOR_EACH(call, row) {
        ExtractResult result = {0};

        TRY(find_unit(call, row, extract_unit, &unit, err));
        TRY(date_part_one(call, row, &unit.word, &result, err));
        if (result.kind == EXTRACT_NULL)
            kernel_set_null(call, row);
        else if (unit.word.unit == UNIT_EPOCH && call->arguments[1].type.id == TYPE_INTERVAL)
            out[row] = interval_epoch_seconds(KERNEL_ARGUMENT(call, 1, Interval, row));
        else
            out[row] = extract_to_double(&result, unit.word.unit);
    }
    return STATUS_OK;
}

/* -------- age, date_bin, isfinite -------- */

DEFINE_STATUS_KERNEL(age_timestamp, int64_t, int64_t, Interval, timestamp_age(l, r, NULL, ret, err))
DEFINE_STATUS_KERNEL(age_timestamptz, int64_t, int64_t, Interval,
                     timestamp_age(l, r, zone, ret, err))

/* This day's midnight in the session's zone, as a local time. */
static int64_t local_midnight(const KernelCall *call) {
    int64_t local_us = timezone_utc_to_local(kernel_zone(call), call->context->now_us);

    return local_us - datetime_floor_mod(local_us, DATETIME_DAY_US);
}

static Status age_today(const KernelCall *call, Error *err) {
    Interval *restrict out = KERNEL_RESULT(call, Interval);
    bool is_zoned = call->arguments[0].type.id == TYPE_TIMESTAMPTZ;
    const TimeZone *zone = kernel_zone(call);
    int64_t today = local_midnight(call);

    if (is_zoned)
        today = timezone_local_to_utc(zone, today);
    KERNEL_UNARY_LOOPS(call, int64_t,
                       TRY(timestamp_age(today, v, is_zoned ? zone : NULL, &out[row], err)));
    return STATUS_OK;
}

static Status date_bin(const KernelCall *call, Error *err) {
    int64_t *restrict out = KERNEL_RESULT(call, int64_t);

    KERNEL_FOR_EACH(call, row) {
        TRY(timestamp_bin(KERNEL_ARGUMENT(call, 0, Interval, row),
                          KERNEL_ARGUMENT(call, 1, int64_t, row),
                          KERNEL_ARGUMENT(call, 2, int64_t, row), &out[row], err));
    }
    return STATUS_OK;
}

DEFINE_UNARY_KERNEL(micros_is_finite, int64_t, uint8_t, timestamp_is_finite(v))
DEFINE_UNARY_KERNEL(days_is_finite, int32_t, uint8_t, date_is_finite(v))

/* -------- overlaps(start, end, start, end): half-open periods, ends in any order -------- */

static inline bool periods_overlap(int64_t start, int64_t end, int64_t other_start,
                                   int64_t other_end) {
    int64_t first = start < end ? start : end;
    int64_t last = start < end ? end : start;
    int64_t other_first = other_start < other_end ? other_start : other_end;
    int64_t other_last = other_start < other_end ? other_end : other_start;

    /* an empty period is its one instant */
    return first == other_first || (first < other_first ? other_first < last : first < other_last);
}

static Status overlaps(const KernelCall *call, Error *err) {
    uint8_t *restrict out = KERNEL_RESULT(call, uint8_t);

    (void) err;
    KERNEL_FOR_EACH(call, row) {
        out[row] = periods_overlap(
            KERNEL_ARGUMENT(call, 0, int64_t, row), KERNEL_ARGUMENT(call, 1, int64_t, row),
            KERNEL_ARGUMENT(call, 2, int64_t, row), KERNEL_ARGUMENT(call, 3, int64_t, row));
    }
    return STATUS_OK;
}

/* The end of period `index`, which is an instant or an interval after its start. */
static Status period_end(const KernelCall *call, uint32_t index, uint32_t row, int64_t *ret_end,
                         Error *err) {
    int64_t start = KERNEL_ARGUMENT(call, index, int64_t, row);
    const TimeZone *zone =
        call->arguments[index].type.id == TYPE_TIMESTAMPTZ ? kernel_zone(call) : NULL;

    if (call->arguments[index + 1].type.id != TYPE_INTERVAL) {
        *ret_end = KERNEL_ARGUMENT(call, index + 1, int64_t, row);
        return STATUS_OK;
    }
    return timestamp_add_interval(start, KERNEL_ARGUMENT(call, index + 1, Interval, row), zone,
                                  ret_end, err);
}

static Status overlaps_intervals(const KernelCall *call, Error *err) {
    uint8_t *restrict out = KERNEL_RESULT(call, uint8_t);

    KERNEL_FOR_EACH(call, row) {
        int64_t end, other_end;

        TRY(period_end(call, 0, row, &end, err));
        TRY(period_end(call, 2, row, &other_end, err));
        out[row] = periods_overlap(KERNEL_ARGUMENT(call, 0, int64_t, row), end,
                                   KERNEL_ARGUMENT(call, 2, int64_t, row), other_end);
    }
    return STATUS_OK;
}

/* clang-format off */
#define TEXT TYPE_TEXT
#define TS TYPE_TIMESTAMP
#define TZ TYPE_TIMESTAMPTZ
#define IV TYPE_INTERVAL
#define STABLE .volatility = VOLATILITY_STABLE

static const Function datetime_functions[] = {
    {"date_trunc", trunc_timestamp, TS, 2, {TEXT, TS}},
    {"date_trunc", trunc_timestamptz, TZ, 2, {TEXT, TZ}, STABLE},
    {"date_trunc", trunc_timestamptz, TZ, 3, {TEXT, TZ, TEXT}, STABLE},
    {"date_trunc", trunc_interval, IV, 2, {TEXT, IV}},
    {"extract", extract_numeric, TYPE_NUMERIC, 2, {TEXT, TYPE_DATE}},
    {"extract", extract_numeric, TYPE_NUMERIC, 2, {TEXT, TYPE_TIME}},
    {"extract", extract_numeric, TYPE_NUMERIC, 2, {TEXT, TS}},
    {"extract", extract_numeric, TYPE_NUMERIC, 2, {TEXT, TZ}, STABLE},
    {"extract", extract_numeric, TYPE_NUMERIC, 2, {TEXT, IV}},
    {"date_part", date_part, TYPE_FLOAT8, 2, {TEXT, TYPE_DATE}},
    {"date_part", date_part, TYPE_FLOAT8, 2, {TEXT, TYPE_TIME}},
    {"date_part", date_part, TYPE_FLOAT8, 2, {TEXT, TS}},
    {"date_part", date_part, TYPE_FLOAT8, 2, {TEXT, TZ}, STABLE},
    {"date_part", date_part, TYPE_FLOAT8, 2, {TEXT, IV}},
    {"age", age_timestamp, IV, 2, {TS, TS}},
    {"age", age_timestamptz, IV, 2, {TZ, TZ}, STABLE},
    {"age", age_today, IV, 1, {TS}, STABLE},
    {"age", age_today, IV, 1, {TZ}, STABLE},
    {"date_bin", date_bin, TS, 3, {IV, TS, TS}},
    {"date_bin", date_bin, TZ, 3, {IV, TZ, TZ}},
    {"isfinite", days_is_finite, TYPE_BOOL, 1, {TYPE_DATE}},
    {"isfinite", micros_is_finite, TYPE_BOOL, 1, {TS}},
    {"isfinite", micros_is_finite, TYPE_BOOL, 1, {TZ}},
    {"overlaps", overlaps, TYPE_BOOL, 4, {TYPE_TIME, TYPE_TIME, TYPE_TIME, TYPE_TIME}},
    {"overlaps", overlaps, TYPE_BOOL, 4, {TS, TS, TS, TS}},
    {"overlaps", overlaps, TYPE_BOOL, 4, {TZ, TZ, TZ, TZ}},
    {"overlaps", overlaps_intervals, TYPE_BOOL, 4, {TS, IV, TS, IV}},
    {"overlaps", overlaps_intervals, TYPE_BOOL, 4, {TS, TS, TS, IV}},
    {"overlaps", overlaps_intervals, TYPE_BOOL, 4, {TS, IV, TS, TS}},
    {"overlaps", overlaps_intervals, TYPE_BOOL, 4, {TZ, IV, TZ, IV}, STABLE},
    {"overlaps", overlaps_intervals, TYPE_BOOL, 4, {TZ, TZ, TZ, IV}, STABLE},
    {"overlaps", overlaps_intervals, TYPE_BOOL, 4, {TZ, IV, TZ, TZ}, STABLE},
};
/* clang-format on */

const FunctionFamily family_datetime_functions = {FAMILY_FUNCTIONS(datetime_functions)};
