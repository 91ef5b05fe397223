/* EXPLAIN: the stages of a plan, and the rules that made it. */
#include <string.h>
#include <strings.h>

#include "optimizer/optimizer.h"
#include "parser/ast_expr.h"
#include "parser/ast_query.h"
#include "parser/ast_statement.h"
#include "server/session_state.h"

typedef enum ExplainStage {
    EXPLAIN_LOGICAL,
    EXPLAIN_OPTIMIZED,
    EXPLAIN_PHYSICAL,
    EXPLAIN_STATE, /* the physical plan with what it keeps */
} ExplainStage;

typedef struct ExplainOptions {
    ExplainStage stage;
    bool shows_rules;
    bool is_json;
} ExplainOptions;

/* -------- options -------- */

static const char *option_word(const AstOption *option) {
    const AstLiteral *literal = (const AstLiteral *) option->value;

    if (!literal)
        return "true";
    if (literal->base.kind != AST_LITERAL)
        return "";
    if (literal->literal == AST_LITERAL_BOOLEAN)
        return literal->integer ? "true" : "false";
    return literal->text ? literal->text : "";
}

static bool is_true(const char *word) {
    return strcasecmp(word, "true") == 0 || strcasecmp(word, "on") == 0 || strcmp(word, "1") == 0;
}

static Status unknown_value(const AstOption *option, Error *err) {
    return error_at(err, option->base.position, INVALID_PARAMETER,
                    "unrecognized value for EXPLAIN option \"%s\": \"%s\"", option->name,
                    option_word(option));
}

static Status read_stage(const AstOption *option, ExplainStage *ret_stage, Error *err) {
    static const char *const stages[] = {"logical", "optimized", "physical", "state"};

    for (size_t i = 0; i < ARRAY_LENGTH(stages); i++)
        if (strcasecmp(option_word(option), stages[i]) == 0) {
            *ret_stage = (ExplainStage) i;
            return STATUS_OK;
        }
    return unknown_value(option, err);
}

static Status read_option(const AstOption *option, ExplainOptions *options, Error *err) {
    static const char *const ignored[] = {"verbose", "costs",  "settings", "buffers",
                                          "wal",     "timing", "summary"};
    const char *word = option_word(option);

    if (strcasecmp(option->name, "plan") == 0)
        return read_stage(option, &options->stage, err);
    if (strcasecmp(option->name, "rules") == 0) {
        options->shows_rules = is_true(word);
        return STATUS_OK;
    }
    if (strcasecmp(option->name, "format") == 0) {
        options->is_json = strcasecmp(word, "json") == 0;
        return options->is_json || strcasecmp(word, "text") == 0 ? STATUS_OK
                                                                 : unknown_value(option, err);
    }
    if (strcasecmp(option->name, "analyze") == 0 && is_true(word))
        return error_at(err, option->base.position, FEATURE_NOT_SUPPORTED,
                        "EXPLAIN ANALYZE is not supported");
    if (strcasecmp(option->name, "analyze") == 0)
        return STATUS_OK;
    for (size_t i = 0; i < ARRAY_LENGTH(ignored); i++)
        if (strcasecmp(option->name, ignored[i]) == 0)
            return STATUS_OK;
    return error_at(err, option->base.position, SYNTAX_ERROR, "unrecognized EXPLAIN option \"%s\"",
                    option->name);
}

/* -------- planning -------- */

static Status bind_plan(Portal *portal, PlannerContext *planner, const AstNode *node,
                        bool *ret_is_stream, const Plan **ret_plan, Error *err) {
    StreamPlan stream = {0};

    *ret_is_stream = node->kind == AST_CREATE_STREAM;
    if (node->kind == AST_QUERY)
        return planner_bind_query(planner, node, ret_plan, err);
    if (node->kind != AST_CREATE_STREAM)
        return error_at(err, node->position, FEATURE_NOT_SUPPORTED,
                        "EXPLAIN of this statement is not supported");
    TRY(planner_bind_stream(planner, node, portal->statement->text->sql, &stream, err));
    *ret_plan = stream.plan;
    return STATUS_OK;
}

