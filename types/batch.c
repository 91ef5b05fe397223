#include "types/batch.h"

#include <assert.h>

#include "base/hash.h"
#include "types/row.h"

Column column_create(SqlType type, uint32_t row_count, Arena *arena) {
    size_t value_size = physical_size_bytes(type_physical(type.id));

    return (Column) {
        .type = type,
        .encoding = COLUMN_FLAT,
        .values = arena_alloc(arena, value_size * row_count),
    };
}

Column column_constant(const Value *value, Arena *arena) {
    Column column = column_create(value->type, 1, arena);

    column.encoding = COLUMN_CONSTANT;
    if (value->is_null)
        column.validity = arena_alloc(arena, sizeof(uint64_t));
    else
        column_put(&column, 0, value, 1, arena);
    return column;
}

void column_make_nullable(Column *column, uint32_t row_count, Arena *arena) {
    size_t size = validity_size_bytes(row_count);

    if (column->validity)
        return;
    column->validity = arena_alloc_raw(arena, size);
    memset(column->validity, 0xff, size);
}

void column_set_null(Column *column, uint32_t row, uint32_t row_count, Arena *arena) {
    size_t value_size = physical_size_bytes(type_physical(column->type.id));
    uint32_t slot = column_slot(column, row);

    column_make_nullable(column, column->encoding == COLUMN_CONSTANT ? 1 : row_count, arena);
    validity_clear(column->validity, slot);
    memset((char *) column->values + slot * value_size, 0, value_size);
}

Value column_get(const Column *column, uint32_t row) {
    size_t value_size = physical_size_bytes(type_physical(column->type.id));
    uint32_t slot = column_slot(column, row);
    Value value = {.type = column->type};

    if (!validity_get(column->validity, slot)) {
        value.is_null = true;
        return value;
    }
    memcpy(value.bytes, (const char *) column->values + slot * value_size, value_size);
    return value;
}

void column_put(Column *column, uint32_t row, const Value *value, uint32_t row_count,
                Arena *arena) {
    size_t value_size = physical_size_bytes(type_physical(column->type.id));

    if (value->is_null) {
        column_set_null(column, row, row_count, arena);
        return;
    }
    DEBUG_ASSERT(type_physical(value->type.id) == type_physical(column->type.id));
    if (column->validity)
        validity_set(column->validity, row);
    memcpy((char *) column->values + row * value_size, value->bytes, value_size);
}

static void fill_slots(char *values, size_t value_size, uint32_t row_count) {
    for (uint32_t row = 1; row < row_count; row++)
        memcpy(values + row * value_size, values, value_size);
}

Column column_flatten(const Column *column, uint32_t row_count, Arena *arena) {
    size_t value_size = physical_size_bytes(type_physical(column->type.id));
    Column flat;

    if (column->encoding == COLUMN_FLAT)
        return *column;
    flat = column_create(column->type, row_count, arena);
    if (!validity_get(column->validity, 0)) {
        flat.validity = arena_alloc(arena, validity_size_bytes(row_count));
    } else if (row_count > 0) {
        memcpy(flat.values, column->values, value_size);
        fill_slots(flat.values, value_size, row_count);
    }
    return flat;
}

/* -------- compaction -------- */

#define GATHER(Type)                                         \
    do {                                                     \
        const Type *restrict source_values = source->values; \
        Type *restrict target_values = target->values;       \
        for (uint32_t i = 0; i < count; i++)                 \
            target_values[i] = source_values[rows[i]];       \
    } while (0)

typedef struct Slot16 {
    uint64_t words[2];
} Slot16;

typedef struct Slot24 {
    uint64_t words[3];
} Slot24;

static void gather_values(const Column *source, const uint32_t *rows, uint32_t count,
                          Column *target) {
    switch (physical_size_bytes(type_physical(source->type.id))) {
    case 1:
        GATHER(uint8_t);
        break;
    case 2:
        GATHER(uint16_t);
        break;
    case 4:
        GATHER(uint32_t);
        break;
    case 8:
        GATHER(uint64_t);
        break;
    case 16:
        GATHER(Slot16);
        break;
    default:
        GATHER(Slot24);
        break;
    }
}

static void gather_validity(const Column *source, const uint32_t *rows, uint32_t count,
                            Column *target, Arena *arena) {
    if (!source->validity)
        return;
    target->validity = arena_alloc(arena, validity_size_bytes(count));
    for (uint32_t i = 0; i < count; i++)
        if (validity_get(source->validity, rows[i]))
            validity_set(target->validity, i);
}

static void own_texts(Column *column, uint32_t count, Arena *arena) {
    TextView *views = column->values;

    for (uint32_t i = 0; i < count; i++)
        if (views[i].length > TEXT_INLINE_BYTES && validity_get(column->validity, i))
            views[i].data = arena_memdup(arena, views[i].data, views[i].length);
}

static const uint32_t *active_rows(const Batch *batch, Arena *arena) {
    uint32_t *rows;

    if (batch->selection)
        return batch->selection;
    rows = arena_alloc_raw(arena, (batch->row_count + 1) * sizeof(*rows));
    for (uint32_t i = 0; i < batch->row_count; i++)
        rows[i] = i;
    return rows;
}

