/* Text: finding, replacing and splitting; single characters. */
#include "base/strbuf.h"
#include "base/utf8.h"
#include "functions/kernel.h"

/* Offset of the first `needle` at or after `from`, or SIZE_MAX. */
static size_t find_from(const TextView *haystack, size_t from, const TextView *needle) {
    const char *bytes = text_data(haystack);
    const char *found = NULL;

    if (from > haystack->length)
        return SIZE_MAX;
    found = memmem(bytes + from, haystack->length - from, text_data(needle), needle->length);
    return found ? (size_t) (found - bytes) : SIZE_MAX;
}

static Status text_position(const KernelCall *call, Error *err) {
    (void) err;
    KERNEL_FOR_EACH(call, row) {
        const TextView *haystack = kernel_text(call, 0, row);
        size_t offset = find_from(haystack, 0, kernel_text(call, 1, row));

        KERNEL_RESULT(call, int32_t)
        [row] = offset == SIZE_MAX ? 0 : (int32_t) utf8_count(text_data(haystack), offset) + 1;
    }
    return STATUS_OK;
}

static Status text_starts_with(const KernelCall *call, Error *err) {
    (void) err;
    KERNEL_FOR_EACH(call, row) {
        const TextView *view = kernel_text(call, 0, row);
        const TextView *prefix = kernel_text(call, 1, row);

        KERNEL_RESULT(call, uint8_t)
        [row] = prefix->length <= view->length &&
                memcmp(text_data(view), text_data(prefix), prefix->length) == 0;
    }
    return STATUS_OK;
}

static Status text_replace(const KernelCall *call, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {.limit = LIMIT_RECORD_BYTES};

    KERNEL_FOR_EACH(call, row) {
        const TextView *view = kernel_text(call, 0, row);
        const TextView *from = kernel_text(call, 1, row);
        const TextView *to = kernel_text(call, 2, row);
        size_t done = 0;
        size_t found = from->length ? find_from(view, 0, from) : SIZE_MAX;

        if (found == SIZE_MAX) {
            KERNEL_RESULT(call, TextView)[row] = *view;
            continue;
        }
        strbuf_clear(&text);
        for (; found != SIZE_MAX; found = find_from(view, done, from)) {
            strbuf_append(&text, text_data(view) + done, found - done);
            strbuf_append(&text, text_data(to), to->length);
            done = found + from->length;
        }
        strbuf_append(&text, text_data(view) + done, view->length - done);
        if (text.is_overflow)
            return error_set(err, PROGRAM_LIMIT_EXCEEDED, "requested length too large");
        TRY(kernel_put_text(call, row, strbuf_text(&text), text.length, err));
    }
    return STATUS_OK;
}

static int64_t count_fields(const TextView *view, const TextView *separator) {
    int64_t fields = 1;
    size_t found = find_from(view, 0, separator);

    for (; found != SIZE_MAX; found = find_from(view, found + separator->length, separator))
        fields++;
    return fields;
}

/* Field `number`, 1-based; "" past the end. */
static void put_field(const KernelCall *call, uint32_t row, int64_t number) {
    const TextView *view = kernel_text(call, 0, row);
    const TextView *separator = kernel_text(call, 1, row);
    size_t begin = 0;
    size_t end = 0;

    for (;; number--) {
        end = find_from(view, begin, separator);
        if (number == 1 || end == SIZE_MAX)
            break;
        begin = end + separator->length;
    }
    if (end == SIZE_MAX)
        end = view->length;
    if (number == 1)
        kernel_put_slice(call, row, text_data(view) + begin, end - begin);
}

static Status text_split_part(const KernelCall *call, Error *err) {
    KERNEL_FOR_EACH(call, row) {
        const TextView *view = kernel_text(call, 0, row);
        const TextView *separator = kernel_text(call, 1, row);
        int64_t number = KERNEL_ARGUMENT(call, 2, int32_t, row);

        if (number == 0)
            return error_set(err, INVALID_PARAMETER, "field position must not be zero");
        if (separator->length == 0) {
            if (number == 1 || number == -1)
                KERNEL_RESULT(call, TextView)[row] = *view;
            continue;
        }
        if (number < 0)
            number += count_fields(view, separator) + 1;
        if (number > 0)
            put_field(call, row, number);
    }
    return STATUS_OK;
}

