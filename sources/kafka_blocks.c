/* Kafka blocks: chunks, and views over them.
 *
 * A chunk is one piece of memory: the records' bytes grow from its front, their marks (16 bytes
 * each) from its back, the padding that decoders may read lies between. Chunks of a quiet partition
 * are small, those of a busy one as large as CHUNK_BYTES_MAX, and then recycled: fresh pages cost
 * more than copying does. */
#include "sources/kafka_blocks.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"

enum {
    CHUNK_BYTES_MIN = 4096,
    CHUNK_BYTES_MAX = 1 << 19,
    VIEW_RECORDS_MAX = LIMIT_BATCH_ROWS,
    TOO_LONG_SAMPLE = 1024,
    LENGTH_NONE = -1,     /* of a mark: no value */
    LENGTH_TOO_LONG = -2, /* of a mark: the value is a sample */
};

typedef struct KafkaChunk KafkaChunk;

/* One record. Its bytes: the value, and with extras a KafkaExtra, the key, the headers. */
typedef struct KafkaMark {
    int64_t offset;
    uint32_t start;
    int32_t length;
} KafkaMark;

typedef struct KafkaExtra {
    int64_t timestamp_us;
    int32_t key_length; /* LENGTH_NONE: none */
    int32_t headers_length;
    int32_t timestamp_type;
} KafkaExtra;

struct KafkaChunk {
    _Atomic int reference_count;
    uint32_t size_bytes; /* of `bytes` */
    uint32_t used_bytes; /* of the records' bytes */
    uint32_t count;      /* of marks */
    KafkaPool *pool;
    KafkaChunk *next_free;
    _Alignas(KafkaMark) char bytes[];
};

struct KafkaPool {
    _Atomic int reference_count; /* the reader's and the chunks' that are in use */
    _Atomic int64_t used_bytes;
    pthread_mutex_t lock; /* guards what follows */
    KafkaChunk *free;     /* all of CHUNK_BYTES_MAX */
};

struct KafkaRecords {
    KafkaPool *pool;
    const char *topic;
    int32_t number;
    bool has_extras;
    int64_t begin;       /* what lies below was trimmed, or never there */
    int64_t end;         /* published */
    KafkaChunk **chunks; /* [first, first + count) of capacity */
    size_t first, count, capacity;
    uint32_t next_bytes; /* size of the next chunk */
};

/* A block over a slice. */
typedef struct KafkaView {
    Block base;        /* must be first */
    KafkaChunk *chunk; /* NULL: no records */
    const char *topic;
    Record records[];
} KafkaView;

/* -------- pool -------- */

KafkaPool *kafka_pool_create(void) {
    KafkaPool *pool = memory_zalloc(sizeof(*pool));

    pool->reference_count = 1;
    pthread_mutex_init(&pool->lock, NULL);
    return pool;
}

void kafka_pool_shrink(KafkaPool *pool) {
    KafkaChunk *chunk;

    pthread_mutex_lock(&pool->lock);
    chunk = pool->free;
    pool->free = NULL;
    pthread_mutex_unlock(&pool->lock);
    while (chunk) {
        KafkaChunk *next = chunk->next_free;

        memory_free(chunk);
        chunk = next;
    }
}

KafkaPool *kafka_pool_unref(KafkaPool *pool) {
    if (!pool || atomic_fetch_sub_explicit(&pool->reference_count, 1, memory_order_acq_rel) != 1)
        return NULL;
    kafka_pool_shrink(pool);
    pthread_mutex_destroy(&pool->lock);
    memory_free(pool);
    return NULL;
}

int64_t kafka_pool_used_bytes(KafkaPool *pool) {
    return atomic_load_explicit(&pool->used_bytes, memory_order_relaxed);
}

static KafkaChunk *take_free(KafkaPool *pool) {
    KafkaChunk *chunk;

    pthread_mutex_lock(&pool->lock);
    chunk = pool->free;
    if (chunk)
        pool->free = chunk->next_free;
    pthread_mutex_unlock(&pool->lock);
    return chunk;
}

