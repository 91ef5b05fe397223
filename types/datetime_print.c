/* Date and time output: DateStyle ISO, and the ISO 8601 shape that JSON gets. */
#include "types/datetime_form.h"

#include "types/datetime.h"

enum { DATETIME_TEXT_BYTES_MAX = 64 };

static char *put_two(char *out, int32_t number) {
    out[0] = (char) ('0' + number / 10);
    out[1] = (char) ('0' + number % 10);
    return out + 2;
}

/* At least `width` digits, with leading zeros. */
static char *put_number(char *out, int64_t number, int width) {
    char digits[24];
    int count = 0;

    do {
        digits[count++] = (char) ('0' + number % 10);
        number /= 10;
    } while (number > 0 || count < width);
    while (count > 0)
        *out++ = digits[--count];
    return out;
}

/* Without the era: put_era() comes last. */
static char *put_date(char *out, const CivilTime *civil) {
    if (civil->year > 0 && civil->year <= 9999)
        out = put_two(put_two(out, civil->year / 100), civil->year % 100);
    else
        out = put_number(out, civil->year > 0 ? civil->year : 1 - (int64_t) civil->year, 4);
    *out++ = '-';
    out = put_two(out, civil->month);
    *out++ = '-';
    return put_two(out, civil->day);
}

static char *put_era(char *out, const CivilTime *civil) {
    if (civil->year <= 0) {
        memcpy(out, " BC", 3);
        out += 3;
    }
    return out;
}

static char *put_time(char *out, const CivilTime *civil) {
    out = put_two(out, civil->hour);
    *out++ = ':';
    out = put_two(out, civil->minute);
    *out++ = ':';
    out = put_two(out, civil->second);
    if (civil->microsecond) {
        *out++ = '.';
        out = put_two(out, civil->microsecond / 10000);
        out = put_two(out, civil->microsecond / 100 % 100);
        out = put_two(out, civil->microsecond % 100);
        while (out[-1] == '0')
            out--;
    }
    return out;
}

static char *put_offset(char *out, int32_t offset, bool with_minutes) {
    int32_t magnitude = offset < 0 ? -offset : offset;

    *out++ = offset < 0 ? '-' : '+';
    out = put_number(out, magnitude / 3600, 2);
    if (magnitude % 3600 || with_minutes) {
        *out++ = ':';
        out = put_two(out, magnitude / 60 % 60);
    }
    if (magnitude % 60) {
        *out++ = ':';
        out = put_two(out, magnitude % 60);
    }
    return out;
}

static bool append_infinity(int64_t micros, StrBuf *out) {
    if (timestamp_is_finite(micros))
        return false;
    strbuf_append_text(out, micros < 0 ? "-infinity" : "infinity");
    return true;
}

void date_append_text(int32_t days, const FormSettings *settings, StrBuf *out) {
    CivilTime civil = {0};
    char text[DATETIME_TEXT_BYTES_MAX];
    char *end;

    if (!date_is_finite(days)) {
        strbuf_append_text(out, days < 0 ? "-infinity" : "infinity");
        return;
    }
    date_to_civil(days, &civil.year, &civil.month, &civil.day);
    end = put_era(put_date(text, &civil), &civil);
    strbuf_append(out, text, (size_t) (end - text));
}

void date_append_json(int32_t days, const FormSettings *settings, StrBuf *out) {
    date_append_text(days, settings, out);
}

void time_append_text(int64_t micros, const FormSettings *settings, StrBuf *out) {
    CivilTime civil = {
        .hour = (int32_t) (micros / DATETIME_HOUR_US), /* 24 is allowed */
        .minute = (int32_t) (micros / DATETIME_MINUTE_US % 60),
        .second = (int32_t) (micros / DATETIME_SECOND_US % 60),
        .microsecond = (int32_t) (micros % DATETIME_SECOND_US),
    };
    char text[DATETIME_TEXT_BYTES_MAX];
    char *end = put_time(text, &civil);

    strbuf_append(out, text, (size_t) (end - text));
}

static void append_timestamp(int64_t micros, char separator, StrBuf *out) {
    CivilTime civil;
    char text[DATETIME_TEXT_BYTES_MAX];
    char *end;

    if (append_infinity(micros, out))
        return;
    civil = timestamp_to_civil(micros);
    end = put_date(text, &civil);
    *end++ = separator;
    end = put_era(put_time(end, &civil), &civil);
    strbuf_append(out, text, (size_t) (end - text));
}

static void append_timestamptz(int64_t micros, const TimeZone *zone, bool is_json, StrBuf *out) {
    CivilTime civil;
    char text[DATETIME_TEXT_BYTES_MAX];
    char *end;
    int32_t offset;

    if (append_infinity(micros, out))
        return;
    offset = timezone_offset_at(zone, micros, NULL);
    civil = timestamp_to_civil(micros + offset * DATETIME_SECOND_US);
    end = put_date(text, &civil);
    *end++ = is_json ? 'T' : ' ';
    end = put_era(put_offset(put_time(end, &civil), offset, is_json), &civil);
    strbuf_append(out, text, (size_t) (end - text));
}

void timestamp_append_text(int64_t micros, const FormSettings *settings, StrBuf *out) {
    append_timestamp(micros, ' ', out);
}

void timestamp_append_json(int64_t micros, const FormSettings *settings, StrBuf *out) {
    append_timestamp(micros, 'T', out);
}

void timestamptz_append_text(int64_t micros, const FormSettings *settings, StrBuf *out) {
    append_timestamptz(micros, settings->time_zone, false, out);
}

void timestamptz_append_json(int64_t micros, const FormSettings *settings, StrBuf *out) {
    append_timestamptz(micros, settings->time_zone, true, out);
}
