/* File blocks: any cut of a file into ranges gives each line exactly once. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "sources/file_block.h"

typedef struct Fixture {
    char path[64];
    StrBuf bytes;
    StrBuf lines; /* what was read: each line and a newline */
    int fault_count;
    uint64_t random;
} Fixture;

static int setup(void **state) {
    Fixture *fixture = calloc(1, sizeof(*fixture));
    int fd;

    strbuf_append_text(&fixture->bytes, "");
    memcpy(fixture->path, "/tmp/millrace-block-XXXXXX", 27);
    fd = mkstemp(fixture->path);
    assert_true(fd >= 0);
    close(fd);
    *state = fixture;
    return 0;
}

static int teardown(void **state) {
    Fixture *fixture = *state;

    unlink(fixture->path);
    strbuf_done(&fixture->bytes);
    strbuf_done(&fixture->lines);
    free(fixture);
    return 0;
}

static uint64_t below(Fixture *fixture, uint64_t end) {
    fixture->random += 0x9e3779b97f4a7c15ULL;
    return hash_u64(fixture->random) % end;
}

static void write_file(Fixture *fixture, const char *bytes, size_t size_bytes) {
    int fd = open(fixture->path, O_WRONLY | O_TRUNC);

    strbuf_clear(&fixture->bytes);
    strbuf_append(&fixture->bytes, bytes, size_bytes);
    assert_int_equal(write(fd, bytes, size_bytes), size_bytes);
    close(fd);
}

static FileEntry whole_file(const Fixture *fixture, int64_t base) {
    return (FileEntry) {
        .path = fixture->path, .end = (int64_t) fixture->bytes.length, .base = base};
}

static void take_records(Fixture *fixture, const FileEntry *entry, const Block *block) {
    for (uint32_t i = 0; i < block->record_count; i++) {
        const Record *record = &block->records[i];
        const char *there =
            strbuf_text(&fixture->bytes) + (record->offset - entry->base + entry->start);

        assert_memory_equal(record->data, there, record->length);
        strbuf_append(&fixture->lines, record->data, record->fault ? 0 : record->length);
        strbuf_append_char(&fixture->lines, '\n');
        fixture->fault_count += record->fault != NULL;
    }
}

/* The header is the first line that is not empty, whichever block asks. */
static void check_header(const Fixture *fixture, const FileEntry *entry, Block *block) {
    const char *p = strbuf_text(&fixture->bytes);
    Error err;

    if (strncmp(p, "\xef\xbb\xbf", 3) == 0)
        p += 3;
    while (*p == '\n' || strncmp(p, "\r\n", 2) == 0)
        p++;
    assert_int_equal(file_block_find_header(block, entry, &err), STATUS_OK);
    if (block->record_count == 0 && !block->header)
        return;
    assert_int_equal(block->header->offset - entry->base + entry->start,
                     p - strbuf_text(&fixture->bytes));
    assert_int_equal(block->header->length, strcspn(p, "\r\n"));
    assert_memory_equal(block->header->data, p, block->header->length);
}

/* Read [from, to) in blocks of about `wanted` bytes. */
static void read_range(Fixture *fixture, const FileEntry *entry, int64_t from, int64_t to,
                       size_t wanted) {
    while (from < to) {
        Block *block = NULL;
        Error err;

        assert_int_equal(file_block_read(entry, from, to, wanted, &block, &err), STATUS_OK);
        assert_true(block->next_offset > from && block->next_offset <= to);
        take_records(fixture, entry, block);
        check_header(fixture, entry, block);
        from = block->next_offset;
        block->release(block);
    }
}

