/* Aggregate: windows of slices.
 *
 * EMIT_CHANGES, EMIT_ALL: a partial state goes into each open window that holds its slice.
 *
 * EMIT_ON_CLOSE: when a window closes, each of its keys is one merge of two states, however many
 * slices the window has. For that a partition keeps, per key, a run (the queue of two stacks, as
 * in Tangwongsan et al., 2015): the back holds the merge of the newest slices; the front has an
 * entry for each older one, which holds the merge of itself and all front entries after it. A
 * window that slides on pops entries; once the back holds a slice that has left the window, the
 * key's front is made anew from the state table, and the back begins empty: a slice is merged twice
 * in its life. Laws: 1. a run is a copy of what the state table says; it is made anew when another
 * instance has run the epoch before, or after an abort (state_version tells), and a key whose
 * older slice gets a row is made anew too. 2. After a window's rows are out, slices that no later
 * window holds are dropped. */
#include <assert.h>
#include <stdlib.h>

#include "base/hash.h"
#include "exec/aggregate.h"
#include "types/datetime.h"

enum {
    ABSORBED_ROWS = 256,
    EMIT_BYTES = 4 << 20,    /* of the batch arena that a call may use */
    RUN_GROWTH = 4,          /* a run whose memory has grown as much is made anew */
    RUN_BYTES_MIN = 1 << 20, /* but not below this */
    IDLE_KEYS_MIN = 4,
};

/* The states of a slice, or of that and those after it. */
typedef struct SliceStates {
    struct SliceStates *next;
    int64_t slice_us;
    char payload[]; /* GroupHead first */
} SliceStates;

static_assert(sizeof(SliceStates) % 16 == 0, "payloads must be aligned");

/* A key's payload in the run; the back's payload follows. */
typedef struct KeyRun {
    SliceStates *front;
    int64_t back_first; /* slices that the back holds; first > last: none */
    int64_t back_last;
    bool is_stale; /* the state table knows better */
} KeyRun;

enum { KEY_RUN_BYTES = (sizeof(KeyRun) + 15) & ~15 };

typedef struct OrderedKey {
    const char *sort_key;
    uint32_t sort_size;
    uint32_t id;
} OrderedKey;

/* One state partition's. */
struct WindowRun {
    KeyTable *keys;     /* the plain keys */
    int64_t version;    /* of the state, once the epoch is committed */
    int64_t until_us;   /* slices that start before it are in the run; INT64_MIN: it is empty */
    int64_t window_end; /* the last of this epoch; INT64_MIN: none yet */
    OrderedKey *order;
    uint32_t order_count;
    uint32_t order_capacity;
    uint32_t idle_count; /* keys without a row in the window */
    SliceStates *unused;
    size_t settled_bytes; /* of the arena after one size of windows; 0: not yet */
    int64_t window_count;
};

/* -------- keys -------- */

void aggregate_open_slices(AggregateOp *self) {
    AggregateSlices *slices = &self->slices;
    const Plan *node = self->base.node;
    const Plan *window = self->phase == PHASE_SINGLE ? NULL : slices_below(node);
    Arena *arena = self->base.cx->arena;

    if (!window)
        return;
    slices->grid = (SliceGrid) {.size_us = window->window_size_us,
                                .slide_us = window->window_slide_us,
                                .origin_us = -DATETIME_UNIX_EPOCH_US + window->window_offset_us};
    slices->parts = arena_new_array(arena, SlicePart, self->key_count + 1);
    slices->plain_keys = arena_new_array(arena, uint32_t, self->key_count + 1);
    slices->plain_types = arena_new_array(arena, SqlType, self->key_count + 1);
    for (uint32_t i = self->key_count; i-- > 0;) {
        slices->parts[i] = slices_part(node->children[0], node->keys.ids[i]);
        if (slices->parts[i] == SLICE_NO_PART)
            continue;
        slices->window_key = i;
        slices->is_used = true;
    }
    for (uint32_t i = 0; i < self->key_count; i++)
        if (slices->parts[i] == SLICE_NO_PART) {
            slices->plain_types[slices->plain_count] = self->key_types[i];
            slices->plain_keys[slices->plain_count++] = i;
        }
    slices->are_groups =
        slices->is_used && (self->phase == PHASE_PARTIAL || self->emit == EMIT_ON_CLOSE);
}

