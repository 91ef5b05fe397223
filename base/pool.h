/* Pool: a fixed set of threads that run tasks in the order in which they were given.
 *
 * The server has two: workers (one a core; tasks are CPU work and never block) and the I/O pool
 * (fsync, prepare, decide, epoch coordinators; may block). A Latch counts tasks down, so that a
 * coordinator on the I/O pool can wait for the stage tasks that it gave to the workers. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct Pool Pool;
typedef void (*PoolFunction)(void *argument);

Pool *pool_create(const char *name, int thread_count);
int pool_thread_count(const Pool *pool);
/* Never blocks; the queue is bounded by the callers, each of which has few tasks under way. */
void pool_submit(Pool *pool, PoolFunction function, void *argument);
/* Runs what was submitted, then ends the threads. NULL is fine; returns NULL. */
Pool *pool_destroy(Pool *pool);
/* Number of the calling pool thread, 0-based; -1 on any other thread. */
int pool_thread_index(void);

typedef struct Latch {
    pthread_mutex_t mutex;
    pthread_cond_t zero;
    int count;
} Latch;

void latch_init(Latch *latch, int count);
void latch_count_down(Latch *latch);
void latch_wait(Latch *latch); /* until the count is zero */
void latch_done(Latch *latch);
