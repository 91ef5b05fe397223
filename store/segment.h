/* Segments: append-only files for bulk: changelogs and state images too large for SQLite.
 *
 * A block is a header (magic, format version, length, XXH3 of the bytes) and its bytes. Blocks are
 * made durable (fdatasync) before the SQLite transaction that names them; what no transaction names
 * is cut off at the next start. Files are called seg-<n>; a new one starts when the newest is over
 * SEGMENT_FILE_BYTES, and one that nobody names any more is removed. One thread at a time. */
#pragma once

#include "base/status.h"
#include "base/strbuf.h"

enum { SEGMENT_FILE_BYTES = 64 << 20 };

typedef struct SegmentStore SegmentStore;

typedef struct SegmentPlace {
    int64_t file; /* n of seg-<n>; 0: nowhere */
    int64_t offset;
    int64_t size_bytes; /* of the bytes, without the header */
} SegmentPlace;

/* `folder` exists. `newest_file` and `newest_size` are what the checkpoint names: later bytes are
 * cut off. */
MUST_USE Status segment_open(const char *folder, int64_t newest_file, int64_t newest_size,
                             SegmentStore **ret_store, Error *err);
SegmentStore *segment_close(SegmentStore *store);
MUST_USE Status segment_append(SegmentStore *store, const void *bytes, size_t size_bytes,
                               SegmentPlace *ret_place, Error *err);
/* fdatasync what was appended since the last call; nothing appended: nothing done. */
MUST_USE Status segment_sync(SegmentStore *store, Error *err);
/* XX001 naming the file when the block is damaged. */
MUST_USE Status segment_read(SegmentStore *store, const SegmentPlace *place, StrBuf *out,
                             Error *err);
void segment_position(const SegmentStore *store, int64_t *ret_file, int64_t *ret_size);
/* Remove the files below `first_needed`. */
MUST_USE Status segment_trim(SegmentStore *store, int64_t first_needed, Error *err);
