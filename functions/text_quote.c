/* Text: quoting, and format(). */
#include <stdlib.h>

#include "base/strbuf.h"
#include "base/utf8.h"
#include "functions/kernel.h"
#include "functions/text_support.h"

/* Words that are not plain identifiers in PostgreSQL's grammar, sorted. */
static const char *const quoted_words[] = {
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "between",
    "bigint",
    "binary",
    "bit",
    "boolean",
    "both",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "coalesce",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "dec",
    "decimal",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "float",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "greatest",
    "group",
    "grouping",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "inout",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "least",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "national",
    "natural",
    "nchar",
    "none",
    "normalize",
    "not",
    "notnull",
    "null",
    "nullif",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "out",
    "outer",
    "overlaps",
    "overlay",
    "placing",
    "position",
    "precision",
    "primary",
    "real",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "session_user",
    "setof",
    "similar",
    "smallint",
    "some",
    "substring",
    "symmetric",
    "table",
    "tablesample",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "varchar",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
};

static int compare_words(const void *key, const void *word) {
    return strcmp(key, *(const char *const *) word);
}

static bool is_plain_identifier(const char *bytes, size_t length) {
    char word[LIMIT_IDENTIFIER_BYTES + 1];

    if (length == 0 || length > LIMIT_IDENTIFIER_BYTES ||
        !((bytes[0] >= 'a' && bytes[0] <= 'z') || bytes[0] == '_'))
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = bytes[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
        word[i] = c;
    }
    word[length] = '\0';
    return !bsearch(word, quoted_words, ARRAY_LENGTH(quoted_words), sizeof(quoted_words[0]),
                    compare_words);
}

static void append_identifier(const char *bytes, size_t length, StrBuf *out) {
    if (is_plain_identifier(bytes, length)) {
        strbuf_append(out, bytes, length);
        return;
    }
    strbuf_append_char(out, '"');
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '"')
            strbuf_append_char(out, '"');
        strbuf_append_char(out, bytes[i]);
    }
    strbuf_append_char(out, '"');
}

static void append_literal(const char *bytes, size_t length, StrBuf *out) {
    if (memchr(bytes, '\\', length))
        strbuf_append_text(out, "E");
    strbuf_append_char(out, '\'');
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\'' || bytes[i] == '\\')
            strbuf_append_char(out, bytes[i]);
        strbuf_append_char(out, bytes[i]);
    }
    strbuf_append_char(out, '\'');
}

static Status text_quote_ident(const KernelCall *call, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {0};

    KERNEL_FOR_EACH(call, row) {
        const TextView *view = kernel_text(call, 0, row);

        strbuf_clear(&text);
        append_identifier(text_data(view), view->length, &text);
        TRY(kernel_put_text(call, row, strbuf_text(&text), text.length, err));
    }
    return STATUS_OK;
}

static Status any_quote_literal(const KernelCall *call, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {0};
    CLEANUP(strbuf_done) StrBuf value = {0};

    KERNEL_FOR_EACH(call, row) {
        if (column_is_null(&call->arguments[0], row)) { /* quote_nullable */
            TRY(kernel_put_text(call, row, "NULL", 4, err));
            continue;
        }
        strbuf_clear(&text);
        strbuf_clear(&value);
        text_append_any(call, 0, row, &value);
        append_literal(strbuf_text(&value), value.length, &text);
        TRY(kernel_put_text(call, row, strbuf_text(&text), text.length, err));
    }
    return STATUS_OK;
}

/* -------- format() -------- */

/* %[position$][-][width]type; width may be * or *position$. */
typedef struct FormatSpec {
    int32_t position;       /* 0: the next argument */
    int32_t width;          /* < 0: none */
    int32_t width_position; /* -1: no width argument; 0: the next argument */
    bool align_left;
    char type;
} FormatSpec;

typedef struct FormatCursor {
    const char *next;
    const char *end;
} FormatCursor;

static Status unterminated(Error *err) {
    IGNORE(error_set(err, INVALID_PARAMETER, "unterminated format() type specifier"));
    return error_hint(err, "For a single \"%%\" use \"%%%%\".");
}

/* Digits at the cursor; *ret_number stays -1 without any. */
static Status parse_digits(FormatCursor *cursor, int32_t *ret_number, Error *err) {
    int64_t number = -1;

    while (cursor->next < cursor->end && *cursor->next >= '0' && *cursor->next <= '9') {
        number = (number < 0 ? 0 : number) * 10 + (*cursor->next++ - '0');
        if (number > INT32_MAX)
            return error_set(err, NUMERIC_VALUE_OUT_OF_RANGE, "number is out of range");
    }
    *ret_number = (int32_t) number;
    return cursor->next < cursor->end ? STATUS_OK : unterminated(err);
}

static Status parse_spec(FormatCursor *cursor, FormatSpec *ret_spec, Error *err) {
    FormatSpec spec = {.width = -1, .width_position = -1};
    int32_t number = -1;

    TRY(parse_digits(cursor, &number, err));
    if (number >= 0 && *cursor->next == '$') {
        if (number == 0)
            return error_set(err, INVALID_PARAMETER,
                             "format specifies argument 0, but arguments are numbered from 1");
        spec.position = number;
        cursor->next++;
        number = -1;
    }
    while (number < 0 && cursor->next < cursor->end && *cursor->next == '-') {
        spec.align_left = true;
        cursor->next++;
    }
    if (number < 0 && cursor->next < cursor->end && *cursor->next == '*') {
        cursor->next++;
        TRY(parse_digits(cursor, &number, err));
        spec.width_position = number < 0 ? 0 : number;
        if (number >= 0 && *cursor->next == '$')
            cursor->next++;
    } else {
        if (number < 0)
            TRY(parse_digits(cursor, &number, err));
        spec.width = number;
    }
    if (cursor->next >= cursor->end)
        return unterminated(err);
    spec.type = *cursor->next++;
    *ret_spec = spec;
    return STATUS_OK;
}

