/* Serving: the loop, its signals, and a clean stop within a second. */
#include <signal.h>
#include <stdio.h>
#include <uv.h>

#include "base/log.h"
#include "server/connection.h"

enum {
    STOP_GRACE_MS = 300, /* for clients that don't read */
    SIGNAL_COUNT = 3,
};

typedef struct Serving {
    Server *server;
    uv_loop_t loop;
    uv_signal_t signals[SIGNAL_COUNT];
    uv_timer_t stop_timer;
    Listener *listener;
    bool is_stopping;
} Serving;

/* The last connection has gone: let the loop end. */
static void close_handles(void *data) {
    Serving *serving = data;

    listener_close(serving->listener);
    uv_close((uv_handle_t *) &serving->stop_timer, NULL);
    for (int i = 0; i < SIGNAL_COUNT; i++)
        uv_close((uv_handle_t *) &serving->signals[i], NULL);
}

static void grace_over(uv_timer_t *timer) {
    Serving *serving = timer->data;

    listener_abort(serving->listener);
}

static void stop_serving(Serving *serving) {
    if (serving->is_stopping)
        return;
    serving->is_stopping = true;
    log_event(LOG_INFO, "server", "stopping");
    uv_timer_start(&serving->stop_timer, grace_over, STOP_GRACE_MS, STOP_GRACE_MS);
    listener_shutdown(serving->listener, close_handles, serving);
}

static void signal_came(uv_signal_t *handle, int number) {
    stop_serving(handle->data);
}

static Status open_listener(Serving *serving, const ListenAddress *address, Error *err) {
    TRY(listener_open(serving->server, &serving->loop, address, &serving->listener, err));
    printf("millrace %s ready: psql -h %s -p %d\n", MILLRACE_VERSION, address->host,
           listener_port(serving->listener));
    fflush(stdout);
    return STATUS_OK;
}

static bool is_ignored(int number) {
    struct sigaction action;

    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

Status server_run(Server *server, Error *err) {
    static const int numbers[SIGNAL_COUNT] = {SIGTERM, SIGINT, SIGHUP};
    Serving serving = {.server = server};
    ListenAddress address;
    Status status;

    TRY(config_parse_address(settings_text(&server->settings, SETTING_LISTEN), &address, err));
    if (settings_text(&server->settings, SETTING_HTTP)[0])
        log_event(LOG_WARNING, "server", "nothing is served over HTTP in this version");
    uv_loop_init(&serving.loop);
    for (int i = 0; i < SIGNAL_COUNT; i++) {
        uv_signal_init(&serving.loop, &serving.signals[i]);
        serving.signals[i].data = &serving;
        if (!is_ignored(numbers[i])) /* nohup */
            uv_signal_start(&serving.signals[i], signal_came, numbers[i]);
    }
    uv_timer_init(&serving.loop, &serving.stop_timer);
    serving.stop_timer.data = &serving;
    status = open_listener(&serving, &address, err);
    if (status != STATUS_OK)
        stop_serving(&serving);
    uv_run(&serving.loop, UV_RUN_DEFAULT);
    listener_destroy(serving.listener);
    uv_loop_close(&serving.loop);
    return status;
}
