#include "state/state.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "state/table.h"

enum {
    UNDO_RESERVE_MIN = 4096,
    UNDO_KEPT_BYTES = 16384, /* an idle partition keeps no more than this */
    CHANGES_KEPT = 256,
};

/* -------- store and tables -------- */

StateStore *state_store_create(MemoryAccount *account, int partition_count) {
    StateStore *store = memory_zalloc(sizeof(*store));

    assert(partition_count > 0);
    store->account = account;
    store->partition_count = partition_count;
    pthread_mutex_init(&store->tables_lock, NULL);
    return store;
}

static void partition_done(StatePartition *partition) {
    for (uint32_t i = 0; i < partition->set_count; i++)
        (void) set_destroy(partition->sets[i]);
    for (uint32_t i = 0; i < partition->dropped_count; i++)
        (void) set_destroy(partition->dropped[i]);
    memory_release(partition->table->store->account, partition->undo_reserved);
    memory_free(partition->sets);
    memory_free(partition->dropped);
    memory_free(partition->forgotten);
    memory_free(partition->changes);
    strbuf_done(&partition->undo);
    pthread_mutex_destroy(&partition->lock);
}

static StateTable *table_destroy(StateTable *table) {
    for (int i = 0; i < table->store->partition_count; i++)
        partition_done(&table->partitions[i]);
    pthread_mutex_destroy(&table->version_lock);
    memory_free(table->partitions);
    memory_free(table);
    return NULL;
}

StateStore *state_store_destroy(StateStore *store) {
    if (!store)
        return NULL;
    for (int i = 0; i < store->table_count; i++)
        (void) table_destroy(store->tables[i]);
    pthread_mutex_destroy(&store->tables_lock);
    memory_free(store->taken);
    memory_free(store->tables);
    memory_free(store);
    return NULL;
}

int state_partition_count(const StateStore *store) {
    return store->partition_count;
}

static StateTable *table_create(StateStore *store, uint64_t operator_id, int number,
                                uint64_t schema_hash) {
    StateTable *table = memory_zalloc(sizeof(*table));

    table->store = store;
    table->operator_id = operator_id;
    table->number = number;
    table->schema_hash = schema_hash;
    pthread_mutex_init(&table->version_lock, NULL);
    table->partitions = memory_zalloc((size_t) store->partition_count * sizeof(StatePartition));
    for (int i = 0; i < store->partition_count; i++) {
        table->partitions[i].table = table;
        table->partitions[i].index = i;
        pthread_mutex_init(&table->partitions[i].lock, NULL);
    }
    return table;
}

static StateTable *store_find(StateStore *store, uint64_t operator_id, int number) {
    for (int i = 0; i < store->table_count; i++)
        if (store->tables[i]->operator_id == operator_id && store->tables[i]->number == number)
            return store->tables[i];
    return NULL;
}

StateTable *table_find_or_create(StateStore *store, uint64_t operator_id, int number,
                                 uint64_t schema_hash) {
    StateTable *table;

    pthread_mutex_lock(&store->tables_lock);
    table = store_find(store, operator_id, number);
    if (!table) {
        table = table_create(store, operator_id, number, schema_hash);
        if (store->table_count == store->table_capacity) {
            store->table_capacity = store->table_capacity ? 2 * store->table_capacity : 4;
            store->tables = memory_realloc(store->tables,
                                           (size_t) store->table_capacity * sizeof(StateTable *));
        }
        store->tables[store->table_count++] = table;
    }
    pthread_mutex_unlock(&store->tables_lock);
    return table;
}

Status state_table_open(StateStore *store, uint64_t operator_id, int table_number,
                        const void *schema, size_t schema_size, StateTable **ret_table,
                        Error *err) {
    uint64_t schema_hash = hash_bytes(schema, schema_size);
    StateTable *table = table_find_or_create(store, operator_id, table_number, schema_hash);

    if (table->schema_hash != schema_hash)
        return error_set(err, DATA_CORRUPTED,
                         "state table %d of operator %016llx was written with another schema",
                         table_number, (unsigned long long) operator_id);
    *ret_table = table;
    return STATUS_OK;
}

static StatePartition *table_partition(StateTable *table, int partition) {
    assert(partition >= 0);
    assert(partition < table->store->partition_count);
    return &table->partitions[partition];
}

/* -------- changes of the epoch -------- */

void state_begin_epoch(StateStore *store) {
    assert(!store->is_epoch);
    store->is_epoch = true;
}

