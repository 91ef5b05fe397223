/* Pipeline: the operators of one plan tree (or of a part of it), wired together and driven step by
 * step.
 *
 * The steps are fixed by the tree: for each operator its children first (a join's right side before
 * its left), then end_input for each, then end_epoch. pipeline_step makes one call; between calls
 * the batch arena is empty and the pipeline can wait for as long as it likes. A pipeline is used by
 * one thread at a time; streams run their epoch's stages with one pipeline a worker. */
#pragma once

#include "exec/operator.h"

typedef struct Pipeline Pipeline;

/* Where the root's batches go. STATUS_STOP: no more are wanted. */
typedef Status (*PipelineDeliver)(void *data, const Batch *batch, Error *err);

typedef struct PipelineOptions {
    OperatorContext cx; /* arenas are made by the pipeline, the rest is copied */
    /* This node is not run: its batches come from pipeline_feed. NULL: none. */
    const Plan *inlet;
    /* Operators take their ids from those of the same nodes there, so that they share their state.
     * NULL: from the fingerprint. */
    const Pipeline *ids_from;
    PipelineDeliver deliver;
    void *deliver_data;
} PipelineOptions;

MUST_USE Status pipeline_create(const Plan *plan, const PipelineOptions *options,
                                Pipeline **ret_pipeline, Error *err);
Pipeline *pipeline_destroy(Pipeline *pipeline);
DEFINE_CLEANUP(Pipeline, pipeline_destroy)

/* Start an epoch: from the first step on. `epoch` outlives it. */
void pipeline_begin(Pipeline *pipeline, const Epoch *epoch);
/* One batch into the inlet's parent. STATUS_STOP: no more are wanted. */
MUST_USE Status pipeline_feed(Pipeline *pipeline, const Batch *batch, Error *err);
/* One call. STATUS_MORE: there are more steps; STATUS_OK: the epoch is complete. 57014 when
 * cancelled. */
MUST_USE Status pipeline_step(Pipeline *pipeline, Error *err);
/* All steps. */
MUST_USE Status pipeline_run(Pipeline *pipeline, Error *err);
/* Forget the epoch under way. */
void pipeline_abort(Pipeline *pipeline);
void pipeline_set_deliver(Pipeline *pipeline, PipelineDeliver deliver, void *data);

int pipeline_operator_count(const Pipeline *pipeline);
/* Children before parents; ret_parent: -1 for the root. */
Operator *pipeline_operator_at(const Pipeline *pipeline, int index, int *ret_parent);
