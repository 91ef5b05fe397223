/* ScanDecoder: records to the columns of one SCAN node: decoded, checked, filtered, counted.
 *
 * A record is bad when the format says so, or when its event time is NULL (22004). The greatest
 * event time is taken over every well-decoded record, before any filter, floored to milliseconds.
 */
#pragma once

#include "exec/execute.h"

typedef struct ScanDecoder ScanDecoder;

/* `count` records of the block from `first`, LIMIT_BATCH_ROWS at most. */
typedef struct RecordSpan {
    const Block *block;
    uint32_t first;
    uint32_t count;
} RecordSpan;

typedef struct ScanPosition {
    const SourceType *type;
    SourceReader *reader;
    int partition;
} ScanPosition;

MUST_USE Status scan_decoder_create(const Plan *scan, OperatorContext *cx,
                                    ScanDecoder **ret_decoder, Error *err);
ScanDecoder *scan_decoder_destroy(ScanDecoder *decoder);
DEFINE_CLEANUP(ScanDecoder, scan_decoder_destroy)
/* The batch lives in the batch arena and borrows from the block. Adds to `stats`. */
MUST_USE Status scan_decode(ScanDecoder *decoder, RecordSpan span, const ScanPosition *position,
                            ScanStats *stats, Batch *ret_batch, Error *err);
