/* Memory accounts: a reservation counts at every level, or at none. */
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void a_reservation_counts_at_every_level(void **state) {
    MemoryAccount server, stream;
    Error error = {0};

    memory_account_init(&server, "server", NULL, 0);
    memory_account_init(&stream, "stream", &server, 0);
    assert_int_equal(memory_reserve(&stream, 100, &error), STATUS_OK);
    assert_int_equal(stream.used_bytes, 100);
    assert_int_equal(server.used_bytes, 100);
    memory_release(&stream, 100);
    assert_int_equal(stream.used_bytes, 0);
    assert_int_equal(server.used_bytes, 0);
}

static void a_limit_above_refuses_and_reserves_nothing(void **state) {
    MemoryAccount server, stream;
    Error error = {0};

    memory_account_init(&server, "server", NULL, 150);
    memory_account_init(&stream, "stream", &server, 0);
    assert_int_equal(memory_reserve(&stream, 100, &error), STATUS_OK);
    assert_int_equal(memory_reserve(&stream, 100, &error), STATUS_ERROR);
    assert_int_equal(error.sqlstate, SQLSTATE_OUT_OF_MEMORY);
    assert_non_null(strstr(error.message, "server"));
    assert_int_equal(stream.used_bytes, 100);
    assert_int_equal(server.used_bytes, 100);
    assert_int_equal(memory_reserve(&stream, 50, &error), STATUS_OK);
}

static void without_an_account_there_is_no_limit(void **state) {
    Error error = {0};

    assert_int_equal(memory_reserve(NULL, INT64_MAX / 2, &error), STATUS_OK);
    memory_release(NULL, INT64_MAX / 2);
}

static void memory_grows_and_is_freed(void **state) {
    char *text = memory_strdup("grow");

    text = memory_realloc(text, 100000);
    assert_string_equal(text, "grow");
    memory_free(text);
    memory_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reservation_counts_at_every_level),
        cmocka_unit_test(a_limit_above_refuses_and_reserves_nothing),
        cmocka_unit_test(without_an_account_there_is_no_limit),
        cmocka_unit_test(memory_grows_and_is_freed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
