/* File source: a file, or a folder to follow, as one partition of records (lines).
 *
 * A file counts when it was renamed into the folder or closed after writing (inotify tells), or is
 * unchanged for `settle`. Listing alone is enough: inotify only makes it prompt. Offsets are bytes
 * in the journal's virtual concatenation (file_journal.h). Names that start with '.' or '_' or end
 * in '.tmp' are never read, nor links that lead outside of the allowed directories. A file that
 * shrank or whose first 4 KiB changed is reported and not read again; one that vanished is
 * reported. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "connector/path.h"
#include "sources/file_block.h"
#include "sources/file_journal.h"
#include "sources/sources.h"
#include "types/datetime.h"

enum {
    HEAD_BYTES = 4096,
    RECHECK_US = 1000000,
};

struct SourceReader {
    SourceEnvironment environment;
    char *path;
    FileJournal *journal;
    bool is_folder;
    bool is_tail;
    bool is_ordered; /* file_order promises: the watermark may step anywhere */
    const char *file_order;
    int64_t settle_us;
    int inotify_fd;      /* -1: listing only */
    char **closed_names; /* told by inotify: closed or moved in since the last listing */
    size_t closed_count;
    bool is_overflowed;        /* inotify lost events: list */
    int64_t folder_mtime_ns;   /* at the last listing */
    int64_t unsettled_us;      /* until the youngest unsettled file may settle; -1: none */
    bool is_listed;            /* at least once */
    pthread_mutex_t line_lock; /* guards line_mark: any worker fetches */
    LineMark line_mark;
};

/* One file that a listing found. */
typedef struct Candidate {
    char *path;
    const char *name;
    struct stat info;
} Candidate;

typedef struct CandidateList {
    Candidate *items;
    size_t count, capacity;
    const char *order;
} CandidateList;

static const OptionSpec file_options[] = {
    {"path", OPTION_PATH, NULL, NULL, "a file, or a folder to follow", OPTION_REQUIRED},
    {"settle", OPTION_DURATION, NULL, "1s", "unchanged this long before it is read", 0},
    {"tail", OPTION_BOOL, NULL, NULL, "read a file while it grows; default: true for a single file",
     0},
    {"file_order", OPTION_CHOICE, "name|modified", NULL,
     "promise that event time follows this order of the files", 0},
    {"compression", OPTION_TEXT, NULL, NULL, "compressed files", OPTION_UNSUPPORTED},
    {0},
};

static const MetadataColumn file_metadata[] = {
    {.name = "path", .type = TYPE_TEXT},
    {.name = "line", .type = TYPE_INT8},
    {.name = "modified", .type = TYPE_TIMESTAMPTZ},
    {.name = "offset", .type = TYPE_INT8},
    {0},
};

static int64_t stat_mtime_ns(const struct stat *info) {
    return (int64_t) info->st_mtim.tv_sec * 1000000000 + info->st_mtim.tv_nsec;
}

static bool name_is_hidden(const char *name) {
    size_t length = strlen(name);

    return name[0] == '.' || name[0] == '_' ||
           (length >= 4 && strcmp(name + length - 4, ".tmp") == 0);
}

static void report(SourceReader *reader, const char *path, const Error *fault) {
    if (reader->environment.report)
        reader->environment.report(reader->environment.report_data, 0,
                                   file_journal_end(reader->journal), path, fault);
}

/* -------- candidates -------- */

static bool leads_outside(const SourceReader *reader, const char *path) {
    const OptionEnvironment *environment = reader->environment.options->environment;

    return environment && !path_is_allowed(path, environment);
}

/* A link leads outside of the allowed directories: told once. */
static void refuse_link(SourceReader *reader, const char *path) {
    FileKnown *known = file_journal_learn(reader->journal, path);
    Error fault;

    if (known->is_refused)
        return;
    known->is_refused = true;
    IGNORE(error_set(&fault, INSUFFICIENT_PRIVILEGE,
                     "\"%s\" links to a file outside of the allowed directories: it is not read",
                     path));
    report(reader, path, &fault);
}

