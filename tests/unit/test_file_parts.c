/* File parts: rows appear once, whatever fails or dies at whichever step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "sinks/file_parts.h"
#include "store/file.h"

/* One sink's folder, its writer, and what a checkpoint would hold. */
typedef struct Fixture {
    char folder[64];
    FileParts *parts;
    StrBuf receipt; /* of the last decided epoch */
    int64_t epoch;
    StrBuf decided; /* every byte that was decided, in order */
    uint64_t random;
} Fixture;

static const uint8_t incarnation[16] = {0xab, 0xcd, 0xef, 0x01};

static uint64_t below(Fixture *fixture, uint64_t end) {
    fixture->random += 0x9e3779b97f4a7c15ULL;
    return hash_u64(fixture->random) % end;
}

static FileParts *make_parts(const Fixture *fixture) {
    const FilePartsSpec spec = {
        .folder = fixture->folder,
        .stream_id = 5,
        .incarnation = incarnation,
        .extension = "txt",
        .roll_size_bytes = 60,
        .roll_age_us = 3600000000,
        .roll_idle_us = 3600000000,
        .clock = &context_real,
    };

    return file_parts_create(&spec);
}

static void recover(Fixture *fixture) {
    Error err;

    file_parts_destroy(fixture->parts);
    fixture->parts = make_parts(fixture);
    assert_int_equal(file_parts_recover(fixture->parts, fixture->epoch,
                                        (const uint8_t *) strbuf_text(&fixture->receipt),
                                        fixture->receipt.length, &err),
                     STATUS_OK);
}

static int setup(void **state) {
    Fixture *fixture = calloc(1, sizeof(*fixture));
    char inner[128];
    Error err;

    memcpy(fixture->folder, "/tmp/millrace-parts-XXXXXX", 27);
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(inner, sizeof(inner), "%s/_millrace", fixture->folder);
    assert_int_equal(file_make_directory(inner, &err), STATUS_OK);
    recover(fixture);
    *state = fixture;
    return 0;
}

static int teardown(void **state) {
    Fixture *fixture = *state;
    Error err;

    file_parts_destroy(fixture->parts);
    strbuf_done(&fixture->receipt);
    strbuf_done(&fixture->decided);
    assert_int_equal(file_remove_tree(fixture->folder, &err), STATUS_OK);
    free(fixture);
    return 0;
}

/* The bytes of the visible parts in order of their numbers, then of the open one. */
static void read_parts(const Fixture *fixture, bool with_open, StrBuf *out) {
    for (int seq = 1; seq < 500; seq++)
        for (int is_open = 0; is_open <= with_open; is_open++) {
            char path[256];
            Error err;

            snprintf(path, sizeof(path), "%s/%spart-5-abcdef01-%08d.txt%s", fixture->folder,
                     is_open ? "." : "", seq, is_open ? ".open" : "");
            if (file_exists(path))
                assert_int_equal(file_read_all(path, 0, out, &err), STATUS_OK);
        }
}

static void check_files(const Fixture *fixture, bool is_closed) {
    StrBuf shown = {0}, all = {0};

    read_parts(fixture, false, &shown);
    read_parts(fixture, true, &all);
    assert_string_equal(strbuf_text(&all), strbuf_text(&fixture->decided));
    assert_true(shown.length <= fixture->decided.length);
    if (is_closed)
        assert_int_equal(shown.length, fixture->decided.length);
    strbuf_done(&shown);
    strbuf_done(&all);
}

/* Where an epoch is cut short. */
typedef enum Cut { CUT_APPENDED, CUT_PREPARED, CUT_DECIDED, CUT_NONE, CUT_COUNT } Cut;

static void append_rows(Fixture *fixture, StrBuf *epoch_bytes) {
    uint64_t count = below(fixture, 30);

    for (uint64_t i = 0; i < count; i++) {
        StrBuf row = {0};
        Error err;

        strbuf_printf(&row, "row %d of %d\n", (int) i, (int) fixture->epoch + 1);
        strbuf_append(epoch_bytes, row.data, row.length);
        assert_int_equal(file_parts_append(fixture->parts, &row, 1, &err), STATUS_OK);
        strbuf_done(&row);
    }
}

