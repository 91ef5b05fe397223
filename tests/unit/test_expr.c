/* Expressions: building, text, folding, and programs over batches: laziness, NULLs, selections. */
#include <stdio.h>

#include "tests/unit/expr_support.h"

enum { ROWS = 200 };

typedef struct Fixture {
    Arena *arena;
    Batch batch;
    Column columns[3]; /* v int8: row number; k text: 'k0'…'k4'; n int8: row, NULL when odd */
    const Expr *v;
    const Expr *k;
    const Expr *n;
} Fixture;

static const ColumnId ids[] = {1, 2, 3};

static void fixture_init(Fixture *fixture) {
    Arena *arena = arena_create("fixture", 0);

    *fixture = (Fixture) {.arena = arena};
    fixture->columns[0] = column_create(SQL_TYPE(INT8), ROWS, arena);
    fixture->columns[1] = column_create(SQL_TYPE(TEXT), ROWS, arena);
    fixture->columns[2] = column_create(SQL_TYPE(INT8), ROWS, arena);
    for (uint32_t row = 0; row < ROWS; row++) {
        char name[8];
        int length = snprintf(name, sizeof(name), "k%u", row % 5);

        ((int64_t *) fixture->columns[0].values)[row] = row;
        ((TextView *) fixture->columns[1].values)[row] = text_view(name, (uint32_t) length);
        if (row % 2)
            column_set_null(&fixture->columns[2], row, ROWS, arena);
        else
            ((int64_t *) fixture->columns[2].values)[row] = row;
    }
    fixture->batch = (Batch) {.row_count = ROWS, .column_count = 3, .columns = fixture->columns};
    fixture->v = expr_column(arena, 1, SQL_TYPE(INT8), "v");
    fixture->k = expr_column(arena, 2, SQL_TYPE(TEXT), "k");
    fixture->n = expr_column(arena, 3, SQL_TYPE(INT8), "n");
}