static KafkaChunk *chunk_create(KafkaPool *pool, uint32_t size_bytes) {
    KafkaChunk *chunk = size_bytes == CHUNK_BYTES_MAX ? take_free(pool) : NULL;

    if (!chunk)
        chunk = memory_alloc(sizeof(*chunk) + size_bytes);
    *chunk = (KafkaChunk) {.reference_count = 1, .size_bytes = size_bytes, .pool = pool};
    atomic_fetch_add_explicit(&pool->reference_count, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&pool->used_bytes, size_bytes, memory_order_relaxed);
    return chunk;
}

static void chunk_unref(KafkaChunk *chunk) {
    KafkaPool *pool = chunk->pool;

    if (atomic_fetch_sub_explicit(&chunk->reference_count, 1, memory_order_acq_rel) != 1)
        return;
    atomic_fetch_sub_explicit(&pool->used_bytes, chunk->size_bytes, memory_order_relaxed);
    if (chunk->size_bytes == CHUNK_BYTES_MAX) {
        pthread_mutex_lock(&pool->lock);
        chunk->next_free = pool->free;
        pool->free = chunk;
        pthread_mutex_unlock(&pool->lock);
    } else {
        memory_free(chunk);
    }
    kafka_pool_unref(pool);
}

/* The marks lie backwards from the chunk's end. */
static KafkaMark *mark_at(const KafkaChunk *chunk, uint32_t index) {
    return (KafkaMark *) (uintptr_t) (chunk->bytes + chunk->size_bytes) - 1 - index;
}

/* -------- records: adding -------- */

KafkaRecords *kafka_records_create(KafkaPool *pool, const char *topic, int32_t number,
                                   bool has_extras, int64_t begin) {
    KafkaRecords *records = memory_zalloc(sizeof(*records));

    records->pool = pool;
    records->topic = topic;
    records->number = number;
    records->has_extras = has_extras;
    records->begin = records->end = begin;
    records->next_bytes = CHUNK_BYTES_MIN;
    return records;
}

static void drop_chunks(KafkaRecords *records) {
    for (size_t i = 0; i < records->count; i++)
        chunk_unref(records->chunks[records->first + i]);
    records->first = records->count = 0;
}

void kafka_records_restart(KafkaRecords *records, int64_t position) {
    drop_chunks(records);
    records->begin = records->end = position;
}

KafkaRecords *kafka_records_destroy(KafkaRecords *records) {
    if (!records)
        return NULL;
    drop_chunks(records);
    memory_free(records->chunks);
    memory_free(records);
    return NULL;
}

static KafkaChunk *last_chunk(const KafkaRecords *records) {
    return records->count ? records->chunks[records->first + records->count - 1] : NULL;
}

static bool has_room(const KafkaChunk *chunk, size_t size_bytes) {
    size_t taken = chunk->used_bytes + RECORD_PADDING + (chunk->count + 1) * sizeof(KafkaMark);

    return taken + size_bytes <= chunk->size_bytes;
}

/* A chunk that has room for a record of `size_bytes`; a large record has one for itself. */
static KafkaChunk *add_chunk(KafkaRecords *records, size_t size_bytes) {
    size_t needed = size_bytes + RECORD_PADDING + sizeof(KafkaMark);
    size_t size = records->next_bytes;

    if (records->count > 0 && records->next_bytes < CHUNK_BYTES_MAX)
        size = records->next_bytes *= 2;
    if (size < needed)
        size = (needed + sizeof(KafkaMark) - 1) / sizeof(KafkaMark) * sizeof(KafkaMark);
    if (records->first + records->count == records->capacity && records->first > 0) {
        memmove(records->chunks, records->chunks + records->first,
                records->count * sizeof(KafkaChunk *));
        records->first = 0;
    } else if (records->count == records->capacity) {
        records->capacity = records->capacity ? 2 * records->capacity : 8;
        records->chunks = memory_realloc(records->chunks, records->capacity * sizeof(KafkaChunk *));
    }
    return records->chunks[records->first + records->count++] =
               chunk_create(records->pool, (uint32_t) size);
}

