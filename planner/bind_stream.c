/* CREATE STREAM: the continuous query, its output mode, sinks, trigger and options. */
#include <string.h>

#include "parser/deparse.h"
#include "planner/bind_create.h"
#include "planner/legality.h"
#include "types/timezone.h"

static const OptionSpec stream_options[] = {
    {"max_rows_per_epoch", OPTION_INT, NULL, NULL, "at most this many input rows in an epoch", 0},
    {"on_row_error", OPTION_CHOICE, "fail|skip", "fail",
     "what an error of the query's own expressions does", 0},
    {"watermark_policy", OPTION_CHOICE, "min|max", "min",
     "over partitions and sources: the minimum, or Spark's maximum", 0},
    {"retain", OPTION_TEXT, NULL, NULL, "'all': keep the result for SELECT; default without INTO",
     0},
    {"time_zone", OPTION_TEXT, NULL, NULL,
     "in which the query reads and writes local times; default the session's at CREATE", 0},
    {"state_ttl", OPTION_DURATION, NULL, NULL, "forget groups unchanged this long", 0},
    {"state_memory_limit", OPTION_SIZE, NULL, NULL, "memory for the stream's state", 0},
    {0},
};

typedef struct StreamBinding {
    Binder *binder;
    const AstCreateStream *create;
    StreamPlan *stream;
    const Plan *plan; /* bound, before a mode is chosen */
    LateRows late;
    int sink_count;
    const Relation **sinks;
} StreamBinding;

/* -------- sinks -------- */

static const char *as_identifier(Binder *binder, const char *name) {
    AstIdentifier identifier = {.base = {.kind = AST_IDENTIFIER}, .text = name};

    return deparse_node(&identifier.base, binder->arena);
}

/* A sink with declared columns: the query's must go into them by assignment, in order. */
static Status check_sink_columns(Binder *binder, const Relation *sink, const Plan *plan,
                                 int position, Error *err) {
    const SinkRows rows = {"the query", plan->columns, plan->column_count, SINK_MODE_APPEND, {0}};

    if (bind_sink_rows(binder, sink, &rows, position, err) == STATUS_OK)
        return STATUS_OK;
    for (int i = 0; i < plan->column_count && err->sqlstate == SQLSTATE_DATATYPE_MISMATCH; i++) {
        const RelationColumn *wanted = &sink->columns[i];
        const PlanColumn *given = &plan->columns[i];

        if (!type_equal(wanted->type, given->type) || strcmp(wanted->name, given->name) != 0)
            return error_hint(err, "Cast and rename in the select list: %s::%s AS %s.",
                              as_identifier(binder, given->name), type_name(binder, wanted->type),
                              as_identifier(binder, wanted->name));
    }
    return STATUS_ERROR;
}

static Status bind_sinks(StreamBinding *binding, Error *err) {
    Binder *binder = binding->binder;
    const AstList *names = &binding->create->sinks;
    int64_t *ids = arena_new_array(binder->arena, int64_t, (size_t) names->count + 1);

    binding->sinks = arena_new_array(binder->arena, const Relation *, (size_t) names->count + 1);
    for (int i = 0; i < names->count; i++) {
        const AstName *name = (const AstName *) names->items[i];

        TRY(bind_sink_name(binder, (SinkName) {name->schema, name->name, name->base.position},
                           &binding->sinks[i], err));
        for (int j = 0; j < i; j++)
            if (ids[j] == binding->sinks[i]->id)
                return error_at(err, name->base.position, DUPLICATE_OBJECT,
                                "sink \"%s\" is named more than once", name->name);
        ids[i] = binding->sinks[i]->id;
        TRY(check_sink_columns(binder, binding->sinks[i], binding->plan, name->base.position, err));
    }
    binding->sink_count = names->count;
    binding->stream->relation.sink_ids = ids;
    binding->stream->relation.sink_count = names->count;
    return STATUS_OK;
}

/* -------- the output mode -------- */

static unsigned mode_capability(OutputMode mode) {
    return mode == OUTPUT_APPEND   ? SINK_TAKES_APPEND
           : mode == OUTPUT_UPDATE ? SINK_TAKES_UPDATE
                                   : SINK_TAKES_COMPLETE;
}

static unsigned capabilities_of(const Relation *sink) {
    return sink_capabilities(sink->sink, &sink->options);
}

