#include "stream/delivery.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "stream/changes.h"
#include "types/row.h"

static const uint64_t result_operator_id = 0x746c75736572; /* "result" */

struct Delivery {
    RowReceiver receiver; /* must be first */
    Arena *arena;
    DeliverySpec spec;
    Changes *changes;   /* update mode with sinks */
    bool has_before;    /* update mode: a sink wants the rows that updates replace */
    StateTable *result; /* kept result: row bytes → count */
    Arena *seen_arena;  /* complete mode: the rows of this epoch's answer */
    Changes *answer;    /* complete mode: folds the answer into a bag */
    int64_t row_count;
    StrBuf row_bytes;
    ErrorRows *errors; /* NULL: no sink takes them */
    ErrorRowsEpoch errors_epoch;
    LateRows *late; /* NULL: no sink takes them */
};

/* -------- the kept result -------- */

static Status result_add(Delivery *delivery, const void *row, size_t size_bytes, int64_t weight,
                         Error *err) {
    uint64_t hash = hash_bytes(row, size_bytes);
    int partition = state_partition_of(hash, state_partition_count(delivery->spec.state));
    StateBytes old = state_get(delivery->result, partition, hash, row, size_bytes);
    int64_t count = 0;

    if (old.data && old.size_bytes == sizeof(count))
        memcpy(&count, old.data, sizeof(count));
    count += weight;
    if (count == 0)
        return old.data ? state_remove(delivery->result, partition, hash, row, size_bytes, err)
                        : STATUS_OK;
    return state_put(delivery->result, partition, hash, row, size_bytes, &count, sizeof(count),
                     err);
}

static Status result_add_batch(Delivery *delivery, const Batch *batch, Error *err) {
    for (uint32_t i = 0; i < batch_active_count(batch); i++) {
        uint32_t row = batch_active_row(batch, i);

        strbuf_clear(&delivery->row_bytes);
        for (uint32_t column = 0; column < batch->column_count; column++)
            row_append_value(&delivery->row_bytes, &batch->columns[column], row);
        TRY(result_add(delivery, strbuf_text(&delivery->row_bytes), delivery->row_bytes.length,
                       batch_weight(batch, row), err));
    }
    return STATUS_OK;
}

/* Complete mode: what is kept becomes what came. The old answer is taken out as retractions and the
 * two fold, so that only differences touch the state. */
typedef struct OldAnswer {
    Delivery *delivery;
    Arena *arena;
    StateBytes *rows;
    int64_t *counts;
    size_t count, capacity;
} OldAnswer;

static Status collect_old(void *data, int64_t slice, StateBytes key, StateBytes value, Error *err) {
    OldAnswer *old = data;

    if (old->count == old->capacity) {
        size_t capacity = old->capacity ? old->capacity * 2 : 64;
        StateBytes *rows = arena_alloc_raw(old->arena, sizeof(*rows) * capacity);
        int64_t *counts = arena_alloc_raw(old->arena, sizeof(*counts) * capacity);

        if (old->count) {
            memcpy(rows, old->rows, sizeof(*rows) * old->count);
            memcpy(counts, old->counts, sizeof(*counts) * old->count);
        }
        old->rows = rows;
        old->counts = counts;
        old->capacity = capacity;
    }
    old->rows[old->count] =
        (StateBytes) {arena_memdup(old->arena, key.data, key.size_bytes), key.size_bytes};
    old->counts[old->count] = 0;
    if (value.size_bytes == sizeof(int64_t))
        memcpy(&old->counts[old->count], value.data, sizeof(int64_t));
    old->count++;
    return STATUS_OK;
}

static Status take_answer(void *data, const Batch *batch, const ChangeOp *ops, Error *err) {
    Delivery *delivery = data;
    Batch signed_rows = *batch;
    int64_t *weights = arena_alloc_raw(delivery->seen_arena, sizeof(int64_t) * batch->row_count);

    for (uint32_t i = 0; i < batch->row_count; i++)
        weights[i] = ops[i] == CHANGE_DELETE ? -1 : 1;
    signed_rows.weights = weights;
    return result_add_batch(delivery, &signed_rows, err);
}

static Status retract_old(Delivery *delivery, Error *err) {
    OldAnswer old = {.delivery = delivery, .arena = delivery->seen_arena};
    uint32_t count = (uint32_t) delivery->spec.plan->column_count;
    Batch *batch = arena_new(delivery->seen_arena, Batch);
    int64_t weight;

    for (int i = 0; i < state_partition_count(delivery->spec.state); i++)
        TRY(state_visit(delivery->result, i, collect_old, &old, err));
    batch->column_count = count;
    batch->columns = arena_new_array(delivery->seen_arena, Column, count);
    batch->row_count = 1;
    batch->weights = &weight;
    for (uint32_t i = 0; i < count; i++)
        batch->columns[i] =
            column_create(delivery->spec.plan->columns[i].type, 1, delivery->seen_arena);
    for (size_t i = 0; i < old.count; i++) {
        const uint8_t *cursor = old.rows[i].data;

        weight = -old.counts[i];
        for (uint32_t column = 0; column < count; column++) {
            batch->columns[column].validity = NULL;
            if (!row_read_value(&cursor, old.rows[i].data + old.rows[i].size_bytes,
                                &batch->columns[column], 0, 1, delivery->seen_arena))
                return error_set(err, DATA_CORRUPTED, "a row of the kept result is damaged");
        }
        TRY(changes_add(delivery->answer, batch, err));
    }
    return STATUS_OK;
}

