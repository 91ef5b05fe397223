/* JSON format: what a record becomes, value by value; each case fresh and after warm-up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "formats/formats.h"
#include "tests/unit/formats_support.h"

/* A record of one shape, and the row that it must become; NULL: bad. */
typedef struct Case {
    const char *record;
    const char *row;
} Case;

static void check_one(Decoder *decoder, const Case *item, Arena *arena) {
    Record record = formats_record(item->record, strlen(item->record), arena);
    const char *row = formats_row(&format_json, decoder, &record, arena, NULL);

    if (item->row && !row)
        fail_msg("%s is bad", item->record);
    if (!item->row && row)
        fail_msg("%s becomes %s", item->record, row);
    if (item->row)
        assert_string_equal(row, item->row);
}

/* Each record in a fresh decoder, then all in one, twice: what is learnt must not change answers.
 */
static void check_all(const DecodeColumn *columns, uint32_t count, const char *const *options,
                      const Case *cases) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    Decoder *warm = formats_decoder(&format_json, columns, count, options, arena);

    for (int i = 0; cases[i].record; i++) {
        Decoder *fresh = formats_decoder(&format_json, columns, count, options, arena);

        check_one(fresh, &cases[i], arena);
        format_json.decoder_destroy(fresh);
    }
    for (int round = 0; round < 2; round++)
        for (int i = 0; cases[i].record; i++) {
            check_one(warm, &cases[i], arena);
            check_one(warm, &cases[i], arena);
        }
    format_json.decoder_destroy(warm);
}

static const DecodeColumn integer_column[] = {
    {.name = "i", .type = {.id = TYPE_INT4, .typmod = -1}},
};

static void numbers_become_integers_when_exact(void **state) {
    static const Case cases[] = {
        {"{\"i\":1.0}", "1"},
        {"{\"i\":1e3}", "1000"},
        {"{\"i\":-0}", "0"},
        {"{\"i\":12.50e1}", "125"},
        {"{\"i\":1.5}", NULL},
        {"{\"i\":1e-1}", NULL},
        {"{\"i\":2147483647}", "2147483647"},
        {"{\"i\":2147483648}", NULL},
        {"{\"i\":-2147483648}", "-2147483648"},
        {"{\"i\":1e30}", NULL},
        {"{\"i\":01}", NULL},
        {"{\"i\":1.}", NULL},
        {"{\"i\":.5}", NULL},
        {"{\"i\":+1}", NULL},
        {"{\"i\":-}", NULL},
        {"{\"i\":1e}", NULL},
        {"{\"i\":nan}", NULL},
        {"{\"i\":Infinity}", NULL},
        {"{\"i\":0x10}", NULL},
        {"{\"i\":\" 7 \"}", "7"},
        {"{\"i\":true}", NULL},
        {"{\"i\":[1]}", NULL},
        {0},
    };

    check_all(integer_column, 1, NULL, cases);
}

static void null_and_missing_are_null_and_the_last_duplicate_wins(void **state) {
    static const Case cases[] = {
        {"{}", "~"},
        {" { } ", "~"},
        {"{\"i\":null}", "~"},
        {"{\"j\":1}", "~"},
        {"{\"i\":1,\"i\":2}", "2"},
        {"{\"i\":1,\"i\":null}", "~"},
        {"{\"i\":\"x\",\"i\":3}", "3"},
        {"{\"i\":1,\"\\u0069\":4}", "4"},
        {"{\"\\u0069\":4,\"i\":1}", "1"},
        {0},
    };

    check_all(integer_column, 1, NULL, cases);
}

static void keys_match_without_case_if_only_one_does(void **state) {
    static const Case cases[] = {
        {"{\"I\":1}", "1"},
        {"{\"I\":1,\"i\":2}", "2"},
        {"{\"i\":2,\"I\":1}", "2"},
        {"{\"I\":1,\"I\":2}", "2"},
        {0},
    };
    static const DecodeColumn word[] = {{.name = "id", .type = {.id = TYPE_INT4, .typmod = -1}}};
    static const Case ambiguous[] = {{"{\"ID\":1,\"Id\":2}", "~"},
                                     {"{\"iD\":3}", "3"},
                                     {"{\"ID\":1,\"Id\":2,\"id\":3}", "3"},
                                     {0}};

    check_all(integer_column, 1, NULL, cases);
    check_all(word, 1, NULL, ambiguous);
}

