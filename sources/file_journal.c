#include "sources/file_journal.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

enum { JOURNAL_VERSION = 1, PATH_BYTES_MAX = 4096 };

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

int64_t file_journal_end(const FileJournal *journal) {
    const FileEntry *last;

    if (journal->entry_count == 0)
        return 0;
    last = &journal->entries[journal->entry_count - 1];
    return last->base + (last->end - last->start);
}

bool file_journal_find(FileJournal *journal, int64_t offset, FileEntry *ret_entry) {
    size_t low = 0;
    size_t high;
    bool is_found;

    pthread_rwlock_rdlock(&journal->lock);
    high = journal->entry_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (journal->entries[middle].base <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    is_found = low > 0 && offset >= 0 && offset < file_journal_end(journal);
    if (is_found)
        *ret_entry = journal->entries[low - 1];
    pthread_rwlock_unlock(&journal->lock);
    return is_found;
}

int64_t file_journal_barrier(FileJournal *journal, int64_t from, int64_t to) {
    FileEntry entry;

    if (to <= from)
        return from;
    if (to >= file_journal_end(journal))
        return file_journal_end(journal);
    if (!file_journal_find(journal, to, &entry))
        return from;
    /* `to` lies inside entry's generation: step back to where that generation began. */
    for (size_t i = 0; i < journal->entry_count; i++)
        if (journal->entries[i].generation == entry.generation)
            return journal->entries[i].base > from ? journal->entries[i].base : from;
    return from;
}

void file_journal_begin(FileJournal *journal) {
    journal->generation++;
    journal->generation_first = journal->entry_count;
}

void file_journal_add(FileJournal *journal, FileKnown *known, int64_t start, int64_t end,
                      int64_t modified_us) {
    int64_t base = file_journal_end(journal);

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

static void append_i64(StrBuf *out, int64_t value) {
    strbuf_append(out, &value, sizeof(value));
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
    strbuf_append(out, &count, sizeof(count));
    for (size_t i = journal->generation_first; i < journal->entry_count; i++) {
        const FileEntry *entry = &journal->entries[i];
        const FileKnown *known = file_journal_known(journal, entry->path);
        uint32_t length = (uint32_t) strlen(entry->path);

        strbuf_append(out, &length, sizeof(length));
        strbuf_append(out, entry->path, length);
        append_i64(out, entry->start);
        append_i64(out, entry->end);
        append_i64(out, entry->modified_us);
        append_i64(out, known->modified_ns);
        append_i64(out, known->seen_size);
        append_i64(out, (int64_t) known->head_hash);
        strbuf_append(out, &known->head_size, sizeof(known->head_size));
    }
}

static bool take(const uint8_t **cursor, const uint8_t *end, void *value, size_t size_bytes) {
    if ((size_t) (end - *cursor) < size_bytes)
        return false;
    memcpy(value, *cursor, size_bytes);
    *cursor += size_bytes;
    return true;
}

static bool restore_entry(FileJournal *journal, const uint8_t **cursor, const uint8_t *end) {
    char path[PATH_BYTES_MAX + 1];
    uint32_t length, head_size;
    int64_t numbers[6];
    FileKnown *known;

    if (!take(cursor, end, &length, sizeof(length)) || length == 0 || length > PATH_BYTES_MAX ||
        !take(cursor, end, path, length) || !take(cursor, end, numbers, sizeof(numbers)) ||
        !take(cursor, end, &head_size, sizeof(head_size)))
        return false;
    path[length] = '\0';
    if (strlen(path) != length || numbers[0] < 0 || numbers[1] <= numbers[0])
        return false;
    known = file_journal_learn(journal, path);
    known->modified_ns = numbers[3];
    known->seen_size = numbers[4];
    known->head_hash = (uint64_t) numbers[5];
    known->head_size = head_size;
    file_journal_add(journal, known, numbers[0], numbers[1], numbers[2]);
    return true;
}

Status file_journal_restore(FileJournal *journal, const uint8_t *bytes, size_t size_bytes,
                            Error *err) {
    const uint8_t *cursor = bytes;
    const uint8_t *end = bytes + size_bytes;
    uint8_t version = 0;
    uint32_t count = 0;

    if (!take(&cursor, end, &version, 1) || version != JOURNAL_VERSION ||
        !take(&cursor, end, &count, sizeof(count)))
        return error_set(err, DATA_CORRUPTED, "file journal is damaged");
    file_journal_begin(journal);
    for (uint32_t i = 0; i < count; i++)
        if (!restore_entry(journal, &cursor, end))
            return error_set(err, DATA_CORRUPTED, "file journal is damaged");
    if (cursor != end)
        return error_set(err, DATA_CORRUPTED, "file journal has bytes left over");
    return STATUS_OK;
}
