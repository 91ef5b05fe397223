#include "base/arena.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

enum {
    ARENA_ALIGN = 16,
    ARENA_CHUNK_MIN = 4096,
    ARENA_CHUNK_MAX = 1 << 20,
};

typedef struct ArenaChunk {
    struct ArenaChunk *next; /* older */
    size_t size_bytes;       /* of data */
    _Alignas(ARENA_ALIGN) char data[];
} ArenaChunk;

struct Arena {
    const char *name;
    size_t budget_bytes;
    size_t used_bytes;     /* by chunks */
    size_t next_size;      /* of the next chunk */
    size_t position_bytes; /* in the newest chunk */
    ArenaChunk *newest;
};

Arena *arena_create(const char *name, size_t budget_bytes) {
    Arena *arena = memory_alloc(sizeof(*arena));

    *arena = (Arena) {.name = name, .budget_bytes = budget_bytes, .next_size = ARENA_CHUNK_MIN};
    return arena;
}

static bool arena_fits(const Arena *arena, size_t size_bytes) {
    return arena->newest && size_bytes <= arena->newest->size_bytes - arena->position_bytes;
}

static void arena_add_chunk(Arena *arena, size_t size_bytes) {
    size_t chunk_size = size_bytes > arena->next_size ? size_bytes : arena->next_size;
    ArenaChunk *chunk = memory_alloc(sizeof(*chunk) + chunk_size);

    chunk->next = arena->newest;
    chunk->size_bytes = chunk_size;
    arena->newest = chunk;
    arena->position_bytes = 0;
    arena->used_bytes += chunk_size;
    if (arena->next_size < ARENA_CHUNK_MAX)
        arena->next_size *= 2;
}

void *arena_alloc_raw(Arena *arena, size_t size_bytes) {
    void *memory;

    assert(size_bytes < SIZE_MAX / 2);
    size_bytes = (size_bytes + ARENA_ALIGN - 1) & ~(size_t) (ARENA_ALIGN - 1);
    if (!arena_fits(arena, size_bytes))
        arena_add_chunk(arena, size_bytes);
    memory = arena->newest->data + arena->position_bytes;
    arena->position_bytes += size_bytes;
    return memory;
}

void *arena_alloc(Arena *arena, size_t size_bytes) {
    void *memory = arena_alloc_raw(arena, size_bytes);

    memset(memory, 0, size_bytes);
    return memory;
}

void *arena_try_alloc(Arena *arena, size_t size_bytes) {
    if (size_bytes >= SIZE_MAX / 4)
        return NULL;
    if (arena->budget_bytes && !arena_fits(arena, size_bytes + ARENA_ALIGN) &&
        arena->used_bytes + size_bytes > arena->budget_bytes)
        return NULL;
    return arena_alloc(arena, size_bytes);
}

char *arena_strndup(Arena *arena, const char *text, size_t length) {
    char *copy = arena_alloc_raw(arena, length + 1);

    if (length)
        memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *arena_strdup(Arena *arena, const char *text) {
    return arena_strndup(arena, text, strlen(text));
}

void *arena_memdup(Arena *arena, const void *bytes, size_t size_bytes) {
    void *copy = arena_alloc_raw(arena, size_bytes);

    if (size_bytes)
        memcpy(copy, bytes, size_bytes);
    return copy;
}

char *arena_vprintf(Arena *arena, const char *format, va_list arguments) {
    va_list measured;
    int length;
    char *text;

    va_copy(measured, arguments);
    length = vsnprintf(NULL, 0, format, measured);
    va_end(measured);
    assert(length >= 0);
    text = arena_alloc_raw(arena, (size_t) length + 1);
    vsnprintf(text, (size_t) length + 1, format, arguments);
    return text;
}

char *arena_printf(Arena *arena, const char *format, ...) {
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = arena_vprintf(arena, format, arguments);
    va_end(arguments);
    return text;
}

size_t arena_used_bytes(const Arena *arena) {
    return arena->used_bytes;
}

static void arena_free_chunks(ArenaChunk *chunk) {
    while (chunk) {
        ArenaChunk *next = chunk->next;

        memory_free(chunk);
        chunk = next;
    }
}

void arena_reset(Arena *arena) {
    /* Keep the newest chunk, the largest of the usual ones, unless one big request made it. */
    if (arena->newest && arena->newest->size_bytes <= ARENA_CHUNK_MAX) {
        arena_free_chunks(arena->newest->next);
        arena->newest->next = NULL;
        arena->used_bytes = arena->newest->size_bytes;
    } else {
        arena_free_chunks(arena->newest);
        arena->newest = NULL;
        arena->used_bytes = 0;
    }
    arena->position_bytes = 0;
}

Arena *arena_destroy(Arena *arena) {
    if (arena) {
        arena_free_chunks(arena->newest);
        memory_free(arena);
    }
    return NULL;
}
