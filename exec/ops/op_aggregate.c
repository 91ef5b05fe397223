/* Aggregate: rows into groups, groups out.
 *
 * SINGLE takes rows and gives groups; PARTIAL takes rows and gives, at the end of the epoch, the
 * keys and one bytea of state a call, with the number of rows as the weight; FINAL takes those and
 * gives groups. Batch queries give every group once, in order of first arrival. Streams keep groups
 * in state tables: EMIT_ALL gives the whole answer each epoch, EMIT_CHANGES what changed as retract
 * / insert pairs, EMIT_ON_CLOSE each group when the watermark closes it. Laws: 1. a row is late for
 * its group when the group's close time is <= late_below; it is counted and dropped (EMIT_ALL drops
 * nothing). 2. At the end of the epoch groups with close time <= close_below come out, or are
 * forgotten. 3. What is done per row is done in loops over arrays; aggregates are called once a
 * batch. */
#include <assert.h>

#include "exec/aggregate.h"
#include "exec/binding.h"

static const int64_t DAY_US = 86400000000;

/* -------- opening -------- */

int64_t aggregate_close_time(const AggregateOp *self, const Value *time) {
    int64_t value_us;
    int64_t close_us;

    if (time->is_null)
        return SLICE_OPEN;
    if (type_physical(time->type.id) == PHYSICAL_INT32)
        value_us = time->int32 == INT32_MAX ? INT64_MAX : time->int32 * DAY_US;
    else
        value_us = time->int64;
    if (__builtin_add_overflow(value_us, self->close_offset_us, &close_us))
        return SLICE_OPEN;
    if (self->slices.are_groups)
        return slice_last_end(&self->slices.grid, close_us - self->slices.grid.size_us);
    return close_us == INT64_MIN ? INT64_MIN + 1 : close_us;
}

/* The key by which groups close: the event time itself when it is a key, else a window's bound. */
static void find_time_key(AggregateOp *self, const Plan *node) {
    self->time_key = -1;
    for (uint32_t i = 0; i < self->key_count; i++) {
        const PlanColumn *column = plan_find_column(node->children[0], node->keys.ids[i]);

        if (!column || column->role == TIME_NONE)
            continue;
        if (self->time_key >= 0 && column->role != TIME_EVENT)
            continue;
        self->time_key = (int) i;
        self->time_role = column->role;
        self->close_offset_us = column->close_offset_us;
    }
}

static Status open_term(AggregateOp *self, const PlanAggregateCall *call, AggregateTerm *term,
                        Error *err) {
    const Plan *child = self->base.node->children[0];

    term->aggregate = call->aggregate;
    term->filter = -1;
    term->is_distinct = call->is_distinct;
    term->offset = self->payload_bytes;
    self->payload_bytes += ((size_t) call->aggregate->state_size + 15) & ~(size_t) 15;
    if (self->phase == PHASE_FINAL)
        return STATUS_OK;
    if (call->is_distinct && self->phase == PHASE_PARTIAL)
        return error_set(err, INTERNAL_ERROR, "a DISTINCT aggregate can't be split in two phases");
    term->argument_count = (uint32_t) call->arguments.count;
    TRY(binding_columns(child, call->arguments, self->base.cx->arena, &term->arguments, err));
    if (call->filter)
        TRY(binding_column(child, call->filter, &term->filter, err));
    return STATUS_OK;
}

static Status open_keys(AggregateOp *self, const Plan *node, Error *err) {
    Arena *arena = self->base.cx->arena;

    self->key_count = (uint32_t) node->keys.count;
    self->table_count = self->key_count + (node->grouping_set_count > 0);
    self->key_types = arena_new_array(arena, SqlType, self->table_count + 1);
    for (uint32_t i = 0; i < self->key_count; i++)
        self->key_types[i] = node->columns[i].type;
    if (node->grouping_set_count > 0)
        self->key_types[self->key_count] = SQL_TYPE(INT4);
    if (self->phase != PHASE_FINAL)
        return binding_columns(node->children[0], node->keys, arena, &self->key_columns, err);
    self->key_columns = arena_new_array(arena, uint32_t, self->table_count + 1);
    for (uint32_t i = 0; i < self->table_count; i++)
        self->key_columns[i] = i; /* as PARTIAL gives them: by place */
    return STATUS_OK;
}

