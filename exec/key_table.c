#include "exec/key_table.h"

#include <assert.h>

enum {
    CHUNK_BITS = 8, /* entries a chunk */
    CHUNK_ENTRIES = 1 << CHUNK_BITS,
    SLOTS_MIN = 64,
    SLOTS_KEPT = 4096, /* a cleared table keeps no more */
    RESERVE_STEP_BYTES = 64 << 10,
};

typedef enum KeyKind {
    KEY_WORD, /* integers, times: the value in the first word; second word 1: NULL */
    KEY_VIEW, /* a TextView; length UINT32_MAX: NULL */
} KeyKind;

typedef struct KeySlot {
    uint64_t words[2];
} KeySlot;

static const uint32_t VIEW_NULL = UINT32_MAX;

typedef struct TableSlot {
    uint32_t tag;     /* the hash's upper half */
    uint32_t id_plus; /* 0: empty */
} TableSlot;

struct KeyTable {
    uint32_t key_count;
    uint32_t display_count; /* columns that keep a display form, in order behind the keys */
    SqlType *types;
    KeyKind *kinds;
    int32_t *displays; /* place of the column's display slot; -1: none */
    size_t payload_offset;
    size_t stride;
    MemoryAccount *account;
    int64_t reserved_bytes;
    char **chunks;
    uint32_t chunk_count;
    uint32_t chunk_capacity;
    uint32_t count;
    TableSlot *slots;
    uint32_t slot_count;
    Arena *arena;
};

/* Entry: u64 hash, padding, key slots, display slots, payload. */
typedef struct Entry {
    uint64_t hash;
    uint64_t unused;
    KeySlot keys[];
} Entry;

static inline Entry *entry_at(const KeyTable *table, uint32_t id) {
    return (Entry *) (table->chunks[id >> CHUNK_BITS] + (id & (CHUNK_ENTRIES - 1)) * table->stride);
}

/* -------- life -------- */

KeyTable *key_table_create(const SqlType *types, uint32_t key_count, size_t payload_bytes,
                           MemoryAccount *account) {
    KeyTable *table = memory_zalloc(sizeof(*table));
    size_t count = key_count + 1;

    table->key_count = key_count;
    table->account = account;
    table->types = memory_zalloc(count * sizeof(SqlType));
    table->kinds = memory_zalloc(count * sizeof(KeyKind));
    table->displays = memory_zalloc(count * sizeof(int32_t));
    for (uint32_t i = 0; i < key_count; i++) {
        bool is_value = row_key_is_value(types[i]);
        PhysicalType physical = type_physical(types[i].id);

        table->types[i] = types[i];
        table->kinds[i] = is_value && physical <= PHYSICAL_INT64 ? KEY_WORD : KEY_VIEW;
        table->displays[i] = is_value ? -1 : (int32_t) (key_count + table->display_count++);
    }
    table->payload_offset = sizeof(Entry) + (key_count + table->display_count) * sizeof(KeySlot);
    table->stride = (table->payload_offset + payload_bytes + 15) & ~(size_t) 15;
    return table;
}

static void release_all(KeyTable *table) {
    memory_release(table->account, table->reserved_bytes);
    table->reserved_bytes = 0;
    for (uint32_t i = 0; i < table->chunk_count; i++)
        memory_free(table->chunks[i]);
    table->chunk_count = 0;
    table->count = 0;
    table->arena = arena_destroy(table->arena);
}

void key_table_clear(KeyTable *table) {
    if (table->count == 0 && !table->arena)
        return;
    release_all(table);
    if (table->slot_count > SLOTS_KEPT) {
        memory_free(table->slots);
        table->slots = NULL;
        table->slot_count = 0;
    } else if (table->slots) {
        memset(table->slots, 0, table->slot_count * sizeof(TableSlot));
    }
}

KeyTable *key_table_destroy(KeyTable *table) {
    if (!table)
        return NULL;
    release_all(table);
    memory_free(table->chunks);
    memory_free(table->slots);
    memory_free(table->types);
    memory_free(table->kinds);
    memory_free(table->displays);
    memory_free(table);
    return NULL;
}

uint32_t key_table_count(const KeyTable *table) {
    return table->count;
}

Arena *key_table_arena(KeyTable *table) {
    if (!table->arena)
        table->arena = arena_create("keys", 0);
    return table->arena;
}