static const SinkMode sink_modes[] = {[OUTPUT_APPEND] = SINK_MODE_APPEND,
                                      [OUTPUT_UPDATE] = SINK_MODE_UPDATE,
                                      [OUTPUT_COMPLETE] = SINK_MODE_COMPLETE};

static Status refuse_mode(const Relation *sink, OutputMode mode, int position, Error *err) {
    const char *hint = NULL;

    IGNORE(error_at(err, position, FEATURE_NOT_SUPPORTED, /* hinted */
                    "%s mode is not supported by sink \"%s\" (connector \"%s\")",
                    output_mode_name(mode), sink->name, sink->sink->name));
    if (sink->sink->mode_hint)
        hint = sink->sink->mode_hint(&sink->options, sink_modes[mode]);
    return hint ? error_hint(err, "%s", hint) : STATUS_ERROR;
}

static Status check_sink_modes(const StreamBinding *binding, OutputMode mode, Error *err) {
    for (int i = 0; i < binding->sink_count; i++)
        if (!(capabilities_of(binding->sinks[i]) & mode_capability(mode)))
            return refuse_mode(binding->sinks[i], mode, binding->create->sinks.items[i]->position,
                               err);
    return STATUS_OK;
}

static Status try_mode(StreamBinding *binding, OutputMode mode, const Plan **ret_plan, Error *err) {
    TRY(plan_for_mode(binding->binder, binding->plan, mode, ret_plan, err));
    return check_sink_modes(binding, mode, err);
}

static bool is_legal(StreamBinding *binding, OutputMode mode) {
    Error ignored = {0};
    const Plan *plan = NULL;

    return try_mode(binding, mode, &plan, &ignored) == STATUS_OK;
}

/* The statement with another mode, to paste. */
static const char *statement_with_mode(StreamBinding *binding, OutputMode mode) {
    static const AstOutputMode modes[] = {
        [OUTPUT_MODE_NONE] = AST_OUTPUT_DEFAULT,
        [OUTPUT_APPEND] = AST_OUTPUT_APPEND,
        [OUTPUT_UPDATE] = AST_OUTPUT_UPDATE,
        [OUTPUT_COMPLETE] = AST_OUTPUT_COMPLETE,
    };
    AstCreateStream copy = *binding->create;

    copy.output_mode = modes[mode];
    copy.is_materialized_view = false;
    return deparse_node(&copy.base, binding->binder->arena);
}

static Status add_mode_hint(StreamBinding *binding, OutputMode refused, Error *err) {
    static const OutputMode order[] = {OUTPUT_UPDATE, OUTPUT_APPEND, OUTPUT_COMPLETE};
    static const char *const advice[] = {
        [OUTPUT_APPEND] =
            "Group by a window over a column that has a watermark, or use another mode: ",
        [OUTPUT_UPDATE] = "Another mode takes it: ",
        [OUTPUT_COMPLETE] = "Another mode takes it: ",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(order); i++) {
        const char *text = NULL;

        if (order[i] == refused || !is_legal(binding, order[i]))
            continue;
        text = statement_with_mode(binding, order[i]);
        if (strlen(text) + strlen(advice[refused]) < ERROR_HINT_SIZE - 2)
            return error_hint(err, "%s%s", advice[refused], text);
        return error_hint(err, "Write OUTPUT MODE %s.",
                          order[i] == OUTPUT_UPDATE   ? "UPDATE"
                          : order[i] == OUTPUT_APPEND ? "APPEND"
                                                      : "COMPLETE");
    }
    if (plan_contains_kind(binding->plan, PLAN_SORT))
        return error_hint(err, "Leave ORDER BY out, and sort where you read the result.");
    return STATUS_ERROR;
}

static bool sinks_prefer_upserts(const StreamBinding *binding) {
    for (int i = 0; i < binding->sink_count; i++)
        if (!(capabilities_of(binding->sinks[i]) & SINK_PREFERS_UPSERT))
            return false;
    return true; /* no sink, too: the kept result */
}

