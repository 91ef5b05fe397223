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
    ChangesSpec spec;
    ChangeKey *keys; /* in order of first touch */
    uint32_t count, capacity;
    uint32_t *slots; /* open addressing: index + 1 into keys */
    uint32_t slot_count;
    ChangeRow *free_rows;
    StrBuf key_bytes, row_bytes;
    /* paired: a row that is gone, if the next one does not say what its key has become */
    bool has_removed;
    StrBuf removed_key, removed_row;
};

Changes *changes_create(const ChangesSpec *spec) {
    Changes *changes = memory_zalloc(sizeof(*changes));
    Arena *arena = arena_create("changes schema", 0);

    assert(!spec->is_paired || spec->key_count > 0);
    changes->arena = arena_create("changes", 0);
    changes->schema_arena = arena;
    changes->spec = *spec;
    changes->spec.types = arena_memdup(arena, spec->types, sizeof(SqlType) * spec->column_count);
    changes->spec.key_columns =
        arena_memdup(arena, spec->key_columns, sizeof(int) * (size_t) spec->key_count);
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
        strbuf_done(&changes->removed_key);
        strbuf_done(&changes->removed_row);
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
    changes->free_rows = NULL;
    changes->has_removed = false;
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

static ChangeRow *new_row(Changes *changes) {
    ChangeRow *row = changes->free_rows;

    if (!row)
        return arena_new(changes->arena, ChangeRow);
    changes->free_rows = row->next;
    return row;
}

/* A version that nets to nothing is forgotten at once, so a key has about as many as it has rows
 * before and after, however often it changes. */
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
        found = new_row(changes);
        *found = (ChangeRow) {
            .bytes = arena_memdup(changes->arena, strbuf_text(row), row->length),
            .size_bytes = row->length,
        };
    } else {
        *link = found->next;
    }
    found->weight += weight;
    if (found->weight == 0) {
        found->next = changes->free_rows;
        changes->free_rows = found;
        return;
    }
    found->next = key->rows; /* latest first */
    key->rows = found;
}

static void append_row_bytes(const Batch *batch, uint32_t row, StrBuf *out) {
    strbuf_clear(out);
    for (uint32_t column = 0; column < batch->column_count; column++)
        row_append_value(out, &batch->columns[column], row);
}

static void append_key_bytes(const Changes *changes, const Batch *batch, uint32_t row,
                             StrBuf *out) {
    strbuf_clear(out);
    for (int i = 0; i < changes->spec.key_count; i++)
        row_append_key(out, &batch->columns[changes->spec.key_columns[i]], row);
}

static void fold_batch(Changes *changes, const Batch *batch) {
    for (uint32_t i = 0; i < batch_active_count(batch); i++) {
        uint32_t row = batch_active_row(batch, i);

        append_row_bytes(batch, row, &changes->row_bytes);
        if (changes->spec.key_count > 0)
            append_key_bytes(changes, batch, row, &changes->key_bytes);
        add_row(changes,
                find_key(changes,
                         changes->spec.key_count > 0 ? &changes->key_bytes : &changes->row_bytes),
                batch_weight(batch, row));
    }
}

/* -------- paired output -------- */

static bool bytes_equal(const StrBuf *left, const StrBuf *right) {
    return left->length == right->length &&
           memcmp(strbuf_text(left), strbuf_text(right), left->length) == 0;
}

/* The removed row that waits is a change of its own: as a batch, for its columns may be gone. */
static Status send_removed(Changes *changes, ChangeOp op, Error *err) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("removed row", 0);
    const uint8_t *cursor = (const uint8_t *) strbuf_text(&changes->removed_row);
    const uint8_t *end = cursor + changes->removed_row.length;
    Batch batch = {.row_count = 1, .column_count = changes->spec.column_count};

    assert(changes->has_removed);
    batch.columns = arena_new_array(arena, Column, batch.column_count);
    for (uint32_t i = 0; i < batch.column_count; i++) {
        batch.columns[i] = column_create(changes->spec.types[i], 1, arena);
        if (!row_read_value(&cursor, end, &batch.columns[i], 0, 1, arena))
            return error_set(err, INTERNAL_ERROR, "a changed row can't be read back");
    }
    changes->has_removed = false;
    return changes->spec.receive(changes->spec.data, &batch, &op, err);
}

/* What goes on of a batch. */
typedef struct PairedRows {
    uint32_t rows[LIMIT_BATCH_ROWS];
    ChangeOp ops[LIMIT_BATCH_ROWS];
    uint32_t count;
} PairedRows;

