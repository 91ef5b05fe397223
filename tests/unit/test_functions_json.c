/* JSON, bytea and uuid operators and functions: answers by PostgreSQL 15. */
#include "tests/unit/expr_support.h"

static const CallCase answers[] = {
    {"->", {"jsonb:{\"a\":{\"b\":1.50},\"c\":[1,2,\"x\"]}", "text:a"}, "{\"b\": 1.50}"},
    {"->", {"jsonb:{\"a\":null}", "text:a"}, "null"},
    {"->>", {"jsonb:{\"a\":null}", "text:a"}, "NULL"},
    {"->>", {"jsonb:{\"a\":\"x\\ny\"}", "text:a"}, "x\012y"},
    {"->", {"jsonb:{\"a\":1}", "text:b"}, "NULL"},
    {"->", {"jsonb:[1,2,3]", "int4:-1"}, "3"},
    {"->", {"jsonb:[1,2,3]", "int4:3"}, "NULL"},
    {"->>", {"jsonb:[1,\"two\",[3, 4]]", "int4:2"}, "[3, 4]"},
    {"->", {"jsonb:{\"a\":1}", "int4:0"}, "NULL"},
    {"->", {"json:{\"a\" : {\"b\":  1}, \"a\":2}", "text:a"}, "2"},
    {"->>", {"json:{\"a\" : {\"b\":  1}}", "text:a"}, "{\"b\":  1}"},
    {"->", {"json:[ 1, {\"z\" :1} ]", "int4:1"}, "{\"z\" :1}"},
    {"#>", {"jsonb:{\"a\":[{\"b\":5}]}", "text[]:{a,0,b}"}, "5"},
    {"#>>", {"jsonb:{\"a\":[{\"b\":\"q\"}]}", "text[]:{a,0,b}"}, "q"},
    {"#>", {"jsonb:{\"a\":1}", "text[]:{}"}, "{\"a\": 1}"},
    {"#>", {"jsonb:{\"a\":1}", "text[]:{a,b}"}, "NULL"},
    {"#>", {"jsonb:{\"a\":[1,2]}", "text[]:{a,-1}"}, "2"},
    {"#>", {"jsonb:{\"a\":[1,2]}", "text[]:{a,x}"}, "NULL"},
    {"#>>", {"json:{\"a\":{\"b\" : [1]}}", "text[]:{a,b}"}, "[1]"},
    {"@>", {"jsonb:{\"a\":1,\"b\":[1,2,{\"c\":3}]}", "jsonb:{\"b\":[{\"c\":3}]}"}, "t"},
    {"@>", {"jsonb:[\"foo\",\"bar\"]", "jsonb:\"bar\""}, "t"},
    {"@>", {"jsonb:\"bar\"", "jsonb:[\"bar\"]"}, "f"},
    {"@>", {"jsonb:[1,2,3]", "jsonb:[1.0,3,3]"}, "t"},
    {"@>", {"jsonb:{\"a\":{}}", "jsonb:{\"a\":1}"}, "f"},
    {"@>", {"jsonb:[[1,2]]", "jsonb:[[2]]"}, "t"},
    {"@>", {"jsonb:{\"a\":[]}", "jsonb:{\"a\":{}}"}, "f"},
    {"<@", {"jsonb:{\"a\":1}", "jsonb:{\"a\":1,\"b\":2}"}, "t"},
    {"?", {"jsonb:{\"a\":1}", "text:a"}, "t"},
    {"?", {"jsonb:[\"a\",\"b\"]", "text:b"}, "t"},
    {"?", {"jsonb:\"a\"", "text:a"}, "t"},
    {"?", {"jsonb:[1]", "text:1"}, "f"},
    {"?|", {"jsonb:{\"a\":1}", "text[]:{x,a}"}, "t"},
    {"?&", {"jsonb:{\"a\":1}", "text[]:{x,a}"}, "f"},
    {"=", {"jsonb:{\"a\":1.0}", "jsonb:{\"a\":1.00}"}, "t"},
    {"<", {"jsonb:null", "jsonb:\"a\""}, "t"},
    {"<", {"jsonb:\"a\"", "jsonb:1"}, "t"},
    {"<", {"jsonb:1", "jsonb:true"}, "t"},
    {"<", {"jsonb:[]", "jsonb:null"}, "t"},
    {"<", {"jsonb:[1,2]", "jsonb:[3]"}, "f"},
    {"<", {"jsonb:{}", "jsonb:[1]"}, "f"},
    {"<", {"jsonb:-5", "jsonb:-4.9"}, "t"},
    {"<", {"jsonb:false", "jsonb:true"}, "t"},
    {"<", {"jsonb:{\"a\":1}", "jsonb:{\"b\":0}"}, "t"},
    {">", {"jsonb:[[]]", "jsonb:[1]"}, "t"},
    {"||", {"jsonb:{\"a\":1,\"b\":2}", "jsonb:{\"b\":3}"}, "{\"a\": 1, \"b\": 3}"},
    {"||", {"jsonb:[1]", "jsonb:[2]"}, "[1, 2]"},
    {"||", {"jsonb:1", "jsonb:{\"a\":1}"}, "[1, {\"a\": 1}]"},
    {"||", {"jsonb:{\"a\":1}", "jsonb:[2]"}, "[{\"a\": 1}, 2]"},
    {"||", {"jsonb:1", "jsonb:2"}, "[1, 2]"},
    {"-", {"jsonb:{\"a\":1,\"b\":2}", "text:a"}, "{\"b\": 2}"},
    {"-", {"jsonb:[\"a\",\"b\",\"a\",1]", "text:a"}, "[\"b\", 1]"},
    {"-", {"jsonb:[1,2,3]", "int4:1"}, "[1, 3]"},
    {"-", {"jsonb:[1,2,3]", "int4:-1"}, "[1, 2]"},
    {"-", {"jsonb:[1,2,3]", "int4:7"}, "[1, 2, 3]"},
    {"-", {"jsonb:{\"a\":1}", "int4:1"}, "!22023 cannot delete from object using integer index"},
    {"-", {"jsonb:1", "text:a"}, "!22023 cannot delete from scalar"},
    {"jsonb_typeof", {"jsonb:{}"}, "object"},
    {"jsonb_typeof", {"jsonb:1"}, "number"},
    {"jsonb_typeof", {"jsonb:null"}, "null"},
    {"json_typeof", {"json:\"x\""}, "string"},
    {"json_typeof", {"json: true"}, "boolean"},
    {"jsonb_array_length", {"jsonb:[1,2]"}, "2"},
    {"jsonb_array_length", {"jsonb:{}"}, "!22023 cannot get array length of a non-array"},
    {"jsonb_array_length", {"jsonb:1"}, "!22023 cannot get array length of a scalar"},
    {"jsonb_strip_nulls",
     {"jsonb:{\"a\":null,\"b\":{\"c\":null,\"d\":[null,{\"e\":null}]}}"},
     "{\"b\": {\"d\": [null, {}]}}"},
    {"jsonb_pretty",
     {"jsonb:{\"a\":[1,{\"b\":2}],\"c\":{}}"},
     "{\012    \"a\": [\012        1,\012        {\012            \"b\": 2\012        }\012    "
     "],\012    \"c\": {\012    }\012}"},
    {"jsonb_pretty", {"jsonb:[]"}, "[\012]"},
    {"jsonb_extract_path", {"jsonb:{\"a\":[{\"b\":5}]}", "text:a", "text:0", "text:b"}, "5"},
    {"json_extract_path_text", {"json:{\"a\":{\"b\":\"x\"}}", "text:a", "text:b"}, "x"},
    {"to_jsonb", {"float8:1e20"}, "100000000000000000000"},
    {"to_jsonb", {"text:a\"b"}, "\"a\\\"b\""},
    {"to_json", {"timestamp:2024-01-02 03:04:05"}, "\"2024-01-02T03:04:05\""},
    {"to_json", {"numeric:1.50"}, "1.50"},
    {"to_jsonb", {"int4[]:{{1,2},{3,4}}"}, "[[1, 2], [3, 4]]"},
    {"jsonb_build_object", {"text:a", "int4:1", "text:b", "text:x"}, "{\"a\": 1, \"b\": \"x\"}"},
    {"json_build_object", {"text:a", "int4:1", "int4:7", "text:x"}, "{\"a\" : 1, \"7\" : \"x\"}"},
    {"jsonb_build_array", {"int4:1", "text:x", "int4:NULL"}, "[1, \"x\", null]"},
    {"json_build_array", {"int4:1", "text:x", "int4:NULL"}, "[1, \"x\", null]"},
    {"jsonb_build_object", {"text:a"}, "!22023 argument list must have even number of elements"},
    {"jsonb_build_object", {"int4:NULL", "int4:1"}, "!22023 argument 1: key must not be null"},
    {"=", {"bytea:\\x0102", "bytea:\\x0102"}, "t"},
    {"<", {"bytea:\\x01", "bytea:\\x0100"}, "t"},
    {"||", {"bytea:\\x01", "bytea:\\x02"}, "\\x0102"},
    {"length", {"bytea:\\x010203"}, "3"},
    {"encode", {"bytea:\\x00ff5c41", "text:hex"}, "00ff5c41"},
    {"encode", {"bytea:\\x00ff5c41", "text:base64"}, "AP9cQQ=="},
    {"encode", {"bytea:\\x00ff5c41", "text:escape"}, "\\000\\377\\\\A"},
    {"encode",
     {"bytea:"
      "\\x00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434"
      "44546474849505152535455565758596061",
      "text:base64"},
     "AAECAwQFBgcICRAREhMUFRYXGBkgISIjJCUmJygpMDEyMzQ1Njc4OUBBQkNERUZHSElQUVJTVFVW\012V1hZYGE="},
    {"decode", {"text:AP9cQQ==", "text:base64"}, "\\x00ff5c41"},
    {"decode", {"text:AP9cQQ=", "text:base64"}, "!22023 invalid base64 end sequence"},
    {"decode",
     {"text:AP9!QQ==", "text:base64"},
     "!22023 invalid symbol \"!\" found while decoding base64 sequence"},
    {"decode", {"text:00ff", "text:hex"}, "\\x00ff"},
    {"decode", {"text:0xff", "text:hex"}, "!22023 invalid hexadecimal digit: \"x\""},
    {"decode", {"text:a\\001", "text:escape"}, "\\x6101"},
    {"encode", {"bytea:\\x00", "text:foo"}, "!22023 unrecognized encoding: \"foo\""},
    {"<",
     {"uuid:a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "uuid:b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
     "t"},
    {"=",
     {"uuid:a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "uuid:A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11"},
     "t"},
    {"jsonb_set",
     {"jsonb:{\"a\":1,\"b\":[1,2]}", "text[]:{a}", "jsonb:{\"x\":1}"},
     "{\"a\": {\"x\": 1}, \"b\": [1, 2]}"},
    {"jsonb_set",
     {"jsonb:{\"a\":1,\"b\":[1,2]}", "text[]:{b,1}", "jsonb:9"},
     "{\"a\": 1, \"b\": [1, 9]}"},
    {"jsonb_set",
     {"jsonb:{\"a\":1,\"b\":[1,2]}", "text[]:{b,-1}", "jsonb:9"},
     "{\"a\": 1, \"b\": [1, 9]}"},
    {"jsonb_set",
     {"jsonb:{\"a\":1,\"b\":[1,2]}", "text[]:{b,-5}", "jsonb:9"},
     "{\"a\": 1, \"b\": [9, 1, 2]}"},
    {"jsonb_set",
     {"jsonb:{\"a\":1,\"b\":[1,2]}", "text[]:{b,7}", "jsonb:9"},
     "{\"a\": 1, \"b\": [1, 2, 9]}"},
    {"jsonb_set",
     {"jsonb:{\"a\":1,\"b\":[1,2]}", "text[]:{b,7}", "jsonb:9", "bool:f"},
     "{\"a\": 1, \"b\": [1, 2]}"},
    {"jsonb_set",
     {"jsonb:{\"a\":1,\"b\":[1,2]}", "text[]:{b,x}", "jsonb:9"},
     "!22P02 path element at position 2 is not an integer: \"x\""},
    {"jsonb_set", {"jsonb:{\"a\":1}", "text[]:{c}", "jsonb:9"}, "{\"a\": 1, \"c\": 9}"},
    {"jsonb_set", {"jsonb:{\"a\":1}", "text[]:{c}", "jsonb:9", "bool:f"}, "{\"a\": 1}"},
    {"jsonb_set", {"jsonb:{\"a\":1}", "text[]:{c,d}", "jsonb:9"}, "{\"a\": 1}"},
    {"jsonb_set", {"jsonb:{\"a\":{\"b\":1}}", "text[]:{a,b}", "jsonb:[]"}, "{\"a\": {\"b\": []}}"},
    {"jsonb_set", {"jsonb:{\"a\":1}", "text[]:{a,b}", "jsonb:9"}, "{\"a\": 1}"},
    {"jsonb_set", {"jsonb:{\"a\":1}", "text[]:{}", "jsonb:9"}, "{\"a\": 1}"},
    {"jsonb_set",
     {"jsonb:{\"a\":1}", "text[]:{NULL}", "jsonb:9"},
     "!22004 path element at position 1 is null"},
    {"jsonb_set", {"jsonb:1", "text[]:{a}", "jsonb:9"}, "!22023 cannot set path in scalar"},
    {"jsonb_set", {"jsonb:[]", "text[]:{0}", "jsonb:9"}, "[9]"},
    {"jsonb_set", {"jsonb:[]", "text[]:{3}", "jsonb:9"}, "[9]"},
    {"jsonb_set", {"jsonb:{}", "text[]:{a}", "jsonb:9"}, "{\"a\": 9}"},
    {"jsonb_set", {"jsonb:{}", "text[]:{a}", "jsonb:9", "bool:f"}, "{}"},
    {"jsonb_insert",
     {"jsonb:{\"a\":[0,1,2]}", "text[]:{a,1}", "jsonb:\"n\""},
     "{\"a\": [0, \"n\", 1, 2]}"},
    {"jsonb_insert",
     {"jsonb:{\"a\":[0,1,2]}", "text[]:{a,1}", "jsonb:\"n\"", "bool:t"},
     "{\"a\": [0, 1, \"n\", 2]}"},
    {"jsonb_insert",
     {"jsonb:{\"a\":[0,1,2]}", "text[]:{a,-1}", "jsonb:\"n\"", "bool:t"},
     "{\"a\": [0, 1, 2, \"n\"]}"},
    {"jsonb_insert",
     {"jsonb:{\"a\":[0,1,2]}", "text[]:{a,-9}", "jsonb:\"n\""},
     "{\"a\": [\"n\", 0, 1, 2]}"},
    {"jsonb_insert",
     {"jsonb:{\"a\":[0,1,2]}", "text[]:{a,3}", "jsonb:\"n\""},
     "{\"a\": [0, 1, 2, \"n\"]}"},
    {"jsonb_insert",
     {"jsonb:{\"a\":1}", "text[]:{a}", "jsonb:\"n\""},
     "!22023 cannot replace existing key"},
    {"jsonb_insert",
     {"jsonb:{\"a\":1}", "text[]:{b}", "jsonb:\"n\"", "bool:t"},
     "{\"a\": 1, \"b\": \"n\"}"},
    {"#-",
     {"jsonb:{\"a\":1,\"b\":[1,2,{\"c\":3}]}", "text[]:{b,2,c}"},
     "{\"a\": 1, \"b\": [1, 2, {}]}"},
    {"#-", {"jsonb:{\"a\":1,\"b\":[1,2]}", "text[]:{b,-1}"}, "{\"a\": 1, \"b\": [1]}"},
    {"#-", {"jsonb:{\"a\":1}", "text[]:{x}"}, "{\"a\": 1}"},
    {"#-", {"jsonb:1", "text[]:{x}"}, "!22023 cannot delete path in scalar"},
    {"#-",
     {"jsonb:[1,2]", "text[]:{x}"},
     "!22P02 path element at position 1 is not an integer: \"x\""},
    {"-", {"jsonb:{\"a\":1,\"b\":2,\"c\":3}", "text[]:{a,c}"}, "{\"b\": 2}"},
    {"-", {"jsonb:[\"a\",\"b\",\"c\"]", "text[]:{a,NULL}"}, "[\"b\", \"c\"]"},
    {"jsonb_object", {"text[]:{a,1,b,NULL}"}, "{\"a\": \"1\", \"b\": null}"},
    {"jsonb_object", {"text[]:{{a,1},{b,2}}"}, "{\"a\": \"1\", \"b\": \"2\"}"},
    {"jsonb_object", {"text[]:{a,1,b}"}, "!2202E array must have even number of elements"},
    {"jsonb_object", {"text[]:{NULL,1}"}, "!22004 null value not allowed for object key"},
    {"jsonb_object", {"text[]:{{a,1,2}}"}, "!2202E array must have two columns"},
    {"jsonb_object", {"text[]:{}"}, "{}"},
    {"json_object", {"text[]:{b,1,a,2}"}, "{\"b\" : \"1\", \"a\" : \"2\"}"},
    {"jsonb_object", {"text[]:{a,b}", "text[]:{1,NULL}"}, "{\"a\": \"1\", \"b\": null}"},
    {"jsonb_object", {"text[]:{a,b}", "text[]:{1}"}, "!2202E mismatched array dimensions"},
    {"json_strip_nulls",
     {"json:{\"a\":null, \"b\" : [1, null, {\"c\" : null}], \"d\": \"x\\\\ty\"}"},
     "{\"b\":[1,null,{}],\"d\":\"x\\\\ty\"}"},
    {"jsonb_concat", {"jsonb:[1]", "jsonb:2"}, "[1, 2]"},
};

static void json_and_bytes_answer_as_postgresql(void **state) {
    CHECK_CALLS(answers);
}

static void check_cast(const char *argument, const char *type_name, const char *expected) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("case", 0);
    const Expr *expr = NULL;
    const char *answer;
    SqlType type;
    Value value;
    Error err = {0};

    assert_true(type_from_name(type_name, &type));
    if (expr_cast_to(arena, case_argument(arena, argument), type, CAST_EXPLICIT, &expr, &err) !=
            STATUS_OK ||
        expr_evaluate_constant(expr, NULL, arena, &value, &err) != STATUS_OK)
        answer = error_text(arena, &err);
    else
        answer = value_as_text(arena, &value);
    assert_string_equal(answer, expected);
}

static void jsonb_casts_to_scalars(void **state) {
    check_cast("jsonb:1.5", "int4", "2");
    check_cast("jsonb:true", "bool", "t");
    check_cast("jsonb:1.50", "numeric", "1.50");
    check_cast("jsonb:1e2", "float8", "100");
    check_cast("jsonb:12345.0000000000000000000000000000000000000000000005", "int2", "12345");
    check_cast("jsonb:12345.0000000000000000000000000000000000000000000005", "float4", "12345");
    check_cast("jsonb:1e50", "int4", "!22003 integer out of range");
    check_cast("jsonb:\"1\"", "int4", "!22023 cannot cast jsonb string to type integer");
    check_cast("jsonb:1", "bool", "!22023 cannot cast jsonb numeric to type boolean");
    check_cast("jsonb:[1]", "int8", "!22023 cannot cast jsonb array to type bigint");
    check_cast("jsonb:null", "float4", "!22023 cannot cast jsonb null to type real");
    check_cast("json:{\"b\":1, \"a\" : 2}", "jsonb", "{\"a\": 2, \"b\": 1}");
    check_cast("jsonb:{\"b\":1}", "json", "{\"b\": 1}");
    check_cast("jsonb:{\"b\":1}", "text", "{\"b\": 1}");
    check_cast("text:[1]", "jsonb", "[1]");
    check_cast("text:a0eebc999c0b4ef8bb6d6bb9bd380a11", "uuid",
               "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
    check_cast("text:\\x0102", "bytea", "\\x0102");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_and_bytes_answer_as_postgresql),
        cmocka_unit_test(jsonb_casts_to_scalars),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
