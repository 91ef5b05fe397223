/* JSON made: to_json, build_object, build_array, strip_nulls, pretty; casts from jsonb to scalars
 * and between json and jsonb. */
#include "functions/json_support.h"
#include "types/number_form.h"
#include "types/numeric.h"

static const FormSettings *call_settings(const KernelCall *call) {
    return call->context && call->context->settings ? call->context->settings
                                                    : &form_settings_default;
}

/* Text that is JSON becomes the result; canonical when that is jsonb. */
static Status put_json_text(const KernelCall *call, uint32_t row, const StrBuf *text, Error *err) {
    if (call->result->type.id == TYPE_JSONB)
        return jsonb_parse(strbuf_text(text), text->length, call->arena,
                           &KERNEL_RESULT(call, TextView)[row], err);
    return kernel_put_text(call, row, strbuf_text(text), text->length, err);
}

/* -------- values to JSON -------- */

static Status to_json(const KernelCall *call, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {.limit = LIMIT_RECORD_BYTES};

    KERNEL_FOR_EACH(call, row) {
        Value value = column_get(&call->arguments[0], row);

        strbuf_clear(&text);
        value_append_json(&value, call_settings(call), &text);
        TRY(put_json_text(call, row, &text, err));
    }
    return STATUS_OK;
}

static Status build_array(const KernelCall *call, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {.limit = LIMIT_RECORD_BYTES};

    KERNEL_FOR_EACH(call, row) {
        strbuf_clear(&text);
        strbuf_append_char(&text, '[');
        for (uint32_t i = 0; i < call->argument_count; i++) {
            Value value = column_get(&call->arguments[i], row);

            if (i > 0)
                strbuf_append(&text, ", ", 2);
            value_append_json(&value, call_settings(call), &text);
        }
        strbuf_append_char(&text, ']');
        TRY(put_json_text(call, row, &text, err));
    }
    return STATUS_OK;
}

static bool is_scalar(TypeId id) {
    return id != TYPE_ARRAY && id != TYPE_RECORD && id != TYPE_JSON && id != TYPE_JSONB;
}

static Status append_pair(const KernelCall *call, uint32_t index, uint32_t row, StrBuf *text,
                          Error *err) {
    Value key = column_get(&call->arguments[index], row);
    Value value = column_get(&call->arguments[index + 1], row);
    CLEANUP(strbuf_done) StrBuf key_text = {0};

    if (key.is_null)
        return error_set(err, INVALID_PARAMETER, "argument %u: key must not be null", index + 1);
    if (!is_scalar(key.type.id))
        return error_set(err, INVALID_PARAMETER,
                         "key value must be scalar, not array, composite, or json");
    value_append_text(&key, call_settings(call), &key_text);
    if (index > 0)
        strbuf_append(text, ", ", 2);
    json_append_string(strbuf_text(&key_text), key_text.length, text);
    strbuf_append(text, " : ", 3);
    value_append_json(&value, call_settings(call), text);
    return STATUS_OK;
}

static Status build_object(const KernelCall *call, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {.limit = LIMIT_RECORD_BYTES};

    if (call->argument_count % 2 != 0) {
        IGNORE(error_set(err, INVALID_PARAMETER,
                         "argument list must have even number of elements")); /* returned below */
        return error_hint(err, "The arguments of %s() must consist of alternating keys and values.",
                          call->result->type.id == TYPE_JSONB ? "jsonb_build_object"
                                                              : "json_build_object");
    }
    KERNEL_FOR_EACH(call, row) {
        strbuf_clear(&text);
        strbuf_append_char(&text, '{');
        for (uint32_t i = 0; i < call->argument_count; i += 2)
            TRY(append_pair(call, i, row, &text, err));
        strbuf_append_char(&text, '}');
        TRY(put_json_text(call, row, &text, err));
    }
    return STATUS_OK;
}

static Status empty_object(const KernelCall *call, Error *err) {
    KERNEL_FOR_EACH(call, row) {
        KERNEL_RESULT(call, TextView)[row] = text_view("{}", 2);
    }
    return STATUS_OK;
}

