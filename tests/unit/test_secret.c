/* Secrets: sealed text opens with its key and with no other, and is never the value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "connector/secret.h"
#include "store/file.h"

typedef struct Fixture {
    char folder[64], key[80];
    SecretVault *vault;
    StrBuf sealed, newest, plain;
    Error error;
} Fixture;

static bool give_newest(void *data, int64_t id, StrBuf *sealed) {
    const Fixture *f = data;

    if (f->newest.length)
        strbuf_append(sealed, f->newest.data, f->newest.length);
    return f->newest.length > 0;
}

static int set_up(void **state) {
    Fixture *f = calloc(1, sizeof(*f));

    snprintf(f->folder, sizeof(f->folder), "/tmp/millrace-secret-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->key, sizeof(f->key), "%s/secret.key", f->folder);
    f->vault = secret_vault_create(f->key, give_newest, f);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    Fixture *f = *state;

    secret_vault_destroy(f->vault);
    secret_wipe(&f->plain);
    strbuf_done(&f->sealed);
    strbuf_done(&f->newest);
    assert_int_equal(file_remove_tree(f->folder, &f->error), STATUS_OK);
    free(f);
    return 0;
}

static Status open_sealed(Fixture *f) {
    SecretReference reference = {7, "s", strbuf_text(&f->sealed)};

    secret_wipe(&f->plain);
    return secret_open(f->vault, &reference, &f->plain, &f->error);
}

static void seal(Fixture *f, const char *value, StrBuf *sealed) {
    assert_int_equal(secret_seal(f->vault, value, true, sealed, &f->error), STATUS_OK);
}

static void a_value_comes_back(void **state) {
    Fixture *f = *state;
    struct stat info;

    seal(f, "gr\xc3\xbcn 'and' long enough for two blocks of the cipher", &f->sealed);
    assert_true(secret_is_sealed(f->sealed.data));
    assert_null(strstr(f->sealed.data, "and"));
    assert_int_equal(open_sealed(f), STATUS_OK);
    assert_string_equal(f->plain.data,
                        "gr\xc3\xbcn 'and' long enough for two blocks of the cipher");
    assert_int_equal(stat(f->key, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void the_same_value_is_sealed_differently(void **state) {
    Fixture *f = *state;

    seal(f, "value", &f->sealed);
    seal(f, "value", &f->newest);
    assert_string_not_equal(f->sealed.data, f->newest.data);
}

static void the_newer_value_counts(void **state) {
    Fixture *f = *state;

    seal(f, "old", &f->sealed);
    seal(f, "new", &f->newest);
    f->newest.data[3] = f->newest.data[3] == '0' ? '1' : 'f'; /* a time that is certainly later */
    assert_int_equal(open_sealed(f), STATUS_ERROR); /* … but the time is authenticated */
    assert_string_equal(sqlstate_code(f->error.sqlstate), "55000");
    strbuf_clear(&f->newest);
    assert_int_equal(open_sealed(f), STATUS_OK);
    assert_string_equal(f->plain.data, "old");
}

static void changed_bytes_are_noticed(void **state) {
    Fixture *f = *state;

    seal(f, "value", &f->sealed);
    for (size_t i = 3; i < f->sealed.length; i += 5) {
        char before = f->sealed.data[i];

        f->sealed.data[i] = before == '0' ? '1' : '0';
        assert_int_equal(open_sealed(f), STATUS_ERROR);
        assert_true(f->plain.length == 0);
        f->sealed.data[i] = before;
    }
    assert_int_equal(open_sealed(f), STATUS_OK);
}

static void another_key_does_not_open_it(void **state) {
    static const char other[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    Fixture *f = *state;

    seal(f, "value", &f->sealed);
    assert_int_equal(file_replace(f->key, other, 64, &f->error), STATUS_OK);
    assert_int_equal(chmod(f->key, 0600), 0);
    assert_int_equal(open_sealed(f), STATUS_ERROR);
    assert_string_equal(sqlstate_code(f->error.sqlstate), "55000");
    assert_non_null(strstr(f->error.hint, "ALTER SECRET s"));
}

static void a_key_that_others_can_read_is_refused(void **state) {
    Fixture *f = *state;

    seal(f, "value", &f->sealed);
    assert_int_equal(chmod(f->key, 0640), 0);
    assert_int_equal(open_sealed(f), STATUS_ERROR);
    assert_string_equal(sqlstate_code(f->error.sqlstate), "42501");
}

static void a_lost_key_is_not_made_anew_in_silence(void **state) {
    Fixture *f = *state;
    StrBuf other = {0};

    seal(f, "value", &f->sealed);
    unlink(f->key);
    assert_int_equal(open_sealed(f), STATUS_ERROR);
    assert_string_equal(sqlstate_code(f->error.sqlstate), "58P01");
    assert_int_equal(secret_seal(f->vault, "value", false, &other, &f->error), STATUS_ERROR);
    assert_false(file_exists(f->key));
    strbuf_done(&other);
}

static void damaged_texts_are_damage(void **state) {
    static const char *const texts[] = {"", "v1:", "v1:00", "v2:00", "hunter2", "v1:zz"};
    Fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        SecretReference reference = {7, "s", texts[i]};

        assert_false(secret_is_sealed(texts[i]));
        assert_int_equal(secret_open(f->vault, &reference, &f->plain, &f->error), STATUS_ERROR);
        assert_string_equal(sqlstate_code(f->error.sqlstate), "XX001");
    }
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_value_comes_back),
        CASE(the_same_value_is_sealed_differently),
        CASE(the_newer_value_counts),
        CASE(changed_bytes_are_noticed),
        CASE(another_key_does_not_open_it),
        CASE(a_key_that_others_can_read_is_refused),
        CASE(a_lost_key_is_not_made_anew_in_silence),
        CASE(damaged_texts_are_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