static Status replace_result(Delivery *delivery, Error *err) {
    TRY(retract_old(delivery, err));
    TRY(changes_drain(delivery->answer, err));
    arena_reset(delivery->seen_arena);
    return STATUS_OK;
}

/* -------- sinks -------- */

static Status write_to_sink(DeliverySink *sink, const Batch *batch, const ChangeOp *ops,
                            Error *err) {
    if (sink->has_epoch)
        return STATUS_OK;
    if (sink->type->write(sink->writer, batch, ops, err) != STATUS_OK)
        return error_context(err, "sink \"%s\"", sink->name);
    return STATUS_OK;
}

/* The batch without the rows that updates replace. */
typedef struct AfterRows {
    Batch batch;
    uint32_t rows[LIMIT_BATCH_ROWS];
    ChangeOp ops[LIMIT_BATCH_ROWS];
} AfterRows;

static void take_after_rows(AfterRows *after, const Batch *batch, const ChangeOp *ops) {
    uint32_t count = 0;

    assert(batch_active_count(batch) <= LIMIT_BATCH_ROWS);
    for (uint32_t i = 0; i < batch_active_count(batch); i++) {
        if (ops[i] == CHANGE_BEFORE)
            continue;
        after->rows[count] = batch_active_row(batch, i);
        after->ops[count++] = ops[i];
    }
    after->batch = *batch;
    after->batch.selection = after->rows;
    after->batch.selection_count = count;
}

static Status write_to_sinks(void *data, const Batch *batch, const ChangeOp *ops, Error *err) {
    Delivery *delivery = data;
    const Batch *plain = batch;
    const ChangeOp *plain_ops = ops;
    AfterRows after;

    if (delivery->has_before) {
        take_after_rows(&after, batch, ops);
        plain = &after.batch;
        plain_ops = after.ops;
    }
    delivery->row_count += batch_active_count(plain);
    for (int i = 0; i < delivery->spec.query_sink_count; i++) {
        DeliverySink *sink = &delivery->spec.sinks[i];

        if (sink->wants_before)
            TRY(write_to_sink(sink, batch, ops, err));
        else if (batch_active_count(plain) > 0)
            TRY(write_to_sink(sink, plain, plain_ops, err));
    }
    return STATUS_OK;
}

static Status write_rows(void *data, const Batch *batch, Error *err) {
    return write_to_sink(data, batch, NULL, err);
}

static int error_sink_end(const DeliverySpec *spec) {
    return spec->sink_count - (spec->late_types != NULL);
}

static void clear_others(Delivery *delivery) {
    if (delivery->errors)
        error_rows_clear(delivery->errors);
    if (delivery->late)
        late_rows_clear(delivery->late);
}

static Status deliver_others(Delivery *delivery, Error *err) {
    const DeliverySpec *spec = &delivery->spec;

    for (int i = spec->query_sink_count; i < error_sink_end(spec); i++)
        TRY(error_rows_give(delivery->errors, i, &delivery->errors_epoch, write_rows,
                            &spec->sinks[i], err));
    if (delivery->late)
        TRY(late_rows_give(delivery->late, write_rows, &spec->sinks[spec->sink_count - 1], err));
    clear_others(delivery);
    return STATUS_OK;
}

void delivery_take_late(Delivery *delivery, const Batch *batch, const int *columns, uint32_t row,
                        int64_t event_time_us) {
    assert(delivery->late);
    late_rows_add(delivery->late, batch, columns, row, event_time_us);
}

void delivery_take_error(Delivery *delivery, const ErrorRow *row) {
    assert(row->sink >= delivery->spec.query_sink_count);
    assert(row->sink < error_sink_end(&delivery->spec));
    error_rows_add(delivery->errors, row);
}

static Status delivery_take(RowReceiver *receiver, const Batch *batch, Error *err) {
    Delivery *delivery = (Delivery *) receiver;

    if (delivery->result) {
        if (delivery->spec.mode == OUTPUT_COMPLETE)
            TRY(changes_add(delivery->answer, batch, err));
        else
            TRY(result_add_batch(delivery, batch, err));
    }
    if (delivery->spec.mode == OUTPUT_UPDATE)
        return changes_add(delivery->changes, batch, err);
    DEBUG_ASSERT(batch->weights == NULL);
    return write_to_sinks(delivery, batch, NULL, err);
}

