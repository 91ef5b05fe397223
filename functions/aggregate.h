/* What the aggregate families share: row loops with weights, and fixed-size words in state bytes.
 */
#pragma once

#include "base/strbuf.h"
#include "functions/function.h"

/* for (each row of the call): { … row, weight, state … } */
#define AGGREGATE_FOR_EACH(call, State, state, row, weight)                                   \
    for (uint32_t aggregate_i = 0, row = (call)->count ? (call)->rows[0] : 0;                 \
         aggregate_i < (call)->count;                                                         \
         aggregate_i++, row = aggregate_i < (call)->count ? (call)->rows[aggregate_i] : 0)    \
        for (State *state = (State *) (call)->states[aggregate_i]; state; state = NULL)       \
            for (int64_t weight = (call)->weights ? (call)->weights[row] : 1, once = 1; once; \
                 once = 0)

static inline void state_append_i64(StrBuf *out, int64_t number) {
    strbuf_append(out, &number, sizeof(number)); /* little-endian machines only */
}

static inline void state_append_i128(StrBuf *out, __int128 number) {
    strbuf_append(out, &number, sizeof(number));
}

/* false: fewer bytes are left. */
static inline bool state_read(const uint8_t **cursor, const uint8_t *end, void *ret_bytes,
                              size_t size_bytes) {
    if ((size_t) (end - *cursor) < size_bytes)
        return false;
    memcpy(ret_bytes, *cursor, size_bytes);
    *cursor += size_bytes;
    return true;
}
