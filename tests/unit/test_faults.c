/* Faults: repeats are one entry, an aborted epoch leaves none, and there is a bound. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdint.h>

#include <cmocka.h>

#include "stream/faults.h"

typedef struct Seen {
    int count;
    int64_t occurrences;
    int64_t last_id;
    char last_message[256];
} Seen;

static Status see(void *data, const FaultEntry *entry, Error *err) {
    Seen *seen = data;

    assert_true(entry->id > seen->last_id);
    seen->count++;
    seen->occurrences += entry->occurrences;
    seen->last_id = entry->id;
    snprintf(seen->last_message, sizeof(seen->last_message), "%s", entry->message);
    return STATUS_OK;
}

static Seen look(FaultLog *faults) {
    Seen seen = {0};
    Error err;

    assert_int_equal(faults_visit(faults, see, &seen, &err), STATUS_OK);
    return seen;
}

static void report(FaultLog *faults, int number) {
    FaultEntry entry = {.scan = 1};

    snprintf(entry.message, sizeof(entry.message), "fault %d", number);
    faults_report(faults, &entry);
}

static void repeats_are_one_entry_with_occurrences(void **state) {
    FaultLog *faults = faults_create();

    for (int i = 0; i < 10; i++) {
        report(faults, i % 2);
        if (i == 4)
            faults_commit(faults);
    }
    faults_commit(faults);
    assert_int_equal(look(faults).count, 2);
    assert_int_equal(look(faults).occurrences, 10);
    faults_destroy(faults);
}

static void an_aborted_epoch_leaves_none(void **state) {
    FaultLog *faults = faults_create();

    report(faults, 1);
    assert_int_equal(look(faults).count, 0);
    faults_abort(faults);
    faults_commit(faults);
    assert_int_equal(look(faults).count, 0);
    faults_destroy(faults);
}

static void only_the_last_are_kept(void **state) {
    FaultLog *faults = faults_create();
    Seen seen;

    for (int i = 0; i < FAULTS_KEPT + 50; i++) {
        report(faults, i);
        faults_commit(faults);
    }
    seen = look(faults);
    assert_int_equal(seen.count, FAULTS_KEPT);
    assert_int_equal(seen.last_id, FAULTS_KEPT + 50);
    assert_string_equal(seen.last_message, "fault 1049");
    faults_destroy(faults);
}

static void *report_many(void *data) {
    for (int i = 0; i < 2000; i++)
        report(data, i % 7);
    return NULL;
}

static void reports_from_many_threads_all_count(void **state) {
    FaultLog *faults = faults_create();
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, report_many, faults), 0);
    for (int i = 0; i < 50; i++)
        look(faults);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    faults_commit(faults);
    assert_int_equal(look(faults).count, 7);
    assert_int_equal(look(faults).occurrences, 8000);
    faults_destroy(faults);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repeats_are_one_entry_with_occurrences),
        cmocka_unit_test(an_aborted_epoch_leaves_none),
        cmocka_unit_test(only_the_last_are_kept),
        cmocka_unit_test(reports_from_many_threads_all_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
