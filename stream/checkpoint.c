#include "stream/checkpoint.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "base/flag.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/memory.h"
#include "store/crash.h"
#include "store/file.h"
#include "store/segment.h"
#include "store/sqlite.h"

enum {
    LAYOUT_VERSION = 1,
    PROGRESS_KEPT = 1000,
    RECEIPTS_MAX = 1000,
    WAL_LIMIT_BYTES = 4 << 20,
};

static const char schema_sql[] =
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;"
    "CREATE TABLE epoch (number INTEGER PRIMARY KEY, header BLOB NOT NULL, receipts BLOB NOT NULL);"
    "CREATE TABLE changelog (version INTEGER PRIMARY KEY, size INTEGER NOT NULL, checksum INTEGER "
    "NOT NULL, bytes BLOB, file INTEGER, offset INTEGER);"
    "CREATE TABLE image (operator INTEGER, number INTEGER, part INTEGER, slice INTEGER, bucket "
    "INTEGER, size INTEGER NOT NULL, checksum INTEGER NOT NULL, bytes BLOB, file INTEGER, offset "
    "INTEGER, PRIMARY KEY (operator, number, part, slice, bucket)) WITHOUT ROWID;"
    "CREATE TABLE journal (id INTEGER PRIMARY KEY, scan INTEGER NOT NULL, checksum INTEGER NOT "
    "NULL, "
    "bytes BLOB NOT NULL);"
    "CREATE TABLE progress (epoch INTEGER PRIMARY KEY, started_at INTEGER, rows_in INTEGER, "
    "rows_out "
    "INTEGER, late_rows INTEGER, late_windows INTEGER, bad_rows INTEGER, watermark INTEGER, "
    "state_rows INTEGER, state_bytes INTEGER, changelog_bytes INTEGER, choose_ms REAL, execute_ms "
    "REAL, prepare_ms REAL, decide_ms REAL, publish_ms REAL, cpu_ms REAL, offsets TEXT);";

struct Checkpoint {
    Database *database;
    SegmentStore *segments;
    char *folder;
    int64_t segment_place[2]; /* as the last commit of this process has it */
    Statement *put_epoch, *forget_epochs, *put_changelog, *trim_changelog, *put_image,
        *forget_images, *put_journal, *forget_journal, *put_progress, *trim_progress, *put_meta,
        *get_meta, *segment_uses, *find_images, *move_image;
};

static void database_path(const char *folder, char *path, size_t size) {
    snprintf(path, size, "%s/checkpoint.db", folder);
}

static Status put_meta_row(Database *database, const char *key, const void *bytes,
                           size_t size_bytes, Error *err) {
    Statement *put;

    TRY(statement_prepare(database, "INSERT OR REPLACE INTO meta VALUES (?, ?)", &put, err));
    statement_bind_text(put, 0, key);
    statement_bind_blob(put, 1, bytes, size_bytes);
    return statement_run(put, err);
}

static Status write_identity(Database *database, const CheckpointIdentity *identity, Error *err) {
    int64_t version = LAYOUT_VERSION;

    TRY(database_begin(database, err));
    TRY(database_execute(database, schema_sql, err));
    TRY(put_meta_row(database, "version", &version, sizeof(version), err));
    TRY(put_meta_row(database, "stream_id", &identity->stream_id, sizeof(int64_t), err));
    TRY(put_meta_row(database, "incarnation", identity->incarnation, INCARNATION_SIZE, err));
    return database_commit(database, err);
}

Status checkpoint_create(const char *folder, const CheckpointIdentity *identity, Error *err) {
    CLEANUP(database_closep) Database *database = NULL;
    char path[PATH_MAX];
    char parent[PATH_MAX];

    TRY(file_remove_tree(folder, err)); /* what a crash before the catalog's commit has left */
    TRY(file_make_directory(folder, err));
    database_path(folder, path, sizeof(path));
    TRY(database_open(path, true, &database, err));
    TRY(write_identity(database, identity, err));
    TRY(file_sync_directory(folder, err));
    file_directory_of(folder, parent, sizeof(parent));
    TRY(file_sync_directory(parent, err));
    crash_point(CRASH_STREAM_FOLDER_MADE);
    return STATUS_OK;
}