static Status empty_array(const KernelCall *call, Error *err) {
    KERNEL_FOR_EACH(call, row) {
        KERNEL_RESULT(call, TextView)[row] = text_view("[]", 2);
    }
    return STATUS_OK;
}

/* -------- stripped and pretty -------- */

/* Members that are null go, at every depth. */
static const JsonNode *without_nulls(const JsonNode *node, Arena *arena) {
    JsonList list;

    if (node->kind != JSON_OBJECT && node->kind != JSON_ARRAY)
        return node;
    list = json_list_create(node->kind, arena);
    list.node->key = node->key;
    for (const JsonNode *child = node->first_child; child; child = child->next)
        if (node->kind == JSON_ARRAY || child->kind != JSON_NULL)
            json_list_add(&list, without_nulls(child, arena));
    return list.node;
}

static Status jsonb_strip_nulls(const KernelCall *call, Error *err) {
    CLEANUP(json_scratch_done) JsonScratch scratch;

    json_scratch_init(&scratch);
    KERNEL_FOR_EACH(call, row) {
        const JsonNode *root = NULL;

        json_scratch_reset(&scratch);
        TRY(json_argument(call, 0, row, &scratch, &root, err));
        TRY(json_put_node(call, row, without_nulls(root, scratch.arena), &scratch, err));
    }
    return STATUS_OK;
}

/* The rest is printed without blanks, as PostgreSQL does. */
static void append_compact(const JsonNode *node, StrBuf *out) {
    bool is_object = node->kind == JSON_OBJECT;
    bool is_first = true;

    if (!is_object && node->kind != JSON_ARRAY) {
        if (node->kind == JSON_STRING)
            json_append_string(text_data(&node->text), node->text.length, out);
        else
            strbuf_append(out, node->raw, node->raw_size);
        return;
    }
    strbuf_append_char(out, is_object ? '{' : '[');
    for (const JsonNode *child = node->first_child; child; child = child->next) {
        if (is_object && child->kind == JSON_NULL)
            continue;
        if (!is_first)
            strbuf_append_char(out, ',');
        is_first = false;
        if (is_object) {
            json_append_string(text_data(&child->key), child->key.length, out);
            strbuf_append_char(out, ':');
        }
        append_compact(child, out);
    }
    strbuf_append_char(out, is_object ? '}' : ']');
}

static Status json_strip_nulls(const KernelCall *call, Error *err) {
    CLEANUP(json_scratch_done) JsonScratch scratch;

    json_scratch_init(&scratch);
    KERNEL_FOR_EACH(call, row) {
        const JsonNode *root = NULL;

        json_scratch_reset(&scratch);
        TRY(json_argument(call, 0, row, &scratch, &root, err));
        append_compact(root, &scratch.text);
        TRY(kernel_put_text(call, row, scratch.text.data, scratch.text.length, err));
    }
    return STATUS_OK;
}

static void pretty_newline(StrBuf *out, int depth) {
    strbuf_append_char(out, '\n');
    strbuf_append_fill(out, ' ', (size_t) depth * 4);
}

static Status append_pretty(const JsonNode *node, int depth, JsonScratch *scratch, Error *err) {
    StrBuf *out = &scratch->text;
    bool is_object = node->kind == JSON_OBJECT;

    if (!is_object && node->kind != JSON_ARRAY)
        return jsonb_append_node(node, scratch->arena, out, err);
    strbuf_append_char(out, is_object ? '{' : '[');
    for (const JsonNode *child = node->first_child; child; child = child->next) {
        if (child != node->first_child)
            strbuf_append_char(out, ',');
        pretty_newline(out, depth + 1);
        if (is_object) {
            json_append_string(text_data(&child->key), child->key.length, out);
            strbuf_append(out, ": ", 2);
        }
        TRY(append_pretty(child, depth + 1, scratch, err));
    }
    pretty_newline(out, depth);
    strbuf_append_char(out, is_object ? '}' : ']');
    return STATUS_OK;
}

