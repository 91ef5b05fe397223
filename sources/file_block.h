/* File blocks: reading a range of a discovered file and cutting it into lines. */
#pragma once

#include "connector/source.h"
#include "sources/file_journal.h"

/* The records of `entry` whose first byte has an offset in [from, to), about wanted_bytes of them
 * and at least one if there is one. A record ends before its newline ("\n" or "\r\n"); an empty
 * line is nothing; a line over LIMIT_RECORD_BYTES becomes a record with a fault. 58P01 / 58030 when
 * the file is gone or too short. */
MUST_USE Status file_block_read(const FileEntry *entry, int64_t from, int64_t to,
                                size_t wanted_bytes, Block **ret_block, Error *err);
/* Set block->header: the first record of the file, also when the block begins behind it. */
MUST_USE Status file_block_find_header(Block *block, const FileEntry *entry, Error *err);
/* A place in a file whose line number is known: the line that holds byte `position` is `line`. */
typedef struct LineMark {
    const char *path; /* the journal's */
    int64_t position;
    int64_t line; /* from 1 */
} LineMark;

/* Number the block's records by counting newlines from *mark, or from the file's begin when the
 * mark is of another file or behind; *mark moves to the last record. */
MUST_USE Status file_block_number_lines(Block *block, const FileEntry *entry, LineMark *mark,
                                        Error *err);
/* A block without records that steps over what is left of the entry. */
Block *file_block_empty(const FileEntry *entry, int64_t to);
/* The end (exclusive) of the last whole line in [from, size) of the file; `from` when there is
 * none. */
int64_t file_last_line_end(const char *path, int64_t from, int64_t size);
