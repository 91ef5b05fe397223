/* The node table: the fields of each plan kind, from which printing, serialising and comparing
 * come. */
#include "planner/plan.h"

#define FIELD(name, type, member) \
    { (name), PLAN_FIELD_##type, offsetof(Plan, member), NULL }
#define FIELD_ENUM(name, member, names) \
    { (name), PLAN_FIELD_ENUM, offsetof(Plan, member), (names) }

static const char *const window_kind_names[] = {"tumble",  "hop",    "cumulate",
                                                "session", "slices", NULL};
static const char *const emit_names[] = {"all", "changes", "on close", NULL};
static const char *const phase_names[] = {"single", "partial", "final", NULL};
static const char *const join_names[] = {"inner", "left", "right", "full",
                                         "semi",  "anti", "mark",  NULL};

/* clang-format off */
static const PlanField scan_fields[] = {
    FIELD("relation",         RELATION,     relation_id),
    FIELD("columns",          SCAN_COLUMNS, scan_columns),
    FIELD("checked columns",  INTS,         checked_columns),
    FIELD("pushed",           EXPRS,        pushed),
    FIELD("watermark",        COLUMN,       watermark_column),
    FIELD("watermark of",     EXPR,         watermark_expr),
    FIELD("watermark delay",  MICROS,       watermark_delay_us),
    FIELD("ordinal",          INT,          scan_ordinal),
    FIELD("batch read",       BOOL,         is_batch_read),
    {0},
};

static const PlanField values_fields[] = {
    FIELD("rows",             INT,          row_count),
    FIELD("values",           EXPRS,        exprs),
    {0},
};

static const PlanField function_scan_fields[] = {
    FIELD("call",             EXPRS,        exprs),
    {0},
};

static const PlanField project_set_fields[] = {
    FIELD("calls",            EXPRS,        exprs),
    {0},
};

static const PlanField filter_fields[] = {
    FIELD("predicate",        EXPR,         predicate),
    {0},
};

static const PlanField project_fields[] = {
    FIELD("expressions",      EXPRS,        exprs),
    {0},
};

static const PlanField window_fields[] = {
    FIELD_ENUM("window",      window_kind,  window_kind_names),
    FIELD("time",             COLUMN,       time_column),
    FIELD("size",             MICROS,       window_size_us),
    FIELD("slide",            MICROS,       window_slide_us),
    FIELD("offset",           MICROS,       window_offset_us),
    FIELD("keys",             COLUMNS,      keys),
    {0},
};

static const PlanField aggregate_fields[] = {
    FIELD("keys",             COLUMNS,      keys),
    FIELD("aggregates",       CALLS,        calls),
    FIELD_ENUM("emit",        emit,         emit_names),
    FIELD_ENUM("phase",       phase,        phase_names),
    FIELD("grouping sets",    SETS,         grouping_sets),
    FIELD("late rows",        COLUMNS,      late_columns),
    {0},
};

static const PlanField distinct_fields[] = {
    FIELD("keys",             COLUMNS,      keys),
    FIELD("within watermark", BOOL,         is_within_watermark),
    {0},
};

static const PlanField join_fields[] = {
    FIELD_ENUM("join",        join_kind,    join_names),
    FIELD("left keys",        COLUMNS,      left_keys),
    FIELD("right keys",       COLUMNS,      right_keys),
    FIELD("null safe",        BOOL,         is_null_safe),
    FIELD("predicate",        EXPR,         predicate),
    FIELD("left time",        COLUMN,       left_time),
    FIELD("right time",       COLUMN,       right_time),
    FIELD("bound low",        MICROS,       bound_low_us),
    FIELD("bound high",       MICROS,       bound_high_us),
    {0},
};

static const PlanField sort_fields[] = {
    FIELD("keys",             SORT_KEYS,    sort_keys),
    FIELD("top",              INT64,        top_n),
    {0},
};

static const PlanField limit_fields[] = {
    FIELD("limit",            EXPR,         limit),
    FIELD("offset",           EXPR,         offset),
    {0},
};

static const PlanField exchange_fields[] = {
    FIELD("keys",             COLUMNS,      keys),
    {0},
};

static const PlanField no_fields[] = {{0}};

const PlanNodeDef plan_node_defs[PLAN_KIND_COUNT] = {
    [PLAN_SCAN]          = {"scan",          scan_fields},
    [PLAN_VALUES]        = {"values",        values_fields},
    [PLAN_FUNCTION_SCAN] = {"function scan", function_scan_fields},
    [PLAN_FILTER]        = {"filter",        filter_fields},
    [PLAN_PROJECT]       = {"project",       project_fields},
    [PLAN_WINDOW]        = {"window",        window_fields},
    [PLAN_AGGREGATE]     = {"aggregate",     aggregate_fields},
    [PLAN_DISTINCT]      = {"distinct",      distinct_fields},
    [PLAN_JOIN]          = {"join",          join_fields},
    [PLAN_UNION]         = {"union",         no_fields},
    [PLAN_SORT]          = {"sort",          sort_fields},
    [PLAN_LIMIT]         = {"limit",         limit_fields},
    [PLAN_SINGLE_ROW]    = {"single row",    no_fields},
    [PLAN_EXCHANGE]      = {"exchange",      exchange_fields},
    [PLAN_PROJECT_SET]   = {"project set",   project_set_fields},
};
/* clang-format on */

const char *plan_kind_name(PlanKind kind) {
    return plan_node_defs[kind].name;
}
