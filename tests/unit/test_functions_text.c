/* Text functions, LIKE, regular expressions: PostgreSQL 15's answers. */
#include "tests/unit/expr_support.h"

static void slices_and_lengths_count_characters(void **state) {
    static const CallCase cases[] = {
        {"length", {"text:naïve"}, "5"},
        {"octet_length", {"text:naïve"}, "6"},
        {"lower", {"text:ÀB"}, "àb"},
        {"upper", {"text:straße"}, "STRAßE"},
        {"initcap", {"text:hi THOMAS o'neil"}, "Hi Thomas O'Neil"},
        {"substring", {"text:naïve", "int4:3", "int4:2"}, "ïv"},
        {"substr", {"text:alphabet", "int4:-1", "int4:4"}, "al"},
        {"substr", {"text:alphabet", "int4:3"}, "phabet"},
        {"substr",
         {"text:alphabet", "int4:1", "int4:-1"},
         "!22011 negative substring length not allowed"},
        {"substr", {"text:alphabet", "int4:2147483647", "int4:2147483647"}, ""},
        {"left", {"text:abcde", "int4:-2"}, "abc"},
        {"right", {"text:abcde", "int4:2"}, "de"},
        {"right", {"text:abcde", "int4:-2"}, "cde"},
        {"reverse", {"text:aïb"}, "bïa"},
        {"btrim", {"text:xyxtrimyyx", "text:xyz"}, "trim"},
        {"ltrim", {"text:  a "}, "a "},
        {"rtrim", {"text:testxxzx", "text:xyz"}, "test"},
        {"lpad", {"text:hi", "int4:5", "text:xy"}, "xyxhi"},
        {"rpad", {"text:hi", "int4:5", "text:xy"}, "hixyx"},
        {"lpad", {"text:hello", "int4:2"}, "he"},
        {"repeat", {"text:Pg", "int4:4"}, "PgPgPgPg"},
        {"overlay", {"text:Txxxxas", "text:hom", "int4:2", "int4:4"}, "Thomas"},
        {"position", {"text:Thomas", "text:om"}, "3"},
        {"strpos", {"text:Thomas", "text:"}, "1"},
        {"replace", {"text:abcdefabcdef", "text:cd", "text:XX"}, "abXXefabXXef"},
        {"split_part", {"text:abc~@~def~@~ghi", "text:~@~", "int4:2"}, "def"},
        {"split_part", {"text:a,b,c", "text:,", "int4:-1"}, "c"},
        {"split_part", {"text:a,b,c", "text:,", "int4:4"}, ""},
        {"split_part", {"text:a", "text:,", "int4:0"}, "!22023 field position must not be zero"},
        {"translate", {"text:12345", "text:143", "text:ax"}, "a2x5"},
        {"starts_with", {"text:alphabet", "text:alph"}, "t"},
        {"ascii", {"text:ï"}, "239"},
        {"chr", {"int4:65"}, "A"},
        {"chr", {"int4:0"}, "!54000 null character not permitted"},
        {"md5", {"text:abc"}, "900150983cd24fb0d6963f7d28e17f72"},
    };

    CHECK_CALLS(cases);
}

static void concatenation_takes_anything(void **state) {
    static const CallCase cases[] = {
        {"||", {"text:a", "text:b"}, "ab"},
        {"||", {"text:a", "int4:1"}, "a1"},
        {"||", {"bool:t", "text:x"}, "truex"},
        {"||", {"text:NULL", "text:x"}, "NULL"},
        {"||", {"'a", "'b"}, "ab"},
        {"||", {"int4:1", "int4:2"}, "!42883 operator does not exist: integer || integer"},
        {"concat", {"text:abcde", "int4:2", "text:NULL", "bool:t"}, "abcde2t"},
        {"concat_ws", {"text:,", "text:abcde", "int4:2", "text:NULL", "int4:22"}, "abcde,2,22"},
        {"concat_ws", {"text:NULL", "text:a"}, "NULL"},
        {"quote_ident", {"text:Foo bar"}, "\"Foo bar\""},
        {"quote_ident", {"text:select"}, "\"select\""},
        {"quote_ident", {"text:foo"}, "foo"},
        {"quote_literal", {"text:O'Reilly"}, "'O''Reilly'"},
        {"quote_nullable", {"text:NULL"}, "NULL"},
        {"format", {"text:Hello %s, %1$s", "text:World"}, "Hello World, World"},
        {"format",
         {"text:INSERT INTO %I VALUES(%L)", "text:Foo bar", "text:O'Reilly"},
         "INSERT INTO \"Foo bar\" VALUES('O''Reilly')"},
        {"format", {"text:|%10s|%-10s|", "text:foo", "text:bar"}, "|       foo|bar       |"},
        {"format", {"text:%s"}, "!22023 too few arguments for format()"},
    };

    CHECK_CALLS(cases);
}

