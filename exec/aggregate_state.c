/* Aggregate: groups into the state table and back; values of DISTINCT calls. */
#include <assert.h>
#include <inttypes.h>

#include "base/hash.h"
#include "exec/aggregate.h"

enum { TABLE_GROUPS = 0, TABLE_DISTINCT = 1, STATE_LAYOUT_VERSION = 1 };

/* What the rows mean: types of the keys, names and argument types of the calls. */
static void append_schema(const AggregateOp *self, StrBuf *out) {
    strbuf_printf(out, "aggregate %d %d sliced=%d", STATE_LAYOUT_VERSION, ROW_LAYOUT_VERSION,
                  self->time_key >= 0 && self->emit != EMIT_ALL);
    if (self->slices.are_groups)
        strbuf_printf(out, " slices=%" PRId64 "/%" PRId64 "/%" PRId64, self->slices.grid.size_us,
                      self->slices.grid.slide_us, self->slices.grid.origin_us);
    for (uint32_t i = 0; i < self->table_count; i++)
        strbuf_printf(out, " %u", type_oid(self->key_types[i]));
    for (uint32_t i = 0; i < self->term_count; i++) {
        const Aggregate *aggregate = self->terms[i].aggregate;

        strbuf_printf(out, " %s%s(", aggregate->name,
                      self->terms[i].is_distinct ? " distinct" : "");
        for (uint32_t a = 0; a < aggregate->argument_count; a++)
            strbuf_printf(out, " %d", (int) aggregate->arguments[a]);
        strbuf_append_text(out, ")");
    }
}

static bool has_distinct(const AggregateOp *self) {
    for (uint32_t i = 0; i < self->term_count; i++)
        if (self->terms[i].is_distinct)
            return true;
    return false;
}

Status aggregate_open_state(AggregateOp *self, Error *err) {
    OperatorContext *cx = self->base.cx;
    StrBuf schema = {0};
    Status status = STATUS_OK;

    append_schema(self, &schema);
    if (self->keeps_state)
        status = state_table_open(cx->state, self->base.id, TABLE_GROUPS, schema.data,
                                  schema.length, &self->table, err);
    if (status == STATUS_OK && has_distinct(self))
        status = state_table_open(cx->state, self->base.id, TABLE_DISTINCT, schema.data,
                                  schema.length, &self->distinct, err);
    strbuf_done(&schema);
    return status;
}

static bool is_sliced(const AggregateOp *self) {
    return self->time_key >= 0 && self->emit != EMIT_ALL;
}

/* Groups of a table that is not sliced lie in the slice that says so. */
static int64_t state_slice(const AggregateOp *self, const GroupHead *head) {
    return is_sliced(self) ? head->slice : INT64_MIN;
}

void aggregate_init_payload(const AggregateOp *self, void *payload) {
    for (uint32_t i = 0; i < self->term_count; i++)
        if (self->terms[i].aggregate->init)
            self->terms[i].aggregate->init((char *) payload + self->terms[i].offset);
}

static bool read_states(const AggregateOp *self, const uint8_t **cursor, const uint8_t *end,
                        void *payload, Arena *arena) {
    for (uint32_t i = 0; i < self->term_count; i++) {
        const AggregateTerm *term = &self->terms[i];

        if (!term->aggregate->deserialize(cursor, end, (char *) payload + term->offset, arena))
            return false;
    }
    return *cursor == end;
}

bool aggregate_read_row(const AggregateOp *self, StateBytes value, void *payload, Value *displays,
                        Arena *arena) {
    const uint8_t *cursor = value.data;
    const uint8_t *end = value.data + value.size_bytes;
    GroupHead *head = payload;

    assert((uintptr_t) payload % 16 == 0);
    assert(value.data);
    if (value.size_bytes < sizeof(head->weight))
        return false;
    memcpy(&head->weight, cursor, sizeof(head->weight));
    cursor += sizeof(head->weight);
    for (uint32_t i = 0; i < self->table_count; i++)
        if (!row_key_is_value(self->key_types[i]) &&
            !row_read_value_of(&cursor, end, self->key_types[i], &displays[i]))
            return false;
    return read_states(self, &cursor, end, payload, arena);
}

