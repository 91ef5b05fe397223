/* Checkpoint: what was decided is there after a restart, what was not is not; damage is seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "store/file.h"
#include "store/sqlite.h"
#include "stream/checkpoint.h"

enum { PARTITION_COUNT = 4, KEYS = 200 };

typedef struct Fixture {
    char root[64];
    char folder[128];
    Checkpoint *checkpoint;
    MemoryAccount account;
    StateStore *state;
    StateTable *table;
    uint32_t model[KEYS]; /* a seed a row; 0: no row */
    uint32_t undecided[KEYS];
    int64_t epoch;
    uint64_t random;
} Fixture;

static const CheckpointIdentity identity = {.stream_id = 3, .incarnation = {9, 8, 7}};

static uint64_t below(Fixture *fixture, uint64_t end) {
    fixture->random += 0x9e3779b97f4a7c15ULL;
    return hash_u64(fixture->random) % end;
}

static void open_all(Fixture *fixture) {
    Error err;

    assert_int_equal(checkpoint_open(fixture->folder, &identity, &fixture->checkpoint, &err),
                     STATUS_OK);
    fixture->state = state_store_create(&fixture->account, PARTITION_COUNT);
    assert_int_equal(checkpoint_restore_state(fixture->checkpoint, fixture->state, NULL, &err),
                     STATUS_OK);
    assert_int_equal(state_table_open(fixture->state, 1, 0, "s", 1, &fixture->table, &err),
                     STATUS_OK);
}

static void close_all(Fixture *fixture) {
    fixture->state = state_store_destroy(fixture->state);
    fixture->checkpoint = checkpoint_close(fixture->checkpoint);
}

static int setup(void **state) {
    Fixture *fixture = calloc(1, sizeof(*fixture));
    Error err;

    memcpy(fixture->root, "/tmp/millrace-checkpoint-XXXXXX", 32);
    assert_non_null(mkdtemp(fixture->root));
    snprintf(fixture->folder, sizeof(fixture->folder), "%s/3", fixture->root);
    memory_account_init(&fixture->account, "test", NULL, 0);
    assert_int_equal(checkpoint_create(fixture->folder, &identity, &err), STATUS_OK);
    open_all(fixture);
    *state = fixture;
    return 0;
}

static int teardown(void **state) {
    Fixture *fixture = *state;
    Error err;

    close_all(fixture);
    assert_int_equal(file_remove_tree(fixture->root, &err), STATUS_OK);
    free(fixture);
    return 0;
}

static size_t value_of(uint32_t seed, uint8_t *value) {
    memset(value, (int) (seed & 0xff), 3000);
    return hash_u64(seed) % 3000;
}

static void change_rows(Fixture *fixture) {
    memcpy(fixture->undecided, fixture->model, sizeof(fixture->model));
    state_begin_epoch(fixture->state);
    for (uint64_t i = below(fixture, 40); i > 0; i--) {
        uint32_t key = (uint32_t) below(fixture, KEYS);
        uint32_t seed = (uint32_t) below(fixture, 5) ? (uint32_t) below(fixture, 1000000) : 0;
        uint64_t hash = hash_u64(key + 1);
        int partition = state_partition_of(hash, PARTITION_COUNT);
        uint8_t value[3000];
        size_t size = value_of(seed, value);
        Error err;

        if (seed)
            assert_int_equal(
                state_put(fixture->table, partition, hash, &key, sizeof(key), value, size, &err),
                STATUS_OK);
        else
            assert_int_equal(state_remove(fixture->table, partition, hash, &key, sizeof(key), &err),
                             STATUS_OK);
        fixture->undecided[key] = seed;
    }
}

static void decide(Fixture *fixture) {
    StrBuf header = {0}, changelog = {0}, receipts[2] = {{0}, {0}};
    EpochRecord record = {.epoch = ++fixture->epoch,
                          .header = &header,
                          .sink_count = 2,
                          .receipts = receipts,
                          .changelog = &changelog};
    int64_t bytes = 0;
    Error err;

    strbuf_printf(&header, "header %d", (int) fixture->epoch);
    strbuf_printf(&receipts[1], "receipt %d", (int) fixture->epoch);
    state_append_changelog(fixture->state, &changelog);
    assert_int_equal(checkpoint_decide(fixture->checkpoint, &record, fixture->state, &bytes, &err),
                     STATUS_OK);
    state_commit(fixture->state);
    memcpy(fixture->model, fixture->undecided, sizeof(fixture->model));
    strbuf_done(&header);
    strbuf_done(&changelog);
    strbuf_done(&receipts[1]);
}

static void check_state(Fixture *fixture) {
    for (uint32_t key = 0; key < KEYS; key++) {
        uint64_t hash = hash_u64(key + 1);
        StateBytes found = state_get(fixture->table, state_partition_of(hash, PARTITION_COUNT),
                                     hash, &key, sizeof(key));
        uint8_t value[3000];
        size_t size = value_of(fixture->model[key], value);

        assert_int_equal(found.data != NULL, fixture->model[key] != 0);
        if (fixture->model[key]) {
            assert_int_equal(found.size_bytes, size);
            assert_memory_equal(found.data, value, size);
        }
    }
}

