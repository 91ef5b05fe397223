/* The inside of a StateStore: tables, partitions, slices of buckets, and the changes of the epoch
 * under way. For the files of state/ only.
 *
 * A slice's buckets are found by extendible hashing on the lowest hash bits (Fagin et al., 1979).
 * Every change of an epoch is one StateChange a row with the old value in the partition's undo
 * bytes: it serves abort, the changelog, state_old() and pins taken while an epoch is under way.
 * Locks: store->tables_lock for the list of tables; table->version_lock is held by whoever moves
 * the decided version (commit, abort, recovery) or reads it (pin); partition->lock by each change
 * and by a pin. Order: version_lock before lock. */
#pragma once

#include <pthread.h>

#include "state/bucket.h"

#define SLICE_NONE INT64_MIN /* the one slice of an unsliced table */

typedef struct BucketSet {
    int64_t slice;
    uint32_t depth; /* directory has 2^depth entries */
    Bucket **directory;
    int64_t row_count;
    bool is_new;     /* made in this epoch */
    bool is_dropped; /* dropped in this epoch */
    bool was_imaged; /* the checkpoint may hold images of its buckets */
    bool is_told;    /* dropped, and the epoch has told the checkpoint to forget those */
    struct StatePartition *partition;
} BucketSet;

typedef struct StateChange {
    uint64_t hash;
    BucketSet *set;
    size_t offset; /* in undo: key, then old value */
    uint32_t key_size;
    uint32_t old_size;
    bool had_old;
} StateChange;

typedef struct StatePartition {
    pthread_mutex_t lock;
    struct StateTable *table;
    int index;
    BucketSet **sets; /* ascending by slice */
    uint32_t set_count;
    uint32_t set_capacity;
    uint32_t last_set; /* where the last lookup found its slice */
    StateChange *changes;
    uint32_t change_count;
    uint32_t change_capacity;
    StrBuf undo;
    int64_t undo_reserved;
    BucketSet **dropped; /* in this epoch; kept until commit */
    uint32_t dropped_count;
    uint32_t dropped_capacity;
    Bucket *oldest_unimaged;
    Bucket *newest_unimaged;
    int64_t *forgotten; /* slices whose images the checkpoint may delete */
    uint32_t forgotten_count;
    uint32_t forgotten_taken; /* told in this epoch: gone at its commit */
    uint32_t forgotten_capacity;
    _Atomic int64_t row_count;
    _Atomic int64_t size_bytes;
} StatePartition;

/* An image given in this epoch: it counts once the epoch commits. */
typedef struct TakenImage {
    BucketSet *set;
    uint32_t prefix;
    int64_t version; /* first_unimaged_version before */
} TakenImage;

struct StateTable {
    StateStore *store;
    uint64_t operator_id;
    int number;
    uint64_t schema_hash;
    pthread_mutex_t version_lock;
    StatePartition *partitions;
};

struct StateStore {
    MemoryAccount *account;
    int partition_count;
    int64_t version; /* of the last commit */
    int64_t image_credit_bytes;
    bool is_epoch;
    bool is_forgotten_told; /* in this epoch */
    int64_t forget_version; /* the first drop that the checkpoint was not told of; 0: none */
    TakenImage *taken;
    uint32_t taken_count;
    uint32_t taken_capacity;
    pthread_mutex_t tables_lock;
    StateTable **tables; /* in order of making */
    int table_count;
    int table_capacity;
};

/* Make the table when it is not there. */
StateTable *table_find_or_create(StateStore *store, uint64_t operator_id, int number,
                                 uint64_t schema_hash);
BucketSet *partition_find_set(StatePartition *partition, int64_t slice); /* NULL: none */
BucketSet *partition_make_set(StatePartition *partition, int64_t slice);
BucketSet *set_destroy(BucketSet *set); /* its unimaged buckets leave the partition's list */
/* Take a set out of the partition's array, without freeing it. */
void partition_unlink_set(StatePartition *partition, const BucketSet *set);
void partition_link_set(StatePartition *partition, BucketSet *set);
static inline Bucket *set_bucket(const BucketSet *set, uint64_t hash) {
    return set->directory[hash & (((uint64_t) 1 << set->depth) - 1)];
}

/* The bucket of the hash, unshared: copied when a reader has pinned it. */
Bucket *set_writable_bucket(BucketSet *set, uint64_t hash);
/* The same, split until it has room for a row of `row_bytes`. */
Bucket *set_bucket_for_row(BucketSet *set, uint64_t hash, StateBytes key, size_t row_bytes);
/* Split the bucket of `hash` in two. */
void set_split(BucketSet *set, uint64_t hash);
/* Put without tracking, limits or locks: recovery and undo. */
void set_put_quietly(BucketSet *set, uint64_t hash, StateBytes key, StateBytes value);
void set_remove_quietly(BucketSet *set, uint64_t hash, StateBytes key);
/* The bucket has changed at `version`: it needs an image before older changelogs can go. */
void bucket_mark_unimaged(Bucket *bucket, int64_t version);
void bucket_mark_imaged(Bucket *bucket);
/* A dropped set's buckets need no images; an abort lists them again. */
void set_unlist(BucketSet *set);
void set_relist(BucketSet *set);
/* Undo bucket_mark_imaged: back to the front of the list. */
void bucket_unmark_imaged(Bucket *bucket, int64_t version);
void partition_count_size(StatePartition *partition, int64_t row_delta, int64_t byte_delta);
/* `version` dropped the slice: its changelog must stay until the checkpoint has been told. */
void partition_forget_images(StatePartition *partition, int64_t slice, int64_t version);
/* Free what an epoch kept. */
void partition_end_changes(StatePartition *partition);

static inline StateBytes change_key(const StatePartition *partition, const StateChange *change) {
    return (StateBytes) {(const uint8_t *) partition->undo.data + change->offset, change->key_size};
}

static inline StateBytes change_old(const StatePartition *partition, const StateChange *change) {
    const uint8_t *data = (const uint8_t *) partition->undo.data + change->offset;

    return change->had_old ? (StateBytes) {data + change->key_size, change->old_size}
                           : (StateBytes) {NULL, 0};
}
