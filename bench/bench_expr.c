/* Bench: what expressions cost a row. Prints one line a case: nanoseconds per row, median of runs.
 *
 *   bench_expr [runs] */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "expr/expr.h"

enum { RUNS_DEFAULT = 500, RUNS_MAX = 100000, BATCHES = 16 /* a run */ };

typedef struct Bench {
    Arena *arena;
    Batch batch;
    Column columns[3];
    const Expr *v;
    const Expr *k;
    const Expr *n;
} Bench;

static const ColumnId ids[] = {1, 2, 3};

static void bench_init(Bench *bench) {
    static const char *const kinds[] = {"view", "click", "purchase"};
    Arena *arena = arena_create("bench", 0);

    *bench = (Bench) {.arena = arena};
    bench->columns[0] = column_create(SQL_TYPE(INT8), LIMIT_BATCH_ROWS, arena);
    bench->columns[1] = column_create(SQL_TYPE(TEXT), LIMIT_BATCH_ROWS, arena);
    bench->columns[2] = column_create(SQL_TYPE(INT8), LIMIT_BATCH_ROWS, arena);
    for (uint32_t row = 0; row < LIMIT_BATCH_ROWS; row++) {
        const char *kind = kinds[(row * 2654435761U >> 16) % 3];

        ((int64_t *) bench->columns[0].values)[row] = (int64_t) (row * 2654435761U % 1000);
        ((TextView *) bench->columns[1].values)[row] = text_view(kind, (uint32_t) strlen(kind));
        ((int64_t *) bench->columns[2].values)[row] = row;
        if (row % 7 == 0)
            column_set_null(&bench->columns[2], row, LIMIT_BATCH_ROWS, arena);
    }
    bench->batch =
        (Batch) {.row_count = LIMIT_BATCH_ROWS, .column_count = 3, .columns = bench->columns};
    bench->v = expr_column(arena, 1, SQL_TYPE(INT8), "v");
    bench->k = expr_column(arena, 2, SQL_TYPE(TEXT), "k");
    bench->n = expr_column(arena, 3, SQL_TYPE(INT8), "n");
}

static const Expr *call2(Bench *bench, const char *name, const Expr *left, const Expr *right) {
    const Expr *arguments[] = {left, right};
    const Expr *call = NULL;
    Error err = {0};

    if (expr_call_named(bench->arena, name, arguments, 2, 0, &call, &err) != STATUS_OK) {
        fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    return call;
}

static const Expr *text_constant(Bench *bench, const char *text) {
    return expr_constant(bench->arena, value_text(SQL_TYPE(TEXT), text, strlen(text)));
}

static int compare_times(const void *left, const void *right) {
    double l = *(const double *) left;
    double r = *(const double *) right;

    return (l > r) - (l < r);
}

static void measure(Bench *bench, const char *name, const Expr *expr, int runs) {
    static double times[RUNS_MAX];
    Arena *arena = arena_create("run", 0);
    ExprProgram *program = NULL;
    EvalContext context = {.settings = &form_settings_default};
    uint32_t selection[LIMIT_BATCH_ROWS];
    uint32_t count = 0;
    Column column;
    Error err = {0};

    if (expr_compile(expr, ids, 3, &program, &err) != STATUS_OK) {
        fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    for (int i = 0; i < runs; i++) {
        int64_t start = clock_cpu_ns();

        for (int j = 0; j < BATCHES; j++) {
            Status status =
                expr->type.id == TYPE_BOOL
                    ? expr_select(program, &bench->batch, &context, arena, selection, &count, &err)
                    : expr_evaluate(program, &bench->batch, &context, arena, &column, &err);

            if (status != STATUS_OK) {
                fprintf(stderr, "%s\n", err.message);
                exit(1);
            }
            arena_reset(arena);
        }
        times[i] = (double) (clock_cpu_ns() - start) / LIMIT_BATCH_ROWS / BATCHES;
    }
    qsort(times, (size_t) runs, sizeof(times[0]), compare_times);
    printf("%-32s %6.3f ns/row (p90 %6.3f)\n", name, times[runs / 2], times[runs * 9 / 10]);
    (void) expr_program_destroy(program);
    (void) arena_destroy(arena);
}

int main(int argc, char **argv) {
    int runs = argc > 1 ? (int) strtol(argv[1], NULL, 10) : RUNS_DEFAULT;
    const Expr *conditions[2];
    Bench bench;

    if (runs < 1 || runs > RUNS_MAX)
        runs = RUNS_DEFAULT;
    bench_init(&bench);
    conditions[0] = call2(&bench, ">", bench.v, expr_constant(bench.arena, value_int8(500)));
    conditions[1] = call2(&bench, "=", bench.k, text_constant(&bench, "view"));
    measure(&bench, "v > 500", conditions[0], runs);
    measure(&bench, "v > n (NULLs)", call2(&bench, ">", bench.v, bench.n), runs);
    measure(&bench, "k = 'view'", conditions[1], runs);
    measure(&bench, "v > 500 AND k = 'view'", expr_and(bench.arena, conditions, 2), runs);
    measure(&bench, "v > 500 OR k = 'view'", expr_or(bench.arena, conditions, 2), runs);
    measure(&bench, "k LIKE 'v%'", call2(&bench, "~~", bench.k, text_constant(&bench, "v%")), runs);
    measure(&bench, "k ~ '^v'", call2(&bench, "~", bench.k, text_constant(&bench, "^v")), runs);
    measure(&bench, "v + v", call2(&bench, "+", bench.v, bench.v), runs);
    measure(&bench, "v * 3", call2(&bench, "*", bench.v, expr_constant(bench.arena, value_int8(3))),
            runs);
    (void) arena_destroy(bench.arena);
    return 0;
}
