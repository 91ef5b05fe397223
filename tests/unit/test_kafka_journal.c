/* Kafka journal: what is restored equals what was written; a topic made again; damaged bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sources/kafka_journal.h"

/* Two partitions of one topic; then one is replaced. */
static KafkaJournal *make_journal(StrBuf batches[2]) {
    KafkaJournal *journal = kafka_journal_create();

    kafka_journal_begin(journal);
    assert_int_equal(kafka_journal_add(journal, "orders", 0, 7, INT64_MAX), 0);
    assert_int_equal(kafka_journal_add(journal, "orders", 1, 0, 99), 1);
    kafka_journal_take(journal, &batches[0]);
    kafka_journal_mark(journal, 0, &(KafkaMark) {6, 1});
    kafka_journal_end(journal, 0);
    assert_int_equal(kafka_journal_add(journal, "orders", 0, 0, INT64_MAX), 2);
    kafka_journal_mark(journal, 2, &(KafkaMark) {INT64_MAX - 1, UINT64_MAX});
    kafka_journal_take(journal, &batches[1]);
    return journal;
}

static Status restore(KafkaJournal *journal, const StrBuf *batch, size_t length) {
    Error err;

    return kafka_journal_restore(journal, (const uint8_t *) batch->data, length, &err);
}

static void check_restored(int first) {
    StrBuf batches[2] = {0};
    KafkaJournal *journal = make_journal(batches);
    KafkaJournal *again = kafka_journal_create();

    for (int i = first; i < 2; i++)
        assert_int_equal(restore(again, &batches[i], batches[i].length), STATUS_OK);
    assert_int_equal(kafka_journal_count(again), 3);
    for (int i = 0; i < 3; i++) {
        const KafkaPartition *left = kafka_journal_at(journal, i);
        const KafkaPartition *right = kafka_journal_at(again, i);

        assert_string_equal(left->topic, right->topic);
        assert_int_equal(left->number, right->number);
        assert_int_equal(left->begin, right->begin);
        assert_int_equal(left->stop, right->stop);
        assert_int_equal(left->is_ended, right->is_ended);
        assert_int_equal(left->mark.offset, right->mark.offset);
        assert_true(left->mark.fingerprint == right->mark.fingerprint);
    }
    assert_int_equal(kafka_journal_find(again, "orders", 0), 2);
    assert_int_equal(kafka_journal_find(again, "orders", 1), 1);
    assert_int_equal(kafka_journal_find(again, "orders", 2), -1);
    kafka_journal_destroy(again);
    kafka_journal_destroy(journal);
    strbuf_done(&batches[0]);
    strbuf_done(&batches[1]);
}

static void a_restored_journal_knows_the_same(void **state) {
    check_restored(0);
}

static void the_last_record_says_all(void **state) {
    check_restored(1);
}

static void a_first_look_that_found_nothing_is_remembered(void **state) {
    KafkaJournal *journal = kafka_journal_create();
    KafkaJournal *again = kafka_journal_create();
    StrBuf batch = {0};

    kafka_journal_take(journal, &batch);
    assert_int_equal(batch.length, 0);
    kafka_journal_begin(journal);
    kafka_journal_take(journal, &batch);
    assert_true(batch.length > 0);
    assert_false(kafka_journal_has_begun(again));
    assert_int_equal(restore(again, &batch, batch.length), STATUS_OK);
    assert_true(kafka_journal_has_begun(again));
    kafka_journal_destroy(again);
    kafka_journal_destroy(journal);
    strbuf_done(&batch);
}

static void cut_or_changed_bytes_are_refused_or_make_sense(void **state) {
    StrBuf batches[2] = {0};
    KafkaJournal *journal = make_journal(batches);

    for (size_t length = 0; length < batches[0].length; length++) {
        KafkaJournal *again = kafka_journal_create();

        assert_int_equal(restore(again, &batches[0], length), STATUS_ERROR);
        kafka_journal_destroy(again);
    }
    for (size_t i = 0; i < 8 * batches[0].length; i++) {
        KafkaJournal *again = kafka_journal_create();

        batches[0].data[i / 8] ^= (char) (1 << i % 8);
        if (restore(again, &batches[0], batches[0].length) == STATUS_OK)
            for (int j = 0; j < kafka_journal_count(again); j++)
                assert_true(kafka_journal_at(again, j)->begin >= 0);
        batches[0].data[i / 8] ^= (char) (1 << i % 8);
        kafka_journal_destroy(again);
    }
    kafka_journal_destroy(journal);
    strbuf_done(&batches[0]);
    strbuf_done(&batches[1]);
}

static void no_index_comes_to_mean_another_partition(void **state) {
    StrBuf batches[2] = {0};
    KafkaJournal *journal = make_journal(batches);
    KafkaJournal *again = kafka_journal_create();

    (void) kafka_journal_add(again, "payments", 0, 0, INT64_MAX);
    assert_int_equal(restore(again, &batches[1], batches[1].length), STATUS_ERROR);
    assert_int_equal(restore(journal, &batches[0], batches[0].length), STATUS_ERROR);
    kafka_journal_destroy(again);
    kafka_journal_destroy(journal);
    strbuf_done(&batches[0]);
    strbuf_done(&batches[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restored_journal_knows_the_same),
        cmocka_unit_test(the_last_record_says_all),
        cmocka_unit_test(a_first_look_that_found_nothing_is_remembered),
        cmocka_unit_test(cut_or_changed_bytes_are_refused_or_make_sense),
        cmocka_unit_test(no_index_comes_to_mean_another_partition),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
