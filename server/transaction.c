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

static Settings *copy_settings(const Settings *from) {
    Settings *copy = memory_zalloc(sizeof(*copy));

    settings_init(copy, NULL);
    settings_assign(copy, from);
    return copy;
}

static Status change_setting(Settings *settings, SettingId id, const char *value, Error *err) {
    if (value)
        return settings_set(settings, id, value, SETTING_CONTEXT_USER, err);
    if (setting_specs[id].context != SETTING_CONTEXT_USER)
        return error_set(err, CANT_CHANGE_RUNTIME_PARAM, "parameter \"%s\" cannot be changed",
                         setting_specs[id].name);
    settings_reset(settings, id);
    return STATUS_OK;
}

Status session_change_setting(Session *session, SettingId id, const char *value, bool is_local,
                              Error *err) {
    const char *before = settings_text(&session->settings, id);
    bool is_reported = setting_specs[id].flags & SETTING_REPORTED;
    char *kept = is_reported ? memory_strdup(before) : NULL;
    Status status;

    if (session->transaction != TRANSACTION_NONE && !session->settings_at_begin) {
        session->settings_at_begin = copy_settings(&session->settings);
        session->settings_at_commit = copy_settings(&session->settings);
    }
    status = change_setting(&session->settings, id, value, err);
    if (status == STATUS_OK && session->settings_at_commit && !is_local)
        status = change_setting(session->settings_at_commit, id, value, err);
    if (status == STATUS_OK) {
        const char *now = settings_text(&session->settings, id);

        session_refresh_forms(session);
        if (is_reported && strcmp(kept, now) != 0)
            session->client->parameter_status(session->client, setting_specs[id].name, now);
    }
    memory_free(kept);
    return status;
}

/* -------- ends -------- */

static void close_transaction_portals(Session *session) {
    Portal *next;

    for (Portal *portal = session->portals; portal; portal = next) {
        next = portal->next;
        if (!portal->is_holdable && !portal->is_running)
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
    if (strcmp(settings_text(&session->settings, SETTING_TRANSACTION_READ_ONLY), "on") == 0)
        return error_set(err, READ_ONLY_SQL_TRANSACTION,
                         "definitions can't change in a read-only transaction");
    if (!session->catalog_transaction)
        TRY(catalog_begin(session->server->catalog, &session->cancel, &session->catalog_transaction,
                          err));
    *ret_transaction = session->catalog_transaction;
    return STATUS_OK;
}
