/* Console sink: prints decided rows on the server's standard output, for trying things out.
 *
 * Per epoch a line that names stream and epoch, then up to `rows` rows as psql -A prints them, then
 * how many it hid. What a crash falls upon between decide and publish is not printed again: at
 * least once does not hold for eyes, so this sink promises nothing. */
#include <inttypes.h>
#include <unistd.h>

#include "base/memory.h"
#include "sinks/sinks.h"

struct SinkWriter {
    char *stream_name;
    uint32_t column_count;
    int64_t row_limit;
    int64_t shown, hidden; /* of the epoch under way */
    StrBuf text;
};

static const OptionSpec console_options[] = {
    {"rows", OPTION_INT, NULL, "20", "rows shown of an epoch", 0},
    {0},
};

static Status console_open(const SinkEnvironment *environment, SinkWriter **ret_writer,
                           Error *err) {
    SinkWriter *writer = memory_zalloc(sizeof(*writer));

    writer->stream_name = memory_strdup(environment->stream_name);
    writer->column_count = environment->column_count;
    writer->row_limit = option_number(environment->options, "rows");
    *ret_writer = writer;
    return STATUS_OK;
}

static Status console_recover(SinkWriter *writer, int64_t epoch, const uint8_t *receipt,
                              size_t receipt_size, Error *err) {
    return STATUS_OK;
}

static Status console_begin(SinkWriter *writer, int64_t epoch, Error *err) {
    writer->shown = writer->hidden = 0;
    strbuf_clear(&writer->text);
    return STATUS_OK;
}

static void append_row(SinkWriter *writer, const Batch *batch, uint32_t row, const ChangeOp *op) {
    static const char *const marks[] = {"+", "-", "="};

    if (op)
        strbuf_printf(&writer->text, "%s|", marks[*op]);
    for (uint32_t i = 0; i < batch->column_count; i++) {
        if (i)
            strbuf_append_char(&writer->text, '|');
        if (!column_is_null(&batch->columns[i], row)) {
            Value value = column_get(&batch->columns[i], row);

            value_append_text(&value, &form_settings_default, &writer->text);
        }
    }
    strbuf_append_char(&writer->text, '\n');
}

static Status console_write(SinkWriter *writer, const Batch *batch, const ChangeOp *ops,
                            Error *err) {
    for (uint32_t i = 0; i < batch_active_count(batch); i++) {
        if (writer->shown >= writer->row_limit) {
            writer->hidden++;
            continue;
        }
        writer->shown++;
        append_row(writer, batch, batch_active_row(batch, i), ops ? &ops[i] : NULL);
    }
    return STATUS_OK;
}

static Status console_prepare(SinkWriter *writer, bool is_last, StrBuf *receipt, Error *err) {
    return STATUS_OK;
}

static Status console_publish(SinkWriter *writer, int64_t epoch, const uint8_t *receipt,
                              size_t receipt_size, Error *err) {
    StrBuf out = {0};
    ssize_t written;

    if (writer->shown == 0)
        return STATUS_OK;
    strbuf_printf(&out, "-- %s, epoch %" PRId64 "\n%s", writer->stream_name, epoch,
                  strbuf_text(&writer->text));
    if (writer->hidden)
        strbuf_printf(&out, "-- %" PRId64 " more rows\n", writer->hidden);
    written = write(STDOUT_FILENO, out.data, out.length);
    (void) written; /* nobody looks: nothing is lost but the show */
    strbuf_done(&out);
    writer->shown = writer->hidden = 0;
    strbuf_clear(&writer->text);
    return STATUS_OK;
}

static Status console_abort(SinkWriter *writer, Error *err) {
    return console_begin(writer, 0, err);
}

static SinkWriter *console_close(SinkWriter *writer) {
    if (writer) {
        strbuf_done(&writer->text);
        memory_free(writer->stream_name);
        memory_free(writer);
    }
    return NULL;
}

const SinkType sink_console = {
    .name = "console",
    .options = console_options,
    .guarantee = SINK_AT_LEAST_ONCE,
    .capabilities = SINK_TAKES_APPEND | SINK_TAKES_UPDATE | SINK_TAKES_COMPLETE,
    .open = console_open,
    .recover = console_recover,
    .begin = console_begin,
    .write = console_write,
    .prepare = console_prepare,
    .publish = console_publish,
    .abort = console_abort,
    .close = console_close,
};
