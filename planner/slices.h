/* Slices: what hopping windows share.
 *
 * The starts and ends of a query's windows cut time into slices: two in each slide, one when the
 * slide divides the size. All windows that hold one event of a slice hold the slice. So the partial
 * aggregate groups by slice, an event is one row of one group, and the final aggregate makes
 * windows of slices. WINDOW (slices) gives each row its slice in the columns of a window: start =
 * the slice's, end = start + size, time = end - 1 µs; where the slide divides the size that is the
 * last window of the row. In the keys of the partial aggregate they mean the slice, in those of the
 * final one the window. */
#pragma once

#include "planner/plan.h"

typedef enum SlicePart { SLICE_NO_PART, SLICE_START, SLICE_END, SLICE_TIME } SlicePart;

/* The WINDOW (slices) that the two phases of an aggregate work with; NULL: none. */
const Plan *slices_below(const Plan *aggregate);
/* What the column of `plan` is of the window below it, a hopping one or its slices. */
SlicePart slices_part(const Plan *plan, ColumnId id);
/* The window under filters and projects only; NULL: none. */
const Plan *slices_window(const Plan *plan);
