/* State: tables against a plain model, through commit, abort, recovery, pins; and what an epoch
 * costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "state/state.h"

enum { PARTITIONS = 4, KEYS = 300, SLICES = 4, BLOBS = 4096 };

/* What a table should hold: a seed a row, 0 is no row; the value is made from the seed. */
typedef struct Model {
    uint32_t rows[SLICES][KEYS];
} Model;

typedef struct SavedImage {
    StateImage image;
    bool is_live;
} SavedImage;

/* A checkpoint in memory: what stream/ keeps in files. */
typedef struct Checkpoint {
    SavedImage images[BLOBS];
    int image_count;
    StrBuf changelogs[BLOBS];
    int64_t versions[BLOBS];
    int changelog_count;
} Checkpoint;

typedef struct Fixture {
    MemoryAccount account;
    StateStore *store;
    StateTable *plain;
    StateTable *sliced;
    Model plain_model;
    Model sliced_model;
    uint64_t random;
} Fixture;

static uint64_t next_random(Fixture *fixture) {
    fixture->random += 0x9e3779b97f4a7c15ULL;
    return hash_u64(fixture->random);
}

static size_t make_value(uint32_t seed, uint8_t *ret_bytes) {
    size_t size = hash_u64(seed) % 2000;

    memset(ret_bytes, (int) (seed & 0xff), size);
    return size;
}

static void open_tables(Fixture *fixture) {
    Error err;

    assert_int_equal(state_table_open(fixture->store, 7, 0, "plain", 5, &fixture->plain, &err),
                     STATUS_OK);
    assert_int_equal(state_table_open(fixture->store, 7, 1, "sliced", 6, &fixture->sliced, &err),
                     STATUS_OK);
}

static void fixture_init(Fixture *fixture, uint64_t seed) {
    memset(fixture, 0, sizeof(*fixture));
    fixture->random = seed;
    memory_account_init(&fixture->account, "test", NULL, 0);
    fixture->store = state_store_create(&fixture->account, PARTITIONS);
    open_tables(fixture);
}

static void fixture_done(Fixture *fixture) {
    fixture->store = state_store_destroy(fixture->store);
    assert_int_equal(fixture->account.used_bytes, 0);
}

static uint64_t key_hash(uint32_t key) {
    return hash_u64(key + 1);
}

static int key_partition(uint32_t key) {
    return state_partition_of(key_hash(key), PARTITIONS);
}

static void change_plain(Fixture *fixture, uint32_t key, uint32_t seed) {
    uint8_t value[2000];
    size_t size = make_value(seed, value);
    Error err;

    if (seed)
        assert_int_equal(state_put(fixture->plain, key_partition(key), key_hash(key), &key,
                                   sizeof(key), value, size, &err),
                         STATUS_OK);
    else
        assert_int_equal(state_remove(fixture->plain, key_partition(key), key_hash(key), &key,
                                      sizeof(key), &err),
                         STATUS_OK);
    fixture->plain_model.rows[0][key] = seed;
}

static void put_sliced(Fixture *fixture, int64_t slice, uint32_t key, uint32_t seed) {
    uint8_t value[2000];
    size_t size = make_value(seed, value);
    Error err;

    assert_int_equal(state_put_sliced(fixture->sliced, key_partition(key), slice, key_hash(key),
                                      &key, sizeof(key), value, size, &err),
                     STATUS_OK);
    fixture->sliced_model.rows[slice][key] = seed;
}

static void drop_slice(Fixture *fixture, int64_t slice) {
    Error err;

    for (int p = 0; p < PARTITIONS; p++)
        assert_int_equal(state_drop_slice(fixture->sliced, p, slice, &err), STATUS_OK);
    memset(fixture->sliced_model.rows[slice], 0, sizeof(fixture->sliced_model.rows[slice]));
}

static void random_changes(Fixture *fixture, int count) {
    for (int i = 0; i < count; i++) {
        uint64_t dice = next_random(fixture);
        uint32_t key = (uint32_t) (dice >> 8) % KEYS;
        uint32_t seed = (uint32_t) (dice >> 32) | 1;
        int64_t slice = (int64_t) (dice >> 20) % SLICES;

        if (dice % 100 < 50)
            change_plain(fixture, key, seed);
        else if (dice % 100 < 65)
            change_plain(fixture, key, 0);
        else if (dice % 100 < 99)
            put_sliced(fixture, slice, key, seed);
        else
            drop_slice(fixture, slice);
    }
}

