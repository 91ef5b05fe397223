/* Waker: who is watched is woken once, by a descriptor or by the clock; who is forgotten is not. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "stream/waker.h"

enum { IDS = 300 };

typedef struct Fixture {
    Waker *waker;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int wakes[IDS];
    int total;
} Fixture;

static void note(void *data, int64_t id) {
    Fixture *fixture = data;

    pthread_mutex_lock(&fixture->mutex);
    fixture->wakes[id]++;
    fixture->total++;
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->mutex);
}

/* A clock that moves only when the test says so. */
static _Atomic int64_t frozen_now_ns;

static int64_t frozen_ns(Context *context) {
    return frozen_now_ns;
}

static Context frozen_clock = {.monotonic_ns = frozen_ns};

static int setup_with(void **state, Context *clock) {
    Fixture *fixture = calloc(1, sizeof(*fixture));
    Error err;

    pthread_mutex_init(&fixture->mutex, NULL);
    pthread_cond_init(&fixture->changed, NULL);
    assert_int_equal(waker_create(note, fixture, clock, &fixture->waker, &err), STATUS_OK);
    *state = fixture;
    return 0;
}

static int setup(void **state) {
    return setup_with(state, &context_real);
}

static int setup_frozen(void **state) {
    frozen_now_ns = 1;
    return setup_with(state, &frozen_clock);
}

static int teardown(void **state) {
    Fixture *fixture = *state;

    waker_destroy(fixture->waker);
    pthread_cond_destroy(&fixture->changed);
    pthread_mutex_destroy(&fixture->mutex);
    free(fixture);
    return 0;
}

static void wait_for_total(Fixture *fixture, int total) {
    pthread_mutex_lock(&fixture->mutex);
    while (fixture->total < total)
        pthread_cond_wait(&fixture->changed, &fixture->mutex);
    pthread_mutex_unlock(&fixture->mutex);
}

static int wakes_of(Fixture *fixture, int id) {
    int count;

    pthread_mutex_lock(&fixture->mutex);
    count = fixture->wakes[id];
    pthread_mutex_unlock(&fixture->mutex);
    return count;
}

static int64_t now_ns(void) {
    return context_real.monotonic_ns(&context_real);
}

static void the_clock_wakes_each_id_once(void **state) {
    Fixture *fixture = *state;

    for (int id = 1; id < IDS; id++)
        waker_watch(fixture->waker, id, NULL, 0, now_ns() + (IDS - id) * 10000);
    wait_for_total(fixture, IDS - 1);
    for (int id = 1; id < IDS; id++)
        assert_int_equal(wakes_of(fixture, id), 1);
}

static void a_later_watch_replaces_the_earlier(void **state) {
    Fixture *fixture = *state;

    waker_watch(fixture->waker, 1, NULL, 0, 3600000000000);
    waker_watch(fixture->waker, 1, NULL, 0, 1000);
    waker_watch(fixture->waker, 2, NULL, 0, 1000);
    waker_watch(fixture->waker, 2, NULL, 0, INT64_MAX);
    waker_watch(fixture->waker, 3, NULL, 0, 1000);
    waker_forget(fixture->waker, 3);
    frozen_now_ns = 2000;
    waker_watch(fixture->waker, 4, NULL, 0, 2000);
    wait_for_total(fixture, 2);
    waker_watch(fixture->waker, 5, NULL, 0, 2000);
    wait_for_total(fixture, 3);
    assert_int_equal(wakes_of(fixture, 1), 1);
    assert_int_equal(wakes_of(fixture, 2), 0);
    assert_int_equal(wakes_of(fixture, 3), 0);
}

static void a_descriptor_wakes_once_for_each_watch(void **state) {
    Fixture *fixture = *state;
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    waker_watch(fixture->waker, 7, ends, 1, INT64_MAX);
    assert_int_equal(write(ends[1], "x", 1), 1);
    wait_for_total(fixture, 1);
    waker_watch(fixture->waker, 8, NULL, 0, now_ns() + 1000000); /* still readable, not watched */
    wait_for_total(fixture, 2);
    assert_int_equal(wakes_of(fixture, 7), 1);
    waker_watch(fixture->waker, 7, ends, 1, INT64_MAX);
    wait_for_total(fixture, 3);
    assert_int_equal(wakes_of(fixture, 7), 2);
    close(ends[0]);
    close(ends[1]);
}

static void a_descriptor_number_may_come_back(void **state) {
    Fixture *fixture = *state;

    for (int i = 1; i <= 20; i++) {
        int ends[2];

        assert_int_equal(pipe(ends), 0);
        waker_watch(fixture->waker, i, ends, 1, INT64_MAX);
        assert_int_equal(write(ends[1], "x", 1), 1);
        wait_for_total(fixture, i);
        assert_int_equal(wakes_of(fixture, i), 1);
        close(ends[0]);
        close(ends[1]);
    }
}

static void *watch_many(void *data) {
    Fixture *fixture = data;

    for (int i = 0; i < 200; i++) {
        waker_watch(fixture->waker, 1 + i % 50, NULL, 0, now_ns() + (i % 5) * 100000);
        if (i % 3 == 0)
            waker_forget(fixture->waker, 1 + i % 50);
    }
    return NULL;
}

static void many_threads_may_watch(void **state) {
    Fixture *fixture = *state;
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, watch_many, fixture), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    waker_watch(fixture->waker, 100, NULL, 0, now_ns());
    pthread_mutex_lock(&fixture->mutex);
    while (fixture->wakes[100] == 0)
        pthread_cond_wait(&fixture->changed, &fixture->mutex);
    pthread_mutex_unlock(&fixture->mutex);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_clock_wakes_each_id_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_later_watch_replaces_the_earlier, setup_frozen, teardown),
        cmocka_unit_test_setup_teardown(a_descriptor_wakes_once_for_each_watch, setup, teardown),
        cmocka_unit_test_setup_teardown(a_descriptor_number_may_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(many_threads_may_watch, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
