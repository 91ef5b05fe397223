/* Join: hash join of bounded inputs. The right side is kept, the left side streams past it.
 *
 * The right side's rows lie in a RowSet, chained by key in a KeyTable. For each batch of the left
 * side pairs are made, the residual condition judges them, and what passes goes out; then the left
 * rows without a partner have their say (LEFT, FULL, ANTI, MARK). Right rows without a partner come
 * at the end (RIGHT, FULL). NULL keys meet nobody unless the join is null-safe. Without keys every
 * row meets every row. MARK is SQL's IN: true with a partner; else NULL if a NULL on either side
 * could have been one. */
#include <assert.h>

#include "base/flag.h"
#include "exec/binding.h"
#include "exec/key_table.h"
#include "exec/operators.h"
#include "exec/row_set.h"

enum {
    PORT_LEFT = 0,
    PORT_RIGHT = 1,
    PAIRS_MAX = LIMIT_BATCH_ROWS,
    FLUSHES_AT_ONCE = 4, /* batches of pairs that one call gives */
};

/* The chain of right rows with one key, in order of arrival; numbers plus one, 0: none. */
typedef struct Chain {
    uint32_t first;
    uint32_t last;
} Chain;

typedef struct JoinOp {
    Operator base; /* must be first */
    JoinKind kind;
    SqlType *right_types;
    uint32_t *left_keys;
    uint32_t *right_keys;
    uint32_t key_count;
    ExprProgram *residual; /* over left columns, then right columns */
    RowSet *right;
    KeyTable *keys;
    uint32_t *nexts; /* chain of each right row */
    uint32_t next_capacity;
    uint8_t *right_matched; /* RIGHT, FULL */
    int64_t reserved_bytes;
    bool has_null_key;
    uint32_t next_unmatched;
    struct Probe *pending; /* in probe_arena; NULL: none */
    Arena *probe_arena;
    Arena *pair_arena; /* one batch of pairs and what is made of it above */
} JoinOp;

static bool keeps_right(JoinKind kind) {
    return kind == JOIN_RIGHT || kind == JOIN_FULL;
}

static bool emits_pairs(JoinKind kind) {
    return kind == JOIN_INNER || kind == JOIN_LEFT || keeps_right(kind);
}

static Status compile_residual(JoinOp *self, const Plan *node, Error *err) {
    const Plan *left = node->children[0];
    const Plan *right = node->children[1];
    size_t count = (size_t) left->column_count + (size_t) right->column_count;
    ColumnId *ids = arena_new_array(self->base.cx->arena, ColumnId, count + 1);

    for (int i = 0; i < left->column_count; i++)
        ids[i] = left->columns[i].id;
    for (int i = 0; i < right->column_count; i++)
        ids[left->column_count + i] = right->columns[i].id;
    return expr_compile(node->predicate, ids, (uint32_t) count, &self->residual, err);
}

static Status join_open(Operator *op, const Plan *node, Error *err) {
    JoinOp *self = (JoinOp *) op;
    const Plan *right = node->children[1];
    Arena *arena = op->cx->arena;
    SqlType *key_types;

    assert(node->child_count == 2);
    assert(node->left_keys.count == node->right_keys.count);
    if (op->cx->is_stream)
        return error_at(err, node->position, FEATURE_NOT_SUPPORTED,
                        "JOIN in a stream is not supported");
    self->kind = node->join_kind;
    self->key_count = (uint32_t) node->left_keys.count;
    TRY(binding_columns(node->children[0], node->left_keys, arena, &self->left_keys, err));
    TRY(binding_columns(right, node->right_keys, arena, &self->right_keys, err));
    if (node->predicate && !expr_is_true(node->predicate))
        TRY(compile_residual(self, node, err));
    self->right_types = binding_types(right, arena);
    key_types = arena_new_array(arena, SqlType, self->key_count + 1);
    for (uint32_t i = 0; i < self->key_count; i++)
        key_types[i] = right->columns[self->right_keys[i]].type;
    self->right =
        row_set_create(self->right_types, (uint32_t) right->column_count, op->cx->account);
    self->keys = key_table_create(key_types, self->key_count, sizeof(Chain), op->cx->account);
    self->pair_arena = arena_create("pairs", 0);
    self->probe_arena = arena_create("probe", 0);
    return STATUS_OK;
}