/* The lines of the file as a plain loop sees them. */
static void expect_lines(const Fixture *fixture, StrBuf *out) {
    const char *p = strbuf_text(&fixture->bytes);
    const char *end = p + fixture->bytes.length;

    if (end - p >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
        p += 3;
    while (p < end) {
        const char *newline = memchr(p, '\n', (size_t) (end - p));
        const char *stop = newline ? newline : end;

        if (stop > p && stop[-1] == '\r')
            stop--;
        if (stop > p) {
            strbuf_append(out, p, (size_t) (stop - p));
            strbuf_append_char(out, '\n');
        }
        p = newline ? newline + 1 : end;
    }
}

static void check_random_cuts(Fixture *fixture, int rounds) {
    FileEntry entry = whole_file(fixture, 1000);
    int64_t end = entry.base + entry.end;
    StrBuf expected = {0};

    expect_lines(fixture, &expected);
    for (int round = 0; round < rounds; round++) {
        int64_t step_max = 1 + (int64_t) below(fixture, (uint64_t) entry.end);

        strbuf_clear(&fixture->lines);
        for (int64_t from = entry.base; from < end;) {
            int64_t to = from + 1 + (int64_t) below(fixture, (uint64_t) step_max);

            to = to < end ? to : end;
            read_range(fixture, &entry, from, to, 1 + below(fixture, 50));
            from = to;
        }
        assert_string_equal(strbuf_text(&fixture->lines), strbuf_text(&expected));
    }
    strbuf_done(&expected);
}

static void any_cut_gives_each_line_once(void **state) {
    static const char *const pieces[] = {"a", "bc", "\n", "\n", "\r\n", "\n\n", "some longer line"};
    Fixture *fixture = *state;

    for (int file = 0; file < 60; file++) {
        StrBuf bytes = {0};
        uint64_t count = 1 + below(fixture, 40);

        if (below(fixture, 3) == 0)
            strbuf_append_text(&bytes, "\xef\xbb\xbf");
        for (uint64_t i = 0; i < count; i++)
            strbuf_append_text(&bytes, pieces[below(fixture, 7)]);
        write_file(fixture, strbuf_text(&bytes), bytes.length);
        check_random_cuts(fixture, 20);
        strbuf_done(&bytes);
    }
}

static void the_mark_of_byte_order_is_skipped_at_the_start_only(void **state) {
    Fixture *fixture = *state;
    FileEntry entry;

    write_file(fixture, "\xef\xbb\xbfx\n\xef\xbb\xbfy\n", 10);
    entry = whole_file(fixture, 0);
    read_range(fixture, &entry, 0, 10, 100);
    assert_string_equal(strbuf_text(&fixture->lines), "x\n\xef\xbb\xbfy\n");
}

static void growth_is_read_on_from_where_it_began(void **state) {
    Fixture *fixture = *state;
    FileEntry first, second;

    write_file(fixture, "one\ntwo\nthree\nfour\n", 19);
    first = (FileEntry) {.path = fixture->path, .start = 0, .end = 8, .base = 0};
    second = (FileEntry) {.path = fixture->path, .start = 8, .end = 19, .base = 50};
    read_range(fixture, &first, 0, 8, 100);
    read_range(fixture, &second, 50, 61, 4);
    assert_string_equal(strbuf_text(&fixture->lines), "one\ntwo\nthree\nfour\n");
}

static void a_line_over_the_limit_is_a_record_with_a_fault(void **state) {
    Fixture *fixture = *state;
    size_t length = (size_t) LIMIT_RECORD_BYTES + (1 << 17);
    char *bytes = malloc(length + 10);
    FileEntry entry;

    memset(bytes, 'x', length);
    memcpy(bytes + length, "\nnext\n", 6);
    memcpy(bytes, "a\n", 2);
    write_file(fixture, bytes, length + 6);
    entry = whole_file(fixture, 0);
    read_range(fixture, &entry, 0, 100, 1 << 18);
    read_range(fixture, &entry, 100, 70000, 1 << 18);
    read_range(fixture, &entry, 70000, entry.end, 1 << 18);
    assert_string_equal(strbuf_text(&fixture->lines), "a\n\nnext\n");
    assert_int_equal(fixture->fault_count, 1);
    free(bytes);
}

static void a_file_that_shrank_is_an_error(void **state) {
    Fixture *fixture = *state;
    FileEntry entry;
    Block *block = NULL;
    Error err;

    write_file(fixture, "a\nb\n", 4);
    entry = whole_file(fixture, 0);
    entry.end = 100;
    assert_int_not_equal(file_block_read(&entry, 0, 100, 1000, &block, &err), STATUS_OK);
    unlink(fixture->path);
    assert_int_not_equal(file_block_read(&entry, 0, 4, 1000, &block, &err), STATUS_OK);
    assert_null(block);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(any_cut_gives_each_line_once, setup, teardown),
        cmocka_unit_test_setup_teardown(the_mark_of_byte_order_is_skipped_at_the_start_only, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(growth_is_read_on_from_where_it_began, setup, teardown),
        cmocka_unit_test_setup_teardown(a_line_over_the_limit_is_a_record_with_a_fault, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_file_that_shrank_is_an_error, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
