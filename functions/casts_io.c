/* Casts through the text form: every type to the character types by assignment, and back
 * explicitly.
 *
 * Last in the registry, so that a pair that has its own cast keeps it. */
#include "base/strbuf.h"
#include "functions/casts.h"
#include "functions/kernel.h"

static const FormSettings *call_settings(const KernelCall *call) {
    return call->context && call->context->settings ? call->context->settings
                                                    : &form_settings_default;
}

static Status put_text_of(const KernelCall *call, uint32_t row, const StrBuf *text, Error *err) {
    char *room = NULL;

    TRY(kernel_text_room(call, text->length, &room, err));
    memcpy(room, strbuf_text(text), text->length);
    return cast_put_limited(call, row, text_view(room, (uint32_t) text->length), err);
}

static Status value_to_text(const KernelCall *call, Error *err) {
    const FormSettings *settings = call_settings(call);
    CLEANUP(strbuf_done) StrBuf text = {0};

    KERNEL_FOR_EACH(call, row) {
        Value value = column_get(&call->arguments[0], row);

        strbuf_clear(&text);
        value_append_text(&value, settings, &text);
        TRY(put_text_of(call, row, &text, err));
    }
    return STATUS_OK;
}

static Status text_to_value(const KernelCall *call, Error *err) {
    const FormSettings *settings = call_settings(call);

    KERNEL_FOR_EACH(call, row) {
        const TextView *view = kernel_text(call, 0, row);
        Value value;

        TRY(value_parse_text(call->result->type, text_data(view), view->length, settings,
                             call->arena, &value, err));
        column_put(call->result, row, &value, call->row_count, call->arena);
    }
    return STATUS_OK;
}

/* Text forms that depend on the session's time zone or on the clock ('now'). */
#define FORM_VOLATILITY(T)                                                                       \
    ((T) == TYPE_TIMESTAMPTZ || (T) == TYPE_TIMESTAMP || (T) == TYPE_DATE || (T) == TYPE_TIME || \
             (T) == TYPE_REGCLASS || (T) == TYPE_REGTYPE || (T) == TYPE_REGPROC ||               \
             (T) == TYPE_ARRAY || (T) == TYPE_RECORD                                             \
         ? VOLATILITY_STABLE                                                                     \
         : VOLATILITY_IMMUTABLE)

#define FORM_CASTS(T, S)                                            \
    {(T), (S), CAST_ASSIGNMENT, value_to_text, FORM_VOLATILITY(T)}, \
        {(S), (T), CAST_EXPLICIT, text_to_value, FORM_VOLATILITY(T)},

/* clang-format off */
static const Cast io_casts[] = {
#define X(id, name, oid, array_oid, physical, size, category) \
    FORM_CASTS(TYPE_##id, TYPE_TEXT)                          \
    FORM_CASTS(TYPE_##id, TYPE_VARCHAR)                       \
    FORM_CASTS(TYPE_##id, TYPE_BPCHAR)                        \
    FORM_CASTS(TYPE_##id, TYPE_NAME)
    TYPE_TABLE(X)
#undef X
};
/* clang-format on */

const FunctionFamily family_casts_io = {FAMILY_CASTS(io_casts)};
