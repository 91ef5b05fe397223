/* Faults: what went wrong with rows, kept for millrace.errors and millrace.late_rows.
 *
 * Reports come from workers while an epoch runs; they count only when the epoch is decided, so they
 * wait until commit() and are dropped by abort(). Repeats of the same error (source, column,
 * message) are one entry with occurrences. Bounded: the last FAULTS_KEPT of each. */
#pragma once

#include "connector/source.h"

enum { FAULTS_KEPT = 1000, FAULT_SAMPLE_BYTES = 1024 };

typedef struct FaultLog FaultLog;

typedef struct FaultEntry {
    int64_t id;
    int64_t at; /* µs since 2000-01-01 UTC */
    int scan;   /* -1: none */
    int partition;
    char partition_name[128]; /* "": by number */
    SqlState sqlstate;
    int64_t occurrences;
    char position[256];
    char column_name[64]; /* "": none */
    char message[256];
    char sample[FAULT_SAMPLE_BYTES + 1];
} FaultEntry;

typedef struct LateEntry {
    int64_t at, event_time, watermark;
    char operator_name[64];
    char sample[FAULT_SAMPLE_BYTES + 1];
} LateEntry;

FaultLog *faults_create(void);
FaultLog *faults_destroy(FaultLog *faults);
/* Any thread. `entry` is copied; id and occurrences are ignored. */
void faults_report(FaultLog *faults, const FaultEntry *entry);
void faults_report_late(FaultLog *faults, const LateEntry *entry);
void faults_commit(FaultLog *faults);
void faults_abort(FaultLog *faults);
/* For the views: calls with each kept entry, oldest first, under the log's lock. */
MUST_USE Status faults_visit(FaultLog *faults,
                             Status (*visit)(void *data, const FaultEntry *entry, Error *err),
                             void *data, Error *err);
MUST_USE Status faults_visit_late(FaultLog *faults,
                                  Status (*visit)(void *data, const LateEntry *entry, Error *err),
                                  void *data, Error *err);
