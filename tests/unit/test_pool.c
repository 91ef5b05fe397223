/* Pools: every task runs once, destroy waits for what was submitted. */
#include "base/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

enum { TASK_COUNT = 1000 };

static void count_one(void *argument) {
    _Atomic int *count = argument;

    atomic_fetch_add(count, 1);
}

static void check_pool(int thread_count) {
    _Atomic int count = 0;
    Pool *pool = pool_create("test", thread_count);

    assert_int_equal(pool_thread_count(pool), thread_count);
    for (int i = 0; i < TASK_COUNT; i++)
        pool_submit(pool, count_one, &count);
    assert_null(pool_destroy(pool));
    assert_int_equal(count, TASK_COUNT);
}

static void destroy_runs_what_was_submitted(void **state) {
    check_pool(1);
}

static void every_task_runs_once(void **state) {
    check_pool(3);
}

typedef struct Meeting {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int present;
} Meeting;

static void meet(void *argument) {
    Meeting *meeting = argument;

    pthread_mutex_lock(&meeting->mutex);
    meeting->present++;
    pthread_cond_broadcast(&meeting->changed);
    while (meeting->present < 3)
        pthread_cond_wait(&meeting->changed, &meeting->mutex);
    pthread_mutex_unlock(&meeting->mutex);
}

/* Each task waits for the others: they end only when all have a thread. */
static void a_growing_pool_has_a_thread_for_each_task_up_to_its_limit(void **state) {
    Meeting meeting = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
    Pool *pool = pool_create_growing("test", 3);

    assert_int_equal(pool_thread_count(pool), 0);
    for (int i = 0; i < 3; i++)
        pool_submit(pool, meet, &meeting);
    for (int i = 0; i < 3; i++)
        pool_submit(pool, meet, &meeting);
    assert_int_equal(pool_thread_count(pool), 3);
    assert_null(pool_destroy(pool));
    assert_int_equal(meeting.present, 6);
}

static void no_pool_is_destroyed_too(void **state) {
    assert_null(pool_destroy(NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_once),
        cmocka_unit_test(destroy_runs_what_was_submitted),
        cmocka_unit_test(a_growing_pool_has_a_thread_for_each_task_up_to_its_limit),
        cmocka_unit_test(no_pool_is_destroyed_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
