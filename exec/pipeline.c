#include "exec/pipeline.h"

#include <assert.h>

#include "base/flag.h"
#include "base/clock.h"
#include "base/hash.h"
#include "exec/operators.h"
#include "optimizer/optimizer.h"

enum { NODES_MAX = 4096 };

typedef struct PipelineNode {
    Emitter emitter; /* must be first: emit() finds the node through it */
    Pipeline *pipeline;
    Operator *op; /* NULL: the inlet */
    struct PipelineNode *parent;
    int port; /* of the parent */
    int index;
} PipelineNode;

typedef enum StepKind { STEP_PRODUCE, STEP_END_INPUT, STEP_END_EPOCH } StepKind;

typedef struct Step {
    StepKind kind;
    PipelineNode *node;
    int port;
} Step;

struct Pipeline {
    OperatorContext cx;
    const Plan *inlet;
    const Pipeline *ids_from;
    PipelineNode *inlet_node;
    PipelineDeliver deliver;
    void *deliver_data;
    PipelineNode **nodes;
    int node_count;
    Step *steps;
    int step_count;
    int step_capacity;
    int next_step;
    Operator *running; /* whose time it is; NULL: nobody's */
    int64_t running_since_ns;
};

/* -------- building -------- */

/* From now on the thread's time is the operator's; returns whose it was. */
static Operator *charge_time(Pipeline *pipeline, Operator *next) {
    Operator *before = pipeline->running;
    int64_t now_ns = clock_cpu_ns();

    if (before)
        before->metrics.cpu_ns += now_ns - pipeline->running_since_ns;
    pipeline->running = next;
    pipeline->running_since_ns = now_ns;
    return before;
}

static Status node_emit(Emitter *emitter, const Batch *batch, Error *err) {
    PipelineNode *node = (PipelineNode *) emitter;
    PipelineNode *parent = node->parent;
    Pipeline *pipeline = node->pipeline;
    uint32_t count = batch_active_count(batch);
    Operator *before;
    Status status;

    if (count == 0)
        return STATUS_OK;
    if (node->op) {
        node->op->metrics.rows_out += count;
        node->op->metrics.batches++;
    }
    before = charge_time(pipeline, parent ? parent->op : NULL);
    if (parent) {
        parent->op->metrics.rows_in += count;
        status = parent->op->type->push(parent->op, node->port, batch, &parent->emitter, err);
    } else {
        status = pipeline->deliver(pipeline->deliver_data, batch, err);
    }
    (void) charge_time(pipeline, before);
    return status;
}

static void add_step(Pipeline *pipeline, StepKind kind, PipelineNode *node, int port) {
    assert(node->op);
    if (pipeline->step_count == pipeline->step_capacity) {
        pipeline->step_capacity = pipeline->step_capacity ? 2 * pipeline->step_capacity : 8;
        pipeline->steps =
            memory_realloc(pipeline->steps, (size_t) pipeline->step_capacity * sizeof(Step));
    }
    pipeline->steps[pipeline->step_count++] = (Step) {kind, node, port};
}

/* Two equal subtrees have equal fingerprints: the later ones are told apart by their number, so
 * that each has its own state. */
static uint64_t unique_id(const Pipeline *pipeline, const Plan *node) {
    uint64_t id = plan_fingerprint(node);

    for (int i = 0; pipeline->ids_from && i < pipeline->ids_from->node_count; i++) {
        const Operator *other = pipeline->ids_from->nodes[i]->op;

        if (other && other->node == node)
            return other->id;
    }
    for (int i = 0; i < pipeline->node_count; i++)
        if (pipeline->nodes[i]->op && pipeline->nodes[i]->op->id == id) {
            id = hash_u64(id + 1);
            i = -1;
        }
    return id;
}

static PipelineNode *add_node(Pipeline *pipeline) {
    PipelineNode *node = arena_new(pipeline->cx.arena, PipelineNode);

    assert(pipeline->node_count < NODES_MAX);
    node->emitter.emit = node_emit;
    node->pipeline = pipeline;
    node->index = pipeline->node_count;
    pipeline->nodes =
        memory_realloc(pipeline->nodes, (size_t) (pipeline->node_count + 1) * sizeof(void *));
    pipeline->nodes[pipeline->node_count++] = node;
    return node;
}

