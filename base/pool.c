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
    int thread_count;
    pthread_t *threads;
};

static PoolTask *pool_take(Pool *pool) {
    PoolTask *task;

    pthread_mutex_lock(&pool->mutex);
    while (!pool->first && !pool->is_closing)
        pthread_cond_wait(&pool->wanted, &pool->mutex);
    task = pool->first;
    if (task) {
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

Pool *pool_create(const char *name, int thread_count) {
    Pool *pool = memory_zalloc(sizeof(*pool));

    assert(thread_count > 0);
    pool->name = name;
    pool->thread_count = thread_count;
    pool->threads = memory_zalloc(sizeof(*pool->threads) * (size_t) thread_count);
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wanted, NULL);
    for (int i = 0; i < thread_count; i++) {
        char label[16];

        if (pthread_create(&pool->threads[i], NULL, pool_thread_main, pool))
            assert(!"a thread can be made");
        snprintf(label, sizeof(label), "%.10s-%u", name, (unsigned) i & 0xff);
        pthread_setname_np(pool->threads[i], label);
    }
    return pool;
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
