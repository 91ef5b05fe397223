#include "state/bucket.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"

enum { SLOTS_MIN = 8, ROWS_MIN = 256, PLACE_BITS = 24 };

static const uint32_t PLACE_MASK = ((uint32_t) 1 << PLACE_BITS) - 1;

/* The hash's top bits choose the partition, its lowest the bucket: slots use those between. */
static inline uint32_t slot_home(const Bucket *bucket, uint64_t hash) {
    DEBUG_ASSERT((bucket->slot_count & (bucket->slot_count - 1)) == 0);
    return (uint32_t) (hash >> 24) & (bucket->slot_count - 1);
}

/* Slot 0 means empty, so places are stored plus one. */
static inline uint32_t slot_make(uint64_t hash, uint32_t offset) {
    DEBUG_ASSERT(offset % 8 == 0);
    DEBUG_ASSERT(offset / 8 < PLACE_MASK);
    return ((uint32_t) (hash >> 48) << PLACE_BITS) | (offset / 8 + 1);
}

static inline BucketRow *slot_row(const Bucket *bucket, uint32_t slot) {
    DEBUG_ASSERT((slot & PLACE_MASK) > 0);
    return (BucketRow *) (bucket->rows + ((slot & PLACE_MASK) - 1) * (size_t) 8);
}

size_t bucket_row_bytes(size_t key_size, size_t value_capacity) {
    return (sizeof(BucketRow) + key_size + value_capacity + 7) & ~(size_t) 7;
}

/* -------- accounting -------- */

/* Undo and recovery may pass the limit: what was there before must fit again. */
static void reserve_always(MemoryAccount *account, int64_t size_bytes) {
    for (; account; account = account->parent)
        atomic_fetch_add(&account->used_bytes, size_bytes);
}

static Status bucket_reserve(Bucket *bucket, int64_t size_bytes, bool is_limited, Error *err) {
    assert(size_bytes >= 0);
    if (is_limited)
        TRY(memory_reserve(bucket->account, size_bytes, err));
    else
        reserve_always(bucket->account, size_bytes);
    bucket->accounted_bytes += size_bytes;
    return STATUS_OK;
}

static void bucket_release(Bucket *bucket, int64_t size_bytes) {
    assert(size_bytes <= bucket->accounted_bytes);
    memory_release(bucket->account, size_bytes);
    bucket->accounted_bytes -= size_bytes;
}

/* -------- life -------- */

Bucket *bucket_create(MemoryAccount *account, uint32_t depth, uint32_t prefix) {
    Bucket *bucket = memory_zalloc(sizeof(*bucket));

    assert(depth <= BUCKET_DEPTH_MAX);
    atomic_init(&bucket->reference_count, 1);
    bucket->depth = depth;
    bucket->prefix = prefix;
    bucket->account = account;
    return bucket;
}

Bucket *bucket_ref(Bucket *bucket) {
    int before = atomic_fetch_add(&bucket->reference_count, 1);

    assert(before > 0);
    (void) before;
    return bucket;
}

Bucket *bucket_unref(Bucket *bucket) {
    if (!bucket || atomic_fetch_sub(&bucket->reference_count, 1) > 1)
        return NULL;
    memory_release(bucket->account, bucket->accounted_bytes);
    memory_free(bucket->slots);
    memory_free(bucket->rows);
    memory_free(bucket);
    return NULL;
}

Bucket *bucket_clone(const Bucket *bucket) {
    Bucket *clone = memory_alloc(sizeof(*clone));
    size_t slots_bytes = bucket->slot_count * sizeof(uint32_t);

    *clone = (Bucket) {.depth = bucket->depth,
                       .prefix = bucket->prefix,
                       .live_count = bucket->live_count,
                       .slot_count = bucket->slot_count,
                       .slot_used = bucket->slot_used,
                       .rows_used = bucket->rows_used,
                       .rows_capacity = bucket->rows_capacity,
                       .dead_bytes = bucket->dead_bytes,
                       .account = bucket->account,
                       .accounted_bytes = bucket->accounted_bytes,
                       .set = bucket->set,
                       .first_unimaged_version = bucket->first_unimaged_version,
                       .is_imaged = bucket->is_imaged};
    atomic_init(&clone->reference_count, 1);
    reserve_always(clone->account, clone->accounted_bytes);
    if (slots_bytes > 0) {
        clone->slots = memory_alloc(slots_bytes);
        memcpy(clone->slots, bucket->slots, slots_bytes);
        clone->rows = memory_alloc(bucket->rows_capacity);
        memcpy(clone->rows, bucket->rows, bucket->rows_used);
    }
    return clone;
}

/* -------- slots -------- */

