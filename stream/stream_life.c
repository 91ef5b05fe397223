/* A stream's life: its states, and the job that drives it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/flag.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "stream/manager_internal.h"

enum {
    JOB_NS = 100000000, /* a job hands over after this long, so that streams share the pool */
    RETRY_FIRST_US = 1000000,
    RETRY_LAST_US = 60000000,
    SETTLE_RECHECK_NS = 20000000,
};

static const char *const state_names[] = {"starting", "running", "waiting",
                                          "paused",   "failed",  "finished"};

const char *stream_state_name(StreamState state) {
    return state_names[state];
}

const char *stream_shown_state(const Stream *stream) {
    bool is_waiting = stream->state == STREAM_RUNNING && stream->has_trouble;

    return state_names[is_waiting ? STREAM_WAITING : stream->state];
}

Stream *stream_create(StreamManager *manager, const Relation *relation, CatalogSnapshot *snapshot) {
    Stream *stream = memory_zalloc(sizeof(*stream));
    char folder[4096];

    snprintf(folder, sizeof(folder), "%s/streams/%" PRId64,
             manager_environment(manager)->data_directory, relation->id);
    stream->manager = manager;
    stream->id = relation->id;
    stream->relation = relation;
    stream->snapshot = catalog_snapshot_ref(snapshot);
    stream->clock = manager_environment(manager)->clock;
    stream->folder = memory_strdup(folder);
    stream->faults = faults_create();
    stream->wake_at_ns = INT64_MAX;
    stream->reference_count = 1;
    stream->must_open = true;
    pthread_mutex_init(&stream->run_mutex, NULL);
    pthread_mutex_init(&stream->mutex, NULL);
    thread_condition_init(&stream->changed);
    if (relation->broken)
        stream_set_state(stream, STREAM_FAILED, relation->broken);
    return stream;
}

Stream *stream_destroy(Stream *stream) {
    if (!stream)
        return NULL;
    stream_close(stream);
    for (int i = 0; i < PROGRESS_KEPT_ROWS; i++) {
        char *offsets = (char *) (uintptr_t) stream->progress[i].offsets; /* ours */

        memory_free(offsets);
    }
    faults_destroy(stream->faults);
    stream_forget_lag(stream);
    catalog_snapshot_unref(stream->snapshot);
    pthread_cond_destroy(&stream->changed);
    pthread_mutex_destroy(&stream->mutex);
    pthread_mutex_destroy(&stream->run_mutex);
    memory_free(stream->folder);
    memory_free(stream);
    return NULL;
}

void stream_forget_progress(Stream *stream) {
    pthread_mutex_lock(&stream->mutex);
    stream->progress_count = 0;
    pthread_mutex_unlock(&stream->mutex);
}

void stream_remember_progress(Stream *stream, const ProgressRow *row) {
    ProgressRow *kept;
    char *old;

    pthread_mutex_lock(&stream->mutex);
    kept = &stream->progress[stream->progress_count++ % PROGRESS_KEPT_ROWS];
    old = (char *) (uintptr_t) kept->offsets; /* ours */
    memory_free(old);
    *kept = *row;
    kept->offsets = memory_strdup(row->offsets ? row->offsets : "{}");
    pthread_mutex_unlock(&stream->mutex);
}

void stream_set_state(Stream *stream, StreamState state, const Error *error) {
    pthread_mutex_lock(&stream->mutex);
    stream->state = state;
    stream->must_open = state == STREAM_STARTING || state == STREAM_WAITING;
    stream->has_trouble = false;
    stream->has_error = error != NULL;
    if (error) {
        stream->error = *error;
        stream->error_at = manager_now_us(stream->manager);
    }
    pthread_cond_broadcast(&stream->changed);
    pthread_mutex_unlock(&stream->mutex);
}

