/* The rules that there are; each is one file in rules/. */
#pragma once

#include "optimizer/optimizer.h"

extern const Rule rule_filter_to_join_keys;
extern const Rule rule_fold_constants;
extern const Rule rule_hop_to_slices;
extern const Rule rule_limit_to_top_n;
extern const Rule rule_mark_to_anti;
extern const Rule rule_mark_to_semi;
extern const Rule rule_merge_filters;
extern const Rule rule_merge_projects;
extern const Rule rule_merge_unions;
extern const Rule rule_or_to_in;
extern const Rule rule_propagate_empty;
extern const Rule rule_prune_columns;
extern const Rule rule_push_filter_below_aggregate;
extern const Rule rule_push_filter_below_distinct;
extern const Rule rule_push_filter_below_project;
extern const Rule rule_push_filter_below_sort;
extern const Rule rule_push_filter_below_union;
extern const Rule rule_push_filter_below_window;
extern const Rule rule_push_filter_into_join;
extern const Rule rule_push_filter_into_scan;
extern const Rule rule_push_join_condition;
extern const Rule rule_push_limit_below_project;
extern const Rule rule_remove_false_filter;
extern const Rule rule_remove_identity_project;
extern const Rule rule_remove_true_filter;
extern const Rule rule_simplify_boolean;
