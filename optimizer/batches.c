/* Which rules run, in which batches. To add a rule: its file in rules/, a line in rules.h, a line
 * here. */
#include "optimizer/rules.h"

#define RULES(...) ((const Rule *const[]) {__VA_ARGS__, NULL})

const RuleBatch rule_batches[] = {
    {"normalize", LIMIT_RULE_PASSES,
     RULES(&rule_fold_constants, &rule_simplify_boolean, &rule_mark_to_semi, &rule_merge_filters)},
    {"push down", LIMIT_RULE_PASSES,
     RULES(&rule_merge_filters, &rule_mark_to_semi, &rule_push_filter_below_project,
           &rule_push_filter_below_window, &rule_push_filter_below_aggregate,
           &rule_push_filter_below_distinct, &rule_push_filter_below_sort,
           &rule_push_filter_below_union, &rule_push_filter_into_join, &rule_fold_constants,
           &rule_simplify_boolean, &rule_remove_true_filter, &rule_merge_projects)},
    {"limits", LIMIT_RULE_PASSES, RULES(&rule_limit_to_top_n)},
    {"columns", 1, RULES(&rule_prune_columns)},
    {"scans", LIMIT_RULE_PASSES,
     RULES(&rule_remove_identity_project, &rule_merge_projects, &rule_push_filter_into_scan)},
    {0},
};
