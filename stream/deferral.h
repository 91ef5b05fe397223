/* Deferral: decisions that the checkpoint is told of together, so that no row waits for the disk.
 *
 * Of an at-least-once stream: a row is out when its sink has prepared the epoch; the checkpoint's
 * commit only says from where a restart repeats. Of an exactly-once stream without state and with
 * one sink that has transactions: the sink's marker is the decision; a restart reads from where the
 * checkpoint stands to where the marker does, for the counts, and sends nothing of it. So an epoch
 * that changed no state may leave its record here, the next one within DEFER_NS replaces it, and
 * when the last is written nobody waits for the disk. A crash of the process repeats, or reads
 * again, the epochs of DEFER_NS at most, a crash of the machine what the disk did not have (the log
 * is a sound one: an earlier decision). Nothing is left here, and the disk has it, when a stream is
 * paused, stopped, finished or flushed by WAIT FOR STREAM (stream_write_deferred). */
#pragma once

#include "stream/checkpoint.h"

typedef struct Deferral {
    bool is_allowed; /* of a stream as above */
    bool has_record;
    int64_t written_ns; /* monotonic, of the last decision on disk */
    int64_t epoch;
    StrBuf header;
    int sink_count;
    StrBuf *receipts;
    ProgressRow progress; /* offsets owned */
} Deferral;

/* Keeps a copy of the record in place of the one before. It must have no changelog. */
void deferral_keep(Deferral *deferral, const EpochRecord *record);
/* The record that is kept, if one is, as checkpoint_decide wants it. */
bool deferral_record(const Deferral *deferral, EpochRecord *ret_record);
/* Whatever is kept is on disk, or a later record is. */
void deferral_forget(Deferral *deferral, int64_t now_ns);
/* Frees what it holds; nothing is allowed from now on. */
void deferral_done(Deferral *deferral);
/* May a record of an epoch without changes of state stay here at this time? */
bool deferral_may_keep(const Deferral *deferral, int64_t now_ns);
/* When what is kept must be written; INT64_MAX: nothing is. */
int64_t deferral_due_ns(const Deferral *deferral);
