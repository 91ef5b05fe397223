/* Server: what all sessions of one process share.
 *
 * Everything hangs on one data directory, which one process owns at a time (its `lock` file).
 * Sorts of threads: the loop (sockets only, never blocks), the workers (stages of epochs; never
 * block), the statement threads (what sessions run), one for each statement that may block (DDL,
 * waits), and those of the streams. */
#pragma once

#include <pthread.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/pool.h"
#include "catalog/catalog.h"
#include "exec/execute.h"
#include "server/config.h"
#include "stream/manager.h"

typedef struct Session Session;

typedef struct Server {
    const Config *config;
    Settings settings; /* the base of every session's */
    const Registry *registry;
    Context *context;
    MemoryAccount account;
    Catalog *catalog;
    StreamManager *streams;
    SystemServices services; /* what system tables get at */
    ExecEnvironment exec;    /* the base of every query's */
    Pool *workers;
    Pool *statements;
    char *data_directory;  /* owned; absolute */
    bool is_temporary;     /* the directory goes when the server ends */
    int lock_descriptor;   /* -1: not held */
    int folder_descriptor; /* likewise */
    OptionEnvironment options;
    SecretVault *vault;         /* owned */
    char **allowed_directories; /* owned; what options points to */
    int64_t started_at_us;      /* µs since 2000 */

    pthread_mutex_t session_mutex; /* guards the list and what other threads read of a session */
    Session *first_session;
    int session_count;
    uint32_t next_process_id;
} Server;

/* Make or take the data directory. `config` outlives the server. */
MUST_USE Status server_open(const Config *config, const Registry *registry, Server **ret_server,
                            Error *err);
/* `now`: epochs in progress are given up, else they end first. NULL is fine. */
Server *server_close(Server *server, bool now);
/* The time of a statement: µs since 2000-01-01 UTC. */
int64_t server_now_us(Server *server);
/* Serve until SIGTERM or SIGINT. */
MUST_USE Status server_run(Server *server, Error *err);
/* Look for damage, print what is found; returns how much. */
int server_run_check(Server *server);
/* Run a script; 0: all statements went well. */
int server_run_script(Server *server, const char *path, bool *ret_is_cut_short);
/* Before server_open(), for a script: signals wait until server_run_script() heeds them. */
void server_hold_script_signals(void);

extern const Registry server_registry; /* server/registry_tables.c */
