#include "store/segment.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/hash.h"
#include "base/memory.h"
#include "store/crash.h"
#include "store/file.h"

enum {
    SEGMENT_VERSION = 1,
    SEGMENT_HEADER_BYTES = 24, /* u32 magic, u32 version, u64 size of the block, u64 its XXH3 */
    SPARSE_PART = 4,           /* a file of which less than 1/4 is named is sparse */
};

static const uint32_t SEGMENT_MAGIC = 0x4753524d; /* "MRSG" */

struct SegmentStore {
    char *folder;
    int fd; /* of the newest file; -1: none yet */
    int64_t file;
    int64_t size_bytes;
    int64_t file_bytes_max;
    int64_t untrimmed_bytes; /* appended since the last trim */
    bool is_dirty;
};

static void segment_path(const SegmentStore *store, int64_t file, char *path, size_t size) {
    snprintf(path, size, "%s/seg-%lld", store->folder, (long long) file);
}

static Status segment_open_file(SegmentStore *store, int64_t file, int64_t size_bytes, Error *err) {
    char path[PATH_MAX];

    segment_path(store, file, path, sizeof(path));
    if (store->fd >= 0)
        close(store->fd);
    store->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (store->fd < 0)
        return error_errno(err, errno, "could not open \"%s\"", path);
    if (ftruncate(store->fd, size_bytes) || lseek(store->fd, size_bytes, SEEK_SET) < 0)
        return error_errno(err, errno, "could not cut \"%s\"", path);
    store->file = file;
    store->size_bytes = size_bytes;
    return file_sync_directory(store->folder, err);
}

/* The number in "seg-<n>"; -1 for other names. */
static int64_t segment_number(const char *name) {
    char *end;
    long long number;

    if (strncmp(name, "seg-", 4) != 0)
        return -1;
    number = strtoll(name + 4, &end, 10);
    return *end || number <= 0 ? -1 : number;
}

static bool is_used(const SegmentUse *uses, int count, int64_t file) {
    for (int i = 0; i < count; i++)
        if (uses[i].file == file)
            return true;
    return false;
}

/* Remove the files above the newest, and of those below it the unused ones; `uses` NULL: none. */
static Status remove_files(SegmentStore *store, int64_t newest, const SegmentUse *uses, int count,
                           Error *err) {
    DIR *folder = opendir(store->folder);
    struct dirent *item;
    Status status = STATUS_OK;

    if (!folder)
        return error_errno(err, errno, "could not open folder \"%s\"", store->folder);
    while (status == STATUS_OK && (item = readdir(folder))) {
        int64_t number = segment_number(item->d_name);
        char path[PATH_MAX];

        if (number < 0 || number == newest ||
            (number < newest && (!uses || is_used(uses, count, number))))
            continue;
        segment_path(store, number, path, sizeof(path));
        if (unlink(path))
            status = error_errno(err, errno, "could not remove \"%s\"", path);
    }
    closedir(folder);
    return status;
}

Status segment_open(const char *folder, int64_t newest_file, int64_t newest_size,
                    SegmentStore **ret_store, Error *err) {
    SegmentStore *store = memory_zalloc(sizeof(*store));
    Status status;

    store->folder = memory_strdup(folder);
    store->fd = -1;
    store->file_bytes_max = SEGMENT_FILE_BYTES;
    store->untrimmed_bytes = newest_file > 0 ? SEGMENT_FILE_BYTES : 0; /* look once */
    status = remove_files(store, newest_file, NULL, 0, err);
    if (status == STATUS_OK && newest_file > 0)
        status = segment_open_file(store, newest_file, newest_size, err);
    if (status != STATUS_OK) {
        segment_close(store);
        return status;
    }
    *ret_store = store;
    return STATUS_OK;
}

SegmentStore *segment_close(SegmentStore *store) {
    if (store) {
        if (store->fd >= 0)
            close(store->fd);
        memory_free(store->folder);
        memory_free(store);
    }
    return NULL;
}

