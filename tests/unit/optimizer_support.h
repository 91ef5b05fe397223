/* Support of the optimizer's tests: statements to plans, over the fake catalog of the planner's. */
#pragma once

#include "optimizer/optimizer.h"
#include "tests/unit/planner_support.h"

/* The logical plan of a query or of CREATE STREAM. */
static inline const Plan *logical_plan(Fixture *fixture, const char *sql, bool *ret_is_stream) {
    const Plan *plan;
    StreamPlan stream = {0};

    *ret_is_stream = strncmp(sql, "CREATE STREAM", 13) == 0;
    if (*ret_is_stream) {
        memset(&fixture->err, 0, sizeof(fixture->err));
        if (planner_bind_stream(&fixture->cx, parse_one(fixture, sql), sql, &stream,
                                &fixture->err) != STATUS_OK)
            fail_msg("%s\n  failed: %s", sql, fixture->err.message);
        return stream.plan;
    }
    plan = bind(fixture, sql);
    if (!plan)
        fail_msg("%s\n  failed: %s", sql, fixture->err.message);
    return plan;
}

static inline const Plan *optimized_plan(Fixture *fixture, const char *sql, const char *disabled,
                                         RuleFiring **ret_firings) {
    OptimizerOptions options = {
        .eval = &fixture->eval, .disabled_rules = disabled, .is_traced = true};
    const Plan *plan = logical_plan(fixture, sql, &options.is_stream);

    if (optimizer_run(plan, &options, fixture->arena, &plan, &fixture->err) != STATUS_OK)
        fail_msg("%s\n  failed: %s", sql, fixture->err.message);
    if (ret_firings)
        *ret_firings = options.firings;
    return plan;
}

static inline const Plan *physical_plan(Fixture *fixture, const char *sql) {
    OptimizerOptions options = {.eval = &fixture->eval,
                                .is_stream = strncmp(sql, "CREATE STREAM", 13) == 0};
    const Plan *plan = optimized_plan(fixture, sql, NULL, NULL);

    if (optimizer_lower(plan, &options, fixture->arena, &plan, &fixture->err) != STATUS_OK)
        fail_msg("%s\n  failed: %s", sql, fixture->err.message);
    return plan;
}
