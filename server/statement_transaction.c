/* BEGIN, COMMIT, ROLLBACK, SAVEPOINT and what belongs to them. */
#include <string.h>

#include "base/memory.h"
#include "parser/ast_statement.h"
#include "server/session_state.h"

static void warn(Session *session, SqlState state, const char *message) {
    session_notice(session, SESSION_WARNING, state, "%s", message);
}

static Status begin(Session *session, const AstTransaction *node, Error *err) {
    if (session->transaction == TRANSACTION_BLOCK) {
        warn(session, SQLSTATE_ACTIVE_SQL_TRANSACTION,
             "there is already a transaction in progress");
    } else {
        session->transaction = TRANSACTION_BLOCK;
        if (!session->transaction_at_us)
            session->transaction_at_us = server_now_us(session->server);
    }
    return session_set_transaction_modes(session, &node->modes, false, err);
}

static void begin_chained(Session *session) {
    session->transaction = TRANSACTION_BLOCK;
    session->transaction_at_us = server_now_us(session->server);
}

/* COMMIT and ROLLBACK. Outside of a block: a warning, as PostgreSQL. */
static Status end(Portal *portal, const AstTransaction *node, Error *err) {
    Session *session = portal->session;
    bool is_block = session->transaction == TRANSACTION_BLOCK;
    bool is_failed = session->transaction == TRANSACTION_FAILED;
    bool is_commit = node->action == AST_TRANSACTION_COMMIT && !is_failed;
    Status status = STATUS_OK;

    portal_set_tag(portal, is_commit ? "COMMIT" : "ROLLBACK");
    if (!is_block && !is_failed) {
        if (node->and_chain)
            return error_at(err, node->base.position, NO_ACTIVE_SQL_TRANSACTION,
                            "%s AND CHAIN can only be used in transaction blocks",
                            is_commit ? "COMMIT" : "ROLLBACK");
        warn(session, SQLSTATE_NO_ACTIVE_SQL_TRANSACTION, "there is no transaction in progress");
    }
    if (is_commit)
        status = session_commit(session, err);
    else
        session_rollback(session);
    if (status == STATUS_OK && node->and_chain)
        begin_chained(session);
    return status;
}

/* -------- savepoints -------- */

static Status require_block(const Session *session, const char *what, Error *err) {
    if (session->transaction == TRANSACTION_BLOCK || session->transaction == TRANSACTION_FAILED)
        return STATUS_OK;
    return error_set(err, NO_ACTIVE_SQL_TRANSACTION, "%s can only be used in transaction blocks",
                     what);
}

static void push_savepoint(Session *session, const char *name) {
    Savepoint *savepoint = memory_zalloc(sizeof(*savepoint));

    savepoint->name = memory_strdup(name);
    savepoint->catalog_mark =
        session->catalog_transaction ? catalog_transaction_mark(session->catalog_transaction) : 0;
    savepoint->next = session->savepoints;
    session->savepoints = savepoint;
}

static void pop_savepoint(Session *session) {
    Savepoint *savepoint = session->savepoints;

    session->savepoints = savepoint->next;
    memory_free(savepoint->name);
    memory_free(savepoint);
}

/* Savepoints above the named one go. */
static Status cut_to_savepoint(Session *session, const AstTransaction *node, Error *err) {
    Savepoint *found = session->savepoints;

    while (found && strcmp(found->name, node->savepoint) != 0)
        found = found->next;
    if (!found)
        return error_at(err, node->base.position, INVALID_SAVEPOINT,
                        "savepoint \"%s\" does not exist", node->savepoint);
    while (session->savepoints != found)
        pop_savepoint(session);
    return STATUS_OK;
}

static Status rollback_to(Session *session, const AstTransaction *node, Error *err) {
    TRY(require_block(session, "ROLLBACK TO SAVEPOINT", err));
    TRY(cut_to_savepoint(session, node, err));
    if (session->catalog_transaction)
        catalog_rollback_to(session->catalog_transaction, session->savepoints->catalog_mark);
    session->transaction = TRANSACTION_BLOCK;
    return STATUS_OK;
}

static Status release(Session *session, const AstTransaction *node, Error *err) {
    TRY(require_block(session, "RELEASE SAVEPOINT", err));
    TRY(cut_to_savepoint(session, node, err));
    pop_savepoint(session);
    return STATUS_OK;
}

/* In a failed block, only the statements that leave it are allowed. */
static Status check_failed(const Session *session, const AstTransaction *node, Error *err) {
    bool leaves = node->action == AST_TRANSACTION_COMMIT ||
                  node->action == AST_TRANSACTION_ROLLBACK ||
                  node->action == AST_TRANSACTION_ROLLBACK_TO;

    if (session->transaction != TRANSACTION_FAILED || leaves)
        return STATUS_OK;
    return error_set(err, IN_FAILED_SQL_TRANSACTION,
                     "current transaction is aborted, commands ignored until end of transaction "
                     "block");
}

static Status transaction_run(Portal *portal, PortalLimits limits, RowReceiver *receiver,
                              int64_t *ret_rows, Error *err) {
    const AstTransaction *node = (const AstTransaction *) portal->statement->node;
    Session *session = portal->session;

    TRY(check_failed(session, node, err));
    switch (node->action) {
    case AST_TRANSACTION_BEGIN:
        portal_set_tag(portal, "BEGIN");
        return begin(session, node, err);
    case AST_TRANSACTION_COMMIT:
    case AST_TRANSACTION_ROLLBACK:
        return end(portal, node, err);
    case AST_TRANSACTION_SAVEPOINT:
        portal_set_tag(portal, "SAVEPOINT");
        TRY(require_block(session, "SAVEPOINT", err));
        push_savepoint(session, node->savepoint);
        return STATUS_OK;
    case AST_TRANSACTION_RELEASE:
        portal_set_tag(portal, "RELEASE");
        return release(session, node, err);
    case AST_TRANSACTION_ROLLBACK_TO:
        break;
    }
    portal_set_tag(portal, "ROLLBACK");
    return rollback_to(session, node, err);
}

/* COMMIT of a transaction with DDL waits for the disk. */
static bool transaction_blocks(const Portal *portal) {
    return portal->session->catalog_transaction != NULL;
}

const StatementType transaction_statement = {.kind = AST_TRANSACTION,
                                             .blocks = transaction_blocks,
                                             .is_allowed_in_failed = true,
                                             .run = transaction_run};