Status key_table_account(KeyTable *table, Error *err) {
    int64_t used = (int64_t) (table->chunk_count * CHUNK_ENTRIES * table->stride +
                              table->slot_count * sizeof(TableSlot));
    int64_t step;

    if (table->arena)
        used += (int64_t) arena_used_bytes(table->arena);
    if (used <= table->reserved_bytes)
        return STATUS_OK;
    step = used - table->reserved_bytes;
    step = step < RESERVE_STEP_BYTES ? RESERVE_STEP_BYTES : step;
    TRY(memory_reserve(table->account, step, err));
    table->reserved_bytes += step;
    return STATUS_OK;
}

/* -------- a batch's keys as slots -------- */

#define WORD_LOOP(Type)                                                                    \
    do {                                                                                   \
        const Type *restrict values = column->values;                                      \
        for (uint32_t i = 0; i < rows->count; i++) {                                       \
            uint32_t slot = rows->rows[i] & slot_mask;                                     \
            bool is_there = validity_get(column->validity, slot);                          \
            slots[i * stride].words[0] = is_there ? (uint64_t) (int64_t) values[slot] : 0; \
            slots[i * stride].words[1] = !is_there;                                        \
        }                                                                                  \
    } while (0)

static void lay_words(const Column *column, const KeyRows *rows, KeySlot *slots, uint32_t stride) {
    uint32_t slot_mask = column->encoding == COLUMN_CONSTANT ? 0 : UINT32_MAX;

    switch (type_physical(column->type.id)) {
    case PHYSICAL_BOOL:
        WORD_LOOP(uint8_t);
        return;
    case PHYSICAL_INT16:
        WORD_LOOP(int16_t);
        return;
    case PHYSICAL_INT32:
        WORD_LOOP(int32_t);
        return;
    default:
        assert(type_physical(column->type.id) == PHYSICAL_INT64);
        WORD_LOOP(int64_t);
        return;
    }
}

static inline void slot_put_view(KeySlot *slot, const TextView *view) {
    memcpy(slot, view, sizeof(*view));
}

static const TextView null_view = {.length = UINT32_MAX};

static void lay_views(const Column *column, const KeyRows *rows, KeySlot *slots, uint32_t stride) {
    uint32_t slot_mask = column->encoding == COLUMN_CONSTANT ? 0 : UINT32_MAX;
    const TextView *views = column->values;
    const Uuid *uuids = column->values;
    bool is_uuid = type_physical(column->type.id) == PHYSICAL_UUID;

    for (uint32_t i = 0; i < rows->count; i++) {
        uint32_t slot = rows->rows[i] & slot_mask;

        if (!validity_get(column->validity, slot)) {
            slot_put_view(&slots[i * stride], &null_view);
        } else if (is_uuid) {
            TextView view = text_view((const char *) uuids[slot].bytes, sizeof(Uuid));

            slot_put_view(&slots[i * stride], &view);
        } else {
            slot_put_view(&slots[i * stride], &views[slot]);
        }
    }
}

static void lay_forms(const Column *column, const KeyRows *rows, KeySlot *slots, uint32_t stride) {
    StrBuf form = {0};

    for (uint32_t i = 0; i < rows->count; i++) {
        TextView view;

        if (column_is_null(column, rows->rows[i])) {
            slot_put_view(&slots[i * stride], &null_view);
            continue;
        }
        strbuf_clear(&form);
        row_append_key(&form, column, rows->rows[i]);
        view = text_view(arena_memdup(rows->arena, form.data, form.length), (uint32_t) form.length);
        slot_put_view(&slots[i * stride], &view);
    }
    strbuf_done(&form);
}

/* key_count slots a row, by the row's place in rows->rows. */
static KeySlot *lay_keys(const KeyTable *table, const KeyRows *rows) {
    uint32_t stride = table->key_count ? table->key_count : 1;
    KeySlot *slots =
        arena_alloc_raw(rows->arena, ((size_t) rows->count * stride + 1) * sizeof(KeySlot));

    assert(rows->count <= KEY_BATCH_ROWS_MAX);
    for (uint32_t k = 0; k < table->key_count; k++) {
        const Column *column = &rows->keys->columns[k];

        if (table->kinds[k] == KEY_WORD)
            lay_words(column, rows, slots + k, stride);
        else if (table->displays[k] < 0)
            lay_views(column, rows, slots + k, stride);
        else
            lay_forms(column, rows, slots + k, stride);
    }
    return slots;
}

/* -------- probing -------- */

static inline uint32_t view_length(const KeySlot *slot) {
    return (uint32_t) slot->words[0];
}

static inline const char *view_data(const KeySlot *slot) {
    const TextView *view = (const TextView *) slot;

    return text_data(view);
}

