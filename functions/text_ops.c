/* Text: lengths, case, padding, slices, concatenation. Positions and lengths count characters. */
#include <locale.h>
#include <pthread.h>
#include <wctype.h>

#include "base/strbuf.h"
#include "base/utf8.h"
#include "functions/kernel.h"
#include "functions/text_support.h"

/* -------- lengths -------- */

DEFINE_UNARY_KERNEL(text_octet_length, TextView, int32_t, (int32_t) v.length)
DEFINE_UNARY_KERNEL(text_bit_length, TextView, int32_t, (int32_t) (v.length * 8))
DEFINE_UNARY_KERNEL(text_length, TextView, int32_t, (int32_t) utf8_count(text_data(&v), v.length))

/* -------- case -------- */

/* Unicode's simple mappings, from the C library's own UTF-8 locale; made once, never changed. */
static locale_t unicode_locale;
static pthread_once_t unicode_once = PTHREAD_ONCE_INIT;

static void make_unicode_locale(void) {
    unicode_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t) 0);
    if (!unicode_locale)
        unicode_locale = newlocale(LC_CTYPE_MASK, "C", (locale_t) 0);
}

locale_t text_unicode_locale(void) {
    pthread_once(&unicode_once, make_unicode_locale);
    return unicode_locale;
}

typedef enum CaseChange { CASE_LOWER, CASE_UPPER, CASE_INITIAL } CaseChange;

static uint32_t change_code(uint32_t code, CaseChange change, bool *is_in_word, locale_t locale) {
    bool upper = change == CASE_UPPER || (change == CASE_INITIAL && !*is_in_word);

    *is_in_word = iswalnum_l((wint_t) code, locale) != 0;
    return upper ? towupper_l((wint_t) code, locale) : towlower_l((wint_t) code, locale);
}

static void append_changed(const TextView *view, CaseChange change, StrBuf *out) {
    locale_t locale = text_unicode_locale();
    const char *bytes = text_data(view);
    bool is_in_word = false;
    uint32_t step = 0;

    for (size_t i = 0; i < view->length; i += step) {
        uint32_t code = utf8_decode(bytes + i, view->length - i, &step);
        char encoded[4];

        strbuf_append(out, encoded,
                      utf8_encode(change_code(code, change, &is_in_word, locale), encoded));
    }
}

static bool is_ascii(const TextView *view) {
    const char *bytes = text_data(view);
    uint8_t seen = 0;

    for (uint32_t i = 0; i < view->length; i++)
        seen |= (uint8_t) bytes[i];
    return seen < 0x80;
}

/* ASCII alone, for lower and upper: written straight to its place. */
static Status put_ascii(const KernelCall *call, uint32_t row, CaseChange change, Error *err) {
    const TextView *view = kernel_text(call, 0, row);
    const char *bytes = text_data(view);
    char first = change == CASE_LOWER ? 'A' : 'a';
    char *room = NULL;

    TRY(kernel_text_room(call, view->length, &room, err));
    for (uint32_t i = 0; i < view->length; i++)
        room[i] = (char) (bytes[i] ^ (((uint8_t) (bytes[i] - first) < 26) << 5));
    kernel_put_slice(call, row, room, view->length);
    return STATUS_OK;
}

void text_append_lower(const TextView *view, StrBuf *out) {
    append_changed(view, CASE_LOWER, out);
}

static Status change_case(const KernelCall *call, CaseChange change, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {0};

    KERNEL_FOR_EACH(call, row) {
        const TextView *view = kernel_text(call, 0, row);

        if (change != CASE_INITIAL && is_ascii(view)) {
            TRY(put_ascii(call, row, change, err));
            continue;
        }
        strbuf_clear(&text);
        append_changed(view, change, &text);
        TRY(kernel_put_text(call, row, strbuf_text(&text), text.length, err));
    }
    return STATUS_OK;
}

static Status text_lower(const KernelCall *call, Error *err) {
    return change_case(call, CASE_LOWER, err);
}

static Status text_upper(const KernelCall *call, Error *err) {
    return change_case(call, CASE_UPPER, err);
}

