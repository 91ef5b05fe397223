#include "stream/manager.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/flag.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "parser/deparse.h"
#include "store/crash.h"
#include "store/file.h"
#include "stream/manager_internal.h"
#include "stream/waker.h"
#include "types/datetime.h"

enum {
    MANAGER_THREADS = 16, /* few of them run; others may wait for their sinks */
    OPENER_THREADS = 64,  /* streams that start or try again: each may wait for a broker */
    WAIT_STEP_MS = 50,    /* how often a waiter looks at its cancel flag */
    WATCHED_FDS = 64,
    OPENING_STEPS_MAX = 100, /* waits for a stream that starts: 5 s */
    VAIN_RETRIES = 2,        /* errors in a row after which nobody waits without a time-out */
};

struct StreamManager {
    StreamManagerEnvironment environment;
    Pool *pool;
    Pool *openers;
    Waker *waker;
    pthread_mutex_t mutex; /* guards the list and the streams' manager part */
    Stream **streams;
    int count, capacity;
    bool is_closing;
};

const StreamManagerEnvironment *manager_environment(const StreamManager *manager) {
    return &manager->environment;
}

int64_t manager_now_us(const StreamManager *manager) {
    Context *clock = manager->environment.clock;

    return clock->wall_us(clock) - DATETIME_UNIX_EPOCH_US;
}

/* -------- references -------- */

static Stream *manager_find(StreamManager *manager, int64_t id) {
    Stream *found = NULL;

    pthread_mutex_lock(&manager->mutex);
    for (int i = 0; i < manager->count; i++)
        if (manager->streams[i]->id == id)
            found = manager->streams[i];
    if (found)
        found->reference_count++;
    pthread_mutex_unlock(&manager->mutex);
    return found;
}

static void manager_unref(StreamManager *manager, Stream *stream) {
    bool is_last;

    pthread_mutex_lock(&manager->mutex);
    is_last = --stream->reference_count == 0;
    pthread_mutex_unlock(&manager->mutex);
    if (is_last)
        stream_destroy(stream);
}

Status manager_visit(StreamManager *manager,
                     Status (*visit)(void *data, Stream *stream, Error *err), void *data,
                     Error *err) {
    Status status = STATUS_OK;
    Stream **streams;
    int count;

    pthread_mutex_lock(&manager->mutex);
    count = manager->count;
    streams = memory_alloc(sizeof(*streams) * (size_t) count);
    for (int i = 0; i < count; i++) {
        streams[i] = manager->streams[i];
        streams[i]->reference_count++;
    }
    pthread_mutex_unlock(&manager->mutex);
    for (int i = 0; i < count; i++) {
        if (status == STATUS_OK)
            status = visit(data, streams[i], err);
        manager_unref(manager, streams[i]);
    }
    memory_free(streams);
    return status;
}

static Status unknown_stream(Error *err) {
    return error_set(err, UNDEFINED_TABLE, "the stream does not exist");
}

/* -------- jobs -------- */

static void manager_job(void *argument);

/* Under the manager's mutex. */
static void queue(StreamManager *manager, Stream *stream) {
    if (manager->is_closing || stream->is_dropped)
        return;
    stream->is_due = true;
    if (stream->is_queued)
        return;
    stream->is_queued = true;
    stream->reference_count++;
    pool_submit(stream->must_open ? manager->openers : manager->pool, manager_job, stream);
}

static void wake_stream(StreamManager *manager, Stream *stream) {
    pthread_mutex_lock(&manager->mutex);
    queue(manager, stream);
    pthread_mutex_unlock(&manager->mutex);
}

/* The waker's call: a descriptor of this stream is readable, or its time has come. */
static void manager_wake(void *data, int64_t id) {
    StreamManager *manager = data;
    Stream *stream = manager_find(manager, id);

    if (!stream)
        return;
    wake_stream(manager, stream);
    manager_unref(manager, stream);
}

