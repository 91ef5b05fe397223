/* Errors: filled once, cut when long, given context on their way up. */
#include "base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

static Status refuse(Error *err) {
    (void) error_at(err, 7, SYNTAX_ERROR, "bad \"%s\"", "word");
    return error_hint(err, "say %s", "good");
}

static Status pass_up(Error *err) {
    TRY(refuse(err));
    return STATUS_OK;
}

static void an_error_keeps_state_position_message_and_hint(void **state) {
    Error error = {0};

    assert_int_equal(pass_up(&error), STATUS_ERROR);
    assert_int_equal(error.sqlstate, SQLSTATE_SYNTAX_ERROR);
    assert_int_equal(error.position, 7);
    assert_string_equal(error.message, "bad \"word\"");
    assert_string_equal(error.hint, "say good");
    assert_string_equal(error.detail, "");
}

static void context_stands_outermost_first(void **state) {
    Error error = {0};

    (void) refuse(&error);
    error_context(&error, "source \"%s\"", "s");
    error_context(&error, "stream \"%s\"", "q");
    assert_string_equal(error.context, "stream \"q\": source \"s\"");
}

static void a_long_message_is_cut(void **state) {
    char text[3000];
    Error error = {0};

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    assert_int_equal(error_set(&error, INTERNAL_ERROR, "%s", text), STATUS_ERROR);
    assert_int_equal(strlen(error.message), ERROR_MESSAGE_SIZE - 1);
}

static void errno_has_its_states(void **state) {
    Error error = {0};

    error_errno(&error, ENOSPC, "could not write \"%s\"", "f");
    assert_int_equal(error.sqlstate, SQLSTATE_DISK_FULL);
    assert_non_null(strstr(error.message, "could not write \"f\""));
    error_clear(&error);
    error_errno(&error, ENOENT, "could not open \"%s\"", "f");
    assert_int_equal(error.sqlstate, SQLSTATE_UNDEFINED_FILE);
}

static void a_taken_pointer_is_no_longer_there(void **state) {
    const char *text = "x";
    const char *taken = TAKE(text);

    assert_null(text);
    assert_string_equal(taken, "x");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_keeps_state_position_message_and_hint),
        cmocka_unit_test(context_stands_outermost_first),
        cmocka_unit_test(a_long_message_is_cut),
        cmocka_unit_test(errno_has_its_states),
        cmocka_unit_test(a_taken_pointer_is_no_longer_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