int64_t aggregate_part_offset(const AggregateOp *self, uint32_t key) {
    switch (self->slices.parts[key]) {
    case SLICE_END:
        return self->slices.grid.size_us;
    case SLICE_TIME:
        return self->slices.grid.size_us - 1;
    case SLICE_START:
    case SLICE_NO_PART:
        break;
    }
    return 0;
}

/* The lower half tells slices of a key apart. */
static uint64_t slice_hash(uint64_t plain_hash, int64_t slice_us) {
    return (plain_hash & ~(uint64_t) UINT32_MAX) |
           (uint32_t) hash_combine(plain_hash, (uint64_t) slice_us);
}

void aggregate_hash_slices(const AggregateOp *self, const Batch *keys, uint64_t *ret_hashes) {
    const AggregateSlices *slices = &self->slices;
    const Column *window = &keys->columns[slices->window_key];
    int64_t offset_us = aggregate_part_offset(self, slices->window_key);

    batch_hash_columns(keys, slices->plain_keys, slices->plain_count, ret_hashes);
    for (uint32_t i = 0; i < batch_active_count(keys); i++) {
        uint32_t row = batch_active_row(keys, i);

        ret_hashes[row] =
            slice_hash(ret_hashes[row], COLUMN_VALUE(window, int64_t, row) - offset_us);
    }
}

/* -------- late rows -------- */

/* What the watermark says of a slice. */
typedef struct SliceLateness {
    int64_t slice_us;
    int64_t closed_count; /* windows that hold it */
    bool is_late;         /* all of them */
    int64_t shift_us;     /* from the start of its last window */
} SliceLateness;

static SliceLateness judge_slice(const AggregateOp *self, int64_t slice_us) {
    const SliceGrid *grid = &self->slices.grid;

    return (SliceLateness) {
        .slice_us = slice_us,
        .closed_count = slice_closed_count(grid, slice_us, self->late_below),
        .is_late = slice_last_end(grid, slice_us) <= self->late_below,
        .shift_us = slice_us - slice_last_start(grid, slice_us),
    };
}

Batch aggregate_drop_late_slices(AggregateOp *self, const Batch *in) {
    const Column *time = &in->columns[self->key_columns[self->time_key]];
    int64_t offset_us = aggregate_part_offset(self, (uint32_t) self->time_key);
    uint32_t count = batch_active_count(in);
    uint32_t *selection =
        arena_alloc_raw(self->base.cx->batch_arena, (count + 1) * sizeof(uint32_t));
    LateJudge judge = {self->time_role, self->close_offset_us, self->late_below};
    SliceLateness lateness = {0};
    Batch kept = *in;

    kept.selection = selection;
    kept.selection_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = batch_active_row(in, i);
        int64_t time_us = COLUMN_VALUE(time, int64_t, row);

        if (i == 0 || time_us - offset_us != lateness.slice_us)
            lateness = judge_slice(self, time_us - offset_us);
        self->base.metrics.late_windows += lateness.closed_count - lateness.is_late;
        if (lateness.is_late) /* counts one of the windows too */
            operator_count_late(&self->base, in, row, time_us - lateness.shift_us, &judge);
        else
            selection[kept.selection_count++] = row;
    }
    return kept;
}

/* -------- a partial state into each of its windows -------- */

typedef struct WindowCopies {
    uint32_t count;
    uint32_t rows[LIMIT_BATCH_ROWS]; /* of the input */
    int64_t starts[LIMIT_BATCH_ROWS];
    uint8_t repeats[LIMIT_BATCH_ROWS];
} WindowCopies;

