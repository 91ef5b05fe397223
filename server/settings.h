/* Settings: the one table of what SET, SHOW, the config file and --set know.
 *
 * A setting has a type, a default and a context that says who may change it. Values are kept as
 * canonical text; numbers are parsed when they are set, so that reading never fails. A Settings
 * holds the values that differ from those of its base: session over server over the table. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"

typedef enum SettingType {
    SETTING_TYPE_TEXT,
    SETTING_TYPE_CHOICE,
    SETTING_TYPE_BOOL,
    SETTING_TYPE_INTEGER,
    SETTING_TYPE_MILLISECONDS, /* integer with unit: '5s', '200ms' */
    SETTING_TYPE_SIZE,         /* bytes with unit: '64MB' */
} SettingType;

typedef enum SettingContext {
    SETTING_CONTEXT_INTERNAL, /* a fact; nobody sets it */
    SETTING_CONTEXT_SERVER,   /* command line and config file only */
    SETTING_CONTEXT_USER,     /* SET */
} SettingContext;

enum {
    SETTING_REPORTED = 1, /* in ParameterStatus */
    SETTING_LIST = 2,     /* SET takes a, b, c */
    SETTING_REPORTED_LIST = 3,
};

/* clang-format off */
/*    id, name, type, context, fallback, flags */
#define SETTINGS_TABLE(X)                                                                        \
    X(ALLOWED_DIRECTORIES,    "allowed_directories",    TEXT, SERVER, "", SETTING_LIST)          \
    X(APPLICATION_NAME,       "application_name",       TEXT, USER, "", SETTING_REPORTED)        \
    X(BYTEA_OUTPUT,           "bytea_output",           CHOICE, USER, "hex", 0)                  \
    X(CLIENT_ENCODING,        "client_encoding",        TEXT, USER, "UTF8", SETTING_REPORTED)    \
    X(CLIENT_MIN_MESSAGES,    "client_min_messages",    CHOICE, USER, "notice", 0)               \
    X(DATA_DIRECTORY,         "data_directory",         TEXT, SERVER, "", 0)                     \
    X(DATE_STYLE, "DateStyle", TEXT, USER, "ISO, MDY", SETTING_REPORTED_LIST)                    \
    X(DEFAULT_ISOLATION, "default_transaction_isolation", CHOICE, USER, "read committed", 0)     \
    X(DEFAULT_DEFERRABLE,     "default_transaction_deferrable", BOOL, USER, "off", 0)            \
    X(DEFAULT_READ_ONLY, "default_transaction_read_only", BOOL, USER, "off", SETTING_REPORTED)   \
    X(DISABLE_RULES,          "disable_rules",          TEXT, USER, "", SETTING_LIST)            \
    X(EXTRA_FLOAT_DIGITS,     "extra_float_digits",     INTEGER, USER, "1", 0)                   \
    X(HTTP,                   "http",                   TEXT, SERVER, "", 0)                     \
    X(IDLE_TX_TIMEOUT,        "idle_in_transaction_session_timeout", MILLISECONDS, USER, "0", 0) \
    X(IN_HOT_STANDBY,         "in_hot_standby",         BOOL, INTERNAL, "off", SETTING_REPORTED) \
    X(INTEGER_DATETIMES,      "integer_datetimes",      BOOL, INTERNAL, "on", SETTING_REPORTED)  \
    X(INTERVAL_STYLE, "IntervalStyle", CHOICE, USER, "postgres", SETTING_REPORTED)               \
    X(IS_SUPERUSER,           "is_superuser",           BOOL, INTERNAL, "on", SETTING_REPORTED)  \
    X(JIT,                    "jit",                    BOOL, USER, "off", 0)                    \
    X(LISTEN,                 "listen",                 TEXT, SERVER, "127.0.0.1:5440", 0)       \
    X(LOCK_TIMEOUT,           "lock_timeout",           MILLISECONDS, USER, "0", 0)              \
    X(LOG_LEVEL,              "log_level",              CHOICE, SERVER, "info", 0)               \
    X(MAX_CONNECTIONS,        "max_connections",        INTEGER, SERVER, "1000", 0)              \
    X(MAX_IDENTIFIER,         "max_identifier_length",  INTEGER, INTERNAL, "63", 0)              \
    X(MEMORY_LIMIT,           "memory_limit",           SIZE, SERVER, "0", 0)                    \
    X(ROLE,                   "role",                   TEXT, USER, "none", 0)                   \
    X(ROW_SECURITY,           "row_security",           BOOL, USER, "on", 0)                     \
    X(SEARCH_PATH, "search_path", TEXT, USER, "public, millrace", SETTING_LIST)                  \
    X(SECRET_KEY_FILE,        "secret_key_file",        TEXT, SERVER, "", 0)                     \
    X(SERVER_ENCODING, "server_encoding", TEXT, INTERNAL, "UTF8", SETTING_REPORTED)              \
    X(SERVER_VERSION, "server_version", TEXT, INTERNAL, "15.5", SETTING_REPORTED)                \
    X(SERVER_VERSION_NUM,     "server_version_num",     INTEGER, INTERNAL, "150005", 0)          \
    X(SESSION_AUTHORIZATION,  "session_authorization",  TEXT, INTERNAL, "", SETTING_REPORTED)    \
    X(STANDARD_STRINGS,       "standard_conforming_strings", BOOL, USER, "on", SETTING_REPORTED) \
    X(STATEMENT_TIMEOUT,      "statement_timeout",      MILLISECONDS, USER, "0", 0)              \
    X(SYNCHRONOUS_COMMIT,     "synchronous_commit",     BOOL, USER, "on", 0)                     \
    X(TIME_ZONE,              "TimeZone",               TEXT, USER, "UTC", SETTING_REPORTED)     \
    X(TRANSACTION_ISOLATION,  "transaction_isolation",  CHOICE, USER, "read committed", 0)       \
    X(TRANSACTION_DEFERRABLE, "transaction_deferrable", BOOL, USER, "off", 0)                    \
    X(TRANSACTION_READ_ONLY,  "transaction_read_only",  BOOL, USER, "off", 0)                    \
    X(WAIT_FOR_STREAMS,       "wait_for_streams",       BOOL, USER, "off", 0)                    \
    X(WORKERS,                "workers",                INTEGER, SERVER, "0", 0)