static Status open_operator(Pipeline *pipeline, const Plan *plan, PipelineNode *node, Error *err) {
    const OpType *type = operator_type_of(plan->kind);
    Operator *op = memory_zalloc(type->size_bytes);

    op->type = type;
    op->node = plan;
    op->cx = &pipeline->cx;
    op->id = unique_id(pipeline, plan);
    node->op = op;
    return type->open ? type->open(op, plan, err) : STATUS_OK;
}

static Status build(Pipeline *pipeline, const Plan *plan, PipelineNode **ret_node, Error *err);

static Status build_child(Pipeline *pipeline, const Plan *plan, int port, PipelineNode **ret_child,
                          Error *err) {
    TRY(build(pipeline, plan->children[port], ret_child, err));
    (*ret_child)->port = port;
    return STATUS_OK;
}

static Status build_inner(Pipeline *pipeline, const Plan *plan, PipelineNode **ret_node,
                          Error *err) {
    PipelineNode **children =
        arena_new_array(pipeline->cx.arena, PipelineNode *, (size_t) plan->child_count);
    PipelineNode *node;

    /* A join's right side first: it is the one that is kept. */
    for (int i = 0; i < plan->child_count; i++) {
        int port = plan->kind == PLAN_JOIN ? plan->child_count - 1 - i : i;

        TRY(build_child(pipeline, plan, port, &children[port], err));
    }
    node = add_node(pipeline);
    for (int i = 0; i < plan->child_count; i++)
        children[i]->parent = node;
    *ret_node = node;
    return open_operator(pipeline, plan, node, err);
}

static Status build(Pipeline *pipeline, const Plan *plan, PipelineNode **ret_node, Error *err) {
    if (plan == pipeline->inlet) {
        pipeline->inlet_node = add_node(pipeline);
        *ret_node = pipeline->inlet_node;
        return STATUS_OK;
    }
    return build_inner(pipeline, plan, ret_node, err);
}

/* Nodes lie children first, in the order in which they run: each subtree's steps follow one
 * another. */
static void plan_steps(Pipeline *pipeline) {
    for (int i = 0; i < pipeline->node_count; i++) {
        PipelineNode *node = pipeline->nodes[i];

        if (node->op && node->op->type->produce)
            add_step(pipeline, STEP_PRODUCE, node, 0);
        if (node->op && node->op->type->end_epoch)
            add_step(pipeline, STEP_END_EPOCH, node, 0);
        if (node->parent && node->parent->op->type->end_input)
            add_step(pipeline, STEP_END_INPUT, node->parent, node->port);
    }
}

Status pipeline_create(const Plan *plan, const PipelineOptions *options, Pipeline **ret_pipeline,
                       Error *err) {
    CLEANUP(pipeline_destroyp) Pipeline *pipeline = memory_zalloc(sizeof(*pipeline));
    PipelineNode *root;

    pipeline->cx = options->cx;
    pipeline->cx.arena = arena_create("pipeline", 0);
    pipeline->cx.batch_arena = arena_create("batch", 0);
    pipeline->cx.epoch_arena = arena_create("epoch", 0);
    pipeline->inlet = options->inlet;
    pipeline->ids_from = options->ids_from;
    pipeline->deliver = options->deliver;
    pipeline->deliver_data = options->deliver_data;
    TRY(build(pipeline, plan, &root, err));
    plan_steps(pipeline);
    *ret_pipeline = TAKE(pipeline);
    return STATUS_OK;
}

Pipeline *pipeline_destroy(Pipeline *pipeline) {
    if (!pipeline)
        return NULL;
    for (int i = 0; i < pipeline->node_count; i++) {
        Operator *op = pipeline->nodes[i]->op;

        if (op && op->type->close)
            op->type->close(op);
        memory_free(op);
    }
    memory_free(pipeline->nodes);
    memory_free(pipeline->steps);
    (void) arena_destroy(pipeline->cx.batch_arena);
    (void) arena_destroy(pipeline->cx.epoch_arena);
    (void) arena_destroy(pipeline->cx.arena);
    memory_free(pipeline);
    return NULL;
}

/* -------- running -------- */

