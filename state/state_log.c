/* What the checkpoint keeps: changelogs (the rows that an epoch changed) and images (whole
 * buckets).
 *
 * Both are in the numbers of base/codec.h, carry a format version, and are sealed with XXH3:
 *
 *   changelog  = "MSCL", u32 format, u64 state version, u32 count, tables
 *   table      = u64 operator, u32 number, u64 schema hash, u32 count, partitions
 *   partition  = u32 index, u32 count, dropped slices (i64 each), u32 count, changes
 *   change     = u8 kind, i64 slice, u64 hash, key [, value]
 *   image      = "MSIM", u32 format, u64 state version, u64 operator, u32 number,
 *                u64 schema hash, u32 partition, i64 slice, u32 bucket, u32 count, rows
 *   row        = u64 hash, key, value
 *   key, value = varint size, bytes
 *
 * Changes are absolute, so replaying an older changelog over a newer image is harmless: the last
 * change of a row wins, and a row that no kept changelog names is as its image says. */
#include <assert.h>

#include "base/codec.h"
#include "state/table.h"

enum {
    FORMAT_VERSION = 1,
    CHANGE_PUT = 1,
    CHANGE_REMOVE = 2,
    IMAGE_CREDIT_MIN = 64 << 10, /* below it a round of images is not worth its writes */
};

static const uint32_t CHANGELOG_MAGIC = 0x4c43534d;
static const uint32_t IMAGE_MAGIC = 0x4d49534d;

/* -------- writing -------- */

static void write_bytes(StrBuf *out, StateBytes bytes) {
    codec_append_varint(out, bytes.size_bytes);
    strbuf_append(out, bytes.data, bytes.size_bytes);
}

/* The row as it is now; false: there is nothing to tell (never there, before or after). */
static bool write_change(const StatePartition *partition, const StateChange *change, StrBuf *out) {
    StateBytes key = change_key(partition, change);
    const BucketRow *row;
    bool is_put;

    if (change->set->is_dropped)
        return false;
    row = bucket_find(set_bucket(change->set, change->hash), change->hash, key);
    is_put = row && row_is_live(row);
    if (!is_put && !change->had_old)
        return false;
    strbuf_append_u8(out, is_put ? CHANGE_PUT : CHANGE_REMOVE);
    codec_append_i64(out, change->set->slice);
    codec_append_u64(out, change->hash);
    write_bytes(out, key);
    if (is_put)
        write_bytes(out, row_value(row));
    return true;
}

static bool write_partition(const StatePartition *partition, StrBuf *out) {
    uint32_t dropped_count = 0;
    uint32_t change_count = 0;
    size_t place;

    if (partition->change_count == 0 && partition->dropped_count == 0)
        return false;
    codec_append_u32(out, (uint32_t) partition->index);
    place = out->length;
    codec_append_u32(out, 0);
    for (uint32_t i = 0; i < partition->dropped_count; i++)
        if (!partition->dropped[i]->is_new) {
            codec_append_i64(out, partition->dropped[i]->slice);
            dropped_count++;
        }
    codec_patch_u32(out, place, dropped_count);
    place = out->length;
    codec_append_u32(out, 0);
    for (uint32_t i = 0; i < partition->change_count; i++)
        change_count += write_change(partition, &partition->changes[i], out);
    codec_patch_u32(out, place, change_count);
    return true;
}

static bool write_table(const StateTable *table, StrBuf *out) {
    size_t start = out->length;
    uint32_t partition_count = 0;
    size_t place;

    codec_append_u64(out, table->operator_id);
    codec_append_u32(out, (uint32_t) table->number);
    codec_append_u64(out, table->schema_hash);
    place = out->length;
    codec_append_u32(out, 0);
    for (int i = 0; i < table->store->partition_count; i++)
        partition_count += write_partition(&table->partitions[i], out);
    codec_patch_u32(out, place, partition_count);
    if (partition_count == 0)
        out->length = start;
    return partition_count > 0;
}

void state_append_changelog(StateStore *store, StrBuf *out) {
    size_t start = out->length;
    uint32_t table_count = 0;
    size_t place;

    assert(store->is_epoch);
    codec_append_u32(out, CHANGELOG_MAGIC);
    codec_append_u32(out, FORMAT_VERSION);
    codec_append_u64(out, (uint64_t) store->version + 1);
    place = out->length;
    codec_append_u32(out, 0);
    for (int i = 0; i < store->table_count; i++)
        table_count += write_table(store->tables[i], out);
    codec_patch_u32(out, place, table_count);
    codec_seal(out, start);
    store->image_credit_bytes += (int64_t) (out->length - start);
}