static void candidates_add(SourceReader *reader, CandidateList *list, const char *name) {
    const char *folder = reader->path;
    char path[PATH_MAX];
    Candidate *candidate;
    struct stat info;

    if ((size_t) snprintf(path, sizeof(path), "%s%s%s", folder, *name ? "/" : "", name) >=
        sizeof(path))
        return;
    if (lstat(path, &info))
        return;
    if (S_ISLNK(info.st_mode) && leads_outside(reader, path)) {
        refuse_link(reader, path);
        return;
    }
    if (stat(path, &info) || !S_ISREG(info.st_mode))
        return;
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 32;
        list->items = memory_realloc(list->items, sizeof(*list->items) * list->capacity);
    }
    candidate = &list->items[list->count++];
    candidate->path = memory_strdup(path);
    candidate->name =
        strrchr(candidate->path, '/') ? strrchr(candidate->path, '/') + 1 : candidate->path;
    candidate->info = info;
}

static void candidates_done(CandidateList *list) {
    for (size_t i = 0; i < list->count; i++)
        memory_free(list->items[i].path);
    memory_free(list->items);
}

static int compare_names(const void *left, const void *right) {
    const Candidate *a = left;
    const Candidate *b = right;

    return strcmp(a->name, b->name);
}

/* By modification time, then by name. */
static int compare_modified(const void *left, const void *right) {
    const Candidate *a = left;
    const Candidate *b = right;
    int64_t a_ns = stat_mtime_ns(&a->info);
    int64_t b_ns = stat_mtime_ns(&b->info);

    return a_ns != b_ns ? (a_ns < b_ns ? -1 : 1) : compare_names(left, right);
}

static Status list_folder(SourceReader *reader, CandidateList *list, Error *err) {
    DIR *folder = opendir(reader->path);
    struct dirent *item;

    if (!folder)
        return error_errno(err, errno, "could not open folder \"%s\"", reader->path);
    while ((item = readdir(folder)))
        if (!name_is_hidden(item->d_name))
            candidates_add(reader, list, item->d_name);
    closedir(folder);
    if (list->count)
        qsort(list->items, list->count, sizeof(*list->items),
              reader->file_order && strcmp(reader->file_order, "name") == 0 ? compare_names
                                                                            : compare_modified);
    return STATUS_OK;
}

/* -------- judging one file -------- */

static bool head_hash(const char *path, uint32_t size, uint64_t *ret_hash) {
    char head[HEAD_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count;

    if (fd < 0)
        return false;
    count = pread(fd, head, size, 0);
    close(fd);
    if (count != (ssize_t) size)
        return false;
    *ret_hash = hash_bytes(head, size);
    return true;
}

static bool was_closed(const SourceReader *reader, const char *name) {
    for (size_t i = 0; i < reader->closed_count; i++)
        if (strcmp(reader->closed_names[i], name) == 0)
            return true;
    return false;
}

/* Whether nobody has the file open for writing: then it was closed, or renamed here, before we
 * began to look. A read lease is granted in just that case. A writer that comes between waits for
 * the lease's end, microseconds later; the kernel's signal about it is one that nobody heeds. File
 * systems without leases, and files of others, say no: then the file must settle. */
static bool has_no_writer(const char *path, struct stat *info) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool is_granted;

    if (fd < 0)
        return false;
    /* What was seen before may be half of it: the writer may have ended since. */
    is_granted = fcntl(fd, F_SETSIG, SIGURG) == 0 && fcntl(fd, F_SETLEASE, F_RDLCK) == 0 &&
                 fstat(fd, info) == 0;
    close(fd); /* ends the lease */
    return is_granted;
}

static bool is_settled(SourceReader *reader, Candidate *candidate) {
    int64_t now_us = reader->environment.clock->wall_us(reader->environment.clock);
    int64_t age_us = now_us - stat_mtime_ns(&candidate->info) / 1000;

    if (age_us >= reader->settle_us || was_closed(reader, candidate->name) ||
        has_no_writer(candidate->path, &candidate->info))
        return true;
    if (age_us < 0)
        age_us = 0; /* a clock that was set back: wait a full settle, no longer */
    if (reader->unsettled_us < 0 || reader->settle_us - age_us < reader->unsettled_us)
        reader->unsettled_us = reader->settle_us - age_us;
    return false;
}

