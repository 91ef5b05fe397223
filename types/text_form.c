#include "types/text_form.h"

#include "types/datetime_form.h"
#include "types/json.h"
#include "types/nested_form.h"
#include "types/number_form.h"
#include "types/numeric.h"
#include "types/text_types.h"

/* -------- output -------- */

void value_append_text(const Value *value, const FormSettings *settings, StrBuf *out) {
    switch (value->type.id) {
    case TYPE_BOOL:
        strbuf_append_char(out, value->boolean ? 't' : 'f');
        return;
    case TYPE_INT2:
        int64_append_text(value->int16, out);
        return;
    case TYPE_INT4:
        int64_append_text(value->int32, out);
        return;
    case TYPE_INT8:
    case TYPE_OID:
    case TYPE_REGCLASS:
    case TYPE_REGTYPE:
    case TYPE_REGPROC:
        int64_append_text(value->int64, out);
        return;
    case TYPE_FLOAT4:
        float32_append_text(value->float32, settings->extra_float_digits, out);
        return;
    case TYPE_FLOAT8:
        float64_append_text(value->float64, settings->extra_float_digits, out);
        return;
    case TYPE_NUMERIC:
        numeric_append_text(&value->numeric, out);
        return;
    case TYPE_BYTEA:
        bytea_append_text(&value->text, settings->bytea_hex, out);
        return;
    case TYPE_DATE:
        date_append_text(value->int32, settings, out);
        return;
    case TYPE_TIME:
        time_append_text(value->int64, settings, out);
        return;
    case TYPE_TIMESTAMP:
        timestamp_append_text(value->int64, settings, out);
        return;
    case TYPE_TIMESTAMPTZ:
        timestamptz_append_text(value->int64, settings, out);
        return;
    case TYPE_INTERVAL:
        interval_append_text(&value->interval, settings, out);
        return;
    case TYPE_UUID:
        uuid_append_text(&value->uuid, out);
        return;
    case TYPE_ARRAY:
        array_append_text(value, settings, out);
        return;
    case TYPE_RECORD:
        record_append_text(value, settings, out);
        return;
    default:
        strbuf_append(out, text_data(&value->text), value->text.length);
        return;
    }
}

/* -------- input -------- */

static Status text_parse(SqlType type, const char *text, size_t length, Arena *arena,
                         Value *ret_value, Error *err) {
    TextView view = text_view(text, (uint32_t) length);
    TextView fitted = {0};

    TRY(text_apply_typmod(type, &view, false, arena, &fitted, err));
    if (fitted.length > TEXT_INLINE_BYTES && fitted.data == text)
        fitted.data = arena_memdup(arena, fitted.data, fitted.length);
    ret_value->text = fitted;
    return STATUS_OK;
}

static Status boolean_parse(const char *text, size_t length, Value *ret_value, Error *err) {
    bool flag = false;

    TRY(bool_parse(text, length, &flag, err));
    ret_value->boolean = flag;
    return STATUS_OK;
}

static Status parse_into(SqlType type, const char *text, size_t length,
                         const FormSettings *settings, Arena *arena, Value *value, Error *err) {
    switch (type.id) {
    case TYPE_BOOL:
        return boolean_parse(text, length, value, err);
    case TYPE_INT2:
        return int16_parse(text, length, &value->int16, err);
    case TYPE_INT4:
        return int32_parse(text, length, &value->int32, err);
    case TYPE_INT8:
        return int64_parse(text, length, &value->int64, err);
    case TYPE_OID:
    case TYPE_REGCLASS:
    case TYPE_REGTYPE:
    case TYPE_REGPROC:
        return oid_parse(text, length, &value->int64, err);
    case TYPE_FLOAT4:
        return float32_parse(text, length, &value->float32, err);
    case TYPE_FLOAT8:
        return float64_parse(text, length, &value->float64, err);
    case TYPE_NUMERIC:
        return numeric_parse(text, length, type.typmod, &value->numeric, err);
    case TYPE_BYTEA:
        return bytea_parse(text, length, arena, &value->text, err);
    case TYPE_DATE:
        return date_parse_text(text, length, settings, &value->int32, err);
    case TYPE_TIME:
        return time_parse_text(text, length, type.typmod, settings, &value->int64, err);
    case TYPE_TIMESTAMP:
        return timestamp_parse_text(text, length, type.typmod, settings, &value->int64, err);
    case TYPE_TIMESTAMPTZ:
        return timestamptz_parse_text(text, length, type.typmod, settings, &value->int64, err);
    case TYPE_INTERVAL:
        return interval_parse_text(text, length, type.typmod, settings, &value->interval, err);
    case TYPE_UUID:
        return uuid_parse(text, length, &value->uuid, err);
    case TYPE_JSON:
        TRY(json_check(text, length, err));
        return text_parse(type, text, length, arena, value, err);
    case TYPE_JSONB:
        return jsonb_parse(text, length, arena, &value->text, err);
    case TYPE_ARRAY:
        return array_parse_text(type, text, length, settings, arena, value, err);
    case TYPE_RECORD:
        return record_parse_text(type, text, length, settings, arena, value, err);
    default:
        return text_parse(type, text, length, arena, value, err);
    }
}

Status value_parse_text(SqlType type, const char *text, size_t length, const FormSettings *settings,
                        Arena *arena, Value *ret_value, Error *err) {
    Value value = {.type = type};

    TRY(parse_into(type, text, length, settings, arena, &value, err));
    value.type = type;
    *ret_value = value;
    return STATUS_OK;
}
