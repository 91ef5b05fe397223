/* bytea and uuid: order, length, joining, encode and decode, gen_random_uuid. */
#include "base/hash.h"
#include "base/utf8.h"
#include "functions/kernel.h"
#include "types/scan.h"
#include "types/text_types.h"

#define BYTES_EQUAL(l, r) text_equal(&(l), &(r))
#define BYTES_LESS(l, r) (text_compare(&(l), &(r)) < 0)
#define UUID_EQUAL(l, r) (memcmp((l).bytes, (r).bytes, sizeof((l).bytes)) == 0)
#define UUID_LESS(l, r) (memcmp((l).bytes, (r).bytes, sizeof((l).bytes)) < 0)

DEFINE_COMPARE_KERNELS(bytea, TextView, TextView, BYTES_EQUAL, BYTES_LESS)
DEFINE_COMPARE_KERNELS(uuid, Uuid, Uuid, UUID_EQUAL, UUID_LESS)

DEFINE_UNARY_KERNEL(bytea_length, TextView, int32_t, v.length)
DEFINE_UNARY_KERNEL(bytea_bit_length, TextView, int32_t, v.length * 8)

static Status bytea_concat(const KernelCall *call, Error *err) {
    KERNEL_FOR_EACH(call, row) {
        const TextView *left = kernel_text(call, 0, row);
        const TextView *right = kernel_text(call, 1, row);
        size_t length = (size_t) left->length + right->length;
        char *room = NULL;

        TRY(kernel_text_room(call, length, &room, err));
        memcpy(room, text_data(left), left->length);
        memcpy(room + left->length, text_data(right), right->length);
        KERNEL_RESULT(call, TextView)[row] = text_view(room, (uint32_t) length);
    }
    return STATUS_OK;
}

/* -------- encode, decode -------- */

static const char base64_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { BASE64_LINE = 76 }; /* PostgreSQL breaks lines as MIME does */

static void base64_encode(const TextView *bytes, StrBuf *out) {
    const unsigned char *data = (const unsigned char *) text_data(bytes);
    size_t line = 0;

    for (uint32_t i = 0; i < bytes->length; i += 3) {
        uint32_t left = bytes->length - i;
        uint32_t word = (uint32_t) data[i] << 16 | (left > 1 ? (uint32_t) data[i + 1] << 8 : 0) |
                        (left > 2 ? data[i + 2] : 0);
        char letters[4] = {base64_letters[word >> 18], base64_letters[word >> 12 & 63],
                           left > 1 ? base64_letters[word >> 6 & 63] : '=',
                           left > 2 ? base64_letters[word & 63] : '='};

        if (line == BASE64_LINE) {
            strbuf_append_char(out, '\n');
            line = 0;
        }
        strbuf_append(out, letters, sizeof(letters));
        line += sizeof(letters);
    }
}

static Status base64_decode(const TextView *text, StrBuf *out, Error *err) {
    const char *data = text_data(text);
    uint32_t word = 0;
    int count = 0;
    int padding = 0;

    for (uint32_t i = 0; i < text->length; i++) {
        const char *letter;

        if (char_is_space(data[i]))
            continue;
        letter = data[i] ? strchr(base64_letters, data[i]) : NULL;
        if (data[i] == '=' && count >= 2 && padding < 2) {
            padding++;
            word <<= 6;
        } else if (!letter) {
            return error_set(err, INVALID_PARAMETER,
                             "invalid symbol \"%.*s\" found while decoding base64 sequence",
                             (int) utf8_offset(data + i, text->length - i, 1), data + i);
        } else if (padding) {
            return error_set(err, INVALID_PARAMETER,
                             "unexpected \"=\" while decoding base64 sequence");
        } else {
            word = word << 6 | (uint32_t) (letter - base64_letters);
        }
        if (++count == 4) {
            char bytes[3] = {(char) (word >> 16), (char) (word >> 8), (char) word};

            strbuf_append(out, bytes, (size_t) (3 - padding));
            word = 0;
            count = 0;
        }
    }
    if (count) {
        IGNORE(error_set(err, INVALID_PARAMETER, "invalid base64 end sequence")); /* below */
        return error_hint(err, "Input data is missing padding, is truncated, or is otherwise "
                               "corrupted.");
    }
    return STATUS_OK;
}

static void escape_encode(const TextView *bytes, StrBuf *out) {
    const unsigned char *data = (const unsigned char *) text_data(bytes);

    for (uint32_t i = 0; i < bytes->length; i++) {
        if (data[i] == '\\')
            strbuf_append(out, "\\\\", 2);
        else if (data[i] == 0 || data[i] >= 0x80)
            strbuf_printf(out, "\\%03o", data[i]);
        else
            strbuf_append_char(out, (char) data[i]);
    }
}

