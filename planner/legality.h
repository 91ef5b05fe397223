/* Legality: which output mode a continuous query allows, and what each aggregate lets out then.
 * Private to planner/.
 *
 *   append    every row becomes final: aggregates need event time in their keys (they emit when the
 *             watermark closes a group); nothing may retract
 *   update    whatever has a delta form; no ORDER BY, no LIMIT
 *   complete  the topmost aggregate emits all its groups each epoch; only projections, filters,
 * ORDER BY and LIMIT may stand above it
 *
 * That is Spark's table for append and complete. */
#pragma once

#include "planner/bind.h"

/* The plan with its emit modes set and its aggregates' retracting variants chosen, or the refusal
 * (0A000, without a hint about other modes: that is the caller's). */
MUST_USE Status plan_for_mode(Binder *binder, const Plan *plan, OutputMode mode,
                              const Plan **ret_plan, Error *err);
/* What no mode allows: clocks in conditions, stateful operators that can't run continuously. */
MUST_USE Status check_stream_plan(Binder *binder, const Plan *plan, Error *err);
/* Does any mode but complete emit rows only once, as the query stands (no aggregate, no
 * retraction)? */
bool is_naturally_append_only(const Plan *plan);
const char *output_mode_name(OutputMode mode); /* "append" */
