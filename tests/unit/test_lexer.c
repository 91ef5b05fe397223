/* Lexer and lookahead: tables of texts and the tokens they give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "parser/grammar.h"
#include "parser/lookahead.h"

typedef struct Case {
    const char *sql;
    const char *expected; /* texts with a blank between; of an error its message */
} Case;

/* The texts of the tokens that the grammar would see. */
static void lex(const char *sql, StrBuf *out) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    Lookahead lookahead;
    LexToken token = {.kind = TK_ID};
    Error err = {0};

    lookahead_init(&lookahead, sql, strlen(sql), arena);
    while (token.kind != 0) {
        if (lookahead_next(&lookahead, &token, &err) != STATUS_OK) {
            strbuf_clear(out);
            strbuf_append_text(out, err.message);
            return;
        }
        if (out->length > 0 && token.kind != 0)
            strbuf_append_char(out, ' ');
        strbuf_append(out, token.value.text, (size_t) token.value.length);
    }
}

static void check(const Case *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        StrBuf out = {0};
        lex(cases[i].sql, &out);
        if (strcmp(strbuf_text(&out), cases[i].expected) != 0)
            fail_msg("%s: %s, expected %s", cases[i].sql, strbuf_text(&out), cases[i].expected);
        strbuf_done(&out);
    }
}

static void words_are_folded_and_cut(void **state) {
    static const Case cases[] = {
        {"SeLeCT Foo_1$", "select foo_1$"},
        {"\"Foo\" \"a\"\"b\"", "Foo a\"b"},
        {"ÄB", "Äb"},
        {"a123456789b123456789c123456789d123456789e123456789f123456789g123456789",
         "a123456789b123456789c123456789d123456789e123456789f123456789g12"},
        {"a123456789b123456789c123456789d123456789e123456789f123456789g1ä",
         "a123456789b123456789c123456789d123456789e123456789f123456789g1"},
        {"U&\"d\\0061t\\+000061\"", "data"},
        {"U&\"d!0061\" UESCAPE '!' x", "da x"},
        {"\"\"", "zero-length delimited identifier at or near \"\"\"\""},
        {"\"abc", "unterminated quoted identifier at or near \"\"abc\""},
    };

    (void) state;
    check(cases, ARRAY_LENGTH(cases));
}

static void strings_are_decoded(void **state) {
    static const Case cases[] = {
        {"'a''b'", "a'b"},
        {"'a\\b'", "a\\b"},
        {"'a'\n  'b' -- c\n 'd'", "abd"},
        {"E'a\\n\\x41\\101\\u0041\\'\\q'", "a\nAAA'q"},
        {"E'\\ud83d\\ude00'", "\xf0\x9f\x98\x80"},
        {"E'\\ud83d'", "invalid Unicode surrogate pair"},
        {"E'\\u12'", "invalid Unicode escape"},
        {"E'\\xff'", "invalid byte sequence for encoding \"UTF8\": 0xff"},
        {"E'\\0'", "invalid byte sequence for encoding \"UTF8\": 0x00"},
        {"$$a'b$$ $x$a$$b$x$", "a'b a$$b"},
        {"$x$abc", "unterminated dollar-quoted string at or near \"$x$abc\""},
        {"b'01' X'1f' n'x'", "b01 x1f x"},
        {"'abc", "unterminated quoted string at or near \"'abc\""},
        {"x'1", "unterminated hexadecimal string literal at or near \"x'1\""},
    };

    (void) state;
    check(cases, ARRAY_LENGTH(cases));
}

static void numbers_and_parameters(void **state) {
    static const Case cases[] = {
        {"1 1.5 .5 1. 1e10 1.5E-3 $12", "1 1.5 .5 1. 1e10 1.5E-3 12"},
        {"123abc", "trailing junk after numeric literal at or near \"123a\""},
        {"1.5x", "trailing junk after numeric literal at or near \"1.5x\""},
        {"1e", "trailing junk after numeric literal at or near \"1e\""},
        {"$1a", "trailing junk after parameter at or near \"$1a\""},
        {"a[1:2]", "a [ 1 : 2 ]"},
    };

    (void) state;
    check(cases, ARRAY_LENGTH(cases));
}

