/* The shared part of the tests of exec/. */
#include "tests/unit/exec_support.h"

#include "optimizer/optimizer.h"
#include "planner/slices.h"
#include "types/text_form.h"

/* Until the optimizer is there to tell nodes apart by what they mean. */
__attribute__((weak)) uint64_t plan_fingerprint(const Plan *plan) {
    return (uint64_t) plan->kind + 1;
}

/* -------- the source -------- */

static void block_release(Block *block) {
    memory_free(block->records);
    memory_free(block);
}

static Status test_fetch(SourceReader *reader, int partition, int64_t from, int64_t to,
                         size_t wanted_bytes, Block **ret_block, Error *err) {
    const TestSource *source = (const TestSource *) reader;
    int64_t count = to - from < 1000 ? to - from : 1000;
    Block *block = memory_zalloc(sizeof(*block));

    assert_true(to <= source->count);
    block->reference_count = 1;
    block->record_count = (uint32_t) count;
    block->records = memory_zalloc((size_t) count * sizeof(Record));
    for (int64_t i = 0; i < count; i++)
        block->records[i] = (Record) {.data = (const char *) &source->rows[from + i],
                                      .length = sizeof(TestRow),
                                      .file = -1,
                                      .offset = from + i,
                                      .timestamp_us = INT64_MIN};
    block->next_offset = from + count;
    block->size_bytes = count * (int64_t) sizeof(TestRow);
    block->release = block_release;
    *ret_block = block;
    return STATUS_OK;
}

static Status test_open(const SourceEnvironment *environment, SourceReader **ret_reader,
                        Error *err) {
    *ret_reader = (SourceReader *) (uintptr_t) environment->object_id;
    return STATUS_OK;
}

static Status test_discover(SourceReader *reader, StrBuf *journal, Error *err) {
    return STATUS_OK;
}

static int test_partition_count(SourceReader *reader) {
    return 1;
}

static void test_partition_state(SourceReader *reader, int partition, PartitionState *ret_state) {
    int64_t count = ((const TestSource *) reader)->count;

    *ret_state =
        (PartitionState) {.end = count, .known_end = count, .is_caught_up = true, .name = "0"};
}

static SourceReader *test_close(SourceReader *reader) {
    return NULL;
}

static const SourceType test_source_type = {
    .name = "test",
    .is_replayable = true,
    .open = test_open,
    .discover = test_discover,
    .partition_count = test_partition_count,
    .partition_state = test_partition_state,
    .fetch = test_fetch,
    .close = test_close,
};

/* -------- its format: a record is a TestRow -------- */

struct Decoder {
    char order[8]; /* 'k', 't', 'v' per column */
    SqlType types[8];
    uint32_t count;
};

static Status test_decoder_create(const DecodeColumn *columns, uint32_t count,
                                  const OptionSet *options, const FormSettings *settings,
                                  Decoder **ret_decoder, Error *err) {
    Decoder *decoder = memory_zalloc(sizeof(*decoder));

    assert_true(count <= 8);
    decoder->count = count;
    for (uint32_t i = 0; i < count; i++) {
        decoder->order[i] = columns[i].name[0];
        decoder->types[i] = columns[i].type;
    }
    *ret_decoder = decoder;
    return STATUS_OK;
}

static void put_cell(Column *column, uint32_t row, uint32_t row_count, int64_t number, bool is_null,
                     Arena *arena) {
    Value value = {.type = column->type, .is_null = is_null, .int64 = number};

    column_put(column, row, &value, row_count, arena);
}

static Status test_decode(Decoder *decoder, const Record *records, uint32_t count, Arena *arena,
                          DecodeResult *ret_result, Error *err) {
    Batch *batch = arena_new(arena, Batch);

    batch->column_count = decoder->count;
    batch->columns = arena_new_array(arena, Column, decoder->count + 1);
    for (uint32_t c = 0; c < decoder->count; c++)
        batch->columns[c] = column_create(decoder->types[c], count, arena);
    ret_result->batch = batch;
    ret_result->row_records = arena_new_array(arena, uint32_t, count);
    ret_result->bad = arena_new_array(arena, BadRecord, count);
    for (uint32_t i = 0; i < count; i++) {
        const TestRow *row = (const TestRow *) (const void *) records[i].data;

        if (row->k == ROW_BAD) {
            ret_result->bad[ret_result->bad_count++] = (BadRecord) {
                .record = i, .sqlstate = SQLSTATE_INVALID_TEXT_REPRESENTATION, .message = "bad"};
            continue;
        }
        for (uint32_t c = 0; c < decoder->count; c++) {
            char kind = decoder->order[c];
            int64_t number = kind == 'k' ? row->k : kind == 't' ? row->ts_us : row->v;
            bool is_null = kind != 'v' && number == INT64_MAX;

            put_cell(&batch->columns[c], batch->row_count, count, number, is_null, arena);
        }
        ret_result->row_records[batch->row_count++] = i;
    }
    return STATUS_OK;
}