static size_t entry_size(const KafkaRecords *records, const KafkaEntry *entry,
                         size_t value_length) {
    return value_length + (records->has_extras
                               ? sizeof(KafkaExtra) + entry->key_length + entry->headers_length
                               : 0);
}

static void append(KafkaChunk *chunk, const void *bytes, size_t length) {
    if (length)
        memcpy(chunk->bytes + chunk->used_bytes, bytes, length);
    chunk->used_bytes += (uint32_t) length;
}

static void append_extra(KafkaChunk *chunk, const KafkaEntry *entry) {
    const KafkaExtra extra = {
        .timestamp_us = entry->timestamp_us,
        .key_length = entry->key ? (int32_t) entry->key_length : LENGTH_NONE,
        .headers_length = entry->headers ? (int32_t) entry->headers_length : LENGTH_NONE,
        .timestamp_type = (int32_t) entry->timestamp_type,
    };

    append(chunk, &extra, sizeof(extra));
    append(chunk, entry->key, entry->key_length);
    append(chunk, entry->headers, entry->headers_length);
}

void kafka_records_add(KafkaRecords *records, const KafkaEntry *entry) {
    KafkaChunk *chunk = last_chunk(records);
    bool is_long = entry->value_length > LIMIT_RECORD_BYTES;
    size_t value_length = is_long ? TOO_LONG_SAMPLE : entry->value_length;
    size_t size_bytes = entry_size(records, entry, value_length);

    assert(entry->offset >= records->end);
    if (!chunk || !has_room(chunk, size_bytes))
        chunk = add_chunk(records, size_bytes);
    *mark_at(chunk, chunk->count) = (KafkaMark) {
        .offset = entry->offset,
        .start = chunk->used_bytes,
        .length = is_long        ? LENGTH_TOO_LONG
                  : entry->value ? (int32_t) value_length
                                 : LENGTH_NONE,
    };
    append(chunk, entry->value, value_length);
    if (records->has_extras)
        append_extra(chunk, entry);
    chunk->count++;
}

void kafka_records_publish(KafkaRecords *records, int64_t end) {
    if (end > records->end)
        records->end = end;
}

int64_t kafka_records_begin(const KafkaRecords *records) {
    return records->begin;
}

int64_t kafka_records_end(const KafkaRecords *records) {
    return records->end;
}

void kafka_records_trim(KafkaRecords *records, int64_t offset) {
    while (records->count > 0) {
        KafkaChunk *chunk = records->chunks[records->first];

        if (mark_at(chunk, chunk->count - 1)->offset >= offset)
            break;
        if (chunk->used_bytes < chunk->size_bytes / 4 && records->next_bytes > CHUNK_BYTES_MIN)
            records->next_bytes /= 2;
        chunk_unref(chunk);
        records->first++;
        records->count--;
    }
    if (offset > records->begin)
        records->begin = offset;
}

/* -------- records: reading -------- */

