#include "server/connection.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "server/protocol.h"

enum {
    READ_CHUNK_BYTES = 1 << 16,
    INCOMING_WHILE_BUSY_BYTES = 1 << 16, /* past it reading stops until the task ends */
    LISTEN_BACKLOG = 128,
};

typedef struct Connection {
    uv_tcp_t tcp;     /* must be first */
    uv_timer_t timer; /* statement_timeout; closed before tcp */
    Listener *listener;
    struct Connection *next; /* all of a listener */
    struct Connection *previous;
    struct Connection *next_done; /* in the listener's done list */
    Protocol *protocol;           /* NULL before the start-up packet */
    char address[64];
    StrBuf incoming;
    StrBuf writing; /* owned by the write under way */
    uv_write_t write;
    ProtocolOutcome outcome; /* of the last task */
    bool is_busy;            /* a task owns the protocol */
    bool may_block;          /* the task has a thread of its own */
    bool is_writing;
    bool is_reading;
    bool is_ending; /* close when the output has gone */
    bool is_closing;
    bool is_broken; /* the peer is gone: output goes nowhere */
} Connection;

struct Listener {
    uv_tcp_t tcp; /* must be first */
    uv_async_t done;
    Server *server;
    Connection *first;
    pthread_mutex_t mutex; /* guards first_done */
    Connection *first_done;
    int port;
    bool is_shutdown;
    void (*idle)(void *data); /* after shutdown: the last connection has gone */
    void *idle_data;
};

static void connection_advance(Connection *connection);

/* -------- tasks -------- */

static void timeout_over(uv_timer_t *timer) {
    Connection *connection = timer->data;

    protocol_time_out(connection->protocol);
}

/* statement_timeout runs while a message is worked on. */
static void arm_timeout(Connection *connection) {
    int64_t timeout_ms = protocol_timeout_ms(connection->protocol);

    if (timeout_ms > 0)
        uv_timer_start(&connection->timer, timeout_over, (uint64_t) timeout_ms, 0);
}

static void run_task(void *argument) {
    Connection *connection = argument;
    Listener *listener = connection->listener;

    connection->outcome = protocol_run(connection->protocol, connection->may_block);
    pthread_mutex_lock(&listener->mutex);
    connection->next_done = listener->first_done;
    listener->first_done = connection;
    /* Inside the lock: when it is free, the loop may already destroy the listener. */
    uv_async_send(&listener->done);
    pthread_mutex_unlock(&listener->mutex);
}

static void *run_blocking_task(void *argument) {
    thread_begin();
    run_task(argument);
    return NULL;
}

/* A statement that may block for long has a thread of its own: were they of a pool, those that wait
 * could hold up the one that they wait for. max_connections bounds them. */
static void submit_blocking_task(Connection *connection) {
    pthread_attr_t attributes;
    pthread_t thread;

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &attributes, run_blocking_task, connection))
        pool_submit(connection->listener->server->statements, run_task, connection);
    pthread_attr_destroy(&attributes);
}

static void submit_task(Connection *connection, bool may_block) {
    assert(!connection->is_busy);
    connection->is_busy = true;
    connection->may_block = may_block;
    if (may_block)
        submit_blocking_task(connection);
    else
        pool_submit(connection->listener->server->statements, run_task, connection);
}

static void take_done(uv_async_t *handle) {
    Listener *listener = handle->data;
    Connection *done;

    pthread_mutex_lock(&listener->mutex);
    done = TAKE(listener->first_done);
    pthread_mutex_unlock(&listener->mutex);
    while (done) {
        Connection *connection = done;

        done = connection->next_done;
        connection->is_busy = false;
        if (connection->outcome == PROTOCOL_IDLE)
            uv_timer_stop(&connection->timer);
        if (listener->is_shutdown) {
            protocol_shutdown(connection->protocol);
            connection->outcome = PROTOCOL_CLOSE;
        }
        connection_advance(connection);
    }
}

/* -------- the end of a connection -------- */

