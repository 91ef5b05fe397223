/* Stored numbers: the same bytes on every machine, read within bounds, damage seen. */
#include "base/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void numbers_are_little_endian(void **state) {
    static const uint8_t expected[] = {0x01, 0x05, 0x04, 0x03, 0x02, 0xfe, 0xff, 0xff,
                                       0xff, 0xff, 0xff, 0xff, 0xff, 0xac, 0x02};
    StrBuf bytes = {0};

    strbuf_append_u8(&bytes, 1);
    codec_append_u32(&bytes, 0x02030405);
    codec_append_i64(&bytes, -2);
    codec_append_varint(&bytes, 300);
    assert_int_equal(bytes.length, sizeof(expected));
    assert_memory_equal(bytes.data, expected, sizeof(expected));
    strbuf_done(&bytes);
}

static void what_is_written_is_read_back(void **state) {
    static const uint64_t numbers[] = {0, 1, 127, 128, 16383, 16384, INT64_MAX, UINT64_MAX};
    StrBuf bytes = {0};
    CodecReader reader;

    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
        codec_append_varint(&bytes, numbers[i]);
        codec_append_u64(&bytes, numbers[i]);
        codec_append_i32(&bytes, (int32_t) numbers[i]);
    }
    reader = codec_reader(bytes.data, bytes.length);
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
        assert_true(codec_read_varint(&reader) == numbers[i]);
        assert_true(codec_read_u64(&reader) == numbers[i]);
        assert_int_equal(codec_read_i32(&reader), (int32_t) numbers[i]);
    }
    assert_true(codec_is_read_whole(&reader));
    strbuf_done(&bytes);
}

static void a_reader_stops_at_its_end_and_stays_damaged(void **state) {
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7};
    CodecReader reader = codec_reader(bytes, sizeof(bytes));

    assert_int_equal(codec_read_u32(&reader), 0x04030201);
    assert_int_equal(codec_read_u32(&reader), 0);
    assert_true(reader.is_damaged);
    assert_int_equal(codec_bytes_left(&reader), 0);
    assert_int_equal(codec_read_u8(&reader), 0); /* also what would still fit */
    assert_null(codec_read_bytes(&reader, 0));
    assert_false(codec_is_read_whole(&reader));
}

static void a_length_of_any_size_is_compared_not_added(void **state) {
    static const uint8_t bytes[] = {1, 2, 3};
    static const uint64_t sizes[] = {4, UINT32_MAX, INT64_MAX, UINT64_MAX};
    char target[4] = "abc";

    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        CodecReader reader = codec_reader(bytes, sizeof(bytes));

        assert_null(codec_read_bytes(&reader, sizes[i]));
        codec_read_into(&reader, target, 3);
        assert_memory_equal(target, "\0\0\0", 3);
    }
}

static void nothing_can_be_read_from_nothing(void **state) {
    CodecReader reader = codec_reader(NULL, 0);

    assert_true(codec_is_read_whole(&reader));
    assert_int_equal(codec_bytes_left(&reader), 0);
    assert_int_equal(codec_read_i64(&reader), 0);
    assert_true(reader.is_damaged);
    assert_false(codec_open_sealed(NULL, 0, &reader));
}

static void a_varint_of_more_than_64_bits_is_damage(void **state) {
    static const char *const hostile[] = {
        "\x80",                                     /* no last byte */
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", /* bit 65 */
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81", /* a tenth byte that goes on */
        "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(hostile); i++) {
        CodecReader reader = codec_reader(hostile[i], strlen(hostile[i]));

        assert_int_equal(codec_read_varint(&reader), 0);
        assert_true(reader.is_damaged);
        assert_int_equal(codec_bytes_left(&reader), 0);
    }
}

static void a_seal_shows_every_flipped_bit_and_every_length(void **state) {
    StrBuf bytes = {0};
    CodecReader reader;
    size_t place;

    strbuf_append_text(&bytes, "before");
    place = bytes.length;
    codec_append_u32(&bytes, 0);
    codec_append_varint(&bytes, 1 << 20);
    codec_patch_u32(&bytes, place, 77);
    codec_seal(&bytes, place);
    assert_true(codec_open_sealed(bytes.data + place, bytes.length - place, &reader));
    assert_int_equal(codec_read_u32(&reader), 77);
    assert_int_equal(codec_read_varint(&reader), 1 << 20);
    assert_true(codec_is_read_whole(&reader));
    for (size_t bit = place * 8; bit < bytes.length * 8; bit++) {
        bytes.data[bit / 8] ^= (char) (1 << bit % 8);
        assert_false(codec_open_sealed(bytes.data + place, bytes.length - place, &reader));
        bytes.data[bit / 8] ^= (char) (1 << bit % 8);
    }
    for (size_t length = 0; length < bytes.length - place; length++)
        assert_false(codec_open_sealed(bytes.data + place, length, &reader));
    strbuf_done(&bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_little_endian),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(a_reader_stops_at_its_end_and_stays_damaged),
        cmocka_unit_test(a_length_of_any_size_is_compared_not_added),
        cmocka_unit_test(nothing_can_be_read_from_nothing),
        cmocka_unit_test(a_varint_of_more_than_64_bits_is_damage),
        cmocka_unit_test(a_seal_shows_every_flipped_bit_and_every_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
