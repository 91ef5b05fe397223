/* Pools and latches: every task runs once, destroy waits, threads know their number. */
#include "base/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>

enum { TASK_COUNT = 1000 };

typedef struct Count {
    _Atomic int done;
    _Atomic int wrong_index;
    int thread_count;
    Latch latch;
} Count;

static void count_one(void *argument) {
    Count *count = argument;
    int index = pool_thread_index();

    if (index < 0 || index >= count->thread_count)
        atomic_fetch_add(&count->wrong_index, 1);
    atomic_fetch_add(&count->done, 1);
    latch_count_down(&count->latch);
}

static void every_task_runs_once(void **state) {
    Count count = {.thread_count = 3};
    Pool *pool = pool_create("test", 3);

    assert_int_equal(pool_thread_count(pool), 3);
    latch_init(&count.latch, TASK_COUNT);
    for (int i = 0; i < TASK_COUNT; i++)
        pool_submit(pool, count_one, &count);
    latch_wait(&count.latch);
    assert_int_equal(count.done, TASK_COUNT);
    assert_int_equal(count.wrong_index, 0);
    assert_null(pool_destroy(pool));
    latch_done(&count.latch);
}

static void destroy_runs_what_was_submitted(void **state) {
    Count count = {.thread_count = 1};
    Pool *pool = pool_create("test", 1);

    latch_init(&count.latch, TASK_COUNT);
    for (int i = 0; i < TASK_COUNT; i++)
        pool_submit(pool, count_one, &count);
    assert_null(pool_destroy(pool));
    assert_int_equal(count.done, TASK_COUNT);
    latch_done(&count.latch);
}

static void other_threads_have_no_number(void **state) {
    assert_int_equal(pool_thread_index(), -1);
    assert_null(pool_destroy(NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_once),
        cmocka_unit_test(destroy_runs_what_was_submitted),
        cmocka_unit_test(other_threads_have_no_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
