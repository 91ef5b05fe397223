#include "types/nested_form.h"

#include "types/nested.h"
#include "types/scan.h"

/* -------- arrays: output -------- */

static bool array_needs_quotes(const char *text, size_t length) {
    TextSpan span = {text, text + length};

    if (length == 0 || span_equals(span, "null"))
        return true;
    for (size_t i = 0; i < length; i++)
        if (strchr("\"\\{},", text[i]) || char_is_space(text[i]))
            return true;
    return false;
}

/* The element's text stands at the end of `out` from `start`: quote it in place when needed. */
static void array_quote_from(StrBuf *out, size_t start) {
    size_t length = out->length - start;
    StrBuf plain = {0};

    if (!array_needs_quotes(strbuf_text(out) + start, length))
        return;
    strbuf_append(&plain, out->data + start, length);
    out->length = start;
    strbuf_append_char(out, '"');
    for (size_t i = 0; i < length; i++) {
        if (plain.data[i] == '"' || plain.data[i] == '\\')
            strbuf_append_char(out, '\\');
        strbuf_append_char(out, plain.data[i]);
    }
    strbuf_append_char(out, '"');
    strbuf_done(&plain);
}

static void append_element(NestedReader *reader, const FormSettings *settings, StrBuf *out) {
    Value element;
    size_t start = out->length;

    if (!array_next(reader, &element) || element.is_null) {
        strbuf_append_text(out, "NULL");
        return;
    }
    value_append_text(&element, settings, out);
    array_quote_from(out, start);
}

static void append_dimension(NestedReader *reader, uint32_t dimension, const FormSettings *settings,
                             StrBuf *out) {
    if (dimension >= ARRAY_DIMENSIONS_MAX)
        return;
    strbuf_append_char(out, '{');
    for (uint32_t i = 0; i < reader->shape.lengths[dimension]; i++) {
        if (i > 0)
            strbuf_append_char(out, ',');
        if (dimension + 1 < reader->shape.dimension_count)
            append_dimension(reader, dimension + 1, settings, out);
        else
            append_element(reader, settings, out);
    }
    strbuf_append_char(out, '}');
}

void array_append_text(const Value *array, const FormSettings *settings, StrBuf *out) {
    NestedReader reader = array_reader(array);
    bool has_bounds = false;

    if (reader.remaining == 0) {
        strbuf_append(out, "{}", 2);
        return;
    }
    for (uint32_t i = 0; i < reader.shape.dimension_count; i++)
        has_bounds |= reader.shape.lower_bounds[i] != 1;
    if (has_bounds) {
        for (uint32_t i = 0; i < reader.shape.dimension_count; i++)
            strbuf_printf(out, "[%d:%lld]", reader.shape.lower_bounds[i],
                          (long long) reader.shape.lower_bounds[i] + reader.shape.lengths[i] - 1);
        strbuf_append_char(out, '=');
    }
    append_dimension(&reader, 0, settings, out);
}

/* -------- arrays: input -------- */

typedef struct ArrayParser {
    SqlType element;
    const char *text;
    const char *end;
    const char *cursor;
    const FormSettings *settings;
    Arena *arena;
    Error *err;
    ArrayShape shape;
    bool is_known[ARRAY_DIMENSIONS_MAX]; /* the length of this dimension was seen */
    Value *elements;
    uint32_t count;
    uint32_t capacity;
} ArrayParser;

static Status array_malformed(ArrayParser *parser, const char *detail) {
    IGNORE(error_set(parser->err, INVALID_TEXT_REPRESENTATION, "malformed array literal: \"%.*s\"",
                     (int) (parser->end - parser->text), parser->text)); /* returned below */
    return error_detail(parser->err, "%s", detail);
}

static Status array_unexpected(ArrayParser *parser) {
    if (parser->cursor >= parser->end)
        return array_malformed(parser, "Unexpected end of input.");
    IGNORE(array_malformed(parser, "")); /* returned below */
    return error_detail(parser->err, "Unexpected \"%c\" character.", *parser->cursor);
}

static void array_skip_blanks(ArrayParser *parser) {
    while (parser->cursor < parser->end && char_is_space(*parser->cursor))
        parser->cursor++;
}

static bool array_at(const ArrayParser *parser, char character) {
    return parser->cursor < parser->end && *parser->cursor == character;
}

