/* Interval output in the four styles of IntervalStyle. */
#include "types/datetime.h"
#include "types/datetime_form.h"

/* The parts as they are shown; all of the time has one sign. */
typedef struct IntervalFields {
    int64_t years;
    int64_t months;
    int64_t days;
    bool is_time_negative;
    uint64_t hours;
    uint32_t minutes;
    uint32_t seconds;
    uint32_t microseconds;
} IntervalFields;

static IntervalFields split_interval(const Interval *interval) {
    bool is_negative = interval->micros < 0;
    uint64_t micros = is_negative ? -(uint64_t) interval->micros : (uint64_t) interval->micros;

    return (IntervalFields) {
        .years = interval->months / 12,
        .months = interval->months % 12,
        .days = interval->days,
        .is_time_negative = is_negative,
        .hours = micros / DATETIME_HOUR_US,
        .minutes = (uint32_t) (micros / DATETIME_MINUTE_US % 60),
        .seconds = (uint32_t) (micros / DATETIME_SECOND_US % 60),
        .microseconds = (uint32_t) (micros % DATETIME_SECOND_US),
    };
}

static void append_seconds(StrBuf *out, const IntervalFields *fields, int width) {
    strbuf_printf(out, "%0*u", width, fields->seconds);
    if (fields->microseconds) {
        strbuf_printf(out, ".%06u", fields->microseconds);
        while (out->length > 0 && out->data[out->length - 1] == '0')
            out->data[--out->length] = '\0';
    }
}

static void append_clock(StrBuf *out, const IntervalFields *fields, int hour_width) {
    strbuf_printf(out, "%0*llu:%02u:", hour_width, (unsigned long long) fields->hours,
                  fields->minutes);
    append_seconds(out, fields, 2);
}

/* -------- postgres: "1 year -2 mons +3 days -04:05:06" -------- */

static void append_signed_part(StrBuf *out, int64_t number, const char *unit, bool *is_first,
                               bool *is_after_negative) {
    if (number == 0)
        return;
    strbuf_printf(out, "%s%s%lld %s%s", *is_first ? "" : " ",
                  *is_after_negative && number > 0 ? "+" : "", (long long) number, unit,
                  number == 1 ? "" : "s");
    *is_first = false;
    *is_after_negative = number < 0;
}

static void append_postgres(StrBuf *out, const IntervalFields *fields, bool has_time) {
    bool is_first = true;
    bool is_after_negative = false;

    append_signed_part(out, fields->years, "year", &is_first, &is_after_negative);
    append_signed_part(out, fields->months, "mon", &is_first, &is_after_negative);
    append_signed_part(out, fields->days, "day", &is_first, &is_after_negative);
    if (!has_time && !is_first)
        return;
    strbuf_printf(out, "%s%s", is_first ? "" : " ",
                  fields->is_time_negative ? "-" : (is_after_negative ? "+" : ""));
    append_clock(out, fields, 2);
}

/* -------- postgres_verbose: "@ 1 year -2 mons 3 days ago" -------- */

/* The first part's sign is that of "ago". */
static void append_verbose_part(StrBuf *out, int64_t number, const char *unit, bool *is_first,
                                bool *is_ago) {
    if (number == 0)
        return;
    if (*is_first)
        *is_ago = number < 0;
    if (*is_ago)
        number = -number;
    strbuf_printf(out, " %lld %s%s", (long long) number, unit, number == 1 ? "" : "s");
    *is_first = false;
}

static void append_verbose(StrBuf *out, const IntervalFields *fields) {
    int64_t sign = fields->is_time_negative ? -1 : 1;
    bool is_first = true;
    bool is_ago = false;

    strbuf_append_char(out, '@');
    append_verbose_part(out, fields->years, "year", &is_first, &is_ago);
    append_verbose_part(out, fields->months, "mon", &is_first, &is_ago);
    append_verbose_part(out, fields->days, "day", &is_first, &is_ago);
    append_verbose_part(out, (int64_t) fields->hours * sign, "hour", &is_first, &is_ago);
    append_verbose_part(out, fields->minutes * sign, "min", &is_first, &is_ago);
    if (fields->seconds || fields->microseconds) {
        if (is_first)
            is_ago = fields->is_time_negative;
        strbuf_append_text(out, fields->is_time_negative != is_ago ? " -" : " ");
        append_seconds(out, fields, 1);
        strbuf_append_text(out, fields->seconds != 1 || fields->microseconds ? " secs" : " sec");
        is_first = false;
    }
    strbuf_append_text(out, is_first ? " 0" : "");
    strbuf_append_text(out, is_ago ? " ago" : "");
}

