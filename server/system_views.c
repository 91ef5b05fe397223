/* System views that the server itself fills: millrace.settings, millrace.sessions. */
#include "server/system_views.h"

#include "connector/system_row.h"
#include "server/session_state.h"

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
        SystemRow row = {.count = 0};

        system_put_text(&row, spec->name);
        system_put_text(&row, settings_text(settings, (SettingId) i));
        system_put_text(&row, setting_type_name(spec->type));
        system_put_text(&row, contexts[spec->context]);
        system_put_text(&row, spec->fallback);
        system_put_text(&row, setting_doc((SettingId) i));
        TRY(scan->emit(scan, row.values, err));
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

static void put_text_if_any(SystemRow *row, const char *text) {
    system_put_text(row, text && text[0] ? text : NULL);
}

/* A copy of what is guarded, so that no row is given while the lock is held. */
static int copy_sessions(Server *server, Arena *arena, SystemRow **ret_rows) {
    SystemRow *rows;
    int count = 0;

    pthread_mutex_lock(&server->session_mutex);
    rows = arena_new_array(arena, SystemRow, (size_t) server->session_count + 1);
    for (Session *session = server->first_session; session; session = session->next) {
        SystemRow *row = &rows[count++];

        system_put_int8(row, session->process_id);
        system_put_text(row, session->user);
        system_put_text(row, session->database);
        system_put_text(row, session->application_name);
        put_text_if_any(row, session->client_address);
        system_put_text(row, session->is_active ? "active" : "idle");
        system_put_time(row, session->started_at_us);
        system_put_time(row, session->query_at_us ? session->query_at_us : INT64_MIN);
        put_text_if_any(row, session->query);
        for (int i = 0; i < row->count; i++)
            row->values[i] = value_copy(&row->values[i], arena);
    }
    pthread_mutex_unlock(&server->session_mutex);
    *ret_rows = rows;
    return count;
}

static Status produce_sessions(SystemTableScan *scan, Error *err) {
    SystemRow *rows = NULL;
    int count = copy_sessions(scan->server->server, scan->arena, &rows);

    for (int i = 0; i < count; i++)
        TRY(scan->emit(scan, rows[i].values, err));
    return STATUS_OK;
}

static const SystemTable table_sessions = {"millrace", "sessions", sessions_columns,
                                           produce_sessions};

const SystemTable *const server_system_tables[] = {&table_settings, &table_sessions, NULL};
