/* Parser: every production of the grammar, from tests/grammar/dialect.txt.
 *
 * Each line there is a statement. It parses; its canonical text parses again and gives the same
 * canonical text, on one line and pretty. Productions without a line are found from the grammar's
 * trace: tests/grammar/coverage compares what this test writes with the rules of the grammar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parser/ast.h"
#include "parser/deparse.h"
#include "parser/grammar_run.h"
#include "parser/parser.h"

typedef void (*LineCheck)(Arena *arena, int number, const char *line);

/* The only statement of `sql`; fails the test with the line's number when it does not parse. */
static AstNode *parse_one(Arena *arena, int number, const char *sql) {
    AstStatementList *list = NULL;
    Error err = {0};

    if (parser_parse(sql, strlen(sql), arena, &list, &err) != STATUS_OK)
        fail_msg("line %d: %s: %s (at %d): %s", number, sqlstate_code(err.sqlstate), err.message,
                 err.position, sql);
    if (list->count != 1)
        fail_msg("line %d: %d statements: %s", number, list->count, sql);
    return list->items[0].node;
}

static void check_fixed_point(Arena *arena, int number, const char *line) {
    AstNode *node = parse_one(arena, number, line);
    const char *canonical = deparse_node(node, arena);
    const char *again = deparse_node(parse_one(arena, number, canonical), arena);
    const char *pretty = deparse_pretty(node, arena);

    if (strcmp(canonical, again) != 0)
        fail_msg("line %d: %s\nbecomes %s\nand then %s", number, line, canonical, again);
    again = deparse_node(parse_one(arena, number, pretty), arena);
    if (strcmp(canonical, again) != 0)
        fail_msg("line %d: %s\nis pretty as %s\nand then %s", number, line, pretty, again);
}

static int each_line(LineCheck check) {
    FILE *file = fopen(MILLRACE_DIALECT_FILE, "r");
    Arena *arena = arena_create("test", 0);
    char *line = NULL;
    size_t capacity = 0;
    int checked = 0;

    assert_non_null(file);
    for (int number = 1; getline(&line, &capacity, file) >= 0; number++) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '\0' || strncmp(line, "-- ", 3) == 0)
            continue;
        check(arena, number, line);
        arena_reset(arena);
        checked++;
    }
    free(line);
    arena_destroy(arena);
    (void) fclose(file);
    return checked;
}

static void canonical_text_is_a_fixed_point(void **state) {
    (void) state;
    assert_true(each_line(check_fixed_point) > 300);
}

static void check_parses(Arena *arena, int number, const char *line) {
    assert_non_null(parse_one(arena, number, line));
}

static void the_trace_names_every_rule_used(void **state) {
    const char *path = getenv("MILLRACE_GRAMMAR_TRACE");
    FILE *trace = fopen(path != NULL ? path : "/dev/null", "w");
    AstNode *node = NULL;
    Arena *arena = arena_create("test", 0);
    Error err;

    (void) state;
    assert_non_null(trace);
    grammar_run_trace(trace);
    (void) each_line(check_parses);
    assert_int_equal(parser_parse_expression("a", 1, arena, &node, &err), STATUS_OK);
    grammar_run_trace(NULL);
    assert_true(ftell(trace) > 0 || path == NULL);
    (void) fclose(trace);
    arena_destroy(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_text_is_a_fixed_point),
        cmocka_unit_test(the_trace_names_every_rule_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