static Status undo_reserve(StatePartition *partition, size_t more_bytes, Error *err) {
    int64_t wanted = (int64_t) (partition->undo.length + more_bytes +
                                (partition->change_count + 1) * sizeof(StateChange));
    int64_t reserve = partition->undo_reserved;

    if (wanted <= reserve)
        return STATUS_OK;
    reserve = reserve ? reserve : UNDO_RESERVE_MIN;
    while (reserve < wanted)
        reserve *= 2;
    TRY(memory_reserve(partition->table->store->account, reserve - partition->undo_reserved, err));
    partition->undo_reserved = reserve;
    return STATUS_OK;
}

/* Write down the row as it was before its first change; ret_change is 1 + its index. */
static Status change_record(StatePartition *partition, BucketSet *set, uint64_t hash,
                            StateBytes key, StateBytes old, uint32_t *ret_change, Error *err) {
    StateChange *change;

    TRY(undo_reserve(partition, key.size_bytes + old.size_bytes, err));
    if (partition->change_count == partition->change_capacity) {
        partition->change_capacity =
            partition->change_capacity ? 2 * partition->change_capacity : 8;
        partition->changes = memory_realloc(partition->changes, partition->change_capacity *
                                                                    sizeof(*partition->changes));
    }
    change = &partition->changes[partition->change_count++];
    *change = (StateChange) {.hash = hash,
                             .set = set,
                             .offset = partition->undo.length,
                             .key_size = (uint32_t) key.size_bytes,
                             .old_size = (uint32_t) old.size_bytes,
                             .had_old = old.data != NULL};
    strbuf_append(&partition->undo, key.data, key.size_bytes);
    if (old.data)
        strbuf_append(&partition->undo, old.data, old.size_bytes);
    *ret_change = partition->change_count;
    return STATUS_OK;
}

static uint32_t bucket_live_bytes(const Bucket *bucket) {
    return bucket->rows_used - bucket->dead_bytes;
}

static Status put_locked(StatePartition *partition, BucketSet *set, const StateRow *put,
                         Error *err) {
    uint64_t hash = put->hash;
    StateBytes key = put->key;
    StateBytes value = put->value;
    Bucket *bucket =
        set_bucket_for_row(set, hash, key, bucket_row_bytes(key.size_bytes, value.size_bytes));
    StateStore *store = partition->table->store;
    uint32_t live_before = bucket->live_count;
    uint32_t bytes_before = bucket_live_bytes(bucket);
    BucketRow *row = bucket_find(bucket, hash, key);
    uint32_t change = row ? row->change : 0;

    if (store->is_epoch && !change) {
        StateBytes old = row ? row_value(row) : (StateBytes) {NULL, 0};

        TRY(change_record(partition, set, hash, key, old, &change, err));
        if (row)
            row->change = change; /* also when the put fails: the abort then finds it */
        bucket_mark_unimaged(bucket, store->version + 1);
    }
    TRY(bucket_put(bucket, hash, key, value, true, &row, err));
    row->change = change;
    set->row_count += (int64_t) bucket->live_count - live_before;
    partition_count_size(partition, (int64_t) bucket->live_count - live_before,
                         (int64_t) bucket_live_bytes(bucket) - bytes_before);
    return STATUS_OK;
}

Status state_put_row(StateTable *table, int partition, const StateRow *row, Error *err) {
    StatePartition *self = table_partition(table, partition);
    Status status;

    assert(row->key.size_bytes < BUCKET_ROW_BYTES_MAX / 2);
    if (row->value.size_bytes > BUCKET_ROW_BYTES_MAX / 2)
        return error_set(err, PROGRAM_LIMIT_EXCEEDED, "a state row of %zu bytes is too large",
                         row->value.size_bytes);
    pthread_mutex_lock(&self->lock);
    status = put_locked(self, partition_make_set(self, row->slice), row, err);
    pthread_mutex_unlock(&self->lock);
    return status;
}