static Status jsonb_pretty(const KernelCall *call, Error *err) {
    CLEANUP(json_scratch_done) JsonScratch scratch;

    json_scratch_init(&scratch);
    scratch.text.limit = LIMIT_RECORD_BYTES;
    KERNEL_FOR_EACH(call, row) {
        const JsonNode *root = NULL;

        json_scratch_reset(&scratch);
        TRY(json_argument(call, 0, row, &scratch, &root, err));
        TRY(append_pretty(root, 0, &scratch, err));
        TRY(kernel_put_text(call, row, scratch.text.data, scratch.text.length, err));
    }
    return STATUS_OK;
}

/* -------- casts -------- */

/* The document must be one scalar of this kind. */
static Status json_scalar(const KernelCall *call, uint32_t row, bool is_boolean,
                          JsonScratch *scratch, const JsonNode **ret_node, Error *err) {
    CLEANUP(arena_destroyp) Arena *names = NULL;
    const JsonNode *root = NULL;
    const char *kind;
    bool fits;

    TRY(json_argument(call, 0, row, scratch, &root, err));
    fits = is_boolean ? root->kind == JSON_TRUE || root->kind == JSON_FALSE
                      : root->kind == JSON_NUMBER;
    if (fits) {
        *ret_node = root;
        return STATUS_OK;
    }
    kind = root->kind == JSON_NUMBER ? "numeric" : json_kind_name(root->kind);
    names = arena_create("names", 0);
    return error_set(err, INVALID_PARAMETER, "cannot cast jsonb %s to type %s", kind,
                     type_display((SqlType) {.id = call->result->type.id, .typmod = -1}, names));
}

static Status jsonb_to_bool(const KernelCall *call, Error *err) {
    CLEANUP(json_scratch_done) JsonScratch scratch;

    json_scratch_init(&scratch);
    KERNEL_FOR_EACH(call, row) {
        const JsonNode *node = NULL;

        json_scratch_reset(&scratch);
        TRY(json_scalar(call, row, true, &scratch, &node, err));
        KERNEL_RESULT(call, uint8_t)[row] = node->kind == JSON_TRUE;
    }
    return STATUS_OK;
}

/* Digits that numeric has no room for round: the whole part must fit. */
static Status node_to_int64(const JsonNode *node, int64_t *ret_number) {
    int32_t whole = type_numeric_typmod(LIMIT_NUMERIC_DIGITS, 0);
    Numeric number = {0};
    Error ignored;

    TRY(numeric_parse(text_data(&node->text), node->text.length, whole, &number, &ignored));
    return numeric_to_int64(&number, ret_number, &ignored);
}

#define DEFINE_NODE_TO_INTEGER(name, Integer, type_name)                                       \
    static Status name(const JsonNode *node, const Column *result, Integer *ret, Error *err) { \
        int64_t wide = 0;                                                                      \
        if (node_to_int64(node, &wide) != STATUS_OK || __builtin_add_overflow(wide, 0, ret))   \
            return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, type_name " out of range");      \
        return STATUS_OK;                                                                      \
    }

#define DEFINE_NODE_TO_FLOAT(name, Float, parse)                                             \
    static Status name(const JsonNode *node, const Column *result, Float *ret, Error *err) { \
        return parse(text_data(&node->text), node->text.length, ret, err);                   \
    }

DEFINE_NODE_TO_INTEGER(node_to_int2, int16_t, "smallint")
DEFINE_NODE_TO_INTEGER(node_to_int4, int32_t, "integer")
DEFINE_NODE_TO_INTEGER(node_to_int8, int64_t, "bigint")
DEFINE_NODE_TO_FLOAT(node_to_float4, float, float32_parse)
DEFINE_NODE_TO_FLOAT(node_to_float8, double, float64_parse)

static Status node_to_numeric(const JsonNode *node, const Column *result, Numeric *ret,
                              Error *err) {
    return numeric_parse(text_data(&node->text), node->text.length, result->type.typmod, ret, err);
}

#define DEFINE_JSONB_TO_NUMBER(name, Number, convert)                                 \
    static Status name(const KernelCall *call, Error *err) {                          \
        CLEANUP(json_scratch_done) JsonScratch scratch;                               \
        json_scratch_init(&scratch);                                                  \
        KERNEL_FOR_EACH(call, row) {                                                  \
            const JsonNode *node = NULL;                                              \
            json_scratch_reset(&scratch);                                             \
            TRY(json_scalar(call, row, false, &scratch, &node, err));                 \
            TRY(convert(node, call->result, &KERNEL_RESULT(call, Number)[row], err)); \
        }                                                                             \
        return STATUS_OK;                                                             \
    }

