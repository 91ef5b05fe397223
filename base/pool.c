#include "base/pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/thread.h"

typedef struct PoolTask {
    struct PoolTask *next;
    PoolFunction function;
    void *argument;
} PoolTask;

struct Pool {
    const char *name;
    pthread_mutex_t mutex;
    pthread_cond_t wanted;
    PoolTask *first;
    PoolTask *last;
    bool is_closing;
    int task_count; /* waiting */
    int idle_count; /* threads that wait for a task */
    int thread_count;
    int thread_limit;
    pthread_t *threads;
};

static PoolTask *pool_take(Pool *pool) {
    PoolTask *task;

    pthread_mutex_lock(&pool->mutex);
    pool->idle_count++;
    while (!pool->first && !pool->is_closing)
        pthread_cond_wait(&pool->wanted, &pool->mutex);
    pool->idle_count--;
    task = pool->first;
    if (task) {
        pool->task_count--;
        pool->first = task->next;
        if (!pool->first)
            pool->last = NULL;
    }
    pthread_mutex_unlock(&pool->mutex);
    return task;
}

static void *pool_thread_main(void *argument) {
    Pool *pool = argument;
    PoolTask *task;

    thread_begin();
    while ((task = pool_take(pool))) {
        task->function(task->argument);
        memory_free(task);
    }
    return NULL;
}

/* Under the mutex, or before anybody knows the pool. */
static void start_thread(Pool *pool) {
    char label[16];
    pthread_t *thread = &pool->threads[pool->thread_count];

    if (pthread_create(thread, NULL, pool_thread_main, pool)) {
        assert(pool->thread_count > 0); /* the others will do it */
        return;
    }
    snprintf(label, sizeof(label), "%.10s-%u", pool->name, (unsigned) pool->thread_count & 0xff);
    pthread_setname_np(*thread, label);
    pool->thread_count++;
}

static Pool *create(const char *name, int thread_limit) {
    Pool *pool = memory_zalloc(sizeof(*pool));

    assert(thread_limit > 0);
    pool->name = name;
    pool->thread_limit = thread_limit;
    pool->threads = memory_zalloc(sizeof(*pool->threads) * (size_t) thread_limit);
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wanted, NULL);
    return pool;
}

Pool *pool_create(const char *name, int thread_count) {
    Pool *pool = create(name, thread_count);

    for (int i = 0; i < thread_count; i++)
        start_thread(pool);
    assert(pool->thread_count == thread_count);
    return pool;
}

Pool *pool_create_growing(const char *name, int thread_limit) {
    return create(name, thread_limit);
}

int pool_thread_count(const Pool *pool) {
    return pool->thread_count;
}

void pool_submit(Pool *pool, PoolFunction function, void *argument) {
    PoolTask *task = memory_alloc(sizeof(*task));

    *task = (PoolTask) {.function = function, .argument = argument};
    pthread_mutex_lock(&pool->mutex);
    if (pool->last)
        pool->last->next = task;
    else
        pool->first = task;
    pool->last = task;
    pool->task_count++;
    if (pool->task_count > pool->idle_count && pool->thread_count < pool->thread_limit)
        start_thread(pool);
    pthread_cond_signal(&pool->wanted);
    pthread_mutex_unlock(&pool->mutex);
}

Pool *pool_destroy(Pool *pool) {
    if (!pool)
        return NULL;
    pthread_mutex_lock(&pool->mutex);
    pool->is_closing = true;
    pthread_cond_broadcast(&pool->wanted);
    pthread_mutex_unlock(&pool->mutex);
    for (int i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->wanted);
    pthread_mutex_destroy(&pool->mutex);
    memory_free(pool->threads);
    memory_free(pool);
    return NULL;
}
