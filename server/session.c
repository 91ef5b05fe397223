#include "server/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/flag.h"
#include "base/memory.h"
#include "server/session_state.h"

/* -------- the list -------- */

static Status enter_list(Session *session, Error *err) {
    Server *server = session->server;
    int64_t limit = settings_number(&server->settings, SETTING_MAX_CONNECTIONS);
    bool is_full;

    pthread_mutex_lock(&server->session_mutex);
    is_full = server->session_count >= limit;
    if (!is_full) {
        session->process_id = ++server->next_process_id;
        session->next = server->first_session;
        if (session->next)
            session->next->previous = session;
        server->first_session = session;
        server->session_count++;
    }
    pthread_mutex_unlock(&server->session_mutex);
    if (!is_full)
        return STATUS_OK;
    error_set(err, TOO_MANY_CONNECTIONS, "sorry, too many clients already");
    return error_hint(err, "Close connections, or raise max_connections (now %lld).",
                      (long long) limit);
}

static void leave_list(Session *session) {
    Server *server = session->server;

    if (session->process_id == 0)
        return;
    pthread_mutex_lock(&server->session_mutex);
    if (session->previous)
        session->previous->next = session->next;
    else
        server->first_session = session->next;
    if (session->next)
        session->next->previous = session->previous;
    server->session_count--;
    pthread_mutex_unlock(&server->session_mutex);
}

Status session_create(Server *server, const SessionStart *start, SessionClient *client,
                      Session **ret_session, Error *err) {
    Session *session = memory_zalloc(sizeof(*session));
    Status status;

    session->server = server;
    session->client = client;
    session->user = memory_strdup(start->user);
    session->database = memory_strdup(start->database);
    session->client_address = memory_strdup(start->client_address);
    session->started_at_us = server_now_us(server);
    session->secret = (uint32_t) server->context->random_u64(server->context);
    settings_init(&session->startup_settings, &server->settings);
    settings_init(&session->settings, &session->startup_settings);
    session->startup_settings.values[SETTING_SESSION_AUTHORIZATION] = memory_strdup(start->user);
    session_refresh_forms(session);
    status = enter_list(session, err);
    if (status != STATUS_OK) {
        session_destroy(session);
        return status;
    }
    *ret_session = session;
    return STATUS_OK;
}

Session *session_destroy(Session *session) {
    if (!session)
        return NULL;
    leave_list(session);
    while (session->portals)
        portal_close(session->portals);
    while (session->statements)
        session_close_statement(session, session->statements->name);
    if (session->transaction != TRANSACTION_NONE || session->catalog_transaction)
        session_rollback(session);
    settings_done(&session->settings);
    settings_done(&session->startup_settings);
    memory_free(session->user);
    memory_free(session->database);
    memory_free(session->client_address);
    memory_free(session);
    return NULL;
}

void session_end(Session *session) {
    pthread_mutex_lock(&session->server->session_mutex);
    session->is_ended = true;
    flag_set(&session->cancel, true);
    pthread_mutex_unlock(&session->server->session_mutex);
}

void session_time_out(Session *session) {
    pthread_mutex_lock(&session->server->session_mutex);
    if (session->is_active) {
        session->is_timed_out = true;
        flag_set(&session->cancel, true);
    }
    pthread_mutex_unlock(&session->server->session_mutex);
}

bool server_cancel_session(Server *server, uint32_t process_id, uint32_t secret) {
    bool is_found = false;

    pthread_mutex_lock(&server->session_mutex);
    for (Session *session = server->first_session; session; session = session->next)
        if (session->process_id == process_id && session->secret == secret) {
            is_found = true;
            /* A request that comes between two statements is late: it cancels nothing. */
            if (session->is_active)
                flag_set(&session->cancel, true);
        }
    pthread_mutex_unlock(&server->session_mutex);
    return is_found;
}

uint32_t session_process_id(const Session *session) {
    return session->process_id;
}

uint32_t session_secret(const Session *session) {
    return session->secret;
}

Settings *session_settings(Session *session) {
    return &session->settings;
}

/* -------- what statements see -------- */

static IntervalStyle interval_style_of(const char *name) {
    static const char *const names[] = {
        [INTERVAL_STYLE_POSTGRES] = "postgres",
        [INTERVAL_STYLE_POSTGRES_VERBOSE] = "postgres_verbose",
        [INTERVAL_STYLE_SQL_STANDARD] = "sql_standard",
        [INTERVAL_STYLE_ISO_8601] = "iso_8601",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcmp(names[i], name) == 0)
            return (IntervalStyle) i;
    return INTERVAL_STYLE_POSTGRES;
}

