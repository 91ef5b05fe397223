/* Fingerprints: the identity of an operator's state, whatever ids and names the plan happens to
 * have.
 *
 * The text of a node with each column replaced by its place among the children's columns, together
 * with its types and its children's fingerprints, hashed. */
#include <inttypes.h>

#include "base/hash.h"
#include "optimizer/optimizer.h"
#include "optimizer/plan_fields.h"

/* A copy of the plan's schema under canonical names: c<child>_<place>. */
static const PlanColumn *canonical_columns(Arena *arena, const Plan *plan, int child) {
    PlanColumn *columns = arena_new_array(arena, PlanColumn, (size_t) plan->column_count);

    for (int i = 0; i < plan->column_count; i++) {
        columns[i] = plan->columns[i];
        columns[i].name = arena_printf(arena, "c%d_%d", child, i);
    }
    return columns;
}

typedef struct Rename {
    Arena *arena;
    const Plan *node; /* with canonical children */
} Rename;

static const Expr *rename_column(const Expr *expr, void *data) {
    const Rename *rename = data;

    if (expr->kind != EXPR_COLUMN)
        return expr;
    return expr_column(rename->arena, expr->column.id, expr->type,
                       plan_column_name(rename->node, expr->column.id));
}

static void rename_exprs(Rename *rename, Plan *node) {
    const Expr **exprs = arena_new_array(rename->arena, const Expr *, (size_t) node->exprs.count);
    const Expr **pushed = arena_new_array(rename->arena, const Expr *, (size_t) node->pushed.count);

    rename->node = node;
    for (int i = 0; i < node->exprs.count; i++)
        exprs[i] = expr_rewrite(rename->arena, node->exprs.items[i], rename_column, rename);
    for (int i = 0; i < node->pushed.count; i++)
        pushed[i] = expr_rewrite(rename->arena, node->pushed.items[i], rename_column, rename);
    node->exprs.items = exprs;
    node->pushed.items = pushed;
    if (node->predicate)
        node->predicate = expr_rewrite(rename->arena, node->predicate, rename_column, rename);
    if (node->watermark_expr)
        node->watermark_expr =
            expr_rewrite(rename->arena, node->watermark_expr, rename_column, rename);
}

static uint64_t fingerprint(Arena *arena, const Plan *plan) {
    Plan *node = plan_copy(arena, plan);
    const Plan **children = arena_new_array(arena, const Plan *, (size_t) plan->child_count);
    Rename rename = {.arena = arena};
    StrBuf text = {0};
    uint64_t hash;

    for (int i = 0; i < plan->child_count; i++) {
        Plan *child = plan_copy(arena, plan->children[i]);

        child->columns = canonical_columns(arena, child, i);
        children[i] = child;
    }
    node->children = children;
    node->columns = canonical_columns(arena, plan, -1);
    rename_exprs(&rename, node);
    strbuf_printf(&text, "%s;", plan_kind_name(node->kind));
    for (const PlanField *field = plan_node_defs[node->kind].fields; field->name; field++)
        if (!plan_field_is_empty(node, field)) {
            strbuf_printf(&text, "%s=", field->name);
            plan_field_append(node, field, &text);
            strbuf_append_char(&text, ';');
        }
    for (int i = 0; i < node->column_count; i++)
        strbuf_printf(&text, "%u/%d;", type_oid(node->columns[i].type),
                      node->columns[i].type.typmod);
    if (node->kind == PLAN_SCAN)
        strbuf_printf(&text, "id=%" PRId64 ";", node->relation_id);
    for (int i = 0; i < plan->child_count; i++)
        strbuf_printf(&text, "%016" PRIx64 ";", fingerprint(arena, plan->children[i]));
    hash = hash_bytes(text.data, text.length);
    strbuf_done(&text);
    return hash;
}

uint64_t plan_fingerprint(const Plan *plan) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("fingerprint", 0);

    return fingerprint(arena, plan);
}
