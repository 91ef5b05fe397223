#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder that is made is durable: what is decided later will lie in it. */
static Status make_one(const char *path, Error *err) {
    char parent[PATH_MAX];

    if (mkdir(path, 0755))
        return errno == EEXIST ? STATUS_OK
                               : error_errno(err, errno, "could not make folder \"%s\"", path);
    file_directory_of(path, parent, sizeof(parent));
    return file_sync_directory(parent, err);
}

static Status path_too_long(const char *path, Error *err) {
    return error_set(err, INVALID_PARAMETER, "path is too long: \"%.100s…\"", path);
}

Status file_make_directory(const char *path, Error *err) {
    char partial[PATH_MAX];
    size_t length = strlen(path);

    if (length >= sizeof(partial))
        return path_too_long(path, err);
    memcpy(partial, path, length + 1);
    for (size_t i = 1; i < length; i++)
        if (partial[i] == '/') {
            partial[i] = '\0';
            TRY(make_one(partial, err));
            partial[i] = '/';
        }
    return make_one(partial, err);
}

Status file_sync_directory(const char *path, Error *err) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed;

    if (fd < 0)
        return error_errno(err, errno, "could not open folder \"%s\"", path);
    failed = fsync(fd) ? errno : 0;
    close(fd);
    if (failed)
        return error_errno(err, failed, "could not sync folder \"%s\"", path);
    return STATUS_OK;
}

Status file_write_all(int fd, const char *path, const void *bytes, size_t size_bytes, Error *err) {
    const char *next = bytes;

    while (size_bytes > 0) {
        ssize_t written = write(fd, next, size_bytes);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return error_errno(err, errno, "could not write \"%s\"", path);
        next += written;
        size_bytes -= (size_t) written;
    }
    return STATUS_OK;
}

Status file_sync_data(int fd, const char *path, Error *err) {
    if (fdatasync(fd))
        return error_errno(err, errno, "could not sync \"%s\"", path);
    return STATUS_OK;
}

static Status read_descriptor(int fd, const char *path, size_t limit_bytes, StrBuf *out,
                              Error *err) {
    enum { STEP = 65536 };

    for (;;) {
        char *room = strbuf_reserve(out, STEP);
        ssize_t count = read(fd, room, STEP);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return error_errno(err, errno, "could not read \"%s\"", path);
        out->length += (size_t) count;
        out->data[out->length] = '\0';
        if (count == 0)
            return STATUS_OK;
        if (limit_bytes && out->length > limit_bytes)
            return error_set(err, PROGRAM_LIMIT_EXCEEDED, "\"%s\" is larger than %zu bytes", path,
                             limit_bytes);
    }
}

Status file_read_all(const char *path, size_t limit_bytes, StrBuf *out, Error *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    Status status;

    if (fd < 0)
        return error_errno(err, errno, "could not open \"%s\"", path);
    status = read_descriptor(fd, path, limit_bytes, out, err);
    close(fd);
    return status;
}

void file_directory_of(const char *path, char *out, size_t size) {
    const char *slash = strrchr(path, '/');

    if (!slash)
        snprintf(out, size, ".");
    else if (slash == path)
        snprintf(out, size, "/");
    else
        snprintf(out, size, "%.*s", (int) (slash - path), path);
}

Status file_rename_durably(const char *from, const char *to, Error *err) {
    char folder[PATH_MAX];

    if (rename(from, to))
        return error_errno(err, errno, "could not rename \"%s\" to \"%s\"", from, to);
    file_directory_of(to, folder, sizeof(folder));
    return file_sync_directory(folder, err);
}

static Status write_new(const char *path, const void *bytes, size_t size_bytes, Error *err) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    Status status;

    if (fd < 0)
        return error_errno(err, errno, "could not create \"%s\"", path);
    status = file_write_all(fd, path, bytes, size_bytes, err);
    if (status == STATUS_OK)
        status = file_sync_data(fd, path, err);
    close(fd);
    return status;
}

Status file_replace(const char *path, const void *bytes, size_t size_bytes, Error *err) {
    char temporary[PATH_MAX];

    if ((size_t) snprintf(temporary, sizeof(temporary), "%s.tmp", path) >= sizeof(temporary))
        return path_too_long(path, err);
    TRY(write_new(temporary, bytes, size_bytes, err));
    return file_rename_durably(temporary, path, err);
}

static int remove_visit(const char *path, const struct stat *info, int type, struct FTW *walk) {
    return remove(path) && errno != ENOENT ? errno : 0;
}

Status file_remove_tree(const char *path, Error *err) {
    struct stat info;
    int failed;

    if (lstat(path, &info))
        return errno == ENOENT ? STATUS_OK : error_errno(err, errno, "could not read \"%s\"", path);
    failed = nftw(path, remove_visit, 16, FTW_DEPTH | FTW_PHYS);
    if (failed)
        return error_errno(err, failed > 0 ? failed : errno, "could not remove \"%s\"", path);
    return STATUS_OK;
}

bool file_exists(const char *path) {
    struct stat info;

    return lstat(path, &info) == 0;
}
