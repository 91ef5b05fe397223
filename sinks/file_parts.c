#include "sinks/file_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/hash.h"
#include "base/memory.h"
#include "store/crash.h"
#include "store/file.h"

enum {
    RECEIPT_VERSION = 1,
    FLUSH_BYTES = 1 << 20,
    HASH_STEP = 1 << 16,
    FINISHED_MAX = 10000, /* parts finished in one epoch: 128 MB each */
};

/* Far outside of any clock, and far inside of int64_t. */
static const int64_t time_max_us = INT64_MAX / 4; /* also above any sequence number */
static const int64_t time_min_us = -(INT64_MAX / 4);

/* What a receipt says of one part. */
typedef struct Part {
    int64_t seq; /* 0: none */
    int64_t size_bytes;
    int64_t row_count;
    int64_t opened_us; /* wall clock, for the roll by age */
} Part;

struct FileParts {
    FilePartsSpec spec;
    char *folder;
    char prefix[64]; /* part-<stream>-<incarnation> */
    char *extension;
    Part open;      /* being written; size counts what is in the file or the buffer */
    Part committed; /* of the open part, by the last decided receipt */
    int64_t next_seq;
    int64_t committed_next_seq;
    int fd; /* of the open part; -1 */
    StrBuf buffer;
    Part *finished; /* rolled in this epoch */
    int finished_count;
    int64_t last_write_us; /* monotonic; for the roll when idle */
    bool is_folder_dirty;  /* a part was made: its name must be durable before the receipt is */
};

static void part_path(const FileParts *parts, int64_t seq, bool is_open, char *path, size_t size) {
    snprintf(path, size, "%s/%s%s-%08" PRId64 ".%s%s", parts->folder, is_open ? "." : "",
             parts->prefix, seq, parts->extension, is_open ? ".open" : "");
}

FileParts *file_parts_create(const FilePartsSpec *spec) {
    FileParts *parts = memory_zalloc(sizeof(*parts));
    const uint8_t *inc = spec->incarnation;

    parts->spec = *spec;
    parts->folder = memory_strdup(spec->folder);
    parts->extension = memory_strdup(spec->extension);
    parts->fd = -1;
    parts->next_seq = parts->committed_next_seq = 1;
    snprintf(parts->prefix, sizeof(parts->prefix), "part-%" PRId64 "-%02x%02x%02x%02x",
             spec->stream_id, inc[0], inc[1], inc[2], inc[3]);
    return parts;
}

static void close_open(FileParts *parts) {
    if (parts->fd >= 0)
        close(parts->fd);
    parts->fd = -1;
}

FileParts *file_parts_destroy(FileParts *parts) {
    if (parts) {
        close_open(parts);
        strbuf_done(&parts->buffer);
        memory_free(parts->finished);
        memory_free(parts->folder);
        memory_free(parts->extension);
        memory_free(parts);
    }
    return NULL;
}

/* -------- writing -------- */

static Status part_is_missing(const char *path, Error *err) {
    IGNORE(error_set(err, IO_ERROR, "\"%s\" is missing: its rows were decided", path)); /* hinted */
    return error_hint(err, "ALTER STREAM ... RESTART FROM SCRATCH writes everything anew.");
}

/* Open the part at `size_bytes`: a new one, or one of which so much was decided. */
static Status open_part(FileParts *parts, int64_t seq, int64_t size_bytes, Error *err) {
    char path[PATH_MAX];
    struct stat found;

    part_path(parts, seq, true, path, sizeof(path));
    parts->fd = open(path, O_WRONLY | O_CLOEXEC | (size_bytes ? 0 : O_CREAT), 0644);
    if (parts->fd < 0 && size_bytes && errno == ENOENT)
        return part_is_missing(path, err);
    if (parts->fd < 0)
        return error_errno(err, errno, "could not create \"%s\"", path);
    if (fstat(parts->fd, &found) == 0 && found.st_size < size_bytes)
        return error_set(err, DATA_CORRUPTED, "\"%s\" is shorter than what was decided", path);
    parts->is_folder_dirty = true;
    if (ftruncate(parts->fd, size_bytes) || lseek(parts->fd, size_bytes, SEEK_SET) < 0)
        return error_errno(err, errno, "could not cut \"%s\"", path);
    return STATUS_OK;
}

