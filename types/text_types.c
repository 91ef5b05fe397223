#include "types/text_types.h"

#include <stdio.h>

#include "base/hex.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "types/scan.h"

/* -------- UTF-8 -------- */

static Status utf8_error(const unsigned char *text, size_t length, Error *err) {
    unsigned char first = text[0];
    size_t size = first < 0xc0 || first >= 0xf8 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    char bytes[32];
    int used = 0;

    if (size > length)
        size = length;
    for (size_t i = 0; i < size; i++)
        used += snprintf(bytes + used, sizeof(bytes) - (size_t) used, i ? " 0x%02x" : "0x%02x",
                         text[i]);
    return error_set(err, CHARACTER_NOT_IN_REPERTOIRE,
                     "invalid byte sequence for encoding \"UTF8\": %s", bytes);
}

Status utf8_check(const char *text, size_t length, Error *err) {
    const unsigned char *bytes = (const unsigned char *) text;
    size_t i = 0;

    while (i < length) {
        uint64_t word;
        size_t size;

        /* Eight ASCII bytes without a zero at a time. */
        while (length - i >= sizeof(word)) {
            memcpy(&word, bytes + i, sizeof(word));
            if ((word | (word - 0x0101010101010101ULL)) & 0x8080808080808080ULL)
                break;
            i += sizeof(word);
        }
        if (i == length)
            break;
        size = bytes[i] ? utf8_character_size(bytes + i, length - i) : 0;
        if (size == 0)
            return utf8_error(bytes + i, length - i, err);
        i += size;
    }
    return STATUS_OK;
}

/* -------- lengths -------- */

static bool only_blanks(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (text[i] != ' ')
            return false;
    return true;
}

static TextView text_padded(const char *data, size_t length, size_t blanks, Arena *arena) {
    char *padded = arena_alloc_raw(arena, length + blanks + 1);

    if (length)
        memcpy(padded, data, length);
    memset(padded + length, ' ', blanks);
    return text_view(padded, (uint32_t) (length + blanks));
}

Status text_apply_typmod(SqlType type, const TextView *text, bool is_explicit, Arena *arena,
                         TextView *ret_text, Error *err) {
    const char *data = text_data(text);
    size_t length = text->length;
    size_t count = (size_t) (type.typmod - 4);
    size_t prefix;

    *ret_text = *text;
    if (type.id == TYPE_NAME || type.id == TYPE_CHAR) {
        size_t size = type.id == TYPE_CHAR ? 1 : LIMIT_IDENTIFIER_BYTES;

        *ret_text = text_view(data, (uint32_t) utf8_clip(data, length, size));
        return STATUS_OK;
    }
    if ((type.id != TYPE_VARCHAR && type.id != TYPE_BPCHAR) || type.typmod < 4)
        return STATUS_OK;
    prefix = length <= count ? length : utf8_offset(data, length, (int64_t) count);
    if (prefix < length) {
        if (!is_explicit && !only_blanks(data + prefix, length - prefix))
            return error_set(err, STRING_DATA_RIGHT_TRUNCATION,
                             "value too long for type character%s(%zu)",
                             type.id == TYPE_VARCHAR ? " varying" : "", count);
        *ret_text = text_view(data, (uint32_t) prefix);
    } else if (type.id == TYPE_BPCHAR) {
        size_t used = utf8_count(data, length);

        if (used < count)
            *ret_text = text_padded(data, length, count - used, arena);
    }
    return STATUS_OK;
}

/* -------- bytea -------- */

void bytea_append_text(const TextView *bytes, bool is_hex, StrBuf *out) {
    static const char digits[] = "0123456789abcdef";
    const unsigned char *data = (const unsigned char *) text_data(bytes);

    if (is_hex) {
        char *target;

        strbuf_append(out, "\\x", 2);
        target = strbuf_reserve(out, 2 * (size_t) bytes->length);
        for (uint32_t i = 0; i < bytes->length; i++) {
            *target++ = digits[data[i] >> 4];
            *target++ = digits[data[i] & 15];
        }
        *target = '\0';
        out->length += 2 * (size_t) bytes->length;
        return;
    }
    for (uint32_t i = 0; i < bytes->length; i++) {
        if (data[i] == '\\')
            strbuf_append(out, "\\\\", 2);
        else if (data[i] < 0x20 || data[i] > 0x7e)
            strbuf_printf(out, "\\%03o", data[i]);
        else
            strbuf_append_char(out, (char) data[i]);
    }
}

