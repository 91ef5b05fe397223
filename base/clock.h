/* Clock and randomness: the one door for what is not deterministic.
 *
 * Whoever needs the time or a random number takes a Context, so that a test or the simulator can
 * replay exactly. The real one reads the machine; a test brings its own. */
#pragma once

#include <stdint.h>

typedef struct Context Context;

struct Context {
    int64_t (*wall_us)(Context *context);      /* microseconds since 1970-01-01 UTC */
    int64_t (*monotonic_ns)(Context *context); /* never goes back */
    uint64_t (*random_u64)(Context *context);
};

extern Context context_real; /* shared by all threads; stateless */

int64_t clock_cpu_ns(void); /* CPU time of this thread: for metrics only, never for answers */
