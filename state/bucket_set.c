/* BucketSet: the buckets of one slice of one partition, and the partition's sorted array of slices.
 */
#include <assert.h>
#include <string.h>

#include "state/table.h"

/* -------- buckets that wait for an image -------- */

static void link_unimaged(Bucket *bucket, Bucket *older, Bucket *newer) {
    StatePartition *partition = bucket->set->partition;

    assert(!bucket->is_listed);
    assert(bucket->first_unimaged_version > 0);
    bucket->older = older;
    bucket->newer = newer;
    *(older ? &older->newer : &partition->oldest_unimaged) = bucket;
    *(newer ? &newer->older : &partition->newest_unimaged) = bucket;
    bucket->is_listed = true;
}

static void unlink_unimaged(Bucket *bucket) {
    StatePartition *partition = bucket->set->partition;

    if (!bucket->is_listed)
        return;
    *(bucket->older ? &bucket->older->newer : &partition->oldest_unimaged) = bucket->newer;
    *(bucket->newer ? &bucket->newer->older : &partition->newest_unimaged) = bucket->older;
    bucket->older = bucket->newer = NULL;
    bucket->is_listed = false;
}

void bucket_mark_unimaged(Bucket *bucket, int64_t version) {
    assert(version > 0);
    if (bucket->first_unimaged_version)
        return;
    bucket->first_unimaged_version = version;
    link_unimaged(bucket, bucket->set->partition->newest_unimaged, NULL);
}

void bucket_mark_imaged(Bucket *bucket) {
    assert(bucket->set);
    assert(!bucket->set->is_dropped);
    unlink_unimaged(bucket);
    bucket->first_unimaged_version = 0;
    bucket->is_imaged = true;
    bucket->set->was_imaged = true;
}

/* The front must hold the oldest version: a bucket that comes back claims no newer one. */
void bucket_unmark_imaged(Bucket *bucket, int64_t version) {
    Bucket *front = bucket->set->partition->oldest_unimaged;

    assert(version > 0);
    if (front && front->first_unimaged_version < version)
        version = front->first_unimaged_version;
    unlink_unimaged(bucket);
    if (front == bucket)
        front = bucket->set->partition->oldest_unimaged;
    bucket->first_unimaged_version = version;
    link_unimaged(bucket, NULL, front);
}

void set_unlist(BucketSet *set) {
    for (uint32_t i = 0; i < (uint32_t) 1 << set->depth; i++)
        unlink_unimaged(set->directory[i]);
}

void set_relist(BucketSet *set) {
    for (uint32_t i = 0; i < (uint32_t) 1 << set->depth; i++) {
        Bucket *bucket = set->directory[i];

        if (bucket->first_unimaged_version && !bucket->is_listed)
            bucket_unmark_imaged(bucket, bucket->first_unimaged_version);
    }
}

/* `copy` takes the place of `bucket` in the list. */
static void replace_unimaged(Bucket *bucket, Bucket *copy) {
    Bucket *older = bucket->older;

    if (!bucket->is_listed)
        return;
    unlink_unimaged(bucket);
    copy->set = bucket->set;
    link_unimaged(copy, older, older ? older->newer : copy->set->partition->oldest_unimaged);
}

/* -------- one set -------- */

static BucketSet *set_create(StatePartition *partition, int64_t slice) {
    BucketSet *set = memory_zalloc(sizeof(*set));

    set->slice = slice;
    set->partition = partition;
    set->is_new = partition->table->store->is_epoch;
    set->directory = memory_alloc(sizeof(Bucket *));
    set->directory[0] = bucket_create(partition->table->store->account, 0, 0);
    set->directory[0]->set = set;
    return set;
}

BucketSet *set_destroy(BucketSet *set) {
    if (!set)
        return NULL;
    set_unlist(set);
    for (uint32_t i = ((uint32_t) 1 << set->depth) - 1; i < UINT32_MAX; i--)
        if (i == set->directory[i]->prefix)
            (void) bucket_unref(set->directory[i]);
    memory_free(set->directory);
    memory_free(set);
    return NULL;
}

