/* Fuzz: the bytes of the Postgres protocol.
 *
 * Claims: no read leaves the input; a frame lies inside it and is never empty; a damaged body is an
 * error, never zeros taken for values. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

#include "server/wire_message.h"

/* Reads a frame's body as the Bind message is read: texts, counts, sized values. */
static void read_body(const WireFrame *frame) {
    WireReader reader = wire_reader(frame);
    Error error = {0};
    int count;

    assert(strlen(wire_read_text(&reader)) <= frame->body_size);
    count = wire_read_u16(&reader);
    for (int i = 0; i < count && !reader.is_damaged; i++) {
        int32_t size_bytes = wire_read_i32(&reader);
        const uint8_t *bytes =
            size_bytes < 0 ? NULL : wire_read_bytes(&reader, (size_t) size_bytes);

        assert(!bytes || (bytes >= frame->body && bytes + size_bytes <= reader.end));
    }
    if (wire_reader_finish(&reader, "fuzz", &error) == STATUS_OK)
        assert(!reader.is_damaged && reader.cursor == reader.end);
    else
        assert(error.sqlstate == SQLSTATE_PROTOCOL_VIOLATION);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    StartupPacket packet = {0};
    WireFrame frame = {0};
    Error error = {0};
    size_t start = 0;

    if (wire_read_startup(data, size_bytes, &packet, &error) == STATUS_OK) {
        assert(packet.packet_size > 0 && packet.packet_size <= size_bytes);
        assert(packet.parameter_count <= WIRE_STARTUP_PARAMETERS_MAX);
        start = packet.packet_size;
    }
    while (wire_read_frame(data + start, size_bytes - start, &frame, &error) == STATUS_OK) {
        assert(frame.frame_size >= 5 && frame.frame_size <= size_bytes - start);
        assert(frame.body_size == frame.frame_size - 5);
        read_body(&frame);
        start += frame.frame_size;
    }
    return 0;
}
