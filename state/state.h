/* State: what operators remember from one epoch to the next.
 *
 * A StateStore belongs to one stream (or, in memory only, to one batch query). A StateTable is
 * addressed by (operator id, table number); it is split into partitions by key hash, a partition
 * into buckets of at most LIMIT_BUCKET_BYTES by further hash bits (a full bucket splits). Rows are
 * (key bytes, value bytes): forms of types/row.h and serialised aggregate states.
 *
 * Epoch protocol of a store:
 *   begin_epoch → get/put/remove* → changelog (what decide must make durable) → commit | abort
 * Old images of changed rows are kept until commit; abort puts them back. They are also update
 * mode's retractions: state_old() reads the value as of the last commit. A reader pins a table in
 * O(buckets) and sees one decided version while the writer goes on; the writer copies a pinned
 * bucket at its first change.
 *
 * One partition is used by one thread at a time; different partitions by different threads freely.
 */
#pragma once

#include "base/memory.h"
#include "base/strbuf.h"

typedef struct StateStore StateStore;
typedef struct StateTable StateTable;
typedef struct StatePin StatePin;

typedef struct StateBytes {
    const uint8_t *data; /* NULL: no such row */
    size_t size_bytes;
} StateBytes;

/* A row to write or to remove. */
typedef struct StateRow {
    int64_t slice; /* INT64_MIN: the table is not sliced */
    uint64_t hash;
    StateBytes key;
    StateBytes value;
} StateRow;

StateStore *state_store_create(MemoryAccount *account, int partition_count);
StateStore *state_store_destroy(StateStore *store);
int state_partition_count(const StateStore *store);
static inline int state_partition_of(uint64_t hash, int partition_count) {
    return (int) (((hash >> 32) * (uint64_t) partition_count) >> 32);
}

/* The same table every time it is asked for; `schema` (opaque bytes: types, layout versions) must
 * equal what the checkpoint had, else XX001. */
MUST_USE Status state_table_open(StateStore *store, uint64_t operator_id, int table_number,
                                 const void *schema, size_t schema_size, StateTable **ret_table,
                                 Error *err);

void state_begin_epoch(StateStore *store);
/* Borrowed until the next change of this partition. */
StateBytes state_get(StateTable *table, int partition, uint64_t hash, const void *key,
                     size_t key_size);

/* Value as of the last commit (data NULL: the row was not there). */
StateBytes state_old(StateTable *table, int partition, uint64_t hash, const void *key,
                     size_t key_size);

/* Slices: rows of a table may carry an int64 slice (the window's end). All rows of a slice are
 * dropped whole. A table is sliced or not, for ever. */
StateBytes state_get_sliced(StateTable *table, int partition, int64_t slice, uint64_t hash,
                            const void *key, size_t key_size);
StateBytes state_old_sliced(StateTable *table, int partition, int64_t slice, uint64_t hash,
                            const void *key, size_t key_size);
/* 53200 when the account is full. */
MUST_USE Status state_put_row(StateTable *table, int partition, const StateRow *row, Error *err);
MUST_USE Status state_remove_row(StateTable *table, int partition, const StateRow *row, Error *err);
static inline Status state_put_sliced(StateTable *table, int partition, int64_t slice,
                                      uint64_t hash, const void *key, size_t key_size,
                                      const void *value, size_t value_size, Error *err) {
    StateRow row = {
        slice, hash, {(const uint8_t *) key, key_size}, {(const uint8_t *) value, value_size}};

    return state_put_row(table, partition, &row, err);
}

static inline Status state_remove_sliced(StateTable *table, int partition, int64_t slice,
                                         uint64_t hash, const void *key, size_t key_size,
                                         Error *err) {
    StateRow row = {slice, hash, {(const uint8_t *) key, key_size}, {NULL, 0}};

    return state_remove_row(table, partition, &row, err);
}