/* Point all the bucket's places in the directory to it. */
static void set_install(BucketSet *set, Bucket *bucket) {
    uint32_t step = (uint32_t) 1 << bucket->depth;

    assert(bucket->depth <= set->depth);
    for (uint32_t i = bucket->prefix; i < (uint32_t) 1 << set->depth; i += step)
        set->directory[i] = bucket;
    bucket->set = set;
}

Bucket *set_writable_bucket(BucketSet *set, uint64_t hash) {
    Bucket *bucket = set_bucket(set, hash);
    Bucket *copy;

    if (!bucket_is_shared(bucket))
        return bucket;
    copy = bucket_clone(bucket);
    replace_unimaged(bucket, copy);
    set_install(set, copy);
    (void) bucket_unref(bucket);
    assert(!bucket_is_shared(copy));
    return copy;
}

static void set_double(BucketSet *set) {
    size_t count = (size_t) 1 << set->depth;

    assert(set->depth < BUCKET_DEPTH_MAX);
    set->directory = memory_realloc(set->directory, 2 * count * sizeof(Bucket *));
    memcpy(set->directory + count, set->directory, count * sizeof(Bucket *));
    set->depth++;
}

static void move_row(Bucket *target, const BucketRow *row) {
    StateBytes value = {row->bytes + row->key_size, row_is_live(row) ? row->value_size : 0};
    Error ignored;
    BucketRow *moved = NULL;

    /* Can't fail: unlimited, and a row that fitted once is not too large. */
    IGNORE(bucket_put(target, row->hash, row_key(row), value, false, &moved, &ignored));
    assert(moved);
    moved->change = row->change;
    if (!row_is_live(row))
        bucket_tombstone(target, moved);
}

void set_split(BucketSet *set, uint64_t hash) {
    Bucket *bucket = set_bucket(set, hash);
    int64_t version = bucket->first_unimaged_version;
    Bucket *halves[2];
    uint32_t place = 0;
    const BucketRow *row;

    assert(bucket->depth < BUCKET_DEPTH_MAX);
    if (bucket->depth == set->depth)
        set_double(set);
    for (uint32_t i = 0; i < 2; i++)
        halves[i] =
            bucket_create(bucket->account, bucket->depth + 1, bucket->prefix | i << bucket->depth);
    while ((row = bucket_next_any(bucket, &place)))
        move_row(halves[row->hash >> bucket->depth & 1], row);
    unlink_unimaged(bucket);
    for (int i = 0; i < 2; i++) {
        set_install(set, halves[i]);
        if (version)
            bucket_mark_unimaged(halves[i], version);
        else
            halves[i]->is_imaged = bucket->is_imaged; /* the parent's image holds its rows */
    }
    bucket->first_unimaged_version = 0;
    partition_count_size(set->partition, 0,
                         (int64_t) halves[0]->rows_used + halves[1]->rows_used -
                             (bucket->rows_used - bucket->dead_bytes));
    (void) bucket_unref(bucket);
}

/* A directory much larger than its rows means that hashes collide: splitting would not help. */
static bool set_may_split(const BucketSet *set, const Bucket *bucket) {
    return bucket->live_count > 1 && bucket->depth < BUCKET_DEPTH_MAX &&
           (int64_t) 1 << bucket->depth <= 64 + 4 * set->row_count;
}

static bool row_fits_in_place(const Bucket *bucket, uint64_t hash, StateBytes key,
                              size_t row_bytes) {
    const BucketRow *row = bucket_find(bucket, hash, key);

    return row && row_bytes <= bucket_row_bytes(row->key_size, row->value_capacity);
}

Bucket *set_bucket_for_row(BucketSet *set, uint64_t hash, StateBytes key, size_t row_bytes) {
    Bucket *bucket = set_writable_bucket(set, hash);

    while (!bucket_fits(bucket, row_bytes) && set_may_split(set, bucket) &&
           !row_fits_in_place(bucket, hash, key, row_bytes)) {
        set_split(set, hash);
        bucket = set_bucket(set, hash);
    }
    assert(!bucket_is_shared(bucket));
    return bucket;
}

