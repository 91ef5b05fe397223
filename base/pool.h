/* Pool: a fixed set of threads that run tasks in the order in which they were given.
 *
 * The server has three: workers (one a core; tasks are CPU work and never block), and those of the
 * statements and of the streams' epochs, which may block. Whoever wants to know that a task is done
 * is told by the task. */
#pragma once

typedef struct Pool Pool;
typedef void (*PoolFunction)(void *argument);

Pool *pool_create(const char *name, int thread_count);
int pool_thread_count(const Pool *pool);
/* Never blocks; the queue is bounded by the callers, each of which has few tasks under way. */
void pool_submit(Pool *pool, PoolFunction function, void *argument);
/* Runs what was submitted, then ends the threads. NULL is fine; returns NULL. */
Pool *pool_destroy(Pool *pool);