void pipeline_begin(Pipeline *pipeline, const Epoch *epoch) {
    assert(epoch);
    pipeline->cx.epoch = epoch;
    pipeline->next_step = 0;
    arena_reset(pipeline->cx.epoch_arena);
    arena_reset(pipeline->cx.batch_arena);
}

Status pipeline_feed(Pipeline *pipeline, const Batch *batch, Error *err) {
    Status status;

    assert(pipeline->inlet_node);
    status = node_emit(&pipeline->inlet_node->emitter, batch, err);
    arena_reset(pipeline->cx.batch_arena);
    return status;
}

static Status check_cancel(const Pipeline *pipeline, Error *err) {
    const Epoch *epoch = pipeline->cx.epoch;

    assert(epoch);
    if (flag_is_set(epoch->cancel))
        return error_canceled(err);
    return STATUS_OK;
}

static Status run_step(Pipeline *pipeline, const Step *step, Error *err) {
    Operator *op = step->node->op;
    Emitter *out = &step->node->emitter;

    assert(pipeline->cx.epoch);
    assert(!op->has_pending);
    switch (step->kind) {
    case STEP_PRODUCE:
        return op->type->produce(op, out, err);
    case STEP_END_INPUT:
        return op->type->end_input(op, step->port, out, err);
    case STEP_END_EPOCH:
        return op->type->end_epoch(op, pipeline->cx.epoch, out, err);
    }
    return STATUS_OK;
}

/* The operator next to the root that has put output aside; NULL: none. */
static PipelineNode *find_pending(const Pipeline *pipeline) {
    for (int i = pipeline->node_count; i-- > 0;)
        if (pipeline->nodes[i]->op && pipeline->nodes[i]->op->has_pending)
            return pipeline->nodes[i];
    return NULL;
}

static Status resume(Pipeline *pipeline, PipelineNode *node, Error *err) {
    Status status;

    assert(node->op->type->resume);
    (void) charge_time(pipeline, node->op);
    status = node->op->type->resume(node->op, &node->emitter, err);
    (void) charge_time(pipeline, NULL);
    arena_reset(pipeline->cx.batch_arena);
    return status == STATUS_ERROR ? status : STATUS_MORE;
}

Status pipeline_step(Pipeline *pipeline, Error *err) {
    PipelineNode *pending = find_pending(pipeline);
    Status status;

    TRY(check_cancel(pipeline, err));
    if (pending)
        return resume(pipeline, pending, err);
    if (pipeline->next_step == pipeline->step_count)
        return STATUS_OK;
    (void) charge_time(pipeline, pipeline->steps[pipeline->next_step].node->op);
    status = run_step(pipeline, &pipeline->steps[pipeline->next_step], err);
    (void) charge_time(pipeline, NULL);
    arena_reset(pipeline->cx.batch_arena);
    if (status == STATUS_ERROR)
        return status;
    if (status != STATUS_MORE)
        pipeline->next_step++;
    return pipeline->next_step == pipeline->step_count && !find_pending(pipeline) ? STATUS_OK
                                                                                  : STATUS_MORE;
}

Status pipeline_run(Pipeline *pipeline, Error *err) {
    Status status;

    do
        status = pipeline_step(pipeline, err);
    while (status == STATUS_MORE);
    return status;
}

void pipeline_abort(Pipeline *pipeline) {
    for (int i = 0; i < pipeline->node_count; i++) {
        Operator *op = pipeline->nodes[i]->op;

        if (op && op->type->abort)
            op->type->abort(op);
    }
    arena_reset(pipeline->cx.epoch_arena);
    arena_reset(pipeline->cx.batch_arena);
    pipeline->next_step = pipeline->step_count;
}

void pipeline_set_deliver(Pipeline *pipeline, PipelineDeliver deliver, void *data) {
    pipeline->deliver = deliver;
    pipeline->deliver_data = data;
}

int pipeline_operator_count(const Pipeline *pipeline) {
    return pipeline->node_count;
}

Operator *pipeline_operator_at(const Pipeline *pipeline, int index, int *ret_parent) {
    assert(index >= 0);
    assert(index < pipeline->node_count);
    *ret_parent = pipeline->nodes[index]->parent ? pipeline->nodes[index]->parent->index : -1;
    return pipeline->nodes[index]->op;
}