static void add_lines(TextRows *rows, const char *text) {
    while (*text) {
        size_t length = strcspn(text, "\n");
        const char *line = arena_strndup(rows->arena, text, length);

        text_rows_add(rows, &line);
        text += length + (text[length] == '\n');
    }
}

static void add_plan(TextRows *rows, const Plan *plan, const ExplainOptions *options) {
    StrBuf text = {0};

    if (options->is_json) {
        const char *cell;

        plan_append_json(plan, &text);
        cell = arena_strndup(rows->arena, strbuf_text(&text), text.length);
        text_rows_add(rows, &cell);
    } else {
        if (options->stage == EXPLAIN_STATE)
            plan_append_state_text(plan, &text);
        else
            plan_append_text(plan, &text);
        add_lines(rows, strbuf_text(&text));
    }
    strbuf_done(&text);
}

static void add_rules(TextRows *rows, const RuleFiring *firings) {
    const ExplainOptions plain = {0};

    if (!firings)
        add_lines(rows, "no rule fired");
    for (; firings; firings = firings->next) {
        add_lines(rows, arena_printf(rows->arena, "rule %s: %s", firings->rule->name,
                                     firings->rule->rewrite));
        add_lines(rows, "before:");
        add_plan(rows, firings->before, &plain);
        add_lines(rows, "after:");
        add_plan(rows, firings->after, &plain);
    }
}

static const char *const plan_names[] = {"QUERY PLAN"};

static Status explain_plan(Portal *portal, PlannerContext *planner, const ExplainOptions *explain,
                           TextRows *rows, Error *err) {
    const AstExplain *node = (const AstExplain *) portal->statement->node;
    Arena *arena = portal->arena;
    const char *disabled = settings_text(&portal->session->settings, SETTING_DISABLE_RULES);
    OptimizerOptions options = {
        .eval = planner->eval, .disabled_rules = disabled, .is_traced = explain->shows_rules};
    const Plan *plan = NULL;

    TRY(bind_plan(portal, planner, node->statement, &options.is_stream, &plan, err));
    if (explain->stage >= EXPLAIN_OPTIMIZED || explain->shows_rules)
        TRY(optimizer_run(plan, &options, arena, &plan, err));
    if (explain->shows_rules) {
        add_rules(rows, options.firings);
        return STATUS_OK;
    }
    if (explain->stage >= EXPLAIN_PHYSICAL)
        TRY(optimizer_lower(plan, &options, arena, &plan, err));
    add_plan(rows, plan, explain);
    return STATUS_OK;
}

static Status explain_open(Portal *portal, Error *err) {
    const AstExplain *node = (const AstExplain *) portal->statement->node;
    TextRows rows = {.arena = portal->arena, .column_count = 1};
    ExplainOptions options = {.stage = EXPLAIN_PHYSICAL};
    EvalContext eval;
    PlannerContext planner;

    for (int i = 0; i < node->options.count; i++)
        TRY(read_option((const AstOption *) node->options.items[i], &options, err));
    session_init_eval(portal->session, &eval);
    portal->snapshot = session_snapshot(portal->session);
    eval.catalog = portal->snapshot;
    session_init_planner(portal->session, portal->arena, portal->snapshot, &planner);
    planner.eval = &eval;
    planner.parameter_types = portal->statement->parameter_types;
    planner.parameter_count = portal->parameter_count;
    planner.parameter_values = portal->parameter_count ? portal->parameters : NULL;
    TRY(explain_plan(portal, &planner, &options, &rows, err));
    portal_set_rows(portal, plan_names, &rows);
    portal_set_tag(portal, "EXPLAIN");
    return STATUS_OK;
}

static Status explain_describe(Prepared *statement, Error *err) {
    prepared_set_text_shape(statement, plan_names, 1);
    return STATUS_OK;
}

const StatementType explain_statement = {.kind = AST_EXPLAIN,
                                         .describe = explain_describe,
                                         .open = explain_open,
                                         .run = portal_give_rows};
