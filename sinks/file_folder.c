/* The folder of a file sink: whose it is, and its manifest. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "sinks/file_parts.h"
#include "store/crash.h"
#include "store/file.h"

enum { MANIFEST_LIMIT_BYTES = 4 << 20, OWNER_LIMIT_BYTES = 4096 };

/* The first word is the server's id; older data have a sink's id behind it. */
static bool is_owner(const char *line, const char *server_id) {
    size_t length = strlen(server_id);

    return strncmp(line, server_id, length) == 0 && (line[length] == '\n' || line[length] == ' ');
}

Status file_folder_own(const char *folder, const char *server_id, Error *err) {
    char path[PATH_MAX];
    char wanted[256];
    StrBuf owner = {0};
    Status status;

    snprintf(wanted, sizeof(wanted), "%s\n", server_id);
    if ((size_t) snprintf(path, sizeof(path), "%s/_millrace", folder) >= sizeof(path))
        return error_set(err, INVALID_PARAMETER, "path is too long");
    TRY(file_make_directory(path, err));
    if ((size_t) snprintf(path, sizeof(path), "%s/_millrace/owner", folder) >= sizeof(path))
        return error_set(err, INVALID_PARAMETER, "path is too long");
    if (!file_exists(path))
        return file_replace(path, wanted, strlen(wanted), err);
    status = file_read_all(path, OWNER_LIMIT_BYTES, &owner, err);
    if (status == STATUS_OK && !is_owner(strbuf_text(&owner), server_id)) {
        IGNORE(error_set(err, OBJECT_IN_USE, "folder \"%s\" belongs to another server", folder));
        status =
            error_hint(err, "Choose another path, or remove \"%s\" if that server is gone.", path);
    }
    strbuf_done(&owner);
    return status;
}

/* A crash may have torn the last line: cut it off, publishing again tells it whole. */
static Status cut_torn_line(const char *path, StrBuf *manifest, Error *err) {
    const char *last;

    if (manifest->length == 0 || manifest->data[manifest->length - 1] == '\n')
        return STATUS_OK;
    last = memrchr(manifest->data, '\n', manifest->length);
    manifest->length = last ? (size_t) (last - manifest->data) + 1 : 0;
    manifest->data[manifest->length] = '\0';
    if (truncate(path, (off_t) manifest->length))
        return error_errno(err, errno, "could not cut \"%s\"", path);
    return STATUS_OK;
}

/* Keep the newer half, from a line's begin on. */
static Status shorten(const char *path, StrBuf *manifest, Error *err) {
    const char *half = strchr(manifest->data + manifest->length / 2, '\n');
    const char *begin = half ? half + 1 : manifest->data + manifest->length;

    return file_replace(path, begin, manifest->length - (size_t) (begin - manifest->data), err);
}

static Status append_line(const char *path, const char *line, Error *err) {
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    Status status;

    if (fd < 0)
        return error_errno(err, errno, "could not open \"%s\"", path);
    status = file_write_all(fd, path, line, strlen(line), err);
    close(fd);
    return status;
}

Status file_manifest_append(const char *folder, const char *line, Error *err) {
    char path[PATH_MAX];
    StrBuf manifest = {0};
    Status status = STATUS_OK;

    snprintf(path, sizeof(path), "%s/_millrace/manifest.jsonl", folder);
    if (file_exists(path))
        status = file_read_all(path, 0, &manifest, err);
    if (status == STATUS_OK)
        status = cut_torn_line(path, &manifest, err);
    if (status == STATUS_OK && manifest.length > MANIFEST_LIMIT_BYTES)
        status = shorten(path, &manifest, err);
    /* Publishing again after a crash must not tell twice. */
    if (status == STATUS_OK && !strstr(strbuf_text(&manifest), line))
        status = append_line(path, line, err);
    strbuf_done(&manifest);
    crash_point(CRASH_MANIFEST_WRITTEN);
    return status;
}