static Status text_initcap(const KernelCall *call, Error *err) {
    return change_case(call, CASE_INITIAL, err);
}

/* -------- trimming -------- */

static bool set_has_character(const char *set, size_t set_length, const char *character,
                              uint32_t step) {
    for (size_t i = 0; i < set_length; i += utf8_step(set[i])) {
        if (utf8_step(set[i]) == step && i + step <= set_length &&
            memcmp(set + i, character, step) == 0)
            return true;
    }
    return false;
}

static void trim_row(const KernelCall *call, uint32_t row, bool from_left, bool from_right) {
    static const TextView blank = {.length = 1, .inlined = " "};
    const TextView *view = kernel_text(call, 0, row);
    const TextView *set = call->argument_count > 1 ? kernel_text(call, 1, row) : &blank;
    const char *bytes = text_data(view);
    size_t begin = 0;
    size_t end = view->length;

    while (from_left && begin < end) {
        uint32_t step = utf8_step(bytes[begin]);

        if (!set_has_character(text_data(set), set->length, bytes + begin, step))
            break;
        begin += step;
    }
    while (from_right && begin < end) {
        size_t last = end - 1;

        while (last > begin && (bytes[last] & 0xc0) == 0x80)
            last--;
        if (!set_has_character(text_data(set), set->length, bytes + last, (uint32_t) (end - last)))
            break;
        end = last;
    }
    kernel_put_slice(call, row, bytes + begin, end > begin ? end - begin : 0);
}

static Status text_btrim(const KernelCall *call, Error *err) {
    (void) err;
    KERNEL_FOR_EACH(call, row)
    trim_row(call, row, true, true);
    return STATUS_OK;
}

static Status text_ltrim(const KernelCall *call, Error *err) {
    (void) err;
    KERNEL_FOR_EACH(call, row)
    trim_row(call, row, true, false);
    return STATUS_OK;
}

static Status text_rtrim(const KernelCall *call, Error *err) {
    (void) err;
    KERNEL_FOR_EACH(call, row)
    trim_row(call, row, false, true);
    return STATUS_OK;
}

/* -------- slices -------- */

/* Characters [start, start + count) of 1-based positions; count < 0: to the end. */
static void put_substring(const KernelCall *call, uint32_t row, int64_t start, int64_t count) {
    const TextView *view = kernel_text(call, 0, row);
    const char *bytes = text_data(view);
    int64_t end = count < 0 ? INT64_MAX : start + count;
    size_t from = 0;
    size_t length = 0;

    if (start < 1)
        start = 1;
    if (end <= start) {
        kernel_put_slice(call, row, bytes, 0);
        return;
    }
    from = utf8_offset(bytes, view->length, start - 1);
    length = count < 0 ? view->length - from
                       : utf8_offset(bytes + from, view->length - from, end - start);
    kernel_put_slice(call, row, bytes + from, length);
}

static Status text_substring(const KernelCall *call, Error *err) {
    KERNEL_FOR_EACH(call, row) {
        int64_t start = KERNEL_ARGUMENT(call, 1, int32_t, row);
        int64_t count = call->argument_count > 2 ? KERNEL_ARGUMENT(call, 2, int32_t, row) : -1;

        if (call->argument_count > 2 && count < 0)
            return error_set(err, SUBSTRING_ERROR, "negative substring length not allowed");
        put_substring(call, row, start, count);
    }
    return STATUS_OK;
}

static Status text_left(const KernelCall *call, Error *err) {
    (void) err;
    KERNEL_FOR_EACH(call, row) {
        const TextView *view = kernel_text(call, 0, row);
        int64_t count = KERNEL_ARGUMENT(call, 1, int32_t, row);

        if (count < 0)
            count += utf8_count(text_data(view), view->length);
        put_substring(call, row, 1, count < 0 ? 0 : count);
    }
    return STATUS_OK;
}

static Status text_right(const KernelCall *call, Error *err) {
    (void) err;
    KERNEL_FOR_EACH(call, row) {
        const TextView *view = kernel_text(call, 0, row);
        int64_t total = utf8_count(text_data(view), view->length);
        int64_t count = KERNEL_ARGUMENT(call, 1, int32_t, row);
        int64_t skipped = count < 0 ? -count : total - count;

        put_substring(call, row, (skipped < 0 ? 0 : skipped) + 1, -1);
    }
    return STATUS_OK;
}

