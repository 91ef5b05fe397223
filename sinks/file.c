/* File sink: a stream's rows as files in a folder (docs/interfaces.md, "File sink").
 *
 * Append and update mode write parts (file_parts.h); update mode has two columns in front: op and
 * epoch. Complete mode writes a new set of files each epoch into .v<incarnation>-<epoch>/ and shows
 * it by swapping the symlink `current`; the two sets before it are kept for readers that are still
 * at them. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "sinks/file_parts.h"
#include "sinks/sinks.h"
#include "store/file.h"

enum { VERSIONS_KEPT = 3, VERSION_HEX_DIGITS = 8 };

struct SinkWriter {
    Arena *arena;
    Arena *batch_arena; /* reset at each write */
    SinkEnvironment environment;
    char *folder;
    Encoder *encoder;
    FileParts *parts;        /* complete mode: of the version being written; NULL between epochs */
    char version_prefix[32]; /* .v<incarnation>- */
    int64_t epoch;
    bool has_rows; /* complete mode: the epoch wrote something or must show an empty answer */
    StrBuf scratch;
    int64_t row_count, byte_count;
};

static const OptionSpec file_options[] = {
    {"path", OPTION_PATH, NULL, NULL, "the folder; it is made when it is not there",
     OPTION_REQUIRED},
    {"roll_size", OPTION_SIZE, NULL, "128MB", "close a file at this size", 0},
    {"roll_age", OPTION_DURATION, NULL, "60s", "close a file at this age", 0},
    {"roll_idle", OPTION_DURATION, NULL, "1s", "close a file when nothing came for this long", 0},
    {"partition_by", OPTION_TEXT, NULL, NULL, "partition folders", OPTION_UNSUPPORTED},
    {"compression", OPTION_TEXT, NULL, NULL, "compressed files", OPTION_UNSUPPORTED},
    {0},
};

static Status file_check(const OptionSet *options, const char *server_id,
                         const volatile bool *cancel, Error *err) {
    const char *path = option_text(options, "path");
    Status status = file_make_directory(path, err);

    if (status == STATUS_OK && access(path, W_OK))
        status = error_errno(err, errno, "could not write to folder \"%s\"", path);
    if (status == STATUS_OK)
        status = file_folder_own(path, server_id, err);
    if (status != STATUS_OK)
        err->position = option_find(options, "path")->position;
    return status;
}

/* -------- opening -------- */

static FileParts *make_parts(const SinkWriter *writer, const char *folder) {
    const OptionSet *options = writer->environment.options;
    FilePartsSpec spec = {
        .folder = folder,
        .stream_id = writer->environment.stream_id,
        .incarnation = writer->environment.incarnation,
        .extension = writer->environment.format->extension,
        .roll_size_bytes = option_number(options, "roll_size"),
        .roll_age_us = option_number(options, "roll_age"),
        .roll_idle_us = option_number(options, "roll_idle"),
        .clock = &context_real,
    };

    return file_parts_create(&spec);
}

static Status make_encoder(SinkWriter *writer, Error *err) {
    const SinkEnvironment *environment = &writer->environment;
    uint32_t extra = environment->mode == SINK_MODE_UPDATE ? 2 : 0;
    uint32_t count = environment->column_count + extra;
    const char **names = arena_new_array(writer->arena, const char *, count);
    SqlType *types = arena_new_array(writer->arena, SqlType, count);

    if (extra) {
        names[0] = "op";
        types[0] = SQL_TYPE(TEXT);
        names[1] = "epoch";
        types[1] = SQL_TYPE(INT8);
    }
    for (uint32_t i = 0; i < environment->column_count; i++) {
        names[i + extra] = environment->names[i];
        types[i + extra] = environment->types[i];
    }
    return environment->format->encoder_create(names, types, count, environment->options,
                                               &writer->encoder, err);
}

