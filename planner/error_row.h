/* Error row: a bad record, as the sink of on_error = 'sink:<name>' gets it.
 *
 * Each is an output of the epoch of the stream that read the record. What it holds follows from the
 * record and the epoch's header, so the same epoch run again gives the same bytes. */
#pragma once

#include "planner/plan.h"

typedef enum ErrorRowColumn {
    ERROR_ROW_STREAM,
    ERROR_ROW_SOURCE,
    ERROR_ROW_PARTITION,
    ERROR_ROW_POSITION,    /* in words */
    ERROR_ROW_COLUMN_NAME, /* NULL: the whole record */
    ERROR_ROW_SQLSTATE,
    ERROR_ROW_MESSAGE,
    ERROR_ROW_AT,           /* the epoch's clock */
    ERROR_ROW_RECORD,       /* as text; NULL when it is none */
    ERROR_ROW_RECORD_BYTES, /* then its bytes; else NULL */
    ERROR_ROW_COLUMN_COUNT,
} ErrorRowColumn;

extern const PlanColumn error_row_columns[ERROR_ROW_COLUMN_COUNT];
