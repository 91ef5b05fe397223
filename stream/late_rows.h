/* Late rows: the rows of an epoch that came too late for all their windows, on their way to the
 * sink of LATE ROWS INTO.
 *
 * They come from workers in any order and are given in the order of event time, then of their
 * values, so the sink's bytes don't depend on scheduling. They are copied, and their size is
 * reserved from the stream's account. */
#pragma once

#include "base/memory.h"
#include "types/batch.h"

typedef struct LateRows LateRows;

typedef Status (*LateRowsReceive)(void *data, const Batch *batch, Error *err);

LateRows *late_rows_create(const SqlType *types, uint32_t column_count, MemoryAccount *account);
LateRows *late_rows_destroy(LateRows *rows);
/* `columns`: the row's, in the batch. One caller at a time, any thread. A lack of memory is told by
 * late_rows_give. */
void late_rows_add(LateRows *rows, const Batch *batch, const int *columns, uint32_t row,
                   int64_t event_time_us);
MUST_USE Status late_rows_give(LateRows *rows, LateRowsReceive receive, void *data, Error *err);
void late_rows_clear(LateRows *rows);
