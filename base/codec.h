/* Codec: numbers and bytes in the records that we store: headers, receipts, journals, changelogs,
 * plans.
 *
 * Little-endian on every machine. What is written goes to the end of a StrBuf. What is read may be
 * hostile: a reader never passes its end; past the first damage it stands there and every read
 * gives zero, so that the caller may read on and ask once. A sealed record ends with XXH3 of all
 * that stands before. */
#pragma once

#include <endian.h>

#include "base/strbuf.h"

/* -------- writing -------- */

static inline void codec_append_u32(StrBuf *out, uint32_t number) {
    number = htole32(number);
    strbuf_append(out, &number, sizeof(number));
}

static inline void codec_append_u64(StrBuf *out, uint64_t number) {
    number = htole64(number);
    strbuf_append(out, &number, sizeof(number));
}

static inline void codec_append_i32(StrBuf *out, int32_t number) {
    codec_append_u32(out, (uint32_t) number);
}

static inline void codec_append_i64(StrBuf *out, int64_t number) {
    codec_append_u64(out, (uint64_t) number);
}

/* Seven bits a byte, the low ones first; small numbers are short. */
void codec_append_varint(StrBuf *out, uint64_t number);
/* Replace the u32 that was appended when the length was `place`. */
void codec_patch_u32(StrBuf *out, size_t place, uint32_t number);
/* The checksum of everything since `begin`. */
void codec_seal(StrBuf *out, size_t begin);

/* -------- reading -------- */

typedef struct CodecReader {
    const uint8_t *cursor;
    const uint8_t *end;
    bool is_damaged;
} CodecReader;

/* The bytes are borrowed; NULL when there are none. */
CodecReader codec_reader(const void *bytes, size_t size_bytes);
/* A reader of what codec_seal() closed, without the checksum. false: it does not fit. */
MUST_USE bool codec_open_sealed(const void *bytes, size_t size_bytes, CodecReader *ret_reader);

const uint8_t *codec_read_bytes(CodecReader *reader, uint64_t size_bytes); /* NULL: damaged */
void codec_read_into(CodecReader *reader, void *target, size_t size_bytes);
uint8_t codec_read_u8(CodecReader *reader);
uint32_t codec_read_u32(CodecReader *reader);
uint64_t codec_read_u64(CodecReader *reader);
int32_t codec_read_i32(CodecReader *reader);
int64_t codec_read_i64(CodecReader *reader);
uint64_t codec_read_varint(CodecReader *reader);

/* What was read makes no sense: nothing more is read. */
void codec_damage(CodecReader *reader);
size_t codec_bytes_left(const CodecReader *reader);
bool codec_is_read_whole(const CodecReader *reader); /* to the end, and nothing damaged */