bool stream_lock_open(Stream *stream) {
    bool is_waiting;

    pthread_mutex_lock(&stream->mutex);
    is_waiting = stream->state == STREAM_WAITING;
    pthread_mutex_unlock(&stream->mutex);
    if (!is_waiting)
        pthread_mutex_lock(&stream->run_mutex);
    return !is_waiting;
}

static StreamState state_of(Stream *stream) {
    StreamState state;

    pthread_mutex_lock(&stream->mutex);
    state = stream->state;
    pthread_mutex_unlock(&stream->mutex);
    return state;
}

/* Causes that may go away by themselves: troubles of connections, disks and descriptors
 * (interfaces: "A stream's life"). */
static bool is_retried(const Error *error) {
    const char *code = sqlstate_code(error->sqlstate);

    return strncmp(code, "08", 2) == 0 || strcmp(code, "53100") == 0 ||
           strcmp(code, "53000") == 0 || strncmp(code, "57P0", 4) == 0 ||
           strcmp(code, "58P01") == 0 || strcmp(code, "55006") == 0;
}

/* An epoch that was undone because the stream stops leaves it as it was before: whoever stops it
 * shows what was decided. After any other error the stream is closed; it comes back through
 * recovery. */
static int64_t handle_error(Stream *stream, const Error *error) {
    int64_t now_ns = stream->clock->monotonic_ns(stream->clock);
    int64_t delay_us = RETRY_FIRST_US;

    if (error->sqlstate == SQLSTATE_QUERY_CANCELED && flag_get(&stream->is_cancelled) &&
        !stream->is_torn)
        return INT64_MAX;
    stream_close(stream);
    log_error(LOG_WARNING, "stream", error);
    if (!is_retried(error)) {
        stream_set_state(stream, STREAM_FAILED, error);
        return INT64_MAX;
    }
    for (int i = stream->retry_count++; i > 0 && delay_us < RETRY_LAST_US; i--)
        delay_us *= 2;
    stream->retry_at_ns = now_ns + (delay_us < RETRY_LAST_US ? delay_us : RETRY_LAST_US) * 1000;
    stream_set_state(stream, STREAM_WAITING, error);
    return stream->retry_at_ns;
}

/* -------- WAIT FOR STREAM -------- */

/* A wait has come: what is there now must be processed. */
static Status begin_flush(Stream *stream, Error *err) {
    pthread_mutex_lock(&stream->mutex);
    stream->flush_ticket = stream->flush_wanted > stream->flush_done ? stream->flush_wanted : 0;
    pthread_mutex_unlock(&stream->mutex);
    if (!stream->flush_ticket)
        return STATUS_OK;
    stream->must_roll = true;
    stream->is_flush_open = true;
    return stream_discover(stream, err);
}

/* Who waited sees in the views what he waited for. */
static void end_flush(Stream *stream) {
    stream_note_lag(stream);
    pthread_mutex_lock(&stream->mutex);
    stream->flush_done = stream->flush_ticket;
    pthread_cond_broadcast(&stream->changed);
    pthread_mutex_unlock(&stream->mutex);
    stream->flush_ticket = 0;
    stream->must_roll = false;
}

/* -------- the job -------- */

static bool is_batch_done(const Stream *stream) {
    for (int i = 0; i < stream->scan_count; i++) {
        const StreamScan *scan = &stream->scans[i];

        if (stream->uses_watermark && watermark_is_ahead(scan))
            return false;
        for (int j = 0; j < scan->partition_count; j++)
            if (scan->partitions[j].position < scan->partitions[j].stop_at)
                return false;
    }
    return true;
}

/* Sources that end by themselves, all read: nothing will ever come. */
static bool is_input_over(const Stream *stream) {
    for (int i = 0; i < stream->scan_count; i++) {
        const StreamScan *scan = &stream->scans[i];

        if (!scan->type->is_finished || !scan->type->is_finished(scan->reader))
            return false;
        for (int j = 0; j < scan->partition_count; j++)
            if (scan->partitions[j].position < scan->partitions[j].end)
                return false;
    }
    return stream->scan_count > 0;
}