static Status text_reverse(const KernelCall *call, Error *err) {
    KERNEL_FOR_EACH(call, row) {
        const TextView *view = kernel_text(call, 0, row);
        const char *bytes = text_data(view);
        char *room = NULL;
        uint32_t step = 0;

        TRY(kernel_text_room(call, view->length, &room, err));
        for (size_t i = 0; i < view->length; i += step) {
            step = utf8_step(bytes[i]);
            if (i + step > view->length)
                step = (uint32_t) (view->length - i);
            memcpy(room + view->length - i - step, bytes + i, step);
        }
        kernel_put_slice(call, row, room, view->length);
    }
    return STATUS_OK;
}

static Status text_overlay(const KernelCall *call, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {0};

    KERNEL_FOR_EACH(call, row) {
        const TextView *view = kernel_text(call, 0, row);
        const TextView *piece = kernel_text(call, 1, row);
        const char *bytes = text_data(view);
        int64_t start = KERNEL_ARGUMENT(call, 2, int32_t, row);
        int64_t count = call->argument_count > 3
                            ? KERNEL_ARGUMENT(call, 3, int32_t, row)
                            : (int64_t) utf8_count(text_data(piece), piece->length);
        size_t tail = 0;

        if (start <= 0)
            return error_set(err, SUBSTRING_ERROR, "negative substring length not allowed");
        strbuf_clear(&text);
        strbuf_append(&text, bytes, utf8_offset(bytes, view->length, start - 1));
        strbuf_append(&text, text_data(piece), piece->length);
        tail = utf8_offset(bytes, view->length, start - 1 + count < 0 ? 0 : start - 1 + count);
        strbuf_append(&text, bytes + tail, view->length - tail);
        TRY(kernel_put_text(call, row, strbuf_text(&text), text.length, err));
    }
    return STATUS_OK;
}

/* -------- padding and repeating -------- */

static void append_fill(StrBuf *out, const TextView *fill, int64_t characters) {
    const char *bytes = text_data(fill);
    size_t offset = 0;

    for (; characters > 0 && fill->length; characters--) {
        uint32_t step = utf8_step(bytes[offset]);

        strbuf_append(out, bytes + offset, step);
        offset += step;
        if (offset >= fill->length)
            offset = 0;
    }
}

static Status pad_row(const KernelCall *call, uint32_t row, bool at_left, StrBuf *text,
                      Error *err) {
    static const TextView blank = {.length = 1, .inlined = " "};
    const TextView *view = kernel_text(call, 0, row);
    const TextView *fill = call->argument_count > 2 ? kernel_text(call, 2, row) : &blank;
    const char *bytes = text_data(view);
    int64_t wanted = KERNEL_ARGUMENT(call, 1, int32_t, row);
    int64_t have = utf8_count(bytes, view->length);

    if (wanted < 0)
        wanted = 0;
    if (wanted > LIMIT_RECORD_BYTES / 4)
        return error_set(err, PROGRAM_LIMIT_EXCEEDED, "requested length too large");
    strbuf_clear(text);
    if (at_left)
        append_fill(text, fill, wanted - have);
    strbuf_append(text, bytes, utf8_offset(bytes, view->length, wanted));
    if (!at_left)
        append_fill(text, fill, wanted - have);
    return kernel_put_text(call, row, strbuf_text(text), text->length, err);
}

static Status text_lpad(const KernelCall *call, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {0};

    KERNEL_FOR_EACH(call, row)
    TRY(pad_row(call, row, true, &text, err));
    return STATUS_OK;
}

static Status text_rpad(const KernelCall *call, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {0};

    KERNEL_FOR_EACH(call, row)
    TRY(pad_row(call, row, false, &text, err));
    return STATUS_OK;
}

