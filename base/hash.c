#include "base/hash.h"

#include <xxhash.h>

uint64_t hash_bytes(const void *bytes, size_t size_bytes) {
    return XXH3_64bits(bytes, size_bytes);
}

uint64_t hash_bytes_seeded(const void *bytes, size_t size_bytes, uint64_t seed) {
    return XXH3_64bits_withSeed(bytes, size_bytes, seed);
}