/* -------- reading: hostile bytes, all checked -------- */

static StateBytes read_bytes(CodecReader *reader) {
    uint64_t size_bytes = codec_read_varint(reader);
    const uint8_t *data;

    if (size_bytes > BUCKET_ROW_BYTES_MAX / 2)
        codec_damage(reader);
    data = codec_read_bytes(reader, size_bytes);
    return (StateBytes) {data, data ? size_bytes : 0};
}

static Status damaged(const char *what, Error *err) {
    return error_set(err, DATA_CORRUPTED, "a state %s is damaged", what);
}

/* Check magic, format and checksum; the reader then stands after the format and ends before the
 * sum. */
static Status reader_open(CodecReader *reader, StateBytes blob, uint32_t magic, const char *what,
                          Error *err) {
    uint32_t found_magic;
    uint32_t format;

    if (!codec_open_sealed(blob.data, blob.size_bytes, reader))
        return damaged(what, err);
    found_magic = codec_read_u32(reader);
    format = codec_read_u32(reader);
    if (reader->is_damaged || found_magic != magic)
        return damaged(what, err);
    if (format != FORMAT_VERSION)
        return error_set(err, DATA_CORRUPTED, "a state %s has format %u, this program knows %d",
                         what, format, FORMAT_VERSION);
    return STATUS_OK;
}

static void quiet_drop(StatePartition *partition, int64_t slice, int64_t version) {
    BucketSet *set = partition_find_set(partition, slice);

    if (!set)
        return;
    if (set->was_imaged)
        partition_forget_images(partition, slice, version);
    partition_unlink_set(partition, set);
    for (uint32_t i = 0; i < (uint32_t) 1 << set->depth; i++)
        if (set->directory[i]->prefix == i)
            partition_count_size(
                partition, -(int64_t) set->directory[i]->live_count,
                -(int64_t) (set->directory[i]->rows_used - set->directory[i]->dead_bytes));
    (void) set_destroy(set);
}

static void apply_change(StatePartition *partition, int64_t version, CodecReader *reader) {
    uint8_t kind = codec_read_u8(reader);
    int64_t slice = codec_read_i64(reader);
    uint64_t hash = codec_read_u64(reader);
    StateBytes key = read_bytes(reader);
    StateBytes value = {0};
    BucketSet *set;

    if (kind == CHANGE_PUT)
        value = read_bytes(reader);
    else if (kind != CHANGE_REMOVE)
        codec_damage(reader);
    if (reader->is_damaged)
        return;
    set = partition_find_set(partition, slice);
    if (kind == CHANGE_REMOVE) {
        if (!set)
            return;
        set_remove_quietly(set, hash, key);
    } else {
        set = set ? set : partition_make_set(partition, slice);
        set_put_quietly(set, hash, key, value);
    }
    bucket_mark_unimaged(set_bucket(set, hash), version);
}

static void apply_partition(StateTable *table, int64_t version, CodecReader *reader) {
    uint32_t index = codec_read_u32(reader);
    uint32_t dropped_count = codec_read_u32(reader);
    StatePartition *partition;
    uint32_t change_count;

    if (index >= (uint32_t) table->store->partition_count) {
        codec_damage(reader);
        return;
    }
    partition = &table->partitions[index];
    for (uint32_t i = 0; i < dropped_count && !reader->is_damaged; i++) {
        int64_t slice = codec_read_i64(reader);

        if (!reader->is_damaged)
            quiet_drop(partition, slice, version);
    }
    change_count = codec_read_u32(reader);
    for (uint32_t i = 0; i < change_count && !reader->is_damaged; i++)
        apply_change(partition, version, reader);
}

static Status table_of_log(StateStore *store, CodecReader *reader, StateTable **ret_table,
                           Error *err) {
    uint64_t operator_id = codec_read_u64(reader);
    uint32_t number = codec_read_u32(reader);
    uint64_t schema_hash = codec_read_u64(reader);

    if (reader->is_damaged || number > INT16_MAX)
        return damaged("record", err);
    *ret_table = table_find_or_create(store, operator_id, (int) number, schema_hash);
    if ((*ret_table)->schema_hash != schema_hash)
        return error_set(err, DATA_CORRUPTED,
                         "state table %u of operator %016llx was written with another schema",
                         number, (unsigned long long) operator_id);
    return STATUS_OK;
}

