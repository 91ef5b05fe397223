/* Deparse: queries and FROM items. See deparse.h. */
#include <assert.h>

#include "parser/deparse_private.h"

void put_query_parens(Deparser *d, const AstQuery *query) {
    put_open(d);
    put_query(d, query);
    put_close(d);
}

static int binding_of_set(AstSetOperator op) {
    return op == AST_INTERSECT ? 2 : 1;
}

/* An operand of UNION and its sisters: set operations nest to the left, INTERSECT binds more. */
static void put_operand(Deparser *d, const AstNode *node, AstSetOperator op, bool is_right) {
    const AstSetOperation *inner = (const AstSetOperation *) node;
    bool has_parens = node->kind == AST_QUERY;

    if (node->kind == AST_SET_OPERATION)
        has_parens = binding_of_set(inner->op) < binding_of_set(op) + (is_right ? 1 : 0);
    if (has_parens)
        put_open(d);
    put_node(d, node);
    if (has_parens)
        put_close(d);
}

static void put_set_operation(Deparser *d, const AstSetOperation *node) {
    static const char *const words[] = {"UNION", "INTERSECT", "EXCEPT"};

    put_operand(d, node->left, node->op, false);
    put_clause(d, words[node->op]);
    put(d, node->is_all ? " ALL" : "");
    put(d, " ");
    put_operand(d, node->right, node->op, true);
}

static void put_list_clause(Deparser *d, const char *words, const AstList *list) {
    if (list->count == 0)
        return;
    put_clause(d, words);
    put_list(d, list);
}

static void put_where(Deparser *d, const char *words, const AstNode *condition) {
    if (condition == NULL)
        return;
    put_clause(d, words);
    put_node(d, condition);
}

static void put_named_window(Deparser *d, const AstNode *node) {
    const AstWindowSpec *spec = (const AstWindowSpec *) node;

    put_identifier(d, spec->name);
    put(d, " AS ");
    put_window_spec(d, spec);
}

static void put_select(Deparser *d, const AstSelect *select) {
    put(d, "SELECT");
    if (select->distinct != AST_DISTINCT_NONE)
        put(d, " DISTINCT");
    if (select->distinct == AST_DISTINCT_ON) {
        put(d, " ON ");
        put_list_parens(d, &select->distinct_on);
    }
    if (select->targets.count > 0) {
        put(d, " ");
        put_list(d, &select->targets);
    }
    put_list_clause(d, "FROM ", &select->from);
    put(d, select->within_watermark ? " WITHIN WATERMARK" : "");
    put_where(d, "WHERE ", select->where);
    put_list_clause(d, select->is_group_distinct ? "GROUP BY DISTINCT " : "GROUP BY ",
                    &select->group_by);
    put_where(d, "HAVING ", select->having);
    if (select->windows.count > 0) {
        put_clause(d, "WINDOW ");
        put_items(d, &select->windows, put_named_window);
    }
}

static void put_sort_key(Deparser *d, const AstSortKey *key) {
    static const char *const orders[] = {"", " ASC", " DESC"};
    static const char *const nulls[] = {"", " NULLS FIRST", " NULLS LAST"};

    put_node(d, key->value);
    if (key->using_op != NULL)
        put_format(d, " USING %s", key->using_op);
    put_format(d, "%s%s", orders[key->order], nulls[key->nulls]);
}

static void put_grouping_set(Deparser *d, const AstGroupingSet *set) {
    static const char *const words[] = {"", "GROUPING SETS ", "ROLLUP ", "CUBE "};

    put(d, words[set->set]);
    if (set->set == AST_GROUPING_EMPTY)
        put(d, "()");
    put_list_parens(d, &set->items);
}

