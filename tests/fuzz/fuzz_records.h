/* Fuzz: the input as lines, for the decoders of formats. */
#pragma once

#include <string.h>

#include "connector/format.h"
#include "tests/fuzz/fuzz.h"

enum { RECORDS_MAX = 64 };

/* Cut the input into at most RECORDS_MAX lines, copied with padding into the arena. */
static inline uint32_t cut_records(const uint8_t *data, size_t size_bytes, Arena *arena,
                                   Record *records) {
    uint32_t count = 0;

    for (size_t start = 0; start < size_bytes && count < RECORDS_MAX; count++) {
        const uint8_t *stop = memchr(data + start, '\n', size_bytes - start);
        size_t length = stop ? (size_t) (stop - data) - start : size_bytes - start;
        char *copy = arena_alloc(arena, length + RECORD_PADDING);

        memcpy(copy, data + start, length);
        records[count] = (Record) {.data = copy,
                                   .length = (uint32_t) length,
                                   .file = -1,
                                   .offset = count,
                                   .line = count + 1};
        start += length + 1;
    }
    return count;
}
