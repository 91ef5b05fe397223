/* Correlated subqueries: WHERE inner = outer becomes keys of the join that stands for the subquery.
 *
 * Kim's and Dayal's rewriting for the shapes that people write: EXISTS and IN over a plain SELECT,
 * a scalar aggregate without GROUP BY. Everything else that names the query around is refused. */
#include <string.h>

#include "planner/bind_select.h"

typedef struct OuterSearch {
    const Plan *inner;
    bool reads_inner;
    bool reads_outer;
} OuterSearch;

static void look_at_column(ColumnId id, void *data) {
    OuterSearch *search = data;

    if (plan_find_column(search->inner, id))
        search->reads_inner = true;
    else
        search->reads_outer = true;
}

static OuterSearch search_expr(const Select *select, const Expr *expr) {
    OuterSearch search = {.inner = select->plan};

    expr_visit_columns(expr, look_at_column, &search);
    return search;
}

static Status correlation_not_supported(const Expr *expr, Error *err) {
    IGNORE(not_supported(err, expr->position, /* hinted */
                         "this condition on the query around a subquery"));
    return error_hint(err, "Conditions of the form inner = outer are; else write a join.");
}

/* inner = outer, either way round. */
static Status take_key(Select *select, const Expr *conjunct, Error *err) {
    Correlation *correlation = select->correlation;
    const Expr *sides[2] = {NULL, NULL};
    OuterSearch left = {0};
    OuterSearch right = {0};

    if (conjunct->kind != EXPR_CALL || strcmp(conjunct->function->name, "=") != 0 ||
        correlation->key_count == CORRELATION_KEYS_MAX)
        return correlation_not_supported(conjunct, err);
    sides[0] = conjunct->arguments[0];
    sides[1] = conjunct->arguments[1];
    left = search_expr(select, sides[0]);
    right = search_expr(select, sides[1]);
    if (left.reads_outer == right.reads_outer || (left.reads_outer ? left : right).reads_inner)
        return correlation_not_supported(conjunct, err);
    correlation->inner[correlation->key_count] = left.reads_outer ? sides[1] : sides[0];
    correlation->outer[correlation->key_count] = left.reads_outer ? sides[0] : sides[1];
    correlation->key_count++;
    return STATUS_OK;
}

Status take_correlation(Select *select, const Expr *predicate, const Expr **ret_rest, Error *err) {
    Binder *binder = select->binder;
    int count = predicate->kind == EXPR_AND ? predicate->argument_count : 1;
    const Expr *const *conjuncts = predicate->kind == EXPR_AND ? predicate->arguments : &predicate;
    const Expr **rest = arena_new_array(binder->arena, const Expr *, (size_t) count + 1);

    for (int i = 0; i < count; i++) {
        rest[i] = conjuncts[i];
        if (!search_expr(select, conjuncts[i]).reads_outer)
            continue;
        TRY(take_key(select, conjuncts[i], err));
        TRY(make_call(
            binder, "is_not_null",
            &(const Expr *) {select->correlation->inner[select->correlation->key_count - 1]}, 1,
            conjuncts[i]->position, &rest[i], err)); /* a NULL key meets nobody */
    }
    *ret_rest = expr_and(binder->arena, rest, count);
    return STATUS_OK;
}

/* What of the answer over an empty group is known: NULL, or 0 for a bare count. */
static Status check_scalar(Select *select, Error *err) {
    const Expr *answer = select->item_count == 1 ? select->items[0].expr : NULL;
    int position = select->ast->base.position;

    if (select->is_grouped || select->having || select->aggregates.count == 0)
        return not_supported(err, position,
                             "a correlated scalar subquery that is not one aggregate");
    if (!answer)
        return error_at(err, position, SYNTAX_ERROR, "subquery must return only one column");
    for (int i = 0; i < select->aggregates.count; i++) {
        const BoundAggregate *call = &select->aggregates.items[i];

        if (strncmp(call->aggregate->name, "count", 5) != 0)
            continue;
        if (answer->kind != EXPR_COLUMN || answer->column.id != call->id)
            return not_supported(err, position,
                                 "an expression over count in a correlated subquery");
        select->correlation->is_count = true;
    }
    return STATUS_OK;
}

Status output_correlation(Select *select, Error *err) {
    const Correlation *correlation = select->correlation;
    int position = select->ast->base.position;
    int key = 0;

    if (correlation->kind == CORRELATION_SCALAR)
        TRY(check_scalar(select, err));
    else if (select_is_aggregated(select))
        return not_supported(err, position,
                             "an aggregate in a correlated subquery of IN or EXISTS");
    if (select->ast->distinct == AST_DISTINCT_ON)
        return not_supported(err, position, "DISTINCT ON in a correlated subquery");
    if (correlation->kind == CORRELATION_EXISTS)
        select->item_count = 0; /* only whether there is a row */
    select->sort_count = 0;
    for (int i = 0; i < correlation->key_count; i++) {
        if (correlation->kind == CORRELATION_SCALAR)
            TRY(add_key(select, correlation->inner[i], "key", &key, err));
        TRY(add_item(select, (SelectItem) {.name = "key", .expr = correlation->inner[i]}, position,
                     err));
    }
    return STATUS_OK;
}