/* -------- keys of a batch -------- */

typedef struct JoinRows {
    Batch view;
    uint64_t *hashes;
    uint32_t *rows;   /* with keys that can meet */
    uint32_t *places; /* which of the batch's active rows each is */
    uint32_t *ids;
    uint32_t count;
} JoinRows;

static bool has_null(const Batch *view, uint32_t row) {
    for (uint32_t k = 0; k < view->column_count; k++)
        if (column_is_null(&view->columns[k], row))
            return true;
    return false;
}

static JoinRows join_rows(const JoinOp *self, const Batch *in, const uint32_t *key_columns) {
    Arena *arena = self->base.cx->batch_arena;
    uint32_t count = batch_active_count(in);
    JoinRows rows = {.view = *in};

    rows.view.column_count = self->key_count;
    rows.view.columns = arena_new_array(arena, Column, self->key_count + 1);
    for (uint32_t k = 0; k < self->key_count; k++)
        rows.view.columns[k] = in->columns[key_columns[k]];
    rows.hashes = arena_alloc_raw(arena, (in->row_count + 1) * sizeof(uint64_t));
    rows.rows = arena_alloc_raw(arena, (count + 1) * sizeof(uint32_t));
    rows.places = arena_alloc_raw(arena, (count + 1) * sizeof(uint32_t));
    rows.ids = arena_alloc_raw(arena, (count + 1) * sizeof(uint32_t));
    batch_hash_columns(in, key_columns, self->key_count, rows.hashes);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = batch_active_row(in, i);

        if (!self->base.node->is_null_safe && has_null(&rows.view, row))
            continue;
        rows.places[rows.count] = i;
        rows.rows[rows.count++] = row;
    }
    return rows;
}

static KeyRows key_rows(const JoinOp *self, const JoinRows *rows) {
    return (KeyRows) {.keys = &rows->view,
                      .hashes = rows->hashes,
                      .rows = rows->rows,
                      .count = rows->count,
                      .arena = self->base.cx->batch_arena};
}

/* -------- the right side -------- */

static Status make_links(JoinOp *self, uint32_t row_count, Error *err) {
    uint32_t capacity = self->next_capacity ? self->next_capacity : 1024;
    int64_t bytes;

    if (row_count <= self->next_capacity)
        return STATUS_OK;
    while (capacity < row_count)
        capacity *= 2;
    bytes = (int64_t) capacity * 5;
    TRY(memory_reserve(self->base.cx->account, bytes - self->reserved_bytes, err));
    self->reserved_bytes = bytes;
    self->nexts = memory_realloc(self->nexts, capacity * sizeof(uint32_t));
    self->right_matched = memory_realloc(self->right_matched, capacity);
    memset(self->nexts + self->next_capacity, 0,
           (capacity - self->next_capacity) * sizeof(uint32_t));
    memset(self->right_matched + self->next_capacity, 0, capacity - self->next_capacity);
    self->next_capacity = capacity;
    return STATUS_OK;
}

static Status push_right(JoinOp *self, const Batch *in, Error *err) {
    JoinRows rows = join_rows(self, in, self->right_keys);
    uint32_t first = row_set_count(self->right);
    KeyRows keys = key_rows(self, &rows);

    TRY(row_set_append(self->right, in, err));
    TRY(make_links(self, row_set_count(self->right), err));
    TRY(key_table_insert(self->keys, &keys, rows.ids, err));
    self->has_null_key |= rows.count < batch_active_count(in);
    for (uint32_t i = 0; i < rows.count; i++) {
        Chain *chain = key_table_payload(self->keys, rows.ids[i]);
        uint32_t number = first + rows.places[i] + 1;

        if (chain->last)
            self->nexts[chain->last - 1] = number;
        else
            chain->first = number;
        chain->last = number;
    }
    return STATUS_OK;
}

