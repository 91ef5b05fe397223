/* Scan: the small things that text input functions share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

typedef struct TextSpan {
    const char *start;
    const char *end;
} TextSpan;

/* C's isspace in the C locale. */
static inline bool char_is_space(char character) {
    return character == ' ' || (character >= '\t' && character <= '\r');
}

static inline TextSpan span_trim(const char *text, size_t length) {
    TextSpan span = {text, text + length};

    while (span.start < span.end && char_is_space(*span.start))
        span.start++;
    while (span.end > span.start && char_is_space(span.end[-1]))
        span.end--;
    return span;
}

/* Without case. */
static inline bool span_equals(TextSpan span, const char *word) {
    size_t length = strlen(word);

    return (size_t) (span.end - span.start) == length && strncasecmp(span.start, word, length) == 0;
}
