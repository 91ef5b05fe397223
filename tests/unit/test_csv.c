/* CSV and text formats: fields as PostgreSQL's COPY reads and writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "formats/formats.h"
#include "tests/unit/formats_support.h"

static const DecodeColumn columns[] = {
    {.name = "a", .type = {.id = TYPE_TEXT, .typmod = -1}, .position = 0},
    {.name = "b", .type = {.id = TYPE_TEXT, .typmod = -1}, .position = 1},
};

static const DecodeColumn line_column[] = {
    {.name = "line", .type = {.id = TYPE_TEXT, .typmod = -1}},
};

/* The row of one line; NULL: bad or a header. */
static const char *decode(const FormatType *format, const DecodeColumn *wanted, uint32_t count,
                          TextView line, int64_t number, Arena *arena) {
    Decoder *decoder = formats_decoder(format, wanted, count, NULL, arena);
    Record record = formats_record(text_data(&line), line.length, arena);
    const char *row;

    record.line = number;
    row = formats_row(format, decoder, &record, arena, NULL);
    format->decoder_destroy(decoder);
    return row;
}

static void check_csv(const char *line, const char *expected) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    const char *row =
        decode(&format_csv, columns, 2, text_view(line, (uint32_t) (strlen(line))), 2, arena);

    if (!expected) {
        assert_null(row);
    } else {
        assert_non_null(row);
        assert_string_equal(row, expected);
    }
}

static void quotes_are_taken_out_as_copy_does(void **state) {
    check_csv("x,y", "x|y");
    check_csv("x,y\r", "x|y");
    check_csv("\"x\",\"y\"", "x|y");
    check_csv("\"a,b\",\"c\"\"d\"", "a,b|c\"d");
    check_csv("\"\"\"\",\"\"", "\"|");
    check_csv("a\"b,c\"d,e", "ab,cd|e");
    check_csv("\"a\"b,c", "ab|c");
    check_csv("x,y,z", "x|y");
    check_csv("\"x,y", NULL);
    check_csv("x,\"", NULL);
    check_csv("x,\"y\"\"", NULL);
    check_csv("x", NULL);
}

static void an_empty_field_is_null_unless_quoted(void **state) {
    check_csv(",", "~|~");
    check_csv("\"\",x", "|x");
    check_csv("x,", "x|~");
}

static void bytes_that_are_no_text_are_bad(void **state) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);

    check_csv("\xff,x", NULL);
    assert_null(decode(&format_csv, columns, 2, text_view("a\0b,c", (uint32_t) (5)), 2, arena));
    assert_null(decode(&format_text, line_column, 1, text_view("a\0b", (uint32_t) (3)), 2, arena));
    assert_null(decode(&format_text, line_column, 1, text_view("\xc3", (uint32_t) (1)), 2, arena));
    assert_string_equal(
        decode(&format_text, line_column, 1, text_view("a,\"b\r", (uint32_t) (5)), 2, arena),
        "a,\"b\r");
}

/* The row of `line` in a file whose first line is `header`; its message when it is bad. */
static const char *row_under(const char *header, const char *line, Arena *arena) {
    Decoder *decoder = formats_decoder(&format_csv, columns, 2, NULL, arena);
    Record first = formats_record(header, strlen(header), arena);
    Record record = formats_record(line, strlen(line), arena);
    const char *message = NULL;
    const char *row;

    first.offset = 100;
    record.offset = 100 + first.length + 1;
    format_csv.begin_file(decoder, &first);
    row = formats_row(&format_csv, decoder, &record, arena, &message);
    format_csv.decoder_destroy(decoder);
    return row ? row : message;
}

static void the_header_is_neither_a_row_nor_bad(void **state) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    Decoder *decoder = formats_decoder(&format_csv, columns, 2, NULL, arena);
    Record header = formats_record("A,b", 3, arena);
    const char *message = NULL;

    format_csv.begin_file(decoder, &header);
    assert_null(formats_row(&format_csv, decoder, &header, arena, &message));
    assert_string_equal(message, "header");
    format_csv.decoder_destroy(decoder);
}

static void the_header_of_its_file_tells_which_field_is_which_column(void **state) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);

    assert_string_equal(row_under("a,b", "1,2", arena), "1|2");
    assert_string_equal(row_under("b,a\r", "1,2\r", arena), "2|1");
    assert_string_equal(row_under("x,B,y,\"A\"", "1,2,3,4,5", arena), "4|2");
    assert_string_equal(row_under("A,b,a", "1,2,3", arena), "3|2");
}

static void without_a_name_in_the_header_all_records_are_bad(void **state) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);

    assert_string_equal(row_under("a,c", "1,2", arena), "CSV header does not name column \"b\"");
    assert_string_equal(row_under("a,b,a", "1,2,3", arena),
                        "CSV header names column \"a\" more than once");
    assert_string_equal(row_under("A,b,A", "1,2,3", arena),
                        "CSV header names column \"a\" more than once");
    assert_string_equal(row_under("a,\"b", "1,2", arena), "unterminated CSV quoted field");
    assert_string_equal(row_under("b,x,a", "1,2", arena), "missing data for column \"a\"");
}

