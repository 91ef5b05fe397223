/* Support of the planner's tests: a small catalog in memory, and plans as one line of text.
 *
 * The catalog's lookups are defined here, so that these tests need no database. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "parser/parser.h"
#include "planner/planner.h"

/* -------- relations -------- */

static const RelationColumn events_columns[] = {
    {.name = "k", .type = {.id = TYPE_TEXT, .typmod = -1}},
    {.name = "v", .type = {.id = TYPE_INT4, .typmod = -1}},
    {.name = "w", .type = {.id = TYPE_INT8, .typmod = -1}},
    {.name = "ts", .type = {.id = TYPE_TIMESTAMPTZ, .typmod = -1}},
};
static const RelationColumn users_columns[] = {
    {.name = "k", .type = {.id = TYPE_TEXT, .typmod = -1}},
    {.name = "name", .type = {.id = TYPE_TEXT, .typmod = -1}, .is_not_null = true},
    {.name = "age", .type = {.id = TYPE_INT2, .typmod = -1}},
};
static const RelationColumn view_columns[] = {
    {.name = "key", .type = {.id = TYPE_TEXT, .typmod = -1}},
    {.name = "total", .type = {.id = TYPE_INT8, .typmod = -1}},
};

static Status fake_source_check(const OptionSet *options, const volatile bool *cancel, Error *err) {
    const char *path = option_text(options, "path");

    if (path && strcmp(path, "/gone") == 0)
        return error_set(err, UNDEFINED_FILE, "could not open \"%s\": no such file", path);
    return STATUS_OK;
}

static const OptionSpec file_options[] = {
    {"path", OPTION_TEXT, NULL, NULL, "a file or a folder", OPTION_REQUIRED},
    {"settle", OPTION_DURATION, NULL, "1s", "unchanged this long", 0},
    {0},
};
static const OptionSpec json_options[] = {
    {"strict", OPTION_BOOL, NULL, "false", "a test's option", 0},
    {0},
};
static const MetadataColumn file_metadata[] = {
    {"path", TYPE_TEXT}, {.name = "line", .type = TYPE_INT8}, {0}};
static const FormatType format_json = {
    .name = "json", .reads_paths = true, .extension = "json", .options = json_options};
static const SourceType source_file = {.name = "file",
                                       .options = file_options,
                                       .metadata = file_metadata,
                                       .is_replayable = true,
                                       .idle_after_us = 1000000,
                                       .check = fake_source_check};
static const SinkType sink_file = {.name = "file",
                                   .options = file_options,
                                   .guarantee = SINK_PUBLISH_AFTER_COMMIT,
                                   .capabilities =
                                       SINK_TAKES_APPEND | SINK_TAKES_UPDATE | SINK_TAKES_COMPLETE,
                                   .needs_format = true};
static const SinkType sink_console = {.name = "console",
                                      .guarantee = SINK_AT_LEAST_ONCE,
                                      .capabilities = SINK_TAKES_APPEND | SINK_TAKES_UPDATE};
static const SourceType *const fake_sources[] = {&source_file, NULL};
static const SinkType *const fake_sinks[] = {&sink_file, &sink_console, NULL};
static const FormatType *const fake_formats[] = {&format_json, NULL};
static const SystemTable *const *const fake_systems[] = {NULL};
static const Registry fake_registry = {fake_sources, fake_sinks, fake_formats, fake_systems};
static const char *const fake_directories[] = {"/", NULL};
static const OptionEnvironment fake_environment = {fake_directories, "/"};

static const Relation fake_relations[] = {
    {.id = 1,
     .kind = RELATION_SOURCE,
     .schema = "public",
     .name = "events",
     .column_count = 4,
     .columns = events_columns,
     .source = &source_file,
     .format = &format_json,
     .watermark_column = 3,
     .watermark_delay_us = 10000000,
     .idle_after_us = -1},
    {.id = 2,
     .kind = RELATION_SOURCE,
     .schema = "public",
     .name = "users",
     .column_count = 3,
     .columns = users_columns,
     .source = &source_file,
     .format = &format_json,
     .watermark_column = -1,
     .idle_after_us = -1},
    {.id = 3,
     .kind = RELATION_VIEW,
     .schema = "public",
     .name = "totals",
     .column_count = 2,
     .columns = view_columns,
     .watermark_column = -1,
     .query = "SELECT k, sum(v) FROM events GROUP BY k"},
    {.id = 4,
     .kind = RELATION_SINK,
     .schema = "public",
     .name = "o",
     .sink = &sink_file,
     .format = &format_json,
     .watermark_column = -1},
    {.id = 5,
     .kind = RELATION_SINK,
     .schema = "public",
     .name = "term",
     .sink = &sink_console,
     .watermark_column = -1},
};

