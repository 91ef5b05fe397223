/* The layout path says what the other paths say, whatever byte of a record changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "formats/formats.h"
#include "tests/unit/formats_support.h"

static const char record_text[] =
    "{\"id\":\"0123456789\",\"k\":\"abc\",\"other\":\"zz\", \"t\":\"2024-01-01T00:00:05Z\"  }";

static const DecodeColumn columns[] = {
    {.name = "k", .type = {.id = TYPE_TEXT, .typmod = -1}},
    {.name = "t", .type = {.id = TYPE_TIMESTAMPTZ, .typmod = -1}},
};

static Decoder *warm_decoder(Arena *arena) {
    Decoder *decoder = formats_decoder(&format_json, columns, 2, NULL, arena);
    Record record = formats_record(record_text, strlen(record_text), arena);

    for (int i = 0; i < 20; i++)
        assert_string_equal(formats_row(&format_json, decoder, &record, arena, NULL),
                            "abc|2024-01-01 00:00:05+00");
    return decoder;
}

static void check_same(const char *bytes, size_t length) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    Decoder *fresh = formats_decoder(&format_json, columns, 2, NULL, arena);
    Decoder *warm = warm_decoder(arena);
    Record record = formats_record(bytes, length, arena);
    const char *expected = formats_row(&format_json, fresh, &record, arena, NULL);

    /* Twice: the first may unmake the layout. */
    for (int i = 0; i < 2; i++) {
        const char *row = formats_row(&format_json, warm, &record, arena, NULL);

        assert_int_equal(row == NULL, expected == NULL);
        if (row)
            assert_string_equal(row, expected);
    }
    format_json.decoder_destroy(fresh);
    format_json.decoder_destroy(warm);
}

static void any_changed_byte_gives_what_a_fresh_decoder_gives(void **state) {
    static const char replacements[] = {'"', '\\', 'x', '9',  ' ',    ',',
                                        ':', '{',  '}', '\t', '\x01', '\xc3'};

    for (size_t at = 0; at < sizeof(record_text) - 1; at++)
        for (size_t i = 0; i < sizeof(replacements); i++) {
            char bytes[sizeof(record_text)];

            memcpy(bytes, record_text, sizeof(bytes));
            bytes[at] = replacements[i];
            check_same(bytes, sizeof(bytes) - 1);
        }
}

static void any_cut_gives_what_a_fresh_decoder_gives(void **state) {
    for (size_t length = 1; length < sizeof(record_text) - 1; length++)
        check_same(record_text, length);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_changed_byte_gives_what_a_fresh_decoder_gives),
        cmocka_unit_test(any_cut_gives_what_a_fresh_decoder_gives),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
