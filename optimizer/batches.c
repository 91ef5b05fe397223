/* Which rules run, in which batches. To add a rule: its file in rules/, a line in rules.h, a line
 * here. */
#include "optimizer/rules.h"

#define RULES(...) ((const Rule *const[]) {__VA_ARGS__, NULL})

/* Once conditions lie where they act, what is constant and what is empty goes. */
#define CLEAN_UP                                                            \
    &rule_fold_constants, &rule_simplify_boolean, &rule_remove_true_filter, \
        &rule_remove_false_filter, &rule_propagate_empty

const RuleBatch rule_batches[] = {
    {"normalize", LIMIT_RULE_PASSES,
     RULES(CLEAN_UP, &rule_or_to_in, &rule_mark_to_semi, &rule_mark_to_anti, &rule_merge_filters,
           &rule_merge_unions)},
    {"push down", LIMIT_RULE_PASSES,
     RULES(&rule_merge_filters, &rule_mark_to_semi, &rule_mark_to_anti,
           &rule_push_filter_below_project, &rule_push_filter_below_window,
           &rule_push_filter_below_aggregate, &rule_push_filter_below_distinct,
           &rule_push_filter_below_sort, &rule_push_filter_below_union, &rule_push_filter_into_join,
           &rule_filter_to_join_keys, &rule_push_join_condition, CLEAN_UP, &rule_merge_projects)},
    {"limits", LIMIT_RULE_PASSES, RULES(&rule_push_limit_below_project, &rule_limit_to_top_n)},
    {"columns", 1, RULES(&rule_prune_columns)},
    {"scans", LIMIT_RULE_PASSES,
     RULES(&rule_remove_identity_project, &rule_merge_projects, &rule_push_filter_into_scan)},
    {"slices", 1, RULES(&rule_hop_to_slices)},
    {0},
};