static void manager_job(void *argument) {
    Stream *stream = argument;
    StreamManager *manager = stream->manager;
    int fds[WATCHED_FDS];
    int64_t wake_at_ns;
    int fd_count;

    pthread_mutex_lock(&manager->mutex);
    stream->is_due = false;
    pthread_mutex_unlock(&manager->mutex);
    wake_at_ns = stream_job(stream);
    pthread_mutex_lock(&stream->run_mutex); /* what is watched is not closed meanwhile */
    fd_count = stream_wake_fds(stream, fds, WATCHED_FDS);
    pthread_mutex_lock(&manager->mutex);
    stream->is_queued = false;
    if (wake_at_ns == 0 || stream->is_due)
        queue(manager, stream);
    /* Under the mutex, so that it can't replace the watch of a job that is queued after this one.
     * The waker calls us without holding its own lock. */
    if (!stream->is_queued && !manager->is_closing && !stream->is_dropped)
        waker_watch(manager->waker, stream->id, fds, fd_count, wake_at_ns);
    pthread_mutex_unlock(&manager->mutex);
    pthread_mutex_unlock(&stream->run_mutex);
    manager_unref(manager, stream);
}

/* -------- the catalog's calls -------- */

static Status observe_prepare(void *data, const Relation *relation, Error *err) {
    StreamManager *manager = data;
    CheckpointIdentity identity = {.stream_id = relation->id};
    char folder[4096];

    if (relation->kind != RELATION_STREAM)
        return STATUS_OK;
    memcpy(identity.incarnation, relation->incarnation, INCARNATION_SIZE);
    snprintf(folder, sizeof(folder), "%s/streams/%" PRId64, manager->environment.data_directory,
             relation->id);
    return checkpoint_create(folder, &identity, err);
}

static void add_stream(StreamManager *manager, const Relation *relation,
                       CatalogSnapshot *snapshot) {
    Stream *stream = stream_create(manager, relation, snapshot);

    pthread_mutex_lock(&manager->mutex);
    if (manager->count == manager->capacity) {
        manager->capacity = manager->capacity ? manager->capacity * 2 : 16;
        manager->streams = memory_realloc(manager->streams,
                                          sizeof(*manager->streams) * (size_t) manager->capacity);
    }
    manager->streams[manager->count++] = stream;
    queue(manager, stream);
    pthread_mutex_unlock(&manager->mutex);
}

static void observe_created(void *data, const Relation *relation, CatalogSnapshot *snapshot) {
    crash_point(CRASH_CATALOG_COMMITTED);
    if (relation->kind == RELATION_STREAM)
        add_stream(data, relation, snapshot);
}

static Stream *take_out(StreamManager *manager, int64_t id) {
    Stream *stream = NULL;

    pthread_mutex_lock(&manager->mutex);
    for (int i = 0; i < manager->count && !stream; i++)
        if (manager->streams[i]->id == id) {
            stream = manager->streams[i];
            manager->streams[i] = manager->streams[--manager->count];
            flag_set(&stream->is_dropped, true);
        }
    pthread_mutex_unlock(&manager->mutex);
    return stream;
}

/* Under run_mutex: the last that a stream does. What was decided becomes visible. */
static void stop_stream(Stream *stream) {
    Error error;

    flag_set(&stream->is_cancelled, false);
    if (stream_close_files(stream, &error) != STATUS_OK)
        log_error(LOG_WARNING, "stream", &error);
    stream_close(stream);
    flag_set(&stream->is_cancelled, true); /* a job that still waits finds nothing to do */
}

static void observe_dropped(void *data, int64_t id, RelationKind kind) {
    StreamManager *manager = data;
    Stream *stream = kind == RELATION_STREAM ? take_out(manager, id) : NULL;
    Error ignored;

    if (!stream)
        return;
    flag_set(&stream->is_cancelled, true);
    waker_forget(manager->waker, id);
    pthread_mutex_lock(&stream->run_mutex);
    /* One that waits is closed: recovery finds what it had decided. */
    flag_set(&stream->is_cancelled, false);
    if (stream->is_open || stream_open(stream, &ignored) == STATUS_OK)
        stop_stream(stream);
    flag_set(&stream->is_cancelled, true);
    if (file_remove_tree(stream->folder, &ignored) != STATUS_OK)
        log_error(LOG_WARNING, "stream", &ignored); /* the next start removes it */
    crash_point(CRASH_STREAM_FOLDER_REMOVED);
    pthread_mutex_unlock(&stream->run_mutex);
    stream_set_state(stream, STREAM_FINISHED, NULL);
    manager_unref(manager, stream);
}