/* docs/semantics.md, "Output modes". */
static Status infer_mode(StreamBinding *binding, OutputMode *ret_mode, Error *err) {
    const char *why = NULL;
    OutputMode mode = OUTPUT_MODE_NONE;

    if (is_naturally_append_only(binding->plan) && is_legal(binding, OUTPUT_APPEND)) {
        mode = OUTPUT_APPEND;
        why = "its rows never change";
    } else if (sinks_prefer_upserts(binding) && is_legal(binding, OUTPUT_UPDATE)) {
        mode = OUTPUT_UPDATE;
        why = binding->sink_count ? "its sinks take upserts" : "its result is kept here";
    } else if (is_legal(binding, OUTPUT_APPEND)) {
        mode = OUTPUT_APPEND;
        why = "the watermark closes its groups";
    }
    if (mode == OUTPUT_MODE_NONE) {
        const Plan *plan = NULL;

        if (!is_legal(binding, OUTPUT_UPDATE) && !is_legal(binding, OUTPUT_COMPLETE)) {
            IGNORE(try_mode(binding, OUTPUT_UPDATE, &plan, err)); /* its refusal is the reason */
            return add_mode_hint(binding, OUTPUT_UPDATE, err);
        }
        IGNORE(error_at(
            err, binding->create->base.position, FEATURE_NOT_SUPPORTED, /* hinted */
            "an inferred output mode is not supported for this stream: its rows change, and "
            "its sinks do not take upserts"));
        return add_mode_hint(binding, OUTPUT_APPEND, err);
    }
    binding->stream->inferred_mode_notice =
        arena_printf(binding->binder->arena, "output mode of stream \"%s\" is %s: %s",
                     binding->create->name->name, mode == OUTPUT_APPEND ? "APPEND" : "UPDATE", why);
    *ret_mode = mode;
    return STATUS_OK;
}

static Status bind_mode(StreamBinding *binding, Error *err) {
    static const OutputMode modes[] = {
        [AST_OUTPUT_DEFAULT] = OUTPUT_MODE_NONE,
        [AST_OUTPUT_APPEND] = OUTPUT_APPEND,
        [AST_OUTPUT_UPDATE] = OUTPUT_UPDATE,
        [AST_OUTPUT_COMPLETE] = OUTPUT_COMPLETE,
    };
    OutputMode mode = modes[binding->create->output_mode];
    StreamPlan *stream = binding->stream;

    if (binding->create->is_materialized_view && mode == OUTPUT_MODE_NONE)
        mode = OUTPUT_UPDATE;
    if (mode == OUTPUT_MODE_NONE)
        TRY(infer_mode(binding, &mode, err));
    if (try_mode(binding, mode, &stream->plan, err) != STATUS_OK) {
        if (err->sqlstate == SQLSTATE_FEATURE_NOT_SUPPORTED && !err->hint[0])
            IGNORE(add_mode_hint(binding, mode, err)); /* the refusal stands */
        return STATUS_ERROR;
    }
    stream->mode = mode;
    stream->relation.output_mode = output_mode_name(mode);
    return STATUS_OK;
}

/* -------- the trigger, options -------- */

static Status bind_trigger(StreamBinding *binding, Error *err) {
    Relation *relation = &binding->stream->relation;
    ExprContext cx = {.binder = binding->binder, .clause = "TRIGGER"};

    switch (binding->create->trigger) {
    case AST_TRIGGER_DEFAULT:
        relation->trigger = "default";
        break;
    case AST_TRIGGER_AVAILABLE_NOW:
        relation->trigger = "available now";
        break;
    case AST_TRIGGER_ONCE:
        relation->trigger = "once";
        break;
    case AST_TRIGGER_MANUAL:
        relation->trigger = "manual";
        break;
    case AST_TRIGGER_EVERY:
        TRY(constant_interval_us(&cx, binding->create->trigger_interval, "the trigger's interval",
                                 &relation->trigger_interval_us, err));
        if (relation->trigger_interval_us <= 0)
            return error_at(err, binding->create->trigger_interval->position, INVALID_PARAMETER,
                            "the trigger's interval must be positive");
        relation->trigger = arena_printf(binding->binder->arena, "every %lld",
                                         (long long) relation->trigger_interval_us);
        break;
    }
    return STATUS_OK;
}

static Status check_retain(const OptionSet *options, bool *ret_keeps, Error *err) {
    const OptionValue *retain = option_find(options, "retain");

    if (retain->is_null)
        return STATUS_OK;
    if (strcmp(retain->text, "all") != 0) {
        IGNORE(not_supported(err, retain->position, "retain = '%s'", retain->text)); /* hinted */
        return error_hint(err, "Write retain = 'all'.");
    }
    *ret_keeps = true;
    return STATUS_OK;
}