/* Appends what translate() makes of one character. */
static void append_translated(const char *character, uint32_t step, const TextView *from,
                              const TextView *to, StrBuf *out) {
    const char *sources = text_data(from);
    const char *targets = text_data(to);
    size_t target = 0;

    for (size_t i = 0; i < from->length; i += utf8_step(sources[i])) {
        if (utf8_step(sources[i]) == step && memcmp(sources + i, character, step) == 0) {
            if (target < to->length)
                strbuf_append(out, targets + target, utf8_step(targets[target]));
            return;
        }
        if (target < to->length)
            target += utf8_step(targets[target]);
    }
    strbuf_append(out, character, step);
}

static Status text_translate(const KernelCall *call, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {0};

    KERNEL_FOR_EACH(call, row) {
        const TextView *view = kernel_text(call, 0, row);
        const char *bytes = text_data(view);

        strbuf_clear(&text);
        for (size_t i = 0; i < view->length; i += utf8_step(bytes[i]))
            append_translated(bytes + i, utf8_step(bytes[i]), kernel_text(call, 1, row),
                              kernel_text(call, 2, row), &text);
        TRY(kernel_put_text(call, row, strbuf_text(&text), text.length, err));
    }
    return STATUS_OK;
}

static Status text_ascii(const KernelCall *call, Error *err) {
    (void) err;
    KERNEL_FOR_EACH(call, row) {
        const TextView *view = kernel_text(call, 0, row);
        uint32_t step = 0;

        KERNEL_RESULT(call, int32_t)
        [row] = view->length ? (int32_t) utf8_decode(text_data(view), view->length, &step) : 0;
    }
    return STATUS_OK;
}

static Status int4_chr(const KernelCall *call, Error *err) {
    KERNEL_FOR_EACH(call, row) {
        int32_t code = KERNEL_ARGUMENT(call, 0, int32_t, row);
        char encoded[4];

        if (code == 0)
            return error_set(err, PROGRAM_LIMIT_EXCEEDED, "null character not permitted");
        if (code < 0)
            return error_set(err, INVALID_PARAMETER, "character number must be positive");
        if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
            return error_set(err, PROGRAM_LIMIT_EXCEEDED,
                             code > 0x10ffff ? "requested character too large for encoding: %d"
                                             : "requested character not valid for encoding: %d",
                             code);
        kernel_put_slice(call, row, encoded, utf8_encode((uint32_t) code, encoded));
    }
    return STATUS_OK;
}

/* clang-format off */
static const Function text_search_functions[] = {
    {"position", text_position, TYPE_INT4, 2, {TYPE_TEXT, TYPE_TEXT}},
    {"strpos", text_position, TYPE_INT4, 2, {TYPE_TEXT, TYPE_TEXT}},
    {"starts_with", text_starts_with, TYPE_BOOL, 2, {TYPE_TEXT, TYPE_TEXT}},
    {"^@", text_starts_with, TYPE_BOOL, 2, {TYPE_TEXT, TYPE_TEXT}},
    {"replace", text_replace, TYPE_TEXT, 3, {TYPE_TEXT, TYPE_TEXT, TYPE_TEXT}},
    {"split_part", text_split_part, TYPE_TEXT, 3, {TYPE_TEXT, TYPE_TEXT, TYPE_INT4}},
    {"translate", text_translate, TYPE_TEXT, 3, {TYPE_TEXT, TYPE_TEXT, TYPE_TEXT}},
    {"ascii", text_ascii, TYPE_INT4, 1, {TYPE_TEXT}},
    {"chr", int4_chr, TYPE_TEXT, 1, {TYPE_INT4}},
};
/* clang-format on */

const FunctionFamily family_text_search = {FAMILY_FUNCTIONS(text_search_functions)};