static Status remove_locked(StatePartition *partition, BucketSet *set, uint64_t hash,
                            StateBytes key, Error *err) {
    StateStore *store = partition->table->store;
    BucketRow *row = bucket_find(set_bucket(set, hash), hash, key);
    Bucket *bucket;

    if (!row || !row_is_live(row))
        return STATUS_OK;
    bucket = set_writable_bucket(set, hash);
    row = bucket_find(bucket, hash, key);
    assert(row);
    if (store->is_epoch && !row->change) {
        TRY(change_record(partition, set, hash, key, row_value(row), &row->change, err));
        bucket_mark_unimaged(bucket, store->version + 1);
    }
    partition_count_size(partition, -1, 0);
    set->row_count--;
    if (store->is_epoch) {
        bucket_tombstone(bucket, row);
        return STATUS_OK;
    }
    partition_count_size(partition, 0,
                         -(int64_t) bucket_row_bytes(row->key_size, row->value_capacity));
    bucket_erase(bucket, row);
    return STATUS_OK;
}

Status state_remove_row(StateTable *table, int partition, const StateRow *row, Error *err) {
    StatePartition *self = table_partition(table, partition);
    BucketSet *set = partition_find_set(self, row->slice);
    Status status;

    if (!set)
        return STATUS_OK;
    pthread_mutex_lock(&self->lock);
    status = remove_locked(self, set, row->hash, row->key, err);
    pthread_mutex_unlock(&self->lock);
    return status;
}

/* -------- reading -------- */

StateBytes state_get_sliced(StateTable *table, int partition, int64_t slice, uint64_t hash,
                            const void *key, size_t key_size) {
    BucketSet *set = partition_find_set(table_partition(table, partition), slice);
    const BucketRow *row;

    if (!set)
        return (StateBytes) {NULL, 0};
    row = bucket_find(set_bucket(set, hash), hash, (StateBytes) {key, key_size});
    return row && row_is_live(row) ? row_value(row) : (StateBytes) {NULL, 0};
}

StateBytes state_get(StateTable *table, int partition, uint64_t hash, const void *key,
                     size_t key_size) {
    return state_get_sliced(table, partition, SLICE_NONE, hash, key, key_size);
}

StateBytes state_old_sliced(StateTable *table, int partition, int64_t slice, uint64_t hash,
                            const void *key, size_t key_size) {
    StatePartition *self = table_partition(table, partition);
    BucketSet *set = partition_find_set(self, slice);
    const BucketRow *row;

    if (!set)
        return (StateBytes) {NULL, 0};
    row = bucket_find(set_bucket(set, hash), hash, (StateBytes) {key, key_size});
    if (!row)
        return (StateBytes) {NULL, 0};
    if (row->change == 0)
        return row_value(row);
    assert(row->change <= self->change_count);
    return change_old(self, &self->changes[row->change - 1]);
}

StateBytes state_old(StateTable *table, int partition, uint64_t hash, const void *key,
                     size_t key_size) {
    return state_old_sliced(table, partition, SLICE_NONE, hash, key, key_size);
}

static Status set_visit(const BucketSet *set, StateVisit visit, void *data, Error *err) {
    for (uint32_t i = 0; i < (uint32_t) 1 << set->depth; i++) {
        const Bucket *bucket = set->directory[i];
        uint32_t place = 0;
        const BucketRow *row;

        if (bucket->prefix != i)
            continue; /* visited at its first place */
        while ((row = bucket_next(bucket, &place)))
            TRY(visit(data, set->slice, row_key(row), row_value(row), err));
    }
    return STATUS_OK;
}

Status state_visit(StateTable *table, int partition, StateVisit visit, void *data, Error *err) {
    StatePartition *self = table_partition(table, partition);

    for (uint32_t i = 0; i < self->set_count; i++) {
        Status status = set_visit(self->sets[i], visit, data, err);

        if (status != STATUS_OK)
            return status == STATUS_STOP ? STATUS_OK : status;
    }
    return STATUS_OK;
}

Status state_visit_slice(StateTable *table, int partition, int64_t slice, StateVisit visit,
                         void *data, Error *err) {
    BucketSet *set = partition_find_set(table_partition(table, partition), slice);
    Status status = set ? set_visit(set, visit, data, err) : STATUS_OK;

    return status == STATUS_STOP ? STATUS_OK : status;
}

int64_t state_row_count(const StateTable *table) {
    int64_t count = 0;

    for (int i = 0; i < table->store->partition_count; i++)
        count += atomic_load_explicit(&table->partitions[i].row_count, memory_order_relaxed);
    return count;
}

static int64_t state_size_bytes(const StateTable *table) {
    int64_t size_bytes = 0;

    for (int i = 0; i < table->store->partition_count; i++)
        size_bytes += atomic_load_explicit(&table->partitions[i].size_bytes, memory_order_relaxed);
    return size_bytes;
}

