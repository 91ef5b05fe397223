/* Text, binary and JSON forms: what PostgreSQL 15.20 printed for the same input. Regenerate a row
 * by asking it: SELECT '<input>'::<type>. Errors are "ERROR <code>: <message> DETAIL: … CONTEXT:
 * …". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "types/text_form.h"

static const struct {
    const char *type;
    int32_t typmod;
    const char *input;
    const char *expected;
} text_cases[] = {
    {"int4", -1, " 123 ", "123"},
    {"int4", -1, "-2147483648", "-2147483648"},
    {"int4", -1, "2147483648",
     "ERROR 22003: value \"2147483648\" is out of range for type integer"},
    {"int4", -1, "12a", "ERROR 22P02: invalid input syntax for type integer: \"12a\""},
    {"int4", -1, "", "ERROR 22P02: invalid input syntax for type integer: \"\""},
    {"int4", -1, "+7", "7"},
    {"int4", -1, "- 7", "ERROR 22P02: invalid input syntax for type integer: \"- 7\""},
    {"int2", -1, "32768", "ERROR 22003: value \"32768\" is out of range for type smallint"},
    {"int8", -1, "9223372036854775807", "9223372036854775807"},
    {"int8", -1, "-9223372036854775809",
     "ERROR 22003: value \"-9223372036854775809\" is out of range for type bigint"},
    {"int8", -1, "99999999999999999999999",
     "ERROR 22003: value \"99999999999999999999999\" is out of range for type bigint"},
    {"bool", -1, " tRu ", "t"},
    {"bool", -1, "o", "ERROR 22P02: invalid input syntax for type boolean: \"o\""},
    {"bool", -1, "of", "f"},
    {"bool", -1, "yess", "ERROR 22P02: invalid input syntax for type boolean: \"yess\""},
    {"bool", -1, "1", "t"},
    {"float8", -1, "1e23", "9.999999999999999e+22"},
    {"float8", -1, "1e15", "1e+15"},
    {"float8", -1, "123456789012345", "123456789012345"},
    {"float8", -1, "1234567890123456", "1.234567890123456e+15"},
    {"float8", -1, "0.0001", "0.0001"},
    {"float8", -1, "0.00001", "1e-05"},
    {"float8", -1, "1e400", "ERROR 22003: \"1e400\" is out of range for type double precision"},
    {"float8", -1, "1e-400", "ERROR 22003: \"1e-400\" is out of range for type double precision"},
    {"float8", -1, "-1e-400", "ERROR 22003: \"-1e-400\" is out of range for type double precision"},
    {"float8", -1, " inf", "Infinity"},
    {"float8", -1, "-Infinity", "-Infinity"},
    {"float8", -1, "nan", "NaN"},
    {"float8", -1, "+nan", "NaN"},
    {"float8", -1, "+5", "5"},
    {"float8", -1, "+-5", "ERROR 22P02: invalid input syntax for type double precision: \"+-5\""},
    {"float8", -1, ".5", "0.5"},
    {"float8", -1, "5.", "5"},
    {"float8", -1, ".", "ERROR 22P02: invalid input syntax for type double precision: \".\""},
    {"float8", -1, "5.e3", "5000"},
    {"float8", -1, "1e", "ERROR 22P02: invalid input syntax for type double precision: \"1e\""},
    {"float8", -1, "xyz", "ERROR 22P02: invalid input syntax for type double precision: \"xyz\""},
    {"float8", -1, "", "ERROR 22P02: invalid input syntax for type double precision: \"\""},
    {"float8", -1, "5 0", "ERROR 22P02: invalid input syntax for type double precision: \"5 0\""},
    {"float8", -1, "4.9e-324", "5e-324"},
    {"float8", -1, "2.2250738585072014e-308", "2.2250738585072014e-308"},
    {"float8", -1, "1.7976931348623157e308", "1.7976931348623157e+308"},
    {"float8", -1, "1.7976931348623159e308",
     "ERROR 22003: \"1.7976931348623159e308\" is out of range for type double precision"},
    {"float8", -1, "-0", "-0"},
    {"float8", -1, "8.41e21", "8.409999999999999e+21"},
    {"float8", -1, "9007199254740993", "9.007199254740992e+15"},
    {"float8", -1, "1.2345678901234567e-7", "1.2345678901234566e-07"},
    {"float8", -1, "100000", "100000"},
    {"float8", -1, "1e14", "100000000000000"},
    {"float8", -1, "999999999999999.9", "999999999999999.9"},
    {"float4", -1, "1e6", "1e+06"},
    {"float4", -1, "16777216", "1.6777216e+07"},
    {"float4", -1, "0.1", "0.1"},
    {"float4", -1, "3.4028235e38", "3.4028235e+38"},
    {"float4", -1, "3.5e38", "ERROR 22003: \"3.5e38\" is out of range for type real"},
    {"float4", -1, "1e-46", "ERROR 22003: \"1e-46\" is out of range for type real"},
    {"float4", -1, "1.4e-45", "1e-45"},
    {"float4", -1, "123456", "123456"},
    {"float4", -1, "1234567", "1.234567e+06"},
    {"float4", -1, "8388608.5", "8.388608e+06"},
    {"float4", -1, "1e10", "1e+10"},
    {"float4", -1, "3.3554432e7", "3.3554432e+07"},
    {"numeric", -1, "1.50", "1.50"},
    {"numeric", -1, " -1.50 ", "-1.50"},
    {"numeric", -1, ".5", "0.5"},
    {"numeric", -1, "5.", "5"},
    {"numeric", -1, "1e5", "100000"},
    {"numeric", -1, "1.23e-5", "0.0000123"},
    {"numeric", -1, "-0.00", "0.00"},
    {"numeric", -1, "12345678901234567890123456789012345678",
     "12345678901234567890123456789012345678"},
    {"numeric", -1, "nan", "NaN"},
    {"numeric", -1, "-inf", "-Infinity"},
    {"numeric", -1, "infinity", "Infinity"},
    {"numeric", -1, "1e", "ERROR 22P02: invalid input syntax for type numeric: \"1e\""},
    {"numeric", -1, "abc", "ERROR 22P02: invalid input syntax for type numeric: \"abc\""},
    {"numeric", -1, "1.2.3", "ERROR 22P02: invalid input syntax for type numeric: \"1.2.3\""},
    {"numeric", -1, "", "ERROR 22P02: invalid input syntax for type numeric: \"\""},
    {"numeric", -1, "0e100", "0"},
    {"numeric", -1, "00012.340", "12.340"},
    {"numeric", 655366, "123.456", "123.46"},
    {"numeric", 655366, "12345678.999", "12345679.00"},
    {"numeric", 655366, "99999999.995",
     "ERROR 22003: numeric field overflow DETAIL: A field with precision 10, scale 2 must round to "
     "an absolute value less than 10^8."},
    {"numeric", 655366, "99999999.994", "99999999.99"},
    {"numeric", 655366, "NaN", "NaN"},
    {"numeric", 655366, "inf",
     "ERROR 22003: numeric field overflow DETAIL: A field with precision 10, scale 2 cannot hold "
     "an infinite value."},
    {"numeric", 655366, "-0.005", "-0.01"},
    {"numeric", 655366, "3.14159265358979323846264338327950288419716939937510", "3.14"},
    {"numeric", 262151, "0.5", "0.500"},
    {"numeric", 196615, "0.0009999", "0.001"},
    {"numeric", 133121, "1500", "2000"},
    {"numeric", 133121, "123456",
     "ERROR 22003: numeric field overflow DETAIL: A field with precision 2, scale -3 must round to "
     "an absolute value less than 10^5."},
    {"varchar", 9, "hello", "hello"},
    {"varchar", 9, "hello ", "hello"},
    {"varchar", 9, "hello!", "ERROR 22001: value too long for type character varying(5)"},
    {"varchar", 9, "h\303\251llo", "h\303\251llo"},
    {"bpchar", 9, "ab", "ab   "},
    {"bpchar", 9, "abcdef", "ERROR 22001: value too long for type character(5)"},
    {"bpchar", 9, "abcde  ", "abcde"},
    {"name", -1, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
     "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"},
    {"bytea", -1, "\\xDEADbeef", "\\xdeadbeef"},
    {"bytea", -1, "\\xDE AD", "\\xdead"},
    {"bytea", -1, "\\xDEA", "ERROR 22023: invalid hexadecimal data: odd number of digits"},
    {"bytea", -1, "\\xDEAZ", "ERROR 22023: invalid hexadecimal digit: \"Z\""},
    {"bytea", -1, "abc\\\\def\\001", "\\x6162635c64656601"},
    {"bytea", -1, "abc\\x", "ERROR 22P02: invalid input syntax for type bytea"},
    {"bytea", -1, "a\\1", "ERROR 22P02: invalid input syntax for type bytea"},
    {"uuid", -1, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
    {"uuid", -1, "{A0EEBC999C0B4EF8BB6D6BB9BD380A11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
    {"uuid", -1, "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
    {"uuid", -1, "a0eebc99", "ERROR 22P02: invalid input syntax for type uuid: \"a0eebc99\""},
    {"uuid", -1, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111",
     "ERROR 22P02: invalid input syntax for type uuid: \"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111\""},
    {"int4[]", -1, "{1,2,NULL,3}", "{1,2,NULL,3}"},
    {"int4[]", -1, "{}", "{}"},
    {"int4[]", -1, "{{1,2},{3,4}}", "{{1,2},{3,4}}"},
    {"int4[]", -1, "{{1,2},{3}}",
     "ERROR 22P02: malformed array literal: \"{{1,2},{3}}\" DETAIL: Multidimensional arrays must "
     "have sub-arrays with matching dimensions."},
    {"int4[]", -1, "[0:2]={1,2,3}", "[0:2]={1,2,3}"},
    {"int4[]", -1, "{1,2",
     "ERROR 22P02: malformed array literal: \"{1,2\" DETAIL: Unexpected end of input."},
    {"int4[]", -1, "{1,,2}",
     "ERROR 22P02: malformed array literal: \"{1,,2}\" DETAIL: Unexpected \",\" character."},
    {"int4[]", -1, "{1,a}", "ERROR 22P02: invalid input syntax for type integer: \"a\""},
    {"int4[]", -1, "1,2",
     "ERROR 22P02: malformed array literal: \"1,2\" DETAIL: Array value must start with \"{\" or "
     "dimension information."},
    {"int4[]", -1, "{1}x",
     "ERROR 22P02: malformed array literal: \"{1}x\" DETAIL: Junk after closing right brace."},
    {"text[]", -1, "{a,\"b c\",\"d\\\"e\",\"\",\"NULL\",NULL,null, x y ,\"{}\"}",
     "{a,\"b c\",\"d\\\"e\",\"\",\"NULL\",NULL,NULL,\"x y\",\"{}\"}"},
    {"text[]", -1, "{a\"b\"}",
     "ERROR 22P02: malformed array literal: \"{a\"b\"}\" DETAIL: Unexpected array element."},
    {"text[]", -1, "{\"a\"b}",
     "ERROR 22P02: malformed array literal: \"{\"a\"b}\" DETAIL: Unexpected array element."},
    {"text[]", -1, "{{}}",
     "ERROR 22P02: malformed array literal: \"{{}}\" DETAIL: Unexpected \"}\" character."},
    {"text[]", -1, "{{a},b}",
     "ERROR 22P02: malformed array literal: \"{{a},b}\" DETAIL: Unexpected array element."},
    {"text[]", -1, "[2:1]={}", "ERROR 2202E: upper bound cannot be less than lower bound"},
    {"text[]", -1, "[1:2]={a}",
     "ERROR 22P02: malformed array literal: \"[1:2]={a}\" DETAIL: Specified array dimensions do "
     "not match array contents."},
    {"text[]", -1, " { a , b } ", "{a,b}"},
    {"text[]", -1, "{{{{{{{a}}}}}}}",
     "ERROR 54000: number of array dimensions (7) exceeds the maximum allowed (6)"},
    {"text[]", -1, "{a\\,b}", "{\"a,b\"}"},
    {"json", -1, "{\"a\":1,  \"b\":[1,2]}", "{\"a\":1,  \"b\":[1,2]}"},
    {"jsonb", -1, "{\"b\":1, \"aa\":2, \"a\":3, \"b\":4}", "{\"a\": 3, \"b\": 4, \"aa\": 2}"},
    {"jsonb", -1,
     "[1, 1.0, 1.50e1, 1e-2, -0, -0.0, 1e3, 12345678901234567890123456789012345678901234567890]",
     "[1, 1.0, 15.0, 0.01, 0, 0.0, 1000, 12345678901234567890123456789012345678901234567890]"},
    {"jsonb", -1, "\"a\\u00e9\012\\t\\u0001\\\"\\\\\\/\"",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Character with value 0x0a must be "
     "escaped. CONTEXT: JSON data, line 1: \"a\\u00e9"},
    {"jsonb", -1, "\"\\ud83d\\ude00\"", "\"\360\237\230\200\""},
    {"jsonb", -1, "{}", "{}"},
    {"jsonb", -1, "[]", "[]"},
    {"jsonb", -1, "[[],{}]", "[[], {}]"},
    {"jsonb", -1, "true", "true"},
    {"jsonb", -1, " null ", "null"},
    {"jsonb", -1, "{\"a\":{\"c\":1,\"b\":[true,false,null]}}",
     "{\"a\": {\"b\": [true, false, null], \"c\": 1}}"},
    {"oid", -1, "4294967295", "4294967295"},
    {"oid", -1, "-1", "4294967295"},
    {"text[]", -1, "{{}}",
     "ERROR 22P02: malformed array literal: \"{{}}\" DETAIL: Unexpected \"}\" character."},
    {"json", -1, "{\"a\":1",
     "ERROR 22P02: invalid input syntax for type json DETAIL: The input string ended unexpectedly. "
     "CONTEXT: JSON data, line 1: {\"a\":1"},
    {"json", -1, "{\"a\" 1}",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Expected \":\", but found \"1\". "
     "CONTEXT: JSON data, line 1: {\"a\" 1..."},
    {"json", -1, "{\"a\":1,}",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Expected string, but found \"}\". "
     "CONTEXT: JSON data, line 1: {\"a\":1,}"},
    {"json", -1, "[1,2",
     "ERROR 22P02: invalid input syntax for type json DETAIL: The input string ended unexpectedly. "
     "CONTEXT: JSON data, line 1: [1,2"},
    {"json", -1, "[1 2]",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Expected \",\" or \"]\", but found "
     "\"2\". CONTEXT: JSON data, line 1: [1 2..."},
    {"json", -1, "[1,]",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Expected JSON value, but found "
     "\"]\". CONTEXT: JSON data, line 1: [1,]"},
    {"json", -1, "{1:2}",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Expected string or \"}\", but found "
     "\"1\". CONTEXT: JSON data, line 1: {1..."},
    {"json", -1, "{,}",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Expected string or \"}\", but found "
     "\",\". CONTEXT: JSON data, line 1: {,..."},
    {"json", -1, "tru",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Token \"tru\" is invalid. CONTEXT: "
     "JSON data, line 1: tru"},
    {"json", -1, "truex",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Token \"truex\" is invalid. CONTEXT: "
     "JSON data, line 1: truex"},
    {"json", -1, "01",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Token \"01\" is invalid. CONTEXT: "
     "JSON data, line 1: 01"},
    {"json", -1, "1.",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Token \"1.\" is invalid. CONTEXT: "
     "JSON data, line 1: 1."},
    {"json", -1, "-",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Token \"-\" is invalid. CONTEXT: "
     "JSON data, line 1: -"},
    {"json", -1, "1e",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Token \"1e\" is invalid. CONTEXT: "
     "JSON data, line 1: 1e"},
    {"json", -1, "\"abc",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Token \"\"abc\" is invalid. CONTEXT: "
     "JSON data, line 1: \"abc"},
    {"json", -1, "\"a\\qb\"",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Escape sequence \"\\q\" is invalid. "
     "CONTEXT: JSON data, line 1: \"a\\q..."},
    {"json", -1, "\"\\u12\"",
     "ERROR 22P02: invalid input syntax for type json DETAIL: \"\\u\" must be followed by four "
     "hexadecimal digits. CONTEXT: JSON data, line 1: \"\\u12\""},
    {"json", -1, "\"\\u12g4\"",
     "ERROR 22P02: invalid input syntax for type json DETAIL: \"\\u\" must be followed by four "
     "hexadecimal digits. CONTEXT: JSON data, line 1: \"\\u12g4..."},
    {"json", -1, "\"\\u0000\"", "\"\\u0000\""},
    {"json", -1, "\"a\012b\"",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Character with value 0x0a must be "
     "escaped. CONTEXT: JSON data, line 1: \"a"},
    {"json", -1, "",
     "ERROR 22P02: invalid input syntax for type json DETAIL: The input string ended unexpectedly. "
     "CONTEXT: JSON data, line 1: "},
    {"json", -1, "   ",
     "ERROR 22P02: invalid input syntax for type json DETAIL: The input string ended unexpectedly. "
     "CONTEXT: JSON data, line 1:    "},
    {"json", -1, "{} {}",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Expected end of input, but found "
     "\"{\". CONTEXT: JSON data, line 1: {} {..."},
    {"json", -1, "nul1 x",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Token \"nul1\" is invalid. CONTEXT: "
     "JSON data, line 1: nul1..."},
    {"json", -1, "'abc'",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Token \"'\" is invalid. CONTEXT: "
     "JSON data, line 1: '..."},
    {"json", -1, "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, x, 22]",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Token \"x\" is invalid. CONTEXT: "
     "JSON data, line 1: ... 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, x..."},
    {"json", -1, "{\"averyveryverylongfieldname\":10,\"b\" 5}",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Expected \":\", but found \"5\". "
     "CONTEXT: JSON data, line 1: {\"averyveryverylongfieldname\":10,\"b\" 5..."},
    {"json", -1, ".5",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Token \".\" is invalid. CONTEXT: "
     "JSON data, line 1: ...."},
    {"json", -1, "+5",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Token \"+\" is invalid. CONTEXT: "
     "JSON data, line 1: +..."},
    {"json", -1, "\303\251",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Token \"\303\251\" is invalid. "
     "CONTEXT: JSON data, line 1: \303\251"},
    {"json", -1, "[.]",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Token \".\" is invalid. CONTEXT: "
     "JSON data, line 1: [...."},
    {"json", -1, "{\"a\":}",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Expected JSON value, but found "
     "\"}\". CONTEXT: JSON data, line 1: {\"a\":}"},
    {"json", -1, "]",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Expected JSON value, but found "
     "\"]\". CONTEXT: JSON data, line 1: ]"},
    {"json", -1, ":",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Expected JSON value, but found "
     "\":\". CONTEXT: JSON data, line 1: :"},
    {"jsonb", -1, "\"\\u0000\"",
     "ERROR 22P05: unsupported Unicode escape sequence DETAIL: \\u0000 cannot be converted to "
     "text. CONTEXT: JSON data, line 1: \"\\u0000..."},
    {"jsonb", -1, "\"\\ud83d\"",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Unicode low surrogate must follow a "
     "high surrogate. CONTEXT: JSON data, line 1: \"\\ud83d..."},
    {"jsonb", -1, "\"\\ude00\\ud83d\"",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Unicode low surrogate must follow a "
     "high surrogate. CONTEXT: JSON data, line 1: \"\\ude00..."},
    {"jsonb", -1, "\"\\ud83d\\ud83d\"",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Unicode high surrogate must not "
     "follow a high surrogate. CONTEXT: JSON data, line 1: \"\\ud83d\\ud83d..."},
    {"jsonb", -1, "\"\\ud83dx\"",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Unicode low surrogate must follow a "
     "high surrogate. CONTEXT: JSON data, line 1: \"\\ud83d..."},
    {"jsonb", -1, "{\"a\":1,\"a\":2,\"a\":null}", "{\"a\": null}"},
    {"jsonb", -1, "1e-20000", "ERROR 22003: value overflows numeric format"},
    {"jsonb", -1, "[1e5, 0.0010e2, 100e-2]", "[100000, 0.10, 1.00]"},
    {"jsonb", -1, "{\"\":1,\"\303\251\":2,\"z\":3}", "{\"\": 1, \"z\": 3, \"\303\251\": 2}"},
    {"jsonb", -1, "-1", "-1"},
    {"jsonb", -1, "--1",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Token \"-\" is invalid. CONTEXT: "
     "JSON data, line 1: -..."},
    {"jsonb", -1, "1.2.3",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Token \".\" is invalid. CONTEXT: "
     "JSON data, line 1: 1.2...."},
    {"jsonb", -1, "1a",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Token \"1a\" is invalid. CONTEXT: "
     "JSON data, line 1: 1a"},
    {"jsonb", -1, "[1}",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Expected \",\" or \"]\", but found "
     "\"}\". CONTEXT: JSON data, line 1: [1}"},
    {"jsonb", -1, "{\"a\":1]",
     "ERROR 22P02: invalid input syntax for type json DETAIL: Expected \",\" or \"}\", but found "
     "\"]\". CONTEXT: JSON data, line 1: {\"a\":1]"},
};

static const struct {
    const char *type;
    const char *input;
    const char *hex;
} binary_cases[] = {
    {"numeric", "0", "0000000000000000"},
    {"numeric", "1", "00010000000000000001"},
    {"numeric", "-1", "00010000400000000001"},
    {"numeric", "0.1", "0001ffff0000000103e8"},
    {"numeric", "0.0001", "0001ffff000000040001"},
    {"numeric", "0.00001", "0001fffe0000000503e8"},
    {"numeric", "10000", "00010001000000000001"},
    {"numeric", "12345.6789", "0003000100000004000109291a85"},
    {"numeric", "-123456789012345678901234567890.12345678",
     "000a000740000008000c0d801ed204d2162e23340d801ed204d2162e"},
    {"numeric", "1.5000", "000200000000000400011388"},
    {"numeric", "NaN", "00000000c0000000"},
    {"numeric", "-inf", "00000000f0000020"},
    {"numeric", "inf", "00000000d0000020"},
    {"int2", "-2", "fffe"},
    {"int4", "-2", "fffffffe"},
    {"int8", "-2", "fffffffffffffffe"},
    {"float4", "1.5", "3fc00000"},
    {"float8", "1.5", "3ff8000000000000"},
    {"bool", "t", "01"},
    {"text", "h\303\251llo", "68c3a96c6c6f"},
    {"bytea", "\\x00ff", "00ff"},
    {"uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc999c0b4ef8bb6d6bb9bd380a11"},
    {"jsonb", "{\"a\":1}", "017b2261223a20317d"},
    {"json", "{\"a\":1}", "7b2261223a317d"},
    {"int4[]", "{1,NULL,3}",
     "00000001000000010000001700000003000000010000000400000001ffffffff0000000400000003"},
    {"int4[]", "{}", "000000000000000000000017"},
    {"text[]", "[0:1][2:3]={{a,b},{c,NULL}}",
     "00000002000000010000001900000002000000000000000200000002000000016100000001620000000163fffffff"
     "f"},
    {"timestamp", "2024-02-03 04:05:06.789", "0002b3711a446a88"},
    {"date", "2024-02-03", "0000225f"},
    {"time", "04:05:06", "000000036c8bc080"},
    {"timestamptz", "2024-02-03 04:05:06+02", "0002b36f6d111880"},
    {"interval", "1 mon 2 days 03:04:05", "00000002925553400000000200000001"},
    {"oid", "4000000000", "ee6b2800"},
};

static void describe_error(const Error *err, StrBuf *out) {
    strbuf_printf(out, "ERROR %s: %s", sqlstate_code(err->sqlstate), err->message);
    if (err->detail[0])
        strbuf_printf(out, " DETAIL: %s", err->detail);
    if (err->context[0])
        strbuf_printf(out, " CONTEXT: %s", err->context);
}

static SqlType type_named(const char *name, int32_t typmod) {
    SqlType type;

    assert_true(type_from_name(name, &type));
    type.typmod = typmod;
    return type;
}

static void text_forms_are_postgresql_s(void **state) {
    for (size_t i = 0; i < ARRAY_LENGTH(text_cases); i++) {
        CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
        SqlType type = type_named(text_cases[i].type, text_cases[i].typmod);
        /* An exact copy on the heap lets the address sanitizer see a read past its end. */
        size_t length = strlen(text_cases[i].input);
        char *input = arena_memdup(arena, text_cases[i].input, length);
        StrBuf out = {0};
        Value value;
        Error err;

        error_clear(&err);
        if (value_parse_text(type, input, length, &form_settings_default, arena, &value, &err) ==
            STATUS_OK)
            value_append_text(&value, &form_settings_default, &out);
        else
            describe_error(&err, &out);
        if (strcmp(strbuf_text(&out), text_cases[i].expected) != 0)
            print_message("case %zu: %s '%s'\n", i, text_cases[i].type, text_cases[i].input);
        assert_string_equal(strbuf_text(&out), text_cases[i].expected);
        strbuf_done(&out);
    }
}