static Status push_copies(AggregateOp *self, const Batch *in, WindowCopies *copies, Error *err) {
    Arena *arena = self->base.cx->batch_arena;
    Batch chosen = *in;
    Batch *repeated;

    if (copies->count == 0)
        return STATUS_OK;
    chosen.selection = copies->rows;
    chosen.selection_count = copies->count;
    repeated = batch_compact(&chosen, false, arena);
    repeated->copies = copies->repeats;
    for (uint32_t k = 0; k < self->key_count; k++) {
        Column column;

        if (self->slices.parts[k] == SLICE_NO_PART)
            continue;
        column = column_create(self->key_types[k], copies->count, arena);
        for (uint32_t i = 0; i < copies->count; i++)
            ((int64_t *) column.values)[i] = copies->starts[i] + aggregate_part_offset(self, k);
        repeated->columns[self->key_columns[k]] = column;
    }
    TRY(aggregate_push_partials(self, repeated, err));
    copies->count = 0;
    return STATUS_OK;
}

static Status copy_row(AggregateOp *self, const Batch *in, uint32_t row, WindowCopies *copies,
                       Error *err) {
    const AggregateSlices *slices = &self->slices;
    const Column *window = &in->columns[self->key_columns[slices->window_key]];
    int64_t slice_us =
        COLUMN_VALUE(window, int64_t, row) - aggregate_part_offset(self, slices->window_key);
    int64_t last_us = slice_last_start(&slices->grid, slice_us);
    int64_t count = slice_window_count(&slices->grid, slice_us);

    /* EMIT_ALL takes late rows too. */
    if (self->emit != EMIT_ALL && self->time_key >= 0)
        count -= slice_closed_count(&slices->grid, slice_us, self->late_below);
    for (; count > 0; count--) {
        uint32_t i = copies->count++;

        copies->rows[i] = row;
        copies->starts[i] = last_us - (count - 1) * slices->grid.slide_us;
        copies->repeats[i] = count > 1;
        if (copies->count == LIMIT_BATCH_ROWS)
            TRY(push_copies(self, in, copies, err));
    }
    return STATUS_OK;
}

Status aggregate_push_slices(AggregateOp *self, const Batch *in, Error *err) {
    WindowCopies *copies = arena_alloc_raw(self->base.cx->batch_arena, sizeof(*copies));

    assert(self->phase == PHASE_FINAL);
    assert(!self->slices.are_groups);
    copies->count = 0;
    for (uint32_t i = 0; i < batch_active_count(in); i++)
        TRY(copy_row(self, in, batch_active_row(in, i), copies, err));
    return push_copies(self, in, copies, err);
}

/* -------- runs -------- */

static GroupHead *key_back(KeyRun *key) {
    return (GroupHead *) ((char *) key + KEY_RUN_BYTES);
}

static KeyRun *run_key(const WindowRun *run, uint32_t id) {
    return key_table_payload(run->keys, id);
}

static void reset_run(WindowRun *run) {
    key_table_clear(run->keys);
    run->until_us = INT64_MIN;
    run->order_count = 0;
    run->unused = NULL;
    run->settled_bytes = 0;
    run->window_count = 0;
}

/* The partition's run, as of this epoch. */
static WindowRun *run_of(AggregateOp *self, int partition) {
    AggregateSlices *slices = &self->slices;
    int64_t version = state_version(self->base.cx->state);
    WindowRun *run;

    if (!slices->runs)
        slices->runs = memory_zalloc((size_t) state_partition_count(self->base.cx->state) *
                                     sizeof(*slices->runs));
    run = slices->runs[partition];
    if (!run) {
        run = slices->runs[partition] = memory_zalloc(sizeof(*run));
        run->keys = key_table_create(slices->plain_types, slices->plain_count,
                                     KEY_RUN_BYTES + self->payload_bytes, self->base.cx->account);
        run->until_us = INT64_MIN;
    }
    if (run->version == version + 1)
        return run;
    if (run->version != version)
        reset_run(run);
    run->version = version + 1;
    run->window_end = INT64_MIN;
    return run;
}

