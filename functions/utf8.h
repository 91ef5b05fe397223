/* UTF-8 that is known to be valid (input functions check): steps and counts in characters. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Bytes of the character that starts with `lead`. */
static inline uint32_t utf8_step(char lead) {
    uint8_t byte = (uint8_t) lead;

    return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/* Characters: bytes that are not continuations; the loop vectorises. */
static inline uint32_t utf8_count(const char *bytes, size_t size_bytes) {
    uint32_t count = 0;

    for (size_t i = 0; i < size_bytes; i++)
        count += (bytes[i] & 0xc0) != 0x80;
    return count;
}

/* Offset of character `characters`, or size_bytes when there are fewer. */
static inline size_t utf8_offset(const char *bytes, size_t size_bytes, int64_t characters) {
    size_t offset = 0;

    while (characters > 0 && offset < size_bytes) {
        offset += utf8_step(bytes[offset]);
        characters--;
    }
    return offset < size_bytes ? offset : size_bytes;
}

/* The code point at `bytes`; *ret_step is its length. Damaged tails read as the lead byte. */
static inline uint32_t utf8_decode(const char *bytes, size_t size_bytes, uint32_t *ret_step) {
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

/* Writes 1 to 4 bytes; returns how many. */
static inline uint32_t utf8_encode(uint32_t code, char *out) {
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
