/* Job: a loop whose turns run on several threads, the calling one among them.
 *
 * job_run returns when every turn is done. It never waits for a thread that has not begun: whoever
 * calls does the turns itself when the workers are busy, so it can't deadlock, even when called
 * from a worker. The turns are taken in order; an error stops further ones, and the error of the
 * lowest turn is told. */
#pragma once

#include "base/pool.h"
#include "base/status.h"

/* Turn `turn` on participant `participant` (0 … participants - 1): never two at once with one
 * participant.
 */
typedef Status (*JobTurn)(void *data, int turn, int participant, Error *err);

/* As many participants as the pool has threads, the caller among them; workers NULL: the caller
 * alone. */
int job_participants(const Pool *workers);
MUST_USE Status job_run(Pool *workers, int turn_count, JobTurn turn, void *data, Error *err);