static void skeletons_that_do_not_close_are_bad(void **state) {
    static const Case cases[] = {
        {"", NULL},
        {"{", NULL},
        {"1", NULL},
        {"[]", NULL},
        {"{\"i\":1", NULL},
        {"{\"i\":1}}", NULL},
        {"{\"i\":1} x", NULL},
        {"{\"i\":1,}", NULL},
        {"{\"i\" 1}", NULL},
        {"{\"i\":1 \"j\":2}", NULL},
        {"{\"i\":}", NULL},
        {"{\"i\":1]", NULL},
        {"{i:1}", NULL},
        {"{\"i\":1,\"x\":\"a}", NULL},
        {"{\"i\":1,\"x\":[1,2}", NULL},
        {"\t{ \"i\" :\r1 , \"x\" : [ 1 ] } \r", "1"},
        {"{\"i\":1,\"x\":tru}", "1"}, /* nobody wants x */
        {0},
    };

    check_all(integer_column, 1, NULL, cases);
}

static void strings_are_unescaped_and_checked(void **state) {
    static const DecodeColumn text[] = {{.name = "s", .type = {.id = TYPE_TEXT, .typmod = -1}}};
    static const Case cases[] = {
        {"{\"s\":\"\"}", ""},
        {"{\"s\":\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\"}", "a\"\\/\b\f\n\r\tz"},
        {"{\"s\":\"\\u00e9\\u20ac\\ud83d\\ude00\"}", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"{\"s\":\"\xc3\xa9\"}", "\xc3\xa9"},
        {"{\"s\":\"\\u0000\"}", NULL},
        {"{\"s\":\"\\ud83d\"}", NULL},
        {"{\"s\":\"\\ude00\"}", NULL},
        {"{\"s\":\"\\ud83dx\\ude00\"}", NULL},
        {"{\"s\":\"\\x\"}", NULL},
        {"{\"s\":\"\\u12g4\"}", NULL},
        {"{\"s\":\"a\tb\"}", NULL},
        {"{\"s\":\"\xff\"}", NULL},
        {"{\"s\":\"\xc0\x80\"}", NULL},
        {"{\"s\":\"\xed\xa0\x80\"}", NULL},
        {"{\"s\":\"0123456789012345678901234567890123456789\\n\"}",
         "0123456789012345678901234567890123456789\n"},
        {"{\"s\":1.50}", "1.50"},
        {"{\"s\":{\"a\": [1]}}", "{\"a\": [1]}"},
        {"{\"s\":true}", "true"},
        {"{\"s\":tru}", NULL},
        {"{\"s\":[1,]}", NULL},
        {"{\"s\":[}}", NULL},
        {0},
    };

    check_all(text, 1, NULL, cases);
}

static void paths_go_through_objects_and_arrays(void **state) {
    static const DecodeColumn columns[] = {
        {.name = "x", .path = "$.a.b[1]", .type = {.id = TYPE_INT4, .typmod = -1}},
        {.name = "y", .path = "$.a['c d']", .type = {.id = TYPE_TEXT, .typmod = -1}},
    };
    static const Case cases[] = {
        {"{\"a\":{\"b\":[1, 2],\"c d\":\"z\"}}", "2|z"},
        {"{\"a\":{\"b\":[1]}}", "~|~"},
        {"{\"a\":{\"b\":[]}}", "~|~"},
        {"{\"a\":{\"b\":7}}", "~|~"},
        {"{\"a\":7}", "~|~"},
        {"{\"A\":{\"b\":[1,2]}}", "~|~"},
        {"{\"a\":{\"b\":[1,2],\"b\":[3,4]}}", "4|~"},
        {"{\"a\":{\"\\u0062\":[1,2]}}", "2|~"},
        {"{\"a\":{\"b\":[1 2]}}", NULL},
        {"{\"a\":{\"b\":[1,2}]}}", NULL},
        {"{\"a\":{\"b\":[1,2] \"c\":1}}", NULL},
        {0},
    };

    check_all(columns, 2, NULL, cases);
}