/* Somebody may have removed the file that we write: then its rows must not be decided. */
static Status sync_part(FileParts *parts, Error *err) {
    char path[PATH_MAX];
    struct stat found;

    if (parts->fd < 0)
        return STATUS_OK;
    part_path(parts, parts->open.seq, true, path, sizeof(path));
    TRY(file_sync_data(parts->fd, path, err));
    if (fstat(parts->fd, &found) || found.st_nlink > 0)
        return STATUS_OK;
    if (parts->open.seq == parts->committed.seq)
        return part_is_missing(path, err);
    return error_errno(err, ENOENT, "\"%s\" was removed while it was written", path);
}

static Status flush(FileParts *parts, Error *err) {
    char path[PATH_MAX];

    if (parts->buffer.length == 0)
        return STATUS_OK;
    if (parts->fd < 0)
        TRY(open_part(parts, parts->open.seq,
                      parts->open.size_bytes - (int64_t) parts->buffer.length, err));
    part_path(parts, parts->open.seq, true, path, sizeof(path));
    TRY(file_write_all(parts->fd, path, parts->buffer.data, parts->buffer.length, err));
    strbuf_clear(&parts->buffer);
    return STATUS_OK;
}

bool file_parts_is_fresh(const FileParts *parts) {
    return parts->open.size_bytes == 0;
}

static void start_part(FileParts *parts) {
    Context *clock = parts->spec.clock;

    parts->open = (Part) {.seq = parts->next_seq++, .opened_us = clock->wall_us(clock)};
}

/* Finish the open part: durable, and named in the receipt. */
static Status roll(FileParts *parts, Error *err) {
    if (parts->open.seq == 0)
        return STATUS_OK;
    TRY(flush(parts, err));
    TRY(sync_part(parts, err));
    close_open(parts);
    if ((parts->finished_count & (parts->finished_count - 1)) == 0)
        parts->finished = memory_realloc(
            parts->finished,
            sizeof(Part) * (size_t) (parts->finished_count ? parts->finished_count * 2 : 1));
    parts->finished[parts->finished_count++] = parts->open;
    parts->open = (Part) {0};
    return STATUS_OK;
}

Status file_parts_append(FileParts *parts, const StrBuf *bytes, int64_t row_count, Error *err) {
    Context *clock = parts->spec.clock;

    if (bytes->length == 0)
        return STATUS_OK;
    if (parts->open.seq == 0)
        start_part(parts);
    strbuf_append(&parts->buffer, bytes->data, bytes->length);
    parts->open.size_bytes += (int64_t) bytes->length;
    parts->open.row_count += row_count;
    parts->last_write_us = clock->monotonic_ns(clock) / 1000;
    if (parts->buffer.length >= FLUSH_BYTES)
        TRY(flush(parts, err));
    if (parts->open.size_bytes >= parts->spec.roll_size_bytes &&
        parts->finished_count < FINISHED_MAX)
        return roll(parts, err);
    return STATUS_OK;
}

int64_t file_parts_roll_due_us(const FileParts *parts) {
    Context *clock = parts->spec.clock;
    int64_t age_left, idle_left, left;

    if (parts->open.seq == 0)
        return -1;
    age_left = parts->open.opened_us + parts->spec.roll_age_us - clock->wall_us(clock);
    idle_left = parts->last_write_us + parts->spec.roll_idle_us - clock->monotonic_ns(clock) / 1000;
    left = age_left < idle_left ? age_left : idle_left;
    return left > 0 ? left : 0;
}

/* -------- receipts: version, next_seq, the open part, the finished parts; int64 words -------- */

static void append_part(StrBuf *out, const Part *part) {
    codec_append_i64(out, part->seq);
    codec_append_i64(out, part->size_bytes);
    codec_append_i64(out, part->row_count);
    codec_append_i64(out, part->opened_us);
}

