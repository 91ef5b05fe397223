/* Pins: readers of one decided version while the writer goes on.
 *
 * A pin refers to the buckets of the last commit. Between epochs that is all; while an epoch is
 * under way, the buckets that it has changed are copied and the changes undone in the copies. */
#include <assert.h>

#include "state/table.h"

typedef struct PinnedBucket {
    int64_t slice;
    Bucket *bucket; /* a reference */
} PinnedBucket;

struct StatePin {
    PinnedBucket *buckets;
    uint32_t count;
    uint32_t capacity;
};

static void pin_add(StatePin *pin, int64_t slice, Bucket *bucket) {
    if (pin->count == pin->capacity) {
        pin->capacity = pin->capacity ? 2 * pin->capacity : 32;
        pin->buckets = memory_realloc(pin->buckets, pin->capacity * sizeof(*pin->buckets));
    }
    pin->buckets[pin->count++] = (PinnedBucket) {slice, bucket_ref(bucket)};
}

static void pin_set(StatePin *pin, const BucketSet *set) {
    for (uint32_t i = 0; i < (uint32_t) 1 << set->depth; i++)
        if (set->directory[i]->prefix == i)
            pin_add(pin, set->slice, set->directory[i]);
}

/* The pin's private copy of the bucket, made when it is still shared with the writer. */
static Bucket *pin_private(StatePin *pin, uint32_t first, int64_t slice, uint64_t hash) {
    for (uint32_t i = first; i < pin->count; i++) {
        PinnedBucket *pinned = &pin->buckets[i];
        Bucket *bucket = pinned->bucket;

        if (pinned->slice != slice ||
            (hash & (((uint64_t) 1 << bucket->depth) - 1)) != bucket->prefix)
            continue;
        if (bucket_is_shared(bucket)) {
            pinned->bucket = bucket_clone(bucket);
            (void) bucket_unref(bucket);
        }
        return pinned->bucket;
    }
    return NULL;
}

static void pin_undo(StatePin *pin, uint32_t first, const StatePartition *partition,
                     const StateChange *change) {
    StateBytes key = change_key(partition, change);
    StateBytes old = change_old(partition, change);
    Bucket *bucket;
    BucketRow *row;
    Error ignored;

    if (change->set->is_new)
        return;
    bucket = pin_private(pin, first, change->set->slice, change->hash);
    assert(bucket);
    if (old.data) {
        /* Can't fail: unlimited, and the row was there before. */
        IGNORE(bucket_put(bucket, change->hash, key, old, false, &row, &ignored));
    } else {
        row = bucket_find(bucket, change->hash, key);
        if (row)
            bucket_erase(bucket, row);
    }
}

static void pin_partition(StatePin *pin, StatePartition *partition) {
    uint32_t first = pin->count;

    pthread_mutex_lock(&partition->lock);
    for (uint32_t i = 0; i < partition->set_count; i++)
        if (!partition->sets[i]->is_new)
            pin_set(pin, partition->sets[i]);
    for (uint32_t i = 0; i < partition->dropped_count; i++)
        if (!partition->dropped[i]->is_new)
            pin_set(pin, partition->dropped[i]);
    for (uint32_t i = partition->change_count; i-- > 0;)
        pin_undo(pin, first, partition, &partition->changes[i]);
    pthread_mutex_unlock(&partition->lock);
}

StatePin *state_pin(StateTable *table) {
    StatePin *pin = memory_zalloc(sizeof(*pin));

    pthread_mutex_lock(&table->version_lock);
    for (int i = 0; i < table->store->partition_count; i++)
        pin_partition(pin, &table->partitions[i]);
    pthread_mutex_unlock(&table->version_lock);
    return pin;
}

Status state_pin_visit(StatePin *pin, StateVisit visit, void *data, Error *err) {
    for (uint32_t i = 0; i < pin->count; i++) {
        uint32_t place = 0;
        const BucketRow *row;

        while ((row = bucket_next(pin->buckets[i].bucket, &place))) {
            Status status = visit(data, pin->buckets[i].slice, row_key(row), row_value(row), err);

            if (status != STATUS_OK)
                return status == STATUS_STOP ? STATUS_OK : status;
        }
    }
    return STATUS_OK;
}

StatePin *state_unpin(StatePin *pin) {
    if (!pin)
        return NULL;
    for (uint32_t i = 0; i < pin->count; i++)
        (void) bucket_unref(pin->buckets[i].bucket);
    memory_free(pin->buckets);
    memory_free(pin);
    return NULL;
}