static void put_limit(Deparser *d, const AstLimit *limit) {
    if (limit->with_ties) {
        put_clause(d, "FETCH FIRST ");
        put_expr(d, limit->count, BINDING_PRIMARY);
        put(d, " ROWS WITH TIES");
    } else if (limit->count != NULL) {
        put_clause(d, "LIMIT ");
        put_node(d, limit->count);
    }
    if (limit->offset != NULL) {
        put_clause(d, "OFFSET ");
        put_node(d, limit->offset);
    }
}

static void put_locking(Deparser *d, const AstLocking *locking) {
    static const char *const strengths[] = {"UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE"};
    static const char *const waits[] = {"", " NOWAIT", " SKIP LOCKED"};

    put_clause(d, "FOR ");
    put(d, strengths[locking->strength]);
    if (locking->relations.count > 0) {
        put(d, " OF ");
        put_list(d, &locking->relations);
    }
    put(d, waits[locking->wait]);
}

static void put_cte(Deparser *d, const AstCte *cte) {
    static const char *const words[] = {"", "MATERIALIZED ", "NOT MATERIALIZED "};

    put_identifier(d, cte->name);
    put_list_parens(d, &cte->columns);
    put_format(d, " AS %s", words[cte->materialized]);
    put_open(d);
    put_node(d, cte->query);
    put_close(d);
}

void put_with(Deparser *d, const AstWith *with) {
    if (with == NULL)
        return;
    put(d, with->is_recursive ? "WITH RECURSIVE " : "WITH ");
    put_list(d, &with->ctes);
    put(d, " ");
}

void put_query(Deparser *d, const AstQuery *query) {
    put_with(d, query->with);
    if (query->body->kind == AST_QUERY)
        put_query_parens(d, (const AstQuery *) query->body);
    else
        put_node(d, query->body);
    put_list_clause(d, "ORDER BY ", &query->order_by);
    if (query->limit != NULL)
        put_limit(d, query->limit);
    AST_FOREACH(AstLocking, locking, &query->locking)
    put_locking(d, locking);
    if (query->emit != AST_EMIT_NONE)
        put_clause(d, query->emit == AST_EMIT_CHANGES ? "EMIT CHANGES" : "EMIT ON WINDOW CLOSE");
}

void put_query_part(Deparser *d, const AstNode *node) {
    const AstTarget *target = (const AstTarget *) node;

    switch (node->kind) {
    case AST_SELECT:
        put_select(d, (const AstSelect *) node);
        return;
    case AST_SET_OPERATION:
        put_set_operation(d, (const AstSetOperation *) node);
        return;
    case AST_VALUES:
        put(d, "VALUES ");
        put_list(d, &((const AstValues *) node)->rows);
        return;
    case AST_WITH:
        put_with(d, (const AstWith *) node);
        return;
    case AST_CTE:
        put_cte(d, (const AstCte *) node);
        return;
    case AST_TARGET:
        put_node(d, target->value);
        if (target->label != NULL) {
            put(d, " AS ");
            put_identifier(d, target->label);
        }
        return;
    case AST_SORT_KEY:
        put_sort_key(d, (const AstSortKey *) node);
        return;
    case AST_GROUPING_SET:
        put_grouping_set(d, (const AstGroupingSet *) node);
        return;
    case AST_WINDOW_SPEC:
        put_window_spec(d, (const AstWindowSpec *) node);
        return;
    case AST_LIMIT:
        put_limit(d, (const AstLimit *) node);
        return;
    default:
        assert(node->kind == AST_LOCKING);
        put_locking(d, (const AstLocking *) node);
    }
}

/* ---- FROM items ---- */

static void put_alias(Deparser *d, const AstAlias *alias) {
    if (alias == NULL)
        return;
    put(d, " AS ");
    if (alias->name != NULL)
        put_identifier(d, alias->name);
    put_list_parens(d, &alias->columns);
    put_list_parens(d, &alias->definitions);
}

static void put_delay(Deparser *d, const AstWatermarkDelay *delay) {
    if (delay == NULL)
        return;
    put(d, " WATERMARK ");
    put_identifier(d, delay->column);
    put(d, " DELAY OF ");
    put_plain_expr(d, delay->delay);
}

