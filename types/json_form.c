/* JSON forms: values as to_json and row_to_json print them. */
#include <math.h>

#include "types/datetime_form.h"
#include "types/json.h"
#include "types/nested.h"
#include "types/text_form.h"

static void append_quoted(const Value *value, const FormSettings *settings, StrBuf *out) {
    StrBuf text = {0};

    value_append_text(value, settings, &text);
    json_append_string(strbuf_text(&text), text.length, out);
    strbuf_done(&text);
}

/* NaN and the infinities are no JSON numbers: they are quoted. */
static bool is_json_number(const Value *value) {
    if (value->type.id == TYPE_FLOAT4)
        return isfinite(value->float32);
    if (value->type.id == TYPE_FLOAT8)
        return isfinite(value->float64);
    return value->type.id != TYPE_NUMERIC || value->numeric.kind == NUMERIC_FINITE;
}

static void append_dimension(NestedReader *reader, uint32_t dimension, const FormSettings *settings,
                             StrBuf *out) {
    Value element;

    if (dimension >= ARRAY_DIMENSIONS_MAX)
        return;
    strbuf_append_char(out, '[');
    for (uint32_t i = 0; i < reader->shape.lengths[dimension]; i++) {
        if (i > 0)
            strbuf_append_char(out, ',');
        if (dimension + 1 < reader->shape.dimension_count)
            append_dimension(reader, dimension + 1, settings, out);
        else if (array_next(reader, &element))
            value_append_json(&element, settings, out);
    }
    strbuf_append_char(out, ']');
}

static void append_record(const Value *record, const FormSettings *settings, StrBuf *out) {
    NestedReader reader = record_reader(record);
    Value field;

    strbuf_append_char(out, '{');
    for (int i = 0; record_next(&reader, &field); i++) {
        if (i > 0)
            strbuf_append_char(out, ',');
        if (record->type.fields && i < record->type.field_count) {
            const char *name = record->type.fields[i].name;

            json_append_string(name, strlen(name), out);
        } else {
            strbuf_printf(out, "\"f%d\"", i + 1);
        }
        strbuf_append_char(out, ':');
        value_append_json(&field, settings, out);
    }
    strbuf_append_char(out, '}');
}

static void append_array(const Value *array, const FormSettings *settings, StrBuf *out) {
    NestedReader reader = array_reader(array);

    if (reader.remaining == 0)
        strbuf_append(out, "[]", 2);
    else
        append_dimension(&reader, 0, settings, out);
}

void value_append_json(const Value *value, const FormSettings *settings, StrBuf *out) {
    if (value->is_null) {
        strbuf_append(out, "null", 4);
        return;
    }
    switch (value->type.id) {
    case TYPE_BOOL:
        strbuf_append_text(out, value->boolean ? "true" : "false");
        return;
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8:
    case TYPE_FLOAT4:
    case TYPE_FLOAT8:
    case TYPE_NUMERIC:
        if (is_json_number(value))
            value_append_text(value, settings, out);
        else
            append_quoted(value, settings, out);
        return;
    case TYPE_JSON:
    case TYPE_JSONB:
        strbuf_append(out, text_data(&value->text), value->text.length);
        return;
    case TYPE_TEXT:
    case TYPE_VARCHAR:
    case TYPE_BPCHAR:
        json_append_string(text_data(&value->text), value->text.length, out);
        return;
    case TYPE_DATE:
        strbuf_append_char(out, '"');
        date_append_json(value->int32, settings, out);
        strbuf_append_char(out, '"');
        return;
    case TYPE_TIMESTAMP:
        strbuf_append_char(out, '"');
        timestamp_append_json(value->int64, settings, out);
        strbuf_append_char(out, '"');
        return;
    case TYPE_TIMESTAMPTZ:
        strbuf_append_char(out, '"');
        timestamptz_append_json(value->int64, settings, out);
        strbuf_append_char(out, '"');
        return;
    case TYPE_ARRAY:
        append_array(value, settings, out);
        return;
    case TYPE_RECORD:
        append_record(value, settings, out);
        return;
    default:
        append_quoted(value, settings, out);
        return;
    }
}
