/* Parser: statements, their extents, positions of errors, limits. The grammar's breadth is in
 * test_parser_dialect.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "parser/ast_expr.h"
#include "parser/ast_query.h"
#include "parser/ast_walk.h"
#include "parser/parser.h"

typedef struct Fixture {
    Arena *arena;
    AstStatementList *list;
    Error err;
} Fixture;

static int setup(void **state) {
    Fixture *fixture = test_calloc(1, sizeof(Fixture));

    fixture->arena = arena_create("test", 0);
    *state = fixture;
    return 0;
}

static int teardown(void **state) {
    Fixture *fixture = *state;

    arena_destroy(fixture->arena);
    test_free(fixture);
    return 0;
}

static Status parse(Fixture *fixture, const char *sql) {
    return parser_parse(sql, strlen(sql), fixture->arena, &fixture->list, &fixture->err);
}

static void expect_error(Fixture *fixture, const char *sql, const char *code, int position,
                         const char *message) {
    assert_int_equal(parse(fixture, sql), STATUS_ERROR);
    assert_string_equal(fixture->err.message, message);
    assert_string_equal(sqlstate_code(fixture->err.sqlstate), code);
    assert_int_equal(fixture->err.position, position);
}

static void statements_have_their_extents(void **state) {
    Fixture *fixture = *state;
    const char *sql = " ; SELECT 1 ;;/* c */ SELECT $3, $1 -- end\n;";

    assert_int_equal(parse(fixture, sql), STATUS_OK);
    assert_int_equal(fixture->list->count, 2);
    assert_int_equal(fixture->list->items[0].start_byte, 3);
    assert_int_equal(fixture->list->items[0].end_byte, 11);
    assert_int_equal(fixture->list->items[1].start_byte, 22);
    assert_int_equal(fixture->list->items[1].end_byte, 35);
    assert_int_equal(fixture->list->items[1].parameter_count, 3);
    assert_int_equal(ast_parameter_count(fixture->list->items[1].node), 3);
}

static void empty_text_has_no_statement(void **state) {
    Fixture *fixture = *state;

    assert_int_equal(parse(fixture, ""), STATUS_OK);
    assert_int_equal(fixture->list->count, 0);
    assert_int_equal(parse(fixture, " ;; -- x"), STATUS_OK);
    assert_int_equal(fixture->list->count, 0);
}

static void positions_count_characters(void **state) {
    Fixture *fixture = *state;

    assert_int_equal(parse(fixture, "SELECT 'äöü', x"), STATUS_OK);
    const AstQuery *query = (const AstQuery *) fixture->list->items[0].node;
    const AstSelect *select = (const AstSelect *) query->body;
    assert_int_equal(select->targets.items[0]->position, 8);
    assert_int_equal(select->targets.items[1]->position, 15);
}

static void syntax_errors_are_postgresqls(void **state) {
    Fixture *fixture = *state;

    expect_error(fixture, "SELECT 1 FRM t", "42601", 14, "syntax error at or near \"t\"");
    expect_error(fixture, "SELECT 'ü' FROM WHERE", "42601", 17,
                 "syntax error at or near \"WHERE\"");
    expect_error(fixture, "SELECT (1", "42601", 10, "syntax error at end of input");
    expect_error(fixture, "SELECT 1; SELEC 2", "42601", 11, "syntax error at or near \"SELEC\"");
    expect_error(fixture, "SELECT (;", "42601", 9, "syntax error at or near \";\"");
    expect_error(fixture, "SELECT \\", "42601", 8, "syntax error at or near \"\\\"");
    expect_error(fixture, "SELECT a FROM t WHERE 'x' 'y'", "42601", 27,
                 "syntax error at or near \"'y'\"");
}