static Status array_add(ArrayParser *parser, const Value *element) {
    if (parser->count == parser->capacity) {
        uint32_t capacity = parser->capacity ? parser->capacity * 2 : 16;
        Value *grown = arena_try_alloc(parser->arena, capacity * sizeof(*grown));

        if (!grown || capacity > ARRAY_ELEMENTS_MAX)
            return error_set(parser->err, PROGRAM_LIMIT_EXCEEDED,
                             "array size exceeds the maximum allowed (%d)", ARRAY_ELEMENTS_MAX);
        if (parser->count)
            memcpy(grown, parser->elements, parser->count * sizeof(*grown));
        parser->elements = grown;
        parser->capacity = capacity;
    }
    parser->elements[parser->count++] = *element;
    return STATUS_OK;
}

/* One element's text, unquoted and without the blanks around it. */
static Status array_read_text(ArrayParser *parser, StrBuf *text, bool *ret_is_quoted) {
    size_t kept = 0; /* bytes that are not blanks at the end of a bare text */

    *ret_is_quoted = false;
    while (parser->cursor < parser->end) {
        char character = *parser->cursor;

        if (character == '"') {
            if (*ret_is_quoted || text->length > 0)
                return array_malformed(parser, "Unexpected array element.");
            *ret_is_quoted = true;
            for (parser->cursor++; !array_at(parser, '"'); parser->cursor++) {
                if (array_at(parser, '\\'))
                    parser->cursor++;
                if (parser->cursor >= parser->end)
                    return array_malformed(parser, "Unexpected end of input.");
                strbuf_append_char(text, *parser->cursor);
            }
            parser->cursor++;
            array_skip_blanks(parser);
            if (!array_at(parser, ',') && !array_at(parser, '}'))
                return parser->cursor < parser->end
                           ? array_malformed(parser, "Unexpected array element.")
                           : array_unexpected(parser);
            return STATUS_OK;
        }
        if (character == ',' || character == '}')
            break;
        if (character == '{')
            return array_unexpected(parser);
        if (character == '\\' && ++parser->cursor >= parser->end)
            return array_malformed(parser, "Unexpected end of input.");
        strbuf_append_char(text, *parser->cursor);
        if (character == '\\' || !char_is_space(character))
            kept = text->length;
        parser->cursor++;
    }
    if (parser->cursor >= parser->end || kept == 0)
        return array_unexpected(parser);
    text->length = kept;
    return STATUS_OK;
}

static Status array_read_element(ArrayParser *parser) {
    StrBuf text = {0};
    bool is_quoted;
    Status status = array_read_text(parser, &text, &is_quoted);
    Value element = value_null(parser->element);

    if (status == STATUS_OK) {
        TextSpan span = {strbuf_text(&text), strbuf_text(&text) + text.length};

        if (is_quoted || !span_equals(span, "null"))
            status = value_parse_text(parser->element, span.start, text.length, parser->settings,
                                      parser->arena, &element, parser->err);
        if (status == STATUS_OK)
            status = array_add(parser, &element);
    }
    strbuf_done(&text);
    return status;
}

static Status array_close(ArrayParser *parser, uint32_t dimension, uint32_t length) {
    parser->cursor++;
    if (parser->is_known[dimension] && parser->shape.lengths[dimension] != length)
        return array_malformed(
            parser, "Multidimensional arrays must have sub-arrays with matching dimensions.");
    parser->is_known[dimension] = true;
    parser->shape.lengths[dimension] = length;
    return STATUS_OK;
}

/* At '{': a list of elements, or of lists that are all alike. */
static Status array_read_list(ArrayParser *parser, uint32_t dimension) {
    uint32_t length = 0;

    if (dimension == ARRAY_DIMENSIONS_MAX)
        return error_set(parser->err, PROGRAM_LIMIT_EXCEEDED,
                         "number of array dimensions (%u) exceeds the maximum allowed (%d)",
                         dimension + 1, ARRAY_DIMENSIONS_MAX);
    parser->cursor++;
    if (dimension + 1 > parser->shape.dimension_count) {
        if (parser->count > 0)
            return array_malformed(parser, "Unexpected \"{\" character.");
        parser->shape.dimension_count = dimension + 1;
    }
    for (;; length++) {
        array_skip_blanks(parser);
        if (length == 0 && array_at(parser, '}'))
            return dimension == 0 ? array_close(parser, 0, 0) : array_unexpected(parser);
        if (array_at(parser, '{'))
            TRY(array_read_list(parser, dimension + 1));
        else if (dimension + 1 < parser->shape.dimension_count && !array_at(parser, '}') &&
                 !array_at(parser, ','))
            return array_malformed(parser, "Unexpected array element.");
        else
            TRY(array_read_element(parser));
        array_skip_blanks(parser);
        if (array_at(parser, '}'))
            return array_close(parser, dimension, length + 1);
        if (!array_at(parser, ','))
            return array_unexpected(parser);
        parser->cursor++;
    }
}

