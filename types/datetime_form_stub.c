/* Stand-ins for the date and time forms until types/datetime_form.c lands; that landing deletes
 * this file. */
#include "types/datetime_form.h"

struct TimeZone {
    const char *name;
};

static const TimeZone stub_utc = {"UTC"};

const FormSettings form_settings_default = {
    .time_zone = &stub_utc, .date_style = "ISO, MDY", .extra_float_digits = 1, .bytea_hex = true};

void date_append_text(int32_t days, const FormSettings *settings, StrBuf *out) {
    strbuf_printf(out, "%d", days);
}

void time_append_text(int64_t micros, const FormSettings *settings, StrBuf *out) {
    strbuf_printf(out, "%lld", (long long) micros);
}

void timestamp_append_text(int64_t micros, const FormSettings *settings, StrBuf *out) {
    strbuf_printf(out, "%lld", (long long) micros);
}

void timestamptz_append_text(int64_t micros, const FormSettings *settings, StrBuf *out) {
    strbuf_printf(out, "%lld", (long long) micros);
}

void interval_append_text(const Interval *interval, const FormSettings *settings, StrBuf *out) {
    strbuf_printf(out, "%lld", (long long) interval->micros);
}

void date_append_json(int32_t days, const FormSettings *settings, StrBuf *out) {
    date_append_text(days, settings, out);
}

void timestamp_append_json(int64_t micros, const FormSettings *settings, StrBuf *out) {
    timestamp_append_text(micros, settings, out);
}

void timestamptz_append_json(int64_t micros, const FormSettings *settings, StrBuf *out) {
    timestamptz_append_text(micros, settings, out);
}

Status date_parse_text(const char *text, size_t length, const FormSettings *settings,
                       int32_t *ret_days, Error *err) {
    return error_set(err, FEATURE_NOT_SUPPORTED, "date input is not supported");
}

Status time_parse_text(const char *text, size_t length, int32_t typmod,
                       const FormSettings *settings, int64_t *ret_micros, Error *err) {
    return error_set(err, FEATURE_NOT_SUPPORTED, "time input is not supported");
}

Status timestamp_parse_text(const char *text, size_t length, int32_t typmod,
                            const FormSettings *settings, int64_t *ret_micros, Error *err) {
    return error_set(err, FEATURE_NOT_SUPPORTED, "timestamp input is not supported");
}

Status timestamptz_parse_text(const char *text, size_t length, int32_t typmod,
                              const FormSettings *settings, int64_t *ret_micros, Error *err) {
    return error_set(err, FEATURE_NOT_SUPPORTED, "timestamptz input is not supported");
}

Status interval_parse_text(const char *text, size_t length, int32_t typmod,
                           const FormSettings *settings, Interval *ret_interval, Error *err) {
    return error_set(err, FEATURE_NOT_SUPPORTED, "interval input is not supported");
}

int64_t datetime_round_micros(int64_t micros, int32_t typmod) {
    return micros;
}

__int128 interval_span(const Interval *interval) {
    const __int128 day_us = (__int128) 86400 * 1000000;

    return ((__int128) interval->months * 30 + interval->days) * day_us + interval->micros;
}
