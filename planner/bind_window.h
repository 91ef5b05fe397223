/* Bind window: event-time windows, from FROM TUMBLE/HOP and from GROUP BY window(). Private to
 * planner/. */
#pragma once

#include "planner/bind.h"

typedef struct WindowSpec {
    WindowKind kind;
    const Expr *time;
    int64_t size_us;
    int64_t slide_us;
    int64_t offset_us;
    int position;
    int slide_position;
} WindowSpec;

/* Sizes are checked: positive, the slide not above the size. The node adds window_start, window_end
 * and window_time as its last three columns; `time` that is no column is projected below. */
MUST_USE Status make_window(Binder *binder, const Plan *child, const WindowSpec *spec,
                            const Plan **ret_plan, Error *err);
/* bind_window_over.c: `id` is the column `window` of a query below; the plan gets the event time of
 * such a window as a further column. *ret_time 0: it isn't such a column, or its maker is out of
 * reach; the plan stays. */
MUST_USE Status expose_window_time(Binder *binder, const Plan *plan, ColumnId id,
                                   const Plan **ret_plan, ColumnId *ret_time, Error *err);
