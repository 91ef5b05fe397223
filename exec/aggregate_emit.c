/* Aggregate: groups out, one batch a call. */
#include <assert.h>
#include <stdlib.h>

#include "exec/aggregate.h"

AggregateOutput *aggregate_output_start(AggregateOp *self) {
    Arena *arena = self->base.cx->batch_arena;
    const Plan *node = self->base.node;
    AggregateOutput *output = arena_alloc_raw(arena, sizeof(*output));

    output->count = 0;
    output->has_weights = false;
    output->columns = arena_new_array(arena, Column, (size_t) node->column_count + 1);
    for (uint32_t i = 0; i < self->key_count; i++)
        output->columns[i] = column_create(node->columns[i].type, AGGREGATE_OUTPUT_ROWS, arena);
    if (self->table_count > self->key_count)
        output->columns[node->column_count - 1] =
            column_create(node->columns[node->column_count - 1].type, AGGREGATE_OUTPUT_ROWS, arena);
    return output;
}

/* GROUPING's bits: the rightmost key is the lowest bit; 1: not in the set. */
static int64_t grouping_bits(const Plan *node, int set) {
    int64_t bits = 0;

    for (int i = 0; i < node->keys.count; i++) {
        bool is_member = false;

        for (int m = 0; m < node->grouping_sets[set].count; m++)
            is_member |= node->grouping_sets[set].ids[m] == node->keys.ids[i];
        bits = bits << 1 | !is_member;
    }
    return bits;
}

void aggregate_put_key(AggregateOp *self, AggregateOutput *output, uint32_t key,
                       const Value *value) {
    Arena *arena = self->base.cx->batch_arena;
    const Plan *node = self->base.node;
    Column *column;

    if (key < self->key_count) {
        column_put(&output->columns[key], output->count, value, AGGREGATE_OUTPUT_ROWS, arena);
        return;
    }
    assert(key == self->key_count); /* the number of the grouping set */
    column = &output->columns[node->column_count - 1];
    if (type_physical(column->type.id) == PHYSICAL_INT32)
        ((int32_t *) column->values)[output->count] = (int32_t) grouping_bits(node, value->int32);
    else
        ((int64_t *) column->values)[output->count] = grouping_bits(node, value->int32);
}

/* One row of the group that lies in the table, with the states at `payload`. */
static void put_group(AggregateOp *self, AggregateOutput *output, uint32_t id, char *payload,
                      int64_t weight) {
    for (uint32_t k = 0; k < self->table_count; k++) {
        Value value = key_table_value(self->groups, id, k);

        aggregate_put_key(self, output, k, &value);
    }
    output->payloads[output->count] = payload;
    output->weights[output->count++] = weight;
    assert(output->count <= AGGREGATE_OUTPUT_ROWS);
}

static Status finalize_terms(AggregateOp *self, AggregateOutput *output, Error *err) {
    Arena *arena = self->base.cx->batch_arena;
    void **states = arena_alloc_raw(arena, (output->count + 1) * sizeof(void *));

    for (uint32_t i = 0; i < self->term_count; i++) {
        Column *column = &output->columns[self->key_count + i];

        *column =
            column_create(self->base.node->columns[self->key_count + i].type, output->count, arena);
        for (uint32_t row = 0; row < output->count; row++)
            states[row] = output->payloads[row] + self->terms[i].offset;
        TRY(self->terms[i].aggregate->finalize(states, output->count, column, arena, err));
    }
    return STATUS_OK;
}

static Batch output_batch(const AggregateOp *self, const AggregateOutput *output) {
    return (Batch) {.row_count = output->count,
                    .column_count = (uint32_t) self->base.node->column_count,
                    .columns = output->columns,
                    .weights = output->has_weights ? output->weights : NULL};
}

Status aggregate_output_finish(AggregateOp *self, AggregateOutput *output, Emitter *out,
                               Error *err) {
    Batch batch;

    if (output->count == 0)
        return STATUS_OK;
    TRY(finalize_terms(self, output, err));
    batch = output_batch(self, output);
    return out->emit(out, &batch, err);
}

/* -------- batch queries: all groups, in order of first arrival -------- */

Status aggregate_emit_groups(AggregateOp *self, Emitter *out, Error *err) {
    uint32_t count = key_table_count(self->groups);
    AggregateOutput *output = aggregate_output_start(self);

    assert(!self->keeps_state);
    for (; self->next < count && output->count < AGGREGATE_OUTPUT_ROWS; self->next++) {
        GroupHead *head = group_head(self, self->next);

        if (head->weight > 0 || self->key_count == 0 || self->table_count > self->key_count)
            put_group(self, output, self->next, (char *) head, 1);
    }
    TRY(aggregate_output_finish(self, output, out, err));
    return self->next < count ? STATUS_MORE : STATUS_OK;
}

/* -------- PARTIAL: keys and states -------- */