static void run_epoch(Fixture *fixture, Cut cut, bool must_roll) {
    StrBuf bytes = {0}, receipt = {0};
    Error err;

    append_rows(fixture, &bytes);
    if (cut >= CUT_PREPARED)
        assert_int_equal(file_parts_prepare(fixture->parts, must_roll, &receipt, &err), STATUS_OK);
    if (cut >= CUT_DECIDED) {
        fixture->epoch++;
        strbuf_append(&fixture->decided, strbuf_text(&bytes), bytes.length);
        strbuf_clear(&fixture->receipt);
        strbuf_append(&fixture->receipt, receipt.data, receipt.length);
    }
    if (cut == CUT_NONE)
        assert_int_equal(file_parts_publish(fixture->parts, fixture->epoch,
                                            (const uint8_t *) receipt.data, receipt.length, &err),
                         STATUS_OK);
    strbuf_done(&bytes);
    strbuf_done(&receipt);
}

static void decided_bytes_are_there_after_a_death_at_any_step(void **state) {
    Fixture *fixture = *state;

    strbuf_append_text(&fixture->decided, "");
    for (int i = 0; i < 60; i++) {
        Cut cut = (Cut) below(fixture, CUT_COUNT);

        run_epoch(fixture, cut, below(fixture, 3) == 0);
        if (cut != CUT_NONE || below(fixture, 4) == 0)
            recover(fixture);
        check_files(fixture, false);
    }
    run_epoch(fixture, CUT_NONE, true);
    check_files(fixture, true);
}

static void an_abort_leaves_no_trace(void **state) {
    Fixture *fixture = *state;
    Error err;

    strbuf_append_text(&fixture->decided, "");
    for (int i = 0; i < 40; i++) {
        Cut cut = below(fixture, 2) ? CUT_NONE : below(fixture, 2) ? CUT_APPENDED : CUT_PREPARED;

        run_epoch(fixture, cut, below(fixture, 3) == 0);
        if (cut != CUT_NONE)
            assert_int_equal(file_parts_abort(fixture->parts, &err), STATUS_OK);
        check_files(fixture, false);
    }
}

static void publishing_again_changes_nothing(void **state) {
    Fixture *fixture = *state;
    StrBuf once = {0}, twice = {0};
    char manifest[128];
    Error err;

    run_epoch(fixture, CUT_NONE, true);
    run_epoch(fixture, CUT_NONE, true);
    snprintf(manifest, sizeof(manifest), "%s/_millrace/manifest.jsonl", fixture->folder);
    assert_int_equal(file_read_all(manifest, 0, &once, &err), STATUS_OK);
    recover(fixture);
    recover(fixture);
    assert_int_equal(file_read_all(manifest, 0, &twice, &err), STATUS_OK);
    assert_string_equal(strbuf_text(&once), strbuf_text(&twice));
    check_files(fixture, true);
    strbuf_done(&once);
    strbuf_done(&twice);
}

static void the_manifest_tells_the_hash_of_the_file(void **state) {
    Fixture *fixture = *state;
    StrBuf manifest = {0}, bytes = {0};
    char path[128], wanted[64];
    Error err;

    while (fixture->decided.length == 0)
        run_epoch(fixture, CUT_NONE, true);
    snprintf(path, sizeof(path), "%s/_millrace/manifest.jsonl", fixture->folder);
    assert_int_equal(file_read_all(path, 0, &manifest, &err), STATUS_OK);
    snprintf(path, sizeof(path), "%s/part-5-abcdef01-00000001.txt", fixture->folder);
    assert_int_equal(file_read_all(path, 0, &bytes, &err), STATUS_OK);
    snprintf(wanted, sizeof(wanted), "\"xxh3\": \"%016llx\"",
             (unsigned long long) hash_bytes(bytes.data, bytes.length));
    assert_non_null(strstr(strbuf_text(&manifest), wanted));
    strbuf_done(&manifest);
    strbuf_done(&bytes);
}

static void a_torn_line_of_the_manifest_is_told_again(void **state) {
    Fixture *fixture = *state;
    StrBuf once = {0}, again = {0};
    char manifest[128];
    Error err;

    run_epoch(fixture, CUT_NONE, true);
    for (size_t before = fixture->decided.length; fixture->decided.length == before;)
        run_epoch(fixture, CUT_NONE, true); /* until one has rows */
    snprintf(manifest, sizeof(manifest), "%s/_millrace/manifest.jsonl", fixture->folder);
    assert_int_equal(file_read_all(manifest, 0, &once, &err), STATUS_OK);
    assert_int_equal(truncate(manifest, (off_t) once.length - 10), 0);
    recover(fixture);
    assert_int_equal(file_read_all(manifest, 0, &again, &err), STATUS_OK);
    assert_string_equal(strbuf_text(&once), strbuf_text(&again));
    strbuf_done(&once);
    strbuf_done(&again);
}

