#include "exec/job.h"

#include <assert.h>
#include <limits.h>
#include <pthread.h>

#include "base/memory.h"

/* Shared; freed by the last reference. All fields but the constant ones are under the mutex. */
typedef struct Job {
    JobTurn turn;
    void *data;
    int turn_count;
    pthread_mutex_t mutex;
    pthread_cond_t idle;
    int reference_count;
    int next_turn;
    int participant_count; /* that have begun */
    int active_count;
    bool is_closed;  /* whoever has not begun is too late */
    int failed_turn; /* INT_MAX: none */
    Error error;
} Job;

int job_participants(const Pool *workers) {
    return workers ? pool_thread_count(workers) : 1;
}

/* With the mutex held; unlocks it. */
static void job_unref_locked(Job *job) {
    bool is_last = --job->reference_count == 0;

    assert(job->reference_count >= 0);
    pthread_mutex_unlock(&job->mutex);
    if (!is_last)
        return;
    pthread_mutex_destroy(&job->mutex);
    pthread_cond_destroy(&job->idle);
    memory_free(job);
}

static void run_turn(Job *job, int turn, int participant) {
    Error error;
    Status status;

    pthread_mutex_unlock(&job->mutex);
    status = job->turn(job->data, turn, participant, &error);
    pthread_mutex_lock(&job->mutex);
    if (status == STATUS_ERROR && turn < job->failed_turn) {
        job->failed_turn = turn;
        job->error = error;
    }
}

/* Take turns until there are none. With the mutex held. */
static void take_turns(Job *job) {
    int participant = job->participant_count++;

    job->active_count++;
    while (job->next_turn < job->turn_count && job->failed_turn == INT_MAX)
        run_turn(job, job->next_turn++, participant);
    if (--job->active_count == 0)
        pthread_cond_signal(&job->idle);
}

static void worker_main(void *argument) {
    Job *job = argument;

    pthread_mutex_lock(&job->mutex);
    if (!job->is_closed)
        take_turns(job);
    job_unref_locked(job);
}

static void invite_workers(Job *job, Pool *workers) {
    int count = pool_thread_count(workers) - 1; /* the caller is one of them */

    count = count < job->turn_count - 1 ? count : job->turn_count - 1;
    if (count <= 0)
        return;
    pthread_mutex_lock(&job->mutex);
    job->reference_count += count;
    pthread_mutex_unlock(&job->mutex);
    for (int i = 0; i < count; i++)
        pool_submit(workers, worker_main, job);
}

Status job_run(Pool *workers, int turn_count, JobTurn turn, void *data, Error *err) {
    Job *job = memory_zalloc(sizeof(*job));
    Status status = STATUS_OK;

    assert(turn_count >= 0);
    job->turn = turn;
    job->data = data;
    job->turn_count = turn_count;
    job->reference_count = 1;
    job->failed_turn = INT_MAX;
    pthread_mutex_init(&job->mutex, NULL);
    pthread_cond_init(&job->idle, NULL);
    if (workers)
        invite_workers(job, workers);
    pthread_mutex_lock(&job->mutex);
    take_turns(job);
    job->is_closed = true;
    while (job->active_count > 0)
        pthread_cond_wait(&job->idle, &job->mutex);
    if (job->failed_turn != INT_MAX) {
        status = STATUS_ERROR;
        *err = job->error;
    }
    job_unref_locked(job);
    return status;
}
