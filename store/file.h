/* File: the system calls on files that durability rests on, with errors as Error.
 *
 * Every function names the path in its error. Nothing here retries or hides a short write. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/strbuf.h"

MUST_USE Status file_make_directory(const char *path,
                                    Error *err); /* with parents, durably; there: fine */
MUST_USE Status file_sync_directory(const char *path, Error *err);
/* Write all bytes at the descriptor's position. */
MUST_USE Status file_write_all(int fd, const char *path, const void *bytes, size_t size_bytes,
                               Error *err);
MUST_USE Status file_sync_data(int fd, const char *path, Error *err);
/* `limit_bytes` 0: none; past it 54000. */
MUST_USE Status file_read_all(const char *path, size_t limit_bytes, StrBuf *out, Error *err);
/* Replace the content atomically and durably: temporary file, fdatasync, rename, folder fsync. */
MUST_USE Status file_replace(const char *path, const void *bytes, size_t size_bytes, Error *err);
/* Rename and fsync the folder of the new name. */
MUST_USE Status file_rename_durably(const char *from, const char *to, Error *err);
/* Remove a file or a whole folder; missing: fine. */
MUST_USE Status file_remove_tree(const char *path, Error *err);
bool file_exists(const char *path);
/* The folder part of a path, in `out` (size bytes); "." when there is none. */
void file_directory_of(const char *path, char *out, size_t size);
