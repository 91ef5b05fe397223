/* File journal: what is restored equals what was written; generations; damaged bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sources/file_journal.h"

static void add(FileJournal *journal, const char *path, int64_t start, int64_t end) {
    FileKnown *known = file_journal_learn(journal, path);

    known->modified_ns = 77;
    known->seen_size = end;
    known->head_hash = 0x1234;
    known->head_size = 4;
    file_journal_add(journal, known, start, end, 99);
}

/* Two generations: a and b, then more of a. */
static FileJournal *make_journal(StrBuf batches[2]) {
    FileJournal *journal = file_journal_create();

    file_journal_begin(journal);
    add(journal, "/a", 0, 10);
    add(journal, "/b", 0, 5);
    file_journal_finish(journal, &batches[0]);
    file_journal_begin(journal);
    add(journal, "/a", 10, 12);
    file_journal_finish(journal, &batches[1]);
    return journal;
}

static void a_restored_journal_knows_the_same(void **state) {
    StrBuf batches[2] = {0};
    FileJournal *journal = make_journal(batches);
    FileJournal *again = file_journal_create();
    Error err;

    for (int i = 0; i < 2; i++)
        assert_int_equal(
            file_journal_restore(again, (const uint8_t *) batches[i].data, batches[i].length, &err),
            STATUS_OK);
    assert_int_equal(file_journal_end(again), 17);
    for (int64_t offset = -1; offset <= 17; offset++) {
        FileEntry left = {0}, right = {0};

        assert_int_equal(file_journal_find(journal, offset, &left),
                         file_journal_find(again, offset, &right));
        assert_int_equal(left.start, right.start);
        assert_int_equal(left.base, right.base);
        assert_int_equal(left.generation, right.generation);
    }
    assert_int_equal(file_journal_known(again, "/a")->consumed, 12);
    assert_int_equal(file_journal_known(again, "/a")->head_hash, 0x1234);
    assert_null(file_journal_known(again, "/c"));
    file_journal_destroy(again);
    file_journal_destroy(journal);
    strbuf_done(&batches[0]);
    strbuf_done(&batches[1]);
}

static void a_barrier_is_the_end_of_a_generation_read_whole(void **state) {
    StrBuf batches[2] = {0};
    FileJournal *journal = make_journal(batches);

    assert_int_equal(file_journal_barrier(journal, 0, 9), 0);
    assert_int_equal(file_journal_barrier(journal, 0, 14), 0);
    assert_int_equal(file_journal_barrier(journal, 0, 15), 15);
    assert_int_equal(file_journal_barrier(journal, 0, 16), 15);
    assert_int_equal(file_journal_barrier(journal, 3, 16), 15);
    assert_int_equal(file_journal_barrier(journal, 15, 16), 15);
    assert_int_equal(file_journal_barrier(journal, 16, 17), 17);
    assert_int_equal(file_journal_barrier(journal, 5, 5), 5);
    file_journal_destroy(journal);
    strbuf_done(&batches[0]);
    strbuf_done(&batches[1]);
}

static void an_empty_listing_is_no_generation(void **state) {
    FileJournal *journal = file_journal_create();
    StrBuf out = {0};

    file_journal_begin(journal);
    file_journal_finish(journal, &out);
    assert_int_equal(out.length, 0);
    assert_int_equal(file_journal_end(journal), 0);
    assert_int_equal(file_journal_barrier(journal, 0, 10), 0);
    file_journal_destroy(journal);
}

static void a_torn_batch_is_damage_at_every_length(void **state) {
    StrBuf batches[2] = {0};
    FileJournal *journal = make_journal(batches);
    Error err;

    for (size_t length = 0; length < batches[0].length; length++) {
        FileJournal *again = file_journal_create();

        assert_int_not_equal(
            file_journal_restore(again, (const uint8_t *) batches[0].data, length, &err),
            STATUS_OK);
        assert_string_equal(sqlstate_code(err.sqlstate), "XX001");
        file_journal_destroy(again);
    }
    file_journal_destroy(journal);
    strbuf_done(&batches[0]);
    strbuf_done(&batches[1]);
}

static void ranges_that_leave_the_numbers_are_damage(void **state) {
    StrBuf batches[2] = {0};
    FileJournal *journal = make_journal(batches);
    FileJournal *again = file_journal_create();
    int64_t huge = INT64_MAX;
    Error err;

    /* version, count, length, "/a", start: then the end of the first entry */
    memcpy(batches[0].data + 1 + 4 + 4 + 2 + 8, &huge, sizeof(huge));
    assert_int_not_equal(
        file_journal_restore(again, (const uint8_t *) batches[0].data, batches[0].length, &err),
        STATUS_OK);
    file_journal_destroy(again);
    file_journal_destroy(journal);
    strbuf_done(&batches[0]);
    strbuf_done(&batches[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restored_journal_knows_the_same),
        cmocka_unit_test(a_barrier_is_the_end_of_a_generation_read_whole),
        cmocka_unit_test(an_empty_listing_is_no_generation),
        cmocka_unit_test(a_torn_batch_is_damage_at_every_length),
        cmocka_unit_test(ranges_that_leave_the_numbers_are_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
