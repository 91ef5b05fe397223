/* ALTER STREAM s PAUSE | RESUME | RESTART | STEP, WAIT FOR STREAM, FLUSH.
 *
 * They reach out to running streams, so none can be part of a transaction block; what an implicit
 * transaction did before is committed first, so that CREATE STREAM …; WAIT FOR STREAM … works in
 * one message. */

#include "parser/ast_expr.h"
#include "parser/ast_statement.h"
#include "server/session_state.h"
#include "types/datetime_form.h"

/* -------- ALTER STREAM -------- */

static Status find_stream(Session *session, const AstName *name, CatalogSnapshot **ret_snapshot,
                          const Relation **ret_stream, Error *err) {
    CatalogSnapshot *snapshot = session_snapshot(session);
    Status status = find_object(snapshot, AST_OBJECT_STREAM, name, ret_stream, err);

    if (status != STATUS_OK) {
        catalog_snapshot_unref(snapshot);
        return status;
    }
    *ret_snapshot = snapshot;
    return STATUS_OK;
}

/* FROM SCRATCH: the same text as a new object, with a new id and incarnation. It is looked up under
 * the writer lock: before it, another session may drop it. */
static Status restart_from_scratch(Session *session, const AstName *name, Error *err) {
    CatalogTransaction *transaction = NULL;
    CatalogSnapshot *snapshot;
    const Relation *stream = NULL;
    const Relation *created = NULL;
    StrBuf dropped = {0};
    Status status;

    TRY(session_catalog_transaction(session, &transaction, err));
    snapshot = catalog_snapshot_ref(catalog_transaction_snapshot(transaction)); /* keeps its text */
    status = find_object(snapshot, AST_OBJECT_STREAM, name, &stream, err);
    if (status == STATUS_OK)
        status = catalog_drop(transaction, stream->id, false, &dropped, err);
    if (status == STATUS_OK)
        status = catalog_create(transaction, stream, &created, err);
    strbuf_done(&dropped);
    catalog_snapshot_unref(snapshot);
    return status;
}

static Status alter_stream(Session *session, const AstAlter *alter, const Relation *stream,
                           Error *err) {
    StreamManager *manager = session->server->streams;

    switch (alter->action) {
    case AST_ALTER_PAUSE:
        return manager_pause(manager, stream->id, err);
    case AST_ALTER_RESUME:
        return manager_resume(manager, stream->id, err);
    case AST_ALTER_RESTART:
        return manager_restart(manager, stream->id, err);
    default:
        return manager_step(manager, stream->id, alter->steps, &session->cancel, err);
    }
}

Status alter_stream_run(Portal *portal, const AstAlter *alter, Error *err) {
    Session *session = portal->session;
    CatalogSnapshot *snapshot = NULL;
    const Relation *stream = NULL;
    Status status;

    TRY(session_leave_transaction(session, "ALTER STREAM", err));
    if (alter->action == AST_ALTER_RESTART && alter->is_from_scratch)
        return restart_from_scratch(session, alter->name, err);
    TRY(find_stream(session, alter->name, &snapshot, &stream, err));
    status = alter_stream(session, alter, stream, err);
    catalog_snapshot_unref(snapshot);
    return status;
}

/* -------- WAIT FOR STREAM -------- */

/* TIMEOUT interval; *ret_us 0: none. */
static Status read_timeout(const Session *session, const AstNode *node, int64_t *ret_us,
                           Error *err) {
    const AstNode *inner = node;
    const AstLiteral *literal;
    Interval interval;
    Status status;
    __int128 span;

    *ret_us = 0;
    if (!node)
        return STATUS_OK;
    if (node->kind == AST_CAST)
        inner = ((const AstCast *) node)->operand;
    literal = (const AstLiteral *) inner;
    if (inner->kind != AST_LITERAL || literal->literal != AST_LITERAL_STRING)
        return error_at(err, node->position, FEATURE_NOT_SUPPORTED,
                        "TIMEOUT must be an interval literal");
    status =
        interval_parse_text(literal->text, literal->length, -1, &session->forms, &interval, err);
    if (status != STATUS_OK) {
        err->position = inner->position;
        return status;
    }
    span = interval_span(&interval);
    if (span <= 0 || span > INT64_MAX)
        return error_at(err, inner->position, INVALID_PARAMETER, "TIMEOUT must be positive");
    *ret_us = (int64_t) span;
    return STATUS_OK;
}

static Status wait_for_all(Session *session, int64_t timeout_us, Error *err) {
    CatalogSnapshot *snapshot = session_snapshot(session);
    Status status = STATUS_OK;

    for (int i = 0; i < catalog_count(snapshot) && status == STATUS_OK; i++) {
        const Relation *relation = catalog_at(snapshot, i);

        if (relation->kind == RELATION_STREAM)
            status = manager_wait(session->server->streams, relation->id, timeout_us,
                                  &session->cancel, err);
    }
    catalog_snapshot_unref(snapshot);
    return status;
}

static Status wait_run(Portal *portal, PortalLimits limits, RowReceiver *receiver,
                       int64_t *ret_rows, Error *err) {
    const AstWait *wait = (const AstWait *) portal->statement->node;
    Session *session = portal->session;
    CatalogSnapshot *snapshot = NULL;
    const Relation *stream = NULL;
    int64_t timeout_us = 0;
    Status status;

    portal_set_tag(portal, wait->name ? "WAIT" : "FLUSH");
    TRY(session_leave_transaction(session, wait->name ? "WAIT FOR STREAM" : "FLUSH", err));
    TRY(read_timeout(session, wait->timeout, &timeout_us, err));
    if (!wait->name)
        return wait_for_all(session, timeout_us, err);
    TRY(find_stream(session, wait->name, &snapshot, &stream, err));
    status = manager_wait(session->server->streams, stream->id, timeout_us, &session->cancel, err);
    catalog_snapshot_unref(snapshot);
    return status;
}

const StatementType wait_statement = {.kind = AST_WAIT, .may_block = true, .run = wait_run};
