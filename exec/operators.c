#include "exec/operators.h"

#include <assert.h>

static const OpType *const operator_types[PLAN_KIND_COUNT] = {
#define X(kind, type) [kind] = &type,
    OPERATOR_TABLE(X)
#undef X
};

const OpType *operator_type_of(PlanKind kind) {
    assert(kind < PLAN_KIND_COUNT);
    assert(operator_types[kind]);
    return operator_types[kind];
}

static int64_t fold_watermark(const Epoch *epoch, int64_t left, int64_t right) {
    if (left == INT64_MIN || right == INT64_MIN)
        return epoch->watermark_is_max ? (left > right ? left : right) : INT64_MIN;
    return (left < right) == !epoch->watermark_is_max ? left : right;
}

typedef struct Watermarks {
    const int64_t *late; /* by scan ordinal */
    const int64_t *close;
    bool has_any;
    int64_t late_below;
    int64_t close_below;
} Watermarks;

static bool carries_watermark(const Plan *node, const Epoch *epoch) {
    return node->kind == PLAN_SCAN && node->watermark_column && !node->is_batch_read &&
           node->scan_ordinal < epoch->scan_count;
}

static int count_watermarks(const Plan *node, const Epoch *epoch) {
    int count = carries_watermark(node, epoch);

    for (int i = 0; i < node->child_count; i++)
        count += count_watermarks(node->children[i], epoch);
    return count;
}

static void collect_watermarks(const Plan *node, const Epoch *epoch, Watermarks *marks) {
    if (carries_watermark(node, epoch)) {
        int64_t late_below = marks->late[node->scan_ordinal];
        int64_t close_below = marks->close[node->scan_ordinal];

        marks->late_below =
            marks->has_any ? fold_watermark(epoch, marks->late_below, late_below) : late_below;
        marks->close_below =
            marks->has_any ? fold_watermark(epoch, marks->close_below, close_below) : close_below;
        marks->has_any = true;
    }
    for (int i = 0; i < node->child_count; i++)
        collect_watermarks(node->children[i], epoch, marks);
}

void operator_watermarks(const Plan *node, const Epoch *epoch, int64_t *ret_late_below,
                         int64_t *ret_close_below) {
    bool is_joint = epoch->joint_close_below && count_watermarks(node, epoch) > 1;
    Watermarks marks = {.late = is_joint ? epoch->joint_late_below : epoch->late_below,
                        .close = is_joint ? epoch->joint_close_below : epoch->close_below,
                        .late_below = INT64_MIN,
                        .close_below = INT64_MIN};

    if (marks.late && marks.close)
        collect_watermarks(node, epoch, &marks);
    assert(marks.late_below <= marks.close_below);
    *ret_late_below = marks.late_below;
    *ret_close_below = marks.close_below;
}

/* The row's own event time, when the operator's input still has it; else that of its group. */
static int64_t row_time(const Operator *op, const Batch *in, uint32_t row, int64_t time_us) {
    const Plan *input = op->node->children[0];

    for (int i = 0; i < input->column_count; i++) {
        const Column *column = &in->columns[i];

        if (input->columns[i].role == TIME_EVENT &&
            type_physical(column->type.id) == PHYSICAL_INT64 && !column_is_null(column, row))
            return COLUMN_VALUE(column, int64_t, row);
    }
    return time_us;
}

void operator_count_late(Operator *op, const Batch *in, uint32_t row, int64_t time_us,
                         const LateJudge *judge) {
    bool is_window = judge->role != TIME_EVENT || judge->close_offset_us != 0; /* window_time: 1 */

    op->metrics.late_windows += is_window;
    if (in->copies && in->copies[row])
        return; /* a later copy of the row decides */
    op->metrics.late_rows++;
    if (op->cx->report_late)
        op->cx->report_late(op->cx->late_data, op, in, row, row_time(op, in, row, time_us),
                            judge->late_below);
}
