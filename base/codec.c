#include "base/codec.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"

enum { CHECKSUM_BYTES = sizeof(uint64_t), VARINT_SHIFT_LAST = 63 };

void codec_append_varint(StrBuf *out, uint64_t number) {
    for (; number >= 0x80; number >>= 7)
        strbuf_append_u8(out, (uint8_t) (number | 0x80));
    strbuf_append_u8(out, (uint8_t) number);
}

void codec_patch_u32(StrBuf *out, size_t place, uint32_t number) {
    assert(place + sizeof(number) <= out->length);
    number = htole32(number);
    memcpy(out->data + place, &number, sizeof(number));
}

void codec_seal(StrBuf *out, size_t begin) {
    assert(begin <= out->length);
    codec_append_u64(out, hash_bytes(strbuf_text(out) + begin, out->length - begin));
}

CodecReader codec_reader(const void *bytes, size_t size_bytes) {
    const uint8_t *begin = size_bytes ? bytes : NULL;

    return (CodecReader) {.cursor = begin, .end = size_bytes ? begin + size_bytes : NULL};
}

bool codec_open_sealed(const void *bytes, size_t size_bytes, CodecReader *ret_reader) {
    CodecReader reader, seal;

    if (size_bytes < CHECKSUM_BYTES)
        return false;
    reader = codec_reader(bytes, size_bytes);
    reader.end -= CHECKSUM_BYTES;
    seal = codec_reader(reader.end, CHECKSUM_BYTES);
    if (codec_read_u64(&seal) != hash_bytes(bytes, size_bytes - CHECKSUM_BYTES))
        return false;
    *ret_reader = reader;
    return true;
}

void codec_damage(CodecReader *reader) {
    reader->is_damaged = true;
    reader->cursor = reader->end;
}

size_t codec_bytes_left(const CodecReader *reader) {
    return (size_t) (reader->end - reader->cursor);
}

bool codec_is_read_whole(const CodecReader *reader) {
    return !reader->is_damaged && reader->cursor == reader->end;
}

const uint8_t *codec_read_bytes(CodecReader *reader, uint64_t size_bytes) {
    const uint8_t *bytes = reader->cursor;

    if (reader->is_damaged || size_bytes > codec_bytes_left(reader)) {
        codec_damage(reader);
        return NULL;
    }
    reader->cursor += size_bytes;
    return bytes;
}

void codec_read_into(CodecReader *reader, void *target, size_t size_bytes) {
    const uint8_t *bytes = codec_read_bytes(reader, size_bytes);

    if (bytes)
        memcpy(target, bytes, size_bytes);
    else
        memset(target, 0, size_bytes);
}

uint8_t codec_read_u8(CodecReader *reader) {
    const uint8_t *bytes = codec_read_bytes(reader, 1);

    return bytes ? *bytes : 0;
}

uint32_t codec_read_u32(CodecReader *reader) {
    uint32_t number;

    codec_read_into(reader, &number, sizeof(number));
    return le32toh(number);
}

uint64_t codec_read_u64(CodecReader *reader) {
    uint64_t number;

    codec_read_into(reader, &number, sizeof(number));
    return le64toh(number);
}

int32_t codec_read_i32(CodecReader *reader) {
    return (int32_t) codec_read_u32(reader);
}

int64_t codec_read_i64(CodecReader *reader) {
    return (int64_t) codec_read_u64(reader);
}

uint64_t codec_read_varint(CodecReader *reader) {
    uint64_t number = 0;

    for (int shift = 0; shift <= VARINT_SHIFT_LAST; shift += 7) {
        uint8_t byte = codec_read_u8(reader);

        if (shift == VARINT_SHIFT_LAST && byte > 1)
            break;
        number |= (uint64_t) (byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return number;
    }
    codec_damage(reader); /* more than 64 bits */
    return 0;
}