void aggregate_reset_slices(AggregateOp *self) {
    int count = self->slices.runs ? state_partition_count(self->base.cx->state) : 0;

    for (int i = 0; i < count; i++)
        if (self->slices.runs[i]) {
            reset_run(self->slices.runs[i]);
            self->slices.runs[i]->version = INT64_MIN;
        }
    self->slices.worn = NULL;
}

void aggregate_close_slices(AggregateOp *self) {
    int count = self->slices.runs ? state_partition_count(self->base.cx->state) : 0;

    for (int i = 0; i < count; i++) {
        WindowRun *run = self->slices.runs[i];

        if (!run)
            continue;
        run->keys = key_table_destroy(run->keys);
        memory_free(run->order);
        memory_free(run);
    }
    memory_free(self->slices.runs);
    self->slices.runs = NULL;
}

static void init_states(const AggregateOp *self, GroupHead *head) {
    memset(head, 0, self->payload_bytes);
    aggregate_init_payload(self, head);
}

static Status merge_payload(const AggregateOp *self, GroupHead *into, const GroupHead *other,
                            Arena *arena, Error *err) {
    into->weight += other->weight;
    for (uint32_t i = 0; i < self->term_count; i++) {
        const AggregateTerm *term = &self->terms[i];

        TRY(term->aggregate->merge((char *) into + term->offset,
                                   (const char *) other + term->offset, arena, err));
    }
    return STATUS_OK;
}

static void clear_back(const AggregateOp *self, KeyRun *key) {
    init_states(self, key_back(key));
    key->back_first = INT64_MAX;
    key->back_last = INT64_MIN;
}

static void pop_front(WindowRun *run, KeyRun *key) {
    SliceStates *states = key->front;

    key->front = states->next;
    states->next = run->unused;
    run->unused = states;
}

static Status insert_keys(AggregateOp *self, WindowRun *run, const Batch *keys, uint32_t *ret_ids,
                          Error *err) {
    Arena *arena = self->base.cx->batch_arena;
    uint32_t count = keys->row_count;
    uint64_t *hashes = arena_alloc_raw(arena, (count + 1) * sizeof(uint64_t));
    uint32_t *rows = arena_alloc_raw(arena, (count + 1) * sizeof(uint32_t));
    uint32_t *places = arena_alloc_raw(arena, (keys->column_count + 1) * sizeof(uint32_t));
    uint32_t before = key_table_count(run->keys);

    for (uint32_t i = 0; i < keys->column_count; i++)
        places[i] = i;
    for (uint32_t i = 0; i < count; i++)
        rows[i] = i;
    batch_hash_columns(keys, places, keys->column_count, hashes);
    TRY(key_table_insert(run->keys, &(KeyRows) {keys, hashes, rows, count, arena}, ret_ids, err));
    for (uint32_t id = before; id < key_table_count(run->keys); id++)
        clear_back(self, run_key(run, id));
    return STATUS_OK;
}

Status aggregate_touch_slice(AggregateOp *self, uint32_t id, int partition, Error *err) {
    const AggregateSlices *slices = &self->slices;
    Arena *arena = self->base.cx->batch_arena;
    WindowRun *run = run_of(self, partition);
    Value time = key_table_value(self->groups, id, slices->window_key);
    Batch one = {.row_count = 1, .column_count = slices->plain_count};
    uint32_t key;

    if (time.int64 - aggregate_part_offset(self, slices->window_key) >= run->until_us)
        return STATUS_OK;
    one.columns = arena_new_array(arena, Column, slices->plain_count + 1);
    for (uint32_t i = 0; i < slices->plain_count; i++) {
        Value value = key_table_value(self->groups, id, slices->plain_keys[i]);

        one.columns[i] = column_constant(&value, arena);
    }
    TRY(insert_keys(self, run, &one, &key, err));
    run_key(run, key)->is_stale = true;
    return STATUS_OK;
}

