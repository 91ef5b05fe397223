/* EXPLAIN's tree: one line a node, that says what it does; under it what few nodes have. */
#include <inttypes.h>

#include "catalog/catalog.h"
#include "optimizer/optimizer.h"
#include "optimizer/plan_fields.h"
#include "planner/slices.h"

enum { INDENT = 6 };

typedef struct TreeText {
    StrBuf *out;
    bool shows_state;
} TreeText;

/* -------- headlines -------- */

static void append_keys(const Plan *plan, const char *word, StrBuf *out) {
    if (plan->keys.count == 0)
        return;
    strbuf_append_text(out, word);
    plan_append_ids(plan->children[0], plan->keys, out);
}

static void append_columns(const Plan *plan, StrBuf *out) {
    for (int i = 0; i < plan->column_count; i++)
        strbuf_printf(out, "%s%s", i ? ", " : ": ", plan->columns[i].name);
}

static void append_aggregate(const Plan *plan, StrBuf *out) {
    static const char *const phases[] = {"", "partial ", "final "};

    strbuf_printf(out, "%saggregate", phases[plan->phase]);
    append_keys(plan, " by ", out);
    if (plan->call_count > 0)
        strbuf_append_text(out, ": ");
    plan_append_calls(plan, out);
}

static void append_window(const Plan *plan, StrBuf *out) {
    static const char *const kinds[] = {"tumbling window", "hopping window", "cumulating window",
                                        "session window", "slices of hopping windows"};
    bool has_slide = plan->window_kind != WINDOW_TUMBLE && plan->window_kind != WINDOW_SESSION;

    strbuf_printf(out, "%s on %s: %s", kinds[plan->window_kind],
                  plan_column_name(plan->children[0], plan->time_column),
                  plan->window_kind == WINDOW_SESSION ? "gap " : "");
    plan_append_micros(plan->window_size_us, out);
    if (has_slide) {
        strbuf_append_text(out, " every ");
        plan_append_micros(plan->window_slide_us, out);
    }
    if (plan->window_offset_us) {
        strbuf_append_text(out, ", offset ");
        plan_append_micros(plan->window_offset_us, out);
    }
    append_keys(plan, " by ", out);
}

static void append_join(const Plan *plan, StrBuf *out) {
    static const char *const kinds[] = {"inner", "left", "right", "full", "semi", "anti", "mark"};

    if (plan->join_kind == JOIN_INNER && plan->left_keys.count == 0 && !plan->predicate)
        strbuf_append_text(out, "cross join");
    else
        strbuf_printf(out, "%s join", kinds[plan->join_kind]);
    for (int i = 0; i < plan->left_keys.count; i++)
        strbuf_printf(out, "%s%s %s %s", i ? " and " : " on ",
                      plan_column_name(plan->children[0], plan->left_keys.ids[i]),
                      plan->is_null_safe ? "is not distinct from" : "=",
                      plan_column_name(plan->children[1], plan->right_keys.ids[i]));
}

static void append_sort(const Plan *plan, StrBuf *out) {
    if (plan->top_n >= 0)
        strbuf_printf(out, "top %" PRId64 " by ", plan->top_n);
    else
        strbuf_append_text(out, "sort by ");
    plan_append_sort_keys(plan, out);
}

static void append_limit(const Plan *plan, StrBuf *out) {
    strbuf_append_text(out, "limit");
    if (plan->limit) {
        strbuf_append_char(out, ' ');
        expr_append_text(plan->limit, out);
    }
    if (plan->offset) {
        strbuf_append_text(out, " offset ");
        expr_append_text(plan->offset, out);
    }
}

static void append_headline(const Plan *plan, StrBuf *out) {
    switch (plan->kind) {
    case PLAN_SCAN:
        strbuf_printf(out, "scan on %s", plan->relation ? plan->relation->name : "?");
        append_columns(plan, out);
        break;
    case PLAN_VALUES:
        strbuf_printf(out, "values: %d row%s", plan->row_count, plan->row_count == 1 ? "" : "s");
        break;
    case PLAN_FILTER:
        strbuf_append_text(out, "filter: ");
        expr_append_text(plan->predicate, out);
        break;
    case PLAN_FUNCTION_SCAN:
    case PLAN_PROJECT:
    case PLAN_PROJECT_SET:
        strbuf_printf(out, "%s: ", plan_kind_name(plan->kind));
        plan_append_exprs(plan, &plan->exprs, out);
        break;
    case PLAN_WINDOW:
        append_window(plan, out);
        break;
    case PLAN_AGGREGATE:
        append_aggregate(plan, out);
        break;
    case PLAN_DISTINCT:
    case PLAN_EXCHANGE:
        strbuf_append_text(out, plan_kind_name(plan->kind));
        append_keys(plan, " by ", out);
        strbuf_append_text(out, plan->is_within_watermark ? " within the watermark" : "");
        break;
    case PLAN_JOIN:
        append_join(plan, out);
        break;
    case PLAN_SORT:
        append_sort(plan, out);
        break;
    case PLAN_LIMIT:
        append_limit(plan, out);
        break;
    case PLAN_UNION:
    case PLAN_SINGLE_ROW:
    case PLAN_KIND_COUNT:
        strbuf_append_text(out, plan_kind_name(plan->kind));
        break;
    }
}

/* -------- lines under a headline -------- */

static void begin_line(TreeText *text, int depth, const char *name) {
    strbuf_append_fill(text->out, ' ', (size_t) (depth * INDENT + 2));
    strbuf_printf(text->out, "%s: ", name);
}

static void end_line(TreeText *text) {
    strbuf_append_char(text->out, '\n');
}