Status segment_append(SegmentStore *store, const void *bytes, size_t size_bytes,
                      SegmentPlace *ret_place, Error *err) {
    CLEANUP(strbuf_done) StrBuf header = {0};
    char path[PATH_MAX];

    if (store->fd < 0 || store->size_bytes > store->file_bytes_max) {
        TRY(segment_sync(store, err));
        TRY(segment_open_file(store, store->file + 1, 0, err));
    }
    segment_path(store, store->file, path, sizeof(path));
    /* A write that failed half-way has moved the descriptor. */
    if (lseek(store->fd, store->size_bytes, SEEK_SET) < 0)
        return error_errno(err, errno, "could not seek in \"%s\"", path);
    codec_append_u32(&header, SEGMENT_MAGIC);
    codec_append_u32(&header, SEGMENT_VERSION);
    codec_append_u64(&header, size_bytes);
    codec_append_u64(&header, hash_bytes(bytes, size_bytes));
    assert(header.length == SEGMENT_HEADER_BYTES);
    TRY(file_write_all(store->fd, path, header.data, header.length, err));
    TRY(file_write_all(store->fd, path, bytes, size_bytes, err));
    *ret_place = (SegmentPlace) {store->file, store->size_bytes, (int64_t) size_bytes};
    store->size_bytes += (int64_t) (SEGMENT_HEADER_BYTES + size_bytes);
    store->untrimmed_bytes += (int64_t) (SEGMENT_HEADER_BYTES + size_bytes);
    store->is_dirty = true;
    return STATUS_OK;
}

Status segment_sync(SegmentStore *store, Error *err) {
    char path[PATH_MAX];

    if (!store->is_dirty)
        return STATUS_OK;
    segment_path(store, store->file, path, sizeof(path));
    TRY(file_sync_data(store->fd, path, err));
    store->is_dirty = false;
    crash_point(CRASH_SEGMENT_WRITTEN);
    return STATUS_OK;
}

static Status read_block(int fd, const char *path, const SegmentPlace *place, StrBuf *out,
                         Error *err) {
    uint8_t bytes[SEGMENT_HEADER_BYTES];
    CodecReader header = codec_reader(bytes, sizeof(bytes));
    size_t size_bytes = (size_t) place->size_bytes;
    char *room;

    if (pread(fd, bytes, sizeof(bytes), place->offset) != sizeof(bytes) ||
        codec_read_u32(&header) != SEGMENT_MAGIC || codec_read_u32(&header) != SEGMENT_VERSION ||
        codec_read_u64(&header) != size_bytes)
        return error_set(err, DATA_CORRUPTED, "\"%s\" is damaged at byte %lld", path,
                         (long long) place->offset);
    room = strbuf_reserve(out, size_bytes);
    if (pread(fd, room, size_bytes, place->offset + SEGMENT_HEADER_BYTES) != (ssize_t) size_bytes ||
        hash_bytes(room, size_bytes) != codec_read_u64(&header))
        return error_set(err, DATA_CORRUPTED, "\"%s\" is damaged at byte %lld", path,
                         (long long) place->offset);
    out->length += size_bytes;
    out->data[out->length] = '\0';
    return STATUS_OK;
}

Status segment_read(SegmentStore *store, const SegmentPlace *place, StrBuf *out, Error *err) {
    char path[PATH_MAX];
    Status status;
    int fd;

    segment_path(store, place->file, path, sizeof(path));
    if (place->size_bytes < 0 || place->size_bytes > INT32_MAX || place->offset < 0)
        return error_set(err, DATA_CORRUPTED, "checkpoint names a wrong place in \"%s\"", path);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, errno, "could not open \"%s\"", path);
    status = read_block(fd, path, place, out, err);
    close(fd);
    return status;
}

void segment_position(const SegmentStore *store, int64_t *ret_file, int64_t *ret_size) {
    *ret_file = store->file;
    *ret_size = store->size_bytes;
}

void segment_set_file_bytes(SegmentStore *store, int64_t size_bytes) {
    store->file_bytes_max = size_bytes;
}

bool segment_needs_trim(const SegmentStore *store) {
    return store->untrimmed_bytes >= store->file_bytes_max;
}

Status segment_trim(SegmentStore *store, const SegmentUse *uses, int count, Error *err) {
    store->untrimmed_bytes = 0;
    return remove_files(store, store->file, uses, count, err);
}

int64_t segment_sparse_file(const SegmentStore *store, const SegmentUse *uses, int count) {
    for (int i = 0; i < count; i++) {
        struct stat info;
        char path[PATH_MAX];

        if (uses[i].file >= store->file)
            continue;
        segment_path(store, uses[i].file, path, sizeof(path));
        if (stat(path, &info) == 0 && uses[i].live_bytes < info.st_size / SPARSE_PART)
            return uses[i].file;
    }
    return 0;
}
