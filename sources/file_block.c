#include "sources/file_block.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/memory.h"

enum {
    READ_STEP = 1 << 16, /* how far to read on for the end of the last line */
    TOO_LONG_SAMPLE = 1024,
    BOM_BYTES = 3,
};

typedef struct FileBlock {
    Block base; /* must be first */
    const char *name;
    int64_t modified_us;
    char *bytes;
    size_t capacity;
    Block *header_block; /* holds the header when it is not among the records */
} FileBlock;

/* What a read is about; file positions, not offsets. */
typedef struct LineRead {
    const FileEntry *entry;
    int fd;
    int64_t first;  /* where the block's bytes begin */
    int64_t limit;  /* records start before this */
    int64_t length; /* bytes there */
    bool is_file_start;
    FileBlock *block;
} LineRead;

static void file_block_release(Block *base) {
    FileBlock *block = (FileBlock *) base;

    block_unref(block->header_block);
    memory_free(base->records);
    memory_free(block->bytes);
    memory_free(block);
}

static FileBlock *file_block_create(const FileEntry *entry) {
    FileBlock *block = memory_zalloc(sizeof(*block));

    block->name = entry->path;
    block->modified_us = entry->modified_us;
    block->base.reference_count = 1;
    block->base.name_count = 1;
    block->base.names = &block->name;
    block->base.modified_us = &block->modified_us;
    block->base.release = file_block_release;
    return block;
}

static int64_t offset_of(const FileEntry *entry, int64_t position) {
    return entry->base + (position - entry->start);
}

Block *file_block_empty(const FileEntry *entry, int64_t to) {
    FileBlock *block = file_block_create(entry);
    int64_t end = offset_of(entry, entry->end);

    block->base.next_offset = to < end ? to : end;
    return &block->base;
}

/* Bring [first + length, first + wanted) into the block. */
static Status read_up_to(LineRead *read, int64_t wanted, Error *err) {
    FileBlock *block = read->block;

    if ((size_t) wanted + RECORD_PADDING > block->capacity) {
        block->capacity = (size_t) wanted + READ_STEP + RECORD_PADDING; /* room to read on */
        block->bytes = memory_realloc(block->bytes, block->capacity);
    }
    while (read->length < wanted) {
        ssize_t count = pread(read->fd, block->bytes + read->length,
                              (size_t) (wanted - read->length), read->first + read->length);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return error_errno(err, errno, "could not read \"%s\"", read->entry->path);
        if (count == 0)
            return error_set(err, IO_ERROR,
                             "file \"%s\" shrank while it was read: "
                             "what is missing is skipped",
                             read->entry->path);
        read->length += count;
    }
    memset(block->bytes + read->length, 0, RECORD_PADDING);
    return STATUS_OK;
}

static void add_record(LineRead *read, int64_t at, int64_t length, const char *fault) {
    Block *block = &read->block->base;

    if ((block->record_count & (block->record_count - 1)) == 0 &&
        (block->record_count == 0 || block->record_count >= 256)) {
        uint32_t capacity = block->record_count ? block->record_count * 2 : 256;

        block->records = memory_realloc(block->records, sizeof(Record) * capacity);
    }
    block->records[block->record_count] = (Record) {
        .data = (const char *) (uintptr_t) at, /* a distance: the bytes may still move */
        .length = (uint32_t) length,
        .offset = offset_of(read->entry, read->first + at),
        .timestamp_us = INT64_MIN,
        .fault = fault,
    };
    block->record_count++;
}

/* The line is over the limit: find its end without keeping it. */
static Status skip_long_line(LineRead *read, int64_t at, int64_t *ret_next, Error *err) {
    char step[READ_STEP];
    int64_t position = read->first + read->length;

    while (position < read->entry->end) {
        int64_t left = read->entry->end - position;
        ssize_t count =
            pread(read->fd, step, left < READ_STEP ? (size_t) left : READ_STEP, position);
        const char *newline;

        if (count <= 0)
            return error_errno(err, count < 0 ? errno : EIO, "could not read \"%s\"",
                               read->entry->path);
        newline = memchr(step, '\n', (size_t) count);
        if (newline) {
            position += newline - step + 1;
            break;
        }
        position += count;
    }
    add_record(read, at, TOO_LONG_SAMPLE, "record is longer than 64 MB");
    *ret_next = position - read->first;
    return STATUS_OK;
}