static void connection_closed(uv_handle_t *handle) {
    Connection *connection = (Connection *) handle;
    Listener *listener = connection->listener;

    if (connection->previous)
        connection->previous->next = connection->next;
    else
        listener->first = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    protocol_destroy(connection->protocol);
    strbuf_done(&connection->incoming);
    strbuf_done(&connection->writing);
    memory_free(connection);
    if (listener->is_shutdown && !listener->first)
        listener->idle(listener->idle_data);
}

static void timer_closed(uv_handle_t *handle) {
    Connection *connection = handle->data;

    uv_close((uv_handle_t *) &connection->tcp, connection_closed);
}

static void connection_close(Connection *connection) {
    assert(!connection->is_busy);
    if (connection->is_closing)
        return;
    connection->is_closing = true;
    uv_close((uv_handle_t *) &connection->timer, timer_closed);
}

/* The peer is gone, or the bytes make no sense: end as soon as no task runs. */
static void connection_break(Connection *connection) {
    connection->is_broken = true;
    if (connection->protocol)
        protocol_cancel(connection->protocol);
    connection_advance(connection);
}

/* -------- writing -------- */

static void write_done(uv_write_t *request, int status) {
    Connection *connection = request->data;

    connection->is_writing = false;
    strbuf_clear(&connection->writing);
    if (status < 0)
        connection_break(connection);
    else
        connection_advance(connection);
}

static void start_write(Connection *connection, StrBuf *output) {
    StrBuf empty = connection->writing;
    uv_buf_t buffer;

    assert(!connection->is_writing && empty.length == 0);
    connection->writing = *output;
    *output = empty;
    buffer = uv_buf_init(connection->writing.data, (unsigned) connection->writing.length);
    connection->write.data = connection;
    connection->is_writing = true;
    if (uv_write(&connection->write, (uv_stream_t *) &connection->tcp, &buffer, 1, write_done) <
        0) {
        connection->is_writing = false;
        strbuf_clear(&connection->writing);
        connection->is_broken = true;
    }
}

/* -------- reading -------- */

static void allocate_chunk(uv_handle_t *handle, size_t wanted_bytes, uv_buf_t *ret_buffer) {
    Connection *connection = (Connection *) handle;

    *ret_buffer =
        uv_buf_init(strbuf_reserve(&connection->incoming, READ_CHUNK_BYTES), READ_CHUNK_BYTES);
}

static void read_done(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer) {
    Connection *connection = (Connection *) stream;

    if (count < 0) {
        connection_break(connection);
        return;
    }
    connection->incoming.length += (size_t) count;
    connection_advance(connection);
}

static void set_reading(Connection *connection, bool is_wanted) {
    uv_stream_t *stream = (uv_stream_t *) &connection->tcp;

    if (is_wanted == connection->is_reading || connection->is_closing)
        return;
    connection->is_reading = is_wanted;
    if (!is_wanted)
        uv_read_stop(stream);
    else if (uv_read_start(stream, allocate_chunk, read_done) < 0)
        connection->is_broken = true;
}

static void drop_incoming(Connection *connection, size_t size_bytes) {
    StrBuf *incoming = &connection->incoming;

    assert(size_bytes <= incoming->length);
    incoming->length -= size_bytes;
    memmove(incoming->data, incoming->data + size_bytes, incoming->length);
    if (incoming->length == 0 && incoming->capacity > 4 * READ_CHUNK_BYTES)
        strbuf_done(incoming); /* a large message came by: idle connections are small */
}

/* -------- start-up -------- */

static void answer_startup(Connection *connection, const StartupPacket *packet) {
    static const char no_encryption = 'N';
    Listener *listener = connection->listener;
    StrBuf answer = {0};

    switch (packet->kind) {
    case STARTUP_SSL:
    case STARTUP_GSSENC:
        strbuf_append_char(&answer, no_encryption);
        start_write(connection, &answer);
        strbuf_done(&answer);
        break;
    case STARTUP_CANCEL:
        IGNORE(server_cancel_session(listener->server, packet->process_id, packet->secret)
                   ? STATUS_OK
                   : STATUS_STOP); /* the protocol answers nothing either way */
        connection->is_ending = true;
        break;
    case STARTUP_SESSION:
        connection->protocol = protocol_create(listener->server, packet, connection->address);
        connection->is_ending = !protocol_is_open(connection->protocol);
        break;
    }
}