/* -------- new slices into the backs -------- */

typedef struct Absorber {
    AggregateOp *self;
    WindowRun *run;
    int64_t window_start; /* of the window that is made */
    int64_t from_us;      /* slices from here to … */
    int64_t to_us;
    Value *values; /* of a row's keys */
    GroupHead *states;
    uint32_t count;
    Column *columns; /* NULL: as long as there is no row */
    StateBytes rows[ABSORBED_ROWS];
    int64_t slices[ABSORBED_ROWS];
} Absorber;

static Status damaged(const AggregateOp *self, Error *err) {
    return error_set(err, DATA_CORRUPTED, "a group of operator %016llx is damaged",
                     (unsigned long long) self->base.id);
}

static void make_columns(Absorber *absorber) {
    const AggregateSlices *slices = &absorber->self->slices;
    Arena *arena = absorber->self->base.cx->batch_arena;

    absorber->columns = arena_new_array(arena, Column, slices->plain_count + 1);
    for (uint32_t i = 0; i < slices->plain_count; i++)
        absorber->columns[i] = column_create(slices->plain_types[i], ABSORBED_ROWS, arena);
}

static Status absorb_row(Absorber *absorber, KeyRun *key, uint32_t i, Error *err) {
    AggregateOp *self = absorber->self;
    WindowRun *run = absorber->run;
    int64_t slice_us = absorber->slices[i];

    if (key->is_stale)
        return STATUS_OK;
    if (key->back_last < absorber->window_start)
        clear_back(self, key);
    init_states(self, absorber->states);
    if (!aggregate_read_row(self, absorber->rows[i], absorber->states, absorber->values,
                            self->base.cx->batch_arena))
        return damaged(self, err);
    key->back_first = slice_us < key->back_first ? slice_us : key->back_first;
    key->back_last = slice_us > key->back_last ? slice_us : key->back_last;
    return merge_payload(self, key_back(key), absorber->states, key_table_arena(run->keys), err);
}

static Status absorb_rows(Absorber *absorber, Error *err) {
    AggregateOp *self = absorber->self;
    Batch keys = {.row_count = absorber->count,
                  .column_count = self->slices.plain_count,
                  .columns = absorber->columns};
    uint32_t ids[ABSORBED_ROWS];

    if (absorber->count == 0)
        return STATUS_OK;
    TRY(insert_keys(self, absorber->run, &keys, ids, err));
    for (uint32_t i = 0; i < absorber->count; i++)
        TRY(absorb_row(absorber, run_key(absorber->run, ids[i]), i, err));
    absorber->count = 0;
    absorber->columns = NULL;
    return key_table_account(absorber->run->keys, err);
}

static Status visit_row(void *data, int64_t slice, StateBytes key, StateBytes value, Error *err) {
    Absorber *absorber = data;
    AggregateOp *self = absorber->self;
    const AggregateSlices *slices = &self->slices;
    const uint8_t *cursor = key.data;
    int64_t slice_us;

    for (uint32_t k = 0; k < self->key_count; k++)
        if (!row_read_value_of(&cursor, key.data + key.size_bytes, self->key_types[k],
                               &absorber->values[k]))
            return damaged(self, err);
    slice_us = absorber->values[slices->window_key].int64 -
               aggregate_part_offset(self, slices->window_key);
    if (slice_us < absorber->from_us || slice_us >= absorber->to_us)
        return STATUS_OK;
    if (!absorber->columns)
        make_columns(absorber);
    for (uint32_t i = 0; i < slices->plain_count; i++)
        column_put(&absorber->columns[i], absorber->count, &absorber->values[slices->plain_keys[i]],
                   ABSORBED_ROWS, self->base.cx->batch_arena);
    absorber->rows[absorber->count] = value;
    absorber->slices[absorber->count++] = slice_us;
    return absorber->count == ABSORBED_ROWS ? absorb_rows(absorber, err) : STATUS_OK;
}