static Status aggregate_open(Operator *op, const Plan *node, Error *err) {
    AggregateOp *self = (AggregateOp *) op;

    self->phase = node->phase;
    self->emit = node->emit;
    self->keeps_state = op->cx->is_stream && node->phase != PHASE_PARTIAL;
    self->late_below = self->close_below = INT64_MIN;
    self->payload_bytes = sizeof(GroupHead);
    if (node->grouping_set_count > 0 && node->phase != PHASE_SINGLE)
        return error_set(err, INTERNAL_ERROR, "grouping sets can't be split in two phases");
    TRY(open_keys(self, node, err));
    find_time_key(self, node);
    aggregate_open_slices(self);
    self->term_count = (uint32_t) node->call_count;
    self->terms = arena_new_array(op->cx->arena, AggregateTerm, self->term_count + 1);
    for (uint32_t i = 0; i < self->term_count; i++) {
        self->terms[i].number = i;
        TRY(open_term(self, &node->calls[i], &self->terms[i], err));
    }
    self->groups =
        key_table_create(self->key_types, self->table_count, self->payload_bytes, op->cx->account);
    return aggregate_open_state(self, err);
}

/* -------- late rows -------- */

static void read_watermarks(AggregateOp *self) {
    const Epoch *epoch = self->base.cx->epoch;

    if (self->epoch == epoch)
        return;
    self->epoch = epoch;
    operator_watermarks(self->base.node, epoch, &self->late_below, &self->close_below);
}

/* `in` without the rows whose group is closed already. */
static Batch drop_late(AggregateOp *self, const Batch *in) {
    const Column *time = &in->columns[self->key_columns[self->time_key]];
    uint32_t count = batch_active_count(in);
    uint32_t *selection =
        arena_alloc_raw(self->base.cx->batch_arena, (count + 1) * sizeof(uint32_t));
    LateJudge judge = {self->time_role, self->close_offset_us, self->late_below};
    Batch kept = *in;

    kept.selection = selection;
    kept.selection_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = batch_active_row(in, i);
        Value value = column_get(time, row);

        if (aggregate_close_time(self, &value) <= self->late_below)
            operator_count_late(&self->base, in, row, value.int64, &judge);
        else
            selection[kept.selection_count++] = row;
    }
    assert(kept.selection_count <= count);
    return kept;
}

static bool judges_lateness(const AggregateOp *self) {
    return self->base.cx->is_stream && self->phase != PHASE_FINAL && self->time_key >= 0 &&
           self->emit != EMIT_ALL && self->late_below != INT64_MIN;
}

/* -------- rows into groups -------- */

/* The rows of one batch and their groups. */
typedef struct GroupedRows {
    const Batch *in;
    uint32_t *rows;
    uint32_t *ids;
    char **payloads;
    uint32_t count;
} GroupedRows;

/* The key columns of the batch by place; those outside the grouping set NULL. */
static Batch key_view(AggregateOp *self, const Batch *in, int set) {
    const Plan *node = self->base.node;
    Arena *arena = self->base.cx->batch_arena;
    Batch view = *in;

    view.column_count = self->table_count;
    view.columns = arena_new_array(arena, Column, self->table_count + 1);
    for (uint32_t i = 0; i < self->key_count; i++)
        view.columns[i] = in->columns[self->key_columns[i]];
    if (node->grouping_set_count == 0)
        return view;
    for (uint32_t i = 0; i < self->key_count; i++) {
        const ColumnIds *members = &node->grouping_sets[set];
        Value null = value_null(self->key_types[i]);
        bool is_member = false;

        for (int m = 0; m < members->count; m++)
            is_member |= members->ids[m] == node->keys.ids[i];
        if (!is_member)
            view.columns[i] = column_constant(&null, arena);
    }
    view.columns[self->key_count] =
        column_constant(&(Value) {.type = SQL_TYPE(INT4), .int32 = set}, arena);
    return view;
}