/* One start-up packet, when it is complete. */
static Status read_startup(Connection *connection) {
    StartupPacket packet;
    Error error = {0};
    StrBuf answer = {0};
    Status status;

    status = wire_read_startup((const uint8_t *) connection->incoming.data,
                               connection->incoming.length, &packet, &error);
    if (status == STATUS_MORE)
        return STATUS_MORE;
    if (status == STATUS_OK) {
        answer_startup(connection, &packet);
        drop_incoming(connection, packet.packet_size);
        return STATUS_OK;
    }
    log_error(LOG_WARNING, "server", &error);
    wire_append_error(&answer, WIRE_FATAL, &error);
    start_write(connection, &answer);
    strbuf_done(&answer);
    connection->is_ending = true;
    return STATUS_OK;
}

/* Hand all whole frames to the protocol. */
static bool feed_frames(Connection *connection) {
    const uint8_t *bytes = (const uint8_t *) connection->incoming.data;
    size_t used = 0;
    Error error = {0};
    WireFrame frame;
    Status status = STATUS_OK;

    while (status == STATUS_OK) {
        status = wire_read_frame(bytes + used, connection->incoming.length - used, &frame, &error);
        if (status == STATUS_OK)
            used += frame.frame_size;
    }
    if (used)
        protocol_feed(connection->protocol, bytes, used);
    if (status == STATUS_ERROR && used == 0) {
        protocol_fail(connection->protocol, &error);
        connection->is_ending = true;
        return false;
    }
    if (used)
        drop_incoming(connection, used);
    return used > 0;
}

/* -------- what next? -------- */

/* The one place that decides; called after every event of the connection. */
static void connection_advance(Connection *connection) {
    if (connection->is_closing)
        return;
    if (connection->is_busy) {
        set_reading(connection, connection->incoming.length < INCOMING_WHILE_BUSY_BYTES &&
                                    !connection->is_broken);
        return;
    }
    if (connection->is_broken) {
        if (!connection->is_writing)
            connection_close(connection);
        else
            set_reading(connection, false);
        return;
    }
    if (connection->is_writing) {
        set_reading(connection, connection->incoming.length < INCOMING_WHILE_BUSY_BYTES);
        return;
    }
    if (connection->protocol && protocol_output(connection->protocol)->length) {
        if (connection->outcome == PROTOCOL_CLOSE)
            connection->is_ending = true;
        start_write(connection, protocol_output(connection->protocol));
        if (connection->is_broken)
            connection_close(connection);
        if (connection->outcome != PROTOCOL_WANTS_IO || connection->is_closing)
            return;
    }
    if (connection->is_ending || connection->outcome == PROTOCOL_CLOSE) {
        connection_close(connection);
        return;
    }
    if (connection->outcome != PROTOCOL_IDLE) {
        submit_task(connection, connection->outcome == PROTOCOL_WANTS_IO);
        return;
    }
    if (!connection->protocol && read_startup(connection) == STATUS_OK) {
        connection_advance(connection);
        return;
    }
    if (connection->protocol && feed_frames(connection)) {
        arm_timeout(connection);
        submit_task(connection, false);
        return;
    }
    if (connection->is_ending)
        connection_advance(connection);
    else
        set_reading(connection, true);
}

/* -------- the listener -------- */

static void describe_peer(Connection *connection) {
    struct sockaddr_storage peer;
    int length = sizeof(peer);

    if (uv_tcp_getpeername(&connection->tcp, (struct sockaddr *) &peer, &length) < 0)
        return;
    if (peer.ss_family == AF_INET)
        uv_ip4_name((struct sockaddr_in *) &peer, connection->address, sizeof(connection->address));
    else if (peer.ss_family == AF_INET6)
        uv_ip6_name((struct sockaddr_in6 *) &peer, connection->address,
                    sizeof(connection->address));
}

