/* Scripts: `millrace -f FILE` runs statements one after the other and prints rows as
 * `psql -X -A -t` does. Notices and errors go to standard error; the first error ends the run, and
 * so does SIGINT, SIGTERM or SIGHUP: in order, so that no temporary folder is left. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/thread.h"
#include "server/session.h"
#include "store/file.h"

enum { SCRIPT_READ_BYTES = 1 << 16 };

/* A thread that waits for a signal: then the statement that runs is cancelled. */
typedef struct ScriptSignals {
    sigset_t set;
    int signal_fd;
    int came_fd; /* readable from the first signal on */
    int end_fd;  /* readable when the script is over */
    pthread_t thread;
    pthread_mutex_t mutex; /* guards the rest */
    Session *session;
    bool has_come;
} ScriptSignals;

typedef struct Script {
    SessionClient client; /* must be first */
    const char *path;     /* as messages name it */
    StrBuf text;
    StrBuf rows;
    Session *session;
    ScriptSignals signals;
} Script;

typedef struct ScriptReceiver {
    RowReceiver base; /* must be first */
    Script *script;
} ScriptReceiver;

/* -------- signals -------- */

/* nohup leaves SIGHUP ignored. */
static void collect_signals(sigset_t *ret_set) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action;

    sigemptyset(ret_set);
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++)
        if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(ret_set, numbers[i]);
}