/* 0 when the file is what it was and may have grown; else it is refused, and reported once. */
static bool refuse_changed(SourceReader *reader, FileKnown *known, const Candidate *candidate) {
    Error fault;
    uint64_t hash = 0;

    if (known->is_refused)
        return true;
    if (candidate->info.st_size < known->seen_size)
        IGNORE(error_set(&fault, IO_ERROR, "file \"%s\" shrank: it is not read again",
                         candidate->path));
    else if (!head_hash(candidate->path, known->head_size, &hash) || hash != known->head_hash)
        IGNORE(error_set(&fault, IO_ERROR, "file \"%s\" was rewritten: it is not read again",
                         candidate->path));
    else
        return false;
    known->is_refused = true;
    report(reader, candidate->path, &fault);
    return true;
}

static void remember_head(FileKnown *known, const Candidate *candidate) {
    uint32_t size =
        candidate->info.st_size < HEAD_BYTES ? (uint32_t) candidate->info.st_size : HEAD_BYTES;

    if (size > known->head_size && head_hash(candidate->path, size, &known->head_hash))
        known->head_size = size;
    known->seen_size = candidate->info.st_size;
    known->modified_ns = stat_mtime_ns(&candidate->info);
}

/* Up to where the file may be read now: all of it once it is settled, else its last whole line. */
static int64_t readable_end(SourceReader *reader, const Candidate *candidate, int64_t from,
                            bool settled) {
    if (settled && (!reader->is_tail || reader->environment.is_batch_read))
        return candidate->info.st_size;
    if (!settled && !reader->is_tail && !reader->environment.is_batch_read)
        return from;
    return file_last_line_end(candidate->path, from, candidate->info.st_size);
}

static void consider(SourceReader *reader, Candidate *candidate) {
    FileKnown *known = file_journal_known(reader->journal, candidate->path);
    int64_t from = known ? known->consumed : 0;
    int64_t end;
    bool settled;

    if (known && candidate->info.st_size == known->seen_size &&
        stat_mtime_ns(&candidate->info) == known->modified_ns &&
        known->consumed == known->seen_size)
        return;
    if (known && known->head_size && refuse_changed(reader, known, candidate))
        return;
    settled = is_settled(reader, candidate);
    end = readable_end(reader, candidate, from, settled);
    if (end <= from)
        return;
    known = file_journal_learn(reader->journal, candidate->path);
    remember_head(known, candidate);
    file_journal_add(reader->journal, known, from, end,
                     stat_mtime_ns(&candidate->info) / 1000 - DATETIME_UNIX_EPOCH_US);
}

/* -------- inotify -------- */

static void forget_closed(SourceReader *reader) {
    for (size_t i = 0; i < reader->closed_count; i++)
        memory_free(reader->closed_names[i]);
    memory_free(reader->closed_names);
    reader->closed_names = NULL;
    reader->closed_count = 0;
}

static void take_event(SourceReader *reader, const struct inotify_event *event) {
    const char *name = event->len ? event->name : strrchr(reader->path, '/');

    if (event->mask & IN_Q_OVERFLOW)
        reader->is_overflowed = true;
    if (!(event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) || !name)
        return;
    if (*name == '/')
        name++;
    if (was_closed(reader, name))
        return;
    reader->closed_names = memory_realloc(reader->closed_names, sizeof(*reader->closed_names) *
                                                                    (reader->closed_count + 1));
    reader->closed_names[reader->closed_count++] = memory_strdup(name);
}

/* True when something happened since the last call. */
static bool drain_events(SourceReader *reader) {
    _Alignas(struct inotify_event) char bytes[16384];
    bool is_any = false;
    ssize_t count;

    if (reader->inotify_fd < 0)
        return false;
    while ((count = read(reader->inotify_fd, bytes, sizeof(bytes))) > 0) {
        is_any = true;
        for (char *next = bytes; next < bytes + count;) {
            const struct inotify_event *event = (const struct inotify_event *) (void *) next;

            take_event(reader, event);
            next += sizeof(*event) + event->len;
        }
    }
    return is_any;
}

