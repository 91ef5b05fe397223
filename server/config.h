/* Config: what the command line and the config file say.
 *
 * Both speak of settings (server/settings.h); the command line wins. Options that are no settings
 * choose what the program does: serve, run a script, check a data directory. */
#pragma once

#include "server/settings.h"

typedef enum ConfigAction {
    CONFIG_SERVE,
    CONFIG_SCRIPT,  /* -f: run a script, then end */
    CONFIG_CHECK,   /* --check: look for damage */
    CONFIG_VERSION, /* --version */
    CONFIG_HELP,
} ConfigAction;

typedef struct Config {
    ConfigAction action;
    Settings settings;
    char *start_directory;   /* owned; absolute: where the server was started */
    const char *data;        /* borrowed from argv; NULL: not said */
    const char *script;      /* of CONFIG_SCRIPT; "-": standard input */
    const char *config_file; /* or NULL */
} Config;

/* Errors are the user's (exit status 2). */
MUST_USE Status config_read(int argc, const char *const *argv, Config *ret_config, Error *err);
void config_done(Config *config);
/* Lines `name = value`, # comments, '' quotes, as postgresql.conf. `path` is for messages. */
MUST_USE Status config_parse_text(const char *text, const char *path, Settings *settings,
                                  Error *err);
extern const char config_help[];

typedef struct ListenAddress {
    char host[64]; /* numeric */
    int port;
} ListenAddress;

/* "127.0.0.1:5440", "[::1]:5440", "localhost:0", "5440". */
MUST_USE Status config_parse_address(const char *text, ListenAddress *ret_address, Error *err);
