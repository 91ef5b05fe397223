#include "formats/json_template.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Both sides are readable 16 bytes past what is compared. */
static inline bool literal_equal(const char *left, const char *right, size_t length) {
#ifdef __SSE2__
    for (; length > 16; length -= 16, left += 16, right += 16) {
        __m128i a = _mm_loadu_si128((const __m128i *) (const void *) left);
        __m128i b = _mm_loadu_si128((const __m128i *) (const void *) right);

        if (_mm_movemask_epi8(_mm_cmpeq_epi8(a, b)) != 0xffff)
            return false;
    }
    {
        __m128i a = _mm_loadu_si128((const __m128i *) (const void *) left);
        __m128i b = _mm_loadu_si128((const __m128i *) (const void *) right);
        unsigned wanted = (1u << length) - 1;

        return ((unsigned) _mm_movemask_epi8(_mm_cmpeq_epi8(a, b)) & wanted) == wanted;
    }
#else
    return memcmp(left, right, length) == 0;
#endif
}

/* One record being matched. */
typedef struct Match {
    const char *record;
    const char *end;
    const JsonIndex *index; /* NULL: scan */
} Match;

static inline const char *match_string(const Match *match, const char *p, bool is_wanted,
                                       JsonSlot *slot) {
    unsigned flags = 0;
    const char *close;

    if (match->index) {
        close = match->record + json_index_quote(match->index, (size_t) (p - match->record),
                                                 (size_t) (match->end - match->record));
        if (close >= match->end)
            return NULL;
        if (is_wanted && match->index->has_special)
            close = json_string_end(p, match->end, &flags);
    } else {
        close = json_string_end(p, match->end, &flags);
        if (!close)
            return NULL;
    }
    *slot = (JsonSlot) {p, close, JSON_STRING, flags};
    return close;
}

static const char *match_other(const JsonSegment *segment, const char *p, const char *end,
                               JsonSlot *slot) {
    p = json_scan_value(p, end, slot);
    if (!p || slot->kind == JSON_STRING ||
        (slot->kind == JSON_NESTED) != (segment->kind == JSON_NESTED))
        return NULL;
    return p;
}

/* Behind the last value: the object closes, with as much space as it likes. */
static bool match_tail(const JsonTemplate *template, const char *p, const char *end) {
    if (template->segments[template->segment_count - 1].kind == JSON_STRING)
        p++; /* its closing quote */
    p = json_skip_space(p, end);
    return p < end && *p == '}' && json_skip_space(p + 1, end) == end;
}

bool json_template_match(const JsonTemplate *template, const char *record, const char *end,
                         const JsonIndex *index, JsonSlot *slots) {
    const Match match = {record, end, index};
    const char *p = record;

    for (int i = 0; i < template->segment_count; i++) {
        const JsonSegment *segment = &template->segments[i];
        JsonSlot unwanted;
        JsonSlot *slot = segment->column >= 0 ? &slots[segment->column] : &unwanted;

        if (end - p < segment->length ||
            !literal_equal(p, template->literals + segment->literal, segment->length))
            return false;
        p += segment->length;
        if (segment->kind == JSON_STRING)
            p = match_string(&match, p, segment->column >= 0, slot);
        else
            p = match_other(segment, p, end, slot);
        if (!p)
            return false;
    }
    return match_tail(template, p, end);
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
    template->segment_count++;
}

void json_template_finish(JsonTemplate *template) {
    if (template->segment_count < 0)
        template->segment_count = 0;
}