/* No more than there is room for, unless there is none: then the block grows. */
static int64_t fit_in_room(const LineRead *read, int64_t wanted) {
    int64_t room = (int64_t) read->block->capacity - RECORD_PADDING - read->length;

    return room > 0 && wanted > room ? room : wanted;
}

/* The record that begins at `at` (a distance from first): find its end, reading on where needed. */
static Status cut_record(LineRead *read, int64_t at, int64_t *ret_next, Error *err) {
    int64_t searched = at;

    for (;;) {
        const char *bytes = read->block->bytes;
        const char *newline = memchr(bytes + searched, '\n', (size_t) (read->length - searched));
        int64_t left;

        if (newline || read->first + read->length >= read->entry->end) {
            int64_t end = newline ? newline - bytes : read->length;

            *ret_next = newline ? end + 1 : end;
            if (end > at && bytes[end - 1] == '\r')
                end--;
            if (end - at > LIMIT_RECORD_BYTES)
                add_record(read, at, TOO_LONG_SAMPLE, "record is longer than 64 MB");
            else if (end > at)
                add_record(read, at, end - at, NULL);
            return STATUS_OK;
        }
        searched = read->length;
        if (searched - at > LIMIT_RECORD_BYTES)
            return skip_long_line(read, at, ret_next, err);
        left = read->entry->end - (read->first + read->length);
        /* A long line: read on in growing steps, so that the search stays linear. */
        if (left > READ_STEP + (searched - at))
            left = READ_STEP + (searched - at);
        left = fit_in_room(read, left);
        TRY(read_up_to(read, read->length + left, err));
    }
}

static Status cut_lines(LineRead *read, int64_t at, int64_t *ret_next, Error *err) {
    /* Past the bytes at hand only a line over the limit leads: the next block goes on there. */
    while (read->first + at < read->limit && read->first + at < read->entry->end &&
           at <= read->length)
        TRY(cut_record(read, at, &at, err));
    *ret_next = at;
    return STATUS_OK;
}

/* Where the first line that is ours begins. A cut inside a line belongs to the range before: the
 * block then begins one byte before `from`, and the line that holds this byte is not ours. */
static Status align(LineRead *read, int64_t from_position, int64_t *ret_at, Error *err) {
    static const char bom[] = "\xef\xbb\xbf";

    *ret_at = 0;
    read->is_file_start = from_position == 0;
    if (from_position == read->entry->start) {
        if (from_position == 0 && read->length >= 3 && memcmp(read->block->bytes, bom, 3) == 0)
            *ret_at = 3;
        return STATUS_OK;
    }
    TRY(cut_record(read, 0, ret_at, err));
    read->block->base.record_count = 0;
    return STATUS_OK;
}

/* How far records may begin: what was asked for, but never less than to where the first line of
 * the range begins, also behind a byte order mark. */
static int64_t block_limit(const LineRead *read, int64_t wanted_end, int64_t at) {
    int64_t first_line = read->first + at;

    if (read->is_file_start)
        return wanted_end > first_line ? wanted_end : first_line + 1;
    if (wanted_end <= first_line)
        wanted_end = first_line + 1;
    return wanted_end < read->limit ? wanted_end : read->limit;
}

static void place_records(FileBlock *block) {
    for (uint32_t i = 0; i < block->base.record_count; i++)
        block->base.records[i].data = block->bytes + (uintptr_t) block->base.records[i].data;
}

static Status read_lines(LineRead *read, int64_t from_position, size_t wanted_bytes, Error *err) {
    const FileEntry *entry = read->entry;
    int64_t wanted_end = read->limit;
    int64_t length;
    int64_t at = 0;
    int64_t next = 0;

    read->first = from_position > entry->start ? from_position - 1 : from_position;
    if (wanted_bytes < (size_t) (wanted_end - from_position))
        wanted_end = from_position + (int64_t) wanted_bytes;
    length = wanted_end - read->first;
    if (length < BOM_BYTES)
        length = entry->end - read->first < BOM_BYTES ? entry->end - read->first : BOM_BYTES;
    TRY(read_up_to(read, length, err));
    TRY(align(read, from_position, &at, err));
    read->limit = block_limit(read, wanted_end, at);
    TRY(cut_lines(read, at, &next, err));
    place_records(read->block);
    read->block->base.next_offset = offset_of(entry, read->first + next);
    read->block->base.size_bytes = next - at;
    return STATUS_OK;
}

