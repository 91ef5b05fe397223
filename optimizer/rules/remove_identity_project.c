/* project(x) => x, when it passes all columns on in their order and under their names. */
#include <string.h>

#include "optimizer/rules.h"

static const Plan *apply(RuleContext *cx, const Plan *project) {
    const Plan *child = project->children[0];

    if (project->column_count != child->column_count)
        return project;
    for (int i = 0; i < project->column_count; i++) {
        const Expr *expr = project->exprs.items[i];

        if (expr->kind != EXPR_COLUMN || expr->column.id != child->columns[i].id ||
            project->columns[i].id != child->columns[i].id ||
            strcmp(project->columns[i].name, child->columns[i].name) != 0)
            return project;
    }
    return child;
}

const Rule rule_remove_identity_project = {
    .name = "remove_identity_project",
    .rewrite = "project(all columns of x) => x",
    .kinds = RULE_ON(PLAN_PROJECT),
    .apply = apply,
};
