#include "formats/json_layout.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static bool equal_under_mask(const JsonLayout *layout, const char *record) {
    size_t length = layout->length;

#ifdef __SSE2__
    __m128i differs = _mm_setzero_si128();

    for (size_t at = 0; at < length; at += 16) {
        __m128i a = _mm_loadu_si128((const __m128i *) (const void *) (record + at));
        __m128i b = _mm_loadu_si128((const __m128i *) (const void *) (layout->bytes + at));
        __m128i mask = _mm_loadu_si128((const __m128i *) (const void *) (layout->mask + at));

        differs = _mm_or_si128(differs, _mm_and_si128(_mm_xor_si128(a, b), mask));
    }
    return _mm_movemask_epi8(_mm_cmpeq_epi8(differs, _mm_setzero_si128())) == 0xffff;
#else
    for (size_t at = 0; at < length; at++)
        if ((record[at] ^ layout->bytes[at]) & layout->mask[at])
            return false;
    return true;
#endif
}

bool json_layout_match(JsonLayout *layout, const char *record, size_t length,
                       const JsonIndex *index, JsonSlot *slots) {
    size_t size_bytes = (length + 63) / 64 * sizeof(uint64_t);

    if (length != layout->length || memcmp(layout->quotes, index->quotes, size_bytes) != 0) {
        layout->length = length;
        memcpy(layout->quotes, index->quotes, size_bytes);
        layout->repeats = 0;
        layout->is_made = false;
        return false;
    }
    layout->repeats++;
    if (!layout->is_made || index->has_special)
        return false;
    if (!equal_under_mask(layout, record)) {
        layout->is_made = false;
        layout->repeats = 0;
        return false;
    }
    for (uint32_t i = 0; i < layout->wanted_count; i++) {
        const JsonLayoutValue *value = &layout->wanted[i];

        slots[value->column] =
            (JsonSlot) {record + value->begin, record + value->end, JSON_STRING, 0};
    }
    return true;
}

static bool add_wanted(JsonLayout *layout, int column, size_t begin, size_t end) {
    if (column < 0)
        return true;
    if (layout->wanted_count == JSON_LAYOUT_WANTED)
        return false;
    layout->wanted[layout->wanted_count++] =
        (JsonLayoutValue) {(int16_t) column, (uint16_t) begin, (uint16_t) end};
    return true;
}

void json_layout_learn(JsonLayout *layout, const JsonTemplate *template, const char *record,
                       const JsonIndex *index) {
    size_t length = layout->length;
    size_t at = 0;

    if (layout->is_made || layout->repeats < JSON_LAYOUT_REPEATS || index->has_special)
        return;
    layout->repeats = 0;
    layout->wanted_count = 0;
    memcpy(layout->bytes, record, length);
    memset(layout->mask, 0, sizeof(layout->mask));
    for (int i = 0; i < template->segment_count; i++) {
        const JsonSegment *segment = &template->segments[i];
        size_t begin = at + segment->length;
        size_t end = segment->kind == JSON_STRING ? json_index_quote(index, begin, length) : length;

        if (end >= length || !add_wanted(layout, segment->column, begin, end))
            return;
        memset(layout->mask + at, 0xff, segment->length);
        at = end;
    }
    memset(layout->mask + at, 0xff, length - at);
    layout->is_made = true;
}