void session_refresh_forms(Session *session) {
    const Settings *settings = &session->settings;
    const TimeZone *zone = timezone_utc();
    Error error;

    session->forms = form_settings_default;
    IGNORE(timezone_find_setting(settings_text(settings, SETTING_TIME_ZONE), &zone,
                                 &error)); /* was checked when it was set */
    session->forms.time_zone = zone;
    session->forms.interval_style =
        interval_style_of(settings_text(settings, SETTING_INTERVAL_STYLE));
    session->forms.extra_float_digits = (int) settings_number(settings, SETTING_EXTRA_FLOAT_DIGITS);
    session->forms.bytea_hex = strcmp(settings_text(settings, SETTING_BYTEA_OUTPUT), "hex") == 0;
}

const FormSettings *session_form_settings(Session *session) {
    return &session->forms;
}

void session_init_eval(Session *session, EvalContext *ret_eval) {
    Server *server = session->server;
    int64_t now_us = server_now_us(server);

    if (session->transaction != TRANSACTION_NONE && session->transaction_at_us)
        session->forms.now_us = session->transaction_at_us;
    else
        session->forms.now_us = now_us;
    *ret_eval = (EvalContext) {.settings = &session->forms,
                               .now_us = session->forms.now_us,
                               .wall_us = now_us,
                               .seed = server->context->random_u64(server->context),
                               .user_name = session->user,
                               .database_name = session->database,
                               .session = session};
}

/* -------- notices and settings -------- */

/* Rank of a message level in client_min_messages' list. */
static bool is_wanted(const Session *session, SessionSeverity severity) {
    const char *least = settings_text(&session->settings, SETTING_CLIENT_MIN_MESSAGES);

    if (strcmp(least, "error") == 0)
        return severity == SESSION_INFO;
    if (strcmp(least, "warning") == 0)
        return severity != SESSION_NOTICE;
    return true;
}

void session_send_notice(Session *session, SessionSeverity severity, const Error *notice) {
    if (is_wanted(session, severity))
        session->client->notice(session->client, severity, notice);
}

void session_notice(Session *session, SessionSeverity severity, SqlState state, const char *format,
                    ...) {
    Error notice = {.sqlstate = state};
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(notice.message, sizeof(notice.message), format, arguments);
    va_end(arguments);
    session_send_notice(session, severity, &notice);
}

static const char *reported_text(const Session *session, SettingId id) {
    return settings_text(&session->settings, id);
}

void session_report_settings(Session *session) {
    for (int i = 0; i < SETTING_COUNT; i++)
        if (setting_specs[i].flags & SETTING_REPORTED)
            session->client->parameter_status(session->client, setting_specs[i].name,
                                              reported_text(session, (SettingId) i));
}

void session_report_changes(Session *session, const Settings *before) {
    for (int i = 0; i < SETTING_COUNT; i++) {
        const char *now = settings_text(&session->settings, (SettingId) i);

        if ((setting_specs[i].flags & SETTING_REPORTED) &&
            strcmp(now, settings_text(before, (SettingId) i)) != 0)
            session->client->parameter_status(session->client, setting_specs[i].name, now);
    }
}

Status session_set(Session *session, const char *name, const char *value, Error *err) {
    SettingId id;

    TRY(setting_lookup(name, 0, &id, err));
    TRY(settings_set(&session->startup_settings, id, value, SETTING_CONTEXT_USER, err));
    session_refresh_forms(session);
    return STATUS_OK;
}

/* -------- the catalog and the planner -------- */

CatalogSnapshot *session_snapshot(Session *session) {
    if (session->catalog_transaction) {
        CatalogSnapshot *own = catalog_transaction_snapshot(session->catalog_transaction);

        return catalog_snapshot_ref(own);
    }
    return catalog_snapshot(session->server->catalog);
}

static void planner_notice(void *data, const char *message, const char *hint) {
    Error notice = {.sqlstate = SQLSTATE_SUCCESSFUL_COMPLETION};

    snprintf(notice.message, sizeof(notice.message), "%s", message);
    snprintf(notice.hint, sizeof(notice.hint), "%s", hint);
    session_send_notice(data, SESSION_NOTICE, &notice);
}

void session_init_planner(Session *session, Arena *arena, const CatalogSnapshot *snapshot,
                          PlannerContext *ret_context) {
    *ret_context = (PlannerContext) {.arena = arena,
                                     .catalog = snapshot,
                                     .registry = session->server->registry,
                                     .environment = &session->server->options,
                                     .notice = planner_notice,
                                     .notice_data = session};
}