Status state_apply_changelog(StateStore *store, const uint8_t *bytes, size_t size_bytes,
                             Error *err) {
    CodecReader reader = {0};
    int64_t version;
    uint32_t table_count;

    assert(!store->is_epoch);
    TRY(reader_open(&reader, (StateBytes) {bytes, size_bytes}, CHANGELOG_MAGIC, "changelog", err));
    version = codec_read_i64(&reader);
    table_count = codec_read_u32(&reader);
    if (reader.is_damaged || version <= 0)
        return damaged("changelog", err);
    for (uint32_t i = 0; i < table_count && !reader.is_damaged; i++) {
        StateTable *table = NULL;
        uint32_t partition_count;

        TRY(table_of_log(store, &reader, &table, err));
        partition_count = codec_read_u32(&reader);
        for (uint32_t p = 0; p < partition_count && !reader.is_damaged; p++)
            apply_partition(table, version, &reader);
    }
    if (!codec_is_read_whole(&reader))
        return damaged("changelog", err);
    store->image_credit_bytes += (int64_t) size_bytes;
    if (version > store->version)
        store->version = version;
    return STATUS_OK;
}

/* -------- images -------- */

static void write_image(const Bucket *bucket, const StatePartition *partition, int64_t version,
                        StrBuf *out) {
    const StateTable *table = partition->table;
    uint32_t place = 0;
    const BucketRow *row;

    strbuf_clear(out);
    codec_append_u32(out, IMAGE_MAGIC);
    codec_append_u32(out, FORMAT_VERSION);
    codec_append_u64(out, (uint64_t) version);
    codec_append_u64(out, table->operator_id);
    codec_append_u32(out, (uint32_t) table->number);
    codec_append_u64(out, table->schema_hash);
    codec_append_u32(out, (uint32_t) partition->index);
    codec_append_i64(out, bucket->set->slice);
    codec_append_u32(out, bucket_id(bucket));
    codec_append_u32(out, bucket->live_count);
    while ((row = bucket_next(bucket, &place))) {
        codec_append_u64(out, row->hash);
        write_bytes(out, row_key(row));
        write_bytes(out, row_value(row));
    }
    codec_seal(out, 0);
}

static StateImage image_of(const StatePartition *partition, int64_t slice, uint32_t bucket) {
    return (StateImage) {.operator_id = partition->table->operator_id,
                         .table_number = partition->table->number,
                         .partition = partition->index,
                         .slice = slice,
                         .bucket = bucket};
}

/* Tell what may be forgotten; kept in the list until the commit. */
static Status take_forgotten(StatePartition *partition,
                             Status (*take)(void *data, const StateImage *image, Error *err),
                             void *data, Error *err) {
    for (; partition->forgotten_taken < partition->forgotten_count; partition->forgotten_taken++) {
        StateImage image = image_of(partition, partition->forgotten[partition->forgotten_taken], 0);

        TRY(take(data, &image, err));
    }
    for (uint32_t i = 0; i < partition->dropped_count; i++) {
        BucketSet *set = partition->dropped[i];
        StateImage image = image_of(partition, set->slice, 0);

        if (!set->was_imaged || set->is_told)
            continue;
        TRY(take(data, &image, err));
        set->is_told = true;
    }
    return STATUS_OK;
}

/* The bucket whose oldest change without an image is the oldest of all. NULL: all have images. */
static Bucket *store_oldest_unimaged(StateStore *store) {
    Bucket *oldest = NULL;

    for (int i = 0; i < store->table_count; i++)
        for (int p = 0; p < store->partition_count; p++) {
            Bucket *bucket = store->tables[i]->partitions[p].oldest_unimaged;

            if (bucket &&
                (!oldest || bucket->first_unimaged_version < oldest->first_unimaged_version))
                oldest = bucket;
        }
    return oldest;
}

static void remember_taken(StateStore *store, Bucket *bucket) {
    if (store->taken_count == store->taken_capacity) {
        store->taken_capacity = store->taken_capacity ? 2 * store->taken_capacity : 16;
        store->taken = memory_realloc(store->taken, store->taken_capacity * sizeof(*store->taken));
    }
    store->taken[store->taken_count++] = (TakenImage) {
        .set = bucket->set, .prefix = bucket->prefix, .version = bucket->first_unimaged_version};
}