static void check_row(StateBytes found, uint32_t seed) {
    uint8_t value[2000];
    size_t size = make_value(seed, value);

    if (!seed) {
        assert_null(found.data);
        return;
    }
    assert_non_null(found.data);
    assert_int_equal(found.size_bytes, size);
    assert_memory_equal(found.data, value, size);
}

static Status count_row(void *data, int64_t slice, StateBytes key, StateBytes value, Error *err) {
    (*(int64_t *) data)++;
    return STATUS_OK;
}

static void check_models(Fixture *fixture) {
    int64_t expected = 0;
    int64_t visited = 0;
    Error err;

    for (uint32_t key = 0; key < KEYS; key++) {
        int p = key_partition(key);

        check_row(state_get(fixture->plain, p, key_hash(key), &key, sizeof(key)),
                  fixture->plain_model.rows[0][key]);
        expected += fixture->plain_model.rows[0][key] != 0;
        for (int64_t slice = 0; slice < SLICES; slice++) {
            check_row(state_get_sliced(fixture->sliced, p, slice, key_hash(key), &key, sizeof(key)),
                      fixture->sliced_model.rows[slice][key]);
            expected += fixture->sliced_model.rows[slice][key] != 0;
        }
    }
    for (int p = 0; p < PARTITIONS; p++) {
        assert_int_equal(state_visit(fixture->plain, p, count_row, &visited, &err), STATUS_OK);
        assert_int_equal(state_visit(fixture->sliced, p, count_row, &visited, &err), STATUS_OK);
    }
    assert_int_equal(visited, expected);
    assert_int_equal(state_store_row_count(fixture->store), expected);
}

/* -------- a checkpoint in memory -------- */

static bool same_place(const StateImage *left, const StateImage *right) {
    return left->operator_id == right->operator_id && left->table_number == right->table_number &&
           left->partition == right->partition && left->slice == right->slice;
}

static Status save_image(void *data, const StateImage *image, Error *err) {
    Checkpoint *checkpoint = data;

    for (int i = 0; i < checkpoint->image_count; i++) {
        SavedImage *saved = &checkpoint->images[i];

        if (saved->is_live && same_place(&saved->image, image) &&
            (image->bucket == 0 || image->bucket == saved->image.bucket)) {
            saved->is_live = false;
            strbuf_done(&saved->image.bytes);
        }
    }
    if (image->bucket) {
        SavedImage *saved = &checkpoint->images[checkpoint->image_count++];

        assert_true(checkpoint->image_count < BLOBS);
        *saved = (SavedImage) {*image, true};
        saved->image.bytes = (StrBuf) {0};
        strbuf_append(&saved->image.bytes, image->bytes.data, image->bytes.length);
    }
    return STATUS_OK;
}

static void commit_into(Fixture *fixture, Checkpoint *checkpoint, bool is_forced) {
    StrBuf changelog = {0};
    int kept = 0;
    Error err;

    state_append_changelog(fixture->store, &changelog);
    assert_int_equal(state_take_images(fixture->store, is_forced, save_image, checkpoint, &err),
                     STATUS_OK);
    state_commit(fixture->store);
    checkpoint->changelogs[checkpoint->changelog_count] = changelog;
    checkpoint->versions[checkpoint->changelog_count++] = state_version(fixture->store);
    for (int i = 0; i < checkpoint->changelog_count; i++) {
        if (checkpoint->versions[i] < state_changelog_floor(fixture->store)) {
            strbuf_done(&checkpoint->changelogs[i]);
            continue;
        }
        checkpoint->changelogs[kept] = checkpoint->changelogs[i];
        checkpoint->versions[kept++] = checkpoint->versions[i];
    }
    checkpoint->changelog_count = kept;
}

static int image_order(const void *left, const void *right) {
    uint32_t left_bucket = ((const SavedImage *) left)->image.bucket;
    uint32_t right_bucket = ((const SavedImage *) right)->image.bucket;

    return left_bucket < right_bucket ? -1 : left_bucket > right_bucket;
}

static void recover_from(Fixture *fixture, Checkpoint *checkpoint) {
    Error err;

    (void) state_store_destroy(fixture->store);
    assert_int_equal(fixture->account.used_bytes, 0);
    fixture->store = state_store_create(&fixture->account, PARTITIONS);
    qsort(checkpoint->images, (size_t) checkpoint->image_count, sizeof(SavedImage), image_order);
    for (int i = 0; i < checkpoint->image_count; i++)
        if (checkpoint->images[i].is_live)
            assert_int_equal(state_apply_image(fixture->store, &checkpoint->images[i].image, &err),
                             STATUS_OK);
    for (int i = 0; i < checkpoint->changelog_count; i++)
        assert_int_equal(state_apply_changelog(fixture->store,
                                               (const uint8_t *) checkpoint->changelogs[i].data,
                                               checkpoint->changelogs[i].length, &err),
                         STATUS_OK);
    open_tables(fixture);
}

