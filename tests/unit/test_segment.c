/* Segments: blocks come back as written; damage and half-done writes are seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "store/file.h"
#include "store/segment.h"

typedef struct Fixture {
    char folder[64];
    SegmentStore *store;
} Fixture;

static int setup(void **state) {
    Fixture *fixture = calloc(1, sizeof(*fixture));
    Error err;

    memcpy(fixture->folder, "/tmp/millrace-segment-XXXXXX", 29);
    assert_non_null(mkdtemp(fixture->folder));
    assert_int_equal(segment_open(fixture->folder, 0, 0, &fixture->store, &err), STATUS_OK);
    *state = fixture;
    return 0;
}

static int teardown(void **state) {
    Fixture *fixture = *state;
    Error err;

    segment_close(fixture->store);
    assert_int_equal(file_remove_tree(fixture->folder, &err), STATUS_OK);
    free(fixture);
    return 0;
}

static SegmentPlace append(Fixture *fixture, const char *text) {
    SegmentPlace place;
    Error err;

    assert_int_equal(segment_append(fixture->store, text, strlen(text), &place, &err), STATUS_OK);
    assert_int_equal(segment_sync(fixture->store, &err), STATUS_OK);
    return place;
}

static void check_reads(Fixture *fixture, const SegmentPlace *place, const char *text) {
    StrBuf out = {0};
    Error err;

    assert_int_equal(segment_read(fixture->store, place, &out, &err), STATUS_OK);
    assert_string_equal(strbuf_text(&out), text);
    strbuf_done(&out);
}

static void reopen(Fixture *fixture, int64_t file, int64_t size) {
    Error err;

    segment_close(fixture->store);
    assert_int_equal(segment_open(fixture->folder, file, size, &fixture->store, &err), STATUS_OK);
}

static void blocks_come_back_after_a_restart(void **state) {
    Fixture *fixture = *state;
    SegmentPlace one = append(fixture, "one");
    SegmentPlace two = append(fixture, "two two");
    int64_t file, size;

    segment_position(fixture->store, &file, &size);
    reopen(fixture, file, size);
    check_reads(fixture, &one, "one");
    check_reads(fixture, &two, "two two");
}

static void what_no_checkpoint_names_is_cut_off(void **state) {
    Fixture *fixture = *state;
    SegmentPlace one = append(fixture, "one");
    SegmentPlace again;
    int64_t file, size;

    segment_position(fixture->store, &file, &size);
    append(fixture, "lost");
    reopen(fixture, file, size);
    again = append(fixture, "new");
    assert_int_equal(again.offset, size);
    check_reads(fixture, &one, "one");
    check_reads(fixture, &again, "new");
}

static void a_flipped_byte_is_damage(void **state) {
    Fixture *fixture = *state;
    SegmentPlace place = append(fixture, "payload");
    char path[128];
    int fd;

    snprintf(path, sizeof(path), "%s/seg-1", fixture->folder);
    fd = open(path, O_RDWR);
    for (off_t at = 0; at < 31; at++) {
        StrBuf out = {0};
        Error err;
        char byte;

        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= 0x20;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        assert_int_not_equal(segment_read(fixture->store, &place, &out, &err), STATUS_OK);
        assert_string_equal(sqlstate_code(err.sqlstate), "XX001");
        byte ^= 0x20;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        strbuf_done(&out);
    }
    close(fd);
    check_reads(fixture, &place, "payload");
}

static void places_outside_are_damage(void **state) {
    Fixture *fixture = *state;
    SegmentPlace place = append(fixture, "payload");
    const SegmentPlace wrong[] = {{place.file, -1, 7}, {place.file, 0, -1},
                                  {place.file, 5, 7},  {place.file, 1000, 7},
                                  {place.file, 0, 6},  {place.file, 0, INT64_MAX}};
    StrBuf out = {0};
    Error err;

    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        assert_int_not_equal(segment_read(fixture->store, &wrong[i], &out, &err), STATUS_OK);
        assert_string_equal(sqlstate_code(err.sqlstate), "XX001");
    }
    strbuf_done(&out);
}

/* A disk that fills: the file size limit makes a write stop half-way. */
static void a_write_that_failed_half_way_does_not_shift_the_next(void **state) {
    Fixture *fixture = *state;
    SegmentPlace one = append(fixture, "one");
    struct rlimit old, low;
    SegmentPlace place;
    static char large[100000];
    Error err;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    low = (struct rlimit) {50000, old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    assert_int_not_equal(segment_append(fixture->store, large, sizeof(large), &place, &err),
                         STATUS_OK);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    place = append(fixture, "after");
    check_reads(fixture, &place, "after");
    check_reads(fixture, &one, "one");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(blocks_come_back_after_a_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(what_no_checkpoint_names_is_cut_off, setup, teardown),
        cmocka_unit_test_setup_teardown(a_flipped_byte_is_damage, setup, teardown),
        cmocka_unit_test_setup_teardown(places_outside_are_damage, setup, teardown),
        cmocka_unit_test_setup_teardown(a_write_that_failed_half_way_does_not_shift_the_next, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