/* Find or make the groups of the batch's active rows. */
static Status find_groups(AggregateOp *self, const Batch *view, GroupedRows *grouped, Error *err) {
    Arena *arena = self->base.cx->batch_arena;
    uint32_t count = batch_active_count(view);
    uint64_t *hashes = arena_alloc_raw(arena, (view->row_count + 1) * sizeof(uint64_t));
    uint32_t *places = arena_new_array(arena, uint32_t, self->table_count + 1);
    uint32_t before = key_table_count(self->groups);
    KeyRows keys = {.keys = view, .hashes = hashes, .count = count, .arena = arena};

    for (uint32_t i = 0; i < self->table_count; i++)
        places[i] = i;
    if (self->slices.is_used && self->phase == PHASE_FINAL)
        aggregate_hash_slices(self, view, hashes);
    else
        batch_hash_columns(view, places, self->table_count, hashes);
    grouped->rows = arena_alloc_raw(arena, (count + 1) * sizeof(uint32_t));
    grouped->ids = arena_alloc_raw(arena, (count + 1) * sizeof(uint32_t));
    grouped->payloads = arena_alloc_raw(arena, (count + 1) * sizeof(char *));
    grouped->count = count;
    for (uint32_t i = 0; i < count; i++)
        grouped->rows[i] = batch_active_row(view, i);
    keys.rows = grouped->rows;
    TRY(key_table_insert(self->groups, &keys, grouped->ids, err));
    for (uint32_t id = before; id < key_table_count(self->groups); id++)
        TRY(aggregate_start_group(self, id, err));
    for (uint32_t i = 0; i < count; i++)
        grouped->payloads[i] = key_table_payload(self->groups, grouped->ids[i]);
    return STATUS_OK;
}

static void add_weights(const GroupedRows *grouped) {
    for (uint32_t i = 0; i < grouped->count; i++)
        ((GroupHead *) grouped->payloads[i])->weight += batch_weight(grouped->in, grouped->rows[i]);
}

/* Narrow `places` (into grouped->rows) to the rows that the call takes. */
static uint32_t choose_rows(const AggregateTerm *term, const GroupedRows *grouped,
                            uint32_t *places) {
    const Batch *in = grouped->in;
    uint32_t count = 0;

    for (uint32_t i = 0; i < grouped->count; i++) {
        uint32_t row = grouped->rows[i];
        bool is_taken = true;

        if (term->filter >= 0) {
            const Column *filter = &in->columns[term->filter];

            is_taken = !column_is_null(filter, row) && COLUMN_VALUE(filter, uint8_t, row);
        }
        for (uint32_t a = 0; is_taken && term->aggregate->is_strict && a < term->argument_count;
             a++)
            is_taken = !column_is_null(&in->columns[term->arguments[a]], row);
        if (is_taken)
            places[count++] = i;
    }
    return count;
}

static bool takes_all_rows(const AggregateTerm *term, const Batch *in) {
    if (term->filter >= 0 || term->is_distinct)
        return false;
    for (uint32_t a = 0; term->aggregate->is_strict && a < term->argument_count; a++)
        if (in->columns[term->arguments[a]].validity)
            return false;
    return true;
}

/* Give the call its rows: all, or those at `places`. */
static Status call_update(AggregateOp *self, const AggregateTerm *term, const GroupedRows *grouped,
                          const uint32_t *places, AggregateCall *call, Error *err) {
    Arena *arena = self->base.cx->batch_arena;
    Column *arguments = arena_new_array(arena, Column, term->argument_count + 1);
    uint32_t *rows = grouped->rows;

    call->states = arena_alloc_raw(arena, (call->count + 1) * sizeof(void *));
    if (places)
        rows = arena_alloc_raw(arena, (call->count + 1) * sizeof(uint32_t));
    for (uint32_t i = 0; i < call->count; i++) {
        uint32_t place = places ? places[i] : i;

        call->states[i] = grouped->payloads[place] + term->offset;
        rows[i] = grouped->rows[place];
    }
    for (uint32_t a = 0; a < term->argument_count; a++)
        arguments[a] = grouped->in->columns[term->arguments[a]];
    call->arguments = arguments;
    call->argument_count = term->argument_count;
    call->rows = rows;
    call->arena = key_table_arena(self->groups);
    call->context = &self->base.cx->epoch->eval;
    return call->count > 0 ? term->aggregate->update(call, err) : STATUS_OK;
}

