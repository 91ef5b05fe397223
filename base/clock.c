#include "base/clock.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static int64_t clock_read_ns(clockid_t clock) {
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t real_wall_us(Context *context) {
    return clock_read_ns(CLOCK_REALTIME) / 1000;
}

static int64_t real_monotonic_ns(Context *context) {
    return clock_read_ns(CLOCK_MONOTONIC);
}

static uint64_t real_random_u64(Context *context) {
    uint64_t value;

    if (getrandom(&value, sizeof(value), 0) != sizeof(value))
        abort(); /* cannot happen for 8 bytes once the pool is seeded */
    return value;
}

Context context_real = {
    .wall_us = real_wall_us,
    .monotonic_ns = real_monotonic_ns,
    .random_u64 = real_random_u64,
};

int64_t clock_cpu_ns(void) {
    return clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
}