static void append_receipt(const FileParts *parts, StrBuf *receipt) {
    codec_append_i64(receipt, RECEIPT_VERSION);
    codec_append_i64(receipt, parts->next_seq);
    append_part(receipt, &parts->open);
    codec_append_i64(receipt, parts->finished_count);
    for (int i = 0; i < parts->finished_count; i++)
        append_part(receipt, &parts->finished[i]);
}

typedef struct Receipt {
    int64_t next_seq;
    Part open;
    int64_t finished_count;
    CodecReader finished; /* that many parts, found sound */
} Receipt;

static Part read_part(CodecReader *reader) {
    Part part;

    part.seq = codec_read_i64(reader);
    part.size_bytes = codec_read_i64(reader);
    part.row_count = codec_read_i64(reader);
    part.opened_us = codec_read_i64(reader);
    return part;
}

static Status receipt_damaged(Error *err) {
    return error_set(err, DATA_CORRUPTED, "receipt of a file sink is damaged");
}

static bool part_is_sound(const Part *part, int64_t next_seq) {
    return part->seq >= 0 && part->seq < next_seq && part->size_bytes >= 0 &&
           part->row_count >= 0 && part->opened_us >= time_min_us && part->opened_us <= time_max_us;
}

static Status parse_receipt(const uint8_t *bytes, size_t size_bytes, Receipt *ret_receipt,
                            Error *err) {
    CodecReader reader = codec_reader(bytes, size_bytes);
    int64_t version = codec_read_i64(&reader);
    Receipt receipt;

    receipt.next_seq = codec_read_i64(&reader);
    receipt.open = read_part(&reader);
    receipt.finished_count = codec_read_i64(&reader);
    receipt.finished = reader;
    if (reader.is_damaged || version != RECEIPT_VERSION || receipt.finished_count < 0 ||
        receipt.finished_count > FINISHED_MAX || receipt.next_seq < 1 ||
        receipt.next_seq > time_max_us || !part_is_sound(&receipt.open, receipt.next_seq))
        return receipt_damaged(err);
    for (int64_t i = 0; i < receipt.finished_count; i++) {
        Part part = read_part(&reader);

        if (part.seq == 0 || !part_is_sound(&part, receipt.next_seq))
            return receipt_damaged(err);
    }
    if (!codec_is_read_whole(&reader))
        return receipt_damaged(err);
    *ret_receipt = receipt;
    return STATUS_OK;
}

Status file_parts_prepare(FileParts *parts, bool must_roll, StrBuf *receipt, Error *err) {
    if (must_roll || file_parts_roll_due_us(parts) == 0)
        TRY(roll(parts, err));
    TRY(flush(parts, err));
    TRY(sync_part(parts, err));
    if (parts->is_folder_dirty)
        TRY(file_sync_directory(parts->folder, err));
    parts->is_folder_dirty = false;
    append_receipt(parts, receipt);
    return STATUS_OK;
}

/* -------- publishing -------- */

/* XXH3 of the file, in steps: a part may be large. */
static Status hash_file(const char *path, uint64_t *ret_hash, Error *err) {
    char step[HASH_STEP];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    HashStream *stream;
    ssize_t count;
    int failed;

    if (fd < 0)
        return error_errno(err, errno, "could not open \"%s\"", path);
    stream = hash_stream_create();
    while ((count = read(fd, step, sizeof(step))) > 0 || (count < 0 && errno == EINTR))
        if (count > 0)
            hash_stream_add(stream, step, (size_t) count);
    failed = count < 0 ? errno : 0;
    close(fd);
    *ret_hash = hash_stream_value(stream);
    hash_stream_destroy(stream);
    return failed ? error_errno(err, failed, "could not read \"%s\"", path) : STATUS_OK;
}

