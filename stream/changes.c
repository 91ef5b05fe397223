#include "stream/changes.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "types/row.h"

enum { SLOTS_KEPT = 4096 };

/* One version of a key's row, with its net weight in this epoch. */
typedef struct ChangeRow {
    struct ChangeRow *next;
    const uint8_t *bytes; /* value form */
    size_t size_bytes;
    int64_t weight;
} ChangeRow;

typedef struct ChangeKey {
    uint64_t hash;
    const uint8_t *bytes;
    size_t size_bytes;
    ChangeRow *rows; /* latest first */
} ChangeKey;

struct Changes {
    Arena *arena; /* the epoch's keys and rows */
    Arena *schema_arena;
    uint32_t column_count;
    SqlType *types;
    int key_count; /* 0: the whole row */
    int *key_columns;
    ChangeKey *keys; /* in order of first touch */
    uint32_t count, capacity;
    uint32_t *slots; /* open addressing: index + 1 into keys */
    uint32_t slot_count;
    StrBuf key_bytes, row_bytes;
};

Changes *changes_create(const SqlType *types, uint32_t column_count, const int *key_columns,
                        int key_count) {
    Changes *changes = memory_zalloc(sizeof(*changes));

    changes->arena = arena_create("changes", 0);
    changes->schema_arena = arena_create("changes schema", 0);
    changes->column_count = column_count;
    changes->types = arena_memdup(changes->schema_arena, types, sizeof(*types) * column_count);
    changes->key_count = key_count;
    changes->key_columns =
        arena_memdup(changes->schema_arena, key_columns, sizeof(int) * (size_t) key_count);
    return changes;
}

Changes *changes_destroy(Changes *changes) {
    if (changes) {
        arena_destroy(changes->arena);
        arena_destroy(changes->schema_arena);
        memory_free(changes->keys);
        memory_free(changes->slots);
        strbuf_done(&changes->key_bytes);
        strbuf_done(&changes->row_bytes);
        memory_free(changes);
    }
    return NULL;
}

/* A large epoch must not make the small ones after it pay for its tables. */
static void give_back(Changes *changes) {
    memory_free(changes->slots);
    memory_free(changes->keys);
    changes->slots = NULL;
    changes->keys = NULL;
    changes->slot_count = changes->capacity = 0;
}

void changes_clear(Changes *changes) {
    if (changes->slot_count > SLOTS_KEPT && changes->count < changes->slot_count / 16)
        give_back(changes);
    arena_reset(changes->arena);
    changes->count = 0;
    if (changes->slots)
        memset(changes->slots, 0, sizeof(*changes->slots) * changes->slot_count);
}

static uint32_t find_slot(const Changes *changes, uint64_t hash, const StrBuf *key) {
    uint32_t slot = (uint32_t) hash & (changes->slot_count - 1);

    while (changes->slots[slot]) {
        const ChangeKey *candidate = &changes->keys[changes->slots[slot] - 1];

        if (candidate->hash == hash && candidate->size_bytes == key->length &&
            memcmp(candidate->bytes, strbuf_text(key), key->length) == 0)
            break;
        slot = (slot + 1) & (changes->slot_count - 1);
    }
    return slot;
}

static void grow_slots(Changes *changes) {
    uint32_t slot_count = changes->slot_count ? changes->slot_count * 2 : 256;

    memory_free(changes->slots);
    changes->slots = memory_zalloc(sizeof(*changes->slots) * slot_count);
    changes->slot_count = slot_count;
    for (uint32_t i = 0; i < changes->count; i++) {
        uint32_t slot = (uint32_t) changes->keys[i].hash & (slot_count - 1);

        while (changes->slots[slot])
            slot = (slot + 1) & (slot_count - 1);
        changes->slots[slot] = i + 1;
    }
}

static ChangeKey *find_key(Changes *changes, const StrBuf *key) {
    uint64_t hash = hash_bytes(strbuf_text(key), key->length);
    uint32_t slot;

    if ((changes->count + 1) * 2 > changes->slot_count)
        grow_slots(changes);
    slot = find_slot(changes, hash, key);
    if (changes->slots[slot])
        return &changes->keys[changes->slots[slot] - 1];
    if (changes->count == changes->capacity) {
        changes->capacity = changes->capacity ? changes->capacity * 2 : 128;
        changes->keys = memory_realloc(changes->keys, sizeof(*changes->keys) * changes->capacity);
    }
    changes->keys[changes->count] = (ChangeKey) {
        .hash = hash,
        .bytes = arena_memdup(changes->arena, strbuf_text(key), key->length),
        .size_bytes = key->length,
    };
    changes->slots[slot] = ++changes->count;
    return &changes->keys[changes->count - 1];
}

