/* ScanMetadata: the columns of a SCAN that are not in a record's value: what the connector tells of
 * it (path, topic, offset, timestamp …), and what is in its key.
 *
 * A key is bytes (bytea), or decoded by the source's option key_format: text, by the type's input
 * function; json and csv, by the format of that name, whole (FROM 'key') or by field (FROM
 * 'key.id'). What does not convert makes the record bad, as in its value. */
#pragma once

#include "connector/source.h"
#include "exec/operator.h"

typedef struct ScanMetadata ScanMetadata;

/* What a row is read from: row i of the batch came from records[rows[i]] of the block. */
typedef struct MetadataRows {
    const Block *block;
    const Record *records;
    const uint32_t *rows;
    uint32_t count;
} MetadataRows;

/* Rows that are bad after all, and values that are NULL instead: `record` is a row of the batch. */
typedef struct MetadataFaults {
    BadRecord *items; /* in the order of rows; those that are not is_kept leave the batch */
    uint32_t count;
} MetadataFaults;

/* Does the scan read this column of its relation, or must look whether it is sound? */
bool scan_reads_metadata(const Plan *scan, int relation_column);
/* NULL in *ret_metadata when the scan reads no such column. `nulls_bad`: on_error = 'null'. */
MUST_USE Status scan_metadata_create(const Plan *scan, OperatorContext *cx, bool nulls_bad,
                                     ScanMetadata **ret_metadata, Error *err);
ScanMetadata *scan_metadata_destroy(ScanMetadata *metadata);
DEFINE_CLEANUP(ScanMetadata, scan_metadata_destroy)
/* Fills the scan's metadata columns among `columns`; all in the batch arena. */
MUST_USE Status scan_metadata_read(ScanMetadata *metadata, const MetadataRows *rows,
                                   Column *columns, MetadataFaults *ret_faults, Error *err);