/* -------- pairs -------- */

typedef struct Pairs {
    const Batch *left;
    uint8_t *left_matched; /* by active row */
    uint32_t count;
    uint32_t places[PAIRS_MAX]; /* active rows of the left batch */
    uint32_t left_rows[PAIRS_MAX];
    uint32_t right_rows[PAIRS_MAX];
} Pairs;

/* A left batch on its way past the right side. */
typedef struct Probe {
    const Batch *left;
    JoinRows rows;
    Pairs *pairs;
    uint32_t next;   /* among rows */
    uint32_t number; /* in that row's chain; 0: at its start */
} Probe;

static Batch *pair_batch(JoinOp *self, const Pairs *pairs, Arena *arena) {
    Batch chosen = *pairs->left;
    Batch *left;
    Batch *right = row_set_gather(self->right, pairs->right_rows, pairs->count, arena);
    Batch *both = arena_new(arena, Batch);

    chosen.selection = pairs->left_rows;
    chosen.selection_count = pairs->count;
    left = batch_compact(&chosen, false, arena);
    both->row_count = pairs->count;
    both->column_count = left->column_count + right->column_count;
    both->columns = arena_new_array(arena, Column, (size_t) both->column_count + 1);
    memcpy(both->columns, left->columns, left->column_count * sizeof(Column));
    memcpy(both->columns + left->column_count, right->columns,
           right->column_count * sizeof(Column));
    return both;
}

/* The pairs that the residual condition lets through become the batch's selection. */
static Status judge_pairs(JoinOp *self, Pairs *pairs, Batch *both, Error *err) {
    Arena *arena = self->pair_arena;
    uint32_t *selection;

    if (self->residual) {
        selection = arena_alloc_raw(arena, (pairs->count + 1) * sizeof(uint32_t));
        TRY(expr_select(self->residual, both, &self->base.cx->epoch->eval, arena, selection,
                        &both->selection_count, err));
        both->selection = selection;
    }
    for (uint32_t i = 0; i < batch_active_count(both); i++) {
        uint32_t pair = batch_active_row(both, i);

        pairs->left_matched[pairs->places[pair]] = 1;
        self->right_matched[pairs->right_rows[pair]] = 1;
    }
    return STATUS_OK;
}

/* What is made of the pairs above lives in the pair arena, so that a row with a million partners
 * does not fill the batch arena. */
static Status flush_pairs(JoinOp *self, Pairs *pairs, Emitter *out, Error *err) {
    OperatorContext *cx = self->base.cx;
    Arena *batch_arena = cx->batch_arena;
    Status status;
    Batch *both;

    if (pairs->count == 0)
        return STATUS_OK;
    both = pair_batch(self, pairs, self->pair_arena);
    status = judge_pairs(self, pairs, both, err);
    if (status == STATUS_OK && emits_pairs(self->kind)) {
        cx->batch_arena = self->pair_arena;
        status = out->emit(out, both, err);
        cx->batch_arena = batch_arena;
    }
    pairs->count = 0;
    arena_reset(self->pair_arena);
    if (status == STATUS_OK && flag_is_set(cx->epoch->cancel))
        return error_canceled(err);
    return status;
}

/* Without residual a semi-join needs no pairs: a chain is a partner. */
static bool needs_pairs(const JoinOp *self) {
    return self->residual || emits_pairs(self->kind);
}

