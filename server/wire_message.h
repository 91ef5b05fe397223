/* Wire messages: the bytes of PostgreSQL's protocol 3.0, read with every length checked and written
 * into a StrBuf. Knows no session and no socket, so that a fuzzer can drive it.
 *
 * A frame is a type byte, an int32 length that counts itself, and the body. Start-up packets have
 * no type byte. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

/* -------- reading -------- */

enum {
    WIRE_STARTUP_BYTES_MAX = 10000, /* of a start-up packet, as in PostgreSQL */
    WIRE_STARTUP_PARAMETERS_MAX = 64,
    WIRE_SMALL_MESSAGE_BYTES_MAX = 1 << 20, /* of messages that hold no text or value */
};

typedef struct WireFrame {
    char type;
    const uint8_t *body; /* borrowed from the input */
    size_t body_size;
    size_t frame_size; /* type, length and body: where the next frame begins */
} WireFrame;

/* STATUS_MORE: the frame is not complete yet. An error (08P01, 54000) can't be skipped over: the
 * connection must be closed. */
MUST_USE Status wire_read_frame(const uint8_t *bytes, size_t size_bytes, WireFrame *ret_frame,
                                Error *err);

typedef enum StartupKind {
    STARTUP_SSL,    /* to be answered 'N', another packet follows */
    STARTUP_GSSENC, /* likewise */
    STARTUP_CANCEL, /* `process_id` and `secret`; then the client closes */
    STARTUP_SESSION,
} StartupKind;

typedef struct StartupParameter {
    const char *name; /* borrowed from the input */
    const char *value;
} StartupParameter;

typedef struct StartupPacket {
    StartupKind kind;
    size_t packet_size;
    uint32_t process_id;
    uint32_t secret;
    int protocol_minor;       /* 0, or more: then NegotiateProtocolVersion is due */
    int unknown_option_count; /* names that begin with "_pq_." */
    int parameter_count;
    StartupParameter parameters[WIRE_STARTUP_PARAMETERS_MAX];
} StartupPacket;

MUST_USE Status wire_read_startup(const uint8_t *bytes, size_t size_bytes,
                                  StartupPacket *ret_packet, Error *err);
/* NULL: not sent. */
const char *startup_parameter(const StartupPacket *packet, const char *name);

/* Reads fields of a body. After a field that is not there `is_damaged` is set, and every further
 * read gives zeros: check once, with wire_reader_finish. */
typedef struct WireReader {
    const uint8_t *cursor;
    const uint8_t *end;
    bool is_damaged;
} WireReader;

WireReader wire_reader(const WireFrame *frame);
uint8_t wire_read_u8(WireReader *reader);
uint16_t wire_read_u16(WireReader *reader);
int32_t wire_read_i32(WireReader *reader);
/* NUL-terminated, borrowed; "" when damaged. */
const char *wire_read_text(WireReader *reader);
/* NULL when damaged. */
const uint8_t *wire_read_bytes(WireReader *reader, size_t size_bytes);
/* 08P01 unless exactly the whole body was read. */
MUST_USE Status wire_reader_finish(const WireReader *reader, const char *message_name, Error *err);

/* -------- writing -------- */

/* Begin a message; its length is filled in by wire_end. Messages do not nest. */
size_t wire_begin(StrBuf *out, char type);
void wire_end(StrBuf *out, size_t start);
void wire_append_text(StrBuf *out, const char *text); /* with its NUL */
void wire_patch_u32(StrBuf *out, size_t offset, uint32_t value);
void wire_append_parameter_status(StrBuf *out, const char *name, const char *value);
void wire_append_empty(StrBuf *out, char type); /* a message without a body */

typedef enum WireSeverity {
    WIRE_NOTICE,
    WIRE_INFO,
    WIRE_WARNING,
    WIRE_ERROR,
    WIRE_FATAL,
} WireSeverity;

/* ErrorResponse or NoticeResponse. */
void wire_append_error(StrBuf *out, WireSeverity severity, const Error *error);