static inline bool view_is_long(const KeySlot *slot) {
    return view_length(slot) > TEXT_INLINE_BYTES && view_length(slot) != VIEW_NULL;
}

static inline bool keys_equal(const KeyTable *table, const KeySlot *left, const KeySlot *right) {
    for (uint32_t k = 0; k < table->key_count; k++) {
        if (left[k].words[0] != right[k].words[0])
            return false;
        if (table->kinds[k] == KEY_VIEW && view_is_long(&left[k])) {
            if (memcmp(view_data(&left[k]), view_data(&right[k]), view_length(&left[k])) != 0)
                return false;
        } else if (left[k].words[1] != right[k].words[1]) {
            return false;
        }
    }
    return true;
}

/* The slot that holds the key, or the empty one where it belongs. */
static inline uint32_t probe(const KeyTable *table, uint64_t hash, const KeySlot *keys) {
    uint32_t mask = table->slot_count - 1;
    uint32_t tag = (uint32_t) (hash >> 32);

    DEBUG_ASSERT(table->count < table->slot_count);
    for (uint32_t i = (uint32_t) hash & mask;; i = (i + 1) & mask) {
        const TableSlot *slot = &table->slots[i];

        if (slot->id_plus == 0)
            return i;
        if (slot->tag == tag && keys_equal(table, entry_at(table, slot->id_plus - 1)->keys, keys))
            return i;
    }
}

static void grow_slots(KeyTable *table) {
    uint32_t slot_count = table->slot_count ? 2 * table->slot_count : SLOTS_MIN;
    uint32_t mask = slot_count - 1;

    assert(table->count < slot_count);
    memory_free(table->slots);
    table->slots = memory_zalloc(slot_count * sizeof(TableSlot));
    table->slot_count = slot_count;
    for (uint32_t id = 0; id < table->count; id++) {
        uint64_t hash = entry_at(table, id)->hash;
        uint32_t i = (uint32_t) hash & mask;

        while (table->slots[i].id_plus)
            i = (i + 1) & mask;
        table->slots[i] = (TableSlot) {(uint32_t) (hash >> 32), id + 1};
    }
}

static void own_view(KeyTable *table, KeySlot *slot) {
    TextView *view = (TextView *) slot;

    if (view_is_long(slot))
        view->data = arena_memdup(key_table_arena(table), view->data, view->length);
}

static void keep_display(KeyTable *table, KeySlot *slot, const void *bytes, size_t size_bytes) {
    TextView view =
        text_view(arena_memdup(key_table_arena(table), bytes, size_bytes), (uint32_t) size_bytes);

    slot_put_view(slot, &view);
}

static Entry *add_entry(KeyTable *table) {
    if (table->count == table->chunk_count * CHUNK_ENTRIES) {
        if (table->chunk_count == table->chunk_capacity) {
            table->chunk_capacity = table->chunk_capacity ? 2 * table->chunk_capacity : 4;
            table->chunks =
                memory_realloc(table->chunks, table->chunk_capacity * sizeof(*table->chunks));
        }
        table->chunks[table->chunk_count++] = memory_zalloc(CHUNK_ENTRIES * table->stride);
    }
    return entry_at(table, table->count++);
}

static void insert_entry(KeyTable *table, const KeyRows *rows, uint32_t index,
                         const KeySlot *keys) {
    uint32_t row = rows->rows[index];
    Entry *entry = add_entry(table);
    StrBuf form = {0};

    entry->hash = rows->hashes[row];
    memcpy(entry->keys, keys, table->key_count * sizeof(KeySlot));
    for (uint32_t k = 0; k < table->key_count; k++) {
        if (table->kinds[k] == KEY_VIEW)
            own_view(table, &entry->keys[k]);
        if (table->displays[k] < 0)
            continue;
        strbuf_clear(&form);
        row_append_value(&form, &rows->keys->columns[k], row);
        keep_display(table, &entry->keys[table->displays[k]], form.data, form.length);
    }
    strbuf_done(&form);
}