/* All slices of the window that ends here are in the run. */
static Status absorb_slices(AggregateOp *self, WindowRun *run, int64_t window_end, Error *err) {
    const SliceGrid *grid = &self->slices.grid;
    Arena *arena = self->base.cx->batch_arena;
    Absorber *absorber = arena_alloc_raw(arena, sizeof(*absorber));

    absorber->self = self;
    absorber->run = run;
    absorber->count = 0;
    absorber->columns = NULL;
    absorber->window_start = window_end - grid->size_us;
    absorber->to_us = window_end;
    absorber->from_us =
        run->until_us > absorber->window_start ? run->until_us : absorber->window_start;
    absorber->values = arena_new_array(arena, Value, self->table_count + 1);
    absorber->states = arena_alloc(arena, self->payload_bytes);
    for (int64_t last = slice_last_start(grid, absorber->from_us); last < window_end;
         last += grid->slide_us)
        TRY(state_visit_slice(self->table, self->partition, last + grid->size_us, visit_row,
                              absorber, err));
    TRY(absorb_rows(absorber, err));
    run->until_us = window_end;
    return STATUS_OK;
}

/* -------- a key's front anew -------- */

static StateBytes find_slice(AggregateOp *self, const WindowRun *run, uint32_t id,
                             int64_t slice_us) {
    const AggregateSlices *slices = &self->slices;
    uint64_t hash = slice_hash(key_table_hash(run->keys, id), slice_us);
    uint32_t plain = 0;

    strbuf_clear(&self->key);
    for (uint32_t k = 0; k < self->key_count; k++) {
        Value value = {.type = self->key_types[k]};

        if (slices->parts[k] == SLICE_NO_PART)
            value = key_table_value(run->keys, id, plain++);
        else
            value.int64 = slice_us + aggregate_part_offset(self, k);
        row_append_key_of(&self->key, &value);
    }
    return state_get_sliced(self->table, self->partition, slice_last_end(&slices->grid, slice_us),
                            hash, self->key.data, self->key.length);
}

static Status push_front(AggregateOp *self, WindowRun *run, KeyRun *key, int64_t slice_us,
                         StateBytes stored, Error *err) {
    Arena *arena = key_table_arena(run->keys);
    SliceStates *states = run->unused;
    Value *displays = arena_new_array(self->base.cx->batch_arena, Value, self->table_count + 1);

    if (states)
        run->unused = states->next;
    else
        states = arena_alloc_raw(arena, sizeof(*states) + self->payload_bytes);
    states->slice_us = slice_us;
    states->next = key->front;
    init_states(self, (GroupHead *) states->payload);
    key->front = states;
    if (!aggregate_read_row(self, stored, states->payload, displays, arena))
        return damaged(self, err);
    if (!states->next)
        return STATUS_OK;
    return merge_payload(self, (GroupHead *) states->payload,
                         (const GroupHead *) states->next->payload, arena, err);
}

static Status rebuild_front(AggregateOp *self, WindowRun *run, uint32_t id, int64_t window_start,
                            Error *err) {
    const SliceGrid *grid = &self->slices.grid;
    KeyRun *key = run_key(run, id);
    int64_t slice_us = key->is_stale ? slice_start(grid, run->until_us - 1) : key->back_last;

    while (key->front)
        pop_front(run, key);
    clear_back(self, key);
    key->is_stale = false;
    for (; slice_us >= window_start; slice_us = slice_start(grid, slice_us - 1)) {
        StateBytes stored = find_slice(self, run, id, slice_us);

        if (stored.data)
            TRY(push_front(self, run, key, slice_us, stored, err));
    }
    return STATUS_OK;
}

