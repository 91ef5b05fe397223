/* Scan: how a source's records become the columns that a SCAN node wants. Shared by batch reads,
 * which open the source themselves, and by streams, which feed ranges. */
#pragma once

#include "exec/execute.h"

/* What a stream's SCAN reads in this epoch. All borrowed for the epoch. */
typedef struct ScanFeed {
    const SourceType *type;
    SourceReader *reader;
    const ScanRange *ranges; /* of this scan, in order */
    ScanStats *stats;        /* one a range; added to */
    int range_count;
} ScanFeed;

/* What the plan's scan reads of each record beside its value. */
void scan_set_wants(const Plan *scan, SourceEnvironment *environment);
/* Before each epoch. A scan without feed reads nothing. */
void scan_set_feed(Operator *scan, const ScanFeed *feed);
