/* UTF-8: every code point comes back, malformed bytes don't pass; hexadecimal digits. */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/hex.h"
#include "base/status.h"

static bool is_surrogate(uint32_t code) {
    return code >= 0xd800 && code <= 0xdfff;
}

static void every_code_point_is_read_as_it_was_written(void **state) {
    for (uint32_t code = 1; code <= 0x10ffff; code++) {
        char bytes[4];
        uint32_t size = utf8_encode(code, bytes);
        uint32_t step = 0;

        assert_int_equal(utf8_decode(bytes, size, &step), code);
        assert_int_equal(step, size);
        assert_int_equal(utf8_is_valid(bytes, bytes + size), !is_surrogate(code));
        assert_false(size > 1 && utf8_is_valid(bytes, bytes + size - 1));
    }
}

static void malformed_bytes_are_not_valid(void **state) {
    static const char *const hostile[] = {
        "\x80",             /* a continuation alone */
        "\xc0\xaf",         /* an overlong slash */
        "\xe0\x80\xaf",     /* and a longer one */
        "\xed\xa0\x80",     /* a surrogate */
        "\xf4\x90\x80\x80", /* behind the last code point */
        "\xf8\x88\x80\x80\x80",
        "a\xff",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(hostile); i++)
        assert_false(utf8_is_valid(hostile[i], hostile[i] + strlen(hostile[i])));
}

static void a_bad_byte_is_seen_wherever_it_stands(void **state) {
    char text[41];

    for (size_t length = 1; length < sizeof(text); length++)
        for (size_t i = 0; i < length; i++) {
            memset(text, 'a', length);
            assert_true(utf8_is_valid(text, text + length));
            text[i] = '\xc3';
            assert_false(utf8_is_valid(text, text + length));
            if (i + 1 == length)
                continue;
            text[i + 1] = '\xa9';
            assert_true(utf8_is_valid(text, text + length));
        }
}

static void steps_and_counts_are_in_characters(void **state) {
    static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
    size_t size = sizeof(text) - 1;

    assert_int_equal(utf8_count(text, size), 4);
    assert_int_equal(utf8_offset(text, size, 2), 3);
    assert_int_equal(utf8_offset(text, size, 9), size);
    assert_int_equal(utf8_clip(text, size, 5), 3);
    assert_int_equal(utf8_join_surrogates(0xd83d, 0xde00), 0x1f600);
}

static void hexadecimal_numbers_are_whole_or_none(void **state) {
    assert_int_equal(hex_read("00fF", 4, 4), 255);
    assert_int_equal(hex_read("00f", 3, 4), -1);
    assert_int_equal(hex_read("00g0", 4, 4), -1);
    assert_int_equal(hex_read("-001", 4, 4), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_is_read_as_it_was_written),
        cmocka_unit_test(malformed_bytes_are_not_valid),
        cmocka_unit_test(a_bad_byte_is_seen_wherever_it_stands),
        cmocka_unit_test(steps_and_counts_are_in_characters),
        cmocka_unit_test(hexadecimal_numbers_are_whole_or_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
