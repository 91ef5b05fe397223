/* Casts among the character types: text, varchar(n), character(n), name, "char"; boolean to text.
 *
 * A length modifier is obeyed here: what is too long is an error unless only blanks are cut, or
 * unless the cast is explicit, which truncates. character(n) is padded to n. */
#include "base/utf8.h"
#include "functions/casts.h"
#include "functions/kernel.h"

static bool is_explicit(const KernelCall *call) {
    const CastMode *mode = call->data;

    return mode && mode->context == CAST_EXPLICIT;
}

static bool is_blank(const char *bytes, size_t size_bytes) {
    for (size_t i = 0; i < size_bytes; i++) {
        if (bytes[i] != ' ')
            return false;
    }
    return true;
}

static Status put_padded(const KernelCall *call, uint32_t row, TextView view, uint32_t padding,
                         Error *err) {
    char *room = NULL;

    TRY(kernel_text_room(call, (size_t) view.length + padding, &room, err));
    memcpy(room, text_data(&view), view.length);
    memset(room + view.length, ' ', padding);
    KERNEL_RESULT(call, TextView)[row] = text_view(room, view.length + padding);
    return STATUS_OK;
}

Status cast_put_limited(const KernelCall *call, uint32_t row, TextView view, Error *err) {
    SqlType type = call->result->type;
    const char *bytes = text_data(&view);
    bool has_length = type.typmod >= 4 && (type.id == TYPE_VARCHAR || type.id == TYPE_BPCHAR);
    uint32_t limit = has_length ? (uint32_t) type.typmod - 4 : 0;
    uint32_t characters = 0;
    size_t cut = 0;

    if (!has_length || (type.id == TYPE_VARCHAR && view.length <= limit)) {
        KERNEL_RESULT(call, TextView)[row] = view;
        return STATUS_OK;
    }
    characters = utf8_count(bytes, view.length);
    if (characters <= limit) {
        if (type.id == TYPE_BPCHAR && characters < limit)
            return put_padded(call, row, view, limit - characters, err);
        KERNEL_RESULT(call, TextView)[row] = view;
        return STATUS_OK;
    }
    cut = utf8_offset(bytes, view.length, limit);
    if (!is_explicit(call) && !is_blank(bytes + cut, view.length - cut))
        return error_set(err, STRING_DATA_RIGHT_TRUNCATION, "value too long for type %s(%u)",
                         type.id == TYPE_BPCHAR ? "character" : "character varying", limit);
    kernel_put_slice(call, row, bytes, cut);
    return STATUS_OK;
}

/* text and varchar to varchar(n) or character(n) */
static Status text_to_limited(const KernelCall *call, Error *err) {
    KERNEL_FOR_EACH(call, row)
    TRY(cast_put_limited(call, row, *kernel_text(call, 0, row), err));
    return STATUS_OK;
}

/* character(n) to text loses its padding. */
static Status bpchar_to_text(const KernelCall *call, Error *err) {
    KERNEL_FOR_EACH(call, row) {
        const TextView *view = kernel_text(call, 0, row);
        const char *bytes = text_data(view);
        uint32_t length = view->length;

        while (length && bytes[length - 1] == ' ')
            length--;
        TRY(cast_put_limited(call, row, text_view(bytes, length), err));
    }
    return STATUS_OK;
}

static Status text_to_name(const KernelCall *call, Error *err) {
    (void) err;
    KERNEL_FOR_EACH(call, row) {
        const TextView *view = kernel_text(call, 0, row);
        const char *bytes = text_data(view);
        size_t length = view->length;

        if (length > LIMIT_IDENTIFIER_BYTES) {
            length = LIMIT_IDENTIFIER_BYTES;
            while (length && (bytes[length] & 0xc0) == 0x80)
                length--;
        }
        kernel_put_slice(call, row, bytes, length);
    }
    return STATUS_OK;
}

static Status text_to_char(const KernelCall *call, Error *err) {
    (void) err;
    KERNEL_FOR_EACH(call, row) {
        const TextView *view = kernel_text(call, 0, row);

        kernel_put_slice(call, row, text_data(view), view->length ? 1 : 0);
    }
    return STATUS_OK;
}

static Status bool_to_text(const KernelCall *call, Error *err) {
    KERNEL_FOR_EACH(call, row) {
        bool flag = KERNEL_ARGUMENT(call, 0, uint8_t, row);

        TRY(cast_put_limited(call, row, text_view(flag ? "true" : "false", flag ? 4 : 5), err));
    }
    return STATUS_OK;
}

static const Cast text_casts[] = {
    {TYPE_TEXT, TYPE_VARCHAR, CAST_IMPLICIT, text_to_limited},
    {TYPE_TEXT, TYPE_BPCHAR, CAST_IMPLICIT, text_to_limited},
    {TYPE_TEXT, TYPE_NAME, CAST_IMPLICIT, text_to_name},
    {TYPE_TEXT, TYPE_CHAR, CAST_ASSIGNMENT, text_to_char},
    {TYPE_VARCHAR, TYPE_TEXT, CAST_IMPLICIT, NULL},
    {TYPE_VARCHAR, TYPE_VARCHAR, CAST_IMPLICIT, text_to_limited},
    {TYPE_VARCHAR, TYPE_BPCHAR, CAST_IMPLICIT, text_to_limited},
    {TYPE_VARCHAR, TYPE_NAME, CAST_IMPLICIT, text_to_name},
    {TYPE_VARCHAR, TYPE_CHAR, CAST_ASSIGNMENT, text_to_char},
    {TYPE_BPCHAR, TYPE_TEXT, CAST_IMPLICIT, bpchar_to_text},
    {TYPE_BPCHAR, TYPE_VARCHAR, CAST_IMPLICIT, bpchar_to_text},
    {TYPE_BPCHAR, TYPE_BPCHAR, CAST_IMPLICIT, text_to_limited},
    {TYPE_BPCHAR, TYPE_NAME, CAST_IMPLICIT, text_to_name},
    {TYPE_BPCHAR, TYPE_CHAR, CAST_ASSIGNMENT, text_to_char},
    {TYPE_NAME, TYPE_TEXT, CAST_IMPLICIT, NULL},
    {TYPE_NAME, TYPE_VARCHAR, CAST_ASSIGNMENT, text_to_limited},
    {TYPE_NAME, TYPE_BPCHAR, CAST_ASSIGNMENT, text_to_limited},
    {TYPE_CHAR, TYPE_TEXT, CAST_IMPLICIT, NULL},
    {TYPE_CHAR, TYPE_VARCHAR, CAST_ASSIGNMENT, text_to_limited},
    {TYPE_CHAR, TYPE_BPCHAR, CAST_ASSIGNMENT, text_to_limited},
    {TYPE_BOOL, TYPE_TEXT, CAST_ASSIGNMENT, bool_to_text},
    {TYPE_BOOL, TYPE_VARCHAR, CAST_ASSIGNMENT, bool_to_text},
    {TYPE_BOOL, TYPE_BPCHAR, CAST_ASSIGNMENT, bool_to_text},
};

const FunctionFamily family_casts_text = {FAMILY_CASTS(text_casts)};