static SinkWriter *file_close(SinkWriter *writer) {
    if (writer) {
        file_parts_destroy(writer->parts);
        if (writer->encoder)
            writer->environment.format->encoder_destroy(writer->encoder);
        strbuf_done(&writer->scratch);
        memory_free(writer->folder);
        arena_destroy(writer->batch_arena);
        arena_destroy(writer->arena);
        memory_free(writer);
    }
    return NULL;
}

static Status open_checked(SinkWriter *writer, Error *err) {
    const SinkEnvironment *environment = &writer->environment;

    TRY(file_make_directory(writer->folder, err));
    TRY(file_folder_own(writer->folder, environment->server_id, err));
    TRY(make_encoder(writer, err));
    if (environment->mode != SINK_MODE_COMPLETE)
        writer->parts = make_parts(writer, writer->folder);
    return STATUS_OK;
}

static Status file_open(const SinkEnvironment *environment, SinkWriter **ret_writer, Error *err) {
    SinkWriter *writer = memory_zalloc(sizeof(*writer));
    const uint8_t *inc = environment->incarnation;

    writer->arena = arena_create("file sink", 0);
    writer->batch_arena = arena_create("file sink batch", 0);
    writer->environment = *environment;
    writer->folder = memory_strdup(option_text(environment->options, "path"));
    snprintf(writer->version_prefix, sizeof(writer->version_prefix), ".v%02x%02x%02x%02x-", inc[0],
             inc[1], inc[2], inc[3]);
    if (open_checked(writer, err) != STATUS_OK) {
        file_close(writer);
        return STATUS_ERROR;
    }
    *ret_writer = writer;
    return STATUS_OK;
}

/* -------- complete mode: versions -------- */

static void version_path(const SinkWriter *writer, int64_t epoch, char *path, size_t size) {
    snprintf(path, size, "%s/%s%" PRId64, writer->folder, writer->version_prefix, epoch);
}

/* The epoch in ".v<incarnation>-<epoch>", of any incarnation; -1 for other names. */
static int64_t version_epoch(const char *name) {
    long long epoch;
    char *end;

    if (strncmp(name, ".v", 2) != 0 || strspn(name + 2, "0123456789abcdef") != VERSION_HEX_DIGITS ||
        name[2 + VERSION_HEX_DIGITS] != '-' ||
        !isdigit((unsigned char) name[VERSION_HEX_DIGITS + 3]))
        return -1;
    epoch = strtoll(name + VERSION_HEX_DIGITS + 3, &end, 10);
    return *end || epoch <= 0 ? -1 : epoch;
}

static bool is_of_this_stream(const SinkWriter *writer, const char *name) {
    return strncmp(name, writer->version_prefix, strlen(writer->version_prefix)) == 0;
}

/* The newest versions of this stream at or below `epoch`, descending; 0: there are not so many. */
static void find_newest(const SinkWriter *writer, DIR *folder, int64_t epoch,
                        int64_t newest[VERSIONS_KEPT]) {
    struct dirent *item;

    while ((item = readdir(folder))) {
        int64_t found = version_epoch(item->d_name);

        if (found > epoch || !is_of_this_stream(writer, item->d_name))
            continue;
        for (int i = 0; i < VERSIONS_KEPT && found > 0; i++)
            if (found > newest[i]) {
                int64_t pushed = newest[i];

                newest[i] = found;
                found = pushed;
            }
    }
    rewinddir(folder);
}

/* Of this stream: versions above `epoch`, and all but the newest. Of a stream that the sink had
 * before (it has one at a time, and the folder is ours): all, once this one has shown as many as
 * are kept for readers; what `current` names never. */
static bool is_outdated(const SinkWriter *writer, const char *name, int64_t epoch,
                        const int64_t newest[VERSIONS_KEPT], const char *current) {
    int64_t found = version_epoch(name);
    int64_t oldest_kept = newest[VERSIONS_KEPT - 1];

    if (found < 0)
        return false;
    if (is_of_this_stream(writer, name))
        return found > epoch || found < oldest_kept;
    return oldest_kept > 0 && strcmp(name, current) != 0;
}