static Column compact_column(const Column *source, const uint32_t *rows, uint32_t count, bool deep,
                             Arena *arena) {
    Column target;

    if (source->encoding == COLUMN_CONSTANT) {
        Value value = column_get(source, 0);

        if (deep)
            value = value_copy(&value, arena);
        return column_constant(&value, arena);
    }
    target = column_create(source->type, count, arena);
    gather_values(source, rows, count, &target);
    gather_validity(source, rows, count, &target, arena);
    if (deep && type_physical(source->type.id) == PHYSICAL_VARLEN)
        own_texts(&target, count, arena);
    return target;
}

Batch *batch_compact(const Batch *batch, bool deep, Arena *arena) {
    uint32_t count = batch_active_count(batch);
    const uint32_t *rows = active_rows(batch, arena);
    Batch *compact = arena_new(arena, Batch);

    compact->row_count = count;
    compact->column_count = batch->column_count;
    compact->columns = arena_new_array(arena, Column, batch->column_count);
    for (uint32_t i = 0; i < batch->column_count; i++)
        compact->columns[i] = compact_column(&batch->columns[i], rows, count, deep, arena);
    if (batch->weights) {
        int64_t *weights = arena_alloc_raw(arena, (count + 1) * sizeof(*weights));

        for (uint32_t i = 0; i < count; i++)
            weights[i] = batch->weights[rows[i]];
        compact->weights = weights;
    }
    return compact;
}

/* -------- hashing -------- */

static const uint64_t HASH_NULL = 0x6e756c6c6e756c6cULL;

static inline uint64_t hash_text(const TextView *view) {
    uint64_t words[2];

    if (view->length > TEXT_INLINE_BYTES)
        return hash_bytes(view->data, view->length);
    memcpy(words, view, sizeof(words));
    return hash_combine(words[0], words[1]);
}

/* Types whose equal values may differ in form: hash their key form. */
static void hash_by_key(const Batch *batch, const Column *column, uint64_t *hashes) {
    uint32_t count = batch_active_count(batch);
    StrBuf key = {0};

    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = batch_active_row(batch, i);

        strbuf_clear(&key);
        row_append_key(&key, column, row);
        hashes[row] = hash_combine(hashes[row], hash_bytes(key.data, key.length));
    }
    strbuf_done(&key);
}

static inline uint64_t hash_float(double number) {
    uint64_t bits;

    if (number == 0.0)
        number = 0.0;
    if (number != number)
        return 0x7ff8000000000000ULL;
    memcpy(&bits, &number, sizeof(bits));
    return bits;
}

#define HASH_LOOP(Type, word_of)                                                         \
    do {                                                                                 \
        const Type *restrict values = column->values;                                    \
        for (uint32_t i = 0; i < count; i++) {                                           \
            uint32_t row = batch_active_row(batch, i);                                   \
            uint32_t slot = row & slot_mask;                                             \
            uint64_t word =                                                              \
                validity_get(column->validity, slot) ? (uint64_t) (word_of) : HASH_NULL; \
            hashes[row] = hash_combine(hashes[row], word);                               \
        }                                                                                \
    } while (0)

static void hash_column(const Batch *batch, const Column *column, uint64_t *hashes) {
    uint32_t count = batch_active_count(batch);
    uint32_t slot_mask = column->encoding == COLUMN_CONSTANT ? 0 : UINT32_MAX;

    switch (type_physical(column->type.id)) {
    case PHYSICAL_BOOL:
        HASH_LOOP(uint8_t, values[slot]);
        return;
    case PHYSICAL_INT16:
        HASH_LOOP(int16_t, (int64_t) values[slot]);
        return;
    case PHYSICAL_INT32:
        HASH_LOOP(int32_t, (int64_t) values[slot]);
        return;
    case PHYSICAL_INT64:
        HASH_LOOP(int64_t, values[slot]);
        return;
    case PHYSICAL_FLOAT32:
        HASH_LOOP(float, hash_float((double) values[slot]));
        return;
    case PHYSICAL_FLOAT64:
        HASH_LOOP(double, hash_float(values[slot]));
        return;
    case PHYSICAL_UUID:
        HASH_LOOP(Slot16, hash_combine(values[slot].words[0], values[slot].words[1]));
        return;
    case PHYSICAL_VARLEN:
        if (row_key_is_value(column->type)) {
            HASH_LOOP(TextView, hash_text(&values[slot]));
            return;
        }
        break;
    default:
        break;
    }
    hash_by_key(batch, column, hashes);
}

void batch_hash_columns(const Batch *batch, const uint32_t *key_columns, uint32_t key_count,
                        uint64_t *ret_hashes) {
    uint32_t count = batch_active_count(batch);

    for (uint32_t i = 0; i < count; i++)
        ret_hashes[batch_active_row(batch, i)] = 0;
    for (uint32_t i = 0; i < key_count; i++) {
        assert(key_columns[i] < batch->column_count);
        hash_column(batch, &batch->columns[key_columns[i]], ret_hashes);
    }
}
