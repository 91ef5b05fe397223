/* Missing: functions and views that PostgreSQL, Spark or the dialect has, and that are not here.
 *
 * They are refused by name (0A000), so that nobody takes them for a slip of the pen. A function
 * that gets written leaves the list by itself: lookups come first. */
#include "planner/bind_call.h"

#include <string.h>

typedef struct Missing {
    const char *name;
    const char *hint; /* NULL: none */
} Missing;

/* clang-format off */
static const Missing missing_functions[] = {
    {"approx_count_distinct", "Use count(DISTINCT …)."}, {"approx_percentile", NULL},
    {"approximate_percentile", NULL}, {"array_to_tsvector", NULL},
    {"collect_set", "Use array_agg(DISTINCT …)."}, {"convert", NULL}, {"corr", NULL},
    {"covar_pop", NULL}, {"covar_samp", NULL}, {"cume_dist", NULL}, {"currval", NULL},
    {"date_add", "Add an interval: ts + interval '1 day'."},
    {"date_sub", "Subtract an interval: ts - interval '1 day'."},
    {"datediff", "Subtract dates."}, {"dense_rank", NULL}, {"explode", "Use unnest(…)."},
    {"first_value", NULL}, {"from_json", "Take fields with -> and ->>."},
    {"from_unixtime", "Use to_timestamp(…)."},
    {"get_json_object", "Take fields with -> and ->>."}, {"hll_sketch_agg", NULL},
    {"json_populate_record", NULL}, {"json_populate_recordset", NULL}, {"json_to_record", NULL},
    {"json_to_recordset", NULL}, {"jsonb_path_exists", NULL}, {"jsonb_path_match", NULL},
    {"jsonb_path_query", NULL}, {"jsonb_path_query_array", NULL},
    {"jsonb_path_query_first", NULL}, {"jsonb_populate_record", NULL},
    {"jsonb_populate_recordset", NULL}, {"jsonb_to_record", NULL}, {"jsonb_to_recordset", NULL},
    {"json_tuple", "Take fields with -> and ->>."}, {"kurtosis", NULL}, {"lag", NULL},
    {"last_value", NULL}, {"lastval", NULL}, {"lead", NULL}, {"levenshtein", NULL},
    {"map_agg", "Use jsonb_object_agg(…)."}, {"nextval", NULL}, {"normalize", NULL},
    {"nth_value", NULL}, {"ntile", NULL}, {"parse_ident", NULL}, {"percent_rank", NULL},
    {"percentile", NULL}, {"pg_sleep", NULL},
    {"percentile_approx", "Use percentile_cont(p) WITHIN GROUP (ORDER BY x)."},
    {"phraseto_tsquery", NULL}, {"plainto_tsquery", NULL}, {"rank", NULL}, {"regr_avgx", NULL},
    {"regr_avgy", NULL}, {"regr_count", NULL}, {"regr_intercept", NULL}, {"regr_r2", NULL},
    {"regr_slope", NULL}, {"regr_sxx", NULL}, {"regr_sxy", NULL}, {"regr_syy", NULL},
    {"row_number", NULL}, {"schema_of_json", NULL}, {"setval", NULL}, {"similarity", NULL},
    {"skewness", NULL}, {"state", "See millrace.operators."},
    {"to_number", "Cast it: '12.5'::numeric."}, {"to_tsquery", NULL}, {"to_tsvector", NULL},
    {"ts_headline", NULL}, {"ts_rank", NULL}, {"unistr", "Write U&'…'."},
    {"unix_timestamp", "Use extract(epoch FROM …)."}, {"websearch_to_tsquery", NULL},
    {"xmlagg", NULL}, {"xmlelement", NULL},
};

static const Missing missing_views[] = {
    {"checkpoints", "See millrace.stream_progress."},
    {"events", "See the server's log."},
    {"memory", "See millrace.operators."},
};
/* clang-format on */

static const Missing *find(const Missing *list, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    return NULL;
}

Status refuse_missing_function(const char *name, int position, Error *err) {
    const Missing *missing = find(missing_functions, ARRAY_LENGTH(missing_functions), name);

    if (!missing)
        return STATUS_OK;
    IGNORE(not_supported(err, position, "function %s()", name)); /* hinted */
    return missing->hint ? error_hint(err, "%s", missing->hint) : STATUS_ERROR;
}

Status refuse_missing_view(const AstName *name, Error *err) {
    const Missing *missing = find(missing_views, ARRAY_LENGTH(missing_views), name->name);

    if (!missing || !name->schema || strcmp(name->schema, "millrace") != 0)
        return STATUS_OK;
    IGNORE(not_supported(err, name->base.position, "system view millrace.%s", /* hinted */
                         name->name));
    return missing->hint ? error_hint(err, "%s", missing->hint) : STATUS_ERROR;
}