/* -------- sql_standard: "1-2", "3 4:05:06", or all parts with signs -------- */

static void append_sql_standard(StrBuf *out, const IntervalFields *fields, bool has_time) {
    bool is_time_positive = has_time && !fields->is_time_negative;
    bool has_months = fields->years || fields->months;
    bool has_days = fields->days || has_time;
    bool has_negative = fields->years < 0 || fields->months < 0 || fields->days < 0 ||
                        (has_time && fields->is_time_negative);
    bool has_positive =
        fields->years > 0 || fields->months > 0 || fields->days > 0 || is_time_positive;
    bool is_standard = !(has_negative && has_positive) && !(has_months && has_days);
    long long years = fields->years < 0 ? -fields->years : fields->years;
    long long months = fields->months < 0 ? -fields->months : fields->months;
    long long days = fields->days < 0 ? -fields->days : fields->days;

    if (!has_negative && !has_positive) {
        strbuf_append_char(out, '0');
        return;
    }
    if (!is_standard) {
        strbuf_printf(out, "%c%lld-%lld %c%lld %c",
                      fields->years < 0 || fields->months < 0 ? '-' : '+', years, months,
                      fields->days < 0 ? '-' : '+', days, fields->is_time_negative ? '-' : '+');
        append_clock(out, fields, 1);
        return;
    }
    if (has_negative)
        strbuf_append_char(out, '-');
    if (has_months) {
        strbuf_printf(out, "%lld-%lld", years, months);
        return;
    }
    if (days)
        strbuf_printf(out, "%lld ", days);
    append_clock(out, fields, 1);
}

/* -------- iso_8601: "P1Y2M3DT4H5M6S" -------- */

static void append_iso_part(StrBuf *out, int64_t number, char unit) {
    if (number)
        strbuf_printf(out, "%lld%c", (long long) number, unit);
}

static void append_iso_8601(StrBuf *out, const IntervalFields *fields, bool has_time) {
    int64_t sign = fields->is_time_negative ? -1 : 1;

    if (!fields->years && !fields->months && !fields->days && !has_time) {
        strbuf_append_text(out, "PT0S");
        return;
    }
    strbuf_append_char(out, 'P');
    append_iso_part(out, fields->years, 'Y');
    append_iso_part(out, fields->months, 'M');
    append_iso_part(out, fields->days, 'D');
    if (has_time)
        strbuf_append_char(out, 'T');
    append_iso_part(out, (int64_t) fields->hours * sign, 'H');
    append_iso_part(out, fields->minutes * sign, 'M');
    if (fields->seconds || fields->microseconds) {
        strbuf_append_text(out, fields->is_time_negative ? "-" : "");
        append_seconds(out, fields, 1);
        strbuf_append_char(out, 'S');
    }
}

void interval_append_text(const Interval *interval, const FormSettings *settings, StrBuf *out) {
    IntervalFields fields = split_interval(interval);
    bool has_time = interval->micros != 0;

    switch (settings->interval_style) {
    case INTERVAL_STYLE_POSTGRES:
        append_postgres(out, &fields, has_time);
        break;
    case INTERVAL_STYLE_POSTGRES_VERBOSE:
        append_verbose(out, &fields);
        break;
    case INTERVAL_STYLE_SQL_STANDARD:
        append_sql_standard(out, &fields, has_time);
        break;
    case INTERVAL_STYLE_ISO_8601:
        append_iso_8601(out, &fields, has_time);
        break;
    }
}