static void check_load(Fixture *fixture) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    CheckpointState loaded;
    char text[64];
    Error err;

    assert_int_equal(checkpoint_load(fixture->checkpoint, arena, &loaded, &err), STATUS_OK);
    assert_int_equal(loaded.epoch, fixture->epoch);
    if (fixture->epoch == 0)
        return;
    snprintf(text, sizeof(text), "header %d", (int) fixture->epoch);
    assert_int_equal(loaded.header_size, strlen(text));
    assert_memory_equal(loaded.header, text, strlen(text));
    snprintf(text, sizeof(text), "receipt %d", (int) fixture->epoch);
    assert_int_equal(loaded.sink_count, 2);
    assert_int_equal(loaded.receipts[0].size_bytes, 0);
    assert_memory_equal(loaded.receipts[1].data, text, strlen(text));
}

static void the_decided_state_survives_restarts_and_aborts(void **state) {
    Fixture *fixture = *state;
    Error err;

    for (int i = 0; i < 60; i++) {
        change_rows(fixture);
        if (below(fixture, 4))
            decide(fixture);
        else
            state_abort(fixture->state);
        assert_int_equal(checkpoint_tidy(fixture->checkpoint, &err), STATUS_OK);
        if (below(fixture, 3) == 0) {
            close_all(fixture);
            open_all(fixture);
        }
        check_state(fixture);
        check_load(fixture);
    }
}

static int64_t segment_bytes(const Fixture *fixture) {
    int64_t total = 0;

    for (int i = 1; i < 2000; i++) {
        struct stat info;
        char path[256];

        snprintf(path, sizeof(path), "%s/seg-%d", fixture->folder, i);
        total += stat(path, &info) == 0 ? info.st_size : 0;
    }
    return total;
}

/* All rows of one partition, with values of 3000 bytes: its buckets' images go to segments. */
static void fill_partition(Fixture *fixture, int partition, uint32_t seed) {
    state_begin_epoch(fixture->state);
    memcpy(fixture->undecided, fixture->model, sizeof(fixture->model));
    for (uint32_t key = 0; key < KEYS; key++) {
        uint64_t hash = hash_u64(key + 1);
        uint8_t value[3000];
        size_t size = value_of(seed, value);
        Error err;

        if (state_partition_of(hash, PARTITION_COUNT) != partition)
            continue;
        assert_int_equal(
            state_put(fixture->table, partition, hash, &key, sizeof(key), value, size, &err),
            STATUS_OK);
        fixture->undecided[key] = seed;
    }
    decide(fixture);
}

/* One partition is written once and then rests, the others change all the time: its image must not
 * keep alive the files around it. */
static void segments_stay_in_proportion_to_the_state(void **state) {
    enum { FILE_BYTES = 900000, EPOCHS = 100 };
    Fixture *fixture = *state;
    int64_t most = 0;
    uint32_t seed = 1;
    char first[256];
    Error err;

    while (hash_u64(seed) % 3000 < 2900) /* value_of: a large one */
        seed++;
    checkpoint_set_segment_bytes(fixture->checkpoint, FILE_BYTES);
    fill_partition(fixture, 0, seed);
    fill_partition(fixture, 0, seed);
    for (int i = 0; i < EPOCHS; i++) {
        fill_partition(fixture, 1 + i % (PARTITION_COUNT - 1), seed);
        assert_int_equal(checkpoint_tidy(fixture->checkpoint, &err), STATUS_OK);
        most = segment_bytes(fixture) > most ? segment_bytes(fixture) : most;
        if (i % 10 == 9) {
            close_all(fixture);
            open_all(fixture);
            checkpoint_set_segment_bytes(fixture->checkpoint, FILE_BYTES);
        }
        check_state(fixture);
    }
    assert_in_range(most, 1, 10 * KEYS * 3000);
    snprintf(first, sizeof(first), "%s/seg-1", fixture->folder);
    assert_false(file_exists(first)); /* what rests has moved on */
}

static void another_incarnation_is_refused(void **state) {
    Fixture *fixture = *state;
    CheckpointIdentity other = identity;
    Checkpoint *checkpoint = NULL;
    Error err;

    other.incarnation[0] = 1;
    close_all(fixture);
    assert_int_not_equal(checkpoint_open(fixture->folder, &other, &checkpoint, &err), STATUS_OK);
    assert_string_equal(sqlstate_code(err.sqlstate), "58030");
    assert_null(checkpoint);
    assert_int_not_equal(checkpoint_open("/nowhere/at/all", &identity, &checkpoint, &err),
                         STATUS_OK);
    assert_string_equal(sqlstate_code(err.sqlstate), "58030");
}

