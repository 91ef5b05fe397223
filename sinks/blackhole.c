/* Blackhole sink: takes everything, keeps nothing, counts. For measuring. */
#include "base/memory.h"
#include "sinks/sinks.h"

struct SinkWriter {
    int64_t row_count;
    int64_t undecided_rows;
};

static Status blackhole_open(const SinkEnvironment *environment, SinkWriter **ret_writer,
                             Error *err) {
    *ret_writer = memory_zalloc(sizeof(SinkWriter));
    return STATUS_OK;
}

static Status blackhole_recover(SinkWriter *writer, int64_t epoch, const uint8_t *receipt,
                                size_t receipt_size, Error *err) {
    return STATUS_OK;
}

static Status blackhole_begin(SinkWriter *writer, int64_t epoch, Error *err) {
    writer->undecided_rows = 0;
    return STATUS_OK;
}

static Status blackhole_write(SinkWriter *writer, const Batch *batch, const ChangeOp *ops,
                              Error *err) {
    writer->undecided_rows += batch_active_count(batch);
    return STATUS_OK;
}

static Status blackhole_prepare(SinkWriter *writer, bool is_last, StrBuf *receipt, Error *err) {
    return STATUS_OK;
}

static Status blackhole_publish(SinkWriter *writer, int64_t epoch, const uint8_t *receipt,
                                size_t receipt_size, Error *err) {
    writer->row_count += writer->undecided_rows;
    writer->undecided_rows = 0;
    return STATUS_OK;
}

static Status blackhole_abort(SinkWriter *writer, Error *err) {
    writer->undecided_rows = 0;
    return STATUS_OK;
}

static SinkWriter *blackhole_close(SinkWriter *writer) {
    memory_free(writer);
    return NULL;
}

static void blackhole_totals(SinkWriter *writer, int64_t *ret_rows, int64_t *ret_bytes) {
    *ret_rows = writer->row_count;
    *ret_bytes = 0;
}

const SinkType sink_blackhole = {
    .name = "blackhole",
    .guarantee = SINK_PUBLISH_AFTER_COMMIT,
    .capabilities = SINK_TAKES_APPEND | SINK_TAKES_UPDATE | SINK_TAKES_COMPLETE,
    .open = blackhole_open,
    .recover = blackhole_recover,
    .begin = blackhole_begin,
    .write = blackhole_write,
    .prepare = blackhole_prepare,
    .publish = blackhole_publish,
    .abort = blackhole_abort,
    .close = blackhole_close,
    .totals = blackhole_totals,
};