static Status remove_versions(SinkWriter *writer, int64_t epoch, Error *err) {
    int64_t newest[VERSIONS_KEPT] = {0};
    char path[PATH_MAX];
    char current[256] = "";
    struct dirent *item;
    Status status = STATUS_OK;
    DIR *folder = opendir(writer->folder);

    if (!folder)
        return error_errno(err, errno, "could not open folder \"%s\"", writer->folder);
    snprintf(path, sizeof(path), "%s/current", writer->folder);
    if (readlink(path, current, sizeof(current) - 1) < 0)
        current[0] = '\0'; /* there is none yet */
    find_newest(writer, folder, epoch, newest);
    while (status == STATUS_OK && (item = readdir(folder))) {
        if (!is_outdated(writer, item->d_name, epoch, newest, current))
            continue;
        snprintf(path, sizeof(path), "%s/%s", writer->folder, item->d_name);
        status = file_remove_tree(path, err);
    }
    closedir(folder);
    return status;
}

static Status show_version(SinkWriter *writer, int64_t epoch, Error *err) {
    char target[64];
    char temporary[PATH_MAX];
    char current[PATH_MAX];

    snprintf(target, sizeof(target), "%s%" PRId64, writer->version_prefix, epoch);
    snprintf(temporary, sizeof(temporary), "%s/.current.tmp", writer->folder);
    snprintf(current, sizeof(current), "%s/current", writer->folder);
    if (unlink(temporary) && errno != ENOENT)
        return error_errno(err, errno, "could not remove \"%s\"", temporary);
    if (symlink(target, temporary))
        return error_errno(err, errno, "could not make \"%s\"", temporary);
    TRY(file_rename_durably(temporary, current, err));
    return remove_versions(writer, epoch, err);
}

static Status prepare_version(SinkWriter *writer, StrBuf *receipt, Error *err) {
    TRY(file_parts_prepare(writer->parts, true, receipt, err));
    return file_sync_directory(writer->folder, err);
}

static Status publish_version(SinkWriter *writer, int64_t epoch, const uint8_t *receipt,
                              size_t receipt_size, Error *err) {
    char path[PATH_MAX];

    version_path(writer, epoch, path, sizeof(path));
    if (!file_exists(path))
        return error_set(err, IO_ERROR, "\"%s\" is missing: its rows were decided", path);
    if (!writer->parts)
        writer->parts = make_parts(writer, path);
    TRY(file_parts_publish(writer->parts, epoch, receipt, receipt_size, err));
    writer->parts = file_parts_destroy(writer->parts);
    return show_version(writer, epoch, err);
}

/* -------- the vtable -------- */

static bool is_complete(const SinkWriter *writer) {
    return writer->environment.mode == SINK_MODE_COMPLETE;
}

static Status file_recover(SinkWriter *writer, int64_t epoch, const uint8_t *receipt,
                           size_t receipt_size, Error *err) {
    if (!is_complete(writer))
        return file_parts_recover(writer->parts, epoch, receipt, receipt_size, err);
    TRY(remove_versions(writer, epoch, err));
    if (receipt_size)
        return publish_version(writer, epoch, receipt, receipt_size, err);
    return STATUS_OK;
}

static Status file_begin(SinkWriter *writer, int64_t epoch, Error *err) {
    char path[PATH_MAX];
    char inner[PATH_MAX + 16];

    writer->epoch = epoch;
    if (!is_complete(writer))
        return STATUS_OK;
    version_path(writer, epoch, path, sizeof(path));
    TRY(file_remove_tree(path, err));
    snprintf(inner, sizeof(inner), "%s/_millrace", path);
    TRY(file_make_directory(inner, err));
    file_parts_destroy(writer->parts);
    writer->parts = make_parts(writer, path);
    return STATUS_OK;
}