static void test_decoder_destroy(Decoder *decoder) {
    memory_free(decoder);
}

static const FormatType test_format = {
    .name = "test",
    .decoder_create = test_decoder_create,
    .decode = test_decode,
    .decoder_destroy = test_decoder_destroy,
};

/* -------- the fixture -------- */

static void count_bad(void *data, int scan_ordinal, int partition, const char *position,
                      const BadRecord *bad, const Record *record) {
    ((Fixture *) data)->bad_reports++;
}

static void count_late(void *data, const Operator *op, const Batch *batch, uint32_t row,
                       int64_t event_time_us, int64_t watermark_us) {
    ((Fixture *) data)->late_reports++;
}

static const RelationColumn test_columns[] = {
    {.name = "k", .type = {.id = TYPE_INT8, .typmod = -1}},
    {.name = "ts", .type = {.id = TYPE_TIMESTAMP, .typmod = -1}},
    {.name = "v", .type = {.id = TYPE_INT8, .typmod = -1}},
};

void fixture_init(Fixture *fixture, int worker_count) {
    memset(fixture, 0, sizeof(*fixture));
    fixture->arena = arena_create("test", 0);
    memory_account_init(&fixture->account, "test", NULL, 0);
    fixture->workers = worker_count > 1 ? pool_create("test", worker_count) : NULL;
    fixture->state = state_store_create(&fixture->account, LIMIT_STATE_PARTITIONS);
    fixture->readers[0] = (SourceReader *) &fixture->source;
    fixture->types[0] = &test_source_type;
    fixture->relation = (Relation) {.id = (int64_t) (uintptr_t) &fixture->source,
                                    .kind = RELATION_SOURCE,
                                    .name = "t",
                                    .column_count = 3,
                                    .columns = test_columns,
                                    .source = &test_source_type,
                                    .format = &test_format,
                                    .watermark_column = 1};
    fixture->environment =
        (ExecEnvironment) {.workers = fixture->workers, .account = &fixture->account};
    fixture->next_id = FIRST_FREE_ID;
    fixture->late_below = fixture->close_below = INT64_MIN;
}

void fixture_done(Fixture *fixture) {
    (void) dataflow_close(fixture->dataflow);
    (void) state_store_destroy(fixture->state);
    (void) pool_destroy(fixture->workers);
    strbuf_done(&fixture->output);
    (void) arena_destroy(fixture->arena);
    assert_int_equal(fixture->account.used_bytes, 0);
}

void fixture_open(Fixture *fixture, const Plan *plan) {
    StreamReport report = {.data = fixture, .bad = count_bad, .late = count_late};
    Error err;
    DataflowSpec spec = {.plan = plan,
                         .environment = &fixture->environment,
                         .state = fixture->state,
                         .readers = fixture->readers,
                         .types = fixture->types,
                         .report = &report};
    Status status = dataflow_open(&spec, &fixture->dataflow, &err);

    if (status != STATUS_OK)
        fail_msg("%s", err.message);
}

void fixture_recover(Fixture *fixture, const Plan *plan, StrBuf *changelogs, int count) {
    Error err;

    fixture->dataflow = dataflow_close(fixture->dataflow);
    (void) state_store_destroy(fixture->state);
    fixture->state = state_store_create(&fixture->account, LIMIT_STATE_PARTITIONS);
    for (int i = 0; i < count; i++)
        assert_int_equal(state_apply_changelog(fixture->state, (const uint8_t *) changelogs[i].data,
                                               changelogs[i].length, &err),
                         STATUS_OK);
    fixture_open(fixture, plan);
}

/* -------- running -------- */

typedef struct TextReceiver {
    RowReceiver base;
    StrBuf *output;
} TextReceiver;

static Status take_rows(RowReceiver *receiver, const Batch *batch, Error *err) {
    StrBuf *output = ((TextReceiver *) receiver)->output;

    for (uint32_t i = 0; i < batch_active_count(batch); i++) {
        uint32_t row = batch_active_row(batch, i);

        strbuf_append_text(output, batch_weight(batch, row) > 0 ? "+" : "-");
        for (uint32_t c = 0; c < batch->column_count; c++) {
            Value value = column_get(&batch->columns[c], row);

            strbuf_append_text(output, c ? "|" : "");
            if (value.is_null)
                strbuf_append_text(output, "null");
            else if (type_physical(value.type.id) == PHYSICAL_INT64)
                strbuf_printf(output, "%lld", (long long) value.int64);
            else
                value_append_text(&value, &form_settings_default, output);
        }
        strbuf_append_text(output, "\n");
    }
    return STATUS_OK;
}