Status delivery_finish(Delivery *delivery, Error *err) {
    if (delivery->spec.mode == OUTPUT_UPDATE)
        TRY(changes_drain(delivery->changes, err));
    if (delivery->result && delivery->spec.mode == OUTPUT_COMPLETE)
        TRY(replace_result(delivery, err));
    return deliver_others(delivery, err);
}

/* -------- life -------- */

static Status open_result(Delivery *delivery, const SqlType *types, Error *err) {
    const Plan *plan = delivery->spec.plan;
    StrBuf schema = {0};
    Status status;

    for (int i = 0; i < plan->column_count; i++)
        strbuf_printf(&schema, "%u:%d;", type_oid(types[i]), ROW_LAYOUT_VERSION);
    status = state_table_open(delivery->spec.state, result_operator_id, 0, strbuf_text(&schema),
                              schema.length, &delivery->result, err);
    strbuf_done(&schema);
    return status;
}

/* Does the output come with each key once, its old row right before its new one? So gives them an
 * aggregate, and projections and filters keep them side by side. */
static bool is_paired(const DeliverySpec *spec) {
    const Plan *node = spec->plan;

    while (node->kind == PLAN_PROJECT || node->kind == PLAN_FILTER)
        node = node->children[0];
    return node->kind == PLAN_AGGREGATE && node->emit == EMIT_CHANGES && spec->key_count > 0;
}

static void open_changes(Delivery *delivery, const SqlType *types) {
    const DeliverySpec *spec = &delivery->spec;
    ChangesSpec changes = {
        .types = types,
        .column_count = (uint32_t) spec->plan->column_count,
        .receive = write_to_sinks,
        .data = delivery,
    };

    if (spec->mode == OUTPUT_COMPLETE) {
        changes.receive = take_answer;
        delivery->answer = changes_create(&changes);
        return;
    }
    for (int i = 0; i < spec->query_sink_count; i++)
        delivery->has_before |= spec->sinks[i].wants_before;
    changes.has_before = delivery->has_before;
    changes.key_columns = spec->key_columns;
    changes.key_count = spec->key_count;
    changes.is_paired = is_paired(spec);
    delivery->changes = changes_create(&changes);
}

Status delivery_create(const DeliverySpec *spec, Delivery **ret_delivery, Error *err) {
    Delivery *delivery = memory_zalloc(sizeof(*delivery));
    const Plan *plan = spec->plan;
    SqlType *types;
    Status status = STATUS_OK;

    delivery->receiver.take = delivery_take;
    delivery->arena = arena_create("delivery", 0);
    delivery->seen_arena = arena_create("delivery answer", 0);
    delivery->spec = *spec;
    types = arena_new_array(delivery->arena, SqlType, (size_t) plan->column_count);
    for (int i = 0; i < plan->column_count; i++)
        types[i] = plan->columns[i].type;
    if (spec->mode != OUTPUT_APPEND)
        open_changes(delivery, types);
    if (spec->query_sink_count < error_sink_end(spec))
        delivery->errors = error_rows_create(spec->account);
    if (spec->late_types)
        delivery->late = late_rows_create(spec->late_types, spec->late_column_count, spec->account);
    if (spec->keeps_result)
        status = open_result(delivery, types, err);
    if (status != STATUS_OK) {
        delivery_destroy(delivery);
        return status;
    }
    *ret_delivery = delivery;
    return STATUS_OK;
}

Delivery *delivery_destroy(Delivery *delivery) {
    if (delivery) {
        changes_destroy(delivery->changes);
        changes_destroy(delivery->answer);
        error_rows_destroy(delivery->errors);
        late_rows_destroy(delivery->late);
        strbuf_done(&delivery->row_bytes);
        arena_destroy(delivery->seen_arena);
        arena_destroy(delivery->arena);
        memory_free(delivery);
    }
    return NULL;
}

RowReceiver *delivery_receiver(Delivery *delivery) {
    return &delivery->receiver;
}

Status delivery_begin(Delivery *delivery, const EpochHeader *header, Error *err) {
    delivery->row_count = 0;
    delivery->errors_epoch = (ErrorRowsEpoch) {delivery->spec.stream_name, header->wall_us};
    for (int i = 0; i < delivery->spec.sink_count; i++) {
        DeliverySink *sink = &delivery->spec.sinks[i];

        if (!sink->has_epoch && sink->type->begin(sink->writer, header->epoch, err) != STATUS_OK)
            return error_context(err, "sink \"%s\"", sink->name);
    }
    return STATUS_OK;
}

int64_t delivery_row_count(const Delivery *delivery) {
    return delivery->row_count;
}

void delivery_abort(Delivery *delivery) {
    if (delivery->changes)
        changes_clear(delivery->changes);
    if (delivery->answer)
        changes_clear(delivery->answer);
    clear_others(delivery);
    arena_reset(delivery->seen_arena);
}

StatePin *delivery_pin_result(Delivery *delivery) {
    return delivery->result ? state_pin(delivery->result) : NULL;
}