static Status text_repeat(const KernelCall *call, Error *err) {
    KERNEL_FOR_EACH(call, row) {
        const TextView *view = kernel_text(call, 0, row);
        int64_t times = KERNEL_ARGUMENT(call, 1, int32_t, row);
        size_t total = times > 0 ? (size_t) times * view->length : 0;
        char *room = NULL;

        TRY(kernel_text_room(call, total, &room, err));
        for (size_t i = 0; i < total; i += view->length)
            memcpy(room + i, text_data(view), view->length);
        kernel_put_slice(call, row, room, total);
    }
    return STATUS_OK;
}

/* -------- concatenation -------- */

void text_append_any(const KernelCall *call, uint32_t index, uint32_t row, StrBuf *out) {
    const FormSettings *settings =
        call->context && call->context->settings ? call->context->settings : &form_settings_default;
    Value value = column_get(&call->arguments[index], row);

    if (type_physical(value.type.id) == PHYSICAL_VARLEN && type_category(value.type.id) == 'S')
        strbuf_append(out, text_data(&value.text), value.text.length);
    else
        value_append_text(&value, settings, out);
}

/* text || text */
static Status text_concat(const KernelCall *call, Error *err) {
    KERNEL_FOR_EACH(call, row) {
        const TextView *left = kernel_text(call, 0, row);
        const TextView *right = kernel_text(call, 1, row);
        size_t total = (size_t) left->length + right->length;
        char *room = NULL;

        TRY(kernel_text_room(call, total, &room, err));
        memcpy(room, text_data(left), left->length);
        memcpy(room + left->length, text_data(right), right->length);
        kernel_put_slice(call, row, room, total);
    }
    return STATUS_OK;
}

/* What a cast to text gives: booleans in words, character(n) without padding. */
static void append_as_cast(const KernelCall *call, uint32_t index, uint32_t row, StrBuf *out) {
    const Column *column = &call->arguments[index];
    size_t start = out->length;

    if (column->type.id == TYPE_BOOL) {
        strbuf_append_text(out, COLUMN_VALUE(column, uint8_t, row) ? "true" : "false");
        return;
    }
    text_append_any(call, index, row, out);
    while (column->type.id == TYPE_BPCHAR && out->length > start &&
           out->data[out->length - 1] == ' ')
        out->length--;
}

/* text || anything, anything || text */
static Status any_concat(const KernelCall *call, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {0};

    KERNEL_FOR_EACH(call, row) {
        strbuf_clear(&text);
        append_as_cast(call, 0, row, &text);
        append_as_cast(call, 1, row, &text);
        TRY(kernel_put_text(call, row, strbuf_text(&text), text.length, err));
    }
    return STATUS_OK;
}

static Status any_concat_all(const KernelCall *call, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {0};

    KERNEL_FOR_EACH(call, row) {
        strbuf_clear(&text);
        for (uint32_t i = 0; i < call->argument_count; i++) {
            if (!column_is_null(&call->arguments[i], row))
                text_append_any(call, i, row, &text);
        }
        TRY(kernel_put_text(call, row, strbuf_text(&text), text.length, err));
    }
    return STATUS_OK;
}

static Status any_concat_ws(const KernelCall *call, Error *err) {
    CLEANUP(strbuf_done) StrBuf text = {0};

    KERNEL_FOR_EACH(call, row) {
        bool is_first = true;

        if (column_is_null(&call->arguments[0], row)) {
            kernel_set_null(call, row);
            continue;
        }
        strbuf_clear(&text);
        for (uint32_t i = 1; i < call->argument_count; i++) {
            const TextView *separator = kernel_text(call, 0, row);

            if (column_is_null(&call->arguments[i], row))
                continue;
            if (!is_first)
                strbuf_append(&text, text_data(separator), separator->length);
            is_first = false;
            text_append_any(call, i, row, &text);
        }
        TRY(kernel_put_text(call, row, strbuf_text(&text), text.length, err));
    }
    return STATUS_OK;
}

enum { CONCAT_FLAGS = FUNCTION_NOT_STRICT | FUNCTION_VARIADIC };

