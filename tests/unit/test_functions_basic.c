/* Integers, booleans, text comparison, casts and the choice of overloads: PostgreSQL 15's answers.
 */
#include "tests/unit/expr_support.h"

static void integer_arithmetic_is_checked(void **state) {
    static const CallCase cases[] = {
        {"+", {"int4:1", "int4:2"}, "3"},
        {"+", {"int4:2147483647", "int4:1"}, "!22003 integer out of range"},
        {"+", {"int8:9223372036854775807", "int4:1"}, "!22003 bigint out of range"},
        {"+", {"int2:32767", "int2:1"}, "!22003 smallint out of range"},
        {"-", {"int4:-2147483648"}, "!22003 integer out of range"},
        {"-", {"int4:5"}, "-5"},
        {"*", {"int8:4611686018427387904", "int8:2"}, "!22003 bigint out of range"},
        {"/", {"int4:7", "int4:-2"}, "-3"},
        {"/", {"int4:7", "int4:0"}, "!22012 division by zero"},
        {"/", {"int4:-2147483648", "int4:-1"}, "!22003 integer out of range"},
        {"%", {"int4:-7", "int4:3"}, "-1"},
        {"%", {"int8:-9223372036854775808", "int8:-1"}, "0"},
        {"%", {"int8:1", "int8:0"}, "!22012 division by zero"},
        {"+", {"int4:NULL", "int4:2"}, "NULL"},
        {"abs", {"int4:-17"}, "17"},
        {"gcd", {"int4:330", "int4:462"}, "66"},
        {"gcd", {"int4:-2147483648", "int4:-2147483648"}, "!22003 integer out of range"},
        {"lcm", {"int8:330", "int8:462"}, "2310"},
        {"&", {"int4:12", "int4:10"}, "8"},
        {"#", {"int4:12", "int4:10"}, "6"},
        {"~", {"int4:12"}, "-13"},
        {"<<", {"int4:1", "int4:4"}, "16"},
        {">>", {"int8:-16", "int4:2"}, "-4"},
        {"to_hex", {"int4:-1"}, "ffffffff"},
    };

    CHECK_CALLS(cases);
}

static void comparisons_follow_postgresql(void **state) {
    static const CallCase cases[] = {
        {"<", {"int4:1", "int8:2"}, "t"},
        {"!=", {"int4:1", "int4:1"}, "f"},
        {"=", {"text:view", "'view"}, "t"},
        {"=", {"text:a longer text than twelve", "text:a longer text than twelve"}, "t"},
        {"=", {"text:a longer text than twelve", "text:a longer text than twelvf"}, "f"},
        {"<", {"text:abc", "text:abd"}, "t"},
        {"<", {"text:Z", "text:a"}, "t"},
        {">=", {"text:ab", "text:abc"}, "f"},
        {"=", {"bool:t", "bool:f"}, "f"},
        {"is_null", {"int4:NULL"}, "t"},
        {"is_not_null", {"text:x"}, "t"},
        {"is_true", {"bool:NULL"}, "f"},
        {"is_not_true", {"bool:NULL"}, "t"},
        {"is_distinct_from", {"int4:NULL", "int8:1"}, "t"},
        {"is_not_distinct_from", {"text:NULL", "text:NULL"}, "t"},
        {"not", {"bool:NULL"}, "NULL"},
        {"num_nulls", {"int4:NULL", "text:x", "text:NULL"}, "2"},
        {"greatest", {"int4:1", "int8:7", "int4:NULL"}, "7"},
        {"least", {"text:NULL", "text:NULL"}, "NULL"},
    };

    CHECK_CALLS(cases);
}

static void overloads_are_chosen_or_refused_as_postgresql_does(void **state) {
    static const CallCase cases[] = {
        {"foo", {"int4:1"}, "!42883 function foo(integer) does not exist"},
        {"+", {"int4:1", "bool:t"}, "!42883 operator does not exist: integer + boolean"},
        {"-", {"bool:t"}, "!42883 operator does not exist: - boolean"},
        {"+", {"int4:1", "'5"}, "6"},
        {"float8", {"int4:1"}, "1"},
        {"is_distinct_from",
         {"int4:1", "text:x"},
         "!42883 operator does not exist: integer = text"},
        {"+", {"int4:1", "'x"}, "!22P02 invalid input syntax for type integer: \"x\""},
        {"greatest",
         {"int4:1", "text:x"},
         "!42804 GREATEST types integer and text cannot be matched"},
    };

    CHECK_CALLS(cases);
}

static void casts_check_range_and_length(void **state) {
    check_cast("int8:5000000000", "int4", "!22003 integer out of range");
    check_cast("float8:2.5", "int4", "2");
    check_cast("float8:NaN", "int4", "!22003 integer out of range");
    check_cast("float8:1e300", "float4", "!22003 value out of range: overflow");
    check_cast("int4:2", "bool", "t");
    check_cast("bool:t", "text", "true");
    check_cast_in(CAST_ASSIGNMENT, "int4:1", "bool", "!42846 cannot cast type integer to boolean");
    check_cast("text:abcde", "varchar(3)", "abc");
    check_cast_in(CAST_ASSIGNMENT, "text:abcde", "varchar(3)",
                  "!22001 value too long for type character varying(3)");
    check_cast_in(CAST_ASSIGNMENT, "text:abc  ", "varchar(3)", "abc");
    check_cast_in(CAST_ASSIGNMENT, "text:é", "bpchar(3)", "é  ");
    check_cast("text:12", "int4", "12");
    check_cast("text:1x", "int4", "!22P02 invalid input syntax for type integer: \"1x\"");
    check_cast_in(CAST_ASSIGNMENT, "int4:12", "text", "12");
    check_cast_in(CAST_IMPLICIT, "int4:12", "text", "!42846 cannot cast type integer to text");
}

static void types_are_unified(void **state) {
    SqlType types[] = {SQL_TYPE(INT4), SQL_TYPE(UNKNOWN), SQL_TYPE(FLOAT8)};
    SqlType common;
    Error err = {0};

    assert_int_equal(type_unify(types, 3, "CASE", &common, &err), STATUS_OK);
    assert_int_equal(common.id, TYPE_FLOAT8);
    types[2] = SQL_TYPE(TEXT);
    assert_int_equal(type_unify(types, 3, "UNION", &common, &err), STATUS_ERROR);
    assert_string_equal(err.message, "UNION types integer and text cannot be matched");
    assert_int_equal(err.sqlstate, SQLSTATE_DATATYPE_MISMATCH);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integer_arithmetic_is_checked),
        cmocka_unit_test(comparisons_follow_postgresql),
        cmocka_unit_test(overloads_are_chosen_or_refused_as_postgresql_does),
        cmocka_unit_test(casts_check_range_and_length),
        cmocka_unit_test(types_are_unified),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
