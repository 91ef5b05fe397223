/* Arrays: building, subscripts, order, joining and text lists: answers by PostgreSQL 15. */
#include "tests/unit/expr_support.h"

static void arrays_are_built_and_read(void **state) {
    static const CallCase cases[] = {
        {"array_build", {"int4:1", "int4:2", "int4:NULL"}, "{1,2,NULL}"},
        {"array_build", {"text:a b", "'x"}, "{\"a b\",x}"},
        {"array_build", {"int4[]:{1,2}", "int4[]:{3,4}"}, "{{1,2},{3,4}}"},
        {"array_build",
         {"int4[]:{1,2}", "int4[]:{3}"},
         "!2202E multidimensional arrays must have array expressions with matching dimensions"},
        {"array_get", {"int4[]:{10,20,30}", "int4:2"}, "20"},
        {"array_get", {"int4[]:{10,20,30}", "int4:4"}, "NULL"},
        {"array_get", {"int4[]:{10,20,30}", "int4:0"}, "NULL"},
        {"array_get", {"text[]:{a,NULL}", "int4:2"}, "NULL"},
        {"array_get",
         {"text[]:{short,a text of more than twelve bytes}", "int4:2"},
         "a text of more than twelve bytes"},
        {"array_get", {"int4[]:{{1,2},{3,4}}", "int4:2", "int4:1"}, "3"},
        {"array_get", {"int4[]:{{1,2},{3,4}}", "int4:2"}, "NULL"},
        {"array_get", {"int4[]:[0:1]={7,8}", "int4:0"}, "7"},
    };

    CHECK_CALLS(cases);
}

static void arrays_are_compared(void **state) {
    static const CallCase cases[] = {
        {"=", {"int4[]:{1,2}", "int4[]:{1,2}"}, "t"},
        {"=", {"int4[]:{1,NULL}", "int4[]:{1,NULL}"}, "t"},
        {"=", {"int4[]:{1,2}", "'{1,2}"}, "t"},
        {"<", {"int4[]:{1,2}", "int4[]:{1,3}"}, "t"},
        {"<", {"int4[]:{1,2}", "int4[]:{1}"}, "f"},
        {"<>", {"text[]:{a}", "text[]:{b}"}, "t"},
        {"@>", {"int4[]:{1,2,3}", "int4[]:{3,1}"}, "t"},
        {"@>", {"int4[]:{1,2,3}", "int4[]:{4}"}, "f"},
        {"@>", {"int4[]:{1,2,3}", "int4[]:{}"}, "t"},
        {"<@", {"int4[]:{1,NULL}", "int4[]:{1,NULL}"}, "f"},
        {"&&", {"int4[]:{1,2}", "int4[]:{2,3}"}, "t"},
    };

    CHECK_CALLS(cases);
}

static void arrays_have_lengths_and_are_joined(void **state) {
    static const CallCase cases[] = {
        {"array_length", {"int4[]:{1,2,3}", "int4:1"}, "3"},
        {"array_length", {"int4[]:{}", "int4:1"}, "NULL"},
        {"array_length", {"int4[]:{{1,2},{3,4},{5,6}}", "int4:2"}, "2"},
        {"array_lower", {"int4[]:[5:7]={1,2,3}", "int4:1"}, "5"},
        {"array_upper", {"int4[]:[5:7]={1,2,3}", "int4:1"}, "7"},
        {"cardinality", {"int4[]:{{1,2},{3,4}}"}, "4"},
        {"array_ndims", {"int4[]:{{1,2},{3,4}}"}, "2"},
        {"array_ndims", {"int4[]:{}"}, "NULL"},
        {"array_append", {"int4[]:{1}", "int4:2"}, "{1,2}"},
        {"array_append", {"int4[]:NULL", "int4:2"}, "{2}"},
        {"array_prepend", {"text:a", "text[]:{b}"}, "{a,b}"},
        {"array_cat", {"int4[]:{1}", "int4[]:{2,3}"}, "{1,2,3}"},
        {"||", {"int4[]:{1}", "int4[]:{2,3}"}, "{1,2,3}"},
        {"array_position", {"text[]:{a,b,c}", "text:b"}, "2"},
        {"array_position", {"text[]:{a,b,c}", "text:z"}, "NULL"},
        {"array_to_string", {"int4[]:{1,NULL,3}", "text:,"}, "1,3"},
        {"array_to_string", {"int4[]:{1,NULL,3}", "text:,", "text:*"}, "1,*,3"},
        {"string_to_array", {"text:a,b,,c", "text:,"}, "{a,b,\"\",c}"},
        {"string_to_array", {"text:a,b", "text:,", "text:b"}, "{a,NULL}"},
        {"string_to_array", {"text:a\xc3\xa9", "text:NULL", "text:a"}, "{NULL,\xc3\xa9}"},
        {"string_to_array", {"text:", "text:,"}, "{}"},
    };

    CHECK_CALLS(cases);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_are_built_and_read),
        cmocka_unit_test(arrays_are_compared),
        cmocka_unit_test(arrays_have_lengths_and_are_joined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