static bool read_bound(const char **cursor, const char *end, int32_t *ret_bound) {
    bool is_negative = false;
    int64_t bound = 0;
    const char *digits;

    if (*cursor < end && (**cursor == '-' || **cursor == '+'))
        is_negative = *(*cursor)++ == '-';
    digits = *cursor;
    for (; *cursor < end && **cursor >= '0' && **cursor <= '9' && bound < INT32_MAX; (*cursor)++)
        bound = bound * 10 + (**cursor - '0');
    if (*cursor == digits || bound > INT32_MAX)
        return false;
    *ret_bound = (int32_t) (is_negative ? -bound : bound);
    return true;
}

/* "[1:3][0:2]=": lower and upper bounds, one pair a dimension. */
static Status array_read_bounds(ArrayParser *parser, ArrayShape *ret_bounds) {
    while (array_at(parser, '[')) {
        int32_t lower = 1;
        int32_t upper;
        uint32_t dimension = ret_bounds->dimension_count;

        if (dimension == ARRAY_DIMENSIONS_MAX)
            return error_set(parser->err, PROGRAM_LIMIT_EXCEEDED,
                             "number of array dimensions (%u) exceeds the maximum allowed (%d)",
                             dimension + 1, ARRAY_DIMENSIONS_MAX);
        parser->cursor++;
        if (!read_bound(&parser->cursor, parser->end, &upper))
            return array_malformed(parser, "\"[\" must introduce explicitly-specified array "
                                           "dimensions.");
        if (array_at(parser, ':')) {
            parser->cursor++;
            lower = upper;
            if (!read_bound(&parser->cursor, parser->end, &upper))
                return array_malformed(parser, "Missing array dimension value.");
        }
        if (!array_at(parser, ']'))
            return array_malformed(parser, "Missing \"]\" after array dimensions.");
        parser->cursor++;
        if (upper < lower)
            return error_set(parser->err, ARRAY_SUBSCRIPT_ERROR,
                             "upper bound cannot be less than lower bound");
        ret_bounds->lengths[dimension] = (uint32_t) ((int64_t) upper - lower + 1);
        ret_bounds->lower_bounds[dimension] = lower;
        ret_bounds->dimension_count++;
        array_skip_blanks(parser);
    }
    if (ret_bounds->dimension_count > 0) {
        if (!array_at(parser, '='))
            return array_malformed(parser, "Missing \"=\" after array dimensions.");
        parser->cursor++;
        array_skip_blanks(parser);
        if (!array_at(parser, '{'))
            return array_malformed(parser, "Array contents must start with \"{\".");
    }
    return STATUS_OK;
}

Status array_parse_text(SqlType type, const char *text, size_t length, const FormSettings *settings,
                        Arena *arena, Value *ret_value, Error *err) {
    /* An array of no known type (an argument that takes any array): of text. */
    SqlType element = type.element ? *type.element : SQL_TYPE(TEXT);
    ArrayParser parser = {.element = element,
                          .text = text,
                          .end = text + length,
                          .cursor = text,
                          .settings = settings,
                          .arena = arena,
                          .err = err};
    ArrayShape bounds = {0};

    if (type.typmod >= 0)
        parser.element.typmod = type.typmod;
    array_skip_blanks(&parser);
    TRY(array_read_bounds(&parser, &bounds));
    if (!array_at(&parser, '{'))
        return array_malformed(&parser,
                               "Array value must start with \"{\" or dimension information.");
    TRY(array_read_list(&parser, 0));
    array_skip_blanks(&parser);
    if (parser.cursor < parser.end)
        return array_malformed(&parser, "Junk after closing right brace.");
    for (uint32_t i = 0; i < ARRAY_DIMENSIONS_MAX; i++)
        parser.shape.lower_bounds[i] = bounds.dimension_count ? bounds.lower_bounds[i] : 1;
    if (parser.count && bounds.dimension_count &&
        (bounds.dimension_count != parser.shape.dimension_count ||
         memcmp(bounds.lengths, parser.shape.lengths,
                bounds.dimension_count * sizeof(bounds.lengths[0])) != 0))
        return array_malformed(&parser, "Specified array dimensions do not match array contents.");
    if (parser.count == 0)
        parser.shape.dimension_count = 0;
    *ret_value = array_build_shaped(element, &parser.shape, parser.elements, arena);
    return STATUS_OK;
}

