/* Messages of the wire: hostile lengths and texts are refused, never read past. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/wire_message.h"

static Status read_frame(const char *bytes, size_t size, WireFrame *frame, Error *err) {
    return wire_read_frame((const uint8_t *) bytes, size, frame, err);
}

static void a_frame_is_whole_or_waited_for(void **state) {
    static const char bytes[] = "Q\0\0\0\x0dselect 1";
    Error error = {0};
    WireFrame frame;

    for (size_t size = 0; size < sizeof(bytes); size++)
        assert_int_equal(read_frame(bytes, size, &frame, &error), STATUS_MORE);
    assert_int_equal(read_frame(bytes, sizeof(bytes), &frame, &error), STATUS_OK);
    assert_int_equal(frame.type, 'Q');
    assert_int_equal(frame.body_size, 9);
    assert_int_equal(frame.frame_size, sizeof(bytes));
}

static void lengths_that_lie_are_refused(void **state) {
    Error error = {0};
    WireFrame frame;

    assert_int_equal(read_frame("Q\0\0\0\3", 5, &frame, &error), STATUS_ERROR);
    assert_int_equal(error.sqlstate, SQLSTATE_PROTOCOL_VIOLATION);
    assert_int_equal(read_frame("Q\xff\xff\xff\xff", 5, &frame, &error), STATUS_ERROR);
    assert_int_equal(read_frame("Q\x7f\xff\xff\xff", 5, &frame, &error), STATUS_ERROR);
    assert_int_equal(error.sqlstate, SQLSTATE_PROGRAM_LIMIT_EXCEEDED);
    assert_int_equal(read_frame("S\x00\x20\x00\x00", 5, &frame, &error), STATUS_ERROR);
    assert_int_equal(read_frame("G\0\0\0\4", 5, &frame, &error), STATUS_ERROR);
}

static void fields_end_with_the_body(void **state) {
    WireFrame frame = {.body = (const uint8_t *) "ab\0cd", .body_size = 5};
    WireReader reader = wire_reader(&frame);
    Error error = {0};

    assert_string_equal(wire_read_text(&reader), "ab");
    assert_string_equal(wire_read_text(&reader), ""); /* no NUL before the end */
    assert_true(reader.is_damaged);
    assert_int_equal(wire_read_i32(&reader), 0);
    assert_null(wire_read_bytes(&reader, 1));
    assert_int_equal(wire_reader_finish(&reader, "Query", &error), STATUS_ERROR);
}

static void bytes_after_the_last_field_are_refused(void **state) {
    WireFrame frame = {.body = (const uint8_t *) "ab\0x", .body_size = 4};
    WireReader reader = wire_reader(&frame);
    Error error = {0};

    wire_read_text(&reader);
    assert_int_equal(wire_reader_finish(&reader, "Query", &error), STATUS_ERROR);
    assert_string_equal(error.message, "invalid format of Query message");
}

static void startup_packets_are_told_apart(void **state) {
    static const char ssl[] = "\0\0\0\x08\x04\xd2\x16\x2f";
    static const char session[] = "\0\0\0\x1f\0\3\0\2user\0me\0_pq_.x\0y\0db\0z\0";
    StartupPacket packet;
    Error error = {0};

    assert_int_equal(wire_read_startup((const uint8_t *) ssl, 8, &packet, &error), STATUS_OK);
    assert_int_equal(packet.kind, STARTUP_SSL);
    assert_int_equal(wire_read_startup((const uint8_t *) session, sizeof(session), &packet, &error),
                     STATUS_OK);
    assert_int_equal(packet.kind, STARTUP_SESSION);
    assert_int_equal(packet.protocol_minor, 2);
    assert_int_equal(packet.unknown_option_count, 1);
    assert_string_equal(startup_parameter(&packet, "user"), "me");
    assert_null(startup_parameter(&packet, "database"));
}

static void damaged_startup_packets_are_refused(void **state) {
    static const char *const packets[] = {
        "\0\0\0\x04\0\3\0\0",         /* too short */
        "\0\1\0\0\0\3\0\0",           /* too long */
        "\0\0\0\x0c\0\3\0\0user",     /* no terminator */
        "\0\0\0\x0d\0\3\0\0user\0",   /* a name without its value */
        "\0\0\0\x0a\0\2\0\0\0\0\0\0", /* protocol 2 */
    };
    StartupPacket packet;
    Error error = {0};

    for (size_t i = 0; i < ARRAY_LENGTH(packets); i++) {
        size_t size = i < 2 ? 8 : i < 3 ? 12 : i < 4 ? 13 : 10;

        assert_int_equal(wire_read_startup((const uint8_t *) packets[i], size, &packet, &error),
                         STATUS_ERROR);
    }
}

static void an_error_has_its_fields(void **state) {
    Error error = {.sqlstate = SQLSTATE_SYNTAX_ERROR, .position = 7, .message = "m", .hint = "h"};
    StrBuf out = {0};

    wire_append_error(&out, WIRE_ERROR, &error);
    assert_int_equal(out.data[0], 'E');
    assert_non_null(memmem(out.data, out.length, "C42601", 7));
    assert_non_null(memmem(out.data, out.length, "P7", 3));
    assert_non_null(memmem(out.data, out.length, "Hh", 3));
    assert_null(memmem(out.data, out.length, "\0D", 2));
    assert_int_equal(out.data[out.length - 1], 0);
    strbuf_done(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_is_whole_or_waited_for),
        cmocka_unit_test(lengths_that_lie_are_refused),
        cmocka_unit_test(fields_end_with_the_body),
        cmocka_unit_test(bytes_after_the_last_field_are_refused),
        cmocka_unit_test(startup_packets_are_told_apart),
        cmocka_unit_test(damaged_startup_packets_are_refused),
        cmocka_unit_test(an_error_has_its_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
