/* Changes: an epoch's output folded to at most one change per key.
 *
 * Rows come as deltas; what update mode delivers is, per key, the row after the epoch (upsert) or
 * that it is gone (delete). Without a key the whole row is the key, and the changes are inserts and
 * deletes. A key that ends as it began is no change. Changes come out in the order in which their
 * keys were first touched. Output that arrives paired, each key once, its old row right before its
 * new one, goes on batch by batch without a table of keys. */
#pragma once

#include "connector/sink.h"

typedef struct Changes Changes;

/* Takes changes: the active rows of the batch, with their ops. */
typedef Status (*ChangesReceive)(void *data, const Batch *batch, const ChangeOp *ops, Error *err);

/* Copied, but for `data`. */
typedef struct ChangesSpec {
    const SqlType *types;
    uint32_t column_count;
    const int *key_columns;
    int key_count; /* 0: the whole row */
    bool is_paired;
    bool has_before; /* CHANGE_BEFORE comes before an upsert that replaces a row */
    ChangesReceive receive;
    void *data;
} ChangesSpec;

Changes *changes_create(const ChangesSpec *spec);
Changes *changes_destroy(Changes *changes);
MUST_USE Status changes_add(Changes *changes, const Batch *batch, Error *err);
/* No more rows in this epoch: what was not received yet is, and all is forgotten. */
MUST_USE Status changes_drain(Changes *changes, Error *err);
void changes_clear(Changes *changes);
