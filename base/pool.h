/* Pool: threads that run tasks in the order in which they were given.
 *
 * The server has four: workers (one a core; tasks are CPU work and never block), those of the
 * statements, and those of the streams' epochs and of their openings, which may block: these two
 * grow while all of their threads are busy. Whoever wants to know that a task is done
 * is told by the task. */
#pragma once

typedef struct Pool Pool;
typedef void (*PoolFunction)(void *argument);

Pool *pool_create(const char *name, int thread_count);
/* Threads are made when they are needed, up to the limit. */
Pool *pool_create_growing(const char *name, int thread_limit);
int pool_thread_count(const Pool *pool);
/* Never blocks; the queue is bounded by the callers, each of which has few tasks under way. */
void pool_submit(Pool *pool, PoolFunction function, void *argument);
/* Runs what was submitted, then ends the threads. NULL is fine; returns NULL. */
Pool *pool_destroy(Pool *pool);
