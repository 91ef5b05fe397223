/* Fuzz: changelogs and images of operator state, as a checkpoint holds them. The first byte chooses
 * which; the checksum at the end is made good, so that the bytes behind it are reached.
 *
 * Claims: damage is refused without reading past the end; a store that has refused bytes can still
 * be walked and freed. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>

#include "base/hash.h"
#include "state/state.h"

enum { PARTITIONS = 4 };

static Status see_row(void *data, int64_t slice, StateBytes key, StateBytes value, Error *err) {
    uint64_t *sum = data;

    *sum += hash_bytes(key.data, key.size_bytes) ^ hash_bytes(value.data, value.size_bytes);
    return STATUS_OK;
}

static void walk(StateStore *store) {
    StateTable *table = NULL;
    uint64_t sum = 0;
    Error error;

    if (state_table_open(store, 1, 0, "", 0, &table, &error) != STATUS_OK)
        return;
    for (int p = 0; p < PARTITIONS; p++)
        IGNORE(state_visit(table, p, see_row, &sum, &error)); /* see_row never fails */
    assert(state_row_count(table) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    StateStore *store;
    StateImage image = {.operator_id = 1};
    StrBuf bytes = {0};
    uint64_t checksum;
    Error error;

    if (size < 1)
        return 0;
    store = state_store_create(NULL, PARTITIONS);
    strbuf_append(&bytes, data + 1, size - 1);
    checksum = hash_bytes(strbuf_text(&bytes), bytes.length);
    strbuf_append(&bytes, &checksum, sizeof(checksum));
    image.bytes = bytes;
    if (data[0] & 1) {
        image.slice = INT64_MIN;
        image.bucket = 1;
        IGNORE(state_apply_image(store, &image, &error)); /* refusing is fine */
    } else {
        IGNORE(state_apply_changelog(store, (const uint8_t *) bytes.data, bytes.length, &error));
    }
    walk(store);
    strbuf_done(&bytes);
    (void) state_store_destroy(store);
    return 0;
}