static Status run_dataflow(Fixture *fixture, int64_t from, int64_t to) {
    TextReceiver receiver = {.base.take = take_rows, .output = &fixture->output};
    Epoch epoch = {.number = ++fixture->epoch,
                   .late_below = &fixture->late_below,
                   .close_below = &fixture->close_below,
                   .scan_count = 1};
    ScanRange range = {.from = from, .to = to};
    Error err;
    Status status;

    strbuf_clear(&fixture->output);
    state_begin_epoch(fixture->state);
    status = dataflow_run_epoch(fixture->dataflow, &epoch, &range, 1, &fixture->stats,
                                &receiver.base, &err);
    if (status != STATUS_OK)
        fail_msg("%s", err.message);
    return status;
}

void run_epoch(Fixture *fixture, int64_t from, int64_t to) {
    assert_int_equal(run_dataflow(fixture, from, to), STATUS_OK);
    state_commit(fixture->state);
}

void run_epoch_logged(Fixture *fixture, int64_t from, int64_t to, StrBuf *changelog) {
    assert_int_equal(run_dataflow(fixture, from, to), STATUS_OK);
    state_append_changelog(fixture->state, changelog);
    state_commit(fixture->state);
}

void run_epoch_aborted(Fixture *fixture, int64_t from, int64_t to) {
    assert_int_equal(run_dataflow(fixture, from, to), STATUS_OK);
    dataflow_abort(fixture->dataflow);
    state_abort(fixture->state);
}

