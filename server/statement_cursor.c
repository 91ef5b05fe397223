/* DECLARE, FETCH, MOVE, CLOSE: cursors are portals that SQL names. They go forward only. */

#include "parser/ast_statement.h"
#include "server/session_state.h"

/* -------- DECLARE -------- */

static Status check_declare(const Portal *portal, const AstDeclareCursor *declare, Error *err) {
    if (declare->query->kind != AST_QUERY)
        return error_at(err, declare->query->position, FEATURE_NOT_SUPPORTED,
                        "a cursor for SUBSCRIBE is not supported");
    if (declare->scroll == AST_SCROLL_YES)
        return error_at(err, declare->base.position, FEATURE_NOT_SUPPORTED,
                        "SCROLL cursors are not supported");
    if (!declare->with_hold && portal->session->transaction == TRANSACTION_NONE)
        return error_at(err, declare->base.position, NO_ACTIVE_SQL_TRANSACTION,
                        "DECLARE CURSOR can only be used in transaction blocks");
    return STATUS_OK;
}

static Status declare_run(Portal *portal, PortalLimits limits, RowReceiver *receiver,
                          int64_t *ret_rows, Error *err) {
    const AstDeclareCursor *declare = (const AstDeclareCursor *) portal->statement->node;
    Session *session = portal->session;
    PortalRequest request = {.name = declare->name,
                             .parameters = portal->parameters,
                             .parameter_count = portal->parameter_count};
    Portal *cursor = NULL;
    Status status;

    portal_set_tag(portal, "DECLARE CURSOR");
    TRY(check_declare(portal, declare, err));
    request.statement = prepared_create(session, portal->statement->text, declare->query);
    prepared_take_parameters(request.statement, portal->statement);
    status = session_open_portal(session, &request, &cursor, err);
    prepared_unref(request.statement);
    TRY(status);
    cursor->is_binary = declare->is_binary;
    cursor->is_holdable = declare->with_hold;
    return STATUS_OK;
}

/* The parameters of a cursor's query are those of the DECLARE. */
static Status declare_describe(Prepared *statement, Error *err) {
    const AstDeclareCursor *declare = (const AstDeclareCursor *) statement->node;
    Prepared *query;
    Status status;

    if (declare->query->kind != AST_QUERY || statement->parameter_count == 0)
        return STATUS_OK;
    query = prepared_create(statement->session, statement->text, declare->query);
    prepared_take_parameters(query, statement);
    status = session_describe(statement->session, query, err);
    if (status == STATUS_OK)
        prepared_take_parameters(statement, query);
    prepared_unref(query);
    return status;
}

const StatementType declare_statement = {
    .kind = AST_DECLARE_CURSOR, .describe = declare_describe, .run = declare_run};

/* -------- FETCH, MOVE -------- */

typedef struct FetchState {
    int64_t remaining; /* INT64_MAX: all */
    int64_t skip;      /* rows to pass over first: RELATIVE, ABSOLUTE */
    int64_t given;
} FetchState;

static Status find_cursor(Session *session, const AstFetch *fetch, Portal **ret_cursor,
                          Error *err) {
    if (session_find_portal(session, fetch->cursor, ret_cursor, err) == STATUS_OK)
        return STATUS_OK;
    return error_at(err, fetch->base.position, INVALID_CURSOR_NAME, "cursor \"%s\" does not exist",
                    fetch->cursor);
}

static Status backward(const AstFetch *fetch, Error *err) {
    return error_at(err, fetch->base.position, OBJECT_NOT_IN_PREREQUISITE_STATE,
                    "cursor can only scan forward");
}

/* From the direction: how many rows to pass over, how many to give. */
static Status plan_fetch(const AstFetch *fetch, const Portal *cursor, FetchState *state,
                         Error *err) {
    switch (fetch->direction) {
    case AST_FETCH_FORWARD:
        if (!fetch->is_all && fetch->count < 0)
            return backward(fetch, err);
        state->remaining = fetch->is_all ? INT64_MAX : fetch->count;
        return STATUS_OK;
    case AST_FETCH_RELATIVE:
        if (fetch->count < 1)
            return backward(fetch, err);
        *state = (FetchState) {.skip = fetch->count - 1, .remaining = 1};
        return STATUS_OK;
    case AST_FETCH_ABSOLUTE:
        if (fetch->count <= cursor->position)
            return backward(fetch, err);
        *state = (FetchState) {.skip = fetch->count - cursor->position - 1, .remaining = 1};
        return STATUS_OK;
    case AST_FETCH_BACKWARD:
        break;
    }
    return backward(fetch, err);
}