Status key_table_insert(KeyTable *table, const KeyRows *rows, uint32_t *ret_ids, Error *err) {
    KeySlot *keys = lay_keys(table, rows);
    uint32_t stride = table->key_count ? table->key_count : 1;

    assert(rows->keys->column_count >= table->key_count);
    for (uint32_t i = 0; i < rows->count; i++) {
        uint64_t hash = rows->hashes[rows->rows[i]];
        uint32_t slot;

        if ((table->count + 1) * 2 > table->slot_count)
            grow_slots(table);
        slot = probe(table, hash, keys + (size_t) i * stride);
        if (table->slots[slot].id_plus == 0) {
            if (table->count == KEY_NONE - 1)
                return error_set(err, PROGRAM_LIMIT_EXCEEDED, "too many groups");
            insert_entry(table, rows, i, keys + (size_t) i * stride);
            table->slots[slot] = (TableSlot) {(uint32_t) (hash >> 32), table->count};
        }
        ret_ids[i] = table->slots[slot].id_plus - 1;
    }
    return key_table_account(table, err);
}

void key_table_find(const KeyTable *table, const KeyRows *rows, uint32_t *ret_ids) {
    const KeySlot *keys = lay_keys(table, rows);
    uint32_t stride = table->key_count ? table->key_count : 1;

    for (uint32_t i = 0; i < rows->count; i++) {
        uint32_t slot;

        ret_ids[i] = KEY_NONE;
        if (table->slot_count == 0)
            continue;
        slot = probe(table, rows->hashes[rows->rows[i]], keys + (size_t) i * stride);
        if (table->slots[slot].id_plus)
            ret_ids[i] = table->slots[slot].id_plus - 1;
    }
}

/* -------- entries -------- */

void *key_table_payload(const KeyTable *table, uint32_t id) {
    DEBUG_ASSERT(id < table->count);
    return (char *) entry_at(table, id) + table->payload_offset;
}

uint64_t key_table_hash(const KeyTable *table, uint32_t id) {
    assert(id < table->count);
    return entry_at(table, id)->hash;
}

static Value word_value(SqlType type, const KeySlot *slot) {
    Value value = {.type = type, .is_null = slot->words[1] != 0};

    /* Little-endian: the low bytes of the word are the value. */
    memcpy(value.bytes, &slot->words[0], sizeof(uint64_t));
    return value;
}

static Value view_value(SqlType type, const KeySlot *slot) {
    Value value = {.type = type};

    if (view_length(slot) == VIEW_NULL)
        value.is_null = true;
    else if (type_physical(type.id) == PHYSICAL_UUID)
        memcpy(value.uuid.bytes, view_data(slot), sizeof(Uuid));
    else
        memcpy(&value.text, slot, sizeof(TextView));
    return value;
}

static Value display_value(SqlType type, const KeySlot *slot) {
    const uint8_t *cursor = (const uint8_t *) view_data(slot);
    Value value;
    bool is_read = row_read_value_of(&cursor, cursor + view_length(slot), type, &value);

    assert(is_read);
    (void) is_read;
    return value;
}

Value key_table_value(const KeyTable *table, uint32_t id, uint32_t key) {
    const Entry *entry = entry_at(table, id);

    assert(id < table->count);
    assert(key < table->key_count);
    if (table->displays[key] >= 0)
        return display_value(table->types[key], &entry->keys[table->displays[key]]);
    if (table->kinds[key] == KEY_WORD)
        return word_value(table->types[key], &entry->keys[key]);
    return view_value(table->types[key], &entry->keys[key]);
}

void key_table_append_key(const KeyTable *table, uint32_t id, StrBuf *out) {
    const Entry *entry = entry_at(table, id);

    for (uint32_t k = 0; k < table->key_count; k++) {
        Value value;

        if (table->displays[k] >= 0 && view_length(&entry->keys[k]) != VIEW_NULL) {
            strbuf_append(out, view_data(&entry->keys[k]), view_length(&entry->keys[k]));
            continue;
        }
        value = key_table_value(table, id, k);
        row_append_key_of(out, &value);
    }
}

void key_table_append_display(const KeyTable *table, uint32_t id, StrBuf *out) {
    const Entry *entry = entry_at(table, id);

    for (uint32_t i = 0; i < table->display_count; i++) {
        const KeySlot *slot = &entry->keys[table->key_count + i];

        strbuf_append(out, view_data(slot), view_length(slot));
    }
}

bool key_table_set_display(KeyTable *table, uint32_t id, const uint8_t **cursor,
                           const uint8_t *end) {
    Entry *entry = entry_at(table, id);

    for (uint32_t k = 0; k < table->key_count; k++) {
        const uint8_t *start = *cursor;

        if (table->displays[k] < 0)
            continue;
        if (!row_skip_value(cursor, end, table->types[k]))
            return false;
        keep_display(table, &entry->keys[table->displays[k]], start, (size_t) (*cursor - start));
    }
    return true;
}
