/* Collected: what an aggregate keeps when it keeps everything: bytes in the order of arrival. */
#pragma once

#include "base/limits.h"
#include "functions/aggregate.h"

/* Bytes that grow in the arena by doubling. */
typedef struct Collected {
    uint8_t *bytes;
    uint64_t length;
    uint64_t capacity;
} Collected;

static inline Status collect(Collected *self, const void *bytes, size_t size_bytes, Arena *arena,
                             Error *err) {
    if (self->length + size_bytes > LIMIT_RECORD_BYTES)
        return error_set(err, PROGRAM_LIMIT_EXCEEDED, "aggregated value is too long");
    if (self->length + size_bytes > self->capacity) {
        uint64_t capacity = self->capacity ? self->capacity * 2 : 64;
        uint8_t *grown = NULL;

        while (capacity < self->length + size_bytes)
            capacity *= 2;
        grown = arena_alloc(arena, capacity);
        if (self->length)
            memcpy(grown, self->bytes, self->length);
        self->bytes = grown;
        self->capacity = capacity;
    }
    if (size_bytes)
        memcpy(self->bytes + self->length, bytes, size_bytes);
    self->length += size_bytes;
    return STATUS_OK;
}

static inline void collected_serialize(const Collected *self, StrBuf *out) {
    state_append_i64(out, (int64_t) self->length);
    strbuf_append(out, self->bytes, self->length);
}

static inline bool collected_deserialize(const uint8_t **cursor, const uint8_t *end,
                                         Collected *self, Arena *arena) {
    uint64_t length = 0;
    Error ignored;

    *self = (Collected) {0};
    if (!state_read(cursor, end, &length, sizeof(length)) || length > (uint64_t) (end - *cursor) ||
        collect(self, *cursor, length, arena, &ignored) != STATUS_OK)
        return false;
    *cursor += length;
    return true;
}
