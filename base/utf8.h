/* UTF-8: what a well-formed character is, said once (Unicode 15, table 3-7). */
#pragma once

#include <stddef.h>

/* Bytes of the character at `text`, of which `left` (> 0) are there; 0: none begins here. NUL is
 * one. */
size_t utf8_character_size(const unsigned char *text, size_t left);
