/* Row errors: rows for which an expression of the query raises an error, and how they are left out
 * when the stream says so (on_row_error = 'skip').
 *
 * Expressions run over whole batches and raise once. Only then is the batch run again in pieces, to
 * find the rows that raise; they are reported, and the others go on as if these had not come. The
 * rows left out follow from the rows alone, not from how they were cut into batches, and a
 * retraction meets the error of the row that it cancels. Scans, filters and projections are run so:
 * all that evaluates expressions of rows in a stream. What is not about a row (memory, cancel,
 * damage) is never skipped. */
#pragma once

#include "exec/operator.h"

/* Evaluate expressions over the active rows of `in`; what *ret_out needs is in `arena` or borrowed
 * from `in`. Without side effects: it may be called again. */
typedef Status (*RowStepRun)(void *data, const Batch *in, Arena *arena, Batch *ret_out, Error *err);

typedef struct RowStep {
    OperatorContext *cx;
    const Plan *node;
    RowStepRun run;
    void *data;
    Arena *arena;      /* of the result */
    int64_t *bad_rows; /* a row left out adds one, but no retraction, and no copy that comes
                          again in the batch */
} RowStep;

/* Run the step; rows that raise are left out, when they are to be skipped. When no row is left the
 * result is empty, and its columns are not made. */
MUST_USE Status row_step(const RowStep *step, const Batch *in, Batch *ret_out, Error *err);