static Status distinct_update(AggregateOp *self, const AggregateTerm *term,
                              const GroupedRows *grouped, uint32_t *places, AggregateCall *call,
                              Error *err) {
    Arena *arena = self->base.cx->batch_arena;
    uint32_t *rows = arena_alloc_raw(arena, (call->count + 1) * sizeof(uint32_t));
    uint32_t *ids = arena_alloc_raw(arena, (call->count + 1) * sizeof(uint32_t));
    DistinctRows distinct = {.rows = rows, .ids = ids, .count = call->count};
    uint32_t *chosen;

    for (uint32_t i = 0; i < call->count; i++) {
        rows[i] = grouped->rows[places[i]];
        ids[i] = grouped->ids[places[i]];
    }
    distinct.ret_places = arena_alloc_raw(arena, (call->count + 1) * sizeof(uint32_t));
    TRY(aggregate_distinct(self, term, grouped->in, &distinct, err));
    chosen = distinct.ret_places;
    for (uint32_t i = 0; i < distinct.ret_count; i++)
        chosen[i] = places[chosen[i]];
    call->count = distinct.ret_count;
    call->weights = distinct.ret_weights;
    return call_update(self, term, grouped, chosen, call, err);
}

static Status update_term(AggregateOp *self, const AggregateTerm *term, const GroupedRows *grouped,
                          Error *err) {
    AggregateCall call = {.count = grouped->count, .weights = grouped->in->weights};
    uint32_t *places;

    if (takes_all_rows(term, grouped->in))
        return call_update(self, term, grouped, NULL, &call, err);
    places = arena_alloc_raw(self->base.cx->batch_arena, (grouped->count + 1) * sizeof(uint32_t));
    call.count = choose_rows(term, grouped, places);
    if (term->is_distinct)
        return distinct_update(self, term, grouped, places, &call, err);
    return call_update(self, term, grouped, places, &call, err);
}

static bool set_has_time(const AggregateOp *self, int set) {
    const Plan *node = self->base.node;

    for (int m = 0; m < node->grouping_sets[set].count; m++)
        if (node->grouping_sets[set].ids[m] == node->keys.ids[self->time_key])
            return true;
    return false;
}

static Status push_rows(AggregateOp *self, const Batch *in, int set, Error *err) {
    bool has_time = self->base.node->grouping_set_count == 0 ||
                    (self->time_key >= 0 && set_has_time(self, set));
    Batch kept = *in;
    Batch view;
    GroupedRows grouped = {.in = &kept};

    if (has_time && judges_lateness(self))
        kept = self->slices.are_groups ? aggregate_drop_late_slices(self, in) : drop_late(self, in);
    if (batch_active_count(&kept) == 0)
        return STATUS_OK;
    view = key_view(self, &kept, set);
    TRY(find_groups(self, &view, &grouped, err));
    add_weights(&grouped);
    for (uint32_t i = 0; i < self->term_count; i++)
        TRY(update_term(self, &self->terms[i], &grouped, err));
    return key_table_account(self->groups, err);
}

/* -------- partial states into groups -------- */

typedef struct PartialState {
    void *state;
    size_t size_bytes;
} PartialState;

static Status read_partial(const AggregateTerm *term, const TextView *view, PartialState other,
                           Arena *scratch, Error *err) {
    const uint8_t *cursor = (const uint8_t *) text_data(view);

    memset(other.state, 0, other.size_bytes);
    if (term->aggregate->init)
        term->aggregate->init(other.state);
    if (!term->aggregate->deserialize(&cursor, cursor + view->length, other.state, scratch))
        return error_set(err, INTERNAL_ERROR, "a partial state of %s is damaged",
                         term->aggregate->name);
    return STATUS_OK;
}

static Status merge_states(AggregateOp *self, const AggregateTerm *term, const GroupedRows *grouped,
                           Error *err) {
    const Column *column = &grouped->in->columns[self->table_count + term->number];
    Arena *scratch = self->base.cx->batch_arena;
    size_t size = ((size_t) term->aggregate->state_size + 15) & ~(size_t) 15;
    PartialState other = {arena_alloc(scratch, size + 16), size};

    for (uint32_t i = 0; i < grouped->count; i++) {
        const uint8_t *copies = grouped->in->copies;

        if (i == 0 || !copies || !copies[grouped->rows[i - 1]])
            TRY(read_partial(term, &COLUMN_VALUE(column, TextView, grouped->rows[i]), other,
                             scratch, err));
        TRY(term->aggregate->merge(grouped->payloads[i] + term->offset, other.state,
                                   key_table_arena(self->groups), err));
    }
    return STATUS_OK;
}

Status aggregate_push_partials(AggregateOp *self, const Batch *in, Error *err) {
    Batch view = key_view(self, in, 0);
    GroupedRows grouped = {.in = in};

    TRY(find_groups(self, &view, &grouped, err));
    add_weights(&grouped);
    for (uint32_t i = 0; i < self->term_count; i++)
        TRY(merge_states(self, &self->terms[i], &grouped, err));
    return key_table_account(self->groups, err);
}

