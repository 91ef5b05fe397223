/* Memory: malloc with one policy, and accounts that say who holds how much.
 *
 * Sizes that the code knows never fail: true exhaustion aborts, and recovery from the checkpoint
 * is the answer to that. Sizes that come from data are reserved from a MemoryAccount first;
 * accounts form a tree (server > stream > operator), and a reservation counts at every level. */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* First thing in a process, before threads: what one thread frees, another takes. Without it each
 * thread keeps its own. */
void memory_init(void);
/* From now on large pieces that are freed are kept, up to a bound, for the next ones of their kind:
 * a module that takes and frees some megabytes again and again asks for it. Of the whole process;
 * harmless to say again. */
void memory_keep_freed(void);
void *memory_alloc(size_t size_bytes); /* not zeroed, never NULL; owned by the caller */
void *memory_zalloc(size_t size_bytes);
void *memory_realloc(void *memory, size_t size_bytes);
void memory_free(void *memory); /* NULL is fine */
char *memory_strdup(const char *text);

/* Shared by threads. Lives as long as its children; embedded in its owner. */
typedef struct MemoryAccount {
    const char *name; /* borrowed */
    struct MemoryAccount *parent;
    _Atomic int64_t used_bytes;
    int64_t limit_bytes; /* 0: none of its own */
} MemoryAccount;

void memory_account_init(MemoryAccount *account, const char *name, MemoryAccount *parent,
                         int64_t limit_bytes);
/* 53200, naming the account whose limit is hit; nothing is reserved then. NULL account: no limit.
 */
MUST_USE Status memory_reserve(MemoryAccount *account, int64_t size_bytes, Error *err);
void memory_release(MemoryAccount *account, int64_t size_bytes);
