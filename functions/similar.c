/* SIMILAR TO: SQL's pattern as a regular expression, for the operator ~. */
#include <string.h>

#include "functions/kernel.h"

/* The SQL pattern as a regular expression: % is .*, _ is ., the rest of the metacharacters that SQL
 * knows stay, others are escaped. */
static void similar_to_regex(const TextView *pattern, char escape, StrBuf *out) {
    const char *bytes = text_data(pattern);
    bool is_in_set = false;

    strbuf_append_text(out, "^(?:");
    for (uint32_t i = 0; i < pattern->length; i++) {
        char c = bytes[i];

        if (escape && c == escape && i + 1 < pattern->length) {
            c = bytes[++i];
            if ((uint8_t) c < 0x80 &&
                !((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z')))
                strbuf_append_char(out, '\\');
            strbuf_append_char(out, c);
        } else if (is_in_set) {
            if (c == '\\')
                strbuf_append_char(out, '\\');
            is_in_set = c != ']';
            strbuf_append_char(out, c);
        } else if (c == '[') {
            is_in_set = true;
            strbuf_append_char(out, c);
        } else if (c == '%') {
            strbuf_append_text(out, ".*");
        } else if (c == '_') {
            strbuf_append_char(out, '.');
        } else if (c == '(') {
            strbuf_append_text(out, "(?:");
        } else {
            if (strchr("\\.^$", c))
                strbuf_append_char(out, '\\');
            strbuf_append_char(out, c);
        }
    }
    strbuf_append_text(out, ")$");
}

static Status similar_to_escape(const KernelCall *call, Error *err) {
    CLEANUP(strbuf_done) StrBuf out = {0};

    KERNEL_FOR_EACH(call, row) {
        char escape = '\\';

        if (call->argument_count > 1) {
            const TextView *text = kernel_text(call, 1, row);

            if (text->length > 1) {
                IGNORE(error_set(err, INVALID_ESCAPE_SEQUENCE, "invalid escape string"));
                return error_hint(err, "Escape string must be empty or one character.");
            }
            escape = text->length ? text_data(text)[0] : '\0';
        }
        strbuf_clear(&out);
        similar_to_regex(kernel_text(call, 0, row), escape, &out);
        TRY(kernel_put_text(call, row, strbuf_text(&out), out.length, err));
    }
    return STATUS_OK;
}

static const Function similar_functions[] = {
    {"similar_to_escape", similar_to_escape, TYPE_TEXT, 1, {TYPE_TEXT}},
    {"similar_to_escape", similar_to_escape, TYPE_TEXT, 2, {TYPE_TEXT, TYPE_TEXT}},
};

const FunctionFamily family_similar = {FAMILY_FUNCTIONS(similar_functions)};