/* -------- start and stop -------- */

Status manager_create(const StreamManagerEnvironment *environment, StreamManager **ret_manager,
                      Error *err) {
    StreamManager *manager = memory_zalloc(sizeof(*manager));
    CatalogObserver observer = {observe_prepare, observe_created, observe_dropped, manager};

    manager->environment = *environment;
    pthread_mutex_init(&manager->mutex, NULL);
    if (waker_create(manager_wake, manager, environment->clock, &manager->waker, err) !=
        STATUS_OK) {
        pthread_mutex_destroy(&manager->mutex);
        memory_free(manager);
        return STATUS_ERROR;
    }
    manager->pool = pool_create_growing("stream", MANAGER_THREADS);
    manager->openers = pool_create_growing("opener", OPENER_THREADS);
    catalog_set_observer(environment->catalog, &observer);
    *ret_manager = manager;
    return STATUS_OK;
}

/* A CREATE that did not commit leaves an empty checkpoint with an id that the catalog will give
 * again. With epochs in it, it is the catalog that is too young, and the rows are somebody's. */
static Status check_orphan(StreamManager *manager, int64_t id, const char *path, Error *err) {
    if (id < catalog_next_id(manager->environment.catalog) || !checkpoint_holds_epochs(path))
        return STATUS_OK;
    IGNORE(error_set(err, IO_ERROR, /* hinted */
                     "folder \"%s\" holds a stream that catalog.db does not know", path));
    return error_hint(err, "catalog.db is missing or an old copy: put back the right one, or move "
                           "the folder away.");
}

static Status remove_orphan(StreamManager *manager, int64_t id, const char *path, Error *err) {
    return file_remove_tree(path, err);
}

/* Folders that no row names: a CREATE that did not commit, or a DROP that did. */
static Status visit_orphans(StreamManager *manager, const CatalogSnapshot *snapshot,
                            Status (*visit)(StreamManager *manager, int64_t id, const char *path,
                                            Error *err),
                            Error *err) {
    char folder[4096];
    struct dirent *item;
    Status status = STATUS_OK;
    DIR *list;

    snprintf(folder, sizeof(folder), "%s/streams", manager->environment.data_directory);
    TRY(file_make_directory(folder, err));
    list = opendir(folder);
    if (!list)
        return error_errno(err, errno, "could not open folder \"%s\"", folder);
    while (status == STATUS_OK && (item = readdir(list))) {
        char *end;
        int64_t id = strtoll(item->d_name, &end, 10);
        char path[4096 + 300];

        if (*end || id <= 0 || catalog_find_id(snapshot, id))
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, item->d_name);
        status = visit(manager, id, path, err);
    }
    closedir(list);
    return status;
}

Status manager_start(StreamManager *manager, Error *err) {
    CatalogSnapshot *snapshot = catalog_snapshot(manager->environment.catalog);
    Status status = visit_orphans(manager, snapshot, check_orphan, err);

    if (status == STATUS_OK)
        status = visit_orphans(manager, snapshot, remove_orphan, err);
    for (int i = 0; i < catalog_count(snapshot) && status == STATUS_OK; i++) {
        const Relation *relation = catalog_at(snapshot, i);

        if (relation->kind == RELATION_STREAM)
            add_stream(manager, relation, snapshot);
    }
    catalog_snapshot_unref(snapshot);
    return status;
}

static void stop_job(void *argument) {
    Stream *stream = argument;

    pthread_mutex_lock(&stream->run_mutex);
    if (stream->is_open)
        stop_stream(stream);
    pthread_mutex_unlock(&stream->run_mutex);
}