static Status bytea_parse_hex(TextSpan span, char *target, size_t *ret_size, Error *err) {
    size_t size = 0;

    for (const char *cursor = span.start; cursor < span.end;) {
        int high;
        int low;

        if (*cursor == ' ' || *cursor == '\n' || *cursor == '\t' || *cursor == '\r') {
            cursor++;
            continue;
        }
        high = hex_digit(cursor[0]);
        low = cursor + 1 < span.end ? hex_digit(cursor[1]) : 0;
        if (high < 0 || low < 0) {
            const char *bad = high < 0 ? cursor : cursor + 1;
            int bad_size = (int) utf8_offset(bad, (size_t) (span.end - bad), 1);

            return error_set(err, INVALID_PARAMETER, "invalid hexadecimal digit: \"%.*s\"",
                             bad_size, bad);
        }
        if (cursor + 1 == span.end)
            return error_set(err, INVALID_PARAMETER,
                             "invalid hexadecimal data: odd number of digits");
        target[size++] = (char) (high << 4 | low);
        cursor += 2;
    }
    *ret_size = size;
    return STATUS_OK;
}

static bool is_octal(const char *cursor, const char *end) {
    return end - cursor >= 3 && cursor[0] >= '0' && cursor[0] <= '3' && cursor[1] >= '0' &&
           cursor[1] <= '7' && cursor[2] >= '0' && cursor[2] <= '7';
}

static Status bytea_parse_escape(TextSpan span, char *target, size_t *ret_size, Error *err) {
    size_t size = 0;

    for (const char *cursor = span.start; cursor < span.end;) {
        if (*cursor != '\\') {
            target[size++] = *cursor++;
        } else if (cursor + 1 < span.end && cursor[1] == '\\') {
            target[size++] = '\\';
            cursor += 2;
        } else if (is_octal(cursor + 1, span.end)) {
            target[size++] =
                (char) ((cursor[1] - '0') << 6 | (cursor[2] - '0') << 3 | (cursor[3] - '0'));
            cursor += 4;
        } else {
            return error_set(err, INVALID_TEXT_REPRESENTATION,
                             "invalid input syntax for type bytea");
        }
    }
    *ret_size = size;
    return STATUS_OK;
}

Status bytea_parse(const char *text, size_t length, Arena *arena, TextView *ret_bytes, Error *err) {
    char *target = arena_try_alloc(arena, length + 1);
    TextSpan span = {text, text + length};
    size_t size = 0;

    if (!target)
        return error_set(err, OUT_OF_MEMORY, "out of memory");
    if (length >= 2 && text[0] == '\\' && text[1] == 'x') {
        span.start += 2;
        TRY(bytea_parse_hex(span, target, &size, err));
    } else {
        TRY(bytea_parse_escape(span, target, &size, err));
    }
    *ret_bytes = text_view(target, (uint32_t) size);
    return STATUS_OK;
}

/* -------- uuid -------- */

void uuid_append_text(const Uuid *uuid, StrBuf *out) {
    static const char digits[] = "0123456789abcdef";
    char text[36];
    char *target = text;

    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *target++ = '-';
        *target++ = digits[uuid->bytes[i] >> 4];
        *target++ = digits[uuid->bytes[i] & 15];
    }
    strbuf_append(out, text, sizeof(text));
}

/* Braces around are allowed, and a hyphen after every four digits. */
static bool uuid_read(const char *cursor, const char *end, Uuid *ret_uuid) {
    bool has_brace = cursor < end && *cursor == '{';

    cursor += has_brace;
    for (int i = 0; i < 16; i++) {
        int high = end - cursor >= 2 ? hex_digit(cursor[0]) : -1;
        int low = high >= 0 ? hex_digit(cursor[1]) : -1;

        if (low < 0)
            return false;
        ret_uuid->bytes[i] = (uint8_t) (high << 4 | low);
        cursor += 2;
        if (cursor < end && *cursor == '-' && i % 2 == 1 && i < 15)
            cursor++;
    }
    if (has_brace && (cursor == end || *cursor++ != '}'))
        return false;
    return cursor == end;
}

Status uuid_parse(const char *text, size_t length, Uuid *ret_uuid, Error *err) {
    if (uuid_read(text, text + length, ret_uuid))
        return STATUS_OK;
    return error_set(err, INVALID_TEXT_REPRESENTATION,
                     "invalid input syntax for type uuid: \"%.*s\"", (int) length, text);
}
