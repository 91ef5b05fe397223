#include "base/hash.h"

#include <stdlib.h>
#include <xxhash.h>

uint64_t hash_bytes(const void *bytes, size_t size_bytes) {
    return XXH3_64bits(bytes, size_bytes);
}

/* The library's state is the stream: its type is only renamed, so that no header shows it. */
HashStream *hash_stream_create(void) {
    XXH3_state_t *state = XXH3_createState();

    if (!state)
        abort();
    XXH3_64bits_reset(state);
    return (HashStream *) state;
}

void hash_stream_add(HashStream *stream, const void *bytes, size_t size_bytes) {
    XXH3_64bits_update((XXH3_state_t *) stream, bytes, size_bytes);
}

uint64_t hash_stream_value(const HashStream *stream) {
    return XXH3_64bits_digest((const XXH3_state_t *) stream);
}

HashStream *hash_stream_destroy(HashStream *stream) {
    XXH3_freeState((XXH3_state_t *) stream);
    return NULL;
}