DEFINE_JSONB_TO_NUMBER(jsonb_to_int2, int16_t, node_to_int2)
DEFINE_JSONB_TO_NUMBER(jsonb_to_int4, int32_t, node_to_int4)
DEFINE_JSONB_TO_NUMBER(jsonb_to_int8, int64_t, node_to_int8)
DEFINE_JSONB_TO_NUMBER(jsonb_to_float4, float, node_to_float4)
DEFINE_JSONB_TO_NUMBER(jsonb_to_float8, double, node_to_float8)
DEFINE_JSONB_TO_NUMBER(jsonb_to_numeric, Numeric, node_to_numeric)

static Status json_to_jsonb(const KernelCall *call, Error *err) {
    KERNEL_FOR_EACH(call, row) {
        const TextView *view = kernel_text(call, 0, row);

        TRY(jsonb_parse(text_data(view), view->length, call->arena,
                        &KERNEL_RESULT(call, TextView)[row], err));
    }
    return STATUS_OK;
}

static const Function json_build_functions[] = {
/* clang-format off */
#define BUILD_FUNCTIONS(J, prefix, to)                                                           \
    {to, to_json, J, 1, {TYPE_ANY}, VOLATILITY_STABLE},                                          \
    {prefix "_build_array", build_array, J, 1, {TYPE_ANY}, VOLATILITY_STABLE,                    \
     FUNCTION_VARIADIC | FUNCTION_NOT_STRICT},                                                   \
    {prefix "_build_array", empty_array, J, 0, {0}, VOLATILITY_STABLE},                          \
    {prefix "_build_object", build_object, J, 1, {TYPE_ANY}, VOLATILITY_STABLE,                  \
     FUNCTION_VARIADIC | FUNCTION_NOT_STRICT},                                                   \
    {prefix "_build_object", empty_object, J, 0, {0}, VOLATILITY_STABLE}
    BUILD_FUNCTIONS(TYPE_JSON, "json", "to_json"),
    BUILD_FUNCTIONS(TYPE_JSONB, "jsonb", "to_jsonb"),
    {"row_to_json", to_json, TYPE_JSON, 1, {TYPE_RECORD}, VOLATILITY_STABLE},
    {"array_to_json", to_json, TYPE_JSON, 1, {TYPE_ARRAY}, VOLATILITY_STABLE},
    /* clang-format on */
    {"json_strip_nulls", json_strip_nulls, TYPE_JSON, 1, {TYPE_JSON}},
    {"jsonb_strip_nulls", jsonb_strip_nulls, TYPE_JSONB, 1, {TYPE_JSONB}},
    {"jsonb_pretty", jsonb_pretty, TYPE_TEXT, 1, {TYPE_JSONB}},
};

static const Cast json_casts[] = {
    {TYPE_JSON, TYPE_JSONB, CAST_ASSIGNMENT, json_to_jsonb},
    {TYPE_JSONB, TYPE_JSON, CAST_ASSIGNMENT, NULL},
    {TYPE_JSONB, TYPE_BOOL, CAST_EXPLICIT, jsonb_to_bool},
    {TYPE_JSONB, TYPE_INT2, CAST_EXPLICIT, jsonb_to_int2},
    {TYPE_JSONB, TYPE_INT4, CAST_EXPLICIT, jsonb_to_int4},
    {TYPE_JSONB, TYPE_INT8, CAST_EXPLICIT, jsonb_to_int8},
    {TYPE_JSONB, TYPE_FLOAT4, CAST_EXPLICIT, jsonb_to_float4},
    {TYPE_JSONB, TYPE_FLOAT8, CAST_EXPLICIT, jsonb_to_float8},
    {TYPE_JSONB, TYPE_NUMERIC, CAST_EXPLICIT, jsonb_to_numeric},
};

const FunctionFamily family_json_build = {FAMILY_FUNCTIONS(json_build_functions),
                                          FAMILY_CASTS(json_casts)};
