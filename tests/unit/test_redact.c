/* Redact: what is a secret in a text, whatever is wrong with the text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/redact.h"

static void secrets_are_masked(void **state) {
    static const char *const cases[][2] = {
        {"CREATE SECRET s AS 'x'", "CREATE SECRET s AS '******'"},
        {"create or replace secret s as E'a\\'b' ", "create or replace secret s as '******' "},
        {"CREATE SECRET s AS 'it''s'; SELECT 'y'", "CREATE SECRET s AS '******'; SELECT 'y'"},
        {"CREATE SECRET s AS $$x$$", "CREATE SECRET s AS '******'"},
        {"CREATE SECRET s AS $t$x$$y$t$", "CREATE SECRET s AS '******'"},
        {"CREATE SECRET s AS 'not closed", "CREATE SECRET s AS '******'"},
        {"EXPLAIN CREATE SECRET s AS 'x'", "EXPLAIN CREATE SECRET s AS '******'"},
        {"CREATE SECRET s 'x'", "CREATE SECRET s '******'"},
        {"/* c */ ALTER SECRET s AS 'x' -- 'c'", "/* c */ ALTER SECRET s AS '******' -- 'c'"},
        {"ALTER SECRTE s AS 'x'", "ALTER SECRTE s AS '******'"},
        {"WITH (topic = 't', sasl_password = 'x')", "WITH (topic = 't', sasl_password = '******')"},
        {"WITH (\"sasl_password\" = 'x')", "WITH (\"sasl_password\" = '******')"},
        {"WITH (sasl_password 'x', topic = 't')", "WITH (sasl_password '******', topic = 't')"},
        {"WITH (rdkafka.sasl.password = 'x')", "WITH (rdkafka.sasl.password = '******')"},
        {"WITH (sasl_password = SECRET 'x')", "WITH (sasl_password = SECRET '******')"},
        {"CREATE ROLE r PASSWORD 'x'", "CREATE ROLE r PASSWORD '******'"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        StrBuf out = {0};

        redact_sql(cases[i][0], &out);
        assert_string_equal(strbuf_text(&out), cases[i][1]);
        assert_true(redact_has_secrets(cases[i][0]));
        strbuf_done(&out);
    }
}

static void a_misspelt_name_is_one_of_a_secret(void **state) {
    static const char *const names[] = {
        "sasl_pasword",
        "sasl_passsword",
        "sasl_pssword",
        "sasl_paword",
        "sasl_passowrd",
        "sasl_apssword",
        "saslpssword",
        "saslPassword",
        "sasl_pass",
        "SASL_PASS",
        "ssl_key_pwd",
        "ssl_key_passwd",
        "client_scret",
        "client_sceret",
        "sasl_token",
        "credentials",
        "sasl_credental",
        "rdkafka.sasl.pasword",
        "rdkafka.sasl.passwrod",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        CLEANUP(strbuf_done) StrBuf sql = {0};
        CLEANUP(strbuf_done) StrBuf out = {0};

        strbuf_printf(&sql, "CREATE SINK s WITH (topic = 't', %s = 'canary')", names[i]);
        redact_sql(strbuf_text(&sql), &out);
        if (strstr(strbuf_text(&out), "canary"))
            fail_msg("%s is shown", names[i]);
        assert_non_null(strstr(strbuf_text(&out), "topic = 't'"));
    }
}

static void other_literals_stay(void **state) {
    static const char *const cases[] = {
        "CREATE SOURCE s WITH (connector = 'kafka', sasl_password = SECRET p, topic = 't')",
        "SELECT secret FROM t WHERE a = 'x'",
        "SELECT 'password'",
        "SELECT * FROM t WHERE passenger = 'x' AND token = 'y' AND pass = 'z'",
        "CREATE STREAM token AS SELECT 'x'",
        "CREATE SINK s WITH (path = 'p', base_path 'q', socket = 'r', key = 'k', class = 'c')",
        "CREATE STREAM s AS SELECT 'x' FROM t WHERE keyword = 'y' AND passed = 'z' AND second 'w'",
        "CREATE VIEW v AS SELECT 'x' AS secret, 'y'",
        "SHOW CREATE SECRET s; SELECT 'x'",
        "",
        "'",
        "$",
        "$x",
        "\"",
        "--",
        "/*",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        StrBuf out = {0};

        redact_sql(cases[i], &out);
        assert_string_equal(strbuf_text(&out), cases[i]);
        strbuf_done(&out);
    }
}

static void an_error_loses_secret_and_place(void **state) {
    Error error = {.position = 20};

    IGNORE(error_at(&error, 20, SYNTAX_ERROR, "syntax error at or near \"'canary-1'\""));
    redact_error("CREATE SECRET s 'canary-1'", &error);
    assert_string_equal(error.message, "syntax error at or near \"'******'\"");
    assert_int_equal(error.position, 0);
}

static void a_literal_without_its_end_is_masked(void **state) {
    static const char *const texts[] = {
        "CREATE SECRET s AS 'canary",    "CREATE SECRET s AS $$canary",
        "CREATE SECRET s AS $t$canary$", "CREATE SECRET s AS $$",
        "CREATE SECRET s AS '",          "CREATE SECRET s AS E'canary\\"};

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        Error error = {0};

        IGNORE(error_set(&error, SYNTAX_ERROR, "unterminated string at or near \"%s\"",
                         texts[i] + strlen("CREATE SECRET s AS ")));
        redact_error(texts[i], &error);
        assert_null(strstr(error.message, "canary"));
    }
}

static void a_place_on_another_line_stays(void **state) {
    static const char sql[] =
        "CREATE SINK \xc3\xbc WITH (x = 1,\n sasl_password = 'canary',\n y = 2)";
    Error error = {0};

    IGNORE(error_at(&error, 22, INVALID_PARAMETER, "unknown option \"x\""));
    redact_error(sql, &error);
    assert_int_equal(error.position, 22);
    IGNORE(error_at(&error, 30, INVALID_PARAMETER, "the password must be a secret"));
    redact_error(sql, &error);
    assert_int_equal(error.position, 0);
}

static void a_message_that_was_cut_is_masked_too(void **state) {
    Error error = {0};

    IGNORE(error_set(&error, SYNTAX_ERROR, "near canary-1; detail"));
    redact_error("ALTER SECRET s AS 'canary-1-and-more'", &error);
    assert_string_equal(error.message, "near ******; detail");
    IGNORE(error_set(&error, SYNTAX_ERROR, "near \"can\" or \"cana\" is no scandal"));
    redact_error("ALTER SECRET s AS E'can' 'canary'", &error);
    assert_string_equal(error.message, "near \"******\" or \"******\" is no scandal");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_are_masked),
        cmocka_unit_test(a_misspelt_name_is_one_of_a_secret),
        cmocka_unit_test(other_literals_stay),
        cmocka_unit_test(an_error_loses_secret_and_place),
        cmocka_unit_test(a_literal_without_its_end_is_masked),
        cmocka_unit_test(a_place_on_another_line_stays),
        cmocka_unit_test(a_message_that_was_cut_is_masked_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
