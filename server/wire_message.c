#include "server/wire_message.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"

enum {
    PROTOCOL_MAJOR = 3,
    REQUEST_CANCEL = (1234 << 16) | 5678,
    REQUEST_SSL = (1234 << 16) | 5679,
    REQUEST_GSSENC = (1234 << 16) | 5680,
};

static uint32_t load_u32(const uint8_t *bytes) {
    return (uint32_t) bytes[0] << 24 | (uint32_t) bytes[1] << 16 | (uint32_t) bytes[2] << 8 |
           bytes[3];
}

/* -------- frames -------- */

/* The longest body of each message that a client may send; 0: no such message. */
static size_t frame_limit(char type) {
    switch (type) {
    case 'Q': /* Query */
    case 'P': /* Parse */
    case 'B': /* Bind */
    case 'd': /* CopyData */
        return LIMIT_STATEMENT_BYTES;
    case 'D': /* Describe */
    case 'E': /* Execute */
    case 'C': /* Close */
    case 'H': /* Flush */
    case 'S': /* Sync */
    case 'X': /* Terminate */
    case 'F': /* FunctionCall */
    case 'p': /* a password */
    case 'c': /* CopyDone */
    case 'f': /* CopyFail */
        return WIRE_SMALL_MESSAGE_BYTES_MAX;
    default:
        return 0;
    }
}

Status wire_read_frame(const uint8_t *bytes, size_t size_bytes, WireFrame *ret_frame, Error *err) {
    uint32_t length;
    size_t limit;

    if (size_bytes < 1)
        return STATUS_MORE;
    limit = frame_limit((char) bytes[0]);
    if (limit == 0)
        return error_set(err, PROTOCOL_VIOLATION, "invalid frontend message type %d", bytes[0]);
    if (size_bytes < 5)
        return STATUS_MORE;
    length = load_u32(bytes + 1);
    if (length < 4 || length > INT32_MAX)
        return error_set(err, PROTOCOL_VIOLATION, "invalid message length");
    if (length - 4 > limit) {
        error_set(err, PROGRAM_LIMIT_EXCEEDED, "a message of %u bytes is too long", length);
        return error_detail(err, "The limit is %zu bytes.", limit);
    }
    if (size_bytes - 1 < length)
        return STATUS_MORE;
    *ret_frame = (WireFrame) {.type = (char) bytes[0],
                              .body = bytes + 5,
                              .body_size = length - 4,
                              .frame_size = (size_t) length + 1};
    return STATUS_OK;
}

static Status read_startup_parameters(WireReader *reader, StartupPacket *packet, Error *err) {
    for (;;) {
        const char *name = wire_read_text(reader);
        const char *value;

        if (reader->is_damaged)
            return error_set(err, PROTOCOL_VIOLATION,
                             "invalid startup packet layout: expected terminator as last byte");
        if (name[0] == '\0')
            break;
        value = wire_read_text(reader);
        if (strncmp(name, "_pq_.", 5) == 0) {
            packet->unknown_option_count++;
            continue;
        }
        if (packet->parameter_count == WIRE_STARTUP_PARAMETERS_MAX)
            return error_set(err, PROTOCOL_VIOLATION, "too many parameters in the startup packet");
        packet->parameters[packet->parameter_count++] = (StartupParameter) {name, value};
    }
    if (reader->cursor != reader->end)
        return error_set(err, PROTOCOL_VIOLATION,
                         "invalid startup packet layout: expected terminator as last byte");
    return STATUS_OK;
}

Status wire_read_startup(const uint8_t *bytes, size_t size_bytes, StartupPacket *ret_packet,
                         Error *err) {
    WireReader reader;
    uint32_t length;
    uint32_t code;

    if (size_bytes < 4)
        return STATUS_MORE;
    length = load_u32(bytes);
    if (length < 8 || length > WIRE_STARTUP_BYTES_MAX)
        return error_set(err, PROTOCOL_VIOLATION, "invalid length of startup packet");
    if (size_bytes < length)
        return STATUS_MORE;
    code = load_u32(bytes + 4);
    memset(ret_packet, 0, sizeof(*ret_packet));
    ret_packet->packet_size = length;
    reader = (WireReader) {.cursor = bytes + 8, .end = bytes + length};
    switch (code) {
    case REQUEST_SSL:
        ret_packet->kind = STARTUP_SSL;
        return STATUS_OK;
    case REQUEST_GSSENC:
        ret_packet->kind = STARTUP_GSSENC;
        return STATUS_OK;
    case REQUEST_CANCEL:
        ret_packet->kind = STARTUP_CANCEL;
        ret_packet->process_id = (uint32_t) wire_read_i32(&reader);
        ret_packet->secret = (uint32_t) wire_read_i32(&reader);
        return wire_reader_finish(&reader, "cancel request", err);
    default:
        break;
    }
    if (code >> 16 != PROTOCOL_MAJOR)
        return error_set(err, FEATURE_NOT_SUPPORTED,
                         "unsupported frontend protocol %u.%u: server supports 3.0 to 3.0",
                         code >> 16, code & 0xffff);
    ret_packet->kind = STARTUP_SESSION;
    ret_packet->protocol_minor = (int) (code & 0xffff);
    return read_startup_parameters(&reader, ret_packet, err);
}

