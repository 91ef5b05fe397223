/* Thread: what each of our threads does first, and waits that a jump of the wall clock can't
 * lengthen. */
#pragma once

#include <pthread.h>

/* A stack of its own for signal handlers: when the thread's stack has run out, the line that says
 * so (server/fatal.h) needs another. One that is there already, of a sanitizer, stays. */
void thread_begin(void);

/* A condition for thread_wait, by the monotonic clock. */
void thread_condition_init(pthread_cond_t *condition);
/* Waits for a signal, `milliseconds` at most. As with any condition: look again what is true. */
void thread_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int milliseconds);