static void slots_insert(Bucket *bucket, uint64_t hash, uint32_t offset) {
    uint32_t mask = bucket->slot_count - 1;
    uint32_t i = slot_home(bucket, hash);

    assert(bucket->slot_used < bucket->slot_count); /* probing ends at an empty slot */
    while (bucket->slots[i])
        i = (i + 1) & mask;
    bucket->slots[i] = slot_make(hash, offset);
    bucket->slot_used++;
}

/* Index of the row's slot; slot_count when there is none. */
static uint32_t slots_find(const Bucket *bucket, uint64_t hash, StateBytes key) {
    uint32_t mask = bucket->slot_count - 1;
    uint32_t tag = (uint32_t) (hash >> 48) << PLACE_BITS;

    if (bucket->slot_count == 0)
        return 0;
    for (uint32_t i = slot_home(bucket, hash); bucket->slots[i]; i = (i + 1) & mask) {
        const BucketRow *row;

        if ((bucket->slots[i] & ~PLACE_MASK) != tag)
            continue;
        row = slot_row(bucket, bucket->slots[i]);
        if (row->hash == hash && row->key_size == key.size_bytes &&
            (key.size_bytes == 0 || memcmp(row->bytes, key.data, key.size_bytes) == 0))
            return i;
    }
    return bucket->slot_count;
}

BucketRow *bucket_find(const Bucket *bucket, uint64_t hash, StateBytes key) {
    uint32_t i = slots_find(bucket, hash, key);

    return i < bucket->slot_count ? slot_row(bucket, bucket->slots[i]) : NULL;
}

/* Close the gap, so that probing needs no marks (Knuth, algorithm R). */
static void slots_remove(Bucket *bucket, uint32_t hole) {
    uint32_t mask = bucket->slot_count - 1;

    assert(bucket->slots[hole]);
    assert(bucket->slot_used > 0);
    for (uint32_t i = (hole + 1) & mask; bucket->slots[i]; i = (i + 1) & mask) {
        uint32_t home = slot_home(bucket, slot_row(bucket, bucket->slots[i])->hash);

        if (((i - home) & mask) >= ((i - hole) & mask)) {
            bucket->slots[hole] = bucket->slots[i];
            hole = i;
        }
    }
    bucket->slots[hole] = 0;
    bucket->slot_used--;
}

/* -------- room -------- */

static BucketRow *row_at(const Bucket *bucket, uint32_t offset) {
    assert(offset < bucket->rows_used);
    return (BucketRow *) (bucket->rows + offset);
}

const BucketRow *bucket_next_any(const Bucket *bucket, uint32_t *place) {
    while (*place < bucket->rows_used) {
        const BucketRow *row = row_at(bucket, *place);

        *place += (uint32_t) bucket_row_bytes(row->key_size, row->value_capacity);
        if (row->value_size != ROW_DEAD)
            return row;
    }
    return NULL;
}

const BucketRow *bucket_next(const Bucket *bucket, uint32_t *place) {
    const BucketRow *row;

    while ((row = bucket_next_any(bucket, place)))
        if (row_is_live(row))
            return row;
    return NULL;
}

/* Write all rows that count into new memory of the given sizes. */
static Status bucket_rebuild(Bucket *bucket, size_t rows_capacity, uint32_t slot_count,
                             bool is_limited, Error *err) {
    int64_t old_bytes = bucket->accounted_bytes;
    int64_t new_bytes = (int64_t) (rows_capacity + slot_count * sizeof(uint32_t));
    uint8_t *old_rows = bucket->rows;
    uint32_t old_used = bucket->rows_used;

    TRY(bucket_reserve(bucket, new_bytes, is_limited, err));
    memory_free(bucket->slots);
    bucket->rows = memory_alloc(rows_capacity);
    bucket->rows_capacity = (uint32_t) rows_capacity;
    bucket->rows_used = 0;
    bucket->dead_bytes = 0;
    bucket->slots = memory_zalloc(slot_count * sizeof(uint32_t));
    bucket->slot_count = slot_count;
    bucket->slot_used = 0;
    for (uint32_t offset = 0; offset < old_used;) {
        const BucketRow *row = (const BucketRow *) (old_rows + offset);
        size_t size = bucket_row_bytes(row->key_size, row->value_capacity);

        offset += (uint32_t) size;
        if (row->value_size == ROW_DEAD)
            continue;
        assert(bucket->rows_used + size <= rows_capacity);
        memcpy(bucket->rows + bucket->rows_used, row, size);
        slots_insert(bucket, row->hash, bucket->rows_used);
        bucket->rows_used += (uint32_t) size;
    }
    memory_free(old_rows);
    bucket_release(bucket, old_bytes);
    return STATUS_OK;
}

