#include "base/thread.h"

#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "base/status.h"

enum { SIGNAL_STACK_BYTES = 32 << 10 };

static _Thread_local char signal_stack[SIGNAL_STACK_BYTES];

void thread_begin(void) {
    stack_t stack;

    if (sigaltstack(NULL, &stack) || !(stack.ss_flags & SS_DISABLE))
        return;
    stack = (stack_t) {.ss_sp = signal_stack, .ss_size = sizeof(signal_stack)};
    (void) sigaltstack(&stack, NULL); /* without one the handler runs where it can */
}

void thread_condition_init(pthread_cond_t *condition) {
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

void thread_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int milliseconds) {
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += milliseconds % 1000 * 1000000L;
    until.tv_sec += milliseconds / 1000 + until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(condition, mutex, &until);
}