static void like_matches(void **state) {
    static const CallCase cases[] = {
        {"~~", {"text:abc", "text:abc"}, "t"},
        {"~~", {"text:abc", "text:a%"}, "t"},
        {"~~", {"text:abc", "text:_b_"}, "t"},
        {"~~", {"text:abc", "text:c"}, "f"},
        {"~~", {"text:naïve", "text:na_ve"}, "t"},
        {"~~", {"text:hello world", "text:%o w%"}, "t"},
        {"~~", {"text:hello world", "text:h%l%d"}, "t"},
        {"~~", {"text:hello world", "text:h%l%x"}, "f"},
        {"~~", {"text:aaab", "text:%aab"}, "t"},
        {"~~", {"text:10%", "text:10\\%"}, "t"},
        {"~~", {"text:100", "text:10\\%"}, "f"},
        {"~~", {"text:", "text:%"}, "t"},
        {"~~", {"text:x", "text:%%"}, "t"},
        {"~~",
         {"text:abcd", "text:abc\\"},
         "!22025 LIKE pattern must not end with escape character"},
        {"!~~", {"text:abc", "text:a%"}, "f"},
        {"~~*", {"text:ÀBC", "text:àb%"}, "t"},
        {"!~~*", {"text:ABC", "text:a%"}, "f"},
        {"like_escape", {"text:a#%%", "text:#"}, "a\\%%"},
    };

    CHECK_CALLS(cases);
}

static void regular_expressions_match(void **state) {
    static const CallCase cases[] = {
        {"~", {"text:thomas", "text:t.*ma"}, "t"},
        {"~", {"text:thomas", "text:T.*ma"}, "f"},
        {"~*", {"text:thomas", "text:T.*ma"}, "t"},
        {"!~", {"text:thomas", "text:t.*max"}, "t"},
        {"!~*", {"text:thomas", "text:T.*ma"}, "f"},
        {"~", {"text:foo bar", "text:\\mbar\\M"}, "t"},
        {"~", {"text:foobar", "text:\\ybar"}, "f"},
        {"~", {"text:a1", "text:^[[:alpha:]][[:digit:]]$"}, "t"},
        {"~",
         {"text:x", "text:("},
         "!2201B invalid regular expression: parentheses () not balanced"},
        {"regexp_replace", {"text:Thomas", "text:.[mN]a.", "text:M"}, "ThM"},
        {"regexp_replace", {"text:foobarbaz", "text:b(..)", "text:X\\1Y", "text:g"}, "fooXarYXazY"},
        {"regexp_replace", {"text:abc", "text:", "text:-", "text:g"}, "-a-b-c-"},
        {"regexp_like", {"text:Hello", "text:hello", "text:i"}, "t"},
        {"regexp_count", {"text:123456789012", "text:\\d\\d\\d", "int4:2"}, "3"},
        {"regexp_substr", {"text:ABCDEF", "text:c(.)(..)", "int4:1", "int4:1", "text:i"}, "CDEF"},
        {"substring", {"text:foobar", "text:o(.)b"}, "o"},
        {"substring", {"text:foobar", "text:o.b"}, "oob"},
        {"substring", {"text:foobar", "text:z"}, "NULL"},
        {"regexp_match", {"text:foobarbequebaz", "text:(bar)(beque)"}, "{bar,beque}"},
        {"regexp_match", {"text:foobarbequebaz", "text:bar.*que"}, "{barbeque}"},
        {"regexp_match", {"text:foo", "text:x"}, "NULL"},
        {"float8send", {"float8:1"}, "\\x3ff0000000000000"},
        {"regexp_like",
         {"text:x", "text:x", "text:z"},
         "!22023 invalid regular expression option: \"z\""},
    };

    CHECK_CALLS(cases);
}