/* clang-format on */

typedef enum SettingId {
#define X(id, name, type, context, fallback, flags) SETTING_##id,
    SETTINGS_TABLE(X)
#undef X
        SETTING_COUNT,
} SettingId;

typedef struct SettingSpec {
    const char *name; /* as SHOW prints it; found without case */
    SettingType type;
    SettingContext context;
    const char *fallback;
    unsigned flags;
} SettingSpec;

extern const SettingSpec setting_specs[SETTING_COUNT]; /* sorted as SHOW ALL does */

typedef struct Settings {
    const struct Settings *base; /* borrowed; NULL: the table's fallbacks */
    char *values[SETTING_COUNT]; /* owned; NULL: as the base says */
} Settings;

void settings_init(Settings *settings, const Settings *base);
void settings_done(Settings *settings);
/* Make `settings` what `from` is; the base too. */
void settings_assign(Settings *settings, const Settings *from);

/* 42704 with the nearest name as hint. */
MUST_USE Status setting_lookup(const char *name, int position, SettingId *ret_id, Error *err);
/* Check and keep. `context` is who asks: 55P02 when he may not. 22023 for a bad value. */
MUST_USE Status settings_set(Settings *settings, SettingId id, const char *value,
                             SettingContext context, Error *err);
void settings_reset(Settings *settings, SettingId id);
const char *settings_text(const Settings *settings, SettingId id);
int64_t settings_number(const Settings *settings, SettingId id); /* BOOL: 0, 1; SIZE: bytes */
const char *setting_doc(SettingId id);
const char *setting_type_name(SettingType type); /* as pg_settings.vartype */
