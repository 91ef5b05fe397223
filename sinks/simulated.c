/* Simulated transactional sink: a stand-in for Kafka and Postgres that proves the epoch protocol.
 *
 * Its "cluster" is a SQLite file of its own: rows, a marker per (stream, sink) that is written in
 * the same transaction, and a generation that fences: recover() raises it, and a writer of an older
 * generation can't commit. Faults are asked for by option, so that a test can have the outcome it
 * needs:
 *
 *   fail_before_commit = n   the n-th commit fails, and nothing is there
 *   fail_after_commit = n    the n-th commit succeeds, but its outcome is not known
 *
 * Both say 08006, as a broken connection would; the marker then decides. For tests only. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "formats/formats.h"
#include "sinks/identity.h"
#include "sinks/sinks.h"
#include "store/file.h"
#include "store/sqlite.h"

struct SinkWriter {
    SinkEnvironment environment;
    Database *database;
    Encoder *encoder;
    StrBuf lines; /* of the epoch under way, op in front in update mode */
    StrBuf marker;
    StrBuf scratch;
    SinkIdentity identity; /* the transactional id */
    int64_t generation;
    int64_t commits; /* of this process */
};

static const OptionSpec simulated_options[] = {
    {"path", OPTION_PATH, NULL, NULL, "a folder for the simulated cluster", OPTION_REQUIRED},
    {"fail_before_commit", OPTION_INT, NULL, "0", "this commit fails", 0},
    {"fail_after_commit", OPTION_INT, NULL, "0", "this commit succeeds with unknown outcome", 0},
    {0},
};

static const char schema_sql[] = "CREATE TABLE IF NOT EXISTS row (id INTEGER PRIMARY KEY, identity "
                                 "TEXT, epoch INTEGER, line TEXT);"
                                 "CREATE TABLE IF NOT EXISTS marker (identity TEXT PRIMARY KEY, "
                                 "generation INTEGER, header BLOB);";

static SinkWriter *simulated_close(SinkWriter *writer) {
    if (writer) {
        if (writer->encoder)
            format_json.encoder_destroy(writer->encoder);
        database_close(writer->database);
        strbuf_done(&writer->lines);
        strbuf_done(&writer->marker);
        strbuf_done(&writer->scratch);
        memory_free(writer);
    }
    return NULL;
}

static Status open_all(SinkWriter *writer, Error *err) {
    const SinkEnvironment *environment = &writer->environment;
    const char *folder = option_text(environment->options, "path");
    char path[PATH_MAX];

    TRY(file_make_directory(folder, err));
    snprintf(path, sizeof(path), "%s/cluster.db", folder);
    TRY(database_open(path, true, &writer->database, err));
    TRY(database_execute(writer->database, schema_sql, err));
    return format_json.encoder_create(environment->names, environment->types,
                                      environment->column_count, environment->options,
                                      &writer->encoder, err);
}

static Status simulated_open(const SinkEnvironment *environment, SinkWriter **ret_writer,
                             Error *err) {
    SinkWriter *writer = memory_zalloc(sizeof(*writer));

    writer->environment = *environment;
    writer->identity = sink_identity(environment);
    if (open_all(writer, err) != STATUS_OK) {
        simulated_close(writer);
        return STATUS_ERROR;
    }
    *ret_writer = writer;
    return STATUS_OK;
}

/* init_transactions: fence whoever came before. */
static Status simulated_recover(SinkWriter *writer, int64_t epoch, const uint8_t *receipt,
                                size_t receipt_size, Error *err) {
    Statement *raise;
    bool has_row = false;

    TRY(statement_prepare(writer->database,
                          "INSERT INTO marker VALUES (?, 1, NULL) ON CONFLICT (identity) DO UPDATE "
                          "SET generation = generation + 1 RETURNING generation",
                          &raise, err));
    statement_bind_text(raise, 0, writer->identity.text);
    TRY(statement_step(raise, &has_row, err));
    writer->generation = statement_int64(raise, 0);
    return statement_run(raise, err);
}

static Status simulated_begin(SinkWriter *writer, int64_t epoch, Error *err) {
    strbuf_clear(&writer->lines);
    return STATUS_OK;
}

static Status simulated_write(SinkWriter *writer, const Batch *batch, const ChangeOp *ops,
                              Error *err) {
    static const char marks[] = "+-=";
    uint32_t row;
    Batch one = *batch;

    one.selection = &row;
    one.selection_count = 1;
    for (uint32_t i = 0; i < batch_active_count(batch); i++) {
        row = batch_active_row(batch, i);
        if (ops)
            strbuf_append_char(&writer->lines, marks[ops[i]]);
        TRY(format_json.encode(writer->encoder, &one, &writer->lines, err));
    }
    return STATUS_OK;
}

