/* Random expressions: a program over a batch answers as the same expression over each row alone,
 * errors included. This finds faults of laziness, sharing, NULLs and selections. */
#include "base/hash.h"
#include "tests/unit/expr_support.h"

enum { ROWS = 70, TREES = 1500, DEPTH = 4 };

typedef struct Generator {
    Arena *arena;
    uint64_t seed;
    const Expr *columns[3]; /* a int8, b int8, c boolean */
} Generator;

static uint32_t draw(Generator *self, uint32_t below) {
    self->seed = hash_u64(self->seed + 0x9e3779b97f4a7c15ULL);
    return (uint32_t) (self->seed >> 33) % below;
}

static const Expr *named(Generator *self, const char *name, const Expr *left, const Expr *right) {
    const Expr *arguments[] = {left, right};
    const Expr *call = NULL;
    Error err = {0};

    if (expr_call_named(self->arena, name, arguments, right ? 2 : 1, 0, &call, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    return call;
}

static const Expr *make_boolean(Generator *self, int depth);

static const Expr *make_integer(Generator *self, int depth) {
    static const char *const operators[] = {"+", "-", "*", "/", "%"};
    const Expr *arms[3];

    switch (depth > 0 ? draw(self, 5) : draw(self, 2)) {
    case 0:
        return expr_constant(self->arena, draw(self, 8) ? value_int8((int64_t) draw(self, 5) - 2)
                                                        : value_null(SQL_TYPE(INT8)));
    case 1:
        return self->columns[draw(self, 2)];
    case 2:
        arms[0] = make_boolean(self, depth - 1);
        arms[1] = make_integer(self, depth - 1);
        arms[2] = make_integer(self, depth - 1);
        return expr_case(self->arena, SQL_TYPE(INT8), arms, 3);
    default:
        arms[0] = make_integer(self, depth - 1);
        return named(self, operators[draw(self, 5)], arms[0], make_integer(self, depth - 1));
    }
}

static const Expr *make_connective(Generator *self, int depth) {
    const Expr *sides[3];

    for (int i = 0; i < 3; i++)
        sides[i] = make_boolean(self, depth - 1);
    if (draw(self, 3) == 0)
        sides[2] = sides[0]; /* shared */
    return draw(self, 2) ? expr_and(self->arena, sides, 3) : expr_or(self->arena, sides, 3);
}

static const Expr *make_in(Generator *self, int depth) {
    const Expr *list[4] = {make_integer(self, depth - 1)};

    for (int i = 1; i < 4; i++)
        list[i] = expr_constant(self->arena, draw(self, 6) ? value_int8((int64_t) draw(self, 5))
                                                           : value_null(SQL_TYPE(INT8)));
    return expr_in(self->arena, list, 4);
}

static const Expr *make_boolean(Generator *self, int depth) {
    static const char *const comparisons[] = {"=", "<>", "<", ">="};
    const Expr *left = NULL;

    switch (depth > 0 ? draw(self, 6) : 0) {
    case 0:
        return draw(self, 4) ? self->columns[2]
                             : expr_constant(self->arena, value_bool(draw(self, 2)));
    case 1:
    case 2:
        return make_connective(self, depth);
    case 3:
        return make_in(self, depth);
    case 4:
        return draw(self, 2) ? expr_not(self->arena, make_boolean(self, depth - 1))
                             : named(self, "is_null", make_integer(self, depth - 1), NULL);
    default:
        left = make_integer(self, depth - 1);
        return named(self, comparisons[draw(self, 4)], left, make_integer(self, depth - 1));
    }
}

static void fill_columns(Generator *self, Column *columns, uint32_t *selection,
                         uint32_t *ret_selected) {
    uint32_t selected = 0;

    columns[0] = column_create(SQL_TYPE(INT8), ROWS, self->arena);
    columns[1] = column_create(SQL_TYPE(INT8), ROWS, self->arena);
    columns[2] = column_create(SQL_TYPE(BOOL), ROWS, self->arena);
    for (uint32_t row = 0; row < ROWS; row++) {
        ((int64_t *) columns[0].values)[row] = (int64_t) draw(self, 7) - 2;
        ((int64_t *) columns[1].values)[row] = (int64_t) draw(self, 7) + 1;
        ((uint8_t *) columns[2].values)[row] = (uint8_t) draw(self, 2);
        if (draw(self, 3) == 0)
            column_set_null(&columns[0], row, ROWS, self->arena);
        if (draw(self, 3) == 0)
            column_set_null(&columns[2], row, ROWS, self->arena);
        if (draw(self, 2))
            selection[selected++] = row;
    }
    *ret_selected = selected;
}

/* The row's values in place of the columns. */
typedef struct RowValues {
    Arena *arena;
    const Column *columns;
    uint32_t row;
} RowValues;

static const Expr *put_row(const Expr *expr, void *data) {
    const RowValues *values = data;
    const Column *column = NULL;

    if (expr->kind != EXPR_COLUMN)
        return expr;
    column = &values->columns[expr->column.id - 1];
    return expr_constant(values->arena, column_is_null(column, values->row)
                                            ? value_null(expr->type)
                                            : column_get(column, values->row));
}

static const char *answer_for_row(Generator *self, const Expr *expr, const Column *columns,
                                  uint32_t row) {
    RowValues values = {self->arena, columns, row};
    const Expr *alone = expr_rewrite(self->arena, expr, put_row, &values);
    Value value;
    Error err = {0};

    if (expr_evaluate_constant(alone, NULL, self->arena, &value, &err) != STATUS_OK)
        return NULL;
    return value_as_text(self->arena, &value);
}

static void check_rows(Generator *self, const Expr *expr, const Batch *batch, Status status,
                       const Column *result) {
    bool any_error = false;

    for (uint32_t i = 0; i < batch_active_count(batch); i++) {
        uint32_t row = batch_active_row(batch, i);
        const char *expected = answer_for_row(self, expr, batch->columns, row);
        Value value;

        any_error |= !expected;
        if (status != STATUS_OK || !expected)
            continue;
        value = column_is_null(result, row) ? value_null(expr->type) : column_get(result, row);
        if (strcmp(value_as_text(self->arena, &value), expected) != 0) {
            CLEANUP(strbuf_done) StrBuf text = {0};

            expr_append_text(expr, &text);
            fail_msg("row %u of %s: expected %s", row, strbuf_text(&text), expected);
        }
    }
    assert_int_equal(status == STATUS_ERROR, any_error);
}

static void check_selection(Generator *self, const Expr *expr, const ExprProgram *program,
                            const Batch *batch, const Column *result) {
    uint32_t selection[ROWS];
    uint32_t count = 0;
    uint32_t expected = 0;
    Error err = {0};

    if (expr_select(program, batch, NULL, self->arena, selection, &count, &err) != STATUS_OK)
        return; /* as a filter, NULL AND error may stop before the error, but not the other way */
    for (uint32_t i = 0; i < batch_active_count(batch); i++) {
        uint32_t row = batch_active_row(batch, i);

        if (column_is_null(result, row) || !COLUMN_VALUE(result, uint8_t, row))
            continue;
        assert_true(expected < count);
        assert_int_equal(selection[expected++], row);
    }
    assert_int_equal(count, expected);
}

static void programs_answer_as_rows_alone(void **state) {
    static const ColumnId ids[] = {1, 2, 3};

    for (uint64_t tree = 0; tree < TREES; tree++) {
        CLEANUP(arena_destroyp) Arena *arena = arena_create("random", 0);
        CLEANUP(expr_program_destroyp) ExprProgram *program = NULL;
        Generator self = {.arena = arena, .seed = tree};
        Column columns[3];
        uint32_t selection[ROWS];
        Batch batch = {.row_count = ROWS, .column_count = 3, .columns = columns};
        const Expr *expr = NULL;
        Column result = {0};
        Status status = STATUS_OK;
        Error err = {0};

        self.columns[0] = expr_column(arena, 1, SQL_TYPE(INT8), "a");
        self.columns[1] = expr_column(arena, 2, SQL_TYPE(INT8), "b");
        self.columns[2] = expr_column(arena, 3, SQL_TYPE(BOOL), "c");
        fill_columns(&self, columns, selection, &batch.selection_count);
        batch.selection = tree % 2 ? selection : NULL;
        expr = tree % 3 ? make_boolean(&self, DEPTH) : make_integer(&self, DEPTH);
        assert_int_equal(expr_compile(expr, ids, 3, &program, &err), STATUS_OK);
        status = expr_evaluate(program, &batch, NULL, arena, &result, &err);
        check_rows(&self, expr, &batch, status, &result);
        if (status == STATUS_OK && expr->type.id == TYPE_BOOL)
            check_selection(&self, expr, program, &batch, &result);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_answer_as_rows_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