static void watch(SourceReader *reader) {
    uint32_t mask = IN_CLOSE_WRITE | IN_MOVED_TO;

    reader->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (reader->is_tail)
        mask |= IN_MODIFY;
    if (reader->inotify_fd >= 0 && inotify_add_watch(reader->inotify_fd, reader->path, mask) < 0) {
        close(reader->inotify_fd);
        reader->inotify_fd = -1;
    }
}

/* -------- the vtable -------- */

static Status file_check(const OptionSet *options, const volatile bool *cancel, Error *err) {
    const char *path = option_text(options, "path");
    struct stat info;

    if (stat(path, &info)) {
        IGNORE(error_errno(err, errno, "could not read \"%s\"", path));
        err->position = option_find(options, "path")->position;
        return error_hint(err, "Make the folder first, or set check = false.");
    }
    return STATUS_OK;
}

static Status file_open(const SourceEnvironment *environment, SourceReader **ret_reader,
                        Error *err) {
    const OptionSet *options = environment->options;
    const char *path = option_text(options, "path");
    SourceReader *reader;
    struct stat info;

    if (stat(path, &info))
        return error_errno(err, errno, "could not read \"%s\"", path);
    reader = memory_zalloc(sizeof(*reader));
    reader->environment = *environment;
    reader->path = memory_strdup(path);
    reader->journal = file_journal_create();
    reader->is_folder = S_ISDIR(info.st_mode);
    reader->is_tail =
        option_is_set(options, "tail") ? option_number(options, "tail") != 0 : !reader->is_folder;
    reader->file_order = option_text(options, "file_order");
    reader->is_ordered = reader->file_order != NULL || !reader->is_folder;
    reader->settle_us = option_number(options, "settle");
    reader->inotify_fd = -1;
    reader->unsettled_us = -1;
    pthread_mutex_init(&reader->line_lock, NULL);
    if (!environment->is_batch_read)
        watch(reader);
    *ret_reader = reader;
    return STATUS_OK;
}

static bool must_list(SourceReader *reader, const struct stat *info, bool has_events) {
    return !reader->is_listed || has_events || reader->is_overflowed || reader->unsettled_us >= 0 ||
           !reader->is_folder || reader->is_tail || stat_mtime_ns(info) != reader->folder_mtime_ns;
}

static Status file_discover(SourceReader *reader, StrBuf *journal, Error *err) {
    CandidateList list = {0};
    struct stat info;
    bool has_events = drain_events(reader);

    if (stat(reader->path, &info))
        return error_errno(err, errno, "could not read \"%s\"", reader->path);
    if (!must_list(reader, &info, has_events))
        return STATUS_OK;
    reader->is_listed = true;
    reader->is_overflowed = false;
    reader->unsettled_us = -1;
    reader->folder_mtime_ns = stat_mtime_ns(&info);
    if (reader->is_folder)
        TRY(list_folder(reader, &list, err));
    else
        candidates_add(reader, &list, "");
    file_journal_begin(reader->journal);
    for (size_t i = 0; i < list.count; i++)
        consider(reader, &list.items[i]);
    file_journal_finish(reader->journal, journal);
    candidates_done(&list);
    forget_closed(reader);
    return STATUS_OK;
}

static Status file_restore(SourceReader *reader, const uint8_t *bytes, size_t size_bytes,
                           Error *err) {
    return file_journal_restore(reader->journal, bytes, size_bytes, err);
}

static int file_partition_count(SourceReader *reader) {
    return 1;
}

static void file_partition_state(SourceReader *reader, int partition, PartitionState *ret_state) {
    *ret_state = (PartitionState) {
        .begin = 0,
        .end = file_journal_end(reader->journal),
        .known_end = file_journal_end(reader->journal),
        .is_caught_up = true,
        .is_settling = reader->unsettled_us >= 0,
        .name = "0",
    };
}

