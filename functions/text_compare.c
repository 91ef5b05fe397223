/* Text comparison, collation C: text, varchar through text, character, name, "char".
 *
 * A view is two words: length and first four bytes, then eight more bytes or a pointer. Texts of
 * different length or beginning differ in the first word; a short text is all in the two. So
 * equality with a short constant is two compares a row and never follows a pointer. */
#include "functions/kernel.h"

typedef struct TextWords {
    uint64_t head;
    uint64_t tail;
} TextWords;

static inline TextWords text_words(const TextView *view) {
    TextWords words;

    _Static_assert(sizeof(words) == sizeof(*view), "a view is two words");
    memcpy(&words, view, sizeof(words));
    return words;
}

static inline bool text_equal_words(const TextView *left, const TextView *right) {
    TextWords l = text_words(left);
    TextWords r = text_words(right);

    if (l.head != r.head)
        return false;
    if (l.tail == r.tail)
        return true;
    return left->length > TEXT_INLINE_BYTES && memcmp(left->data, right->data, left->length) == 0;
}

static inline int text_order(const TextView *left, const TextView *right) {
    uint32_t l;
    uint32_t r;

    memcpy(&l, left->prefix, sizeof(l));
    memcpy(&r, right->prefix, sizeof(r));
    if (l != r && left->length >= sizeof(l) && right->length >= sizeof(r))
        return __builtin_bswap32(l) < __builtin_bswap32(r) ? -1 : 1;
    return text_compare(left, right);
}

/* Dense column = constant of up to 12 bytes; `flip` 1 makes it <>. */
static void compare_short_constant(const TextWords *restrict column, TextWords constant,
                                   uint8_t flip, uint32_t count, uint8_t *restrict out) {
    for (uint32_t row = 0; row < count; row++)
        out[row] = (uint8_t) (((column[row].head ^ constant.head) |
                               (column[row].tail ^ constant.tail)) == 0) ^
                   flip;
}

static Status compare_equality(const KernelCall *call, uint8_t flip) {
    const Column *left = &call->arguments[0];
    const Column *right = &call->arguments[1];
    uint8_t *out = KERNEL_RESULT(call, uint8_t);

    if (left->encoding == COLUMN_CONSTANT && right->encoding == COLUMN_FLAT) {
        left = right;
        right = &call->arguments[0];
    }
    if (!call->selection && left->encoding == COLUMN_FLAT && right->encoding == COLUMN_CONSTANT) {
        const TextView *constant = right->values;

        if (constant->length <= TEXT_INLINE_BYTES) {
            compare_short_constant(left->values, text_words(constant), flip, call->count, out);
            return STATUS_OK;
        }
    }
    KERNEL_FOR_EACH(call, row)
    out[row] = (uint8_t) text_equal_words(&COLUMN_VALUE(left, TextView, row),
                                          &COLUMN_VALUE(right, TextView, row)) ^
               flip;
    return STATUS_OK;
}

static Status text_eq(const KernelCall *call, Error *err) {
    (void) err;
    return compare_equality(call, 0);
}

static Status text_ne(const KernelCall *call, Error *err) {
    (void) err;
    return compare_equality(call, 1);
}

#define DEFINE_TEXT_ORDER_KERNEL(name, condition)                                              \
    static Status name(const KernelCall *call, Error *err) {                                   \
        uint8_t *out = KERNEL_RESULT(call, uint8_t);                                           \
        (void) err;                                                                            \
        KERNEL_FOR_EACH(call, row)                                                             \
        out[row] = text_order(kernel_text(call, 0, row), kernel_text(call, 1, row)) condition; \
        return STATUS_OK;                                                                      \
    }

DEFINE_TEXT_ORDER_KERNEL(text_lt, < 0)
DEFINE_TEXT_ORDER_KERNEL(text_le, <= 0)
DEFINE_TEXT_ORDER_KERNEL(text_gt, > 0)
DEFINE_TEXT_ORDER_KERNEL(text_ge, >= 0)

/* character(n): trailing blanks do not count. */
static TextView without_padding(const TextView *view) {
    const char *bytes = text_data(view);
    uint32_t length = view->length;

    while (length && bytes[length - 1] == ' ')
        length--;
    return text_view(bytes, length);
}

static int bpchar_order(const TextView *left, const TextView *right) {
    TextView l = without_padding(left);
    TextView r = without_padding(right);

    return text_compare(&l, &r);
}

#define DEFINE_BPCHAR_KERNEL(name, condition)                                                    \
    static Status name(const KernelCall *call, Error *err) {                                     \
        uint8_t *out = KERNEL_RESULT(call, uint8_t);                                             \
        (void) err;                                                                              \
        KERNEL_FOR_EACH(call, row)                                                               \
        out[row] = bpchar_order(kernel_text(call, 0, row), kernel_text(call, 1, row)) condition; \
        return STATUS_OK;                                                                        \
    }

DEFINE_BPCHAR_KERNEL(bpchar_eq, == 0)
DEFINE_BPCHAR_KERNEL(bpchar_ne, != 0)
DEFINE_BPCHAR_KERNEL(bpchar_lt, < 0)
DEFINE_BPCHAR_KERNEL(bpchar_le, <= 0)
DEFINE_BPCHAR_KERNEL(bpchar_gt, > 0)
DEFINE_BPCHAR_KERNEL(bpchar_ge, >= 0)

static const Function text_compare_functions[] = {
    COMPARE_FUNCTIONS(text, TYPE_TEXT, TYPE_TEXT),
    COMPARE_FUNCTIONS(bpchar, TYPE_BPCHAR, TYPE_BPCHAR),
    COMPARE_FUNCTIONS(text, TYPE_NAME, TYPE_NAME),
    COMPARE_FUNCTIONS(text, TYPE_CHAR, TYPE_CHAR),
};

const FunctionFamily family_text_compare = {FAMILY_FUNCTIONS(text_compare_functions)};
