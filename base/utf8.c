#include "base/utf8.h"

#include <string.h>

static const uint64_t high_bits = UINT64_C(0x8080808080808080);

size_t utf8_character_size(const unsigned char *text, size_t left) {
    unsigned char first = text[0];
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    size_t size;

    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (size > left)
        return 0;
    if (first == 0xe0)
        low = 0xa0;
    else if (first == 0xed)
        high = 0x9f;
    else if (first == 0xf0)
        low = 0x90;
    else if (first == 0xf4)
        high = 0x8f;
    if (text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

/* Most text is ASCII: eight of its bytes at once. */
static const char *skip_ascii(const char *begin, const char *end) {
    uint64_t word;

    while (end - begin >= (ptrdiff_t) sizeof(word)) {
        memcpy(&word, begin, sizeof(word));
        if (word & high_bits)
            break;
        begin += sizeof(word);
    }
    return begin;
}

bool utf8_is_valid(const char *begin, const char *end) {
    while ((begin = skip_ascii(begin, end)) < end) {
        size_t length = utf8_character_size((const unsigned char *) begin, (size_t) (end - begin));

        if (length == 0)
            return false;
        begin += length;
    }
    return true;
}

size_t utf8_clip(const char *text, size_t length, size_t size_bytes) {
    if (length <= size_bytes)
        return length;
    while (size_bytes > 0 && ((unsigned char) text[size_bytes] & 0xc0) == 0x80)
        size_bytes--;
    return size_bytes;
}

uint32_t utf8_decode(const char *bytes, size_t size_bytes, uint32_t *ret_step) {
    const uint8_t *b = (const uint8_t *) bytes;
    uint32_t step = utf8_step(bytes[0]);

    if (step == 1 || step > size_bytes) {
        *ret_step = 1;
        return b[0];
    }
    *ret_step = step;
    if (step == 2)
        return (uint32_t) (b[0] & 0x1f) << 6 | (b[1] & 0x3f);
    if (step == 3)
        return (uint32_t) (b[0] & 0x0f) << 12 | (uint32_t) (b[1] & 0x3f) << 6 | (b[2] & 0x3f);
    return (uint32_t) (b[0] & 0x07) << 18 | (uint32_t) (b[1] & 0x3f) << 12 |
           (uint32_t) (b[2] & 0x3f) << 6 | (b[3] & 0x3f);
}

uint32_t utf8_encode(uint32_t code, char *out) {
    if (code < 0x80) {
        out[0] = (char) code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char) (0xc0 | code >> 6);
        out[1] = (char) (0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char) (0xe0 | code >> 12);
        out[1] = (char) (0x80 | (code >> 6 & 0x3f));
        out[2] = (char) (0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char) (0xf0 | code >> 18);
    out[1] = (char) (0x80 | (code >> 12 & 0x3f));
    out[2] = (char) (0x80 | (code >> 6 & 0x3f));
    out[3] = (char) (0x80 | (code & 0x3f));
    return 4;
}
