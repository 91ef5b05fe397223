/* Connections: sockets of the SQL listener on the loop, and their back-pressure.
 *
 * The loop thread reads, frames and writes; a protocol runs on a pool thread, one task a connection
 * at a time. While a task runs, the loop keeps what comes in (up to a bound, then it stops
 * reading). A task that filled its output is given to a pool again only when the socket has taken
 * it all. */
#pragma once

#include <uv.h>

#include "server/server.h"

typedef struct Listener Listener;

/* Begins to accept at `address`; *ret_port is the port that it got. */
MUST_USE Status listener_open(Server *server, uv_loop_t *loop, const ListenAddress *address,
                              Listener **ret_listener, Error *err);
int listener_port(const Listener *listener);
/* Stop accepting, cancel what runs, tell the clients (57P01). `idle` is called once, when the last
 * connection has gone, perhaps at once. */
void listener_shutdown(Listener *listener, void (*idle)(void *data), void *data);
/* Close the connections whose clients don't read; busy ones end with their task. */
void listener_abort(Listener *listener);
/* When idle: let the loop end. */
void listener_close(Listener *listener);
/* After the loop has ended. */
Listener *listener_destroy(Listener *listener);