StreamManager *manager_destroy(StreamManager *manager, bool now) {
    if (!manager)
        return NULL;
    pthread_mutex_lock(&manager->mutex);
    manager->is_closing = true;
    for (int i = 0; i < manager->count; i++)
        if (now)
            flag_set(&manager->streams[i]->is_cancelled, true);
    pthread_mutex_unlock(&manager->mutex);
    manager->waker = waker_destroy(manager->waker);
    manager->openers = pool_destroy(manager->openers);
    for (int i = 0; i < manager->count; i++) /* behind the epochs that were queued before */
        pool_submit(manager->pool, stop_job, manager->streams[i]);
    manager->pool = pool_destroy(manager->pool);
    for (int i = 0; i < manager->count; i++)
        manager_unref(manager, manager->streams[i]);
    memory_free(manager->streams);
    pthread_mutex_destroy(&manager->mutex);
    memory_free(manager);
    return NULL;
}

/* -------- ALTER STREAM -------- */

static Status wrong_state(const Stream *stream, StreamState state, Error *err) {
    return error_set(err, OBJECT_NOT_IN_PREREQUISITE_STATE, "stream \"%s\" is %s",
                     stream->relation->name, stream_state_name(state));
}

/* Run `act` on the stream between two epochs. */
static Status control(StreamManager *manager, int64_t id,
                      Status (*act)(Stream *stream, StreamState state, Error *err), Error *err) {
    Stream *stream = manager_find(manager, id);
    StreamState state;
    Status status;

    if (!stream)
        return unknown_stream(err);
    atomic_fetch_add(&stream->control_waiting, 1);
    pthread_mutex_lock(&stream->run_mutex);
    atomic_fetch_sub(&stream->control_waiting, 1);
    pthread_mutex_lock(&stream->mutex);
    state = stream->state;
    pthread_mutex_unlock(&stream->mutex);
    status = flag_get(&stream->is_dropped) ? unknown_stream(err) : act(stream, state, err);
    pthread_mutex_unlock(&stream->run_mutex);
    wake_stream(manager, stream);
    manager_unref(manager, stream);
    return status;
}

/* A stream that waits for the outside is not asked to open for it: what it had decided becomes
 * visible when it goes on. */
static Status pause_closed(Stream *stream, Error *err) {
    Checkpoint *checkpoint = NULL;
    Status status;

    TRY(stream_open_checkpoint(stream, &checkpoint, err));
    status = checkpoint_set_meta(checkpoint, "paused", "1", 1, err);
    checkpoint_close(checkpoint);
    TRY(status);
    stream_set_state(stream, STREAM_PAUSED, NULL);
    return STATUS_OK;
}

static Status act_pause(Stream *stream, StreamState state, Error *err) {
    if (state == STREAM_PAUSED)
        return STATUS_OK;
    if (state != STREAM_RUNNING && state != STREAM_WAITING && state != STREAM_STARTING)
        return wrong_state(stream, state, err);
    if (state == STREAM_WAITING)
        return pause_closed(stream, err);
    if (!stream->is_open)
        TRY(stream_open(stream, err));
    if (stream_close_files(stream, err) != STATUS_OK) {
        stream_close(stream); /* and on through recovery */
        stream_set_state(stream, STREAM_STARTING, NULL);
        return STATUS_ERROR;
    }
    TRY(checkpoint_set_meta(stream->checkpoint, "paused", "1", 1, err));
    stream_set_state(stream, STREAM_PAUSED, NULL);
    return STATUS_OK;
}

Status manager_pause(StreamManager *manager, int64_t stream_id, Error *err) {
    return control(manager, stream_id, act_pause, err);
}

static Status act_resume(Stream *stream, StreamState state, Error *err) {
    if (state == STREAM_RUNNING || state == STREAM_STARTING)
        return STATUS_OK;
    if (state == STREAM_FINISHED)
        return wrong_state(stream, state, err);
    stream_close(stream);
    TRY(stream_open(stream, err));
    TRY(checkpoint_set_meta(stream->checkpoint, "paused", "", 0, err));
    stream->retry_count = 0;
    stream_set_state(stream, STREAM_RUNNING, NULL);
    return STATUS_OK;
}