static Status append_formatted(const KernelCall *call, uint32_t row, uint32_t index, char type,
                               StrBuf *out, Error *err) {
    CLEANUP(strbuf_done) StrBuf value = {0};
    bool is_null = column_is_null(&call->arguments[index], row);

    if (is_null && type == 'I')
        return error_set(err, NULL_VALUE_NOT_ALLOWED,
                         "null values cannot be formatted as an SQL "
                         "identifier");
    if (is_null) {
        strbuf_append_text(out, type == 'L' ? "NULL" : "");
        return STATUS_OK;
    }
    text_append_any(call, index, row, &value);
    if (type == 'I')
        append_identifier(strbuf_text(&value), value.length, out);
    else if (type == 'L')
        append_literal(strbuf_text(&value), value.length, out);
    else
        strbuf_append(out, strbuf_text(&value), value.length);
    return STATUS_OK;
}

static void append_aligned(const StrBuf *piece, int64_t width, bool align_left, StrBuf *out) {
    int64_t have = utf8_count(strbuf_text(piece), piece->length);
    size_t padding = width > have && width < LIMIT_RECORD_BYTES ? (size_t) (width - have) : 0;

    if (!align_left)
        strbuf_append_fill(out, ' ', padding);
    strbuf_append(out, strbuf_text(piece), piece->length);
    if (align_left)
        strbuf_append_fill(out, ' ', padding);
}

static Status check_argument(const KernelCall *call, uint32_t index, Error *err) {
    if (index >= call->argument_count)
        return error_set(err, INVALID_PARAMETER, "too few arguments for format()");
    return STATUS_OK;
}

static Status spec_width(const KernelCall *call, uint32_t row, FormatSpec *spec,
                         uint32_t *next_argument, int64_t *ret_width, Error *err) {
    uint32_t index = 0;
    Value value;

    *ret_width = spec->width;
    if (spec->width_position < 0)
        return STATUS_OK;
    index = spec->width_position ? (uint32_t) spec->width_position : (*next_argument)++;
    TRY(check_argument(call, index, err));
    value = column_get(&call->arguments[index], row);
    if (value.is_null)
        *ret_width = 0;
    else if (value.type.id == TYPE_INT4)
        *ret_width = value.int32;
    else
        return error_set(err, INVALID_PARAMETER, "the width of format() must be an integer");
    if (*ret_width < 0) {
        spec->align_left = true;
        *ret_width = -*ret_width;
    }
    return STATUS_OK;
}

static Status format_row(const KernelCall *call, uint32_t row, StrBuf *out, Error *err) {
    const TextView *format = kernel_text(call, 0, row);
    FormatCursor cursor = {text_data(format), text_data(format) + format->length};
    uint32_t next_argument = 1;
    CLEANUP(strbuf_done) StrBuf piece = {0};

    while (cursor.next < cursor.end) {
        FormatSpec spec;
        uint32_t index = 0;
        int64_t width = 0;
        char c = *cursor.next++;

        if (c != '%') {
            strbuf_append_char(out, c);
            continue;
        }
        if (cursor.next < cursor.end && *cursor.next == '%') {
            strbuf_append_char(out, *cursor.next++);
            continue;
        }
        TRY(parse_spec(&cursor, &spec, err));
        if (!strchr("sIL", spec.type)) {
            IGNORE(error_set(err, INVALID_PARAMETER, "unrecognized format() type specifier \"%c\"",
                             spec.type));
            return error_hint(err, "For a single \"%%\" use \"%%%%\".");
        }
        TRY(spec_width(call, row, &spec, &next_argument, &width, err));
        if (spec.position)
            next_argument = (uint32_t) spec.position;
        index = next_argument++;
        TRY(check_argument(call, index, err));
        strbuf_clear(&piece);
        TRY(append_formatted(call, row, index, spec.type, &piece, err));
        append_aligned(&piece, width, spec.align_left, out);
    }
    return STATUS_OK;
}

static Status text_format(const KernelCall *call, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {0};

    KERNEL_FOR_EACH(call, row) {
        if (column_is_null(&call->arguments[0], row)) {
            kernel_set_null(call, row);
            continue;
        }
        strbuf_clear(&text);
        TRY(format_row(call, row, &text, err));
        TRY(kernel_put_text(call, row, strbuf_text(&text), text.length, err));
    }
    return STATUS_OK;
}

/* clang-format off */
static const Function text_quote_functions[] = {
    {"quote_ident", text_quote_ident, TYPE_TEXT, 1, {TYPE_TEXT}},
    {"quote_literal", any_quote_literal, TYPE_TEXT, 1, {TYPE_TEXT}},
    {"quote_literal", any_quote_literal, TYPE_TEXT, 1, {TYPE_ANY}, VOLATILITY_STABLE},
    {"quote_nullable", any_quote_literal, TYPE_TEXT, 1, {TYPE_ANY}, VOLATILITY_STABLE,
     FUNCTION_NOT_STRICT},
    {"format", text_format, TYPE_TEXT, 1, {TYPE_TEXT}, VOLATILITY_STABLE, FUNCTION_NOT_STRICT},
    {"format", text_format, TYPE_TEXT, 2, {TYPE_TEXT, TYPE_ANY}, VOLATILITY_STABLE,
     FUNCTION_NOT_STRICT | FUNCTION_VARIADIC},
};
/* clang-format on */

const FunctionFamily family_text_quote = {FAMILY_FUNCTIONS(text_quote_functions)};