/* STATUS_MORE: enough for one call; probe says where to go on. */
static Status make_pairs(JoinOp *self, Probe *probe, uint32_t flush_count, Emitter *out,
                         Error *err) {
    const JoinRows *rows = &probe->rows;
    Pairs *pairs = probe->pairs;

    for (; probe->next < rows->count; probe->next++) {
        uint32_t i = probe->next;

        if (rows->ids[i] == KEY_NONE)
            continue;
        if (!needs_pairs(self)) {
            pairs->left_matched[rows->places[i]] = 1;
            continue;
        }
        if (!probe->number)
            probe->number = ((const Chain *) key_table_payload(self->keys, rows->ids[i]))->first;
        while (probe->number) {
            pairs->places[pairs->count] = rows->places[i];
            pairs->left_rows[pairs->count] = rows->rows[i];
            pairs->right_rows[pairs->count++] = probe->number - 1;
            probe->number = self->nexts[probe->number - 1];
            if (pairs->count < PAIRS_MAX)
                continue;
            TRY(flush_pairs(self, pairs, out, err));
            if (--flush_count == 0) {
                probe->next += probe->number == 0;
                return STATUS_MORE;
            }
        }
    }
    return flush_pairs(self, pairs, out, err);
}

/* -------- left rows without or with a partner -------- */

/* The left rows chosen, with NULLs for the right side where the join shows it. */
static Status emit_left(JoinOp *self, const Batch *in, const uint32_t *selection, uint32_t count,
                        Emitter *out, Error *err) {
    Arena *arena = self->base.cx->batch_arena;
    const Plan *right = self->base.node->children[1];
    Batch batch = *in;

    batch.selection = selection;
    batch.selection_count = count;
    if (emits_pairs(self->kind)) {
        batch.column_count += (uint32_t) right->column_count;
        batch.columns = arena_new_array(arena, Column, (size_t) batch.column_count + 1);
        memcpy(batch.columns, in->columns, in->column_count * sizeof(Column));
        for (int i = 0; i < right->column_count; i++) {
            Value null = value_null(right->columns[i].type);

            batch.columns[in->column_count + (uint32_t) i] = column_constant(&null, arena);
        }
    }
    return out->emit(out, &batch, err);
}

/* Do the rows agree in every key that neither lacks, and is one lacking? */
static bool could_meet(const JoinOp *self, const Batch *left, uint32_t left_row, const Batch *right,
                       uint32_t right_row) {
    bool has_null_here = false;

    for (uint32_t k = 0; k < self->key_count; k++) {
        const Column *a = &left->columns[self->left_keys[k]];
        const Column *b = &right->columns[self->right_keys[k]];
        Value left_value;
        Value right_value;

        if (column_is_null(a, left_row) || column_is_null(b, right_row)) {
            has_null_here = true;
            continue;
        }
        left_value = column_get(a, left_row);
        right_value = column_get(b, right_row);
        if (value_compare(&left_value, &right_value) != 0)
            return false;
    }
    return has_null_here;
}

static bool lacks_key(const uint32_t *keys, uint32_t key_count, const Batch *in, uint32_t row) {
    for (uint32_t k = 0; k < key_count; k++)
        if (column_is_null(&in->columns[keys[k]], row))
            return true;
    return false;
}

/* (a, b) IN (…): NULL only where a right row agrees but for NULLs. Each such row is looked at. */
static void find_unknown(JoinOp *self, const Batch *in, const uint8_t *matched, uint8_t *unknown) {
    uint32_t total = row_set_count(self->right);

    for (uint32_t first = 0; first < total; first += LIMIT_BATCH_ROWS) {
        uint32_t count = total - first < LIMIT_BATCH_ROWS ? total - first : LIMIT_BATCH_ROWS;
        uint32_t *numbers = arena_alloc_raw(self->pair_arena, count * sizeof(uint32_t));
        const Batch *right;

        for (uint32_t j = 0; j < count; j++)
            numbers[j] = first + j;
        right = row_set_gather(self->right, numbers, count, self->pair_arena);
        for (uint32_t i = 0; i < batch_active_count(in); i++) {
            uint32_t row = batch_active_row(in, i);
            bool lacks_left = lacks_key(self->left_keys, self->key_count, in, row);

            for (uint32_t j = 0; j < count && !matched[i] && !unknown[i]; j++)
                if (lacks_left || lacks_key(self->right_keys, self->key_count, right, j))
                    unknown[i] = could_meet(self, in, row, right, j);
        }
        arena_reset(self->pair_arena);
    }
}

