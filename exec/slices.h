/* Slices of hopping windows, by arithmetic (what they are: planner/slices.h).
 *
 * With rest = size % slide, a slide's first slice is [L, L + rest), its second [L + rest, L +
 * slide); rest 0: there is only the second. A slice's last window starts at L. Times are µs. */
#pragma once

#include <stdint.h>

typedef struct SliceGrid {
    int64_t size_us;
    int64_t slide_us;
    int64_t origin_us; /* a window starts here */
} SliceGrid;

static inline int64_t time_floor(int64_t time_us, int64_t origin_us, int64_t step_us) {
    int64_t distance_us;
    int64_t rest;

    if (__builtin_sub_overflow(time_us, origin_us, &distance_us))
        rest = (int64_t) (((__int128) time_us - origin_us) % step_us);
    else
        rest = distance_us % step_us;
    return time_us - (rest < 0 ? rest + step_us : rest);
}

/* The start of the last window that holds the time. */
static inline int64_t slice_last_start(const SliceGrid *grid, int64_t time_us) {
    return time_floor(time_us, grid->origin_us, grid->slide_us);
}

/* The start of the slice that holds the time. */
static inline int64_t slice_start(const SliceGrid *grid, int64_t time_us) {
    int64_t last = slice_last_start(grid, time_us);
    int64_t rest = grid->size_us % grid->slide_us;

    return time_us - last >= rest ? last + rest : last;
}

/* The end of the last window that holds the slice: after it the slice is not needed. */
static inline int64_t slice_last_end(const SliceGrid *grid, int64_t slice_us) {
    return slice_last_start(grid, slice_us) + grid->size_us;
}

/* How many windows hold the slice; they start a slide from each other. */
static inline int64_t slice_window_count(const SliceGrid *grid, int64_t slice_us) {
    return (grid->size_us - 1 - (slice_us - slice_last_start(grid, slice_us))) / grid->slide_us + 1;
}

/* How many of them end at or before the watermark. */
static inline int64_t slice_closed_count(const SliceGrid *grid, int64_t slice_us,
                                         int64_t watermark_us) {
    int64_t last_end = slice_last_end(grid, slice_us);
    int64_t count = slice_window_count(grid, slice_us);
    int64_t first_end = last_end - (count - 1) * grid->slide_us;

    if (watermark_us < first_end)
        return 0;
    return watermark_us >= last_end ? count : (watermark_us - first_end) / grid->slide_us + 1;
}