const Relation *catalog_find(const CatalogSnapshot *snapshot, const char *schema,
                             const char *name) {
    (void) snapshot;
    for (size_t i = 0; i < ARRAY_LENGTH(fake_relations); i++)
        if (strcmp(fake_relations[i].name, name) == 0 &&
            (!schema || strcmp(schema, fake_relations[i].schema) == 0))
            return &fake_relations[i];
    return NULL;
}

const Relation *catalog_find_secret(const CatalogSnapshot *snapshot, const char *name) {
    static const Relation secret = {
        .id = 9, .kind = RELATION_SECRET, .name = "password", .sealed = "v1:00"};

    (void) snapshot;
    return strcmp(name, secret.name) == 0 ? &secret : NULL;
}

const Relation *catalog_find_id(const CatalogSnapshot *snapshot, int64_t id) {
    (void) snapshot;
    for (size_t i = 0; i < ARRAY_LENGTH(fake_relations); i++)
        if (fake_relations[i].id == id)
            return &fake_relations[i];
    return NULL;
}

Status relation_check_sound(const Relation *relation, int position, Error *err) {
    return STATUS_OK;
}

const char *catalog_nearest(const CatalogSnapshot *snapshot, const char *name, unsigned kinds) {
    (void) snapshot;
    return strncmp(name, "event", 5) == 0 ? "events" : NULL;
}

/* -------- plans as text -------- */

static void append_ids(StrBuf *out, ColumnIds ids) {
    for (int i = 0; i < ids.count; i++)
        strbuf_printf(out, "%s#%d", i ? "," : "", (int) ids.ids[i]);
}

static void append_list(StrBuf *out, ExprList list) {
    for (int i = 0; i < list.count; i++) {
        strbuf_append_text(out, i ? ", " : "");
        expr_append_text(list.items[i], out);
    }
}

static void append_project(StrBuf *out, const Plan *plan) {
    for (int i = 0; i < plan->column_count; i++) {
        const Expr *expr = plan->exprs.items[i];

        strbuf_append_text(out, i ? ", " : "");
        if (expr->kind == EXPR_COLUMN)
            strbuf_printf(out, "#%d", (int) expr->column.id);
        else
            expr_append_text(expr, out);
        if (expr->kind != EXPR_COLUMN || expr->column.id != plan->columns[i].id)
            strbuf_printf(out, " #%d", (int) plan->columns[i].id);
    }
}

static void append_aggregate(StrBuf *out, const Plan *plan) {
    append_ids(out, plan->keys);
    for (int i = 0; i < plan->call_count; i++) {
        const PlanAggregateCall *call = &plan->calls[i];

        strbuf_printf(out, "; %s(%s", call->aggregate->name, call->is_distinct ? "distinct " : "");
        append_ids(out, call->arguments);
        strbuf_append_text(out, ")");
        if (call->filter)
            strbuf_printf(out, " where #%d", (int) call->filter);
    }
    for (int i = 0; i < plan->grouping_set_count; i++) {
        strbuf_append_text(out, " (");
        append_ids(out, plan->grouping_sets[i]);
        strbuf_append_text(out, ")");
    }
    if (plan->emit != EMIT_ALL)
        strbuf_append_text(out, plan->emit == EMIT_CHANGES ? " emit changes" : " emit on close");
}

static void append_join(StrBuf *out, const Plan *plan) {
    static const char *const kinds[] = {"inner", "left", "right", "full", "semi", "anti", "mark"};

    strbuf_append_text(out, kinds[plan->join_kind]);
    if (plan->left_keys.count > 0) {
        strbuf_append_text(out, " ");
        append_ids(out, plan->left_keys);
        strbuf_append_text(out, "=");
        append_ids(out, plan->right_keys);
    }
    if (plan->predicate) {
        strbuf_append_text(out, " on ");
        expr_append_text(plan->predicate, out);
    }
}

static void append_details(StrBuf *out, const Plan *plan) {
    switch (plan->kind) {
    case PLAN_SCAN:
        strbuf_append_text(out, plan->relation->name);
        for (int i = 0; i < plan->column_count; i++)
            strbuf_printf(out, "%s%s#%d", i ? "," : ": ", plan->columns[i].name,
                          (int) plan->columns[i].id);
        break;
    case PLAN_VALUES:
        strbuf_printf(out, "%d: ", plan->row_count);
        append_list(out, plan->exprs);
        break;
    case PLAN_FUNCTION_SCAN:
        append_list(out, plan->exprs);
        break;
    case PLAN_FILTER:
        expr_append_text(plan->predicate, out);
        break;
    case PLAN_PROJECT:
        append_project(out, plan);
        break;
    case PLAN_WINDOW:
        strbuf_printf(out, "#%d size %lld slide %lld", (int) plan->time_column,
                      (long long) plan->window_size_us / 1000000,
                      (long long) plan->window_slide_us / 1000000);
        break;
    case PLAN_AGGREGATE:
        append_aggregate(out, plan);
        break;
    case PLAN_DISTINCT:
        append_ids(out, plan->keys);
        break;
    case PLAN_JOIN:
        append_join(out, plan);
        break;
    case PLAN_SORT:
        for (int i = 0; i < plan->sort_key_count; i++)
            strbuf_printf(out, "%s#%d%s%s", i ? "," : "", (int) plan->sort_keys[i].column,
                          plan->sort_keys[i].is_descending ? " desc" : "",
                          plan->sort_keys[i].nulls_first ? " nulls first" : "");
        break;
    case PLAN_LIMIT:
        if (plan->limit)
            expr_append_text(plan->limit, out);
        if (plan->offset) {
            strbuf_append_text(out, " offset ");
            expr_append_text(plan->offset, out);
        }
        break;
    default:
        break;
    }
}

