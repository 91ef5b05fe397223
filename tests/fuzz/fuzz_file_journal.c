/* Fuzz: a batch of the file source's journal.
 *
 * Claims: any bytes are a batch or XX001; after a batch every offset below the end lies in one
 * entry, and a barrier lies between its bounds. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>

#include "sources/file_journal.h"

static void check_offset(FileJournal *journal, int64_t offset) {
    FileEntry entry;
    int64_t barrier;

    assert(file_journal_find(journal, offset, &entry));
    assert(entry.start >= 0 && entry.start < entry.end);
    assert(entry.base <= offset && offset - entry.base < entry.end - entry.start);
    barrier = file_journal_barrier(journal, 0, offset);
    assert(barrier >= 0 && barrier <= offset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    FileJournal *journal = file_journal_create();
    Error err;

    for (int i = 0; i < 2; i++) {
        int64_t end;

        if (file_journal_restore(journal, data, size_bytes, &err) != STATUS_OK) {
            assert(err.sqlstate == SQLSTATE_DATA_CORRUPTED);
            break;
        }
        end = file_journal_end(journal);
        if (end > 0) {
            check_offset(journal, 0);
            check_offset(journal, end / 2);
            check_offset(journal, end - 1);
        }
    }
    file_journal_destroy(journal);
    return 0;
}
