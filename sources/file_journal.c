#include "sources/file_journal.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "base/codec.h"
#include "base/hash.h"
#include "base/memory.h"

enum { JOURNAL_VERSION = 1, PATH_BYTES_MAX = 4096, JOURNAL_HEAD_MAX = 4096 };

struct FileJournal {
    pthread_rwlock_t lock; /* guards entries: workers look while discover appends */
    FileEntry *entries;
    size_t entry_count, entry_capacity;
    FileKnown **known; /* open addressing by path hash; pointers are stable */
    size_t known_count, known_capacity;
    int64_t generation;
    size_t generation_first; /* entry index where the open generation began */
};

FileJournal *file_journal_create(void) {
    FileJournal *journal = memory_zalloc(sizeof(*journal));

    pthread_rwlock_init(&journal->lock, NULL);
    return journal;
}

FileJournal *file_journal_destroy(FileJournal *journal) {
    if (!journal)
        return NULL;
    for (size_t i = 0; i < journal->known_capacity; i++)
        if (journal->known[i]) {
            char *path = (char *) (uintptr_t) journal->known[i]->path; /* ours */

            memory_free(path);
            memory_free(journal->known[i]);
        }
    memory_free(journal->known);
    memory_free(journal->entries);
    pthread_rwlock_destroy(&journal->lock);
    memory_free(journal);
    return NULL;
}

static FileKnown **known_slot(FileKnown **table, size_t capacity, const char *path) {
    size_t slot = hash_bytes(path, strlen(path)) & (capacity - 1);

    while (table[slot] && strcmp(table[slot]->path, path) != 0)
        slot = (slot + 1) & (capacity - 1);
    return &table[slot];
}

FileKnown *file_journal_known(FileJournal *journal, const char *path) {
    return journal->known_capacity ? *known_slot(journal->known, journal->known_capacity, path)
                                   : NULL;
}

static void known_grow(FileJournal *journal) {
    size_t capacity = journal->known_capacity ? journal->known_capacity * 2 : 64;
    FileKnown **table = memory_zalloc(sizeof(*table) * capacity);

    for (size_t i = 0; i < journal->known_capacity; i++)
        if (journal->known[i])
            *known_slot(table, capacity, journal->known[i]->path) = journal->known[i];
    memory_free(journal->known);
    journal->known = table;
    journal->known_capacity = capacity;
}

FileKnown *file_journal_learn(FileJournal *journal, const char *path) {
    FileKnown **slot;

    if (journal->known_count * 2 >= journal->known_capacity)
        known_grow(journal);
    slot = known_slot(journal->known, journal->known_capacity, path);
    if (!*slot) {
        *slot = memory_zalloc(sizeof(**slot));
        (*slot)->path = memory_strdup(path);
        journal->known_count++;
    }
    return *slot;
}

/* Under the lock, or by the one thread that appends. */
static int64_t entries_end(const FileJournal *journal) {
    const FileEntry *last;

    if (journal->entry_count == 0)
        return 0;
    last = &journal->entries[journal->entry_count - 1];
    return last->base + (last->end - last->start);
}

int64_t file_journal_end(FileJournal *journal) {
    int64_t end;

    pthread_rwlock_rdlock(&journal->lock);
    end = entries_end(journal);
    pthread_rwlock_unlock(&journal->lock);
    return end;
}