Status state_take_images(StateStore *store, bool force,
                         Status (*take)(void *data, const StateImage *image, Error *err),
                         void *data, Error *err) {
    StrBuf bytes = {0};
    Status status = STATUS_OK;
    Bucket *bucket = NULL;

    assert(store->is_epoch);
    for (int i = 0; i < store->table_count; i++)
        for (int p = 0; p < store->partition_count; p++)
            TRY(take_forgotten(&store->tables[i]->partitions[p], take, data, err));
    store->is_forgotten_told = true;
    if (!force && store->image_credit_bytes < IMAGE_CREDIT_MIN)
        return STATUS_OK;
    while (status == STATUS_OK && (bucket = store_oldest_unimaged(store)) &&
           (force || store->image_credit_bytes >= bucket->rows_used - bucket->dead_bytes)) {
        StateImage image = image_of(bucket->set->partition, bucket->set->slice, bucket_id(bucket));

        write_image(bucket, bucket->set->partition, store->version + 1, &bytes);
        image.bytes = bytes;
        status = take(data, &image, err);
        remember_taken(store, bucket);
        store->image_credit_bytes -= (int64_t) bytes.length;
        bucket_mark_imaged(bucket);
    }
    /* All have images: no changelog is kept, so none is owed for. */
    if (status == STATUS_OK && (!bucket || (force && store->image_credit_bytes < 0)))
        store->image_credit_bytes = 0;
    strbuf_done(&bytes);
    return status;
}

int64_t state_changelog_floor(StateStore *store) {
    const Bucket *bucket = store_oldest_unimaged(store);
    int64_t floor = bucket ? bucket->first_unimaged_version : store->version + 1;

    return store->forget_version && store->forget_version < floor ? store->forget_version : floor;
}

/* The image replaces every row that shares its bits: first split down to it, then empty it. */
static Bucket *image_target(BucketSet *set, uint32_t depth, uint32_t prefix) {
    Bucket *bucket;
    uint32_t place = 0;
    const BucketRow *row;
    StrBuf keys = {0};

    while (set_bucket(set, prefix)->depth < depth)
        set_split(set, prefix);
    for (uint32_t i = prefix; i < (uint32_t) 1 << set->depth; i += (uint32_t) 1 << depth) {
        if (set->directory[i]->prefix != i)
            continue;
        strbuf_clear(&keys);
        bucket = set->directory[i];
        place = 0;
        while ((row = bucket_next(bucket, &place))) {
            codec_append_u64(&keys, row->hash);
            write_bytes(&keys, row_key(row));
        }
        for (CodecReader reader = codec_reader(keys.data, keys.length);
             codec_bytes_left(&reader) > 0;) {
            uint64_t hash = codec_read_u64(&reader);

            set_remove_quietly(set, hash, read_bytes(&reader));
        }
    }
    strbuf_done(&keys);
    return set_bucket(set, prefix);
}

static Status apply_rows(BucketSet *set, uint32_t id, CodecReader *reader, Error *err) {
    uint32_t depth = 31 - (uint32_t) __builtin_clz(id);
    uint32_t prefix = id & (((uint32_t) 1 << depth) - 1);
    uint32_t row_count = codec_read_u32(reader);

    (void) image_target(set, depth, prefix);
    for (uint32_t i = 0; i < row_count && !reader->is_damaged; i++) {
        uint64_t hash = codec_read_u64(reader);
        StateBytes key = read_bytes(reader);
        StateBytes value = read_bytes(reader);

        if ((hash & (((uint64_t) 1 << depth) - 1)) != prefix)
            codec_damage(reader);
        if (!reader->is_damaged)
            set_put_quietly(set, hash, key, value);
    }
    if (!codec_is_read_whole(reader))
        return damaged("image", err);
    set_bucket(set, prefix)->is_imaged = true;
    set->was_imaged = true;
    return STATUS_OK;
}

Status state_apply_image(StateStore *store, const StateImage *image, Error *err) {
    CodecReader reader = {0};
    StateBytes blob = {(const uint8_t *) image->bytes.data, image->bytes.length};
    StateTable *table = NULL;
    int64_t version;
    uint32_t partition;
    int64_t slice;
    uint32_t bucket;

    assert(!store->is_epoch);
    TRY(reader_open(&reader, blob, IMAGE_MAGIC, "image", err));
    version = codec_read_i64(&reader);
    TRY(table_of_log(store, &reader, &table, err));
    partition = codec_read_u32(&reader);
    slice = codec_read_i64(&reader);
    bucket = codec_read_u32(&reader);
    if (reader.is_damaged || version <= 0 || partition >= (uint32_t) store->partition_count ||
        bucket == 0 || bucket >> BUCKET_DEPTH_MAX > 1)
        return damaged("image", err);
    /* It must stand where the checkpoint says. */
    if (table->operator_id != image->operator_id || table->number != image->table_number ||
        partition != (uint32_t) image->partition || slice != image->slice ||
        bucket != image->bucket)
        return damaged("image", err);
    TRY(apply_rows(partition_make_set(&table->partitions[partition], slice), bucket, &reader, err));
    if (version > store->version)
        store->version = version;
    return STATUS_OK;
}