/* -------- keys in SQL order -------- */

static int compare_keys(const void *left_key, const void *right_key) {
    const OrderedKey *left = left_key;
    const OrderedKey *right = right_key;
    uint32_t common = left->sort_size < right->sort_size ? left->sort_size : right->sort_size;
    int order = common ? memcmp(left->sort_key, right->sort_key, common) : 0;

    return order ? order
                 : (left->sort_size > right->sort_size) - (left->sort_size < right->sort_size);
}

static OrderedKey order_key(AggregateOp *self, WindowRun *run, uint32_t id) {
    strbuf_clear(&self->key);
    for (uint32_t i = 0; i < self->slices.plain_count; i++) {
        Value value = key_table_value(run->keys, id, i);

        row_append_sort_key_of(&self->key, &value, false, false);
    }
    return (OrderedKey) {arena_memdup(key_table_arena(run->keys), self->key.data, self->key.length),
                         (uint32_t) self->key.length, id};
}

/* The keys that are new since the last call, sorted and merged into the order from its end. */
static void order_new_keys(AggregateOp *self, WindowRun *run) {
    uint32_t count = key_table_count(run->keys);
    uint32_t old = run->order_count;
    uint32_t added = count - old;
    OrderedKey *keys;

    if (added == 0)
        return;
    if (count > run->order_capacity) {
        run->order_capacity = 2 * count;
        run->order = memory_realloc(run->order, run->order_capacity * sizeof(*run->order));
    }
    keys = memory_zalloc(added * sizeof(*keys));
    for (uint32_t i = 0; i < added; i++)
        keys[i] = order_key(self, run, old + i);
    qsort(keys, added, sizeof(*keys), compare_keys);
    for (uint32_t place = count; added > 0;) {
        bool is_old = old > 0 && compare_keys(&run->order[old - 1], &keys[added - 1]) > 0;

        run->order[--place] = is_old ? run->order[--old] : keys[--added];
    }
    run->order_count = count;
    memory_free(keys);
}

/* -------- windows -------- */

/* The first window of the partition that has slices, is closed now and did not come out before. */
static bool next_window(const AggregateOp *self, const WindowRun *run, int64_t *ret_end) {
    const SliceGrid *grid = &self->slices.grid;
    int64_t done = run->window_end > self->late_below ? run->window_end : self->late_below;
    int64_t end;

    if (!state_first_slice(self->table, self->partition, &end))
        return false;
    end -= (grid->size_us - 1) / grid->slide_us * grid->slide_us;
    if (end <= done)
        end = time_floor(done, grid->origin_us + grid->size_us, grid->slide_us) + grid->slide_us;
    *ret_end = end;
    return end <= self->close_below;
}

static Status begin_window(AggregateOp *self, WindowRun *run, int64_t end, Error *err) {
    run->window_end = end;
    run->idle_count = 0;
    TRY(absorb_slices(self, run, end, err));
    order_new_keys(self, run);
    self->next = 0;
    self->is_gathered = true;
    return STATUS_OK;
}

/* Are there many keys that are gone, or states that were replaced? */
static bool is_worn(const AggregateOp *self, WindowRun *run) {
    const SliceGrid *grid = &self->slices.grid;
    size_t used = arena_used_bytes(key_table_arena(run->keys));

    if (run->settled_bytes == 0 && ++run->window_count > 2 * (grid->size_us / grid->slide_us))
        run->settled_bytes = used > RUN_BYTES_MIN ? used : RUN_BYTES_MIN;
    return (run->settled_bytes > 0 && used > RUN_GROWTH * run->settled_bytes) ||
           run->idle_count > run->order_count / 2 + IDLE_KEYS_MIN;
}

