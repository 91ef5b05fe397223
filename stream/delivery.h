/* Delivery: the end of a stream's dataflow: from output deltas to sinks and the kept result.
 *
 * It is the RowReceiver of each epoch. Append: rows go on as they come. Update: they are folded to
 * one change per key (changes.h). Complete: the batches are the whole answer. The kept result is a
 * state table of the stream, a bag of rows, so SELECT reads a decided version and recovery restores
 * it. */
#pragma once

#include "exec/execute.h"
#include "planner/planner.h"

typedef struct Delivery Delivery;

typedef struct DeliverySink {
    const SinkType *type;
    SinkWriter *writer;
    int64_t sink_id;
    const char *name;
    bool has_epoch; /* recovery: its own transaction already holds the epoch that runs again */
} DeliverySink;

typedef struct DeliverySpec {
    OutputMode mode;
    const Plan *plan; /* output columns */
    const int *key_columns;
    int key_count;
    DeliverySink *sinks; /* sink_count, borrowed */
    int sink_count;
    bool keeps_result;
    StateStore *state;
} DeliverySpec;

MUST_USE Status delivery_create(const DeliverySpec *spec, Delivery **ret_delivery, Error *err);
Delivery *delivery_destroy(Delivery *delivery);
MUST_USE Status delivery_begin(Delivery *delivery, int64_t epoch, Error *err);
RowReceiver *delivery_receiver(Delivery *delivery);
/* All output of the epoch has come: fold, write, keep. */
MUST_USE Status delivery_finish(Delivery *delivery, Error *err);
int64_t delivery_row_count(const Delivery *delivery); /* delivered in this epoch */
void delivery_abort(Delivery *delivery);
/* The kept result as of the last decided epoch; NULL when it is not kept. Unpin it. Any thread. */
StatePin *delivery_pin_result(Delivery *delivery);