/* op and epoch in front of the columns. */
static Batch *with_change_columns(SinkWriter *writer, const Batch *batch, const ChangeOp *ops) {
    static const char *const names[] = {"insert", "delete", "upsert"};
    Arena *arena = writer->batch_arena;
    Batch *wide = arena_memdup(arena, batch, sizeof(*batch));
    Value epoch = value_int8(writer->epoch);

    wide->column_count = batch->column_count + 2;
    wide->columns = arena_new_array(arena, Column, wide->column_count);
    wide->columns[0] = column_create(SQL_TYPE(TEXT), batch->row_count, arena);
    wide->columns[1] = column_constant(&epoch, arena);
    memcpy(wide->columns + 2, batch->columns, sizeof(Column) * batch->column_count);
    for (uint32_t i = 0; i < batch_active_count(batch); i++) {
        const char *name = names[ops[i]];

        ((TextView *) wide->columns[0].values)[batch_active_row(batch, i)] =
            text_view(name, (uint32_t) strlen(name));
    }
    return wide;
}

static Status file_write(SinkWriter *writer, const Batch *batch, const ChangeOp *ops, Error *err) {
    const FormatType *format = writer->environment.format;
    const Batch *rows = batch;

    strbuf_clear(&writer->scratch);
    arena_reset(writer->batch_arena);
    if (ops)
        rows = with_change_columns(writer, batch, ops);
    if (file_parts_is_fresh(writer->parts) && format->encode_header)
        format->encode_header(writer->encoder, &writer->scratch);
    TRY(format->encode(writer->encoder, rows, &writer->scratch, err));
    writer->row_count += batch_active_count(batch);
    writer->byte_count += (int64_t) writer->scratch.length;
    return file_parts_append(writer->parts, &writer->scratch, batch_active_count(batch), err);
}

static Status file_prepare(SinkWriter *writer, bool is_last, StrBuf *receipt, Error *err) {
    if (is_complete(writer))
        return prepare_version(writer, receipt, err);
    return file_parts_prepare(writer->parts, is_last, receipt, err);
}

static Status file_publish(SinkWriter *writer, int64_t epoch, const uint8_t *receipt,
                           size_t receipt_size, Error *err) {
    if (is_complete(writer))
        return publish_version(writer, epoch, receipt, receipt_size, err);
    return file_parts_publish(writer->parts, epoch, receipt, receipt_size, err);
}

static Status file_abort(SinkWriter *writer, Error *err) {
    char path[PATH_MAX];

    if (!is_complete(writer))
        return file_parts_abort(writer->parts, err);
    writer->parts = file_parts_destroy(writer->parts);
    version_path(writer, writer->epoch, path, sizeof(path));
    return file_remove_tree(path, err);
}

static int64_t file_roll_due_us(SinkWriter *writer) {
    return is_complete(writer) ? -1 : file_parts_roll_due_us(writer->parts);
}

static void file_totals(SinkWriter *writer, int64_t *ret_rows, int64_t *ret_bytes) {
    *ret_rows = writer->row_count;
    *ret_bytes = writer->byte_count;
}

const SinkType sink_file = {
    .name = "file",
    .options = file_options,
    .guarantee = SINK_PUBLISH_AFTER_COMMIT,
    .capabilities =
        SINK_TAKES_APPEND | SINK_TAKES_UPDATE | SINK_TAKES_COMPLETE | SINK_COMPLETE_ALONE,
    .needs_format = true,
    .exclusive_option = "path",
    .check = file_check,
    .open = file_open,
    .recover = file_recover,
    .begin = file_begin,
    .write = file_write,
    .prepare = file_prepare,
    .publish = file_publish,
    .abort = file_abort,
    .roll_due_us = file_roll_due_us,
    .close = file_close,
    .totals = file_totals,
};
