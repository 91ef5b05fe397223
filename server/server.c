#include "server/server.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/log.h"
#include "server/binder.h"
#include "store/file.h"
#include "types/datetime.h"

enum {
    STATEMENT_THREADS = 16,
    LOCK_FILE_MODE = 0600,
};

int64_t server_now_us(Server *server) {
    return server->context->wall_us(server->context) - DATETIME_UNIX_EPOCH_US;
}

/* -------- the data directory -------- */

static char *join_path(const char *folder, const char *name) {
    StrBuf path = {0};
    char *text;

    if (name[0] != '/')
        strbuf_printf(&path, "%s/", folder);
    strbuf_append_text(&path, name);
    text = memory_strdup(strbuf_text(&path));
    strbuf_done(&path);
    return text;
}

static Status make_temporary_directory(Server *server, Error *err) {
    const char *parent = getenv("TMPDIR");
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/millrace-XXXXXX", parent && parent[0] ? parent : "/tmp");
    if (!mkdtemp(path))
        return error_errno(err, errno, "could not make a folder like \"%s\"", path);
    server->data_directory = memory_strdup(path);
    server->is_temporary = true;
    return STATUS_OK;
}

static Status lock_descriptor(const Server *server, int descriptor, Error *err) {
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        return STATUS_OK;
    if (errno != EWOULDBLOCK)
        return error_errno(err, errno, "could not lock \"%s\"", server->data_directory);
    IGNORE(error_set(err, OBJECT_IN_USE, "data directory \"%s\" is in use by another millrace",
                     server->data_directory)); /* hinted */
    return error_hint(err, "Stop the other one, or choose another folder with --data.");
}

/* The file `lock` tells whose process it is. */
static Status write_process_id(const char *path, int descriptor, Error *err) {
    char text[32];

    snprintf(text, sizeof(text), "%ld\n", (long) getpid());
    if (ftruncate(descriptor, 0) < 0 || write(descriptor, text, strlen(text)) < 0)
        return error_errno(err, errno, "could not write \"%s\"", path);
    return STATUS_OK;
}

/* One process owns the directory; the kernel lets go of the lock when it dies. It is on the folder
 * too: who removes the file must not let a second one in. */
static Status take_lock(Server *server, Error *err) {
    CLEANUP(strbuf_done) StrBuf path = {0};

    server->folder_descriptor = open(server->data_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (server->folder_descriptor < 0)
        return error_errno(err, errno, "could not open folder \"%s\"", server->data_directory);
    TRY(lock_descriptor(server, server->folder_descriptor, err));
    strbuf_printf(&path, "%s/lock", server->data_directory);
    server->lock_descriptor =
        open(strbuf_text(&path), O_RDWR | O_CREAT | O_CLOEXEC, LOCK_FILE_MODE);
    if (server->lock_descriptor < 0)
        return error_errno(err, errno, "could not open \"%s\"", strbuf_text(&path));
    TRY(lock_descriptor(server, server->lock_descriptor, err));
    return write_process_id(strbuf_text(&path), server->lock_descriptor, err);
}

static Status open_data_directory(Server *server, Error *err) {
    const Config *config = server->config;

    if (!config->data && config->action == CONFIG_SCRIPT) {
        TRY(make_temporary_directory(server, err));
    } else {
        server->data_directory =
            join_path(config->start_directory, config->data ? config->data : "millrace-data");
        if (config->action == CONFIG_CHECK && !file_exists(server->data_directory))
            return error_set(err, UNDEFINED_FILE, "there is no folder \"%s\"",
                             server->data_directory);
        TRY(file_make_directory(server->data_directory, err));
    }
    return take_lock(server, err);
}

/* -------- settings of the server -------- */

static Status set_fact(Server *server, SettingId id, const char *value, Error *err) {
    return settings_set(&server->settings, id, value, SETTING_CONTEXT_INTERNAL, err);
}

/* allowed_directories, by comma; the start folder when nothing was said. Whoever looks for damage
 * stands anywhere. */
static void set_allowed_directories(Server *server) {
    const char *text = settings_text(&server->settings, SETTING_ALLOWED_DIRECTORIES);
    const char *start = server->config->start_directory;
    size_t count = 1;

    if (server->config->action == CONFIG_CHECK)
        text = "/";

    for (const char *c = text; *c; c++)
        count += *c == ',';
    server->allowed_directories = memory_zalloc(sizeof(char *) * (count + 1));
    count = 0;
    while (*text) {
        size_t length = strcspn(text, ",");
        char path[PATH_MAX];

        snprintf(path, sizeof(path), "%.*s", (int) length, text);
        if (length)
            server->allowed_directories[count++] = join_path(start, path);
        text += length + (text[length] == ',');
        text += strspn(text, " ");
    }
    if (count == 0)
        server->allowed_directories[0] = memory_strdup(start);
    server->options = (OptionEnvironment) {.allowed_directories =
                                               (const char *const *) server->allowed_directories,
                                           .base_directory = start,
                                           .vault = server->vault};
}

/* The sealed value that is committed now, for a stream that connects again. */
static bool newest_secret(void *data, int64_t id, StrBuf *sealed) {
    Server *server = data;
    CatalogSnapshot *snapshot = server->catalog ? catalog_snapshot(server->catalog) : NULL;
    const Relation *secret = snapshot ? catalog_find_id(snapshot, id) : NULL;
    bool is_there = secret && secret->kind == RELATION_SECRET && !secret->broken;

    if (is_there)
        strbuf_append_text(sealed, secret->sealed);
    if (snapshot)
        catalog_snapshot_unref(snapshot);
    return is_there;
}

static void open_vault(Server *server) {
    const char *path = settings_text(&server->settings, SETTING_SECRET_KEY_FILE);
    char full_path[PATH_MAX];

    if (*path)
        snprintf(full_path, sizeof(full_path), "%s%s%s",
                 *path == '/' ? "" : server->config->start_directory, *path == '/' ? "" : "/",
                 path);
    else
        snprintf(full_path, sizeof(full_path), "%s/secret.key", server->data_directory);
    server->vault = secret_vault_create(full_path, newest_secret, server);
}

static void apply_log_level(const Server *server) {
    static const char *const names[] = {"debug", "info", "warning", "error"};
    const char *level = settings_text(&server->settings, SETTING_LOG_LEVEL);

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcmp(names[i], level) == 0)
            log_set_level((LogLevel) i);
}

