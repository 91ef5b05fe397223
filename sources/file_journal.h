/* File journal: what a file source has discovered, as byte ranges in one sequence.
 *
 * Every discovered piece of a file is an Entry: an immutable byte range [start, end) of a path,
 * placed at `base` in the virtual concatenation of all entries. So one int64 offset names one byte
 * for ever, growth of a file is just a further entry, and a listing's finds (a generation) end at a
 * known offset. The journal is appended to in batches, one a listing; each batch has a durable
 * form. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/strbuf.h"

typedef struct FileEntry {
    const char *path;    /* owned by the journal, stable */
    int64_t start, end;  /* bytes of the file */
    int64_t base;        /* offset of byte `start` */
    int64_t modified_us; /* µs since 2000-01-01 UTC */
    int64_t generation;  /* number of the listing, from 1 */
} FileEntry;

/* What is known of a path. */
typedef struct FileKnown {
    const char *path;
    int64_t consumed;    /* bytes that stand in entries */
    int64_t modified_ns; /* of the last look */
    int64_t seen_size;
    uint64_t head_hash; /* of the first head_size bytes */
    uint32_t head_size;
    bool is_refused; /* shrank or was rewritten: not read again */
} FileKnown;

typedef struct FileJournal FileJournal;

FileJournal *file_journal_create(void);
FileJournal *file_journal_destroy(FileJournal *journal);
int64_t file_journal_end(FileJournal *journal); /* offset behind the last entry. Any thread. */
/* The entry that holds `offset`; false when it is at or past the end. Any thread. */
bool file_journal_find(FileJournal *journal, int64_t offset, FileEntry *ret_entry);
/* The largest generation end <= to and > from; `from` when there is none. Any thread. */
int64_t file_journal_barrier(FileJournal *journal, int64_t from, int64_t to);
FileKnown *file_journal_known(FileJournal *journal, const char *path); /* NULL: never seen */
FileKnown *file_journal_learn(FileJournal *journal, const char *path); /* finds or adds */
/* Begin a generation; add its entries; end it: the batch's durable form goes to `out` (nothing when
 * the generation is empty). */
void file_journal_begin(FileJournal *journal);
void file_journal_add(FileJournal *journal, FileKnown *known, int64_t start, int64_t end,
                      int64_t modified_us);
void file_journal_finish(FileJournal *journal, StrBuf *out);
/* Play one durable batch back. XX001 when it is damaged. */
MUST_USE Status file_journal_restore(FileJournal *journal, const uint8_t *bytes, size_t size_bytes,
                                     Error *err);