static void operators_follow_postgresqls_rules(void **state) {
    static const Case cases[] = {
        {"a<=-1", "a <= - 1"},
        {"a@-1", "a @- 1"},
        {"a*-b", "a * - b"},
        {"a!=b a<>b", "a <> b a <> b"},
        {"a->>b#>>c@>d", "a ->> b #>> c @> d"},
        {"a::int:=b=>c", "a :: int := b => c"},
        {"a--b\n+c", "a + c"},
        {"a/* /* x */ y */+b", "a + b"},
        {"a+/*x*/b", "a + b"},
        {"a !~* b ~~ c", "a !~* b ~~ c"},
        {"/* a", "unterminated /* comment at or near \"/* a\""},
    };

    (void) state;
    check(cases, ARRAY_LENGTH(cases));
}

/* Kinds of the first tokens of a text. */
static void expect_kinds(const char *sql, const int *kinds, int count) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("test", 0);
    Lookahead lookahead;
    LexToken token;
    Error err = {0};

    lookahead_init(&lookahead, sql, strlen(sql), arena);
    for (int i = 0; i < count; i++) {
        assert_int_equal(lookahead_next(&lookahead, &token, &err), STATUS_OK);
        if (token.kind != kinds[i])
            fail_msg("%s: token %d is %d, expected %d", sql, i, token.kind, kinds[i]);
    }
}

#define EXPECT(sql, ...) \
    expect_kinds(sql, (const int[]) {__VA_ARGS__}, (int) ARRAY_LENGTH(((int[]) {__VA_ARGS__})))

static void words_mean_what_their_neighbours_say(void **state) {
    (void) state;
    EXPECT("window w AS (", TK_WINDOW, TK_ID, TK_AS, TK_LP);
    EXPECT("window (", TK_ID, TK_LP);
    EXPECT("window.start", TK_ID, TK_DOT, TK_ID);
    EXPECT("a not in (", TK_ID, TK_NOT_IN, TK_LP);
    EXPECT("a not null", TK_ID, TK_NOT, TK_NULL);
    EXPECT("left (", TK_ID, TK_LP);
    EXPECT("left join", TK_LEFT, TK_JOIN);
    EXPECT("t.select", TK_ID, TK_DOT, TK_ID);
    EXPECT("t.*", TK_ID, TK_DOT_STAR);
    EXPECT("offset => 1", TK_ID, TK_ARROW, TK_INTEGER);
    EXPECT(") over (", TK_RP, TK_OVER, TK_LP);
    EXPECT("a over (", TK_ID, TK_ID, TK_LP);
    EXPECT(") filter (", TK_RP, TK_FILTER, TK_LP);
    EXPECT("watermark for", TK_WATERMARK_FOR, TK_FOR);
    EXPECT("watermark ts delay of", TK_WATERMARK_DELAY, TK_ID, TK_DELAY, TK_OF);
    EXPECT("watermark ts", TK_WATERMARK, TK_ID);
    EXPECT("emit changes", TK_EMIT_CHANGES);
    EXPECT("emit x", TK_ID, TK_ID);
    EXPECT("with time zone", TK_WITH_TIME_ZONE);
    EXPECT("for system_time as of", TK_FOR_SYSTEM_TIME);
    EXPECT("asof join", TK_ASOF, TK_JOIN);
    EXPECT("asof x", TK_ID, TK_ID);
    EXPECT("interval 'x'", TK_INTERVAL, TK_STRING);
    EXPECT("interval ,", TK_ID, TK_COMMA);
    EXPECT("coalesce ,", TK_ID, TK_COMMA);
    EXPECT("\"select\"", TK_ID);
}

static void keywords_are_sorted_and_found(void **state) {
    int count = 0;
    const Keyword *table = keyword_table(&count);

    (void) state;
    for (int i = 0; i < count; i++) {
        assert_ptr_equal(keyword_find(table[i].name, strlen(table[i].name)), &table[i]);
        assert_true(i == 0 || strcmp(table[i - 1].name, table[i].name) < 0);
    }
    assert_null(keyword_find("selec", 5));
    assert_null(keyword_find("selects", 7));
    assert_int_equal(keyword_find("select", 6)->category, KEYWORD_RESERVED);
    assert_int_equal(keyword_category_code(keyword_find("left", 4)->category), 'T');
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_folded_and_cut),
        cmocka_unit_test(strings_are_decoded),
        cmocka_unit_test(numbers_and_parameters),
        cmocka_unit_test(operators_follow_postgresqls_rules),
        cmocka_unit_test(words_mean_what_their_neighbours_say),
        cmocka_unit_test(keywords_are_sorted_and_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