static void pass_row(PairedRows *passed, uint32_t row, ChangeOp op) {
    assert(passed->count < LIMIT_BATCH_ROWS);
    passed->rows[passed->count] = row;
    passed->ops[passed->count++] = op;
}

/* `row` is there after the epoch. `removed`: the batch's row that waits, -1 when it is of an
 * earlier one. */
static Status pass_added(Changes *changes, PairedRows *passed, const Batch *batch, uint32_t row,
                         int64_t removed, Error *err) {
    ChangeOp op = CHANGE_DELETE;

    if (changes->has_removed) {
        append_key_bytes(changes, batch, row, &changes->key_bytes);
        if (bytes_equal(&changes->key_bytes, &changes->removed_key)) {
            append_row_bytes(batch, row, &changes->row_bytes);
            changes->has_removed = changes->spec.has_before;
            op = CHANGE_BEFORE;
            if (bytes_equal(&changes->row_bytes, &changes->removed_row)) {
                changes->has_removed = false;
                return STATUS_OK;
            }
        }
    }
    if (changes->has_removed && removed < 0)
        TRY(send_removed(changes, op, err));
    if (changes->has_removed)
        pass_row(passed, (uint32_t) removed, op);
    changes->has_removed = false;
    pass_row(passed, row, CHANGE_UPSERT);
    return STATUS_OK;
}

static Status pass_removed(Changes *changes, PairedRows *passed, const Batch *batch, uint32_t row,
                           int64_t removed, Error *err) {
    if (changes->has_removed && removed < 0)
        TRY(send_removed(changes, CHANGE_DELETE, err));
    if (changes->has_removed)
        pass_row(passed, (uint32_t) removed, CHANGE_DELETE);
    append_key_bytes(changes, batch, row, &changes->removed_key);
    append_row_bytes(batch, row, &changes->removed_row);
    changes->has_removed = true;
    return STATUS_OK;
}

static Status pass_batch(Changes *changes, const Batch *batch, Error *err) {
    PairedRows passed;
    Batch part = *batch;
    int64_t removed = -1;

    passed.count = 0;
    for (uint32_t i = 0; i < batch_active_count(batch); i++) {
        uint32_t row = batch_active_row(batch, i);

        if (batch_weight(batch, row) > 0) {
            TRY(pass_added(changes, &passed, batch, row, removed, err));
            removed = -1;
        } else {
            TRY(pass_removed(changes, &passed, batch, row, removed, err));
            removed = row;
        }
    }
    if (passed.count == 0)
        return STATUS_OK;
    part.selection = passed.rows;
    part.selection_count = passed.count;
    part.weights = NULL;
    return changes->spec.receive(changes->spec.data, &part, passed.ops, err);
}

Status changes_add(Changes *changes, const Batch *batch, Error *err) {
    assert(batch->column_count == changes->spec.column_count);
    if (changes->spec.is_paired)
        return pass_batch(changes, batch, err);
    fold_batch(changes, batch);
    return STATUS_OK;
}

/* -------- draining -------- */

typedef struct Drain {
    Changes *changes;
    Arena *arena;
    Batch *batch;
    ChangeOp *ops;
} Drain;

static void drain_begin(Drain *drain) {
    Changes *changes = drain->changes;

    arena_reset(drain->arena);
    drain->batch = arena_new(drain->arena, Batch);
    drain->batch->column_count = changes->spec.column_count;
    drain->batch->columns = arena_new_array(drain->arena, Column, changes->spec.column_count);
    drain->ops = arena_new_array(drain->arena, ChangeOp, LIMIT_BATCH_ROWS);
    for (uint32_t i = 0; i < changes->spec.column_count; i++)
        drain->batch->columns[i] =
            column_create(changes->spec.types[i], LIMIT_BATCH_ROWS, drain->arena);
}

static Status drain_flush(Drain *drain, Error *err) {
    if (drain->batch->row_count == 0)
        return STATUS_OK;
    TRY(drain->changes->spec.receive(drain->changes->spec.data, drain->batch, drain->ops, err));
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
    if (drain->changes->spec.key_count > 0) {
        if (added && removed && drain->changes->spec.has_before)
            TRY(drain_row(drain, removed, CHANGE_BEFORE, err));
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

Status changes_drain(Changes *changes, Error *err) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("changes drain", 0);
    Drain drain = {.changes = changes, .arena = arena};

    if (changes->has_removed)
        TRY(send_removed(changes, CHANGE_DELETE, err));
    drain_begin(&drain);
    for (uint32_t i = 0; i < changes->count; i++)
        TRY(drain_key(&drain, &changes->keys[i], err));
    TRY(drain_flush(&drain, err));
    changes_clear(changes);
    return STATUS_OK;
}
