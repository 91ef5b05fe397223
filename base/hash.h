/* Hash: 64-bit hashes for tables (rapid, seeded by nothing: answers never depend on addresses) and
 * checksums for files (XXH3, through the library). */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* XXH3 64-bit of the bytes. The same on every machine: it is written to files. */
uint64_t hash_bytes(const void *bytes, size_t size_bytes);

/* hash_bytes over pieces: the same number as over all at once. */
typedef struct HashStream HashStream;

HashStream *hash_stream_create(void);
void hash_stream_add(HashStream *stream, const void *bytes, size_t size_bytes);
uint64_t hash_stream_value(const HashStream *stream);
HashStream *hash_stream_destroy(HashStream *stream);

/* Finaliser of splitmix64 (Steele et al., 2014): a bijection of 64-bit words. */
static inline uint64_t hash_u64(uint64_t value) {
    value ^= value >> 30;
    value *= 0xbf58476d1ce4e5b9ULL;
    value ^= value >> 27;
    value *= 0x94d049bb133111ebULL;
    return value ^ (value >> 31);
}

/* Order matters: combine(a, b) != combine(b, a). */
static inline uint64_t hash_combine(uint64_t left, uint64_t right) {
    return hash_u64(left * 0x9e3779b97f4a7c15ULL + right);
}