static bool is_over(const Stream *stream) {
    if (stream->trigger == TRIGGER_ONCE || stream->trigger == TRIGGER_AVAILABLE_NOW)
        return is_batch_done(stream);
    return is_input_over(stream);
}

static bool may_run(Stream *stream, int64_t now_ns) {
    bool has_steps;

    if (stream->trigger == TRIGGER_MANUAL) {
        pthread_mutex_lock(&stream->mutex);
        has_steps = stream->steps_wanted > 0;
        pthread_mutex_unlock(&stream->mutex);
        return has_steps;
    }
    return stream->flush_ticket || stream->trigger != TRIGGER_EVERY ||
           now_ns >= stream->next_trigger_ns;
}

static void end_steps(Stream *stream) {
    pthread_mutex_lock(&stream->mutex);
    stream->steps_wanted = 0;
    pthread_cond_broadcast(&stream->changed);
    pthread_mutex_unlock(&stream->mutex);
}

static int64_t earlier(int64_t left, int64_t right) {
    return left < right ? left : right;
}

/* When an idle stream wants to look again although nobody told it to. */
static int64_t next_wake(Stream *stream, int64_t now_ns) {
    int64_t wake = deferral_due_ns(&stream->deferral);

    for (int i = 0; i < stream->scan_count; i++) {
        StreamScan *scan = &stream->scans[i];
        int64_t recheck =
            scan->type->recheck_after_us ? scan->type->recheck_after_us(scan->reader) : -1;
        int64_t idle = watermark_idle_due_ns(scan, now_ns);

        if (recheck >= 0)
            wake = earlier(wake, now_ns + recheck * 1000);
        if (idle >= 0)
            wake = earlier(wake, now_ns + idle);
        if (scan->is_held)
            wake = earlier(wake, scan->rows_since_ns + scan->relation->max_epoch_delay_us * 1000);
        if (stream->is_flush_open && stream->flush_ticket)
            wake = earlier(wake, now_ns + SETTLE_RECHECK_NS);
    }
    for (int i = 0; i < stream->sink_count; i++) {
        const DeliverySink *sink = &stream->sinks[i];
        int64_t due = sink->type->roll_due_us ? sink->type->roll_due_us(sink->writer) : -1;

        if (due >= 0)
            wake = earlier(wake, now_ns + due * 1000);
    }
    if (stream->trigger == TRIGGER_EVERY && !stream->flush_ticket && wake < stream->next_trigger_ns)
        wake = stream->next_trigger_ns;
    return wake;
}

static int64_t finish(Stream *stream) {
    Error error;

    if (stream_write_deferred(stream, &error) != STATUS_OK ||
        checkpoint_set_meta(stream->checkpoint, "finished", "1", 1, &error) != STATUS_OK)
        return handle_error(stream, &error);
    if (stream->flush_ticket)
        end_flush(stream);
    stream_set_state(stream, STREAM_FINISHED, NULL);
    return INT64_MAX;
}

/* No work is left: what follows from that. */
static int64_t settle(Stream *stream, int64_t now_ns) {
    Error error;

    if (stream->trigger == TRIGGER_EVERY)
        stream->next_trigger_ns = now_ns + stream->trigger_us * 1000;
    if (stream->trigger == TRIGGER_MANUAL)
        end_steps(stream);
    if (is_over(stream)) {
        if (stream_is_flushed(stream))
            return finish(stream);
        stream->must_roll = true; /* close the open files, then finish */
        return 0;
    }
    if (stream->flush_ticket && stream_is_flushed(stream)) {
        if (stream_write_deferred(stream, &error) != STATUS_OK)
            return handle_error(stream, &error);
        end_flush(stream);
    }
    if (stream_write_due(stream, now_ns, &error) != STATUS_OK)
        return handle_error(stream, &error);
    pthread_mutex_lock(&stream->mutex);
    stream->idle_epochs++;
    pthread_mutex_unlock(&stream->mutex);
    if (checkpoint_tidy(stream->checkpoint, &error) != STATUS_OK)
        log_error(LOG_WARNING, "checkpoint", &error);
    return next_wake(stream, now_ns);
}