static const Expr *call2(Fixture *fixture, const char *name, const Expr *left, const Expr *right) {
    const Expr *arguments[] = {left, right};
    const Expr *call = NULL;
    Error err = {0};

    if (expr_call_named(fixture->arena, name, arguments, 2, 0, &call, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    return call;
}

static const Expr *literal(Fixture *fixture, const char *text) {
    return case_argument(fixture->arena, text);
}

static uint32_t select_count(Fixture *fixture, const Expr *expr) {
    CLEANUP(expr_program_destroyp) ExprProgram *program = NULL;
    EvalContext context = {.settings = &form_settings_default};
    uint32_t selection[ROWS];
    uint32_t count = 0;
    Error err = {0};

    if (expr_compile(expr, ids, 3, &program, &err) != STATUS_OK ||
        expr_select(program, &fixture->batch, &context, fixture->arena, selection, &count, &err) !=
            STATUS_OK)
        fail_msg("%s", err.message);
    return count;
}

static Column evaluate(Fixture *fixture, const Expr *expr) {
    CLEANUP(expr_program_destroyp) ExprProgram *program = NULL;
    EvalContext context = {.settings = &form_settings_default};
    Column column;
    Error err = {0};

    if (expr_compile(expr, ids, 3, &program, &err) != STATUS_OK ||
        expr_evaluate(program, &fixture->batch, &context, fixture->arena, &column, &err) !=
            STATUS_OK)
        fail_msg("%s", err.message);
    return column_flatten(&column, fixture->batch.row_count, fixture->arena);
}

static void filters_narrow_the_selection(void **state) {
    Fixture fixture;
    const Expr *conditions[2];

    fixture_init(&fixture);
    conditions[0] = call2(&fixture, ">=", fixture.v, literal(&fixture, "int4:100"));
    conditions[1] = call2(&fixture, "=", fixture.k, literal(&fixture, "'k3"));
    assert_int_equal(select_count(&fixture, conditions[0]), 100);
    assert_int_equal(select_count(&fixture, conditions[1]), 40);
    assert_int_equal(select_count(&fixture, expr_and(fixture.arena, conditions, 2)), 20);
    assert_int_equal(select_count(&fixture, expr_or(fixture.arena, conditions, 2)), 120);
    arena_destroy(fixture.arena);
}

static void null_conditions_select_nothing(void **state) {
    Fixture fixture;
    const Expr *conditions[2];

    fixture_init(&fixture);
    conditions[0] = call2(&fixture, "<", fixture.n, literal(&fixture, "int4:100"));
    conditions[1] = call2(&fixture, "<", fixture.v, literal(&fixture, "int4:100"));
    assert_int_equal(select_count(&fixture, conditions[0]), 50);
    assert_int_equal(select_count(&fixture, expr_not(fixture.arena, conditions[0])), 50);
    assert_int_equal(select_count(&fixture, expr_and(fixture.arena, conditions, 2)), 50);
    assert_int_equal(select_count(&fixture, expr_or(fixture.arena, conditions, 2)), 100);
    arena_destroy(fixture.arena);
}

/* All nine pairs of true, false and NULL. */
static void connectives_are_three_valued(void **state) {
    static const char *const values[] = {"bool:t", "bool:f", "bool:NULL"};
    static const char *const and_table[] = {"t", "f", "NULL", "f", "f", "f", "NULL", "f", "NULL"};
    static const char *const or_table[] = {"t", "t", "t", "t", "f", "NULL", "t", "NULL", "NULL"};
    Fixture fixture;

    fixture_init(&fixture);
    for (int i = 0; i < 9; i++) {
        Column columns[2];
        const Expr *sides[2];
        Batch batch = {.row_count = 1, .column_count = 2, .columns = columns};
        Value value;
        Column result;

        for (int j = 0; j < 2; j++) {
            const Expr *side = literal(&fixture, values[j ? i % 3 : i / 3]);

            columns[j] = column_create(SQL_TYPE(BOOL), 1, fixture.arena);
            column_put(&columns[j], 0, &side->constant, 1, fixture.arena);
            sides[j] = expr_column(fixture.arena, j + 1, SQL_TYPE(BOOL), "b");
        }
        fixture.batch = batch;
        result = evaluate(&fixture, expr_and(fixture.arena, sides, 2));
        value = column_get(&result, 0);
        assert_string_equal(value_as_text(fixture.arena, &value), and_table[i]);
        result = evaluate(&fixture, expr_or(fixture.arena, sides, 2));
        value = column_get(&result, 0);
        assert_string_equal(value_as_text(fixture.arena, &value), or_table[i]);
    }
    arena_destroy(fixture.arena);
}

static void case_evaluates_an_arm_only_where_it_is_reached(void **state) {
    Fixture fixture;
    const Expr *arms[3];
    const Expr *expr = NULL;
    Column column;

    fixture_init(&fixture);
    arms[0] = call2(&fixture, "=", fixture.v, literal(&fixture, "int8:0"));
    arms[1] = literal(&fixture, "int8:-1");
    arms[2] = call2(&fixture, "/", literal(&fixture, "int8:1000"), fixture.v);
    expr = expr_case(fixture.arena, SQL_TYPE(INT8), arms, 3);
    column = evaluate(&fixture, expr);
    assert_int_equal(COLUMN_VALUE(&column, int64_t, 0), -1);
    assert_int_equal(COLUMN_VALUE(&column, int64_t, 10), 100);
    arms[0] = call2(&fixture, "<>", fixture.v, literal(&fixture, "int8:0"));
    arms[1] = call2(&fixture, ">", arms[2], literal(&fixture, "int8:99"));
    assert_int_equal(select_count(&fixture, expr_and(fixture.arena, arms, 2)), 10);
    arena_destroy(fixture.arena);
}

static void in_list_knows_null(void **state) {
    Fixture fixture;
    const Expr *list[3];
    Column column;

    fixture_init(&fixture);
    list[0] = fixture.v;
    list[1] = literal(&fixture, "int8:7");
    list[2] = literal(&fixture, "int8:3");
    assert_int_equal(select_count(&fixture, expr_in(fixture.arena, list, 3)), 2);
    list[2] = literal(&fixture, "int8:NULL");
    column = evaluate(&fixture, expr_in(fixture.arena, list, 3));
    assert_false(column_is_null(&column, 7));
    assert_true(column_is_null(&column, 8));
    list[0] = fixture.k;
    list[1] = literal(&fixture, "text:k1");
    list[2] = literal(&fixture, "text:k4");
    assert_int_equal(select_count(&fixture, expr_in(fixture.arena, list, 3)), 80);
    arena_destroy(fixture.arena);
}

static void text_form_reads_as_sql(void **state) {
    Fixture fixture;
    CLEANUP(strbuf_done) StrBuf text = {0};
    const Expr *conditions[2];

    fixture_init(&fixture);
    conditions[0] = call2(&fixture, ">", fixture.v, literal(&fixture, "int8:10"));
    conditions[1] =
        expr_not(fixture.arena, call2(&fixture, "=", fixture.k, literal(&fixture, "'it's")));
    expr_append_text(expr_and(fixture.arena, conditions, 2), &text);
    assert_string_equal(strbuf_text(&text), "(v > 10) AND (NOT (k = 'it''s'))");
    arena_destroy(fixture.arena);
}

static void too_deep_an_expression_is_an_error(void **state) {
    Fixture fixture;
    const Expr *expr = NULL;
    ExprProgram *program = NULL;
    Error err = {0};

    fixture_init(&fixture);
    expr = fixture.v;
    for (int i = 0; i < LIMIT_NESTING * 5; i++)
        expr = call2(&fixture, "+", expr, fixture.v);
    assert_int_equal(expr_compile(expr, ids, 3, &program, &err), STATUS_ERROR);
    assert_int_equal(err.sqlstate, SQLSTATE_STATEMENT_TOO_COMPLEX);
    arena_destroy(fixture.arena);
}

static void equality_sees_structure(void **state) {
    Fixture fixture;
    const Expr *left = NULL;

    fixture_init(&fixture);
    left = call2(&fixture, "+", fixture.v, literal(&fixture, "int8:1"));
    assert_true(expr_equal(left, call2(&fixture, "+", fixture.v, literal(&fixture, "int8:1"))));
    assert_false(expr_equal(left, call2(&fixture, "+", fixture.v, literal(&fixture, "int8:2"))));
    assert_false(expr_equal(left, call2(&fixture, "-", fixture.v, literal(&fixture, "int8:1"))));
    assert_true(expr_can_fail(left));
    assert_false(expr_can_fail(call2(&fixture, "=", fixture.v, fixture.n)));
    arena_destroy(fixture.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_narrow_the_selection),
        cmocka_unit_test(null_conditions_select_nothing),
        cmocka_unit_test(connectives_are_three_valued),
        cmocka_unit_test(case_evaluates_an_arm_only_where_it_is_reached),
        cmocka_unit_test(in_list_knows_null),
        cmocka_unit_test(text_form_reads_as_sql),
        cmocka_unit_test(too_deep_an_expression_is_an_error),
        cmocka_unit_test(equality_sees_structure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