static Status damaged_group(const AggregateOp *self, Error *err) {
    return error_set(err, DATA_CORRUPTED, "a group of operator %016llx is damaged",
                     (unsigned long long) self->base.id);
}

Status aggregate_start_group(AggregateOp *self, uint32_t id, Error *err) {
    GroupHead *head = group_head(self, id);
    uint64_t hash = key_table_hash(self->groups, id);
    const uint8_t *cursor;
    const uint8_t *end;
    StateBytes stored;

    head->slice = SLICE_OPEN;
    if (self->time_key >= 0) {
        Value time = key_table_value(self->groups, id, (uint32_t) self->time_key);

        head->slice = aggregate_close_time(self, &time);
    }
    aggregate_init_payload(self, head);
    if (!self->keeps_state)
        return STATUS_OK;
    strbuf_clear(&self->key);
    key_table_append_key(self->groups, id, &self->key);
    stored = state_get_sliced(self->table, aggregate_partition(self, hash), state_slice(self, head),
                              hash, self->key.data, self->key.length);
    if (!stored.data)
        return STATUS_OK;
    if (stored.size_bytes < sizeof(head->weight))
        return damaged_group(self, err);
    cursor = stored.data;
    end = cursor + stored.size_bytes;
    memcpy(&head->weight, cursor, sizeof(head->weight));
    cursor += sizeof(head->weight);
    if (!key_table_set_display(self->groups, id, &cursor, end) ||
        !read_states(self, &cursor, end, head, key_table_arena(self->groups)))
        return damaged_group(self, err);
    return STATUS_OK;
}

/* -------- writing back -------- */

/* All groups, by state partition, in order of first arrival within it: the order that parallel
 * partitions would give. */
static void order_groups(AggregateOp *self) {
    Arena *arena = self->base.cx->epoch_arena;
    uint32_t count = key_table_count(self->groups);
    int partition_count = state_partition_count(self->base.cx->state);
    uint32_t *starts = arena_new_array(arena, uint32_t, (size_t) partition_count + 1);

    self->order = arena_alloc_raw(arena, (count + 1) * sizeof(uint32_t));
    for (uint32_t id = 0; id < count; id++)
        starts[aggregate_partition(self, key_table_hash(self->groups, id)) + 1]++;
    for (int p = 0; p < partition_count; p++)
        starts[p + 1] += starts[p];
    for (uint32_t id = 0; id < count; id++)
        self->order[starts[aggregate_partition(self, key_table_hash(self->groups, id))]++] = id;
    assert(starts[partition_count] == count);
}

static void serialize_group(AggregateOp *self, uint32_t id) {
    const GroupHead *head = group_head(self, id);

    strbuf_clear(&self->value);
    strbuf_append(&self->value, &head->weight, sizeof(head->weight));
    key_table_append_display(self->groups, id, &self->value);
    for (uint32_t i = 0; i < self->term_count; i++)
        self->terms[i].aggregate->serialize((const char *) head + self->terms[i].offset,
                                            &self->value);
}

static Status write_group(AggregateOp *self, uint32_t id, Error *err) {
    const GroupHead *head = group_head(self, id);
    uint64_t hash = key_table_hash(self->groups, id);
    int partition = aggregate_partition(self, hash);

    if (self->slices.are_groups)
        TRY(aggregate_touch_slice(self, id, partition, err));
    strbuf_clear(&self->key);
    key_table_append_key(self->groups, id, &self->key);
    /* A group whose rows are all gone is gone; a query without keys keeps its one group. A
     * retraction whose group was forgotten finds nothing to remove. */
    if (head->weight <= 0 && self->table_count > 0)
        return state_remove_sliced(self->table, partition, state_slice(self, head), hash,
                                   self->key.data, self->key.length, err);
    serialize_group(self, id);
    return state_put_sliced(self->table, partition, state_slice(self, head), hash, self->key.data,
                            self->key.length, self->value.data, self->value.length, err);
}

