/* Command line, config file, settings: typed, checked, and the command line wins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/config.h"

static Status read_arguments(Config *config, Error *err, int count, const char *const *arguments) {
    return config_read(count, arguments, config, err);
}

#define READ(config, err, ...)                                                       \
    read_arguments((config), (err),                                                  \
                   (int) ARRAY_LENGTH(((const char *[]) {"millrace", __VA_ARGS__})), \
                   (const char *[]) {"millrace", __VA_ARGS__, NULL})

static void options_have_two_spellings(void **state) {
    Config config;
    Error error = {0};

    assert_int_equal(
        READ(&config, &error, "--data=d", "--listen", "0.0.0.0:0", "--set", "timezone=Europe/Rome"),
        STATUS_OK);
    assert_string_equal(config.data, "d");
    assert_int_equal(config.action, CONFIG_SERVE);
    assert_string_equal(settings_text(&config.settings, SETTING_LISTEN), "0.0.0.0:0");
    assert_string_equal(settings_text(&config.settings, SETTING_TIME_ZONE), "Europe/Rome");
    config_done(&config);
}

static void usage_errors_are_told(void **state) {
    static const char *const wrong[][2] = {
        {"--nothing", "1"}, {"--set", "x=1"}, {"--set", "timezone"},         {"--workers", "many"},
        {"word", "word"},   {"-f", NULL},     {"--set", "server_version=1"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        const char *arguments[] = {"millrace", wrong[i][0], wrong[i][1], NULL};
        Config config;
        Error error = {0};

        assert_int_equal(read_arguments(&config, &error, wrong[i][1] ? 3 : 2, arguments),
                         STATUS_ERROR);
        assert_true(error.message[0]);
        config_done(&config);
    }
}

static void config_file_has_comments_and_quotes(void **state) {
    Settings settings;
    Error error = {0};

    settings_init(&settings, NULL);
    assert_int_equal(config_parse_text("# comment\n"
                                       "\n"
                                       "  TimeZone = 'Europe/Berlin'  # here\r\n"
                                       "application_name 'it''s'\n"
                                       "statement_timeout = 2s",
                                       "c", &settings, &error),
                     STATUS_OK);
    assert_string_equal(settings_text(&settings, SETTING_TIME_ZONE), "Europe/Berlin");
    assert_string_equal(settings_text(&settings, SETTING_APPLICATION_NAME), "it's");
    assert_int_equal(settings_number(&settings, SETTING_STATEMENT_TIMEOUT), 2000);
    settings_done(&settings);
}

static void config_file_errors_name_the_line(void **state) {
    static const char *const wrong[] = {"a = b c\n", "timezone = 'x\n", "\n= 3\n", "nothing = 1\n"};

    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        Settings settings;
        Error error = {0};

        settings_init(&settings, NULL);
        assert_int_equal(config_parse_text(wrong[i], "c.conf", &settings, &error), STATUS_ERROR);
        assert_non_null(
            strstr(i < 3 ? error.message : error.context, i == 2 ? "line 2" : "line 1"));
        settings_done(&settings);
    }
}

static void command_line_wins_over_file(void **state) {
    char path[] = "/tmp/millrace-config-XXXXXX";
    int descriptor = mkstemp(path);
    Config config;
    Error error = {0};

    assert_int_equal(write(descriptor, "workers = 7\nlisten = ':1'\n", 26), 26);
    close(descriptor);
    assert_int_equal(READ(&config, &error, "--workers", "3", "--config", path), STATUS_OK);
    assert_int_equal(settings_number(&config.settings, SETTING_WORKERS), 3);
    assert_string_equal(settings_text(&config.settings, SETTING_LISTEN), ":1");
    config_done(&config);
    unlink(path);
}

static void addresses_are_split(void **state) {
    ListenAddress address;
    Error error = {0};

    assert_int_equal(config_parse_address("localhost:0", &address, &error), STATUS_OK);
    assert_string_equal(address.host, "127.0.0.1");
    assert_int_equal(address.port, 0);
    assert_int_equal(config_parse_address("[::1]:5440", &address, &error), STATUS_OK);
    assert_string_equal(address.host, "::1");
    assert_int_equal(config_parse_address("1.2.3.4:70000", &address, &error), STATUS_ERROR);
    assert_int_equal(config_parse_address("1.2.3.4:", &address, &error), STATUS_ERROR);
}

static void settings_are_checked(void **state) {
    Settings settings;
    Error error = {0};

    settings_init(&settings, NULL);
    assert_int_equal(
        settings_set(&settings, SETTING_BYTEA_OUTPUT, "ESCAPE", SETTING_CONTEXT_USER, &error),
        STATUS_OK);
    assert_string_equal(settings_text(&settings, SETTING_BYTEA_OUTPUT), "escape");
    assert_int_equal(settings_set(&settings, SETTING_JIT, "maybe", SETTING_CONTEXT_USER, &error),
                     STATUS_ERROR);
    assert_int_equal(
        settings_set(&settings, SETTING_EXTRA_FLOAT_DIGITS, "9", SETTING_CONTEXT_USER, &error),
        STATUS_ERROR);
    assert_int_equal(error.sqlstate, SQLSTATE_INVALID_PARAMETER);
    assert_int_equal(settings_set(&settings, SETTING_LISTEN, ":1", SETTING_CONTEXT_USER, &error),
                     STATUS_ERROR);
    assert_int_equal(error.sqlstate, SQLSTATE_CANT_CHANGE_RUNTIME_PARAM);
    assert_int_equal(
        settings_set(&settings, SETTING_CLIENT_ENCODING, "latin1", SETTING_CONTEXT_USER, &error),
        STATUS_ERROR);
    assert_int_equal(
        settings_set(&settings, SETTING_TIME_ZONE, "Nowhere/Else", SETTING_CONTEXT_USER, &error),
        STATUS_ERROR);
    settings_done(&settings);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_have_two_spellings),
        cmocka_unit_test(usage_errors_are_told),
        cmocka_unit_test(config_file_has_comments_and_quotes),
        cmocka_unit_test(config_file_errors_name_the_line),
        cmocka_unit_test(command_line_wins_over_file),
        cmocka_unit_test(addresses_are_split),
        cmocka_unit_test(settings_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
