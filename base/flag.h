/* Flag: a bool that one thread sets and others look at now and then, such as "cancel". Nothing is
 * ordered by it: what else it tells must be under a mutex. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

static inline bool flag_get(const volatile bool *flag) {
    return __atomic_load_n(flag, __ATOMIC_RELAXED);
}

static inline void flag_set(volatile bool *flag, bool value) {
    __atomic_store_n(flag, value, __ATOMIC_RELAXED);
}

/* As flag_get(); NULL is a flag that nobody sets. */
static inline bool flag_is_set(const volatile bool *flag) {
    return flag && flag_get(flag);
}