Status aggregate_write_back(AggregateOp *self, Error *err) {
    assert(self->table);
    assert(self->keeps_state);
    order_groups(self);
    for (uint32_t i = 0; i < key_table_count(self->groups); i++)
        TRY(write_group(self, self->order[i], err));
    return STATUS_OK;
}

static Status drop_slices(StateTable *table, int partition, int64_t bound, Error *err) {
    int64_t slice;

    while (state_first_slice(table, partition, &slice) && slice <= bound)
        TRY(state_drop_slice(table, partition, slice, err));
    return STATUS_OK;
}

Status aggregate_drop_closed(AggregateOp *self, Error *err) {
    int only = self->base.cx->partition;

    assert(self->time_key >= 0);
    assert(self->late_below <= self->close_below);
    if (self->close_below == INT64_MIN)
        return STATUS_OK;
    for (int p = 0; p < state_partition_count(self->base.cx->state); p++) {
        if (only >= 0 && p != only)
            continue;
        TRY(drop_slices(self->table, p, self->close_below, err));
        if (self->distinct)
            TRY(drop_slices(self->distinct, p, self->close_below, err));
    }
    return STATUS_OK;
}

/* -------- DISTINCT calls -------- */

/* How often the value is there after this row: 0 to 1 lets the row in, 1 to 0 takes it out. */
static Status count_value(AggregateOp *self, uint32_t id, int64_t weight, int64_t *ret_before,
                          Error *err) {
    const GroupHead *head = group_head(self, id);
    uint64_t hash = key_table_hash(self->groups, id);
    int partition = aggregate_partition(self, hash);
    int64_t slice = self->base.cx->is_stream ? state_slice(self, head) : INT64_MIN;
    uint64_t value_hash = hash_bytes(self->key.data, self->key.length);
    StateBytes stored = state_get_sliced(self->distinct, partition, slice, value_hash,
                                         self->key.data, self->key.length);
    int64_t count = 0;

    if (stored.data && stored.size_bytes == sizeof(count))
        memcpy(&count, stored.data, sizeof(count));
    *ret_before = count;
    count += weight;
    if (count <= 0)
        return state_remove_sliced(self->distinct, partition, slice, value_hash, self->key.data,
                                   self->key.length, err);
    return state_put_sliced(self->distinct, partition, slice, value_hash, self->key.data,
                            self->key.length, &count, sizeof(count), err);
}

Status aggregate_distinct(AggregateOp *self, const AggregateTerm *term, const Batch *in,
                          DistinctRows *rows, Error *err) {
    Arena *arena = self->base.cx->batch_arena;

    assert(self->distinct);
    assert(term->is_distinct);
    rows->ret_count = 0;
    rows->ret_weights = in->weights ? arena_new_array(arena, int64_t, in->row_count) : NULL;
    for (uint32_t i = 0; i < rows->count; i++) {
        uint32_t row = rows->rows[i];
        int64_t weight = batch_weight(in, row);
        int64_t before = 0;

        strbuf_clear(&self->key);
        strbuf_append(&self->key, &term->number, sizeof(term->number));
        key_table_append_key(self->groups, rows->ids[i], &self->key);
        for (uint32_t a = 0; a < term->argument_count; a++)
            row_append_key(&self->key, &in->columns[term->arguments[a]], row);
        TRY(count_value(self, rows->ids[i], weight, &before, err));
        if ((before <= 0) == (before + weight <= 0))
            continue;
        rows->ret_places[rows->ret_count++] = i;
        if (rows->ret_weights)
            rows->ret_weights[row] = weight > 0 ? 1 : -1;
    }
    return STATUS_OK;
}