/* The kernel would kill the whole server for one query; so the query fails first. */
static int64_t memory_limit(const Server *server) {
    int64_t limit = settings_number(&server->settings, SETTING_MEMORY_LIMIT);
    int64_t machine_bytes = (int64_t) sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);

    return limit > 0 ? limit : machine_bytes / 4 * 3;
}

static void make_pools(Server *server) {
    int64_t workers = settings_number(&server->settings, SETTING_WORKERS);

    if (workers <= 0)
        workers = sysconf(_SC_NPROCESSORS_ONLN);
    server->workers = pool_create("worker", workers > 0 ? (int) workers : 1);
    server->statements = pool_create("statement", STATEMENT_THREADS);
}

static Status open_streams(Server *server, Error *err) {
    StreamManagerEnvironment environment = {
        .data_directory = server->data_directory,
        .server_id = catalog_server_id(server->catalog),
        .registry = server->registry,
        .options = &server->options,
        .exec = &server->exec,
        .catalog = server->catalog,
        .clock = server->context,
        .disabled_rules = settings_text(&server->settings, SETTING_DISABLE_RULES)};

    server->exec = (ExecEnvironment) {.registry = server->registry,
                                      .workers = server->workers,
                                      .server = &server->services,
                                      .account = &server->account,
                                      .read_stream = manager_read_stream};
    TRY(manager_create(&environment, &server->streams, err));
    server->services = (SystemServices) {.streams = server->streams, .server = server};
    server->exec.read_stream_data = server->streams;
    return manager_start(server->streams, err);
}

static Status open_server(Server *server, Error *err) {
    CatalogBinder binder;

    TRY(open_data_directory(server, err));
    TRY(set_fact(server, SETTING_DATA_DIRECTORY, server->data_directory, err));
    open_vault(server);
    set_allowed_directories(server);
    catalog_binder_init(&binder, server);
    TRY(catalog_open(server->data_directory, server->registry, &binder, &server->catalog, err));
    if (server->config->action == CONFIG_CHECK)
        return STATUS_OK; /* nothing is started */
    make_pools(server);
    return open_streams(server, err);
}

Status server_open(const Config *config, const Registry *registry, Server **ret_server,
                   Error *err) {
    Server *server = memory_zalloc(sizeof(*server));
    Status status;

    server->config = config;
    server->registry = registry;
    server->context = &context_real;
    server->lock_descriptor = server->folder_descriptor = -1;
    pthread_mutex_init(&server->session_mutex, NULL);
    settings_init(&server->settings, &config->settings);
    server->started_at_us = server_now_us(server);
    memory_account_init(&server->account, "server", NULL, memory_limit(server));
    apply_log_level(server);
    status = open_server(server, err);
    if (status != STATUS_OK) {
        server_close(server, true);
        return status;
    }
    *ret_server = server;
    return STATUS_OK;
}

Server *server_close(Server *server, bool now) {
    Error error = {0};

    if (!server)
        return NULL;
    pool_destroy(server->statements);
    manager_destroy(server->streams, now);
    pool_destroy(server->workers);
    catalog_close(server->catalog);
    secret_vault_destroy(server->vault);
    if (server->is_temporary && file_remove_tree(server->data_directory, &error) != STATUS_OK)
        log_error(LOG_WARNING, "server", &error);
    if (server->lock_descriptor >= 0)
        close(server->lock_descriptor);
    if (server->folder_descriptor >= 0)
        close(server->folder_descriptor);
    for (char **path = server->allowed_directories; path && *path; path++)
        memory_free(*path);
    memory_free(server->allowed_directories);
    memory_free(server->data_directory);
    settings_done(&server->settings);
    pthread_mutex_destroy(&server->session_mutex);
    memory_free(server);
    return NULL;
}