static Status fetch_open(Portal *portal, Error *err) {
    const AstFetch *fetch = (const AstFetch *) portal->statement->node;
    FetchState *state = arena_new(portal->arena, FetchState);

    TRY(find_cursor(portal->session, fetch, &portal->target, err));
    TRY(plan_fetch(fetch, portal->target, state, err));
    portal->state = state;
    portal->is_binary = portal->target->is_binary;
    if (!fetch->is_move)
        portal->shape = portal->target->shape;
    return STATUS_OK;
}

static Status fetch_describe(Prepared *statement, Error *err) {
    const AstFetch *fetch = (const AstFetch *) statement->node;
    Portal *cursor = NULL;

    if (fetch->is_move)
        return STATUS_OK;
    TRY(find_cursor(statement->session, fetch, &cursor, err));
    statement->shape = shape_copy(&cursor->shape, statement->arena);
    return STATUS_OK;
}

static Status drop_batch(RowReceiver *receiver, const Batch *batch, Error *err) {
    return STATUS_OK;
}

/* Pass over state->skip rows. STATUS_OK: the cursor is at its end. */
static Status skip_rows(Portal *cursor, FetchState *state, Error *err) {
    RowReceiver nobody = {drop_batch};
    Status status = STATUS_MORE;

    while (state->skip > 0 && status == STATUS_MORE) {
        int64_t rows = 0;

        status = portal_run(cursor, (PortalLimits) {.rows_max = state->skip}, &nobody, &rows, err);
        state->skip -= rows;
    }
    return status;
}

static Status fetch_run(Portal *portal, PortalLimits limits, RowReceiver *receiver,
                        int64_t *ret_rows, Error *err) {
    const AstFetch *fetch = (const AstFetch *) portal->statement->node;
    FetchState *state = portal->state;
    RowReceiver nobody = {drop_batch};
    Status status = skip_rows(portal->target, state, err);

    if (status == STATUS_ERROR)
        return status;
    if (status == STATUS_MORE && state->remaining > 0) {
        int64_t wanted = state->remaining == INT64_MAX ? 0 : state->remaining;

        if (limits.rows_max > 0 && (wanted == 0 || wanted > limits.rows_max))
            wanted = limits.rows_max;
        status =
            portal_run(portal->target,
                       (PortalLimits) {.rows_max = wanted, .bytes_wanted = limits.bytes_wanted},
                       fetch->is_move ? &nobody : receiver, ret_rows, err);
        if (status == STATUS_ERROR)
            return status;
        state->given += *ret_rows;
        if (state->remaining != INT64_MAX)
            state->remaining -= *ret_rows;
    }
    portal_set_tag(portal, "%s %lld", fetch->is_move ? "MOVE" : "FETCH", (long long) state->given);
    if (fetch->is_move)
        *ret_rows = 0;
    return status == STATUS_MORE && state->remaining > 0 ? STATUS_MORE : STATUS_OK;
}

const StatementType fetch_statement = {
    .kind = AST_FETCH, .describe = fetch_describe, .open = fetch_open, .run = fetch_run};

/* -------- CLOSE -------- */

static Status close_run(Portal *portal, PortalLimits limits, RowReceiver *receiver,
                        int64_t *ret_rows, Error *err) {
    const AstCloseCursor *close = (const AstCloseCursor *) portal->statement->node;
    Session *session = portal->session;
    Portal *cursor = NULL;

    portal_set_tag(portal, close->name ? "CLOSE CURSOR" : "CLOSE CURSOR ALL");
    if (!close->name) {
        session_close_portals(session);
        return STATUS_OK;
    }
    if (session_find_portal(session, close->name, &cursor, err) != STATUS_OK)
        return error_at(err, close->base.position, INVALID_CURSOR_NAME,
                        "cursor \"%s\" does not exist", close->name);
    portal_close(cursor);
    return STATUS_OK;
}

const StatementType close_statement = {.kind = AST_CLOSE_CURSOR, .run = close_run};