static void add_row(Changes *changes, ChangeKey *key, int64_t weight) {
    const StrBuf *row = &changes->row_bytes;
    ChangeRow *found = key->rows;
    ChangeRow **link = &key->rows;

    while (found && (found->size_bytes != row->length ||
                     memcmp(found->bytes, strbuf_text(row), row->length) != 0)) {
        link = &found->next;
        found = found->next;
    }
    if (!found) {
        found = arena_new(changes->arena, ChangeRow);
        found->bytes = arena_memdup(changes->arena, strbuf_text(row), row->length);
        found->size_bytes = row->length;
    } else {
        *link = found->next;
    }
    found->weight += weight;
    found->next = key->rows; /* latest first */
    key->rows = found;
}

Status changes_add(Changes *changes, const Batch *batch, Error *err) {
    assert(batch->column_count == changes->column_count);
    for (uint32_t i = 0; i < batch_active_count(batch); i++) {
        uint32_t row = batch_active_row(batch, i);

        strbuf_clear(&changes->row_bytes);
        strbuf_clear(&changes->key_bytes);
        for (uint32_t column = 0; column < batch->column_count; column++)
            row_append_value(&changes->row_bytes, &batch->columns[column], row);
        for (int key = 0; key < changes->key_count; key++)
            row_append_key(&changes->key_bytes, &batch->columns[changes->key_columns[key]], row);
        if (changes->key_count == 0)
            strbuf_append(&changes->key_bytes, strbuf_text(&changes->row_bytes),
                          changes->row_bytes.length);
        add_row(changes, find_key(changes, &changes->key_bytes), batch_weight(batch, row));
    }
    return STATUS_OK;
}

/* -------- draining -------- */

typedef struct Drain {
    Changes *changes;
    ChangesReceive receive;
    void *data;
    Arena *arena;
    Batch *batch;
    ChangeOp *ops;
} Drain;

static void drain_begin(Drain *drain) {
    Changes *changes = drain->changes;

    arena_reset(drain->arena);
    drain->batch = arena_new(drain->arena, Batch);
    drain->batch->column_count = changes->column_count;
    drain->batch->columns = arena_new_array(drain->arena, Column, changes->column_count);
    drain->ops = arena_new_array(drain->arena, ChangeOp, LIMIT_BATCH_ROWS);
    for (uint32_t i = 0; i < changes->column_count; i++)
        drain->batch->columns[i] = column_create(changes->types[i], LIMIT_BATCH_ROWS, drain->arena);
}

static Status drain_flush(Drain *drain, Error *err) {
    if (drain->batch->row_count == 0)
        return STATUS_OK;
    TRY(drain->receive(drain->data, drain->batch, drain->ops, err));
    drain_begin(drain);
    return STATUS_OK;
}

static Status drain_row(Drain *drain, const ChangeRow *row, ChangeOp op, Error *err) {
    const uint8_t *cursor = row->bytes;
    Batch *batch = drain->batch;

    for (uint32_t i = 0; i < batch->column_count; i++)
        if (!row_read_value(&cursor, row->bytes + row->size_bytes, &batch->columns[i],
                            batch->row_count, LIMIT_BATCH_ROWS, drain->arena))
            return error_set(err, INTERNAL_ERROR, "a changed row can't be read back");
    drain->ops[batch->row_count++] = op;
    return batch->row_count == LIMIT_BATCH_ROWS ? drain_flush(drain, err) : STATUS_OK;
}

static Status drain_key(Drain *drain, const ChangeKey *key, Error *err) {
    const ChangeRow *added = NULL;
    const ChangeRow *removed = NULL;

    for (const ChangeRow *row = key->rows; row; row = row->next) {
        if (row->weight > 0 && !added)
            added = row;
        if (row->weight < 0 && !removed)
            removed = row;
    }
    if (drain->changes->key_count > 0) {
        if (added)
            return drain_row(drain, added, CHANGE_UPSERT, err);
        return removed ? drain_row(drain, removed, CHANGE_DELETE, err) : STATUS_OK;
    }
    for (int64_t i = 0; added && i < added->weight; i++)
        TRY(drain_row(drain, added, CHANGE_INSERT, err));
    for (int64_t i = 0; removed && i < -removed->weight; i++)
        TRY(drain_row(drain, removed, CHANGE_DELETE, err));
    return STATUS_OK;
}

Status changes_drain(Changes *changes, ChangesReceive receive, void *data, Error *err) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("changes drain", 0);
    Drain drain = {.changes = changes, .receive = receive, .data = data, .arena = arena};

    drain_begin(&drain);
    for (uint32_t i = 0; i < changes->count; i++)
        TRY(drain_key(&drain, &changes->keys[i], err));
    TRY(drain_flush(&drain, err));
    changes_clear(changes);
    return STATUS_OK;
}
