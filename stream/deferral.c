#include "stream/deferral.h"

#include <assert.h>

#include "base/memory.h"

enum { DEFER_NS = 200000000 };

static void copy_bytes(StrBuf *to, const StrBuf *from) {
    strbuf_clear(to);
    if (from->length)
        strbuf_append(to, from->data, from->length);
}

static void free_offsets(Deferral *deferral) {
    char *offsets = (char *) (uintptr_t) deferral->progress.offsets; /* ours */

    memory_free(offsets);
    deferral->progress.offsets = NULL;
}

static void take_progress(Deferral *deferral, const ProgressRow *progress) {
    assert(progress); /* every epoch has a row */
    free_offsets(deferral);
    deferral->progress = *progress;
    deferral->progress.offsets = memory_strdup(progress->offsets ? progress->offsets : "{}");
}

void deferral_keep(Deferral *deferral, const EpochRecord *record) {
    assert(record->changelog->length == 0);
    if (!deferral->receipts) {
        deferral->sink_count = record->sink_count;
        deferral->receipts = memory_zalloc(sizeof(StrBuf) * (size_t) record->sink_count);
    }
    assert(record->sink_count == deferral->sink_count);
    deferral->epoch = record->epoch;
    copy_bytes(&deferral->header, record->header);
    for (int i = 0; i < record->sink_count; i++)
        copy_bytes(&deferral->receipts[i], &record->receipts[i]);
    take_progress(deferral, record->progress);
    deferral->has_record = true;
}

bool deferral_record(const Deferral *deferral, EpochRecord *ret_record) {
    static const StrBuf no_changes = {0};

    if (!deferral->has_record)
        return false;
    *ret_record = (EpochRecord) {
        .epoch = deferral->epoch,
        .header = &deferral->header,
        .sink_count = deferral->sink_count,
        .receipts = deferral->receipts,
        .changelog = &no_changes,
        .progress = &deferral->progress,
    };
    return true;
}

void deferral_forget(Deferral *deferral, int64_t now_ns) {
    deferral->has_record = false;
    deferral->written_ns = now_ns;
}

void deferral_done(Deferral *deferral) {
    for (int i = 0; i < deferral->sink_count; i++)
        strbuf_done(&deferral->receipts[i]);
    memory_free(deferral->receipts);
    strbuf_done(&deferral->header);
    free_offsets(deferral);
    *deferral = (Deferral) {0};
}

bool deferral_may_keep(const Deferral *deferral, int64_t now_ns) {
    return deferral->is_allowed && now_ns - deferral->written_ns < DEFER_NS;
}

int64_t deferral_due_ns(const Deferral *deferral) {
    return deferral->has_record ? deferral->written_ns + DEFER_NS : INT64_MAX;
}
