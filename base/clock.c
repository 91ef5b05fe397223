#include "base/clock.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/hash.h"

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

static int64_t virtual_wall_us(Context *context) {
    return context->virtual_wall_us;
}

static int64_t virtual_monotonic_ns(Context *context) {
    return context->virtual_wall_us * 1000;
}

static uint64_t virtual_random_u64(Context *context) {
    context->virtual_seed += 0x9e3779b97f4a7c15ULL;
    return hash_u64(context->virtual_seed);
}

void context_init_virtual(Context *context, int64_t wall_us, uint64_t seed) {
    *context = (Context) {
        .wall_us = virtual_wall_us,
        .monotonic_ns = virtual_monotonic_ns,
        .random_u64 = virtual_random_u64,
        .virtual_wall_us = wall_us,
        .virtual_seed = seed,
    };
}

int64_t clock_cpu_ns(void) {
    return clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
}
