/* Waker: one thread that sleeps until a descriptor is readable or a time has come, for all streams.
 *
 * A watch fires once: whoever is woken asks for the next. Ids name streams; nothing is polled. */
#pragma once

#include "base/clock.h"
#include "base/status.h"

typedef struct Waker Waker;

/* `wake` is called on the waker's thread and must not block. */
MUST_USE Status waker_create(void (*wake)(void *data, int64_t id), void *data, Context *clock,
                             Waker **ret_waker, Error *err);
Waker *waker_destroy(Waker *waker); /* NULL is fine */
/* Wake `id` when one of `fds` is readable or the monotonic clock reaches at_ns (INT64_MAX: never).
 * Replaces an earlier watch of the id. */
void waker_watch(Waker *waker, int64_t id, const int *fds, int fd_count, int64_t at_ns);
void waker_forget(Waker *waker, int64_t id);