static void accept_connection(uv_stream_t *server_stream, int status) {
    Listener *listener = (Listener *) server_stream;
    Connection *connection;

    if (status < 0 || listener->is_shutdown)
        return;
    connection = memory_zalloc(sizeof(*connection));
    connection->listener = listener;
    if (uv_tcp_init(listener->tcp.loop, &connection->tcp) < 0) {
        memory_free(connection);
        return;
    }
    uv_timer_init(listener->tcp.loop, &connection->timer);
    connection->timer.data = connection;
    connection->next = listener->first;
    if (listener->first)
        listener->first->previous = connection;
    listener->first = connection;
    if (uv_accept(server_stream, (uv_stream_t *) &connection->tcp) < 0) {
        connection_close(connection);
        return;
    }
    uv_tcp_nodelay(&connection->tcp, 1);
    describe_peer(connection);
    set_reading(connection, true);
}

Status listener_open(Server *server, uv_loop_t *loop, const ListenAddress *address,
                     Listener **ret_listener, Error *err) {
    Listener *listener = memory_zalloc(sizeof(*listener));
    struct sockaddr_storage socket_address;
    int length = sizeof(socket_address);
    bool is_v6 = strchr(address->host, ':') != NULL;
    int code =
        is_v6 ? uv_ip6_addr(address->host, address->port, (struct sockaddr_in6 *) &socket_address)
              : uv_ip4_addr(address->host, address->port, (struct sockaddr_in *) &socket_address);

    listener->server = server;
    pthread_mutex_init(&listener->mutex, NULL);
    uv_tcp_init(loop, &listener->tcp);
    uv_async_init(loop, &listener->done, take_done);
    listener->done.data = listener;
    if (code == 0)
        code = uv_tcp_bind(&listener->tcp, (struct sockaddr *) &socket_address, 0);
    if (code == 0)
        code = uv_listen((uv_stream_t *) &listener->tcp, LISTEN_BACKLOG, accept_connection);
    if (code == 0)
        code = uv_tcp_getsockname(&listener->tcp, (struct sockaddr *) &socket_address, &length);
    *ret_listener = listener;
    if (code != 0) {
        error_set(err, CONNECTION_FAILURE, "could not listen on %s:%d: %s", address->host,
                  address->port, uv_strerror(code));
        return error_hint(err, "Choose another port with --listen ADDR:PORT.");
    }
    listener->port = ntohs(is_v6 ? ((struct sockaddr_in6 *) &socket_address)->sin6_port
                                 : ((struct sockaddr_in *) &socket_address)->sin_port);
    return STATUS_OK;
}

int listener_port(const Listener *listener) {
    return listener->port;
}

void listener_shutdown(Listener *listener, void (*idle)(void *data), void *data) {
    assert(!listener->is_shutdown);
    listener->idle = idle;
    listener->idle_data = data;
    listener->is_shutdown = true;
    uv_close((uv_handle_t *) &listener->tcp, NULL);
    for (Connection *connection = listener->first; connection; connection = connection->next) {
        connection->is_ending = true;
        if (connection->protocol)
            protocol_cancel(connection->protocol);
        if (connection->is_busy || connection->is_closing)
            continue;
        if (connection->protocol)
            protocol_shutdown(connection->protocol);
        if (connection->is_writing) /* the client does not read: it will not read this either */
            connection->is_broken = true;
        connection->outcome = PROTOCOL_CLOSE;
        connection_advance(connection);
    }
    if (!listener->first)
        idle(data);
}

void listener_abort(Listener *listener) {
    for (Connection *connection = listener->first; connection; connection = connection->next)
        if (!connection->is_busy && !connection->is_closing)
            connection_close(connection);
}

void listener_close(Listener *listener) {
    assert(listener->is_shutdown && !listener->first);
    uv_close((uv_handle_t *) &listener->done, NULL);
}

Listener *listener_destroy(Listener *listener) {
    if (!listener)
        return NULL;
    pthread_mutex_destroy(&listener->mutex);
    memory_free(listener);
    return NULL;
}