/* filter[v > 1](scan[events: v#2]) */
static void append_plan(StrBuf *out, const Plan *plan) {
    strbuf_append_text(out, plan_kind_name(plan->kind));
    strbuf_append_text(out, "[");
    append_details(out, plan);
    strbuf_append_text(out, "]");
    if (plan->child_count == 0)
        return;
    strbuf_append_text(out, "(");
    for (int i = 0; i < plan->child_count; i++) {
        strbuf_append_text(out, i ? ", " : "");
        append_plan(out, plan->children[i]);
    }
    strbuf_append_text(out, ")");
}

/* -------- binding -------- */

typedef struct Fixture {
    Arena *arena;
    PlannerContext cx;
    EvalContext eval;
    Error err;
    StrBuf text;
    StrBuf notices;
} Fixture;

static void take_notice(void *data, const char *message, const char *hint) {
    strbuf_printf(data, "%s%s%s\n", message, hint[0] ? " | " : "", hint);
}

static int setup(void **state) {
    Fixture *fixture = test_calloc(1, sizeof(*fixture));

    fixture->arena = arena_create("test", 0);
    fixture->eval.settings = &form_settings_default;
    fixture->cx = (PlannerContext) {.arena = fixture->arena,
                                    .catalog = (const CatalogSnapshot *) fixture,
                                    .registry = &fake_registry,
                                    .environment = &fake_environment,
                                    .eval = &fixture->eval,
                                    .notice = take_notice,
                                    .notice_data = &fixture->notices};
    *state = fixture;
    return 0;
}

static int teardown(void **state) {
    Fixture *fixture = *state;

    strbuf_done(&fixture->text);
    strbuf_done(&fixture->notices);
    arena_destroy(fixture->arena);
    test_free(fixture);
    return 0;
}

static inline AstNode *parse_one(Fixture *fixture, const char *sql) {
    AstStatementList *list = NULL;

    if (parser_parse(sql, strlen(sql), fixture->arena, &list, &fixture->err) != STATUS_OK)
        fail_msg("does not parse: %s: %s", sql, fixture->err.message);
    return list->items[0].node;
}

static inline const Plan *bind(Fixture *fixture, const char *sql) {
    const Plan *plan = NULL;

    memset(&fixture->err, 0, sizeof(fixture->err));
    fixture->cx.parameter_count = 0;
    fixture->cx.parameter_types = NULL;
    if (planner_bind_query(&fixture->cx, parse_one(fixture, sql), &plan, &fixture->err) !=
        STATUS_OK)
        return NULL;
    return plan;
}

static inline void assert_plan(Fixture *fixture, const char *sql, const char *expected) {
    const Plan *plan = bind(fixture, sql);

    if (!plan)
        fail_msg("%s\n  failed: %s (%s)", sql, fixture->err.message,
                 sqlstate_code(fixture->err.sqlstate));
    strbuf_clear(&fixture->text);
    append_plan(&fixture->text, plan);
    if (strcmp(strbuf_text(&fixture->text), expected) != 0)
        fail_msg("%s\n  expected: %s\n  but was:  %s", sql, expected, strbuf_text(&fixture->text));
}

static inline void assert_error_is(Fixture *fixture, const char *sql, const char *code,
                                   int position, const char *message) {
    const Error *err = &fixture->err;

    if (strcmp(sqlstate_code(err->sqlstate), code) != 0 || err->position != position ||
        strcmp(err->message, message) != 0)
        fail_msg("%s\n  expected: %s at %d: %s\n  but was:  %s at %d: %s", sql, code, position,
                 message, sqlstate_code(err->sqlstate), err->position, err->message);
}

static inline void assert_bind_error(Fixture *fixture, const char *sql, const char *code,
                                     int position, const char *message) {
    if (bind(fixture, sql))
        fail_msg("%s\n  was bound, expected %s", sql, code);
    assert_error_is(fixture, sql, code, position, message);
}