static void long_text_needs_no_deep_stack(void **state) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("long", 0);
    char *text = arena_alloc(arena, 100001);
    const Expr *arguments[2];
    const Expr *call = NULL;
    Value value;
    Error err = {0};

    memset(text, 'a', 100000);
    arguments[0] = expr_constant(arena, value_text(SQL_TYPE(TEXT), text, 100000));
    arguments[1] = case_argument(arena, "text:^(?:a|b)*$");
    assert_int_equal(expr_call_named(arena, "~", arguments, 2, 0, &call, &err), STATUS_OK);
    if (expr_evaluate_constant(call, NULL, arena, &value, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    assert_true(value.boolean);
    arguments[1] = case_argument(arena, "text:^(a+)+$b");
    assert_int_equal(expr_call_named(arena, "~", arguments, 2, 0, &call, &err), STATUS_OK);
    IGNORE(expr_evaluate_constant(call, NULL, arena, &value, &err)); /* ends, by answer or limit */
}

static void similar_to_becomes_a_regular_expression(void **state) {
    static const CallCase cases[] = {
        {"similar_to_escape", {"text:%(b|d)_"}, "^(?:.*(?:b|d).)$"},
    };

    CHECK_CALLS(cases);
}

static void arrays_are_built_and_read(void **state) {
    static const CallCase cases[] = {
        {"array_build", {"int4:1", "int4:NULL", "int4:3"}, "{1,NULL,3}"},
        {"array_length", {"int4[]:{1,2,3}", "int4:1"}, "3"},
        {"array_length", {"int4[]:{}", "int4:1"}, "NULL"},
        {"cardinality", {"text[]:{a,b}"}, "2"},
        {"array_to_string", {"text[]:{a,NULL,b}", "text:,"}, "a,b"},
        {"array_to_string", {"text[]:{a,NULL,b}", "text:,", "text:*"}, "a,*,b"},
        {"string_to_array", {"text:a,b,,c", "text:,"}, "{a,b,\"\",c}"},
        {"=", {"int4[]:{1,2}", "'{1,2}"}, "t"},
        {"<", {"int4[]:{1,2}", "int4[]:{1,3}"}, "t"},
        {"=",
         {"int4[]:{1,2}", "text[]:{1,2}"},
         "!42883 operator does not exist: integer[] = text[]"},
    };

    CHECK_CALLS(cases);
}

static void floats_and_mathematics(void **state) {
    static const CallCase cases[] = {
        {"+", {"float8:1e308", "float8:1e308"}, "!22003 value out of range: overflow"},
        {"/", {"float8:1", "float8:0"}, "!22012 division by zero"},
        {"/", {"float8:1", "int4:4"}, "0.25"},
        {"*", {"float8:1e-300", "float8:1e-300"}, "!22003 value out of range: underflow"},
        {"+", {"float4:1.5", "float8:1"}, "2.5"},
        {"=", {"float8:NaN", "float8:NaN"}, "t"},
        {">", {"float8:NaN", "float8:Infinity"}, "t"},
        {"round", {"float8:2.5"}, "2"},
        {"round", {"float8:-3.5"}, "-4"},
        {"trunc", {"float8:-3.7"}, "-3"},
        {"ceil", {"float8:-42.8"}, "-42"},
        {"floor", {"float8:-42.8"}, "-43"},
        {"sqrt", {"float8:-1"}, "!2201F cannot take square root of a negative number"},
        {"cbrt", {"float8:27"}, "3.0000000000000004"},
        {"power", {"float8:9", "float8:3"}, "729"},
        {"^", {"float8:0", "float8:-1"}, "!2201F zero raised to a negative power is undefined"},
        {"exp", {"float8:1"}, "2.718281828459045"},
        {"exp", {"float8:1000"}, "!22003 value out of range: overflow"},
        {"ln", {"float8:0"}, "!2201E cannot take logarithm of zero"},
        {"log", {"float8:100"}, "2"},
        {"sind", {"float8:30"}, "0.5"},
        {"cosd", {"float8:60"}, "0.5"},
        {"degrees", {"float8:0.5"}, "28.64788975654116"},
        {"radians", {"float8:45"}, "0.7853981633974483"},
        {"atan2", {"float8:1", "float8:0"}, "1.5707963267948966"},
        {"width_bucket", {"float8:5.35", "float8:0.024", "float8:10.06", "int4:5"}, "3"},
        {"sign", {"float8:-8.4"}, "-1"},
        {"acosd", {"float8:-0.5"}, "120"},
        {"atan2d", {"float8:-1", "float8:0"}, "-90"},
        {"cotd", {"float8:45"}, "1"},
        {"power", {"float8:-1", "float8:NaN"}, "NaN"},
        {"degrees", {"float8:1e308"}, "!22003 value out of range: overflow"},
        {"width_bucket",
         {"float8:1", "float8:0", "float8:2", "int4:0"},
         "!2201G count must be greater than zero"},
        {"~", {"text:NULL", "text:("}, "NULL"},
        {"chr", {"int4:-1"}, "!22023 character number must be positive"},
    };

    CHECK_CALLS(cases);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_and_lengths_count_characters),
        cmocka_unit_test(concatenation_takes_anything),
        cmocka_unit_test(like_matches),
        cmocka_unit_test(regular_expressions_match),
        cmocka_unit_test(long_text_needs_no_deep_stack),
        cmocka_unit_test(similar_to_becomes_a_regular_expression),
        cmocka_unit_test(arrays_are_built_and_read),
        cmocka_unit_test(floats_and_mathematics),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