static void check_hostile_prefixes(SqlType type, const StrBuf *bytes, Arena *arena) {
    Value value;
    Error err;

    for (size_t size = 0; size < bytes->length; size++) {
        const uint8_t *prefix = arena_memdup(arena, bytes->data, size);

        IGNORE(value_parse_binary(type, prefix, size, arena, &value, &err)); /* must not crash */
    }
}

static void binary_forms_are_postgresql_s(void **state) {
    for (size_t i = 0; i < ARRAY_LENGTH(binary_cases); i++) {
        CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
        SqlType type = type_named(binary_cases[i].type, -1);
        const char *input = binary_cases[i].input;
        StrBuf bytes = {0};
        StrBuf hex = {0};
        Value value;
        Value back;
        Error err;

        assert_int_equal(value_parse_text(type, input, strlen(input), &form_settings_default, arena,
                                          &value, &err),
                         STATUS_OK);
        value_append_binary(&value, &bytes);
        for (size_t k = 0; k < bytes.length; k++)
            strbuf_printf(&hex, "%02x", (unsigned char) bytes.data[k]);
        if (strcmp(strbuf_text(&hex), binary_cases[i].hex) != 0)
            print_message("case %zu: %s '%s'\n", i, binary_cases[i].type, input);
        assert_string_equal(strbuf_text(&hex), binary_cases[i].hex);
        assert_int_equal(value_parse_binary(type, (const uint8_t *) strbuf_text(&bytes),
                                            bytes.length, arena, &back, &err),
                         STATUS_OK);
        assert_true(value_equal(&value, &back));
        check_hostile_prefixes(type, &bytes, arena);
        strbuf_done(&bytes);
        strbuf_done(&hex);
    }
}

