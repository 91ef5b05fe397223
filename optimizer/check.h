/* Checks of plans: that a rule kept what it must keep. */
#pragma once

#include "planner/plan.h"

/* Same output columns (ids and types, in order), no column used that no child gives, properties not
 * weakened. XX000 naming the rule. */
MUST_USE Status plan_check_rewrite(const char *rule_name, const Plan *before, const Plan *after,
                                   Error *err);
/* A node that was read from bytes, its children being right: what the executor relies on. XX001. */
MUST_USE Status plan_check_stored(const Plan *plan, Error *err);
/* Of a whole plan that was read: the ordinals of its scans are 0, 1, … */
MUST_USE Status plan_check_scans(const Plan *plan, Arena *arena, Error *err);
