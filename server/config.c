#include "server/config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "store/file.h"

enum { CONFIG_FILE_BYTES_MAX = 1 << 20 };

const char config_help[] =
    "millrace keeps the answers of SQL queries over files and streams current.\n"
    "\n"
    "usage: millrace [option]…\n"
    "  --data DIR          where everything is kept (default: ./millrace-data)\n"
    "  --listen ADDR:PORT  where psql connects (default: 127.0.0.1:5440; port 0: a free one)\n"
    "  --http ADDR:PORT    where the dashboard will be served; not in this version\n"
    "  --workers N         threads that run queries (default: one a core)\n"
    "  --config FILE       lines `name = value`; names as in SHOW ALL\n"
    "  --set NAME=VALUE    one setting; may be given again\n"
    "  -f FILE             run the statements of FILE (-: standard input), then end\n"
    "  --check DIR         look for damage in a data directory\n"
    "  --version\n"
    "  --help\n";

static Status parse_error(const char *path, int line, Error *err) {
    return error_set(err, SYNTAX_ERROR, "syntax error in file \"%s\" line %d", path, line);
}

static const char *skip_blanks(const char *cursor) {
    while (*cursor == ' ' || *cursor == '\t' || *cursor == '\r')
        cursor++;
    return cursor;
}

/* A value: 'quoted' with '' inside, or a bare word up to blank or comment. */
static Status parse_value(const char **cursor, StrBuf *out, const char *path, int line,
                          Error *err) {
    const char *c = *cursor;

    strbuf_clear(out);
    if (*c == '\'') {
        for (c++; *c != '\'' || c[1] == '\''; c++) {
            if (*c == '\0' || *c == '\n')
                return parse_error(path, line, err);
            if (*c == '\'')
                c++;
            strbuf_append_char(out, *c);
        }
        *cursor = c + 1;
        return STATUS_OK;
    }
    while (*c && !strchr(" \t\r\n#", *c))
        strbuf_append_char(out, *c++);
    *cursor = c;
    return STATUS_OK;
}

static Status parse_line(const char **cursor, StrBuf *name, StrBuf *value, const char *path,
                         int line, Error *err) {
    const char *c = skip_blanks(*cursor);

    strbuf_clear(name);
    while (isalnum((unsigned char) *c) || *c == '_' || *c == '.')
        strbuf_append_char(name, *c++);
    if (name->length) {
        c = skip_blanks(c);
        if (*c == '=')
            c = skip_blanks(c + 1);
        TRY(parse_value(&c, value, path, line, err));
        c = skip_blanks(c);
    }
    if (*c == '#')
        c += strcspn(c, "\n");
    if (*c != '\n' && *c != '\0')
        return parse_error(path, line, err);
    *cursor = *c ? c + 1 : c;
    return STATUS_OK;
}

Status config_parse_text(const char *text, const char *path, Settings *settings, Error *err) {
    StrBuf name = {0};
    StrBuf value = {0};
    Status status = STATUS_OK;

    for (int line = 1; *text && status == STATUS_OK; line++) {
        SettingId id;

        status = parse_line(&text, &name, &value, path, line, err);
        if (status != STATUS_OK || name.length == 0)
            continue;
        status = setting_lookup(strbuf_text(&name), 0, &id, err);
        if (status == STATUS_OK)
            status = settings_set(settings, id, strbuf_text(&value), SETTING_CONTEXT_SERVER, err);
        if (status != STATUS_OK)
            IGNORE(error_context(err, "\"%s\" line %d", path, line)); /* the status is returned */
    }
    strbuf_done(&name);
    strbuf_done(&value);
    return status;
}

static Status read_config_file(const char *path, Settings *settings, Error *err) {
    StrBuf text = {0};
    Settings from_file;
    Status status;

    settings_init(&from_file, NULL);
    status = file_read_all(path, CONFIG_FILE_BYTES_MAX, &text, err);
    if (status == STATUS_OK)
        status = config_parse_text(strbuf_text(&text), path, &from_file, err);
    for (int i = 0; i < SETTING_COUNT && status == STATUS_OK; i++)
        if (!settings->values[i]) /* the command line wins */
            settings->values[i] = TAKE(from_file.values[i]);
    settings_done(&from_file);
    strbuf_done(&text);
    return status;
}

static Status set_pair(Settings *settings, const char *pair, Error *err) {
    const char *equals = strchr(pair, '=');
    char name[64];
    SettingId id;

    if (!equals || equals == pair || (size_t) (equals - pair) >= sizeof(name))
        return error_set(err, SYNTAX_ERROR, "--set takes NAME=VALUE, not \"%s\"", pair);
    memcpy(name, pair, (size_t) (equals - pair));
    name[equals - pair] = '\0';
    TRY(setting_lookup(name, 0, &id, err));
    return settings_set(settings, id, equals + 1, SETTING_CONTEXT_SERVER, err);
}