static Status aggregate_push(Operator *op, int port, const Batch *in, Emitter *out, Error *err) {
    AggregateOp *self = (AggregateOp *) op;
    int sets = op->node->grouping_set_count;

    assert(port == 0);
    assert(self->stage == STAGE_INPUT);
    read_watermarks(self);
    if (self->phase == PHASE_FINAL && self->slices.is_used && !self->slices.are_groups)
        return aggregate_push_slices(self, in, err);
    if (self->phase == PHASE_FINAL)
        return aggregate_push_partials(self, in, err);
    for (int set = 0; set == 0 || set < sets; set++)
        TRY(push_rows(self, in, set, err));
    return STATUS_OK;
}

/* -------- the end of an epoch -------- */

/* A query without GROUP BY has its one group even when no row came; so has a grouping set (). */
static Status ensure_global_groups(AggregateOp *self, Error *err) {
    const Plan *node = self->base.node;
    Arena *arena = self->base.cx->batch_arena;
    Batch one = {.row_count = 1};
    Batch view;
    GroupedRows grouped;

    if (self->phase == PHASE_PARTIAL || self->base.cx->partition > 0)
        return STATUS_OK;
    if (node->grouping_set_count == 0 && self->key_count > 0)
        return STATUS_OK;
    one.column_count = (uint32_t) node->children[0]->column_count;
    one.columns = arena_new_array(arena, Column, (size_t) one.column_count + 1);
    for (uint32_t i = 0; i < one.column_count; i++) {
        Value null = value_null(node->children[0]->columns[i].type);

        one.columns[i] = column_constant(&null, arena);
    }
    for (int set = 0; set == 0 || set < node->grouping_set_count; set++) {
        if (node->grouping_set_count > 0 && node->grouping_sets[set].count > 0)
            continue;
        view = key_view(self, &one, set);
        grouped = (GroupedRows) {.in = &one};
        TRY(find_groups(self, &view, &grouped, err));
    }
    return STATUS_OK;
}

static void finish(AggregateOp *self) {
    key_table_clear(self->groups);
    self->stage = STAGE_INPUT;
    self->order = NULL;
    self->next = 0;
    self->partition = 0;
    self->is_gathered = false;
    self->closing_count = 0;
    self->epoch = NULL;
}

static Status emit_stage(AggregateOp *self, Emitter *out, Error *err) {
    if (self->phase == PHASE_PARTIAL)
        return aggregate_emit_partial(self, out, err);
    if (!self->keeps_state)
        return aggregate_emit_groups(self, out, err);
    if (self->emit == EMIT_CHANGES)
        return aggregate_emit_changes(self, out, err);
    if (self->slices.are_groups)
        return aggregate_emit_windows(self, out, err);
    return aggregate_emit_stored(self, out, err);
}

static Status aggregate_end_epoch(Operator *op, const Epoch *epoch, Emitter *out, Error *err) {
    AggregateOp *self = (AggregateOp *) op;
    Status status;

    if (self->stage == STAGE_INPUT) {
        read_watermarks(self);
        TRY(ensure_global_groups(self, err));
        if (self->keeps_state)
            TRY(aggregate_write_back(self, err));
        self->stage = STAGE_EMIT;
    }
    status = emit_stage(self, out, err);
    if (status == STATUS_MORE || status == STATUS_ERROR)
        return status;
    if (self->keeps_state && self->emit != EMIT_ALL && self->time_key >= 0)
        TRY(aggregate_drop_closed(self, err));
    finish(self);
    return status;
}

static void aggregate_abort(Operator *op) {
    finish((AggregateOp *) op);
    aggregate_reset_slices((AggregateOp *) op);
}

static void aggregate_close(Operator *op) {
    AggregateOp *self = (AggregateOp *) op;

    self->groups = key_table_destroy(self->groups);
    memory_free(self->closing);
    aggregate_close_slices(self);
    strbuf_done(&self->key);
    strbuf_done(&self->value);
}

const OpType op_aggregate = {
    .name = "aggregate",
    .kind = PLAN_AGGREGATE,
    .size_bytes = sizeof(AggregateOp),
    .open = aggregate_open,
    .push = aggregate_push,
    .end_epoch = aggregate_end_epoch,
    .abort = aggregate_abort,
    .close = aggregate_close,
};