const char *startup_parameter(const StartupPacket *packet, const char *name) {
    for (int i = 0; i < packet->parameter_count; i++)
        if (strcmp(packet->parameters[i].name, name) == 0)
            return packet->parameters[i].value;
    return NULL;
}

/* -------- fields -------- */

WireReader wire_reader(const WireFrame *frame) {
    return (WireReader) {.cursor = frame->body, .end = frame->body + frame->body_size};
}

const uint8_t *wire_read_bytes(WireReader *reader, size_t size_bytes) {
    const uint8_t *bytes = reader->cursor;

    if (reader->is_damaged || (size_t) (reader->end - reader->cursor) < size_bytes) {
        reader->is_damaged = true;
        return NULL;
    }
    reader->cursor += size_bytes;
    return bytes;
}

uint8_t wire_read_u8(WireReader *reader) {
    const uint8_t *bytes = wire_read_bytes(reader, 1);

    return bytes ? bytes[0] : 0;
}

uint16_t wire_read_u16(WireReader *reader) {
    const uint8_t *bytes = wire_read_bytes(reader, 2);

    return bytes ? (uint16_t) (bytes[0] << 8 | bytes[1]) : 0;
}

int32_t wire_read_i32(WireReader *reader) {
    const uint8_t *bytes = wire_read_bytes(reader, 4);

    return bytes ? (int32_t) load_u32(bytes) : 0;
}

const char *wire_read_text(WireReader *reader) {
    const uint8_t *start = reader->cursor;
    const uint8_t *end;

    if (reader->is_damaged)
        return "";
    end = memchr(start, 0, (size_t) (reader->end - start));
    if (!end) {
        reader->is_damaged = true;
        return "";
    }
    reader->cursor = end + 1;
    return (const char *) start;
}

Status wire_reader_finish(const WireReader *reader, const char *message_name, Error *err) {
    if (reader->is_damaged)
        return error_set(err, PROTOCOL_VIOLATION, "insufficient data left in %s message",
                         message_name);
    if (reader->cursor != reader->end)
        return error_set(err, PROTOCOL_VIOLATION, "invalid format of %s message", message_name);
    return STATUS_OK;
}

/* -------- writing -------- */

size_t wire_begin(StrBuf *out, char type) {
    size_t start = out->length;

    strbuf_append_char(out, type);
    strbuf_append_u32(out, 0);
    return start;
}

void wire_patch_u32(StrBuf *out, size_t offset, uint32_t value) {
    uint8_t bytes[4] = {(uint8_t) (value >> 24), (uint8_t) (value >> 16), (uint8_t) (value >> 8),
                        (uint8_t) value};

    assert(offset + 4 <= out->length);
    memcpy(out->data + offset, bytes, 4);
}

void wire_end(StrBuf *out, size_t start) {
    wire_patch_u32(out, start + 1, (uint32_t) (out->length - start - 1));
}

void wire_append_text(StrBuf *out, const char *text) {
    strbuf_append(out, text, strlen(text) + 1);
}

void wire_append_parameter_status(StrBuf *out, const char *name, const char *value) {
    size_t start = wire_begin(out, 'S');

    wire_append_text(out, name);
    wire_append_text(out, value);
    wire_end(out, start);
}

void wire_append_empty(StrBuf *out, char type) {
    wire_end(out, wire_begin(out, type));
}

static const char *wire_severity_name(WireSeverity severity) {
    static const char *const names[] = {"NOTICE", "INFO", "WARNING", "ERROR", "FATAL"};

    return names[severity];
}

static void append_error_field(StrBuf *out, char code, const char *text) {
    if (text[0] == '\0')
        return;
    strbuf_append_char(out, code);
    wire_append_text(out, text);
}

void wire_append_error(StrBuf *out, WireSeverity severity, const Error *error) {
    size_t start = wire_begin(out, severity >= WIRE_ERROR ? 'E' : 'N');
    char position[16] = "";

    if (error->position > 0)
        snprintf(position, sizeof(position), "%d", error->position);
    append_error_field(out, 'S', wire_severity_name(severity));
    append_error_field(out, 'V', wire_severity_name(severity));
    append_error_field(out, 'C', sqlstate_code(error->sqlstate));
    append_error_field(out, 'M', error->message[0] ? error->message : "no message");
    append_error_field(out, 'D', error->detail);
    append_error_field(out, 'H', error->hint);
    append_error_field(out, 'P', position);
    append_error_field(out, 'W', error->context);
    append_error_field(out, 'F', "millrace");
    append_error_field(out, 'L', "0");
    append_error_field(out, 'R', sqlstate_name(error->sqlstate));
    strbuf_append_char(out, '\0');
    wire_end(out, start);
}
