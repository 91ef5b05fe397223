/* Options of WITH (…): what is refused, and with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/nearest.h"
#include "connector/option.h"

/* clang-format off */
static const OptionSpec specs[] = {
    {"path",   OPTION_PATH,     NULL,       NULL,   "a file"},
    {"format", OPTION_CHOICE,   "csv|json", "json", "how"},
    {"settle", OPTION_DURATION, NULL,       "1s",   "unchanged"},
    {"size",   OPTION_SIZE,     NULL,       NULL,   "bytes"},
    {"rows",   OPTION_INT,      NULL,       NULL,   "count"},
    {"tail",   OPTION_BOOL,     NULL,       NULL,   "follow"},
    {0},
};
static const OptionSpec required_specs[] = {
    {"topic", OPTION_TEXT, NULL, NULL, "what to read", OPTION_REQUIRED},
    {0},
};
/* clang-format on */

typedef struct Fixture {
    Arena *arena;
    char folder[64];
    const char *allowed[2];
    OptionEnvironment environment;
    OptionSet set;
    Error error;
} Fixture;

static int set_up(void **state) {
    Fixture *f = calloc(1, sizeof(*f));

    f->arena = arena_create("test", 0);
    snprintf(f->folder, sizeof(f->folder), "/tmp/millrace-options-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->allowed[0] = f->folder;
    f->environment = (OptionEnvironment) {f->allowed, f->folder};
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    Fixture *f = *state;
    char path[128];

    snprintf(path, sizeof(path), "%s/link", f->folder);
    unlink(path);
    rmdir(f->folder);
    arena_destroy(f->arena);
    free(f);
    return 0;
}

static Status parse(Fixture *f, const char *name, const char *value) {
    static const OptionSpec *const tables[] = {specs, NULL};
    OptionText text = {name, value, 11, 22};

    error_clear(&f->error);
    return options_parse(tables, &text, 1, &f->environment, f->arena, &f->set, &f->error);
}

static void units_and_durations_are_typed(void **state) {
    Fixture *f = *state;

    assert_int_equal(parse(f, "size", "128MB"), STATUS_OK);
    assert_int_equal(option_number(&f->set, "size"), 128 << 20);
    assert_int_equal(option_number(&f->set, "settle"), 1000000);
    assert_string_equal(option_text(&f->set, "format"), "json");
    assert_false(option_is_set(&f->set, "format"));
    assert_int_equal(parse(f, "settle", "500 ms"), STATUS_OK);
    assert_int_equal(option_number(&f->set, "settle"), 500000);
    assert_int_equal(parse(f, "settle", "1 month"), STATUS_ERROR);
    assert_int_equal(parse(f, "tail", "off"), STATUS_OK);
    assert_int_equal(option_number(&f->set, "tail"), 0);
    assert_int_equal(parse(f, "rows", "12x"), STATUS_ERROR);
    assert_int_equal(f->error.position, 22);
}

static void an_option_of_another_connector_is_not_found(void **state) {
    Fixture *f = *state;

    assert_int_equal(parse(f, "rows", "12"), STATUS_OK);
    assert_int_equal(option_lookup(&f->set, "rows")->number, 12);
    assert_true(option_lookup(&f->set, "path")->is_null);
    assert_null(option_lookup(&f->set, "isolation"));
}

static void unknown_option_offers_the_nearest(void **state) {
    Fixture *f = *state;

    assert_int_equal(parse(f, "formt", "json"), STATUS_ERROR);
    assert_int_equal(f->error.sqlstate, SQLSTATE_INVALID_PARAMETER);
    assert_int_equal(f->error.position, 11);
    assert_string_equal(f->error.message, "unknown option \"formt\"");
    assert_string_equal(f->error.hint, "Did you mean \"format\"?");
    assert_int_equal(parse(f, "format", "jsn"), STATUS_ERROR);
    assert_non_null(strstr(f->error.hint, "Did you mean \"json\"?"));
}

static void missing_required_option_is_told(void **state) {
    static const OptionSpec *const tables[] = {required_specs, NULL};
    Fixture *f = *state;

    assert_int_equal(options_parse(tables, NULL, 0, &f->environment, f->arena, &f->set, &f->error),
                     STATUS_ERROR);
    assert_string_equal(f->error.message, "option \"topic\" is missing");
}

static void path_cannot_escape(void **state) {
    Fixture *f = *state;
    char link_path[128];

    snprintf(link_path, sizeof(link_path), "%s/link", f->folder);
    assert_int_equal(symlink("/etc", link_path), 0);
    assert_int_equal(parse(f, "path", "not/there/yet.json"), STATUS_OK);
    assert_int_equal(parse(f, "path", "../"), STATUS_ERROR);
    assert_int_equal(f->error.sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE);
    assert_int_equal(parse(f, "path", "/etc/passwd"), STATUS_ERROR);
    assert_int_equal(parse(f, "path", "link/passwd"), STATUS_ERROR);
    assert_int_equal(parse(f, "path", "nothing/../../etc"), STATUS_ERROR);
    assert_int_equal(parse(f, "path", "link/nothing/../.."), STATUS_ERROR);
    assert_int_equal(parse(f, "path", "./"), STATUS_OK);
}

static void edit_distance_counts_swaps_once(void **state) {
    assert_int_equal(edit_distance("format", "fromat"), 1);
    assert_int_equal(edit_distance("", "abc"), 3);
    assert_int_equal(edit_distance("kitten", "sitting"), 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(units_and_durations_are_typed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_option_of_another_connector_is_not_found, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(unknown_option_offers_the_nearest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(missing_required_option_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(path_cannot_escape, set_up, tear_down),
        cmocka_unit_test(edit_distance_counts_swaps_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