/* clang-format off */
static const Function text_functions[] = {
    {"length", text_length, TYPE_INT4, 1, {TYPE_TEXT}},
    {"char_length", text_length, TYPE_INT4, 1, {TYPE_TEXT}},
    {"character_length", text_length, TYPE_INT4, 1, {TYPE_TEXT}},
    {"octet_length", text_octet_length, TYPE_INT4, 1, {TYPE_TEXT}},
    {"octet_length", text_octet_length, TYPE_INT4, 1, {TYPE_BPCHAR}},
    {"bit_length", text_bit_length, TYPE_INT4, 1, {TYPE_TEXT}},
    {"lower", text_lower, TYPE_TEXT, 1, {TYPE_TEXT}},
    {"upper", text_upper, TYPE_TEXT, 1, {TYPE_TEXT}},
    {"initcap", text_initcap, TYPE_TEXT, 1, {TYPE_TEXT}},
    {"btrim", text_btrim, TYPE_TEXT, 1, {TYPE_TEXT}},
    {"btrim", text_btrim, TYPE_TEXT, 2, {TYPE_TEXT, TYPE_TEXT}},
    {"ltrim", text_ltrim, TYPE_TEXT, 1, {TYPE_TEXT}},
    {"ltrim", text_ltrim, TYPE_TEXT, 2, {TYPE_TEXT, TYPE_TEXT}},
    {"rtrim", text_rtrim, TYPE_TEXT, 1, {TYPE_TEXT}},
    {"rtrim", text_rtrim, TYPE_TEXT, 2, {TYPE_TEXT, TYPE_TEXT}},
    {"substring", text_substring, TYPE_TEXT, 2, {TYPE_TEXT, TYPE_INT4}},
    {"substring", text_substring, TYPE_TEXT, 3, {TYPE_TEXT, TYPE_INT4, TYPE_INT4}},
    {"substr", text_substring, TYPE_TEXT, 2, {TYPE_TEXT, TYPE_INT4}},
    {"substr", text_substring, TYPE_TEXT, 3, {TYPE_TEXT, TYPE_INT4, TYPE_INT4}},
    {"left", text_left, TYPE_TEXT, 2, {TYPE_TEXT, TYPE_INT4}},
    {"right", text_right, TYPE_TEXT, 2, {TYPE_TEXT, TYPE_INT4}},
    {"reverse", text_reverse, TYPE_TEXT, 1, {TYPE_TEXT}},
    {"overlay", text_overlay, TYPE_TEXT, 3, {TYPE_TEXT, TYPE_TEXT, TYPE_INT4}},
    {"overlay", text_overlay, TYPE_TEXT, 4, {TYPE_TEXT, TYPE_TEXT, TYPE_INT4, TYPE_INT4}},
    {"lpad", text_lpad, TYPE_TEXT, 2, {TYPE_TEXT, TYPE_INT4}},
    {"lpad", text_lpad, TYPE_TEXT, 3, {TYPE_TEXT, TYPE_INT4, TYPE_TEXT}},
    {"rpad", text_rpad, TYPE_TEXT, 2, {TYPE_TEXT, TYPE_INT4}},
    {"rpad", text_rpad, TYPE_TEXT, 3, {TYPE_TEXT, TYPE_INT4, TYPE_TEXT}},
    {"repeat", text_repeat, TYPE_TEXT, 2, {TYPE_TEXT, TYPE_INT4}},
    {"||", text_concat, TYPE_TEXT, 2, {TYPE_TEXT, TYPE_TEXT}},
    {"||", any_concat, TYPE_TEXT, 2, {TYPE_TEXT, TYPE_ANY}, VOLATILITY_STABLE},
    {"||", any_concat, TYPE_TEXT, 2, {TYPE_ANY, TYPE_TEXT}, VOLATILITY_STABLE},
    {"concat", any_concat_all, TYPE_TEXT, 1, {TYPE_ANY}, VOLATILITY_STABLE, CONCAT_FLAGS},
    {"concat_ws", any_concat_ws, TYPE_TEXT, 2, {TYPE_TEXT, TYPE_ANY}, VOLATILITY_STABLE,
     CONCAT_FLAGS},
};
/* clang-format on */

const FunctionFamily family_text_ops = {FAMILY_FUNCTIONS(text_functions)};