void state_operator_size(StateStore *store, uint64_t operator_id, int64_t *ret_rows,
                         int64_t *ret_bytes) {
    *ret_rows = *ret_bytes = 0;
    pthread_mutex_lock(&store->tables_lock);
    for (int i = 0; i < store->table_count; i++)
        if (store->tables[i]->operator_id == operator_id) {
            *ret_rows += state_row_count(store->tables[i]);
            *ret_bytes += state_size_bytes(store->tables[i]);
        }
    pthread_mutex_unlock(&store->tables_lock);
}

int64_t state_store_row_count(StateStore *store) {
    int64_t count = 0;

    pthread_mutex_lock(&store->tables_lock);
    for (int i = 0; i < store->table_count; i++)
        count += state_row_count(store->tables[i]);
    pthread_mutex_unlock(&store->tables_lock);
    return count;
}

int64_t state_store_size_bytes(StateStore *store) {
    int64_t size_bytes = 0;

    pthread_mutex_lock(&store->tables_lock);
    for (int i = 0; i < store->table_count; i++)
        size_bytes += state_size_bytes(store->tables[i]);
    pthread_mutex_unlock(&store->tables_lock);
    return size_bytes;
}

bool state_has_tables(StateStore *store) {
    bool has_tables;

    pthread_mutex_lock(&store->tables_lock);
    has_tables = store->table_count > 0;
    pthread_mutex_unlock(&store->tables_lock);
    return has_tables;
}

int64_t state_version(const StateStore *store) {
    return store->version;
}

/* -------- slices -------- */

bool state_first_slice(StateTable *table, int partition, int64_t *ret_slice) {
    StatePartition *self = table_partition(table, partition);

    if (self->set_count == 0)
        return false;
    *ret_slice = self->sets[0]->slice;
    return true;
}

static int64_t set_live_bytes(const BucketSet *set) {
    int64_t size_bytes = 0;

    for (uint32_t i = 0; i < (uint32_t) 1 << set->depth; i++)
        if (set->directory[i]->prefix == i)
            size_bytes += bucket_live_bytes(set->directory[i]);
    return size_bytes;
}

static void drop_locked(StatePartition *partition, BucketSet *set) {
    partition_unlink_set(partition, set);
    partition_count_size(partition, -set->row_count, -set_live_bytes(set));
    if (!partition->table->store->is_epoch) {
        (void) set_destroy(set);
        return;
    }
    assert(!set->is_dropped);
    set->is_dropped = true;
    set_unlist(set);
    if (partition->dropped_count == partition->dropped_capacity) {
        partition->dropped_capacity += partition->dropped_capacity / 2 + 4;
        partition->dropped = memory_realloc(partition->dropped, partition->dropped_capacity *
                                                                    sizeof(*partition->dropped));
    }
    partition->dropped[partition->dropped_count++] = set;
}

Status state_drop_slice(StateTable *table, int partition, int64_t slice, Error *err) {
    StatePartition *self = table_partition(table, partition);
    BucketSet *set = partition_find_set(self, slice);

    if (!set)
        return STATUS_OK;
    pthread_mutex_lock(&self->lock);
    drop_locked(self, set);
    pthread_mutex_unlock(&self->lock);
    return STATUS_OK;
}

/* -------- the end of an epoch -------- */

void partition_end_changes(StatePartition *partition) {
    memory_release(partition->table->store->account, partition->undo_reserved);
    partition->undo_reserved = 0;
    partition->change_count = 0;
    partition->dropped_count = 0;
    strbuf_clear(&partition->undo);
    if (partition->undo.capacity > UNDO_KEPT_BYTES)
        strbuf_done(&partition->undo);
    if (partition->change_capacity > CHANGES_KEPT) {
        memory_free(partition->changes);
        partition->changes = NULL;
        partition->change_capacity = 0;
    }
}

static void commit_change(StatePartition *partition, const StateChange *change) {
    Bucket *bucket;
    BucketRow *row;

    if (change->set->is_dropped)
        return;
    bucket = set_bucket(change->set, change->hash);
    assert(!bucket_is_shared(bucket));
    row = bucket_find(bucket, change->hash, change_key(partition, change));
    if (!row)
        return; /* a put that failed before it inserted */
    row->change = 0;
    change->set->is_new = false;
    if (row_is_live(row))
        return;
    partition_count_size(partition, 0,
                         -(int64_t) bucket_row_bytes(row->key_size, row->value_capacity));
    bucket_erase(bucket, row);
}

