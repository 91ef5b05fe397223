/* Deferral: only the newest record is kept, and only as long as the law allows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stream/deferral.h"

enum { SECOND_NS = 1000000000 };

static void keep(Deferral *deferral, int64_t epoch, const char *text) {
    StrBuf header = {0};
    StrBuf receipts[2] = {{0}, {0}};
    StrBuf changelog = {0};
    ProgressRow progress = {.epoch = epoch, .offsets = text};

    strbuf_append_text(&header, text);
    strbuf_append_text(&receipts[1], text);
    deferral_keep(deferral, &(EpochRecord) {.epoch = epoch,
                                            .header = &header,
                                            .sink_count = 2,
                                            .receipts = receipts,
                                            .changelog = &changelog,
                                            .progress = &progress});
    strbuf_done(&header);
    strbuf_done(&receipts[1]);
}

static void keeps_the_newest(void **state) {
    Deferral deferral = {.is_allowed = true};
    EpochRecord record;

    assert_false(deferral_record(&deferral, &record));
    keep(&deferral, 1, "a longer text");
    keep(&deferral, 2, "short");
    assert_true(deferral_record(&deferral, &record));
    assert_int_equal(record.epoch, 2);
    assert_string_equal(strbuf_text(record.header), "short");
    assert_int_equal(record.receipts[0].length, 0);
    assert_string_equal(strbuf_text(&record.receipts[1]), "short");
    assert_string_equal(record.progress->offsets, "short");
    assert_int_equal(record.changelog->length, 0);
    deferral_forget(&deferral, 0);
    assert_false(deferral_record(&deferral, &record));
    deferral_done(&deferral);
}

static void is_due_a_while_after_the_last_write(void **state) {
    Deferral deferral = {.is_allowed = true};
    int64_t due_ns;

    assert_false(deferral_may_keep(&deferral, SECOND_NS)); /* nothing was written for long */
    deferral_forget(&deferral, SECOND_NS);
    assert_true(deferral_may_keep(&deferral, SECOND_NS));
    assert_int_equal(deferral_due_ns(&deferral), INT64_MAX); /* nothing is kept */
    keep(&deferral, 1, "x");
    due_ns = deferral_due_ns(&deferral);
    assert_in_range(due_ns, SECOND_NS + 1, 2 * (int64_t) SECOND_NS);
    assert_true(deferral_may_keep(&deferral, due_ns - 1));
    assert_false(deferral_may_keep(&deferral, due_ns));
    deferral_done(&deferral);
}

static void exactly_once_keeps_nothing(void **state) {
    Deferral deferral = {0};

    deferral_forget(&deferral, SECOND_NS);
    assert_false(deferral_may_keep(&deferral, SECOND_NS));
    deferral_done(&deferral);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_newest),
        cmocka_unit_test(is_due_a_while_after_the_last_write),
        cmocka_unit_test(exactly_once_keeps_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
