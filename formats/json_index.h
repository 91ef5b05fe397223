/* JSON line index: where the quotes of one record are, found 16 bytes at a time in one pass.
 *
 * With it the end of a string is a count of trailing zeros away instead of a scan of its own (the
 * first stage of Langdale & Lemire, "Parsing gigabytes of JSON per second", 2019, cut down to
 * quotes). Only records without a backslash are indexed: there every quote is structural. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_INDEX_BYTES = 8192 }; /* longer records are scanned */

typedef struct JsonIndex {
    bool has_special; /* bytes over 0x7f or under 0x20: strings need a second look */
    uint64_t quotes[JSON_INDEX_BYTES / 64 + 1]; /* a bit a byte; a zero word behind the last */
} JsonIndex;

/* false: the record is too long or has a backslash. May read RECORD_PADDING bytes past the end. */
typedef bool (*JsonIndexBuild)(const char *record, size_t length, JsonIndex *ret_index);

/* The fastest that this processor can run; all give the same. */
JsonIndexBuild json_index_builder(void);

/* Position of the first quote at or behind `from`; `length` or more when there is none. */
static inline size_t json_index_quote(const JsonIndex *index, size_t from, size_t length) {
    size_t word = from / 64;
    uint64_t bits = index->quotes[word] >> (from % 64) << (from % 64);

    while (!bits) {
        if (++word * 64 >= length)
            return length;
        bits = index->quotes[word];
    }
    return word * 64 + (size_t) __builtin_ctzll(bits);
}
