#define PCRE2_CODE_UNIT_WIDTH 8
#include "kafka/pattern.h"

#include <pcre2.h>
#include <string.h>

#include "base/memory.h"
#include "kafka/admin.h"

enum { PATTERN_MATCH_LIMIT = 100000 };

struct KafkaPattern {
    pcre2_code *code;
    pcre2_match_context *limits;
    pcre2_match_data *matches;
};

Status kafka_pattern_create(const char *text, KafkaPattern **ret_pattern, Error *err) {
    int number;
    size_t offset;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR) text, PCRE2_ZERO_TERMINATED,
                                     PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_BACKSLASH_C,
                                     &number, &offset, NULL);
    KafkaPattern *pattern;

    if (!code) {
        PCRE2_UCHAR reason[200] = "";

        pcre2_get_error_message(number, reason, sizeof(reason));
        return error_set(err, INVALID_REGULAR_EXPRESSION,
                         "invalid regular expression \"%s\": %s at character %zu", text,
                         (char *) reason, offset + 1);
    }
    pattern = memory_zalloc(sizeof(*pattern));
    pattern->code = code;
    pattern->limits = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(pattern->limits, PATTERN_MATCH_LIMIT);
    pattern->matches = pcre2_match_data_create_from_pattern(code, NULL);
    *ret_pattern = pattern;
    return STATUS_OK;
}

bool kafka_pattern_matches(const KafkaPattern *pattern, const char *topic) {
    return pcre2_match(pattern->code, (PCRE2_SPTR) topic, strlen(topic), 0, 0, pattern->matches,
                       pattern->limits) >= 0;
}

KafkaPattern *kafka_pattern_destroy(KafkaPattern *pattern) {
    if (pattern) {
        pcre2_match_data_free(pattern->matches);
        pcre2_match_context_free(pattern->limits);
        pcre2_code_free(pattern->code);
        memory_free(pattern);
    }
    return NULL;
}

Status kafka_pattern_check(const char *text, Error *err) {
    CLEANUP(kafka_pattern_destroyp) KafkaPattern *pattern = NULL;

    return kafka_pattern_create(text, &pattern, err);
}
