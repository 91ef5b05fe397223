/* Segments: append-only files for bulk: changelogs and state images too large for SQLite.
 *
 * A block is a header (magic, format version, length, XXH3 of the bytes) and its bytes. Blocks are
 * made durable (fdatasync) before the SQLite transaction that names them; what no transaction names
 * is cut off at the next start. Files are called seg-<n>; a new one starts when the newest is over
 * SEGMENT_FILE_BYTES. One that nobody names any more is removed; one of which little is named is
 * emptied by its owner, so that a block that lasts does not hold a file for ever. One thread at a
 * time. */
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
/* Other sizes of a file than SEGMENT_FILE_BYTES: for tests. */
void segment_set_file_bytes(SegmentStore *store, int64_t size_bytes);

/* What the owner still names. */
typedef struct SegmentUse {
    int64_t file;
    int64_t live_bytes;
} SegmentUse;

/* Has enough been appended since the last trim that one is worth while? */
bool segment_needs_trim(const SegmentStore *store);
/* Remove the files that are not among `uses`; the newest stays. */
MUST_USE Status segment_trim(SegmentStore *store, const SegmentUse *uses, int count, Error *err);
/* A file of which less than a quarter is named, to be emptied; 0: none. */
int64_t segment_sparse_file(const SegmentStore *store, const SegmentUse *uses, int count);
