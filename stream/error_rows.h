/* Error rows: the bad records of an epoch on their way to the sinks of on_error = 'sink:…'.
 *
 * Records come from workers in any order and are given in the order of the input (scan, partition,
 * offset), so the sinks' bytes don't depend on scheduling. They are copied, and their size is
 * reserved from the stream's account. */
#pragma once

#include "base/memory.h"
#include "connector/source.h"
#include "planner/error_row.h"

typedef struct ErrorRows ErrorRows;

/* One bad record. Strings are borrowed; add() copies all but `source`, which outlives the rows. */
typedef struct ErrorRow {
    int sink; /* index among the stream's sinks */
    int scan;
    int partition;
    const char *source;
    const char *position;
    const BadRecord *bad;
    const Record *record;
} ErrorRow;

/* What is the same in all rows of an epoch. */
typedef struct ErrorRowsEpoch {
    const char *stream_name;
    int64_t wall_us;
} ErrorRowsEpoch;

typedef Status (*ErrorRowsReceive)(void *data, const Batch *batch, Error *err);

ErrorRows *error_rows_create(MemoryAccount *account);
ErrorRows *error_rows_destroy(ErrorRows *rows);
/* One caller at a time, any thread. A lack of memory is told by error_rows_give. */
void error_rows_add(ErrorRows *rows, const ErrorRow *row);
/* The rows for one sink, in order. */
MUST_USE Status error_rows_give(ErrorRows *rows, int sink, const ErrorRowsEpoch *epoch,
                                ErrorRowsReceive receive, void *data, Error *err);
void error_rows_clear(ErrorRows *rows);