static Status end_window(AggregateOp *self, WindowRun *run, Error *err) {
    int64_t slice;

    while (state_first_slice(self->table, self->partition, &slice) && slice <= run->window_end)
        TRY(state_drop_slice(self->table, self->partition, slice, err));
    self->is_gathered = false;
    self->slices.worn = is_worn(self, run) ? run : NULL;
    return key_table_account(run->keys, err);
}

static void put_window_keys(AggregateOp *self, AggregateOutput *output, const WindowRun *run,
                            uint32_t id) {
    const AggregateSlices *slices = &self->slices;
    int64_t window_start = run->window_end - slices->grid.size_us;
    uint32_t plain = 0;

    for (uint32_t k = 0; k < self->key_count; k++) {
        Value value = {.type = self->key_types[k]};

        if (slices->parts[k] == SLICE_NO_PART)
            value = key_table_value(run->keys, id, plain++);
        else
            value.int64 = window_start + aggregate_part_offset(self, k);
        aggregate_put_key(self, output, k, &value);
    }
}

/* The key's row in the window, when it has one. */
static Status put_window(AggregateOp *self, AggregateOutput *output, WindowRun *run, uint32_t id,
                         Error *err) {
    Arena *arena = self->base.cx->batch_arena;
    KeyRun *key = run_key(run, id);
    int64_t window_start = run->window_end - self->slices.grid.size_us;
    GroupHead *head;

    while (key->front && key->front->slice_us < window_start)
        pop_front(run, key);
    if (key->is_stale || (key->back_first < window_start && key->back_last >= window_start))
        TRY(rebuild_front(self, run, id, window_start, err));
    else if (key->back_last != INT64_MIN && key->back_last < window_start)
        clear_back(self, key);
    if (!key->front && key->back_last == INT64_MIN) {
        run->idle_count++;
        return STATUS_OK;
    }
    head = arena_alloc_raw(arena, self->payload_bytes);
    init_states(self, head);
    if (key->front)
        TRY(merge_payload(self, head, (const GroupHead *) key->front->payload, arena, err));
    if (key->back_last != INT64_MIN)
        TRY(merge_payload(self, head, key_back(key), arena, err));
    put_window_keys(self, output, run, id);
    output->payloads[output->count++] = (char *) head;
    return STATUS_OK;
}

static bool is_last_partition(const AggregateOp *self) {
    return self->base.cx->partition >= 0 ||
           self->partition + 1 >= state_partition_count(self->base.cx->state);
}

/* One step on the way to the next row; *ret_is_done: there is none. */
static Status step_windows(AggregateOp *self, AggregateOutput *output, bool *ret_is_done,
                           Error *err) {
    WindowRun *run = run_of(self, self->partition);
    int64_t end;

    if (self->is_gathered && self->next < run->order_count)
        return put_window(self, output, run, run->order[self->next++].id, err);
    if (self->is_gathered)
        return end_window(self, run, err);
    if (next_window(self, run, &end))
        return begin_window(self, run, end, err);
    *ret_is_done = is_last_partition(self);
    self->partition++;
    return STATUS_OK;
}

Status aggregate_emit_windows(AggregateOp *self, Emitter *out, Error *err) {
    const Arena *arena = self->base.cx->batch_arena;
    AggregateOutput *output = aggregate_output_start(self);
    bool is_done = false;

    assert(self->table);
    assert(self->emit == EMIT_ON_CLOSE);
    if (self->time_key < 0 || self->close_below == INT64_MIN)
        return STATUS_OK;
    if (self->base.cx->partition >= 0)
        self->partition = self->base.cx->partition;
    while (output->count < AGGREGATE_OUTPUT_ROWS && !is_done && !self->slices.worn &&
           arena_used_bytes(arena) < EMIT_BYTES)
        TRY(step_windows(self, output, &is_done, err));
    TRY(aggregate_output_finish(self, output, out, err));
    if (self->slices.worn)
        reset_run(self->slices.worn);
    self->slices.worn = NULL;
    return is_done ? STATUS_OK : STATUS_MORE;
}
