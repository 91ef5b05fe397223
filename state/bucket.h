/* Bucket: a compact hash table of at most about LIMIT_BUCKET_BYTES, the unit of growth, undo, pin,
 * image and checksum.
 *
 * Rows are packed one after the other in the bucket's own memory; 4-byte slots (24 bits of place in
 * 8-byte units, 8 bits of hash) find them by linear probing. A row that outgrows its room is
 * written anew at the end and its old place is dead until the next rebuild. Laws: 1. a shared
 * bucket (reference count above 1) is never written. 2. A removed row stays as a tombstone, found
 * by its key, until it is erased: so the epoch knows what it changed. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "base/memory.h"
#include "state/state.h"

enum {
    BUCKET_DEPTH_MAX = 24,         /* hash bits that buckets may take */
    BUCKET_ROW_BYTES_MAX = 1 << 26 /* of one row; past it 54000 */
};

#define ROW_REMOVED UINT32_MAX    /* value_size of a tombstone */
#define ROW_DEAD (UINT32_MAX - 1) /* value_size of a place that nobody finds */

typedef struct BucketRow {
    uint64_t hash;
    uint32_t key_size;
    uint32_t value_size;
    uint32_t value_capacity;
    uint32_t change; /* 1 + index of the epoch's change; 0: unchanged */
    uint8_t bytes[]; /* key, then value */
} BucketRow;

struct BucketSet;

typedef struct Bucket {
    _Atomic int reference_count;
    uint32_t depth;  /* hash bits that all its rows share */
    uint32_t prefix; /* those bits */
    uint32_t live_count;
    uint32_t slot_count; /* a power of two */
    uint32_t slot_used;
    uint32_t *slots;
    uint8_t *rows;
    uint32_t rows_used;
    uint32_t rows_capacity;
    uint32_t dead_bytes;
    MemoryAccount *account;
    int64_t accounted_bytes;
    struct BucketSet *set;          /* borrowed; the set that the writer sees it in */
    int64_t first_unimaged_version; /* 0: unchanged since its last image */
    bool is_imaged;
    bool is_listed; /* in the partition's list of unimaged buckets */
    struct Bucket *older;
    struct Bucket *newer;
} Bucket;

Bucket *bucket_create(MemoryAccount *account, uint32_t depth, uint32_t prefix);
Bucket *bucket_ref(Bucket *bucket);
Bucket *bucket_unref(Bucket *bucket); /* NULL is fine; returns NULL */
/* An unshared copy without place in any list. */
Bucket *bucket_clone(const Bucket *bucket);
static inline bool bucket_is_shared(const Bucket *bucket) {
    return atomic_load_explicit(&bucket->reference_count, memory_order_acquire) > 1;
}

static inline uint32_t bucket_id(const Bucket *bucket) {
    return ((uint32_t) 1 << bucket->depth) | bucket->prefix;
}

/* Tombstones are found too. NULL: none. */
BucketRow *bucket_find(const Bucket *bucket, uint64_t hash, StateBytes key);
/* Bytes that a row takes. */
size_t bucket_row_bytes(size_t key_size, size_t value_capacity);
/* Is there room for one more row of this size without passing the bucket's limit? */
bool bucket_fits(const Bucket *bucket, size_t row_bytes);
/* Insert or replace. `account_limit` false: never fails (undo, recovery). Keeps `change` of a row
 * that was there. */
MUST_USE Status bucket_put(Bucket *bucket, uint64_t hash, StateBytes key, StateBytes value,
                           bool is_limited, BucketRow **ret_row, Error *err);
void bucket_tombstone(Bucket *bucket, BucketRow *row);
void bucket_erase(Bucket *bucket, BucketRow *row);
/* Walk the live rows: start with *place 0. NULL: the end. */
const BucketRow *bucket_next(const Bucket *bucket, uint32_t *place);
/* The same with tombstones: what a split moves. */
const BucketRow *bucket_next_any(const Bucket *bucket, uint32_t *place);

static inline StateBytes row_key(const BucketRow *row) {
    return (StateBytes) {row->bytes, row->key_size};
}

static inline bool row_is_live(const BucketRow *row) {
    return row->value_size < ROW_DEAD;
}

static inline StateBytes row_value(const BucketRow *row) {
    return (StateBytes) {row->bytes + row->key_size, row->value_size};
}
