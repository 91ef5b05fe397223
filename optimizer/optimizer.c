/* The rule driver: traversal, tracing, switching off, and, in builds with checks, checking every
 * rule. */
#include "optimizer/optimizer.h"

#include <string.h>

#include "optimizer/check.h"

/* One run over one plan. */
typedef struct Driver {
    OptimizerOptions *options;
    RuleContext cx;
    const Plan *root; /* the whole plan as it stands, for the trace */
    RuleFiring **next_firing;
    const Rule *const *rules;
    Error *err;
    Status status;
    bool has_changed;
} Driver;

/* Is `name` in the comma list? */
static bool list_names(const char *list, const char *name) {
    size_t length = strlen(name);

    for (const char *p = list; p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) {
        while (*p == ' ')
            p++;
        if (strncmp(p, name, length) == 0 &&
            (p[length] == '\0' || p[length] == ',' || p[length] == ' '))
            return true;
    }
    return false;
}

static bool rule_is_on(const Driver *driver, const Rule *rule) {
    const char *disabled = driver->options->disabled_rules;

    if (rule->is_required || !disabled || !*disabled)
        return true;
    return strcmp(disabled, "all") != 0 && !list_names(disabled, rule->name);
}

static void trace(Driver *driver, const Rule *rule, const Plan *before, const Plan *after) {
    RuleFiring *firing;

    if (!driver->options->is_traced)
        return;
    firing = arena_new(driver->cx.arena, RuleFiring);
    *firing = (RuleFiring) {.rule = rule, .before = before, .after = after};
    *driver->next_firing = firing;
    driver->next_firing = &firing->next;
}

static const Plan *apply_rule(Driver *driver, const Rule *rule, const Plan *node) {
    const Plan *result = rule->apply(&driver->cx, node);

    if (result == node)
        return node;
    driver->has_changed = true;
    trace(driver, rule, node, result);
#ifdef MILLRACE_CHECKS
    driver->status = plan_check_rewrite(rule->name, node, result, driver->err);
#endif
    return result;
}

static const Plan *apply_rules(Driver *driver, const Plan *node) {
    for (int i = 0; driver->rules[i] && driver->status == STATUS_OK; i++) {
        const Rule *rule = driver->rules[i];

        if ((rule->kinds & RULE_ON(node->kind)) && rule_is_on(driver, rule))
            node = apply_rule(driver, rule, node);
    }
    return node;
}

/* Children first, then the node: what a rule makes of a node is seen again in the next pass. */
static const Plan *walk(Driver *driver, const Plan *node, int depth) {
    const Plan **children;

    if (driver->status != STATUS_OK)
        return node;
    if (depth > LIMIT_NESTING * 8) {
        driver->status =
            error_set(driver->err, STATEMENT_TOO_COMPLEX, "the plan is nested too deeply");
        return node;
    }
    children = arena_new_array(driver->cx.arena, const Plan *, (size_t) node->child_count);
    for (int i = 0; i < node->child_count; i++)
        children[i] = walk(driver, node->children[i], depth + 1);
    node = plan_with_children(driver->cx.arena, node, children, node->child_count);
    return apply_rules(driver, node);
}

static const Plan *whole_plan_rules(Driver *driver, const Plan *plan) {
    for (int i = 0; driver->rules[i] && driver->status == STATUS_OK; i++)
        if ((driver->rules[i]->kinds & RULE_ON_WHOLE_PLAN) && rule_is_on(driver, driver->rules[i]))
            plan = apply_rule(driver, driver->rules[i], plan);
    return plan;
}

static const Plan *run_batch(Driver *driver, const RuleBatch *batch, const Plan *plan) {
    driver->rules = batch->rules;
    for (int pass = 0; pass < batch->pass_limit && driver->status == STATUS_OK; pass++) {
        driver->has_changed = false;
        plan = walk(driver, plan, 0);
        plan = whole_plan_rules(driver, plan);
        if (!driver->has_changed)
            break;
    }
    return plan;
}

Status optimizer_run(const Plan *plan, OptimizerOptions *options, Arena *arena,
                     const Plan **ret_plan, Error *err) {
    ColumnId next_id = plan_max_column_id(plan) + 1;
    Driver driver = {
        .options = options,
        .cx = {.arena = arena,
               .eval = options->eval,
               .next_column_id = &next_id,
               .is_stream = options->is_stream},
        .next_firing = &options->firings,
        .err = err,
    };

    options->firings = NULL;
    for (int i = 0; rule_batches[i].name && driver.status == STATUS_OK; i++)
        plan = run_batch(&driver, &rule_batches[i], plan);
    if (driver.status == STATUS_OK)
        *ret_plan = plan;
    return driver.status;
}