static inline Status state_put(StateTable *table, int partition, uint64_t hash, const void *key,
                               size_t key_size, const void *value, size_t value_size, Error *err) {
    return state_put_sliced(table, partition, INT64_MIN, hash, key, key_size, value, value_size,
                            err);
}

static inline Status state_remove(StateTable *table, int partition, uint64_t hash, const void *key,
                                  size_t key_size, Error *err) {
    return state_remove_sliced(table, partition, INT64_MIN, hash, key, key_size, err);
}

/* The smallest slice of the partition; false when it has none. */
bool state_first_slice(StateTable *table, int partition, int64_t *ret_slice);
MUST_USE Status state_drop_slice(StateTable *table, int partition, int64_t slice, Error *err);

/* Visit all rows of a partition (slice order, then bucket order; not sorted). Slice INT64_MIN where
 * unsliced. The visitor must not change the table; STATUS_STOP ends early without error. */
typedef Status (*StateVisit)(void *data, int64_t slice, StateBytes key, StateBytes value,
                             Error *err);
MUST_USE Status state_visit(StateTable *table, int partition, StateVisit visit, void *data,
                            Error *err);
MUST_USE Status state_visit_slice(StateTable *table, int partition, int64_t slice, StateVisit visit,
                                  void *data, Error *err);

/* Any thread, at any time: near enough for metrics. */
int64_t state_row_count(const StateTable *table);
/* Over all tables of one operator. */
void state_operator_size(StateStore *store, uint64_t operator_id, int64_t *ret_rows,
                         int64_t *ret_bytes);
/* False: there is nothing that an epoch could change. */
bool state_has_tables(StateStore *store);
int64_t state_store_row_count(StateStore *store);
int64_t state_store_size_bytes(StateStore *store);

/* -------- what the checkpoint does with it (stream/ only) --------
 *
 * A commit:   state_append_changelog → state_take_images → (decide writes both) → state_commit.
 * A recovery: state_apply_image for each image, ascending by bucket; then state_apply_changelog for
 * each changelog that was kept, ascending by version; then the tables are opened. The checkpoint
 * keeps the newest image of each (operator, table, partition, slice, bucket), and the changelogs
 * from state_changelog_floor() on. Bytes written stay within twice the bytes changed. */

/* Commits so far; the changelog of the epoch under way has version + 1. */
int64_t state_version(const StateStore *store);
/* Everything changed since begin_epoch, as one self-describing blob with format version. */
void state_append_changelog(StateStore *store, StrBuf *out);
/* Apply a decided epoch's changelog at recovery. XX001 when damaged. */
MUST_USE Status state_apply_changelog(StateStore *store, const uint8_t *bytes, size_t size_bytes,
                                      Error *err);
void state_commit(StateStore *store);
void state_abort(StateStore *store);
/* Changelogs below this version are no longer needed, once the images taken so far are durable. */
int64_t state_changelog_floor(StateStore *store);

typedef struct StateImage {
    uint64_t operator_id;
    int table_number;
    int partition;
    int64_t slice;   /* INT64_MIN: the table is not sliced */
    uint32_t bucket; /* 1 << depth | prefix; 0 with no bytes: forget all images of the slice */
    StrBuf bytes;    /* owned by the store; length 0: forget */
} StateImage;

/* Calls `take` with each image that is due (all changed buckets, when `force`), inside the epoch
 * and after its changes: the oldest unimaged buckets first, as many bytes as the changelogs since
 * the last call held. An epoch that is aborted after this must not keep what it took; its buckets
 * come again. */
MUST_USE Status state_take_images(StateStore *store, bool force,
                                  Status (*take)(void *data, const StateImage *image, Error *err),
                                  void *data, Error *err);
MUST_USE Status state_apply_image(StateStore *store, const StateImage *image, Error *err);

/* -------- readers -------- */
StatePin *
state_pin(StateTable *table); /* any thread, between epochs or during one: the decided version */
MUST_USE Status state_pin_visit(StatePin *pin, StateVisit visit, void *data, Error *err);
StatePin *state_unpin(StatePin *pin);