static void a_column_does_not_depend_on_the_others(void **state) {
    static const DecodeColumn columns[] = {
        {.name = "a", .type = {.id = TYPE_JSON, .typmod = -1}},
        {.name = "b", .path = "$.a.b", .type = {.id = TYPE_INT4, .typmod = -1}},
        {.name = "c", .path = "$.A.b", .type = {.id = TYPE_INT4, .typmod = -1}},
    };
    static const Case cases[] = {
        {"{\"a\":{\"b\":1}}", "{\"b\":1}|1|~"},
        {"{\"A\":{\"b\":1}}", "{\"b\":1}|~|1"},
        {"{\"A\":{\"b\":1},\"a\":2}", "2|~|1"},
        {0},
    };

    check_all(columns, 3, NULL, cases);
}

static void numbers_are_timestamps_with_a_unit_only(void **state) {
    static const DecodeColumn column[] = {
        {.name = "t", .type = {.id = TYPE_TIMESTAMPTZ, .typmod = -1}}};
    static const char *const milliseconds[] = {"timestamp_unit", "ms", NULL};
    static const char *const nanoseconds[] = {"timestamp_unit", "ns", NULL};
    static const Case without[] = {
        {"{\"t\":0}", NULL}, {"{\"t\":\"2020-01-01Z\"}", "2020-01-01 00:00:00+00"}, {0}};
    static const Case in_ms[] = {
        {"{\"t\":0}", "1970-01-01 00:00:00+00"},
        {"{\"t\":1600000000123}", "2020-09-13 12:26:40.123+00"},
        {"{\"t\":9223372036854775807}", NULL},
        {"{\"t\":-900000000000000}", NULL}, /* before PostgreSQL's first day */
        {0},
    };
    static const Case in_ns[] = {{"{\"t\":-1}", "1969-12-31 23:59:59.999999+00"}, {0}};

    check_all(column, 1, NULL, without);
    check_all(column, 1, milliseconds, in_ms);
    check_all(column, 1, nanoseconds, in_ns);
}

static void a_not_null_column_refuses_null(void **state) {
    static const DecodeColumn column[] = {
        {.name = "i", .type = {.id = TYPE_INT4, .typmod = -1}, .is_not_null = true}};
    static const Case cases[] = {{"{}", NULL}, {"{\"i\":null}", NULL}, {"{\"i\":1}", "1"}, {0}};

    check_all(column, 1, NULL, cases);
}

static void records_longer_than_a_template_are_walked(void **state) {
    Case item[2] = {{0}};
    StrBuf record = {0};

    strbuf_append_char(&record, '{');
    for (int i = 0; i < 600; i++)
        strbuf_printf(&record, "\"key%d\":\"%08d\",", i, i);
    strbuf_append_text(&record, "\"i\":42}");
    item[0] = (Case) {strbuf_text(&record), "42"};
    check_all(integer_column, 1, NULL, item);
    strbuf_done(&record);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_become_integers_when_exact),
        cmocka_unit_test(null_and_missing_are_null_and_the_last_duplicate_wins),
        cmocka_unit_test(keys_match_without_case_if_only_one_does),
        cmocka_unit_test(skeletons_that_do_not_close_are_bad),
        cmocka_unit_test(strings_are_unescaped_and_checked),
        cmocka_unit_test(paths_go_through_objects_and_arrays),
        cmocka_unit_test(a_column_does_not_depend_on_the_others),
        cmocka_unit_test(numbers_are_timestamps_with_a_unit_only),
        cmocka_unit_test(a_not_null_column_refuses_null),
        cmocka_unit_test(records_longer_than_a_template_are_walked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