bool bucket_fits(const Bucket *bucket, size_t row_bytes) {
    return bucket->rows_used - bucket->dead_bytes + row_bytes + bucket->slot_used * 6 <=
           LIMIT_BUCKET_BYTES;
}

static Status bucket_make_room(Bucket *bucket, size_t row_bytes, bool is_limited, Error *err) {
    bool has_slot = bucket->slot_used + 1 <= bucket->slot_count / 4 * 3;
    uint32_t slot_count = bucket->slot_count ? bucket->slot_count : SLOTS_MIN;
    size_t wanted = bucket->rows_used - bucket->dead_bytes + row_bytes;
    size_t capacity = bucket->rows_capacity ? bucket->rows_capacity : ROWS_MIN;

    if (has_slot && bucket->rows_used + row_bytes <= bucket->rows_capacity)
        return STATUS_OK;
    while (bucket->slot_used + 1 > slot_count / 4 * 3)
        slot_count *= 2;
    /* Leave an eighth free, so that dead places are not collected at every put. */
    while (wanted + wanted / 8 > capacity)
        capacity *= 2;
    return bucket_rebuild(bucket, capacity, slot_count, is_limited, err);
}

/* -------- changes -------- */

static void row_kill(Bucket *bucket, BucketRow *row) {
    assert(row->value_size != ROW_DEAD);
    row->value_size = ROW_DEAD;
    bucket->dead_bytes += (uint32_t) bucket_row_bytes(row->key_size, row->value_capacity);
    assert(bucket->dead_bytes <= bucket->rows_used);
}

/* A value that once grew will grow again: give it an eighth more. */
static uint32_t value_room(bool is_growing, size_t value_size) {
    return (uint32_t) (is_growing ? value_size + value_size / 8 : value_size);
}

static BucketRow *row_append(Bucket *bucket, uint64_t hash, StateBytes key, StateBytes value,
                             uint32_t value_capacity) {
    BucketRow *row = (BucketRow *) (bucket->rows + bucket->rows_used);

    assert(value.size_bytes <= value_capacity);
    assert(bucket->rows_used % 8 == 0);
    row->hash = hash;
    row->key_size = (uint32_t) key.size_bytes;
    row->value_size = (uint32_t) value.size_bytes;
    row->value_capacity = value_capacity;
    row->change = 0;
    if (key.size_bytes > 0)
        memcpy(row->bytes, key.data, key.size_bytes);
    if (value.size_bytes > 0)
        memcpy(row->bytes + key.size_bytes, value.data, value.size_bytes);
    bucket->rows_used += (uint32_t) bucket_row_bytes(key.size_bytes, value_capacity);
    assert(bucket->rows_used <= bucket->rows_capacity);
    return row;
}

Status bucket_put(Bucket *bucket, uint64_t hash, StateBytes key, StateBytes value, bool is_limited,
                  BucketRow **ret_row, Error *err) {
    BucketRow *row = bucket_find(bucket, hash, key);
    bool was_live = row && row_is_live(row);
    uint32_t room = value_room(row != NULL, value.size_bytes);
    size_t row_bytes = bucket_row_bytes(key.size_bytes, room);
    uint32_t change = row ? row->change : 0;

    assert(!bucket_is_shared(bucket));
    if (row_bytes > BUCKET_ROW_BYTES_MAX)
        return error_set(err, PROGRAM_LIMIT_EXCEEDED, "a state row of %zu bytes is too large",
                         row_bytes);
    if (row && value.size_bytes <= row->value_capacity) {
        if (value.size_bytes > 0)
            memmove(row->bytes + row->key_size, value.data, value.size_bytes);
        row->value_size = (uint32_t) value.size_bytes;
    } else {
        TRY(bucket_make_room(bucket, row_bytes, is_limited, err));
        if (row) {
            uint32_t slot = slots_find(bucket, hash, key);

            row_kill(bucket, slot_row(bucket, bucket->slots[slot]));
            slots_remove(bucket, slot);
        }
        row = row_append(bucket, hash, key, value, room);
        row->change = change;
        slots_insert(bucket, hash, (uint32_t) ((uint8_t *) row - bucket->rows));
    }
    if (!was_live)
        bucket->live_count++;
    *ret_row = row;
    return STATUS_OK;
}

void bucket_tombstone(Bucket *bucket, BucketRow *row) {
    assert(!bucket_is_shared(bucket));
    assert(row_is_live(row));
    row->value_size = ROW_REMOVED;
    bucket->live_count--;
}

void bucket_erase(Bucket *bucket, BucketRow *row) {
    uint32_t slot = slots_find(bucket, row->hash, row_key(row));

    assert(!bucket_is_shared(bucket));
    assert(slot < bucket->slot_count);
    if (row_is_live(row))
        bucket->live_count--;
    slots_remove(bucket, slot);
    row_kill(bucket, row);
}
