/* Changes: an epoch's output folded to at most one change per key.
 *
 * Rows come as deltas; what update mode delivers is, per key, the row after the epoch (upsert) or
 * that it is gone (delete). Without a key the whole row is the key, and the changes are inserts and
 * deletes. A key that ends as it began is no change. Changes come out in the order in which their
 * keys were first touched. */
#pragma once

#include "connector/sink.h"

typedef struct Changes Changes;

Changes *changes_create(const SqlType *types, uint32_t column_count, const int *key_columns,
                        int key_count);
Changes *changes_destroy(Changes *changes);
MUST_USE Status changes_add(Changes *changes, const Batch *batch, Error *err);
/* Gives the changes as batches with ops, then forgets them. */
typedef Status (*ChangesReceive)(void *data, const Batch *batch, const ChangeOp *ops, Error *err);
MUST_USE Status changes_drain(Changes *changes, ChangesReceive receive, void *data, Error *err);
void changes_clear(Changes *changes);