/* unknown[i]: of the batch's active row i, were it without partner. */
static const uint8_t *unknown_marks(JoinOp *self, const Batch *in, const JoinRows *rows,
                                    const uint8_t *matched) {
    uint32_t count = batch_active_count(in);
    uint8_t *unknown = arena_alloc(self->base.cx->batch_arena, count + 1);
    uint32_t next = 0;

    if (row_set_count(self->right) == 0)
        return unknown;
    if (self->key_count > 1) {
        if (self->has_null_key || rows->count < count)
            find_unknown(self, in, matched, unknown);
        return unknown;
    }
    for (uint32_t i = 0; i < count; i++) {
        bool has_key = next < rows->count && rows->places[next] == i;

        unknown[i] = !has_key || self->has_null_key;
        next += has_key;
    }
    return unknown;
}

static Status emit_marked(JoinOp *self, const Batch *in, const JoinRows *rows,
                          const uint8_t *matched, Emitter *out, Error *err) {
    Arena *arena = self->base.cx->batch_arena;
    uint32_t count = batch_active_count(in);
    Batch batch = *in;
    Column mark = column_create(SQL_TYPE(BOOL), in->row_count, arena);
    const uint8_t *unknown = unknown_marks(self, in, rows, matched);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = batch_active_row(in, i);

        if (matched[i])
            ((uint8_t *) mark.values)[row] = 1;
        else if (unknown[i])
            column_set_null(&mark, row, in->row_count, arena);
    }
    batch.columns = arena_new_array(arena, Column, (size_t) in->column_count + 2);
    memcpy(batch.columns, in->columns, in->column_count * sizeof(Column));
    batch.columns[batch.column_count++] = mark;
    return out->emit(out, &batch, err);
}

/* All pairs are made: what the left rows have to say for themselves. */
static Status finish_left(JoinOp *self, const Probe *probe, Emitter *out, Error *err) {
    const Batch *in = probe->left;
    uint32_t count = batch_active_count(in);
    uint32_t *selection;
    uint32_t chosen = 0;

    if (self->kind == JOIN_MARK)
        return emit_marked(self, in, &probe->rows, probe->pairs->left_matched, out, err);
    if (self->kind == JOIN_INNER || self->kind == JOIN_RIGHT)
        return STATUS_OK;
    selection = arena_alloc_raw(self->base.cx->batch_arena, (count + 1) * sizeof(uint32_t));
    for (uint32_t i = 0; i < count; i++)
        if (probe->pairs->left_matched[i] == (self->kind == JOIN_SEMI))
            selection[chosen++] = batch_active_row(in, i);
    return emit_left(self, in, selection, chosen, out, err);
}

/* Copy the probe out of the batch arena: its left rows become dense, a row's place its position. */
static void put_aside(JoinOp *self, const Probe *probe) {
    Arena *arena = self->probe_arena;
    const JoinRows *rows = &probe->rows;
    size_t size = rows->count * sizeof(uint32_t);
    uint32_t count = batch_active_count(probe->left);
    Probe *copy = arena_new(arena, Probe);

    assert(!self->pending);
    assert(probe->pairs->count == 0);
    copy->left = batch_compact(probe->left, true, arena);
    copy->rows.count = rows->count;
    copy->rows.rows = arena_memdup(arena, rows->places, size);
    copy->rows.places = arena_memdup(arena, rows->places, size);
    copy->rows.ids = arena_memdup(arena, rows->ids, size);
    copy->pairs = arena_alloc_raw(arena, sizeof(Pairs));
    copy->pairs->left = copy->left;
    copy->pairs->count = 0;
    copy->pairs->left_matched = arena_memdup(arena, probe->pairs->left_matched, count + 1);
    copy->next = probe->next;
    copy->number = probe->number;
    self->pending = copy;
    self->base.has_pending = true;
}

