/* Protocol: PostgreSQL's protocol 3.0 after the start-up packet, as a machine that is fed bytes and
 * gives bytes. Knows no socket: server/connection.c moves the bytes, a fuzzer can too.
 *
 * A protocol is used by one thread at a time. It stops when its output is full, and goes on with
 * the same statement at the next call, so that a slow client holds neither memory nor a thread. */
#pragma once

#include "server/session.h"
#include "server/wire_message.h"

typedef struct Protocol Protocol;

typedef enum ProtocolOutcome {
    PROTOCOL_IDLE,        /* all input is used up */
    PROTOCOL_OUTPUT_FULL, /* call again when the output has gone */
    PROTOCOL_WANTS_IO,    /* call again on a thread that may block */
    PROTOCOL_CLOSE,       /* send the output, then close */
} ProtocolOutcome;

/* Answers the start-up packet: greeting or error in the output. */
Protocol *protocol_create(Server *server, const StartupPacket *packet, const char *client_address);
Protocol *protocol_destroy(Protocol *protocol);
StrBuf *protocol_output(Protocol *protocol);
bool protocol_is_open(const Protocol *protocol); /* false: the greeting was an error; close */
/* Whole frames only. */
void protocol_feed(Protocol *protocol, const void *bytes, size_t size_bytes);
ProtocolOutcome protocol_run(Protocol *protocol, bool may_block);
/* Any thread: the client is gone, or the server stops: end what runs and what still comes. */
void protocol_cancel(Protocol *protocol);
/* statement_timeout is over; and its value in ms, 0: none (while no task runs). */
void protocol_time_out(Protocol *protocol);
int64_t protocol_timeout_ms(const Protocol *protocol);
/* The bytes can't be split into frames: say so and close. */
void protocol_fail(Protocol *protocol, const Error *error);
/* SIGTERM: 57P01 to the client. */
void protocol_shutdown(Protocol *protocol);
