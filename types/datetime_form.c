/* Date and time input: the parsers of the types date, time, timestamp and timestamptz. */
#include "types/datetime_form.h"

#include "types/datetime.h"
#include "types/datetime_decode.h"
#include "types/datetime_iso.h"

const FormSettings form_settings_default = {
    .time_zone = &timezone_utc_zone,
    .date_style = "ISO, MDY",
    .extra_float_digits = 1,
    .bytea_hex = true,
};

int64_t datetime_round_micros(int64_t micros, int32_t typmod) {
    static const int64_t scales[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    int64_t scale;

    if (typmod < 0 || typmod >= 6 || !timestamp_is_finite(micros))
        return micros;
    scale = scales[typmod];
    return micros >= 0 ? (micros + scale / 2) / scale * scale
                       : -((-micros + scale / 2) / scale * scale);
}

static Status decode_text(const DateTimeText *text, const DecodeRequest *request,
                          Moment *ret_moment, Error *err) {
    DateTimeFields fields;
    const char *detail = "";
    DateTimeFault fault = FAULT_FORMAT;

    if (datetime_split(text->text, text->length, DATETIME_TEXT_BUFFER_BYTES, &fields))
        fault = datetime_decode(&fields, request, ret_moment, &detail);
    return fault == FAULT_NONE ? STATUS_OK : datetime_fault_error(fault, text, detail, err);
}

static Status range_error(const char *what, const DateTimeText *text, Error *err) {
    int length = text->length > ERROR_MESSAGE_SIZE ? ERROR_MESSAGE_SIZE : (int) text->length;

    return error_set(err, DATETIME_FIELD_OVERFLOW, "%s out of range: \"%.*s\"", what, length,
                     text->text);
}

static bool has_julian_day(const CivilTime *civil) {
    return (civil->year > -4713 || (civil->year == -4713 && civil->month >= 11)) &&
           (civil->year < 5874898 || (civil->year == 5874898 && civil->month < 6));
}

/* YYYY-MM-DD: the shape that nearly all dates have. */
static bool parse_plain_date(const char *text, size_t length, int32_t *ret_days) {
    uint32_t century, year, month, day;

    if (length != 10 || text[4] != '-' || text[7] != '-')
        return false;
    century = iso_two_digits(text);
    year = iso_two_digits(text + 2);
    month = iso_two_digits(text + 5);
    day = iso_two_digits(text + 8);
    if (century > 99 || year > 99 || century + year == 0 || month - 1 > 11 || day - 1 > 30)
        return false;
    year += century * 100;
    if (day > 28 && (int32_t) day > date_days_in_month(year, (int32_t) month))
        return false;
    *ret_days = (int32_t) date_from_civil(year, (int32_t) month, (int32_t) day);
    return true;
}

Status date_parse_text(const char *text, size_t length, const FormSettings *settings,
                       int32_t *ret_days, Error *err) {
    DateTimeText source = {text, length, "date"};
    DecodeRequest request = {settings, false};
    Moment moment;
    int64_t days;

    if (parse_plain_date(text, length, ret_days))
        return STATUS_OK;
    TRY(decode_text(&source, &request, &moment, err));
    switch (moment.kind) {
    case MOMENT_EARLY:
        *ret_days = DATE_MINUS_INFINITY;
        return STATUS_OK;
    case MOMENT_LATE:
        *ret_days = DATE_PLUS_INFINITY;
        return STATUS_OK;
    case MOMENT_EPOCH:
        *ret_days = -DATETIME_UNIX_EPOCH_DAYS;
        return STATUS_OK;
    case MOMENT_CIVIL:
        break;
    }
    days = date_from_civil(moment.civil.year, moment.civil.month, moment.civil.day);
    if (!has_julian_day(&moment.civil) || days < DATE_MIN || days >= DATE_END)
        return range_error("date", &source, err);
    *ret_days = (int32_t) days;
    return STATUS_OK;
}

Status time_parse_text(const char *text, size_t length, int32_t typmod,
                       const FormSettings *settings, int64_t *ret_micros, Error *err) {
    DateTimeText source = {text, length, "time"};
    DecodeRequest request = {settings, true};
    Moment moment;
    const CivilTime *civil = &moment.civil;

    TRY(decode_text(&source, &request, &moment, err));
    *ret_micros = datetime_round_micros(
        ((civil->hour * INT64_C(60) + civil->minute) * 60 + civil->second) * DATETIME_SECOND_US +
            civil->microsecond,
        typmod);
    return STATUS_OK;
}

/* `is_zoned`: the offset counts. */
static Status parse_timestamp(const DateTimeText *source, bool is_zoned,
                              const FormSettings *settings, int64_t *ret_micros, Error *err) {
    DecodeRequest request = {settings, false};
    Moment moment;
    int64_t micros;

    TRY(decode_text(source, &request, &moment, err));
    switch (moment.kind) {
    case MOMENT_EARLY:
        *ret_micros = TIMESTAMP_MINUS_INFINITY;
        return STATUS_OK;
    case MOMENT_LATE:
        *ret_micros = TIMESTAMP_PLUS_INFINITY;
        return STATUS_OK;
    case MOMENT_EPOCH:
        *ret_micros = -DATETIME_UNIX_EPOCH_US;
        return STATUS_OK;
    case MOMENT_CIVIL:
        break;
    }
    if (is_zoned)
        moment.civil.second -= moment.offset_seconds;
    if (!has_julian_day(&moment.civil) || !timestamp_from_civil(&moment.civil, &micros))
        return range_error("timestamp", source, err);
    *ret_micros = micros;
    return STATUS_OK;
}

Status timestamp_parse_text(const char *text, size_t length, int32_t typmod,
                            const FormSettings *settings, int64_t *ret_micros, Error *err) {
    DateTimeText source = {text, length, "timestamp"};

    if (!timestamp_parse_iso(text, length, ret_micros))
        TRY(parse_timestamp(&source, false, settings, ret_micros, err));
    *ret_micros = datetime_round_micros(*ret_micros, typmod);
    return STATUS_OK;
}

Status timestamptz_parse_text(const char *text, size_t length, int32_t typmod,
                              const FormSettings *settings, int64_t *ret_micros, Error *err) {
    DateTimeText source = {text, length, "timestamp with time zone"};

    if (!timestamptz_parse_iso(text, length, settings->time_zone, ret_micros))
        TRY(parse_timestamp(&source, true, settings, ret_micros, err));
    *ret_micros = datetime_round_micros(*ret_micros, typmod);
    return STATUS_OK;
}
