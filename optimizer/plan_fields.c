#include "optimizer/plan_fields.h"

#include <inttypes.h>
#include <string.h>

#include "catalog/catalog.h"

static const void *field_at(const Plan *plan, const PlanField *field) {
    return (const char *) plan + field->offset;
}

const char *plan_column_name(const Plan *plan, ColumnId id) {
    const PlanColumn *column = plan_find_column(plan, id);

    for (int i = 0; i < plan->child_count && !column; i++)
        column = plan_find_column(plan->children[i], id);
    return column ? column->name : "?";
}

bool plan_field_is_empty(const Plan *plan, const PlanField *field) {
    const void *at = field_at(plan, field);

    switch (field->type) {
    case PLAN_FIELD_EXPR:
        return *(const Expr *const *) at == NULL;
    case PLAN_FIELD_EXPRS:
        return ((const ExprList *) at)->count == 0;
    case PLAN_FIELD_COLUMN:
        return *(const ColumnId *) at == 0;
    case PLAN_FIELD_COLUMNS:
        return ((const ColumnIds *) at)->count == 0;
    case PLAN_FIELD_INT:
        return *(const int *) at == 0;
    case PLAN_FIELD_INTS:
        return ((const IntList *) at)->count == 0;
    case PLAN_FIELD_INT64:
        return *(const int64_t *) at < 0; /* top: -1 is none */
    case PLAN_FIELD_MICROS:
        return *(const int64_t *) at == 0;
    case PLAN_FIELD_BOOL:
        return !*(const bool *) at;
    case PLAN_FIELD_ENUM:
        return false;
    case PLAN_FIELD_CALLS:
        return plan->call_count == 0;
    case PLAN_FIELD_SORT_KEYS:
        return plan->sort_key_count == 0;
    case PLAN_FIELD_SETS:
        return plan->grouping_set_count == 0;
    case PLAN_FIELD_SCAN_COLUMNS:
        return plan->column_count == 0;
    case PLAN_FIELD_RELATION:
        return false;
    }
    return true;
}

void plan_append_micros(int64_t micros, StrBuf *out) {
    static const struct {
        const char *name;
        int64_t micros;
    } units[] = {{"day", 86400000000}, {"hour", 3600000000},  {"minute", 60000000},
                 {"second", 1000000},  {"millisecond", 1000}, {"microsecond", 1}};
    const char *separator = micros < 0 ? "-" : "";
    uint64_t rest = micros < 0 ? -(uint64_t) micros : (uint64_t) micros;

    if (rest == 0)
        strbuf_append_text(out, "0 seconds");
    for (size_t i = 0; i < ARRAY_LENGTH(units) && rest > 0; i++) {
        uint64_t count = rest / (uint64_t) units[i].micros;

        rest %= (uint64_t) units[i].micros;
        if (count == 0)
            continue;
        strbuf_printf(out, "%s%" PRIu64 " %s%s", separator, count, units[i].name,
                      count == 1 ? "" : "s");
        separator = " ";
    }
}

void plan_append_ids(const Plan *plan, ColumnIds ids, StrBuf *out) {
    for (int i = 0; i < ids.count; i++)
        strbuf_printf(out, "%s%s", i ? ", " : "", plan_column_name(plan, ids.ids[i]));
}

/* What a final aggregate merges was named below its partial one. */
static const Plan *input_of_calls(const Plan *plan) {
    const Plan *input = plan->children[0];

    while (plan->phase == PHASE_FINAL && input->kind == PLAN_EXCHANGE)
        input = input->children[0];
    if (plan->phase == PHASE_FINAL && input->kind == PLAN_AGGREGATE)
        input = input->children[0];
    return input;
}

void plan_append_calls(const Plan *plan, StrBuf *out) {
    const Plan *input = input_of_calls(plan);

    for (int i = 0; i < plan->call_count; i++) {
        const PlanAggregateCall *call = &plan->calls[i];

        strbuf_printf(out, "%s%s(%s", i ? ", " : "", call->aggregate->name,
                      call->is_distinct ? "DISTINCT " : "");
        if (call->arguments.count == 0)
            strbuf_append_char(out, '*');
        plan_append_ids(input, call->arguments, out);
        strbuf_append_char(out, ')');
        if (call->filter)
            strbuf_printf(out, " FILTER (WHERE %s)", plan_column_name(input, call->filter));
    }
}