Status file_block_read(const FileEntry *entry, int64_t from, int64_t to, size_t wanted_bytes,
                       Block **ret_block, Error *err) {
    int64_t position = entry->start + (from - entry->base);
    LineRead read = {.entry = entry, .limit = entry->start + (to - entry->base)};
    Status status;

    assert(from >= entry->base && position < entry->end && from < to);
    if (read.limit > entry->end)
        read.limit = entry->end;
    read.fd = open(entry->path, O_RDONLY | O_CLOEXEC);
    if (read.fd < 0)
        return error_errno(err, errno, "could not open \"%s\"", entry->path);
    read.block = file_block_create(entry);
    status = read_lines(&read, position, wanted_bytes, err);
    close(read.fd);
    if (status != STATUS_OK) {
        file_block_release(&read.block->base);
        return status;
    }
    /* The last record may end behind the range: the next one steps over what is left of it. */
    if (read.block->base.next_offset > to)
        read.block->base.next_offset = to;
    *ret_block = &read.block->base;
    return STATUS_OK;
}

/* -------- the header -------- */

Status file_block_find_header(Block *base, const FileEntry *entry, Error *err) {
    FileBlock *block = (FileBlock *) base;
    FileEntry whole = *entry;

    whole.base = entry->base - entry->start;
    whole.start = 0;
    for (int64_t from = whole.base; !base->header && from < whole.base + whole.end;) {
        Block *first = NULL;

        TRY(file_block_read(&whole, from, whole.base + whole.end, 1, &first, err));
        from = first->next_offset;
        if (first->record_count == 0) {
            block_unref(first); /* empty lines */
            continue;
        }
        block->header_block = first;
        base->header = first->records;
    }
    return STATUS_OK;
}

/* -------- line numbers -------- */

static int64_t count_newlines(const char *from, const char *to) {
    int64_t count = 0;

    while (from < to && (from = memchr(from, '\n', (size_t) (to - from)))) {
        count++;
        from++;
    }
    return count;
}

static Status count_in_file(const char *path, int64_t from, int64_t to, int64_t *ret_count,
                            Error *err) {
    char step[READ_STEP];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = 1;

    if (fd < 0)
        return error_errno(err, errno, "could not open \"%s\"", path);
    for (*ret_count = 0; from < to && got > 0; from += got) {
        got = pread(fd, step, to - from < READ_STEP ? (size_t) (to - from) : READ_STEP, from);
        if (got > 0)
            *ret_count += count_newlines(step, step + got);
    }
    close(fd);
    if (got <= 0)
        return error_set(err, IO_ERROR, "file \"%s\" shrank while it was read", path);
    return STATUS_OK;
}

Status file_block_number_lines(Block *block, const FileEntry *entry, LineMark *mark, Error *err) {
    int64_t position;
    int64_t count = 0;

    if (block->record_count == 0)
        return STATUS_OK;
    position = entry->start + (block->records[0].offset - entry->base);
    if (mark->path != entry->path || mark->position > position)
        *mark = (LineMark) {.path = entry->path, .position = 0, .line = 1};
    TRY(count_in_file(entry->path, mark->position, position, &count, err));
    mark->line += count;
    block->records[0].line = mark->line;
    for (uint32_t i = 1; i < block->record_count; i++) {
        mark->line += count_newlines(block->records[i - 1].data, block->records[i].data);
        block->records[i].line = mark->line;
    }
    mark->position = entry->start + (block->records[block->record_count - 1].offset - entry->base);
    return STATUS_OK;
}

static int64_t last_line_end(int fd, int64_t from, int64_t size) {
    char step[READ_STEP];

    while (size > from) {
        int64_t begin = size - from > READ_STEP ? size - READ_STEP : from;
        ssize_t count = pread(fd, step, (size_t) (size - begin), begin);
        const char *newline;

        if (count <= 0)
            return from;
        newline = memrchr(step, '\n', (size_t) count);
        if (newline)
            return begin + (newline - step) + 1;
        size = begin;
    }
    return from;
}

int64_t file_last_line_end(const char *path, int64_t from, int64_t size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int64_t end;

    if (fd < 0)
        return from;
    end = last_line_end(fd, from, size);
    close(fd);
    return end;
}