static void partial_states(AggregateOp *self, AggregateOutput *output, uint32_t term_index) {
    const AggregateTerm *term = &self->terms[term_index];
    Arena *arena = self->base.cx->batch_arena;
    Column *column = &output->columns[self->key_count + term_index];

    *column = column_create(SQL_TYPE(BYTEA), output->count, arena);
    for (uint32_t row = 0; row < output->count; row++) {
        strbuf_clear(&self->value);
        term->aggregate->serialize(output->payloads[row] + term->offset, &self->value);
        ((TextView *) column->values)[row] =
            text_view(arena_memdup(arena, self->value.data, self->value.length),
                      (uint32_t) self->value.length);
    }
}

Status aggregate_emit_partial(AggregateOp *self, Emitter *out, Error *err) {
    uint32_t count = key_table_count(self->groups);
    AggregateOutput *output = aggregate_output_start(self);
    Batch batch;

    assert(self->phase == PHASE_PARTIAL);
    output->has_weights = true;
    for (; self->next < count && output->count < AGGREGATE_OUTPUT_ROWS; self->next++) {
        GroupHead *head = group_head(self, self->next);

        put_group(self, output, self->next, (char *) head, head->weight);
    }
    if (output->count == 0)
        return STATUS_OK;
    for (uint32_t i = 0; i < self->term_count; i++)
        partial_states(self, output, i);
    batch = output_batch(self, output);
    TRY(out->emit(out, &batch, err));
    return self->next < count ? STATUS_MORE : STATUS_OK;
}

/* -------- EMIT_CHANGES: what is different from the last epoch -------- */

/* The group as the last epoch left it; NULL payload: it was not there. */
static Status old_payload(AggregateOp *self, uint32_t id, char **ret_payload, Error *err) {
    Arena *arena = self->base.cx->batch_arena;
    const GroupHead *head = group_head(self, id);
    uint64_t hash = key_table_hash(self->groups, id);
    int64_t slice = self->time_key >= 0 ? head->slice : INT64_MIN;
    Value *displays = arena_new_array(arena, Value, self->table_count + 1);
    StateBytes old;

    *ret_payload = NULL;
    strbuf_clear(&self->key);
    key_table_append_key(self->groups, id, &self->key);
    old = state_old_sliced(self->table, aggregate_partition(self, hash), slice, hash,
                           self->key.data, self->key.length);
    if (!old.data)
        return STATUS_OK;
    *ret_payload = arena_alloc(arena, self->payload_bytes);
    aggregate_init_payload(self, *ret_payload);
    if (!aggregate_read_row(self, old, *ret_payload, displays, arena))
        return error_set(err, DATA_CORRUPTED, "a group of operator %016llx is damaged",
                         (unsigned long long) self->base.id);
    return STATUS_OK;
}

static bool rows_equal(const AggregateOp *self, const Column *columns, uint32_t left,
                       uint32_t right) {
    for (uint32_t i = 0; i < self->term_count; i++) {
        Value left_value = column_get(&columns[self->key_count + i], left);
        Value right_value = column_get(&columns[self->key_count + i], right);

        if (!value_equal(&left_value, &right_value))
            return false;
    }
    return true;
}

/* Leave out pairs whose two rows show the same. */
static void drop_equal_pairs(const AggregateOp *self, const AggregateOutput *output, Batch *batch,
                             uint32_t *selection) {
    batch->selection = selection;
    batch->selection_count = 0;
    for (uint32_t row = 0; row < output->count; row++) {
        assert(!output->pairs[row] || row + 1 < output->count);
        if (output->pairs[row] && rows_equal(self, output->columns, row, row + 1)) {
            row++;
            continue;
        }
        selection[batch->selection_count++] = row;
    }
}

static Status put_change(AggregateOp *self, AggregateOutput *output, uint32_t id, Error *err) {
    GroupHead *head = group_head(self, id);
    bool is_there = head->weight > 0 || self->table_count == 0;
    char *old = NULL;

    TRY(old_payload(self, id, &old, err));
    if (old) {
        output->pairs[output->count] = is_there;
        put_group(self, output, id, old, -1);
    }
    if (is_there) {
        output->pairs[output->count] = false;
        put_group(self, output, id, (char *) head, 1);
    }
    return STATUS_OK;
}

Status aggregate_emit_changes(AggregateOp *self, Emitter *out, Error *err) {
    uint32_t count = key_table_count(self->groups);
    AggregateOutput *output = aggregate_output_start(self);
    uint32_t *selection =
        arena_alloc_raw(self->base.cx->batch_arena, AGGREGATE_OUTPUT_ROWS * sizeof(uint32_t));
    Batch batch;

    assert(self->order);
    output->has_weights = true;
    for (; self->next < count && output->count + 2 <= AGGREGATE_OUTPUT_ROWS; self->next++)
        TRY(put_change(self, output, self->order[self->next], err));
    if (output->count > 0) {
        TRY(finalize_terms(self, output, err));
        batch = output_batch(self, output);
        drop_equal_pairs(self, output, &batch, selection);
        TRY(out->emit(out, &batch, err));
    }
    return self->next < count ? STATUS_MORE : STATUS_OK;
}

/* -------- EMIT_ON_CLOSE, EMIT_ALL: from the state table, by partition, slice and key -------- */