static Status take_option(Config *config, const char *name, const char *value, Error *err) {
    static const struct {
        const char *name;
        SettingId setting;
    } setting_options[] = {
        {"--listen", SETTING_LISTEN}, {"--http", SETTING_HTTP}, {"--workers", SETTING_WORKERS}};

    for (size_t i = 0; i < ARRAY_LENGTH(setting_options); i++)
        if (strcmp(name, setting_options[i].name) == 0)
            return settings_set(&config->settings, setting_options[i].setting, value,
                                SETTING_CONTEXT_SERVER, err);
    if (strcmp(name, "--set") == 0)
        return set_pair(&config->settings, value, err);
    if (strcmp(name, "--data") == 0) {
        config->data = value;
    } else if (strcmp(name, "--config") == 0) {
        config->config_file = value;
    } else if (strcmp(name, "-f") == 0) {
        config->action = CONFIG_SCRIPT;
        config->script = value;
    } else if (strcmp(name, "--check") == 0) {
        config->action = CONFIG_CHECK;
        config->data = value;
    } else {
        return error_set(err, SYNTAX_ERROR, "unknown option \"%s\"", name);
    }
    return STATUS_OK;
}

static bool is_known(const char *name) {
    static const char *const names[] = {"--data",   "--listen", "--http", "--workers",
                                        "--config", "--set",    "-f",     "--check"};

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* "--name value", "--name=value", "-f value". */
static Status read_argument(Config *config, int argc, const char *const *argv, int *index,
                            Error *err) {
    const char *argument = argv[*index];
    const char *equals = strncmp(argument, "--", 2) == 0 ? strchr(argument, '=') : NULL;
    char name[32];
    size_t length = equals ? (size_t) (equals - argument) : strlen(argument);

    if (strcmp(argument, "--version") == 0) {
        config->action = CONFIG_VERSION;
        return STATUS_OK;
    }
    if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
        config->action = CONFIG_HELP;
        return STATUS_OK;
    }
    if (argument[0] != '-' || length >= sizeof(name))
        return error_set(err, SYNTAX_ERROR, "unknown argument \"%s\"", argument);
    memcpy(name, argument, length);
    name[length] = '\0';
    if (equals)
        return take_option(config, name, equals + 1, err);
    if (!is_known(name))
        return error_set(err, SYNTAX_ERROR, "unknown option \"%s\"", name);
    if (*index + 1 >= argc)
        return error_set(err, SYNTAX_ERROR, "option \"%s\" needs a value", name);
    *index += 1;
    return take_option(config, name, argv[*index], err);
}

Status config_read(int argc, const char *const *argv, Config *ret_config, Error *err) {
    Config *config = ret_config;

    memset(config, 0, sizeof(*config));
    settings_init(&config->settings, NULL);
    for (int i = 1; i < argc; i++)
        TRY(read_argument(config, argc, argv, &i, err));
    if (config->config_file)
        TRY(read_config_file(config->config_file, &config->settings, err));
    config->start_directory = getcwd(NULL, 0);
    if (!config->start_directory)
        config->start_directory = memory_strdup("/");
    return STATUS_OK;
}

void config_done(Config *config) {
    settings_done(&config->settings);
    memory_free(config->start_directory);
    config->start_directory = NULL;
}

Status config_parse_address(const char *text, ListenAddress *ret_address, Error *err) {
    const char *colon = strrchr(text, ':');
    const char *port_text = colon ? colon + 1 : text;
    size_t host_length = colon ? (size_t) (colon - text) : 0;
    const char *host = text;
    char *end;
    long port = strtol(port_text, &end, 10);

    if (end == port_text || *end || port < 0 || port > 65535)
        return error_set(err, INVALID_PARAMETER, "\"%s\" is no ADDR:PORT", text);
    if (host_length >= 2 && host[0] == '[' && host[host_length - 1] == ']') {
        host++;
        host_length -= 2;
    }
    if (host_length >= sizeof(ret_address->host))
        return error_set(err, INVALID_PARAMETER, "\"%s\" is no ADDR:PORT", text);
    memcpy(ret_address->host, host, host_length);
    ret_address->host[host_length] = '\0';
    if (host_length == 0 || strcmp(ret_address->host, "localhost") == 0)
        snprintf(ret_address->host, sizeof(ret_address->host), "127.0.0.1");
    ret_address->port = (int) port;
    return STATUS_OK;
}