/* The first chunk that has a record at or behind `offset`; count: none. */
static size_t find_chunk(const KafkaRecords *records, int64_t offset) {
    size_t low = 0;
    size_t high = records->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const KafkaChunk *chunk = records->chunks[records->first + middle];

        if (mark_at(chunk, chunk->count - 1)->offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first mark at or behind `offset`; count: none. */
static uint32_t find_mark(const KafkaChunk *chunk, int64_t offset) {
    uint32_t low = 0;
    uint32_t high = chunk->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (mark_at(chunk, middle)->offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

Status kafka_records_slice(KafkaRecords *records, int64_t from, int64_t to, size_t wanted_bytes,
                           KafkaSlice *ret_slice, Error *err) {
    int64_t limit = to < records->end ? to : records->end;
    size_t place = find_chunk(records, from);
    KafkaSlice slice = {.topic = records->topic,
                        .number = records->number,
                        .has_extras = records->has_extras,
                        .next_offset = limit};
    KafkaChunk *chunk;
    uint32_t index;

    assert(from < limit);
    if (from < records->begin)
        return error_set(err, IO_ERROR,
                         "offset %lld of topic \"%s\", partition %d was given up before",
                         (long long) from, records->topic, (int) records->number);
    *ret_slice = slice;
    if (place == records->count)
        return STATUS_OK;
    chunk = records->chunks[records->first + place];
    index = slice.index = find_mark(chunk, from);
    while (index < chunk->count && mark_at(chunk, index)->offset < limit &&
           index - slice.index < VIEW_RECORDS_MAX && slice.size_bytes < (int64_t) wanted_bytes)
        slice.size_bytes += mark_at(chunk, index++)->length + (int64_t) sizeof(KafkaMark);
    slice.count = index - slice.index;
    if (slice.count == 0)
        return STATUS_OK; /* a gap up to the limit */
    if (index < chunk->count && mark_at(chunk, index)->offset < limit)
        slice.next_offset = mark_at(chunk, index)->offset;
    else if (index == chunk->count && place + 1 < records->count &&
             mark_at(records->chunks[records->first + place + 1], 0)->offset < limit)
        slice.next_offset = mark_at(records->chunks[records->first + place + 1], 0)->offset;
    slice.chunk = chunk;
    atomic_fetch_add_explicit(&chunk->reference_count, 1, memory_order_relaxed);
    *ret_slice = slice;
    return STATUS_OK;
}

static void view_release(Block *base) {
    KafkaView *view = (KafkaView *) base;

    if (view->chunk)
        chunk_unref(view->chunk);
    memory_free(view);
}

static void read_extra(const char *bytes, Record *record) {
    KafkaExtra extra;

    memcpy(&extra, bytes, sizeof(extra));
    record->timestamp_us = extra.timestamp_us;
    record->timestamp_type = (int8_t) extra.timestamp_type;
    bytes += sizeof(extra);
    if (extra.key_length != LENGTH_NONE) {
        record->key = bytes;
        record->key_length = (uint32_t) extra.key_length;
        bytes += extra.key_length;
    }
    if (extra.headers_length != LENGTH_NONE) {
        record->headers = bytes;
        record->headers_length = (uint32_t) extra.headers_length;
    }
}

static void read_mark(const KafkaSlice *slice, const KafkaMark *mark, Record *record) {
    const char *bytes = slice->chunk->bytes + mark->start;
    uint32_t stored = mark->length >= 0                 ? (uint32_t) mark->length
                      : mark->length == LENGTH_TOO_LONG ? TOO_LONG_SAMPLE
                                                        : 0;

    *record = (Record) {
        .data = mark->length == LENGTH_NONE ? NULL : bytes,
        .length = stored,
        .file = 0,
        .offset = mark->offset,
        .timestamp_us = INT64_MIN,
        .fault = mark->length == LENGTH_TOO_LONG ? "record is longer than 64 MB" : NULL,
    };
    if (slice->has_extras)
        read_extra(bytes + stored, record);
}

Block *kafka_slice_block(const KafkaSlice *slice) {
    KafkaView *view = memory_alloc(sizeof(*view) + slice->count * sizeof(Record));

    view->chunk = slice->chunk;
    view->topic = slice->topic;
    view->base = (Block) {
        .reference_count = 1,
        .record_count = slice->count,
        .records = view->records,
        .name_count = 1,
        .names = &view->topic,
        .partition_number = slice->number,
        .next_offset = slice->next_offset,
        .size_bytes = slice->size_bytes,
        .release = view_release,
    };
    for (uint32_t i = 0; i < slice->count; i++)
        read_mark(slice, mark_at(slice->chunk, slice->index + i), &view->records[i]);
    return &view->base;
}
