/* StrBuf: a growing byte string, always followed by a NUL.
 *
 * For building text and wire messages. Owned memory, one thread. A limit guards against text that
 * grows with data: past it, further bytes are dropped and `is_overflow` is set; the caller checks
 * once at the end. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct StrBuf {
    char *data; /* never NULL after the first append; NUL-terminated */
    size_t length;
    size_t capacity;
    size_t limit; /* 0: none */
    bool is_overflow;
} StrBuf;

void strbuf_done(StrBuf *buffer);
void strbuf_clear(StrBuf *buffer); /* length 0, memory kept */
void strbuf_append(StrBuf *buffer, const void *bytes, size_t size_bytes);
void strbuf_append_text(StrBuf *buffer, const char *text);
void strbuf_append_char(StrBuf *buffer, char character);
void strbuf_append_fill(StrBuf *buffer, char character, size_t count);
void strbuf_printf(StrBuf *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
void strbuf_vprintf(StrBuf *buffer, const char *format, va_list arguments) PRINTF_LIKE(2, 0);
/* Big-endian, as on the wire. */
void strbuf_append_u8(StrBuf *buffer, uint8_t value);
void strbuf_append_u16(StrBuf *buffer, uint16_t value);
void strbuf_append_u32(StrBuf *buffer, uint32_t value);
void strbuf_append_u64(StrBuf *buffer, uint64_t value);
/* Make room for `size_bytes` more and return where they go; the caller adds to length. */
char *strbuf_reserve(StrBuf *buffer, size_t size_bytes);
/* The text, "" when nothing was appended. Borrowed until the next change. */
const char *strbuf_text(const StrBuf *buffer);