static void checkpoint_done(Checkpoint *checkpoint) {
    for (int i = 0; i < checkpoint->image_count; i++)
        if (checkpoint->images[i].is_live)
            strbuf_done(&checkpoint->images[i].image.bytes);
    for (int i = 0; i < checkpoint->changelog_count; i++)
        strbuf_done(&checkpoint->changelogs[i]);
}

/* -------- the tests -------- */

static void tables_agree_with_a_model(void **state) {
    static Checkpoint checkpoint;
    static Fixture fixture;
    static Model before[2];

    for (uint64_t seed = 1; seed <= 3; seed++) {
        memset(&checkpoint, 0, sizeof(checkpoint));
        fixture_init(&fixture, seed);
        for (int epoch = 0; epoch < 120; epoch++) {
            before[0] = fixture.plain_model;
            before[1] = fixture.sliced_model;
            state_begin_epoch(fixture.store);
            random_changes(&fixture, (int) (next_random(&fixture) % 200));
            check_models(&fixture);
            if (next_random(&fixture) % 5 == 0) {
                state_abort(fixture.store);
                fixture.plain_model = before[0];
                fixture.sliced_model = before[1];
            } else {
                commit_into(&fixture, &checkpoint, next_random(&fixture) % 20 == 0);
            }
            if (next_random(&fixture) % 10 == 0)
                recover_from(&fixture, &checkpoint);
            check_models(&fixture);
        }
        /* Images let old changelogs go: replay stays bounded. */
        assert_true(checkpoint.changelog_count < 80);
        checkpoint_done(&checkpoint);
        fixture_done(&fixture);
    }
}

static void an_aborted_image_comes_again(void **state) {
    static Checkpoint checkpoint;
    static Checkpoint lost;
    static Fixture fixture;
    Error err;

    fixture_init(&fixture, 11);
    state_begin_epoch(fixture.store);
    random_changes(&fixture, 30);
    commit_into(&fixture, &checkpoint, false);
    state_begin_epoch(fixture.store);
    assert_int_equal(state_take_images(fixture.store, true, save_image, &lost, &err), STATUS_OK);
    assert_true(lost.image_count > 0);
    state_abort(fixture.store);
    state_begin_epoch(fixture.store);
    commit_into(&fixture, &checkpoint, false);
    recover_from(&fixture, &checkpoint);
    check_models(&fixture);
    checkpoint_done(&checkpoint);
    checkpoint_done(&lost);
    fixture_done(&fixture);
}

static void a_pin_reads_the_decided_version(void **state) {
    static Fixture fixture;
    int64_t decided = 0;
    int64_t seen = 0;
    StatePin *between;
    StatePin *during;
    Error err;

    fixture_init(&fixture, 5);
    state_begin_epoch(fixture.store);
    random_changes(&fixture, 500);
    state_commit(fixture.store);
    decided = state_row_count(fixture.sliced);
    between = state_pin(fixture.sliced);
    state_begin_epoch(fixture.store);
    random_changes(&fixture, 500);
    put_sliced(&fixture, 3, 1, 99);
    drop_slice(&fixture, 2);
    during = state_pin(fixture.sliced);
    random_changes(&fixture, 500);
    state_commit(fixture.store);
    check_models(&fixture);
    assert_int_equal(state_pin_visit(between, count_row, &seen, &err), STATUS_OK);
    assert_int_equal(seen, decided);
    seen = 0;
    assert_int_equal(state_pin_visit(during, count_row, &seen, &err), STATUS_OK);
    assert_int_equal(seen, decided);
    (void) state_unpin(between);
    (void) state_unpin(during);
    fixture_done(&fixture);
}

