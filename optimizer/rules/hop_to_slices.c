/* aggregate(hopping window(x)) => aggregate(slices(x)): a row counts in its slice once, not in each
 * of its windows; the final aggregate makes windows of slices.
 *
 * For streams, where the aggregate becomes a partial and a final one. The window's columns may only
 * be keys: whatever else reads them sees windows, which rows of slices have none of. An append
 * stream keeps its state by slice: nothing may take a row back, whose window might be gone, and
 * keys must show themselves in their key form, as no slice knows which of them came first. */
#include "optimizer/rules.h"
#include "planner/slices.h"
#include "types/row.h"

typedef struct Reads {
    const Plan *plan; /* whose columns are read */
    bool has_window;
} Reads;

static void note_read(ColumnId id, void *data) {
    Reads *reads = data;

    if (slices_part(reads->plan, id) != SLICE_NO_PART)
        reads->has_window = true;
}

/* Does the expression over `plan` read the window, or is it not the same for each copy of a row? */
static bool sees_window(const Plan *plan, const Expr *expr) {
    Reads reads = {.plan = plan};

    expr_visit_columns(expr, note_read, &reads);
    return reads.has_window || expr_volatility(expr) == VOLATILITY_VOLATILE;
}

static bool chain_sees_window(const Plan *plan, const Plan *window) {
    for (; plan != window; plan = plan->children[0]) {
        const Plan *child = plan->children[0];

        if (plan->kind == PLAN_FILTER && sees_window(child, plan->predicate))
            return true;
        for (int i = 0; i < plan->exprs.count; i++)
            if (plan->exprs.items[i]->kind != EXPR_COLUMN &&
                sees_window(child, plan->exprs.items[i]))
                return true;
    }
    return false;
}

static bool calls_see_window(const Plan *aggregate) {
    Reads reads = {.plan = aggregate->children[0]};

    for (int i = 0; i < aggregate->call_count; i++) {
        const PlanAggregateCall *call = &aggregate->calls[i];

        for (int j = 0; j < call->arguments.count; j++)
            note_read(call->arguments.ids[j], &reads);
        if (call->filter)
            note_read(call->filter, &reads);
    }
    return reads.has_window;
}

/* The window is a key, and no other key carries time. */
static bool keys_fit(const Plan *aggregate) {
    const Plan *child = aggregate->children[0];
    bool is_on_close = aggregate->emit == EMIT_ON_CLOSE;
    bool has_window = false;

    for (int i = 0; i < aggregate->keys.count; i++) {
        const PlanColumn *key = plan_find_column(child, aggregate->keys.ids[i]);

        if (slices_part(child, key->id) != SLICE_NO_PART)
            has_window = has_window || !is_on_close || key->role != TIME_NONE;
        else if (key->role != TIME_NONE || (is_on_close && !row_key_is_value(key->type)))
            return false;
    }
    return has_window;
}

static const Plan *with_slices(Arena *arena, const Plan *plan) {
    const Plan *child;
    Plan *slices;

    if (plan->kind == PLAN_WINDOW) {
        slices = plan_copy(arena, plan);
        slices->window_kind = WINDOW_SLICES;
        return plan_derive(arena, slices);
    }
    child = with_slices(arena, plan->children[0]);
    return plan_with_children(arena, plan, &child, 1);
}

static const Plan *apply(RuleContext *cx, const Plan *aggregate) {
    const Plan *child = aggregate->children[0];
    const Plan *window = slices_window(child);

    if (!cx->is_stream || aggregate->is_bounded || !window || window->window_kind != WINDOW_HOP ||
        !aggregate_splits(aggregate) || !keys_fit(aggregate) || calls_see_window(aggregate) ||
        chain_sees_window(child, window))
        return aggregate;
    if (aggregate->emit == EMIT_ON_CLOSE && !child->is_append_only)
        return aggregate;
    return with_slices(cx->arena, aggregate);
}

const Rule rule_hop_to_slices = {
    .name = "hop_to_slices",
    .rewrite = "aggregate(hopping window(x)) => aggregate(slices(x))",
    .kinds = RULE_ON(PLAN_AGGREGATE),
    .apply = apply,
};
