#include "formats/json_scan.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/hex.h"
#include "base/utf8.h"

/* Sixteen bytes at a time: the quote, the backslash, and what needs a second look. Bytes behind
 * `end` may be seen (the record is padded) but a hit there counts as none. */
const char *json_string_end(const char *p, const char *end, unsigned *ret_flags) {
    unsigned flags = 0;

#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i space = _mm_set1_epi8(0x1f);

    while (p < end) {
        __m128i chunk = _mm_loadu_si128((const __m128i *) (const void *) p);
        unsigned quotes = (unsigned) _mm_movemask_epi8(_mm_cmpeq_epi8(chunk, quote));
        unsigned escapes = (unsigned) _mm_movemask_epi8(_mm_cmpeq_epi8(chunk, backslash));
        unsigned high = (unsigned) _mm_movemask_epi8(chunk);
        unsigned control =
            (unsigned) _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(chunk, space), chunk));
        unsigned stop = quotes | escapes;
        unsigned before = stop ? (stop & -stop) - 1 : 0xffff; /* the bytes before the first hit */

        flags |= (high & before ? JSON_NOT_ASCII : 0) | (control & before ? JSON_HAS_CONTROL : 0);
        if (!stop) {
            p += 16;
            continue;
        }
        p += __builtin_ctz(stop);
        if (p >= end)
            return NULL;
        if (*p == '"') {
            *ret_flags = flags;
            return p;
        }
        flags |= JSON_HAS_ESCAPE;
        p += 2;
    }
    return NULL;
#else
    for (; p < end; p++) {
        if (*p == '"') {
            *ret_flags = flags;
            return p;
        }
        if (*p == '\\') {
            flags |= JSON_HAS_ESCAPE;
            p++;
        } else if ((unsigned char) *p >= 0x80) {
            flags |= JSON_NOT_ASCII;
        } else if ((unsigned char) *p < 0x20) {
            flags |= JSON_HAS_CONTROL;
        }
    }
    return NULL;
#endif
}

/* The end of an object or array: brackets are counted, strings stepped over, nothing else is looked
 * at. */
static const char *nested_end(const char *p, const char *end) {
    int64_t depth = 0;
    unsigned flags;

    for (; p < end; p++) {
        if (*p == '"') {
            p = json_string_end(p + 1, end, &flags);
            if (!p)
                return NULL;
        } else if (*p == '{' || *p == '[') {
            depth++;
        } else if ((*p == '}' || *p == ']') && --depth == 0) {
            return p + 1;
        }
    }
    return NULL;
}

static bool is_bare_end(char character) {
    return character == ',' || character == '}' || character == ']' || character == ' ' ||
           character == '\t' || character == '\r' || character == '\n';
}

static JsonKind bare_kind(const char *begin, size_t length) {
    if (length == 4 && memcmp(begin, "true", 4) == 0)
        return JSON_TRUE;
    if (length == 4 && memcmp(begin, "null", 4) == 0)
        return JSON_NULL;
    if (length == 5 && memcmp(begin, "false", 5) == 0)
        return JSON_FALSE;
    return JSON_NUMBER;
}

static const char *scan_bare(const char *p, const char *end, JsonSlot *ret_slot) {
    const char *begin = p;

    while (p < end && !is_bare_end(*p)) {
        if (*p == '"' || *p == '{' || *p == '[' || *p == ':')
            return NULL; /* a value is missing or two stand together: the skeleton is broken */
        p++;
    }
    if (p == begin)
        return NULL;
    *ret_slot = (JsonSlot) {begin, p, bare_kind(begin, (size_t) (p - begin)), 0};
    return p;
}

const char *json_scan_value(const char *p, const char *end, JsonSlot *ret_slot) {
    if (p >= end)
        return NULL;
    if (*p == '"') {
        unsigned flags = 0;
        const char *close = json_string_end(p + 1, end, &flags);

        if (!close)
            return NULL;
        *ret_slot = (JsonSlot) {p + 1, close, JSON_STRING, flags};
        return close + 1;
    }
    if (*p == '{' || *p == '[') {
        const char *after = nested_end(p, end);

        if (!after)
            return NULL;
        *ret_slot = (JsonSlot) {p, after, JSON_NESTED, 0};
        return after;
    }
    return scan_bare(p, end, ret_slot);
}

const char *json_walk_object(const char *p, const char *end, JsonMember member, void *data) {
    if (p >= end || *p != '{')
        return NULL;
    p = json_skip_space(p + 1, end);
    if (p < end && *p == '}')
        return p + 1;
    while (p < end && *p == '"') {
        unsigned flags = 0;
        const char *key = p + 1;
        const char *key_end = json_string_end(key, end, &flags);
        JsonSlot slot;

        if (!key_end)
            return NULL;
        p = json_skip_space(key_end + 1, end);
        if (p >= end || *p != ':')
            return NULL;
        p = json_scan_value(json_skip_space(p + 1, end), end, &slot);
        if (!p)
            return NULL;
        if (!member(data, key, (size_t) (key_end - key), (flags & JSON_HAS_ESCAPE) != 0, &slot))
            return p;
        p = json_skip_space(p, end);
        if (p < end && *p == '}')
            return p + 1;
        if (p >= end || *p != ',')
            return NULL;
        p = json_skip_space(p + 1, end);
    }
    return NULL;
}

/* \uXXXX at p (behind the u), with its low surrogate; NULL when it is bad. */
static const char *unescape_unicode(const char *p, const char *end, char **out) {
    int64_t unit = hex_read(p, (size_t) (end - p), 4);
    uint32_t point;

    if (unit <= 0 || (unit >= 0xdc00 && unit <= 0xdfff))
        return NULL;
    p += 4;
    point = (uint32_t) unit;
    if (unit >= 0xd800 && unit <= 0xdbff) {
        int64_t low = end - p >= 6 && p[0] == '\\' && p[1] == 'u' ? hex_read(p + 2, 4, 4) : -1;

        if (low < 0xdc00 || low > 0xdfff)
            return NULL;
        point = utf8_join_surrogates((uint32_t) unit, (uint32_t) low);
        p += 6;
    }
    *out += utf8_encode(point, *out);
    return p;
}

static char simple_escape(char character) {
    switch (character) {
    case '"':
    case '\\':
    case '/':
        return character;
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return 0;
    }
}

int64_t json_unescape(const char *begin, const char *end, char *out) {
    char *start = out;

    for (const char *p = begin; p < end;) {
        if (*p != '\\') {
            *out++ = *p++;
            continue;
        }
        if (end - p < 2)
            return -1;
        if (p[1] == 'u') {
            p = unescape_unicode(p + 2, end, &out);
            if (!p)
                return -1;
            continue;
        }
        *out = simple_escape(p[1]);
        if (!*out++)
            return -1;
        p += 2;
    }
    return out - start;
}