/* Index of the entry that holds `offset`, which is in [0, end). Under the lock. */
static size_t entry_at(const FileJournal *journal, int64_t offset) {
    size_t low = 0;
    size_t high = journal->entry_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (journal->entries[middle].base <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    assert(low > 0);
    return low - 1;
}

bool file_journal_find(FileJournal *journal, int64_t offset, FileEntry *ret_entry) {
    bool is_found;

    pthread_rwlock_rdlock(&journal->lock);
    is_found = offset >= 0 && offset < entries_end(journal);
    if (is_found)
        *ret_entry = journal->entries[entry_at(journal, offset)];
    pthread_rwlock_unlock(&journal->lock);
    return is_found;
}

/* The base of the first entry of the generation that entries[at] belongs to. Under the lock. */
static int64_t generation_begin(const FileJournal *journal, size_t at) {
    size_t low = 0;

    while (low < at) {
        size_t middle = low + (at - low) / 2;

        if (journal->entries[middle].generation < journal->entries[at].generation)
            low = middle + 1;
        else
            at = middle;
    }
    return journal->entries[low].base;
}

int64_t file_journal_barrier(FileJournal *journal, int64_t from, int64_t to) {
    int64_t barrier = from;
    int64_t end;

    if (to <= from)
        return from;
    pthread_rwlock_rdlock(&journal->lock);
    end = entries_end(journal);
    if (to >= end)
        barrier = end;
    else
        barrier = generation_begin(journal, entry_at(journal, to));
    pthread_rwlock_unlock(&journal->lock);
    return barrier > from ? barrier : from;
}

void file_journal_begin(FileJournal *journal) {
    journal->generation++;
    journal->generation_first = journal->entry_count;
}

void file_journal_add(FileJournal *journal, FileKnown *known, int64_t start, int64_t end,
                      int64_t modified_us) {
    int64_t base = entries_end(journal);

    assert(start >= 0 && start < end);
    pthread_rwlock_wrlock(&journal->lock);
    if (journal->entry_count == journal->entry_capacity) {
        journal->entry_capacity = journal->entry_capacity ? journal->entry_capacity * 2 : 64;
        journal->entries =
            memory_realloc(journal->entries, sizeof(FileEntry) * journal->entry_capacity);
    }
    journal->entries[journal->entry_count++] = (FileEntry) {
        .path = known->path,
        .start = start,
        .end = end,
        .base = base,
        .modified_us = modified_us,
        .generation = journal->generation,
    };
    pthread_rwlock_unlock(&journal->lock);
    known->consumed = end;
}

/* version u8, count u32; per entry: path length u32, path, start, end, modified_us, modified_ns,
 * seen_size, head_hash (i64 each), head_size u32. Little-endian. */
void file_journal_finish(FileJournal *journal, StrBuf *out) {
    uint32_t count = (uint32_t) (journal->entry_count - journal->generation_first);

    if (count == 0) {
        journal->generation--;
        return;
    }
    strbuf_append_u8(out, JOURNAL_VERSION);
    codec_append_u32(out, count);
    for (size_t i = journal->generation_first; i < journal->entry_count; i++) {
        const FileEntry *entry = &journal->entries[i];
        const FileKnown *known = file_journal_known(journal, entry->path);
        uint32_t length = (uint32_t) strlen(entry->path);

        codec_append_u32(out, length);
        strbuf_append(out, entry->path, length);
        codec_append_i64(out, entry->start);
        codec_append_i64(out, entry->end);
        codec_append_i64(out, entry->modified_us);
        codec_append_i64(out, known->modified_ns);
        codec_append_i64(out, known->seen_size);
        codec_append_u64(out, known->head_hash);
        codec_append_u32(out, known->head_size);
    }
}

/* The numbers of an entry, in the order of file_journal_finish(). */
typedef struct StoredEntry {
    int64_t start, end, modified_us, modified_ns, seen_size;
    uint64_t head_hash;
    uint32_t head_size;
} StoredEntry;

static StoredEntry read_numbers(CodecReader *reader) {
    StoredEntry entry;

    entry.start = codec_read_i64(reader);
    entry.end = codec_read_i64(reader);
    entry.modified_us = codec_read_i64(reader);
    entry.modified_ns = codec_read_i64(reader);
    entry.seen_size = codec_read_i64(reader);
    entry.head_hash = codec_read_u64(reader);
    entry.head_size = codec_read_u32(reader);
    return entry;
}

static bool restore_entry(FileJournal *journal, CodecReader *reader) {
    char path[PATH_BYTES_MAX + 1];
    uint32_t length = codec_read_u32(reader);
    int64_t behind;
    StoredEntry entry;
    FileKnown *known;

    if (length == 0 || length > PATH_BYTES_MAX)
        return false;
    codec_read_into(reader, path, length);
    path[length] = '\0';
    entry = read_numbers(reader);
    if (reader->is_damaged || strlen(path) != length || entry.start < 0 ||
        entry.end <= entry.start || entry.head_size > JOURNAL_HEAD_MAX ||
        __builtin_add_overflow(entries_end(journal), entry.end - entry.start, &behind))
        return false;
    known = file_journal_learn(journal, path);
    known->modified_ns = entry.modified_ns;
    known->seen_size = entry.seen_size;
    known->head_hash = entry.head_hash;
    known->head_size = entry.head_size;
    file_journal_add(journal, known, entry.start, entry.end, entry.modified_us);
    return true;
}

Status file_journal_restore(FileJournal *journal, const uint8_t *bytes, size_t size_bytes,
                            Error *err) {
    CodecReader reader = codec_reader(bytes, size_bytes);
    uint8_t version = codec_read_u8(&reader);
    uint32_t count = codec_read_u32(&reader);

    if (reader.is_damaged || version != JOURNAL_VERSION)
        return error_set(err, DATA_CORRUPTED, "file journal is damaged");
    file_journal_begin(journal);
    for (uint32_t i = 0; i < count; i++)
        if (!restore_entry(journal, &reader))
            return error_set(err, DATA_CORRUPTED, "file journal is damaged");
    if (!codec_is_read_whole(&reader))
        return error_set(err, DATA_CORRUPTED, "file journal has bytes left over");
    return STATUS_OK;
}
