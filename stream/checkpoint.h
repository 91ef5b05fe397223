/* Checkpoint: what a stream needs to go on after any crash: headers, receipts, state changes,
 * journals.
 *
 * One SQLite database and its segments in the stream's folder. decide() is one transaction: after
 * it the epoch has happened, before it it has not. Recovery reads the last header, the journals,
 * and the state as the changelogs and bucket images in epoch order; an image replaces its bucket.
 * When the changelogs kept outweigh the state, all buckets are written as images and older
 * changelogs are forgotten: bytes written stay within three times the bytes changed. A user can
 * open it with the sqlite3 shell. */
#pragma once

#include "catalog/catalog.h"
#include "state/state.h"

typedef struct Checkpoint Checkpoint;

typedef struct CheckpointIdentity {
    int64_t stream_id;
    uint8_t incarnation[INCARNATION_SIZE];
} CheckpointIdentity;

/* What a restart finds. Bytes live as long as the arena given to checkpoint_load. */
typedef struct CheckpointState {
    int64_t epoch; /* 0: nothing decided yet */
    const uint8_t *header;
    size_t header_size;
    int sink_count;
    StateBytes *receipts; /* [sink_count] */
    bool is_paused;
    bool is_finished;
} CheckpointState;

/* A row of millrace.stream_progress. Times: µs since 2000-01-01 UTC; INT64_MIN: none. */
typedef struct ProgressRow {
    int64_t epoch, started_at, rows_in, rows_out, late_rows, late_windows, bad_rows, watermark;
    int64_t state_rows, state_bytes, changelog_bytes;
    double choose_ms, execute_ms, prepare_ms, decide_ms, publish_ms, cpu_ms;
    const char *offsets; /* JSON */
} ProgressRow;

typedef struct EpochRecord {
    int64_t epoch;
    const StrBuf *header;
    int sink_count;
    const StrBuf *receipts;
    const StrBuf *changelog;     /* length 0: the state did not change */
    const ProgressRow *progress; /* NULL: none */
} EpochRecord;

typedef Status (*CheckpointVisit)(void *data, int64_t key, const uint8_t *bytes, size_t size_bytes,
                                  Error *err);

/* Make the folder and an empty checkpoint in it, durably. */
MUST_USE Status checkpoint_create(const char *folder, const CheckpointIdentity *identity,
                                  Error *err);
/* 58030 when the folder is missing or has another incarnation. */
MUST_USE Status checkpoint_open(const char *folder, const CheckpointIdentity *identity,
                                Checkpoint **ret_checkpoint, Error *err);
/* Was anything decided in this folder? For folders that the catalog does not know. */
bool checkpoint_holds_epochs(const char *folder);
Checkpoint *checkpoint_close(Checkpoint *checkpoint);
MUST_USE Status checkpoint_load(Checkpoint *checkpoint, Arena *arena, CheckpointState *ret_state,
                                Error *err);
/* Bring the state store to the last decided epoch, before its tables are opened. 57014 soon after
 * *cancel becomes true; NULL: never. */
MUST_USE Status checkpoint_restore_state(Checkpoint *checkpoint, StateStore *state,
                                         const volatile bool *cancel, Error *err);
/* Journal records of a scan, in order. */
MUST_USE Status checkpoint_visit_journal(Checkpoint *checkpoint, int scan, CheckpointVisit visit,
                                         void *data, Error *err);
/* Durable when it returns. */
MUST_USE Status checkpoint_append_journal(Checkpoint *checkpoint, int scan, const StrBuf *bytes,
                                          Error *err);
/* As append, instead of all that the scan's journal had. */
MUST_USE Status checkpoint_replace_journal(Checkpoint *checkpoint, int scan, const StrBuf *bytes,
                                           Error *err);
/* The decision. `state` is asked for the images that are due. ret_bytes: what was written. */
MUST_USE Status checkpoint_decide(Checkpoint *checkpoint, const EpochRecord *record,
                                  StateStore *state, int64_t *ret_bytes, Error *err);
/* The same without a sync of the disk: a crash of the machine may bring back an earlier decision,
 * a crash of the process does not. For epochs that changed no state. */
MUST_USE Status checkpoint_decide_lazily(Checkpoint *checkpoint, const EpochRecord *record,
                                         StateStore *state, Error *err);
/* After a decision, when there is time: move SQLite's log, remove segments that nobody names. */
MUST_USE Status checkpoint_tidy(Checkpoint *checkpoint, Error *err);
void checkpoint_set_segment_bytes(Checkpoint *checkpoint, int64_t size_bytes); /* for tests */
/* Small facts: "paused", "finished", "plan". */
MUST_USE Status checkpoint_set_meta(Checkpoint *checkpoint, const char *key, const void *bytes,
                                    size_t size_bytes, Error *err);
/* Appends the value; *ret_found false when there is none. */
MUST_USE Status checkpoint_get_meta(Checkpoint *checkpoint, const char *key, StrBuf *out,
                                    bool *ret_found, Error *err);
/* The last stream_progress rows, oldest first; `offsets` is borrowed until visit returns. */
typedef Status (*ProgressVisit)(void *data, const ProgressRow *row, Error *err);
MUST_USE Status checkpoint_visit_progress(Checkpoint *checkpoint, ProgressVisit visit, void *data,
                                          Error *err);