/* Run SQL on the closed checkpoint: what a bad disk or a curious user does. */
static void spoil(Fixture *fixture, const char *sql) {
    Database *database = NULL;
    char path[256];
    Error err;

    close_all(fixture);
    snprintf(path, sizeof(path), "%s/checkpoint.db", fixture->folder);
    assert_int_equal(database_open(path, false, &database, &err), STATUS_OK);
    assert_int_equal(database_execute(database, sql, &err), STATUS_OK);
    database_close(database);
    assert_int_equal(checkpoint_open(fixture->folder, &identity, &fixture->checkpoint, &err),
                     STATUS_OK);
    fixture->state = state_store_create(&fixture->account, PARTITION_COUNT);
}

static void decide_one(Fixture *fixture) {
    fixture->random = 1;
    change_rows(fixture);
    decide(fixture);
}

static void damaged_receipts_are_seen(void **state) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    CheckpointState loaded;
    Error err;

    decide_one(*state);
    spoil(*state, "UPDATE epoch SET receipts = zeroblob(length(receipts))");
    assert_int_not_equal(checkpoint_load(((Fixture *) *state)->checkpoint, arena, &loaded, &err),
                         STATUS_OK);
    assert_string_equal(sqlstate_code(err.sqlstate), "XX001");
}

static void damaged_state_is_seen(void **state) {
    Fixture *fixture = *state;
    Error err;

    decide_one(fixture);
    spoil(fixture, "UPDATE changelog SET checksum = checksum + 1; UPDATE image SET checksum = "
                   "checksum + 1");
    assert_int_not_equal(checkpoint_restore_state(fixture->checkpoint, fixture->state, NULL, &err),
                         STATUS_OK);
    assert_string_equal(sqlstate_code(err.sqlstate), "XX001");
}

static void restoring_state_can_be_cancelled(void **state) {
    static const volatile bool cancel = true;
    Fixture *fixture = *state;
    Error err;

    decide_one(fixture);
    close_all(fixture);
    assert_int_equal(checkpoint_open(fixture->folder, &identity, &fixture->checkpoint, &err),
                     STATUS_OK);
    fixture->state = state_store_create(&fixture->account, PARTITION_COUNT);
    assert_int_not_equal(
        checkpoint_restore_state(fixture->checkpoint, fixture->state, &cancel, &err), STATUS_OK);
    assert_string_equal(sqlstate_code(err.sqlstate), "57014");
}

static Status count_journal(void *data, int64_t key, const uint8_t *bytes, size_t size_bytes,
                            Error *err) {
    int *count = data;

    assert_int_equal(size_bytes, 2);
    assert_int_equal(bytes[1], '0' + (*count)++);
    return STATUS_OK;
}

static void journals_come_back_in_order_for_their_scan(void **state) {
    Fixture *fixture = *state;
    int count = 0;
    Error err;

    for (int i = 0; i < 5; i++)
        for (int scan = 0; scan < 2; scan++) {
            StrBuf bytes = {0};

            strbuf_printf(&bytes, "%c%d", 'a' + scan, i);
            assert_int_equal(checkpoint_append_journal(fixture->checkpoint, scan, &bytes, &err),
                             STATUS_OK);
            strbuf_done(&bytes);
        }
    close_all(fixture);
    open_all(fixture);
    assert_int_equal(checkpoint_visit_journal(fixture->checkpoint, 1, count_journal, &count, &err),
                     STATUS_OK);
    assert_int_equal(count, 5);
    spoil(fixture, "UPDATE journal SET bytes = 'x'");
    assert_int_not_equal(
        checkpoint_visit_journal(fixture->checkpoint, 1, count_journal, &count, &err), STATUS_OK);
    assert_string_equal(sqlstate_code(err.sqlstate), "XX001");
}

static void a_journal_that_is_replaced_has_one_record(void **state) {
    Fixture *fixture = *state;
    int counts[2] = {0};
    Error err;

    for (int i = 0; i < 3; i++)
        for (int scan = 0; scan < 2; scan++) {
            StrBuf bytes = {0};

            strbuf_printf(&bytes, "%c%d", 'a' + scan, scan == 0 ? i : 0);
            assert_int_equal((scan == 0 ? checkpoint_append_journal : checkpoint_replace_journal)(
                                 fixture->checkpoint, scan, &bytes, &err),
                             STATUS_OK);
            strbuf_done(&bytes);
        }
    close_all(fixture);
    open_all(fixture);
    for (int scan = 0; scan < 2; scan++)
        assert_int_equal(
            checkpoint_visit_journal(fixture->checkpoint, scan, count_journal, &counts[scan], &err),
            STATUS_OK);
    assert_int_equal(counts[0], 3);
    assert_int_equal(counts[1], 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_decided_state_survives_restarts_and_aborts, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(segments_stay_in_proportion_to_the_state, setup, teardown),
        cmocka_unit_test_setup_teardown(another_incarnation_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_receipts_are_seen, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_state_is_seen, setup, teardown),
        cmocka_unit_test_setup_teardown(restoring_state_can_be_cancelled, setup, teardown),
        cmocka_unit_test_setup_teardown(journals_come_back_in_order_for_their_scan, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_journal_that_is_replaced_has_one_record, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
