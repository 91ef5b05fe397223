/* Growing byte strings: NUL behind, big-endian words, the limit. */
#include "base/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void an_empty_buffer_is_an_empty_text(void **state) {
    StrBuf buffer = {0};

    assert_string_equal(strbuf_text(&buffer), "");
    strbuf_done(&buffer);
}

static void appended_pieces_stand_in_order(void **state) {
    StrBuf buffer = {0};

    strbuf_append_text(&buffer, "a");
    strbuf_append_char(&buffer, 'b');
    strbuf_append(&buffer, "c\0d", 3);
    strbuf_append_fill(&buffer, '-', 3);
    strbuf_printf(&buffer, "%05d", 42);
    assert_int_equal(buffer.length, 13);
    assert_memory_equal(buffer.data, "abc\0d---00042", 14);
    strbuf_done(&buffer);
}

static void words_are_big_endian(void **state) {
    StrBuf buffer = {0};

    strbuf_append_u8(&buffer, 0x01);
    strbuf_append_u16(&buffer, 0x0203);
    strbuf_append_u32(&buffer, 0x04050607);
    strbuf_append_u64(&buffer, 0x08090a0b0c0d0e0fULL);
    for (size_t i = 0; i < 15; i++)
        assert_int_equal(buffer.data[i], i + 1);
    strbuf_done(&buffer);
}

static void formatted_text_may_be_long(void **state) {
    StrBuf buffer = {0};

    strbuf_printf(&buffer, "%*s|", 100000, "x");
    assert_int_equal(buffer.length, 100001);
    assert_int_equal(buffer.data[100000], '|');
    assert_int_equal(buffer.data[100001], 0);
    strbuf_done(&buffer);
}

static void past_its_limit_it_drops_and_says_so(void **state) {
    StrBuf buffer = {.limit = 10};

    strbuf_append_text(&buffer, "12345678");
    assert_false(buffer.is_overflow);
    strbuf_append_text(&buffer, "abc");
    assert_true(buffer.is_overflow);
    assert_true(buffer.length <= 10);
    strbuf_done(&buffer);
}

static void clearing_keeps_the_memory(void **state) {
    StrBuf buffer = {0};
    size_t capacity;

    strbuf_append_fill(&buffer, 'x', 1000);
    capacity = buffer.capacity;
    strbuf_clear(&buffer);
    assert_int_equal(buffer.length, 0);
    assert_int_equal(buffer.capacity, capacity);
    assert_string_equal(strbuf_text(&buffer), "");
    strbuf_done(&buffer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_is_an_empty_text),
        cmocka_unit_test(appended_pieces_stand_in_order),
        cmocka_unit_test(words_are_big_endian),
        cmocka_unit_test(formatted_text_may_be_long),
        cmocka_unit_test(past_its_limit_it_drops_and_says_so),
        cmocka_unit_test(clearing_keeps_the_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