static Status unknown_encoding(const TextView *name, Error *err) {
    return error_set(err, INVALID_PARAMETER, "unrecognized encoding: \"%.*s\"", (int) name->length,
                     text_data(name));
}

static TextSpan view_span(const TextView *view) {
    return (TextSpan) {text_data(view), text_data(view) + view->length};
}

static Status bytea_encode(const KernelCall *call, Error *err) {
    CLEANUP(strbuf_done) StrBuf out = {.limit = LIMIT_RECORD_BYTES};

    KERNEL_FOR_EACH(call, row) {
        const TextView *bytes = kernel_text(call, 0, row);
        const TextView *name = kernel_text(call, 1, row);
        size_t skipped = 0;

        strbuf_clear(&out);
        if (span_equals(view_span(name), "hex")) {
            bytea_append_text(bytes, true, &out);
            skipped = 2; /* the \x */
        } else if (span_equals(view_span(name), "base64")) {
            base64_encode(bytes, &out);
        } else if (span_equals(view_span(name), "escape")) {
            escape_encode(bytes, &out);
        } else {
            return unknown_encoding(name, err);
        }
        TRY(kernel_put_text(call, row, strbuf_text(&out) + skipped, out.length - skipped, err));
    }
    return STATUS_OK;
}

static Status decode_one(const KernelCall *call, uint32_t row, StrBuf *out, Error *err) {
    const TextView *text = kernel_text(call, 0, row);
    const TextView *name = kernel_text(call, 1, row);
    TextView bytes = {0};

    strbuf_clear(out);
    if (span_equals(view_span(name), "base64")) {
        TRY(base64_decode(text, out, err));
        return kernel_put_text(call, row, strbuf_text(out), out->length, err);
    }
    if (span_equals(view_span(name), "hex"))
        strbuf_append(out, "\\x", 2);
    else if (!span_equals(view_span(name), "escape"))
        return unknown_encoding(name, err);
    strbuf_append(out, text_data(text), text->length);
    TRY(bytea_parse(strbuf_text(out), out->length, call->arena, &bytes, err));
    KERNEL_RESULT(call, TextView)[row] = bytes;
    return STATUS_OK;
}

static Status bytea_decode(const KernelCall *call, Error *err) {
    CLEANUP(strbuf_done) StrBuf out = {0};

    KERNEL_FOR_EACH(call, row) {
        TRY(decode_one(call, row, &out, err));
    }
    return STATUS_OK;
}

/* -------- uuid -------- */

/* Version 4 from the evaluation's seed and the row, so that a replay gives the same. */
static Status uuid_random(const KernelCall *call, Error *err) {
    uint64_t seed = call->context ? call->context->seed : 0;

    KERNEL_FOR_EACH(call, row) {
        uint64_t words[2] = {hash_combine(seed, 2 * (uint64_t) row),
                             hash_combine(seed, 2 * (uint64_t) row + 1)};
        Uuid *uuid = &KERNEL_RESULT(call, Uuid)[row];

        memcpy(uuid->bytes, words, sizeof(words));
        uuid->bytes[6] = (uint8_t) ((uuid->bytes[6] & 0x0f) | 0x40);
        uuid->bytes[8] = (uint8_t) ((uuid->bytes[8] & 0x3f) | 0x80);
    }
    return STATUS_OK;
}

static const Function bytes_functions[] = {
    COMPARE_FUNCTIONS(bytea, TYPE_BYTEA, TYPE_BYTEA),
    COMPARE_FUNCTIONS(uuid, TYPE_UUID, TYPE_UUID),
    {"||", bytea_concat, TYPE_BYTEA, 2, {TYPE_BYTEA, TYPE_BYTEA}},
    {"length", bytea_length, TYPE_INT4, 1, {TYPE_BYTEA}},
    {"octet_length", bytea_length, TYPE_INT4, 1, {TYPE_BYTEA}},
    {"bit_length", bytea_bit_length, TYPE_INT4, 1, {TYPE_BYTEA}},
    {"encode", bytea_encode, TYPE_TEXT, 2, {TYPE_BYTEA, TYPE_TEXT}},
    {"decode", bytea_decode, TYPE_BYTEA, 2, {TYPE_TEXT, TYPE_TEXT}},
    {"gen_random_uuid", uuid_random, TYPE_UUID, 0, {0}, VOLATILITY_VOLATILE},
};

const FunctionFamily family_bytes_ops = {FAMILY_FUNCTIONS(bytes_functions)};
