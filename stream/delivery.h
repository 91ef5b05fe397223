/* Delivery: the end of a stream's dataflow: from output deltas to sinks and the kept result.
 *
 * It is the RowReceiver of each epoch. Append: rows go on as they come. Update: they are folded to
 * one change per key (changes.h). Complete: the batches are the whole answer. The kept result is a
 * state table of the stream, a bag of rows, so SELECT reads a decided version and recovery restores
 * it. Sinks of bad records (on_error = 'sink:…') and of late rows take part in the epoch as the
 * others do; their rows come from the scans and from the step that judges. */
#pragma once

#include "exec/execute.h"
#include "planner/planner.h"
#include "stream/error_rows.h"
#include "stream/header.h"
#include "stream/late_rows.h"

typedef struct Delivery Delivery;

typedef struct DeliverySink {
    const SinkType *type;
    SinkWriter *writer;
    int64_t sink_id;
    const char *name;
    SinkGuarantee guarantee;
    bool wants_before; /* rows that an update replaces */
    bool has_epoch;    /* recovery: its own transaction already holds the epoch that runs again */
} DeliverySink;

typedef struct DeliverySpec {
    OutputMode mode;
    const Plan *plan; /* output columns */
    const int *key_columns;
    int key_count;
    DeliverySink *sinks; /* sink_count, borrowed: the query's, of bad records, of late rows */
    int sink_count;
    int query_sink_count;
    const SqlType *late_types; /* of late rows, which the last sink gets; NULL: none */
    uint32_t late_column_count;
    const char *stream_name; /* as error rows have it */
    MemoryAccount *account;
    bool keeps_result;
    StateStore *state;
} DeliverySpec;

MUST_USE Status delivery_create(const DeliverySpec *spec, Delivery **ret_delivery, Error *err);
Delivery *delivery_destroy(Delivery *delivery);
MUST_USE Status delivery_begin(Delivery *delivery, const EpochHeader *header, Error *err);
/* A bad record for a sink. One caller at a time, any thread, while the epoch is executed. */
void delivery_take_error(Delivery *delivery, const ErrorRow *row);
/* Likewise a late row, whose columns stand at those places of the batch. */
void delivery_take_late(Delivery *delivery, const Batch *batch, const int *columns, uint32_t row,
                        int64_t event_time_us);
RowReceiver *delivery_receiver(Delivery *delivery);
/* All output of the epoch has come: fold, write, keep. */
MUST_USE Status delivery_finish(Delivery *delivery, Error *err);
int64_t delivery_row_count(const Delivery *delivery); /* delivered in this epoch */
void delivery_abort(Delivery *delivery);
/* The kept result as of the last decided epoch; NULL when it is not kept. Unpin it. Any thread. */
StatePin *delivery_pin_result(Delivery *delivery);