void run_query(Fixture *fixture, const Plan *plan) {
    TextReceiver receiver = {.base.take = take_rows, .output = &fixture->output};
    Epoch epoch = {.number = 1, .is_final = true};
    Query *query;
    int64_t rows;
    Error err;

    strbuf_clear(&fixture->output);
    if (query_open(plan, &fixture->environment, &epoch, &query, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    /* One row a call: a query can wait anywhere. */
    while (query_run(query, 1, 0, &receiver.base, &rows, &err) == STATUS_MORE)
        assert_true(rows <= 1);
    (void) query_close(query);
}

/* -------- plans -------- */

static PlanColumn make_column(ColumnId id, const char *name, TypeId type) {
    return (PlanColumn) {.id = id, .name = name, .type = {.id = type, .typmod = -1}};
}

const Plan *make_scan(Fixture *fixture) {
    static const int places[] = {0, 1, 2};
    Plan *plan = plan_create(fixture->arena, PLAN_SCAN, NULL, 0);
    PlanColumn *columns = arena_new_array(fixture->arena, PlanColumn, 3);

    columns[0] = make_column(COLUMN_K, "k", TYPE_INT8);
    columns[1] = make_column(COLUMN_TS, "ts", TYPE_TIMESTAMP);
    columns[1].role = TIME_EVENT;
    columns[2] = make_column(COLUMN_V, "v", TYPE_INT8);
    plan->columns = columns;
    plan->column_count = 3;
    plan->relation = &fixture->relation;
    plan->scan_columns = places;
    plan->watermark_column = COLUMN_TS;
    return plan_derive(fixture->arena, plan);
}

static const Plan *make_window(Fixture *fixture, const Plan *child, int64_t size_us,
                               int64_t slide_us) {
    Plan *plan = plan_create(fixture->arena, PLAN_WINDOW, &child, 1);
    PlanColumn *columns = arena_new_array(fixture->arena, PlanColumn, 3);

    columns[0] = make_column(fixture->next_id++, "window_start", TYPE_TIMESTAMP);
    columns[0].role = TIME_WINDOW_START;
    columns[0].close_offset_us = size_us;
    columns[1] = make_column(fixture->next_id++, "window_end", TYPE_TIMESTAMP);
    columns[1].role = TIME_WINDOW_END;
    columns[2] = make_column(fixture->next_id++, "window_time", TYPE_TIMESTAMP);
    plan->columns = columns;
    plan->column_count = 3;
    plan->window_kind = slide_us == size_us ? WINDOW_TUMBLE : WINDOW_HOP;
    plan->time_column = COLUMN_TS;
    plan->window_size_us = size_us;
    plan->window_slide_us = slide_us;
    return plan_derive(fixture->arena, plan);
}

const Plan *make_tumble(Fixture *fixture, const Plan *child, int64_t size_us) {
    return make_window(fixture, child, size_us, size_us);
}

const Plan *make_hop(Fixture *fixture, const Plan *child, int64_t size_us, int64_t slide_us) {
    return make_window(fixture, child, size_us, slide_us);
}

const Plan *make_slices(Fixture *fixture, const Plan *child, int64_t size_us, int64_t slide_us) {
    Plan *slices = plan_copy(fixture->arena, make_window(fixture, child, size_us, slide_us));

    slices->window_kind = WINDOW_SLICES;
    return plan_derive(fixture->arena, slices);
}

ColumnId column_id(const Plan *plan, const char *name) {
    for (int i = 0; i < plan->column_count; i++)
        if (strcmp(plan->columns[i].name, name) == 0)
            return plan->columns[i].id;
    fail_msg("no column %s", name);
    return 0;
}

static Plan *aggregate_node(Fixture *fixture, const Plan *child, const AggregateShape *shape,
                            AggregatePhase phase, ColumnId first_id) {
    static const TypeId int8[] = {TYPE_INT8};
    static const ColumnId value[] = {COLUMN_V};
    Plan *plan = plan_create(fixture->arena, PLAN_AGGREGATE, &child, 1);
    PlanAggregateCall *calls = arena_new_array(fixture->arena, PlanAggregateCall, 2);
    PlanColumn *columns = arena_new_array(fixture->arena, PlanColumn, 8);
    int count = shape->key_count;

    calls[0].aggregate = aggregate_find("count", int8, 0);
    calls[1].aggregate = aggregate_find("sum", int8, 1);
    calls[1].arguments = (ColumnIds) {.count = 1, .ids = value};
    assert_non_null(calls[0].aggregate);
    assert_non_null(calls[1].aggregate);
    for (int i = 0; i < count; i++)
        columns[i] = *plan_find_column(child, shape->keys[i]);
    columns[count] =
        make_column(first_id, "count", phase == PHASE_PARTIAL ? TYPE_BYTEA : TYPE_INT8);
    columns[count + 1] =
        make_column(first_id + 1, "sum", phase == PHASE_PARTIAL ? TYPE_BYTEA : TYPE_NUMERIC);
    plan->columns = columns;
    plan->column_count = count + 2;
    plan->keys = (ColumnIds) {
        .count = count, .ids = arena_memdup(fixture->arena, shape->keys, sizeof(shape->keys))};
    plan->calls = calls;
    plan->call_count = 2;
    plan->emit = shape->emit;
    plan->phase = phase;
    return plan;
}

/* All, or over slices those that are not the window's. */
static ColumnIds exchange_keys(Fixture *fixture, const Plan *partial) {
    ColumnId *ids = arena_new_array(fixture->arena, ColumnId, 4);
    int count = 0;

    if (!slices_below(partial))
        return partial->keys;
    for (int i = 0; i < partial->keys.count; i++)
        if (slices_part(partial, partial->keys.ids[i]) == SLICE_NO_PART)
            ids[count++] = partial->keys.ids[i];
    return (ColumnIds) {.count = count, .ids = ids};
}

const Plan *make_aggregate(Fixture *fixture, const Plan *child, AggregateShape shape) {
    const Plan *below;
    Plan *plan;

    if (!shape.is_two_phase) {
        plan = aggregate_node(fixture, child, &shape, PHASE_SINGLE, fixture->next_id);
        fixture->next_id += 2;
        return plan_derive(fixture->arena, plan);
    }
    below = plan_derive(fixture->arena,
                        aggregate_node(fixture, child, &shape, PHASE_PARTIAL, fixture->next_id));
    plan = plan_create(fixture->arena, PLAN_EXCHANGE, &below, 1);
    plan->keys = exchange_keys(fixture, below);
    below = plan_derive(fixture->arena, plan);
    plan = aggregate_node(fixture, below, &shape, PHASE_FINAL, fixture->next_id + 2);
    fixture->next_id += 4;
    return plan_derive(fixture->arena, plan);
}

const Plan *make_distinct(Fixture *fixture, const Plan *child, ColumnId key, bool is_within) {
    Plan *plan = plan_create(fixture->arena, PLAN_DISTINCT, &child, 1);

    plan->keys = (ColumnIds) {.count = 1, .ids = arena_memdup(fixture->arena, &key, sizeof(key))};
    plan->is_within_watermark = is_within;
    return plan_derive(fixture->arena, plan);
}

const Plan *make_renamed(Fixture *fixture, const Plan *child, ColumnId id, ColumnId new_id) {
    Plan *plan = plan_create(fixture->arena, PLAN_PROJECT, &child, 1);
    PlanColumn *column =
        arena_memdup(fixture->arena, plan_find_column(child, id), sizeof(PlanColumn));
    const Expr *expr = expr_column(fixture->arena, id, column->type, column->name);

    column->id = new_id;
    plan->columns = column;
    plan->column_count = 1;
    plan->exprs =
        (ExprList) {.count = 1, .items = arena_memdup(fixture->arena, &expr, sizeof(expr))};
    return plan_derive(fixture->arena, plan);
}