/* What a source has to bear while it goes on by itself. */
static void look_for_trouble(Stream *stream) {
    bool has_trouble = false;
    Error trouble;

    for (int i = 0; i < stream->scan_count && !has_trouble; i++) {
        const StreamScan *scan = &stream->scans[i];

        has_trouble = scan->type->trouble && scan->type->trouble(scan->reader, &trouble);
        if (has_trouble)
            IGNORE(error_context(&trouble, "source \"%s\"", scan->relation->name)); /* shown */
    }
    if (!has_trouble && !stream->has_trouble)
        return;
    pthread_mutex_lock(&stream->mutex);
    if (has_trouble) {
        if (!stream->has_trouble)
            stream->error_at = manager_now_us(stream->manager);
        stream->error = trouble;
    }
    stream->has_error = stream->has_trouble = has_trouble;
    pthread_mutex_unlock(&stream->mutex);
}

static int64_t run_epochs(Stream *stream) {
    int64_t begin_ns = stream->clock->monotonic_ns(stream->clock);
    int64_t now_ns = begin_ns;

    for (;;) {
        bool did_work = false;
        Error error;

        if (!may_run(stream, now_ns))
            return stream->trigger == TRIGGER_EVERY ? stream->next_trigger_ns : INT64_MAX;
        if (stream_run_epoch(stream, &did_work, &error) != STATUS_OK) {
            error_context(&error, "stream \"%s\"", stream->relation->name);
            return handle_error(stream, &error);
        }
        stream->retry_count = 0;
        look_for_trouble(stream);
        now_ns = stream->clock->monotonic_ns(stream->clock);
        if (!did_work)
            return settle(stream, now_ns);
        if (checkpoint_tidy(stream->checkpoint, &error) != STATUS_OK)
            log_error(LOG_WARNING, "checkpoint", &error);
        if (now_ns - begin_ns > JOB_NS || stream->control_waiting > 0 ||
            flag_get(&stream->is_cancelled))
            return 0;
    }
}

static int64_t start(Stream *stream) {
    Error error;

    if (stream_open(stream, &error) != STATUS_OK)
        return handle_error(stream, &error);
    stream_set_state(stream, stream->stored_state, NULL);
    return 0;
}

static int64_t run_job(Stream *stream, int64_t now_ns) {
    StreamState state = state_of(stream);
    Error error;

    if (flag_get(&stream->is_cancelled))
        return INT64_MAX;
    if (state == STREAM_STARTING)
        return start(stream);
    if (state == STREAM_WAITING)
        return now_ns >= stream->retry_at_ns ? start(stream) : stream->retry_at_ns;
    if (state != STREAM_RUNNING)
        return INT64_MAX;
    if (!stream->flush_ticket && begin_flush(stream, &error) != STATUS_OK)
        return handle_error(stream, &error);
    return run_epochs(stream);
}

int64_t stream_job(Stream *stream) {
    int64_t wake;

    pthread_mutex_lock(&stream->run_mutex);
    wake = run_job(stream, stream->clock->monotonic_ns(stream->clock));
    stream_note_lag(stream);
    pthread_mutex_unlock(&stream->run_mutex);
    return wake;
}

/* Of a stream that would look: what nobody takes leaves its descriptor readable for ever. */
int stream_wake_fds(Stream *stream, int *fds, int capacity) {
    int count = 0;

    if (state_of(stream) != STREAM_RUNNING ||
        !may_run(stream, stream->clock->monotonic_ns(stream->clock)))
        return 0;
    for (int i = 0; i < stream->scan_count && count < capacity; i++) {
        StreamScan *scan = &stream->scans[i];
        int fd = scan->type->wake_fd ? scan->type->wake_fd(scan->reader) : -1;

        if (fd >= 0)
            fds[count++] = fd;
    }
    return count;
}