Status manager_resume(StreamManager *manager, int64_t stream_id, Error *err) {
    return control(manager, stream_id, act_resume, err);
}

static Status act_restart(Stream *stream, StreamState state, Error *err) {
    stream_close(stream);
    if (stream_open(stream, err) != STATUS_OK) {
        if (state == STREAM_RUNNING) /* nothing that runs is closed: its job tries again */
            stream_set_state(stream, STREAM_STARTING, NULL);
        return STATUS_ERROR;
    }
    if (state == STREAM_WAITING || state == STREAM_FAILED || state == STREAM_STARTING)
        stream_set_state(stream, stream->stored_state, NULL);
    return STATUS_OK;
}

Status manager_restart(StreamManager *manager, int64_t stream_id, Error *err) {
    return control(manager, stream_id, act_restart, err);
}

/* -------- waiting -------- */

/* Wait on stream->changed for a short while; false when the caller should give up. */
static bool wait_a_little(Stream *stream, const volatile bool *cancel) {
    if (flag_is_set(cancel))
        return false;
    thread_wait(&stream->changed, &stream->mutex, WAIT_STEP_MS);
    return true;
}

/* Under stream->mutex: may anything still be waited for? A stream that has tried again in vain may
 * never come through, so only a time-out tells how long to be patient with it. */
static Status check_waitable(Stream *stream, bool is_patient, Error *err) {
    char name[IDENTIFIER_SQL_SIZE];

    if (flag_get(&stream->is_dropped))
        return unknown_stream(err);
    if (stream->state != STREAM_PAUSED && stream->state != STREAM_FAILED &&
        (stream->state != STREAM_WAITING || is_patient || stream->retry_count < VAIN_RETRIES))
        return STATUS_OK;
    IGNORE(wrong_state(stream, stream->state, err));
    if (stream->has_error)
        IGNORE(error_detail(err, "%s", stream->error.message));
    if (stream->state == STREAM_WAITING)
        return error_hint(err, "It tries again by itself; to wait for that, give a TIMEOUT.");
    return error_hint(err, "ALTER STREAM %s RESUME",
                      identifier_to_sql(stream->relation->name, name));
}

/* Under stream->mutex: the time is over. */
static Status timed_out(Stream *stream, Error *err) {
    IGNORE(error_set(err, QUERY_CANCELED, "stream \"%s\" has not caught up in time",
                     stream->relation->name));
    if (stream->state == STREAM_WAITING && stream->has_error)
        IGNORE(error_detail(err, "It tries again after an error: %s", stream->error.message));
    return STATUS_ERROR;
}

static Status wait_flushed(Stream *stream, int64_t ticket, int64_t deadline_ns,
                           const volatile bool *cancel, Error *err) {
    while (stream->flush_done < ticket && stream->state != STREAM_FINISHED) {
        TRY(check_waitable(stream, deadline_ns != 0, err));
        if (!wait_a_little(stream, cancel))
            return error_canceled(err);
        if (deadline_ns && stream->clock->monotonic_ns(stream->clock) > deadline_ns)
            return timed_out(stream, err);
    }
    return STATUS_OK;
}

Status manager_wait(StreamManager *manager, int64_t stream_id, int64_t timeout_us,
                    const volatile bool *cancel, Error *err) {
    Stream *stream = manager_find(manager, stream_id);
    char name[IDENTIFIER_SQL_SIZE];
    int64_t deadline_ns = 0;
    Status status = STATUS_OK;
    int64_t ticket;

    if (!stream)
        return unknown_stream(err);
    if (timeout_us > 0)
        deadline_ns = stream->clock->monotonic_ns(stream->clock) + timeout_us * 1000;
    pthread_mutex_lock(&stream->mutex);
    if (stream->relation->trigger && strcmp(stream->relation->trigger, "manual") == 0) {
        IGNORE(error_set(err, OBJECT_NOT_IN_PREREQUISITE_STATE, "stream \"%s\" has TRIGGER MANUAL",
                         stream->relation->name));
        status = error_hint(err, "ALTER STREAM %s STEP",
                            identifier_to_sql(stream->relation->name, name));
    }
    if (status == STATUS_OK)
        status = check_waitable(stream, deadline_ns != 0, err);
    ticket = ++stream->flush_wanted;
    pthread_mutex_unlock(&stream->mutex);
    if (status == STATUS_OK) {
        wake_stream(manager, stream);
        pthread_mutex_lock(&stream->mutex);
        status = wait_flushed(stream, ticket, deadline_ns, cancel, err);
        pthread_mutex_unlock(&stream->mutex);
    }
    manager_unref(manager, stream);
    return status;
}