static void put_table_ref(Deparser *d, const AstTableRef *table) {
    put(d, table->is_only ? "ONLY " : "");
    put_name(d, table->name);
    if (table->system_time != NULL) {
        put(d, " FOR SYSTEM_TIME AS OF ");
        put_plain_expr(d, table->system_time);
    }
    put_alias(d, table->alias);
    put_delay(d, table->watermark);
}

static void put_function_ref(Deparser *d, const AstFunctionRef *function) {
    put(d, function->is_lateral ? "LATERAL " : "");
    if (function->is_rows_from) {
        put(d, "ROWS FROM ");
        put_list_parens(d, &function->functions);
    } else {
        put_node(d, function->functions.items[0]);
    }
    put(d, function->with_ordinality ? " WITH ORDINALITY" : "");
    put_alias(d, function->alias);
}

static void put_window_table(Deparser *d, const AstWindowTable *table) {
    static const char *const names[] = {"TUMBLE", "HOP", "CUMULATE", "SESSION"};

    put(d, names[table->window]);
    put_open(d);
    put_node(d, table->input);
    if (table->partition_by.count > 0) {
        bool is_single = table->partition_by.count == 1;
        put(d, is_single ? " PARTITION BY " : " PARTITION BY (");
        put_list(d, &table->partition_by);
        put(d, is_single ? "" : ")");
    }
    put(d, ", ");
    put_list(d, &table->arguments);
    put_close(d);
    put_alias(d, table->alias);
}

static void put_join_words(Deparser *d, const AstJoin *join) {
    static const char *const kinds[] = {"", "LEFT ", "RIGHT ", "FULL ", "CROSS "};

    put_format(d, "%s%s%sJOIN ", join->is_natural ? "NATURAL " : "", kinds[join->join],
               join->is_asof ? "ASOF " : "");
}

static void put_join(Deparser *d, const AstJoin *join) {
    const AstJoin *right = (const AstJoin *) join->right;
    bool has_right_parens = right->base.kind == AST_JOIN && right->alias == NULL;

    if (join->alias != NULL)
        put_open(d);
    put_node(d, join->left);
    put(d, " ");
    put_join_words(d, join);
    if (has_right_parens)
        put_open(d);
    put_node(d, join->right);
    if (has_right_parens)
        put_close(d);
    put_value_or(d, " ON ", join->on);
    if (join->using_columns.count > 0) {
        put(d, " USING ");
        put_list_parens(d, &join->using_columns);
    }
    if (join->using_alias != NULL) {
        put(d, " AS ");
        put_identifier(d, join->using_alias);
    }
    if (join->alias != NULL)
        put_close(d);
    put_alias(d, join->alias);
}

void put_from_item(Deparser *d, const AstNode *node) {
    const AstSubqueryRef *subquery = (const AstSubqueryRef *) node;

    switch (node->kind) {
    case AST_TABLE_REF:
        put_table_ref(d, (const AstTableRef *) node);
        return;
    case AST_SUBQUERY_REF:
        put(d, subquery->is_lateral ? "LATERAL " : "");
        put_query_parens(d, subquery->query);
        put_alias(d, subquery->alias);
        put_delay(d, subquery->watermark);
        return;
    case AST_FUNCTION_REF:
        put_function_ref(d, (const AstFunctionRef *) node);
        return;
    case AST_WINDOW_TABLE:
        put_window_table(d, (const AstWindowTable *) node);
        return;
    case AST_JOIN:
        put_join(d, (const AstJoin *) node);
        return;
    case AST_ALIAS:
        put_alias(d, (const AstAlias *) node);
        return;
    default:
        assert(node->kind == AST_WATERMARK_DELAY);
        put_delay(d, (const AstWatermarkDelay *) node);
    }
}
