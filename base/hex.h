/* Hexadecimal digits, of either case. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* 0…15, or -1. */
static inline int hex_digit(char character) {
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    if (character >= 'A' && character <= 'F')
        return character - 'A' + 10;
    return -1;
}

/* The number that the first `count` characters of `text` are, `left` of which are there; -1: they
 * are not all digits. `count` is at most 15. */
static inline int64_t hex_read(const char *text, size_t left, size_t count) {
    int64_t number = 0;

    if (left < count)
        return -1;
    for (size_t i = 0; i < count; i++) {
        int digit = hex_digit(text[i]);

        if (digit < 0)
            return -1;
        number = number * 16 + digit;
    }
    return number;
}