static void faults_of_constructors_have_positions(void **state) {
    Fixture *fixture = *state;

    expect_error(fixture, "VALUES (1), (2, 3)", "42601", 14,
                 "VALUES lists must all be the same length");
    expect_error(fixture, "CREATE STREAM s TRIGGER ONCE TRIGGER MANUAL AS SELECT 1", "42601", 30,
                 "conflicting or redundant options");
    expect_error(fixture, "SELECT $65536", "42601", 8, "there is no parameter $65536");
    expect_error(fixture, "SELECT * FROM a.b.c.d", "42601", 15,
                 "improper qualified name (too many dotted names): a.b.c.d");
}

static void bytes_that_are_not_utf8_are_refused(void **state) {
    Fixture *fixture = *state;
    const char sql[] = "SELECT \xff";

    expect_error(fixture, sql, "22021", 8, "invalid byte sequence for encoding \"UTF8\": 0xff");
    assert_int_equal(parser_parse("a\0b", 3, fixture->arena, &fixture->list, &fixture->err),
                     STATUS_ERROR);
    assert_string_equal(sqlstate_code(fixture->err.sqlstate), "22021");
}

/* prefix, `count` times repeated, suffix */
static Status parse_repeated(Fixture *fixture, const char *prefix, const char *repeated, int count,
                             const char *suffix) {
    StrBuf sql = {0};
    Status status = STATUS_OK;

    strbuf_append_text(&sql, prefix);
    for (int i = 0; i < count; i++)
        strbuf_append_text(&sql, repeated);
    strbuf_append_text(&sql, suffix);
    status = parser_parse(sql.data, sql.length, fixture->arena, &fixture->list, &fixture->err);
    strbuf_done(&sql);
    return status;
}

static void long_chains_of_and_are_one_level(void **state) {
    Fixture *fixture = *state;

    assert_int_equal(parse_repeated(fixture, "SELECT a", " AND b", 20000, ""), STATUS_OK);
    const AstQuery *query = (const AstQuery *) fixture->list->items[0].node;
    const AstSelect *select = (const AstSelect *) query->body;
    const AstTarget *target = (const AstTarget *) select->targets.items[0];
    assert_int_equal(target->value->kind, AST_AND);
    assert_int_equal(((const AstLogical *) target->value)->operands.count, 20001);
    assert_int_equal(parse_repeated(fixture, "SELECT 1 WHERE 1 IN (0", ", 1", 20000, ")"),
                     STATUS_OK);
    assert_int_equal(parse_repeated(fixture, "SELECT 1", " + 1", 1000, ""), STATUS_OK);
}

static void expect_too_deep(Fixture *fixture) {
    assert_string_equal(sqlstate_code(fixture->err.sqlstate), "54001");
}

static void deep_nesting_is_refused_not_a_crash(void **state) {
    Fixture *fixture = *state;

    assert_int_equal(parse_repeated(fixture, "SELECT 1", " + 1", 100000, ""), STATUS_ERROR);
    expect_too_deep(fixture);
    assert_int_equal(parse_repeated(fixture, "SELECT ", "(", 100000, "1"), STATUS_ERROR);
    expect_too_deep(fixture);
    assert_int_equal(parse_repeated(fixture, "SELECT ", "- ", 100000, "a"), STATUS_ERROR);
    expect_too_deep(fixture);
    assert_int_equal(parse_repeated(fixture, "SELECT ", "(SELECT ", 100000, "1"), STATUS_ERROR);
    expect_too_deep(fixture);
    assert_int_equal(parse_repeated(fixture, "SELECT 1", " UNION SELECT 1", 100000, ""),
                     STATUS_ERROR);
    expect_too_deep(fixture);
    assert_int_equal(parse_repeated(fixture, "SELECT a", "::int", 100000, ""), STATUS_ERROR);
    expect_too_deep(fixture);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(statements_have_their_extents),
        T(empty_text_has_no_statement),
        T(positions_count_characters),
        T(syntax_errors_are_postgresqls),
        T(faults_of_constructors_have_positions),
        T(bytes_that_are_not_utf8_are_refused),
        T(long_chains_of_and_are_one_level),
        T(deep_nesting_is_refused_not_a_crash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