void plan_append_sort_keys(const Plan *plan, StrBuf *out) {
    for (int i = 0; i < plan->sort_key_count; i++) {
        const PlanSortKey *key = &plan->sort_keys[i];

        strbuf_printf(out, "%s%s%s%s", i ? ", " : "", plan_column_name(plan, key->column),
                      key->is_descending ? " DESC" : "",
                      key->nulls_first == key->is_descending ? ""
                      : key->nulls_first                     ? " NULLS FIRST"
                                                             : " NULLS LAST");
    }
}

void plan_append_exprs(const Plan *plan, const ExprList *list, StrBuf *out) {
    for (int i = 0; i < list->count; i++) {
        const Expr *expr = list->items[i];

        strbuf_append_text(out, i ? ", " : "");
        expr_append_text(expr, out);
        if (plan->kind == PLAN_PROJECT && i < plan->column_count &&
            (expr->kind != EXPR_COLUMN || strcmp(expr->column.name, plan->columns[i].name) != 0))
            strbuf_printf(out, " AS %s", plan->columns[i].name);
    }
}

void plan_append_sets(const Plan *plan, StrBuf *out) {
    for (int i = 0; i < plan->grouping_set_count; i++) {
        strbuf_append_text(out, i ? ", (" : "(");
        plan_append_ids(plan, plan->grouping_sets[i], out);
        strbuf_append_char(out, ')');
    }
}

static void append_ints(const IntList *list, StrBuf *out) {
    for (int i = 0; i < list->count; i++)
        strbuf_printf(out, "%s%d", i ? ", " : "", list->items[i]);
}

static void append_list(const Plan *plan, const PlanField *field, StrBuf *out) {
    const void *at = field_at(plan, field);

    switch (field->type) {
    case PLAN_FIELD_EXPRS:
        plan_append_exprs(plan, at, out);
        break;
    case PLAN_FIELD_COLUMNS:
        plan_append_ids(plan, *(const ColumnIds *) at, out);
        break;
    case PLAN_FIELD_INTS:
        append_ints(at, out);
        break;
    case PLAN_FIELD_CALLS:
        plan_append_calls(plan, out);
        break;
    case PLAN_FIELD_SORT_KEYS:
        plan_append_sort_keys(plan, out);
        break;
    case PLAN_FIELD_SETS:
        plan_append_sets(plan, out);
        break;
    case PLAN_FIELD_SCAN_COLUMNS:
        for (int i = 0; i < plan->column_count; i++)
            strbuf_printf(out, "%s%s", i ? ", " : "", plan->columns[i].name);
        break;
    default:
        break;
    }
}

void plan_field_append(const Plan *plan, const PlanField *field, StrBuf *out) {
    const void *at = field_at(plan, field);

    switch (field->type) {
    case PLAN_FIELD_EXPR:
        expr_append_text(*(const Expr *const *) at, out);
        break;
    case PLAN_FIELD_COLUMN:
        strbuf_append_text(out, plan_column_name(plan, *(const ColumnId *) at));
        break;
    case PLAN_FIELD_INT:
        strbuf_printf(out, "%d", *(const int *) at);
        break;
    case PLAN_FIELD_INT64:
        strbuf_printf(out, "%" PRId64, *(const int64_t *) at);
        break;
    case PLAN_FIELD_MICROS:
        plan_append_micros(*(const int64_t *) at, out);
        break;
    case PLAN_FIELD_BOOL:
        strbuf_append_text(out, *(const bool *) at ? "true" : "false");
        break;
    case PLAN_FIELD_ENUM:
        strbuf_append_text(out, field->names[*(const int *) at]);
        break;
    case PLAN_FIELD_RELATION:
        strbuf_append_text(out, plan->relation ? plan->relation->name : "?");
        break;
    default:
        append_list(plan, field, out);
        break;
    }
}
