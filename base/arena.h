/* Arena: memory that is freed all at once.
 *
 * Every allocation belongs to a named arena with a byte budget and a lifetime: batch, epoch or
 * statement (batch and epoch: per worker). There is no per-object free. An arena is used by one
 * thread at a time. Chunks double from 4 KB to 1 MB; reset keeps the first chunk, so that a loop
 * that resets its arena soon stops calling malloc. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct Arena Arena;

/* `budget_bytes` 0: no limit. `name` is borrowed for the arena's life. */
Arena *arena_create(const char *name, size_t budget_bytes);
/* Zeroed, 16-byte aligned, never NULL: for sizes that the code knows. Aborts when memory is out. */
void *arena_alloc(Arena *arena, size_t size_bytes);
/* The same, not zeroed: for arrays that are written at once. */
void *arena_alloc_raw(Arena *arena, size_t size_bytes);
/* For sizes that come from data: NULL when the budget would be exceeded. Zeroed. */
void *arena_try_alloc(Arena *arena, size_t size_bytes);
char *arena_strdup(Arena *arena, const char *text);
char *arena_strndup(Arena *arena, const char *text, size_t length);
void *arena_memdup(Arena *arena, const void *bytes, size_t size_bytes);
char *arena_printf(Arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(Arena *arena, const char *format, va_list arguments) PRINTF_LIKE(2, 0);
size_t arena_used_bytes(const Arena *arena);
void arena_reset(Arena *arena);     /* frees the contents, keeps the arena */
Arena *arena_destroy(Arena *arena); /* NULL is fine; returns NULL */
DEFINE_CLEANUP(Arena, arena_destroy)

#define arena_new(arena, Type) ((Type *) arena_alloc((arena), sizeof(Type)))
#define arena_new_array(arena, Type, count) ((Type *) arena_alloc((arena), sizeof(Type) * (count)))
