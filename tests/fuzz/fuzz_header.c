/* Fuzz: an epoch header, as a checkpoint or a sink's marker gives it back.
 *
 * Claims: any bytes are a header or XX001; what is taken is written again and taken again. The
 * input goes in as it is, and once more with a checksum that fits, so that the fields are reached.
 */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "stream/header.h"

static void check(const uint8_t *bytes, size_t size_bytes) {
    CLEANUP(arena_destroyp) Arena *arena = arena_create("fuzz", 0);
    EpochHeader *header = NULL;
    StrBuf again = {0};
    EpochHeader *same = NULL;
    Error err;

    if (header_parse(bytes, size_bytes, arena, &header, &err) != STATUS_OK) {
        assert(err.sqlstate == SQLSTATE_DATA_CORRUPTED);
        return;
    }
    header_append(header, &again);
    /* A header of an older version is written as the newest. */
    assert(again.length == size_bytes || memcmp(again.data, bytes, sizeof(int64_t)) != 0);
    assert(header_parse((const uint8_t *) again.data, again.length, arena, &same, &err) ==
           STATUS_OK);
    strbuf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    StrBuf sealed = {0};
    uint64_t checksum;

    check(data, size_bytes);
    strbuf_append(&sealed, data, size_bytes);
    checksum = hash_bytes(strbuf_text(&sealed), sealed.length);
    strbuf_append(&sealed, &checksum, sizeof(checksum));
    check((const uint8_t *) sealed.data, sealed.length);
    strbuf_done(&sealed);
    return 0;
}
