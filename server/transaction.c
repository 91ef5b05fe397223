/* Transactions of a session: implicit ones, blocks, what SET and DDL do to them.
 *
 *               BEGIN                    error
 *   NONE ───────────────► BLOCK ─────────────────► FAILED
 *    ▲ │ several            │ COMMIT, ROLLBACK        │ COMMIT, ROLLBACK
 *    │ └─► IMPLICIT ─BEGIN─►│                         │
 *    └──────────────────────┴─────────────────────────┘
 *
 * SET is undone by ROLLBACK, SET LOCAL by either end, as in PostgreSQL. */
#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "server/session_state.h"

char session_transaction_status(const Session *session) {
    switch (session->transaction) {
    case TRANSACTION_BLOCK:
        return 'T';
    case TRANSACTION_FAILED:
        return 'E';
    case TRANSACTION_NONE:
    case TRANSACTION_IMPLICIT:
        break;
    }
    return 'I';
}

/* -------- settings -------- */

static Settings *settings_free(Settings *settings) {
    if (settings)
        settings_done(settings);
    memory_free(settings);
    return NULL;
}

/* The settings become what `*kept` is. */
static void restore_settings(Session *session, const Settings *kept) {
    Settings before;

    if (!kept)
        return;
    settings_init(&before, NULL);
    settings_assign(&before, &session->settings);
    settings_assign(&session->settings, kept);
    session_refresh_forms(session);
    session_report_changes(session, &before);
    settings_done(&before);
}

/* -------- ends -------- */

static void close_transaction_portals(Session *session) {
    Portal *next;

    for (Portal *portal = session->portals; portal; portal = next) {
        next = portal->next;
        if (!portal->is_holdable)
            portal_close(portal);
    }
}

static void clear_transaction(Session *session) {
    while (session->savepoints) {
        Savepoint *savepoint = session->savepoints;

        session->savepoints = savepoint->next;
        memory_free(savepoint->name);
        memory_free(savepoint);
    }
    session->settings_at_begin = settings_free(session->settings_at_begin);
    session->settings_at_commit = settings_free(session->settings_at_commit);
    session->transaction = TRANSACTION_NONE;
    session->transaction_at_us = 0;
}

void session_rollback(Session *session) {
    close_transaction_portals(session);
    if (session->catalog_transaction)
        catalog_rollback(TAKE(session->catalog_transaction));
    restore_settings(session, session->settings_at_begin);
    clear_transaction(session);
}

Status session_commit(Session *session, Error *err) {
    Status status = STATUS_OK;

    assert(session->transaction != TRANSACTION_FAILED);
    close_transaction_portals(session);
    if (session->catalog_transaction)
        status = catalog_commit(TAKE(session->catalog_transaction), err);
    restore_settings(session, status == STATUS_OK ? session->settings_at_commit
                                                  : session->settings_at_begin);
    clear_transaction(session);
    return status;
}

/* -------- brackets -------- */

void session_begin_implicit(Session *session) {
    if (session->transaction == TRANSACTION_NONE) {
        session->transaction = TRANSACTION_IMPLICIT;
        session->transaction_at_us = server_now_us(session->server);
    }
}

Status session_end_implicit(Session *session, Error *err) {
    if (session->transaction == TRANSACTION_BLOCK || session->transaction == TRANSACTION_FAILED)
        return STATUS_OK;
    return session_commit(session, err);
}

void session_fail(Session *session) {
    if (session->transaction == TRANSACTION_BLOCK)
        session->transaction = TRANSACTION_FAILED;
    else if (session->transaction != TRANSACTION_FAILED)
        session_rollback(session);
}

Status session_commit_statement(Session *session, Error *err) {
    if (session->transaction != TRANSACTION_NONE || !session->catalog_transaction)
        return STATUS_OK;
    return catalog_commit(TAKE(session->catalog_transaction), err);
}

Status session_leave_transaction(Session *session, const char *what, Error *err) {
    if (session->transaction == TRANSACTION_BLOCK)
        return error_set(err, ACTIVE_SQL_TRANSACTION, "%s cannot run inside a transaction block",
                         what);
    if (session->catalog_transaction)
        return catalog_commit(TAKE(session->catalog_transaction), err);
    return STATUS_OK;
}

Status session_catalog_transaction(Session *session, CatalogTransaction **ret_transaction,
                                   Error *err) {
    if (!session->catalog_transaction)
        TRY(catalog_begin(session->server->catalog, &session->cancel, &session->catalog_transaction,
                          err));
    *ret_transaction = session->catalog_transaction;
    return STATUS_OK;
}
