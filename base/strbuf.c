#include "base/strbuf.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

void strbuf_done(StrBuf *buffer) {
    memory_free(buffer->data);
    *buffer = (StrBuf) {0};
}

void strbuf_clear(StrBuf *buffer) {
    buffer->length = 0;
    buffer->is_overflow = false;
    if (buffer->data)
        buffer->data[0] = '\0';
}

char *strbuf_reserve(StrBuf *buffer, size_t size_bytes) {
    size_t needed = buffer->length + size_bytes + 1;

    if (needed > buffer->capacity) {
        size_t capacity = buffer->capacity ? buffer->capacity * 2 : 256;

        if (capacity < needed)
            capacity = needed;
        buffer->data = memory_realloc(buffer->data, capacity);
        buffer->capacity = capacity;
    }
    return buffer->data + buffer->length;
}

void strbuf_append(StrBuf *buffer, const void *bytes, size_t size_bytes) {
    if (buffer->limit && buffer->length + size_bytes > buffer->limit) {
        buffer->is_overflow = true;
        return;
    }
    strbuf_reserve(buffer, size_bytes);
    if (size_bytes)
        memcpy(buffer->data + buffer->length, bytes, size_bytes);
    buffer->length += size_bytes;
    buffer->data[buffer->length] = '\0';
}

void strbuf_append_text(StrBuf *buffer, const char *text) {
    strbuf_append(buffer, text, strlen(text));
}

void strbuf_append_char(StrBuf *buffer, char character) {
    strbuf_append(buffer, &character, 1);
}

void strbuf_append_fill(StrBuf *buffer, char character, size_t count) {
    if (buffer->limit && buffer->length + count > buffer->limit) {
        buffer->is_overflow = true;
        return;
    }
    memset(strbuf_reserve(buffer, count), character, count);
    buffer->length += count;
    buffer->data[buffer->length] = '\0';
}

void strbuf_vprintf(StrBuf *buffer, const char *format, va_list arguments) {
    char small[256];
    va_list again;
    int length;

    va_copy(again, arguments);
    length = vsnprintf(small, sizeof(small), format, arguments);
    if (length < (int) sizeof(small)) {
        strbuf_append(buffer, small, (size_t) length);
    } else if (buffer->limit && buffer->length + (size_t) length > buffer->limit) {
        buffer->is_overflow = true;
    } else {
        vsnprintf(strbuf_reserve(buffer, (size_t) length), (size_t) length + 1, format, again);
        buffer->length += (size_t) length;
    }
    va_end(again);
}

void strbuf_printf(StrBuf *buffer, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    strbuf_vprintf(buffer, format, arguments);
    va_end(arguments);
}

void strbuf_append_u8(StrBuf *buffer, uint8_t value) {
    strbuf_append(buffer, &value, 1);
}

void strbuf_append_u16(StrBuf *buffer, uint16_t value) {
    uint16_t swapped = __builtin_bswap16(value);

    strbuf_append(buffer, &swapped, sizeof(swapped));
}

void strbuf_append_u32(StrBuf *buffer, uint32_t value) {
    uint32_t swapped = __builtin_bswap32(value);

    strbuf_append(buffer, &swapped, sizeof(swapped));
}

void strbuf_append_u64(StrBuf *buffer, uint64_t value) {
    uint64_t swapped = __builtin_bswap64(value);

    strbuf_append(buffer, &swapped, sizeof(swapped));
}

const char *strbuf_text(const StrBuf *buffer) {
    return buffer->data ? buffer->data : "";
}
