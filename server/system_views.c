/* System views that the server itself fills: millrace.settings, millrace.sessions. */
#include "server/system_views.h"

#include <stdio.h>
#include <string.h>

#include "server/session_state.h"

static Value text_or_null(const char *text) {
    return text && text[0] ? value_text(SQL_TYPE(TEXT), text, strlen(text))
                           : value_null(SQL_TYPE(TEXT));
}

static Value text_of(const char *text) {
    return value_text(SQL_TYPE(TEXT), text, strlen(text));
}

static Value timestamptz_of(int64_t micros) {
    Value value = value_int8(micros);

    value.type = SQL_TYPE(TIMESTAMPTZ);
    return value;
}

/* -------- settings -------- */

static const SystemColumn settings_columns[] = {
    {"name", TYPE_TEXT},    {"setting", TYPE_TEXT}, {"type", TYPE_TEXT},
    {"context", TYPE_TEXT}, {"default", TYPE_TEXT}, {"description", TYPE_TEXT},
    {NULL, TYPE_UNKNOWN},
};

static Status produce_settings(SystemTableScan *scan, Error *err) {
    static const char *const contexts[] = {"internal", "server", "user"};
    const Session *session = scan->session;
    const Settings *settings = session ? &session->settings : &scan->server->server->settings;

    for (int i = 0; i < SETTING_COUNT; i++) {
        const SettingSpec *spec = &setting_specs[i];
        Value row[] = {text_of(spec->name),
                       text_of(settings_text(settings, (SettingId) i)),
                       text_of(setting_type_name(spec->type)),
                       text_of(contexts[spec->context]),
                       text_of(spec->fallback),
                       text_of(setting_doc((SettingId) i))};

        TRY(scan->emit(scan, row, err));
    }
    return STATUS_OK;
}

static const SystemTable table_settings = {"millrace", "settings", settings_columns,
                                           produce_settings};

/* -------- sessions -------- */

static const SystemColumn sessions_columns[] = {
    {"id", TYPE_INT8},
    {"user_name", TYPE_TEXT},
    {"database", TYPE_TEXT},
    {"application_name", TYPE_TEXT},
    {"client_address", TYPE_TEXT},
    {"state", TYPE_TEXT},
    {"started_at", TYPE_TIMESTAMPTZ},
    {"query_at", TYPE_TIMESTAMPTZ},
    {"query", TYPE_TEXT},
    {NULL, TYPE_UNKNOWN},
};

enum { SESSION_VALUES = 9 };

/* A copy of what is guarded, so that no row is made while the lock is held. */
static int copy_sessions(Server *server, Arena *arena, Value **ret_rows) {
    Value *rows;
    int count = 0;

    pthread_mutex_lock(&server->session_mutex);
    rows = arena_new_array(arena, Value, (size_t) server->session_count * SESSION_VALUES + 1);
    for (Session *session = server->first_session; session; session = session->next, count++) {
        Value row[SESSION_VALUES] = {
            value_int8(session->process_id),
            text_of(session->user),
            text_of(session->database),
            text_of(session->application_name),
            text_or_null(session->client_address),
            text_of(session->is_active ? "active" : "idle"),
            timestamptz_of(session->started_at_us),
            session->query_at_us ? timestamptz_of(session->query_at_us)
                                 : value_null(SQL_TYPE(TIMESTAMPTZ)),
            text_or_null(session->query),
        };

        for (int i = 0; i < SESSION_VALUES; i++)
            rows[count * SESSION_VALUES + i] = value_copy(&row[i], arena);
    }
    pthread_mutex_unlock(&server->session_mutex);
    *ret_rows = rows;
    return count;
}

static Status produce_sessions(SystemTableScan *scan, Error *err) {
    Value *rows = NULL;
    int count = copy_sessions(scan->server->server, scan->arena, &rows);

    for (int i = 0; i < count; i++)
        TRY(scan->emit(scan, &rows[i * SESSION_VALUES], err));
    return STATUS_OK;
}

static const SystemTable table_sessions = {"millrace", "sessions", sessions_columns,
                                           produce_sessions};

const SystemTable *const server_system_tables[] = {&table_settings, &table_sessions, NULL};
