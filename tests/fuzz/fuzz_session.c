/* Fuzz: a whole session, from the start-up packet to the statements of a session.
 *
 * Claims: any bytes give whole messages back, and never a crash; a frame that can't be split off is
 * an error, and the session ends. The server behind it is real, in a temporary folder. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

#include "base/log.h"
#include "server/protocol.h"

static Server *server;

static void close_server(void) {
    server_close(server, true);
}

static void open_server(void) {
    static char start_directory[] = "/";
    static Config config = {
        .action = CONFIG_SCRIPT, .script = "-", .start_directory = start_directory};
    Error error = {0};
    Status status;

    log_set_level(LOG_ERROR);
    status = config_parse_text("workers = 1", "fuzz", &config.settings, &error);
    assert(status == STATUS_OK);
    status = server_open(&config, &server_registry, &server, &error);
    assert(status == STATUS_OK);
    atexit(close_server);
}

/* Everything that was sent is whole messages. */
static void check_output(StrBuf *out) {
    size_t offset = 0;

    while (offset < out->length) {
        const uint8_t *bytes = (const uint8_t *) out->data + offset;
        uint32_t length;

        assert(out->length - offset >= 5);
        length = (uint32_t) bytes[1] << 24 | (uint32_t) bytes[2] << 16 | (uint32_t) bytes[3] << 8 |
                 bytes[4];
        assert(length >= 4 && length <= out->length - offset - 1);
        offset += (size_t) length + 1;
    }
    strbuf_clear(out);
}

static void run(Protocol *protocol) {
    ProtocolOutcome outcome;

    do {
        outcome = protocol_run(protocol, true);
        check_output(protocol_output(protocol));
    } while (outcome == PROTOCOL_OUTPUT_FULL || outcome == PROTOCOL_WANTS_IO);
}

/* Frame by frame, as the connection feeds them. */
static void feed(Protocol *protocol, const uint8_t *data, size_t size_bytes) {
    WireFrame frame;
    Error error = {0};
    Status status = STATUS_OK;

    while (protocol_is_open(protocol) && status == STATUS_OK) {
        status = wire_read_frame(data, size_bytes, &frame, &error);
        if (status != STATUS_OK)
            break;
        protocol_feed(protocol, data, frame.frame_size);
        data += frame.frame_size;
        size_bytes -= frame.frame_size;
        run(protocol);
    }
    if (status == STATUS_ERROR) {
        assert(error.sqlstate == SQLSTATE_PROTOCOL_VIOLATION ||
               error.sqlstate == SQLSTATE_PROGRAM_LIMIT_EXCEEDED);
        protocol_fail(protocol, &error);
        check_output(protocol_output(protocol));
        assert(!protocol_is_open(protocol));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    StartupPacket packet;
    Error error = {0};
    Protocol *protocol;

    if (wire_read_startup(data, size_bytes, &packet, &error) != STATUS_OK ||
        packet.kind != STARTUP_SESSION)
        return 0;
    if (!server)
        open_server();
    protocol = protocol_create(server, &packet, "");
    check_output(protocol_output(protocol));
    feed(protocol, data + packet.packet_size, size_bytes - packet.packet_size);
    protocol_destroy(protocol);
    return 0;
}