static int64_t file_barrier(SourceReader *reader, int partition, int64_t from, int64_t to) {
    return reader->is_ordered ? to : file_journal_barrier(reader->journal, from, to);
}

static bool is_gone(const FileEntry *entry) {
    struct stat info;

    if (stat(entry->path, &info))
        return errno == ENOENT || errno == ENOTDIR;
    return !S_ISREG(info.st_mode) || info.st_size < entry->end;
}

static Status number_lines(SourceReader *reader, const FileEntry *entry, Block *block, Error *err) {
    Status status;

    pthread_mutex_lock(&reader->line_lock);
    status = file_block_number_lines(block, entry, &reader->line_mark, err);
    pthread_mutex_unlock(&reader->line_lock);
    return status;
}

/* What the reader's statement and format want to know beyond the records. On failure the block is
 * given back. */
static Status complete_block(SourceReader *reader, const FileEntry *entry, Block *block,
                             Error *err) {
    const FormatType *format = reader->environment.format;
    Status status = STATUS_OK;

    if (format && format->begin_file && block->record_count > 0)
        status = file_block_find_header(block, entry, err);
    if (status == STATUS_OK && reader->environment.wants_lines)
        status = number_lines(reader, entry, block, err);
    if (status != STATUS_OK)
        block_unref(block);
    return status;
}

static Status file_fetch(SourceReader *reader, int partition, int64_t from, int64_t to,
                         size_t wanted_bytes, Block **ret_block, Error *err) {
    FileEntry entry;
    Error fault;
    Status status;

    if (!file_journal_find(reader->journal, from, &entry))
        return error_set(err, INTERNAL_ERROR, "file offset %lld is not known", (long long) from);
    status = file_block_read(&entry, from, to, wanted_bytes, ret_block, &fault);
    if (status == STATUS_OK)
        status = complete_block(reader, &entry, *ret_block, &fault);
    if (status == STATUS_OK)
        return STATUS_OK;
    /* Only a file that vanished or shrank after it was discovered is given up; whatever else went
     * wrong (no descriptor left, a disk that fails) may be over at the next try. */
    if (!is_gone(&entry)) {
        *err = fault;
        return status;
    }
    report(reader, entry.path, &fault);
    *ret_block = file_block_empty(&entry, to);
    return STATUS_OK;
}

static int file_wake_fd(SourceReader *reader) {
    return reader->inotify_fd;
}

static int64_t file_recheck_after_us(SourceReader *reader) {
    return reader->unsettled_us >= 0 && reader->unsettled_us < RECHECK_US
               ? reader->unsettled_us + 1000
               : RECHECK_US;
}

static void file_describe_offset(SourceReader *reader, int partition, int64_t offset, char *text,
                                 size_t size) {
    FileEntry entry;

    if (file_journal_find(reader->journal, offset, &entry))
        snprintf(text, size, "%s, byte %lld", entry.path,
                 (long long) (entry.start + offset - entry.base));
    else
        snprintf(text, size, "%s, end", reader->path);
}

static SourceReader *file_close(SourceReader *reader) {
    if (!reader)
        return NULL;
    forget_closed(reader);
    if (reader->inotify_fd >= 0)
        close(reader->inotify_fd);
    pthread_mutex_destroy(&reader->line_lock);
    file_journal_destroy(reader->journal);
    memory_free(reader->path);
    memory_free(reader);
    return NULL;
}

const SourceType source_file = {
    .name = "file",
    .options = file_options,
    .metadata = file_metadata,
    .is_replayable = true,
    .offsets_are_bytes = true,
    .idle_after_us = 1000000,
    .has_generations = true,
    .check = file_check,
    .open = file_open,
    .discover = file_discover,
    .restore = file_restore,
    .partition_count = file_partition_count,
    .partition_state = file_partition_state,
    .barrier = file_barrier,
    .fetch = file_fetch,
    .wake_fd = file_wake_fd,
    .recheck_after_us = file_recheck_after_us,
    .describe_offset = file_describe_offset,
    .close = file_close,
};
