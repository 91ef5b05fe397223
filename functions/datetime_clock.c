/* What the clock says: now() and its relatives. The evaluation's context is the clock, so a stream
 * computes the same again after a restart. */
#include "functions/datetime_kernel.h"

static void fill_micros(const KernelCall *call, int64_t micros) {
    int64_t *restrict out = KERNEL_RESULT(call, int64_t);

    KERNEL_FOR_EACH(call, row) {
        int32_t precision = call->argument_count ? KERNEL_ARGUMENT(call, 0, int32_t, row) : -1;

        out[row] = datetime_round_micros(micros, precision);
    }
}

static int64_t local_now(const KernelCall *call) {
    return timezone_utc_to_local(kernel_zone(call), call->context->now_us);
}

static Status now(const KernelCall *call, Error *err) {
    (void) err;
    fill_micros(call, call->context->now_us);
    return STATUS_OK;
}

static Status clock_timestamp(const KernelCall *call, Error *err) {
    (void) err;
    fill_micros(call, call->context->wall_us);
    return STATUS_OK;
}

static Status local_timestamp(const KernelCall *call, Error *err) {
    (void) err;
    fill_micros(call, local_now(call));
    return STATUS_OK;
}

static Status local_time(const KernelCall *call, Error *err) {
    (void) err;
    fill_micros(call, datetime_floor_mod(local_now(call), DATETIME_DAY_US));
    return STATUS_OK;
}

static Status current_date(const KernelCall *call, Error *err) {
    int32_t *restrict out = KERNEL_RESULT(call, int32_t);
    int32_t today = timestamp_to_date(local_now(call));

    (void) err;
    KERNEL_FOR_EACH(call, row) {
        out[row] = today;
    }
    return STATUS_OK;
}

/* clang-format off */
#define STABLE .volatility = VOLATILITY_STABLE

/* with (p): rounded to p digits of a second */
static const Function datetime_clocks[] = {
    {"now", now, TYPE_TIMESTAMPTZ, 0, {0}, STABLE},
    {"transaction_timestamp", now, TYPE_TIMESTAMPTZ, 0, {0}, STABLE},
    {"statement_timestamp", now, TYPE_TIMESTAMPTZ, 0, {0}, STABLE},
    {"current_timestamp", now, TYPE_TIMESTAMPTZ, 0, {0}, STABLE},
    {"current_timestamp", now, TYPE_TIMESTAMPTZ, 1, {TYPE_INT4}, STABLE},
    {"clock_timestamp", clock_timestamp, TYPE_TIMESTAMPTZ, 0, {0},
     .volatility = VOLATILITY_VOLATILE},
    {"localtimestamp", local_timestamp, TYPE_TIMESTAMP, 0, {0}, STABLE},
    {"localtimestamp", local_timestamp, TYPE_TIMESTAMP, 1, {TYPE_INT4}, STABLE},
    {"localtime", local_time, TYPE_TIME, 0, {0}, STABLE},
    {"localtime", local_time, TYPE_TIME, 1, {TYPE_INT4}, STABLE},
    {"current_date", current_date, TYPE_DATE, 0, {0}, STABLE},
};
/* clang-format on */

const FunctionFamily family_datetime_clock = {FAMILY_FUNCTIONS(datetime_clocks)};
