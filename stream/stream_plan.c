/* The plan of a stream: made once, at its first start, and kept in the checkpoint.
 *
 * Restarts run the plan that is stored, so that a newer optimizer never orphans state. What the
 * plan's columns mean to the rest (output mode, key) is stored beside it; what does not depend on
 * the plan (limits, sinks, triggers) is bound anew from the definition.
 *
 *   version, output mode, watermark policy, key count, keys (i32 each), plan, XXH3 of all before */
#include "stream/stream_plan.h"

#include <string.h>

#include "base/codec.h"
#include "optimizer/optimizer.h"
#include "parser/parser.h"
#include "stream/manager_internal.h"

enum { STORED_VERSION = 2, STORED_KEYS_MAX = 1600 };

/* -------- from the definition -------- */

static Status bind_definition(Stream *stream, const EvalContext *eval, Error *err) {
    const StreamManagerEnvironment *environment = manager_environment(stream->manager);
    const char *text = stream->relation->definition;
    PlannerContext cx = {
        .arena = stream->arena,
        .catalog = stream->snapshot,
        .registry = environment->registry,
        .environment = environment->options,
        .eval = eval,
    };
    AstStatementList *statements;

    TRY(parser_parse(text, strlen(text), stream->arena, &statements, err));
    if (statements->count != 1)
        return error_set(err, DATA_CORRUPTED, "definition of stream \"%s\" is not one statement",
                         stream->relation->name);
    return planner_bind_stream(&cx, statements->items[0].node, text, &stream->bound, err);
}

static Status plan_anew(Stream *stream, const EvalContext *eval, Error *err) {
    OptimizerOptions options = {.eval = eval,
                                .disabled_rules =
                                    manager_environment(stream->manager)->disabled_rules,
                                .is_stream = true};
    const Plan *optimized;

    TRY(optimizer_run(stream->bound.plan, &options, stream->arena, &optimized, err));
    return optimizer_lower(optimized, &options, stream->arena, &stream->plan, err);
}

/* -------- as bytes -------- */

static void append_stored(const Stream *stream, StrBuf *out) {
    const StreamPlan *bound = &stream->bound;

    codec_append_i32(out, STORED_VERSION);
    codec_append_i32(out, (int32_t) bound->mode);
    codec_append_i32(out, bound->watermark_is_max);
    codec_append_i32(out, bound->key.count);
    for (int i = 0; i < bound->key.count; i++)
        codec_append_i32(out, bound->key.ids[i]);
    plan_serialize(stream->plan, out);
    codec_seal(out, 0);
}

static bool facts_fit(const StreamPlan *bound, const Plan *plan) {
    for (int i = 0; i < bound->key.count; i++)
        if (!plan_find_column(plan, bound->key.ids[i]))
            return false;
    return bound->mode >= OUTPUT_APPEND && bound->mode <= OUTPUT_COMPLETE;
}

static Status stored_damaged(Error *err) {
    return error_set(err, IO_ERROR, "the plan in the checkpoint is damaged");
}

static Status take_stored(Stream *stream, const uint8_t *bytes, size_t size_bytes, Error *err) {
    StreamPlan *bound = &stream->bound;
    CodecReader reader;
    int32_t version;
    ColumnId *ids;

    if (!codec_open_sealed(bytes, size_bytes, &reader))
        return stored_damaged(err);
    version = codec_read_i32(&reader);
    if (version != STORED_VERSION)
        return error_set(err, FEATURE_NOT_SUPPORTED,
                         "a checkpoint with a plan of version %d is not supported", version);
    bound->mode = (OutputMode) codec_read_i32(&reader);
    bound->watermark_is_max = codec_read_i32(&reader) != 0;
    bound->key.count = codec_read_i32(&reader);
    if (reader.is_damaged || bound->key.count < 0 || bound->key.count > STORED_KEYS_MAX)
        return stored_damaged(err);
    ids = arena_new_array(stream->arena, ColumnId, (size_t) bound->key.count + 1);
    for (int i = 0; i < bound->key.count; i++)
        ids[i] = codec_read_i32(&reader);
    bound->key.ids = ids;
    if (reader.is_damaged)
        return stored_damaged(err);
    TRY(plan_deserialize(reader.cursor, codec_bytes_left(&reader), stream->snapshot, stream->arena,
                         &stream->plan, err));
    return facts_fit(bound, stream->plan) ? STATUS_OK : stored_damaged(err);
}

/* -------- at start -------- */

/* Does the node close groups or forget rows when the watermark moves? */
static void note_watermark_use(const Plan *node, void *data) {
    bool *uses = data;

    if (node->kind == PLAN_JOIN && node->left_time)
        *uses = true;
    if (node->kind == PLAN_DISTINCT && node->is_within_watermark)
        *uses = true;
    if ((node->kind != PLAN_AGGREGATE || node->emit == EMIT_ALL) && node->kind != PLAN_DISTINCT)
        return;
    for (int i = 0; i < node->keys.count; i++) {
        const PlanColumn *key = plan_find_column(node->children[0], node->keys.ids[i]);

        if (key && key->role != TIME_NONE)
            *uses = true;
    }
}

static Status make_and_store(Stream *stream, const EvalContext *eval, Error *err) {
    StrBuf bytes = {0};
    Status status;

    TRY(plan_anew(stream, eval, err));
    append_stored(stream, &bytes);
    status = checkpoint_set_meta(stream->checkpoint, "plan", bytes.data, bytes.length, err);
    strbuf_done(&bytes);
    return status;
}

Status stream_make_plan(Stream *stream, Error *err) {
    EvalContext eval = {.settings = &stream->forms, .user_name = "", .database_name = ""};
    StrBuf bytes = {0};
    bool is_found = false;
    Status status;

    stream->forms = form_settings_default;
    TRY(bind_definition(stream, &eval, err));
    stream->forms.time_zone = stream->bound.time_zone;
    status = checkpoint_get_meta(stream->checkpoint, "plan", &bytes, &is_found, err);
    if (status == STATUS_OK && is_found)
        status = take_stored(stream, (const uint8_t *) bytes.data, bytes.length, err);
    else if (status == STATUS_OK)
        status = make_and_store(stream, &eval, err);
    strbuf_done(&bytes);
    TRY(status);
    stream->plan_fingerprint = plan_fingerprint(stream->plan);
    stream->uses_watermark = false;
    plan_visit(stream->plan, note_watermark_use, &stream->uses_watermark);
    return STATUS_OK;
}