/* -------- records -------- */

static bool record_needs_quotes(const char *text, size_t length) {
    if (length == 0)
        return true;
    for (size_t i = 0; i < length; i++)
        if (strchr("\"\\(),", text[i]) || char_is_space(text[i]))
            return true;
    return false;
}

static void record_append_field(const Value *field, const FormSettings *settings, StrBuf *out) {
    StrBuf text = {0};

    if (field->is_null)
        return;
    value_append_text(field, settings, &text);
    if (!record_needs_quotes(strbuf_text(&text), text.length)) {
        strbuf_append(out, strbuf_text(&text), text.length);
    } else {
        strbuf_append_char(out, '"');
        for (size_t i = 0; i < text.length; i++) {
            if (text.data[i] == '"' || text.data[i] == '\\')
                strbuf_append_char(out, text.data[i]);
            strbuf_append_char(out, text.data[i]);
        }
        strbuf_append_char(out, '"');
    }
    strbuf_done(&text);
}

void record_append_text(const Value *record, const FormSettings *settings, StrBuf *out) {
    NestedReader reader = record_reader(record);
    bool is_first = true;
    Value field;

    strbuf_append_char(out, '(');
    for (; record_next(&reader, &field); is_first = false) {
        if (!is_first)
            strbuf_append_char(out, ',');
        record_append_field(&field, settings, out);
    }
    strbuf_append_char(out, ')');
}

static Status record_malformed(const char *text, size_t length, const char *detail, Error *err) {
    IGNORE(error_set(err, INVALID_TEXT_REPRESENTATION, "malformed record literal: \"%.*s\"",
                     (int) length, text)); /* returned below */
    return error_detail(err, "%s", detail);
}

/* Up to the next bare ',' or ')'; false: the end came first. */
static bool record_read_field(const char **cursor, const char *end, StrBuf *out) {
    bool is_quoted = false;

    for (; *cursor < end; (*cursor)++) {
        char character = **cursor;

        if (!is_quoted && (character == ',' || character == ')'))
            return true;
        if (character == '\\') {
            if (++*cursor >= end)
                return false;
            strbuf_append_char(out, **cursor);
        } else if (character == '"') {
            if (is_quoted && *cursor + 1 < end && (*cursor)[1] == '"')
                strbuf_append_char(out, *++*cursor);
            else
                is_quoted = !is_quoted;
        } else {
            strbuf_append_char(out, character);
        }
    }
    return false;
}

Status record_parse_text(SqlType type, const char *text, size_t length,
                         const FormSettings *settings, Arena *arena, Value *ret_value, Error *err) {
    TextSpan span = span_trim(text, length);
    const char *cursor = span.start;
    Value *fields;
    Status status = STATUS_OK;

    if (!type.fields)
        return error_set(err, FEATURE_NOT_SUPPORTED,
                         "input of anonymous composite types is not implemented");
    if (cursor == span.end || *cursor++ != '(')
        return record_malformed(text, length, "Missing left parenthesis.", err);
    fields = arena_new_array(arena, Value, type.field_count + 1);
    for (int i = 0; i < type.field_count && status == STATUS_OK; i++) {
        StrBuf field = {0};
        const char *start = cursor;
        bool is_last = i + 1 == type.field_count;

        fields[i] = value_null(*type.fields[i].type);
        if (!record_read_field(&cursor, span.end, &field))
            status = record_malformed(text, length, "Unexpected end of input.", err);
        else if (*cursor != (is_last ? ')' : ','))
            status = record_malformed(text, length,
                                      is_last ? "Too many columns." : "Too few columns.", err);
        else if (cursor > start)
            status = value_parse_text(*type.fields[i].type, strbuf_text(&field), field.length,
                                      settings, arena, &fields[i], err);
        cursor++;
        strbuf_done(&field);
    }
    TRY(status);
    if (cursor != span.end)
        return record_malformed(text, length, "Junk after right parenthesis.", err);
    *ret_value = record_build(type, fields, (uint32_t) type.field_count, arena);
    return STATUS_OK;
}
