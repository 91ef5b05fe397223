/* Query: a batch execution that can wait: one pipeline, stepped until its receiver has had enough.
 *
 * Rows go straight from the root to the receiver as long as it wants some; what comes beyond that
 * (the rest of a batch, at most what one step makes) is kept for the next call. */
#include <assert.h>

#include "exec/binding.h"
#include "exec/execute.h"
#include "exec/pipeline.h"
#include "exec/row_set.h"

struct Query {
    const Plan *plan;
    Pipeline *pipeline;
    StateStore *state;
    SqlType *types;
    Arena *arena;
    Arena *scratch; /* selections of a step */
    const ExecEnvironment *environment;
    Epoch epoch;
    bool is_done;
    /* the call under way */
    RowReceiver *receiver;
    int64_t rows_wanted; /* INT64_MAX: no bound */
    int64_t bytes_wanted;
    int64_t rows_given;
    int64_t bytes_given;
    /* what the last call did not want */
    RowSet *kept;
    uint32_t kept_batch;
    uint32_t kept_row;
};

/* Bytes of a row's output, near enough to know when a client has had a mouthful. */
static int64_t row_output_bytes(const Batch *batch, uint32_t row) {
    int64_t size_bytes = 8 * (int64_t) batch->column_count;

    for (uint32_t c = 0; c < batch->column_count; c++) {
        const Column *column = &batch->columns[c];

        if (type_physical(column->type.id) == PHYSICAL_VARLEN && !column_is_null(column, row))
            size_bytes += COLUMN_VALUE(column, TextView, row).length;
    }
    return size_bytes;
}

static bool is_satisfied(const Query *query) {
    return query->rows_given >= query->rows_wanted ||
           (query->bytes_wanted && query->bytes_given >= query->bytes_wanted);
}

/* The active rows [first, first + count) of the batch. */
static Batch batch_part(const Batch *batch, uint32_t first, uint32_t count, uint32_t *selection) {
    Batch part = *batch;

    for (uint32_t i = 0; i < count; i++)
        selection[i] = batch_active_row(batch, first + i);
    part.selection = selection;
    part.selection_count = count;
    return part;
}

/* How many rows from `first` on the receiver wants yet; counts their bytes as given. One row at
 * least: rows can be large, and a batch of them must not be written at once. */
static uint32_t count_wanted(Query *query, const Batch *batch, uint32_t first) {
    uint32_t count = batch_active_count(batch);
    uint32_t taken = 0;

    while (first + taken < count && !is_satisfied(query)) {
        query->bytes_given += row_output_bytes(batch, batch_active_row(batch, first + taken));
        query->rows_given++;
        taken++;
    }
    return taken;
}

/* Give the receiver the rows from `first` on, as many as it wants; *ret_taken of them. */
static Status give(Query *query, const Batch *batch, uint32_t first, uint32_t *ret_taken,
                   Error *err) {
    uint32_t count = count_wanted(query, batch, first);
    Batch part = *batch;

    assert(first <= batch_active_count(batch));
    assert(query->receiver);
    *ret_taken = count;
    if (count == 0)
        return STATUS_OK;
    if (count < batch_active_count(batch)) {
        uint32_t *selection = arena_alloc_raw(query->scratch, count * sizeof(uint32_t));

        part = batch_part(batch, first, count, selection);
    }
    return query->receiver->take(query->receiver, &part, err);
}

static Status deliver(void *data, const Batch *batch, Error *err) {
    Query *query = data;
    uint32_t count = batch_active_count(batch);
    uint32_t taken = 0;
    Batch rest;

    TRY(give(query, batch, 0, &taken, err));
    if (taken == count)
        return STATUS_OK;
    rest = batch_part(batch, taken, count - taken,
                      arena_alloc_raw(query->scratch, (count - taken) * sizeof(uint32_t)));
    return row_set_append(query->kept, &rest, err);
}

/* First what was kept. */
static Status give_kept(Query *query, Error *err) {
    const Batch *batch;

    while (!is_satisfied(query) && (batch = row_set_batch_at(query->kept, query->kept_batch))) {
        uint32_t taken = 0;

        TRY(give(query, batch, query->kept_row, &taken, err));
        query->kept_row += taken;
        if (query->kept_row == batch_active_count(batch)) {
            query->kept_batch++;
            query->kept_row = 0;
        }
    }
    if (!row_set_batch_at(query->kept, query->kept_batch)) {
        row_set_clear(query->kept);
        query->kept_batch = 0;
    }
    return STATUS_OK;
}

static bool has_kept(const Query *query) {
    return row_set_batch_at(query->kept, query->kept_batch) != NULL;
}

static void report_bad(void *data, const Plan *scan, int partition, const char *position,
                       const BadRecord *bad, const Record *record) {
    const ExecEnvironment *environment = ((const Query *) data)->environment;

    environment->report_bad(environment->report_data, scan->relation, partition, position, bad,
                            record);
}

Status query_open(const Plan *plan, const ExecEnvironment *environment, const Epoch *epoch,
                  Query **ret_query, Error *err) {
    CLEANUP(query_closep) Query *query = memory_zalloc(sizeof(*query));
    PipelineOptions options = {.deliver = deliver, .deliver_data = query};

    query->plan = plan;
    query->epoch = *epoch;
    query->environment = environment;
    query->arena = arena_create("query", 0);
    query->scratch = arena_create("query step", 0);
    query->state = state_store_create(environment->account, 1);
    query->types = binding_types(plan, query->arena);
    query->kept = row_set_create(query->types, (uint32_t) plan->column_count, environment->account);
    options.cx = (OperatorContext) {.environment = environment,
                                    .state = query->state,
                                    .account = environment->account,
                                    .epoch = &query->epoch,
                                    .report_bad = environment->report_bad ? report_bad : NULL,
                                    .bad_data = query,
                                    .partition = -1};
    TRY(pipeline_create(plan, &options, &query->pipeline, err));
    pipeline_begin(query->pipeline, &query->epoch);
    *ret_query = TAKE(query);
    return STATUS_OK;
}

static Status run_until_satisfied(Query *query, Error *err) {
    while (!query->is_done && !is_satisfied(query)) {
        Status status = pipeline_step(query->pipeline, err);

        arena_reset(query->scratch);
        if (status == STATUS_ERROR)
            return status;
        query->is_done = status != STATUS_MORE;
    }
    return STATUS_OK;
}

Status query_run(Query *query, int64_t max_rows, int64_t bytes_wanted, RowReceiver *receiver,
                 int64_t *ret_rows, Error *err) {
    assert(max_rows >= 0);
    assert(bytes_wanted >= 0);
    query->receiver = receiver;
    query->rows_wanted = max_rows ? max_rows : INT64_MAX;
    query->bytes_wanted = bytes_wanted;
    query->rows_given = 0;
    query->bytes_given = 0;
    arena_reset(query->scratch);
    TRY(give_kept(query, err));
    TRY(run_until_satisfied(query, err));
    query->receiver = NULL;
    *ret_rows = query->rows_given;
    return query->is_done && !has_kept(query) ? STATUS_OK : STATUS_MORE;
}

Query *query_close(Query *query) {
    if (!query)
        return NULL;
    query->pipeline = pipeline_destroy(query->pipeline);
    query->kept = row_set_destroy(query->kept);
    query->state = state_store_destroy(query->state);
    query->scratch = arena_destroy(query->scratch);
    query->arena = arena_destroy(query->arena);
    memory_free(query);
    return NULL;
}
