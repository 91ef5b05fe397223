/* millrace: the program. Reads the command line, opens the server, serves or runs a script. */
#include <stdio.h>

#include "base/memory.h"
#include "server/fatal.h"
#include "server/server.h"
#include "store/crash.h"

enum { EXIT_OK = 0, EXIT_FAILURE_STATUS = 1, EXIT_USAGE = 2 };

static void print_error(const Error *error) {
    fprintf(stderr, "millrace: %s%s%s\n", error->context, error->context[0] ? ": " : "",
            error->message);
    if (error->detail[0])
        fprintf(stderr, "detail: %s\n", error->detail);
    if (error->hint[0])
        fprintf(stderr, "hint: %s\n", error->hint);
}

static int run(const Config *config) {
    Server *server = NULL;
    Error error = {0};
    bool stops_now = true;
    int exit_status = EXIT_OK;

    if (config->action == CONFIG_SCRIPT)
        server_hold_script_signals();
    if (server_open(config, &server_registry, &server, &error) != STATUS_OK) {
        print_error(&error);
        return EXIT_FAILURE_STATUS;
    }
    if (config->action == CONFIG_CHECK) {
        exit_status = server_run_check(server) ? EXIT_FAILURE_STATUS : EXIT_OK;
    } else if (config->action == CONFIG_SCRIPT) {
        stops_now = false;
        exit_status =
            server_run_script(server, config->script, &stops_now) ? EXIT_FAILURE_STATUS : EXIT_OK;
    } else if (server_run(server, &error) != STATUS_OK) {
        print_error(&error);
        exit_status = EXIT_FAILURE_STATUS;
    }
    server_close(server, stops_now);
    return exit_status;
}

int main(int argc, char **argv) {
    Config config;
    Error error = {0};
    int exit_status = EXIT_OK;

    memory_init();
    fatal_signals_init();
    crash_init();
    if (config_read(argc, (const char *const *) argv, &config, &error) != STATUS_OK) {
        print_error(&error);
        fprintf(stderr, "try: millrace --help\n");
        config_done(&config);
        return EXIT_USAGE;
    }
    switch (config.action) {
    case CONFIG_HELP:
        fputs(config_help, stdout);
        break;
    case CONFIG_VERSION:
        printf("millrace %s\n", MILLRACE_VERSION);
        break;
    case CONFIG_SERVE:
    case CONFIG_SCRIPT:
    case CONFIG_CHECK:
        exit_status = run(&config);
        break;
    }
    config_done(&config);
    return exit_status;
}