static Status publish_part(FileParts *parts, const Part *part, StrBuf *line, Error *err) {
    char hidden[PATH_MAX];
    char shown[PATH_MAX];
    uint64_t hash = 0;

    part_path(parts, part->seq, true, hidden, sizeof(hidden));
    part_path(parts, part->seq, false, shown, sizeof(shown));
    if (file_exists(hidden))
        TRY(file_rename_durably(hidden, shown, err));
    else if (!file_exists(shown))
        return STATUS_OK; /* a reader has taken it away already */
    crash_point(CRASH_FILE_RENAMED);
    TRY(hash_file(shown, &hash, err));
    strbuf_printf(line,
                  "%s{\"file\": \"%s-%08" PRId64 ".%s\", \"rows\": %" PRId64 ", \"bytes\": %" PRId64
                  ", \"xxh3\": \"%016" PRIx64 "\"}",
                  line->length ? ", " : "", parts->prefix, part->seq, parts->extension,
                  part->row_count, part->size_bytes, hash);
    return STATUS_OK;
}

Status file_parts_publish(FileParts *parts, int64_t epoch, const uint8_t *bytes, size_t size_bytes,
                          Error *err) {
    Receipt receipt;
    StrBuf files = {0};
    StrBuf line = {0};
    Status status = STATUS_OK;

    TRY(parse_receipt(bytes, size_bytes, &receipt, err));
    parts->finished_count = 0;
    parts->committed = parts->open = receipt.open;
    parts->committed_next_seq = parts->next_seq = receipt.next_seq;
    for (int64_t i = 0; i < receipt.finished_count && status == STATUS_OK; i++) {
        Part part = read_part(&receipt.finished);

        status = publish_part(parts, &part, &files, err);
    }
    if (status == STATUS_OK && files.length) {
        strbuf_printf(&line, "{\"stream\": %" PRId64 ", \"epoch\": %" PRId64 ", \"files\": [%s]}\n",
                      parts->spec.stream_id, epoch, files.data);
        status = file_manifest_append(parts->folder, line.data, err);
    }
    strbuf_done(&files);
    strbuf_done(&line);
    return status;
}

/* -------- going back -------- */

/* Delete this stream's open parts that `keep_seq` does not name. */
static Status delete_strangers(FileParts *parts, int64_t keep_seq, Error *err) {
    char keep[PATH_MAX];
    size_t prefix_length = strlen(parts->prefix);
    struct dirent *item;
    Status status = STATUS_OK;
    DIR *folder = opendir(parts->folder);

    if (!folder)
        return error_errno(err, errno, "could not open folder \"%s\"", parts->folder);
    part_path(parts, keep_seq, true, keep, sizeof(keep));
    while (status == STATUS_OK && (item = readdir(folder))) {
        char path[PATH_MAX];
        size_t length = strlen(item->d_name);

        if (item->d_name[0] != '.' || length < 5 ||
            strcmp(item->d_name + length - 5, ".open") != 0 ||
            strncmp(item->d_name + 1, parts->prefix, prefix_length) != 0 ||
            item->d_name[1 + prefix_length] != '-')
            continue;
        if ((size_t) snprintf(path, sizeof(path), "%s/%s", parts->folder, item->d_name) >=
            sizeof(path))
            continue;
        if (strcmp(path, keep) != 0 && unlink(path))
            status = error_errno(err, errno, "could not remove \"%s\"", path);
    }
    closedir(folder);
    return status;
}

Status file_parts_abort(FileParts *parts, Error *err) {
    close_open(parts);
    strbuf_clear(&parts->buffer);
    parts->finished_count = 0;
    parts->open = parts->committed;
    parts->next_seq = parts->committed_next_seq;
    TRY(delete_strangers(parts, parts->open.seq, err));
    if (parts->open.seq)
        TRY(open_part(parts, parts->open.seq, parts->open.size_bytes, err));
    return STATUS_OK;
}

Status file_parts_recover(FileParts *parts, int64_t epoch, const uint8_t *receipt,
                          size_t size_bytes, Error *err) {
    if (size_bytes)
        TRY(file_parts_publish(parts, epoch, receipt, size_bytes, err));
    return file_parts_abort(parts, err);
}
