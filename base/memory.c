#include "base/memory.h"

#include <assert.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEPT_BYTES = 16 << 20 };

static void memory_exhausted(size_t size_bytes) {
    fprintf(stderr, "level=fatal area=memory msg=\"out of memory\" bytes=%zu\n", size_bytes);
    abort();
}

/* By default glibc has eight arenas a core. What librdkafka's threads take, our workers free: with
 * so many, each grows to its own peak. */
void memory_init(void) {
#ifdef __GLIBC__
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    (void) mallopt(M_ARENA_MAX, cores > 2 ? (int) cores : 2); /* a hint: refused is fine */
#endif
}

/* By default glibc gives such pieces back to the kernel one by one, and to clear fresh pages costs
 * a tenth of all that is consumed from Kafka. */
void memory_keep_freed(void) {
#ifdef __GLIBC__
    (void) mallopt(M_MMAP_THRESHOLD, KEPT_BYTES / 2); /* a hint, as above */
    (void) mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
#endif
}

void *memory_alloc(size_t size_bytes) {
    void *memory = malloc(size_bytes ? size_bytes : 1);

    if (!memory)
        memory_exhausted(size_bytes);
    return memory;
}

void *memory_zalloc(size_t size_bytes) {
    void *memory = calloc(1, size_bytes ? size_bytes : 1);

    if (!memory)
        memory_exhausted(size_bytes);
    return memory;
}

void *memory_realloc(void *memory, size_t size_bytes) {
    memory = realloc(memory, size_bytes ? size_bytes : 1);
    if (!memory)
        memory_exhausted(size_bytes);
    return memory;
}

void memory_free(void *memory) {
    free(memory);
}

char *memory_strdup(const char *text) {
    size_t size_bytes = strlen(text) + 1;

    return memcpy(memory_alloc(size_bytes), text, size_bytes);
}

void memory_account_init(MemoryAccount *account, const char *name, MemoryAccount *parent,
                         int64_t limit_bytes) {
    account->name = name;
    account->parent = parent;
    account->limit_bytes = limit_bytes;
    atomic_init(&account->used_bytes, 0);
}

Status memory_reserve(MemoryAccount *account, int64_t size_bytes, Error *err) {
    assert(size_bytes >= 0);
    for (MemoryAccount *level = account; level; level = level->parent) {
        int64_t used = atomic_fetch_add(&level->used_bytes, size_bytes) + size_bytes;

        if (level->limit_bytes && used > level->limit_bytes) {
            for (MemoryAccount *undo = account; undo != level; undo = undo->parent)
                atomic_fetch_sub(&undo->used_bytes, size_bytes);
            atomic_fetch_sub(&level->used_bytes, size_bytes);
            IGNORE(error_set(err, OUT_OF_MEMORY, "memory limit of %s is reached", level->name));
            return error_detail(err, "%" PRId64 " bytes are in use of %" PRId64, used - size_bytes,
                                level->limit_bytes);
        }
    }
    return STATUS_OK;
}

void memory_release(MemoryAccount *account, int64_t size_bytes) {
    for (; account; account = account->parent) {
        int64_t before = atomic_fetch_sub(&account->used_bytes, size_bytes);

        assert(before >= size_bytes);
        (void) before;
    }
}
