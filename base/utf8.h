/* UTF-8: what a well-formed character is, said once (Unicode 15, table 3-7), and steps and counts
 * in the characters of text that is known to be well-formed (input functions check). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* -------- any bytes -------- */

/* Bytes of the character at `text`, of which `left` (> 0) are there; 0: none begins here. NUL is
 * one. */
size_t utf8_character_size(const unsigned char *text, size_t left);
bool utf8_is_valid(const char *begin, const char *end);
/* Bytes of the longest prefix of whole characters that has at most `size_bytes`. */
size_t utf8_clip(const char *text, size_t length, size_t size_bytes);

/* -------- well-formed text -------- */

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

/* Bytes that the first `characters` take: size_bytes when there are fewer. */
static inline size_t utf8_offset(const char *bytes, size_t size_bytes, int64_t characters) {
    size_t offset = 0;

    while (characters > 0 && offset < size_bytes) {
        offset += utf8_step(bytes[offset]);
        characters--;
    }
    return offset < size_bytes ? offset : size_bytes;
}

/* The code point at `bytes`; *ret_step is its length. Damaged tails read as the lead byte. */
uint32_t utf8_decode(const char *bytes, size_t size_bytes, uint32_t *ret_step);

/* -------- code points -------- */

/* Writes 1 to 4 bytes; returns how many. */
uint32_t utf8_encode(uint32_t code, char *out);

/* The code point that two halves of UTF-16 mean. */
static inline uint32_t utf8_join_surrogates(uint32_t high, uint32_t low) {
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}