static Status bind_stream_options(StreamBinding *binding, Error *err) {
    static const char *const later[] = {"state_ttl", "state_memory_limit"};
    const OptionSpec *const tables[] = {stream_options, NULL};
    Binder *binder = binding->binder;
    StreamPlan *stream = binding->stream;
    OptionSet *options = &stream->relation.options;
    const OptionValue *rows = NULL;
    OptionTexts texts = {0};

    TRY(bind_option_texts(binder, &binding->create->options, &texts, err));
    TRY(options_parse(tables, texts.items, texts.count, binder->cx->environment, binder->arena,
                      options, err));
    for (size_t i = 0; i < ARRAY_LENGTH(later); i++)
        if (option_is_set(options, later[i]))
            return not_supported(err, option_find(options, later[i])->position, "%s", later[i]);
    rows = option_find(options, "max_rows_per_epoch");
    if (!rows->is_null && rows->number <= 0)
        return error_at(err, rows->position, INVALID_PARAMETER,
                        "max_rows_per_epoch must be positive");
    stream->max_rows_per_epoch = rows->is_null ? 0 : rows->number;
    stream->watermark_is_max = strcmp(option_text(options, "watermark_policy"), "max") == 0;
    stream->skips_row_errors = strcmp(option_text(options, "on_row_error"), "skip") == 0;
    stream->relation.keeps_result = binding->sink_count == 0;
    return check_retain(options, &stream->relation.keeps_result, err);
}

/* Before all else: literals of the query are read in this zone. */
static Status bind_time_zone(StreamBinding *binding, const PlannerContext *cx, Error *err) {
    OptionTexts texts = {0};

    binding->stream->time_zone = cx->eval && cx->eval->settings ? cx->eval->settings->time_zone
                                                                : form_settings_default.time_zone;
    TRY(bind_option_texts(binding->binder, &binding->create->options, &texts, err));
    for (int i = 0; i < texts.count; i++)
        if (strcmp(texts.items[i].name, "time_zone") == 0)
            TRY(placed(
                timezone_find_setting(texts.items[i].value, &binding->stream->time_zone, err),
                texts.items[i].value_position, err));
    return STATUS_OK;
}

/* The caller's context in the stream's zone. */
static PlannerContext *context_in_zone(PlannerContext *cx, const TimeZone *zone) {
    PlannerContext *copy = arena_memdup(cx->arena, cx, sizeof(*cx));
    EvalContext *eval = arena_new(cx->arena, EvalContext);
    FormSettings *settings = arena_new(cx->arena, FormSettings);

    if (cx->eval)
        *eval = *cx->eval;
    *settings = eval->settings ? *eval->settings : form_settings_default;
    settings->time_zone = zone;
    eval->settings = settings;
    copy->eval = eval;
    return copy;
}

/* -------- late rows -------- */

static Status bind_late_plan(StreamBinding *binding, Error *err) {
    LateRows *late = &binding->late;

    if (binding->create->late_rows != AST_LATE_INTO)
        return STATUS_OK;
    TRY(bind_late_columns(binding->binder, binding->plan, binding->create->late_sink->base.position,
                          late, err));
    binding->plan = late->plan;
    binding->stream->late_columns = late->columns;
    binding->stream->late_column_count = late->column_count;
    return STATUS_OK;
}

static Status bind_late_rows(StreamBinding *binding, Error *err) {
    const AstName *name = binding->create->late_sink;

    if (binding->create->late_rows != AST_LATE_INTO)
        return STATUS_OK;
    if (binding->stream->mode == OUTPUT_COMPLETE) {
        IGNORE(not_supported(err, name->base.position, /* hinted */
                             "LATE ROWS INTO in complete mode"));
        return error_hint(err, "No row is late there. Leave the clause out.");
    }
    return bind_late_sink(binding->binder,
                          (SinkName) {name->schema, name->name, name->base.position},
                          &binding->late, &binding->stream->relation, err);
}

/* -------- facts of the stream -------- */

static void look_at_scan(const Plan *node, void *data) {
    *(bool *) data |= node->kind == PLAN_SCAN && !node->is_bounded;
}

/* Every relation that the stream reads or writes is among its dependencies. */
static const Relation *find_weakest(const Binder *binder) {
    for (int i = 0; i < binder->dependency_count; i++) {
        const Relation *relation = catalog_find_id(binder->cx->catalog, binder->dependencies[i]);

        if (relation_is_at_least_once(relation))
            return relation;
    }
    return NULL;
}