/* The sort key of a group: its keys in SQL order. */
static bool closing_sort_key(AggregateOp *self, const ClosingGroup *group, StrBuf *out) {
    const uint8_t *cursor = group->key.data;
    const uint8_t *end = cursor + group->key.size_bytes;

    for (uint32_t k = 0; k < self->table_count; k++) {
        const uint8_t *start = cursor;
        Value value;

        if (row_key_is_value(self->key_types[k])) {
            if (!row_read_value_of(&cursor, end, self->key_types[k], &value))
                return false;
            row_append_sort_key_of(out, &value, false, false);
            continue;
        }
        if (!row_skip_value(&cursor, end, self->key_types[k]))
            return false;
        strbuf_append(out, start, (size_t) (cursor - start));
    }
    return true;
}

static Status gather_group(void *data, int64_t slice, StateBytes key, StateBytes value,
                           Error *err) {
    AggregateOp *self = data;
    ClosingGroup *group;

    if (self->emit == EMIT_ON_CLOSE && slice > self->close_below)
        return STATUS_STOP;
    if (self->closing_count == self->closing_capacity) {
        self->closing_capacity = self->closing_capacity ? 2 * self->closing_capacity : 64;
        self->closing =
            memory_realloc(self->closing, self->closing_capacity * sizeof(*self->closing));
    }
    group = &self->closing[self->closing_count++];
    *group = (ClosingGroup) {.slice = slice, .key = key, .value = value};
    strbuf_clear(&self->value);
    if (!closing_sort_key(self, group, &self->value))
        return error_set(err, DATA_CORRUPTED, "a group of operator %016llx is damaged",
                         (unsigned long long) self->base.id);
    group->sort_key =
        arena_memdup(self->base.cx->epoch_arena, self->value.data, self->value.length);
    group->sort_size = self->value.length;
    return STATUS_OK;
}

static int closing_order(const void *left_group, const void *right_group) {
    const ClosingGroup *left = left_group;
    const ClosingGroup *right = right_group;
    size_t common = left->sort_size < right->sort_size ? left->sort_size : right->sort_size;
    int order;

    if (left->slice != right->slice)
        return left->slice < right->slice ? -1 : 1;
    order = common ? memcmp(left->sort_key, right->sort_key, common) : 0;
    return order ? order
                 : (left->sort_size > right->sort_size) - (left->sort_size < right->sort_size);
}

static Status gather_partition(AggregateOp *self, Error *err) {
    self->closing_count = 0;
    self->next = 0;
    self->is_gathered = true;
    TRY(state_visit(self->table, self->partition, gather_group, self, err));
    if (self->closing_count > 1)
        qsort(self->closing, self->closing_count, sizeof(*self->closing), closing_order);
    return STATUS_OK;
}

static Status put_stored(AggregateOp *self, AggregateOutput *output, const ClosingGroup *group,
                         Error *err) {
    Arena *arena = self->base.cx->batch_arena;
    char *payload = arena_alloc(arena, self->payload_bytes);
    Value *values = arena_new_array(arena, Value, self->table_count + 1);
    const uint8_t *cursor = group->key.data;
    const uint8_t *end = cursor + group->key.size_bytes;
    bool is_good = true;

    aggregate_init_payload(self, payload);
    is_good = aggregate_read_row(self, group->value, payload, values, arena);
    for (uint32_t k = 0; is_good && k < self->table_count; k++) {
        if (row_key_is_value(self->key_types[k]))
            is_good = row_read_value_of(&cursor, end, self->key_types[k], &values[k]);
        else
            is_good = row_skip_value(&cursor, end, self->key_types[k]);
        if (is_good)
            aggregate_put_key(self, output, k, &values[k]);
    }
    if (!is_good)
        return error_set(err, DATA_CORRUPTED, "a group of operator %016llx is damaged",
                         (unsigned long long) self->base.id);
    output->payloads[output->count++] = payload;
    return STATUS_OK;
}

static bool is_last_partition(const AggregateOp *self) {
    const OperatorContext *cx = self->base.cx;

    return cx->partition >= 0 || self->partition + 1 >= state_partition_count(cx->state);
}

Status aggregate_emit_stored(AggregateOp *self, Emitter *out, Error *err) {
    AggregateOutput *output = aggregate_output_start(self);

    assert(self->table);
    assert(self->emit != EMIT_CHANGES);
    if (self->emit == EMIT_ON_CLOSE && (self->time_key < 0 || self->close_below == INT64_MIN))
        return STATUS_OK;
    while (output->count < AGGREGATE_OUTPUT_ROWS) {
        if (!self->is_gathered) {
            if (self->base.cx->partition >= 0)
                self->partition = self->base.cx->partition;
            TRY(gather_partition(self, err));
        }
        if (self->next < self->closing_count) {
            TRY(put_stored(self, output, &self->closing[self->next++], err));
            continue;
        }
        if (is_last_partition(self))
            break;
        self->partition++;
        self->is_gathered = false;
    }
    TRY(aggregate_output_finish(self, output, out, err));
    return self->next < self->closing_count || !is_last_partition(self) ? STATUS_MORE : STATUS_OK;
}