static Status meta_equals(Checkpoint *checkpoint, const char *key, const void *wanted,
                          size_t size_bytes, Error *err) {
    StrBuf value = {0};
    bool is_found = false;
    bool is_equal;
    Status status = checkpoint_get_meta(checkpoint, key, &value, &is_found, err);

    is_equal =
        is_found && value.length == size_bytes && memcmp(value.data, wanted, size_bytes) == 0;
    strbuf_done(&value);
    if (status != STATUS_OK)
        return status;
    if (!is_equal)
        return error_set(err, IO_ERROR, "checkpoint \"%s\" has another %s than the catalog",
                         checkpoint->folder, key);
    return STATUS_OK;
}

static Status prepare_all(Checkpoint *checkpoint, Error *err) {
    const struct {
        Statement **statement;
        const char *sql;
    } list[] = {
        {&checkpoint->put_epoch, "INSERT INTO epoch VALUES (?, ?, ?)"},
        {&checkpoint->forget_epochs, "DELETE FROM epoch WHERE number < ?"},
        {&checkpoint->put_changelog, "INSERT INTO changelog VALUES (?, ?, ?, ?, ?, ?)"},
        {&checkpoint->trim_changelog, "DELETE FROM changelog WHERE version < ?"},
        {&checkpoint->forget_images,
         "DELETE FROM image WHERE operator = ? AND number = ? AND part = ? AND slice = ?"},
        {&checkpoint->put_image,
         "INSERT OR REPLACE INTO image VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
        {&checkpoint->put_journal, "INSERT INTO journal (scan, checksum, bytes) VALUES (?, ?, ?)"},
        {&checkpoint->forget_journal, "DELETE FROM journal WHERE scan = ?"},
        {&checkpoint->put_progress, "INSERT OR REPLACE INTO progress VALUES (?, ?, ?, ?, ?, ?, ?, "
                                    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
        {&checkpoint->trim_progress, "DELETE FROM progress WHERE epoch <= ?"},
        {&checkpoint->put_meta, "INSERT OR REPLACE INTO meta VALUES (?, ?)"},
        {&checkpoint->get_meta, "SELECT value FROM meta WHERE key = ?"},
        {&checkpoint->segment_uses,
         "SELECT file, sum(size) FROM (SELECT file, size FROM changelog UNION ALL SELECT file, "
         "size FROM image) WHERE file IS NOT NULL GROUP BY file ORDER BY file"},
        {&checkpoint->find_images, "SELECT operator, number, part, slice, bucket, size, offset "
                                   "FROM image WHERE file = ?"},
        {&checkpoint->move_image,
         "UPDATE image SET file = ?, offset = ? WHERE operator = ? AND number = ? AND part = ? "
         "AND slice = ? AND bucket = ?"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(list); i++)
        TRY(statement_prepare(checkpoint->database, list[i].sql, list[i].statement, err));
    return STATUS_OK;
}

/* Segments end where the last transaction says they do. */
static Status open_segments(Checkpoint *checkpoint, Error *err) {
    CLEANUP(strbuf_done) StrBuf position = {0};
    CodecReader reader;
    int64_t file, offset;
    bool is_found = false;

    TRY(checkpoint_get_meta(checkpoint, "segments", &position, &is_found, err));
    reader = codec_reader(position.data, position.length);
    file = codec_read_i64(&reader); /* none yet: zero */
    offset = codec_read_i64(&reader);
    if (is_found && !codec_is_read_whole(&reader))
        return error_set(err, DATA_CORRUPTED,
                         "checkpoint in \"%s\" is damaged: it does not say "
                         "where its segments end",
                         checkpoint->folder);
    return segment_open(checkpoint->folder, file, offset, &checkpoint->segments, err);
}

static Status open_checked(Checkpoint *checkpoint, const CheckpointIdentity *identity, Error *err) {
    int64_t version = LAYOUT_VERSION;
    char path[PATH_MAX];

    database_path(checkpoint->folder, path, sizeof(path));
    if (!file_exists(path))
        return error_set(err, IO_ERROR, "checkpoint \"%s\" is missing", path);
    TRY(database_open(path, false, &checkpoint->database, err));
    TRY(prepare_all(checkpoint, err));
    TRY(meta_equals(checkpoint, "version", &version, sizeof(version), err));
    TRY(meta_equals(checkpoint, "stream_id", &identity->stream_id, sizeof(int64_t), err));
    TRY(meta_equals(checkpoint, "incarnation", identity->incarnation, INCARNATION_SIZE, err));
    return open_segments(checkpoint, err);
}

Status checkpoint_open(const char *folder, const CheckpointIdentity *identity,
                       Checkpoint **ret_checkpoint, Error *err) {
    Checkpoint *checkpoint = memory_zalloc(sizeof(*checkpoint));
    Status status;

    checkpoint->folder = memory_strdup(folder);
    status = open_checked(checkpoint, identity, err);
    if (status != STATUS_OK) {
        checkpoint_close(checkpoint);
        return status;
    }
    *ret_checkpoint = checkpoint;
    return STATUS_OK;
}

bool checkpoint_holds_epochs(const char *folder) {
    CLEANUP(database_closep) Database *database = NULL;
    char path[PATH_MAX];
    Statement *first;
    bool has_row = false;
    Error ignored;

    snprintf(path, sizeof(path), "%s/checkpoint.db", folder);
    return file_exists(path) && database_open(path, false, &database, &ignored) == STATUS_OK &&
           statement_prepare(database, "SELECT 1 FROM epoch LIMIT 1", &first, &ignored) ==
               STATUS_OK &&
           statement_step(first, &has_row, &ignored) == STATUS_OK && has_row;
}

Checkpoint *checkpoint_close(Checkpoint *checkpoint) {
    if (checkpoint) {
        segment_close(checkpoint->segments);
        database_close(checkpoint->database);
        memory_free(checkpoint->folder);
        memory_free(checkpoint);
    }
    return NULL;
}

/* -------- small facts -------- */

Status checkpoint_set_meta(Checkpoint *checkpoint, const char *key, const void *bytes,
                           size_t size_bytes, Error *err) {
    statement_bind_text(checkpoint->put_meta, 0, key);
    statement_bind_blob(checkpoint->put_meta, 1, bytes, size_bytes);
    return statement_run(checkpoint->put_meta, err);
}

Status checkpoint_get_meta(Checkpoint *checkpoint, const char *key, StrBuf *out, bool *ret_found,
                           Error *err) {
    size_t size_bytes = 0;
    const uint8_t *bytes;

    statement_bind_text(checkpoint->get_meta, 0, key);
    TRY(statement_step(checkpoint->get_meta, ret_found, err));
    if (!*ret_found)
        return STATUS_OK;
    bytes = statement_blob(checkpoint->get_meta, 0, &size_bytes);
    strbuf_append(out, bytes, size_bytes);
    statement_reset(checkpoint->get_meta);
    return STATUS_OK;
}

/* -------- journals -------- */

Status checkpoint_visit_journal(Checkpoint *checkpoint, int scan, CheckpointVisit visit, void *data,
                                Error *err) {
    Statement *rows;
    bool has_row = true;

    TRY(statement_prepare(checkpoint->database,
                          "SELECT id, bytes, checksum FROM journal WHERE scan = ? ORDER BY id",
                          &rows, err));
    statement_bind_int64(rows, 0, scan);
    for (;;) {
        size_t size_bytes = 0;
        const uint8_t *bytes;

        TRY(statement_step(rows, &has_row, err));
        if (!has_row)
            return STATUS_OK;
        bytes = statement_blob(rows, 1, &size_bytes);
        if (hash_bytes(bytes, size_bytes) != (uint64_t) statement_int64(rows, 2))
            return error_set(err, DATA_CORRUPTED, "journal in \"%s\" is damaged",
                             checkpoint->folder);
        TRY(visit(data, statement_int64(rows, 0), bytes, size_bytes, err));
    }
}

static Status put_journal(Checkpoint *checkpoint, int scan, const StrBuf *bytes, Error *err) {
    statement_bind_int64(checkpoint->put_journal, 0, scan);
    statement_bind_int64(checkpoint->put_journal, 1,
                         (int64_t) hash_bytes(bytes->data, bytes->length));
    statement_bind_blob(checkpoint->put_journal, 2, bytes->data, bytes->length);
    return statement_run(checkpoint->put_journal, err);
}

Status checkpoint_append_journal(Checkpoint *checkpoint, int scan, const StrBuf *bytes,
                                 Error *err) {
    TRY(put_journal(checkpoint, scan, bytes, err));
    crash_point(CRASH_DISCOVERY_DURABLE);
    return STATUS_OK;
}

Status checkpoint_replace_journal(Checkpoint *checkpoint, int scan, const StrBuf *bytes,
                                  Error *err) {
    Status status;

    TRY(database_begin(checkpoint->database, err));
    statement_bind_int64(checkpoint->forget_journal, 0, scan);
    status = statement_run(checkpoint->forget_journal, err);
    if (status == STATUS_OK)
        status = put_journal(checkpoint, scan, bytes, err);
    if (status == STATUS_OK)
        status = database_commit(checkpoint->database, err);
    if (status != STATUS_OK)
        database_rollback(checkpoint->database);
    else
        crash_point(CRASH_DISCOVERY_DURABLE);
    return status;
}

/* -------- recovery -------- */

static Status receipts_damaged(const Checkpoint *checkpoint, Error *err) {
    return error_set(err, DATA_CORRUPTED, "receipts in \"%s\" are damaged", checkpoint->folder);
}

static Status parse_receipts(const Checkpoint *checkpoint, const uint8_t *bytes, size_t size_bytes,
                             Arena *arena, CheckpointState *state, Error *err) {
    CodecReader reader;
    uint32_t count;

    if (!codec_open_sealed(bytes, size_bytes, &reader))
        return receipts_damaged(checkpoint, err);
    count = codec_read_u32(&reader);
    if (count > RECEIPTS_MAX)
        return receipts_damaged(checkpoint, err);
    state->sink_count = (int) count;
    state->receipts = arena_new_array(arena, StateBytes, count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t length = codec_read_u32(&reader);
        const uint8_t *receipt = codec_read_bytes(&reader, length);

        if (!receipt)
            return receipts_damaged(checkpoint, err);
        state->receipts[i] = (StateBytes) {arena_memdup(arena, receipt, length), length};
    }
    return STATUS_OK;
}

static Status meta_exists(Checkpoint *checkpoint, const char *key, bool *ret_found, Error *err) {
    StrBuf value = {0};
    Status status = checkpoint_get_meta(checkpoint, key, &value, ret_found, err);

    *ret_found = *ret_found && value.length > 0;
    strbuf_done(&value);
    return status;
}

Status checkpoint_load(Checkpoint *checkpoint, Arena *arena, CheckpointState *ret_state,
                       Error *err) {
    Statement *last;
    bool has_row = false;
    size_t size_bytes = 0;
    const uint8_t *bytes;
    Status status;

    *ret_state = (CheckpointState) {0};
    TRY(meta_exists(checkpoint, "paused", &ret_state->is_paused, err));
    TRY(meta_exists(checkpoint, "finished", &ret_state->is_finished, err));
    TRY(statement_prepare(checkpoint->database,
                          "SELECT number, header, receipts FROM epoch ORDER BY number DESC LIMIT 1",
                          &last, err));
    TRY(statement_step(last, &has_row, err));
    if (!has_row)
        return STATUS_OK;
    ret_state->epoch = statement_int64(last, 0);
    bytes = statement_blob(last, 1, &size_bytes);
    ret_state->header = arena_memdup(arena, bytes, size_bytes);
    ret_state->header_size = size_bytes;
    bytes = statement_blob(last, 2, &size_bytes);
    status = parse_receipts(checkpoint, bytes, size_bytes, arena, ret_state, err);
    statement_reset(last);
    return status;
}

/* The bytes of a changelog or image row: inline, or in a segment. Columns from `first`: size,
 * checksum, bytes, file, offset. */
static Status row_bytes(Checkpoint *checkpoint, Statement *row, int first, StrBuf *out,
                        Error *err) {
    int64_t size_bytes = statement_int64(row, first);

    strbuf_clear(out);
    if (statement_is_null(row, first + 2)) {
        SegmentPlace place = {statement_int64(row, first + 3), statement_int64(row, first + 4),
                              size_bytes};

        TRY(segment_read(checkpoint->segments, &place, out, err));
    } else {
        size_t length = 0;
        const uint8_t *bytes = statement_blob(row, first + 2, &length);

        strbuf_append(out, bytes, length);
    }
    if ((int64_t) out->length != size_bytes ||
        hash_bytes(strbuf_text(out), out->length) != (uint64_t) statement_int64(row, first + 1))
        return error_set(err, DATA_CORRUPTED, "state in \"%s\" is damaged", checkpoint->folder);
    return STATUS_OK;
}

static Status apply_image_row(Checkpoint *checkpoint, Statement *row, StateStore *state,
                              StrBuf *scratch, Error *err) {
    StateImage image = {
        .operator_id = (uint64_t) statement_int64(row, 5),
        .table_number = (int) statement_int64(row, 6),
        .partition = (int) statement_int64(row, 7),
        .slice = statement_int64(row, 8),
        .bucket = (uint32_t) statement_int64(row, 9),
    };

    TRY(row_bytes(checkpoint, row, 0, scratch, err));
    image.bytes = *scratch;
    return state_apply_image(state, &image, err);
}

static Status apply_changelog_row(Checkpoint *checkpoint, Statement *row, StateStore *state,
                                  StrBuf *scratch, Error *err) {
    TRY(row_bytes(checkpoint, row, 0, scratch, err));
    return state_apply_changelog(state, (const uint8_t *) strbuf_text(scratch), scratch->length,
                                 err);
}

typedef struct Restore {
    Checkpoint *checkpoint;
    StateStore *state;
    const volatile bool *cancel;
    StrBuf scratch;
} Restore;

static Status apply_rows(Restore *restore, const char *sql,
                         Status (*apply)(Checkpoint *checkpoint, Statement *row, StateStore *state,
                                         StrBuf *scratch, Error *err),
                         Error *err) {
    Statement *rows;
    bool has_row = true;
    Status status = statement_prepare(restore->checkpoint->database, sql, &rows, err);

    while (status == STATUS_OK) {
        status = statement_step(rows, &has_row, err);
        if (status != STATUS_OK || !has_row)
            break;
        if (flag_is_set(restore->cancel))
            status = error_set(err, QUERY_CANCELED, "the stream stops while its state is restored");
        else
            status = apply(restore->checkpoint, rows, restore->state, &restore->scratch, err);
        if (status != STATUS_OK)
            statement_reset(rows);
    }
    return status;
}

Status checkpoint_restore_state(Checkpoint *checkpoint, StateStore *state,
                                const volatile bool *cancel, Error *err) {
    Restore restore = {.checkpoint = checkpoint, .state = state, .cancel = cancel};
    Status status =
        apply_rows(&restore,
                   "SELECT size, checksum, bytes, file, offset, operator, number, part, slice, "
                   "bucket FROM image ORDER BY bucket",
                   apply_image_row, err);

    if (status == STATUS_OK)
        status = apply_rows(&restore,
                            "SELECT size, checksum, bytes, file, offset FROM changelog "
                            "ORDER BY version",
                            apply_changelog_row, err);
    strbuf_done(&restore.scratch);
    return status;
}

/* -------- the decision -------- */

/* Bind size, checksum, bytes, file, offset from parameter `first`; large bytes go to a segment. */
static Status bind_bytes(Checkpoint *checkpoint, Statement *statement, int first,
                         const StrBuf *bytes, Error *err) {
    statement_bind_int64(statement, first, (int64_t) bytes->length);
    statement_bind_int64(statement, first + 1,
                         (int64_t) hash_bytes(strbuf_text(bytes), bytes->length));
    if (bytes->length <= LIMIT_CHANGELOG_INLINE_BYTES) {
        statement_bind_blob(statement, first + 2, strbuf_text(bytes), bytes->length);
        statement_bind_null(statement, first + 3);
        statement_bind_null(statement, first + 4);
    } else {
        SegmentPlace place;

        TRY(segment_append(checkpoint->segments, bytes->data, bytes->length, &place, err));
        statement_bind_null(statement, first + 2);
        statement_bind_int64(statement, first + 3, place.file);
        statement_bind_int64(statement, first + 4, place.offset);
    }
    return STATUS_OK;
}

typedef struct ImageWriter {
    Checkpoint *checkpoint;
    int64_t bytes;
} ImageWriter;

static void bind_image_key(Statement *statement, const StateImage *image) {
    statement_bind_int64(statement, 0, (int64_t) image->operator_id);
    statement_bind_int64(statement, 1, image->table_number);
    statement_bind_int64(statement, 2, image->partition);
    statement_bind_int64(statement, 3, image->slice);
}

static Status write_image(void *data, const StateImage *image, Error *err) {
    ImageWriter *writer = data;
    Statement *put = writer->checkpoint->put_image;
    Statement *forget = writer->checkpoint->forget_images;

    if (image->bytes.length == 0) {
        bind_image_key(forget, image);
        return statement_run(forget, err);
    }
    bind_image_key(put, image);
    statement_bind_int64(put, 4, image->bucket);
    TRY(bind_bytes(writer->checkpoint, put, 5, &image->bytes, err));
    writer->bytes += (int64_t) image->bytes.length;
    return statement_run(put, err);
}

/* This epoch's changes; the images that are due; then the changelogs that they make unneeded go. */
static Status put_state(Checkpoint *checkpoint, const EpochRecord *record, StateStore *state,
                        int64_t *ret_bytes, Error *err) {
    Statement *put = checkpoint->put_changelog;
    ImageWriter writer = {checkpoint, 0};

    if (record->changelog->length == 0)
        return STATUS_OK;
    statement_bind_int64(put, 0, state_version(state) + 1);
    TRY(bind_bytes(checkpoint, put, 1, record->changelog, err));
    TRY(statement_run(put, err));
    TRY(state_take_images(state, false, write_image, &writer, err));
    statement_bind_int64(checkpoint->trim_changelog, 0, state_changelog_floor(state));
    *ret_bytes += (int64_t) record->changelog->length + writer.bytes;
    return statement_run(checkpoint->trim_changelog, err);
}

static Status put_epoch(Checkpoint *checkpoint, const EpochRecord *record, int64_t *ret_bytes,
                        Error *err) {
    StrBuf receipts = {0};
    Status status;

    codec_append_u32(&receipts, (uint32_t) record->sink_count);
    for (int i = 0; i < record->sink_count; i++) {
        uint32_t length = (uint32_t) record->receipts[i].length;

        codec_append_u32(&receipts, length);
        strbuf_append(&receipts, strbuf_text(&record->receipts[i]), length);
    }
    codec_seal(&receipts, 0);
    statement_bind_int64(checkpoint->put_epoch, 0, record->epoch);
    statement_bind_blob(checkpoint->put_epoch, 1, record->header->data, record->header->length);
    statement_bind_blob(checkpoint->put_epoch, 2, receipts.data, receipts.length);
    *ret_bytes += (int64_t) (record->header->length + receipts.length);
    status = statement_run(checkpoint->put_epoch, err);
    strbuf_done(&receipts);
    TRY(status);
    statement_bind_int64(checkpoint->forget_epochs, 0, record->epoch - 1);
    return statement_run(checkpoint->forget_epochs, err);
}

/* The int64 and then the double members, in the order of the table's columns. */
static int64_t *progress_integer(ProgressRow *row, int index) {
    int64_t *const list[] = {
        &row->epoch,      &row->started_at,   &row->rows_in,         &row->rows_out,
        &row->late_rows,  &row->late_windows, &row->bad_rows,        &row->watermark,
        &row->state_rows, &row->state_bytes,  &row->changelog_bytes,
    };

    return index < (int) ARRAY_LENGTH(list) ? list[index] : NULL;
}

static double *progress_double(ProgressRow *row, int index) {
    double *const list[] = {&row->choose_ms, &row->execute_ms, &row->prepare_ms,
                            &row->decide_ms, &row->publish_ms, &row->cpu_ms};

    return index < (int) ARRAY_LENGTH(list) ? list[index] : NULL;
}

static Status put_progress(Checkpoint *checkpoint, const EpochRecord *record, Error *err) {
    Statement *put = checkpoint->put_progress;
    ProgressRow row;
    int column = 0;

    if (!record->progress)
        return STATUS_OK;
    row = *record->progress;
    for (int i = 0; progress_integer(&row, i); i++)
        statement_bind_int64(put, column++, *progress_integer(&row, i));
    for (int i = 0; progress_double(&row, i); i++)
        statement_bind_double(put, column++, *progress_double(&row, i));
    statement_bind_text(put, column, row.offsets);
    TRY(statement_run(put, err));
    statement_bind_int64(checkpoint->trim_progress, 0, record->epoch - PROGRESS_KEPT);
    return statement_run(checkpoint->trim_progress, err);
}

static Status put_segment_position(Checkpoint *checkpoint, Error *err) {
    CLEANUP(strbuf_done) StrBuf position = {0};
    int64_t place[2];

    segment_position(checkpoint->segments, &place[0], &place[1]);
    if (memcmp(place, checkpoint->segment_place, sizeof(place)) == 0)
        return STATUS_OK;
    codec_append_i64(&position, place[0]);
    codec_append_i64(&position, place[1]);
    return checkpoint_set_meta(checkpoint, "segments", position.data, position.length, err);
}

static Status decide_in_transaction(Checkpoint *checkpoint, const EpochRecord *record,
                                    StateStore *state, int64_t *ret_bytes, Error *err) {
    TRY(put_state(checkpoint, record, state, ret_bytes, err));
    TRY(put_epoch(checkpoint, record, ret_bytes, err));
    TRY(put_progress(checkpoint, record, err));
    TRY(put_segment_position(checkpoint, err));
    return segment_sync(checkpoint->segments, err);
}

Status checkpoint_decide(Checkpoint *checkpoint, const EpochRecord *record, StateStore *state,
                         int64_t *ret_bytes, Error *err) {
    Status status;

    *ret_bytes = 0;
    TRY(database_begin(checkpoint->database, err));
    status = decide_in_transaction(checkpoint, record, state, ret_bytes, err);
    if (status == STATUS_OK) {
        crash_point(CRASH_BEFORE_DECIDE);
        status = database_commit(checkpoint->database, err);
    }
    if (status != STATUS_OK)
        database_rollback(checkpoint->database);
    else
        segment_position(checkpoint->segments, &checkpoint->segment_place[0],
                         &checkpoint->segment_place[1]);
    return status;
}

Status checkpoint_decide_lazily(Checkpoint *checkpoint, const EpochRecord *record,
                                StateStore *state, Error *err) {
    int64_t bytes = 0;
    Error ignored;
    Status status;

    assert(record->changelog->length == 0);
    TRY(database_execute(checkpoint->database, "PRAGMA synchronous = NORMAL", err));
    status = checkpoint_decide(checkpoint, record, state, &bytes, err);
    if (status == STATUS_OK)
        return database_execute(checkpoint->database, "PRAGMA synchronous = FULL", err);
    IGNORE(database_execute(checkpoint->database, "PRAGMA synchronous = FULL",
                            &ignored)); /* the first error counts */
    return status;
}

Status checkpoint_visit_progress(Checkpoint *checkpoint, ProgressVisit visit, void *data,
                                 Error *err) {
    Statement *rows;
    bool has_row = true;

    TRY(statement_prepare(checkpoint->database, "SELECT * FROM progress ORDER BY epoch", &rows,
                          err));
    for (;;) {
        ProgressRow row = {0};
        int column = 0;

        TRY(statement_step(rows, &has_row, err));
        if (!has_row)
            return STATUS_OK;
        for (int i = 0; progress_integer(&row, i); i++)
            *progress_integer(&row, i) = statement_int64(rows, column++);
        for (int i = 0; progress_double(&row, i); i++)
            *progress_double(&row, i) = statement_double(rows, column++);
        row.offsets = statement_text(rows, column);
        TRY(visit(data, &row, err));
    }
}

/* -------- tidying -------- */

typedef struct SegmentUses {
    SegmentUse *items;
    int count;
} SegmentUses;

/* Which segment files rows name. Read twice: how many, then which. */
static Status read_uses(Checkpoint *checkpoint, Arena *arena, SegmentUses *ret_uses, Error *err) {
    Statement *rows = checkpoint->segment_uses;
    bool has_row = false;

    TRY(statement_step(rows, &has_row, err));
    for (ret_uses->count = 0; has_row; ret_uses->count++)
        TRY(statement_step(rows, &has_row, err));
    statement_reset(rows);
    ret_uses->items = arena_new_array(arena, SegmentUse, (size_t) ret_uses->count + 1);
    for (int i = 0; i < ret_uses->count; i++) {
        TRY(statement_step(rows, &has_row, err));
        assert(has_row); /* nobody writes meanwhile */
        ret_uses->items[i] = (SegmentUse) {statement_int64(rows, 0), statement_int64(rows, 1)};
    }
    statement_reset(rows);
    return STATUS_OK;
}

static Status move_image(Checkpoint *checkpoint, int64_t file, StrBuf *bytes, Error *err) {
    Statement *row = checkpoint->find_images;
    Statement *move = checkpoint->move_image;
    SegmentPlace from = {file, statement_int64(row, 6), statement_int64(row, 5)};
    SegmentPlace to;

    strbuf_clear(bytes);
    TRY(segment_read(checkpoint->segments, &from, bytes, err));
    TRY(segment_append(checkpoint->segments, bytes->data, bytes->length, &to, err));
    statement_bind_int64(move, 0, to.file);
    statement_bind_int64(move, 1, to.offset);
    for (int i = 0; i < 5; i++)
        statement_bind_int64(move, 2 + i, statement_int64(row, i));
    return statement_run(move, err);
}

/* A row that was moved names another file: it is not found again. */
static Status move_images(Checkpoint *checkpoint, int64_t file, Error *err) {
    CLEANUP(strbuf_done) StrBuf bytes = {0};
    bool has_row = false;

    statement_bind_int64(checkpoint->find_images, 0, file);
    for (;;) {
        TRY(statement_step(checkpoint->find_images, &has_row, err));
        if (!has_row)
            break;
        TRY(move_image(checkpoint, file, &bytes, err));
    }
    TRY(put_segment_position(checkpoint, err));
    return segment_sync(checkpoint->segments, err);
}

/* The images of buckets that seldom change would keep whole files alive: write them anew. The next
 * trim removes the file. */
static Status empty_segment(Checkpoint *checkpoint, int64_t file, Error *err) {
    Status status;

    TRY(database_begin(checkpoint->database, err));
    status = move_images(checkpoint, file, err);
    statement_reset(checkpoint->find_images);
    if (status == STATUS_OK)
        status = database_commit(checkpoint->database, err);
    if (status != STATUS_OK)
        database_rollback(checkpoint->database);
    else
        segment_position(checkpoint->segments, &checkpoint->segment_place[0],
                         &checkpoint->segment_place[1]);
    return status;
}

static Status trim_segments(Checkpoint *checkpoint, Error *err) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("segments", 0);
    SegmentUses uses = {0};
    int64_t sparse;

    TRY(read_uses(checkpoint, arena, &uses, err));
    TRY(segment_trim(checkpoint->segments, uses.items, uses.count, err));
    sparse = segment_sparse_file(checkpoint->segments, uses.items, uses.count);
    return sparse ? empty_segment(checkpoint, sparse, err) : STATUS_OK;
}

Status checkpoint_tidy(Checkpoint *checkpoint, Error *err) {
    if (database_wal_size_bytes(checkpoint->database) >= WAL_LIMIT_BYTES)
        TRY(database_checkpoint(checkpoint->database, err));
    return segment_needs_trim(checkpoint->segments) ? trim_segments(checkpoint, err) : STATUS_OK;
}

void checkpoint_set_segment_bytes(Checkpoint *checkpoint, int64_t size_bytes) {
    segment_set_file_bytes(checkpoint->segments, size_bytes);
}
