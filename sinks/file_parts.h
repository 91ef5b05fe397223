/* File parts: a stream's files in a folder, written hidden and shown by rename.
 *
 * While open a part is called .part-<stream>-<incarnation>-<seq>.<ext>.open; it is appended to
 * epoch by epoch, and what counts of it is the committed length in the receipt. A roll names it in
 * the receipt as finished; publish renames it to part-<stream>-<incarnation>-<seq>.<ext>. A visible
 * file never changes. Recovery cuts the open part to its committed length, publishes what the
 * receipt says is finished, and deletes what it does not name. */
#pragma once

#include "base/clock.h"
#include "base/strbuf.h"
#include "base/status.h"

typedef struct FileParts FileParts;

typedef struct FilePartsSpec {
    const char *folder;
    int64_t stream_id;
    const uint8_t *incarnation; /* 16 bytes; the first four name files */
    const char *extension;
    int64_t roll_size_bytes;
    int64_t roll_age_us;
    int64_t roll_idle_us;
    Context *clock;
} FilePartsSpec;

FileParts *file_parts_create(const FilePartsSpec *spec);
FileParts *file_parts_destroy(FileParts *parts);
/* `receipt` size 0: nothing was ever decided. */
MUST_USE Status file_parts_recover(FileParts *parts, int64_t epoch, const uint8_t *receipt,
                                   size_t size_bytes, Error *err);
/* Is the next byte the first of its file? Then a header goes there. */
bool file_parts_is_fresh(const FileParts *parts);
/* Bytes go to a buffer, and from it to the open part. */
MUST_USE Status file_parts_append(FileParts *parts, const StrBuf *bytes, int64_t row_count,
                                  Error *err);
/* Make durable what was appended; roll when it is due or `must_roll`. */
MUST_USE Status file_parts_prepare(FileParts *parts, bool must_roll, StrBuf *receipt, Error *err);
/* Idempotent. */
MUST_USE Status file_parts_publish(FileParts *parts, int64_t epoch, const uint8_t *receipt,
                                   size_t size_bytes, Error *err);
/* Back to the last prepared-and-decided state. */
MUST_USE Status file_parts_abort(FileParts *parts, Error *err);
int64_t file_parts_roll_due_us(const FileParts *parts); /* -1: nothing is open */

/* One line in <folder>/_millrace/manifest.jsonl; rewritten when over 4 MB. */
MUST_USE Status file_manifest_append(const char *folder, const char *line, Error *err);
/* Take the folder for this server, or 55006 when it is another's. */
MUST_USE Status file_folder_own(const char *folder, const char *server_id, Error *err);