static Status simulated_prepare(SinkWriter *writer, bool is_last, StrBuf *receipt, Error *err) {
    return STATUS_OK;
}

static Status insert_lines(SinkWriter *writer, int64_t epoch, Error *err) {
    Statement *insert;
    char *line = writer->lines.data;

    TRY(statement_prepare(writer->database,
                          "INSERT INTO row (identity, epoch, line) VALUES (?, ?, ?)", &insert,
                          err));
    while (line && *line) {
        char *end = strchr(line, '\n');

        *end = '\0';
        statement_bind_text(insert, 0, writer->identity.text);
        statement_bind_int64(insert, 1, epoch);
        statement_bind_text(insert, 2, line);
        TRY(statement_run(insert, err));
        line = end + 1;
    }
    return STATUS_OK;
}

static Status simulated_mark(SinkWriter *writer, const uint8_t *header, size_t header_size,
                             Error *err) {
    strbuf_clear(&writer->marker);
    strbuf_append(&writer->marker, header, header_size);
    return STATUS_OK;
}

static Status put_marker(SinkWriter *writer, Error *err) {
    Statement *put;
    bool has_row = false;

    TRY(statement_prepare(writer->database,
                          "UPDATE marker SET header = ? WHERE identity = ? AND generation = ? "
                          "RETURNING generation",
                          &put, err));
    statement_bind_blob(put, 0, writer->marker.data, writer->marker.length);
    statement_bind_text(put, 1, writer->identity.text);
    statement_bind_int64(put, 2, writer->generation);
    TRY(statement_step(put, &has_row, err));
    if (!has_row)
        return error_set(err, CONNECTION_FAILURE, "the simulated producer is fenced");
    return statement_run(put, err);
}

static Status commit_all(SinkWriter *writer, int64_t epoch, Error *err) {
    TRY(database_begin(writer->database, err));
    TRY(insert_lines(writer, epoch, err));
    TRY(put_marker(writer, err));
    return database_commit(writer->database, err);
}

static Status simulated_decide(SinkWriter *writer, int64_t epoch, Error *err) {
    const OptionSet *options = writer->environment.options;
    Status status;

    writer->commits++;
    if (writer->commits == option_number(options, "fail_before_commit"))
        return error_set(err, CONNECTION_FAILURE, "the simulated cluster refused the commit");
    status = commit_all(writer, epoch, err);
    if (status != STATUS_OK) {
        database_rollback(writer->database);
        return status;
    }
    if (writer->commits == option_number(options, "fail_after_commit"))
        return error_set(err, CONNECTION_FAILURE, "the outcome of the commit is not known");
    return STATUS_OK;
}

static Status simulated_read_marker(SinkWriter *writer, StrBuf *header, Error *err) {
    Statement *get;
    bool has_row = false;
    size_t size_bytes = 0;
    const uint8_t *bytes;

    TRY(statement_prepare(writer->database, "SELECT header FROM marker WHERE identity = ?", &get,
                          err));
    statement_bind_text(get, 0, writer->identity.text);
    TRY(statement_step(get, &has_row, err));
    if (!has_row)
        return STATUS_OK;
    if (!statement_is_null(get, 0)) {
        bytes = statement_blob(get, 0, &size_bytes);
        strbuf_append(header, bytes, size_bytes);
    }
    statement_reset(get);
    return STATUS_OK;
}

static Status simulated_publish(SinkWriter *writer, int64_t epoch, const uint8_t *receipt,
                                size_t receipt_size, Error *err) {
    return STATUS_OK;
}

static Status simulated_abort(SinkWriter *writer, Error *err) {
    strbuf_clear(&writer->lines);
    return STATUS_OK;
}

const SinkType sink_simulated = {
    .name = "simulated",
    .options = simulated_options,
    .guarantee = SINK_TRANSACTIONAL,
    .capabilities = SINK_TAKES_APPEND | SINK_TAKES_UPDATE,
    .open = simulated_open,
    .recover = simulated_recover,
    .begin = simulated_begin,
    .write = simulated_write,
    .mark = simulated_mark,
    .prepare = simulated_prepare,
    .decide = simulated_decide,
    .read_marker = simulated_read_marker,
    .publish = simulated_publish,
    .abort = simulated_abort,
    .close = simulated_close,
};