static void tell_guarantee(const StreamBinding *binding, const char *name) {
    StreamPlan *stream = binding->stream;
    const Relation *weakest = find_weakest(binding->binder);

    stream->guarantee = weakest ? "at least once" : "exactly once";
    stream->guarantee_notice =
        weakest ? arena_printf(binding->binder->arena,
                               "stream \"%s\" delivers at least once: %s \"%s\" %s", name,
                               weakest->source ? "source" : "sink", weakest->name,
                               weakest->source ? "can't give its rows again"
                                               : "may get rows a second time after a failure")
                : arena_printf(binding->binder->arena, "stream \"%s\" delivers exactly once", name);
}

static Status check_sink_shapes(const StreamBinding *binding, Error *err) {
    const StreamPlan *stream = binding->stream;
    const SinkRows rows = {"the query", stream->plan->columns, stream->plan->column_count,
                           sink_modes[stream->mode], stream->key};

    for (int i = 0; i < binding->sink_count; i++)
        TRY(bind_sink_shape(binding->binder, binding->sinks[i], &rows,
                            binding->create->sinks.items[i]->position, err));
    return STATUS_OK;
}

/* The columns that identify an output row; none when the select list leaves one out. */
static ColumnIds output_key(const Plan *plan) {
    for (int i = 0; i < plan->unique_key.count; i++)
        if (!plan_find_column(plan, plan->unique_key.ids[i]))
            return (ColumnIds) {0};
    return plan->unique_key;
}

static Status bind_stream_query(StreamBinding *binding, Error *err) {
    Binder *binder = binding->binder;
    const AstCreateStream *create = binding->create;
    bool has_source = false;

    binder->is_stream = true;
    TRY(bind_query(binder, create->query, NULL, NULL, false, &binding->plan, err));
    TRY(bind_late_plan(binding, err));
    TRY(binder_finish(binder, binding->plan, &binding->plan, err));
    plan_visit(binding->plan, look_at_scan, &has_source);
    if (!has_source) {
        IGNORE(not_supported(err, create->query->base.position,
                             "a stream without a source")); /* hinted */
        return error_hint(err, "Name a source in FROM; for a query that ends, SELECT is enough.");
    }
    TRY(relation_columns_of_plan(binder, binding->plan, &create->columns,
                                 create->query->base.position, &binding->stream->relation, err));
    return check_stream_plan(binder, binding->plan, err);
}

/* MATERIALIZED VIEW v (a, b): the plan's columns take those names. */
static const Plan *named_output(Binder *binder, const Plan *plan, const Relation *relation) {
    Plan *named = plan_copy(binder->arena, plan);
    PlanColumn *columns =
        arena_memdup(binder->arena, plan->columns, sizeof(*columns) * (size_t) plan->column_count);

    for (int i = 0; i < plan->column_count; i++)
        columns[i].name = relation->columns[i].name;
    named->columns = columns;
    return named;
}

Status planner_bind_stream(PlannerContext *cx, const AstNode *statement, const char *text,
                           StreamPlan *ret_stream, Error *err) {
    const AstCreateStream *create = (const AstCreateStream *) statement;
    Binder binder;
    StreamPlan stream = {0};
    StreamBinding binding = {.binder = &binder, .create = create, .stream = &stream};

    binder_init(&binder, cx);
    TRY(bind_time_zone(&binding, cx, err));
    binder_init(&binder, context_in_zone(cx, stream.time_zone));
    if (create->is_without_data)
        return not_supported(err, statement->position, "WITH NO DATA");
    relation_init(&stream.relation, RELATION_STREAM, create->name, text, statement);
    TRY(bind_stream_query(&binding, err));
    TRY(bind_sinks(&binding, err));
    TRY(bind_stream_error_sinks(&binder, binding.plan, create->query->base.position,
                                &stream.relation, err));
    TRY(bind_stream_options(&binding, err));
    TRY(bind_trigger(&binding, err));
    TRY(bind_mode(&binding, err));
    TRY(bind_late_rows(&binding, err));
    if (create->columns.count > 0)
        stream.plan = named_output(&binder, stream.plan, &stream.relation);
    stream.key = output_key(stream.plan);
    TRY(check_sink_shapes(&binding, err));
    tell_guarantee(&binding, create->name->name);
    stream.relation.query = deparse_node(&create->query->base, binder.arena);
    stream.relation.dependencies = binder.dependencies;
    stream.relation.dependency_count = binder.dependency_count;
    *ret_stream = stream;
    return STATUS_OK;
}