void server_hold_script_signals(void) {
    sigset_t set;

    collect_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void wake(int fd) {
    uint64_t one = 1;
    ssize_t written = write(fd, &one, sizeof(one));

    (void) written; /* a new eventfd always has room */
}

static void *watch_signals(void *data) {
    ScriptSignals *signals = data;
    struct pollfd waits[] = {{.fd = signals->end_fd, .events = POLLIN},
                             {.fd = signals->signal_fd, .events = POLLIN}};

    thread_begin();
    while (poll(waits, 2, -1) < 0)
        ;
    if (!waits[0].revents) {
        pthread_mutex_lock(&signals->mutex);
        signals->has_come = true;
        if (signals->session)
            session_end(signals->session);
        pthread_mutex_unlock(&signals->mutex);
        wake(signals->came_fd);
    }
    return NULL;
}

static Status open_signals(ScriptSignals *signals, Error *err) {
    collect_signals(&signals->set);
    pthread_mutex_init(&signals->mutex, NULL);
    signals->signal_fd = signalfd(-1, &signals->set, SFD_CLOEXEC);
    signals->came_fd = eventfd(0, EFD_CLOEXEC);
    signals->end_fd = eventfd(0, EFD_CLOEXEC);
    if (signals->signal_fd < 0 || signals->came_fd < 0 || signals->end_fd < 0 ||
        pthread_create(&signals->thread, NULL, watch_signals, signals))
        return error_errno(err, errno, "could not watch for signals");
    return STATUS_OK;
}

/* From now on a signal ends the session. */
static void watch_session(ScriptSignals *signals, Session *session) {
    pthread_mutex_lock(&signals->mutex);
    signals->session = session;
    if (signals->has_come)
        session_end(session);
    pthread_mutex_unlock(&signals->mutex);
}

/* True when a signal has come. */
static bool close_signals(ScriptSignals *signals) {
    wake(signals->end_fd);
    pthread_join(signals->thread, NULL);
    close(signals->signal_fd);
    close(signals->came_fd);
    close(signals->end_fd);
    pthread_mutex_destroy(&signals->mutex);
    return signals->has_come;
}

/* -------- what is printed -------- */

/* The line and column of a 1-based character position. */
static void print_place(const Script *script, int position) {
    const char *text = strbuf_text(&script->text);
    int line = 1;
    int column = 1;

    for (; *text && position > 1; text++) {
        if (((unsigned char) text[1] & 0xc0) != 0x80)
            position--;
        column = *text == '\n' ? 1 : column + (((unsigned char) *text & 0xc0) != 0x80);
        line += *text == '\n';
    }
    fprintf(stderr, "%s:%d:%d: ", script->path, line, column);
}

static void print_error(const Script *script, const Error *error, int statement_position) {
    print_place(script, error->position > 0 ? error->position : statement_position);
    fprintf(stderr, "ERROR: %s: %s\n", sqlstate_code(error->sqlstate), error->message);
    if (error->detail[0])
        fprintf(stderr, "DETAIL: %s\n", error->detail);
    if (error->hint[0])
        fprintf(stderr, "HINT: %s\n", error->hint);
    if (error->context[0])
        fprintf(stderr, "CONTEXT: %s\n", error->context);
}

static void client_notice(SessionClient *client, SessionSeverity severity, const Error *notice) {
    static const char *const names[] = {"NOTICE", "INFO", "WARNING"};

    fprintf(stderr, "%s: %s\n", names[severity], notice->message);
    if (notice->detail[0])
        fprintf(stderr, "DETAIL: %s\n", notice->detail);
    if (notice->hint[0])
        fprintf(stderr, "HINT: %s\n", notice->hint);
}

static void client_parameter_status(SessionClient *client, const char *name, const char *value) {
}

static Status take_rows(RowReceiver *receiver, const Batch *batch, Error *err) {
    Script *script = ((ScriptReceiver *) receiver)->script;
    StrBuf *out = &script->rows;

    strbuf_clear(out);
    for (uint32_t i = 0; i < batch_active_count(batch); i++) {
        for (uint32_t c = 0; c < batch->column_count; c++) {
            Value value = column_get(&batch->columns[c], batch_active_row(batch, i));

            if (c)
                strbuf_append_char(out, '|');
            if (!value.is_null)
                value_append_text(&value, session_form_settings(script->session), out);
        }
        strbuf_append_char(out, '\n');
    }
    if (fwrite(strbuf_text(out), 1, out->length, stdout) != out->length)
        return error_errno(err, errno, "could not write to standard output");
    return STATUS_OK;
}

/* -------- running -------- */

static Status run_statement(Script *script, ParsedText *text, int index, Error *err) {
    PrepareRequest prepare = {.text = text, .index = index};
    ScriptReceiver receiver = {.base = {take_rows}, .script = script};
    PortalRequest request = {0};
    Portal *portal = NULL;
    int64_t rows = 0;
    Status status;

    TRY(session_prepare(script->session, &prepare, &request.statement, err));
    status = session_open_portal(script->session, &request, &portal, err);
    prepared_unref(request.statement);
    TRY(status);
    do {
        status = portal_run(portal, (PortalLimits) {0}, &receiver.base, &rows, err);
    } while (status == STATUS_MORE);
    portal_close(portal);
    return status;
}

static Status run_statements(Script *script, ParsedText *text) {
    Status status = STATUS_OK;

    for (int i = 0; i < parsed_text_count(text) && status == STATUS_OK; i++) {
        Error error = {0};

        status = run_statement(script, text, i, &error);
        if (status != STATUS_OK) {
            fflush(stdout);
            print_error(script, &error, parsed_text_position(text, i));
            session_fail(script->session);
        }
        fflush(stdout);
    }
    return status;
}

static Status read_standard_input(const ScriptSignals *signals, StrBuf *text, Error *err) {
    struct pollfd waits[] = {{.fd = signals->came_fd, .events = POLLIN},
                             {.fd = STDIN_FILENO, .events = POLLIN}};

    for (;;) {
        ssize_t count;

        if (poll(waits, 2, -1) > 0 && waits[0].revents)
            return error_set(err, QUERY_CANCELED, "canceled before the script was read");
        count = read(STDIN_FILENO, strbuf_reserve(text, SCRIPT_READ_BYTES), SCRIPT_READ_BYTES);

        if (count < 0 && errno != EINTR)
            return error_errno(err, errno, "could not read standard input");
        if (count == 0)
            break;
        if (count > 0)
            text->length += (size_t) count;
        if (text->length > LIMIT_STATEMENT_BYTES)
            return error_set(err, PROGRAM_LIMIT_EXCEEDED, "the script is too long");
    }
    strbuf_append(text, "", 0);
    return STATUS_OK;
}

static Status read_and_run(Script *script, Server *server, const char *path) {
    SessionStart start = {.user = "millrace", .database = "millrace", .client_address = ""};
    ParsedText *text = NULL;
    Error error = {0};
    Status status;

    status = strcmp(path, "-") == 0
                 ? read_standard_input(&script->signals, &script->text, &error)
                 : file_read_all(path, LIMIT_STATEMENT_BYTES, &script->text, &error);
    if (status == STATUS_OK)
        status = session_create(server, &start, &script->client, &script->session, &error);
    if (status == STATUS_OK)
        status = parsed_text_create(strbuf_text(&script->text), script->text.length, &text, &error);
    if (status != STATUS_OK) {
        print_error(script, &error, 1);
        return status;
    }
    watch_session(&script->signals, script->session);
    status = run_statements(script, text);
    parsed_text_unref(text);
    return status;
}

int server_run_script(Server *server, const char *path, bool *ret_is_cut_short) {
    Script script = {.client = {client_notice, client_parameter_status},
                     .path = strcmp(path, "-") == 0 ? "<stdin>" : path};
    Error error = {0};
    Status status;

    if (open_signals(&script.signals, &error) != STATUS_OK) {
        print_error(&script, &error, 1);
        return 1; /* the process ends */
    }
    status = read_and_run(&script, server, path);
    *ret_is_cut_short = close_signals(&script.signals);
    session_destroy(script.session);
    strbuf_done(&script.text);
    strbuf_done(&script.rows);
    return status == STATUS_OK ? 0 : 1;
}