static void append_pushed(TreeText *text, const Plan *plan, int depth) {
    begin_line(text, depth, "filter");
    for (int i = 0; i < plan->pushed.count; i++) {
        const Expr *expr = plan->pushed.items[i];
        bool is_or = expr->kind == EXPR_OR && plan->pushed.count > 1;

        strbuf_append_text(text->out, i ? " AND " : "");
        strbuf_append_text(text->out, is_or ? "(" : "");
        expr_append_text(expr, text->out);
        strbuf_append_text(text->out, is_or ? ")" : "");
    }
    end_line(text);
}

static void append_watermark(TreeText *text, const Plan *plan, int depth) {
    begin_line(text, depth, "watermark");
    if (plan->watermark_expr)
        expr_append_text(plan->watermark_expr, text->out);
    else
        strbuf_append_text(text->out, plan_column_name(plan, plan->watermark_column));
    strbuf_append_text(text->out, " - ");
    plan_append_micros(plan->watermark_delay_us, text->out);
    end_line(text);
}

static void append_time_bound(TreeText *text, const Plan *plan, int depth) {
    const char *left = plan_column_name(plan->children[0], plan->left_time);

    begin_line(text, depth, "time");
    strbuf_printf(text->out, "%s from %s + ", plan_column_name(plan->children[1], plan->right_time),
                  left);
    plan_append_micros(plan->bound_low_us, text->out);
    strbuf_printf(text->out, " to %s + ", left);
    plan_append_micros(plan->bound_high_us, text->out);
    end_line(text);
}

static void append_details(TreeText *text, const Plan *plan, int depth) {
    if (plan->kind == PLAN_SCAN && plan->pushed.count > 0)
        append_pushed(text, plan, depth);
    if (plan->kind == PLAN_SCAN && !plan->is_batch_read &&
        (plan->watermark_column || plan->watermark_expr))
        append_watermark(text, plan, depth);
    if (plan->kind == PLAN_JOIN && plan->predicate) {
        begin_line(text, depth, "condition");
        expr_append_text(plan->predicate, text->out);
        end_line(text);
    }
    if (plan->kind == PLAN_JOIN && plan->left_time)
        append_time_bound(text, plan, depth);
    if (plan->grouping_set_count > 0) {
        begin_line(text, depth, "sets");
        plan_append_sets(plan, text->out);
        end_line(text);
    }
    if (plan->kind == PLAN_AGGREGATE && plan->emit != EMIT_ALL && plan->phase != PHASE_PARTIAL) {
        begin_line(text, depth, "emit");
        strbuf_append_text(text->out, plan->emit == EMIT_ON_CLOSE ? "on close" : "changes");
        end_line(text);
    }
}

/* -------- state -------- */

/* The key that the watermark passes: event time, else a window's end; NULL: none, the state is kept
 * for ever. */
static const PlanColumn *time_key(const Plan *plan) {
    const PlanColumn *best = NULL;

    for (int i = 0; i < plan->keys.count; i++) {
        const PlanColumn *column = plan_find_column(plan->children[0], plan->keys.ids[i]);

        if (column && column->role != TIME_NONE &&
            (!best || best->role == TIME_WINDOW_START || column->role == TIME_EVENT))
            best = column;
    }
    return best;
}

static void append_kept(const Plan *plan, const char *what, StrBuf *out) {
    const PlanColumn *time = time_key(plan);
    bool forgets = plan->kind != PLAN_AGGREGATE || plan->emit != EMIT_ALL;

    strbuf_append_text(out, what);
    if (time && forgets)
        strbuf_printf(out, ", until the watermark passes %s",
                      time->role == TIME_WINDOW_START ? "the window's end" : time->name);
    else
        strbuf_append_text(out, ", for ever");
}

static void append_state(TreeText *text, const Plan *plan, int depth) {
    bool keeps_groups = plan->kind == PLAN_AGGREGATE && plan->phase != PHASE_PARTIAL;
    bool keeps_slices = keeps_groups && plan->emit == EMIT_ON_CLOSE && slices_below(plan);

    if (plan->is_bounded || !(keeps_groups || plan->kind == PLAN_DISTINCT ||
                              plan->kind == PLAN_LIMIT || plan->kind == PLAN_JOIN))
        return;
    begin_line(text, depth, "state");
    if (keeps_groups)
        append_kept(plan, keeps_slices ? "a row a group and slice" : "a row a group", text->out);
    else if (plan->kind == PLAN_DISTINCT)
        append_kept(plan, "a row a key", text->out);
    else if (plan->kind == PLAN_LIMIT)
        strbuf_append_text(text->out, "how many rows went out");
    else
        strbuf_append_text(text->out, "the rows of both sides");
    strbuf_printf(text->out, "; operator %016" PRIx64, plan_fingerprint(plan));
    end_line(text);
}

/* -------- the tree -------- */

static void append_node(TreeText *text, const Plan *plan, int depth) {
    if (depth > 0) {
        strbuf_append_fill(text->out, ' ', (size_t) (depth * INDENT - 4));
        strbuf_append_text(text->out, "->  ");
    }
    append_headline(plan, text->out);
    end_line(text);
    append_details(text, plan, depth);
    if (text->shows_state)
        append_state(text, plan, depth);
    for (int i = 0; i < plan->child_count; i++)
        append_node(text, plan->children[i], depth + 1);
}

void plan_append_text(const Plan *plan, StrBuf *out) {
    append_node(&(TreeText) {.out = out}, plan, 0);
}

void plan_append_state_text(const Plan *plan, StrBuf *out) {
    append_node(&(TreeText) {.out = out, .shows_state = true}, plan, 0);
}