void set_put_quietly(BucketSet *set, uint64_t hash, StateBytes key, StateBytes value) {
    Bucket *bucket =
        set_bucket_for_row(set, hash, key, bucket_row_bytes(key.size_bytes, value.size_bytes));
    int64_t rows_before;
    int64_t bytes_before;
    BucketRow *row;
    Error ignored;

    rows_before = bucket->live_count;
    bytes_before = bucket->rows_used - bucket->dead_bytes;
    /* Can't fail: unlimited, and the row was in a bucket before. */
    IGNORE(bucket_put(bucket, hash, key, value, false, &row, &ignored));
    set->row_count += bucket->live_count - rows_before;
    partition_count_size(set->partition, bucket->live_count - rows_before,
                         bucket->rows_used - bucket->dead_bytes - bytes_before);
}

void set_remove_quietly(BucketSet *set, uint64_t hash, StateBytes key) {
    Bucket *bucket = set_bucket(set, hash);
    BucketRow *row = bucket_find(bucket, hash, key);
    int64_t rows_before;
    int64_t bytes_before;

    if (!row)
        return;
    bucket = set_writable_bucket(set, hash);
    row = bucket_find(bucket, hash, key);
    assert(row);
    rows_before = bucket->live_count;
    bytes_before = bucket->rows_used - bucket->dead_bytes;
    bucket_erase(bucket, row);
    set->row_count += bucket->live_count - rows_before;
    partition_count_size(set->partition, bucket->live_count - rows_before,
                         bucket->rows_used - bucket->dead_bytes - bytes_before);
}

/* -------- the partition's slices -------- */

/* The first set whose slice is not below `slice`. */
static uint32_t partition_lower_bound(const StatePartition *partition, int64_t slice) {
    uint32_t low = 0;
    uint32_t high = partition->set_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (partition->sets[middle]->slice < slice)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

BucketSet *partition_find_set(StatePartition *partition, int64_t slice) {
    uint32_t place = partition->last_set;

    if (place >= partition->set_count || partition->sets[place]->slice != slice)
        place = partition_lower_bound(partition, slice);
    if (place >= partition->set_count || partition->sets[place]->slice != slice)
        return NULL;
    partition->last_set = place;
    return partition->sets[place];
}

void partition_link_set(StatePartition *partition, BucketSet *set) {
    uint32_t place = partition_lower_bound(partition, set->slice);

    assert(place == partition->set_count || partition->sets[place]->slice != set->slice);
    assert(set->partition == partition);
    if (partition->set_count == partition->set_capacity) {
        partition->set_capacity = partition->set_capacity ? 2 * partition->set_capacity : 1;
        partition->sets =
            memory_realloc(partition->sets, partition->set_capacity * sizeof(*partition->sets));
    }
    memmove(partition->sets + place + 1, partition->sets + place,
            (partition->set_count - place) * sizeof(*partition->sets));
    partition->sets[place] = set;
    partition->set_count++;
    partition->last_set = place;
}

void partition_unlink_set(StatePartition *partition, const BucketSet *set) {
    uint32_t place = partition_lower_bound(partition, set->slice);

    assert(place < partition->set_count && partition->sets[place] == set);
    partition->set_count--;
    memmove(partition->sets + place, partition->sets + place + 1,
            (partition->set_count - place) * sizeof(*partition->sets));
    partition->last_set = 0;
}

BucketSet *partition_make_set(StatePartition *partition, int64_t slice) {
    BucketSet *set = partition_find_set(partition, slice);

    if (!set) {
        set = set_create(partition, slice);
        partition_link_set(partition, set);
    }
    assert(!set->is_dropped);
    return set;
}

void partition_forget_images(StatePartition *partition, int64_t slice, int64_t version) {
    StateStore *store = partition->table->store;

    if (!store->forget_version)
        store->forget_version = version;
    if (partition->forgotten_count == partition->forgotten_capacity) {
        partition->forgotten_capacity += partition->forgotten_capacity / 2 + 4;
        partition->forgotten = memory_realloc(
            partition->forgotten, partition->forgotten_capacity * sizeof(*partition->forgotten));
    }
    partition->forgotten[partition->forgotten_count++] = slice;
}

void partition_count_size(StatePartition *partition, int64_t row_delta, int64_t byte_delta) {
    atomic_fetch_add_explicit(&partition->row_count, row_delta, memory_order_relaxed);
    atomic_fetch_add_explicit(&partition->size_bytes, byte_delta, memory_order_relaxed);
}
