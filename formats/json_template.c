#include "formats/json_template.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Both sides are readable 16 bytes past what is compared. */
static inline bool literal_equal(const JsonTemplate *template, const JsonSegment *segment,
                                 const char *data) {
    const char *literal = template->literals + segment->literal;
    size_t length = segment->length;

#ifdef __SSE2__
    __m128i a;
    __m128i b;

    for (; __builtin_expect(length > 16, 0); length -= 16, literal += 16, data += 16) {
        a = _mm_loadu_si128((const __m128i *) (const void *) literal);
        b = _mm_loadu_si128((const __m128i *) (const void *) data);
        if (_mm_movemask_epi8(_mm_cmpeq_epi8(a, b)) != 0xffff)
            return false;
    }
    a = _mm_loadu_si128((const __m128i *) (const void *) literal);
    b = _mm_loadu_si128((const __m128i *) (const void *) data);
    return ((unsigned) ~_mm_movemask_epi8(_mm_cmpeq_epi8(a, b)) & segment->last_mask) == 0;
#else
    return memcmp(literal, data, length) == 0;
#endif
}

static const char *match_other(const JsonSegment *segment, const char *p, const char *end,
                               JsonSlot *slot) {
    p = json_scan_value(p, end, slot);
    if (!p || slot->kind == JSON_STRING ||
        (slot->kind == JSON_NESTED) != (segment->kind == JSON_NESTED))
        return NULL;
    return p;
}

/* Space before the closing brace; runs of blanks (records padded to one length) 16 bytes at a time.
 */
static const char *skip_padding(const char *p, const char *end) {
#ifdef __SSE2__
    const __m128i blank = _mm_set1_epi8(' ');

    while (p < end) {
        __m128i chunk = _mm_loadu_si128((const __m128i *) (const void *) p);
        unsigned other = ~(unsigned) _mm_movemask_epi8(_mm_cmpeq_epi8(chunk, blank)) & 0xffff;

        if (other) {
            p += __builtin_ctz(other);
            break;
        }
        p += 16;
    }
    if (p > end)
        p = end;
#endif
    return json_skip_space(p, end);
}

/* Behind the last value: the object closes, with as much space as it likes. */
static bool match_tail(const JsonTemplate *template, const char *p, const char *end) {
    if (template->segments[template->segment_count - 1].kind == JSON_STRING)
        p++; /* its closing quote */
    if (p < end && *p == '}' && p + 1 == end)
        return true;
    p = skip_padding(p, end);
    return p < end && *p == '}' && json_skip_space(p + 1, end) == end;
}

/* Where the quotes of an indexed record are, taken in order: the word under the cursor stays in a
 * register, because from value to value this search is the longest chain of dependent steps. */
typedef struct QuoteCursor {
    const JsonIndex *index;
    size_t length;
    size_t word;
    uint64_t bits;
} QuoteCursor;

/* The first quote at or behind `at`; `length` or more when there is none. */
static inline size_t next_quote(QuoteCursor *cursor, size_t at) {
    uint64_t bits;

    if (at / 64 != cursor->word) {
        cursor->word = at / 64;
        cursor->bits = cursor->index->quotes[cursor->word];
    }
    bits = cursor->bits & (~UINT64_C(0) << (at % 64));
    while (!bits) {
        if (++cursor->word * 64 >= cursor->length)
            return cursor->length;
        bits = cursor->bits = cursor->index->quotes[cursor->word];
    }
    return cursor->word * 64 + (size_t) __builtin_ctzll(bits);
}

static bool match_indexed(const JsonTemplate *template, const char *record, size_t length,
                          const JsonIndex *index, JsonSlot *slots) {
    QuoteCursor cursor = {index, length, 0, index->quotes[0]};
    size_t at = 0;

    for (int i = 0; i < template->segment_count; i++) {
        const JsonSegment *segment = &template->segments[i];
        JsonSlot slot;

        if (at + segment->length > length || !literal_equal(template, segment, record + at))
            return false;
        at += segment->length;
        if (segment->kind == JSON_STRING) {
            size_t close = next_quote(&cursor, at);

            if (close >= length)
                return false;
            if (segment->column >= 0) {
                unsigned flags = 0;

                if (index->has_special)
                    json_string_end(record + at, record + length, &flags);
                slots[segment->column] =
                    (JsonSlot) {record + at, record + close, JSON_STRING, flags};
            }
            at = close;
            continue;
        }
        if (!match_other(segment, record + at, record + length, &slot))
            return false;
        if (segment->column >= 0)
            slots[segment->column] = slot;
        at = (size_t) (slot.end - record);
    }
    return match_tail(template, record + at, record + length);
}

/* The same without an index: each string is scanned for its end. */
static bool match_scanned(const JsonTemplate *template, const char *record, const char *end,
                          JsonSlot *slots) {
    const char *p = record;

    for (int i = 0; i < template->segment_count; i++) {
        const JsonSegment *segment = &template->segments[i];
        JsonSlot slot = {.kind = JSON_STRING};

        if (end - p < segment->length || !literal_equal(template, segment, p))
            return false;
        p += segment->length;
        slot.begin = p;
        if (segment->kind == JSON_STRING)
            p = slot.end = json_string_end(p, end, &slot.flags);
        else
            p = match_other(segment, p, end, &slot);
        if (!p)
            return false;
        if (segment->column >= 0)
            slots[segment->column] = slot;
    }
    return match_tail(template, p, end);
}

bool json_template_match(const JsonTemplate *template, const char *record, const char *end,
                         const JsonIndex *index, JsonSlot *slots) {
    if (index)
        return match_indexed(template, record, (size_t) (end - record), index, slots);
    return match_scanned(template, record, end, slots);
}

void json_template_begin(JsonTemplate *template) {
    template->segment_count = 0;
    template->used = 0;
}

static bool keep_literal(JsonTemplate *template, const char *begin, const char *end,
                         uint16_t *ret_at, uint16_t *ret_length) {
    size_t length = (size_t) (end - begin);

    if (length > (size_t) (JSON_TEMPLATE_BYTES - template->used))
        return false;
    memcpy(template->literals + template->used, begin, length);
    *ret_at = template->used;
    *ret_length = (uint16_t) length;
    template->used = (uint16_t) (template->used + length);
    return true;
}

void json_template_add(JsonTemplate *template, const char *previous_end, const JsonSlot *value,
                       int column) {
    JsonSegment *segment;

    if (template->segment_count < 0)
        return;
    if (template->segment_count == JSON_TEMPLATE_SEGMENTS) {
        template->segment_count = -1; /* too long to learn */
        return;
    }
    segment = &template->segments[template->segment_count];
    segment->column = (int16_t) column;
    segment->kind = value->kind == JSON_STRING || value->kind == JSON_NESTED ? (uint8_t) value->kind
                                                                             : JSON_NUMBER;
    if (!keep_literal(template, previous_end, value->begin, &segment->literal, &segment->length)) {
        template->segment_count = -1;
        return;
    }
    segment->last_mask =
        (uint16_t) (segment->length ? (1u << ((segment->length - 1) % 16 + 1)) - 1 : 0);
    template->segment_count++;
}

void json_template_finish(JsonTemplate *template) {
    if (template->segment_count < 0)
        template->segment_count = 0;
}
