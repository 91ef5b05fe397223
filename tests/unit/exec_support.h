/* What the tests of exec/ share: a source of rows in memory, plans by hand, answers as text. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "catalog/catalog.h"
#include "exec/execute.h"

enum { COLUMN_K = 1, COLUMN_TS = 2, COLUMN_V = 3, FIRST_FREE_ID = 10, ROW_BAD = -999 };

/* A row of the test source; a NULL key is KEY_NULL, a NULL time TIME_NULL; k == ROW_BAD:
 * undecodable. */
typedef struct TestRow {
    int64_t k;
    int64_t ts_us;
    int64_t v;
} TestRow;

#define KEY_NULL INT64_MAX
#define TIME_NULL INT64_MAX

/* Rows [0, count) of one partition; offsets are row numbers. */
typedef struct TestSource {
    const TestRow *rows;
    int64_t count;
} TestSource;

typedef struct Fixture {
    Arena *arena;
    MemoryAccount account;
    Pool *workers;
    StateStore *state;
    Dataflow *dataflow;
    TestSource source;
    SourceReader *readers[1];
    const SourceType *types[1];
    Relation relation;
    ExecEnvironment environment;
    ColumnId next_id;
    int64_t late_below;
    int64_t close_below;
    int64_t epoch;
    StrBuf output; /* rows as "weight:a|b|c", a line each */
    ScanStats stats;
    int bad_reports;
    int late_reports;
} Fixture;

void fixture_init(Fixture *fixture, int worker_count);
void fixture_done(Fixture *fixture);
/* Take the state through its changelog into a new store, and the dataflow away: kill and recover.
 */
void fixture_recover(Fixture *fixture, const Plan *plan, StrBuf *changelogs, int count);
void fixture_open(Fixture *fixture, const Plan *plan);

/* One epoch over rows [from, to); the answer is in fixture->output. Commits. */
void run_epoch(Fixture *fixture, int64_t from, int64_t to);
/* The same, with the changelog, or aborted. */
void run_epoch_logged(Fixture *fixture, int64_t from, int64_t to, StrBuf *changelog);
void run_epoch_aborted(Fixture *fixture, int64_t from, int64_t to);
/* A batch query's answer into fixture->output. */
void run_query(Fixture *fixture, const Plan *plan);

/* -------- plans -------- */
const Plan *make_scan(Fixture *fixture);
const Plan *make_tumble(Fixture *fixture, const Plan *child, int64_t size_us);
const Plan *make_hop(Fixture *fixture, const Plan *child, int64_t size_us, int64_t slide_us);
/* The slices of make_hop's windows. */
const Plan *make_slices(Fixture *fixture, const Plan *child, int64_t size_us, int64_t slide_us);
/* count(*) and sum(v) by `keys`. */
typedef struct AggregateShape {
    EmitMode emit;
    bool is_two_phase;
    int key_count;
    ColumnId keys[3];
} AggregateShape;
const Plan *make_aggregate(Fixture *fixture, const Plan *child, AggregateShape shape);
const Plan *make_distinct(Fixture *fixture, const Plan *child, ColumnId key, bool is_within);
/* The one column `id`, under another id. */
const Plan *make_renamed(Fixture *fixture, const Plan *child, ColumnId id, ColumnId new_id);
ColumnId column_id(const Plan *plan, const char *name);