static void commit_forgotten(StatePartition *partition) {
    if (partition->forgotten_taken == 0)
        return;
    assert(partition->forgotten_taken <= partition->forgotten_count);
    partition->forgotten_count -= partition->forgotten_taken;
    memmove(partition->forgotten, partition->forgotten + partition->forgotten_taken,
            partition->forgotten_count * sizeof(*partition->forgotten));
    partition->forgotten_taken = 0;
}

static void partition_commit(StatePartition *partition) {
    commit_forgotten(partition);
    if (partition->change_count == 0 && partition->dropped_count == 0)
        return;
    for (uint32_t i = 0; i < partition->change_count; i++)
        commit_change(partition, &partition->changes[i]);
    for (uint32_t i = 0; i < partition->dropped_count; i++) {
        if (partition->dropped[i]->was_imaged && !partition->dropped[i]->is_told)
            partition_forget_images(partition, partition->dropped[i]->slice,
                                    partition->table->store->version + 1);
        (void) set_destroy(partition->dropped[i]);
    }
    partition_end_changes(partition);
}

void state_commit(StateStore *store) {
    assert(store->is_epoch);
    assert(store->version >= 0);
    if (store->is_forgotten_told)
        store->forget_version = 0;
    store->is_forgotten_told = false;
    for (int i = 0; i < store->table_count; i++) {
        StateTable *table = store->tables[i];

        pthread_mutex_lock(&table->version_lock);
        for (int p = 0; p < store->partition_count; p++)
            partition_commit(&table->partitions[p]);
        pthread_mutex_unlock(&table->version_lock);
    }
    store->version++;
    store->taken_count = 0;
    store->is_epoch = false;
}

static void abort_change(StatePartition *partition, const StateChange *change) {
    StateBytes key = change_key(partition, change);
    StateBytes old = change_old(partition, change);
    BucketRow *row;

    if (!old.data) {
        set_remove_quietly(change->set, change->hash, key);
        return;
    }
    row = bucket_find(set_bucket(change->set, change->hash), change->hash, key);
    assert(row);
    row->change = 0;
    set_put_quietly(change->set, change->hash, key, old);
}

/* Take out the sets that the epoch made; they are freed once its changes have been walked. */
static void abort_new_sets(StatePartition *partition) {
    for (uint32_t i = partition->set_count; i-- > 0;)
        if (partition->sets[i]->is_new) {
            BucketSet *set = partition->sets[i];

            partition_unlink_set(partition, set);
            partition_count_size(partition, -set->row_count, -set_live_bytes(set));
            set->is_dropped = true;
            partition->dropped = memory_realloc(
                partition->dropped, (partition->dropped_count + 1) * sizeof(*partition->dropped));
            partition->dropped[partition->dropped_count++] = set;
            partition->dropped_capacity = partition->dropped_count;
        }
}

static void partition_abort(StatePartition *partition) {
    partition->forgotten_taken = 0;
    if (partition->change_count == 0 && partition->dropped_count == 0)
        return;
    abort_new_sets(partition);
    for (uint32_t i = 0; i < partition->dropped_count; i++) {
        BucketSet *set = partition->dropped[i];

        if (set->is_new)
            continue;
        set->is_dropped = false;
        set->is_told = false;
        partition_link_set(partition, set);
        set_relist(set);
        partition_count_size(partition, set->row_count, set_live_bytes(set));
    }
    for (uint32_t i = partition->change_count; i-- > 0;)
        if (!partition->changes[i].set->is_new)
            abort_change(partition, &partition->changes[i]);
    for (uint32_t i = 0; i < partition->dropped_count; i++)
        if (partition->dropped[i]->is_new)
            (void) set_destroy(partition->dropped[i]);
    partition_end_changes(partition);
}

void state_abort(StateStore *store) {
    assert(store->is_epoch);
    store->is_forgotten_told = false;
    for (uint32_t i = store->taken_count; i-- > 0;)
        bucket_unmark_imaged(set_bucket(store->taken[i].set, store->taken[i].prefix),
                             store->taken[i].version);
    store->taken_count = 0;
    for (int i = 0; i < store->table_count; i++) {
        StateTable *table = store->tables[i];

        pthread_mutex_lock(&table->version_lock);
        for (int p = 0; p < store->partition_count; p++)
            partition_abort(&table->partitions[p]);
        pthread_mutex_unlock(&table->version_lock);
    }
    store->is_epoch = false;
}
