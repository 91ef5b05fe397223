#include "stream/faults.h"

#include <pthread.h>
#include <string.h>

#include "base/memory.h"

enum { PENDING_MAX = 256 };

struct FaultLog {
    pthread_mutex_t mutex;
    FaultEntry *entries; /* ring of FAULTS_KEPT, allocated at first use */
    int64_t entry_count; /* ever */
    int64_t next_id;
    FaultEntry *pending;
    int pending_count;
    LateEntry *late; /* ring */
    int64_t late_count;
    LateEntry *late_pending;
    int late_pending_count;
};

FaultLog *faults_create(void) {
    FaultLog *faults = memory_zalloc(sizeof(*faults));

    pthread_mutex_init(&faults->mutex, NULL);
    faults->next_id = 1;
    return faults;
}

FaultLog *faults_destroy(FaultLog *faults) {
    if (faults) {
        memory_free(faults->entries);
        memory_free(faults->pending);
        memory_free(faults->late);
        memory_free(faults->late_pending);
        pthread_mutex_destroy(&faults->mutex);
        memory_free(faults);
    }
    return NULL;
}

static bool is_same(const FaultEntry *left, const FaultEntry *right) {
    return left->scan == right->scan && left->sqlstate == right->sqlstate &&
           strcmp(left->column_name, right->column_name) == 0 &&
           strcmp(left->message, right->message) == 0;
}

void faults_report(FaultLog *faults, const FaultEntry *entry) {
    pthread_mutex_lock(&faults->mutex);
    if (!faults->pending)
        faults->pending = memory_alloc(sizeof(FaultEntry) * PENDING_MAX);
    for (int i = 0; i < faults->pending_count; i++)
        if (is_same(&faults->pending[i], entry)) {
            faults->pending[i].occurrences++;
            pthread_mutex_unlock(&faults->mutex);
            return;
        }
    if (faults->pending_count < PENDING_MAX) {
        faults->pending[faults->pending_count] = *entry;
        faults->pending[faults->pending_count++].occurrences = 1;
    }
    pthread_mutex_unlock(&faults->mutex);
}

void faults_report_late(FaultLog *faults, const LateEntry *entry) {
    pthread_mutex_lock(&faults->mutex);
    if (!faults->late_pending)
        faults->late_pending = memory_alloc(sizeof(LateEntry) * PENDING_MAX);
    if (faults->late_pending_count < PENDING_MAX)
        faults->late_pending[faults->late_pending_count++] = *entry;
    pthread_mutex_unlock(&faults->mutex);
}

static int64_t first_kept(int64_t count) {
    return count > FAULTS_KEPT ? count - FAULTS_KEPT : 0;
}

static void commit_one(FaultLog *faults, const FaultEntry *entry) {
    if (!faults->entries)
        faults->entries = memory_alloc(sizeof(FaultEntry) * FAULTS_KEPT);
    for (int64_t i = first_kept(faults->entry_count); i < faults->entry_count; i++)
        if (is_same(&faults->entries[i % FAULTS_KEPT], entry)) {
            faults->entries[i % FAULTS_KEPT].occurrences += entry->occurrences;
            return;
        }
    faults->entries[faults->entry_count % FAULTS_KEPT] = *entry;
    faults->entries[faults->entry_count++ % FAULTS_KEPT].id = faults->next_id++;
}

void faults_commit(FaultLog *faults) {
    pthread_mutex_lock(&faults->mutex);
    for (int i = 0; i < faults->pending_count; i++)
        commit_one(faults, &faults->pending[i]);
    faults->pending_count = 0;
    for (int i = 0; i < faults->late_pending_count; i++) {
        if (!faults->late)
            faults->late = memory_alloc(sizeof(LateEntry) * FAULTS_KEPT);
        faults->late[faults->late_count++ % FAULTS_KEPT] = faults->late_pending[i];
    }
    faults->late_pending_count = 0;
    pthread_mutex_unlock(&faults->mutex);
}

void faults_abort(FaultLog *faults) {
    pthread_mutex_lock(&faults->mutex);
    faults->pending_count = 0;
    faults->late_pending_count = 0;
    pthread_mutex_unlock(&faults->mutex);
}

Status faults_visit(FaultLog *faults,
                    Status (*visit)(void *data, const FaultEntry *entry, Error *err), void *data,
                    Error *err) {
    Status status = STATUS_OK;

    pthread_mutex_lock(&faults->mutex);
    for (int64_t i = first_kept(faults->entry_count);
         i < faults->entry_count && status == STATUS_OK; i++)
        status = visit(data, &faults->entries[i % FAULTS_KEPT], err);
    pthread_mutex_unlock(&faults->mutex);
    return status;
}

Status faults_visit_late(FaultLog *faults,
                         Status (*visit)(void *data, const LateEntry *entry, Error *err),
                         void *data, Error *err) {
    Status status = STATUS_OK;

    pthread_mutex_lock(&faults->mutex);
    for (int64_t i = first_kept(faults->late_count); i < faults->late_count && status == STATUS_OK;
         i++)
        status = visit(data, &faults->late[i % FAULTS_KEPT], err);
    pthread_mutex_unlock(&faults->mutex);
    return status;
}