static Status go_on(JoinOp *self, uint32_t flush_count, Emitter *out, Error *err) {
    Status status = make_pairs(self, self->pending, flush_count, out, err);

    if (status == STATUS_MORE)
        return status;
    if (status == STATUS_OK)
        status = finish_left(self, self->pending, out, err);
    self->pending = NULL;
    self->base.has_pending = false;
    arena_reset(self->probe_arena);
    return status;
}

static Status join_resume(Operator *op, Emitter *out, Error *err) {
    return go_on((JoinOp *) op, FLUSHES_AT_ONCE, out, err);
}

static Status push_left(JoinOp *self, const Batch *in, Emitter *out, Error *err) {
    Arena *arena = self->base.cx->batch_arena;
    Probe probe = {.left = in, .rows = join_rows(self, in, self->left_keys)};
    KeyRows keys = key_rows(self, &probe.rows);
    Status status;

    if (self->pending) /* the operator below gave two batches at once */
        TRY(go_on(self, UINT32_MAX, out, err));
    probe.pairs = arena_alloc_raw(arena, sizeof(Pairs));
    probe.pairs->left = in;
    probe.pairs->count = 0;
    probe.pairs->left_matched = arena_alloc(arena, batch_active_count(in) + 1);
    key_table_find(self->keys, &keys, probe.rows.ids);
    status = make_pairs(self, &probe, FLUSHES_AT_ONCE, out, err);
    if (status == STATUS_OK)
        return finish_left(self, &probe, out, err);
    if (status != STATUS_MORE)
        return status;
    put_aside(self, &probe);
    return STATUS_OK;
}

static Status join_push(Operator *op, int port, const Batch *in, Emitter *out, Error *err) {
    assert(port == PORT_LEFT || port == PORT_RIGHT);
    if (port == PORT_RIGHT)
        return push_right((JoinOp *) op, in, err);
    return push_left((JoinOp *) op, in, out, err);
}

/* Right rows that met nobody, with NULLs for the left side. */
static Status join_end_epoch(Operator *op, const Epoch *epoch, Emitter *out, Error *err) {
    JoinOp *self = (JoinOp *) op;
    Arena *arena = op->cx->batch_arena;
    const Plan *left = op->node->children[0];
    uint32_t *rows = arena_new_array(arena, uint32_t, LIMIT_BATCH_ROWS);
    uint32_t total = row_set_count(self->right);
    uint32_t count = 0;
    Batch batch;
    Batch *right;

    if (!keeps_right(self->kind))
        return STATUS_OK;
    for (; self->next_unmatched < total && count < LIMIT_BATCH_ROWS; self->next_unmatched++)
        if (!self->right_matched[self->next_unmatched])
            rows[count++] = self->next_unmatched;
    right = row_set_gather(self->right, rows, count, arena);
    batch = *right;
    batch.column_count += (uint32_t) left->column_count;
    batch.columns = arena_new_array(arena, Column, (size_t) batch.column_count + 1);
    for (int i = 0; i < left->column_count; i++) {
        Value null = value_null(left->columns[i].type);

        batch.columns[i] = column_constant(&null, arena);
    }
    memcpy(batch.columns + left->column_count, right->columns,
           right->column_count * sizeof(Column));
    TRY(out->emit(out, &batch, err));
    return self->next_unmatched < total ? STATUS_MORE : STATUS_OK;
}

static void join_close(Operator *op) {
    JoinOp *self = (JoinOp *) op;

    memory_release(op->cx->account, self->reserved_bytes);
    memory_free(self->nexts);
    memory_free(self->right_matched);
    self->residual = expr_program_destroy(self->residual);
    self->right = row_set_destroy(self->right);
    self->keys = key_table_destroy(self->keys);
    self->pair_arena = arena_destroy(self->pair_arena);
    self->probe_arena = arena_destroy(self->probe_arena);
}

const OpType op_join = {
    .name = "join",
    .kind = PLAN_JOIN,
    .size_bytes = sizeof(JoinOp),
    .open = join_open,
    .push = join_push,
    .resume = join_resume,
    .end_epoch = join_end_epoch,
    .close = join_close,
};