static void a_part_shorter_than_decided_is_damage(void **state) {
    Fixture *fixture = *state;
    FileParts *parts;
    char path[256];
    Error err;

    fixture->random = 3;
    while (fixture->decided.length % 60 == 0 || file_parts_is_fresh(fixture->parts))
        run_epoch(fixture, CUT_NONE, false);
    for (int seq = 1; seq < 500; seq++) {
        snprintf(path, sizeof(path), "%s/.part-5-abcdef01-%08d.txt.open", fixture->folder, seq);
        if (file_exists(path))
            assert_int_equal(truncate(path, 1), 0);
    }
    parts = make_parts(fixture);
    assert_int_not_equal(file_parts_recover(parts, fixture->epoch,
                                            (const uint8_t *) fixture->receipt.data,
                                            fixture->receipt.length, &err),
                         STATUS_OK);
    assert_string_equal(sqlstate_code(err.sqlstate), "XX001");
    file_parts_destroy(parts);
}

static void damaged_receipts_are_refused_or_harmless(void **state) {
    Fixture *fixture = *state;
    FileParts *parts = make_parts(fixture);
    Error err;

    run_epoch(fixture, CUT_PREPARED, true);
    run_epoch(fixture, CUT_DECIDED, true);
    for (size_t length = 1; length < fixture->receipt.length; length++) {
        assert_int_not_equal(
            file_parts_publish(parts, 1, (const uint8_t *) fixture->receipt.data, length, &err),
            STATUS_OK);
        assert_string_equal(sqlstate_code(err.sqlstate), "XX001");
    }
    file_parts_destroy(parts);
}

/* Removed under the writer, rows that were decided are damage; rows that were not come again. */
static void a_part_that_is_removed_is_told_before_the_decision(void **state) {
    Fixture *fixture = *state;
    StrBuf row = {0}, receipt = {0};
    char path[256];
    Error err;

    strbuf_append_text(&row, "a row\n");
    snprintf(path, sizeof(path), "%s/.part-5-abcdef01-00000001.txt.open", fixture->folder);
    for (int is_decided = 0; is_decided <= 1; is_decided++) {
        strbuf_clear(&receipt);
        assert_int_equal(file_parts_append(fixture->parts, &row, 1, &err), STATUS_OK);
        assert_int_equal(file_parts_prepare(fixture->parts, false, &receipt, &err), STATUS_OK);
        if (is_decided)
            assert_int_equal(file_parts_publish(fixture->parts, 1,
                                                (const uint8_t *) strbuf_text(&receipt),
                                                receipt.length, &err),
                             STATUS_OK);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(file_parts_append(fixture->parts, &row, 1, &err), STATUS_OK);
        assert_int_equal(file_parts_prepare(fixture->parts, is_decided, &receipt, &err),
                         STATUS_ERROR);
        assert_string_equal(sqlstate_code(err.sqlstate), is_decided ? "58030" : "58P01");
        assert_int_equal(file_parts_abort(fixture->parts, &err),
                         is_decided ? STATUS_ERROR : STATUS_OK);
        assert_false(file_exists(path));
    }
    strbuf_done(&row);
    strbuf_done(&receipt);
}

static void files_of_other_streams_are_left_alone(void **state) {
    Fixture *fixture = *state;
    static const char *const names[] = {".part-55-abcdef01-00000001.txt.open",
                                        ".part-5-abcdef02-00000001.txt.open", "notes.open"};
    char path[256];
    Error err;

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", fixture->folder, names[i]);
        assert_int_equal(file_replace(path, "x", 1, &err), STATUS_OK);
    }
    run_epoch(fixture, CUT_PREPARED, false);
    recover(fixture);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", fixture->folder, names[i]);
        assert_true(file_exists(path));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(decided_bytes_are_there_after_a_death_at_any_step, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_abort_leaves_no_trace, setup, teardown),
        cmocka_unit_test_setup_teardown(publishing_again_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(the_manifest_tells_the_hash_of_the_file, setup, teardown),
        cmocka_unit_test_setup_teardown(a_torn_line_of_the_manifest_is_told_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_part_shorter_than_decided_is_damage, setup, teardown),
        cmocka_unit_test_setup_teardown(a_part_that_is_removed_is_told_before_the_decision, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(damaged_receipts_are_refused_or_harmless, setup, teardown),
        cmocka_unit_test_setup_teardown(files_of_other_streams_are_left_alone, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
