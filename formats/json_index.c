#include "formats/json_index.h"

#include <string.h>

#ifdef __SSE2__
#include <immintrin.h>

/* Bits of one 64-byte block. */
typedef struct BlockBits {
    uint64_t quotes;
    uint64_t backslashes;
    uint64_t special;
} BlockBits;

static inline uint64_t mask_of(__m128i a, __m128i b, __m128i c, __m128i d) {
    return (uint64_t) (unsigned) _mm_movemask_epi8(a) |
           (uint64_t) (unsigned) _mm_movemask_epi8(b) << 16 |
           (uint64_t) (unsigned) _mm_movemask_epi8(c) << 32 |
           (uint64_t) (unsigned) _mm_movemask_epi8(d) << 48;
}

/* Signed compare: bytes over 0x7f are negative, so "less than 0x20" finds them and the controls at
 * once. */
static inline BlockBits block_bits(const char *block) {
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i space = _mm_set1_epi8(0x20);
    const __m128i *in = (const __m128i *) (const void *) block;
    __m128i a = _mm_loadu_si128(in);
    __m128i b = _mm_loadu_si128(in + 1);
    __m128i c = _mm_loadu_si128(in + 2);
    __m128i d = _mm_loadu_si128(in + 3);
    __m128i escapes =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(a, backslash), _mm_cmpeq_epi8(b, backslash)),
                     _mm_or_si128(_mm_cmpeq_epi8(c, backslash), _mm_cmpeq_epi8(d, backslash)));

    return (BlockBits) {
        .quotes = mask_of(_mm_cmpeq_epi8(a, quote), _mm_cmpeq_epi8(b, quote),
                          _mm_cmpeq_epi8(c, quote), _mm_cmpeq_epi8(d, quote)),
        .backslashes = _mm_movemask_epi8(escapes)
                           ? mask_of(_mm_cmpeq_epi8(a, backslash), _mm_cmpeq_epi8(b, backslash),
                                     _mm_cmpeq_epi8(c, backslash), _mm_cmpeq_epi8(d, backslash))
                           : 0,
        .special = mask_of(_mm_cmplt_epi8(a, space), _mm_cmplt_epi8(b, space),
                           _mm_cmplt_epi8(c, space), _mm_cmplt_epi8(d, space)),
    };
}

static bool build_sse2(const char *record, size_t length, JsonIndex *ret_index) {
    uint64_t backslashes = 0;
    uint64_t special = 0;
    size_t word = 0;

    if (length > JSON_INDEX_BYTES)
        return false;
    for (size_t at = 0; at < length; at += 64) {
        BlockBits bits = block_bits(record + at);
        uint64_t within = length - at >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << (length - at)) - 1;

        ret_index->quotes[word++] = bits.quotes & within;
        backslashes |= bits.backslashes & within;
        special |= bits.special & within;
    }
    ret_index->quotes[word] = 0;
    ret_index->has_special = special != 0;
    return backslashes == 0;
}

/* The same, 32 bytes at a time. */
__attribute__((target("avx2"))) static bool build_avx2(const char *record, size_t length,
                                                       JsonIndex *ret_index) {
    const __m256i quote = _mm256_set1_epi8('"');
    const __m256i backslash = _mm256_set1_epi8('\\');
    const __m256i limit = _mm256_set1_epi8(0x1f);
    uint64_t backslashes = 0;
    uint64_t plain = ~UINT64_C(0);
    size_t word = 0;

    if (length > JSON_INDEX_BYTES)
        return false;
    for (size_t at = 0; at < length; at += 64) {
        const __m256i *in = (const __m256i *) (const void *) (record + at);
        __m256i a = _mm256_loadu_si256(in);
        __m256i b = _mm256_loadu_si256(in + 1);
        uint64_t within = length - at >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << (length - at)) - 1;

        ret_index->quotes[word++] =
            within &
            ((uint64_t) (unsigned) _mm256_movemask_epi8(_mm256_cmpeq_epi8(a, quote)) |
             (uint64_t) (unsigned) _mm256_movemask_epi8(_mm256_cmpeq_epi8(b, quote)) << 32);
        backslashes |=
            within &
            ((uint64_t) (unsigned) _mm256_movemask_epi8(_mm256_cmpeq_epi8(a, backslash)) |
             (uint64_t) (unsigned) _mm256_movemask_epi8(_mm256_cmpeq_epi8(b, backslash)) << 32);
        plain &= ~within |
                 ((uint64_t) (unsigned) _mm256_movemask_epi8(_mm256_cmpgt_epi8(a, limit)) |
                  (uint64_t) (unsigned) _mm256_movemask_epi8(_mm256_cmpgt_epi8(b, limit)) << 32);
    }
    ret_index->quotes[word] = 0;
    ret_index->has_special = plain != ~UINT64_C(0);
    return backslashes == 0;
}

JsonIndexBuild json_index_builder(void) {
    return __builtin_cpu_supports("avx2") ? build_avx2 : build_sse2;
}
#else
static bool build_plain(const char *record, size_t length, JsonIndex *ret_index) {
    if (length > JSON_INDEX_BYTES)
        return false;
    memset(ret_index, 0, sizeof(*ret_index));
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char) record[i];

        if (byte == '\\')
            return false;
        if (byte == '"')
            ret_index->quotes[i / 64] |= UINT64_C(1) << (i % 64);
        ret_index->has_special |= byte < 0x20 || byte >= 0x80;
    }
    return true;
}

JsonIndexBuild json_index_builder(void) {
    return build_plain;
}
#endif