static void a_file_has_its_own_header(void **state) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    static const char *const headers[] = {"b,a", "a", "b,a", "a,b", "a,b"};
    static const char *const rows[] = {"2|1", NULL, "2|1", "1|2", "1|2"};
    Decoder *decoder = formats_decoder(&format_csv, columns, 2, NULL, arena);

    for (size_t i = 0; i < ARRAY_LENGTH(headers); i++) {
        Record header = formats_record(headers[i], strlen(headers[i]), arena);
        Record record = formats_record("1,2", 3, arena);
        const char *row;

        header.offset = (int64_t) i * 10;
        record.offset = header.offset + 5;
        format_csv.begin_file(decoder, &header);
        row = formats_row(&format_csv, decoder, &record, arena, NULL);
        assert_true(rows[i] ? row && strcmp(row, rows[i]) == 0 : !row);
        assert_null(formats_row(&format_csv, decoder, &header, arena, NULL));
    }
    format_csv.decoder_destroy(decoder);
}

static void many_quoted_fields_take_no_more_memory_than_the_line(void **state) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    static const DecodeColumn last[] = {
        {.name = "z", .type = {.id = TYPE_TEXT, .typmod = -1}, .position = 20000}};
    StrBuf line = {0};

    for (int i = 0; i <= 20000; i++)
        strbuf_append_text(&line, "\"x\",");
    assert_string_equal(decode(&format_csv, last, 1,
                               text_view(strbuf_text(&line), (uint32_t) (line.length)), 2, arena),
                        "x");
    assert_true(arena_used_bytes(arena) < 16 << 20);
    strbuf_done(&line);
}

static const char *encode_two(const char *left, const char *right, StrBuf *out, Arena *arena) {
    static const char *const names[] = {"a", "b\"c"};
    static const SqlType types[] = {{.id = TYPE_TEXT, .typmod = -1},
                                    {.id = TYPE_TEXT, .typmod = -1}};
    const char *texts[] = {left, right};
    Encoder *encoder = formats_encoder(&format_csv, names, types, 2, arena);
    Column cells[2];
    Batch batch = {.row_count = 1, .column_count = 2, .columns = cells};
    Error err;

    for (int i = 0; i < 2; i++) {
        Value value =
            value_text(types[i], texts[i] ? texts[i] : "", texts[i] ? strlen(texts[i]) : 0);

        value.is_null = !texts[i];
        cells[i] = column_constant(&value, arena);
    }
    strbuf_clear(out);
    format_csv.encode_header(encoder, out);
    assert_int_equal(format_csv.encode(encoder, &batch, out, &err), STATUS_OK);
    format_csv.encoder_destroy(encoder);
    return strbuf_text(out);
}

static void what_is_written_is_what_copy_writes(void **state) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    StrBuf out = {0};

    assert_string_equal(encode_two("x", "y z", &out, arena), "a,\"b\"\"c\"\nx,y z\n");
    assert_string_equal(encode_two("", NULL, &out, arena), "a,\"b\"\"c\"\n\"\",\n");
    assert_string_equal(encode_two("p,q", "r\"s", &out, arena),
                        "a,\"b\"\"c\"\n\"p,q\",\"r\"\"s\"\n");
    assert_string_equal(encode_two("a\nb", "\\.", &out, arena), "a,\"b\"\"c\"\n\"a\nb\",\\.\n");
    strbuf_done(&out);
}

static void what_is_written_reads_back(void **state) {
    static const char *const texts[] = {"", "x", "\"", "a,b", "\"\"", " ", "\\.", "e\xc3\xa9"};
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    StrBuf out = {0};

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        const char *line = strchr(encode_two(texts[i], texts[i], &out, arena), '\n') + 1;
        const char *row = decode(&format_csv, columns, 2,
                                 text_view(line, (uint32_t) (strlen(line) - 1)), 2, arena);

        assert_non_null(row);
        assert_int_equal(strncmp(row, texts[i], strlen(texts[i])), 0);
        assert_int_equal(row[strlen(texts[i])], '|');
        assert_string_equal(row + strlen(texts[i]) + 1, texts[i]);
    }
    strbuf_done(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_are_taken_out_as_copy_does),
        cmocka_unit_test(an_empty_field_is_null_unless_quoted),
        cmocka_unit_test(bytes_that_are_no_text_are_bad),
        cmocka_unit_test(the_header_is_neither_a_row_nor_bad),
        cmocka_unit_test(the_header_of_its_file_tells_which_field_is_which_column),
        cmocka_unit_test(without_a_name_in_the_header_all_records_are_bad),
        cmocka_unit_test(a_file_has_its_own_header),
        cmocka_unit_test(many_quoted_fields_take_no_more_memory_than_the_line),
        cmocka_unit_test(what_is_written_is_what_copy_writes),
        cmocka_unit_test(what_is_written_reads_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
