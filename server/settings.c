#include "server/settings.h"

#include <ctype.h>
#include <stdio.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/nearest.h"
#include "base/strbuf.h"
#include "server/config.h"
#include "types/timezone.h"

/* clang-format off */
const SettingSpec setting_specs[SETTING_COUNT] = {
#define X(id, name, type, context, fallback, flags) \
    {name, SETTING_TYPE_##type, SETTING_CONTEXT_##context, fallback, flags},
    SETTINGS_TABLE(X)
#undef X
};
/* clang-format on */

typedef struct SettingRule {
    SettingId id;
    const char *choices;
    int64_t minimum, maximum; /* of integers; both 0: any */
    const char *doc;
} SettingRule;

static const SettingRule setting_rules[] = {
    {SETTING_ALLOWED_DIRECTORIES, .doc = "folders in which files may be read and written"},
    {SETTING_APPLICATION_NAME, .doc = "name of the client program"},
    {SETTING_BYTEA_OUTPUT, "hex|escape", .doc = "how bytea is printed"},
    {SETTING_CLIENT_ENCODING, .doc = "encoding of the client's texts: UTF8 only"},
    {SETTING_CLIENT_MIN_MESSAGES,
     "debug5|debug4|debug3|debug2|debug1|debug|log|notice|warning|error",
     .doc = "the least message level that is sent to the client"},
    {SETTING_DATA_DIRECTORY, .doc = "the folder that holds everything"},
    {SETTING_DATE_STYLE, .doc = "how dates are printed: ISO only"},
    {SETTING_DEFAULT_ISOLATION, "serializable|repeatable read|read committed|read uncommitted",
     .doc = "accepted for drivers; a statement reads one snapshot"},
    {SETTING_DISABLE_RULES, .doc = "optimizer rules that are off: all, or names"},
    {SETTING_EXTRA_FLOAT_DIGITS, NULL, -15, 3, "digits of floating point numbers"},
    {SETTING_HTTP, .doc = "ADDR:PORT of the HTTP listener"},
    {SETTING_INTERVAL_STYLE, "postgres|postgres_verbose|sql_standard|iso_8601",
     .doc = "how intervals are printed"},
    {SETTING_LISTEN, .doc = "ADDR:PORT of the SQL listener"},
    {SETTING_LOG_LEVEL, "debug|info|warning|error", .doc = "the least level that is logged"},
    {SETTING_MAX_CONNECTIONS, NULL, 1, 100000, "connections at a time"},
    {SETTING_MEMORY_LIMIT,
     .doc = "bytes for queries and streams; 0: three quarters of the machine's"},
    {SETTING_SECRET_KEY_FILE, .doc = "the key that secrets are encrypted with; default: secret.key "
                                     "in the data directory"},
    {SETTING_SEARCH_PATH, .doc = "schemas in which a name is looked up"},
    {SETTING_STATEMENT_TIMEOUT, .doc = "a statement that runs longer is cancelled; 0: never"},
    {SETTING_TIME_ZONE, .doc = "zone in which timestamps are read and printed"},
    {SETTING_TRANSACTION_ISOLATION, "serializable|repeatable read|read committed|read uncommitted",
     .doc = "accepted for drivers; a statement reads one snapshot"},
    {SETTING_WAIT_FOR_STREAMS, .doc = "INSERT returns when the streams that read it have it"},
    {SETTING_WORKERS, NULL, 0, 1024, "worker threads; 0: one a core"},
};

static const SettingRule *find_rule(SettingId id) {
    static const SettingRule none = {.doc = ""};

    for (size_t i = 0; i < ARRAY_LENGTH(setting_rules); i++)
        if (setting_rules[i].id == id)
            return &setting_rules[i];
    return &none;
}

const char *setting_doc(SettingId id) {
    const char *doc = find_rule(id)->doc;

    return doc ? doc : "";
}

const char *setting_type_name(SettingType type) {
    static const char *const names[] = {"string", "enum", "bool", "integer", "integer", "integer"};

    return names[type];
}

void settings_init(Settings *settings, const Settings *base) {
    *settings = (Settings) {.base = base};
}

void settings_done(Settings *settings) {
    for (int i = 0; i < SETTING_COUNT; i++) {
        memory_free(settings->values[i]);
        settings->values[i] = NULL;
    }
}

void settings_assign(Settings *settings, const Settings *from) {
    if (settings == from)
        return;
    settings_done(settings);
    settings->base = from->base;
    for (int i = 0; i < SETTING_COUNT; i++)
        settings->values[i] = from->values[i] ? memory_strdup(from->values[i]) : NULL;
}

/* SETTING_COUNT: no such setting. */
static SettingId setting_find(const char *name) {
    for (int i = 0; i < SETTING_COUNT; i++)
        if (strcasecmp(setting_specs[i].name, name) == 0)
            return (SettingId) i;
    return SETTING_COUNT;
}

Status setting_lookup(const char *name, int position, SettingId *ret_id, Error *err) {
    SettingId id = setting_find(name);
    Nearest nearest = nearest_begin(name);

    if (id == SETTING_COUNT) {
        error_at(err, position, UNDEFINED_OBJECT, "unrecognized configuration parameter \"%s\"",
                 name);
        for (int i = 0; i < SETTING_COUNT; i++)
            nearest_offer(&nearest, setting_specs[i].name);
        return nearest.best ? error_hint(err, "Did you mean \"%s\"?", nearest.best)
                            : error_hint(err, "Try SHOW ALL.");
    }
    *ret_id = id;
    return STATUS_OK;
}

const char *settings_text(const Settings *settings, SettingId id) {
    for (; settings; settings = settings->base)
        if (settings->values[id])
            return settings->values[id];
    return setting_specs[id].fallback;
}

/* -------- values -------- */

static Status invalid_value(SettingId id, const char *value, Error *err) {
    return error_set(err, INVALID_PARAMETER, "invalid value for parameter \"%s\": \"%s\"",
                     setting_specs[id].name, value);
}

static bool parse_bool(const char *value, bool *ret_flag) {
    static const char *const words[][2] = {
        {"on", "off"}, {"true", "false"}, {"yes", "no"}, {"1", "0"}};
    size_t length = strlen(value);

    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        for (int flag = 0; flag < 2; flag++) {
            const char *word = words[i][flag];
            bool is_short = (i == 1 || i == 2) && length > 0;

            if (strcasecmp(word, value) == 0 ||
                (is_short && length < strlen(word) && strncasecmp(word, value, length) == 0)) {
                *ret_flag = flag == 0;
                return true;
            }
        }
    return false;
}

typedef struct Unit {
    const char *name;
    int64_t factor;
} Unit;

static const Unit time_units[] = {{"ms", 1},      {"s", 1000},     {"min", 60000},
                                  {"h", 3600000}, {"d", 86400000}, {NULL, 0}};
static const Unit size_units[] = {{"B", 1},        {"kB", 1 << 10},           {"MB", 1 << 20},
                                  {"GB", 1 << 30}, {"TB", (int64_t) 1 << 40}, {NULL, 0}};

static bool parse_number(const char *value, const Unit *units, int64_t *ret_number) {
    char *end;
    long long number;

    errno = 0;
    number = strtoll(value, &end, 10);
    if (end == value || errno)
        return false;
    while (isspace((unsigned char) *end))
        end++;
    if (*end == '\0') {
        *ret_number = number;
        return true;
    }
    for (; units && units->name; units++)
        if (strcmp(units->name, end) == 0)
            return !__builtin_mul_overflow(number, units->factor, ret_number);
    return false;
}

static const Unit *units_of(SettingType type) {
    return type == SETTING_TYPE_MILLISECONDS ? time_units
           : type == SETTING_TYPE_SIZE       ? size_units
                                             : NULL;
}

/* The choice as it is spelt in "a|b|c"; NULL: none of them. */
static const char *find_choice(const char *choices, const char *value, size_t *ret_length) {
    size_t length = strlen(value);

    for (const char *choice = choices; *choice;) {
        size_t size = strcspn(choice, "|");

        if (size == length && strncasecmp(choice, value, size) == 0) {
            *ret_length = size;
            return choice;
        }
        choice += size + (choice[size] == '|');
    }
    return NULL;
}

static Status check_choice(SettingId id, const char *value, char **ret_text, Error *err) {
    const char *choices = find_rule(id)->choices;
    size_t length = 0;
    const char *choice = find_choice(choices, value, &length);

    if (!choice) {
        StrBuf list = {0};

        for (const char *c = choices; *c; c++)
            strbuf_append_text(&list, *c == '|' ? ", " : (char[2]) {*c, 0});
        IGNORE(invalid_value(id, value, err)); /* returned below, with its hint */
        IGNORE(error_hint(err, "Available values: %s.", strbuf_text(&list)));
        strbuf_done(&list);
        return STATUS_ERROR;
    }
    *ret_text = memory_zalloc(length + 1);
    memcpy(*ret_text, choice, length);
    return STATUS_OK;
}

static Status check_number(SettingId id, const char *value, char **ret_text, Error *err) {
    const SettingRule *rule = find_rule(id);
    int64_t number = 0;
    char text[32];

    if (!parse_number(value, units_of(setting_specs[id].type), &number))
        return invalid_value(id, value, err);
    if ((rule->minimum || rule->maximum) && (number < rule->minimum || number > rule->maximum))
        return error_set(err, INVALID_PARAMETER,
                         "%s is outside the valid range for parameter \"%s\" (%lld .. %lld)", value,
                         setting_specs[id].name, (long long) rule->minimum,
                         (long long) rule->maximum);
    if (number < 0 && !rule->minimum)
        return invalid_value(id, value, err);
    snprintf(text, sizeof(text), "%lld", (long long) number);
    *ret_text = memory_strdup(text);
    return STATUS_OK;
}

static Status check_bool(SettingId id, const char *value, char **ret_text, Error *err) {
    bool flag;

    if (!parse_bool(value, &flag)) {
        error_set(err, INVALID_PARAMETER, "parameter \"%s\" requires a Boolean value",
                  setting_specs[id].name);
        return STATUS_ERROR;
    }
    if (id == SETTING_STANDARD_STRINGS && !flag)
        return error_set(err, FEATURE_NOT_SUPPORTED,
                         "standard_conforming_strings = off is not supported");
    *ret_text = memory_strdup(flag ? "on" : "off");
    return STATUS_OK;
}

static Status check_client_encoding(const char *value, char **ret_text, Error *err) {
    static const char *const utf8[] = {"UTF8", "UTF-8", "UNICODE", "UTF_8"};

    for (size_t i = 0; i < ARRAY_LENGTH(utf8); i++)
        if (strcasecmp(value, utf8[i]) == 0) {
            *ret_text = memory_strdup("UTF8");
            return STATUS_OK;
        }
    if (strcasecmp(value, "SQL_ASCII") == 0) { /* what libpq says in the C locale: no conversion */
        *ret_text = memory_strdup("SQL_ASCII");
        return STATUS_OK;
    }
    error_set(err, FEATURE_NOT_SUPPORTED, "client_encoding \"%s\" is not supported", value);
    return error_hint(err, "Use UTF8.");
}

/* "ISO", "ISO, MDY", "MDY": the style must stay ISO; the order of fields is MDY. */
static Status check_date_style(const char *value, char **ret_text, Error *err) {
    static const char *const known[] = {"iso", "mdy", "us", "noneuro", "noneuropean"};
    const char *word = value;

    while (*word) {
        size_t length = strcspn(word, ", ");
        bool is_known = length == 0;

        for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
            is_known |= strlen(known[i]) == length && strncasecmp(word, known[i], length) == 0;
        if (!is_known) {
            error_set(err, FEATURE_NOT_SUPPORTED, "DateStyle \"%s\" is not supported", value);
            return error_hint(err, "Use ISO, MDY.");
        }
        word += length + strspn(word + length, ", ");
    }
    *ret_text = memory_strdup("ISO, MDY");
    return STATUS_OK;
}

static Status check_time_zone(const char *value, char **ret_text, Error *err) {
    const TimeZone *zone = NULL;

    if (strcasecmp(value, "local") == 0 || strcasecmp(value, "default") == 0)
        value = "UTC";
    if (timezone_find_setting(value, &zone, err) != STATUS_OK)
        return invalid_value(SETTING_TIME_ZONE, value, err);
    *ret_text = memory_strdup(timezone_name(zone));
    return STATUS_OK;
}

/* There are no roles yet: SET ROLE NONE, which pools send, is all there is. */
static Status check_role(const char *value, char **ret_text, Error *err) {
    if (strcasecmp(value, "none") != 0)
        return error_set(err, FEATURE_NOT_SUPPORTED,
                         "SET ROLE is not supported: there are no roles");
    *ret_text = memory_strdup("none");
    return STATUS_OK;
}

static Status check_address(SettingId id, const char *value, char **ret_text, Error *err) {
    ListenAddress address;

    if (id == SETTING_LISTEN || value[0])
        TRY(config_parse_address(value, &address, err));
    *ret_text = memory_strdup(value);
    return STATUS_OK;
}

static Status check_text(SettingId id, const char *value, char **ret_text, Error *err) {
    switch (id) {
    case SETTING_CLIENT_ENCODING:
        return check_client_encoding(value, ret_text, err);
    case SETTING_DATE_STYLE:
        return check_date_style(value, ret_text, err);
    case SETTING_LISTEN:
    case SETTING_HTTP:
        return check_address(id, value, ret_text, err);
    case SETTING_ROLE:
        return check_role(value, ret_text, err);
    case SETTING_TIME_ZONE:
        return check_time_zone(value, ret_text, err);
    default:
        *ret_text = memory_strdup(value);
        return STATUS_OK;
    }
}

static Status check_value(SettingId id, const char *value, char **ret_text, Error *err) {
    switch (setting_specs[id].type) {
    case SETTING_TYPE_TEXT:
        return check_text(id, value, ret_text, err);
    case SETTING_TYPE_CHOICE:
        return check_choice(id, value, ret_text, err);
    case SETTING_TYPE_BOOL:
        return check_bool(id, value, ret_text, err);
    case SETTING_TYPE_INTEGER:
    case SETTING_TYPE_MILLISECONDS:
    case SETTING_TYPE_SIZE:
        break;
    }
    return check_number(id, value, ret_text, err);
}

Status settings_set(Settings *settings, SettingId id, const char *value, SettingContext context,
                    Error *err) {
    const SettingSpec *spec = &setting_specs[id];
    char *text = NULL;

    if (spec->context == SETTING_CONTEXT_INTERNAL && context != SETTING_CONTEXT_INTERNAL)
        return error_set(err, CANT_CHANGE_RUNTIME_PARAM, "parameter \"%s\" cannot be changed",
                         spec->name);
    if (spec->context == SETTING_CONTEXT_SERVER && context == SETTING_CONTEXT_USER) {
        error_set(err, CANT_CHANGE_RUNTIME_PARAM,
                  "parameter \"%s\" cannot be changed without restarting the server", spec->name);
        return error_hint(err, "Start millrace with --set %s=…, or write it to the config file.",
                          spec->name);
    }
    TRY(check_value(id, value, &text, err));
    memory_free(settings->values[id]);
    settings->values[id] = text;
    return STATUS_OK;
}

void settings_reset(Settings *settings, SettingId id) {
    memory_free(settings->values[id]);
    settings->values[id] = NULL;
}

int64_t settings_number(const Settings *settings, SettingId id) {
    const char *text = settings_text(settings, id);
    int64_t number = 0;
    bool flag;

    if (setting_specs[id].type == SETTING_TYPE_BOOL)
        return parse_bool(text, &flag) && flag;
    if (!parse_number(text, units_of(setting_specs[id].type), &number))
        return 0; /* cannot be: what was set was checked */
    return number;
}