static Status wait_stepped(Stream *stream, const volatile bool *cancel, Error *err) {
    while (stream->steps_wanted > 0 && stream->state != STREAM_FINISHED) {
        TRY(check_waitable(stream, false, err));
        if (!wait_a_little(stream, cancel))
            return error_canceled(err);
    }
    return STATUS_OK;
}

Status manager_step(StreamManager *manager, int64_t stream_id, int64_t count,
                    const volatile bool *cancel, Error *err) {
    Stream *stream = manager_find(manager, stream_id);
    Status status;

    if (!stream)
        return unknown_stream(err);
    pthread_mutex_lock(&stream->mutex);
    if (!stream->relation->trigger || strcmp(stream->relation->trigger, "manual") != 0)
        status = error_set(err, OBJECT_NOT_IN_PREREQUISITE_STATE,
                           "stream \"%s\" does not have TRIGGER MANUAL", stream->relation->name);
    else
        status = check_waitable(stream, false, err);
    if (status == STATUS_OK)
        stream->steps_wanted += count;
    pthread_mutex_unlock(&stream->mutex);
    if (status == STATUS_OK) {
        wake_stream(manager, stream);
        pthread_mutex_lock(&stream->mutex);
        status = wait_stepped(stream, cancel, err);
        pthread_mutex_unlock(&stream->mutex);
    }
    manager_unref(manager, stream);
    return status;
}

/* -------- reading a result -------- */

typedef struct ResultVisit {
    StateVisit visit;
    void *data;
} ResultVisit;

/* The result is a bag: key = the row, value = how many of it. */
static Status visit_result_row(void *data, int64_t slice, StateBytes key, StateBytes value,
                               Error *err) {
    ResultVisit *result = data;
    int64_t count = 0;

    if (value.size_bytes == sizeof(count))
        memcpy(&count, value.data, sizeof(count));
    for (int64_t i = 0; i < count; i++)
        TRY(result->visit(result->data, slice, (StateBytes) {0}, key, err));
    return STATUS_OK;
}

/* Under stream->mutex. A stream that was created or started just now is about to have its result.
 */
static void await_opening(Stream *stream) {
    for (int i = 0; i < OPENING_STEPS_MAX && stream->state == STREAM_STARTING && !stream->delivery;
         i++)
        if (flag_get(&stream->is_dropped) || !wait_a_little(stream, NULL))
            return;
}

Status manager_read_stream(void *data, const struct Relation *relation, StateVisit visit,
                           void *visit_data, Error *err) {
    StreamManager *manager = data;
    Stream *stream = manager_find(manager, relation->id);
    ResultVisit result = {visit, visit_data};
    StatePin *pin = NULL;
    Status status = STATUS_OK;

    if (!stream)
        return unknown_stream(err);
    pthread_mutex_lock(&stream->mutex);
    await_opening(stream);
    if (stream->delivery)
        pin = delivery_pin_result(stream->delivery);
    if (!pin && relation->keeps_result)
        status = wrong_state(stream, stream->state, err);
    else if (!pin) {
        IGNORE(error_set(err, OBJECT_NOT_IN_PREREQUISITE_STATE, "stream \"%s\" keeps no result",
                         relation->name));
        status = error_hint(err, "Create it without INTO, or with WITH (retain = 'all').");
    }
    pthread_mutex_unlock(&stream->mutex);
    if (status == STATUS_OK)
        status = state_pin_visit(pin, visit_result_row, &result, err);
    state_unpin(pin);
    manager_unref(manager, stream);
    return status;
}
