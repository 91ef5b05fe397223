/* Shared by the date and time families. */
#pragma once

#include "functions/kernel.h"
#include "types/datetime_form.h"
#include "types/timestamp.h"

/* Time zone, clock word values: the session's, else the defaults. */
static inline const FormSettings *kernel_settings(const KernelCall *call) {
    return call->context && call->context->settings ? call->context->settings
                                                    : &form_settings_default;
}

static inline const TimeZone *kernel_zone(const KernelCall *call) {
    return kernel_settings(call)->time_zone;
}

/* The kernel `name` around an expression in l, r, ret, zone and err that yields a Status. */
#define DEFINE_STATUS_KERNEL(name, Left, Right, Result, ...)                               \
    static Status name(const KernelCall *call, Error *err) {                               \
        Result *restrict out = KERNEL_RESULT(call, Result);                                \
        const TimeZone *zone = kernel_zone(call);                                          \
        (void) zone;                                                                       \
        KERNEL_BINARY_LOOPS(call, Left, Right, Result *ret = &out[row]; TRY(__VA_ARGS__)); \
        return STATUS_OK;                                                                  \
    }

/* The same of v. */
#define DEFINE_STATUS_UNARY_KERNEL(name, Argument, Result, ...)                        \
    static Status name(const KernelCall *call, Error *err) {                           \
        Result *restrict out = KERNEL_RESULT(call, Result);                            \
        const TimeZone *zone = kernel_zone(call);                                      \
        (void) zone;                                                                   \
        KERNEL_UNARY_LOOPS(call, Argument, Result *ret = &out[row]; TRY(__VA_ARGS__)); \
        return STATUS_OK;                                                              \
    }

/* Status of a computation that is false when its interval leaves the range. */
static inline Status interval_status(bool is_in_range, Error *err) {
    return is_in_range ? STATUS_OK
                       : error_set(err, DATETIME_FIELD_OVERFLOW, "interval out of range");
}

/* The zone that text argument `index` names, found once when it is constant. `zone` NULL: not yet.
 */
typedef struct ZoneCache {
    const TimeZone *zone;
} ZoneCache;

MUST_USE Status kernel_find_zone(const KernelCall *call, uint32_t index, uint32_t row,
                                 ZoneCache *cache, Error *err);
