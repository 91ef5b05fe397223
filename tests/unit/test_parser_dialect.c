/* Parser: every production of the grammar, from tests/grammar/dialect.txt.
 *
 * Each line there is a statement. It parses; its canonical text parses again and gives the same
 * canonical text. tests/grammar/coverage.py finds productions without a
 * line. */
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
#include "parser/parser.h"

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

    if (strcmp(canonical, again) != 0)
        fail_msg("line %d: %s\nbecomes %s\nand then %s", number, line, canonical, again);
}

static int check_lines(void) {
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
        check_fixed_point(arena, number, line);
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
    assert_true(check_lines() > 300);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_text_is_a_fixed_point),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