static void check_json(const char *type_name, const char *input, const char *expected) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    StrBuf out = {0};
    Value value;
    Error err;

    assert_int_equal(value_parse_text(type_named(type_name, -1), input, strlen(input),
                                      &form_settings_default, arena, &value, &err),
                     STATUS_OK);
    value_append_json(&value, &form_settings_default, &out);
    assert_string_equal(strbuf_text(&out), expected);
    strbuf_done(&out);
}

static void json_forms_are_to_json_s(void **state) {
    check_json("int4", "-5", "-5");
    check_json("float8", "NaN", "\"NaN\"");
    check_json("float8", "1e23", "9.999999999999999e+22");
    check_json("numeric", "1.50", "1.50");
    check_json("bool", "t", "true");
    check_json("text", "a\"b\\\n\001", "\"a\\\"b\\\\\\n\\u0001\"");
    check_json("timestamp", "2024-02-03 04:05:06.5", "\"2024-02-03T04:05:06.5\"");
    check_json("timestamptz", "2024-02-03 04:05:06+00", "\"2024-02-03T04:05:06+00:00\"");
    check_json("date", "2024-02-03", "\"2024-02-03\"");
    check_json("int4[]", "{{1,2},{3,NULL}}", "[[1,2],[3,null]]");
    check_json("json", "{\"a\" :1}", "{\"a\" :1}");
    check_json("uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
               "\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\"");
}

static void records_print_and_read(void **state) {
    static const SqlType fields_types[] = {{.id = TYPE_INT4, .typmod = -1},
                                           {.id = TYPE_TEXT, .typmod = -1}};
    static const RecordField fields[] = {{"a", &fields_types[0]}, {"b", &fields_types[1]}};
    SqlType type = {.id = TYPE_RECORD, .typmod = -1, .fields = fields, .field_count = 2};
    static const char *const texts[] = {"(1,\"x \"\"y\"\"\")", "(,)", "(5,\"\")", "(7,plain)"};

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
        StrBuf out = {0};
        Value value;
        Error err;

        assert_int_equal(value_parse_text(type, texts[i], strlen(texts[i]), &form_settings_default,
                                          arena, &value, &err),
                         STATUS_OK);
        value_append_text(&value, &form_settings_default, &out);
        assert_string_equal(strbuf_text(&out), texts[i]);
        strbuf_done(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_forms_are_postgresql_s),
        cmocka_unit_test(binary_forms_are_postgresql_s),
        cmocka_unit_test(json_forms_are_to_json_s),
        cmocka_unit_test(records_print_and_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
