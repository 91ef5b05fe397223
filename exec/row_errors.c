#include "exec/row_errors.h"

#include <string.h>

/* Resources, interventions, the system's faults: they say nothing of the row. */
static bool is_of_a_row(const Error *fault) {
    static const char *const others[] = {"53", "57", "58", "XX"};
    const char *code = sqlstate_code(fault->sqlstate);

    for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
        if (strncmp(code, others[i], 2) == 0)
            return false;
    return true;
}

static void leave_out(const RowStep *step, const Batch *in, uint32_t row, const Error *fault) {
    OperatorContext *cx = step->cx;

    if (batch_weight(in, row) < 0)
        return; /* it was told when it came */
    if (!in->copies || !in->copies[row])
        (*step->bad_rows)++;
    cx->report_row_error(cx->row_error_data, step->node, in, row, fault);
}

/* The rows for which the step does not raise, into `rows`. A piece that raises is halved, down to
 * one row; one that does not is followed by one twice as long. */
static Status find_good(const RowStep *step, const Batch *in, uint32_t *rows, uint32_t *ret_count,
                        Error *err) {
    CLEANUP(arena_destroyp) Arena *scratch = arena_create("row errors", 0);
    uint32_t count = batch_active_count(in);
    uint32_t length = (count + 1) / 2;
    uint32_t kept = 0;

    for (uint32_t from = 0; from < count;) {
        Batch piece = *in;
        Batch ignored;
        uint32_t *chosen = rows + kept; /* kept <= from: what is behind was read already */

        length = length < count - from ? length : count - from;
        for (uint32_t i = 0; i < length; i++)
            chosen[i] = batch_active_row(in, from + i);
        piece.selection = chosen;
        piece.selection_count = length;
        arena_reset(scratch);
        if (step->run(step->data, batch_compact(&piece, false, scratch), scratch, &ignored, err) ==
            STATUS_OK) {
            kept += length;
            from += length;
            length *= 2;
        } else if (!is_of_a_row(err)) {
            return STATUS_ERROR;
        } else if (length == 1) {
            leave_out(step, in, chosen[0], err);
            from++;
        } else {
            length = (length + 1) / 2;
        }
    }
    *ret_count = kept;
    return STATUS_OK;
}

Status row_step(const RowStep *step, const Batch *in, Batch *ret_out, Error *err) {
    Status status = step->run(step->data, in, step->arena, ret_out, err);
    Batch good = *in;
    uint32_t *rows;

    if (status != STATUS_ERROR || !step->cx->report_row_error || !is_of_a_row(err))
        return status;
    rows = arena_alloc_raw(step->arena, (in->row_count + 1) * sizeof(uint32_t));
    TRY(find_good(step, in, rows, &good.selection_count, err));
    good.selection = rows;
    if (good.selection_count == 0) {
        *ret_out = good;
        return STATUS_OK;
    }
    return step->run(step->data, &good, step->arena, ret_out, err);
}
