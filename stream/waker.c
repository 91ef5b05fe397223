#include "stream/waker.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/thread.h"

typedef struct WakeTime {
    int64_t id;
    int64_t at_ns;
} WakeTime;

struct Waker {
    void (*wake)(void *data, int64_t id);
    void *data;
    Context *clock;
    int epoll_fd;
    int kick_fd; /* a new earlier time, or the end */
    pthread_t thread;
    pthread_mutex_t mutex; /* guards times and is_closing */
    WakeTime *times;
    int count, capacity;
    int64_t sleeping_until_ns;
    bool is_closing;
};

static void kick(Waker *waker) {
    uint64_t one = 1;
    ssize_t written = write(waker->kick_fd, &one, sizeof(one));

    (void) written; /* the counter is full: the thread wakes anyway */
}

/* Milliseconds to sleep, rounded up; -1: until told. Under the mutex. */
static int sleep_ms(Waker *waker) {
    int64_t first = INT64_MAX;
    int64_t left_ns;

    for (int i = 0; i < waker->count; i++)
        if (waker->times[i].at_ns < first)
            first = waker->times[i].at_ns;
    waker->sleeping_until_ns = first;
    if (first == INT64_MAX)
        return -1;
    left_ns = first - waker->clock->monotonic_ns(waker->clock);
    if (left_ns <= 0)
        return 0;
    return left_ns / 1000000 >= INT_MAX - 1 ? INT_MAX : (int) ((left_ns + 999999) / 1000000);
}

static void wake_due(Waker *waker) {
    int64_t now_ns = waker->clock->monotonic_ns(waker->clock);

    for (;;) {
        int64_t id = 0;

        pthread_mutex_lock(&waker->mutex);
        for (int i = 0; i < waker->count && !id; i++)
            if (waker->times[i].at_ns <= now_ns) {
                id = waker->times[i].id;
                waker->times[i] = waker->times[--waker->count];
            }
        pthread_mutex_unlock(&waker->mutex);
        if (!id)
            return;
        waker->wake(waker->data, id);
    }
}

static void *waker_main(void *argument) {
    Waker *waker = argument;
    struct epoll_event events[64];

    thread_begin();
    for (;;) {
        bool is_closing;
        int timeout;
        int count;

        pthread_mutex_lock(&waker->mutex);
        timeout = sleep_ms(waker);
        is_closing = waker->is_closing;
        pthread_mutex_unlock(&waker->mutex);
        if (is_closing)
            return NULL;
        count = epoll_wait(waker->epoll_fd, events, 64, timeout);
        for (int i = 0; i < count; i++) {
            uint64_t kicks;

            if (events[i].data.u64)
                waker->wake(waker->data, (int64_t) events[i].data.u64);
            else if (read(waker->kick_fd, &kicks, sizeof(kicks)) < 0 && errno != EAGAIN)
                return NULL;
        }
        wake_due(waker);
    }
}

Status waker_create(void (*wake)(void *data, int64_t id), void *data, Context *clock,
                    Waker **ret_waker, Error *err) {
    Waker *waker = memory_zalloc(sizeof(*waker));
    struct epoll_event event = {.events = EPOLLIN};

    waker->wake = wake;
    waker->data = data;
    waker->clock = clock;
    waker->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    waker->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&waker->mutex, NULL);
    if (waker->epoll_fd < 0 || waker->kick_fd < 0 ||
        epoll_ctl(waker->epoll_fd, EPOLL_CTL_ADD, waker->kick_fd, &event) ||
        pthread_create(&waker->thread, NULL, waker_main, waker)) {
        IGNORE(error_errno(err, errno, "could not start the waker"));
        close(waker->epoll_fd);
        close(waker->kick_fd);
        memory_free(waker);
        return STATUS_ERROR;
    }
    pthread_setname_np(waker->thread, "waker");
    *ret_waker = waker;
    return STATUS_OK;
}

Waker *waker_destroy(Waker *waker) {
    if (!waker)
        return NULL;
    pthread_mutex_lock(&waker->mutex);
    waker->is_closing = true;
    pthread_mutex_unlock(&waker->mutex);
    kick(waker);
    pthread_join(waker->thread, NULL);
    close(waker->epoll_fd);
    close(waker->kick_fd);
    pthread_mutex_destroy(&waker->mutex);
    memory_free(waker->times);
    memory_free(waker);
    return NULL;
}

/* Under the mutex. */
static void forget_time(Waker *waker, int64_t id) {
    for (int i = 0; i < waker->count; i++)
        if (waker->times[i].id == id)
            waker->times[i--] = waker->times[--waker->count];
}

void waker_watch(Waker *waker, int64_t id, const int *fds, int fd_count, int64_t at_ns) {
    bool is_earlier = false;

    if (!waker)
        return;
    for (int i = 0; i < fd_count; i++) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.u64 = (uint64_t) id};

        /* Closed and reopened descriptors leave the set by themselves; the number may come back. */
        if (epoll_ctl(waker->epoll_fd, EPOLL_CTL_MOD, fds[i], &event) && errno == ENOENT)
            (void) epoll_ctl(waker->epoll_fd, EPOLL_CTL_ADD, fds[i], &event);
    }
    pthread_mutex_lock(&waker->mutex);
    forget_time(waker, id);
    if (at_ns != INT64_MAX) {
        if (waker->count == waker->capacity) {
            waker->capacity = waker->capacity ? waker->capacity * 2 : 16;
            waker->times =
                memory_realloc(waker->times, sizeof(WakeTime) * (size_t) waker->capacity);
        }
        waker->times[waker->count++] = (WakeTime) {id, at_ns};
        is_earlier = at_ns < waker->sleeping_until_ns;
    }
    pthread_mutex_unlock(&waker->mutex);
    if (is_earlier)
        kick(waker);
}

void waker_forget(Waker *waker, int64_t id) {
    if (!waker)
        return;
    pthread_mutex_lock(&waker->mutex);
    forget_time(waker, id);
    pthread_mutex_unlock(&waker->mutex);
}