static void old_values_and_changes_are_told(void **state) {
    static Fixture fixture;
    uint32_t key = 3;
    uint64_t hash = key_hash(key);
    int p = key_partition(key);

    fixture_init(&fixture, 1);
    state_begin_epoch(fixture.store);
    change_plain(&fixture, key, 10);
    assert_null(state_old(fixture.plain, p, hash, &key, sizeof(key)).data);
    state_commit(fixture.store);
    state_begin_epoch(fixture.store);
    change_plain(&fixture, key, 20);
    change_plain(&fixture, key, 0);
    check_row(state_old(fixture.plain, p, hash, &key, sizeof(key)), 10);
    assert_null(state_get(fixture.plain, p, hash, &key, sizeof(key)).data);
    state_commit(fixture.store);
    check_models(&fixture);
    fixture_done(&fixture);
}

static void the_limit_is_an_error_and_abort_heals(void **state) {
    static Fixture fixture;
    uint8_t value[1000] = {0};
    Status status = STATUS_OK;
    Error err;

    fixture_init(&fixture, 1);
    state_begin_epoch(fixture.store);
    random_changes(&fixture, 300);
    state_commit(fixture.store);
    fixture.account.limit_bytes = fixture.account.used_bytes + (1 << 20);
    state_begin_epoch(fixture.store);
    for (uint32_t key = KEYS; status == STATUS_OK && key < 100000; key++)
        status = state_put(fixture.plain, key_partition(key), key_hash(key), &key, sizeof(key),
                           value, sizeof(value), &err);
    assert_int_equal(status, STATUS_ERROR);
    assert_int_equal(err.sqlstate, SQLSTATE_OUT_OF_MEMORY);
    state_abort(fixture.store);
    check_models(&fixture);
    fixture_done(&fixture);
}

static void damage_is_found(void **state) {
    static Fixture fixture;
    StrBuf changelog = {0};
    Error err;

    fixture_init(&fixture, 2);
    state_begin_epoch(fixture.store);
    random_changes(&fixture, 20);
    state_append_changelog(fixture.store, &changelog);
    state_commit(fixture.store);
    for (size_t i = 0; i < changelog.length; i += 97) {
        StateStore *other = state_store_create(NULL, PARTITIONS);

        changelog.data[i] = (char) (changelog.data[i] ^ 4);
        assert_int_equal(
            state_apply_changelog(other, (const uint8_t *) changelog.data, changelog.length, &err),
            STATUS_ERROR);
        assert_int_equal(err.sqlstate, SQLSTATE_DATA_CORRUPTED);
        assert_int_equal(state_apply_changelog(other, (const uint8_t *) changelog.data, i, &err),
                         STATUS_ERROR);
        changelog.data[i] = (char) (changelog.data[i] ^ 4);
        (void) state_store_destroy(other);
    }
    strbuf_done(&changelog);
    fixture_done(&fixture);
}

static void another_schema_is_refused(void **state) {
    static Fixture fixture;
    StateTable *table;
    Error err;

    fixture_init(&fixture, 1);
    assert_int_equal(state_table_open(fixture.store, 7, 0, "other", 5, &table, &err), STATUS_ERROR);
    assert_int_equal(err.sqlstate, SQLSTATE_DATA_CORRUPTED);
    fixture_done(&fixture);
}

/* A million groups, epochs of one row: the changelog holds that row alone, and no time passes by
 * size. */
static void an_epoch_costs_what_it_changes(void **state) {
    static Fixture fixture;
    StrBuf changelog = {0};
    uint64_t value = 1;
    Error err;

    fixture_init(&fixture, 1);
    for (uint32_t key = 0; key < 200000; key++)
        assert_int_equal(state_put(fixture.plain, key_partition(key), key_hash(key), &key,
                                   sizeof(key), &value, sizeof(value), &err),
                         STATUS_OK);
    for (uint32_t epoch = 0; epoch < 20000; epoch++) {
        uint32_t key = epoch * 7;

        value = epoch;
        strbuf_clear(&changelog);
        state_begin_epoch(fixture.store);
        assert_int_equal(state_put(fixture.plain, key_partition(key), key_hash(key), &key,
                                   sizeof(key), &value, sizeof(value), &err),
                         STATUS_OK);
        state_append_changelog(fixture.store, &changelog);
        assert_true(changelog.length < 200);
        state_commit(fixture.store);
    }
    strbuf_done(&changelog);
    fixture_done(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_agree_with_a_model),
        cmocka_unit_test(an_aborted_image_comes_again),
        cmocka_unit_test(a_pin_reads_the_decided_version),
        cmocka_unit_test(old_values_and_changes_are_told),
        cmocka_unit_test(the_limit_is_an_error_and_abort_heals),
        cmocka_unit_test(damage_is_found),
        cmocka_unit_test(another_schema_is_refused),
        cmocka_unit_test(an_epoch_costs_what_it_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
